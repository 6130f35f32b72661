"""What a deep belief network says of log p(v): exactly where it can be summed, else a lower bound.

With h = (x¹, …, xᴸ⁻¹) and any q, log p(v) ≥ E_q[log p(v, h) − log q(h | v)], and the difference is
KL(q(h | v) ‖ p(h | v)). Along the way up, log p(v, h) − log q(h | v) is a sum over the layers,

    Σ_l [log p(xˡ | xˡ⁺¹) − log q(xˡ⁺¹ | xˡ)] + log p_top(xᴸ⁻¹),

so its expectation is found from the top downwards, one layer's states at a time: as many operations
as pairs of states of neighbouring layers, not as many as paths. Everything is computed in float64.

References
----------
Hinton, Osindero and Teh (2006), A fast learning algorithm for deep belief nets (the bound).
Salakhutdinov and Murray (2008), On the quantitative analysis of deep belief networks (its estimate
from samples of q).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp

from rbmbook import rounding, validation
from rbmbook.machine import exact
from rbmbook.machine.directed import Directed
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Unit
from rbmbook.sampling.annealing import Estimate

if TYPE_CHECKING:
    from rbmbook.dbn.model import DBN

EXACT_STATES = 2**12  # of a layer: up to here `bound` sums, beyond it samples
MAX_PAIRS = 2**28  # of states of neighbouring layers, in `log_likelihood`
BLOCK_NUMBERS = 2**21  # in a table


class Layers:
    """A network's arrows and its top machine in float64, and the states of the layers between."""

    def __init__(self, dbn: "DBN") -> None:
        machines = [rbm.astype(np.float64) for rbm in dbn.rbms]
        self.top = machines[-1]
        self.down = [Directed.down(machine) for machine in machines[:-1]]
        self.up = [
            Directed(layer.W.astype(np.float64), machine.b, machine.hidden)
            for layer, machine in zip(dbn.recognition, machines, strict=False)
        ]
        self.visible: Unit = machines[0].visible

    def counts(self) -> list[float]:
        """The number of states of x¹, …, xᴸ⁻¹; infinite where they cannot be listed."""
        return [number_of_states(layer.unit, layer.b.size) for layer in self.up]

    def states(self, layer: int) -> np.ndarray:
        """All states of xˡ, l ≥ 1, one a row."""
        arrow = self.up[layer - 1]
        return exact.states(arrow.b.size, arrow.unit)

    def log_top(self, x: np.ndarray, log_z: float) -> np.ndarray:
        """log p_top(xᴸ⁻¹) of each row."""
        return rounding.minus(-self.top.free_energy(x), log_z)


def number_of_states(unit: Unit, columns: int) -> float:
    """Of a layer; infinite where they cannot be listed."""
    if unit.levels is None:
        return np.inf
    return float(len(unit.levels)) ** (columns // unit.columns)


def summed_bound(layers: Layers, blocks: Iterable[np.ndarray], log_z: float) -> np.ndarray:
    """The bound of each row of some blocks of v, summed over all states of the layers between."""

    def below(layer: int, x: np.ndarray, above: np.ndarray, value: np.ndarray) -> np.ndarray:
        log_q = layers.up[layer].log_table(above, x).T
        log_p = layers.down[layer].log_table(x, above)
        return (np.exp(log_q) * (log_p - log_q + value)).sum(axis=1)

    return _summed(layers, blocks, log_z, below)


def summed_log_likelihood(layers: Layers, blocks: Iterable[np.ndarray], log_z: float) -> np.ndarray:
    """log p(v) of each row of some blocks, summed over all states of the layers between."""

    def below(layer: int, x: np.ndarray, above: np.ndarray, value: np.ndarray) -> np.ndarray:
        return logsumexp(layers.down[layer].log_table(x, above) + value, axis=1)

    return _summed(layers, blocks, log_z, below)


def _summed(
    layers: Layers, blocks: Iterable[np.ndarray], log_z: float, below: Callable[..., np.ndarray]
) -> np.ndarray:
    """A sum over all paths; `below` takes it from all states of a layer to some of the next."""
    depth = len(layers.up)
    if depth == 0:
        return np.concatenate([layers.log_top(v, log_z) for v in blocks])
    above = layers.states(depth)
    value = layers.log_top(above, log_z)
    for layer in range(depth - 1, 0, -1):
        here = layers.states(layer)
        value = np.concatenate([below(layer, x, above, value) for x in _split(here, above)])
        above = here
    return np.concatenate([below(0, x, above, value) for v in blocks for x in _split(v, above)])


def sampled_log_weights(
    layers: Layers, v: np.ndarray, log_z: float, samples: int, rng: np.random.Generator
) -> np.ndarray:
    """log p(v, h) − log q(h | v) at samples h of q for each row of v, shape (n, samples).

    The entropy of q is estimated from the same samples, though it is known in closed form: so all
    weights of a row are equal, without any noise, where q is the posterior.
    """
    out = np.empty((len(v), samples))
    widest = max(v.shape[1], *(layer.b.size for layer in layers.up), layers.top.n_hidden)
    together = max(1, BLOCK_NUMBERS // (len(v) * widest))  # samples
    for start in range(0, samples, together):
        part = out[:, start : start + together]
        x = np.tile(v, (part.shape[1], 1))
        total = np.zeros(len(x))
        for up, down in zip(layers.up, layers.down, strict=True):
            above = up.sample(x, rng)
            total += down.log_probability(x, above) - up.log_probability(above, x)
            x = above
        part[:] = (total + layers.log_top(x, log_z)).reshape(-1, len(v)).T
    return out


def top_log_partition(top: RBM, log_z: Any) -> float:
    """log Z of the top machine: given, as a number or an estimate, or by enumeration."""
    if log_z is not None:
        log_z = log_z.log_z if isinstance(log_z, Estimate) else log_z
        return validation.real("log_z", log_z, -np.inf, closed="neither")
    try:
        return exact.log_partition(top)
    except ValueError as error:
        raise ValueError(
            f"log_z: expected log Z of the top machine, for example from rb.evaluate.ais, since it "
            f"cannot be enumerated: {error}"
        ) from None


def check_pairs(counts: Sequence[float]) -> None:
    """Raise unless the states of the layers between can be summed over."""
    pairs = max((a * b for a, b in zip([1, *counts], counts, strict=False)), default=1)
    if not pairs <= MAX_PAIRS:
        raise ValueError(
            f"dbn: expected hidden layers below the top machine's whose states can be summed over, "
            f"at most 2^{MAX_PAIRS.bit_length() - 1} pairs of neighbouring layers, "
            f"got about 2^{np.log2(pairs):.0f}: use the bound"
        )


def _split(rows: np.ndarray, others: np.ndarray) -> Iterator[np.ndarray]:
    """Rows in blocks whose tables with all others are not too large."""
    size = max(1, BLOCK_NUMBERS // len(others))
    return (rows[start : start + size] for start in range(0, len(rows), size))
