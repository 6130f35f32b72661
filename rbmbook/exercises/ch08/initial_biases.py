"""Exercise 08.1: biases to start from, when the weights are not small."""

import numpy as np

from ..exercise import exercise
from ..mistakes import Ways, missing, negated, slips_of
from ..numerics import logit, sigmoid

FORMULA = "A visible unit receives Σ_j W_ij q, a hidden one Σ_i m̄_i W_ij."


def smoothed(X):
    return (X.sum(axis=0) + 1) / (len(X) + 2)


def sent_down(m, q, W):
    return q * W.sum(axis=1)


def sent_up(m, q, W):
    return m @ W


def initial_biases(X, W, q, *, mean=smoothed, wanted=logit, down=sent_down, up=sent_up):
    """a and b with σ(a + W·q) = m̄ and σ(b + Wᵀm̄) = q, where m̄ is the smoothed mean of X."""
    m = mean(X)
    return wanted(m) - down(m, q, W), wanted(q) - up(m, q, W)


def cases(rng):
    # In the last one W is square: taken the wrong way round, it fits.
    sizes = [(4, 3, 2, 0.1), (10, 5, 4, 0.3), (1, 2, 3, 0.8), (99, 4, 6, 0.05), (20, 3, 3, 0.2)]
    for n, n_visible, n_hidden, q in sizes:
        X = (rng.random((n, n_visible)) < rng.random(n_visible)).astype(np.float64)
        X[:, 0] = 0  # a pixel that is never on: the bare logit is −∞
        yield X, rng.standard_normal((n_visible, n_hidden)), q


slip = slips_of(initial_biases)


def sent(down, up):
    """Something else in the place of what the other layer sends, in a and in b."""
    return slip(down=down, up=up)


def with_mean_in_b(mean):
    return lambda X, W, q: (initial_biases(X, W, q)[0], logit(q) - mean(X) @ W)


def marginal_of_hidden(m, q, W):
    return np.log1p(q * np.expm1(W)).sum(axis=1)


