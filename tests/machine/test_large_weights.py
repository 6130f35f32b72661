"""Enumeration at weights of any size: right, or an error."""

import re

import naive_decimal
import numpy as np
import pytest

import rbmbook as rb
from rbmbook.machine import enumeration

UNITS = {"bits": (rb.Bernoulli(), (0, 1)), "spins": (rb.Spin(), (-1, 1))}
KEPT = {1.0: 1e-12, 1e3: 1e-10, 1e5: 1e-8}  # scale of the weights: nats that may be lost
REFUSED = "rbm: expected parameters whose sums float64 holds"


def wild(scale, seed, shape=(4, 3)):
    """Weights of which some cancel each other, among parameters of order one."""
    rng = np.random.default_rng(seed)
    W = rng.standard_normal(shape) * scale
    W[1] = -W[0]
    W[2] = rng.integers(-1, 2, shape[1]) * scale
    return W, rng.standard_normal(shape[0]), rng.standard_normal(shape[1])


def machine(units, scale, seed, turned):
    """A machine of wild weights, and all answers about it in decimals."""
    unit, levels = UNITS[units]
    W, a, b = wild(scale, seed)
    W, a, b = (W.T.copy(), b, a) if turned else (W, a, b)
    rbm = rb.RBM(W, a, b, visible=unit, hidden=unit)
    return rbm, naive_decimal.answers(W, a, b, levels, levels)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize("scale", KEPT)
@pytest.mark.parametrize("seed", range(3))
def test_enumeration_keeps_what_its_sums_can_hold(units, scale, seed, turned):
    rbm, (log_z, mean_v, mean_h, p_v, log_p) = machine(units, scale, seed, turned)
    near = {"rtol": 0, "atol": KEPT[scale]}
    np.testing.assert_allclose(rb.exact.log_partition(rbm), log_z, **near)
    found = rb.exact.expectations(rbm)
    np.testing.assert_allclose(found.a, mean_v, **near)
    np.testing.assert_allclose(found.b, mean_h, **near)
    np.testing.assert_allclose(rb.exact.probabilities(rbm), p_v, **near)
    v = rb.exact.states(rbm.n_visible, rbm.visible)
    np.testing.assert_allclose(rb.exact.log_likelihood(rbm, v), log_p, **near)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize("scale", [1e8, 1e10, 1e12, 1e15, 1e17, 1e20])
@pytest.mark.parametrize("seed", range(3))
def test_beyond_them_an_answer_is_right_or_refused(units, scale, seed, turned):
    """Plain Gray code steps are off by whole nats from 1e16 on, and by 1e-4 at 1e12."""
    rbm, (log_z, mean_v, mean_h, p_v, log_p) = machine(units, scale, seed, turned)
    v = rb.exact.states(rbm.n_visible, rbm.visible)
    refused = 0
    for call, right in (
        (lambda: rb.exact.log_partition(rbm), log_z),
        (lambda: rb.exact.expectations(rbm).a, mean_v),
        (lambda: rb.exact.expectations(rbm).b, mean_h),
        (lambda: rb.exact.probabilities(rbm), p_v),
        (lambda: rb.exact.log_likelihood(rbm, v), log_p),
    ):
        try:
            answer = call()
        except ValueError as error:
            assert REFUSED in str(error)
            refused += 1
        else:
            np.testing.assert_allclose(answer, right, rtol=1e-5, atol=1e-5)
    assert refused >= 3 * (scale >= 1e12)  # the averages, which are of order one


@pytest.mark.parametrize("scale", [1e3, 1e5, 1e12, 1e17])
def test_weights_that_forbid_states_leave_the_count_of_the_others(scale):
    """With W = −scale, v and h are never both on: 2⁷ + 2⁵ − 1 states of weight 1."""
    rbm = rb.RBM(np.full((7, 5), -scale), np.zeros(7), np.zeros(5))
    if scale < 1e6:
        assert rb.exact.log_partition(rbm) == pytest.approx(np.log(2**7 + 2**5 - 1), abs=1e-7)
    else:
        with pytest.raises(ValueError, match=REFUSED):
            rb.exact.log_partition(rbm)


@pytest.mark.parametrize(
    "call",
    [
        rb.exact.log_partition,
        rb.exact.expectations,
        lambda rbm: rb.exact.log_likelihood(rbm, np.zeros((1, 3))),
    ],
)
def test_what_float64_cannot_hold_is_refused(call):
    """Gaussian units square their inputs; no pair of numbers is kept for those."""
    W = np.array([[1e9], [-1e9], [1.0]])
    rbm = rb.RBM(W, np.zeros(3), [-1e18], visible=rb.Gaussian())
    with pytest.raises(ValueError, match=r"rbm: expected parameters whose sums float64 holds"):
        call(rbm)


def test_sums_that_overflow_are_refused():
    rbm = rb.RBM(np.full((3, 3), 1e308), np.zeros(3), np.zeros(3))
    with pytest.raises(ValueError, match="rbm: expected weights whose sums are finite"):
        rb.exact.log_partition(rbm)


