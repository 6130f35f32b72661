"""Free energies with one slip, for the exercises that build on F."""

from collections.abc import Callable

import numpy as np

from .numerics import softplus


def _energy(visible: float, hidden: Callable) -> Callable:
    """F = −visible · vᵀa − hidden(b + vᵀW), summed over the hidden units by ``hidden``."""
    return lambda v, W, a, b: -visible * (v @ a) - hidden(v @ W, b)


SLIPS: dict[str, tuple[str, Callable]] = {
    "mean": (
        "in your free energy the softplus terms are averaged over the hidden units; sum them.",
        _energy(1, lambda x, b: softplus(x + b).mean(axis=1)),
    ),
    "batch": (
        "in your free energy the softplus terms are summed over the whole batch; sum over the "
        "hidden units only, `axis=1`.",
        _energy(1, lambda x, b: softplus(x + b).sum()),
    ),
    "no a": (
        "in your free energy the visible term −aᵀv is missing.",
        _energy(0, lambda x, b: softplus(x + b).sum(axis=1)),
    ),
    "−a": (
        "in your free energy the visible term has the wrong sign: it is −aᵀv.",
        _energy(-1, lambda x, b: softplus(x + b).sum(axis=1)),
    ),
    "no hidden": (
        "in your free energy the softplus terms of the hidden units are missing.",
        _energy(1, lambda x, b: 0.0),
    ),
    "−hidden": (
        "in your free energy the softplus terms have the wrong sign: each hidden unit lowers F.",
        _energy(1, lambda x, b: -softplus(x + b).sum(axis=1)),
    ),
    "no b": (
        "in your free energy the hidden bias is missing inside softplus, which takes "
        "b_j + Σ_i v_i W_ij.",
        _energy(1, lambda x, b: softplus(x).sum(axis=1)),
    ),
    "−b": (
        "in your free energy the hidden bias has the wrong sign: softplus takes "
        "b_j + Σ_i v_i W_ij.",
        _energy(1, lambda x, b: softplus(x - b).sum(axis=1)),
    ),
    "−input": (
        "in your free energy softplus takes the input with the wrong sign: it is "
        "+(b_j + Σ_i v_i W_ij).",
        _energy(1, lambda x, b: softplus(-x - b).sum(axis=1)),
    ),
    "linear": (
        "in your free energy the inputs b_j + Σ_i v_i W_ij stand without softplus.",
        _energy(1, lambda x, b: (x + b).sum(axis=1)),
    ),
    "max": (
        "in your free energy max(0, x) stands in place of softplus(x) = log(1 + exp(x)).",
        _energy(1, lambda x, b: np.maximum(0, x + b).sum(axis=1)),
    ),
    "sigmoid": (
        "in your free energy the sigmoid stands in place of softplus, whose derivative it is.",
        _energy(1, lambda x, b: np.exp(-softplus(-x - b)).sum(axis=1)),
    ),
    "log2": (
        "in your free energy softplus has a logarithm to base 2; take the natural one.",
        _energy(1, lambda x, b: softplus(x + b).sum(axis=1) / np.log(2)),
    ),
    "one": (
        "in your free energy softplus is taken of the summed inputs; each hidden unit has its own.",
        _energy(1, lambda x, b: softplus((x + b).sum(axis=1))),
    ),
}


def with_free_energy(answer: Callable, *known: str) -> dict[str, Callable]:
    """Mistakes of an exercise: ``answer(F)`` for every free energy with a slip.

    ``known`` are the keys of slips that the exercise tells in words of its own, or that make no
    difference in it.
    """
    return {words: answer(energy) for key, (words, energy) in SLIPS.items() if key not in known}
