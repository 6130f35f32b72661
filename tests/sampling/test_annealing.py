"""Annealed importance sampling: its own noise explains its error, on machines of every unit pair.

A weight's mean is Z / Z₀ exactly, however few the steps. So the linear estimate Ẑ / Z has mean 1,
and z = (Ẑ / Z − 1) / (its standard error) has mean 0 and variance near 1 over many machines. The
ladders are short on purpose: only then do the errors that others make show.
"""

import math
from itertools import pairwise

import numpy as np
import pytest
from exact_draws import exact_samples, unbiased
from scipy.special import logsumexp
from unit_pairs import PAIRS, machine, name

import rbmbook as rb
from rbmbook.sampling.annealing import Estimate

MACHINES = 40  # of each pair
CHAINS = 200


def up(rbm, seed, betas=4):
    return rb.evaluate.ais(rbm, CHAINS, betas, seed)


def down(rbm, seed, betas=4):
    rng = np.random.default_rng(seed)
    return rb.evaluate.reverse_ais(rbm, exact_samples(rbm, CHAINS, rng), betas, rng)


def z_scores(method, pair, sign, machines=MACHINES):
    """How far the linear estimate of (Z / Ẑ)^±1 is from 1, in its own standard errors."""
    scores = []
    for seed in range(machines):
        rbm = machine(pair, seed)
        found = method(rbm, 1000 + seed)
        ratio = np.exp(sign * (found.log_z - rb.exact.log_partition(rbm)))
        scores.append((ratio - 1) / (found.std_error * ratio))
    return np.array(scores)


@pytest.mark.jit
@pytest.mark.parametrize("pair", PAIRS, ids=name)
def test_both_directions_are_right_within_their_own_standard_errors_for_every_pair(pair):
    for method, sign in ((up, 1), (down, -1)):
        scores = z_scores(method, pair, sign)
        assert unbiased(scores), f"{method.__name__}: {scores.mean():.2f}, {np.abs(scores).max()}"
        assert 0.6 < scores.std() < 1.6


# -- broken twins ------------------------------------------------------------------------------
def twin(mistake):
    """AIS in public functions only, with one mistake of the sort that is found in the wild."""

    def method(rbm, seed, betas=4):
        rng, ladder = np.random.default_rng(seed), np.linspace(0, 1, betas)
        log_z0 = rbm.visible.cgf_sum(np.zeros((1, rbm.n_visible)))
        log_z0 = log_z0[0] + rbm.hidden.cgf_sum(np.zeros((1, rbm.n_hidden)))[0]
        zero = np.zeros((CHAINS, rbm.n_visible))
        v = rbm.visible.sample(zero, rbm.visible.noise(zero.shape, rng))
        log_w = np.zeros(CHAINS)

        def log_f(v, beta):
            return beta * (v @ rbm.a) + rbm.hidden.cgf_sum(beta * (v @ rbm.W + rbm.b))

        def step(v, beta):
            inputs = beta * (v @ rbm.W + rbm.b)
            h = rbm.hidden.sample(inputs, rbm.hidden.noise(inputs.shape, rng))
            field = beta * (h @ rbm.W.T + rbm.a)
            return rbm.visible.sample(field, rbm.visible.noise(field.shape, rng))

        for low, high in pairwise(ladder):
            if mistake == "moves first":
                v = step(v, high)
            log_w += log_f(v, high) - log_f(v, low)
            if mistake != "moves first":
                v = step(v, high)
        if mistake == "no base":
            log_z0 = 0.0
        if mistake == "mean of logarithms":
            log_z = log_z0 + log_w.mean()
        else:
            log_z = log_z0 + logsumexp(log_w) - np.log(CHAINS)
        w = np.exp(log_w - log_w.max())
        error = w.std(ddof=1) / w.mean() / np.sqrt(CHAINS)
        return Estimate(log_z, log_z0 + log_w, error, np.nan)

    return method


def test_the_twin_without_a_mistake_is_the_package_on_the_same_noise():
    for pair in PAIRS:
        rbm = machine(pair, 3)
        ours, twins = up(rbm, 5, betas=7), twin("none")(rbm, 5, betas=7)
        np.testing.assert_allclose(ours.log_weights, twins.log_weights, rtol=1e-9)
        np.testing.assert_allclose(ours.log_z, twins.log_z, rtol=1e-12)
        np.testing.assert_allclose(ours.std_error, twins.std_error, rtol=1e-8)


@pytest.mark.jit
@pytest.mark.parametrize("mistake", ["mean of logarithms", "moves first", "no base"])
@pytest.mark.parametrize("pair", [PAIRS[0], PAIRS[6], PAIRS[12]], ids=name)
def test_estimators_with_a_common_mistake_are_rejected(pair, mistake):
    assert unbiased(z_scores(twin("none"), pair, 1))
    assert not unbiased(z_scores(twin(mistake), pair, 1))


