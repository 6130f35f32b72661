"""Annealed importance sampling: its own noise explains its error, on machines of every unit pair.

A weight's mean is Z / Z₀ exactly, however few the steps. So the linear estimate Ẑ / Z has mean 1,
and z = (Ẑ / Z − 1) / (its standard error) has mean 0 and variance near 1 over many machines. The
ladders are short on purpose: only then do the errors that others make show.
"""

import dataclasses
import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logsumexp
from unit_pairs import PAIRS, machine, name

import rbmbook as rb
from rbmbook.sampling import annealing
from rbmbook.sampling.annealing import Estimate

MACHINES = 40  # of each pair
CHAINS = 200


def exact_samples(rbm, n, rng):
    """Independent draws of v from p(v)."""
    if rbm.visible.levels is not None and rbm.n_visible < 15:
        states = rb.exact.states(rbm.n_visible, rbm.visible)
        return states[rng.choice(len(states), size=n, p=rb.exact.probabilities(rbm))]
    if rbm.hidden.levels is not None:
        turned = rb.RBM(rbm.W.T.copy(), rbm.b, rbm.a, rbm.hidden, rbm.visible)
        return rbm.sample_visible(exact_samples(turned, n, rng), rng)
    precision = np.block(
        [[np.diag(rbm.visible.precision()), -rbm.W], [-rbm.W.T, np.diag(rbm.hidden.precision())]]
    )
    covariance = np.linalg.inv(precision)
    mean = covariance @ np.concatenate([rbm.a, rbm.b])
    return rng.multivariate_normal(mean, covariance, size=n)[:, : rbm.n_visible]


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


def unbiased(scores):
    """Whether the mean of the scores is near 0 and large ones are rare."""
    return abs(scores.mean()) * np.sqrt(len(scores)) < 4 and np.mean(np.abs(scores) > 4) < 0.06


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


# -- bounds, bridge, base ------------------------------------------------------------------------
def many(scale=1.2, seeds=300, chains=5, betas=2):
    """Errors of both directions on one machine, few chains, few betas, many seeds."""
    rbm = machine((rb.Bernoulli(), rb.Bernoulli()), 11, scale)
    truth = rb.exact.log_partition(rbm)
    rows = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        below = rb.evaluate.ais(rbm, chains, betas, rng)
        samples = exact_samples(rbm, 2 * chains, rng)
        above = rb.evaluate.reverse_ais(rbm, samples, betas, rng)
        rows.append((below, above, rb.evaluate.bridge(below, above)))
    errors = np.array([[e.log_z - truth for e in row] for row in rows])
    return rows, errors


@pytest.mark.jit
def test_ais_is_below_and_reverse_ais_above_on_average_and_the_bridge_between():
    _, errors = many()
    z = errors.mean(axis=0) / (errors.std(axis=0, ddof=1) / np.sqrt(len(errors)))
    assert z[0] < -4 and z[1] > 4
    mean_square = (errors**2).mean(axis=0)
    assert mean_square[2] < 0.7 * mean_square[:2].min()


@pytest.mark.jit
def test_the_bridge_knows_its_own_error_and_weighs_the_two_numbers_of_chains():
    rows, errors = many(scale=0.6, chains=100, betas=5)
    scores = errors[:, 2] / np.array([row[2].std_error for row in rows])
    assert unbiased(scores) and 0.8 < scores.std() < 1.25

    def wrong_way(row):  # m = log(n_reverse / n_forward)
        below, above, _ = row
        m = -np.log(len(below.log_weights) / len(above.log_weights))

        def excess(x):
            return expit(below.log_weights - x - m).sum() - expit(x - above.log_weights + m).sum()

        return brentq(excess, -50, 50)

    truth = rows[0][2].log_z - errors[0, 2]
    twins = (np.array([wrong_way(row) for row in rows]) - truth) / [r[2].std_error for r in rows]
    assert not unbiased(twins)


def test_the_bridge_joins_the_weights_of_both():
    rows, _ = many(seeds=1)
    below, above, both = rows[0]
    assert len(both.log_weights) == len(below.log_weights) + len(above.log_weights)
    assert 1 <= both.effective_sample_size <= len(both.log_weights)


def test_the_bridge_of_estimates_that_agree_exactly_is_that_number():
    rbm = rb.RBM(np.zeros((3, 2)), np.zeros(3), np.zeros(2))
    below = rb.evaluate.ais(rbm, 4, 3)
    above = rb.evaluate.reverse_ais(rbm, np.eye(3), 3)
    found = rb.evaluate.bridge(below, above)
    np.testing.assert_allclose([below.log_z, above.log_z, found.log_z], 5 * np.log(2), rtol=1e-9)
    assert found.std_error < 1e-6 and found.trusted


def test_with_the_data_as_base_a_machine_without_weights_is_known_at_once():
    X = (np.random.default_rng(0).random((50, 12)) < 0.1).astype(float)
    rbm = rb.RBM.random(12, 4, scale=0.0, data=X, dtype=np.float64)
    found = rb.evaluate.ais(rbm, 10, 2, data=X)
    np.testing.assert_allclose(found.log_weights, rb.exact.log_partition(rbm), rtol=1e-12)
    assert found.std_error < 1e-12 < rb.evaluate.ais(rbm, 10, 2).std_error


