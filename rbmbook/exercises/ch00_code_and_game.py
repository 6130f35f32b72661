"""Exercises of chapter 00, Three roads: the linear code, and the best discriminator."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise


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


def _left(train, unseen, k):
    """Rows of the first result of the SVD in place of the last."""
    mean = train.mean(axis=0)
    return _loss(unseen, mean, np.linalg.svd(train - mean, full_matrices=False)[0][:k])


def _rebuilt(train, unseen, k):
    mean = train.mean(axis=0)
    directions = _fit(train, mean)[:k]
    return mean + (unseen - mean) @ directions.T @ directions


def _own_means(train, unseen, k):
    """From each picture the mean of its own pixels is taken off."""
    directions = _fit(train, train.mean(axis=1, keepdims=True))[:k]
    return _loss(unseen, unseen.mean(axis=1, keepdims=True), directions)


def _scaled_pixels(train, unseen, k):
    mean, scale = train.mean(axis=0), train.std(axis=0)
    directions = _fit(train / scale, mean / scale)[:k]
    codes = (unseen - mean) / scale @ directions.T
    return np.mean((unseen - mean - codes @ directions * scale) ** 2)


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
        "the unseen pictures take part in the fit: you join them to `train`. Mean and directions "
        "come from `train` alone.": (
            lambda train, unseen, k: unseen_error(np.concatenate([train, unseen]), unseen, k)
        ),
        "the mean is not taken off before the SVD, so its first direction points at the mean "
        "picture.": lambda train, unseen, k: _loss(
            unseen, train.mean(axis=0), _fit(train, 0.0)[:k]
        ),
        "the mean you take off is one number for all pixels. The mean picture has one number for "
        "each pixel: average over the pictures, axis 0.": lambda train, unseen, k: _loss(
            unseen, train.mean(), _fit(train, train.mean())[:k]
        ),
        "you take off from each picture the mean of its own pixels. The mean picture is an average "
        "over pictures: axis 0.": _own_means,
        "you divide the pixels by their standard deviations. That is another code: only the mean "
        "is to be taken off.": _scaled_pixels,
        "you clip the rebuilt pictures to the range from 0 to 1. These pictures have other values; "
        "compare what the code gives.": lambda train, unseen, k: np.mean(
            (unseen - np.clip(_rebuilt(train, unseen, k), 0, 1)) ** 2
        ),
        "you return the largest squared difference; their mean is asked for.": (
            lambda train, unseen, k: ((unseen - _rebuilt(train, unseen, k)) ** 2).max()
        ),
        "the differences are not squared, so that those above and below cancel; the mean *squared* "
        "difference is asked for.": lambda train, unseen, k: np.mean(
            unseen - _rebuilt(train, unseen, k)
        ),
        "this is how far the pictures are from the mean picture. Code and decode them first: the "
        "error is what is left.": lambda train, unseen, k: np.mean(
            (unseen - train.mean(axis=0)) ** 2
        ),
        "you take the mean of the errors' norms, a root for each picture. The mean squared "
        "difference is asked for.": lambda train, unseen, k: np.mean(
            np.linalg.norm(unseen - _rebuilt(train, unseen, k), axis=1)
        ),
        "you average absolute differences; the mean *squared* difference is asked for.": (
            lambda train, unseen, k: np.mean(np.abs(unseen - _rebuilt(train, unseen, k)))
        ),
        "this is the mean square of the code's numbers. Decode them, and compare the result with "
        "the pictures.": lambda train, unseen, k: np.mean(
            ((unseen - train.mean(axis=0)) @ _fit(train, train.mean(axis=0))[:k].T) ** 2
        ),
        "the rows you take are those of the SVD's *first* result, which belong to the pictures. "
        "The directions are the rows of its last one.": _left,
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


def _by_trying(p, q):
    """The chapter's `best_decision`."""
    D = np.linspace(0.0005, 0.9995, 1000)[:, None]
    return D[np.argmax(p * np.log(D) + q * np.log(1 - D), axis=0), 0]


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
        "that is 2D − 1, which runs from −1 to 1. D runs from 0 to 1.": (
            lambda p, q: (p - q) / (p + q)
        ),
        "the densities themselves share out D, not their logarithms: p / D = q / (1 − D).": (
            lambda p, q: np.log(p) / (np.log(p) + np.log(q))
        ),
        "no square roots: the derivative of p log D is p / D.": (
            lambda p, q: np.sqrt(p) / (np.sqrt(p) + np.sqrt(q))
        ),
        "that is the probability of being right with the likelier verdict. D is the probability "
        "of 'real', also where forgeries are denser.": lambda p, q: np.maximum(p, q) / (p + q),
        "that is log 2D. D alone is asked for.": lambda p, q: np.log(2 * p / (p + q)),
        "that is q D. D alone is asked for.": lambda p, q: p * q / (p + q),
        "the numerator is p, not 1: solve p (1 − D) = q D for D.": lambda p, q: 1 / (p + q),
        "this is the density of real and forged examples together, not the share of the real "
        "ones.": lambda p, q: (p + q) / 2,
        "p and q are densities already: do not divide them by their sums over the points.": (
            lambda p, q: p / p.sum() / (p / p.sum() + q / q.sum())
        ),
        "this is found by trying a thousand numbers, to three digits. Set the derivative to zero "
        "and solve for D.": _by_trying,
        "at each point apart: no sum over the points is needed.": (lambda p, q: p / (p + q).sum()),
    },
)

EXERCISES = [CODE, DISCRIMINATOR]
