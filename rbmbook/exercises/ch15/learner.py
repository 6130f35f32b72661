"""Exercise 15.2: two numbers that learn."""

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of
from ..numerics import normalised, sigmoid, softplus


def location_scale_gradient(
    z, mu, sigma, w, c, *, made=lambda z, mu, sigma: mu + sigma * z,
    weight=lambda d: sigmoid(-d), slope=lambda x, w, c: w + 2 * c * x,
    moves=lambda z, x, sigma: (1, z),
):  # fmt: skip
    """−mean of σ(−d) d′(x) (∂x/∂mu, ∂x/∂sigma), at x = mu + sigma z."""
    x = made(z, mu, sigma)
    terms = weight(w * x + c * x**2) * slope(x, w, c)
    return tuple(-float((terms * dx).mean()) for dx in moves(z, x, sigma))


def cases(rng):
    yield np.array([0.5]), 0.3, 1.2, 1.0, -0.5
    yield np.array([-1.0, 0.2, 2.0]), -0.4, 0.7, 0.6, 0.3
    for n in (5, 20):
        yield (rng.standard_normal(n) + 0.2, *rng.standard_normal(4).tolist())
    yield rng.standard_normal(8), 1.5, 2.0, -3.0, 0.8
    # logits from about −1000 to 1000
    yield np.array([-2.0, -1.0, 0.1, 1.0, 2.0]), 0.5, 10.0, 40.0, 0.4


slip = slips_of(location_scale_gradient)


def slope_of(z, mu, sigma, w, c):
    """The right slope, whatever w and c the weight has."""
    return lambda x, *other: w + 2 * c * x


def mean_by_mean(z, *rest):
    d_mu = location_scale_gradient(z, *rest)[0]
    return d_mu, float(d_mu * z.mean())


MISTAKES = {
    "this is the gradient of the minimax loss, mean log(1 − σ(d)), with the weight −σ(d); the loss "
    "here is −mean log σ(d), and its weight is −(1 − σ(d)).": slip(weight=sigmoid),
    "the weight is σ(d) and the sign is that of the critic; the loss −log σ(d) has −(1 − σ(d)).":
        slip(weight=lambda d: -sigmoid(d)),
    "the weight is −(1 − σ(d)), not −σ(d), and the derivative of the critic is w + 2cx.":
        slip(weight=sigmoid, slope=lambda x, w, c: w),
    "the sign is flipped, as for ascent: the loss is −mean log σ(d), and its gradient is asked "
    "for.": slip(weight=lambda d: -sigmoid(-d)),
    "the derivative of the critic is missing: d′(x) = w + 2cx.": slip(slope=lambda x, w, c: 1.0),
    "the derivative of the critic is w + 2cx; 2cx is missing.": slip(slope=lambda x, w, c: w),
    "the derivative of the critic is w + 2cx; you have w + cx.":
        slip(slope=lambda x, w, c: w + c * x),
    "the derivative of the critic is w + 2cx; w is missing.": slip(slope=lambda x, w, c: 2 * c * x),
    "the derivative of c x² is 2cx; you have 2c.": slip(slope=lambda x, w, c: w + 2 * c),
    "in the weight 1 − σ(d) the logit is d = wx + cx²; cx² is missing.":
        lambda *args: location_scale_gradient(*args[:4], 0.0, slope=slope_of(*args)),
    "in the weight 1 − σ(d) the logit is d = wx + cx²; wx is missing.":
        lambda *args: location_scale_gradient(*args[:3], 0.0, args[4], slope=slope_of(*args)),
    "the critic's derivative w + 2cx is its slope at x; you use d(x) itself.":
        slip(slope=lambda x, w, c: w * x + c * x**2),
    "d_sigma: the factor z is missing; ∂x/∂sigma = z.": slip(moves=lambda z, x, sigma: (1.0, 1.0)),
    "d_sigma: the factor is z, not x = mu + sigma·z; ∂x/∂sigma = z.":
        slip(moves=lambda z, x, sigma: (1.0, x)),
    "d_sigma: the factor is z, not sigma·z; ∂x/∂sigma = z.":
        slip(moves=lambda z, x, sigma: (1.0, sigma * z)),
    "d_sigma: the factor is z = ∂x/∂sigma, not sigma = ∂x/∂z.":
        slip(moves=lambda z, x, sigma: (1.0, sigma)),
    "d_mu: there is a factor sigma too many; ∂x/∂mu = 1.":
        slip(moves=lambda z, x, sigma: (sigma, z)),
    "d_mu: there is a factor z too many; ∂x/∂mu = 1.": slip(moves=lambda z, x, sigma: (z, z)),
    "you sum over the samples, and the sign is flipped; the mean is asked for.":
        lambda z, *rest: tuple(-len(z) * x for x in location_scale_gradient(z, *rest)),
    "the derivative of log σ(d) is 1 − σ(d); you have σ(d) (1 − σ(d)), that of σ(d).":
        slip(weight=lambda d: sigmoid(d) * sigmoid(-d)),
    "the derivative of log σ(d) is σ′/σ; σ′ = σ (1 − σ) is missing.":
        slip(weight=lambda d: 1 / sigmoid(d)),
    "the sigmoid is missing: this is the gradient of −mean d (a Wasserstein critic's).":
        slip(weight=np.ones_like),
    "this is the gradient of −log of the mean; the loss is minus the mean of the log.":
        slip(weight=lambda d: len(d) * normalised(-softplus(-d)) * sigmoid(-d)),
    "the critic is asked about the noise z; show it x = mu + sigma·z.":
        slip(made=lambda z, mu, sigma: z),
    "the critic's slope w + 2cx belongs at x = mu + sigma·z, not at z.":
        lambda z, *rest: location_scale_gradient(z, *rest, slope=lambda x, w, c: w + 2 * c * z),
    "the generator's x is mu + sigma·z; mu is missing.": slip(made=lambda z, mu, sigma: sigma * z),
    "the generator's x is mu + sigma·z; sigma is the factor, not its square.":
        slip(made=lambda z, mu, sigma: mu + sigma**2 * z),
    "the means are taken factor by factor; the mean of a product is asked for.": mean_by_mean,
    "right for moderate logits, but exp(d) overflows at large ones, and ∞ / ∞ is not a number. "
    "1 − σ(d) is σ(−d): `scipy.special.expit(-d)`, or 1 / (1 + exp(d)).":
        slip(weight=lambda d: 1 - np.exp(d) / (1 + np.exp(d))),
}  # fmt: skip

OPTIONS = {"parts": ("d_mu", "d_sigma"), "rtol": 1e-5, "atol": 1e-7}  # finite differences pass
EXERCISE = exercise(__doc__, location_scale_gradient, cases, MISTAKES, **OPTIONS)
