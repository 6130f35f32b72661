"""What a fit reports besides its error, because an error can be small in a model that is broken.

The reconstruction error is content with a machine whose features do not depend on the data (means
come back by way of the biases) and with one that dreams of one half of the data only. So a fit also
says what share of the features is *constant* or *saturated*, and how far the means of what the
model *dreams* are from the means of the data.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rbmbook._jit import jit
from rbmbook.machine import moments
from rbmbook.machine.directed import Directed
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Unit
from rbmbook.sampling.chains import at_random, draw, steps

SLIGHT = 0.01  # share of a feature's range that counts as no change, or as its very end
ROWS = 0.99  # share of the rows for which a saturated feature is at an end of its range
ASLEEP = 0.9  # share of constant features of a layer that is of no use
ENOUGH = 200  # updates before a layer is expected to be of use
ENOUGH_BELOW = 50  # the same where other layers are built upon it, and learn from a constant
TELLING = 40  # rows from which on correlations tell something
DREAMS = 64  # chains that dream
STEPS = 5  # Gibbs steps of these chains after an epoch, if it has so many updates
BURN_IN = 20  # more of them before the first look
DREAM_SEED = 20_064  # of generators of their own: training draws nothing from them


class TrainingWarning(RuntimeWarning):
    """A fit ended without an error, but what it has learned is of no use.

    Examples
    --------
    >>> import warnings
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> rbm = rb.RBM.random(9, 4, rng=0, scale=0.0)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     _ = rb.fit(rbm, X, rb.CD(1), 250, optimizer=rb.SGD(1e-6), progress=False)
    >>> [warning.category.__name__ for warning in caught]
    ['TrainingWarning']
    """


@dataclass(frozen=True)
class Shares:
    """What share of a layer's features is constant, and what share is saturated.

    A feature is a column of the means of a hidden layer, one row for each row of data.

    Attributes
    ----------
    constant : float in [0, 1]
        Of the features whose standard deviation over the rows is at most 1 % of their scale: of
        their range, if they have one; for the others see the `scale` of the unit or activation.
    saturated : float in [0, 1]
        Of the features that are within 1 % of their range from one of its ends for at least 99 % of
        the rows; of a range that is infinite, exactly at its one end, such as the 0 of a ReLU that
        is dead.
    varying : int
        How many features are not constant.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> means = np.array([[0.0, 0.2], [0.0, 0.7], [0.0, 0.4]])  # the first feature is dead
    >>> shares = rb.monitors.Shares.of(rb.Bernoulli(), means)
    >>> float(shares.constant), float(shares.saturated), shares.varying
    (0.5, 0.5, 1)
    """

    constant: float
    saturated: float
    varying: int

    @classmethod
    def of(cls, kind: Any, means: np.ndarray) -> "Shares":
        """The shares of the (rows, features) means of a kind of unit or activation.

        Parameters
        ----------
        kind : unit or activation
        means : (rows, features) array

        Returns
        -------
        Shares

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.monitors.Shares.of(rb.Bernoulli(), np.array([[0.1, 0.9], [0.9, 0.1]])).varying
        2
        """
        low, high = kind.ends
        width = np.subtract(high, low)
        edge = SLIGHT * np.where(np.isinf(width), 0, width)
        at_end = (means <= low + edge) | (means >= high - edge)
        constant = means.std(axis=0) <= SLIGHT * kind.scale(means)
        saturated = np.count_nonzero(at_end, axis=0) >= ROWS * len(means)
        return cls(
            np.count_nonzero(constant) / constant.size,
            np.count_nonzero(saturated) / saturated.size,
            int(np.count_nonzero(~constant)),
        )


def independent(rows: np.ndarray, unit: Unit) -> bool:
    """Whether the sites of (n, D) rows may be independent: there is no feature to be found.

    Compares the mean squared correlation of columns of two sites with 1 / (n − 1), its expectation
    for independent ones, and allows for four standard errors. The columns of one site, such as a
    `Softmax`, depend on each other whatever the data: a bias each says it all. Of fewer than 40
    rows it cannot tell, and says no. Looks at no more than 500 columns.

    Parameters
    ----------
    rows : (n, D) array
    unit : unit

    Returns
    -------
    bool

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> coins = np.random.default_rng(0).integers(0, 2, (500, 6)).astype(float)
    >>> copies = np.repeat(coins[:, :1], 6, axis=1)
    >>> [rb.monitors.independent(rows, rb.Bernoulli()) for rows in (coins, copies)]
    [True, False]
    """
    n, D = rows.shape
    sites = unit.sites(D)
    more = np.append(sites[:-1] == sites[1:], False)  # the last of several is what these leave
    needed = np.flatnonzero(more | (np.bincount(sites) == 1)[sites])
    needed = needed[np.ptp(rows[:, needed], axis=0) > 0]
    needed = needed[:: max(1, -(-len(needed) // 500))]
    apart = sites[needed, None] != sites[needed]
    pairs = np.count_nonzero(apart) / 2
    if pairs == 0 or n < TELLING:
        return pairs == 0
    rows = rows[:, needed].astype(np.float64)
    standard = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    mean = ((standard.T @ standard / n) ** 2)[apart].mean()
    return bool(mean < (1 + 4 * np.sqrt(2 / pairs)) / (n - 1))


def directions(rows: np.ndarray) -> float:
    """In how many directions (n, D) rows spread, after their columns are standardised.

    (Σ λ)² / Σ λ², the participation ratio of the covariance's eigenvalues λ: 1 for rows on a line,
    such as two patterns, r if they fill r directions alike.

    Parameters
    ----------
    rows : (n, D) array
        With a column that varies.

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> two_patterns = np.array([[0, 0, 0], [1, 1, 1]])
    >>> round(rb.monitors.directions(two_patterns), 3)
    1.0
    >>> round(rb.monitors.directions(rb.exact.states(3)), 3)
    3.0
    """
    rows = rows[:, np.ptp(rows, axis=0) > 0].astype(np.float64)
    standard = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    n, D = standard.shape
    products = standard @ standard.T if n < D else standard.T @ standard  # the same λ but for 0
    return float(np.trace(products) ** 2 / (products**2).sum())


def fault(shares: Shares, learnable: bool, needed: float) -> str:
    """What is wrong with a layer after training, in words; nothing if nothing is.

    Constant features are the sign of both faults. Saturated ones that follow the data are not a
    fault: a machine that has learned separate clusters has nothing else.

    Parameters
    ----------
    shares : Shares
    learnable : bool
        Whether there are features to be found, and have been enough updates; if not, a layer may
        sleep.
    needed : float
        So many features that vary are enough, however many are constant: the data has no more
        `directions`. (Of 256 units a few tell two patterns apart.)

    Returns
    -------
    str

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> asleep = rb.monitors.Shares.of(rb.Bernoulli(), np.full((50, 4), 0.5))
    >>> rb.monitors.fault(asleep, learnable=True, needed=2)[:68]
    '100% of the features are the same for (nearly) every row of the data'
    >>> rb.monitors.fault(asleep, learnable=False, needed=2)
    ''
    """
    if shares.constant < ASLEEP or shares.varying >= needed:
        return ""
    found = f"{shares.constant:.0%} of the features are the same for (nearly) every row of the data"
    if shares.saturated >= 0.5:
        return (
            f"{found}, and {shares.saturated:.0%} are stuck at an end of their range. The steps "
            "were too large, or the data is far from 0 for its spread: start anew from small "
            "weights, with a lower learning rate or momentum, or with standardised or centred data"
        )
    if not learnable:
        return ""
    return (
        f"{found}. The layer sleeps, and a small reconstruction error means nothing: give it more "
        "updates (more epochs, smaller batches), a higher learning rate, larger random weights "
        "(scale), less weight decay, or data that is standardised or centred (centered=True)"
    )


class Dreams:
    """A few chains of a machine that go on after every epoch, with random numbers of their own.

    They start at random states: chains that start at the data would say of a machine which mixes
    badly that it dreams of the data. Of a machine without a joint density (`NoisyReLU`) they
    alternate its two conditionals, which is what training by contrastive divergence does.

    Parameters
    ----------
    rbm : RBM

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm = rb.RBM(np.zeros((3, 2)), [30.0, -30.0, 0.0], [0.0, 0.0])
    >>> rb.monitors.Dreams(rbm).mean(epoch=1, updates=5).round(3)
    array([1. , 0. , 0.5])
    """

    def __init__(self, rbm: RBM) -> None:
        self.rbm = rbm
        self.v = at_random(rbm, DREAMS, np.random.default_rng(DREAM_SEED))

    def mean(self, epoch: int, updates: int, down: Sequence[Directed] = ()) -> np.ndarray:
        """The mean of the dreams after an epoch, (D,), infinite where chains have run away.

        Parameters
        ----------
        epoch : int ≥ 1
            Its number, which seeds the noise.
        updates : int ≥ 1
            Of an epoch: the chains take no more steps than that, and no more than `STEPS`.
        down : sequence of Directed
            The way from the machine's visible layer down to the data, from the top.

        Returns
        -------
        (D,) array

        Examples
        --------
        >>> import rbmbook as rb
        >>> dreams = rb.monitors.Dreams(rb.RBM.random(3, 2, scale=0.0))
        >>> dreams.mean(epoch=1, updates=5)
        array([0.5, 0.5, 0.5], dtype=float32)
        """
        rbm, rng = self.rbm, np.random.default_rng([DREAM_SEED, epoch])
        if epoch == 1:
            self.v, _ = steps(rbm, rbm.hidden_inputs(self.v), BURN_IN, rng)
        n = min(updates, STEPS)
        total: Any = 0.0
        for _ in range(n):
            h = draw(rbm.hidden, rbm.hidden_inputs(self.v), rng)
            inputs = rbm.visible_inputs(h)
            self.v = draw(rbm.visible, inputs, rng)
            total = total + self._means(inputs, down, rng).mean(axis=0)
        far = np.sqrt(np.finfo(rbm.dtype).max)
        if not np.abs(self.v).max() < far:  # or NaN: the machine has no distribution
            self.v = at_random(rbm, DREAMS, rng)
            return np.full_like(total, np.inf)
        return total / n

    def memory(self) -> dict[str, np.ndarray]:
        """What a checkpoint has to keep.

        Returns
        -------
        dict of arrays

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.monitors.Dreams(rb.RBM.random(3, 2)).memory()["v"].shape
        (64, 3)
        """
        return {"v": self.v}

    def _means(
        self, inputs: np.ndarray, down: Sequence[Directed], rng: np.random.Generator
    ) -> np.ndarray:
        """E[v | h] of the data's layer, which is as unbiased as a draw and has less noise."""
        if not down:
            return self.rbm.visible.mean(inputs)
        x = self.v
        for way in down[:-1]:
            x = way.sample(x, rng)
        return down[-1].mean(x)


