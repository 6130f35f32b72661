"""Exercise 03.2: the free energy of a hidden state."""

import numpy as np

from ..exercise import exercise
from ..machines import minus_free_energy, random_machine, random_states_first_on
from ..mistakes import missing, slips_of
from ..numerics import log_sum_exp, sigmoid, softplus

FORMULA = "It is −bᵀh minus a softplus of a_i + Σ_j W_ij h_j for each visible unit i."


def summed_out(y):
    """Σ_i softplus(y_i), the logarithm of the sum over all visible states."""
    return softplus(y).sum(axis=1)


def hidden_free_energy(h, W, a, b, *, visible=summed_out):
    """−log Σ_v exp(−E(v, h)) = −bᵀh − Σ_i softplus(a_i + Σ_j W_ij h_j)."""
    return -h @ b - visible(h @ W.T + a)


def cases(rng):
    for n, n_visible, n_hidden, scale in [(3, 2, 1, 1), (3, 3, 3, 1), (5, 4, 3, 1), (3, 5, 6, 1e3)]:
        h = random_states_first_on(rng, n, n_hidden)
        yield h, *random_machine(rng, n_visible, n_hidden, scale)


def largest_terms(y):
    """In place of softplus: the free energy becomes the lowest energy, min_v E(v, h)."""
    return np.maximum(y, 0).sum(axis=1)


def mean_terms(y):
    """In place of softplus: the free energy becomes the mean energy over p(v | h)."""
    return (y * sigmoid(y)).sum(axis=1)


slip = slips_of(hidden_free_energy)

MISTAKES = {
    "that is (3.6) with h in place of v. Now the visible units are summed out, so the softplus "
    "terms run over i, and the sum inside over j.": lambda *args: -minus_free_energy(*args),
    "the sign of the term bᵀh is flipped: a positive bias lowers the energy of its unit.":
        slip(b=np.negative),
    "the sign of the softplus terms is flipped: each unit that is summed out adds to the sum and "
    "so lowers the free energy.": slip(visible=lambda y: -summed_out(y)),
    "the sign inside softplus is flipped: it takes +a_i + Σ_j W_ij h_j.":
        slip(visible=lambda y: summed_out(-y)),
    "that is the energy with the best visible state, min_v E(v, h). The other visible states count "
    "too: softplus instead of max(y, 0).": slip(visible=largest_terms),
    "that is the mean energy over p(v | h). The entropy of the visible units is missing; softplus "
    "contains both.": slip(visible=mean_terms),
    "you take softplus of the summed inputs. Each visible unit has its own softplus; sum "
    "afterwards.": slip(visible=lambda y: softplus(y.sum(axis=1))),
    "you sum exp(y_i) over the visible units, as if exactly one of them could be on. Each is on or "
    "off by itself: a factor 1 + exp(y_i) for each.": slip(visible=lambda y: log_sum_exp(y, 1)),
    "the visible biases stand outside softplus, as if all visible units were on. They belong "
    "inside: a_i + Σ_j W_ij h_j.": lambda h, W, a, b: slip(a=missing)(h, W, a, b) - a.sum(),
    "the visible bias occurs twice. It is inside softplus; the term in front is −bᵀh.":
        lambda h, W, a, b: hidden_free_energy(h, W, a, b) - a.sum(),
    "you take the mean over the visible units. Each adds its softplus: sum them.":
        slip(visible=lambda y: softplus(y).mean(axis=1)),
    "that is σ where softplus belongs; σ is its derivative.":
        slip(visible=lambda y: sigmoid(y).sum(axis=1)),
    "you take the logarithm of softplus. Softplus is the logarithm already: log Π_i "
    "(1 + exp(y_i)) = Σ_i softplus(y_i).": slip(visible=lambda y: np.log(softplus(y)).sum(axis=1)),
    "that is Σ_v exp(−E), the sum itself. Minus its logarithm is asked for.":
        lambda *args: np.exp(-hidden_free_energy(*args)),
    "you sum the softplus terms over the rows. Each row of `h` has a free energy: sum over the "
    "visible units, `axis=1`.": slip(visible=lambda y: softplus(y).sum(axis=0)),
    "the softplus terms are summed over the whole batch. Sum them over the visible units of each "
    "row, `axis=1`.": slip(visible=lambda y: softplus(y).sum()),
    "the softplus is missing: the inputs themselves are summed.":
        slip(visible=lambda y: y.sum(axis=1)),
    "that is the term −bᵀh alone. Each visible unit that is summed out adds a softplus.":
        slip(visible=lambda y: 0),
    "that is the sum of the softplus terms. F is minus it, and has the term −bᵀh.":
        lambda h, W, a, b: summed_out(h @ W.T + a),
}  # fmt: skip

EXERCISE = exercise(__doc__, hidden_free_energy, cases, MISTAKES, FORMULA)
