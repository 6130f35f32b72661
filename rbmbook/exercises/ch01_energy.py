"""Exercises of chapter 01, Energy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.random import Generator

from .cases import all_states, random_machine, random_states
from .engine import Exercise


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
        "right for small parameters, but on a machine with parameters a thousand times as large "
        "exp(−E) overflows and the result has NaN in it. The section “Where it breaks” has the "
        "cure: subtract the lowest energy first.": _overflowing,
    },
)


# -- 01.3 ----------------------------------------------------------------------------------------
def flip_visible(W, a, b):
    """Parameters of the machine that gives 1 − v the probability which ⟨W, a, b⟩ gives v."""
    return -W, -a, b + W.sum(axis=0)


def _flip_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, scale in [(2, 1, 1), (3, 3, 1), (5, 2, 10), (1, 4, 1)]:
        yield random_machine(rng, n_visible, n_hidden, scale)


# What a reader may return for each part; the first entry of each is right and has no words.
FLIPPED_W = {
    "": lambda W, a, b: -W,
    "W needs the other sign: −(1 − v′)ᵀWh contains +v′ᵀWh.": lambda W, a, b: W,
    "W: the parameters themselves are not 0 or 1, so 1 − W has no meaning here.": (
        lambda W, a, b: 1 - W
    ),
}
FLIPPED_A = {
    "": lambda W, a, b: -a,
    "a needs the other sign: −aᵀ(1 − v′) is +aᵀv′ plus a constant.": lambda W, a, b: a,
    "a: the parameters themselves are not 0 or 1, so 1 − a has no meaning here.": (
        lambda W, a, b: 1 - a
    ),
}
FLIPPED_B = {
    "": lambda W, a, b: b + W.sum(axis=0),
    "b needs a correction: besides the term with v′, −(1 − v′)ᵀWh contains one that depends on h "
    "alone, and b has to take it.": lambda W, a, b: b,
    "b is corrected with the wrong sign: the term in h alone is −Σ_j (Σ_i W_ij) h_j, and so is "
    "−Σ_j b_j h_j.": lambda W, a, b: b - W.sum(axis=0),
    "b keeps its sign: the hidden units are not flipped, and −bᵀh stays as it is. It lacks a "
    "correction: −(1 − v′)ᵀWh contains a term in h alone.": lambda W, a, b: -b,
    "b itself keeps its sign (its correction has the right one): −bᵀh does not contain v.": (
        lambda W, a, b: -b + W.sum(axis=0)
    ),
    "b: each hidden unit gets its own correction, the sum of its column of W; you add the sum of "
    "the whole matrix to each.": lambda W, a, b: b + W.sum(),
    "b: you sum W over the hidden units; hidden unit j needs the sum of its column, over i, which "
    "is `axis=0`.": lambda W, a, b: b + W.sum(axis=1),
}


def _parts(*makers: Callable) -> Callable:
    return lambda W, a, b: tuple(make(W, a, b) for make in makers)


def _flip_mistakes() -> dict[str, Callable]:
    """The slips that have a name, then every combination of slips in the three parts."""
    found = {
        "you return the machine unchanged; it gives 1 − v the probability of 1 − v.": (
            lambda W, a, b: (W, a, b)
        ),
        "you negate all parameters. That turns E into −E and makes likely states rare; it does "
        "not exchange v and 1 − v. Put 1 − v′ in place of v in (1.1) and multiply out: is the "
        "term in h alone unchanged?": lambda W, a, b: (-W, -a, -b),
        "the hidden units are flipped as well; only the visible ones should be.": (
            lambda W, a, b: (W, -a - W.sum(axis=1), -b - W.sum(axis=0))
        ),
        "you flip the hidden units instead of the visible ones.": (
            lambda W, a, b: (-W, a + W.sum(axis=1), -b)
        ),
    }
    for parts in product(FLIPPED_W.items(), FLIPPED_A.items(), FLIPPED_B.items()):
        words = " ".join(words for words, _ in parts if words)
        if words:
            found[words] = _parts(*(make for _, make in parts))
    # Two of the combinations are the named slips above.
    named = [" ".join(x) for x in ((list(FLIPPED_W)[1], list(FLIPPED_A)[1], list(FLIPPED_B)[1]),)]
    named.append(list(FLIPPED_B)[3])
    return {words: mistake for words, mistake in found.items() if words not in named}


FLIP = Exercise(
    name="01.3",
    title="The machine that sees the negative",
    reference=flip_visible,
    cases=_flip_cases,
    parts=("W", "a", "b"),
    mistakes=_flip_mistakes(),
)

EXERCISES = [PAIRS, JOINT, FLIP]
