"""Machines of several layers, and the sums and means of two hidden ones."""

from itertools import pairwise

import numpy as np

from ..machines import all_states
from ..numerics import sigmoid, softplus


def random_layers(rng, sizes, scale=1.0):
    """Weights and biases of a random machine with layers of these sizes."""
    weights = [scale * rng.standard_normal(shape) for shape in pairwise(sizes)]
    return weights, [scale * rng.standard_normal(n) for n in sizes]


def two_valleys(w, n_top=1):
    """One visible unit, one in layer 1; it and layer 2 are all off or all on, alike."""
    weights = [np.array([[w]]), np.full((1, n_top), w)]
    return weights, [np.zeros(1), np.array([-w - w * n_top / 2]), np.full(n_top, -w / 2)]


def log_weights(v, weights, biases, top=softplus):
    """log Σ_{x₂} exp(−E) without b₀ᵀv: rows for v, columns for the states of layer 1."""
    h = all_states(len(biases[1]))
    return (v @ weights[0] + biases[1]) @ h.T + top(h @ weights[1] + biases[2]).sum(axis=1)


def mean_field(v, m1, m2, weights, biases, sweeps=500, order=("1", "2")):
    """Both layers' means after these sweeps; order ("12",) renews both layers at once."""
    for layers in order * sweeps:
        old = m1
        if "1" in layers:
            m1 = sigmoid(v @ weights[0] + m2 @ weights[1].T + biases[1])
        if "2" in layers:
            m2 = sigmoid(old @ weights[1] + biases[2])
    return m1, m2


def each(change):
    """The change, of every array of a list."""
    return lambda arrays: [change(x) for x in arrays]
