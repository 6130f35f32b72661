"""Exact answers by enumeration: log Z, probabilities, expectations, the gradient.

Summing over all states of *one* layer is enough, since the other is summed in closed form by its
cgf: Z = Σ_v exp(−F(v)), and likewise from the hidden side. The layer with fewer states is taken.
Its states are visited along a Gray code, see `rbmbook.machine.enumeration`.

Everything is computed in float64 and returned in the machine's dtype. Weights so large that float64
sums would lose the digits that matter are refused, see `rbmbook.rounding`.

References
----------
Salakhutdinov and Murray (2008), On the quantitative analysis of deep belief networks.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import numpy as np

from rbmbook import rounding, validation
from rbmbook.machine import density, enumeration, gaussian_joint

# chapter 05 takes the code's kernel and the size of its blocks from here
from rbmbook.machine.enumeration import BLOCK_NUMBERS, Side, gray_block  # noqa: F401
from rbmbook.machine.parameters import Parameters
from rbmbook.machine.rbm import RBM
from rbmbook.machine.statistics import statistics
from rbmbook.machine.units import Bernoulli, Unit

MAX_STATES = 2**30
THREADED_STATES = 2**14  # below, starting threads costs more than it saves


def _smaller_side(rbm: RBM) -> Side:
    layers = (rbm.visible, True), (rbm.hidden, False)
    sides = [enumeration.side_of(rbm, own) for unit, own in layers if unit.levels is not None]
    if not sides:
        raise ValueError(f"rbm: expected a layer with finitely many states, got {rbm}")
    side = min(sides, key=lambda side: side.states)
    if side.states > MAX_STATES:
        raise ValueError(
            f"rbm: expected at most 2^{MAX_STATES.bit_length() - 1} states in the smaller layer, "
            f"got about 2^{np.log2(float(side.states)):.0f} ({rbm}): estimate log Z instead"
        )
    return side


def require(rbm: RBM) -> None:
    """Raise ValueError if a machine is too large for this, whatever its parameters are.

    Parameters
    ----------
    rbm : RBM

    Raises
    ------
    TypeError
        If `rbm` is not a machine.
    ValueError
        If both layers have more than 2³⁰ states.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.exact.require(rb.RBM.random(784, 20))  # 2²⁰ hidden states can be summed
    >>> rb.exact.require(rb.RBM.random(784, 500))
    Traceback (most recent call last):
        ...
    ValueError: rbm: expected at most 2^30 states in the smaller layer, got about 2^500 ...
    """
    validation.instance("rbm", rbm, RBM)
    if not gaussian_joint.applies(rbm):
        _smaller_side(rbm)


def log_partition(rbm: RBM) -> float:
    """log Z = log Σ_v Σ_h exp(−E(v, h)), in nats.

    Parameters
    ----------
    rbm : RBM
        A machine of which one layer has at most 2³⁰ states.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If both layers have more states than that, the machine has no joint density (see
        `rbmbook.machine.density`; two Gaussian layers without one have log Z = inf), or float64
        cannot hold the sums.

    References
    ----------
    Book: (1.2), (5.1), (5.7).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm = rb.RBM(np.zeros((3, 2)), np.zeros(3), np.zeros(2))
    >>> round(np.exp(rb.exact.log_partition(rbm)))  # 2⁵ states, each of weight exp(0)
    32
    """
    if gaussian_joint.applies(validation.instance("rbm", rbm, RBM).require_finite()):
        return gaussian_joint.log_partition(rbm)
    density.require(rbm)
    side = _smaller_side(rbm)
    error = side.rounding_error  # before all else: it refuses weights whose sums overflow

    def log_sum(block: tuple[np.ndarray, np.ndarray, np.ndarray]) -> float:
        _, _, log_weight = block  # −F(v) of each state, or the same of hidden states
        return _log_sum_exp(log_weight)

    log_z = _log_sum_exp(np.array(_each_block(side, log_sum)))
    rounding.refuse(error, log_z)
    return log_z


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

    References
    ----------
    Book: (4.1), (10.1).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm = rb.RBM(np.zeros((3, 2)), [0.0, 0.0, np.log(3.0)], np.zeros(2))
    >>> np.exp(rb.exact.log_likelihood(rbm, [[1, 1, 1], [1, 1, 0]])).round(4)
    array([0.1875, 0.0625])
    """
    machine, centre, precision = _centred(density.require(rbm))
    v = validation.matrix("v", v, rbm.n_visible)
    free, moved = np.empty(v.shape[0]), np.empty(v.shape[0])
    for rows, block in validation.blocks("v", v, rbm.visible, np.float64, machine=rbm.dtype):
        u = block - centre
        free[rows] = machine.free_energy(u)
        moved[rows] = (np.abs(machine.W).sum(axis=1) + precision * np.abs(u)) @ np.abs(centre)
    log_p = rounding.minus(-free, log_partition(machine))
    rounding.refuse(rounding.lost(moved), log_p)  # v − μ and b + Wᵀμ are rounded, too
    if machine.visible.levels is not None:
        rounding.refuse(enumeration.side_of(machine, True).rounding_error, log_p)
    return log_p.astype(rbm.dtype)


