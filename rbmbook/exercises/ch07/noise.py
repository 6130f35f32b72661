"""Exercise 07.2: the noise of CD-k."""

import numpy as np
from numpy.linalg import matrix_power

from ..exercise import exercise
from ..machines import all_states, block_matrix, machine_in_eighths, random_states
from ..mistakes import Ways, averaged, slips_of


def numbers(v):
    """The number of each row among all states: the first unit is the highest digit."""
    return (v @ 2 ** np.arange(v.shape[1] - 1, -1, -1)).astype(int)


def rows_of_power(T, k, v):
    """Where a chain is after k steps from each row of v, (n, 2^D)."""
    return matrix_power(T, k)[numbers(v)]


def deviation(m, v):
    """The standard deviation of a mean of independent units that are on with probability m."""
    return np.sqrt((m * (1 - m)).sum(axis=0)) / len(v)


def cd_noise(v, W, a, b, k, *, after=rows_of_power, scatter=deviation):
    """√(Σ_r m_ri (1 − m_ri)) / n, with the means m_r of the chain from row r."""
    return scatter(after(block_matrix(W, a, b), k, v) @ all_states(len(a)), v)


def cases(rng):
    # The fourth is square: a and b can be exchanged.
    sizes = [(5, 3, 2, 2), (7, 4, 3, 1), (6, 3, 4, 5), (4, 3, 3, 1), (1, 2, 1, 1)]
    for n, n_visible, n_hidden, k in sizes:
        v = random_states(rng, n, n_visible)
        yield v, *machine_in_eighths(rng, n_visible, n_hidden, 1.5), k


slip = slips_of(cd_noise)


def scatter(of):
    return slip(scatter=of)


MISTAKES = {
    "this is the variance; the standard deviation is its root.":
        scatter(lambda m, v: deviation(m, v) ** 2),
    "this is the scatter of one chain; the mean of n independent ones scatters less, by 1/√n "
    "(6.1).": scatter(lambda m, v: deviation(m, v) * np.sqrt(len(v))),
    "this is the scatter of the sum over the rows; da is their mean.":
        scatter(lambda m, v: deviation(m, v) * len(v)),
    "you divide by n once too often: the variance of a mean is the sum of the variances divided by "
    "n².": scatter(lambda m, v: deviation(m, v) / np.sqrt(len(v))),
    "you average the chains' distributions first, as if the starts were random too. The rows are "
    "given: add up the variances of the single chains.":
        scatter(lambda m, v: deviation(averaged(m), v)),
    "this is the noise of chains that have reached p; after k steps they still know where they "
    "started.": slip(k=lambda k: 10_000),
    "you average standard deviations; variances add up, standard deviations do not.":
        Ways(
            scatter(lambda m, v: np.sqrt(m * (1 - m)).mean(axis=0)),
            scatter(lambda m, v: np.sqrt(m * (1 - m)).mean(axis=0) / np.sqrt(len(v))),
            scatter(lambda m, v: np.sqrt(m * (1 - m)).mean(axis=0) / len(v)),
            scatter(lambda m, v: np.sqrt(m * (1 - m)).sum(axis=0)),
        ),
    "this is how the expected differences scatter from row to row; the question is how da scatters "
    "when the same rows are used again.":
        scatter(lambda m, v: (v - m).std(axis=0) / np.sqrt(len(v))),
    "the root is missing, and the variance of a mean is the sum of the variances divided by n².":
        scatter(lambda m, v: (m * (1 - m)).mean(axis=0)),
    "this is the variance of the sum over the rows. da is their mean (divide by n²), and a "
    "standard deviation is a root.": scatter(lambda m, v: (m * (1 - m)).sum(axis=0)),
    "this is the probability of each unit after k steps, averaged over the chains; the question is "
    "how far their mean scatters.": scatter(lambda m, v: m.mean(axis=0)),
    "m is the mean square of a unit that is 0 or 1; its variance is m − m².":
        scatter(lambda m, v: np.sqrt(m.sum(axis=0)) / len(v)),
    "this is the mean square of v − v(k), start and all. The mean of the difference is not 0: "
    "subtract its square.": scatter(lambda m, v: np.sqrt((v + m - 2 * v * m).sum(axis=0)) / len(v)),
    "you add the scatter of the rows of v; they are given, only the chains are random.":
        scatter(lambda m, v: np.sqrt(deviation(m, v) ** 2 + v.var(axis=0) / len(v))),
    "you divide by n − 1: nothing is estimated from a sample here, the variances are known.":
        scatter(lambda m, v: deviation(m, v) * np.sqrt(len(v) / max(len(v) - 1, 1))),
    "every row has its own chain; you count a row that occurs twice only once.":
        lambda v, *rest: cd_noise(np.unique(v, axis=0), *rest),
    "`T**k` raises every entry of T to the power k; k steps are the matrix power.":
        slip(after=lambda T, k, v: (T**k)[numbers(v)]),
    "you take columns of T^k. Row v holds where a chain from v ends.":
        slip(after=lambda T, k, v: matrix_power(T, k).T[numbers(v)]),
    "your rows of T^k belong to other states: the first unit is the highest digit of a state's "
    "number, as in `rb.exact.states`.": slip(after=lambda T, k, v: rows_of_power(T, k, v[:, ::-1])),
    "you take one step only, whatever k is.": slip(k=lambda k: 1),
}  # fmt: skip

EXERCISE = exercise(__doc__, cd_noise, cases, MISTAKES)
