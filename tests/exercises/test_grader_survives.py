"""Whatever an attempt returns, raises or changes: there is a verdict, and no trace is left."""

import os
import random
import signal
import sys
import warnings

import numpy as np
import odd_answers
import pytest

from rbmbook import exercises
from rbmbook.exercises import answers, guard
from rbmbook.exercises.engine import judge
from rbmbook.exercises.exercise import Exercise

NAMES = exercises.names()
MANY = ["text", "hostile", "a liar", "a subclass", "a masked array", "complex values"]
MANY += ["a list that holds itself twice", "arrays in an array"]


def reference(name):
    return exercises.get(name).reference


def each(answer, change):
    return tuple(map(change, answer)) if isinstance(answer, tuple) else change(answer)


def wrong(name, attempt):
    verdict = exercises.grade(name, attempt)
    assert verdict.attempted and not verdict.passed
    assert verdict.message.startswith(f"Exercise {name}: ") and len(verdict.message) < 2000
    return verdict.message


# -- what an attempt returns ---------------------------------------------------------------------
@pytest.mark.parametrize("kind", odd_answers.ODD)
def test_any_value_is_judged(kind):
    make = odd_answers.ODD[kind]
    wrong("01.1", lambda *args: make())  # an array is asked for
    wrong("05.4", lambda *args: make())  # a number
    wrong("01.3", lambda *args: make())  # a tuple
    wrong("01.3", lambda *args: (make(), make(), make()))
    wrong("01.3", lambda *args: [*reference("01.3")(*args)[:2], make()])


@pytest.mark.parametrize("name", NAMES)
def test_odd_values_are_judged_in_every_exercise(name):
    for kind in MANY:
        wrong(name, lambda *args, make=odd_answers.ODD[kind]: make())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: np.asarray(x).astype(object), "has dtype object: make the array with"),
        (lambda x: np.asarray(x).astype(complex), "no imaginary parts: take `.real`"),
        (lambda x: np.asarray(x).tolist(), "correct."),
        (lambda x: np.ma.array(x), "correct."),
        (lambda x: np.asarray(x).view(odd_answers.Subclass), "correct."),
        (np.longdouble, "correct."),
    ],
    ids=["object", "complex", "lists", "masked", "subclass", "longdouble"],
)
def test_right_numbers_pass_whatever_holds_them(name, change, words):
    verdict = exercises.grade(name, lambda *args: each(reference(name)(*args), change))
    assert verdict.passed, verdict.message
    assert words in verdict.message


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [object, complex])
def test_wrong_numbers_of_another_dtype_fail(name, dtype):
    def off(x):
        return (np.asarray(x) + 1).T.astype(dtype)

    wrong(name, lambda *args: each(reference(name)(*args), off))


def test_the_slip_is_named_in_an_array_of_objects_too():
    flipped = wrong("01.1", lambda *args: -reference("01.1")(*args).astype(object))
    assert "the sign is flipped" in flipped


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("complex values", "complex numbers"),
        ("a masked array", "1 masked value, expected"),
        ("records", "records"),
        ("arrays in an array", "dtype object that holds a value of type ndarray"),
        ("ragged", "a list of 2 whose items have different lengths"),
        ("a list that holds itself", "a list of 2 that holds a list nested too deep"),
        ("hostile", "type Hostile that cannot be read as numbers (RuntimeError"),
        ("a huge integer", "an integer too large"),
        ("a sparse matrix", "`.toarray()`"),
        ("a generator", "`yield`"),
        ("a coroutine", "`async def`"),
        ("a function", "brackets of a call"),
        ("an array of text", "array of text"),
        ("a huge view", "an array of shape (1000000, 1000000)"),
    ],
)
def test_an_odd_value_is_called_by_its_name(kind, words):
    assert words in wrong("01.1", lambda *args: odd_answers.ODD[kind]())


def test_rounding_in_imaginary_parts_is_forgiven_and_more_is_not():
    right = reference("01.1")
    assert exercises.grade("01.1", lambda *args: right(*args) + 1e-15j).passed
    assert "complex" in wrong("01.1", lambda *args: right(*args) + 1e-3j)


