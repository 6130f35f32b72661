"""The unit types: a domain and an energy of its own for each.

Every machine in this package has one energy, E(v, h) = −aᵀv − bᵀh − vᵀWh + U(v) + U(h), so a unit
only ever sees its input, x ↦ v @ W + b or h @ W.T + a. From the input follow

- cgf(input) = log Σ_x exp(x·input − U(x)), the cumulant generating function,
- mean = cgf′, the conditional expectation, and variance = cgf″,
- sample, a draw from the conditional p(x | input) ∝ exp(x·input − U(x)).

A new type of unit is one class with these methods; nothing else in the package names a type.

References
----------
Welling, Rosen-Zvi and Hinton (2004), Exponential family harmoniums, equations 1 to 4.
"""

from dataclasses import fields
from typing import Any

from rbmbook.units.base import Unit
from rbmbook.units.continuous import Gaussian, NoisyReLU, ReLU
from rbmbook.units.discrete import Bernoulli, Softmax, Spin

__all__ = [
    "Bernoulli",
    "Gaussian",
    "NoisyReLU",
    "ReLU",
    "Softmax",
    "Spin",
    "Unit",
    "describe",
    "restore",
]

_TYPES = {unit.__name__: unit for unit in (Bernoulli, Spin, Softmax, Gaussian, ReLU, NoisyReLU)}


def describe(unit: Unit) -> dict[str, Any]:
    """A unit as JSON-able values, for files."""
    options = {field.name: getattr(unit, field.name) for field in fields(unit)}
    plain = {k: v.tolist() if hasattr(v, "tolist") else v for k, v in options.items()}
    return {"type": type(unit).__name__, **plain}


def restore(entry: dict[str, Any]) -> Unit:
    """The unit that `describe` described."""
    options = dict(entry)
    name = options.pop("type")
    if name not in _TYPES:
        raise ValueError(f"unit: expected one of {sorted(_TYPES)}, got {name!r}")
    return _TYPES[name](**options)
