"""Whether an answer is right, and whether it is wrong in a certain way."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from . import diagnosis
from .attempts import Trial, call
from .exercise import Exercise


def right(exercise: Exercise, trial: Trial) -> bool:
    """Whether an answer is right in one case."""
    if trial.error is not None:
        return False
    if diagnosis.form([], trial.args, trial.expected, trial.received, ()) is not None:
        return False
    if exercise.compare is None:
        return exercise.equal(trial.received, trial.expected)
    return exercise.compare(trial.args, trial.received, trial.expected) is None


def makes(
    exercise: Exercise, trials: Sequence[Trial], mistake: Callable, deadline: float = np.inf
) -> bool:
    """Whether the attempt is wrong in the way that ``mistake`` is.

    They must agree somewhere where the mistake shows, and must nowhere differ, except that one
    of them may overflow where the other does not: two programs can share one mistake and differ
    in their stability. Where the attempt raises, the mistake must raise too.

    A chapter's own mistakes know their cases and need no deadline; a guess (arguments exchanged
    or multiplied) has one, since nobody has tried how long the reference takes on it. And where a
    guess is impossible, the attempt must raise as well.
    """
    shows = False
    for t in trials:
        if time.monotonic() > deadline:
            return False
        try:
            wrong = call(mistake, t.args)
        except Exception:  # a mistake may be impossible for some shapes
            if t.error is None and deadline < np.inf:
                return False
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