UNBOUNDED = [rb.Gaussian(), rb.ReLU()]
KINDS = [(rb.Bernoulli(), rb.Bernoulli()), (rb.Spin(), rb.NoisyReLU())]
KINDS += [(rb.Bernoulli(), unit) for unit in UNBOUNDED] + [(unit, rb.Spin()) for unit in UNBOUNDED]
SUMS = {
    "energy": lambda rbm, v, h: rbm.energy(v, h),
    "free_energy": lambda rbm, v, h: rbm.free_energy(v),
    "hidden_mean": lambda rbm, v, h: rbm.hidden_mean(v),
    "visible_mean": lambda rbm, v, h: rbm.visible_mean(h),
    "sample_hidden": lambda rbm, v, h: rbm.sample_hidden(v, 0),
    "sample_visible": lambda rbm, v, h: rbm.sample_visible(h, 0),
    "reconstruction_error": lambda rbm, v, h: rb.evaluate.reconstruction_error(rbm, v),
    "estimate": lambda rbm, v, h: rb.gradient.estimate(rbm, v, rb.CD(1), 0).W,
    "gibbs": lambda rbm, v, h: rb.gibbs.run(rbm, v, 2, 0),
    "ais": lambda rbm, v, h: rb.evaluate.ais(rbm, 9, 9).log_z,
    "reverse_ais": lambda rbm, v, h: rb.evaluate.reverse_ais(rbm, v, 9).log_z,
    "log_partition": lambda rbm, v, h: rb.exact.log_partition(rbm),
    "log_likelihood": lambda rbm, v, h: rb.exact.log_likelihood(rbm, v),
}


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("units", KINDS, ids=str)
@pytest.mark.parametrize(
    ("size", "dtype"),
    [(8e307, float), (1e200, float), (1e120, float), (1e38, np.float32), (1e25, np.float32)],
)
def test_sums_of_any_size_are_finite_or_refused_and_numpy_is_silent(name, units, size, dtype):
    """An overflowing sum is infinite or NaN, and a unit with the input NaN is off."""
    W = (size * np.array([[1, -1, 1], [1, 1, -1], [-1, 1, 1], [1, 1, 1.0]])).astype(dtype)
    rbm, answer = rb.RBM(W, np.zeros(4), np.zeros(3), *units), None
    try:
        answer = SUMS[name](rbm, np.ones((5, 4)), np.ones((5, 3)))
    except (ValueError, TypeError) as error:
        assert re.match("(rbm|unit): expected|unit: NoisyReLU", str(error))
    assert answer is None or np.isfinite(answer).all()
    assert answer is None or size < 8e307


@pytest.mark.parametrize("name", ["free_energy", "ais", "sample_hidden", "gibbs", "estimate"])
def test_the_largest_weights_are_refused_by_name(name):
    rbm = rb.RBM(np.full((4, 3), 8e307), np.zeros(4), np.zeros(3))
    with pytest.raises(
        ValueError, match=r"^rbm: expected weights whose sums are finite, .*8e\+307"
    ):
        SUMS[name](rbm, np.ones((5, 4)), np.ones((5, 3)))


def test_a_fit_whose_monitors_overflow_has_diverged_and_keeps_the_machine():
    """One with weights that float32 cannot add up, and held-out rows that ask for the sum."""
    rbm = rb.RBM(np.full((4, 3), 8e37, np.float32), np.zeros(4), np.zeros(3))
    before = rbm.W.copy()
    with pytest.raises(rb.DivergenceError):
        rb.fit(rbm, np.ones((5, 4)), rb.CD(1), 1, validation=np.ones((5, 4)), progress=False)
    np.testing.assert_array_equal(rbm.W, before)


def test_a_deep_machine_refuses_what_rounding_would_decide():
    """log p(v) of a deep machine with v held fast, against all states in decimals."""
    rng = np.random.default_rng(0)
    b = [rng.standard_normal(n) for n in (2, 2, 1)]
    v = rb.exact.states(2)
    for scale in (1e4, 1e17):
        W = [np.array([[scale, 1.0], [-scale, 2.0]]), np.array([[1.0], [-1.0]])]
        dbm = rb.DBM(W, b)
        if scale > 1e6:
            for call in (dbm.log_likelihood, dbm.free_energy):
                with pytest.raises(ValueError, match=REFUSED):
                    call(v[1:2])
            with pytest.raises(ValueError, match=REFUSED):
                dbm.posterior(v[1])
            continue
        rbm = dbm.as_rbm()
        *_, log_p = naive_decimal.answers(rbm.W, rbm.a, rbm.b)
        ref = [np.logaddexp(*log_p[2 * i : 2 * i + 2]) for i in range(4)]
        np.testing.assert_allclose(dbm.log_likelihood(v), ref, atol=1e-9, rtol=1e-12)


def test_a_directed_layer_refuses_what_rounding_would_decide():
    """A network of two machines, the lower one with weights of 1e17."""
    rng = np.random.default_rng(1)
    lower = rb.RBM(1e17 * rng.standard_normal((3, 2)), np.zeros(3), np.zeros(2))
    dbn = rb.DBN([lower, rb.RBM(np.zeros((2, 2)), np.zeros(2), np.zeros(2))])
    for call in (dbn.bound, dbn.log_likelihood):
        with pytest.raises(ValueError, match="rbm: expected parameters whose sums"):
            call(np.array([[1.0, 0.0, 1.0]]))


def test_a_pseudo_likelihood_that_rounding_would_decide_is_refused():
    rbm = rb.RBM([[1e17], [-1e17], [1.0]], np.zeros(3), [0.3])
    for call in (
        lambda v: rb.evaluate.pseudo_log_likelihood(rbm, v),
        lambda v: rb.evaluate.sampled_pseudo_log_likelihood(rbm, v, 0, sites=9),
    ):
        with pytest.raises(ValueError, match="rbm: expected parameters whose sums"):
            call(np.array([[0.0, 1.0, 0.0]]))


def test_the_kernel_of_the_code_stands_where_the_book_looks_for_it():
    assert rb.exact.gray_block is enumeration.gray_block
    assert rb.exact.BLOCK_NUMBERS == enumeration.BLOCK_NUMBERS
