"""Exercise 01.3: the machine that sees the negative."""

import numpy as np

from ..exercise import exercise
from ..machines import random_machine
from ..mistakes import slips_of


def new_weights(W, a, b):
    return -W


def new_visible(W, a, b):
    return -a


def new_hidden(W, a, b):
    return b + W.sum(axis=0)


def flip_visible(W, a, b, *, weights=new_weights, visible=new_visible, hidden=new_hidden):
    """Parameters of the machine that gives 1 − v the probability which ⟨W, a, b⟩ gives v."""
    return weights(W, a, b), visible(W, a, b), hidden(W, a, b)


def cases(rng):
    for n_visible, n_hidden, scale in [(2, 1, 1), (3, 3, 1), (5, 2, 10), (1, 4, 1)]:
        yield random_machine(rng, n_visible, n_hidden, scale)


slip = slips_of(flip_visible)

# Those of one part are told in any combination.
MISTAKES = {
    "you return the machine unchanged; it gives 1 − v the probability of 1 − v.":
        lambda W, a, b: (W, a, b),
    "you negate all parameters. That turns E into −E and makes likely states rare; it does not "
    "exchange v and 1 − v. Put 1 − v′ in place of v in (1.1) and multiply out: is the term in h "
    "alone unchanged?": lambda W, a, b: (-W, -a, -b),
    "the hidden units are flipped as well; only the visible ones should be.":
        lambda W, a, b: (W, -a - W.sum(axis=1), -b - W.sum(axis=0)),
    "you reverse the *order* of the visible units. A negative has its pixels where they were, with "
    "0 and 1 exchanged.": lambda W, a, b: (W[::-1], a[::-1], b),
    "you flip the hidden units instead of the visible ones.":
        lambda W, a, b: (-W, a + W.sum(axis=1), -b),
    "W: it needs the other sign: −(1 − v′)ᵀWh contains +v′ᵀWh.": slip(weights=lambda W, a, b: W),
    "W: the parameters themselves are not 0 or 1, so 1 − W has no meaning here.":
        slip(weights=lambda W, a, b: 1 - W),
    "a: it needs the other sign: −aᵀ(1 − v′) is +aᵀv′ plus a constant.":
        slip(visible=lambda W, a, b: a),
    "a: the parameters themselves are not 0 or 1, so 1 − a has no meaning here.":
        slip(visible=lambda W, a, b: 1 - a),
    "a: it needs no correction: only the visible units are flipped, and what the term vᵀWh leaves "
    "over depends on h alone.": slip(visible=lambda W, a, b: -a - W.sum(axis=1)),
    "a: it needs no correction: only the visible units are flipped. What the term vᵀWh leaves over "
    "depends on h, and belongs to b.": slip(visible=lambda W, a, b: -a + W.sum(axis=1)),
    "b: it needs a correction: besides the term with v′, −(1 − v′)ᵀWh contains one that depends on "
    "h alone, and b has to take it.": slip(hidden=lambda W, a, b: b),
    "b: it is corrected with the wrong sign: the term in h alone is −Σ_j (Σ_i W_ij) h_j, and so is "
    "−Σ_j b_j h_j.": slip(hidden=lambda W, a, b: b - W.sum(axis=0)),
    "b: it keeps its own sign (its correction has the right one): −bᵀh does not contain v.":
        slip(hidden=lambda W, a, b: -b + W.sum(axis=0)),
    "b: each hidden unit gets its own correction, the sum of its column of W; you add the sum of "
    "the whole matrix to each.": slip(hidden=lambda W, a, b: b + W.sum()),
    "b: you sum W over the hidden units; hidden unit j needs the sum of its column, over i, which "
    "is `axis=0`.": slip(hidden=lambda W, a, b: b + W.sum(axis=1)),
    "b: it is corrected with the mean of W over i; every pixel contributes, so it is the sum.":
        slip(hidden=lambda W, a, b: b + W.mean(axis=0)),
    "b: it gets half of its correction; it is the whole Σ_i W_ij.":
        slip(hidden=lambda W, a, b: b + W.sum(axis=0) / 2),
    "b: it is corrected twice: Σ_i W_ij once is enough.":
        slip(hidden=lambda W, a, b: b + 2 * W.sum(axis=0)),
    "b: it is corrected with sizes of weights; a negative weight lowers it.":
        slip(hidden=lambda W, a, b: b + np.abs(W).sum(axis=0)),
    "b: the parameters themselves are not 0 or 1, so 1 − b has no meaning here.":
        slip(hidden=lambda W, a, b: 1 - b),
    "b: it is corrected with the visible biases. Those stand before v′ or in the constant; what "
    "depends on h alone comes from vᵀWh.": slip(hidden=lambda W, a, b: b + a.sum()),
    "b: it is corrected with aᵀW. In (1.1) no visible bias meets a weight: put 1 − v′ in place of "
    "v and multiply out.": slip(hidden=lambda W, a, b: b + a @ W),
}  # fmt: skip

EXERCISE = exercise(__doc__, flip_visible, cases, MISTAKES, parts=("W", "a", "b"))
