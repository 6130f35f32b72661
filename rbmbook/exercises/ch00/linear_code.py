"""Exercise 00.2: what a linear code loses on pictures it has not seen."""

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of


def mean_picture(train, unseen=None):
    return train.mean(axis=0)


def principal(train, k, centre=mean_picture):
    """The k directions of the largest singular values of the pictures less their centre."""
    return np.linalg.svd(train - centre(train), full_matrices=False)[2][:k]


def mean_square(pictures, rebuilt):
    return np.mean((pictures - rebuilt) ** 2)


def unseen_error(train, unseen, k, *, fit=principal, mean=mean_picture, added=1, error=mean_square):
    """Mean squared error on `unseen` of the code with k numbers that was fitted to `train`."""
    directions, centre = fit(train, k), mean(train, unseen)
    return error(unseen, added * centre + (unseen - centre) @ directions.T @ directions)


def cases(rng):
    for n, m, n_visible, k in [(6, 4, 3, 1), (9, 3, 5, 2), (12, 1, 4, 3), (7, 9, 8, 2)]:
        spread = np.arange(1, n_visible + 1)
        train = rng.standard_normal((n, n_visible)) * spread + 2.0
        yield train, rng.standard_normal((m, n_visible)) * spread[::-1] + 1.0, k


slip = slips_of(unseen_error)


def about(centre):
    """The directions found about another centre."""
    return lambda train, k: principal(train, k, centre)


def own_mean(X):
    """The mean of each picture's pixels."""
    return X.mean(axis=1, keepdims=True)


def nothing(train, unseen=None):
    return 0.0


def scaled_pixels(train, unseen, k):
    scale = train.std(axis=0)
    rescaled = slip(error=lambda x, y: mean_square(x * scale, y * scale))
    return rescaled(train / scale, unseen / scale, k)


def mean_square_of_codes(train, unseen, k):
    return np.mean(((unseen - train.mean(axis=0)) @ principal(train, k).T) ** 2)


def spread(train, unseen, k):
    return mean_square(unseen, train.mean(axis=0))


MISTAKES = {
    "this is the error on the training pictures. Fit the code to `train`, then rebuild the "
    "pictures of `unseen` with it.": slip(unseen="train"),
    "you fit the code to the unseen pictures: mean and directions come from `train` alone.":
        slip(train="unseen"),
    "you subtract the mean of the unseen pictures. The mean belongs to the code, and the code was "
    "fitted to `train`.": slip(mean=lambda train, unseen: unseen.mean(axis=0)),
    "the mean is not taken off. Subtract the mean picture before the SVD and add it again after "
    "decoding.": slip(fit=about(nothing), mean=nothing),
    "the mean is taken off before the SVD, and has to be taken off the unseen pictures too.":
        slip(mean=nothing),
    "the mean is taken off and not added again after decoding.": slip(added=0),
    "you keep the k directions with the smallest singular values. The SVD sorts the largest first.":
        slip(fit=lambda train, k: principal(train, None)[::-1][:k]),
    "the unseen pictures take part in the fit: you join them to `train`. Mean and directions come "
    "from `train` alone.":
        lambda train, unseen, k: unseen_error(np.concatenate([train, unseen]), unseen, k),
    "the mean is not taken off before the SVD, so its first direction points at the mean picture.":
        slip(fit=about(nothing)),
    "the mean you take off is one number for all pixels. The mean picture has one number for each "
    "pixel: average over the pictures, axis 0.":
        slip(fit=about(np.mean), mean=lambda train, unseen: train.mean()),
    "you take off from each picture the mean of its own pixels. The mean picture is an average "
    "over pictures: axis 0.":
        slip(fit=about(own_mean), mean=lambda train, unseen: own_mean(unseen)),
    "you divide the pixels by their standard deviations. That is another code: take off the mean "
    "alone.": scaled_pixels,
    "you clip the rebuilt pictures to the range from 0 to 1. These pictures have other values; "
    "compare what the code gives.": slip(error=lambda x, y: mean_square(x, np.clip(y, 0, 1))),
    "you return the largest squared difference; their mean is asked for.":
        slip(error=lambda x, y: ((x - y) ** 2).max()),
    "the differences are not squared, so that those above and below cancel; the mean *squared* "
    "difference is asked for.": slip(error=lambda x, y: np.mean(x - y)),
    "this is how far the pictures are from the mean picture. Code and decode them first: the error "
    "is what is left.": spread,
    "you take the mean of the errors' norms, a root for each picture. The mean squared difference "
    "is asked for.": slip(error=lambda x, y: np.linalg.norm(x - y, axis=1).mean()),
    "you average absolute differences; the mean *squared* difference is asked for.":
        slip(error=lambda x, y: np.abs(x - y).mean()),
    "this is the mean square of the code's numbers. Decode them, and compare the result with the "
    "pictures.": mean_square_of_codes,
    "the rows you take are those of the SVD's *first* result, which belong to the pictures. The "
    "directions are the rows of its last one.":
        slip(fit=lambda train, k: np.linalg.svd(train - train.mean(0), full_matrices=False)[0][:k]),
    "the directions are the *rows* of the SVD's last result; you take columns.":
        slip(fit=lambda train, k: principal(train, None)[:, :k].T),
    "you sum over the pixels. The mean over all pictures and pixels is asked for.":
        slip(error=lambda x, y: mean_square(x, y) * x.shape[1]),
    "you sum over all pictures and pixels; their mean is asked for.":
        slip(error=lambda x, y: mean_square(x, y) * x.size),
    "you return the square root; the mean *squared* difference is asked for.":
        slip(error=lambda x, y: np.sqrt(mean_square(x, y))),
    "you keep one direction too many.": slip(k=lambda k: k + 1),
    "you keep one direction too few.": slip(k=lambda k: k - 1),
    "this is what the code keeps; the error is what it loses.":
        lambda *args: spread(*args) - unseen_error(*args),
}  # fmt: skip

EXERCISE = exercise(__doc__, unseen_error, cases, MISTAKES)
