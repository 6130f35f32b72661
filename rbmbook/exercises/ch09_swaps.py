"""Exercises of chapter 09, Better negative phases: swaps between temperatures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.random import Generator

from .exercise import Exercise
from .machines import all_states, random_machine, random_states


# -- 09.2 ----------------------------------------------------------------------------------------
def _energy(v, h, W, a, b):
    return -(v @ a) - h @ b - ((v @ W) * h).sum(axis=1)


def _log_ratio(v, h, w, g, low, high, W, a, b):
    return (high - low) * (_energy(w, g, W, a, b) - _energy(v, h, W, a, b))


def _accepting(log_ratio: Callable) -> Callable:
    return lambda *args: np.exp(np.minimum(log_ratio(*args), 0))


def accept_pairs(v, h, w, g, low, high, W, a, b):
    """min(1, exp((high − low)·(E(w, g) − E(v, h))))."""
    return np.exp(np.minimum(_log_ratio(v, h, w, g, low, high, W, a, b), 0))


def _marginal(v, beta, W, a, b):
    return beta * (v @ a) + np.logaddexp(0, beta * (v @ W + b)).sum(axis=1)


def _summed_out(v, h, w, g, low, high, W, a, b):
    theta = W, a, b
    r = _marginal(w, low, *theta) + _marginal(v, high, *theta)
    return r - _marginal(v, low, *theta) - _marginal(w, high, *theta)


def _without(**zero: float) -> Callable:
    def log_ratio(v, h, w, g, low, high, W, a, b):
        scale = {"W": 1, "a": 1, "b": 1, **zero}
        return _log_ratio(v, h, w, g, low, high, scale["W"] * W, scale["a"] * a, scale["b"] * b)

    return log_ratio


def _pair_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, low, high, scale in [
        (12, 3, 2, 0.5, 1.0, 1),
        (9, 4, 4, 0.0, 0.7, 1),
        (6, 2, 5, 0.2, 0.9, 1),
        (8, 3, 3, 0.3, 1.0, 1e4),
    ]:
        v, w = random_states(rng, n, n_visible), random_states(rng, n, n_visible)
        h, g = random_states(rng, n, n_hidden), random_states(rng, n, n_hidden)
        yield (v, h, w, g, low, high, *random_machine(rng, n_visible, n_hidden, scale))


def _overflows(*args):
    ratio = np.exp(_log_ratio(*args))
    return ratio / np.maximum(1, ratio)


def _heat_bath(log_ratio):
    """r / (1 + r), written so that nothing overflows."""
    return lambda *args: np.exp(-np.logaddexp(0, -log_ratio(*args)))


PAIRS = Exercise(
    name="09.2",
    title="Swapping visible and hidden states together",
    reference=accept_pairs,
    cases=_pair_cases,
    mistakes={
        "the sign is wrong: a swap that brings the lower energy to the larger β must always be "
        "accepted.": _accepting(lambda *args: -_log_ratio(*args)),
        "you summed the hidden units out, as in (9.6). Here the hidden states are swapped too, "
        "so the probabilities are those of pairs, exp(−β E(v, h)) / Z_β.": _accepting(_summed_out),
        "that is the ratio of the probabilities; the acceptance probability is at most 1.": (
            lambda *args: np.exp(_log_ratio(*args))
        ),
        "that is the logarithm of the ratio; the acceptance probability is min(1, exp(r)).": (
            _log_ratio
        ),
        "right for small parameters, but with large ones exp(r) is infinite, and infinity divided "
        "by infinity is not a number. Take the minimum of r and 0 first.": _overflows,
        "this is ratio / (1 + ratio), the heat-bath (Barker) rule. It leaves both distributions as "
        "they are, too, but accepts less: at ratio 1 only every other swap. As in (9.6), "
        "min(1, ratio) is asked for.": _heat_bath(_log_ratio),
        "this is ratio / (1 + ratio), with the ratio upside down. Asked for is min(1, ratio), as "
        "in (9.6), and a lower energy belongs to the larger β.": _heat_bath(
            lambda *args: -_log_ratio(*args)
        ),
        "that is min(r, 0), a logarithm; take the exponential.": (
            lambda *args: np.minimum(_log_ratio(*args), 0)
        ),
        "the temperatures are added: in r, each energy counts with plus one β and minus the "
        "other.": _accepting(
            lambda v, h, w, g, low, high, W, a, b: _log_ratio(v, h, w, g, -low, high, W, a, b)
        ),
        "only the machine at `high` is counted: π is a product of two probabilities, and a swap "
        "changes both.": _accepting(
            lambda v, h, w, g, low, high, W, a, b: _log_ratio(v, h, w, g, 0, high, W, a, b)
        ),
        "the temperatures do not enter: r is proportional to the difference high − low.": (
            _accepting(lambda v, h, w, g, low, high, W, a, b: _log_ratio(v, h, w, g, 0, 1, W, a, b))
        ),
        "the sign is wrong in both bias terms of the energy.": _accepting(_without(a=-1, b=-1)),
        "the sign is wrong in the visible bias term of the energy.": _accepting(_without(a=-1)),
        "the sign is wrong in the hidden bias term of the energy.": _accepting(_without(b=-1)),
        "the sign is wrong in the term vᵀWh of the energy.": _accepting(_without(W=-1)),
        "the visible bias is missing in the energy.": _accepting(_without(a=0)),
        "the hidden bias is missing in the energy.": _accepting(_without(b=0)),
        "both biases are missing in the energy.": _accepting(_without(a=0, b=0)),
        "the term vᵀWh is missing in the energy.": _accepting(_without(W=0)),
    },
)


# -- 09.4 ----------------------------------------------------------------------------------------
def _swap_table(log_ratio: Callable) -> Callable:
    """The matrix of one swap round, from the log ratio of every pair (v, w)."""

    def matrix(W, a, b, low, high):
        v = all_states(len(a))
        n = len(v)
        L = [_marginal(v, beta, W, a, b) for beta in (low, high)]
        accept = np.exp(np.minimum(log_ratio(*L, W, a, b, low, high), 0))
        T = np.zeros((n * n, n * n))
        for i, j in product(range(n), repeat=2):
            T[i * n + j, j * n + i] += accept[i, j]
            T[i * n + j, i * n + j] += 1 - accept[i, j]
        return T

    return matrix


def _right(L_low, L_high, W, a, b, low, high):
    """Row: the state at `low`; column: the state at `high`."""
    return L_low[None, :] + L_high[:, None] - L_low[:, None] - L_high[None, :]


def swap_matrix(W, a, b, low, high):
    """(v, w) → (w, v) with probability min(1, e^r), else it stays."""
    return _swap_table(_right)(W, a, b, low, high)


def _scaled_free_energy(L_low, L_high, W, a, b, low, high):
    L = _marginal(all_states(len(a)), 1.0, W, a, b)
    return (high - low) * (L[:, None] - L[None, :])


def _no_rest(W, a, b, low, high):
    """The refused swaps are forgotten."""
    T, n = swap_matrix(W, a, b, low, high), 2 ** len(a)
    for i, j in product(range(n), repeat=2):
        if i != j:
            T[i * n + j, i * n + j] = 0
    return T


def _equal_lost(W, a, b, low, high):
    """Where v = w both outcomes are the same pair, and one overwrites the other."""
    T, n = swap_matrix(W, a, b, low, high), 2 ** len(a)
    for i in range(n):
        T[i * n + i, i * n + i] = 0
    return T


def _bias_unscaled(L_low, L_high, W, a, b, low, high):
    """β multiplies the weights and the visible biases only."""
    v = all_states(len(a))
    L = [beta * (v @ a) + np.logaddexp(0, beta * (v @ W) + b).sum(axis=1) for beta in (low, high)]
    return _right(*L, W, a, b, low, high)


def _unbounded(W, a, b, low, high):
    """The ratio itself in place of min(1, ratio)."""
    v = all_states(len(a))
    L, n = [_marginal(v, beta, W, a, b) for beta in (low, high)], len(v)
    ratio = np.exp(_right(*L, W, a, b, low, high))
    T = np.zeros((n * n, n * n))
    for i, j in product(range(n), repeat=2):
        T[i * n + j, j * n + i] += ratio[i, j]
        T[i * n + j, i * n + j] += 1 - ratio[i, j]
    return T


def _matrix_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, low, high, scale in [
        (1, 1, 0.5, 1.0, 1),
        (2, 2, 0.0, 1.0, 1.5),
        (2, 3, 0.3, 0.8, 2),
        (3, 2, 0.4, 1.0, 1),
    ]:
        yield (*random_machine(rng, n_visible, n_hidden, scale), low, high)


SWAP = Exercise(
    name="09.4",
    title="The transition matrix of a swap",
    reference=swap_matrix,
    cases=_matrix_cases,
    mistakes={
        "every swap is accepted; that leaves the uniform distribution alone, not π. Use (9.6).": (
            _swap_table(lambda L_low, L_high, *rest: 0 * _right(L_low, L_high, *rest))
        ),
        "the sign of r is flipped, or the two temperatures or the states of a pair are exchanged: "
        "v is at `low`; w, which changes fastest in the order of pairs, is at `high`.": (
            _swap_table(lambda *args: -_right(*args))
        ),
        "the log ratio is taken as (high − low) times a difference of free energies at β = 1. "
        "The softplus is not linear, so L_β is not β L_1: use (9.5).": (
            _swap_table(_scaled_free_energy)
        ),
        "β multiplies all parameters: in (9.5) the hidden bias is inside the bracket with β.": (
            _swap_table(_bias_unscaled)
        ),
        "an entry is below 0 or above 1: a probability is at most 1, so take min(1, e^r).": (
            _unbounded
        ),
        "every diagonal entry is 1: only where v = w; elsewhere it is 1 − A.": (
            lambda *args: (
                swap_matrix(*args) * (1 - np.eye(4 ** len(args[1]))) + np.eye(4 ** len(args[1]))
            )
        ),
        "where a swap is refused, the pair stays as it is: the diagonal needs 1 − A, so that "
        "each row sums to one.": _no_rest,
        "if v = w, swapped and not swapped are the same pair: its diagonal entry is 1.": (
            _equal_lost
        ),
        "rows and columns are exchanged: the row is the pair before the swap.": (
            lambda W, a, b, low, high: swap_matrix(W, a, b, low, high).T
        ),
        "the temperatures do not enter: the state v is at `low`, w at `high`.": (
            lambda W, a, b, low, high: swap_matrix(W, a, b, 0, 1)
        ),
        "the parameters have the wrong sign in (9.5).": (
            lambda W, a, b, low, high: swap_matrix(-W, -a, -b, low, high)
        ),
        "both biases are missing in (9.5).": (
            lambda W, a, b, low, high: swap_matrix(W, 0 * a, 0 * b, low, high)
        ),
        "the hidden bias is missing in (9.5).": (
            lambda W, a, b, low, high: swap_matrix(W, a, 0 * b, low, high)
        ),
        "the visible bias is missing in (9.5).": (
            lambda W, a, b, low, high: swap_matrix(W, 0 * a, b, low, high)
        ),
    },
)

EXERCISES = [PAIRS, SWAP]
