"""A machine's conditional as a layer of a feed-forward network: its mean is what the layer does."""

from rbmbook.machine.directed import Directed
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
