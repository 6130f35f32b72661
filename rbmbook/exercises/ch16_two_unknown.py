"""Exercises of chapter 16, RBMs at work: two unknown sites at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise
from .machines import random_machine


# -- 16.4 ----------------------------------------------------------------------------------------
def _block(x, site, q):
    return x[site * q : (site + 1) * q]


def _emptied(v, sites, q):
    v = v.copy()
    for site in sites:
        v[:, site * q : (site + 1) * q] = 0
    return v


def _scores(W, a, b, v, r, t, q):
    """−F up to a constant in each row, for every pair of states: (n, q, q)."""
    inputs = b + v @ W
    pairs = _block(W, r, q)[:, None, :] + _block(W, t, q)
    biases = _block(a, r, q)[:, None] + _block(a, t, q)
    return biases + np.logaddexp(0, inputs[:, None, None, :] + pairs).sum(axis=-1)


def _normalised(scores, axes=(1, 2)):
    factor = np.exp(scores - scores.max(axis=axes, keepdims=True))
    return factor / factor.sum(axis=axes, keepdims=True)


def two_unknown(W, a, b, v, r, t, q):
    """The softmax over all pairs of states of −F with these states filled in."""
    return _normalised(_scores(W, a, b, _emptied(v, (r, t), q), r, t, q))


def _product_of_margins(W, a, b, v, r, t, q):
    p = two_unknown(W, a, b, v, r, t, q)
    return p.sum(axis=2)[:, :, None] * p.sum(axis=1)[:, None, :]


def _one_at_a_time(W, a, b, v, r, t, q):
    """Each site by itself as in (16.1), the other left as it is written, multiplied."""
    alone = []
    for site in (r, t):
        inputs = b + _emptied(v, (site,), q) @ W
        scores = _block(a, site, q) + np.logaddexp(0, inputs[:, None, :] + _block(W, site, q)).sum(
            axis=-1
        )
        alone.append(_normalised(scores, axes=(1,)))
    return alone[0][:, :, None] * alone[1][:, None, :]


def _both_left_out(W, a, b, v, r, t, q):
    """Each site by itself, the other one empty, multiplied."""
    return _one_at_a_time(W, a, b, _emptied(v, (r, t), q), r, t, q)


def _mean_field(W, a, b, v, r, t, q):
    h = 0.5 * (1 + np.tanh((_emptied(v, (r, t), q) @ W + b) / 2))
    x = h @ W.T + a
    one = [_normalised(x[:, site * q : (site + 1) * q], axes=(1,)) for site in (r, t)]
    return one[0][:, :, None] * one[1][:, None, :]


def _from_column(W, a, b, v, r, t, q):
    """Site number r taken to begin at column r."""
    v = v.copy()
    v[:, r : r + q] = v[:, t : t + q] = 0
    pairs = W[r : r + q, None, :] + W[t : t + q]
    biases = a[r : r + q, None] + a[t : t + q]
    scores = biases + np.logaddexp(0, (v @ W + b)[:, None, None, :] + pairs).sum(axis=-1)
    return _normalised(scores)


def _pair_cases(rng: Generator) -> Iterator[tuple]:
    for n, sites, q, H, r, t in [(1, 2, 2, 1, 0, 1), (3, 3, 3, 2, 2, 0), (4, 4, 2, 3, 1, 3)]:
        W, a, b = random_machine(rng, sites * q, H, scale=1.5)
        v = np.eye(q)[rng.integers(q, size=(n, sites))].reshape(n, sites * q)
        yield W, a, b, v, r, t, q
    W, a, b = random_machine(rng, 9, 2, scale=400.0)
    v = np.eye(3)[rng.integers(3, size=(2, 3))].reshape(2, 9)
    yield W, a, b, v, 0, 2, 3


TWO = Exercise(
    name="16.4",
    title="Two unknown sites",
    reference=two_unknown,
    cases=_pair_cases,
    mistakes={
        "the two sites are exchanged: the state of `r` runs along axis 1, that of `t` along "
        "axis 2.": lambda W, a, b, v, r, t, q: two_unknown(W, a, b, v, t, r, q),
        "the sign is flipped: a state with a lower free energy is more probable.": (
            lambda W, a, b, v, r, t, q: _normalised(
                -_scores(W, a, b, _emptied(v, (r, t), q), r, t, q)
            )
        ),
        "what is written at the two sites still enters: empty them before you fill in a pair.": (
            lambda W, a, b, v, r, t, q: _normalised(_scores(W, a, b, v, r, t, q))
        ),
        "site `r` still has what is written there: empty both sites.": (
            lambda W, a, b, v, r, t, q: _normalised(_scores(W, a, b, _emptied(v, (t,), q), r, t, q))
        ),
        "site `t` still has what is written there: empty both sites.": (
            lambda W, a, b, v, r, t, q: _normalised(_scores(W, a, b, _emptied(v, (r,), q), r, t, q))
        ),
        "this is the product of the two margins. Through the hidden units the two sites know of "
        "each other: fill in pairs.": _product_of_margins,
        "each site is taken by itself, with the other as it is written. Both are unknown.": (
            _one_at_a_time
        ),
        "each site is taken by itself, with the other one left out. The pair shares the hidden "
        "units: one softplus for the inputs of both.": _both_left_out,
        "you go up with means and down again. A mean of h is not h: sum the hidden units out, "
        "with a softplus.": _mean_field,
        "site number r takes the columns from r·q on, not from r on.": _from_column,
        "the visible biases of the two sites are missing.": (
            lambda W, a, b, v, r, t, q: two_unknown(W, 0 * a, b, v, r, t, q)
        ),
        "the visible biases of site `t` are missing.": (
            lambda W, a, b, v, r, t, q: _normalised(
                _scores(W, a, b, _emptied(v, (r, t), q), r, t, q) - _block(a, t, q)
            )
        ),
        "the inputs of the hidden units are summed without a softplus: sum each unit out.": (
            lambda W, a, b, v, r, t, q: _both_left_out(0 * W, a + W.sum(axis=1), b, v, r, t, q)
        ),
        "the hidden biases are missing.": (
            lambda W, a, b, v, r, t, q: two_unknown(W, a, 0 * b, v, r, t, q)
        ),
        "the known sites do not enter: what is written there belongs to the inputs.": (
            lambda W, a, b, v, r, t, q: two_unknown(W, a, b, 0 * v, r, t, q)
        ),
        "you normalise along axis 2 alone: that is p(t | r). The pairs of a row sum to 1.": (
            lambda W, a, b, v, r, t, q: _normalised(
                _scores(W, a, b, _emptied(v, (r, t), q), r, t, q), axes=(2,)
            )
        ),
        "you normalise along axis 1 alone: that is p(r | t). The pairs of a row sum to 1.": (
            lambda W, a, b, v, r, t, q: _normalised(
                _scores(W, a, b, _emptied(v, (r, t), q), r, t, q), axes=(1,)
            )
        ),
        "you normalise over the rows as well: each row by itself sums to 1.": (
            lambda W, a, b, v, r, t, q: _normalised(
                _scores(W, a, b, _emptied(v, (r, t), q), r, t, q), axes=(0, 1, 2)
            )
        ),
        "these are not normalised: divide by the sum over all pairs of states.": (
            lambda W, a, b, v, r, t, q: np.exp(_scores(W, a, b, _emptied(v, (r, t), q), r, t, q))
        ),
        "these are the scores, −F up to a constant; their softmax over the pairs is asked for.": (
            lambda W, a, b, v, r, t, q: _scores(W, a, b, _emptied(v, (r, t), q), r, t, q)
        ),
    },
)

EXERCISES = [TWO]
