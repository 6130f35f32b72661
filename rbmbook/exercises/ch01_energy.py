"""Exercises of chapter 01, Energy."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.random import Generator

from .engine import Exercise


def _machine(rng: Generator, n_visible: int, n_hidden: int, scale: float = 1.0) -> tuple:
    """Parameters W, a, b of a random machine."""
    return (
        scale * rng.standard_normal((n_visible, n_hidden)),
        scale * rng.standard_normal(n_visible),
        scale * rng.standard_normal(n_hidden),
    )


def _binary(rng: Generator, n: int, width: int) -> np.ndarray:
    return rng.integers(0, 2, size=(n, width)).astype(np.float64)


def _states(width: int) -> np.ndarray:
    """All binary states, in the order of ``itertools.product``: 00, 01, 10, 11."""
    return np.array(list(product((0.0, 1.0), repeat=width)))


# -- 01.1 ----------------------------------------------------------------------------------------
def energy(v, h, W, a, b):
    """E(v, h) = −aᵀv − bᵀh − vᵀWh of each row."""
    return -v @ a - h @ b - ((v @ W) * h).sum(axis=1)


def _energy_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, scale in [(3, 2, 1, 1), (5, 4, 3, 1), (1, 6, 2, 1), (4, 3, 7, 1e3)]:
        v, h = _binary(rng, n, n_visible), _binary(rng, n, n_hidden)
        v[0, 0] = h[0, 0] = 1  # at least one product of units counts
        yield (v, h, *_machine(rng, n_visible, n_hidden, scale))


ENERGY = Exercise(
    name="01.1",
    title="The energy of a batch of states",
    reference=energy,
    cases=_energy_cases,
    mistakes={
        "the sign is flipped: all three terms of the energy carry a minus, so that what the "
        "parameters favour lies low.": lambda v, h, W, a, b: -energy(v, h, W, a, b),
        "the sign of the interaction vᵀWh is flipped; it lowers the energy where W is "
        "positive.": lambda v, h, W, a, b: energy(v, h, -W, a, b),
        "the visible bias is missing: the term −aᵀv.": lambda v, h, W, a, b: energy(
            v, h, W, 0 * a, b
        ),
        "the hidden bias is missing: the term −bᵀh.": lambda v, h, W, a, b: energy(
            v, h, W, a, 0 * b
        ),
        "both biases are missing: the terms −aᵀv and −bᵀh.": lambda v, h, W, a, b: energy(
            v, h, W, 0 * a, 0 * b
        ),
        "the interaction vᵀWh carries a factor ½. It belongs to a Boltzmann machine with one "
        "symmetric matrix, where the double sum meets each pair twice; here each pair (i, j) "
        "occurs once.": lambda v, h, W, a, b: energy(v, h, W / 2, a, b),
        "you sum over the whole batch. One energy per row is asked for, shape (n,).": (
            lambda v, h, W, a, b: energy(v, h, W, a, b).sum()
        ),
        "you average over the batch. One energy per row is asked for, shape (n,).": (
            lambda v, h, W, a, b: energy(v, h, W, a, b).mean()
        ),
        "each row of v meets every row of h: `v @ W @ h.T` holds vᵀWh for all pairs of rows. "
        "Only its diagonal, row with its own row, is wanted.": (
            lambda v, h, W, a, b: -v @ a - h @ b - v @ W @ h.T
        ),
    },
)


# -- 01.2 ----------------------------------------------------------------------------------------
def _all_energies(W, a, b):
    v, h = _states(len(a)), _states(len(b))
    return -(v @ a)[:, None] - (h @ b)[None, :] - v @ W @ h.T


def joint_probabilities(W, a, b):
    """p(v, h) = exp(−E(v, h)) / Z; rows: states of v, columns: states of h."""
    energies = _all_energies(W, a, b)
    weights = np.exp(energies.min() - energies)  # the largest weight is 1: nothing overflows
    return weights / weights.sum()


def _normalised_rows(W, a, b):
    p = joint_probabilities(W, a, b)
    return p / p.sum(axis=1, keepdims=True)


def _normalised_columns(W, a, b):
    p = joint_probabilities(W, a, b)
    return p / p.sum(axis=0, keepdims=True)


def _joint_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, scale in [(2, 1, 1), (1, 1, 1), (3, 2, 1), (2, 4, 2)]:
        yield _machine(rng, n_visible, n_hidden, scale)


JOINT = Exercise(
    name="01.2",
    title="The joint probability of every state",
    reference=joint_probabilities,
    cases=_joint_cases,
    mistakes={
        "these are the weights exp(−E); to be probabilities they must sum to 1. Divide by Z, "
        "their sum over all v and all h.": lambda W, a, b: np.exp(-_all_energies(W, a, b)),
        "you use exp(+E): high energy would be probable. It is exp(−E).": (
            lambda W, a, b: joint_probabilities(-W, -a, -b)
        ),
        "each row sums to 1: that is p(h | v), normalised for each v apart. The joint "
        "distribution has one Z for the whole table.": _normalised_rows,
        "each column sums to 1: that is p(v | h), normalised for each h apart. The joint "
        "distribution has one Z for the whole table.": _normalised_columns,
        "these are the energies; the probabilities are exp(−E) / Z.": _all_energies,
    },
)


# -- 01.3 ----------------------------------------------------------------------------------------
def flip_visible(W, a, b):
    """Parameters of the machine that gives 1 − v the probability which ⟨W, a, b⟩ gives v."""
    return -W, -a, b + W.sum(axis=0)


def _flip_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, scale in [(2, 1, 1), (3, 3, 1), (5, 2, 10), (1, 4, 1)]:
        yield _machine(rng, n_visible, n_hidden, scale)


FLIP = Exercise(
    name="01.3",
    title="The machine that sees the negative",
    reference=flip_visible,
    cases=_flip_cases,
    parts=("W", "a", "b"),
    mistakes={
        "the hidden bias needs a correction. Put v = 1 − v′ into vᵀWh: besides −v′ᵀWh it leaves "
        "a term that depends on h alone, and b has to take it.": lambda W, a, b: (-W, -a, b),
        "the hidden bias is corrected with the wrong sign: the term that 1ᵀWh leaves is added "
        "to b.": lambda W, a, b: (-W, -a, b - W.sum(axis=0)),
        "the sign of the visible bias is missing: aᵀ(1 − v′) is −aᵀv′ plus a constant.": (
            lambda W, a, b: (-W, a, b + W.sum(axis=0))
        ),
        "the sign of the weights is missing: (1 − v′)ᵀWh is −v′ᵀWh plus a term in h alone.": (
            lambda W, a, b: (W, -a, b + W.sum(axis=0))
        ),
        "you return the machine unchanged; it gives 1 − v the probability of 1 − v.": (
            lambda W, a, b: (W, a, b)
        ),
        "the hidden units are flipped as well; only the visible ones should be.": (
            lambda W, a, b: (W, -a - W.sum(axis=1), -b - W.sum(axis=0))
        ),
    },
)

EXERCISES = [ENERGY, JOINT, FLIP]
