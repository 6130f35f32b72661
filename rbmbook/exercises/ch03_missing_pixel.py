"""Exercise of chapter 03, Free energy: what F says about a pixel that nobody has seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .ch03_free_energy import _lowest_energy, _mean_energy, _sigmoid, free_energy
from .exercise import Exercise
from .free_energies import with_free_energy
from .machines import random_machine, random_states_first_on


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


def _pixel_overflowing(energy):
    """exp(−F) of both pictures, one over the sum of both: ∞ over ∞ for large parameters."""

    def mistake(v, i, W, a, b):
        off, on = v.copy(), v.copy()
        off[:, i], on[:, i] = 0.0, 1.0
        p_off, p_on = np.exp(-energy(off, W, a, b)), np.exp(-energy(on, W, a, b))
        return p_on / (p_off + p_on)

    return mistake


def _naive_free_energy(v, W, a, b):
    return -v @ a - np.log(1 + np.exp(v @ W + b)).sum(axis=1)


def _pixel_of_two(gap):
    def mistake(v, i, W, a, b):
        off, on = v.copy(), v.copy()
        off[:, i], on[:, i] = 0.0, 1.0
        return _sigmoid(gap(free_energy(off, W, a, b), free_energy(on, W, a, b)))

    return mistake


def _pixel_ratio(v, i, W, a, b):
    off, on = v.copy(), v.copy()
    off[:, i], on[:, i] = 0.0, 1.0
    f_off, f_on = free_energy(off, W, a, b), free_energy(on, W, a, b)
    return f_on / (f_off + f_on)


def _pixel_cases(rng: Generator) -> Iterator[tuple]:
    # The sign makes the pixel likelier off in two of the cases.
    for n, n_visible, n_hidden, i, scale, sign in [
        (4, 2, 1, 0, 1, -1), (6, 4, 4, 1, 2, 1), (5, 5, 3, 4, 1, -1), (3, 4, 5, 2, 300, 1),
        (8, 3, 2, 1, 0.3, 1),
    ]:  # fmt: skip
        v = random_states_first_on(rng, n, n_visible)
        v[1, i] = 0.0
        W, a, b = random_machine(rng, n_visible, n_hidden, scale)
        yield v, i, sign * W, sign * a, b


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
        "right for small parameters, but exp(−F) overflows for large ones, and ∞ / ∞ is not a "
        "number. Only the difference of the two free energies counts: σ(F(off) − F(on)) "
        "exponentiates nothing large.": _pixel_overflowing(free_energy),
        "right for small parameters, but log(1 + exp(x)) overflows for large x, and then F is −∞ "
        "for both pictures. Write softplus as max(x, 0) + log(1 + exp(−|x|)), or `np.logaddexp`.": (
            _pixel_with(_naive_free_energy)
        ),
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
        "you return min(1, odds). A ratio of probabilities is no probability, and cutting it off "
        "at 1 makes it none: divide the odds by 1 + odds.": (
            lambda v, i, W, a, b: np.exp(np.minimum(0, _gap(v, i, W, a, b)))
        ),
        "the sign of the difference has got lost: you return the probability of the *likelier* "
        "value. Asked is the probability of on.": (
            lambda v, i, W, a, b: _sigmoid(np.abs(_gap(v, i, W, a, b)))
        ),
        "all parameters have the wrong sign in your free energy: F has −a_i v_i and minus softplus "
        "of +b_j + Σ_i v_i W_ij.": lambda v, i, W, a, b: missing_pixel(v, i, -W, -a, -b),
        "the softplus terms have the wrong sign in your free energy: (3.6) has a minus before each "
        "of its two sums.": lambda v, i, W, a, b: _sigmoid(2 * a[i] - _gap(v, i, W, a, b)),
        "the visible bias of the pixel is missing.": (
            lambda v, i, W, a, b: missing_pixel(v, i, W, 0 * a, b)
        ),
        "you add the two free energies; their difference counts, F(off) − F(on).": _pixel_of_two(
            lambda off, on: off + on
        ),
        "that is the sigmoid of F(on). Both pictures count: F(off) − F(on).": _pixel_of_two(
            lambda off, on: on
        ),
        "that is the sigmoid of F(off). Both pictures count: F(off) − F(on).": _pixel_of_two(
            lambda off, on: off
        ),
        "that is the sigmoid of −F(on). Both pictures count: F(off) − F(on).": _pixel_of_two(
            lambda off, on: -on
        ),
        **with_free_energy(_pixel_with, "no a", "−hidden", "max"),
    },
)

EXERCISES = [PIXEL]
