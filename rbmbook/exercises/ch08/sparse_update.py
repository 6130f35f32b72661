"""Exercise 08.2: one step with momentum and another weight decay."""

import numpy as np

from ..exercise import exercise
from ..mistakes import Ways, missing, negated, slips_of

FORMULA = "(8.2): the new velocity is momentum·velocity + rate·gradient, the penalty included."


def sparse_update(W, gradient, velocity, rate, momentum, decay, *, pull=np.sign):
    """u ← momentum·u + rate·(gradient − decay·sign(W)), W ← W + u."""
    velocity = momentum * velocity + rate * (gradient - decay * pull(W))
    return W + velocity, velocity


def cases(rng):
    settings = [(0.1, 0.5, 0.01), (0.05, 0.9, 0.2), (0.3, 0.7, 0.5), (0.2, 0.8, 0.1)]
    for shape, (rate, momentum, decay) in zip(
        [(2, 3), (4, 2), (1, 1), (3, 3)], settings, strict=True
    ):
        W, gradient, velocity = rng.standard_normal((3, *shape))
        if W.size > 1:
            W[0, 0] = 0  # W/|W| is NaN here
        yield W, gradient, velocity, rate, momentum, decay


slip = slips_of(sparse_update)


def new_velocity(*args):
    return sparse_update(*args)[1]


def look_ahead(W, g, u, rate, m, decay):
    new = new_velocity(W, g, u, rate, m, decay)
    return W + m * new + (new - m * u), new


def decay_of_moved(W, g, u, rate, m, decay):
    u = m * u + rate * g
    u = u - rate * decay * np.sign(W + u)
    return W + u, u


def soft_threshold(W, g, u, rate, m, decay):
    u = m * u + rate * g
    return np.sign(W + u) * np.maximum(np.abs(W + u) - rate * decay, 0), u


MISTAKES = {
    "this is (8.3), which belongs to the penalty ½·decay·ΣW². Take the derivative of decay·Σ|W|: "
    "how does |w| change with w for w > 0, and for w < 0?": slip(pull=lambda W: W),
    "at a weight of exactly 0, W / |W| is 0 / 0. Nothing pulls there: take 0, as `np.sign` does.":
        slip(pull=lambda W: W / np.abs(W)),
    "a weight of exactly 0 is not pulled to either side: take 0 there.":
        Ways(
            slip(pull=lambda W: np.where(W >= 0, 1.0, -1.0)),
            slip(pull=lambda W: np.where(W > 0, 1.0, -1.0)),
        ),
    "you subtract decay·|W|, the penalty itself; its derivative with respect to W is asked for.":
        slip(pull=np.abs),
    "the derivative of |w| is +1 for positive w and −1 for negative w, not 1 for both.":
        slip(pull=np.ones_like),
    "you go down: W − u. The log-likelihood should rise, so the velocity is added.":
        lambda W, *rest: (W - (u := new_velocity(W, *rest)), u),
    "the weight decay has the wrong sign: it pulls the weights towards 0.": slip(decay=negated),
    "the derivative of |w| is ±1: no factor 2.": slip(decay=lambda decay: 2 * decay),
    "the penalty is decay·Σ|W|, without the ½ of (8.3).": slip(decay=lambda decay: decay / 2),
    "the two results are exchanged, or the old W is returned: (new W, new velocity).":
        lambda W, *rest: (new_velocity(W, *rest), W),
    "the learning rate is missing: it multiplies the gradient and the decay.":
        slip(rate=lambda rate: 1.0),
    "the weight decay is missing.": slip(decay=missing),
    "the old velocity counts in full; it should be multiplied by momentum.":
        slip(momentum=lambda m: 1.0),
    "the learning rate multiplies the old velocity too, which already contains it.":
        lambda W, g, u, rate, m, decay: sparse_update(W, g, u, rate, rate * m, decay),
    "the weight decay is part of the gradient, so the learning rate multiplies it too.":
        lambda W, g, u, rate, m, decay: sparse_update(W, g, u, rate, m, decay / rate),
    "the weight decay is part of the gradient, so it belongs inside the velocity; you apply it to "
    "W directly.":
        lambda W, g, u, r, m, decay: (W + (u := m * u + r * g) - r * decay * np.sign(W), u),
    "you move by the old velocity. First renew the velocity, then add the new one.":
        lambda W, g, u, *rest: (W + u, new_velocity(W, g, u, *rest)),
    "you weight the gradient with 1 − momentum. That is a moving average; in (8.2) the gradient "
    "enters in full.":
        lambda W, g, u, rate, m, decay: sparse_update(W, g, u, (1 - m) * rate, m, decay),
    "your velocity does not contain the learning rate; in (8.2) it does.":
        lambda W, g, u, rate, m, decay: (W + rate * (u := m * u + g - decay * np.sign(W)), u),
    "the decay pulls according to the sign of W; you take the sign of the gradient.":
        lambda W, g, *rest: sparse_update(W, g, *rest, pull=lambda W: np.sign(g)),
    "the gradient has the wrong sign (and the decay with it): the log-likelihood should rise.":
        slip(rate=negated),
    "you subtract the whole penalty from every entry; its derivative with respect to W_ij is asked "
    "for.": slip(pull=lambda W: np.abs(W).sum()),
    "you shrink W by a factor, as (8.3) does without momentum; here the pull is ±decay, inside the "
    "velocity.":
        lambda W, g, u, rate, m, decay: (W * (1 - rate * decay) + (u := m * u + rate * g), u),
    "you look ahead by one more step (Nesterov's momentum); (8.2) moves by the new velocity.":
        look_ahead,
    "you take the sign of the weights after the move; it is that of the weights before.":
        decay_of_moved,
    "you move first and then cut the weights down towards 0 (a soft threshold). The question asks "
    "for the penalty's derivative inside the velocity.": soft_threshold,
    "momentum multiplies the old velocity alone, not the new step.":
        lambda W, g, u, rate, m, decay: sparse_update(W, g, u, m * rate, m, decay),
    "the velocity is right, but W has not moved by it.":
        lambda W, *rest: (W, new_velocity(W, *rest)),
    "you take the sign of gradient and decay together; the sign is of W alone.":
        lambda W, g, u, rate, m, decay: sparse_update(W, np.sign(g - decay * W), u, rate, m, 0),
}  # fmt: skip

EXERCISE = exercise(__doc__, sparse_update, cases, MISTAKES, FORMULA, parts=("W", "velocity"))
