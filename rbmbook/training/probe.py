"""Which training rows the monitors look at: a random sample, chosen once and for all."""

import numpy as np

PROBE_ROWS = 256  # monitors of a model look at this many training rows
PROBE_SEED = 20_256  # of the generator that chooses them; training draws nothing from it


def probe_rows(n: int, size: int = PROBE_ROWS) -> np.ndarray:
    """Which of n training rows the monitors look at: a random sample, the same at every call.

    A prefix would show one class where the rows come sorted. The generator is seeded anew here, so
    that training draws what it would draw without monitors, and a resumed fit sees the same rows.

    Parameters
    ----------
    n : int ≥ 1
    size : int ≥ 1

    Returns
    -------
    (min(n, size),) int array, rising

    Examples
    --------
    >>> probe_rows(3)
    array([0, 1, 2])
    >>> len(probe_rows(1000)), len(probe_rows(1000, 300))
    (256, 300)
    """
    if n <= size:
        return np.arange(n)
    rng = np.random.default_rng(PROBE_SEED)
    return np.sort(rng.choice(n, size, replace=False, shuffle=False))


def taught_rows(weight: np.ndarray, size: int = PROBE_ROWS) -> np.ndarray:
    """The same among the rows with a weight above 0; of the others training learns nothing.

    Examples
    --------
    >>> taught_rows(np.array([2.0, 0.0, 1.0]))
    array([0, 2])
    """
    rows = np.flatnonzero(weight)
    return rows[probe_rows(len(rows), size)]
