"""Exercise 14.4: score matching without a target."""

import numpy as np

from ..exercise import exercise
from ..mistakes import negated, slips_of
from ..numerics import sigmoid

FORMULA = "ψ_i = a_i + Σ_j W_ij tanh(x_j) − γ_i v_i, with x_j = b_j + Σ_i v_i W_ij."


def score_of(v, h, W, a, gamma):
    """ψ, a row for each row of v."""
    return a + h @ W.T - gamma * v


def divergence_of(v, h, W, gamma):
    """Σ_i ∂ψ_i/∂v_i of each row."""
    return (1 - h**2) @ (W**2).sum(axis=0) - gamma.sum()


def half_square(psi):
    return 0.5 * (psi**2).sum(axis=1)


def hyvarinen(
    v, W, a, b, gamma, *, mean=np.tanh, score=score_of, divergence=divergence_of, first=half_square
):
    """Mean of ½ ‖ψ‖² + Σ_i ∂ψ_i/∂v_i, with ψ = a + tanh(b + vW) Wᵀ − γ v."""
    h = mean(v @ W + b)
    return float((first(score(v, h, W, a, gamma)) + divergence(v, h, W, gamma)).mean())


def cases(rng):
    one = np.ones(1)
    yield np.array([[0.5], [-1.0]]), np.array([[1.2]]), 0.3 * one, -0.4 * one, 2 * one
    for n, D, H in [(3, 2, 2), (4, 3, 3), (5, 4, 2), (3, 2, 5)]:
        v, W = rng.normal(size=(n, D)), rng.normal(size=(D, H))
        yield v, W, rng.normal(size=D), rng.normal(size=H), rng.uniform(0.5, 2, D)


slip = slips_of(hyvarinen)


def second(divergence):
    return slip(divergence=divergence)


def with_slope(slope, **more):
    """Something else in the place of the slope 1 − tanh²."""
    return slip(divergence=lambda v, h, W, g: slope(h) @ (W**2).sum(axis=0) - g.sum(), **more)


MISTAKES = {
    "the hidden units are spins: K′ is tanh, not the sigmoid (11.8).":
        with_slope(lambda h: h * (1 - h), mean=sigmoid),
    "the slope of tanh is 1 − tanh²; h (1 − h) belongs to the sigmoid.":
        with_slope(lambda h: h * (1 - h)),
    "the slope of tanh is 1 − tanh², not (1 − tanh)².": with_slope(lambda h: (1 - h) ** 2),
    "the second term has tanh in place of its slope 1 − tanh²: ∂ψ_i/∂v_i differentiates it.":
        with_slope(lambda h: h),
    "the second term, Σ_i ∂ψ_i/∂v_i, is missing.": second(lambda v, h, W, g: 0.0),
    "the second term lacks the hidden units: tanh x_j in ψ_i moves with v_i, too.":
        second(lambda v, h, W, g: -g.sum()),
    "the ½ of the first term is missing.": slip(first=lambda psi: (psi**2).sum(axis=1)),
    "the first term has the length of ψ; it needs its *square*.":
        slip(first=lambda psi: 0.5 * np.sqrt((psi**2).sum(axis=1))),
    "the first term averages over the rows before the square is taken.":
        slip(first=lambda psi: 0.5 * (psi.mean(axis=0) ** 2).sum()),
    "the first term is averaged over the columns, too; ‖ψ‖² sums over them.":
        slip(first=lambda psi: 0.5 * (psi**2).mean(axis=1)),
    "the second term lacks −Σ_i γ_i: ψ_i contains −γ_i v_i.":
        second(lambda v, h, W, g: divergence_of(v, h, W, 0 * g)),
    "the second term has −γ_i v_i; the derivative of that with respect to v_i is −γ_i.":
        second(lambda v, h, W, g: divergence_of(v, h, W, 0 * g) - v @ g),
    "in ∂ψ_i/∂v_i the weight enters twice: once in ψ_i, once in x_j. It is W_ij².":
        second(lambda v, h, W, g: (1 - h**2) @ W.sum(axis=0) - g.sum()),
    "the weights are missing from the second term: ∂x_j/∂v_i is W_ij, and ψ_i has W_ij.":
        second(lambda v, h, W, g: (1 - h**2).sum(axis=1) - g.sum()),
    "the second term takes all precisions as 1: it has −Σ_i γ_i.":
        second(lambda v, h, W, g: divergence_of(v, h, W, 0 * g + 1)),
    "the precisions in the second term are averaged; they are added.":
        second(lambda v, h, W, g: divergence_of(v, h, W, g / len(g))),
    "the sign of the second term is flipped.": second(lambda *args: -divergence_of(*args)),
    "only ∂ψ_i/∂v_i is asked for, the diagonal; you also add ∂ψ_i/∂v_l for l ≠ i.":
        second(lambda v, h, W, g: (1 - h**2) @ W.sum(axis=0) ** 2 - g.sum()),
    "the score has −γ_i v_i, not −v_i.": slip(score=lambda v, h, W, a, g: score_of(v, h, W, a, 1)),
    "the score has −γ_i v_i, not −v_i/γ_i: γ is a precision.":
        slip(score=lambda v, h, W, a, g: score_of(v, h, W, a, 1 / g)),
    "the hidden part of the score has the wrong sign: F contains −Σ_j K(x_j), ψ = −∇F.":
        slip(score=lambda v, h, *rest: score_of(v, -h, *rest)),
    "the mean of a spin is tanh(x_j), not tanh(2 x_j): (11.8).":
        slip(mean=lambda x: np.tanh(2 * x)),
    "the precisions are missing: both terms contain γ.": slip(gamma=np.ones_like),
    "you divide by the precisions, or use variances: U = γ v²/2 contributes −γ_i v_i to ψ_i.":
        slip(gamma=lambda gamma: 1 / gamma),
    "a has the wrong sign in the score: ψ = −∇F, and F contains −aᵀv.": slip(a=negated),
    "the hidden biases have the wrong sign in the inputs x_j = b_j + Σ_i v_i W_ij.":
        slip(b=negated),
}  # fmt: skip

EXERCISE = exercise(__doc__, hyvarinen, cases, MISTAKES, FORMULA)
