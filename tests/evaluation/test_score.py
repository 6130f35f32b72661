"""Scores of machines with Gaussian visible units, and the bridge to denoising autoencoders."""

import naive_autoencoder as naive
import numpy as np
import pytest
from inputs import KINDS
from naive_network import finite_differences

import rbmbook as rb
from rbmbook import score as scores
from rbmbook.autoencoder.model import GaussianNoise
from rbmbook.dbn.model import DBN

HIDDEN = {
    "Bernoulli": rb.Bernoulli(),
    "Spin": rb.Spin(),
    "ReLU": rb.ReLU(),
    "Gaussian": rb.Gaussian(log_precision=2.0, learn=False),
}


def machine(hidden="Bernoulli", D=3, H=4, log_precision=0.3, learn=True, seed=5):
    """A small machine in float64; its precisions differ from column to column."""
    rng = np.random.default_rng(seed)
    visible = rb.Gaussian(log_precision + 0.2 * np.arange(D), learn=learn)
    theta = rng.normal(0, 0.8, (D, H)), rng.normal(size=D), rng.normal(size=H)
    return rb.RBM(*theta, visible=visible, hidden=HIDDEN[hidden])


def unit_machine(D=3, H=4, seed=5):
    """Precision 1: the machine that is an autoencoder with tied weights."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(size=(D, H)), rng.normal(size=D), rng.normal(size=H)
    return rb.RBM(*theta, visible=rb.Gaussian(learn=False))


def rows(n=6, D=3, seed=6):
    return np.random.default_rng(seed).normal(size=(n, D))


# --- the score ------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [1.0, 0.25])
@pytest.mark.parametrize("hidden", [*HIDDEN, "Softmax"])
def test_the_score_is_minus_the_slope_of_the_free_energy(hidden, temperature):
    if hidden == "Softmax":
        one = machine()
        rbm = rb.RBM(one.W, one.a, one.b, one.visible, rb.Softmax(2))
    else:
        rbm = machine(hidden)
    v = rows()
    slope = finite_differences(lambda: rbm.free_energy(v).sum(), v)
    np.testing.assert_allclose(
        scores.score(rbm, v, temperature), -slope / temperature, rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_score_points_from_v_to_its_reconstruction(hidden):
    """ψ(v) = γ (E[v | h = E[h | v]] − v), with 1/γ the variance of each column."""
    rbm, v = machine(hidden), rows()
    reconstruction = rbm.visible_mean(rbm.hidden_mean(v))
    ref = rbm.visible.precision() * (reconstruction - v)
    np.testing.assert_allclose(scores.score(rbm, v), ref, rtol=1e-11, atol=1e-12)


def test_a_tied_autoencoder_computes_the_score_times_the_variance():
    rbm, v, sigma = unit_machine(), rows(), 0.4
    ae = DBN([rbm]).autoencoder(tied=True)
    ref = (ae.reconstruct(v) - v) / sigma**2
    np.testing.assert_allclose(scores.score(rbm, v, sigma**2), ref, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(dtype):
    rbm, v = machine().astype(dtype), rows().astype(dtype)
    assert scores.score(rbm, v, 0.5).dtype == dtype
    _, gradient = scores.denoising(rbm, v, v + 1, 0.5, 0.5)
    assert [g.dtype for g in gradient] == [dtype] * 4


def test_many_rows_and_every_kind_of_them_are_answered():
    rbm, v = machine(), (rows(1500) < 0) * 1.0
    ref = scores.score(rbm, v)
    for kind, convert in KINDS.items():
        np.testing.assert_array_equal(scores.score(rbm, convert(v)), ref, err_msg=kind)


# --- the Parzen density ---------------------------------------------------------------------------


def test_the_parzen_score_is_the_slope_of_its_log_density():
    data, v = rows(5, seed=1), rows(4, seed=2)

    def total():
        return sum(naive.parzen_log_density(x, data, 0.7) for x in v)

    ref = finite_differences(total, v)
    np.testing.assert_allclose(scores.parzen_score(v, data, 0.7), ref, rtol=1e-6, atol=1e-8)


def test_far_from_all_data_the_parzen_score_points_to_the_nearest_row():
    found = scores.parzen_score([[1e4, 0.0]], [[1.0, 0.0], [0.0, 1.0]], 0.1)
    np.testing.assert_allclose(found, [[(1 - 1e4) / 0.01, 0.0]], atol=1e-6)


# --- objectives and their gradients ---------------------------------------------------------------


@pytest.mark.parametrize("temperature", [1.0, 0.3])
@pytest.mark.parametrize("learn", [False, True])
@pytest.mark.parametrize("hidden", HIDDEN)
def test_gradients_are_finite_differences(hidden, learn, temperature):
    rbm, v, noisy = machine(hidden, learn=learn), rows(), rows(seed=7)
    target = rows(seed=8)

    def denoise():
        return scores.denoising(rbm, v, noisy, 0.6, temperature)

    def match():
        return scores.matching(rbm, v, target, temperature)

    for objective in (denoise, match):
        _, gradient = objective()
        assert len(list(gradient)) == 3 + learn
        for g, p in zip(gradient, rbm.parameters, strict=True):
            ref = finite_differences(lambda f=objective: f()[0], p)
            np.testing.assert_allclose(g, ref, rtol=1e-6, atol=1e-7)


def test_the_comparison_sees_a_gradient_without_the_way_through_the_hidden_units():
    """With E[h | v] held fixed, W gets only its part in the reconstruction."""
    rbm, v, target = machine(), rows(), rows(seed=8)
    ref = finite_differences(lambda: scores.matching(rbm, v, target)[0], rbm.W)
    outer = (scores.score(rbm, v) - target) / len(v)
    twin = outer.T @ rbm.hidden_mean(v)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(twin, ref, rtol=1e-2, atol=1e-2)


def test_denoising_compares_with_the_direction_back_to_the_clean_row():
    rbm, v, noisy, sigma = machine(), rows(), rows(seed=7), 0.6
    difference = scores.score(rbm, noisy) - (v - noisy) / sigma**2
    value, _ = scores.denoising(rbm, v, noisy, sigma)
    np.testing.assert_allclose(value, (difference**2).sum(axis=1).mean() / 2, rtol=1e-12)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_the_implicit_objective_adds_the_divergence_of_the_score(hidden):
    rbm, v, step = machine(hidden), rows(), 1e-5
    ref = (scores.score(rbm, v, 0.7) ** 2).sum(axis=1) / 2
    for i in range(3):
        shift = step * np.eye(3)[i]
        moved = scores.score(rbm, v + shift, 0.7) - scores.score(rbm, v - shift, 0.7)
        ref += moved[:, i] / (2 * step)
    np.testing.assert_allclose(scores.implicit(rbm, v, 0.7), ref.mean(), rtol=1e-8)


# --- Vincent's equivalence ------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.0])
def test_denoising_score_matching_is_a_denoising_autoencoder(sigma):
    """With precision 1 and T = σ² the two objectives, and their gradients, differ by σ⁴ alone."""
    rbm, X = unit_machine(), rows(20)
    ae = DBN([rbm]).autoencoder(tied=True)
    noise = GaussianNoise(sigma)
    value, (W, b, a) = ae.objective(X, noise=noise, rng=3)
    found, gradient = scores.denoising(rbm, X, noise.corrupt(X, 3), sigma, sigma**2)
    np.testing.assert_allclose(sigma**4 * found, value, rtol=1e-11)
    for g, ref in ((gradient.W, W), (gradient.a, a), (gradient.b, b)):
        np.testing.assert_allclose(sigma**4 * g, ref, rtol=1e-10, atol=1e-13)


def noise_nodes(sigma):
    """Points and weights with Σ w f(ε) = E f(ε) for ε from N(0, σ²) in two dimensions.

    The trapezoidal rule: for smooth functions that vanish at both ends, nothing converges faster.
    """
    x = np.linspace(-7.2, 7.2, 49)
    w = np.exp(-(x**2) / 2)
    w /= w.sum()
    points = sigma * np.array([(a, b) for a in x for b in x])
    return points, np.array([a * b for a in w for b in w])


def expected(objective, data, sigma):
    """The mean of an objective of (v, ṽ) over the rows of data and over all noise."""
    points, weights = noise_nodes(sigma)
    total = 0.0
    for x in data:
        clean = np.broadcast_to(x, points.shape)
        pairs = zip(clean, x + points, weights, strict=True)
        kept = [(c, n, w) for c, n, w in pairs if w > 1e-14]
        clean, noisy, w = (np.array(part) for part in zip(*kept, strict=True))
        total += w @ objective(clean, noisy)
    return total / len(data)


def vincent_gap(data, sigma, seed, other_sigma=None):
    """Denoising minus explicit matching with the Parzen score, both in exact expectation."""
    rbm = machine(D=2, seed=seed, log_precision=0.1 * seed)

    def half_square(x):
        return (x**2).sum(axis=1) / 2

    def denoise(clean, noisy):
        return half_square(scores.score(rbm, noisy) - (clean - noisy) / sigma**2)

    def match(_, noisy):
        target = scores.parzen_score(noisy, data, other_sigma or sigma)
        return half_square(scores.score(rbm, noisy) - target)

    return expected(denoise, data, sigma) - expected(match, data, sigma)


def test_denoising_and_matching_the_parzen_score_differ_by_a_constant():
    data, sigma = np.array([[0.0, 0.0], [1.0, 0.5], [-0.5, 1.0]]), 0.8
    gaps = [vincent_gap(data, sigma, seed) for seed in range(4)]
    # The constant: the mean squared length of the noise, and of the Parzen score.
    constant = expected(
        lambda clean, noisy: (
            (
                ((clean - noisy) ** 2).sum(axis=1) / sigma**4
                - (scores.parzen_score(noisy, data, sigma) ** 2).sum(axis=1)
            )
            / 2
        ),
        data,
        sigma,
    )
    np.testing.assert_allclose(gaps, constant, rtol=1e-9)
    # A twin whose target is the score of another density: the difference moves with θ.
    assert np.ptp([vincent_gap(data, sigma, seed, 1.2) for seed in range(4)]) > 0.05


def test_the_gradients_of_denoising_and_matching_agree_in_expectation():
    """Each is a mean over noisy rows; 40,000 of them, and a bound of five standard errors."""
    data, sigma, rng = rows(6, 2), 0.5, np.random.default_rng(0)
    rbm, batches = machine("Spin", D=2), []
    for _ in range(100):
        clean = data[rng.integers(0, 6, 400)]
        noisy = clean + sigma * rng.standard_normal(clean.shape)
        _, one = scores.denoising(rbm, clean, noisy, sigma)
        _, other = scores.matching(rbm, noisy, scores.parzen_score(noisy, data, sigma))
        batches.append(np.concatenate([(g - h).ravel() for g, h in zip(one, other, strict=True)]))
    batches = np.array(batches)
    error = batches.std(axis=0, ddof=1) / 10
    assert (np.abs(batches.mean(axis=0)) < 5 * error).all()
    # A twin with the noise's variance misjudged is rejected by the same bound.
    clean = data[rng.integers(0, 6, 40_000)]
    noisy = clean + sigma * rng.standard_normal(clean.shape)
    _, wrong = scores.denoising(rbm, clean, noisy, 1.2 * sigma)
    _, right = scores.matching(rbm, noisy, scores.parzen_score(noisy, data, sigma))
    shift = np.concatenate([(g - h).ravel() for g, h in zip(wrong, right, strict=True)])
    assert (np.abs(shift) > 5 * error).any()


def hyvarinen_gap(rbm, data, sigma, share=1.0):
    """Explicit minus implicit matching under the Parzen density, in exact expectation."""

    def gap(_, noisy):
        target = scores.parzen_score(noisy, data, sigma)
        explicit = ((scores.score(rbm, noisy) - target) ** 2).sum(axis=1) / 2
        return explicit - share * np.array([scores.implicit(rbm, v[None]) for v in noisy])

    return expected(gap, data, sigma)


@pytest.mark.parametrize("hidden", ["Bernoulli", "Spin"])
def test_explicit_and_implicit_matching_differ_by_a_constant(hidden):
    data, sigma = np.array([[0.0, 0.0], [1.0, 0.5]]), 0.9
    rbms = [machine(hidden, D=2, seed=s, log_precision=0.3 * s) for s in range(3)]
    gaps = [hyvarinen_gap(rbm, data, sigma) for rbm in rbms]
    np.testing.assert_allclose(gaps, gaps[0], rtol=1e-9)
    twins = [hyvarinen_gap(rbm, data, sigma, 0.9) for rbm in rbms]
    assert np.ptp(twins) > 0.05


def test_the_temperature_divides_free_energy_in_every_objective():
    """T = ½ is a machine with twice the free energy: two copies of its hidden units, 2a, 2γ."""
    one, v = machine(learn=False), rows()
    two = rb.RBM(
        np.hstack([one.W, one.W]),
        2 * one.a,
        np.hstack([one.b, one.b]),
        visible=rb.Gaussian(one.visible.log_precision + np.log(2), learn=False),
    )
    np.testing.assert_allclose(scores.score(one, v, 0.5), scores.score(two, v), rtol=1e-11)
    np.testing.assert_allclose(scores.implicit(one, v, 0.5), scores.implicit(two, v), rtol=1e-11)
    cold = scores.denoising(one, v, v + 0.3, 0.4, 0.5)[0]
    np.testing.assert_allclose(cold, scores.denoising(two, v, v + 0.3, 0.4)[0], rtol=1e-11)


def test_descending_the_denoising_objective_finds_the_variance_of_data_and_noise():
    """Without weights, the best score is a line: the regression of (v − ṽ)/σ² on ṽ."""
    s, sigma, n, rng = 1.5, 1.5, 4000, np.random.default_rng(1)
    X = 0.5 + s * rng.standard_normal((n, 2))
    noisy = X + sigma * rng.standard_normal(X.shape)
    rbm = rb.RBM(np.zeros((2, 1)), np.zeros(2), [0.0], rb.Gaussian(learn=True), rb.Spin())
    for _ in range(1000):
        _, gradient = scores.denoising(rbm, X, noisy, sigma)
        rbm.a -= 0.5 * gradient.a
        rbm.visible.log_precision[:] -= 0.5 * gradient.visible[0]
    lines = [np.polyfit(noisy[:, i], (X - noisy)[:, i] / sigma**2, 1) for i in range(2)]
    slope, intercept = np.transpose(lines)
    np.testing.assert_allclose(rbm.visible.precision(), -slope, rtol=1e-6)
    np.testing.assert_allclose(rbm.a, intercept, rtol=1e-6)
    # The data's variance plus the noise's, within five standard errors of the regression.
    error = (1 / sigma) / np.sqrt(n * (s**2 + sigma**2))
    np.testing.assert_allclose(-slope, 1 / (s**2 + sigma**2), atol=5 * error)
    assert 5 * error < 1 / s**2 - 1 / (s**2 + sigma**2)


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "name"),
    [
        (lambda m, v: scores.score(rb.RBM.random(3, 2), v), ValueError, "rbm: .*Gaussian visible"),
        (lambda m, v: scores.score("rbm", v), TypeError, "rbm"),
        (lambda m, v: scores.score(m, v[:, :2]), ValueError, "v"),
        (lambda m, v: scores.score(m, v * np.nan), ValueError, "v"),
        (lambda m, v: scores.score(m, v, 0.0), ValueError, "temperature"),
        (lambda m, v: scores.denoising(m, v, v[:3], 1.0), ValueError, "noisy"),
        (lambda m, v: scores.denoising(m, v, v, 0.0), ValueError, "sigma"),
        (lambda m, v: scores.denoising(m, v, v, 1.0, -1.0), ValueError, "temperature"),
        (lambda m, v: scores.matching(m, v, v[:3]), ValueError, "target"),
        (lambda m, v: scores.matching(m, v, v[:, :2]), ValueError, "target"),
        (lambda m, v: scores.parzen_score(v, v[:, :2], 1.0), ValueError, "v"),
        (lambda m, v: scores.parzen_score(v, v, -1.0), ValueError, "sigma"),
        (lambda m, v: scores.parzen_score(v, "data", 1.0), TypeError, "data"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, error, name):
    with pytest.raises(error, match=rf"^{name}"):
        call(machine(), rows())


@pytest.mark.parametrize("hidden", [rb.Softmax(2), rb.Gaussian(learn=True)])
def test_hidden_units_whose_derivative_is_not_the_variance_are_refused(hidden):
    rbm = rb.RBM.random(3, 4, visible=rb.Gaussian(), hidden=hidden)
    for call in (
        lambda: scores.denoising(rbm, rows(), rows(), 1.0),
        lambda: scores.matching(rbm, rows(), rows()),
        lambda: scores.implicit(rbm, rows()),
    ):
        with pytest.raises(ValueError, match="hidden units"):
            call()


@pytest.mark.parametrize("value", [1e-30, 1e30])
def test_scales_whose_squares_leave_the_dtype_are_refused(value):
    rbm, v = rb.RBM.random(3, 2, visible=rb.Gaussian()), np.eye(3)
    with pytest.raises(ValueError, match=r"^temperature: expected a number in"):
        rb.score.score(rbm, v, value)
    with pytest.raises(ValueError, match=r"^sigma: expected a number in"):
        rb.score.denoising(rbm, v, v, value)
    with pytest.raises(ValueError, match=r"^sigma: expected a number in"):
        rb.score.parzen_score(v, v, value**10)
