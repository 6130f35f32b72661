"""Exercise 00.1: the best that independent pixels can do."""

import numpy as np

from ..exercise import exercise
from ..machines import random_states
from ..numerics import logit


def x_log_x(m):
    return np.where(m > 0, m * np.log(np.where(m > 0, m, 1.0)), 0.0)


def minus_entropy(X, m):
    return (x_log_x(m) + x_log_x(1 - m)).sum()


def best_pixels(X):
    """The p that makes independent pixels most likely, and the mean log-likelihood it reaches."""
    p = X.mean(axis=0)
    return p, minus_entropy(X, p)


def cases(rng):
    for n, n_visible in [(4, 3), (7, 5), (5, 6), (30, 4)]:
        X = random_states(rng, n, n_visible)
        X[0], X[1] = 1, 0  # every pixel is on once and off once
        X[2, 0], X[3, 1] = 1, 0
        yield (X,)
        X = X.copy()
        X[:, 0], X[:, 1] = 0, 1  # 0 · log 0
        yield (X,)


def with_score(score):
    """The right p, and another score(X, p)."""
    return lambda X: (X.mean(axis=0), score(X, X.mean(axis=0)))


def with_p(p):
    """Another p, and the right score."""
    return lambda X: (p(X), best_pixels(X)[1])


def log_likelihood(X, p):
    """As the formula is written: 0 · log 0 is NaN."""
    return (X @ np.log(p) + (1 - X) @ np.log(1 - p)).mean()


def fitted_by(fit):
    """Another p, and the score that it reaches, with 0 · log 0 = 0."""
    return lambda X: (p := fit(X), np.where(X == 1, np.log(p), np.log(1 - p)).sum(axis=1).mean())


def clipped(eps):
    def mistake(X):
        p = np.clip(X.mean(axis=0), eps, 1 - eps)
        return p, log_likelihood(X, p)

    return mistake


MISTAKES = {
    "a pixel that is always on (or never) has a factor 0 · log 0 in its sum, which NumPy makes "
    "NaN. Its probability is 1 in every picture, so it contributes log 1 = 0.":
        with_score(log_likelihood),
    "a NaN from 0 · log 0 made the sum of a whole picture NaN, and you put 0 for it: the other "
    "pixels of that picture are lost. Put 0 for the product 0 · log 0, pixel by pixel.":
        with_score(lambda X, m: np.nan_to_num(X @ np.log(m) + (1 - X) @ np.log(1 - m)).mean()),
    **{
        f"p is kept {eps:g} away from 0 and 1. The best p of a pixel that is always on is 1, "
        "exactly, and it contributes log 1 = 0.": clipped(eps)
        for eps in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
    },
    "these are fair coins. They are the best for bars and stripes, where each pixel is on in half "
    "of the pictures; find the p that is best for the X you are given.":
        fitted_by(lambda X: np.full(X.shape[1], 0.5)),
    "the score belongs to fair coins, not to the p that you return.":
        with_score(lambda X, m: -X.shape[1] * np.log(2)),
    "you smooth p, as if you had seen more pictures. Here the p that is best for exactly these "
    "pictures is asked for.": fitted_by(lambda X: (X.sum(axis=0) + 1) / (len(X) + 2)),
    "the sign is flipped: logarithms of probabilities are never positive, and the larger the "
    "better.": with_score(lambda X, m: -minus_entropy(X, m)),
    "log p and log(1 − p) are exchanged: a pixel that is on contributes log p.":
        with_score(lambda X, m: log_likelihood(1 - X, m)),
    "you add log p over the pixels as if each were on in every picture. It is on in a fraction m "
    "of them, and off, with log(1 − p), in the rest.": with_score(lambda X, m: np.log(m).sum()),
    "pixels that are off count too: each contributes log(1 − p).":
        with_score(lambda X, m: x_log_x(m).sum()),
    "you sum over the pictures; the mean per picture is asked for.":
        with_score(lambda X, m: minus_entropy(X, m) * len(X)),
    "you average over pixels and pictures. The log-probability of a picture is the sum over its "
    "pixels; only the pictures are averaged.":
        with_score(lambda X, m: minus_entropy(X, m) / len(m)),
    "you add up probabilities, without a logarithm. The probability of a picture is a product over "
    "pixels, and its logarithm a sum of logarithms.":
        with_score(lambda X, m: (m**2 + (1 - m) ** 2).sum()),
    "this is the logarithm of the mean picture's probabilities; each picture's own values v_i "
    "choose between log p_i and log(1 − p_i).":
        with_score(lambda X, m: np.log(np.maximum(m, 1 - m)).sum()),
    "the best p has one entry for each pixel: average over the pictures, axis 0.":
        lambda X: best_pixels(X.T),
    "one probability for all pixels is not enough: each pixel has its own.":
        fitted_by(lambda X: np.full(X.shape[1], X.mean())),
    "p is a fraction of all n pictures: divide by n, not by n − 1.":
        with_p(lambda X: X.sum(axis=0) / (len(X) - 1)),
    "that is the standard deviation of each pixel; its probability of being on is asked for.":
        with_p(lambda X: X.std(axis=0)),
    "those are logarithms of odds, log(p / (1 − p)); p itself is asked for.":
        with_p(lambda X: logit(X.mean(axis=0))),
    "the best p is not rounded to 0 or 1: a single picture against it would get probability 0.":
        with_p(lambda X: np.round(X.mean(axis=0))),
}  # fmt: skip

EXERCISE = exercise(__doc__, best_pixels, cases, MISTAKES, parts=("best p", "log-likelihood"))
