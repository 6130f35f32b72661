"""The bibliography: entries of references.bib on its page, and links to them from everywhere.

Notebooks and pages stay plain Markdown: the links are made while the site is built.
"""

import sys
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import sources
from wording import link_words

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

    def links(text, parent):
        if any(name.startswith("source-") for name in parent["ids"]):
            return  # an entry
        for start, end, key in CITATIONS.find(text):
            end += text[start:end].count("(") and text.startswith(
                ")", end
            )  # all of "Younes (1999)"
            target = {"reftype": "ref", "reftarget": f"source-{key}", "refexplicit": True}
            where = {"refdomain": "std", "refdoc": app.env.docname, "refwarn": True}
            yield start, end, pending_xref("", nodes.inline("", text[start:end]), **where, **target)

    link_words(doctree, links)


def setup(app):
    app.connect("source-read", list_sources)
    app.connect("doctree-read", link_citations)
    return {"parallel_read_safe": True}
