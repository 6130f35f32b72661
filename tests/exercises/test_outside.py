"""Attempts that are given marks run in another process, where there are no references."""

import os

import numpy as np
import pytest

from rbmbook import exercises
from rbmbook.exercises.child import encode
from rbmbook.exercises.exercise import Exercise
from rbmbook.exercises.outside import decode, grade_source

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")


def double(x, rng):
    return 2 * x + rng.random(len(x))


def cases(rng):
    yield np.arange(3.0), np.random.default_rng(0)
    yield rng.random(4), np.random.default_rng(1)


DOUBLE = Exercise("99.1", "Double", double, cases)
RIGHT = "def f(x, rng):\n    return 2 * x + rng.random(len(x))"


def judged(*cells, function="f", exercise=DOUBLE, **options):
    return grade_source(exercise, cells, function, **options)


def test_a_right_answer_passes():
    verdict = judged("import numpy as np", RIGHT)
    assert verdict.passed and verdict.attempted, verdict.message


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("def f(x, rng):\n    return 3 * x", "case 1"),
        ("def f(x, rng):\n    y = None\n    return y", "None"),
        ("def f(x, rng):\n    raise KeyError('k')", "KeyError"),
        ("class Own(Exception): pass\ndef f(x, rng):\n    raise Own('why')", "Own: why"),
        ("def f(x, rng):\n    x += 1\n    return x", "changes its argument"),
        ("def f(x, rng):\n    return object()", "object"),
        ("def f(x, rng):\n    import os; os._exit(3)", "ended the process"),
        ("def g(x, rng):\n    return x", "define no function `f`"),
        ("def f(x, rng)\n    return x", "SyntaxError"),
        ("import sys; sys.exit()", "define no function"),
    ],
)
def test_a_wrong_answer_is_explained(cell, words):
    verdict = judged(cell)
    assert not verdict.passed and verdict.attempted
    assert words in verdict.message, verdict.message


@pytest.mark.parametrize("body", ["raise NotImplementedError", "pass"])
def test_a_blank_sheet_is_not_attempted(body):
    verdict = judged(f"def f(x, rng):\n    {body}")
    assert not verdict.passed and not verdict.attempted


def test_a_loop_that_never_ends_is_stopped():
    cell = "def f(x, rng):\n    while True:\n        try: pass\n        except BaseException: pass"
    verdict = judged(cell, time_limit=1.0)
    assert not verdict.passed and "had not finished after 1 s" in verdict.message


def test_a_cell_that_fails_does_not_stop_the_others():
    assert judged("1 / 0", "def g(:", RIGHT).passed


CHEATS = {
    "asks for the reference": "exercises.get('01.1').reference(*args)",
    "imports the chapter's file": "__import__('rbmbook.exercises.ch01', fromlist=['x'])",
    "imports the engine": "__import__('rbmbook.exercises.engine', fromlist=['x'])",
}


@pytest.mark.parametrize("how", CHEATS)
def test_the_references_are_not_there(how):
    name = "01.1"
    text = f"from rbmbook import exercises\ndef f(*args):\n    return {CHEATS[how]}"
    verdict = grade_source(exercises.get(name), [text], "f")
    assert not verdict.passed
    assert "AttributeError" in verdict.message or "ModuleNotFoundError" in verdict.message


def test_replacing_the_check_changes_nothing():
    text = "from rbmbook import exercises\nexercises.check = print\ndef f(*args):\n    return 1.0"
    assert not grade_source(exercises.get("01.1"), [text], "f").passed


def test_the_package_itself_can_be_used():
    text = "import rbmbook as rb\ndef f(x, rng):\n    rb.Bernoulli()\n"
    assert judged(text + "    return 2 * x + rng.random(len(x))").passed


def test_functions_among_the_arguments_are_called_where_they_are():
    def times(x, function):
        return function(x) * 3

    def given(rng):
        factor = 2.0
        yield np.ones(2), lambda x: factor * x

    exercise = Exercise("99.2", "Calls", times, given)
    assert judged("def f(x, g):\n    return g(x) * 3", exercise=exercise).passed
    assert not judged("def f(x, g):\n    return g(x)", exercise=exercise).passed


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 2.5, float("inf"), 1j, "text", np.float32(2), (1, [2.0]), {"a": np.ones(2)}],
)
def test_plain_values_arrive_as_they_are(value):
    found = decode(encode(value))
    assert type(found) is type(value)
    if not isinstance(value, dict):
        assert found == value
    else:
        np.testing.assert_array_equal(found["a"], value["a"])


def test_arrays_arrive_with_dtype_and_shape_and_nothing_is_unpickled():
    for dtype in ("f4", "f8", "i8", "?", "c16"):
        x = np.arange(6).reshape(2, 3).astype(dtype)
        found = decode(encode(x))
        assert found.dtype == x.dtype
        np.testing.assert_array_equal(found, x)
    for odd in (np.array([object()]), {1: 2}, lambda: 0):
        assert set(encode(odd)) == {"other"}
        assert type(decode(encode(odd))).__name__ == type(odd).__name__
