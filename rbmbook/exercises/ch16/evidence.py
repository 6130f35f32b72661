"""Exercise 16.3: evidence of pixels."""

import numpy as np

from ..exercise import exercise
from ..machines import random_machine, random_states
from ..mistakes import in_terms_of, slips_of
from ..numerics import normalised, sigmoid, softplus

FORMULA = "The input of hidden unit j is b_j + L_kj + Σ_i x_i W_ij, and label k has the bias d_k."


def inputs(W, L, b, x):
    """Inputs of the hidden units for every label: (n, q, H)."""
    return b + (x @ W)[:, None, :] + L


def probabilities(W, L, b, d, x):
    """p(k | x), (n, q)."""
    return normalised(d + softplus(inputs(W, L, b, x)).sum(axis=2), axis=1)


def average(mean, p):
    """Over the labels, with their probabilities: (n, H)."""
    return (p[:, :, None] * mean).sum(axis=1)


def evidence(W, L, b, d, x, y, *, unit=sigmoid, others=average):
    """Σ_j W_ij (E[h_j | x, y] − Σ_k p(k | x) E[h_j | x, k])."""
    mean = unit(inputs(W, L, b, x))
    return (mean[np.arange(len(x)), y] - others(mean, probabilities(W, L, b, d, x))) @ W.T


def cases(rng):
    for n, D, H, q in [(1, 2, 1, 2), (3, 4, 3, 2), (5, 3, 2, 4), (4, 4, 4, 4)]:
        W, _, b = random_machine(rng, D, H)
        L, d = rng.normal(size=(q, H)), rng.normal(size=q)
        yield W, L, b, d, random_states(rng, n, D), rng.integers(q, size=n)
    W, _, b = random_machine(rng, 3, 2, scale=300.0)
    yield W, 300 * rng.normal(size=(3, 2)), b, rng.normal(size=3), np.eye(3), np.array([0, 2, 1])


slip = slips_of(evidence)


def quantities(W, L, b, d, x, y):
    """p(k | x), the means under the own label, x W + b, and what else makes a second term."""
    own = sigmoid(inputs(W, L, b, x))[np.arange(len(x)), y]
    return probabilities(W, L, b, d, x), own, x @ W + b, L, y, W


of = in_terms_of(quantities)


def p_own(p, y):
    return p[np.arange(len(y)), y, None]


def shares_over_rows(W, L, b, d, x, y):
    p = normalised(d + softplus(inputs(W, L, b, x)).sum(axis=2), axis=0)
    return evidence(W, L, b, d, x, y, others=lambda mean, _: average(mean, p))


MISTAKES = {
    "only the first term, of the label y, is there: the logarithm of the sum over all labels has a "
    "derivative as well.": slip(others=lambda mean, p: 0),
    "only the second term, the average over the labels, is there.":
        lambda *args: slip(others=lambda mean, p: 0)(*args) - evidence(*args),
    "the two terms are added; the second is subtracted.":
        slip(others=lambda mean, p: -average(mean, p)),
    "the labels are averaged with equal weights: the weight of label k is p(k | x).":
        slip(others=lambda mean, p: mean.mean(axis=1)),
    "your p(k | x) sum to 1 over the rows of x; they do over the labels, for each row (`axis=1`).":
        shares_over_rows,
    "the labels are summed without their probabilities p(k | x).":
        slip(others=lambda mean, p: mean.sum(axis=1)),
    "the second term has no label in it. It is the average over all labels k, with p(k | x), of "
    "the hidden units' means given x and k.":
        of(lambda p, own, x, L, y, W: (own - sigmoid(x)) @ W.T),
    "you average the inputs over the labels and then take the sigmoid; average the means.":
        of(lambda p, own, x, L, y, W: (own - sigmoid(x + p @ L)) @ W.T),
    "this is the derivative of p(y | x); that of its logarithm is asked for.":
        lambda W, L, b, d, x, y: (
            p_own(probabilities(W, L, b, d, x), y) * evidence(W, L, b, d, x, y)
        ),
    "the sum runs over the other labels only; the label y is one of them, too.":
        lambda *args: (
            evidence(*args) + of(lambda p, own, x, L, y, W: p_own(p, y) * own @ W.T)(*args)
        ),
    "the derivative of the softplus is missing: it is the sigmoid.": slip(unit=softplus),
    "each entry is multiplied by x_i: that is a derivative with respect to a weight or a "
    "contribution. The input of unit j has the derivative W_ij with respect to x_i.":
        lambda W, L, b, d, x, y: x * evidence(W, L, b, d, x, y),
    "the label's weights are missing from the hidden units' inputs.": slip(L=np.zeros_like),
    "this is the derivative for label 0 in every row: row n has the label y[n].":
        slip(y=np.zeros_like),
}  # fmt: skip

EXERCISE = exercise(__doc__, evidence, cases, MISTAKES, FORMULA)
