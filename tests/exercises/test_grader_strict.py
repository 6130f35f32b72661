"""Names as people write them, blank sheets that fail, and other cases from another seed."""

import numpy as np
import pytest

from rbmbook import exercises
from rbmbook.exercises import check, get, grade
from rbmbook.exercises.engine import judge
from rbmbook.exercises.exercise import Exercise


@pytest.fixture(autouse=True)
def lenient(monkeypatch):
    monkeypatch.delenv("RBMBOOK_STRICT", raising=False)


def right(*args):
    return get("02.1").reference(*args)


# -- names ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["2.1", "02.1", " 2.1", "02.1\n", "002.1"])
def test_zeros_and_spaces_around_a_name_do_not_matter(name, capsys):
    assert get(name).name == "02.1"
    assert grade(name, right).message == "Exercise 02.1: correct."
    check(name, right)
    assert capsys.readouterr().out == "Exercise 02.1: correct.\n"


@pytest.mark.parametrize("take", [get, lambda n: grade(n, right), lambda n: check(n, right)])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("2.9", "named '2.9': chapter 02 has 02.1, 02.2, 02.3, 02.4, 02.5$"),
        ("2.10", "named '2.10': chapter 02 has"),
        ("2.01", "named '2.01': did you mean '02.1'[?]$"),
        ("Exercise 2.1", "named 'Exercise 2.1': did you mean '02.1'[?]$"),
        ("2,1", "named '2,1': did you mean '02.1'[?]$"),
        ("2-9", "named '2-9': chapter 02 has 02.1"),
        ("115.1", "named '115.1': names look like"),
        ("99.1", "named '99.1': names look like '01.1' and there are chapters 00 to "),
        ("energy", "named 'energy': names look like"),
        ("", "named '': names look like"),
        ("1" * 10_000, "named '111[^ ]*: names look like"),
        (2.1, 'must be a string such as "02.1", got 2.1'),
        (2, "must be a string"),
        (None, "must be a string"),
    ],
)
def test_an_unknown_name_is_a_short_error_with_the_names_nearby(take, name, words):
    with pytest.raises(ValueError, match=words) as caught:
        take(name)
    assert len(str(caught.value)) < 160
    assert caught.value._render_traceback_() == [f"UnknownExercise: {caught.value}"]


# -- blank sheets --------------------------------------------------------------------------------
def raising(*args):
    """Its docstring."""
    raise NotImplementedError("yours")


def passing(*args):
    """Its docstring."""


def dots(*args): ...


def none(*args):
    return None


def assigning(*args):
    x = 1  # noqa: F841


BLANK = [raising, passing, dots, none]


@pytest.mark.parametrize("stub", BLANK)
@pytest.mark.parametrize("name", ["01.1", "03.5", "16.4"])
def test_a_blank_is_not_attempted_and_fails_only_if_strict(name, stub, monkeypatch, capsys):
    verdict = grade(name, stub)
    assert not verdict.attempted and not verdict.passed
    check(name, stub)
    check(name, stub, strict=False)
    assert capsys.readouterr().out.count("not attempted yet") == 2
    for how in ({"strict": True}, {}, {"strict": None}):
        with pytest.raises(exercises.WrongAnswer, match="not attempted yet"):
            check(name, stub, **how)
        monkeypatch.setenv("RBMBOOK_STRICT", "1")
    check(name, stub, strict=False)  # what is said in the call counts


@pytest.mark.parametrize("value", ["", "0", " ", " 0 "])
def test_the_variable_can_be_off(value, monkeypatch):
    monkeypatch.setenv("RBMBOOK_STRICT", value)
    check("01.1", raising)


@pytest.mark.parametrize("value", ["yes", "2", "-1", "None"])
def test_nonsense_in_the_variable_is_named(value, monkeypatch):
    monkeypatch.setenv("RBMBOOK_STRICT", value)
    with pytest.raises(ValueError, match=f"RBMBOOK_STRICT must be 0 or 1, got '{value}'"):
        check("01.1", raising)
    check("01.1", raising, strict=False)


@pytest.mark.parametrize("value", ["yes", 2, [], 0.5])
def test_strict_is_a_truth_value(value):
    with pytest.raises(ValueError, match="strict must be True, False or None, got"):
        check("01.1", raising, strict=value)


@pytest.mark.parametrize("attempt", [lambda *args: None, assigning, print])
def test_what_returns_none_after_some_code_is_an_attempt(attempt):
    with pytest.raises(exercises.WrongAnswer, match="`return` missing"):
        check("01.1", attempt)


def test_a_right_answer_passes_if_strict_and_a_wrong_one_fails_either_way():
    check("02.1", right, strict=True)
    for strict in (True, False):
        with pytest.raises(exercises.WrongAnswer, match="that is P"):
            check("02.1", lambda v, W, b: right(v, -W, -b), strict=strict)


# -- seeds ---------------------------------------------------------------------------------------
def test_a_seed_gives_other_cases_and_the_same_ones_again():
    seen = []

    def cases(rng):
        seen.append(rng.random())
        yield (seen[-1],)

    exercise = Exercise("00.1", "", lambda x: x, cases)
    for seed in (0, 1, 0):
        assert judge(exercise, lambda x: x, seed=seed).passed
    assert seen[0] == seen[2] != seen[1]


@pytest.mark.parametrize("name", exercises.names())
def test_references_pass_for_other_seeds(name):
    for seed in (1, 2**40):
        assert grade(name, get(name).reference, seed=seed).passed


@pytest.mark.parametrize("seed", [-1, 1.0, True, "1", [1]])
def test_a_seed_is_a_non_negative_integer(seed):
    with pytest.raises(ValueError, match="seed must be a non-negative integer"):
        grade("01.1", right, seed=seed)
    with pytest.raises(ValueError, match="seed must be a non-negative integer"):
        check("01.1", right, seed=seed)


def test_integers_of_numpy_are_seeds():
    assert grade("02.1", right, seed=np.int64(3)).passed
