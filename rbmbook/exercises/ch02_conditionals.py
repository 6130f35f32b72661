"""Exercises of chapter 02, Conditionals: off, draw, and the logarithm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.random import Generator

from .cases import random_machine, random_states_first_on
from .engine import Exercise


def _sigmoid(x):
    """σ(x) at any magnitude: only numbers that are not positive are exponentiated."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1 + small)


# -- 02.1 ----------------------------------------------------------------------------------------
def hidden_off(v, W, b):
    """P(h_j = 0 | v) = σ(−(b_j + Σ_i v_i W_ij)), with all its digits."""
    return _sigmoid(-(v @ W + b))


def _softmax(v, W, b):
    x = v @ W + b
    factors = np.exp(x - x.max(axis=1, keepdims=True))
    return factors / factors.sum(axis=1, keepdims=True)


def _off_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden in [(3, 2, 2), (4, 3, 3), (1, 5, 2), (2, 3, 1)]:
        W, _, b = random_machine(rng, n_visible, n_hidden)
        yield random_states_first_on(rng, n, n_visible), W, b
    # Inputs beyond 40, where 1 − σ(x) is 0 in floating point and σ(−x) is not.
    W = np.array([[45.0, -50.0], [60.0, 300.0], [1000.0, -1200.0]])
    yield np.array([[1.0, 0, 0], [1, 1, 0], [0, 1, 0], [1, 1, 1]]), W, np.array([0.0, 0.5])


OFF = Exercise(
    name="02.1",
    title="The probability that a hidden unit is off",
    reference=hidden_off,
    cases=_off_cases,
    atol=1e-60,  # σ(−45) is about 3e−20, and its digits are asked for
    mistakes={
        "right where the unit is undecided, but where it is nearly sure to be on, 1 − σ(x) has "
        "lost all its digits. The section “Where it breaks” has the cure: σ(−x).": (
            lambda v, W, b: 1 - _sigmoid(v @ W + b)
        ),
        "that is P(h_j = 1 | v). The probability of being *off* is asked for.": (
            lambda v, W, b: _sigmoid(v @ W + b)
        ),
        "the hidden bias is missing: the input of hidden unit j is b_j + Σ_i v_i W_ij.": (
            lambda v, W, b: hidden_off(v, W, 0 * b)
        ),
        "the bias and the rest of the input have opposite signs: −(b_j + Σ_i v_i W_ij) is "
        "−b_j − Σ_i v_i W_ij.": lambda v, W, b: hidden_off(v, W, -b),
        "`W` is transposed: it has a row for each visible unit, so the input is `v @ W + b`.": (
            lambda v, W, b: hidden_off(v, W.T, b)
        ),
        "these are the inputs. A probability is asked for, by way of the sigmoid.": (
            lambda v, W, b: v @ W + b
        ),
        "each row sums to 1: you have normalised over the hidden units, as if exactly one of them "
        "could be on. Each is on or off by itself, with its own sigmoid.": _softmax,
        "you return 0 or 1, the likelier value. The probability is asked for.": (
            lambda v, W, b: (v @ W + b < 0) * 1.0
        ),
        "that is exp(−input), the odds of being off. Divide it by 1 + exp(−input).": (
            lambda v, W, b: np.exp(-(v @ W + b))
        ),
        "you return the logarithm of the probability. The probability is asked for.": (
            lambda v, W, b: -np.logaddexp(0.0, v @ W + b)
        ),
        "you take the sigmoid twice. `σ(−input)` is a probability already.": (
            lambda v, W, b: _sigmoid(hidden_off(v, W, b))
        ),
        "you use the negative of the picture, 1 − v. The picture stays as it is; the sign of the "
        "whole input changes.": (lambda v, W, b: _sigmoid((1 - v) @ W + b)),
    },
)


# -- 02.2 ----------------------------------------------------------------------------------------
def _draw(h, W, a, noise):
    return (noise < _sigmoid(h @ W.T + a)).astype(np.float64)


