"""Exercises of chapter 10, How good is it?: the path from the base to the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator

from .ch10_how_good_is_it import _log_f, _log_sum, _sigmoid, _softplus
from .exercise import Exercise
from .machines import all_states, random_machine


def _terms(W, a, b, a0, beta):
    """All v, the inputs x of the hidden units, and p_β."""
    v = all_states(len(a))
    x = v @ W + b
    log_f = v @ ((1 - beta) * a0 + beta * a) + _softplus(beta * x).sum(axis=1)
    return v, x, np.exp(log_f - _log_sum(log_f))


def slope(W, a, b, a0, beta):
    """E_β[(a − a⁰)·v + Σ_j x_j sigmoid(β x_j)], x = vW + b."""
    v, x, p = _terms(W, a, b, a0, beta)
    return p @ (v @ (a - a0) + (x * _sigmoid(beta * x)).sum(axis=1))


def _slope_of(inside: Callable, at: Callable = lambda beta: beta) -> Callable:
    """The expectation of another function, or at another β."""

    def mistake(W, a, b, a0, beta):
        v, x, p = _terms(W, a, b, a0, at(beta))
        return p @ inside(v, x, W, a, b, a0, beta)

    return mistake


def _right_inside(v, x, W, a, b, a0, beta):
    return v @ (a - a0) + (x * _sigmoid(beta * x)).sum(axis=1)


def _unweighted(W, a, b, a0, beta):
    v, x, _ = _terms(W, a, b, a0, beta)
    return _right_inside(v, x, W, a, b, a0, beta).mean()


def _summed(W, a, b, a0, beta):
    v, x, _ = _terms(W, a, b, a0, beta)
    return _right_inside(v, x, W, a, b, a0, beta).sum()


def _not_normalised(W, a, b, a0, beta):
    v, x, _ = _terms(W, a, b, a0, beta)
    log_f = v @ ((1 - beta) * a0 + beta * a) + _softplus(beta * x).sum(axis=1)
    return np.exp(log_f) @ _right_inside(v, x, W, a, b, a0, beta)


def _hidden_not_scaled(W, a, b, a0, beta):
    v, x, _ = _terms(W, a, b, a0, beta)
    log_f = v @ ((1 - beta) * a0 + beta * a) + _softplus(x).sum(axis=1)
    return np.exp(log_f - _log_sum(log_f)) @ _right_inside(v, x, W, a, b, a0, beta)


def _log_z(W, a, b, a0, beta):
    v, x, _ = _terms(W, a, b, a0, beta)
    return _log_sum(v @ ((1 - beta) * a0 + beta * a) + _softplus(beta * x).sum(axis=1))


def _slope_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, beta in [(2, 2, 0.5), (3, 3, 0.8), (5, 2, 0.25), (4, 3, 0.0),
                                      (4, 3, 1.0)]:  # fmt: skip
        W, a, b = random_machine(rng, n_visible, n_hidden)
        yield W, a, b, rng.standard_normal(n_visible), beta


SLOPE = Exercise(
    name="10.3",
    title="The slope of log Z along the path",
    reference=slope,
    cases=_slope_cases,
    rtol=1e-5,  # a careful finite difference is an answer, too
    atol=1e-7,
    mistakes={
        "the sign is flipped: log f_β is −F, not F.": lambda *args: -slope(*args),
        "the base is missing from the derivative: the bias is (1 − β)a⁰ + βa, whose derivative is "
        "a − a⁰, not a.": _slope_of(
            lambda v, x, W, a, b, a0, beta: v @ a + (x * _sigmoid(beta * x)).sum(axis=1)
        ),
        "two slips: the bias (1 − β)a⁰ + βa has the derivative a − a⁰, not a; and the sigmoid is "
        "taken at x, but in softplus(βx) the argument is βx, and it stays.": _slope_of(
            lambda v, x, W, a, b, a0, beta: v @ a + (x * _sigmoid(x)).sum(axis=1)
        ),
        "the hidden bias is not scaled: at β the machine has the hidden bias βb.": _slope_of(
            lambda v, x, W, a, b, a0, beta: (
                v @ (a - a0) + (x * _sigmoid(beta * (x - b) + b)).sum(axis=1)
            )
        ),
        "a − a⁰ has the wrong sign: (1 − β)a⁰ + βa grows by a and shrinks by a⁰.": _slope_of(
            lambda v, x, W, a, b, a0, beta: v @ (a0 - a) + (x * _sigmoid(beta * x)).sum(axis=1)
        ),
        "the bias is added as it is, (1 − β)a⁰ + βa, but it depends on β, too: differentiate it.": (
            _slope_of(
                lambda v, x, W, a, b, a0, beta: (
                    v @ ((1 - beta) * a0 + beta * a) + (x * _sigmoid(beta * x)).sum(axis=1)
                )
            )
        ),
        "the inner derivative is missing: d softplus(βx)/dβ is x · sigmoid(βx).": _slope_of(
            lambda v, x, W, a, b, a0, beta: v @ (a - a0) + _sigmoid(beta * x).sum(axis=1)
        ),
        "the inner derivative of softplus(βx) with respect to β is x, not β: you differentiate "
        "with respect to x.": _slope_of(
            lambda v, x, W, a, b, a0, beta: v @ (a - a0) + beta * _sigmoid(beta * x).sum(axis=1)
        ),
        "the sigmoid is taken at x; in softplus(βx) the argument is βx, and it stays.": _slope_of(
            lambda v, x, W, a, b, a0, beta: v @ (a - a0) + (x * _sigmoid(x)).sum(axis=1)
        ),
        "the softplus is not differentiated: its derivative is the sigmoid.": _slope_of(
            lambda v, x, W, a, b, a0, beta: v @ (a - a0) + (x * _softplus(beta * x)).sum(axis=1)
        ),
        "the hidden bias is missing from the inner derivative: it is b_j + Σ_i v_i W_ij.": (
            _slope_of(
                lambda v, x, W, a, b, a0, beta: (
                    v @ (a - a0) + ((x - b) * _sigmoid(beta * x)).sum(axis=1)
                )
            )
        ),
        "the hidden units are missing from the derivative.": _slope_of(
            lambda v, x, W, a, b, a0, beta: v @ (a - a0)
        ),
        "the visible biases are missing from the derivative.": _slope_of(
            lambda v, x, W, a, b, a0, beta: (x * _sigmoid(beta * x)).sum(axis=1)
        ),
        "the derivative inside is right, but you average it over the machine at β = 1; the "
        "expectation is under p_β.": _slope_of(_right_inside, lambda beta: 1.0),
        "the derivative inside is right, but you average it over the base, β = 0; the expectation "
        "is under p_β.": _slope_of(_right_inside, lambda beta: 0.0),
        "the derivative inside is right, but all states count alike; the expectation is under "
        "p_β.": _unweighted,
        "the derivative is weighed with f_β; divide by Z_β, its sum, to get p_β.": _not_normalised,
        "the derivative inside is right, but the probabilities are of another machine: in f_β the "
        "inputs of the hidden units are βx, too.": _hidden_not_scaled,
        "the base has the wrong sign: the derivative of (1 − β)a⁰ + βa is a − a⁰, not a + a⁰.": (
            _slope_of(
                lambda v, x, W, a, b, a0, beta: v @ (a + a0) + (x * _sigmoid(beta * x)).sum(axis=1)
            )
        ),
        "this is log Z_β itself; asked for is its derivative.": _log_z,
        "you sum the derivative over all states; weigh each with its probability p_β.": _summed,
        "this is (log Z − log Z₀), the integral of the slope over the whole path; asked for is "
        "the slope at one β.": lambda W, a, b, a0, beta: (
            _log_sum(_log_f(all_states(len(a)), W, a, b))
            - _softplus(a0).sum()
            - W.shape[1] * np.log(2)
        ),
    },
)

EXERCISES = [SLOPE]
