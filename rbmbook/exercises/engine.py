"""What an exercise is, and how an attempt is judged."""

from __future__ import annotations

import inspect
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np

from . import diagnosis, patterns
from .answers import Odd
from .attempts import Blank, Runner, Telling, Trial, Wrong, call
from .guard import Sparing, passing_signals
from .limits import Stopped, Tell, within

SEED = 2006  # every attempt meets the same cases
GUESSING_SECONDS = 10.0  # after which no further guess at a slip is begun


class WrongAnswer(AssertionError):
    """An attempt at an exercise is wrong; the message says why."""

    def __init__(self, message: str, trace: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.trace = trace

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the explanation, and where the reader's own code raised, if it did.

        The frames of the grader would only push the explanation out of sight.
        """
        return [f"{type(self).__name__}: {self}", *self.trace]


class Ways:
    """One mistake that can be made in several ways; the first of them stands for all."""

    def __init__(self, *ways: Callable) -> None:
        self.ways = ways

    def __call__(self, *args: Any) -> Any:
        return self.ways[0](*args)


@dataclass(frozen=True)
class Exercise:
    """A question whose answer is a function.

    Parameters
    ----------
    name : str
        ``"NN.k"``: chapter and number.
    title : str
        What is asked, in a few words.
    reference : callable
        A right answer: written from the formula, independent of the compiled kernels where it
        can be. It returns an array, a number, or a tuple of these.
    cases : callable
        ``cases(rng)`` yields tuples of positional arguments, from tiny to awkward.
    mistakes : mapping of str to callable, optional
        What to tell the reader → the function that makes this mistake, or :class:`Ways` to make
        it. The first that agrees with an attempt is reported, so the more special one goes first.
    parts : tuple of str, optional
        Names of the parts of a tuple result, for messages.
    rtol, atol : float, optional
        An answer x is right if ``|x − expected| <= atol + rtol·|expected|``.
    compare : callable, optional
        For answers that are not unique (samples): ``compare(args, received, expected)`` returns
        None or what is wrong. Type, shape and finiteness are checked before it is called.
    """

    name: str
    title: str
    reference: Callable[..., Any]
    cases: Callable[[np.random.Generator], Iterable[tuple]]
    mistakes: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    rtol: float = 1e-6
    atol: float = 1e-9
    compare: Callable[[tuple, Any, Any], str | None] | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d\d\.\d+", self.name):
            raise ValueError(f"name must look like '01.2', got {self.name!r}")

    def equal(self, x: Any, y: Any) -> bool:
        """Whether two answers agree within the tolerance (NaN agrees with NaN)."""
        return diagnosis.equal(x, y, self.rtol, self.atol)


@dataclass(frozen=True)
class Verdict:
    """What a grader found.

    ``error`` is the exception that the attempt raised, if it raised one in this process (not under
    a time limit); ``trace`` has the lines of the reader's code in which it was raised.
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
        _explain(exercise, trials, runner)
    except Blank as blank:
        return Verdict(exercise.name, False, False, f"{label} not attempted yet ({blank}).")
    except Wrong as wrong:
        error = wrong.__cause__
        return Verdict(
            exercise.name, False, True, f"{label} {wrong}", error, diagnosis.readers_lines(error)
        )
    remarks = runner.remarks
    note = f" ({remarks[0][0].upper()}{remarks[0][1:]})" if remarks else ""
    return Verdict(exercise.name, True, True, f"{label} correct.{note}")


def _explain(exercise: Exercise, trials: list[Trial], runner: Runner) -> None:
    """Raise the best explanation of what is wrong; return if nothing is."""
    if all(_right(exercise, t) for t in trials):
        return
    names = list(inspect.signature(exercise.reference).parameters)
    for t in trials:
        if any(isinstance(part, Odd) for part in diagnosis.parts_of(t.received)):  # no numbers
            problem = diagnosis.form(names, t.args, t.expected, t.received, exercise.parts)
            raise Wrong(f"{problem}\n  on {t.where}.")
    for explanation, mistake in exercise.mistakes.items():
        if any(_makes(exercise, trials, way) for way in getattr(mistake, "ways", (mistake,))):
            raise Wrong(explanation)
    deadline = time.monotonic() + GUESSING_SECONDS
    if exercise.compare is None and (found := _exchanged(exercise, names, trials, deadline)):
        raise Wrong(found)
    if exercise.compare is None and (
        found := patterns.shuffled(trials, exercise.parts, exercise.rtol, exercise.atol)
    ):
        raise Wrong(found)
    for t in trials:
        if t.error is not None:
            what = diagnosis.raised(t.error)
            raise Wrong(f"your function raised {what}\n  on {t.where}.") from t.error
        problem = diagnosis.form(names, t.args, t.expected, t.received, exercise.parts)
        if problem is not None:
            raise Wrong(f"{_elsewhere(exercise, trials)}{problem}\n  on {t.where}.")
    if any(runner.wavers(t) for t in trials):
        raise Wrong(
            "two calls with the same arguments give two answers: your function draws random "
            f"numbers of its own. {_instead(trials[0].args)}"
        )
    if exercise.compare is None:
        wrong = next(t for t in trials if not _right(exercise, t))
        lead = patterns.find(names, trials, exercise.parts, exercise.rtol, exercise.atol)
        lead = lead or _part_by_part(exercise, trials)
        lead = lead or _as_if(exercise, names, trials, deadline)
        lead = lead or patterns.right_parts(trials, exercise.parts, exercise.rtol, exercise.atol)
        values = patterns.difference(wrong, exercise.parts, exercise.rtol, exercise.atol)
        place = f"On {wrong.where}:\n  " if wrong.args else ""
        raise Wrong(f"{lead}\n  {place}{values}")
    for t in trials:
        if (problem := exercise.compare(t.args, t.received, t.expected)) is not None:
            raise Wrong(f"{problem}\n  on {t.where}.")


def _elsewhere(exercise: Exercise, trials: list[Trial]) -> str:
    """Words for an answer that is right wherever it can be computed, and "" for another."""
    told = [t for t in trials if t.error is None and diagnosis.finite(t.received)]
    if len(told) < len(trials) and told and all(_right(exercise, t) for t in told):
        return "right for most parameters, but not for all: "
    return ""


def _instead(args: tuple) -> str:
    if any(isinstance(x, np.random.Generator) for x in args):
        return "Take them all from the generator that is handed over."
    return "The exact value is asked for: no sampling."


def _right(exercise: Exercise, trial: Trial) -> bool:
    if trial.error is not None:
        return False
    if diagnosis.form([], trial.args, trial.expected, trial.received, ()) is not None:
        return False
    if exercise.compare is None:
        return exercise.equal(trial.received, trial.expected)
    return exercise.compare(trial.args, trial.received, trial.expected) is None


def _makes(
    exercise: Exercise, trials: list[Trial], mistake: Callable, deadline: float = np.inf
) -> bool:
    """Whether the attempt is wrong in the way that ``mistake`` is.

    They must agree somewhere where the mistake shows, and must nowhere differ, except that one
    of them may overflow where the other does not: two programs can share one mistake and differ
    in their stability. Where the attempt raises, the mistake must raise too.

    A chapter's own mistakes know their cases and need no deadline; a guess (arguments exchanged
    or multiplied) has one, since nobody has tried how long the reference takes on it.
    """
    shows = False
    for t in trials:
        if time.monotonic() > deadline:
            return False
        try:
            wrong = call(mistake, t.args)
        except Exception:  # a mistake may be impossible for some shapes
            continue
        if t.error is not None:
            return False
        if exercise.equal(t.received, wrong):
            shows = shows or not exercise.equal(wrong, t.expected)
        elif diagnosis.same_form(t.received, wrong):
            if diagnosis.finite(t.received) and diagnosis.finite(wrong):
                return False
        else:
            return False
    return shows


def _part_by_part(exercise: Exercise, trials: list[Trial]) -> str | None:
    """Slips made in single parts of a tuple: every wrong part is that of some mistake."""
    if not isinstance(trials[0].expected, tuple):
        return None
    labels = exercise.parts or [f"part {i + 1}" for i in range(len(trials[0].expected))]
    told = []
    for i, label in enumerate(labels):
        single = replace(exercise, parts=())
        pieces = [replace(t, expected=t.expected[i], received=t.received[i]) for t in trials]
        if all(_right(single, t) for t in pieces):
            continue
        for explanation, mistake in exercise.mistakes.items():
            ways = getattr(mistake, "ways", (mistake,))
            if any(_makes(single, pieces, _part_of(way, i)) for way in ways):
                known = explanation.startswith(f"{label}:")
                told.append(explanation if known else f"{label}: {explanation}")
                break
        else:
            return None
    return "\n  ".join(told)


def _part_of(function: Callable, i: int) -> Callable:
    return lambda *args: function(*args)[i]


def _exchanged(
    exercise: Exercise, names: list[str], trials: list[Trial], deadline: float
) -> str | None:
    """Whether the attempt takes two of its arguments for each other.

    The exercise needs a case in which the two have one shape, or this cannot be seen. Cases in
    which the exchange could make the reference enumerate more than it was written for are left
    out; an attempt that is right on one of them does not exchange anything.
    """
    for i, j in combinations(range(len(names)), 2):
        safe = [diagnosis.exchangeable(t.args[i], t.args[j]) for t in trials]
        if any(_right(exercise, t) for t, ok in zip(trials, safe, strict=True) if not ok):
            continue

        def mistake(*args: Any, i: int = i, j: int = j) -> Any:
            swapped = list(args)
            swapped[i], swapped[j] = args[j], args[i]
            return exercise.reference(*swapped)

        tried = [t for t, ok in zip(trials, safe, strict=True) if ok]
        if _makes(exercise, tried, mistake, deadline):
            return f"`{names[i]}` and `{names[j]}` are exchanged."
    return None


def _as_if(
    exercise: Exercise, names: list[str], trials: list[Trial], deadline: float
) -> str | None:
    """Whether the attempt is right for another sign of an argument, or without it."""
    for i, name in enumerate(names):
        if not all(isinstance(t.args[i], np.ndarray) for t in trials):
            continue
        for factor, words in (
            (0, f"the result is right only if `{name}` is zero: is a term with it missing?"),
            (-1, f"the result is right only if `{name}` has the other sign: is a sign wrong?"),
        ):

            def mistake(*args: Any, i: int = i, factor: int = factor) -> Any:
                return exercise.reference(*args[:i], factor * args[i], *args[i + 1 :])

            if _makes(exercise, trials, mistake, deadline):
                return words
    return None
