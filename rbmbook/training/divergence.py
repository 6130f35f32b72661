"""Why training diverged: what was not finite before it began, the data's scale, or the rate."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from rbmbook import validation
from rbmbook.machine import moments
from rbmbook.training.monitors import Columns
from rbmbook.training.optimize import Optimizer, rate_at

WIDE = 5.0  # root mean square of a column (1 if standardised) beyond which its scale is to blame
FAST = 1.0  # learning rate beyond which it is to blame in any case

# A name, a (n, D) matrix or its `Columns`, and the scale (D,) of the units it goes to
Data = tuple[str, Any, Any]


class DivergenceError(FloatingPointError):
    """A parameter became infinite or NaN. The model holds the last finite parameters.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> rbm = rb.RBM.random(3, 8, rng=0, visible=rb.Gaussian(), hidden=rb.ReLU())
    >>> try:
    ...     _ = rb.fit(rbm, X, rb.CD(1), epochs=50, optimizer=rb.SGD(1e6), progress=False)
    ... except rb.DivergenceError:
    ...     print(bool(np.isfinite(rbm.W).all()))  # as after the last finite epoch
    True
    """


def finite(arrays: Iterable[np.ndarray]) -> bool:
    """Whether every number is finite."""
    return all(np.isfinite(array).all() for array in arrays)


def check_finite(
    parameters: Sequence[np.ndarray], when: str = "before training", where: str = ""
) -> None:
    """Raise DivergenceError if a parameter is NaN or infinite already."""
    where = f"{where}: " if where else ""
    for number, parameter in enumerate(parameters, start=1):
        bad = ~np.isfinite(parameter)
        if bad.any():
            place = tuple(int(i) for i in np.argwhere(bad)[0])
            raise DivergenceError(
                f"{where}a parameter was not finite {when}: array {number} of {len(parameters)}, "
                f"of shape {parameter.shape}, holds {parameter[place]} at {list(place)}. It was "
                "left so. Neither the rate nor the data is to blame: look at where the "
                "parameters came from"
            )


def advice(data: Iterable[Data], optimizer: Optimizer, update: int, lower: str) -> str:
    """What to do about training that diverged, from what the data and the optimizer show.

    Parameters
    ----------
    data : iterable of (name, matrix or Columns, scale)
        What has no bounds of its own. A scale below 1 makes a column count for more.
    optimizer : optimizer
    update : int ≥ 0
        At which it diverged.
    lower : str
        What can be lowered, in words.
    """
    found = fault(data)
    if not found:
        return f"Lower {lower}"
    rate = getattr(optimizer, "learning_rate", 0.0)
    if rate_at(rate, update) > FAST:
        return f"Lower {lower}. {found}"
    return (
        f"{found}. A lower rate alone hardly helps. Should training diverge on standardised "
        f"data too, lower {lower}"
    )


def fault(data: Iterable[Data]) -> str:
    """The first column that is far out of scale, in words; nothing if there is none."""
    return next((found for item in data if (found := _fault(*item))), "")


def _fault(name: str, X: Any, scale: Any) -> str:
    mean, deviation = (X.mean, X.deviation) if isinstance(X, Columns) else _moments(X)
    with np.errstate(over="ignore"):
        width = np.hypot(mean, deviation) / np.minimum(scale, 1.0)
    column = int(width.argmax())
    if not width[column] > WIDE:
        return ""
    others = int((width > WIDE).sum()) - 1
    constant = deviation[column] <= moments.ROUNDING * abs(mean[column])
    return (
        f"Column {column} of {name} has mean {mean[column]:.4g} and standard deviation "
        f"{0.0 if constant else deviation[column]:.4g}"
        + (f" ({others} more like it)" if others > 0 else "")
        + ", where the model expects about 0 and 1. Standardise the data: "
        + ("drop the columns that are constant; of the others " if constant else "")
        + "subtract each column's mean, and divide by its standard deviation"
    )


def _moments(X: Any) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column, in float64."""
    n, D = X.shape
    mean, square = np.zeros(D), np.zeros(D)
    for block in _blocks(X):
        mean += block.sum(axis=0) / n
    for block in _blocks(X):
        square += ((block - mean) ** 2).sum(axis=0)
    return mean, np.sqrt(square / n)


def _blocks(X: Any) -> Iterator[np.ndarray]:
    for start in range(0, X.shape[0], validation.BLOCK_ROWS):
        rows = X[start : start + validation.BLOCK_ROWS]
        yield np.asarray(rows.toarray() if sparse.issparse(rows) else rows, np.float64)
