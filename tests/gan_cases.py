"""A small game, what it is made from, and what compares two of them."""

import math

import numpy as np

import rbmbook as rb
from rbmbook.gan.model import GAN

PENALTIES = [(0.0, "interpolates"), (0.7, "interpolates"), (0.7, "data")]
SGD = rb.SGD(0.1)


def game(loss="non-saturating", penalty=0.0, penalty_at="interpolates", activation="tanh", seed=3):
    """A small GAN in float64 with biases away from zero."""
    gan = GAN.random(
        2, 3, (4, 5), "tanh", loss, seed, np.float64, penalty, penalty_at, activation=activation
    )
    rng = np.random.default_rng(seed)
    for b in gan.parameters[1::2]:
        b[:] = rng.normal(0, 0.5, b.shape)
    return gan


def draws(n=6, seed=8):
    """Data, latent vectors and mixing weights."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 3)), rng.normal(size=(n, 2)), rng.random((n, 1))


def fit(gan, X, **options):
    given = {"epochs": 3, "batch_size": 5, "weight_decay": 0.0, "progress": False}
    return gan.fit(X, **given | options)


def assert_close(comp, ref, rtol=1e-6, atol=1e-8):
    for i, (one, other) in enumerate(zip(comp, ref, strict=True)):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=atol, err_msg=f"parameter {i}")


def assert_same_bits(one, other):
    for p, q in zip(one.parameters, other.parameters, strict=True):
        assert p.dtype == q.dtype
        np.testing.assert_array_equal(p, q)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values)


def naive_critic_loss(loss, real, forged):
    if loss == "wasserstein":
        return mean(forged) - mean(real)
    return -mean(math.log(sigmoid(d)) for d in real) - mean(math.log(sigmoid(-d)) for d in forged)


def naive_generator_loss(loss, forged):
    if loss == "wasserstein":
        return -mean(forged)
    if loss == "minimax":
        return mean(math.log(sigmoid(-d)) for d in forged)
    return -mean(math.log(sigmoid(d)) for d in forged)


COUNTS = np.array([3, 0, 1, 2, 0, 1])
