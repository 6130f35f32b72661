"""Units with finitely many states: Bernoulli {0, 1}, spin {−1, +1}, softmax (one of q)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rbmbook import validation
from rbmbook._threads import choose
from rbmbook.machine import kernels
from rbmbook.machine.units.base import Unit, prepare, prepare_noise

EXP = 10  # additions that take as long as an exponential


@dataclass(frozen=True)
class Bernoulli(Unit):
    """A unit with the states 0 and 1 and U = 0: mean = sigmoid(input), cgf = softplus(input).

    Every method takes inputs of shape (n, m), float32 or float64 (anything else is converted to
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
    ends: ClassVar[tuple[float, float]] = (0.0, 1.0)
    column_values: ClassVar[tuple[float, ...]] = (0.0, 1.0)

    @property
    def levels(self) -> np.ndarray:
        """The states 0 and 1."""
        return np.array([[0.0], [1.0]])

    def outside(self, x: np.ndarray, relaxed: bool = False) -> np.ndarray:
        """Mask of the entries that are neither 0 nor 1 (relaxed: not in [0, 1]); NaN is outside."""
        return ~((x >= 0) & (x <= 1)) if relaxed else (x != 0) & (x != 1)

    def within(self, x: np.ndarray, relaxed: bool = False) -> bool:
        """Whether no entry is outside; for means without a mask of them, which is faster."""
        return bool(x.min() >= 0 and x.max() <= 1) if relaxed else super().within(x)

    def cgf(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """softplus(input) = log(1 + exp(input)), stable for any magnitude. Book: (3.5)."""
        inputs, out = prepare(inputs, out)
        kernels.bernoulli_cgf(inputs, out)
        return out

    def cgf_sum(self, inputs: np.ndarray) -> np.ndarray:
        """Σ_j softplus(input_j) of each row, shape (n,)."""
        inputs, _ = prepare(inputs, inputs)
        out = np.empty(len(inputs), inputs.dtype)
        choose(kernels.bernoulli_cgf_sum, EXP * inputs.size)(inputs, out)
        return out

    def mean(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """P(x = 1 | input) = 1 / (1 + exp(−input)). Book: (2.3)."""
        inputs, out = prepare(inputs, out)
        kernels.bernoulli_mean(inputs, out)
        return out

    def variance(self, inputs: np.ndarray) -> np.ndarray:
        """mean · (1 − mean)."""
        mean = self.mean(inputs)
        return mean * (1 - mean)

    def sample(
        self, inputs: np.ndarray, noise: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        """1 where noise < sigmoid(input), else 0.

        The smallest probability that can be drawn is that of a noise of exactly 0, 2⁻²⁴ in float32
        and 2⁻⁵³ in float64; below exp(−86) or exp(−707) a unit is never on.
        """
        inputs, out = prepare(inputs, out)
        kernels.bernoulli_sample(inputs, prepare_noise(noise, inputs.shape, inputs.dtype), out)
        return out

    def bias_for_mean(self, total: np.ndarray, n: float) -> np.ndarray:
        """The logit of the mean smoothed by Laplace's rule, (total + 1) / (n + 2). Book: (8.1)."""
        return np.log((total + 1) / (n - total + 1))


@dataclass(frozen=True)
class Spin(Unit):
    """A unit with the states −1 and +1 and U = 0: mean = tanh(input), cgf = log(2 cosh(input)).

    References
    ----------
    Book: (11.8).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.Spin().mean(np.array([[0.0, 1.0]])).round(4)
    array([[0.    , 0.7616]])
    """

    domain: ClassVar[str] = "every value to be −1 or 1"
    mean_domain: ClassVar[str] = "every value to be in [−1, 1]"
    ends: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    column_values: ClassVar[tuple[float, ...]] = (-1.0, 1.0)

    @property
    def levels(self) -> np.ndarray:
        """The states −1 and +1."""
        return np.array([[-1.0], [1.0]])

    def outside(self, x: np.ndarray, relaxed: bool = False) -> np.ndarray:
        """Mask of the entries that are neither −1 nor 1 (relaxed: not in [−1, 1])."""
        return ~((x >= -1) & (x <= 1)) if relaxed else (x != -1) & (x != 1)

    def cgf(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """log(2 cosh(input)) = softplus(2 input) − input."""
        inputs, out = prepare(inputs, out)
        doubled = 2 * inputs
        kernels.bernoulli_cgf(doubled, doubled)
        return np.subtract(doubled, inputs, out=out)

    def cgf_sum(self, inputs: np.ndarray) -> np.ndarray:
        """Σ_j log(2 cosh(input_j)) of each row, shape (n,)."""
        inputs, _ = prepare(inputs, inputs)
        magnitude = np.abs(inputs)  # even: log 2cosh(x) = |x| + softplus(−2|x|)
        return magnitude.sum(axis=1) + Bernoulli().cgf_sum(-2 * magnitude)

    def mean(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """tanh(input)."""
        inputs, out = prepare(inputs, out)
        kernels.spin_mean(inputs, out)
        return out

    def variance(self, inputs: np.ndarray) -> np.ndarray:
        """1 − mean²."""
        return 1 - self.mean(inputs) ** 2

    def sample(
        self, inputs: np.ndarray, noise: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        """+1 where noise < sigmoid(2 input), else −1."""
        inputs, out = prepare(inputs, out)
        noise = prepare_noise(noise, inputs.shape, inputs.dtype)
        kernels.bernoulli_sample(2 * inputs, noise, out)
        out *= 2
        out -= 1
        return out

    def bias_for_mean(self, total: np.ndarray, n: float) -> np.ndarray:
        """The inverse tanh of the mean, the counts of both states smoothed by Laplace's rule."""
        return 0.5 * np.log((n + total + 2) / (n - total + 2))


@dataclass(frozen=True)
class Softmax(Unit):
    """A site with q states, one-hot in q columns, and U = 0: mean = softmax of the q inputs.

    A layer of m sites has m·q columns, site by site. It is also known as a Potts or categorical
    unit; its inputs may all be shifted by one number without effect.

    Parameters
    ----------
    q : int ≥ 2
        Number of states of a site.

    Raises
    ------
    ValueError, TypeError
        If q is not an integer ≥ 2.

    References
    ----------
    Book: (11.14).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.Softmax(3).mean(np.log([[1.0, 2.0, 1.0]])).round(4)
    array([[0.25, 0.5 , 0.25]])
    """

    q: int
    domain: ClassVar[str] = "each site to be one-hot"
    mean_domain: ClassVar[str] = "the columns of each site to be ≥ 0 and to sum to 1"
    ends: ClassVar[tuple[float, float]] = (0.0, 1.0)
    column_values: ClassVar[tuple[float, ...]] = (0.0, 1.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "q", validation.integer("q", self.q, minimum=2))

    @property
    def levels(self) -> np.ndarray:
        """The q one-hot rows."""
        return np.eye(self.q)

    @property
    def columns(self) -> int:
        """q, without the q × q numbers of `levels`."""
        return self.q

    def outside(self, x: np.ndarray, relaxed: bool = False) -> np.ndarray:
        """Mask of the columns of sites that are not one-hot (relaxed: not a distribution)."""
        sites = x.reshape(len(x), -1, self.q)
        allowed = (sites >= 0) & (sites <= 1) if relaxed else (sites == 0) | (sites == 1)
        total = sites.sum(axis=2, dtype=np.float64)
        good = allowed.all(axis=2) & (np.abs(total - 1) < (1e-3 if relaxed else 0.5))
        return np.repeat(~good, self.q, axis=1)

    def cgf(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """log Σ_k exp(input_k) of each site, shape (n, m)."""
        sites = self._sites(inputs)
        peak = sites.max(axis=2)
        result = peak + np.log(np.exp(sites - peak[:, :, None]).sum(axis=2))
        if out is None:
            return result
        out[...] = result
        return out

    def mean(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """exp(input_k) / Σ_l exp(input_l) within each site."""
        inputs, out = prepare(inputs, out)
        kernels.softmax_mean(self._sites(inputs), out.reshape(len(out), -1, self.q))
        return out

    def variance(self, inputs: np.ndarray) -> np.ndarray:
        """mean · (1 − mean) of each column."""
        mean = self.mean(inputs)
        return mean * (1 - mean)

    def noise_shape(self, shape: tuple[int, int]) -> tuple[int, int]:
        """One uniform number for each site."""
        return (shape[0], shape[1] // self.q)

    def sample(
        self, inputs: np.ndarray, noise: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        """The first state at which the summed probabilities exceed the noise, one-hot."""
        inputs, out = prepare(inputs, out)
        sites = self._sites(inputs)
        noise = prepare_noise(noise, sites.shape[:2], inputs.dtype)
        kernels.softmax_sample(sites, noise, out.reshape(sites.shape))
        return out

    def bias_for_mean(self, total: np.ndarray, n: float) -> np.ndarray:
        """The logarithm of the frequencies smoothed by Laplace's rule, (total + 1) / (n + q)."""
        return np.log((total + 1) / (n + self.q))

    def _sites(self, inputs: np.ndarray) -> np.ndarray:
        inputs, _ = prepare(inputs, None)
        if inputs.shape[1] % self.q:
            raise ValueError(f"inputs: expected a multiple of {self.q} columns, got {inputs.shape}")
        return inputs.reshape(len(inputs), -1, self.q)
