"""Weighted rows: in mini-batches too a row counts as that many rows, in every negative phase."""

import numpy as np
import pytest
from small_fits import assert_parameters, assert_same_bits, fit

import rbmbook as rb
from rbmbook.machine import moments
from rbmbook.networks import scaling
from rbmbook.networks.layers import Dense
from rbmbook.training import coordinates

PHASES = {
    "Exact": rb.Exact(),
    "CD": rb.CD(1),
    "PCD": rb.PCD(chains=20),
    "FPCD": rb.FPCD(chains=20),
    "Tempered": rb.Tempered(betas=3, chains=20),
}
BATCH_SIZES = [1, 2, 10]
FOUR_ERRORS = 0.04  # see the first test


class Recorder:
    """An optimizer that moves nothing and keeps the ascents that it was handed."""

    def __init__(self):
        self.ascents = []

    def start(self, parameters):
        return []

    def step(self, parameters, gradient, memory, update):
        self.ascents.append([g.astype(float) for g in gradient])


def coins():
    """Ones and zeros in turn; the ones weigh nine times as much."""
    return np.tile([[1.0], [0.0]], (5, 1)), np.tile([9.0, 1.0], 5)


def learned(X, weight, phase, batch_size, epochs=200, rate=0.02, **units):
    """The machine after training, its parameters averaged over the later two thirds of epochs."""
    rbm = rb.RBM(np.zeros((X.shape[1], 1)), np.zeros(X.shape[1]), np.zeros(1), **units)
    seen = []
    fit(
        rbm,
        X,
        negative=phase,
        batch_size=batch_size,
        epochs=epochs,
        optimizer=rb.SGD(rate * batch_size),  # so that an epoch goes equally far
        sample_weight=weight,
        callbacks=[lambda rbm, _: seen.append([p.copy() for p in rbm.parameters])],
    )
    late = [np.mean(parts, axis=0) for parts in zip(*seen[epochs // 3 :], strict=True)]
    return rb.RBM(*late, **units)


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
@pytest.mark.parametrize("name", PHASES)
def test_weights_of_nine_and_one_teach_a_probability_of_nine_tenths(name, batch_size):
    """In batches of one row too, where weights normalised within the batch would give 0.5.

    The noisiest phase is CD. There an epoch moves the bias by a random 0.02 √(Σ share² · 0.09) =
    0.02 √1.48 and back by 0.02 · 10 · 0.09 = 0.018 of its distance, so it wanders by
    √(0.02² · 1.48 / 0.036) = 0.13, which is 0.012 in p, with a memory of 1 / 0.018 = 55 epochs: the
    mean over 133 of them has a standard error of about 0.01.
    """
    X, weight = coins()
    rbm = learned(X, weight, PHASES[name], batch_size)
    assert abs(rb.exact.probabilities(rbm)[1] - 0.9) < FOUR_ERRORS


@pytest.mark.parametrize("batch_size", BATCH_SIZES)
@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_weights_teach_a_classifier_the_same_odds(alpha, batch_size):
    """One pixel, always on, and a label that is the first of two on nine tenths of the weight."""
    _, weight = coins()
    X = np.tile([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]], (5, 1))
    visible = rb.Mixed([(rb.Bernoulli(), 1), (rb.Softmax(2), 2)])
    phase = rb.Discriminative(generative=alpha, joint=rb.FPCD(chains=20))
    rbm = learned(X, weight, phase, batch_size, visible=visible)
    p = np.exp(rb.discriminative.log_probabilities(rbm, [[1.0]]))[0, 0]
    assert abs(p - 0.9) < FOUR_ERRORS


@pytest.mark.parametrize("batch_size", [1, 2, 4, 12])
def test_the_mean_ascent_of_an_epoch_is_that_of_the_repeated_rows(rbm, binary, batch_size):
    """Exactly, where the model term has no noise and the batches are of one size."""
    X, weight = binary(12, 4), np.array([3, 0, 1, 2, 7, 1, 0, 0, 5, 1, 2, 9])
    comp = recorded(rbm, X, rb.Exact(), sample_weight=weight, batch_size=batch_size)
    rows = np.repeat(X, weight, axis=0)
    ref = recorded(rbm, rows, rb.Exact(), batch_size=len(rows))
    assert len(comp) == 12 // batch_size
    assert_means(comp, ref)


@pytest.mark.parametrize("kind", ["machine", "network"])
def test_real_columns_are_standardised_as_those_of_the_repeated_rows(kind):
    X, weight = np.random.default_rng(0).normal(3, 2, (6, 3)), np.array([3, 0, 1, 2, 7, 1])

    def twin(rows, weight):
        if kind == "machine":
            rbm = rb.RBM.random(3, 2, visible=rb.Gaussian())
            found = moments.of_columns(rows, rbm.visible, weight)
            return coordinates.Standardized(rbm, found, len(rows))
        return scaling.Standardized(Dense.random(3, 2), Dense.random(2, 3), rows, weight)

    comp, ref = twin(X, weight), twin(np.repeat(X, weight, axis=0), np.ones(weight.sum()))
    np.testing.assert_allclose(comp.mean, ref.mean, rtol=1e-12)
    np.testing.assert_allclose(comp.sd, ref.sd, rtol=1e-12)


@pytest.mark.parametrize("centered", [True, "enhanced"])
def test_centring_changes_coordinates_by_the_unscaled_means(rbm, binary, centered):
    """A batch's gradient is scaled, its offsets are not: compared with `gradient.centre`."""
    X, weight = binary(8, 4), np.array([4.0, 1.0, 0.0, 2.0, 1.0, 1.0, 6.0, 3.0])
    comp = recorded(
        rbm, X, rb.Exact(), sample_weight=weight, batch_size=2, centered=centered, rng=3
    )
    order = np.random.default_rng(3).permutation(8)
    average = None
    for batch, ascent in zip(order.reshape(4, 2), comp, strict=True):
        w = weight[batch]
        share = w.mean() / weight.mean()
        ref = rb.exact.gradient(rbm, X[batch], sample_weight=w)
        visible = np.average(X[batch], axis=0, weights=w)
        hidden = np.average(rbm.hidden_mean(X[batch]), axis=0, weights=w)
        average = hidden if average is None else average
        average = average + (1 - 0.99**share) * (hidden - average)
        if centered == "enhanced":
            offsets = visible - ref.a / 2, hidden - ref.b / 2
        else:
            offsets = np.average(X, axis=0, weights=weight), average
        for part in ref:
            part *= share
        rb.gradient.centre(ref, *offsets)
        for part, expected in zip(ascent, ref, strict=True):
            np.testing.assert_allclose(part, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", PHASES)
@pytest.mark.parametrize("value", [5e-324, 1e-310, 0.3, 7, 1e308])
def test_equal_weights_are_no_weights_to_the_bit(theta, binary, name, dtype, value):
    X, options = binary(7, 4), {"negative": PHASES[name], "centered": True}
    one, other = (rb.RBM(*(p.astype(dtype) for p in theta)) for _ in range(2))
    fit(one, X, **options)
    fit(other, X, sample_weight=np.full(7, value), **options)
    assert_same_bits(one, other)


@pytest.mark.parametrize("scale", [2.0**-1060, 2.0**-40, 2.0**1020])
def test_only_the_ratios_of_weights_matter(rbm, binary, scale):
    """Down to weights whose squares underflow and up to those whose sum overflows."""
    X, weight = binary(7, 4), np.array([3.0, 0, 1, 2, 7, 1, 5])
    twin = rbm.copy()
    fit(rbm, X, sample_weight=weight)
    fit(twin, X, sample_weight=scale * weight)
    assert_same_bits(rbm, twin)
    for gradient in (
        lambda w: rb.exact.gradient(rbm, X, sample_weight=w),
        lambda w: rb.gradient.estimate(rbm, X, rb.CD(1), 0, sample_weight=w),
    ):
        for comp, ref in zip(gradient(scale * weight), gradient(weight), strict=True):
            np.testing.assert_array_equal(comp, ref)


def test_a_batch_without_weight_is_the_limit_of_a_light_one(rbm, binary):
    """Momentum, penalties and chains go on."""
    X, weight = binary(8, 4), np.array([0.0, 0, 0, 0, 0, 0, 0, 1])
    ends = []
    for light in (0.0, 1e-14):
        machine = rbm.copy()
        fit(
            machine,
            X,
            negative=rb.PCD(chains=5),
            batch_size=1,
            sample_weight=np.maximum(weight, light),
            optimizer=rb.SGD(0.05, momentum=0.9),
            weight_decay=0.1,
        )
        ends.append(machine)
    assert_parameters(ends[0], list(ends[1].parameters), rtol=0, atol=1e-12)
    still = rbm.copy()
    fit(still, X[7:], batch_size=1, optimizer=rb.SGD(0.05, momentum=0.9), weight_decay=0.1)
    assert np.abs(still.W - ends[0].W).max() > 1e-3


def test_sparsity_pulls_once_an_update_whatever_the_weights(rbm, binary):
    """The ascent beyond the likelihood's is cost · (p − q), with q weighted like the data."""
    X, weight = binary(6, 4), np.array([5.0, 0, 1, 2, 0, 4])
    options = {"sample_weight": weight, "batch_size": 1, "rng": 2}
    plain = recorded(rbm, X, rb.Exact(), **options)
    pulled = recorded(rbm, X, rb.Exact(), sparsity=rb.Sparsity(0.1, cost=0.5), **options)
    mean, q = np.average(X, axis=0, weights=weight), None
    for row, one, other in zip(np.random.default_rng(2).permutation(6), plain, pulled, strict=True):
        v = X[row] if weight[row] else mean
        h = rbm.hidden_mean(v[None])[0]
        q = h if q is None else q + (1 - 0.99 ** (weight[row] / weight.mean())) * (h - q)
        np.testing.assert_allclose(other[2] - one[2], 0.5 * (0.1 - q), rtol=1e-9)
        np.testing.assert_allclose(other[0] - one[0], np.outer(v, 0.5 * (0.1 - q)), atol=1e-12)


def test_fast_weights_take_the_weighted_step_too(rbm, binary):
    """θ_fast ← decay · θ_fast + rate · ascent, with the very ascent that θ takes."""
    kept = []

    class Watched(rb.FPCD):
        def start(self, machine, rng):
            kept.append(super().start(machine, rng))
            return kept[-1]

    weight = np.array([4.0, 1.0, 0.0, 3.0])
    phase = Watched(chains=10, rate=0.5, decay=0.8)
    ascents = recorded(rbm, binary(4, 4), phase, sample_weight=weight, batch_size=1)
    fast = [np.zeros(p.shape) for p in rbm.parameters]
    for ascent in ascents:
        fast = [0.8 * f + 0.5 * part for f, part in zip(fast, ascent, strict=True)]
    for comp, ref in zip(kept[0].fast, fast, strict=True):
        np.testing.assert_allclose(comp, ref, rtol=1e-12, atol=1e-14)


def recorded(rbm, X, phase, **options):
    recorder = Recorder()
    fit(rbm, X, **{"negative": phase, "epochs": 1, **options, "optimizer": recorder})
    return recorder.ascents


def assert_means(comp, ref):
    for parts in zip(zip(*comp, strict=True), zip(*ref, strict=True), strict=True):
        one, other = (np.mean(part, axis=0) for part in parts)
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)
