"""Does a sampler leave the exact distribution alone? One test, shared by every sampler.

The chains start from the enumerated p(v), so after any number of correct steps they are still
independent draws of p(v). With N chains, counts n_s and p̂_s = n_s / N, the squared distance

    Q = N Σ_s (p̂_s − p_s)²

then has mean tr C and variance 2 tr C² + O(1/N), C = diag(p) − p pᵀ. That mean is the Monte Carlo
floor: what a perfect sampler shows. A sampler is rejected when Q lies more than ``SIGMAS`` standard
deviations above it. p̂ − p of a wrong sampler does not shrink with N, so its Q grows like N.
"""

import os

import naive
import numpy as np

SIGMAS = 6.0
# Chains for the package's own samplers: fewer where the kernels run as plain Python. The test stays
# exact, since its limit scales with the number; only its power is less.
CHAINS = 2_000 if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0") else 20_000


def index_of(v):
    """Number of each row of v in the order of ``itertools.product``: the first unit counts most."""
    v = np.asarray(v)
    return (v.astype(np.int64) @ (1 << np.arange(v.shape[1])[::-1])).astype(np.int64)


def floor_and_spread(p):
    """tr C and the square root of 2 tr C²."""
    squares = np.sum(p**2)
    return 1 - squares, np.sqrt(2 * (squares - 2 * np.sum(p**3) + squares**2))


def assert_frequencies(indices, p):
    """The observed state numbers are independent draws from p, up to the Monte Carlo floor."""
    chains = len(indices)
    observed = np.bincount(indices, minlength=len(p)) / chains
    distance = chains * np.sum((observed - p) ** 2)
    floor, spread = floor_and_spread(p)
    limit = floor + SIGMAS * spread
    assert distance < limit, f"distance {distance:.3g} is above {limit:.3g} (floor {floor:.3g})"


def exact_start(theta, chains, seed):
    """Independent draws of p(v), by enumeration."""
    p = naive.probabilities(*theta)
    numbers = np.random.default_rng(seed).choice(len(p), size=chains, p=p / p.sum())
    return np.array(naive.states(len(theta[1])), dtype=float)[numbers], p


def assert_no_drift(sampler, theta, chains=20_000, steps=5, seed=0):
    """``sampler(start, steps, rng)`` keeps p(v) of the machine ⟨W, a, b⟩."""
    start, p = exact_start(theta, chains, seed)
    assert_frequencies(index_of(sampler(start, steps, np.random.default_rng(seed + 1))), p)


def assert_transition(sampler, theta, chains=20_000, steps=1, seed=0):
    """Pairs (start, end) follow p(v) Tˢᵗᵉᵖˢ(v → v'); catches samplers that do not move.

    Staying put, or reusing an old hidden state, leaves p(v) unchanged; only the pair shows it.
    """
    start, p = exact_start(theta, chains, seed)
    expected = p[:, None] * np.linalg.matrix_power(naive.transition(*theta), steps)
    end = sampler(start, steps, np.random.default_rng(seed + 1))
    assert_frequencies(index_of(start) * len(p) + index_of(end), expected.ravel())


def assert_within_error(mean, exact, per_draw_variance, draws):
    """A mean over independent draws is within its standard error of the exact value, everywhere."""
    error = np.sqrt(per_draw_variance / draws)
    z = np.abs(mean - exact) / np.maximum(error, 1e-12)
    assert z.max() < SIGMAS, f"off by {z.max():.3g} standard errors"
