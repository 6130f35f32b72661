"""Slow references: every function is one formula of the book, in plain loops.

Nothing here comes from ``rbmbook``, so an error in the package cannot hide in its own reference.
``v`` and ``h`` are single states (1-D), ``V`` is a list or array of states, one row per example.
States are ordered as ``itertools.product((0, 1), repeat=n)`` counts: the last unit fastest.
All arithmetic is in Python floats (float64).
"""

import itertools
import math

import numpy as np

# --- scalar functions ---------------------------------------------------------------------------


def sigmoid(x):
    """σ(x) = 1 / (1 + exp(−x)), with the exponential taken of −|x| so that it never overflows."""
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    return math.exp(x) / (1.0 + math.exp(x))


def softplus(x):
    """log(1 + exp(x)) = max(x, 0) + log(1 + exp(−|x|))."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def log_sum_exp(values):
    """log Σ exp(value), shifted by the largest value."""
    values = list(values)
    largest = max(values)
    return largest + math.log(math.fsum(math.exp(value - largest) for value in values))


def states(n):
    """All 2^n binary states of n units."""
    return list(itertools.product((0, 1), repeat=n))


# --- the model, by enumeration ------------------------------------------------------------------


def energy(W, a, b, v, h):
    """E(v, h) = −Σ_i a_i v_i − Σ_j b_j h_j − Σ_ij v_i W_ij h_j."""
    terms = [float(a[i]) * float(v[i]) for i in range(len(a))]
    terms += [float(b[j]) * float(h[j]) for j in range(len(b))]
    for i in range(len(a)):
        for j in range(len(b)):
            terms.append(float(v[i]) * float(W[i][j]) * float(h[j]))
    return -math.fsum(terms)


def free_energy(W, a, b, v):
    """F(v) = −log Σ_h exp(−E(v, h)), summed over all 2^H hidden states."""
    return -log_sum_exp(-energy(W, a, b, v, h) for h in states(len(b)))


def hidden_free_energy(W, a, b, h):
    """−log Σ_v exp(−E(v, h)), summed over all 2^D visible states."""
    return -log_sum_exp(-energy(W, a, b, v, h) for v in states(len(a)))


def log_partition(W, a, b):
    """log Z = log Σ_v Σ_h exp(−E(v, h)): the double sum, with nothing factorised."""
    pairs = itertools.product(states(len(a)), states(len(b)))
    return log_sum_exp(-energy(W, a, b, v, h) for v, h in pairs)


def joint(W, a, b):
    """p(v, h) = exp(−E(v, h)) / Z as a table of 2^D rows and 2^H columns."""
    log_z = log_partition(W, a, b)
    return np.array(
        [[math.exp(-energy(W, a, b, v, h) - log_z) for h in states(len(b))] for v in states(len(a))]
    )


def probabilities(W, a, b):
    """p(v) = Σ_h p(v, h) for every v."""
    return np.array([math.fsum(row) for row in joint(W, a, b)])


def log_likelihood(W, a, b, V):
    """log p(v) = −F(v) − log Z for every row of V."""
    log_z = log_partition(W, a, b)
    return np.array([-free_energy(W, a, b, v) - log_z for v in V])


def hidden_mean(W, a, b, v):
    """P(h_j = 1 | v) = Σ_{h: h_j = 1} exp(−E(v, h)) / Σ_h exp(−E(v, h))."""
    evidence = -free_energy(W, a, b, v)
    mean = np.zeros(len(b))
    for h in states(len(b)):
        mean += math.exp(-energy(W, a, b, v, h) - evidence) * np.array(h)
    return mean


def visible_mean(W, a, b, h):
    """P(v_i = 1 | h) = Σ_{v: v_i = 1} exp(−E(v, h)) / Σ_v exp(−E(v, h))."""
    evidence = -hidden_free_energy(W, a, b, h)
    mean = np.zeros(len(a))
    for v in states(len(a)):
        mean += math.exp(-energy(W, a, b, v, h) - evidence) * np.array(v)
    return mean


def transition(W, a, b):
    """T(v → v') = Σ_h p(h | v) p(v' | h): one step of block Gibbs, a 2^D × 2^D table."""
    table = joint(W, a, b)
    hidden_given_visible = table / table.sum(axis=1, keepdims=True)
    visible_given_hidden = table / table.sum(axis=0, keepdims=True)
    return hidden_given_visible @ visible_given_hidden.T


def expectations(W, a, b):
    """⟨v hᵀ⟩, ⟨v⟩, ⟨h⟩ under the joint."""
    table = joint(W, a, b)
    vh, v_mean, h_mean = np.zeros((len(a), len(b))), np.zeros(len(a)), np.zeros(len(b))
    for row, v in enumerate(states(len(a))):
        for column, h in enumerate(states(len(b))):
            vh += table[row, column] * np.outer(v, h)
            v_mean += table[row, column] * np.array(v)
            h_mean += table[row, column] * np.array(h)
    return vh, v_mean, h_mean


# --- the likelihood's gradient ------------------------------------------------------------------


def phase(W, a, b, V, weight=None):
    """Weighted means over the rows of V of v E[h | v]ᵀ, v and E[h | v]."""
    weight = np.ones(len(V)) if weight is None else np.asarray(weight, dtype=float)
    vh, v_mean, h_mean = np.zeros((len(a), len(b))), np.zeros(len(a)), np.zeros(len(b))
    for share, v in zip(weight / math.fsum(weight), V, strict=True):
        h = conditional_mean(np.asarray(W).T, b, v)
        vh += share * np.outer(v, h)
        v_mean += share * np.asarray(v, dtype=float)
        h_mean += share * h
    return vh, v_mean, h_mean


def gradient(W, a, b, V, weight=None):
    """Gradient of the mean log-likelihood: ⟨·⟩_data − ⟨·⟩_model, for W, a and b."""
    data, model = phase(W, a, b, V, weight), expectations(W, a, b)
    return tuple(positive - negative for positive, negative in zip(data, model, strict=True))


def finite_difference(function, parameter, step=1e-5):
    """Central differences of ``function()`` in every entry of an array, changed in place."""
    slope = np.zeros(parameter.shape)
    for index in np.ndindex(parameter.shape):
        kept = parameter[index]
        parameter[index] = kept + step
        above = function()
        parameter[index] = kept - step
        below = function()
        parameter[index] = kept
        slope[index] = (above - below) / (2 * step)
    return slope


# --- sampling on given uniforms -----------------------------------------------------------------


def conditional_mean(W, bias, x):
    """σ(bias_k + Σ_i W_ki x_i) for every k: the factorised conditional of one layer."""
    return np.array(
        [
            sigmoid(
                float(bias[k])
                + math.fsum(float(w) * float(y) for w, y in zip(W[k], x, strict=True))
            )
            for k in range(len(bias))
        ]
    )


def sample(mean, noise):
    """x_k = 1 where noise_k < mean_k: a Bernoulli draw from a uniform."""
    return np.array([1.0 if u < p else 0.0 for u, p in zip(noise, mean, strict=True)])


def gibbs_step(W, a, b, V, hidden_noise, visible_noise):
    """v → h → v for every row: the hidden layer is drawn first, each on its own row of noise."""
    following = []
    for v, u_hidden, u_visible in zip(V, hidden_noise, visible_noise, strict=True):
        h = sample(conditional_mean(np.asarray(W).T, b, v), u_hidden)
        following.append(sample(conditional_mean(W, a, h), u_visible))
    return np.array(following)


def gibbs(W, a, b, V, steps, rng, dtype=np.float64):
    """``steps`` block Gibbs steps, noise drawn from ``rng``: hidden (n, H), then visible (n, D)."""
    V = np.asarray(V)
    for _ in range(steps):
        hidden_noise = rng.random((len(V), len(b)), dtype=dtype)
        visible_noise = rng.random((len(V), len(a)), dtype=dtype)
        V = gibbs_step(W, a, b, V, hidden_noise, visible_noise)
    return V


def contrastive_divergence(W, a, b, V, k, rng, weight=None, dtype=np.float64):
    """CD-k: ⟨·⟩ at the data minus ⟨·⟩ after k Gibbs steps, with E[h | v_k] in the second."""
    chains = gibbs(W, a, b, V, k, rng, dtype)
    data, model = phase(W, a, b, V, weight), phase(W, a, b, chains, weight)
    return tuple(positive - negative for positive, negative in zip(data, model, strict=True))


def train(W, a, b, X, k, epochs, batch_size, learning_rate, rng, estimator=None):
    """Plain stochastic gradient ascent by CD-k: a permutation an epoch, then batches in order."""
    estimator = estimator or contrastive_divergence
    W, a, b = (np.array(parameter, dtype=float) for parameter in (W, a, b))
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for first in range(0, len(X), batch_size):
            batch = X[order[first : first + batch_size]]
            step = estimator(W, a, b, batch, k, rng)
            for parameter, direction in zip((W, a, b), step, strict=True):
                parameter += learning_rate * direction
    return W, a, b


def ascend(theta, slope, epochs, rate, momentum=0.0, decay=0.0):
    """u ← momentum·u + rate·(slope − decay·W), θ ← θ + u; ``slope(W, a, b)`` is a gradient."""
    theta = [np.array(parameter, dtype=float) for parameter in theta]
    velocity = [np.zeros(parameter.shape) for parameter in theta]
    for _ in range(epochs):
        steps = list(slope(*theta))
        steps[0] = steps[0] - decay * theta[0]
        for parameter, speed, step in zip(theta, velocity, steps, strict=True):
            speed *= momentum
            speed += rate * step
            parameter += speed
    return theta


def adam(theta, slope, epochs, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """D. P. Kingma and J. Ba, "Adam" (2015), algorithm 1, uphill."""
    theta = [np.array(parameter, dtype=float) for parameter in theta]
    first = [np.zeros(parameter.shape) for parameter in theta]
    second = [np.zeros(parameter.shape) for parameter in theta]
    for t in range(1, epochs + 1):
        for i, step in enumerate(slope(*theta)):
            first[i] = beta1 * first[i] + (1 - beta1) * step
            second[i] = beta2 * second[i] + (1 - beta2) * step**2
            first_hat, second_hat = first[i] / (1 - beta1**t), second[i] / (1 - beta2**t)
            theta[i] = theta[i] + rate * first_hat / (np.sqrt(second_hat) + epsilon)
    return theta


# --- chains -------------------------------------------------------------------------------------


def autocovariance(chains, lag):
    """Mean of (x_t − x̄)(x_{t+lag} − x̄) over all pairs of all chains; x̄ is the common mean."""
    values = [value for chain in chains for value in chain]
    mean = math.fsum(values) / len(values)
    products = [
        (chain[t] - mean) * (chain[t + lag] - mean)
        for chain in chains
        for t in range(len(chain) - lag)
    ]
    return math.fsum(products) / len(products)


def autocorrelation(chains, lag):
    """ρ_lag = autocovariance at the lag over autocovariance at lag 0."""
    return autocovariance(chains, lag) / autocovariance(chains, 0)


def effective_sample_size(chains):
    """N / τ with τ = 1 + 2 Σ_{t ≤ M} ρ_t and the first window M ≥ 5 τ(M): Sokal (1997), 3.3."""
    time, steps = 1.0, len(chains[0])
    for lag in range(1, steps // 2 + 1):
        time += 2 * autocorrelation(chains, lag)
        if lag >= 5 * time:
            break
    return len(chains) * steps / max(time, 1.0)


# --- data ---------------------------------------------------------------------------------------


def bars_and_stripes(side):
    """The 2^(side+1) − 2 distinct images in which every row, or every column, is constant."""
    images = set()
    for pattern in states(side):
        images.add(tuple(bit for bit in pattern for _ in range(side)))
        images.add(tuple(pattern) * side)
    return np.array(sorted(images), dtype=float)
