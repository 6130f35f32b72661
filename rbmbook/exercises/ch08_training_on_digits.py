"""Exercises of chapter 08, Training on digits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .engine import Exercise


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, x)


# -- 08.1 ----------------------------------------------------------------------------------------
def _logit(m):
    return np.log(m / (1 - m))


def _smoothed(X):
    return (X.sum(axis=0) + 1) / (len(X) + 2)


def initial_biases(X, W, q):
    """a and b with σ(a + W·q) = m̄ and σ(b + Wᵀm̄) = q, where m̄ is the smoothed mean of X."""
    mean = _smoothed(X)
    return _logit(mean) - q * W.sum(axis=1), _logit(q) - mean @ W


def _with_mean(mean):
    def answer(X, W, q):
        m = mean(X)
        return np.log(m) - np.log(1 - m) - q * W.sum(axis=1), _logit(q) - m @ W

    return answer


def _biases(of):
    """A mistake written as a function of m̄, the two logits, W and q."""

    def answer(X, W, q):
        m = _smoothed(X)
        return of(m, _logit(m), np.full(W.shape[1], _logit(q)), W, q)

    return answer


def _bias_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, q in [
        (4, 3, 2, 0.1),
        (10, 5, 4, 0.3),
        (1, 2, 3, 0.8),
        (99, 4, 6, 0.05),
        (20, 3, 3, 0.2),  # square: W the wrong way round fits
    ]:
        X = (rng.random((n, n_visible)) < rng.random(n_visible)).astype(np.float64)
        X[:, 0] = 0  # a pixel that is never on: the bare logit is −∞
        yield X, rng.standard_normal((n_visible, n_hidden)), q


BIAS = Exercise(
    name="08.1",
    title="Biases to start from, when the weights are not small",
    reference=initial_biases,
    cases=_bias_cases,
    parts=("a", "b"),
    mistakes={
        "a pixel that is never on has mean 0, and log 0 is −∞. Smooth the mean first: add one "
        "picture that is all on and one that is all off.": _with_mean(lambda X: X.mean(axis=0)),
        "b takes the bare mean of X; use the smoothed one, which a aims at, in both.": (
            lambda X, W, q: (initial_biases(X, W, q)[0], _logit(q) - X.mean(axis=0) @ W)
        ),
        "W is taken the wrong way round: a visible unit receives Σ_j W_ij q (a sum along axis 1), "
        "a hidden one Σ_i m̄_i W_ij.": (
            _biases(lambda m, la, lb, W, q: (la - q * W.sum(axis=0), lb - W @ m))
        ),
        "logit(q) is missing in b: the whole hidden input has to be logit(q).": _biases(
            lambda m, la, lb, W, q: (la - q * W.sum(axis=1), -m @ W)
        ),
        "one picture that is all on and one that is all off makes the number of pictures n + 2, "
        "not n + 1.": _with_mean(lambda X: (X.sum(axis=0) + 1) / (len(X) + 1)),
        "you add one picture that is all on; the one that is all off counts in the n + 2, and here "
        "the total has to grow by 1 alone.": _with_mean(
            lambda X: (X.sum(axis=0) + 2) / (len(X) + 3)
        ),
        "this is (8.1), for weights that are next to nothing, and logit(q). Here the other layer "
        "sends something: subtract it, in a and in b.": _biases(lambda m, la, lb, W, q: (la, lb)),
        "what the hidden units send is missing in a: the visible input is a + W·q, not a alone.": (
            _biases(lambda m, la, lb, W, q: (la, lb - m @ W))
        ),
        "what the visible units send is missing in b: the hidden input is b + Wᵀm̄, not b alone.": (
            _biases(lambda m, la, lb, W, q: (la - q * W.sum(axis=1), lb))
        ),
        "you add what the other layer sends. The bias has to make up for it: subtract.": _biases(
            lambda m, la, lb, W, q: (la + q * W.sum(axis=1), lb + m @ W)
        ),
        "the sign is flipped: a unit that is often on needs a positive input.": (
            lambda X, W, q: tuple(-x for x in initial_biases(X, W, q))
        ),
        "each hidden unit is on with probability q and sends q·W_ij, not W_ij.": _biases(
            lambda m, la, lb, W, q: (la - W.sum(axis=1), lb - m @ W)
        ),
        "each visible unit is on with probability m̄_i and sends m̄_i·W_ij, not W_ij.": _biases(
            lambda m, la, lb, W, q: (la - q * W.sum(axis=1), lb - W.sum(axis=0))
        ),
        "you average over the hidden units; a visible unit receives the sum of what they send.": (
            _biases(lambda m, la, lb, W, q: (la - q * W.mean(axis=1), lb - m @ W))
        ),
        "these are the probabilities less what the other layer sends. The input has to be what the "
        "sigmoid turns into the probability: its inverse, the logit.": _biases(
            lambda m, la, lb, W, q: (m - q * W.sum(axis=1), q - m @ W)
        ),
        "log m is not the logit: divide by 1 − m inside the logarithm.": _biases(
            lambda m, la, lb, W, q: (np.log(m) - q * W.sum(axis=1), np.log(q) - m @ W)
        ),
        "the two results are exchanged: first a, then b.": (
            lambda X, W, q: initial_biases(X, W, q)[::-1]
        ),
    },
)


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
    },
)


# -- 08.3 ----------------------------------------------------------------------------------------
def _free_energy(v, W, a, b):
    return -v @ a - _softplus(v @ W + b).sum(axis=1)


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
        "you sum the inputs of the hidden units without the softplus.": _gap_of(
            lambda v, W, a, b: -v @ a - (v @ W + b).sum(axis=1)
        ),
    },
)

EXERCISES = [BIAS, UPDATE, GAP]
