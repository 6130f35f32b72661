"""A small machine as a graph."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from .style import NEGATIVE, POSITIVE, numbers

MAX_UNITS = 12
MAX_WRITTEN = 6  # more numbers on lines that cross are not legible
TOP = 2.2  # height of the hidden layer
ON, OFF = "#ffe9a8", "#ffffff"


def machine(
    W: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    *,
    v: np.ndarray | None = None,
    h: np.ndarray | None = None,
    title: str = "",
    max_weight: float | None = None,
) -> Figure:
    """Draw a small RBM: visible units below, hidden units above, weights as lines between.

    A line is as wide as its weight is large; its colour is the weight's sign. Biases stand
    beside their units. Layers have at most 12 units; weights are written if there are at most 6.

    Parameters
    ----------
    W : ndarray, shape (D, H)
    a : ndarray, shape (D,)
    b : ndarray, shape (H,)
    v, h : ndarray, shape (D,) and (H,), optional
        A state: units that are on are filled, and each value is written in its unit.
    title : str
    max_weight : float, optional
        The weight that gets the widest line, the largest by default; fix it in a widget.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError, ValueError
        If shapes do not fit together, or a layer is too large to be drawn.

    Examples
    --------
    >>> from rbmbook import plots
    >>> fig = plots.machine([[2.0], [-1.0]], [0.0, 0.5], [-1.0])
    >>> plots.show(fig, alt="Two visible units and one hidden unit.")
    <Figure: Two visible units and one hidden unit.>
    """
    W, a, b = numbers("W", W, 2), numbers("a", a, 1), numbers("b", b, 1)
    n_visible, n_hidden = W.shape
    if max(W.shape) > MAX_UNITS:
        raise ValueError(f"W: expected at most {MAX_UNITS} units a layer, got shape {W.shape}")
    state = {"a": a, "b": b}
    state |= {k: numbers(k, x, 1) for k, x in (("v", v), ("h", h)) if x is not None}
    for name, length in (("a", n_visible), ("b", n_hidden), ("v", n_visible), ("h", n_hidden)):
        if name in state and state[name].shape != (length,):
            raise ValueError(f"{name}: expected shape ({length},), got {state[name].shape}")
    spacing = 1.5 if max(W.shape) <= 4 else 1.0
    span = spacing * max(W.shape)
    fig, ax = plt.subplots(figsize=(np.clip(0.8 * (span + 1.4), 3.8, 7.2), 3.5))
    below = (np.arange(n_visible) - (n_visible - 1) / 2) * span / n_visible
    above = (np.arange(n_hidden) - (n_hidden - 1) / 2) * span / n_hidden
    _weights(ax, W, below, above, np.abs(W).max() if max_weight is None else max_weight)
    _units(ax, "v", below, 0.0, a, state.get("v"))
    _units(ax, "h", above, TOP, b, state.get("h"))
    for name, height in (("a", -0.5), ("b", TOP + 0.5)):
        x, side = -span / 2 - 0.1, "top" if height < 0 else "bottom"
        ax.text(x, height, f"bias ${name}$", ha="right", va=side, fontsize=10, color="0.35")
    ax.set(xlim=(-span / 2 - 1.1, span / 2 + 0.3), ylim=(-0.8, TOP + 0.8), aspect="equal")
    ax.set_axis_off()
    _legend(fig, W)
    fig.suptitle(title)
    return fig


def _weights(ax: Axes, W: np.ndarray, below: np.ndarray, above: np.ndarray, limit: float) -> None:
    for (i, j), w in np.ndenumerate(W):
        colour = POSITIVE if w > 0 else NEGATIVE if w < 0 else "0.6"
        width = 0.6 + 5.4 * min(abs(w) / (limit or 1.0), 1.0)
        ax.plot(
            [below[i], above[j]], [0, TOP], color=colour, linewidth=width, alpha=0.75, zorder=1,
            solid_capstyle="butt",
        )  # fmt: skip
    if W.size > MAX_WRITTEN:
        return
    for (i, j), w in np.ndenumerate(W):
        # Each hidden unit has its own height, so that numbers do not meet where lines cross.
        t = 0.45 if len(above) == 1 else 0.28 + 0.44 * j / (len(above) - 1)
        ax.text(
            float((1 - t) * below[i] + t * above[j]), t * TOP, _number(w), ha="center", va="center",
            fontsize=10, zorder=2,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"},
        )  # fmt: skip


def _units(
    ax: Axes, name: str, x: np.ndarray, y: float, bias: np.ndarray, values: np.ndarray | None
) -> None:
    outward = -0.5 if name == "v" else 0.5
    for k, place in enumerate(x):
        on = values is not None and values[k] > 0
        ax.add_patch(
            Circle((place, y), 0.3, facecolor=ON if on else OFF, edgecolor="black", zorder=3)
        )
        text = f"${name}_{{{k + 1}}}$"
        if values is not None:
            text += f"\n{values[k]:g}"
        ax.text(place, y, text, ha="center", va="center", zorder=4, linespacing=1.0)
        ax.text(
            place, y + outward, _number(bias[k]), ha="center",
            va="top" if outward < 0 else "bottom", fontsize=10, zorder=4,
        )  # fmt: skip


def _legend(fig: Figure, W: np.ndarray) -> None:
    lines = [
        Line2D([], [], color=colour, linewidth=4, alpha=0.75, label=label)
        for colour, label, present in (
            (POSITIVE, "positive weight", (W > 0).any()),
            (NEGATIVE, "negative weight", (W < 0).any()),
        )
        if present
    ]
    if lines:
        fig.legend(handles=lines, loc="outside lower center", ncols=2, fontsize=9)


def _number(x: float) -> str:
    """Two decimals at most, with the minus that the axes use."""
    text = f"{x:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")
