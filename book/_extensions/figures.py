"""Figures in the dark theme: those of which only the hues matter, and those that stay as printed.

All are drawn on white. The style sheet turns the lightness of the first kind round. The words about
a figure tell the kinds apart: where they speak of black or white, of darker or lighter, nothing
may be turned. Grey stays grey.
"""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

LIGHTNESS = re.compile(
    r"\b(black|white|dark(er|est)?|light(er|est)?|bright(er|est)?|pale(r|st)?)\b", re.IGNORECASE
)


def kind(words):
    """The class of a figure of which this is said."""
    return "as-printed" if LIGHTNESS.search(words) else "hues"


class MarkFigures(SphinxPostTransform):
    """Give each figure its class, once the outputs are chosen."""

    default_priority = 5  # myst-nb chooses at 4
    formats = ("html",)

    def run(self, **kwargs):
        for image in self.document.findall(nodes.image):
            cell = image.parent
            while cell is not None and "cell" not in cell.get("classes", []):
                cell = cell.parent
            if cell is not None:
                image["classes"].append(kind(f"{image.get('alt', '')} {words_below(cell)}"))


def words_below(cell):
    """The paragraph behind a figure's cell, which is its caption."""
    below = cell.next_node(descend=False, siblings=True)
    return below.astext() if isinstance(below, nodes.paragraph) else ""


def setup(app):
    app.add_post_transform(MarkFigures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
