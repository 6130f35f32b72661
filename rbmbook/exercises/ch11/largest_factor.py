"""Exercise 11.3: how large may the weights between Gaussian layers be?"""

import numpy as np

from ..exercise import exercise
from ..mistakes import Ways, slips_of


def singular_values(scaled):
    if not np.isfinite(scaled).all():  # where an argument was spoilt to see what happens
        return np.full(min(scaled.shape), np.nan)
    return np.linalg.svd(scaled, compute_uv=False)


def largest_singular_value(scaled):
    return singular_values(scaled)[0]


def largest_factor(W, gamma_v, gamma_h, *, size=largest_singular_value):
    """1 / the largest singular value of γ_v^(−½) W γ_h^(−½)."""
    return float(1 / size(W / np.sqrt(gamma_v)[:, None] / np.sqrt(gamma_h)))


def cases(rng):
    yield np.array([[2.0]]), np.array([4.0]), np.array([9.0])
    for D, H in [(2, 2), (3, 3), (4, 2), (2, 5)]:
        yield rng.normal(size=(D, H)), rng.uniform(0.5, 4, D), rng.uniform(0.5, 4, H)


slip = slips_of(largest_factor)


def precisions(change):
    return slip(gamma_v=change, gamma_h=change)


MISTAKES = {
    "the precisions are missing. Measure each unit in its own standard deviations: W_ij / √(γ_i "
    "γ_j).": precisions(np.ones_like),
    "you divide by γ_i γ_j; it is its square root. With one unit in each layer the condition is "
    "W² < γ_v γ_h.": precisions(np.square),
    "you multiply by the precisions; larger precisions allow larger weights.":
        precisions(np.reciprocal),
    "this checks each pair of units alone. Several weights that are each small enough can be too "
    "much together: look at the largest singular value.": slip(size=lambda X: np.abs(X).max()),
    "this uses the smallest precisions for all units: safe, but not the largest factor. Divide "
    "each W_ij by its own √(γ_i γ_j) first.":
        precisions(lambda gamma: np.full_like(gamma, gamma.min())),
    "the hidden precisions are missing: divide W_ij by √(γ_i γ_j), not by √γ_i.":
        slip(gamma_h=np.ones_like),
    "the visible precisions are missing: divide W_ij by √(γ_i γ_j), not by √γ_j.":
        slip(gamma_v=np.ones_like),
    "a square root too many: the singular value is already the factor of a length, not of its "
    "square.": lambda *args: largest_factor(*args) ** 0.5,
    "that is 1 over the square root of the sum of squares: safe, but not the largest factor.":
        slip(size=np.linalg.norm),
    "a square root is missing: you have 1 over the largest eigenvalue of the scaled WᵀW, the "
    "square of the singular value.": lambda *args: largest_factor(*args) ** 2,
    "that is 1 over the *smallest* singular value. The direction that is stretched most decides.":
        slip(size=lambda X: singular_values(X)[-1]),
    "that is the largest singular value itself; the factor is 1 over it.":
        lambda *args: 1 / largest_factor(*args),
    "this has the sum of all singular values; the direction that is stretched most decides, the "
    "largest one alone.": slip(size=lambda X: singular_values(X).sum()),
    "sums of absolute weights bound the singular value, but they are not it: they hold for units "
    "that are all at their limit.":
        Ways(
            slip(size=lambda X: np.abs(X).sum(axis=1).max()),
            slip(size=lambda X: np.abs(X).sum(axis=0).max()),
            slip(size=lambda X: np.abs(X).sum()),
        ),
    "you average the precisions of a layer; each unit is measured in its own standard deviation.":
        precisions(lambda gamma: np.full_like(gamma, gamma.mean())),
}  # fmt: skip

EXERCISE = exercise(__doc__, largest_factor, cases, MISTAKES)
