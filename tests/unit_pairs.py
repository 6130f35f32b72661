"""Random machines of every pair of unit types, small enough to enumerate."""

import numpy as np

import rbmbook as rb

DISCRETE = [rb.Bernoulli(), rb.Spin(), rb.Softmax(3)]
PAIRS = [(v, h) for v in DISCRETE for h in (*DISCRETE, rb.Gaussian(0.3), rb.ReLU(0.5))]
PAIRS += [(v, h) for v in (rb.Gaussian(0.3), rb.ReLU(0.5)) for h in DISCRETE]
PAIRS += [(rb.Gaussian(0.3), rb.Gaussian(-0.2))]


def name(pair):
    return "-".join(type(unit).__name__ for unit in pair)


def machine(pair, seed, scale=0.6):
    """A random machine, small enough to enumerate and to have no infinite density."""
    rng = np.random.default_rng(seed)
    D, H = 3 * rng.integers(1, 3), 3 * rng.integers(1, 3)
    continuous = sum(unit.levels is None for unit in pair)
    scale = (scale, 0.5 * scale, 0.1)[continuous]
    W, a, b = (rng.normal(0, scale, shape) for shape in ((D, H), D, H))
    return rb.RBM(W, a, b, *pair)
