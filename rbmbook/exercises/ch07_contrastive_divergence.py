"""Exercises of chapter 07, Contrastive divergence: the estimate."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator, default_rng

from .exercise import Exercise
from .machines import machine_in_eighths


def _sigmoid(x):
    return np.exp(-np.logaddexp(0, -x))  # stable: no exponential of a large positive number


# -- 07.1 ----------------------------------------------------------------------------------------
def _chain(v, W, a, b, k, rng):
    """The last hidden sample and the visible states after k steps."""
    h = None
    for _ in range(k):
        h = (rng.random((len(v), len(b))) < _sigmoid(v @ W + b)).astype(float)
        v = (rng.random((len(v), len(a))) < _sigmoid(h @ W.T + a)).astype(float)
    return h, v


def _difference(weight, v, h, u, g):
    """(v hᵀ, v, h) minus (u gᵀ, u, g), each averaged over its rows with a weight."""
    share = weight / weight.sum()
    return (v.T * share) @ h - (u.T * share) @ g, share @ (v - u), share @ (h - g)


def cd_gradient(v, weight, W, a, b, k, rng):
    """⟨v E[h|v]ᵀ⟩ at the data minus the same after k steps, and likewise for a and b."""
    _, end = _chain(v, W, a, b, k, rng)
    return _difference(weight, v, _sigmoid(v @ W + b), end, _sigmoid(end @ W + b))


def _times(factor):
    return lambda v, weight, W, a, b, k, rng: tuple(
        factor(weight) * part for part in cd_gradient(v, weight, W, a, b, k, rng)
    )


def _unweighted(v, weight, W, a, b, k, rng):
    return cd_gradient(v, np.ones(len(v)), W, a, b, k, rng)


def _data_term_weighted(v, weight, W, a, b, k, rng):
    _, end = _chain(v, W, a, b, k, rng)
    share, mean, mean_end = weight / weight.sum(), _sigmoid(v @ W + b), _sigmoid(end @ W + b)
    return (
        (v.T * share) @ mean - end.T @ mean_end / len(v),
        share @ v - end.mean(axis=0),
        share @ mean - mean_end.mean(axis=0),
    )


def _stale_hidden(v, weight, W, a, b, k, rng):
    h, end = _chain(v, W, a, b, k, rng)
    return _difference(weight, v, _sigmoid(v @ W + b), end, h)


def _sampled_end(v, weight, W, a, b, k, rng):
    _, end = _chain(v, W, a, b, k, rng)
    mean = _sigmoid(end @ W + b)
    h = (rng.random(mean.shape) < mean).astype(float)
    return _difference(weight, v, _sigmoid(v @ W + b), end, h)


def _sampled_start(v, weight, W, a, b, k, rng):
    h, start = None, v
    for step in range(k):
        drawn = (rng.random((len(v), len(b))) < _sigmoid(v @ W + b)).astype(float)
        h = drawn if step == 0 else h
        v = (rng.random(v.shape) < _sigmoid(drawn @ W.T + a)).astype(float)
    return _difference(weight, start, h, v, _sigmoid(v @ W + b))


def _hidden_of_the_data(v, weight, W, a, b, k, rng):
    _, end = _chain(v, W, a, b, k, rng)
    mean = _sigmoid(v @ W + b)
    return _difference(weight, v, mean, end, mean)


def _inputs_for_means(v, weight, W, a, b, k, rng):
    _, end = _chain(v, W, a, b, k, rng)
    return _difference(weight, v, v @ W + b, end, end @ W + b)


def _product_of_means(v, weight, W, a, b, k, rng):
    _, end = _chain(v, W, a, b, k, rng)
    _, da, db = cd_gradient(v, weight, W, a, b, 0, rng)
    share, mean, mean_end = weight / weight.sum(), _sigmoid(v @ W + b), _sigmoid(end @ W + b)
    dW = np.outer(share @ v, share @ mean) - np.outer(share @ end, share @ mean_end)
    return dW, da + share @ (v - end), db + share @ (mean - mean_end)


def _visible_noise_first(v, weight, W, a, b, k, rng):
    end = v
    for _ in range(k):
        noise_v, noise_h = rng.random(v.shape), rng.random((len(v), len(b)))
        h = (noise_h < _sigmoid(end @ W + b)).astype(float)
        end = (noise_v < _sigmoid(h @ W.T + a)).astype(float)
    return _difference(weight, v, _sigmoid(v @ W + b), end, _sigmoid(end @ W + b))


def _restarted(v, weight, W, a, b, k, rng):
    for _ in range(k):
        _, end = _chain(v, W, a, b, 1, rng)
    return _difference(weight, v, _sigmoid(v @ W + b), end, _sigmoid(end @ W + b))


def _mean_field(v, weight, W, a, b, k, rng):
    end = v
    for _ in range(k):
        end = _sigmoid(_sigmoid(end @ W + b) @ W.T + a)
    return _difference(weight, v, _sigmoid(v @ W + b), end, _sigmoid(end @ W + b))


def _means_of_hidden_passed_on(v, weight, W, a, b, k, rng):
    end = v
    for _ in range(k):
        end = (rng.random(v.shape) < _sigmoid(_sigmoid(end @ W + b) @ W.T + a)).astype(float)
    return _difference(weight, v, _sigmoid(v @ W + b), end, _sigmoid(end @ W + b))


def _from_coins(v, weight, W, a, b, k, rng):
    _, end = _chain((rng.random(v.shape) < 0.5).astype(float), W, a, b, k, rng)
    return _difference(weight, v, _sigmoid(v @ W + b), end, _sigmoid(end @ W + b))


def _with(difference, visible=None):
    """Another way to put the two terms together; `visible`: what stands for v at the end."""

    def attempt(v, weight, W, a, b, k, rng):
        h, end = _chain(v, W, a, b, k, rng)
        end = end if visible is None else visible(h, W, a)
        share = weight / weight.sum()
        return difference(share, v, _sigmoid(v @ W + b), end, _sigmoid(end @ W + b))

    return attempt


def _by_rule(rule):
    """A chain in which rule(noise, probability) decides which units are on."""

    def attempt(v, weight, W, a, b, k, rng):
        end = v
        for _ in range(k):
            h = rule(rng.random((len(v), len(b))), _sigmoid(end @ W + b)).astype(float)
            end = rule(rng.random(v.shape), _sigmoid(h @ W.T + a)).astype(float)
        return _difference(weight, v, _sigmoid(v @ W + b), end, _sigmoid(end @ W + b))

    return attempt


def _scaled_data(v, weight, W, a, b, k, rng):
    scaled = v * (weight / weight.mean())[:, None]
    return cd_gradient(scaled, np.ones(len(v)), W, a, b, k, rng)


def _changed(**change):
    """The right answer with some arguments changed: name=function of the old value."""

    def attempt(v, weight, W, a, b, k, rng):
        given = {"W": W, "a": a, "b": b, "k": k}
        given |= {name: function(given[name]) for name, function in change.items()}
        return cd_gradient(v, weight, **given, rng=rng)

    return attempt


def _cd_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, k in [(6, 4, 3, 1), (5, 3, 5, 3), (2, 4, 4, 2), (12, 6, 2, 10)]:
        v = rng.integers(0, 2, (n, n_visible)).astype(float)
        weight = rng.permutation(np.arange(n) % 4 + 0.5)
        noise = default_rng(int(rng.integers(1000)))
        yield (v, weight, *machine_in_eighths(rng, n_visible, n_hidden), k, noise)


CD = Exercise(
    name="07.1",
    title="Contrastive divergence for weighted examples",
    reference=cd_gradient,
    cases=_cd_cases,
    parts=("dW", "da", "db"),
    mistakes={
        "both terms are the same: the chain overwrites the data. Keep v, and let the chain walk on "
        "an array of its own.": _with(lambda s, v, h, u, g: (0 * v.T @ h, 0 * s @ v, 0 * s @ h)),
        "the weights are ignored: every row counts alike.": _unweighted,
        "dW is weighted, da and db are not.": _with(
            lambda s, v, h, u, g: (
                (v.T * s) @ h - (u.T * s) @ g, (v - u).mean(axis=0), (h - g).mean(axis=0)
            )
        ),
        "in dW only the data term is weighted; the chain of row r counts weight[r] as well.": _with(
            lambda s, v, h, u, g: ((v.T * s) @ h - u.T @ g / len(u), s @ (v - u), s @ (h - g))
        ),
        "the weight multiplies the row itself, so it changes what the hidden units see. It belongs "
        "to the average.": _scaled_data,
        "the weights enter squared: each row's share is weight[r] / weight.sum().": (
            lambda v, weight, W, a, b, k, rng: cd_gradient(v, weight**2, W, a, b, k, rng)
        ),
        "the data term is missing: this is minus the term at the end of the chain.": _with(
            lambda s, v, h, u, g: (-(u.T * s) @ g, -s @ u, -s @ g)
        ),
        "this is the data term alone; subtract the same at the end of the chain.": _with(
            lambda s, v, h, u, g: ((v.T * s) @ h, s @ v, s @ h)
        ),
        "at the end of the chain you use visible means; the last v is asked for, a sample.": _with(
            lambda s, v, h, u, g: ((v.T * s) @ h - (u.T * s) @ g, s @ (v - u), s @ (h - g)),
            lambda h, W, a: _sigmoid(h @ W.T + a),
        ),
        "a unit is on where its number is BELOW its probability; yours are on above it.": _by_rule(
            lambda noise, p: noise > p
        ),
        "you round the probabilities; compare them with random numbers instead.": _by_rule(
            lambda noise, p: p > 0.5
        ),
        "only the data term is weighted; the chain of row r counts weight[r] as well.": (
            _data_term_weighted
        ),
        "you divide by the number of rows; divide by the sum of the weights.": _times(
            lambda weight: weight.mean()
        ),
        "the sign is flipped: data term minus term at the end of the chain, so that the data "
        "becomes likelier.": _times(lambda weight: -1),
        "you sum over the batch; divide each term by the sum of the weights.": _times(np.sum),
        "you take one step only, whatever k is.": _changed(k=lambda k: 1),
        "you take one step too many.": _changed(k=lambda k: k + 1),
        "every step starts at the data again; go on from where the last one ended.": _restarted,
        "at the end of the chain you use the hidden sample from which v was drawn; it belongs to "
        "the step before. Use E[h | v] at the last v.": _stale_hidden,
        "at the end of the chain you sample h once more: unbiased, but noisier than E[h | v], "
        "which is asked for wherever a statistic is formed.": _sampled_end,
        "in the data term you use the sampled h; unbiased, but noisier than E[h | v].": (
            _sampled_start
        ),
        "the hidden means of the data are used at the end of the chain as well; compute them "
        "again from the last v.": _hidden_of_the_data,
        "the sigmoid is missing: v W + b is the input, E[h | v] is its sigmoid.": _inputs_for_means,
        "dW is a difference of products of means. It is a mean of products: v_i and E[h_j | v] "
        "of the same row, multiplied before you average.": _product_of_means,
        "nothing is sampled: you pass means back and forth. The chain moves by samples.": (
            _mean_field
        ),
        "you pass E[h | v] on to the visible layer. To move on, the chain needs a sample of h.": (
            _means_of_hidden_passed_on
        ),
        "you draw the visible layer's noise before the hidden layer's; in the documented order "
        "the (n, H) numbers come first.": _visible_noise_first,
        "your chains start at coin flips; contrastive divergence starts them at the data.": (
            _from_coins
        ),
        "the visible bias is missing in the chain.": _changed(a=lambda a: 0 * a),
        "the hidden bias is missing.": _changed(b=lambda b: 0 * b),
    },
)  # fmt: skip

EXERCISES = [CD]
