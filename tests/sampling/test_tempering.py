"""Parallel tempering: the right swaps, the right distribution at every temperature, its ladder."""

import naive
import numpy as np
import pytest
from frequencies import CHAINS, assert_frequencies, index_of
from small_fits import assert_same_bits, fit
from unit_cases import EXACT, machine, name

import rbmbook as rb
from rbmbook.sampling.tempering import Replicas, ladder, run

BETAS = np.array([0.2, 0.5, 0.8, 1.0])


def tempered(theta, beta):
    return [beta * p for p in theta]


def exact_start(theta, betas, chains, seed):
    """Independent draws of p_β(v) at every temperature, (T · chains, D)."""
    rng, every = np.random.default_rng(seed), np.array(naive.states(len(theta[1])), float)
    starts = []
    for beta in betas:
        p = naive.probabilities(*tempered(theta, beta))
        starts.append(every[rng.choice(len(p), size=chains, p=p / p.sum())])
    return np.concatenate(starts)


def log_factors(theta, v, beta):
    """log Σ_h exp(−β E(v, h)) of each row, from the definition."""
    W, a, b = tempered(theta, beta)
    return v @ a + np.logaddexp(0, v @ W + b).sum(axis=1)


def right_ratio(theta, v, w, low, high):
    """log of p_low(w) p_high(v) / (p_low(v) p_high(w)), v being at `low`, w at `high`."""
    swapped = log_factors(theta, w, low) + log_factors(theta, v, high)
    return swapped - log_factors(theta, v, low) - log_factors(theta, w, high)


def naive_tempering(theta, v, betas, steps, rng, ratio=right_ratio):
    """Gibbs steps of all chains at once, then swaps of even pairs, then of odd pairs, in turn."""
    T, n = len(betas), len(v) // len(betas)
    beta = np.repeat(betas, n)[:, None]
    W, a, b = theta
    for t in range(steps):
        h = rng.random((len(v), len(b))) < 1 / (1 + np.exp(-beta * (v @ W + b)))
        v = (rng.random((len(v), len(a))) < 1 / (1 + np.exp(-beta * (h @ W.T + a)))).astype(float)
        lower = range(t % 2, T - 1, 2)
        for i, u in zip(lower, rng.random((len(lower), n)), strict=True):
            below, above = slice(i * n, (i + 1) * n), slice((i + 1) * n, (i + 2) * n)
            log_ratio = ratio(theta, v[below], v[above], betas[i], betas[i + 1])
            accept = (u < np.exp(np.minimum(log_ratio, 0)))[:, None]
            v[below], v[above] = (
                np.where(accept, v[above], v[below]),
                np.where(accept, v[below], v[above]),
            )
    return v


