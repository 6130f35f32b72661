"""Small autoencoders, their data and their options, shared by the tests of their parts."""

import numpy as np

import rbmbook as rb
from rbmbook.autoencoder.model import Autoencoder, GaussianNoise, Masking

DTYPES = (np.float32, np.float64)
DEPTHS = [(5, 3), (5, 4, 3), (4, 5, 4, 2)]
OPTIONS = {
    "plain": {},
    "squared": {"loss": "squared"},
    "masking": {"noise": Masking(0.4)},
    "gaussian": {"noise": GaussianNoise(0.3)},
    "contraction": {"contraction": 0.7},
    "sparsity": {"sparsity": rb.Sparsity(0.1, 2.0)},
    "decay": {"weight_decay": 0.3},
    "l1": {"l1": 0.2},
    "all": {
        "noise": Masking(0.2),
        "contraction": 0.5,
        "sparsity": rb.Sparsity(0.2, 0.5),
        "weight_decay": 0.1,
        "l1": 0.05,
    },
}


def autoencoder(sizes=(5, 3), activation="sigmoid", output="sigmoid", tied=False, **options):
    """A small one whose biases are not zero, in float64."""
    ae = Autoencoder.random(
        sizes, activation, output, tied, **{"rng": 1, "dtype": np.float64, **options}
    )
    rng = np.random.default_rng(2)
    for b in ae.parameters:
        if b.ndim == 1:
            b[:] = rng.normal(0, 0.5, b.shape)
    return ae


def data(n=7, columns=5, seed=3):
    return np.random.default_rng(seed).random((n, columns))


def layers(net):
    return [(np.array(layer.W), layer.b.copy(), layer.activation) for layer in net.layers]


def fit(ae, X, **options):
    given = {"weight_decay": 0.0, "progress": False, "epochs": 3, "batch_size": 5}
    return ae.fit(X, **given | options)


def assert_same_bits(one, other):
    for p, q in zip(one.parameters, other.parameters, strict=True):
        assert p.dtype == q.dtype
        np.testing.assert_array_equal(p, q)
