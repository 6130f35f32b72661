"""Exercise 13.1: a deep machine as a restricted one."""

import numpy as np
from scipy.linalg import block_diag

from ..exercise import exercise
from ..mistakes import slips_of, transposed
from .layers import random_layers


def two_sides(weights, biases, *, even=lambda w: w, odd=transposed, order=lambda layers: layers):
    """W, a, b: even layers are the visible side, odd layers the hidden side."""

    def block(i, j):
        if j == i + 1:
            return even(weights[i])
        return odd(weights[j]) if i == j + 1 else np.zeros((len(biases[i]), len(biases[j])))

    visible, hidden = (order(range(side, len(biases), 2)) for side in (0, 1))
    W = np.block([[block(i, j) for j in hidden] for i in visible])
    return W, *(np.concatenate([biases[i] for i in side]) for side in (visible, hidden))


def cases(rng):
    for sizes in [(3, 2, 4), (2, 3, 3), (2, 2, 2, 2), (4, 3, 2, 5), (3, 1, 2, 4, 2), (3, 2)]:
        yield random_layers(rng, sizes)


slip = slips_of(two_sides)


def of_sides(change):
    """A mistake in what is done with the right W, a and b."""
    return lambda weights, biases: change(*two_sides(weights, biases))


def everything(weights, biases):
    bottom, top, every = len(biases[0]), len(biases[-1]), np.concatenate(biases)
    return np.pad(block_diag(*weights), ((0, top), (bottom, 0))), every, every


MISTAKES = {
    "this is (13.4), for layers 0, 1 and 2. A machine may have fewer or more layers: each further "
    "matrix is one more block.":
        lambda weights, biases: two_sides([weights[0], weights[1]], biases[:3]),
    "W: an odd matrix W_l joins layer l, which is on the hidden side, to layer l + 1 on the "
    "visible side. Rows of W belong to the visible side: transpose it.": slip(odd=lambda w: w),
    "W: the blocks of W₁, W₃, … are missing. An odd layer has a neighbour above as well as one "
    "below.": slip(odd=lambda w: 0 * w.T),
    "W: the blocks of W₀, W₂, … are missing.": slip(even=lambda w: 0 * w),
    "the two sides are exchanged: layer 0, the data, is on the visible side, and W has a row for "
    "each of its units.": of_sides(lambda W, a, b: (W.T, b, a)),
    "a and b: they are exchanged. The even layers are the visible side.":
        of_sides(lambda W, a, b: (W, b, a)),
    "right, but each side begins with its top layer; the layers of a side run from bottom to top.":
        slip(order=lambda layers: layers[::-1]),
    "this is W₀ and W₁ side by side along a diagonal, so that a layer in the middle occurs twice. "
    "Each layer is on one side only: even or odd.":
        lambda weights, biases: (
            (
                block_diag(*weights),
                np.concatenate(biases[:-1]),
                np.concatenate(biases[1:]),
            )
        ),
    "this joins all units to all units. The two sides are the even layers (rows) and the odd "
    "layers (columns).": everything,
    "the signs are flipped: E = −aᵀv − bᵀh − vᵀWh has the minus already.":
        of_sides(lambda W, a, b: (-W, -a, -b)),
    "W: every connection is counted twice. Each pair of neighbouring layers is one block, and one "
    "block only.": of_sides(lambda W, a, b: (2 * W, a, b)),
    "a and b: the biases are missing.": of_sides(lambda W, a, b: (W, 0 * a, 0 * b)),
}  # fmt: skip

EXERCISE = exercise(__doc__, two_sides, cases, MISTAKES, parts=("W", "a", "b"))
