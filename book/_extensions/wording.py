"""Texts of a page in which words can become links."""

from docutils import nodes
from sphinx.addnodes import pending_xref

# Links, code, formulas and titles are what they are.
UNLINKED = (
    nodes.FixedTextElement,
    nodes.literal,
    nodes.math,
    nodes.reference,
    nodes.title,
    pending_xref,
)


def within(node, kinds):
    """Whether the node is of one of these kinds, or stands in one."""
    while node is not None and not isinstance(node, kinds):
        node = node.parent
    return node is not None


def runs_of_text(parent):
    """The texts that stand side by side below a node: a line break parts words in two."""
    runs, last = [], None
    for child in parent.children:
        if isinstance(child, nodes.Text):
            if not isinstance(last, nodes.Text):
                runs.append([])
            runs[-1].append(child)
        last = child
    return runs


def link_words(doctree, links):
    """Put links into the texts of a page: `links(text, parent)` yields start, end and the node."""
    for parent in list(doctree.findall(nodes.TextElement)):
        if not within(parent, UNLINKED):
            for run in runs_of_text(parent):
                text, pieces, at = "".join(run), [], 0
                for start, end, link in links(text, parent):
                    pieces += [nodes.Text(text[at:start]), link]
                    at = end
                if pieces:
                    where = next(i for i, x in enumerate(parent.children) if x is run[0])
                    parent.children[where : where + len(run)] = []
                    parent.insert(where, [*pieces, nodes.Text(text[at:])])
