"""The inputs of a layer, and sums of its rows, in the way that its units' states allow.

No type of unit is named here: `way` looks at the values that a unit's states have.
"""

from typing import Literal

import numpy as np

from rbmbook._threads import choose
from rbmbook.machine import rows
from rbmbook.machine.units import Unit


def way(unit: Unit, states: np.ndarray) -> Literal["rows", "ordered", "products"]:
    """How products with the states of a layer are computed; the only place that decides it.

    Parameters
    ----------
    unit : Unit
        Of the layer.
    states : (n, columns) array
        Of float32 or float64: states, or means.

    Returns
    -------
    "rows"
        States of two values: the sum of the rows that are on, in one written order, which is the
        same to the bit on every processor.
    "ordered"
        More than two values, as where spins stand beside bits: all rows, in that order.
    "products"
        Continuous units, and means: a matrix product, whose last digits depend on the processor.
    """
    values = unit.column_values
    if values is None:
        return "products"
    if len(values) > 2:
        return "ordered"
    return "rows" if rows.only(np.ascontiguousarray(states), *values) else "products"


def inputs(unit: Unit, states: np.ndarray, W: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """bias + states W, (n, H), for (n, D) states of a layer of these units; unchecked.

    Where a state is −1 or 1, W is doubled and the sum starts from the bias minus all rows of W.
    """
    how = way(unit, states)
    if how == "products":
        out = states @ W
        out += bias
        return out
    states, W = np.ascontiguousarray(states), np.ascontiguousarray(W)
    out = np.empty((len(states), W.shape[1]), W.dtype)
    if how == "ordered":
        rows.weighted_inputs(states, W, bias, out)
    else:
        states, W, bias = _bits(unit, states, W, bias)
        choose(rows.inputs, states.size * W.shape[1])(states, W, bias, out)
    return out


def outer(unit: Unit, states: np.ndarray, means: np.ndarray) -> np.ndarray:
    """statesᵀ means, (D, H), for (n, D) states of a layer of these units; unchecked."""
    how = way(unit, states)
    if how == "products":
        return states.T @ means
    states, means = np.ascontiguousarray(states), np.ascontiguousarray(means)
    out, zero = np.empty((states.shape[1], means.shape[1]), means.dtype), means[0] * 0
    if how == "ordered":
        rows.weighted_inputs(np.ascontiguousarray(states.T), means, zero, out)
    else:
        states, means, start = _bits(unit, states, means, zero)
        choose(rows.outer_sums, states.size * means.shape[1])(states, means, start, out)
    return out


def average(weight: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Σ_r weight_r x_r over the rows of x, ascending."""
    out = np.empty(x.shape[1], x.dtype)
    rows.weighted_sum(np.ascontiguousarray(x), weight, out)
    return out


def _bits(
    unit: Unit, states: np.ndarray, W: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States low + (high − low)·bit as bits, with the rows and the start that give the same sum."""
    low, high = (W.dtype.type(value) for value in unit.column_values or ())
    if low == 0 and high == 1:
        return states, W, start
    bits = (states == high).astype(W.dtype)
    total = average(np.full(len(W), low, W.dtype), W)
    return bits, (high - low) * W, start + total
