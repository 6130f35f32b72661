"""Elementwise kernels of the unit types: arrays in, arrays out, noise passed in.

Every kernel takes C-contiguous arrays of one dtype, float32 or float64, and fills `out`; nothing is
random here, and no array as large as the data is allocated. `out` may be the input itself, but then
no vector instructions are used. An `out` that is not contiguous is an error, never a copy that is
thrown away. The validated face of these functions is `rbmbook.machine.units`.

Probabilities are clipped at exp(−87), float32, or exp(−708), float64. A state whose probability is
less than about twice that is never drawn, not even by a noise of exactly 0.

The exponential is our own, since the C library's is a call per element: the Taylor series below
compiles to vector instructions.
"""

import math

import numba
import numpy as np
from numba import types
from numba.extending import overload, register_jitable

from rbmbook._jit import jit
from rbmbook._threads import Twins

# exp(x) = 2ⁿ · exp(r) with n = round(x / log 2) and r = x − n log 2, so |r| ≤ ½ log 2.
# Adding MAGIC rounds to an integer and leaves n in the low bits of the sum: no conversion that
# NaN could break. log 2 is subtracted in two parts, the first of which has trailing zero bits,
# so that n · LOG2_HIGH is exact.
LOG2_E_32, MAGIC_32 = np.float32(1.4426950408889634), np.float32(1.5 * 2**23)
LOG2_HIGH_32, LOG2_LOW_32 = np.float32(0.693359375), np.float32(-2.12194440054690583e-4)
LOG2_E_64, MAGIC_64 = 1.4426950408889634, 1.5 * 2.0**52
LOG2_HIGH_64, LOG2_LOW_64 = 6.93147180369123816490e-01, 1.90821492927058770002e-10
TAYLOR_32 = tuple(np.float32(1 / math.factorial(k)) for k in range(8))
TAYLOR_64 = tuple(1 / math.factorial(k) for k in range(14))
LANES = 16
LIMIT_32, LIMIT_64 = np.float32(87.0), 708.0  # beyond, 2ⁿ would leave the normal numbers


@register_jitable
def _exp32(x):
    c = TAYLOR_32
    x = min(max(x, -LIMIT_32), LIMIT_32)
    shifted = x * LOG2_E_32 + MAGIC_32
    n = shifted - MAGIC_32
    r = (x - n * LOG2_HIGH_32) - n * LOG2_LOW_32
    r2 = r * r
    low = (c[0] + c[1] * r) + (c[2] + c[3] * r) * r2
    high = (c[4] + c[5] * r) + (c[6] + c[7] * r) * r2
    series = low + high * (r2 * r2)
    power = np.int32((np.float32(shifted).view(np.int32) << np.int32(23)) + np.int32(127 << 23))
    return series * np.int32(power).view(np.float32)


@register_jitable
def _exp64(x):
    c = TAYLOR_64
    x = min(max(x, -LIMIT_64), LIMIT_64)
    shifted = x * LOG2_E_64 + MAGIC_64
    n = shifted - MAGIC_64
    r = (x - n * LOG2_HIGH_64) - n * LOG2_LOW_64
    r2 = r * r
    r4 = r2 * r2
    low = (c[0] + c[1] * r) + (c[2] + c[3] * r) * r2
    middle = (c[4] + c[5] * r) + (c[6] + c[7] * r) * r2
    high = (c[8] + c[9] * r) + (c[10] + c[11] * r) * r2
    series = low + r4 * (middle + r4 * (high + r4 * (c[12] + c[13] * r)))
    power = np.int64((np.float64(shifted).view(np.int64) << np.int64(52)) + np.int64(1023 << 52))
    return series * np.int64(power).view(np.float64)


def exp(x):
    """exp(x) of a scalar, clipped at ±87 (float32) or ±708 (float64)."""
    return _exp32(x) if isinstance(x, np.float32) else _exp64(np.float64(x))


@overload(exp, inline="always")
def _exp_compiled(x):
    if x == types.float32:
        return lambda x: _exp32(x)
    return lambda x: _exp64(x)


@register_jitable
def expm1_small(x):
    """exp(x) − 1 of a float64 of at most ½ in magnitude: its Taylor series, the last term first."""
    series = 1.0
    for k in range(14, 1, -1):
        series = 1.0 + series * x / k
    return x * series


