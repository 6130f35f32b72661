"""Compiled kernels: accuracy in ulp, behaviour at the edges, and vector instructions."""

import re
from decimal import Decimal, localcontext

import numba
import numpy as np
import pytest

from rbmbook.machine import kernels

DTYPES = (np.float32, np.float64)
ULP = 4  # 1 for the rounding of each of: reduction of the range, series, sum, quotient


def exact_sigmoid(x):
    return 1 / (1 + (-x).exp())


def exact_softplus(x):
    e = (-abs(x)).exp()
    # log(1 + e) of a tiny e would round to log 1 = 0 even in 60 digits: take its series there.
    return max(x, Decimal(0)) + ((1 + e).ln() if e > 1e-15 else e - e**2 / 2 + e**3 / 3)


def exact_tanh(x):
    t = (2 * x).exp() - 1  # in 60 digits, of which a small x cancels some
    return t / (t + 2)


EXACT = {
    "bernoulli_mean": exact_sigmoid,
    "bernoulli_cgf": exact_softplus,
    "spin_mean": exact_tanh,
}


def apply(name, x):
    out = np.empty_like(x)
    getattr(kernels, name)(x, out)
    return out


def errors_in_ulp(x, comp, exact):
    """|comp − exact| over the distance between floats at the exact value, in 60 decimal digits."""
    with localcontext() as context:
        context.prec = 60
        errors = []
        for argument, value in zip(x.ravel().tolist(), comp.ravel(), strict=True):
            true = exact(Decimal(argument))
            spacing = Decimal(float(np.spacing(x.dtype.type(float(true)))))
            errors.append(float(abs(Decimal(float(value)) - true) / spacing))
    return np.array(errors)


def arguments(dtype):
    """Where results are normal numbers: a grid over the range, the middle, and near zero."""
    limit = 87 if dtype == np.float32 else 708
    rng = np.random.default_rng(0)
    parts = np.linspace(-limit, limit, 1201), rng.normal(0, 3, 1200), rng.normal(0, 1e-3, 100)
    return np.concatenate(parts).astype(dtype)[None]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EXACT)
def test_kernels_are_accurate_to_a_few_ulp(name, dtype):
    x = arguments(dtype)
    errors = errors_in_ulp(x, apply(name, x), EXACT[name])
    worst = errors.argmax()
    assert errors[worst] <= ULP, f"{errors[worst]:.2f} ulp at {x[0, worst]!r}"


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_mean_of_a_spin_keeps_its_digits_down_to_the_smallest_inputs(dtype):
    """Where exp(2x) − 1 alone would leave none; and on both sides of where the series ends."""
    rng = np.random.default_rng(0)
    small = 2.0 ** rng.uniform(-100, 0, 600), np.nextafter([0.25] * 2, [0.0, 1.0])
    x = (rng.integers(0, 2, 602) * 2 - 1) * np.concatenate(small)
    x = x.astype(dtype)[None]
    errors = errors_in_ulp(x, apply("spin_mean", x), exact_tanh)
    assert errors.max() <= ULP, f"{errors.max():.2f} ulp at {x[0, errors.argmax()]!r}"
    limits = apply("spin_mean", np.array([[0.0, np.inf, -np.inf, np.nan]], dtype))[0]
    np.testing.assert_array_equal(limits, [0, 1, -1, np.nan])


def test_means_are_those_of_numpys_exponential_to_a_few_ulp():
    """What a chapter's loops compute with ``np.exp``, in float64.

    NumPy's float32 exponential is itself wrong by more than two ulp, here and there.
    """
    x = arguments(np.float64)
    with np.errstate(over="ignore"):
        ref = 1 / (1 + np.exp(-x))
    assert (np.abs(apply("bernoulli_mean", x) - ref) <= ULP * np.spacing(ref)).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_measure_of_accuracy_sees_a_single_wrong_bit_in_the_third_place(dtype):
    """The broken twin: the same results, moved by eight floats."""
    x = arguments(dtype)[:, ::20]
    comp = apply("bernoulli_mean", x)
    moved = comp + 8 * np.spacing(comp)
    assert errors_in_ulp(x, moved.astype(dtype), exact_sigmoid).max() > ULP


@pytest.mark.parametrize("dtype", DTYPES)
def test_infinity_and_nan_mean_what_they_should(dtype):
    x = np.array([[np.inf, -np.inf, np.nan, 1000, -1000]], dtype=dtype)
    smallest = 2 * np.finfo(dtype).tiny  # the exponential stops at exp(−87) or exp(−708)
    mean, cgf = apply("bernoulli_mean", x)[0], apply("bernoulli_cgf", x)[0]
    assert mean[0] == mean[3] == 1 and 0 <= mean[1] <= smallest and 0 <= mean[4] <= smallest
    assert (
        cgf[0] == np.inf and cgf[3] == 1000 and 0 <= cgf[1] <= smallest and 0 <= cgf[4] <= smallest
    )
    assert np.isnan(mean[2]) and np.isnan(cgf[2])


