"""Exercises of chapter 02, Conditionals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.random import Generator

from .engine import Exercise


def _sigmoid(x):
    """σ(x) at any magnitude: only numbers that are not positive are exponentiated."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1 + small)


def _states(width: int) -> np.ndarray:
    """All binary states, in the order of ``itertools.product``: 00, 01, 10, 11."""
    return np.array(list(product((0.0, 1.0), repeat=width)))


def _binary(rng: Generator, n: int, width: int) -> np.ndarray:
    """Random states; in the first row every unit is on, so that every weight counts."""
    x = rng.integers(0, 2, size=(n, width)).astype(np.float64)
    x[0] = 1.0
    return x


def _machine(rng: Generator, n_visible: int, n_hidden: int, scale: float = 1.0) -> tuple:
    """Parameters W, a, b of a random machine."""
    return (
        scale * rng.standard_normal((n_visible, n_hidden)),
        scale * rng.standard_normal(n_visible),
        scale * rng.standard_normal(n_hidden),
    )


# -- 02.1 ----------------------------------------------------------------------------------------
def hidden_probability(v, W, b):
    """P(h_j = 1 | v) = σ(b_j + Σ_i v_i W_ij)."""
    return _sigmoid(v @ W + b)


def _softmax(v, W, b):
    x = v @ W + b
    weights = np.exp(x - x.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def _hidden_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, scale in [(3, 2, 1, 1), (4, 3, 3, 1), (1, 5, 2, 1), (3, 4, 6, 1e3)]:
        W, _, b = _machine(rng, n_visible, n_hidden, scale)
        yield _binary(rng, n, n_visible), W, b


HIDDEN = Exercise(
    name="02.1",
    title="The hidden units given the visible ones",
    reference=hidden_probability,
    cases=_hidden_cases,
    mistakes={
        "the hidden bias is missing: the input of hidden unit j is b_j + Σ_i v_i W_ij.": (
            lambda v, W, b: hidden_probability(v, W, 0 * b)
        ),
        "the sign of the input is flipped: you return P(h_j = 0 | v). It is "
        "1 / (1 + exp(−input)), with a minus.": lambda v, W, b: hidden_probability(v, -W, -b),
        "the sign of the bias is flipped: a positive bias favours its unit being on.": (
            lambda v, W, b: hidden_probability(v, W, -b)
        ),
        "`W` is transposed: it has a row for each visible unit, so the input is `v @ W + b`.": (
            lambda v, W, b: hidden_probability(v, W.T, b)
        ),
        "these are the inputs v @ W + b. The sigmoid of them is asked for.": (
            lambda v, W, b: v @ W + b
        ),
        "each row sums to 1: you have normalised over the hidden units, as if exactly one of them "
        "could be on. Each is on or off by itself, with its own sigmoid.": _softmax,
        "you return 0 or 1, the likelier value. The probability is asked for.": (
            lambda v, W, b: (v @ W + b > 0) * 1.0
        ),
        "that is exp(input), the odds P / (1 − P). Divide it by 1 + exp(input).": (
            lambda v, W, b: np.exp(v @ W + b)
        ),
        "that is tanh of the input, between −1 and 1. A unit with the values 0 and 1 has the "
        "sigmoid.": lambda v, W, b: np.tanh(v @ W + b),
    },
)


# -- 02.2 ----------------------------------------------------------------------------------------
def sample_visible(h, W, a, noise):
    """1 where noise < σ(a_i + Σ_j W_ij h_j), else 0."""
    return (noise < _sigmoid(h @ W.T + a)).astype(np.float64)


def _sample_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden in [(30, 4, 4), (50, 6, 2), (20, 3, 5)]:
        W, a, _ = _machine(rng, n_visible, n_hidden)
        yield _binary(rng, n, n_hidden), W, a, rng.random((n, n_visible))


SAMPLE = Exercise(
    name="02.2",
    title="A sample of the visible units given the hidden ones",
    reference=sample_visible,
    cases=_sample_cases,
    mistakes={
        "the comparison is the wrong way round: your unit is on with probability 1 − p. The "
        "noise lies *below* p with probability p.": (
            lambda h, W, a, noise: 1 - sample_visible(h, W, a, noise)
        ),
        "you return the probabilities. A sample is 0 or 1: compare them with the noise.": (
            lambda h, W, a, noise: _sigmoid(h @ W.T + a)
        ),
        "you return the likelier value of each unit and ignore the noise: no sample, but a "
        "rounding.": lambda h, W, a, noise: (h @ W.T + a > 0) * 1.0,
        "the visible bias is missing: the input of visible unit i is a_i + Σ_j W_ij h_j.": (
            lambda h, W, a, noise: sample_visible(h, W, 0 * a, noise)
        ),
        "the sign of the input is flipped: the sigmoid is 1 / (1 + exp(−input)).": (
            lambda h, W, a, noise: sample_visible(h, -W, -a, noise)
        ),
        "the transpose is missing: in `h @ W` the hidden units meet the rows of W, which belong to "
        "the visible units. Downwards it is `h @ W.T`.": (
            lambda h, W, a, noise: (noise < _sigmoid(h @ W + a)).astype(np.float64)
        ),
        "you compare the noise with the input itself. The input can be any number; its sigmoid "
        "is the probability.": lambda h, W, a, noise: (noise < h @ W.T + a) * 1.0,
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
        W, _, b = _machine(rng, n_visible, n_hidden, scale)
        h = rng.integers(0, 2, size=(n, n_hidden)).astype(np.float64)
        h[-1] = 0.0  # a state with nothing on has a probability too
        yield h, _binary(rng, n, n_visible), W, b


LOG = Exercise(
    name="02.3",
    title="The log-probability of a hidden state",
    reference=log_conditional,
    cases=_log_cases,
    mistakes={
        "the units that are off are missing. They contribute log P(h_j = 0 | v) = log σ(−x_j).": (
            lambda h, v, W, b: (h * -np.logaddexp(0.0, -(v @ W + b))).sum(axis=1)
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
        "you average over the hidden units. Logarithms of factors add up: sum them.": (
            lambda h, v, W, b: _log_factors(h, v, W, b).mean(axis=1)
        ),
    },
)


# -- 02.4 ----------------------------------------------------------------------------------------
def all_on_detector(mask):
    """Weight 10 on the mask, bias halfway between "all on" and "one missing"."""
    return 10.0 * mask, 5.0 - 10.0 * float(mask.sum())


def _check_detector(args: tuple, received: Any, expected: Any) -> str | None:
    (mask,) = args
    w, bias = (np.asarray(part, dtype=np.float64) for part in received)
    pictures = _states(len(mask))
    p = _sigmoid(pictures @ w + bias)
    wanted = (pictures @ mask) == mask.sum()
    wrong = np.where(wanted, p <= 0.99, p >= 0.01)
    if not wrong.any():
        return None
    k = int(np.argmax(wrong))
    state = "".join(str(int(x)) for x in pictures[k])
    reason = "all of the mask is on" if wanted[k] else "a pixel of the mask is off"
    side = "more than 0.99" if wanted[k] else "less than 0.01"
    name = "".join(str(int(x)) for x in mask)
    return (
        f"for the mask {name} and v = {state}, {reason}, but P(h = 1 | v) = {p[k]:.4f}; "
        f"expected {side}."
    )


def _mask_cases(rng: Generator) -> Iterator[tuple]:
    for mask in ([1, 1], [1, 0, 1], [0, 0, 1, 0], [1, 1, 1, 0, 1, 1]):
        yield (np.array(mask, dtype=np.float64),)


DETECTOR = Exercise(
    name="02.4",
    title="A hidden unit that detects that all pixels of a mask are on",
    reference=all_on_detector,
    cases=_mask_cases,
    compare=_check_detector,
    parts=("weights", "bias"),
    mistakes={
        "with a bias of 0 the unit is on half of the time for the empty picture. The bias must "
        "outweigh every picture in which a pixel of the mask is off.": (
            lambda mask: (10.0 * mask, 0.0)
        ),
        "the bias cancels the weights of the whole mask exactly: with all pixels on the input is 0 "
        "and the probability ½. Make the bias less negative, by half a weight.": (
            lambda mask: (10.0 * mask, -10.0 * float(mask.sum()))
        ),
        "one pixel of the mask is enough to switch this unit on: it detects *any*, not *all*. "
        "The bias must be so low that all weights together are needed.": (
            lambda mask: (10.0 * mask, -5.0)
        ),
        "the idea is right, but the weights are too small: half a weight of evidence is not "
        "enough for 0.99. How large must an input be for σ to exceed 0.99?": (
            lambda mask: (mask.copy(), 0.5 - float(mask.sum()))
        ),
        "the signs are flipped: this unit is *off* when all pixels of the mask are on.": (
            lambda mask: (-10.0 * mask, 10.0 * float(mask.sum()) - 5.0)
        ),
    },
)


# -- 02.5 ----------------------------------------------------------------------------------------
def _all_conditionals(v, W, b):
    """Table (n, 2^H) of p(h | v)."""
    h = _states(len(b))  # (2^H, H)
    x = (v @ W + b)[:, None, :]  # (n, 1, H)
    return np.exp(-np.logaddexp(0.0, np.where(h == 1, -x, x)).sum(axis=2))


def round_trip_mean(v, W, a, b):
    """E[v' | v] = Σ_h p(h | v) σ(a + W h), over all 2^H hidden states."""
    return _all_conditionals(v, W, b) @ _sigmoid(_states(len(b)) @ W.T + a)


def _trip_shortcut(v, W, a, b):
    return _sigmoid(_sigmoid(v @ W + b) @ W.T + a)


def _trip_rounded(v, W, a, b):
    return _sigmoid((v @ W + b > 0) @ W.T + a)


def _trip_unweighted(v, W, a, b):
    mean = _sigmoid(_states(len(b)) @ W.T + a).mean(axis=0)
    return np.repeat(mean[None], len(v), axis=0)


def _trip_unnormalised(v, W, a, b):
    h = _states(len(b))
    return np.exp((v @ W + b) @ h.T) @ _sigmoid(h @ W.T + a)


def _trip_no_transpose(v, W, a, b):
    return _all_conditionals(v, W, b) @ _sigmoid(_states(len(b)) @ W + a)


def _trip_marginal(v, W, a, b):
    """Averaged over p(h), not p(h | v): the start is forgotten."""
    h = _states(len(b))
    log_p = h @ b + np.logaddexp(0.0, h @ W.T + a).sum(axis=1)
    p = np.exp(log_p - log_p.max())
    mean = (p / p.sum()) @ _sigmoid(h @ W.T + a)
    return np.repeat(mean[None], len(v), axis=0)


def _trip_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, scale in [(3, 2, 1, 2), (4, 3, 3, 2), (2, 5, 2, 2), (3, 3, 4, 3)]:
        yield (_binary(rng, n, n_visible), *_machine(rng, n_visible, n_hidden, scale))


TRIP = Exercise(
    name="02.5",
    title="The exact mean after one trip back and forth",
    reference=round_trip_mean,
    cases=_trip_cases,
    mistakes={
        "you put the mean of h into the second sigmoid. The sigmoid is curved: average "
        "σ(a + W h) over the states of h, each with its probability, not h itself.": _trip_shortcut,
        "you use only the likeliest hidden state. The others have probability too.": _trip_rounded,
        "every hidden state counts the same in your average. Weigh each with p(h | v).": (
            _trip_unweighted
        ),
        "the weights exp(Σ_j x_j h_j) are not normalised: divide by their sum over h, "
        "∏_j (1 + exp(x_j)).": _trip_unnormalised,
        "you average over p(h), which knows nothing of v. The trip starts at v: use p(h | v).": (
            _trip_marginal
        ),
        "the transpose is missing in the step down: the inputs of the visible units are "
        "`h @ W.T + a`.": _trip_no_transpose,
        "the visible bias is missing in the step down.": (
            lambda v, W, a, b: round_trip_mean(v, W, 0 * a, b)
        ),
        "the hidden bias is missing in the step up.": (
            lambda v, W, a, b: round_trip_mean(v, W, a, 0 * b)
        ),
    },
)

EXERCISES = [HIDDEN, SAMPLE, LOG, DETECTOR, TRIP]
