"""Exercise 10.2: the conditional of two pixels."""

import numpy as np

from ..exercise import exercise
from ..free_energies import with_free_energy
from ..machines import all_states, minus_free_energy, random_machine, random_states
from ..mistakes import slips_of
from ..numerics import log_sum_exp


def with_pair(v, i, k, x, y):
    v = v.copy()
    v[:, i], v[:, k] = x, y
    return v


def of_pair(v, i, k):
    """v with (v_i, v_k) = 00, 01, 10, 11."""
    return [with_pair(v, i, k, x, y) for x in (0, 1) for y in (0, 1)]


def pair_log_conditional(
    v, i, k, W, a, b, *, log_f=minus_free_energy, among=of_pair, log_total=log_sum_exp
):
    """log f(v) − log of the sum over the four states of the pair."""
    terms = np.array([log_f(x, W, a, b) for x in among(v, i, k)])
    return log_f(v, W, a, b) - log_total(terms, axis=0)


def cases(rng):
    sizes = [(4, 0, 1, 2, 2, 1), (5, 1, 3, 4, 3, 1), (6, 4, 2, 6, 6, 1), (3, 0, 2, 5, 1, 1e3)]
    for n, i, k, n_visible, n_hidden, scale in sizes:
        v = random_states(rng, n, n_visible)
        yield v, i, k, *random_machine(rng, n_visible, n_hidden, scale)


slip = slips_of(pair_log_conditional)


def flipped(v, i, k):
    return with_pair(v, i, k, 1 - v[:, i], 1 - v[:, k])


def alone(v, unit, *machine):
    """The log-conditional of one unit."""
    return slip(among=lambda v, i, k: [v, flipped(v, i, i)])(v, unit, unit, *machine)


def exponentials(v, i, k, *machine):
    f, four = (np.exp(minus_free_energy(x, *machine)) for x in (v, np.array(of_pair(v, i, k))))
    return np.log(f / four.sum(axis=0))


MISTAKES = {
    "you add the two conditionals of single units. Each of them takes the other unit as given; "
    "together the pair has four states, 00, 01, 10 and 11, with one sum over all.":
        lambda v, i, k, *machine: alone(v, i, *machine) + alone(v, k, *machine),
    "this is the whole pseudo-log-likelihood (10.10), a sum over all units. The question asks for "
    "one conditional, that of the pair.":
        lambda v, i, k, *machine: sum(alone(v, unit, *machine) for unit in range(v.shape[1])),
    "this is the conditional of unit i alone; unit k has to vary as well.":
        lambda v, i, k, *machine: alone(v, i, *machine),
    "this is the conditional of unit k alone; unit i has to vary as well.":
        lambda v, i, k, *machine: alone(v, k, *machine),
    "the sum in the denominator lacks the states in which only one of the two is flipped: there "
    "are four states of a pair.": slip(among=lambda v, i, k: [v, flipped(v, i, k)]),
    "the sum in the denominator lacks the state in which both are flipped: there are four states "
    "of a pair.": slip(among=lambda v, i, k: [v, flipped(v, i, i), flipped(v, k, k)]),
    "the sum in the denominator lacks the state v itself, so this is not a probability: it can "
    "exceed 1.": slip(among=lambda v, i, k: [flipped(v, i, i), flipped(v, k, k), flipped(v, i, k)]),
    "the sign is flipped: the unnormalised probability is exp(−F), and −F(v) = aᵀv + Σ softplus.":
        slip(log_f=lambda *args: -minus_free_energy(*args)),
    "this is minus the logarithm: a log-probability is never above 0.":
        lambda *args: -pair_log_conditional(*args),
    "this is the probability; the question asks for its logarithm.":
        lambda *args: np.exp(pair_log_conditional(*args)),
    "the denominator is missing: this is −F(v). Subtract the logarithm of the sum over the four "
    "states of the pair.": lambda v, i, k, *machine: minus_free_energy(v, *machine),
    "this is log p(v), normalised over all visible states. The other units are given; only the "
    "pair varies.": slip(among=lambda v, i, k: all_states(v.shape[1])[:, None]),
    "you count the units from 1; i and k count from 0, as Python does.":
        slip(i=lambda i: i - 1, k=lambda k: k - 1),
    "the log-sum-exp runs over the rows as well: each row has a sum of its own, over its four "
    "states (`axis=0` of an array (4, n)).": slip(log_total=lambda x, axis: log_sum_exp(x.ravel())),
    "you set rows i and k of v; units are columns, `v[:, i]`.":
        slip(among=lambda v, i, k: [x.T for x in of_pair(v.T, i, k)]),
    "right for small parameters, but on a machine with parameters a thousand times as large an "
    "exponential overflows or vanishes. Stay with logarithms: log f(v) minus a log-sum-exp.":
        exponentials,
    **with_free_energy(lambda F: slip(log_f=lambda *args: -F(*args))),
}  # fmt: skip

EXERCISE = exercise(__doc__, pair_log_conditional, cases, MISTAKES)
