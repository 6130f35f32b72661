"""Slips that students make, written as they would write them, are told by name."""

from functools import partial

import numpy as np
import pytest

from rbmbook import exercises
from rbmbook.exercises.engine import judge
from rbmbook.exercises.exercise import Exercise
from rbmbook.exercises.mistakes import Ways

NAMES = exercises.names()
WAYS = [
    (name, words, way)
    for name in NAMES
    for words, mistake in exercises.get(name).mistakes.items()
    if isinstance(mistake, Ways)
    for way in mistake.ways[1:]
]


@pytest.mark.parametrize(("name", "words", "way"), WAYS)
def test_every_way_to_make_a_mistake_gets_its_explanation(name, words, way):
    verdict = exercises.grade(name, way)
    assert not verdict.passed and verdict.message == f"Exercise {name}: {words}"


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.logaddexp(0, x)


def states(n):
    return np.array(np.meshgrid(*[[0.0, 1.0]] * n, indexing="ij")).reshape(n, -1).T


# -- 03.3 ----------------------------------------------------------------------------------------
def both(v, i):
    off, on = v.copy(), v.copy()
    off[:, i], on[:, i] = 0, 1
    return off, on


def unshifted(v, i, W, a, b):
    off, on = (np.exp(x @ a) * np.prod(1 + np.exp(x @ W + b), axis=1) for x in both(v, i))
    return on / (off + on)


def unshifted_free_energy(v, i, W, a, b):
    off, on = (np.exp(x @ a + softplus(x @ W + b).sum(axis=1)) for x in both(v, i))
    return on / (off + on)


def overflowing_softplus(v, i, W, a, b):
    off, on = (-x @ a - np.log(1 + np.exp(x @ W + b)).sum(axis=1) for x in both(v, i))
    return sigmoid(off - on)


# -- 04.2, 04.3 ----------------------------------------------------------------------------------
def smoothed_kl(p, q):
    return (p * (np.log(p + 1e-7) - np.log(q + 1e-7))).sum()


def contrastive_divergence(rng=None):
    def gradient(v, W, a, b):
        r = rng or np.random.default_rng()
        h = sigmoid(v @ W + b)
        w = (r.random(v.shape) < sigmoid((r.random(h.shape) < h) @ W.T + a)) * 1.0
        g = sigmoid(w @ W + b)
        return (v.T @ h - w.T @ g) / len(v), (v - w).mean(axis=0), (h - g).mean(axis=0)

    return gradient


def binarised(v, W, a, b):
    x = states(len(a))
    score = x @ a + softplus(x @ W + b).sum(axis=1)
    p = np.exp(score - score.max())
    p /= p.sum()
    h, g = (sigmoid(v @ W + b) > 0.5) * 1.0, sigmoid(x @ W + b)
    return v.T @ h / len(v) - x.T @ (p[:, None] * g), v.mean(0) - p @ x, h.mean(0) - p @ g


# -- 06.1, 06.4 ----------------------------------------------------------------------------------
def returning_means(v, known, W, a, b, rng):
    h = rng.random((len(v), len(b))) < sigmoid(v @ W + b)
    mean = sigmoid(h @ W.T + a)
    mean[:, known] = v[:, known]
    return mean


def means_only(v, known, W, a, b, rng):
    return np.where(known, v, sigmoid(sigmoid(v @ W + b) @ W.T + a))


def transposed_series(T, p, f):
    g, total = f - p @ f, 0.0
    moved = g
    for _ in range(1000):
        moved = moved @ T
        total += p @ (g * moved)
    return 1 + 2 * total / (p @ g**2)


# -- 07.2 … 15.3 ---------------------------------------------------------------------------------
def half(X, W, q):
    m = (X.sum(axis=0) + 1) / (len(X) + 2)
    return np.log(m / (1 - m)) - W @ np.full(W.shape[1], 0.5), np.log(q / (1 - q)) - W.T @ m


def clipped(X, W, q):
    m = np.clip(X.mean(axis=0), 1e-6, 1 - 1e-6)
    return np.log(m / (1 - m)) - W @ np.full(W.shape[1], q), np.log(q / (1 - q)) - W.T @ m


def two_slips(X, W, q):
    m = (X.sum(axis=0) + 1) / (len(X) + 2)
    return np.log(m) - q * W.sum(axis=1), np.log(q / (1 - q)) + m @ W


def heat_bath(v, h, w, g, low, high, W, a, b):
    def energy(v, h):
        return -v @ a - h @ b - ((v @ W) * h).sum(axis=1)

    return sigmoid(np.clip((high - low) * (energy(w, g) - energy(v, h)), -700, 700))


def iterated_gap(v, m1, m2, weights, biases):
    for _ in range(50):
        m1 = sigmoid(v @ weights[0] + m2 @ weights[1].T + biases[1])
        m2 = sigmoid(m1 @ weights[1] + biases[2])
    return exercises.get("13.3").reference(v, m1, m2, weights, biases)


def by_quantiles(x, y):
    q = np.linspace(0, 1, 1001)
    return np.mean(np.abs(np.quantile(x, q) - np.quantile(y, q)))


def clipped_energies(W, a, b):
    E = exercises.get("01.1").reference(*map(states, (len(a), len(b))), W, a, b)
    factors = np.exp(-np.clip(E, -70, 70))
    return factors / factors.sum()


def naive_gap(held_out, train, W, a, b):
    F = [-v @ a - np.log(1 + np.exp(v @ W + b)).sum(axis=1) for v in (held_out, train)]
    return F[0].mean() - F[1].mean(), np.sqrt(sum(x.var(ddof=1) / len(x) for x in F))


