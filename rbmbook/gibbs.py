"""Block Gibbs sampling: all hidden units given v, then all visible units given h, and again.

Noise is drawn in one order: for each step first (n, H) numbers for the hidden layer, then (n, D)
for the visible layer, in C order and in the machine's dtype.

References
----------
Geman and Geman (1984), Stochastic relaxation, Gibbs distributions, and the Bayesian restoration of
images. Sokal (1997), Monte Carlo methods in statistical mechanics, section 3 (autocorrelation).
"""

from numbers import Number
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.rbm import RBM, Parameters


class Chains:
    """n block-Gibbs chains of one machine that step side by side.

    Attributes
    ----------
    v : (n, D) array
        The present visible states. It is this object's own memory: copy it to keep it.
    """

    def __init__(self, rbm: RBM, capacity: int) -> None:
        self.rbm = rbm
        self._v = np.empty((capacity, rbm.n_visible), rbm.dtype)
        # Kernels are vectorised only where output and input do not overlap: two arrays a layer.
        self._inputs_v = np.empty_like(self._v)
        self._inputs_h = np.empty((capacity, rbm.n_hidden), rbm.dtype)
        self._h = np.empty_like(self._inputs_h)
        shape_v = rbm.visible.noise_shape(self._v.shape)
        shape_h = rbm.hidden.noise_shape(self._h.shape)
        self._noise_v, self._noise_h = np.empty(shape_v, rbm.dtype), np.empty(shape_h, rbm.dtype)
        self._mean = np.empty_like(self._h)
        self.n = 0
        self._fresh = False  # whether _inputs_h belongs to the present v and parameters

    @classmethod
    def random(cls, rbm: RBM, n: int, rng: np.random.Generator) -> "Chains":
        """n chains, each visible unit drawn at input 0: fair coins for Bernoulli units."""
        chains = cls(rbm, n)
        rbm.visible.noise(chains._v.shape, rng, rbm.dtype, out=chains._noise_v)
        chains._v[:] = 0
        rbm.visible.sample(chains._v, chains._noise_v, out=chains._v)
        chains.n = n
        return chains

    @property
    def v(self) -> np.ndarray:
        return self._v[: self.n]

    def restart(self, v: np.ndarray) -> None:
        """Put the first len(v) chains at the rows of `v`."""
        self.n = len(v)
        self._v[: self.n] = v
        self._fresh = False

    def arrays(self) -> list[np.ndarray]:
        """What a checkpoint has to keep: the states."""
        return [self.v]

    def monitors(self) -> dict[str, float]:
        """What a fit that keeps these chains reports after an epoch: nothing."""
        return {}

    def refresh(self) -> None:
        """Forget what was computed from the parameters, since they have changed."""
        self._fresh = False

    def hidden_mean(self) -> np.ndarray:
        """E[h | v] at the present v, in this object's own memory."""
        return self.rbm.hidden.mean(self._inputs(), out=self._mean[: self.n])

    def step(self, rng: np.random.Generator) -> None:
        """One sweep: h from p(h | v), then v from p(v | h)."""
        rbm, v = self.rbm, self.v
        inputs, noise_v, noise_h = self._inputs(), self._noise_v[: self.n], self._noise_h[: self.n]
        rbm.hidden.noise(inputs.shape, rng, rbm.dtype, out=noise_h)
        h = rbm.hidden.sample(inputs, noise_h, out=self._h[: self.n])
        inputs = self._inputs_v[: self.n]
        self._visible_inputs(h, inputs)
        rbm.visible.noise(v.shape, rng, rbm.dtype, out=noise_v)
        rbm.visible.sample(inputs, noise_v, out=v)
        self._fresh = False

    def statistics(self, weight: np.ndarray, out: Parameters) -> Parameters:
        """Weighted sums over the chains of v E[h | v]ᵀ, v, E[h | v] and the units' own statistics.

        `weight` has shape (n,) and usually sums to one; the sums are written to `out`.
        """
        own = zip((*out.visible, *out.hidden), self._own_statistics(), strict=True)
        for total, statistic in own:
            np.matmul(weight, statistic, out=total)
        mean = self.hidden_mean()
        mean *= weight[:, None]
        np.matmul(self.v.T, mean, out=out.W)
        np.matmul(weight, self.v, out=out.a)
        np.sum(mean, axis=0, out=out.b)
        return out

    def _own_statistics(self) -> tuple[np.ndarray, ...]:
        """For the parameters of the units themselves, such as log-precisions: (n, columns) each."""
        visible = self.rbm.visible.statistics(self.v)
        return (*visible, *self.rbm.hidden.expected_statistics(self._inputs()))

    def _visible_inputs(self, h: np.ndarray, out: np.ndarray) -> None:
        self.rbm.visible_inputs(h, out=out)

    def _inputs(self) -> np.ndarray:
        inputs = self._inputs_h[: self.n]
        if not self._fresh:
            self.rbm.hidden_inputs(self.v, out=inputs)
            self._fresh = True
        return inputs


