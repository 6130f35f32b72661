"""Columns of a table as visible units, and what a machine puts where an entry is missing."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np
from scipy import sparse

from rbmbook import validation
from rbmbook.estimators.rows import BLOCK_NUMBERS, floating
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Bernoulli, Gaussian, Mixed, Unit
from rbmbook.sampling import chains

TOGETHER = BLOCK_NUMBERS // 8  # numbers that are looked at, or drawn, at a time
POOL = 256  # known numbers of a column, from which its missing ones are drawn at first


def binary_columns(X: Any) -> np.ndarray:
    """Which columns have no numbers but 0 and 1, (D,); what is missing (NaN) does not count."""
    found = np.ones(X.shape[1], bool)
    for _, block in _blocks(X):
        found &= ((block == 0) | (block == 1) | np.isnan(block)).all(axis=0)
    return found


def visible_units(binary: np.ndarray) -> Unit:
    """Bernoulli units for binary columns, Gaussian ones with learned precisions for the others."""
    runs = [(unit_of(kind), len(list(run))) for kind, run in groupby(binary.tolist())]
    return Mixed(runs) if len(runs) > 1 else runs[0][0]


def unit_of(binary: bool) -> Unit:
    """The type of a column."""
    return Bernoulli() if binary else Gaussian(learn=True)


def check(X: Any, binary: np.ndarray) -> None:
    """Raise ValueError at what is known and infinite, too large or, if binary, not in [0, 1]."""
    for start, block in _blocks(X):
        known = np.where(np.isnan(block), 0, block)
        validation.domain("X", known, Gaussian(), False, floating(X), first_row=start)
        outside = binary & ((known < 0) | (known > 1))
        if outside.any():
            row, column = np.argwhere(outside)[0]
            raise ValueError(
                f"X: expected a number in [0, 1] in column {column}, where fit saw only 0 and 1, "
                f"got {known[row, column]} at row {start + row}"
            )


class Completed(validation.Rows):
    """Rows with missing entries, NaN, in whose place stand draws of a machine.

    Parameters
    ----------
    X : (n, D) array
        Left as it is.
    rng : Generator
        Draws a first completion: each entry from the known ones of its column.
    """

    def __init__(self, X: np.ndarray, rng: np.random.Generator) -> None:
        self.X, self.shape, self.dtype = X, X.shape, floating(X)
        counts = np.concatenate([np.isnan(block).sum(axis=1) for _, block in _blocks(X)])
        self.ends = np.concatenate([[0], np.cumsum(counts)])
        self.gaps = np.flatnonzero(counts)  # the rows in which something is missing
        self.values = np.empty(self.ends[-1], self.dtype)  # row by row
        pool = self._pool(rng)
        for rows in self._some_gaps():
            columns = np.nonzero(np.isnan(self.X[rows]))[1]
            self.values[self._places(rows)] = pool[rng.integers(POOL, size=len(columns)), columns]

    def __getitem__(self, rows: Any) -> np.ndarray:
        slices = isinstance(rows, slice)
        index = np.arange(*rows.indices(self.shape[0])) if slices else np.asarray(rows)
        x = np.array(self.X[index], self.dtype)
        x[np.isnan(x)] = self.values[self._places(index)]
        return x

    def draw_anew(self, rbm: RBM, rng: np.random.Generator) -> None:
        """One Gibbs step of each row's missing entries, its known ones held fast."""
        for rows in self._some_gaps():
            v = self[rows].astype(rbm.dtype)
            v, _ = chains.steps(rbm, rbm.hidden_inputs(v), 1, rng)
            self.values[self._places(rows)] = v[np.isnan(self.X[rows])]

    def _pool(self, rng: np.random.Generator) -> np.ndarray:
        """(POOL, D) known numbers, drawn from each column; ValueError if there are none."""
        n, columns = self.shape
        some = np.sort(rng.permutation(n)[: 8 * POOL])
        rows = np.asarray(self.X[some])
        pool = np.empty((POOL, columns), self.dtype)
        for j in range(columns):
            known = rows[:, j][~np.isnan(rows[:, j])]
            if not known.size:
                known = self.X[:, j][~np.isnan(self.X[:, j])]
            if not known.size:
                raise ValueError(
                    f"X: expected a known entry in every column, got none in column {j}"
                )
            pool[:, j] = rng.choice(known, POOL)
        return pool

    def _some_gaps(self) -> Iterator[np.ndarray]:
        step = max(1, TOGETHER // self.shape[1])
        for start in range(0, len(self.gaps), step):
            yield self.gaps[start : start + step]

    def _places(self, index: np.ndarray) -> np.ndarray:
        """Where the missing entries of these rows stand in `values`, row by row."""
        first, count = self.ends[index], self.ends[index + 1] - self.ends[index]
        before = np.cumsum(count) - count
        return np.repeat(first - before, count) + np.arange(count.sum())


def expected(
    rbm: RBM, x: np.ndarray, n_chains: int, steps: int, rng: np.random.Generator
) -> np.ndarray:
    """E[v | the known entries of v] of each row, (n, D): an average along Gibbs chains.

    Each row has `n_chains`, of which the second half of the steps counts, as E[v | h]. All rows
    meet the same noise, so that an answer does not depend on the rows beside it.
    """
    n = len(x)
    known = np.repeat(~np.isnan(x), n_chains, axis=0)
    given = np.repeat(np.nan_to_num(x), n_chains, axis=0).astype(rbm.dtype)
    v = np.where(known, given, np.tile(chains.at_random(rbm, n_chains, rng), (n, 1)))
    total = np.zeros(v.shape)

    def noise(unit: Unit, columns: int) -> np.ndarray:
        drawn = unit.noise((n_chains, columns), rng, rbm.dtype)
        return np.tile(drawn, (n, *(1,) * (drawn.ndim - 1)))

    for step in range(steps):
        h = rbm.hidden.sample(rbm.hidden_inputs(v), noise(rbm.hidden, rbm.n_hidden))
        inputs = rbm.visible_inputs(h)
        if step >= steps // 2:
            total += rbm.visible.mean(inputs)
        v = rbm.visible.sample(inputs, noise(rbm.visible, rbm.n_visible))
        v = np.where(known, given, v)
    return total.reshape(n, n_chains, -1).mean(axis=1) / (steps - steps // 2)


def _blocks(X: Any) -> Iterator[tuple[int, np.ndarray]]:
    """Blocks of rows, and the number of the first of each."""
    step = max(1, TOGETHER // X.shape[1])
    for start in range(0, X.shape[0], step):
        rows = X[start : start + step]
        yield start, rows.toarray() if sparse.issparse(rows) else np.asarray(rows)
