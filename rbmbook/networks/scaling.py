"""Training of networks in coordinates in which real columns are standardised.

With x = μ + σ z, column by column, the same network has in terms of z the parameters

    where it reads the columns, f(x W + b):    W′ = σ W,     b′ = b + μᵀ W,
    where it writes them, x = h W + b:         W′ = W / σ,   b′ = (b − μ) / σ,

with σ along the rows of the first W and along the columns of the second. A step of a fixed length
in these numbers has the same effect whatever the columns' units are, and whatever their means. For
machines, see `coordinates`.
"""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import numpy as np

from rbmbook.machine import moments
from rbmbook.machine.units import Gaussian
from rbmbook.networks.layers import Dense, Transposed
from rbmbook.training.twin import Twin


def dtype_for(output: str) -> type:
    """The dtype of a model with such outputs: real columns of any unit and mean need float64."""
    return np.float64 if output == "identity" else np.float32


def unbiased(parameters: Iterable[np.ndarray]) -> bool:
    """Whether all biases are zero, as in a network that was not made for its data."""
    return not any(p.any() for p in parameters if p.ndim == 1)


class Standardized(Twin):
    """The two layers of a model that touch its real columns, and their twins for standardised ones.

    The twins begin with the layers' own numbers: `convert_out` lets the model start as the twins
    would on standardised columns, and `read` lets the twins do what the model does.

    Parameters
    ----------
    reader : Dense
        The layer that the columns come in to.
    writer : Dense
        The layer, without an activation, whose outputs are columns. If it has the reader's weights,
        transposed, columns keep their units, which cannot be had in both places, and are centred.
    X : (n, D) array or CSR matrix, as `validation.matrix` returns it
        Whose means and standard deviations are taken.
    weight : (n,) array, optional
        How much each row counts for these.
    name : str
        What errors call X.

    Attributes
    ----------
    reader, writer : Dense
        The twins, which are trained.
    """

    def __init__(
        self,
        reader: Dense,
        writer: Dense,
        X: Any,
        weight: np.ndarray | None = None,
        name: str = "X",
    ) -> None:
        super().__init__()
        self.mean, self.sd, _ = moments.of_columns(X, Gaussian(), weight, name, reader.dtype)
        self.layers = reader, writer
        self.reader, self.writer = deepcopy(reader), deepcopy(writer)
        if isinstance(writer, Transposed):
            self.sd = np.ones_like(self.sd)
            self.writer = Transposed(self.reader, writer.b.copy())
        self.remember()

    @property
    def resolved(self) -> bool:
        """Whether the layers' dtype can tell the columns' values apart."""
        digit = np.finfo(self.reader.dtype).eps * np.abs(self.mean)
        return bool((digit <= 0.01 * self.sd).all())

    def rows(self, x: np.ndarray) -> np.ndarray:
        """Standardised rows, in the dtype of the layers."""
        return ((x - self.mean) / self.sd).astype(self.reader.dtype)

    @property
    def outer(self) -> list[np.ndarray]:
        return [p for layer in self.layers for p in layer.parameters]

    @property
    def inner(self) -> list[np.ndarray]:
        return [p for layer in (self.reader, self.writer) for p in layer.parameters]

    def convert_in(self) -> None:
        _change(self.layers, (self.reader, self.writer), self.mean, self.sd)

    def convert_out(self) -> None:  # z = −μ/σ + x/σ is x = μ + σ z, the other way round
        _change((self.reader, self.writer), self.layers, -self.mean / self.sd, 1 / self.sd)


def _change(
    old: tuple[Dense, Dense], new: tuple[Dense, Dense], mean: np.ndarray, sd: np.ndarray
) -> None:
    """Let `new` do to z, and give as z, what `old` does to x = mean + sd · z."""
    (reader, writer), (new_reader, new_writer) = old, new
    with np.errstate(over="ignore", invalid="ignore"):  # training will say what is not finite
        new_reader.b[:] = reader.b + mean @ reader.W
        new_reader.W[:] = reader.W * sd[:, None]
        new_writer.b[:] = (writer.b - mean) / sd
        new_writer.W[:] = writer.W / sd
