"""Every public function refuses what is wrong by the argument's name: one line each.

What a *check* refuses stands in `test_validation.py`, once for all of them. Here each argument of
each function gets one value that its check refuses, which shows that the function uses it. A public
function without a line, or an argument without a kind, fails the last tests.
"""

import inspect

import numpy as np
import pytest

import rbmbook as rb

rng = np.random.default_rng(0)
V = (rng.random((6, 4)) < 0.5) * 1.0
H = (rng.random((6, 3)) < 0.5) * 1.0
REAL = rng.normal(size=(6, 4))
LABELS = np.array([0, 1, 2, 0, 1, 2])
NAN = np.full((6, 4), np.nan)

MATRIX = (NAN, ValueError)
COUNT, SEED, AMOUNT = (1.5, TypeError), ("0", TypeError), (-1.0, ValueError)
OBJECT, FLAG = ("nothing", TypeError), ("yes", (TypeError, ValueError))

# What an argument of this name is, wherever it stands: a value that is refused, and the error.
KINDS = {
    **dict.fromkeys(
        ["v", "h", "x", "z", "X", "data", "start", "samples", "validation", "noisy", "code"], MATRIX
    ),
    **dict.fromkeys(["states", "features", "test_features", "target", "centres"], MATRIX),
    **dict.fromkeys(
        ["n", "k", "steps", "epochs", "batch_size", "chains", "betas", "n_visible", "n_hidden"],
        COUNT,
    ),
    **dict.fromkeys(
        ["critic_steps", "max_lag", "n_classes", "layer", "adapt", "least", "permutations"], COUNT
    ),
    **dict.fromkeys(
        ["n_samples", "sites", "draws", "side", "width", "neighbours", "iterations", "size"], COUNT
    ),
    **dict.fromkeys(["n_items"], COUNT),
    **dict.fromkeys(["rng", "random_state"], SEED),
    **dict.fromkeys(
        ["weight_decay", "l1", "tolerance", "scale", "contraction", "temperature", "sigma"], AMOUNT
    ),
    **dict.fromkeys(["bandwidth", "radius", "strength", "input_dropout"], AMOUNT),
    **dict.fromkeys(
        ["rbm", "negative", "optimizer", "critic_optimizer", "sparsity", "early_stopping"], OBJECT
    ),
    **dict.fromkeys(["history", "noise", "visible", "hidden", "unit"], OBJECT),
    **dict.fromkeys(["centered", "progress", "means", "tied", "standardize", "duplicates"], FLAG),
    "classes": ([0], ValueError),
    "sample_weight": (np.full(6, -1.0), ValueError),
    "callbacks": (3, TypeError),
    "checkpoint": (3, TypeError),
    "dtype": ("float16", (TypeError, ValueError)),
    "log_z": ("much", TypeError),
    "known": (np.zeros(4), ValueError),
    "loss": ("none", ValueError),
    "inputs": ("guesses", ValueError),
    "activation": ("none", ValueError),
    "output": ("none", ValueError),
    "sizes": ([4, 1.5], TypeError),
    "y": (np.full(6, 0.5), TypeError),
}
# Arguments whose name has another meaning in one function.
MEANT = {
    ("tempering.run", "start"): COUNT,
    ("exact.states", "dtype"): ("nothing", TypeError),
    ("DBN.random", "hidden"): ("nothing", (TypeError, ValueError)),
    ("Autoencoder.random", "code"): ("none", ValueError),
    ("GAN.random", "n_latent"): COUNT,
    ("GAN.random", "n_data"): COUNT,
    ("GAN.random", "hidden"): ((1.5,), TypeError),
    ("DBN.bound", "samples"): COUNT,
    ("DBN.log_weights", "samples"): COUNT,
    ("Network.fit", "validation"): (NAN, (TypeError, ValueError)),
    ("GAN.random", "loss"): ("none", ValueError),
    ("RBM.random", "scale"): AMOUNT,
    ("DBM.energy", "states"): ([V, H], ValueError),
    ("score.matching", "target"): (np.full((6, 4), np.nan), ValueError),
}
FITS = "fit", "partial_fit"
# What is not looked at, and there because scikit-learn's functions have it.
IGNORED = {
    (f"{name}.{function}", "y")
    for name in ("BernoulliRBM", "GaussianRBM", "RBMImputer", "RBMOutlierDetector", "RatingsRBM")
    for function in (*FITS, "score")
}
INFINITE = (np.full((6, 4), np.inf), ValueError)  # NaN is what an imputer is for
MEANT |= {(f"RBMImputer.{name}", "X"): INFINITE for name in ("transform", "expected", "sample")}
RATED = "fit", "partial_fit", "predict", "predict_proba", "recommend", "score", "transform"
MEANT |= {(f"RatingsRBM.{name}", "X"): INFINITE for name in RATED}
MEANT |= {("RatingsRBM.score", "held_out"): (np.full((6, 4), np.nan), ValueError)}
MEANT |= {(f"RBMClassifier.{name}", "y"): (np.full(6, 0.5), ValueError) for name in FITS}
FIT = {"X": V, "epochs": 1, "progress": False}