def three_layers(dW, db, mu):
    """Δb₁ with the correction from above added."""
    *steps, b0, b1, b2 = exercises.get("13.4").reference(dW, db, mu)
    return *steps, b0, b1 + 2 * steps[1] @ mu[2], b2


def unsquared(v, W, b):
    m = sigmoid(v @ W + b)
    g = m * (1 - m)
    through = 2 * g * (1 - 2 * m) * (W**2).sum(axis=0)
    return 2 * W * g.mean(axis=0) + v.T @ through / len(v), through.mean(axis=0)


# -- 04.5 ----------------------------------------------------------------------------------------
def climbed(v, W, a, b, rate, momentum, updates, sign=1.0):
    gradient = exercises.get("04.3").reference
    W, a, b = W.copy(), a.copy(), b.copy()
    uW, ua, ub = 0 * W, 0 * a, 0 * b
    for _ in range(updates):
        gW, ga, gb = gradient(v, W, a, b)
        uW = momentum * uW + sign * rate * gW
        W += uW
        ua, ub = momentum * ua + sign * rate * ga, momentum * ub + sign * rate * gb
        a += ua
        b += ub
    return W, a, b


def climbed_on_the_arguments(v, W, a, b, *rest):
    for p, new in zip((W, a, b), climbed(v, W, a, b, *rest), strict=True):
        p[...] = new
    return W, a, b


def test_right_updates_of_copies_pass():
    assert exercises.grade("04.5", climbed).passed


@pytest.mark.parametrize(
    ("name", "attempt", "words"),
    [
        ("04.5", partial(climbed, sign=-1.0), "you walk downhill"),
        ("04.5", climbed_on_the_arguments, "changes its argument `W`; work on a copy"),
        ("03.3", unshifted, "exp(−F) overflows for large ones"),
        ("03.3", unshifted_free_energy, "exp(−F) overflows for large ones"),
        ("03.3", overflowing_softplus, "log(1 + exp(x)) overflows"),
        ("04.2", smoothed_kl, "keep 0 out of the logarithm by means of 1e-07"),
        ("04.3", contrastive_divergence(), "two calls with the same arguments give two answers"),
        (
            "04.3",
            contrastive_divergence(np.random.default_rng(0)),
            "The exact value is asked for: no sampling",
        ),
        ("04.3", binarised, "hidden means of the data term are rounded"),
        ("06.1", returning_means, "you return the probabilities P(v = 1 | h)"),
        ("06.1", means_only, "you send means up and means down"),
        ("06.4", transposed_series, "T stands on the wrong side"),
        ("08.1", half, "sends q·W_ij, not ½·W_ij"),
        ("08.1", clipped, "you keep the mean 1e-06 away from 0 and 1"),
        ("08.1", two_slips, "a: log m is not the logit"),
        ("08.1", two_slips, "b: you add what the other layer sends"),
        ("09.2", heat_bath, "the heat-bath (Barker) rule"),
        ("13.3", iterated_gap, "you moved the means to the fixed point first"),
        ("01.2", clipped_energies, "you clip the energies: states"),
        ("08.3", naive_gap, "right for most parameters, but not for all: your gap contains"),
        ("13.4", three_layers, "Δb₁: the correction from the layer above, ΔW₁ μ₂, has the wrong"),
        ("14.2", unsquared, "the factor m(1 − m) is not squared"),
        ("15.3", by_quantiles, "you compare quantiles at a grid of shares"),
    ],
)
def test_a_likely_slip_is_named(name, attempt, words):
    with np.errstate(all="ignore"):
        assert words in exercises.grade(name, attempt).message


# -- the engine, on a toy ------------------------------------------------------------------------
def toy(reference, **more):
    cases = [(np.arange(1.0, n),) for n in (4, 6)]
    return Exercise("00.1", "", reference, lambda rng: cases, **more)


def test_slips_in_single_parts_are_put_together():
    exercise = toy(
        lambda x: (x.sum(), x.mean(), x.max()),
        parts=("sum", "mean", "peak"),
        mistakes={
            "the last value is missing.": lambda x: (x[:-1].sum(), x[:-1].mean(), x[:-1].max()),
            "mean: the median is another thing.": lambda x: (x.sum(), np.median(x[1:]), x.max()),
        },
    )
    message = judge(exercise, lambda x: (x[:-1].sum(), np.median(x[1:]), x.max())).message
    assert "sum: the last value is missing.\n  mean: the median is another" in message
    message = judge(exercise, lambda x: (x[:-1].sum(), 1 / x.mean() ** 2, x.max())).message
    assert "peak is right; not yet sum and mean." in message
    message = judge(exercise, lambda x: (x.sum() ** 2, x.mean(), x.max())).message
    assert "mean and peak are right; not yet sum." in message


def test_an_answer_that_is_right_where_it_is_finite_is_told_so():
    exercise = toy(lambda x: x**2)
    message = judge(exercise, lambda x: x**2 if len(x) < 4 else x * np.nan).message
    assert "right for most parameters, but not for all: your result contains NaN" in message
    assert (
        "right for most" not in judge(exercise, lambda x: x if len(x) < 4 else x * np.nan).message
    )


def test_draws_of_its_own_are_told_apart_from_the_generators():
    rng = np.random.default_rng(0)
    exercise = toy(lambda x: x)
    assert "no sampling" in judge(exercise, lambda x: x + rng.random(len(x))).message
    given = Exercise(
        "00.1", "", lambda x, r: r.random(3), lambda r: [(1, np.random.default_rng(1))]
    )
    assert judge(given, lambda x, r: r.random(3)).passed
    assert (
        "from the generator that is handed over" in judge(given, lambda x, r: rng.random(3)).message
    )
    assert "two calls" not in judge(given, lambda x, r: r.random((2, 3))[1] ** 2).message
