"""Exercise 00.3: the best possible discriminator."""

import numpy as np

from ..exercise import exercise
from ..numerics import sigmoid


def best_discriminator(p, q):
    """The D in (0, 1) that maximises p log D + q log(1 − D), at each point."""
    return p / (p + q)


def cases(rng):
    for n in (1, 4, 9):
        yield rng.uniform(0.05, 2, n), rng.uniform(0.05, 2, n)
    x = np.linspace(-3, 3, 7)
    yield tuple(np.exp(-((x - s) ** 2) / 2) / np.sqrt(2 * np.pi) for s in (1.0, -0.5))


def by_trying(p, q):
    """The chapter's `best_decision`."""
    D = np.linspace(0.0005, 0.9995, 1000)[:, None]
    return D[np.argmax(p * np.log(D) + q * np.log(1 - D), axis=0), 0]


MISTAKES = {
    "this is the probability of 'generated'. D is the probability of 'real', so it is large where "
    "p is.": lambda p, q: q / (p + q),
    "this is the ratio p / q: the odds. It can exceed 1; a probability cannot.": lambda p, q: p / q,
    "this is log(p / q), what goes into the sigmoid; D is what comes out.":
        lambda p, q: np.log(p / q),
    "this is a verdict, 0 or 1. Where both densities are positive, being certain costs more than "
    "it earns: a single mistake costs −log 0.": lambda p, q: (p > q).astype(float),
    "this is p itself, which ignores how often the generator comes here.": lambda p, q: p,
    "the squares are not needed: the derivative of p log D is p / D.":
        lambda p, q: p**2 / (p**2 + q**2),
    "the derivative of log(1 − D) is −1/(1 − D), with a minus: p / D = q / (1 − D).":
        lambda p, q: p / (p - q),
    "the sigmoid turns log(p / q) into the probability, not p / q or p − q.":
        lambda p, q: sigmoid(p / q),
    "the sigmoid turns log p − log q into the probability, not p − q.": lambda p, q: sigmoid(p - q),
    "one half is the answer only where real and forged examples are equally dense.":
        lambda p, q: np.full_like(p, 0.5),
    "the value p log D + q log(1 − D) is not asked for, but the D at which it is greatest.":
        lambda p, q: p * np.log(p / (p + q)) + q * np.log(q / (p + q)),
    "that is 2D − 1, which runs from −1 to 1. D runs from 0 to 1.": lambda p, q: (p - q) / (p + q),
    "the densities themselves share out D, not their logarithms: p / D = q / (1 − D).":
        lambda p, q: np.log(p) / (np.log(p) + np.log(q)),
    "no square roots: the derivative of p log D is p / D.":
        lambda p, q: np.sqrt(p) / (np.sqrt(p) + np.sqrt(q)),
    "that is the probability of being right with the likelier verdict. D is the probability of "
    "'real', also where forgeries are denser.": lambda p, q: np.maximum(p, q) / (p + q),
    "that is log 2D. D alone is asked for.": lambda p, q: np.log(2 * p / (p + q)),
    "that is q D. D alone is asked for.": lambda p, q: p * q / (p + q),
    "the numerator is p, not 1: solve p (1 − D) = q D for D.": lambda p, q: 1 / (p + q),
    "this is the density of real and forged examples together, not the share of the real ones.":
        lambda p, q: (p + q) / 2,
    "p and q are densities already: do not divide them by their sums over the points.":
        lambda p, q: p / p.sum() / (p / p.sum() + q / q.sum()),
    "this is found by trying a thousand numbers, to three digits. Set the derivative to zero and "
    "solve for D.": by_trying,
    "each point counts on its own: no sum over the points is needed.":
        lambda p, q: p / (p + q).sum(),
}  # fmt: skip

EXERCISE = exercise(__doc__, best_discriminator, cases, MISTAKES)
