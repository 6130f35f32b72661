"""Charts: curves over a training run, energies of a tiny machine, matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rbmbook import validation

from .style import DIVERGING, ENERGY, PROBABILITY, named, numbers, same_length

MAX_STATES = 64
MARKERS = "os^Dvp"  # lines are told apart by more than their colours
MAX_WRITTEN = 100  # cells of a heat map that still have room for their value


def curves(
    x: np.ndarray,
    series: Mapping[str, np.ndarray],
    *,
    xlabel: str,
    ylabel: str,
    title: str = "",
    bands: bool = True,
    log: str = "",
    reference: Mapping[str, float] | None = None,
) -> Figure:
    """Draw one line for each series, with a band from least to greatest over its seeds.

    Parameters
    ----------
    x : ndarray, shape (m,)
    series : mapping of str to ndarray, shape (m,) or (seeds, m)
        Label → values. Of several seeds the mean is drawn. NaN leaves a gap.
    xlabel, ylabel : str
        With units.
    title : str
    bands : bool, default True
        Whether to shade the range over the seeds.
    log : {"", "x", "y", "xy"}
        Axes with logarithmic scale.
    reference : mapping of str to float, optional
        Label → height of a dashed line, such as the best value possible.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError, ValueError
        If an array has another shape or kind, or ``log`` is none of the above.

    Examples
    --------
    >>> from rbmbook import plots
    >>> fig = plots.curves([0, 1], {"CD-1": [[3, 1], [3, 2]]}, xlabel="epoch", ylabel="error")
    >>> plots.show(fig, alt="A falling line.")
    <Figure: A falling line.>
    """
    x = numbers("x", x, 1)
    if log not in ("", "x", "y", "xy"):
        raise ValueError(f'log: expected "", "x", "y" or "xy", got {log!r}')
    series, reference = named("series", series), named("reference", reference or {})
    if not series:
        raise ValueError("series: expected at least one")
    fig, ax = plt.subplots()
    for k, (label, values) in enumerate(series.items()):
        y = np.atleast_2d(validation.array(f"series[{label!r}]", values).astype(np.float64))
        if y.ndim != 2 or y.shape[1] != len(x) or not len(y):
            plt.close(fig)
            raise ValueError(
                f"series[{label!r}]: expected shape ({len(x)},) or (seeds, {len(x)}), "
                f"got {np.shape(values)}"
            )
        (line,) = ax.plot(x, y.mean(axis=0), label=label, **_marked(k, len(series), len(x)))
        if bands and len(y) > 1:
            ax.fill_between(
                x, y.min(axis=0), y.max(axis=0), color=line.get_color(), alpha=0.2, linewidth=0
            )
    for label, height in reference.items():
        ax.axhline(height, color="0.35", linestyle="--", linewidth=1.5, label=label, zorder=1)
    if "x" in log:
        ax.set_xscale("log")
    if "y" in log:
        ax.set_yscale("log")
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    ax.grid(True)
    if len(series) + len(reference) > 1:
        ax.legend()
    return fig


def _marked(k: int, series: int, length: int) -> dict[str, Any]:
    """A marker for the k-th line: at each value of few, at some of many if there are more lines."""
    if length <= 12:
        return {"marker": MARKERS[k % len(MARKERS)], "markersize": 5}
    if series == 1:
        return {}
    step = max(1, length // 8)
    places = (k * step // series, step)  # side by side, where lines lie on each other
    return {"marker": MARKERS[k % len(MARKERS)], "markersize": 5, "markevery": places}


def landscape(
    energies: np.ndarray,
    labels: Sequence[str],
    *,
    title: str = "",
    energy_label: str = "energy E (nats)",
    energy_limits: tuple[float, float] | None = None,
    probability_limit: float | None = None,
) -> Figure:
    """Draw the energy of every state of a tiny machine, and beside it its probability.

    Parameters
    ----------
    energies : ndarray, shape (n,)
        Energies, or free energies, of **all** n ≤ 64 states: the probabilities are exp(−E)/Z with
        Z their own sum.
    labels : sequence of n str
        Names of the states.
    title : str
    energy_label : str, default "energy E (nats)"
    energy_limits : (float, float), optional
        Range of the energy axis; fix it in a widget, so that bars move and the axis does not.
    probability_limit : float, optional
        End of the probability axis.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError, ValueError
        If an array has another shape, kind or length.

    Examples
    --------
    >>> from rbmbook import plots
    >>> fig = plots.landscape([0.0, -1.0], ["v = 0", "v = 1"])
    >>> plots.show(fig, alt="State 1 lies lower and is likelier.")
    <Figure: State 1 lies lower and is likelier.>
    """
    E = numbers("energies", energies, 1)
    if len(E) > MAX_STATES:
        raise ValueError(f"energies: expected at most {MAX_STATES} states, got {len(E)}")
    same_length("labels", labels, len(E), "state")
    weights = np.exp(E.min() - E)
    p = weights / weights.sum()
    place = np.arange(len(E))
    written = len(E) <= 16
    fig, (left, right) = plt.subplots(
        1, 2, sharey=True, figsize=(6.4, max(2.2, 1.2 + (0.28 if written else 0.16) * len(E)))
    )
    bars = [left.barh(place, E, color=ENERGY), right.barh(place, p, color=PROBABILITY)]
    left.axvline(0, color="black", linewidth=0.8)
    left.set_yticks(place, labels)
    left.tick_params(axis="y", length=0, labelsize=11 if written else 8)
    left.set(xlabel=energy_label)
    right.set(xlabel="probability exp(−E) / Z")
    right.tick_params(axis="y", length=0)
    if written:
        left.bar_label(bars[0], fmt=_signed, padding=3, fontsize=9)
        right.bar_label(bars[1], fmt="%.3f", padding=3, fontsize=9)
    low, high = (min(E.min(), 0), max(E.max(), 0)) if energy_limits is None else energy_limits
    end = p.max() if probability_limit is None else probability_limit
    room = (0.3 if written else 0.05) * ((high - low) or 1.0)  # for the numbers beside the bars
    left.set_xticks(_ticks(low, high))
    left.set_xlim(low - room, high + room)
    right.set_xticks(_ticks(0, end))
    right.set_xlim(0, (1.3 if written else 1.05) * end)
    left.spines["left"].set_visible(False)
    left.set_ylim(len(E) - 0.4, -0.6)  # the first state on top, as in a table
    fig.suptitle(title)
    return fig


def heatmap(
    matrix: np.ndarray,
    row_labels: Sequence[str] | None = None,
    column_labels: Sequence[str] | None = None,
    *,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
    colour_label: str = "",
    fmt: str = ".2f",
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw a matrix as coloured cells, with the values written where there is room.

    Parameters
    ----------
    matrix : ndarray, shape (rows, columns)
        Matrices with negative values get a diverging scale with white at 0.
    row_labels, column_labels : sequence of str, optional
    xlabel, ylabel, title : str
    colour_label : str
        What the colours measure.
    fmt : str, default ".2f"
        Format of the written values; "" writes none.
    limits : (float, float), optional
        Range of the colours; the matrix's own by default.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError, ValueError
        If an array has another shape, kind or length.

    Examples
    --------
    >>> from rbmbook import plots
    >>> fig = plots.heatmap([[0.4, 0.1], [0.2, 0.3]], ["v=0", "v=1"], ["h=0", "h=1"])
    >>> plots.show(fig, alt="A joint distribution of two units.")
    <Figure: A joint distribution of two units.>
    """
    M = numbers("matrix", matrix, 2)
    rows, columns = M.shape
    if row_labels is not None:
        same_length("row_labels", row_labels, rows, "row")
    if column_labels is not None:
        same_length("column_labels", column_labels, columns, "column")
    signed = M.min() < 0
    if limits is None:
        limit = np.abs(M).max() or 1.0
        limits = (-limit if signed else 0.0, limit)
    cell = min(0.9, 5.0 / max(rows, columns))
    fig, ax = plt.subplots(figsize=(max(3.4, cell * columns + 2.2), max(2.4, cell * rows + 1.2)))
    drawn = ax.imshow(
        M, cmap=DIVERGING if signed else "Blues", vmin=limits[0], vmax=limits[1], aspect="auto"
    )
    for labels, length, axis in ((row_labels, rows, ax.yaxis), (column_labels, columns, ax.xaxis)):
        if labels is not None:
            axis.set_ticks(np.arange(length), labels)
        else:
            axis.set_major_locator(MaxNLocator(integer=True))
    if fmt and M.size <= MAX_WRITTEN:
        for (i, j), value in np.ndenumerate(M):
            red, green, blue, _ = drawn.cmap(drawn.norm(value))
            dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.5  # perceived brightness
            ink = "white" if dark else "black"
            ax.text(j, i, format(value, fmt), ha="center", va="center", color=ink, fontsize=10)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    fig.colorbar(drawn, ax=ax, label=colour_label)
    return fig


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from `low` to `high`, none beyond: the axis is longer than its range."""
    slack = 1e-9 * (high - low)
    ticks = MaxNLocator(nbins=4, steps=[1, 2, 5, 10]).tick_values(low, high)
    return [t for t in ticks if low - slack <= t <= high + slack]


def _signed(value: float) -> str:
    """Two digits, with the minus of the axes and without a minus before zero."""
    return f"{value + 0.0 if round(value, 2) else 0.0:.2f}".replace("-", "−")
