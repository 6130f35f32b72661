"""Exercises of chapter 01, Energy: all pairs of states, and their probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise
from .machines import all_states, random_machine, random_states


# -- 01.1 ----------------------------------------------------------------------------------------
def pair_energies(v, h, W, a, b):
    """E(v, h) = −aᵀv − bᵀh − vᵀWh of every row of v with every row of h."""
    return -(v @ a)[:, None] - (h @ b)[None, :] - v @ W @ h.T


def _pair_cases(rng: Generator) -> Iterator[tuple]:
    # In the square case every product is possible, so that exchanged names, axes and orders of
    # factors give wrong numbers (which are recognised) instead of an error.
    for n, m, n_visible, n_hidden, scale in [
        (3, 4, 2, 1, 1), (2, 5, 4, 3, 1), (3, 3, 3, 3, 1), (1, 3, 6, 2, 1), (4, 2, 3, 7, 1e3)
    ]:  # fmt: skip
        v, h = random_states(rng, n, n_visible), random_states(rng, m, n_hidden)
        v[0, 0] = h[0, 0] = 1  # at least one product of units counts
        yield (v, h, *random_machine(rng, n_visible, n_hidden, scale))


TERMS = {"W": "the interaction −vᵀWh", "a": "the visible term −aᵀv", "b": "the hidden term −bᵀh"}


def _scaled(function: Callable, letters: tuple[str, ...], factor: float) -> Callable:
    """The function, with some of its last arguments W, a, b multiplied by a factor."""

    def mistake(*args):
        *states, W, a, b = args
        W, a, b = (factor * x if k in letters else x for k, x in (("W", W), ("a", a), ("b", b)))
        return function(*states, W, a, b)

    return mistake


def _term_mistakes(function: Callable) -> dict[str, Callable]:
    """Every choice of terms that is missing, and every choice that has the wrong sign."""
    found = {
        "the sign is flipped: all three terms of the energy carry a minus, so that a positive "
        "parameter lowers the energy.": _scaled(function, ("W", "a", "b"), -1)
    }
    for letters in [("W",), ("a",), ("b",), ("a", "b"), ("W", "a"), ("W", "b")]:
        words = " and ".join(TERMS[letter] for letter in letters)
        verb = "is" if len(letters) == 1 else "are"
        found[f"{words} {verb} missing."] = _scaled(function, letters, 0)
        found[f"the sign is wrong in {words}."] = _scaled(function, letters, -1)
    return found


PAIRS = Exercise(
    name="01.1",
    title="The energies of all pairs of states",
    reference=pair_energies,
    cases=_pair_cases,
    mistakes={
        **_term_mistakes(pair_energies),
        "(1.1) is written for one state, v and h being vectors. Here each state is a row: "
        "aᵀv becomes `v @ a`, one number per row, and vᵀWh becomes a product with `v` on the left "
        "and `h.T` on the right.": lambda v, h, W, a, b: -a.T @ v - b.T @ h - v.T @ W @ h,
        "(1.1) is written for one state, v and h being vectors. Here each state is a row, and its "
        "units are the columns: aᵀv becomes `v @ a`, with `a` on the right.": (
            lambda v, h, W, a, b: -a @ v - b @ h - v @ W @ h
        ),
        "`*` multiplies entry by entry and leaves the products apart. Each term of (1.1) is a sum "
        "over units: use `@`.": lambda v, h, W, a, b: -v * a - h * b - (v @ W) * h,
        "you take row t of v with row t of h only. Every row of v is to meet every row of h: "
        "shape (n, m).": lambda v, h, W, a, b: -v @ a - h @ b - ((v @ W) * h).sum(axis=1),
        "`v @ a` has one number per row of v, but is added along the rows: make it a column, "
        "`(v @ a)[:, None]`.": lambda v, h, W, a, b: -v @ a - h @ b - v @ W @ h.T,
        "`h @ b` has one number per row of h, which is a column of the table, but is added to "
        "the rows.": lambda v, h, W, a, b: -(v @ a)[:, None] - (h @ b)[:, None] - v @ W @ h.T,
        "the two bias terms lie along the wrong axes: `v @ a` belongs to the rows of the table, "
        "`h @ b` to the columns.": (
            lambda v, h, W, a, b: -(v @ a)[None, :] - (h @ b)[:, None] - v @ W @ h.T
        ),
        "`h` is not transposed: in `v @ W @ h` the columns of h meet the columns of `v @ W`. The "
        "sum runs over hidden units, which are the columns of h.": (
            lambda v, h, W, a, b: -(v @ a)[:, None] - (h @ b)[None, :] - v @ W @ h
        ),
        "`W` is transposed: W has a row for each visible unit.": (
            lambda v, h, W, a, b: pair_energies(v, h, W.T, a, b)
        ),
        "rows and columns are exchanged: row t of the table belongs to row t of v.": (
            lambda v, h, W, a, b: pair_energies(v, h, W, a, b).T
        ),
        "the interaction vᵀWh carries a factor ½. It belongs to a Boltzmann machine with one "
        "symmetric matrix, where the double sum meets each pair twice; here each pair (i, j) "
        "occurs once.": _scaled(pair_energies, ("W",), 0.5),
        "each bias term is summed over all rows. Every row of v, and every row of h, has its own: "
        "`v @ a` and `h @ b`.": lambda v, h, W, a, b: -(v @ a).sum() - (h @ b).sum() - v @ W @ h.T,
        "the two bias terms are multiplied. They add up: a column of the one plus a row of the "
        "other.": lambda v, h, W, a, b: -np.outer(v @ a, h @ b) - v @ W @ h.T,
        "these are Boltzmann factors exp(−E). The energies themselves are asked for.": (
            lambda v, h, W, a, b: np.exp(-pair_energies(v, h, W, a, b))
        ),
        "you have made −1 of every 0. A unit that is off contributes nothing.": (
            lambda v, h, W, a, b: pair_energies(2 * v - 1, 2 * h - 1, W, a, b)
        ),
        "the interaction is averaged over the hidden units; it is a sum.": (
            lambda v, h, W, a, b: pair_energies(v, h, W / len(b), a, b)
        ),
        "you return the size of the energy, without its sign.": (
            lambda v, h, W, a, b: np.abs(pair_energies(v, h, W, a, b))
        ),
        "you have subtracted the lowest energy. That changes no probability, but it does change "
        "the energies, which are asked for.": lambda v, h, W, a, b: (
            pair_energies(v, h, W, a, b) - pair_energies(v, h, W, a, b).min()
        ),
        "you sum over the whole table. One energy per pair is asked for, shape (n, m).": (
            lambda v, h, W, a, b: pair_energies(v, h, W, a, b).sum()
        ),
    },
)


# -- 01.2 ----------------------------------------------------------------------------------------
def _all_energies(W, a, b):
    return pair_energies(all_states(len(a)), all_states(len(b)), W, a, b)


def _normalised(energies, axis=None):
    factors = np.exp(energies.min() - energies)  # the largest is 1: nothing overflows
    return factors / factors.sum(axis=axis, keepdims=True)


def joint_probabilities(W, a, b):
    """p(v, h) = exp(−E(v, h)) / Z; rows: states of v, columns: states of h."""
    return _normalised(_all_energies(W, a, b))


def _conditional(axis: int) -> Callable:
    """Each row, or each column, normalised by its own sum."""

    def mistake(W, a, b):
        energies = _all_energies(W, a, b)
        factors = np.exp(energies.min(axis=axis, keepdims=True) - energies)
        return factors / factors.sum(axis=axis, keepdims=True)

    return mistake


def _first_unit_fastest(W, a, b):
    v, h = all_states(len(a))[:, ::-1], all_states(len(b))[:, ::-1]
    return _normalised(pair_energies(v, h, W, a, b))


def _overflowing(W, a, b):
    factors = np.exp(-_all_energies(W, a, b))
    return factors / factors.sum()


def _factors(W, a, b):
    """The Boltzmann factors, the largest shifted to 1."""
    energies = _all_energies(W, a, b)
    return np.exp(energies.min() - energies)


def _shifted_by_the_highest(W, a, b):
    energies = _all_energies(W, a, b)
    factors = np.exp(energies.max() - energies)
    return factors / factors.sum()


def _product_of_margins(W, a, b):
    p = joint_probabilities(W, a, b)
    return np.outer(p.sum(axis=1), p.sum(axis=0))


def _values_of_units(W, a, b):
    v, h = all_states(len(a)), all_states(len(b))
    return _normalised(pair_energies(2 * v - 1, 2 * h - 1, W, a, b))


def _joint_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, scale in [
        (2, 1, 1), (1, 1, 1), (3, 2, 1), (2, 4, 2), (2, 2, 1), (3, 3, 1e3)
    ]:  # fmt: skip
        yield random_machine(rng, n_visible, n_hidden, scale)


JOINT = Exercise(
    name="01.2",
    title="The joint probability of every state",
    reference=joint_probabilities,
    cases=_joint_cases,
    mistakes={
        "these are the Boltzmann factors exp(−E); to be probabilities they must sum to 1. Divide "
        "by Z, their sum over all v and all h.": lambda W, a, b: np.exp(-_all_energies(W, a, b)),
        "you use exp(+E): high energy would be probable. It is exp(−E).": (
            _scaled(joint_probabilities, ("W", "a", "b"), -1)
        ),
        **{
            words[:-1] + " from the energy.": mistake
            for words, mistake in _term_mistakes(joint_probabilities).items()
            if "missing" in words
        },
        **{
            words: mistake
            for words, mistake in _term_mistakes(joint_probabilities).items()
            if words.startswith("the sign is wrong")
        },
        "each row sums to 1: that is the probability of h when v is known, normalised for each v "
        "apart. The joint distribution has one Z for the whole table.": _conditional(1),
        "each column sums to 1: that is the probability of v when h is known, normalised for each "
        "h apart. The joint distribution has one Z for the whole table.": _conditional(0),
        "these are the energies; the probabilities are exp(−E) / Z.": _all_energies,
        "the states are in another order: yours change the first unit fastest, "
        "`itertools.product` the last (00, 01, 10, 11).": _first_unit_fastest,
        "rows and columns are exchanged: rows are the states of v.": (
            lambda W, a, b: joint_probabilities(W, a, b).T
        ),
        "the energies are shifted in the numerator and not in the sum below it (or the other way "
        "round). The shift cancels only if both have it.": (
            lambda W, a, b: _factors(W, a, b) / np.exp(-_all_energies(W, a, b)).sum()
        ),
        "you subtract the highest energy. Then the largest Boltzmann factor is exp(highest − "
        "lowest), which can overflow; subtract the *lowest*, and the largest is 1.": (
            _shifted_by_the_highest
        ),
        "these are Boltzmann factors, shifted so that the largest is 1. To be probabilities they "
        "must sum to 1: divide by their sum.": _factors,
        "the mean of your table is 1; its *sum* is to be 1.": (
            lambda W, a, b: joint_probabilities(W, a, b) * 2 ** (len(a) + len(b))
        ),
        "you divide the energies by their sum. The exponential is missing: exp(−E) / Z.": (
            lambda W, a, b: _all_energies(W, a, b) / _all_energies(W, a, b).sum()
        ),
        "this is the product p(v) p(h), as if v and h were independent. The term vᵀWh makes them "
        "depend on each other.": _product_of_margins,
        "every state has the same probability in your table: the energies do not occur.": (
            lambda W, a, b: np.full((2 ** len(a), 2 ** len(b)), 0.5 ** (len(a) + len(b)))
        ),
        "you use 2 to the power of −E. The base is e.": (
            _scaled(joint_probabilities, ("W", "a", "b"), np.log(2))
        ),
        "your energies are twice as large as (1.1) says; the probabilities are too sharp.": (
            _scaled(joint_probabilities, ("W", "a", "b"), 2)
        ),
        "you return the logarithms of the probabilities.": (
            lambda W, a, b: np.log(joint_probabilities(W, a, b))
        ),
        "your units have the values −1 and 1. Here they are 0 or 1.": _values_of_units,
        "the states are in reverse order: `itertools.product((0, 1), …)` begins with all units "
        "off.": lambda W, a, b: joint_probabilities(W, a, b)[::-1, ::-1],
        "right for small parameters; for large ones you put 0 for the NaN that the overflow made, "
        "and the likely states lose their probability. Subtract the lowest energy first.": (
            lambda W, a, b: np.nan_to_num(_overflowing(W, a, b))
        ),
        **{
            f"right for small parameters, but you clip the energies to ±{limit}: states with "
            "different energies beyond that get one probability. Subtract the lowest energy "
            "instead.": lambda W, a, b, limit=limit: _normalised(
                np.clip(_all_energies(W, a, b), -limit, limit)
            )
            for limit in (100, 500, 700, 709)
        },
        "right for small parameters, but on a machine with parameters a thousand times as large "
        "exp(−E) overflows and the result has NaN in it. The section “Where it breaks” has the "
        "cure: subtract the lowest energy first.": _overflowing,
    },
)

EXERCISES = [PAIRS, JOINT]
