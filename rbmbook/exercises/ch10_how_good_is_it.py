"""Exercises of chapter 10, How good is it?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.random import Generator

from .exercise import Exercise
from .free_energies import with_free_energy
from .machines import all_states, random_machine


def _softplus(x):
    return np.logaddexp(0, x)


def _sigmoid(x):
    return np.exp(-_softplus(-x))


def _log_sum(x, axis=None):
    peak = x.max(axis=axis, keepdims=True)
    return np.squeeze(peak, axis) + np.log(np.exp(x - peak).sum(axis=axis))


# -- 10.1 ----------------------------------------------------------------------------------------
def _size(log_w):
    w = np.exp(log_w - log_w.max())
    return w.sum() ** 2 / (w**2).sum()


def summarise(log_w, log_z0):
    """log Z₀ + log of the mean importance, and (Σw)² / Σw², of any magnitude."""
    return log_z0 + _log_sum(log_w) - np.log(len(log_w)), _size(log_w)


# What a reader may return for each part; the first entry of each is right and has no words.
LOG_Z = {
    "": lambda log_w, log_z0: summarise(log_w, log_z0)[0],
    "log Ẑ: you average the logarithms. The mean of w is unbiased, not the mean of log w: take "
    "the mean first, then the logarithm.": lambda log_w, log_z0: log_z0 + log_w.mean(),
    "log Ẑ: log Z₀ is missing; the mean importance is Z / Z₀.": (
        lambda log_w, log_z0: _log_sum(log_w) - np.log(len(log_w))
    ),
    "log Ẑ: log Z₀ has the wrong sign: Z = Z₀ · (mean importance).": (
        lambda log_w, log_z0: _log_sum(log_w) - np.log(len(log_w)) - log_z0
    ),
    "log Ẑ: you take the sum of the importances; it is their mean, so log n has to go.": (
        lambda log_w, log_z0: log_z0 + _log_sum(log_w)
    ),
    "log Ẑ: this is the estimate of a reverse run, log Z₀ − log(mean of w). Here the mean of w is "
    "Z / Z₀.": lambda log_w, log_z0: log_z0 - _log_sum(log_w) + np.log(len(log_w)),
    "log Ẑ: you take the largest importance alone; the mean has all of them.": (
        lambda log_w, log_z0: log_z0 + log_w.max()
    ),
    "log Ẑ: you subtract n from the logarithm; a division by n becomes − log n.": (
        lambda log_w, log_z0: log_z0 + _log_sum(log_w) - len(log_w)
    ),
    "log Ẑ: you divide by n − 1; the mean of n importances divides by n.": (
        lambda log_w, log_z0: log_z0 + _log_sum(log_w) - np.log(len(log_w) - 1)
    ),
    "log Ẑ: this is Ẑ itself; return its logarithm.": (
        lambda log_w, log_z0: np.exp(summarise(log_w, log_z0)[0])
    ),
}
SIZE = {
    "": lambda log_w, log_z0: _size(log_w),
    "n_eff: (10.6) is upside down, the square of the sum stands above.": (
        lambda log_w, log_z0: 1 / _size(log_w)
    ),
    "n_eff: you divide by n. (10.6) is a number of paths between 1 and n, not a share.": (
        lambda log_w, log_z0: _size(log_w) / len(log_w)
    ),
    "n_eff: you put the logarithms into (10.6); it is meant for w itself.": (
        lambda log_w, log_z0: log_w.sum() ** 2 / (log_w**2).sum()
    ),
    "n_eff: this is Σw over the largest w. (10.6) has squares: (Σw)² / Σw².": (
        lambda log_w, log_z0: np.exp(log_w - log_w.max()).sum()
    ),
    "n_eff: a square is missing above: (Σw)² / Σw², not Σw / Σw². Multiply all w by 2: it must "
    "not change.": lambda log_w, log_z0: np.exp(log_w).sum() / np.exp(2 * log_w).sum(),
    "n_eff: these are all n paths; (10.6) counts fewer if the importances differ.": (
        lambda log_w, log_z0: float(len(log_w))
    ),
    "n_eff: you took the square root of (10.6).": lambda log_w, log_z0: np.sqrt(_size(log_w)),
    "n_eff: this is 1 / Σw², which holds for shares of sum 1. Divide the importances by their sum "
    "first, not by the largest.": lambda log_w, log_z0: 1 / np.exp(2 * (log_w - log_w.max())).sum(),
    "n_eff: the square below is outside of the sum: (Σw)² / (Σw)² is 1.": (
        lambda log_w, log_z0: 1.0
    ),
}


def _both(log_z: Callable, size: Callable) -> Callable:
    return lambda log_w, log_z0: (log_z(log_w, log_z0), size(log_w, log_z0))


def _overflowing(log_w, log_z0):
    w = np.exp(log_w)
    return log_z0 + np.log(w.mean()), w.sum() ** 2 / (w**2).sum()


def _summary_mistakes() -> dict[str, Callable]:
    """Slips of the whole, then every combination of slips in the two parts."""
    found = {
        "right for small numbers, but exp(log w) overflows or vanishes for large ones. Take the "
        "largest logarithm out of the sum first; it cancels in (10.6).": _overflowing,
        "the two results are exchanged: first log Ẑ, then the effective sample size.": (
            lambda log_w, log_z0: summarise(log_w, log_z0)[::-1]
        ),
    }
    for (one, log_z), (two, size) in product(LOG_Z.items(), SIZE.items()):
        if words := " ".join(filter(None, (one, two))):
            found[words] = _both(log_z, size)
    return found


def _summary_cases(rng: Generator) -> Iterator[tuple]:
    # The last: no shift but the largest logarithm keeps both a sum of 0 and an overflow away.
    for n, centre, spread in [(3, 0, 1), (50, 0, 2), (8, 3, 0), (20, -5000, 1), (20, 5000, 3),
                              (9, 0, 2000)]:  # fmt: skip
        yield centre + spread * rng.standard_normal(n), float(rng.normal(7, 2))


SUMMARY = Exercise(
    name="10.1",
    title="The estimate and the effective sample size",
    reference=summarise,
    cases=_summary_cases,
    parts=("log Ẑ", "effective sample size"),
    mistakes=_summary_mistakes(),
)


# -- 10.2 ----------------------------------------------------------------------------------------
def _log_f(v, W, a, b):
    """−F(v) of each row."""
    return v @ a + _softplus(v @ W + b).sum(axis=1)


def _with(v, i, k, x, y):
    v = v.copy()
    v[:, i], v[:, k] = x, y
    return v


def _four(v, i, k, W, a, b):
    """log f of each row with (v_i, v_k) = 00, 01, 10, 11: shape (4, n)."""
    return np.array([_log_f(_with(v, i, k, x, y), W, a, b) for x in (0, 1) for y in (0, 1)])


def pair_log_conditional(v, i, k, W, a, b):
    """log f(v) − log of the sum over the four states of the pair."""
    return _log_f(v, W, a, b) - _log_sum(_four(v, i, k, W, a, b), axis=0)


def _single(v, i, W, a, b):
    off, on = _with(v, i, i, 0, 0), _with(v, i, i, 1, 1)
    both = np.array([_log_f(off, W, a, b), _log_f(on, W, a, b)])
    return _log_f(v, W, a, b) - _log_sum(both, axis=0)


def _over(*choice: str) -> Callable:
    """The denominator has only some states: "same", "i", "k" or "both" flipped."""

    def mistake(v, i, k, W, a, b):
        states = {
            "same": v,
            "i": _with(v, i, i, 1 - v[:, i], 1 - v[:, i]),
            "k": _with(v, k, k, 1 - v[:, k], 1 - v[:, k]),
            "both": _with(v, i, k, 1 - v[:, i], 1 - v[:, k]),
        }
        terms = np.array([_log_f(states[c], W, a, b) for c in choice])
        return _log_f(v, W, a, b) - _log_sum(terms, axis=0)

    return mistake


def _pseudo(v, i, k, W, a, b):
    return sum(_single(v, unit, W, a, b) for unit in range(v.shape[1]))


def _exponentials(v, i, k, W, a, b):
    return np.log(np.exp(_log_f(v, W, a, b)) / np.exp(_four(v, i, k, W, a, b)).sum(axis=0))


def _by_free_energy(energy):
    """Another number per picture in place of F."""

    def mistake(v, i, k, W, a, b):
        four = np.array([-energy(_with(v, i, k, x, y), W, a, b) for x in (0, 1) for y in (0, 1)])
        return -energy(v, W, a, b) - _log_sum(four, axis=0)

    return mistake


def _rows_set(v, i, k, W, a, b):
    terms = np.array([_log_f(_with(v.T, i, k, x, y).T, W, a, b) for x in (0, 1) for y in (0, 1)])
    return _log_f(v, W, a, b) - _log_sum(terms, axis=0)


def _log_likelihood(v, i, k, W, a, b):
    return _log_f(v, W, a, b) - _log_sum(_log_f(all_states(len(a)), W, a, b))


def _pair_cases(rng: Generator) -> Iterator[tuple]:
    for n, i, k, n_visible, n_hidden, scale in [
        (4, 0, 1, 2, 2, 1), (5, 1, 3, 4, 3, 1), (6, 4, 2, 6, 6, 1), (3, 0, 2, 5, 1, 1e3)
    ]:  # fmt: skip
        v = rng.integers(0, 2, size=(n, n_visible)).astype(np.float64)
        yield (v, i, k, *random_machine(rng, n_visible, n_hidden, scale))


PAIR = Exercise(
    name="10.2",
    title="The conditional of two pixels",
    reference=pair_log_conditional,
    cases=_pair_cases,
    mistakes={
        "you add the two conditionals of single units. Each of them takes the other unit as "
        "given; together the pair has four states, 00, 01, 10 and 11, with one sum over all.": (
            lambda v, i, k, W, a, b: _single(v, i, W, a, b) + _single(v, k, W, a, b)
        ),
        "this is the whole pseudo-log-likelihood (10.9), a sum over all units. Asked for is one "
        "conditional, of the pair.": _pseudo,
        "this is the conditional of unit i alone; unit k has to vary as well.": (
            lambda v, i, k, W, a, b: _single(v, i, W, a, b)
        ),
        "this is the conditional of unit k alone; unit i has to vary as well.": (
            lambda v, i, k, W, a, b: _single(v, k, W, a, b)
        ),
        "the sum below lacks the states in which only one of the two is flipped: there are four "
        "states of a pair.": _over("same", "both"),
        "the sum below lacks the state in which both are flipped: there are four states of a "
        "pair.": _over("same", "i", "k"),
        "the sum below lacks the state v itself, so this is no probability: it can exceed 1.": (
            _over("i", "k", "both")
        ),
        "the sign is flipped: the unnormalised probability is exp(−F), and −F(v) = aᵀv + Σ "
        "softplus.": lambda v, i, k, W, a, b: (
            -_log_f(v, W, a, b) - _log_sum(-_four(v, i, k, W, a, b), axis=0)
        ),
        "this is minus the logarithm: a log-probability is never above 0.": (
            lambda v, i, k, W, a, b: -pair_log_conditional(v, i, k, W, a, b)
        ),
        "this is the probability; its logarithm is asked for.": (
            lambda v, i, k, W, a, b: np.exp(pair_log_conditional(v, i, k, W, a, b))
        ),
        "nothing is divided by: this is −F(v). Subtract the logarithm of the sum over the four "
        "states of the pair.": lambda v, i, k, W, a, b: _log_f(v, W, a, b),
        "this is log p(v), normalised over all visible states. The other units are given: only "
        "the pair varies.": _log_likelihood,
        "the visible biases are missing from the free energy.": (
            lambda v, i, k, W, a, b: pair_log_conditional(v, i, k, W, 0 * a, b)
        ),
        "the hidden biases are missing from the free energy.": (
            lambda v, i, k, W, a, b: pair_log_conditional(v, i, k, W, a, 0 * b)
        ),
        "you count the units from 1; i and k count from 0, as Python does.": (
            lambda v, i, k, W, a, b: pair_log_conditional(v, i - 1, k - 1, W, a, b)
        ),
        "the log-sum-exp runs over the rows as well: each row has a sum of its own, over its four "
        "states (`axis=0` of an array (4, n)).": lambda v, i, k, W, a, b: (
            _log_f(v, W, a, b) - _log_sum(_four(v, i, k, W, a, b).ravel())
        ),
        "you set rows i and k of v; units are columns, `v[:, i]`.": _rows_set,
        "you return the mean over the rows; one number per row is asked for.": (
            lambda v, i, k, W, a, b: pair_log_conditional(v, i, k, W, a, b).mean()
        ),
        "you return the sum over the rows; one number per row is asked for.": (
            lambda v, i, k, W, a, b: pair_log_conditional(v, i, k, W, a, b).sum()
        ),
        "right for small parameters, but on a machine with parameters a thousand times as large "
        "an exponential overflows. Stay with logarithms: log f(v) minus a log-sum-exp.": (
            _exponentials
        ),
        **with_free_energy(_by_free_energy, "no a", "no b"),
    },
)

EXERCISES = [SUMMARY, PAIR]
