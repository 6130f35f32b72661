"""Exercise 16.1: stars of films that were not rated."""

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of


def to_all_films(p, chosen):
    """p(s) ∝ p(s | rated) / p(rated | s), times p(not rated | s)."""
    return p * (1 - chosen) / chosen


def each_row(x):
    return x / x.sum(axis=1, keepdims=True)


def unrated_stars(p, chosen, *, weights=to_all_films, normalise=each_row):
    """p(s | not rated): what leads from the rated films to all of them, and on to the unrated."""
    return normalise(weights(p, chosen))


def cases(rng):
    yield np.array([[0.25, 0.75]]), np.array([0.5, 0.9])
    yield np.array([[0.0, 0.5, 0.5], [0.2, 0.3, 0.5]]), np.array([0.05, 0.1, 0.6])
    for n, q in [(4, 5), (3, 3), (5, 4)]:
        yield rng.dirichlet(np.ones(q), size=n), rng.uniform(0.05, 0.95, size=q)


slip = slips_of(unrated_stars)

MISTAKES = {
    "this is p(stars | rated), as it was given. It would be right if the choice did not depend on "
    "the stars.": lambda p, chosen: p,
    "this is p(stars) of all films; go on to those that were not rated.":
        slip(weights=lambda p, chosen: p / chosen),
    "you take `p` for p(stars) of all films. It is that of rated films: divide by the probability "
    "of being rated first.": slip(weights=lambda p, chosen: p * (1 - chosen)),
    "this is upside down: stars that are often rated are *rarer* among the unrated.":
        slip(weights=lambda p, chosen: p * chosen / (1 - chosen)),
    "you multiply by the probability of being rated, which is in `p` already.":
        slip(weights=lambda p, chosen: p * chosen),
    "you divide `p` by the probability of not being rated; divide by that of being rated, and "
    "multiply by this one.": slip(weights=lambda p, chosen: p / (1 - chosen)),
    "these are not normalised: each row has to sum to 1.": to_all_films,
    "p(stars) of all films, not normalised; go on to those that were not rated.":
        lambda p, chosen: p / chosen,
    "you take `p` for p(stars) of all films, and the rows are not normalised.":
        lambda p, chosen: p * (1 - chosen),
    "you normalise over all rows together: each row by itself sums to 1.":
        slip(normalise=lambda x: x / x.sum()),
    "you normalise over the rows, axis 0; the stars of a row are along axis 1.":
        slip(normalise=lambda x: x / x.sum(axis=0)),
    "1 − p is not the probability of the stars of an unrated film. Use Bayes' rule.":
        lambda p, chosen: 1 - p,
    "1 − p, normalised, is not the distribution of the stars of unrated films. Use Bayes' rule.":
        slip(weights=lambda p, chosen: 1 - p),
    "`p` is p(stars | rated), so `p * chosen` has no meaning. Divide by `chosen`, which leads back "
    "to all films, then multiply by `1 - chosen`.": slip(weights=lambda p, chosen: 1 - p * chosen),
    "`p` does not enter: what is known about each row is lost.": slip(p=np.ones_like),
    "`chosen` is read from the wrong end: `chosen[0]` belongs to one star.": slip(chosen=np.flip),
}  # fmt: skip

EXERCISE = exercise(__doc__, unrated_stars, cases, MISTAKES)
