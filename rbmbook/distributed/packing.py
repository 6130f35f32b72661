"""Arrays on their way: where there are but two states, a bit is enough for each."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

PAIRS = (0, 1), (-1, 1)  # the states of Bernoulli, softmax and spin units


class Packed(NamedTuple):
    """An array of two values, as bits."""

    bits: np.ndarray
    pair: tuple[int, int]
    shape: tuple[int, ...]
    dtype: np.dtype


def pack(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The arrays, by name; those that are states of 0 and 1, or of −1 and 1, as bits.

    Examples
    --------
    >>> import numpy as np
    >>> packed = pack({"v": np.eye(8), "betas": np.array([0.0, 0.5, 1.0])})
    >>> packed["v"].bits.nbytes, int(unpack(packed)["v"].sum()), unpack(packed)["betas"]
    (8, 8, array([0. , 0.5, 1. ]))
    """
    return {name: _packed(x) for name, x in arrays.items()}


def unpack(packed: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """What was packed."""
    return {name: _unpacked(x) if isinstance(x, Packed) else x for name, x in packed.items()}


def _packed(x: np.ndarray) -> Any:
    if x.ndim == 2:
        for low, high in PAIRS:
            up = x == high
            if (up | (x == low)).all():
                return Packed(np.packbits(up), (low, high), x.shape, x.dtype)
    return x


def _unpacked(x: Packed) -> np.ndarray:
    up = np.unpackbits(x.bits, count=int(np.prod(x.shape))).reshape(x.shape)
    low, high = (x.dtype.type(value) for value in x.pair)
    return np.where(up, high, low)
