"""What exercises are made of: small machines, binary states, and what a machine says of them."""

from itertools import product

import numpy as np
from numpy.random import Generator

from .numerics import normalised, softplus


def random_machine(rng: Generator, n_visible: int, n_hidden: int, scale: float = 1.0) -> tuple:
    """Parameters W, a, b of a random machine."""
    shapes = ((n_visible, n_hidden), n_visible, n_hidden)
    return tuple(scale * rng.standard_normal(shape) for shape in shapes)


def machine_in_eighths(
    rng: Generator, n_visible: int, n_hidden: int, scale: float = 1.0
) -> tuple[np.ndarray, ...]:
    """Parameters W, a, b of a random machine, in eighths: sums of them are exact."""
    return tuple(np.round(8 * x) / 8 for x in random_machine(rng, n_visible, n_hidden, scale))


def random_states(rng: Generator, n: int, width: int) -> np.ndarray:
    """n random states of `width` units."""
    return rng.integers(0, 2, size=(n, width)).astype(np.float64)


def random_states_first_on(rng: Generator, n: int, width: int) -> np.ndarray:
    """Random states; in the first row every unit is on, so that every weight counts."""
    x = random_states(rng, n, width)
    x[0] = 1.0
    return x


def all_states(width: int) -> np.ndarray:
    """All binary states, in the order of ``itertools.product``: 00, 01, 10, 11."""
    return np.array(list(product((0.0, 1.0), repeat=width)))


def minus_free_energy(v, W, a, b):
    """−F(v) = vᵀa + Σ_j softplus(b_j + Σ_i v_i W_ij), a value per row."""
    return v @ a + softplus(v @ W + b).sum(axis=-1)


def free_energy(v, W, a, b):
    """F(v) = −log Σ_h exp(−E(v, h)), a value per row."""
    return -minus_free_energy(v, W, a, b)


def marginal(W, a, b):
    """p(v) of every visible state."""
    return normalised(minus_free_energy(all_states(len(a)), W, a, b))


def block_matrix(W, a, b):
    """The matrix of block Gibbs sampling, T(v → v′) = Σ_h p(h | v) p(v′ | h)."""
    v, h = all_states(len(a)), all_states(len(b))
    return conditional_table(v @ W + b, h) @ conditional_table(h @ W.T + a, v)


def conditional_table(inputs, states):
    """The probability of every state (column) of a layer, for every row of its inputs."""
    return np.exp(inputs @ states.T - softplus(inputs).sum(axis=1, keepdims=True))