def _centred(rbm: RBM) -> tuple[RBM, np.ndarray, np.ndarray]:
    """The machine for v − μ in float64, μ and γ: μ = a/γ in Gaussian columns, in others both are 0.

    With v = μ + u, γv²/2 − aᵀv is γu²/2 and a constant, which would have to cancel against log Z
    all but for its last digits; the hidden biases become b + Wᵀμ.
    """
    real = rbm.visible.real(rbm.n_visible)
    if not real.any():
        return enumeration.in_double(rbm), np.zeros(rbm.n_visible), np.zeros(rbm.n_visible)
    machine = rbm.astype(np.float64)  # a copy, whose biases are replaced
    precision, _ = machine.visible.growth(rbm.n_visible)
    centre = np.where(real, machine.a / precision, 0.0)
    machine.a = np.where(real, 0.0, machine.a)
    machine.b = machine.b + centre @ machine.W
    return machine, centre, np.where(real, precision, 0.0)


def states(n_visible: int, unit: Unit = Bernoulli(), dtype: Any = np.float64) -> np.ndarray:
    """All states of a layer, one a row, in counting order: the last column changes fastest.

    Parameters
    ----------
    n_visible : int ≥ 1
        The number of columns; of a Bernoulli layer there are 2^n_visible states.
    unit : unit with finitely many states
    dtype : dtype of the result

    Returns
    -------
    (number of states, n_visible) array

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
    validation.instance("unit", unit, Unit)
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
    place = radix ** np.arange(sites - 1, -1, -1)  # the value of a 1 in each site's digit
    try:
        table = np.empty((radix**sites, n_visible), dtype)
    except TypeError:
        raise TypeError(f"dtype: expected a dtype, got {dtype!r}") from None
    for first in range(0, len(table), validation.BLOCK_ROWS):
        rows = table[first : first + validation.BLOCK_ROWS]
        digits = np.arange(first, first + len(rows))[:, None] // place % radix
        rows[:] = unit.levels[digits].reshape(rows.shape)
    return table


def probabilities(rbm: RBM) -> np.ndarray:
    """p(v) of every visible state, in the order of `states`; sums to 1.

    Parameters
    ----------
    rbm : RBM

    Returns
    -------
    (number of visible states,) array of the machine's dtype

    Raises
    ------
    ValueError
        If the visible layer has infinitely or too many states.

    References
    ----------
    Book: (0.2).

    Examples
    --------
    >>> import rbmbook as rb
    >>> rbm = rb.RBM(W=[[20.0], [20.0]], a=[-10.0, -10.0], b=[-20.0])  # two units that agree
    >>> rb.exact.probabilities(rbm).round(3)  # of 00, 01, 10, 11
    array([0.5, 0. , 0. , 0.5])
    """
    rbm = density.require(rbm)
    v = states(rbm.n_visible, rbm.visible)
    rounding.refuse(enumeration.side_of(rbm, True).rounding_error, 0.0)
    log_p = -enumeration.in_double(rbm).free_energy(v)
    return np.exp(log_p - _log_sum_exp(log_p)).astype(rbm.dtype)


def expectations(rbm: RBM) -> Parameters:
    """The model's own averages: .W = ⟨v hᵀ⟩ (D, H), .a = ⟨v⟩ (D,), .b = ⟨h⟩ (H,), the model term.

    Parameters
    ----------
    rbm : RBM

    Returns
    -------
    Parameters

    Raises
    ------
    ValueError
        If both layers have more than 2³⁰ states, or the machine has no normalisable density.

    References
    ----------
    Book: (4.5), (5.2).

    Examples
    --------
    >>> import rbmbook as rb
    >>> rbm = rb.RBM(W=[[20.0], [20.0]], a=[-10.0, -10.0], b=[-20.0])  # two units that agree
    >>> model = rb.exact.expectations(rbm)
    >>> model.a.round(3), model.W.round(3).ravel()  # on half of the time, and then with h
    (array([0.5, 0.5]), array([0.5, 0.5]))
    """
    density.require(rbm)
    if gaussian_joint.applies(rbm):
        return gaussian_joint.expectations(rbm)
    side = _smaller_side(rbm)
    rounding.refuse(side.rounding_error, 0.0)
    log_scale, sums = -np.inf, list[Any]()  # the sums are kept divided by exp(log_scale)
    for digits, inputs, log_weight in (side.block(*place) for place in side.places()):
        peak = max(log_scale, log_weight.max())
        weight = np.exp(log_weight - peak)
        x = side.levels[digits].reshape(len(digits), -1)
        mean = side.unit.mean(inputs)
        new = [weight.sum(), (weight[:, None] * x).T @ mean, weight @ x, weight @ mean]
        new += [weight @ s for s in side.unit.expected_statistics(inputs)]
        if sums:
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

    References
    ----------
    Book: (4.6), (7.1).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm = rb.RBM(np.zeros((2, 1)), [0.0, 0.0], [0.0])
    >>> rb.exact.gradient(rbm, [[1, 0], [1, 1]]).a  # means of the data minus those of the machine
    array([0.5, 0. ])
    """
    machine = enumeration.in_double(density.require(rbm))
    v = validation.matrix("v", v, rbm.n_visible)
    weight = validation.weights("sample_weight", sample_weight, v.shape[0])
    weight = weight / weight.sum()
    data = Parameters.zeros_like(machine)
    for rows, block in validation.blocks("v", v, rbm.visible, np.float64, True, rbm.dtype):
        found = statistics(machine, block, machine.hidden_inputs(block), weight[rows])
        for total, part in zip(data, found, strict=True):
            total += part
    ascent = data - expectations(machine)
    return ascent.like(part.astype(rbm.dtype) for part in ascent)


def _each_block(side: Side, function: Callable) -> list[Any]:
    """`function` of every block of states, in order; side by side where there are many."""

    def at(place: tuple[int, int]) -> Any:
        return function(side.block(*place))

    if side.states < THREADED_STATES:
        return [at(place) for place in side.places()]
    # The kernels hold no lock, so threads run side by side; how many does not change a block. Few
    # blocks are handed out at a time: an interrupt has to wait for all that have been.
    threads, places = os.cpu_count() or 1, side.places()
    found: list[Any] = []
    with ThreadPoolExecutor(threads) as pool:
        while few := list(islice(places, 4 * threads)):
            found += pool.map(at, few)
    return found


def _log_sum_exp(x: np.ndarray) -> float:
    peak = x.max()
    return float(peak + np.log(np.exp(x - peak).sum()))
