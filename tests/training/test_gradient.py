"""The two phases: CD-k equals the naive one on the same noise, and tends to the exact gradient."""

import naive
import numpy as np
import pytest
from frequencies import CHAINS, assert_within_error

import rbmbook as rb

NAMES = "Wab"
TOLERANCE = {
    np.float32: {"rtol": 1e-5, "atol": 1e-6},
    np.float64: {"rtol": 1e-12, "atol": 1e-14},
}


def assert_same(comp, ref, dtype=np.float64):
    for name, expected in zip(NAMES, ref, strict=True):
        array = getattr(comp, name)
        assert array.dtype == dtype
        np.testing.assert_allclose(array, expected, err_msg=name, **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exact_negative_phase_gives_the_exact_gradient(theta, dtype, binary):
    rounded = [parameter.astype(dtype) for parameter in theta]
    v = binary(12, 4)
    ref = naive.gradient(*[p.astype(np.float64) for p in rounded], v)
    assert_same(rb.gradient.estimate(rb.RBM(*rounded), v, rb.Exact(), 0), ref, dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 2, 5])
def test_contrastive_divergence_equals_the_naive_one_on_the_same_noise(theta, k, dtype, binary):
    rounded = [parameter.astype(dtype) for parameter in theta]
    v = binary(40, 4)
    ref = naive.contrastive_divergence(*rounded, v, k, np.random.default_rng(3), dtype=dtype)
    assert_same(rb.gradient.estimate(rb.RBM(*rounded), v, rb.CD(k), 3), ref, dtype)


def test_contrastive_divergence_equals_the_naive_one_with_weights(rbm, theta, binary):
    """A chain carries the weight of the row it started from."""
    v, weight = binary(40, 4), np.random.default_rng(1).random(40)
    ref = naive.contrastive_divergence(*theta, v, 2, np.random.default_rng(3), weight)
    assert_same(rb.gradient.estimate(rbm, v, rb.CD(2), 3, sample_weight=weight), ref)


@pytest.mark.parametrize("negative", [rb.Exact(), rb.CD(2)], ids=["Exact", "CD"])
def test_equal_weights_change_nothing(rbm, negative, binary):
    v = binary(10, 4)
    ref = rb.gradient.estimate(rbm, v, negative, 0)
    comp = rb.gradient.estimate(rbm, v, negative, 0, sample_weight=np.full(10, 2.5))
    assert_same(comp, [getattr(ref, name) for name in NAMES])


def test_a_weight_counts_as_that_many_rows(rbm, binary):
    v, weight = binary(4, 4), np.array([3, 0, 1, 2])
    ref = rb.gradient.estimate(rbm, np.repeat(v, weight, axis=0), rb.Exact(), 0)
    comp = rb.gradient.estimate(rbm, v, rb.Exact(), 0, sample_weight=weight)
    assert_same(comp, [getattr(ref, name) for name in NAMES])


def test_a_weight_of_zero_removes_the_row_from_contrastive_divergence(rbm, binary):
    """Its noise is still drawn, so the first rows see the same chains."""
    v = binary(6, 4)
    weight = np.array([1.0, 1, 1, 0, 0, 0])
    other = v.copy()
    other[3:] = 1 - other[3:]
    one = rb.gradient.estimate(rbm, v, rb.CD(1), 0, sample_weight=weight)
    two = rb.gradient.estimate(rbm, other, rb.CD(1), 0, sample_weight=weight)
    assert_same(one, [getattr(two, name) for name in NAMES])


def test_the_estimate_changes_neither_machine_nor_data(rbm, theta, binary):
    v = binary(10, 4)
    kept = v.copy()
    for negative in (rb.Exact(), rb.CD(3)):
        rb.gradient.estimate(rbm, v, negative, 0)
    np.testing.assert_array_equal(v, kept)
    for name, parameter in zip(NAMES, theta, strict=True):
        np.testing.assert_array_equal(getattr(rbm, name), parameter)


def test_the_same_seed_gives_the_same_bits(rbm, binary):
    v = binary(30, 4)
    one = rb.gradient.estimate(rbm, v, rb.CD(2), 8)
    two = rb.gradient.estimate(rbm, v, rb.CD(2), np.random.default_rng(8))
    other = rb.gradient.estimate(rbm, v, rb.CD(2), 9)
    for name in NAMES:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert np.any(one.W != other.W)


