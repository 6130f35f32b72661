"""Exercises of chapter 07, Contrastive divergence: its noise and its bias, by enumeration."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .cases import all_states, machine_in_eighths
from .ch07_contrastive_divergence import _sigmoid
from .engine import Exercise


def _table(inputs, states):
    """Row: inputs of a layer; column: the probability of each of its states."""
    return np.exp(inputs @ states.T - np.logaddexp(0, inputs).sum(axis=1, keepdims=True))


def _transition(W, a, b):
    v, h = all_states(len(a)), all_states(len(b))
    return _table(v @ W + b, h) @ _table(h @ W.T + a, v)


def _marginal(W, a, b):
    """p(v) of every state."""
    v = all_states(len(a))
    log_weight = v @ a + np.logaddexp(0, v @ W + b).sum(axis=1)
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


# -- 07.2 ----------------------------------------------------------------------------------------
def _walk(q, T, k):
    for _ in range(k):
        q = q @ T
    return q


def _data(rng: Generator, n_visible: int) -> np.ndarray:
    """A distribution in which some states do not occur, with unequal weights elsewhere."""
    q = rng.integers(0, 4, 2**n_visible).astype(float)
    q[:3] = 0, 1, 3
    return q / q.sum()


def _minus(x, y):
    return tuple(p - q for p, q in zip(x, y, strict=True))


def _statistics(q, W, a, b):
    v = all_states(len(a))
    mean = _sigmoid(v @ W + b)
    return (v.T * q) @ mean, q @ v, q @ mean


def _means_after(v, W, a, b, k):
    """P(v_i = 1 after k steps) for a chain from each row of v, (n, D)."""
    numbers = (v @ 2 ** np.arange(v.shape[1] - 1, -1, -1)).astype(int)
    T = np.linalg.matrix_power(_transition(W, a, b), k)
    return T[numbers] @ all_states(len(a))


def cd_noise(v, W, a, b, k):
    """√(Σ_r m_ri (1 − m_ri)) / n, with the means m_r of the chain from row r."""
    mean = _means_after(v, W, a, b, k)
    return np.sqrt((mean * (1 - mean)).sum(axis=0)) / len(v)


def _noise_of_random_starts(v, W, a, b, k):
    mean = _means_after(v, W, a, b, k).mean(axis=0)
    return np.sqrt(mean * (1 - mean) / len(v))


def _noise_in_equilibrium(v, W, a, b, k):
    mean = _marginal(W, a, b) @ all_states(len(a))
    return np.sqrt(mean * (1 - mean) / len(v))


def _mean_of_deviations(v, W, a, b, k):
    mean = _means_after(v, W, a, b, k)
    return np.sqrt(mean * (1 - mean)).mean(axis=0)


def _spread_of_means(v, W, a, b, k):
    return (v - _means_after(v, W, a, b, k)).std(axis=0) / np.sqrt(len(v))


def _noise_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, k in [(1, 2, 1, 1), (5, 3, 2, 2), (7, 4, 3, 1), (6, 3, 4, 5)]:
        v = rng.integers(0, 2, (n, n_visible)).astype(float)
        yield (v, *machine_in_eighths(rng, n_visible, n_hidden, 1.5), k)


NOISE = Exercise(
    name="07.2",
    title="The noise of CD-k",
    reference=cd_noise,
    cases=_noise_cases,
    mistakes={
        "this is the variance; the standard deviation is its root.": lambda v, W, a, b, k: (
            cd_noise(v, W, a, b, k) ** 2
        ),
        "this is the scatter of one chain; the mean of n independent ones scatters less, by "
        "1/√n (6.1).": lambda v, W, a, b, k: cd_noise(v, W, a, b, k) * np.sqrt(len(v)),
        "this is the scatter of the sum over the rows; da is their mean.": lambda v, W, a, b, k: (
            cd_noise(v, W, a, b, k) * len(v)
        ),
        "you divide by n once too often: the variance of a mean is the sum of the variances "
        "divided by n².": lambda v, W, a, b, k: cd_noise(v, W, a, b, k) / np.sqrt(len(v)),
        "you average the chains' distributions first, as if the starts were random too. The rows "
        "are given: add up the variances of the single chains.": _noise_of_random_starts,
        "this is the noise of chains that have reached p; after k steps they still know where "
        "they started.": _noise_in_equilibrium,
        "you average standard deviations; variances add up, standard deviations do not.": (
            _mean_of_deviations
        ),
        "this is how the expected differences scatter from row to row; asked for is how da "
        "scatters when the same rows are used again.": _spread_of_means,
        "you take one step only, whatever k is.": lambda v, W, a, b, k: cd_noise(v, W, a, b, 1),
        "you take one step too many.": lambda v, W, a, b, k: cd_noise(v, W, a, b, k + 1),
    },
)


# -- 07.3 ----------------------------------------------------------------------------------------
def _dropped(q, W, a, b, ratio=None, centre=_sigmoid):
    """Σ_v Σ_h r(h) p(v|h) (v_i − centre(input_i)) ratio(p_1, p), the log ratio by default."""
    v, h = all_states(len(a)), all_states(len(b))
    h_given_v, v_given_h = _table(v @ W + b, h), _table(h @ W.T + a, v)
    joint = (q @ h_given_v)[:, None] * v_given_h  # (2^H, 2^D): of h and the next v
    p1, p = joint.sum(axis=0), _marginal(W, a, b)
    weight = joint * (np.log(p1 / p) if ratio is None else ratio(p1, p))
    return weight.sum(axis=0) @ v - weight.sum(axis=1) @ centre(h @ W.T + a)


def dropped_term(q, W, a, b):
    """∂p(v|h)/∂a_i = p(v|h) (v_i − P(v_i = 1 | h)), summed with r(h) and the log ratio."""
    return _dropped(q, W, a, b)


def _mean_subtracted(q, W, a, b, mean):
    """The right sum with one mean of v in place of the mean given h."""
    return _dropped(q, W, a, b, centre=lambda y: np.tile(mean, (len(y), 1)))


def _dropped_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden in [(2, 1), (3, 2), (4, 3), (3, 4)]:
        yield (_data(rng, n_visible), *machine_in_eighths(rng, n_visible, n_hidden))


DROPPED = Exercise(
    name="07.3",
    title="The dropped term",
    reference=dropped_term,
    cases=_dropped_cases,
    rtol=1e-12,  # finite differences, which the chapter shows, do not reach this
    atol=1e-13,
    mistakes={
        "the sign is flipped: the logarithm is of p_1 / p.": lambda q, W, a, b: (
            -dropped_term(q, W, a, b)
        ),
        "p(v | h) is normalised, and its normaliser depends on a_i too: the derivative is "
        "p(v | h) (v_i − P(v_i = 1 | h)).": lambda q, W, a, b: _dropped(
            q, W, a, b, centre=lambda y: 0 * y
        ),
        "you subtract the mean of v under p; the derivative of p(v | h) has the mean given h.": (
            lambda q, W, a, b: _mean_subtracted(
                q, W, a, b, _marginal(W, a, b) @ all_states(len(a))
            )
        ),
        "you subtract the mean of v under p_1; the derivative of p(v | h) has the mean given h.": (
            lambda q, W, a, b: _mean_subtracted(
                q, W, a, b, q @ _transition(W, a, b) @ all_states(len(a))
            )
        ),
        "you left p out of the logarithm, log(p_1 / p).": lambda q, W, a, b: _dropped(
            q, W, a, b, lambda p1, p: np.log(p1)
        ),
        "you left p_1 out of the logarithm, log(p_1 / p).": lambda q, W, a, b: _dropped(
            q, W, a, b, lambda p1, p: -np.log(p)
        ),
        "the logarithm is missing: you multiply by p_1 / p.": lambda q, W, a, b: _dropped(
            q, W, a, b, lambda p1, p: p1 / p
        ),
        "this is the term that is kept, CD-1 itself.": lambda q, W, a, b: (
            (q - q @ _transition(W, a, b)) @ all_states(len(a))
        ),
        "your h has the machine's own distribution; r(h) comes from the data, q.": (
            lambda q, W, a, b: _dropped(
                _marginal(W, a, b), W, a, b,
                lambda p1, p: np.log(q @ _transition(W, a, b) / p),
            )
        ),
        "the states of the data have to be weighted with q; you give all of them the same "
        "weight.": lambda q, W, a, b: dropped_term((q > 0) / (q > 0).sum(), W, a, b),
    },
)  # fmt: skip


# -- 07.4 ----------------------------------------------------------------------------------------
def _search(q, W, a, b, tolerance, size, first=1):
    """The smallest k ≥ first at which `size` of the bias's entries is within the tolerance."""
    T, p, k = _transition(W, a, b), _marginal(W, a, b), first
    now = _walk(q, T, first)
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


def _distance_of_distributions(q, W, a, b, tolerance):
    T, p, k = _transition(W, a, b), _marginal(W, a, b), 1
    now = q @ T
    while 0.5 * np.abs(now - p).sum() > tolerance:
        now, k = now @ T, k + 1
    return k


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
        "you look at the weights alone; the biases' entries count as well.": (
            lambda q, W, a, b, tolerance: _search(
                q, W, a, b, tolerance, lambda parts: np.abs(parts[0]).max()
            )
        ),
        "you look at the mean size of the entries; every one has to be within the tolerance.": (
            lambda q, W, a, b, tolerance: _search(
                q, W, a, b, tolerance,
                lambda parts: np.mean(np.abs(np.concatenate([part.ravel() for part in parts]))),
            )
        ),
        "you look at the distance of the distributions. It bounds the bias (7.4), so your k is "
        "enough, but it is not the smallest.": _distance_of_distributions,
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

EXERCISES = [NOISE, DROPPED, ENOUGH]
