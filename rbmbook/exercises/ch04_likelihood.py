"""Exercises of chapter 04, Likelihood and its gradient: the likelihood and the divergence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise
from .free_energies import with_free_energy
from .machines import all_states, random_machine, random_states
from .mistakes import Ways


def _free_energy(v, W, a, b):
    return -v @ a - np.logaddexp(0, v @ W + b).sum(axis=1)


def _log_sum_exp(x):
    return x.max() + np.log(np.exp(x - x.max()).sum())


def _log_partition(W, a, b):
    return _log_sum_exp(-_free_energy(all_states(len(a)), W, a, b))


def _log_p(v, W, a, b):
    return -_free_energy(v, W, a, b) - _log_partition(W, a, b)


def _mean_h(v, W, b):
    return np.exp(-np.logaddexp(0, -(v @ W + b)))  # the sigmoid, without overflow


# -- 04.1 ----------------------------------------------------------------------------------------
def log_likelihood(v, W, a, b):
    """Mean over the rows of v of log p(v) = −F(v) − log Z, in nats."""
    return _log_p(v, W, a, b).mean()


def _rectified(v, W, a, b):
    return v @ a + np.maximum(0, v @ W + b).sum(axis=1)


def _likelihood_with(energy):
    """Another number per state in place of F, at the data and in Z."""
    return lambda v, W, a, b: (
        -energy(v, W, a, b).mean() - _log_sum_exp(-energy(all_states(len(a)), W, a, b))
    )


def _only_in_z(energy):
    return lambda v, W, a, b: (
        -_free_energy(v, W, a, b).mean() - _log_sum_exp(-energy(all_states(len(a)), W, a, b))
    )


def _likelihood_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, scale in [(3, 2, 1, 1), (7, 4, 3, 1), (5, 3, 5, 2), (4, 3, 2, 300)]:
        yield (random_states(rng, n, n_visible), *random_machine(rng, n_visible, n_hidden, scale))


LIKELIHOOD = Exercise(
    name="04.1",
    title="The mean log-likelihood of a data set",
    reference=log_likelihood,
    cases=_likelihood_cases,
    mistakes={
        "log Z is missing: −F(v) is the logarithm of an unnormalised "
        "probability.": lambda v, W, a, b: -_free_energy(v, W, a, b).mean(),
        "you add log Z; p(v) = exp(−F(v)) / Z, and the logarithm of a quotient is a "
        "difference.": lambda v, W, a, b: _log_partition(W, a, b) - _free_energy(v, W, a, b).mean(),
        "the sign of the free energy is wrong: log p(v) = −F(v) − log Z.": lambda v, W, a, b: (
            _free_energy(v, W, a, b).mean() - _log_partition(W, a, b)
        ),
        "all signs are reversed in your free energy: F(v) has −aᵀv and minus the softplus of "
        "+b_j + Σ_i v_i W_ij.": lambda v, W, a, b: log_likelihood(v, -W, -a, -b),
        "the softplus terms are summed over the whole batch; sum over the hidden units only, "
        "`axis=1`.": lambda v, W, a, b: (
            (v @ a).mean() + np.logaddexp(0, v @ W + b).sum() - _log_partition(W, a, b)
        ),
        "max(0, x) stands in place of softplus(x) = log(1 + exp(x)).": lambda v, W, a, b: (
            _rectified(v, W, a, b).mean() - _log_sum_exp(_rectified(all_states(len(a)), W, a, b))
        ),
        "the sign is flipped: this is the mean of −log p(v), which one minimises.": (
            lambda v, W, a, b: -log_likelihood(v, W, a, b)
        ),
        "you sum over the examples; the mean per example is asked for.": lambda v, W, a, b: _log_p(
            v, W, a, b
        ).sum(),
        "the mean is missing: one number for the data set is asked for, not one per example.": (
            lambda v, W, a, b: _log_p(v, W, a, b)
        ),
        "this is the logarithm of the mean probability. Take the logarithm of each example "
        "first, then the mean: the examples' probabilities multiply.": lambda v, W, a, b: (
            _log_sum_exp(_log_p(v, W, a, b)) - np.log(len(v))
        ),
        "these are bits, from logarithms to base 2; nats are asked for, natural logarithms.": (
            lambda v, W, a, b: log_likelihood(v, W, a, b) / np.log(2)
        ),
        "log Z is divided by the number of examples. It stands in every log p(v), so its mean is "
        "itself.": lambda v, W, a, b: (
            -_free_energy(v, W, a, b).mean() - _log_partition(W, a, b) / len(v)
        ),
        "you sum −F over the examples and subtract log Z once. Every example has its own log Z, "
        "and the mean is asked for.": lambda v, W, a, b: (
            -_free_energy(v, W, a, b).sum() - _log_partition(W, a, b)
        ),
        "that is log p relative to the likeliest state: you subtract the largest −F in place of "
        "log Z. All states count in Z.": lambda v, W, a, b: (
            -_free_energy(v, W, a, b).mean() + _free_energy(all_states(len(a)), W, a, b).min()
        ),
        "the largest exponent was subtracted before exponentiating, but not added back to "
        "log Z.": lambda v, W, a, b: (
            log_likelihood(v, W, a, b) - (_free_energy(all_states(len(a)), W, a, b).min())
        ),
        "Z is the *sum* over all states; you take the mean over them.": lambda v, W, a, b: (
            log_likelihood(v, W, a, b) + len(a) * np.log(2)
        ),
        "F has the wrong sign everywhere, in Z too: p(v) = exp(−F(v)) / Z.": lambda v, W, a, b: (
            _free_energy(v, W, a, b).mean()
            - _log_sum_exp(_free_energy(all_states(len(a)), W, a, b))
        ),
        "this is the mean of p(v); take its logarithm for each example before the mean.": (
            lambda v, W, a, b: np.exp(_log_p(v, W, a, b)).mean()
        ),
        "the sigmoid stands in place of softplus; it is the derivative of softplus.": (
            lambda v, W, a, b: (
                (v @ a + _mean_h(v, W, b).sum(axis=1)).mean()
                - _log_sum_exp(
                    all_states(len(a)) @ a + _mean_h(all_states(len(a)), W, b).sum(axis=1)
                )
            )
        ),
        **with_free_energy(_likelihood_with, "max", "sigmoid"),
        **{
            f"{words[:-1]} (in log Z; at the data F is right).": mistake
            for words, mistake in with_free_energy(_only_in_z).items()
        },
        "this is −log Z alone; subtract the free energies at the data too.": (
            lambda v, W, a, b: -_log_partition(W, a, b)
        ),
        "Z is summed over the data only. It runs over all 2^D states, also those that do not "
        "occur in the data.": lambda v, W, a, b: (
            -_free_energy(v, W, a, b).mean()
            - _log_sum_exp(-_free_energy(np.unique(v, axis=0), W, a, b))
        ),
    },
)


# -- 04.2 ----------------------------------------------------------------------------------------
def kl(p, q):
    """KL(p ‖ q) = Σ_v p(v) log(p(v) / q(v)); states with p(v) = 0 contribute nothing."""
    seen = p > 0
    return np.sum(p[seen] * np.log(p[seen] / q[seen]))


def _kl_cases(rng: Generator) -> Iterator[tuple]:
    for n, empty in [(4, 0), (8, 3), (512, 498), (2, 1)]:
        p, q = rng.random(n) + 0.01, rng.random(n) + 0.01
        p[:empty] = 0.0
        yield p / p.sum(), q / q.sum()


def _cross_entropy(p, q):
    return -np.sum(p * np.log(q))


def _entropy(p):
    return -np.sum(p[p > 0] * np.log(p[p > 0]))


def _kept_from_zero(eps: float) -> Ways:
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


KL = Exercise(
    name="04.2",
    title="The divergence between data and model",
    reference=kl,
    cases=_kl_cases,
    mistakes={
        "the two distributions are exchanged: the average is over p, the data, and p stands in "
        "the numerator.": lambda p, q: np.sum(q * np.log(q / p)),
        "the ratio is upside down: log(p / q), so that the result is never negative.": (
            lambda p, q: -kl(p, q)
        ),
        "this is the cross-entropy −Σ p log q, which is KL plus the entropy of p.": _cross_entropy,
        "this is Σ p log q, the mean log-likelihood; KL also has the term Σ p log p, and the "
        "opposite sign.": lambda p, q: -_cross_entropy(p, q),
        "this is Σ p log p, minus the entropy of p; where is q?": lambda p, q: -_entropy(p),
        "this is the entropy of p; where is q?": lambda p, q: _entropy(p),
        "the logarithm is missing: Σ p log(p / q), not Σ p · p / q.": (
            lambda p, q: np.sum(p * p / q)
        ),
        "the shares p(v) in front of the logarithms are missing.": (
            lambda p, q: np.sum(np.log(p[p > 0] / q[p > 0]))
        ),
        "you add absolute values. Terms with p < q are negative and have to stay so.": (
            lambda p, q: np.sum(np.abs(p[p > 0] * np.log(p[p > 0] / q[p > 0])))
        ),
        "you add the divergence the other way round, KL(q ‖ p). Only KL(p ‖ q) is asked for.": (
            lambda p, q: np.sum((p - q) * np.log(p / q))
        ),
        "you compare p with the average of p and q (the Jensen–Shannon divergence). q itself "
        "stands in the denominator.": lambda p, q: kl(p, (p + q) / 2) / 2 + kl(q, (p + q) / 2) / 2,
        "this is the sum of squared differences; KL is an average of logarithms of ratios.": (
            lambda p, q: np.sum((p - q) ** 2)
        ),
        "this is half the sum of |p − q|, another distance of distributions. KL is an average of "
        "logarithms of ratios.": lambda p, q: np.abs(p - q).sum() / 2,
        "q is divided by its sum over the states with p > 0. Take it as it is: what q spends "
        "elsewhere counts against it.": lambda p, q: kl(p, q) + np.log(q[p > 0].sum()),
        "all states count alike in your average (a mean); weigh each by p(v).": (
            lambda p, q: np.mean(np.log(p[p > 0] / q[p > 0]))
        ),
        "you take the mean of the terms p log(p / q). The factors p(v) make it an average already: "
        "sum.": lambda p, q: kl(p, q) / np.sum(p > 0),
        "each log-ratio is multiplied by q(v); its factor is p(v).": lambda p, q: np.sum(
            q[p > 0] * np.log(p[p > 0] / q[p > 0])
        ),
        "these are bits; nats are asked for, natural logarithms.": lambda p, q: (
            kl(p, q) / np.log(2)
        ),
        **{
            f"you keep 0 out of the logarithm by means of {eps:g}, which changes other terms too. "
            "A state with p(v) = 0 contributes exactly 0, the limit of x log x for x → 0: leave "
            "such states out.": _kept_from_zero(eps)
            for eps in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
        },
        "states with p(v) = 0 give 0·log 0, which the computer calls NaN. Their share is 0, the "
        "limit of x log x for x → 0: leave them out.": lambda p, q: np.sum(p * np.log(p / q)),
    },
)


EXERCISES = [LIKELIHOOD, KL]
