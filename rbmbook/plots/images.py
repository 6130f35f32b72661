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
SMALL = 12  # pixels a side: images with a pixel of room between them
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
    >>> import numpy as np
    >>> from rbmbook import plots
    >>> fig = plots.filters(np.eye(4), (2, 2))
    >>> plots.show(fig, alt="Four filters of one pixel each.")
    <Figure: Four filters of one pixel each.>
    """
    W = numbers("W", W, 2)
    if order is None:
        chosen = np.arange(W.shape[1])
    elif not isinstance(order, str):
        chosen = validation.array("order", order)
    elif order == "norm":
        chosen = np.argsort(-np.linalg.norm(W, axis=0), kind="stable")
    else:
        raise ValueError(f'order: expected "norm", indices or None, got {order!r}')
    integers = chosen.dtype.kind in "iu" and chosen.ndim == 1 and chosen.size
    if not integers or not np.isin(chosen, np.arange(W.shape[1])).all():
        raise ValueError(f"order: expected indices of the {W.shape[1]} columns of W, got {order!r}")
    n = min(len(chosen), 64) if n is None else validation.integer("n", n)
    images = W.T[chosen][:n]
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
    column_labels: Sequence[str] | None = None,
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
    row_labels, column_labels : sequence of str, optional
        One text for each row, or column, of the figure.
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
    labels = row_labels, column_labels
    return _mosaic("v", v, shape, columns, limits, "Greys", title, labels)[0]


def _mosaic(
    name: str,
    images: np.ndarray,
    shape: tuple[int, int],
    columns: int | None,
    limits: tuple[float, float],
    colours: str | Colormap,
    title: str,
    labels: tuple[Sequence[str] | None, Sequence[str] | None] = (None, None),
) -> tuple[Figure, Axes, AxesImage]:
    """All images in one array with grey lines between: one artist, however many there are."""
    height, width = sides(name, images, shape)
    n = len(images)
    columns = min(n, validation.integer("columns", _columns(n) if columns is None else columns))
    rows = -(-n // columns)
    row_labels = _texts("row_labels", labels[0], rows, "row of the figure")
    column_labels = _texts("column_labels", labels[1], columns, "column of the figure")
    zoom = max(1, round(28 / max(height, width)))  # so that a line is thin beside any image
    high, wide = zoom * height, zoom * width
    gap = zoom if max(height, width) <= SMALL else 1  # or strokes run on into the next image
    tiles = np.full((rows * columns, high + gap, wide + gap), np.nan)
    tiles[:n, :high, :wide] = images.reshape(n, height, width).repeat(zoom, 1).repeat(zoom, 2)
    grid = tiles.reshape(rows, columns, high + gap, wide + gap).swapaxes(1, 2)
    canvas = grid.reshape(rows * (high + gap), columns * (wide + gap))
    canvas = np.pad(canvas, ((gap, 0), (gap, 0)), constant_values=np.nan)  # on all four sides
    # Room, in inches, for what stands beside the images: a colour bar or the labels.
    margin = 0.4 + 0.095 * max(map(len, row_labels)) if row_labels else 1.0
    above = 0.65 if column_labels else 0.45
    tile = min(1.0, (6.4 - margin) / columns)
    figure_size = (max(tile * columns + margin, 2.4), tile * rows * height / width + above)
    fig, ax = plt.subplots(figsize=figure_size)
    palette = plt.get_cmap(colours).with_extremes(bad=GAP)
    drawn = ax.imshow(canvas, cmap=palette, vmin=limits[0], vmax=limits[1])
    if n % columns:  # no images at the end of the last row: paper, not grey
        left, top = n % columns * (wide + gap), (rows - 1) * (high + gap)
        corner = left + gap - 0.5, top + gap - 0.5
        ax.add_patch(Rectangle(corner, canvas.shape[1], high + gap, color="white", linewidth=0))
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelbottom=False, labeltop=True)
    if row_labels:
        ax.set_yticks(np.arange(rows) * (high + gap) + gap + (high - 1) / 2, row_labels)
    if column_labels:
        ax.set_xticks(np.arange(columns) * (wide + gap) + gap + (wide - 1) / 2, column_labels)
    fig.suptitle(title)
    return fig, ax, drawn


def _texts(name: str, labels: Sequence[str] | None, length: int, what: str) -> list[str]:
    """Labels of the rows or the columns, if there are any."""
    if labels is None:
        return []
    same_length(name, labels, length, what)
    return [str(label) for label in labels]


def _columns(n: int) -> int:
    """A grid somewhat wider than high."""
    return max(1, min(n, 20, int(np.ceil(np.sqrt(1.6 * n)))))


def sides(name: str, images: np.ndarray, shape: tuple[int, int]) -> tuple[int, int]:
    """Height and width of the (n, D) images that errors call `name`, if their product is D."""
    try:
        height, width = shape
    except (TypeError, ValueError):
        raise ValueError(f"shape: expected (height, width), got {shape!r}") from None
    height, width = validation.integer("shape", height), validation.integer("shape", width)
    if height * width != images.shape[1]:
        size = f"{images.shape[1]} pixels"
        raise ValueError(f"shape: expected two factors of the {size} of {name}, got {shape}")
    return height, width
