"""Two-sample judges: MMD by its definition, the size and power of its test, coverage, probes."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inputs import KINDS

from rbmbook import data
from rbmbook.evaluation.two_sample import coverage, linear_probe, mmd


def naive_mmd(x, y, bandwidth):
    """Gretton et al. (2012), equation 3, pair by pair."""

    def k(u, v):
        return math.exp(
            -math.fsum((a - b) ** 2 for a, b in zip(u, v, strict=True)) / 2 / bandwidth**2
        )

    n, m = len(x), len(y)
    within = math.fsum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j)
    other = math.fsum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j)
    across = math.fsum(k(u, v) for u in x for v in y)
    return within / n / (n - 1) + other / m / (m - 1) - 2 * across / n / m


def normal(n, D, seed, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, (n, D))


@given(st.integers(2, 9), st.integers(2, 9), st.integers(1, 4), st.integers(0, 99))
def test_the_value_is_that_of_the_formula(n, m, D, seed):
    x, y = normal(n, D, seed), normal(m, D, seed + 100, 0.5)
    comp = mmd(x, y, bandwidth=0.8, permutations=1)
    np.testing.assert_allclose(comp.value, naive_mmd(x, y, 0.8), rtol=1e-10, atol=1e-12)


def test_each_permuted_value_is_that_of_the_permuted_rows_in_the_documented_order():
    x, y = normal(5, 2, 0), normal(7, 2, 1)
    comp = mmd(x, y, bandwidth=1.1, permutations=4, rng=3)
    rng, both = np.random.default_rng(3), np.concatenate([x, y])
    for value in comp.permuted:
        order = rng.permutation(12)
        ref = naive_mmd(both[order[:5]], both[order[5:]], 1.1)
        np.testing.assert_allclose(value, ref, rtol=1e-10, atol=1e-12)


def test_the_p_value_counts_the_given_division_too():
    x, y = normal(20, 2, 0), normal(20, 2, 1, 0.4)
    comp = mmd(x, y, permutations=99)
    assert comp.p_value == (1 + np.count_nonzero(comp.permuted >= comp.value)) / 100
    assert mmd(x, y + 10, permutations=99).p_value == 1 / 100


def test_the_bandwidth_is_the_median_distance_of_all_rows():
    x, y = normal(6, 3, 0), normal(5, 3, 1)
    both = np.concatenate([x, y])
    ref = np.median([np.linalg.norm(u - v) for u, v in itertools.combinations(both, 2)])
    np.testing.assert_allclose(mmd(x, y, permutations=1).bandwidth, ref, rtol=1e-12)


def mean_of(values):
    return np.mean(values), np.std(values, ddof=1) / np.sqrt(len(values))


def test_the_estimate_is_unbiased():
    """Against the exact MMD² of two Gaussians; the twin with the diagonal is rejected.

    With variance 1 and a kernel of bandwidth s, E k(x, x′) = s/√(s² + 2) · exp(−δ²/(2(s² + 2)))
    in one dimension, δ being the distance of the means.
    """
    s, shift, n = 1.0, 0.7, 8
    scale = s / math.sqrt(s**2 + 2)
    exact = 2 * scale - 2 * scale * math.exp(-(shift**2) / (2 * (s**2 + 2)))
    rng = np.random.default_rng(0)
    values = [
        mmd(rng.normal(0, 1, (n, 1)), rng.normal(shift, 1, (n, 1)), s, permutations=1).value
        for _ in range(1500)
    ]
    mean, error = mean_of(values)
    assert abs(mean - exact) < 4 * error
    # Pairs of a row with itself: Σ k + n over n², in place of Σ k over n (n − 1).
    biased = [v * (n - 1) / n + 2 / n * (1 - scale) for v in values]
    mean, error = mean_of(biased)
    assert abs(mean - exact) > 4 * error


def test_the_test_has_its_size_for_one_distribution():
    """Many tests with 9 permutations at level 1/9: one in ten is rejected.

    The twin counts the permuted values alone, without the 1 +, and rejects two in ten.
    """
    rng = np.random.default_rng(1)
    p = [
        mmd(rng.normal(size=(12, 2)), rng.normal(size=(15, 2)), permutations=9, rng=rng).p_value
        for _ in range(600)
    ]
    reached = np.rint(np.array(p) * 10 - 1)
    error = math.sqrt(600 * 0.1 * 0.9)
    assert abs(np.count_nonzero((1 + reached) / 10 <= 1 / 9) - 60) < 4 * error
    assert abs(np.count_nonzero(reached / 9 <= 1 / 9) - 60) > 4 * error


def test_the_test_finds_a_missing_mode_and_passes_an_honest_sampler():
    X, _ = data.ring(400, rng=0)
    same, mode = data.ring(400, rng=1)
    assert mmd(X, same, bandwidth=0.5, rng=0).p_value > 0.05
    assert mmd(X, same[mode != 3], bandwidth=0.5, rng=0).p_value < 0.01


def test_an_int_seed_gives_the_same_test_at_every_call():
    x, y = normal(20, 2, 0), normal(25, 2, 1)
    one, two = mmd(x, y, rng=4), mmd(x, y, rng=4)
    np.testing.assert_array_equal(one.permuted, two.permuted)
    assert (mmd(x, y, rng=5).permuted != one.permuted).any()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_array_is_the_same_data(kind):
    x = (normal(12, 4, 0) > 0).astype(float)
    y = (normal(10, 4, 1) > 0).astype(float)
    ref = mmd(x, y, permutations=5)
    comp = mmd(KINDS[kind](x), KINDS[kind](y), permutations=5)
    assert comp[:2] == ref[:2]


# --- coverage -------------------------------------------------------------------------------------


def test_samples_count_for_their_nearest_centre_within_the_radius():
    centres = data.ring_centres(4, 2.0)
    samples = np.concatenate([centres[[0, 0, 2]], centres[[1]] * 0.9, [[0.0, 0.0]]])
    found = coverage(samples, centres, 0.25)
    assert found.counts.tolist() == [2, 1, 1, 0]
    assert found.modes == 3 and found.near == 4 / 5
    assert coverage(samples, centres, 0.25, least=2).modes == 1
    assert coverage(samples, centres, 0.1).counts.tolist() == [2, 0, 1, 0]


def test_the_ring_covers_its_own_modes():
    """Within three standard deviations lie 1 − exp(−9/2) of a round Gaussian."""
    X, y = data.ring(4000, modes=6, std=0.1, rng=2)
    found = coverage(X, data.ring_centres(6), 0.3)
    share = 1 - math.exp(-4.5)
    assert found.modes == 6
    assert abs(found.near - share) < 4 * math.sqrt(share * (1 - share) / 4000)
    assert (found.counts <= np.bincount(y)).all()


def test_far_samples_cover_nothing():
    found = coverage(np.full((5, 2), 50.0), data.ring_centres(), 0.5)
    assert found.modes == 0 and found.near == 0


# --- linear probe ---------------------------------------------------------------------------------


def test_a_probe_reads_linear_labels_and_no_others():
    x = normal(400, 2, 0)
    line, circle = x @ [1.0, -2.0] > 0, np.hypot(*x.T) > np.sqrt(2 * np.log(2))
    assert linear_probe(x[:300], line[:300], x[300:], line[300:]) > 0.93
    assert linear_probe(x[:300], circle[:300], x[300:], circle[300:]) < 0.75
    squares = x**2
    assert linear_probe(squares[:300], circle[:300], squares[300:], circle[300:]) > 0.93


def test_a_probe_does_not_depend_on_the_scale_of_a_feature():
    (X, y), (Xt, yt) = data.split(data.digits(binarize=None), 400)
    scale = np.logspace(-3, 3, 64)
    ref = linear_probe(X, y, Xt[:300], yt[:300])
    assert ref > 0.85
    # The optimizer stops within its tolerance: one answer in a hundred may change.
    assert abs(linear_probe(X * scale, y, Xt[:300] * scale, yt[:300]) - ref) < 0.01


# --- bad arguments --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: mmd(x[:1], x), ValueError, "data: expected at least 2 rows"),
        (lambda x: mmd(x, x[:1]), ValueError, "samples: expected at least 2 rows"),
        (lambda x: mmd(x, x[:, :1]), ValueError, r"samples: expected shape \(n, 2\)"),
        (lambda x: mmd(x, x * np.nan), ValueError, "samples: expected finite"),
        (lambda x: mmd(x, x.astype(str)), TypeError, "samples"),
        (lambda x: mmd(x * 0, x * 0), ValueError, "bandwidth"),
        (lambda x: mmd(x, x, bandwidth=0.0), ValueError, "bandwidth"),
        (lambda x: mmd(x, x, permutations=0), ValueError, "permutations"),
        (lambda x: mmd(x, x, rng="0"), TypeError, "rng"),
        (lambda x: coverage(x, x[:, :1], 1.0), ValueError, "samples"),
        (lambda x: coverage(x, x, 0.0), ValueError, "radius"),
        (lambda x: coverage(x, x, 1.0, least=0), ValueError, "least"),
        (lambda x: coverage(x, [], 1.0), ValueError, "centres"),
        (lambda x: linear_probe(x, [0, 1], x, [0] * 4), ValueError, r"labels: .* got \(2,\)"),
        (lambda x: linear_probe(x, [0, 1] * 2, x, [0]), ValueError, "test_labels"),
        (lambda x: linear_probe(x, [0, 1] * 2, x[:, :1], [0] * 4), ValueError, "test_features"),
        (lambda x: linear_probe(x, [0, 1] * 2, x, [0] * 4, strength=0), ValueError, "strength"),
    ],
)
def test_bad_arguments_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call(normal(4, 2, 0))


@pytest.mark.parametrize("bandwidth", [1e-300, 1e300])
def test_a_bandwidth_whose_square_leaves_float64_is_refused(bandwidth):
    with pytest.raises(ValueError, match=r"^bandwidth: expected a number in"):
        mmd(np.eye(4), np.eye(4), bandwidth=bandwidth)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([1, 1, 1, 1], "at least two classes"),
        ([0, 1, 0.5, 1], "got 0.5 at row 2"),
        ([0, 1, 1, np.nan], "row 3"),
    ],
)
def test_labels_that_are_no_two_classes_are_refused_by_name(labels, words):
    with pytest.raises(ValueError, match=f"^labels: expected .*{words}"):
        linear_probe(np.eye(4), labels, np.eye(4), [0, 1, 0, 1])
