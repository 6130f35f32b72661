"""Exercise 13.3: how much the bound loses."""

from functools import partial

import numpy as np
from scipy.special import xlogy

from ..exercise import exercise
from ..machines import all_states, random_states
from ..mistakes import Ways, negated, slips_of
from ..numerics import log_sum_exp, normalised, softplus
from .layers import each, log_weights, mean_field, random_layers, two_valleys


def entropy(*means, xlogx=lambda x: xlogy(x, x)):
    return -sum((xlogx(m) + xlogx(1 - m)).sum(axis=1) for m in means)


def minus_energy(v, m1, m2, weights, biases, *, b1=1, b2=1, W0=1, W1=1):
    """−E at the means, without b₀ᵀv; a mistake may leave out terms."""
    alone = b1 * (m1 @ biases[1]) + b2 * (m2 @ biases[2])
    return (
        alone + W0 * ((v @ weights[0]) * m1).sum(axis=1) + W1 * (m1 @ weights[1] * m2).sum(axis=1)
    )


def log_sum(log_w):
    return log_sum_exp(log_w, axis=1)


def gap(v, m1, m2, weights, biases, *, total=log_sum, energy=minus_energy, entropy=entropy):
    """log Σ exp(−E) − (E_q[−E] + H(q)): the divergence of q from the posterior."""
    bound = energy(v, m1, m2, weights, biases) + entropy(m1, m2)
    return total(log_weights(v, weights, biases)) - bound


def cases(rng):
    sizes = [(1, (2, 1, 1), 1), (4, (3, 3, 3), 1), (3, (4, 2, 5), 1.5), (3, (2, 3, 2), 1000)]
    for n, layers, scale in sizes:
        weights, biases = random_layers(rng, layers, scale)
        v = random_states(rng, n, layers[0])
        if scale > 100:  # rows too far apart for a shift in common
            v[:, 0] = np.arange(n) % 2
            weights[0][0] += 5000.0
        m1, m2 = (rng.uniform(0.05, 0.95, (n, width)) for width in layers[1:])
        yield v, m1, m2, weights, biases
    weights, biases = two_valleys(60.0, n_top=2)  # all of q in one of two valleys
    yield np.ones((2, 1)), np.array([[0.0], [1.0]]), np.array([[0.0, 0], [1, 1]]), weights, biases


slip = slips_of(gap)


def energy_without(**terms):
    return slip(energy=partial(minus_energy, **terms))


def log_factors(m, states):
    return np.log(m) @ states.T + np.log(1 - m) @ (1 - states).T


def wrong_way_round(v, m1, m2, W, b):
    """Σ p log(p / q)."""
    h, g = all_states(len(b[1])), all_states(len(b[2]))
    log_p = ((v @ W[0] + b[1]) @ h.T)[:, :, None] + h @ W[1] @ g.T + g @ b[2]
    log_q = log_factors(m1, h)[:, :, None] + log_factors(m2, g)[:, None]
    mean = (normalised(log_p, axis=(1, 2)) * (log_p - log_q)).sum(axis=(1, 2))
    return mean - log_sum(log_p.reshape(len(v), -1))


def log_p_of_v(v, m1, m2, weights, biases):
    x = all_states(len(biases[0]))
    log_z = log_sum_exp(log_sum(log_weights(x, weights, biases)) + x @ biases[0])
    return log_sum(log_weights(v, weights, biases)) + v @ biases[0] - log_z


def improved(sweeps, order=("1", "2"), start=None):
    """The gap after mean-field sweeps from these means, or from others."""

    def mistake(v, m1, m2, *machine):
        if start is not None:
            m1, m2 = np.full_like(m1, start), np.full_like(m2, start)
        return gap(v, *mean_field(v, m1, m2, *machine, sweeps, order), *machine)

    return mistake


