"""Exercise 11.4: a missing answer, exactly."""

import numpy as np

from ..exercise import exercise
from ..machines import minus_free_energy
from ..mistakes import Ways, missing, negated, slips_of
from ..numerics import normalised, sigmoid

FORMULA = "F(v) = −aᵀv − Σ_j softplus(b_j + Σ_i v_i W_ij)."


def filled(v, site, q):
    """Each row q times, with each of the q answers at the site: (n, q, D)."""
    rows = np.repeat(v[:, None, :], q, axis=1)
    rows[:, :, site * q : (site + 1) * q] = np.eye(q)
    return rows


def softmax(x):
    return normalised(x, axis=1)


def missing_answer(v, site, q, W, a, b, *, fill=filled, share=softmax):
    """p(answer at the site | all other answers) = softmax over k of −F(v with answer k)."""
    return share(minus_free_energy(fill(v, site, q), W, a, b))


def cases(rng):
    for n, sites, q, H, site in [(3, 2, 2, 1, 0), (4, 3, 3, 2, 2), (5, 3, 4, 3, 1)]:
        v = np.eye(q)[rng.integers(q, size=(n, sites))].reshape(n, sites * q)
        D = sites * q
        yield v, site, q, rng.normal(0, 1.5, (D, H)), rng.normal(size=D), rng.normal(size=H)
    v = np.eye(3)[rng.integers(3, size=(2, 2))].reshape(2, 6)
    yield v, 1, 3, rng.normal(0, 500, (6, 2)), rng.normal(0, 100, 6), rng.normal(size=2)


slip = slips_of(missing_answer)


def mean_field(v, site, q, W, a, b):
    x = sigmoid(v @ W + b) @ W.T + a
    return softmax(x[:, site * q : (site + 1) * q])


def blank(v, site, q):
    v = v.copy()
    v[:, site * q : (site + 1) * q] = 0
    return v


def beside_the_old(v, site, q):
    """A second answer is marked, and the old one stays."""
    return np.maximum(filled(v, site, q), v[:, None, :])


def from_column(v, site, q):
    rows = np.repeat(v[:, None, :], q, axis=1)
    rows[:, :, site : site + q] = np.eye(q)
    return rows


MISTAKES = {
    "the sign is flipped: p(v) is proportional to exp(−F(v)).": slip(share=lambda x: softmax(-x)),
    "the old answer was left in place: clear the site's q columns before you fill one in.":
        slip(fill=beside_the_old),
    "this is right for site 0. Site number `site` takes the columns from site·q on.":
        slip(site=missing),
    "the signs of the biases are flipped.": slip(a=negated, b=negated),
    "the other answers do not enter: your rows are 0 outside the site.": slip(v=missing),
    "you pass means up and down again. That uses the answer that is meant to be missing, and the "
    "mean of h in place of h.": mean_field,
    "you leave the site blank and pass means up and down again. A blank site is not a state of the "
    "machine, and the mean of h is not h: sum the hidden units out instead.":
        lambda v, site, q, *machine: mean_field(blank(v, site, q), site, q, *machine),
    "only the biases are used: the other answers do not matter in your result.": slip(W=missing),
    "these are exp(−F), not yet divided by their sum over the q answers.":
        Ways(slip(share=np.exp), slip(share=lambda x: np.exp(x - x.max(axis=1, keepdims=True)))),
    "these are the free energies; the question asks for the softmax of −F.": slip(share=negated),
    "you divide the numbers −F by their sum. Probabilities are proportional to exp(−F).":
        slip(share=lambda x: x / x.sum(axis=1, keepdims=True)),
    "you normalise over the rows (people), for each answer; each row sums to 1 instead.":
        slip(share=lambda x: softmax(x.T).T),
    "the answer is filled in from column `site` on. Site number `site` begins at site·q.":
        slip(fill=from_column),
    "you sum over all answers of all rows: normalise each row by itself.":
        slip(share=lambda x: np.exp(x) / np.exp(x).sum()),
}  # fmt: skip

EXERCISE = exercise(__doc__, missing_answer, cases, MISTAKES, FORMULA)
