"""Exercise 06.2: the transition matrix of a single-unit sampler."""

import numpy as np

from ..exercise import exercise
from ..machines import all_states, block_matrix, machine_in_eighths, marginal, minus_free_energy
from ..mistakes import Ways, missing, slips_of
from ..numerics import sigmoid

FORMULA = "−F(v) is +aᵀv plus the softplus of +b_j + Σ_i v_i W_ij."


def neighbours(width, i):
    """The number of every state with unit i off, and with unit i on."""
    numbers, bit = np.arange(2**width), 2 ** (width - 1 - i)
    return numbers & ~bit, numbers | bit


def draws_unit(W, a, b, i, share=sigmoid):
    """The matrix of a step that draws unit i anew; share(log odds) is the chance of `on`."""
    off, on = neighbours(len(a), i)
    x = minus_free_energy(all_states(len(a)), W, a, b)
    T, p_on = np.zeros((len(x), len(x))), share(x[on] - x[off])
    T[np.arange(len(x)), on], T[np.arange(len(x)), off] = p_on, 1 - p_on
    return T


def transition_matrix(W, a, b, *, share=sigmoid):
    """The mean over i of the matrices that draw unit i from p(v_i | the others)."""
    return np.mean([draws_unit(W, a, b, i, share) for i in range(len(a))], axis=0)


def cases(rng):
    for n_visible, n_hidden, scale in [(2, 1, 1), (1, 3, 1), (3, 2, 1), (4, 3, 3)]:
        yield machine_in_eighths(rng, n_visible, n_hidden, scale)


def sweep(W, a, b):
    T = np.eye(2 ** len(a))
    for i in range(len(a)):
        T = T @ draws_unit(W, a, b, i)
    return T


def never_stays(*machine):
    T = transition_matrix(*machine)
    return T - np.diag(np.diag(T))


def stays_for(unit):
    """The diagonal of one unit alone: each one's chance to stay replaces that of another."""

    def matrix(W, a, b):
        T = draws_unit(W, a, b, range(len(a))[unit])
        return never_stays(W, a, b) + np.diag(np.diag(T)) / len(a)

    return matrix


def moves(rate):
    """The chance to move to a neighbour by p(v) (a column) and p(v′); v stays with the rest."""

    def matrix(W, a, b):
        v, p = all_states(len(a)), marginal(W, a, b)
        T = (np.abs(v[:, None] - v).sum(axis=2) == 1) * rate(p[:, None], p) / len(a)
        return T + np.diag(1 - T.sum(axis=1))

    return matrix


def mean_field(W, a, b):
    """v_i from its input when h is replaced by E[h | v]."""
    v, numbers = all_states(len(a)), np.arange(2 ** len(a))
    T, mean = np.zeros((len(v), len(v))), sigmoid(sigmoid(v @ W + b) @ W.T + a) / len(a)
    for i in range(len(a)):
        off, on = neighbours(len(a), i)
        T[numbers, on] += mean[:, i]
        T[numbers, off] += 1 / len(a) - mean[:, i]
    return T


slip = slips_of(transition_matrix)
MISTAKES = {
    "this is the matrix of block Gibbs sampling, (6.3); here one visible unit changes at most, and "
    "h is never drawn.": block_matrix,
    "e^(−F₁) / e^(−F₀) is the ratio of the two shares, not a share: divide e^(−F₁) by the sum "
    "e^(−F₀) + e^(−F₁).": slip(share=np.exp),
    "you draw v_i by a fair coin; its conditional depends on the two free energies.":
        slip(share=lambda x: np.full_like(x, 0.5)),
    "these are D steps together; the matrix of one step is asked for.":
        lambda W, a, b: np.linalg.matrix_power(transition_matrix(W, a, b), len(a)),
    "the diagonal is 1 in your matrix; it is what the other entries of the row leave of 1.":
        lambda W, a, b: never_stays(W, a, b) + np.eye(2 ** len(a)),
    "your entries are the probabilities of the pair (present, next); divide each row by "
    "p(present), so that it sums to 1.":
        lambda *machine: marginal(*machine)[:, None] * transition_matrix(*machine),
    "the columns are scaled to sum to 1; it is the rows that sum to 1, without any scaling.":
        lambda *machine: (T := transition_matrix(*machine)) / T.sum(axis=0),
    "the layers have changed places: the states are those of the *visible* units, and the hidden "
    "ones are summed over.": lambda W, a, b: transition_matrix(W.T, b, a),
    "the order of the states is reversed: the last unit changes fastest, as in "
    "`rb.exact.states(D)`.": slip(W=np.flipud, a=np.flip),
    "the two states' shares are exchanged: the lower free energy gets the larger share.":
        slip(share=lambda x: sigmoid(-x)),
    "you add up the steps of all units; each is picked with probability 1/D, so every row sums to "
    "1.": lambda W, a, b: len(a) * transition_matrix(W, a, b),
    "you draw all units one after the other; a step draws one that is picked at random.": sweep,
    "the diagonal is missing: the draw may give the old value, and then the state stays.":
        never_stays,
    "the diagonal has the share of one unit only; whichever one is picked, v may stay: add up "
    "(`+=`).": Ways(stays_for(-1), stays_for(0)),
    "you let the state change in every step. The draw may give the old value, so the diagonal is "
    "not 0.": lambda *machine: (T := never_stays(*machine)) / T.sum(axis=1, keepdims=True),
    "you use p(v') of the new state; the conditional divides by the sum of the two states that "
    "differ in unit i alone.": moves(lambda p, new: new),
    "this is the Metropolis rule, min(1, p(v') / p(v)). It keeps p too, but the question asks for "
    "a draw from the conditional, p(v') / (p(v) + p(v')).":
        moves(lambda p, new: np.minimum(1, new / p)),
    "the hidden units have no effect in your conditional; they are summed over in the free energy.":
        slip(W=missing),
    "you put E[h | v] into p(v_i = 1 | h); the conditional p(v_i | the others) sums over h: use "
    "the free energy.": mean_field,
    "every row is p(v'), as if one step forgot everything.":
        lambda W, a, b: np.tile(marginal(W, a, b), (2 ** len(a), 1)),
}  # fmt: skip

EXERCISE = exercise(__doc__, transition_matrix, cases, MISTAKES, FORMULA)
