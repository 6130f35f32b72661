"""Guess what an attempt does to its arguments: the reference is tried with the same done to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from . import diagnosis, mistakes
from .attempts import Trial
from .comparison import makes, right
from .diagnosis import names_of
from .exercise import Exercise
from .mistakes import NEGATED, changed, complement, missing, negated


def exchanged(exercise: Exercise, trials: Sequence[Trial], deadline: float) -> str | None:
    """Whether the attempt takes two of its arguments for each other.

    The exercise needs a case in which the two have one shape, or this cannot be seen. Cases in
    which the exchange could make the reference enumerate more than it was written for are left
    out; an attempt that is right on one of them does not exchange anything.
    """
    names = names_of(exercise.reference)
    for (i, x), (j, y) in combinations(enumerate(names), 2):
        safe = [diagnosis.exchangeable(t.args[i], t.args[j]) for t in trials]
        if any(right(exercise, t) for t, ok in zip(trials, safe, strict=True) if not ok):
            continue
        tried = [t for t, ok in zip(trials, safe, strict=True) if ok]
        if makes(exercise, tried, changed(exercise.reference, **{x: y, y: x}), deadline):
            return _told(exercise, f"`{x}` and `{y}` are exchanged.")
    return None


def transposed(exercise: Exercise, trials: Sequence[Trial], deadline: float) -> str | None:
    """Whether the attempt takes a matrix the wrong way round, and raises where it is not square."""
    for name, values in _arguments(exercise, trials):
        mistake = changed(exercise.reference, **{name: mistakes.transposed})
        if all(map(_array, values)) and makes(exercise, trials, mistake, deadline):
            return _told(exercise, f"the result is right only if `{name}` is transposed.")
    return None


def as_if(exercise: Exercise, trials: Sequence[Trial], deadline: float) -> str | None:
    """Whether the attempt is right for another value of one of its arguments."""
    names = names_of(exercise.reference)
    for name, values in _arguments(exercise, trials):
        for suits, words, change in OTHER_VALUES:
            mistake = changed(exercise.reference, **{name: change})
            if all(map(suits, values)) and makes(exercise, trials, mistake, deadline):
                return _told(exercise, f"the result is right only if {words.format(f'`{name}`')}")
    if set(NEGATED) <= set(names):
        mistake = changed(exercise.reference, **NEGATED)
        if makes(exercise, trials, mistake, deadline):
            return _told(exercise, "the result is that of −W, −a and −b: is E taken for −E?")
    return None


def _arguments(exercise: Exercise, trials: Sequence[Trial]) -> list[tuple[str, list]]:
    """The name of every argument, and its value in every case."""
    names = names_of(exercise.reference)
    return [(name, [t.args[i] for t in trials]) for i, name in enumerate(names)]


def _told(exercise: Exercise, words: str) -> str:
    return f"{words} {exercise.formula}".rstrip()


def _array(x: Any) -> bool:
    return isinstance(x, np.ndarray)


def _states(x: Any) -> bool:
    return _array(x) and bool(np.isin(x, (0, 1)).all())


def _parameters(x: Any) -> bool:
    return _array(x) and not _states(x)


def _share(x: Any) -> bool:
    return isinstance(x, float) and 0 < x < 1


def _count(x: Any) -> bool:
    return isinstance(x, (int, np.integer)) and not isinstance(x, bool)


# For which arguments → what to say → what to do to them. No guess may let a loop run on for ever:
# a tolerance, say, never becomes 0.
OTHER_VALUES: tuple[tuple[Callable[[Any], bool], str, Callable[[Any], Any]], ...] = (
    (_array, "{} is zero: is a term with it missing?", missing),
    (_parameters, "{} has the other sign: is a sign wrong?", negated),
    (_states, "1 − {0} stands for {0}: are on and off exchanged?", complement),
    (_share, "1 − {0} stands for {0}: the complementary share?", complement),
    (_count, "{} is one more: do you count one too many?", lambda x: x + 1),
    (_count, "{} is one less: do you count one too few?", lambda x: x - 1),
)
