"""Enumeration where weights are so large that float64 sums would lose the digits that matter.

At weights of 10¹⁷ neighbouring float64 numbers are 16 apart, and yet inputs may cancel to something
small. Two things keep every digit. The parameters are cut into slices, multiples of a common power
of two few enough that sums over a layer are exact in any order; and sums of slices, of layers and
of energies are kept as pairs, a number and what rounding took from it. A third number counts what
the pair has lost, so that an answer is exact or refused.

References
----------
Knuth (1998), The art of computer programming 2, section 4.2.2, theorem B (the exact sum of two).
Rump, Ogita and Oishi (2008), Accurate floating-point summation (slices without rounding).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rbmbook.units import Unit

BITS = 51  # of a slice's sums: increments and their partial sums then stay below 2⁵³ units
NEGLIGIBLE = 2.0**-80  # sums below this are dropped
EPSILON = float(np.finfo(np.float64).eps)
ROUNDINGS = 8  # what plain sums lose is at most about this many ε times their magnitude
TOLERANCE = 1e-5  # nats, or relative to an answer above 1: a larger error is refused
PLAIN_ERROR = 1e-9  # nats; above it, sums are kept as pairs


class TooLargeError(ValueError, FloatingPointError):
    """Parameters too large for float64 sums; while a machine is trained, it has diverged."""


@dataclass(frozen=True)
class Pair:
    """head + tail, arrays of one shape, with |tail| ≤ ½ ulp of head, and what has been lost."""

    head: np.ndarray
    tail: np.ndarray
    lost: np.ndarray

    @classmethod
    def exactly(cls, x: np.ndarray) -> "Pair":
        """An array as it is."""
        return cls(x, np.zeros_like(x), np.zeros_like(x))

    @classmethod
    def total(cls, parts: Sequence[np.ndarray]) -> "Pair":
        """The sum of arrays."""
        total = cls.exactly(parts[0])
        for part in parts[1:]:
            total = total + cls.exactly(part)
        return total

    def __add__(self, other: "Pair") -> "Pair":
        head, error = two_sum(self.head, other.head)
        tail, lost = two_sum(self.tail, other.tail)
        tail, more = two_sum(tail, error)
        head, tail = two_sum(head, tail)
        return Pair(head, tail, self.lost + other.lost + np.abs(lost) + np.abs(more))

    def __getitem__(self, index: object) -> "Pair":
        return Pair(self.head[index], self.tail[index], self.lost[index])

    def times(self, factor: float) -> "Pair":
        """Multiplied by a power of two, its negative, or 0: without rounding."""
        return Pair(factor * self.head, factor * self.tail, abs(factor) * self.lost)

    def minus(self, reference: tuple[float, float]) -> np.ndarray:
        """The difference from a head and a tail, as one number each."""
        return (self.head - reference[0]) + (self.tail - reference[1])

    def maximum(self) -> tuple[float, float]:
        """Head and tail of the largest element."""
        head = self.head.max()
        return float(head), float(self.tail[self.head == head].max())

    def sum(self) -> "Pair":
        """Over the last axis, folded in halves."""
        total = self
        while (width := total.head.shape[-1]) > 1:
            half = width // 2
            folded = total[..., :half] + total[..., half : 2 * half]
            if width % 2:
                last = total[..., 2 * half :]
                parts = [(getattr(folded, n), getattr(last, n)) for n in ("head", "tail", "lost")]
                folded = Pair(*(np.concatenate(part, axis=-1) for part in parts))
            total = folded
        return total[..., 0]


def rounding(size: np.ndarray | float) -> np.ndarray | float:
    """What plain sums of this magnitude may lose."""
    return ROUNDINGS * EPSILON * size


def refuse(error: np.ndarray | float, answer: np.ndarray | float) -> None:
    """Raise where rounding may have taken more than the tolerance from an answer, in nats."""
    if np.any(error > TOLERANCE * np.maximum(np.abs(answer), 1.0)):
        raise TooLargeError(
            f"rbm: expected parameters whose sums float64 holds to {TOLERANCE:g}, got some so "
            f"large that rounding may take {np.max(error):.1g} nats from the answer"
        )


def minus(x: np.ndarray, y: np.ndarray | float) -> np.ndarray:
    """x − y, or an error where both are so large that rounding decides."""
    difference = x - y
    refuse(rounding(np.maximum(np.abs(x), np.abs(y))), difference)
    return difference


def two_sum(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x + y rounded, and exactly what the rounding took."""
    total = x + y
    part = total - x
    return total, (x - (total - part)) + (y - part)


def slices(
    W: np.ndarray, own: np.ndarray, bias: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Cut W (D, K), own (D,) and bias (K,) into slices that add up to them.

    Within a slice float64 holds bias + Σ_i x_i W_i and Σ_i x_i own_i exactly, for |x_i| ≤ 1, in
    whatever order they are summed. The first slice holds the leading bits.
    """
    rest = [W, own, bias]
    while True:
        inputs = np.abs(rest[2]) + np.abs(rest[0]).sum(axis=0)
        bounds = [inputs, np.abs(rest[1]).sum(), inputs]
        if not any(np.any(bound > NEGLIGIBLE) for bound in bounds):
            return
        units = [np.ldexp(1.0, np.maximum(np.frexp(x)[1] - BITS, -1074)) for x in bounds]
        parts = [np.rint(x / unit) * unit for x, unit in zip(rest, units, strict=True)]
        yield tuple(parts)
        rest = [x - part for x, part in zip(rest, parts, strict=True)]


def levels_are_exact(unit: Unit) -> bool:
    """Whether states times inputs need no rounding: 0 and ± powers of two, one a row, and U = 0."""
    levels = unit.levels
    if levels is None or unit.energy(levels).any():
        return False
    mantissa = np.abs(np.frexp(levels)[0])
    one_a_row = (levels != 0).sum(axis=1) <= 1
    return bool(one_a_row.all() and np.isin(mantissa, (0.0, 0.5)).all())


def cgf_and_mean(unit: Unit, inputs: Pair) -> tuple[Pair, np.ndarray]:
    """log Σ_x exp(x·input) of each site, (n, sites), and the mean, (n, columns)."""
    n, width = inputs.head.shape
    levels, columns = unit.levels, unit.columns
    energies = []  # of each state of a site, (n, sites)
    for level in levels:
        column = int(np.argmax(level != 0))
        energies.append(inputs[:, column::columns].times(level[column]))
    head, tail = energies[0].head, energies[0].tail
    for energy in energies[1:]:
        higher = (energy.head > head) | ((energy.head == head) & (energy.tail > tail))
        head, tail = np.where(higher, energy.head, head), np.where(higher, energy.tail, tail)
    odds = np.stack([np.exp((e.head - head) + (e.tail - tail)) for e in energies], axis=2)
    total = odds.sum(axis=2, keepdims=True)
    lost = np.max([energy.lost for energy in energies], axis=0)
    mean = ((odds / total) @ levels).reshape(n, width)
    return Pair(head, tail, lost) + Pair.exactly(np.log(total[:, :, 0])), mean
