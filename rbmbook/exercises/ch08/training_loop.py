"""Exercise 08.4: a training loop with a schedule."""

import numpy as np
from numpy.random import default_rng

from ..exercise import exercise
from ..machines import machine_in_eighths, minus_free_energy, random_states
from ..mistakes import slips_of
from ..numerics import draw, sigmoid, softplus

FORMULA = "A hidden unit receives b + Σ_i v_i W_ij, a visible one a + Σ_j W_ij h_j."


def sampled(p, rng):
    return draw(p, rng)


def expected(h0, h1, h, rng):
    """E[h | v] in both terms."""
    return h0, h1


def own_rows(rows, batch_size):
    return rows


def followed(u, gradient, rate, momentum):
    """(8.2): the new velocity."""
    return momentum * u + rate * gradient


def shuffled(n, rng):
    return rng.permutation(n)


def train(
    X, W, a, b, batch_size, rates, momenta, decay, rng,
    *, order=shuffled, up=sampled, down=sampled, hidden=expected, rows=own_rows,
    follow=followed, decayed=(1, 0, 0), kept=True, sign=1,
):  # fmt: skip
    """CD-1 in mini-batches with momentum and weight decay: the W, a, b at the end."""
    parameters, velocities = [W.copy(), a.copy(), b.copy()], [0, 0, 0]
    for rate, momentum in zip(rates, momenta, strict=True):
        picked = order(len(X), rng)
        if not kept:
            velocities = [0, 0, 0]
        for start in range(0, len(X), batch_size):
            W, a, b = parameters
            v0 = X[picked[start : start + batch_size]]
            h0 = sigmoid(v0 @ W + b)
            h = up(h0, rng)
            v1 = down(sigmoid(h @ W.T + a), rng)
            first, last = hidden(h0, sigmoid(v1 @ W + b), h, rng)
            n = rows(len(v0), batch_size)
            terms = v0.T @ first - v1.T @ last, (v0 - v1).sum(axis=0), (first - last).sum(axis=0)
            for i, (term, share) in enumerate(zip(terms, decayed, strict=True)):
                gradient = sign * term / n - decay * share * parameters[i]
                velocities[i] = follow(velocities[i], gradient, rate, momentum)
                parameters[i] = parameters[i] + velocities[i]
    return tuple(parameters)


