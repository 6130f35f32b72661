"""Logistic regression on MNIST: on the pixels, and on what a stack of machines makes of them.

    python benchmarks/mnist_linear.py mnist.npz

The simple rivals of `mnist_dbn.py`: the stack is that of its recipe (one seed; its checkpoint is
taken if it is there), trained on rows 0-59999 without labels, and nothing of it is fine-tuned. The
strength of the penalty is chosen by a fit to the labels of rows 0-49999 and the errors on rows
50000-59999; then all 60,000 labels are used. The test rows 60000-69999 are looked at once. Writes
`results/mnist_linear.json`.
"""

import argparse
import time
import warnings
from dataclasses import asdict
from typing import Any

import machine as computer
import mnist_dbn
import numpy as np
import recipes
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

import rbmbook as rb

STRENGTHS = (0.001, 0.01, 0.1, 1.0)  # C of scikit-learn: a larger one penalises less
STEPS = 300  # of L-BFGS at most


def fitted(X: np.ndarray, y: np.ndarray, strength: float) -> LogisticRegression:
    """Logistic regression; that it may stop before it has converged is said in the result."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=strength, max_iter=STEPS).fit(X, y)


def judged(features: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Errors on the rows that choose for each strength, and on the test rows for the best."""
    begin = time.perf_counter()
    choose = {}
    for strength in STRENGTHS:
        model = fitted(features[mnist_dbn.TRAIN], y[mnist_dbn.TRAIN], strength)
        held_out = model.predict(features[mnist_dbn.CHOOSE])
        choose[strength] = int(np.sum(held_out != y[mnist_dbn.CHOOSE]))
        print(f"  C = {strength:g}: {choose[strength]} of 10,000 held-out rows wrong", flush=True)
    best = min(choose, key=choose.__getitem__)
    model = fitted(features[mnist_dbn.ALL], y[mnist_dbn.ALL], best)
    wrong = int(np.sum(model.predict(features[mnist_dbn.TEST]) != y[mnist_dbn.TEST]))
    print(f"  C = {best:g}, all labels: {wrong} of 10,000 test rows wrong", flush=True)
    return {
        "features": features.shape[1],
        "held out": {f"{strength:g}": count for strength, count in choose.items()},
        "strength": best,
        "steps": int(model.n_iter_.max()),
        "wrong": wrong,
        "seconds": round(time.perf_counter() - begin, 1),
    }


def run(options: argparse.Namespace, recipe: mnist_dbn.Pretraining) -> None:
    """Train the stack, fit both, print and write."""
    options.work.mkdir(parents=True, exist_ok=True)
    X, y = rb.data.mnist(options.path, binarize=None)
    rows = len(X[mnist_dbn.ALL])
    stack = options.work / f"dbn_{mnist_dbn.digest(recipe, rows)}"
    print("pixels", flush=True)
    result = {"pixels": judged(X, y)}
    dbn, _ = mnist_dbn.pretrain(X[mnist_dbn.ALL], recipe, stack)
    print("frozen features of the stack", flush=True)
    result["frozen features"] = judged(dbn.transform(X), y)
    written = {
        "pretraining": asdict(recipe),
        "steps at most": STEPS,
        "measured on": "rows 60000-69999",
        **result,
        "machine": computer.describe(),
    }
    recipes.write(options.results, "mnist_linear", written)


if __name__ == "__main__":
    options = recipes.parser(__doc__, mnist_dbn.Pretraining).parse_args()
    run(options, recipes.changed(mnist_dbn.Pretraining(), options))
