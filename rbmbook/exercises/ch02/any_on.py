"""Exercise 02.1: the probability that at least one hidden unit is on."""

import numpy as np

from ..exercise import exercise
from ..machines import random_machine, random_states_first_on
from ..mistakes import Ways, in_terms_of
from ..numerics import sigmoid, softplus

FORMULA = "The input of hidden unit j is b_j + Σ_i v_i W_ij: `v @ W + b`, W with a row per pixel."


def at_least_one(x, axis=1):
    """1 − ∏_j σ(−x_j) with all its digits: log σ(−x) is −softplus(x)."""
    return -np.expm1(-softplus(x).sum(axis=axis))


def any_on(v, W, b):
    """P(some h_j = 1 | v), a value per row."""
    return at_least_one(v @ W + b)


def cases(rng):
    for n, n_visible, n_hidden in [(3, 2, 2), (4, 3, 3), (1, 5, 2), (2, 3, 1)]:
        W, _, b = random_machine(rng, n_visible, n_hidden)
        yield random_states_first_on(rng, n, n_visible), W, b - 1.0
    # Inputs below −38, where 1 − ∏_j (1 − σ(x_j)) is 0 in floating point, and one of 1000.
    W = np.array([[-43.0, -41.0], [-2.0, -0.5], [1000.0, -30.0]])
    yield np.array([[1.0, 0, 0], [1, 1, 0], [0, 1, 0], [1, 1, 1]]), W, np.array([-0.5, 0.5])


of_input = in_terms_of(lambda v, W, b: (v @ W + b,))


def exactly_one(x):
    """∏_j σ(−x_j) · Σ_j e^{x_j}: the unit that is on has e^{x_j} times the factor it had off."""
    return np.exp(-softplus(x).sum(axis=1)) * np.exp(x).sum(axis=1)


def one_of(x):
    """As if the states were "none on" and "exactly unit j on", with no two on together."""
    total = np.exp(x).sum(axis=1)
    return total / (1 + total)


MISTAKES = {
    "right where it is near ½, but where every unit is nearly sure to be off, the product is 1 to "
    "all digits of a float, and 1 − 1 is 0. Take the logarithm of the product first, "
    "s = Σ_j log σ(−x_j); then `-np.expm1(s)` is 1 − exp(s) with all its digits.":
        Ways(of_input(lambda x: 1 - sigmoid(-x).prod(axis=1)),
             of_input(lambda x: 1 - (1 - sigmoid(x)).prod(axis=1)),
             of_input(lambda x: 1 - np.exp(-softplus(x).sum(axis=1)))),
    "that is ∏_j σ(x_j), the probability that *all* units are on. What is the opposite of "
    "“at least one is on”?": of_input(lambda x: sigmoid(x).prod(axis=1)),
    "that is the probability that *no* unit is on. It is the opposite of what is asked for.":
        Ways(of_input(lambda x: np.exp(-softplus(x).sum(axis=1))),
             of_input(lambda x: (1 - sigmoid(x)).prod(axis=1))),
    "that is P(at least one unit is *off* | v): the opposite of “all are on”. The opposite of “at "
    "least one is on” is “all are off”.":
        Ways(of_input(lambda x: at_least_one(-x)),
             of_input(lambda x: 1 - sigmoid(x).prod(axis=1))),
    "you add up the probabilities of the units. That is the mean *number* of units that are on, "
    "which may exceed 1: states with two units on are counted twice.":
        of_input(lambda x: sigmoid(x).sum(axis=1)),
    "you add up the probabilities of the units and cut the sum off at 1. States with two units on "
    "are counted twice; cutting off does not mend that.":
        of_input(lambda x: np.minimum(sigmoid(x).sum(axis=1), 1)),
    "that is the probability of the unit most likely to be on. The others may be on when it is "
    "off, so the answer is larger.": of_input(lambda x: sigmoid(x).max(axis=1)),
    "that is the probability that *exactly* one unit is on. Two or more are allowed, too.":
        of_input(exactly_one),
    "you leave out the states in which several units are on, also from the sum that you divide "
    "by. Given v the units do not exclude each other.": of_input(one_of),
    "you add up the inputs and take one sigmoid. Each unit has its own.":
        of_input(lambda x: sigmoid(x.sum(axis=1))),
    "that is the mean of the units' probabilities.": of_input(lambda x: sigmoid(x).mean(axis=1)),
    "these are the probabilities of the single units. One number for each picture is asked for: "
    "that at least one of them is on.": of_input(sigmoid),
    "you multiply over the pictures. Each picture has an answer of its own: multiply over its "
    "hidden units, axis 1.": of_input(lambda x: at_least_one(x, axis=0)),
    "that is Σ_j log σ(−x_j), the logarithm of the probability that all units are off.":
        of_input(lambda x: -softplus(x).sum(axis=1)),
    "that is Σ_j log(1 + exp(x_j)). Its negative is the logarithm of the probability that all "
    "units are off.": of_input(lambda x: softplus(x).sum(axis=1)),
    "you use the negative of the picture, 1 − v. The picture stays as it is.":
        lambda v, W, b: at_least_one((1 - v) @ W + b),
}  # fmt: skip

# The smallest answers are near exp(−43), and their digits are asked for.
EXERCISE = exercise(__doc__, any_on, cases, MISTAKES, FORMULA, atol=1e-60)
