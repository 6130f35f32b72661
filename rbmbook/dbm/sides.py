"""The layers of a deep machine as the two sides of a restricted one: even layers and odd layers.

In a deep Boltzmann machine only neighbouring layers are connected, so no even layer is connected to
an even one, nor an odd one to an odd one. With the even layers joined to one row and the odd layers
to another, the energy is that of a restricted Boltzmann machine whose weights have a block W_l for
each pair of neighbours and zeros elsewhere.
"""

from collections.abc import Sequence

import numpy as np


class Sides:
    """Where each layer's columns are.

    Parameters
    ----------
    sizes : sequence of L + 1 ints ≥ 1
        The layers' widths, layer 0 first.

    Attributes
    ----------
    places : tuple of slices
        The columns of each layer on its own side.
    widths : (int, int)
        The columns of the even and of the odd side.

    Examples
    --------
    >>> sides = Sides([3, 2, 4])
    >>> sides.widths
    (7, 2)
    >>> sides.places[2]
    slice(3, 7, None)
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)
        filled, places = [0, 0], []
        for k, size in enumerate(self.sizes):
            places.append(slice(filled[k % 2], filled[k % 2] + size))
            filled[k % 2] += size
        self.places = tuple(places)
        self.widths = (filled[0], filled[1])

    def split(self, even: np.ndarray, odd: np.ndarray) -> tuple[np.ndarray, ...]:
        """The layers in order, as views of the last axis of the two sides."""
        return tuple((even, odd)[k % 2][..., place] for k, place in enumerate(self.places))

    def join(self, layers: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The even layers beside each other, and the odd ones."""
        return np.concatenate(layers[0::2], axis=-1), np.concatenate(layers[1::2], axis=-1)

    def weights(self, W: np.ndarray) -> tuple[np.ndarray, ...]:
        """W_l of shape (n_l, n_{l+1}) for each pair of neighbours, as views of W (even, odd)."""
        blocks = []
        for k in range(len(self.sizes) - 1):
            below, above = self.places[k], self.places[k + 1]
            blocks.append(W[below, above] if k % 2 == 0 else W[above, below].T)
        return tuple(blocks)

    def absent(self) -> np.ndarray | None:
        """Mask of the entries of W (even, odd) that join no neighbours; None if there are none."""
        mask = np.ones(self.widths, bool)
        for block in self.weights(mask):
            block[:] = False
        return mask if mask.any() else None
