"""Exercise 04.1: the mean log-likelihood of a data set."""

import numpy as np

from ..exercise import exercise
from ..free_energies import with_free_energy
from ..machines import all_states, free_energy, minus_free_energy, random_machine, random_states
from ..mistakes import slips_of
from ..numerics import log_sum_exp, sigmoid, softplus

FORMULA = "F(v) has −aᵀv and minus the softplus of +b_j + Σ_i v_i W_ij."


def mean_log_p(F, all_F):
    """The mean of −F − log Z, from the free energies of the data and of all states."""
    return -F.mean() - log_sum_exp(-all_F)


def log_likelihood(v, W, a, b, *, energy=free_energy, energy_in_z=free_energy, answer=mean_log_p):
    """Mean over the rows of v of log p(v) = −F(v) − log Z, in nats."""
    return answer(energy(v, W, a, b), energy_in_z(all_states(len(a)), W, a, b))


def cases(rng):
    for n, n_visible, n_hidden, scale in [(3, 2, 1, 1), (7, 4, 3, 1), (5, 3, 5, 2), (4, 3, 2, 300)]:
        yield random_states(rng, n, n_visible), *random_machine(rng, n_visible, n_hidden, scale)


slip = slips_of(log_likelihood)


def with_energy(energy):
    """Another number per state in place of F, at the data and in Z."""
    return slip(energy=energy, energy_in_z=energy)


def with_hidden(term):
    """The same, with another function of a hidden unit's input in place of softplus."""
    return with_energy(lambda v, W, a, b: -v @ a - term(v @ W + b).sum(axis=1))


def z_of_data(v, *machine):
    seen = free_energy(np.unique(v, axis=0), *machine)
    return mean_log_p(free_energy(v, *machine), seen)


MISTAKES = {
    "log Z is missing: −F(v) is the logarithm of an unnormalised probability.":
        slip(answer=lambda F, all_F: -F.mean()),
    "you add log Z; p(v) = exp(−F(v)) / Z, and the logarithm of a quotient is a difference.":
        slip(answer=lambda F, all_F: -F.mean() + log_sum_exp(-all_F)),
    "the sign of the free energy is wrong: log p(v) = −F(v) − log Z.":
        slip(answer=lambda F, all_F: F.mean() - log_sum_exp(-all_F)),
    "the softplus terms are summed over the whole batch; sum over the hidden units only, `axis=1`.":
        slip(energy=lambda v, W, a, b: -v @ a - softplus(v @ W + b).sum()),
    "max(0, x) stands in place of softplus(x) = log(1 + exp(x)).":
        with_hidden(lambda x: np.maximum(0, x)),
    "you sum over the examples; the mean per example is asked for.":
        slip(answer=lambda F, all_F: len(F) * mean_log_p(F, all_F)),
    "this is the logarithm of the mean probability. Take the logarithm of each example first, then "
    "the mean: the examples' probabilities multiply.":
        slip(answer=lambda F, all_F: log_sum_exp(-F) - log_sum_exp(-all_F) - np.log(len(F))),
    "log Z is divided by the number of examples. It stands in every log p(v), so its mean is "
    "itself.": slip(answer=lambda F, all_F: -F.mean() - log_sum_exp(-all_F) / len(F)),
    "you sum −F over the examples and subtract log Z once. Every example has its own log Z, and "
    "the mean is asked for.": slip(answer=lambda F, all_F: -F.sum() - log_sum_exp(-all_F)),
    "that is log p relative to the likeliest state: you subtract the largest −F in place of log Z. "
    "All states count in Z.": slip(answer=lambda F, all_F: -F.mean() + all_F.min()),
    "the largest exponent was subtracted before exponentiating, but not added back to log Z.":
        slip(answer=lambda F, all_F: mean_log_p(F, all_F) - all_F.min()),
    "Z is the *sum* over all states; you take the mean over them.":
        slip(answer=lambda F, all_F: mean_log_p(F, all_F) + np.log(len(all_F))),
    "F has the wrong sign everywhere, in Z too: p(v) = exp(−F(v)) / Z.":
        with_energy(minus_free_energy),
    "this is the mean of p(v); take its logarithm for each example before the mean.":
        slip(answer=lambda F, all_F: np.exp(-F - log_sum_exp(-all_F)).mean()),
    "the sigmoid stands in place of softplus; it is the derivative of softplus.":
        with_hidden(sigmoid),
    **with_free_energy(with_energy, "max", "sigmoid"),
    **{
        f"{words[:-1]} (in log Z; at the data F is right).": mistake
        for words, mistake in with_free_energy(lambda energy: slip(energy_in_z=energy)).items()
    },
    "this is −log Z alone; subtract the free energies at the data too.":
        slip(answer=lambda F, all_F: -log_sum_exp(-all_F)),
    "Z is summed over the data only. It runs over all 2^D states, also those that do not occur in "
    "the data.": z_of_data,
}  # fmt: skip

EXERCISE = exercise(__doc__, log_likelihood, cases, MISTAKES, FORMULA)
