"""Exercises of chapter 11, Other energies: a missing answer of a survey."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise


# -- 11.4 ----------------------------------------------------------------------------------------
def _filled(v, site, q):
    """Each row q times, with each of the q answers at the site: (n, q, D)."""
    rows = np.repeat(v[:, None, :], q, axis=1).copy()
    rows[:, :, site * q : (site + 1) * q] = np.eye(q)
    return rows


def _free_energy(v, W, a, b):
    return -v @ a - np.logaddexp(0, v @ W + b).sum(axis=-1)


def _softmax(x):
    factor = np.exp(x - x.max(axis=1, keepdims=True))
    return factor / factor.sum(axis=1, keepdims=True)


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


def _divided(x):
    return x / x.sum(axis=1, keepdims=True)


def _from_column(v, site, q, W, a, b):
    filled = np.repeat(v[:, None, :], q, axis=1).copy()
    filled[:, :, site : site + q] = np.eye(q)
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
        "you divide the numbers −F by their sum. Probabilities are proportional to exp(−F).": (
            lambda v, site, q, W, a, b: _divided(-_free_energy(_filled(v, site, q), W, a, b))
        ),
        "you normalise over the rows (people), for each answer; each row sums to 1 instead.": (
            lambda v, site, q, W, a, b: _softmax(-_free_energy(_filled(v, site, q), W, a, b).T).T
        ),
        "the answer is filled in from column `site` on. Site number `site` begins at site·q.": (
            _from_column
        ),
        "you sum over all answers of all rows: normalise each row by itself.": (
            lambda v, site, q, W, a, b: (
                np.exp(-_free_energy(_filled(v, site, q), W, a, b))
                / np.exp(-_free_energy(_filled(v, site, q), W, a, b)).sum()
            )
        ),
    },
)

EXERCISES = [ANSWER]
