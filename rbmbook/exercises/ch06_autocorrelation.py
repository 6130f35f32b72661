"""Exercises of chapter 06, Gibbs sampling: what draws of a chain are worth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .cases import all_states, machine_in_eighths
from .ch06_single_unit import _block_matrix, _marginal
from .engine import Exercise, Ways


# -- 06.3 ----------------------------------------------------------------------------------------
def draws_needed(sigma, lam, error):
    """n = σ² τ / error² with τ = 1 + 2 λ / (1 − λ) = (1 + λ) / (1 − λ)."""
    return sigma**2 * (1 + lam) / (1 - lam) / error**2


def _lags_cut_off(lags):
    return lambda sigma, lam, error: (
        sigma**2 * (1 + 2 * (lam ** np.arange(1.0, lags + 1)).sum()) / error**2
    )


# Where a sum that should go on is cut off: after a round number of lags, or one before it.
LAGS = [n - less for n in (10, 20, 50, 100, 200, 400, 500, 1000, 2000, 5000) for less in (0, 1)]
LAGS.append(10_000)


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
        **{
            f"you cut the sum off after {lags} lags; a geometric series can be summed to infinity: "
            "λ / (1 − λ).": _lags_cut_off(lags)
            for lags in LAGS
        },
        "this is τ alone, the draws that one independent draw costs; n also needs σ² and error².": (
            lambda sigma, lam, error: (1 + lam) / (1 - lam)
        ),
        "the error has no effect on your answer: solve σ² τ / n = error² for n.": (
            lambda sigma, lam, error: sigma**2 * (1 + lam) / (1 - lam)
        ),
        "σ has no effect on your answer: solve σ² τ / n = error² for n.": (
            lambda sigma, lam, error: (1 + lam) / (1 - lam) / error**2
        ),
        "this is 1/n: solve σ² τ / n = error² for n.": (
            lambda sigma, lam, error: 1 / draws_needed(sigma, lam, error)
        ),
        "τ is squared; in (6.10) it stands to the first power.": lambda sigma, lam, error: (
            sigma**2 * ((1 + lam) / (1 - lam)) ** 2 / error**2
        ),
        "this is the sum of ρ_t alone; τ is 1 plus twice that sum.": lambda sigma, lam, error: (
            sigma**2 * lam / (1 - lam) / error**2
        ),
        "−1 / log λ is the time in which ρ_t falls by a factor e; τ is 1 + 2 Σ ρ_t.": (
            lambda sigma, lam, error: sigma**2 * -1 / np.log(lam) / error**2
        ),
        "σ² in (6.10) is the variance, sigma squared; you square it once more.": (
            lambda sigma, lam, error: sigma**4 * (1 + lam) / (1 - lam) / error**2
        ),
        "the correlations are positive: they add to τ, 1 + 2 Σ ρ_t, and you subtract them.": (
            lambda sigma, lam, error: sigma**2 * (1 - 2 * lam / (1 - lam)) / error**2
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


def _truncated(lags):
    """τ from the lags up to this one alone: Σ_{t≤L} Tᵗg solves (I − T) x = g − T^(L+1) g."""

    def time(T, p, f):
        centred = f - p @ f
        rest = np.linalg.matrix_power(T, lags + 1) @ centred
        total = np.linalg.solve(np.eye(len(p)) - T + p[None, :], centred - rest)
        return float(2 * (p * centred) @ total / (p @ centred**2) - 1)

    return time


def _not_centred(T, p, f):
    total = np.linalg.solve(np.eye(len(p)) - T + p[None, :], f)
    return float(2 * (p * f) @ total / (p @ f**2) - 1)


def _uniform_weights(T, p, f):
    centred = f - p @ f
    total = np.linalg.solve(np.eye(len(p)) - T + p[None, :], centred)
    return float(2 * centred @ total / (centred @ centred) - 1)


def _transposed(ones_too, weights):
    """T on the wrong side; the matrix 1p may be transposed with it."""

    def time(T, p, f):
        centred, ones = f - p @ f, np.ones((len(p), 1)) * p
        total = np.linalg.solve(np.eye(len(p)) - T.T + (ones.T if ones_too else ones), centred)
        w = weights(p)
        return float(2 * (w * centred) @ total / (w @ centred**2) - 1)

    return time


def _transposed_sum(lags):
    """The lags up to this one, with the powers of Tᵀ."""

    def time(T, p, f):
        g = f - p @ f
        moved, total = g, 0.0
        for _ in range(lags):
            moved = T.T @ moved
            total += (p * g) @ moved
        return float(1 + 2 * total / (p @ g**2))

    return time


def _plain_mean(T, p, f):
    centred = f - f.mean()
    total = np.linalg.solve(np.eye(len(p)) - T + p[None, :], centred)
    return float(2 * (p * centred) @ total / (p @ centred**2) - 1)


def _one_eigenvalue(T, p, f):
    second = np.sort(np.linalg.eigvals(T).real)[-2]
    return float((1 + second) / (1 - second))


def _with_variance(variance):
    """τ with another number in the place of σ²."""

    def time(T, p, f):
        right = p @ (f - p @ f) ** 2
        return float((autocorrelation_time(T, p, f) + 1) * right / variance(p, f) - 1)

    return time


def _uniform_everywhere(T, p, f):
    centred = f - f.mean()
    total = np.linalg.solve(np.eye(len(p)) - T + p[None, :], centred)
    return float(2 * centred @ total / (centred @ centred) - 1)


def _relaxation_time(T, p, f):
    return float(1 / (1 - np.sort(np.linalg.eigvals(T).real)[-2]))


def _time_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, scale in [(2, 1, 1), (3, 3, 1), (4, 2, 2)]:
        W, a, b = machine_in_eighths(rng, n_visible, n_hidden, scale)
        f = all_states(n_visible) @ np.arange(1.0, n_visible + 1)
        yield _block_matrix(W, a, b), _marginal(W, a, b), f
    # Two valleys, all off and all on, the second a little deeper: it takes long to cross.
    W, a, b = np.full((4, 4), 2.0), np.full(4, -3.875), np.full(4, -4.0)
    yield _block_matrix(W, a, b), _marginal(W, a, b), all_states(4).sum(axis=1)
    # Two states that change places once in a million steps. The numbers are exact, so I − T has no
    # inverse in floating point either, and no sum that is cut off after thousands of lags will do.
    rare = 2.0**-20
    yield np.array([[1 - rare, rare], [rare, 1 - rare]]), np.full(2, 0.5), np.array([0.0, 1.0])


TIME = Exercise(
    name="06.4",
    title="The exact autocorrelation time",
    reference=autocorrelation_time,
    cases=_time_cases,
    mistakes={
        **{
            f"you cut the sum off after {lags} lags; a slow chain has a long tail. Sum all lags at "
            "once by solving a linear system.": _truncated(lags)
            for lags in LAGS
        },
        "you count the first lag alone, τ = 1 + 2 ρ_1; all lags t ≥ 1 contribute.": _truncated(1),
        "your f is not centred: subtract μ = Σ p f first.": _not_centred,
        "every state counts alike in your average; the expectation over the present state weighs "
        "with p.": _uniform_weights,
        "T stands on the wrong side: values f are a column, T @ f; transposed, the matrix moves "
        "distributions.": Ways(
            _transposed(False, lambda p: p),
            _transposed(True, lambda p: p),
            _transposed(False, np.ones_like),
            *(_transposed_sum(lags) for lags in (1, 10, 50, 100, 200, 500, 1000)),
        ),
        "μ is the mean under p, p @ f, not the plain mean of f over the states.": _plain_mean,
        "you divide by the mean of f²; σ² is the mean of (f − μ)².": _with_variance(
            lambda p, f: p @ f**2
        ),
        "σ² is the variance under p; every state counts alike in yours.": _with_variance(
            lambda p, f: f.var()
        ),
        "you divide by σ; ρ_t has the variance σ² below.": _with_variance(
            lambda p, f: np.sqrt(p @ (f - p @ f) ** 2)
        ),
        "every state counts alike in your μ and in your averages; both weigh with p.": (
            _uniform_everywhere
        ),
        "1 / (1 − λ₂) is the time in which the distance to p falls by a factor e; τ is the sum "
        "1 + 2 Σ ρ_t over all eigenvalues.": _relaxation_time,
        "this is Σ ρ_t over t ≥ 1; τ is 1 plus twice that sum.": lambda T, p, f: (
            (autocorrelation_time(T, p, f) - 1) / 2
        ),
        "the 1 in τ = 1 + 2 Σ ρ_t is missing.": lambda T, p, f: autocorrelation_time(T, p, f) - 1,
        "your sum of ρ_t starts at t = 0, but 1 is already counted: τ = 1 + 2 Σ_{t≥1} ρ_t.": (
            lambda T, p, f: autocorrelation_time(T, p, f) + 2
        ),
        "this is 1/τ, what one draw is worth; τ is asked for.": lambda T, p, f: (
            1 / autocorrelation_time(T, p, f)
        ),
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
