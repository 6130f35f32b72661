"""Exercise 16.2: noise with a preference."""

import numpy as np

from ..exercise import exercise
from ..machines import random_states
from ..mistakes import complement, slips_of

FORMULA = "The change is added to a."


def if_on(seen, loss, ghost):
    """log p(seen | v = 1)."""
    return np.log(np.where(seen == 1, 1 - loss, loss))


def if_off(seen, loss, ghost):
    """log p(seen | v = 0)."""
    return np.log(np.where(seen == 1, ghost, 1 - ghost))


def log_ratio(seen, loss, ghost):
    return if_on(seen, loss, ghost) - if_off(seen, loss, ghost)


def seen_biases(a, seen, loss, ghost, *, change=log_ratio):
    """a_i plus log p(seen_i | v_i = 1) − log p(seen_i | v_i = 0)."""
    return a + change(seen, loss, ghost)


def cases(rng):
    for n, D, loss, ghost in [(1, 2, 0.1, 0.3), (4, 5, 0.4, 0.05), (3, 3, 0.02, 0.25)]:
        yield rng.normal(size=D), random_states(rng, n, D), loss, ghost
    yield rng.normal(size=3), np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]]), 0.2, 0.2
    yield rng.normal(size=2), np.array([[1.0, 0.0]]), 1e-12, 1e-9


slip = slips_of(seen_biases)


def right_and_wrong(seen, loss, ghost):
    """The rule of the chapter with the error of the value that is seen."""
    return np.where(seen == 1, np.log((1 - loss) / loss), np.log(ghost / (1 - ghost)))


MISTAKES = {
    "`loss` and `ghost` are exchanged: `loss` is P(seen off | on), `ghost` is P(seen on | off).":
        slip(loss="ghost", ghost="loss"),
    "the sign of the change is flipped: a pixel seen on pushes its unit up.":
        slip(change=lambda *args: -log_ratio(*args)),
    "the changes for a pixel seen on and one seen off are exchanged.": slip(seen=complement),
    "you compare right with wrong for one value of v. Fix what is *seen* and compare its "
    "probability for v = 1 with that for v = 0: `loss` and `ghost` both enter each case.":
        slip(change=right_and_wrong),
    "you compare the two values that may be *seen*, with v held fixed. Fix what is seen, and "
    "compare v = 1 with v = 0: `loss` and `ghost` both enter each case.":
        slip(change=lambda seen, loss, ghost: right_and_wrong(seen, ghost, loss)),
    "these are the probabilities of seeing v as it is. Take, for what is *seen*, the difference of "
    "two logarithms: for v = 1 and for v = 0.":
        slip(change=lambda seen, loss, ghost: np.log(np.where(seen == 1, 1 - loss, 1 - ghost))),
    "this is (16.4) with λ made from `loss` and the sign flipped; `ghost` has to enter, too.":
        slip(change=lambda seen, loss, ghost: -log_ratio(seen, loss, loss)),
    "only the probability for v = 1 is there. What counts is the difference of the two logarithms, "
    "for v = 1 and for v = 0: what is the same for both cancels.": slip(change=if_on),
    "only the probability for v = 0 is there; the one for v = 1 is missing.":
        slip(change=lambda *args: -if_off(*args)),
    "this is right only if `loss` and `ghost` are equal: (16.4) with λ made from `loss`.":
        slip(ghost="loss"),
    "this is right only if `loss` and `ghost` are equal: (16.4) with λ made from `ghost`.":
        slip(loss="ghost"),
    "this is (16.4) with the mean of `loss` and `ghost`; the two values seen need two cases.":
        slip(change=lambda seen, loss, ghost: log_ratio(seen, *[(loss + ghost) / 2] * 2)),
    "the logarithm is missing: a bias is the logarithm of a ratio of probabilities.":
        slip(change=lambda *args: np.exp(log_ratio(*args))),
    "the change has lost its minus sign for a pixel seen off, which pushes its unit down.":
        slip(change=lambda *args: np.abs(log_ratio(*args))),
    "the change for a pixel seen off is missing: a pixel that is off tells you something as well.":
        slip(change=lambda seen, *rates: seen * log_ratio(seen, *rates)),
    "a pixel seen on changes its bias, too: by log p(seen | on) − log p(seen | off).":
        slip(change=lambda seen, *rates: (1 - seen) * log_ratio(seen, *rates)),
}  # fmt: skip

EXERCISE = exercise(__doc__, seen_biases, cases, MISTAKES, FORMULA)
