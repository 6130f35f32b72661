"""Annealing from both sides: bounds, the bridge, other bases, and when not to trust an estimate."""

import dataclasses

import numpy as np
import pytest
from exact_draws import exact_samples, unbiased
from scipy.optimize import brentq
from scipy.special import expit
from unit_pairs import machine

import rbmbook as rb
from rbmbook.sampling import annealing


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
    start = annealing.Machines(rbm, X).start(annealing.Noise(np.random.default_rng(1), 4000))
    np.testing.assert_allclose(start.mean(axis=0), X.mean(axis=0), atol=6 * X.std() / 4000**0.5)
    np.testing.assert_allclose(start.std(axis=0), X.std(axis=0), rtol=0.08)


@pytest.mark.jit
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
