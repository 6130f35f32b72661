"""Exercise 12.2: room for a third machine."""

import numpy as np
from scipy.special import rel_entr, xlogy

from ..exercise import exercise
from ..machines import all_states, conditional_table, marginal, random_states
from ..mistakes import negated, slips_of
from ..numerics import normalised, sigmoid, softplus

FORMULA = (
    "On the way up the inputs are vW + b and hW′ + b′, and p₂(g) is "
    "exp(b′·g + Σ_i softplus(a′_i + Σ_k W′_ik g_k)) / Z."
)


def sent_up(weights, x, W, b):
    """Σ_x weight(x) p(y | x) of every state y of the layer above."""
    return weights @ conditional_table(x @ W + b, all_states(len(b)))


def alike(x):
    return np.full(len(x), 1 / len(x))


def from_data(v, W, a, b):
    """q̄(h), and the states h."""
    return sent_up(alike(v), v, W, b), all_states(len(b))


def of_hidden(W, a, b):
    """A machine's own p(h)."""
    return marginal(W.T, b, a)


def divergence(q, p):
    return rel_entr(q, p).sum()


def room_for_a_third(
    v, W, a, b, W2, a2, b2, *, below=from_data, above=of_hidden, measure=divergence
):
    """KL(q̄(g) ‖ p₂(g)), q̄(g) = Σ_h q̄(h) q(g | h)."""
    return measure(sent_up(*below(v, W, a, b), W2, b2), above(W2, a2, b2))


def cases(rng):
    for n, D, H, G, scale in [(3, 2, 2, 2, 1), (5, 4, 3, 2, 1), (7, 3, 4, 5, 1), (4, 3, 3, 3, 2)]:
        v = random_states(rng, n, D)
        shapes = ((D, H), D, H, (H, G), H, G)
        yield (v, *(scale * rng.standard_normal(shape) for shape in shapes))


slip = slips_of(room_for_a_third)


def of_inputs(change):
    """Sends up one row h for each row of the first machine's inputs (or of what `change` makes)."""

    def below(v, W, a, b):
        h = change(v @ W + b)
        return alike(h), h

    return slip(below=below)


def own_states(v, W, a, b):
    return of_hidden(W, a, b), all_states(len(b))


def softplus_terms(factor, weights=normalised):
    """p₂(g) with this factor before its softplus terms."""

    def above(W2, a2, b2):
        g = all_states(len(b2))
        return weights(g @ b2 + factor * softplus(g @ W2.T + a2).sum(axis=1))

    return slip(above=above)


def room_for_a_second(v, W, a, b, W2, a2, b2):
    return divergence(from_data(v, W, a, b)[0], of_hidden(W, a, b))


def with_dreams(v, W, a, b, *second):
    sent = sent_up(*own_states(v, W, a, b), second[0], second[2])
    return room_for_a_third(v, W, a, b, *second, above=lambda *_: sent)


