"""Exercises of chapter 11, Other energies, other conditionals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise
from .mistakes import Ways

# -- 11.1 ----------------------------------------------------------------------------------------


def three_levels(x, p0):
    """K, K′ and K″ of a unit with the states −1, 0, 1 and U(s) = c s², and p(0) = p0 at x = 0.

    Without input p(0) = 1 / (1 + 2 exp(−c)), hence c = log(2 p0 / (1 − p0)).
    """
    return _levels(x, _price(p0))


def _price(p0):
    return np.log(2 * p0 / (1 - p0))


def _levels(x, c):
    s = np.array([-1.0, 0.0, 1.0])
    exponent = s * x[:, None] - c * s**2
    peak = exponent.max(axis=1)
    factor = np.exp(exponent - peak[:, None])
    total = factor.sum(axis=1)
    mean = factor @ s / total
    return peak + np.log(total), mean, factor @ s**2 / total - mean**2


def _levels_cases(rng: Generator) -> Iterator[tuple]:
    yield np.array([0.0, 0.7]), 0.45
    yield rng.normal(0, 2, 6), 0.65
    yield rng.normal(0, 2, 3), 0.2
    yield np.array([-1000.0, 1000.0, -3.0]), 0.5


def _two_levels(x, p0):
    return np.logaddexp(x, -x) - _price(p0), np.tanh(x), 1 - np.tanh(x) ** 2


def _levels_overflowing(x, p0):
    with np.errstate(all="ignore"):
        factor = np.exp(-_price(p0))
        total = 1 + factor * (np.exp(x) + np.exp(-x))
        mean = factor * (np.exp(x) - np.exp(-x)) / total
        return np.log(total), mean, factor * (np.exp(x) + np.exp(-x)) / total - mean**2


def _levels_raw_square(x, p0):
    cgf, mean, variance = three_levels(x, p0)
    return cgf, mean, variance + mean**2


def _levels_unnormalised(x, p0):
    cgf, _, variance = three_levels(x, p0)
    return cgf, 2 * np.exp(-_price(p0)) * np.sinh(x), variance


def _levels_deviation(x, p0):
    cgf, mean, variance = three_levels(x, p0)
    return cgf, mean, np.sqrt(variance)


def _levels_tanh(x, p0):
    cgf, _, variance = three_levels(x, p0)
    return cgf, np.tanh(x), variance


def _levels_swapped(x, p0):
    cgf, mean, variance = three_levels(x, p0)
    return cgf, variance, mean


def _levels_no_logarithm(x, p0):
    cgf, mean, variance = three_levels(x, p0)
    return np.exp(cgf), mean, variance


LEVELS = Exercise(
    name="11.1",
    title="A unit with three states",
    reference=three_levels,
    cases=_levels_cases,
    parts=("cgf", "mean", "variance"),
    mistakes={
        "U is missing: each term of the sum is exp(s x − c s²), not exp(s x).": (
            lambda x, p0: _levels(x, 0.0)
        ),
        "the sign of c is flipped: c > 0 makes −1 and +1 less likely, so p0 rises with c.": (
            lambda x, p0: _levels(x, -_price(p0))
        ),
        "p0 is a probability, not c. Find the c at which state 0 has it when x = 0.": (
            lambda x, p0: _levels(x, p0)
        ),
        "a factor 2 is missing in c: two states, −1 and +1, share the probability 1 − p0.": (
            lambda x, p0: _levels(x, np.log(p0 / (1 - p0)))
        ),
        "p0 is taken for the probability of −1 and +1 together. It is that of the state 0.": (
            lambda x, p0: three_levels(x, 1 - p0)
        ),
        "your c lacks the 1 − p0: p0 is 1 divided by a sum of three terms.": (
            lambda x, p0: _levels(x, np.log(2 * p0))
        ),
        "your c is −log p0, as if exp(−U) were a probability already. U(0) is 0 for every c; what "
        "c changes is the sum by which one divides.": lambda x, p0: _levels(x, -np.log(p0)),
        "your c misses its logarithm: exp(c) is 2 p0 / (1 − p0).": (
            lambda x, p0: _levels(x, 2 * p0 / (1 - p0))
        ),
        "U is halved. It is c s² here, not c s²/2.": lambda x, p0: _levels(x, _price(p0) / 2),
        "the state 0 is missing. It contributes exp(0) = 1 to the sum.": _two_levels,
        "the variance lacks a term: it is the mean of s² minus the square of the mean.": (
            _levels_raw_square
        ),
        "the mean is not normalised: divide Σ_s s exp(s x − c s²) by the sum without the s.": (
            _levels_unnormalised
        ),
        "mean and variance are exchanged: return K, mean, variance.": _levels_swapped,
        "that is the standard deviation, the square root of the variance.": _levels_deviation,
        "tanh is the mean of a spin. Here the state 0 takes part, and U counts.": _levels_tanh,
        "that is the sum; the cgf is its logarithm.": _levels_no_logarithm,
        "the sign of the input is flipped: a positive input favours the state +1.": (
            lambda x, p0: three_levels(-x, p0)
        ),
        "right for moderate inputs, but exp(x), cosh and sinh overflow at ±1000. Take the largest "
        "exponent out of the sum first.": _levels_overflowing,
        "K is the logarithm of the whole sum Σ_s exp(x s − U(s)), at input 0, too; you subtract "
        "its value there.": lambda x, p0: (
            three_levels(x, p0)[0] + np.log(p0),
            *three_levels(x, p0)[1:],
        ),
    },
)


# -- 11.2 ----------------------------------------------------------------------------------------
def spins(W, a, b):
    """The spin machine of a Bernoulli machine: v = (s + 1) / 2 put into the energy."""
    return W / 4, a / 2 + W.sum(axis=1) / 4, b / 2 + W.sum(axis=0) / 4


def _machine_cases(rng: Generator) -> Iterator[tuple]:
    for D, H in [(1, 1), (3, 2), (4, 4), (2, 5)]:
        yield rng.normal(size=(D, H)), rng.normal(size=D), rng.normal(size=H)


SPINS = Exercise(
    name="11.2",
    title="From zeros and ones to spins",
    reference=spins,
    cases=_machine_cases,
    parts=("W", "a", "b"),
    mistakes={
        "the biases lack what the weights leave behind: v_i h_j = (s_i t_j + s_i + t_j + 1)/4 has "
        "terms with a single spin.": lambda W, a, b: (W / 4, a / 2, b / 2),
        "that is the text's way, from spins to zeros and ones. The other way is asked for.": (
            lambda W, a, b: (4 * W, 2 * a - 2 * W.sum(axis=1), 2 * b - 2 * W.sum(axis=0))
        ),
        "the corrections of the biases have the wrong sign: all four terms of "
        "(s_i + 1)(t_j + 1)/4 have a plus.": (
            lambda W, a, b: (W / 4, a / 2 - W.sum(axis=1) / 4, b / 2 - W.sum(axis=0) / 4)
        ),
        "W is divided by 2 only. Both v_i and h_j bring a factor ½.": (
            lambda W, a, b: (W / 2, a / 2 + W.sum(axis=1) / 4, b / 2 + W.sum(axis=0) / 4)
        ),
        "the biases are not halved: a_i v_i = a_i (s_i + 1)/2.": (
            lambda W, a, b: (W / 4, a + W.sum(axis=1) / 4, b + W.sum(axis=0) / 4)
        ),
        "the corrections are a half of the sums of W; they are a quarter.": (
            lambda W, a, b: (W / 4, a / 2 + W.sum(axis=1) / 2, b / 2 + W.sum(axis=0) / 2)
        ),
        "the corrections are not divided by 4: each comes from W_ij (s_i t_j + s_i + t_j + 1)/4.": (
            lambda W, a, b: (W / 4, a / 2 + W.sum(axis=1), b / 2 + W.sum(axis=0))
        ),
        "b lacks what the weights leave behind: W_ij v_i h_j has a term with t_j alone.": (
            lambda W, a, b: (W / 4, a / 2 + W.sum(axis=1) / 4, b / 2)
        ),
        "a lacks what the weights leave behind: W_ij v_i h_j has a term with s_i alone.": (
            lambda W, a, b: (W / 4, a / 2, b / 2 + W.sum(axis=0) / 4)
        ),
        "the sums run over the wrong axis: a_i collects the weights W_ij of all hidden j.": (
            lambda W, a, b: (W / 4, a / 2 + W.sum(axis=0) / 4, b / 2 + W.sum(axis=1) / 4)
        ),
        "the correction is one number, the sum of all weights. Each bias gets its own row or "
        "column sum.": lambda W, a, b: (W / 4, a / 2 + W.sum() / 4, b / 2 + W.sum() / 4),
        "W is not divided by 4: v h = (s + 1)(t + 1) / 4, for every pair.": lambda W, a, b: (
            W,
            *spins(W, a, b)[1:],
        ),
        "you put s for v without the halves: v = (s + 1) / 2.": Ways(
            lambda W, a, b: (W, a + W.sum(axis=1) / 2, b + W.sum(axis=0) / 2),
            lambda W, a, b: (W, a + W.sum(axis=1), b + W.sum(axis=0)),
            lambda W, a, b: (W, a, b),
        ),
    },
)


# -- 11.3 ----------------------------------------------------------------------------------------
def _scaled(W, gamma_v, gamma_h):
    return W / np.sqrt(gamma_v)[:, None] / np.sqrt(gamma_h)


def largest_factor(W, gamma_v, gamma_h):
    """1 / the largest singular value of γ_v^(−½) W γ_h^(−½)."""
    return _over_singular_value(_scaled(W, gamma_v, gamma_h), 0)


def _over_singular_value(scaled, which):
    if not np.isfinite(scaled).all():  # where an argument was spoilt to see what happens
        return np.nan
    return float(1 / np.linalg.svd(scaled, compute_uv=False)[which])


def _absolute(W, gamma_v, gamma_h):
    return np.abs(_scaled(W, gamma_v, gamma_h))


def _factor_cases(rng: Generator) -> Iterator[tuple]:
    yield np.array([[2.0]]), np.array([4.0]), np.array([9.0])
    for D, H in [(2, 2), (3, 3), (4, 2), (2, 5)]:
        yield rng.normal(size=(D, H)), rng.uniform(0.5, 4, D), rng.uniform(0.5, 4, H)


FACTOR = Exercise(
    name="11.3",
    title="How large may the weights between Gaussian layers be?",
    reference=largest_factor,
    cases=_factor_cases,
    mistakes={
        "the precisions are missing. Measure each unit in its own standard deviations: "
        "W_ij / √(γ_i γ_j).": (
            lambda W, gamma_v, gamma_h: largest_factor(W, gamma_v * 0 + 1, gamma_h * 0 + 1)
        ),
        "you divide by γ_i γ_j; it is its square root. With one unit in each layer the condition "
        "is W² < γ_v γ_h.": (lambda W, gamma_v, gamma_h: largest_factor(W, gamma_v**2, gamma_h**2)),
        "you multiply by the precisions; larger precisions allow larger weights.": (
            lambda W, gamma_v, gamma_h: largest_factor(W, 1 / gamma_v, 1 / gamma_h)
        ),
        "this checks each pair of units alone. Several weights that are each small enough can be "
        "too much together: look at the largest singular value.": (
            lambda W, gamma_v, gamma_h: float(1 / np.abs(_scaled(W, gamma_v, gamma_h)).max())
        ),
        "this uses the smallest precisions for all units: safe, but not the largest factor. Divide "
        "each W_ij by its own √(γ_i γ_j) first.": lambda W, gamma_v, gamma_h: largest_factor(
            W, gamma_v * 0 + gamma_v.min(), gamma_h * 0 + gamma_h.min()
        ),
        "the hidden precisions are missing: divide W_ij by √(γ_i γ_j), not by √γ_i.": (
            lambda W, gamma_v, gamma_h: largest_factor(W, gamma_v, gamma_h * 0 + 1)
        ),
        "the visible precisions are missing: divide W_ij by √(γ_i γ_j), not by √γ_j.": (
            lambda W, gamma_v, gamma_h: largest_factor(W, gamma_v * 0 + 1, gamma_h)
        ),
        "a square root too many: the singular value is already the factor of a length, not of its "
        "square.": lambda W, gamma_v, gamma_h: largest_factor(W, gamma_v, gamma_h) ** 0.5,
        "that is 1 over the square root of the sum of squares: safe, but not the largest factor.": (
            lambda W, gamma_v, gamma_h: float(1 / np.linalg.norm(_scaled(W, gamma_v, gamma_h)))
        ),
        "a square root is missing: you have 1 over the largest eigenvalue of the scaled WᵀW, "
        "the square of the singular value.": (
            lambda W, gamma_v, gamma_h: largest_factor(W, gamma_v, gamma_h) ** 2
        ),
        "that is 1 over the *smallest* singular value. The direction that is stretched most "
        "decides.": lambda W, gamma_v, gamma_h: _over_singular_value(
            _scaled(W, gamma_v, gamma_h), -1
        ),
        "that is the largest singular value itself; the factor is 1 over it.": (
            lambda W, gamma_v, gamma_h: 1 / largest_factor(W, gamma_v, gamma_h)
        ),
        "this has the sum of all singular values; the direction that is stretched most decides, "
        "the largest one alone.": lambda W, gamma_v, gamma_h: float(
            1 / np.linalg.svd(_scaled(W, gamma_v, gamma_h), compute_uv=False).sum()
        ),
        "sums of absolute weights bound the singular value, but they are not it: they hold for "
        "units that are all at their limit.": Ways(
            lambda W, gamma_v, gamma_h: float(1 / _absolute(W, gamma_v, gamma_h).sum(1).max()),
            lambda W, gamma_v, gamma_h: float(1 / _absolute(W, gamma_v, gamma_h).sum(0).max()),
            lambda W, gamma_v, gamma_h: float(1 / _absolute(W, gamma_v, gamma_h).sum()),
        ),
        "you average the precisions of a layer; each unit is measured in its own standard "
        "deviation.": lambda W, gamma_v, gamma_h: float(
            np.sqrt(gamma_v.mean() * gamma_h.mean()) * _over_singular_value(W, 0)
        ),
    },
)

EXERCISES = [LEVELS, SPINS, FACTOR]
