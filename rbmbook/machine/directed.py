"""One layer given another, by itself: the arrow of a directed model, and the delta rule.

A restricted Boltzmann machine holds two arrows that share its weights, p(h | v) and p(v | h). A
deep model that uses only one of them, or gives each its own weights, uses this class.
"""

from dataclasses import dataclass

import numpy as np

from rbmbook import rounding
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Unit


@dataclass(frozen=True, eq=False)
class Directed:
    """p(y | x) ∝ exp(yᵀ(Wᵀx + b) − U(y)): a layer y of independent units, given a layer x.

    Nothing is checked or copied: arrays are live and rows dense, of the weights' dtype.

    Attributes
    ----------
    W : (n_in, n_out) array
    b : (n_out,) array
    unit : unit
        The type of the units y.
    """

    W: np.ndarray
    b: np.ndarray
    unit: Unit

    @classmethod
    def up(cls, rbm: RBM) -> "Directed":
        """A machine's p(h | v), on its own arrays."""
        return cls(rbm.W, rbm.b, rbm.hidden)

    @classmethod
    def down(cls, rbm: RBM) -> "Directed":
        """A machine's p(v | h), on its own arrays."""
        return cls(rbm.W.T, rbm.a, rbm.visible)

    def inputs(self, x: np.ndarray) -> np.ndarray:
        """x @ W + b, shape (n, n_out)."""
        inputs = x @ self.W
        inputs += self.b
        return inputs

    def mean(self, x: np.ndarray) -> np.ndarray:
        """E[y | x], shape (n, n_out)."""
        return self.unit.mean(self.inputs(x))

    def sample(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A draw of y for each row of x; the noise is (n, n_out) numbers in C order."""
        inputs = self.inputs(x)
        return self.unit.sample(inputs, self.unit.noise(inputs.shape, rng, inputs.dtype))

    def log_probability(self, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """log p(y | x) = yᵀ(Wᵀx + b) − U(y) − cgf(Wᵀx + b) of each pair of rows, shape (n,)."""
        inputs = self.inputs(x)
        dot = np.einsum("nj,nj->n", y, inputs)
        return rounding.minus(dot - self.unit.energy(y), self.unit.cgf_sum(inputs))

    def log_table(self, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """log p(y | x) of every row of y with every row of x, shape (rows of y, rows of x)."""
        inputs = self.inputs(x)
        table = y @ inputs.T
        table -= self.unit.energy(y)[:, None]
        return rounding.minus(table, self.unit.cgf_sum(inputs))

    def gradient(
        self, y: np.ndarray, x: np.ndarray, weight: np.ndarray | None = None
    ) -> list[np.ndarray]:
        """∂/∂(W, b, the unit's own parameters) of the mean over the rows of log p(y | x).

        With weights (n,), of the mean over the rows of weight · log p(y | x).

        For W this is the delta rule, ⟨x (y − E[y | x])ᵀ⟩. It is linear in y for the units without
        parameters of their own, so that means may stand in for states there.

        Book: (12.8), (12.9).
        """
        inputs = self.inputs(x)
        delta = y - self.unit.mean(inputs)
        weight = np.ones(len(y)) if weight is None else weight
        share = (weight / len(y)).astype(delta.dtype)
        delta *= share[:, None]
        pairs = zip(self.unit.statistics(y), self.unit.expected_statistics(inputs), strict=True)
        return [x.T @ delta, delta.sum(axis=0), *(share @ (s - e) for s, e in pairs)]
