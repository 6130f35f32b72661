"""How the cost of an update of CD grows with the batch, the layers, k, the density and the threads.

    python benchmarks/scaling.py                 # some three minutes
    python benchmarks/scaling.py --save          # into results/scaling.json
    python benchmarks/scaling.py --table         # what that file says, in Markdown
    python benchmarks/scaling_figure.py scaling.svg

One thing at a time is changed from 784 × 500 units, batches of 100 rows, k = 1, a fifth of the
units of both layers on, float32. Beside `rb.fit` stand NumPy by hand and the bare matrix products,
in one process, in turn. An update's time is a difference: an epoch of many updates minus one of a
fifth as many, each the fastest of some rounds, over the number between. What a fit does once
(checks, monitors, the copies of its start) cancels, and is shown apart, as "once a fit".
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import machine as computer
import numpy as np
import speed_peers as peers
from speed_rounds import Work, in_turn, seconds, threads

import rbmbook as rb

RESULT = Path(__file__).parent / "results" / "scaling.json"
OURS, NUMPY, PRODUCTS = "rbmbook", "NumPy by hand", "products"
RATE = 1e-4  # so small that the machine stays as it is, and with it the density
SHORT = 0.03  # seconds that the shorter of the two epochs takes by hand
LONGER = 5  # times as many updates in the longer one
PROBE = 256  # rows that the monitors look at: no epoch has fewer


@dataclass(frozen=True)
class Point:
    """The work of an update."""

    batch: int = 100
    visible: int = 784
    hidden: int = 500
    k: int = 1
    density: float = 0.2


BASE = Point()
SMALL = Point(batch=10, visible=64, hidden=100)
AXES: dict[str, tuple[float, ...]] = {
    "batch": (1, 3, 10, 30, 100, 300, 1000),
    "visible": (16, 64, 196, 784, 3136),
    "hidden": (16, 64, 200, 500, 2000),
    "k": (1, 2, 5, 10, 20),
    "density": (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.8),
}
SETTINGS = ("NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def start(point: Point) -> rb.RBM:
    """A machine of which that share of the units of both layers is on, by their biases."""
    rbm = rb.RBM.random(point.visible, point.hidden, rng=0, dtype=np.float32)
    rbm.a[:] = rbm.b[:] = np.log(point.density / (1 - point.density))
    return rbm


def epoch(who: str, point: Point, updates: int) -> Work:
    """An epoch of so many updates."""
    rng, rbm = np.random.default_rng(0), start(point)
    X = rng.random((updates * point.batch, point.visible), np.float32) < point.density
    X = X.astype(np.float32)
    if who == PRODUCTS:
        run = peers.cd_products(rbm, X, point.batch, point.k)
        return lambda: run(updates)
    if who == NUMPY:
        return lambda: peers.cd_epoch(rbm, X, point.batch, point.k, rng, RATE)
    negative, optimizer = rb.CD(point.k), rb.SGD(RATE)
    return lambda: rb.fit(rbm, X, negative, 1, point.batch, optimizer, progress=False)


def measure(point: Point, rounds: int) -> dict[str, Any]:
    """Seconds of an update by each of the three, and of what a fit of ours does once."""
    few = -(-PROBE // point.batch)  # rounded up
    trial = epoch(NUMPY, point, few)
    trial()
    few = max(few, int(few * SHORT / seconds(trial)))
    competitors = {
        f"{who}, {updates}": epoch(who, point, updates)
        for who in (OURS, NUMPY, PRODUCTS)
        for updates in (few, LONGER * few)
    }
    fastest = {name: float(t.min()) for name, t in in_turn(competitors, rounds).items()}
    costs = {
        who: split(fastest[f"{who}, {few}"], fastest[f"{who}, {LONGER * few}"], few)
        for who in (OURS, NUMPY, PRODUCTS)
    }
    update = {who: each for who, (each, _) in costs.items()}
    return {"point": asdict(point), "updates": few, "update": update, "once": costs[OURS][1]}


def split(short: float, long: float, few: int) -> tuple[float, float]:
    """Seconds of an update and of the rest, from epochs of `few` and of LONGER · few updates."""
    update = (long - short) / ((LONGER - 1) * few)
    return update, short - few * update


def along(axes: list[str], rounds: int) -> Iterator[dict[str, Any]]:
    """Every point of the axes."""
    for axis in axes:
        for value in AXES[axis]:
            yield {"axis": axis, "value": value} | measure(replace(BASE, **{axis: value}), rounds)


def by_threads(rounds: int) -> Iterator[dict[str, Any]]:
    """The base and a small machine with 1, 2, 4, … threads, each number in a process of its own."""
    number = 1
    while number <= computer.describe()["cores"]:
        for name, point in (("threads", BASE), ("threads, small", SMALL)):
            command = [sys.executable, __file__, "--rounds", str(rounds), "--point"]
            settings = os.environ | dict.fromkeys(SETTINGS, str(number))
            told = subprocess.run(
                [*command, json.dumps(asdict(point))],
                env=settings, check=True, stdout=subprocess.PIPE, text=True,
            ).stdout  # fmt: skip
            yield {"axis": name, "value": number} | json.loads(told)
        number *= 2


def cells(row: dict[str, Any]) -> list[str]:
    """A row's columns as text: microseconds, and two ratios."""
    ours, by_hand, products = (row["update"][who] for who in (OURS, NUMPY, PRODUCTS))
    times = [f"{1e6 * t:,.0f}" for t in (ours, by_hand, products)]
    ratios = [f"{ours / t:.2f}" for t in (by_hand, products)]
    return [row["axis"], f"{row['value']:g}", *times, *ratios, f"{1e3 * row['once']:.1f}"]


def markdown(found: dict[str, Any]) -> str:
    """The table."""
    head = ["changed", "to", "rbmbook, µs an update", "NumPy by hand", "products"]
    head += ["over NumPy", "over products", "once a fit, ms"]
    lines = [head, ["---"] * len(head), *map(cells, found["rows"])]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Measure or show."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--axes", nargs="+", choices=[*AXES, "threads"], default=[*AXES, "threads"])
    parser.add_argument("--save", action="store_true", help="all axes, into results/scaling.json")
    parser.add_argument("--table", action="store_true", help="the file as Markdown; nothing is run")
    parser.add_argument("--point", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.table and not RESULT.exists():
        parser.error(f"nothing is measured yet: there is no {RESULT}")
    if options.table:
        print(markdown(json.loads(RESULT.read_text(encoding="utf-8"))))
        return
    if options.point:
        print(json.dumps(measure(Point(**options.point), options.rounds)))
        return
    if options.save and len(options.axes) <= len(AXES):
        parser.error("--save keeps one run of all axes: leave --axes out")
    found: dict[str, Any] = {"machine": computer.describe(), "before": threads()}
    found |= {"rounds": options.rounds, "base": asdict(BASE), "small": asdict(SMALL), "rows": []}
    for row in along([axis for axis in options.axes if axis in AXES], options.rounds):
        print(*cells(row), sep="\t", flush=True)
        found["rows"].append(row)
    found["threads"] = threads()
    if "threads" in options.axes:
        found["rows"] += by_threads(options.rounds)
    print(markdown(found))
    if options.save:
        RESULT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
