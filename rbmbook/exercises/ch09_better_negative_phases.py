"""Exercises of chapter 09, Better negative phases: fast weights and offsets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise
from .machines import random_machine


# -- 09.1 ----------------------------------------------------------------------------------------
def fast_after(g, rate, decay, n):
    """rate · g · (1 + decay + … + decayⁿ⁻¹), the geometric sum in closed form."""
    return rate * g * (1 - decay**n) / (1 - decay)


def _fast_cases(rng: Generator) -> Iterator[tuple]:
    for shape, rate, decay, n in [
        (3, 0.1, 0.5, 1),
        ((2, 3), 0.05, 0.95, 2),
        (4, 0.2, 0.9, 7),
        (2, 0.3, 0.8, 0),
        (3, 1.5, 0.0, 5),
        (2, 0.05, 0.999, 10**12),
    ]:
        yield rng.standard_normal(shape), rate, decay, n


FAST = Exercise(
    name="09.1",
    title="How strong fast weights become",
    reference=fast_after,
    cases=_fast_cases,
    mistakes={
        "nothing fades in your formula: θ_fast is multiplied by the decay at each update.": (
            lambda g, rate, decay, n: rate * g * n
        ),
        "the decay also acts on what is added in the same update; in (9.4) only the old θ_fast "
        "is multiplied by it.": lambda g, rate, decay, n: decay * fast_after(g, rate, decay, n),
        "one update too many: after n updates the sum has n terms, decay⁰ to decayⁿ⁻¹.": (
            lambda g, rate, decay, n: fast_after(g, rate, decay, n + 1)
        ),
        "one update too few: after n updates the sum has n terms, decay⁰ to decayⁿ⁻¹.": (
            lambda g, rate, decay, n: fast_after(g, rate, decay, n - 1)
        ),
        "this is the limit for many updates; for a small n the sum is not yet there.": (
            lambda g, rate, decay, n: rate * g / (1 - decay) + 0.0 * n
        ),
        "this is only what is left of the first update; all n updates contribute. Sum over "
        "them.": lambda g, rate, decay, n: rate * g * decay ** (n - 1.0),
        "this is one term only, of an update n updates ago; all n updates contribute. Sum over "
        "them.": lambda g, rate, decay, n: rate * g * decay**n,
        "this is what the last update added; the earlier ones count too, faded. Sum over "
        "them.": lambda g, rate, decay, n: rate * g + 0.0 * n,
        "the sum is divided by 1 + decay; 1 + x + … + xⁿ⁻¹ = (1 − xⁿ) / (1 − x).": (
            lambda g, rate, decay, n: rate * g * (1 - decay**n) / (1 + decay)
        ),
        "the learning rate `rate` is missing.": (
            lambda g, rate, decay, n: fast_after(g, 1.0, decay, n)
        ),
        "the sign is flipped: the fast parameters go up the same direction g as the slow "
        "ones.": lambda g, rate, decay, n: -fast_after(g, rate, decay, n),
        "the sum is not divided by 1 − decay: 1 + x + … + xⁿ⁻¹ = (1 − xⁿ) / (1 − x).": (
            lambda g, rate, decay, n: rate * g * (1 - decay**n)
        ),
        "exp(−n (1 − decay)) is near decayⁿ for a decay near 1 only; the sum is exact with decayⁿ "
        "itself.": lambda g, rate, decay, n: (
            rate * g * (1 - np.exp(-n * (1 - decay))) / (1 - decay)
        ),
    },
)


# -- 09.3 ----------------------------------------------------------------------------------------
def move_offsets(W, alpha, beta, mu, lam, new_mu, new_lam):
    """a = α − Wλ and b = β − Wᵀμ stay: α gains W(λ′ − λ), β gains Wᵀ(μ′ − μ)."""
    return alpha + W @ (new_lam - lam), beta + W.T @ (new_mu - mu)


def _offset_cases(rng: Generator) -> Iterator[tuple]:
    for n_visible, n_hidden in [(3, 2), (4, 4), (1, 3), (5, 1)]:
        W, alpha, beta = random_machine(rng, n_visible, n_hidden)
        mu, new_mu = rng.random(n_visible), rng.random(n_visible)
        lam, new_lam = rng.random(n_hidden), rng.random(n_hidden)
        yield W, alpha, beta, mu, lam, new_mu, new_lam


OFFSETS = Exercise(
    name="09.3",
    title="Other offsets, the same machine",
    reference=move_offsets,
    cases=_offset_cases,
    parts=("alpha", "beta"),
    mistakes={
        "the biases must change with the offsets: by (9.8), a = α − Wλ, and λ is another.": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (alpha, beta)
        ),
        "both corrections have the wrong sign: a = α − Wλ stays, so α grows by W(λ′ − λ).": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
                alpha - W @ (new_lam - lam),
                beta - W.T @ (new_mu - mu),
            )
        ),
        "these are the a and b of (9.8), of a machine without offsets. Go on from there to the "
        "new offsets.": lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
            alpha - W @ lam,
            beta - W.T @ mu,
        ),
        "you treat alpha and beta as if they were a and b: the old offsets are not taken out.": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
                alpha + W @ new_lam,
                beta + W.T @ new_mu,
            )
        ),
        "you computed a and b with the new offsets; they have to be computed with the old ones, "
        "and then turned into biases for the new.": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
                alpha - W @ new_lam,
                beta - W.T @ new_mu,
            )
        ),
        "beta is right, but alpha is unchanged: a = α − Wλ contains the hidden offsets.": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (alpha, beta + W.T @ (new_mu - mu))
        ),
        "alpha is right, but beta is unchanged: b = β − Wᵀμ contains the visible offsets.": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (alpha + W @ (new_lam - lam), beta)
        ),
        "alpha is right; the correction of beta has the wrong sign: b = β − Wᵀμ stays.": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
                alpha + W @ (new_lam - lam),
                beta - W.T @ (new_mu - mu),
            )
        ),
        "beta is right; the correction of alpha has the wrong sign: a = α − Wλ stays.": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
                alpha - W @ (new_lam - lam),
                beta + W.T @ (new_mu - mu),
            )
        ),
        "the old and the new offsets are added: what counts is their difference.": (
            lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
                alpha + W @ (new_lam + lam),
                beta + W.T @ (new_mu + mu),
            )
        ),
        "W is missing: the biases change by W(λ′ − λ) and Wᵀ(μ′ − μ), not by the change of the "
        "offsets.": lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
            alpha + (new_mu - mu),
            beta + (new_lam - lam),
        ),
        "W is transposed: α has one entry for each visible unit, so it needs W(λ′ − λ), and β "
        "needs Wᵀ(μ′ − μ).": lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
            alpha + W.T @ (new_lam - lam),
            beta + W @ (new_mu - mu),
        ),
        "the offsets are exchanged: α is corrected by the hidden offsets, β by the visible "
        "ones.": lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
            alpha + W @ (new_mu - mu),
            beta + W.T @ (new_lam - lam),
        ),
    },
)

EXERCISES = [FAST, OFFSETS]
