"""Exercise 01.2: the joint probability of every state."""

import numpy as np

from ..exercise import exercise
from ..machines import all_states, random_machine
from ..mistakes import NEGATED, Ways, in_terms_of, slips_of
from ..numerics import normalised
from .pair_energies import pair_energies
from .terms import flipped_terms, missing_terms


def energies(W, a, b, states=all_states):
    """One row for every state of v, one column for every state of h."""
    return pair_energies(states(len(a)), states(len(b)), W, a, b)


def joint_probabilities(W, a, b, *, states=all_states):
    """p(v, h) = exp(−E(v, h)) / Z; rows: states of v, columns: states of h."""
    return normalised(-energies(W, a, b, states))  # the largest factor is 1: nothing overflows


def cases(rng):
    for n_visible, n_hidden, scale in [
        (2, 1, 1), (1, 1, 1), (3, 2, 1), (2, 4, 2), (2, 2, 1), (3, 3, 1e3)
    ]:  # fmt: skip
        yield random_machine(rng, n_visible, n_hidden, scale)


slip = slips_of(joint_probabilities)
of_energies = in_terms_of(lambda *machine: (energies(*machine),))
of_right = in_terms_of(lambda *machine: (joint_probabilities(*machine),))


def shares(factors):
    return factors / factors.sum()


def shares_along(axis):
    """Each row, or each column, normalised by its own sum."""

    def conditional(E):
        factors = np.exp(E.min(axis=axis, keepdims=True) - E)
        return factors / factors.sum(axis=axis, keepdims=True)

    return of_energies(conditional)


def clipped(limit):
    return of_energies(lambda E: normalised(-np.clip(E, -limit, limit)))


MISTAKES = {
    "these are the Boltzmann factors exp(−E); to be probabilities they must sum to 1. Divide by Z, "
    "their sum over all v and all h.": of_energies(lambda E: np.exp(-E)),
    "you use exp(+E): high energy would be probable. It is exp(−E).": slip(**NEGATED),
    **{
        words[:-1] + " from the energy.": mistake
        for words, mistake in missing_terms(joint_probabilities).items()
    },
    **flipped_terms(joint_probabilities),
    "each row sums to 1: that is the probability of h when v is known, normalised for each v "
    "separately. The joint distribution has one Z for the whole table.": shares_along(1),
    "each column sums to 1: that is the probability of v when h is known, normalised for each h "
    "separately. The joint distribution has one Z for the whole table.": shares_along(0),
    "these are the energies; the probabilities are exp(−E) / Z.": of_energies(lambda E: E),
    "the states are in another order: yours change the first unit fastest, `itertools.product` the "
    "last (00, 01, 10, 11).": slip(states=lambda width: all_states(width)[:, ::-1]),
    "rows and columns are exchanged: rows are the states of v.": of_right(np.transpose),
    "the energies are shifted in the numerator and not in the sum below it (or the other way "
    "round). The shift cancels only if both have it.":
        of_energies(lambda E: np.exp(E.min() - E) / np.exp(-E).sum()),
    "you subtract the highest energy. Then the largest Boltzmann factor is exp(highest − lowest), "
    "which can overflow; subtract the *lowest*, and the largest is 1.":
        of_energies(lambda E: shares(np.exp(E.max() - E))),
    "these are Boltzmann factors, shifted so that the largest is 1. To be probabilities they must "
    "sum to 1: divide by their sum.": of_energies(lambda E: np.exp(E.min() - E)),
    "the mean of your table is 1; its *sum* should be 1.": of_right(lambda p: p * p.size),
    "you divide the energies by their sum. The exponential is missing: exp(−E) / Z.":
        of_energies(shares),
    "this is the product p(v) p(h), as if v and h were independent. The term vᵀWh makes them "
    "depend on each other.": of_right(lambda p: np.outer(p.sum(axis=1), p.sum(axis=0))),
    "every state has the same probability in your table: the energies do not occur.":
        of_right(lambda p: np.full(p.shape, 1 / p.size)),
    "you use 2 to the power of −E. The base is e.":
        of_energies(lambda E: normalised(-E * np.log(2))),
    "your energies are twice as large as (1.1) says; the probabilities are too sharp.":
        of_energies(lambda E: normalised(-2 * E)),
    "your units have the values −1 and 1. Here they are 0 or 1.":
        slip(states=lambda width: 2 * all_states(width) - 1),
    "the states are in reverse order: `itertools.product((0, 1), …)` begins with all units off.":
        of_right(np.flip),
    "right for small parameters; for large ones you put 0 for the NaN that the overflow made, and "
    "the likely states lose their probability. Subtract the lowest energy first.":
        of_energies(lambda E: np.nan_to_num(shares(np.exp(-E)))),
    # One text for all limits: on some machines two of them give the same table.
    "right for small parameters, but you clip the energies: states whose energies lie beyond the "
    "limit get one probability. Subtract the lowest energy instead.":
        Ways(*map(clipped, (10, 20, 30, 50, 70, 80, 100, 200, 300, 500, 600, 700, 709, 745))),
    "right for small parameters, but on a machine with parameters a thousand times as large "
    "exp(−E) overflows and the result has NaN in it. The section “Where it breaks” has the cure: "
    "subtract the lowest energy first.": of_energies(lambda E: shares(np.exp(-E))),
}  # fmt: skip

EXERCISE = exercise(__doc__, joint_probabilities, cases, MISTAKES)
