"""Exercise 02.4: a hidden unit that detects that all pixels of a mask are on."""

import numpy as np

from ..exercise import exercise
from ..machines import all_states
from ..numerics import sigmoid


def all_on_detector(mask):
    """Weight 10 on the mask, bias halfway between "all on" and "one missing"."""
    return 10.0 * mask, 5.0 - 10.0 * float(mask.sum())


def cases(rng):
    for mask in ([1, 1], [1, 0, 1], [0, 0, 1, 0], [1, 1, 1, 0, 1, 1]):
        yield (np.array(mask, dtype=np.float64),)


def compare(args, received, expected):
    """The first picture for which the unit is not as sure as it is to be."""
    (mask,) = args
    w, bias = (np.asarray(part, dtype=np.float64) for part in received)
    pictures = all_states(len(mask))
    p, wanted = sigmoid(pictures @ w + bias), (pictures @ mask) == mask.sum()
    wrong = np.where(wanted, p <= 0.99, p >= 0.01)
    if not wrong.any():
        return None
    k = int(np.argmax(wrong))
    name, state = ("".join(str(int(x)) for x in row) for row in (mask, pictures[k]))
    reason = "all of the mask is on" if wanted[k] else "a pixel of the mask is off"
    side = "more than 0.99" if wanted[k] else "less than 0.01"
    return (
        f"for the mask {name} and v = {state}, {reason}, but P(h = 1 | v) = {p[k]:.4f}; "
        f"expected {side}. {_what_to_change(mask, w, bias)}"
    )


def _what_to_change(mask, w, bias):
    """The weights outside the mask, the bias, or the size of everything."""
    if np.any(w[mask == 0] != 0):
        return "A pixel outside the mask has a weight, so it matters; it is not to."
    if np.any(w[mask == 1] <= 0):
        return "A pixel of the mask that goes on has to raise the input: a positive weight."
    full, near = bias + w @ mask, bias + w @ mask - w[mask == 1].min()  # at most one pixel missing
    if full <= 0:
        return f"With all of the mask on the input is {full:.4g}: the bias is too negative."
    if near >= 0:
        return f"With one pixel of the mask off the input is {near:.4g}: the bias is too high."
    return "The signs are right, but an input has to be beyond ±log 99 for σ to be that sure."


MISTAKES = {
    "with a bias of 0 the unit is on half of the time for the empty picture. The bias must "
    "outweigh every picture in which a pixel of the mask is off.": lambda mask: (10.0 * mask, 0.0),
    "the bias cancels the weights of the whole mask exactly: with all pixels on the input is 0 and "
    "the probability ½. Make the bias less negative, by half a weight.":
        lambda mask: (10.0 * mask, -10.0 * float(mask.sum())),
    "one pixel of the mask is enough to switch this unit on: it detects *any*, not *all*. The bias "
    "must be so low that all weights together are needed.": lambda mask: (10.0 * mask, -5.0),
    "the idea is right, but the weights are too small: half a weight of evidence is not enough for "
    "0.99. How large must an input be for σ to exceed 0.99?":
        lambda mask: (mask.copy(), 0.5 - float(mask.sum())),
    "the two results are exchanged: first the weights, then the bias.":
        lambda mask: all_on_detector(mask)[::-1],
    "the signs are flipped: this unit is *off* when all pixels of the mask are on.":
        lambda mask: (-10.0 * mask, 10.0 * float(mask.sum()) - 5.0),
}  # fmt: skip

EXERCISE = exercise(
    __doc__, all_on_detector, cases, MISTAKES, parts=("weights", "bias"), compare=compare
)
