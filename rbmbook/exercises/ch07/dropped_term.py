"""Exercise 07.3: the dropped term."""

import numpy as np

from ..exercise import exercise
from ..machines import all_states, block_matrix, conditional_table, machine_in_eighths, marginal
from ..mistakes import Ways, slips_of
from ..numerics import sigmoid
from .data import shares


def log_ratio(p1, p, q):
    return np.log(p1 / p)


def log_slope(v, x):
    """∂ log p(v|h) / ∂a_i of a visible state, from its inputs."""
    return v - sigmoid(x)


def dropped_term(q, W, a, b, *, factor=log_ratio, slope=log_slope):
    """Σ_v Σ_h p_0(h) ∂p(v|h)/∂a_i log(p_1(v) / p(v)), with p_1 one step after the data q."""
    v, h = all_states(len(a)), all_states(len(b))
    x = h @ W.T + a
    start = q @ conditional_table(v @ W + b, h)  # p_0(h)
    joint = start[:, None] * conditional_table(x, v)  # (2^H, 2^D): of h and the next v
    weights = joint * factor(joint.sum(axis=0), marginal(W, a, b), q)
    return np.einsum("hv,hvi->i", weights, slope(v, x[:, None]))


def cases(rng):
    for n_visible, n_hidden in [(2, 1), (3, 2), (4, 3), (3, 4), (3, 3)]:
        yield shares(rng, n_visible), *machine_in_eighths(rng, n_visible, n_hidden)


slip = slips_of(dropped_term)


def kept_term(q, W, a, b):
    return (q - q @ block_matrix(W, a, b)) @ all_states(len(a))


def subtracting_mean_under(distribution):
    """One mean of v subtracted in the place of the mean given h."""

    def term(q, W, a, b):
        mean = distribution(q, W, a, b) @ all_states(len(a))
        return dropped_term(q, W, a, b, slope=lambda v, x: v - mean + 0 * x)

    return term


def from_the_model(q, *machine):
    p1 = q @ block_matrix(*machine)
    return dropped_term(marginal(*machine), *machine, factor=lambda _, p, __: np.log(p1 / p))


MISTAKES = {
    "the sign is flipped: the logarithm is of p_1 / p.": lambda *args: -dropped_term(*args),
    "p(v | h) is normalised, and its normaliser depends on a_i too: the derivative is p(v | h) "
    "(v_i − P(v_i = 1 | h)).": slip(slope=lambda v, x: v + 0 * x),
    "you subtract the mean of v under p; the derivative of p(v | h) has the mean given h.":
        subtracting_mean_under(lambda q, *machine: marginal(*machine)),
    "you subtract the mean of v under p_1; the derivative of p(v | h) has the mean given h.":
        subtracting_mean_under(lambda q, *machine: q @ block_matrix(*machine)),
    "you left p out of the logarithm, log(p_1 / p).": slip(factor=lambda p1, p, q: np.log(p1)),
    "you left p_1 out of the logarithm, log(p_1 / p).": slip(factor=lambda p1, p, q: -np.log(p)),
    "the factor log(p_1 / p) is missing: without it the sum is 0, since p_1 always adds up to 1.":
        lambda q, W, a, b: 0 * a,
    "the logarithm is of p_1 / p; you divide by the data's p_0.":
        slip(factor=lambda p1, p, q: np.log(p1 / np.where(q > 0, q, 1))),
    "the logarithm is of p_1 / p, after one step; you take the data's p_0 / p, and where a state "
    "does not occur in the data, its logarithm is −∞.":
        Ways(
            slip(factor=lambda p1, p, q: np.log(q / p)),
            slip(factor=lambda p1, p, q: np.log(np.where(q > 0, q, 1) / p)),
        ),
    "the derivative of the normaliser is subtracted: v_i − P(v_i = 1 | h).":
        slip(slope=lambda v, x: v + sigmoid(x)),
    "you subtract the input a + W h; the derivative has its sigmoid, P(v_i = 1 | h).":
        slip(slope=lambda v, x: v - x),
    "the term with v_i is missing: the derivative is p(v | h) (v_i − P(v_i = 1 | h)).":
        slip(slope=lambda v, x: 0 * v - sigmoid(x)),
    "this is the whole slope of CD_1; the question asks for the dropped term alone.":
        lambda *args: dropped_term(*args) + kept_term(*args),
    "σ(y)(1 − σ(y)) is the slope of one unit's probability of being on. p(v | h) is the "
    "probability of a whole state: its slope is p(v | h) (v_i − P(v_i = 1 | h)).":
        slip(slope=lambda v, x: 0 * v + sigmoid(x) * sigmoid(-x)),
    "you multiply by the difference p_1 − p; the factor is log(p_1 / p).":
        slip(factor=lambda p1, p, q: p1 - p),
    "q is not used: you start from all states alike.":
        slip(q=lambda q: np.full_like(q, 1 / len(q))),
    "the logarithm is missing: you multiply by p_1 / p.": slip(factor=lambda p1, p, q: p1 / p),
    "this is the term that is kept, CD-1 itself.": kept_term,
    "your h has the machine's own distribution; p_0(h) comes from the data, q.": from_the_model,
    "the states of the data have to be weighted with q; you give all of them the same weight.":
        slip(q=lambda q: (q > 0) / (q > 0).sum()),
}  # fmt: skip

# Finite differences, which the chapter shows, do not reach this tolerance.
EXERCISE = exercise(__doc__, dropped_term, cases, MISTAKES, rtol=1e-12, atol=1e-13)
