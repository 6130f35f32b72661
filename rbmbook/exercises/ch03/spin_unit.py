"""Exercise 03.1: the sum over a unit with the values −1 and +1."""

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of
from ..numerics import softplus


def rest(x):
    """What taking exp(|x|) out of the bracket leaves in it: the logarithm of 1 + exp(−2|x|)."""
    return np.log1p(np.exp(-2 * np.abs(x)))


def log_two_terms(x, *, front=np.abs, bracket=rest):
    """log(exp(x) + exp(−x)) = |x| + log(1 + exp(−2|x|))."""
    return front(x) + bracket(x)


def cases(rng):
    yield (np.array([-1.0, 0.0, 2.0]),)
    yield (2 * rng.standard_normal((3, 4)),)
    yield (np.array([-1000.0, -40.0, 0.1, 30.0, 1000.0]),)
    yield (1000 * rng.standard_normal((2, 2)),)


slip = slips_of(log_two_terms)

MISTAKES = {
    "that is softplus, log(1 + exp(x)), for the values 0 and 1. Here the two terms are exp(−x) and "
    "exp(+x).": softplus,
    "that is log cosh(x), half the sum: it lacks log 2.": lambda x: log_two_terms(x) - np.log(2),
    "taking exp(|x|) out of exp(|x|) + exp(−|x|) leaves 1 + exp(−2|x|) in the bracket: the 2 is "
    "missing.": slip(bracket=lambda x: rest(x / 2)),
    "what you have taken out of the bracket is missing: |x| in front.": rest,
    "your term in front is max(x, 0), as for softplus. It should be |x|: the result is the same "
    "for x and −x.": slip(front=lambda x: np.maximum(x, 0)),
    "your term in front is x. For negative x, take exp(−x) out of the bracket: |x|.":
        slip(front=lambda x: x),
    "taking exp(|x|) out of the bracket leaves |x| in front, not 2|x|.":
        slip(front=lambda x: 2 * np.abs(x)),
    "that is |x|, the larger of the two exponents. The other term is missing: log(1 + exp(−2|x|)).":
        np.abs,
    "that is tanh(x), the derivative of what is asked for.": np.tanh,
    "exp(|x|) taken out of the bracket leaves 1 + exp(−2|x|), with a minus in the exponent: a plus "
    "makes it overflow.": slip(bracket=lambda x: np.log1p(np.exp(2 * np.abs(x)))),
    "the logarithm of the bracket is subtracted. The logarithm of a product is a *sum*: "
    "|x| + log(1 + exp(−2|x|)).": slip(bracket=lambda x: -rest(x)),
    "the bracket's logarithm is missing: log(1 + exp(−2|x|)), not exp(−2|x|).":
        slip(bracket=lambda x: np.exp(-2 * np.abs(x))),
    "you add the bracket 1 + exp(−2|x|) itself; add its logarithm.":
        slip(bracket=lambda x: 1 + np.exp(-2 * np.abs(x))),
    "the second term is not log 2 everywhere: log(1 + exp(−2|x|)) is log 2 at x = 0 only.":
        slip(bracket=lambda x: np.log(2)),
    "the two exponentials are subtracted; add them.":
        slip(bracket=lambda x: np.log1p(-np.exp(-2 * np.abs(x)))),
    "that is softplus(x) + softplus(−x), the logarithm of the *product* (1 + exp(x)) "
    "(1 + exp(−x)). A sum of exponentials is asked for.": lambda x: softplus(x) + softplus(-x),
    "there is a log 2 too much: 1 + exp(−2|x|) is 2 at x = 0 already.":
        lambda x: log_two_terms(x) + np.log(2),
}  # fmt: skip

EXERCISE = exercise(__doc__, log_two_terms, cases, MISTAKES)