def machine(**units):
    return rb.RBM.random(4, 3, rng=0, dtype=np.float64, **units)


def gaussian():
    return machine(visible=rb.Gaussian())


def dbm():
    return rb.DBM.random([4, 3, 2], dtype=np.float64)


def dbn():
    return rb.DBN.random([4, 3, 2], dtype=np.float64)


def network():
    return rb.Network.random([4, 3, 3])


def autoencoder():
    return rb.Autoencoder.random([4, 2])


def gan():
    return rb.GAN.random(2, 4)


def trained(name):
    """An estimator after a short fit."""
    y = LABELS if name == "RBMClassifier" else None
    return getattr(rb, name)(3, n_iter=1, random_state=0).fit(V, y)


# Name, the function, arguments that are good.
CALLS = {
    "RBM.random": (lambda: rb.RBM.random, {"n_visible": 4, "n_hidden": 3, "data": V}),
    "RBM.energy": (lambda: machine().energy, {"v": V, "h": H}),
    "RBM.free_energy": (lambda: machine().free_energy, {"v": V}),
    "RBM.hidden_mean": (lambda: machine().hidden_mean, {"v": V}),
    "RBM.visible_mean": (lambda: machine().visible_mean, {"h": H}),
    "RBM.sample_hidden": (lambda: machine().sample_hidden, {"v": V, "rng": 0}),
    "RBM.sample_visible": (lambda: machine().sample_visible, {"h": H, "rng": 0}),
    "RBM.astype": (lambda: machine().astype, {"dtype": np.float32}),
    "fit": (lambda: rb.fit, {"rbm": machine(), **FIT}),
    "gradient.estimate": (lambda: rb.gradient.estimate, {"rbm": machine(), "v": V}),
    "exact.log_partition": (lambda: rb.exact.log_partition, {"rbm": machine()}),
    "exact.log_likelihood": (lambda: rb.exact.log_likelihood, {"rbm": machine(), "v": V}),
    "exact.gradient": (lambda: rb.exact.gradient, {"rbm": machine(), "v": V}),
    "exact.expectations": (lambda: rb.exact.expectations, {"rbm": machine()}),
    "exact.probabilities": (lambda: rb.exact.probabilities, {"rbm": machine()}),
    "exact.require": (lambda: rb.exact.require, {"rbm": machine()}),
    "exact.states": (lambda: rb.exact.states, {"n_visible": 3}),
    "gibbs.run": (lambda: rb.gibbs.run, {"rbm": machine(), "start": V, "steps": 1, "rng": 0}),
    "gibbs.trace": (lambda: rb.gibbs.trace, {"rbm": machine(), "start": V, "steps": 1, "rng": 0}),
    "gibbs.complete": (
        lambda: rb.gibbs.complete,
        {"rbm": machine(), "v": V, "known": np.arange(4) < 2, "steps": 1, "rng": 0},
    ),
    "gibbs.autocorrelation": (lambda: rb.gibbs.autocorrelation, {"x": V}),
    "gibbs.effective_sample_size": (lambda: rb.gibbs.effective_sample_size, {"x": V}),
    "tempering.run": (
        lambda: rb.tempering.run,
        {"rbm": machine(), "start": 3, "steps": 1, "rng": 0},
    ),
    "DBM.random": (lambda: rb.DBM.random, {"sizes": [4, 3, 2], "data": V}),
    "DBM.fit": (lambda: dbm().fit, FIT),
    "DBM.pretrain": (lambda: dbm().pretrain, FIT),
    "DBM.mean_field": (lambda: dbm().mean_field, {"v": V}),
    "DBM.hidden_mean": (lambda: dbm().hidden_mean, {"v": V}),
    "DBM.bound": (lambda: dbm().bound, {"v": V}),
    "DBM.posterior": (lambda: dbm().posterior, {"v": V[:1]}),
    "DBM.free_energy": (lambda: dbm().free_energy, {"v": V}),
    "DBM.log_likelihood": (lambda: dbm().log_likelihood, {"v": V}),
    "DBM.ais": (lambda: dbm().ais, {"chains": 5, "betas": 5, "data": V}),
    "DBM.base_data": (lambda: dbm().base_data, {"data": V}),
    "DBM.sample": (lambda: dbm().sample, {"n": 2, "rng": 0, "steps": 1}),
    "DBM.energy": (lambda: dbm().energy, {"states": [V, H, H[:, :2]]}),
    "DBM.astype": (lambda: dbm().astype, {"dtype": np.float32}),
    "DBN.random": (lambda: rb.DBN.random, {"sizes": [4, 3, 2], "data": V}),
    "DBN.fit": (lambda: dbn().fit, FIT),
    "DBN.up_down": (lambda: dbn().up_down, FIT),
    "DBN.bound": (lambda: dbn().bound, {"v": V}),
    "DBN.log_weights": (lambda: dbn().log_weights, {"v": V}),
    "DBN.log_likelihood": (lambda: dbn().log_likelihood, {"v": V}),
    "DBN.transform": (lambda: dbn().transform, {"X": V}),
    "DBN.sample": (lambda: dbn().sample, {"n": 6, "rng": 0, "steps": 1, "start": V}),
    "DBN.autoencoder": (lambda: dbn().autoencoder, {}),
    "DBN.classifier": (lambda: dbn().classifier, {"n_classes": 3}),
    "DBN.astype": (lambda: dbn().astype, {"dtype": np.float32}),
    "Network.random": (lambda: rb.Network.random, {"sizes": [4, 3]}),
    "Network.fit": (lambda: network().fit, {"y": LABELS, **FIT}),
    "Network.probabilities": (lambda: network().probabilities, {"X": V}),
    "Network.predict": (lambda: network().predict, {"X": V}),
    "Network.astype": (lambda: network().astype, {"dtype": np.float32}),
    "Autoencoder.random": (lambda: rb.Autoencoder.random, {"sizes": [4, 2], "data": V}),
    "Autoencoder.fit": (lambda: autoencoder().fit, FIT),
    "Autoencoder.encode": (lambda: autoencoder().encode, {"X": V}),
    "Autoencoder.decode": (lambda: autoencoder().decode, {"code": V[:, :2]}),
    "Autoencoder.reconstruct": (lambda: autoencoder().reconstruct, {"X": V}),
    "Autoencoder.reconstruction_error": (lambda: autoencoder().reconstruction_error, {"X": V}),
    "Autoencoder.loss": (lambda: autoencoder().loss, {"X": V}),
    "Autoencoder.jacobian": (lambda: autoencoder().jacobian, {"X": V}),
    "Autoencoder.objective": (lambda: autoencoder().objective, {"X": V}),
    "Autoencoder.astype": (lambda: autoencoder().astype, {"dtype": np.float32}),
    "GAN.random": (lambda: rb.GAN.random, {"n_latent": 2, "n_data": 4, "data": REAL}),
    "GAN.fit": (lambda: gan().fit, FIT | {"X": REAL}),
    "GAN.sample": (lambda: gan().sample, {"n": 2, "rng": 0}),
    "GAN.critic_objective": (lambda: gan().critic_objective, {"x": REAL, "z": REAL[:, :2]}),
    "GAN.generator_objective": (lambda: gan().generator_objective, {"z": REAL[:, :2]}),
    "GAN.astype": (lambda: gan().astype, {"dtype": np.float32}),
    "evaluate.ais": (lambda: rb.evaluate.ais, {"rbm": machine(), "chains": 5, "betas": 5}),
    "evaluate.reverse_ais": (
        lambda: rb.evaluate.reverse_ais,
        {"rbm": machine(), "samples": V, "betas": 5},
    ),
    "evaluate.pseudo_log_likelihood": (
        lambda: rb.evaluate.pseudo_log_likelihood,
        {"rbm": machine(), "v": V},
    ),
    "evaluate.sampled_pseudo_log_likelihood": (
        lambda: rb.evaluate.sampled_pseudo_log_likelihood,
        {"rbm": machine(), "v": V, "rng": 0},
    ),
    "evaluate.reconstruction_error": (
        lambda: rb.evaluate.reconstruction_error,
        {"rbm": machine(), "v": V},
    ),
    "evaluate.nearest_neighbour_accuracy": (
        lambda: rb.evaluate.nearest_neighbour_accuracy,
        {"data": REAL, "samples": REAL},
    ),
    "score.score": (lambda: rb.score.score, {"rbm": gaussian(), "v": REAL}),
    "score.parzen_score": (
        lambda: rb.score.parzen_score,
        {"v": REAL, "data": REAL, "sigma": 1.0},
    ),
    "score.denoising": (
        lambda: rb.score.denoising,
        {"rbm": gaussian(), "v": REAL, "noisy": REAL, "sigma": 1.0},
    ),
    "score.matching": (
        lambda: rb.score.matching,
        {"rbm": gaussian(), "v": REAL, "target": REAL},
    ),
    "score.implicit": (lambda: rb.score.implicit, {"rbm": gaussian(), "v": REAL}),
    "two_sample.mmd": (
        lambda: rb.two_sample.mmd,
        {"data": REAL, "samples": REAL + 1, "permutations": 5},
    ),
    "two_sample.linear_probe": (
        lambda: rb.two_sample.linear_probe,
        {"features": REAL, "labels": LABELS, "test_features": REAL, "test_labels": LABELS},
    ),
    "two_sample.coverage": (
        lambda: rb.two_sample.coverage,
        {"samples": REAL, "centres": REAL[:2], "radius": 1.0},
    ),
    "data.bars_and_stripes": (lambda: rb.data.bars_and_stripes, {"side": 2}),
    "data.shifting_bars": (lambda: rb.data.shifting_bars, {"n": 4, "width": 2}),
}
UNLABELLED = {"X": V}
LABELLED = {"X": V, "y": LABELS}
DRAWN = {"steps": 1, "random_state": 0}
METHODS = {
    "BernoulliRBM": {
        "fit": UNLABELLED,
        "partial_fit": UNLABELLED,
        "transform": UNLABELLED,
        "inverse_transform": {"X": H},
        "gibbs": {"v": V, **DRAWN},
        "sample": {"n_samples": 2, **DRAWN},
        "score_samples": UNLABELLED,
        "score": UNLABELLED,
    },
    "RBMClassifier": {
        "fit": LABELLED,
        "partial_fit": LABELLED,
        "predict_log_proba": UNLABELLED,
        "predict_proba": UNLABELLED,
        "predict": UNLABELLED,
    },
    "RBMImputer": {
        "fit": UNLABELLED,
        "transform": UNLABELLED,
        "expected": UNLABELLED,
        "sample": {"X": V, "random_state": 0},
    },
    "RBMOutlierDetector": {
        "fit": UNLABELLED,
        "score_samples": UNLABELLED,
        "decision_function": UNLABELLED,
        "predict": UNLABELLED,
    },
}
METHODS["RatingsRBM"] = {name: UNLABELLED for name in RATED}
METHODS["RatingsRBM"] |= {"recommend": {"X": V, "n_items": 2}}
METHODS["GaussianRBM"] = METHODS["BernoulliRBM"]
CALLS |= {
    f"{name}.{method}": (lambda name=name, method=method: getattr(trained(name), method), good)
    for name, methods in METHODS.items()
    for method, good in methods.items()
}


