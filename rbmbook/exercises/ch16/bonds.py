"""Exercise 16.5: a bond is a hidden unit."""

import numpy as np

from ..exercise import exercise
from ..mistakes import Ways, slips_of

FORMULA = "cosh(w + w′) / cosh(w − w′) = exp(2 J), with w′ = w or w′ = −w."


def half_arccosh(u):
    """½ arccosh(exp(u)) for u ≥ 0, at any magnitude."""
    return (u + np.log1p(np.sqrt(-np.expm1(-2 * u)))) / 2


def as_bond(J, *, weight=lambda J: half_arccosh(2 * np.abs(J)), second=np.sign, first=np.ones_like):
    """w ≥ 0 and w′ = ±w with cosh(w s + w′ s′) ∝ exp(J s s′) for spins s, s′."""
    w = weight(J)
    return first(J) * w, second(J) * w


def cases(rng):
    yield (np.array([0.5]),)
    yield (np.array([0.3, -0.3, 0.0]),)
    for shape in ((4,), (3, 2), (9,)):
        yield (rng.normal(size=shape),)
    yield (np.array([500.0, -400.0, 2.0]),)


slip = slips_of(as_bond)

MISTAKES = {
    "the ½ is missing: with w′ = w the ratio is cosh(2 w).":
        slip(weight=lambda J: 2 * half_arccosh(2 * np.abs(J))),
    "the two values of s s′ are 1 and −1, so the factors exp(J) and exp(−J) have the ratio "
    "exp(2 J), not exp(J).": slip(weight=lambda J: half_arccosh(np.abs(J))),
    "this is right for exp(2 J s s′), the factor of the probability ψ²; that of ψ = exp(−F) is "
    "asked for.": slip(weight=lambda J: half_arccosh(4 * np.abs(J))),
    "this is right for positive J only: a negative bond wants w and w′ with opposite signs.":
        Ways(slip(second=np.ones_like),
             slip(second=np.ones_like, weight=lambda J: half_arccosh(2 * np.maximum(J, 0))),
             slip(second=np.sign, weight=lambda J: half_arccosh(2 * np.maximum(J, 0)))),
    "w and w′ have the same sign, so that for a negative J the spins still prefer to agree: only "
    "one of the two changes its sign.": slip(first=np.sign),
    "this makes the right bonds, but w is to be the one that is never negative.":
        slip(first=np.sign, second=np.ones_like),
    "w′ has the wrong sign: a positive J wants spins that agree, so w′ = w.":
        slip(second=lambda J: -np.sign(J)),
    "the square root of |J| is the limit of weak bonds; the exact weight follows from cosh(2 w).":
        slip(weight=lambda J: np.sqrt(np.abs(J))),
    "this is the limit of strong bonds, in which cosh(2 w) is exp(2 w) / 2; keep the cosh.":
        slip(weight=lambda J: np.abs(J) + np.log(2) / 2),
    "|J| itself is no weight: the hidden unit is summed over. Compare cosh(w + w′) with "
    "cosh(w − w′).": slip(weight=np.abs),
    "right for moderate bonds, but exp(2 J) overflows, or tanh J becomes 1. Take the largest "
    "exponent out of arccosh(y) = log(y + √(y² − 1)) first.":
        Ways(slip(weight=lambda J: np.arccosh(np.exp(2 * np.abs(J))) / 2),
             slip(weight=lambda J: np.arctanh(np.sqrt(np.tanh(np.abs(J)))))),
}  # fmt: skip

EXERCISE = exercise(__doc__, as_bond, cases, MISTAKES, FORMULA, parts=("w", "w′"))
