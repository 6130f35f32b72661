"""Exercise 15.4: the penalty's gradient."""

import numpy as np

from ..exercise import exercise
from ..mistakes import averaged, slips_of

FORMULA = "t = tanh(xW + b), s = ((1 − t²) ⊙ u) Wᵀ, and r is the norm of s."


def tanh_slope(t):
    return 1 - t**2


def row_norms(s):
    return np.sqrt((s**2).sum(axis=1, keepdims=True))


def penalty_gradient(
    x, W, b, u, *, inner=tanh_slope, outer=tanh_slope, norm=row_norms,
    weight=lambda r: 2 * (r - 1) / r, down=lambda e, W: e @ W.T, up=np.matmul,
):  # fmt: skip
    """Mean over the rows of 2 (r − 1)/r (1 − t²) ⊙ (s W), s = ((1 − t²) ⊙ u) Wᵀ, r = ‖s‖."""
    t = np.tanh(x @ W + b)
    s = down(inner(t) * u, W)
    return (weight(norm(s)) * outer(t) * up(s, W)).mean(axis=0)


def cases(rng):
    yield np.array([[0.5]]), np.array([[1.5]]), np.array([-0.2]), np.array([2.0])
    shapes = [(1, 2, 3, 1.0), (4, 3, 2, 1.0), (5, 3, 3, 0.7), (6, 2, 5, 1.5), (3, 6, 4, 0.3)]
    for n, D, H, scale in shapes:
        x = rng.standard_normal((n, D))
        yield (x, *(scale * rng.standard_normal(shape) for shape in ((D, H), H, H)))


slip = slips_of(penalty_gradient)


def both_slopes(slope):
    return slip(inner=slope, outer=slope)


MISTAKES = {
    "you take the penalty of the sum of all slopes; it is a mean over rows, each with its own "
    "slope.": both_slopes(lambda t: len(t) * averaged(tanh_slope(t))),
    "you take the penalty of the mean slope; it is a mean over rows, each with its own slope.":
        both_slopes(lambda t: averaged(tanh_slope(t))),
    "you take the penalty of the mean of r; it is the mean of (r − 1)² over the rows.":
        slip(weight=lambda r: 2 * (r.mean() - 1) / r),
    "there is one norm for the whole batch; each row has its own: `axis=1`.":
        slip(norm=lambda s: np.sqrt((s**2).sum())),
    "the norms run over the rows; each row x has its own slope: `axis=1`.":
        slip(norm=lambda s: np.sqrt((s**2).sum(axis=0))),
    "you use r² in place of r: the norm is √(s·s).":
        slip(norm=lambda s: (s**2).sum(axis=1, keepdims=True)),
    "the norm is Euclidean, √(s·s), not the sum of absolute values.":
        slip(norm=lambda s: np.abs(s).sum(axis=1, keepdims=True)),
    "the division by r is missing: ∂‖s‖/∂s = s/‖s‖.": slip(weight=lambda r: 2 * (r - 1)),
    "the division by r is missing, and so is the factor 2.": slip(weight=lambda r: r - 1),
    "the target 1 is forgotten: this is the gradient of the mean of ‖s‖².":
        slip(weight=lambda r: 2.0),
    "this is half the gradient of the mean of ‖s‖²: the target 1 and the factor 2 are missing.":
        slip(weight=lambda r: 1.0),
    "this is the gradient of the mean norm, without the square and the target.":
        slip(weight=lambda r: 1 / r),
    "the factor 2 of the square is forgotten.": slip(weight=lambda r: (r - 1) / r),
    "the sign is flipped: the penalty is (r − 1)², and (1 − r) has a minus from inside.":
        slip(weight=lambda r: 2 * (1 - r) / r),
    "the penalty is (r − 1)², not (r² − 1)².": slip(weight=lambda r: 4 * (r**2 - 1)),
    "the penalty has two sides: r below 1 is penalised as well.":
        slip(weight=lambda r: 2 * np.maximum(r - 1, 0) / r),
    "tanh has a derivative, 1 − t²; it is missing in both places.": both_slopes(np.ones_like),
    "the factor 1 − t² is missing outside: s = ((1 − t²) ⊙ u) Wᵀ, and ∂s/∂u has it.":
        slip(outer=np.ones_like),
    "the factor 1 − t² is missing in the slope s = ((1 − t²) ⊙ u) Wᵀ.": slip(inner=np.ones_like),
    "the derivative of tanh is 1 − t², not 1 − t.": both_slopes(lambda t: 1 - t),
    "the derivative of tanh is 1 − t²; t (1 − t) is that of the sigmoid.":
        both_slopes(lambda t: t * (1 - t)),
    "s needs the slope of tanh, 1 − t²; you have its value, t.": both_slopes(lambda t: t),
    "you sum over the rows where the mean is asked for, and the factor 2 is forgotten.":
        lambda x, *rest: len(x) / 2 * penalty_gradient(x, *rest),
    "this is the gradient of d, the mean of t; the gradient of the penalty on its slope is asked "
    "for.": lambda x, W, b, u: np.tanh(x @ W + b).mean(axis=0),
    "this is the gradient of (d − 1)²; the penalty is on the slope of d, not on d.":
        lambda x, W, b, u: (t := np.tanh(x @ W + b)).T @ (2 * (t @ u - 1)) / len(x),
    "from the hidden units back to the inputs it is Wᵀ: s = ((1 − t²) ⊙ u) Wᵀ.":
        slip(down=np.matmul),
    "from s to u it is s W, not s Wᵀ.": slip(up=lambda s, W: s @ W.T),
    "u occurs in s linearly; you have multiplied by u again.":
        lambda x, W, b, u: u * penalty_gradient(x, W, b, u),
}  # fmt: skip

# A careful finite difference is an answer, too.
EXERCISE = exercise(__doc__, penalty_gradient, cases, MISTAKES, FORMULA, rtol=1e-5, atol=1e-7)
