"""Exercise 00.3: the best possible discriminator, and what it earns."""

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of
from ..numerics import sigmoid


def share_of_real(p, q):
    return p / (p + q)


def weighted_log(weight, x):
    """weight · log x, and 0 where the weight is 0."""
    return np.where(weight > 0, weight * np.log(np.where(weight > 0, x, 1.0)), 0.0)


def both_terms(p, q, D):
    """V of (0.4) for finitely many kinds."""
    return (weighted_log(p, D) + weighted_log(q, 1 - D)).sum()


def best_discriminator(p, q, *, D=share_of_real, V=both_terms):
    """The D that maximises Σ p log D + q log(1 − D), and the value that it reaches."""
    return D(p, q), V(p, q, share_of_real(p, q))


def cases(rng):
    for n in (2, 4, 9):
        yield rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(n))
    p, q = rng.dirichlet(np.full(5, 2.0)), rng.dirichlet(np.full(5, 2.0))
    p[0] = q[1] = 0  # kinds that betray where they come from: 0 · log 0
    yield p / p.sum(), q / q.sum()
    yield np.array([0.25, 0.75, 0.0, 0.0]), np.array([0.0, 0.0, 0.5, 0.5])


def by_trying(p, q):
    """The best of a thousand numbers, for each kind."""
    D = np.linspace(0.0005, 0.9995, 1000)[:, None]
    return D[np.argmax(p * np.log(D) + q * np.log(1 - D), axis=0), 0]


def as_written(p, q, D):
    """0 · log 0 is NaN."""
    return (p * np.log(D) + q * np.log(1 - D)).sum()


slip = slips_of(best_discriminator)


def with_D(D):
    """Another D, and the right value."""
    return slip(D=D)


def with_V(V):
    """The right D, and another value."""
    return slip(V=V)


def fair(p, q):
    return np.full_like(p, 0.5)


MISTAKES = {
    "a kind that only one side has makes 0 · log 0 in the sum, which is NaN. That term is 0: no "
    "such example is ever shown.": with_V(as_written),
    "D = ½ and V = −2 log 2 belong to a perfect forger. Here p and q differ.":
        lambda p, q: (fair(p, q), -2 * np.log(2)),
    "V is the value that the *best* D reaches; −2 log 2 is that of D = ½.":
        with_V(lambda p, q, D: both_terms(p, q, fair(p, q))),
    "this is the probability of 'forged'. D is the probability of 'real', so it is large where p "
    "is.": with_D(lambda p, q: q / (p + q)),
    "this is the ratio p / q: the odds. It can exceed 1; a probability cannot.":
        with_D(lambda p, q: p / q),
    "this is log(p / q), what goes into the sigmoid; D is what comes out.":
        with_D(lambda p, q: np.log(p / q)),
    "this is a verdict, 0 or 1. Where both occur, being certain costs more than it earns: a single "
    "mistake costs −log 0.": with_D(lambda p, q: (p > q).astype(float)),
    "this is p itself, which ignores how often the forger makes this kind.":
        with_D(lambda p, q: p),
    "the squares are not needed: the derivative of p log D is p / D.":
        with_D(lambda p, q: p**2 / (p**2 + q**2)),
    "the derivative of log(1 − D) is −1/(1 − D), with a minus: p / D = q / (1 − D).":
        with_D(lambda p, q: p / (p - q)),
    "the sigmoid turns log(p / q) into the probability, not p / q.":
        with_D(lambda p, q: sigmoid(p / q)),
    "the sigmoid turns log p − log q into the probability, not p − q.":
        with_D(lambda p, q: sigmoid(p - q)),
    "one half is the answer only where real and forged examples are equally frequent.":
        with_D(fair),
    "that is 2D − 1, which runs from −1 to 1. D runs from 0 to 1.":
        with_D(lambda p, q: (p - q) / (p + q)),
    "no square roots: the derivative of p log D is p / D.":
        with_D(lambda p, q: np.sqrt(p) / (np.sqrt(p) + np.sqrt(q))),
    "that is the probability of being right with the likelier verdict. D is the probability of "
    "'real', also where forgeries are more frequent.":
        with_D(lambda p, q: np.maximum(p, q) / (p + q)),
    "that is q D. D alone is asked for.": with_D(lambda p, q: p * q / (p + q)),
    "the numerator is p, not 1: solve p (1 − D) = q D for D.": with_D(lambda p, q: 1 / (p + q)),
    "this is how often a kind occurs among real and forged examples together, not the share of the "
    "real ones.": with_D(lambda p, q: (p + q) / 2),
    "D is found by trying a thousand numbers, to three digits. Set the derivative to zero and "
    "solve for D.": with_D(by_trying),
    "each kind counts on its own: no sum over the kinds is needed in D.":
        with_D(lambda p, q: p / (p + q).sum()),
    "the sign is flipped: logarithms of probabilities are never positive, and the discriminator "
    "makes V *large*, at best 0.": with_V(lambda p, q, D: -both_terms(p, q, D)),
    "V has two terms: what D earns on real examples, and what 1 − D earns on forged ones.":
        with_V(lambda p, q, D: weighted_log(p, D).sum()),
    "V has two terms: the real examples count as well, with log D.":
        with_V(lambda p, q, D: weighted_log(q, 1 - D).sum()),
    "both terms have log D in your V; a forged example earns log(1 − D).":
        with_V(lambda p, q, D: (weighted_log(p, D) + q * np.log(np.where(D > 0, D, 1.0))).sum()),
    "the logarithms are exchanged: real examples earn log D, forged ones log(1 − D).":
        with_V(lambda p, q, D: as_written(q, p, D)),
    "the probabilities are missing in your V: a kind that is shown often counts more.":
        with_V(lambda p, q, D: as_written(1.0, 1.0, D)),
    "this is the mean over the kinds. V is their sum: p and q are weights already.":
        with_V(lambda p, q, D: both_terms(p, q, D) / len(p)),
    "this is half of V, as if each side were shown half of the time. (0.4) adds two averages.":
        with_V(lambda p, q, D: both_terms(p, q, D) / 2),
    "this is V + 2 log 2, twice the Jensen–Shannon divergence of chapter 15. V is asked for.":
        with_V(lambda p, q, D: both_terms(p, q, D) + 2 * np.log(2)),
    "these are the terms of V, one for each kind. Add them up.":
        with_V(lambda p, q, D: weighted_log(p, D) + weighted_log(q, 1 - D)),
}  # fmt: skip

EXERCISE = exercise(__doc__, best_discriminator, cases, MISTAKES, parts=("best D", "value V"))
