"""The grader explains what is wrong with any answer: toys, without listed mistakes."""

from math import exp

import numpy as np
import pytest

from rbmbook import exercises
from rbmbook.exercises import diagnosis, explanations
from rbmbook.exercises.engine import judge
from rbmbook.exercises.exercise import Exercise
from rbmbook.exercises.patterns import TRANSFORMS


def toy(reference, shapes=((2, 3), (1, 3), (4, 2)), **more):
    def cases(rng):
        for shape in shapes:
            yield (rng.random(shape) + 0.1,)

    return Exercise("00.1", "A toy", reference, cases, **more)


def row_means(x):
    return x.mean(axis=1)


def message(attempt, exercise=None):
    verdict = judge(exercise or toy(row_means), attempt)
    assert verdict.attempted and not verdict.passed
    return verdict.message


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (lambda x: -row_means(x), "sign is flipped"),
        (lambda x: 1 - row_means(x), "1 minus"),
        (lambda x: np.log(row_means(x)), "logarithm"),
        (lambda x: np.exp(row_means(x)), "exponential"),
        (lambda x: row_means(x)[::-1], "axis 0 runs backwards"),
        (lambda x: np.sort(row_means(x)), "sorted"),
        (lambda x: np.roll(row_means(x), 1), "another order"),
        (lambda x: row_means(x).round(3), "you rounded"),
        (lambda x: 3 * row_means(x), "every value is 3 times"),
        (lambda x: row_means(x) / np.log(2), "your logarithm is to base 2"),
        (lambda x: row_means(x) / np.log(10), "your logarithm is to base 10"),
        (lambda x: row_means(x) + 2, r"same constant, +2"),
        (lambda x: x.sum(axis=1), "too large by the length of axis 1 of `x`"),
        (lambda x: row_means(x) / len(x), "too small by the length of axis 0 of `x`"),
        (lambda x: row_means(x) + x[0, 0], "one constant: is a term"),
        (lambda x: row_means(x) ** 2, "not right yet"),
        (lambda x: x.mean(), "whole batch"),
        (lambda x: x.mean(axis=0), "3 is the length of axis 1 of `x`"),
        (lambda x: x.mean(axis=1, keepdims=True), "keepdims"),
        (lambda x: x, "sum over one axis missing"),
        (lambda x: row_means(x) * np.nan, "NaN"),
        (lambda x: row_means(x) / 0, "infinite"),
        (lambda x: tuple(row_means(x)), "a tuple of 2, expected a NumPy array"),
        (lambda x: row_means(x).astype(str), "real numbers"),
        (lambda x: row_means(x) * 1j, "real numbers"),
        (lambda x: "words", "type str"),
        (lambda x: x[99], "IndexError"),
        (lambda x, y: x, "TypeError"),
        (lambda x: exit(), "SystemExit"),
    ],
)
def test_slips_are_recognised(attempt, words):
    assert words in message(attempt)


def test_an_exponential_too_many_is_recognised_where_it_overflows():
    large = toy(lambda x: 1000 * x)
    assert "you return the exponential" in message(lambda x: np.exp(1000 * x), large)
    assert "unstable" in message(lambda x: 2 * np.exp(1000 * x), large)


def test_transposed_matrices_are_recognised():
    square = toy(lambda x: x @ np.diag(np.arange(x.shape[1])), shapes=((3, 3), (2, 2)))
    assert "transpose" in message(lambda x: square.reference(x).T, square)
    wide = toy(lambda x: 2 * x)
    assert "transposed" in message(lambda x: 2 * x.T, wide)


def test_zeros_and_ones_where_a_probability_is_asked_for_are_recognised():
    sigmoid = toy(lambda x: 1 / (1 + np.exp(-x)))
    assert "zeros and ones" in message(lambda x: np.round(sigmoid.reference(x)), sigmoid)


def test_patterns_are_not_seen_in_what_is_right():
    for _, transform in TRANSFORMS:
        x = np.array([0.2, 0.5, 0.9])
        guess = transform(x, x)
        assert guess is None or guess.shape == x.shape
    assert judge(toy(row_means), lambda x: x.sum(axis=1) / x.shape[1]).passed


def test_a_message_names_case_expected_and_received():
    text = message(lambda x: np.where(np.arange(len(x)) == 3, 0, row_means(x)))
    assert "case 3 (x of shape (4, 2))" in text
    assert "expected [" in text and "received [" in text and "first at [3]" in text


