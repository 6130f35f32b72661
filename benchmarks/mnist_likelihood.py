"""Test log-likelihood of MNIST under machines of 16 and of 500 hidden units.

    python benchmarks/mnist_likelihood.py mnist.npz --machines 16 500

Trained on rows 0-49999, the epoch and the parameters (last or averaged) chosen on rows
50000-59999, reported on rows 60000-69999. With `--binarize half` (the default) a pixel is 1 where
its grey level is above half of the range (level > 127.5 of 255); with `--binarize sample` it is 1
with its grey level as probability, drawn once: noisier pictures, of lower likelihood; with
`--anew 1` training sees pixels that are drawn anew every time, which cannot be learned by heart,
and a run does not go on from a checkpoint. With 16
hidden units log Z is exact; with 500 it is bracketed by annealed importance sampling (AIS) and
reverse AIS, whose samples are long Gibbs chains from training rows. The test rows are
looked at once, at the end. An interrupted run goes on from its checkpoint and ends with the same
machine. Prints a table beside published figures; writes `results/mnist_<hidden>_<binarize>.json`.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import machine as computer
import numpy as np
import recipes
from clock import Clock

import rbmbook as rb

# Mean test log-likelihood, nats, and whose it is. How the pixels were made binary is not said with
# all of them, and it matters by several nats.
PUBLISHED = {
    16: [
        ("PyDeep, plain gradient (exact)", -149.1),
        ("PyDeep, centered (exact)", -142.6),
    ],
    500: [
        ("Salakhutdinov and Murray 2008, CD-25 (AIS)", -86.3),
        ("PyDeep, centered (AIS)", -84.9),
        ("PyDeep, centered (reverse AIS)", -96.6),
    ],
}
# Chains and temperatures of a look. Fewer temperatures make log Z too small by several nats at
# times, and the choice of the best score then takes such a machine.
LOOK = (100, 2000)
ROWS = {"train": slice(0, 50_000), "choose": slice(50_000, 60_000), "test": slice(60_000, 70_000)}


@dataclass(frozen=True)
class Recipe:
    """How a machine of one size is trained and measured."""

    hidden: int
    epochs: int
    chains: int  # persistent ones
    steps: int = 1  # Gibbs steps of the chains before an update
    batch_size: int = 100
    rate: float = 0.05
    last_rate: float = 0.0005
    weight_decay: float = 0.0
    scale: float = 0.01
    look_every: int = 5  # epochs between looks at the rows of the choice
    ais_chains: int = 200
    betas: int = 5_000
    burn_in: int = 2_000  # Gibbs steps to the samples of reverse AIS
    binarize: str = "half"
    anew: int = 0  # 1 if training sees pixels that are drawn anew every time
    seed: int = 0


RECIPES = {
    16: Recipe(hidden=16, epochs=40, chains=200, rate=0.1),
    500: Recipe(hidden=500, epochs=50, chains=200),
}


def file_name(recipe: Recipe) -> str:
    """What a recipe's files are called."""
    return f"{recipe.hidden}_{recipe.binarize}" + recipe.anew * "_anew"


class Drawn(rb.validation.Rows):
    """Grey pictures as states: every time a row is asked for, its pixels are drawn anew."""

    dtype = np.dtype(np.uint8)

    def __init__(self, grey: np.ndarray, seed: int) -> None:
        self.grey, self.shape, self.rng = grey, grey.shape, np.random.default_rng(seed)

    def __getitem__(self, rows: Any) -> np.ndarray:
        """A pixel is 1 with probability grey / 255."""
        grey = self.grey[rows]
        return (self.rng.integers(255, size=grey.shape, dtype=np.uint8) < grey).astype(np.uint8)


