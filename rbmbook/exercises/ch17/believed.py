"""Exercise 17.1: what a critic believes."""

import numpy as np

from ..exercise import exercise
from ..mistakes import in_terms_of, slips_of
from ..numerics import log_sum_exp, sigmoid, softplus

FORMULA = "d = log p − log(ν q), so that p = ν q exp(d), and log Z̃ is the logarithm of its sum."


def believed(
    d, log_q, nu, *, claim=lambda d, log_q, nu: d + log_q + np.log(nu), total=log_sum_exp,
    divide=True,
):  # fmt: skip
    """ν q eᵈ of every kind, divided by its sum, and the logarithm of that sum."""
    log_p = claim(d, log_q, nu)
    log_sum = total(log_p)
    return np.exp(log_p - log_sum * divide), float(log_sum)


def cases(rng):
    yield np.array([0.0, 0.0]), np.log([0.25, 0.75]), 1.0
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])
    yield np.log(p / (2 * q)), np.log(q), 2.0  # a critic that is right: log Z̃ = 0
    for K, nu in ((4, 0.5), (7, 3.0), (12, 10.0)):
        yield 2 * rng.standard_normal(K), np.log(rng.dirichlet(np.ones(K))), nu
    yield 900 + rng.standard_normal(5), np.log(rng.dirichlet(np.ones(5))), 5.0
    yield rng.standard_normal(6) - 900, np.log(rng.dirichlet(np.ones(6))), 4.0


slip = slips_of(believed)
of_answer = in_terms_of(believed)

MISTAKES = {
    "log Z̃: ν is missing; the noise counts ν times, and d compares with ν q.":
        slip(claim=lambda d, log_q, nu: d + log_q),
    "the critic's logit is used as log p: d compares with the noise, so add log(ν q).":
        slip(claim=lambda d, log_q, nu: d),
    "this is ν D q with D = sigmoid(d), not exp(d): D is p / (p + ν q), a share, while exp(d) is "
    "the ratio p / (ν q).": slip(claim=lambda d, log_q, nu: log_q + np.log(nu) - softplus(-d)),
    "this is D q with D = sigmoid(d); the ratio p / (ν q) is exp(d) = D / (1 − D).":
        slip(claim=lambda d, log_q, nu: log_q - softplus(-d)),
    "log(ν q) is subtracted; solve d = log p − log(ν q) for log p.":
        slip(claim=lambda d, log_q, nu: d - log_q - np.log(nu)),
    "log ν is subtracted; solve d = log p − log ν − log q for log p.":
        slip(claim=lambda d, log_q, nu: d + log_q - np.log(nu)),
    "ν multiplies the logarithm; it multiplies q, so log ν is added.":
        slip(claim=lambda d, log_q, nu: d + nu * log_q),
    "ν is added; the logarithm of ν q is log ν + log q.":
        slip(claim=lambda d, log_q, nu: d + log_q + nu),
    "p: these numbers do not sum to 1; divide by their sum.": slip(divide=False),
    "log Z̃: this is the sum itself; its logarithm is asked for.":
        of_answer(lambda p, log_sum: (p, float(np.exp(min(log_sum, 700.0))))),
    "log Z̃: the sign is flipped; a critic that claims too much has a positive one.":
        of_answer(lambda p, log_sum: (p, -log_sum)),
    "log Z̃: this is a mean over the kinds; a sum is asked for.":
        of_answer(lambda p, log_sum: (p, log_sum - float(np.log(len(p))))),
    "p: this is D, the probability that a kind is data; the probability of the kind is asked for.":
        lambda d, log_q, nu: (sigmoid(d), believed(d, log_q, nu)[1]),
    "right for moderate logits, but exp(d) overflows or vanishes at large ones. Take the largest "
    "exponent out first: `scipy.special.logsumexp`.":
        lambda d, log_q, nu: ((x := nu * np.exp(log_q + d)) / x.sum(), float(np.log(x.sum()))),
}  # fmt: skip

OPTIONS = {"parts": ("p", "log Z̃"), "atol": 1e-8}
EXERCISE = exercise(__doc__, believed, cases, MISTAKES, FORMULA, **OPTIONS)
