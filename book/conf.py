"""The static site: Sphinx reading the notebooks that `make book` has executed into book/notebooks.

Opening a page asks no other host for anything. KaTeX is vendored in _static/katex. No widget
manager is: the cells tagged `widget` have no stored outputs, since a widget without a kernel is
dead. What it shows at each of its settings has been drawn into book/_frames, and `sliders` lets a
reader move through that.
"""

import re
import sys
from pathlib import Path

from docutils import nodes

from rbmbook import __version__

sys.path.insert(0, str(Path(__file__).resolve().parent / "_extensions"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from address import edit_template, read, site_options

ADDRESS = read()  # leads nowhere, and there are no buttons for it, until pyproject.toml sets one

project = "rbmbook"
author = "The rbmbook authors"
copyright = "2026, the rbmbook authors. Text and figures CC BY 4.0, code MIT"
version = release = __version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "citations",
    "crossreferences",
    "figures",
    "lighter",
    "reference",
    "sliders",
    "solutions",
    "terms",
]
exclude_patterns = ["_build", "_extensions", "_frames", "_static", "**/.ipynb_checkpoints"]

nb_execution_mode = "off"  # tools/notebooks.py has executed them
nb_merge_streams = True
# PNG comes before the text that stands for it.
nb_mime_priority_overrides = [("html", "image/png", 5)]

myst_enable_extensions = ["amsmath", "dollarmath"]
# Sphinx's renderer for MathJax writes TeX between brackets with a backslash, and KaTeX, which is an
# eighth as large and much faster, has it set by book.js.
mathjax_path = "katex/katex.min.js"
mathjax_options = {"async": "async", "fetchpriority": "high", "priority": 400}

# the reference: numpydoc docstrings, in which `x` is code
napoleon_google_docstring = False
napoleon_use_param = napoleon_use_rtype = False
napoleon_use_ivar = True
autodoc_default_options = {"members": True, "inherited-members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say more
add_module_names = False
default_role = "code"

html_theme = "sphinx_book_theme"
html_title = "rbmbook"
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["katex/katex.min.css", "book.css"]
html_js_files = ["book.js"]
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}  # light or dark as the reader's system is
html_context |= edit_template(ADDRESS)
html_copy_source, html_sourcelink_suffix = True, ""  # what the download button gives
html_show_sourcelink = False
html_theme_options = {
    "use_download_button": True,
    "use_fullscreen_button": True,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the sidebar has the search already
}
html_theme_options |= site_options(ADDRESS)

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


PLAIN = re.compile(r'<span class="[npw]">([^<]*)</span>')  # names, punctuation, whitespace


def let_text_come_first(app, pagename, templatename, context, doctree):
    """Load figures when they come into view, and leave out tags that change nothing.

    Pygments tags what has the colour of all code, too, which makes a chapter longer by half.
    """
    if "body" in context:
        lazy = context["body"].replace("<img ", '<img loading="lazy" decoding="async" ')
        context["body"] = PLAIN.sub(r"\1", lazy)


def setup(app):
    """Connect what Sphinx has no option for."""
    app.connect("source-read", lead_to_pages)
    app.connect("doctree-read", leave_equations_alone)
    app.connect("html-page-context", let_text_come_first)
    return {"parallel_read_safe": True}
