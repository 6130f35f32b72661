"""Gibbs sampling: the same chain as the naive one, and the right distribution."""

import frequencies
import naive
import numpy as np
import pytest
from frequencies import CHAINS, assert_no_drift, assert_transition

import rbmbook as rb


def run(rbm):
    """The package's sampler in the form the shared tests take."""
    return lambda start, steps, rng: rb.gibbs.run(rbm, start, steps, rng)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("steps", [0, 1, 7])
def test_chains_equal_the_naive_ones_on_the_same_noise(theta, steps, dtype, binary):
    rounded = [parameter.astype(dtype) for parameter in theta]
    start = binary(30, 4)
    ref = naive.gibbs(*rounded, start, steps, np.random.default_rng(1), dtype)
    comp = rb.gibbs.run(rb.RBM(*rounded), start, steps, 1)
    assert comp.dtype == dtype
    np.testing.assert_array_equal(comp, ref)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_int_start_is_that_many_fair_coins_drawn_first(theta, dtype):
    rounded = [parameter.astype(dtype) for parameter in theta]
    rng = np.random.default_rng(2)
    start = rng.random((25, 4), dtype=dtype) < 0.5
    ref = naive.gibbs(*rounded, start, 3, rng, dtype)
    np.testing.assert_array_equal(rb.gibbs.run(rb.RBM(*rounded), 25, 3, 2), ref)


