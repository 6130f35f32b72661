"""Examples with their labels, and how they are cut in two."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from rbmbook import validation


class Dataset(NamedTuple):
    """Examples X (n, D), one a row, and their labels y (n,); unpacks as ``X, y``.

    Parameters
    ----------
    X : (n, D) array or sparse matrix
        Examples, one a row.
    y : (n,) array
        Their labels.

    Examples
    --------
    >>> from rbmbook import data
    >>> digits = data.digits()
    >>> X, y = digits
    >>> digits.X.shape, y.shape
    ((1797, 64), (1797,))
    """

    X: np.ndarray
    y: np.ndarray


def split(
    data: tuple[Any, Any], n_train: int, rng: int | np.random.Generator = 0
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
    >>> from rbmbook import data
    >>> train, validation = data.split(data.digits(), 1500)
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
    n_train = validation.integer("n_train", n_train, maximum=n - 1)
    order = validation.generator(rng).permutation(n)
    first, rest = order[:n_train], order[n_train:]
    return Dataset(X[first], y[first]), Dataset(X[rest], y[rest])
