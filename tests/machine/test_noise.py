"""Noise from whole words of the generator: the numbers of `rng.random`, and the next ones, too."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import rbmbook as rb
from rbmbook.machine import noise

same = np.testing.assert_array_equal
SIZES = (
    1,
    7,
    noise.WORTHWHILE - 1,
    noise.WORTHWHILE,
    noise.WORTHWHILE + 1,
    6 * noise.WORDS + 3,
    2**19,
)


@pytest.mark.parametrize("before", [0, 1, 2])  # single numbers; after 1, half a word is left over
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_numbers_are_those_of_random_and_so_are_the_next_ones(dtype, size, before):
    ours, theirs = np.random.default_rng(5), np.random.default_rng(5)
    for rng in (ours, theirs):
        rng.random(before, np.float32)
    for _ in range(2):
        same(noise.uniform(ours, size, dtype), theirs.random(size, dtype))
    for kind in (np.float32, np.float64):
        same(ours.random(3, kind), theirs.random(3, kind))


def test_they_may_be_written_into_an_array():
    out, ref = np.empty((3, noise.WORTHWHILE), np.float32), np.random.default_rng(2)
    draw = rb.Bernoulli().noise
    assert draw(out.shape, np.random.default_rng(2), np.float32, out) is out
    same(out, ref.random(out.shape, np.float32))
    strided = np.empty((3, 2 * noise.WORTHWHILE), np.float32)[:, ::2]
    for wrong in (strided, np.empty((2, 3), np.float32), out.astype(np.float64)):
        with pytest.raises((ValueError, TypeError)):  # never a copy that is thrown away
            draw(out.shape, ref, np.float32, wrong)


@pytest.mark.parametrize("kind", [np.random.PCG64DXSM, np.random.MT19937, np.random.Philox])
def test_other_generators_draw_for_themselves(kind):
    size = noise.WORTHWHILE + 1
    ours, theirs = (np.random.Generator(kind(1)) for _ in range(2))
    same(noise.uniform(ours, size, np.float32), theirs.random(size, np.float32))


@pytest.mark.jit
def test_the_two_halves_of_a_word_are_not_exchanged():
    low = np.uint64(0x00000100_FFFFFFFF)  # the word after the state 0, if c is this and below 2⁵⁸
    out = np.empty(2, np.float32)
    noise.cut(np.uint64(0), np.uint64(0), np.uint64(0), low, out)
    same(out, np.array([1 - 2.0**-24, 2.0**-24], np.float32))


@pytest.mark.jit
def test_the_upper_half_of_a_product_is_exact():
    rng = np.random.default_rng(3)
    pairs = [*rng.integers(0, 2**64, (200, 2), np.uint64).tolist(), (2**64 - 1, 2**64 - 1), (0, 1)]
    for a, b in pairs:
        assert noise.times(np.uint64(a), np.uint64(b)) == a * b >> 64


def test_a_jump_is_as_many_steps():
    s, c = 12345678901234567890123, 98765432109876543211
    there = noise.jump(s, c)
    for _ in range(noise.WORDS):
        s = (noise.MULTIPLIER * s + c) % 2**128
    assert there == s


def test_threads_that_share_a_generator_never_get_the_same_numbers():
    rng, size = np.random.default_rng(4), noise.WORTHWHILE
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda _: noise.uniform(rng, size, np.float32), range(40)))
    assert len({block[:4].tobytes() for block in drawn}) == 40
