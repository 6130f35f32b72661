"""Exercise 01.1: the energies of all pairs of states."""

import numpy as np

from ..exercise import exercise
from ..machines import random_machine, random_states
from ..mistakes import NEGATED, slips_of
from .terms import flipped_terms, missing_terms

FORMULA = "W has a row for each visible unit and a column for each hidden one."


def pair_energies(v, h, W, a, b):
    """E(v, h) = −aᵀv − bᵀh − vᵀWh of every row of v with every row of h."""
    return -(v @ a)[:, None] - (h @ b)[None, :] - v @ W @ h.T


def cases(rng):
    # In the square case every product is possible, so that exchanged names, axes and orders of
    # factors give wrong numbers (which are recognised) instead of an error.
    sizes = [(3, 4, 2, 1, 1), (2, 5, 4, 3, 1), (3, 3, 3, 3, 1), (1, 3, 6, 2, 1), (4, 2, 3, 7, 1e3)]
    for n, m, n_visible, n_hidden, scale in sizes:
        v, h = random_states(rng, n, n_visible), random_states(rng, m, n_hidden)
        v[0, 0] = h[0, 0] = 1  # at least one product of units counts
        yield v, h, *random_machine(rng, n_visible, n_hidden, scale)


slip = slips_of(pair_energies)

MISTAKES = {
    "the sign is flipped: all three terms of the energy carry a minus, so that a positive "
    "parameter lowers the energy.": slip(**NEGATED),
    **missing_terms(pair_energies),
    **flipped_terms(pair_energies),
    "(1.1) is written for one state, v and h being vectors. Here each state is a row: aᵀv becomes "
    "`v @ a`, one number per row, and vᵀWh becomes a product with `v` on the left and `h.T` on the "
    "right.": lambda v, h, W, a, b: -a.T @ v - b.T @ h - v.T @ W @ h,
    "(1.1) is written for one state, v and h being vectors. Here each state is a row, and its "
    "units are the columns: aᵀv becomes `v @ a`, with `a` on the right.":
        lambda v, h, W, a, b: -a @ v - b @ h - v @ W @ h,
    "`*` multiplies entry by entry and does not add the products up. Each term of (1.1) is a sum "
    "over units: use `@`.": lambda v, h, W, a, b: -v * a - h * b - (v @ W) * h,
    "you take row t of v with row t of h only. Every row of v should meet every row of h: shape "
    "(n, m).": lambda v, h, W, a, b: -v @ a - h @ b - ((v @ W) * h).sum(axis=1),
    "`v @ a` has one number per row of v, but is added along the rows: make it a column, "
    "`(v @ a)[:, None]`.": lambda v, h, W, a, b: -v @ a - h @ b - v @ W @ h.T,
    "`h @ b` has one number per row of h, which is a column of the table, but is added to the "
    "rows.": lambda v, h, W, a, b: -(v @ a)[:, None] - (h @ b)[:, None] - v @ W @ h.T,
    "the two bias terms lie along the wrong axes: `v @ a` belongs to the rows of the table, "
    "`h @ b` to the columns.": lambda v, h, W, a, b: -v @ a - (h @ b)[:, None] - v @ W @ h.T,
    "`h` is not transposed: in `v @ W @ h` the columns of h meet the columns of `v @ W`. The sum "
    "runs over hidden units, which are the columns of h.":
        lambda v, h, W, a, b: -(v @ a)[:, None] - h @ b - v @ W @ h,
    "the interaction vᵀWh carries a factor ½. It belongs to a Boltzmann machine with one symmetric "
    "matrix, where the double sum meets each pair twice; here each pair (i, j) occurs once.":
        slip(W=lambda W: W / 2),
    "each bias term is summed over all rows. Every row of v, and every row of h, has its own: "
    "`v @ a` and `h @ b`.": lambda v, h, W, a, b: -(v @ a).sum() - (h @ b).sum() - v @ W @ h.T,
    "the two bias terms are multiplied. They add up: a column of the one plus a row of the other.":
        lambda v, h, W, a, b: -np.outer(v @ a, h @ b) - v @ W @ h.T,
    "these are Boltzmann factors exp(−E). The energies themselves are asked for.":
        lambda *args: np.exp(-pair_energies(*args)),
    "you have made −1 of every 0. A unit that is off contributes nothing.":
        slip(v=lambda v: 2 * v - 1, h=lambda h: 2 * h - 1),
    "the interaction is averaged over the hidden units; it is a sum.":
        slip(W=lambda W: W / W.shape[1]),
    "you return the size of the energy, without its sign.":
        lambda *args: np.abs(pair_energies(*args)),
    "you have subtracted the lowest energy. That changes no probability, but it does change the "
    "energies, which are asked for.": lambda *args: (E := pair_energies(*args)) - E.min(),
    "you sum over the whole table. One energy per pair is asked for, shape (n, m).":
        lambda *args: pair_energies(*args).sum(),
}  # fmt: skip

EXERCISE = exercise(__doc__, pair_energies, cases, MISTAKES, FORMULA)
