"""Every exercise of the book is right about itself, and names its mistakes."""

import re
from itertools import product
from math import exp
from pathlib import Path

import numpy as np
import pytest

from rbmbook import exercises
from rbmbook.exercises.engine import SEED

NAMES = exercises.names()
MISTAKES = [(name, words) for name in NAMES for words in exercises.get(name).mistakes]


def constant(answer, value):
    """An answer of the same form, filled with one value."""
    if isinstance(answer, tuple):
        return tuple(constant(part, value) for part in answer)
    return np.full_like(answer, value) if np.ndim(answer) else type(answer)(value)


# -- every registered exercise, of every chapter -------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_reference_passes(name):
    verdict = exercises.grade(name, exercises.get(name).reference)
    assert verdict == exercises.Verdict(name, True, True, f"Exercise {name}: correct.")


@pytest.mark.parametrize(("name", "words"), MISTAKES)
def test_each_mistake_fails_with_its_own_explanation(name, words):
    verdict = exercises.grade(name, exercises.get(name).mistakes[words])
    assert verdict.attempted and not verdict.passed
    assert verdict.message == f"Exercise {name}: {words}"


@pytest.mark.parametrize("name", NAMES)
def test_stub_is_not_attempted_and_does_not_raise(name, capsys):
    def stub(*args):
        """Docstring."""
        raise NotImplementedError

    verdict = exercises.grade(name, stub)
    assert not verdict.attempted and not verdict.passed
    assert exercises.check(name, stub) is None
    assert capsys.readouterr().out.startswith(f"Exercise {name}: not attempted yet")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_returned_is_wrong_and_says_why(name):
    with pytest.raises(exercises.WrongAnswer, match=f"Exercise {name}: .*`return` missing"):
        exercises.check(name, lambda *args: None)


@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_a_constant_of_the_right_form_does_not_pass(name, value):
    reference = exercises.get(name).reference
    verdict = exercises.grade(name, lambda *args: constant(reference(*args), value))
    assert verdict.attempted and not verdict.passed


@pytest.mark.parametrize("name", NAMES)
def test_cases_are_seeded_and_leave_the_seed_alone(name):
    def cases():
        return list(exercises.get(name).cases(np.random.default_rng(SEED)))

    for first, second in zip(cases(), cases(), strict=True):
        for x, y in zip(first, second, strict=True):
            if isinstance(x, np.ndarray):
                np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("name", NAMES)
def test_exercise_is_told_in_words_and_filed_under_its_chapter(name):
    exercise = exercises.get(name)
    assert exercise.title and not exercise.title.endswith(".")
    assert all(words.rstrip().endswith((".", "?")) for words in exercise.mistakes)
    assert exercise.reference.__module__.startswith(f"rbmbook.exercises.ch{name[:2]}.")


def test_names_are_in_the_order_of_the_book():
    numbers = [tuple(map(int, name.split("."))) for name in NAMES]
    assert numbers == sorted(numbers) and len(set(numbers)) == len(numbers)
    assert {"01.1", "01.2", "01.3"} <= set(NAMES)


