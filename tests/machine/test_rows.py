"""Sums of rows in their written order: the kernels equal plain loops bit for bit."""

import naive_bits as naive
import numpy as np
import pytest

from rbmbook.machine import rows

DTYPES = (np.float32, np.float64)
WIDTHS = (1, 7, 8, 9, 16, 17, 33)  # around the eight rows of an expression and the BLOCK of 16
same = np.testing.assert_array_equal


def numbers(rng, *shape, dtype):
    """Of very different sizes, so that every change of the order of a sum shows."""
    return ((rng.random(shape) - 0.5) * 2.0 ** rng.integers(-12, 4, shape)).astype(dtype)


def bits(rng, *shape, dtype, density=0.5):
    return (rng.random(shape) < density).astype(dtype)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_units_that_are_on_are_listed_in_rising_order(width):
    rng, index = np.random.default_rng(width), np.empty(width + 1, np.int64)
    for density in (0.0, 0.3, 1.0):
        v = bits(rng, width, dtype=np.float32, density=density)
        count = rows.units_on(v, index)
        same(index[:count], np.flatnonzero(v))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 15, 16, 17, 33])
def test_rows_are_added_one_after_the_other(count, dtype):
    rng = np.random.default_rng(count)
    W, out = numbers(rng, 40, 17, dtype=dtype), numbers(rng, 17, dtype=dtype)
    index = np.sort(rng.permutation(40)[:count])
    ref = naive.added(out, W[index])
    rows.add_rows(W, index, count, out)
    same(out, ref)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_numbers_of_these_tests_show_another_order(dtype):
    """The broken twins: a tree, the rows backwards, the start at the end, a float64 sum."""
    rng = np.random.default_rng(0)
    W, start = numbers(rng, 8, 400, dtype=dtype), numbers(rng, 400, dtype=dtype)
    ref = naive.added(start, W)
    pairs = W[::2] + W[1::2]
    others = {
        "a tree": start + ((pairs[0] + pairs[1]) + (pairs[2] + pairs[3])),
        "backwards": naive.added(start, W[::-1]),
        "the start at the end": naive.added(W[0], [*W[1:], start]),
    }
    if dtype == np.float32:
        others["in float64"] = naive.added(start.astype(float), W.astype(float)).astype(dtype)
    for name, other in others.items():
        assert (other != ref).mean() > 0.1, name


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("H", WIDTHS)
@pytest.mark.parametrize("D", WIDTHS)
def test_the_inputs_of_a_layer_start_from_the_bias_and_add_the_rows_that_are_on(D, H, dtype):
    rng = np.random.default_rng([D, H])
    W, bias = numbers(rng, D, H, dtype=dtype), numbers(rng, H, dtype=dtype)
    states = bits(rng, 5, D, dtype=dtype)
    states[0], states[1] = 0, 1
    ref = naive.rows_on(states, W, bias)
    for kernel in (rows.layer_inputs, rows.inputs.serial, rows.inputs.parallel):
        comp = np.full((5, H), np.nan, dtype)
        kernel(states, W, bias, comp)
        same(comp, ref)
    comp = np.full((5, H), np.nan, dtype)
    rows.weighted_inputs(states, W, bias, comp)
    same(comp, ref)  # the same, one row after the other, where 0 times a row adds nothing


@pytest.mark.parametrize("n", [1, 13, 101])
def test_panels_of_a_large_matrix_change_no_bit(n):
    rng = np.random.default_rng(n)
    D, H = 257, 300
    assert 2 * rows.PANEL > D * H > rows.PANEL  # more than one panel, and the last one is shorter
    W, bias = numbers(rng, D, H, dtype=np.float32), numbers(rng, H, dtype=np.float32)
    states = bits(rng, n, D, dtype=np.float32)
    ref = naive.rows_on(states, W, bias)
    for kernel in (rows.layer_inputs, rows.inputs.serial, rows.inputs.parallel):
        comp = np.full((n, H), np.nan, np.float32)
        kernel(states, W, bias, comp)
        same(comp, ref)


@pytest.mark.parametrize("n", [1, 7, 64, 100, 1000])
def test_threads_share_the_states_evenly(n):
    size = rows.share(n, 1000)
    pieces = -(-n // size)
    assert 1 <= size <= 16 and pieces * size - n < size
    assert n < 64 or pieces % 8 in (0, 7)  # one of a hundred is shorter
    assert rows.share(n, 4) >= 1000  # small states stay together


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("D", [*WIDTHS, 15, 31, 32])
@pytest.mark.parametrize("n", [1, 7, 8, 9, 17])
def test_a_units_row_of_the_outer_product_adds_the_rows_in_which_it_is_on(n, D, dtype):
    rng = np.random.default_rng([n, D])
    states, means = bits(rng, n, D, dtype=dtype), numbers(rng, n, 9, dtype=dtype)
    start = numbers(rng, 9, dtype=dtype)
    ref = naive.rows_on(states.T, means, start)
    for kernel in (rows.outer_sums.serial, rows.outer_sums.parallel):
        comp = np.full((D, 9), np.nan, dtype)
        kernel(states, means, start, comp)
        same(comp, ref)
    first, last = D // 3, D - D // 4
    comp = np.tile(start, (last - first, 1))
    rows.add_outer(states, first, last, means, comp)
    same(comp, ref[first:last])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 8, 33])
def test_weighted_rows_are_summed_from_zero_upwards(n, dtype):
    rng = np.random.default_rng(n)
    x, weight = numbers(rng, n, 17, dtype=dtype), numbers(rng, n, dtype=dtype)
    comp = np.full(17, np.nan, dtype)
    rows.weighted_sum(x, weight, comp)
    same(comp, naive.average(weight, x))


@pytest.mark.parametrize("dtype", DTYPES)
def test_states_of_any_value_multiply_all_rows_in_order(dtype):
    rng = np.random.default_rng(3)
    W, bias = numbers(rng, 21, 9, dtype=dtype), numbers(rng, 9, dtype=dtype)
    states = rng.integers(-1, 2, (6, 21)).astype(dtype)
    comp = np.full((6, 9), np.nan, dtype)
    rows.weighted_inputs(states, W, bias, comp)
    same(comp, np.array([naive.added(bias, s[:, None] * W) for s in states]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("wrong", [0.5, -1.0, 2.0, np.nan, 1 - 2**-24, 1e-30])
def test_one_other_value_anywhere_is_seen(wrong, dtype):
    states = bits(np.random.default_rng(0), 4, 19, dtype=dtype)
    for low, high in ((0, 1), (-1, 1)):
        own = (low + (high - low) * states).astype(dtype)
        assert rows.only(own, low, high)
        if wrong in (low, high):
            continue
        for place in np.ndindex(own.shape):
            other = own.copy()
            other[place] = wrong
            assert not rows.only(other, low, high), place
