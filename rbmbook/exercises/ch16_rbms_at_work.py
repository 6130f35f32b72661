"""Exercises of chapter 16: what was not rated, noise with a preference, evidence of pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise
from .machines import random_machine, random_states


# -- 16.1 ----------------------------------------------------------------------------------------
def _rows_to_one(factor):
    return factor / factor.sum(axis=1, keepdims=True)


def unrated_stars(p, chosen):
    """p(s | rated) / p(rated | s) ∝ p(s); times p(not rated | s)."""
    return _rows_to_one(p * (1 - chosen) / chosen)


def _unrated_cases(rng: Generator) -> Iterator[tuple]:
    yield np.array([[0.25, 0.75]]), np.array([0.5, 0.9])
    yield np.array([[0.0, 0.5, 0.5], [0.2, 0.3, 0.5]]), np.array([0.05, 0.1, 0.6])
    for n, q in [(4, 5), (3, 3), (5, 4)]:
        yield rng.dirichlet(np.ones(q), size=n), rng.uniform(0.05, 0.95, size=q)


UNRATED = Exercise(
    name="16.1",
    title="Stars of films that were not rated",
    reference=unrated_stars,
    cases=_unrated_cases,
    mistakes={
        "this is p(stars | rated), as it came. It would be right if the choice did not depend on "
        "the stars.": lambda p, chosen: p,
        "this is p(stars) of all films; go on to those that were not rated.": (
            lambda p, chosen: _rows_to_one(p / chosen)
        ),
        "you take `p` for p(stars) of all films. It is that of rated films: divide by the "
        "probability of being rated first.": lambda p, chosen: _rows_to_one(p * (1 - chosen)),
        "this is upside down: stars that are often rated are *rarer* among the unrated.": (
            lambda p, chosen: _rows_to_one(p * chosen / (1 - chosen))
        ),
        "you multiply with the probability of being rated, which is in `p` already.": (
            lambda p, chosen: _rows_to_one(p * chosen)
        ),
        "`p` is divided by the probability of not being rated; that of being rated has to go "
        "out.": lambda p, chosen: _rows_to_one(p / (1 - chosen)),
        "these are not normalised: each row has to sum to 1.": (
            lambda p, chosen: p * (1 - chosen) / chosen
        ),
        "p(stars) of all films, not normalised; go on to those that were not rated.": (
            lambda p, chosen: p / chosen
        ),
        "you take `p` for p(stars) of all films, and the rows are not normalised.": (
            lambda p, chosen: p * (1 - chosen)
        ),
        "you normalise over all rows together: each row by itself sums to 1.": (
            lambda p, chosen: p * (1 - chosen) / chosen / (p * (1 - chosen) / chosen).sum()
        ),
        "you normalise down the rows: the stars of a row are along axis 1.": (
            lambda p, chosen: (p * (1 - chosen) / chosen) / (p * (1 - chosen) / chosen).sum(axis=0)
        ),
        "1 − p is not the probability of the stars of an unrated film. Use Bayes' rule.": (
            lambda p, chosen: 1 - p
        ),
        "1 − p, normalised, is not the distribution of the stars of unrated films. Use Bayes' "
        "rule.": lambda p, chosen: _rows_to_one(1 - p),
        "`p` is p(stars | rated), so `p * chosen` is nobody's probability. Divide by `chosen`, "
        "which leads back to all films, then multiply with `1 - chosen`.": (
            lambda p, chosen: _rows_to_one(1 - p * chosen)
        ),
        "`p` does not enter: what is known of each row is lost.": (
            lambda p, chosen: _rows_to_one((1 - chosen) / chosen + 0 * p)
        ),
        "`chosen` is read from the wrong end: `chosen[0]` belongs to one star.": (
            lambda p, chosen: unrated_stars(p, chosen[::-1])
        ),
    },
)


# -- 16.2 ----------------------------------------------------------------------------------------
def seen_biases(a, seen, loss, ghost):
    """a_i plus log p(seen_i | v_i = 1) − log p(seen_i | v_i = 0)."""
    on = np.log((1 - loss) / ghost)
    off = np.log(loss / (1 - ghost))
    return a + np.where(seen == 1, on, off)


def _without_the_other(a, seen, loss, ghost):
    """The rule of the chapter with the error of the value that is seen."""
    return a + np.where(seen == 1, np.log((1 - loss) / loss), np.log(ghost / (1 - ghost)))


def _bias_cases(rng: Generator) -> Iterator[tuple]:
    for n, D, loss, ghost in [(1, 2, 0.1, 0.3), (4, 5, 0.4, 0.05), (3, 3, 0.02, 0.25)]:
        yield rng.normal(size=D), random_states(rng, n, D), loss, ghost
    yield rng.normal(size=3), np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]]), 0.2, 0.2
    yield rng.normal(size=2), np.array([[1.0, 0.0]]), 1e-12, 1e-9


BIASES = Exercise(
    name="16.2",
    title="Noise with a preference",
    reference=seen_biases,
    cases=_bias_cases,
    mistakes={
        "`loss` and `ghost` are exchanged: `loss` is P(seen off | on), `ghost` is "
        "P(seen on | off).": lambda a, seen, loss, ghost: seen_biases(a, seen, ghost, loss),
        "the sign of the change is flipped: a pixel seen on pushes its unit up.": (
            lambda a, seen, loss, ghost: 2 * a - seen_biases(a, seen, loss, ghost)
        ),
        "the changes for a pixel seen on and one seen off are exchanged.": (
            lambda a, seen, loss, ghost: seen_biases(a, 1 - seen, loss, ghost)
        ),
        "the machine's own biases are missing: the change is added to a.": (
            lambda a, seen, loss, ghost: seen_biases(0 * a, seen, loss, ghost)
        ),
        "a is subtracted from the change; add it.": (
            lambda a, seen, loss, ghost: seen_biases(-a, seen, loss, ghost)
        ),
        "you compare right with wrong for one value of v. Fix what is *seen* and compare its "
        "probability for v = 1 with that for v = 0: `loss` and `ghost` both enter each case.": (
            _without_the_other
        ),
        "you compare the two values that may be *seen*, with v held fixed. Fix what is seen, and "
        "compare v = 1 with v = 0: `loss` and `ghost` both enter each case.": (
            lambda a, seen, loss, ghost: _without_the_other(a, seen, ghost, loss)
        ),
        "these are the probabilities of seeing v as it is. Take, for what is *seen*, the "
        "difference of two logarithms: for v = 1 and for v = 0.": (
            lambda a, seen, loss, ghost: a + np.log(np.where(seen == 1, 1 - loss, 1 - ghost))
        ),
        "this is (16.4) with λ made from `loss` and the sign flipped; `ghost` has to enter, too.": (
            lambda a, seen, loss, ghost: a - (seen_biases(0 * a, seen, loss, loss))
        ),
        "only the probability for v = 1 is there. What counts is the difference of the two "
        "logarithms, for v = 1 and for v = 0: what is the same for both cancels.": (
            lambda a, seen, loss, ghost: a + np.log(np.where(seen == 1, 1 - loss, loss))
        ),
        "only the probability for v = 0 is there; the one for v = 1 belongs to it.": (
            lambda a, seen, loss, ghost: a - np.log(np.where(seen == 1, ghost, 1 - ghost))
        ),
        "this is right only if `loss` and `ghost` are equal: (16.4) with λ made from `loss`.": (
            lambda a, seen, loss, ghost: seen_biases(a, seen, loss, loss)
        ),
        "this is right only if `loss` and `ghost` are equal: (16.4) with λ made from `ghost`.": (
            lambda a, seen, loss, ghost: seen_biases(a, seen, ghost, ghost)
        ),
        "this is (16.4) with the mean of `loss` and `ghost`; the two values seen need two cases.": (
            lambda a, seen, loss, ghost: seen_biases(
                a, seen, (loss + ghost) / 2, (loss + ghost) / 2
            )
        ),
        "the logarithm is missing: a bias is the logarithm of a ratio of probabilities.": (
            lambda a, seen, loss, ghost: a + np.exp(seen_biases(0 * a, seen, loss, ghost))
        ),
        "the logarithm of the change is missing its minus for a pixel seen off: a pixel seen off "
        "pushes its unit down.": (
            lambda a, seen, loss, ghost: a + np.abs(seen_biases(0 * a, seen, loss, ghost))
        ),
        "the change of a pixel seen off is missing: what is off says something as well.": (
            lambda a, seen, loss, ghost: a + seen * np.log((1 - loss) / ghost)
        ),
        "a pixel seen on changes its bias, too: by log p(seen | on) − log p(seen | off).": (
            lambda a, seen, loss, ghost: a + (1 - seen) * np.log(loss / (1 - ghost))
        ),
    },
)


# -- 16.3 ----------------------------------------------------------------------------------------
def _sigmoid(x):
    return 0.5 * (1 + np.tanh(x / 2))


def _inputs(W, L, b, x):
    """Inputs of the hidden units for every label: (n, q, H)."""
    return b + (x @ W)[:, None, :] + L


def _probabilities(W, L, b, d, x):
    s = d + np.logaddexp(0, _inputs(W, L, b, x)).sum(axis=2)
    factor = np.exp(s - s.max(axis=1, keepdims=True))
    return factor / factor.sum(axis=1, keepdims=True)


def evidence(W, L, b, d, x, y):
    """Σ_j W_ij (E[h_j | x, y] − Σ_k p(k | x) E[h_j | x, k])."""
    mean = _sigmoid(_inputs(W, L, b, x))
    average = (_probabilities(W, L, b, d, x)[:, :, None] * mean).sum(axis=1)
    return (mean[np.arange(len(x)), y] - average) @ W.T


def _own(W, L, b, d, x, y):
    return _sigmoid(_inputs(W, L, b, x))[np.arange(len(x)), y]


def _equal_labels(W, L, b, d, x, y):
    mean = _sigmoid(_inputs(W, L, b, x))
    return (mean[np.arange(len(x)), y] - mean.mean(axis=1)) @ W.T


def _sum_of_labels(W, L, b, d, x, y):
    mean = _sigmoid(_inputs(W, L, b, x))
    return (mean[np.arange(len(x)), y] - mean.sum(axis=1)) @ W.T


def _no_label(W, L, b, d, x, y):
    """The mean with no label at all taken from the mean with the own one."""
    return (_own(W, L, b, d, x, y) - _sigmoid(x @ W + b)) @ W.T


def _mean_input(W, L, b, d, x, y):
    """The sigmoid of the average input, in place of the average of sigmoids."""
    average = x @ W + b + _probabilities(W, L, b, d, x) @ L
    return (_own(W, L, b, d, x, y) - _sigmoid(average)) @ W.T


def _without_own(W, L, b, d, x, y):
    """The average over the other labels only."""
    n = np.arange(len(x))
    mean, p = _sigmoid(_inputs(W, L, b, x)), _probabilities(W, L, b, d, x)
    return evidence(W, L, b, d, x, y) + p[n, y, None] * mean[n, y] @ W.T


def _softplus_means(W, L, b, d, x, y):
    value = np.logaddexp(0, _inputs(W, L, b, x))
    average = (_probabilities(W, L, b, d, x)[:, :, None] * value).sum(axis=1)
    return (value[np.arange(len(x)), y] - average) @ W.T


def _of_probability(W, L, b, d, x, y):
    p = _probabilities(W, L, b, d, x)[np.arange(len(x)), y]
    return p[:, None] * evidence(W, L, b, d, x, y)


def _evidence_cases(rng: Generator) -> Iterator[tuple]:
    for n, D, H, q in [(1, 2, 1, 2), (3, 4, 3, 2), (5, 3, 2, 4), (4, 4, 4, 4)]:
        W, _, b = random_machine(rng, D, H)
        L, d = rng.normal(size=(q, H)), rng.normal(size=q)
        yield W, L, b, d, random_states(rng, n, D), rng.integers(q, size=n)
    W, _, b = random_machine(rng, 3, 2, scale=300.0)
    yield W, 300 * rng.normal(size=(3, 2)), b, rng.normal(size=3), np.eye(3), np.array([0, 2, 1])


EVIDENCE = Exercise(
    name="16.3",
    title="Evidence of pixels",
    reference=evidence,
    cases=_evidence_cases,
    mistakes={
        "only the first term, of the label y, is there: the logarithm of the sum over all labels "
        "has a derivative as well.": lambda W, L, b, d, x, y: _own(W, L, b, d, x, y) @ W.T,
        "only the second term, the average over the labels, is there.": (
            lambda W, L, b, d, x, y: _own(W, L, b, d, x, y) @ W.T - evidence(W, L, b, d, x, y)
        ),
        "the two terms are added; the second is subtracted.": (
            lambda W, L, b, d, x, y: 2 * _own(W, L, b, d, x, y) @ W.T - evidence(W, L, b, d, x, y)
        ),
        "the labels are averaged with equal weights: the weight of label k is p(k | x).": (
            _equal_labels
        ),
        "the labels are summed without their probabilities p(k | x).": _sum_of_labels,
        "the second term has no label in it. It is the average over all labels k, with p(k | x), "
        "of the hidden units' means given x and k.": _no_label,
        "you average the inputs over the labels and then take the sigmoid; average the means.": (
            _mean_input
        ),
        "this is the derivative of p(y | x); that of its logarithm is asked for.": _of_probability,
        "the sum runs over the other labels only; the label y is one of all k, too.": _without_own,
        "the derivative of the softplus is missing: it is the sigmoid.": _softplus_means,
        "each entry is multiplied with x_i: that is a derivative with respect to a weight or a "
        "contribution. The input of unit j has the derivative W_ij with respect to x_i.": (
            lambda W, L, b, d, x, y: x * evidence(W, L, b, d, x, y)
        ),
        "the label's biases are missing from p(k | x).": (
            lambda W, L, b, d, x, y: evidence(W, L, b, 0 * d, x, y)
        ),
        "the hidden biases are missing.": (lambda W, L, b, d, x, y: evidence(W, L, 0 * b, d, x, y)),
        "the label's weights are missing from the hidden units' inputs.": (
            lambda W, L, b, d, x, y: evidence(W, 0 * L, b, d, x, y)
        ),
        "this is the derivative for label 0 in every row: row n has the label y[n].": (
            lambda W, L, b, d, x, y: evidence(W, L, b, d, x, 0 * y)
        ),
    },
)

EXERCISES = [UNRATED, BIASES, EVIDENCE]
