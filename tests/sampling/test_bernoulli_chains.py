"""Chains of Bernoulli machines, compiled whole: plain loops, bit for bit; any blocks of noise."""

import naive_bits as naive
import numpy as np
import pytest

import rbmbook as rb
from rbmbook.sampling import bernoulli, chains

DTYPES = (np.float32, np.float64)
WIDTHS = (1, 7, 8, 9, 16, 17, 33)
same = np.testing.assert_array_equal


class Slow(rb.Bernoulli):
    """The same units under another name: the compiled chains are not for them."""


def machine(D, H, dtype, unit=rb.Bernoulli, seed=0):
    rng = np.random.default_rng([seed, D, H])
    W, a, b = ((2 * rng.random(shape) - 1).astype(dtype) for shape in ((D, H), D, H))
    return rb.RBM(W, a, b, unit(), unit())


def named(rbm):
    return rbm.W, rbm.a, rbm.b, "bernoulli", "bernoulli"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("H", WIDTHS)
@pytest.mark.parametrize("D", WIDTHS)
def test_chains_end_where_plain_loops_end(D, H, dtype):
    rbm = machine(D, H, dtype)
    ref = naive.gibbs(named(rbm), 3, 4, np.random.default_rng(5))
    same(rb.gibbs.run(rbm, 3, 4, rng=5), ref)


@pytest.mark.parametrize("dtype", DTYPES)
def test_given_starts_and_one_chain_or_many(dtype):
    rbm = machine(12, 6, dtype)
    for n in (1, 2, 50):
        start = np.random.default_rng(n).integers(0, 2, (n, 12)).astype(dtype)
        ref = naive.gibbs(named(rbm), start, 20, np.random.default_rng(5))
        same(rb.gibbs.run(rbm, start, 20, rng=5), ref)


@pytest.mark.jit
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_units_own_class_alone_gets_the_compiled_chains_and_both_ways_agree(dtype):
    fast, slow = machine(17, 9, dtype), machine(17, 9, dtype, Slow)
    assert bernoulli.applies(fast) and not bernoulli.applies(slow)
    mixed = rb.RBM(fast.W, fast.a, fast.b, rb.Bernoulli(), Slow())
    assert not bernoulli.applies(mixed)
    for n in (1, 7, 300):  # 300 chains of 26 units make two pieces
        ref = rb.gibbs.run(slow, n, 12, rng=1)
        same(rb.gibbs.run(fast, n, 12, rng=1), ref)
        same(rb.gibbs.run(mixed, n, 12, rng=1), ref)


@pytest.mark.jit
@pytest.mark.parametrize("n", [1, 5, 157, 158, 159, 400])
@pytest.mark.parametrize("dtype", DTYPES)
def test_pieces_of_the_chains_may_be_shared_among_threads(dtype, n):
    """A piece is of 4096 // 26 = 157 chains, so that the last one is short, or full, or alone."""
    rbm, steps = machine(17, 9, dtype), 3
    noise = np.random.default_rng(n).random((steps, n * 26), dtype)
    start = np.random.default_rng(n).integers(0, 2, (n, 17)).astype(dtype)
    found = []
    for kernel in (bernoulli.chains.serial, bernoulli.chains.parallel):
        x, v = rbm.hidden_inputs(start), np.full((n, 17), np.nan, dtype)
        kernel(x, rbm.W, rbm.W.T.copy(), rbm.a, rbm.b, noise, v)
        same(x, rbm.hidden_inputs(v))
        found.append(v)
    same(found[0], found[1])
    same(found[0], rb.gibbs.run(rbm, start, steps, np.random.default_rng(n)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("short", [[1] * 23, [2, 3, 18], [7, 7, 7, 2], [22, 1]])
def test_one_long_run_is_many_short_ones_with_the_same_generator(short, dtype, monkeypatch):
    rbm, n = machine(12, 7, dtype), 5
    start = np.random.default_rng(0).integers(0, 2, (n, 12)).astype(dtype)
    ref = rb.gibbs.run(rbm, start, 23, rng=2)
    for block in (1, 95, 96, 4 * 95 + 1, 7 * 95, 2**17):  # numbers; a step takes 5 × 19 = 95
        monkeypatch.setattr(bernoulli, "NOISE", block)
        rng, v = np.random.default_rng(2), start
        for steps in short:
            v = rb.gibbs.run(rbm, v, steps, rng)
        same(v, ref)
        rng = np.random.default_rng(2)
        same(rb.gibbs.run(rbm, start, 23, rng), ref)
        after = np.random.default_rng(2)
        after.random((23, 95), dtype)
        assert rng.random() == after.random()  # no number too many


@pytest.mark.jit
@pytest.mark.parametrize("dtype", DTYPES)
def test_blocks_of_noise_as_they_are_end_within_a_long_run(dtype):
    rbm, n = machine(12, 8, dtype), 1000
    steps = 3 * (bernoulli.NOISE // (n * 20)) + 1
    assert steps > 7
    rng, v = np.random.default_rng(4), rb.gibbs.run(rbm, n, 0, 3)
    ref = rb.gibbs.run(rbm, v, steps, rng=4)
    for _ in range(steps):
        v = rb.gibbs.run(rbm, v, 1, rng)
    same(v, ref)


def test_the_inputs_that_steps_start_from_are_left_alone():
    rbm = machine(12, 7, np.float64)
    v = np.random.default_rng(0).integers(0, 2, (5, 12)).astype(float)
    inputs = rbm.hidden_inputs(v)
    before = inputs.copy()
    end, after = chains.steps(rbm, inputs, 3, np.random.default_rng(1))
    same(inputs, before)
    same(after, rbm.hidden_inputs(end))
