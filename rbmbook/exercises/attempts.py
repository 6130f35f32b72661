"""Call an attempt on the cases of an exercise, and keep what it gives."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import diagnosis
from .answers import read, type_name
from .child import is_empty
from .exercise import Exercise
from .guard import as_found
from .limits import Tell


@dataclass(frozen=True)
class Trial:
    """One case: its arguments, the right answer, the attempt's answer or what it raised.

    The answer is that of :func:`answers.read`: plain values.
    """

    number: int
    args: tuple
    expected: Any
    received: Any
    where: str
    error: BaseException | None = None


class Wrong(Exception):
    """The explanation of a wrong answer, and what the attempt raised, if that is explained."""

    def __init__(self, explanation: str, error: BaseException | None = None) -> None:
        super().__init__(explanation)
        self.error = error


class Blank(Exception):
    """The attempt is a stub; the text says what to do with it."""


class Telling:
    """A text stream that sends what is written to where the verdict is awaited."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def write(self, text: str) -> None:
        self._tell("print", text)

    def flush(self) -> None:
        """Do nothing: everything written is sent at once."""


def call(function: Callable, args: tuple) -> Any:
    """The answer of one of the book's own functions, its arguments protected."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return function(*copy.deepcopy(args))


@dataclass
class Runner:
    """What calls an attempt: where its output goes, and who follows its progress.

    ``arrived`` holds what signals have raised, which is not the attempt's; ``remarks`` come to hold
    what is to be said of the form of answers whose numbers could be read.
    """

    exercise: Exercise
    attempt: Any
    stdout: Any
    stderr: Any
    tell: Tell
    arrived: Sequence[BaseException]

    def __post_init__(self) -> None:
        self.remarks: list[str] = []

    def run(self, cases: Iterable[tuple]) -> list[Trial]:
        """Answers of the reference and of the attempt to every case."""
        if not callable(self.attempt):
            raise Wrong(
                "pass the function itself, not what it returns (got a value of type "
                f"{type_name(self.attempt)})."
            )
        if is_empty(self.attempt):
            raise Blank("the function has no body yet")
        names = diagnosis.names_of(self.exercise.reference)
        return [self._try(number, args, names) for number, args in enumerate(cases, start=1)]

    def wavers(self, trial: Trial) -> bool:
        """Whether a second call with the same arguments gives another answer."""
        try:
            received, _ = self._call(copy.deepcopy(trial.args), trial.expected, trial.where)
        except Exception:
            return False
        return diagnosis.same_form(received, trial.received) and not diagnosis.equal(
            received, trial.received, 0.0, 0.0
        )

    def _try(self, number: int, args: tuple, names: list[str]) -> Trial:
        where = f"case {number} ({diagnosis.describe(names, args)})"
        expected = call(self.exercise.reference, args)
        given = copy.deepcopy(args)
        try:
            received, nothing = self._call(given, expected, where)
        except BaseException as error:
            if self.arrived:
                raise
            unwritten = issubclass(type(error), NotImplementedError)
            if unwritten and number == 1:
                raise Blank("replace `raise NotImplementedError` by your answer") from error
            if unwritten:
                raise Wrong(f"your function is not implemented for {where}.", error) from error
            # Go on: where the shapes allow the slip, its numbers tell which one it is.
            return Trial(number, args, expected, None, where, error)
        if self.arrived:
            raise self.arrived[0]
        if (changed := diagnosis.changed(names, args, given)) is not None:
            raise Wrong(f"your function changes its argument `{changed}`; work on a copy.")
        if nothing:
            raise Wrong("your function returned None: is a `return` missing?")
        return Trial(number, args, expected, received, where)

    def _call(self, given: tuple, expected: Any, where: str) -> tuple[Any, bool]:
        """What the attempt returns, in plain values, and whether that is None."""
        self.tell("begin", where)
        try:
            with as_found(self.stdout, self.stderr):
                returned = self.attempt(*given)
                received, remarks = read(returned, expected, self.exercise.parts)
                self.remarks += remarks
                return received, returned is None
        finally:
            self.tell("end", None)
