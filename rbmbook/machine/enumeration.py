"""The states of one layer along a Gray code, and what each says of the other layer.

Neighbouring states of the code differ at one site, so that the inputs of the other layer change by
one row of W a step instead of a matrix product.

References
----------
Knuth (2011), The art of computer programming 4A, section 7.2.1.1 (mixed-radix Gray codes).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from rbmbook import rounding
from rbmbook._jit import jit
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Unit

BLOCK_NUMBERS = 2**17  # numbers in a block of inputs: a megabyte, which stays in the cache


@jit
def gray_block(steps, own_steps, bias, start, digits, inputs, own):
    """Fill rows with successive states of a Gray code and with what they add to the energy.

    steps : (S, r, K), what state x of site s adds to the K inputs of the other layer; bias : (K,),
    the inputs without it; own_steps : (S, r), what it adds to minus the energy by itself. Filled
    are digits : (n, S), inputs : (n, K) and own : (n,). The code's state number `start` is computed
    from scratch, so rounding errors do not outlive a block; a further row differs from the one
    before at a single site.

    Book: (5.3), (5.5), (5.6).
    """
    sites, radix, width = steps.shape
    rest = start
    own[0] = 0.0
    inputs[0] = bias
    for s in range(sites):
        digit = rest % radix
        rest //= radix
        digits[0, s] = (
            digit if rest % 2 == 0 else radix - 1 - digit
        )  # reflected where `rest` is odd
        own[0] += own_steps[s, digits[0, s]]
        for k in range(width):
            inputs[0, k] += steps[s, digits[0, s], k]
    for t in range(1, len(inputs)):
        number, s = start + t, 0
        while number % radix == 0:  # the site whose digit was carried to
            number //= radix
            s += 1
        digit = number % radix
        new = digit if (number // radix) % 2 == 0 else radix - 1 - digit
        old = digits[t - 1, s]
        digits[t] = digits[t - 1]
        digits[t, s] = new
        own[t] = own[t - 1] + (own_steps[s, new] - own_steps[s, old])
        for k in range(width):
            inputs[t, k] = inputs[t - 1, k] + (steps[s, new, k] - steps[s, old, k])


@dataclass(frozen=True)
class Side:
    """One layer, to be enumerated, seen with the other, to be summed in closed form."""

    W: np.ndarray  # (D, K), from the layer's columns to the other's
    own: np.ndarray  # (D,), its biases
    bias: np.ndarray  # (K,), of the other layer
    own_unit: Unit
    unit: Unit  # of the other layer
    is_visible: bool

    @cached_property
    def levels(self) -> np.ndarray:
        """(r, c): the columns of each state."""
        return cast(np.ndarray, self.own_unit.levels)  # finitely many, see `side_of`

    @cached_property
    def states(self) -> int:
        return len(self.levels) ** (len(self.own) // self.own_unit.columns)

    @cached_property
    def rounding_error(self) -> float:
        """What float64 sums may take from the logarithm of a state's weight, in nats."""
        level = float(np.abs(self.levels).max())
        own = np.abs(self.own_unit.energy(self.levels)).max()
        with np.errstate(over="ignore", invalid="ignore"):
            peak = np.abs(self.bias) + level * np.abs(self.W).sum(axis=0)
            own += level * np.abs(self.own).sum()
            ends = np.stack([-peak, peak])
            slope = np.abs(self.unit.mean(ends)).max(axis=0) * peak  # input errors become these
            size = np.abs(self.unit.cgf_sum(ends)).max() + slope.sum() + own
        if not np.isfinite(size):
            raise rounding.too_large(self.W)
        return float(rounding.lost(size))

    @cached_property
    def tables(self) -> tuple[np.ndarray, np.ndarray]:
        """What a site in state x adds to the inputs, (S, r, K), and to −E by itself, (S, r)."""
        levels, columns = self.levels, self.own_unit.columns
        steps = np.einsum("rc,sck->srk", levels, self.W.reshape(-1, columns, len(self.bias)))
        own_steps = self.own.reshape(-1, columns) @ levels.T - self.own_unit.energy(levels)
        return np.ascontiguousarray(steps), own_steps

    def places(self) -> Iterator[tuple[int, int]]:
        """Start and length of each block."""
        size = max(1, BLOCK_NUMBERS // len(self.bias))
        return ((s, min(size, self.states - s)) for s in range(0, self.states, size))

    def block(self, start: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Digits of n states, the other layer's inputs, and log Σ over it of exp(−E)."""
        steps, own_steps = self.tables
        digits = np.empty((n, len(steps)), np.int64)
        inputs, own = np.empty((n, len(self.bias))), np.empty(n)
        gray_block(steps, own_steps, self.bias, start, digits, inputs, own)
        return digits, inputs, own + self.unit.cgf_sum(inputs)


def in_double(rbm: RBM) -> RBM:
    """The machine in float64, only to be read: it is the machine itself if that is in float64."""
    return rbm if rbm.dtype == np.float64 else rbm.astype(np.float64)


def side_of(rbm: RBM, visible: bool) -> Side:
    """The chosen layer, of finitely many states, ready to be enumerated."""
    rbm = in_double(rbm)
    own, other = (rbm.visible, rbm.hidden) if visible else (rbm.hidden, rbm.visible)
    if visible:
        return Side(rbm.W, rbm.a, rbm.b, own, other, True)
    return Side(rbm.W.T, rbm.b, rbm.a, own, other, False)
