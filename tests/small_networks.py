"""Small networks and tasks for the tests of training, and what compares two networks."""

import numpy as np

from rbmbook.networks.network import Network

DTYPES = (np.float32, np.float64)


def network(activation="sigmoid", output="identity", sizes=(5, 4, 3), dtype=np.float64, seed=1):
    """A small network whose biases are not zero."""
    net = Network.random(sizes, activation, output, rng=seed, dtype=dtype)
    rng = np.random.default_rng(seed)
    for layer in net.layers:
        layer.b[:] = rng.normal(0, 0.5, layer.n_out)
    return net


def as_layers(net):
    return [(layer.W.copy(), layer.b.copy(), layer.activation) for layer in net.layers]


def task(loss, n=12, n_in=5, n_out=3):
    """Binary rows and targets of the kind that a loss takes."""
    rng = np.random.default_rng(8)
    X = (rng.random((n, n_in)) < 0.5) * 1.0
    if loss == "softmax":
        return X, rng.integers(0, n_out, n)
    return X, rng.random((n, n_out)) if loss == "binary" else rng.normal(size=(n, n_out))


def fit(net, X, y, **options):
    return net.fit(X, y, **{"progress": False, "epochs": 3, "batch_size": 5, **options})


def assert_same_bits(one, other):
    for p, q in zip(one.parameters, other.parameters, strict=True):
        assert p.dtype == q.dtype
        np.testing.assert_array_equal(p, q)
