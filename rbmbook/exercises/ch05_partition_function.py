"""Exercises of chapter 05, The partition function."""

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


def _states(width: int) -> np.ndarray:
    """All binary states, in the order of ``itertools.product``: 00, 01, 10, 11."""
    return np.array(list(product((0.0, 1.0), repeat=width)))


def _log_sum_exp(x):
    return x.max() + np.log(np.exp(x - x.max()).sum())


# -- 05.1 ----------------------------------------------------------------------------------------
def _log_weights(W, a, b):
    """−G(h) of all hidden states, the visible layer summed in closed form."""
    h = _states(len(b))
    return h @ b + np.logaddexp(0, h @ W.T + a).sum(axis=1)


def log_partition(W, a, b):
    """log Z = log Σ_h exp(bᵀh + Σ_i softplus(a_i + Σ_j W_ij h_j))."""
    return _log_sum_exp(_log_weights(W, a, b))


def _uncoupled(W, a, b):
    """log Z if v and h had nothing to do with each other."""
    return np.logaddexp(0, a).sum() + np.logaddexp(0, b).sum()


def _partition_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, scale in [(2, 1, 1), (3, 4, 1), (12, 6, 1), (4, 3, 400)]:
        yield _machine(rng, n_visible, n_hidden, scale)


PARTITION = Exercise(
    name="05.1",
    title="log Z from the hidden side",
    reference=log_partition,
    cases=_partition_cases,
    mistakes={
        "the hidden bias is missing: each hidden state also carries the factor "
        "exp(bᵀh).": lambda W, a, b: log_partition(W, a, 0 * b),
        "the visible bias is missing: the input of visible unit i is a_i + Σ_j W_ij h_j.": (
            lambda W, a, b: log_partition(W, 0 * a, b)
        ),
        "the sign of the sum over h is wrong: this is log Σ_h exp(+G(h)), where G(h) is the free "
        "energy of the hidden state; the weight is exp(−G(h)).": lambda W, a, b: _log_sum_exp(
            -_log_weights(W, a, b)
        ),
        "this is Z itself, and it overflows for large parameters; return log Z.": (
            lambda W, a, b: np.exp(log_partition(W, a, b))
        ),
        "this is the largest term of the sum alone; the other hidden states belong to it too.": (
            lambda W, a, b: _log_weights(W, a, b).max()
        ),
        "this is the logarithm of the mean over the hidden states; Z is their sum.": (
            lambda W, a, b: log_partition(W, a, b) - len(b) * np.log(2)
        ),
        "you sum the logarithms: the exponentials have to be added before the logarithm is "
        "taken.": lambda W, a, b: _log_weights(W, a, b).sum(),
        "you return one value per hidden state; the sum over the states is missing.": _log_weights,
        "the weights are missing: that is log Z of a machine with W = 0.": _uncoupled,
        "both layers are summed in closed form, one with the other's units all on. Only one "
        "layer can be: the other must be enumerated.": lambda W, a, b: (
            np.logaddexp(0, a + W.sum(axis=1)).sum() + np.logaddexp(0, b).sum()
        ),
    },
)


# -- 05.2 ----------------------------------------------------------------------------------------
def log_sum_exp(blocks):
    """log Σ exp(x) over all numbers of all blocks, one block at a time."""
    peak, total = -np.inf, 0.0
    for x in blocks:
        new = max(peak, x.max())
        total = total * np.exp(peak - new) + np.exp(x - new).sum()
        peak = new
    return peak + np.log(total)


def _not_rescaled(blocks):
    peak, total = -np.inf, 0.0
    for x in blocks:
        peak = max(peak, x.max())
        total += np.exp(x - peak).sum()
    return peak + np.log(total)


def _upside_down(blocks):
    peak, total = blocks[0].max(), 0.0
    for x in blocks:
        new = max(peak, x.max())
        total = total * np.exp(new - peak) + np.exp(x - new).sum()
        peak = new
    return peak + np.log(total)


def _sum_cases(rng: Generator) -> Iterator[tuple]:
    yield ([rng.standard_normal(3), 2 + rng.standard_normal(2), rng.standard_normal(4)],)
    yield ([np.array([0.5]), np.array([-1.0, 3.0])],)
    yield ([rng.standard_normal(5) - 2000, rng.standard_normal(5) - 1998],)
    yield ([rng.standard_normal(3) + shift for shift in (900.0, 1500.0, 1501.0, 800.0)],)


