"""CD and PCD of machines whose units are all Bernoulli, by SGD: whole updates, compiled.

The loops of chapters 7 and 9, several updates in one call. What they compute is, bit for bit, what
the negative phases, `machine.statistics` and the optimizer compute one after the other; here the
update of W follows its gradient row by row, while the row is at hand.
"""

from typing import Any, NamedTuple

import numba
import numpy as np

from rbmbook._jit import jit
from rbmbook._threads import Twins, choose
from rbmbook.machine.kernels import bernoulli_mean
from rbmbook.machine.noise import uniform
from rbmbook.machine.rbm import RBM
from rbmbook.machine.rows import BLOCK, add_outer, layer_inputs, share, weighted_sum
from rbmbook.sampling import bernoulli
from rbmbook.sampling.bernoulli import walk
from rbmbook.training.negative import CD, PCD
from rbmbook.training.optimize import SGD, Optimizer, ascend, ascend_with_momentum, rate_at
from rbmbook.training.penalties import Penalties
from rbmbook.validation import dense

NOISE = 2**21  # numbers drawn at a time
PASSES = 16  # rows of states whose sums take as long as the update of W


def together(
    rbm: RBM, negative: Any, optimizer: Optimizer, penalties: Penalties, batch_size: int
) -> int:
    """How many updates on states of 0 and 1 may be made at a time: as many as share their noise.

    None, if the training is of another kind, or an update's chains are so long that its noise
    would have to come in pieces.
    """
    if type(negative) not in (CD, PCD) or type(optimizer) is not SGD or penalties.sparsity:
        return 0
    chains = negative.chains if isinstance(negative, PCD) else batch_size
    numbers = negative.k * chains * sum(rbm.W.shape)
    return NOISE // numbers if bernoulli.applies(rbm) else 0


class Arrays(NamedTuple):
    """One array for each parameter: the parameters, or what momentum remembers of them."""

    W: np.ndarray
    a: np.ndarray
    b: np.ndarray


class Step(NamedTuple):
    """How the parameters follow the gradient; numbers of the machine's dtype."""

    rate: Any
    share: Any  # of the batch in its epoch, 1 on average
    momentum: Any
    weight_decay: Any
    l1: Any


@jit
def transpose_rows(W, first, last, WT):
    """Write some rows of W as columns of WT."""
    for i in range(first, last):
        for j in range(W.shape[1]):
            WT[j, i] = W[i, j]


