"""Small data sets such as users bring: (train, held out), each a Dataset of rows X and labels y."""

from collections.abc import Callable
from functools import partial

import numpy as np

import rbmbook as rb
from rbmbook.data import Dataset

Pair = tuple[Dataset, Dataset]


def digits(seed: int, rows: int = 1300, grey: bool = False) -> Pair:
    """8 × 8 digits; labels are the digits. The held-out rows are never among the first 1,300."""
    train, held_out = rb.data.split(rb.data.digits(None if grey else 0.5), 1300, rng=seed)
    return Dataset(train.X[:rows], train.y[:rows]), held_out


def patterns(seed: int, share: float = 0.5, rows: int = 100) -> Pair:
    """Ten bits that are all 0 or all 1; `share` of the rows are 1, in both pieces exactly."""
    y = (np.arange(rows) < share * rows).astype(int)
    train = np.random.default_rng(seed).permutation(y)
    return tuple(Dataset(np.repeat(labels[:, None], 10, axis=1), labels) for labels in (train, y))


def words(seed: int, columns: int = 1000, topics: int = 5) -> Pair:
    """900 short texts of one topic each: every topic has 50 words of its own, some 1.7 % are 1."""
    rng = np.random.default_rng(seed)
    rates = np.full((topics, columns), 5 / columns)
    for topic, own in enumerate(rng.permutation(columns)[: 50 * topics].reshape(topics, 50)):
        rates[topic, own] = 0.25
    y = rng.integers(topics, size=900)
    return _cut((rng.random((900, columns)) < rates[y]).astype(np.float32), y)


def wide(seed: int) -> Pair:
    """500 columns, noisy copies (one in ten flipped) of eight hidden bits; y is one of the bits."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(2, size=(900, 8))
    X = bits[:, rng.integers(8, size=500)] ^ (rng.random((900, 500)) < 0.1)
    return _cut(X.astype(np.float32), bits[:, 0])


def clouds(seed: int, columns: int = 2) -> Pair:
    """Two round clouds of standard deviation 1, ten apart, away from the origin."""
    rng = np.random.default_rng(seed)
    way = rng.normal(size=columns)
    y = rng.integers(2, size=900)
    return _cut(
        4 + 10 * y[:, None] * way / np.linalg.norm(way) + rng.normal(size=(900, columns)), y
    )


def constant(seed: int) -> Pair:
    """The clouds in three columns, and a fourth that is always 3.7."""
    return tuple(
        Dataset(np.insert(part.X, 3, 3.7, axis=1), part.y) for part in clouds(seed, columns=3)
    )


def sensors(seed: int, states: bool = True) -> Pair:
    """Three correlated sensors in units of their own: means 2000, −3, 1e-4, sds 10, 1e-3, 500.

    With `states` the machine that they watch is in one of two states (y); otherwise all is normal.
    """
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=900)
    common = 2 * y - 1 if states else rng.normal(size=900)
    z = np.sqrt(0.8) * common[:, None] + np.sqrt(0.2) * rng.normal(size=(900, 3))
    return _cut(np.array([2000, -3, 1e-4]) + np.array([10, 1e-3, 500]) * z, y)


def unscaled(
    seed: int,
    mean: float = 0.0,
    sd: float = 1.0,
    columns: int = 4,
    factors: int = 1,
    rows: int = 600,
) -> Pair:
    """Columns with this mean and sd, four fifths of whose variance comes from a few factors."""
    rng = np.random.default_rng(seed)
    loadings = rng.normal(size=(factors, columns))
    loadings *= np.sqrt(0.8) / np.linalg.norm(loadings, axis=0)
    common = rng.normal(size=(900, factors))
    z = common @ loadings + np.sqrt(0.2) * rng.normal(size=(900, columns))
    train, test = _cut(mean + sd * z, common[:, 0] > 0)
    return Dataset(train.X[:rows], train.y[:rows]), test


def mixed(seed: int) -> Pair:
    """Two sensors that go together, 1e5 ± 1e3 and 0 ± 1e-6, and one that is always 3.7."""
    return tuple(
        Dataset(
            np.insert(np.array([1e5, 0]) + np.array([1e3, 1e-6]) * part.X, 2, 3.7, axis=1), part.y
        )
        for part in unscaled(seed, columns=2)
    )


def _cut(X: np.ndarray, y: np.ndarray) -> Pair:
    return Dataset(X[:600], y[:600]), Dataset(X[600:], y[600:])


BINARY: dict[str, Callable[[int], Pair]] = {
    "digits": digits,
    "30 digits": partial(digits, rows=30),
    "two patterns": patterns,
    "two patterns, 3 : 1": partial(patterns, share=0.75),
    "sparse words": words,
    "500 columns": wide,
}
REAL: dict[str, Callable[[int], Pair]] = {
    "two clouds, plane": clouds,
    "two clouds, 5-D": partial(clouds, columns=5),
    "constant column": constant,
    "sensors, two states": sensors,
    "sensors, normal": partial(sensors, states=False),
}
UNSCALED: dict[str, Callable[[int], Pair]] = {
    "1e5 ± 0.01": partial(unscaled, mean=1e5, sd=0.01),
    "size 1e-9": partial(unscaled, sd=1e-9),
    "1e5 ± 1e3, 0 ± 1e-6, 3.7": mixed,
    "sensors, two states": sensors,
    "sensors, normal": partial(sensors, states=False),
    "1e5 ± 0.01, 30 rows": partial(unscaled, mean=1e5, sd=0.01, rows=30),
    "1e5 ± 0.01, 500 columns": partial(unscaled, mean=1e5, sd=0.01, columns=500, factors=8),
}
