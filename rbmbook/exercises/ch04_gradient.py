"""Exercises of chapter 04, Likelihood and its gradient: data term minus model term."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .ch04_likelihood import _free_energy, _log_p, _log_sum_exp, _mean_h
from .exercise import Exercise
from .free_energies import with_free_energy
from .machines import all_states, random_machine, random_states
from .mistakes import Ways


# -- 04.3 ----------------------------------------------------------------------------------------
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


def _rounded_hidden(in_data, in_model):
    """Zeros and ones in place of the hidden means, in one term or in both."""

    def mistake(v, W, a, b):
        x = all_states(len(a))
        below, above = _mean_h(v, W, b), _mean_h(x, W, b)
        data = _average(v, below.round() if in_data else below, np.full(len(v), 1 / len(v)))
        p = np.exp(_log_p(x, W, a, b))
        return _difference(data, _average(x, above.round() if in_model else above, p))

    return mistake


def _truncated(steps):
    """Means sent down and up again a few times, in place of the model's."""

    def mistake(v, W, a, b):
        x = v
        for _ in range(steps):
            x = _mean_h(_mean_h(x, W, b), W.T, a)
        return _difference(_data_term(v, W, a, b), _data_term(x, W, a, b))

    return mistake


def _states_sent_down(v, W, a, b):
    """Up, down, up with the likelier value of each unit."""
    h = _mean_h(v, W, b).round()
    x = _mean_h(h, W.T, a).round()
    return _difference(_data_term(v, W, a, b), _data_term(x, W, a, b))


def _no_hidden_bias(v, W, a, b):
    x = all_states(len(a))
    data = _average(v, _mean_h(v, W, 0 * b), np.full(len(v), 1 / len(v)))
    return _difference(data, _average(x, _mean_h(x, W, 0 * b), np.exp(_log_p(x, W, a, b))))


def _states_free_energy(W, a, b):
    return _free_energy(all_states(len(a)), W, a, b)


def _normalised(x):
    """exp(x) over its sum."""
    return np.exp(x - _log_sum_exp(x))


def _model_states(W, a, b, b_of_mean):
    """All states, their hidden means with a bias of their own, and p(v)."""
    x = all_states(len(a))
    return x, _mean_h(x, W, b_of_mean), np.exp(_log_p(x, W, a, b))


def _with_model(v, W, a, b, p):
    """Other numbers p in place of the model's probabilities."""
    x = all_states(len(a))
    return _difference(_data_term(v, W, a, b), _average(x, _mean_h(x, W, b), p))


def _model_by(energy):
    """Probabilities of the model term from another number per state in place of F."""
    return lambda v, W, a, b: _with_model(
        v, W, a, b, _normalised(-energy(all_states(len(a)), W, a, b))
    )


def _with_hidden(v, W, a, b, function):
    """Another function of the inputs in place of the sigmoid."""
    x, _, p = _model_states(W, a, b, b)
    data = _average(v, function(v @ W + b), np.full(len(v), 1 / len(v)))
    return _difference(data, _average(x, function(x @ W + b), p))


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
        "in the model term e^−F stands without 1/Z: an unnormalised probability.": (
            lambda v, W, a, b: _with_model(v, W, a, b, np.exp(-_states_free_energy(W, a, b)))
        ),
        "the probabilities of the model term grow with F: p(v) is proportional to exp(−F(v)), not "
        "to exp(+F(v)).": lambda v, W, a, b: _with_model(
            v, W, a, b, _normalised(_states_free_energy(W, a, b))
        ),
        "the model term is taken at pictures that the machine makes from the data (up, down, up). "
        "The exact one is a sum over all states.": Ways(
            *(_truncated(steps) for steps in (1, 2, 3, 5, 10, 20, 50, 100)), _states_sent_down
        ),
        "the inputs b_j + Σ_i v_i W_ij stand where their sigmoid belongs, "
        "E[h_j | v].": lambda v, W, a, b: _with_hidden(v, W, a, b, lambda x: x),
        "softplus stands where its derivative belongs, the sigmoid.": (
            lambda v, W, a, b: _with_hidden(v, W, a, b, lambda x: np.logaddexp(0, x))
        ),
        "the hidden bias is missing in the model term.": lambda v, W, a, b: _difference(
            _data_term(v, W, a, b), _average(*_model_states(W, a, b, 0 * b))
        ),
        "the hidden bias is missing in the data term.": lambda v, W, a, b: _difference(
            _data_term(v, W, a, 0 * b), _model_term(W, a, b)
        ),
        "all parameters have the wrong sign: the input of unit j is +b_j + Σ_i v_i W_ij, and −F "
        "has +aᵀv.": lambda v, W, a, b: gradient(v, -W, -a, -b),
        "the hidden means are rounded to 0 or 1; use the probabilities p(h_j = 1 | v) "
        "themselves.": _rounded_hidden(True, True),
        "the hidden means of the data term are rounded to 0 or 1; use the probabilities "
        "p(h_j = 1 | v) themselves.": _rounded_hidden(True, False),
        "the hidden means of the model term are rounded to 0 or 1; use the probabilities "
        "p(h_j = 1 | v) themselves.": _rounded_hidden(False, True),
        "the hidden bias is missing in p(h_j = 1 | v) = sigmoid(b_j + Σ_i v_i W_ij).": (
            _no_hidden_bias
        ),
        **with_free_energy(_model_by, "no hidden"),
        "the hidden bias has the wrong sign in p(h_j = 1 | v) = sigmoid(b_j + Σ_i v_i W_ij).": (
            lambda v, W, a, b: _difference(
                _average(v, _mean_h(v, W, -b), np.full(len(v), 1 / len(v))),
                _average(*_model_states(W, a, b, -b)),
            )
        ),
        "these are the probabilities p(h_j = 0 | v); the gradient has p(h_j = 1 | v).": (
            lambda v, W, a, b: _with_hidden(v, W, a, b, lambda x: np.exp(-np.logaddexp(0, x)))
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
        "only the main diagonal is used, where i = j: there stands w_0. Every w_k has a diagonal "
        "of its own, i − j = k modulo D.": np.diag,
        "every entry is the sum of the main diagonal, the derivative for w_0. The diagonal of w_k "
        "is i − j = k modulo D.": lambda G: np.full(len(G), np.trace(G)),
        "you add the diagonals i − j = k and i − j = −k. w_k stands on i − j = k and, modulo D, on "
        "i − j = k − D.": lambda G: np.array(
            [np.trace(G, -k) + np.trace(G, k) for k in range(len(G))]
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

EXERCISES = [GRADIENT, SHARED]
