"""Exercises that explain: a chapter's stub goes in, a reason comes out.

A check cell calls :func:`check`; programs call :func:`grade`, which returns a verdict and does
not raise. An exercise is a file of its chapter's folder, ``chNN/``, that defines ``EXERCISE``;
there is no list of them, and they are read when one of the chapter's exercises is first asked for.

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

import copyreg
import importlib
import os
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import cache
from math import inf
from numbers import Integral, Real
from pathlib import Path

import numpy as np

from .engine import SEED, Verdict, WrongAnswer, judge
from .exercise import Exercise
from .progress import Progress, progress

__all__ = [
    "Exercise",
    "UnknownExercise",
    "Verdict",
    "WrongAnswer",
    "check",
    "get",
    "grade",
    "names",
    "summary",
]


def _chapters() -> list[str]:
    """The numbers of all chapters, as text: found, and not read."""
    folders = (info.name for info in pkgutil.iter_modules(__path__))
    return sorted(name[2:] for name in folders if re.fullmatch(r"ch\d\d", name))


@cache
def _chapter(number: str) -> dict[str, Exercise]:
    """The exercises of one chapter by name, in the order of the book; read once."""
    found: dict[str, Exercise] = {}
    for exercise in _read(number):
        if exercise.name in found or exercise.name[:2] != number:
            raise ValueError(f"chapter {number} has a second or a foreign {exercise.name!r}")
        found[exercise.name] = exercise
    # "01.10" comes after "01.9": compare numbers, not text.
    return dict(sorted(found.items(), key=lambda item: int(item[0][3:])))


def _read(number: str) -> Iterator[Exercise]:
    """What the files of a chapter's folder define; one without EXERCISE is shared by others."""
    folder = importlib.import_module(f"{__name__}.ch{number}")
    for info in pkgutil.iter_modules(folder.__path__):
        module = importlib.import_module(f"{folder.__name__}.{info.name}")
        if hasattr(module, "EXERCISE"):
            yield module.EXERCISE


def names() -> list[str]:
    """Return the names of all exercises, chapter by chapter.

    Returns
    -------
    list of str
        Names of the form ``"NN.k"``: chapter and number.

    Examples
    --------
    >>> import rbmbook as rb
    >>> "01.1" in rb.exercises.names()
    True
    """
    return [name for number in _chapters() for name in _chapter(number)]


class UnknownExercise(ValueError):
    """No exercise has the name that was asked for; a notebook shows the message and no frames.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.exercises.get("1.99")
    Traceback (most recent call last):
        ...
    rbmbook.exercises.UnknownExercise: no exercise is named '1.99': chapter 01 has ...
    """

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


def _canonical(name: str) -> str:
    """The registered name that is meant: "2.1" and " 02.1 " are "02.1"."""
    if not isinstance(name, str):
        # 2.1 could stand for "2.1" and for "2.10": not even one that is unique today is taken.
        raise UnknownExercise(f'name must be a string such as "02.1", got {name!r:.40}')
    found = re.fullmatch(r"\s*0*([0-9]{1,3})\.([0-9]{1,3})\s*", name)
    wanted = f"{int(found[1]):02d}.{found[2]}" if found else name
    if found and wanted in _siblings(wanted):
        return wanted
    digits = re.findall("[0-9]{1,3}", name)
    near = f"{int(digits[0]):02d}.{int(digits[1])}" if len(digits) == 2 else wanted
    if near in _siblings(near):
        hint = f"did you mean {near!r}?"
    elif siblings := _siblings(near):
        hint = f"chapter {near[:2]} has {', '.join(siblings)}"
    else:
        chapters = _chapters()
        hint = f"names look like '01.1' and there are chapters {chapters[0]} to {chapters[-1]}"
    raise UnknownExercise(f"no exercise is named {name!r:.40}: {hint}")


def _siblings(name: str) -> dict[str, Exercise]:
    """The exercises of the chapter that a name begins with; none, if there is no such chapter."""
    number = name.partition(".")[0]
    return _chapter(number) if number in _chapters() else {}


def get(name: str) -> Exercise:
    """Return one exercise.

    Parameters
    ----------
    name : str
        One of :func:`names`; the chapter's leading zero may be left out.

    Returns
    -------
    Exercise

    Raises
    ------
    UnknownExercise
        A ValueError, if no exercise has this name.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.exercises.get("1.2").title
    'The joint probability of every state'
    """
    name = _canonical(name)
    return _chapter(name[:2])[name]


def _by_name(exercise: Exercise) -> str | tuple:
    """How an exercise is pickled and copied: the book's by name, since its mistakes are lambdas."""
    number = exercise.name[:2]
    if number in _chapters() and _chapter(number).get(exercise.name) is exercise:
        return get, (exercise.name,)
    return object.__reduce_ex__(exercise, 2)


copyreg.pickle(Exercise, _by_name)


