"""Exercises of chapter 00, Three roads of unsupervised deep learning."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .engine import Exercise


# -- 00.1 ----------------------------------------------------------------------------------------
def _xlogx(m):
    return np.where(m > 0, m * np.log(np.where(m > 0, m, 1.0)), 0.0)


def _entropy_sum(m):
    return (_xlogx(m) + _xlogx(1 - m)).sum()


def best_pixels(X):
    """The p that makes independent pixels most likely, and the mean log-likelihood it reaches."""
    m = X.mean(axis=0)
    return m, _entropy_sum(m)


def _pixel_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible in [(4, 3), (7, 5), (5, 6), (30, 4)]:
        X = rng.integers(0, 2, (n, n_visible)).astype(np.float64)
        X[0], X[1] = 1, 0  # every pixel is on once and off once
        X[2, 0], X[3, 1] = 1, 0
        yield (X,)
        X = X.copy()
        X[:, 0], X[:, 1] = 0, 1  # 0 · log 0
        yield (X,)


def _with_score(score):
    return lambda X: (X.mean(axis=0), score(X, X.mean(axis=0)))


def _literal(X, p):
    return (X @ np.log(p) + (1 - X) @ np.log(1 - p)).mean()


def _of_fixed(p):
    """The score, 0 · log 0 = 0, that probabilities p (not the best ones) reach."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return lambda X: (p(X), np.where(X == 1, np.log(p(X)), np.log(1 - p(X))).sum(1).mean())


PIXELS = Exercise(
    name="00.1",
    title="The best that independent pixels can do",
    reference=best_pixels,
    cases=_pixel_cases,
    parts=("best p", "log-likelihood"),
    mistakes={
        "a pixel that is always on (or never) has a factor 0 · log 0 in its sum, which NumPy makes "
        "NaN. Its probability is 1 in every picture, so it contributes log 1 = 0.": (
            _with_score(_literal)
        ),
        "these are fair coins. They are the best for bars and stripes, where each pixel is on in "
        "half of the pictures; find the p that is best for the X you are given.": _of_fixed(
            lambda X: np.full(X.shape[1], 0.5)
        ),
        "the score belongs to fair coins, not to the p that you return.": _with_score(
            lambda X, m: -X.shape[1] * np.log(2)
        ),
        "you smooth p, as if you had seen more pictures. Here the p that is best for exactly these "
        "pictures is asked for.": _of_fixed(lambda X: (X.sum(axis=0) + 1) / (len(X) + 2)),
        "the sign is flipped: logarithms of probabilities are never positive, and the larger the "
        "better.": _with_score(lambda X, m: -_entropy_sum(m)),
        "pixels that are off count too: each contributes log(1 − p).": _with_score(
            lambda X, m: _xlogx(m).sum()
        ),
        "you sum over the pictures; the mean per picture is asked for.": _with_score(
            lambda X, m: _entropy_sum(m) * len(X)
        ),
        "you average over pixels and pictures. The log-probability of a picture is the sum over "
        "its pixels; only the pictures are averaged.": _with_score(
            lambda X, m: _entropy_sum(m) / len(m)
        ),
        "use the natural logarithm: yours is to base 2, so every value is too large by the factor "
        "1 / log 2.": _with_score(lambda X, m: _entropy_sum(m) / np.log(2)),
        "you add up probabilities, without a logarithm. The probability of a picture is a product "
        "over pixels, and its logarithm a sum of logarithms.": _with_score(
            lambda X, m: (m**2 + (1 - m) ** 2).sum()
        ),
        "this is the logarithm of the mean picture's probabilities; each picture's own values v_i "
        "choose between log p_i and log(1 − p_i).": _with_score(
            lambda X, m: np.log(np.maximum(m, 1 - m)).sum()
        ),
        "the best p has one entry for each pixel: average over the pictures, axis 0.": (
            lambda X: (X.mean(axis=1), _entropy_sum(X.mean(axis=1)))
        ),
        "one probability for all pixels is not enough: each pixel has its own.": _of_fixed(
            lambda X: np.full(X.shape[1], X.mean())
        ),
        "that is the fraction of pictures in which the pixel is *off*.": (
            lambda X: (1 - X.mean(axis=0), _entropy_sum(X.mean(axis=0)))
        ),
        "the two results are exchanged: first p, then the log-likelihood.": (
            lambda X: best_pixels(X)[::-1]
        ),
        "the best p is not rounded to 0 or 1: a single picture against it would get probability "
        "0.": lambda X: (np.round(X.mean(axis=0)), _entropy_sum(X.mean(axis=0))),
    },
)


# -- 00.2 ----------------------------------------------------------------------------------------
def _fit(X, mean):
    return np.linalg.svd(X - mean, full_matrices=False)[2]


def _loss(unseen, mean, directions):
    centred = unseen - mean
    return np.mean((centred - centred @ directions.T @ directions) ** 2)


def unseen_error(train, unseen, k):
    """Mean squared error on `unseen` of the code with k numbers that was fitted to `train`."""
    mean = train.mean(axis=0)
    return _loss(unseen, mean, _fit(train, mean)[:k])


def _code_cases(rng: Generator) -> Iterator[tuple]:
    for n, m, n_visible, k in [(6, 4, 3, 1), (9, 3, 5, 2), (12, 1, 4, 3), (7, 9, 8, 2)]:
        spread = np.arange(1, n_visible + 1)
        train = rng.standard_normal((n, n_visible)) * spread + 2.0
        yield train, rng.standard_normal((m, n_visible)) * spread[::-1] + 1.0, k


