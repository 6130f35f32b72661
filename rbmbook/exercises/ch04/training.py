"""Exercise 04.5: a machine that learns."""

import numpy as np

from ..exercise import exercise
from ..machines import random_machine, random_states
from ..mistakes import Ways, slips_of
from .gradient import difference, gradient, mean_hidden, truncated


def heavy_ball(u, slope, rate, momentum):
    """(4.9): the new velocity, and the step that is taken with it."""
    u = momentum * u + rate * slope
    return u, u


def together(step, slope_at, parameters, velocities, rate, momentum):
    """One update: all derivatives are those of the machine before it."""
    slopes = slope_at(*parameters)
    moved = [step(u, g, rate, momentum) for u, g in zip(velocities, slopes, strict=True)]
    return [p + s for p, (_, s) in zip(parameters, moved, strict=True)], [u for u, _ in moved]


def one_after_the_other(step, slope_at, parameters, velocities, rate, momentum):
    """W is moved before the derivatives for a are taken, and so on."""
    parameters, velocities = list(parameters), list(velocities)
    for k in range(len(parameters)):
        slope = slope_at(*parameters)[k]
        velocities[k], moved = step(velocities[k], slope, rate, momentum)
        parameters[k] = parameters[k] + moved
    return parameters, velocities


def trained(
    v, W, a, b, rate, momentum, updates, *, step=heavy_ball, slope=gradient, update=together
):
    """W, a and b after some updates of gradient ascent with momentum."""
    parameters, velocities = [W, a, b], [0 * W, 0 * a, 0 * b]
    for _ in range(updates):
        parameters, velocities = update(
            step, lambda *machine: slope(v, *machine), parameters, velocities, rate, momentum
        )
    return tuple(parameters)


def cases(rng):
    # None, one and two updates come first: they tell mistakes apart that many updates mix up.
    for n, n_visible, n_hidden, updates in [
        (3, 2, 1, 1), (5, 3, 2, 2), (4, 3, 3, 0), (6, 4, 3, 5), (7, 3, 4, 40)
    ]:  # fmt: skip
        v = random_states(rng, n, n_visible)
        yield v, *random_machine(rng, n_visible, n_hidden), 0.25, 0.5, updates


slip = slips_of(trained)


def stale(v, W, a, b, rate, momentum, updates):
    """The derivatives of the first machine serve for all updates."""
    first = gradient(v, W, a, b)
    return trained(v, W, a, b, rate, momentum, updates, slope=lambda *_: first)


def stale_model(v, W, a, b, rate, momentum, updates):
    """The model term is computed once, from the machine at the start."""
    model = gradient(v, W, a, b, join=lambda _, model: model)

    def slope(v, *machine):
        return gradient(v, *machine, join=lambda data, _: difference(data, model))

    return trained(v, W, a, b, rate, momentum, updates, slope=slope)


def stale_data(v, W, a, b, rate, momentum, updates):
    """The data term is computed once, from the machine at the start."""
    data = gradient(v, W, a, b, join=lambda data, _: data)

    def slope(v, *machine):
        return gradient(v, *machine, join=lambda _, model: difference(data, model))

    return trained(v, W, a, b, rate, momentum, updates, slope=slope)


def with_slope(change):
    return slip(slope=lambda v, *machine: [change(g, v) for g in gradient(v, *machine)])


def joined(join):
    return slip(slope=lambda *args: gradient(*args, join=join))


def without(*frozen):
    """Some of the parameters stay as they are."""

    def slope(*args):
        return [0 * g if k in frozen else g for k, g in enumerate(gradient(*args))]

    return slip(slope=slope)


MISTAKES = {
    "you walk downhill: the gradient points where the log-likelihood grows, so it is added.":
        with_slope(lambda g, v: -g),
    "you do one update too many.": slip(updates=lambda n: n + 1),
    "you do one update too few.": slip(updates=lambda n: max(n - 1, 0)),
    "you do a single update, however many are asked for.": slip(updates=lambda n: min(n, 1)),
    "the momentum is not used: the velocity keeps the share μ of itself, (4.9).":
        slip(step=lambda u, g, rate, mu: (u, rate * g)),
    "your velocity is an average, μ u + (1 − μ) η ∇ℓ; (4.9) adds the whole η ∇ℓ.":
        slip(step=lambda u, g, rate, mu: (x := mu * u + (1 - mu) * rate * g, x)),
    "you move by the velocity before this update. First the velocity, then θ ← θ + u with the new "
    "one.": slip(step=lambda u, g, rate, mu: (mu * u + rate * g, u)),
    "the learning rate is used twice, in the velocity and again in the step; in (4.9) it stands in "
    "the velocity alone.":
        slip(step=lambda u, g, rate, mu: (x := mu * u + rate * g, rate * x)),
    "you add the gradient a second time, θ ← θ + μ u + η ∇ℓ with the new u (Nesterov's variant); "
    "(4.9) moves by u itself.":
        slip(step=lambda u, g, rate, mu: (x := mu * u + rate * g, mu * x + rate * g)),
    "the learning rate is missing in the velocity.":
        slip(step=lambda u, g, rate, mu: (x := mu * u + g, x)),
    "the gradient is computed once, at the start. Compute it anew in every update: it belongs to "
    "the machine as it is then.": stale,
    "the model term is computed once, at the start. The machine changes, and its own averages "
    "change with it: enumerate again in every update.": stale_model,
    "the data term is computed once, at the start. The data stays, but E[h | v] changes with W and "
    "b.": stale_data,
    "W is moved before the derivatives for a and b are taken. All three belong to one and the same "
    "machine: compute the whole gradient first, then move.": slip(update=one_after_the_other),
    "the model term is missing: without it all that is on in the data only grows.":
        joined(lambda data, model: data),
    "the data term is a sum over the examples; take their mean.":
        slip(slope=lambda v, *machine: gradient(
            v, *machine, join=lambda d, m: difference([len(v) * x for x in d], m))),
    "your steps are the number of examples times too long: the mean log-likelihood is climbed.":
        with_slope(lambda g, v: len(v) * g),
    "your steps are shorter by the number of examples: the gradient is a mean already.":
        with_slope(lambda g, v: g / len(v)),
    "this is contrastive divergence: the model term is taken at pictures that the machine makes "
    "from the data. The exact one is a sum over all states.":
        Ways(*(slip(slope=truncated(k)) for k in (1, 2, 5, 10))),
    "in the model term all states count equally. Weigh each state v by its probability p(v).":
        slip(slope=lambda v, *machine: gradient(
            v, *machine, weigh=lambda x, *_: np.full(len(x), 1 / len(x)))),
    "the hidden means are rounded to 0 or 1; use the probabilities p(h_j = 1 | v) themselves.":
        slip(slope=lambda *args: gradient(
            *args,
            in_data=lambda *x: mean_hidden(*x).round(),
            in_model=lambda *x: mean_hidden(*x).round())),
    "the weights do not move.": without(0),
    "the visible biases do not move.": without(1),
    "the hidden biases do not move.": without(2),
    "the biases do not move.": without(1, 2),
    "these are the velocities; the parameters are asked for.":
        lambda v, W, a, b, rate, momentum, updates: tuple(
            y - x for x, y in zip(
                trained(v, W, a, b, rate, momentum, max(updates - 1, 0)),
                trained(v, W, a, b, rate, momentum, updates), strict=True)),
}  # fmt: skip

EXERCISE = exercise(__doc__, trained, cases, MISTAKES, parts=("W", "a", "b"))
