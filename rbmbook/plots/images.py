"""Pictures made of pictures: filters and samples."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from rbmbook import validation

from .style import DIVERGING, numbers, same_length

MAX_IMAGES = 400
GAP = "#c4c4c4"


def filters(
    W: np.ndarray,
    shape: tuple[int, int],
    *,
    n: int | None = None,
    columns: int | None = None,
    order: str | Sequence[int] | None = None,
    title: str = "Weights of each hidden unit",
) -> Figure:
    """Draw columns of W as images: what each hidden unit looks for.

    Parameters
    ----------
    W : ndarray, shape (D, H)
    shape : (int, int)
        Height and width of an image; their product is D.
    n : int, optional
        Draw so many filters; 64 or all H by default.
    columns : int, optional
        Filters in a row of the figure.
    order : "norm", sequence of int, or None
        Longest weight vector first, the given indices, or as they come.
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError, ValueError
        If an array has another shape, kind or range.

    Examples
    --------
    >>> from rbmbook import plots
    >>> fig = plots.filters(np.eye(4), (2, 2))
    >>> plots.show(fig, alt="Four filters of one pixel each.")
    <Figure: Four filters of one pixel each.>
    """
    W = numbers("W", W, 2)
    if isinstance(order, str) and order == "norm":
        order = np.argsort(-np.linalg.norm(W, axis=0), kind="stable")
    elif isinstance(order, str):
        raise ValueError(f'order: expected "norm", indices or None, got {order!r}')
    chosen = np.arange(W.shape[1]) if order is None else np.asarray(order)
    if chosen.ndim != 1 or not np.isin(chosen, np.arange(W.shape[1])).all():
        raise ValueError(f"order: expected indices of the {W.shape[1]} columns of W")
    images = W.T[chosen][: validation.integer("n", n or min(len(chosen), 64))]
    limit = np.abs(images).max() or 1.0
    fig, ax, drawn = _mosaic("W", images, shape, columns, (-limit, limit), DIVERGING, title)
    fig.colorbar(drawn, ax=ax, label="weight", shrink=0.8)
    return fig


def samples(
    v: np.ndarray,
    shape: tuple[int, int],
    *,
    columns: int | None = None,
    row_labels: Sequence[str] | None = None,
    title: str = "Samples",
) -> Figure:
    """Draw states, or means, of the visible units as images, ink on white.

    Parameters
    ----------
    v : ndarray, shape (n, D)
        At most 400 images. Values in [0, 1] are drawn from white to black; others from their
        least to their greatest.
    shape : (int, int)
        Height and width of an image; their product is D.
    columns : int, optional
        Images in a row of the figure.
    row_labels : sequence of str, optional
        One text for each row of the figure.
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError, ValueError
        If an array has another shape, kind or range.

    Examples
    --------
    >>> from rbmbook import plots
    >>> fig = plots.samples([[1, 0, 0, 1], [0, 1, 1, 0]], (2, 2))
    >>> plots.show(fig, alt="Two diagonals.")
    <Figure: Two diagonals.>
    """
    v = numbers("v", v, 2)
    if len(v) > MAX_IMAGES:
        raise ValueError(f"v: expected at most {MAX_IMAGES} images, got {len(v)}")
    limits = (0.0, 1.0) if v.min() >= 0 and v.max() <= 1 else (v.min(), v.max())
    fig, ax, _ = _mosaic("v", v, shape, columns, limits, "Greys", title)
    if row_labels is not None:
        height, pitch = shape[0], shape[0] + 1
        rows = round((ax.images[0].get_array().shape[0] + 1) / pitch)
        same_length("row_labels", row_labels, rows, "row of the figure")
        ax.set_axis_on()
        ax.set(xticks=[], yticks=np.arange(rows) * pitch + (height - 1) / 2)
        ax.set_yticklabels(row_labels)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    return fig


def _mosaic(
    name: str,
    images: np.ndarray,
    shape: tuple[int, int],
    columns: int | None,
    limits: tuple[float, float],
    colours: str | Colormap,
    title: str,
) -> tuple[Figure, Axes, AxesImage]:
    """All images in one array, a pixel of grey between them: one artist, however many."""
    height, width = (validation.integer("shape", s) for s in shape)
    if height * width != images.shape[1]:
        size = f"{images.shape[1]} pixels"
        raise ValueError(f"shape: expected two factors of the {size} of {name}, got {shape}")
    n = len(images)
    columns = min(n, validation.integer("columns", columns or _columns(n)))
    rows = -(-n // columns)
    tiles = np.full((rows * columns, height + 1, width + 1), np.nan)
    tiles[:n, :height, :width] = images.reshape(n, height, width)
    canvas = tiles.reshape(rows, columns, height + 1, width + 1).swapaxes(1, 2)
    canvas = canvas.reshape(rows * (height + 1), columns * (width + 1))[:-1, :-1]
    tile = min(1.1, 6.0 / columns)
    fig, ax = plt.subplots(
        figsize=(max(tile * columns + 0.5, 3.2), tile * rows * height / width + 0.5)
    )
    palette = plt.get_cmap(colours).with_extremes(bad=GAP)
    drawn = ax.imshow(canvas, cmap=palette, vmin=limits[0], vmax=limits[1])
    for k in range(n, rows * columns):  # no image here: paper, not gap
        corner = (k % columns * (width + 1) - 0.5, k // columns * (height + 1) - 0.5)
        ax.add_patch(Rectangle(corner, width, height, color="white"))
    ax.set_axis_off()
    fig.suptitle(title)
    return fig, ax, drawn


def _columns(n: int) -> int:
    """A grid somewhat wider than high."""
    return max(1, min(n, 20, int(np.ceil(np.sqrt(1.6 * n)))))
