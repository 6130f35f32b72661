"""Exercise 09.2: swapping visible and hidden states together."""

import numpy as np

from ..exercise import exercise
from ..machines import random_machine, random_states
from ..mistakes import missing, negated, slips_of
from ..numerics import sigmoid
from .tempered import log_weight, metropolis

FORMULA = "E(v, h) = −aᵀv − bᵀh − vᵀWh."


def energy(v, h, W, a, b):
    return -(v @ a) - h @ b - ((v @ W) * h).sum(axis=1)


def log_ratio(v, h, w, g, low, high, *machine):
    return (high - low) * (energy(w, g, *machine) - energy(v, h, *machine))


def accept_pairs(v, h, w, g, low, high, W, a, b, *, r=log_ratio, accept=metropolis):
    """min(1, exp((high − low)·(E(w, g) − E(v, h))))."""
    return accept(r(v, h, w, g, low, high, W, a, b))


def cases(rng):
    for n, n_visible, n_hidden, low, high, scale in [
        (12, 3, 2, 0.5, 1.0, 1),
        (9, 4, 4, 0.0, 0.7, 1),
        (6, 2, 5, 0.2, 0.9, 1),
        (8, 3, 3, 0.3, 1.0, 1e4),
    ]:
        v, w = random_states(rng, n, n_visible), random_states(rng, n, n_visible)
        h, g = random_states(rng, n, n_hidden), random_states(rng, n, n_hidden)
        yield v, h, w, g, low, high, *random_machine(rng, n_visible, n_hidden, scale)


slip = slips_of(accept_pairs)


def summed_out(v, h, w, g, low, high, *machine):
    before = log_weight(v, low, *machine) + log_weight(w, high, *machine)
    return log_weight(w, low, *machine) + log_weight(v, high, *machine) - before


MISTAKES = {
    "the sign is wrong: a swap that brings the lower energy to the larger β must always be "
    "accepted.": slip(low="high", high="low"),
    "you summed the hidden units out, as in (9.6). Here the hidden states are swapped too, so the "
    "probabilities are those of pairs, exp(−β E(v, h)) / Z_β.": slip(r=summed_out),
    "that is the ratio of the probabilities; the acceptance probability is at most 1.":
        slip(accept=np.exp),
    "that is the logarithm of the ratio; the acceptance probability is min(1, exp(r)).":
        slip(accept=lambda r: r),
    "right for small parameters, but with large ones exp(r) is infinite, and infinity divided by "
    "infinity is not a number. Take the minimum of r and 0 first.":
        slip(accept=lambda r: np.exp(r) / np.maximum(1, np.exp(r))),
    "this is ratio / (1 + ratio), the heat-bath (Barker) rule. It too leaves both distributions as "
    "they are, but accepts less: at ratio 1 only half of the swaps. As in (9.6), the question asks "
    "for min(1, ratio).": slip(accept=sigmoid),
    "this is ratio / (1 + ratio), with the ratio upside down. As in (9.6), the question asks for "
    "min(1, ratio), and the lower energy belongs to the larger β.":
        slip(accept=lambda r: sigmoid(-r)),
    "that is min(r, 0), a logarithm; take the exponential.":
        slip(accept=lambda r: np.minimum(r, 0)),
    "the temperatures are added: in r, each energy counts with plus one β and minus the other.":
        slip(low=negated),
    "only the machine at `high` is counted: π is a product of two probabilities, and a swap "
    "changes both.": slip(low=missing),
    "the temperatures do not enter: r is proportional to the difference high − low.":
        slip(low=lambda low: 0, high=lambda high: 1),
    "the sign is wrong in both bias terms of the energy.": slip(a=negated, b=negated),
    "both biases are missing in the energy.": slip(a=missing, b=missing),
}  # fmt: skip

EXERCISE = exercise(__doc__, accept_pairs, cases, MISTAKES, FORMULA)
