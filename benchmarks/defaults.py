"""What every fit does without options on small data, beside a trivial model.

    python benchmarks/defaults.py --save after      all cells, five seeds each; then the table
    python benchmarks/defaults.py --only GAN        some cells, printed, nothing saved
    python benchmarks/defaults.py --table           the table from what is saved

A score is larger where the model is better; what it is stands in the table's first column.
"""

import argparse
import inspect
import json
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import machine
import numpy as np
import small_data
from defaults_table import NOTES, spread, table, verdict
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import rbmbook as rb
from rbmbook.data import Dataset

RESULTS = Path(__file__).parent / "results"
QUIET: dict[str, Any] = {"progress": False}
Scores = dict[str, float]  # "model", then the trivial models; the first of these is to be beaten

# -- trivial models ------------------------------------------------------------------------------


def independent_bits(train: np.ndarray, test: np.ndarray) -> float:
    """Mean log-likelihood in nats of independent units with the smoothed means."""
    p = (train.sum(axis=0) + 1) / (len(train) + 2)
    return float((test * np.log(p) + (1 - test) * np.log1p(-p)).sum(axis=1).mean())


def gaussian(train: np.ndarray, test: np.ndarray, full: bool) -> float:
    """Mean log-density in nats of one Gaussian with the full or the diagonal covariance."""
    covariance = np.atleast_2d(np.cov(train, rowvar=False, bias=True))
    sd = np.sqrt(np.diag(covariance))
    z = (test - train.mean(axis=0)) / sd
    correlation = covariance / np.outer(sd, sd) if full else np.eye(len(sd))
    square = np.einsum("ni,ni->n", z, np.linalg.solve(correlation, z.T).T).mean()
    log_det = np.linalg.slogdet(correlation)[1] + 2 * np.log(sd).sum()
    return float(-0.5 * (square + log_det + len(sd) * np.log(2 * np.pi)))


def probe(train: np.ndarray, y: np.ndarray, test: np.ndarray, y_test: np.ndarray) -> float:
    """Share of right labels by logistic regression."""
    return float(LogisticRegression(max_iter=2000).fit(train, y).score(test, y_test))


