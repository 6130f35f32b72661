"""The static site: Sphinx reading the notebooks that `make book` has executed into book/notebooks.

Opening a page asks no other host for anything. MathJax is vendored in _static/mathjax. No widget
manager is: the cells tagged `widget` have no stored outputs (a widget without a kernel is dead),
and the static figure below each of them is what the site shows.
"""

import sys
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref

from rbmbook import __version__

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
import sources

project = "rbmbook"
author = "The rbmbook authors"
copyright = "2026, the rbmbook authors. Text and figures CC BY 4.0, code MIT"
version = release = __version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.mathjax"]
exclude_patterns = ["_build", "_static", "**/.ipynb_checkpoints"]

nb_execution_mode = "off"  # tools/notebooks.py has executed them
nb_merge_streams = True
# A cell with a widget shows nothing on a page; PNG comes before the text that stands for it.
nb_mime_priority_overrides = [("html", "image/png", 5)]

myst_enable_extensions = ["amsmath", "dollarmath"]
mathjax_path = "mathjax/tex-svg-full.js"
# for the vendored version, MathJax 3
mathjax3_config = {
    "tex": {"inlineMath": [["\\(", "\\)"]], "displayMath": [["\\[", "\\]"]]},
    "options": {"enableMenu": False},  # the menu's extras would be loaded from elsewhere
}

html_theme = "sphinx_book_theme"
html_title = "rbmbook"
html_static_path = ["_static"]
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}  # light or dark as the reader's system is
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": True,
    "use_repository_button": False,
    "use_issues_button": False,
    "use_edit_page_button": False,
    "launch_buttons": {
        "binderhub_url": "",
        "colab_url": "",
        "jupyterhub_url": "",
        "thebe": False,
    },
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the sidebar has the search already
}

# A clone with few chapters still builds: the globs of index.md may match nothing.
suppress_warnings = ["toc.empty_glob"]


def leave_equations_alone(app, doctree):
    """Hand each `$$` block to MathJax as it stands.

    Sphinx would wrap a block of several lines in `split`, in which `\\tag` is an error.
    """
    for node in doctree.findall(nodes.math_block):
        if not node.get("no-wrap", node.get("nowrap")):
            text = f"\\[{node.astext()}\\]"
            node.children = [nodes.Text(text)]
            node["no-wrap"] = node["nowrap"] = True  # the newer and the older name


def lead_to_pages(app, docname, source):
    """Let links to a chapter that are right on GitHub lead to its page."""
    source[0] = source[0].replace("](../notebooks/", "](notebooks/")


# The bibliography: the entries of references.bib on its page, and links to them from everywhere.
SOURCES = sources.read()
CITATIONS = sources.Citations(SOURCES)
NO_CITATIONS = (nodes.FixedTextElement, nodes.literal, nodes.math, nodes.reference, nodes.title)


def list_sources(app, docname, source):
    """Put the entries where a comment on the page says so."""
    if docname == "bibliography":
        app.env.note_dependency(str(sources.FILE))
        above, below = source[0].split(sources.PLACE)
        source[0] = above + sources.page(SOURCES, sources.cited(SOURCES)) + below


def link_citations(app, doctree):
    """Let each "Younes (1999)" lead to its entry; notebooks and pages stay plain Markdown."""
    for parent in list(doctree.findall(nodes.TextElement)):
        within = parent
        while within is not None and not isinstance(within, (*NO_CITATIONS, pending_xref)):
            within = within.parent
        if within is not None or any(name.startswith("source-") for name in parent["ids"]):
            continue
        for run in runs_of_text(parent):
            link_run(parent, run, app.env.docname)


def runs_of_text(parent):
    """The texts that stand side by side below a node: a line break parts a citation in two."""
    runs, last = [], None
    for child in parent.children:
        if isinstance(child, nodes.Text):
            if not isinstance(last, nodes.Text):
                runs.append([])
            runs[-1].append(child)
        last = child
    return runs


def link_run(parent, run, docname):
    """Replace a run of texts by the same words with their citations linked."""
    text, pieces, at = "".join(run), [], 0
    for start, end, key in CITATIONS.find(text):
        end += text[start:end].count("(") and text.startswith(")", end)  # all of "Younes (1999)"
        target = {"reftype": "ref", "reftarget": f"source-{key}", "refexplicit": True}
        words = nodes.inline("", text[start:end])
        link = pending_xref("", words, refdomain="std", refdoc=docname, refwarn=True, **target)
        pieces += [nodes.Text(text[at:start]), link]
        at = end
    if pieces:
        where = parent.index(run[0])
        parent.children[where : where + len(run)] = []
        parent.insert(where, [*pieces, nodes.Text(text[at:])])


def setup(app):
    """Connect what Sphinx has no option for."""
    app.connect("source-read", lead_to_pages)
    app.connect("source-read", list_sources)
    app.connect("doctree-read", leave_equations_alone)
    app.connect("doctree-read", link_citations)
    return {"parallel_read_safe": True}
