"""Exercises of chapter 00, Three roads: independent pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise


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


def _clipped(eps, returned):
    """Probabilities kept away from 0 and 1 by eps: in the logarithm, and perhaps in the answer."""

    def mistake(X):
        m = X.mean(axis=0)
        p = np.clip(m, eps, 1 - eps)
        return (p if returned else m), _literal(X, p)

    return mistake


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
        "a NaN from 0 · log 0 made the sum of a whole picture NaN, and you put 0 for it: the other "
        "pixels of that picture are lost. Put 0 for the product 0 · log 0, pixel by pixel.": (
            _with_score(lambda X, m: np.nan_to_num(X @ np.log(m) + (1 - X) @ np.log(1 - m)).mean())
        ),
        **{
            f"p is kept {eps:g} away from 0 and 1{words}. The best p of a pixel that is always on "
            "is 1, exactly, and it contributes log 1 = 0.": _clipped(eps, returned)
            for eps in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
            for returned, words in ((True, ""), (False, " inside the logarithm"))
        },
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
        "log p and log(1 − p) are exchanged: a pixel that is on contributes log p.": _with_score(
            lambda X, m: (X @ np.log(1 - m) + (1 - X) @ np.log(m)).mean()
        ),
        "you add log p over the pixels as if each were on in every picture. It is on in a fraction "
        "m of them, and off, with log(1 − p), in the rest.": _with_score(
            lambda X, m: np.log(m).sum()
        ),
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
        "p is a fraction of all n pictures: divide by n, not by n − 1.": (
            lambda X: (X.sum(axis=0) / (len(X) - 1), _entropy_sum(X.mean(axis=0)))
        ),
        "that is the standard deviation of each pixel; its probability of being on is asked "
        "for.": lambda X: (X.std(axis=0), _entropy_sum(X.mean(axis=0))),
        "those are logarithms of odds, log(p / (1 − p)); p itself is asked for.": (
            lambda X: (np.log(X.mean(axis=0) / (1 - X.mean(axis=0))), _entropy_sum(X.mean(axis=0)))
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

EXERCISES = [PIXELS]
