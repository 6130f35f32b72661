"""Exercises of chapter 14, Autoencoders: the linear copy and the contractive penalty."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .engine import Exercise

# -- 14.1 ----------------------------------------------------------------------------------------


def least_error(X, k):
    """Sum of the eigenvalues of XᵀX / n beyond the first k: (14.5) without the mean taken off."""
    return float(_eigenvalues(X)[k:].sum())


def _eigenvalues(X):
    """Eigenvalues of the matrix of second moments, the largest first."""
    return np.linalg.eigvalsh(X.T @ X / len(X))[::-1]


def _least_cases(rng: Generator) -> Iterator[tuple]:
    yield np.array([[2.0, 0.0], [2.0, 1.0], [2.0, -1.0]]), 1
    for n, D, k in [(6, 3, 1), (12, 5, 2), (8, 4, 3), (3, 6, 2)]:
        yield rng.normal(size=(n, D)) * rng.uniform(0.3, 2, D) + rng.normal(0, 2, D), k


def _centred(X):
    return X - X.mean(axis=0)


def _mean_taken_off_then_counted(X, k):
    """The mean as one of the k directions: Σ over i ≥ k of the centred eigenvalues."""
    return float(_eigenvalues(_centred(X))[k - 1 :].sum())


LEAST = Exercise(
    name="14.1",
    title="The best linear copy without biases",
    reference=least_error,
    cases=_least_cases,
    mistakes={
        "the mean was subtracted. Without biases the machine cannot do that: use ⟨vᵀv⟩ of the data "
        "as they are. (14.5) used a mean of 0 only to leave the biases out.": (
            lambda X, k: least_error(_centred(X), k)
        ),
        "the mean was subtracted, and the sum divided by n − 1 (`np.cov` does both). The machine "
        "has no biases, and the mean over n rows divides by n.": (
            lambda X, k: least_error(_centred(X), k) * len(X) / (len(X) - 1)
        ),
        "these are the k smallest eigenvalues (they come in rising order). All but the k *largest* "
        "are lost.": lambda X, k: float(_eigenvalues(X)[::-1][:k].sum()),
        "you spend one of the k numbers on the mean and the others on principal directions. The "
        "mean is in general not one of the best directions.": _mean_taken_off_then_counted,
        "the sum over the rows is left: the mean over the n rows is asked for.": (
            lambda X, k: len(X) * least_error(X, k)
        ),
        "that is a mean over rows and columns; the squared distance is a sum over the columns.": (
            lambda X, k: least_error(X, k) / X.shape[1]
        ),
        "you divide by n − 1. A mean over n rows divides by n.": (
            lambda X, k: least_error(X, k) * len(X) / (len(X) - 1)
        ),
        "that is the sum of the k largest eigenvalues, the part that is kept. The rest is lost.": (
            lambda X, k: float(_eigenvalues(X)[:k].sum())
        ),
        "the eigenvalues run from the smallest: you leave out the k smallest, not the k largest.": (
            lambda X, k: float(_eigenvalues(X)[::-1][k:].sum())
        ),
        "one direction too many is counted as lost: the code has k numbers, not k − 1.": (
            lambda X, k: float(_eigenvalues(X)[k - 1 :].sum())
        ),
        "one direction too few is counted as lost: the code has k numbers, not k + 1.": (
            lambda X, k: float(_eigenvalues(X)[k + 1 :].sum())
        ),
        "you add singular values of X; their squares, over n, are the eigenvalues.": (
            lambda X, k: float(np.linalg.svd(X, compute_uv=False)[k:].sum())
        ),
        "you add singular values over n; it is their squares that are the eigenvalues times n.": (
            lambda X, k: float(np.linalg.svd(X, compute_uv=False)[k:].sum() / len(X))
        ),
        "half of it: the squared distance is asked for, without the ½ of the loss.": (
            lambda X, k: least_error(X, k) / 2
        ),
        "that is a square root: the mean of the *squared* distance is asked for.": (
            lambda X, k: np.sqrt(max(least_error(X, k), 0.0))
        ),
        "that is the largest eigenvalue that is lost. All of them are: add them up.": (
            lambda X, k: float(_eigenvalues(X)[k])
        ),
        "nothing is copied in your answer: that is the mean squared length of the rows.": (
            lambda X, k: float(_eigenvalues(X).sum())
        ),
    },
)


# -- 14.2 ----------------------------------------------------------------------------------------
def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def penalty_gradient(v, W, b):
    """∂P/∂W and ∂P/∂b of P = mean Σ_j g_j² Σ_i W_ij², g = m (1 − m), m = sigmoid(b + v W)."""
    direct, through = _two_ways(v, W, b)
    return direct + v.T @ through / len(v), through.mean(axis=0)


def _two_ways(v, W, b):
    """The direct part of ∂P/∂W, and ∂P/∂z of each row."""
    m = _sigmoid(v @ W + b)
    g = m * (1 - m)
    direct = 2 * W * (g**2).mean(axis=0)
    return direct, 2 * g**2 * (1 - 2 * m) * (W**2).sum(axis=0)


def _penalty_cases(rng: Generator) -> Iterator[tuple]:
    yield np.array([[1.0]]), np.array([[0.8]]), np.array([0.3])
    for n, D, k in [(2, 3, 2), (5, 3, 3), (4, 2, 5), (3, 4, 4)]:
        yield rng.random((n, D)), rng.normal(0, 1, (D, k)), rng.normal(0, 0.7, k)


def _direct_only(v, W, b):
    return _two_ways(v, W, b)[0], _two_ways(v, W, b)[1].mean(axis=0)


def _bias_forgotten(v, W, b):
    return _two_ways(v, W, b)[0], 0 * b


def _all_weights(v, W, b):
    """The sum of all squared weights in place of those of unit j."""
    m = _sigmoid(v @ W + b)
    through = 2 * (m * (1 - m)) ** 2 * (1 - 2 * m) * (W**2).sum()
    return _two_ways(v, W, b)[0] + v.T @ through / len(v), through.mean(axis=0)


def _half_slope(v, W, b):
    """The slope of m (1 − m) taken as (1 − m) m (1 − m)."""
    m = _sigmoid(v @ W + b)
    through = 2 * (m * (1 - m)) ** 2 * (1 - m) * (W**2).sum(axis=0)
    return _two_ways(v, W, b)[0] + v.T @ through / len(v), through.mean(axis=0)


def _tanh_units(v, W, b):
    m = np.tanh(v @ W + b)
    g = 1 - m**2
    through = -4 * g**2 * m * (W**2).sum(axis=0)
    return 2 * W * (g**2).mean(axis=0) + v.T @ through / len(v), through.mean(axis=0)


def _through_only(v, W, b):
    through = _two_ways(v, W, b)[1]
    return v.T @ through / len(v), through.mean(axis=0)


def _no_curvature(v, W, b):
    """d(g²)/dz taken as 2 g: the slope of g is missing."""
    m = _sigmoid(v @ W + b)
    g = m * (1 - m)
    through = 2 * g * (W**2).sum(axis=0)
    return 2 * W * (g**2).mean(axis=0) + v.T @ through / len(v), through.mean(axis=0)


def _through_m(v, W, b):
    """∂P/∂m in place of ∂P/∂z: one factor m (1 − m) is missing."""
    m = _sigmoid(v @ W + b)
    g = m * (1 - m)
    through = 2 * g * (1 - 2 * m) * (W**2).sum(axis=0)
    return 2 * W * (g**2).mean(axis=0) + v.T @ through / len(v), through.mean(axis=0)


def _one_weight(v, W, b):
    """Each W_ij meets its own square only, not the sum over i that shares m_j."""
    m = _sigmoid(v @ W + b)
    g = m * (1 - m)
    slope = 2 * g**2 * (1 - 2 * m)
    square = W**2
    return 2 * W * (g**2).mean(axis=0) + square * (v.T @ slope) / len(v), (
        slope.mean(axis=0) * square.sum(axis=0)
    )


def _not_squared(v, W, b):
    """The gradient of the mean of Σ_j g_j Σ_i W_ij²."""
    m = _sigmoid(v @ W + b)
    g = m * (1 - m)
    through = g * (1 - 2 * m) * (W**2).sum(axis=0)
    return 2 * W * g.mean(axis=0) + v.T @ through / len(v), through.mean(axis=0)


def _mean_first(v, W, b):
    """Averages m over the rows before the formula is applied."""
    m = _sigmoid(v @ W + b).mean(axis=0)
    g = m * (1 - m)
    through = 2 * g**2 * (1 - 2 * m) * (W**2).sum(axis=0)
    return 2 * W * g**2 + np.outer(v.mean(axis=0), through), through


def _sums(v, W, b):
    dW, db = penalty_gradient(v, W, b)
    return len(v) * dW, len(v) * db


def _wrong_slope(v, W, b):
    direct, through = _two_ways(v, W, b)
    return direct - v.T @ through / len(v), -through.mean(axis=0)


def _no_two(v, W, b):
    dW, db = penalty_gradient(v, W, b)
    return dW / 2, db / 2


def _no_direct_two(v, W, b):
    direct, through = _two_ways(v, W, b)
    return direct / 2 + v.T @ through / len(v), through.mean(axis=0)


PENALTY = Exercise(
    name="14.2",
    title="The gradient of the contractive penalty",
    reference=penalty_gradient,
    cases=_penalty_cases,
    parts=("dW", "db"),
    mistakes={
        "the way through m_j is missing in dW: W_ij also moves z_j, with the factor v_i.": (
            _direct_only
        ),
        "m_j is treated as a constant: it depends on W_ij and on b_j, so that both gradients have "
        "a part that goes through z_j.": _bias_forgotten,
        "each unit has its own Σ_i W_ij² (`axis=0`); you use the sum of the whole matrix.": (
            _all_weights
        ),
        "the slope of m(1 − m) is (1 − 2m) dm/dz: both factors depend on z.": _half_slope,
        "the code units are sigmoids; this is the penalty of tanh units.": _tanh_units,
        "the direct way is missing in dW: W_ij² stands in P itself.": _through_only,
        "the slope of g = m(1 − m) is missing: d(g²)/dz = 2 g · g (1 − 2m).": _no_curvature,
        "a factor m(1 − m) is missing on the way through m: dm/dz is m(1 − m), and P has g².": (
            _through_m
        ),
        "m_j is shared by all weights of unit j: moving W_ij changes the factor of the whole sum "
        "Σ_i W_ij², not of W_ij² alone.": _one_weight,
        "the factor m(1 − m) is not squared: ‖J‖² is a sum of *squares* of m(1 − m) W_ij.": (
            _not_squared
        ),
        "the mean over the rows was taken too early: P is a mean of products, not a product of "
        "means.": _mean_first,
        "the sum over the rows is left: P is a mean.": _sums,
        "the sign of the way through m is wrong: dg/dz = g (1 − 2m), positive for m below ½.": (
            _wrong_slope
        ),
        "everything is half of what it should be: the squares bring a factor 2.": _no_two,
        "the direct way lacks its factor 2: the derivative of W_ij² is 2 W_ij.": _no_direct_two,
    },
)

EXERCISES = [LEAST, PENALTY]
