"""Test error of a deep belief network that is made a classifier of MNIST.

    python benchmarks/mnist_dbn.py mnist.npz --hold-out
    python benchmarks/mnist_dbn.py mnist.npz
    python benchmarks/mnist_dbn.py mnist.npz --labels 1000

A stack of machines is trained greedily, without labels (contrastive divergence, grey levels as
probabilities); its way up and a layer of ten logits become a feed-forward network, which is
fine-tuned by back-propagation. Beside it the same network from random weights is trained in the
same way. With `--hold-out` rows 0-49999 are for training and 50000-59999 for the choice of the
recipe, and the test rows are not looked at. Without it the recipe, as it stands, is trained on
rows 0-59999 and reported on the test rows 60000-69999, which are looked at once, after the last
epoch. With `--labels N` only N of the training rows, drawn at random, keep their labels; the
machines still see all rows. An interrupted run goes on from its checkpoints and ends with the same
network. Prints a table beside published figures; writes `results/mnist_dbn….json`.
"""

import argparse
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import machine as computer
import numpy as np
import recipes

import rbmbook as rb
from rbmbook.dbn.model import DBN
from rbmbook.networks.network import Network

# Errors on the 10,000 test rows in per cent, without distorted copies of the training rows.
PUBLISHED = [
    ("Hinton and Salakhutdinov 2006, as here, 784-500-500-2000-10", 1.2),
    ("Hinton, Osindero and Teh 2006, generative, up-down", 1.25),
    ("Vincent et al. 2010, DBN of three hidden layers", 1.24),
    ("support vector machine, Gaussian kernel (LeCun's table)", 1.4),
    ("Simard et al. 2003, random weights, two layers", 1.6),
]
TRAIN, CHOOSE = slice(0, 50_000), slice(50_000, 60_000)
ALL, TEST = slice(0, 60_000), slice(60_000, 70_000)


@dataclass(frozen=True)
class Pretraining:
    """How the machines are trained, each on the means of the one below."""

    hidden: tuple[int, ...] = (500, 500, 2000)
    epochs: int = 20  # of each machine; without any, the network starts at small random weights
    batch_size: int = 100
    rate: float = 0.02
    last_rate: float = 0.002
    momentum: float = 0.9
    weight_decay: float = 0.0002
    seed: int = 0


@dataclass(frozen=True)
class FineTuning:
    """How the network is trained."""

    tune_epochs: int = 40
    tune_batch_size: int = 100
    tune_rate: float = 0.001  # of Adam
    tune_last_rate: float = 1e-6
    tune_weight_decay: float = 1e-6
    input_dropout: float = 0.3
    tune_seed: int = 1


def digest(*recipes: Any) -> str:
    """What the files of a recipe are called: no checkpoint is taken for that of another one."""
    return hashlib.sha256(repr(recipes).encode()).hexdigest()[:10]


