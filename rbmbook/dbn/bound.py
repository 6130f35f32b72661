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
from typing import Any

import numpy as np
from scipy.special import logsumexp

from rbmbook import rounding, validation
from rbmbook.machine import exact
from rbmbook.machine.directed import Directed
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Unit
from rbmbook.sampling.annealing import Estimate

EXACT_STATES = 2**12  # of a layer: up to here `bound` sums, beyond it samples
MAX_PAIRS = 2**28  # of states of neighbouring layers, in `log_likelihood`
BLOCK_NUMBERS = 2**21  # in a table


def bound(
    dbn: Any,
    v: Any,
    log_z: float | Estimate | None = None,
    rng: int | np.random.Generator = 0,
    samples: int = 20,
) -> np.ndarray:
    """The variational lower bound of log p(v): E_q[log p(v | h) + log p_top(h)] + H(q), in nats.

    With more than two machines, log p(v | h) stands for the arrows of all layers.

    Parameters
    ----------
    v : (n, D) array or sparse matrix of visible states
    log_z : float or Estimate, optional
        log Z of the top machine; by enumeration if not given. An estimate by `evaluate.ais` is
        too low on average, which makes this number too high.
    rng : int or Generator
    samples : int ≥ 1
        Passes up per row. The expectation is summed exactly, without them, if each layer
        between the data and the top machine's hidden units has at most 4,096 states.

    Returns
    -------
    (n,) array of the network's dtype

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above, or `log_z` is needed: the top machine is too large.

    References
    ----------
    Hinton, Osindero and Teh (2006), section 4. Salakhutdinov and Murray (2008), On the
    quantitative analysis of deep belief networks. Book: (12.3), (12.4).

    Examples
    --------
    >>> import rbmbook as rb
    >>> dbn = rb.DBN.random((4, 3, 2), rng=0, scale=1.0)
    >>> v = rb.exact.states(4)
    >>> gap = dbn.log_likelihood(v) - dbn.bound(v)  # KL(q(h | v) ‖ p(h | v))
    >>> bool((gap > -1e-5).all() and gap.max() < 1)
    True
    """
    samples, rng = validation.integer("samples", samples), validation.generator(rng)
    arrows, blocks, log_z = _prepared(dbn, v, log_z)
    if all(count <= EXACT_STATES for count in arrows.counts()):
        return summed_bound(arrows, blocks, log_z).astype(dbn.dtype)
    return log_weights(dbn, v, log_z, rng, samples).mean(axis=1).astype(dbn.dtype)


def log_weights(
    dbn: Any,
    v: Any,
    log_z: float | Estimate | None = None,
    rng: int | np.random.Generator = 0,
    samples: int = 20,
) -> np.ndarray:
    """The logarithm of the importance of draws h from q, log p(v, h) − log q(h | v), in nats.

    The mean over the draws estimates the bound, without bias; the logarithm of the mean of
    their exponentials estimates log p(v) by importance sampling, on average too low.

    Parameters
    ----------
    v, log_z, rng, samples
        As for `bound`.

    Returns
    -------
    (n, samples) float64 array

    Raises
    ------
    ValueError, TypeError
        As for `bound`.

    References
    ----------
    Burda, Grosse and Salakhutdinov (2016), Importance weighted autoencoders (why the mean of
    more of them gives a tighter bound).

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.special import logsumexp
    >>> import rbmbook as rb
    >>> dbn, v = rb.DBN.random((4, 3, 2), rng=0, scale=1.0), [[1, 0, 1, 1]]
    >>> importances = dbn.log_weights(v, rng=0, samples=2000)
    >>> bool(abs(logsumexp(importances[0]) - np.log(2000) - dbn.log_likelihood(v)[0]) < 0.1)
    True
    """
    samples, rng = validation.integer("samples", samples), validation.generator(rng)
    arrows, blocks, log_z = _prepared(dbn, v, log_z)
    return np.concatenate([sampled_log_weights(arrows, v, log_z, samples, rng) for v in blocks])