def test_tuples_are_compared_part_by_part():
    both = toy(lambda x: (x.mean(axis=1), x.sum(axis=1)), parts=("mean", "sum"))
    assert judge(both, lambda x: [x.mean(axis=1), x.sum(axis=1)]).passed
    assert "sum: the sign" in message(lambda x: (x.mean(axis=1), -x.sum(axis=1)), both)
    assert "your sum has shape ()" in message(lambda x: (x.mean(axis=1), x.sum()), both)
    assert "tuple of 3, expected a tuple of 2 (mean, sum)" in message(lambda x: (1, 2, 3), both)


def test_the_right_parts_in_another_order_are_recognised():
    three = toy(lambda x: (x, x.sum(axis=0), x.sum()), parts=("all", "columns", "total"))
    words = "in another order; (all, columns, total) is asked for"
    assert words in message(lambda x: (x.sum(axis=0), x, x.sum()), three)
    assert words in message(lambda x: (x.sum(axis=0), x.sum(), x), three)
    assert "in another order" not in message(lambda x: (x.sum(axis=0), x, 2 * x.sum()), three)


def test_inputs_are_copies_and_writing_to_them_is_reported():
    def writes(x):
        x -= 1
        return row_means(x + 1)

    assert "changes its argument `x`" in message(writes)
    fixed = np.ones((2, 2))
    shared = Exercise("00.2", "Shared", row_means, lambda rng: [(fixed,)])
    message(writes, shared)
    np.testing.assert_array_equal(fixed, 1)


def test_a_mistake_is_recognised_though_the_attempt_is_less_stable():
    def cases(rng):
        yield (np.array([1.0, 2.0]),)
        yield (np.array([1000.0, 2000.0]),)

    def softplus(x):
        return np.logaddexp(0, x)

    exercise = Exercise(
        "00.3", "Softplus", softplus, cases, {"the minus is missing.": lambda x: -softplus(x)}
    )
    assert "the minus is missing." in message(lambda x: -np.log(1 + np.exp(x)), exercise)
    assert "unstable" in message(lambda x: np.log(1 + np.exp(x)), exercise)


def test_a_number_can_be_asked_for_and_is_not_given_away():
    exercise = Exercise("00.4", "A number", lambda: 12.5, lambda rng: [()])
    assert judge(exercise, lambda: np.float64(12.5)).passed
    text = message(lambda: 10, exercise)
    assert "10 is too small" in text and "12.5" not in text
    assert "1.25" not in text  # nor as a factor
    assert "pass the function itself" in message(12.5, exercise)


def test_answers_that_are_not_unique_are_judged_by_their_own_comparison():
    def cases(rng):
        yield np.full((4000, 1), 0.3), rng

    def compare(args, received, expected):
        # Mean of 4000 independent Bernoulli(0.3): five standard errors are 0.036.
        return None if abs(received.mean() - 0.3) < 0.036 else "the mean is off"

    def sample(p, rng):
        return (rng.random(p.shape) < p).astype(float)

    exercise = Exercise("00.5", "Samples", sample, cases, compare=compare)
    assert judge(exercise, sample).passed
    assert judge(exercise, lambda p, rng: 1.0 * (1 - rng.random(p.shape) < p)).passed
    assert "the mean is off" in message(lambda p, rng: 1.0 * (rng.random(p.shape) > p), exercise)
    assert "shape" in message(lambda p, rng: sample(p, rng).ravel(), exercise)


def test_a_slip_that_some_shapes_forbid_is_recognised_where_it_shows():
    def affine(x, scale, shift):
        return x * scale + shift

    def cases(rng):
        for n, m in ((3, 2), (2, 2)):
            yield rng.random((n, m)), rng.random(m), rng.random(m)

    exercise = Exercise("00.6", "An affine map", affine, cases)
    assert "`scale` and `shift` are exchanged" in message(
        lambda x, scale, shift: affine(x, shift, scale), exercise
    )
    assert "only if `shift` is zero" in message(lambda x, scale, shift: x * scale, exercise)
    assert "only if `shift` has the other sign" in message(
        lambda x, scale, shift: x * scale - shift, exercise
    )
    transposing = Exercise(
        "00.7", "Raises", affine, cases, {"transposed.": lambda x, s, t: affine(x.T, s, t)}
    )
    assert "transposed." in message(lambda x, s, t: t + s * x.T, transposing)
    other = message(lambda x, s, t: 2 * t + s * x.T, transposing)
    assert "ValueError" in other and "lined up from the last" in other


