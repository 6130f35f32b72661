"""Slow references for deep models: every path of states, in plain loops, as in ``naive.py``.

Nothing here comes from ``rbmbook``.
"""

import itertools
import math

import naive
import numpy as np

# --- deep belief networks -----------------------------------------------------------------------
# `machines` is a list of (W, a, b) from the bottom up. `ups` holds one (W, b) for each machine but
# the top one: the way up, which has the machines' own W and b unless it is untied.


def ups_of(machines):
    """The tied way up."""
    return [(W, b) for W, _, b in machines[:-1]]


def inputs_up(W, b, x):
    """b_j + Σ_i x_i W_ij."""
    return [
        float(b[j]) + math.fsum(float(x[i]) * float(W[i][j]) for i in range(len(x)))
        for j in range(len(b))
    ]


def inputs_down(W, a, h):
    """a_i + Σ_j W_ij h_j."""
    return [
        float(a[i]) + math.fsum(float(W[i][j]) * float(h[j]) for j in range(len(h)))
        for i in range(len(a))
    ]


def log_bernoulli(inputs, x):
    """log Π_i σ(input_i)^x_i (1 − σ(input_i))^(1 − x_i)."""
    terms = (-naive.softplus(-z if s else z) for z, s in zip(inputs, x, strict=True))
    return math.fsum(terms)


def dbn_paths(machines):
    """All states of x¹, …, xᴸ⁻¹ together."""
    return itertools.product(*(naive.states(len(b)) for _, _, b in machines[:-1]))


def dbn_log_joint(machines, v, path, log_z):
    """log p(v | x¹) + log p(x¹ | x²) + … + log p_top(xᴸ⁻¹)."""
    layers = [v, *path]
    total = -naive.free_energy(*machines[-1], layers[-1]) - log_z
    for (W, a, _), below, above in zip(machines[:-1], layers[:-1], layers[1:], strict=True):
        total += log_bernoulli(inputs_down(W, a, above), below)
    return total


def dbn_log_q(ups, v, path):
    """log q(x¹ | v) + log q(x² | x¹) + …"""
    layers = [v, *path]
    return math.fsum(
        log_bernoulli(inputs_up(W, b, below), above)
        for (W, b), below, above in zip(ups, layers[:-1], layers[1:], strict=True)
    )


def dbn_log_likelihood(machines, V):
    """log p(v) = log Σ over all paths of p(v, path), for every row of V."""
    log_z = naive.log_partition(*machines[-1])
    return np.array(
        [
            naive.log_sum_exp(dbn_log_joint(machines, v, p, log_z) for p in dbn_paths(machines))
            for v in V
        ]
    )


def dbn_bound(machines, ups, V):
    """Σ over all paths of q(path | v) [log p(v, path) − log q(path | v)], for every row of V."""
    log_z = naive.log_partition(*machines[-1])
    values = []
    for v in V:
        terms = []
        for path in dbn_paths(machines):
            log_q = dbn_log_q(ups, v, path)
            terms.append(math.exp(log_q) * (dbn_log_joint(machines, v, path, log_z) - log_q))
        values.append(math.fsum(terms))
    return np.array(values)


def arrow_down(W, a):
    """p(x | h) as a table: one row per state h, one column per state x."""
    return np.array(
        [
            [math.exp(log_bernoulli(inputs_down(W, a, h), x)) for x in naive.states(len(a))]
            for h in naive.states(np.shape(W)[1])
        ]
    )


def arrow_up(W, b):
    """q(h | x) as a table: one row per state x, one column per state h."""
    return np.array(
        [
            [math.exp(log_bernoulli(inputs_up(W, b, x), h)) for h in naive.states(len(b))]
            for x in naive.states(len(W))
        ]
    )


def bernoulli_sample(inputs, noise):
    """1 where noise < σ(input)."""
    return np.array([float(u < naive.sigmoid(z)) for z, u in zip(inputs, noise, strict=True)])