def cases(rng):
    for n, n_visible, n_hidden, batch_size, epochs in [
        (6, 4, 3, 3, 1), (7, 4, 3, 3, 4), (9, 5, 4, 2, 6), (20, 6, 6, 8, 10),
    ]:  # fmt: skip
        X = random_states(rng, n, n_visible)
        X[:, 0] = 1  # so that something can be learned
        machine = (0.5 * x for x in machine_in_eighths(rng, n_visible, n_hidden))
        rates = np.linspace(0.5, 0.1, epochs)
        momenta = np.where(np.arange(epochs) < epochs // 2, 0.5, 0.875)
        noise = default_rng(int(rng.integers(1000)))
        yield X, *machine, batch_size, rates, momenta, 0.125, noise


def likelihood(X, W, a, b):
    """Mean log-likelihood of the rows of X, exactly."""
    states = np.indices((2,) * len(b)).reshape(len(b), -1).T  # of the hidden units
    x = states @ b + softplus(states @ W.T + a).sum(axis=1)
    return minus_free_energy(X, W, a, b).mean() - x.max() - np.log(np.exp(x - x.max()).sum())


def hint(args, received, expected):
    """How far the machine got, where its numbers are others."""
    X, start = args[0], args[1:4]
    before, reached, wanted = (likelihood(X, *m) for m in (start, received, expected))
    if abs(reached - before) < 1e-12:
        return "the machine is as likely to produce the data as before: has it been trained at all?"
    return (
        f"the mean log-likelihood of X goes from {before:.3f} to {reached:.3f} nats; with the loop "
        f"that is asked for it ends at {wanted:.3f}. Compare with `fit_naive`, line by line, and "
        "mind the order in which random numbers are drawn."
    )


slip = slips_of(train)


def last_first(values):
    return values[::-1]


MISTAKES = {
    "the machine comes back untrained.": lambda X, W, a, b, *rest: (W, a, b),
    "you go through the rows in their order; every epoch begins with `rng.permutation(n)`.":
        slip(order=lambda n, rng: np.arange(n)),
    "a short last batch has fewer rows; divide by their number, not by the batch size.":
        slip(rows=lambda rows, batch_size: batch_size),
    "the short last batch is left out; it is averaged over its own rows.":
        lambda X, W, a, b, size, *rest: train(
            X, W, a, b, size, *rest, rows=lambda rows, _: rows if rows == size else np.inf
        ),
    "you sum over the batch; the gradient is a mean over its rows.":
        slip(rows=lambda rows, batch_size: 1),
    "the biases decay too; (8.3) is for the weights alone.": slip(decayed=(1, 1, 1)),
    "the weight decay is missing.": slip(decayed=(0, 0, 0)),
    "the weight decay has the wrong sign: it pulls the weights towards 0.":
        slip(decayed=(-1, 0, 0)),
    "the velocities start at 0 in every epoch; they go on, whatever the momentum.":
        slip(kept=False),
    "the momentum is missing: (8.2) keeps a velocity.":
        slip(follow=lambda u, g, rate, momentum: rate * g),
    "the momentum of the first epoch stays; take momenta[e] in epoch e.":
        slip(momenta=lambda momenta: np.full_like(momenta, momenta[0])),
    "the rate of the first epoch stays; take rates[e] in epoch e.":
        slip(rates=lambda rates: np.full_like(rates, rates[0])),
    "the schedules run backwards: rates[0] and momenta[0] belong to the first epoch.":
        slip(rates=last_first, momenta=last_first),
    "the gradient enters with the factor 1 − momentum; in (8.2) it enters in full.":
        slip(follow=lambda u, g, rate, momentum: momentum * u + (1 - momentum) * rate * g),
    "the learning rate multiplies the old velocity too, which already contains it.":
        slip(follow=lambda u, g, rate, momentum: rate * (momentum * u + g)),
    "the gradient has the wrong sign: data term minus model term, so that the data becomes "
    "likelier.": slip(sign=-1),
    "you pass E[h | v] down; the step to the visible layer needs a sample of h.":
        slip(up=lambda p, rng: p),
    "you use visible means for the model term; a sample of v is asked for.":
        slip(down=lambda p, rng: p),
    "nothing is sampled: you pass means down and up.":
        slip(up=lambda p, rng: p, down=lambda p, rng: p),
    "you round the probabilities; compare them with random numbers instead.":
        slip(up=lambda p, rng: (p > 0.5) * 1.0, down=lambda p, rng: (p > 0.5) * 1.0),
    "a unit is on where its number is BELOW its probability; yours are on above it.":
        slip(up=lambda p, rng: 1 - draw(p, rng), down=lambda p, rng: 1 - draw(p, rng)),
    "in the data term you use the sampled h: unbiased, but noisier than E[h | v].":
        slip(hidden=lambda h0, h1, h, rng: (h, h1)),
    "in the model term you use the h from which v was drawn; compute E[h | v] anew.":
        slip(hidden=lambda h0, h1, h, rng: (h0, h)),
    "in the model term you use the hidden means of the data; compute them anew from v.":
        slip(hidden=lambda h0, h1, h, rng: (h0, h0)),
    "in the model term you sample h once more: unbiased, but noisier than E[h | v].":
        slip(hidden=lambda h0, h1, h, rng: (h0, draw(h1, rng))),
    "one epoch is missing.": slip(rates=lambda r: r[:-1], momenta=lambda m: m[:-1]),
}  # fmt: skip

EXERCISE = exercise(__doc__, train, cases, MISTAKES, FORMULA, parts=("W", "a", "b"), hint=hint)
