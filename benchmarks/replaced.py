"""What changes when scikit-learn's BernoulliRBM is replaced by the one of the same name here.

    python benchmarks/replaced.py --save     measure, and keep the numbers in results/replaced.json
    python benchmarks/replaced.py --page     bring book/from_scikit_learn.md up to the kept numbers

The example is one of scikit-learn's gallery, "Restricted Boltzmann Machine features for digit
classification": 8 × 8 digits, each also moved by a pixel in four directions, a machine of 100
hidden units, and logistic regression of its features. Its settings are kept but for the
regression's tolerance of 1, with which the solver of today's scikit-learn stops where it starts.
`replaced_surface.py` compares parameters, methods and attributes.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import machine
import numpy as np
import replaced_surface
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import BernoulliRBM as Theirs
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import minmax_scale

import rbmbook as rb

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "replaced.json"
PAGE = ROOT / "book" / "from_scikit_learn.md"
MARKS = {
    name: f"<!-- {name}: written by benchmarks/replaced.py -->\n" for name in ("example", "surface")
}
END = "<!-- end of what it writes -->\n"

SEEDS = range(3)
GALLERY = {"n_components": 100, "learning_rate": 0.06, "n_iter": 10}
MACHINES: dict[str, Callable[[int], Any]] = {
    "scikit-learn's": lambda seed: Theirs(**GALLERY, random_state=seed),
    "the import replaced": lambda seed: rb.BernoulliRBM(**GALLERY, random_state=seed),
    "and its algorithm kept": lambda seed: rb.BernoulliRBM(
        **GALLERY, random_state=seed, negative=rb.PCD(1, chains=10), centered=False
    ),
}


def nudged(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each digit at its place and moved by a pixel to four sides, and labels."""
    images = np.pad(X.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))
    corners = ((1, 1), (0, 1), (2, 1), (1, 0), (1, 2))
    moved = [images[:, i : i + 8, j : j + 8].reshape(-1, 64) for i, j in corners]
    return np.concatenate(moved), np.tile(y, 5)


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images to train on and to test with, and their labels; a fifth of them is for the test."""
    X, y = load_digits(return_X_y=True)
    images, labels = nudged(X.astype(np.float32), y)
    images = minmax_scale(images)  # each pixel by its own range, as there
    return tuple(train_test_split(images, labels, test_size=0.2, random_state=0))


def logistic(C: float) -> LogisticRegression:
    return LogisticRegression(solver="newton-cg", C=C)


def runs() -> Iterator[dict[str, Any]]:
    """Accuracy of each machine's features, and the processor's seconds for its training."""
    X, X_test, y, y_test = data()
    yield {
        "machine": "pixels",
        "seed": 0,
        "accuracy": logistic(100.0).fit(X, y).score(X_test, y_test),
    }
    for seed in SEEDS:
        for name, make in MACHINES.items():  # in turn, so that a busy minute hits all
            begin = time.process_time()
            features = make(seed).fit(X)
            seconds = time.process_time() - begin
            model = make_pipeline(features, logistic(6000.0))
            model[-1].fit(features.transform(X), y)
            accuracy = model.score(X_test, y_test)
            print(name, seed, f"{accuracy:.3f}, {seconds:.1f} s", flush=True)
            yield {"machine": name, "seed": seed, "seconds": seconds, "accuracy": accuracy}


def measure() -> dict[str, Any]:
    """Everything that the page says."""
    small = rb.data.bars_and_stripes(3).astype(np.float32)
    for make in MACHINES.values():
        make(0).fit(small)  # compiles
    surface = replaced_surface.compare()
    return {"machine": machine.describe(), "example": list(runs()), "surface": surface}


def example(found: dict[str, Any]) -> str:
    """Accuracies and times, in Markdown: means over the seeds, and their range."""
    lines = ["| features | right | training |", "| --- | ---: | ---: |"]
    for name in ("pixels", *MACHINES):
        rows = [row for row in found["example"] if row["machine"] == name]
        times = [row["seconds"] for row in rows if "seconds" in row]
        took = f"{np.median(times):.1f} s" if times else ""
        lines.append(f"| {name} | {spread([row['accuracy'] for row in rows])} | {took} |")
    about = found["machine"]
    return "\n".join(lines) + (
        f"\n\nRight is the share of test images named correctly: the mean over {len(SEEDS)} seeds "
        "of the machine, and\nthe range. Seconds are the processor's, one thread of an "
        f"{about['processor']}, with\nscikit-learn {about['scikit-learn']}.\n"
    )


def spread(values: list[float]) -> str:
    """The mean, and from where to where."""
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def renewed(page: str, found: dict[str, Any]) -> str:
    """The page with the tables of these numbers."""
    written = {"example": example(found), "surface": replaced_surface.table(found["surface"])}
    for name, mark in MARKS.items():
        before, rest = page.split(mark)
        page = before + mark + written[name] + END + rest.split(END, 1)[1]
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--save", action="store_true", help="measure, and keep the numbers")
    parser.add_argument("--page", action="store_true", help="write the page from the numbers")
    given = parser.parse_args()
    found = measure() if given.save else json.loads(RESULT.read_text(encoding="utf-8"))
    if given.save:
        RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if given.page:
        PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
    print(example(found), replaced_surface.table(found["surface"]), sep="\n")


if __name__ == "__main__":
    main()
