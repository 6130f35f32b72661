"""How an autoencoder begins: random weights, and a reconstruction at the mean of the data."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rbmbook.machine import moments
from rbmbook.machine.units import Bernoulli
from rbmbook.networks.activations import named
from rbmbook.networks.layers import Dense
from rbmbook.networks.network import Network
from rbmbook.networks.scaling import Standardized


def networks(
    sizes: Sequence[int],
    activation: str,
    code: str,
    output: str,
    tied: bool,
    rng: np.random.Generator,
    dtype: np.dtype | type,
) -> tuple[Network, Network]:
    """A random encoder, and a decoder that mirrors it: random, or with the transposed weights."""
    for name, kind in (("activation", activation), ("code", code), ("output", output)):
        named(name, kind)
    encoder = Network.random(sizes, activation, code, rng, dtype)
    if not tied:
        return encoder, Network.random(encoder.sizes[::-1], activation, output, rng, dtype)
    kinds = [activation] * (len(encoder.layers) - 1) + [output]
    pairs = zip(encoder.layers[::-1], kinds, strict=True)
    return encoder, Network([Dense(up.W.T, np.zeros(up.n_in), kind) for up, kind in pairs])


def at_mean(encoder: Network, decoder: Network, data: Any) -> None:
    """Let reconstructions start at the mean of the data, and real columns be standardised.

    Parameters
    ----------
    encoder, decoder : Network
        As an autoencoder has them: if their weights are tied, columns are only centred.
    data : (n, D) array or CSR matrix, as `validation.matrix` returns it
    """
    last, n = decoder.layers[-1], data.shape[0]
    if last.activation == "sigmoid":
        unit = Bernoulli()
        last.b[:] = unit.bias_for_mean(moments.of_columns(data, unit).mean * n, n)
    elif last.activation == "identity":
        Standardized(encoder.layers[0], last, data, name="data").convert_out()
    else:
        raise ValueError(
            f"data: expected the output 'identity' or 'sigmoid', got {last.activation!r}"
        )
