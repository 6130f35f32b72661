"""Exercise 07.1: contrastive divergence for weighted examples."""

import numpy as np
from numpy.random import default_rng

from ..exercise import exercise
from ..machines import machine_in_eighths, random_states
from ..mistakes import slips_of
from ..numerics import draw, logit, sigmoid

FORMULA = "The inputs are v W + b on the way up, and h Wᵀ + a on the way down."


def drawn(x, rng):
    """Each unit on with probability σ(x)."""
    return draw(sigmoid(x), rng)


def chain(v, W, a, b, k, rng, up, down):
    """The hidden states on the way, and the visible state after k steps."""
    seen = []
    for _ in range(k):
        seen.append(up(v @ W + b, rng))
        v = down(seen[-1] @ W.T + a, rng)
    return seen, v


def term(share, v, h):
    """(v hᵀ, v, h), each averaged over its rows."""
    return (v.T * share) @ h, share @ v, share @ h


def minus(x, y):
    return tuple(p - q for p, q in zip(x, y, strict=True))


def difference(share, v, h, u, g):
    """The term at the data v minus the one at the end u, with hidden means h and g."""
    return minus(term(share, v, h), term(share, u, g))


def exact(h, g, seen, rng):
    """E[h | v] at the data and at the end, though samples were seen on the way."""
    return h, g


def cd_gradient(
    v, weight, W, a, b, k, rng,
    *, walk=chain, up=drawn, down=drawn, hidden=exact, total=np.sum, terms=difference,
):  # fmt: skip
    """⟨v E[h|v]ᵀ⟩ at the data minus the same after k steps, and likewise for a and b."""
    seen, u = walk(v, W, a, b, k, rng, up, down)
    h, g = hidden(sigmoid(v @ W + b), sigmoid(u @ W + b), seen, rng)
    return terms(weight / total(weight), v, h, u, g)


def cases(rng):
    for n, n_visible, n_hidden, k in [(6, 4, 3, 1), (5, 3, 5, 3), (2, 4, 4, 2), (12, 6, 2, 10)]:
        v = random_states(rng, n, n_visible)
        weight = rng.permutation(np.arange(n) % 4 + 0.5)
        noise = default_rng(int(rng.integers(1000)))
        yield v, weight, *machine_in_eighths(rng, n_visible, n_hidden), k, noise


slip = slips_of(cd_gradient)


def both(piece):
    """The same in both half steps."""
    return slip(up=piece, down=piece)


def expected(x, rng):
    return sigmoid(x)


def ending_in_means(v, W, a, *rest):
    seen, _ = chain(v, W, a, *rest)
    return seen, sigmoid(seen[-1] @ W.T + a)


def restarted(v, W, a, b, k, *rest):
    for _ in range(k):
        end = chain(v, W, a, b, 1, *rest)
    return end


def visible_noise_first(v, W, a, b, k, rng, *_):
    for _ in range(k):
        noise = rng.random(v.shape)
        v = (noise < sigmoid(drawn(v @ W + b, rng) @ W.T + a)) * 1.0
    return [], v


def from_coins(v, W, a, b, k, rng, *draws):
    return chain(draw(np.full(v.shape, 0.5), rng), W, a, b, k, rng, *draws)


MISTAKES = {
    "both terms are the same: the chain overwrites the data. Keep v, and run the chain on an array "
    "of its own.": slip(terms=lambda s, v, h, u, g: term(0 * s, v, h)),
    "the weights are ignored: every row counts alike.": slip(weight=np.ones_like),
    "the weight multiplies the row itself, so it changes what the hidden units see. It belongs to "
    "the average.":
        lambda v, weight, *rest: cd_gradient(
            v * (weight / weight.mean())[:, None], np.ones(len(v)), *rest
        ),
    "the weights enter squared: each row's share is weight[r] / weight.sum().":
        slip(weight=np.square),
    "the data term is missing: this is minus the term at the end of the chain.":
        slip(terms=lambda s, v, h, u, g: term(-s, u, g)),
    "this is the data term alone; subtract the same at the end of the chain.":
        slip(terms=lambda s, v, h, u, g: term(s, v, h)),
    "at the end of the chain you use visible means; the last v is asked for, a sample.":
        slip(walk=ending_in_means),
    "a unit is on where its number is BELOW its probability; yours are on above it.":
        both(lambda x, rng: 1 - drawn(x, rng)),
    "you round the probabilities; compare them with random numbers instead.":
        both(lambda x, rng: (x > 0) * 1.0),
    "only the data term is weighted; the chain of row r counts weight[r] as well.":
        slip(
            terms=lambda s, v, h, u, g: minus(
                term(s, v, h), term(np.full_like(s, 1 / len(s)), u, g)
            )
        ),
    "you divide by the number of rows; divide by the sum of the weights.": slip(total=len),
    "the sign is flipped: data term minus term at the end of the chain, so that the data becomes "
    "likelier.": slip(terms=lambda s, v, h, u, g: difference(s, u, g, v, h)),
    "you sum over the batch; divide each term by the sum of the weights.":
        slip(total=lambda weight: 1),
    "you take one step only, whatever k is.": slip(k=lambda k: 1),
    "you take one step too many.": slip(k=lambda k: k + 1),
    "every step starts at the data again; go on from where the last one ended.":
        slip(walk=restarted),
    "at the end of the chain you use the hidden sample from which v was drawn; it belongs to the "
    "step before. Use E[h | v] at the last v.": slip(hidden=lambda h, g, seen, rng: (h, seen[-1])),
    "at the end of the chain you sample h once more: unbiased, but noisier than E[h | v], which is "
    "asked for wherever a statistic is formed.":
        slip(hidden=lambda h, g, seen, rng: (h, draw(g, rng))),
    "in the data term you use the sampled h; unbiased, but noisier than E[h | v].":
        slip(hidden=lambda h, g, seen, rng: (seen[0], g)),
    "the hidden means of the data are used at the end of the chain as well; compute them anew from "
    "the last v.": slip(terms=lambda s, v, h, u, g: difference(s, v, h, u, h)),
    "the sigmoid is missing: v W + b is the input, E[h | v] is its sigmoid.":
        slip(terms=lambda s, v, h, u, g: difference(s, v, logit(h), u, logit(g))),
    "dW is a difference of products of means. It should be a difference of means of products: "
    "multiply v_i and E[h_j | v] of the same row before you average.":
        slip(
            terms=lambda s, v, h, u, g: (
                np.outer(s @ v, s @ h) - np.outer(s @ u, s @ g),
                s @ (v - u),
                s @ (h - g),
            )
        ),
    "nothing is sampled: you pass means back and forth. The chain moves by samples.":
        both(expected),
    "you pass E[h | v] on to the visible layer. To move on, the chain needs a sample of h.":
        slip(up=expected),
    "you draw the visible layer's noise before the hidden layer's; in the documented order the "
    "(n, H) numbers come first.": slip(walk=visible_noise_first),
    "your chains start at coin flips; contrastive divergence starts them at the data.":
        slip(walk=from_coins),
}  # fmt: skip

EXERCISE = exercise(__doc__, cd_gradient, cases, MISTAKES, FORMULA, parts=("dW", "da", "db"))
