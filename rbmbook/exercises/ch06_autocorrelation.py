"""Exercises of chapter 06, Gibbs sampling: what draws of a chain are worth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .cases import all_states, machine_in_eighths
from .ch06_gibbs_sampling import _block_matrix, _marginal
from .engine import Exercise


# -- 06.3 ----------------------------------------------------------------------------------------
def draws_needed(sigma, lam, error):
    """n = σ² τ / error² with τ = 1 + 2 λ / (1 − λ) = (1 + λ) / (1 − λ)."""
    return sigma**2 * (1 + lam) / (1 - lam) / error**2


def _lags_cut_off(sigma, lam, error, lags=1000):
    return sigma**2 * (1 + 2 * sum(lam**t for t in range(1, lags))) / error**2


def _draws_cases(rng: Generator) -> Iterator[tuple]:
    yield from [(1.0, 0.5, 0.1), (2.0, 0.0, 0.01), (0.7, 0.9, 0.06), (3.0, 0.999, 0.2)]


DRAWS = Exercise(
    name="06.3",
    title="How many draws a standard error takes",
    reference=draws_needed,
    cases=_draws_cases,
    mistakes={
        "the error is squared too: σ² τ / n = error², so n = σ² τ / error².": (
            lambda sigma, lam, error: sigma**2 * (1 + lam) / (1 - lam) / error
        ),
        "you count the first lag alone, τ = 1 + 2 λ; all lags t ≥ 1 contribute.": (
            lambda sigma, lam, error: sigma**2 * (1 + 2 * lam) / error**2
        ),
        "you cut the sum off; a geometric series can be summed to infinity: λ / (1 − λ).": (
            _lags_cut_off
        ),
        "the number is rounded up; return it as it comes.": lambda sigma, lam, error: np.ceil(
            draws_needed(sigma, lam, error)
        ),
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


def _transposed(T, p, f):
    centred = f - p @ f
    total = np.linalg.solve(np.eye(len(p)) - T.T + p[None, :], centred)
    return float(2 * (p * centred) @ total / (p @ centred**2) - 1)


def _plain_mean(T, p, f):
    centred = f - f.mean()
    total = np.linalg.solve(np.eye(len(p)) - T + p[None, :], centred)
    return float(2 * (p * centred) @ total / (p @ centred**2) - 1)


def _one_eigenvalue(T, p, f):
    second = np.sort(np.linalg.eigvals(T).real)[-2]
    return float((1 + second) / (1 - second))


def _time_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, scale in [(2, 1, 1), (3, 3, 1), (4, 2, 2)]:
        W, a, b = machine_in_eighths(rng, n_visible, n_hidden, scale)
        f = all_states(n_visible) @ np.arange(1.0, n_visible + 1)
        yield _block_matrix(W, a, b), _marginal(W, a, b), f
    # Two valleys, all off and all on, the second a little deeper: it takes long to cross.
    W, a, b = np.full((4, 4), 2.0), np.full(4, -3.875), np.full(4, -4.0)
    yield _block_matrix(W, a, b), _marginal(W, a, b), all_states(4).sum(axis=1)


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
        "T stands on the wrong side: values f are a column, T @ f; transposed, the matrix moves "
        "distributions.": _transposed,
        "μ is the mean under p, p @ f, not the plain mean of f over the states.": _plain_mean,
        "(1 + λ₂) / (1 − λ₂) holds if ρ_t = λ₂^t; other eigenvalues contribute too.": (
            _one_eigenvalue
        ),
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

EXERCISES = [DRAWS, TIME]
