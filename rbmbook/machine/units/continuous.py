"""Units on the real line: Gaussian, rectified (truncated) Gaussian, and the noisy rectifier.

Both Gaussians have U(x) = γ x² / 2. The precision γ is kept as its logarithm, one for each column,
so that any real number is allowed and ascent cannot make it negative.
"""

import copy
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from scipy import special

from rbmbook import validation
from rbmbook.machine.units.base import Unit, invert, prepare, prepare_noise

LOG_2PI = np.log(2 * np.pi)
LIMIT = 80.0  # of |log γ|: within it, γ and 1/γ are normal numbers in float32, too


class _NormalNoise(Unit):
    """A unit that is sampled with standard normal numbers."""

    def noise(
        self,
        shape: tuple[int, int],
        rng: np.random.Generator,
        dtype: Any = np.float64,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Standard normal numbers, in C order."""
        return rng.standard_normal(shape, dtype=dtype, out=out)


@dataclass(frozen=True, eq=False)
class _Quadratic(Unit):
    """What units with U(x) = γ x² / 2 share."""

    log_precision: Any = 0.0
    learn: bool = False

    def __post_init__(self) -> None:
        value = validation.array("log_precision", self.log_precision)
        if value.ndim > 1 or not (np.abs(value) <= LIMIT).all():
            raise ValueError(
                f"log_precision: expected a number from −{LIMIT:g} to {LIMIT:g}, or one such per "
                f"column, got {value}"
            )
        validation.instance("learn", self.learn, (bool, np.bool_))
        object.__setattr__(self, "log_precision", value.copy() if value.ndim else value[()])

    def __eq__(self, other: object) -> bool:
        """Whether type and options are the same, arrays included."""
        if type(other) is not type(self):
            return NotImplemented
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return all(np.array_equal(one, another) for one, another in pairs)

    def __hash__(self) -> int:
        return hash((type(self), self.learn))  # not the precisions: learning changes them

    def bind(self, name: str, columns: int, dtype: np.dtype) -> "Unit":
        """A copy with one log-precision for each column, in `dtype`."""
        value = np.asarray(self.log_precision)
        if value.shape not in ((), (1,), (columns,)):
            raise ValueError(f"{name}: expected {columns} log-precisions, got shape {value.shape}")
        # Not checked again: what training has made of the values is for training to judge.
        bound = copy.copy(self)
        own = np.array(np.broadcast_to(value, (columns,)), dtype=dtype)
        object.__setattr__(bound, "log_precision", own)
        return bound

    def __repr__(self) -> str:
        name, value = type(self).__name__, np.unique(self.log_precision)
        text = f"{value[0]:g}" if value.size == 1 else f"{value[0]:.3g} to {value[-1]:.3g}"
        return f"{name}(log_precision={text}, learn={self.learn})"

    def growth(self, columns: int) -> tuple[np.ndarray, np.ndarray]:
        """γ of each column, and that a Gaussian unit takes both signs."""
        return np.broadcast_to(self.precision(), columns), np.zeros(columns, bool)

    def scale(self, means: np.ndarray) -> np.ndarray:
        """1/√γ: a mean that changes by much less is lost in the unit's own noise."""
        return 1 / np.sqrt(self.precision(means.dtype))

    def precision(self, dtype: Any = np.float64) -> np.ndarray:
        """γ of each column.

        Parameters
        ----------
        dtype : float32 or float64

        Returns
        -------
        () or (columns,) array

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> float(rb.Gaussian(log_precision=np.log(4.0)).precision().round(4))  # a variance of ¼
        4.0
        """
        return np.exp(np.asarray(self.log_precision, dtype=dtype))

    def energy(self, x: np.ndarray) -> np.ndarray:
        """U(x) = Σ γ x² / 2 of each row. Book: (11.9)."""
        return 0.5 * (x * x * self.precision(x.dtype)).sum(axis=1)

    def between(self, base: "_Quadratic", beta: float) -> Unit:
        """The unit with the precision (1 − β) γ_base + β γ."""
        mixture = copy.copy(self)
        precision = (1 - beta) * base.precision() + beta * self.precision()
        object.__setattr__(mixture, "log_precision", np.log(precision))
        return mixture

    def parameters(self) -> tuple[np.ndarray, ...]:
        """The log-precisions, if they are learned."""
        return (self.log_precision,) if self.learn else ()

    def statistics(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """−∂U/∂log γ = −γ x² / 2. Book: (11.12)."""
        return (-0.5 * x * x * self.precision(x.dtype),) if self.learn else ()

    def expected_statistics(self, inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """−γ E[x² | input] / 2."""
        if not self.learn:
            return ()
        square = self.mean(inputs) ** 2 + self.variance(inputs)
        return (-0.5 * square * self.precision(inputs.dtype),)


@dataclass(frozen=True, eq=False, repr=False)
class Gaussian(_NormalNoise, _Quadratic):
    """A real unit with U(x) = γ x² / 2: given its input, normal with mean input/γ, variance 1/γ.

    Parameters
    ----------
    log_precision : float or (columns,) array
        log γ, where learning starts; 0 (variance 1) by default.
    learn : bool
        Whether training moves the log-precisions, one for each column.

    Raises
    ------
    ValueError, TypeError
        If an option is not as above.

    Notes
    -----
    Standardise the data first: learning rates are made for numbers of order one. The weights act on
    x itself (they are natural parameters), so a visible mean is (a + W h) / γ. With Gaussian units
    in both layers the joint density is normalisable only if [[γ_v, −W], [−Wᵀ, γ_h]] is positive
    definite; `exact.log_partition` is infinite otherwise, and samplers refuse the machine.

    References
    ----------
    Book: (11.10).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.Gaussian(log_precision=np.log(4.0)).mean(np.array([[2.0]]))
    array([[0.5]])
    """

    learn: bool = True
    domain: ClassVar[str] = "finite numbers"
    mean_domain: ClassVar[str] = "finite numbers"

    def outside(self, x: np.ndarray, relaxed: bool = False) -> np.ndarray:
        """Mask of NaN and infinity."""
        return ~np.isfinite(x)

    def cgf(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """input² / (2γ) + ½ log(2π/γ)."""
        inputs, out = prepare(inputs, out)
        log_precision = np.asarray(self.log_precision, inputs.dtype)
        constant = (0.5 * (LOG_2PI - log_precision)).astype(inputs.dtype)
        np.multiply(inputs, inputs, out=out)
        out *= 0.5 / self.precision(inputs.dtype)
        out += constant
        return out

    def mean(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """input / γ."""
        inputs, out = prepare(inputs, out)
        return np.divide(inputs, self.precision(inputs.dtype), out=out)

    def variance(self, inputs: np.ndarray) -> np.ndarray:
        """1 / γ."""
        inputs, out = prepare(inputs, None)
        out[:] = 1 / self.precision(inputs.dtype)
        return out

    def sample(
        self, inputs: np.ndarray, noise: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        """input / γ + noise / √γ."""
        inputs, out = prepare(inputs, out)
        noise = prepare_noise(noise, inputs.shape, inputs.dtype)
        self.mean(inputs, out=out)
        out += noise / np.sqrt(self.precision(inputs.dtype))
        return out

    def match_variance(self, variance: np.ndarray) -> None:
        """Set log γ to −log variance, if it is learned."""
        if self.learn:
            self.log_precision[:] = np.clip(-np.log(np.maximum(variance, 1e-300)), -LIMIT, LIMIT)

    def real(self, columns: int) -> np.ndarray:
        """All columns."""
        return np.ones(columns, bool)

    def divisor(self, sd: np.ndarray) -> np.ndarray:
        """The standard deviation; where γ is not learned, at least that of the noise, 1/√γ."""
        return sd if self.learn else np.maximum(sd, 1 / np.sqrt(self.precision()))

    def take(
        self, other: "Gaussian", scale: Any = 1.0, where: Any = True, learned_only: bool = False
    ) -> None:
        """Set log γ to the other's plus 2 log scale, also where it is not learned."""
        if learned_only and not self.learn:
            return
        np.copyto(
            self.log_precision,
            other.log_precision + 2 * np.log(scale),
            where=where,
            casting="same_kind",
        )

    def bias_for_mean(self, total: np.ndarray, n: float) -> np.ndarray:
        """γ times the mean."""
        return self.precision() * total / n


@dataclass(frozen=True, eq=False, repr=False)
class ReLU(_Quadratic):
    """A unit x ≥ 0 with U(x) = γ x² / 2: given its input, a normal variable cut off at 0.

    The conditional is N(input/γ, 1/γ) restricted to x ≥ 0 and sampled exactly, by the inverse of
    its distribution function. (Nair and Hinton's rectifier is an approximation of another unit:
    `NoisyReLU`.)

    Parameters
    ----------
    log_precision : float or (columns,) array
        log γ; 0 by default.
    learn : bool
        Whether training moves the log-precisions. Off by default: in a hidden layer, a change of γ
        can be made up for by the weights.

    Raises
    ------
    ValueError, TypeError
        If an option is not as above.

    References
    ----------
    Book: (11.15).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> unit = rb.ReLU()
    >>> unit.mean(np.array([[-2.0, 0.0, 2.0]])).round(3)  # above 0, and near the input to the right
    array([[0.373, 0.798, 2.055]])
    """

    domain: ClassVar[str] = "finite numbers ≥ 0"
    mean_domain: ClassVar[str] = "finite numbers ≥ 0"

    def growth(self, columns: int) -> tuple[np.ndarray, np.ndarray]:
        """γ of each column, and that all states are ≥ 0."""
        return np.broadcast_to(self.precision(), columns), np.ones(columns, bool)

    def outside(self, x: np.ndarray, relaxed: bool = False) -> np.ndarray:
        """Mask of what is negative, NaN or infinite."""
        return ~((x >= 0) & np.isfinite(x))

    def cgf(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """log ∫₀^∞ exp(x·input − γx²/2) dx = log(√(π/2γ) · erfcx(−t)) with t = input / √(2γ)."""
        inputs, out = prepare(inputs, out)
        log_precision = np.asarray(self.log_precision, np.float64)
        t = self._standard(inputs) / np.sqrt(2)
        left = np.log(special.erfcx(-np.minimum(t, 0)))  # exp(t²) · erfc(−t), fit for t ≤ 0
        right = np.maximum(t, 0) ** 2 + np.log(special.erfc(-np.maximum(t, 0)))
        out[:] = 0.5 * (np.log(np.pi / 2) - log_precision) + np.where(t < 0, left, right)
        return out

    def mean(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """(α + φ(α)/Φ(α)) / √γ with α = input / √γ."""
        inputs, out = prepare(inputs, out)
        alpha = self._standard(inputs)
        hazard = np.sqrt(2 / np.pi) / special.erfcx(-alpha / np.sqrt(2))  # φ/Φ, without 0/0
        far = np.minimum(alpha, -30.0)
        # Far left α and the hazard cancel; there the asymptotic series of their sum is used.
        series = (-1 / far) * np.polyval([706, -74, 10, -2, 1], far**-2.0)
        out[:] = np.where(alpha < -30, series, alpha + hazard) / np.sqrt(self.precision())
        return out

    def variance(self, inputs: np.ndarray) -> np.ndarray:
        """(1 + input · mean) / γ − mean², or its asymptotic series far left, where that cancels."""
        inputs, out = prepare(inputs, None)
        mean = self.mean(inputs.astype(np.float64))
        alpha = self._standard(inputs)
        far = np.minimum(alpha, -30.0)
        series = far**-2.0 * np.polyval([6354, -518, 50, -6, 1], far**-2.0)
        near = 1 + alpha * mean * np.sqrt(self.precision()) - mean**2 * self.precision()
        out[:] = np.where(alpha < -30, series, near) / self.precision()
        return out

    def sample(
        self, inputs: np.ndarray, noise: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        """x with P(X > x) = 1 − noise: (α − Φ⁻¹((1 − noise) Φ(α))) / √γ. Book: (11.16)."""
        inputs, out = prepare(inputs, out)
        noise = prepare_noise(noise, inputs.shape, inputs.dtype).astype(np.float64)
        # A noise of exactly 0 would mean x = 0, however large the input: take half a step instead.
        noise = np.maximum(noise, np.finfo(inputs.dtype).epsneg / 2)
        alpha = self._standard(inputs)
        quantile = special.ndtri_exp(np.log1p(-noise) + special.log_ndtr(alpha))
        out[:] = np.maximum(alpha - quantile, 0) / np.sqrt(self.precision())
        return out

    def bias_for_mean(self, total: np.ndarray, n: float) -> np.ndarray:
        """The input whose mean is total / n (kept away from 0), by bisection."""
        return invert(self.mean, np.maximum(total / n, 1e-3))

    def _standard(self, inputs: np.ndarray) -> np.ndarray:
        return inputs.astype(np.float64) / np.sqrt(self.precision())


@dataclass(frozen=True)
class NoisyReLU(_NormalNoise):
    """Nair and Hinton's rectifier: many sigmoid units with shared weights and falling biases.

    The sum of Bernoulli units with the inputs input − ½, input − 3/2, … has a mean near
    softplus(input) and a variance near sigmoid(input). The cgf here is their sum with an
    integral in place of the steps, −Li₂(−exp(input)), whose first two derivatives are these two;
    samples are max(0, input + N(0, sigmoid(input))), an approximation. There is no energy U(x): a
    machine can be trained with it by contrastive divergence, but has no joint density, so that
    enumeration, annealed importance sampling and Gibbs sampling refuse it.

    References
    ----------
    Nair and Hinton (2010), Rectified linear units improve restricted Boltzmann machines.
    Book: (11.17), (11.18).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.NoisyReLU().mean(np.array([[-2.0, 0.0, 2.0]])).round(3)  # softplus
    array([[0.127, 0.693, 2.127]])
    >>> rb.exact.log_partition(rb.RBM.random(4, 2, hidden=rb.NoisyReLU()))
    Traceback (most recent call last):
        ...
    ValueError: rbm: expected a joint density exp(−E(v, h)) / Z, got NoisyReLU() as hidden ...
    """

    domain: ClassVar[str] = "finite numbers ≥ 0"
    mean_domain: ClassVar[str] = "finite numbers ≥ 0"
    has_energy: ClassVar[bool] = False

    def outside(self, x: np.ndarray, relaxed: bool = False) -> np.ndarray:
        """Mask of what is negative, NaN or infinite."""
        return ~((x >= 0) & np.isfinite(x))

    def scale(self, means: np.ndarray) -> float:
        """1, the largest standard deviation of the noise."""
        return 1.0

    def energy(self, x: np.ndarray) -> np.ndarray:
        """There is none: raises TypeError."""
        raise TypeError("unit: NoisyReLU has no energy U(x); use ReLU() where an energy is needed")

    def cgf(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """−Li₂(−exp(input)), by inversion input²/2 + π²/6 + Li₂(−exp(−input)) for input > 0."""
        inputs, out = prepare(inputs, out)
        x = inputs.astype(np.float64)
        dilogarithm = special.spence(1 + np.exp(-np.abs(x)))  # Li₂(−exp(−|x|))
        out[:] = np.where(x > 0, x * x / 2 + np.pi**2 / 6 + dilogarithm, -dilogarithm)
        return out

    def mean(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """softplus(input)."""
        inputs, out = prepare(inputs, out)
        return np.logaddexp(inputs, inputs.dtype.type(0), out=out)

    def variance(self, inputs: np.ndarray) -> np.ndarray:
        """sigmoid(input)."""
        inputs, _ = prepare(inputs, inputs)
        return special.expit(inputs)

    def sample(
        self, inputs: np.ndarray, noise: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        """max(0, input + noise · √sigmoid(input))."""
        inputs, out = prepare(inputs, out)
        noise = prepare_noise(noise, inputs.shape, inputs.dtype)
        return np.maximum(inputs + noise * np.sqrt(special.expit(inputs)), 0, out=out)

    def bias_for_mean(self, total: np.ndarray, n: float) -> np.ndarray:
        """The inverse softplus of the mean (kept away from 0)."""
        mean = np.maximum(total / n, 1e-3)
        return mean + np.log(-np.expm1(-mean))