MISTAKES = {
    "you send the means of h up; σ of a mean is not the mean of σ. Sum over the states h: "
    "q̄(g) = Σ_h q̄(h) q(g | h).": of_inputs(sigmoid),
    "you send up the likelier state of each unit of h; sum over all states, each with its "
    "probability: q̄(g) = Σ_h q̄(h) q(g | h).": of_inputs(lambda x: (x > 0) * 1.0),
    "you average h over the pictures and send one mean up; sum over the states h: q̄(g) = Σ_h "
    "q̄(h) q(g | h).": of_inputs(lambda x: sigmoid(x).mean(axis=0, keepdims=True)),
    "this is a total variation distance; (12.7) is a Kullback–Leibler divergence.":
        slip(measure=lambda q, p: 0.5 * np.abs(q - p).sum()),
    "this is the room for the second machine, KL(q̄(h) ‖ p(h)) of (12.7): one layer too low.":
        room_for_a_second,
    "this compares distributions of h, the second machine's own task. The third one replaces its "
    "distribution of g.":
        lambda v, W, a, b, *second: divergence(from_data(v, W, a, b)[0], marginal(*second)),
    "the two distributions are exchanged: in (12.7) the weights are q̄.":
        slip(measure=lambda q, p: divergence(p, q)),
    "this is Σ q̄ log p₂ alone; the possible gain is Σ q̄ log q̄ − Σ q̄ log p₂.":
        slip(measure=lambda q, p: xlogy(q, p).sum()),
    "this is −Σ q̄ log p₂ alone; Σ q̄ log q̄ is missing.":
        slip(measure=lambda q, p: -xlogy(q, p).sum()),
    "this is the entropy of q̄(g) alone; it has to be compared with p₂(g).":
        slip(measure=lambda q, p: -xlogy(q, q).sum()),
    "this is Σ q̄ log q̄ alone; it has to be compared with Σ q̄ log p₂.":
        slip(measure=lambda q, p: xlogy(q, q).sum()),
    "Σ q̄ log p₂ is added to Σ q̄ log q̄; it is subtracted.":
        slip(measure=lambda q, p: (xlogy(q, q) + xlogy(q, p)).sum()),
    "you take the mean over the states g; a divergence is a sum, and q̄ is its weight already.":
        slip(measure=lambda q, p: rel_entr(q, p).mean()),
    "all signs are flipped: inputs are vW + b and hW′ + b′.":
        slip(**dict.fromkeys(("W", "a", "b", "W2", "a2", "b2"), negated)),
    "the sign is flipped: a divergence is never negative.": lambda *args: -room_for_a_third(*args),
    "p₂(g) does not sum to one: its log Z is missing.": softplus_terms(1, np.exp),
    "this is the mean over the pictures of KL(q(g | v) ‖ p₂(g)). First average q over the "
    "pictures, then take the divergence, of q̄.":
        lambda v, *machines: np.mean([room_for_a_third(row[None], *machines) for row in v]),
    "your q̄(g) starts from the first machine's own p(h); it must start from the data.":
        slip(below=own_states),
    "you send every h up equally often; h comes from the data: q̄(g) = Σ_h q̄(h) q(g | h).":
        slip(below=lambda v, W, a, b: (alike(h := all_states(len(b))), h)),
    "you compare q̄(g) with what the first machine's own p(h) sends up; compare it with the second "
    "machine's own p₂(g), which the third one replaces.": with_dreams,
    "this adds up the room for the second machine and for the third; only the third's is asked "
    "for.": lambda *args: room_for_a_second(*args) + room_for_a_third(*args),
    "you compare q̄(g) with the second machine's distribution of h, its visible layer; g is its "
    "hidden one.": slip(above=marginal),
    "the sum over h is missing in p₂(g): it is exp(b′·g + Σ_i softplus(a′_i + Σ_k W′_ik g_k)) / Z.":
        softplus_terms(0),
    "the softplus has the wrong sign in p₂(g): it is exp(b′·g + Σ_i softplus(…)) / Z.":
        softplus_terms(-1),
    "the states g of p₂ are in another order than those of q̄.":
        slip(above=lambda W2, a2, b2: of_hidden(W2[:, ::-1], a2, b2[::-1])),
    "q̄ sums to the number of pictures: average over them.":
        slip(below=lambda v, *first: (len(v) * from_data(v, *first)[0], from_data(v, *first)[1])),
    "the biases b′ are missing on the way up from h to g.":
        lambda *args: room_for_a_third(
            *args[:-1], 0 * args[-1], above=lambda *_: of_hidden(*args[4:])
        ),
    "the biases b′ are missing in p₂(g).": slip(above=lambda W2, a2, b2: of_hidden(W2, a2, 0 * b2)),
}  # fmt: skip

EXERCISE = exercise(__doc__, room_for_a_third, cases, MISTAKES, FORMULA)
