"""Exercise 16.4: two unknown sites."""

import numpy as np

from ..exercise import exercise
from ..machines import random_machine
from ..mistakes import Ways, missing, slips_of
from ..numerics import normalised, sigmoid, softplus


def columns(site, q):
    return slice(site * q, (site + 1) * q)


def emptied(v, *places):
    v = v.copy()
    for place in places:
        v[:, place] = 0
    return v


def over_pairs(scores):
    """The softmax over all pairs of states of each row."""
    return normalised(scores, axis=(1, 2))


def two_unknown(
    W, a, b, v, r, t, q, *, place=columns, empty=lambda *places: places, unit=softplus,
    sum_of_biases=np.add, answer=over_pairs,
):  # fmt: skip
    """The softmax over all pairs of states of −F with these states filled in."""
    at_r, at_t = place(r, q), place(t, q)
    inputs = emptied(v, *empty(at_r, at_t)) @ W + b
    pairs = W[at_r][:, None, :] + W[at_t]
    biases = sum_of_biases(a[at_r][:, None], a[at_t])
    return answer(biases + unit(inputs[:, None, None, :] + pairs).sum(axis=-1))


def cases(rng):
    for n, sites, q, H, r, t in [(1, 2, 2, 1, 0, 1), (3, 3, 3, 2, 2, 0), (4, 4, 2, 3, 1, 3)]:
        W, a, b = random_machine(rng, sites * q, H, scale=1.5)
        v = np.eye(q)[rng.integers(q, size=(n, sites))].reshape(n, sites * q)
        yield W, a, b, v, r, t, q
    W, a, b = random_machine(rng, 9, 2, scale=400.0)
    v = np.eye(3)[rng.integers(3, size=(2, 3))].reshape(2, 9)
    yield W, a, b, v, 0, 2, 3


slip = slips_of(two_unknown)


def product(p, other):
    return p[:, :, None] * other[:, None, :]


def product_of_margins(*args):
    p = two_unknown(*args)
    return product(p.sum(axis=2), p.sum(axis=1))


def one_at_a_time(W, a, b, v, r, t, q):
    """Each site by itself as in (16.1), the other left as it is written, multiplied."""
    alone = []
    for site in (r, t):
        at = columns(site, q)
        x = emptied(v, at) @ W + b
        alone.append(normalised(a[at] + softplus(x[:, None, :] + W[at]).sum(axis=-1), axis=1))
    return product(*alone)


def both_left_out(W, a, b, v, r, t, q):
    """Each site by itself, the other one empty, multiplied."""
    return one_at_a_time(W, a, b, emptied(v, columns(r, q), columns(t, q)), r, t, q)


def mean_field(W, a, b, v, r, t, q):
    places = columns(r, q), columns(t, q)
    x = sigmoid(emptied(v, *places) @ W + b) @ W.T + a
    return product(*(normalised(x[:, at], axis=1) for at in places))


MISTAKES = {
    "the two sites are exchanged: the state of `r` runs along axis 1, that of `t` along axis 2.":
        slip(r="t", t="r"),
    "the visible biases of the two sites are missing.": slip(a=missing),
    "the hidden biases are missing.": slip(b=missing),
    "the sign is flipped: a state with a lower free energy is more probable.":
        slip(answer=lambda scores: over_pairs(-scores)),
    "what is written at the two sites still enters: empty them before you fill in a pair.":
        slip(empty=lambda at_r, at_t: ()),
    "site `r` still has what is written there: empty both sites.":
        slip(empty=lambda at_r, at_t: (at_t,)),
    "site `t` still has what is written there: empty both sites.":
        slip(empty=lambda at_r, at_t: (at_r,)),
    "this is the product of the two margins. The hidden units tie the two sites together: fill in "
    "pairs.": product_of_margins,
    "each site is taken by itself, with the other as it is written. Both are unknown.":
        one_at_a_time,
    "each site is taken by itself, with the other one left out. The pair shares the hidden units: "
    "one softplus for the inputs of both.": both_left_out,
    "you go up with means and down again. A mean of h is not h: sum the hidden units out, with a "
    "softplus.": mean_field,
    "site number r takes the columns from r·q on, not from r on.":
        slip(place=lambda site, q: slice(site, site + q)),
    "the visible biases of site `t` are missing.": slip(sum_of_biases=lambda of_r, of_t: of_r),
    "the visible biases of site `r` are missing.": slip(sum_of_biases=lambda of_r, of_t: of_t),
    "the inputs of the hidden units are summed without a softplus: sum each unit out.":
        slip(unit=lambda x: x),
    "the known sites do not enter: what is written there belongs to the inputs.": slip(v=missing),
    "you normalise along axis 2 alone: that is p(t | r). The pairs of a row sum to 1.":
        slip(answer=lambda scores: normalised(scores, axis=2)),
    "you normalise along axis 1 alone: that is p(r | t). The pairs of a row sum to 1.":
        slip(answer=lambda scores: normalised(scores, axis=1)),
    "you normalise over the rows as well: each row by itself sums to 1.":
        slip(answer=lambda scores: normalised(scores)),
    "these are not normalised: divide by the sum over all pairs of states.":
        Ways(
            slip(answer=np.exp),
            slip(answer=lambda scores: np.exp(scores - scores.max(axis=(1, 2), keepdims=True))),
        ),
    "these are the scores, −F up to a constant; their softmax over the pairs is asked for.":
        slip(answer=lambda scores: scores),
}  # fmt: skip

EXERCISE = exercise(__doc__, two_unknown, cases, MISTAKES)
