"""Exercises of chapter 09, Better negative phases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.random import Generator

from .engine import Exercise


def _machine(rng: Generator, n_visible: int, n_hidden: int, scale: float = 1.0) -> tuple:
    """Parameters W, a, b of a random machine."""
    shapes = (n_visible, n_hidden), n_visible, n_hidden
    return tuple(scale * rng.standard_normal(shape) for shape in shapes)


def _binary(rng: Generator, n: int, width: int) -> np.ndarray:
    return rng.integers(0, 2, (n, width)).astype(float)


def _states(width: int) -> np.ndarray:
    return np.array(list(product((0.0, 1.0), repeat=width)))


# -- 09.1 ----------------------------------------------------------------------------------------
def fast_after(g, rate, decay, n):
    """rate · g · (1 + decay + … + decayⁿ⁻¹), the geometric sum in closed form."""
    return rate * g * (1 - decay**n) / (1 - decay)


def _fast_cases(rng: Generator) -> Iterator[tuple]:
    for shape, rate, decay, n in [
        (3, 0.1, 0.5, 1),
        ((2, 3), 0.05, 0.95, 2),
        (4, 0.2, 0.9, 7),
        (2, 0.3, 0.8, 0),
        (3, 1.5, 0.0, 5),
        (2, 0.05, 0.999, 10**12),
    ]:
        yield rng.standard_normal(shape), rate, decay, n


FAST = Exercise(
    name="09.1",
    title="How strong fast weights become",
    reference=fast_after,
    cases=_fast_cases,
    mistakes={
        "nothing fades in your formula: θ_fast is multiplied by the decay at each update.": (
            lambda g, rate, decay, n: rate * g * n
        ),
        "the decay also acts on what is added in the same update; in (9.4) only the old θ_fast "
        "is multiplied by it.": lambda g, rate, decay, n: decay * fast_after(g, rate, decay, n),
        "one update too many: after n updates the sum has n terms, decay⁰ to decayⁿ⁻¹.": (
            lambda g, rate, decay, n: fast_after(g, rate, decay, n + 1)
        ),
        "one update too few: after n updates the sum has n terms, decay⁰ to decayⁿ⁻¹.": (
            lambda g, rate, decay, n: fast_after(g, rate, decay, n - 1)
        ),
        "this is the limit for many updates; for a small n the sum is not yet there.": (
            lambda g, rate, decay, n: rate * g / (1 - decay) + 0.0 * n
        ),
        "this is only what is left of the first update; all n updates contribute. Sum over "
        "them.": lambda g, rate, decay, n: rate * g * decay ** (n - 1.0),
        "this is one term only, of an update n updates ago; all n updates contribute. Sum over "
        "them.": lambda g, rate, decay, n: rate * g * decay**n,
        "the learning rate `rate` is missing.": (
            lambda g, rate, decay, n: fast_after(g, 1.0, decay, n)
        ),
        "the sign is flipped: the fast parameters go up the same direction g as the slow "
        "ones.": lambda g, rate, decay, n: -fast_after(g, rate, decay, n),
        "the sum is not divided by 1 − decay: 1 + x + … + xⁿ⁻¹ = (1 − xⁿ) / (1 − x).": (
            lambda g, rate, decay, n: rate * g * (1 - decay**n)
        ),
    },
)


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
        v, w = _binary(rng, n, n_visible), _binary(rng, n, n_visible)
        h, g = _binary(rng, n, n_hidden), _binary(rng, n, n_hidden)
        yield (v, h, w, g, low, high, *_machine(rng, n_visible, n_hidden, scale))


def _overflows(*args):
    ratio = np.exp(_log_ratio(*args))
    return ratio / np.maximum(1, ratio)


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


# -- 09.3 ----------------------------------------------------------------------------------------
def move_offsets(W, alpha, beta, mu, lam, new_mu, new_lam):
    """a = α − Wλ and b = β − Wᵀμ stay: α gains W(λ′ − λ), β gains Wᵀ(μ′ − μ)."""
    return alpha + W @ (new_lam - lam), beta + W.T @ (new_mu - mu)


def _offset_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden in [(3, 2), (4, 4), (1, 3), (5, 1)]:
        W, alpha, beta = _machine(rng, n_visible, n_hidden)
        mu, new_mu = rng.random(n_visible), rng.random(n_visible)
        lam, new_lam = rng.random(n_hidden), rng.random(n_hidden)
        yield W, alpha, beta, mu, lam, new_mu, new_lam


OFFSETS = Exercise(
    name="09.3",
    title="Other offsets, the same machine",
    reference=move_offsets,
    cases=_offset_cases,
    parts=("alpha", "beta"),
    mistakes={
        "the biases must change with the offsets: by (9.8), a = α − Wλ, and λ is another.": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (alpha, beta)
        ),
        "both corrections have the wrong sign: a = α − Wλ stays, so α grows by W(λ′ − λ).": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
                alpha - W @ (new_lam - lam),
                beta - W.T @ (new_mu - mu),
            )
        ),
        "these are the a and b of (9.8), of a machine without offsets. Go on from there to the "
        "new offsets.": lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
            alpha - W @ lam,
            beta - W.T @ mu,
        ),
        "you treat alpha and beta as if they were a and b: the old offsets are not taken out.": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
                alpha + W @ new_lam,
                beta + W.T @ new_mu,
            )
        ),
        "you computed a and b with the new offsets; they have to be computed with the old ones, "
        "and then turned into biases for the new.": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
                alpha - W @ new_lam,
                beta - W.T @ new_mu,
            )
        ),
        "beta is right, but alpha is unchanged: a = α − Wλ contains the hidden offsets.": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (alpha, beta + W.T @ (new_mu - mu))
        ),
        "alpha is right, but beta is unchanged: b = β − Wᵀμ contains the visible offsets.": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (alpha + W @ (new_lam - lam), beta)
        ),
        "alpha is right; the correction of beta has the wrong sign: b = β − Wᵀμ stays.": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
                alpha + W @ (new_lam - lam),
                beta - W.T @ (new_mu - mu),
            )
        ),
        "beta is right; the correction of alpha has the wrong sign: a = α − Wλ stays.": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
                alpha - W @ (new_lam - lam),
                beta + W.T @ (new_mu - mu),
            )
        ),
        "W is transposed: α has one entry for each visible unit, so it needs W(λ′ − λ), and β "
        "needs Wᵀ(μ′ − μ).": lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
            alpha + W.T @ (new_lam - lam),
            beta + W @ (new_mu - mu),
        ),
        "the offsets are exchanged: α is corrected by the hidden offsets, β by the visible "
        "ones.": lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
            alpha + W @ (new_mu - mu),
            beta + W.T @ (new_lam - lam),
        ),
    },
)


# -- 09.4 ----------------------------------------------------------------------------------------
def _swap_table(log_ratio: Callable) -> Callable:
    """The matrix of one swap round, from the log ratio of every pair (v, w)."""

    def matrix(W, a, b, low, high):
        v = _states(len(a))
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
    L = _marginal(_states(len(a)), 1.0, W, a, b)
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


def _matrix_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, low, high, scale in [
        (1, 1, 0.5, 1.0, 1),
        (2, 2, 0.0, 1.0, 1.5),
        (2, 3, 0.3, 0.8, 2),
        (3, 2, 0.4, 1.0, 1),
    ]:
        yield (*_machine(rng, n_visible, n_hidden, scale), low, high)


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

EXERCISES = [FAST, PAIRS, OFFSETS, SWAP]
