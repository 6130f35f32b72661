"""What the kernels are timed against: NumPy by hand, bare matrix products, scikit-learn.

The versions by hand are what a competent person writes in an afternoon: `@` and `np.exp`, noise in
the machine's own precision, no loop over units, no buffers.
"""

from collections.abc import Callable

import numpy as np
from sklearn.neural_network import BernoulliRBM

import rbmbook as rb

RATE = 0.05


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(−x)); exp(−x) = inf is meant, and gives 0."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


def sample(mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One Bernoulli draw for each mean."""
    return (rng.random(mean.shape, mean.dtype) < mean).astype(mean.dtype)


def gibbs(rbm: rb.RBM, v: np.ndarray, steps: int, rng: np.random.Generator) -> np.ndarray:
    """Visible states after some steps: of n chains (n, D), or of one (D,), which is faster."""
    for _ in range(steps):
        h = sample(sigmoid(v @ rbm.W + rbm.b), rng)
        v = sample(sigmoid(h @ rbm.W.T + rbm.a), rng)
    return v


def ascend(
    rbm: rb.RBM, v0: np.ndarray, p0: np.ndarray, v1: np.ndarray, p1: np.ndarray, rate: float = RATE
) -> None:
    """One step of the parameters along (data term − model term)."""
    rbm.W += v0.T @ (rate / len(v0) * p0) - v1.T @ (rate / len(v1) * p1)
    rbm.a += rate * (v0.mean(0) - v1.mean(0))
    rbm.b += rate * (p0.mean(0) - p1.mean(0))


def cd_epoch(
    rbm: rb.RBM,
    X: np.ndarray,
    batch: int,
    k: int,
    rng: np.random.Generator,
    rate: float = RATE,
) -> None:
    """One epoch of CD-k."""
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch):
        v0 = X[order[start : start + batch]]
        p0 = p1 = sigmoid(v0 @ rbm.W + rbm.b)
        for _ in range(k):
            v1 = sample(sigmoid(sample(p1, rng) @ rbm.W.T + rbm.a), rng)
            p1 = sigmoid(v1 @ rbm.W + rbm.b)
        ascend(rbm, v0, p0, v1, p1, rate)


class PersistentByHand:
    """PCD-1 on a copy of a machine; its chains are kept as hidden states, which saves a product."""

    def __init__(self, rbm: rb.RBM, X: np.ndarray, batch: int) -> None:
        self.rbm, self.X, self.batch = rbm.copy(), X, batch
        self.rng = np.random.default_rng(0)
        self.h = sample(np.full((batch, rbm.n_hidden), 0.5, rbm.dtype), self.rng)

    def epoch(self) -> None:
        """One epoch."""
        rbm, order = self.rbm, self.rng.permutation(len(self.X))
        for start in range(0, len(self.X), self.batch):
            v0 = self.X[order[start : start + self.batch]]
            v1 = sample(sigmoid(self.h @ rbm.W.T + rbm.a), self.rng)
            p1 = sigmoid(v1 @ rbm.W + rbm.b)
            ascend(rbm, v0, sigmoid(v0 @ rbm.W + rbm.b), v1, p1)
            self.h = sample(p1, self.rng)


def states(
    rbm: rb.RBM, X: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """v⁰, h⁰, v¹ and the hidden means of both, for n rows in the machine's precision."""
    rng = np.random.default_rng(0)
    v0 = X[:n].astype(rbm.dtype)
    p0 = sigmoid(v0 @ rbm.W + rbm.b)
    h0 = sample(p0, rng)
    v1 = sample(sigmoid(h0 @ rbm.W.T + rbm.a), rng)
    return v0, h0, v1, p0, sigmoid(v1 @ rbm.W + rbm.b)


def cd_products(rbm: rb.RBM, X: np.ndarray, batch: int, k: int = 1) -> Callable[[int], None]:
    """The 3 + 2k matrix products of updates by CD-k and nothing else, into buffers.

    v⁰W, k times h⁰Wᵀ and v¹W, and the two sums v⁰ᵀp⁰ and v¹ᵀp¹, on states of the machine.
    """
    v0, h0, v1, p0, p1 = states(rbm, X, batch)
    W = rbm.W.copy()
    x, y, g = np.empty_like(h0), np.empty_like(v0), np.empty_like(W)

    def run(updates: int) -> None:
        for _ in range(updates):
            np.matmul(v0, W, out=x)
            for _ in range(k):
                np.matmul(h0, W.T, out=y)
                np.matmul(v1, W, out=x)
            np.matmul(v0.T, p0, out=g)
            np.matmul(v1.T, p1, out=g)

    return run


def ais_products(rbm: rb.RBM, X: np.ndarray, chains: int) -> Callable[[int], None]:
    """The two matrix products of a step of AIS, in float64 as AIS computes."""
    v, h, *_ = states(rbm.astype(np.float64), X, chains)
    W = rbm.W.astype(np.float64)
    x, y = np.empty_like(h), np.empty_like(v)

    def run(steps: int) -> None:
        for _ in range(steps):
            np.matmul(v, W, out=x)
            np.matmul(h, W.T, out=y)

    return run


def scikit_learn(n_hidden: int, batch: int, epochs: int = 1) -> BernoulliRBM:
    """Its only way to learn is PCD-1; `fit` starts anew each time and stays in float32."""
    return BernoulliRBM(
        n_hidden, learning_rate=RATE, batch_size=batch, n_iter=epochs, random_state=0
    )
