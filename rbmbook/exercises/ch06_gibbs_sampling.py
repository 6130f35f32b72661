"""Exercises of chapter 06, Gibbs sampling: a step with known units."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator, default_rng

from .cases import machine_in_eighths
from .engine import Exercise, Ways


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


def _by(hidden, visible):
    """A step made of two half steps, hidden(inputs, rng) and visible(inputs, rng)."""

    def step(v, known, W, a, b, rng):
        h = hidden(v @ W + b, rng)
        return np.where(known, v, visible(h @ W.T + a, rng)).astype(float)

    return step


def _drawn(x, rng):
    return (rng.random(x.shape) < _sigmoid(x)).astype(float)


def _drawn_above(x, rng):
    return (rng.random(x.shape) > _sigmoid(x)).astype(float)


def _rounded(x, rng):
    return (x > 0).astype(float)


def _rounded_with_noise(x, rng):
    rng.random(x.shape)
    return _rounded(x, rng)


def _transposed_noise(x, rng):
    return (rng.random(x.shape[::-1]).T < _sigmoid(x)).astype(float)


def _one_number(x, rng):
    return (rng.random() < _sigmoid(x)).astype(float)


def _without_sigmoid(x, rng):
    return (rng.random(x.shape) < x).astype(float)


def _binomial(x, rng):
    return rng.binomial(1, _sigmoid(x)).astype(float)


def _normal(x, rng):
    return (rng.standard_normal(x.shape) < x).astype(float)


def _normal_against_sigmoid(x, rng):
    return (rng.standard_normal(x.shape) < _sigmoid(x)).astype(float)


def _chain_by_chain(v, known, W, a, b, rng):
    rows = [gibbs_step(row[None], known, W, a, b, rng) for row in v]
    return np.concatenate(rows)


def _known_switched_off(v, known, W, a, b, rng):
    return np.where(known, 0.0, gibbs_step(v, known, W, a, b, rng))


def _two_steps(v, known, W, a, b, rng):
    return gibbs_step(gibbs_step(v, known, W, a, b, rng), known, W, a, b, rng)


def _own_generator(v, known, W, a, b, rng):
    return gibbs_step(v, known, W, a, b, default_rng(0))


def _mean(x, rng):
    return _sigmoid(x)


def _as_float(hidden, keep):
    """A step that returns probabilities: hidden(inputs, rng), then σ of the visible inputs."""

    def step(v, known, W, a, b, rng):
        mean = _sigmoid(hidden(v @ W + b, rng) @ W.T + a)
        return np.where(known, v, mean) if keep else mean

    return step


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
        "and ones.": Ways(_mean_of_visible, _as_float(_rounded, True)),
        "you return the probabilities P(v = 1 | h), for the known units too. Those keep their "
        "values, and the others are a draw: zeros and ones.": Ways(
            _as_float(_drawn, False), _as_float(_rounded, False)
        ),
        "you send means up and means down: probabilities, no states. A step of Gibbs sampling "
        "draws h, and then v, zeros and ones.": Ways(
            _as_float(_mean, True), _as_float(_mean, False)
        ),
        "you return the probabilities P(h = 1 | v). The step draws h from them, and then goes on "
        "to the visible units.": lambda v, known, W, a, b, rng: _sigmoid(v @ W + b),
        "a unit is on where its number is *below* its probability; you compare the other way "
        "round, which happens with probability 1 − p.": _above,
        "the new state equals the old one: the units that are not known have to be drawn.": (
            lambda v, known, W, a, b, rng: v
        ),
        "the known units are switched off in your result; they keep their values.": (
            _known_switched_off
        ),
        "h is a draw, but v is rounded at 1/2; the visible units are drawn, too.": _by(
            _drawn, _rounded
        ),
        "h is rounded at 1/2, a deterministic map; it has to be drawn: compare P(h = 1 | v) with "
        "rng.random((n, H)).": _by(_rounded, _drawn),
        "you draw the hidden noise, but round h at 1/2; compare P(h = 1 | v) with that noise.": _by(
            _rounded_with_noise, _drawn
        ),
        "the noise is drawn transposed; in the documented order its shapes are (n, H) and (n, D), "
        "one chain a row.": _by(_transposed_noise, _transposed_noise),
        "one number decides about all units of all chains; each needs its own: draw (n, H) and "
        "(n, D) numbers.": _by(_one_number, _one_number),
        "a hidden unit is on where its number is *below* its probability; you compare the other "
        "way round in the step up.": _by(_drawn_above, _drawn),
        "a visible unit is on where its number is *below* its probability; you compare the other "
        "way round in the step down.": _by(_drawn, _drawn_above),
        "the sigmoid is missing in the step up: the noise is compared with a probability.": _by(
            _without_sigmoid, _drawn
        ),
        "the sigmoid is missing in the step down: the noise is compared with a probability.": _by(
            _drawn, _without_sigmoid
        ),
        "you draw the noise chain by chain; in the documented order all (n, H) numbers of the "
        "hidden layer come first, then all (n, D) of the visible one.": _chain_by_chain,
        "the sigmoid is missing: a uniform number is compared with a probability, not with an "
        "input.": _by(_without_sigmoid, _without_sigmoid),
        "your draws may be right, but `binomial` uses up other numbers; compare `rng.random(…)` "
        "with the probabilities, so that the states can be compared.": _by(_binomial, _binomial),
        "the noise is normal; it must be uniform in [0, 1), `rng.random`, to fall below p with "
        "probability p.": _by(_normal_against_sigmoid, _normal_against_sigmoid),
        "you compare normal noise with the inputs; uniform noise, `rng.random`, is compared with "
        "their sigmoid.": _by(_normal, _normal),
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

EXERCISES = [STEP]
