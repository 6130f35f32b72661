"""Uniform noise: the numbers of `rng.random`, from whole words of the generator.

NumPy asks its generator for 32 bits at a time, and keeps the other half of a word for later. To
draw the words at once and to cut them here takes half the time and gives the same numbers.
"""

from typing import Any

import numpy as np

from rbmbook._jit import jit

WORTHWHILE = 2**14  # numbers: for fewer, looking at the generator's state takes too long
WORDS = 2**15  # drawn at a time: what a cache holds


@jit
def halves(words, out):
    """out = the upper 24 bits of each half of the 64-bit words, the lower half first, over 2²⁴."""
    scale = np.float32(2.0**-24)
    for i in range(words.size):
        word = words[i]
        out[2 * i] = np.float32(np.int32((word & 0xFFFFFFFF) >> np.uint64(8))) * scale
        out[2 * i + 1] = np.float32(np.int32(word >> np.uint64(40))) * scale


def uniform(rng: np.random.Generator, shape: Any, dtype: Any) -> np.ndarray:
    """``rng.random(shape, dtype)``, bit for bit; the generator goes on as after it, too.

    Parameters
    ----------
    rng : Generator
        The words of a `PCG64`, NumPy's default, are drawn at once; others draw for themselves.
    shape : int or tuple of ints
    dtype : float32 or float64

    Returns
    -------
    array of this shape

    References
    ----------
    The numpy.random documentation, "Random Generator": how floats are made of integers.
    """
    out = np.empty(shape, dtype)
    if out.dtype != np.float32 or out.size < WORTHWHILE or not _cut(rng):
        return rng.random(shape, dtype)
    flat = out.reshape(-1)
    first = rng.bit_generator.state["has_uint32"]  # 1 if there is a half left over
    last = flat.size - (flat.size - first) % 2
    rng.random(dtype=np.float32, out=flat[:first])
    for i in range(first, last, 2 * WORDS):
        part = flat[i : min(i + 2 * WORDS, last)]
        halves(rng.bit_generator.random_raw(part.size // 2), part)
    rng.random(dtype=np.float32, out=flat[last:])
    return out


def _cut(rng: np.random.Generator) -> bool:
    """Whether the generator's words are cut into halves in the way written here."""
    return type(rng) is np.random.Generator and type(rng.bit_generator) is np.random.PCG64
