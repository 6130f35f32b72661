"""Exercise 09.1: how strong fast weights become."""

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of

FORMULA = "After n updates the sum has n terms, decay⁰ to decayⁿ⁻¹."


def geometric(x, n):
    """1 + x + … + xⁿ⁻¹ in closed form."""
    return (1 - x**n) / (1 - x)


def fast_after(g, rate, decay, n, *, total=geometric):
    """rate · g · (1 + decay + … + decayⁿ⁻¹)."""
    return rate * g * total(decay, n)


def cases(rng):
    for shape, rate, decay, n in [
        (3, 0.1, 0.5, 1),
        ((2, 3), 0.05, 0.95, 2),
        (4, 0.2, 0.9, 7),
        (2, 0.3, 0.8, 0),
        (3, 1.5, 0.0, 5),
        (2, 0.05, 0.999, 10**12),
    ]:
        yield rng.standard_normal(shape), rate, decay, n


slip = slips_of(fast_after)

MISTAKES = {
    "nothing fades in your formula: θ_fast is multiplied by the decay at each update.":
        slip(total=lambda x, n: n),
    "the decay also acts on what is added in the same update; in (9.4) only the old θ_fast is "
    "multiplied by it.": slip(total=lambda x, n: x * geometric(x, n)),
    "this is the limit for many updates; for a small n the sum has not reached it yet.":
        slip(total=lambda x, n: 1 / (1 - x)),
    "this is only what is left of the first update; all n updates contribute. Sum over them.":
        slip(total=lambda x, n: x ** (n - 1.0)),
    "this is one term only, of an update n updates ago; all n updates contribute. Sum over them.":
        slip(total=lambda x, n: x**n),
    "this is what the last update added; the earlier ones count too, faded. Sum over them.":
        slip(total=lambda x, n: 1),
    "the sum is divided by 1 + decay; 1 + x + … + xⁿ⁻¹ = (1 − xⁿ) / (1 − x).":
        slip(total=lambda x, n: (1 - x**n) / (1 + x)),
    "the learning rate `rate` is missing.": slip(rate=lambda rate: 1.0),
    "the sign is flipped: the fast parameters move in the same direction g as the slow ones.":
        lambda *args: -fast_after(*args),
    "the sum is not divided by 1 − decay: 1 + x + … + xⁿ⁻¹ = (1 − xⁿ) / (1 − x).":
        slip(total=lambda x, n: 1 - x**n),
    "exp(−n (1 − decay)) is close to decayⁿ only for a decay close to 1; the sum is exact with "
    "decayⁿ itself.": slip(total=lambda x, n: (1 - np.exp(-n * (1 - x))) / (1 - x)),
}  # fmt: skip

EXERCISE = exercise(__doc__, fast_after, cases, MISTAKES, FORMULA)
