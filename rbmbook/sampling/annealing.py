"""Annealed importance sampling: log Z from chains between a machine without weights and ours.

Between β = 0 and β = 1 lie the machines with the parameters βW, βb and (1 − β)a⁰ + βa, and where
visible units have precisions (1 − β)γ⁰ + βγ. At β = 0 all units are independent, so Z₀ is known. A
chain that is led from there to β = 1 has an importance w whose mean is Z / Z₀, however few steps it
takes; a chain led back from a sample of the machine has one whose mean is Z₀ / Z. The logarithm of
a mean is underestimated on average, so the first bounds log Z from below and the second from above,
both in expectation. (The literature says weight for importance, and so does `log_weights`.)

References
----------
Neal (2001), Annealed importance sampling. Salakhutdinov and Murray (2008), On
the quantitative analysis of deep belief networks. Grosse, Ghahramani and Adams (2015),
Sandwiching the marginal likelihood using bidirectional Monte Carlo. Bennett (1976),
Efficient estimation of free energy differences from Monte Carlo data (the acceptance ratio).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logsumexp

from rbmbook import validation
from rbmbook.machine import density, layers
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Unit

TRUSTED_FRACTION = 0.1  # of the chains: a smaller effective sample size is not to be trusted
TRUSTED_SIZE = 5  # or half of the chains, if they are fewer than ten
TRUSTED_ERROR = 1.0  # nats


@dataclass(frozen=True, eq=False)
class Estimate:
    """An estimate of log Z from chains and their importances w.

    Attributes
    ----------
    log_z : float
        The estimate, in nats.
    log_weights : (chains,) array
        What each chain by itself says of log Z. From below (`ais`): log Z₀ + log w, and log_z is
        log mean exp(log_weights). From above (`reverse_ais`): log Z₀ − log w, and log_z is
        −log mean exp(−log_weights).
    std_error : float
        Standard error of log_z (to first order), nats.
    effective_sample_size : float
        (Σw)² / Σw² of the importances, from 1 to the number of chains; see
        `annealing.effective_sample_size`.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rbm = rb.RBM.random(6, 4, rng=0, scale=0.5)
    >>> found = rb.evaluate.ais(rbm, chains=100, betas=100, rng=0)
    >>> bool(abs(found.log_z - rb.exact.log_partition(rbm)) < 4 * found.std_error)
    True
    >>> found.log_weights.shape, found.trusted, found.warning
    ((100,), True, '')
    """

    log_z: float
    log_weights: np.ndarray
    std_error: float
    effective_sample_size: float

    @property
    def warning(self) -> str:
        """Why not to trust this estimate; empty if nothing speaks against it."""
        n, ess, reasons = len(self.log_weights), self.effective_sample_size, []
        if ess < max(TRUSTED_FRACTION * n, min(TRUSTED_SIZE, n / 2)):
            reasons.append(f"{n} chains count as {ess:.1f}: a few weights decide")
        if not self.std_error < TRUSTED_ERROR:
            reasons.append(f"the standard error is {self.std_error:.2f} nats")
        advice = "; take more betas, or more chains" if reasons else ""
        return " and ".join(reasons) + advice

    @property
    def trusted(self) -> bool:
        """Whether the importances are even enough for the estimate and its error to mean something.

        Necessary, not sufficient: chains that have all missed the same mode agree with each other.
        Compare with the estimate from the other side.
        """
        return not self.warning


def ais(
    rbm: RBM,
    chains: int = 100,
    betas: Any = 1000,
    rng: int | np.random.Generator = 0,
    data: Any = None,
) -> Estimate:
    """log Z by annealed importance sampling, on average too low.

    Parameters
    ----------
    rbm : RBM
        Of units of any type; computed in float64.
    chains : int ≥ 2
    betas : int ≥ 2, or sequence that rises from 0 to 1
        Inverse temperatures; an int means that many, equally spaced.
    rng : int or Generator
        Draws the visible noise of the start, then for each β the hidden and the visible noise.
    data : (n, D) array or sparse matrix, optional
        Where given, the machine at β = 0 has the data's mean (smoothed), and the data's variance
        where precisions are learned; otherwise inputs of 0.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above, or the machine's density cannot be normalised.

    References
    ----------
    Salakhutdinov and Murray (2008), annealed importance sampling for restricted machines.
    Book: (10.3), (10.5).

    Examples
    --------
    >>> import rbmbook as rb
    >>> rbm = rb.RBM.random(12, 8, rng=0, scale=0.5)
    >>> found = rb.evaluate.ais(rbm, chains=100, betas=200, rng=0)
    >>> bool(abs(found.log_z - rb.exact.log_partition(rbm)) < 0.2)
    True
    """
    machines, betas, rng = prepared(rbm, betas, rng, data)
    n = validation.integer("chains", chains, minimum=2)
    return estimated(importances(machines, betas, Noise(rng, n)), machines.log_z0, sign=1)


def importances(machines: "Machines", betas: np.ndarray, noise: "Noise") -> np.ndarray:
    """log w of chains that are led from β = 0 to β = 1."""
    v = machines.start(noise)
    log_w = np.zeros(len(v))
    for t in range(1, len(betas)):
        inputs = machines.rbm.hidden_inputs(v)
        log_w += machines.log_weight(v, inputs, betas[t]) - machines.log_weight(
            v, inputs, betas[t - 1]
        )
        if t + 1 < len(betas):  # the state after the last weight is not used
            v = machines.step(inputs, betas[t], noise)
    return log_w


def reverse_ais(
    rbm: RBM,
    samples: Any,
    betas: Any = 1000,
    rng: int | np.random.Generator = 0,
    data: Any = None,
) -> Estimate:
    """log Z by annealing back from samples of the machine, on average too high.

    Parameters
    ----------
    rbm : RBM
    samples : (n, D) array or sparse matrix of visible states, n ≥ 2
        Independent samples of the machine, one chain each. The bound holds for exact samples; long
        Gibbs or tempered chains come near them.
    betas, rng, data
        As for `ais`, whose base and ladder should be the same.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above, or the machine's density cannot be normalised.

    References
    ----------
    Grosse, Ghahramani and Adams (2015), the reverse chain.
    Book: (10.7), (10.8).

    Examples
    --------
    >>> import rbmbook as rb
    >>> rbm = rb.RBM.random(12, 8, rng=0, scale=0.5)
    >>> samples = rb.gibbs.run(rbm, 100, steps=500, rng=1)
    >>> above = rb.evaluate.reverse_ais(rbm, samples, betas=200, rng=2)
    >>> bool(abs(above.log_z - rb.exact.log_partition(rbm)) < 0.2)
    True
    """
    machines, betas, rng = prepared(rbm, betas, rng, data)
    samples = validation.matrix("samples", samples, rbm.n_visible)
    if samples.shape[0] < 2:
        raise ValueError(f"samples: expected at least 2 rows, got {samples.shape}")
    v = validation.rows("samples", samples, rbm.visible, np.float64)
    noise, log_w = Noise(rng, len(v)), np.zeros(len(v))
    for t in range(len(betas) - 1, 0, -1):
        inputs = machines.rbm.hidden_inputs(v)
        if t < len(betas) - 1:  # the samples are at β = 1 already
            v = machines.step(inputs, betas[t], noise)
            inputs = machines.rbm.hidden_inputs(v)
        log_w += machines.log_weight(v, inputs, betas[t - 1]) - machines.log_weight(
            v, inputs, betas[t]
        )
    return estimated(log_w, machines.log_z0, sign=-1)


def bridge(forward: Estimate, reverse: Estimate) -> Estimate:
    """log Z from chains of both directions: Bennett's acceptance ratio.

    Solves Σ_forward σ(log_weight − log Z − m) = Σ_reverse σ(log Z − log_weight + m) for log Z, with
    m = log(n_forward / n_reverse); of all weighted averages of the two it has the least variance.

    Parameters
    ----------
    forward : Estimate
        From `ais`.
    reverse : Estimate
        From `reverse_ais`, with the same betas and data.

    Returns
    -------
    Estimate
        `log_weights` are those of both, joined.

    Raises
    ------
    TypeError
        If one is not an estimate.

    References
    ----------
    Bennett (1976). Crooks (1999), Entropy production fluctuation theorem and the
    nonequilibrium work relation for free energy differences (why it holds for annealed chains).

    Examples
    --------
    >>> import rbmbook as rb
    >>> rbm = rb.RBM.random(12, 8, rng=0, scale=0.5)
    >>> below = rb.evaluate.ais(rbm, chains=100, betas=200, rng=0)
    >>> above = rb.evaluate.reverse_ais(rbm, rb.gibbs.run(rbm, 100, 500, rng=1), betas=200, rng=2)
    >>> both = rb.evaluate.bridge(below, above)
    >>> bool(abs(both.log_z - rb.exact.log_partition(rbm)) < 0.2), both.log_weights.shape
    (True, (200,))
    """
    from scipy.optimize import brentq  # here, since it would double the time of `import rbmbook`

    up = validation.instance("forward", forward, Estimate).log_weights
    down = validation.instance("reverse", reverse, Estimate).log_weights
    m = np.log(len(up) / len(down))

    def excess(log_z: float) -> float:
        return expit(up - log_z - m).sum() - expit(log_z - down + m).sum()

    low = min(up.min(), down.min()) - abs(m) - 1
    high = max(up.max(), down.max()) + abs(m) + 1
    while excess(low) <= 0:
        low -= high - low
    while excess(high) >= 0:
        high += high - low
    log_z = float(brentq(excess, low, high, xtol=1e-10))
    terms = expit(up - log_z - m), expit(log_z - down + m)
    overlap = min(t.mean() for t in terms) ** 2 > 0
    variance = sum(t.var() / t.mean() ** 2 / len(t) for t in terms) if overlap else np.inf
    both = np.concatenate([up, down])
    return Estimate(
        log_z, both, float(np.sqrt(variance)), float(len(both) / (1 + variance * len(both)))
    )


class Noise:
    """The noise of chains; of some of many chains that which they have among all of them.

    Parameters
    ----------
    rng : Generator
    n : int
        The number of all chains.
    first, last : int, optional
        Whose noise is asked for: all, if not given.
    """

    def __init__(
        self, rng: np.random.Generator, n: int, first: int = 0, last: int | None = None
    ) -> None:
        self.rng, self.n, self.first, self.last = rng, n, first, n if last is None else last

    def draw(self, unit: Unit, columns: int) -> np.ndarray:
        """The random numbers that `unit.sample` needs for these chains, in float64."""
        if self.last - self.first == self.n or not self._one_word_each(unit):
            return unit.noise((self.n, columns), self.rng)[self.first : self.last]
        _, numbers = unit.noise_shape((self.n, columns))
        source: Any = self.rng.bit_generator  # a PCG64, whose words can be passed over
        source.advance(self.first * numbers)
        found = unit.noise((self.last - self.first, columns), self.rng)
        source.advance((self.n - self.last) * numbers)
        return found

    def _one_word_each(self, unit: Unit) -> bool:
        """Whether each number takes one word of a generator that can jump."""
        known = type(self.rng.bit_generator) is np.random.PCG64
        return known and type(unit).noise is Unit.noise


class Machines:
    """The machines between β = 0 and β = 1."""

    def __init__(self, rbm: RBM, data: Any) -> None:
        self.rbm = density.require(rbm).astype(np.float64)
        self.WT = np.ascontiguousarray(self.rbm.W.T)
        self.a0, self.base = np.zeros(rbm.n_visible), self.rbm.visible
        if data is not None:
            start = RBM.random(rbm.n_visible, 1, dtype=np.float64, visible=self.base, data=data)
            self.a0, self.base = start.a, start.visible
        zero = np.zeros((1, rbm.n_hidden))
        self.log_z0 = float(self.base.cgf_sum(self.a0[None])[0] + self.rbm.hidden.cgf_sum(zero)[0])

    def start(self, noise: Noise) -> np.ndarray:
        """Visible states of the machine at β = 0."""
        drawn = noise.draw(self.base, len(self.a0))
        return self.base.sample(np.tile(self.a0, (len(drawn), 1)), drawn)

    def log_weight(self, v: np.ndarray, inputs: np.ndarray, beta: float) -> np.ndarray:
        """log Σ_h exp(−E_β(v, h))."""
        bias = (1 - beta) * self.a0 + beta * self.rbm.a
        return v @ bias + self.rbm.hidden.cgf_sum(beta * inputs) - self.visible(beta).energy(v)

    def visible(self, beta: float) -> Unit:
        """The visible units at β."""
        return self.rbm.visible.between(self.base, beta)

    def step(self, inputs: np.ndarray, beta: float, noise: Noise) -> np.ndarray:
        """Visible states after a block-Gibbs step at β from states with the given inputs."""
        rbm = self.rbm
        h = rbm.hidden.sample(beta * inputs, noise.draw(rbm.hidden, rbm.n_hidden))
        x = beta * layers.inputs(rbm.hidden, h, self.WT, rbm.a) + (1 - beta) * self.a0
        visible = self.visible(beta)
        return visible.sample(x, noise.draw(visible, rbm.n_visible))


def prepared(
    rbm: RBM, betas: Any, rng: Any, data: Any
) -> tuple[Machines, np.ndarray, np.random.Generator]:
    """The arguments of `ais`, checked."""
    machines = Machines(rbm, data)
    if np.ndim(betas) == 0:
        betas = np.linspace(0.0, 1.0, validation.integer("betas", betas, minimum=2))
    betas = validation.array("betas", betas).astype(np.float64)
    rising = betas.ndim == 1 and len(betas) >= 2 and bool((np.diff(betas) > 0).all())
    if not rising or betas[0] != 0 or betas[-1] != 1:
        raise ValueError(f"betas: expected two or more numbers rising from 0 to 1, got {betas}")
    return machines, betas, validation.generator(rng)


def estimated(log_w: np.ndarray, log_z0: float, sign: int) -> Estimate:
    """Importances whose mean is (Z / Z₀)^sign, as an estimate of log Z."""
    if not np.isfinite(log_w).all():
        raise ValueError(
            "rbm: a chain's weight became infinite or NaN: the density may not be normalisable, or "
            "the parameters are too large"
        )
    n = len(log_w)
    log_mean = logsumexp(log_w) - np.log(n)
    w = np.exp(log_w - log_w.max())
    relative = w.std(ddof=1) / w.mean() / np.sqrt(n)
    return Estimate(
        log_z=float(log_z0 + sign * log_mean),
        log_weights=log_z0 + sign * log_w,
        std_error=float(relative),
        effective_sample_size=effective_sample_size(log_w),
    )


def effective_sample_size(log_w: np.ndarray) -> float:
    """(Σw)² / Σw² of the importances w, given their logarithms (n,): from 1 to n. Book: (10.6)."""
    w = np.exp(log_w - log_w.max())  # a common factor of the importances cancels
    return float(w.sum() ** 2 / (w**2).sum())
