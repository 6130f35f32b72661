"""Exercises of chapter 02, Conditionals: the logarithm of a probability."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .cases import random_machine, random_states_first_on
from .engine import Exercise


# -- 02.3 ----------------------------------------------------------------------------------------
def _log_factors(h, v, W, b):
    x = v @ W + b
    return -np.logaddexp(0.0, np.where(h == 1, -x, x))


def log_conditional(h, v, W, b):
    """log p(h | v) = Σ_j log σ(±x_j), plus where the unit is on, minus where it is off."""
    return _log_factors(h, v, W, b).sum(axis=1)


def _log_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, scale in [(3, 2, 1, 1), (5, 4, 3, 1), (2, 3, 8, 1), (4, 5, 4, 1e3)]:
        W, _, b = random_machine(rng, n_visible, n_hidden, scale)
        h = rng.integers(0, 2, size=(n, n_hidden)).astype(np.float64)
        h[-1] = 0.0  # a state with nothing on has a probability too
        yield h, random_states_first_on(rng, n, n_visible), W, b


LOG = Exercise(
    name="02.3",
    title="The log-probability of a hidden state",
    reference=log_conditional,
    cases=_log_cases,
    mistakes={
        "the units that are off are missing. They contribute log P(h_j = 0 | v) = log σ(−x_j).": (
            lambda h, v, W, b: (h * -np.logaddexp(0.0, -(v @ W + b))).sum(axis=1)
        ),
        "that is the log-probability that all hidden units are on: `h` does not occur in it. Where "
        "h_j is 0, the contribution is log σ(−x_j).": (
            lambda h, v, W, b: -np.logaddexp(0.0, -(v @ W + b)).sum(axis=1)
        ),
        "each unit that is on contributes log σ(x_j) *and* log σ(−x_j) in your sum. The second is "
        "for the units that are off: multiply it by 1 − h_j.": (
            lambda h, v, W, b: (
                log_conditional(h, v, W, b) - (h * np.logaddexp(0.0, v @ W + b)).sum(axis=1)
            )
        ),
        "the probability was so small that its logarithm needed a floor: 1e-12 added to it. Take "
        "the logarithm of σ by hand first: log σ(x) = −log(1 + exp(−x)).": (
            lambda h, v, W, b: np.log(np.exp(_log_factors(h, v, W, b)) + 1e-12).sum(axis=1)
        ),
        "on and off are exchanged: a unit that is on contributes log σ(x_j), one that is off "
        "log σ(−x_j).": lambda h, v, W, b: log_conditional(1 - h, v, W, b),
        "the sign is flipped: the logarithm of a probability is negative or 0.": (
            lambda h, v, W, b: -log_conditional(h, v, W, b)
        ),
        "this is the probability; its logarithm is asked for.": (
            lambda h, v, W, b: np.exp(log_conditional(h, v, W, b))
        ),
        "the hidden bias is missing: the input is b_j + Σ_i v_i W_ij.": (
            lambda h, v, W, b: log_conditional(h, v, W, 0 * b)
        ),
        "that is Σ_j x_j h_j, the numerator's logarithm. The denominator is missing: "
        "Σ_j log(1 + exp(x_j)).": lambda h, v, W, b: ((v @ W + b) * h).sum(axis=1),
        "that is −Σ_j log(1 + exp(x_j)), the log-probability that all hidden units are *off*. The "
        "numerator is missing: Σ_j x_j h_j.": (
            lambda h, v, W, b: -np.logaddexp(0.0, v @ W + b).sum(axis=1)
        ),
        "the denominator has the wrong sign: log p is Σ_j x_j h_j *minus* Σ_j log(1 + exp(x_j)).": (
            lambda h, v, W, b: ((v @ W + b) * h + np.logaddexp(0.0, v @ W + b)).sum(axis=1)
        ),
        "the denominator of a unit is 1 + exp(x_j), with a plus in the exponent.": (
            lambda h, v, W, b: ((v @ W + b) * h - np.logaddexp(0.0, -(v @ W + b))).sum(axis=1)
        ),
        "a unit that is off contributes log σ(0) = −log 2 in your sum: h_j multiplies the input. "
        "Its contribution is log σ(−x_j).": (
            lambda h, v, W, b: -np.logaddexp(0.0, -h * (v @ W + b)).sum(axis=1)
        ),
        "you normalise over the hidden units, as if exactly one of them could be on. Each has its "
        "own denominator, 1 + exp(x_j).": lambda h, v, W, b: (
            h * (v @ W + b - np.logaddexp.reduce(v @ W + b, axis=1, keepdims=True))
        ).sum(axis=1),
        "you add the units' probabilities and take one logarithm. Independent probabilities "
        "multiply: their logarithms add up.": (
            lambda h, v, W, b: np.log(np.exp(_log_factors(h, v, W, b)).sum(axis=1))
        ),
        **{
            f"right for moderate inputs, but you clip them to ±{limit}, and log σ(−1000) is −1000. "
            "`np.logaddexp` needs no clipping.": lambda h, v, W, b, limit=limit: (
                -np.logaddexp(0.0, np.where(h == 1, -1, 1) * np.clip(v @ W + b, -limit, limit))
            ).sum(axis=1)
            for limit in (30, 50, 100, 500, 700)
        },
        "the logarithm is to base 2; use the natural one.": (
            lambda h, v, W, b: log_conditional(h, v, W, b) / np.log(2)
        ),
        "one number per row is asked for, the log-probability of the whole hidden state: sum the "
        "units' contributions over axis 1.": _log_factors,
        "you return the largest contribution of a single unit. Sum over all of them.": (
            lambda h, v, W, b: _log_factors(h, v, W, b).max(axis=1)
        ),
        "you average over the hidden units. Logarithms of factors add up: sum them.": (
            lambda h, v, W, b: _log_factors(h, v, W, b).mean(axis=1)
        ),
    },
)

EXERCISES = [LOG]
