"""Exercises of chapter 07, Contrastive divergence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.random import Generator, default_rng

from .engine import Exercise


def _machine(rng: Generator, n_visible: int, n_hidden: int, scale: float = 1.0) -> tuple:
    """Parameters W, a, b of a random machine, in eighths: sums of them are exact."""
    shapes = (n_visible, n_hidden), n_visible, n_hidden
    return tuple(np.round(8 * scale * rng.standard_normal(shape)) / 8 for shape in shapes)


def _states(width: int) -> np.ndarray:
    """All binary states, in the order of ``itertools.product``: 00, 01, 10, 11."""
    return np.array(list(product((0.0, 1.0), repeat=width)))


def _sigmoid(x):
    return np.exp(-np.logaddexp(0, -x))  # stable: no exponential of a large positive number


def _table(inputs, states):
    """Row: inputs of a layer; column: the probability of each of its states."""
    return np.exp(inputs @ states.T - np.logaddexp(0, inputs).sum(axis=1, keepdims=True))


def _transition(W, a, b):
    v, h = _states(len(a)), _states(len(b))
    return _table(v @ W + b, h) @ _table(h @ W.T + a, v)


def _marginal(W, a, b):
    """p(v) of every state."""
    v = _states(len(a))
    log_weight = v @ a + np.logaddexp(0, v @ W + b).sum(axis=1)
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


# -- 07.1 ----------------------------------------------------------------------------------------
def _chain(v, W, a, b, k, rng):
    """The last hidden sample and the visible states after k steps."""
    h = None
    for _ in range(k):
        h = (rng.random((len(v), len(b))) < _sigmoid(v @ W + b)).astype(float)
        v = (rng.random((len(v), len(a))) < _sigmoid(h @ W.T + a)).astype(float)
    return h, v


def _difference(v, h, u, g):
    """(v hᵀ, v, h) minus (u gᵀ, u, g), each averaged over its rows."""
    return (
        v.T @ h / len(v) - u.T @ g / len(u),
        v.mean(axis=0) - u.mean(axis=0),
        h.mean(axis=0) - g.mean(axis=0),
    )


def cd_gradient(v, W, a, b, k, rng):
    """⟨v E[h|v]ᵀ⟩ at the data minus the same after k steps, and likewise for a and b."""
    _, end = _chain(v, W, a, b, k, rng)
    return _difference(v, _sigmoid(v @ W + b), end, _sigmoid(end @ W + b))


def _times(factor):
    return lambda v, W, a, b, k, rng: tuple(
        factor(v) * part for part in cd_gradient(v, W, a, b, k, rng)
    )


def _stale_hidden(v, W, a, b, k, rng):
    h, end = _chain(v, W, a, b, k, rng)
    return _difference(v, _sigmoid(v @ W + b), end, h)


def _sampled_end(v, W, a, b, k, rng):
    _, end = _chain(v, W, a, b, k, rng)
    mean = _sigmoid(end @ W + b)
    h = (rng.random(mean.shape) < mean).astype(float)
    return _difference(v, _sigmoid(v @ W + b), end, h)


def _hidden_of_the_data(v, W, a, b, k, rng):
    _, end = _chain(v, W, a, b, k, rng)
    mean = _sigmoid(v @ W + b)
    return _difference(v, mean, end, mean)


def _mean_field(v, W, a, b, k, rng):
    end = v
    for _ in range(k):
        end = _sigmoid(_sigmoid(end @ W + b) @ W.T + a)
    return _difference(v, _sigmoid(v @ W + b), end, _sigmoid(end @ W + b))


def _means_of_hidden_passed_on(v, W, a, b, k, rng):
    end = v
    for _ in range(k):
        end = (rng.random(v.shape) < _sigmoid(_sigmoid(end @ W + b) @ W.T + a)).astype(float)
    return _difference(v, _sigmoid(v @ W + b), end, _sigmoid(end @ W + b))


def _from_coins(v, W, a, b, k, rng):
    _, end = _chain((rng.random(v.shape) < 0.5).astype(float), W, a, b, k, rng)
    return _difference(v, _sigmoid(v @ W + b), end, _sigmoid(end @ W + b))


def _cd_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, k in [(6, 4, 3, 1), (5, 3, 5, 3), (1, 4, 4, 2), (12, 6, 2, 10)]:
        v = rng.integers(0, 2, (n, n_visible)).astype(float)
        noise = default_rng(int(rng.integers(1000)))
        yield (v, *_machine(rng, n_visible, n_hidden), k, noise)


CD = Exercise(
    name="07.1",
    title="Contrastive divergence for a batch",
    reference=cd_gradient,
    cases=_cd_cases,
    parts=("dW", "da", "db"),
    mistakes={
        "the sign is flipped: data term minus term at the end of the chain, so that the data "
        "becomes likelier.": _times(lambda v: -1),
        "you sum over the batch; divide each term by the number of rows.": _times(len),
        "you take one step only, whatever k is.": lambda v, W, a, b, k, rng: cd_gradient(
            v, W, a, b, 1, rng
        ),
        "you take one step too many.": lambda v, W, a, b, k, rng: cd_gradient(
            v, W, a, b, k + 1, rng
        ),
        "at the end of the chain you use the hidden sample from which v was drawn; it belongs to "
        "the step before. Use E[h | v] at the last v.": _stale_hidden,
        "at the end of the chain you sample h once more: unbiased, but noisier than E[h | v], "
        "which is asked for wherever a statistic is formed.": _sampled_end,
        "the hidden means of the data are used at the end of the chain as well; compute them "
        "again from the last v.": _hidden_of_the_data,
        "nothing is sampled: you pass means back and forth. The chain moves by samples.": (
            _mean_field
        ),
        "you pass E[h | v] on to the visible layer. To move on, the chain needs a sample of h.": (
            _means_of_hidden_passed_on
        ),
        "your chains start at coin flips; contrastive divergence starts them at the data.": (
            _from_coins
        ),
        "the visible bias is missing in the chain.": lambda v, W, a, b, k, rng: cd_gradient(
            v, W, 0 * a, b, k, rng
        ),
        "the hidden bias is missing.": lambda v, W, a, b, k, rng: cd_gradient(
            v, W, a, 0 * b, k, rng
        ),
    },
)


# -- 07.2 ----------------------------------------------------------------------------------------
def _statistics(q, W, a, b):
    v = _states(len(a))
    mean = _sigmoid(v @ W + b)
    return (v.T * q) @ mean, q @ v, q @ mean


def _walk(q, T, k):
    for _ in range(k):
        q = q @ T
    return q


def _minus(x, y):
    return tuple(p - q for p, q in zip(x, y, strict=True))


def expected_gradient(q, W, a, b, k):
    """⟨−∂F⟩ under q minus ⟨−∂F⟩ under q T^k."""
    end = _walk(q, _transition(W, a, b), k)
    return _minus(_statistics(q, W, a, b), _statistics(end, W, a, b))


def _exact(q, W, a, b, k):
    return _minus(_statistics(q, W, a, b), _statistics(_marginal(W, a, b), W, a, b))


def _wrong_side(q, W, a, b, k):
    end = _walk(q, _transition(W, a, b).T, k)
    return _minus(_statistics(q, W, a, b), _statistics(end, W, a, b))


def _from_uniform(q, W, a, b, k):
    end = _walk(np.full(len(q), 1 / len(q)), _transition(W, a, b), k)
    return _minus(_statistics(q, W, a, b), _statistics(end, W, a, b))


def _unweighted_data(q, W, a, b, k):
    support = (q > 0) / (q > 0).sum()
    return expected_gradient(support, W, a, b, k)


def _data(rng: Generator, n_visible: int) -> np.ndarray:
    """A distribution in which some states do not occur, with unequal weights elsewhere."""
    q = rng.integers(0, 4, 2**n_visible).astype(float)
    q[:3] = 0, 1, 3
    return q / q.sum()


def _expected_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, k in [(2, 1, 1), (3, 2, 2), (4, 3, 1), (3, 4, 5)]:
        yield (_data(rng, n_visible), *_machine(rng, n_visible, n_hidden), k)


EXPECTED = Exercise(
    name="07.2",
    title="The mean of CD-k, exactly",
    reference=expected_gradient,
    cases=_expected_cases,
    parts=("dW", "da", "db"),
    mistakes={
        "the sign is flipped: data term minus term after k steps.": lambda q, W, a, b, k: tuple(
            -part for part in expected_gradient(q, W, a, b, k)
        ),
        "you take one step only, whatever k is.": lambda q, W, a, b, k: expected_gradient(
            q, W, a, b, 1
        ),
        "you take one step too many.": lambda q, W, a, b, k: expected_gradient(q, W, a, b, k + 1),
        "this is the exact gradient, with p itself in the second term; CD-k has q T^k there.": (
            _exact
        ),
        "you multiply by T from the wrong side: a distribution is a row, q @ T.": _wrong_side,
        "the chain starts at the uniform distribution; it has to start at q.": _from_uniform,
        "you give all states that occur in the data the same weight; q has their shares.": (
            _unweighted_data
        ),
        "this is the second term alone, after k steps; subtract it from the data term.": (
            lambda q, W, a, b, k: _statistics(_walk(q, _transition(W, a, b), k), W, a, b)
        ),
    },
)


# -- 07.3 ----------------------------------------------------------------------------------------
def _kl(q, p):
    return float(np.sum(q[q > 0] * np.log(q[q > 0] / p[q > 0])))


def contrastive_divergence(q, W, a, b, k):
    """KL(q ‖ p) − KL(q T^k ‖ p)."""
    p = _marginal(W, a, b)
    return _kl(q, p) - _kl(_walk(q, _transition(W, a, b), k), p)


def _zeros_as_infinite(q, W, a, b, k):
    p, end = _marginal(W, a, b), _walk(q, _transition(W, a, b), k)
    with np.errstate(all="ignore"):
        return float(np.sum(q * np.log(q / p)) - np.sum(end * np.log(end / p)))


def _cross_entropies(q, W, a, b, k):
    p = _marginal(W, a, b)
    return float((_walk(q, _transition(W, a, b), k) - q) @ np.log(p))


def _reversed(q, W, a, b, k):
    p, end = _marginal(W, a, b), _walk(q, _transition(W, a, b), k)
    return _kl(p[q > 0], q[q > 0]) - _kl(p, end)


CONTRAST = Exercise(
    name="07.3",
    title="The contrastive divergence",
    reference=contrastive_divergence,
    cases=_expected_cases,
    mistakes={
        "the sign is flipped: the divergence of the data comes first.": lambda q, W, a, b, k: (
            -contrastive_divergence(q, W, a, b, k)
        ),
        "states with q = 0 give 0 · log 0 = NaN; their limit is 0, so leave them out.": (
            _zeros_as_infinite
        ),
        "the entropies are missing: KL(q ‖ p) is Σ q log q − Σ q log p, and Σ q log q differs "
        "between the data and the end of the chain.": _cross_entropies,
        "the arguments of the divergence are exchanged: it is weighted by the first, q or "
        "q T^k, not by p.": _reversed,
        "this is KL(q ‖ p) alone; the divergence after k steps is to be subtracted.": (
            lambda q, W, a, b, k: _kl(q, _marginal(W, a, b))
        ),
        "this is KL(q ‖ q T^k), between the two ends of the chain; both are to be compared with "
        "p.": lambda q, W, a, b, k: _kl(q, _walk(q, _transition(W, a, b), k)),
        "you take one step only, whatever k is.": lambda q, W, a, b, k: contrastive_divergence(
            q, W, a, b, 1
        ),
        "these are bits; with the natural logarithm the unit is the nat.": lambda q, W, a, b, k: (
            contrastive_divergence(q, W, a, b, k) / np.log(2)
        ),
    },
)


# -- 07.4 ----------------------------------------------------------------------------------------
def _search(q, W, a, b, tolerance, size, first=1):
    """The smallest k ≥ first at which `size` of the bias's entries is within the tolerance."""
    T, p, k = _transition(W, a, b), _marginal(W, a, b), first
    now = _walk(q, T, first)
    while k < 100_000:
        bias = _minus(_statistics(now, W, a, b), _statistics(p, W, a, b))
        if size(bias) <= tolerance:
            break
        now, k = now @ T, k + 1
    return k


