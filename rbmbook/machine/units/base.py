"""What every type of unit has in common."""

from collections.abc import Callable
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.machine.noise import uniform


class Unit:
    """A domain, an energy U(x) of its own, and what follows from an input.

    A subclass is a frozen dataclass. It defines `domain` and `mean_domain`, in words, `outside`,
    `cgf`, `mean` and `sample`; `energy`, unless U = 0; `levels`, if its states can be listed, which
    enumeration needs; `noise`, unless one uniform number a column will do. `bias_for_mean` is for
    machines that start at data, `variance` for score matching. A type overrides the other methods
    where what they say here is not true of it.

    Inputs, means and samples are (n, columns) arrays of float32 or float64, which is kept. With
    `out`, the answer is written into that array and returned.
    """

    def _missing(self, name: str) -> NotImplementedError:
        return NotImplementedError(f"{type(self).__name__} does not define {name}, needed here")

    @property
    def domain(self) -> str:
        """The states in words, for error messages."""
        raise self._missing("domain")

    @property
    def mean_domain(self) -> str:
        """The means in words, for error messages."""
        raise self._missing("mean_domain")

    @property
    def has_energy(self) -> bool:
        """False where the conditionals belong to no U(x)."""
        return True

    @property
    def levels(self) -> np.ndarray | None:
        """All states of one site, (states, columns of a site); None if they cannot be listed."""
        return None

    @property
    def column_values(self) -> tuple[float, ...] | None:
        """All values that a column's states may have, rising; None if they cannot be listed."""
        return None if self.levels is None else tuple(np.unique(self.levels).tolist())

    @property
    def columns(self) -> int:
        """How many columns one site takes."""
        return 1 if self.levels is None else self.levels.shape[1]

    @property
    def ends(self) -> tuple[Any, Any]:
        """The least and the greatest mean of a column, −∞ and ∞ where there is no such range."""
        return (-np.inf, np.inf) if self.levels is None else (self.levels.min(), self.levels.max())

    def scale(self, means: np.ndarray) -> Any:
        """What a change of a column's mean is compared with, to say whether it is a slight one.

        The range of the mean where it has one. For other types the mean itself, averaged over the
        (rows, columns) `means`, unless they say otherwise.
        """
        low, high = self.ends
        return np.abs(means.mean(axis=0)) if np.isinf(high - low) else high - low

    def bind(self, name: str, columns: int, dtype: np.dtype) -> "Unit":
        """The unit as it serves in a layer of this width and dtype, with its own parameters."""
        if columns % self.columns:
            raise ValueError(
                f"{name}: expected a multiple of {self.columns} columns for {self}, got {columns}"
            )
        return self

    def outside(self, x: np.ndarray, relaxed: bool = False) -> np.ndarray:
        """Mask of the entries of x that are not states (relaxed: not means) of this unit."""
        raise self._missing("outside")

    def within(self, x: np.ndarray, relaxed: bool = False) -> bool:
        """Whether all entries of x are states (relaxed: means) of this unit."""
        return not self.outside(x, relaxed).any()

    def growth(self, columns: int) -> tuple[np.ndarray, np.ndarray]:
        """How U grows in each of this many columns: γ of U = γ x² / 2 + …, and whether x ≥ 0.

        An infinite γ stands for a column whose states are bounded.
        """
        return np.full(columns, np.inf), np.zeros(columns, bool)

    def cut_sites(self, mask: np.ndarray) -> np.ndarray:
        """Which rows of a mask, (n, columns), take some columns of a site and leave others."""
        sites = mask.reshape(len(mask), -1, self.columns)
        return (sites != sites[:, :, :1]).any(axis=(1, 2))

    def energy(self, x: np.ndarray) -> np.ndarray:
        """U(x) summed over each row, shape (n,); zero unless a type says otherwise."""
        return np.zeros(len(x), x.dtype)

    def cgf(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """log Σ_x exp(x·input − U(x)) of each site. Book: (11.3)."""
        raise self._missing("cgf")

    def cgf_sum(self, inputs: np.ndarray) -> np.ndarray:
        """The cgf summed over each row, shape (n,)."""
        return self.cgf(inputs).sum(axis=1)

    def mean(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """E[x | input]. Book: (11.4)."""
        raise self._missing("mean")

    def variance(self, inputs: np.ndarray) -> np.ndarray:
        """The variance of each column of x given the input. Book: (11.5)."""
        raise self._missing("variance")

    def noise_shape(self, shape: tuple[int, int]) -> tuple[int, int]:
        """The shape of the noise for (n, columns) samples."""
        return shape

    def noise(
        self,
        shape: tuple[int, int],
        rng: np.random.Generator,
        dtype: Any = np.float64,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """The random numbers that `sample` needs for (n, columns) states, in C order.

        Uniform in [0, 1) unless a type says otherwise.
        """
        shape = self.noise_shape(shape)
        return uniform(rng, shape, dtype) if out is None else rng.random(shape, dtype, out)

    def sample(
        self, inputs: np.ndarray, noise: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        """A draw from p(x | input), a deterministic function of the noise. Book: (11.2)."""
        raise self._missing("sample")

    def match_variance(self, variance: np.ndarray) -> None:
        """Set a learned scale, if the type has one, so that a unit without weights has it."""

    def between(self, base: Any, beta: float) -> "Unit":
        """The unit with (1 − β) U_base + β U, of this type; `base` differs in parameters only."""
        return self

    def bias_for_mean(self, total: np.ndarray, n: float) -> np.ndarray:
        """The input at which the (smoothed) mean is total / n."""
        raise self._missing("bias_for_mean")

    def parameters(self) -> tuple[np.ndarray, ...]:
        """The unit's own learned parameters, the live arrays."""
        return ()

    def sites(self, columns: int) -> np.ndarray:
        """A number for each column: columns of one site have the same."""
        return np.arange(columns) // self.columns

    def real(self, columns: int) -> np.ndarray:
        """Which columns can be standardised: with x, (x − μ) / σ is of this type too."""
        return np.zeros(columns, bool)

    def divisor(self, sd: np.ndarray) -> np.ndarray:
        """By what columns with these standard deviations are divided to be standardised."""
        return np.ones_like(sd)

    def take(
        self, other: Any, scale: Any = 1.0, where: Any = True, learned_only: bool = False
    ) -> None:
        """Copy the parameters of `other`, a unit of the same type, to this unit's own.

        The other's x is this unit's x divided by `scale`, which is 1 except in columns that are
        `real`. Only the columns `where` are copied. With `learned_only`, what training does not
        move stays as it is, to the bit.
        """
        for mine, value in zip(self.parameters(), other.parameters(), strict=True):
            np.copyto(mine, value, where=where)

    def statistics(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """−∂U(x)/∂parameter for each of `parameters`, (n, columns) each."""
        return ()

    def expected_statistics(self, inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """E[−∂U(x)/∂parameter | input] for each of `parameters`, (n, columns) each."""
        return ()


def prepare(inputs: Any, out: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Inputs as a C-contiguous 2-D array of float32 or float64, and an array to write to."""
    if not (type(inputs) is np.ndarray and inputs.dtype.char in "fd" and inputs.dtype.isnative):
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


def prepare_noise(noise: Any, shape: tuple[int, int], dtype: np.dtype) -> np.ndarray:
    """Noise as a C-contiguous array of the inputs' dtype and of the shape the unit asks for."""
    if not (type(noise) is np.ndarray and noise.dtype == dtype and noise.flags.c_contiguous):
        noise = np.ascontiguousarray(validation.array("noise", noise), dtype)
    if noise.shape != shape:
        raise ValueError(f"noise: expected shape {shape}, got {noise.shape}")
    return noise


def invert(mean: Callable[[np.ndarray], np.ndarray], target: np.ndarray) -> np.ndarray:
    """The inputs at which an increasing mean function takes the target values, by bisection."""
    low, high = np.full(target.shape, -1e6), np.full(target.shape, 1e6)
    for _ in range(100):
        middle = (low + high) / 2
        below = mean(middle[None])[0] < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2