@pytest.mark.jit
def test_annealing_back_from_anything_but_samples_of_the_machine_is_rejected():
    def from_coins(rbm, seed):
        rng = np.random.default_rng(seed)
        coins = rng.integers(0, 2, (CHAINS, rbm.n_visible)).astype(float)
        return rb.evaluate.reverse_ais(rbm, coins, 4, rng)

    assert not unbiased(z_scores(from_coins, PAIRS[0], -1))


# -- the plain formula ---------------------------------------------------------------------------
def naive_ais(W, a, b, betas, rng, a0):
    """One machine of Bernoulli units, one chain: pure Python, equation by equation."""
    D, H = len(a), len(b)

    def softplus(x):
        return max(x, 0.0) + math.log1p(math.exp(-abs(x)))

    def inputs(v, j):
        return b[j] + sum(v[i] * W[i][j] for i in range(D))

    def log_f(v, beta):
        bias = sum(v[i] * ((1 - beta) * a0[i] + beta * a[i]) for i in range(D))
        return bias + sum(softplus(beta * inputs(v, j)) for j in range(H))

    def on(x, u):
        return float(u < 1 / (1 + math.exp(-x)))

    v = [on(a0[i], rng.random()) for i in range(D)]
    log_w = H * math.log(2) + sum(softplus(x) for x in a0)
    for k in range(1, len(betas)):
        log_w += log_f(v, betas[k]) - log_f(v, betas[k - 1])
        beta = betas[k]
        h = [on(beta * inputs(v, j), rng.random()) for j in range(H)]
        field = [a[i] + sum(W[i][j] * h[j] for j in range(H)) for i in range(D)]
        v = [on(beta * field[i] + (1 - beta) * a0[i], rng.random()) for i in range(D)]
    return log_w


def naive_reverse_ais(W, a, b, betas, rng, a0, v):
    """The same from a state v at β = 1 down to 0: what the chain says of log Z."""
    D, H = len(a), len(b)

    def softplus(x):
        return max(x, 0.0) + math.log1p(math.exp(-abs(x)))

    def log_f(v, beta):
        bias = sum(v[i] * ((1 - beta) * a0[i] + beta * a[i]) for i in range(D))
        inputs = [b[j] + sum(v[i] * W[i][j] for i in range(D)) for j in range(H)]
        return bias + sum(softplus(beta * x) for x in inputs)

    def on(x, u):
        return float(u < 1 / (1 + math.exp(-x)))

    log_z = H * math.log(2) + sum(softplus(x) for x in a0)
    for high, low in pairwise(betas[::-1]):
        if high < 1:  # a transition that leaves p_high as it is
            inputs = [b[j] + sum(v[i] * W[i][j] for i in range(D)) for j in range(H)]
            h = [on(high * x, rng.random()) for x in inputs]
            field = [a[i] + sum(W[i][j] * h[j] for j in range(H)) for i in range(D)]
            v = [on(high * field[i] + (1 - high) * a0[i], rng.random()) for i in range(D)]
        log_z += log_f(v, high) - log_f(v, low)
    return log_z


@pytest.mark.parametrize("with_data", [False, True])
def test_a_reverse_chain_of_the_package_is_the_naive_one(theta, with_data):
    """Each chain on its own columns of noise; weights large enough that each β tells."""
    W, a, b = (3 * p for p in theta)
    data = np.array([[1, 0, 1, 1], [1, 0, 0, 1], [1, 1, 0, 1.0]]) if with_data else None
    base = np.log((data.sum(axis=0) + 1) / (4 - data.sum(axis=0))) if with_data else np.zeros(4)
    betas, n = [0.0, 0.05, 0.3, 0.5, 0.9, 1.0], 30
    samples = (np.random.default_rng(1).random((n, 4)) < 0.5) * 1.0
    found = rb.evaluate.reverse_ais(rb.RBM(W, a, b), samples, betas, rng=8, data=data)
    stream = np.random.default_rng(8)
    blocks = [stream.random((n, size)) for size in [3, 4] * 4]
    for chain, v in enumerate(samples):
        numbers = iter(np.concatenate([block[chain] for block in blocks]))

        class Replay:
            random = staticmethod(numbers.__next__)

        ref = naive_reverse_ais(W.tolist(), a.tolist(), b.tolist(), betas, Replay, base, v)
        np.testing.assert_allclose(found.log_weights[chain], ref, rtol=1e-11)