def up_down_update(machines, ups, V, noise_up, noise_top, noise_down, rate, start=None):
    """One step of contrastive wake-sleep on the rows of V; the new (machines, ups).

    Noise: of the way up, (n, width) for each layer from x¹; of the top machine's Gibbs steps, a
    pair ((n, H), (n, D)) for each; of the way down, (n, width) for each layer from xᴸ⁻² to v.
    `start` are the states of persistent chains, which otherwise start at the states xᴸ⁻¹.
    Returned is also where the chains end.
    """
    depth, n = len(machines) - 1, len(V)
    step_down = [(np.zeros_like(W), np.zeros_like(a)) for W, a, _ in machines[:-1]]
    step_up = [(np.zeros_like(W), np.zeros_like(b)) for W, b in ups]
    top = tuple(np.zeros_like(p) for p in machines[-1])
    wakes = []
    for row in range(n):
        states = [np.asarray(V[row], dtype=float)]
        for (W, b), noise in zip(ups, noise_up, strict=True):
            states.append(bernoulli_sample(inputs_up(W, b, states[-1]), noise[row]))
        wakes.append(states)
        for layer in range(depth):
            W, a, _ = machines[layer]
            x, h = states[layer], states[layer + 1]
            error = x - np.array([naive.sigmoid(z) for z in inputs_down(W, a, h)])
            step_down[layer][0][:] += np.outer(error, h) / n
            step_down[layer][1][:] += error / n
    W, a, b = machines[-1]
    _add_top(top, machines[-1], [states[-1] for states in wakes], 1)
    chains = [states[-1] for states in wakes] if start is None else [x.copy() for x in start]
    for noise_h, noise_v in noise_top:
        for row in range(len(chains)):
            h = bernoulli_sample(inputs_up(W, b, chains[row]), noise_h[row])
            chains[row] = bernoulli_sample(inputs_down(W, a, h), noise_v[row])
    _add_top(top, machines[-1], chains, -1)
    for row, dream in enumerate(chains):
        states = [dream]
        for layer, noise in zip(reversed(range(depth)), noise_down, strict=True):
            W, a, _ = machines[layer]
            states.append(bernoulli_sample(inputs_down(W, a, states[-1]), noise[row]))
        states = states[::-1]
        for layer in range(depth):
            W, b = ups[layer]
            x, h = states[layer], states[layer + 1]
            error = h - np.array([naive.sigmoid(z) for z in inputs_up(W, b, x)])
            step_up[layer][0][:] += np.outer(x, error) / len(chains)
            step_up[layer][1][:] += error / len(chains)
    new_ups = [
        (W + rate * dW, b + rate * db) for (W, b), (dW, db) in zip(ups, step_up, strict=True)
    ]
    new = [
        (W + rate * dW, a + rate * da, up[1])
        for (W, a, _), (dW, da), up in zip(machines[:-1], step_down, new_ups, strict=True)
    ]
    new.append(tuple(p + rate * d for p, d in zip(machines[-1], top, strict=True)))
    return new, new_ups, chains


def _add_top(total, machine, states, sign):
    """Add sign · the mean over the states of v E[h | v]ᵀ, v, E[h | v]."""
    W, _, b = machine
    for v in states:
        mean = np.array([naive.sigmoid(z) for z in inputs_up(W, b, v)])
        for part, statistic in zip(total, (np.outer(v, mean), v, mean), strict=True):
            part += sign * statistic / len(states)


# --- deep Boltzmann machines --------------------------------------------------------------------
# `weights` holds W_l (n_l, n_{l+1}) and `biases` b_l (n_l,); layer 0 is visible.


def dbm_energy(weights, biases, layers):
    """−Σ_l b_lᵀ x_l − Σ_l x_lᵀ W_l x_{l+1} of one state."""
    total = 0.0
    for b, x in zip(biases, layers, strict=True):
        total -= math.fsum(float(b[i]) * float(x[i]) for i in range(len(x)))
    for W, x, y in zip(weights, layers[:-1], layers[1:], strict=True):
        for i in range(len(x)):
            total -= math.fsum(float(x[i]) * float(W[i][j]) * float(y[j]) for j in range(len(y)))
    return total


def dbm_free_energy(weights, biases, v):
    """−log of the sum of exp(−E) over all hidden states together."""
    paths = itertools.product(*(naive.states(len(b)) for b in biases[1:]))
    return -naive.log_sum_exp([-dbm_energy(weights, biases, [v, *path]) for path in paths])


def dbm_log_partition(weights, biases):
    """log Z, over the states of all layers."""
    visible = naive.states(len(biases[0]))
    return naive.log_sum_exp([-dbm_free_energy(weights, biases, v) for v in visible])


def dbm_inputs(weights, biases, layers, k):
    """What layer k hears from below and from above."""
    z = np.array(biases[k], dtype=float)
    for j in range(len(z)):
        if k > 0:
            z[j] += math.fsum(
                layers[k - 1][i] * weights[k - 1][i][j] for i in range(len(weights[k - 1]))
            )
        if k + 1 < len(biases):
            z[j] += math.fsum(
                layers[k + 1][i] * weights[k][j][i] for i in range(len(layers[k + 1]))
            )
    return z


def dbm_mean_field(weights, biases, v, sweeps):
    """[v, m_1, …] after a doubled pass up and a number of sweeps: odd layers, then even ones."""
    layers = [np.asarray(v, dtype=float)]
    for k in range(1, len(biases)):
        twice = 2 if k + 1 < len(biases) else 1
        z = np.array(biases[k]) + twice * (layers[-1] @ weights[k - 1])
        layers.append(np.array([naive.sigmoid(x) for x in z]))
    for _ in range(sweeps):
        for first in (1, 2):
            for k in range(first, len(biases), 2):
                z = dbm_inputs(weights, biases, layers, k)
                layers[k] = np.array([naive.sigmoid(x) for x in z])
    return layers


