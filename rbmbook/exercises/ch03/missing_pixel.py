"""Exercise 03.3: a missing pixel, given the others."""

import numpy as np

from ..exercise import exercise
from ..free_energies import with_free_energy
from ..machines import free_energy, random_machine, random_states_first_on
from ..mistakes import in_terms_of, slips_of
from ..numerics import sigmoid
from .hidden_state import hidden_free_energy, largest_terms, mean_terms

FORMULA = "F has −aᵀv and minus softplus of +b_j + Σ_i v_i W_ij."


def off_and_on(v, i):
    """The pictures with pixel i off, and with pixel i on."""
    off, on = v.copy(), v.copy()
    off[:, i], on[:, i] = 0.0, 1.0
    return off, on


def missing_pixel(
    v, i, W, a, b,
    *, pair=off_and_on, energy=free_energy, answer=lambda off, on: sigmoid(off - on),
):  # fmt: skip
    """P(v_i = 1 | other pixels) = σ(F(v_i = 0) − F(v_i = 1))."""
    off, on = pair(v, i)
    return answer(energy(off, W, a, b), energy(on, W, a, b))


def cases(rng):
    # The sign makes the pixel likelier off in two of the cases.
    for n, n_visible, n_hidden, i, scale, sign in [
        (4, 2, 1, 0, 1, -1), (6, 4, 4, 1, 2, 1), (5, 5, 3, 4, 1, -1), (3, 4, 5, 2, 300, 1),
        (8, 3, 2, 1, 0.3, 1),
    ]:  # fmt: skip
        v = random_states_first_on(rng, n, n_visible)
        v[1, i] = 0.0
        W, a, b = random_machine(rng, n_visible, n_hidden, scale)
        yield v, i, sign * W, sign * a, b


slip = slips_of(missing_pixel)


def by_means(filled):
    """The mean of h, sent down; filled(v, i) has something at the missing pixel."""
    of_filled = in_terms_of(lambda v, i, W, a, b: (filled(v, i), W, a[i], b, W[i]))
    return of_filled(lambda v, W, bias, b, row: sigmoid(sigmoid(v @ W + b) @ row + bias))


def row_off_and_on(v, i):
    """`v[i]` for `v[:, i]`: picture i instead of pixel i."""
    off, on = v.copy(), v.copy()
    off[i], on[i] = 0.0, 1.0
    return off, on


MISTAKES = {
    "you return the probability that the pixel is off. The state with the *lower* free energy is "
    "the likelier: F(off) − F(on) in the sigmoid.": slip(answer=lambda off, on: sigmoid(on - off)),
    "you compute the mean of h from the picture as it stands and send it down. The missing pixel "
    "took part in that, and the mean of h is not h.": by_means(lambda v, i: v),
    "you compare the picture as it stands with the pixel switched on; where it is on already, that "
    "is a comparison with itself. Compare off with on.":
        slip(pair=lambda v, i: (v, off_and_on(v, i)[1])),
    "you return the probability that the pixel is as `v` says. The probability that it is on is "
    "asked for.": slip(pair=lambda v, i: (np.where(np.arange(v.shape[1]) == i, 1 - v, v), v)),
    "right for small parameters, but exp(−F) overflows for large ones, and ∞ / ∞ is not a number. "
    "Only the difference of the two free energies counts: σ(F(off) − F(on)) exponentiates nothing "
    "large.": slip(answer=lambda off, on: np.exp(-on) / (np.exp(-off) + np.exp(-on))),
    "right for small parameters, but log(1 + exp(x)) overflows for large x, and then F is −∞ for "
    "both pictures. Write softplus as max(x, 0) + log(1 + exp(−|x|)), or `np.logaddexp`.":
        slip(energy=lambda v, W, a, b: -v @ a - np.log(1 + np.exp(v @ W + b)).sum(axis=1)),
    "a ratio of free energies has no meaning: only differences of F count. Probabilities are "
    "proportional to exp(−F).": slip(answer=lambda off, on: on / (off + on)),
    "you return F(off) − F(on), the logarithm of the odds. Its sigmoid is asked for.":
        slip(answer=np.subtract),
    "you return the odds P / (1 − P), not P. Divide them by 1 + odds.":
        slip(answer=lambda off, on: np.exp(off - on)),
    "you return 0 or 1, the likelier value. The probability is asked for.":
        slip(answer=lambda off, on: (off > on) * 1.0),
    "you switch the missing pixel off and send the mean of h down. Unknown is not off, and the "
    "mean of h is not h: compare the free energies of both pictures.":
        by_means(lambda v, i: off_and_on(v, i)[0]),
    "you switch the missing pixel on and send the mean of h down. Unknown is not on, and the mean "
    "of h is not h: compare the free energies of both pictures.":
        by_means(lambda v, i: off_and_on(v, i)[1]),
    "all your answers are ½: you compare a picture with itself. `on = off` makes no copy, both "
    "names then mean one array.": slip(pair=lambda v, i: (v, v)),
    "you change picture `i`, not pixel `i`: a row of `v` is a picture, so the pixel is `v[:, i]`.":
        slip(pair=row_off_and_on),
    "you compare the lowest energies of the two pictures. The other hidden states count, too: "
    "compare free energies.":
        slip(energy=lambda v, W, a, b: hidden_free_energy(v, W.T, b, a, visible=largest_terms)),
    "you compare the mean energies of the two pictures. F is the mean energy minus the entropy.":
        slip(energy=lambda v, W, a, b: hidden_free_energy(v, W.T, b, a, visible=mean_terms)),
    "that is exp(−F) of the picture with the pixel on. Divide it by the sum over both pictures.":
        slip(answer=lambda off, on: np.exp(-on)),
    "you return min(1, odds). A ratio of probabilities is no probability, and cutting it off at 1 "
    "makes it none: divide the odds by 1 + odds.":
        slip(answer=lambda off, on: np.exp(np.minimum(0, off - on))),
    "the sign of the difference is lost: you return the probability of the *likelier* value. The "
    "probability of on is asked for.": slip(answer=lambda off, on: sigmoid(np.abs(off - on))),
    "the softplus terms have the wrong sign in your free energy: (3.6) has a minus before each of "
    "its two sums.": slip(energy=lambda v, W, a, b: -2 * v @ a - free_energy(v, W, a, b)),
    "you add the two free energies; their difference counts, F(off) − F(on).":
        slip(answer=lambda off, on: sigmoid(off + on)),
    "that is the sigmoid of F(on). Both pictures count: F(off) − F(on).":
        slip(answer=lambda off, on: sigmoid(on)),
    "that is the sigmoid of F(off). Both pictures count: F(off) − F(on).":
        slip(answer=lambda off, on: sigmoid(off)),
    "that is the sigmoid of −F(on). Both pictures count: F(off) − F(on).":
        slip(answer=lambda off, on: sigmoid(-on)),
    **with_free_energy(lambda energy: slip(energy=energy), "no a", "−hidden", "max"),
}  # fmt: skip

EXERCISE = exercise(__doc__, missing_pixel, cases, MISTAKES, FORMULA)
