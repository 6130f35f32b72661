"""Exercises of chapter 13, Deep Boltzmann machines: the gap of the bound, centred layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.random import Generator

from .ch13_deep_boltzmann_machines import _layers, _sigmoid, _softplus, _states, two_valleys
from .exercise import Exercise
from .mistakes import Ways


# -- 13.3 ----------------------------------------------------------------------------------------
def _log_sum(x):
    peak = x.max(axis=1, keepdims=True)
    return (peak + np.log(np.exp(x - peak).sum(axis=1, keepdims=True)))[:, 0]


def _xlogx(m):
    return m * np.log(np.where(m > 0, m, 1.0))


def _entropy(*means):
    return -sum((_xlogx(m) + _xlogx(1 - m)).sum(axis=1) for m in means)


def _log_posterior_sum(v, weights, biases):
    """log Σ_{x₁, x₂} exp(−E(v, x₁, x₂)) without the term b₀ᵀv, which stands in both parts."""
    h = _states(len(biases[1]))
    top = _softplus(h @ weights[1] + biases[2]).sum(axis=1)
    return _log_sum((v @ weights[0] + biases[1]) @ h.T + top)


TERMS = ("b1", "b2", "W0", "W1")


def _minus_energy(v, m1, m2, weights, biases, terms=TERMS):
    """−E at the means, without b₀ᵀv; a mistake may leave out terms."""
    parts = {
        "b1": m1 @ biases[1],
        "b2": m2 @ biases[2],
        "W0": ((v @ weights[0]) * m1).sum(axis=1),
        "W1": ((m1 @ weights[1]) * m2).sum(axis=1),
    }
    return sum(parts[name] for name in terms)


def gap(v, m1, m2, weights, biases):
    """log Σ exp(−E) − (E_q[−E] + H(q)): the divergence of q from the posterior."""
    expected = _minus_energy(v, m1, m2, weights, biases)
    return _log_posterior_sum(v, weights, biases) - expected - _entropy(m1, m2)


def _with_entropy(entropy: Callable) -> Callable:
    def mistake(v, m1, m2, weights, biases):
        expected = _minus_energy(v, m1, m2, weights, biases)
        return _log_posterior_sum(v, weights, biases) - expected - entropy(m1, m2)

    return mistake


def _with_terms(*terms: str) -> Callable:
    def mistake(v, m1, m2, weights, biases):
        expected = _minus_energy(v, m1, m2, weights, biases, terms)
        return _log_posterior_sum(v, weights, biases) - expected - _entropy(m1, m2)

    return mistake


def _undefined_at_0(m1, m2):
    return -sum((m * np.log(m) + (1 - m) * np.log(1 - m)).sum(axis=1) for m in (m1, m2))


def _overflowing(v, m1, m2, weights, biases):
    h = _states(len(biases[1]))
    top = _softplus(h @ weights[1] + biases[2]).sum(axis=1)
    log_z = np.log(np.exp((v @ weights[0] + biases[1]) @ h.T + top).sum(axis=1))
    return log_z - _minus_energy(v, m1, m2, weights, biases) - _entropy(m1, m2)


def _visible_bias_once(v, m1, m2, weights, biases):
    return gap(v, m1, m2, weights, biases) - v @ biases[0]


def _log_factorised(states, m):
    return states @ np.log(m) + (1 - states) @ np.log(1 - m)


def _reversed(v, m1, m2, weights, biases):
    """Σ p log(p / q), the divergence the other way round."""
    h, g = _states(len(biases[1])), _states(len(biases[2]))
    found = []
    for row, below, above in zip(v, m1, m2, strict=True):
        log_p = (h @ (row @ weights[0] + biases[1]))[:, None] + h @ weights[1] @ g.T + g @ biases[2]
        log_p = log_p - _log_sum(log_p.reshape(1, -1))
        log_q = _log_factorised(h, below)[:, None] + _log_factorised(g, above)
        found.append((np.exp(log_p) * (log_p - log_q)).sum())
    return np.array(found)


def _bound_itself(v, m1, m2, weights, biases):
    log_z = _log_posterior_sum(_states(len(biases[0])), weights, biases)
    log_z = _log_sum((log_z + _states(len(biases[0])) @ biases[0])[None])
    return v @ biases[0] + _minus_energy(v, m1, m2, weights, biases) + _entropy(m1, m2) - log_z


def _log_likelihood(v, m1, m2, weights, biases):
    return _bound_itself(v, m1, m2, weights, biases) + gap(v, m1, m2, weights, biases)


def _improved(sweeps, top_first=False, start=None, both_at_once=False):
    """The gap after mean-field steps from these means, or from others; in the end, at the fixed
    point that they lead to."""

    def mistake(v, m1, m2, weights, biases):
        if start is not None:
            m1, m2 = np.full_like(m1, start), np.full_like(m2, start)
        for _ in range(sweeps):
            if top_first:
                m2 = _sigmoid(m1 @ weights[1] + biases[2])
            old = m1
            m1 = _sigmoid(v @ weights[0] + m2 @ weights[1].T + biases[1])
            if not top_first:
                m2 = _sigmoid((old if both_at_once else m1) @ weights[1] + biases[2])
        return gap(v, m1, m2, weights, biases)

    return mistake


SWEEPS = (500, 1, 2, 5, 10, 20, 50, 100)


def _gap_cases(rng: Generator) -> Iterator[tuple]:
    for n, sizes, scale in [(1, (2, 1, 1), 1), (4, (3, 3, 3), 1), (3, (4, 2, 5), 1.5),
                            (3, (2, 3, 2), 1000)]:  # fmt: skip
        weights, biases = _layers(rng, sizes, scale)
        v = rng.integers(0, 2, (n, sizes[0])).astype(float)
        if scale > 100:  # rows too far apart for a shift in common
            v[:, 0] = np.arange(n) % 2
            weights[0][0] += 5000.0
        m1, m2 = (rng.uniform(0.05, 0.95, (n, width)) for width in sizes[1:])
        yield v, m1, m2, weights, biases
    weights, biases = two_valleys(60.0, n_top=2)  # all of q in one of two valleys
    yield np.ones((2, 1)), np.array([[0.0], [1.0]]), np.array([[0.0, 0], [1, 1]]), weights, biases


GAP = Exercise(
    name="13.3",
    title="How much the bound loses",
    reference=gap,
    cases=_gap_cases,
    atol=1e-8,  # a difference of sums of up to a few thousand
    mistakes={
        "the sign is flipped: the gap is log p(v) minus the bound, and never negative.": (
            lambda *args: -gap(*args)
        ),
        "the entropy is missing from the bound.": _with_entropy(lambda m1, m2: 0.0),
        "the entropy has the wrong sign: H(q) is added to the bound, and is never negative.": (
            _with_entropy(lambda m1, m2: -_entropy(m1, m2))
        ),
        "the entropy of layer 2 is missing.": _with_entropy(lambda m1, m2: _entropy(m1)),
        "the entropy of layer 1 is missing.": _with_entropy(lambda m1, m2: _entropy(m2)),
        "a unit that is on or off has two terms in its entropy: −m log m and −(1 − m) log(1 − m). "
        "The second is missing.": (
            _with_entropy(lambda m1, m2: -sum(_xlogx(m).sum(axis=1) for m in (m1, m2)))
        ),
        "the entropy is in bits (log2); the rest is in nats.": (
            _with_entropy(lambda m1, m2: _entropy(m1, m2) / np.log(2))
        ),
        "right, except where a mean is exactly 0 or 1: there 0 · log 0 gives nan, but the limit "
        "of m log m is 0; `scipy.special.xlogy` knows that.": _with_entropy(_undefined_at_0),
        "right for small parameters, but for large ones an exponential overflows. Take the largest "
        "logarithm of a row out of the sum, or use `logsumexp`.": _overflowing,
        "the log-sum runs over layer 1 only; layer 2 has to be summed too: softplus.": (
            lambda v, m1, m2, weights, biases: (
                _softplus(v @ weights[0] + biases[1]).sum(axis=1)
                - _minus_energy(v, m1, m2, weights, biases)
                - _entropy(m1, m2)
            )
        ),
        "b₀ᵀv is on one side only. It stands in log Σ exp(−E) and in E_q[−E], so it cancels.": (
            _visible_bias_once
        ),
        "b₀ᵀv is on one side only. It stands in log Σ exp(−E) and in E_q[−E], so it cancels. "
        "You have it in the log-sum.": lambda v, m1, m2, weights, biases: (
            gap(v, m1, m2, weights, biases) + v @ biases[0]
        ),
        "the energy has the wrong sign in both parts: the factors are exp(−E).": (
            lambda v, m1, m2, W, b: gap(v, m1, m2, [-w for w in W], [-x for x in b])
        ),
        "both hidden biases are missing from E_q[−E].": _with_terms("W0", "W1"),
        "the bias of layer 1 is missing from E_q[−E].": _with_terms("b2", "W0", "W1"),
        "the bias of layer 2 is missing from E_q[−E].": _with_terms("b1", "W0", "W1"),
        "the term vᵀW₀m₁ is missing from E_q[−E].": _with_terms("b1", "b2", "W1"),
        "the term m₁ᵀW₁m₂ is missing from E_q[−E].": _with_terms("b1", "b2", "W0"),
        "the divergence goes the wrong way round: it is Σ q log(q / p), not Σ p log(p / q).": (
            _reversed
        ),
        "this is the bound itself; how far it is below log p(v) is asked for.": _bound_itself,
        "this is log p(v); the bound has to be taken from it; log Z cancels.": _log_likelihood,
        "this is log Σ exp(−E(v, x₁, x₂)); E_q[−E] and H(q) have to be taken from it.": (
            lambda v, m1, m2, weights, biases: _log_posterior_sum(v, weights, biases)
        ),
        "you moved the means to the fixed point first. The gap at the means that are given is "
        "asked for.": Ways(
            *(_improved(n) for n in SWEEPS),
            *(_improved(n, top_first=True) for n in SWEEPS),
            *(_improved(n, both_at_once=True) for n in SWEEPS),
            *(_improved(n, start=start) for n in (10, 50, 500) for start in (0.0, 0.5)),
        ),
    },
)


# -- 13.4 ----------------------------------------------------------------------------------------
def _centred_weights(dW, db, mu, below=1.0, above=1.0):
    return [
        g - below * np.outer(mu[k], db[k + 1]) - above * np.outer(db[k], mu[k + 1])
        for k, g in enumerate(dW)
    ]


def _centred_biases(dW, db, mu, below=1.0, above=1.0):
    """`below` and `above`: the factor on the correction by the layer below and above."""
    out = [g.copy() for g in db]
    for k, W in enumerate(dW):
        out[k] -= above * (W @ mu[k + 1])
        out[k + 1] -= below * (W.T @ mu[k])
    return out


def centred(dW, db, mu):
    """Two hidden layers: (ΔW₀, ΔW₁, Δb₀, Δb₁, Δb₂)."""
    W = _centred_weights(dW, db, mu)
    return (*W, *_centred_biases(W, db, mu))


WEIGHTS = {
    "": _centred_weights,
    "ΔW: the term μ_l (∇b_{l+1})ᵀ is missing.": (
        lambda dW, db, mu: _centred_weights(dW, db, mu, below=0)
    ),
    "ΔW: the term ∇b_l μ_{l+1}ᵀ is missing.": (
        lambda dW, db, mu: _centred_weights(dW, db, mu, above=0)
    ),
    "ΔW: both corrections have the wrong sign; they are subtracted.": (
        lambda dW, db, mu: _centred_weights(dW, db, mu, -1, -1)
    ),
    "ΔW: the weights' gradients are left as they are; they need their corrections too.": (
        lambda dW, db, mu: list(dW)
    ),
    "ΔW: μ_l μ_{l+1}ᵀ is in both terms of the gradient, data and model, and cancels.": (
        lambda dW, db, mu: [
            W + np.outer(mu[k], mu[k + 1]) for k, W in enumerate(_centred_weights(dW, db, mu))
        ]
    ),
    "ΔW: μ_l μ_{l+1}ᵀ is in both terms of the gradient, data and model, and cancels; you "
    "subtract it.": lambda dW, db, mu: [
        W - np.outer(mu[k], mu[k + 1]) for k, W in enumerate(_centred_weights(dW, db, mu))
    ],
}
BIASES = {
    "": _centred_biases,
    "Δb₁: the middle layer has two neighbours; the correction by the layer above, ΔW₁ μ₂, is "
    "missing (and so in Δb₀: ΔW₀ μ₁).": lambda dW, db, mu: _centred_biases(dW, db, mu, above=0),
    "Δb₁: the middle layer has two neighbours; the correction by the layer below, ΔW₀ᵀ μ₀, is "
    "missing (and so in Δb₂: ΔW₁ᵀ μ₁).": lambda dW, db, mu: _centred_biases(dW, db, mu, below=0),
    "Δb: the corrections have the wrong sign; they are subtracted.": (
        lambda dW, db, mu: _centred_biases(dW, db, mu, -1, -1)
    ),
    "Δb: the biases' gradients are left as they are. Going back from the centred to the usual "
    "biases takes the corrections.": lambda dW, db, mu: list(db),
}


def _one_neighbour(above: bool) -> Callable:
    """Only the middle layer's correction by the layer above, or below, is forgotten."""

    def mistake(dW, db, mu):
        W = _centred_weights(dW, db, mu)
        b = _centred_biases(W, db, mu)
        return (*W, b[0], b[1] + (W[1] @ mu[2] if above else W[0].T @ mu[0]), b[2])

    return mistake


