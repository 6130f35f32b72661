"""Machines on top of one another: random ones, and whether each fits on the one below."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Unit


def at_random(
    sizes: Sequence[int],
    rng: int | np.random.Generator,
    scale: float,
    dtype: np.dtype | type,
    visible: Unit,
    hidden: Unit | Sequence[Unit],
    data: Any,
) -> list[RBM]:
    """Machines between layers of these widths; the arguments are those of `DBN.random`."""
    sizes = [validation.integer("sizes", size) for size in sizes]
    if len(sizes) < 2:
        raise ValueError(f"sizes: expected two layers or more, got {sizes}")
    pairs, rng = list(pairwise(sizes)), validation.generator(rng)
    above = [hidden] * len(pairs) if isinstance(hidden, Unit) else list(hidden)
    if len(above) != len(pairs):
        raise ValueError(f"hidden: expected {len(pairs)} units, got {len(above)}")
    below = [visible, *above[:-1]]
    seen = [data] + [None] * (len(pairs) - 1)
    return [
        RBM.random(n, m, rng, scale, dtype, lower, upper, own_data)
        for (n, m), lower, upper, own_data in zip(pairs, below, above, seen, strict=True)
    ]


def copies(rbms: Iterable[RBM]) -> list[RBM]:
    """Copies of the machines, if there is one and each fits on the one below."""
    if not isinstance(rbms, Iterable):
        hint = "one machine: use [rbm]" if isinstance(rbms, RBM) else repr(rbms)
        raise TypeError(f"rbms: expected a sequence of RBM, got {hint}")
    rbms = [validation.instance("rbms", rbm, RBM).copy() for rbm in rbms]
    if not rbms:
        raise ValueError("rbms: expected one machine or more, got none")
    for number, (below, above) in enumerate(pairwise(rbms), start=2):
        _check_neighbours(number, below, above)
    return rbms


def _check_neighbours(number: int, below: RBM, above: RBM) -> None:
    """Raise unless the machine with this number fits on the one below."""
    if below.n_hidden != above.n_visible:
        raise ValueError(
            f"rbms: expected {below.n_hidden} visible units in machine {number}, as many as "
            f"there are hidden units below, got {above.n_visible}"
        )
    lower, upper = below.hidden, above.visible
    if type(lower) is not type(upper) or lower.columns != upper.columns:
        raise ValueError(
            f"rbms: expected visible units {lower} in machine {number}, like the hidden units "
            f"below, got {upper}"
        )
    if below.dtype != above.dtype:
        raise ValueError(
            f"rbms: expected machines of one dtype, {below.dtype}, got {above.dtype} in machine "
            f"{number}"
        )