def dbm_bound(weights, biases, layers, log_z):
    """−E(v, m) + H(q) − log Z at the given means [v, m_1, …]."""
    entropy = 0.0
    for m in layers[1:]:
        for p in m:
            entropy -= sum(q * math.log(q) for q in (float(p), 1 - float(p)) if q > 0)
    return -dbm_energy(weights, biases, layers) + entropy - log_z


def dbm_sample(weights, biases, layers, parity, noise):
    """Draw the layers of one parity, with one row of noise for all of them beside each other."""
    start = 0
    for k in range(parity, len(biases), 2):
        u = noise[start : start + len(biases[k])]
        layers[k] = bernoulli_sample(dbm_inputs(weights, biases, layers, k), u)
        start += len(biases[k])


def dbm_odd_means(weights, biases, layers):
    """The layers with the odd ones at their means given the even ones."""
    found = list(layers)
    for k in range(1, len(biases), 2):
        z = dbm_inputs(weights, biases, layers, k)
        found[k] = np.array([naive.sigmoid(x) for x in z])
    return found


def dbm_statistics(rows):
    """Means over the rows of x_l x_{l+1}ᵀ and of x_l."""
    pairs = len(rows[0]) - 1
    W = [np.mean([np.outer(x[k], x[k + 1]) for x in rows], axis=0) for k in range(pairs)]
    return W, [np.mean([x[k] for x in rows], axis=0) for k in range(pairs + 1)]


def dbm_update(weights, biases, V, start, noise, sweeps, rate, centered=False):
    """One step of stochastic maximum likelihood on the rows of V; the new (weights, biases).

    `start` holds uniform numbers for the chains' even layers, `noise` for each Gibbs step a pair:
    of the odd layers, of the even layers.
    """
    data = [dbm_odd_means(weights, biases, dbm_mean_field(weights, biases, v, sweeps)) for v in V]
    chains = []
    for row in range(len(start)):
        layers, at = [np.zeros(len(b)) for b in biases], 0
        for k in range(0, len(biases), 2):
            layers[k] = (start[row][at : at + len(biases[k])] < 0.5).astype(float)
            at += len(biases[k])
        for odd, even in noise:
            dbm_sample(weights, biases, layers, 1, odd[row])
            dbm_sample(weights, biases, layers, 0, even[row])
        chains.append(dbm_odd_means(weights, biases, layers))
    (W_data, b_data), (W_model, b_model) = dbm_statistics(data), dbm_statistics(chains)
    dW = [d - m for d, m in zip(W_data, W_model, strict=True)]
    db = [d - m for d, m in zip(b_data, b_model, strict=True)]
    if centered:  # at the batch's means, as in the first update
        for k in range(len(dW)):
            dW[k] -= np.outer(b_data[k], db[k + 1]) + np.outer(db[k], b_data[k + 1])
        for k in range(len(dW)):
            db[k] = db[k] - dW[k] @ b_data[k + 1]
            db[k + 1] = db[k + 1] - b_data[k] @ dW[k]
    new_weights = [W + rate * g for W, g in zip(weights, dW, strict=True)]
    return new_weights, [b + rate * g for b, g in zip(biases, db, strict=True)]


def doubled_update(W, below, above, V, noise, rate, up, down, centered=False):
    """One step of contrastive divergence in which inputs upwards and downwards are multiplied.

    Centred, with inputs of x minus its mean, at the batch's means, as in the first update.
    """
    dW, da, db = np.zeros_like(W), np.zeros_like(below), np.zeros_like(above)
    firsts = np.array([[naive.sigmoid(z) for z in up * (v @ W) + above] for v in V])
    mu, lam = (V.mean(axis=0), firsts.mean(axis=0)) if centered else (0 * below, 0 * above)
    for row, v in enumerate(V):
        first = firsts[row]
        x, mean = v, first
        for noise_h, noise_v in noise:
            h = bernoulli_sample(up * (x @ W) + above, noise_h[row])
            x = bernoulli_sample(down * (W @ h) + below, noise_v[row])
            mean = np.array([naive.sigmoid(z) for z in up * (x @ W) + above])
        dW += (np.outer(v - mu, first - lam) - np.outer(x - mu, mean - lam)) / len(V)
        da += (v - x) / len(V)
        db += (first - mean) / len(V)
    # what is kept and moved are the biases of centred inputs, below + down W λ and above + up μ W
    new = W + rate * dW
    below = below + down * (W @ lam) + rate * da - down * (new @ lam)
    return new, below, above + up * (mu @ W) + rate * db - up * (mu @ new)
