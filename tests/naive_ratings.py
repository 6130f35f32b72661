"""A machine for each user, over the items that the user has rated: by loops and by enumeration.

A row is a dictionary from items to levels; item i with level k is the column q·i + k.
"""

from itertools import product
from math import exp, log

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def columns(row, q):
    return [q * item + level for item, level in sorted(row.items())]


def weight(W, a, b, on, h):
    """e^−E of the units that are there."""
    return exp(sum(a[c] for c in on) + np.dot(b, h) + sum(np.dot(W[c], h) for c in on))


def log_likelihood(W, a, b, row, q):
    """log p(row), from all states of the rated items and of the hidden units."""
    hidden = list(product([0, 1], repeat=len(b)))
    states = [dict(zip(row, levels, strict=True)) for levels in product(range(q), repeat=len(row))]
    z = sum(weight(W, a, b, columns(state, q), h) for state in states for h in hidden)
    return log(sum(weight(W, a, b, columns(row, q), h) for h in hidden) / z)


def answer(W, a, b, row, item, q):
    """p(level of an item | the row's other items), from all states of the hidden units."""
    rest = {i: level for i, level in row.items() if i != item}
    p = [
        sum(
            weight(W, a, b, columns({**rest, item: level}, q), h)
            for h in product([0, 1], repeat=len(b))
        )
        for level in range(q)
    ]
    return np.array(p) / sum(p)


def mean_field_answer(W, a, b, row, item, q):
    """The same with the hidden units' means given the others for states."""
    rest = {i: level for i, level in row.items() if i != item}
    h = sigmoid(b + sum(W[c] for c in columns(rest, q)))
    p = np.exp(a[q * item : q * item + q] + W[q * item : q * item + q] @ h)
    return p / p.sum()


def contrastive_divergence(W, a, b, rows, q, k, weights, noise):
    """Data term minus model term; noise (k, n·H + ratings): hidden units first, then ratings."""
    n, H = len(rows), len(b)
    W_out, a_out, b_out = np.zeros_like(W), np.zeros_like(a), np.zeros_like(b)
    place = n * H
    for r, (row, weight) in enumerate(zip(rows, weights, strict=True)):
        state = columns(row, q)
        for sign in (1, -1):
            mean = sigmoid(b + sum(W[c] for c in state))
            for c in state:
                W_out[c] += sign * weight * mean
                a_out[c] += sign * weight
            b_out += sign * weight * mean
            if sign == 1:
                for step in range(k):
                    u = noise[step, r * H : (r + 1) * H]
                    h = u < sigmoid(b + sum(W[c] for c in state))
                    for i, item in enumerate(sorted(row)):
                        first = q * item
                        p = np.exp(a[first : first + q] + W[first : first + q] @ h)
                        below = noise[step, place + i] > np.cumsum(p / p.sum())
                        state[i] = first + below.sum()
        place += len(row)
    return W_out, a_out, b_out
