"""Exercise 12.4: the bound's gradient with respect to the way up."""

import numpy as np

from ..exercise import exercise
from ..machines import all_states, random_states
from ..mistakes import changed, missing, negated, slips_of
from ..numerics import normalised, sigmoid
from .layers import log_layer, random_log_prior

FORMULA = (
    "The bound is the mean over h ∼ q of log P(h) + log p(v | h) − log q(h), where q has the "
    "inputs vR + b, and p(v | h) the inputs hWᵀ + a."
)


def bound(log_P, log_v, log_q):
    return log_P + log_v - log_q


def at_inputs(v, R, b, W, a, log_prior, *, inside=bound, log_v=log_layer, mean=sigmoid):
    """Σ_h q (h_j − m_j) (log P + log p(v | h) − log q), a row for each picture."""
    h, x = all_states(len(b)), v @ R + b
    log_q = log_layer(h, x).T
    f = np.exp(log_q) * inside(log_prior, log_v(v, h @ W.T + a), log_q)
    return f @ h - f.sum(axis=1, keepdims=True) * mean(x)


def recognition_gradient(v, R, b, W, a, log_prior, *, slope=at_inputs):
    """Mean over the rows of v_i times the derivative with respect to the input x_j."""
    return v.T @ slope(v, R, b, W, a, log_prior) / len(v)


def cases(rng):
    for n, D, H, scale in [(1, 2, 2, 1), (4, 3, 2, 1), (5, 3, 4, 1), (3, 3, 3, 2)]:
        v = random_states(rng, n, D)
        v[0, 0] = 1  # a picture that is all off says nothing about R
        R, b, W, a = (scale * rng.standard_normal(shape) for shape in ((D, H), H, (D, H), D))
        yield v, R, b, W, a, random_log_prior(rng, H, 2.0)


slip = slips_of(recognition_gradient)


def at_slip(**changes):
    return slip(slope=changed(at_inputs, **changes))


def inside(function):
    """The expectation of another function of log P, log p(v | h) and log q."""
    return at_slip(inside=function)


def mean_slope(v, R, b):
    m = sigmoid(v @ R + b)
    return m * (1 - m)


def bound_at_means(v, R, b, W, a, log_prior):
    x = v @ R + b
    return ((v - sigmoid(sigmoid(x) @ W.T + a)) @ W - x) * mean_slope(v, R, b)


def sleep(v, R, b, W, a, log_prior):
    h, V = all_states(len(b)), all_states(len(a))
    p = np.exp(log_prior + log_layer(V, h @ W.T + a))
    return V.T @ (p @ h - p.sum(axis=1, keepdims=True) * sigmoid(V @ R + b))


def wake(v, R, b, W, a, log_prior):
    h = all_states(len(b))
    q = np.exp(log_layer(h, v @ R + b))
    return (v.T @ q.T @ h - sigmoid(h @ W.T + a).T @ (h * q.sum(axis=1, keepdims=True))) / len(v)


MISTAKES = {
    "the entropy is missing: the bound has −log q(h) inside the expectation, and it changes with "
    "R.": inside(lambda log_P, log_v, log_q: log_P + log_v),
    "log p(v | h) is missing from the bound.": inside(lambda log_P, log_v, log_q: log_P - log_q),
    "the entropy has the wrong sign: the bound has −log q(h) inside the expectation.":
        inside(lambda log_P, log_v, log_q: log_P + log_v + log_q),
    "this differentiates the entropy alone; the other two terms of (12.3) change with q as well.":
        inside(lambda log_P, log_v, log_q: -log_q),
    "the entropy counts twice: the second sum, Σ q ∂ log q, is Σ ∂q = 0.":
        inside(lambda log_P, log_v, log_q: log_P + log_v - 2 * log_q),
    "the bound has log P(h), which is `log_prior` as it is.": slip(log_prior=np.exp),
    "the normaliser of p(v | h) is missing: log p(v | h) is v·y − Σ softplus(y), and y = a + Wh "
    "depends on h.": at_slip(log_v=lambda v, y: v @ y.T),
    "this is the wake phase (12.8), the derivative with respect to W; R decides how likely each h "
    "is.": wake,
    "you put the means of q into log p(v | h), and leave out the prior; the bound is a mean over "
    "states h ∼ q of log P + log p(v | h) − log q.": slip(slope=bound_at_means),
    "all zero? The bound depends on R through q.": lambda v, R, *rest: 0 * R,
    "all signs are flipped: inputs are vR + b and hWᵀ + a, and log P is added.":
        slip(**dict.fromkeys(("R", "b", "W", "a", "log_prior"), negated)),
    "the sign is flipped: the derivative of the bound itself is asked for, the way up.":
        lambda *args: -recognition_gradient(*args),
    "∂ log q/∂R_ij is v_i (h_j − σ(x_j)); the mean σ(x_j) is missing.": at_slip(mean=missing),
    "there is a factor m (1 − m) too many: ∂ log q/∂R_ij is v_i (h_j − m_j), where the sigmoid's "
    "derivative has cancelled.":
        slip(slope=lambda v, R, b, *rest: at_inputs(v, R, b, *rest) * mean_slope(v, R, b)),
    "you average the probability P(h) p(v | h); the bound has its logarithm, and −log q.":
        inside(lambda log_P, log_v, log_q: np.exp(log_P + log_v)),
    "the states h are not weighted with q: ∂q = q ∂ log q.":
        inside(lambda log_P, log_v, log_q: bound(log_P, log_v, log_q) / np.exp(log_q)),
    "this is the sleep phase (12.9), averaged over dreams: it is the gradient of another quantity, "
    "not of the bound.": sleep,
    "this makes KL(p(h | v) ‖ q) small on the data: the divergence of (12.4) the other way round.":
        inside(lambda log_P, log_v, log_q: normalised(log_P + log_v, axis=1) / np.exp(log_q)),
    "this is the derivative with respect to the biases b; for R_ij there is a factor v_i.":
        lambda *args: at_inputs(*args).mean(axis=0),
    "your q uses W for the way up; here it has weights R of its own.": slip(R="W"),
    "your way down uses R; it has the weights W.": slip(W="R"),
}  # fmt: skip

TOLERANCE = {"rtol": 1e-5, "atol": 1e-7}  # a careful finite difference is an answer, too
EXERCISE = exercise(__doc__, recognition_gradient, cases, MISTAKES, FORMULA, **TOLERANCE)