@jit
def add_moments(block, weight, origin, total, square):
    """Add Σ_r weight_r x_r and Σ_r weight_r x_r², where x_r is a row minus the origin."""
    for r in range(block.shape[0]):
        w, row = weight[r], block[r]
        for j in range(row.size):
            x = row[j] - origin[j]
            total[j] += w * x
            square[j] += w * x * x


class Columns:
    """Mean and standard deviation of the columns of the data, gathered block by block.

    Parameters
    ----------
    kind : unit or activation
        Of the columns.
    D : int ≥ 1

    Attributes
    ----------
    mean, deviation : (D,) float64 arrays
        Once all blocks have been added.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> columns = rb.monitors.Columns(rb.Bernoulli(), 2)
    >>> columns.add(np.array([[1.0, 0.0], [1.0, 1.0]]))
    >>> columns.mean, columns.deviation
    (array([1. , 0.5]), array([0. , 0.5]))
    """

    def __init__(self, kind: Any, D: int) -> None:
        self.kind, self.total = kind, 0.0
        self.origin = np.full(D, np.nan)  # sums of what is left after it do not cancel
        self.sum, self.square = np.zeros(D), np.zeros(D)

    def add(self, block: np.ndarray, weight: np.ndarray | None = None) -> None:
        """Let the rows of a block count, as often as their weights say.

        Parameters
        ----------
        block : (n, D) array
        weight : (n,) array, optional

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> columns = rb.monitors.Columns(rb.Bernoulli(), 1)
        >>> columns.add(np.array([[0.0], [1.0]]), weight=np.array([1.0, 3.0]))
        >>> columns.mean
        array([0.75])
        """
        weight = np.ones(len(block)) if weight is None else weight
        if np.isnan(self.origin).any():
            self.origin = block[0].astype(np.float64)
        self.total += weight.sum()
        add_moments(np.ascontiguousarray(block), weight, self.origin, self.sum, self.square)

    def merge(self, other: "Columns") -> None:
        """Let the rows that another one has seen count as well, which are all that it has.

        Parameters
        ----------
        other : Columns

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> mine, others = (rb.monitors.Columns(rb.Bernoulli(), 1) for _ in range(2))
        >>> mine.add(np.array([[0.0]]))
        >>> others.add(np.array([[1.0], [1.0], [1.0]]))
        >>> mine.merge(others)
        >>> mine.mean
        array([0.75])
        """
        shift = other.origin - self.origin
        self.square += other.square + 2 * shift * other.sum + other.total * shift**2
        self.sum += other.sum + other.total * shift
        self.total += other.total

    @cached_property
    def mean(self) -> np.ndarray:
        """Of each column."""
        return self.origin + self.sum / self.total

    @cached_property
    def deviation(self) -> np.ndarray:
        """The standard deviation of each column."""
        variance = self.square / self.total - (self.sum / self.total) ** 2
        return np.sqrt(np.maximum(variance, 0))

    @cached_property
    def scale(self) -> np.ndarray:
        """What a difference of means is divided by."""
        low, high = self.kind.ends
        varies = self.deviation > moments.ROUNDING * np.abs(self.mean)
        return np.where(np.isinf(np.subtract(high, low)) & varies, self.deviation, 1.0)

    def dream_error(self, dreamed: np.ndarray) -> float:
        """The root mean square, over the columns, of the dreams' mean minus the data's.

        Of columns whose values have no range, in units of the data's standard deviation (1 if that
        is 0), so that sensors of any scale count alike.

        Parameters
        ----------
        dreamed : (D,) array
            The mean of the dreams.

        Returns
        -------
        float

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> columns = rb.monitors.Columns(rb.Bernoulli(), 2)
        >>> columns.add(np.array([[1.0, 0.0], [1.0, 1.0]]))
        >>> columns.dream_error(np.array([0.5, 0.0]))
        0.5
        """
        difference = (dreamed - self.mean) / self.scale
        return math.sqrt(difference @ difference / len(difference))
