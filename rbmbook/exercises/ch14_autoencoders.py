"""Exercises of chapter 14, Autoencoders: the linear copy and the contractive penalty."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise

# -- 14.1 ----------------------------------------------------------------------------------------


def least_error(X, k):
    """Sum of the eigenvalues of XᵀX / n beyond the first k: (14.5) without the mean taken off."""
    return float(_eigenvalues(X)[k:].sum())


def _eigenvalues(X):
    """Eigenvalues of the matrix of second moments, the largest first."""
    return np.linalg.eigvalsh(X.T @ X / len(X))[::-1]


def _least_cases(rng: Generator) -> Iterator[tuple]:
    yield np.array([[2.0, 0.0], [2.0, 1.0], [2.0, -1.0]]), 1
    for n, D, k in [(6, 3, 1), (12, 5, 2), (8, 4, 3), (3, 6, 2), (5, 3, 4)]:  # last: over-complete
        yield rng.normal(size=(n, D)) * rng.uniform(0.3, 2, D) + rng.normal(0, 2, D), k


def _centred(X):
    return X - X.mean(axis=0)


def _mean_taken_off_then_counted(X, k):
    """The mean as one of the k directions: Σ over i ≥ k of the centred eigenvalues."""
    return float(_eigenvalues(_centred(X))[k - 1 :].sum())


def _centred_directions(X, k):
    """The rows as they are, projected on the principal directions of the data without its mean."""
    V = np.linalg.svd(_centred(X))[2][:k]
    return float(((X - X @ V.T @ V) ** 2).sum(axis=1).mean())


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
        "you project the rows as they are, but on the directions of the data *without* its mean. "
        "The best directions are those of ⟨vᵀv⟩.": _centred_directions,
        "the sum over the rows is left: the mean over the n rows is asked for.": (
            lambda X, k: len(X) * least_error(X, k)
        ),
        "that is a mean over rows and columns; the squared distance is a sum over the columns.": (
            lambda X, k: least_error(X, k) / X.shape[1]
        ),
        "you average the squared singular values; they are to be added, and divided by n, the "
        "number of rows.": lambda X, k: float((np.linalg.svd(X, compute_uv=False)[k:] ** 2).mean()),
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
        "you leave out the k smallest singular values; a copy keeps the k largest, and loses the "
        "others.": lambda X, k: float(
            (np.linalg.svd(X, compute_uv=False)[::-1][k:] ** 2).sum() / len(X)
        ),
    },
)


# -- 14.2 ----------------------------------------------------------------------------------------
def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def penalty_gradient(v, W, b):
    """∂P/∂W and ∂P/∂b of P = mean Σ_j g_j² Σ_i W_ij², g = m (1 − m), m = sigmoid(b + v W)."""
    return _variant()(v, W, b)


def _penalty_cases(rng: Generator) -> Iterator[tuple]:
    yield np.array([[1.0]]), np.array([[0.8]]), np.array([0.3])
    for n, D, k in [(2, 3, 2), (5, 3, 3), (4, 2, 5), (3, 4, 4)]:
        yield rng.random((n, D)), rng.normal(0, 1, (D, k)), rng.normal(0, 0.7, k)


def _direct(W, m):
    """The part of ∂P/∂W that does not go through m."""
    return 2 * W * ((m * (1 - m)) ** 2).mean(axis=0)


def _through(W, m):
    """∂P/∂z of each row."""
    return 2 * (m * (1 - m)) ** 2 * (1 - 2 * m) * (W**2).sum(axis=0)


def _variant(direct=_direct, through=_through, unit=_sigmoid):
    """The answer with another direct part, another ∂P/∂z or other code units."""

    def answer(v, W, b):
        m = unit(v @ W + b)
        dz = through(W, m)
        return direct(W, m) + v.T @ dz / len(v), dz.mean(axis=0)

    return answer


def _parts(of_W, of_b):
    """The answer with its direct part D, its part T through z, and db, put together differently."""

    def answer(v, W, b):
        m = _sigmoid(v @ W + b)
        dz = _through(W, m)
        return of_W(_direct(W, m), v.T @ dz / len(v), len(v)), of_b(dz.mean(axis=0), len(v))

    return answer


def _one_weight(v, W, b):
    """Each W_ij meets its own square only, not the sum over i that shares m_j."""
    m = _sigmoid(v @ W + b)
    slope = 2 * (m * (1 - m)) ** 2 * (1 - 2 * m)
    return _direct(W, m) + W**2 * (v.T @ slope) / len(v), (slope.mean(axis=0) * (W**2).sum(axis=0))


def _mean_first(v, W, b):
    """Averages m over the rows before the formula is applied."""
    m = _sigmoid(v @ W + b).mean(axis=0, keepdims=True)
    dz = _through(W, m)[0]
    return _direct(W, m) + np.outer(v.mean(axis=0), dz), dz


def _row_sums(v, W, b):
    """Σ over j in place of Σ over i: only square matrices let it pass."""
    return _variant(through=lambda W, m: _through(W, m) / (W**2).sum(0) * (W**2).sum(1))(v, W, b)


def _penalty_itself(v, W, b):
    m = _sigmoid(v @ W + b)
    return float(((m * (1 - m)) ** 2 @ (W**2).sum(axis=0)).mean())


PENALTY = Exercise(
    name="14.2",
    title="The gradient of the contractive penalty",
    reference=penalty_gradient,
    cases=_penalty_cases,
    parts=("dW", "db"),
    mistakes={
        "the way through m_j is missing in dW: W_ij also moves z_j, with the factor v_i.": (
            _parts(lambda D, T, n: D, lambda db, n: db)
        ),
        "m_j is treated as a constant: it depends on W_ij and on b_j, so that both gradients have "
        "a part that goes through z_j.": _parts(lambda D, T, n: D, lambda db, n: 0 * db),
        "each unit has its own Σ_i W_ij² (`axis=0`); you use the sum of the whole matrix.": (
            _variant(through=lambda W, m: _through(W, m) / (W**2).sum(0) * (W**2).sum())
        ),
        "each unit has its own Σ_i W_ij², over the *inputs* i: `sum(axis=0)`, not `axis=1`.": (
            _row_sums
        ),
        "you square the sum Σ_i W_ij; (14.12) has the sum of the squares.": (
            _variant(through=lambda W, m: _through(W, m) / (W**2).sum(0) * W.sum(0) ** 2)
        ),
        "Σ_i W_ij² lost its square on the way through z.": (
            _variant(through=lambda W, m: _through(W, m) / (W**2).sum(0) * np.abs(W).sum(0))
        ),
        "the direct derivative of Σ_l W_lj² with respect to W_ij is 2 W_ij alone, not a sum.": (
            _variant(direct=lambda W, m: _direct(W.sum(axis=0, keepdims=True), m) + 0 * W)
        ),
        "the slope of m(1 − m) is (1 − 2m) dm/dz: both factors depend on z.": (
            _variant(through=lambda W, m: _through(W, m) / (1 - 2 * m) * (1 - m))
        ),
        "the code units are sigmoids; this is the penalty of tanh units.": _variant(
            lambda W, m: 2 * W * ((1 - m**2) ** 2).mean(axis=0),
            lambda W, m: -4 * (1 - m**2) ** 2 * m * (W**2).sum(axis=0),
            np.tanh,
        ),
        "the direct way is missing in dW: W_ij² stands in P itself.": (
            _parts(lambda D, T, n: T, lambda db, n: db)
        ),
        "the slope of g = m(1 − m) is missing: d(g²)/dz = 2 g · g (1 − 2m).": (
            _variant(through=lambda W, m: 2 * m * (1 - m) * (W**2).sum(axis=0))
        ),
        "a factor m(1 − m) is missing on the way through m: dm/dz is m(1 − m), and P has g².": (
            _variant(through=lambda W, m: _through(W, m) / (m * (1 - m)))
        ),
        "m_j is shared by all weights of unit j: moving W_ij changes the factor of the whole sum "
        "Σ_i W_ij², not of W_ij² alone.": _one_weight,
        "the factor m(1 − m) is not squared: ‖J‖² is a sum of *squares* of m(1 − m) W_ij.": (
            _variant(
                lambda W, m: 2 * W * (m * (1 - m)).mean(axis=0),
                lambda W, m: m * (1 - m) * (1 - 2 * m) * (W**2).sum(axis=0),
            )
        ),
        "the mean over the rows was taken too early: P is a mean of products, not a product of "
        "means.": _mean_first,
        "in the direct way you square the mean of m(1 − m); P has the mean of the squares.": (
            _variant(direct=lambda W, m: 2 * W * (m * (1 - m)).mean(axis=0) ** 2)
        ),
        "the sum over the rows is left: P is a mean.": (
            _parts(lambda D, T, n: n * (D + T), lambda db, n: n * db)
        ),
        "the direct way is summed over the rows; P is a mean, and this part of it too.": (
            _parts(lambda D, T, n: n * D + T, lambda db, n: db)
        ),
        "the way through m is summed over the rows in dW (`v.T @ …` adds them): divide by n.": (
            _parts(lambda D, T, n: D + n * T, lambda db, n: db)
        ),
        "the sign of the way through m is wrong: dg/dz = g (1 − 2m), positive for m below ½.": (
            _parts(lambda D, T, n: D - T, lambda db, n: -db)
        ),
        "in dW the direct way and the way through m are added, not subtracted.": (
            _parts(lambda D, T, n: D - T, lambda db, n: db)
        ),
        "everything is half of what it should be: the squares bring a factor 2.": (
            _parts(lambda D, T, n: (D + T) / 2, lambda db, n: db / 2)
        ),
        "the direct way lacks its factor 2: the derivative of W_ij² is 2 W_ij.": (
            _parts(lambda D, T, n: D / 2 + T, lambda db, n: db)
        ),
        "the way through m lacks its factor 2: d(g²)/dz = 2 g dg/dz.": (
            _parts(lambda D, T, n: D + T / 2, lambda db, n: db / 2)
        ),
        "that is the penalty P itself; its two gradients are asked for.": _penalty_itself,
    },
)

EXERCISES = [LEAST, PENALTY]
