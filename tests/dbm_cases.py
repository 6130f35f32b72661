"""Deep Boltzmann machines small enough to enumerate, shared by the tests of their training."""

from itertools import pairwise

import numpy as np

SIZES = [(4, 3, 2), (3, 2, 3, 2)]  # the second has layers that are not neighbours


def theta(sizes, seed=30, scale=0.8):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, scale, shape) for shape in pairwise(sizes)]
    return weights, [rng.normal(0, 0.5, n) for n in sizes]


def arrays(dbm):
    return [*dbm.weights, *dbm.biases]


def assert_same_bits(one, other):
    for x, y in zip(arrays(one), arrays(other), strict=True):
        np.testing.assert_array_equal(x, y)


def assert_close(dbm, weights, biases, rtol=1e-9):
    for x, y in zip(arrays(dbm), [*weights, *biases], strict=True):
        np.testing.assert_allclose(x, y, rtol=rtol, atol=1e-12)