def enumerating(calls):
    """An exercise whose reference lists 2^len(a) states, on layers of very different size."""

    def reference(a, b):
        if len(a) > 20:
            calls.append(len(a))
            raise MemoryError(f"2^{len(a)} states")
        return np.arange(2 ** len(a)).sum() * a.sum() + b.sum()

    def cases(rng):
        for n, m in ((2, 2), (3, 4), (12, 200)):
            yield rng.random(n), rng.random(m)

    return Exercise("00.8", "Enumeration", reference, cases)


def test_exchanged_arguments_are_named_without_enumerating_the_wrong_layer():
    calls = []
    exercise = enumerating(calls)

    def exchanged(a, b):
        return np.arange(2 ** min(len(b), 20)).sum() * b.sum() + a.sum()

    assert "`a` and `b` are exchanged" in message(exchanged, exercise)
    assert "not right yet" in message(lambda a, b: exercise.reference(a, b) ** 2, exercise)
    assert not calls


def test_an_attempt_that_is_right_on_an_untried_case_exchanges_nothing():
    exercise = enumerating([])

    def mixed(a, b):
        return exercise.reference(a, b) if len(b) > 20 else exercise.reference(b, a)

    assert "exchanged" not in message(mixed, exercise)


@pytest.mark.parametrize(
    ("x", "y", "safe"),
    [
        (np.zeros(200), np.ones(200), True),
        (np.zeros((12, 200)), np.zeros((200, 12)), False),
        (np.zeros(3), np.zeros((2, 10)), True),
        (np.zeros(3), np.zeros(200), False),
        (2.5, -10, True),
        (10, 784, False),
        (np.float64(784.0), np.zeros(3), False),
        ([np.zeros(3), np.zeros(2)], np.zeros(4), True),
        ([np.zeros(3), np.zeros(200)], np.zeros(4), False),
        (np.random.default_rng(0), 3, False),
        ("words", np.zeros(3), False),
    ],
)
def test_arguments_are_exchanged_only_where_that_is_cheap(x, y, safe):
    assert diagnosis.exchangeable(x, y) is safe
    assert diagnosis.exchangeable(y, x) is safe


def test_guessing_ends_at_its_deadline(monkeypatch):
    calls = []

    def reference(x, y):
        calls.append(1)
        return x - 2 * y

    def cases(rng):
        yield rng.random(3), rng.random(3)

    exercise = Exercise("00.9", "A deadline", reference, cases)

    def exchanged(x, y):
        return y - 2 * x

    assert "`x` and `y` are exchanged" in message(exchanged, exercise)
    assert len(calls) > 1
    calls.clear()
    monkeypatch.setattr(explanations, "GUESSING_SECONDS", -1.0)
    assert "exchanged" not in message(exchanged, exercise)
    assert len(calls) == 1  # for the expected answer, and for no guess


def test_an_overflow_is_explained():
    assert "subtract the largest exponent" in message(lambda x: exp(1000 * x.max() + 1000))


def test_expected_and_received_never_look_the_same():
    text = message(lambda x: row_means(x) * (1 + 1e-5 * np.arange(len(x))))
    expected, received = (line.split(maxsplit=1)[1] for line in text.split("\n")[2:4])
    assert expected != received


def test_notebook_shows_the_explanation_and_the_readers_lines_only():
    def divides(*args):
        return 1 / 0

    with pytest.raises(exercises.WrongAnswer) as caught:
        exercises.check("01.1", divides)
    lines = caught.value._render_traceback_()
    assert lines[0].startswith("WrongAnswer: Exercise 01.1: your function raised ZeroDivision")
    assert len(lines) == 2 and "in divides" in lines[1] and "return 1 / 0" in lines[1]
    with pytest.raises(exercises.WrongAnswer) as caught:
        exercises.check("01.1", lambda *args: None)
    assert len(caught.value._render_traceback_()) == 1


def test_not_implemented_after_the_first_case_is_an_attempt():
    def partial(x):
        if len(x) == 1:
            raise NotImplementedError
        return row_means(x)

    assert "not implemented for case 2" in message(partial)


def test_check_keeps_the_readers_own_traceback():
    with pytest.raises(exercises.WrongAnswer, match="ZeroDivisionError") as caught:
        exercises.check("01.1", lambda *args: 1 / 0)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert issubclass(exercises.WrongAnswer, AssertionError)


def test_attempts_do_not_litter_the_notebook_with_warnings(recwarn):
    message(lambda x: np.log(-row_means(x)))
    assert not recwarn.list


def test_a_misspelt_name_is_refused():
    with pytest.raises(ValueError, match=r"01\.2"):
        Exercise("1.2", "", row_means, lambda rng: [])
