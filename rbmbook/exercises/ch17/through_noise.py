"""Exercise 17.4: a gradient through the noise."""

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of
from ..numerics import sigmoid

FORMULA = "z = μ + s ε, δ = (v − sigmoid(zW + b)) Wᵀ; ∂B/∂μ = δ − μ, ∂B/∂log s = δ s ε + 1 − s²."


def through_noise(
    v, mean, log_s, noise, W, b, *, code=lambda mean, s, noise: mean + s * noise,
    error=lambda v, x: v - sigmoid(x), back=lambda delta, W: delta @ W.T,
    moves=lambda s, noise, z: s * noise, pay_mean=lambda mean: -mean, pay_s=lambda s: 1 - s**2,
    scale=np.exp,
):  # fmt: skip
    """(17.7) for the reconstruction, minus the slope of (17.6)."""
    s = scale(log_s)
    z = code(mean, s, noise)
    delta = back(error(v, z @ W + b), W)
    return delta + pay_mean(mean), delta * moves(s, noise, z) + pay_s(s)


def cases(rng):
    yield *(np.array([[x]]) for x in (1.0, 0.5, -0.3, 0.8, 1.5)), np.array([-0.2])
    for n, D, k in ((1, 3, 2), (4, 5, 2), (3, 4, 4), (5, 6, 3)):
        v = (rng.random((n, D)) < 0.5) * 1.0
        codes = rng.standard_normal((n, k)), 0.4 * rng.standard_normal((n, k)) - 0.3
        yield v, *codes, *(rng.standard_normal(s) for s in ((n, k), (k, D), (D,)))
    v = (rng.random((3, 4)) < 0.5) * 1.0  # logits beyond ±800
    codes = 20 * rng.standard_normal((3, 2)), 0.1 * rng.standard_normal((3, 2))
    yield v, *codes, rng.standard_normal((3, 2)), 60 * rng.standard_normal((2, 4)), np.zeros(4)


slip = slips_of(through_noise)

MISTAKES = {
    "this is the gradient of −B, what is descended; that of B is asked for.":
        lambda *args: tuple(-x for x in through_noise(*args)),
    "the price of the code is missing: subtract the slope of (17.6).":
        slip(pay_mean=lambda mean: 0.0, pay_s=lambda s: 0.0),
    "the price of the code is added; B has −KL.":
        slip(pay_mean=lambda mean: mean, pay_s=lambda s: s**2 - 1),
    "d_mean: the price of the code is missing, −μ.": slip(pay_mean=lambda mean: 0.0),
    "d_mean: the slope of −½ μ² is −μ; the sign is flipped.": slip(pay_mean=lambda mean: mean),
    "d_mean: the slope of −½ μ² is −μ, not −½ μ or −2μ.": slip(pay_mean=lambda mean: -2 * mean),
    "d_log_s: the price of the code is missing, 1 − s².": slip(pay_s=lambda s: 0.0),
    "d_log_s: this is the slope of the price with respect to s; with respect to log s it has one "
    "more factor s: 1 − s².": slip(pay_s=lambda s: 1 / s - s),
    "d_log_s: the sign of the price is flipped; −KL has the slope 1 − s².":
        slip(pay_s=lambda s: s**2 - 1),
    "d_log_s: the price is ½ (s² − 1 − 2 log s); its slope with respect to log s is s² − 1.":
        slip(pay_s=lambda s: (1 - s**2) / 2),
    "d_log_s: the 1 of 1 − s² is missing: it comes from −log s in the price.":
        slip(pay_s=lambda s: -(s**2)),
    "d_log_s: the −s² of 1 − s² is missing: it comes from ½ s² in the price.":
        slip(pay_s=lambda s: 1.0),
    "d_log_s: this is the price of the code alone; z, and with it the reconstruction, depends on "
    "log s too.": slip(moves=lambda s, noise, z: 0.0),
    "d_log_s: the factor s is missing: ∂z/∂log s = s ε. This is the slope with respect to s.":
        slip(moves=lambda s, noise, z: noise),
    "d_log_s: the factor ε is missing: ∂z/∂log s = s ε.": slip(moves=lambda s, noise, z: s),
    "d_log_s: the factor s ε is missing: z moves with log s by that much.":
        slip(moves=lambda s, noise, z: 1.0),
    "d_log_s: the factor is s ε = z − μ, not z.": slip(moves=lambda s, noise, z: z),
    "the noise has no part in z: z = μ + s ε.": slip(code=lambda mean, s, noise: mean),
    "the noise is not scaled: z = μ + s ε.": slip(code=lambda mean, s, noise: mean + noise),
    "log s is used as s; take its exponential.": slip(scale=lambda log_s: log_s),
    "log s is taken for log s²: s is exp(log s), without a half.":
        slip(scale=lambda log_s: np.exp(log_s / 2)),
    "the error is v − sigmoid(x), what is there minus what is said; its sign is flipped.":
        slip(error=lambda v, x: sigmoid(x) - v),
    "the sigmoid is missing: the slope of v x − log(1 + exp(x)) is v − sigmoid(x).":
        slip(error=lambda v, x: v - x),
    "there is a factor p (1 − p) too many: that of the squared error; for the cross-entropy it "
    "cancels.": slip(error=lambda v, x: (v - sigmoid(x)) * sigmoid(x) * sigmoid(-x)),
    "you average over the rows; each row has its own μ and s, and its own gradient.":
        lambda *args: tuple(x / len(args[0]) for x in through_noise(*args)),
    "right for moderate logits, but exp overflows at large ones: `scipy.special.expit`.":
        slip(error=lambda v, x: v - np.exp(x) / (1 + np.exp(x))),
}  # fmt: skip

# A careful finite difference is an answer, too.
OPTIONS = {"parts": ("d_mean", "d_log_s"), "rtol": 1e-5, "atol": 1e-7}
EXERCISE = exercise(__doc__, through_noise, cases, MISTAKES, FORMULA, **OPTIONS)
