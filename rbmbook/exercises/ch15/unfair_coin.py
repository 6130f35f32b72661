"""Exercise 15.1: an unfair coin."""

import numpy as np

from ..exercise import exercise
from ..mistakes import in_terms_of, slips_of


def skewed_critic(p, q, share):
    """Bayes: the share of the real ones among all pictures that show this outcome."""
    real, made = share * p, (1 - share) * q
    return real / (real + made)


def cases(rng):
    yield np.array([0.2, 0.8]), np.array([0.6, 0.4]), 0.25
    yield np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.25, 0.5]), 0.5
    for K, share in [(4, 0.7), (6, 0.1), (9, 0.95)]:
        p, q = rng.dirichlet(np.ones(K)), rng.dirichlet(np.ones(K))
        p[0], q[-1] = 0, 0  # outcomes that betray where they come from
        yield p / p.sum(), q / q.sum(), share
    p, q = rng.dirichlet(np.full(5, 0.05), size=2) + 1e-12
    yield p / p.sum(), q / q.sum(), 0.4


slip = slips_of(skewed_critic)
of_real_and_made = in_terms_of(lambda p, q, share: (share * p, (1 - share) * q))

MISTAKES = {
    "the share is ignored: p / (p + q) is right only if half of the pictures are real.":
        slip(share=lambda share: 0.5),
    "this is q / (p + q), the probability that the outcome is made, and the share is ignored.":
        lambda p, q, share: q / (p + q),
    "`share` is on the wrong side: it is the fraction of real pictures and belongs to p.":
        slip(share=lambda share: 1 - share),
    "`p` and `q` are exchanged: p is the data's.": slip(p="q", q="p"),
    "this is the probability that the outcome is made; the probability that it is real is asked "
    "for.": of_real_and_made(lambda real, made: made / (real + made)),
    "this is the logit, the logarithm of the odds; send it through a sigmoid.":
        of_real_and_made(lambda real, made: np.log(real) - np.log(made)),
    "this is the logit with its sign flipped; the probability that the outcome is real is the "
    "sigmoid of the logit.": of_real_and_made(lambda real, made: np.log(made) - np.log(real)),
    "this is log p − log q: the share is ignored, and it is a logit, not yet a probability.":
        lambda p, q, share: np.log(p) - np.log(q),
    "this is p itself, the probability of the outcome among the real pictures; you want the "
    "probability of real, given the outcome.": lambda p, q, share: p,
    "these are the odds, real : made; the probability is odds / (1 + odds).":
        of_real_and_made(np.divide),
    "this is the ratio p / q; weight both with their shares, and divide by the sum.":
        lambda p, q, share: p / q,
    "not normalised: share·p is the probability of this outcome *and* real; divide by the "
    "probability of the outcome.": of_real_and_made(lambda real, made: real),
    "you divide by p + q; the outcome's probability among the pictures shown is "
    "share·p + (1 − share)·q.": lambda p, q, share: share * p / (p + q),
    "the share of the generator, 1 − share, is missing in the denominator.":
        lambda p, q, share: share * p / (share * p + q),
    "the share is missing in the numerator, which must be one of the two terms of the denominator.":
        lambda p, q, share: p / (share * p + (1 - share) * q),
    "the share multiplies p in the denominator alone; the numerator needs it too, and q needs its "
    "own, 1 − share.": lambda p, q, share: p / (share * p + q),
    "this is share·p / (½ (p + q)): the terms of the denominator are weighted by their shares, not "
    "by ½.": lambda p, q, share: share * p / (0.5 * (p + q)),
    "you normalise over the outcomes; the critic compares real with made for each outcome.":
        lambda *args: (real := skewed_critic(*args)) / real.sum(),
    "this is a decision, real or made; a probability is asked for.":
        of_real_and_made(lambda real, made: (real > made) * 1.0),
    "this is the distribution of all pictures shown, share·p + (1 − share)·q; you want the part of "
    "it that is real.": of_real_and_made(np.add),
    "q is multiplied by the share of the generator, 1 − share, but p is not multiplied by that of "
    "the data.": lambda p, q, share: p / (p + (1 - share) * q),
}  # fmt: skip

EXERCISE = exercise(__doc__, skewed_critic, cases, MISTAKES)
