"""Exercises of chapter 03, Free energy: summing a layer out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise
from .machines import random_machine, random_states_first_on


def _sigmoid(x):
    """σ(x) at any magnitude: only numbers that are not positive are exponentiated."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1 + small)


# -- 03.1 ----------------------------------------------------------------------------------------
def log_two_terms(x):
    """log(exp(x) + exp(−x)) = |x| + log(1 + exp(−2|x|))."""
    return np.abs(x) + np.log1p(np.exp(-2 * np.abs(x)))


def _two_terms_cases(rng: Generator) -> Iterator[tuple]:
    yield (np.array([-1.0, 0.0, 2.0]),)
    yield (2 * rng.standard_normal((3, 4)),)
    yield (np.array([-1000.0, -40.0, 0.1, 30.0, 1000.0]),)
    yield (1000 * rng.standard_normal((2, 2)),)


TERMS = Exercise(
    name="03.1",
    title="The sum over a unit with the values −1 and +1",
    reference=log_two_terms,
    cases=_two_terms_cases,
    mistakes={
        "that is softplus, log(1 + exp(x)), for the values 0 and 1. Here the two terms are exp(−x) "
        "and exp(+x).": lambda x: np.logaddexp(0.0, x),
        "that is log cosh(x), half the sum: it lacks log 2.": (
            lambda x: log_two_terms(x) - np.log(2)
        ),
        "taking exp(|x|) out of exp(|x|) + exp(−|x|) leaves 1 + exp(−2|x|) in the bracket: the 2 "
        "is missing.": lambda x: np.abs(x) + np.log1p(np.exp(-np.abs(x))),
        "what you have taken out of the bracket is missing: |x| in front.": (
            lambda x: np.log1p(np.exp(-2 * np.abs(x)))
        ),
        "in front stands max(x, 0), as for softplus. Here it is |x|: the result is the same for x "
        "and −x.": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-2 * np.abs(x))),
        "in front stands x. For negative x, take exp(−x) out of the bracket: |x|.": (
            lambda x: x + np.log1p(np.exp(-2 * np.abs(x)))
        ),
        "taking exp(|x|) out of the bracket leaves |x| in front, not 2|x|.": (
            lambda x: 2 * np.abs(x) + np.log1p(np.exp(-2 * np.abs(x)))
        ),
        "that is |x|, the larger of the two exponents. The other term is missing: "
        "log(1 + exp(−2|x|)).": np.abs,
        "that is tanh(x), the derivative of what is asked for.": np.tanh,
        "exp(|x|) taken out of the bracket leaves 1 + exp(−2|x|), with a minus in the exponent: a "
        "plus makes it overflow.": lambda x: np.abs(x) + np.log1p(np.exp(2 * np.abs(x))),
        "the logarithm of the bracket is subtracted. The logarithm of a product is a *sum*: "
        "|x| + log(1 + exp(−2|x|)).": lambda x: np.abs(x) - np.log1p(np.exp(-2 * np.abs(x))),
        "the bracket's logarithm is missing: log(1 + exp(−2|x|)), not exp(−2|x|).": (
            lambda x: np.abs(x) + np.exp(-2 * np.abs(x))
        ),
        "the bracket 1 + exp(−2|x|) stands there without its logarithm.": (
            lambda x: np.abs(x) + 1 + np.exp(-2 * np.abs(x))
        ),
        "the second term is not log 2 everywhere: log(1 + exp(−2|x|)) is log 2 at x = 0 only.": (
            lambda x: np.abs(x) + np.log(2)
        ),
        "that is the sum exp(x) + exp(−x) itself; its logarithm is asked for.": (
            lambda x: np.exp(x) + np.exp(-x)
        ),
        "the two exponentials are subtracted; they are to be added.": (
            lambda x: np.abs(x) + np.log1p(-np.exp(-2 * np.abs(x)))
        ),
        "that is softplus(x) + softplus(−x), the logarithm of the *product* (1 + exp(x)) "
        "(1 + exp(−x)). A sum of exponentials is asked for.": (
            lambda x: np.logaddexp(0.0, x) + np.logaddexp(0.0, -x)
        ),
        "there is a log 2 too much: 1 + exp(−2|x|) is 2 at x = 0 already.": (
            lambda x: log_two_terms(x) + np.log(2)
        ),
        "the sign is flipped: the logarithm of the sum is asked for, which is never below "
        "log 2.": lambda x: -log_two_terms(x),
        "your logarithm has another base. The natural logarithm is meant.": (
            lambda x: log_two_terms(x) / np.log(2)
        ),
    },
)


