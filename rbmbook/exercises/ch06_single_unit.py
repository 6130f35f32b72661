"""Exercises of chapter 06, Gibbs sampling: one visible unit at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .cases import all_states, machine_in_eighths
from .engine import Exercise


def _sigmoid(x):
    return np.exp(-np.logaddexp(0, -x))  # stable: no exponential of a large positive number


# -- 06.2 ----------------------------------------------------------------------------------------
def _table(inputs, states):
    """Row: inputs of a layer; column: the probability of each of its states."""
    return np.exp(inputs @ states.T - np.logaddexp(0, inputs).sum(axis=1, keepdims=True))


def _block_matrix(W, a, b):
    """The matrix of block Gibbs sampling, T(v → v') = Σ_h p(h | v) p(v' | h)."""
    v, h = all_states(len(a)), all_states(len(b))
    return _table(v @ W + b, h) @ _table(h @ W.T + a, v)


def _minus_free_energy(v, W, a, b):
    return v @ a + np.logaddexp(0, v @ W + b).sum(axis=1)


def _marginal(W, a, b):
    log_weight = _minus_free_energy(all_states(len(a)), W, a, b)
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


def _one_unit(W, a, b, i, share=_sigmoid):
    """The matrix of a step that draws unit i anew; share(log odds) is the chance of `on`."""
    v = all_states(len(a))
    T, numbers = np.zeros((len(v), len(v))), np.arange(len(v))
    bit = 2 ** (len(a) - 1 - i)
    off, on = numbers & ~bit, numbers | bit
    x = _minus_free_energy(v, W, a, b)
    p_on = share(x[on] - x[off])
    T[numbers, on], T[numbers, off] = p_on, 1 - p_on
    return T


def single_unit_matrix(W, a, b):
    """The mean over i of the matrices that draw unit i from p(v_i | the others)."""
    return np.mean([_one_unit(W, a, b, i) for i in range(len(a))], axis=0)


def _energy_of_off(W, a, b):
    return _with_share(lambda x: _sigmoid(-x))(W, a, b)


def _with_share(share):
    """The matrix if the chance of `on` is this function of the log odds F(off) − F(on)."""

    def matrix(W, a, b):
        return np.mean([_one_unit(W, a, b, i, share) for i in range(len(a))], axis=0)

    return matrix


def _sum_over_units(W, a, b):
    return len(a) * single_unit_matrix(W, a, b)


def _sweep(W, a, b):
    return np.linalg.multi_dot(
        [np.eye(2 ** len(a)), *(_one_unit(W, a, b, i) for i in range(len(a))), np.eye(2 ** len(a))]
    )


def _never_stays(W, a, b):
    T = single_unit_matrix(W, a, b)
    return T - np.diag(np.diag(T))


def _diagonal_overwritten(W, a, b):
    """Each unit's chance to stay replaces that of the unit before instead of adding to it."""
    T, last = _never_stays(W, a, b), _one_unit(W, a, b, len(a) - 1)
    return T + np.diag(np.diag(last)) / len(a)


def _diagonal_overwritten_backwards(W, a, b):
    T, first = _never_stays(W, a, b), _one_unit(W, a, b, 0)
    return T + np.diag(np.diag(first)) / len(a)


def _rows_rescaled(W, a, b):
    T = _never_stays(W, a, b)
    return T / T.sum(axis=1, keepdims=True)


def _unnormalised(W, a, b):
    """Each entry the ratio of the whole p(v'), without dividing by the two states' sum."""
    p, v = _marginal(W, a, b), all_states(len(a))
    T = (np.abs(v[:, None] - v).sum(axis=2) == 1) * p / len(a)
    return T + np.diag(1 - T.sum(axis=1))


def _metropolis(W, a, b):
    p, v = _marginal(W, a, b), all_states(len(a))
    near = np.abs(v[:, None] - v).sum(axis=2) == 1
    T = near * np.minimum(1, p / p[:, None]) / len(a)
    return T + np.diag(1 - T.sum(axis=1))


def _hidden_forgotten(W, a, b):
    return single_unit_matrix(0 * W, a, b)


def _mean_field(W, a, b):
    """v_i from its input when h is replaced by E[h | v]."""
    v, T = all_states(len(a)), np.zeros((2 ** len(a), 2 ** len(a)))
    mean = _sigmoid(_sigmoid(v @ W + b) @ W.T + a)
    numbers = np.arange(len(v))
    for i in range(len(a)):
        bit = 2 ** (len(a) - 1 - i)
        T[numbers, numbers | bit] += mean[:, i] / len(a)
        T[numbers, numbers & ~bit] += (1 - mean[:, i]) / len(a)
    return T


