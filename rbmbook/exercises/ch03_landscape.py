"""Exercises of chapter 03, Free energy: what the hidden units do to F."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.random import Generator

from .ch03_free_energy import free_energy
from .exercise import Exercise
from .machines import random_machine


# -- 03.4 ----------------------------------------------------------------------------------------
def flip_hidden(W, a, b, j):
    """softplus(x) = x + softplus(−x): the sign of x_j changes, a takes W_ij."""
    sign = np.ones(len(b))
    sign[j] = -1.0
    return W * sign, a + W[:, j], b * sign


def _flip_with(change_W: bool, change_a: float, change_b: bool):
    """A machine with only some of the changes made."""

    def mistake(W, a, b, j):
        new_W, _, new_b = flip_hidden(W, a, b, j)
        return (
            new_W if change_W else W.copy(),
            a + change_a * W[:, j],
            new_b if change_b else b.copy(),
        )

    return mistake


def _flip_bias_with(change):
    """Right but for the bias of unit j."""

    def mistake(W, a, b, j):
        new_W, new_a, new_b = flip_hidden(W, a, b, j)
        new_b[j] = change(b[j])
        return new_W, new_a, new_b

    return mistake


def _flip_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, j, scale in [(2, 1, 0, 1), (3, 3, 1, 1), (4, 2, 1, 10), (1, 4, 2, 1)]:
        yield (*random_machine(rng, n_visible, n_hidden, scale), j)


FLIP = Exercise(
    name="03.4",
    title="A hidden unit that means the opposite",
    reference=flip_hidden,
    cases=_flip_cases,
    parts=("W", "a", "b"),
    mistakes={
        "the visible bias needs a correction: softplus(x_j) = x_j + softplus(−x_j), and x_j "
        "contains Σ_i v_i W_ij. The visible bias has to take it.": _flip_with(True, 0, True),
        "the visible bias is corrected with the wrong sign: F contains −x_j, that is "
        "−Σ_i v_i W_ij, and the visible term is −Σ_i a_i v_i.": _flip_with(True, -1, True),
        "the bias of the flipped unit keeps its sign in your answer. The whole input x_j changes "
        "sign, b_j too.": _flip_with(True, 1, False),
        "the weights keep their sign in your answer. The whole input x_j changes sign.": (
            _flip_with(False, 1, True)
        ),
        "you return the machine unchanged. Its p(v) is the same, but its hidden unit j is, "
        "too.": _flip_with(False, 0, False),
        "only the hidden bias changes in your answer. The whole input x_j has to change sign, the "
        "weights of unit j too, and the visible bias takes what is left over.": (
            _flip_with(False, 0, True)
        ),
        "only the weights change in your answer. The whole input x_j has to change sign, b_j too, "
        "and the visible bias takes what is left over.": _flip_with(True, 0, False),
        "the new bias of unit j is not 1 − b_j. The *values* 0 and 1 are exchanged; the bias "
        "changes its sign, as every part of x_j does.": _flip_bias_with(lambda x: 1 - x),
        "row j of W changes its sign in your answer. Hidden unit j has the *column* j.": (
            lambda W, a, b, j: (
                W * np.where(np.arange(len(a)) == j, -1.0, 1.0)[:, None],
                a + W[:, j],
                flip_hidden(W, a, b, j)[2],
            )
        ),
        "the bias of unit j is 0 in your answer. It changes its sign, as every part of x_j does.": (
            _flip_bias_with(lambda x: 0 * x)
        ),
        "the visible bias takes W_ij, but not b_j: b_j leaves a constant in F, which no "
        "probability notices.": lambda W, a, b, j: (
            flip_hidden(W, a, b, j)[0],
            a + W[:, j] + b[j],
            flip_hidden(W, a, b, j)[2],
        ),
        "you exchange the values of the *visible* units, as in Exercise 1.3. Here it is hidden "
        "unit j.": lambda W, a, b, j: (-W, -a, b + W.sum(axis=0)),
        "you negate all parameters. Only what belongs to unit j changes its sign, and a takes the "
        "column of W that softplus(x_j) = x_j + softplus(−x_j) leaves over.": (
            lambda W, a, b, j: (-W, -a, -b)
        ),
        "the visible bias takes the whole row sums of W. Only column j, the weights of the flipped "
        "unit, belongs there.": (
            lambda W, a, b, j: (
                flip_hidden(W, a, b, j)[0],
                a + W.sum(1),
                flip_hidden(W, a, b, j)[2],
            )
        ),
        "every visible bias takes the sum Σ_i W_ij in your answer. The bias of visible unit i "
        "takes its own W_ij.": (
            lambda W, a, b, j: (
                flip_hidden(W, a, b, j)[0],
                a + W[:, j].sum(),
                flip_hidden(W, a, b, j)[2],
            )
        ),
        "the visible bias takes W_ij twice in your answer. softplus(x_j) = x_j + softplus(−x_j) "
        "leaves x_j over once.": _flip_with(True, 2, True),
        "the visible bias takes half of W_ij in your answer. softplus(x_j) = x_j + softplus(−x_j) "
        "leaves the whole of x_j over.": _flip_with(True, 0.5, True),
        "the hidden bias takes a sum of weights, as it does when *visible* units are flipped "
        "(Exercise 1.3). Here b_j only changes its sign.": (
            lambda W, a, b, j: (
                *flip_hidden(W, a, b, j)[:2],
                flip_hidden(W, a, b, j)[2] - W[:, j].sum() * (np.arange(len(b)) == j),
            )
        ),
        "the weights of unit j are 0 in your answer: it then no longer depends on the picture. "
        "They change their sign.": (
            lambda W, a, b, j: (W * (np.arange(len(b)) != j), *flip_hidden(W, a, b, j)[1:])
        ),
        "the parameters are replaced by 1 minus themselves. The *values* 0 and 1 of the unit are "
        "exchanged; its parameters change their sign.": lambda W, a, b, j: (1 - W, a, 1 - b),
        "you flip all hidden units. Only unit j exchanges its values.": (
            lambda W, a, b, j: (-W, a + W.sum(axis=1), -b)
        ),
        "you flip all hidden units, and correct for one. Only unit j exchanges its values.": (
            lambda W, a, b, j: (-W, a + W[:, j], -b)
        ),
    },
)


# -- 03.5 ----------------------------------------------------------------------------------------
def either_or():
    """w₁ = −w₂: the fold runs along the diagonal; the visible biases tilt against it."""
    return np.array([[12.0], [-12.0]]), np.array([-6.0, 6.0]), np.array([0.0])


def _four(machine: Any) -> np.ndarray:
    """p(00), p(01), p(10), p(11)."""
    W, a, b = (np.asarray(part, dtype=np.float64) for part in machine)
    F = free_energy(np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), W, a, b)
    factors = np.exp(F.min() - F)
    return factors / factors.sum()


def _check_either(args: tuple, received: Any, expected: Any) -> str | None:
    p = _four(received)
    if min(p[1], p[2]) > 0.45:
        return None
    W, a, b = (np.asarray(part, dtype=np.float64).ravel() for part in received)
    table = ", ".join(f"p({v}) = {x:.3f}" for v, x in zip(("00", "01", "10", "11"), p, strict=True))
    if W[0] * W[1] < 0 and np.isclose(a, -W / 2).all() and abs(b[0]) > 0.5:
        reason = "weights and visible biases fit; move the fold: its border is to meet 00 and 11."
    elif max(p[1], p[2]) > 0.45:
        reason = (
            "one of the two valleys is there; tilt the landscape towards the other with the "
            "visible biases, by half the slope of the fold."
        )
    elif W[0] * W[1] > 0 and min(p[0], p[3]) <= 0.3:
        reason = (
            "both weights have the same sign, so the hidden unit can only help the pixels to "
            "agree. Which weight has to change its sign?"
        )
    elif min(p[0], p[3]) > 0.3:
        reason = "your pixels agree; they are to differ. Which weight has to change its sign?"
    elif p[1] + p[2] > 0.5:
        reason = "the right direction; make all parameters larger."
    else:
        reason = "01 and 10 are to be the valleys, 00 and 11 the ridge between them."
    return f"{table}: {reason}"


EITHER = Exercise(
    name="03.5",
    title="A machine in which exactly one of two pixels is on",
    reference=either_or,
    cases=lambda rng: [()],
    compare=_check_either,
    parts=("W", "a", "b"),
    mistakes={
        "all parameters are 0: every picture has probability ¼.": (
            lambda: (np.zeros((2, 1)), np.zeros(2), np.zeros(1))
        ),
        "without weights the pixels are independent: p(01) and p(10) cannot both exceed ¼. The "
        "hidden unit has to fold the landscape.": (
            lambda: (np.zeros((2, 1)), np.array([-6.0, 6.0]), np.zeros(1))
        ),
        "that is the machine of Figure 3.6, right, whose pixels agree; they are to differ. Which "
        "weight has to change its sign, and what follows for the biases?": (
            lambda: (np.array([[4.0], [4.0]]), np.array([-2.0, -2.0]), np.array([-4.0]))
        ),
        "the fold has the right direction, but nothing tilts against it, so only 10 becomes a "
        "valley. Use the visible biases.": (
            lambda: (np.array([[12.0], [-12.0]]), np.zeros(2), np.zeros(1))
        ),
    },
)

EXERCISES = [FLIP, EITHER]
