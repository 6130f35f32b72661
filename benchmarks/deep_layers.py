"""A narrow deep Boltzmann machine on digits of 8 × 8 pixels, its rivals, and their scatter.

    python benchmarks/deep_layers.py

The machines of chapter 13's table, 64-14-30, each trained with five seeds: pre-trained only,
trained jointly from small random weights (plain, centred), and jointly after pre-training; beside
them restricted machines with the same first layer (plain, centred) and one with as many parameters
as the deep one. Exact log-likelihoods of digits that training has not seen, and the activity of
layer 2: the standard deviation of its means over these digits, averaged over its units. Writes
`results/deep_layers.json`.
"""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import machine as computer
import numpy as np
import recipes

import rbmbook as rb

SIZES = (64, 14, 30)
WIDE = 20  # hidden units of an RBM with 64 + 65·20 = 1,364 parameters; the deep one has 1,424


@dataclass(frozen=True)
class Recipe:
    """How all machines are trained."""

    pre_epochs: int = 100
    long_epochs: int = 250
    epochs: int = 200  # from random weights
    after_epochs: int = 100  # after pre-training
    batch_size: int = 100
    chains: int = 100
    rate: float = 0.2
    last_rate: float = 0.001
    seeds: int = 5


def falling(recipe: Recipe, rows: int, epochs: int) -> rb.SGD:
    """A rate that falls on a line over all updates."""
    updates = epochs * -(-rows // recipe.batch_size)
    return rb.SGD(rb.optimize.linear_decay(recipe.rate, recipe.last_rate, updates))


def pretrained(X: np.ndarray, epochs: int, recipe: Recipe, seed: int) -> rb.DBM:
    """A machine with doubled weights, pair by pair."""
    dbm = rb.DBM.random(SIZES, rng=seed, data=X)
    rates = [falling(recipe, len(X), epochs)] * 2
    dbm.pretrain(X, epochs=epochs, optimizer=rates, weight_decay=0.0, rng=seed, progress=False)
    return dbm


def joint(
    start: rb.DBM, X: np.ndarray, epochs: int, recipe: Recipe, seed: int, centred: bool = False
) -> rb.DBM:
    """A copy, trained jointly."""
    dbm = start.copy()
    options = {"centered": centred, "weight_decay": 0.0, "rng": seed, "progress": False}
    negative = rb.PCD(k=1, chains=recipe.chains)
    dbm.fit(X, negative, epochs, optimizer=falling(recipe, len(X), epochs), **options)
    return dbm


def flat(X: np.ndarray, hidden: int, recipe: Recipe, seed: int, centred: bool) -> rb.RBM:
    """A restricted machine, trained for as many updates."""
    rbm = rb.RBM.random(SIZES[0], hidden, rng=seed, data=X)
    negative, epochs = rb.PCD(k=1, chains=recipe.chains), recipe.epochs
    options = {"centered": centred, "weight_decay": 0.0, "rng": seed, "progress": False}
    rb.fit(rbm, X, negative, epochs, optimizer=falling(recipe, len(X), epochs), **options)
    return rbm


def machines(X: np.ndarray, recipe: Recipe, seed: int) -> dict[str, Any]:
    """All machines of one seed."""
    start = rb.DBM.random(SIZES, rng=seed, data=X)
    doubled = pretrained(X, recipe.pre_epochs, recipe, seed)
    return {
        "RBM, 14 units": flat(X, SIZES[1], recipe, seed, False),
        "RBM, 14 units, centred": flat(X, SIZES[1], recipe, seed, True),
        f"RBM, {WIDE} units, centred": flat(X, WIDE, recipe, seed, True),
        "doubled": doubled,
        "doubled, 250 epochs": pretrained(X, recipe.long_epochs, recipe, seed),
        "plain": joint(start, X, recipe.epochs, recipe, seed),
        "centred": joint(start, X, recipe.epochs, recipe, seed, centred=True),
        "doubled, then joint": joint(doubled, X, recipe.after_epochs, recipe, seed),
    }


def measured(model: Any, test: np.ndarray) -> dict[str, float]:
    """Exact mean log-likelihood of the test rows; of a deep machine its layer 2's activity."""
    model = model.astype(np.float64)
    if isinstance(model, rb.RBM):
        return {"log p": float(rb.exact.log_likelihood(model, test).mean())}
    activity = model.mean_field(test).means[1].std(axis=0).mean()
    return {"log p": float(model.log_likelihood(test).mean()), "activity": float(activity)}


def run(recipe: Recipe, results: Path) -> None:
    """Train, measure, print, write."""
    train, held_out = rb.data.split(rb.data.digits(), 1400, rng=0)
    X, test = train.X.astype(np.float32), held_out.X.astype(np.float64)
    begin, found = time.perf_counter(), {}
    for seed in range(recipe.seeds):
        for name, model in machines(X, recipe, seed).items():
            for what, value in measured(model, test).items():
                found.setdefault(name, {}).setdefault(what, []).append(round(value, 4))
        print(seed, {name: own["log p"][-1] for name, own in found.items()}, flush=True)
    result = {"recipe": asdict(recipe), "measured": found}
    result |= {"seconds": time.perf_counter() - begin, "machine": computer.describe()}
    recipes.write(results, "deep_layers", result)


def main() -> None:
    """The command line; what is not given is the recipe's."""
    options = recipes.parser(__doc__, Recipe, data=False).parse_args()
    run(recipes.changed(Recipe(), options), options.results)


if __name__ == "__main__":
    main()
