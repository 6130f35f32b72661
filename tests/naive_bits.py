"""References to the bit: sums in the book's written order, and their own copy of the exponential.

Nothing here comes from ``rbmbook``. Additions, multiplications and divisions of NumPy are rounded
as IEEE 754 says, element by element, so what is written here is what every processor computes; no
sum, no product of matrices and no exponential is left to NumPy. Arrays keep their dtype, float32
or float64.

A layer's units are named by "bernoulli", "spin", ("softmax", q), or by a list of pairs
(units, columns) that stand side by side.
"""

import math

import numpy as np

# --- the exponential ------------------------------------------------------------------------------

# dtype: 1/log 2, the number whose addition rounds to an integer, log 2 in two parts, where exp(x)
# is clipped; the integer of the same size, digits of the significand, bias of the exponent
FORMATS = {
    "float32": (
        (1.4426950408889634, 1.5 * 2**23, 0.693359375, -2.12194440054690583e-4, 87.0),
        (np.int32, 23, 127),
    ),
    "float64": (
        (1.4426950408889634, 1.5 * 2**52, 6.93147180369123816e-1, 1.90821492927058770e-10, 708.0),
        (np.int64, 52, 1023),
    ),
}


def exp(x):
    """2ⁿ exp(r) with x = n log 2 + r, exp(r) from its Taylor series; Estrin's pairs of pairs."""
    x = np.asarray(x)
    number = x.dtype.type
    floats, (integer, digits, bias) = FORMATS[x.dtype.name]
    log2_e, magic, log2_high, log2_low, limit = (number(value) for value in floats)
    c = [number(1 / math.factorial(k)) for k in range(14)]
    x = np.minimum(np.maximum(x, -limit), limit)
    shifted = x * log2_e + magic
    n = shifted - magic
    r = (x - n * log2_high) - n * log2_low
    r2 = r * r
    r4 = r2 * r2
    low = (c[0] + c[1] * r) + (c[2] + c[3] * r) * r2
    middle = (c[4] + c[5] * r) + (c[6] + c[7] * r) * r2
    if x.dtype == np.float32:
        series = low + middle * r4
    else:
        high = (c[8] + c[9] * r) + (c[10] + c[11] * r) * r2
        series = low + r4 * (middle + r4 * (high + r4 * (c[12] + c[13] * r)))
    bits = np.atleast_1d(shifted).view(integer) << integer(digits)
    power = (bits + integer(bias << digits)).view(number)
    return series * power.reshape(x.shape)


def sigmoid(x):
    one = x.dtype.type(1)
    return one / (one + exp(-x))


def tanh(x):
    """In float64: t / (t + 2) with t = exp(2 |x|) − 1, which is a series where 2 |x| < ½."""
    r = 2.0 * np.abs(x.astype(np.float64))
    series = np.ones_like(r)
    for k in range(14, 1, -1):
        series = 1.0 + series * r / k
    t = np.where(r < 0.5, r * series, exp(r) - 1.0)
    return np.copysign(t / (t + 2.0), x).astype(x.dtype)


# --- sums in the written order --------------------------------------------------------------------


def added(start, rows):
    """start + rows[0] + rows[1] + …, from the left."""
    total = np.array(start)
    for row in rows:
        total = total + row
    return total


def rows_on(states, W, start):
    """For each row of states: start, then the rows of W whose unit is on, ascending."""
    total = np.tile(start, (len(states), 1))
    for i in range(len(W)):
        total[states[:, i] != 0] += W[i]
    return total


def values(units):
    """All values that states of the units may have."""
    if isinstance(units, list):
        return set().union(*(values(part) for part, _ in units))
    return {-1, 1} if units == "spin" else {0, 1}


def inputs(units, states, W, start):
    """start + states W.

    Bits: the rows that are on. Spins: twice the rows that are on, after the start minus all rows.
    Both side by side: every row times its state.
    """
    number = W.dtype.type
    zero = np.zeros(W.shape[1], W.dtype)
    if values(units) == {0, 1}:
        return rows_on(states, W, start)
    if values(units) == {-1, 1}:
        return rows_on(states == 1, number(2) * W, start + added(zero, number(-1) * W))
    total = np.tile(start, (len(states), 1))
    for i in range(len(W)):
        total += states[:, i, None] * W[i]
    return total


def outer(units, states, means):
    """Σ_r states_r means_rᵀ: to a unit's row come the means of the rows in which it is on."""
    return inputs(units, states.T, means, np.zeros(means.shape[1], means.dtype))


def average(weight, rows):
    """Σ_r weight_r rows_r."""
    return added(np.zeros(rows.shape[1], rows.dtype), weight[:, None] * rows)


# --- layers ---------------------------------------------------------------------------------------


def by_parts(units, x, function):
    """`function(part's units, part's columns of x)`, side by side."""
    ends = np.cumsum([columns for _, columns in units])
    return np.hstack([function(u, x[:, e - c : e]) for (u, c), e in zip(units, ends, strict=True)])


