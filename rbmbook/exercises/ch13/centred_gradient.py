"""Exercise 13.4: the centred gradient of three layers."""

from functools import partial
from itertools import product

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of
from .layers import random_layers


def centred_weights(dW, db, mu, below=1, above=1, both=0):
    """∇W_l − μ_l (∇b_{l+1})ᵀ − ∇b_l μ_{l+1}ᵀ; a factor on each correction."""
    return [
        g
        - below * np.outer(mu[k], db[k + 1])
        - above * np.outer(db[k], mu[k + 1])
        + both * np.outer(mu[k], mu[k + 1])
        for k, g in enumerate(dW)
    ]


def centred_biases(W, db, mu, below=1, above=1):
    """∇b_l less what the layers above and below contribute, with a factor on each."""
    out = [g.copy() for g in db]
    for k, g in enumerate(W):
        out[k] -= above * (g @ mu[k + 1])
        out[k + 1] -= below * (g.T @ mu[k])
    return out


def centred(dW, db, mu, *, weights=centred_weights, biases=centred_biases):
    """Two hidden layers: (ΔW₀, ΔW₁, Δb₀, Δb₁, Δb₂)."""
    W = weights(dW, db, mu)
    return (*W, *biases(W, db, mu))


def cases(rng):
    for sizes in [(2, 2, 2), (3, 2, 4), (4, 5, 1), (3, 3, 3)]:
        dW, db = random_layers(rng, sizes)
        yield dW, db, [rng.uniform(0.1, 0.9, n) for n in sizes]


slip = slips_of(centred)
IN_WEIGHTS = {
    "ΔW: the term μ_l (∇b_{l+1})ᵀ is missing.": partial(centred_weights, below=0),
    "ΔW: the term ∇b_l μ_{l+1}ᵀ is missing.": partial(centred_weights, above=0),
    "ΔW: both corrections have the wrong sign; they are subtracted.": partial(
        centred_weights, below=-1, above=-1
    ),
    "ΔW: the term μ_l (∇b_{l+1})ᵀ has the wrong sign; both terms are subtracted.": partial(
        centred_weights, below=-1
    ),
    "ΔW: the term ∇b_l μ_{l+1}ᵀ has the wrong sign; both terms are subtracted.": partial(
        centred_weights, above=-1
    ),
    "ΔW: the weights' gradients are left as they are; they need their corrections too.": partial(
        centred_weights, below=0, above=0
    ),
    "ΔW: μ_l μ_{l+1}ᵀ is in both terms of the gradient, data and model, and cancels.": partial(
        centred_weights, both=1
    ),
    "ΔW: μ_l μ_{l+1}ᵀ is in both terms of the gradient, data and model, and cancels; you "
    "subtract it.": partial(centred_weights, both=-1),
}
IN_BIASES = {
    "Δb₁: the middle layer has two neighbours; the correction from the layer above, ΔW₁ μ₂, is "
    "missing (and so in Δb₀: ΔW₀ μ₁).": partial(centred_biases, above=0),
    "Δb₁: the middle layer has two neighbours; the correction from the layer below, ΔW₀ᵀ μ₀, is "
    "missing (and so in Δb₂: ΔW₁ᵀ μ₁).": partial(centred_biases, below=0),
    "Δb: the corrections have the wrong sign; they are subtracted.": partial(
        centred_biases, below=-1, above=-1
    ),
    "Δb: the biases' gradients are left as they are. Going back from the centred to the usual "
    "biases requires the corrections.": partial(centred_biases, below=0, above=0),
}


def in_middle(term):
    """Only the middle layer's correction by the layer above, or below, is forgotten."""

    def mistake(dW, db, mu):
        *W, b0, b1, b2 = centred(dW, db, mu)
        return *W, b0, b1 + term(W, mu), b2

    return mistake


def pair_by_pair(dW, db, mu):
    """(9.9) for the lower pair, then for the upper one with the biases already changed."""
    b, W = [g.copy() for g in db], []
    for k in range(len(dW)):
        W += centred_weights([dW[k]], b[k:], mu[k:])
        b[k:] = centred_biases([W[k]], b[k:], mu[k:])
    return *W, *b


MISTAKES = {
    "ΔW is right. In Δb the corrections have to be made with ΔW, the centred gradient of the "
    "weights, not with ∇W: μ stays where it is while b follows the step of W.":
        lambda dW, db, mu: (*centred_weights(dW, db, mu), *centred_biases(dW, db, mu)),
    "Δb₁: the middle layer has two neighbours; the correction from the layer above, ΔW₁ μ₂, is "
    "missing.": in_middle(lambda W, mu: W[1] @ mu[2]),
    "Δb₁: the middle layer has two neighbours; the correction from the layer below, ΔW₀ᵀ μ₀, is "
    "missing.": in_middle(lambda W, mu: W[0].T @ mu[0]),
    "Δb₁: the correction from the layer above, ΔW₁ μ₂, has the wrong sign; both are subtracted.":
        in_middle(lambda W, mu: 2 * W[1] @ mu[2]),
    "Δb₁: the correction from the layer below, ΔW₀ᵀ μ₀, has the wrong sign; both are subtracted.":
        in_middle(lambda W, mu: 2 * W[0].T @ mu[0]),
    "you apply (9.9) to the lower pair and then to the upper one, with the biases already changed. "
    "ΔW₁ needs the plain ∇b₁.": pair_by_pair,
    **{words: slip(weights=weights) for words, weights in IN_WEIGHTS.items()},
    **{words: slip(biases=biases) for words, biases in IN_BIASES.items()},
    **{
        f"{one} {two}": slip(weights=weights, biases=biases)
        for (one, weights), (two, biases) in product(IN_WEIGHTS.items(), IN_BIASES.items())
    },
}  # fmt: skip

PARTS = ("ΔW₀", "ΔW₁", "Δb₀", "Δb₁", "Δb₂")
EXERCISE = exercise(__doc__, centred, cases, MISTAKES, parts=PARTS)
