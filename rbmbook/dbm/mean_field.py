"""Mean field in a deep Boltzmann machine: the factorised distribution nearest to p(h | v).

Given v, the hidden layers of a deep machine still depend on each other, so p(h | v) is out of
reach. Among the distributions q(h) = Π_j q(h_j) with means m, the one that makes the bound

    log p(v) ≥ −E(v, m) + H(q) − log Z

largest is a fixed point of m_l = sigmoid(b_l + W_{l−1}ᵀ m_{l−1} + W_l m_{l+1}). Given the even
layers, setting all the odd ones so is an exact maximum of the bound over them, and the other way
round: alternating the two never lowers the bound, and it converges. `mean_field`, `hidden_mean` and
`bound` are methods of `DBM`.

References
----------
Salakhutdinov and Hinton (2009), Deep Boltzmann machines, section 2.2 (mean field), and section 3.1
(the pass with doubled weights).
Neal and Hinton (1998), A view of the EM algorithm that justifies incremental, sparse, and other
variants (the bound).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import entr

from rbmbook import rounding, validation
from rbmbook.dbm.sides import Sides
from rbmbook.machine.rbm import RBM
from rbmbook.sampling.annealing import Estimate

STEPS, TOLERANCE = 100, 1e-4


def mean_field(dbm: Any, v: Any, steps: int = STEPS, tolerance: float = TOLERANCE) -> "MeanField":
    """The factorised distribution of the hidden layers nearest to p(h | v), by fixed point.

    Starts from a pass upwards with doubled weights, then alternates the odd and even layers
    until no mean of a row moves by more than the tolerance.

    Parameters
    ----------
    v : (n, D) array or sparse matrix
        Visible states, or means in [0, 1].
    steps : int ≥ 0
        The most sweeps; 0 returns the means of the pass upwards.
    tolerance : float ≥ 0

    Returns
    -------
    MeanField
        .means (one array per hidden layer), .steps and .converged for each row.

    Raises
    ------
    ValueError, TypeError
        If the shape does not fit or an argument is outside its range.

    References
    ----------
    Salakhutdinov and Hinton (2009), section 2.2. Book: (13.10).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> dbm = rb.DBM.random((6, 4, 3), rng=0)
    >>> found = dbm.mean_field(np.ones((5, 6)))
    >>> [means.shape for means in found.means], bool(found.converged.all())
    ([(5, 4), (5, 3)], True)
    """
    limits = checked(steps, tolerance)
    found = [infer(dbm, block, *limits) for block in dbm.blocks(v, relaxed=True)]
    even, odd, taken, converged = (
        np.concatenate([getattr(part, name) for part in found])
        for name in ("even", "odd", "steps", "converged")
    )
    return MeanField(dbm.sides.split(even, odd)[1:], taken, converged)


def hidden_mean(dbm: Any, v: Any, steps: int = STEPS, tolerance: float = TOLERANCE) -> np.ndarray:
    """The mean-field means of layer 1: v as the first hidden layer represents it.

    Parameters
    ----------
    v, steps, tolerance
        As for `mean_field`.

    Returns
    -------
    (n, n_1) array

    Raises
    ------
    ValueError, TypeError
        As for `mean_field`.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.DBM.random((6, 4, 3), rng=0).hidden_mean(np.ones((5, 6))).shape
    (5, 4)
    """
    return dbm.mean_field(v, steps, tolerance).means[0]


def bound(
    dbm: Any,
    v: Any,
    log_z: float | Estimate | None = None,
    steps: int = STEPS,
    tolerance: float = TOLERANCE,
) -> np.ndarray:
    """−E(v, m) + H(q) − log Z ≤ log p(v) of each row, at the mean-field means m, in nats.

    After k sweeps it is the bound at the even layers' means, with the odd layers at their best
    given those: it does not fall from one sweep to the next. Computed in float64.

    Parameters
    ----------
    v : (n, D) array or sparse matrix of visible states
    log_z : float or Estimate, optional
        log Z, or an estimate of it from `ais`; by enumeration if None.
    steps, tolerance
        As for `mean_field`.

    Returns
    -------
    (n,) array of the machine's dtype

    Raises
    ------
    ValueError, TypeError
        If the shape does not fit, a value is not 0 or 1, or the machine is too large to be
        enumerated and no `log_z` is given.

    References
    ----------
    Book: (13.8), (13.9).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> dbm, v = rb.DBM.random((6, 4, 3), rng=0, scale=1.0), np.ones((1, 6))
    >>> gap = dbm.log_likelihood(v) - dbm.bound(v)  # KL(q ‖ p(h | v))
    >>> bool(0 <= gap[0] < 1)
    True
    """
    double, limits = dbm.astype(np.float64), checked(steps, tolerance)
    parts = [infer(double, block, *limits).bound() for block in double.blocks(v)]
    if isinstance(log_z, Estimate):
        log_z = log_z.log_z
    log_z = double.log_partition() if log_z is None else validation.real("log_z", log_z, -np.inf)
    return rounding.minus(np.concatenate(parts), log_z).astype(dbm.dtype)


def infer(dbm: Any, v: np.ndarray, steps: int, tolerance: float) -> "Inference":
    """The means of the hidden layers for rows that have been checked."""
    return Inference(dbm.machine, dbm.sides, v).run(steps, tolerance)


def checked(steps: Any, tolerance: Any) -> tuple[int, float]:
    """When to stop sweeping, if that makes sense."""
    steps = validation.integer("steps", steps, minimum=0)
    return steps, validation.real("tolerance", tolerance, 0.0)


@dataclass(frozen=True, eq=False)
class MeanField:
    """The means of the factorised posterior, one row for each row of data.

    Attributes
    ----------
    means : tuple of (n, n_l) arrays
        One for each hidden layer, from the bottom: means[0] is of layer 1.
    steps : (n,) int array
        Sweeps that each row took.
    converged : (n,) bool array
        Whether no mean of the row moved by more than the tolerance in its last sweep.
    """

    means: tuple[np.ndarray, ...]
    steps: np.ndarray
    converged: np.ndarray


class Inference:
    """Mean-field inference for a block of rows, in the coordinates of the two sides.

    Parameters
    ----------
    rbm : RBM
        The machine between the even and the odd layers.
    sides : Sides
    v : (n, D) array of the machine's dtype

    Attributes
    ----------
    even : (n, even) array
        v and the present means of the even hidden layers.
    odd : (n, odd) array
        The present means of the odd layers.
    """

    def __init__(self, rbm: RBM, sides: Sides, v: np.ndarray) -> None:
        self.rbm, self.D = rbm, v.shape[1]
        # What v says to the odd layers is the same in every sweep.
        self.from_v = v @ rbm.W[: self.D] + rbm.b
        self.even = np.empty((len(v), rbm.n_visible), rbm.dtype)
        self.even[:, : self.D] = v
        self.odd = np.empty((len(v), rbm.n_hidden), rbm.dtype)
        self.steps = np.zeros(len(v), int)
        self.converged = np.zeros(len(v), bool)
        self._start_from_below(sides)

    def _start_from_below(self, sides: Sides) -> None:
        """One pass from the bottom up: twice the input from below stands in for that from above."""
        layers = sides.split(self.even, self.odd)
        weights, biases = sides.weights(self.rbm.W), sides.split(self.rbm.a, self.rbm.b)
        for k in range(1, len(layers)):
            inputs = layers[k - 1] @ weights[k - 1]
            inputs *= 2 if k + 1 < len(layers) else 1  # the top layer has nothing above it
            inputs += biases[k]
            layers[k][:] = self.rbm.hidden.mean(inputs)

    def sweep(self, rows: np.ndarray) -> np.ndarray:
        """Set the odd layers given the even ones, then the even ones given these. Book: (13.10).

        Returns the largest change of a mean in each of the rows.
        """
        W, a, D = self.rbm.W[self.D :], self.rbm.a[self.D :], self.D
        odd = self.rbm.hidden.mean(self.from_v[rows] + self.even[rows, D:] @ W)
        even = self.rbm.visible.mean(odd @ W.T + a)
        moves = np.abs(odd - self.odd[rows]).max(axis=1)
        moves = np.maximum(moves, np.abs(even - self.even[rows, D:]).max(axis=1))
        self.odd[rows], self.even[rows, D:] = odd, even
        return moves

    def run(self, steps: int, tolerance: float) -> "Inference":
        """Sweep each row until it has converged, at most `steps` times."""
        for _ in range(steps):
            rows = np.flatnonzero(~self.converged)
            if not rows.size:
                break
            self.steps[rows] += 1
            self.converged[rows] = self.sweep(rows) <= tolerance
        return self

    def best_odd(self) -> np.ndarray:
        """The means of the odd layers that are best for the present even ones, (n, odd)."""
        inputs = self.even[:, self.D :] @ self.rbm.W[self.D :]
        inputs += self.from_v
        return self.rbm.hidden.mean(inputs)

    def bound(self) -> np.ndarray:
        """−E(v, m) + H(q) of each row at the best odd layers for the present even ones, (n,).

        The maximum over the odd layers is the free energy of the two-sided machine, at means.
        """
        m = self.even[:, self.D :]
        return (entr(m) + entr(1 - m)).sum(axis=1) - self.rbm.free_energy(self.even)
