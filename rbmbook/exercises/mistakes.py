"""Mistakes in a line: the reference with an argument changed, or with a piece replaced.

Examples
--------
>>> import numpy as np
>>> from rbmbook.exercises.mistakes import missing, slips_of
>>> def energy(v, a, *, sign=-1):
...     return sign * float(v @ a)
>>> v, a = np.array([1.0, 1.0]), np.array([2.0, 3.0])
>>> slip = slips_of(energy)
>>> slip(a=missing)(v, a), slip(a=lambda a: a + 1)(v, a), slip(v="a")(v, a), slip(sign=1)(v, a)
(-0.0, -7.0, -13.0, 5.0)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .diagnosis import names_of


class Ways:
    """One mistake that can be made in several ways; the first of them stands for all."""

    def __init__(self, *ways: Callable) -> None:
        self.ways = ways

    def __call__(self, *args: Any) -> Any:
        return self.ways[0](*args)


def ways_of(mistake: Callable) -> tuple[Callable, ...]:
    """All the ways in which a mistake is made."""
    return mistake.ways if isinstance(mistake, Ways) else (mistake,)


def changed(reference: Callable, **changes: Any) -> Callable:
    """The reference, called with something changed.

    Parameters
    ----------
    reference : callable
    **changes
        For an argument: a function of it, such as ``W=transposed``, or the name of the argument
        that takes its place, ``v="h"``. For a piece, which the reference takes by keyword alone:
        the piece to use instead.
    """
    names = names_of(reference)
    pieces = {name: piece for name, piece in changes.items() if name not in names}

    def mistake(*args: Any) -> Any:
        given = dict(zip(names, args, strict=True))
        new = {
            name: given[change] if isinstance(change, str) else change(given[name])
            for name, change in changes.items()
            if name not in pieces
        }
        return reference(*{**given, **new}.values(), **pieces)

    return mistake


def slips_of(reference: Callable) -> Callable:
    """``slip(…)`` for one reference: what `changed` makes of it."""
    return partial(changed, reference)


def in_terms_of(prepare: Callable) -> Callable:
    """What turns a function of ``prepare``'s quantities into one of the exercise's arguments."""
    return lambda answer: lambda *args: answer(*prepare(*args))


# -- what can be done to an argument -------------------------------------------------------------
def missing(x: Any) -> Any:
    """Zero, in the argument's shape: the term with it vanishes."""
    return 0 * x


def negated(x: Any) -> Any:
    return -x


def complement(x: Any) -> Any:
    """On where it was off."""
    return 1 - x


def transposed(x: np.ndarray) -> np.ndarray:
    return x.T


def averaged(x: np.ndarray) -> np.ndarray:
    """Every row the mean of all rows."""
    return np.broadcast_to(x.mean(axis=0), x.shape)


NEGATED = {"W": negated, "a": negated, "b": negated}  # the machine with −E, for `changed`