def grade(
    name: str, attempt: Callable, *, seed: int | None = None, time_limit: float | None = None
) -> Verdict:
    """Judge an attempt without raising, whatever the attempt returns or raises.

    Parameters
    ----------
    name : str
        One of :func:`names`; the chapter's leading zero may be left out.
    attempt : callable
        The function to judge. It is called with copies of seeded inputs. What it does to the
        global random states, warning filters, NumPy's settings, the standard streams, the
        environment and the working directory is undone.
    seed : int, optional
        A non-negative integer: other inputs, of the same kinds. By default they never change.
    time_limit : float, optional
        Seconds, above 0, that the attempt may take over all inputs; by default there is no limit.
        Where processes can be forked (Linux, macOS) the attempt then runs in a process of its own
        and is ended whatever it does; what it changes in the notebook's data is not seen there.
        Under Windows it runs in a thread: the verdict comes in time, but a loop that catches
        every exception goes on until the kernel is restarted, and compiled code that does not
        release Python's lock cannot be left at all.

    Returns
    -------
    Verdict
        With fields ``name``, ``passed``, ``attempted`` and ``message``. A function that raises
        NotImplementedError at its first call, or has an empty body, is not attempted.

    Raises
    ------
    ValueError
        If no exercise has this name (a mistake of the book, not of the reader), or an option is
        out of range.
    BaseException
        What a signal's handler raises while the attempt runs: KeyboardInterrupt for Ctrl-C, or
        the time-out of another grader. These are not the attempt's.

    Examples
    --------
    >>> import rbmbook as rb
    >>> def pair_energies(v, h, W, a, b):
    ...     raise NotImplementedError
    >>> rb.exercises.grade("01.1", pair_energies).attempted
    False
    """
    exercise = get(name)
    if seed is not None and not (_is(seed, Integral) and seed >= 0):
        raise ValueError(f"seed must be a non-negative integer or None, got {seed!r}")
    if time_limit is not None and not (_is(time_limit, Real) and 0 < time_limit < inf):
        raise ValueError(f"time_limit must be a positive number of seconds, got {time_limit!r}")
    return judge(exercise, attempt, SEED if seed is None else int(seed), time_limit)


def check(
    name: str,
    attempt: Callable,
    strict: bool | None = None,
    seed: int | None = None,
    time_limit: float | None = None,
) -> None:
    """Judge an attempt in a notebook: print what is right, raise what is wrong.

    Parameters
    ----------
    name : str
        One of :func:`names`; the chapter's leading zero may be left out.
    attempt : callable
        The function to judge.
    strict : bool, optional
        Whether an exercise that was not attempted is wrong. By default the environment variable
        RBMBOOK_STRICT decides: 1 for yes; 0, empty or not set for no.
    seed, time_limit : optional
        As in :func:`grade`.

    Raises
    ------
    WrongAnswer
        With an explanation of the mistake. An untouched stub only prints a line, unless `strict`.
    ValueError
        If no exercise has this name, or an option is out of range.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.exercises.check("01.1", lambda v, h, W, a, b: -(v @ a)[:, None] - h @ b - v @ W @ h.T)
    Exercise 01.1: correct.
    """
    strict = _strict(strict)
    verdict = grade(name, attempt, seed=seed, time_limit=time_limit)
    if not verdict.passed and (verdict.attempted or strict):
        raise WrongAnswer(verdict.message, verdict.trace) from verdict.error
    print(verdict.message)


def summary(folder: str | os.PathLike | None = None) -> Progress:
    """What is solved so far, chapter by chapter.

    Reads the notebooks as they were saved and grades what stands in place of the stubs, each in a
    process of its own: about a second for every exercise that has been attempted.

    Parameters
    ----------
    folder : path, optional
        Of the notebooks; the current one by default.

    Returns
    -------
    Progress
        Shown as a table.

    Raises
    ------
    ValueError
        If there is no notebook with an exercise, or one that cannot be read.
    NotImplementedError
        Under Windows, where attempts cannot be graded in this way.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.exercises.summary("notebooks")  # doctest: +SKIP
    1 Energy                           ■▨□      1 of 3   not right yet: 01.2
    """
    if not hasattr(os, "killpg"):
        raise NotImplementedError("summary needs process groups, which Windows lacks: use check")
    where = Path.cwd() if folder is None else Path(folder)
    return progress(get, where)


def _is(x: object, kind: type) -> bool:
    return isinstance(x, kind) and not isinstance(x, bool)


def _strict(strict: bool | None) -> bool:
    if strict is None:
        text = os.environ.get("RBMBOOK_STRICT", "")
        if text.strip() not in ("", "0", "1"):
            raise ValueError(f"RBMBOOK_STRICT must be 0 or 1, got {text!r}")
        return text.strip() == "1"
    if not isinstance(strict, (bool, np.bool_)):
        raise ValueError(f"strict must be True, False or None, got {strict!r}")
    return bool(strict)
