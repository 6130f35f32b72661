"""A small machine as a graph."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .style import NEGATIVE, POSITIVE, numbers

MAX_UNITS = 12
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
    beside their units. Layers have at most 12 units; weights are written if there are at most 12.

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
    widest = max(n_visible, n_hidden)
    fig, ax = plt.subplots(figsize=(max(3.6, 1.05 * widest + 1.2), 3.4))
    below = (np.arange(n_visible) - (n_visible - 1) / 2) * widest / n_visible
    above = (np.arange(n_hidden) - (n_hidden - 1) / 2) * widest / n_hidden
    _weights(ax, W, below, above, max_weight or np.abs(W).max() or 1.0)
    _units(ax, "v", below, 0.0, a, state.get("v"))
    _units(ax, "h", above, 2.0, b, state.get("h"))
    ax.set(xlim=(-widest / 2 - 0.45, widest / 2 + 0.45), ylim=(-0.85, 2.85), aspect="equal")
    ax.set_axis_off()
    _legend(fig, W)
    fig.suptitle(title)
    return fig


def _weights(ax: Axes, W: np.ndarray, below: np.ndarray, above: np.ndarray, limit: float) -> None:
    for (i, j), w in np.ndenumerate(W):
        if w == 0:
            continue
        colour = POSITIVE if w > 0 else NEGATIVE
        width = 0.6 + 5.4 * min(abs(w) / limit, 1.0)
        ax.plot(
            [below[i], above[j]], [0, 2], color=colour, linewidth=width, alpha=0.75, zorder=1,
            solid_capstyle="butt",
        )  # fmt: skip
    if W.size > MAX_UNITS:
        return
    for (i, j), w in np.ndenumerate(W):
        # A third of the way up, or two: neighbouring numbers do not meet where lines cross.
        t = 0.36 if (i + j) % 2 else 0.64
        ax.text(
            (1 - t) * below[i] + t * above[j], 2 * t, _number(w), ha="center", va="center",
            fontsize=9, zorder=2,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"},
        )  # fmt: skip


def _units(
    ax: Axes, name: str, x: np.ndarray, y: float, bias: np.ndarray, values: np.ndarray | None
) -> None:
    bias_name, outward = ("a", -0.5) if name == "v" else ("b", 0.5)
    for k, place in enumerate(x):
        on = values is not None and values[k] > 0
        ax.add_patch(
            plt.Circle((place, y), 0.3, facecolor=ON if on else OFF, edgecolor="black", zorder=3)
        )
        text = f"${name}_{{{k + 1}}}$"
        if values is not None:
            text += f"\n{values[k]:g}"
        ax.text(place, y, text, ha="center", va="center", zorder=4, linespacing=1.0)
        ax.text(
            place, y + outward, f"${bias_name}_{{{k + 1}}}$ = {_number(bias[k])}", ha="center",
            va="top" if outward < 0 else "bottom", fontsize=9, zorder=4,
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
    return f"{x:.3g}".replace("-", "−")
