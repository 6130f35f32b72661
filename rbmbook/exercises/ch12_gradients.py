"""Exercises of chapter 12, Deep belief networks: back-propagation through shared weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator
from scipy.special import expit

from .exercise import Exercise


def _passes(v, W, a, b):
    m = expit(v @ W + b)
    return m, expit(m @ W.T + a)


def _through(W, m, error):
    """The error at the inputs of the hidden layer."""
    return (error @ W) * m * (1 - m)


def tied_gradient(v, W, a, b):
    """dW = [(r − v)ᵀ m + vᵀ ε] / n, ε = ((r − v) W) ⊙ m (1 − m)."""
    m, r = _passes(v, W, a, b)
    error = r - v
    epsilon = _through(W, m, error)
    n = len(v)
    return (error.T @ m + v.T @ epsilon) / n, error.sum(axis=0) / n, epsilon.sum(axis=0) / n


def _tied(
    uses: tuple[float, float] = (1, 1),
    at_output: Callable = lambda v, r: r - v,
    at_hidden: Callable = lambda W, m, e: (e @ W) * m * (1 - m),
) -> Callable:
    """The gradient with a share of each use of W, another error at the top or at the middle."""

    def mistake(v, W, a, b):
        m, r = _passes(v, W, a, b)
        error = at_output(v, r)
        epsilon, n = at_hidden(W, m, error), len(v)
        dW = (uses[0] * error.T @ m + uses[1] * v.T @ epsilon) / n
        return dW, error.sum(axis=0) / n, epsilon.sum(axis=0) / n

    return mistake


def _not_through(v, W, a, b):
    m, r = _passes(v, W, a, b)
    return (r - v).T @ m / len(v), (r - v).mean(axis=0), np.zeros_like(b)


def _db_only(v, W, a, b):
    _, r = _passes(v, W, a, b)
    dW, da, _ = tied_gradient(v, W, a, b)
    return dW, da, ((r - v) @ W).mean(axis=0)


def _contrastive(sign: int) -> Callable:
    def mistake(v, W, a, b):
        m, r = _passes(v, W, a, b)
        again, n = expit(r @ W + b), len(v)
        parts = (v.T @ m - r.T @ again, (v - r).sum(axis=0), (m - again).sum(axis=0))
        return tuple(sign * part / n for part in parts)

    return mistake


def _db_contrastive(v, W, a, b):
    m, r = _passes(v, W, a, b)
    dW, da, _ = tied_gradient(v, W, a, b)
    return dW, da, (m - expit(r @ W + b)).mean(axis=0)


def _r_for_v(v, W, a, b):
    m, r = _passes(v, W, a, b)
    epsilon = _through(W, m, r - v)
    dW, da, db = tied_gradient(v, W, a, b)
    return dW + (r - v).T @ epsilon / len(v), da, db


def _scaled(factor: Callable) -> Callable:
    return lambda v, W, a, b: tuple(factor(v) * part for part in tied_gradient(v, W, a, b))


def _tied_cases(rng: Generator) -> Iterator[tuple]:
    for n, D, H, scale in [(1, 2, 2, 1), (4, 3, 3, 1), (5, 4, 2, 1), (3, 2, 5, 2), (6, 6, 3, 0.5)]:
        v = rng.integers(0, 2, size=(n, D)).astype(np.float64)
        yield (v, *(scale * rng.standard_normal(shape) for shape in ((D, H), D, H)))


TIED = Exercise(
    name="12.3",
    title="Back-propagation through shared weights",
    reference=tied_gradient,
    cases=_tied_cases,
    parts=("dW", "da", "db"),
    rtol=1e-5,  # a careful finite difference is an answer, too
    atol=1e-7,
    mistakes={
        "W is used twice, on the way up and on the way down, and the chain rule adds the two: you "
        "have the way down alone; vᵀε is missing.": _tied((1, 0)),
        "W is used twice, on the way up and on the way down, and the chain rule adds the two: you "
        "have the way up alone; (r − v)ᵀm is missing.": _tied((0, 1)),
        "you halve the sum of the two uses of W; the chain rule adds them and does not average.": (
            _tied((0.5, 0.5))
        ),
        "the loss depends on b and on the way up through m; you treat m as given: send the error "
        "back, ε = ((r − v) W) ⊙ m (1 − m).": _not_through,
        "db: the derivative of the hidden sigmoid, m (1 − m), is missing.": _db_only,
        "the two uses of W are subtracted; the chain rule adds them.": _tied((1, -1)),
        "the derivative of the hidden sigmoid is missing: ε = ((r − v) W) ⊙ m (1 − m).": _tied(
            at_hidden=lambda W, m, e: e @ W
        ),
        "the derivative of the hidden sigmoid is m (1 − m), not m.": _tied(
            at_hidden=lambda W, m, e: (e @ W) * m
        ),
        "the derivative of the hidden sigmoid is m (1 − m), not m (m − 1).": _tied(
            at_hidden=lambda W, m, e: (e @ W) * m * (m - 1)
        ),
        "the derivative of the sigmoid is m (1 − m); 1 − m² is that of tanh.": _tied(
            at_hidden=lambda W, m, e: (e @ W) * (1 - m**2)
        ),
        "on the way up what comes in to W is v, not r: vᵀε.": _r_for_v,
        "db: this is CD-1 with means; send the error r − v back through W and the hidden "
        "sigmoid.": _db_contrastive,
        "the error at the outputs has a factor r (1 − r) too many: for this loss it cancels, and "
        "∂ℓ/∂(input) is r − v.": _tied(at_output=lambda v, r: (r - v) * r * (1 - r)),
        "this is the gradient of twice the squared error, 2 (r − v) r (1 − r) at the outputs; the "
        "loss is the cross-entropy.": _tied(at_output=lambda v, r: 2 * (r - v) * r * (1 - r)),
        "this is the gradient with respect to r; go on to the input of the sigmoid: times "
        "r (1 − r), which leaves r − v.": _tied(at_output=lambda v, r: (1 - v) / (1 - r) - v / r),
        "the sign is flipped: the loss grows where r moves away from v, so the error is r − v, "
        "and what descends is minus the gradient.": _scaled(lambda v: -1.0),
        "you add over the pictures; the mean is asked for.": _scaled(len),
        "you divide by the number of pixels as well: the loss is a sum over them.": _scaled(
            lambda v: 1 / v.shape[1]
        ),
        "all signs are flipped: inputs are vW + b and mWᵀ + a.": (
            lambda v, W, a, b: tied_gradient(v, -W, -a, -b)
        ),
        "this is CD-1 with means, an ascent direction of something else: no error is sent back "
        "through the layers in it.": _contrastive(1),
        "this is minus CD-1 with means: no error is sent back through the layers in it.": (
            _contrastive(-1)
        ),
        "the derivative of the hidden sigmoid is m (1 − m), not 1 − m.": _tied(
            at_hidden=lambda W, m, e: (e @ W) * (1 - m)
        ),
        "db: this is the mean of m. The derivative of the loss with respect to b is asked for.": (
            lambda v, W, a, b: (*tied_gradient(v, W, a, b)[:2], expit(v @ W + b).mean(axis=0))
        ),
    },
)

EXERCISES = [TIED]
