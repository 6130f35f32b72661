"""Two networks, to a code and back: what passes through them, tied weights, files."""

import os
from typing import Any, Self

import numpy as np

from rbmbook import storage
from rbmbook import validation as check
from rbmbook.autoencoder import contraction
from rbmbook.networks.layers import Dense
from rbmbook.networks.network import Network
from rbmbook.networks.views import Transposed


class Codec:
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

    def copy(self) -> Self:
        """An autoencoder with copies of the parameters."""
        return self.astype(self.dtype)

    def astype(self, dtype: np.dtype | type) -> Self:
        """A copy whose parameters are float32 or float64."""
        return type(self)(self.encoder.astype(dtype), self.decoder.astype(dtype), self.tied)

    def save(self, path: str | os.PathLike) -> None:
        """Write the autoencoder to `path`, in NumPy's npz format, whole or not at all.

        Raises
        ------
        OSError
            If the file cannot be written; an older one is then untouched.
        """
        arrays = {f"array{i}": p for i, p in enumerate(self.parameters)}
        names = [[layer.activation for layer in net.layers] for net in (self.encoder, self.decoder)]
        storage.write(path, type(self).__name__, arrays, activations=names, tied=self.tied)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """The autoencoder that `save` wrote to `path`.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is not a saved autoencoder, or damaged.
        """
        arrays, meta = storage.read(path, cls.__name__)
        with storage.reading(path):
            own = [arrays[f"array{i}"] for i in range(len(arrays))]
            names, n = meta["activations"], len(meta["activations"][0])
            up, b = own[: 2 * n], own[2 * n :]
            if meta["tied"]:
                W = [weights.T for weights in up[-2::-2]]
            else:
                W, b = b[::2], b[1::2]
            encoder, decoder = (
                Network([Dense(*layer) for layer in zip(*three, strict=True)])
                for three in ((up[::2], up[1::2], names[0]), (W, b, names[1]))
            )
            return cls(encoder, decoder, meta["tied"])

    def __repr__(self) -> str:
        layers = [*self.encoder.layers, *self.decoder.layers]
        text = "".join(f" → {layer.n_out} {layer.activation}" for layer in layers)
        tied = ", tied" if self.tied else ""
        return f"{type(self).__name__}({self.sizes[0]}{text}{tied}, {self.dtype})"


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
