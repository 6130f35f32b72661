"""Mean and standard deviation of the columns of data, in float64, block by block."""

from typing import Any, NamedTuple

import numpy as np

from rbmbook import validation
from rbmbook.machine.units import Unit

ROUNDING = 1e-12  # a column whose standard deviation is less, relative to its mean, is constant
CONSTANT = 1e-3  # what counts as its standard deviation then, relative to a mean of at least 1


class Moments(NamedTuple):
    """The columns' means and standard deviations, and which of them are constant.

    A column that does not vary has no scale of its own. So that it has one for those who must
    divide by it, its standard deviation is set to a thousandth of its mean's size, or to 0.001 if
    that is more: small, and still within what float32 can resolve.
    """

    mean: np.ndarray
    sd: np.ndarray
    constant: np.ndarray


def of_columns(
    X: Any,
    unit: Unit,
    weight: np.ndarray | None = None,
    name: str = "data",
    dtype: Any = np.float64,
) -> Moments:
    """The moments of (n, D) data of a unit's type, weighted by rows; two passes, so no cancelling.

    Parameters
    ----------
    X : (n, D) array or CSR matrix, as `validation.matrix` returns it
    unit : Unit
        Whose means the values are; others are an error.
    weight : (n,) array, optional
    name : str
        What errors call X.
    dtype : float32 or float64
        Of the model that is made for X, whose values it has to hold.

    Returns
    -------
    Moments
    """
    share = np.full(X.shape[0], 1 / X.shape[0]) if weight is None else weight / weight.sum()
    mean = sums(X, unit, share, name, dtype)
    return of_sums(mean, sums(X, unit, share, name, dtype, mean))


def sums(
    X: Any,
    unit: Unit,
    share: np.ndarray,
    name: str,
    dtype: Any,
    origin: np.ndarray | None = None,
) -> np.ndarray:
    """Σ share·x over the rows, for each column, or Σ share·(x − origin)² if there is an origin."""
    total = np.zeros(X.shape[1])
    for rows, block in validation.blocks(name, X, unit, np.float64, True, dtype):
        total += share[rows] @ (block if origin is None else (block - origin) ** 2)
    return total


def of_sums(mean: np.ndarray, variance: np.ndarray) -> Moments:
    """The moments of columns with these means and variances."""
    sd = np.sqrt(variance)
    constant = sd <= ROUNDING * np.abs(mean)
    sd[constant] = CONSTANT * np.maximum(np.abs(mean[constant]), 1)
    return Moments(mean, sd, constant)


def start_at(rbm: Any, data: Any, weight: np.ndarray | None = None) -> None:
    """Let visible biases and learned precisions fit the data; weights act on (v − μ) / σ.

    Parameters
    ----------
    rbm : RBM
    data : (n, D) array or CSR matrix, as `validation.matrix` returns it
    weight : (n,) array, optional
        Of the rows.
    """
    start_from(rbm, of_columns(data, rbm.visible, weight, dtype=rbm.dtype), data.shape[0])


def start_from(rbm: Any, found: Moments, n: int) -> None:
    """The same, from the moments of n rows."""
    unit = rbm.visible
    unit.match_variance(found.sd**2)
    rbm.a[:] = unit.bias_for_mean(found.mean * n, n)
    rbm.W /= unit.divisor(found.sd).astype(rbm.dtype)[:, None]
    rbm.b -= np.where(unit.real(rbm.n_visible), found.mean, 0.0) @ rbm.W