@Twins
def transpose(W, WT):
    """WT = Wᵀ."""
    D = W.shape[0]
    for block in numba.prange((D + BLOCK - 1) // BLOCK):
        transpose_rows(W, BLOCK * block, min(BLOCK * (block + 1), D), WT)


@jit
def subtract(data, model, share):
    """data ← share·(data − model), the gradient."""
    g, m = data.ravel(), model.ravel()
    for i in range(g.size):
        g[i] = share * (g[i] - m[i])


@jit
def shrink(gradient, W, step):
    """Take the gradient of ½ λ ‖W‖² + λ₁ Σ |W_ij| from that of the likelihood."""
    g, w = gradient.ravel(), W.ravel()
    if step.weight_decay != 0:
        for i in range(g.size):
            g[i] -= step.weight_decay * w[i]
    if step.l1 != 0:
        for i in range(g.size):
            g[i] -= step.l1 * np.sign(w[i])


@jit
def follow(parameter, velocity, gradient, step):
    """θ ← θ + rate·gradient, or the same with a velocity."""
    if step.momentum == 0:
        ascend(parameter.ravel(), gradient.ravel(), step.rate)
    else:
        flat = parameter.ravel(), velocity.ravel(), gradient.ravel()
        ascend_with_momentum(flat[0], flat[1], flat[2], step.rate, step.momentum)


@jit
def weighted_means(x, weight, out):
    """The row's weight times E[h | input], row by row."""
    for r in range(x.shape[0]):
        bernoulli_mean(x[r], out[r])
        for j in range(x.shape[1]):
            out[r, j] *= weight[r]


@Twins
def terms(X, rows, weight0, v1, weight1, persistent, noise, machine, WT, v0, mean0, mean1):
    """The states and the weighted means that the data term and the model term are sums of.

    The data v0 are rows of X. The chains start there, or at v1 if they are persistent, and end in
    v1. A thread takes its piece of the data and its piece of the chains, which may be the same.
    """
    W, a, b = machine
    n, m, H = len(v0), len(v1), len(b)
    size = share(max(n, m), W.shape[0] + H)
    pieces = (max(n, m) + size - 1) // size
    for p in numba.prange(pieces):
        data = slice(n * p // pieces, n * (p + 1) // pieces)
        ends = slice(m * p // pieces, m * (p + 1) // pieces)
        for r in range(data.start, data.stop):
            v0[r] = X[rows[r]]
        x = np.empty((data.stop - data.start, H), W.dtype)
        layer_inputs(v0[data], W, b, x)
        weighted_means(x, weight0[data], mean0[data])
        if persistent:
            x = np.empty((ends.stop - ends.start, H), W.dtype)
            layer_inputs(v1[ends], W, b, x)
        walk(x, W, WT, a, b, noise, ends.start, m, v1[ends])
        weighted_means(x, weight1[ends], mean1[ends])


@Twins
def follow_weights(v0, mean0, v1, mean1, W, WT, velocity, step):
    """W follows ⟨v hᵀ⟩_data − ⟨v hᵀ⟩_model, some rows at a time; WT is its transpose again."""
    D, H = W.shape
    for block in numba.prange((D + BLOCK - 1) // BLOCK):
        first, last = BLOCK * block, min(BLOCK * (block + 1), D)
        data, model = np.zeros((last - first, H), W.dtype), np.zeros((last - first, H), W.dtype)
        add_outer(v0, first, last, mean0, data)
        add_outer(v1, first, last, mean1, model)
        subtract(data, model, step.share)
        shrink(data, W[first:last], step)
        follow(W[first:last], velocity[first:last], data, step)
        transpose_rows(W, first, last, WT)


@jit
def follow_bias(rows0, weight0, rows1, weight1, bias, velocity, step):
    """A bias follows ⟨row⟩_data − ⟨row⟩_model."""
    data, model = np.empty_like(bias), np.empty_like(bias)
    weighted_sum(rows0, weight0, data)
    weighted_sum(rows1, weight1, model)
    subtract(data, model, step.share)
    follow(bias, velocity, data, step)


@Twins
def update(X, rows, weight0, v1, weight1, persistent, noise, machine, WT, velocity, step):
    """One update: data term, k steps, model term, difference. Book: (7.2), (9.2)."""
    W, a, b = machine
    v0, mean0 = np.empty((len(rows), len(a)), W.dtype), np.empty((len(rows), len(b)), W.dtype)
    mean1 = np.empty((len(v1), len(b)), W.dtype)
    terms(X, rows, weight0, v1, weight1, persistent, noise, machine, WT, v0, mean0, mean1)
    one0, one1 = np.ones_like(weight0), np.ones_like(weight1)
    follow_weights(v0, mean0, v1, mean1, W, WT, velocity.W, step)
    follow_bias(v0, weight0, v1, weight1, a, velocity.a, step)
    follow_bias(mean0, one0, mean1, one1, b, velocity.b, step)


@Twins
def updates(X, rows, weight0, v1, weight1, persistent, noise, machine, velocity, rate, share, step):
    """As many updates as there are rates, each on a batch: the rows of X that `rows` names."""
    WT = np.empty(machine.W.shape[::-1], machine.W.dtype)
    transpose(machine.W, WT)
    for u in range(rate.size):
        weight = weight0[u]
        chain_weight = weight1 if persistent else weight
        own = Step(rate[u], share[u], step.momentum, step.weight_decay, step.l1)
        update(
            X, rows[u], weight, v1, chain_weight, persistent, noise[u], machine, WT, velocity, own
        )


def train(
    rbm: RBM,
    X: Any,
    rows: np.ndarray,
    weight: np.ndarray,
    negative: Any,
    kept: Any,
    optimizer: Any,
    penalties: Penalties,
    memory: list[np.ndarray],
    first: int,
    rng: np.random.Generator,
) -> None:
    """Updates of a machine, in place, on batches of the data.

    Parameters
    ----------
    rbm : RBM
    X : matrix
        States of 0 and 1.
    rows : (batches, n) int array
        Which of its rows make up each batch.
    weight : (batches, n) array
        Of these rows, with a mean of 1 over all data.
    negative, kept
        A `CD`, or a `PCD` and its chains.
    optimizer : SGD
    penalties : Penalties
    memory : list of arrays
        The optimizer's.
    first : int
        The number of the first update.
    rng : Generator
    """
    number, (batches, n) = rbm.dtype.type, weight.shape
    total = weight.sum(axis=1)
    share = (total / n).astype(rbm.dtype)
    weight = (weight / np.where(total, total, 1)[:, None]).astype(rbm.dtype)
    if not (type(X) is np.ndarray and X.dtype == rbm.dtype and X.flags.carray):
        X, rows = dense(X[rows.ravel()], rbm.dtype), np.arange(rows.size).reshape(rows.shape)
    persistent = isinstance(negative, PCD)
    chains_at = kept.v if persistent else np.empty((n, rbm.n_visible), rbm.dtype)
    m = len(chains_at)
    chain_weight = np.full(m, 1 / m, rbm.dtype)
    noise = uniform(rng, (batches, negative.k, m * sum(rbm.W.shape)), rbm.dtype)
    rates = [rate_at(optimizer.learning_rate, first + u) for u in range(batches)]
    step = Step(
        number(0),
        number(0),
        number(optimizer.momentum),
        number(penalties.weight_decay),
        number(penalties.l1),
    )
    machine, velocity = Arrays(rbm.W, rbm.a, rbm.b), Arrays(*memory)
    run = choose(updates, (n + m + PASSES) * rbm.W.size)
    run(
        X,
        rows,
        weight,
        chains_at,
        chain_weight,
        persistent,
        noise,
        machine,
        velocity,
        np.array(rates, rbm.dtype),
        share,
        step,
    )
