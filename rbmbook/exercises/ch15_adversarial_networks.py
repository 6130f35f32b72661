"""Exercises of chapter 15, Adversarial networks: the best critic and the earth mover."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise
from .mistakes import Ways


# -- 15.1 ----------------------------------------------------------------------------------------
def skewed_critic(p, q, share):
    """Bayes: the share of the real ones among all pictures that show this outcome."""
    real, made = share * p, (1 - share) * q
    return real / (real + made)


def _logit(p, q, share):
    return np.log(share * p) - np.log((1 - share) * q)


def _coin_cases(rng: Generator) -> Iterator[tuple]:
    yield np.array([0.2, 0.8]), np.array([0.6, 0.4]), 0.25
    yield np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.25, 0.5]), 0.5
    for K, share in [(4, 0.7), (6, 0.1), (9, 0.95)]:
        p, q = rng.dirichlet(np.ones(K)), rng.dirichlet(np.ones(K))
        p[0], q[-1] = 0, 0  # outcomes that betray where they come from
        yield p / p.sum(), q / q.sum(), share
    p, q = rng.dirichlet(np.full(5, 0.05), size=2) + 1e-12
    yield p / p.sum(), q / q.sum(), 0.4


COIN = Exercise(
    name="15.1",
    title="An unfair coin",
    reference=skewed_critic,
    cases=_coin_cases,
    mistakes={
        "the share is ignored: p / (p + q) is right only if half of the pictures are real.": (
            lambda p, q, share: p / (p + q)
        ),
        "this is q / (p + q), the probability that the outcome is made, and the share is "
        "ignored.": lambda p, q, share: q / (p + q),
        "`share` is on the wrong side: it is the fraction of real pictures and belongs to p.": (
            lambda p, q, share: skewed_critic(p, q, 1 - share)
        ),
        "`p` and `q` are exchanged: p is the data's.": lambda p, q, share: skewed_critic(
            q, p, share
        ),
        "this is the probability that the outcome is made; asked for is that it is real.": (
            lambda p, q, share: 1 - skewed_critic(p, q, share)
        ),
        "this is the logit, the logarithm of the odds; send it through a sigmoid.": _logit,
        "this is the logit with its sign flipped; the probability that the outcome is real is "
        "the sigmoid of the logit.": lambda p, q, share: -_logit(p, q, share),
        "this is log p − log q: the share is ignored, and it is a logit, not yet a probability.": (
            lambda p, q, share: np.log(p) - np.log(q)
        ),
        "this is p itself, the probability of the outcome among the real pictures; asked for is "
        "the probability of real, given the outcome.": lambda p, q, share: p,
        "these are the odds, real : made; the probability is odds / (1 + odds).": (
            lambda p, q, share: share * p / ((1 - share) * q)
        ),
        "this is the ratio p / q; weigh both with their shares, and divide by the sum.": (
            lambda p, q, share: p / q
        ),
        "not normalised: share·p is the probability of this outcome *and* real; divide by the "
        "probability of the outcome.": lambda p, q, share: share * p,
        "you divide by p + q; the outcome's probability among the pictures shown is "
        "share·p + (1 − share)·q.": lambda p, q, share: share * p / (p + q),
        "the share of the generator, 1 − share, is missing below.": (
            lambda p, q, share: share * p / (share * p + q)
        ),
        "the share is missing above: the numerator must be one of the two terms below it.": (
            lambda p, q, share: p / (share * p + (1 - share) * q)
        ),
        "the share is in the denominator at p only; the numerator needs it, and q its own.": (
            lambda p, q, share: p / (share * p + q)
        ),
        "this is share · p / (p + q) with a half of its own: both terms below are weighed by "
        "their shares, not by ½.": lambda p, q, share: share * p / (0.5 * (p + q)),
        "you normalise over the outcomes; the critic compares real with made for each outcome.": (
            lambda p, q, share: skewed_critic(p, q, share) / skewed_critic(p, q, share).sum()
        ),
        "this is a decision, real or made; asked for is a probability.": (
            lambda p, q, share: (share * p > (1 - share) * q).astype(float)
        ),
        "this is the distribution of all pictures shown, share·p + (1 − share)·q; asked for is "
        "the part of it that is real.": lambda p, q, share: share * p + (1 - share) * q,
        "the share of the generator, 1 − share, stands before q, but the share of the data is "
        "missing before p.": lambda p, q, share: p / (p + (1 - share) * q),
    },
)


# -- 15.3 ----------------------------------------------------------------------------------------
def _steps(x, y):
    """Both distribution functions on the intervals between neighbours, and the widths."""
    t = np.sort(np.concatenate([x, y]))
    F, G = ((s[:, None] <= t[:-1]).mean(axis=0) for s in (x, y))
    return F, G, np.diff(t)


def earth_mover(x, y):
    """∫ |F_x − F_y| dt: between two neighbours both functions are constant."""
    F, G, width = _steps(x, y)
    return float(np.abs(F - G) @ width)


def _integral(function: Callable) -> Callable:
    """Another function of F_x, F_y and the widths."""
    return lambda x, y: float(function(*_steps(x, y)))


def _shorter(x, y):
    return min(len(x), len(y))


def _right_ends(x, y):
    t = np.sort(np.concatenate([x, y]))
    F, G = ((s[:, None] <= t[1:]).mean(axis=0) for s in (x, y))
    return float(np.abs(F - G) @ np.diff(t))


def _strictly_below(x, y):
    t = np.sort(np.concatenate([x, y]))
    F, G = ((s[:, None] < t[:-1]).mean(axis=0) for s in (x, y))
    return float(np.abs(F - G) @ np.diff(t))


def _unsorted_search(x, y):
    t = np.sort(np.concatenate([x, y]))
    F, G = (np.searchsorted(s, t[:-1], side="right") / len(s) for s in (x, y))
    return float(np.abs(F - G) @ np.diff(t))


def _counts(x, y):
    F, G, width = _steps(x, y)
    return float(np.abs(len(x) * F - len(y) * G) @ width)


def _sum_of_sorted(x, y):
    return float(np.abs(np.sort(x) - np.sort(y)).sum())


def _by_quantiles(points, most=1000, method="linear"):
    """The mean distance of the quantiles of both samples at equally spaced shares."""

    def distance(x, y):
        q = points(min(max(len(x), len(y)), most))
        return float(
            np.abs(np.quantile(x, q, method=method) - np.quantile(y, q, method=method)).mean()
        )

    return distance


def _grid(count):
    """Equally spaced shares, from 0 to 1 and in the middles of equal intervals."""
    return (lambda n: np.linspace(0, 1, count or n)), (
        lambda n: (np.arange(count or n) + 0.5) / (count or n)
    )


def _trapezoid(count):
    def distance(x, y):
        q = np.linspace(0, 1, count)
        gaps = np.abs(np.quantile(x, q) - np.quantile(y, q))
        return float((gaps[1:] + gaps[:-1]) / 2 @ np.diff(q))

    return distance


COUNTS = (None, 11, 20, 21, 50, 51, 99, 100, 101, 200, 201, 500, 501, 1000, 1001, 10_000, 10_001)


def _mover_cases(rng: Generator) -> Iterator[tuple]:
    yield np.array([2.0]), np.array([-1.0])
    yield np.array([0.0, 3.0, 1.0]), np.array([5.0, 1.0, 2.5])
    yield rng.standard_normal(7), 2 * rng.standard_normal(7) + 0.3
    yield rng.standard_normal(4), rng.standard_normal(9) - 0.5
    yield rng.integers(-3, 4, size=12).astype(float), rng.integers(-2, 6, size=5).astype(float)
    yield np.array([0.25]), 3 * rng.standard_normal(6)
    yield 50 + 10 * rng.standard_normal(30), 50 + rng.standard_normal(20)


MOVER = Exercise(
    name="15.3",
    title="How far apart?",
    reference=earth_mover,
    cases=_mover_cases,
    mistakes={
        "the samples are not sorted: how they happen to be paired must not matter.": (
            lambda x, y: float(np.abs(x - y).mean())
        ),
        "the samples are not sorted, and you add where the mean is asked for.": (
            lambda x, y: float(np.abs(x - y).sum())
        ),
        "this is the difference of the means: two samples with one mean can be far apart.": (
            lambda x, y: float(abs(x.mean() - y.mean()))
        ),
        "this is mean(x) − mean(y): the absolute value belongs inside, around F_x − F_y.": (
            lambda x, y: float(x.mean() - y.mean())
        ),
        "this is mean(y) − mean(x): the absolute value belongs inside, around F_x − F_y.": (
            lambda x, y: float(y.mean() - x.mean())
        ),
        "this is the difference of the medians.": (
            lambda x, y: float(abs(np.median(x) - np.median(y)))
        ),
        "the differences are squared: W₁ has the distance, not its square.": (
            lambda x, y: float(((np.sort(x) - np.sort(y)) ** 2).mean())
        ),
        "this is W₂, the root of the mean squared difference; W₁ is the mean of the absolute "
        "ones.": lambda x, y: float(np.sqrt(((np.sort(x) - np.sort(y)) ** 2).mean())),
        "you integrate (F_x − F_y)², not |F_x − F_y|.": _integral(lambda F, G, w: (F - G) ** 2 @ w),
        "this is the largest |F_x − F_y| (Kolmogorov–Smirnov), which does not know how far the "
        "earth is moved; integrate over t.": _integral(lambda F, G, w: np.abs(F - G).max()),
        "you add |F_x − F_y| over the points without the widths of the intervals between them.": (
            _integral(lambda F, G, w: np.abs(F - G).sum())
        ),
        "you average |F_x − F_y| over the points; integrate: each has the width of its interval.": (
            _integral(lambda F, G, w: np.abs(F - G).mean())
        ),
        "you divide the integral by the range of the values; the distance has the unit of x.": (
            _integral(lambda F, G, w: np.abs(F - G) @ w / w.sum())
        ),
        "you add where the mean is asked for: divide by the number of values.": _sum_of_sorted,
        "the distribution functions are not divided by the sizes: each must end at 1.": _counts,
        "F_x and F_y are read at the wrong end: on an interval they keep the value they have at "
        "its left end.": _right_ends,
        "F(t) is the fraction of values at most t; you count those below t (`side='left'`?).": (
            _strictly_below
        ),
        "`searchsorted` searches in a sorted array: sort x and y first.": _unsorted_search,
        "this is the mean over all pairs; the earth mover pairs the values as cheaply as he "
        "can.": lambda x, y: float(np.abs(x[:, None] - y).mean()),
        "repeated values are dropped; each of them carries its weight.": (
            lambda x, y: earth_mover(np.unique(x), np.unique(y))
        ),
        "values of the longer sample are dropped: after sorting they are its largest.": (
            lambda x, y: float(
                np.abs(np.sort(x)[: _shorter(x, y)] - np.sort(y)[: _shorter(x, y)]).mean()
            )
        ),
        "values of the longer sample are dropped.": (
            lambda x, y: earth_mover(x[: _shorter(x, y)], y[: _shorter(x, y)])
        ),
        "you compare quantiles at a grid of shares. `np.quantile` interpolates between the values, "
        "and a grid misses steps; the share of each value is 1/n, and F_x − F_y is constant "
        "between neighbours: that sum is exact.": Ways(
            *(_by_quantiles(grid) for count in COUNTS for grid in _grid(count)),
            *(
                _by_quantiles(grid, method="inverted_cdf")
                for count in COUNTS[1:]
                for grid in _grid(count)
            ),
            *(_trapezoid(count) for count in COUNTS[1:]),
        ),
        "one sample is sorted downwards: this pairs as expensively as possible.": (
            lambda x, y: float(np.abs(np.sort(x) - np.sort(y)[::-1]).mean())
        ),
        "you take the largest difference of the sorted samples; the mean is asked for.": (
            lambda x, y: float(np.abs(np.sort(x) - np.sort(y)).max())
        ),
        "this is the absolute value of the sum; take the sum of the absolute values, and divide.": (
            lambda x, y: float(abs((np.sort(x) - np.sort(y)).sum()))
        ),
    },
)

EXERCISES = [COIN, MOVER]
