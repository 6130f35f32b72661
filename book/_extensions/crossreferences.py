"""Links from "(7.2)", "Figure 7.4", "Exercise 7.1" and "chapter 07" to what has this number.

Notebooks and pages stay plain Markdown: while the site is built, every formula with a `\\tag`,
every caption that begins "**Figure 7.4.**", every "**Exercise 7.1**" and every chapter becomes a
target, and every mention of its number a link.
"""

import re

from docutils import nodes
from wording import link_words

NUMBER = r"\d{1,2}\.\d{1,2}"
TAG = re.compile(rf"\\tag\{{({NUMBER})\}}")
MARK = re.compile(rf"(Figure|Exercise) ({NUMBER})\.?")  # what a caption or an exercise begins with
CHAPTER = re.compile(r"notebooks/(\d\d)_")
SOLUTION = re.compile(r"notebooks/solutions/")

# A mention names its kind, once for several: "(3.6) to (3.8)", "Figures 7.4 and 7.5".
MENTION = re.compile(
    rf"\((?P<formula>{NUMBER})\)"
    rf"|(?P<kind>[Ff]igures?|[Ee]xercises?)\s+(?P<numbers>{NUMBER}(?:(?:,|\s+and|\s+to|–)\s*{NUMBER})*)"
    r"|(?P<chapters>[Cc]hapters?)\s+(?P<which>\d{1,2}\b(?!\.\d)(?:(?:,|\s+and|\s+to|–)\s*\d{1,2}\b(?!\.\d))*)"
)
OTHER_BOOK = re.compile(r"(?:^|\)),\s+$")  # "*Information Theory*, chapter 43": after its title


def targets(env):
    """(kind, number) → (page, anchor), of all pages that have been read."""
    if not hasattr(env, "numbered"):
        env.numbered = {}
    return env.numbered


def forget(app, env, docname):
    """A page that is read anew has no targets at first."""
    env.numbered = {key: at for key, at in targets(env).items() if at[0] != docname}


def merge(app, env, docnames, other):
    """Take over what another process has read."""
    targets(env).update({k: at for k, at in targets(other).items() if at[0] in docnames})


def collect(app, doctree):
    """Give an anchor to everything on a page that has a number of its own."""
    env, docname = app.env, app.env.docname
    chapter = CHAPTER.match(docname)
    if chapter is None:  # pages about the book, and solutions, only mention
        return
    found = targets(env)
    found["chapter", str(int(chapter[1]))] = docname, ""
    for block in doctree.findall(nodes.math_block):
        for number in TAG.findall(block.astext()):
            anchor(block, docname, "equation", number, found)
    for strong in doctree.findall(nodes.strong):
        mark = MARK.fullmatch(strong.astext())
        if mark and strong.parent.astext().startswith(mark[0]):
            anchor(strong.parent, docname, mark[1].lower(), mark[2], found)


def anchor(node, docname, kind, number, found):
    """Make the node a target, unless another has the number."""
    if (kind, number) not in found:
        name = f"{kind}-{number.replace('.', '-')}"
        if name not in node["ids"]:
            node["ids"].append(name)
        found[kind, number] = docname, name


def link(app, doctree, docname):
    """Turn mentions into links, but for those beside what they mention."""

    def links(text, parent):
        here = parent["ids"] + parent.parent["ids"]  # of "**Figure 7.4.**" and its caption
        for start, end, key in mentions(text):
            page, name = targets(app.env).get(key, (None, ""))
            own = key[0] == "chapter" and page == docname
            if page is None or own or name in here:
                continue
            address = app.builder.get_relative_uri(docname, page) if page != docname else ""
            address += f"#{name}" if name else ""
            words = nodes.inline("", text[start:end])
            yield start, end, nodes.reference("", "", words, internal=True, refuri=address)

    link_words(doctree, links)


def mentions(text):
    """Start, end and (kind, number) of each mention; the first takes the word along."""
    for match in MENTION.finditer(text):
        if match["formula"]:
            yield *match.span(), ("equation", match["formula"])
            continue
        if match["chapters"] and OTHER_BOOK.search(text[: match.start()]):
            continue
        kind = "chapter" if match["chapters"] else match["kind"].lower().rstrip("s")
        group = "which" if match["chapters"] else "numbers"
        begin = match.start()
        for number in re.finditer(r"[\d.]+\d|\d", match[group]):
            start, end = (match.start(group) + offset for offset in number.span())
            name = number[0] if kind != "chapter" else str(int(number[0]))
            if kind != "chapter":  # "Exercise 07.2"
                chapter, place = number[0].split(".")
                name = f"{int(chapter)}.{place}"
            yield begin if begin == match.start() else start, end, (kind, name)
            begin = -1


def setup(app):
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("doctree-read", collect)
    app.connect("doctree-resolved", link)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
