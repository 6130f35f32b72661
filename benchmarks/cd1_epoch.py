"""How long an epoch of CD-1 takes beside its bare matrix products and beside scikit-learn.

    python benchmarks/cd1_epoch.py

The case: 10,000 rows, 784 visible and 500 hidden units, batches of 100, float32. The three are
timed in turn, in one process, so that a disturbance meets all of them; a ratio is taken within each
round and the median over the rounds is printed. Limits: at most 1.3 times the matrix products, at
most 0.5 times scikit-learn's epoch (which is one of PCD-1, the nearest that it has). Run it on a
machine that does nothing else: what remains of a disturbance is in the range that is printed.
"""

import argparse
import sys
import time
from collections.abc import Callable

import machine as computer
import numpy as np
from sklearn.neural_network import BernoulliRBM

import rbmbook as rb

ROWS, VISIBLE, HIDDEN, BATCH = 10_000, 784, 500, 100
LIMITS = {"matrix products": 1.3, "scikit-learn": 0.5}


def ours(X: np.ndarray) -> Callable[[], object]:
    """One epoch of `rb.fit`, with everything that a user's call does."""
    rbm = rb.RBM.random(VISIBLE, HIDDEN, rng=0, dtype=np.float32)

    def epoch() -> None:
        rb.fit(rbm, X, rb.CD(1), epochs=1, batch_size=BATCH, optimizer=rb.SGD(0.01), progress=False)

    return epoch


def products(X: np.ndarray) -> Callable[[], object]:
    """The five matrix products of CD-1 for every batch, into buffers, and nothing else.

    v⁰W, h⁰Wᵀ, v¹W, and the two sums v⁰ᵀh⁰ and v¹ᵀh¹.
    """
    W = np.random.default_rng(0).standard_normal((VISIBLE, HIDDEN), dtype=np.float32)
    h0, h1 = (np.empty((BATCH, HIDDEN), np.float32) for _ in range(2))
    v1, positive, negative = np.empty((BATCH, VISIBLE), np.float32), np.empty_like(W), W.copy()

    def epoch() -> None:
        for start in range(0, ROWS, BATCH):
            v0 = X[start : start + BATCH]
            np.matmul(v0, W, out=h0)
            np.matmul(h0, W.T, out=v1)
            np.matmul(v1, W, out=h1)
            np.matmul(v0.T, h0, out=positive)
            np.matmul(v1.T, h1, out=negative)

    return epoch


def peer(X: np.ndarray) -> Callable[[], object]:
    """One epoch of scikit-learn's BernoulliRBM, in float32 as well."""
    model = BernoulliRBM(HIDDEN, learning_rate=0.01, batch_size=BATCH, n_iter=1, random_state=0)
    return lambda: model.fit(X)


def seconds(epoch: Callable[[], object]) -> float:
    """How long one call takes."""
    begin = time.perf_counter()
    epoch()
    return time.perf_counter() - begin


def main(rounds: int) -> bool:
    """Time, print; whether both ratios keep their limits."""
    X = (np.random.default_rng(1).random((ROWS, VISIBLE)) < 0.2).astype(np.float32)
    epochs = {"rbmbook": ours(X), "matrix products": products(X), "scikit-learn": peer(X)}
    for epoch in epochs.values():  # compile, and touch the memory
        epoch()
    times = {name: np.empty(rounds) for name in epochs}
    for i in range(rounds):
        for name, epoch in epochs.items():
            times[name][i] = seconds(epoch)
    print(f"{ROWS:,} × {VISIBLE} × {HIDDEN}, batch {BATCH}, float32; {rounds} rounds in turn")
    for name, t in times.items():
        print(f"  {name:16s} median {np.median(t):6.3f} s   fastest {t.min():6.3f} s")
    good = True
    for name, limit in LIMITS.items():
        ratios = times["rbmbook"] / times[name]
        low, middle, high = np.percentile(ratios, [10, 50, 90])
        kept = bool(middle <= limit)
        good &= kept
        print(
            f"  rbmbook / {name:16s} {middle:5.2f}  (80 % of rounds {low:.2f} to {high:.2f}; "
            f"limit {limit}: {'kept' if kept else 'NOT kept'})"
        )
    print(computer.describe())
    return good


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11)
    sys.exit(0 if main(parser.parse_args().rounds) else 1)
