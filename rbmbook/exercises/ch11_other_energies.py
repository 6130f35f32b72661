"""Exercises of chapter 11, Other energies, other conditionals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .engine import Exercise

# -- 11.1 ----------------------------------------------------------------------------------------


def three_levels(x, c):
    """K, K′ and K″ of a unit with the states −1, 0, 1 and U(s) = c s²."""
    s = np.array([-1.0, 0.0, 1.0])
    exponent = s * x[:, None] - c * s**2
    peak = exponent.max(axis=1)
    weight = np.exp(exponent - peak[:, None])
    total = weight.sum(axis=1)
    mean = weight @ s / total
    return peak + np.log(total), mean, weight @ s**2 / total - mean**2


def _levels_cases(rng: Generator) -> Iterator[tuple]:
    yield np.array([0.0, 0.7]), 0.5
    yield rng.normal(0, 2, 6), 1.3
    yield rng.normal(0, 2, 3), -0.8
    yield np.array([-1000.0, 1000.0, -3.0]), 0.4


def _two_levels(x, c):
    return c * 0 + np.logaddexp(x, -x) - c, np.tanh(x), 1 - np.tanh(x) ** 2


def _levels_raw_square(x, c):
    cgf, mean, variance = three_levels(x, c)
    return cgf, mean, variance + mean**2


def _levels_unnormalised(x, c):
    cgf, _, variance = three_levels(x, c)
    return cgf, 2 * np.exp(-c) * np.sinh(x), variance


def _levels_deviation(x, c):
    cgf, mean, variance = three_levels(x, c)
    return cgf, mean, np.sqrt(variance)


def _levels_tanh(x, c):
    cgf, _, variance = three_levels(x, c)
    return cgf, np.tanh(x), variance


def _levels_swapped(x, c):
    cgf, mean, variance = three_levels(x, c)
    return cgf, variance, mean


def _levels_no_logarithm(x, c):
    cgf, mean, variance = three_levels(x, c)
    return np.exp(cgf), mean, variance


LEVELS = Exercise(
    name="11.1",
    title="A unit with three states",
    reference=three_levels,
    cases=_levels_cases,
    parts=("cgf", "mean", "variance"),
    mistakes={
        "U is missing: each term of the sum is exp(s x − c s²), not exp(s x).": (
            lambda x, c: three_levels(x, 0.0)
        ),
        "the sign of U is flipped: the exponent is s x − U(s), minus the energy.": (
            lambda x, c: three_levels(x, -c)
        ),
        "U is halved. It is c s² here, not c s²/2.": lambda x, c: three_levels(x, c / 2),
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
            lambda x, c: three_levels(-x, c)
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
        "the sums run over the wrong axis: a_i collects the weights W_ij of all hidden j.": (
            lambda W, a, b: (W / 4, a / 2 + W.sum(axis=0) / 4, b / 2 + W.sum(axis=1) / 4)
        ),
        "the correction is one number, the sum of all weights. Each bias gets its own row or "
        "column sum.": lambda W, a, b: (W / 4, a / 2 + W.sum() / 4, b / 2 + W.sum() / 4),
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
    },
)


# -- 11.4 ----------------------------------------------------------------------------------------
def _filled(v, site, q):
    """Each row q times, with each of the q answers at the site: (n, q, D)."""
    rows = np.repeat(v[:, None, :], q, axis=1).copy()
    rows[:, :, site * q : (site + 1) * q] = np.eye(q)
    return rows


def _free_energy(v, W, a, b):
    return -v @ a - np.logaddexp(0, v @ W + b).sum(axis=-1)


def _softmax(x):
    weight = np.exp(x - x.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def missing_answer(v, site, q, W, a, b):
    """p(answer at the site | all other answers) = softmax over k of −F(v with answer k)."""
    return _softmax(-_free_energy(_filled(v, site, q), W, a, b))


def _block(x, site, q):
    return x[:, site * q : (site + 1) * q]


def _mean_field(v, site, q, W, a, b):
    h = 1 / (1 + np.exp(-(v @ W + b)))
    return _softmax(_block(h @ W.T + a, site, q))


def _blank_mean_field(v, site, q, W, a, b):
    v = v.copy()
    v[:, site * q : (site + 1) * q] = 0
    return _mean_field(v, site, q, W, a, b)


def _two_answers(v, site, q, W, a, b):
    filled = np.repeat(v[:, None, :], q, axis=1).copy()
    filled[:, np.arange(q), site * q + np.arange(q)] = 1
    return _softmax(-_free_energy(filled, W, a, b))


def _answer_cases(rng: Generator) -> Iterator[tuple]:
    for n, sites, q, H, site in [(3, 2, 2, 1, 0), (4, 3, 3, 2, 2), (5, 3, 4, 3, 1)]:
        v = np.eye(q)[rng.integers(q, size=(n, sites))].reshape(n, sites * q)
        D = sites * q
        yield v, site, q, rng.normal(0, 1.5, (D, H)), rng.normal(size=D), rng.normal(size=H)
    v = np.eye(3)[rng.integers(3, size=(2, 2))].reshape(2, 6)
    yield v, 1, 3, rng.normal(0, 500, (6, 2)), rng.normal(0, 100, 6), rng.normal(size=2)


ANSWER = Exercise(
    name="11.4",
    title="A missing answer, exactly",
    reference=missing_answer,
    cases=_answer_cases,
    mistakes={
        "the sign is flipped: p(v) is proportional to exp(−F(v)).": (
            lambda v, site, q, W, a, b: _softmax(_free_energy(_filled(v, site, q), W, a, b))
        ),
        "the old answer was left in place: clear the site's q columns before you fill one in.": (
            _two_answers
        ),
        "this is right for site 0. Site number `site` takes the columns from site·q on.": (
            lambda v, site, q, W, a, b: missing_answer(v, 0, q, W, a, b)
        ),
        "all signs are flipped: a positive bias or weight lowers the free energy.": (
            lambda v, site, q, W, a, b: missing_answer(v, site, q, -W, -a, -b)
        ),
        "the signs of the biases are flipped.": (
            lambda v, site, q, W, a, b: missing_answer(v, site, q, W, -a, -b)
        ),
        "the other answers do not enter: your rows are 0 outside the site.": (
            lambda v, site, q, W, a, b: missing_answer(0 * v, site, q, W, a, b)
        ),
        "you go up with means and down again. That uses the answer that is meant to be missing, "
        "and a mean of h in place of h.": _mean_field,
        "you leave the site blank, go up with means and down again. The blank is no state of the "
        "machine, and the mean of h is not h: sum the hidden units out instead.": _blank_mean_field,
        "only the biases are used: the other answers do not matter in your result.": (
            lambda v, site, q, W, a, b: _softmax(np.tile(_block(a[None], site, q), (len(v), 1)))
        ),
        "the visible biases are missing from the free energy.": (
            lambda v, site, q, W, a, b: missing_answer(v, site, q, W, 0 * a, b)
        ),
        "the hidden biases are missing from the free energy.": (
            lambda v, site, q, W, a, b: missing_answer(v, site, q, W, a, 0 * b)
        ),
        "these are exp(−F), not yet divided by their sum over the q answers.": (
            lambda v, site, q, W, a, b: np.exp(-_free_energy(_filled(v, site, q), W, a, b))
        ),
        "these are the free energies; their softmax (of −F) is asked for.": (
            lambda v, site, q, W, a, b: _free_energy(_filled(v, site, q), W, a, b)
        ),
        "you sum over all answers of all rows: normalise each row by itself.": (
            lambda v, site, q, W, a, b: (
                np.exp(-_free_energy(_filled(v, site, q), W, a, b))
                / np.exp(-_free_energy(_filled(v, site, q), W, a, b)).sum()
            )
        ),
    },
)

EXERCISES = [LEVELS, SPINS, FACTOR, ANSWER]
