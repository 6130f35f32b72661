"""Pre-training a deep Boltzmann machine: doubled inputs, in plain loops; weights, held-out rows."""

from itertools import pairwise

import naive_deep
import numpy as np
import pytest
from dbm_cases import SIZES, assert_close, assert_same_bits, theta
from deep_cases import Recorder

import rbmbook as rb
from rbmbook.dbm.model import DBM


def test_pretraining_passes_no_more_than_200_times_over_few_rows(binary):
    few, many = DBM(*theta((4, 3, 2))), DBM(*theta((4, 3, 2)))
    assert few.pretrain(binary(20, 4), progress=False).epochs == 2 * 200
    assert many.pretrain(binary(20, 4), batch_size=2, progress=False).epochs == 2 * 50


def pretrained(sizes, V, rate=0.1, centered=False):
    """The machine after an epoch, and (W, below, above) of each pair by plain loops."""
    weights, biases = theta(sizes)
    dbm = DBM(weights, biases)
    dbm.pretrain(
        V, epochs=1, batch_size=6, negative=rb.CD(2), optimizer=rb.SGD(rate), weight_decay=0.0,
        centered=centered, rng=4, progress=False,
    )  # fmt: skip
    rng, X, below, pairs = np.random.default_rng(4), V, biases[0], []
    for k, W in enumerate(weights):
        up, down = 2 if k + 2 < len(sizes) else 1, 2 if k else 1
        order = rng.permutation(6)
        noise = [tuple(rng.random((6, n)) for n in (sizes[k + 1], sizes[k])) for _ in range(2)]
        new, a, b = naive_deep.doubled_update(
            W, below, biases[k + 1], X[order], noise, rate, up, down, centered
        )
        pairs.append((new, a, b))
        X, below = 1 / (1 + np.exp(-(up * X @ new + b))), b
    return dbm, pairs


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_pretraining_doubles_the_inputs_where_a_layer_is_missing(sizes, centered, binary):
    dbm, pairs = pretrained(sizes, binary(6, sizes[0]), centered=centered)
    middle = [(one[2] + other[1]) / 2 for one, other in pairwise(pairs)]
    assert_close(dbm, [W for W, _, _ in pairs], [pairs[0][1], *middle, pairs[-1][2]])


def test_pretrained_prior_of_the_first_layer_is_the_geometric_mean_of_two(binary):
    sizes = (4, 3, 2)
    dbm, ((W0, a0, b0), (W1, a1, b1)) = pretrained(sizes, binary(6, 4), rate=2.0)
    # The doubled pairs are machines with two copies of the layer that is not between two others.
    below = rb.RBM(np.vstack([W0, W0]).T, b0, np.hstack([a0, a0]))
    above = rb.RBM(np.hstack([W1, W1]), a1, np.hstack([b1, b1]))
    h, v, top = (rb.exact.states(n) for n in (3, 4, 2))
    ref = np.sqrt(rb.exact.probabilities(below) * rb.exact.probabilities(above))
    energies = [dbm.energy([v, np.tile(x, (16, 1)), np.tile(y, (16, 1))]) for x in h for y in top]
    comp = np.exp(-np.array(energies)).reshape(8, -1).sum(axis=1)
    np.testing.assert_allclose(comp / comp.sum(), ref / ref.sum(), rtol=1e-9)
    assert np.abs(b0 - a1).max() > 0.1  # the two biases differ, so their mean matters


def test_pretraining_reports_each_layer_and_resumes(binary, tmp_path):
    X, start = binary(12, 4), DBM(*theta((4, 3, 2)))
    whole, parts, again = start.copy(), start.copy(), start.copy()
    ref = whole.pretrain(X, epochs=[3, 2], batch_size=5, progress=False)
    np.testing.assert_array_equal(ref["layer"], [1, 1, 1, 2, 2])
    path = tmp_path / "pretrain.npz"

    def stop(model, history):
        return history.epochs == 4

    parts.pretrain(
        X, epochs=[3, 2], batch_size=5, progress=False, callbacks=[stop], checkpoint=path
    )
    again.pretrain(X, epochs=[3, 2], batch_size=5, progress=False, checkpoint=path)
    assert_same_bits(again, whole)
    assert np.abs(parts.weights[1] - whole.weights[1]).max() > 1e-4


def learned(train, X, **settings):
    """A machine after a fit with one full batch."""
    dbm = DBM(*theta((4, 3, 2)))
    train(dbm, X, batch_size=99, optimizer=rb.SGD(1.0), progress=False, **settings)
    return dbm


def test_sparsity_pulls_the_upper_means_of_a_pair(binary):
    V, wish = binary(6, 4), rb.Sparsity(0.1, 0.5)
    plain, pulled = (
        learned(DBM.pretrain, V, epochs=[1, 0], sparsity=s) for s in (None, [wish, None])
    )
    weights, biases = theta((4, 3, 2))
    pull = 0.5 * (0.1 - (1 / (1 + np.exp(-2 * V @ weights[0] - biases[1]))).mean(axis=0))
    difference = pulled.weights[0] - plain.weights[0]
    np.testing.assert_allclose(difference, np.outer(V.mean(axis=0), pull), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(pulled.biases[1] - plain.biases[1], pull, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_pretraining_learns_from_weighted_rows_as_from_repeated_ones(batch_size, binary):
    """On average over the noise of the states, in which the two differ."""
    V, weight, epochs = binary(6, 4), np.array([3, 0, 1, 2, 7, 1]), 1500
    means, errors = [], []
    for rows, own, size in ((V, weight, batch_size), (np.repeat(V, weight, axis=0), None, 14)):
        dbm, optimizer = DBM(*theta((4, 3, 2))), Recorder()
        dbm.pretrain(
            rows, epochs=[epochs, 0], optimizer=optimizer, sample_weight=own, batch_size=size,
            weight_decay=0.0, progress=False,
        )  # fmt: skip
        flat = np.array([np.concatenate([g.ravel() for g in part]) for part in optimizer.ascents])
        flat = flat.reshape(epochs, -1, flat.shape[1]).mean(axis=1)
        means.append(flat.mean(axis=0))
        errors.append(flat.std(axis=0) / np.sqrt(epochs))
    scores = (means[0] - means[1]) / np.hypot(*errors)
    assert np.abs(scores).max() < 4.5 and scores.std() > 0.5


def test_held_out_rows_have_a_reconstruction_error_in_every_pair(binary):
    V, held_out = binary(12, 4), binary(5, 4, seed=9)
    own = DBM(*theta((4, 3, 2))).pretrain(V, epochs=2, validation=V, progress=False)
    np.testing.assert_array_equal(own["validation_error"], own["reconstruction_error"])
    dbm = DBM(*theta((4, 3, 2)))
    history = dbm.pretrain(V, epochs=[1, 0], validation=held_out, progress=False)
    W, a, b = dbm.weights[0], dbm.biases[0], dbm.biases[1]
    means = 1 / (1 + np.exp(-2 * held_out @ W - b))
    error = held_out - 1 / (1 + np.exp(-means @ W.T - a))
    assert history["validation_error"][0] == pytest.approx(np.mean(error**2), rel=1e-12)
    alone = DBM(*theta((4, 3, 2)))
    alone.pretrain(V, epochs=[1, 0], progress=False)
    assert_same_bits(alone, dbm)


def test_pretraining_takes_contrastive_divergence_only():
    with pytest.raises(TypeError, match="negative: expected"):
        DBM(*theta((3, 2, 2))).pretrain(np.zeros((4, 3)), negative=rb.PCD(), progress=False)
