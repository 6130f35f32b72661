"""Exercises of chapter 05, The partition function: averages in one pass, and the Gray code."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise


def _log_sum_exp(x):
    return x.max() + np.log(np.exp(x - x.max()).sum())


# -- 05.2 ----------------------------------------------------------------------------------------
def running_average(blocks):
    """Σ exp(x) f / Σ exp(x) over all numbers of all blocks (x, f), one block at a time."""
    return _running(blocks, -np.inf)


def _running(blocks, peak, kept_total=np.exp, kept_product=np.exp):
    """The same, with the largest exponent to start from and what becomes of the sums so far."""
    total = product = 0.0
    for x, f in blocks:
        new = max(peak, x.max())
        total = total * kept_total(peak - new) + np.exp(x - new).sum()
        product = product * kept_product(peak - new) + np.exp(x - new) @ f
        peak = new
    return product / total


def _joined(blocks):
    x, f = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return np.exp(x - x.max()), f


def _by_blocks(blocks, kept_total, kept_product):
    """A running average whose sums so far are kept in some wrong way when a block comes."""
    return _running(blocks, blocks[0][0].max(), kept_total, kept_product)


def _one(x):
    return 1.0


def _none(x):
    return 0.0


def _by_fixed_exponent(blocks, m):
    """Both sums divided by e^m for one m that is never brought up to date."""
    with np.errstate(all="ignore"):
        total = sum(np.exp(x - m).sum() for x, _ in blocks)
        return sum(np.exp(x - m) @ f for x, f in blocks) / total


def _started_at_zero(blocks):
    """The running average, whose largest exponent so far starts at 0 instead of −∞."""
    return _running(blocks, 0.0)


def _by_own_maximum(blocks):
    """Each block divided by e to its own largest exponent, and no rescaling."""
    shares = [(np.exp(x - x.max()), f) for x, f in blocks]
    return sum(share @ f for share, f in shares) / sum(share.sum() for share, _ in shares)


def _new_terms_by_old_maximum(blocks):
    peak, total, product = blocks[0][0].max(), 0.0, 0.0
    for x, f in blocks:
        new, share = max(peak, x.max()), np.exp(x - peak)
        total = total * np.exp(peak - new) + share.sum()
        product = product * np.exp(peak - new) + share @ f
        peak = new
    return product / total


def _sums_multiplied(blocks):
    x = np.concatenate([x for x, _ in blocks])
    m = x.max()
    return sum(np.exp(x - m).sum() * f.sum() for x, f in blocks) / np.exp(x - m).sum()


def _average_cases(rng: Generator) -> Iterator[tuple]:
    def block(n, shift):
        return shift + rng.standard_normal(n), rng.standard_normal(n)

    yield ([block(3, 0), block(2, 2), block(4, 0)],)
    yield ([(np.array([0.5]), np.array([1.0])), (np.array([-1.0, 3.0]), np.array([0.0, 1.0]))],)
    yield ([block(5, -2000), block(5, -1998)],)
    yield ([block(3, shift) for shift in (900.0, 1700.0, 1701.0, 800.0)],)
    # Within one block, too, the exponents can lie too far apart for any shift but the largest.
    wide = np.array([-800.0, 0.0, 799.0, 800.0])
    yield ([(wide[:2], np.array([1.0, 3.0])), (wide, rng.standard_normal(4)), block(2, 799)],)


STREAM = Exercise(
    name="05.2",
    title="A weighted average in one pass",
    reference=running_average,
    cases=_average_cases,
    mistakes={
        "a new maximum rescales only one of your two sums. Both are kept divided by e^m: multiply "
        "the sum of e^x·f, too, by exp(old maximum − new maximum).": (
            lambda blocks: _by_blocks(blocks, np.exp, _one)
        ),
        "a new maximum rescales only one of your two sums. Both are kept divided by e^m: multiply "
        "the sum of e^x, too, by exp(old maximum − new maximum).": (
            lambda blocks: _by_blocks(blocks, _one, np.exp)
        ),
        "when a block brings a new maximum, what has been summed so far must be rescaled: "
        "multiply both sums by exp(old maximum − new maximum).": (
            lambda blocks: _by_blocks(blocks, _one, _one)
        ),
        "an exponential overflows. Subtract the largest exponent *so far*: not none, and not the "
        "first block's for good; both sums are rescaled when it grows.": lambda blocks: (
            _by_fixed_exponent(blocks, blocks[0][0].max())
        ),
        "the largest exponent so far starts at 0 in your answer. Where all exponents are far below "
        "0, every e^(x − 0) vanishes and 0/0 is left: start with −∞.": _started_at_zero,
        "each block is divided by e to its *own* largest exponent, so the blocks are on different "
        "scales; rescale both sums when a block brings a new maximum.": _by_own_maximum,
        "the new block's terms are divided by e^m with the old m, the sums so far brought to the "
        "new one: use m' for both.": _new_terms_by_old_maximum,
        "the sum of e^x·f starts anew at every block; keep it running like the sum of e^x.": (
            lambda blocks: _by_blocks(blocks, np.exp, _none)
        ),
        "the sum of e^x starts anew at every block; keep it running like the sum of e^x·f.": (
            lambda blocks: _by_blocks(blocks, _none, np.exp)
        ),
        "you multiply the sum of e^x by the sum of f; each f goes with its own e^x: Σ e^x·f.": (
            _sums_multiplied
        ),
        "what has been summed so far is rescaled the wrong way: the factor is "
        "exp(old maximum − new maximum), which is at most 1.": lambda blocks: _by_blocks(
            blocks, lambda x: np.exp(-x), lambda x: np.exp(-x)
        ),
        "all f count alike in your average; the weight of each is e^x.": lambda blocks: np.mean(
            _joined(blocks)[1]
        ),
        "you average the blocks' averages as if all blocks had the same weight; a block counts "
        "by its share of Σ e^x.": lambda blocks: np.mean([running_average([x]) for x in blocks]),
        "you add the blocks' averages; add the sums e^x·f and e^x instead, and divide once, at the "
        "end.": lambda blocks: sum(running_average([x]) for x in blocks),
        "only the last block is there; keep running sums.": lambda blocks: running_average(
            blocks[-1:]
        ),
        "only the first block is there; is a `return` indented too far?": lambda blocks: (
            running_average(blocks[:1])
        ),
        "the sum of all f is not divided by anything, and all f count alike; weigh them by e^x and "
        "divide by the sum of e^x.": lambda blocks: sum(f.sum() for _, f in blocks),
        "x and f are exchanged: each block is a pair (x, f), exponents first.": lambda blocks: (
            running_average([(f, x) for x, f in blocks])
        ),
        "you divide by the number of blocks or of values, too; the sum of e^x is all there is to "
        "divide by.": lambda blocks: running_average(blocks) / len(blocks),
        "this is the f of the largest x alone; the others have weights, too.": lambda blocks: max(
            (x.max(), f[x.argmax()]) for x, f in blocks
        )[1],
        "the sum of e^x·f is not divided by the sum of e^x.": lambda blocks: np.dot(
            *_joined(blocks)
        ),
        "the weights are x in your average; they are e^x.": lambda blocks: (
            sum(x @ f for x, f in blocks) / sum(x.sum() for x, _ in blocks)
        ),
        "the weights are e^(−x) in your average; they are e^x.": lambda blocks: running_average(
            [(-x, f) for x, f in blocks]
        ),
        "you return the sum of e^x, or its logarithm, not the average of f.": lambda blocks: (
            _log_sum_exp(np.concatenate([x for x, _ in blocks]))
        ),
    },
)


# -- 05.3 ----------------------------------------------------------------------------------------
def gray_number(states):
    """The number t of each row in the reflected Gray code; column j is digit j.

    Digit j of the state is the sum of the binary digits j and j + 1 of t, modulo 2. Added from
    digit j up to the last, all binary digits but the j-th occur twice.
    """
    return _value(_from_above(states) % 2)


def _value(digits):
    return digits @ 2 ** np.arange(digits.shape[1])


def _from_above(states):
    return np.cumsum(states[:, ::-1], axis=1)[:, ::-1]


def _alternating(states):
    """t_j = g_j − t_{j+1} from the last digit down, as ordinary numbers."""
    signs = (-1) ** np.arange(states.shape[1])
    return signs * np.cumsum((states * signs)[:, ::-1], axis=1)[:, ::-1]


def _code_again(states):
    t = _value(states)
    return t ^ (t >> 1)


def _gray_cases(rng: Generator) -> Iterator[tuple]:
    every = np.arange(8)
    yield (((every ^ (every >> 1))[:, None] >> np.arange(3)) & 1,)
    yield (np.array([[0], [1]]),)
    for rows, n in ((6, 5), (20, 12)):
        yield (rng.integers(0, 2, size=(rows, n)),)


GRAY = Exercise(
    name="05.3",
    title="The number of a state in the Gray code",
    reference=gray_number,
    cases=_gray_cases,
    mistakes={
        "you read each state as an ordinary binary number; that is its number in counting order, "
        "not in the Gray code.": _value,
        "you apply (5.6) to the state, which leads from the number to the state. Here it has to be "
        "undone.": _code_again,
        "the columns are read in reverse order: column 0 is the digit that moves at every second "
        "step.": lambda states: gray_number(states[:, ::-1]),
        "you read each state as an ordinary binary number, and in reverse order.": lambda states: (
            _value(states[:, ::-1])
        ),
        "the sum for binary digit j runs over the digits up to j; it runs from j up to the last, "
        "because the last digit of t and that of the state are equal.": lambda states: _value(
            np.cumsum(states, axis=1) % 2
        ),
        "the sum for binary digit j leaves out digit j of the state itself.": lambda states: _value(
            (_from_above(states) - states) % 2
        ),
        "you subtract without reducing modulo 2: 0 − 1 is 1 there.": lambda states: _value(
            _alternating(states)
        ),
        "you add along axis 0, from state to state; add along axis 1, over a state's digits.": (
            lambda states: _value(np.cumsum(states[::-1], axis=0)[::-1] % 2)
        ),
        "this is the number of digits that are 1; the Gray code's number is asked for.": (
            lambda states: states.sum(axis=1)
        ),
        "0 and 1 are exchanged in your reading of the state.": lambda states: gray_number(
            1 - states
        ),
        "this is the lowest digit that is 1, near (5.5): which digit moves. Asked for is the "
        "number of the state.": lambda states: states.argmax(axis=1),
        "the numbers start at 0, but yours at −1.": lambda states: gray_number(states) - 1,
        "the sums of digits are not reduced modulo 2.": lambda states: _value(_from_above(states)),
        "the numbers start at 0: the state with all digits 0 is number 0.": lambda states: (
            gray_number(states) + 1
        ),
        "you count from the end of the code: the state with all digits 0 is number 0.": (
            lambda states: 2 ** states.shape[1] - 1 - gray_number(states)
        ),
        "these are the binary digits of t; put them together to the number t.": lambda states: (
            _from_above(states) % 2
        ),
        "these are the binary digits of t, highest first; put them together to the number t.": (
            lambda states: (_from_above(states) % 2)[:, ::-1]
        ),
        "the binary digits of t are right, but put together in reverse order: digit j stands for "
        "2^j.": lambda states: _value((_from_above(states) % 2)[:, ::-1]),
    },
)

EXERCISES = [STREAM, GRAY]