def _plain_inside(dW, db, mu):
    return (*_centred_weights(dW, db, mu), *_centred_biases(dW, db, mu))


def _pair_by_pair(dW, db, mu):
    """(9.9) for the lower pair, then for the upper one with the biases already changed."""
    b, W = [g.copy() for g in db], []
    for k, g in enumerate(dW):
        W.append(g - np.outer(mu[k], b[k + 1]) - np.outer(b[k], mu[k + 1]))
        b[k], b[k + 1] = b[k] - W[k] @ mu[k + 1], b[k + 1] - W[k].T @ mu[k]
    return (*W, *b)


def _centred_mistakes() -> dict[str, Callable]:
    found: dict[str, Callable] = {
        "ΔW is right. In Δb the corrections have to be made with ΔW, the centred gradient of the "
        "weights, not with ∇W: μ stays where it is while b follows the step of W.": _plain_inside,
        "Δb₁: the middle layer has two neighbours; the correction by the layer above, ΔW₁ μ₂, is "
        "missing.": _one_neighbour(above=True),
        "Δb₁: the middle layer has two neighbours; the correction by the layer below, ΔW₀ᵀ μ₀, is "
        "missing.": _one_neighbour(above=False),
        "you apply (9.9) to the lower pair and then to the upper one, with the biases already "
        "changed. ΔW₁ needs the plain ∇b₁.": _pair_by_pair,
    }
    for (one, weights), (two, biases) in product(WEIGHTS.items(), BIASES.items()):
        if words := " ".join(filter(None, (one, two))):
            found[words] = _apply(weights, biases)
    return found


def _apply(weights: Callable, biases: Callable) -> Callable:
    def mistake(dW, db, mu):
        W = weights(dW, db, mu)
        return (*W, *biases(W, db, mu))

    return mistake


def _centred_cases(rng: Generator) -> Iterator[tuple]:
    for sizes in [(2, 2, 2), (3, 2, 4), (4, 5, 1), (3, 3, 3)]:
        dW, db = _layers(rng, sizes)
        yield dW, db, [rng.uniform(0.1, 0.9, n) for n in sizes]


CENTRED = Exercise(
    name="13.4",
    title="The centred gradient of three layers",
    reference=centred,
    cases=_centred_cases,
    parts=("ΔW₀", "ΔW₁", "Δb₀", "Δb₁", "Δb₂"),
    mistakes=_centred_mistakes(),
)

EXERCISES = [GAP, CENTRED]
