"""Exercises of chapter 05, The partition function."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .cases import all_states, random_machine
from .engine import Exercise


def _log_sum_exp(x):
    return x.max() + np.log(np.exp(x - x.max()).sum())


# -- 05.1 ----------------------------------------------------------------------------------------
def _minus_g(h, W, a, b):
    """−G(h) of each row, the visible layer summed in closed form."""
    return h @ b + np.logaddexp(0, h @ W.T + a).sum(axis=1)


def log_partition(W, a, b):
    """log Z = log Σ_h exp(−G(h))."""
    return _log_sum_exp(_minus_g(all_states(len(b)), W, a, b))


def log_hidden(h, W, a, b):
    """log p(h) = −G(h) − log Z of each row of h."""
    return _minus_g(h, W, a, b) - log_partition(W, a, b)


def _hidden_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, scale in [
        (3, 2, 1, 1),
        (5, 3, 4, 1),
        (4, 3, 3, 1),
        (6, 12, 6, 1),
        (4, 4, 3, 400),
    ]:
        h = rng.integers(0, 2, size=(n, n_hidden)).astype(np.float64)
        yield (h, *random_machine(rng, n_visible, n_hidden, scale))


HIDDEN = Exercise(
    name="05.1",
    title="The log-probability of hidden states",
    reference=log_hidden,
    cases=_hidden_cases,
    mistakes={
        "log Z is missing: −G(h) is the logarithm of an unnormalised probability.": _minus_g,
        "you add log Z; p(h) = exp(−G(h)) / Z, and the logarithm of a quotient is a difference.": (
            lambda h, W, a, b: _minus_g(h, W, a, b) + log_partition(W, a, b)
        ),
        "the sign of G(h) is wrong: log p(h) = −G(h) − log Z.": lambda h, W, a, b: (
            -_minus_g(h, W, a, b) - log_partition(W, a, b)
        ),
        "the sign is flipped: this is −log p(h).": lambda h, W, a, b: -log_hidden(h, W, a, b),
        "log Z is the logarithm of Σ_h exp(+G(h)) here; the exponent is −G(h).": (
            lambda h, W, a, b: (
                _minus_g(h, W, a, b) - _log_sum_exp(-_minus_g(all_states(len(b)), W, a, b))
            )
        ),
        "Z is summed over the given rows only. It runs over all 2^H hidden states.": (
            lambda h, W, a, b: _minus_g(h, W, a, b) - _log_sum_exp(_minus_g(h, W, a, b))
        ),
        "the hidden bias is missing: −G(h) also has the term bᵀh.": lambda h, W, a, b: log_hidden(
            h, W, a, 0 * b
        ),
        "the visible bias is missing: the input of visible unit i is a_i + Σ_j W_ij h_j.": (
            lambda h, W, a, b: log_hidden(h, W, 0 * a, b)
        ),
        "all signs are reversed in your exponent: −G(h) is +bᵀh plus the softplus of "
        "+a_i + Σ_j W_ij h_j.": lambda h, W, a, b: log_hidden(h, -W, -a, -b),
        "the sum over the visible units is missing at the given rows: −G(h) is bᵀh *plus* "
        "Σ_i softplus(a_i + Σ_j W_ij h_j).": lambda h, W, a, b: h @ b - log_partition(W, a, b),
        "the weights have no effect on your answer: it is right only for W = 0.": (
            lambda h, W, a, b: log_hidden(h, 0 * W, a, b)
        ),
        "`W` is transposed: Σ_j W_ij h_j sums over the *second* index, which for a batch of rows "
        "is `h @ W.T`.": lambda h, W, a, b: log_hidden(h, W.T, a, b),
        "these are probabilities; their logarithms are asked for.": lambda h, W, a, b: np.exp(
            log_hidden(h, W, a, b)
        ),
        "you return the mean over the rows; one number for each row is asked for.": (
            lambda h, W, a, b: log_hidden(h, W, a, b).mean()
        ),
        "you return log Z alone; one number for each row of h is asked for.": (
            lambda h, W, a, b: log_partition(W, a, b)
        ),
        "these are bits, from logarithms to base 2; nats are asked for, natural logarithms.": (
            lambda h, W, a, b: log_hidden(h, W, a, b) / np.log(2)
        ),
        "in place of Z you have the mean over the hidden states; Z is their sum.": (
            lambda h, W, a, b: log_hidden(h, W, a, b) + len(b) * np.log(2)
        ),
    },
)


# -- 05.2 ----------------------------------------------------------------------------------------
def running_average(blocks):
    """Σ exp(x) f / Σ exp(x) over all numbers of all blocks (x, f), one block at a time."""
    peak, total, product = -np.inf, 0.0, 0.0
    for x, f in blocks:
        new = max(peak, x.max())
        total = total * np.exp(peak - new) + np.exp(x - new).sum()
        product = product * np.exp(peak - new) + np.exp(x - new) @ f
        peak = new
    return product / total


def _joined(blocks):
    x, f = (np.concatenate(part) for part in zip(*blocks, strict=True))
    return np.exp(x - x.max()), f


def _by_blocks(blocks, kept_total, kept_product):
    """A running average whose sums so far are kept in some wrong way when a block comes."""
    peak, total, product = blocks[0][0].max(), 0.0, 0.0
    for x, f in blocks:
        new = max(peak, x.max())
        total = total * kept_total(peak - new) + np.exp(x - new).sum()
        product = product * kept_product(peak - new) + np.exp(x - new) @ f
        peak = new
    return product / total


def _one(x):
    return 1.0


def _average_cases(rng: Generator) -> Iterator[tuple]:
    def block(n, shift):
        return shift + rng.standard_normal(n), rng.standard_normal(n)

    yield ([block(3, 0), block(2, 2), block(4, 0)],)
    yield ([(np.array([0.5]), np.array([1.0])), (np.array([-1.0, 3.0]), np.array([0.0, 1.0]))],)
    yield ([block(5, -2000), block(5, -1998)],)
    yield ([block(3, shift) for shift in (900.0, 1500.0, 1501.0, 800.0)],)


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


# -- 05.4 ----------------------------------------------------------------------------------------
def log_partition_of_parts(parts):
    """log Z of a machine that falls into parts without lines between them: the sum of theirs."""
    return sum(log_partition(*part) for part in parts)


def _parts_cases(rng: Generator) -> Iterator[tuple]:
    for sizes in [((2, 1), (1, 2)), ((3, 2),), ((2, 2), (2, 1), (3, 2)), ((1, 1),) * 4]:
        yield ([random_machine(rng, *size) for size in sizes],)
    yield ([random_machine(rng, 2, 2, 500), random_machine(rng, 2, 1, 500)],)


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
        "the visible biases have no effect on your answer: each part's log Z needs them.": (
            lambda parts: sum(log_partition(W, 0 * a, b) for W, a, b in parts)
        ),
        "the hidden biases have no effect on your answer: each part's log Z needs them.": (
            lambda parts: sum(log_partition(W, a, 0 * b) for W, a, b in parts)
        ),
        "all signs are reversed: Z is the sum of exp(−E), with −E = aᵀv + bᵀh + vᵀWh.": (
            lambda parts: sum(log_partition(-W, -a, -b) for W, a, b in parts)
        ),
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

EXERCISES = [HIDDEN, STREAM, GRAY, PARTS]
