"""Exercises of chapter 12, Deep belief networks: the bound's gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator
from scipy.special import expit

from .ch12_deep_belief_networks import _log_layer, _log_prior
from .exercise import Exercise
from .machines import all_states


def _pieces(v, R, b, W, a, log_prior):
    """The states h, means of q, log q, log p(v | h): rows for pictures, columns for states."""
    states, x = all_states(len(b)), v @ R + b
    return states, expit(x), _log_layer(states, x).T, _log_layer(v, states @ W.T + a)


def recognition_gradient(v, R, b, W, a, log_prior):
    """Mean over the rows of v_i Σ_h q (h_j − m_j) (log P + log p(v | h) − log q)."""
    states, m, log_q, log_v = _pieces(v, R, b, W, a, log_prior)
    return _weighed(v, states, m, np.exp(log_q) * (log_prior + log_v - log_q))


def _weighed(v, states, m, f):
    """Mean over the rows of v_i Σ_h f(h) (h_j − m_j)."""
    return v.T @ (f @ states - f.sum(axis=1, keepdims=True) * m) / len(v)


def _inside(function: Callable) -> Callable:
    """The same expectation of another function of log P, log p(v | h) and log q."""

    def mistake(v, R, b, W, a, log_prior):
        states, m, log_q, log_v = _pieces(v, R, b, W, a, log_prior)
        return _weighed(v, states, m, np.exp(log_q) * function(log_prior, log_v, log_q))

    return mistake


def _uncentred(v, R, b, W, a, log_prior):
    states, _, log_q, log_v = _pieces(v, R, b, W, a, log_prior)
    return v.T @ (np.exp(log_q) * (log_prior + log_v - log_q) @ states) / len(v)


def _probabilities(v, R, b, W, a, log_prior):
    states, m, log_q, log_v = _pieces(v, R, b, W, a, log_prior)
    return _weighed(v, states, m, np.exp(log_q + log_prior + log_v))


def _slope_of_mean(v, R, b, W, a, log_prior):
    states, m, log_q, log_v = _pieces(v, R, b, W, a, log_prior)
    qf = np.exp(log_q) * (log_prior + log_v - log_q)
    return v.T @ ((qf @ states - qf.sum(axis=1, keepdims=True) * m) * m * (1 - m)) / len(v)


def _alike(v, R, b, W, a, log_prior):
    states, m, log_q, log_v = _pieces(v, R, b, W, a, log_prior)
    return _weighed(v, states, m, log_prior + log_v - log_q)


def _sleep(v, R, b, W, a, log_prior):
    states, V = all_states(len(b)), all_states(len(a))
    p = np.exp(log_prior + _log_layer(V, states @ W.T + a))
    return V.T @ (p @ states - p.sum(axis=1, keepdims=True) * expit(V @ R + b))


def _sleep_on_data(v, R, b, W, a, log_prior):
    states, m, _, log_v = _pieces(v, R, b, W, a, log_prior)
    p = np.exp(log_prior + log_v)
    return _weighed(v, states, m, p / p.sum(axis=1, keepdims=True))


def _no_normaliser(v, R, b, W, a, log_prior):
    states, m, log_q, _ = _pieces(v, R, b, W, a, log_prior)
    return _weighed(v, states, m, np.exp(log_q) * (log_prior + v @ (states @ W.T + a).T - log_q))


def _wake(v, R, b, W, a, log_prior):
    states, _, log_q, _ = _pieces(v, R, b, W, a, log_prior)
    q = np.exp(log_q)
    predicted = expit(states @ W.T + a).T @ (states * q.sum(axis=0)[:, None])
    return (v.T @ q @ states - predicted) / len(v)


def _of_means(v, R, b, W, a, log_prior):
    _, m, *_ = _pieces(v, R, b, W, a, log_prior)
    at_means = (v - expit(m @ W.T + a)) @ W - (v @ R + b)  # logit of m = vR + b
    return v.T @ (at_means * m * (1 - m)) / len(v)


def _times(factor: Callable) -> Callable:
    return lambda v, *rest: factor(v) * recognition_gradient(v, *rest)


def _recognition_cases(rng: Generator) -> Iterator[tuple]:
    for n, D, H, scale in [(1, 2, 2, 1), (4, 3, 2, 1), (5, 3, 4, 1), (3, 3, 3, 2)]:
        v = rng.integers(0, 2, size=(n, D)).astype(np.float64)
        v[0, 0] = 1  # a picture that is all off says nothing of R
        R, b, W, a = (scale * rng.standard_normal(shape) for shape in ((D, H), H, (D, H), D))
        yield v, R, b, W, a, _log_prior(rng, H, 2.0)


RECOGNITION = Exercise(
    name="12.4",
    title="The bound's gradient with respect to the way up",
    reference=recognition_gradient,
    cases=_recognition_cases,
    rtol=1e-5,  # a careful finite difference is an answer, too
    atol=1e-7,
    mistakes={
        "the entropy is missing: the bound has −log q(h) inside the expectation, and it changes "
        "with R.": _inside(lambda log_P, log_v, log_q: log_P + log_v),
        "the prior is missing from the bound.": _inside(lambda log_P, log_v, log_q: log_v - log_q),
        "log p(v | h) is missing from the bound.": (
            _inside(lambda log_P, log_v, log_q: log_P - log_q)
        ),
        "the entropy has the wrong sign: the bound has −log q(h) inside the expectation.": (
            _inside(lambda log_P, log_v, log_q: log_P + log_v + log_q)
        ),
        "this differentiates the entropy alone; the other two terms of (12.3) change with q as "
        "well.": _inside(lambda log_P, log_v, log_q: -log_q),
        "the entropy counts twice: the second sum, Σ q ∂ log q, is Σ ∂q = 0.": (
            _inside(lambda log_P, log_v, log_q: log_P + log_v - 2 * log_q)
        ),
        "the bound has log P(h), which is `log_prior` as it is.": (
            _inside(lambda log_P, log_v, log_q: np.exp(log_P) + log_v - log_q)
        ),
        "the normaliser of p(v | h) is missing: log p(v | h) is v·y − Σ softplus(y), and "
        "y = a + Wh depends on h.": _no_normaliser,
        "this is the wake phase (12.8), the derivative with respect to W; R decides how likely "
        "each h is.": _wake,
        "you put the means of q into log p(v | h), and leave out the prior; the bound is a mean "
        "over states h ∼ q of log P + log p(v | h) − log q.": _of_means,
        "all zero? The bound depends on R, by way of q.": _times(lambda v: 0.0),
        "all signs are flipped: inputs are vR + b and hWᵀ + a, and log P is added.": (
            lambda v, *theta: recognition_gradient(v, *(-x for x in theta))
        ),
        "the sign is flipped: asked for is the derivative of the bound, the way up.": (
            _times(lambda v: -1.0)
        ),
        "you add over the pictures; the mean is asked for.": _times(len),
        "∂ log q/∂R_ij is v_i (h_j − σ(x_j)); the mean σ(x_j) is missing.": _uncentred,
        "a factor m (1 − m) is too many: ∂ log q/∂R_ij is v_i (h_j − m_j), the sigmoid's "
        "derivative cancels.": _slope_of_mean,
        "you average the probability P(h) p(v | h); the bound has its logarithm, and −log q.": (
            _probabilities
        ),
        "the states h are not weighed with q: ∂q = q ∂ log q.": _alike,
        "this is the sleep phase (12.9), averaged over dreams: it follows another quantity than "
        "the bound.": _sleep,
        "this makes KL(p(h | v) ‖ q) small on the data: the divergence of (12.4) the other way "
        "round.": _sleep_on_data,
        "this is the derivative with respect to the biases b; for R_ij there is a factor v_i.": (
            lambda v, R, b, W, a, log_prior: recognition_gradient(
                np.hstack([np.ones((len(v), 1)), v]),
                np.vstack([np.zeros(len(b)), R]),
                b,
                np.vstack([np.zeros(len(b)), W]),
                np.append(0.0, a),
                log_prior,
            )[0]
        ),
        "your q uses W for the way up; here it has weights R of its own.": (
            lambda v, R, b, W, a, log_prior: recognition_gradient(v, W, b, W, a, log_prior)
        ),
        "your way down uses R; it has the weights W.": (
            lambda v, R, b, W, a, log_prior: recognition_gradient(v, R, b, R, a, log_prior)
        ),
        "the biases b are missing from q.": (
            lambda v, R, b, W, a, log_prior: recognition_gradient(v, R, 0 * b, W, a, log_prior)
        ),
        "the biases a are missing from p(v | h).": (
            lambda v, R, b, W, a, log_prior: recognition_gradient(v, R, b, W, 0 * a, log_prior)
        ),
    },
)

EXERCISES = [RECOGNITION]
