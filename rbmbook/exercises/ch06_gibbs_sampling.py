"""Exercises of chapter 06, Gibbs sampling."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.random import Generator, default_rng

from .engine import Exercise


def _machine(rng: Generator, n_visible: int, n_hidden: int, scale: float = 1.0) -> tuple:
    """Parameters W, a, b of a random machine, in eighths: sums of them are exact."""
    shapes = (n_visible, n_hidden), n_visible, n_hidden
    return tuple(np.round(8 * scale * rng.standard_normal(shape)) / 8 for shape in shapes)


def _states(width: int) -> np.ndarray:
    """All binary states, in the order of ``itertools.product``: 00, 01, 10, 11."""
    return np.array(list(product((0.0, 1.0), repeat=width)))


def _sigmoid(x):
    return np.exp(-np.logaddexp(0, -x))  # stable: no exponential of a large positive number


# -- 06.1 ----------------------------------------------------------------------------------------
def gibbs_step(v, W, a, b, rng):
    """h from p(h | v), then v from p(v | h); noise (n, H), then (n, D)."""
    h = (rng.random((len(v), len(b))) < _sigmoid(v @ W + b)).astype(float)
    return (rng.random((len(v), len(a))) < _sigmoid(h @ W.T + a)).astype(float)


def _visible_noise_first(v, W, a, b, rng):
    noise_v, noise_h = rng.random((len(v), len(a))), rng.random((len(v), len(b)))
    h = (noise_h < _sigmoid(v @ W + b)).astype(float)
    return (noise_v < _sigmoid(h @ W.T + a)).astype(float)


def _mean_of_hidden(v, W, a, b, rng):
    rng.random((len(v), len(b)))
    h = _sigmoid(v @ W + b)
    return (rng.random((len(v), len(a))) < _sigmoid(h @ W.T + a)).astype(float)


def _mean_of_hidden_without_noise(v, W, a, b, rng):
    h = _sigmoid(v @ W + b)
    return (rng.random((len(v), len(a))) < _sigmoid(h @ W.T + a)).astype(float)


def _thresholded(v, W, a, b, rng):
    h = (_sigmoid(v @ W + b) > 0.5).astype(float)
    return (_sigmoid(h @ W.T + a) > 0.5).astype(float)


def _mean_of_visible(v, W, a, b, rng):
    h = (rng.random((len(v), len(b))) < _sigmoid(v @ W + b)).astype(float)
    return _sigmoid(h @ W.T + a)


def _above(v, W, a, b, rng):
    h = (rng.random((len(v), len(b))) > _sigmoid(v @ W + b)).astype(float)
    return (rng.random((len(v), len(a))) > _sigmoid(h @ W.T + a)).astype(float)


def _hidden_state(v, W, a, b, rng):
    return (rng.random((len(v), len(b))) < _sigmoid(v @ W + b)).astype(float)


def _shared_noise(v, W, a, b, rng):
    h = (rng.random(len(b)) < _sigmoid(v @ W + b)).astype(float)
    return (rng.random(len(a)) < _sigmoid(h @ W.T + a)).astype(float)


def _step_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden in [(40, 4, 3), (30, 3, 6), (1, 5, 5), (20, 8, 2)]:
        v = rng.integers(0, 2, (n, n_visible)).astype(float)
        yield (v, *_machine(rng, n_visible, n_hidden), default_rng(int(rng.integers(1000))))


STEP = Exercise(
    name="06.1",
    title="One step of block Gibbs sampling",
    reference=gibbs_step,
    cases=_step_cases,
    mistakes={
        "you draw the visible layer's noise before the hidden layer's; in the documented order "
        "the (n, H) numbers come first.": _visible_noise_first,
        "you pass E[h | v] on to the visible layer. To move on, the chain needs a sample of h: "
        "the sigmoid of a mean is not the mean of the sigmoid.": _mean_of_hidden_without_noise,
        "you draw the hidden noise but pass E[h | v] on to the visible layer; compare the noise "
        "with the probabilities, and pass on the zeros and ones.": _mean_of_hidden,
        "you round the probabilities at 1/2: a deterministic map, not a draw.": _thresholded,
        "you return the probabilities P(v = 1 | h); the next state is a draw from them, zeros "
        "and ones.": _mean_of_visible,
        "a unit is on where its number is *below* its probability; you compare the other way "
        "round, which happens with probability 1 − p.": _above,
        "you return the hidden state; the step goes on to the visible one.": _hidden_state,
        "all chains share one row of noise, so they are not independent: draw (n, H) and (n, D) "
        "numbers.": _shared_noise,
        "the visible bias is missing when v is drawn.": lambda v, W, a, b, rng: gibbs_step(
            v, W, 0 * a, b, rng
        ),
        "the hidden bias is missing when h is drawn.": lambda v, W, a, b, rng: gibbs_step(
            v, W, a, 0 * b, rng
        ),
    },
)


# -- 06.2 ----------------------------------------------------------------------------------------
def _table(inputs, states):
    """Row: inputs of a layer; column: the probability of each of its states."""
    return np.exp(inputs @ states.T - np.logaddexp(0, inputs).sum(axis=1, keepdims=True))


def transition_matrix(W, a, b):
    """T(v → v') = Σ_h p(h | v) p(v' | h)."""
    v, h = _states(len(a)), _states(len(b))
    return _table(v @ W + b, h) @ _table(h @ W.T + a, v)


def _hidden_transition(W, a, b):
    return transition_matrix(W.T, b, a)


def _mean_field_transition(W, a, b):
    v = _states(len(a))
    return _table(_sigmoid(v @ W + b) @ W.T + a, v)


def _marginal(W, a, b):
    v = _states(len(a))
    log_weight = v @ a + np.logaddexp(0, v @ W + b).sum(axis=1)
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


def _joint_of_a_step(W, a, b):
    return _marginal(W, a, b)[:, None] * transition_matrix(W, a, b)


def _matrix_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, scale in [(2, 1, 1), (1, 3, 1), (3, 2, 1), (4, 3, 3)]:
        yield _machine(rng, n_visible, n_hidden, scale)


MATRIX = Exercise(
    name="06.2",
    title="The transition matrix of a small machine",
    reference=transition_matrix,
    cases=_matrix_cases,
    mistakes={
        "rows and columns are exchanged: a row belongs to the present state and sums to 1.": (
            lambda W, a, b: transition_matrix(W, a, b).T
        ),
        "this is the matrix of the hidden chain h → v → h'; asked for is v → h → v'.": (
            _hidden_transition
        ),
        "you go from v to E[h | v] and from there to v'. The matrix sums p(h | v) p(v' | h) over "
        "all states h.": _mean_field_transition,
        "this is p(v) T(v → v'), the joint probability of a pair of neighbours; the transition is "
        "conditional on v, so every row sums to 1.": _joint_of_a_step,
        "these are two steps, T @ T.": lambda W, a, b: np.linalg.matrix_power(
            transition_matrix(W, a, b), 2
        ),
        "every row is p(v'), as if one step forgot everything.": lambda W, a, b: np.tile(
            _marginal(W, a, b), (2 ** len(a), 1)
        ),
        "the visible bias is missing in p(v' | h).": lambda W, a, b: transition_matrix(W, 0 * a, b),
        "the hidden bias is missing in p(h | v).": lambda W, a, b: transition_matrix(W, a, 0 * b),
    },
)


# -- 06.3 ----------------------------------------------------------------------------------------
def draws_needed(sigma, lam, error):
    """n = σ² τ / error² with τ = 1 + 2 λ / (1 − λ) = (1 + λ) / (1 − λ)."""
    return sigma**2 * (1 + lam) / (1 - lam) / error**2


def _draws_cases(rng: Generator) -> Iterator[tuple]:
    yield from [(1.0, 0.5, 0.1), (2.0, 0.0, 0.01), (0.7, 0.9, 0.05), (3.0, 0.999, 0.2)]


DRAWS = Exercise(
    name="06.3",
    title="How many draws a standard error takes",
    reference=draws_needed,
    cases=_draws_cases,
    mistakes={
        "you treat the draws as independent: τ is missing.": lambda sigma, lam, error: (
            sigma**2 / error**2
        ),
        "τ has a factor 2 before its sum: each lag occurs forwards and backwards.": (
            lambda sigma, lam, error: sigma**2 / (1 - lam) / error**2
        ),
        "your sum of ρ_t starts at t = 0, but 1 is already counted: Σ_{t≥1} λ^t = λ / (1 − λ).": (
            lambda sigma, lam, error: sigma**2 * (1 + 2 / (1 - lam)) / error**2
        ),
        "the 1 in τ = 1 + 2 Σ ρ_t is missing: a draw's own variance.": (
            lambda sigma, lam, error: sigma**2 * 2 * lam / (1 - lam) / error**2
        ),
        "the standard error is a root: solve σ √(τ / n) = error for n, both sides squared.": (
            lambda sigma, lam, error: sigma * np.sqrt((1 + lam) / (1 - lam)) / error
        ),
        "σ is the standard deviation; the variance σ² belongs in (6.10).": (
            lambda sigma, lam, error: sigma * (1 + lam) / (1 - lam) / error**2
        ),
        "n is multiplied by τ, not divided: correlated draws are worth less.": (
            lambda sigma, lam, error: sigma**2 * (1 - lam) / (1 + lam) / error**2
        ),
    },
)


# -- 06.4 ----------------------------------------------------------------------------------------
def autocorrelation_time(T, p, f):
    """τ = 2 Σ_{t≥0} ρ_t − 1, the sum by solving (I − T + 1p) x = f − μ."""
    centred = f - p @ f
    total = np.linalg.solve(np.eye(len(p)) - T + p[None, :], centred)
    return float(2 * (p * centred) @ total / (p @ centred**2) - 1)


def _truncated(T, p, f):
    centred = f - p @ f
    later, total = centred, 1.0
    for _ in range(100):
        later = T @ later
        total += 2 * (p * centred) @ later / (p @ centred**2)
    return float(total)


def _not_centred(T, p, f):
    total = np.linalg.solve(np.eye(len(p)) - T + p[None, :], f)
    return float(2 * (p * f) @ total / (p @ f**2) - 1)


def _uniform_weights(T, p, f):
    centred = f - p @ f
    total = np.linalg.solve(np.eye(len(p)) - T + p[None, :], centred)
    return float(2 * centred @ total / (centred @ centred) - 1)


def _time_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, scale in [(2, 1, 1), (3, 3, 1), (4, 2, 2)]:
        W, a, b = _machine(rng, n_visible, n_hidden, scale)
        f = _states(n_visible) @ np.arange(1.0, n_visible + 1)
        yield transition_matrix(W, a, b), _marginal(W, a, b), f
    # Two valleys, all off and all on, the second a little deeper: it takes long to cross.
    W, a, b = np.full((4, 4), 2.0), np.full(4, -3.875), np.full(4, -4.0)
    yield transition_matrix(W, a, b), _marginal(W, a, b), _states(4).sum(axis=1)


TIME = Exercise(
    name="06.4",
    title="The exact autocorrelation time",
    reference=autocorrelation_time,
    cases=_time_cases,
    mistakes={
        "you cut the sum off after 100 lags; a slow machine has a long tail. Sum all lags at once "
        "by solving a linear system.": _truncated,
        "your f is not centred: subtract μ = Σ p f first.": _not_centred,
        "every state counts alike in your average; the expectation over the present state weighs "
        "with p.": _uniform_weights,
        "the lag 0 is counted twice: the sum x = g + Tg + … contains ρ_0 = 1, so τ = 2 Σ − 1.": (
            lambda T, p, f: autocorrelation_time(T, p, f) + 1
        ),
        "τ has a factor 2 before its sum: each lag occurs forwards and backwards.": (
            lambda T, p, f: (autocorrelation_time(T, p, f) + 1) / 2
        ),
        "you forgot to divide by the variance σ² of f.": lambda T, p, f: (
            (autocorrelation_time(T, p, f) + 1) * (p @ (f - p @ f) ** 2) - 1
        ),
    },
)

EXERCISES = [STEP, MATRIX, DRAWS, TIME]
