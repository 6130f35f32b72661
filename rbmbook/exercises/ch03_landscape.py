"""Exercises of chapter 03, Free energy: what F says about pictures and hidden units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.random import Generator

from .cases import random_machine, random_states_first_on
from .ch03_free_energy import _lowest_energy, _mean_energy, _sigmoid, free_energy
from .engine import Exercise


# -- 03.3 ----------------------------------------------------------------------------------------
def _gap(v, i, W, a, b):
    """F with pixel i off minus F with pixel i on."""
    off, on = v.copy(), v.copy()
    off[:, i], on[:, i] = 0.0, 1.0
    return free_energy(off, W, a, b) - free_energy(on, W, a, b)


def missing_pixel(v, i, W, a, b):
    """P(v_i = 1 | other pixels) = σ(F(v_i = 0) − F(v_i = 1))."""
    return _sigmoid(_gap(v, i, W, a, b))


def _pixel_by_means(v, i, W, a, b):
    return _sigmoid(_sigmoid(v @ W + b) @ W[i] + a[i])


def _pixel_by_means_of(value):
    def mistake(v, i, W, a, b):
        filled = v.copy()
        filled[:, i] = value
        return _pixel_by_means(filled, i, W, a, b)

    return mistake


def _pixel_with(energy):
    """Another number per picture in place of F."""

    def mistake(v, i, W, a, b):
        off, on = v.copy(), v.copy()
        off[:, i], on[:, i] = 0.0, 1.0
        return _sigmoid(energy(off, W, a, b) - energy(on, W, a, b))

    return mistake


def _pixel_of_row(v, i, W, a, b):
    """`v[i]` for `v[:, i]`: picture i instead of pixel i."""
    off, on = v.copy(), v.copy()
    off[i], on[i] = 0.0, 1.0
    return _sigmoid(free_energy(off, W, a, b) - free_energy(on, W, a, b))


def _pixel_unnormalised(v, i, W, a, b):
    on = v.copy()
    on[:, i] = 1.0
    return np.exp(-free_energy(on, W, a, b))


def _pixel_as_is(v, i, W, a, b):
    """F of the picture as given against F with the pixel on: the pixel's content matters."""
    on = v.copy()
    on[:, i] = 1.0
    return _sigmoid(free_energy(v, W, a, b) - free_energy(on, W, a, b))


def _pixel_flipped(v, i, W, a, b):
    """Given against flipped: the probability that the pixel is as given, not that it is on."""
    gap = _gap(v, i, W, a, b)
    return _sigmoid(np.where(v[:, i] == 1, gap, -gap))


def _pixel_ratio(v, i, W, a, b):
    off, on = v.copy(), v.copy()
    off[:, i], on[:, i] = 0.0, 1.0
    f_off, f_on = free_energy(off, W, a, b), free_energy(on, W, a, b)
    return f_on / (f_off + f_on)


def _pixel_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, i, scale in [
        (4, 2, 1, 0, 1), (6, 4, 4, 1, 2), (5, 5, 3, 4, 1), (3, 4, 5, 2, 300)
    ]:  # fmt: skip
        v = random_states_first_on(rng, n, n_visible)
        v[1, i] = 0.0
        yield (v, i, *random_machine(rng, n_visible, n_hidden, scale))


PIXEL = Exercise(
    name="03.3",
    title="A missing pixel, given the others",
    reference=missing_pixel,
    cases=_pixel_cases,
    mistakes={
        "you return the probability that the pixel is off. The state with the *lower* free energy "
        "is the likelier: F(off) − F(on) in the sigmoid.": (
            lambda v, i, W, a, b: 1 - missing_pixel(v, i, W, a, b)
        ),
        "you compute the mean of h from the picture as it stands and send it down. The missing "
        "pixel took part in that, and the mean of h is not h.": _pixel_by_means,
        "you compare the picture as it stands with the pixel switched on; where it is on already, "
        "that is a comparison with itself. Compare off with on.": _pixel_as_is,
        "you return the probability that the pixel is as `v` says. Asked is the probability that "
        "it is on.": _pixel_flipped,
        "a ratio of free energies has no meaning: only differences of F count. Probabilities are "
        "proportional to exp(−F).": _pixel_ratio,
        "you return F(off) − F(on), the logarithm of the odds. Its sigmoid is asked for.": _gap,
        "you return the odds P / (1 − P), not P. Divide them by 1 + odds.": (
            lambda v, i, W, a, b: np.exp(_gap(v, i, W, a, b))
        ),
        "you return 0 or 1, the likelier value. The probability is asked for.": (
            lambda v, i, W, a, b: (_gap(v, i, W, a, b) > 0) * 1.0
        ),
        "you switch the missing pixel off and send the mean of h down. Unknown is not off, and the "
        "mean of h is not h: compare the free energies of both pictures.": _pixel_by_means_of(0.0),
        "you switch the missing pixel on and send the mean of h down. Unknown is not on, and the "
        "mean of h is not h: compare the free energies of both pictures.": _pixel_by_means_of(1.0),
        "all your answers are ½: you compare a picture with itself. `on = off` makes no copy, both "
        "names then mean one array.": lambda v, i, W, a, b: np.full(len(v), 0.5),
        "you change picture `i`, not pixel `i`: a row of `v` is a picture, so the pixel is "
        "`v[:, i]`.": _pixel_of_row,
        "you compare the lowest energies of the two pictures. The other hidden states count, too: "
        "compare free energies.": _pixel_with(lambda v, W, a, b: _lowest_energy(v, W.T, b, a)),
        "you compare the mean energies of the two pictures. F is the mean energy minus the "
        "entropy.": _pixel_with(lambda v, W, a, b: _mean_energy(v, W.T, b, a)),
        "that is exp(−F) of the picture with the pixel on. Divide it by the sum over both "
        "pictures.": _pixel_unnormalised,
        "the visible bias of the pixel is missing.": (
            lambda v, i, W, a, b: missing_pixel(v, i, W, 0 * a, b)
        ),
    },
)


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

EXERCISES = [PIXEL, FLIP, EITHER]
