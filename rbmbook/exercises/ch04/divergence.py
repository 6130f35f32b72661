"""Exercise 04.2: the divergence between data and model."""

import numpy as np

from ..exercise import exercise
from ..mistakes import Ways, in_terms_of


def kl(p, q):
    """KL(p ‖ q) = Σ_v p(v) log(p(v) / q(v)); states with p(v) = 0 contribute nothing."""
    seen = p > 0
    return np.sum(p[seen] * np.log(p[seen] / q[seen]))


def cases(rng):
    for n, empty in [(4, 0), (8, 3), (512, 498), (2, 1)]:
        p, q = rng.random(n) + 0.01, rng.random(n) + 0.01
        p[:empty] = 0.0
        yield p / p.sum(), q / q.sum()


of_seen = in_terms_of(lambda p, q: (p[p > 0], q[p > 0]))


def kept_from_zero(eps):
    """Ways to keep 0 out of the logarithm by adding eps somewhere, or by clipping."""

    def clipped(x):
        return np.clip(x, eps, 1)

    def normalised(x):
        return (x + eps) / (x + eps).sum()

    return Ways(
        lambda p, q: np.sum(p * np.log((p + eps) / (q + eps))),
        lambda p, q: np.sum(p * np.log((p + eps) / q)),
        *([lambda p, q: np.sum(p * np.log(p / q + eps))] if eps > 1e-7 else []),
        lambda p, q: np.sum(p * np.log(p / (q + eps) + eps)),
        lambda p, q: np.sum((p + eps) * np.log((p + eps) / (q + eps))),
        lambda p, q: np.sum((p + eps) * np.log((p + eps) / q)),
        lambda p, q: np.sum(clipped(p) * np.log(clipped(p) / clipped(q))),
        lambda p, q: np.sum(clipped(p) * np.log(clipped(p) / q)),
        lambda p, q: kl(normalised(p), normalised(q)),
        lambda p, q: kl(normalised(p), q),
    )


MISTAKES = {
    "the two distributions are exchanged: the average is over p, the data, and p stands in the "
    "numerator.": lambda p, q: kl(q, p),
    "the ratio is upside down: log(p / q), so that the result is never negative.":
        lambda p, q: -kl(p, q),
    "this is the cross-entropy −Σ p log q, which is KL plus the entropy of p.":
        lambda p, q: -np.sum(p * np.log(q)),
    "this is Σ p log q, the mean log-likelihood; KL also has the term Σ p log p, and the opposite "
    "sign.": lambda p, q: np.sum(p * np.log(q)),
    "this is Σ p log p, minus the entropy of p; where is q?":
        of_seen(lambda p, q: np.sum(p * np.log(p))),
    "this is the entropy of p; where is q?": of_seen(lambda p, q: -np.sum(p * np.log(p))),
    "the logarithm is missing: Σ p log(p / q), not Σ p · p / q.": lambda p, q: np.sum(p * p / q),
    "the shares p(v) in front of the logarithms are missing.":
        of_seen(lambda p, q: np.sum(np.log(p / q))),
    "you add absolute values. Terms with p < q are negative and have to stay so.":
        of_seen(lambda p, q: np.sum(np.abs(p * np.log(p / q)))),
    "you add the divergence the other way round, KL(q ‖ p). Only KL(p ‖ q) is asked for.":
        lambda p, q: np.sum((p - q) * np.log(p / q)),
    "you compare p with the average of p and q (the Jensen–Shannon divergence). q itself stands in "
    "the denominator.": lambda p, q: kl(p, (p + q) / 2) / 2 + kl(q, (p + q) / 2) / 2,
    "this is the sum of squared differences; KL is an average of logarithms of ratios.":
        lambda p, q: np.sum((p - q) ** 2),
    "this is half the sum of |p − q|, another distance of distributions. KL is an average of "
    "logarithms of ratios.": lambda p, q: np.abs(p - q).sum() / 2,
    "q is divided by its sum over the states with p > 0. Take it as it is: what q spends elsewhere "
    "counts against it.": of_seen(lambda p, q: kl(p, q / q.sum())),
    "all states count equally in your average (a mean); weigh each by p(v).":
        of_seen(lambda p, q: np.mean(np.log(p / q))),
    "you take the mean of the terms p log(p / q). The factors p(v) make it an average already: "
    "sum.": of_seen(lambda p, q: np.mean(p * np.log(p / q))),
    "each log-ratio is multiplied by q(v); its factor is p(v).":
        of_seen(lambda p, q: np.sum(q * np.log(p / q))),
    **{
        f"you keep 0 out of the logarithm by means of {eps:g}, which changes other terms too. "
        "A state with p(v) = 0 contributes exactly 0, the limit of x log x for x → 0: leave "
        "such states out.": kept_from_zero(eps)
        for eps in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
    },
    "states with p(v) = 0 give 0·log 0, which the computer calls NaN. Their share is 0, the limit "
    "of x log x for x → 0: leave them out.": lambda p, q: np.sum(p * np.log(p / q)),
}  # fmt: skip

EXERCISE = exercise(__doc__, kl, cases, MISTAKES)
