"""The bibliography: entries of references.bib on its page, and links to them from everywhere.

Notebooks and pages stay plain Markdown: the links are made while the site is built.
"""

import sys
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import sources
from wording import UNLINKED, replace, runs_of_text, within

SOURCES = sources.read()
CITATIONS = sources.Citations(SOURCES)


def list_sources(app, docname, source):
    """Put the entries where a comment on the page says so."""
    if docname == "bibliography":
        app.env.note_dependency(str(sources.FILE))
        above, below = source[0].split(sources.PLACE)
        source[0] = above + sources.page(SOURCES, sources.cited(SOURCES)) + below


def link_citations(app, doctree):
    """Let each "Younes (1999)" lead to its entry."""
    for parent in list(doctree.findall(nodes.TextElement)):
        entry = any(name.startswith("source-") for name in parent["ids"])
        if not entry and not within(parent, (*UNLINKED, nodes.title, pending_xref)):
            for run in runs_of_text(parent):
                replace(parent, run, pieces("".join(run), app.env.docname))


def pieces(text, docname):
    """The text with its citations as links; empty if there are none."""
    found, at = [], 0
    for start, end, key in CITATIONS.find(text):
        end += text[start:end].count("(") and text.startswith(")", end)  # all of "Younes (1999)"
        target = {"reftype": "ref", "reftarget": f"source-{key}", "refexplicit": True}
        words = nodes.inline("", text[start:end])
        link = pending_xref("", words, refdomain="std", refdoc=docname, refwarn=True, **target)
        found += [nodes.Text(text[at:start]), link]
        at = end
    return [*found, nodes.Text(text[at:])] if found else []


def setup(app):
    app.connect("source-read", list_sources)
    app.connect("doctree-read", link_citations)
    return {"parallel_read_safe": True}
