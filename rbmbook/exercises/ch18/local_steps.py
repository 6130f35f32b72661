"""Exercise 18.4: where local steps come to rest."""

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of

FORMULA = (
    "after τ steps a worker is at m + ρ (x − m), ρ = (1 − εk)^τ; average with weights n / Σ n. At "
    "rest the average is x: x = Σ n (1 − ρ) m / Σ n (1 − ρ)."
)


def left_over(rate, k, tau):
    return (1 - rate * k) ** tau


def pull_of(rate, k, rho):
    return 1 - rho


def local_steps(
    x, m, k, counts, rate, tau, *, rho=left_over, weight=lambda n: n / n.sum(),
    meet=lambda w, ends, x: w @ ends, pull=pull_of,
):  # fmt: skip
    """One round of τ local steps and an average; and the x that a round leaves alone."""
    r, w = rho(rate, k, tau), weight(counts)
    drawn = w * pull(rate, k, r)
    return float(meet(w, m + r * (x - m), x)), float(drawn @ m / drawn.sum())


def cases(rng):
    yield 0.0, np.array([0.0, 1.0]), np.array([1.0, 1.0]), np.array([5, 5]), 0.1, 1
    yield 0.0, np.array([0.0, 1.0]), np.array([1.0, 4.0]), np.array([5, 5]), 0.1, 1
    yield 2.0, np.array([0.0, 1.0]), np.array([1.0, 4.0]), np.array([3, 1]), 0.1, 10
    for P, tau in ((3, 2), (5, 7), (8, 30)):
        m, k = rng.standard_normal(P), rng.uniform(0.1, 2.0, P)
        yield float(rng.standard_normal()), m, k, rng.integers(1, 100, P), 0.2, tau


slip = slips_of(local_steps)
alike = {"weight": lambda n: np.full(len(n), 1 / len(n))}

MISTAKES = {
    "this is one step, whatever τ is.": slip(tau=lambda tau: 1),
    "all workers count alike; weight each by its number of rows.": slip(**alike),
    "the weights do not sum to 1: divide by the number of all rows.":
        slip(weight=lambda n: 1.0 * n),
    "τ steps are taken for one step that is τ times as long: each step begins where the last one "
    "ended, so the distance from m shrinks by the factor 1 − εk τ times.":
        slip(rho=lambda rate, k, tau: 1 - tau * rate * k),
    "exp(−εkτ) is right for many tiny steps; these have a length: (1 − εk)^τ.":
        slip(rho=lambda rate, k, tau: np.exp(-rate * k * tau)),
    "there is one step too many.": slip(tau=lambda tau: tau + 1),
    "the distance grows: a step of ascent leads towards m, x + εk (m − x).":
        slip(rho=lambda rate, k, tau: (1 + rate * k) ** tau),
    "the curvature k has no part in your steps: the slope is k (m − x).":
        slip(k=lambda k: np.ones_like(k)),
    "next: the workers' moves are added; average them.":
        slip(meet=lambda w, ends, x: x + (ends - x).sum()),
    "next: this is the mean of the ends, as if all workers had as many rows.":
        slip(meet=lambda w, ends, x: ends.mean()),
    "next: this is the average move; add x.": slip(meet=lambda w, ends, x: w @ ends - x),
    "rest: this is the maximum of the sum of all workers' log-likelihoods, where one step at a "
    "time comes to rest; more steps in between rest elsewhere.":
        slip(pull=lambda rate, k, r: k),
    "rest: this is the mean of the workers' own optima, where the rounds rest when τ is very "
    "large.": slip(pull=lambda rate, k, r: np.ones_like(k)),
    "rest: ρ is what is left of the distance; the worker pulls with 1 − ρ.":
        slip(pull=lambda rate, k, r: r),
    "rest: 1 − ρ is divided by the rate; where rates are equal that cancels, but here it is also "
    "divided by k.": slip(pull=lambda rate, k, r: (1 - r) / (rate * k)),
}  # fmt: skip

OPTIONS = {"parts": ("next", "rest"), "rtol": 1e-5, "atol": 1e-7}
EXERCISE = exercise(__doc__, local_steps, cases, MISTAKES, FORMULA, **OPTIONS)