@jit
def bernoulli_mean(inputs, out):
    """mean = 1 / (1 + exp(−input)), the logistic sigmoid."""
    x, y = inputs.ravel(), out.reshape(out.size)
    one = x.dtype.type(1)
    for i in range(x.size):
        y[i] = one / (one + exp(-x[i]))


@jit
def bernoulli_sample(inputs, noise, out):
    """1 where the uniform noise in [0, 1) falls below the sigmoid of the input, else 0."""
    x, u, y = inputs.ravel(), noise.ravel(), out.reshape(out.size)
    one, zero = x.dtype.type(1), x.dtype.type(0)
    # More than exp at its clip. In the sum it changes no noise but 0, a multiple of 2⁻²⁴ or 2⁻⁵³.
    never = x.dtype.type(2) * exp(x.dtype.type(-1000))
    for i in range(x.size):
        y[i] = one if u[i] + never < one / (one + exp(-x[i])) else zero


@jit
def spin_mean(inputs, out):
    """mean = tanh(input) = t / (t + 2) with t = exp(2 |input|) − 1, and the input's sign.

    Where t is small it is summed as the series that it is, since 1 would swallow its digits.
    """
    x, y = inputs.ravel(), out.reshape(out.size)
    for i in range(x.size):
        r = 2.0 * abs(np.float64(x[i]))
        t = expm1_small(r) if r < 0.5 else exp(r) - 1.0
        y[i] = np.copysign(t / (t + 2.0), x[i])


@jit
def bernoulli_cgf(inputs, out):
    """log Σ_{x∈{0,1}} exp(x·input) = softplus(input), stable for any magnitude. Book: (3.12)."""
    x, y = inputs.ravel(), out.reshape(out.size)
    zero = x.dtype.type(0)
    for i in range(x.size):
        y[i] = max(x[i], zero) + math.log1p(exp(-abs(x[i])))


@jit
def softplus_sum(x):
    """Σ_j softplus(x_j) of a vector, summed in float64.

    With softplus(x) = max(x, 0) + log(1 + exp(−|x|)), most logarithms are saved by taking one of a
    product. A factor is at most 2, so 512 of them stay within a float64. The LANES independent
    products are what lets the compiler use vector instructions.
    """
    zero = x.dtype.type(0)
    product, positive = np.ones(LANES, np.float64), np.zeros(LANES, np.float64)
    whole = x.size - x.size % LANES
    total, factors = 0.0, 0
    for j in range(0, whole, LANES):
        lanes = x[j : j + LANES]
        for lane in range(LANES):
            product[lane] *= 1.0 + exp(-abs(lanes[lane]))
            positive[lane] += max(lanes[lane], zero)
        factors += 1
        if factors == 512:
            total += np.log(product).sum()
            product[:], factors = 1.0, 0
    total += np.log(product).sum() + positive.sum()
    for j in range(whole, x.size):
        total += max(x[j], zero) + math.log1p(exp(-abs(x[j])))
    return total


@Twins
def bernoulli_cgf_sum(inputs, out):
    """Σ_j softplus(input_j) of each row, rows shared among threads."""
    for row in numba.prange(inputs.shape[0]):
        out[row] = softplus_sum(inputs[row])


@jit
def softmax_mean(inputs, out):
    """exp(input_k) / Σ_l exp(input_l) along the last axis of (n, sites, q)."""
    n, sites, q = inputs.shape
    for row in range(n):
        for site in range(sites):
            x, y = inputs[row, site], out[row, site]
            peak, total = x.max(), inputs.dtype.type(0)
            for k in range(q):
                y[k] = exp(x[k] - peak)
                total += y[k]
            for k in range(q):
                y[k] /= total


@jit
def softmax_sample(inputs, noise, out):
    """One-hot along the last axis: the first k whose summed probabilities exceed the noise.

    States whose probability is clipped are passed over.
    """
    n, sites, q = inputs.shape
    one, zero = inputs.dtype.type(1), inputs.dtype.type(0)
    never = inputs.dtype.type(2) * exp(inputs.dtype.type(-1000))
    for row in range(n):
        for site in range(sites):
            x, y = inputs[row, site], out[row, site]
            peak, total = x.max(), zero
            for k in range(q):
                total += exp(x[k] - peak)
            rest = noise[row, site] * total
            chosen = 0
            for k in range(q):
                p = exp(x[k] - peak)
                if p > never:
                    chosen = k  # the last one, where rounding leaves the sum below the total
                    rest -= p
                    if rest < zero:
                        break
            for k in range(q):
                y[k] = one if k == chosen else zero
