"""Exercise 02.5: the exact mean after one trip back and forth."""

import numpy as np

from ..exercise import exercise
from ..machines import all_states, conditional_table, random_machine, random_states_first_on
from ..mistakes import NEGATED, slips_of
from ..numerics import normalised, sigmoid, softplus

FORMULA = "The inputs are x = v W + b on the way up, and h Wᵀ + a on the way down."


def down(h, W, a):
    """E[v | h]."""
    return sigmoid(h @ W.T + a)


def round_trip_mean(v, W, a, b, *, weigh=conditional_table, mean=down):
    """E[v' | v] = Σ_h p(h | v) σ(a + W h), over all 2^H hidden states."""
    h = all_states(len(b))
    return weigh(v @ W + b, h) @ mean(h, W, a)


def cases(rng):
    for n, n_visible, n_hidden, scale in [(3, 2, 1, 2), (4, 3, 3, 2), (2, 5, 2, 2), (3, 3, 4, 3)]:
        v = random_states_first_on(rng, n, n_visible)
        yield v, *random_machine(rng, n_visible, n_hidden, scale)


def hint(args, received, expected):
    """Whether this is one sample, or a mean over samples."""
    _, W, a, b = args
    means = down(all_states(len(b)), W, a)
    if (np.abs(received[:, None] - means).max(axis=2).min(axis=1) < 1e-6).all():
        return (
            "each row of your result belongs to a single hidden state. If you draw h, that is one "
            "sample of what can happen; its mean over all h is asked for, with weights p(h | v)."
        )
    if np.isin(received, (0, 1)).all():
        return "you return zeros and ones, a sample of v′. Its mean is asked for."
    if np.abs(received - expected).max() < 0.03:
        return (
            "near, and not exact. An average over samples of h comes near; the sum over all 2^H "
            "states of h is exact."
        )
    return (
        "not right yet. Two tables are needed: p(h | v), whose rows sum to 1, and σ(a + W h) for "
        "each h; their matrix product is the answer."
    )


slip = slips_of(round_trip_mean)


def with_hidden(up):
    """One hidden state, or one mean, sent down: up(inputs)."""
    return lambda v, W, a, b: down(up(v @ W + b), W, a)


def factors(inputs, h):
    """P(h_j | v) of every unit of every state, (n, 2^H, H)."""
    p_on = sigmoid(inputs)[:, None, :]
    return np.where(h == 1, p_on, 1 - p_on)


def marginal_of_h(v, W, a, b):
    """Averaged over p(h), not p(h | v): the start is forgotten."""
    h = all_states(len(b))
    p = normalised(h @ b + softplus(h @ W.T + a).sum(axis=1))
    return np.repeat((p @ down(h, W, a))[None], len(v), axis=0)


MISTAKES = {
    "you put the mean of h into the second sigmoid. The sigmoid is not linear: average σ(a + W h) "
    "over the states of h, each with its probability, not h itself.": with_hidden(sigmoid),
    "you use only the likeliest hidden state. The others have probability too.":
        with_hidden(lambda x: x > 0),
    "every hidden state counts the same in your average. Weigh each with p(h | v).":
        slip(weigh=lambda x, h: np.full((len(x), len(h)), 1 / len(h))),
    "the factors exp(Σ_j x_j h_j) are not normalised: divide by their sum over h, ∏_j "
    "(1 + exp(x_j)).": slip(weigh=lambda x, h: np.exp(x @ h.T)),
    "you average over p(h), which knows nothing of v. The trip starts at v: use p(h | v).":
        marginal_of_h,
    "the transpose is missing in the step down: the inputs of the visible units are `h @ W.T + a`.":
        slip(mean=lambda h, W, a: sigmoid(h @ W + a)),
    "the hidden units that are off are missing in your p(h | v): each has the factor 1 − σ(x_j).":
        slip(weigh=lambda x, h: (sigmoid(x)[:, None] ** h).prod(axis=2)),
    "you average the inputs of the visible units; their sigmoid is missing.":
        slip(mean=lambda h, W, a: h @ W.T + a),
    "the signs of all inputs are flipped: the sigmoid is 1 / (1 + exp(−input)).": slip(**NEGATED),
    "the two tables do not have their hidden states in the same order: row k of the means must "
    "belong to the state of column k of p(h | v).":
        slip(weigh=lambda x, h: conditional_table(x, h)[:, ::-1]),
    "you add up the means of all hidden states. Each counts with its probability p(h | v).":
        slip(weigh=lambda x, h: np.ones((len(x), len(h)))),
    "you weigh each hidden state with log p(h | v). The weight is the probability itself.":
        slip(weigh=lambda x, h: np.log(conditional_table(x, h))),
    "in your p(h | v) the units' probabilities are added. They are independent given v: multiply "
    "them.": slip(weigh=lambda x, h: factors(x, h).sum(axis=2)),
    "you send the inputs x_j down, without a sigmoid on the way up.": with_hidden(lambda x: x),
    "these are two trips. One is asked for.":
        lambda v, *machine: round_trip_mean(round_trip_mean(v, *machine), *machine),
    "the visible bias stands alone in the sigmoid, and the rest outside. The input is a_i + Σ_j "
    "W_ij h_j.": lambda v, W, a, b: sigmoid(a) + sigmoid(v @ W + b) @ W.T,
    "the hidden units are all off in your step down: W does not occur.":
        with_hidden(lambda x: 0 * x),
    "you return the picture you started with, `v`.": lambda v, *machine: v.copy(),
}  # fmt: skip

EXERCISE = exercise(__doc__, round_trip_mean, cases, MISTAKES, FORMULA, hint=hint)
