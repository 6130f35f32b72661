"""Does a second layer of a belief network pay? Digits of 8 × 8 pixels, five seeds, with rivals.

    python benchmarks/belief_layers.py

The networks of chapter 12. Narrow, 64-12-64, with exact log-likelihoods: greedy; greedy for longer,
so that the first layer never moves; greedy and then up-down; beside them the first machine trained
on, and a restricted machine with as many parameters. Wide, with log Z from AIS: 64-100-64 whose
second machine starts as the first one transposed, 64-100-100 whose second starts at random, each
before and after up-down; beside them the first machine trained on, and one of twice its width.
All are measured on digits that training has not seen. Writes `results/belief_layers.json`.
"""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import machine as computer
import numpy as np
import recipes
from scipy.special import logsumexp

import rbmbook as rb
from rbmbook.dbn.model import DBN, transposed

NARROW, SAME = 12, 25  # 25 hidden units: 64 + 65·25 = 1,689 parameters; the network has 1,688
WIDE = 100
BATCH = 50


@dataclass(frozen=True)
class Recipe:
    """Epochs of each part; `tune` is up-down, `more` what the first machine has after `first`."""

    first: int = 300
    greedy: int = 60
    tune: int = 180
    wide_first: int = 200
    wide_greedy: int = 60
    wide_random: int = 100
    wide_tune: int = 40
    wide_more: int = 100
    chains: int = 100  # of training and of AIS
    betas: int = 1_000
    importances: int = 100  # samples of q for each digit
    seeds: int = 5


def narrow(X: np.ndarray, recipe: Recipe, seed: int) -> dict[str, Any]:
    """The narrow machines of one seed."""
    options = {"negative": rb.PCD(k=1, chains=recipe.chains), "batch_size": BATCH}
    options |= {"centered": True, "progress": False}

    def flat(hidden: int) -> rb.RBM:
        return rb.RBM.random(X.shape[1], hidden, rng=seed, data=X, dtype=np.float64)

    def second(dbn: DBN, epochs: int, rng: int) -> DBN:
        dbn = dbn.copy()
        slow = {"optimizer": rb.SGD(0.02), "inputs": "samples", "rng": rng}
        dbn.fit(X, epochs=[0, epochs], **slow, **options)
        return dbn

    first, wide = flat(NARROW), flat(SAME)
    rb.fit(first, X, epochs=recipe.first, rng=seed, **options)
    longer = first.copy()
    rb.fit(longer, X, epochs=recipe.greedy + recipe.tune, rng=seed + 100, **options)
    rb.fit(wide, X, epochs=recipe.first + recipe.greedy + recipe.tune, rng=seed, **options)
    greedy = second(DBN([first, transposed(first)]), recipe.greedy, seed)
    tuned = greedy.copy()
    tuned.up_down(X, epochs=recipe.tune, batch_size=BATCH, optimizer=rb.SGD(0.05), rng=seed,
                  progress=False)  # fmt: skip
    return {
        "first machine": first,
        "first machine, trained on": longer,
        "network, greedy": greedy,
        "network, greedy for longer": second(greedy, recipe.tune, seed + 100),
        "network, up-down": tuned,
        f"RBM, {SAME} units": wide,
    }