@pytest.mark.jit
@pytest.mark.parametrize("seed", range(3))
def test_any_base_gives_the_same_log_z(seed):
    rbm = machine((rb.Bernoulli(), rb.Spin()), seed)
    rng = np.random.default_rng(seed)
    X = (rng.random((20, rbm.n_visible)) < 0.3).astype(float)
    truth, samples = rb.exact.log_partition(rbm), exact_samples(rbm, 500, rng)
    below = rb.evaluate.ais(rbm, 500, 30, rng, data=X)
    above = rb.evaluate.reverse_ais(rbm, samples, 30, rng, data=X)
    for found in (below, above, rb.evaluate.bridge(below, above)):
        assert abs(found.log_z - truth) < 4 * found.std_error


# -- when not to trust it ------------------------------------------------------------------------
def two_modes(width=20, weight=6.0):
    """All on or all off: one hidden unit ties all visible ones, both states equally likely."""
    W = np.full((width, 1), weight)
    return rb.RBM(W, -W[:, 0] / 2, -W.sum(axis=0) / 2)


def hole(width=20, weight=28.0):
    """One state (all on) has nearly all the probability, and nothing on the way leads there."""
    W = np.full((width, 1), weight)
    return rb.RBM(W, np.zeros(width), -W[0] * (width - 0.75))


@pytest.mark.jit
def test_few_betas_on_a_machine_of_two_modes_are_not_trusted_and_many_are():
    rbm = two_modes()
    truth = rb.exact.log_partition(rbm)
    few, enough = rb.evaluate.ais(rbm, 100, 3), rb.evaluate.ais(rbm, 100, 3000)
    assert not few.trusted and "take more betas" in few.warning
    assert f"{few.effective_sample_size:.1f}" in few.warning
    assert few.log_z < truth - 0.5
    assert enough.trusted and enough.warning == ""
    assert abs(enough.log_z - truth) < 4 * enough.std_error


@pytest.mark.jit
def test_only_the_other_side_sees_a_mode_that_all_chains_have_missed():
    rbm = hole()
    truth = rb.exact.log_partition(rbm)
    below = rb.evaluate.ais(rbm, 100, 200)
    above = rb.evaluate.reverse_ais(rbm, exact_samples(rbm, 100, np.random.default_rng(0)), 200)
    assert below.trusted and below.log_z < truth - 3
    assert above.log_z > truth - 4 * above.std_error
    assert above.log_z - below.log_z > 3


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


# --- data with a scale ----------------------------------------------------------------------------


def bells(seed=0, mean=3.0, visible=None):
    """A machine of narrow bells far apart, and exact draws of it: mean 3, each bell's sd 0.2."""
    rng = np.random.default_rng(seed)
    gamma = 25.0
    visible = rb.Gaussian(np.log(gamma)) if visible is None else visible
    W = gamma * np.linalg.qr(rng.normal(size=(4, 3)))[0]  # orthogonal shifts of length 1
    rbm = rb.RBM(W, gamma * mean - W.sum(axis=1) / 2, np.zeros(3), visible)
    rbm.b[:] = -(2 * W.T @ rbm.a + (W**2).sum(axis=0)) / (2 * gamma)  # each is on half the time
    return rbm, exact_samples(rbm, 4000, rng)


@pytest.mark.parametrize(
    "visible", [None, rb.Mixed([(rb.Gaussian(np.log(25.0)), 3), (rb.Gaussian(np.log(25.0)), 1)])]
)
def test_with_learned_precisions_the_base_has_the_mean_and_the_variance_of_the_data(visible):
    """From precisions of the machine's own, its start would be narrow bells in the wrong place."""
    rbm, X = bells(visible=visible)
    start = annealing._Machines(rbm, X).start(4000, np.random.default_rng(1))
    np.testing.assert_allclose(start.mean(axis=0), X.mean(axis=0), atol=6 * X.std() / 4000**0.5)
    np.testing.assert_allclose(start.std(axis=0), X.std(axis=0), rtol=0.08)


@pytest.mark.parametrize("seed", range(4))
def test_ladders_between_two_precisions_lead_to_log_z_from_both_sides(seed):
    rbm, X = bells(seed)
    log_z = rb.exact.log_partition(rbm)
    below = rb.evaluate.ais(rbm, 200, 300, rng=1, data=X)
    above = rb.evaluate.reverse_ais(rbm, X[:200], 300, rng=2, data=X)
    for found in (below, above, rb.evaluate.bridge(below, above)):
        assert found.effective_sample_size > 60
        assert abs(found.log_z - log_z) < 5 * found.std_error


def test_a_bridge_between_weights_that_do_not_overlap_is_not_trusted():
    """Its standard error is infinite, and NumPy is silent."""
    rbm = rb.RBM.random(4, 3, dtype=np.float64)
    forward = rb.evaluate.ais(rbm, 20, 20)
    far = dataclasses.replace(forward, log_weights=forward.log_weights - 1e6)
    found = rb.evaluate.bridge(far, rb.evaluate.reverse_ais(rbm, np.eye(4), 20))
    assert found.std_error == np.inf and not found.trusted
