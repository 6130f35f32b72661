"""What the exercises on tempering share: the weight of a state at β, and the acceptance rule."""

import numpy as np

from ..machines import minus_free_energy


def log_weight(v, beta, W, a, b):
    """log p_β(v) + log Z_β: the hidden units of exp(−β E(v, h)) are summed out."""
    return minus_free_energy(v, beta * W, beta * a, beta * b)


def metropolis(r):
    """min(1, exp(r))."""
    return np.exp(np.minimum(r, 0))
