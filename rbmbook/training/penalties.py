"""What training subtracts from the likelihood: L2 and L1 on the weights, a target for sparsity."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook._jit import jit
from rbmbook.machine.units import Unit


@dataclass(frozen=True)
class Sparsity:
    """A target for the mean of each hidden unit over the data.

    With q_j a moving average of the batches' means of E[h_j | v] and p the target, the gradient
    gains cost·(p − q_j) at b_j and cost·(p − q_j) ⟨v_i⟩_data at W_ij: for Bernoulli units the
    derivative of −cost Σ_j KL(p ‖ q_j), taken as if a unit had the same input on every row.

    Parameters
    ----------
    target : float
        p, a possible mean of the hidden units: in [0, 1] for Bernoulli units.
    cost : float ≥ 0

    Raises
    ------
    ValueError, TypeError
        If a number is outside its range.

    References
    ----------
    Lee, Ekanadham and Ng (2008), Sparse deep belief net model for visual area V2. Hinton (2012), A
    practical guide to training restricted Boltzmann machines, section 11 (the form used here).

    Examples
    --------
    >>> import rbmbook as rb
    >>> train, _ = rb.data.split(rb.data.digits(), 500)
    >>> for sparsity in (None, rb.Sparsity(target=0.1, cost=0.05)):
    ...     rbm = rb.RBM.random(64, 32, rng=0, data=train.X)
    ...     _ = rb.fit(rbm, train.X, rb.CD(1), epochs=60, sparsity=sparsity, progress=False)
    ...     print(bool(rbm.hidden_mean(train.X).mean() < 0.3))
    False
    True
    """

    target: float
    cost: float = 1.0

    def __post_init__(self) -> None:
        validation.real("target", self.target, -np.inf)
        validation.real("cost", self.cost, 0.0)

    def pull(self, average: np.ndarray) -> np.ndarray:
        """cost·(p − q), the gradient at the biases of units with the moving averages q.

        Parameters
        ----------
        average : (H,) array

        Returns
        -------
        (H,) array

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Sparsity(target=0.1, cost=2.0).pull(np.array([0.5, 0.1]))
        array([-0.8,  0. ])
        """
        number = average.dtype.type
        return number(self.cost) * (number(self.target) - average)


@dataclass(frozen=True)
class Penalties:
    """½ weight_decay ‖W‖² + l1 Σ |W_ij| over every matrix W, and sparsity; biases stay free.

    Raises
    ------
    ValueError, TypeError
        If a number is outside its range, or `sparsity` is not a `Sparsity`.
    """

    weight_decay: float = 0.0
    l1: float = 0.0
    sparsity: Sparsity | None = None

    def __post_init__(self) -> None:
        for name in ("weight_decay", "l1"):
            object.__setattr__(self, name, validation.real(name, getattr(self, name), 0.0))
        if self.sparsity is not None:
            validation.instance("sparsity", self.sparsity, Sparsity)

    def check_target(self, unit: Unit, columns: int) -> "Penalties":
        """The penalties, if the target of sparsity is a possible mean of the hidden units."""
        if self.sparsity is not None:
            target = np.full((1, columns), self.sparsity.target)
            validation.domain("sparsity", target, unit, True, np.float64)
        return self

    def shrink(self, ascent: Iterable[np.ndarray], parameters: Iterable[np.ndarray]) -> None:
        """Take the gradient of ½ weight_decay ‖W‖² + l1 Σ |W_ij| from that of every matrix."""
        decay(ascent, parameters, self.weight_decay)
        for g, W in zip(ascent, parameters, strict=True):
            if W.ndim == 2 and self.l1:
                g -= W.dtype.type(self.l1) * np.sign(W)

    def on_weights(self, parameters: Sequence[np.ndarray]) -> float:
        """½ weight_decay ‖W‖² + l1 Σ |W_ij|, summed over every matrix."""
        matrices = [W for W in parameters if W.ndim == 2]
        squares = sum(float(np.vdot(W, W)) for W in matrices)
        return 0.5 * self.weight_decay * squares + self.l1 * sum(
            float(np.abs(W).sum()) for W in matrices
        )

    def advice(self) -> str:
        """What of them can be lowered, in words."""
        return f" or weight_decay={self.weight_decay}" if self.weight_decay else ""


def prior(weight_decay: Any, n_rows: int) -> float:
    """The weight decay that was given, or for None that of a prior N(0, 1) of every weight, 1 / n.

    The logarithm of that prior is −½ ‖W‖², and the objective is a mean over n rows. Of thousands
    of rows it takes next to nothing; a few it keeps from being learned by heart.
    """
    if weight_decay is None:
        return 1 / n_rows
    return validation.real("weight_decay", weight_decay, 0.0)


def decay(ascent: Iterable[np.ndarray], parameters: Iterable[np.ndarray], rate: float) -> None:
    """Take the gradient of ½ rate ‖W‖² from that of every matrix W; vectors are not decayed.

    Book: (8.3).
    """
    for g, W in zip(ascent, parameters, strict=True):
        if W.ndim == 2 and rate:
            _decay(g, W, W.dtype.type(rate))


@jit
def _decay(ascent, W, rate):
    """g ← g − rate·W, in one pass over memory."""
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            ascent[i, j] -= rate * W[i, j]
