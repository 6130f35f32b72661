"""What a small deep Boltzmann machine says exactly, by sums over all states of its layers.

`posterior`, `free_energy`, `log_partition` and `log_likelihood` are methods of `DBM`.
"""

from typing import Any

import numpy as np

from rbmbook import rounding, validation
from rbmbook.machine import exact
from rbmbook.machine.rbm import RBM


def posterior(dbm: Any, v: Any) -> RBM:
    """p(h | v) of one row, exactly: what is left of the machine when v is held fast.

    Parameters
    ----------
    v : (D,) array of visible states, or (1, D)

    Returns
    -------
    RBM
        Its visible columns are the even hidden layers (2, 4, …), its hidden columns the odd
        ones (1, 3, …); `rb.exact.expectations` gives their true means, if it is small.

    Raises
    ------
    ValueError, TypeError
        If the shape does not fit or a value is not 0 or 1.

    References
    ----------
    Book: (13.5).
    """
    v = np.atleast_2d(validation.array("v", v))
    if len(v) != 1:
        raise ValueError(f"v: expected one row, got {len(v)}")
    (row,) = dbm.blocks(v)
    rounding.refuse(_given_error(dbm.machine, row)[0], 0.0)
    return _given(dbm.machine, row[0])


def free_energy(dbm: Any, v: Any) -> np.ndarray:
    """F(v) = −log Σ_h exp(−E(v, h)) of each row, (n,), by enumeration of hidden layers.

    Computed in float64. Raises as `log_likelihood` does.
    """
    double = dbm.astype(np.float64)
    parts = [_free_energy(double.machine, double.biases[0], block) for block in double.blocks(v)]
    return np.concatenate(parts).astype(dbm.dtype)


def log_partition(dbm: Any) -> float:
    """log Z in nats, by enumeration of the even or of the odd layers.

    Raises
    ------
    ValueError
        If both have more than 2³⁰ states.
    """
    return exact.log_partition(dbm.machine)


def log_likelihood(dbm: Any, v: Any) -> np.ndarray:
    """log p(v) = −F(v) − log Z of each row, (n,), by enumeration: for tiny machines.

    Parameters
    ----------
    v : (n, D) array or sparse matrix of visible states

    Raises
    ------
    ValueError, TypeError
        If the shape does not fit, a value is not 0 or 1, or the machine is too large.

    References
    ----------
    Book: (13.6).
    """
    double = dbm.astype(np.float64)
    log_p = rounding.minus(-double.free_energy(v), double.log_partition())
    return log_p.astype(dbm.dtype)


def _free_energy(rbm: RBM, visible_bias: np.ndarray, v: np.ndarray) -> np.ndarray:
    """F of each row: what v says by itself, and log Z of what is left of the machine."""
    log_sums = np.array([exact.log_partition(_given(rbm, row)) for row in v])
    rounding.refuse(_given_error(rbm, v), log_sums)
    return rounding.minus(-(v @ visible_bias), log_sums)


def _given(rbm: RBM, v: np.ndarray) -> RBM:
    """The hidden layers of a two-sided machine, of whose even side one row v is a part."""
    D = v.size
    return RBM(rbm.W[D:], rbm.a[D:], rbm.b + v @ rbm.W[:D])


def _given_error(rbm: RBM, v: np.ndarray) -> np.ndarray:
    """What rounding may take from the biases of `_given` of each row, (n,), in nats."""
    D = v.shape[1]
    size = np.abs(rbm.b).sum() + np.abs(v) @ np.abs(rbm.W[:D]).sum(axis=1)
    return rounding.lost(size.astype(np.float64))
