"""Exercises of chapter 02, Conditionals: off, and draw."""

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
        "right for moderate inputs, but your numbers are float32, whose smallest is about 1e-45. "
        "Stay in float64.": lambda v, W, b: _sigmoid(-(v @ W + b).astype(np.float32)),
        "the hidden bias stands outside the sigmoid. It is a part of the input.": (
            lambda v, W, b: _sigmoid(-(v @ W)) + b
        ),
        "that is the slope of the sigmoid, P(1 − P). The probability of being off is 1 − P.": (
            lambda v, W, b: _sigmoid(v @ W + b) * _sigmoid(-(v @ W + b))
        ),
        "the hyperbolic tangent runs from −1 to 1. The sigmoid is (1 + tanh(x / 2)) / 2, and it is "
        "best computed from (2.3).": lambda v, W, b: np.tanh(-(v @ W + b)),
        "there is a factor ½ in your input. It is b_j + Σ_i v_i W_ij.": (
            lambda v, W, b: _sigmoid(-(v @ W + b) / 2)
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


def _check_drawn(args: tuple, received: Any, expected: Any) -> str | None:
    v, known, *_ = args
    received = np.asarray(received, dtype=np.float64)
    wrong = received != expected
    if not wrong.any():
        return None
    there = np.broadcast_to(known == 1, v.shape)
    if wrong[there].any():
        t, i = np.argwhere(wrong & there)[0]
        return (
            f"`known` is 1 at pixel {i}, which is {v[t, i]:g} in row {t} of `v`, and you return "
            f"{received[t, i]:g}: known pixels stay as they are."
        )
    if not np.isin(received, (0, 1)).all():
        return "the missing pixels are not all 0 or 1: a sample is."
    return (
        f"the known pixels are right, and the missing ones are 0 or 1, but {wrong.sum()} of "
        f"{(~there).sum()} are not what the given `noise` makes of (2.7). Do you draw noise of "
        "your own? If not, look at the input, a_i + Σ_j W_ij h_j: is a sign or a unit wrong?"
    )


DRAW = Exercise(
    name="02.2",
    title="A sample of the missing pixels given the hidden units",
    reference=draw_missing,
    cases=_draw_cases,
    compare=_check_drawn,
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
        "the visible bias has the wrong sign: the input is a_i + Σ_j W_ij h_j.": _drawn_with(
            lambda h, W, a, noise: _draw(h, W, -a, noise)
        ),
        "the weights have the wrong sign: the input is a_i + Σ_j W_ij h_j.": _drawn_with(
            lambda h, W, a, noise: _draw(h, -W, a, noise)
        ),
        "you use 1 − h: the weights of the hidden units that are *on* count.": _drawn_with(
            lambda h, W, a, noise: _draw(1 - h, W, a, noise)
        ),
        "you average h over the batch. Each picture has its own hidden state.": _drawn_with(
            lambda h, W, a, noise: _draw(np.repeat(h.mean(0)[None], len(h), 0), W, a, noise)
        ),
        "the input does not depend on the pixel drawn: by (2.7) only on h. You add `v`.": (
            lambda v, known, h, W, a, noise: np.where(
                known == 1, v, noise < _sigmoid(h @ W.T + a + v)
            ).astype(np.float64)
        ),
        "a pixel that is off is 0, not −1.": _drawn_with(
            lambda h, W, a, noise: 2 * _draw(h, W, a, noise) - 1
        ),
        "you compare log(noise) with the input. The noise is below σ(y) exactly if log(noise / "
        "(1 − noise)) is below y.": _drawn_with(
            lambda h, W, a, noise: (np.log(noise) < h @ W.T + a) * 1.0
        ),
        "you multiply the picture, the mask and the sample. Take `v` where known, the sample where "
        "not: `np.where`.": lambda v, known, h, W, a, noise: v * known * _draw(h, W, a, noise),
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

EXERCISES = [OFF, DRAW]
