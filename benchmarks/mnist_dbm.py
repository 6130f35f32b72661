"""Variational bound on the test log-likelihood of MNIST under a deep Boltzmann machine.

    python benchmarks/mnist_dbm.py mnist.npz
    python benchmarks/mnist_dbm.py mnist.npz --choose --epochs 30 --rate 0.05 --last-rate 0.0005 \\
        --chains 200 --ais-chains 200 --betas 10000

A machine of 784, 500 and 1000 units, pre-trained pair by pair with doubled weights, then trained
jointly, on rows 0-59999; reported once on rows 60000-69999, with log Z by annealed importance
sampling. On average AIS gives too small a log Z and so too large a bound, which is why its standard
error and effective sample size stand beside it, and reverse AIS from long Gibbs chains, which errs
the other way; the bridge takes both. Pixels are 1 above half of the range of grey levels.

With `--choose` it is trained as the restricted machine of `mnist_likelihood.py` is: on rows
0-49999, with parameters averaged along the way; the epoch, and the last or the averaged parameters,
are chosen on a fifth of rows 50000-59999. Beside it are then trained restricted machines by the
recipe of `mnist_likelihood.py`, of as many hidden units as `--rivals` says: 500, or 1138, which
have as many parameters as the deep one. Each runs for as many epochs as fill the seconds of the
processor that the deep machine took, pre-training included. An interrupted run goes on from its
checkpoints. Writes `results/mnist_dbm.json`, or `results/mnist_dbm_chosen.json`, the latter anew
after every machine.
"""

import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import machine as computer
import mnist_likelihood as likelihood
import numpy as np
import recipes
from clock import Clock
from mnist_likelihood import ROWS, Averaged
from scipy.special import logsumexp

import rbmbook as rb

# Mean test bound, nats. Its pixels are drawn with the grey level as probability, ours are cut at
# half: the two are not comparable. `results/mnist_500_half.json` has an RBM on the same pixels.
PUBLISHED = ("Salakhutdinov and Hinton 2009, sampled pixels (AIS)", -84.6)
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


LOOK_EVERY = 10  # epochs between looks at the rows of the choice
DIGITS, SAMPLES = 500, 100  # for the distance of the bound from log p
WARM_UP = 3  # epochs of a restricted machine, of which the last is timed


def averaged(dbm: rb.DBM, optimizer: Averaged) -> rb.DBM:
    """The machine of the averaged parameters."""
    copy = dbm.copy()
    for own, average in zip(copy.machine.parameters, optimizer.average, strict=True):
        own[:] = average
    return copy