def test_an_unknown_name_is_an_error_that_lists_the_known():
    with pytest.raises(ValueError, match=r"'99\.1'.*01\.1"):
        exercises.grade("99.1", lambda: 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_ragged_list_is_judged_like_any_other_wrong_answer(name):
    ragged = [[1.0], [1.0, 2.0]]
    for answer in (ragged, (ragged, ragged)):
        verdict = exercises.grade(name, lambda *args, answer=answer: answer)
        assert verdict.attempted and not verdict.passed and verdict.message


# -- chapter 01: the references themselves, against loops ----------------------------------------
def joint_by_loops(W, a, b):
    def energy(v, h):
        pairs = sum(v[i] * W[i][j] * h[j] for i in range(len(a)) for j in range(len(b)))
        return -sum(map(float.__mul__, v, a)) - sum(map(float.__mul__, h, b)) - pairs

    vs, hs = (list(product((0.0, 1.0), repeat=len(x))) for x in (a, b))
    weights = {(v, h): exp(-energy(v, h)) for v in vs for h in hs}
    z = sum(weights.values())
    return {state: w / z for state, w in weights.items()}


@pytest.fixture
def parameters():
    rng = np.random.default_rng(5)
    return rng.standard_normal((3, 2)), rng.standard_normal(3), rng.standard_normal(2)


def test_joint_reference_is_the_enumerated_distribution(parameters):
    W, a, b = parameters
    expected = joint_by_loops(W.tolist(), a.tolist(), b.tolist())
    found = exercises.get("01.2").reference(W, a, b)
    np.testing.assert_allclose(found.ravel(), list(expected.values()), rtol=1e-12)


def test_flipped_machine_gives_the_negative_the_same_probability(parameters):
    flipped = exercises.get("01.3").reference(*parameters)
    before = joint_by_loops(*(x.tolist() for x in parameters))
    after = joint_by_loops(*(x.tolist() for x in flipped))
    for (v, h), p in before.items():
        assert after[tuple(1 - x for x in v), h] == pytest.approx(p, rel=1e-12)


def test_energy_reference_agrees_with_the_joint_distribution(parameters):
    W, a, b = parameters
    joint = joint_by_loops(W.tolist(), a.tolist(), b.tolist())
    v, h = (np.array(list(product((0.0, 1.0), repeat=len(x)))) for x in (a, b))
    energies = exercises.get("01.1").reference(v, h, W, a, b)
    assert energies.shape == (8, 4)
    shifted = energies.ravel() + np.log(list(joint.values()))
    np.testing.assert_allclose(shifted, shifted[0])  # E + log p = −log Z, one constant


def pairs(v, h, W, a, b):
    return -(v @ a)[:, None] - h @ b - v @ W @ h.T


def joint(W, a, b):
    v, h = (np.array(list(product((0, 1), repeat=len(x)))) for x in (a, b))
    factors = np.exp(-pairs(v, h, W, a, b))
    return factors / factors.sum()


@pytest.mark.parametrize(
    ("name", "attempt", "words"),
    [
        ("01.1", lambda v, h, W, a, b: -a.T @ v - b.T @ h - v.T @ W @ h, "written for one state"),
        ("01.1", lambda v, h, W, a, b: -pairs(v, h, W, a, b), "all three terms"),
        ("01.1", lambda v, h, W, a, b: pairs(v, h, W, b, a), "`a` and `b` are exchanged"),
        ("01.1", lambda v, h, W, a, b: pairs(h, v, W.T, a, b).T, "`a` and `b` are exchanged"),
        ("01.1", lambda v, h, W, a, b: pairs(h, v, W, a, b), "`v` and `h` are exchanged"),
        ("01.1", lambda v, h, W, a, b: pairs(v, h, W.T, a, b), "`W` is transposed"),
        ("01.1", lambda v, h, W, a, b: -v @ a - h @ b - v @ W @ h.T, "make it a column"),
        ("01.1", lambda v, h, W, a, b: -v @ W @ h.T, "−aᵀv and the hidden term −bᵀh are missing"),
        ("01.1", lambda v, h, W, a, b: -(v @ a)[:, None] + 0 * h[:, 0], "and the hidden term"),
        ("01.1", lambda v, h, W, a, b: -np.sum((v @ W) * h, 1) - v @ a - h @ b, "row t of v with"),
        ("01.1", lambda v, h, W, a, b: pairs(v, h, W, a, b).round(2), "you rounded"),
        ("01.1", lambda v, h, W, a, b: pairs(v, h, W, a, b).astype(int), "decimals are cut off"),
        ("01.1", lambda v, h, W, a, b: v @ h, "in `A @ B`, the last axis of A"),
        ("01.2", joint, "Where it breaks"),
        ("01.2", lambda W, a, b: joint(W, 0 * a, 0 * b), "−bᵀh are missing from the energy"),
        ("01.2", lambda W, a, b: joint(-W, -a, -b), r"exp(+E)"),
        ("01.2", lambda W, a, b: joint(W, a, b).ravel(), "in another shape"),
        ("01.2", lambda W, a, b: joint(W, a, b).T, "rows and columns are exchanged"),
        ("01.3", lambda W, a, b: (-W, -a, -b), "turns E into −E"),
        ("01.3", lambda W, a, b: (-W, -a, b + W.sum()), "the sum of the whole matrix"),
        ("01.3", lambda W, a, b: (-W, -a, b + W.sum(1)), "`axis=0`"),
        ("01.3", lambda W, a, b: (W, -a, b), "contains +v′ᵀWh.\n  b: it needs a correction"),
        ("01.3", lambda W, a, b: (-W, -a, np.round(b + W.sum(0), 3)), "b: you rounded"),
    ],
)
def test_likely_slips_of_chapter_01_are_named(name, attempt, words):
    assert words in exercises.grade(name, attempt).message


# -- chapter 02: the references against the enumerated machine -----------------------------------
def test_some_unit_is_on_unless_the_enumerated_hidden_state_is_empty(parameters):
    table = joint(*parameters)
    empty = table[:, 0] / table.sum(axis=1)  # p(h = 0 | v) for every v
    W, _, b = parameters
    v = np.array(list(product((0.0, 1.0), repeat=3)))
    np.testing.assert_allclose(exercises.get("02.1").reference(v, W, b), 1 - empty, rtol=1e-12)


def test_repaired_pixels_come_to_have_the_distribution_given_the_known_ones(parameters):
    n, trips, rng = 40_000, 15, np.random.default_rng(0)
    v = np.tile([1.0, 0.0, 0.0], (n, 1))
    noise = rng.random((trips, n, 2)), rng.random((trips, n, 3))
    repaired = exercises.get("02.2").reference(v, np.array([1.0, 0, 0]), *parameters, *noise)
    exact = joint(*parameters).sum(axis=1)[4:]  # the pictures whose first pixel is on
    exact /= exact.sum()
    seen = np.bincount((2 * repaired[:, 1] + repaired[:, 2]).astype(int), minlength=4) / n
    assert (repaired[:, 0] == 1).all()
    assert (np.abs(seen - exact) < 5 * np.sqrt(exact * (1 - exact) / n)).all()


def squash(x):
    return 1 / (1 + np.exp(-x))


def repaired(up=lambda x, u: u < squash(x), seen=lambda v, known: v, held_throughout=True):
    def attempt(v, known, W, a, b, noise_h, noise_v):
        start = v
        for trip, (up_noise, down_noise) in enumerate(zip(noise_h, noise_v, strict=True)):
            h = up(seen(v, known) @ W + b, up_noise)
            v = np.where(down_noise < squash(h @ W.T + a), 1.0, 0.0)
            if held_throughout or trip == len(noise_h) - 1:
                v[:, known == 1] = start[:, known == 1]
        return v

    return attempt


def with_noise_of_its_own(v, known, W, a, b, noise_h, noise_v):
    rng = np.random.default_rng()
    noise_h, noise_v = (rng.random(noise.shape) for noise in (noise_h, noise_v))
    return repaired()(v, known, W, a, b, noise_h, noise_v)


@pytest.mark.parametrize(
    ("name", "attempt", "words"),
    [
        ("02.1", lambda v, W, b: 1 - np.prod(1 - squash(v @ W + b), axis=1), "`-np.expm1(s)`"),
        ("02.1", lambda v, W, b: squash(v @ W + b).sum(axis=1), "mean *number* of units"),
        ("02.1", lambda v, W, b: squash(v @ W + b).prod(axis=1), "*all* units are on"),
        ("02.1", lambda v, W, b: 1 - squash(v @ W + b).prod(axis=1), "unit is *off*"),
        ("02.1", lambda v, W, b: squash((v @ W + b).sum(axis=1)), "take one sigmoid"),
        ("02.1", lambda v, W, b: -np.expm1(np.log1p(-squash(v @ W)).sum(1)), "`b` is zero"),
        ("02.1", lambda v, W, b: -np.expm1(np.log1p(-squash(v @ W + b)).sum(1)), "correct."),
        ("02.2", repaired(), "correct."),
        ("02.2", repaired(up=lambda x, u: squash(x)), "A mean is not a sample"),
        ("02.2", repaired(up=lambda x, u: u > squash(x)), "wrong way round on the way up"),
        ("02.2", repaired(seen=lambda v, known: v * known), "Unknown is not off"),
        ("02.2", repaired(held_throughout=False), "after the last trip only"),
        ("02.2", lambda *args: repaired()(*args[:-1], args[-1][::-1]), "one trip is right"),
        (
            "02.2",
            lambda *args: repaired()(*args[:-2], args[-2] / 2, args[-1]),
            "of (2.4) and (2.7)",
        ),
        ("02.2", with_noise_of_its_own, "Use the noise that is handed over"),
    ],
)
def test_likely_slips_of_chapter_02_are_named(name, attempt, words):
    assert words in exercises.grade(name, attempt).message


# -- what TEACHING.md promises -------------------------------------------------------------------
def misunderstandings():
    """Exercise and words of each row of the table of misunderstandings."""
    text = (Path(__file__).parents[2] / "TEACHING.md").read_text(encoding="utf-8")
    table = text.split("## Misunderstandings")[1].split("\n## ")[0]
    return re.findall(r"^\| .+ \| (\d+\.\d+) \| (.+) \|$", table, flags=re.MULTILINE)


def test_the_misunderstandings_that_teachers_are_told_of_have_an_answer():
    rows = misunderstandings()
    assert len(rows) >= 20
    for name, words in rows:
        known = exercises.get(name).mistakes
        assert any(words in told for told in known), f"{name}: {words}"
