"""Exercises of chapter 06, Gibbs sampling: two samplers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator, default_rng

from .cases import all_states, machine_in_eighths
from .engine import Exercise


def _sigmoid(x):
    return np.exp(-np.logaddexp(0, -x))  # stable: no exponential of a large positive number


# -- 06.1 ----------------------------------------------------------------------------------------
def _hidden_sample(v, W, b, rng):
    return (rng.random((len(v), len(b))) < _sigmoid(v @ W + b)).astype(float)


def _visible_sample(h, W, a, rng):
    return (rng.random((len(h), len(a))) < _sigmoid(h @ W.T + a)).astype(float)


def gibbs_step(v, known, W, a, b, rng):
    """h from p(h | v), then v from p(v | h) where it is not known; noise (n, H), then (n, D)."""
    return np.where(known, v, _visible_sample(_hidden_sample(v, W, b, rng), W, a, rng))


def _all_drawn(v, known, W, a, b, rng):
    return _visible_sample(_hidden_sample(v, W, b, rng), W, a, rng)


def _unknown_kept(v, known, W, a, b, rng):
    return gibbs_step(v, ~known, W, a, b, rng)


def _known_alone_seen(v, known, W, a, b, rng):
    h = _hidden_sample(np.where(known, v, 0), W, b, rng)
    return np.where(known, v, _visible_sample(h, W, a, rng))


def _visible_noise_first(v, known, W, a, b, rng):
    noise_v, noise_h = rng.random((len(v), len(a))), rng.random((len(v), len(b)))
    h = (noise_h < _sigmoid(v @ W + b)).astype(float)
    return np.where(known, v, (noise_v < _sigmoid(h @ W.T + a)).astype(float))


def _noise_for_unknown_alone(v, known, W, a, b, rng):
    h, out = _hidden_sample(v, W, b, rng), v.copy()
    mean = _sigmoid(h @ W.T + a)[:, ~known]
    out[:, ~known] = rng.random(mean.shape) < mean
    return out


def _mean_of_hidden(v, known, W, a, b, rng):
    rng.random((len(v), len(b)))
    return np.where(known, v, _visible_sample(_sigmoid(v @ W + b), W, a, rng))


def _mean_of_hidden_without_noise(v, known, W, a, b, rng):
    return np.where(known, v, _visible_sample(_sigmoid(v @ W + b), W, a, rng))


def _thresholded(v, known, W, a, b, rng):
    h = (_sigmoid(v @ W + b) > 0.5).astype(float)
    return np.where(known, v, (_sigmoid(h @ W.T + a) > 0.5).astype(float))


def _mean_of_visible(v, known, W, a, b, rng):
    return np.where(known, v, _sigmoid(_hidden_sample(v, W, b, rng) @ W.T + a))


def _above(v, known, W, a, b, rng):
    h = (rng.random((len(v), len(b))) > _sigmoid(v @ W + b)).astype(float)
    return np.where(known, v, rng.random(v.shape) > _sigmoid(h @ W.T + a)).astype(float)


def _hidden_state(v, known, W, a, b, rng):
    return _hidden_sample(v, W, b, rng)


def _shared_noise(v, known, W, a, b, rng):
    h = (rng.random(len(b)) < _sigmoid(v @ W + b)).astype(float)
    return np.where(known, v, (rng.random(len(a)) < _sigmoid(h @ W.T + a)).astype(float))


def _two_steps(v, known, W, a, b, rng):
    return gibbs_step(gibbs_step(v, known, W, a, b, rng), known, W, a, b, rng)


def _own_generator(v, known, W, a, b, rng):
    return gibbs_step(v, known, W, a, b, default_rng(0))


def _step_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden in [(40, 4, 3), (30, 3, 6), (2, 5, 5), (20, 8, 2)]:
        v = rng.integers(0, 2, (n, n_visible)).astype(float)
        known = np.arange(n_visible) % 3 == 1
        machine = machine_in_eighths(rng, n_visible, n_hidden)
        yield (v, known, *machine, default_rng(int(rng.integers(1000))))
    # None known, and all but the last.
    v = rng.integers(0, 2, (10, 4)).astype(float)
    for known in (np.zeros(4, dtype=bool), np.arange(4) < 3):
        yield (v, known, *machine_in_eighths(rng, 4, 3), default_rng(int(rng.integers(1000))))


STEP = Exercise(
    name="06.1",
    title="A step of block Gibbs sampling with known units",
    reference=gibbs_step,
    cases=_step_cases,
    mistakes={
        "the known units are drawn anew like the others; put their old values back after the "
        "draw.": _all_drawn,
        "the wrong units keep their values: those with `known` false are to be drawn.": (
            _unknown_kept
        ),
        "h must see all of v, the present values of the unknown units too; you pass on the known "
        "ones alone.": _known_alone_seen,
        "you draw the visible layer's noise before the hidden layer's; in the documented order "
        "the (n, H) numbers come first.": _visible_noise_first,
        "you draw noise for the unknown units alone; in the documented order there are (n, D) "
        "numbers, and those at known units go unused.": _noise_for_unknown_alone,
        "you pass E[h | v] on to the visible layer. To move on, the chain needs a sample of h: "
        "the sigmoid of a mean is not the mean of the sigmoid.": _mean_of_hidden_without_noise,
        "you draw the hidden noise but pass E[h | v] on to the visible layer; compare the noise "
        "with the probabilities, and pass on the zeros and ones.": _mean_of_hidden,
        "you round the probabilities at 1/2: a deterministic map, not a draw.": _thresholded,
        "you return the probabilities P(v = 1 | h); the next state is a draw from them, zeros "
        "and ones.": _mean_of_visible,
        "a unit is on where its number is *below* its probability; you compare the other way "
        "round, which happens with probability 1 − p.": _above,
        "you return the hidden state; the step goes on to the visible one.": _hidden_state,
        "all chains share one row of noise, so they are not independent: draw (n, H) and (n, D) "
        "numbers.": _shared_noise,
        "these are two steps; asked for is one.": _two_steps,
        "the noise is not drawn from `rng`: you make a generator of your own.": _own_generator,
        "the visible bias is missing when v is drawn.": lambda v, known, W, a, b, rng: gibbs_step(
            v, known, W, 0 * a, b, rng
        ),
        "the hidden bias is missing when h is drawn.": lambda v, known, W, a, b, rng: gibbs_step(
            v, known, W, a, 0 * b, rng
        ),
        "all signs are flipped: the input is + v W + b, and + h Wᵀ + a.": (
            lambda v, known, W, a, b, rng: gibbs_step(v, known, -W, -a, -b, rng)
        ),
    },
)


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
    matrices = [_one_unit(W, a, b, i, lambda x: _sigmoid(-x)) for i in range(len(a))]
    return np.mean(matrices, axis=0)


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

EXERCISES = [STEP, MATRIX]
