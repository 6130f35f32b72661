"""Scores that need no log Z: against enumeration, against averages, against cases known by hand."""

import numpy as np
import pytest
from scipy import sparse
from unit_pairs import DISCRETE, PAIRS, machine, name

import rbmbook as rb

LISTED = [pair for pair in PAIRS if pair[0].levels is not None]


def enumerated_pseudo_log_likelihood(rbm, v):
    """Σ_i log p(v) / Σ_x p(v with site i in state x), from the table of all probabilities."""
    states, p = rb.exact.states(rbm.n_visible, rbm.visible), rb.exact.probabilities(rbm)
    table = {tuple(state): q for state, q in zip(states.tolist(), p, strict=True)}
    levels = rbm.visible.levels
    width = levels.shape[1]
    total = np.zeros(len(v))
    for t, row in enumerate(v):
        for start in range(0, rbm.n_visible, width):
            changed = np.tile(row, (len(levels), 1))
            changed[:, start : start + width] = levels
            total[t] += np.log(table[tuple(row)] / sum(table[tuple(x)] for x in changed.tolist()))
    return total


def some_states(rbm, n, seed=0):
    states = rb.exact.states(rbm.n_visible, rbm.visible)
    return states[np.random.default_rng(seed).integers(len(states), size=n)]


# -- pseudo-likelihood ---------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("pair", LISTED, ids=name)
def test_pseudo_log_likelihood_equals_the_enumerated_conditionals(pair, seed):
    rbm = machine(pair, seed)
    v = some_states(rbm, 9)
    comp = rb.evaluate.pseudo_log_likelihood(rbm, v)
    np.testing.assert_allclose(comp, enumerated_pseudo_log_likelihood(rbm, v), rtol=1e-9)


def test_of_independent_units_it_is_the_log_likelihood():
    rng = np.random.default_rng(2)
    rbm = rb.RBM(np.zeros((6, 3)), rng.normal(size=6), rng.normal(size=3))
    v = some_states(rbm, 20)
    np.testing.assert_allclose(
        rb.evaluate.pseudo_log_likelihood(rbm, v), rb.exact.log_likelihood(rbm, v), rtol=1e-12
    )


