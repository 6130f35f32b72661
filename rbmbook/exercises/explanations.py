"""The best explanation of what is wrong with the answers of an attempt."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from . import diagnosis, guesses, patterns
from .answers import Odd
from .attempts import Trial, Wrong
from .comparison import makes, right
from .diagnosis import names_of, parts_of
from .exercise import Exercise
from .mistakes import ways_of

GUESSING_SECONDS = 10.0  # after which no further guess at a slip is begun


def explain(
    exercise: Exercise, trials: Sequence[Trial], wavers: Callable[[Trial], bool]
) -> Wrong | None:
    """What is wrong with the answers, in the words that help most; None if nothing is.

    Parameters
    ----------
    exercise : Exercise
    trials : sequence of Trial
        All cases, with the attempt's answers.
    wavers : callable
        Whether the attempt, called on a case again, gives another answer.
    """
    if all(right(exercise, t) for t in trials):
        return None
    if (known := _not_numbers(exercise, trials) or _listed(exercise, trials)) is not None:
        return known
    deadline = time.monotonic() + GUESSING_SECONDS
    return (
        _out_of_place(exercise, trials, deadline)
        or _related(exercise, trials)
        or _malformed(exercise, trials)
        or _drawn(exercise, trials, wavers)
        or _compared(exercise, trials)
        or _numbers(exercise, trials, deadline)
    )


# -- from the certain to the vague ---------------------------------------------------------------
def _not_numbers(exercise: Exercise, trials: Sequence[Trial]) -> Wrong | None:
    """An answer that holds something else than real numbers."""
    for t in trials:
        if any(isinstance(part, Odd) for part in parts_of(t.received)):
            return Wrong(f"{_form(exercise, t)}\n  on {t.where}.")
    return None


def _listed(exercise: Exercise, trials: Sequence[Trial]) -> Wrong | None:
    """One of the exercise's own mistakes."""
    for explanation, mistake in exercise.mistakes.items():
        if any(makes(exercise, trials, way) for way in ways_of(mistake)):
            return Wrong(explanation)
    return None


def _out_of_place(exercise: Exercise, trials: Sequence[Trial], deadline: float) -> Wrong | None:
    """Arguments, axes or parts that have changed places; many shapes forbid them."""
    if exercise.compare is not None:
        return None
    well_formed = all(t.error is not None or _form(exercise, t) is None for t in trials)
    found = (
        guesses.exchanged(exercise, trials, deadline)
        or (well_formed and guesses.transposed(exercise, trials, deadline))
        or patterns.shuffled(trials, exercise.parts, exercise.rtol, exercise.atol)
    )
    return Wrong(found) if found else None


def _related(exercise: Exercise, trials: Sequence[Trial]) -> Wrong | None:
    """A slip that explains infinite values, such as an exponential too many, before their form."""
    if exercise.compare is not None or any(t.error is not None for t in trials):
        return None
    if not all(diagnosis.same_form(t.received, t.expected) for t in trials):
        return None
    values = np.concatenate([np.ravel(part) for t in trials for part in parts_of(t.received)])
    if np.isnan(values).any() or np.isfinite(values).all() or np.isinf(values).all():
        return None
    found = _relation(exercise, trials)
    return Wrong(found) if found else None


def _malformed(exercise: Exercise, trials: Sequence[Trial]) -> Wrong | None:
    """An exception, or an answer of another type or shape, or one that is not finite."""
    for t in trials:
        if t.error is not None:
            what = diagnosis.raised(t.error)
            return Wrong(f"your function raised {what}\n  on {t.where}.", t.error)
        if (problem := _form(exercise, t)) is not None:
            return Wrong(f"{_elsewhere(exercise, trials)}{problem}\n  on {t.where}.")
    return None


def _drawn(
    exercise: Exercise, trials: Sequence[Trial], wavers: Callable[[Trial], bool]
) -> Wrong | None:
    """Random numbers of the attempt's own."""
    if not any(wavers(t) for t in trials):
        return None
    if any(isinstance(x, np.random.Generator) for x in trials[0].args):
        instead = "Take them all from the generator that is handed over."
    elif any(name.startswith("noise") for name in names_of(exercise.reference)):
        instead = "Use the noise that is handed over."
    else:
        instead = "The exact value is asked for: no sampling."
    return Wrong(
        "two calls with the same arguments give two answers: your function draws random numbers "
        f"of its own. {instead}"
    )


def _compared(exercise: Exercise, trials: Sequence[Trial]) -> Wrong | None:
    """What an exercise whose answer is not unique says itself."""
    if exercise.compare is None:
        return None
    for t in trials:
        if (problem := exercise.compare(t.args, t.received, t.expected)) is not None:
            return Wrong(f"{problem}\n  on {t.where}.")
    return None


def _numbers(exercise: Exercise, trials: Sequence[Trial], deadline: float) -> Wrong:
    """What relates the numbers received to the right ones, and both of them in one case."""
    wrong = next(t for t in trials if not right(exercise, t))
    values = patterns.difference(wrong, exercise.parts, exercise.rtol, exercise.atol)
    lead = (
        _part_by_part(exercise, trials)
        or _relation(exercise, trials)
        or guesses.as_if(exercise, trials, deadline)
        or (exercise.hint and exercise.hint(wrong.args, wrong.received, wrong.expected))
        or patterns.right_parts(trials, exercise.parts, exercise.rtol, exercise.atol)
    )
    place = f"On {wrong.where}:\n  " if wrong.args else ""
    return Wrong(f"{lead}\n  {place}{values}")


# -- what the explanations share -----------------------------------------------------------------
def _form(exercise: Exercise, trial: Trial) -> str | None:
    names = names_of(exercise.reference)
    return diagnosis.form(names, trial.args, trial.expected, trial.received, exercise.parts)


def _relation(exercise: Exercise, trials: Sequence[Trial]) -> str | None:
    names = names_of(exercise.reference)
    return patterns.find(names, trials, exercise.parts, exercise.rtol, exercise.atol)


def _elsewhere(exercise: Exercise, trials: Sequence[Trial]) -> str:
    """Words for an answer that is right wherever it can be computed, and "" for another."""
    told = [t for t in trials if t.error is None and diagnosis.finite(t.received)]
    if len(told) < len(trials) and told and all(right(exercise, t) for t in told):
        return "right for most parameters, but not for all: "
    return ""


def _part_by_part(exercise: Exercise, trials: Sequence[Trial]) -> str | None:
    """Slips made in single parts of a tuple: every wrong part is that of some mistake."""
    if not isinstance(trials[0].expected, tuple):
        return None
    told = []
    for i, label in enumerate(patterns.labels(trials[0].expected, exercise.parts)):
        single = replace(exercise, parts=())
        pieces = [replace(t, expected=t.expected[i], received=t.received[i]) for t in trials]
        if all(right(single, t) for t in pieces):
            continue
        known = {words: words.startswith(f"{label}:") for words in exercise.mistakes}
        for words in sorted(known, key=known.__getitem__, reverse=True):  # those of this part first
            ways = ways_of(exercise.mistakes[words])
            if any(makes(single, pieces, _part_of(way, i)) for way in ways):
                told.append(words if known[words] else f"{label}: {words}")
                break
        else:
            return None
    return "\n  ".join(told)


def _part_of(function: Callable, i: int) -> Callable:
    return lambda *args: function(*args)[i]
