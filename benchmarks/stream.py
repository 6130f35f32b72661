"""Out of core on one machine: training on blocks against training on all rows in memory.

``python benchmarks/stream.py`` writes binary rows to files in a temporary folder and trains on
them, each way in a process of its own, in turn: `rb.fit_blocks` on one file after the other beside
`rb.fit` on all rows in memory, and an estimator's `partial_fit` with each file as one batch beside
its `fit` with batches of that size. It prints the ratio of the speeds, and the peak of the memory
beyond what was there before, in blocks. The time of what trains from files includes reading them.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import rbmbook as rb

VISIBLE, HIDDEN = 784, 500  # the sizes of a machine of MNIST
CLASSES, ON = 10, 0.13  # kinds of rows, and the share of pixels that are on
PAIRS = {"fit_blocks": "fit", "partial_fit": "fit, a block a batch"}


def write(folder: Path, rows: int, block: int) -> None:
    """Files of `block` rows each: of ten kinds, each with pixels of its own that are mostly on."""
    mostly = np.random.default_rng(0).random((CLASSES, VISIBLE)) < ON
    for i in range(rows // block):
        rng = np.random.default_rng([1, i])
        share = np.where(mostly, 0.8, 0.03).astype(np.float32)[rng.integers(CLASSES, size=block)]
        X = rng.random((block, VISIBLE), np.float32) < share
        np.save(folder / f"block{i:04}.npy", X.astype(np.float32))


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("block*.npy"))


def blocks(folder: Path):
    """One file after the other."""
    return (np.load(path) for path in files(folder))


def estimator(batch: int) -> rb.BernoulliRBM:
    settings = {"negative": rb.CD(1), "optimizer": rb.SGD(0.05), "scale": False, "random_state": 0}
    return rb.BernoulliRBM(HIDDEN, n_iter=1, batch_size=batch, **settings)


def prepared(way: str, folder: Path) -> Callable[[], object]:
    """What trains on all rows once; where they are to be in memory, they are there already."""
    options = {"negative": rb.CD(1), "batch_size": 100, "progress": False}
    rbm, model = rb.RBM.random(VISIBLE, HIDDEN, rng=0), estimator(0)
    if way == "fit_blocks":
        return lambda: rb.fit_blocks(rbm, lambda: blocks(folder), **options)
    if way == "partial_fit":
        return lambda: [model.partial_fit(X) for X in blocks(folder)]
    block = np.load(files(folder)[0], mmap_mode="r")
    X = np.empty((len(block) * len(files(folder)), VISIBLE), block.dtype)
    for i, path in enumerate(files(folder)):
        X[i * len(block) : (i + 1) * len(block)] = np.load(path, mmap_mode="r")
    if way == "fit":
        return lambda: rb.fit(rbm, X, epochs=1, **options)
    return lambda: estimator(len(block)).fit(X)


def child(way: str, folder: Path) -> None:
    """Compile, then train and measure, in a process of its own."""
    with tempfile.TemporaryDirectory() as small:
        write(Path(small), 400, 200)
        prepared(way, Path(small))()
    before = peak()
    train = prepared(way, folder)
    begin = time.perf_counter()
    train()
    print(json.dumps({"seconds": time.perf_counter() - begin, "bytes": peak() - before}))


def peak() -> int:
    """The most memory that this process has had, in bytes."""
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else 1024 * found


def measured(way: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", way, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--block", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        return child(given.child[0], Path(given.child[1]))
    size = 4 * VISIBLE * given.block
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, CD-1, "
          f"{VISIBLE} × {HIDDEN}, {given.rows} rows in blocks of {given.block}")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), given.rows, given.block)
        for way, beside in PAIRS.items():
            rounds = [
                [measured(name, Path(folder)) for name in (way, beside)]
                for _ in range(given.rounds)
            ]
            ratios = sorted(memory["seconds"] / own["seconds"] for own, memory in rounds)
            for name, found in zip((way, beside), zip(*rounds, strict=True), strict=True):
                seconds = statistics.median(x["seconds"] for x in found)
                most = max(x["bytes"] for x in found) / size
                print(f"{name:22} {seconds:7.2f} s   peak {most:5.2f} blocks")
            print(f"{way}: {statistics.median(ratios):.2f} of the speed in memory "
                  f"({ratios[0]:.2f} to {ratios[-1]:.2f})")  # fmt: skip


if __name__ == "__main__":
    main()
