"""Small pictures, so few that every pixel can be seen."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from rbmbook import validation

from .images import sides
from .style import DIVERGING, numbers, same_length

MAX_PATTERNS = 64
EDGE = "0.6"


def patterns(
    v: np.ndarray,
    shape: tuple[int, int],
    *,
    columns: int | None = None,
    labels: Sequence[str] | None = None,
    signed: bool = False,
    title: str = "",
) -> Figure:
    """Draw small pictures apart from each other, each pixel with its edges.

    Parameters
    ----------
    v : ndarray, shape (n, D)
        At most 64 pictures. Values are drawn from white (0) to black (1).
    shape : (int, int)
        Height and width of a picture; their product is D.
    columns : int, optional
        Pictures in a row of the figure; all n by default.
    labels : sequence of n str, optional
        A text below each picture.
    signed : bool, default False
        Draw negative values blue and positive ones orange, white at 0, on one scale for all.
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError, ValueError
        If an array has another shape or kind.

    Examples
    --------
    >>> from rbmbook import plots
    >>> fig = plots.patterns([[1, 0, 0, 1], [0, 1, 1, 0]], (2, 2), labels=["falls", "rises"])
    >>> plots.show(fig, alt="Two diagonals.")
    <Figure: Two diagonals.>
    """
    v = numbers("v", v, 2)
    n = len(v)
    if n > MAX_PATTERNS:
        raise ValueError(f"v: expected at most {MAX_PATTERNS} pictures, got {n}")
    height, width = sides("v", v, shape)
    if labels is not None:
        same_length("labels", labels, n, "picture")
    columns = min(n, validation.integer("columns", n if columns is None else columns))
    step_x, step_y = 1.35 * width, 1.35 * height + (0.0 if labels is None else 0.3 * height)
    limit = float(np.abs(v).max()) or 1.0
    low, colours = (-limit, DIVERGING) if signed else (0.0, plt.get_cmap("Greys"))
    rows = -(-n // columns)
    inch = min(0.95 / width, 6.4 / (columns * step_x))  # the size of a pixel
    size = (columns * step_x * inch + 0.3, rows * step_y * inch + (0.45 if title else 0.1))
    fig, ax = plt.subplots(figsize=(max(size[0], 2.4), size[1]))
    for k, picture in enumerate(v):
        x, y = k % columns * step_x, -(k // columns) * step_y
        ax.pcolormesh(
            x + np.arange(width + 1), y - np.arange(height + 1), picture.reshape(height, width),
            cmap=colours, vmin=low, vmax=limit if signed else 1.0, edgecolors=EDGE, linewidth=0.8,
        )  # fmt: skip
        if labels is not None:
            where = x + width / 2, y - 1.08 * height
            ax.text(*where, str(labels[k]), ha="center", va="top", fontsize=9)
    ax.set(xlim=(-0.1, (columns - 1) * step_x + width + 0.1), aspect="equal")
    ax.set_ylim(-(rows - 1) * step_y - height - (0.1 if labels is None else 0.45 * height), 0.1)
    ax.set_axis_off()
    if title:
        fig.suptitle(title)
    return fig