def test_it_is_finite_for_parameters_of_any_size(rbm):
    huge = rb.RBM(1000 * rbm.W, 1000 * rbm.a, 1000 * rbm.b)
    v = some_states(huge, 10)
    found = rb.evaluate.pseudo_log_likelihood(huge, v)
    assert np.isfinite(found).all() and (found <= 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_rows_and_both_dtypes_give_the_same(rbm, dtype):
    low, v = rbm.astype(dtype), some_states(rbm, 12)
    found = rb.evaluate.pseudo_log_likelihood(low, v)
    assert found.dtype == dtype and found.shape == (12,)
    np.testing.assert_allclose(
        found, rb.evaluate.pseudo_log_likelihood(rbm, v), rtol=1e-5 if dtype == np.float32 else 0
    )
    for x in (sparse.csr_array(v), v.astype(np.uint8)):
        np.testing.assert_array_equal(rb.evaluate.pseudo_log_likelihood(low, x), found)


@pytest.mark.jit
@pytest.mark.parametrize("scale", [0.1, 1.0, 6.0, 20.0])
@pytest.mark.parametrize("n_hidden", [5, 16, 90])
def test_wide_binary_machines_give_the_plain_sums(n_hidden, scale):
    """Products of many factors, logarithms in between, and weights that products cannot hold."""
    rng = np.random.default_rng(n_hidden)
    W, a, b = (rng.normal(size=shape) * scale for shape in ((20, n_hidden), 20, n_hidden))
    rbm, v = rb.RBM(W, a, b), rng.integers(0, 2, (6, 20)).astype(float)

    def log_weight(v):
        return v @ a + np.logaddexp(0, v @ W + b).sum(axis=1)

    total = np.zeros(len(v))
    for i in range(20):
        flipped = v.copy()
        flipped[:, i] = 1 - v[:, i]
        total -= np.logaddexp(0, log_weight(flipped) - log_weight(v))
    found = rb.evaluate.pseudo_log_likelihood(rbm, v)
    np.testing.assert_allclose(found, total, rtol=1e-9, atol=1e-11)


# -- its sampled form ----------------------------------------------------------------------------
@pytest.mark.jit
@pytest.mark.parametrize("sites", [1, 3])
@pytest.mark.parametrize("unit", DISCRETE, ids=lambda unit: type(unit).__name__)
def test_the_sampled_form_is_right_on_average(unit, sites):
    rbm = machine((unit, rb.Bernoulli()), 5)
    row = some_states(rbm, 1)
    many = np.repeat(row, 4000, axis=0)
    drawn = rb.evaluate.sampled_pseudo_log_likelihood(rbm, many, 3, sites=sites)
    exact = rb.evaluate.pseudo_log_likelihood(rbm, row)[0]
    error = drawn.std(ddof=1) / np.sqrt(len(drawn))
    assert abs(drawn.mean() - exact) < 4 * error
    # twins that forget to scale up to all sites, or to divide by the number of sites drawn
    assert abs(drawn.mean() / (rbm.n_visible // unit.columns) - exact) > 4 * error
    assert sites == 1 or abs(drawn.mean() * sites - exact) > 4 * error


def test_more_sites_have_less_noise_and_the_seed_repeats():
    rbm = machine(PAIRS[0], 4)
    many = np.repeat(some_states(rbm, 1), 4000, axis=0)
    one, four = (
        rb.evaluate.sampled_pseudo_log_likelihood(rbm, many, 1, sites=sites).var()
        for sites in (1, 4)
    )
    assert 0.2 < four / one < 0.3  # ¼, known within a few per cent
    first, again, other = (
        rb.evaluate.sampled_pseudo_log_likelihood(rbm, many, seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


# -- reconstruction error ------------------------------------------------------------------------
def test_reconstruction_error_of_a_case_known_by_hand():
    rbm = rb.RBM(np.zeros((4, 2)), [0.0, 0.0, np.log(3), -np.log(3)], np.zeros(2))
    # the reconstruction is (½, ½, ¾, ¼) whatever v is
    v = np.array([[0, 1, 1, 0], [0, 1, 0, 1.0]])
    by_hand = [(0.25 + 0.25 + 0.0625 + 0.0625) / 4, (0.25 + 0.25 + 0.5625 + 0.5625) / 4]
    np.testing.assert_allclose(rb.evaluate.reconstruction_error(rbm, v), by_hand, rtol=1e-12)


def test_reconstruction_error_goes_through_the_mean_of_h(rbm, theta):
    W, a, b = theta
    v = some_states(rbm, 10)
    h = 1 / (1 + np.exp(-(v @ W + b)))
    again = 1 / (1 + np.exp(-(h @ W.T + a)))
    np.testing.assert_allclose(
        rb.evaluate.reconstruction_error(rbm, v), ((v - again) ** 2).mean(axis=1), rtol=1e-10
    )


# -- two samples ---------------------------------------------------------------------------------
def test_two_heaps_far_apart_are_told_apart_and_copies_look_too_near():
    data = np.array([[0.0], [1.0], [2.0]])
    accuracy = rb.evaluate.nearest_neighbour_accuracy
    assert accuracy(data, data + 100) == 1.0
    assert accuracy(data, data + 0.1) == 0.0


def test_a_case_of_neighbours_counted_by_hand():
    data, samples = np.array([[0.0], [1.0], [10.0]]), np.array([[10.5], [20.0], [22.0]])
    # data: 0 and 1 are each other's nearest, 10 has 10.5 at ½: rate 2/3.
    # samples: 10.5 has 10 at ½; 20 and 22 are each other's nearest: rate 2/3.
    found = rb.evaluate.nearest_neighbour_accuracy(data, samples)
    np.testing.assert_allclose(found, 2 / 3)
    # 0 and 1 are nearer to each other (1) than to any sample (1.5 and 2): rate 1. The samples lie
    # 4.5 apart and have a row of data at 2 and at 1.5: rate 0.
    found = rb.evaluate.nearest_neighbour_accuracy([[0.0], [1.0]], [[3.0], [-1.5]])
    assert found == (1 + 0) / 2


def test_ties_count_one_half():
    rows = np.zeros((4, 3))
    assert rb.evaluate.nearest_neighbour_accuracy(rows, rows) == 0.5
    assert rb.evaluate.nearest_neighbour_accuracy([[0.0], [1.0]], [[-1.0], [2.0]]) == 0.25


def test_two_samples_of_one_distribution_score_about_one_half():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 600, 5))
    score = rb.evaluate.nearest_neighbour_accuracy(x, y)
    # 1,200 comparisons: a standard error of about ½ / √1200, somewhat more since they overlap
    assert abs(score - 0.5) < 5 * 0.5 / np.sqrt(1200)
    assert rb.evaluate.nearest_neighbour_accuracy(x, y + 0.8) > 0.6
    np.testing.assert_allclose(
        rb.evaluate.nearest_neighbour_accuracy(sparse.csr_array(x), sparse.csr_array(y)), score
    )


# -- errors --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda m: rb.evaluate.pseudo_log_likelihood(m, np.ones((2, 3))), ValueError, "v: "),
        (lambda m: rb.evaluate.pseudo_log_likelihood(m, [[0.5] * 4]), ValueError, "v: "),
        (lambda m: rb.evaluate.pseudo_log_likelihood(None, [[0] * 4]), TypeError, "rbm"),
        (
            lambda m: rb.evaluate.sampled_pseudo_log_likelihood(m, [[0] * 4], 0, sites=0),
            ValueError,
            "sites",
        ),
        (
            lambda m: rb.evaluate.sampled_pseudo_log_likelihood(m, [[0] * 4], "seed"),
            TypeError,
            "rng",
        ),
        (lambda m: rb.evaluate.reconstruction_error(m, [[2] * 4]), ValueError, "v: "),
        (lambda m: rb.evaluate.reconstruction_error(m, [0] * 4), ValueError, "v: "),
        (
            lambda m: rb.evaluate.nearest_neighbour_accuracy(np.ones((1, 4)), np.ones((3, 4))),
            ValueError,
            "data.*2 rows",
        ),
        (
            lambda m: rb.evaluate.nearest_neighbour_accuracy(np.ones((3, 4)), np.ones((1, 4))),
            ValueError,
            "samples.*2 rows",
        ),
        (
            lambda m: rb.evaluate.nearest_neighbour_accuracy(np.ones((3, 4)), np.ones((3, 5))),
            ValueError,
            "samples",
        ),
    ],
)
def test_wrong_arguments_are_named(rbm, call, error, words):
    with pytest.raises(error, match=words):
        call(rbm)


@pytest.mark.parametrize("unit", [rb.Gaussian(), rb.ReLU()])
def test_continuous_conditionals_are_refused(unit):
    rbm = rb.RBM(np.ones((2, 2)), np.zeros(2), np.zeros(2), visible=unit)
    for score in (
        rb.evaluate.pseudo_log_likelihood,
        lambda m, v: rb.evaluate.sampled_pseudo_log_likelihood(m, v, 0),
    ):
        with pytest.raises(TypeError, match="finitely many states"):
            score(rbm, np.ones((3, 2)))
