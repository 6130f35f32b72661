"""Every unit type against its definition: cgf = log Σ_x exp(x·input − U(x)), and what follows.

The references sum or integrate (`scipy.integrate.quad`); the derivatives are finite differences.
"""

import numpy as np
import pytest
from scipy import integrate, stats
from unit_cases import ALL, CONTINUOUS, DISCRETE

import rbmbook as rb

DTYPES = (np.float32, np.float64)
ONE_COLUMN = [case for case in ALL if case.columns == 1]
UNITS = [rb.Bernoulli(), rb.Spin(), rb.Softmax(4), rb.Gaussian(0.7), rb.Gaussian(-3.0), rb.ReLU()]
UNITS += [rb.ReLU(1.5), rb.NoisyReLU()]
# One false alarm in a million seeds, and the seed is fixed: a p-value below it is a wrong sampler.
ALARM = 1e-6
DRAWS = 4_000


def ids(value):
    return getattr(value, "name", None) or getattr(value, "__name__", None) or repr(value)


def column(*values):
    return np.array(values, dtype=np.float64)[:, None]


def moments_by_definition(case, x):
    """log Σ exp(s x − U(s)), and mean and variance of s, for one input x of a one-column unit."""

    def weight(s, power=0):
        U = float(case.energy(np.array([[s]]))[0])
        return (s**power) * np.exp(s * x - U - peak)

    if case.discrete:
        peak = max(s * x for s in case.domain[:, 0])
        total = [sum(weight(s, k) for s in case.domain[:, 0]) for k in range(3)]
    else:
        gamma = 2 * float(case.energy(np.array([[1.0]]))[0])
        top = max(x / gamma, case.domain[0])
        peak = top * x - gamma * top**2 / 2
        # Where the density is large: a dozen standard deviations, or decay lengths of its tail.
        width = 14 / np.sqrt(gamma) if x > -gamma else 40 / -x
        ends = max(case.domain[0], top - width), top + width
        total = [
            integrate.quad(weight, *ends, args=(k,), epsabs=1e-13, epsrel=1e-11, limit=400)[0]
            for k in range(3)
        ]
    mean = total[1] / total[0]
    return peak + np.log(total[0]), mean, total[2] / total[0] - mean**2


@pytest.mark.parametrize("case", ONE_COLUMN, ids=ids)
@pytest.mark.parametrize("x", [-8.0, -1.3, 0.0, 0.4, 6.0])
def test_cgf_mean_and_variance_by_summation_or_integration(case, x):
    cgf, mean, variance = moments_by_definition(case, x)
    inputs = column(x)
    assert case.unit.cgf(inputs)[0, 0] == pytest.approx(cgf, rel=1e-9, abs=1e-9)
    assert case.unit.mean(inputs)[0, 0] == pytest.approx(mean, rel=1e-8, abs=1e-9)
    assert case.unit.variance(inputs)[0, 0] == pytest.approx(variance, rel=1e-6, abs=1e-9)


def test_softmax_cgf_and_mean_by_summation():
    inputs = np.random.default_rng(0).normal(0, 2, (5, 6))
    sites = inputs.reshape(5, 2, 3)
    total = np.exp(sites).sum(axis=2)
    np.testing.assert_allclose(rb.Softmax(3).cgf(inputs), np.log(total), rtol=1e-12)
    mean = (np.exp(sites) / total[:, :, None]).reshape(5, 6)
    np.testing.assert_allclose(rb.Softmax(3).mean(inputs), mean, rtol=1e-12)
    np.testing.assert_allclose(rb.Softmax(3).variance(inputs), mean * (1 - mean), rtol=1e-12)


@pytest.mark.parametrize("shift", [-2000.0, 2000.0])
def test_what_all_inputs_of_a_softmax_site_have_in_common_does_not_matter(shift):
    unit, rng = rb.Softmax(3), np.random.default_rng(1)
    inputs = rng.integers(-3, 4, (50, 6)).astype(np.float64)
    noise = unit.noise(inputs.shape, rng)
    np.testing.assert_array_equal(unit.mean(inputs + shift), unit.mean(inputs))
    np.testing.assert_array_equal(unit.sample(inputs + shift, noise), unit.sample(inputs, noise))
    np.testing.assert_allclose(unit.cgf(inputs + shift), unit.cgf(inputs) + shift, rtol=1e-12)


