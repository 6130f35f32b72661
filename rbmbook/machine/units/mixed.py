"""A layer whose columns are not all of one type: several kinds of units side by side."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.machine.units.base import Unit, prepare, prepare_noise


@dataclass(frozen=True)
class Mixed(Unit):
    """Units of several types in one layer, part by part from the left.

    Units of a layer do not see each other, so each part keeps its own mean, cgf and samples, and
    cgf_sum adds up. The parts' own parameters (such as log-precisions) follow one another.

    Parameters
    ----------
    parts : sequence of (unit, columns)
        From the left; the columns add up to the layer's.

    Raises
    ------
    ValueError, TypeError
        If there is no part, a part is not a pair of a unit and a number ≥ 1, or the number is
        not a multiple of the columns that one site of the unit takes.

    References
    ----------
    Tran, Phung and Venkatesh (2011), Mixed-variate restricted Boltzmann machines.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> pixels_and_label = rb.Mixed([(rb.Bernoulli(), 2), (rb.Softmax(3), 3)])
    >>> pixels_and_label.mean(np.array([[0.0, 1.0, 0.0, 0.0, np.log(2.0)]])).round(4)
    array([[0.5   , 0.7311, 0.25  , 0.25  , 0.5   ]])
    """

    parts: Any

    def __post_init__(self) -> None:
        try:
            pairs = tuple((unit, columns) for unit, columns in self.parts)
        except (TypeError, ValueError):
            raise TypeError(
                f"parts: expected a sequence of pairs (unit, columns), got {self.parts!r}"
            ) from None
        if not pairs:
            raise ValueError("parts: expected at least one pair (unit, columns), got none")
        checked = []
        for unit, columns in pairs:
            validation.instance("parts", unit, Unit)
            columns = validation.integer("parts", columns)
            if columns % unit.columns:
                raise ValueError(
                    f"parts: expected a multiple of {unit.columns} columns for {unit}, "
                    f"got {columns}"
                )
            checked.append((unit, columns))
        object.__setattr__(self, "parts", tuple(checked))

    @property
    def width(self) -> int:
        """Columns of the whole layer."""
        return sum(columns for _, columns in self.parts)

    @property
    def domain(self) -> str:
        """The domains of the parts, in words."""
        return self._words("domain")

    @property
    def mean_domain(self) -> str:
        """What the means of the parts may be, in words."""
        return self._words("mean_domain")

    @property
    def has_energy(self) -> bool:
        """Whether every part has one."""
        return all(unit.has_energy for unit, _ in self.parts)

    @property
    def column_values(self) -> tuple[float, ...] | None:
        """The values of all parts, if each part can list its own."""
        parts = [unit.column_values for unit, _ in self.parts]
        return None if None in parts else tuple(sorted(set().union(*parts)))

    def growth(self, columns: int) -> tuple[np.ndarray, np.ndarray]:
        """What each part says of its columns."""
        parts = [unit.growth(own) for unit, own in self.parts]
        precision, positive = (np.concatenate(part) for part in zip(*parts, strict=True))
        return precision, positive

    @property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The least and the greatest mean of each column."""
        low, high = zip(
            *(np.broadcast_arrays(*unit.ends, np.zeros(n))[:2] for unit, n in self.parts),
            strict=True,
        )
        return np.concatenate(low), np.concatenate(high)

    def scale(self, means: np.ndarray) -> np.ndarray:
        """The parts' scales, side by side."""
        parts = [means[:, part] for _, part in self.slices()]
        pairs = zip(self.parts, parts, strict=True)
        return np.concatenate([np.broadcast_to(u.scale(m), m.shape[1]) for (u, _), m in pairs])

    def bind(self, name: str, columns: int, dtype: np.dtype) -> "Mixed":
        """A copy whose parts are bound; the columns must be those of all parts together."""
        if columns != self.width:
            raise ValueError(f"{name}: expected {self.width} columns for {self}, got {columns}")
        return Mixed([(unit.bind(name, own, dtype), own) for unit, own in self.parts])

    def outside(self, x: np.ndarray, relaxed: bool = False) -> np.ndarray:
        """Mask of the entries that are not states (relaxed: not means) of their part."""
        return np.hstack([unit.outside(x[:, part], relaxed) for unit, part in self.slices()])

    def cut_sites(self, mask: np.ndarray) -> np.ndarray:
        """Which rows of a mask take some columns of a site and leave others."""
        cut = [unit.cut_sites(mask[:, part]) for unit, part in self.slices()]
        return np.any(cut, axis=0)

    def energy(self, x: np.ndarray) -> np.ndarray:
        """The sum of the parts' energies, shape (n,)."""
        parts = (unit.energy(x[:, part]) for unit, part in self.slices())
        return sum(parts, np.zeros(len(x), x.dtype))

    def cgf(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """The cgf of each site, part by part."""
        result = np.hstack([unit.cgf(inputs[:, part]) for unit, part in self.slices()])
        if out is None:
            return result
        out[...] = result
        return out

    def cgf_sum(self, inputs: np.ndarray) -> np.ndarray:
        """The cgf summed over each row, shape (n,)."""
        parts = ((unit, np.ascontiguousarray(inputs[:, part])) for unit, part in self.slices())
        return sum((unit.cgf_sum(own) for unit, own in parts), np.zeros(len(inputs), inputs.dtype))

    def mean(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """E[x | input]."""
        return self._each(lambda unit, part: unit.mean(inputs[:, part]), inputs, out)

    def variance(self, inputs: np.ndarray) -> np.ndarray:
        """The variance of each column of x given the input."""
        return self._each(lambda unit, part: unit.variance(inputs[:, part]), inputs, None)

    def noise_shape(self, shape: tuple[int, int]) -> tuple[int, int]:
        """The parts' noise, side by side."""
        return shape[0], sum(self._noise_columns())

    def noise(
        self,
        shape: tuple[int, int],
        rng: np.random.Generator,
        dtype: Any = np.float64,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """The parts' noise, drawn part by part."""
        out = np.empty(self.noise_shape(shape), dtype) if out is None else out
        for (unit, columns), part in zip(self.parts, _slices(self._noise_columns()), strict=True):
            out[:, part] = unit.noise((shape[0], columns), rng, dtype)
        return out

    def sample(
        self, inputs: np.ndarray, noise: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        """A draw from p(x | input), each part with its own columns of the noise."""
        inputs, out = prepare(inputs, out)
        noise = prepare_noise(noise, self.noise_shape(inputs.shape), inputs.dtype)
        parts = zip(self.slices(), _slices(self._noise_columns()), strict=True)
        for (unit, part), own_noise in parts:
            out[:, part] = unit.sample(inputs[:, part], noise[:, own_noise])
        return out

    def match_variance(self, variance: np.ndarray) -> None:
        """Let each part match the variance of its columns."""
        for unit, part in self.slices():
            unit.match_variance(variance[part])

    def between(self, base: "Mixed", beta: float) -> "Mixed":
        """Each part between its base and itself."""
        pairs = zip(self.parts, base.parts, strict=True)
        return Mixed([(unit.between(start, beta), own) for (unit, own), (start, _) in pairs])

    def bias_for_mean(self, total: np.ndarray, n: float) -> np.ndarray:
        """The input at which the (smoothed) mean is total / n."""
        return np.hstack([unit.bias_for_mean(total[part], n) for unit, part in self.slices()])

    def parameters(self) -> tuple[np.ndarray, ...]:
        """The parts' own parameters, one part after the other."""
        return tuple(p for unit, _ in self.parts for p in unit.parameters())

    def sites(self, columns: int) -> np.ndarray:
        """A number for each column, part by part: columns of one site have the same."""
        return np.concatenate(
            [part.start + unit.sites(part.stop - part.start) for unit, part in self.slices()]
        )

    def real(self, columns: int) -> np.ndarray:
        """Which columns can be standardised, part by part."""
        return np.concatenate([unit.real(own) for unit, own in self.parts])

    def divisor(self, sd: np.ndarray) -> np.ndarray:
        """By what columns are divided to be standardised, part by part."""
        return np.concatenate([unit.divisor(sd[part]) for unit, part in self.slices()])

    def take(
        self, other: "Mixed", scale: Any = 1.0, where: Any = True, learned_only: bool = False
    ) -> None:
        """Have the parts' own parameters, each with its columns of `scale` and of `where`."""
        scale, where = (np.broadcast_to(x, (self.width,)) for x in (scale, where))
        for (unit, part), (source, _) in zip(self.slices(), other.slices(), strict=True):
            unit.take(source, scale[part], where[part], learned_only)

    def statistics(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """−∂U(x)/∂parameter for each of `parameters`."""
        return tuple(s for unit, part in self.slices() for s in unit.statistics(x[:, part]))

    def expected_statistics(self, inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """E[−∂U(x)/∂parameter | input] for each of `parameters`."""
        return tuple(
            s for unit, part in self.slices() for s in unit.expected_statistics(inputs[:, part])
        )

    def slices(self) -> Iterator[tuple[Unit, slice]]:
        """Each part's unit and its columns.

        Yields
        ------
        unit : unit
        columns : slice

        Examples
        --------
        >>> import rbmbook as rb
        >>> for unit, columns in rb.Mixed([(rb.Bernoulli(), 2), (rb.Softmax(3), 3)]).slices():
        ...     print(unit, columns)
        Bernoulli() slice(0, 2, None)
        Softmax(q=3) slice(2, 5, None)
        """
        columns = _slices([columns for _, columns in self.parts])
        return zip((unit for unit, _ in self.parts), columns, strict=True)

    def _noise_columns(self) -> list[int]:
        return [unit.noise_shape((1, columns))[1] for unit, columns in self.parts]

    def _words(self, name: str) -> str:
        parts = (
            f"in columns {s.start} to {s.stop - 1} {getattr(u, name)}" for u, s in self.slices()
        )
        return ", ".join(parts)

    def _each(
        self,
        function: Callable[[Unit, slice], np.ndarray],
        inputs: np.ndarray,
        out: np.ndarray | None,
    ) -> np.ndarray:
        _, out = prepare(inputs, out)
        for unit, part in self.slices():
            out[:, part] = function(unit, part)
        return out


def _slices(widths: list[int]) -> list[slice]:
    ends = np.cumsum(widths).tolist()
    return [slice(end - width, end) for width, end in zip(widths, ends, strict=True)]
