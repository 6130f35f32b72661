"""Layers that borrow another layer's parameters: nothing is copied, both see every change."""

from typing import Any

import numpy as np

from rbmbook.networks.activations import named
from rbmbook.networks.layers import Dense


class Transposed(Dense):
    """A layer whose weights are the transpose of another layer's: one array with two uses.

    Parameters
    ----------
    source : Dense
        The layer with the array, from m to k units; this one leads from k to m.
    b : (m,) array
        Biases of its own; used as they are, not copied.
    activation : str

    Examples
    --------
    >>> up = Dense.random(3, 2, "sigmoid", rng=0)
    >>> down = Transposed(up, np.zeros(3, np.float32))
    >>> up.W[0, 1] = 7
    >>> down
    Transposed(2 → 3 identity, float32)
    >>> down.W[1, 0]
    np.float32(7.0)
    """

    def __init__(self, source: Dense, b: np.ndarray, activation: str = "identity") -> None:
        self.source = source
        self.b = b
        self.function = named("activation", activation)

    @property
    def W(self) -> np.ndarray:
        """The transpose of the source's weights, a view."""
        return self.source.W.T

    @W.setter
    def W(self, value: Any) -> None:
        self.source.W = np.transpose(value)

    def __repr__(self) -> str:
        return super().__repr__().replace("Dense", "Transposed")


class Logits(Dense):
    """Another layer without its activation: what a loss wants that applies its own.

    Parameters
    ----------
    source : Dense
    """

    def __init__(self, source: Dense) -> None:
        self.source = source
        self.function = named("activation", "identity")

    @property
    def W(self) -> np.ndarray:  # type: ignore[override]  # read, never replaced
        """The source's weights."""
        return self.source.W

    @property
    def b(self) -> np.ndarray:  # type: ignore[override]
        """The source's biases."""
        return self.source.b
