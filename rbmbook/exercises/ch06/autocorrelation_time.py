"""Exercise 06.4: the exact autocorrelation time."""

import numpy as np

from ..exercise import exercise
from ..machines import all_states, block_matrix, machine_in_eighths, marginal
from ..mistakes import Ways, slips_of
from .lags import LAGS


def all_lags(T, p, g):
    """Σ_{t≥0} Tᵗg by solving (I − T + 1p) x = g, for a g of mean 0."""
    return np.linalg.solve(np.eye(len(p)) - T + p[None, :], g)


def autocorrelation_time(T, p, f, *, mean=lambda f, p: p @ f, weights=lambda p: p, series=all_lags):
    """τ = 2 Σ_{t≥0} ρ_t − 1."""
    g, w = f - mean(f, p), weights(p)
    return float(2 * (w * g) @ series(T, p, g) / (w @ g**2) - 1)


def cases(rng):
    for n_visible, n_hidden, scale in [(2, 1, 1), (3, 3, 1), (4, 2, 2)]:
        machine = machine_in_eighths(rng, n_visible, n_hidden, scale)
        f = all_states(n_visible) @ np.arange(1.0, n_visible + 1)
        yield block_matrix(*machine), marginal(*machine), f
    # Two valleys, all off and all on, the second a little deeper: it takes long to cross.
    machine = np.full((4, 4), 2.0), np.full(4, -3.875), np.full(4, -4.0)
    yield block_matrix(*machine), marginal(*machine), all_states(4).sum(axis=1)
    # Two states that change places once in a million steps. The numbers are exact, so I − T has no
    # inverse in floating point either, and no sum that is cut off after thousands of lags will do.
    rare = 2.0**-20
    yield np.array([[1 - rare, rare], [rare, 1 - rare]]), np.full(2, 0.5), np.array([0.0, 1.0])


slip = slips_of(autocorrelation_time)


def cut_off(lags):
    """The lags up to this one alone: Σ_{t≤L} Tᵗg solves (I − T) x = g − T^(L+1) g."""

    def series(T, p, g):
        return all_lags(T, p, g - np.linalg.matrix_power(T, lags + 1) @ g)

    return slip(series=series)


def transposed_sum(lags):
    """The lags up to this one, with the powers of Tᵀ."""

    def series(T, p, g):
        total = moved = g
        for _ in range(lags):
            moved = T.T @ moved
            total = total + moved
        return total

    return slip(series=series)


def second_eigenvalue(T):
    return float(np.sort(np.linalg.eigvals(T).real)[-2])


def with_variance(variance):
    """Another number in the place of σ²."""

    def time(T, p, f):
        right = p @ (f - p @ f) ** 2
        return (autocorrelation_time(T, p, f) + 1) * right / variance(p, f) - 1

    return time


def of_tau(answer):
    return lambda *args: answer(autocorrelation_time(*args))


MISTAKES = {
    **{
        f"you cut the sum off after {lags} lags; a slow chain has a long tail. Sum all lags at "
        "once by solving a linear system.": cut_off(lags)
        for lags in LAGS
    },
    "you count the first lag alone, τ = 1 + 2 ρ_1; all lags t ≥ 1 contribute.": cut_off(1),
    "your f is not centred: subtract μ = Σ p f first.": slip(mean=lambda f, p: 0),
    "every state counts equally in your average; the expectation over the present state weighs "
    "with p.": slip(weights=np.ones_like),
    "T stands on the wrong side: values f are a column, T @ f; transposed, the matrix moves "
    "distributions.":
        Ways(
            slip(T=np.transpose),
            slip(series=lambda T, p, g: np.linalg.solve(np.eye(len(p)) - T.T + p[:, None], g)),
            slip(T=np.transpose, weights=np.ones_like),
            *(transposed_sum(lags) for lags in (1, 10, 50, 100, 200, 500, 1000)),
        ),
    "μ is the mean under p, p @ f, not the plain mean of f over the states.":
        slip(mean=lambda f, p: f.mean()),
    "you divide by the mean of f²; σ² is the mean of (f − μ)².":
        with_variance(lambda p, f: p @ f**2),
    "σ² is the variance under p; every state counts equally in yours.":
        with_variance(lambda p, f: f.var()),
    "you divide by σ; ρ_t has the variance σ² below.":
        with_variance(lambda p, f: np.sqrt(p @ (f - p @ f) ** 2)),
    "every state counts equally in your μ and in your averages; both weigh with p.":
        slip(mean=lambda f, p: f.mean(), weights=np.ones_like),
    "1 / (1 − λ₂) is the time in which the distance to p falls by a factor e; τ is the sum 1 + 2 Σ "
    "ρ_t over all eigenvalues.": lambda T, p, f: 1 / (1 - second_eigenvalue(T)),
    "this is Σ ρ_t over t ≥ 1; τ is 1 plus twice that sum.": of_tau(lambda tau: (tau - 1) / 2),
    "the 1 in τ = 1 + 2 Σ ρ_t is missing.": of_tau(lambda tau: tau - 1),
    "your sum of ρ_t starts at t = 0, but 1 is already counted: τ = 1 + 2 Σ_{t≥1} ρ_t.":
        of_tau(lambda tau: tau + 2),
    "this is 1/τ, what one draw is worth; τ is asked for.": of_tau(lambda tau: 1 / tau),
    "(1 + λ₂) / (1 − λ₂) holds if ρ_t = λ₂^t; other eigenvalues contribute too.":
        lambda T, p, f: (1 + second_eigenvalue(T)) / (1 - second_eigenvalue(T)),
    "the lag 0 is counted twice: the sum x = g + Tg + … contains ρ_0 = 1, so τ = 2 Σ − 1.":
        of_tau(lambda tau: tau + 1),
    "τ has a factor 2 before its sum: each lag occurs forwards and backwards.":
        of_tau(lambda tau: (tau + 1) / 2),
    "you forgot to divide by the variance σ² of f.": with_variance(lambda p, f: 1),
}  # fmt: skip

EXERCISE = exercise(__doc__, autocorrelation_time, cases, MISTAKES)
