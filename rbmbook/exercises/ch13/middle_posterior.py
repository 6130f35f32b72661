"""Exercise 13.2: the exact posterior of the middle layer."""

import numpy as np

from ..exercise import exercise
from ..machines import all_states, random_states
from ..mistakes import Ways, missing, negated, slips_of
from ..numerics import normalised, sigmoid, softplus
from .layers import each, log_weights, mean_field, random_layers, two_valleys


def mean_of_rows(log_w, h):
    return normalised(log_w, axis=1) @ h


def posterior_means(v, weights, biases, *, top=softplus, mean=mean_of_rows):
    """P(unit j of layer 1 on | v), layer 2 summed in closed form."""
    return mean(log_weights(v, weights, biases, top), all_states(len(biases[1])))


def cases(rng):
    small = [(2, (2, 2, 1), 1), (4, (3, 3, 3), 1), (3, (4, 5, 2), 1.5)]
    for n, sizes, scale in [*small, (3, (5, 3, 200), 0.3), (2, (3, 4, 2), 300)]:
        weights, biases = random_layers(rng, sizes, scale)
        if scale > 100:
            biases[1] += 1000.0  # an exponent is beyond 709, whatever was drawn
            weights[0][0] += 2000.0  # and the rows are too far apart for a shift in common
        v = random_states(rng, n, sizes[0])
        v[:, 0] = np.arange(n) % 2
        yield v, weights, biases
    yield np.ones((1, 1)), *two_valleys(40.0)  # "Where it breaks": mean field takes one valley


slip = slips_of(posterior_means)


def halves(v, weights, biases):
    return np.full((len(v), len(biases[2])), 0.5)


def passed_up(v, weights, biases):
    return sigmoid(sigmoid(v @ weights[0] + biases[1]) @ weights[1] + biases[2])


def by_mean_field(first, sweeps=500):
    """Means of layer 1, where layer 2 begins with `first`."""
    return lambda v, *machine: mean_field(v, None, first(v, *machine), *machine, sweeps)[0]


MISTAKES = {
    "this is the RBM's answer, σ(b₁ + W₀ᵀv), as if there were no layer 2 (or all of its units were "
    "off). Sum over its states.": lambda v, weights, biases: sigmoid(v @ weights[0] + biases[1]),
    "this is the pass upwards with the doubled weights, σ(b₁ + 2 W₀ᵀv), as in pre-training: a "
    "guess at what layer 2 adds. Sum over its states.":
        lambda v, weights, biases: sigmoid(2 * v @ weights[0] + biases[1]),
    "this is the mean-field fixed point. It is the best *factorised* answer nearby, not the exact "
    "one: in the last case it takes one of two valleys, or stays between. Enumerate.":
        Ways(by_mean_field(halves), by_mean_field(passed_up)),
    "this is a pass upwards and back, one sweep of mean field. Enumerate layer 1 instead.":
        by_mean_field(passed_up, sweeps=1),
    "v does not enter: this is the prior of a machine without layer 0. The term vᵀW₀x₁ is missing.":
        slip(v=missing),
    "the bias of layer 2 is missing.": slip(biases=lambda b: [b[0], b[1], 0 * b[2]]),
    "the bias of layer 1 is missing.": slip(biases=lambda b: [b[0], 0 * b[1], b[2]]),
    "the bias of layer 2 has the wrong sign.": slip(biases=lambda b: [b[0], b[1], -b[2]]),
    "the bias of layer 1 has the wrong sign.": slip(biases=lambda b: [b[0], -b[1], b[2]]),
    "you average over the units of layer 2. Each contributes a factor, so the softplus terms are "
    "summed.": slip(top=lambda x: softplus(x) / x.shape[1]),
    "both hidden biases are missing.": slip(biases=each(missing)),
    "these are the means of layer 2; those of layer 1 are asked for.":
        lambda v, W, b: posterior_means(
            v, W, b, mean=lambda w, h: mean_of_rows(w, sigmoid(h @ W[1] + b[2]))
        ),
    "you divide by the sum over all rows of v. Each row has its own posterior, with its own sum "
    "over the states of layer 1.": slip(mean=lambda w, h: normalised(w) @ h),
    "this is the most probable state of layer 1. Its units' probabilities are asked for: an "
    "average over all states.": slip(mean=lambda w, h: h[w.argmax(axis=1)]),
    "all units of layer 2 are set to on; sum over its states instead.": slip(top=lambda x: x),
    "a unit of layer 2 contributes the factor 1 + exp(input), whose logarithm is softplus(input). "
    "You have the sigmoid there, its derivative.": slip(top=sigmoid),
    "your answer contains the factor N₀(x₁), which is a sum over v; but v is given.":
        lambda v, W, b: posterior_means(
            v, [W[0], np.hstack([W[1], W[0].T])], [*b[:2], np.append(b[2], b[0])]
        ),
    "a unit of layer 2 multiplies by 1 + exp(input); you divide by it.":
        slip(top=lambda x: -softplus(x)),
    "you divide by the sum over the rows of v. Divide by the sum over the states of layer 1, for "
    "each row by itself: the other axis.": slip(mean=lambda w, h: normalised(w, axis=0) @ h),
    "the weights W₀ are doubled and layer 2 is summed over as well: in the machine itself each "
    "weight counts once.": slip(weights=lambda W: [2 * W[0], W[1]]),
    "the sign of the energy is flipped: the factor is exp(−E), and −E has all terms with a plus.":
        slip(weights=each(negated), biases=each(negated)),
    "not divided: divide by the sum over the states of layer 1, row by row.":
        slip(mean=lambda w, h: np.exp(w) @ h),
    "right for small parameters, but for large ones an exponential overflows. Subtract the largest "
    "logarithm of a row before you exponentiate.":
        slip(mean=lambda w, h: np.exp(w) @ h / np.exp(w).sum(axis=1, keepdims=True)),
}  # fmt: skip

EXERCISE = exercise(__doc__, posterior_means, cases, MISTAKES)
