"""Exercise 09.3: other offsets, the same machine."""

from ..exercise import exercise
from ..machines import random_machine
from ..mistakes import missing, slips_of

FORMULA = "By (9.8), a = α − Wλ and b = β − Wᵀμ stay."


def difference(new, old):
    return new - old


def move_offsets(W, alpha, beta, mu, lam, new_mu, new_lam, *, change=difference):
    """a = α − Wλ and b = β − Wᵀμ stay: α gains W(λ′ − λ), β gains Wᵀ(μ′ − μ)."""
    return alpha + W @ change(new_lam, lam), beta + W.T @ change(new_mu, mu)


def cases(rng):
    for n_visible, n_hidden in [(3, 2), (4, 4), (1, 3), (5, 1)]:
        machine = random_machine(rng, n_visible, n_hidden)
        mu, new_mu = rng.random(n_visible), rng.random(n_visible)
        lam, new_lam = rng.random(n_hidden), rng.random(n_hidden)
        yield *machine, mu, lam, new_mu, new_lam


slip = slips_of(move_offsets)

MISTAKES = {
    "the biases must change with the offsets: in a = α − Wλ and b = β − Wᵀμ (9.8), λ and μ change, "
    "and a and b do not.": slip(W=missing),
    "the correction has the wrong sign: a = α − Wλ stays, so α grows by W(λ′ − λ); likewise β "
    "grows by Wᵀ(μ′ − μ).": slip(change=lambda new, old: old - new),
    "these are the a and b of (9.8), of a machine without offsets. Go on from there to the new "
    "offsets.": slip(change=lambda new, old: -old),
    "you treat alpha and beta as if they were a and b: the old offsets are not taken out.":
        slip(change=lambda new, old: new),
    "you computed a and b with the new offsets; they have to be computed with the old ones, and "
    "then turned into biases for the new.": slip(change=lambda new, old: -new),
    "the old and the new offsets are added: what counts is their difference.":
        slip(change=lambda new, old: new + old),
    "W is missing: the biases change by W(λ′ − λ) and Wᵀ(μ′ − μ), not by the change of the "
    "offsets.":
        lambda W, alpha, beta, mu, lam, new_mu, new_lam: (
            (
                alpha + new_mu - mu,
                beta + new_lam - lam,
            )
        ),
    "the offsets are exchanged: α is corrected by the hidden offsets, β by the visible ones.":
        slip(mu="lam", lam="mu", new_mu="new_lam", new_lam="new_mu"),
}  # fmt: skip

EXERCISE = exercise(__doc__, move_offsets, cases, MISTAKES, FORMULA, parts=("alpha", "beta"))
