"""Gibbs sampling of machines whose units are all Bernoulli, compiled as a whole.

The loops of chapter 6: a half step adds up the rows of W whose unit is on, takes the sigmoid, and
compares it with the noise. The noise is drawn before, in the order of `rbmbook.sampling.chains`;
many steps may share one block of it, which holds the same numbers.
"""

import numba
import numpy as np

from rbmbook._jit import jit
from rbmbook._threads import Twins, choose
from rbmbook.machine.kernels import bernoulli_sample
from rbmbook.machine.noise import uniform
from rbmbook.machine.rbm import RBM
from rbmbook.machine.rows import layer_inputs, share
from rbmbook.machine.units import Bernoulli

NOISE = 2**17  # numbers drawn at a time: what a cache holds


def applies(rbm: RBM) -> bool:
    """Whether these kernels are for this machine."""
    return type(rbm.visible) is type(rbm.hidden) is Bernoulli


@jit
def walk(x, W, WT, a, b, noise, first, n, v):
    """Block-Gibbs steps of some of n chains, those from `first` on.

    Arguments as in `chains`, but for x and v, which have the rows of these chains alone.
    """
    (m, H), D = x.shape, W.shape[0]
    h, y = np.empty((m, H), W.dtype), np.empty((m, D), W.dtype)
    for step in range(noise.shape[0]):
        noise_h, noise_v = noise[step, : n * H], noise[step, n * H :]
        bernoulli_sample(x, noise_h[first * H : (first + m) * H], h)
        layer_inputs(h, WT, a, y)
        bernoulli_sample(y, noise_v[first * D : (first + m) * D], v)
        layer_inputs(v, W, b, x)


@Twins
def chains(x, W, WT, a, b, noise, v):
    """Block-Gibbs steps of n chains, as many as `noise` has rows. Book: (6.3).

    x (n, H) holds the hidden layer's inputs, before and after; v (n, D) is overwritten with the
    visible states. A row of `noise` has n·H numbers for the hidden layer, then n·D for the visible
    one. The chains are shared among threads, in pieces that one thread takes through all steps.
    """
    n = x.shape[0]
    size = share(n, W.shape[0] + W.shape[1])
    for piece in numba.prange((n + size - 1) // size):
        first, last = piece * size, min((piece + 1) * size, n)
        walk(x[first:last], W, WT, a, b, noise, first, n, v[first:last])


def steps(
    rbm: RBM, inputs: np.ndarray, k: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """k ≥ 1 steps: the visible states where they end, and the hidden layer's inputs there."""
    W, WT, x = rbm.W, np.ascontiguousarray(rbm.W.T), np.array(inputs, order="C")
    v = np.empty((len(x), rbm.n_visible), rbm.dtype)
    width = len(x) * (rbm.n_visible + rbm.n_hidden)  # of the noise of a step
    block = max(1, NOISE // width)
    for done in range(0, k, block):
        noise = uniform(rng, (min(block, k - done), width), rbm.dtype)
        choose(chains, noise.shape[0] * len(x) * W.size)(x, W, WT, rbm.a, rbm.b, noise, v)
    return v, x
