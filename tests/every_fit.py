"""Every fit of the package on a model so small that it takes milliseconds, and what tests do to it.

`FITS` has a function that makes the model and one that trains it, as `models.MODELS` has, for every
kind of run: each negative phase, training in other coordinates, layer-wise training.
"""

import inspect

import numpy as np
from models import MODELS, D, _model, _rbm, data

import rbmbook as rb
from rbmbook.training import ratings

UPDATES = 4  # in an epoch
EPOCHS = 5
SPARSE = {"sparsity": rb.Sparsity(0.2), "centered": True}


def _with(**given):
    return lambda model, X, **settings: rb.fit(model, X, **{**given, **settings})


def _autoencoder(**settings):
    return lambda dtype=np.float64: rb.Autoencoder.random((D, 4, 3), dtype=dtype, **settings)


FIXED = rb.Gaussian(log_precision=0.3, learn=False)
LABELLED = rb.Mixed([(rb.Bernoulli(), D - 2), (rb.Softmax(2), 2)])


def _labelled(model, X, **settings):
    X = np.hstack([X[:, : D - 2], np.eye(2)[X[:, -1].astype(int)]])
    phase = rb.Discriminative(generative=0.5, joint=rb.PCD(chains=5))
    return rb.fit(model, X, **{"negative": phase, **settings})


def _rated(model, X, **settings):
    """Each column a site of two states, known where the next two columns are not 1 and 0."""
    if np.ndim(X) == 2 and np.shape(X)[1] == D and np.isin(X, (0, 1)).all():
        one_hot = np.eye(2)[np.asarray(X, int)]
        one_hot[(np.roll(X, -1, axis=1) == 1) & (np.roll(X, -2, axis=1) == 0)] = 0
        X = one_hot.reshape(len(X), -1)
    return ratings.fit(model, X, **settings)


FITS = MODELS | {
    "RBM, CD": _model(_rbm(), _with(negative=rb.CD(2), optimizer=rb.Adam(0.01)), "binary"),
    "RBM, exact": _model(_rbm(), _with(negative=rb.Exact(), sparsity=rb.Sparsity(0.2)), "binary"),
    "RBM, tempered": _model(
        _rbm(), _with(negative=rb.Tempered(betas=3, chains=5, adapt=9)), "binary"
    ),
    "RBM, labels": _model(_rbm(visible=LABELLED), _labelled, "binary"),
    "RBM, enhanced": _model(_rbm(), _with(centered="enhanced"), "binary"),
    "Gaussian RBM, momentum": _model(
        _rbm(visible=rb.Gaussian()), _with(optimizer=rb.SGD(0.02, momentum=0.5))
    ),
    "Gaussian RBM, fixed": _model(
        _rbm(visible=rb.Gaussian(log_precision=0.3, learn=False)), rb.fit
    ),
    "DBN of means": _model(
        lambda dtype=np.float32: rb.DBN.random((D, 4, 3), rng=0, scale=0.3, dtype=dtype),
        lambda m, X, **s: m.fit(X, **{"inputs": "means", "validation": X[:5], **s}),
        "binary",
    ),
    "DBN, up-down, PCD": _model(
        lambda dtype=np.float32: rb.DBN.random((D, 4, 3), rng=0, scale=0.3, dtype=dtype),
        lambda m, X, **s: m.up_down(X, **{"negative": rb.PCD(chains=5), **s}),
        "binary",
    ),
    "DBN, up-down, tempered": _model(
        lambda dtype=np.float32: rb.DBN.random((D, 4, 3), rng=0, scale=0.3, dtype=dtype),
        lambda m, X, **s: m.up_down(X, **{"negative": rb.Tempered(betas=3, chains=5), **s}),
        "binary",
    ),
    "DBM, tempered": _model(
        lambda dtype=np.float32: rb.DBM.random((D, 4, 3), rng=0, dtype=dtype),
        lambda m, X, **s: m.fit(X, **{"negative": rb.Tempered(betas=3, chains=5), **s}),
        "binary",
    ),
    "DBN, up-down, centred": _model(
        lambda dtype=np.float32: rb.DBN.random((D, 4, 3), rng=0, scale=0.3, dtype=dtype),
        lambda m, X, **s: m.up_down(X, **{"validation": X[:5], **SPARSE, **s}),
        "binary",
    ),
    "DBM, pretraining, centred": _model(
        lambda dtype=np.float32: rb.DBM.random((D, 4, 3), rng=0, dtype=dtype),
        lambda m, X, **s: m.pretrain(X, **{"validation": X[:5], **SPARSE, **s}),
        "binary",
    ),
    "DBM, centred": _model(
        lambda dtype=np.float32: rb.DBM.random((D, 4, 3, 2), rng=0, dtype=dtype),
        lambda m, X, **s: m.fit(X, **{"validation": X[:5], **SPARSE, **s}),
        "binary",
    ),
    "Network, labels": _model(
        lambda dtype=np.float32: rb.Network.random((D, 4, 2), rng=0, dtype=dtype),
        lambda m, X, **s: m.fit(X, (X[:, 0] > 0).astype(int), **{"input_dropout": 0.2, **s}),
    ),
    "Autoencoder, sigmoid": _model(
        _autoencoder(output="sigmoid"),
        lambda m, X, **s: m.fit(X, **{"noise": rb.Masking(0.2), **s}),
        "binary",
    ),
    "Autoencoder, tied": _model(
        _autoencoder(output="identity", tied=True),
        lambda m, X, **s: m.fit(X, **{"contraction": 0.1, "validation": X[:5], **s}),
    ),
    "Ratings": _model(
        lambda dtype=np.float32: rb.RBM.random(
            2 * D, 4, rng=0, scale=0.3, dtype=dtype, visible=rb.Softmax(2)
        ),
        _rated,
        "binary",
    ),
    "GAN, Wasserstein": _model(
        lambda dtype=np.float32: rb.GAN.random(
            2, D, (6,), rng=0, dtype=dtype, loss="wasserstein", gradient_penalty=10.0
        ),
        lambda m, X, **s: m.fit(X, **{"critic_steps": 3, **s}),
    ),
}
LAYERS = {  # how many are trained one after the other
    name: len(make().sizes) - 1
    for name, (make, _) in FITS.items()
    if name.startswith(("DBN", "DBM, pre")) and "up-down" not in name
}
BITS = "RBM", "Ratings", "DBM", "DBN of means", "DBN, up-down, ", "Autoencoder, sigmoid"
TAKES = {name: set(inspect.signature(method).parameters) for name, method in (
    ("RBM", rb.fit), ("Gaussian RBM", rb.fit), ("DBN", rb.DBN.fit), ("DBN, up", rb.DBN.up_down),
    ("DBM", rb.DBM.fit), ("DBM, pre", rb.DBM.pretrain), ("Network", rb.Network.fit),
    ("Autoencoder", rb.Autoencoder.fit), ("GAN", rb.GAN.fit), ("Ratings", ratings.fit),
)}  # fmt: skip


