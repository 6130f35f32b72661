"""Timing in turn: every competitor once a round, and ratios within the rounds.

A disturbance then meets all of them. Between two of them is a pause, since threads of a matrix
library spin for a tenth of a second after their last product and would be charged to the next.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numba
import numpy as np
from threadpoolctl import threadpool_info

PAUSE = 0.3  # seconds
Work = Callable[[], object]

# Counts on one core until it is ended, or until whoever started it has gone, or for ten minutes.
BUSY = """
import os, time
parent, end = os.getppid(), time.monotonic() + 600
print("busy", flush=True)
while os.getppid() == parent and time.monotonic() < end:
    for _ in range(1_000_000):
        pass
"""


@dataclass(frozen=True)
class Ratio:
    """A ratio's median over the rounds, and where 80 % of the rounds lie."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, above: np.ndarray, below: np.ndarray) -> "Ratio":
        """Of two series of seconds, round by round."""
        low, middle, high = np.percentile(above / below, [10, 50, 90])
        return cls(float(middle), float(low), float(high))


@contextmanager
def busy_process() -> Iterator[subprocess.Popen[bytes]]:
    """Another program that keeps one core busy meanwhile."""
    child = subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        child.stdout.readline()  # it is about to count
        yield child
    finally:
        child.kill()
        child.communicate()


def seconds(work: Work, beside_busy: bool = False) -> float:
    """How long one call takes."""
    if beside_busy:
        with busy_process():
            return seconds(work)
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def in_turn(
    competitors: dict[str, Work], rounds: int, busy: frozenset[str] = frozenset()
) -> dict[str, np.ndarray]:
    """The seconds of each competitor in each round, after one call that compiles.

    Every round begins with another one. Those named in `busy` run beside a busy process.
    """
    for work in competitors.values():
        work()
    names = list(competitors)
    times = {name: np.empty(rounds) for name in names}
    for i in range(rounds):
        for name in names[i % len(names) :] + names[: i % len(names)]:
            time.sleep(PAUSE)
            times[name][i] = seconds(competitors[name], name in busy)
    return times


def threads() -> dict[str, object]:
    """How many threads each library was given, and by which settings; what runs besides."""
    try:
        layer = f"threading layer {numba.threading_layer()}"
    except ValueError:
        layer = "no threads started"
    settings = {
        name: value
        for name, value in sorted(os.environ.items())
        if name.endswith("_NUM_THREADS") or name.startswith(("NUMBA_", "OPENBLAS_"))
    }
    pools = {f"{pool['internal_api']}: {pool['num_threads']}" for pool in threadpool_info()}
    return {
        "numba": numba.config.NUMBA_NUM_THREADS,  # asking for them would start them
        "layer": layer,
        "libraries": sorted(pools),
        "settings": settings,
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }
