"""Exercise 18.1: weights of unequal shards."""

import numpy as np

from ..exercise import exercise
from ..mistakes import Ways, slips_of

FORMULA = "the weight of a shard is n_p / Σ n_p, and the mean is Σ weight · mean over its shards."


def by_rows(counts):
    return counts / counts.sum()


def blended(weights, means):
    """Σ_p w_p ⟨s⟩_p over the shards that have rows; the mean of no rows is NaN, and has no part."""
    some = weights > 0
    return weights[some] @ means[some]


def whole_mean(means, counts, *, weight=by_rows, blend=blended):
    """(18.1): each row counts alike, so a shard counts as often as it has rows."""
    weights = weight(counts)
    return weights, blend(weights, means)


def cases(rng):
    yield np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([5, 5])
    yield np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([3, 1])
    for P, m in ((3, 2), (5, 4), (8, 3)):
        yield rng.random((P, m)), rng.integers(1, 1000, P)
    means = rng.random((4, 3))
    means[2] = np.nan  # a shard without rows
    yield means, np.array([10, 4, 0, 6])


slip = slips_of(whole_mean)


def alike(counts):
    return np.full(len(counts), 1 / len(counts))


MISTAKES = {
    "this is the mean of the shards' means: a shard of ten rows counts as much as one of a "
    "thousand. Weight each by its number of rows.": Ways(
        slip(weight=alike, blend=lambda w, means: means.mean(axis=0)),
        slip(weight=alike, blend=lambda w, means: np.nanmean(means, axis=0)),
        slip(weight=lambda n: (n > 0) / (n > 0).sum()),
    ),
    "weights: these are the numbers of rows; divide by their sum.":
        slip(weight=lambda n: 1.0 * n),
    "weights: these are the numbers of rows, divided by the number of shards, not of all rows.":
        slip(weight=lambda n: n / len(n)),
    "weights: the largest shard has weight 1; the weights sum to 1.":
        slip(weight=lambda n: n / n.max()),
    "the smaller a shard, the larger its weight: it is the other way round.":
        slip(weight=lambda n: (x := 1 / np.maximum(n, 1)) / x.sum(),
             blend=lambda w, means: w @ np.nan_to_num(means)),
    "the weights grow with the square root of the number of rows. That is how errors shrink; "
    "here rows are counted.": slip(weight=lambda n: np.sqrt(n) / np.sqrt(n).sum()),
    "the weights are right, but the mean is that of the shards' means.":
        slip(blend=lambda w, means: np.nanmean(means, axis=0)),
    "mean: divided by the number of shards as well; the weights sum to 1 already.":
        slip(blend=lambda w, means: blended(w, means) / len(w)),
    "right where every shard has rows. The mean of no rows is NaN, and 0 · NaN is NaN: leave "
    "empty shards out.": slip(blend=lambda w, means: w @ means),
}  # fmt: skip

OPTIONS = {"parts": ("weights", "mean")}
EXERCISE = exercise(__doc__, whole_mean, cases, MISTAKES, FORMULA, **OPTIONS)
