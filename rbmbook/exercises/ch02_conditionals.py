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
def hidden_off(v, W, b):
    """P(h_j = 0 | v) = σ(−(b_j + Σ_i v_i W_ij)), with all its digits."""
    return _sigmoid(-(v @ W + b))


def _softmax(v, W, b):
    x = v @ W + b
    factors = np.exp(x - x.max(axis=1, keepdims=True))
    return factors / factors.sum(axis=1, keepdims=True)


def _off_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden in [(3, 2, 1), (4, 3, 3), (1, 5, 2)]:
        W, _, b = _machine(rng, n_visible, n_hidden)
        yield _binary(rng, n, n_visible), W, b
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
        W, a, _ = _machine(rng, n_visible, n_hidden)
        known = (np.arange(n_visible) % 3 == 0).astype(np.float64)
        v, h = _binary(rng, n, n_visible), _binary(rng, n, n_hidden)
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

EXERCISES = [OFF, DRAW, LOG, DETECTOR, TRIP]
