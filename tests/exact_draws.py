"""Draws from a machine by enumeration, and whether scores are those of an unbiased estimate."""

import numpy as np

import rbmbook as rb


def exact_samples(rbm, n, rng):
    """Independent draws of v from p(v)."""
    if rbm.visible.levels is not None and rbm.n_visible < 15:
        states = rb.exact.states(rbm.n_visible, rbm.visible)
        return states[rng.choice(len(states), size=n, p=rb.exact.probabilities(rbm))]
    if rbm.hidden.levels is not None:
        turned = rb.RBM(rbm.W.T.copy(), rbm.b, rbm.a, rbm.hidden, rbm.visible)
        return rbm.sample_visible(exact_samples(turned, n, rng), rng)
    precision = np.block(
        [[np.diag(rbm.visible.precision()), -rbm.W], [-rbm.W.T, np.diag(rbm.hidden.precision())]]
    )
    covariance = np.linalg.inv(precision)
    mean = covariance @ np.concatenate([rbm.a, rbm.b])
    return rng.multivariate_normal(mean, covariance, size=n)[:, : rbm.n_visible]


def unbiased(scores):
    """Whether the mean of the scores is near 0 and large ones are rare."""
    return abs(scores.mean()) * np.sqrt(len(scores)) < 4 and np.mean(np.abs(scores) > 4) < 0.06