def _largest(parts):
    return max(np.abs(part).max() for part in parts)


def steps_enough(q, W, a, b, tolerance):
    """Smallest k ≥ 1 with |⟨−∂F⟩_k − ⟨−∂F⟩_∞| ≤ tolerance in every entry."""
    return _search(q, W, a, b, tolerance, _largest)


def _distance_of_distributions(q, W, a, b, tolerance):
    T, p, k = _transition(W, a, b), _marginal(W, a, b), 1
    now = q @ T
    while 0.5 * np.abs(now - p).sum() > tolerance:
        now, k = now @ T, k + 1
    return k


def _enough_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, scale, tolerance in [
        (2, 1, 1, 1e-3),
        (3, 2, 2, 1e-3),
        (4, 3, 1.5, 1e-5),
        (3, 3, 2, 1e-6),
        (2, 2, 0.5, 0.5),
    ]:
        yield (_data(rng, n_visible), *_machine(rng, n_visible, n_hidden, scale), tolerance)
    # The hidden biases' entries are the last to become small.
    W, a = np.array([[0.75], [0.875], [1.375], [-2.375]]), np.array([-1.375, -0.875, -2.375, 3.5])
    q = np.array([0, 1, 3, 2, 3, 0, 3, 3, 0, 1, 2, 0, 2, 2, 3, 3]) / 28
    yield q, W, a, np.array([-1.0]), 1e-3
    # Two valleys, the second deeper: slow.
    yield (_data(rng, 4), np.full((4, 3), 2.0), np.full(4, -2.75), np.full(3, -4.0), 1e-3)


