"""Exercise 04.4: the gradient of shared weights."""

import numpy as np

from ..exercise import exercise


def shared_gradient(G):
    """Gradient of w where W[i, j] = w[(i − j) mod D]: the sum over all places of each w_k."""
    rows = np.arange(len(G))
    return np.array([G[(k + rows) % len(G), rows].sum() for k in rows])


def cases(rng):
    for size in (3, 1, 4, 7):
        yield (rng.standard_normal((size, size)),)


def backwards(G):
    rows = np.arange(len(G))
    return np.array([G[(k - rows) % len(G), rows].sum() for k in rows])


def each(value):
    """value(k) for every k."""
    return lambda G: np.array([value(G, k) for k in range(len(G))])


MISTAKES = {
    "you average over the places where w_k stands. Each place adds its own effect on the "
    "log-likelihood: sum them.": lambda G: shared_gradient(G) / len(G),
    "only one column is used: w_k stands in every column of W, each time in another row.":
        lambda G: G[:, 0],
    "only one row is used: w_k stands in every row of W, each time in another column.":
        lambda G: G[0],
    "only the main diagonal is used, where i = j: that is where w_0 stands. Every w_k has a "
    "diagonal of its own, i − j = k modulo D.": np.diag,
    "every entry is the sum of the main diagonal, the derivative for w_0. The diagonal of w_k is "
    "i − j = k modulo D.": each(lambda G, k: np.trace(G)),
    "you add the diagonals i − j = k and i − j = −k. w_k stands on i − j = k and, modulo D, on "
    "i − j = k − D.": each(lambda G, k: np.trace(G, -k) + np.trace(G, k)),
    "you sum along the rows of G. w_k does not fill a row: it moves one row down from column to "
    "column.": lambda G: G.sum(axis=1),
    "you sum along the columns of G; that is the derivative for a number added to a whole column.":
        lambda G: G.sum(axis=0),
    "the shift runs the wrong way: from i − j = k follows i = k + j.": backwards,
    "the index runs the wrong way: w_k stands where i − j is k, not j − i.":
        lambda G: shared_gradient(G.T),
    "you take only the part of each diagonal that does not wrap around; take i − j modulo D.":
        each(lambda G, k: np.trace(G, -k)),
    "you take the diagonals above the main one, and only the part that does not wrap around; w_k "
    "stands where i − j is k modulo D.": each(np.trace),
}  # fmt: skip

EXERCISE = exercise(__doc__, shared_gradient, cases, MISTAKES)
