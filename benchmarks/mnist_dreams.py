"""What deep machines dream at 28 × 28 pixels: a belief network told a label, a Boltzmann machine.

    python benchmarks/mnist_dreams.py

Trained on the 5,000 digits that come with a package (`rb.data.mnist()`), cut at half. The belief
network is 784-500-500-1000 and its top machine sees ten units for the labels beside the second
layer, so that a chain with the label held dreams a digit of that kind (Hinton, Osindero and Teh
2006, section 6). The Boltzmann machine is 784-500-500, pre-trained, then trained jointly. Beside
them stands the belief network's first machine alone. All parameters are averaged along the way. A
support vector machine, which has seen real digits only, reads the dreams. Writes
`results/mnist_dreams.json` and the pictures, as grey levels of 0 to 15, to
`results/mnist_dreams.npz`.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import machine as computer
import numpy as np
import recipes
from mnist_dbm import averaged
from mnist_likelihood import Averaged
from sklearn.svm import SVC

import rbmbook as rb

TEN = np.arange(10)
EACH = 10  # dreams of each kind


@dataclass(frozen=True)
class Recipe:
    """How the machines are trained, and for how long they dream."""

    hidden: tuple[int, ...] = (500, 500, 1000)
    epochs: int = 60  # of each machine of the stack
    deep_epochs: int = 30  # of the Boltzmann machine, jointly
    pre_epochs: int = 20
    batch_size: int = 100
    chains: int = 100
    rate: float = 0.05
    last_rate: float = 0.0005
    weight_decay: float = 0.0002
    dreaming: int = 1_000  # Gibbs steps
    seed: int = 0


def optimizer(recipe: Recipe, rows: int, epochs: int) -> Averaged:
    """A falling rate, and an average of the parameters."""
    updates = epochs * -(-rows // recipe.batch_size)
    return Averaged(rb.SGD(rb.optimize.linear_decay(recipe.rate, recipe.last_rate, updates)))


def learn(X: np.ndarray, hidden: int, recipe: Recipe) -> rb.RBM:
    """A machine on these rows, its parameters averaged."""
    print(f"{X.shape[1]} × {hidden}", flush=True)
    rbm = rb.RBM.random(X.shape[1], hidden, rng=recipe.seed, data=X)
    own = optimizer(recipe, len(X), recipe.epochs)
    rb.fit(
        rbm,
        X,
        rb.PCD(k=1, chains=recipe.chains),
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=own,
        weight_decay=recipe.weight_decay,
        centered=True,
        rng=recipe.seed,
        progress=False,
    )
    return own.machine()


def stack(X: np.ndarray, y: np.ndarray, recipe: Recipe) -> list[rb.RBM]:
    """Three machines, greedily; the top one sees the labels beside the states below it."""
    first = learn(X, recipe.hidden[0], recipe)
    second = learn(first.hidden_mean(X), recipe.hidden[1], recipe)
    above = second.hidden_mean(first.hidden_mean(X))
    joined = np.hstack([above, y[:, None] == TEN]).astype(np.float32)
    return [first, second, learn(joined, recipe.hidden[2], recipe)]


def dream(rbms: list[rb.RBM], labels: np.ndarray, steps: int, rng: np.random.Generator) -> Any:
    """Gibbs steps in the top machine with the labels held, then one pass down; its means."""
    top = rbms[-1]
    x = (rng.random((len(labels), top.n_visible)) < 0.5).astype(np.float32)
    for _ in range(steps):
        x[:, -10:] = labels[:, None] == TEN
        x = top.sample_visible(top.sample_hidden(x, rng), rng)
    x = x[:, :-10]
    for rbm in rbms[-2:0:-1]:
        x = rbm.sample_visible(x, rng)
    return rbms[0].visible_mean(x)


def deep(X: np.ndarray, recipe: Recipe) -> rb.DBM:
    """The Boltzmann machine, its parameters averaged."""
    dbm = rb.DBM.random((X.shape[1], *recipe.hidden[:2]), rng=recipe.seed, data=X)
    common = {"batch_size": recipe.batch_size, "weight_decay": recipe.weight_decay}
    common |= {"rng": recipe.seed, "progress": False}
    dbm.pretrain(X, epochs=recipe.pre_epochs, optimizer=rb.SGD(0.05), **common)
    own = optimizer(recipe, len(X), recipe.deep_epochs)
    negative = rb.PCD(k=2, chains=recipe.chains)
    dbm.fit(X, negative, recipe.deep_epochs, optimizer=own, centered=True, **common)
    return averaged(dbm, own)


def run(recipe: Recipe, results: Path) -> None:
    """Train, dream, read, write."""
    X, y = rb.data.mnist(binarize=0.5)
    X, rng, begin = X.astype(np.float32), np.random.default_rng(recipe.seed), time.perf_counter()
    order = rng.permutation(len(X))
    train, unseen = order[:4_500], order[4_500:]
    reader = SVC(C=10.0, gamma="scale").fit(X[train], y[train])
    labels = np.repeat(TEN, EACH)
    rbms = stack(X, y, recipe)
    print(f"stack {time.perf_counter() - begin:.0f} s", flush=True)
    dbm = deep(X, recipe)
    flat = rb.gibbs.run(rbms[0], len(labels), recipe.dreaming, rng)
    pictures = {
        "belief network": dream(rbms, labels, recipe.dreaming, rng),
        "Boltzmann machine": dbm.sample(len(labels), rng, steps=recipe.dreaming, means=True),
        "first machine": rbms[0].visible_mean(rbms[0].sample_hidden(flat, rng)),
        "real": X[unseen][: len(labels)],
    }
    read = {name: reader.predict(v > 0.5) for name, v in pictures.items()}
    result = {
        "recipe": asdict(recipe),
        "reader": {"right on unseen digits": reader.score(X[unseen], y[unseen])},
        "belief network": {"read as the label": int((read["belief network"] == labels).sum())},
        "kinds": {name: np.bincount(r, minlength=10).tolist() for name, r in read.items()},
        "seconds": time.perf_counter() - begin,
        "machine": computer.describe(),
    }
    print(json.dumps(result, indent=1))
    recipes.write(results, "mnist_dreams", result)
    grey = {
        name.replace(" ", "_"): np.round(15 * v).astype(np.uint8) for name, v in pictures.items()
    }
    np.savez_compressed(results / "mnist_dreams.npz", **grey)


def main() -> None:
    """The command line; what is not given is the recipe's."""
    parser = recipes.parser(__doc__, Recipe, data=False)
    options = parser.parse_args()
    run(recipes.changed(Recipe(), options), options.results)


if __name__ == "__main__":
    main()
