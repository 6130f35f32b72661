"""Machines as layers of a feed-forward network: the mean of each conditional, up and down."""

from collections.abc import Iterable
from itertools import pairwise

from rbmbook import validation
from rbmbook.machine.directed import Directed
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Bernoulli, Gaussian, NoisyReLU, Spin
from rbmbook.networks.layers import Dense

# E[x | input] as an activation of the input. A truncated Gaussian (ReLU) and a softmax have means
# that no activation of a single input gives.
ACTIVATIONS = {Bernoulli: "sigmoid", Spin: "tanh", Gaussian: "identity", NoisyReLU: "softplus"}


def dense(way: Directed) -> Dense:
    """A layer that computes E[y | x], on copies of the arrays.

    Raises
    ------
    ValueError
        If the mean of that type of unit is not an activation.
    """
    kind = type(way.unit)
    if kind not in ACTIVATIONS:
        names = ", ".join(unit.__name__ for unit in ACTIVATIONS)
        raise ValueError(f"rbms: expected units among {names} to be unrolled, got {way.unit}")
    if isinstance(way.unit, Gaussian):  # the mean is input / γ
        variance = 1 / way.unit.precision(way.W.dtype)
        return Dense(way.W * variance, way.b * variance, "identity")
    return Dense(way.W, way.b, ACTIVATIONS[kind])


def both_ways(rbms: Iterable[RBM]) -> tuple[list[Dense], list[Dense]]:
    """Layers from the data up to the top, and from the top down to the data."""
    if isinstance(rbms, RBM):
        raise TypeError("rbms: expected a sequence of RBM, got one: use [rbm]")
    try:
        rbms = list(rbms)
    except TypeError:
        raise TypeError(f"rbms: expected a sequence of RBM, got {rbms!r}") from None
    if not rbms:
        raise ValueError("rbms: expected one machine or more, got none")
    for rbm in rbms:
        validation.instance("rbms", rbm, RBM)
    for below, above in pairwise(rbms):
        if below.n_hidden != above.n_visible or below.dtype != above.dtype:
            raise ValueError(
                f"rbms: expected a machine with {below.n_hidden} visible units of {below.dtype} "
                f"on {below}, got {above}"
            )
    up = [dense(Directed.up(rbm)) for rbm in rbms]
    return up, [dense(Directed.down(rbm)) for rbm in reversed(rbms)]
