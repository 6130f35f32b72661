"""Exercises of chapter 00, Three roads of unsupervised deep learning."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .engine import Exercise


# -- 00.1 ----------------------------------------------------------------------------------------
def _score(X, p):
    return (X @ np.log(p) + (1 - X) @ np.log(1 - p)).mean()


def pixel_likelihood(X, p):
    """Mean log-likelihood of the rows of X for independent pixels, and the p that maximises it."""
    return _score(X, p), X.mean(axis=0)


def _pixel_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible in [(4, 3), (7, 5), (2, 6), (30, 4)]:
        X = rng.integers(0, 2, (n, n_visible)).astype(np.float64)
        X[0], X[1, 0] = 1, 0
        yield X, rng.uniform(0.1, 0.9, n_visible)


def _with_score(score):
    return lambda X, p: (score(X, p), X.mean(axis=0))


PIXELS = Exercise(
    name="00.1",
    title="How likely are pictures whose pixels are independent",
    reference=pixel_likelihood,
    cases=_pixel_cases,
    parts=("log-likelihood", "best p"),
    mistakes={
        "the sign is flipped: logarithms of probabilities are negative, and the larger the "
        "better.": _with_score(lambda X, p: -_score(X, p)),
        "pixels that are off count too: each contributes log(1 − p).": _with_score(
            lambda X, p: (X @ np.log(p)).mean()
        ),
        "you sum over the pictures; the mean per picture is asked for.": _with_score(
            lambda X, p: _score(X, p) * len(X)
        ),
        "you average over pixels and pictures. The log-probability of a picture is the sum over "
        "its pixels; only the pictures are averaged.": _with_score(
            lambda X, p: _score(X, p) / len(p)
        ),
        "use the natural logarithm: yours is to base 2, so every value is too large by the factor "
        "1 / log 2.": _with_score(lambda X, p: _score(X, p) / np.log(2)),
        "this is the mean of the probabilities' sum, without a logarithm. The probability of a "
        "picture is a product over pixels, and its logarithm a sum of logarithms.": _with_score(
            lambda X, p: (X @ p + (1 - X) @ (1 - p)).mean()
        ),
        "the best p has one entry for each pixel: average over the pictures, axis 0.": (
            lambda X, p: (_score(X, p), X.mean(axis=1))
        ),
        "the p that you return is the one you were given; find the one that maximises.": (
            lambda X, p: (_score(X, p), p)
        ),
        "the best p is not rounded to 0 or 1: a single picture against it would get probability "
        "0.": lambda X, p: (_score(X, p), np.round(X.mean(axis=0))),
    },
)


# -- 00.2 ----------------------------------------------------------------------------------------
def _rebuilt(X, k, mean, order=1):
    centred = X - mean
    directions = np.linalg.svd(centred, full_matrices=False)[2][::order][:k]
    return mean + centred @ directions.T @ directions


def linear_code_error(X, k):
    """Mean squared difference between X and what k linear code numbers per row keep of it."""
    return np.mean((X - _rebuilt(X, k, X.mean(axis=0))) ** 2)


def _code_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, k in [(6, 3, 1), (9, 5, 2), (12, 4, 3), (5, 8, 2)]:
        yield rng.standard_normal((n, n_visible)) * np.arange(1, n_visible + 1) + 2.0, k


CODE = Exercise(
    name="00.2",
    title="What a linear code loses",
    reference=linear_code_error,
    cases=_code_cases,
    mistakes={
        "the mean is not taken off. Subtract the mean picture before the SVD and add it again "
        "after decoding.": lambda X, k: np.mean((X - _rebuilt(X, k, 0.0)) ** 2),
        "you keep the k directions with the smallest singular values. The SVD sorts the largest "
        "first.": lambda X, k: np.mean((X - _rebuilt(X, k, X.mean(axis=0), -1)) ** 2),
        "you sum over the pixels. The mean over all pictures and pixels is asked for.": (
            lambda X, k: linear_code_error(X, k) * X.shape[1]
        ),
        "you sum over all pictures and pixels; their mean is asked for.": (
            lambda X, k: linear_code_error(X, k) * X.size
        ),
        "you return the square root; the mean *squared* difference is asked for.": (
            lambda X, k: np.sqrt(linear_code_error(X, k))
        ),
        "you take the absolute difference; the squared one is asked for.": (
            lambda X, k: np.mean(np.abs(X - _rebuilt(X, k, X.mean(axis=0))))
        ),
        "you keep one direction too many.": lambda X, k: linear_code_error(X, k + 1),
        "you keep one direction too few.": lambda X, k: linear_code_error(X, k - 1),
        "this is what the code keeps, the variance along k directions; the error is what it "
        "loses.": lambda X, k: np.mean((X - X.mean(axis=0)) ** 2) - linear_code_error(X, k),
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
        "at each point apart: no sum over the points is needed.": (lambda p, q: p / (p + q).sum()),
    },
)

EXERCISES = [PIXELS, CODE, DISCRIMINATOR]
