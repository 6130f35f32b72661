"""From the difference of the two terms to what the optimizer follows: penalties, and centring."""

from typing import NamedTuple

import numpy as np

from rbmbook.machine.parameters import Parameters
from rbmbook.machine.rbm import RBM
from rbmbook.training.centring import MovingAverage, centre, halfway
from rbmbook.training.negative import Batch
from rbmbook.training.penalties import Penalties


class Difference(NamedTuple):
    """What a step depends on of a batch.

    Attributes
    ----------
    ascent : Parameters
        Data term minus model term, in arrays of its own.
    means : two arrays
        The batch's means of v and of E[h | v].
    share : float
        How much the batch weighs in its epoch, 1 on average.
    """

    ascent: Parameters
    means: tuple[np.ndarray, np.ndarray]
    share: float

    @classmethod
    def of(cls, ascent: Parameters, batch: Batch) -> "Difference":
        """The difference of the two terms of a batch."""
        return cls(ascent, (batch.data_term.a, batch.data_term.b), batch.share)


class Direction:
    """The direction in which a machine's parameters move.

    Parameters
    ----------
    penalties : Penalties
    centered : bool or "enhanced"
    mean : (D,) array
        The data's.
    n_hidden : int ≥ 1

    Attributes
    ----------
    hidden_average : MovingAverage
        Of the batches' means of E[h | v], if penalties or centring need it.
    """

    def __init__(
        self, penalties: Penalties, centered: bool | str, mean: np.ndarray, n_hidden: int
    ) -> None:
        self.penalties, self.centered, self.mean = penalties, centered, mean
        self.hidden_average = MovingAverage(n_hidden, mean.dtype)

    def of(self, rbm: RBM, difference: Difference) -> Parameters:
        """Data term minus model term, minus the gradient of the penalties; centred if asked for.

        The difference is multiplied by the batch's share; penalties act in full on every batch.
        """
        ascent, share, sparsity = difference.ascent, difference.share, self.penalties.sparsity
        if self.centered or sparsity:
            means = self._means(rbm, difference)
            offsets = self.mean, self.hidden_average.value
        if self.centered == "enhanced":
            offsets = halfway(*means, ascent)
        if share != 1:
            for part in ascent:
                part *= part.dtype.type(share)
        self.penalties.shrink([ascent.W], [rbm.W])
        if sparsity is not None:
            pull = sparsity.pull(self.hidden_average.value)
            ascent.W[:] += np.outer(means[0], pull)
            ascent.b[:] += pull
        return centre(ascent, *offsets) if self.centered else ascent

    def _means(self, rbm: RBM, difference: Difference) -> tuple[np.ndarray, np.ndarray]:
        """The batch's means of v and of E[h | v], the second of which enters the moving average.

        A batch without weight has no mean of its own: that of all data stands in.
        """
        means = difference.means
        if not difference.share:
            means = self.mean, rbm.hidden.mean(rbm.hidden_inputs(self.mean[None]))[0]
        self.hidden_average.add(means[1], difference.share)
        return means