def _other_mean(train, unseen, k):
    return _loss(unseen, unseen.mean(axis=0), _fit(train, train.mean(axis=0))[:k])


def _smallest(train, unseen, k):
    mean = train.mean(axis=0)
    return _loss(unseen, mean, _fit(train, mean)[::-1][:k])


def _mean_not_added(train, unseen, k):
    mean, directions = train.mean(axis=0), _fit(train, train.mean(axis=0))[:k]
    return np.mean((unseen - (unseen - mean) @ directions.T @ directions) ** 2)


def _columns(train, unseen, k):
    """Columns of the last result of the SVD in place of its rows."""
    mean = train.mean(axis=0)
    return _loss(unseen, mean, _fit(train, mean)[:, :k].T)


CODE = Exercise(
    name="00.2",
    title="What a linear code loses on pictures it has not seen",
    reference=unseen_error,
    cases=_code_cases,
    mistakes={
        "this is the error on the training pictures. Fit the code to `train`, then rebuild the "
        "pictures of `unseen` with it.": lambda train, unseen, k: unseen_error(train, train, k),
        "you fit the code to the unseen pictures: mean and directions come from `train` alone.": (
            lambda train, unseen, k: unseen_error(unseen, unseen, k)
        ),
        "you fit to `unseen` and measure on `train`: exchange them.": (
            lambda train, unseen, k: unseen_error(unseen, train, k)
        ),
        "you subtract the mean of the unseen pictures. The mean belongs to the code, and the code "
        "was fitted to `train`.": _other_mean,
        "the mean is not taken off. Subtract the mean picture before the SVD and add it again "
        "after decoding.": lambda train, unseen, k: _loss(unseen, 0.0, _fit(train, 0.0)[:k]),
        "the mean is taken off before the SVD, and has to be taken off the unseen pictures too.": (
            lambda train, unseen, k: _loss(unseen, 0.0, _fit(train, train.mean(axis=0))[:k])
        ),
        "the mean is taken off and not added again after decoding.": _mean_not_added,
        "you keep the k directions with the smallest singular values. The SVD sorts the largest "
        "first.": _smallest,
        "the directions are the *rows* of the SVD's last result; you take columns.": _columns,
        "you sum over the pixels. The mean over all pictures and pixels is asked for.": (
            lambda train, unseen, k: unseen_error(train, unseen, k) * train.shape[1]
        ),
        "you sum over all pictures and pixels; their mean is asked for.": (
            lambda train, unseen, k: unseen_error(train, unseen, k) * unseen.size
        ),
        "you return the square root; the mean *squared* difference is asked for.": (
            lambda train, unseen, k: np.sqrt(unseen_error(train, unseen, k))
        ),
        "you keep one direction too many.": (
            lambda train, unseen, k: unseen_error(train, unseen, k + 1)
        ),
        "you keep one direction too few.": (
            lambda train, unseen, k: unseen_error(train, unseen, k - 1)
        ),
        "this is what the code keeps; the error is what it loses.": lambda train, unseen, k: (
            np.mean((unseen - train.mean(axis=0)) ** 2) - unseen_error(train, unseen, k)
        ),
    },
)


# -- 00.3 ----------------------------------------------------------------------------------------
def best_discriminator(p, q):
    """The D in (0, 1) that maximises p log D + q log(1 − D), at each point."""
    return p / (p + q)


def _density_cases(rng: Generator) -> Iterator[tuple]:
    for n in (1, 4, 9):
        yield rng.uniform(0.05, 2, n), rng.uniform(0.05, 2, n)
    x = np.linspace(-3, 3, 7)
    yield tuple(np.exp(-((x - s) ** 2) / 2) / np.sqrt(2 * np.pi) for s in (1.0, -0.5))


DISCRIMINATOR = Exercise(
    name="00.3",
    title="The best possible discriminator",
    reference=best_discriminator,
    cases=_density_cases,
    mistakes={
        "this is the probability of 'generated'. D is the probability of 'real', so it is large "
        "where p is.": lambda p, q: q / (p + q),
        "this is the ratio p / q: the odds. It can exceed 1; a probability cannot.": (
            lambda p, q: p / q
        ),
        "this is log(p / q), what goes into the sigmoid; D is what comes out.": (
            lambda p, q: np.log(p / q)
        ),
        "this is a verdict, 0 or 1. Where both densities are positive, being certain costs more "
        "than it earns: a single mistake costs −log 0.": (lambda p, q: (p > q).astype(float)),
        "this is p itself, which ignores how often the generator comes here.": lambda p, q: p,
        "the squares are not needed: the derivative of p log D is p / D.": (
            lambda p, q: p**2 / (p**2 + q**2)
        ),
        "the derivative of log(1 − D) is −1/(1 − D), with a minus: p / D = q / (1 − D).": (
            lambda p, q: p / (p - q)
        ),
        "the sigmoid turns log(p / q) into the probability, not p / q or p − q.": (
            lambda p, q: 1 / (1 + np.exp(-p / q))
        ),
        "the sigmoid turns log p − log q into the probability, not p − q.": (
            lambda p, q: 1 / (1 + np.exp(q - p))
        ),
        "one half is the answer only where real and forged examples are equally dense.": (
            lambda p, q: np.full_like(p, 0.5)
        ),
        "the value p log D + q log(1 − D) is not asked for, but the D at which it is greatest.": (
            lambda p, q: p * np.log(p / (p + q)) + q * np.log(q / (p + q))
        ),
        "at each point apart: no sum over the points is needed.": (lambda p, q: p / (p + q).sum()),
    },
)

EXERCISES = [PIXELS, CODE, DISCRIMINATOR]