def test_probabilities_are_accepted_as_data(rbm, theta):
    """A row of probabilities enters the data term as it is and starts a chain that is binary."""
    v = np.random.default_rng(0).random((20, 4))
    ref = naive.contrastive_divergence(*theta, v, 1, np.random.default_rng(3))
    assert_same(rb.gradient.estimate(rbm, v, rb.CD(1), 3), ref)


# --- k → ∞ ----------------------------------------------------------------------------------------


def variance_of_one_chain(W, a, b):
    """Variance of v_i E[h_j | v], of v_i and of E[h_j | v] when v is one draw of p(v)."""
    p, v = naive.probabilities(W, a, b), np.array(naive.states(len(a)), dtype=float)
    h = np.array([naive.conditional_mean(W.T, b, x) for x in v])
    vh = np.einsum("si,sj->sij", v, h)
    return [
        np.einsum("s,s...->...", p, x**2) - np.einsum("s,s...->...", p, x) ** 2 for x in (vh, v, h)
    ]


def assert_unbiased(estimator, theta, rows=CHAINS, seed=0):
    """``estimator(v, rng)`` = the exact gradient, up to the standard error of ``rows`` chains.

    The data term is the same in both, so their difference is a mean over independent chains.
    """
    v = np.tile([[1.0, 0, 0, 1], [1, 1, 0, 0]], (rows // 2, 1))
    exact = naive.gradient(*theta, v[:2])
    estimate = estimator(v, np.random.default_rng(seed))
    for mean, value, variance in zip(estimate, exact, variance_of_one_chain(*theta), strict=True):
        assert_within_error(mean, value, variance, rows)


def contrastive(rbm, k):
    def estimator(v, rng):
        step = rb.gradient.estimate(rbm, v, rb.CD(k), rng)
        return step.W, step.a, step.b

    return estimator


LONG = 15


def test_long_chains_have_forgotten_their_start(theta):
    """The premise of the next tests: the bias left after LONG steps is far below the noise."""
    eigenvalues = np.sort(np.abs(np.linalg.eigvals(naive.transition(*theta))))
    assert eigenvalues[-2] ** LONG < 1e-4


def test_long_chains_give_the_exact_gradient_within_the_standard_error(rbm, theta):
    assert_unbiased(contrastive(rbm, LONG), theta)


@pytest.mark.jit
def test_short_chains_are_biased_and_rejected(rbm, theta):
    with pytest.raises(AssertionError, match="standard errors"):
        assert_unbiased(contrastive(rbm, 1), theta)


@pytest.mark.jit
def test_a_machine_that_forgets_a_bias_is_rejected(theta):
    W, a, b = theta
    for broken in (rb.RBM(W, 0 * a, b), rb.RBM(W, a, 0 * b)):
        with pytest.raises(AssertionError, match="standard errors"):
            assert_unbiased(contrastive(broken, LONG), theta)


@pytest.mark.jit
def test_the_wrong_sign_is_rejected(rbm, theta):
    with pytest.raises(AssertionError, match="standard errors"):
        assert_unbiased(
            lambda v, rng: tuple(-step for step in contrastive(rbm, LONG)(v, rng)), theta
        )


@pytest.mark.jit
def test_the_hidden_sample_of_the_last_step_is_not_what_is_averaged(rbm, theta):
    """With h sampled in place of E[h | v_k] the mean is the same but the spread is not."""
    v = np.tile([[1.0, 0, 0, 1]], (200, 1))
    steps = [rb.gradient.estimate(rbm, v, rb.CD(20), seed).b for seed in range(200)]
    spread = np.var(steps, axis=0) * len(v)
    expected = variance_of_one_chain(*theta)[2]
    mean = naive.expectations(*theta)[2]
    # 200 estimates give a variance within sqrt(2 / 200) = 10 % per sigma.
    np.testing.assert_allclose(spread, expected, rtol=0.5)
    assert np.all(mean * (1 - mean) > 1.5 * expected), "the sampled twin would not be told apart"
