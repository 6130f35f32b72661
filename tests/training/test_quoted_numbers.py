"""Results that docstrings quote, measured again: a seed or two, bounds that others meet too."""

import numpy as np
import pytest
from test_defaults import defaults

import rbmbook as rb

pytestmark = pytest.mark.jit
small_data, QUIET = defaults.small_data, defaults.QUIET


def test_two_patterns_are_learned_with_tempering_and_not_with_one_step():
    """`rb.fit`, negative: −0.8 nats a row, and below −9."""
    X = np.repeat([[0.0] * 10, [1.0] * 10], 50, axis=0)
    found = []
    for options in ({}, {"negative": rb.CD(1)}):
        rbm = rb.RBM.random(10, 16, rng=0)
        rb.fit(rbm, X, rng=0, **options, **QUIET)
        found.append(rb.exact.log_likelihood(rbm, X).mean())
    assert -0.85 < found[0] < -0.75 and found[1] < -9


@pytest.mark.parametrize("seed", [0, 1])
def test_ten_digits_are_not_learned_by_heart(seed):
    """`rb.fit` and `DBM.fit`, weight_decay: level with independent units; with 0 far below."""
    train, test = small_data.digits(seed, rows=10)
    level = defaults.independent_bits(train.X, test.X)
    found = {"rbm": [], "dbm": []}
    for decay in (None, 0.0):
        options = {"rng": seed, "weight_decay": decay, **QUIET}
        rbm = rb.RBM.random(64, 16, rng=seed, data=train.X)
        rb.fit(rbm, train.X, **options)
        found["rbm"].append(rb.exact.log_likelihood(rbm, test.X).mean() - level)
        dbm = rb.DBM.random([64, 16, 8], rng=seed, data=train.X)
        dbm.pretrain(train.X, **options)
        dbm.fit(train.X, **options)
        found["dbm"].append(dbm.bound(test.X).mean() - level)
    for decayed, plain in found.values():
        assert -1.5 < decayed < 2.5 and plain < decayed - 2


def test_a_deep_machine_of_digits():
    """`DBM.fit`: bounds of −20 and −21 nats, independent units −24.4."""
    train, test = small_data.digits(0)
    one = defaults.deep_machine(train, test, 0)
    other = defaults.deep_machine(train, test, 0, pretrain=False)
    assert -20.5 < one["model"] < -19.5 and -21.5 < other["model"] < -20.5
    assert -24.6 < one["independent units"] < -24.2


def test_pretraining_may_be_too_long():
    """`DBM.pretrain`, epochs: after 500 a centred fit ends nats below where it ends by default."""
    train, test = small_data.patterns(0)
    found = []
    for epochs in (None, 500):
        dbm = rb.DBM.random([10, 16, 8], rng=0, data=train.X)
        dbm.pretrain(train.X, epochs=epochs, centered=True, **QUIET)
        dbm.fit(train.X, centered=True, **QUIET)
        found.append(dbm.bound(test.X).mean())
    assert found[0] > -1.1 and found[1] < found[0] - 1


def test_top_features_of_digits():
    """`DBN.fit`: 0.91 by default, 0.85 with SGD(0.05), 0.89 with means."""
    train, test = small_data.digits(0, grey=True)
    shares = []
    for options in ({}, {"optimizer": rb.SGD(0.05)}, {"inputs": "means"}):
        dbn = rb.DBN.random([64, 100, 50], rng=0, data=train.X)
        dbn.fit(train.X, rng=0, **options, **QUIET)
        ways = dbn.transform(train.X), train.y, dbn.transform(test.X), test.y
        shares.append(defaults.probe(*ways))
    best, slow, means = shares
    assert 0.89 < best < 0.94 and 0.83 < slow < 0.87 and slow < means < best


def test_words_are_not_learned_by_heart():
    """`Autoencoder.fit`, weight_decay: below PCA, and without decay above the mean."""
    train, test = small_data.words(0)
    errors = {name: -score for name, score in defaults.autoencoder(train, test, 0).items()}
    plain = rb.Autoencoder.random((1000, 16), output="sigmoid", rng=0, data=train.X)
    plain.fit(train.X, rng=0, weight_decay=0.0, **QUIET)
    error = 1000 * plain.reconstruction_error(test.X).mean()
    assert errors["model"] < errors["PCA"] < errors["mean"] < error
