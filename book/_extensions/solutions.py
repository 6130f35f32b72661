"""Worked solutions beside their exercises, each in a fold: taken from notebooks/solutions.

For a course, `sphinx -D solutions=0` (`make book SOLUTIONS=no`) leaves them out: the folds, the
pages of the solutions, and the links to these.
"""

import re

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms.post_transforms import SphinxPostTransform

CHAPTER = re.compile(r"notebooks/(\d\d_\w+)")
EXERCISE = re.compile(r"Exercise (\d+\.\d+)")
CHECK = re.compile(r"""exercises\.check\(\s*["']0?(\d+\.\d+)["']""")
# What leads to the solutions, in Markdown or in a notebook's JSON.
POINTER = re.compile(
    r"(?:Worked solutions are in )?\[[^\]\[\x22]*\]\((?:notebooks/)?solutions/[^)]*\)\.?"
)


def number_of(node):
    """The number of the exercise with which a title or a paragraph begins, if it does."""
    first = node if isinstance(node, nodes.title) else beginning(node)
    if isinstance(first, (nodes.title, nodes.strong)):
        match = EXERCISE.match(first.astext())
        return match and match[1]
    return None


def beginning(node):
    """The first of a node's children that is not empty, as the text before bold words is."""
    return next((child for child in node.children if child.astext()), None)


def answers(section, number=None, found=None):
    """Each exercise's solution, as a list of nodes, from the page of solutions."""
    found = {} if found is None else found
    for child in section.children:
        if isinstance(child, nodes.section):
            answers(child, number_of(child[0]), found)
        elif not isinstance(child, nodes.title):
            if isinstance(child, nodes.paragraph):
                number = number_of(child) or number
            if number:
                found.setdefault(number, []).append(child)
    return found


def places(doctree):
    """Each exercise's last node in its chapter: its check, or the end of its text."""
    found = {}
    for node in doctree.findall():
        if isinstance(node, nodes.paragraph) and (number := number_of(node)):
            found[number] = end_of_text(node)
        elif isinstance(node, nodes.container) and "tag_check" in node["classes"]:
            if match := CHECK.search(node.astext()):
                found[match[1]] = node
    return found


def end_of_text(paragraph):
    """The last node before a cell, the next exercise, an open question or a heading."""
    siblings = paragraph.parent.children
    at = siblings.index(paragraph)
    for node in siblings[at + 1 :]:
        begins = isinstance(node, nodes.paragraph) and isinstance(beginning(node), nodes.strong)
        if begins or isinstance(node, (nodes.container, nodes.section)):
            break
        at += 1
    return siblings[at]


class FoldSolutions(SphinxPostTransform):
    """Put a solution behind each exercise, before links and outputs are resolved."""

    default_priority = 3
    formats = ("html",)

    def run(self, **kwargs):
        chapter = CHAPTER.fullmatch(self.env.docname)
        source = f"notebooks/solutions/{chapter[1]}" if chapter else ""
        if self.config.solutions and source in self.env.found_docs:
            solved = answers(self.env.get_doctree(source)[0])
            for number, node in places(self.document).items():
                if number in solved:
                    siblings = node.parent.children
                    at = siblings.index(node) + 1
                    node.parent.insert(at, fold(number, solved[number], self.env.docname))


def fold(number, solution, docname):
    """A closed fold with a copy of the solution, whose links are as seen from the chapter."""
    for node in solution:
        for part in node.findall(nodes.Element):
            part["ids"], part["names"] = [], []
            if isinstance(part, pending_xref):
                part["refdoc"] = docname
    opening = f'<details class="solution"><summary>Solution of Exercise {number}</summary>'
    return [
        nodes.raw("", opening, format="html"),
        *solution,
        nodes.raw("", "</details>", format="html"),
    ]


def leave_out(app, config):
    if not config.solutions:
        config.exclude_patterns.append("notebooks/solutions/*")


def unlink(app, docname, source):
    if not app.config.solutions:
        source[0] = POINTER.sub("", source[0]).replace("notebooks/solutions/*\n", "")


def setup(app):
    app.add_config_value("solutions", True, "env", bool)
    app.connect("config-inited", leave_out)
    app.connect("source-read", unlink)
    app.add_post_transform(FoldSolutions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
