"""Unit types: the Bernoulli unit against its formulas, at any magnitude and in both precisions."""

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import rbmbook as rb

DTYPES = (np.float32, np.float64)
# The exponential stops at exp(−87) and exp(−708), just above the smallest normal numbers: what is
# smaller than that is returned as that.
FLOOR = {np.dtype(np.float32): 1.7e-38, np.dtype(np.float64): 3.4e-308}
# The smallest uniform above zero: 24 and 53 random bits.
RESOLUTION = {np.dtype(np.float32): 2.0**-24, np.dtype(np.float64): 2.0**-53}


@st.composite
def inputs(draw, limit=1000):
    """Finite 2-D inputs of either precision, up to ±1000."""
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9))
    width = 8 * np.dtype(dtype).itemsize
    return draw(hnp.arrays(dtype, shape, elements=st.floats(-limit, limit, width=width)))


def elementwise(function, x):
    return np.vectorize(function, otypes=[np.float64])(x.astype(np.float64))


@given(inputs())
def test_mean_is_the_logistic_function_at_any_magnitude(x):
    ref = elementwise(naive.sigmoid, x)
    comp = rb.Bernoulli().mean(x)
    assert comp.dtype == x.dtype and comp.shape == x.shape
    np.testing.assert_allclose(comp, ref, rtol=4 * np.finfo(x.dtype).eps, atol=FLOOR[x.dtype])


@given(inputs())
def test_cgf_is_softplus_at_any_magnitude(x):
    ref = elementwise(naive.softplus, x)
    comp = rb.Bernoulli().cgf(x)
    comp = comp if comp.ndim == 2 else comp[:, None]
    if comp.shape != x.shape:  # one value a row: the sum over units
        ref = ref.sum(axis=1, keepdims=True)
    assert comp.dtype == x.dtype
    tolerance = 4 * np.finfo(x.dtype).eps * x.shape[1]
    np.testing.assert_allclose(comp, ref, rtol=tolerance, atol=FLOOR[x.dtype])


@given(inputs())
def test_probabilities_of_on_and_off_sum_to_one(x):
    bernoulli = rb.Bernoulli()
    total = bernoulli.mean(x) + bernoulli.mean(-x)
    np.testing.assert_allclose(total, 1, rtol=0, atol=2 * np.finfo(x.dtype).eps)


@given(inputs(limit=30))
def test_mean_is_the_derivative_of_the_cgf(x):
    x, step = x[:, :1].astype(np.float64), 1e-5
    bernoulli = rb.Bernoulli()
    slope = (bernoulli.cgf(x + step) - bernoulli.cgf(x - step)) / (2 * step)
    np.testing.assert_allclose(np.ravel(slope), np.ravel(bernoulli.mean(x)), rtol=0, atol=1e-8)


@given(inputs(), st.integers(0, 2**32 - 1))
def test_samples_equal_the_naive_ones_on_the_same_noise(x, seed):
    bernoulli = rb.Bernoulli()
    noise = bernoulli.noise(x.shape, np.random.default_rng(seed), x.dtype)
    mean = bernoulli.mean(x)
    ref = np.array([naive.sample(p, u) for p, u in zip(mean, noise, strict=True)])
    comp = bernoulli.sample(x, noise)
    assert comp.dtype == x.dtype
    np.testing.assert_array_equal(comp, ref)


@pytest.mark.parametrize("dtype", DTYPES)
def test_noise_is_one_uniform_a_unit_in_c_order(dtype):
    ref = np.random.default_rng(3).random((5, 4), dtype=dtype)
    comp = rb.Bernoulli().noise((5, 4), np.random.default_rng(3), dtype)
    assert comp.dtype == dtype
    np.testing.assert_array_equal(comp, ref)


@pytest.mark.parametrize("dtype", DTYPES)
def test_saturated_units_are_certain(dtype):
    x = np.array([[-1000.0, 1000.0]], dtype=dtype)
    bernoulli = rb.Bernoulli()
    np.testing.assert_allclose(bernoulli.mean(x), [[0, 1]], rtol=0, atol=FLOOR[x.dtype])
    for noise in (RESOLUTION[x.dtype], 1 - RESOLUTION[x.dtype]):
        noise = np.full((1, 2), noise, dtype=dtype)
        np.testing.assert_array_equal(bernoulli.sample(x, noise), [[0, 1]])


def test_input_and_noise_are_left_alone():
    x = np.random.default_rng(0).normal(size=(6, 5))
    noise = np.random.default_rng(1).random((6, 5))
    kept_x, kept_noise = x.copy(), noise.copy()
    bernoulli = rb.Bernoulli()
    bernoulli.mean(x), bernoulli.cgf(x), bernoulli.sample(x, noise)
    np.testing.assert_array_equal(x, kept_x)
    np.testing.assert_array_equal(noise, kept_noise)


def test_unit_types_are_values():
    assert rb.Bernoulli() == rb.Bernoulli()
    assert hash(rb.Bernoulli()) == hash(rb.Bernoulli())
    with pytest.raises(AttributeError):
        rb.Bernoulli().anything = 1
