"""Exercises of chapter 08, Training on digits: where to start."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise
from .mistakes import Ways


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, x)


# -- 08.1 ----------------------------------------------------------------------------------------
def _logit(m):
    return np.log(m / (1 - m))


def _smoothed(X):
    return (X.sum(axis=0) + 1) / (len(X) + 2)


def initial_biases(X, W, q):
    """a and b with σ(a + W·q) = m̄ and σ(b + Wᵀm̄) = q, where m̄ is the smoothed mean of X."""
    mean = _smoothed(X)
    return _logit(mean) - q * W.sum(axis=1), _logit(q) - mean @ W


def _with_mean(mean):
    def answer(X, W, q):
        m = mean(X)
        return np.log(m) - np.log(1 - m) - q * W.sum(axis=1), _logit(q) - m @ W

    return answer


def _biases(of):
    """A mistake written as a function of m̄, the two logits, W and q."""

    def answer(X, W, q):
        m = _smoothed(X)
        return of(m, _logit(m), np.full(W.shape[1], _logit(q)), W, q)

    return answer


def _in_a(of):
    """A mistake in a alone, written like those of `_biases`."""
    return _biases(lambda m, la, lb, W, q: (of(m, la, lb, W, q), lb - m @ W))


def _in_b(of):
    """A mistake in b alone."""
    return _biases(lambda m, la, lb, W, q: (la - q * W.sum(axis=1), of(m, la, lb, W, q)))


def _bias_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, q in [
        (4, 3, 2, 0.1),
        (10, 5, 4, 0.3),
        (1, 2, 3, 0.8),
        (99, 4, 6, 0.05),
        (20, 3, 3, 0.2),  # square: W the wrong way round fits
    ]:
        X = (rng.random((n, n_visible)) < rng.random(n_visible)).astype(np.float64)
        X[:, 0] = 0  # a pixel that is never on: the bare logit is −∞
        yield X, rng.standard_normal((n_visible, n_hidden)), q


BIAS = Exercise(
    name="08.1",
    title="Biases to start from, when the weights are not small",
    reference=initial_biases,
    cases=_bias_cases,
    parts=("a", "b"),
    mistakes={
        "a pixel that is never on has mean 0, and log 0 is −∞. Smooth the mean first: add one "
        "picture that is all on and one that is all off.": _with_mean(lambda X: X.mean(axis=0)),
        "b takes the bare mean of X; use the smoothed one, which a aims at, in both.": (
            lambda X, W, q: (initial_biases(X, W, q)[0], _logit(q) - X.mean(axis=0) @ W)
        ),
        "W is taken the wrong way round: a visible unit receives Σ_j W_ij q (a sum along axis 1), "
        "a hidden one Σ_i m̄_i W_ij.": (
            _biases(lambda m, la, lb, W, q: (la - q * W.sum(axis=0), lb - W @ m))
        ),
        "a hidden unit that is on with probability q sends q·W_ij, not ½·W_ij.": _in_a(
            lambda m, la, lb, W, q: la - W.sum(axis=1) / 2
        ),
        "you take ½ for q: the hidden units are to be on with probability q, which is given.": (
            _biases(lambda m, la, lb, W, q: (la - W.sum(axis=1) / 2, -m @ W))
        ),
        "in b, a pixel sends its mean m̄_i, and not ½.": _in_b(
            lambda m, la, lb, W, q: lb - W.sum(axis=0) / 2
        ),
        "you take ½ for what a unit of the other layer sends, in a and in b: a hidden unit sends "
        "q, a pixel m̄_i.": _biases(
            lambda m, la, lb, W, q: (la - W.sum(axis=1) / 2, lb - W.sum(axis=0) / 2)
        ),
        "logit(q) is missing in b: the whole hidden input has to be logit(q).": _biases(
            lambda m, la, lb, W, q: (la - q * W.sum(axis=1), -m @ W)
        ),
        "one picture that is all on and one that is all off makes the number of pictures n + 2, "
        "not n + 1.": _with_mean(lambda X: (X.sum(axis=0) + 1) / (len(X) + 1)),
        "you add one picture that is all on; the one that is all off counts in the n + 2, and here "
        "the total has to grow by 1 alone.": _with_mean(
            lambda X: (X.sum(axis=0) + 2) / (len(X) + 3)
        ),
        "this is (8.1), for weights that are next to nothing, and logit(q). Here the other layer "
        "sends something: subtract it, in a and in b.": _biases(lambda m, la, lb, W, q: (la, lb)),
        "what the hidden units send is missing in a: the visible input is a + W·q, not a alone.": (
            _biases(lambda m, la, lb, W, q: (la, lb - m @ W))
        ),
        "what the visible units send is missing in b: the hidden input is b + Wᵀm̄, not b alone.": (
            _biases(lambda m, la, lb, W, q: (la - q * W.sum(axis=1), lb))
        ),
        "you add what the other layer sends. The bias has to make up for it: subtract.": _biases(
            lambda m, la, lb, W, q: (la + q * W.sum(axis=1), lb + m @ W)
        ),
        "the sign is flipped: a unit that is often on needs a positive input.": (
            lambda X, W, q: tuple(-x for x in initial_biases(X, W, q))
        ),
        "each hidden unit is on with probability q and sends q·W_ij, not W_ij.": _biases(
            lambda m, la, lb, W, q: (la - W.sum(axis=1), lb - m @ W)
        ),
        "each visible unit is on with probability m̄_i and sends m̄_i·W_ij, not W_ij.": _biases(
            lambda m, la, lb, W, q: (la - q * W.sum(axis=1), lb - W.sum(axis=0))
        ),
        "you average over the hidden units; a visible unit receives the sum of what they send.": (
            _biases(lambda m, la, lb, W, q: (la - q * W.mean(axis=1), lb - m @ W))
        ),
        "these are the probabilities less what the other layer sends. The input has to be what the "
        "sigmoid turns into the probability: its inverse, the logit.": _biases(
            lambda m, la, lb, W, q: (m - q * W.sum(axis=1), q - m @ W)
        ),
        "log m is not the logit: divide by 1 − m inside the logarithm.": _biases(
            lambda m, la, lb, W, q: (np.log(m) - q * W.sum(axis=1), np.log(q) - m @ W)
        ),
        "b = 0 does not make the hidden units be on with probability q: subtract what the visible "
        "units send from logit(q). In a, what the hidden ones send is missing too.": _biases(
            lambda m, la, lb, W, q: (la, 0 * lb)
        ),
        "in a you add what the hidden units send. The bias has to make up for it: subtract.": (
            _biases(lambda m, la, lb, W, q: (la + q * W.sum(axis=1), lb - m @ W))
        ),
        "in b you add what the visible units send. The bias has to make up for it: subtract.": (
            _biases(lambda m, la, lb, W, q: (la - q * W.sum(axis=1), lb + m @ W))
        ),
        "in a, a hidden unit sends q, its mean, and not logit(q).": _biases(
            lambda m, la, lb, W, q: (la - lb[0] * W.sum(axis=1), lb - m @ W)
        ),
        "in a, a hidden unit sends q: it is on with probability q, not off.": _biases(
            lambda m, la, lb, W, q: (la - (1 - q) * W.sum(axis=1), lb - m @ W)
        ),
        "in b, a pixel sends its mean m̄_i, and not the logit of it.": _biases(
            lambda m, la, lb, W, q: (la - q * W.sum(axis=1), lb - la @ W)
        ),
        "in b, a pixel sends its mean m̄_i, and not its bias a_i.": _biases(
            lambda m, la, lb, W, q: (la - q * W.sum(axis=1), lb - (la - q * W.sum(axis=1)) @ W)
        ),
        "in b, a pixel sends m̄_i, what it is on WITH the hidden units' help; σ(a_i) is without.": (
            _biases(
                lambda m, la, lb, W, q: (
                    la - q * W.sum(axis=1),
                    lb - np.exp(-_softplus(q * W.sum(axis=1) - la)) @ W,
                )
            )
        ),
        "logit(q) has the wrong sign: log(q / (1 − q)).": _biases(
            lambda m, la, lb, W, q: (la - q * W.sum(axis=1), -lb - m @ W)
        ),
        "you apply the sigmoid; what undoes the sigmoid is asked for, the logit.": _biases(
            lambda m, la, lb, W, q: (
                1 / (1 + np.exp(-m)) - q * W.sum(axis=1), 1 / (1 + np.exp(-q)) - m @ W
            )
        ),
        "you count half a picture of each kind; (8.1) adds one that is all on and one all off.": (
            _with_mean(lambda X: (X.sum(axis=0) + 0.5) / (len(X) + 1))
        ),
        **{
            f"you keep the mean {eps:g} away from 0 and 1. Smooth it in place of that: add one "
            "picture that is all on and one that is all off.": Ways(
                _with_mean(lambda X, eps=eps: np.clip(X.mean(axis=0), eps, 1 - eps)),
                _with_mean(lambda X, eps=eps: (X.mean(axis=0) + eps) / (1 + 2 * eps)),
                _with_mean(lambda X, eps=eps: X.mean(axis=0) * (1 - 2 * eps) + eps),
            )
            for eps in (0.1, 0.05, 0.01, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)
        },
        "you smooth with two pictures of each kind; add one that is all on and one all off.": (
            _with_mean(lambda X: (X.sum(axis=0) + 2) / (len(X) + 4))
        ),
        "a picture that is all on adds 1 to the sum of every pixel, not ½.": _with_mean(
            lambda X: (X.sum(axis=0) + 0.5) / (len(X) + 2)
        ),
        "you take one mean for all pixels; every pixel has its own, an average over the rows.": (
            Ways(
                _with_mean(lambda X: np.full(X.shape[1], _smoothed(X).mean())),
                _with_mean(lambda X: np.full(X.shape[1], (X.sum() + 1) / (X.size + 2))),
            )
        ),
        "a: log m̄ is not the logit: divide by 1 − m̄ inside the logarithm.": _in_a(
            lambda m, la, lb, W, q: np.log(m) - q * W.sum(axis=1)
        ),
        "b: log q is not the logit: divide by 1 − q inside the logarithm.": _in_b(
            lambda m, la, lb, W, q: np.log(q) - m @ W
        ),
        "a: the probability m̄ stands where its logit belongs, what the sigmoid turns into m̄.": (
            _in_a(lambda m, la, lb, W, q: m - q * W.sum(axis=1))
        ),
        "b: the probability q stands where its logit belongs, what the sigmoid turns into q.": (
            _in_b(lambda m, la, lb, W, q: q - m @ W)
        ),
        "the logarithms are to base 2; the sigmoid undoes the natural one.": _biases(
            lambda m, la, lb, W, q: (
                la / np.log(2) - q * W.sum(axis=1), lb / np.log(2) - m @ W
            )
        ),
        "the logarithms are to base 10; the sigmoid undoes the natural one.": _biases(
            lambda m, la, lb, W, q: (
                la / np.log(10) - q * W.sum(axis=1), lb / np.log(10) - m @ W
            )
        ),
        "in b you average over the pixels; a hidden unit receives the sum of what they send.": (
            _in_b(lambda m, la, lb, W, q: lb - m @ W / len(m))
        ),
        "in b you sum over the pictures. What a pixel sends is its mean.": (
            lambda X, W, q: (initial_biases(X, W, q)[0], _logit(q) - X.sum(axis=0) @ W)
        ),
        "in a you sum all of W. Pixel i receives Σ_j W_ij q: `W.sum(axis=1)`.": _in_a(
            lambda m, la, lb, W, q: la - q * W.sum()
        ),
        "in b you sum all of m̄_i W_ij. Hidden unit j receives Σ_i m̄_i W_ij: `m @ W`.": _in_b(
            lambda m, la, lb, W, q: lb - (m @ W).sum()
        ),
        "in a, a hidden unit sends its mean q, not its bias b_j or a function of it.": Ways(
            _in_a(lambda m, la, lb, W, q: la - W @ (lb - m @ W)),
            _in_a(lambda m, la, lb, W, q: la - W @ (1 / (1 + np.exp(m @ W - lb)))),
        ),
        "in a, the hidden units send q; m̄ is what the pixels send.": _in_a(
            lambda m, la, lb, W, q: la - m * W.sum(axis=1)
        ),
        "in b, the pixels send m̄; q is what the hidden units send.": Ways(
            _in_b(lambda m, la, lb, W, q: lb - q * W.sum(axis=0)),
            _in_b(lambda m, la, lb, W, q: lb - q * (m @ W)),
        ),
        "in b, a pixel is on with probability m̄_i; you take 1 − m̄_i.": _in_b(
            lambda m, la, lb, W, q: lb - (1 - m) @ W
        ),
        "the logit of pixel i has the wrong sign in a: log(m̄ / (1 − m̄)).": _in_a(
            lambda m, la, lb, W, q: -la - q * W.sum(axis=1)
        ),
        "logit(m̄) is missing in a: the whole visible input has to be logit(m̄).": _in_a(
            lambda m, la, lb, W, q: -q * W.sum(axis=1)
        ),
        "you sum the hidden units out, as for a marginal. Here each sends its mean q, a number.": (
            Ways(
                _biases(
                    lambda m, la, lb, W, q: (
                        la - np.log1p(q * np.expm1(W)).sum(axis=1),
                        lb - np.log1p(m[:, None] * np.expm1(W)).sum(axis=0),
                    )
                ),
                _in_a(lambda m, la, lb, W, q: la - np.log1p(q * np.expm1(W)).sum(axis=1)),
            )
        ),
        "the two results are exchanged: first a, then b.": (
            lambda X, W, q: initial_biases(X, W, q)[::-1]
        ),
    },
)  # fmt: skip

EXERCISES = [BIAS]