MISTAKES = {
    "the sign is flipped: the gap is log p(v) minus the bound, and never negative.":
        lambda *args: -gap(*args),
    "the entropy is missing from the bound.": slip(entropy=lambda m1, m2: 0.0),
    "the entropy has the wrong sign: H(q) is added to the bound, and is never negative.":
        slip(entropy=lambda m1, m2: -entropy(m1, m2)),
    "the entropy of layer 2 is missing.": slip(entropy=lambda m1, m2: entropy(m1)),
    "the entropy of layer 1 is missing.": slip(entropy=lambda m1, m2: entropy(m2)),
    "a unit that is on or off has two terms in its entropy: −m log m and −(1 − m) log(1 − m). The "
    "second is missing.":
        slip(entropy=lambda m1, m2: -sum(xlogy(m, m).sum(axis=1) for m in (m1, m2))),
    "the entropy is in bits (log2); the rest is in nats.":
        slip(entropy=lambda m1, m2: entropy(m1, m2) / np.log(2)),
    "right, except where a mean is exactly 0 or 1: there 0 · log 0 gives nan, but the limit of m "
    "log m is 0; `scipy.special.xlogy` knows that.":
        slip(entropy=partial(entropy, xlogx=lambda x: x * np.log(x))),
    "right for small parameters, but for large ones an exponential overflows. Take the largest "
    "logarithm of a row out of the sum, or use `logsumexp`.":
        slip(total=lambda log_w: np.log(np.exp(log_w).sum(axis=1))),
    "the log-sum runs over layer 1 only; layer 2 has to be summed too: softplus.":
        lambda v, m1, m2, W, b: gap(
            v, m1, m2, W, b, total=lambda _: softplus(v @ W[0] + b[1]).sum(axis=1)
        ),
    "you take the largest logarithm of a row out of the sum, and do not add it again.":
        slip(total=lambda log_w: log_sum(log_w) - log_w.max(axis=1)),
    "in log Σ exp(−E) all units of layer 2 are set to on; sum over its states instead: softplus.":
        lambda v, m1, m2, W, b: gap(
            v, m1, m2, W, b, total=lambda _: log_sum(log_weights(v, W, b, lambda x: x))
        ),
    "the entropy is averaged over the units; it is a sum.":
        slip(entropy=lambda m1, m2: entropy(m1) / m1.shape[1] + entropy(m2) / m2.shape[1]),
    "the sign of E_q[−E] is wrong: −E has all its terms with a plus.":
        slip(energy=lambda *args: -minus_energy(*args)),
    "layer 2 is missing from E_q[−E]: m₁ᵀW₁m₂ and b₂ᵀm₂.": energy_without(b2=0, W1=0),
    "b₀ᵀv is on one side only. It occurs both in log Σ exp(−E) and in E_q[−E], so it cancels.":
        Ways(
            lambda v, m1, m2, W, b: gap(v, m1, m2, W, b) - v @ b[0],
            lambda v, m1, m2, W, b: gap(v, m1, m2, W, b) + v @ b[0],
        ),
    "the energy has the wrong sign in both parts: the factors are exp(−E).":
        slip(weights=each(negated), biases=each(negated)),
    "both hidden biases are missing from E_q[−E].": energy_without(b1=0, b2=0),
    "the bias of layer 1 is missing from E_q[−E].": energy_without(b1=0),
    "the bias of layer 2 is missing from E_q[−E].": energy_without(b2=0),
    "the term vᵀW₀m₁ is missing from E_q[−E].": energy_without(W0=0),
    "the term m₁ᵀW₁m₂ is missing from E_q[−E].": energy_without(W1=0),
    "the divergence goes the wrong way round: it is Σ q log(q / p), not Σ p log(p / q).":
        wrong_way_round,
    "this is the bound itself; how far it is below log p(v) is asked for.":
        lambda *args: log_p_of_v(*args) - gap(*args),
    "this is log p(v); subtract the bound from it, and log Z cancels.": log_p_of_v,
    "this is log Σ exp(−E(v, x₁, x₂)); subtract E_q[−E] and H(q) from it.":
        lambda v, m1, m2, *machine: log_sum(log_weights(v, *machine)),
    "you moved the means to the fixed point first. The gap at the means that are given is asked "
    "for.":
        Ways(
            *(
                improved(n, order)
                for order in (("1", "2"), ("2", "1"), ("12",))
                for n in (500, 1, 2, 5, 10, 20, 50, 100)
            ),
            *(improved(n, start=start) for n in (10, 50, 500) for start in (0.0, 0.5)),
        ),
}  # fmt: skip

PRECISION = 1e-8  # a difference of sums of up to a few thousand
EXERCISE = exercise(__doc__, gap, cases, MISTAKES, atol=PRECISION)
