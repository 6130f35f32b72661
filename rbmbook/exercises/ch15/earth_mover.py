"""Exercise 15.3: how far apart?"""

import numpy as np

from ..exercise import exercise
from ..mistakes import Ways, in_terms_of, slips_of


def shares_at_most(values, t):
    """The distribution function at each t."""
    return (values[:, None] <= t).mean(axis=0)


def left_ends(t):
    """Between two neighbours both functions have the value that they have at the left end."""
    return t[:-1]


def area(F, G, width):
    return np.abs(F - G) @ width


def earth_mover(x, y, *, at=left_ends, read=shares_at_most, answer=area):
    """∫ |F_x − F_y| dt: between two neighbours both functions are constant."""
    t = np.sort(np.concatenate([x, y]))
    return float(answer(read(x, at(t)), read(y, at(t)), np.diff(t)))


def cases(rng):
    yield np.array([2.0]), np.array([-1.0])
    yield np.array([0.0, 3.0, 1.0]), np.array([5.0, 1.0, 2.5])
    yield rng.standard_normal(7), 2 * rng.standard_normal(7) + 0.3
    yield rng.standard_normal(4), rng.standard_normal(9) - 0.5
    yield rng.integers(-3, 4, size=12).astype(float), rng.integers(-2, 6, size=5).astype(float)
    yield np.array([0.25]), 3 * rng.standard_normal(6)
    yield 50 + 10 * rng.standard_normal(30), 50 + rng.standard_normal(20)


slip = slips_of(earth_mover)
of_sorted = in_terms_of(lambda x, y: (np.sort(x) - np.sort(y),))


def shortened(x, y):
    """Both samples, the longer one cut off."""
    n = min(len(x), len(y))
    return x[:n], y[:n]


def by_quantiles(points, method="linear"):
    """The mean distance of the quantiles of both samples at equally spaced shares."""

    def distance(x, y):
        q = points(min(max(len(x), len(y)), 1000))
        return np.abs(np.quantile(x, q, method=method) - np.quantile(y, q, method=method)).mean()

    return distance


def grids(count):
    """Equally spaced shares, from 0 to 1 and in the middles of equal intervals."""
    yield lambda n: np.linspace(0, 1, count or n)
    yield lambda n: (np.arange(count or n) + 0.5) / (count or n)


def trapezoid(count):
    def distance(x, y):
        q = np.linspace(0, 1, count)
        gaps = np.abs(np.quantile(x, q) - np.quantile(y, q))
        return (gaps[1:] + gaps[:-1]) / 2 @ np.diff(q)

    return distance


COUNTS = (11, 20, 21, 50, 51, 99, 100, 101, 200, 201, 500, 501, 1000, 1001, 10_000, 10_001)

MISTAKES = {
    "the samples are not sorted: how they happen to be paired must not matter.":
        lambda x, y: np.abs(x - y).mean(),
    "the samples are not sorted, and you add where the mean is asked for.":
        lambda x, y: np.abs(x - y).sum(),
    "this is the difference of the means: two samples with one mean can be far apart.":
        lambda x, y: abs(x.mean() - y.mean()),
    "this is mean(x) − mean(y): the absolute value belongs inside, around F_x − F_y.":
        lambda x, y: x.mean() - y.mean(),
    "this is mean(y) − mean(x): the absolute value belongs inside, around F_x − F_y.":
        lambda x, y: y.mean() - x.mean(),
    "this is the difference of the medians.": lambda x, y: abs(np.median(x) - np.median(y)),
    "the differences are squared: W₁ has the distance, not its square.":
        of_sorted(lambda gaps: (gaps**2).mean()),
    "this is W₂, the root of the mean squared difference; W₁ is the mean of the absolute ones.":
        of_sorted(lambda gaps: np.sqrt((gaps**2).mean())),
    "you integrate (F_x − F_y)², not |F_x − F_y|.":
        slip(answer=lambda F, G, width: (F - G) ** 2 @ width),
    "this is the largest |F_x − F_y| (Kolmogorov–Smirnov), which does not measure how far the "
    "earth is moved; integrate over t.": slip(answer=lambda F, G, width: np.abs(F - G).max()),
    "you add |F_x − F_y| over the points without the widths of the intervals between them.":
        slip(answer=lambda F, G, width: np.abs(F - G).sum()),
    "you average |F_x − F_y| over the points; integrate: each has the width of its interval.":
        slip(answer=lambda F, G, width: np.abs(F - G).mean()),
    "you average the areas |F_x − F_y| · width over the intervals; the integral is their sum.":
        slip(answer=lambda F, G, width: area(F, G, width) / max(len(width), 1)),
    "you divide the integral by the range of the values; the distance has the unit of x.":
        slip(answer=lambda F, G, width: area(F, G, width) / width.sum()),
    "you add where the mean is asked for: divide by the number of values.":
        of_sorted(lambda gaps: np.abs(gaps).sum()),
    "the distribution functions are not divided by the sizes: each must end at 1.":
        slip(read=lambda values, t: (values[:, None] <= t).sum(axis=0)),
    "F_x and F_y are read at the wrong end: on an interval they keep the value they have at its "
    "left end.": slip(at=lambda t: t[1:]),
    "F(t) is the fraction of values at most t; you count those below t (`side='left'`?).":
        slip(read=lambda values, t: (values[:, None] < t).mean(axis=0)),
    "`searchsorted` searches in a sorted array: sort x and y first.":
        slip(read=lambda values, t: np.searchsorted(values, t, side="right") / len(values)),
    "this is the mean over all pairs; the earth mover pairs the values as cheaply as possible.":
        lambda x, y: np.abs(x[:, None] - y).mean(),
    "repeated values are dropped; each of them carries its weight.": slip(x=np.unique, y=np.unique),
    "values of the longer sample are dropped: after sorting they are its largest.":
        lambda x, y: earth_mover(*shortened(np.sort(x), np.sort(y))),
    "values of the longer sample are dropped.": lambda x, y: earth_mover(*shortened(x, y)),
    "you compare quantiles at a grid of shares. `np.quantile` interpolates between the values, and "
    "a grid misses steps; the share of each value is 1/n, and F_x − F_y is constant between "
    "neighbours: that sum is exact.":
        Ways(
            *(by_quantiles(grid) for count in (None, *COUNTS) for grid in grids(count)),
            *(by_quantiles(grid, "inverted_cdf") for count in COUNTS for grid in grids(count)),
            *map(trapezoid, COUNTS),
        ),
    "one sample is sorted in descending order: this pairs as expensively as possible.":
        lambda x, y: np.abs(np.sort(x) - np.sort(y)[::-1]).mean(),
    "you take the largest difference of the sorted samples; the mean is asked for.":
        of_sorted(lambda gaps: np.abs(gaps).max()),
    "this is the absolute value of the sum; take the sum of the absolute values, and divide.":
        of_sorted(lambda gaps: abs(gaps.sum())),
}  # fmt: skip

EXERCISE = exercise(__doc__, earth_mover, cases, MISTAKES)
