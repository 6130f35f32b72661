"""Exercises of chapter 12, Deep belief networks: back-propagation, and the bound's gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator
from scipy.special import expit

from .cases import all_states
from .ch12_deep_belief_networks import _log_layer, _log_prior
from .engine import Exercise


# -- 12.3 ----------------------------------------------------------------------------------------
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
        "this is CD-1 with means, an ascent direction of something else: no error is sent back "
        "through the layers in it.": _contrastive(1),
        "this is minus CD-1 with means: no error is sent back through the layers in it.": (
            _contrastive(-1)
        ),
    },
)


# -- 12.4 ----------------------------------------------------------------------------------------
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
        "the normaliser of p(v | h) is missing: log p(v | h) is v·y − Σ softplus(y), and "
        "y = a + Wh depends on h.": _no_normaliser,
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

EXERCISES = [TIED, RECOGNITION]
