"""Figures of the book: one look, colour-blind-safe, shown with alternative text.

Every function takes arrays and a ``title``, returns a matplotlib figure and shows nothing;
:func:`show` does that. Some meanings have a colour of their own: positive and negative
numbers (`POSITIVE`, `NEGATIVE`), energies (`ENERGY`) and probabilities (`PROBABILITY`).

Examples
--------
>>> from rbmbook import plots
>>> plots.use_style()
>>> fig = plots.curves([1, 2, 3], {"CD-1": [-9.0, -7.5, -7.0]}, xlabel="epoch", ylabel="nats")
>>> plots.show(fig, alt="The log-likelihood rises.")
<Figure: The log-likelihood rises.>
"""

from .charts import curves, heatmap, landscape
from .images import filters, samples
from .live import LivePlot
from .network import machine
from .patterns import patterns
from .style import (
    BLACK,
    BLUE,
    DATA,
    DIVERGING,
    ENERGY,
    GREEN,
    GREY,
    MODEL,
    NEGATIVE,
    ORANGE,
    PALETTE,
    POSITIVE,
    PROBABILITY,
    PURPLE,
    SKY,
    VERMILLION,
    show,
    use_style,
)

__all__ = [
    "BLACK",
    "BLUE",
    "DATA",
    "DIVERGING",
    "ENERGY",
    "GREEN",
    "GREY",
    "MODEL",
    "NEGATIVE",
    "ORANGE",
    "PALETTE",
    "POSITIVE",
    "PROBABILITY",
    "PURPLE",
    "SKY",
    "VERMILLION",
    "LivePlot",
    "curves",
    "filters",
    "heatmap",
    "landscape",
    "machine",
    "patterns",
    "samples",
    "show",
    "use_style",
]
