"""Exercise 02.1: the probability that a hidden unit is off."""

import numpy as np

from ..exercise import exercise
from ..machines import random_machine, random_states_first_on
from ..mistakes import in_terms_of
from ..numerics import normalised, sigmoid, softplus

FORMULA = "The input of hidden unit j is b_j + Σ_i v_i W_ij: `v @ W + b`, W with a row per pixel."


def probability_off(v, W, b):
    """P(h_j = 0 | v) = σ(−(b_j + Σ_i v_i W_ij)), with all its digits."""
    return sigmoid(-(v @ W + b))


def cases(rng):
    for n, n_visible, n_hidden in [(3, 2, 2), (4, 3, 3), (1, 5, 2), (2, 3, 1)]:
        W, _, b = random_machine(rng, n_visible, n_hidden)
        yield random_states_first_on(rng, n, n_visible), W, b
    # Inputs beyond 40, where 1 − σ(x) is 0 in floating point and σ(−x) is not.
    W = np.array([[45.0, -50.0], [60.0, 300.0], [1000.0, -1200.0]])
    yield np.array([[1.0, 0, 0], [1, 1, 0], [0, 1, 0], [1, 1, 1]]), W, np.array([0.0, 0.5])


of_input = in_terms_of(lambda v, W, b: (v @ W + b,))

MISTAKES = {
    "right where the unit is undecided, but where it is nearly sure to be on, 1 − σ(x) has lost "
    "all its digits. The section “Where it breaks” has the cure: σ(−x).":
        of_input(lambda x: 1 - sigmoid(x)),
    "that is P(h_j = 1 | v). The probability of being *off* is asked for.": of_input(sigmoid),
    "these are the inputs. A probability is asked for, by way of the sigmoid.":
        of_input(lambda x: x),
    "each row sums to 1: you have normalised over the hidden units, as if exactly one of them "
    "could be on. Each is on or off by itself, with its own sigmoid.":
        of_input(lambda x: normalised(x, axis=1)),
    "that is exp(−input), the odds of being off. Divide it by 1 + exp(−input).":
        of_input(lambda x: np.exp(-x)),
    "you return the logarithm of the probability. The probability is asked for.":
        of_input(lambda x: -softplus(x)),
    "right for moderate inputs, but your numbers are float32, whose smallest is about 1e-45. Stay "
    "in float64.": of_input(lambda x: sigmoid(-x.astype(np.float32))),
    "the hidden bias stands outside the sigmoid. It is a part of the input.":
        lambda v, W, b: sigmoid(-(v @ W)) + b,
    "that is the slope of the sigmoid, P(1 − P). The probability of being off is 1 − P.":
        of_input(lambda x: sigmoid(x) * sigmoid(-x)),
    "the hyperbolic tangent runs from −1 to 1. The sigmoid is (1 + tanh(x / 2)) / 2, and it is "
    "best computed from (2.3).": of_input(lambda x: np.tanh(-x)),
    "there is a factor ½ in your input. It is b_j + Σ_i v_i W_ij.":
        of_input(lambda x: sigmoid(-x / 2)),
    "you take the sigmoid twice. `σ(−input)` is a probability already.":
        of_input(lambda x: sigmoid(sigmoid(-x))),
    "you use the negative of the picture, 1 − v. The picture stays as it is; the sign of the whole "
    "input changes.": lambda v, W, b: sigmoid((1 - v) @ W + b),
}  # fmt: skip

# σ(−45) is about 3e−20, and its digits are asked for.
EXERCISE = exercise(__doc__, probability_off, cases, MISTAKES, FORMULA, atol=1e-60)
