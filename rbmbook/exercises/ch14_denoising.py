"""Exercises of chapter 14, Autoencoders: the best denoiser and score matching."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise

# -- 14.3 ----------------------------------------------------------------------------------------


def best_denoiser(damaged, X, p):
    """Σ_r P(row r | damaged) X_r: a row is possible if it is 1 wherever the damaged one is."""
    return _average(_logs(damaged, X, p), X)


def _logs(damaged, X, p, erased=None):
    """log q(damaged | row), (m, n); −inf where a row lacks a pixel that is on."""
    on_in_both = damaged @ X.T
    lost = X.sum(axis=1) - on_in_both
    erased = np.log(p) if erased is None else erased
    possible = on_in_both == damaged.sum(axis=1, keepdims=True)
    return np.where(possible, lost * erased + on_in_both * np.log1p(-p), -np.inf)


def _average(logs, X):
    factors = np.exp(logs - logs.max(axis=1, keepdims=True))
    return factors @ X / factors.sum(axis=1, keepdims=True)


def _denoiser_cases(rng: Generator) -> Iterator[tuple]:
    yield np.array([[1.0, 0.0, 0.0]]), np.array([[1.0, 1, 0], [1, 0, 0], [0, 0, 1]]), 0.3
    for m, n, D, p in [(3, 4, 4, 0.3), (4, 4, 5, 0.7), (6, 8, 6, 0.2)]:
        X = (rng.random((n, D)) < 0.6) * 1.0
        yield X[rng.integers(n, size=m)] * (rng.random((m, D)) >= p), X, p
    X = np.concatenate([np.ones((1, 4000)), np.arange(4000)[None] % 2 * 1.0, np.ones((1, 4000))])
    X[2, :1500] = 0
    # The rows' likelihoods differ by more than exp can bridge.
    yield X[[1, 2, 0]] * (rng.random((3, 4000)) >= 0.6), X, 0.6


def _direct(damaged, X, p):
    """The naive product of probabilities: underflows with many pixels."""
    q = np.exp(_logs(damaged, X, p))
    return q @ X / q.sum(axis=1, keepdims=True)


def _flips(damaged, X, p):
    """The noise taken to flip pixels in both directions."""
    differ = damaged.sum(axis=1)[:, None] + X.sum(axis=1) - 2 * damaged @ X.T
    return _average(differ * np.log(p) + (X.shape[1] - differ) * np.log1p(-p), X)


def _zeros_count(damaged, X, p):
    """A pixel that is 0 in both taken to have been kept, with probability 1 − p."""
    off = X.shape[1] - X.sum(axis=1)
    return _average(_logs(damaged, X, p) + off * np.log1p(-p), X)


def _impossible_allowed(damaged, X, p):
    on_in_both = damaged @ X.T
    lost = X.sum(axis=1) - on_in_both
    return _average(lost * np.log(p) + on_in_both * np.log1p(-p), X)


def _nearest(damaged, X, p):
    return X[_logs(damaged, X, p).argmax(axis=1)]


def _normalised_over_rows(damaged, X, p):
    logs = _logs(damaged, X, p)
    q = np.exp(logs - logs.max(axis=1, keepdims=True))
    return (q / q.sum(axis=0)) @ X


def _not_normalised(damaged, X, p):
    return np.exp(_logs(damaged, X, p)) @ X


def _mean_in_place_of_sum(damaged, X, p):
    logs = _logs(damaged, X, p)
    return np.exp(logs - logs.max(axis=1, keepdims=True)) @ X / len(X)


def _one_maximum(damaged, X, p):
    """The largest logarithm of all rows subtracted, not that of each damaged row."""
    q = np.exp(_logs(damaged, X, p) - _logs(damaged, X, p).max())
    return q @ X / q.sum(axis=1, keepdims=True)


def _thresholded(damaged, X, p):
    return (best_denoiser(damaged, X, p) > 0.5) * 1.0


def _only_holes(damaged, X, p):
    """The pixels that are on left out of the answer."""
    return best_denoiser(damaged, X, p) * (1 - damaged)


DENOISER = Exercise(
    name="14.3",
    title="The best denoiser for masking noise",
    reference=best_denoiser,
    cases=_denoiser_cases,
    mistakes={
        "impossible rows take part: masking never turns a pixel on, so a row that is 0 where the "
        "damaged one is 1 has probability 0.": _impossible_allowed,
        "this noise flips pixels both ways. Masking only turns pixels off: a 0 always stays 0.": (
            _flips
        ),
        "a pixel that is 0 in both was given the factor 1 − p. It is 0 whether it was erased or "
        "not: its factor is 1.": _zeros_count,
        "p and 1 − p are exchanged: p is the probability to be *erased*.": (
            lambda damaged, X, p: best_denoiser(damaged, X, 1 - p)
        ),
        "all possible rows count alike in your answer. Was every 0 of the damaged row given the "
        "factor p? Where the data row is 0 as well, the factor is 1, so that a row from which many "
        "pixels had to be erased counts less (for p below 1).": (
            lambda damaged, X, p: _average(_logs(damaged, X, p, erased=0.0), X)
        ),
        "you return the likeliest row. The mean over all possible rows is asked for.": _nearest,
        "you normalise over the damaged rows; the probabilities of the *data* rows, given one "
        "damaged row, sum to 1.": _normalised_over_rows,
        "the damage is returned as it is: no pixel was restored.": lambda damaged, X, p: damaged,
        "you return the mean of all data, which does not look at the damaged row.": (
            lambda damaged, X, p: np.tile(X.mean(axis=0), (len(damaged), 1))
        ),
        "the holes are filled with p times the mean of all data. Which rows are possible, given "
        "the pixels that are still on, does not enter.": (
            lambda damaged, X, p: damaged + p * X.mean(axis=0) * (1 - damaged)
        ),
        "the holes are filled with the mean of all data. Only rows that are possible, given the "
        "pixels that are still on, may count.": (
            lambda damaged, X, p: damaged + X.mean(axis=0) * (1 - damaged)
        ),
        "dividing by 1 − p restores the brightness on average, but fills no hole: use the data.": (
            lambda damaged, X, p: damaged / (1 - p)
        ),
        "the pixels that are still on are missing from your answer: their mean is 1.": _only_holes,
        "the probabilities of the data rows, given one damaged row, must sum to 1: divide by their "
        "sum.": _not_normalised,
        "you divide by the number of data rows. The factors of the rows are not yet probabilities: "
        "divide by their sum.": _mean_in_place_of_sum,
        "you return zeros and ones. The mean of zeros and ones is a number between, and the "
        "squared error is least for the mean.": _thresholded,
        "subtract the largest logarithm of *each* damaged row (`axis=1`), not the largest of all: "
        "rows with smaller probabilities underflow to 0/0.": _one_maximum,
        "with many pixels your probabilities underflow to 0/0. Add logarithms, and subtract the "
        "largest before `exp` (chapter 01).": _direct,
    },
)


# -- 14.4 ----------------------------------------------------------------------------------------
def hyvarinen(v, W, a, b, gamma):
    """Mean of ½ ‖ψ‖² + Σ_i ∂ψ_i/∂v_i, with ψ = a + tanh(b + vW) Wᵀ − γ v."""
    psi, divergence = _parts(v, W, a, b, gamma)
    return float((0.5 * (psi**2).sum(axis=1) + divergence).mean())


def _parts(v, W, a, b, gamma, mean=np.tanh, variance=None):
    """The score of each row, and the sum of its derivatives."""
    x = v @ W + b
    h = mean(x)
    slope = 1 - h**2 if variance is None else variance(h)
    return a + h @ W.T - gamma * v, slope @ (W**2).sum(axis=0) - gamma.sum()


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _hyvarinen_cases(rng: Generator) -> Iterator[tuple]:
    one = np.ones(1)
    yield np.array([[0.5], [-1.0]]), np.array([[1.2]]), 0.3 * one, -0.4 * one, 2 * one
    for n, D, H in [(3, 2, 2), (4, 3, 3), (5, 4, 2), (3, 2, 5)]:
        yield (
            rng.normal(size=(n, D)),
            rng.normal(size=(D, H)),
            rng.normal(size=D),
            rng.normal(size=H),
            rng.uniform(0.5, 2, D),
        )


def _of(psi, divergence):
    return float((0.5 * (psi**2).sum(axis=1) + divergence).mean())


def _variant(first=_of, **parts):
    """The answer with another J of ψ and divergence, or other hidden means and slopes."""
    return lambda v, W, a, b, gamma: first(*_parts(v, W, a, b, gamma, **parts))


def _with(change):
    """The answer with (ψ, divergence) changed by ``change(ψ, divergence, h, v, W, gamma)``."""

    def answer(v, W, a, b, gamma):
        h = np.tanh(v @ W + b)
        return _of(*change(*_parts(v, W, a, b, gamma), h, v, W, gamma))

    return answer


HYVARINEN = Exercise(
    name="14.4",
    title="Score matching without a target",
    reference=hyvarinen,
    cases=_hyvarinen_cases,
    mistakes={
        "the hidden units are spins: K′ is tanh, not the sigmoid (11.8).": (
            _variant(mean=_sigmoid, variance=lambda h: h * (1 - h))
        ),
        "the slope of tanh is 1 − tanh²; h (1 − h) belongs to the sigmoid.": (
            _variant(variance=lambda h: h * (1 - h))
        ),
        "the slope of tanh is 1 − tanh², not (1 − tanh)².": _variant(
            variance=lambda h: (1 - h) ** 2
        ),
        "the second term has tanh in place of its slope 1 − tanh²: ∂ψ_i/∂v_i differentiates it.": (
            _variant(variance=lambda h: h)
        ),
        "the second term, Σ_i ∂ψ_i/∂v_i, is missing.": _with(lambda s, d, h, v, W, g: (s, 0 * d)),
        "the second term lacks the hidden units: tanh x_j in ψ_i moves with v_i, too.": (
            _with(lambda s, d, h, v, W, g: (s, -g.sum()))
        ),
        "the ½ of the first term is missing.": (
            _with(lambda s, d, h, v, W, g: (np.sqrt(2) * s, d))
        ),
        "the first term has the length of ψ; it is the *square* of it.": _variant(
            lambda s, d: float((0.5 * np.sqrt((s**2).sum(axis=1)) + d).mean())
        ),
        "the first term averages over the rows before the square is taken.": _variant(
            lambda s, d: float(0.5 * (s.mean(axis=0) ** 2).sum() + d.mean())
        ),
        "the first term is averaged over the columns, too; ‖ψ‖² sums over them.": _variant(
            lambda s, d: float(0.5 * (s**2).mean() + d.mean())
        ),
        "the second term lacks −Σ_i γ_i: ψ_i contains −γ_i v_i.": (
            _with(lambda s, d, h, v, W, g: (s, d + g.sum()))
        ),
        "the second term has −γ_i v_i; the derivative of that with respect to v_i is −γ_i.": (
            _with(lambda s, d, h, v, W, g: (s, d + g.sum() - (g * v).sum(axis=1)))
        ),
        "in ∂ψ_i/∂v_i the weight enters twice: once in ψ_i, once in x_j. It is W_ij².": (
            _with(lambda s, d, h, v, W, g: (s, (1 - h**2) @ W.sum(axis=0) - g.sum()))
        ),
        "the weights are missing from the second term: ∂x_j/∂v_i is W_ij, and ψ_i has W_ij.": (
            _with(lambda s, d, h, v, W, g: (s, (1 - h**2).sum(axis=1) - g.sum()))
        ),
        "the second term takes all precisions as 1: it has −Σ_i γ_i.": (
            _with(lambda s, d, h, v, W, g: (s, d + g.sum() - len(g)))
        ),
        "the precisions in the second term are averaged; they are added.": (
            _with(lambda s, d, h, v, W, g: (s, d + g.sum() - g.mean()))
        ),
        "the sign of the second term is flipped.": _with(lambda s, d, h, v, W, g: (s, -d)),
        "only ∂ψ_i/∂v_i is asked for, the diagonal; you also add ∂ψ_i/∂v_l for l ≠ i.": (
            _with(lambda s, d, h, v, W, g: (s, (1 - h**2) @ W.sum(axis=0) ** 2 - g.sum()))
        ),
        "the sum over the rows is left: J is a mean.": (
            lambda v, W, a, b, gamma: len(v) * hyvarinen(v, W, a, b, gamma)
        ),
        "you average over the columns; J sums over them.": (
            lambda v, W, a, b, gamma: hyvarinen(v, W, a, b, gamma) / v.shape[1]
        ),
        "the score has −γ_i v_i, not −v_i.": (_with(lambda s, d, h, v, W, g: (s + g * v - v, d))),
        "the score has −γ_i v_i, not −v_i/γ_i: γ is a precision.": (
            _with(lambda s, d, h, v, W, g: (s + g * v - v / g, d))
        ),
        "the hidden part of the score has the wrong sign: F contains −Σ_j K(x_j), ψ = −∇F.": (
            _with(lambda s, d, h, v, W, g: (s - 2 * h @ W.T, d))
        ),
        "the mean of a spin is tanh(x_j), not tanh(2 x_j): (11.8).": (
            _variant(mean=lambda x: np.tanh(2 * x))
        ),
        "the precisions are missing: both terms contain γ.": (
            lambda v, W, a, b, gamma: hyvarinen(v, W, a, b, 0 * gamma + 1)
        ),
        "you divide by the precisions, or use variances: U = γ v²/2 contributes −γ_i v_i to ψ_i.": (
            lambda v, W, a, b, gamma: hyvarinen(v, W, a, b, 1 / gamma)
        ),
        "the score has the wrong sign of a: ψ = −∇F, and F contains −aᵀv.": (
            lambda v, W, a, b, gamma: hyvarinen(v, W, -a, b, gamma)
        ),
        "the visible biases are missing from the score.": (
            lambda v, W, a, b, gamma: hyvarinen(v, W, 0 * a, b, gamma)
        ),
        "the hidden biases are missing from the inputs.": (
            lambda v, W, a, b, gamma: hyvarinen(v, W, a, 0 * b, gamma)
        ),
        "the hidden biases have the wrong sign in the inputs x_j = b_j + Σ_i v_i W_ij.": (
            lambda v, W, a, b, gamma: hyvarinen(v, W, a, -b, gamma)
        ),
    },
)

EXERCISES = [DENOISER, HYVARINEN]
