"""The unit types: a domain and an energy of its own for each.

Every machine in this package has one energy, E(v, h) = −aᵀv − bᵀh − vᵀWh + U(v) + U(h), so a unit
only ever sees its input, x ↦ v @ W + b or h @ W.T + a. From the input follow

- cgf(input) = log Σ_x exp(x·input − U(x)), the cumulant generating function,
- mean = cgf′, the conditional expectation,
- sample, a draw from the conditional p(x | input) ∝ exp(x·input − U(x)).

A new type of unit is one class with these methods; nothing else in the package names a type.

References
----------
Welling, Rosen-Zvi and Hinton (2004), Exponential family harmoniums, equations 1 to 4.
"""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from rbmbook import kernels, validation


class Unit(Protocol):
    """What the rest of the package asks of a unit type.

    Inputs, means and samples are (n, number of columns) arrays of one dtype, float32 or float64.
    """

    domain: ClassVar[str]  # in words, for error messages
    mean_domain: ClassVar[str]
    levels: np.ndarray | None  # (states per site, columns per site), None if not enumerable

    def outside(self, x: np.ndarray, relaxed: bool = False) -> np.ndarray:
        """Mask of the entries of x that are not states (relaxed: not means) of this unit."""

    def energy(self, x: np.ndarray) -> np.ndarray:
        """U(x) summed over each row, shape (n,)."""

    def cgf(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """log Σ_x exp(x·input − U(x)), elementwise."""

    def cgf_sum(self, inputs: np.ndarray) -> np.ndarray:
        """The cgf summed over each row, shape (n,)."""

    def mean(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """E[x | input]."""

    def noise(
        self,
        shape: tuple[int, int],
        rng: np.random.Generator,
        dtype: np.dtype,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """The random numbers that `sample` turns into states."""

    def sample(
        self, inputs: np.ndarray, noise: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        """A draw from p(x | input), a deterministic function of the noise."""

    def bias_for_mean(self, total: np.ndarray, n: float) -> np.ndarray:
        """The bias at which a unit without weights has the (smoothed) mean total / n."""


@dataclass(frozen=True)
class Bernoulli:
    """A unit with the states 0 and 1 and U = 0: mean = sigmoid(input), cgf = softplus(input).

    Every method takes inputs of any shape (n, m), float32 or float64 (anything else is converted to
    float64), and keeps that dtype.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.Bernoulli().mean(np.array([[0.0, 1.0]])).round(4)
    array([[0.5   , 0.7311]])
    """

    domain: ClassVar[str] = "every value to be 0 or 1"
    mean_domain: ClassVar[str] = "every value to be in [0, 1]"
    levels: ClassVar[np.ndarray] = np.array([[0.0], [1.0]])

    def outside(self, x: np.ndarray, relaxed: bool = False) -> np.ndarray:
        """Mask of the entries that are neither 0 nor 1 (relaxed: not in [0, 1]); NaN is outside."""
        return ~((x >= 0) & (x <= 1)) if relaxed else (x != 0) & (x != 1)

    def energy(self, x: np.ndarray) -> np.ndarray:
        """U(x) = 0 for each row, shape (n,)."""
        return np.zeros(len(x), x.dtype)

    def cgf(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """softplus(input) = log(1 + exp(input)), stable for any magnitude."""
        inputs, out = _prepare(inputs, out)
        kernels.bernoulli_cgf(inputs, out)
        return out

    def cgf_sum(self, inputs: np.ndarray) -> np.ndarray:
        """Σ_j softplus(input_j) of each row, shape (n,)."""
        inputs, _ = _prepare(inputs, inputs)
        out = np.empty(len(inputs), inputs.dtype)
        kernels.bernoulli_cgf_sum(inputs, out)
        return out

    def mean(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """P(x = 1 | input) = 1 / (1 + exp(−input))."""
        inputs, out = _prepare(inputs, out)
        kernels.bernoulli_mean(inputs, out)
        return out

    def noise(
        self,
        shape: tuple[int, int],
        rng: np.random.Generator,
        dtype: np.dtype = np.float64,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Uniform numbers in [0, 1), in C order."""
        return rng.random(shape, dtype=dtype, out=out)

    def sample(
        self, inputs: np.ndarray, noise: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        """1 where noise < sigmoid(input), else 0."""
        inputs, out = _prepare(inputs, out)
        noise = np.ascontiguousarray(noise, inputs.dtype)
        if noise.shape != inputs.shape:
            raise ValueError(f"noise: expected shape {inputs.shape}, got {noise.shape}")
        kernels.bernoulli_sample(inputs, noise, out)
        return out

    def bias_for_mean(self, total: np.ndarray, n: float) -> np.ndarray:
        """The logit of the mean smoothed by Laplace's rule, (total + 1) / (n + 2)."""
        return np.log((total + 1) / (n - total + 1))


def _prepare(inputs: np.ndarray, out: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Inputs as a C-contiguous 2-D array of float32 or float64, and an array to write to."""
    if not (type(inputs) is np.ndarray and inputs.dtype.char in "fd"):
        inputs = validation.array("inputs", inputs)
        inputs = inputs if inputs.dtype.char in "fd" else inputs.astype(np.float64)
    if inputs.ndim != 2:
        raise ValueError(f"inputs: expected shape (n, m), got {inputs.shape}")
    inputs = np.ascontiguousarray(inputs)
    if out is None:
        out = np.empty_like(inputs)
    elif out.shape != inputs.shape or out.dtype != inputs.dtype or not out.flags.c_contiguous:
        raise ValueError(
            f"out: expected a C-contiguous array of shape {inputs.shape} and dtype {inputs.dtype}, "
            f"got shape {out.shape} and dtype {out.dtype}"
        )
    return inputs, out


TYPES: dict[str, type] = {unit.__name__: unit for unit in (Bernoulli,)}


def is_unit(value: object) -> bool:
    """Whether `value` offers what `Unit` asks for."""
    needed = ("domain", "levels", "outside", "energy", "cgf_sum", "mean", "noise", "sample")
    return not isinstance(value, type) and all(hasattr(value, name) for name in needed)


def describe(unit: Unit) -> dict[str, Any]:
    """A unit as JSON-able values, for files."""
    return {"type": type(unit).__name__, **asdict(unit)}


def restore(entry: dict[str, Any]) -> Unit:
    """The unit that `describe` described."""
    options = dict(entry)
    name = options.pop("type")
    if name not in TYPES:
        raise ValueError(f"unit: expected one of {sorted(TYPES)}, got {name!r}")
    return TYPES[name](**options)
