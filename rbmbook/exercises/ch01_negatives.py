"""Exercises of chapter 01, Energy: the machine that sees negatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.random import Generator

from .exercise import Exercise
from .machines import random_machine


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
    "a needs no correction: only the visible units are flipped, and what the term vᵀWh leaves "
    "over depends on h alone.": lambda W, a, b: -a - W.sum(axis=1),
    "a needs no correction: only the visible units are flipped. What the term vᵀWh leaves over "
    "depends on h, and belongs to b.": lambda W, a, b: -a + W.sum(axis=1),
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
    "b is corrected with the mean of W over i; every pixel contributes, so it is the sum.": (
        lambda W, a, b: b + W.mean(axis=0)
    ),
    "b gets half of its correction; it is the whole Σ_i W_ij.": lambda W, a, b: (
        b + W.sum(axis=0) / 2
    ),
    "b is corrected twice: Σ_i W_ij once is enough.": lambda W, a, b: b + 2 * W.sum(axis=0),
    "b is corrected with sizes of weights; a negative weight lowers it.": (
        lambda W, a, b: b + np.abs(W).sum(axis=0)
    ),
    "b: the parameters themselves are not 0 or 1, so 1 − b has no meaning here.": (
        lambda W, a, b: 1 - b
    ),
    "b is corrected with the visible biases. Those stand before v′ or in the constant; what "
    "depends on h alone comes from vᵀWh.": lambda W, a, b: b + a.sum(),
    "b is corrected with aᵀW. In (1.1) no visible bias meets a weight: put 1 − v′ in place of v "
    "and multiply out.": lambda W, a, b: b + a @ W,
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
        "you reverse the *order* of the visible units. A negative has its pixels where they were, "
        "with 0 and 1 exchanged.": lambda W, a, b: (W[::-1], a[::-1], b),
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

EXERCISES = [FLIP]
