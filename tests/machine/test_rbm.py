"""The model: energies and conditionals against enumeration, and kinds of input."""

import tracemalloc

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from inputs import KINDS

import rbmbook as rb

DTYPES = (np.float32, np.float64)
# Sums of about ten terms of size 1; the references are in float64.
TOLERANCE = {
    np.float32: {"rtol": 1e-5, "atol": 2e-6},
    np.float64: {"rtol": 1e-12, "atol": 1e-14},
}


def cast(theta, dtype):
    """The machine in ``dtype``, and the same rounded parameters in float64 for the reference."""
    rounded = [parameter.astype(dtype) for parameter in theta]
    return rb.RBM(*rounded), [parameter.astype(np.float64) for parameter in rounded]


@pytest.mark.parametrize("dtype", DTYPES)
def test_energy_equals_its_formula(theta, dtype, binary):
    rbm, theta = cast(theta, dtype)
    v, h = binary(9, 4), binary(9, 3, seed=8)
    ref = [naive.energy(*theta, *pair) for pair in zip(v, h, strict=True)]
    comp = rbm.energy(v, h)
    assert comp.dtype == dtype and comp.shape == (9,)
    np.testing.assert_allclose(comp, ref, **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
def test_free_energy_sums_out_every_hidden_state(theta, dtype):
    rbm, theta = cast(theta, dtype)
    v = np.array(naive.states(4))
    comp = rbm.free_energy(v)
    assert comp.dtype == dtype and comp.shape == (16,)
    np.testing.assert_allclose(comp, [naive.free_energy(*theta, x) for x in v], **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
def test_conditional_means_equal_enumeration_of_the_joint(theta, dtype):
    rbm, theta = cast(theta, dtype)
    v, h = np.array(naive.states(4)), np.array(naive.states(3))
    hidden, visible = rbm.hidden_mean(v), rbm.visible_mean(h)
    assert hidden.dtype == visible.dtype == dtype
    np.testing.assert_allclose(
        hidden, [naive.hidden_mean(*theta, x) for x in v], **TOLERANCE[dtype]
    )
    np.testing.assert_allclose(
        visible, [naive.visible_mean(*theta, x) for x in h], **TOLERANCE[dtype]
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_conditional_samples_equal_the_naive_ones_on_the_same_noise(theta, dtype, binary):
    rbm, theta = cast(theta, dtype)
    W, a, b = theta
    v, h = binary(50, 4), binary(50, 3)
    noise = np.random.default_rng(5).random((50, 3), dtype=dtype)
    ref = [naive.sample(naive.conditional_mean(W.T, b, x), u) for x, u in zip(v, noise)]  # noqa: B905
    comp = rbm.sample_hidden(v, 5)
    assert comp.dtype == dtype
    np.testing.assert_array_equal(comp, ref)
    noise = np.random.default_rng(6).random((50, 4), dtype=dtype)
    ref = [naive.sample(naive.conditional_mean(W, a, x), u) for x, u in zip(h, noise)]  # noqa: B905
    np.testing.assert_array_equal(rbm.sample_visible(h, np.random.default_rng(6)), ref)


def test_a_generator_moves_on_and_an_int_starts_anew(rbm, binary):
    v, rng = binary(40, 4), np.random.default_rng(0)
    first, second = rbm.sample_hidden(v, rng), rbm.sample_hidden(v, rng)
    assert np.any(first != second)
    np.testing.assert_array_equal(rbm.sample_hidden(v, 0), first)
    np.testing.assert_array_equal(rbm.sample_hidden(v, 0), first)


@st.composite
def machines(draw):
    """Machines of up to 6 × 6 units with parameters up to ±1000, and three visible rows."""
    dtype = draw(st.sampled_from(DTYPES))
    D, H = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    width = 8 * np.dtype(dtype).itemsize
    values = st.floats(-1000, 1000, width=width)
    arrays = [draw(hnp.arrays(dtype, shape, elements=values)) for shape in ((D, H), (D,), (H,))]
    v = draw(hnp.arrays(dtype, (3, D), elements=st.sampled_from([0.0, 1.0])))
    return rb.RBM(*arrays), v


@given(machines(), st.integers(0, 1000))
def test_everything_is_finite_and_keeps_its_dtype_at_any_magnitude(drawn, seed):
    rbm, v = drawn
    h = rbm.sample_hidden(v, seed)
    results = {
        "energy": (rbm.energy(v, h), (3,)),
        "free energy": (rbm.free_energy(v), (3,)),
        "hidden mean": (rbm.hidden_mean(v), (3, rbm.n_hidden)),
        "visible mean": (rbm.visible_mean(h), (3, rbm.n_visible)),
        "visible sample": (rbm.sample_visible(h, seed), (3, rbm.n_visible)),
    }
    for name, (result, shape) in results.items():
        assert result.dtype == rbm.dtype and result.shape == shape, name
        assert np.isfinite(result).all(), name
    for name in ("hidden mean", "visible mean"):
        assert results[name][0].min() >= 0 and results[name][0].max() <= 1, name


@given(machines())
def test_free_energy_is_never_above_any_energy(drawn):
    """F(v) = −log Σ_h exp(−E(v, h)) ≤ min_h E(v, h), and within H log 2 of it."""
    rbm, v = drawn
    F = rbm.free_energy(v).astype(np.float64)
    h = np.array(naive.states(rbm.n_hidden), dtype=rbm.dtype)
    lowest = [rbm.energy(np.repeat(row[None], len(h), axis=0), h).min() for row in v]
    size = np.abs(rbm.W).sum() + np.abs(rbm.a).sum() + np.abs(rbm.b).sum() + 1
    slack = 4 * np.finfo(rbm.dtype).eps * float(size)
    assert np.all(F <= np.array(lowest) + slack)
    assert np.all(F >= np.array(lowest) - rbm.n_hidden * np.log(2) - slack)


# --- making one -----------------------------------------------------------------------------------


def test_random_machine_is_float32_small_and_seeded():
    rbm = rb.RBM.random(300, 200, rng=4)
    assert rbm.dtype == np.float32 and rbm.W.shape == (300, 200)
    assert (rbm.n_visible, rbm.n_hidden) == (300, 200)
    # 60,000 weights of standard deviation 0.01: the sample value is within 0.3 % per sigma.
    assert abs(rbm.W.std() - 0.01) < 0.01 * 5 / np.sqrt(2 * rbm.W.size)
    np.testing.assert_array_equal(rbm.W, rb.RBM.random(300, 200, rng=4).W)
    assert np.any(rbm.W != rb.RBM.random(300, 200, rng=5).W)


@pytest.mark.parametrize("dtype", DTYPES)
def test_visible_bias_starts_where_independent_units_fit_the_data(dtype):
    data = (np.random.default_rng(0).random((4000, 5)) < [0.0, 0.1, 0.5, 0.9, 1.0]) * 1.0
    rbm = rb.RBM.random(5, 2, data=data, scale=0.0, dtype=dtype)
    assert rbm.a.dtype == dtype and np.isfinite(rbm.a).all()
    mean = rbm.visible_mean(np.zeros((1, 2)))[0]
    # Smoothing by a pseudo-count of order one moves a mean of 4000 rows by less than 1 / 1000.
    np.testing.assert_allclose(mean, data.mean(axis=0), rtol=0, atol=1e-3)
    assert 0 < mean[0] and rbm.a[4] < 20


def test_the_machine_is_not_tied_to_the_callers_lists():
    rbm = rb.RBM([[0.5, -1.0]], [0.25], [0.0, 1.0])
    assert rbm.dtype == np.float64 and rbm.W.shape == (1, 2)


def test_copy_is_independent(rbm):
    twin, W = rbm.copy(), rbm.W.copy()
    twin.W += 1
    twin.a += 1
    twin.b += 1
    np.testing.assert_array_equal(rbm.W, W)
    assert np.all(twin.a == rbm.a + 1) and np.all(twin.b == rbm.b + 1)
    assert twin.visible == rbm.visible and twin.hidden == rbm.hidden


# --- kinds of input -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_input_gives_the_same_result(theta, kind, dtype, binary):
    rbm, _ = cast(theta, dtype)
    dense, h = binary(30, 4), binary(30, 3)
    v = KINDS[kind](dense)
    results = {
        "energy": lambda v: rbm.energy(v, h),
        "free_energy": rbm.free_energy,
        "hidden_mean": rbm.hidden_mean,
        "sample_hidden": lambda v: rbm.sample_hidden(v, 0),
        "log_likelihood": lambda v: rb.exact.log_likelihood(rbm, v),
        "gradient": lambda v: rb.exact.gradient(rbm, v).W,
        "CD": lambda v: rb.gradient.estimate(rbm, v, rb.CD(2), 0).W,
        "gibbs.run": lambda v: rb.gibbs.run(rbm, v, 2, 0),
    }
    for name, function in results.items():
        ref, comp = function(dense), function(v)
        assert comp.dtype == ref.dtype, name
        np.testing.assert_allclose(comp, ref, err_msg=name, **TOLERANCE[dtype])


def test_the_order_of_memory_of_the_parameters_does_not_matter(theta, binary):
    W, a, b = theta
    v = binary(6, 4)
    ref = rb.RBM(W, a, b).hidden_mean(v)
    comp = rb.RBM(np.asfortranarray(W), np.repeat(a, 2)[::2], b[::-1].copy()[::-1]).hidden_mean(v)
    np.testing.assert_allclose(comp, ref, **TOLERANCE[np.float64])


@pytest.mark.jit
@pytest.mark.parametrize("kind", ["uint8", "bool", "csr_array of uint8"])
@pytest.mark.parametrize(
    "call",
    [
        lambda rbm, X: rbm.free_energy(X),
        lambda rbm, X: rb.exact.gradient(rbm, X),
        lambda rbm, X: rb.fit(rbm, X, epochs=1, batch_size=1000, progress=False),
    ],
    ids=["free_energy", "exact.gradient", "fit"],
)
def test_small_types_are_never_cast_as_a_whole(call, kind):
    """20,000 × 500 bytes are 10 MB; one cast to float32 would be 40 MB."""
    X = np.random.default_rng(0).random((20_000, 500), dtype=np.float32) < 0.02
    X = KINDS[kind](X)
    rbm = rb.RBM.random(500, 4, rng=0)
    call(rbm, X[:10])  # compile first: the compiler's memory is not the data's
    tracemalloc.start()
    try:
        call(rbm, X)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20e6, f"peak {peak / 1e6:.0f} MB"


@pytest.mark.parametrize("sigma", [0.1, 1.0, 30.0])
def test_gaussian_units_start_at_the_mean_and_the_variance_of_the_data(sigma):
    data = sigma * np.random.default_rng(0).normal(loc=[0.0, 1.0, 5.0], size=(200, 3))
    rbm = rb.RBM.random(3, 2, scale=0.0, dtype=np.float64, visible=rb.Gaussian(), data=data)
    np.testing.assert_allclose(rbm.visible_mean([[0, 0]])[0], data.mean(axis=0))
    np.testing.assert_allclose(np.exp(-rbm.visible.log_precision), data.var(axis=0))
    fixed = rb.Gaussian(log_precision=0.5, learn=False)
    rbm = rb.RBM.random(3, 2, scale=0.0, dtype=np.float64, visible=fixed, data=data)
    np.testing.assert_array_equal(rbm.visible.log_precision, 0.5)


def test_parameters_are_equal_if_their_arrays_are(rbm):
    W, a, b = rbm.parameters
    assert rbm.parameters == rbm.copy().parameters == rb.Parameters(W, a, b)
    assert rbm.parameters != rb.Parameters(W, a, b + 1) and rbm.parameters != (W, a, b)
    assert rb.Parameters(W, a, b, (a,)) == rb.Parameters(W, a, b, (a.copy(),))
    assert rb.Parameters(W, a, b, (a,)) != rb.Parameters(W, a, b, (), (a,)) != rbm.parameters
