"""Two networks, to a code and back: what passes through them, tied weights, files."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from rbmbook import validation as check
from rbmbook.autoencoder import contraction
from rbmbook.description import Model, joined, part
from rbmbook.networks.layers import Dense
from rbmbook.networks.network import Network
from rbmbook.networks.views import Transposed


class Codec(Model):
    """An encoder from the data to a code and a decoder from the code to the data.

    Parameters
    ----------
    encoder : Network
        From D columns to the code. Used as it is, not copied.
    decoder : Network
        From the code to D columns. Used as it is; if `tied`, only its biases and activations are.
    tied : bool
        Whether the decoder's weights are the transposes of the encoder's: the same arrays.

    Raises
    ------
    ValueError, TypeError
        If one is not a network, or widths or dtypes do not fit.
    """

    def __init__(self, encoder: Network, decoder: Network, tied: bool = False) -> None:
        check.instance("encoder", encoder, Network)
        check.instance("decoder", decoder, Network)
        self.tied = bool(check.instance("tied", tied, (bool, np.bool_)))
        up, down = encoder.sizes, decoder.sizes
        if (down[0], down[-1]) != (up[-1], up[0]):
            raise ValueError(
                f"decoder: expected a network from {up[-1]} to {up[0]} columns, "
                f"got {down[0]} to {down[-1]}"
            )
        if decoder.dtype != encoder.dtype:
            raise ValueError(f"decoder: expected {encoder.dtype}, got {decoder.dtype}")
        if tied and down != up[::-1]:
            raise ValueError(f"decoder: expected the widths {up[::-1]} to be tied, got {down}")
        self.encoder = encoder
        self.decoder = decoder
        if self.tied:
            pairs = zip(encoder.layers[::-1], decoder.layers, strict=True)
            self.decoder = Network([_tied(up, down) for up, down in pairs])

    @property
    def sizes(self) -> tuple[int, ...]:
        """Widths from the data to the code."""
        return self.encoder.sizes

    @property
    def dtype(self) -> np.dtype:
        """The dtype of all parameters and outputs: float32 or float64."""
        return self.encoder.dtype

    @property
    def parameters(self) -> list[np.ndarray]:
        """W and b of each layer, from the data to the reconstruction; the layers' own arrays.

        If tied, the encoder's W and b, then the decoder's b.
        """
        own = [p for layer in self.decoder.layers for p in layer.parameters[self.tied :]]
        return self.encoder.parameters + own

    def encode(self, X: Any) -> np.ndarray:
        """The code f(x) of each row, shape (n, code).

        Parameters
        ----------
        X : (n, D) array or sparse matrix of finite numbers

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not a finite number.
        """
        return np.concatenate([_through(x, self.encoder) for _, x in self.encoder.blocks("X", X)])

    def decode(self, code: Any) -> np.ndarray:
        """The reconstruction g(code) of each row, shape (n, D).

        Parameters
        ----------
        code : (n, code) array or sparse matrix of finite numbers

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not a finite number.
        """
        blocks = self.decoder.blocks("code", code)
        return np.concatenate([_through(x, self.decoder) for _, x in blocks])

    def reconstruct(self, X: Any) -> np.ndarray:
        """g(f(x)) of each row, shape (n, D).

        Parameters
        ----------
        X : (n, D) array or sparse matrix of finite numbers

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not a finite number.
        """
        blocks = self.encoder.blocks("X", X)
        return np.concatenate([_through(x, self.encoder, self.decoder) for _, x in blocks])

    def reconstruction_error(self, X: Any) -> np.ndarray:
        """Mean over the columns of (x − g(f(x)))² for each row, as `evaluate` has it for machines.

        Parameters
        ----------
        X : (n, D) array or sparse matrix of finite numbers

        Returns
        -------
        (n,) array

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not a finite number.
        """
        blocks = self.encoder.blocks("X", X)
        return np.concatenate(
            [((x - _through(x, self.encoder, self.decoder)) ** 2).mean(axis=1) for _, x in blocks]
        )

    def jacobian(self, X: Any) -> np.ndarray:
        """∂code/∂x at each row; the contractive penalty is the mean sum of its squares.

        Parameters
        ----------
        X : (n, D) array or sparse matrix of finite numbers

        Returns
        -------
        (n, code, D) array

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not a finite number.
        """
        blocks = self.encoder.blocks("X", X)
        return np.concatenate(
            [contraction.jacobian(self.encoder, self.encoder.forward(x)) for _, x in blocks]
        )

    def description(self) -> dict[str, Any]:
        """What the autoencoder is: its two networks, and whether they are tied."""
        networks = {"encoder": self.encoder.description(), "decoder": self.decoder.description()}
        return super().description() | networks | {"tied": self.tied}

    def arrays(self) -> dict[str, np.ndarray]:
        """What both networks have learned; if tied, the decoder's weights are the encoder's."""
        decoder = self.decoder.arrays()
        if self.tied:
            decoder = {name: array for name, array in decoder.items() if name.startswith("b")}
        return joined(encoder=self.encoder.arrays(), decoder=decoder)

    @classmethod
    def _from(cls, description: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        encoder = Network.restore(description["encoder"], part("encoder", arrays))
        own = part("decoder", arrays)
        if description["tied"]:
            own |= {f"W{i}": layer.W.T for i, layer in enumerate(encoder.layers[::-1])}
        decoder = Network.restore(description["decoder"], own)
        return cls(encoder, decoder, description["tied"])

    def _words(self) -> str:
        layers = [*self.encoder.layers, *self.decoder.layers]
        text = "".join(f" → {layer.n_out} {layer.activation}" for layer in layers)
        return f"{self.sizes[0]}{text}" + (", tied" if self.tied else "")


def _tied(up: Dense, down: Dense) -> Transposed:
    """A layer down with the transposed weights of one up; the same layer, if it has them."""
    if isinstance(down, Transposed) and down.source is up:
        return down
    return Transposed(up, down.b, down.activation)


def _through(x: np.ndarray, *networks: Network) -> np.ndarray:
    """The outputs of the last network. A code that has overflowed passes: training must see it."""
    for network in networks:
        x = network.forward(x).outputs[-1]
    return x