def standardized(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns of mean 0 and standard deviation 1 in training; constant ones are only shifted."""
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test)


# -- likelihood ----------------------------------------------------------------------------------


def log_likelihood(rbm: rb.RBM, train: np.ndarray, test: np.ndarray) -> float:
    """Mean log p of the held-out rows: exact, or with the larger of both sides' log Z by AIS."""
    rbm = rbm.astype(np.float64)
    if rbm.n_hidden <= 16 or (rbm.n_visible <= 16 and rbm.visible.levels is not None):
        return float(rb.exact.log_likelihood(rbm, test).mean())
    start = train[np.random.default_rng(0).integers(len(train), size=20)]
    samples = rb.gibbs.run(rbm, start, 500, rng=0)
    forward = rb.evaluate.ais(rbm, chains=20, betas=1000, rng=0, data=train)
    reverse = rb.evaluate.reverse_ais(rbm, samples, betas=1000, rng=0, data=train)
    return float(-rbm.free_energy(test).mean() - max(forward.log_z, reverse.log_z))


def bits(rbm: rb.RBM, train: Dataset, test: Dataset) -> Scores:
    """A trained binary machine beside independent units."""
    score = log_likelihood(rbm, train.X, test.X)
    return {"model": score, "independent units": independent_bits(train.X, test.X)}


def real(rbm: rb.RBM, train: Dataset, test: Dataset, scale: np.ndarray | float) -> Scores:
    """A trained Gaussian machine (of data divided by `scale`) beside one Gaussian.

    A constant column has no density: it counts with 0 for everybody, once the machine's own at the
    column's value, ½ log(γ / 2π), is taken off.
    """
    X, held_out = train.X / scale, test.X / scale
    varies = X.std(axis=0) > 1e-9 * np.abs(X).max(axis=0)
    score = log_likelihood(rbm, X, held_out)
    score -= 0.5 * (np.log(rbm.visible.precision()) - np.log(2 * np.pi))[~varies].sum()
    X, held_out = X[:, varies], held_out[:, varies]
    trivial = {
        "full covariance": gaussian(X, held_out, full=True),
        "independent Gaussians": gaussian(X, held_out, full=False),
    }
    return {"model": score} | trivial


def given(model: Any, X: np.ndarray) -> dict[str, Any]:
    """`data=X`, where a model's `random` takes it: at the commit of "before" some did not."""
    return {"data": X} if "data" in inspect.signature(model.random).parameters else {}


# -- models --------------------------------------------------------------------------------------


def normal(model: Callable, train: Dataset, test: Dataset, seed: int) -> Scores:
    """Data from one Gaussian: its full covariance is the truth, which no model passes.

    So the rival, which comes first, is the other trivial model.
    """
    scores = model(train, test, seed)
    name = next(name for name in ("full covariance", "one Gaussian") if name in scores)
    return scores | {f"{name}, the truth": scores.pop(name)}


def rbm_of_bits(train: Dataset, test: Dataset, seed: int) -> Scores:
    """`rb.fit` of 16 binary hidden units."""
    rbm = rb.RBM.random(train.X.shape[1], 16, rng=seed, data=train.X)
    rb.fit(rbm, train.X, rng=seed, **QUIET)
    return bits(rbm, train, test)


def rbm_of_numbers(train: Dataset, test: Dataset, seed: int) -> Scores:
    """`rb.fit` of 8 binary hidden units on real columns as they come."""
    rbm = rb.RBM.random(train.X.shape[1], 8, rng=seed, visible=rb.Gaussian(), data=train.X)
    rb.fit(rbm, train.X, rng=seed, **QUIET)
    return real(rbm, train, test, 1.0)


def bernoulli_estimator(train: Dataset, test: Dataset, seed: int) -> Scores:
    """`BernoulliRBM()`: likelihood."""
    return bits(rb.BernoulliRBM(random_state=seed).fit(train.X).rbm_, train, test)


def features(make: Callable, train: Dataset, test: Dataset, seed: int) -> Scores:
    """An estimator's features for logistic regression, beside those of random weights."""
    model, untrained = make(random_state=seed), make(random_state=seed, n_iter=0)
    rows = {}
    for name, transformer in (("model", model), ("random weights", untrained)):
        transformer.fit(train.X)
        rows[name] = probe(
            transformer.transform(train.X), train.y, transformer.transform(test.X), test.y
        )
    return rows | {"raw columns": probe(train.X, train.y, test.X, test.y)}


def gaussian_estimator(train: Dataset, test: Dataset, seed: int) -> Scores:
    """`GaussianRBM()`: likelihood, in the units in which it learned."""
    model = rb.GaussianRBM(random_state=seed).fit(train.X)
    move = model.scaler_.transform
    pair = (Dataset(move(part.X), part.y) for part in (train, test))
    return real(model.rbm_, *pair, 1.0)


def classifier(train: Dataset, test: Dataset, seed: int) -> Scores:
    """`RBMClassifier()` beside logistic regression and the most frequent label."""
    model = rb.RBMClassifier(random_state=seed).fit(train.X, train.y)
    X, held_out = standardized(train.X, test.X)
    return {
        "model": float(model.score(test.X, test.y)),
        "most frequent label": float(np.mean(test.y == np.bincount(train.y).argmax())),
        "logistic regression": probe(X, train.y, held_out, test.y),
    }


def network(train: Dataset, test: Dataset, seed: int, epochs: int | None = None) -> Scores:
    """`DBN.fit()`, then fine-tuning with labels, beside the same network from random weights."""
    sizes, classes = [train.X.shape[1], 100, 50], int(max(train.y.max(), test.y.max())) + 1
    dbn = rb.DBN.random(sizes, rng=seed, data=train.X)
    dbn.fit(train.X, rng=seed, **QUIET)
    options = QUIET | ({} if epochs is None else {"epochs": epochs})
    nets = {
        "model": dbn.classifier(classes, rng=seed),
        "random weights": rb.Network.random((*sizes, classes), rng=seed),
    }
    for net in nets.values():
        net.fit(train.X, train.y, rng=seed, **options)
    return {name: float(np.mean(net.predict(test.X) == test.y)) for name, net in nets.items()}


def top_features(train: Dataset, test: Dataset, seed: int) -> Scores:
    """`DBN.fit()`: logistic regression on the top features, beside an untrained network's."""
    sizes = [train.X.shape[1], 100, 50]
    dbn = rb.DBN.random(sizes, rng=seed, data=train.X)
    dbn.fit(train.X, rng=seed, **QUIET)
    net = rb.Network.random(sizes, output="sigmoid", rng=seed)
    ways = {"model": dbn.transform, "random weights": net}
    return {name: probe(way(train.X), train.y, way(test.X), test.y) for name, way in ways.items()}


def deep_machine(train: Dataset, test: Dataset, seed: int, pretrain: bool = True) -> Scores:
    """The bound of a DBM after `pretrain()` and `fit()`, or `fit()` alone; log Z is exact."""
    dbm = rb.DBM.random([train.X.shape[1], 16, 8], rng=seed, data=train.X)
    if pretrain:
        dbm.pretrain(train.X, rng=seed, **QUIET)
    dbm.fit(train.X, rng=seed, **QUIET)
    score = float(dbm.bound(test.X).mean())
    return {"model": score, "independent units": independent_bits(train.X, test.X)}


def autoencoder(train: Dataset, test: Dataset, seed: int, output: str = "sigmoid") -> Scores:
    """Minus the squared reconstruction error per row, beside PCA's with as many components."""
    D = train.X.shape[1]
    code = min(16, D // 2) if D > 3 else 1
    ae = rb.Autoencoder.random((D, code), output=output, rng=seed, **given(rb.Autoencoder, train.X))
    ae.fit(train.X, rng=seed, **QUIET)
    pca = PCA(code, random_state=0).fit(train.X)
    mean = np.broadcast_to(train.X.mean(axis=0), test.X.shape)
    answers = {
        "model": ae.reconstruct(test.X),
        "mean": mean,
        "PCA": pca.inverse_transform(pca.transform(test.X)),
    }
    return {k: -float(((test.X - x) ** 2).sum(axis=1).mean()) for k, x in answers.items()}


def unscaled(train: Dataset, test: Dataset, seed: int) -> Scores:
    """Minus the mean squared error of an entry, in units of the columns' sd in training."""
    D = train.X.shape[1]
    code = min(16, D // 2)
    ae = rb.Autoencoder.random((D, code), output="identity", rng=seed)
    ae.fit(train.X, rng=seed, **QUIET)
    scaler = StandardScaler().fit(train.X)
    z, pca = scaler.transform(test.X), PCA(code, random_state=0).fit(scaler.transform(train.X))
    answers = {
        "model": scaler.transform(ae.reconstruct(test.X).astype(np.float64)),
        "mean": np.zeros_like(z),
        "PCA": pca.inverse_transform(pca.transform(z)),
    }
    return {name: -float(((z - answer) ** 2).mean()) for name, answer in answers.items()}


def game(train: Dataset, test: Dataset, seed: int) -> Scores:
    """Minus the MMD² of a GAN's samples to the held-out rows, beside those of Gaussians."""
    rng, D = np.random.default_rng(seed), train.X.shape[1]
    gan = rb.GAN.random(D, D, rng=seed, **given(rb.GAN, train.X))
    gan.fit(train.X, rng=seed, **QUIET)
    normal = rng.multivariate_normal(train.X.mean(axis=0), np.cov(train.X, rowvar=False), 1000)
    independent = rng.normal(train.X.mean(axis=0), train.X.std(axis=0), (1000, D))
    scaler = StandardScaler().fit(train.X)  # leaves a constant column's scale
    made = {
        "model": gan.sample(1000, rng=seed),
        "one Gaussian": normal,
        "independent Gaussians": independent,
    }
    return {
        name: -rb.two_sample.mmd(*map(scaler.transform, (test.X, x)), 0.5, permutations=1).value
        for name, x in made.items()
    }


# -- cells ---------------------------------------------------------------------------------------

Cell = Callable[[int], Scores]


def cell(model: Callable, data: Callable) -> Cell:
    """A model on a data set, as a function of the seed."""

    def run(seed: int) -> Scores:
        return model(*data(seed), seed)

    return run


BINARY, REAL = small_data.BINARY, small_data.REAL
FEW = {"10 digits": partial(small_data.digits, rows=10)}
LABELLED = {k: v for k, v in BINARY.items() if "patterns" not in k}
GREY = {"grey digits": partial(small_data.digits, grey=True)}
TRUE_GAUSSIAN = {k: v for k, v in REAL.items() if "normal" in k}
STATES = {k: v for k, v in REAL.items() if "normal" not in k}
CLOUDS = {k: v for k, v in REAL.items() if "sensors" not in k}
# of 500 columns every row is far from every other: no MMD² tells anything
UNSCALED = {k: v for k, v in small_data.UNSCALED.items() if "500" not in k}
ONE_GAUSSIAN = {k: v for k, v in UNSCALED.items() if "states" not in k}
ROWS: list[tuple[str, Callable, dict[str, Callable]]] = [
    ("rb.fit, binary: log-likelihood", rbm_of_bits, BINARY | FEW),
    ("rb.fit, Gaussian: log-density", rbm_of_numbers, STATES),
    ("rb.fit, Gaussian: log-density, truth", partial(normal, rbm_of_numbers), TRUE_GAUSSIAN),
    ("BernoulliRBM: log-likelihood", bernoulli_estimator, BINARY),
    ("BernoulliRBM: features", partial(features, rb.BernoulliRBM), GREY | LABELLED),
    ("GaussianRBM: log-density", gaussian_estimator, STATES),
    ("GaussianRBM: log-density, truth", partial(normal, gaussian_estimator), TRUE_GAUSSIAN),
    ("GaussianRBM: features", partial(features, rb.GaussianRBM), GREY),
    ("RBMClassifier: accuracy", classifier, GREY | BINARY | STATES),
    ("DBN.fit, fine-tuned: accuracy", network, GREY | LABELLED),
    ("DBN.fit, 20 epochs of fine-tuning", partial(network, epochs=20), GREY | LABELLED),
    ("DBN.fit: features", top_features, GREY | LABELLED),
    ("DBM.pretrain, fit: bound", deep_machine, BINARY | FEW),
    ("DBM.fit: bound", partial(deep_machine, pretrain=False), BINARY | FEW),
    ("Autoencoder: −error", autoencoder, GREY | BINARY),
    ("Autoencoder, identity: −error", partial(autoencoder, output="identity"), CLOUDS),
    ("Autoencoder, identity: −error in sd²", unscaled, small_data.UNSCALED),
    ("GAN: −MMD²", game, CLOUDS),
    ("GAN, unscaled: −MMD²", game, {k: v for k, v in UNSCALED.items() if "states" in k}),
    ("GAN, unscaled: −MMD², truth", partial(normal, game), ONE_GAUSSIAN),
]
CELLS: dict[str, dict[str, Cell]] = {
    title: {name: cell(model, data) for name, data in sets.items()} for title, model, sets in ROWS
}


def measured(run: Cell, seeds: range) -> dict[str, list[float]]:
    """The scores of every seed; of a model whose training diverges, −inf."""
    found: dict[str, list[float]] = {}
    for seed in seeds:
        try:
            scores = run(seed)
        except rb.DivergenceError:
            scores = {"model": -np.inf}
        for name, score in scores.items():
            found.setdefault(name, []).append(score)
    return found


# -- the command ---------------------------------------------------------------------------------


def load(name: str) -> dict:
    """The scores that were saved under this name; empty if there are none."""
    path = RESULTS / f"defaults_{name}.json"
    return json.loads(path.read_text())["scores"] if path.exists() else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="cells whose title or data contain this")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--save", choices=("before", "after"))
    parser.add_argument("--table", action="store_true", help="print what is saved")
    options = parser.parse_args()
    if options.table:
        print(table(CELLS, load("before"), load("after")), NOTES, sep="\n\n")
        return
    scores: dict[str, dict] = {}
    for title, cells in CELLS.items():
        for name, run in cells.items():
            if options.only not in f"{title} / {name}":
                continue
            begin = time.process_time()
            found = measured(run, range(options.seeds))
            scores.setdefault(title, {})[name] = found
            seconds = (time.process_time() - begin) / options.seeds
            text = "; ".join(f"{k} {spread(v)}" for k, v in found.items())
            print(f"{title} | {name} | {text} | {verdict(found)} ({seconds:.1f} s)", flush=True)
    if options.save:
        path = RESULTS / f"defaults_{options.save}.json"
        kept = load(options.save)  # of cells that were not run now
        for title, cells in scores.items():
            kept.setdefault(title, {}).update(cells)
        content = {"machine": machine.describe(), "seeds": options.seeds, "scores": kept}
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        text = table(CELLS, load("before"), load("after"))
        (RESULTS / "defaults.md").write_text(f"{text}\n\n{NOTES}")


if __name__ == "__main__":
    warnings.simplefilter("ignore", RuntimeWarning)
    main()
