"""Activation functions: what a unit of a feed-forward network makes of its input.

As everywhere in the package, a unit's *input* is what reaches it, x @ W + b; its *output* is
f(input). Every f here has derivatives that can be read off the output alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, SupportsIndex

import numpy as np

from rbmbook import validation
from rbmbook._jit import jit
from rbmbook.machine import kernels

LEAK = 0.2  # slope of leaky_relu below zero, as in Radford, Metz and Chintala (2016)


@dataclass(frozen=True)
class Activation:
    """A function f of each unit's input.

    Parameters
    ----------
    name : str
    value : function of (inputs, out)
        Writes f(inputs) to `out`.
    pull_back : function of (gradient, outputs)
        Multiplies the gradient with respect to the outputs by f′, in place, which makes it the
        gradient with respect to the inputs.
    curvature : function of outputs
        Returns f″.
    rectifies : bool
        Whether f passes about half of the variance of its input.
    gain : float
        What the standard deviation of random weights is multiplied by.
    ends : pair of floats
        Between which f lies.
    """

    name: str
    value: Callable[[np.ndarray, np.ndarray], Any] = field(repr=False)
    pull_back: Callable[[np.ndarray, np.ndarray], Any] = field(repr=False)
    curvature: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    rectifies: bool = field(default=False, repr=False)
    gain: float = field(default=1.0, repr=False)
    ends: tuple[float, float] = field(default=(-np.inf, np.inf), repr=False)

    def scale(self, outputs: np.ndarray) -> Any:
        """What a change of an output is compared with: the range of f, or the mean output."""
        low, high = self.ends
        return np.abs(outputs.mean(axis=0)) if np.isinf(high - low) else high - low

    def slope(self, outputs: np.ndarray) -> np.ndarray:
        """f′ where f is `outputs`."""
        ones = np.ones(outputs.shape, outputs.dtype)
        self.pull_back(ones, np.ascontiguousarray(outputs))
        return ones

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        """One of `ACTIVATIONS` is pickled and copied by its name, not as compiled code."""
        if ACTIVATIONS.get(self.name) is self:
            return named, ("activation", self.name)
        return super().__reduce_ex__(protocol)


def named(name: str, activation: Any) -> Activation:
    """The activation of that name; `name` is the argument's, for the error message."""
    validation.instance(name, activation, str)
    if activation not in ACTIVATIONS:
        raise ValueError(f"{name}: expected one of {', '.join(ACTIVATIONS)}, got {activation!r}")
    return ACTIVATIONS[activation]


@jit
def _leaky_relu(inputs, out):
    """max(x, LEAK·x)."""
    x, y = inputs.ravel(), out.reshape(out.size)
    leak, zero = x.dtype.type(LEAK), x.dtype.type(0)
    for i in range(x.size):
        y[i] = x[i] if x[i] > zero else leak * x[i]


@jit
def _sigmoid_back(gradient, outputs):
    """g ← g·y·(1 − y)."""
    g, y = gradient.reshape(gradient.size), outputs.ravel()
    one = y.dtype.type(1)
    for i in range(y.size):
        g[i] *= y[i] * (one - y[i])


@jit
def _tanh_back(gradient, outputs):
    """g ← g·(1 − y)·(1 + y)."""
    g, y = gradient.reshape(gradient.size), outputs.ravel()
    one = y.dtype.type(1)
    for i in range(y.size):
        g[i] *= (one - y[i]) * (one + y[i])


@jit
def _relu_back(gradient, outputs):
    """g ← g where y > 0, else 0."""
    g, y = gradient.reshape(gradient.size), outputs.ravel()
    zero = y.dtype.type(0)
    for i in range(y.size):
        g[i] = g[i] if y[i] > zero else zero


@jit
def _leaky_relu_back(gradient, outputs):
    """g ← g where y > 0, else LEAK·g."""
    g, y = gradient.reshape(gradient.size), outputs.ravel()
    leak, zero = y.dtype.type(LEAK), y.dtype.type(0)
    for i in range(y.size):
        g[i] = g[i] if y[i] > zero else leak * g[i]


def _copy(inputs: np.ndarray, out: np.ndarray) -> None:
    if out is not inputs:
        out[...] = inputs


def _identity_back(gradient: np.ndarray, outputs: np.ndarray) -> None:
    """The slope is 1."""


def _sigmoid_curvature(outputs: np.ndarray) -> np.ndarray:
    return outputs * (1 - outputs) * (1 - 2 * outputs)


def _tanh(inputs: np.ndarray, out: np.ndarray) -> None:
    np.tanh(inputs, out=out)


def _tanh_curvature(outputs: np.ndarray) -> np.ndarray:
    return -2 * outputs * (1 - outputs * outputs)


def _relu(inputs: np.ndarray, out: np.ndarray) -> None:
    np.maximum(inputs, 0, out=out)


def _softplus_slope(outputs: np.ndarray) -> np.ndarray:
    """The sigmoid of the input: y = log(1 + exp(x)) gives 1 − exp(−y)."""
    return -np.expm1(-outputs)


def _softplus_back(gradient: np.ndarray, outputs: np.ndarray) -> None:
    gradient *= _softplus_slope(outputs)


def _softplus_curvature(outputs: np.ndarray) -> np.ndarray:
    return _softplus_slope(outputs) * np.exp(-outputs)


ACTIVATIONS = {
    kind.name: kind
    for kind in (
        Activation("identity", _copy, _identity_back, np.zeros_like),
        Activation(
            "sigmoid",
            kernels.bernoulli_mean,
            _sigmoid_back,
            _sigmoid_curvature,
            gain=4.0,
            ends=(0.0, 1.0),
        ),
        Activation("tanh", _tanh, _tanh_back, _tanh_curvature, ends=(-1.0, 1.0)),
        Activation("relu", _relu, _relu_back, np.zeros_like, rectifies=True, ends=(0.0, np.inf)),
        Activation(
            "leaky_relu",
            _leaky_relu,
            _leaky_relu_back,
            np.zeros_like,
            rectifies=True,
            gain=(1 + LEAK**2) ** -0.5,
        ),
        Activation(
            "softplus", kernels.bernoulli_cgf, _softplus_back, _softplus_curvature, rectifies=True
        ),
    )
}
