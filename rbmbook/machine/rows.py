"""Sums of the rows whose unit is on: the inputs of a layer, and what the gradient averages.

Where the states v are 0 or 1, the product v W is a sum of rows of W, and zeros cost nothing. Every
sum here has one written order, the loops of chapter 2: first what it starts from, then the rows
whose unit is on, ascending, one after the other. So a result is the same to the bit on any
processor, whatever its vector instructions and however many its threads. The arrays are
C-contiguous and of one dtype.
"""

import numba
import numpy as np

from rbmbook._jit import jit
from rbmbook._threads import Twins

BLOCK = 16  # columns of states in a cache line of float32: they are looked at together
PANEL = 2**16  # weights that stay in the cache of a core, beside other things
ELEMENTS = 4096  # states of both layers that are worth a thread's turn


@jit
def units_on(v, index):
    """Write the numbers of the units that are on to `index`, ascending; return how many.

    There is no branch to guess wrong: `index` needs room for one number more.
    """
    count = 0
    for i in range(v.size):
        index[count] = i
        count += int(v[i] != 0)
    return count


@jit
def add_rows(W, index, count, out):
    """out ← out + W[index[0]] + W[index[1]] + …, from the left.

    Eight rows share an expression, and so a load and a store of `out`: the order, and with it
    every bit, is that of one row after the other.
    """
    k = 0
    while k + 8 <= count:
        w0, w1, w2, w3 = W[index[k]], W[index[k + 1]], W[index[k + 2]], W[index[k + 3]]
        w4, w5, w6, w7 = W[index[k + 4]], W[index[k + 5]], W[index[k + 6]], W[index[k + 7]]
        for j in range(out.size):
            out[j] = out[j] + w0[j] + w1[j] + w2[j] + w3[j] + w4[j] + w5[j] + w6[j] + w7[j]
        k += 8
    if k + 4 <= count:
        w0, w1, w2, w3 = W[index[k]], W[index[k + 1]], W[index[k + 2]], W[index[k + 3]]
        for j in range(out.size):
            out[j] = out[j] + w0[j] + w1[j] + w2[j] + w3[j]
        k += 4
    if k + 2 <= count:
        w0, w1 = W[index[k]], W[index[k + 1]]
        for j in range(out.size):
            out[j] = out[j] + w0[j] + w1[j]
        k += 2
    if k < count:
        w0 = W[index[k]]
        for j in range(out.size):
            out[j] += w0[j]


@jit
def layer_inputs(states, W, bias, out):
    """out = bias + states W, row by row. Book: (2.2).

    A panel of rows of W serves all states while it is in the cache; to each state its rows are
    still added one after the other.
    """
    (n, D), size = states.shape, max(8, PANEL // W.shape[1])
    index = np.empty(min(size, D) + 1, np.int64)
    for r in range(n):
        out[r] = bias
    for first in range(0, D, size):
        panel = W[first : first + size]
        for r in range(n):
            add_rows(panel, index, units_on(states[r, first : first + size], index), out[r])


@jit
def share(n, width):
    """How many of n states of this width one thread takes at a time: an eighth of about 100."""
    return max(-(-n // (8 * -(-n // 128))), ELEMENTS // width)


@Twins
def inputs(states, W, bias, out):
    """out = bias + states W for states of 0 and 1, which are shared among threads."""
    n = states.shape[0]
    size = share(n, W.shape[0] + W.shape[1])
    for piece in numba.prange((n + size - 1) // size):
        first, last = size * piece, min(size * (piece + 1), n)
        layer_inputs(states[first:last], W, bias, out[first:last])


@jit
def add_outer(states, first, last, means, out):
    """out ← out + statesᵀ means for the units from `first` to `last`, one row of out for each.

    To a unit's row are added those rows of the means in which it is on, ascending.
    """
    index = np.empty(states.shape[0] + 1, np.int64)
    for i in range(first, last):
        add_rows(means, index, units_on(states[:, i], index), out[i - first])


@Twins
def outer_sums(states, means, start, out):
    """out = start + statesᵀ means, (D, H); units are shared among threads."""
    D = states.shape[1]
    for block in numba.prange((D + BLOCK - 1) // BLOCK):
        first, last = BLOCK * block, min(BLOCK * (block + 1), D)
        for i in range(first, last):
            out[i] = start
        add_outer(states, first, last, means, out[first:last])


@jit
def weighted_sum(rows, weight, out):
    """out = Σ_r weight[r] rows[r], ascending, for rows of any values."""
    out[:] = 0
    for r in range(rows.shape[0]):
        w, row = weight[r], rows[r]
        for j in range(out.size):
            out[j] += w * row[j]


@jit
def weighted_inputs(states, W, bias, out):
    """out = bias + states W for states of any value: states[i] times the row i, ascending."""
    for r in range(states.shape[0]):
        x = out[r]
        x[:] = bias
        for i in range(W.shape[0]):
            s, w = states[r, i], W[i]
            for j in range(x.size):
                x[j] += s * w[j]


@jit
def only(states, low, high):
    """Whether every state is one of two values; a row at a time, without a branch within it."""
    low, high = states.dtype.type(low), states.dtype.type(high)
    for r in range(states.shape[0]):
        row, other = states[r], np.int32(0)
        for j in range(row.size):
            other |= np.int32(row[j] != low) & np.int32(row[j] != high)
        if other:
            return False
    return True
