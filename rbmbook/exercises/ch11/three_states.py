"""Exercise 11.1: a unit with three states."""

import numpy as np

from ..exercise import exercise
from ..mistakes import in_terms_of, missing, negated, slips_of

FORMULA = "p0 is the probability of the state 0 at x = 0."


def price_of(p0):
    """c, from p(0) = 1 / (1 + 2 exp(−c)) without input."""
    return np.log(2 * p0 / (1 - p0))


def three_levels(x, p0, *, price=price_of, states=(-1.0, 0.0, 1.0)):
    """K, K′ and K″ of a unit with these states and U(s) = c s², and p(0) = p0 at x = 0."""
    s = np.array(states)
    exponent = s * x[:, None] - price(p0) * s**2
    peak = exponent.max(axis=1)
    factor = np.exp(exponent - peak[:, None])
    total = factor.sum(axis=1)
    mean = factor @ s / total
    return peak + np.log(total), mean, factor @ s**2 / total - mean**2


def cases(rng):
    yield np.array([0.0, 0.7]), 0.45
    yield rng.normal(0, 2, 6), 0.65
    yield rng.normal(0, 2, 3), 0.2
    yield np.array([-1000.0, 1000.0, -3.0]), 0.5


slip, of = slips_of(three_levels), in_terms_of(three_levels)


def unnormalised_mean(x, p0):
    cgf, _, variance = three_levels(x, p0)
    return cgf, 2 * np.exp(-price_of(p0)) * np.sinh(x), variance


def overflowing(x, p0):
    factor = np.exp(-price_of(p0))
    total = 1 + 2 * factor * np.cosh(x)
    mean = 2 * factor * np.sinh(x) / total
    return np.log(total), mean, 2 * factor * np.cosh(x) / total - mean**2


def zero_at_no_input(x, p0):
    cgf, mean, variance = three_levels(x, p0)
    return cgf + np.log(p0), mean, variance


MISTAKES = {
    "U is missing: each term of the sum is exp(s x − c s²), not exp(s x).": slip(price=missing),
    "the sign of c is flipped: c > 0 makes −1 and +1 less likely, so p0 rises with c.":
        slip(price=lambda p0: -price_of(p0)),
    "p0 is a probability, not c. Find the c at which state 0 has it when x = 0.":
        slip(price=lambda p0: p0),
    "a factor 2 is missing in c: two states, −1 and +1, share the probability 1 − p0.":
        slip(price=lambda p0: np.log(p0 / (1 - p0))),
    "your c lacks the 1 − p0: p0 is 1 divided by a sum of three terms.":
        slip(price=lambda p0: np.log(2 * p0)),
    "your c is −log p0, as if exp(−U) were a probability already. U(0) is 0 for every c; what c "
    "changes is the sum that you divide by.": slip(price=lambda p0: -np.log(p0)),
    "the logarithm is missing in your c: exp(c) is 2 p0 / (1 − p0).":
        slip(price=lambda p0: 2 * p0 / (1 - p0)),
    "U is halved. It is c s² here, not c s²/2.": slip(price=lambda p0: price_of(p0) / 2),
    "the state 0 is missing. It contributes exp(0) = 1 to the sum.": slip(states=(-1.0, 1.0)),
    "the variance lacks a term: it is the mean of s² minus the square of the mean.":
        of(lambda cgf, mean, variance: (cgf, mean, variance + mean**2)),
    "the mean is not normalised: divide Σ_s s exp(s x − c s²) by the sum without the s.":
        unnormalised_mean,
    "that is the standard deviation, the square root of the variance.":
        of(lambda cgf, mean, variance: (cgf, mean, np.sqrt(variance))),
    "that is the sum; the cgf is its logarithm.":
        of(lambda cgf, mean, variance: (np.exp(cgf), mean, variance)),
    "the sign of the input is flipped: a positive input favours the state +1.": slip(x=negated),
    "right for moderate inputs, but exp(x), cosh and sinh overflow at ±1000. Take the largest "
    "exponent out of the sum first.": overflowing,
    "K is the logarithm of the whole sum Σ_s exp(x s − U(s)), at input 0 as well; you subtract its "
    "value there.": zero_at_no_input,
}  # fmt: skip

EXERCISE = exercise(
    __doc__, three_levels, cases, MISTAKES, FORMULA, parts=("cgf", "mean", "variance")
)
