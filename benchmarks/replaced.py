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

import defaults
import machine
import numpy as np
import replaced_surface
import small_data
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
    name: f"<!-- {name}: written by benchmarks/replaced.py -->\n"
    for name in ("example", "likelihood", "surface")
}
END = "<!-- end of what it writes -->\n"

SEEDS = range(3)
SMALL = "digits", "30 digits", "two patterns"
PERSISTENT = rb.PCD(1, chains=10)  # scikit-learn's, which has a chain for each row of a batch
GALLERY = {"n_components": 100, "learning_rate": 0.06, "n_iter": 10}
ALGORITHMS: dict[str, dict[str, Any]] = {
    "the default": {},
    "scikit-learn's algorithm": {"negative": PERSISTENT},
}


def ours(seed: int, **changed: Any) -> rb.BernoulliRBM:
    """The machine of this package, by the example's settings and these."""
    return rb.BernoulliRBM(**GALLERY, random_state=seed, **changed)


MACHINES: dict[str, Callable[[int], Any]] = {
    "scikit-learn's": lambda seed: Theirs(**GALLERY, random_state=seed),
    "the import replaced": ours,
    "… tempered, not centred": lambda seed: ours(seed, centered=False),
    "… centred, not tempered": lambda seed: ours(seed, negative=PERSISTENT, centered=True),
    "… neither: scikit-learn's algorithm": lambda seed: ours(seed, negative=PERSISTENT),
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


def likelihoods() -> Iterator[dict[str, Any]]:
    """Mean log-likelihoods of unseen rows of the small data, without other settings."""
    for name in SMALL:
        for seed in SEEDS:
            train, test = small_data.BINARY[name](seed)
            for machine_name, settings in ALGORITHMS.items():
                model = rb.BernoulliRBM(**settings, random_state=seed).fit(train.X)
                scores = defaults.bits(model.rbm_, train, test)
                yield {"data": name, "machine": machine_name, "seed": seed} | scores


def measure() -> dict[str, Any]:
    """Everything that the page says."""
    small = rb.data.bars_and_stripes(3).astype(np.float32)
    for make in MACHINES.values():
        make(0).fit(small)  # compiles
    return {
        "machine": machine.describe(),
        "example": list(runs()),
        "likelihood": list(likelihoods()),
        "surface": replaced_surface.compare(),
    }


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


def likelihood(found: dict[str, Any]) -> str:
    """Log-likelihoods of both algorithms beside those of independent units, in Markdown."""
    names = [*ALGORITHMS, "independent units"]
    lines = ["| data | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(names)]
    for data_name in SMALL:
        rows = [row for row in found["likelihood"] if row["data"] == data_name]
        cells = [[r["model"] for r in rows if r["machine"] == name] for name in ALGORITHMS]
        cells.append([r["independent units"] for r in rows if r["machine"] == "the default"])
        lines.append(f"| {data_name} | " + " | ".join(f"{np.mean(x):.1f}" for x in cells) + " |")
    return "\n".join(lines) + (
        f"\n\nMean log-likelihood of unseen rows, in nats: the mean over {len(SEEDS)} seeds.\n"
    )


def spread(values: list[float]) -> str:
    """The mean, and from where to where."""
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def tables(found: dict[str, Any]) -> dict[str, str]:
    """Every table of the page."""
    return {
        "example": example(found),
        "likelihood": likelihood(found),
        "surface": replaced_surface.table(found["surface"]),
    }


def renewed(page: str, found: dict[str, Any]) -> str:
    """The page with the tables of these numbers."""
    written = tables(found)
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
    print(*tables(found).values(), sep="\n")


if __name__ == "__main__":
    main()
