"""Variational bound on the test log-likelihood of MNIST under a deep Boltzmann machine.

    python benchmarks/mnist_dbm.py mnist.npz

A machine of 784, 500 and 1000 units, pre-trained pair by pair with doubled weights, then trained
jointly, on rows 0-59999; reported once on rows 60000-69999, with log Z by annealed importance
sampling. On average AIS gives too small a log Z and so too large a bound, which is why its standard
error and effective sample size stand beside it, and reverse AIS from long Gibbs chains, which errs
the other way. Pixels are 1 above half of the range of grey levels. An interrupted run goes on from
its checkpoints. Writes `results/mnist_dbm.json`.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import machine as computer
import numpy as np
import recipes

import rbmbook as rb

# Mean test bound, nats. Its pixels are drawn with the grey level as probability, ours are cut at
# half: the two are not comparable. `results/mnist_500_half.json` has an RBM on the same pixels.
PUBLISHED = [("Salakhutdinov and Hinton 2009, sampled pixels (AIS)", -84.6)]
SIZES = (784, 500, 1000)


@dataclass(frozen=True)
class Recipe:
    """How the machine is trained and measured."""

    pre_epochs: int = 10
    pre_rate: float = 0.05
    epochs: int = 10
    chains: int = 100
    k: int = 5
    steps: int = 10
    batch_size: int = 100
    rate: float = 0.01
    last_rate: float = 0.0001
    weight_decay: float = 0.0002
    ais_chains: int = 100
    betas: int = 5_000
    burn_in: int = 2_000  # Gibbs steps to the samples of reverse AIS
    seed: int = 0


def train(X: np.ndarray, recipe: Recipe, work: Path) -> tuple[rb.DBM, list[float]]:
    """The machine, and its reconstruction errors by epoch."""
    dbm = rb.DBM.random(SIZES, rng=recipe.seed, data=X)
    common = {"batch_size": recipe.batch_size, "weight_decay": recipe.weight_decay}
    dbm.pretrain(
        X,
        epochs=recipe.pre_epochs,
        optimizer=rb.SGD(recipe.pre_rate),
        rng=recipe.seed,
        checkpoint=work / "dbm_pretrain.npz",
        **common,
    )
    updates = max(1, recipe.epochs * -(-len(X) // recipe.batch_size))
    rate = rb.optimize.linear_decay(recipe.rate, recipe.last_rate, updates)
    history = dbm.fit(
        X,
        epochs=recipe.epochs,
        chains=recipe.chains,
        k=recipe.k,
        steps=recipe.steps,
        optimizer=rb.SGD(rate),
        centered=True,
        rng=recipe.seed + 1,
        checkpoint=work / "dbm_fit.npz",
        **common,
    )
    return dbm, list(history.get("reconstruction_error", []))


def measure(dbm: rb.DBM, X: np.ndarray, test: np.ndarray, recipe: Recipe) -> dict[str, Any]:
    """The mean bound of the test rows with log Z from below and from above."""
    up = dbm.ais(recipe.ais_chains, recipe.betas, rng=2, data=X)
    rbm = dbm.as_rbm()
    rows = X[:: max(1, len(X) // recipe.ais_chains)][: recipe.ais_chains]
    hidden = (dbm.mean_field(rows).means[1] > 0.5).astype(np.float32)
    samples = rb.gibbs.run(rbm, np.hstack([rows, hidden]), recipe.burn_in, rng=3)
    base = dbm.base_data(X)
    down = rb.evaluate.reverse_ais(rbm, samples, recipe.betas, rng=4, data=base)
    unnormalised = dbm.bound(test, log_z=0.0).mean(dtype=np.float64)
    found = {"AIS": up, "reverse AIS": down}
    return {
        "log_z": {name: e.log_z for name, e in found.items()},
        "bound": {name: float(unnormalised - e.log_z) for name, e in found.items()},
        "std_error": {name: e.std_error for name, e in found.items()},
        "effective_sample_size": {name: e.effective_sample_size for name, e in found.items()},
        "warnings": {name: e.warning for name, e in found.items() if e.warning},
    }


def table(result: dict[str, Any]) -> str:
    """Our figures under the published one."""
    lines = ["784-500-1000: mean bound on the log-likelihood of the test rows, nats"]
    ours = [(f"rbmbook, {name}", value) for name, value in result["bound"].items()]
    lines += [f"  {who:50s} {value:9.2f}" for who, value in [*PUBLISHED, *ours]]
    lines += [f"  warning, {name}: {text}" for name, text in result["warnings"].items()]
    return "\n".join(lines)


def run(path: Path, recipe: Recipe, work: Path, results: Path, rows: int) -> None:
    """Train, measure, print, write."""
    work.mkdir(parents=True, exist_ok=True)
    digits = rb.data.mnist(path, binarize=0.5).X
    X, test = digits[:60_000][:rows], digits[60_000:][:rows]
    begin = time.perf_counter()
    dbm, errors = train(X, recipe, work)
    training = time.perf_counter() - begin
    result = {"recipe": asdict(recipe), "rows": len(X), "reconstruction_error": errors}
    result |= measure(dbm, X, test, recipe)
    measuring = time.perf_counter() - begin - training
    result["seconds"] = {"training": training, "measuring": measuring}
    result["machine"] = computer.describe()
    print(table(result), json.dumps(result["machine"]), json.dumps(result["seconds"]), sep="\n")
    results.mkdir(parents=True, exist_ok=True)
    (results / "mnist_dbm.json").write_text(json.dumps(result, indent=1, default=float) + "\n")


def main() -> None:
    """The command line; what is not given is the recipe's."""
    parser = recipes.parser(__doc__, Recipe)
    parser.add_argument("--rows", type=int, default=60_000, help="fewer, for a trial")
    options = parser.parse_args()
    recipe = recipes.changed(Recipe(), options)
    run(options.path, recipe, options.work, options.results, options.rows)


if __name__ == "__main__":
    main()
