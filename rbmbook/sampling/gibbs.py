"""Block Gibbs sampling: all hidden units given v, then all visible units given h, and again.

The chains themselves, and the order in which their noise is drawn: `rbmbook.sampling.chains`.

References
----------
Geman and Geman (1984), Stochastic relaxation, Gibbs distributions, and the Bayesian restoration of
images. Sokal (1997), Monte Carlo methods in statistical mechanics (autocorrelation).
"""

from numbers import Number
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.machine import density
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Gaussian
from rbmbook.sampling import chains


def run(rbm: RBM, start: Any, steps: int, rng: int | np.random.Generator) -> np.ndarray:
    """The visible states of block-Gibbs chains after a number of steps.

    Parameters
    ----------
    rbm : RBM
    start : (n, D) array or sparse matrix of visible states, or int n ≥ 1
        Where the chains start; an int draws n random starts (fair coins for Bernoulli units).
    steps : int ≥ 0
        Steps h ← p(h | v), v ← p(v | h) of every chain.
    rng : int or Generator

    Returns
    -------
    (n, D) array of the machine's dtype

    Raises
    ------
    ValueError, TypeError
        If `start` is not as above, `steps` is negative, `rng` is neither, or the machine has no
        joint density (see `rbmbook.machine.density`).

    References
    ----------
    Book: (6.3), (6.4).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm = rb.RBM(np.zeros((2, 1)), [50.0, -50.0], [0.0])
    >>> rb.gibbs.run(rbm, 3, steps=1, rng=0)
    array([[1., 0.],
           [1., 0.],
           [1., 0.]])
    """
    v, k, rng = _start(rbm, start, steps, rng)
    return chains.steps(rbm, rbm.hidden_inputs(v), k, rng)[0] if k else v


def trace(
    rbm: RBM, start: Any, steps: int, rng: int | np.random.Generator, function: Any = None
) -> np.ndarray:
    """What `run` passes through: a statistic of every chain at the start and after each step.

    Parameters
    ----------
    rbm : RBM
    start, steps, rng
        As for `run`, which ends at the same states from the same seed.
    function : callable, optional
        Maps the states (n, D) to one value or row per chain, (n, …); the states themselves if None.

    Returns
    -------
    (steps + 1, n, …) array

    Raises
    ------
    ValueError, TypeError
        As for `run`.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rbm = rb.RBM.random(6, 4, rng=0, scale=1.0)
    >>> on = rb.gibbs.trace(rbm, 10, steps=200, rng=0, function=lambda v: v.sum(axis=1))
    >>> on.shape  # the start, and after each step, of ten chains
    (201, 10)
    """
    v, k, rng = _start(rbm, start, steps, rng)
    function = np.copy if function is None else function
    rows, inputs = [np.copy(function(v))], rbm.hidden_inputs(v)
    for _ in range(k):
        v, inputs = chains.steps(rbm, inputs, 1, rng)
        rows.append(np.copy(function(v)))
    return np.stack(rows)


def complete(
    rbm: RBM, v: Any, known: Any, steps: int, rng: int | np.random.Generator
) -> np.ndarray:
    """Fill in missing visible units: Gibbs sampling with the known ones held fast.

    Parameters
    ----------
    rbm : RBM
    v : (n, D) array
        Visible states; what stands at unknown places (NaN, for instance) is not looked at.
    known : (D,) or (n, D) array of bool
        Which entries of `v` are given. All columns of a softmax site are known or none is.
    steps : int ≥ 0
        Steps of the chain, which starts at random values of the unknown units.
    rng : int or Generator

    Returns
    -------
    (n, D) array of the machine's dtype
        One draw per row: after many steps, from p(unknown | known).

    Raises
    ------
    ValueError, TypeError
        If a shape does not fit, `known` is not boolean, or a known value is not a state.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm = rb.RBM([[40.0], [40.0]], [-20.0, -20.0], [-20.0])  # the units agree
    >>> rb.gibbs.complete(rbm, [[1, np.nan], [0, np.nan]], [True, False], steps=3, rng=0)
    array([[1., 1.],
           [0., 0.]])
    """
    density.require(rbm)
    k, rng = validation.integer("steps", steps, minimum=0), validation.generator(rng)
    v = validation.dense(validation.matrix("v", v, rbm.n_visible), np.float64)
    known = validation.array("known", known)
    if known.dtype != bool or known.shape not in ((rbm.n_visible,), v.shape):
        raise ValueError(
            f"known: expected booleans of shape ({rbm.n_visible},) or {v.shape}, "
            f"got {known.dtype} of shape {known.shape}"
        )
    known = np.broadcast_to(known, v.shape)
    if rbm.visible.cut_sites(known).any():
        raise ValueError(f"known: expected all columns of a site of {rbm.visible} or none")
    v = np.where(known, v, chains.at_random(rbm, len(v), rng))
    validation.domain("v", v, rbm.visible, False, rbm.dtype)
    v = given = v.astype(rbm.dtype)
    for _ in range(k):
        v, _ = chains.steps(rbm, rbm.hidden_inputs(v), 1, rng)
        v = np.where(known, given, v)
    return v


