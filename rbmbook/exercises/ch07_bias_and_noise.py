"""Exercises of chapter 07, Contrastive divergence: its noise and the dropped term."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .ch07_contrastive_divergence import _sigmoid
from .exercise import Exercise
from .machines import all_states, machine_in_eighths
from .mistakes import Ways


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
def _data(rng: Generator, n_visible: int) -> np.ndarray:
    """A distribution in which some states do not occur, with unequal weights elsewhere."""
    q = rng.integers(0, 4, 2**n_visible).astype(float)
    q[:3] = 0, 1, 3
    return q / q.sum()


def _means_after(v, W, a, b, k):
    """P(v_i = 1 after k steps) for a chain from each row of v, (n, D)."""
    numbers = _numbers(v)
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


def _noise_of(spread, means=_means_after):
    """A mistake: spread(m, v) of the means m of the chains from the rows v."""
    return lambda v, W, a, b, k: spread(means(v, W, a, b, k), v)


def _with_table(power):
    """The means after k steps, from power(T, k) and the numbers of the rows."""

    def means(v, W, a, b, k):
        return power(_transition(W, a, b), k, v) @ all_states(len(a))

    return means


def _spread(m, v):
    return np.sqrt(np.abs((m * (1 - m)).sum(axis=0))) / len(v)


def _numbers(v):
    return (v @ 2 ** np.arange(v.shape[1] - 1, -1, -1)).astype(int)


def _noise_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, k in [
        (5, 3, 2, 2),
        (7, 4, 3, 1),
        (6, 3, 4, 5),
        (4, 3, 3, 1),  # square: a and b can be exchanged
        (1, 2, 1, 1),
    ]:
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
        "you average standard deviations; variances add up, standard deviations do not.": Ways(
            _mean_of_deviations,
            _noise_of(lambda m, v: np.sqrt(m * (1 - m)).mean(axis=0) / np.sqrt(len(v))),
            _noise_of(lambda m, v: np.sqrt(m * (1 - m)).mean(axis=0) / len(v)),
            _noise_of(lambda m, v: np.sqrt(m * (1 - m)).sum(axis=0)),
        ),
        "this is how the expected differences scatter from row to row; asked for is how da "
        "scatters when the same rows are used again.": _spread_of_means,
        "the root is missing, and the variance of a mean is the sum of the variances divided by "
        "n².": _noise_of(lambda m, v: (m * (1 - m)).mean(axis=0)),
        "this is the variance of the sum over the rows. da is their mean (divide by n²), and a "
        "standard deviation is a root.": _noise_of(lambda m, v: (m * (1 - m)).sum(axis=0)),
        "this is the probability of each unit after k steps, averaged over the chains; asked for "
        "is how far their mean scatters.": _noise_of(lambda m, v: m.mean(axis=0)),
        "m is the mean square of a unit that is 0 or 1; its variance is m − m².": _noise_of(
            lambda m, v: np.sqrt(m.sum(axis=0)) / len(v)
        ),
        "this is the mean square of v − v(k), start and all. The mean of the difference is not 0: "
        "subtract its square.": _noise_of(
            lambda m, v: np.sqrt((v + m - 2 * v * m).sum(axis=0)) / len(v)
        ),
        "you add the scatter of the rows of v; they are given, only the chains are random.": (
            _noise_of(
                lambda m, v: np.sqrt(_spread(m, v) ** 2 + v.var(axis=0) / len(v))
            )
        ),
        "you divide by n − 1: nothing is estimated from a sample here, the variances are known.": (
            _noise_of(
                lambda m, v: np.sqrt(
                    (m * (1 - m)).sum(axis=0) / (len(v) * max(len(v) - 1, 1))
                )
            )
        ),
        "every row has its own chain; you let a row that occurs twice count once.": (
            lambda v, W, a, b, k: cd_noise(np.unique(v, axis=0), W, a, b, k)
        ),
        "`T**k` raises every entry of T to the power k; k steps are the matrix power.": (
            _noise_of(_spread, _with_table(lambda T, k, v: (T**k)[_numbers(v)]))
        ),
        "you take columns of T^k. Row v holds where a chain from v ends.": (
            _noise_of(_spread, _with_table(
                lambda T, k, v: np.linalg.matrix_power(T, k).T[_numbers(v)]
            ))
        ),
        "your rows of T^k belong to other states: the first unit is the highest digit of a state's "
        "number, as in `rb.exact.states`.": _noise_of(_spread, _with_table(
            lambda T, k, v: np.linalg.matrix_power(T, k)[_numbers(v[:, ::-1])]
        )),
        "you take one step too few.": lambda v, W, a, b, k: cd_noise(v, W, a, b, k - 1),
        "you take one step only, whatever k is.": lambda v, W, a, b, k: cd_noise(v, W, a, b, 1),
        "you take one step too many.": lambda v, W, a, b, k: cd_noise(v, W, a, b, k + 1),
    },
)  # fmt: skip


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
    for n_visible, n_hidden in [(2, 1), (3, 2), (4, 3), (3, 4), (3, 3)]:
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
        "the factor log(p_1 / p) is missing: without it the sum is 0, since p_1 always adds up to "
        "1.": lambda q, W, a, b: 0 * a,
        "the logarithm is of p_1 / p; you divide by the data's p_0.": lambda q, W, a, b: _dropped(
            q, W, a, b, lambda p1, p: np.log(p1 / np.where(q > 0, q, 1))
        ),
        "the logarithm is of p_1 / p, after one step; you take the data's p_0 / p. Where the data "
        "has none, that is −∞.": lambda q, W, a, b: _dropped(
            q, W, a, b, lambda p1, p: np.log(q / p)
        ),
        "the logarithm is of p_1 / p, after one step; you take the data's p_0 / p.": (
            lambda q, W, a, b: _dropped(
                q, W, a, b, lambda p1, p: np.log(np.where(q > 0, q, 1) / p)
            )
        ),
        "the derivative of the normaliser is subtracted: v_i − P(v_i = 1 | h).": (
            lambda q, W, a, b: _dropped(q, W, a, b, centre=lambda y: -_sigmoid(y))
        ),
        "you subtract the input a + W h; the derivative has its sigmoid, P(v_i = 1 | h).": (
            lambda q, W, a, b: _dropped(q, W, a, b, centre=lambda y: y)
        ),
        "the term with v_i is missing: the derivative is p(v | h) (v_i − P(v_i = 1 | h)).": (
            lambda q, W, a, b: _dropped(q, W, a, b) - _dropped(q, W, a, b, centre=lambda y: 0 * y)
        ),
        "this is the whole slope of CD_1; asked for is the dropped term alone.": (
            lambda q, W, a, b: dropped_term(q, W, a, b)
            + (q - q @ _transition(W, a, b)) @ all_states(len(a))
        ),
        "σ(y)(1 − σ(y)) is the slope of one unit's probability of being on. p(v | h) is that of a "
        "whole state: the slope is p(v | h) (v_i − P(v_i = 1 | h)).": lambda q, W, a, b: (
            _dropped(q, W, a, b, centre=lambda y: -_sigmoid(y) * (1 - _sigmoid(y)))
            - _dropped(q, W, a, b, centre=lambda y: 0 * y)
        ),
        "you multiply by the difference p_1 − p; the factor is log(p_1 / p).": (
            lambda q, W, a, b: _dropped(q, W, a, b, lambda p1, p: p1 - p)
        ),
        "q is not used: you start from all states alike.": lambda q, W, a, b: dropped_term(
            np.full_like(q, 1 / len(q)), W, a, b
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

EXERCISES = [NOISE, DROPPED]