class Contrast(Chains):
    """Chains that remember where they began, so that both terms of a gradient are one product.

    With the rows of the two phases below each other, Σ w v E[h | v]ᵀ over the first minus the same
    over the second is a single matrix product with signed weights.
    """

    def __init__(self, rbm: RBM, capacity: int) -> None:
        super().__init__(rbm, capacity)
        # The chains' own rows are the lower halves; `mark` fills the rows just above them.
        self._both_v = np.empty((2 * capacity, rbm.n_visible), rbm.dtype)
        self._both_mean = np.empty((2 * capacity, rbm.n_hidden), rbm.dtype)
        self._v, self._mean = self._both_v[capacity:], self._both_mean[capacity:]
        self._own: list[np.ndarray] = []

    def mark(self, weight: np.ndarray) -> None:
        """Remember the present states, with weights (n,), as the first phase."""
        begin, middle = self._rows()
        self._both_v[begin:middle] = self.v
        np.multiply(self.hidden_mean(), weight[:, None], out=self._both_mean[begin:middle])
        self._own = [weight @ statistic for statistic in self._own_statistics()]

    def difference(self, weight: np.ndarray, out: Parameters) -> Parameters:
        """What `statistics` was when marked minus what it is now, written to `out`."""
        begin, middle = self._rows()
        mean = self.hidden_mean()
        mean *= -weight[:, None]
        v, mean = self._both_v[begin : middle + self.n], self._both_mean[begin : middle + self.n]
        np.matmul(v.T, mean, out=out.W)
        np.matmul(np.concatenate([weight, -weight]), v, out=out.a)
        np.sum(mean, axis=0, out=out.b)
        own = (*out.visible, *out.hidden)
        for total, first, statistic in zip(own, self._own, self._own_statistics(), strict=True):
            np.subtract(first, weight @ statistic, out=total)
        return out

    def _rows(self) -> tuple[int, int]:
        capacity = len(self._v)
        return capacity - self.n, capacity


def run(rbm: RBM, start: Any, steps: int, rng: int | np.random.Generator) -> np.ndarray:
    """The visible states of block-Gibbs chains after a number of steps.

    Parameters
    ----------
    rbm : RBM
    start : (n, D) array or sparse matrix of visible states, or int n ≥ 1
        Where the chains start; an int draws n random starts (fair coins for Bernoulli units).
    steps : int ≥ 0
        Sweeps h ← p(h | v), v ← p(v | h) of every chain.
    rng : int or Generator

    Returns
    -------
    (n, D) array of the machine's dtype

    Raises
    ------
    ValueError, TypeError
        If `start` is not as above, `steps` is negative, or `rng` is neither.

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
    chains, steps, rng = _start(rbm, start, steps, rng)
    for _ in range(steps):
        chains.step(rng)
    return chains.v.copy()


def trace(
    rbm: RBM, start: Any, steps: int, rng: int | np.random.Generator, function: Any = None
) -> np.ndarray:
    """What `run` passes through: a statistic of every chain at the start and after each step.

    Parameters
    ----------
    rbm, start, steps, rng
        As for `run`, which ends at the same states from the same seed.
    function : callable, optional
        Maps the states (n, D) to one value or row per chain, (n, …); the states themselves if None.

    Returns
    -------
    (steps + 1, n, …) array
    """
    chains, steps, rng = _start(rbm, start, steps, rng)
    function = np.copy if function is None else function
    rows = [np.copy(function(chains.v))]
    for _ in range(steps):
        chains.step(rng)
        rows.append(np.copy(function(chains.v)))
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
        Sweeps of the chain, which starts at random values of the unknown units.
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
    validation.instance("rbm", rbm, RBM)
    steps, rng = validation.integer("steps", steps, minimum=0), validation.generator(rng)
    v = validation.dense(validation.matrix("v", v, rbm.n_visible), rbm.dtype)
    known = validation.array("known", known)
    if known.dtype != bool or known.shape not in ((rbm.n_visible,), v.shape):
        raise ValueError(
            f"known: expected booleans of shape ({rbm.n_visible},) or {v.shape}, "
            f"got {known.dtype} of shape {known.shape}"
        )
    known = np.broadcast_to(known, v.shape)
    sites = known.reshape(len(v), -1, rbm.visible.columns)
    if (sites != sites[:, :, :1]).any():
        raise ValueError(
            f"known: expected all {rbm.visible.columns} columns of a {rbm.visible} site or none"
        )
    chains = Chains.random(rbm, len(v), rng)
    fixed = np.where(known, v, chains.v)
    validation.domain("v", fixed, rbm.visible, relaxed=False)
    chains.restart(fixed)
    for _ in range(steps):
        chains.step(rng)
        np.copyto(chains.v, fixed, where=known)
    return chains.v.copy()


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
    Sokal (1997), equation 2.18; the sums are divided by the number of terms each has.
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
    Sokal (1997), section 3.3, the automatic windowing procedure.
    """
    x = _series(x)
    times = 2 * np.cumsum(autocorrelation(x)) - 1  # τ(M) = 1 + 2 Σ_{t=1}^{M} ρ_t
    inside = np.flatnonzero(np.arange(len(times)) >= 5 * times)
    time = times[inside[0] if inside.size else -1]
    return float(x.size / max(time, 1.0))


def _start(rbm: Any, start: Any, steps: Any, rng: Any) -> tuple[Chains, int, np.random.Generator]:
    validation.instance("rbm", rbm, RBM)
    steps = validation.integer("steps", steps, minimum=0)
    rng = validation.generator(rng)
    if isinstance(start, Number):
        return Chains.random(rbm, validation.integer("start", start), rng), steps, rng
    start = validation.matrix("start", start, rbm.n_visible)
    chains = Chains(rbm, start.shape[0])
    chains.n = start.shape[0]
    for rows, block in validation.blocks("start", start, rbm.visible, rbm.dtype):
        chains.v[rows] = block
    return chains, steps, rng


def _series(x: Any) -> np.ndarray:
    x = validation.array("x", x).astype(np.float64)
    if x.ndim not in (1, 2) or len(x) < 2 or x.size == 0:
        raise ValueError(f"x: expected shape (steps,) or (steps, n) with ≥ 2 steps, got {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError("x: expected finite numbers, got NaN or infinity")
    return x.reshape(len(x), -1)
