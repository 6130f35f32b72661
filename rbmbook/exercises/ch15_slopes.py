"""Exercises of chapter 15, Adversarial networks: two gradients, by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator
from scipy.special import expit, log_expit, softmax

from .exercise import Exercise


# -- 15.2 ----------------------------------------------------------------------------------------
def location_scale_gradient(z, mu, sigma, w, c):
    """−mean of σ(−d) d′(x) (1, z), at x = mu + sigma z."""
    x = mu + sigma * z
    slope = expit(-(w * x + c * x**2)) * (w + 2 * c * x)
    return -float(slope.mean()), -float((slope * z).mean())


def _slip(
    weight: Callable = lambda d: expit(-d),
    slope: Callable = lambda x, w, c: w + 2 * c * x,
    by_sigma: Callable = lambda z, x, sigma: z,
    by_mu: Callable = lambda z, x, sigma: 1.0,
    factor: Callable = lambda z: -1 / len(z),
    made: Callable = lambda z, mu, sigma: mu + sigma * z,
) -> Callable:
    """The gradient with one of its factors replaced."""

    def mistake(z, mu, sigma, w, c):
        x = made(z, mu, sigma)
        terms = weight(w * x + c * x**2) * slope(x, w, c)
        d_mu, d_sigma = (terms * by(z, x, sigma) for by in (by_mu, by_sigma))
        return float(factor(z) * d_mu.sum()), float(factor(z) * d_sigma.sum())

    return mistake


def _slope_at_noise(z, mu, sigma, w, c):
    x = mu + sigma * z
    terms = expit(-(w * x + c * x**2)) * (w + 2 * c * z)
    return -float(terms.mean()), -float((terms * z).mean())


def _learner_cases(rng: Generator) -> Iterator[tuple]:
    yield np.array([0.5]), 0.3, 1.2, 1.0, -0.5
    yield np.array([-1.0, 0.2, 2.0]), -0.4, 0.7, 0.6, 0.3
    for n in (5, 20):
        yield (rng.standard_normal(n) + 0.2, *rng.standard_normal(4).tolist())
    yield rng.standard_normal(8), 1.5, 2.0, -3.0, 0.8
    # logits from about −1000 to 1000
    yield np.array([-2.0, -1.0, 0.1, 1.0, 2.0]), 0.5, 10.0, 40.0, 0.4


LEARNER = Exercise(
    name="15.2",
    title="Two numbers that learn",
    reference=location_scale_gradient,
    cases=_learner_cases,
    parts=("d_mu", "d_sigma"),
    rtol=1e-5,  # a careful finite difference is an answer, too
    atol=1e-7,
    mistakes={
        "this is the gradient of the minimax loss, mean log(1 − σ(d)), with the weight −σ(d); the "
        "loss here is −mean log σ(d), and its weight is −(1 − σ(d)).": _slip(expit),
        "the weight is σ(d) and the sign is that of the critic; the loss −log σ(d) has "
        "−(1 − σ(d)).": _slip(expit, factor=lambda z: 1 / len(z)),
        "the weight is −(1 − σ(d)), not −σ(d), and the derivative of the critic is w + 2cx.": _slip(
            expit, lambda x, w, c: w + 0 * x
        ),
        "the sign is flipped, as for ascent: the loss is −mean log σ(d), and its gradient is "
        "asked for.": _slip(factor=lambda z: 1 / len(z)),
        "the derivative of the critic is missing: d′(x) = w + 2cx.": _slip(
            slope=lambda x, w, c: np.ones_like(x)
        ),
        "the derivative of the critic is w + 2cx; 2cx is missing.": _slip(
            slope=lambda x, w, c: w + 0 * x
        ),
        "the derivative of the critic is w + 2cx; you have w + cx.": _slip(
            slope=lambda x, w, c: w + c * x
        ),
        "the derivative of the critic is w + 2cx; w is missing.": _slip(
            slope=lambda x, w, c: 2 * c * x
        ),
        "the critic's derivative w + 2cx is its slope at x; you use d(x) itself.": _slip(
            slope=lambda x, w, c: w * x + c * x**2
        ),
        "d_sigma: the factor z is missing; ∂x/∂sigma = z.": _slip(by_sigma=lambda z, x, sigma: 1.0),
        "d_sigma: the factor is z, not x = mu + sigma·z; ∂x/∂sigma = z.": _slip(
            by_sigma=lambda z, x, sigma: x
        ),
        "d_sigma: the factor is z, not sigma·z; ∂x/∂sigma = z.": _slip(
            by_sigma=lambda z, x, sigma: sigma * z
        ),
        "d_sigma: the factor is z = ∂x/∂sigma, not sigma = ∂x/∂z.": _slip(
            by_sigma=lambda z, x, sigma: sigma
        ),
        "d_mu: there is a factor sigma too many; ∂x/∂mu = 1.": _slip(
            by_mu=lambda z, x, sigma: sigma
        ),
        "d_mu: there is a factor z too many; ∂x/∂mu = 1.": _slip(by_mu=lambda z, x, sigma: z),
        "you add over the samples; the mean is asked for.": _slip(factor=lambda z: -1.0),
        "you add over the samples, and the sign is flipped; the mean is asked for.": _slip(
            factor=lambda z: 1.0
        ),
        "the derivative of log σ(d) is 1 − σ(d); you have σ(d) (1 − σ(d)), that of σ(d).": _slip(
            lambda d: expit(d) * expit(-d)
        ),
        "the derivative of log σ(d) is σ′/σ; σ′ = σ (1 − σ) is missing.": _slip(
            lambda d: 1 / expit(d)
        ),
        "the sigmoid is missing: this is the gradient of −mean d (a Wasserstein critic's).": _slip(
            np.ones_like
        ),
        "this is the gradient of −log of the mean; the loss is minus the mean of the log.": _slip(
            lambda d: softmax(log_expit(d)) * expit(-d), factor=lambda z: -1.0
        ),
        "the critic is asked about the noise z; show it x = mu + sigma·z.": _slip(
            made=lambda z, mu, sigma: z
        ),
        "the critic's slope w + 2cx belongs at x = mu + sigma·z, not at z.": _slope_at_noise,
        "the generator's x is mu + sigma·z; mu is missing.": _slip(
            made=lambda z, mu, sigma: sigma * z
        ),
        "the generator's x is mu + sigma·z; sigma is the factor, not its square.": _slip(
            made=lambda z, mu, sigma: mu + sigma**2 * z
        ),
        "the means are taken factor by factor; the mean of a product is asked for.": (
            lambda z, mu, sigma, w, c: (
                (full := location_scale_gradient(z, mu, sigma, w, c))[0],
                float(full[0] * z.mean()),
            )
        ),
        "right for moderate logits, but exp(d) overflows at large ones, and ∞ / ∞ is not a number. "
        "1 − σ(d) is σ(−d): `scipy.special.expit(-d)`, or 1 / (1 + exp(d)).": _slip(
            weight=lambda d: 1 - np.exp(d) / (1 + np.exp(d))
        ),
    },
)


# -- 15.4 ----------------------------------------------------------------------------------------
def penalty_gradient(x, W, b, u):
    """Mean over the rows of 2 (r − 1)/r (1 − t²) ⊙ (s W), s = ((1 − t²) ⊙ u) Wᵀ, r = ‖s‖."""
    slope = 1 - np.tanh(x @ W + b) ** 2
    s = (slope * u) @ W.T
    r = np.sqrt((s**2).sum(axis=1, keepdims=True))
    return (2 * (r - 1) / r * slope * (s @ W)).mean(axis=0)


def _changed(
    weight: Callable = lambda r: 2 * (r - 1) / r,
    inner: Callable = lambda t: 1 - t**2,
    outer: Callable = lambda t: 1 - t**2,
    norm: Callable = lambda s: np.sqrt((s**2).sum(axis=1, keepdims=True)),
) -> Callable:
    """The gradient with another weight, derivative (inside s, outside) or norm."""

    def mistake(x, W, b, u):
        t = np.tanh(x @ W + b)
        s = (inner(t) * u) @ W.T
        return (weight(norm(s)) * outer(t) * (s @ W)).mean(axis=0)

    return mistake


def _of_one_slope(pool: Callable) -> Callable:
    """The gradient of (‖pool(s)‖ − 1)², the rows pooled before the norm."""

    def mistake(x, W, b, u):
        slope = pool(1 - np.tanh(x @ W + b) ** 2)
        s = W @ (slope * u)
        r = np.linalg.norm(s)
        return 2 * (r - 1) / r * slope * (s @ W)

    return mistake


def _after_the_mean(x, W, b, u):
    slope = 1 - np.tanh(x @ W + b) ** 2
    s = (slope * u) @ W.T
    r = np.sqrt((s**2).sum(axis=1, keepdims=True))
    return 2 * (r.mean() - 1) * (slope * (s @ W) / r).mean(axis=0)


def _untransposed(x, W, b, u):
    slope = 1 - np.tanh(x @ W + b) ** 2
    s = (slope * u) @ W
    r = np.sqrt((s**2).sum(axis=1, keepdims=True))
    return (2 * (r - 1) / r * slope * (s @ W)).mean(axis=0)


def _back_by_transpose(x, W, b, u):
    slope = 1 - np.tanh(x @ W + b) ** 2
    s = (slope * u) @ W.T
    r = np.sqrt((s**2).sum(axis=1, keepdims=True))
    return (2 * (r - 1) / r * slope * (s @ W.T)).mean(axis=0)


def _penalty_cases(rng: Generator) -> Iterator[tuple]:
    yield np.array([[0.5]]), np.array([[1.5]]), np.array([-0.2]), np.array([2.0])
    shapes = [(1, 2, 3, 1.0), (4, 3, 2, 1.0), (5, 3, 3, 0.7), (6, 2, 5, 1.5), (3, 6, 4, 0.3)]
    for n, D, H, scale in shapes:
        x = rng.standard_normal((n, D))
        yield (x, *(scale * rng.standard_normal(shape) for shape in ((D, H), H, H)))


PENALTY = Exercise(
    name="15.4",
    title="The penalty's gradient",
    reference=penalty_gradient,
    cases=_penalty_cases,
    rtol=1e-5,  # a careful finite difference is an answer, too
    atol=1e-7,
    mistakes={
        "the penalty is taken of the sum of all slopes; it is a mean over rows, each with its own "
        "slope.": _of_one_slope(lambda slope: slope.sum(axis=0)),
        "the penalty is taken of the mean slope; it is a mean over rows, each with its own "
        "slope.": _of_one_slope(lambda slope: slope.mean(axis=0)),
        "the penalty is taken of the mean of r; it is the mean of (r − 1)² over the rows.": (
            _after_the_mean
        ),
        "there is one norm for the whole batch; each row has its own: `axis=1`.": _changed(
            norm=lambda s: np.sqrt((s**2).sum())
        ),
        "the norms run over the rows; each row x has its own slope: `axis=1`.": _changed(
            norm=lambda s: np.sqrt((s**2).sum(axis=0))
        ),
        "r is squared where its root belongs: the norm is √(s·s).": _changed(
            norm=lambda s: (s**2).sum(axis=1, keepdims=True)
        ),
        "the norm is Euclidean, √(s·s), not the sum of absolute values.": _changed(
            norm=lambda s: np.abs(s).sum(axis=1, keepdims=True)
        ),
        "the division by r is missing: ∂‖s‖/∂s = s/‖s‖.": _changed(lambda r: 2 * (r - 1)),
        "the division by r is missing, and so is the factor 2.": _changed(lambda r: r - 1),
        "the target 1 is forgotten: this is the gradient of the mean of ‖s‖².": _changed(
            lambda r: 2.0
        ),
        "this is half the gradient of the mean of ‖s‖²: the target 1 and the factor 2 are "
        "missing.": _changed(lambda r: 1.0),
        "this is the gradient of the mean norm, without the square and the target.": _changed(
            lambda r: 1 / r
        ),
        "the factor 2 of the square is forgotten.": _changed(lambda r: (r - 1) / r),
        "the sign is flipped: the penalty is (r − 1)², and (1 − r) has a minus from inside.": (
            _changed(lambda r: 2 * (1 - r) / r)
        ),
        "the penalty is (r − 1)², not (r² − 1)².": _changed(lambda r: 4 * (r**2 - 1)),
        "the penalty has two sides: r below 1 is punished as well.": _changed(
            lambda r: 2 * np.maximum(r - 1, 0) / r
        ),
        "tanh has a derivative, 1 − t²; it is missing in both places.": _changed(
            inner=np.ones_like, outer=np.ones_like
        ),
        "the factor 1 − t² is missing outside: s = ((1 − t²) ⊙ u) Wᵀ, and ∂s/∂u has it.": _changed(
            outer=np.ones_like
        ),
        "the factor 1 − t² is missing in the slope s = ((1 − t²) ⊙ u) Wᵀ.": _changed(
            inner=np.ones_like
        ),
        "the derivative of tanh is 1 − t², not 1 − t.": _changed(
            inner=lambda t: 1 - t, outer=lambda t: 1 - t
        ),
        "the derivative of tanh is 1 − t²; t (1 − t) is that of the sigmoid.": _changed(
            inner=lambda t: t * (1 - t), outer=lambda t: t * (1 - t)
        ),
        "the slope is taken of tanh's values: s needs 1 − t², you have t.": _changed(
            inner=lambda t: t, outer=lambda t: t
        ),
        "you add over the rows where the mean is asked for, and the factor 2 is forgotten.": (
            lambda x, *rest: len(x) / 2 * penalty_gradient(x, *rest)
        ),
        "you add over the rows; the mean is asked for.": (
            lambda x, *rest: len(x) * penalty_gradient(x, *rest)
        ),
        "this is the gradient of d, the mean of t; asked for is that of the penalty on its "
        "slope.": lambda x, W, b, u: np.tanh(x @ W + b).mean(axis=0),
        "this is the gradient of (d − 1)²; the penalty is on the slope of d, not on d.": (
            lambda x, W, b, u: (
                2 * (np.tanh(x @ W + b) @ u - 1)[:, None] * np.tanh(x @ W + b)
            ).mean(axis=0)
        ),
        "`W` is transposed: xW runs over the inputs.": (
            lambda x, W, b, u: penalty_gradient(x, W.T, b, u)
        ),
        "the slope goes back by the transpose: s = ((1 − t²) ⊙ u) Wᵀ.": _untransposed,
        "from s to u it is s W, not s Wᵀ.": _back_by_transpose,
        "u occurs in s linearly; you have multiplied by u again.": (
            lambda x, W, b, u: u * penalty_gradient(x, W, b, u)
        ),
    },
)

EXERCISES = [LEARNER, PENALTY]
