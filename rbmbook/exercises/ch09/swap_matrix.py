"""Exercise 09.4: the transition matrix of a swap."""

import numpy as np

from ..exercise import exercise
from ..machines import all_states, minus_free_energy, random_machine
from ..mistakes import complement, missing, slips_of
from .tempered import log_weight, metropolis

FORMULA = "(9.5): log p_β(v) = β aᵀv + Σ_j softplus(β (b_j + Σ_i v_i W_ij)) − log Z_β."


def swap_matrix(W, a, b, low, high, *, weight=log_weight, accept=metropolis, stay=complement):
    """(v, w) → (w, v) with probability min(1, e^r), else it stays."""
    at_low, at_high = (weight(all_states(len(a)), beta, W, a, b) for beta in (low, high))
    A = accept(at_low[None, :] + at_high[:, None] - at_low[:, None] - at_high[None, :])
    pairs = np.arange(A.size).reshape(A.shape)  # row: the state at `low`; column: at `high`
    T = np.diag(stay(A.ravel()))
    T[pairs.ravel(), pairs.T.ravel()] += A.ravel()
    return T


def cases(rng):
    sizes = [(1, 1, 0.5, 1.0, 1), (2, 2, 0.0, 1.0, 1.5), (2, 3, 0.3, 0.8, 2), (3, 2, 0.4, 1.0, 1)]
    for n_visible, n_hidden, low, high, scale in sizes:
        yield *random_machine(rng, n_visible, n_hidden, scale), low, high


slip = slips_of(swap_matrix)


def equal_lost(W, a, *rest):
    """Where v = w both outcomes are the same pair, and one overwrites the other."""
    T, n = swap_matrix(W, a, *rest), 2 ** len(a)
    equal = np.arange(n) * (n + 1)
    T[equal, equal] = 0
    return T


MISTAKES = {
    "every swap is accepted; that leaves the uniform distribution alone, not π. Use (9.6).":
        slip(accept=np.ones_like),
    "the sign of r is flipped, or the two temperatures or the states of a pair are exchanged: v is "
    "at `low`; w, which changes fastest in the order of pairs, is at `high`.":
        slip(low="high", high="low"),
    "the log ratio is taken as (high − low) times a difference of free energies at β = 1. The "
    "softplus is not linear, so L_β is not β L_1: use (9.5).":
        slip(weight=lambda v, beta, *machine: beta * minus_free_energy(v, *machine)),
    "β multiplies all parameters: in (9.5) the hidden bias is inside the bracket with β.":
        slip(weight=lambda v, beta, W, a, b: minus_free_energy(v, beta * W, beta * a, b)),
    "an entry is below 0 or above 1: a probability is at most 1, so take min(1, e^r).":
        slip(accept=np.exp),
    "every diagonal entry is 1 in yours. It is so only where v = w; elsewhere it is 1 − A.":
        lambda *args: (T := swap_matrix(*args)) + np.diag(1 - np.diag(T)),
    "where a swap is refused, the pair stays as it is: the diagonal needs 1 − A, so that each row "
    "sums to one.": slip(stay=np.zeros_like),
    "if v = w, swapped and not swapped are the same pair: its diagonal entry is 1.": equal_lost,
    "rows and columns are exchanged: the row is the pair before the swap.":
        lambda *args: swap_matrix(*args).T,
    "the temperatures do not enter: the state v is at `low`, w at `high`.":
        slip(low=lambda low: 0, high=lambda high: 1),
    "both biases are missing in (9.5).": slip(a=missing, b=missing),
}  # fmt: skip

EXERCISE = exercise(__doc__, swap_matrix, cases, MISTAKES, FORMULA)
