"""Exercise 08.3: the free-energy gap."""

import numpy as np

from ..exercise import exercise
from ..free_energies import with_free_energy
from ..machines import free_energy, random_machine, random_states
from ..mistakes import missing, slips_of
from ..numerics import sigmoid, softplus

FORMULA = "F(v) = −aᵀv − Σ_j softplus(b_j + Σ_i v_i W_ij)."


def free_energy_gap(held_out, train, W, a, b, *, F=free_energy, mean=np.mean):
    """Mean F of the held-out rows minus mean F of the training rows."""
    return mean(F(held_out, W, a, b)) - mean(F(train, W, a, b))


def cases(rng):
    for m, n, n_visible, n_hidden, scale in [(3, 5, 4, 2, 1), (1, 2, 3, 3, 1), (6, 4, 5, 7, 300)]:
        held_out, train = (random_states(rng, k, n_visible) for k in (m, n))
        machine = random_machine(rng, n_visible, n_hidden, scale)
        yield held_out, train, *machine
        if scale == 1:
            yield train, held_out, *machine  # one of the two gaps is negative


slip = slips_of(free_energy_gap)


def gap_of(F):
    return slip(F=F)


MISTAKES = {
    "the sign is flipped: the gap is held-out minus training, positive when the machine likes the "
    "training pictures better (lower F).": lambda *args: -free_energy_gap(*args),
    "this is the mean free energy of the held-out pictures alone; subtract that of the training "
    "pictures.": lambda x, y, *machine: free_energy(x, *machine).mean(),
    "this is the mean free energy of the training pictures alone; the gap is held-out minus "
    "training.": lambda x, y, *machine: free_energy(y, *machine).mean(),
    "both biases are missing: F(v) = −aᵀv − Σ_j softplus(b_j + Σ_i v_i W_ij).":
        slip(a=missing, b=missing),
    "you sum over the pictures. The two sets differ in size, so their means have to be compared.":
        slip(mean=np.sum),
    "this is the energy at the hidden means; F sums over all hidden states: softplus.":
        gap_of(lambda v, W, a, b: -v @ a - ((v @ W + b) * sigmoid(v @ W + b)).sum(axis=1)),
    "you sum the softplus over the pictures (axis 0); it is a sum over hidden units, axis 1.":
        gap_of(lambda v, W, a, b: -v @ a - softplus(v @ W + b).sum(axis=0).mean()),
    "this is the free energy of the mean picture. Take F of every picture, then the mean.":
        gap_of(lambda v, *machine: free_energy(v.mean(axis=0), *machine)),
    "you take medians; the mean log-likelihoods differ by the difference of means.":
        slip(mean=np.median),
    "the gap has a sign; you take its absolute value.": lambda *args: abs(free_energy_gap(*args)),
    "you divide both sums by the number of all pictures; each set has a mean of its own.":
        lambda x, y, *rest: slip(mean=np.sum)(x, y, *rest) / (len(x) + len(y)),
    "you clip the input, so softplus(x) stops growing; for large x it is x.":
        gap_of(lambda v, W, a, b: -v @ a - softplus(np.clip(v @ W + b, -500, 500)).sum(axis=1)),
    **with_free_energy(gap_of),
}  # fmt: skip

EXERCISE = exercise(__doc__, free_energy_gap, cases, MISTAKES, FORMULA)
