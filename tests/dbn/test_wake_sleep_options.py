"""Contrastive wake-sleep with its options: sparsity, centring, weights, held-out rows."""

import numpy as np
import pytest
from deep_cases import Recorder, assert_same_bits, machines, network, untied, up_down

import rbmbook as rb
from rbmbook.dbn.model import DBN

ONE = {
    "plain": {},
    "sparse": {"sparsity": rb.Sparsity(0.1, 0.5)},
    "centred": {"centered": True},
    "all": {"sparsity": rb.Sparsity(0.1, 0.5), "centered": True, "l1": 0.01},
    "PCD": {"negative": rb.PCD(2, chains=7)},
    "FPCD": {"negative": rb.FPCD(1, chains=7), "sample_weight": np.arange(23.0) % 4},
    "tempered": {"negative": rb.Tempered(betas=3, chains=7, adapt=5)},
    "weighted": {"sample_weight": np.arange(23.0) % 4, "sparsity": rb.Sparsity(0.2)},
}


@pytest.mark.parametrize("extra", ONE.values(), ids=ONE)
def test_one_machine_is_trained_as_by_fit(extra, rbm, binary):
    X, dbn = binary(23, 4), DBN([rbm])
    same = {"optimizer": rb.SGD(0.1, 0.5), "weight_decay": 0.01, "rng": 3, **extra}
    history = up_down(dbn, X, **same)
    ref = rb.fit(rbm, X, **{"negative": rb.CD(1)} | same, epochs=3, batch_size=5, progress=False)
    for name in "Wab":
        np.testing.assert_allclose(
            getattr(dbn.rbms[0], name), getattr(rbm, name), rtol=1e-9, atol=1e-12
        )
    for name in set(ref) - {"seconds", "weight_norm"}:  # there may be several machines
        np.testing.assert_allclose(history[name], ref[name], rtol=1e-9, err_msg=name)
    assert set(history) == set(ref) - {"weight_norm"}


def ascents(X, sizes=(4, 3, 4), **settings):
    """What an epoch hands to the optimizer, and the network, of which nothing moves."""
    theta = machines(sizes)
    dbn, optimizer = network(theta, untied(theta)), Recorder()
    up_down(dbn, X, epochs=1, optimizer=optimizer, **settings)
    return optimizer.ascents, dbn


def test_sparsity_pulls_the_means_on_the_way_up(binary):
    """The first hidden layer's by (W, b) of the way up, and not the way down or the top."""
    X, wish = binary(12, 4), rb.Sparsity(0.1, 0.5)
    settings = {"batch_size": 12, "rng": 3}
    (plain,), dbn = ascents(X, **settings)
    (pulled,), _ = ascents(X, sparsity=[wish, None], **settings)
    pull = 0.5 * (0.1 - dbn.transform(X, layer=1).mean(axis=0))
    ref = [0, 0, np.outer(X.mean(axis=0), pull), pull, 0, 0, 0]
    for before, after, difference in zip(plain, pulled, ref, strict=True):
        np.testing.assert_allclose(after - before, difference + 0 * before, rtol=1e-9, atol=1e-12)


def test_sparsity_brings_the_means_near_its_target(binary):
    X, distances = binary(40, 4), []
    for wish in (None, rb.Sparsity(0.2)):
        dbn = network(machines())
        up_down(dbn, X, sparsity=wish, epochs=100, optimizer=rb.SGD(0.1))
        means = [dbn.transform(X, layer=layer).mean(axis=0) for layer in (1, 2)]
        distances.append([np.abs(m - 0.2).mean() for m in means])
    assert np.all(np.array(distances[1]) < 0.6 * np.array(distances[0]))


