"""Exercise 06.3: how many draws a standard error takes."""

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of
from .lags import LAGS


def autocorrelation(lam):
    """τ = 1 + 2 λ / (1 − λ), the geometric series summed."""
    return (1 + lam) / (1 - lam)


def draws_needed(sigma, lam, error, *, tau=autocorrelation):
    """n = σ² τ / error²."""
    return sigma**2 * tau(lam) / error**2


def cases(rng):
    yield from [(1.0, 0.5, 0.1), (2.0, 0.0, 0.01), (0.7, 0.9, 0.06), (3.0, 0.999, 0.2)]


slip = slips_of(draws_needed)


def cut_off(lags):
    return slip(tau=lambda lam: 1 + 2 * (lam ** np.arange(1.0, lags + 1)).sum())


MISTAKES = {
    "the error is squared too: σ² τ / n = error², so n = σ² τ / error².": slip(error=np.sqrt),
    "you count the first lag alone, τ = 1 + 2 λ; all lags t ≥ 1 contribute.": cut_off(1),
    **{
        f"you cut the sum off after {lags} lags; a geometric series can be summed to infinity: "
        "λ / (1 − λ).": cut_off(lags)
        for lags in LAGS
    },
    "this is τ alone, the draws that one independent draw costs; n also needs σ² and error².":
        lambda sigma, lam, error: autocorrelation(lam),
    "the error has no effect on your answer: solve σ² τ / n = error² for n.":
        slip(error=lambda error: 1),
    "σ has no effect on your answer: solve σ² τ / n = error² for n.": slip(sigma=lambda sigma: 1),
    "this is 1/n: solve σ² τ / n = error² for n.": lambda *args: 1 / draws_needed(*args),
    "τ is squared; in (6.10) it stands to the first power.":
        slip(tau=lambda lam: autocorrelation(lam) ** 2),
    "this is the sum of ρ_t alone; τ is 1 plus twice that sum.":
        slip(tau=lambda lam: lam / (1 - lam)),
    "−1 / log λ is the time in which ρ_t falls by a factor e; τ is 1 + 2 Σ ρ_t.":
        slip(tau=lambda lam: -1 / np.log(lam)),
    "σ² in (6.10) is the variance, sigma squared; you square it once more.": slip(sigma=np.square),
    "the correlations are positive: they add to τ, 1 + 2 Σ ρ_t, and you subtract them.":
        slip(tau=lambda lam: 1 - 2 * lam / (1 - lam)),
    "the number is rounded up; return it as it comes.": lambda *args: np.ceil(draws_needed(*args)),
    "you treat the draws as independent: τ is missing.": slip(tau=lambda lam: 1),
    "τ has a factor 2 before its sum: each lag occurs forwards and backwards.":
        slip(tau=lambda lam: 1 / (1 - lam)),
    "your sum of ρ_t starts at t = 0, but 1 is already counted: Σ_{t≥1} λ^t = λ / (1 − λ).":
        slip(tau=lambda lam: 1 + 2 / (1 - lam)),
    "the 1 in τ = 1 + 2 Σ ρ_t is missing: a draw's own variance.":
        slip(tau=lambda lam: 2 * lam / (1 - lam)),
    "the standard error is a root: solve σ √(τ / n) = error for n, both sides squared.":
        lambda *args: np.sqrt(draws_needed(*args)),
    "σ is the standard deviation; the variance σ² belongs in (6.10).": slip(sigma=np.sqrt),
    "n is multiplied by τ, not divided: correlated draws are worth less.":
        slip(tau=lambda lam: 1 / autocorrelation(lam)),
}  # fmt: skip

EXERCISE = exercise(__doc__, draws_needed, cases, MISTAKES)
