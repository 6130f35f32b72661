"""The unit types: a domain and an energy of its own for each.

Every machine in this package has one energy, E(v, h) = −aᵀv − bᵀh − vᵀWh + U(v) + U(h), so a unit
only ever sees its input, x ↦ v @ W + b or h @ W.T + a. From the input follow

- cgf(input) = log Σ_x exp(x·input − U(x)), the cumulant generating function,
- mean = cgf′, the conditional expectation, and variance = cgf″,
- sample, a draw from the conditional p(x | input) ∝ exp(x·input − U(x)).

A new type of unit is one class with these methods, here or in your own code. Elsewhere a type is
named only where it is chosen, as a default or for its domain (finite numbers, [0, 1]), and in four
modules that serve some types only: `gaussian_joint` has the closed form of two Gaussian layers,
`score` needs visible states in between, `unroll` needs means that are activations,
`discriminative` a softmax site for the label.

References
----------
Welling, Rosen-Zvi and Hinton (2004), Exponential family harmoniums.
"""

from collections.abc import Mapping
from dataclasses import fields
from inspect import Parameter, signature
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from rbmbook.machine.units.base import Unit
from rbmbook.machine.units.continuous import Gaussian, NoisyReLU, ReLU
from rbmbook.machine.units.discrete import Bernoulli, Softmax, Spin
from rbmbook.machine.units.mixed import Mixed

__all__ = [
    "Bernoulli",
    "Gaussian",
    "Mixed",
    "NoisyReLU",
    "ReLU",
    "Softmax",
    "Spin",
    "Unit",
    "describe",
    "restore",
]


def describe(
    unit: Unit, learned: Mapping[str, np.ndarray] = MappingProxyType({})
) -> dict[str, Any]:
    """A unit as JSON-able values: its type, and its options by name.

    A type outside this package is written with the module that defines it. Of an option that is one
    of the arrays `learned`, only the array's name is written.

    Parameters
    ----------
    unit : unit
    learned : mapping from names to arrays
        Arrays that are written elsewhere.

    Returns
    -------
    dict

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.units.describe(rb.Mixed([(rb.Bernoulli(), 2), (rb.Softmax(3), 3)]))["parts"]
    [[{'type': 'Bernoulli'}, 2], [{'type': 'Softmax', 'q': 3}, 3]]
    """
    named = [field.name for field in fields(cast(Any, unit)) if field.init]
    options = {name: _plain(getattr(unit, name), learned) for name in named}
    return {"type": _name(type(unit)), **options}


def restore(
    entry: dict[str, Any], learned: Mapping[str, np.ndarray] = MappingProxyType({})
) -> Unit:
    """The unit that `describe` described; a type of your own must have been defined before.

    Nothing is imported because a file names it: the type is looked for among those that exist.
    Options that its constructor does not take are left to it, and learned ones that have a default
    value are left at that: a layer gives the unit arrays of its own, by `bind`, and what was
    learned is copied to these, without the limits that a user has.

    Parameters
    ----------
    entry : dict
        What `describe` returned.
    learned : mapping from names to arrays
        Those that it was given.

    Returns
    -------
    unit

    Raises
    ------
    ValueError
        If there is no such type of unit.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.units.restore(rb.units.describe(rb.Softmax(3)))
    Softmax(q=3)
    """
    options, types = dict(entry), _types(Unit)
    name = options.pop("type")
    if name not in types:
        module, _, kind = name.rpartition(":")
        advice = f"; define or import {kind} of the module {module} first" if module else ""
        raise ValueError(f"unit: expected one of {sorted(types)}, got {name!r}{advice}")
    taken = signature(types[name]).parameters
    given = {
        key: _rich(value, learned)
        for key, value in options.items()
        if key in taken and not (_is_learned(value) and taken[key].default is not Parameter.empty)
    }
    return types[name](**given)


def _plain(value: Any, learned: Mapping[str, np.ndarray]) -> Any:
    """A unit's option without units and arrays in it."""
    if isinstance(value, Unit):
        return describe(value, learned)
    if isinstance(value, tuple):
        return [_plain(item, learned) for item in value]
    for name, array in learned.items():
        if value is array:
            return {"learned": name}
    return value.tolist() if hasattr(value, "tolist") else value


def _rich(value: Any, learned: Mapping[str, np.ndarray]) -> Any:
    """What `_plain` was given, up to lists in place of tuples and arrays."""
    if _is_learned(value):
        return learned[value["learned"]]
    if isinstance(value, dict):
        return restore(value, learned)
    return [_rich(item, learned) for item in value] if isinstance(value, list) else value


def _is_learned(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"learned"}


def _name(kind: type[Unit]) -> str:
    """What a type is called in a file: `Bernoulli`, or `module:Class` for one of your own."""
    own = kind.__module__.split(".")[0] == __name__.split(".")[0]
    return kind.__name__ if own else f"{kind.__module__}:{kind.__qualname__}"


def _types(base: type[Unit]) -> dict[str, type[Unit]]:
    """Every type of unit that has been defined, by name; of several of one name the latest."""
    found = {}
    for kind in base.__subclasses__():
        if not kind.__name__.startswith("_"):
            found[_name(kind)] = kind
        found |= _types(kind)
    return found
