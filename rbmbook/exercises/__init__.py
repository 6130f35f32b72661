"""Exercises that explain: a chapter's stub goes in, a reason comes out.

A check cell calls :func:`check`; programs call :func:`grade`, which returns a verdict and does
not raise. Each ``chNN_*.py`` module of this package holds a list ``EXERCISES``; the modules are
found by name, so a new chapter needs no entry anywhere else.

Examples
--------
>>> from rbmbook import exercises
>>> def pair_energies(v, h, W, a, b):
...     return (v @ a)[:, None] + h @ b + v @ W @ h.T
>>> exercises.grade("01.1", pair_energies).passed
False
>>> print(exercises.grade("01.1", pair_energies).message)  # doctest: +ELLIPSIS
Exercise 01.1: the sign is flipped...
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

from .engine import Exercise, Verdict, WrongAnswer, judge

__all__ = ["Exercise", "Verdict", "WrongAnswer", "check", "get", "grade", "names"]


@cache
def _registry() -> dict[str, Exercise]:
    """All exercises by name, in the order of the book; read once, when first asked for."""
    found: dict[str, Exercise] = {}
    for info in pkgutil.iter_modules(__path__):
        if not info.name.startswith("ch"):
            continue
        module = importlib.import_module(f"{__name__}.{info.name}")
        for exercise in module.EXERCISES:
            if exercise.name in found:
                raise ValueError(f"two exercises are named {exercise.name!r}")
            found[exercise.name] = exercise
    # "01.10" comes after "01.9": compare numbers, not text.
    return dict(sorted(found.items(), key=lambda item: tuple(map(int, item[0].split(".")))))


def names() -> list[str]:
    """Return the names of all exercises, chapter by chapter.

    Returns
    -------
    list of str
        Names of the form ``"NN.k"``: chapter and number.

    Examples
    --------
    >>> "01.1" in names()
    True
    """
    return list(_registry())


def get(name: str) -> Exercise:
    """Return one exercise.

    Parameters
    ----------
    name : str
        One of :func:`names`.

    Returns
    -------
    Exercise

    Raises
    ------
    ValueError
        If no exercise has this name.

    Examples
    --------
    >>> get("01.2").title
    'The joint probability of every state'
    """
    if name not in _registry():
        raise ValueError(f"no exercise is named {name!r}; the names are {', '.join(names())}")
    return _registry()[name]


def grade(name: str, attempt: Callable) -> Verdict:
    """Judge an attempt without raising, whatever the attempt does.

    Parameters
    ----------
    name : str
        One of :func:`names`.
    attempt : callable
        The function to judge. It is called with copies of seeded inputs.

    Returns
    -------
    Verdict
        With fields ``name``, ``passed``, ``attempted`` and ``message``.

    Raises
    ------
    ValueError
        If no exercise has this name (a mistake of the book, not of the reader).

    Examples
    --------
    >>> def pair_energies(v, h, W, a, b):
    ...     raise NotImplementedError
    >>> grade("01.1", pair_energies).attempted
    False
    """
    return judge(get(name), attempt)


def check(name: str, attempt: Callable) -> None:
    """Judge an attempt in a notebook: print what is right, raise what is wrong.

    Parameters
    ----------
    name : str
        One of :func:`names`.
    attempt : callable
        The function to judge.

    Raises
    ------
    WrongAnswer
        With an explanation of the mistake. An untouched stub only prints a line.
    ValueError
        If no exercise has this name.

    Examples
    --------
    >>> check("01.1", lambda v, h, W, a, b: -(v @ a)[:, None] - h @ b - v @ W @ h.T)
    Exercise 01.1: correct.
    """
    verdict = grade(name, attempt)
    if verdict.attempted and not verdict.passed:
        raise WrongAnswer(verdict.message) from verdict.error
    print(verdict.message)
