"""Exercise 08.3: the free-energy gap, and how much of it is chance."""

import numpy as np

from ..exercise import exercise
from ..free_energies import with_free_energy
from ..machines import free_energy, random_machine, random_states
from ..mistakes import Ways, missing, slips_of
from ..numerics import sigmoid, softplus

FORMULA = "F(v) = −aᵀv − Σ_j softplus(b_j + Σ_i v_i W_ij)."


def difference(x, y):
    return x.mean() - y.mean()


def variance_of_mean(x):
    return x.var(ddof=1) / len(x)


def standard_error(x, y):
    return np.sqrt(variance_of_mean(x) + variance_of_mean(y))


def free_energy_gap(
    held_out, train, W, a, b, *, F=free_energy, gap=difference, error=standard_error
):
    """Mean F of the held-out rows minus mean F of the training rows, and its standard error."""
    x, y = F(held_out, W, a, b), F(train, W, a, b)
    return gap(x, y), error(x, y)


def cases(rng):
    for m, n, n_visible, n_hidden, scale in [(3, 5, 4, 2, 1), (4, 2, 3, 3, 1), (6, 4, 5, 7, 300)]:
        held_out, train = (random_states(rng, k, n_visible) for k in (m, n))
        held_out[:2, 0] = train[:2, 0] = 0, 1  # no set has one free energy alone
        machine = random_machine(rng, n_visible, n_hidden, scale)
        if scale > 1:
            machine[2][0] = 5000.0  # an input beyond 709, whatever was drawn
        yield held_out, train, *machine
        if scale == 1:
            yield train, held_out, *machine  # one of the two gaps is negative


slip = slips_of(free_energy_gap)


def gap_by(F):
    """Another number in the place of F, in both parts."""
    return slip(F=F)


def with_gap(gap):
    return slip(gap=gap)


def with_error(error):
    return slip(error=error)


MISTAKES = {
    "gap: the sign is flipped. It is held-out minus training, positive when the machine likes the "
    "training pictures better (lower F).": with_gap(lambda x, y: difference(y, x)),
    "gap: this is the mean free energy of the held-out pictures alone; subtract that of the "
    "training pictures.": with_gap(lambda x, y: x.mean()),
    "gap: this is the mean free energy of the training pictures alone; the gap is held-out minus "
    "training.": with_gap(lambda x, y: y.mean()),
    "both biases are missing: F(v) = −aᵀv − Σ_j softplus(b_j + Σ_i v_i W_ij).":
        slip(a=missing, b=missing),
    "gap: you sum over the pictures. The two sets differ in size, so their means have to be "
    "compared.": with_gap(lambda x, y: x.sum() - y.sum()),
    "this is the energy at the hidden means; F sums over all hidden states: softplus.":
        gap_by(lambda v, W, a, b: -v @ a - ((v @ W + b) * sigmoid(v @ W + b)).sum(axis=1)),
    "gap: this is the free energy of the mean picture. Take F of every picture, then the mean.":
        lambda x, y, *machine: (
            free_energy(x.mean(axis=0), *machine) - free_energy(y.mean(axis=0), *machine),
            free_energy_gap(x, y, *machine)[1],
        ),
    "gap: you take medians; the mean log-likelihoods differ by the difference of means.":
        with_gap(lambda x, y: np.median(x) - np.median(y)),
    "gap: it has a sign; you take its absolute value.":
        with_gap(lambda x, y: abs(difference(x, y))),
    "gap: you divide both sums by the number of all pictures; each set has a mean of its own.":
        with_gap(lambda x, y: (x.sum() - y.sum()) / (len(x) + len(y))),
    "you clip the input, so softplus(x) stops growing; for large x it is x.":
        gap_by(lambda v, W, a, b: -v @ a - softplus(np.clip(v @ W + b, -500, 500)).sum(axis=1)),
    **with_free_energy(gap_by),
    "standard error: this is the variance of the gap; a standard error is its root.":
        with_error(lambda x, y: standard_error(x, y) ** 2),
    "standard error: single pictures scatter like this. The mean of n of them scatters less: "
    "divide each variance by the number of its pictures.":
        with_error(lambda x, y: np.sqrt(x.var(ddof=1) + y.var(ddof=1))),
    "standard error: you add the two standard errors. The means are independent, so their "
    "*variances* add up.":
        with_error(lambda x, y: np.sqrt(variance_of_mean(x)) + np.sqrt(variance_of_mean(y))),
    "standard error: you subtract the variances. The gap is a difference, but both means scatter, "
    "and the scatter of the one does not undo that of the other: variances add up.":
        Ways(
            with_error(lambda x, y: np.sqrt(abs(variance_of_mean(x) - variance_of_mean(y)))),
            with_error(
                lambda x, y: abs(np.sqrt(variance_of_mean(x)) - np.sqrt(variance_of_mean(y)))
            ),
        ),
    "standard error: you divide the sums of squares by n. The variance is estimated from the "
    "pictures themselves, and so is their mean: divide by n − 1 (`ddof=1`).":
        with_error(lambda x, y: np.sqrt(x.var() / len(x) + y.var() / len(y))),
    "standard error: n − 1 belongs into the estimate of the variance alone. The variance of a mean "
    "is that divided by n.":
        with_error(
            lambda x, y: np.sqrt(x.var(ddof=1) / (len(x) - 1) + y.var(ddof=1) / (len(y) - 1))
        ),
    "standard error: this is that of the held-out mean alone. The mean of the training pictures "
    "scatters too.": with_error(lambda x, y: np.sqrt(variance_of_mean(x))),
    "standard error: this is that of the training mean alone. The mean of the held-out pictures "
    "scatters too.": with_error(lambda x, y: np.sqrt(variance_of_mean(y))),
    "standard error: you divide a standard deviation by n. The variance is divided by n, and the "
    "standard deviation by √n.":
        with_error(lambda x, y: np.hypot(x.std(ddof=1) / len(x), y.std(ddof=1) / len(y))),
    "standard error: this is the one of the mean over both sets together. The gap is a difference "
    "of two means, each with its own number of pictures.":
        with_error(lambda x, y: np.sqrt(variance_of_mean(np.concatenate([x, y])))),
    "standard error: you add up both variances and divide by all pictures. Each mean has its own: "
    "divide each variance by the number of its own pictures, then add.":
        with_error(lambda x, y: np.sqrt((x.var(ddof=1) + y.var(ddof=1)) / (len(x) + len(y)))),
}  # fmt: skip

PARTS = ("gap", "standard error")
EXERCISE = exercise(__doc__, free_energy_gap, cases, MISTAKES, FORMULA, parts=PARTS)
