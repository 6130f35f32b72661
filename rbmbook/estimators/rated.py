"""Ratings in a matrix, of which most are missing, and as the sites of a machine."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

MOST_RATINGS = 100  # different ones; of more, somebody has forgotten to round


class Rated(NamedTuple):
    """Ratings user by user: a user has those from the end of the one before."""

    ends: np.ndarray
    items: np.ndarray
    values: np.ndarray
    shape: tuple[int, int]


def rated(X: Any) -> Rated:
    """The ratings in a matrix, by user and item: what is not NaN, in a sparse matrix neither 0."""
    if sparse.issparse(X):
        found = X.tocsr(copy=True)
        count = found.nnz
        found.sum_duplicates()
        if found.nnz != count:
            raise ValueError("X: expected one rating of an item by a user, got several")
        found = found.tocoo()
        known = (found.data != 0) & ~np.isnan(found.data)
        user, item, values = found.row[known], found.col[known], found.data[known]
    else:
        user, item = np.nonzero(~np.isnan(X))
        values = X[user, item]
    ends = np.concatenate([[0], np.cumsum(np.bincount(user, minlength=X.shape[0]))])
    return Rated(ends, item.astype(np.int64), values.astype(np.float64), X.shape)


def different(name: str, values: np.ndarray) -> np.ndarray:
    """Ratings that rise, as float64."""
    values = values.astype(np.float64)
    good = values.ndim == 1 and np.isfinite(values).all() and (np.diff(values) > 0).all()
    if not good or not 2 <= len(values) <= MOST_RATINGS:
        raise ValueError(
            f"{name}: expected 2 to {MOST_RATINGS} different ratings, rising, got "
            f"{np.array2string(values, threshold=8)}"
        )
    return values


def one_hot(name: str, found: Rated, levels: np.ndarray, dtype: np.dtype) -> Any:
    """Ratings as softmax sites: a CSR matrix of ones, (n_users, q·n_items); none, no one.

    Raises ValueError at a rating that is not among the q levels.
    """
    q = len(levels)
    level = np.searchsorted(levels, found.values).clip(max=q - 1)
    unknown = np.flatnonzero(levels[level] != found.values)
    if len(unknown):
        at = unknown[0]
        row = np.searchsorted(found.ends, at, side="right") - 1
        raise ValueError(
            f"{name}: expected ratings among {levels}, got {found.values[at]} at row {row}, "
            f"column {found.items[at]}"
        )
    shape = found.shape[0], q * found.shape[1]
    ones = np.ones(len(level), dtype)
    return sparse.csr_array((ones, q * found.items + level, found.ends), shape)


def log_shares(counts: np.ndarray) -> np.ndarray:
    """The logarithms of each item's shares of its ratings, (n_items, q).

    They are smoothed by q more ratings for each item, with the shares of all items, so that one
    that nobody has rated counts as average.
    """
    q = counts.shape[1]
    share = (counts.sum(axis=0) + 1) / (counts.sum() + q)
    return np.log((counts + q * share) / (counts.sum(axis=1, keepdims=True) + q))


def best_unrated(expected: np.ndarray, X: Any, q: int, n_items: int) -> np.ndarray:
    """The items with the highest expected ratings that are not among those in X; −1 for none."""
    user = np.repeat(np.arange(len(expected)), np.diff(X.indptr))
    expected[user, X.indices // q] = -np.inf
    best = np.argsort(-expected, axis=1, kind="stable")[:, :n_items]
    return np.where(np.isinf(np.take_along_axis(expected, best, axis=1)), -1, best)
