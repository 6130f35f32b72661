"""Exercise 18.2: one log Z from the estimates of several workers."""

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of
from ..numerics import log_sum_exp

FORMULA = "log Z is log Σ n_p exp(log Z_p) − log Σ n_p: a mean of Z over all chains."


def merged_log_z(log_z, chains, *, weight=np.log, total=log_sum_exp, size=np.sum):
    """The logarithm of the mean of Z, in which each chain counts alike."""
    return float(total(log_z + weight(chains)) - np.log(size(chains)))


def cases(rng):
    yield np.log([1.0, 3.0]), np.array([1, 1])
    yield np.log([1.0, 3.0]), np.array([3, 1])
    for P in (3, 5, 8):
        yield 3 + rng.standard_normal(P), rng.integers(1, 200, P)
    yield 2000 + rng.standard_normal(4), np.array([100, 10, 50, 5])
    yield -2000 + rng.standard_normal(4), np.array([100, 10, 50, 5])


slip = slips_of(merged_log_z)


def unstable(log_z, chains):
    return float(np.log((chains * np.exp(log_z)).sum() / chains.sum()))


MISTAKES = {
    "this is the mean of the logarithms. AIS is right on average for Z, not for log Z: average Z, "
    "then take the logarithm.": lambda log_z, chains: float(log_z.mean()),
    "this is the mean of the logarithms, weighted by the chains. AIS is right on average for Z, "
    "not for log Z: average Z, then take the logarithm.":
        lambda log_z, chains: float(np.average(log_z, weights=chains)),
    "every worker counts alike; a worker with more chains should count more.":
        slip(weight=lambda n: 0.0, size=len),
    "every worker counts alike in the sum, but you divide by all chains.":
        slip(weight=lambda n: 0.0),
    "you divide by the number of workers, not of chains.": slip(size=len),
    "this is the logarithm of a sum; subtract the logarithm of the number of chains.":
        slip(size=lambda n: 1),
    "the logarithm of the number of workers is missing: this is the logarithm of Σ Z_p.":
        slip(weight=lambda n: 0.0, size=lambda n: 1),
    "the number of chains is added to log Z_p; times n_p means plus log n_p.":
        slip(weight=lambda n: 1.0 * n),
    "log Z_p is multiplied by the number of chains; Z_p is, so log n_p is added.":
        lambda log_z, chains: float(log_sum_exp(chains * log_z) - np.log(chains.sum())),
    "the logarithm is missing: this is Z.": lambda log_z, chains: float(
        np.exp(np.minimum(merged_log_z(log_z, chains), 700.0))
    ),
    "this is the largest estimate.": lambda log_z, chains: float(log_z.max()),
    "this is the median of the estimates.": lambda log_z, chains: float(np.median(log_z)),
    "right for moderate numbers, but exp overflows or vanishes at large ones. Take the largest "
    "exponent out first: `scipy.special.logsumexp`.": unstable,
}  # fmt: skip

EXERCISE = exercise(__doc__, merged_log_z, cases, MISTAKES, FORMULA, atol=1e-8)
