"""Exercise 02.3: the log-probability of a hidden state."""

import numpy as np

from ..exercise import exercise
from ..machines import random_machine, random_states, random_states_first_on
from ..mistakes import complement, in_terms_of, slips_of
from ..numerics import log_sum_exp, softplus

FORMULA = "The input of hidden unit j is b_j + Σ_i v_i W_ij."


def log_conditional(h, v, W, b, *, pool=np.sum):
    """log p(h | v) = Σ_j log σ(±x_j), plus where the unit is on, minus where it is off."""
    x = v @ W + b
    return pool(-softplus(np.where(h == 1, -x, x)), axis=1)


def cases(rng):
    for n, n_visible, n_hidden, scale in [(3, 2, 1, 1), (5, 4, 3, 1), (2, 3, 8, 1), (4, 5, 4, 1e3)]:
        W, _, b = random_machine(rng, n_visible, n_hidden, scale)
        h = random_states(rng, n, n_hidden)
        h[-1] = 0.0  # a state with nothing on has a probability too
        yield h, random_states_first_on(rng, n, n_visible), W, b


slip = slips_of(log_conditional)
in_terms_of_inputs = in_terms_of(lambda h, v, W, b: (h, v @ W + b))


def summed(term):
    """The sum over the hidden units of term(h_j, x_j)."""
    return in_terms_of_inputs(lambda h, x: term(h, x).sum(axis=1))


def clipped(limit):
    return summed(lambda h, x: -softplus(np.where(h == 1, -1, 1) * np.clip(x, -limit, limit)))


MISTAKES = {
    "the units that are off are missing. They contribute log P(h_j = 0 | v) = log σ(−x_j).":
        summed(lambda h, x: -h * softplus(-x)),
    "that is the log-probability that all hidden units are on: `h` does not occur in it. Where h_j "
    "is 0, the contribution is log σ(−x_j).": summed(lambda h, x: -softplus(-x)),
    "each unit that is on contributes log σ(x_j) *and* log σ(−x_j) in your sum. The second is for "
    "the units that are off: multiply it by 1 − h_j.":
        summed(lambda h, x: -h * softplus(-x) - softplus(x)),
    "the probability was so small that its logarithm needed a floor: 1e-12 added to it. Take the "
    "logarithm of σ by hand first: log σ(x) = −log(1 + exp(−x)).":
        slip(pool=lambda logs, axis: np.log(np.exp(logs) + 1e-12).sum(axis)),
    "on and off are exchanged: a unit that is on contributes log σ(x_j), one that is off log "
    "σ(−x_j).": slip(h=complement),
    "that is Σ_j x_j h_j, the numerator's logarithm. The denominator is missing: Σ_j "
    "log(1 + exp(x_j)).": summed(lambda h, x: x * h),
    "that is −Σ_j log(1 + exp(x_j)), the log-probability that all hidden units are *off*. The "
    "numerator is missing: Σ_j x_j h_j.": summed(lambda h, x: -softplus(x)),
    "the denominator has the wrong sign: log p is Σ_j x_j h_j *minus* Σ_j log(1 + exp(x_j)).":
        summed(lambda h, x: x * h + softplus(x)),
    "the denominator of a unit is 1 + exp(x_j), with a plus in the exponent.":
        summed(lambda h, x: x * h - softplus(-x)),
    "a unit that is off contributes log σ(0) = −log 2 in your sum: h_j multiplies the input. Its "
    "contribution is log σ(−x_j).": summed(lambda h, x: -softplus(-h * x)),
    "you normalise over the hidden units, as if exactly one of them could be on. Each has its own "
    "denominator, 1 + exp(x_j).": summed(lambda h, x: h * (x - log_sum_exp(x, axis=1)[:, None])),
    "you add the units' probabilities and take one logarithm. Independent probabilities multiply: "
    "their logarithms add up.": slip(pool=log_sum_exp),
    **{
        f"right for moderate inputs, but you clip them to ±{limit}, and log σ(−1000) is −1000. "
        "`np.logaddexp` needs no clipping.": clipped(limit)
        for limit in (30, 50, 100, 500, 700)
    },
    "one number per row is asked for, the log-probability of the whole hidden state: sum the "
    "units' contributions over axis 1.": slip(pool=lambda logs, axis: logs),
    "you return the largest contribution of a single unit. Sum over all of them.":
        slip(pool=np.max),
    "you average over the hidden units. Logarithms of factors add up: sum them.":
        slip(pool=np.mean),
}  # fmt: skip

EXERCISE = exercise(__doc__, log_conditional, cases, MISTAKES, FORMULA)