def wide(X: np.ndarray, recipe: Recipe, seed: int) -> dict[str, DBN]:
    """The wide machines of one seed; a restricted one is a network of one machine."""
    options = {"negative": rb.CD(1), "batch_size": BATCH, "progress": False}
    options |= {"optimizer": rb.SGD(0.05, momentum=0.5)}

    def flat(hidden: int, epochs: int) -> rb.RBM:
        rbm = rb.RBM.random(X.shape[1], hidden, rng=seed, data=X)
        rb.fit(rbm, X, epochs=epochs, rng=seed, **options)
        return rbm

    def tuned(dbn: DBN) -> DBN:
        dbn = dbn.copy()
        dbn.up_down(X, epochs=recipe.wide_tune, batch_size=BATCH, optimizer=rb.SGD(0.02), rng=seed,
                    progress=False)  # fmt: skip
        return dbn

    first = flat(WIDE, recipe.wide_first)
    longer = first.copy()
    rb.fit(longer, X, epochs=recipe.wide_more, rng=seed + 100, **options)
    turned = DBN([first.copy(), transposed(first)])
    turned.fit(X, epochs=[0, recipe.wide_greedy], negative=rb.PCD(k=1, chains=recipe.chains),
               batch_size=BATCH, optimizer=rb.SGD(0.005), centered=True, inputs="samples",
               rng=seed, progress=False)  # fmt: skip
    fresh = DBN([first.copy(), rb.RBM.random(WIDE, WIDE, rng=seed, data=first.hidden_mean(X))])
    fresh.fit(X, epochs=[0, recipe.wide_random], inputs="means", rng=seed, **options)
    return {
        "first machine": DBN([first]),
        "first machine, trained on": DBN([longer]),
        "transposed start, greedy": turned,
        "transposed start, up-down": tuned(turned),
        "random start, greedy": fresh,
        "random start, up-down": tuned(fresh),
        f"RBM, {2 * WIDE} units": DBN([flat(2 * WIDE, recipe.wide_first + recipe.wide_more)]),
    }


def scored(model: Any, X: np.ndarray, test: np.ndarray, recipe: Recipe) -> dict[str, float]:
    """Mean log-likelihood of the test rows; of a network, the bound too."""
    if isinstance(model, DBN):
        pair = {"log p": model.log_likelihood(test), "bound": model.bound(test)}
        return {what: float(values.mean()) for what, values in pair.items()}
    if model.n_hidden <= NARROW:
        return {"log p": float(rb.exact.log_likelihood(model, test).mean())}
    found = rb.evaluate.ais(model, chains=recipe.chains, betas=recipe.betas, rng=0, data=X)
    return {"log p": float(-model.free_energy(test).mean() - found.log_z)}


def estimated(dbn: DBN, X: np.ndarray, test: np.ndarray, recipe: Recipe) -> dict[str, float]:
    """Bound and log of the mean importance, by AIS, and its effective sample size."""
    top, below = dbn.rbms[-1], X
    if len(dbn.rbms) > 1:
        below = dbn.transform(X, layer=len(dbn.rbms) - 1)
    log_z = rb.evaluate.ais(top, chains=recipe.chains, betas=recipe.betas, rng=0, data=below)
    log_w = dbn.log_weights(test, log_z, rng=0, samples=recipe.importances)
    tighter = logsumexp(log_w, axis=1) - np.log(recipe.importances)
    return {
        "bound": float(log_w.mean()),
        "log mean importance": float(tighter.mean()),
        "n_eff": float(log_z.effective_sample_size),
    }


def run(recipe: Recipe, results: Path) -> None:
    """Train, measure, print, write."""
    train, test = rb.data.split(rb.data.digits(), 1297, rng=0)
    begin, found = time.perf_counter(), {"narrow": {}, "wide": {}}
    for seed in range(recipe.seeds):
        for kind, models, measure in (("narrow", narrow, scored), ("wide", wide, estimated)):
            for name, model in models(train.X, recipe, seed).items():
                for what, value in measure(model, train.X, test.X, recipe).items():
                    found[kind].setdefault(name, {}).setdefault(what, []).append(round(value, 4))
        print(seed, round(time.perf_counter() - begin), "s", flush=True)
        for own in found.values():
            print({name: [values[-1] for values in each.values()] for name, each in own.items()})
    result = {"recipe": asdict(recipe), **found}
    result |= {"seconds": time.perf_counter() - begin, "machine": computer.describe()}
    recipes.write(results, "belief_layers", result)


def main() -> None:
    """The command line; what is not given is the recipe's."""
    options = recipes.parser(__doc__, Recipe, data=False).parse_args()
    run(recipes.changed(Recipe(), options), options.results)


if __name__ == "__main__":
    main()
