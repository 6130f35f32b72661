"""Exercises of chapter 04, Likelihood and its gradient."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .cases import all_states, random_machine, random_states
from .engine import Exercise


def _free_energy(v, W, a, b):
    return -v @ a - np.logaddexp(0, v @ W + b).sum(axis=1)


def _log_sum_exp(x):
    return x.max() + np.log(np.exp(x - x.max()).sum())


def _log_partition(W, a, b):
    return _log_sum_exp(-_free_energy(all_states(len(a)), W, a, b))


def _log_p(v, W, a, b):
    return -_free_energy(v, W, a, b) - _log_partition(W, a, b)


# -- 04.1 ----------------------------------------------------------------------------------------
def log_likelihood(v, W, a, b):
    """Mean over the rows of v of log p(v) = −F(v) − log Z, in nats."""
    return _log_p(v, W, a, b).mean()


def _rectified(v, W, a, b):
    return v @ a + np.maximum(0, v @ W + b).sum(axis=1)


def _likelihood_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, scale in [(3, 2, 1, 1), (7, 4, 3, 1), (5, 3, 5, 2), (4, 3, 2, 300)]:
        yield (random_states(rng, n, n_visible), *random_machine(rng, n_visible, n_hidden, scale))


LIKELIHOOD = Exercise(
    name="04.1",
    title="The mean log-likelihood of a data set",
    reference=log_likelihood,
    cases=_likelihood_cases,
    mistakes={
        "log Z is missing: −F(v) is the logarithm of an unnormalised weight, not of a "
        "probability.": lambda v, W, a, b: -_free_energy(v, W, a, b).mean(),
        "you add log Z; p(v) = exp(−F(v)) / Z, and the logarithm of a quotient is a "
        "difference.": lambda v, W, a, b: _log_partition(W, a, b) - _free_energy(v, W, a, b).mean(),
        "the sign of the free energy is wrong: log p(v) = −F(v) − log Z.": lambda v, W, a, b: (
            _free_energy(v, W, a, b).mean() - _log_partition(W, a, b)
        ),
        "all signs are reversed in your free energy: F(v) has −aᵀv and minus the softplus of "
        "+b_j + Σ_i v_i W_ij.": lambda v, W, a, b: log_likelihood(v, -W, -a, -b),
        "the softplus terms are summed over the whole batch; sum over the hidden units only, "
        "`axis=1`.": lambda v, W, a, b: (
            (v @ a).mean() + np.logaddexp(0, v @ W + b).sum() - _log_partition(W, a, b)
        ),
        "max(0, x) stands in place of softplus(x) = log(1 + exp(x)).": lambda v, W, a, b: (
            _rectified(v, W, a, b).mean() - _log_sum_exp(_rectified(all_states(len(a)), W, a, b))
        ),
        "the sign is flipped: this is the mean of −log p(v), which one minimises.": (
            lambda v, W, a, b: -log_likelihood(v, W, a, b)
        ),
        "you sum over the examples; the mean per example is asked for.": lambda v, W, a, b: _log_p(
            v, W, a, b
        ).sum(),
        "the mean is missing: one number for the data set is asked for, not one per example.": (
            lambda v, W, a, b: _log_p(v, W, a, b)
        ),
        "this is the logarithm of the mean probability. Take the logarithm of each example "
        "first, then the mean: the examples' probabilities multiply.": lambda v, W, a, b: (
            _log_sum_exp(_log_p(v, W, a, b)) - np.log(len(v))
        ),
        "these are bits, from logarithms to base 2; nats are asked for, natural logarithms.": (
            lambda v, W, a, b: log_likelihood(v, W, a, b) / np.log(2)
        ),
        "Z is summed over the data only. It runs over all 2^D states, also those that do not "
        "occur in the data.": lambda v, W, a, b: (
            -_free_energy(v, W, a, b).mean()
            - _log_sum_exp(-_free_energy(np.unique(v, axis=0), W, a, b))
        ),
    },
)


# -- 04.2 ----------------------------------------------------------------------------------------
def kl(p, q):
    """KL(p ‖ q) = Σ_v p(v) log(p(v) / q(v)); states with p(v) = 0 contribute nothing."""
    seen = p > 0
    return np.sum(p[seen] * np.log(p[seen] / q[seen]))


def _kl_cases(rng: Generator) -> Iterator[tuple]:
    for n, empty in [(4, 0), (8, 3), (512, 498), (2, 1)]:
        p, q = rng.random(n) + 0.01, rng.random(n) + 0.01
        p[:empty] = 0.0
        yield p / p.sum(), q / q.sum()


def _cross_entropy(p, q):
    return -np.sum(p * np.log(q))


def _entropy(p):
    return -np.sum(p[p > 0] * np.log(p[p > 0]))


KL = Exercise(
    name="04.2",
    title="The divergence between data and model",
    reference=kl,
    cases=_kl_cases,
    mistakes={
        "the two distributions are exchanged: the average is over p, the data, and p stands in "
        "the numerator.": lambda p, q: np.sum(q * np.log(q / p)),
        "the ratio is upside down: log(p / q), so that the result is never negative.": (
            lambda p, q: -kl(p, q)
        ),
        "this is the cross-entropy −Σ p log q, which is KL plus the entropy of p.": _cross_entropy,
        "this is Σ p log q, the mean log-likelihood; KL also has the term Σ p log p, and the "
        "opposite sign.": lambda p, q: -_cross_entropy(p, q),
        "this is the entropy of p; where is q?": lambda p, q: _entropy(p),
        "the average is over the states with equal weight (a mean); weigh each by p(v).": (
            lambda p, q: np.mean(np.log(p[p > 0] / q[p > 0]))
        ),
        "each log-ratio is weighed by q(v); weigh it by p(v).": lambda p, q: np.sum(
            q[p > 0] * np.log(p[p > 0] / q[p > 0])
        ),
        "these are bits; nats are asked for, natural logarithms.": lambda p, q: (
            kl(p, q) / np.log(2)
        ),
        "states with p(v) = 0 give 0·log 0, which the computer calls NaN. Their share is 0, the "
        "limit of x log x for x → 0: leave them out.": lambda p, q: np.sum(p * np.log(p / q)),
    },
)


# -- 04.3 ----------------------------------------------------------------------------------------
def _mean_h(v, W, b):
    return np.exp(-np.logaddexp(0, -(v @ W + b)))  # the sigmoid, without overflow


def _average(v, h, p):
    """⟨v hᵀ⟩, ⟨v⟩ and ⟨h⟩ over the rows, row n with probability p_n."""
    return v.T @ (p[:, None] * h), p @ v, p @ h


def _data_term(v, W, a, b):
    return _average(v, _mean_h(v, W, b), np.full(len(v), 1 / len(v)))


def _model_term(W, a, b):
    x = all_states(len(a))
    return _average(x, _mean_h(x, W, b), np.exp(_log_p(x, W, a, b)))


def _difference(x, y):
    return tuple(p - q for p, q in zip(x, y, strict=True))


def gradient(v, W, a, b):
    """Data term minus model term, for W, a and b."""
    return _difference(_data_term(v, W, a, b), _model_term(W, a, b))


def _summed(v, W, a, b):
    data = tuple(len(v) * x for x in _data_term(v, W, a, b))
    return _difference(data, _model_term(W, a, b))


def _uniform_model(v, W, a, b):
    x = all_states(len(a))
    uniform = np.full(len(x), 1 / len(x))
    return _difference(_data_term(v, W, a, b), _average(x, _mean_h(x, W, b), uniform))


def _rounded_hidden(v, W, a, b):
    x = all_states(len(a))
    data = _average(v, _mean_h(v, W, b).round(), np.full(len(v), 1 / len(v)))
    return _difference(data, _average(x, _mean_h(x, W, b).round(), np.exp(_log_p(x, W, a, b))))


def _no_hidden_bias(v, W, a, b):
    x = all_states(len(a))
    data = _average(v, _mean_h(v, W, 0 * b), np.full(len(v), 1 / len(v)))
    return _difference(data, _average(x, _mean_h(x, W, 0 * b), np.exp(_log_p(x, W, a, b))))


def _product_of_means(v, W, a, b):
    _, dv, dh = _data_term(v, W, a, b)
    _, mv, mh = _model_term(W, a, b)
    return np.outer(dv, dh) - np.outer(mv, mh), dv - mv, dh - mh


def _gradient_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, scale in [(3, 2, 1, 1), (6, 4, 3, 1), (5, 3, 5, 2), (4, 3, 2, 300)]:
        yield (random_states(rng, n, n_visible), *random_machine(rng, n_visible, n_hidden, scale))


GRADIENT = Exercise(
    name="04.3",
    title="The gradient of the mean log-likelihood",
    reference=gradient,
    cases=_gradient_cases,
    parts=("W", "a", "b"),
    mistakes={
        "the sign is flipped: the data term counts plus, the model term minus. Your direction "
        "makes the data less likely.": lambda v, W, a, b: tuple(-x for x in gradient(v, W, a, b)),
        "the model term is missing: you have the derivative of −F at the data, not that of "
        "log Z.": _data_term,
        "this is the model term alone; the data term is missing.": lambda v, W, a, b: _model_term(
            W, a, b
        ),
        "the two terms are added; the model term is subtracted.": lambda v, W, a, b: tuple(
            x + y for x, y in zip(_data_term(v, W, a, b), _model_term(W, a, b), strict=True)
        ),
        "the data term is a sum over the examples; take their mean.": _summed,
        "in the model term all states count alike. Weigh each state v by its probability "
        "p(v).": _uniform_model,
        "the hidden means are rounded to 0 or 1; use the probabilities p(h_j = 1 | v) "
        "themselves.": _rounded_hidden,
        "the hidden bias is missing in p(h_j = 1 | v) = sigmoid(b_j + Σ_i v_i W_ij).": (
            _no_hidden_bias
        ),
        "for W you multiply the mean of v by the mean of h. The mean of the products v_i h_j is "
        "asked for: v and h depend on each other.": _product_of_means,
    },
)


# -- 04.4 ----------------------------------------------------------------------------------------
def shared_gradient(G):
    """Gradient of w where W[i, j] = w[(i − j) mod D]: the sum over all places of each w_k."""
    rows = np.arange(len(G))
    return np.array([G[(k + rows) % len(G), rows].sum() for k in rows])


def _shared_backwards(G):
    rows = np.arange(len(G))
    return np.array([G[(k - rows) % len(G), rows].sum() for k in rows])


def _shared_cases(rng: Generator) -> Iterator[tuple]:
    for size in (3, 1, 4, 7):
        yield (rng.standard_normal((size, size)),)


SHARED = Exercise(
    name="04.4",
    title="The gradient of shared weights",
    reference=shared_gradient,
    cases=_shared_cases,
    mistakes={
        "you average over the places where w_k stands. Each place adds its own effect on the "
        "log-likelihood: sum them.": lambda G: shared_gradient(G) / len(G),
        "only one column is used: w_k stands in every column of W, each time in another row.": (
            lambda G: G[:, 0]
        ),
        "only one row is used: w_k stands in every row of W, each time in another column.": (
            lambda G: G[0]
        ),
        "you sum along the rows of G. w_k does not fill a row: it moves one row down from "
        "column to column.": lambda G: G.sum(axis=1),
        "you sum along the columns of G; that is the derivative for a number added to a whole "
        "column.": lambda G: G.sum(axis=0),
        "the shift runs the wrong way: from i − j = k follows i = k + j.": _shared_backwards,
        "the index runs the wrong way: w_k stands where i − j is k, not j − i.": lambda G: (
            shared_gradient(G.T)
        ),
        "you take only the part of each diagonal that does not wrap around; i − j is to be taken "
        "modulo D.": lambda G: np.array([np.trace(G, -k) for k in range(len(G))]),
        "you take the diagonals above the main one, and only the part that does not wrap around; "
        "w_k stands where i − j is k modulo D.": lambda G: np.array(
            [np.trace(G, k) for k in range(len(G))]
        ),
    },
)

EXERCISES = [LIKELIHOOD, KL, GRADIENT, SHARED]
