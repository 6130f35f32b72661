"""Exercises of chapter 07, Contrastive divergence: how many steps are enough."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .ch07_bias_and_noise import _data, _marginal, _transition
from .ch07_contrastive_divergence import _sigmoid
from .exercise import Exercise
from .machines import all_states, machine_in_eighths


def _minus(x, y):
    return tuple(p - q for p, q in zip(x, y, strict=True))


def _statistics(q, W, a, b):
    v = all_states(len(a))
    mean = _sigmoid(v @ W + b)
    return (v.T * q) @ mean, q @ v, q @ mean


def _walk(q, T, k):
    for _ in range(k):
        q = q @ T
    return q


def _search(q, W, a, b, tolerance, size, first=1, start=None):
    """The smallest k ≥ first at which `size` of the bias's entries is within the tolerance."""
    T, p, k = _transition(W, a, b), _marginal(W, a, b), first
    now = _walk(q if start is None else start, T, first)
    while k < 100_000:
        bias = _minus(_statistics(now, W, a, b), _statistics(p, W, a, b))
        if size(bias) <= tolerance:
            break
        now, k = now @ T, k + 1
    return k


def _largest(parts):
    return max(np.abs(part).max() for part in parts)


def steps_enough(q, W, a, b, tolerance):
    """Smallest k ≥ 1 with |⟨−∂F⟩_k − ⟨−∂F⟩_∞| ≤ tolerance in every entry."""
    return _search(q, W, a, b, tolerance, _largest)


def _by_distance(distance):
    """The smallest k at which distance(p_k, p) is within the tolerance."""

    def attempt(q, W, a, b, tolerance):
        T, p, k = _transition(W, a, b), _marginal(W, a, b), 1
        now = q @ T
        while distance(now, p) > tolerance:
            now, k = now @ T, k + 1
        return k

    return attempt


def _looking_at(size):
    """The search with another measure of the bias's parts (W, a, b)."""
    return lambda q, W, a, b, tolerance: _search(q, W, a, b, tolerance, size)


def _by_eigenvalue(q, W, a, b, tolerance):
    second = np.sort(np.linalg.eigvals(_transition(W, a, b)).real)[-2]
    return max(1, int(np.ceil(np.log(tolerance) / np.log(second))))


def _from_anywhere(q, W, a, b, tolerance):
    start = np.full_like(q, 1 / len(q))
    return _search(q, W, a, b, tolerance, _largest, start=start)


def _small_change(q, W, a, b, tolerance):
    T, k, now = _transition(W, a, b), 1, q
    while _largest(_minus(_statistics(now @ T, W, a, b), _statistics(now, W, a, b))) > tolerance:
        now, k = now @ T, k + 1
    return k


def _enough_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, scale, tolerance in [
        (2, 1, 1, 1e-3),
        (3, 2, 2, 1e-3),
        (4, 3, 1.5, 1e-5),
        (3, 3, 2, 1e-6),
        (2, 2, 0.5, 0.5),
    ]:
        yield (
            _data(rng, n_visible),
            *machine_in_eighths(rng, n_visible, n_hidden, scale),
            tolerance,
        )
    # The hidden biases' entries are the last to become small.
    W, a = np.array([[0.75], [0.875], [1.375], [-2.375]]), np.array([-1.375, -0.875, -2.375, 3.5])
    q = np.array([0, 1, 3, 2, 3, 0, 3, 3, 0, 1, 2, 0, 2, 2, 3, 3]) / 28
    yield q, W, a, np.array([-1.0]), 1e-3
    # Here the visible biases' entries are the last, then the weights', then the hidden biases'.
    W = np.array([[-2, -21], [-2, 10], [-6, -10]]) / 8
    a, b = np.array([1.5, -3.25, 1.125]), np.array([-2.25, -1.25])
    yield np.array([0, 1, 3, 2, 0, 1, 1, 2]) / 10, W, a, b, 0.05
    W = np.array([[5, -30, -49], [-42, -14, -1], [20, -30, -1]]) / 8
    a, b = np.array([1, -0.5, 3.875]), np.array([2.5, 6.25, 5.625])
    yield np.array([1, 1, 1, 1, 0, 1, 2, 0]) / 7, W, a, b, 0.17
    W = np.array([[-40, -1, -4], [23, 2, -30], [-27, 3, -4]]) / 8
    a, b = np.array([6.75, -2.375, 5.25]), np.array([5.5, -2.875, 4.625])
    yield np.eye(8)[0], W, a, b, 0.23
    # Two valleys, the second deeper: slow.
    yield (_data(rng, 4), np.full((4, 3), 2.0), np.full(4, -2.75), np.full(3, -4.0), 1e-3)


