"""Exercises of chapter 03, Free energy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.random import Generator

from .engine import Exercise


def _machine(rng: Generator, n_visible: int, n_hidden: int, scale: float = 1.0) -> tuple:
    """Parameters W, a, b of a random machine."""
    return (
        scale * rng.standard_normal((n_visible, n_hidden)),
        scale * rng.standard_normal(n_visible),
        scale * rng.standard_normal(n_hidden),
    )


def _binary(rng: Generator, n: int, width: int) -> np.ndarray:
    """Random states; in the first row every unit is on, so that every weight counts."""
    x = rng.integers(0, 2, size=(n, width)).astype(np.float64)
    x[0] = 1.0
    return x


def _sigmoid(x):
    """σ(x) at any magnitude: only numbers that are not positive are exponentiated."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1 + small)


# -- 03.1 ----------------------------------------------------------------------------------------
def log_two_terms(x):
    """log(exp(x) + exp(−x)) = |x| + log(1 + exp(−2|x|))."""
    return np.abs(x) + np.log1p(np.exp(-2 * np.abs(x)))


def _two_terms_cases(rng: Generator) -> Iterator[tuple]:
    yield (np.array([-1.0, 0.0, 2.0]),)
    yield (2 * rng.standard_normal((3, 4)),)
    yield (np.array([-1000.0, -40.0, 0.1, 30.0, 1000.0]),)
    yield (1000 * rng.standard_normal((2, 2)),)


TERMS = Exercise(
    name="03.1",
    title="The sum over a unit with the values −1 and +1",
    reference=log_two_terms,
    cases=_two_terms_cases,
    mistakes={
        "that is softplus, log(1 + exp(x)), for the values 0 and 1. Here the two terms are exp(−x) "
        "and exp(+x).": lambda x: np.logaddexp(0.0, x),
        "that is log cosh(x), half the sum: it lacks log 2.": (
            lambda x: log_two_terms(x) - np.log(2)
        ),
        "taking exp(|x|) out of exp(|x|) + exp(−|x|) leaves 1 + exp(−2|x|) in the bracket: the 2 "
        "is missing.": lambda x: np.abs(x) + np.log1p(np.exp(-np.abs(x))),
        "what you have taken out of the bracket is missing: |x| in front.": (
            lambda x: np.log1p(np.exp(-2 * np.abs(x)))
        ),
        "in front stands max(x, 0), as for softplus. Here it is |x|: the result is the same for x "
        "and −x.": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-2 * np.abs(x))),
        "in front stands x. For negative x, take exp(−x) out of the bracket: |x|.": (
            lambda x: x + np.log1p(np.exp(-2 * np.abs(x)))
        ),
        "taking exp(|x|) out of the bracket leaves |x| in front, not 2|x|.": (
            lambda x: 2 * np.abs(x) + np.log1p(np.exp(-2 * np.abs(x)))
        ),
        "that is |x|, the larger of the two exponents. The other term is missing: "
        "log(1 + exp(−2|x|)).": np.abs,
        "that is tanh(x), the derivative of what is asked for.": np.tanh,
        "your logarithm has another base. The natural logarithm is meant.": (
            lambda x: log_two_terms(x) / np.log(2)
        ),
    },
)