def test_centring_changes_coordinates_by_the_layers_means(binary):
    """An arrow's step is that of W and b + μ W, with inputs (x − μ) W + (b + μ W)."""
    X, settings = binary(12, 4), {"batch_size": 12, "rng": 3}
    (plain,), dbn = ascents(X, **settings)
    (comp,), _ = ascents(X, centered=True, **settings)
    v, m = X.mean(axis=0), dbn.transform(X, layer=1).mean(axis=0)
    (D, a, U, b, *_), (D1, a1, U1, b1, *_) = plain, comp
    np.testing.assert_allclose(U1, U - np.outer(v, b), rtol=1e-9)
    np.testing.assert_allclose(b1, b - v @ U1, rtol=1e-9)
    np.testing.assert_allclose(D1, D - np.outer(a, m), rtol=1e-9)
    np.testing.assert_allclose(a1, a - D1 @ m, rtol=1e-9)
    top = rb.machine.parameters.Parameters(*(g.copy() for g in plain[4:]))
    rng = np.random.default_rng(3)
    x = dbn.recognition[0].sample(X[rng.permutation(12)], rng)
    g = dbn.ways_up[1].mean(x).mean(axis=0)
    for part, expected in zip(comp[4:], rb.gradient.centre(top, m, g), strict=True):
        np.testing.assert_allclose(part, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("batch_size", [1, 3, 12])
def test_the_mean_ascent_of_weighted_rows_is_that_of_repeated_rows(batch_size, binary):
    """Over many epochs: up to the noise of the states, in which the two differ."""
    X, weight = binary(12, 4), np.array([3, 0, 1, 2, 7, 1, 0, 0, 5, 1, 2, 2])
    means, errors = [], []
    for rows, own, size in ((X, weight, batch_size), (np.repeat(X, weight, axis=0), None, 24)):
        theta = machines()
        dbn, optimizer = network(theta, untied(theta)), Recorder()
        up_down(dbn, rows, epochs=600, optimizer=optimizer, batch_size=size, sample_weight=own)
        flat = np.array([np.concatenate([g.ravel() for g in part]) for part in optimizer.ascents])
        epochs = flat.reshape(600, -1, flat.shape[1]).mean(axis=1)
        means.append(epochs.mean(axis=0))
        errors.append(epochs.std(axis=0) / np.sqrt(600))
    scores = (means[0] - means[1]) / np.hypot(*errors)
    assert np.abs(scores).max() < 4.5 and scores.std() > 0.5


def test_all_that_a_row_teaches_is_multiplied_by_its_weight(binary):
    """Its dream counts as often as the row itself, after which it is dreamed."""
    X, weight = binary(12, 4), np.arange(12.0)
    plain, _ = ascents(X, batch_size=1, rng=3)
    weighted, _ = ascents(X, batch_size=1, rng=3, sample_weight=weight)
    order = np.random.default_rng(3).permutation(12)
    for row, before, after in zip(order, plain, weighted, strict=True):
        for one, other in zip(before, after, strict=True):
            np.testing.assert_allclose(other, weight[row] / 5.5 * one, rtol=1e-9, atol=1e-12)


def test_bound_gap_is_the_difference_of_two_bounds_from_draws(binary):
    dbn, X, held_out = network(machines()), binary(12, 4), binary(9, 4, seed=9)
    weight = np.arange(12.0) % 3
    gap = up_down(dbn, X, validation=held_out, sample_weight=weight, epochs=1)["bound_gap"][-1]
    taught = weight > 0
    settings = {"log_z": 0.0, "rng": 20_129, "samples": 10}
    inside, outside = (dbn.log_weights(v, **settings).mean(axis=1) for v in (X[taught], held_out))
    ref = np.average(inside, weights=weight[taught]) - outside.mean()
    assert gap == pytest.approx(ref, rel=1e-12)
    exact = np.average(dbn.bound(X[taught]), weights=weight[taught]) - dbn.bound(held_out).mean()
    assert gap == pytest.approx(exact, abs=0.5) and abs(gap) > 0.01


def test_watching_held_out_rows_changes_nothing(binary):
    X, one, two = binary(12, 4), network(machines()), network(machines())
    up_down(one, X), up_down(two, X, validation=X[:5])
    assert_same_bits(one, two)