ENOUGH = Exercise(
    name="07.4",
    title="How many steps are enough",
    reference=steps_enough,
    cases=_enough_cases,
    mistakes={
        "you count one step too few: k is the number of times that T was applied.": (
            lambda q, W, a, b, tolerance: steps_enough(q, W, a, b, tolerance) - 1
        ),
        "you count one step too many: the smallest k at which the bias is small enough.": (
            lambda q, W, a, b, tolerance: steps_enough(q, W, a, b, tolerance) + 1
        ),
        "take absolute values: an entry that is too small by a lot is an error too.": (
            lambda q, W, a, b, tolerance: _search(
                q, W, a, b, tolerance, lambda parts: max(part.max() for part in parts)
            )
        ),
        "you look at the weights alone; the biases' entries count as well.": _looking_at(
            lambda parts: np.abs(parts[0]).max()
        ),
        "you look at the visible biases alone; the entries of W and b count as well.": _looking_at(
            lambda parts: np.abs(parts[1]).max()
        ),
        "you look at the hidden biases alone; the entries of W and a count as well.": _looking_at(
            lambda parts: np.abs(parts[2]).max()
        ),
        "the hidden biases' entries are left out; they count as well.": _looking_at(
            lambda parts: _largest(parts[:2])
        ),
        "the weights' entries are left out; they count as well.": _looking_at(
            lambda parts: _largest(parts[1:])
        ),
        "the visible biases' entries are left out; they count as well.": _looking_at(
            lambda parts: _largest(parts[::2])
        ),
        "you stop when one entry is within the tolerance; every one has to be.": _looking_at(
            lambda parts: min(np.abs(part).min() for part in parts)
        ),
        "you average the sizes in each of W, a and b; every entry counts by itself.": (
            _looking_at(lambda parts: np.mean([np.abs(part).mean() for part in parts]))
        ),
        "you look at the mean size of the entries; every one has to be within the tolerance.": (
            lambda q, W, a, b, tolerance: _search(
                q, W, a, b, tolerance,
                lambda parts: np.mean(np.abs(np.concatenate([part.ravel() for part in parts]))),
            )
        ),
        "you look at the distance of the distributions. It bounds the bias (7.4), so your k is "
        "enough, but it is not the smallest.": _by_distance(lambda x, p: 0.5 * np.abs(x - p).sum()),
        "you add up |p_k − p| over the states: twice the distance of (7.4), which is itself only "
        "a bound.": _by_distance(lambda x, p: np.abs(x - p).sum()),
        "you compare the probabilities of single states; the entries of the bias add up over many "
        "states.": _by_distance(lambda x, p: np.abs(x - p).max()),
        "you compare the divergence KL(p_k ‖ p) with the tolerance; asked for are the entries of "
        "the gradient.": _by_distance(
            lambda x, p: np.sum(x[x > 0] * np.log(x[x > 0] / p[x > 0]))
        ),
        "you estimate k from the second eigenvalue. That is the rate in the long run, without the "
        "factor in front; go step by step.": _by_eigenvalue,
        "your chains do not start at the data; q is where they start.": _from_anywhere,
        "your k is enough, but it is the next power of two and not the smallest.": (
            lambda *args: 2 ** int(np.ceil(np.log2(steps_enough(*args))))
        ),
        "you stop when a step changes little; a slow chain changes little far from p. Compare "
        "with the exact gradient.": _small_change,
        "k is at least 1: a chain that has not moved gives no gradient.": (
            lambda q, W, a, b, tolerance: _search(q, W, a, b, tolerance, _largest, first=0)
        ),
        "you add up the sizes of the entries; each by itself has to be within the tolerance.": (
            lambda q, W, a, b, tolerance: _search(
                q, W, a, b, tolerance, lambda parts: sum(np.abs(part).sum() for part in parts)
            )
        ),
        "you compare the Euclidean length of the bias with the tolerance; asked for is the "
        "largest entry.": lambda q, W, a, b, tolerance: _search(
            q, W, a, b, tolerance,
            lambda parts: np.sqrt(sum((part**2).sum() for part in parts)),
        ),
    },
)  # fmt: skip

EXERCISES = [ENOUGH]