# -- 03.2 ----------------------------------------------------------------------------------------
def _softplus(x):
    """max(x, 0) + log(1 + exp(−|x|))."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def free_energy(v, W, a, b):
    """F(v) = −aᵀv − Σ_j softplus(b_j + Σ_i v_i W_ij)."""
    return -v @ a - _softplus(v @ W + b).sum(axis=1)


def hidden_free_energy(h, W, a, b):
    """−log Σ_v exp(−E(v, h)) = −bᵀh − Σ_i softplus(a_i + Σ_j W_ij h_j)."""
    return free_energy(h, W.T, b, a)


def _lowest_energy(h, W, a, b):
    return -h @ b - np.maximum(h @ W.T + a, 0).sum(axis=1)


def _mean_energy(h, W, a, b):
    y = h @ W.T + a
    return -h @ b - (y * _sigmoid(y)).sum(axis=1)


def _one_softplus(h, W, a, b):
    return -h @ b - _softplus((h @ W.T + a).sum(axis=1))


def _one_on(h, W, a, b):
    """As if exactly one visible unit could be on: the sum over i instead of over v."""
    return -h @ b - np.logaddexp.reduce(h @ W.T + a, axis=1)


def _hidden_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, scale in [(3, 2, 1, 1), (3, 3, 3, 1), (5, 4, 3, 1), (3, 5, 6, 1e3)]:
        yield (_binary(rng, n, n_hidden), *_machine(rng, n_visible, n_hidden, scale))


HIDDEN = Exercise(
    name="03.2",
    title="The free energy of a hidden state",
    reference=hidden_free_energy,
    cases=_hidden_cases,
    mistakes={
        "the sign is flipped: that is the logarithm of the sum; the free energy is minus it.": (
            lambda h, W, a, b: -hidden_free_energy(h, W, a, b)
        ),
        "the biases are exchanged: the units that are summed out have theirs inside softplus.": (
            lambda h, W, a, b: hidden_free_energy(h, W, b, a)
        ),
        "that is (3.6) with h in place of v. Now the visible units are summed out, so the softplus "
        "terms run over i, and the sum inside over j.": lambda h, W, a, b: free_energy(h, W, a, b),
        "`W` has to be transposed: the input of visible unit i sums over the hidden units.": (
            lambda h, W, a, b: hidden_free_energy(h, W.T, a, b)
        ),
        "the hidden bias is missing: the term −bᵀh.": (
            lambda h, W, a, b: hidden_free_energy(h, W, a, 0 * b)
        ),
        "the visible bias is missing: softplus takes a_i + Σ_j W_ij h_j.": (
            lambda h, W, a, b: hidden_free_energy(h, W, 0 * a, b)
        ),
        "the sign of the term bᵀh is flipped: a positive bias lowers the energy of its unit.": (
            lambda h, W, a, b: hidden_free_energy(h, W, a, -b)
        ),
        "the sign of the softplus terms is flipped: each unit that is summed out adds to the sum "
        "and so lowers the free energy.": (
            lambda h, W, a, b: -2 * (h @ b) - hidden_free_energy(h, W, a, b)
        ),
        "the sign inside softplus is flipped: it takes +a_i + Σ_j W_ij h_j.": (
            lambda h, W, a, b: hidden_free_energy(h, -W, -a, b)
        ),
        "that is the energy with the best visible state, min_v E(v, h). The other visible states "
        "count too: softplus instead of max(y, 0).": _lowest_energy,
        "that is the mean energy over p(v | h). The entropy of the visible units is missing; "
        "softplus contains both.": _mean_energy,
        "you take softplus of the summed inputs. Each visible unit has its own softplus; sum "
        "afterwards.": _one_softplus,
        "you sum exp(y_i) over the visible units, as if exactly one of them could be on. Each is "
        "on or off by itself: a factor 1 + exp(y_i) for each.": _one_on,
        "you sum over the whole batch. One free energy per row is asked for, shape (n,).": (
            lambda h, W, a, b: hidden_free_energy(h, W, a, b).sum()
        ),
    },
)


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
        v = _binary(rng, n, n_visible)
        v[1, i] = 0.0
        yield (v, i, *_machine(rng, n_visible, n_hidden, scale))


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


def _flip_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden, j, scale in [(2, 1, 0, 1), (3, 3, 1, 1), (4, 2, 1, 10), (1, 4, 2, 1)]:
        yield (*_machine(rng, n_visible, n_hidden, scale), j)


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
    table = ", ".join(f"p({v}) = {x:.3f}" for v, x in zip(("00", "01", "10", "11"), p, strict=True))
    if max(p[1], p[2]) > 0.45:
        reason = (
            "one of the two valleys is there; tilt the landscape towards the other with the "
            "visible biases, by half the slope of the fold."
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

EXERCISES = [TERMS, HIDDEN, PIXEL, FLIP, EITHER]
