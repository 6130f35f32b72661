"""Exercise 03.5: a machine in which exactly one of two pixels is on."""

import numpy as np

from ..exercise import exercise
from ..machines import marginal


def machine(w1, w2, a1, a2, b):
    """Two visible units and a hidden one."""
    return np.array([[w1], [w2]]), np.array([a1, a2]), np.array([b])


def either_or():
    """w₁ = −w₂: the fold runs along the diagonal; the visible biases tilt against it."""
    return machine(12.0, -12.0, -6.0, 6.0, 0.0)


def compare(args, received, expected):
    """What p(00), p(01), p(10), p(11) and the parameters show of the landscape."""
    W, a, b = (np.asarray(part, dtype=np.float64) for part in received)
    p = marginal(W, a, b)
    if min(p[1], p[2]) > 0.45:
        return None
    W = W.ravel()
    table = ", ".join(f"p({v}) = {x:.3f}" for v, x in zip(("00", "01", "10", "11"), p, strict=True))
    if W[0] * W[1] < 0 and np.isclose(a, -W / 2).all() and abs(b[0]) > 0.5:
        reason = "weights and visible biases fit; move the fold: its border should meet 00 and 11."
    elif max(p[1], p[2]) > 0.45:
        reason = (
            "one of the two valleys is there; tilt the landscape towards the other with the "
            "visible biases, by half the slope of the fold."
        )
    elif W[0] * W[1] > 0 and min(p[0], p[3]) <= 0.3:
        reason = (
            "both weights have the same sign, so the hidden unit can only help the pixels to "
            "agree. Which weight has to change its sign?"
        )
    elif min(p[0], p[3]) > 0.3:
        reason = "your pixels agree; they should differ. Which weight has to change its sign?"
    elif p[1] + p[2] > 0.5:
        reason = "the right direction; make all parameters larger."
    else:
        reason = "01 and 10 should be the valleys, 00 and 11 the ridge between them."
    return f"{table}: {reason}"


MISTAKES = {
    "all parameters are 0: every picture has probability ¼.":
        lambda: machine(0.0, 0.0, 0.0, 0.0, 0.0),
    "without weights the pixels are independent: p(01) and p(10) cannot both exceed ¼. The hidden "
    "unit has to fold the landscape.": lambda: machine(0.0, 0.0, -6.0, 6.0, 0.0),
    "that is the machine of Figure 3.5, right, whose pixels agree; they should differ. Which "
    "weight has to change its sign, and what follows for the biases?":
        lambda: machine(4.0, 4.0, -2.0, -2.0, -4.0),
    "the fold has the right direction, but nothing tilts against it, so only 10 becomes a valley. "
    "Use the visible biases.": lambda: machine(12.0, -12.0, 0.0, 0.0, 0.0),
}  # fmt: skip

EXERCISE = exercise(
    __doc__, either_or, lambda rng: [()], MISTAKES, parts=("W", "a", "b"), compare=compare
)
