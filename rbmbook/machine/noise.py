"""Uniform noise: the numbers of `rng.random`, computed here where there are many.

NumPy's default generator, PCG64, steps a 128-bit integer s ← M s + c (O'Neill, 2014). Where it will
stand n steps later is one more line, so that threads can share out its numbers; and both halves of
each 64-bit word are cut here into floats, which NumPy does one by one.
"""

from typing import Any

import numba
import numpy as np

from rbmbook._jit import jit
from rbmbook._threads import Twins, choose

MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645  # M of PCG64
HIGH, LOW = np.uint64(MULTIPLIER >> 64), np.uint64(MULTIPLIER % 2**64)
WORTHWHILE = 2**14  # numbers: for fewer, looking at the generator's state takes too long
WORDS = 2**14  # cut at a time: a thread's turn
ADDITIONS = 40  # that take as long as a word


@jit
def times(a, b):
    """The upper 64 bits of the product of two 64-bit numbers, from those of their halves."""
    half, ones = np.uint64(32), np.uint64(2**32 - 1)
    a0, a1, b0, b1 = a & ones, a >> half, b & ones, b >> half
    low, middle = a0 * b0, a1 * b0
    middle += low >> half
    other = a0 * b1 + (middle & ones)
    return a1 * b1 + (middle >> half) + (other >> half)


@jit
def cut(high, low, c_high, c_low, out):
    """out = the upper 24 bits of each half of PCG64's next words, the lower half first, over 2²⁴.

    A word is the two halves of the state, one XOR the other, rotated by the state's upper 6 bits.
    """
    scale, ones = np.float32(2.0**-24), np.uint64(2**32 - 1)
    for i in range(out.size // 2):
        high = times(low, LOW) + high * LOW + low * HIGH + c_high
        low = low * LOW + c_low
        high += np.uint64(low < c_low)  # what the lower half carries
        mixed, turn = high ^ low, high >> np.uint64(58)
        word = (mixed >> turn) | (mixed << ((np.uint64(64) - turn) & np.uint64(63)))
        out[2 * i] = np.float32(np.int32((word & ones) >> np.uint64(8))) * scale
        out[2 * i + 1] = np.float32(np.int32(word >> np.uint64(40))) * scale


@Twins
def pieces(states, c, out):
    """The words after each of the states, which stand `WORDS` apart; shared among threads."""
    for p in numba.prange(states.shape[0]):
        piece = out[2 * WORDS * p : 2 * WORDS * (p + 1)]
        cut(states[p, 0], states[p, 1], c[0], c[1], piece)


# `WORDS` steps make s ← Mⁿ s + (1 + M + … + Mⁿ⁻¹) c, and the sum is (Mⁿ − 1) / (M − 1).
POWER = pow(MULTIPLIER, WORDS, (MULTIPLIER - 1) << 128)
SUM = (POWER - 1) // (MULTIPLIER - 1)


def jump(s: int, c: int) -> int:
    """The state `WORDS` steps s ← M s + c later."""
    return (POWER * s + SUM * c) % 2**128


def uniform(rng: np.random.Generator, shape: Any, dtype: Any) -> np.ndarray:
    """``rng.random(shape, dtype)``, bit for bit; the generator goes on as after it, too.

    Parameters
    ----------
    rng : Generator
        The words of a `PCG64`, NumPy's default, are computed here; others draw for themselves.
    shape : int or tuple of ints
    dtype : float32 or float64

    Returns
    -------
    array of this shape

    References
    ----------
    O'Neill (2014), whose variant is XSL RR 128/64; the numpy.random documentation, how
    floats are made of integers.
    """
    out = np.empty(shape, dtype)
    if out.dtype != np.float32 or out.size < WORTHWHILE or not known(rng):
        return rng.random(shape, dtype)
    flat = out.reshape(-1)
    source: Any = rng.bit_generator  # a PCG64
    with source.lock:
        state = source.state
        first = state["has_uint32"]  # 1 if there is a half left over
        last = flat.size - (flat.size - first) % 2
        source.advance((last - first) // 2)  # and the half is gone
    flat[:first] = (state["uinteger"] >> 8) * 2.0**-24
    words(state["state"]["state"], state["state"]["inc"], flat[first:last])
    rng.random(dtype=np.float32, out=flat[last:])
    return out


def words(s: int, c: int, out: np.ndarray) -> None:
    """Fill `out` with the halves of the words that a `PCG64` gives after the state s."""
    states = []
    for _ in range(0, out.size, 2 * WORDS):
        states.append(divmod(s, 2**64))
        s = jump(s, c)
    run = choose(pieces, ADDITIONS * out.size // 2)
    run(np.array(states, np.uint64), np.array(divmod(c, 2**64), np.uint64), out)


def known(rng: np.random.Generator) -> bool:
    """Whether the generator's words are those computed here, by compiled code."""
    if numba.config.DISABLE_JIT or type(rng) is not np.random.Generator:
        return False
    return type(rng.bit_generator) is np.random.PCG64
