"""Exercise 14.3: the best denoiser for masking noise."""

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of
from ..numerics import normalised

FORMULA = "p is the probability that a pixel is *erased*."


def log_factors(damaged, X, p):
    """log p for each pixel of a data row that was lost, log(1 − p) for each that was kept."""
    kept = damaged @ X.T
    return (X.sum(axis=1) - kept) * np.log(p) + kept * np.log1p(-p)


def log_likelihood(damaged, X, p, factors=log_factors):
    """log q(damaged | row), (m, n); −∞ where a row lacks a pixel that is on."""
    possible = damaged @ X.T == damaged.sum(axis=1, keepdims=True)
    return np.where(possible, factors(damaged, X, p), -np.inf)


def mean_of_rows(log_q, X):
    return normalised(log_q, axis=1) @ X


def best_denoiser(damaged, X, p, *, likelihood=log_likelihood, mean=mean_of_rows):
    """Σ_r P(row r | damaged) X_r: a row is possible if it is 1 wherever the damaged one is."""
    return mean(likelihood(damaged, X, p), X)


def cases(rng):
    yield np.array([[1.0, 0.0, 0.0]]), np.array([[1.0, 1, 0], [1, 0, 0], [0, 0, 1]]), 0.3
    for m, n, D, p in [(3, 4, 4, 0.3), (4, 4, 5, 0.7), (6, 8, 6, 0.2)]:
        X = (rng.random((n, D)) < 0.6) * 1.0
        yield X[rng.integers(n, size=m)] * (rng.random((m, D)) >= p), X, p
    X = np.concatenate([np.ones((1, 4000)), np.arange(4000)[None] % 2 * 1.0, np.ones((1, 4000))])
    X[2, :1500] = 0
    # The rows' likelihoods differ by more than exp can bridge.
    yield X[[1, 2, 0]] * (rng.random((3, 4000)) >= 0.6), X, 0.6


slip = slips_of(best_denoiser)


def flips(damaged, X, p):
    """The noise taken to flip pixels in both directions."""
    differ = damaged.sum(axis=1)[:, None] + X.sum(axis=1) - 2 * damaged @ X.T
    return differ * np.log(p) + (X.shape[1] - differ) * np.log1p(-p)


def by_factors(erased, kept):
    """Other numbers in the place of log p and log(1 − p)."""

    def factors(damaged, X, p):
        n_kept = damaged @ X.T
        return (X.sum(axis=1) - n_kept) * erased(p) + n_kept * kept(p)

    return lambda *args: log_likelihood(*args, factors)


def zeros_kept(damaged, X, p):
    """A pixel that is 0 in both taken to have been kept, with probability 1 − p."""
    return log_likelihood(damaged, X, p) + (1 - X).sum(axis=1) * np.log1p(-p)


def scaled(log_q):
    """The likelihoods, the largest of each damaged row as 1."""
    return np.exp(log_q - log_q.max(axis=1, keepdims=True))


MISTAKES = {
    "impossible rows take part: masking never turns a pixel on, so a row that is 0 where the "
    "damaged one is 1 has probability 0.": slip(likelihood=log_factors),
    "this noise flips pixels both ways. Masking only turns pixels off: a 0 always stays 0.":
        slip(likelihood=flips),
    "a pixel that is 0 in both was given the factor 1 − p. It is 0 whether it was erased or not: "
    "its factor is 1.": slip(likelihood=zeros_kept),
    "a pixel that had to be erased has the factor p; you divide by it.":
        slip(likelihood=by_factors(lambda p: -np.log(p), lambda p: np.log1p(-p))),
    "you add up probabilities. The factors of the pixels are multiplied, so add their logarithms.":
        slip(likelihood=by_factors(lambda p: p, lambda p: 1 - p)),
    "all possible rows count alike in your answer. Was every 0 of the damaged row given the factor "
    "p? Where the data row is 0 as well, the factor is 1, so that a row from which many pixels had "
    "to be erased counts less (for p below 1).":
        slip(likelihood=lambda *args: log_likelihood(*args, lambda *_: 0.0)),
    "you return the likeliest row. The mean over all possible rows is asked for.":
        slip(mean=lambda log_q, X: X[log_q.argmax(axis=1)]),
    "you normalise over the damaged rows; the probabilities of the *data* rows, given one damaged "
    "row, sum to 1.": slip(mean=lambda log_q, X: scaled(log_q) / scaled(log_q).sum(axis=0) @ X),
    "the damaged rows are returned as they are: no pixel was restored.":
        lambda damaged, X, p: damaged,
    "you return the mean of all data, which does not look at the damaged row.":
        lambda damaged, X, p: 0 * damaged + X.mean(axis=0),
    "the holes are filled with p times the mean of all data. Which rows are possible, given the "
    "pixels that are still on, does not enter.":
        lambda damaged, X, p: damaged + p * X.mean(axis=0) * (1 - damaged),
    "the holes are filled with the mean of all data. Only rows that are possible, given the pixels "
    "that are still on, may count.": lambda damaged, X, p: damaged + X.mean(axis=0) * (1 - damaged),
    "dividing by 1 − p restores the brightness on average, but fills no hole: use the data.":
        lambda damaged, X, p: damaged / (1 - p),
    "the pixels that are still on are missing from your answer: their mean is 1.":
        lambda damaged, X, p: best_denoiser(damaged, X, p) * (1 - damaged),
    "the probabilities of the data rows, given one damaged row, must sum to 1: divide by their "
    "sum.": slip(mean=lambda log_q, X: np.exp(log_q) @ X),
    "you divide by the number of data rows. The factors of the rows are not yet probabilities: "
    "divide by their sum.": slip(mean=lambda log_q, X: scaled(log_q) @ X / len(X)),
    "you return zeros and ones. The mean of zeros and ones lies between them, and the squared "
    "error is least for the mean.": lambda *args: (best_denoiser(*args) > 0.5) * 1.0,
    "subtract the largest logarithm of *each* damaged row (`axis=1`), not the largest of all: rows "
    "with smaller probabilities underflow to 0/0.":
        slip(
            mean=lambda log_q, X: (
                (q := np.exp(log_q - log_q.max())) @ X / q.sum(axis=1, keepdims=True)
            )
        ),
    "with many pixels your probabilities underflow to 0/0. Add logarithms, and subtract the "
    "largest before `exp` (chapter 01).":
        slip(mean=lambda log_q, X: (q := np.exp(log_q)) @ X / q.sum(axis=1, keepdims=True)),
}  # fmt: skip

EXERCISE = exercise(__doc__, best_denoiser, cases, MISTAKES, FORMULA)
