"""Functions of many references: stable at any magnitude, and written from their formulas."""

import numpy as np


def sigmoid(x):
    """σ(x) = 1 / (1 + exp(−x)), with all its digits: only what is not positive is exponentiated."""
    small = np.exp(-np.abs(x))
    return np.where(np.asarray(x) >= 0, 1.0, small) / (1 + small)


def logit(p):
    """log(p / (1 − p)), what the sigmoid turns into p."""
    return np.log(p) - np.log1p(-p)


def softplus(x):
    """log(1 + exp(x))."""
    return np.logaddexp(0.0, x)


def log_sum_exp(x, axis=None):
    """log Σ exp(x), over all of x or along an axis."""
    return np.logaddexp.reduce(x, axis=axis)


def normalised(log_weights, axis=None):
    """The probabilities proportional to exp(log_weights), over all of them or along an axis."""
    weights = np.exp(log_weights - log_weights.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def draw(p, rng):
    """1 where a uniform number of its own is below p, else 0."""
    return (rng.random(p.shape) < p).astype(np.float64)