class Averaged:
    """Gradient ascent that also keeps an average of the parameters along its path.

    The average is over about the last tenth of all updates: θ̄ ← θ̄ + (θ − θ̄) (γ + 1) / (t + γ + 1)
    with γ = 9, the polynomial-decay averaging of Shamir and Zhang (2013), section 4. It is part of
    the memory, so a checkpoint keeps it.
    """

    def __init__(self, inner: rb.SGD, gamma: float = 9.0) -> None:
        self.inner, self.gamma = inner, gamma
        self.average: list[np.ndarray] = []

    def start(self, parameters: Any) -> list[np.ndarray]:
        """The inner optimizer's memory, then the average."""
        memory = self.inner.start(parameters)
        self.average = [p.copy() for p in parameters]
        return [*memory, *self.average]

    def step(self, parameters: Any, gradient: Any, memory: list[np.ndarray], update: int) -> None:
        """One step of the inner optimizer, then one of the average."""
        n = len(self.average)
        self.inner.step(parameters, gradient, memory[:-n], update)
        share = (self.gamma + 1) / (update + self.gamma + 1)
        for p, average in zip(parameters, memory[-n:], strict=True):
            average += p.dtype.type(share) * (p - average)

    def machine(self) -> rb.RBM:
        """The machine of the averaged parameters."""
        return rb.RBM(*self.average)


class Chooser:
    """A callback that keeps the machine which is best on the rows of the choice."""

    def __init__(self, X: np.ndarray, recipe: Recipe, optimizer: Averaged, path: Path) -> None:
        self.X, self.recipe, self.optimizer, self.path = X, recipe, optimizer, path
        notes = path.with_suffix(".json")
        known = json.loads(notes.read_text()) if notes.exists() else {}
        self.best, self.looks = known.get("best", -np.inf), known.get("looks", [])

    def __call__(self, rbm: rb.RBM, history: rb.History) -> None:
        """Look now and then, and at the end."""
        epoch = history.epochs
        if epoch % self.recipe.look_every and epoch != self.recipe.epochs:
            return
        for which, candidate in (("last", rbm), ("averaged", self.optimizer.machine())):
            score = float(-candidate.free_energy(self.X).mean() - self.log_z(candidate))
            if score > self.best:
                self.best = score
                candidate.save(self.path)
            self.looks.append([epoch, which, round(score, 3)])
            print(f"  epoch {epoch:4d}  {which:8s}  {score:9.3f} nats", flush=True)
        notes = {"best": self.best, "looks": self.looks}
        self.path.with_suffix(".json").write_text(json.dumps(notes))

    def log_z(self, rbm: rb.RBM) -> float:
        """Exact where it can be, otherwise a quick AIS: it only ranks."""
        if self.recipe.hidden <= 20:
            return rb.exact.log_partition(rbm)
        return rb.evaluate.ais(rbm, *LOOK, rng=1, data=self.X).log_z


