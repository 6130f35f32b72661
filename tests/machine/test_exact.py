"""Enumeration: log Z, probabilities, expectations and the gradient against plain double sums."""

import naive
import naive_decimal
import numpy as np
import pytest

import rbmbook as rb

SHAPES = [(1, 1), (1, 4), (4, 1), (3, 5), (5, 3), (4, 4)]
RTOL = {np.float32: 2e-5, np.float64: 1e-12}


def machine(n_visible, n_hidden, scale=1.0, seed=1, dtype=np.float64):
    rng = np.random.default_rng(seed)
    shapes = (n_visible, n_hidden), (n_visible,), (n_hidden,)
    return rb.RBM(*(rng.normal(0, scale, shape).astype(dtype) for shape in shapes))


def parameters(rbm):
    return tuple(np.asarray(p, dtype=np.float64) for p in (rbm.W, rbm.a, rbm.b))


@pytest.mark.parametrize("n", [1, 2, 5])
def test_states_count_in_binary_with_the_last_unit_fastest(n):
    comp = rb.exact.states(n)
    assert comp.dtype == np.float64
    np.testing.assert_array_equal(comp, naive.states(n))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_log_partition_equals_the_double_sum(shape, dtype):
    rbm = machine(*shape, dtype=dtype)
    np.testing.assert_allclose(
        rb.exact.log_partition(rbm), naive.log_partition(*parameters(rbm)), rtol=RTOL[dtype]
    )


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (2, 9), (9, 2)])
def test_log_partition_from_the_visible_side_equals_the_hidden_side(shape):
    rbm = machine(*shape, scale=2.0)
    turned = rb.RBM(rbm.W.T.copy(), rbm.b.copy(), rbm.a.copy())
    visible = naive.log_sum_exp(-np.asarray(rbm.free_energy(rb.exact.states(shape[0]))))
    hidden = naive.log_sum_exp(-np.asarray(turned.free_energy(rb.exact.states(shape[1]))))
    np.testing.assert_allclose(visible, hidden, rtol=1e-12)
    np.testing.assert_allclose(rb.exact.log_partition(rbm), visible, rtol=1e-12)
    np.testing.assert_allclose(rb.exact.log_partition(turned), visible, rtol=1e-12)


@pytest.mark.parametrize("scale", [0.0, 30.0, 1000.0])
def test_log_partition_is_stable_at_any_magnitude(scale):
    rbm = machine(4, 3, scale=scale)
    ref = naive.log_partition(*parameters(rbm))
    np.testing.assert_allclose(rb.exact.log_partition(rbm), ref, rtol=1e-12)


def test_log_partition_of_independent_units_is_a_sum_of_softplus():
    a, b = np.linspace(-3, 3, 12), np.linspace(-2, 1, 9)
    rbm = rb.RBM(np.zeros((12, 9)), a, b)
    ref = sum(naive.softplus(x) for x in np.concatenate([a, b]))
    np.testing.assert_allclose(rb.exact.log_partition(rbm), ref, rtol=1e-12)


@pytest.mark.jit
def test_gray_code_does_not_drift_over_a_hundred_thousand_states():
    rbm = machine(17, 17, scale=0.7)
    ref = naive.log_sum_exp(-np.asarray(rbm.free_energy(rb.exact.states(17))))
    np.testing.assert_allclose(rb.exact.log_partition(rbm), ref, rtol=1e-11)


