"""Exercise 11.2: from zeros and ones to spins."""

from ..exercise import exercise
from ..machines import random_machine
from ..mistakes import Ways, slips_of


def spins(W, a, b, *, pair=1 / 4, bias=1 / 2, left=1 / 4):
    """The spin machine of a Bernoulli machine: v = (s + 1) / 2 put into the energy."""
    return pair * W, bias * a + left * W.sum(axis=1), bias * b + left * W.sum(axis=0)


def cases(rng):
    for n_visible, n_hidden in [(1, 1), (3, 2), (4, 4), (2, 5)]:
        yield random_machine(rng, n_visible, n_hidden)


slip = slips_of(spins)

MISTAKES = {
    "the biases lack what the weights leave behind: v_i h_j = (s_i t_j + s_i + t_j + 1)/4 has "
    "terms with a single spin.": slip(left=0),
    "that is the direction of the text, from spins to zeros and ones. The question asks for the "
    "opposite one.": slip(pair=4, bias=2, left=-2),
    "the corrections of the biases have the wrong sign: all four terms of (s_i + 1)(t_j + 1)/4 "
    "have a plus.": slip(left=-1 / 4),
    "W is divided by 2 only. Both v_i and h_j bring a factor ½.": slip(pair=1 / 2),
    "the biases are not halved: a_i v_i = a_i (s_i + 1)/2.": slip(bias=1),
    "your corrections are half the sums of W; they should be a quarter.": slip(left=1 / 2),
    "the corrections are not divided by 4: each comes from W_ij (s_i t_j + s_i + t_j + 1)/4.":
        slip(left=1),
    "the sums run over the wrong axis: a_i collects the weights W_ij of all hidden j.":
        lambda W, a, b: (W / 4, a / 2 + W.sum(axis=0) / 4, b / 2 + W.sum(axis=1) / 4),
    "you average the weights of a row or column; a_i collects the *sum* over j of W_ij.":
        lambda W, a, b: (W / 4, a / 2 + W.mean(axis=1) / 4, b / 2 + W.mean(axis=0) / 4),
    "the correction is one number, the sum of all weights. Each bias gets a row or column sum of "
    "its own.": lambda W, a, b: (W / 4, a / 2 + W.sum() / 4, b / 2 + W.sum() / 4),
    "W is not divided by 4: v h = (s + 1)(t + 1) / 4, for every pair.": slip(pair=1),
    "you put s for v without the halves: v = (s + 1) / 2.":
        Ways(
            slip(pair=1, bias=1, left=1 / 2),
            slip(pair=1, bias=1, left=1),
            slip(pair=1, bias=1, left=0),
        ),
}  # fmt: skip

EXERCISE = exercise(__doc__, spins, cases, MISTAKES, parts=("W", "a", "b"))