@pytest.mark.parametrize("x", [-30.0, -2.0, 0.0, 0.7, 5.0, 40.0])
def test_noisy_relu_cgf_is_the_integral_of_softplus(x):
    area = integrate.quad(lambda t: np.logaddexp(0, t), -np.inf, min(x, 0))[0]
    if x > 0:
        area += integrate.quad(lambda t: np.logaddexp(0, t), 0, x, epsabs=0, epsrel=1e-12)[0]
    assert rb.NoisyReLU().cgf(column(x))[0, 0] == pytest.approx(area, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("unit", UNITS, ids=ids)
def test_mean_and_variance_are_the_derivatives_of_the_cgf(unit):
    inputs, step = np.random.default_rng(1).normal(0, 3, (7, 4)), 1e-4
    for k in range(4):
        shift = step * np.eye(4)[k]
        below, above = unit.cgf(inputs - shift), unit.cgf(inputs + shift)
        slope = (above - below).sum(axis=1) / (2 * step)
        np.testing.assert_allclose(unit.mean(inputs)[:, k], slope, rtol=1e-6, atol=1e-6)
        slope = (unit.mean(inputs + shift) - unit.mean(inputs - shift))[:, k] / (2 * step)
        np.testing.assert_allclose(unit.variance(inputs)[:, k], slope, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("unit", UNITS, ids=ids)
def test_cgf_sum_is_the_sum_over_the_sites(unit):
    inputs = np.random.default_rng(2).normal(0, 4, (6, 12))
    np.testing.assert_allclose(unit.cgf_sum(inputs), unit.cgf(inputs).sum(axis=1), rtol=1e-12)


def test_relu_moments_far_left_agree_with_their_series_to_ten_digits():
    # Mills' ratio: mean of a unit normal beyond x is x + 1/x − 2/x³ + 10/x⁵ …; from x = 60 on, the
    # first term left out is below 1e-11 of the sum.
    for x in (60.0, 200.0, 1000.0):
        mean = 1 / x - 2 / x**3 + 10 / x**5 - 74 / x**7 + 706 / x**9
        variance = 1 / x**2 - 6 / x**4 + 50 / x**6 - 518 / x**8 + 6354 / x**10
        assert rb.ReLU().mean(column(-x))[0, 0] == pytest.approx(mean, rel=1e-10)
        assert rb.ReLU().variance(column(-x))[0, 0] == pytest.approx(variance, rel=1e-9)


def test_relu_moments_do_not_jump_where_the_formula_changes():
    inputs = np.linspace(-60, -10, 5001)[:, None]
    for function in (rb.ReLU().mean, rb.ReLU().variance):
        logarithm = np.log(function(inputs)[:, 0])
        bend = np.diff(logarithm, 3)  # smooth: third differences are of order step³ = 1e-6
        assert np.abs(bend).max() < 1e-7, np.abs(bend).max()


# -- samples -------------------------------------------------------------------------------------
def probability_of_sample(unit, inputs, draws, cdf):
    """The p-value of a Kolmogorov–Smirnov test of draws at one input."""
    return stats.kstest(draws, lambda x: cdf(x, unit, inputs)).pvalue


def normal_cdf(x, unit, t):
    gamma = unit.precision()
    return stats.norm.cdf(x, t / gamma, 1 / np.sqrt(gamma))


def truncated_cdf(x, unit, t):
    gamma = unit.precision()
    low = stats.norm.cdf(0, t / gamma, 1 / np.sqrt(gamma))
    return (normal_cdf(x, unit, t) - low) / (1 - low)


def draw(unit, t, seed=0, dtype=np.float64):
    inputs = np.full((DRAWS, 1), t, dtype)
    noise = unit.noise(inputs.shape, np.random.default_rng(seed), dtype)
    return unit.sample(inputs, noise)[:, 0]


CONDITIONALS = [(rb.Gaussian(1.2), normal_cdf), (rb.ReLU(1.2), truncated_cdf)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("t", [-3.0, 0.0, 2.5])
@pytest.mark.parametrize(("unit", "cdf"), CONDITIONALS, ids=ids)
def test_continuous_samples_follow_the_conditional(unit, cdf, t, dtype):
    assert probability_of_sample(unit, t, draw(unit, t, dtype=dtype), cdf) > ALARM


def test_the_test_of_continuous_samples_rejects_broken_samplers():
    gaussian, relu = rb.Gaussian(1.2), rb.ReLU(1.2)
    noise = np.random.default_rng(0).standard_normal(DRAWS)
    gamma = gaussian.precision()
    for t in (0.0, 2.5):
        broken = {
            "forgets √ of the precision": (gaussian, normal_cdf, t / gamma + noise / gamma),
            "mean is the input": (gaussian, normal_cdf, t + 0.5 + noise / np.sqrt(gamma)),
            "rectified, not truncated": (
                relu,
                truncated_cdf,
                np.maximum(0, t / gamma + noise / np.sqrt(gamma)),
            ),
            "folded, not truncated": (relu, truncated_cdf, np.abs((t + 1) / gamma + noise)),
        }
        for why, (unit, cdf, draws) in broken.items():
            if t or why != "folded, not truncated":
                assert probability_of_sample(unit, t, draws, cdf) < ALARM, (why, t)


def test_noisy_relu_is_a_rectified_normal_of_variance_sigmoid():
    t = 0.8
    draws = draw(rb.NoisyReLU(), t)
    sigma = np.sqrt(1 / (1 + np.exp(-t)))

    def p_value(draws, sigma):
        positive = draws[draws > 0]
        off = stats.binomtest(int((draws == 0).sum()), DRAWS, stats.norm.cdf(-t / sigma)).pvalue
        cut = stats.truncnorm(-t / sigma, np.inf, loc=t, scale=sigma)
        return min(off, stats.kstest(positive, cut.cdf).pvalue)

    assert p_value(draws, sigma) > ALARM
    assert p_value(draws, 1.0) < ALARM  # the twin with variance 1


def test_noisy_relu_approximates_its_sum_of_sigmoids():
    t = np.linspace(-4, 8, 25)
    steps = 1 / (1 + np.exp(-(t[:, None] - np.arange(0.5, 200))))
    # The error of the midpoint rule for ∫ sigmoid is at most max|sigmoid″′-like slope| / 24.
    np.testing.assert_allclose(rb.NoisyReLU().mean(t[:, None])[:, 0], steps.sum(axis=1), atol=0.011)
    variance = (steps * (1 - steps)).sum(axis=1)
    np.testing.assert_allclose(rb.NoisyReLU().variance(t[:, None])[:, 0], variance, atol=0.011)


def chi_square(states, draws, p):
    """The p-value of the counts of each state."""
    counts = [(draws == s).all(axis=1).sum() for s in states]
    assert sum(counts) == len(draws), "a draw is no state"
    return stats.chisquare(counts, p * len(draws)).pvalue


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", DISCRETE, ids=ids)
def test_discrete_samples_follow_the_conditional(case, dtype):
    row = np.array([0.3, -0.4, 0.8])[: case.columns]
    inputs = np.tile(row, (DRAWS, 1)).astype(dtype)
    noise = case.unit.noise(inputs.shape, np.random.default_rng(3), dtype)
    draws = case.unit.sample(inputs, noise)
    p = np.exp(case.domain @ row - case.energy(case.domain))
    p /= p.sum()
    assert draws.dtype == dtype
    assert chi_square(case.domain, draws, p) > ALARM
    wrong = np.exp(2 * (case.domain @ row))  # the twin: another temperature, no U
    assert chi_square(case.domain, draws, wrong / wrong.sum()) < ALARM


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_smallest_noise_is_no_outlier_of_relu(dtype):
    # Uniform noise of 0 has probability 2^-24 in float32. At input 100 the unit is N(100, 1), so a
    # draw of 0 would lie 100 standard deviations off.
    noise = np.array([[0.0, 1 - np.finfo(dtype).epsneg]], dtype)
    draws = rb.ReLU().sample(np.full((1, 2), 100.0, dtype), noise)
    assert (np.abs(draws - 100) < 9).all(), draws


# -- magnitudes and dtypes -----------------------------------------------------------------------
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("unit", [*UNITS, DISCRETE[3].unit], ids=ids)
def test_everything_is_finite_and_keeps_its_dtype_at_any_magnitude(unit, dtype):
    inputs = np.array([[-1000.0, 1000, -100, 100], [-30, -29, 30, 0], [0, 0, 0, 0]], dtype)
    kept = inputs.copy()
    noise = unit.noise(inputs.shape, np.random.default_rng(0), dtype)
    results = [unit.mean(inputs), unit.cgf(inputs), unit.cgf_sum(inputs), unit.variance(inputs)]
    results.append(unit.sample(inputs, noise))
    results.extend(unit.expected_statistics(inputs))
    for result in results:
        assert result.dtype == dtype and np.isfinite(result).all()
    assert (results[3] >= 0).all()
    assert not unit.outside(results[4]).any(), "a sample is no state"
    assert not unit.outside(results[0], relaxed=True).any(), "a mean is no mean"
    np.testing.assert_array_equal(inputs, kept)


@pytest.mark.parametrize("unit", UNITS, ids=ids)
def test_float32_and_float64_agree(unit):
    inputs = np.random.default_rng(5).normal(0, 5, (20, 4))
    for function in (unit.mean, unit.cgf, unit.variance):
        single = function(inputs.astype(np.float32))
        np.testing.assert_allclose(single, function(inputs), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("unit", UNITS, ids=ids)
def test_results_can_be_written_over_the_inputs(unit):
    inputs = np.random.default_rng(6).normal(0, 2, (5, 4))
    noise = unit.noise(inputs.shape, np.random.default_rng(0), np.float64)
    for function in (unit.mean, lambda x, out=None: unit.sample(x, noise, out=out)):
        expected, own = function(inputs), inputs.copy()
        assert function(own, out=own) is own
        np.testing.assert_array_equal(own, expected)


# -- U, and the log-precisions -------------------------------------------------------------------
@pytest.mark.parametrize("case", ALL, ids=ids)
def test_energy_is_u_summed_over_a_row(case):
    x = case.draw(6, 3, np.random.default_rng(0))
    sites = x.reshape(6 * 3, case.columns)
    np.testing.assert_allclose(
        case.unit.energy(x), case.energy(sites).reshape(6, 3).sum(axis=1), rtol=1e-12
    )


@pytest.mark.parametrize("unit_type", [rb.Gaussian, rb.ReLU])
def test_statistics_are_the_slope_of_minus_u(unit_type):
    x, step = np.abs(np.random.default_rng(0).normal(size=(5, 2))), 1e-5
    value = np.array([0.3, -0.8])
    slope = []
    for k in range(2):
        shift = step * np.eye(2)[k]
        slope.append(unit_type(value - shift).energy(x) - unit_type(value + shift).energy(x))
    (statistic,) = unit_type(value, learn=True).statistics(x)
    np.testing.assert_allclose(statistic, np.stack(slope, axis=1) / (2 * step), rtol=1e-8)


@pytest.mark.parametrize("case", CONTINUOUS, ids=ids)
def test_expected_statistics_are_the_mean_of_the_statistics(case):
    nodes, weight = case.nodes()
    x = nodes[:, 0]
    for t in (-2.0, 0.5, 3.0):
        p = weight * np.exp(x * t - case.energy(nodes))
        expected = (p @ case.unit.statistics(nodes)[0]) / p.sum()
        (statistic,) = case.unit.expected_statistics(column(t))
        np.testing.assert_allclose(statistic[0], expected, rtol=1e-8)


@pytest.mark.parametrize("unit", UNITS, ids=ids)
def test_bias_for_mean_gives_that_mean(unit):
    n = 10.0**7  # so that the smoothing of the frequencies does not matter
    mean = np.array([0.1, 0.2, 0.3, 0.4])
    bias = unit.bias_for_mean(n * mean, n)
    np.testing.assert_allclose(unit.mean(bias[None])[0], mean, rtol=1e-5)


def test_columns_may_have_different_precisions():
    log_precision = np.log([1.0, 4.0])
    inputs = np.array([[2.0, 2.0]])
    np.testing.assert_allclose(rb.Gaussian(log_precision).mean(inputs), [[2.0, 0.5]])
    np.testing.assert_allclose(rb.Gaussian(log_precision).variance(inputs), [[1.0, 0.25]])
    parts = [rb.ReLU(v).mean(column(2.0))[0, 0] for v in log_precision]
    np.testing.assert_allclose(rb.ReLU(log_precision).mean(inputs)[0], parts)


def test_a_unit_keeps_its_own_copy_of_the_log_precisions():
    mine = np.zeros(2)
    unit = rb.Gaussian(mine)
    rbm = rb.RBM(np.zeros((2, 1)), np.zeros(2), np.zeros(1), visible=unit)
    mine[:] = 5
    rbm.visible.log_precision[:] = 7
    assert (mine == 5).all() and (np.asarray(unit.log_precision) == 0).all()


# -- bad arguments -------------------------------------------------------------------------------
BAD = [
    (lambda: rb.Softmax(1), ValueError, "q: expected an integer ≥ 2, got 1"),
    (lambda: rb.Softmax(2.5), TypeError, "q: expected an integer"),
    (lambda: rb.Softmax(True), TypeError, "q: expected an integer"),
    (lambda: rb.Gaussian(np.nan), ValueError, "log_precision: expected .*nan"),
    (lambda: rb.Gaussian(np.inf), ValueError, "log_precision: expected .*inf"),
    (lambda: rb.Gaussian([[0.0]]), ValueError, "log_precision: expected"),
    (lambda: rb.Gaussian("one"), TypeError, "log_precision: expected real numbers"),
    (lambda: rb.Gaussian(1000.0), ValueError, "log_precision: expected .*1000"),
    (lambda: rb.ReLU([0.0, -1000.0]), ValueError, "log_precision: expected .*-1000"),
    (lambda: rb.ReLU(learn=1), TypeError, "learn: expected an instance of bool"),
    (lambda: rb.Softmax(3).mean(np.zeros((2, 4))), ValueError, "multiple of 3 columns"),
    (lambda: rb.Spin().mean(np.zeros(4)), ValueError, r"inputs: expected shape \(n, m\)"),
    (lambda: rb.Gaussian().mean(np.array([["a"]])), TypeError, "inputs: expected real numbers"),
    (lambda: rb.ReLU().sample(np.zeros((2, 3)), np.zeros((3, 2))), ValueError, "noise: expected"),
    (lambda: rb.RBM.random(4, 2, visible=rb.Softmax(3)), ValueError, "visible: .*multiple of 3"),
    (lambda: rb.RBM.random(3, 4, hidden=rb.Softmax(3)), ValueError, "hidden: .*multiple of 3"),
    (lambda: rb.RBM.random(3, 2, visible=rb.Gaussian([0.0, 1])), ValueError, "visible: expected 3"),
    (lambda: rb.NoisyReLU().energy(np.zeros((1, 1))), TypeError, "NoisyReLU has no energy"),
    (lambda: rb.RBM.random(3, 2, visible=rb.Spin), TypeError, "visible: expected an instance"),
    (lambda: rb.exact.states(2, rb.Gaussian()), ValueError, "unit: expected finitely many states"),
    (lambda: rb.exact.states(4, rb.Softmax(3)), ValueError, "multiple of 3"),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD)
def test_bad_arguments_are_named(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