def decay(first: float, last: float, rows: int, batch_size: int, epochs: int) -> Callable:
    """A learning rate that falls on a line over all updates."""
    return rb.optimize.linear_decay(first, last, max(epochs * -(-rows // batch_size), 1))


def say(name: str) -> Callable:
    """A callback that prints the latest monitors."""

    def callback(_: Any, history: rb.History) -> None:
        row = {key: values[-1] for key, values in history.items()}
        text = "  ".join(f"{key} {value:.5g}" for key, value in row.items())
        print(f"  {name}: {text}", flush=True)

    return callback


def pretrain(X: np.ndarray, recipe: Pretraining, path: Path) -> tuple[DBN, float]:
    """The stack, and how many seconds it took in all."""
    dbn = DBN.random([X.shape[1], *recipe.hidden], rng=recipe.seed, data=X)
    rate = decay(recipe.rate, recipe.last_rate, len(X), recipe.batch_size, recipe.epochs)
    history = dbn.fit(
        X,
        epochs=recipe.epochs,
        negative=rb.CD(1),
        batch_size=recipe.batch_size,
        optimizer=rb.SGD(rate, recipe.momentum),
        weight_decay=recipe.weight_decay,
        inputs="means",
        rng=recipe.seed,
        progress=False,
        callbacks=[say("machines")],
        checkpoint=path,
    )
    return dbn, float(history["seconds"][-1]) if history.epochs else 0.0


def tune(
    net: Network,
    examples: tuple[np.ndarray, np.ndarray],
    held_out: tuple[np.ndarray, np.ndarray] | None,
    recipe: FineTuning,
    path: Path,
    name: str,
) -> rb.History:
    """Fine-tune the network; with few examples, for as many updates as with 6,000."""
    rows = len(examples[0])
    epochs = -(-recipe.tune_epochs * max(rows, 6_000) // rows)
    rates = recipe.tune_rate, recipe.tune_last_rate
    return net.fit(
        *examples,
        epochs=epochs,
        batch_size=recipe.tune_batch_size,
        optimizer=rb.Adam(decay(*rates, rows, recipe.tune_batch_size, epochs)),
        weight_decay=recipe.tune_weight_decay,
        input_dropout=recipe.input_dropout,
        validation=held_out,
        rng=recipe.tune_seed,
        progress=False,
        callbacks=[say(name)],
        checkpoint=path,
    )


def run(options: argparse.Namespace, before: Pretraining, after: FineTuning) -> dict[str, Any]:
    """Train, measure, print, write."""
    options.work.mkdir(parents=True, exist_ok=True)
    X, y = rb.data.mnist(options.path, binarize=None)
    rows = np.arange(len(X))[TRAIN if options.hold_out else ALL][: options.rows]
    held_out = (X[CHOOSE], y[CHOOSE]) if options.hold_out else None
    labelled = rows
    if options.labels:
        labelled = np.random.default_rng(before.seed).permutation(rows)[: options.labels]
    print(before, after, f"rows: {len(rows)}, labels: {len(labelled)}", sep="\n", flush=True)
    sizes, seconds, curves, nets = (X.shape[1], *before.hidden, 10), {}, {}, {}
    for start in options.start:
        if start == "pretrained":
            stack = options.work / f"dbn_{digest(before, len(rows))}"
            dbn, seconds["machines"] = pretrain(X[rows], before, stack)
            net = dbn.classifier(10, rng=after.tune_seed)
        else:
            net = Network.random(sizes, rng=after.tune_seed)
        key = digest(start, before, after, len(rows), len(labelled), options.hold_out)
        path = options.work / f"classifier_{key}.npz"
        history = tune(net, (X[labelled], y[labelled]), held_out, after, path, start)
        seconds[start] = float(history["seconds"][-1])
        curves[start] = {
            name: np.round(history[name], 5).tolist() for name in history if name != "seconds"
        }
        nets[start] = net
    where = CHOOSE if options.hold_out else TEST
    wrong = {start: int(np.sum(net.predict(X[where]) != y[where])) for start, net in nets.items()}
    result = {
        "pretraining": asdict(before),
        "fine-tuning": asdict(after),
        "rows": len(rows),
        "labels": len(labelled),
        "measured on": f"rows {where.start}-{where.stop - 1}",
        "wrong": wrong,
        "error": {start: count / (where.stop - where.start) for start, count in wrong.items()},
        "seconds": seconds,
        "curves": curves,
        "machine": computer.describe(),
    }
    print(table(result), json.dumps(result["machine"]), json.dumps(seconds), sep="\n")
    if not options.hold_out:
        write(result, options)
    return result


def table(result: dict[str, Any]) -> str:
    """Our figures under the published ones."""
    sizes = "-".join(str(n) for n in (784, *result["pretraining"]["hidden"], 10))
    lines = [f"{sizes}: wrong on {result['measured on']}, {result['labels']} labels, per cent"]
    lines += [f"  {who:60s} {value:6.2f}" for who, value in PUBLISHED]
    lines += [
        f"  {'rbmbook, ' + start:60s} {100 * value:6.2f}"
        for start, value in result["error"].items()
    ]
    return "\n".join(lines)


def write(result: dict[str, Any], options: argparse.Namespace) -> None:
    """Keep what was measured, and with what."""
    name = f"mnist_dbn_{options.labels}_labels" if options.labels else "mnist_dbn"
    recipes.write(options.results, name, result)


def arguments() -> argparse.Namespace:
    """The command line; what is not given is the recipe's."""
    parser = recipes.parser(__doc__, Pretraining, FineTuning)
    parser.add_argument("--hold-out", action="store_true", help="do not look at the test rows")
    starts = ["pretrained", "random"]
    parser.add_argument("--start", nargs="+", choices=starts, default=starts)
    parser.add_argument("--labels", type=int, help="training rows that keep their labels")
    parser.add_argument("--rows", type=int, help="use only the first of the training rows")
    return parser.parse_args()


if __name__ == "__main__":
    options = arguments()
    before, after = (recipes.changed(recipe(), options) for recipe in (Pretraining, FineTuning))
    run(options, before, after)
