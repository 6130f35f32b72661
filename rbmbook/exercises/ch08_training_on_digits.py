"""Exercises of chapter 08, Training on digits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .engine import Exercise


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, x)


# -- 08.1 ----------------------------------------------------------------------------------------
def initial_bias(X):
    """The logit of the smoothed mean, (total + 1) / (n + 2), of each column."""
    total, n = X.sum(axis=0), len(X)
    return np.log((total + 1) / (n - total + 1))


def _smoothed(X):
    return (X.sum(axis=0) + 1) / (len(X) + 2)


def _bare_logit(X):
    mean = X.mean(axis=0)
    return np.log(mean) - np.log(1 - mean)


def _bias_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible in [(4, 3), (10, 5), (1, 2), (200, 7)]:
        X = (rng.random((n, n_visible)) < rng.random(n_visible)).astype(np.float64)
        X[:, 0] = 0  # a pixel that is never on: the bare logit is −∞
        yield (X,)


BIAS = Exercise(
    name="08.1",
    title="Visible biases to start from",
    reference=initial_bias,
    cases=_bias_cases,
    mistakes={
        "a pixel that is never on has mean 0, and log 0 is −∞. Smooth the mean first: add one "
        "picture that is all on and one that is all off.": _bare_logit,
        "the sign is flipped: a pixel that is often on needs a positive bias.": (
            lambda X: -initial_bias(X)
        ),
        "this is the smoothed mean itself. The bias is what the sigmoid turns into that mean: its "
        "inverse, the logit log(m / (1 − m)).": _smoothed,
        "you apply the sigmoid where its inverse is needed, the logit log(m / (1 − m)).": (
            lambda X: 1 / (1 + np.exp(-_smoothed(X)))
        ),
        "log m is not the logit: divide by 1 − m inside the logarithm.": (
            lambda X: np.log(_smoothed(X))
        ),
        "one picture that is all on and one that is all off makes the number of pictures n + 2, "
        "not n + 1.": lambda X: (lambda m: np.log(m / (1 - m)))((X.sum(axis=0) + 1) / (len(X) + 1)),
        "you average over the pixels of each picture. One bias per pixel is asked for: average "
        "over the pictures, axis 0.": lambda X: initial_bias(X.T),
    },
)


# -- 08.2 ----------------------------------------------------------------------------------------
def update(W, gradient, velocity, rate, momentum, decay):
    """u ← momentum·u + rate·(gradient − decay·W), W ← W + u."""
    velocity = momentum * velocity + rate * (gradient - decay * W)
    return W + velocity, velocity


def _update_cases(rng: Generator) -> Iterator[tuple]:
    for shape, rate, momentum, decay in [
        ((2, 3), 0.1, 0.5, 0.01),
        ((4, 2), 0.05, 0.9, 0.2),
        ((1, 1), 0.3, 0.7, 0.5),
        ((3, 3), 0.2, 0.8, 0.1),
    ]:
        yield (*rng.standard_normal((3, *shape)), rate, momentum, decay)


def _decay_outside(W, gradient, velocity, rate, momentum, decay):
    velocity = momentum * velocity + rate * gradient - decay * W
    return W + velocity, velocity


def _decay_after(W, gradient, velocity, rate, momentum, decay):
    velocity = momentum * velocity + rate * gradient
    return W + velocity - rate * decay * W, velocity


def _old_velocity(W, gradient, velocity, rate, momentum, decay):
    return W + velocity, update(W, gradient, velocity, rate, momentum, decay)[1]


def _average(W, gradient, velocity, rate, momentum, decay):
    velocity = momentum * velocity + (1 - momentum) * rate * (gradient - decay * W)
    return W + velocity, velocity


def _descend(W, gradient, velocity, rate, momentum, decay):
    _, u = update(W, gradient, velocity, rate, momentum, decay)
    return W - u, u


def _rate_on_all(W, gradient, velocity, rate, momentum, decay):
    velocity = momentum * velocity + gradient - decay * W
    return W + rate * velocity, velocity


UPDATE = Exercise(
    name="08.2",
    title="One step with momentum and weight decay",
    reference=update,
    cases=_update_cases,
    parts=("W", "velocity"),
    mistakes={
        "you go down: W − u. The log-likelihood is to rise, so the velocity is added.": _descend,
        "the weight decay has the wrong sign: it pulls the weights towards 0, so −decay·W is added "
        "to the gradient.": lambda W, g, u, rate, m, decay: update(W, g, u, rate, m, -decay),
        "the weight decay is missing: the gradient of −½·decay·‖W‖² is −decay·W.": (
            lambda W, g, u, rate, m, decay: update(W, g, u, rate, m, 0)
        ),
        "the momentum is missing: the old velocity counts, times momentum.": (
            lambda W, g, u, rate, m, decay: update(W, g, u, rate, 0, decay)
        ),
        "the weight decay is part of the gradient, so the learning rate multiplies it too.": (
            _decay_outside
        ),
        "the weight decay is part of the gradient, so it belongs inside the velocity; you apply it "
        "to W directly.": _decay_after,
        "you move by the old velocity. First renew the velocity, then add the new one.": (
            _old_velocity
        ),
        "you weight the gradient with 1 − momentum. That is a moving average; in (8.3) the "
        "gradient enters in full.": _average,
        "your velocity does not contain the learning rate; in (8.3) it does.": _rate_on_all,
    },
)


# -- 08.3 ----------------------------------------------------------------------------------------
def _free_energy(v, W, a, b):
    return -v @ a - _softplus(v @ W + b).sum(axis=1)


def free_energy_gap(held_out, train, W, a, b):
    """Mean F of the held-out rows minus mean F of the training rows."""
    return _free_energy(held_out, W, a, b).mean() - _free_energy(train, W, a, b).mean()


def _gap_of(free):
    return lambda held_out, train, *theta: (
        free(held_out, *theta).mean() - free(train, *theta).mean()
    )


def _gap_of_sums(held_out, train, W, a, b):
    return _free_energy(held_out, W, a, b).sum() - _free_energy(train, W, a, b).sum()


def _gap_cases(rng: Generator) -> Iterator[tuple]:
    for m, n, n_visible, n_hidden, scale in [(3, 5, 4, 2, 1), (1, 2, 3, 3, 1), (6, 4, 5, 7, 300)]:
        held_out, train = (rng.integers(0, 2, (k, n_visible)).astype(np.float64) for k in (m, n))
        W = scale * rng.standard_normal((n_visible, n_hidden))
        a, b = scale * rng.standard_normal(n_visible), scale * rng.standard_normal(n_hidden)
        yield held_out, train, W, a, b


GAP = Exercise(
    name="08.3",
    title="The free-energy gap",
    reference=free_energy_gap,
    cases=_gap_cases,
    mistakes={
        "the sign is flipped: the gap is held-out minus training, positive when the machine likes "
        "the training pictures better (lower F).": lambda *args: -free_energy_gap(*args),
        "you sum over the pictures. The two sets differ in size, so their means have to be "
        "compared.": _gap_of_sums,
        "the visible bias is missing: F(v) = −aᵀv − Σ_j softplus(…).": (
            lambda x, y, W, a, b: free_energy_gap(x, y, W, 0 * a, b)
        ),
        "the hidden bias is missing inside the softplus.": (
            lambda x, y, W, a, b: free_energy_gap(x, y, W, a, 0 * b)
        ),
        "the softplus carries the wrong sign: it lowers the free energy.": _gap_of(
            lambda v, W, a, b: -v @ a + _softplus(v @ W + b).sum(axis=1)
        ),
        "you average the softplus over the hidden units; F has their sum.": _gap_of(
            lambda v, W, a, b: -v @ a - _softplus(v @ W + b).mean(axis=1)
        ),
        "you sum the inputs of the hidden units without the softplus.": _gap_of(
            lambda v, W, a, b: -v @ a - (v @ W + b).sum(axis=1)
        ),
    },
)

EXERCISES = [BIAS, UPDATE, GAP]
