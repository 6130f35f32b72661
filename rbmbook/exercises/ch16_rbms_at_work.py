"""Exercises of chapter 16, RBMs at work: a median, noise with a preference, evidence of pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .cases import random_machine, random_states
from .engine import Exercise


# -- 16.1 ----------------------------------------------------------------------------------------
def median_stars(p):
    """The first star, counted from 1, at which the summed probabilities reach one half."""
    return 1 + (np.cumsum(p, axis=1) >= 0.5).argmax(axis=1)


def _median_cases(rng: Generator) -> Iterator[tuple]:
    # In eighths and sixteenths, so that sums are exact and "reaches one half" is meant literally.
    yield (np.array([[0.25, 0.25, 0.25, 0.25], [0.0, 0.125, 0.75, 0.125], [0.625, 0, 0, 0.375]]),)
    yield (np.array([[0.0, 0.0, 0.0, 0.0, 1.0], [0.5, 0.0, 0.0, 0.0, 0.5]]),)
    for n, q in [(6, 5), (7, 3), (4, 4)]:
        counts = rng.multinomial(16, np.full(q, 1 / q), size=n)
        yield (counts / 16,)
    yield (np.array([[0.0625, 0.0625, 0.5, 0.375], [0.4375, 0.0625, 0.0, 0.5]]),)


MEDIAN = Exercise(
    name="16.1",
    title="The median number of stars",
    reference=median_stars,
    cases=_median_cases,
    mistakes={
        "stars are counted from 1, and `argmax` and positions in an array from 0: add 1.": (
            lambda p: median_stars(p) - 1
        ),
        "this is the mean number of stars; the median is asked for.": (
            lambda p: p @ np.arange(1, p.shape[1] + 1)
        ),
        "this is the mean, rounded; the median is asked for.": (
            lambda p: np.rint(p @ np.arange(1, p.shape[1] + 1))
        ),
        "this is the most probable number of stars (the mode); the median is asked for.": (
            lambda p: 1 + p.argmax(axis=1)
        ),
        "one half counts: P(stars ≤ s) ≥ ½, so `>=` and not `>`.": (
            lambda p: 1 + (np.cumsum(p, axis=1) > 0.5).argmax(axis=1)
        ),
        "you count from the most stars down: P(stars ≤ s) sums from 1 star up.": (
            lambda p: 1 + (np.cumsum(p[:, ::-1], axis=1) >= 0.5).argmax(axis=1)
        ),
        "you sum down the rows (people): the stars of a row are along axis 1.": (
            lambda p: 1 + (np.cumsum(p, axis=0) >= 0.5).argmax(axis=1)
        ),
        "you look for the first single probability of one half: sum them up first.": (
            lambda p: 1 + (p >= 0.5).argmax(axis=1)
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
    },
)


# -- 16.3 ----------------------------------------------------------------------------------------
def _sigmoid(x):
    return 0.5 * (1 + np.tanh(x / 2))


def _inputs(W, U, b, x):
    """Inputs of the hidden units for every label: (n, K, H)."""
    return b + (x @ W)[:, None, :] + U


def _probabilities(W, U, b, d, x):
    s = d + np.logaddexp(0, _inputs(W, U, b, x)).sum(axis=2)
    factor = np.exp(s - s.max(axis=1, keepdims=True))
    return factor / factor.sum(axis=1, keepdims=True)


def evidence(W, U, b, d, x, y):
    """Σ_j W_ij (E[h_j | x, y] − Σ_k p(k | x) E[h_j | x, k])."""
    mean = _sigmoid(_inputs(W, U, b, x))
    average = (_probabilities(W, U, b, d, x)[:, :, None] * mean).sum(axis=1)
    return (mean[np.arange(len(x)), y] - average) @ W.T


def _own(W, U, b, d, x, y):
    return _sigmoid(_inputs(W, U, b, x))[np.arange(len(x)), y]


def _equal_labels(W, U, b, d, x, y):
    mean = _sigmoid(_inputs(W, U, b, x))
    return (mean[np.arange(len(x)), y] - mean.mean(axis=1)) @ W.T


def _sum_of_labels(W, U, b, d, x, y):
    mean = _sigmoid(_inputs(W, U, b, x))
    return (mean[np.arange(len(x)), y] - mean.sum(axis=1)) @ W.T


def _no_label(W, U, b, d, x, y):
    """The mean with no label at all taken from the mean with the own one."""
    return (_own(W, U, b, d, x, y) - _sigmoid(x @ W + b)) @ W.T


def _mean_input(W, U, b, d, x, y):
    """The sigmoid of the average input, in place of the average of sigmoids."""
    average = x @ W + b + _probabilities(W, U, b, d, x) @ U
    return (_own(W, U, b, d, x, y) - _sigmoid(average)) @ W.T


def _of_probability(W, U, b, d, x, y):
    p = _probabilities(W, U, b, d, x)[np.arange(len(x)), y]
    return p[:, None] * evidence(W, U, b, d, x, y)


def _evidence_cases(rng: Generator) -> Iterator[tuple]:
    for n, D, H, K in [(1, 2, 1, 2), (3, 4, 3, 2), (5, 3, 2, 4), (4, 4, 4, 4)]:
        W, _, b = random_machine(rng, D, H)
        U, d = rng.normal(size=(K, H)), rng.normal(size=K)
        yield W, U, b, d, random_states(rng, n, D), rng.integers(K, size=n)
    W, _, b = random_machine(rng, 3, 2, scale=300.0)
    yield W, 300 * rng.normal(size=(3, 2)), b, rng.normal(size=3), np.eye(3), np.array([0, 2, 1])


EVIDENCE = Exercise(
    name="16.3",
    title="Evidence of pixels",
    reference=evidence,
    cases=_evidence_cases,
    mistakes={
        "only the first term, of the label y, is there: the logarithm of the sum over all labels "
        "has a derivative as well.": lambda W, U, b, d, x, y: _own(W, U, b, d, x, y) @ W.T,
        "only the second term, the average over the labels, is there.": (
            lambda W, U, b, d, x, y: _own(W, U, b, d, x, y) @ W.T - evidence(W, U, b, d, x, y)
        ),
        "the two terms are added; the second is subtracted.": (
            lambda W, U, b, d, x, y: 2 * _own(W, U, b, d, x, y) @ W.T - evidence(W, U, b, d, x, y)
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
        "the label's biases are missing from p(k | x).": (
            lambda W, U, b, d, x, y: evidence(W, U, b, 0 * d, x, y)
        ),
        "the hidden biases are missing.": (lambda W, U, b, d, x, y: evidence(W, U, 0 * b, d, x, y)),
        "the label's weights are missing from the hidden units' inputs.": (
            lambda W, U, b, d, x, y: evidence(W, 0 * U, b, d, x, y)
        ),
        "this is the derivative for label 0 in every row: row n has the label y[n].": (
            lambda W, U, b, d, x, y: evidence(W, U, b, d, x, 0 * y)
        ),
    },
)

EXERCISES = [MEDIAN, BIASES, EVIDENCE]