MISTAKES = {
    "a pixel that is never on has mean 0, and log 0 is −∞. Smooth the mean first: add one picture "
    "that is all on and one that is all off.": slip(mean=lambda X: X.mean(axis=0)),
    "b takes the bare mean of X; use the smoothed one, which a aims at, in both.":
        with_mean_in_b(lambda X: X.mean(axis=0)),
    "a hidden unit that is on with probability q sends q·W_ij, not ½·W_ij. Likewise a pixel sends "
    "m̄_i·W_ij.": sent(lambda m, q, W: W.sum(axis=1) / 2, lambda m, q, W: W.sum(axis=0) / 2),
    "the logit is missing: the whole input of a pixel has to be logit(m̄), and that of a hidden "
    "unit logit(q).": slip(wanted=missing),
    "you take ½ for q: the hidden units should be on with probability q, which is given.":
        slip(q=lambda q: 0.5),
    "one picture that is all on and one that is all off make the number of pictures n + 2, not "
    "n + 1.": slip(mean=lambda X: (X.sum(axis=0) + 1) / (len(X) + 1)),
    "of the two pictures that you add, one is all on and one all off: n grows by 2, and the sum of "
    "a pixel by 1.": slip(mean=lambda X: (X.sum(axis=0) + 2) / (len(X) + 3)),
    "what the other layer sends is missing: the visible input is a + W·q, not a alone, and the "
    "hidden input is b + Wᵀm̄. (8.1) leaves it out because its weights are next to nothing.":
        slip(W=missing),
    "you add what the other layer sends. The bias has to make up for it: subtract.":
        slip(W=negated),
    "the sign is flipped: a unit that is often on needs a positive input.":
        lambda *args: tuple(-x for x in initial_biases(*args)),
    "a unit sends W_ij times the probability that it is on: a hidden one q·W_ij, a pixel "
    "m̄_i·W_ij, not W_ij.": sent(lambda m, q, W: W.sum(axis=1), lambda m, q, W: W.sum(axis=0)),
    "you average over the units of the other layer; a unit receives the sum of what they send.":
        sent(lambda m, q, W: q * W.mean(axis=1), lambda m, q, W: m @ W / len(m)),
    "these are the probabilities less what the other layer sends. The input has to be what the "
    "sigmoid turns into the probability, and that is its logit.": slip(wanted=lambda p: p),
    "log m is not the logit: divide by 1 − m inside the logarithm.": slip(wanted=np.log),
    "with b = 0 the hidden units are not on with probability q: subtract what the visible units "
    "send from logit(q). In a, what the hidden ones send is missing too.":
        lambda X, W, q: (logit(smoothed(X)), 0 * W[0]),
    "a unit sends its mean, q or m̄_i, not the logit of it.":
        sent(lambda m, q, W: logit(q) * W.sum(axis=1), lambda m, q, W: logit(m) @ W),
    "a unit sends W_ij when it is on, with probability q or m̄_i; you take the probability of "
    "being off.": sent(lambda m, q, W: (1 - q) * W.sum(axis=1), lambda m, q, W: (1 - m) @ W),
    "a unit sends its mean, q or m̄_i, not its bias.":
        sent(
            lambda m, q, W: W @ (logit(q) - m @ W),
            lambda m, q, W: (logit(m) - q * W.sum(axis=1)) @ W,
        ),
    "a unit sends its mean, q or m̄_i, which it reaches WITH the other layer's help; σ of its bias "
    "is without.":
        sent(
            lambda m, q, W: W @ sigmoid(logit(q) - m @ W),
            lambda m, q, W: sigmoid(logit(m) - q * W.sum(axis=1)) @ W,
        ),
    "the logit has the wrong sign: it is log(p / (1 − p)).": slip(wanted=lambda p: -logit(p)),
    "you apply the sigmoid; the question asks for what undoes it, the logit.": slip(wanted=sigmoid),
    "you count half a picture of each kind; (8.1) adds one that is all on and one all off.":
        slip(mean=lambda X: (X.sum(axis=0) + 0.5) / (len(X) + 1)),
    **{
        f"you keep the mean {eps:g} away from 0 and 1. Smooth it instead: add one picture that is "
        "all on and one that is all off.": Ways(
            slip(mean=lambda X, eps=eps: np.clip(X.mean(axis=0), eps, 1 - eps)),
            slip(mean=lambda X, eps=eps: (X.mean(axis=0) + eps) / (1 + 2 * eps)),
            slip(mean=lambda X, eps=eps: X.mean(axis=0) * (1 - 2 * eps) + eps),
        )
        for eps in (0.1, 0.05, 0.01, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)
    },
    "you smooth with two pictures of each kind; add one that is all on and one all off.":
        slip(mean=lambda X: (X.sum(axis=0) + 2) / (len(X) + 4)),
    "a picture that is all on adds 1 to the sum of every pixel, not ½.":
        slip(mean=lambda X: (X.sum(axis=0) + 0.5) / (len(X) + 2)),
    "you take one mean for all pixels; every pixel has its own, an average over the rows.":
        Ways(
            slip(mean=lambda X: np.full(X.shape[1], smoothed(X).mean())),
            slip(mean=lambda X: np.full(X.shape[1], (X.sum() + 1) / (X.size + 2))),
        ),
    **{
        f"the logarithms are to base {base}; the sigmoid undoes the natural one.": slip(
            wanted=lambda p, base=base: logit(p) / np.log(base)
        )
        for base in (2, 10)
    },
    "in b you sum over the pictures. What a pixel sends is its mean.":
        with_mean_in_b(lambda X: X.sum(axis=0)),
    "you sum over both axes of W. Pixel i receives Σ_j W_ij q, `q * W.sum(axis=1)`, and hidden "
    "unit j receives Σ_i m̄_i W_ij, `m @ W`.":
        sent(lambda m, q, W: q * W.sum(), lambda m, q, W: 0 * W[0] + (m @ W).sum()),
    "what the hidden units send has the factor q, what the pixels send m̄; you take the other one.":
        Ways(
            sent(lambda m, q, W: m * W.sum(axis=1), lambda m, q, W: q * W.sum(axis=0)),
            slip(up=lambda m, q, W: q * (m @ W)),
        ),
    "you sum the other layer out, as for a marginal. Here each unit sends its mean, a number.":
        Ways(
            sent(
                marginal_of_hidden, lambda m, q, W: np.log1p(m[:, None] * np.expm1(W)).sum(axis=0)
            ),
            slip(down=marginal_of_hidden),
        ),
}  # fmt: skip

EXERCISE = exercise(__doc__, initial_biases, cases, MISTAKES, FORMULA, parts=("a", "b"))
