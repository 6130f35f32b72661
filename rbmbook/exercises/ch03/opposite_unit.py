"""Exercise 03.4: a hidden unit that means the opposite."""

import numpy as np

from ..exercise import exercise
from ..machines import random_machine
from ..mistakes import slips_of


def signs(b, j):
    """−1 for unit j, and 1 for the others."""
    return np.where(np.arange(len(b)) == j, -1.0, 1.0)


def new_weights(W, a, b, j):
    return W * signs(b, j)


def new_visible(W, a, b, j):
    return a + W[:, j]


def new_hidden(W, a, b, j):
    return b * signs(b, j)


def flip_hidden(W, a, b, j, *, weights=new_weights, visible=new_visible, hidden=new_hidden):
    """softplus(x) = x + softplus(−x): the sign of x_j changes, a takes W_ij."""
    return weights(W, a, b, j), visible(W, a, b, j), hidden(W, a, b, j)


def cases(rng):
    for n_visible, n_hidden, j, scale in [(2, 1, 0, 1), (3, 3, 1, 1), (4, 2, 1, 10), (1, 4, 2, 1)]:
        yield *random_machine(rng, n_visible, n_hidden, scale), j


slip = slips_of(flip_hidden)


def bias_of_j(change):
    """Another bias of unit j; the others keep theirs."""
    return slip(hidden=lambda W, a, b, j: np.where(signs(b, j) < 0, change(W, b, j), b))


# Those of one part are told in any combination.
MISTAKES = {
    "the visible bias needs a correction: softplus(x_j) = x_j + softplus(−x_j), and x_j contains "
    "Σ_i v_i W_ij. The visible bias has to take it.": slip(visible=lambda W, a, b, j: a),
    "the visible bias is corrected with the wrong sign: F contains −x_j, that is −Σ_i v_i W_ij, "
    "and the visible term is −Σ_i a_i v_i.": slip(visible=lambda W, a, b, j: a - W[:, j]),
    "the bias of the flipped unit keeps its sign in your answer. The whole input x_j changes sign, "
    "b_j too.": slip(hidden=lambda W, a, b, j: b),
    "the weights keep their sign in your answer. The whole input x_j changes sign.":
        slip(weights=lambda W, a, b, j: W),
    "you return the machine unchanged. Its p(v) is the same, but its hidden unit j is, too.":
        lambda W, a, b, j: (W, a, b),
    "the new bias of unit j is not 1 − b_j. The *values* 0 and 1 are exchanged; the bias changes "
    "its sign, as every part of x_j does.": bias_of_j(lambda W, b, j: 1 - b),
    "row j of W changes its sign in your answer. Hidden unit j has the *column* j.":
        slip(weights=lambda W, a, b, j: W * signs(a, j)[:, None]),
    "the bias of unit j is 0 in your answer. It changes its sign, as every part of x_j does.":
        bias_of_j(lambda W, b, j: 0),
    "the visible bias takes W_ij, but not b_j: b_j leaves a constant in F, which no probability "
    "notices.": slip(visible=lambda W, a, b, j: a + W[:, j] + b[j]),
    "you exchange the values of the *visible* units, as in Exercise 1.3. Here it is hidden unit j.":
        lambda W, a, b, j: (-W, -a, b + W.sum(axis=0)),
    "you negate all parameters. Only what belongs to unit j changes its sign, and a takes the "
    "column of W that softplus(x_j) = x_j + softplus(−x_j) leaves over.":
        lambda W, a, b, j: (-W, -a, -b),
    "the visible bias takes the whole row sums of W. Only column j, the weights of the flipped "
    "unit, belongs there.": slip(visible=lambda W, a, b, j: a + W.sum(axis=1)),
    "every visible bias takes the sum Σ_i W_ij in your answer. The bias of visible unit i takes "
    "its own W_ij.": slip(visible=lambda W, a, b, j: a + W[:, j].sum()),
    "the visible bias takes W_ij twice in your answer. softplus(x_j) = x_j + softplus(−x_j) leaves "
    "x_j over once.": slip(visible=lambda W, a, b, j: a + 2 * W[:, j]),
    "the visible bias takes half of W_ij in your answer. softplus(x_j) = x_j + softplus(−x_j) "
    "leaves the whole of x_j over.": slip(visible=lambda W, a, b, j: a + W[:, j] / 2),
    "the hidden bias takes a sum of weights, as it does when *visible* units are flipped (Exercise "
    "1.3). Here b_j only changes its sign.": bias_of_j(lambda W, b, j: -b - W[:, j].sum()),
    "the weights of unit j are 0 in your answer: it then no longer depends on the picture. They "
    "change their sign.": slip(weights=lambda W, a, b, j: W * (signs(b, j) > 0)),
    "the parameters are replaced by 1 minus themselves. The *values* 0 and 1 of the unit are "
    "exchanged; its parameters change their sign.": lambda W, a, b, j: (1 - W, a, 1 - b),
    "you flip all hidden units. Only unit j exchanges its values.":
        lambda W, a, b, j: (-W, a + W.sum(axis=1), -b),
    "you flip all hidden units, and correct for one. Only unit j exchanges its values.":
        lambda W, a, b, j: (-W, a + W[:, j], -b),
}  # fmt: skip

EXERCISE = exercise(__doc__, flip_hidden, cases, MISTAKES, parts=("W", "a", "b"))