def draw_missing(v, known, h, W, a, noise):
    """v where known, else 1 where noise < σ(a_i + Σ_j W_ij h_j) and 0 where not."""
    return np.where(known == 1, v, _draw(h, W, a, noise))


def _draw_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden in [(40, 4, 4), (50, 6, 2), (30, 3, 5)]:
        W, a, _ = random_machine(rng, n_visible, n_hidden)
        known = (np.arange(n_visible) % 3 == 0).astype(np.float64)
        v, h = random_states_first_on(rng, n, n_visible), random_states_first_on(rng, n, n_hidden)
        yield v, known, h, W, a, rng.random((n, n_visible))


def _drawn_with(field) -> Any:
    """A sampler of the missing pixels with another rule for them."""

    def mistake(v, known, h, W, a, noise):
        return np.where(known == 1, v, field(h, W, a, noise))

    return mistake


DRAW = Exercise(
    name="02.2",
    title="A sample of the missing pixels given the hidden units",
    reference=draw_missing,
    cases=_draw_cases,
    mistakes={
        "you draw the known pixels as well. Where `known` is 1, the picture stays as it is.": (
            lambda v, known, h, W, a, noise: _draw(h, W, a, noise)
        ),
        "you draw the pixels that are known and keep those that are missing.": (
            lambda v, known, h, W, a, noise: np.where(known == 1, _draw(h, W, a, noise), v)
        ),
        "the known pixels are 0 in your answer. They stay as they are in `v`.": (
            lambda v, known, h, W, a, noise: np.where(known == 1, 0.0, _draw(h, W, a, noise))
        ),
        "you return the picture unchanged.": lambda v, known, h, W, a, noise: v.copy(),
        "the comparison is the wrong way round: your unit is on with probability 1 − p. The "
        "noise lies *below* p with probability p.": _drawn_with(
            lambda h, W, a, noise: 1 - _draw(h, W, a, noise)
        ),
        "for the missing pixels you return probabilities. A sample is 0 or 1: compare them with "
        "the noise.": _drawn_with(lambda h, W, a, noise: _sigmoid(h @ W.T + a)),
        "you return the likelier value of each missing pixel and ignore the noise: no sample, but "
        "a rounding.": _drawn_with(lambda h, W, a, noise: (h @ W.T + a > 0) * 1.0),
        "the visible bias is missing: the input of visible unit i is a_i + Σ_j W_ij h_j.": (
            _drawn_with(lambda h, W, a, noise: _draw(h, W, 0 * a, noise))
        ),
        "the sign of the input is flipped: the sigmoid is 1 / (1 + exp(−input)).": _drawn_with(
            lambda h, W, a, noise: _draw(h, -W, -a, noise)
        ),
        "the transpose is missing: in `h @ W` the hidden units meet the rows of W, which belong to "
        "the visible units. Downwards it is `h @ W.T`.": _drawn_with(
            lambda h, W, a, noise: _draw(h, W.T, a, noise)
        ),
        "you compare the noise with the input itself. The input can be any number; its sigmoid "
        "is the probability.": _drawn_with(lambda h, W, a, noise: (noise < h @ W.T + a) * 1.0),
        "the visible bias stands outside the sigmoid. It is a part of the input.": _drawn_with(
            lambda h, W, a, noise: (noise < _sigmoid(h @ W.T) + a) * 1.0
        ),
        "you compare 1 − noise with p. That is a sample, too, but another one: on where the noise "
        "itself is below p.": _drawn_with(lambda h, W, a, noise: _draw(h, W, a, 1 - noise)),
        "you add the drawn pixels to what `v` holds at the missing ones. Replace it.": (
            lambda v, known, h, W, a, noise: v + (1 - known) * _draw(h, W, a, noise)
        ),
        "the missing pixels are 0 in your answer. Draw them.": _drawn_with(
            lambda h, W, a, noise: np.zeros(noise.shape)
        ),
    },
)


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

EXERCISES = [OFF, DRAW, LOG]
