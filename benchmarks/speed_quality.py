"""Whether the competitors learn the same: their machines after some epochs from the same start.

All are scored by the same two functions. scikit-learn draws weights of its own and starts with
biases of zero, the others with those of the data, so it has more to learn.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import speed_peers as peers
from speed_cases import INSTALLED, LEARNERGY, NUMPY, OURS, SKLEARN, TORCH, fit

import rbmbook as rb

ROWS = 300  # that are looked at
WORSE = 1.1  # times the error of NumPy by hand: more than the scatter, less than any mistake


@dataclass(frozen=True)
class Score:
    """Means over some rows: the squared error of a reconstruction, and nats of all conditionals."""

    reconstruction_error: float
    pseudo_log_likelihood: float

    @classmethod
    def of(cls, rbm: rb.RBM, v: np.ndarray) -> "Score":
        """How good a machine is on rows v."""
        error = rb.evaluate.reconstruction_error(rbm, v).mean()
        return cls(float(error), float(rb.evaluate.pseudo_log_likelihood(rbm, v).mean()))


def ours(
    rbm: rb.RBM, X: np.ndarray, batch: int, epochs: int, negative: rb.negative.Negative
) -> rb.RBM:
    """By `rb.fit`."""
    rbm = rbm.copy()
    fit(rbm, X, negative, batch, epochs)
    return rbm


def numpy_cd(rbm: rb.RBM, X: np.ndarray, batch: int, epochs: int) -> rb.RBM:
    """CD-1 in NumPy by hand."""
    rbm, rng = rbm.copy(), np.random.default_rng(0)
    for _ in range(epochs):
        peers.cd_epoch(rbm, X, batch, 1, rng)
    return rbm


def numpy_pcd(rbm: rb.RBM, X: np.ndarray, batch: int, epochs: int) -> rb.RBM:
    """PCD-1 in NumPy by hand."""
    persistent = peers.PersistentByHand(rbm, X, batch)
    for _ in range(epochs):
        persistent.epoch()
    return persistent.rbm


def scikit_pcd(rbm: rb.RBM, X: np.ndarray, batch: int, epochs: int) -> rb.RBM:
    """PCD-1 in scikit-learn, from a start of its own."""
    model = peers.scikit_learn(rbm.n_hidden, batch, epochs).fit(X)
    W = np.ascontiguousarray(model.components_.T)
    return rb.RBM(W, model.intercept_visible_, model.intercept_hidden_)


def torch_cd(rbm: rb.RBM, X: np.ndarray, batch: int, epochs: int, which: str) -> rb.RBM:
    """CD-1 in PyTorch by hand or in learnergy."""
    import speed_torch

    trainer = getattr(speed_torch, which)(rbm, X, batch)
    for _ in range(epochs):
        trainer.cd_epoch()
    return trainer.machine()


def scores(rbm: rb.RBM, X: np.ndarray, batch: int, epochs: int = 3) -> dict[str, dict[str, float]]:
    """Everyone's score after training copies of one machine, and the machine's own before it."""
    start = rb.RBM.random(rbm.n_visible, rbm.n_hidden, rng=0, dtype=rbm.dtype, data=X)
    looked_at = np.random.default_rng(0).permutation(len(X))[:ROWS]
    train: dict[str, Callable[[], rb.RBM]] = {
        "before training": lambda: start,
        f"{OURS}, CD-1": lambda: ours(start, X, batch, epochs, rb.CD(1)),
        f"{NUMPY}, CD-1": lambda: numpy_cd(start, X, batch, epochs),
    }
    if INSTALLED[TORCH]:
        train[f"{TORCH}, CD-1"] = lambda: torch_cd(start, X, batch, epochs, "ByHand")
    if INSTALLED[LEARNERGY]:
        train[f"{LEARNERGY}, CD-1"] = lambda: torch_cd(start, X, batch, epochs, "Learnergy")
    train |= {
        f"{OURS}, PCD-1": lambda: ours(start, X, batch, epochs, rb.PCD(1, batch)),
        f"{NUMPY}, PCD-1": lambda: numpy_pcd(start, X, batch, epochs),
        f"{SKLEARN}, PCD-1": lambda: scikit_pcd(start, X, batch, epochs),
    }
    return {name: asdict(Score.of(trained(), X[looked_at])) for name, trained in train.items()}


def comparable(found: dict[str, dict[str, float]]) -> bool:
    """Whether our machines reconstruct as well as those that NumPy by hand has trained."""
    error = {name: score["reconstruction_error"] for name, score in found.items()}
    return all(
        error[f"{OURS}, {phase}"] <= WORSE * error[f"{NUMPY}, {phase}"]
        for phase in ("CD-1", "PCD-1")
    )