# -- 03.2 ----------------------------------------------------------------------------------------
def _softplus(x):
    """max(x, 0) + log(1 + exp(−|x|))."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def free_energy(v, W, a, b):
    """F(v) = −aᵀv − Σ_j softplus(b_j + Σ_i v_i W_ij)."""
    return -v @ a - _softplus(v @ W + b).sum(axis=1)


def hidden_free_energy(h, W, a, b):
    """−log Σ_v exp(−E(v, h)) = −bᵀh − Σ_i softplus(a_i + Σ_j W_ij h_j)."""
    return free_energy(h, W.T, b, a)


def _lowest_energy(h, W, a, b):
    return -h @ b - np.maximum(h @ W.T + a, 0).sum(axis=1)


def _mean_energy(h, W, a, b):
    y = h @ W.T + a
    return -h @ b - (y * _sigmoid(y)).sum(axis=1)


def _one_softplus(h, W, a, b):
    return -h @ b - _softplus((h @ W.T + a).sum(axis=1))


def _one_on(h, W, a, b):
    """As if exactly one visible unit could be on: the sum over i instead of over v."""
    return -h @ b - np.logaddexp.reduce(h @ W.T + a, axis=1)


def _hidden_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, scale in [(3, 2, 1, 1), (3, 3, 3, 1), (5, 4, 3, 1), (3, 5, 6, 1e3)]:
        yield (
            random_states_first_on(rng, n, n_hidden),
            *random_machine(rng, n_visible, n_hidden, scale),
        )


HIDDEN = Exercise(
    name="03.2",
    title="The free energy of a hidden state",
    reference=hidden_free_energy,
    cases=_hidden_cases,
    mistakes={
        "the sign is flipped: that is the logarithm of the sum; the free energy is minus it.": (
            lambda h, W, a, b: -hidden_free_energy(h, W, a, b)
        ),
        "the biases are exchanged: the units that are summed out have theirs inside softplus.": (
            lambda h, W, a, b: hidden_free_energy(h, W, b, a)
        ),
        "that is (3.6) with h in place of v. Now the visible units are summed out, so the softplus "
        "terms run over i, and the sum inside over j.": lambda h, W, a, b: free_energy(h, W, a, b),
        "`W` has to be transposed: the input of visible unit i sums over the hidden units.": (
            lambda h, W, a, b: hidden_free_energy(h, W.T, a, b)
        ),
        "the hidden bias is missing: the term −bᵀh.": (
            lambda h, W, a, b: hidden_free_energy(h, W, a, 0 * b)
        ),
        "the visible bias is missing: softplus takes a_i + Σ_j W_ij h_j.": (
            lambda h, W, a, b: hidden_free_energy(h, W, 0 * a, b)
        ),
        "the sign of the term bᵀh is flipped: a positive bias lowers the energy of its unit.": (
            lambda h, W, a, b: hidden_free_energy(h, W, a, -b)
        ),
        "the sign of the softplus terms is flipped: each unit that is summed out adds to the sum "
        "and so lowers the free energy.": (
            lambda h, W, a, b: -2 * (h @ b) - hidden_free_energy(h, W, a, b)
        ),
        "the sign inside softplus is flipped: it takes +a_i + Σ_j W_ij h_j.": (
            lambda h, W, a, b: hidden_free_energy(h, -W, -a, b)
        ),
        "that is the energy with the best visible state, min_v E(v, h). The other visible states "
        "count too: softplus instead of max(y, 0).": _lowest_energy,
        "that is the mean energy over p(v | h). The entropy of the visible units is missing; "
        "softplus contains both.": _mean_energy,
        "you take softplus of the summed inputs. Each visible unit has its own softplus; sum "
        "afterwards.": _one_softplus,
        "you sum exp(y_i) over the visible units, as if exactly one of them could be on. Each is "
        "on or off by itself: a factor 1 + exp(y_i) for each.": _one_on,
        "the visible biases stand outside softplus, as if all visible units were on. They belong "
        "inside: a_i + Σ_j W_ij h_j.": (
            lambda h, W, a, b: hidden_free_energy(h, W, 0 * a, b) - a.sum()
        ),
        "the visible bias occurs twice. It is inside softplus; the term in front is −bᵀh.": (
            lambda h, W, a, b: hidden_free_energy(h, W, a, b) - a.sum()
        ),
        "you take the mean over the visible units. Each adds its softplus: sum them.": (
            lambda h, W, a, b: -h @ b - _softplus(h @ W.T + a).mean(axis=1)
        ),
        "that is σ where softplus belongs; σ is its derivative.": (
            lambda h, W, a, b: -h @ b - _sigmoid(h @ W.T + a).sum(axis=1)
        ),
        "all parameters have the wrong sign in your answer: the terms are −b_j h_j and minus "
        "softplus of +a_i + Σ_j W_ij h_j.": (lambda h, W, a, b: hidden_free_energy(h, -W, -a, -b)),
        "you take the logarithm of softplus. Softplus is the logarithm already: "
        "log Π_i (1 + exp(y_i)) = Σ_i softplus(y_i).": (
            lambda h, W, a, b: -h @ b - np.log(_softplus(h @ W.T + a)).sum(axis=1)
        ),
        "that is Σ_v exp(−E), the sum itself. Minus its logarithm is asked for.": (
            lambda h, W, a, b: np.exp(-hidden_free_energy(h, W, a, b))
        ),
        "you sum the softplus terms over the rows. Each row of `h` has a free energy: sum over the "
        "visible units, `axis=1`.": (
            lambda h, W, a, b: -h @ b - _softplus(h @ W.T + a).sum(axis=0)
        ),
        "the softplus terms are summed over the whole batch. Sum them over the visible units of "
        "each row, `axis=1`.": (lambda h, W, a, b: -h @ b - _softplus(h @ W.T + a).sum()),
        "the softplus is missing: the inputs themselves are summed.": (
            lambda h, W, a, b: -h @ b - (h @ W.T + a).sum(axis=1)
        ),
        "that is the term −bᵀh alone. Each visible unit that is summed out adds a softplus.": (
            lambda h, W, a, b: -h @ b
        ),
        "that is the sum of the softplus terms. F is minus it, and has the term −bᵀh.": (
            lambda h, W, a, b: _softplus(h @ W.T + a).sum(axis=1)
        ),
        "you sum over the whole batch. One free energy per row is asked for, shape (n,).": (
            lambda h, W, a, b: hidden_free_energy(h, W, a, b).sum()
        ),
    },
)

EXERCISES = [TERMS, HIDDEN]