@pytest.mark.jit
@pytest.mark.parametrize("shift", [-6.0, 6.0])
def test_expectations_of_many_states_add_up_over_the_blocks_in_which_they_are_summed(shift):
    """So many states that they are taken in several blocks; the heaviest comes first or last."""
    rbm = machine(15, 16, scale=0.7)
    rbm.a[-1] += shift
    v, p = rb.exact.states(15), rb.exact.probabilities(rbm)
    h = rbm.hidden_mean(v)
    comp = rb.exact.expectations(rbm)
    np.testing.assert_allclose(comp.W, (p[:, None] * v).T @ h, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(comp.a, p @ v, rtol=1e-9)
    np.testing.assert_allclose(comp.b, p @ h, rtol=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_probabilities_equal_the_marginals_of_the_joint_and_sum_to_one(shape):
    rbm = machine(*shape)
    comp = rb.exact.probabilities(rbm)
    np.testing.assert_allclose(comp, naive.probabilities(*parameters(rbm)), rtol=1e-10)
    np.testing.assert_allclose(comp.sum(), 1, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_likelihood_is_one_value_a_row(dtype, binary):
    rbm = machine(5, 3, dtype=dtype)
    v = binary(6, 5)
    comp = rb.exact.log_likelihood(rbm, v)
    assert comp.shape == (6,)
    np.testing.assert_allclose(
        comp, naive.log_likelihood(*parameters(rbm), v), rtol=10 * RTOL[dtype]
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_expectations_equal_sums_over_the_joint(shape):
    rbm = machine(*shape)
    comp = rb.exact.expectations(rbm)
    vh, v, h = naive.expectations(*parameters(rbm))
    np.testing.assert_allclose(comp.W, vh, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(comp.a, v, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(comp.b, h, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", ["W", "a", "b"])
@pytest.mark.parametrize("shape", [(3, 2), (2, 4), (4, 3)])
def test_gradient_is_the_finite_difference_of_the_log_likelihood(shape, name, binary):
    rbm = machine(*shape)
    v = binary(7, shape[0])
    comp = getattr(rb.exact.gradient(rbm, v), name)
    theta = dict(zip("Wab", (p.copy() for p in parameters(rbm)), strict=True))
    ref = naive.finite_difference(
        lambda: naive.log_likelihood(*theta.values(), v).mean(), theta[name]
    )
    # Central differences: truncation step² ≈ 1e-10, rounding eps / step ≈ 1e-11.
    np.testing.assert_allclose(comp, ref, rtol=0, atol=1e-8)


def test_gradient_is_the_data_term_minus_the_model_term(binary):
    rbm = machine(5, 3)
    v = binary(9, 5)
    comp = rb.exact.gradient(rbm, v)
    for name, ref in zip("Wab", naive.gradient(*parameters(rbm), v), strict=True):
        np.testing.assert_allclose(getattr(comp, name), ref, rtol=1e-9, atol=1e-13)


def test_gradient_takes_probabilities_as_data():
    rbm = machine(5, 3)
    v = np.random.default_rng(0).random((4, 5))
    comp = rb.exact.gradient(rbm, v)
    for name, ref in zip("Wab", naive.gradient(*parameters(rbm), v), strict=True):
        np.testing.assert_allclose(getattr(comp, name), ref, rtol=1e-9, atol=1e-13)


def test_a_weight_counts_as_that_many_rows(binary):
    rbm = machine(5, 3)
    v, weight = binary(4, 5), np.array([3, 0, 1, 2])
    weighted = rb.exact.gradient(rbm, v, sample_weight=weight)
    repeated = rb.exact.gradient(rbm, np.repeat(v, weight, axis=0))
    for name in "Wab":
        np.testing.assert_allclose(
            getattr(weighted, name), getattr(repeated, name), rtol=1e-12, atol=1e-14
        )


def test_only_ratios_of_weights_count(binary):
    rbm = machine(5, 3)
    v, weight = binary(4, 5), np.array([0.3, 0.1, 0.7, 0.2])
    one = rb.exact.gradient(rbm, v, sample_weight=weight)
    other = rb.exact.gradient(rbm, v, sample_weight=1e3 * weight)
    np.testing.assert_allclose(one.W, other.W, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradient_has_the_dtype_of_the_machine(dtype, binary):
    rbm = machine(5, 3, dtype=dtype)
    step = rb.exact.gradient(rbm, binary(4, 5))
    assert {getattr(step, name).dtype for name in "Wab"} == {np.dtype(dtype)}


@pytest.mark.jit
def test_exact_gradient_ascent_learns_bars_and_stripes():
    """The best possible mean log-likelihood is log(1/14): the uniform distribution on the images.

    No RBM of finite weights reaches it; the distance still left falls towards zero.
    """
    images = naive.bars_and_stripes(3)
    best = -np.log(len(images))
    rbm = rb.RBM.random(9, 8, rng=3, scale=0.5, dtype=np.float64)
    velocity = [np.zeros_like(p) for p in (rbm.W, rbm.a, rbm.b)]
    start = rb.exact.log_likelihood(rbm, images).mean()
    for _ in range(1500):
        step = rb.exact.gradient(rbm, images)
        for parameter, speed, name in zip((rbm.W, rbm.a, rbm.b), velocity, "Wab", strict=True):
            speed *= 0.9
            speed += 0.2 * getattr(step, name)
            parameter += speed
    end = rb.exact.log_likelihood(rbm, images).mean()
    assert start < best - 1
    assert best - 0.05 < end < best


# --- how large, how far ---------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("unit", "columns", "limit"),
    [(rb.Bernoulli(), 6, 2**6), (rb.Spin(), 6, 2**6), (rb.Softmax(3), 12, 3**4)],
    ids=str,
)
def test_a_layer_at_the_limit_is_enumerated_and_one_above_it_refused(
    monkeypatch, unit, columns, limit, turned
):
    """The smaller layer counts, whichever it is."""

    def build(width):
        other = rb.Gaussian(learn=False)
        if turned:
            return rb.RBM(np.zeros((5, width)), np.zeros(5), np.zeros(width), other, unit)
        return rb.RBM(np.zeros((width, 5)), np.zeros(width), np.zeros(5), unit, other)

    monkeypatch.setattr(rb.exact, "MAX_STATES", limit)
    at, above = build(columns), build(columns + unit.columns)
    expected = np.log(float(limit)) + 2.5 * np.log(2 * np.pi)
    assert rb.exact.log_partition(at) == pytest.approx(expected, rel=1e-12)
    for call in (rb.exact.log_partition, rb.exact.expectations):
        call(at)
        with pytest.raises(ValueError, match=r"rbm: expected at most .* states in the smaller"):
            call(above)
    large = rb.RBM(np.zeros((6, 40)), np.zeros(6), np.zeros(40))
    monkeypatch.setattr(rb.exact, "MAX_STATES", 2**6)
    assert rb.exact.log_partition(large) == pytest.approx(46 * np.log(2), rel=1e-12)


def test_a_table_at_the_limit_is_made_and_one_above_it_refused(monkeypatch):
    monkeypatch.setattr(rb.exact, "MAX_STATES", 8 * 3)
    assert rb.exact.states(3).shape == (8, 3)
    with pytest.raises(ValueError, match="n_visible: expected a table of at most 24 numbers"):
        rb.exact.states(4)


@pytest.mark.parametrize("size", [30.0, 1000.0, 1e5])
@pytest.mark.parametrize("turned", [False, True])
def test_expectations_of_states_of_any_probability_are_exact(size, turned):
    """exp of an energy of 1000 overflows, of −1000 underflows; the answers are plain numbers."""
    rng = np.random.default_rng(3)
    W = rng.standard_normal((4, 3))
    for signs in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        a = signs[0] * size + rng.standard_normal(4)
        b = signs[1] * size + rng.standard_normal(3)
        b[0] = -W[a > 0, 0].sum() + 0.3  # one unit that is undecided
        theta = (W.T.copy(), b, a) if turned else (W, a, b)
        _, mean_v, mean_h, _, _ = naive_decimal.answers(*theta)
        found = rb.exact.expectations(rb.RBM(*theta))
        np.testing.assert_allclose(found.a, mean_v, rtol=1e-9, atol=1e-300)
        np.testing.assert_allclose(found.b, mean_h, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("far", [0.0, 30.0, 1e5, 1e7, 1e9, 1e11, 1e15])
def test_gaussian_columns_far_from_zero_keep_their_digits_or_are_refused(far, dtype):
    """In the columns' own coordinates the squares of their means would cancel: far² ε nats."""
    rng = np.random.default_rng(3)
    W, log_precision = rng.normal(size=(3, 3)), 0.3 * rng.normal(size=3)
    mean = far * np.array([1, -1, 0.5])
    rbm = rb.RBM(
        W.astype(dtype),
        np.exp(log_precision) * mean,
        rng.normal(size=3) - mean @ W,
        visible=rb.Gaussian(log_precision),
    )
    log_precision = rbm.visible.log_precision.astype(np.float64)
    v = rbm.a / np.exp(log_precision) + rng.normal(size=(4, 3))
    if far > 1e10:
        with pytest.raises(ValueError, match="rbm: expected parameters whose sums float64 holds"):
            rb.exact.log_likelihood(rbm, v)
        return
    ref = naive_decimal.gaussian_log_p(rbm.W, rbm.a, rbm.b, log_precision, v)
    np.testing.assert_allclose(
        rb.exact.log_likelihood(rbm, v), ref, rtol=np.finfo(dtype).eps, atol=1e-12 + 1e-15 * far
    )
