"""Exercise 15.4: the penalty's gradient."""

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of

FORMULA = "The slope is s = ((1 − t²) ⊙ u) Wᵀ with t = tanh(x W + b)."


def slope_of_tanh(t):
    return 1 - t**2


def norm_of_rows(s):
    return np.sqrt((s**2).sum(axis=1, keepdims=True))


def off_target(r):
    """∂(r − 1)²/∂s is this times s."""
    return 2 * (r - 1) / r


def back(hidden, W):
    """From the hidden units to the inputs."""
    return hidden @ W.T


def forth(s, W):
    return s @ W


def penalty_gradient(
    x, W, b, u, *, weight=off_target, inner=slope_of_tanh, outer=slope_of_tanh,
    norm=norm_of_rows, down=back, up=forth, pool=lambda slopes: slopes,
):  # fmt: skip
    """Mean over the rows of 2 (r − 1)/r (1 − t²) ⊙ (s W), s = ((1 − t²) ⊙ u) Wᵀ, r = ‖s‖."""
    t = np.tanh(x @ W + b)
    s = down(pool(inner(t)) * u, W)
    return (weight(norm(s)) * pool(outer(t)) * up(s, W)).mean(axis=0)


def cases(rng):
    yield np.array([[0.5]]), np.array([[1.5]]), np.array([-0.2]), np.array([2.0])
    shapes = [(1, 2, 3, 1.0), (4, 3, 2, 1.0), (5, 3, 3, 0.7), (6, 2, 5, 1.5), (3, 6, 4, 0.3)]
    for n, D, H, scale in shapes:
        x = rng.standard_normal((n, D))
        yield x, *(scale * rng.standard_normal(shape) for shape in ((D, H), H, H))


slip = slips_of(penalty_gradient)


def both(slope):
    """Another derivative of tanh, in both places."""
    return slip(inner=slope, outer=slope)


def of_values(x, W, b, u):
    """The gradient of (d − 1)²."""
    t = np.tanh(x @ W + b)
    return (2 * (t @ u - 1)[:, None] * t).mean(axis=0)


MISTAKES = {
    "the penalty is taken of the sum of all slopes; it is a mean over rows, each with its own "
    "slope.": slip(pool=lambda slopes: slopes.sum(axis=0, keepdims=True)),
    "the penalty is taken of the mean slope; it is a mean over rows, each with its own slope.":
        slip(pool=lambda slopes: slopes.mean(axis=0, keepdims=True)),
    "the penalty is taken of the mean of r; it is the mean of (r − 1)² over the rows.":
        slip(weight=lambda r: 2 * (r.mean() - 1) / r),
    "there is one norm for the whole batch; each row has its own: `axis=1`.":
        slip(norm=np.linalg.norm),
    "the norms run over the rows; each row x has its own slope: `axis=1`.":
        slip(norm=lambda s: np.linalg.norm(s, axis=0)),
    "r is squared where its root belongs: the norm is √(s·s).":
        slip(norm=lambda s: norm_of_rows(s) ** 2),
    "the norm is Euclidean, √(s·s), not the sum of absolute values.":
        slip(norm=lambda s: np.abs(s).sum(axis=1, keepdims=True)),
    "the division by r is missing: ∂‖s‖/∂s = s/‖s‖.": slip(weight=lambda r: 2 * (r - 1)),
    "the division by r is missing, and so is the factor 2.": slip(weight=lambda r: r - 1),
    "the target 1 is forgotten: this is the gradient of the mean of ‖s‖².":
        slip(weight=lambda r: 2),
    "this is half the gradient of the mean of ‖s‖²: the target 1 and the factor 2 are missing.":
        slip(weight=lambda r: 1),
    "this is the gradient of the mean norm, without the square and the target.":
        slip(weight=lambda r: 1 / r),
    "the factor 2 of the square is forgotten.": slip(weight=lambda r: (r - 1) / r),
    "the sign is flipped: the penalty is (r − 1)², and (1 − r) has a minus from inside.":
        slip(weight=lambda r: 2 * (1 - r) / r),
    "the penalty is (r − 1)², not (r² − 1)².": slip(weight=lambda r: 4 * (r**2 - 1)),
    "the penalty has two sides: r below 1 is punished as well.":
        slip(weight=lambda r: 2 * np.maximum(r - 1, 0) / r),
    "tanh has a derivative, 1 − t²; it is missing in both places.": both(np.ones_like),
    "the factor 1 − t² is missing outside: s = ((1 − t²) ⊙ u) Wᵀ, and ∂s/∂u has it.":
        slip(outer=np.ones_like),
    "the factor 1 − t² is missing in the slope s = ((1 − t²) ⊙ u) Wᵀ.": slip(inner=np.ones_like),
    "the derivative of tanh is 1 − t², not 1 − t.": both(lambda t: 1 - t),
    "the derivative of tanh is 1 − t²; t (1 − t) is that of the sigmoid.":
        both(lambda t: t * (1 - t)),
    "the slope is taken of tanh's values: s needs 1 − t², you have t.": both(lambda t: t),
    "you add over the rows where the mean is asked for, and the factor 2 is forgotten.":
        lambda x, *rest: len(x) / 2 * penalty_gradient(x, *rest),
    "you add over the rows; the mean is asked for.":
        lambda x, *rest: len(x) * penalty_gradient(x, *rest),
    "this is the gradient of d, the mean of t; asked for is that of the penalty on its slope.":
        lambda x, W, b, u: np.tanh(x @ W + b).mean(axis=0),
    "this is the gradient of (d − 1)²; the penalty is on the slope of d, not on d.": of_values,
    "the slope goes back by the transpose: s = ((1 − t²) ⊙ u) Wᵀ.":
        slip(down=lambda hidden, W: hidden @ W),
    "from s to u it is s W, not s Wᵀ.": slip(up=lambda s, W: s @ W.T),
    "u occurs in s linearly; you have multiplied by u again.":
        lambda x, W, b, u: u * penalty_gradient(x, W, b, u),
}  # fmt: skip

# A careful finite difference is an answer, too.
EXERCISE = exercise(__doc__, penalty_gradient, cases, MISTAKES, FORMULA, rtol=1e-5, atol=1e-7)
