"""Texts of a page in which words can become links."""

from docutils import nodes

# Links, code and formulas are what they are.
UNLINKED = nodes.FixedTextElement, nodes.literal, nodes.math, nodes.reference


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


def replace(parent, run, pieces):
    """Put the pieces, if there are any, where a run of texts stands."""
    if pieces:
        where = next(i for i, child in enumerate(parent.children) if child is run[0])
        parent.children[where : where + len(run)] = []
        parent.insert(where, pieces)
