"""The look of the book's figures, and how one is shown."""

from __future__ import annotations

import base64
import io
from collections.abc import Sized
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from rbmbook import validation

# Okabe & Ito (2008), "Color universal design": distinguishable with any colour vision.
BLUE, VERMILLION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
PURPLE, SKY, BLACK = "#CC79A7", "#56B4E9", "#000000"
GREY = "#808080"
SHARP = 2  # pixels of the PNG for one pixel of the page, in each direction: good screens have four
LARGEST = 1e300  # that matplotlib can draw: it takes differences and margins
NEGATIVE, POSITIVE = BLUE, VERMILLION  # of weights, and of any number with a sign
ENERGY, PROBABILITY = GREEN, PURPLE  # wherever a figure shows the one or the other as such
DATA, MODEL = BLUE, ORANGE  # where points of both lie in one plane
PALETTE = (BLUE, VERMILLION, ORANGE, SKY, BLACK, GREY)  # of series that only have to differ
DIVERGING = LinearSegmentedColormap.from_list("sign", [NEGATIVE, "#ffffff", POSITIVE])


def use_style() -> None:
    """Set matplotlib's defaults to the look of the book.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import rbmbook as rb
    >>> rb.plots.use_style()
    >>> plt.rcParams["axes.spines.top"]
    False
    """
    plt.rcParams.update(
        {
            "axes.prop_cycle": cycler(color=PALETTE),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 12,
            "axes.labelsize": 11,
            "axes.axisbelow": True,
            "figure.constrained_layout.use": True,
            "figure.dpi": 100,
            "figure.figsize": (6.4, 3.8),
            "figure.titlesize": 12,
            "font.family": "DejaVu Sans",  # shipped with matplotlib: the same on every machine
            "font.size": 11,
            "grid.alpha": 0.3,
            "legend.frameon": False,
            "lines.linewidth": 2.0,
            "savefig.dpi": "figure",
        }
    )


def show(fig: Figure, alt: str) -> None:
    """Display a figure as PNG with alternative text, and close it.

    The PNG has twice the figure's resolution and is shown at the figure's size: crisp on good
    screens. Outside a notebook a one-line stand-in is printed instead.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    alt : str
        What a reader who does not see the figure needs to know; stored with the image.

    Raises
    ------
    TypeError
        If ``fig`` is not a figure.
    ValueError
        If ``alt`` is empty.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import rbmbook as rb
    >>> fig, ax = plt.subplots()
    >>> rb.plots.show(fig, alt="Empty axes, for want of data.")
    <Figure: Empty axes, for want of data.>
    """
    if not isinstance(fig, Figure):
        raise TypeError(f"fig must be a matplotlib Figure, got {type(fig).__name__}")
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError("alt must be a non-empty text that says what the figure shows")
    alt = " ".join(alt.split())
    if _shell() is None:
        _png(fig)  # what cannot be drawn fails here, too
        print(_stand_in(alt))
    else:
        publish(fig, alt)
    plt.close(fig)


def publish(fig: Figure, alt: str, display_id: str | None = None, again: bool = False) -> None:
    """Display a figure as PNG with alternative text in a notebook; `again` in its old place."""
    from IPython.display import display

    png = base64.b64encode(_png(fig)).decode("ascii")
    width, height = (round(inches * fig.dpi) for inches in fig.get_size_inches())
    bundle = {"image/png": png, "text/plain": _stand_in(alt)}
    metadata = {"image/png": {"alt": alt, "width": width, "height": height}}
    place: Any = {} if display_id is None else {"display_id": display_id, "update": again}
    display(bundle, metadata=metadata, raw=True, **place)


def _stand_in(alt: str) -> str:
    """What is shown where pictures are not."""
    words = alt.split()
    return f"<Figure: {' '.join(words[:8])}{' …' if len(words) > 8 else ''}>"


def _png(fig: Figure) -> bytes:
    """The figure as PNG; without the writer's version, so that equal figures are equal bytes."""
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=SHARP * fig.dpi, metadata={"Software": None})
    return buffer.getvalue()


def _shell() -> object | None:
    """The running IPython shell, or None in plain Python."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def numbers(name: str, value: object, ndim: int) -> np.ndarray:
    """`value` as a finite, non-empty float array of `ndim` dimensions."""
    found = validation.array(name, value).astype(np.float64)
    if found.ndim != ndim:
        raise ValueError(f"{name}: expected {ndim} dimension(s), got shape {found.shape}")
    if not found.size:
        raise ValueError(f"{name}: expected at least one number, got shape {found.shape}")
    if not np.isfinite(found).all():
        raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
    if np.abs(found).max() > LARGEST:
        raise ValueError(f"{name}: expected numbers up to {LARGEST:g} in size, got larger ones")
    return found


def named(name: str, value: Any) -> dict:
    """`value`, a mapping or a data frame, as a dict of its columns."""
    if not hasattr(value, "keys"):
        raise TypeError(
            f"{name}: expected a mapping from labels to numbers, got {type(value).__name__}"
        )
    return dict(value)


def same_length(name: str, value: Sized, length: int, what: str) -> None:
    """Raise unless there is one entry of `value` for each of `length` things."""
    if len(value) != length:
        raise ValueError(f"{name}: expected one for each {what}, {length}, got {len(value)}")
