"""Exercises of chapter 08, Training on digits: one step, and the free-energy gap."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, x)


# -- 08.2 ----------------------------------------------------------------------------------------
def sparse_update(W, gradient, velocity, rate, momentum, decay):
    """u ← momentum·u + rate·(gradient − decay·sign(W)), W ← W + u."""
    velocity = momentum * velocity + rate * (gradient - decay * np.sign(W))
    return W + velocity, velocity


def _update_cases(rng: Generator) -> Iterator[tuple]:
    for shape, rate, momentum, decay in [
        ((2, 3), 0.1, 0.5, 0.01),
        ((4, 2), 0.05, 0.9, 0.2),
        ((1, 1), 0.3, 0.7, 0.5),
        ((3, 3), 0.2, 0.8, 0.1),
    ]:
        W, gradient, velocity = rng.standard_normal((3, *shape))
        if W.size > 1:
            W[0, 0] = 0  # W/|W| is NaN here
        yield W, gradient, velocity, rate, momentum, decay


def _pulled_by(pull):
    """The same step with another derivative of the penalty."""

    def answer(W, gradient, velocity, rate, momentum, decay):
        velocity = momentum * velocity + rate * (gradient - decay * pull(W))
        return W + velocity, velocity

    return answer


def _decay_outside(W, gradient, velocity, rate, momentum, decay):
    velocity = momentum * velocity + rate * gradient - decay * np.sign(W)
    return W + velocity, velocity


def _decay_after(W, gradient, velocity, rate, momentum, decay):
    velocity = momentum * velocity + rate * gradient
    return W + velocity - rate * decay * np.sign(W), velocity


def _old_velocity(W, gradient, velocity, rate, momentum, decay):
    return W + velocity, sparse_update(W, gradient, velocity, rate, momentum, decay)[1]


def _average(W, gradient, velocity, rate, momentum, decay):
    pulled = gradient - decay * np.sign(W)
    velocity = momentum * velocity + (1 - momentum) * rate * pulled
    return W + velocity, velocity


def _descend(W, gradient, velocity, rate, momentum, decay):
    _, u = sparse_update(W, gradient, velocity, rate, momentum, decay)
    return W - u, u


def _step(rule):
    """A mistake: rule(W, u, sign of W, gradient, rate, momentum, decay) → new W, new velocity."""
    return lambda W, gradient, velocity, rate, momentum, decay: rule(
        W, velocity, np.sign(W), gradient, rate, momentum, decay
    )


def _stepped(W, u, s, g, rate, momentum, decay):
    """The step itself, with s in place of the sign of W."""
    u = momentum * u + rate * (g - decay * s)
    return W + u, u


def _factor_on_weights(W, u, s, g, rate, momentum, decay):
    u = momentum * u + rate * g
    return W * (1 - rate * decay) + u, u


def _look_ahead(W, u, s, g, rate, momentum, decay):
    step = rate * (g - decay * s)
    u = momentum * u + step
    return W + momentum * u + step, u


def _decay_of_moved(W, u, s, g, rate, momentum, decay):
    u = momentum * u + rate * g
    u = u - rate * decay * np.sign(W + u)
    return W + u, u


def _soft_threshold(W, u, s, g, rate, momentum, decay):
    u = momentum * u + rate * g
    return np.sign(W + u) * np.maximum(np.abs(W + u) - rate * decay, 0), u


def _all_times_momentum(W, u, s, g, rate, momentum, decay):
    u = momentum * (u + rate * (g - decay * s))
    return W + u, u


def _gradient_down(W, u, s, g, rate, momentum, decay):
    u = momentum * u - rate * (g - decay * s)
    return W + u, u


def _rate_on_all(W, gradient, velocity, rate, momentum, decay):
    velocity = momentum * velocity + gradient - decay * np.sign(W)
    return W + rate * velocity, velocity


UPDATE = Exercise(
    name="08.2",
    title="One step with momentum and another weight decay",
    reference=sparse_update,
    cases=_update_cases,
    parts=("W", "velocity"),
    mistakes={
        "this is (8.3), which belongs to the penalty ½·decay·ΣW². Take the derivative of "
        "decay·Σ|W|: how does |w| change with w for w > 0, and for w < 0?": _pulled_by(lambda W: W),
        "at a weight of exactly 0, W / |W| is 0 / 0. Nothing pulls there: take 0, as `np.sign` "
        "does.": _pulled_by(lambda W: W / np.abs(W)),
        "a weight of exactly 0 is not pulled to either side: take 0 there.": _pulled_by(
            lambda W: np.where(W >= 0, 1.0, -1.0)
        ),
        "a weight of exactly 0 is not pulled to either side; take 0 there.": _pulled_by(
            lambda W: np.where(W > 0, 1.0, -1.0)
        ),
        "you subtract decay·|W|, the penalty itself; its derivative with respect to W is asked "
        "for.": _pulled_by(np.abs),
        "the derivative of |w| is +1 for positive w and −1 for negative w, not 1 for both.": (
            _pulled_by(np.ones_like)
        ),
        "you go down: W − u. The log-likelihood is to rise, so the velocity is added.": _descend,
        "the weight decay has the wrong sign: it pulls the weights towards 0.": _pulled_by(
            lambda W: -np.sign(W)
        ),
        "the derivative of |w| is ±1: no factor 2.": _pulled_by(lambda W: 2 * np.sign(W)),
        "the penalty is decay·Σ|W|, without the ½ of (8.3).": _pulled_by(lambda W: np.sign(W) / 2),
        "the two results are exchanged, or the old W is returned: (new W, new velocity).": (
            lambda *args: (sparse_update(*args)[1], args[0])
        ),
        "the two results are exchanged: first the new W, then the new velocity.": (
            lambda *args: sparse_update(*args)[::-1]
        ),
        "the learning rate is missing: it multiplies the gradient and the decay.": (
            lambda W, g, u, rate, m, decay: sparse_update(W, g, u, 1.0, m, decay)
        ),
        "the weight decay is missing.": _pulled_by(np.zeros_like),
        "the old velocity counts in full; it counts times momentum.": (
            lambda W, g, u, rate, m, decay: sparse_update(W, g, u, rate, 1.0, decay)
        ),
        "the learning rate multiplies the old velocity too; that has it inside already.": (
            lambda W, g, u, rate, m, decay: sparse_update(W, g, u, rate, rate * m, decay)
        ),
        "the momentum is missing: the old velocity counts, times momentum.": (
            lambda W, g, u, rate, m, decay: sparse_update(W, g, u, rate, 0, decay)
        ),
        "the weight decay is part of the gradient, so the learning rate multiplies it too.": (
            _decay_outside
        ),
        "the weight decay is part of the gradient, so it belongs inside the velocity; you apply it "
        "to W directly.": _decay_after,
        "you move by the old velocity. First renew the velocity, then add the new one.": (
            _old_velocity
        ),
        "you weight the gradient with 1 − momentum. That is a moving average; in (8.2) the "
        "gradient enters in full.": _average,
        "your velocity does not contain the learning rate; in (8.2) it does.": _rate_on_all,
        "the decay pulls at W by the sign of W; you take the sign of the gradient.": (
            lambda W, g, u, rate, m, decay: _stepped(W, u, np.sign(g), g, rate, m, decay)
        ),
        "the gradient has the wrong sign (and the decay with it): the log-likelihood is to rise.": (
            _step(_gradient_down)
        ),
        "you subtract the whole penalty from every entry; its derivative by W_ij is asked for.": (
            _pulled_by(lambda W: np.full_like(W, np.abs(W).sum()))
        ),
        "you shrink W by a factor, as (8.3) does without momentum; here the pull is ±decay, inside "
        "the velocity.": _step(_factor_on_weights),
        "you look ahead by one more step (Nesterov's momentum); (8.2) moves by the new velocity.": (
            _step(_look_ahead)
        ),
        "you take the sign of the weights after the move; it is that of the weights before.": (
            _step(_decay_of_moved)
        ),
        "you move first and then cut the weights down towards 0 (a soft threshold). Asked for is "
        "the penalty's derivative inside the velocity.": _step(_soft_threshold),
        "momentum multiplies the old velocity alone, not the new step.": _step(_all_times_momentum),
        "momentum and 1 − momentum are confused: the old velocity counts, times momentum.": (
            lambda W, g, u, rate, m, decay: sparse_update(W, g, u, rate, 1 - m, decay)
        ),
        "the velocity is right, but W has not moved by it.": (
            lambda *args: (args[0], sparse_update(*args)[1])
        ),
        "you take the sign of gradient and decay together; the sign is of W alone.": (
            lambda W, g, u, rate, m, decay: _stepped(
                W, u, 0 * W, np.sign(g - decay * W), rate, m, decay
            )
        ),
    },
)


# -- 08.3 ----------------------------------------------------------------------------------------
def _free_energy(v, W, a, b):
    return -v @ a - _softplus(v @ W + b).sum(axis=1)


def _mean(v, W, b):
    return np.exp(-_softplus(-(v @ W + b)))


def free_energy_gap(held_out, train, W, a, b):
    """Mean F of the held-out rows minus mean F of the training rows."""
    return _free_energy(held_out, W, a, b).mean() - _free_energy(train, W, a, b).mean()


def _gap_of(free):
    return lambda held_out, train, *theta: (
        free(held_out, *theta).mean() - free(train, *theta).mean()
    )


def _gap_of_sums(held_out, train, W, a, b):
    return _free_energy(held_out, W, a, b).sum() - _free_energy(train, W, a, b).sum()


def _gap_cases(rng: Generator) -> Iterator[tuple]:
    for m, n, n_visible, n_hidden, scale in [(3, 5, 4, 2, 1), (1, 2, 3, 3, 1), (6, 4, 5, 7, 300)]:
        held_out, train = (rng.integers(0, 2, (k, n_visible)).astype(np.float64) for k in (m, n))
        W = scale * rng.standard_normal((n_visible, n_hidden))
        a, b = scale * rng.standard_normal(n_visible), scale * rng.standard_normal(n_hidden)
        yield held_out, train, W, a, b
        if scale == 1:
            yield train, held_out, W, a, b  # one of the two gaps is negative


GAP = Exercise(
    name="08.3",
    title="The free-energy gap",
    reference=free_energy_gap,
    cases=_gap_cases,
    mistakes={
        "the sign is flipped: the gap is held-out minus training, positive when the machine likes "
        "the training pictures better (lower F).": lambda *args: -free_energy_gap(*args),
        "this is the mean free energy of the held-out pictures alone; subtract that of the "
        "training pictures.": lambda x, y, *theta: _free_energy(x, *theta).mean(),
        "this is the mean free energy of the training pictures alone; the gap is held-out minus "
        "training.": lambda x, y, *theta: _free_energy(y, *theta).mean(),
        "both biases are missing: F(v) = −aᵀv − Σ_j softplus(b_j + Σ_i v_i W_ij).": (
            lambda x, y, W, a, b: free_energy_gap(x, y, W, 0 * a, 0 * b)
        ),
        "you sum over the pictures. The two sets differ in size, so their means have to be "
        "compared.": _gap_of_sums,
        "the visible bias is missing: F(v) = −aᵀv − Σ_j softplus(…).": (
            lambda x, y, W, a, b: free_energy_gap(x, y, W, 0 * a, b)
        ),
        "the hidden bias is missing inside the softplus.": (
            lambda x, y, W, a, b: free_energy_gap(x, y, W, a, 0 * b)
        ),
        "the softplus carries the wrong sign: it lowers the free energy.": _gap_of(
            lambda v, W, a, b: -v @ a + _softplus(v @ W + b).sum(axis=1)
        ),
        "you average the softplus over the hidden units; F has their sum.": _gap_of(
            lambda v, W, a, b: -v @ a - _softplus(v @ W + b).mean(axis=1)
        ),
        "you cut the input off at 0; that is the softplus only for large inputs.": _gap_of(
            lambda v, W, a, b: -v @ a - np.maximum(0, v @ W + b).sum(axis=1)
        ),
        "you sum the hidden means; F has the softplus of each input, of which the mean is the "
        "slope.": _gap_of(lambda v, W, a, b: -v @ a - _mean(v, W, b).sum(axis=1)),
        "this is the energy at the hidden means; F sums over all hidden states: softplus.": (
            _gap_of(lambda v, W, a, b: -v @ a - ((v @ W + b) * _mean(v, W, b)).sum(axis=1))
        ),
        "the softplus acts on each hidden unit, before the sum over them.": _gap_of(
            lambda v, W, a, b: -v @ a - _softplus((v @ W + b).sum(axis=1))
        ),
        "you sum the softplus over the pictures (axis 0); it is a sum over hidden units, axis 1.": (
            _gap_of(lambda v, W, a, b: -v @ a - _softplus(v @ W + b).sum(axis=0).mean())
        ),
        "this is the free energy of the mean picture. Take F of every picture, then the mean.": (
            lambda x, y, *theta: (
                _free_energy(x.mean(axis=0)[None], *theta)[0]
                - _free_energy(y.mean(axis=0)[None], *theta)[0]
            )
        ),
        "you take medians; the mean log-likelihoods differ by the difference of means.": (
            lambda x, y, *theta: (
                np.median(_free_energy(x, *theta)) - np.median(_free_energy(y, *theta))
            )
        ),
        "the gap has a sign; you take its absolute value.": lambda *args: abs(
            free_energy_gap(*args)
        ),
        "you divide both sums by the number of all pictures; each set has a mean of its own.": (
            lambda x, y, *theta: _gap_of_sums(x, y, *theta) / (len(x) + len(y))
        ),
        "you clip the input, so softplus(x) stops growing; for large x it is x.": _gap_of(
            lambda v, W, a, b: -v @ a - _softplus(np.clip(v @ W + b, -500, 500)).sum(axis=1)
        ),
        "you sum the inputs of the hidden units without the softplus.": _gap_of(
            lambda v, W, a, b: -v @ a - (v @ W + b).sum(axis=1)
        ),
    },
)

EXERCISES = [UPDATE, GAP]
