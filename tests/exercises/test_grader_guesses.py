"""What is done to an argument is named without being listed, and told with the formula."""

import subprocess
import sys

import numpy as np
import pytest

from rbmbook.exercises.engine import judge
from rbmbook.exercises.exercise import Exercise, exercise
from rbmbook.exercises.mistakes import averaged, changed, in_terms_of, missing, slips_of

FORMULA = "The answer is v W + b, k times, and q of h."


def answer(v, h, W, b, k, q, *, power=1):
    return k**2 * (v @ W + b) ** power + q**2 * h @ W


def cases(rng):
    for n, width, k in ((2, 3, 2), (3, 2, 3), (4, 2, 1)):
        v, h = rng.integers(0, 2, (2, n, width)) * 1.0
        v[0], h[0, 0] = 1, 0
        shape = (width, 2)
        yield v, h, rng.standard_normal(shape), rng.standard_normal(2), k, float(rng.random())


TOY = Exercise("00.1", "A toy", answer, cases, formula=FORMULA)
slip = slips_of(answer)


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (slip(b=missing), "right only if `b` is zero: is a term with it missing?"),
        (slip(b=np.negative), "right only if `b` has the other sign: is a sign wrong?"),
        (slip(h=lambda h: 1 - h), "1 − `h` stands for `h`: are on and off exchanged?"),
        (slip(q=lambda q: 1 - q), "1 − `q` stands for `q`: the complementary share?"),
        (slip(k=lambda k: k + 1), "`k` is one more: do you count one too many?"),
        (slip(k=lambda k: k - 1), "`k` is one less: do you count one too few?"),
        (slip(W=np.transpose), "right only if `W` is transposed."),
        (slip(v="h", h="v"), "`v` and `h` are exchanged."),
    ],
)
def test_a_changed_argument_is_named_with_the_formula(attempt, words):
    message = judge(TOY, attempt).message
    assert f"{words} {FORMULA}" in message


def test_all_parameters_with_the_other_sign_are_named():
    def energy(v, W, a, b):
        return (v @ a + np.exp(v @ W + b).sum(axis=1)) ** 3

    toy = Exercise(
        "00.1",
        "A toy",
        energy,
        lambda rng: [(np.eye(2), rng.random((2, 3)), rng.random(2), rng.random(3))],
    )
    attempt = changed(energy, **dict.fromkeys("Wab", np.negative))
    assert "is that of −W, −a and −b: is E taken for −E?" in judge(toy, attempt).message


def test_an_exchange_that_the_shapes_forbid_is_no_explanation_of_numbers():
    def above(x, y):
        return (x.reshape(-1, len(y)) @ y > x[0]) * 1.0

    def two_shapes(rng):
        yield rng.standard_normal(9), rng.standard_normal(3)
        yield np.array([0.5]), np.array([3.0])  # by chance the exchange gives the same here

    message = judge(
        Exercise("00.1", "A toy", above, two_shapes), lambda *args: 1 - above(*args)
    ).message
    assert "you return 1 minus the right answer" in message


def test_a_piece_is_no_argument():
    message = judge(TOY, lambda *args: answer(*args)[0]).message
    assert "power" not in message and "q = " in message
    assert judge(TOY, slip(power=2)).message.startswith("Exercise 00.1: not right yet.")


def test_a_hint_is_given_where_nothing_else_explains():
    def hint(args, received, expected):
        return f"off by {np.abs(received - expected).max():.0f} at most."

    toy = Exercise("00.1", "A toy", answer, cases, hint=hint)
    message = judge(toy, lambda *args: answer(*args) + 2 * (answer(*args) > 0)).message
    assert "Exercise 00.1: off by 2 at most." in message
    assert "right only if `b` is zero" in judge(toy, slip(b=missing)).message
    assert judge(toy, answer).passed


def test_mistakes_are_made_of_changed_arguments_and_of_quantities():
    x, y = np.array([[1.0, 2.0], [3.0, 6.0]]), np.array([1.0, 1.0])

    def product(x, y, *, scale=1):
        return scale * x @ y

    np.testing.assert_array_equal(changed(product, x=averaged)(x, y), [6, 6])
    np.testing.assert_array_equal(changed(product, y=lambda y: 2 * y, scale=3)(x, y), [18, 54])
    of_sum = in_terms_of(lambda x, y: (x.sum(), y))
    np.testing.assert_array_equal(of_sum(lambda total, y: total * y)(x, y), [12, 12])


def test_an_exercise_is_named_by_its_files_docstring():
    made = exercise("Exercise 02.1: a title, in words.", answer, cases, {}, FORMULA)
    assert (made.name, made.title) == ("02.1", "A title, in words")
    assert exercise("Exercise 15.3: how far?\n\nMore.", answer, cases, {}).title == "How far?"
    for heading in (None, "Exercise 2.1: a title.", "Exercise 02.1: a title"):
        with pytest.raises(ValueError, match="heading must look like"):
            exercise(heading, answer, cases, {})


def test_only_the_chapter_that_is_asked_for_is_read():
    program = (
        "import re, sys; from rbmbook import exercises; exercises.get('06.1'); "
        "print(sorted({m.split('.')[2][:4] for m in sys.modules "
        "if re.match(r'rbmbook.exercises.ch\\d', m)}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "['ch06']"