def log_likelihood(dbn: Any, v: Any) -> np.ndarray:
    """log p(v) of each row by summing over all hidden states of a small network, in nats.

    Parameters
    ----------
    v : (n, D) array or sparse matrix of visible states

    Returns
    -------
    (n,) array of the network's dtype

    Raises
    ------
    ValueError, TypeError
        If the shape does not fit, a value is not a state, or the network is too large.

    References
    ----------
    Book: (12.2).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> dbn = rb.DBN.random((4, 3, 2), rng=0, scale=1.0)
    >>> bool(np.isclose(np.exp(dbn.log_likelihood(rb.exact.states(4))).sum(), 1))
    True
    """
    arrows, blocks, log_z = _prepared(dbn, v, None)
    check_pairs(arrows.counts())
    return summed_log_likelihood(arrows, blocks, log_z).astype(dbn.dtype)


def _prepared(dbn: Any, v: Any, log_z: Any) -> tuple["Arrows", Iterator[np.ndarray], float]:
    """The arrows and the rows of v, block by block, in float64; log Z of the top machine."""
    v = validation.matrix("v", v, dbn.sizes[0])
    blocks = validation.blocks("v", v, dbn.rbms[0].visible, np.dtype(np.float64))
    arrows = Arrows(dbn)
    return arrows, (v for _, v in blocks), top_log_partition(arrows.top, log_z)


class Arrows:
    """A network's arrows and its top machine in float64, and the states of the layers between."""

    def __init__(self, dbn: Any) -> None:
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


def summed_bound(arrows: Arrows, blocks: Iterable[np.ndarray], log_z: float) -> np.ndarray:
    """The bound of each row of some blocks of v, summed over all states of the layers between."""

    def below(layer: int, x: np.ndarray, above: np.ndarray, value: np.ndarray) -> np.ndarray:
        log_q = arrows.up[layer].log_table(above, x).T
        log_p = arrows.down[layer].log_table(x, above)
        return (np.exp(log_q) * (log_p - log_q + value)).sum(axis=1)

    return _summed(arrows, blocks, log_z, below)


def summed_log_likelihood(arrows: Arrows, blocks: Iterable[np.ndarray], log_z: float) -> np.ndarray:
    """log p(v) of each row of some blocks, summed over all states of the layers between."""

    def below(layer: int, x: np.ndarray, above: np.ndarray, value: np.ndarray) -> np.ndarray:
        return logsumexp(arrows.down[layer].log_table(x, above) + value, axis=1)

    return _summed(arrows, blocks, log_z, below)


def _summed(
    arrows: Arrows, blocks: Iterable[np.ndarray], log_z: float, below: Callable[..., np.ndarray]
) -> np.ndarray:
    """A sum over all paths; `below` takes it from all states of a layer to some of the next."""
    depth = len(arrows.up)
    if depth == 0:
        return np.concatenate([arrows.log_top(v, log_z) for v in blocks])
    above = arrows.states(depth)
    value = arrows.log_top(above, log_z)
    for layer in range(depth - 1, 0, -1):
        here = arrows.states(layer)
        value = np.concatenate([below(layer, x, above, value) for x in _split(here, above)])
        above = here
    return np.concatenate([below(0, x, above, value) for v in blocks for x in _split(v, above)])


def sampled_log_weights(
    arrows: Arrows, v: np.ndarray, log_z: float, samples: int, rng: np.random.Generator
) -> np.ndarray:
    """log p(v, h) − log q(h | v) at samples h of q for each row of v, shape (n, samples).

    The entropy of q is estimated from the same samples, though it is known in closed form: so all
    numbers of a row are equal, without any noise, where q is the posterior.
    """
    out = np.empty((len(v), samples))
    widest = max(v.shape[1], *(layer.b.size for layer in arrows.up), arrows.top.n_hidden)
    together = max(1, BLOCK_NUMBERS // (len(v) * widest))  # samples
    for start in range(0, samples, together):
        part = out[:, start : start + together]
        x = np.tile(v, (part.shape[1], 1))
        total = np.zeros(len(x))
        for up, down in zip(arrows.up, arrows.down, strict=True):
            above = up.sample(x, rng)
            total += down.log_probability(x, above) - up.log_probability(above, x)
            x = above
        part[:] = (total + arrows.log_top(x, log_z)).reshape(-1, len(v)).T
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