def test_an_answer_is_read_before_the_next_call_can_change_it():
    buffers = {}

    def reusing(*args):
        found = reference("01.1")(*args)
        for buffer in buffers.values():
            buffer[:] = np.nan
        buffers[found.shape] = found
        return found

    assert exercises.grade("01.1", reusing).passed


def test_only_plain_values_reach_a_comparison():
    seen = []

    def compare(args, received, expected):
        seen.append(type(received))

    exercise = Exercise("00.1", "", lambda: np.zeros(3), lambda rng: [()], compare=compare)
    assert judge(exercise, lambda: np.zeros(3).view(odd_answers.Subclass)).passed
    assert set(seen) == {np.ndarray}


# -- what an attempt raises ----------------------------------------------------------------------
@pytest.mark.parametrize("error", odd_answers.RAISED, ids=answers.type_name)
def test_anything_raised_is_a_wrong_answer(error):
    def raising(*args):
        raise error

    assert f"raised {type(error).__name__}" in wrong("01.1", raising)
    with pytest.raises(exercises.WrongAnswer):
        exercises.check("01.1", raising)


def test_endless_recursion_is_told_in_a_few_lines():
    def deeper(*args):
        return deeper(*args)

    with pytest.raises(exercises.WrongAnswer, match="RecursionError") as caught:
        exercises.check("01.1", deeper)
    assert len(caught.value._render_traceback_()) < 12


@pytest.mark.parametrize("number", [signal.SIGINT, getattr(signal, "SIGALRM", signal.SIGINT)])
def test_what_a_signal_raises_is_not_the_attempts(number):
    """Ctrl-C, or the alarm of a test runner: raised on, even if the attempt catches everything."""

    def alarm(*_):
        raise TimeoutError("the runner's")

    def swallowing(*args):
        try:
            signal.raise_signal(number)
        except BaseException:
            return reference("01.1")(*args)

    before = signal.getsignal(number)
    if number != signal.SIGINT:
        signal.signal(number, alarm)
    installed = signal.getsignal(number)
    try:
        for attempt in (swallowing, lambda *args: signal.raise_signal(number)):
            with pytest.raises((KeyboardInterrupt, TimeoutError)):
                exercises.grade("01.1", attempt)
            assert signal.getsignal(number) is installed
    finally:
        signal.signal(number, before)


# -- what an attempt changes ---------------------------------------------------------------------
def world():
    return {
        "NumPy's errors": np.geterr(),
        "NumPy's printing": np.get_printoptions(),
        "NumPy's random state": np.random.get_state()[1].tolist(),  # noqa: NPY002
        "random state": random.getstate(),
        "filters": list(warnings.filters),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "recursion": sys.getrecursionlimit(),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "handlers": [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)],
    }


def test_everything_is_left_as_it_was_found(capsys):
    def vandal(*args):
        odd_answers.everything_global()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: None)
        return reference("01.1")(*args)

    before = world()
    assert exercises.grade("01.1", vandal).passed
    assert world() == before
    exercises.check("01.1", vandal)
    assert capsys.readouterr().out == "Exercise 01.1: correct.\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda layers: layers.append(layers),
        lambda layers: layers.clear(),
        lambda layers: layers.__setitem__(0, odd_answers.Hostile()),
        lambda layers: layers[0].resize(5, refcheck=False),
        lambda layers: layers[0].fill(np.nan),
        lambda layers: setattr(layers[0], "dtype", np.int64),
    ],
)
@pytest.mark.filterwarnings("ignore:Setting the dtype:DeprecationWarning")
def test_changed_arguments_are_named(change):
    exercise = Exercise("00.1", "", lambda layers: 1.0, lambda rng: [([np.ones(3), np.ones(2)],)])

    def changing(layers):
        change(layers)
        return 1.0

    verdict = judge(exercise, changing)
    assert "changes its argument `layers`" in verdict.message


def test_prints_are_shown_up_to_a_limit(capsys):
    def talking(*args):
        print("the shape is", args[0].shape)
        print("x" * 10**6)
        return reference("01.1")(*args)

    exercises.check("01.1", talking)
    out = capsys.readouterr().out
    assert out.startswith("the shape is (3, 2)\n") and out.endswith("correct.\n")
    assert len(out) < 2 * guard.SHOWN and out.count("not shown") == 1