def autocorrelation(x: Any, max_lag: int | None = None) -> np.ndarray:
    """ρ_t = cov(x_s, x_{s+t}) / var(x) of a statistic along chains, averaged over the chains.

    Parameters
    ----------
    x : (steps,) or (steps, n) array
        One statistic after each step, of one chain or of n chains. All chains share one mean and
        one variance, so chains that disagree count as correlated, not as converged.
    max_lag : int ≥ 1, optional
        The largest lag t; half the steps by default.

    Returns
    -------
    (max_lag + 1,) float64 array
        ρ_0 = 1. A statistic that never changes has ρ_t = 1 for all t.

    Raises
    ------
    ValueError
        If there are fewer than two steps, a value is not finite, or `max_lag` is too large.

    References
    ----------
    Sokal (1997); the sums are divided by the number of terms each has.
    Book: (6.8).

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.gibbs.autocorrelation([0, 1] * 50, max_lag=3).round(3)  # every second step alike
    array([ 1., -1.,  1., -1.])
    """
    x = _series(x)
    steps = len(x)
    max_lag = steps // 2 if max_lag is None else validation.integer("max_lag", max_lag)
    if max_lag >= steps:
        raise ValueError(f"max_lag: expected less than the {steps} steps, got {max_lag}")
    centred = x - x.mean()
    size = 1 << int(2 * steps - 1).bit_length()  # zero-padded, so that lags do not wrap around
    spectrum = np.abs(np.fft.rfft(centred, size, axis=0)) ** 2
    sums = np.fft.irfft(spectrum, size, axis=0)[: max_lag + 1].mean(axis=1)
    covariance = sums / (steps - np.arange(max_lag + 1))
    return covariance / covariance[0] if covariance[0] > 0 else np.ones(max_lag + 1)


def effective_sample_size(x: Any) -> float:
    """How many independent draws the (correlated) draws of a statistic are worth: N / τ.

    τ = 1 + 2 Σ_t ρ_t is the integrated autocorrelation time, summed over the first window M with
    M ≥ 5 τ(M), or over all lags up to half the steps where there is none (then the chains are too
    short for the answer to be trusted).

    Parameters
    ----------
    x : (steps,) or (steps, n) array
        One statistic after each step, of one chain or of n chains; N = steps · n.

    Returns
    -------
    float in (0, N]

    Raises
    ------
    ValueError
        If there are fewer than two steps or a value is not finite.

    References
    ----------
    Sokal (1997), the automatic windowing procedure.
    Book: (6.10).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> noise = np.random.default_rng(0).normal(size=10_000)
    >>> slow = np.convolve(noise, np.ones(20), "valid")  # each draw shares 19 of its 20 terms
    >>> bool(8_000 < rb.gibbs.effective_sample_size(noise) <= 10_000)
    True
    >>> bool(300 < rb.gibbs.effective_sample_size(slow) < 800)
    True
    """
    x = _series(x)
    times = 2 * np.cumsum(autocorrelation(x)) - 1  # τ(M) = 1 + 2 Σ_{t=1}^{M} ρ_t
    inside = np.flatnonzero(np.arange(len(times)) >= 5 * times)
    time = times[inside[0] if inside.size else -1]
    return float(x.size / max(time, 1.0))


def _start(
    rbm: Any, start: Any, steps: Any, rng: Any
) -> tuple[np.ndarray, int, np.random.Generator]:
    density.require(rbm)
    steps = validation.integer("steps", steps, minimum=0)
    rng = validation.generator(rng)
    if isinstance(start, Number):
        return chains.at_random(rbm, validation.integer("start", start), rng), steps, rng
    start = validation.matrix("start", start, rbm.n_visible)
    v = np.empty(start.shape, rbm.dtype)
    for rows, block in validation.blocks("start", start, rbm.visible, rbm.dtype):
        v[rows] = block
    return v, steps, rng


def _series(x: Any) -> np.ndarray:
    x = validation.array("x", x).astype(np.float64)
    if x.ndim not in (1, 2) or len(x) < 2 or x.size == 0:
        raise ValueError(f"x: expected shape (steps,) or (steps, n) with ≥ 2 steps, got {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError("x: expected finite numbers, got NaN or infinity")
    validation.domain("x", x.reshape(len(x), -1), Gaussian(), False, np.float64)
    return x.reshape(len(x), -1)
