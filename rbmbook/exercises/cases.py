"""What the exercises' cases are made of: small machines and binary states."""

from itertools import product

import numpy as np
from numpy.random import Generator


def random_machine(rng: Generator, n_visible: int, n_hidden: int, scale: float = 1.0) -> tuple:
    """Parameters W, a, b of a random machine."""
    return (
        scale * rng.standard_normal((n_visible, n_hidden)),
        scale * rng.standard_normal(n_visible),
        scale * rng.standard_normal(n_hidden),
    )


def random_states(rng: Generator, n: int, width: int) -> np.ndarray:
    """n random states of `width` units."""
    return rng.integers(0, 2, size=(n, width)).astype(np.float64)


def all_states(width: int) -> np.ndarray:
    """All binary states, in the order of ``itertools.product``: 00, 01, 10, 11."""
    return np.array(list(product((0.0, 1.0), repeat=width)))


def machine_in_eighths(
    rng: Generator, n_visible: int, n_hidden: int, scale: float = 1.0
) -> tuple[np.ndarray, ...]:
    """Parameters W, a, b of a random machine, in eighths: sums of them are exact."""
    shapes = ((n_visible, n_hidden), n_visible, n_hidden)
    return tuple(np.round(8 * scale * rng.standard_normal(shape)) / 8 for shape in shapes)


def random_states_first_on(rng: Generator, n: int, width: int) -> np.ndarray:
    """Random states; in the first row every unit is on, so that every weight counts."""
    x = random_states(rng, n, width)
    x[0] = 1.0
    return x