def package_tempering(theta, v, betas, steps, rng):
    replicas = Replicas(rb.RBM(*theta), betas, len(v) // len(betas), rng)
    replicas._v[:] = v
    for _ in range(steps):
        replicas.step(rng)
    return replicas._v.copy()


def assert_no_drift_anywhere(sampler, theta, chains, steps=4, seed=0):
    """From p_β at every β, the chains at each β still follow p_β; β = 1 is the machine itself."""
    start = exact_start(theta, BETAS, chains, seed)
    end = sampler(theta, start, BETAS, steps, np.random.default_rng(seed + 1))
    for t, beta in enumerate(BETAS):
        p = naive.probabilities(*tempered(theta, beta))
        assert_frequencies(index_of(end[t * chains : (t + 1) * chains]), p)


def test_tempering_equals_the_naive_one_on_the_same_noise(theta):
    rng = np.random.default_rng(2)
    start = rng.random((4 * 30, 4)) < 0.5  # what `Replicas` draws first
    ref = naive_tempering(theta, start.astype(float), BETAS, 9, rng)
    rng = np.random.default_rng(2)
    replicas = Replicas(rb.RBM(*theta), BETAS, 30, rng)
    for _ in range(9):
        replicas.step(rng)
    np.testing.assert_array_equal(replicas._v, ref)
    np.testing.assert_array_equal(run(rb.RBM(*theta), 30, 9, 2, BETAS), ref[-30:])


@pytest.mark.parametrize("steps", [1, 2, 9])
def test_tempering_keeps_the_exact_distribution_at_every_temperature(theta, steps):
    assert_no_drift_anywhere(package_tempering, theta, CHAINS, steps)


def always(theta, v, w, low, high):
    return np.zeros(len(v))


def upside_down(theta, v, w, low, high):
    return -right_ratio(theta, v, w, low, high)


def forgets_the_visible_bias(theta, v, w, low, high):
    return right_ratio((theta[0], 0 * theta[1], theta[2]), v, w, low, high)


def scales_the_free_energy(theta, v, w, low, high):
    """(β_high − β_low)·(F(w) − F(v)): right only where β multiplies F, that is, for fixed h."""
    return (high - low) * (log_factors(theta, v, 1.0) - log_factors(theta, w, 1.0))


@pytest.mark.parametrize("ratio", [always, upside_down, forgets_the_visible_bias,
                                   scales_the_free_energy])  # fmt: skip
def test_wrong_swaps_are_rejected(theta, ratio):
    def broken(*args):
        return naive_tempering(*args, ratio=ratio)

    theta = [2 * p for p in theta]  # rows of the ladder far enough apart for a fault to show
    assert_no_drift_anywhere(naive_tempering, theta, 40_000)
    with pytest.raises(AssertionError, match="distance"):
        assert_no_drift_anywhere(broken, theta, 40_000)


def test_even_and_odd_pairs_take_turns(rbm):
    replicas = Replicas(rbm, np.linspace(0, 1, 6), 10, np.random.default_rng(0))
    for expected in ([1, 0, 1, 0, 1], [1, 1, 1, 1, 1], [2, 1, 2, 1, 2]):
        replicas.step(np.random.default_rng(1))
        np.testing.assert_array_equal(replicas._tried, expected)


@pytest.mark.parametrize("pair", EXACT, ids=name)
def test_the_swap_ratio_is_that_of_the_tempered_machines(pair):
    """For every type of unit, from the free energies of machines with β·⟨W, a, b⟩."""
    rbm = machine(pair, seed=1)
    betas, n = np.array([0.0, 0.4, 1.0]), 20
    replicas = Replicas(rbm, betas, n, np.random.default_rng(0))
    v = replicas._v.reshape(3, n, -1)
    hot, cold = (rb.RBM(b * rbm.W, b * rbm.a, b * rbm.b, rbm.visible, rbm.hidden)
                 for b in betas[1:])  # fmt: skip
    ref = hot.free_energy(v[1]) + cold.free_energy(v[2])
    ref -= hot.free_energy(v[2]) + cold.free_energy(v[1])
    comp = replicas.log_ratio(np.array([1]))[0]
    np.testing.assert_allclose(comp, ref, rtol=1e-9, atol=1e-10)


def two_valleys(n_visible=8, n_hidden=6, w=2.0):
    """All off and all on are equally likely, all between is rare."""
    W = np.full((n_visible, n_hidden), w)
    return rb.RBM(W, np.full(n_visible, -w * n_hidden / 2), np.full(n_hidden, -w * n_visible / 2))


@pytest.mark.jit
def test_tempering_crosses_where_gibbs_does_not():
    rbm = two_valleys()
    start = np.zeros((400, 8))
    plain = rb.gibbs.run(rbm, start, 300, 0).mean()
    replicas = Replicas(rbm, np.linspace(0, 1, 10), 400, np.random.default_rng(0))
    replicas._v[-400:] = start
    rng = np.random.default_rng(1)
    for _ in range(300):
        replicas.step(rng)
    assert plain < 0.01
    # Each chain is all on with probability ½; the standard error of 400 of them is 0.025.
    assert abs(replicas.v.mean() - 0.5) < 6 * 0.025


@pytest.mark.jit
def test_adaptation_makes_the_swap_rates_more_equal():
    rbm = two_valleys()
    ends = {}
    for adapt in (0, 60):
        rng = np.random.default_rng(0)
        replicas = Replicas(rbm, np.linspace(0, 1, 6), 500, rng)
        for t in range(60):
            replicas.step(rng)
            if t < adapt:
                replicas.adapt()
        replicas.monitors()  # begins to count anew
        for _ in range(200):
            replicas.step(rng)
        ends[adapt] = replicas.swap_rates
        assert np.all(np.diff(replicas.betas) > 0)
        assert replicas.betas[0] == 0 and replicas.betas[-1] == 1
    assert np.ptp(ends[60]) < 0.5 * np.ptp(ends[0])
    assert ends[60].min() > ends[0].min()


def test_the_swap_rate_of_the_history_is_the_lowest_of_the_epoch(rbm, binary):
    kept = []

    class Watched(rb.Tempered):
        def start(self, machine, rng):
            kept.append(super().start(machine, rng))
            return kept[-1]

    rates = []
    negative = Watched(betas=4, chains=9)
    history = fit(rbm, binary(30, 4), negative=negative, batch_size=5,
                  callbacks=[lambda *_: rates.append(kept[0].swap_rates.min())])  # fmt: skip
    np.testing.assert_array_equal(history["swap_rate"], rates)
    assert np.all((history["swap_rate"] > 0) & (history["swap_rate"] <= 1))


@pytest.mark.parametrize("adapt", [0, 3, 100])
@pytest.mark.parametrize("betas", [2, 5])
def test_the_swap_rate_is_known_even_with_one_update_an_epoch(rbm, binary, adapt, betas):
    """Half of the pairs have no turn in an epoch, of two temperatures sometimes none has."""
    negative = rb.Tempered(betas=betas, chains=9, adapt=adapt)
    history = fit(rbm, binary(10, 4), negative=negative, batch_size=10, epochs=6)
    assert np.all((history["swap_rate"] > 0.01) & (history["swap_rate"] <= 1))


def test_swap_rates_that_are_not_numbers_are_reported_in_silence(rbm):
    replicas = Replicas(rbm, np.linspace(0, 1, 3), 2, np.random.default_rng(0))
    assert np.isnan(replicas.monitors()["swap_rate"])  # no pair has had a turn; no warning


def test_adaptation_stops_after_the_given_number_of_updates(rbm, binary):
    ladders = []

    class Watched(rb.Tempered):
        def start(self, machine, rng):
            self.__dict__["kept"] = super().start(machine, rng)
            return self.kept

    negative = Watched(betas=5, chains=20, adapt=7)
    watch = rb.Callback(lambda *_: ladders.append(negative.kept.betas.copy()), every=1)
    fit(rbm, binary(20, 4), negative=negative, batch_size=10, epochs=6, callbacks=[watch])
    assert np.any(ladders[3] != ladders[5])  # every other update, when all pairs have had a turn
    for later in ladders[6:]:
        np.testing.assert_array_equal(later, ladders[5])


def test_a_ladder_of_a_number_is_equally_spaced_and_a_given_one_is_kept():
    np.testing.assert_array_equal(ladder("betas", 5), [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_array_equal(ladder("betas", [0.1, 1]), [0.1, 1])


def test_the_same_seed_gives_the_same_bits(rbm, binary):
    one, other = rbm.copy(), rbm.copy()
    for each in (one, other):
        fit(each, binary(30, 4), negative=rb.Tempered(betas=4, chains=5, adapt=3), rng=2)
    assert_same_bits(one, other)
