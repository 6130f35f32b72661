"""Slow references for autoencoders and scores: formulas of the book, in plain loops.

Nothing here comes from ``rbmbook``. An encoder and a decoder are lists of layers, as in
``naive_network``; ``X`` are clean rows, ``noisy`` what the encoder is given instead.
"""

import math

import naive_network as naive
import numpy as np


def reconstruct(encoder, decoder, x):
    """g(f(x)) of one row."""
    return naive.forward(decoder, naive.forward(encoder, x)[1][-1])[1][-1]


def loss(encoder, decoder, kind, x, noisy):
    """The loss of one row; "binary" takes what the last layer's sigmoid is given."""
    inputs, outputs = naive.forward(decoder, naive.forward(encoder, noisy)[1][-1])
    return naive.LOSSES[kind]((inputs if kind == "binary" else outputs)[-1], x)


def jacobian(encoder, x):
    """∂code_j/∂x_k by the chain rule: column k is the derivative along the k-th axis."""
    inputs, _ = naive.forward(encoder, x)
    columns = []
    for k in range(len(x)):
        moved = [float(i == k) for i in range(len(x))]
        for (W, b, activation), z in zip(encoder, inputs, strict=True):
            slopes = [naive.SLOPES[activation](value) for value in z]
            moved = [
                slopes[j] * math.fsum(moved[i] * float(W[i][j]) for i in range(len(moved)))
                for j in range(len(b))
            ]
        columns.append(moved)
    return np.array(columns).T


def divergence(p, q):
    """KL(p ‖ q) of two coins."""
    terms = [(p, q), (1 - p, 1 - q)]
    return math.fsum(one * math.log(one / other) for one, other in terms if one > 0)


def objective(encoder, decoder, kind, X, noisy, contraction=0.0, target=None, cost=0.0, decay=0.0):
    """Mean loss + contraction · mean ‖J‖² + cost · Σ_j KL(target ‖ q_j) + ½ decay Σ W²."""
    pairs, n = list(zip(X, noisy, strict=True)), len(X)
    total = math.fsum(loss(encoder, decoder, kind, x, y) for x, y in pairs) / n
    if contraction:
        total += contraction * math.fsum((jacobian(encoder, y) ** 2).sum() for y in noisy) / n
    if target is not None:
        codes = [naive.forward(encoder, y)[1][-1] for y in noisy]
        means = [math.fsum(column) / n for column in zip(*codes, strict=True)]
        total += cost * math.fsum(divergence(target, q) for q in means)
    for W, _, _ in [*encoder, *decoder]:
        total += decay / 2 * math.fsum(float(w) ** 2 for w in np.ravel(W))
    return total


def mask(X, p, rng):
    """Zero where a uniform number, drawn entry by entry and row by row, is below p."""
    uniform = rng.random(X.shape)
    return np.array(
        [
            [x if u >= p else 0.0 for x, u in zip(*pair, strict=True)]
            for pair in zip(X, uniform, strict=True)
        ]
    )


def add_noise(X, s, rng):
    """x + s · z with normal numbers z, drawn entry by entry and row by row."""
    return X + s * rng.standard_normal(X.shape)


def parzen_log_density(v, data, sigma):
    """log of the mean over the data of N(x, σ²) at one point v."""
    terms = [
        -math.fsum((a - b) ** 2 for a, b in zip(v, x, strict=True)) / 2 / sigma**2 for x in data
    ]
    peak = max(terms)
    log_mean = peak + math.log(math.fsum(math.exp(t - peak) for t in terms) / len(data))
    return log_mean - len(v) / 2 * math.log(2 * math.pi * sigma**2)