def base_rows(dbm: rb.DBM, X: np.ndarray) -> np.ndarray:
    """Rows for annealing's base: pixels at their mean, layer 2 at the mean of its means given data.

    From there the weights of annealed chains scatter less than from fair coins in layer 2.
    """
    base = np.array(dbm.base_data(X)[0])
    base[X.shape[1] :] = dbm.mean_field(X[:: max(1, len(X) // 2000)]).means[1].mean(axis=0)
    return np.broadcast_to(base, (len(X), len(base)))


class Chooser:
    """A callback that keeps the machine which is best on the rows of the choice."""

    def __init__(
        self, X: dict[str, np.ndarray], recipe: Recipe, optimizer: Averaged, path: Path
    ) -> None:
        self.X, self.recipe, self.optimizer, self.path = X, recipe, optimizer, path
        notes = path.with_suffix(".json")
        known = json.loads(notes.read_text()) if notes.exists() else {}
        self.best, self.looks = known.get("best", -np.inf), known.get("looks", [])

    def __call__(self, dbm: rb.DBM, history: rb.History) -> None:
        """Look now and then, and at the end."""
        epoch = history.epochs
        print(f"  epoch {epoch:4d}", flush=True)
        if epoch % LOOK_EVERY and epoch != self.recipe.epochs:
            return
        for which, candidate in (("last", dbm), ("averaged", averaged(dbm, self.optimizer))):
            base = base_rows(candidate, self.X["train"])
            log_z = rb.evaluate.ais(candidate.as_rbm(), *likelihood.LOOK, rng=1, data=base)
            score = float(candidate.bound(self.X["choose"][::5], log_z).mean(dtype=np.float64))
            if score > self.best:
                self.best = score
                candidate.save(self.path)
            self.looks.append([epoch, which, round(score, 3)])
            print(f"  epoch {epoch:4d}  {which:8s}  {score:9.3f} nats", flush=True)
        notes = {"best": self.best, "looks": self.looks}
        self.path.with_suffix(".json").write_text(json.dumps(notes))


def train(
    X: dict[str, np.ndarray], recipe: Recipe, work: Path
) -> tuple[rb.DBM, dict[str, Any], dict[str, float]]:
    """The machine, how it was chosen (if there are rows for that), and the seconds it took."""
    dbm = rb.DBM.random(SIZES, rng=recipe.seed, data=X["train"])
    common = {"batch_size": recipe.batch_size, "weight_decay": recipe.weight_decay}
    before = Clock(work / "clock_pretrain.json")
    dbm.pretrain(
        X["train"],
        epochs=recipe.pre_epochs,
        optimizer=rb.SGD(recipe.pre_rate),
        rng=recipe.seed,
        progress=False,
        callbacks=[before],
        checkpoint=work / "dbm_pretrain.npz",
        **common,
    )
    updates = max(1, recipe.epochs * -(-len(X["train"]) // recipe.batch_size))
    rate = rb.optimize.linear_decay(recipe.rate, recipe.last_rate, updates)
    optimizer = Averaged(rb.SGD(rate)) if "choose" in X else rb.SGD(rate)
    chooser = Chooser(X, recipe, optimizer, work / "best_dbm.npz") if "choose" in X else None
    joint = Clock(work / "clock_fit.json")
    history = dbm.fit(
        X["train"],
        rb.PCD(k=recipe.k, chains=recipe.chains),
        epochs=recipe.epochs,
        steps=recipe.steps,
        optimizer=optimizer,
        centered=True,
        rng=recipe.seed + 1,
        progress=False,
        callbacks=[joint] if chooser is None else [joint, chooser, joint.restart],
        checkpoint=work / "dbm_fit.npz",
        **common,
    )
    seconds = {
        "pre-training": before.wall,
        "joint training": joint.wall,
        "processor": before.processor + joint.processor,
    }
    if chooser is None:
        return dbm, {"reconstruction_error": list(history["reconstruction_error"])}, seconds
    return rb.DBM.load(chooser.path), {"looks": chooser.looks}, seconds


def measure(dbm: rb.DBM, X: dict[str, np.ndarray], recipe: Recipe) -> dict[str, Any]:
    """The mean bound of the test rows with log Z from below, from above, and from both."""
    rbm, base = dbm.as_rbm(), base_rows(dbm, X["train"])
    up = rb.evaluate.ais(rbm, recipe.ais_chains, recipe.betas, rng=2, data=base)
    rows = X["train"][:: max(1, len(X["train"]) // recipe.ais_chains)][: recipe.ais_chains]
    hidden = (dbm.mean_field(rows).means[1] > 0.5).astype(np.float32)
    samples = rb.gibbs.run(rbm, np.hstack([rows, hidden]), recipe.burn_in, rng=3)
    down = rb.evaluate.reverse_ais(rbm, samples, recipe.betas, rng=4, data=base)
    unnormalised = dbm.bound(X["test"], log_z=0.0).mean(dtype=np.float64)
    found = {"AIS": up, "reverse AIS": down, "bridge": rb.evaluate.bridge(up, down)}
    return {
        "log_z": {name: e.log_z for name, e in found.items()},
        "bound": {name: float(unnormalised - e.log_z) for name, e in found.items()},
        "std_error": {name: e.std_error for name, e in found.items()},
        "effective_sample_size": {name: e.effective_sample_size for name, e in found.items()},
        "warnings": {name: e.warning for name, e in found.items() if e.warning},
        "slack": slack(dbm, X["test"]),
    }


def slack(dbm: rb.DBM, X: np.ndarray) -> dict[str, float]:
    """How far the bound is below log p(v), on average over some digits, by importance sampling.

    Layer 2 is drawn from its mean-field means, layer 1 is summed out. The logarithm of the mean of
    the weights is on average below log p(v), so this errs to the side of too little.
    """
    dbm, rng = dbm.astype(np.float64), np.random.default_rng(5)
    rows = X[:: max(1, len(X) // DIGITS)][:DIGITS].astype(float)
    (W0, W1), (b0, b1, b2) = dbm.weights, dbm.biases
    means, own = dbm.mean_field(rows).means[1], dbm.bound(rows, log_z=0.0) - rows @ b0
    apart, sizes = np.empty(len(rows)), np.empty(len(rows))
    for k, (v, m) in enumerate(zip(rows, np.clip(means, 1e-12, 1 - 1e-12), strict=True)):
        x = (rng.random((SAMPLES, len(m))) < m).astype(float)
        log_w = x @ (b2 - np.log(m / (1 - m))) - np.log1p(-m).sum()  # −E of layer 2, less log q
        log_w += np.logaddexp(0, b1 + v @ W0 + x @ W1.T).sum(axis=1)
        log_sum = logsumexp(log_w)
        apart[k] = log_sum - np.log(SAMPLES) - own[k]
        sizes[k] = np.exp(2 * log_sum - logsumexp(2 * log_w))
    found = {"mean": apart.mean(), "least": apart.min(), "largest": apart.max()}
    found["median effective sample size"] = np.median(sizes)
    return {"digits": len(rows), "samples": SAMPLES} | {k: float(x) for k, x in found.items()}


def epochs_within(budget: float, recipe: likelihood.Recipe, X: np.ndarray, work: Path) -> int:
    """How many epochs of a restricted machine fill these seconds of the processor."""
    note = work / f"epochs_{likelihood.file_name(recipe)}.json"
    if note.exists():  # an interrupted run goes on with the same recipe
        return json.loads(note.read_text())
    clock = Clock(work / "clock_warm_up.json")
    before = [clock.processor]
    rb.fit(
        rb.RBM.random(X.shape[1], recipe.hidden, rng=recipe.seed, data=X, dtype=np.float32),
        X,
        rb.PCD(recipe.steps, recipe.chains),
        epochs=WARM_UP,
        batch_size=recipe.batch_size,
        optimizer=Averaged(rb.SGD(recipe.rate)),
        centered=True,
        rng=recipe.seed,
        progress=False,
        callbacks=[clock, lambda rbm, history: before.append(clock.processor)],
    )
    epochs = max(1, round(budget / (before[-1] - before[-2])))
    note.write_text(json.dumps(epochs))
    return epochs


def flat_recipe(hidden: int, recipe: Recipe) -> likelihood.Recipe:
    """The recipe of a restricted machine, measured as the deep one is."""
    own = replace(likelihood.RECIPES[500], hidden=hidden, seed=recipe.seed)
    return replace(own, ais_chains=recipe.ais_chains, betas=recipe.betas, burn_in=recipe.burn_in)


def rival(hidden: int, X: dict[str, np.ndarray], epochs: int, recipe: Recipe, work: Path) -> dict:
    """A restricted machine with the deep one's budget, trained, chosen and measured likewise."""
    own = replace(flat_recipe(hidden, recipe), epochs=epochs, look_every=max(1, epochs // 10))
    print(f"{X['train'].shape[1]} × {hidden}: {own}", flush=True)
    clock = Clock(work / f"clock_{likelihood.file_name(own)}.json")
    rbm, looks, _ = likelihood.train(X, own, work, clock)
    begin = time.perf_counter()
    found = {"recipe": asdict(own), "looks": looks, **likelihood.measure(rbm, X, own)}
    measuring = time.perf_counter() - begin
    seconds = {"training": clock.wall, "processor": clock.processor, "measuring": measuring}
    return found | {"seconds": seconds}


def table(result: dict[str, Any], results: Path) -> str:
    """Our figures, those of the restricted machines, and the published one."""
    lines = ["784-500-1000: mean bound on the log-likelihood of the test rows, nats"]
    ours = [(f"rbmbook, {name}", value) for name, value in result["bound"].items()]
    flat = results / "mnist_500_half.json"
    others = {"784 × 500, 50 epochs": json.loads(flat.read_text())} if flat.exists() else {}
    for name, found in (others | result.get("rivals", {})).items():
        scores = found["log_likelihood"]["test"]
        ours += [(f"{name}, log-likelihood, {side}", value) for side, value in scores.items()]
    lines += [f"  {who:50s} {value:9.2f}" for who, value in [*ours, PUBLISHED]]
    lines += [f"  warning, {name}: {text}" for name, text in result["warnings"].items()]
    return "\n".join(lines)


def run(
    path: Path,
    recipe: Recipe,
    work: Path,
    results: Path,
    rows: int,
    choose: bool,
    rivals: tuple[int, ...] = (),
) -> None:
    """Train, measure, print, write."""
    work = work / "dbm_chosen" if choose else work
    work.mkdir(parents=True, exist_ok=True)
    results.mkdir(parents=True, exist_ok=True)
    digits = rb.data.mnist(path, binarize=0.5).X
    where = ROWS if choose else {"train": slice(0, 60_000), "test": ROWS["test"]}
    X = {part: digits[part_rows][:rows] for part, part_rows in where.items()}
    file = results / ("mnist_dbm_chosen.json" if choose else "mnist_dbm.json")

    def write(result: dict[str, Any]) -> None:
        print(table(result, results), json.dumps(result["seconds"]), sep="\n", flush=True)
        file.write_text(json.dumps(result, indent=1, default=float) + "\n")

    dbm, how, seconds = train(X, recipe, work)
    result = {"recipe": asdict(recipe), "rows": len(X["train"]), **how}
    kept = work / "measured_dbm.json"  # an interrupted run does not measure twice
    if not kept.exists():
        begin = time.perf_counter()
        measured = measure(dbm, X, recipe)
        measured["measuring"] = time.perf_counter() - begin
        kept.write_text(json.dumps(measured, default=float))
    measured = json.loads(kept.read_text())
    result["seconds"] = seconds | {"measuring": measured.pop("measuring")}
    result |= measured
    result["machine"] = computer.describe()
    names = {f"{X['train'].shape[1]} × {hidden}": hidden for hidden in rivals if choose}
    budget = seconds["processor"]
    result["equal_epochs"] = {
        name: epochs_within(budget, flat_recipe(hidden, recipe), X["train"], work)
        for name, hidden in names.items()
    }
    write(result)
    for name, hidden in names.items():
        found = rival(hidden, X, result["equal_epochs"][name], recipe, work)
        result["rivals"] = result.get("rivals", {}) | {name: found}
        write(result)


def main() -> None:
    """The command line; what is not given is the recipe's."""
    parser = recipes.parser(__doc__, Recipe)
    parser.add_argument("--rows", type=int, default=60_000, help="fewer, for a trial")
    parser.add_argument("--choose", action="store_true", help="averaged, chosen by held-out rows")
    parser.add_argument("--rivals", type=int, nargs="*", default=[500, 1138], help="with --choose")
    options = parser.parse_args()
    recipe = recipes.changed(Recipe(), options)
    own, choose, rivals = options.results, options.choose, tuple(options.rivals)
    run(options.path, recipe, options.work, own, options.rows, choose, rivals)


if __name__ == "__main__":
    main()