def takes(name, option):
    """Whether the fit of that name has this argument."""
    return option in TAKES[max((start for start in TAKES if name.startswith(start)), key=len)]


def rows(name):
    """The data of a fit, of its own."""
    return data("binary" if name.startswith(BITS) else "real")


def run(name, model=None, X=None, **settings):
    """Train a new model, or this one; the model and its history."""
    make, fit = FITS[name]
    model = make() if model is None else model
    return model, fit(model, X, **{"epochs": EPOCHS, **settings})


def bits(model):
    """A model as it is: what it is, and copies of its arrays."""
    return model.description(), {name: array.copy() for name, array in model.arrays().items()}


def assert_same(model, expected):
    """The model has the bits of another one, or those that it once had."""
    (told, arrays), (ref_told, ref_arrays) = (
        x if isinstance(x, tuple) else bits(x) for x in (model, expected)
    )
    assert told == ref_told and list(arrays) == list(ref_arrays)
    for name, array in ref_arrays.items():
        np.testing.assert_array_equal(arrays[name], array, err_msg=name)


def assert_same_history(history, expected):
    assert list(history) == list(expected)
    for name in set(expected) - {"seconds"}:
        np.testing.assert_array_equal(history[name], expected[name], err_msg=name)


class Crash(Exception):
    """What ends a fit in these tests."""


def crash(call, error=Crash):
    """A callback that raises when it is called for this time, counted from 1."""
    calls = [0]

    def count(model, history):
        calls[0] += 1
        if calls[0] == call:
            raise error

    return count


def shrink(model, history):
    """Write into the model's arrays."""
    for array in model.arrays().values():
        if array.ndim == 2:
            array *= 0.9


def replace(model, history):
    """Give the model new arrays, or where it has views only, write into them."""
    for owner in owners(model):
        owner.W = owner.W * 0.9


def owners(model):
    """The parts of a model whose W can be replaced."""
    if isinstance(model, rb.RBM):
        return [model]
    if isinstance(model, rb.DBN):
        return model.rbms
    if isinstance(model, rb.Network):
        return [layer for layer in model.layers if "W" in vars(layer)]
    names = "encoder", "decoder", "generator", "critic"
    return [part for name in names if hasattr(model, name) for part in owners(getattr(model, name))]


class Forgetful:
    """A callback with a state: what it does to the model depends on how often it was called."""

    def __init__(self):
        self.calls, self.total = np.array(0), np.zeros(2)

    def __call__(self, model, history):
        self.calls += 1
        self.total += history.epochs, float(self.calls)
        for array in model.arrays().values():
            if array.ndim == 2:
                array *= 1 - 0.1 / float(self.calls)

    def memory(self):
        return {"calls": self.calls, "total": self.total}


def folder(path):
    """The files of a folder with their bytes."""
    return {file.name: file.read_bytes() for file in path.iterdir()}
