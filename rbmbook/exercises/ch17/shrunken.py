"""Exercise 17.3: a step back for pictures that shrink."""

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of

FORMULA = "ρ = (s_s a_t / (a_s s_t))², mean a_s ((1 − ρ) v + ρ x / a_t), variance s_s² (1 − ρ)."


def ratio(a_t, s_t, a_s, s_s):
    return (s_s * a_t / (a_s * s_t)) ** 2


def shrunken_step(
    x, v, a_t, s_t, a_s, s_s, *, rho=ratio, grow=lambda x, a_t: x / a_t,
    shrink=lambda y, a_s: a_s * y, blend=lambda v, y, r: (1 - r) * v + r * y,
    spread=lambda s_t, a_s, s_s, r: s_s**2 * (1 - r),
):  # fmt: skip
    """(17.10) for the unshrunk pictures x / a, whose noise is s / a; then shrunk to a_s."""
    r = rho(a_t, s_t, a_s, s_s)
    mean = shrink(blend(v, grow(x, a_t), r), a_s)
    return mean, float(spread(s_t, a_s, s_s, r))


def cases(rng):
    yield np.array([[2.0]]), np.array([[1.0]]), 1.0, 2.0, 1.0, 1.0  # nothing shrinks
    yield np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), 0.6, 0.8, 0.8, 0.6
    for n, D in ((2, 3), (4, 5), (3, 2)):
        a_t, a_s = np.sort(rng.uniform(0.1, 0.99, 2))
        s_t, s_s = np.sqrt(1 - a_t**2), np.sqrt(1 - a_s**2)
        yield rng.standard_normal((n, D)), rng.random((n, D)), a_t, s_t, a_s, s_s
    yield rng.standard_normal((2, 4)), rng.random((2, 4)), 0.5, 1.7, 0.9, 0.4


slip = slips_of(shrunken_step)

MISTAKES = {
    "this is (17.10) for pictures that keep their size: the factors a are ignored.":
        slip(a_t=lambda a: 1.0, a_s=lambda a: 1.0),
    "ρ is not squared: it is a ratio of variances.":
        slip(rho=lambda *args: np.sqrt(ratio(*args))),
    "ρ is turned round: the lower level's variance stands above, and ρ is below 1.":
        slip(rho=lambda *args: 1 / ratio(*args)),
    "ρ: the noise of the unshrunk picture x / a is s / a, not s.":
        slip(rho=lambda a_t, s_t, a_s, s_s: (s_s / s_t) ** 2),
    "ρ: the noise of the unshrunk picture x / a is s / a; you have s · a.":
        slip(rho=lambda a_t, s_t, a_s, s_s: (s_s * a_s / (s_t * a_t)) ** 2),
    "mean: x is still shrunk; divide it by a_t before you mix it with v.":
        slip(grow=lambda x, a_t: x),
    "mean: v and x / a_t are mixed unshrunk; multiply the result by a_s.":
        slip(shrink=lambda y, a_s: y),
    "mean: you shrink by a_s without having divided x by a_t, and mix it so with v.":
        slip(grow=lambda x, a_t: a_t * x),
    "mean: v and x have each other's weights; far down (ρ small) the mean is nearly v.":
        slip(blend=lambda v, y, r: r * v + (1 - r) * y),
    "mean: the weight 1 − ρ of v is missing.": slip(blend=lambda v, y, r: v + r * y),
    "mean: the weight ρ of x is missing.": slip(blend=lambda v, y, r: (1 - r) * v + y),
    "variance: this is the standard deviation; the variance is asked for.":
        slip(spread=lambda s_t, a_s, s_s, r: s_s * np.sqrt(1 - r)),
    "variance: this is that of the unshrunk picture; times a_s².":
        slip(spread=lambda s_t, a_s, s_s, r: (s_s / a_s) ** 2 * (1 - r)),
    "variance: the factor is 1 − ρ, not ρ.": slip(spread=lambda s_t, a_s, s_s, r: s_s**2 * r),
    "variance: the factor 1 − ρ is missing; x_t says something about x_s.":
        slip(spread=lambda s_t, a_s, s_s, r: s_s**2),
    "variance: the square of s_s is missing.": slip(spread=lambda s_t, a_s, s_s, r: s_s * (1 - r)),
    "variance: it begins with the lower level's s_s², not with s_t².":
        slip(spread=lambda s_t, a_s, s_s, r: s_t**2 * (1 - r)),
    "variance: this is the noise added between the levels, s_t² − s_s²; the step back needs what "
    "is left when both ends are known.":
        slip(spread=lambda s_t, a_s, s_s, r: s_t**2 - s_s**2),
}  # fmt: skip

OPTIONS = {"parts": ("mean", "variance")}
EXERCISE = exercise(__doc__, shrunken_step, cases, MISTAKES, FORMULA, **OPTIONS)