ENOUGH = Exercise(
    name="07.4",
    title="How many steps are enough",
    reference=steps_enough,
    cases=_enough_cases,
    mistakes={
        "you count one step too few: k is the number of times that T was applied.": (
            lambda q, W, a, b, tolerance: steps_enough(q, W, a, b, tolerance) - 1
        ),
        "you count one step too many: the smallest k at which the bias is small enough.": (
            lambda q, W, a, b, tolerance: steps_enough(q, W, a, b, tolerance) + 1
        ),
        "take absolute values: an entry that is too small by a lot is an error too.": (
            lambda q, W, a, b, tolerance: _search(
                q, W, a, b, tolerance, lambda parts: max(part.max() for part in parts)
            )
        ),
        "you look at the weights alone; the biases' entries count as well.": (
            lambda q, W, a, b, tolerance: _search(
                q, W, a, b, tolerance, lambda parts: np.abs(parts[0]).max()
            )
        ),
        "you look at the mean size of the entries; every one has to be within the tolerance.": (
            lambda q, W, a, b, tolerance: _search(
                q, W, a, b, tolerance,
                lambda parts: np.mean(np.abs(np.concatenate([part.ravel() for part in parts]))),
            )
        ),
        "you look at the distance of the distributions. It bounds the bias (7.4), so your k is "
        "enough, but it is not the smallest.": _distance_of_distributions,
        "you compare the Euclidean length of the bias with the tolerance; asked for is the "
        "largest entry.": lambda q, W, a, b, tolerance: _search(
            q, W, a, b, tolerance,
            lambda parts: np.sqrt(sum((part**2).sum() for part in parts)),
        ),
    },
)  # fmt: skip

EXERCISES = [CD, EXPECTED, CONTRAST, ENOUGH]