def _matrix_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, scale in [(2, 1, 1), (1, 3, 1), (3, 2, 1), (4, 3, 3)]:
        yield machine_in_eighths(rng, n_visible, n_hidden, scale)


MATRIX = Exercise(
    name="06.2",
    title="The transition matrix of a single-unit sampler",
    reference=single_unit_matrix,
    cases=_matrix_cases,
    mistakes={
        "this is the matrix of block Gibbs sampling, (6.3); here one visible unit changes at most, "
        "and h is never drawn.": _block_matrix,
        "e^(−F₁) / e^(−F₀) is the ratio of the two shares, not a share: divide e^(−F₁) by the sum "
        "e^(−F₀) + e^(−F₁).": _with_share(np.exp),
        "you draw v_i by a fair coin; its conditional depends on the two free energies.": (
            _with_share(lambda x: np.full_like(x, 0.5))
        ),
        "these are D steps together; asked for is the matrix of one.": lambda W, a, b: (
            np.linalg.matrix_power(single_unit_matrix(W, a, b), len(a))
        ),
        "the diagonal is 1 in your matrix; it is what the other entries of the row leave of 1.": (
            lambda W, a, b: _never_stays(W, a, b) + np.eye(2 ** len(a))
        ),
        "your entries are the probabilities of the pair (present, next); divide each row by "
        "p(present), so that it sums to 1.": lambda W, a, b: (
            _marginal(W, a, b)[:, None] * single_unit_matrix(W, a, b)
        ),
        "the columns are scaled to sum to 1; it is the rows that sum to 1, without any scaling.": (
            lambda W, a, b: single_unit_matrix(W, a, b) / single_unit_matrix(W, a, b).sum(axis=0)
        ),
        "the layers have changed places: the states are those of the *visible* units, and the "
        "hidden ones are summed over.": lambda W, a, b: single_unit_matrix(W.T, b, a),
        "all signs are reversed: −F(v) is +aᵀv plus the softplus of +b_j + Σ_i v_i W_ij.": (
            lambda W, a, b: single_unit_matrix(-W, -a, -b)
        ),
        "the order of the states is reversed: the last unit changes fastest, as in "
        "`rb.exact.states(D)`.": lambda W, a, b: single_unit_matrix(W[::-1], a[::-1], b),
        "rows and columns are exchanged: a row belongs to the present state and sums to 1.": (
            lambda W, a, b: single_unit_matrix(W, a, b).T
        ),
        "the two states' shares are exchanged: the lower free energy gets the larger share.": (
            _energy_of_off
        ),
        "you add up the steps of all units; each is picked with probability 1/D, so every row "
        "sums to 1.": _sum_over_units,
        "you draw all units one after the other; a step draws one that is picked at random.": (
            _sweep
        ),
        "the diagonal is missing: the draw may give the old value, and then the state stays.": (
            _never_stays
        ),
        "the diagonal has the share of one unit only; whichever one is picked, v may stay: "
        "add up (`+=`).": _diagonal_overwritten,
        "the diagonal has the share of one unit only; whichever is picked, the state may stay: add "
        "up (`+=`).": _diagonal_overwritten_backwards,
        "you let the state change in every step. The draw may give the old value, so the diagonal "
        "is not 0.": _rows_rescaled,
        "you use p(v') of the new state; the conditional divides by the sum of the two states that "
        "differ in unit i alone.": _unnormalised,
        "this is the Metropolis rule, min(1, p(v') / p(v)). It keeps p too, but asked for is a "
        "draw from the conditional, p(v') / (p(v) + p(v')).": _metropolis,
        "the hidden units have no effect in your conditional; they are summed over in the free "
        "energy.": _hidden_forgotten,
        "you put E[h | v] into p(v_i = 1 | h); the conditional p(v_i | the others) sums over h: "
        "use the free energy.": _mean_field,
        "every row is p(v'), as if one step forgot everything.": lambda W, a, b: np.tile(
            _marginal(W, a, b), (2 ** len(a), 1)
        ),
        "the visible bias is missing.": lambda W, a, b: single_unit_matrix(W, 0 * a, b),
        "the hidden bias is missing.": lambda W, a, b: single_unit_matrix(W, a, 0 * b),
    },
)

EXERCISES = [MATRIX]
