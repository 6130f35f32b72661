"""Exercise 12.1: explaining away: the causes, once one of them is known."""

import numpy as np

from ..exercise import exercise
from ..machines import all_states, random_states
from ..mistakes import missing, negated, slips_of
from ..numerics import normalised, sigmoid, softplus
from .layers import log_layer, random_log_prior

FORMULA = (
    "The posterior is proportional to P(h) p(v | h), with log p(v | h) = v·y − Σ softplus(y) and "
    "y = a + Wh."
)


def mean_of_kept(log_joint, h, kept):
    return normalised(log_joint[:, kept], axis=1) @ h[kept]


def explained(v, k, W, a, log_prior, *, states=all_states, log_v=log_layer, mean=mean_of_kept):
    """Σ_h h P(h) p(v | h) / Σ_h P(h) p(v | h), both sums over the states with h_k = 1."""
    h = states(W.shape[1])
    log_joint = log_v(v, h @ W.T + a) + log_prior
    return mean(log_joint, h, h[:, k] == 1)


def cases(rng):
    for n, k, D, H, scale in [(3, 0, 2, 2, 1), (4, 1, 5, 3, 1), (6, 2, 3, 4, 2), (3, 0, 6, 3, 1e3)]:
        v = random_states(rng, n, D)
        W, a = scale * rng.standard_normal((D, H)), scale * rng.standard_normal(D)
        yield v, k, W, a, random_log_prior(rng, H)


slip = slips_of(explained)
mean_of_all = slip(mean=lambda L, h, kept: normalised(L, axis=1) @ h)


def with_k_on(k, x):
    """x with 1 in column k."""
    return np.where(np.arange(x.shape[1]) == k, 1.0, x)


MISTAKES = {
    "these are the means E[h_j | v], without the news that h_k = 1: sum over the states with "
    "h_k = 1 only.": mean_of_all,
    "the mean of h_k is 1 now, but the news changes the other units, too: sum over the states with "
    "h_k = 1 only.": lambda v, k, *rest: with_k_on(k, mean_of_all(v, k, *rest)),
    "these are the means for h_k = 0; h_k = 1 is given.":
        slip(mean=lambda L, h, kept: mean_of_kept(L, h, ~kept)),
    "this is P(h_j = 1 and h_k = 1 | v); divide by P(h_k = 1 | v), since h_k = 1 is given.":
        slip(mean=lambda L, h, kept: (normalised(L, axis=1) * kept) @ h),
    "you count the units from 1; k counts from 0, as Python does.": slip(k=lambda k: k - 1),
    "the normaliser of p(v | h) is missing, or the same number for every h: log p(v | h) is "
    "v·y − Σ_i softplus(y_i), and y = a + Wh depends on h. It is this term that lets one cause "
    "explain another away.": slip(log_v=lambda v, y: v @ y.T),
    "Σ y_i stands where Σ softplus(y_i) belongs: log p(v | h) is v·y − Σ softplus(y).":
        slip(log_v=lambda v, y: v @ y.T - y.sum(axis=1)),
    "Σ softplus(y) has the wrong sign: log p(v | h) is v·y − Σ softplus(y).":
        slip(log_v=lambda v, y: v @ y.T + softplus(y).sum(axis=1)),
    "only the pixels that are on enter your p(v | h); one that is off has the probability "
    "1 − σ(y_i), which says something about h as well.":
        slip(log_v=lambda v, y: v @ (y - softplus(y)).T),
    "these are means under the prior, the same for each picture; p(v | h) is missing.":
        slip(log_v=lambda v, y: np.zeros((len(v), len(y)))),
    "you add P(h) to log p(v | h); add its logarithm, `log_prior` as it is.":
        slip(log_prior=np.exp),
    "the visible biases are missing: y = a + Wh, and though a·v is the same for all h, Σ "
    "softplus(y) is not.": slip(a=missing),
    "all signs are flipped: y = a + Wh, and log P(h) is added.":
        slip(W=negated, a=negated, log_prior=negated),
    "the mean of h_k is 1 now, but the others are σ(vW), as in an RBM, where k would tell you "
    "nothing. In a directed model the posterior is not a product over the units: sum over the "
    "states with h_k = 1.": lambda v, k, W, a, log_prior: with_k_on(k, sigmoid(v @ W)),
    "you set h_k = 1 in every state, and so count the prior of h_k = 0 and of h_k = 1 together: "
    "keep the states with h_k = 1, and their log_prior, and leave out the others.":
        lambda v, k, *rest: explained(v, k, *rest, states=lambda n: with_k_on(k, all_states(n))),
    "states with h_k = 0 get the logarithm 0, which is the factor 1; leave them out (or give them "
    "−∞).": slip(mean=lambda L, h, kept: normalised(L * kept, axis=1) @ h),
    "you count the units from the last one; column k of `rb.exact.states` is unit k.":
        slip(k=lambda k: -1 - k),
    "this is σ(vW): a way up like that of an RBM, and without any prior. In a directed model the "
    "posterior is not a product over the units: sum over the states h.":
        lambda v, k, W, a, log_prior: sigmoid(v @ W),
    "nothing is normalised: divide P(h) p(v | h) by its sum over the states with h_k = 1, for each "
    "picture.": slip(mean=lambda L, h, kept: (np.exp(L) * kept) @ h),
    "you divide by one sum over all pictures and states; each picture has a sum of its own.":
        slip(mean=lambda L, h, kept: normalised(L[:, kept]) @ h[kept]),
    "the sign is flipped: the posterior grows with log P(h) + log p(v | h).":
        slip(mean=lambda L, h, kept: mean_of_kept(-L, h, kept)),
    "you normalise over the pictures; each picture has a distribution over h (axis 1 of an array "
    "with a row for each picture).":
        slip(mean=lambda L, h, kept: normalised(L[:, kept], axis=0) @ h[kept]),
    "this is the single most likely h of each picture; the mean is asked for.":
        slip(mean=lambda L, h, kept: h[kept][L[:, kept].argmax(axis=1)]),
    "your states are in another order than log_prior: in `rb.exact.states` the last unit changes "
    "fastest.": slip(states=lambda n: all_states(n)[:, ::-1]),
    "you return the mean over the pictures; each picture has means of its own.":
        lambda *args: explained(*args).mean(axis=0),
    "right for small parameters, but log(1 + e^y) overflows for large y: np.logaddexp(0, y) does "
    "not.": slip(log_v=lambda v, y: v @ y.T - np.log(1 + np.exp(y)).sum(axis=1)),
    "right for small parameters, but with large ones P(h_k = 1 | v) vanishes and you divide 0 by "
    "0: first leave out the states with h_k = 0, then normalise.":
        slip(
            mean=lambda L, h, kept: (
                (p := normalised(L, axis=1) * kept) @ h / p.sum(axis=1, keepdims=True)
            )
        ),
    "right for small parameters, but with large ones every P(h) p(v | h) vanishes and you divide 0 "
    "by 0. Stay with logarithms, and subtract a log-sum-exp.":
        slip(mean=lambda L, h, kept: (p := np.exp(L) * kept) @ h / p.sum(axis=1, keepdims=True)),
}  # fmt: skip

EXERCISE = exercise(__doc__, explained, cases, MISTAKES, FORMULA)
