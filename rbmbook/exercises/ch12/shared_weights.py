"""Exercise 12.3: back-propagation through shared weights."""

import numpy as np

from ..exercise import exercise
from ..machines import random_machine, random_states
from ..mistakes import NEGATED, missing, slips_of
from ..numerics import sigmoid

FORMULA = "The inputs are vW + b and mWᵀ + a."


def above_and_below(down, up):
    """What the two uses of W contribute."""
    return down + up


def tied_gradient(
    v, W, a, b, *, error=lambda v, r: r - v, slope=lambda m: m * (1 - m), uses=above_and_below
):
    """dW = [(r − v)ᵀ m + vᵀ ε] / n, ε = ((r − v) W) ⊙ m (1 − m)."""
    m = sigmoid(v @ W + b)
    top = error(v, sigmoid(m @ W.T + a))
    middle = (top @ W) * slope(m)
    return uses(top.T @ m, v.T @ middle) / len(v), top.mean(axis=0), middle.mean(axis=0)


def cases(rng):
    for n, D, H, scale in [(1, 2, 2, 1), (4, 3, 3, 1), (5, 4, 2, 1), (3, 2, 5, 2), (6, 6, 3, 0.5)]:
        yield random_states(rng, n, D), *random_machine(rng, D, H, scale)


slip = slips_of(tied_gradient)


def r_for_v(v, W, a, b):
    m = sigmoid(v @ W + b)
    r = sigmoid(m @ W.T + a)
    dW, da, db = tied_gradient(v, W, a, b)
    return dW + (r - v).T @ (((r - v) @ W) * m * (1 - m)) / len(v), da, db


def contrastive(v, W, a, b):
    m = sigmoid(v @ W + b)
    r = sigmoid(m @ W.T + a)
    again = sigmoid(r @ W + b)
    return (v.T @ m - r.T @ again) / len(v), (v - r).mean(axis=0), (m - again).mean(axis=0)


MISTAKES = {
    "W is used twice, on the way up and on the way down, and the chain rule adds the two: you have "
    "the way down alone; vᵀε is missing.": slip(uses=lambda down, up: down),
    "W is used twice, on the way up and on the way down, and the chain rule adds the two: you have "
    "the way up alone; (r − v)ᵀm is missing.": slip(uses=lambda down, up: up),
    "you halve the sum of the two uses of W; the chain rule adds them and does not average.":
        slip(uses=lambda down, up: (down + up) / 2),
    "the loss depends on b and on the way up through m; you treat m as given: send the error back, "
    "ε = ((r − v) W) ⊙ m (1 − m).": slip(slope=missing),
    "the two uses of W are subtracted; the chain rule adds them.": slip(uses=np.subtract),
    "the derivative of the hidden sigmoid is missing: ε = ((r − v) W) ⊙ m (1 − m).":
        slip(slope=np.ones_like),
    "the derivative of the hidden sigmoid is m (1 − m), not m.": slip(slope=lambda m: m),
    "the derivative of the hidden sigmoid is m (1 − m), not m (m − 1).":
        slip(slope=lambda m: m * (m - 1)),
    "the derivative of the sigmoid is m (1 − m); 1 − m² is that of tanh.":
        slip(slope=lambda m: 1 - m**2),
    "on the way up v enters W, not r: vᵀε.": r_for_v,
    "the error at the outputs has a factor r (1 − r) too many: for this loss it cancels, and "
    "∂ℓ/∂(input) is r − v.": slip(error=lambda v, r: (r - v) * r * (1 - r)),
    "this is the gradient of twice the squared error, 2 (r − v) r (1 − r) at the outputs; the loss "
    "is the cross-entropy.": slip(error=lambda v, r: 2 * (r - v) * r * (1 - r)),
    "this is the gradient with respect to r; go on to the input of the sigmoid: times r (1 − r), "
    "which leaves r − v.": slip(error=lambda v, r: (1 - v) / (1 - r) - v / r),
    "the sign is flipped: the loss grows where r moves away from v, so the error is r − v. The "
    "gradient itself is asked for, not the way down.": slip(error=lambda v, r: v - r),
    "you divide by the number of pixels as well: the loss is a sum over them.":
        lambda v, *machine: tuple(x / v.shape[1] for x in tied_gradient(v, *machine)),
    "all signs are flipped: inputs are vW + b and mWᵀ + a.": slip(**NEGATED),
    "this is CD-1 with means, an ascent direction of something else; it sends no error back "
    "through the layers.": contrastive,
    "this is minus CD-1 with means, which sends no error back through the layers.":
        lambda *args: tuple(-x for x in contrastive(*args)),
    "the derivative of the hidden sigmoid is m (1 − m), not 1 − m.": slip(slope=lambda m: 1 - m),
    "db: this is the mean of m. The derivative of the loss with respect to b is asked for.":
        lambda v, W, a, b: (*tied_gradient(v, W, a, b)[:2], sigmoid(v @ W + b).mean(axis=0)),
}  # fmt: skip

TOLERANCE = {"rtol": 1e-5, "atol": 1e-7}  # a careful finite difference is an answer, too
EXERCISE = exercise(
    __doc__, tied_gradient, cases, MISTAKES, FORMULA, parts=("dW", "da", "db"), **TOLERANCE
)
