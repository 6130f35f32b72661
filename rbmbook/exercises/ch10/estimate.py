"""Exercise 10.1: the estimate and the effective sample size."""

from itertools import product

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of
from ..numerics import log_sum_exp


def log_mean(log_w, log_z0):
    """log Z₀ + log of the mean importance."""
    return log_z0 + log_sum_exp(log_w) - np.log(len(log_w))


def effective_size(log_w):
    """(Σw)² / Σw², of any magnitude."""
    return np.exp(2 * log_sum_exp(log_w) - log_sum_exp(2 * log_w))


def summarise(log_w, log_z0, *, log_z=log_mean, size=effective_size):
    """log Ẑ and the effective sample size (10.6)."""
    return log_z(log_w, log_z0), size(log_w)


def cases(rng):
    # In the last one only a shift by the largest logarithm avoids a sum of 0 and an overflow.
    draws = [(3, 0, 1), (50, 0, 2), (8, 3, 0), (20, -5000, 1), (20, 5000, 3), (9, 0, 2000)]
    for n, centre, spread in draws:
        yield centre + spread * rng.standard_normal(n), float(rng.normal(7, 2))


slip = slips_of(summarise)

# What a reader may return for each part; the first entry of each is right and has no words.
LOG_Z = {
    "": log_mean,
    "log Ẑ: you average the logarithms. The mean of w is unbiased, not the mean of log w: take the "
    "mean first, then the logarithm.": lambda x, log_z0: log_z0 + x.mean(),
    "log Ẑ: log Z₀ is missing; the mean importance is Z / Z₀.": lambda x, log_z0: log_mean(x, 0),
    "log Ẑ: log Z₀ has the wrong sign: Z = Z₀ · (mean importance).":
        lambda x, log_z0: log_mean(x, -log_z0),
    "log Ẑ: you take the sum of the importances; you need their mean, so subtract log n.":
        lambda x, log_z0: log_z0 + log_sum_exp(x),
    "log Ẑ: this is the estimate of a reverse run, log Z₀ − log(mean of w). Here the mean of w is "
    "Z / Z₀.": lambda x, log_z0: log_z0 - log_mean(x, 0),
    "log Ẑ: you take the largest importance alone; the mean is over all of them.":
        lambda x, log_z0: log_z0 + x.max(),
    "log Ẑ: you subtract n from the logarithm; a division by n becomes − log n.":
        lambda x, log_z0: log_z0 + log_sum_exp(x) - len(x),
    "log Ẑ: you divide by n − 1; the mean of n importances divides by n.":
        lambda x, log_z0: log_z0 + log_sum_exp(x) - np.log(len(x) - 1),
    "log Ẑ: this is Ẑ itself; return its logarithm.": lambda x, log_z0: np.exp(log_mean(x, log_z0)),
}  # fmt: skip
SIZE = {
    "": effective_size,
    "n_eff: (10.6) is upside down; the square of the sum is its numerator.":
        lambda x: 1 / effective_size(x),
    "n_eff: you divide by n. (10.6) is a number of paths between 1 and n, not a share.":
        lambda x: effective_size(x) / len(x),
    "n_eff: you put the logarithms into (10.6); it is meant for w itself.":
        lambda x: x.sum() ** 2 / (x**2).sum(),
    "n_eff: this is Σw over the largest w. (10.6) has squares: (Σw)² / Σw².":
        lambda x: np.exp(x - x.max()).sum(),
    "n_eff: a square is missing in the numerator: (Σw)² / Σw², not Σw / Σw². Multiply all w by 2: "
    "the result must not change.": lambda x: np.exp(x).sum() / np.exp(2 * x).sum(),
    "n_eff: this is n, the number of all paths; (10.6) counts fewer if the importances differ.":
        lambda x: float(len(x)),
    "n_eff: you took the square root of (10.6).": lambda x: np.sqrt(effective_size(x)),
    "n_eff: this is 1 / Σw², which holds for shares of sum 1. Divide the importances by their sum "
    "first, not by the largest.": lambda x: 1 / np.exp(2 * (x - x.max())).sum(),
    "n_eff: in the denominator the squares are summed, Σw²; you square the sum, and (Σw)² / (Σw)² "
    "is 1.": lambda x: 1.0,
}  # fmt: skip


def overflowing(log_w, log_z0):
    w = np.exp(log_w)
    return log_z0 + np.log(w.mean()), w.sum() ** 2 / (w**2).sum()


MISTAKES = {
    "right for small numbers, but exp(log w) overflows or vanishes for large ones. Take the "
    "largest logarithm out of the sum first; it cancels in (10.6).": overflowing,
    **{
        " ".join(filter(None, (one, two))): slip(log_z=log_z, size=size)
        for (one, log_z), (two, size) in product(LOG_Z.items(), SIZE.items())
        if one or two
    },
}  # fmt: skip

EXERCISE = exercise(__doc__, summarise, cases, MISTAKES, parts=("log Ẑ", "effective sample size"))
