"""Exercise 05.1: the log-probability of hidden states."""

import numpy as np

from ..exercise import exercise
from ..machines import all_states, random_machine, random_states
from ..mistakes import changed, missing, slips_of
from ..numerics import log_sum_exp, sigmoid, softplus

FORMULA = "−G(h) is +bᵀh plus the softplus of +a_i + Σ_j W_ij h_j, which for a batch is `h @ W.T`."


def minus_g(h, W, a, b, visible=softplus):
    """−G(h) of each row, the visible layer summed in closed form."""
    return h @ b + visible(h @ W.T + a).sum(axis=1)


def log_partition(W, a, b):
    """log Z = log Σ_h exp(−G(h))."""
    return log_sum_exp(minus_g(all_states(len(b)), W, a, b))


def log_share(x, all_x):
    """Of each exponent, among those of all states."""
    return x - log_sum_exp(all_x)


def log_hidden(h, W, a, b, *, visible=softplus, answer=log_share):
    """log p(h) = −G(h) − log Z of each row of h."""
    return answer(minus_g(h, W, a, b, visible), minus_g(all_states(len(b)), W, a, b, visible))


def cases(rng):
    sizes = [(3, 2, 1, 1), (5, 3, 4, 1), (4, 3, 3, 1), (6, 12, 6, 1), (4, 4, 3, 400)]
    for n, n_visible, n_hidden, scale in sizes:
        yield random_states(rng, n, n_hidden), *random_machine(rng, n_visible, n_hidden, scale)


slip = slips_of(log_hidden)


def in_z(**changes):
    """An argument changed in Z alone."""
    other = changed(log_partition, **changes)
    return lambda h, *machine: minus_g(h, *machine) - other(*machine)


def softplus_of_sum(y):
    return softplus(y.sum(axis=1, keepdims=True))


MISTAKES = {
    "log Z is missing: −G(h) is the logarithm of an unnormalised probability.": minus_g,
    "you add log Z; p(h) = exp(−G(h)) / Z, and the logarithm of a quotient is a difference.":
        slip(answer=lambda x, all_x: x + log_sum_exp(all_x)),
    "the sign of G(h) is wrong: log p(h) = −G(h) − log Z.":
        slip(answer=lambda x, all_x: -x - log_sum_exp(all_x)),
    "log Z is the logarithm of Σ_h exp(+G(h)) here; the exponent is −G(h).":
        slip(answer=lambda x, all_x: x - log_sum_exp(-all_x)),
    "Z is summed over the given rows only. It runs over all 2^H hidden states.":
        slip(answer=lambda x, all_x: log_share(x, x)),
    "G(h) has the wrong sign, at the given rows and in Z: p(h) is largest where G is lowest.":
        slip(answer=lambda x, all_x: log_share(-x, -all_x)),
    "log Z is the logarithm of a *sum* over all hidden states; you subtract the largest exponent "
    "alone.": slip(answer=lambda x, all_x: x - all_x.max()),
    "the softplus is missing: summing v_i over 0 and 1 turns e^(v_i y_i) into 1 + e^(y_i), whose "
    "logarithm is softplus(y_i).": slip(visible=lambda y: y),
    "you have the sigmoid of the inputs in G(h), where the softplus belongs, log(1 + e^y).":
        slip(visible=sigmoid),
    "max(0, y) is near the softplus for large |y| only; the softplus is log(1 + e^y).":
        slip(visible=lambda y: np.maximum(0, y)),
    "you take the softplus of the summed inputs; each visible unit has its own, Σ_i softplus(y_i).":
        slip(visible=softplus_of_sum),
    "the softplus functions are summed over all rows of h together; sum over the visible units of "
    "each row.": lambda h, W, a, b: h @ b + softplus(h @ W.T + a).sum() - log_partition(W, a, b),
    "the hidden bias is missing in Z; −G(h) has the term bᵀh there, too.": in_z(b=missing),
    "the visible bias is missing in Z; the input of visible unit i has a_i there, too.":
        in_z(a=missing),
    "the sum over the visible units is missing at the given rows: −G(h) is bᵀh *plus* Σ_i "
    "softplus(a_i + Σ_j W_ij h_j).": lambda h, W, a, b: h @ b - log_partition(W, a, b),
    "you return log Z alone; one number for each row of h is asked for.":
        lambda h, *machine: log_partition(*machine),
    "in place of Z you have the mean over the hidden states; Z is their sum.":
        slip(answer=lambda x, all_x: log_share(x, all_x) + np.log(len(all_x))),
}  # fmt: skip

EXERCISE = exercise(__doc__, log_hidden, cases, MISTAKES, FORMULA)
