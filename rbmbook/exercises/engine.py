"""Judge an attempt at an exercise: a verdict comes out, whatever the attempt does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from . import diagnosis
from .attempts import Blank, Runner, Telling, Wrong
from .exercise import Exercise
from .explanations import explain
from .guard import Sparing, passing_signals
from .limits import Stopped, Tell, within

SEED = 2006  # every attempt meets the same cases


class WrongAnswer(AssertionError):
    """An attempt at an exercise is wrong; the message says why.

    Parameters
    ----------
    message : str
    trace : tuple of str
        Lines of the reader's code in which it raised.

    Examples
    --------
    >>> from rbmbook import exercises
    >>> try:
    ...     exercises.check("01.1", lambda v, h, W, a, b: 0.0)
    ... except exercises.WrongAnswer as wrong:
    ...     print(str(wrong)[:14])
    Exercise 01.1:
    """

    def __init__(self, message: str, trace: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.trace = trace

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the explanation, and where the reader's own code raised, if it did.

        The frames of the grader would only push the explanation out of sight.
        """
        return [f"{type(self).__name__}: {self}", *self.trace]


@dataclass(frozen=True)
class Verdict:
    """What a grader found.

    Parameters
    ----------
    name : str
        The exercise's.
    passed, attempted : bool
    message : str
        What to tell the reader.
    error : exception, optional
        The one that the attempt raised, if it raised one in this process (not under a time limit).
    trace : tuple of str
        Lines of the reader's code in which it was raised.

    Examples
    --------
    >>> from rbmbook import exercises
    >>> exercises.grade("01.1", lambda v, h, W, a, b: None).passed
    False
    """

    name: str
    passed: bool
    attempted: bool
    message: str
    error: BaseException | None = field(default=None, repr=False, compare=False)
    trace: tuple[str, ...] = field(default=(), repr=False, compare=False)


def judge(
    exercise: Exercise, attempt: Callable, seed: int = SEED, time_limit: float | None = None
) -> Verdict:
    """Try an attempt on every case of an exercise and explain the outcome.

    Parameters
    ----------
    exercise : Exercise
    attempt : callable
    seed : int, optional
        Of the cases.
    time_limit : float, optional
        Seconds that the attempt may take over all cases; no limit by default.

    Returns
    -------
    Verdict
    """
    if time_limit is None:
        with passing_signals() as arrived:
            return _judge(exercise, attempt, seed, sys.stdout, sys.stderr, arrived=arrived)

    def work(tell: Tell) -> Verdict:
        out = Telling(tell)
        return replace(_judge(exercise, attempt, seed, out, out, tell), error=None)

    label = f"Exercise {exercise.name}:"
    try:
        return within(time_limit, work)
    except Stopped as stopped:
        reason = (
            f"your function ended the process in which it ran ({stopped.reason}). Does it call "
            "`os._exit`, or compiled code that crashes or was started in threads before?"
            if stopped.reason
            else f"stopped: your function had not finished after {time_limit:g} s. Is there a loop "
            "that never ends, or a sum over far more states than needed?"
        )
        return Verdict(exercise.name, False, True, f"{label} {reason}\n  On {stopped.case}.")


def _judge(
    exercise: Exercise,
    attempt: Callable,
    seed: int,
    stdout: Any,
    stderr: Any,
    tell: Tell = lambda what, value: None,
    arrived: Sequence[BaseException] = (),
) -> Verdict:
    label = f"Exercise {exercise.name}:"
    runner = Runner(exercise, attempt, Sparing(stdout), Sparing(stderr), tell, arrived)
    try:
        trials = runner.run(exercise.cases(np.random.default_rng(seed)))
        wrong = explain(exercise, trials, runner.wavers)
    except Blank as blank:
        return Verdict(exercise.name, False, False, f"{label} not attempted yet ({blank}).")
    except Wrong as found:
        wrong = found
    if wrong is not None:
        lines = diagnosis.readers_lines(wrong.error)
        return Verdict(exercise.name, False, True, f"{label} {wrong}", wrong.error, lines)
    remarks = runner.remarks
    note = f" ({remarks[0][0].upper()}{remarks[0][1:]})" if remarks else ""
    return Verdict(exercise.name, True, True, f"{label} correct.{note}")
