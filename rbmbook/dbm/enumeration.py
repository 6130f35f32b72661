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

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> dbm, v = rb.DBM.random((6, 4, 3), rng=0, scale=0.1), np.ones(6)
    >>> exact = rb.exact.expectations(dbm.posterior(v)).b  # of layer 1
    >>> bool(np.allclose(exact, dbm.hidden_mean(v[None])[0], atol=0.01))
    True
    """
    v = np.atleast_2d(validation.array("v", v))
    if len(v) != 1:
        raise ValueError(f"v: expected one row, got {len(v)}")
    (row,) = dbm.blocks(v)
    rounding.refuse(_given_error(dbm.machine, row)[0], 0.0)
    return _given(dbm.machine, row[0])


def free_energy(dbm: Any, v: Any) -> np.ndarray:
    """F(v) = −log Σ_h exp(−E(v, h)) of each row, by enumeration of hidden layers, in float64.

    Parameters
    ----------
    v : (n, D) array or sparse matrix of visible states

    Returns
    -------
    (n,) array of the machine's dtype

    Raises
    ------
    ValueError, TypeError
        As for `log_likelihood`.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> dbm = rb.DBM.random((3, 2, 2), scale=0.0)
    >>> np.exp(-dbm.free_energy([[1, 0, 1]])).round(3)  # 2⁴ hidden states
    array([16.], dtype=float32)
    """
    double = dbm.astype(np.float64)
    parts = [_free_energy(double.machine, double.biases[0], block) for block in double.blocks(v)]
    return np.concatenate(parts).astype(dbm.dtype)


def log_partition(dbm: Any) -> float:
    """log Z in nats, by enumeration of the even or of the odd layers.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If both have more than 2³⁰ states.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> round(np.exp(rb.DBM.random((3, 2, 2), scale=0.0).log_partition()))  # 2⁷ states
    128
    """
    return exact.log_partition(dbm.machine)


def log_likelihood(dbm: Any, v: Any) -> np.ndarray:
    """log p(v) = −F(v) − log Z of each row, by enumeration: for tiny machines.

    Parameters
    ----------
    v : (n, D) array or sparse matrix of visible states

    Returns
    -------
    (n,) array of the machine's dtype

    Raises
    ------
    ValueError, TypeError
        If the shape does not fit, a value is not 0 or 1, or the machine is too large.

    References
    ----------
    Book: (13.6).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> dbm = rb.DBM.random((3, 2, 2), rng=0, scale=1.0)
    >>> bool(np.isclose(np.exp(dbm.log_likelihood(rb.exact.states(3))).sum(), 1))
    True
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