def arguments():
    """Every argument of every function that has a kind."""
    for name, (get, _) in CALLS.items():
        for argument in inspect.signature(get()).parameters:
            known = (name, argument) in MEANT or argument in KINDS
            if known and (name, argument) not in IGNORED:
                yield name, argument


@pytest.mark.parametrize(("name", "argument"), list(arguments()))
def test_each_argument_is_checked_by_its_name(name, argument):
    get, good = CALLS[name]
    value, error = MEANT.get((name, argument), KINDS.get(argument))
    if (
        isinstance(value, np.ndarray)
        and isinstance(good.get(argument), np.ndarray)
        and value is NAN
    ):
        value = np.full(good[argument].shape, np.nan)
    with pytest.raises(error, match=rf"\b{argument}\b"):
        get()(**{**good, argument: value})


@pytest.mark.filterwarnings("ignore::rbmbook.TrainingWarning")
@pytest.mark.parametrize("name", CALLS)
def test_what_is_good_passes(name):
    get, good = CALLS[name]
    get()(**good)


FREE = {
    "path", "description", "arrays", "function", "refused", "rbms", "states", "mix", "penalty_at",
    "gradient_penalty", "n_latent", "n_data", "activation", "labels", "test_labels", "given",
}  # fmt: skip
MODULES = ["exact", "gibbs", "gradient", "evaluate", "score", "two_sample"]
MODELS = ["RBM", "DBM", "DBN", "Network", "Autoencoder", "GAN", *METHODS]