@pytest.mark.parametrize("dtype", DTYPES)
def test_samples_are_noise_below_the_kernels_own_mean(dtype):
    """Both kernels round the sigmoid alike, or a unit could flip at noise equal to the mean."""
    x = np.random.default_rng(0).normal(0, 4, (50, 60)).astype(dtype)
    mean, out = apply("bernoulli_mean", x), np.empty_like(x)
    kernels.bernoulli_sample(x, mean, out)
    np.testing.assert_array_equal(out, 0)
    kernels.bernoulli_sample(x, np.nextafter(mean, dtype(0)), out)
    np.testing.assert_array_equal(out, 1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EXACT)
def test_a_kernel_may_write_over_its_input(name, dtype):
    x = np.random.default_rng(1).normal(0, 4, (7, 9)).astype(dtype)
    ref = apply(name, x)
    getattr(kernels, name)(x, x)
    np.testing.assert_array_equal(x, ref)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("width", [1, 15, 16, 17, 33, 1000, 9000])
def test_the_sum_of_a_row_of_softplus_is_exact_to_its_rounding(width, dtype):
    """Widths around the unrolled 16, and beyond the 512 factors one product may hold."""
    x = np.random.default_rng(width).normal(0, 5, (2, width)).astype(dtype)
    out = np.empty(2)
    kernels.bernoulli_cgf_sum(x, out)
    x = x.astype(np.longdouble)
    ref = (np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))).sum(axis=1)
    eps = np.finfo(dtype).eps  # a term is computed in dtype, the sum in float64
    np.testing.assert_allclose(out, ref.astype(float), rtol=ULP * eps)


@pytest.mark.parametrize("value", [1000.0, -1000.0, 0.0])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_sum_of_a_row_does_not_overflow(value, dtype):
    out = np.empty(1)
    kernels.bernoulli_cgf_sum(np.full((1, 60_000), value, dtype), out)
    ref = 60_000 * {1000.0: 1000.0, -1000.0: 0.0, 0.0: np.log(2)}[value]
    np.testing.assert_allclose(out, ref, rtol=1e-6 if dtype == np.float32 else 1e-12, atol=1e-300)


# --- vector instructions --------------------------------------------------------------------------

PACKED_DIVISION = re.compile(r"\bv?divp[sd]\b|\bfdiv\s+v\d+\.(4s|2d)")
PACKED_PRODUCT = re.compile(r"\bv?mulp[sd]\b|\bfmul\s+v\d+\.(4s|2d)")


def assembly(kernel, arguments, **changed):
    """Machine code of a fresh, uncached compilation with the kernel's own options."""
    options = {**kernel.targetoptions, **changed}
    options.pop("nopython", None)
    fresh = numba.njit(**options)(kernel.py_func)
    fresh(*arguments)
    return next(iter(fresh.inspect_asm().values()))


def sample_arguments(dtype):
    return tuple(np.zeros((4, 64), dtype) for _ in range(3))


@pytest.mark.jit
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["bernoulli_mean", "bernoulli_sample"])
def test_the_sigmoid_is_compiled_to_vector_instructions(name, dtype):
    count = 3 if name == "bernoulli_sample" else 2
    code = assembly(getattr(kernels, name), sample_arguments(dtype)[:count])
    assert PACKED_DIVISION.search(code) and PACKED_PRODUCT.search(code)
    assert not re.search(r"\bexpf?\b", code), "a call to the C library's exponential"


@pytest.mark.jit
def test_pythons_zero_division_check_would_cost_the_vector_instructions():
    """The broken twin: the same kernel with Python's error model has no packed division."""
    code = assembly(kernels.bernoulli_mean, sample_arguments(np.float32)[:2], error_model="python")
    assert not PACKED_DIVISION.search(code)


@pytest.mark.jit
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["bernoulli_mean", "bernoulli_sample"])
def test_compiled_and_plain_python_agree_bit_for_bit(name, dtype):
    """The same operations in the same order: no fused or reassociated arithmetic."""
    rng = np.random.default_rng(2)
    x, noise = rng.normal(0, 20, (6, 50)).astype(dtype), rng.random((6, 50), dtype=dtype)
    arrays = (x, noise) if name == "bernoulli_sample" else (x,)
    kernel, compiled, plain = getattr(kernels, name), np.empty_like(x), np.empty_like(x)
    kernel(*arrays, compiled)
    kernel.py_func(*arrays, plain)
    np.testing.assert_array_equal(compiled, plain)
