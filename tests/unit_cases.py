"""Unit types from their definition: a domain, an energy U(x), and sums or integrals over it.

Nothing here uses the formulas of the package. A continuous domain is replaced by the nodes of a
Gauss–Legendre rule, whose weights stand beside the states; the machines below are so small that the
rule is exact to ten digits.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import rbmbook as rb


@dataclass(frozen=True)
class ThreeLevel(rb.units.Unit):
    """A type the package does not know, with the states −1, 0, 1: one class, as readers add it."""

    penalty: float = 0.5
    domain: ClassVar[str] = "every value to be −1, 0 or 1"
    mean_domain: ClassVar[str] = "every value to be in [−1, 1]"

    @property
    def levels(self):
        return np.array([[-1.0], [0.0], [1.0]])

    def outside(self, x, relaxed=False):
        return ~(np.abs(x) <= 1) if relaxed else ~np.isin(x, (-1, 0, 1))

    def energy(self, x):
        return self.penalty * (x * x).sum(axis=1)

    def cgf(self, inputs, out=None):
        minus, plus = -inputs - self.penalty, inputs - self.penalty
        result = np.logaddexp(0, np.logaddexp(minus, plus)).astype(inputs.dtype)
        return self._give(result, out)

    def mean(self, inputs, out=None):
        plus, minus = self._probabilities(inputs)
        return np.subtract(plus, minus, out=out)

    def variance(self, inputs):
        plus, minus = self._probabilities(inputs)
        return plus + minus - (plus - minus) ** 2

    def sample(self, inputs, noise, out=None):
        plus, minus = self._probabilities(inputs)
        x = (noise >= 1 - plus).astype(inputs.dtype)
        x -= noise < minus
        return self._give(x, out)

    @staticmethod
    def _give(result, out):
        if out is None:
            return result
        out[:] = result
        return out

    def bias_for_mean(self, total, n):
        return np.zeros(len(total))

    def _probabilities(self, inputs):
        total = self.cgf(inputs)
        penalty = inputs.dtype.type(self.penalty)
        return np.exp(inputs - penalty - total), np.exp(-inputs - penalty - total)


def quadratic(name, unit_type, log_precision, domain, learn=True):
    """A unit with U = γ x² / 2 as a case."""
    gamma = np.exp(log_precision)
    unit = unit_type(log_precision=log_precision, learn=learn)
    return Case(name, unit, domain, lambda x: gamma * x[:, 0] ** 2 / 2)


@dataclass(frozen=True)
class Case:
    """A unit, its states (k, columns) or the ends of its interval, and U of an array of states."""

    name: str
    unit: rb.units.Unit
    domain: np.ndarray | tuple[float, float]
    energy: object

    @property
    def discrete(self):
        return not isinstance(self.domain, tuple)

    @property
    def columns(self):
        return self.domain.shape[1] if self.discrete else 1

    def nodes(self, n=120, reach=14.0):
        """States (k, columns) of one site and the weight of each in a sum or an integral."""
        if self.discrete:
            return self.domain, np.ones(len(self.domain))
        low, high = max(self.domain[0], -reach), reach
        x, weight = np.polynomial.legendre.leggauss(n)
        return ((high - low) * x[:, None] + low + high) / 2, (high - low) / 2 * weight

    def layer(self, sites, n=80):
        """The same of a layer: all combinations of the sites' states, with U of each."""
        x, weight = self.nodes(n)
        index = np.indices((len(x),) * sites).reshape(sites, -1).T
        states = x[index].reshape(len(index), -1)
        U = self.energy(x)[index].sum(axis=1)
        return states, weight[index].prod(axis=1), U

    def draw(self, n, sites, rng):
        """Some states of a layer."""
        if self.discrete:
            return self.domain[rng.integers(len(self.domain), size=(n, sites))].reshape(n, -1)
        x = rng.normal(0, 1.2, (n, sites))
        return np.abs(x) if self.domain[0] == 0 else x


def zero(x):
    return np.zeros(len(x))


DISCRETE = [
    Case("Bernoulli", rb.Bernoulli(), np.array([[0.0], [1.0]]), zero),
    Case("Spin", rb.Spin(), np.array([[-1.0], [1.0]]), zero),
    Case("Softmax", rb.Softmax(3), np.eye(3), zero),
    Case("ThreeLevel", ThreeLevel(), np.array([[-1.0], [0], [1]]), lambda x: 0.5 * x[:, 0] ** 2),
]
CONTINUOUS = [
    quadratic("Gaussian", rb.Gaussian, 0.4, (-np.inf, np.inf)),
    quadratic("ReLU", rb.ReLU, 0.3, (0.0, np.inf)),
]
ALL = DISCRETE + CONTINUOUS
PAIRS = [(v, h) for v in ALL for h in ALL]
EXACT = [p for p in PAIRS if p[0].discrete or p[1].discrete]  # a layer can be enumerated


def name(pair):
    return f"{pair[0].name}-{pair[1].name}"


def machine(pair, seed=0, scale=0.5, dtype=np.float64, sites=None):
    """A random machine of the pair; of two continuous layers, with one unit each."""
    visible, hidden = pair
    if sites is None:
        sites = (2, 2) if visible.discrete or hidden.discrete else (1, 1)
    rng = np.random.default_rng(seed)
    D, H = sites[0] * visible.columns, sites[1] * hidden.columns
    W, a, b = (rng.normal(0, scale, s).astype(dtype) for s in ((D, H), D, H))
    return rb.RBM(W, a, b, visible=visible.unit, hidden=hidden.unit)


class Joint:
    """All states of both layers of a machine, and −E(v, h) of each pair, from the definition."""

    def __init__(self, pair, rbm):
        sites = [w // c.columns for w, c in zip(rbm.W.shape, pair, strict=True)]
        self.v, self.weight_v, self.U_v = pair[0].layer(sites[0])
        self.h, self.weight_h, self.U_h = pair[1].layer(sites[1])
        W, a, b = (p.astype(np.float64) for p in (rbm.W, rbm.a, rbm.b))
        self.minus_E = (
            (self.v @ a - self.U_v)[:, None] + (self.h @ b - self.U_h) + self.v @ W @ self.h.T
        )
        weighted = np.exp(self.minus_E) * self.weight_v[:, None] * self.weight_h
        self.Z = weighted.sum()
        self.p = weighted / self.Z
        self.p_v, self.p_h = self.p.sum(axis=1), self.p.sum(axis=0)
        self.free_energy = -np.log(np.exp(self.minus_E) @ self.weight_h)
