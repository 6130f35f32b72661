"""Exercise 14.2: the gradient of the contractive penalty."""

import numpy as np

from ..exercise import exercise
from ..mistakes import Ways, averaged, missing, slips_of
from ..numerics import sigmoid


def direct_way(W, m):
    """The part of ∂P/∂W that does not go through m."""
    return 2 * W * ((m * (1 - m)) ** 2).mean(axis=0)


def slope_of_square(m):
    """d(g²)/dz."""
    return 2 * (m * (1 - m)) ** 2 * (1 - 2 * m)


def column_squares(W):
    return (W**2).sum(axis=0)


def penalty_gradient(
    v, W, b, *, unit=sigmoid, direct=direct_way, slope=slope_of_square, squares=column_squares,
    both=np.add,
):  # fmt: skip
    """∂P/∂W and ∂P/∂b of P = mean Σ_j g_j² Σ_i W_ij², g = m (1 − m), m = sigmoid(b + v W)."""
    m = unit(v @ W + b)
    dz = slope(m) * squares(W)
    return both(direct(W, m), v.T @ dz / len(v)), dz.mean(axis=0)


def cases(rng):
    yield np.array([[1.0]]), np.array([[0.8]]), np.array([0.3])
    for n, D, k in [(2, 3, 2), (5, 3, 3), (4, 2, 5), (3, 4, 4)]:
        yield rng.random((n, D)), rng.normal(0, 1, (D, k)), rng.normal(0, 0.7, k)


slip = slips_of(penalty_gradient)


def penalty(v, W, b):
    m = sigmoid(v @ W + b)
    return float(((m * (1 - m)) ** 2 @ column_squares(W)).mean())


MISTAKES = {
    "the way through m_j is missing in dW: W_ij also moves z_j, with the factor v_i.":
        slip(both=lambda D, T: D),
    "m_j is treated as a constant: it depends on W_ij and on b_j, so that both gradients have a "
    "part that goes through z_j.": slip(slope=missing),
    "each unit has its own Σ_i W_ij² (`axis=0`); you use the sum of the whole matrix.":
        slip(squares=lambda W: (W**2).sum()),
    "each unit has its own Σ_i W_ij², over the *inputs* i: `sum(axis=0)`, not `axis=1`.":
        slip(squares=lambda W: (W**2).sum(axis=1)),
    "you square the sum Σ_i W_ij; (14.12) has the sum of the squares.":
        slip(squares=lambda W: W.sum(axis=0) ** 2),
    "Σ_i W_ij² lost its square on the way through z.":
        Ways(
            slip(squares=lambda W: np.abs(W).sum(axis=0)),
            slip(squares=lambda W: W.sum(axis=0)),
        ),
    "on the way through z you average W_ij² over the inputs i; (14.12) has their sum.":
        slip(squares=lambda W: (W**2).mean(axis=0)),
    "m_j stands where its derivative belongs: dm/dz = m (1 − m).":
        slip(
            direct=lambda W, m: 2 * W * (m**2).mean(axis=0),
            slope=lambda m: 2 * m**2 * (1 - 2 * m),
        ),
    "the direct derivative of Σ_l W_lj² with respect to W_ij is 2 W_ij alone, not a sum.":
        slip(direct=lambda W, m: direct_way(0 * W + W.sum(axis=0), m)),
    "the slope of m(1 − m) is (1 − 2m) dm/dz: both factors depend on z.":
        slip(slope=lambda m: 2 * (m * (1 - m)) ** 2 * (1 - m)),
    "the code units are sigmoids; this is the penalty of tanh units.":
        slip(
            unit=np.tanh,
            direct=lambda W, m: 2 * W * ((1 - m**2) ** 2).mean(axis=0),
            slope=lambda m: -4 * (1 - m**2) ** 2 * m,
        ),
    "the direct way is missing in dW: W_ij² occurs in P itself.": slip(both=lambda D, T: T),
    "the slope of g = m(1 − m) is missing: d(g²)/dz = 2 g · g (1 − 2m).":
        slip(slope=lambda m: 2 * m * (1 - m)),
    "a factor m(1 − m) is missing on the way through m: dm/dz is m(1 − m), and P has g².":
        slip(slope=lambda m: 2 * m * (1 - m) * (1 - 2 * m)),
    "m_j is shared by all weights of unit j: moving W_ij changes the factor of the whole sum Σ_i "
    "W_ij², not of W_ij² alone.":
        lambda v, W, b: penalty_gradient(
            v, W, b, both=lambda D, T: D + T * W**2 / column_squares(W)
        ),
    "the factor m(1 − m) is not squared: ‖J‖² is a sum of *squares* of m(1 − m) W_ij.":
        Ways(
            *(
                slip(
                    direct=lambda W, m: 2 * W * (m * (1 - m)).mean(axis=0),
                    slope=lambda m, factor=factor: factor * m * (1 - m) * (1 - 2 * m),
                )
                for factor in (1, 2)
            )
        ),
    "in the direct way m(1 − m) lost its square; P has the mean of the squares.":
        slip(direct=lambda W, m: 2 * W * (m * (1 - m)).mean(axis=0)),
    "the mean over the rows was taken too early: P is a mean of products, not a product of means.":
        slip(unit=lambda z: averaged(sigmoid(z))),
    "in the direct way you square the mean of m(1 − m); P has the mean of the squares.":
        slip(direct=lambda W, m: 2 * W * (m * (1 - m)).mean(axis=0) ** 2),
    "the direct way is summed over the rows; P is a mean, and so is this part of it.":
        slip(direct=lambda W, m: len(m) * direct_way(W, m)),
    "the way through m is summed over the rows in dW (`v.T @ …` adds them): divide by n.":
        lambda v, W, b: penalty_gradient(v, W, b, both=lambda D, T: D + len(v) * T),
    "the sign of the way through m is wrong: dg/dz = g (1 − 2m), positive for m below ½.":
        slip(slope=lambda m: -slope_of_square(m)),
    "in dW the direct way and the way through m are added, not subtracted.": slip(both=np.subtract),
    "everything is half of what it should be: the squares bring a factor 2.":
        lambda *args: tuple(x / 2 for x in penalty_gradient(*args)),
    "the direct way lacks its factor 2: the derivative of W_ij² is 2 W_ij.":
        slip(both=lambda D, T: D / 2 + T),
    "the way through m lacks its factor 2: d(g²)/dz = 2 g dg/dz.":
        slip(slope=lambda m: slope_of_square(m) / 2),
    "that is the penalty P itself; its two gradients are asked for.": penalty,
}  # fmt: skip

EXERCISE = exercise(__doc__, penalty_gradient, cases, MISTAKES, parts=("dW", "db"))