def test_running_on_equals_running_through(rbm):
    through = rb.gibbs.run(rbm, 20, 9, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    halfway = rb.gibbs.run(rbm, 20, 4, rng)
    np.testing.assert_array_equal(rb.gibbs.run(rbm, halfway, 5, rng), through)


def test_the_start_is_left_alone(rbm, binary):
    start = binary(20, 4)
    kept = start.copy()
    end = rb.gibbs.run(rbm, start, 5, 0)
    np.testing.assert_array_equal(start, kept)
    assert np.any(end != start) and not np.shares_memory(end, start)
    assert not np.shares_memory(rb.gibbs.run(rbm, start, 0, 0), start)


@pytest.mark.parametrize("steps", [1, 2, 10])
def test_sampler_keeps_the_exact_distribution(rbm, theta, steps):
    assert_no_drift(run(rbm), theta, CHAINS, steps)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_sampler_moves_by_the_exact_transition(rbm, theta, steps):
    assert_transition(run(rbm), theta, CHAINS, steps)


@pytest.mark.parametrize("chains", [1, 3])
def test_autocorrelation_and_effective_sample_size_equal_the_naive_ones(chains):
    noise = np.random.default_rng(0).normal(size=(80, chains))
    x = np.cumsum(noise, axis=0) * 0.2 + noise
    comp = rb.gibbs.autocorrelation(x, 79)
    ref = [naive.autocorrelation(x.T.tolist(), lag) for lag in range(80)]
    np.testing.assert_allclose(comp, ref, rtol=0, atol=1e-12)
    ref = naive.effective_sample_size(x.T.tolist())
    np.testing.assert_allclose(rb.gibbs.effective_sample_size(x), ref, rtol=1e-10)


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_effective_sample_size_of_a_process_whose_answer_is_known(memory):
    """x_t = φ x_{t−1} + noise has ρ_t = φᵗ, so τ = (1 + φ) / (1 − φ)."""
    rng, steps, chains = np.random.default_rng(1), 4000, 20
    x = np.empty((steps, chains))
    x[0] = rng.normal(size=chains) / np.sqrt(1 - memory**2)
    for t in range(1, steps):
        x[t] = memory * x[t - 1] + rng.normal(size=chains)
    time = (1 + memory) / (1 - memory)
    # Sokal's equation 3.19: the variance of τ is about 2 (2M + 1) τ² / N, with the window M = 5 τ.
    error = time * np.sqrt(2 * (10 * time + 1) / x.size)
    comp = x.size / rb.gibbs.effective_sample_size(x)
    # The window cuts off a tail of relative size exp(−M / correlation time) ≤ exp(−9).
    assert abs(comp - time) < frequencies.SIGMAS * error + 1e-3 * time


def test_a_trace_passes_through_what_run_reaches(rbm):
    trace = rb.gibbs.trace(rbm, 15, 6, 3)
    assert trace.shape == (7, 15, 4)
    for steps in (0, 2, 6):
        np.testing.assert_array_equal(trace[steps], rb.gibbs.run(rbm, 15, steps, 3))
    free = rb.gibbs.trace(rbm, 15, 6, 3, rbm.free_energy)
    np.testing.assert_allclose(free[4], rbm.free_energy(trace[4]), rtol=1e-12)


# --- samplers broken on purpose: each has a fault that is easy to write ---------------------------


def forgets_the_visible_bias(W, a, b):
    return lambda start, steps, rng: naive_run(W, 0 * a, b, start, steps, rng)


def forgets_the_hidden_bias(W, a, b):
    return lambda start, steps, rng: naive_run(W, a, 0 * b, start, steps, rng)


def naive_run(W, a, b, v, steps, rng, hidden=None, visible=None):
    """Vectorised block Gibbs whose two draws can be replaced by faulty ones."""
    hidden = hidden or (lambda mean, noise: noise < mean)
    visible = visible or (lambda mean, noise: noise < mean)
    for _ in range(steps):
        noise = rng.random((len(v), len(b)))
        h = hidden(1 / (1 + np.exp(-(v @ W + b))), noise)
        noise = rng.random((len(v), len(a)))
        v = visible(1 / (1 + np.exp(-(h @ W.T + a))), noise)
    return v


def thresholds_the_hidden(W, a, b):
    return lambda start, steps, rng: naive_run(
        W, a, b, start, steps, rng, hidden=lambda mean, noise: mean > 0.5
    )


def thresholds_the_visible(W, a, b):
    return lambda start, steps, rng: naive_run(
        W, a, b, start, steps, rng, visible=lambda mean, noise: mean > 0.5
    )


def uses_hidden_means(W, a, b):
    return lambda start, steps, rng: naive_run(
        W, a, b, start, steps, rng, hidden=lambda mean, noise: mean
    )


def reuses_the_noise(W, a, b):
    def sampler(v, steps, rng):
        for _ in range(steps):
            noise = rng.random((len(v), max(W.shape)))
            h = noise[:, : len(b)] < 1 / (1 + np.exp(-(v @ W + b)))
            v = noise[:, : len(a)] < 1 / (1 + np.exp(-(h @ W.T + a)))
        return v

    return sampler


def compares_the_wrong_way(W, a, b):
    return lambda start, steps, rng: naive_run(
        W, a, b, start, steps, rng, visible=lambda mean, noise: noise > mean
    )


def keeps_a_stale_hidden(W, a, b):
    """h is drawn once: every later v is a right draw for the wrong h."""

    def sampler(v, steps, rng):
        h = rng.random((len(v), len(b))) < 1 / (1 + np.exp(-(v @ W + b)))
        for _ in range(steps):
            v = rng.random((len(v), len(a))) < 1 / (1 + np.exp(-(h @ W.T + a)))
        return v

    return sampler


def stands_still(W, a, b):
    return lambda start, steps, rng: start


def uses_a_neighbours_hidden(W, a, b):
    return lambda start, steps, rng: naive_run(
        W, a, b, start, steps, rng, hidden=lambda mean, noise: np.roll(noise < mean, 1, axis=0)
    )


DRIFTING = [
    forgets_the_visible_bias,
    forgets_the_hidden_bias,
    thresholds_the_hidden,
    thresholds_the_visible,
    uses_hidden_means,
    reuses_the_noise,
    compares_the_wrong_way,
]
UNMOVING = {keeps_a_stale_hidden: 2, stands_still: 1, uses_a_neighbours_hidden: 1}  # after steps


def test_the_twin_without_a_fault_passes(theta):
    """The scaffold of the broken twins is right by itself, so a rejection is due to the fault."""
    assert_no_drift(lambda *args: naive_run(*theta, *args), theta)
    assert_transition(lambda *args: naive_run(*theta, *args), theta, steps=2)


@pytest.mark.parametrize("broken", DRIFTING, ids=lambda f: f.__name__)
def test_a_sampler_that_drifts_is_rejected(broken, theta):
    with pytest.raises(AssertionError, match="distance"):
        assert_no_drift(broken(*theta), theta)


@pytest.mark.parametrize("broken", UNMOVING, ids=lambda f: f.__name__)
def test_a_sampler_that_moves_wrongly_is_rejected_though_it_keeps_the_distribution(broken, theta):
    assert_no_drift(broken(*theta), theta)
    with pytest.raises(AssertionError, match="distance"):
        assert_transition(broken(*theta), theta, steps=UNMOVING[broken])


def test_the_floor_is_what_independent_draws_show(theta):
    """Mean and spread of the distance over 300 perfect samples are the ones in the formula."""
    p = naive.probabilities(*theta)
    rng = np.random.default_rng(0)
    counts = rng.multinomial(5000, p / p.sum(), size=300)
    distance = 5000 * np.sum((counts / 5000 - p) ** 2, axis=1)
    floor, spread = frequencies.floor_and_spread(p)
    assert abs(distance.mean() - floor) < 5 * spread / np.sqrt(300)
    assert abs(distance.std() / spread - 1) < 0.3


def test_uneven_machines_keep_the_distribution():
    """More hidden than visible units, and a machine of one unit each."""
    for shape in ((2, 6), (6, 2), (1, 1)):
        rng = np.random.default_rng(4)
        theta = rng.normal(0, 1.5, shape), rng.normal(size=shape[0]), rng.normal(size=shape[1])
        assert_no_drift(run(rb.RBM(*theta)), theta, CHAINS)


def test_series_whose_squares_overflow_are_refused():
    for call in (rb.gibbs.autocorrelation, rb.gibbs.effective_sample_size):
        with pytest.raises(ValueError, match=r"^x: .* squares float64 can add up"):
            call(np.array([1e300, -1e300, 1e300]))
