"""Exercises of chapter 02, Conditionals: a unit by design, and one trip back and forth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.random import Generator

from .cases import all_states, random_machine, random_states_first_on
from .ch02_conditionals import _sigmoid
from .engine import Exercise


# -- 02.4 ----------------------------------------------------------------------------------------
def all_on_detector(mask):
    """Weight 10 on the mask, bias halfway between "all on" and "one missing"."""
    return 10.0 * mask, 5.0 - 10.0 * float(mask.sum())


def _check_detector(args: tuple, received: Any, expected: Any) -> str | None:
    (mask,) = args
    w, bias = (np.asarray(part, dtype=np.float64) for part in received)
    pictures = all_states(len(mask))
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
        f"expected {side}. {_detector_hint(mask, w, bias)}"
    )


def _detector_hint(mask: np.ndarray, w: np.ndarray, bias: np.ndarray) -> str:
    """What to change: the weights outside the mask, the bias, or the size of everything."""
    if np.any(w[mask == 0] != 0):
        return "A pixel outside the mask has a weight, so it matters; it is not to."
    if np.any(w[mask == 1] <= 0):
        return "A pixel of the mask that goes on has to raise the input: a positive weight."
    full, near = bias + w @ mask, bias + w @ mask - w[mask == 1].min()  # at most one pixel missing
    if full <= 0:
        return f"With all of the mask on the input is {full:.4g}: the bias is too negative."
    if near >= 0:
        return f"With one pixel of the mask off the input is {near:.4g}: the bias is too high."
    return "The signs are right, but an input has to be beyond ±log 99 for σ to be that sure."


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
        "the two results are exchanged: first the weights, then the bias.": (
            lambda mask: all_on_detector(mask)[::-1]
        ),
        "the signs are flipped: this unit is *off* when all pixels of the mask are on.": (
            lambda mask: (-10.0 * mask, 10.0 * float(mask.sum()) - 5.0)
        ),
    },
)


# -- 02.5 ----------------------------------------------------------------------------------------
def _all_conditionals(v, W, b):
    """Table (n, 2^H) of p(h | v)."""
    h = all_states(len(b))  # (2^H, H)
    x = (v @ W + b)[:, None, :]  # (n, 1, H)
    return np.exp(-np.logaddexp(0.0, np.where(h == 1, -x, x)).sum(axis=2))


def round_trip_mean(v, W, a, b):
    """E[v' | v] = Σ_h p(h | v) σ(a + W h), over all 2^H hidden states."""
    return _all_conditionals(v, W, b) @ _sigmoid(all_states(len(b)) @ W.T + a)


def _trip_shortcut(v, W, a, b):
    return _sigmoid(_sigmoid(v @ W + b) @ W.T + a)


def _trip_rounded(v, W, a, b):
    return _sigmoid((v @ W + b > 0) @ W.T + a)


def _trip_unweighted(v, W, a, b):
    mean = _sigmoid(all_states(len(b)) @ W.T + a).mean(axis=0)
    return np.repeat(mean[None], len(v), axis=0)


def _trip_unnormalised(v, W, a, b):
    h = all_states(len(b))
    return np.exp((v @ W + b) @ h.T) @ _sigmoid(h @ W.T + a)


def _trip_no_transpose(v, W, a, b):
    return _all_conditionals(v, W, b) @ _sigmoid(all_states(len(b)) @ W + a)


def _trip_only_on(v, W, a, b):
    h = all_states(len(b))
    factors = np.where(h == 1, _sigmoid(v @ W + b)[:, None, :], 1.0).prod(axis=2)
    return factors @ _sigmoid(h @ W.T + a)


def _trip_added(v, W, a, b):
    h, p_on = all_states(len(b)), _sigmoid(v @ W + b)[:, None, :]
    return np.where(h == 1, p_on, 1 - p_on).sum(axis=2) @ _sigmoid(h @ W.T + a)


def _trip_marginal(v, W, a, b):
    """Averaged over p(h), not p(h | v): the start is forgotten."""
    h = all_states(len(b))
    log_p = h @ b + np.logaddexp(0.0, h @ W.T + a).sum(axis=1)
    p = np.exp(log_p - log_p.max())
    mean = (p / p.sum()) @ _sigmoid(h @ W.T + a)
    return np.repeat(mean[None], len(v), axis=0)


def _trip_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, scale in [(3, 2, 1, 2), (4, 3, 3, 2), (2, 5, 2, 2), (3, 3, 4, 3)]:
        yield (
            random_states_first_on(rng, n, n_visible),
            *random_machine(rng, n_visible, n_hidden, scale),
        )


def _check_trip(args: tuple, received: Any, expected: Any) -> str | None:
    _, W, a, b = args
    received = np.asarray(received, dtype=np.float64)
    error = np.abs(received - expected)
    if (error <= 1e-9 + 1e-6 * np.abs(expected)).all():
        return None
    means = _sigmoid(all_states(len(b)) @ W.T + a)
    if (np.abs(received[:, None] - means).max(axis=2).min(axis=1) < 1e-6).all():
        return (
            "each row of your result belongs to a single hidden state. If you draw h, that is one "
            "sample of what can happen; its mean over all h is asked for, with weights p(h | v)."
        )
    if any(np.array_equal(np.round(expected, k), received) for k in range(10)):
        return "you rounded. Return every digit you have; round only what you print."
    t, i = np.unravel_index(error.argmax(), error.shape)
    values = f"expected {expected[t, i]:.6f} at [{t}, {i}], received {received[t, i]:.6f}"
    if np.isin(received, (0, 1)).all():
        return f"you return zeros and ones, a sample of v′. Its mean is asked for: {values}"
    if error.max() < 0.03:
        return (
            "near, and not exact. An average over samples of h comes near; the sum over all 2^H "
            f"states of h is exact: {values}"
        )
    return (
        "not right yet. Two tables are needed: p(h | v), whose rows sum to 1, and σ(a + W h) for "
        f"each h; their matrix product is the answer: {values}"
    )


TRIP = Exercise(
    name="02.5",
    title="The exact mean after one trip back and forth",
    reference=round_trip_mean,
    cases=_trip_cases,
    compare=_check_trip,
    mistakes={
        "you put the mean of h into the second sigmoid. The sigmoid is curved: average "
        "σ(a + W h) over the states of h, each with its probability, not h itself.": _trip_shortcut,
        "you use only the likeliest hidden state. The others have probability too.": _trip_rounded,
        "every hidden state counts the same in your average. Weigh each with p(h | v).": (
            _trip_unweighted
        ),
        "the factors exp(Σ_j x_j h_j) are not normalised: divide by their sum over h, "
        "∏_j (1 + exp(x_j)).": _trip_unnormalised,
        "you average over p(h), which knows nothing of v. The trip starts at v: use p(h | v).": (
            _trip_marginal
        ),
        "the transpose is missing in the step down: the inputs of the visible units are "
        "`h @ W.T + a`.": _trip_no_transpose,
        "the hidden units that are off are missing in your p(h | v): each has the factor "
        "1 − σ(x_j).": _trip_only_on,
        "you average the inputs of the visible units; their sigmoid is missing.": (
            lambda v, W, a, b: _all_conditionals(v, W, b) @ (all_states(len(b)) @ W.T + a)
        ),
        "the signs of all inputs are flipped: the sigmoid is 1 / (1 + exp(−input)).": (
            lambda v, W, a, b: round_trip_mean(v, -W, -a, -b)
        ),
        "the two tables do not have their hidden states in the same order: row k of the means must "
        "belong to the state of column k of p(h | v).": (
            lambda v, W, a, b: (
                _all_conditionals(v, W, b)[:, ::-1] @ _sigmoid(all_states(len(b)) @ W.T + a)
            )
        ),
        "you add up the means of all hidden states. Each counts with its probability p(h | v).": (
            lambda v, W, a, b: _trip_unweighted(v, W, a, b) * 2 ** len(b)
        ),
        "you weigh each hidden state with log p(h | v). The weight is the probability itself.": (
            lambda v, W, a, b: (
                np.log(_all_conditionals(v, W, b)) @ _sigmoid(all_states(len(b)) @ W.T + a)
            )
        ),
        "in your p(h | v) the units' probabilities are added. They are independent given v: "
        "multiply them.": _trip_added,
        "you send the inputs x_j down, without a sigmoid on the way up.": (
            lambda v, W, a, b: _sigmoid((v @ W + b) @ W.T + a)
        ),
        "these are two trips. One is asked for.": (
            lambda v, W, a, b: round_trip_mean(round_trip_mean(v, W, a, b), W, a, b)
        ),
        "the visible bias stands alone in the sigmoid, and the rest outside. The input is "
        "a_i + Σ_j W_ij h_j.": lambda v, W, a, b: _sigmoid(a) + _sigmoid(v @ W + b) @ W.T,
        "the hidden units are all off in your step down: W does not occur.": (
            lambda v, W, a, b: np.repeat(_sigmoid(a)[None], len(v), axis=0)
        ),
        "you return the picture you started with, `v`.": lambda v, W, a, b: v.copy(),
        "`a` and `b` are exchanged.": lambda v, W, a, b: round_trip_mean(v, W, b, a),
        "you return 1 − E[v′ | v], the probability that the pixel is off.": (
            lambda v, W, a, b: 1 - round_trip_mean(v, W, a, b)
        ),
        "the visible bias is missing in the step down.": (
            lambda v, W, a, b: round_trip_mean(v, W, 0 * a, b)
        ),
        "the hidden bias is missing in the step up.": (
            lambda v, W, a, b: round_trip_mean(v, W, a, 0 * b)
        ),
    },
)

EXERCISES = [DETECTOR, TRIP]
