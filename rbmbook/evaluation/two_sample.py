"""Are two sets of examples from one distribution? Judges that ask no model for a likelihood.

`evaluate.nearest_neighbour_accuracy` is another one.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.spatial.distance import cdist, pdist

from rbmbook import validation
from rbmbook.machine.units import Gaussian


class Discrepancy(NamedTuple):
    """How far two sets of examples are apart, and how often chance alone does as much.

    Attributes
    ----------
    value : float
        The unbiased estimate of MMD²; near 0, and as often below it, for one distribution.
    p_value : float in (0, 1]
        Chance of a value this large if both sets came from one distribution.
    permuted : (permutations,) float64 array
        Values after the rows of both sets were dealt out anew: what chance does.
    bandwidth : float
        Of the kernel.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> found = rb.two_sample.mmd(x, x + 3.0, permutations=99)
    >>> bool(found.value > found.permuted.max()), found.p_value
    (True, 0.01)
    """

    value: float
    p_value: float
    permuted: np.ndarray
    bandwidth: float


class Coverage(NamedTuple):
    """Which modes of a known distribution a set of samples reaches.

    Attributes
    ----------
    modes : int
        How many centres have enough samples near.
    near : float in [0, 1]
        The share of the samples that lie near any centre.
    counts : (m,) int64 array
        How many samples lie near each centre.

    Examples
    --------
    >>> import rbmbook as rb
    >>> X, _ = rb.data.ring(500, modes=8)
    >>> right = X[X[:, 0] > 0]  # half of a ring
    >>> rb.two_sample.coverage(right, rb.data.ring_centres(8), radius=0.15).modes < 8
    True
    """

    modes: int
    near: float
    counts: np.ndarray


def mmd(
    data: Any,
    samples: Any,
    bandwidth: float | None = None,
    permutations: int = 500,
    rng: int | np.random.Generator = 0,
) -> Discrepancy:
    """The maximum mean discrepancy of two sets of examples, and a permutation test of it.

    MMD² = E k(x, x′) + E k(y, y′) − 2 E k(x, y) with the Gaussian kernel
    k(x, y) = exp(−‖x − y‖² / (2 bandwidth²)) is 0 only if both distributions are the same. The
    estimate leaves out pairs of a row with itself, which makes it unbiased.

    Parameters
    ----------
    data, samples : (n, D) and (m, D) arrays or sparse matrices, n, m ≥ 2
        Finite numbers. Memory and time grow as (n + m)²: a few thousand rows.
    bandwidth : float > 0, optional
        By default the median distance of the rows of both sets together. Give it to compare
        several sets of samples with the same data: values of different kernels do not compare.
    permutations : int ≥ 1
    rng : int or Generator
        Draws one permutation of n + m rows after the other.

    Returns
    -------
    Discrepancy
        Its `p_value` is (1 + how many permuted values are at least as large) / (1 + permutations),
        which is never zero: a test at level α has size α at most.

    Raises
    ------
    ValueError, TypeError
        If a shape does not fit, a set has fewer than two rows, a value is not finite, all rows
        are equal, or a number is outside its range.

    References
    ----------
    Gretton, Borgwardt, Rasch, Schölkopf and Smola (2012), A kernel two-sample test, equation 3 and
    section 8 (the median). Phipson and Smyth (2010), Permutation p-values should never be zero.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rng = np.random.default_rng(0)
    >>> x, y, z = rng.normal(size=(3, 100, 2)) + np.array([0.0, 0.0, 1.0])[:, None, None]
    >>> rb.two_sample.mmd(x, y).p_value > 0.05, rb.two_sample.mmd(x, z).p_value < 0.01
    (True, True)
    """
    x = _rows("data", data)
    y = _rows("samples", samples, x.shape[1])
    permutations = validation.integer("permutations", permutations)
    rng = validation.generator(rng)
    both = np.concatenate([x, y])
    bandwidth = _median_distance(both) if bandwidth is None else bandwidth
    bandwidth = validation.scale("bandwidth", bandwidth)
    kernel = np.exp(cdist(both, both, "sqeuclidean") / (-2 * bandwidth**2))
    np.fill_diagonal(kernel, 0)  # no row is compared with itself
    first = np.zeros((len(both), 1 + permutations))  # a column: 1 for the rows of the first set
    first[: len(x), 0] = 1
    for column in range(1, 1 + permutations):
        first[rng.permutation(len(both))[: len(x)], column] = 1
    values = _unbiased(kernel, first, len(x), len(y))
    # Rounding must not decide a tie, and the given division is among the permuted ones.
    reached = int(np.count_nonzero(values[1:] >= values[0] - 1e-12))
    return Discrepancy(
        float(values[0]), (1 + reached) / (1 + permutations), values[1:], float(bandwidth)
    )


def coverage(samples: Any, centres: Any, radius: float, least: int = 1) -> Coverage:
    """Count the samples near each mode of a distribution whose modes are known.

    Parameters
    ----------
    samples : (n, D) array or sparse matrix
    centres : (m, D) array
        Where the modes are, for example ``rb.data.ring_centres()``.
    radius : float > 0
        A sample counts for its nearest centre if it lies within this distance of it; three
        standard deviations of a mode are usual.
    least : int ≥ 1
        How many samples a mode needs to count as reached.

    Returns
    -------
    Coverage
        The number of `modes` reached, the share `near`, and the `counts` of each centre.

    Raises
    ------
    ValueError, TypeError
        If a shape does not fit, a value is not finite or a number is outside its range.

    References
    ----------
    Srivastava, Valkov, Russell, Gutmann and Sutton (2017), VEEGAN: reducing mode collapse in GANs
    using implicit variational learning, section 5.

    Examples
    --------
    >>> import rbmbook as rb
    >>> samples, centres = [[0.0, 0.1], [0.1, 0.0], [9.0, 9.0]], [[0.0, 0.0], [1.0, 1.0]]
    >>> found = rb.two_sample.coverage(samples, centres, 0.5)
    >>> found.modes, found.counts, round(found.near, 3)
    (1, array([2, 0]), 0.667)
    """
    centres = _rows("centres", centres, at_least=1)
    samples = _rows("samples", samples, centres.shape[1], at_least=1)
    radius = validation.real("radius", radius, 0.0, closed="neither")
    least = validation.integer("least", least)
    distance = cdist(samples, centres)
    nearest = distance.argmin(axis=1)
    near = distance[np.arange(len(samples)), nearest] <= radius
    counts = np.bincount(nearest[near], minlength=len(centres)).astype(np.int64)
    return Coverage(int(np.count_nonzero(counts >= least)), float(near.mean()), counts)


def linear_probe(
    features: Any,
    labels: Any,
    test_features: Any,
    test_labels: Any,
    strength: float = 1.0,
    iterations: int = 1000,
) -> float:
    """Accuracy of a linear classifier on features: how much of the labels they lay open.

    Softmax regression on the features, each scaled to mean 0 and variance 1 over the training
    rows. Deterministic.

    Parameters
    ----------
    features : (n, k) array or sparse matrix
    labels : (n,) array
    test_features : (m, k) array or sparse matrix
    test_labels : (m,) array
    strength : float > 0
        Inverse strength of the penalty ½ ‖W‖², scikit-learn's `C`.
    iterations : int ≥ 1
        At most so many of the optimizer; scikit-learn warns where they were too few.

    Returns
    -------
    float in [0, 1]
        The share of the test rows that are classified correctly.

    Raises
    ------
    ValueError, TypeError
        If a shape does not fit or a value is not as above.

    References
    ----------
    Alain and Bengio (2017), Understanding intermediate layers using linear classifier probes.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> x = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> rb.two_sample.linear_probe(x, [0, 0, 1, 1], x, [0, 0, 1, 0])
    0.75
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features = _rows("features", features)
    test_features = _rows("test_features", test_features, features.shape[1], at_least=1)
    strength = validation.real("strength", strength, 0.0, closed="neither")
    iterations = validation.integer("iterations", iterations)
    labels = _labels("labels", labels, len(features))
    if len(np.unique(labels)) < 2:
        raise ValueError(f"labels: expected at least two classes, got only {labels[0]!r}")
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=iterations))
    probe.fit(features, labels)
    return float(
        probe.score(test_features, _labels("test_labels", test_labels, len(test_features)))
    )