def train(
    X: dict[str, np.ndarray], recipe: Recipe, work: Path, clock: Clock | None = None
) -> tuple[rb.RBM, list, float]:
    """The chosen machine, the looks it was chosen by, and how many seconds it took in all."""
    rows = X.get("grey", X["train"])
    updates = recipe.epochs * -(-rows.shape[0] // recipe.batch_size)
    rate = rb.optimize.linear_decay(recipe.rate, recipe.last_rate, updates)
    optimizer = Averaged(rb.SGD(rate))
    best = work / f"best_{file_name(recipe)}.npz"
    chooser = Chooser(X["choose"], recipe, optimizer, best)
    size = (X["train"].shape[1], recipe.hidden)
    rbm = rb.RBM.random(
        *size, rng=recipe.seed, scale=recipe.scale, data=X["train"], dtype=np.float32
    )
    history = rb.fit(
        rbm,
        rows,
        rb.PCD(recipe.steps, recipe.chains),
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=optimizer,
        weight_decay=recipe.weight_decay,
        centered=True,
        rng=recipe.seed,
        progress=False,
        callbacks=[chooser] if clock is None else [clock, chooser, clock.restart],
        checkpoint=None if recipe.anew else work / f"checkpoint_{file_name(recipe)}.npz",
    )
    return rb.RBM.load(best), chooser.looks, history["seconds"][-1]


def measure(rbm: rb.RBM, X: dict[str, np.ndarray], recipe: Recipe) -> dict[str, Any]:
    """Mean log-likelihoods of the chosen machine; log Z exact or bracketed."""
    rbm = rbm.astype(np.float64)
    unnormalised = {part: float(-rbm.free_energy(X[part]).mean()) for part in ("train", "test")}
    if recipe.hidden <= 20:
        log_z = {"exact": rb.exact.log_partition(rbm)}
        extra = {}
    else:
        base = {"betas": recipe.betas, "data": X["train"]}
        up = rb.evaluate.ais(rbm, chains=recipe.ais_chains, rng=2, **base)
        start = X["train"][:: len(X["train"]) // recipe.ais_chains][: recipe.ais_chains]
        samples = rb.gibbs.run(rbm, start, recipe.burn_in, rng=3)
        down = rb.evaluate.reverse_ais(rbm, samples, rng=4, **base)
        both = rb.evaluate.bridge(up, down)
        found = {"AIS": up, "reverse AIS": down, "bridge": both}
        log_z = {name: estimate.log_z for name, estimate in found.items()}
        extra = {
            "std_error": {name: e.std_error for name, e in found.items()},
            "effective_sample_size": {n: e.effective_sample_size for n, e in found.items()},
            "warnings": {name: e.warning for name, e in found.items() if e.warning},
        }
    scores = {
        part: {name: mean - z for name, z in log_z.items()} for part, mean in unnormalised.items()
    }
    return {"log_z": log_z, "log_likelihood": scores, **extra}


def table(result: dict[str, Any]) -> str:
    """Our figures under the published ones."""
    hidden = result["recipe"]["hidden"]
    how = result["recipe"]["binarize"]
    lines = [f"784 × {hidden}: mean log-likelihood of the test rows, nats (binarize: {how})"]
    lines += [f"  {who:46s} {value:9.2f}" for who, value in PUBLISHED[hidden]]
    test, train_ = (result["log_likelihood"][part] for part in ("test", "train"))
    for name in test:
        lines.append(f"  {'rbmbook, ' + name:46s} {test[name]:9.2f}   (train {train_[name]:.2f})")
    lines += [f"  warning, {name}: {text}" for name, text in result.get("warnings", {}).items()]
    return "\n".join(lines)


def run(path: Path, recipe: Recipe, work: Path, results: Path) -> dict[str, Any]:
    """Train, measure, print, write."""
    work.mkdir(parents=True, exist_ok=True)
    how = 0.5 if recipe.binarize == "half" else "sample"
    digits = rb.data.mnist(path, binarize=how, rng=recipe.seed).X
    X: dict[str, Any] = {part: digits[rows] for part, rows in ROWS.items()}
    if recipe.anew:
        grey = rb.data.mnist(path, binarize=None).X[ROWS["train"]]
        X["grey"] = Drawn(np.rint(255 * grey).astype(np.uint8), recipe.seed)
    print(f"784 × {recipe.hidden}: {recipe}", flush=True)
    rbm, looks, seconds = train(X, recipe, work)
    begin = time.perf_counter()
    result = {"recipe": asdict(recipe), "looks": looks, **measure(rbm, X, recipe)}
    measuring = time.perf_counter() - begin
    result["seconds"] = {"training": seconds, "measuring": measuring}
    result["machine"] = computer.describe()
    print(table(result), json.dumps(result["machine"]), json.dumps(result["seconds"]), sep="\n")
    results.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=1, default=float)
    (results / f"mnist_{file_name(recipe)}.json").write_text(text + "\n")
    return result


def arguments() -> argparse.Namespace:
    """The command line; what is not given is the recipe's."""
    parser = recipes.parser(__doc__)
    parser.add_argument("--machines", type=int, nargs="+", choices=sorted(RECIPES), default=[16])
    changes: list[tuple[str, Callable]] = [
        ("epochs", int), ("batch_size", int), ("chains", int), ("seed", int), ("rate", float),
        ("last_rate", float), ("weight_decay", float), ("scale", float), ("look_every", int),
        ("ais_chains", int), ("betas", int), ("burn_in", int), ("binarize", str), ("steps", int),
        ("anew", int),
    ]  # fmt: skip
    for name, kind in changes:
        choices = ["half", "sample"] if name == "binarize" else None
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, choices=choices)
    options = parser.parse_args()
    options.changes = {
        name: getattr(options, name) for name, _ in changes if getattr(options, name) is not None
    }
    return options


if __name__ == "__main__":
    options = arguments()
    for hidden in options.machines:
        recipe = replace(RECIPES[hidden], **options.changes)
        run(options.path, recipe, options.work, options.results)