def public():
    """The functions of the modules, the methods of the models: what users call."""
    for module in MODULES:
        for name, function in inspect.getmembers(getattr(rb, module), inspect.isfunction):
            if function.__module__ == getattr(rb, module).__name__ and not name.startswith("_"):
                yield f"{module}.{name}", function
    for model in MODELS:
        for name, function in inspect.getmembers(getattr(rb, model), callable):
            ours = (getattr(function, "__module__", None) or "").startswith("rbmbook")
            if ours and not name.startswith("_") and inspect.isroutine(function):
                yield f"{model}.{name}", function


def test_every_public_function_with_arguments_of_a_kind_has_a_line():
    inner = {"hidden_inputs", "visible_inputs", "forward", "backward", "trace", "blocks"}
    inner |= {"latent", "mixing"}  # for loops: what comes in is not looked at
    missing = [
        name
        for name, function in public()
        if name not in CALLS
        and name.split(".")[1] not in inner
        and any(argument in KINDS for argument in inspect.signature(function).parameters)
    ]
    assert not missing


def test_every_argument_of_a_function_that_has_a_line_has_a_kind():
    missing = [
        (name, argument)
        for name, (get, _) in CALLS.items()
        for argument in inspect.signature(get()).parameters
        if argument not in KINDS and argument not in FREE and (name, argument) not in MEANT
    ]
    assert not missing
