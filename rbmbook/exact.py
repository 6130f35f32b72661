"""Exact answers by enumeration: log Z, probabilities, expectations, the gradient.

Summing over all states of *one* layer is enough, since the other is summed in closed form by its
cgf: Z = Σ_v exp(−F(v)), and likewise from the hidden side. The layer with fewer states is taken.
Its states are visited along a Gray code, in which neighbours differ at one site, so that the inputs
of the other layer change by one row of W a step instead of a matrix product.

Everything is computed in float64 and returned in the machine's dtype.

References
----------
Salakhutdinov and Murray (2008), On the quantitative analysis of deep belief networks.
Knuth (2011), The art of computer programming 4A, section 7.2.1.1 (mixed-radix Gray codes).
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from rbmbook import gaussian_joint, validation
from rbmbook._jit import jit
from rbmbook.rbm import RBM, Parameters
from rbmbook.units import Bernoulli, Unit

MAX_STATES = 2**30
BLOCK_NUMBERS = 2**17  # numbers in a block of inputs: a megabyte, which stays in the cache
THREADED_STATES = 2**14  # below, starting threads costs more than it saves


@jit
def gray_block(steps, own_steps, bias, start, digits, inputs, own):
    """Fill rows with successive states of a Gray code and with what they add to the energy.

    steps : (S, r, K), what state x of site s adds to the K inputs of the other layer; bias : (K,),
    the inputs without it; own_steps : (S, r), what it adds to minus the energy by itself. Filled
    are digits : (n, S), inputs : (n, K) and own : (n,). The code's state number `start` is computed
    from scratch, so rounding errors do not outlive a block; a further row differs from the one
    before at a single site.
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
class _Side:
    """One layer, to be enumerated, seen with the other, to be summed in closed form."""

    steps: np.ndarray  # (S, r, K): what a site in state x adds to the other layer's inputs
    own_steps: np.ndarray  # (S, r): what it adds to minus the energy by itself
    levels: np.ndarray  # (r, c): the columns of each state
    bias: np.ndarray  # (K,), of the other layer
    unit: Unit  # of the other layer
    is_visible: bool

    @property
    def states(self) -> int:
        return self.levels.shape[0] ** len(self.steps)

    def blocks(self) -> list[tuple[int, int]]:
        size = max(1, BLOCK_NUMBERS // len(self.bias))
        return [(s, min(size, self.states - s)) for s in range(0, self.states, size)]

    def block(self, start: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Digits of n states, the other layer's inputs, and log Σ over it of exp(−E)."""
        digits = np.empty((n, len(self.steps)), np.int64)
        inputs, own = np.empty((n, len(self.bias))), np.empty(n)
        gray_block(self.steps, self.own_steps, self.bias, start, digits, inputs, own)
        return digits, inputs, own + self.unit.cgf_sum(inputs)


def _side(rbm: RBM, visible: bool) -> _Side | None:
    """The chosen layer, ready to be enumerated; None if it has infinitely many states."""
    rbm = rbm.astype(np.float64)
    W, a, b = rbm.W, rbm.a, rbm.b
    own, other = (rbm.visible, rbm.hidden) if visible else (rbm.hidden, rbm.visible)
    W, bias, other_bias = (W, a, b) if visible else (W.T, b, a)
    if own.levels is None:
        return None
    columns = own.levels.shape[1]
    steps = np.einsum("rc,sck->srk", own.levels, W.reshape(-1, columns, W.shape[1]))
    own_steps = bias.reshape(-1, columns) @ own.levels.T - own.energy(own.levels)
    return _Side(np.ascontiguousarray(steps), own_steps, own.levels, other_bias, other, visible)


def _smaller_side(rbm: RBM) -> _Side:
    sides = [side for side in (_side(rbm, True), _side(rbm, False)) if side is not None]
    if not sides:
        raise ValueError(f"rbm: expected a layer with finitely many states, got {rbm}")
    side = min(sides, key=lambda side: side.states)
    if side.states > MAX_STATES:
        raise ValueError(
            f"rbm: expected at most 2^{MAX_STATES.bit_length() - 1} states in the smaller layer, "
            f"got about 2^{np.log2(float(side.states)):.0f} ({rbm}): estimate log Z instead"
        )
    return side


def log_partition(rbm: RBM) -> float:
    """log Z = log Σ_v Σ_h exp(−E(v, h)), in nats.

    Parameters
    ----------
    rbm : RBM
        A machine of which one layer has at most 2³⁰ states.

    Raises
    ------
    ValueError
        If both layers have more states than that.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm = rb.RBM(np.zeros((3, 2)), np.zeros(3), np.zeros(2))
    >>> round(np.exp(rb.exact.log_partition(rbm)))  # 2⁵ states, each of weight exp(0)
    32
    """
    validation.instance("rbm", rbm, RBM)
    if gaussian_joint.applies(rbm):
        return gaussian_joint.log_partition(rbm)
    side = _smaller_side(rbm)

    def log_sum(block: tuple[int, int]) -> float:
        return _log_sum_exp(side.block(*block)[2])

    if side.states < THREADED_STATES:
        return _log_sum_exp(np.array([log_sum(block) for block in side.blocks()]))
    # The kernels hold no lock, so threads run side by side; how many does not change a block.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return _log_sum_exp(np.array(list(pool.map(log_sum, side.blocks()))))


def log_likelihood(rbm: RBM, v: Any) -> np.ndarray:
    """log p(v) = −F(v) − log Z of each row, in nats.

    Parameters
    ----------
    rbm : RBM
    v : (n, D) array or sparse matrix of visible states

    Returns
    -------
    (n,) array of the machine's dtype

    Raises
    ------
    ValueError, TypeError
        If the shape does not fit, a value is not a state, or the machine is too large.
    """
    machine = validation.instance("rbm", rbm, RBM).astype(np.float64)
    v = validation.matrix("v", v, rbm.n_visible)
    blocks = validation.blocks("v", v, rbm.visible, np.float64)
    free = np.concatenate([machine.free_energy(block) for _, block in blocks])
    return (-free - log_partition(machine)).astype(rbm.dtype)


def states(n_visible: int, unit: Unit = Bernoulli(), dtype: Any = np.float64) -> np.ndarray:  # noqa: B008
    """All states of a layer, one a row, in counting order: the last column changes fastest.

    Parameters
    ----------
    n_visible : int ≥ 1
        The number of columns; of a Bernoulli layer there are 2^n_visible states.
    unit : unit with finitely many states
    dtype : dtype of the result

    Raises
    ------
    ValueError
        If the unit's states are infinitely many or there are more than 2³⁰ numbers.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.exact.states(2)
    array([[0., 0.],
           [0., 1.],
           [1., 0.],
           [1., 1.]])
    """
    n_visible = validation.integer("n_visible", n_visible)
    if unit.levels is None:
        raise ValueError(f"unit: expected finitely many states, got {unit}")
    radix, columns = unit.levels.shape
    if n_visible % columns:
        raise ValueError(f"n_visible: expected a multiple of {columns}, got {n_visible}")
    sites = n_visible // columns
    if radix**sites * n_visible > MAX_STATES:
        raise ValueError(
            f"n_visible: expected a table of at most {MAX_STATES} numbers, "
            f"got {radix}^{sites} states of {n_visible} columns"
        )
    digits = np.indices((radix,) * sites).reshape(sites, -1).T
    return unit.levels[digits].reshape(len(digits), n_visible).astype(dtype)


def probabilities(rbm: RBM) -> np.ndarray:
    """p(v) of every visible state, in the order of `states`; sums to 1.

    Raises
    ------
    ValueError
        If the visible layer has infinitely or too many states.
    """
    rbm = validation.instance("rbm", rbm, RBM)
    v = states(rbm.n_visible, rbm.visible)
    log_p = -rbm.astype(np.float64).free_energy(v)
    return np.exp(log_p - _log_sum_exp(log_p)).astype(rbm.dtype)


def expectations(rbm: RBM) -> Parameters:
    """The model's own averages: .W = ⟨v hᵀ⟩ (D, H), .a = ⟨v⟩ (D,), .b = ⟨h⟩ (H,), the model term.

    Raises
    ------
    ValueError
        If both layers have more than 2³⁰ states, or the machine has no normalisable density.
    """
    validation.instance("rbm", rbm, RBM)
    if gaussian_joint.applies(rbm):
        return gaussian_joint.expectations(rbm)
    side = _smaller_side(rbm)
    log_scale, sums = -np.inf, None  # the sums are kept divided by exp(log_scale)
    for digits, inputs, log_weight in _blocks(side):
        peak = max(log_scale, log_weight.max())
        weight = np.exp(log_weight - peak)
        x = side.levels[digits].reshape(len(digits), -1)
        own = side.unit.expected_statistics(inputs)
        mean = side.unit.mean(inputs)
        new = [weight.sum(), (weight[:, None] * x).T @ mean, weight @ x, weight @ mean]
        new += [weight @ s for s in own]
        if sums is not None:
            new = [np.exp(log_scale - peak) * s + n for s, n in zip(sums, new, strict=True)]
        log_scale, sums = peak, new
    W, enumerated, summed, *own = (s / sums[0] for s in sums[1:])
    if side.is_visible:
        arrays = W, enumerated, summed, *own
    else:
        arrays = W.T, summed, enumerated, *own
    return rbm.parameters.like(np.ascontiguousarray(p, rbm.dtype) for p in arrays)


def gradient(rbm: RBM, v: Any, sample_weight: Any = None) -> Parameters:
    """∂/∂θ of the mean log-likelihood: ⟨v hᵀ⟩_data − ⟨v hᵀ⟩_model and likewise for the biases.

    Parameters
    ----------
    rbm : RBM
    v : (n, D) array or sparse matrix
        Visible states, or means (in [0, 1] for Bernoulli units).
    sample_weight : (n,) array, optional
        Weights ≥ 0 of the rows; a weight of 2 counts as the row repeated.

    Returns
    -------
    Parameters
        .W (D, H), .a (D,), .b (H,), the direction of ascent.

    Raises
    ------
    ValueError, TypeError
        If a shape does not fit, a value is outside the domain, or the machine is too large.
    """
    machine = validation.instance("rbm", rbm, RBM).astype(np.float64)
    v = validation.matrix("v", v, rbm.n_visible)
    weight = validation.weights("sample_weight", sample_weight, v.shape[0])
    weight = weight / weight.sum()
    data = Parameters.zeros_like(machine)
    for rows, block in validation.blocks("v", v, rbm.visible, np.float64, relaxed=True):
        for total, part in zip(data, moments(machine, block, weight[rows]), strict=True):
            total += part
    model = expectations(machine)
    return data.like((d - m).astype(rbm.dtype) for d, m in zip(data, model, strict=True))


def moments(rbm: RBM, v: np.ndarray, weight: np.ndarray) -> Parameters:
    """Σ_n weight_n v_n E[h | v_n]ᵀ, Σ_n weight_n v_n and Σ_n weight_n E[h | v_n]."""
    inputs = rbm.hidden_inputs(v)
    mean = weight[:, None] * rbm.hidden.mean(inputs)
    visible = (weight @ s for s in rbm.visible.statistics(v))
    hidden = (weight @ s for s in rbm.hidden.expected_statistics(inputs))
    return Parameters(v.T @ mean, weight @ v, mean.sum(axis=0), tuple(visible), tuple(hidden))


def _blocks(side: _Side) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    return (side.block(*block) for block in side.blocks())


def _log_sum_exp(x: np.ndarray) -> float:
    peak = x.max()
    return float(peak + np.log(np.exp(x - peak).sum()))
