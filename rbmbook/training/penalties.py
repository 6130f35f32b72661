"""What training subtracts from the likelihood: L2 and L1 on the weights, a target for sparsity."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook._jit import jit
from rbmbook.machine.rbm import RBM, Parameters


@dataclass(frozen=True)
class Sparsity:
    """A wish that each hidden unit has a given mean over the data.

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
    """

    target: float
    cost: float = 1.0

    def __post_init__(self) -> None:
        validation.real("target", self.target, -np.inf)
        validation.real("cost", self.cost, 0.0)


@dataclass(frozen=True)
class Penalties:
    """½ weight_decay ‖W‖² + l1 Σ |W_ij|, and sparsity; biases are not decayed."""

    weight_decay: float
    l1: float
    sparsity: Sparsity | None

    @classmethod
    def checked(cls, rbm: RBM, weight_decay: Any, l1: Any, sparsity: Any) -> "Penalties":
        """The penalties, if they fit the machine."""
        weight_decay = validation.real("weight_decay", weight_decay, 0.0)
        l1 = validation.real("l1", l1, 0.0)
        if sparsity is not None:
            validation.instance("sparsity", sparsity, Sparsity)
            target = np.full((1, rbm.n_hidden), sparsity.target)
            validation.domain("sparsity", target, rbm.hidden, True, rbm.dtype)
        return cls(weight_decay, l1, sparsity)

    def subtract(
        self,
        ascent: Parameters,
        W: np.ndarray,
        means: tuple[np.ndarray, np.ndarray] | None,
        hidden_average: np.ndarray,
        spare: np.ndarray,
    ) -> None:
        """Take the penalties' gradient from `ascent`.

        `means` are the batch's means of v and of E[h | v] (only looked at for sparsity), `spare`
        is memory of the shape of W.
        """
        number = W.dtype.type
        decay([ascent.W], [W], self.weight_decay)
        if self.l1:
            ascent.W[:] -= np.multiply(np.sign(W, out=spare), number(self.l1), out=spare)
        if self.sparsity is not None:
            pull = number(self.sparsity.cost) * (number(self.sparsity.target) - hidden_average)
            ascent.W[:] += np.outer(means[0], pull)
            ascent.b[:] += pull


def prior(weight_decay: Any, n_rows: int) -> float:
    """The weight decay that was given, or for None that of a prior N(0, 1) of every weight, 1 / n.

    The logarithm of that prior is −½ ‖W‖², and the objective is a mean over n rows. Of thousands
    of rows it takes next to nothing; a few it keeps from being learned by heart.
    """
    if weight_decay is None:
        return 1 / n_rows
    return validation.real("weight_decay", weight_decay, 0.0)


def decay(ascent: Iterable[np.ndarray], parameters: Iterable[np.ndarray], rate: float) -> None:
    """Take the gradient of ½ rate ‖W‖² from that of every matrix W; vectors are not decayed."""
    if rate:
        for g, p in zip(ascent, parameters, strict=True):
            if p.ndim == 2:
                _decay(g, p, p.dtype.type(rate))


@jit
def _decay(ascent, W, rate):
    """g ← g − rate·W, in one pass over memory."""
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            ascent[i, j] -= rate * W[i, j]
