"""The reference: docstrings as they are written here, links to it from every `rb.…`, and back.

A chapter's text leads from each `rb.…` to its entry. An entry leads to the formula that its
docstring cites, and names the chapters that use it, which are found in their text and code.
"""

import inspect
import re

from docutils import nodes
from sphinx import addnodes
from wording import within

NAME = re.compile(r"rb(?:\.\w+)+")
CHAPTER = re.compile(r"notebooks/(\d\d)_")

# How chapters call things: modules by their own names, models by what they are.
MODULE = re.compile(
    r"(?<![\w.])((?:plots|exercises|losses|score|two_sample|discriminative|data)\.\w+)"
)
MODEL = re.compile(r"(?<![\w.])(rbm|dbn|dbm|gan|history)\.([a-z]\w+)")
IMPORT = re.compile(r"^from rbmbook([\w.]*) import ([\w, ]+)$", re.MULTILINE)
CLASSES = {"rbm": "RBM", "dbn": "DBN", "dbm": "DBM", "gan": "GAN", "history": "History"}

# Where a subject is treated, for entries that no chapter names: by module, the longest one counts.
TREATED = {
    "description": "08",
    "machine": "02",
    "machine.exact": "05",
    "machine.units": "11",
    "sampling": "06",
    "sampling.tempering": "09",
    "evaluation": "10",
    "evaluation.score": "14",
    "training": "08",
    "training.negative": "09",
    "training.discriminative": "16",
    "networks": "12",
    "autoencoder": "14",
    "gan": "15",
    "dbn": "12",
    "dbm": "13",
    "estimators": "16",
    "data": "08",
    "distributed": "18",
}


def plain_text(app, what, name, obj, options, lines):
    """In a docstring |x| is a magnitude, which reStructuredText would take for a substitution."""
    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            pieces = line.split("`")  # every second one is code
            pieces[::2] = [piece.replace("|", "\\|") for piece in pieces[::2]]
            lines[i] = "`".join(pieces)


def leave_out(app, what, name, obj, skip, options):
    """Leave out what is inherited from other packages, such as scikit-learn's metadata requests."""
    function = getattr(obj, "fget", None) or getattr(obj, "func", None) or obj
    own = (getattr(function, "__module__", None) or "").split(".")[0] == "rbmbook"
    return None if own else True


def documented(name, objects):
    """The entry of a name such as "rb.exact.gradient" among what is documented, if there is one."""
    import rbmbook

    whole = "rbmbook" + name[2:]
    if whole in objects:
        return whole
    found = rbmbook
    for part in name.split(".")[1:]:
        found = getattr(found, part, None)
    if inspect.ismodule(found):
        return found.__name__
    module, own = getattr(found, "__module__", None), getattr(found, "__qualname__", None)
    options = [f"{module}.{own}", f"rbmbook.{own}", f"rbmbook.estimators.{own}"]
    return next((option for option in options if option in objects), None)


def used(text, is_code):
    """The names, written like "rb.exact.gradient", that a text or a cell of code uses."""
    yield from NAME.findall(text)
    if is_code:
        yield from (f"rb.{name}" for name in MODULE.findall(text))
        yield from (f"rb.{CLASSES[model]}.{name}" for model, name in MODEL.findall(text))
        for module, names in IMPORT.findall(text):
            yield from (f"rb{module}.{name.strip()}" for name in names.split(","))


def uses(env):
    """Page of a chapter → the names that it uses, of all pages that have been read."""
    if not hasattr(env, "names_used"):
        env.names_used = {}
    return env.names_used


def forget(app, env, docname):
    """A page that is read anew uses nothing at first."""
    uses(env).pop(docname, None)


def merge(app, env, docnames, other):
    """Take over what another process has read."""
    uses(env).update({page: names for page, names in uses(other).items() if page in docnames})


def collect(app, doctree):
    """Note the names that a chapter uses."""
    if CHAPTER.match(app.env.docname):
        uses(app.env)[app.env.docname] = {
            name
            for kind in (nodes.literal, nodes.literal_block)
            for node in doctree.findall(kind)
            for name in used(node.astext(), kind is nodes.literal_block)
        }


def chapters(env):
    """Entry → pages of the chapters that use it."""
    objects, found = env.get_domain("py").objects, {}
    for page, names in sorted(uses(env).items()):
        for name in names:
            entry = documented(name, objects)
            while entry is None and "." in name:  # rb.CD.k is of rb.CD
                name = name.rpartition(".")[0]
                entry = documented(name, objects)
            if entry in objects:
                found.setdefault(entry, set()).add(page)
    return found


def treated(env, entry):
    """The page of the chapter with the subject of a module that no chapter names."""
    module = entry.removeprefix("rbmbook.").split(".")
    while module and ".".join(module) not in TREATED:
        module.pop()
    start = f"notebooks/{TREATED.get('.'.join(module))}_"
    return {page for page in env.found_docs if page.startswith(start)}


def point_back(app, doctree, docname):
    """Let each entry of the reference name the chapters that use it."""
    entries = list(doctree.findall(addnodes.desc))
    found = chapters(app.env) if entries else {}
    for entry in entries:
        name = next((name for x in entry.findall(addnodes.desc_signature) for name in x["ids"]), "")
        pages = found.get(name, set())
        if name and not (pages or cites(entry) or within(entry.parent, addnodes.desc)):
            pages = treated(app.env, inspect.getmodule(resolved(name)).__name__)
        if pages:
            said = entry.children[-1]
            parts = [i for i, x in enumerate(said.children) if isinstance(x, addnodes.desc)]
            said.insert(parts[0] if parts else len(said), pointer(app, docname, pages))


def cites(entry):
    """Whether an entry leads to a formula."""
    return any("#equation-" in x.get("refuri", "") for x in entry.findall(nodes.reference))


def resolved(name):
    """The object that an entry such as "rbmbook.exact.gradient" is of."""
    import importlib

    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:end]))
        except ImportError:
            continue
        for part in parts[end:]:
            found = getattr(found, part)
        return found


def pointer(app, docname, pages):
    """A line that names chapters."""
    line = nodes.paragraph("", f"In the book: chapter{'s' if len(pages) > 1 else ''} ")
    for i, page in enumerate(sorted(pages)):
        line += nodes.Text(", " if i else "")
        address = app.builder.get_relative_uri(docname, page)
        number = nodes.inline("", CHAPTER.match(page)[1])
        line += nodes.reference("", "", number, internal=True, refuri=address)
    line["classes"].append("chapters")
    return line


def link(app, doctree, docname):
    """Let each `rb.…` lead to its entry."""
    objects = app.env.get_domain("py").objects
    for literal in list(doctree.findall(nodes.literal)):
        name = literal.astext().removesuffix("()")
        if not NAME.fullmatch(name) or within(literal, (nodes.reference, nodes.title)):
            continue
        entry = documented(name, objects)
        if entry in objects and objects[entry].docname != docname:
            page = app.builder.get_relative_uri(docname, objects[entry].docname)
            address = f"{page}#{objects[entry].node_id}"
            reference = nodes.reference("", "", internal=True, refuri=address)
            literal.replace_self(reference)
            reference += literal


def setup(app):
    app.connect("autodoc-process-docstring", plain_text)
    app.connect("autodoc-skip-member", leave_out)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("doctree-read", collect)
    app.connect("doctree-resolved", link)
    app.connect("doctree-resolved", point_back, priority=600)  # after the links to formulas
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