def mean(units, x):
    """E[state | input x]."""
    if isinstance(units, list):
        return by_parts(units, x, mean)
    if units == "bernoulli":
        return sigmoid(x)
    return tanh(x) if units == "spin" else softmax(x, units[1])


def draw(units, x, rng):
    """States given the inputs x; one uniform number of the dtype of x a unit, or a site."""
    if isinstance(units, list):
        return by_parts(units, x, lambda part, columns: draw(part, columns, rng))
    if units == "bernoulli":
        return bits(x, rng.random(x.shape, x.dtype))
    if units == "spin":
        return 2 * bits(2 * x, rng.random(x.shape, x.dtype)) - x.dtype.type(1)
    return sites(x, units[1], rng)


def bits(x, noise):
    """1 where the noise is below the sigmoid; not where that is clipped, even at noise 0."""
    return (noise + never(x.dtype) < sigmoid(x)).astype(x.dtype)


def never(dtype):
    """Twice the exponential where it is clipped."""
    return dtype.type(2) * exp(dtype.type(-1000))


def softmax(x, q):
    """exp(x_k − peak) over their sum from the left, in each site of q columns."""
    p = of_sites(x, q)
    return (p / from_the_left(p)[:, None]).reshape(x.shape)


def of_sites(x, q):
    """exp(x_k − peak), a row for each site."""
    x = x.reshape(-1, q)
    return exp(x - x.max(axis=1, keepdims=True))


def from_the_left(p):
    """0 + p_0 + p_1 + … of each row."""
    return added(np.zeros(len(p), p.dtype), p.T)


def sites(x, q, rng):
    """One-hot: the first state at which noise · total − p_0 − p_1 − … falls below 0."""
    noise = rng.random((len(x), x.shape[1] // q), x.dtype).ravel()
    p = of_sites(x, q)
    rest, chosen, found = noise * from_the_left(p), np.zeros(len(p), int), np.zeros(len(p), bool)
    for k in range(q):
        possible = ~found & (p[:, k] > never(x.dtype))
        chosen[possible] = k  # the last one, where rest never falls below 0
        rest[possible] -= p[possible, k]
        found |= possible & (rest < 0)
    return np.eye(q, dtype=x.dtype)[chosen].reshape(x.shape)


# --- machines: (W, a, b, visible units, hidden units) ---------------------------------------------


def hidden_inputs(machine, v):
    W, _, b, visible, _ = machine
    return inputs(visible, v, W, b)


def visible_inputs(machine, h):
    W, a, _, _, hidden = machine
    return inputs(hidden, h, W.T, a)


def gibbs(machine, v, steps, rng):
    """The visible states after a number of steps; an int n starts n chains at inputs of 0."""
    W, _, _, visible, hidden = machine
    if isinstance(v, int):
        v = draw(visible, np.zeros((v, len(W)), W.dtype), rng)
    for _ in range(steps):
        h = draw(hidden, hidden_inputs(machine, v), rng)
        v = draw(visible, visible_inputs(machine, h), rng)
    return v


def statistics(machine, v, weight):
    """⟨v E[h | v]ᵀ⟩, ⟨v⟩ and ⟨E[h | v]⟩ over rows with weights of sum 1."""
    _, _, _, visible, hidden = machine
    means = mean(hidden, hidden_inputs(machine, v))
    return outer(visible, v, weight[:, None] * means), average(weight, v), average(weight, means)


def fit(machine, X, rng, *, k, chains, epochs, size, rate, momentum=0, decay=0, l1=0, weight=None):
    """Train by CD-k (chains=None) or PCD-k and SGD; the parameters W, a, b.

    Weights of rows are divided by the largest, then by their mean.
    """
    *theta, visible, hidden = machine
    dtype, n = theta[0].dtype, len(X)
    number = dtype.type
    theta = [p.copy() for p in theta]
    velocity = [np.zeros_like(p) for p in theta]
    weight = np.ones(n) if weight is None else weight / weight.max()
    weight = weight / weight.mean()
    state = None if chains is None else gibbs(machine, chains, 0, rng)
    for _ in range(epochs):
        order = rng.permutation(n)
        for first in range(0, n, size):
            rows = order[first : first + size]
            v, machine = X[rows].astype(dtype), (*theta, visible, hidden)
            total = weight[rows].sum()
            own = (weight[rows] / (total or 1)).astype(dtype)
            data = statistics(machine, v, own)
            if chains is None:
                model = statistics(machine, gibbs(machine, v, k, rng), own)
            else:
                state = gibbs(machine, state, k, rng)
                model = statistics(machine, state, np.full(chains, 1 / chains, dtype))
            for p, u, d, m in zip(theta, velocity, data, model, strict=True):
                g = number(total / len(rows)) * (d - m)
                if p.ndim == 2 and decay:
                    g = g - number(decay) * p
                if p.ndim == 2 and l1:
                    g = g - number(l1) * np.sign(p)
                step = number(rate) * g
                if momentum:
                    u[:] = step = number(momentum) * u + step
                p += step
    return theta
