"""Kernels for one thread and for many give the same bits, however unevenly the work is shared."""

import copy
import importlib
import pkgutil

import naive_bits as naive
import numba
import numpy as np
import pytest

import rbmbook
from rbmbook._threads import Twins
from rbmbook.machine import noise
from rbmbook.training.contrastive import Arrays, Step, weighted_means

DTYPES = (np.float32, np.float64)


def everywhere():
    """All pairs of twins in the package, by their module and name."""
    found = {}
    for module in pkgutil.walk_packages(rbmbook.__path__, "rbmbook."):
        if ".exercises.ch" not in module.name:
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Twins):
                    found[f"{value.__module__}.{value.__name__}".removeprefix("rbmbook.")] = value
    return found


TWINS = everywhere()


class Inputs:
    """Arguments of every pair of twins, for n rows of D visible and H hidden units."""

    def __init__(self, n, m, D, H, dtype):
        self.n, self.m, self.D, self.H, self.dtype = n, m, D, H, dtype
        self.rng = np.random.default_rng([n, m, D, H])

    def numbers(self, *shape):
        return (self.rng.random(shape) - 0.5).astype(self.dtype)

    def bits(self, *shape):
        return self.rng.integers(0, 2, shape).astype(self.dtype)

    def machine(self):
        W, a, b = self.numbers(self.D, self.H), self.numbers(self.D), self.numbers(self.H)
        return Arrays(W, a, b)

    def step(self):
        return Step(*(self.dtype(x) for x in (0.1, 0.7, 0.5, 0.02, 0.001)))

    def of(self, name):
        """By the kernel's name, with that of its module before it where two kernels share one."""
        *_, kernel = parts = name.split(".")
        long = "_".join(part.strip("_") for part in parts[-2:])
        return (getattr(self, long, None) or getattr(self, kernel))()

    def inputs(self):
        W, _, b = self.machine()
        return self.bits(self.n, self.D), W, b, self.numbers(self.n, self.H)

    def outer_sums(self):
        means, out = self.numbers(self.n, self.H), self.numbers(self.D, self.H)
        return self.bits(self.n, self.D), means, self.numbers(self.H), out

    def bernoulli_cgf_sum(self):
        return self.numbers(self.n, self.H), self.numbers(self.n)

    def sum_of_log_conditionals(self):
        p, up = self.rng.random((self.n, self.H), self.dtype), self.numbers(self.D, self.H)
        arrays = self.bits(self.n, self.D), p, 1 - p, np.exp(up), np.exp(-up), self.numbers(self.D)
        return *arrays, 3, self.numbers(self.n)

    def chains(self, k=3):
        W, a, b = self.machine()
        noise = self.rng.random((k, self.n * (self.D + self.H)), self.dtype)
        x = self.numbers(self.n, self.H)
        return x, W, W.T.copy(), a, b, noise, self.numbers(self.n, self.D)

    def known(self):
        """Rows of which some sites are known: where each ends, the columns on, states a site."""
        q = min(3, self.D)
        known = self.rng.random((self.n, self.D // q)) < 0.6
        known[0] = True
        on = [np.flatnonzero(row) * q + self.rng.integers(0, q, row.sum()) for row in known]
        return np.cumsum([0, *map(len, on)]), np.concatenate(on), q

    def ratings_hidden_mean(self):
        ends, columns, _ = self.known()
        W, _, b = self.machine()
        return ends, columns, W, b, self.numbers(self.n, self.H)

    def ratings_ask(self):
        ends, columns, q = self.known()
        sites = self.D // q
        asked = np.arange(self.n + 1) * sites, np.tile(np.arange(sites), self.n)
        return ends, columns, *asked, *self.machine(), True, self.numbers(self.n * sites, q)

    def ratings_chains(self, k=2):
        ends, columns, q = self.known()
        noise = self.rng.random((k, self.n * self.H + columns.size), self.dtype)
        means = self.numbers(self.n, self.H), self.numbers(self.n, self.H)
        return ends, columns, *self.machine(), q, noise, means[0], columns * 0, means[1]

    def transpose(self):
        return self.numbers(self.D, self.H), self.numbers(self.H, self.D)

    def pieces(self):
        states = self.rng.integers(0, 2**64, (self.n % 4 + 1, 2), np.uint64)
        out = np.zeros(2 * (noise.WORDS * self.n % 4 + 3), np.float32)
        return states, np.array([self.m, 2 * self.D + 1], np.uint64), out

    def batch(self, *batches):
        """Rows to choose from, which of them, their weights; chains and their weights."""
        rows = self.rng.integers(0, 20, (*batches, self.n))
        data = self.bits(20, self.D), rows, self.numbers(*batches, self.n)
        return *data, self.bits(self.m, self.D), self.numbers(self.m), True

    def terms(self):
        machine, noise = self.machine(), self.noise(2)
        means = self.numbers(self.n, self.H), self.numbers(self.m, self.H)
        written = machine.W.T.copy(), self.bits(self.n, self.D), *means
        return *self.batch(), noise, machine, *written

    def follow_weights(self):
        W, _, _ = self.machine()
        pairs = (
            (self.bits(self.n, self.D), self.numbers(self.n, self.H)),
            (
                self.bits(self.m, self.D),
                self.numbers(self.m, self.H),
            ),
        )
        velocity = self.numbers(self.D, self.H)
        return *pairs[0], *pairs[1], W, W.T.copy(), velocity, self.step()

    def noise(self, *shape):
        return self.rng.random((*shape, self.m * (self.D + self.H)), self.dtype)

    def update(self):
        machine, velocity = self.machine(), self.machine()
        noise = self.noise(2)
        return *self.batch(), noise, machine, machine.W.T.copy(), velocity, self.step()

    def updates(self):
        noise, rates = self.noise(3, 2), (self.numbers(3), self.numbers(3))
        return *self.batch(3), noise, self.machine(), self.machine(), *rates, self.step()


def arrays(arguments):
    """All arrays among the arguments, in order."""
    for x in arguments:
        if isinstance(x, np.ndarray):
            yield x
        elif isinstance(x, Arrays):
            yield from x


SIZES = [(1, 1, 1, 1), (7, 5, 17, 9), (33, 7, 16, 33), (100, 301, 15, 12), (65, 64, 49, 8)]


@pytest.mark.jit
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("name", TWINS)
def test_twins_agree_bit_for_bit(name, sizes, dtype):
    """In every array that they are given; pieces of 16 units or of some chains rarely come out."""
    before = Inputs(*sizes, dtype).of(name)
    one, many = copy.deepcopy(before), copy.deepcopy(before)
    TWINS[name].serial(*one)
    TWINS[name].parallel(*many)
    for x, y in zip(arrays(one), arrays(many), strict=True):
        np.testing.assert_array_equal(x, y)
    changed = [not np.array_equal(x, y) for x, y in zip(arrays(before), arrays(one), strict=True)]
    assert any(changed), "the kernel writes nothing"


@pytest.mark.jit
@pytest.mark.parametrize("name", TWINS)
def test_any_number_of_threads_and_any_call_give_the_same_bits(name):
    """Pieces reach the threads in another order at every call."""
    before = Inputs(50, 301, 65, 30, np.float32).of(name)
    ref = copy.deepcopy(before)
    TWINS[name].serial(*ref)
    threads = numba.get_num_threads()
    try:
        for n in {1, threads}:
            numba.set_num_threads(n)
            for _ in range(5):
                again = copy.deepcopy(before)
                TWINS[name].parallel(*again)
                for x, y in zip(arrays(again), arrays(ref), strict=True):
                    np.testing.assert_array_equal(x, y)
    finally:
        numba.set_num_threads(threads)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_transpose_is_one(dtype):
    for D in (1, 15, 16, 17, 33):
        W, WT = Inputs(1, 1, D, 5, dtype).of("transpose")
        TWINS["training.contrastive.transpose"](W, WT)
        np.testing.assert_array_equal(WT, W.T)


@pytest.mark.parametrize("dtype", DTYPES)
def test_means_are_multiplied_by_the_weight_of_their_row(dtype):
    inputs = Inputs(7, 1, 1, 9, dtype)
    x, weight, out = inputs.numbers(7, 9), inputs.numbers(7), inputs.numbers(7, 9)
    weighted_means(x, weight, out)
    np.testing.assert_array_equal(out, weight[:, None] * naive.sigmoid(x))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_transposed_weights_follow_the_weights(dtype):
    for D in (1, 15, 17, 33):
        arguments = Inputs(6, 3, D, 5, dtype).of("follow_weights")
        TWINS["training.contrastive.follow_weights"](*arguments)
        np.testing.assert_array_equal(arguments[5], arguments[4].T)
