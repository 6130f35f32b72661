"""Exercise 14.1: the best linear copy without biases."""

import numpy as np

from ..exercise import exercise
from ..mistakes import Ways, slips_of

FORMULA = "The code has k numbers: all but k directions are lost."


def eigenvalues(X):
    """Eigenvalues of the matrix of second moments, the largest first."""
    return np.linalg.eigvalsh(X.T @ X / len(X))[::-1]


def least_error(X, k, *, lost=lambda values, k: values[k:].sum()):
    """Sum of the eigenvalues of XᵀX / n beyond the first k: (14.5) without the mean taken off."""
    return float(lost(eigenvalues(X), k))


def cases(rng):
    yield np.array([[2.0, 0.0], [2.0, 1.0], [2.0, -1.0]]), 1
    for n, D, k in [(6, 3, 1), (12, 5, 2), (8, 4, 3), (3, 6, 2), (5, 3, 4)]:  # last: over-complete
        yield rng.normal(size=(n, D)) * rng.uniform(0.3, 2, D) + rng.normal(0, 2, D), k


slip = slips_of(least_error)


def centred(X):
    return X - X.mean(axis=0)


def over_n_minus_1(X):
    return X * np.sqrt(len(X) / (len(X) - 1))


def centred_directions(X, k):
    """The rows as they are, projected on the principal directions of the data without its mean."""
    V = np.linalg.svd(centred(X))[2][:k]
    return float(((X - X @ V.T @ V) ** 2).sum(axis=1).mean())


def of_singular_values(function):
    return lambda X, k: float(function(np.linalg.svd(X, compute_uv=False), k, len(X)))


MISTAKES = {
    "the mean was subtracted. Without biases the machine cannot do that: use ⟨vᵀv⟩ of the data as "
    "they are. (14.5) used a mean of 0 only to leave the biases out.": slip(X=centred),
    "the mean was subtracted, and the sum divided by n − 1 (`np.cov` does both). The machine has "
    "no biases, and the mean over n rows divides by n.":
        slip(X=lambda X: over_n_minus_1(centred(X))),
    "these are the k smallest eigenvalues (they come in ascending order). All but the k *largest* "
    "are lost.": slip(lost=lambda values, k: values[::-1][:k].sum()),
    "you spend one of the k numbers on the mean and the others on principal directions. The mean "
    "is in general not one of the best directions.": lambda X, k: least_error(centred(X), k - 1),
    "you project the rows as they are, but on the directions of the data *without* its mean. The "
    "best directions are those of ⟨vᵀv⟩.": centred_directions,
    "the sum over the rows is left: the mean over the n rows is asked for.":
        lambda X, k: len(X) * least_error(X, k),
    "that is a mean over rows and columns; the squared distance is a sum over the columns.":
        lambda X, k: least_error(X, k) / X.shape[1],
    "you average the squared singular values; add them, and divide by n, the number of rows.":
        of_singular_values(lambda s, k, n: (s[k:] ** 2).mean()),
    "you divide by n − 1. A mean over n rows divides by n.": slip(X=over_n_minus_1),
    "that is the sum of the k largest eigenvalues, the part that is kept. The rest is lost.":
        slip(lost=lambda values, k: values[:k].sum()),
    "you leave out the k smallest eigenvalues (`eigvalsh` begins with the smallest) or singular "
    "values. A copy keeps the k largest, and loses the others.":
        Ways(
            slip(lost=lambda values, k: values[::-1][k:].sum()),
            of_singular_values(lambda s, k, n: (s[::-1][k:] ** 2).sum() / n),
        ),
    "you add singular values of X; their squares, over n, are the eigenvalues.":
        of_singular_values(lambda s, k, n: s[k:].sum()),
    "you add singular values over n; it is their squares that are the eigenvalues times n.":
        of_singular_values(lambda s, k, n: s[k:].sum() / n),
    "half of it: the squared distance is asked for, without the ½ of the loss.":
        lambda X, k: least_error(X, k) / 2,
    "that is a square root: the mean of the *squared* distance is asked for.":
        lambda X, k: np.sqrt(max(least_error(X, k), 0.0)),
    "that is the largest eigenvalue that is lost. All of them are: add them up.":
        slip(lost=lambda values, k: values[k]),
    "nothing is copied in your answer: that is the mean squared length of the rows.":
        slip(lost=lambda values, k: values.sum()),
}  # fmt: skip

EXERCISE = exercise(__doc__, least_error, cases, MISTAKES, FORMULA)
