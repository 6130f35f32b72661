"""The reference: docstrings as they are written here, and links to it from every `rb.…`."""

import inspect
import re

from docutils import nodes
from wording import within

NAME = re.compile(r"rb(?:\.\w+)+")


def plain_text(app, what, name, obj, options, lines):
    """In a docstring |x| is a magnitude, which reStructuredText would take for a substitution."""
    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            pieces = line.split("`")  # every second one is code
            pieces[::2] = [piece.replace("|", "\\|") for piece in pieces[::2]]
            lines[i] = "`".join(pieces)


def leave_out(app, what, name, obj, skip, options):
    """Leave out what scikit-learn adds to each estimator: metadata requests."""
    return True if re.fullmatch(r"set_\w+_request|get_metadata_routing", name) else None


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
    app.connect("doctree-resolved", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
