"""Exercise 17.2: a tighter bound."""

import numpy as np

from ..exercise import exercise
from ..mistakes import Ways, slips_of
from ..numerics import log_sum_exp

FORMULA = "the mean, over rows and groups, of log_sum_exp of the K log weights of a group − log K."


def of_group(log_w, K):
    return log_sum_exp(log_w, axis=-1) - np.log(K)


def groups_of(log_w, K):
    return log_w.reshape(len(log_w), -1, K)


def tighter(log_w, K, *, groups=groups_of, bound=of_group, mean=np.mean):
    """L_K of (17.8): each row's weights in groups of K, one bound for each group, their mean."""
    return float(mean(bound(groups(log_w, K), K)))


def cases(rng):
    yield np.array([[-1.0, -3.0]]), 1
    yield np.array([[-1.0, -3.0]]), 2
    yield np.array([[0.0, -2.0, 1.0, -5.0], [3.0, 2.5, -1.0, 0.0]]), 2
    for n, many, K in ((3, 6, 3), (5, 12, 4), (4, 10, 10)):
        yield 3 * rng.standard_normal((n, many)) - 20, K
    yield 5 * rng.standard_normal((3, 8)) - 1000, 4  # exp of these is 0
    yield 5 * rng.standard_normal((2, 6)) + 900, 3


slip = slips_of(tighter)


def interleaved(log_w, K):
    return log_w.reshape(len(log_w), K, -1).swapaxes(1, 2)


MISTAKES = {
    "this is L₁ for every K: the logarithm is taken of each weight by itself. Average the K "
    "weights of a group first, then take the logarithm.":
        slip(bound=lambda x, K: x.mean(axis=-1)),
    "− log K is missing: this is the logarithm of the sum of the K weights, not of their mean.":
        slip(bound=lambda x, K: log_sum_exp(x, axis=-1)),
    "log K is added; a mean is the sum over K.":
        slip(bound=lambda x, K: log_sum_exp(x, axis=-1) + np.log(K)),
    "you divide the logarithm by K; divide the sum by K, so subtract log K from its logarithm.":
        slip(bound=lambda x, K: log_sum_exp(x, axis=-1) / K),
    "all weights of a row are in one group: this is the bound with as many codes as there are "
    "columns. Make groups of K.":
        slip(groups=lambda x, K: x[:, None], bound=lambda x, K: of_group(x, x.shape[-1])),
    "all weights of a row are in one group, but you divide by K.":
        slip(groups=lambda x, K: x[:, None]),
    "only the first K columns are used; all groups of K make the estimate better.":
        slip(groups=lambda x, K: x[:, None, :K]),
    "the largest weight of each group stands for their mean.":
        slip(bound=lambda x, K: x.max(axis=-1) - np.log(K)),
    "this is the largest log weight of each group.": slip(bound=lambda x, K: x.max(axis=-1)),
    "rows and groups are mixed up: a group has weights of one picture.":
        slip(groups=lambda x, K: x.T.reshape(-1, K)),
    "the groups have as many members as there should be groups: `reshape(n, -1, K)`.":
        slip(groups=lambda x, K: x.reshape(len(x), K, -1),
             bound=lambda x, K: of_group(x, x.shape[-1])),
    "the logarithm is taken after the average over groups or rows; take it in each group, then "
    "average.":
        Ways(
            lambda x, K: float(log_sum_exp(x) - np.log(x.size)),
            lambda x, K: float(np.mean(log_sum_exp(x, axis=0) - np.log(len(x)))),
        ),
    "you sum over rows and groups; the mean is asked for.": slip(mean=np.sum),
    "you sum over the rows; the mean over rows is asked for.":
        slip(mean=lambda x: x.mean(axis=1).sum()),
    "neighbouring columns make a group: `reshape(n, -1, K)` keeps them together.":
        slip(groups=interleaved),
    "right for moderate weights, but exp of a large number overflows, and of a very negative one "
    "is 0. Take the largest log weight of each group out first: `scipy.special.logsumexp`.":
        slip(bound=lambda x, K: np.log(np.exp(x).mean(axis=-1))),
}  # fmt: skip

EXERCISE = exercise(__doc__, tighter, cases, MISTAKES, FORMULA)
