"""Every model that has a fit, small: for tests of what all of them promise."""

import numpy as np

import rbmbook as rb
from rbmbook.dbm.model import DBM
from rbmbook.dbn.model import DBN

N, D = 40, 5


def data(kind="binary"):
    rng = np.random.default_rng(3)
    return (rng.random((N, D)) < 0.5) * 1.0 if kind == "binary" else rng.normal(size=(N, D))


def _fit(method, kind, extra, model, X=None, **settings):
    X = data(kind) if X is None else X
    settings = {"epochs": 3, "batch_size": 10, "rng": 5, "progress": False, **settings}
    return method(model, X, *extra, **settings)


def _model(make, method, kind="real", extra=()):
    """A function that makes the model, and one that fits it to data of its kind."""
    return make, lambda model, X=None, **settings: _fit(method, kind, extra, model, X, **settings)


def _rbm(**settings):
    return lambda dtype=np.float32: rb.RBM.random(D, 4, rng=0, scale=0.3, dtype=dtype, **settings)


GAUSSIAN = {"visible": rb.Gaussian()}
MODELS = {
    "RBM": _model(_rbm(), rb.fit, "binary"),
    "RBM, PCD": _model(
        _rbm(), lambda m, X, **s: rb.fit(m, X, **{"negative": rb.PCD(chains=7), **s}), "binary"
    ),
    "RBM, FPCD": _model(
        _rbm(), lambda m, X, **s: rb.fit(m, X, **{"negative": rb.FPCD(chains=7), **s}), "binary"
    ),
    "RBM, held out": _model(
        _rbm(),
        lambda m, X, **s: rb.fit(m, X, **{"validation": X[:7], "centered": True, **s}),
        "binary",
    ),
    "Gaussian RBM": _model(_rbm(**GAUSSIAN), rb.fit),
    "DBN": _model(
        lambda dtype=np.float32: DBN.random((D, 4, 3), rng=0, scale=0.3, dtype=dtype, **GAUSSIAN),
        DBN.fit,
    ),
    "DBN, up-down": _model(
        lambda dtype=np.float32: DBN.random((D, 4, 3), rng=0, scale=0.3, dtype=dtype, **GAUSSIAN),
        DBN.up_down,
    ),
    "DBM, pretraining": _model(
        lambda dtype=np.float32: DBM.random((D, 4, 3), rng=0, dtype=dtype), DBM.pretrain, "binary"
    ),
    "DBM": _model(
        lambda dtype=np.float32: DBM.random((D, 4, 3), rng=0, dtype=dtype), DBM.fit, "binary"
    ),
    "Network": _model(
        lambda dtype=np.float32: rb.Network.random((D, 4, 1), "relu", rng=0, dtype=dtype),
        lambda m, X, **s: m.fit(X, X[:, :1], loss="squared", **s),
    ),
    "Autoencoder": _model(
        lambda dtype=np.float32: rb.Autoencoder.random(
            (D, 4, 3), "leaky_relu", "identity", dtype=dtype
        ),
        rb.Autoencoder.fit,
    ),
    "GAN": _model(
        lambda dtype=np.float32: rb.GAN.random(2, D, hidden=(6,), rng=0, dtype=dtype), rb.GAN.fit
    ),
}


def parameters(model):
    """The arrays that a fit changes, live."""
    if isinstance(model, DBN):
        found = [p for rbm in model.rbms for p in rbm.parameters]
        return found + ([] if model.tied else [layer.W for layer in model.recognition])
    if isinstance(model, DBM):
        return [*model.weights, *model.biases]
    return list(model.parameters)
