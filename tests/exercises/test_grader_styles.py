"""A right answer passes in whatever style it is written."""

from functools import cached_property, partial

import numpy as np
import pytest
from numba import njit

from rbmbook import exercises

NAMES = exercises.names()
DIGITS = {"07.3"}  # more digits than float32 has are the point of this


def reference(name):
    return exercises.get(name).reference


def each(answer, change):
    return tuple(map(change, answer)) if isinstance(answer, tuple) else change(answer)


def single(x):
    if isinstance(x, (list, tuple)):
        return type(x)(map(single, x))
    return np.float32(x) if getattr(x, "dtype", None) == np.float64 else x


@pytest.mark.parametrize("name", NAMES)
def test_partial_functions_methods_and_objects_that_can_be_called_pass(name):
    class Answer:
        def __call__(self, *args):
            return reference(name)(*args)

        def method(self, *args):
            return reference(name)(*args)

        @cached_property
        def made(self):
            return lambda *args, extra=None: reference(name)(*args)

    def by_list(*args):
        found = reference(name)(*args)
        return list(found) if isinstance(found, tuple) else found

    answer = Answer()
    for attempt in (answer, answer.method, answer.made, partial(answer.made, extra=1), by_list):
        assert exercises.grade(name, attempt).message == f"Exercise {name}: correct."


@pytest.mark.parametrize("name", NAMES)
def test_results_in_another_layout_or_in_single_precision_pass(name):
    for change in (lambda x: np.asarray(x, order="F"), lambda x: np.asarray(x, dtype=">f8")):
        assert exercises.grade(name, lambda *args, c=change: each(reference(name)(*args), c)).passed
    verdict = exercises.grade(name, lambda *args: each(reference(name)(*args), np.float32))
    assert verdict.passed is (name not in DIGITS)
    assert verdict.passed or "float32" in verdict.message


@pytest.mark.parametrize("name", ["11.4", "16.4"])
def test_too_few_digits_because_of_single_precision_are_named(name):
    message = exercises.grade(
        name, lambda *args: single(reference(name)(*map(single, args)))
    ).message
    assert "right to the digits that float32 has" in message


def energies_by_loops(v, h, W, a, b):
    out = np.empty((len(v), len(h)))
    for s in range(len(v)):
        for t in range(len(h)):
            e = -np.sum(a * v[s]) - np.sum(b * h[t])
            for i in range(len(a)):
                for j in range(len(b)):
                    e -= v[s, i] * W[i, j] * h[t, j]
            out[s, t] = e
    return out


def energies_by_einsum(v, h, W, a, b):
    pairs = np.einsum("si,ij,tj->st", v, W, h)
    return -(np.einsum("si,i->s", v, a)[:, None] + np.einsum("tj,j->t", h, b) + pairs)


def energies_by_lists(v, h, W, a, b):
    v, h, W, a, b = (x.tolist() for x in (v, h, W, a, b))
    return [
        [
            -sum(x * y for x, y in zip(r, a, strict=True))
            - sum(x * y for x, y in zip(s, b, strict=True))
            - sum(r[i] * W[i][j] * s[j] for i in range(len(a)) for j in range(len(b)))
            for s in h
        ]
        for r in v
    ]


@pytest.mark.parametrize("attempt", [energies_by_loops, energies_by_einsum, energies_by_lists])
def test_loops_and_lists_pass(attempt):
    assert exercises.grade("01.1", attempt).passed
    assert exercises.grade("01.1", attempt, seed=5).passed


@njit
def discriminator(p, q):
    out, value = np.empty_like(p), 0.0
    for k in range(len(p)):
        out[k] = p[k] / (p[k] + q[k])
        if p[k] > 0:
            value += p[k] * np.log(out[k])
        if q[k] > 0:
            value += q[k] * np.log(1 - out[k])
    return out, value


def test_a_compiled_function_passes():
    assert exercises.grade("00.3", discriminator).passed


def test_an_answer_may_draw_from_the_global_random_state_and_stay_right():
    def drawing(*args):
        np.random.rand(3)  # noqa: NPY002
        return reference("01.1")(*args)

    assert exercises.grade("01.1", drawing).passed