STREAM = Exercise(
    name="05.2",
    title="A sum of exponentials in one pass",
    reference=log_sum_exp,
    cases=_sum_cases,
    mistakes={
        "when a block brings a new maximum, what has been summed so far must be rescaled: "
        "multiply it by exp(old maximum − new maximum).": _not_rescaled,
        "what has been summed so far is rescaled the wrong way: the factor is "
        "exp(old maximum − new maximum), which is at most 1.": _upside_down,
        "you add the blocks' logarithms. That multiplies their sums; the sums must be "
        "added.": lambda blocks: sum(_log_sum_exp(x) for x in blocks),
        "only the last block is there; keep a running sum.": lambda blocks: _log_sum_exp(
            blocks[-1]
        ),
        "this is the largest number alone: add the logarithm of the rescaled sum.": (
            lambda blocks: max(x.max() for x in blocks)
        ),
        "the maximum is not added back: log Σ exp(x) = m + log Σ exp(x − m).": (
            lambda blocks: log_sum_exp(blocks) - max(x.max() for x in blocks)
        ),
        "this is the logarithm of the mean; the sum is asked for.": lambda blocks: (
            log_sum_exp(blocks) - np.log(sum(len(x) for x in blocks))
        ),
    },
)


# -- 05.3 ----------------------------------------------------------------------------------------
def gray_code(n):
    """The 2^n states of the reflected Gray code as rows; column 0 is the digit that moves most."""
    t = np.arange(2**n)
    return ((t ^ (t >> 1))[:, None] >> np.arange(n)) & 1


def _counting(n):
    return (np.arange(2**n)[:, None] >> np.arange(n)) & 1


def _without_reflection(n):
    """Doubling without turning the second copy round: counting again, from the other end."""
    return _counting(n)[:, ::-1]


def _wrong_shift(n):
    t = np.arange(2**n)
    return ((t ^ (t << 1))[:, None] >> np.arange(n)) & 1


def _gray_cases(rng: Generator) -> Iterator[tuple]:
    for n in (3, 1, 2, 5):
        yield (n,)


GRAY = Exercise(
    name="05.3",
    title="The reflected Gray code",
    reference=gray_code,
    cases=_gray_cases,
    mistakes={
        "this is counting order: from 1 to 2 two digits change at once. Where the old code is "
        "copied for the new digit 1, run through the copy backwards.": _counting,
        "this is counting order, with the slowest digit in column 0: run through the second copy "
        "of the old code backwards, and let the new digit be the last column.": (
            _without_reflection
        ),
        "the right code, with the columns in reverse order: column 0 is the digit that changes at "
        "every second step.": lambda n: gray_code(n)[:, ::-1],
        "the code runs backwards: it starts with all digits 0.": lambda n: gray_code(n)[::-1],
        "zeros and ones are exchanged: the code starts with all digits 0.": (
            lambda n: 1 - gray_code(n)
        ),
        "the shift goes the wrong way: digit s of state t is the sum of the binary digits s and "
        "s + 1 of t, modulo 2.": _wrong_shift,
        "one row for each state is asked for, shape (2^n, n); yours is transposed.": (
            lambda n: gray_code(n).T
        ),
    },
)


# -- 05.4 ----------------------------------------------------------------------------------------
def log_partition_of_parts(parts):
    """log Z of a machine that falls into parts without lines between them: the sum of theirs."""
    return sum(log_partition(*part) for part in parts)


def _parts_cases(rng: Generator) -> Iterator[tuple]:
    for sizes in [((2, 1), (1, 2)), ((3, 2),), ((2, 2), (2, 1), (3, 2)), ((1, 1),) * 4]:
        yield ([_machine(rng, *size) for size in sizes],)
    yield ([_machine(rng, 2, 2, 500), _machine(rng, 2, 1, 500)],)


def _each(parts):
    return np.array([log_partition(*part) for part in parts])


PARTS = Exercise(
    name="05.4",
    title="A machine that falls into parts",
    reference=log_partition_of_parts,
    cases=_parts_cases,
    mistakes={
        "you multiply the logarithms; the partition functions multiply, so their logarithms "
        "add.": lambda parts: np.prod(_each(parts)),
        "you add the partition functions: a state of the whole is a state of *each* part, so "
        "they multiply.": lambda parts: _log_sum_exp(_each(parts)),
        "this is the mean over the parts; their logarithms add.": lambda parts: np.mean(
            _each(parts)
        ),
        "only the largest part is counted; the others have states too.": lambda parts: _each(
            parts
        ).max(),
        "only the first part is counted.": lambda parts: _each(parts)[0],
        "you return one number for each part; what is log Z of the whole machine?": _each,
    },
)

EXERCISES = [PARTITION, STREAM, GRAY, PARTS]
