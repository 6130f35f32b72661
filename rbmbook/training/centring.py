"""The centred gradient, (9.9): v − μ and h − λ are learned, with offsets μ and λ at the means.

References
----------
Montavon and Müller (2012), Deep Boltzmann machines and the centering trick. Cho, Raiko and Ilin
(2013), Enhanced gradient for training restricted Boltzmann machines. Melchior, Fischer and Wiskott
(2016), How to center deep Boltzmann machines.
"""

import numpy as np

from rbmbook.machine.parameters import Parameters

AVERAGE_RATE = 0.01  # of the moving averages of the batches' means


class MovingAverage:
    """A moving average of the batches' means, which starts at the first.

    Attributes
    ----------
    value : (n,) array
        NaN until the first batch.
    """

    def __init__(self, n: int, dtype: np.dtype) -> None:
        self.value = np.full(n, np.nan, dtype)

    def add(self, mean: np.ndarray, share: float = 1.0) -> None:
        """Let a batch of `share` times the mean weight count as that many batches."""
        rate = AVERAGE_RATE if share == 1 else 1 - (1 - AVERAGE_RATE) ** share
        old = np.where(np.isnan(self.value), mean, self.value)
        self.value[:] = old + self.value.dtype.type(rate) * (mean - old)


def halfway(
    visible: np.ndarray, hidden: np.ndarray, ascent: Parameters
) -> tuple[np.ndarray, np.ndarray]:
    """The offsets of the enhanced gradient: between the means in the data and in the model.

    `ascent` is data term minus model term, and not centred yet.
    """
    return visible - ascent.a / 2, hidden - ascent.b / 2


def centre(
    gradient: Parameters,
    visible: np.ndarray,
    hidden: np.ndarray,
    absent: np.ndarray | None = None,
) -> Parameters:
    """The centred gradient: what the gradient becomes where v − visible and h − hidden are learned.

    Changes `gradient` in place. With offsets at the data's means, a data set and its negative are
    learned alike.

    Parameters
    ----------
    gradient : Parameters
        Data term minus model term.
    visible, hidden : (D,) and (H,) arrays
        The offsets μ and λ.
    absent : (D, H) bool array, optional
        Weights that the machine does not have; their gradient becomes 0.

    Returns
    -------
    Parameters
        `gradient` itself.

    References
    ----------
    Book: (9.9).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> rbm = rb.RBM.random(9, 4, rng=0)
    >>> plain = rb.gradient.estimate(rbm, X, rb.Exact())
    >>> same = rb.gradient.centre(plain, np.zeros(9, np.float32), np.zeros(4, np.float32))
    >>> same is plain  # in place; offsets of 0 change nothing
    True
    """
    W, a, b = gradient.W, gradient.a, gradient.b
    # visible bᵀ + a hiddenᵀ as one matrix product
    W -= np.stack([visible, a], axis=1) @ np.stack([b, hidden])
    if absent is not None:
        W[absent] = 0
    a -= W @ hidden
    b -= visible @ W
    return gradient


def centre_arrow(gradient: list[np.ndarray], offset: np.ndarray) -> None:
    """Change the gradient of W and b to that of W and b + offset W, with inputs from x − offset."""
    W, b, *_ = gradient
    W -= np.outer(offset, b)
    b -= offset @ W