@pytest.mark.parametrize("with_data", [False, True])
def test_a_chain_of_the_package_is_the_naive_one(rbm, theta, with_data):
    data = np.array([[1, 0, 1, 1], [1, 0, 0, 1], [1, 1, 0, 1.0]]) if with_data else None
    # logit of the smoothed mean (Σv + 1) / (n + 2)
    base = np.log((data.sum(axis=0) + 1) / (4 - data.sum(axis=0))) if with_data else np.zeros(4)
    betas = [0.0, 0.1, 0.5, 0.8, 1.0]
    found = rb.evaluate.ais(rbm, 2, betas, rng=8, data=data)

    # Two chains draw their noise side by side: hand chain c its own columns of the same stream.
    sizes = [4] + [3, 4] * 3
    stream = np.random.default_rng(8)
    blocks = [stream.random((2, size)) for size in sizes]

    class Replay:
        def __init__(self, chain):
            rows = [block[chain] for block in blocks] + [np.zeros(7)]  # unused last step
            self.numbers = iter(np.concatenate(rows))

        def random(self):
            return next(self.numbers)

    for chain in range(2):
        ref = naive_ais(*(p.tolist() for p in theta), betas, Replay(chain), base.tolist())
        np.testing.assert_allclose(found.log_weights[chain], ref, rtol=1e-12)


def test_an_int_is_that_many_equally_spaced_betas(rbm):
    by_number = rb.evaluate.ais(rbm, 5, 11, rng=1)
    by_list = rb.evaluate.ais(rbm, 5, np.linspace(0, 1, 11), rng=1)
    np.testing.assert_array_equal(by_number.log_weights, by_list.log_weights)


def test_fields_are_what_the_log_weights_say(rbm):
    v = exact_samples(rbm, 30, np.random.default_rng(0))
    below, above = rb.evaluate.ais(rbm, 30, 5), rb.evaluate.reverse_ais(rbm, v, 5)
    np.testing.assert_allclose(below.log_z, np.log(np.mean(np.exp(below.log_weights))))
    np.testing.assert_allclose(above.log_z, -np.log(np.mean(np.exp(-above.log_weights))))
    for found, sign in ((below, 1), (above, -1)):
        w = np.exp(sign * found.log_weights)
        np.testing.assert_allclose(found.effective_sample_size, w.sum() ** 2 / (w**2).sum())
        np.testing.assert_allclose(found.std_error, w.std(ddof=1) / w.mean() / np.sqrt(30))


# -- dtype, seeds, errors ------------------------------------------------------------------------
def test_same_seed_same_bits_and_a_float32_machine_is_computed_in_float64(rbm):
    first, again = (rb.evaluate.ais(rbm, 20, 50, rng=4) for _ in range(2))
    np.testing.assert_array_equal(first.log_weights, again.log_weights)
    assert rb.evaluate.ais(rbm, 20, 50, rng=5).log_z != first.log_z
    low = rbm.astype(np.float32)
    found = rb.evaluate.ais(low, 20, 50, rng=4)
    assert found.log_weights.dtype == np.float64
    np.testing.assert_array_equal(
        found.log_weights, rb.evaluate.ais(low.astype(np.float64), 20, 50, rng=4).log_weights
    )


def test_parameters_of_any_size_give_finite_weights(rbm):
    huge = rb.RBM(1000 * rbm.W, 1000 * rbm.a, 1000 * rbm.b)
    found = rb.evaluate.ais(huge, 20, 50)
    assert np.isfinite(found.log_weights).all() and not found.trusted


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda m: rb.evaluate.ais(m, chains=1), ValueError, "chains"),
        (lambda m: rb.evaluate.ais(m, chains=2.5), TypeError, "chains"),
        (lambda m: rb.evaluate.ais(m, betas=1), ValueError, "betas"),
        (lambda m: rb.evaluate.ais(m, betas=[0, 0.5]), ValueError, "betas.*rising from 0 to 1"),
        (lambda m: rb.evaluate.ais(m, betas=[0, 0.5, 0.5, 1]), ValueError, "betas"),
        (lambda m: rb.evaluate.ais(m, betas=[1, 0]), ValueError, "betas"),
        (lambda m: rb.evaluate.ais(m, rng="x"), TypeError, "rng"),
        (lambda m: rb.evaluate.ais(m, data=np.ones((3, 5))), ValueError, "data"),
        (lambda m: rb.evaluate.ais("machine"), TypeError, "rbm"),
        (lambda m: rb.evaluate.reverse_ais(m, np.ones((1, 4))), ValueError, "samples.*2 rows"),
        (lambda m: rb.evaluate.reverse_ais(m, np.ones((5, 3))), ValueError, "samples"),
        (lambda m: rb.evaluate.reverse_ais(m, np.full((5, 4), 0.5)), ValueError, "samples"),
        (lambda m: rb.evaluate.bridge(1.0, 2.0), TypeError, "forward"),
    ],
)
def test_wrong_arguments_are_named(rbm, call, error, words):
    with pytest.raises(error, match=words):
        call(rbm)


def test_a_density_that_cannot_be_normalised_is_an_error():
    rbm = rb.RBM(np.eye(2) * 3.0, np.zeros(2), np.zeros(2), rb.Gaussian(), rb.Gaussian())
    assert rb.exact.log_partition(rbm) == np.inf
    with pytest.raises(ValueError, match="normalis"):
        rb.evaluate.ais(rbm, 10, 10)