def _rows(name: str, value: Any, width: int | None = None, at_least: int = 2) -> np.ndarray:
    """Examples as a dense float64 array of finite numbers."""
    found = validation.matrix(name, value, width)
    if found.shape[0] < at_least:
        raise ValueError(f"{name}: expected at least {at_least} rows, got {found.shape}")
    return validation.rows(name, found, Gaussian(), np.dtype(np.float64))


def _median_distance(both: np.ndarray) -> float:
    median = float(np.median(pdist(both)))
    if median > 0:
        return median
    raise ValueError(
        "bandwidth: expected a number, since more than half of the pairs of rows are equal and "
        "their median distance is 0"
    )


def _unbiased(kernel: np.ndarray, first: np.ndarray, n: int, m: int) -> np.ndarray:
    """MMD²_u for each column of `first`, which says by ones which rows make up the first set."""
    to_first = kernel @ first
    within = np.einsum("ij,ij->j", first, to_first)
    across = to_first.sum(axis=0) - within
    second = kernel.sum() - within - 2 * across
    return within / (n * (n - 1)) + second / (m * (m - 1)) - 2 * across / (n * m)


def _labels(name: str, value: Any, n: int) -> np.ndarray:
    validation.unmasked(name, value)
    found = validation.unboxed(value)
    if found.shape != (n,):
        raise ValueError(f"{name}: expected shape ({n},), one label per row, got {found.shape}")
    if found.dtype.kind == "f" and (found % 1 != 0).any():
        row = np.flatnonzero(found % 1 != 0)[0]
        raise ValueError(f"{name}: expected classes, got {found[row]} at row {row}")
    return found
