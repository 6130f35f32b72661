"""The deep Boltzmann machine against enumeration of all its layers: energy, bound, log Z, files."""

from itertools import pairwise

import naive
import naive_deep
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import KINDS

import rbmbook as rb
from rbmbook.dbm.model import DBM

SIZES = [(3, 2, 2), (2, 3, 2, 2), (2, 2, 1, 2, 1)]


def theta(sizes=(3, 2, 2), seed=20, scale=1.2):
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, scale, shape) for shape in pairwise(sizes)]
    return weights, [rng.normal(0, 0.8, n) for n in sizes]


@pytest.fixture(params=SIZES, ids=str)
def parameters(request):
    return theta(request.param)


def visible(dbm):
    return rb.exact.states(dbm.sizes[0])


def layers_of(dbm, n=6, seed=1):
    rng = np.random.default_rng(seed)
    return [(rng.random((n, width)) < 0.5).astype(float) for width in dbm.sizes]


def test_energy_is_the_sum_over_neighbouring_layers(parameters):
    dbm = DBM(*parameters)
    states = layers_of(dbm)
    ref = [naive_deep.dbm_energy(*parameters, list(row)) for row in zip(*states, strict=True)]
    np.testing.assert_allclose(dbm.energy(states), ref, rtol=1e-12)


def test_as_rbm_has_the_energy_of_the_machine_and_shares_no_memory(parameters):
    dbm = DBM(*parameters)
    states = layers_of(dbm)
    rbm = dbm.as_rbm()
    even, odd = np.hstack(states[0::2]), np.hstack(states[1::2])
    np.testing.assert_allclose(rbm.energy(even, odd), dbm.energy(states), rtol=1e-12)
    rbm.W[:] = 0
    np.testing.assert_array_equal(dbm.weights[0], parameters[0][0])


def test_weights_and_biases_are_live(parameters):
    dbm = DBM(*parameters)
    states = [np.ones((1, n)) for n in dbm.sizes]
    before = dbm.energy(states)[0]
    for array in (*dbm.weights, *dbm.biases):
        array[(0,) * array.ndim] += 1.0
    changed = len(dbm.weights) + len(dbm.biases)
    assert dbm.energy(states)[0] == pytest.approx(before - changed)


def test_log_partition_and_log_likelihood_equal_enumeration_of_all_layers(parameters):
    dbm = DBM(*parameters)
    log_z = naive_deep.dbm_log_partition(*parameters)
    assert dbm.log_partition() == pytest.approx(log_z, rel=1e-12)
    ref = [-naive_deep.dbm_free_energy(*parameters, v) - log_z for v in visible(dbm)]
    np.testing.assert_allclose(dbm.log_likelihood(visible(dbm)), ref, rtol=1e-10)
    assert np.exp(ref).sum() == pytest.approx(1.0)


def test_mean_field_equals_plain_loops(parameters):
    dbm = DBM(*parameters)
    for sweeps in (0, 1, 4):
        found = dbm.mean_field(visible(dbm), steps=sweeps, tolerance=0)
        ref = [naive_deep.dbm_mean_field(*parameters, v, sweeps)[1:] for v in visible(dbm)]
        for comp, rows in zip(found.means, zip(*ref, strict=True), strict=True):
            np.testing.assert_allclose(comp, np.array(rows), rtol=1e-10)
        np.testing.assert_array_equal(dbm.hidden_mean(visible(dbm), sweeps, 0), found.means[0])


@pytest.mark.parametrize(
    ("sizes", "factor"), [*((sizes, 1) for sizes in SIZES), ((3, 2, 3, 2), 2)], ids=str
)
def test_mean_field_stops_each_row_where_it_has_converged(sizes, factor):
    """With larger weights above, in the last of these machines, a row waits for its even layers."""
    (first, *above), biases = theta(sizes)
    dbm = DBM([first, *(factor * W for W in above)], biases)
    v, tolerance = visible(dbm), 1e-3
    found = dbm.mean_field(v, steps=500, tolerance=tolerance)
    assert found.converged.all() and (found.steps >= 2).all()
    for row, steps in enumerate(found.steps):
        path = [dbm.mean_field(v[row : row + 1], steps - back, 0).means for back in (0, 1, 2)]
        last, before = (
            max(np.abs(x - y).max() for x, y in zip(*pair, strict=True)) for pair in pairwise(path)
        )
        assert last <= tolerance < before
        for mean, own in zip(found.means, path[0], strict=True):
            np.testing.assert_allclose(mean[row], own[0], rtol=1e-12)
    few = dbm.mean_field(v, steps=1, tolerance=1e-12)
    assert not few.converged.any() and (few.steps == 1).all()


def test_rows_of_one_block_may_take_different_numbers_of_sweeps():
    dbm = DBM(*theta((3, 2, 2)))
    steps = dbm.mean_field(visible(dbm), steps=500, tolerance=1e-3).steps
    assert steps.min() < steps.max()


def test_bound_is_the_naive_bound_at_the_best_odd_layers(parameters):
    dbm, log_z = DBM(*parameters), naive_deep.dbm_log_partition(*parameters)
    for sweeps in (0, 3):
        ref = []
        for v in visible(dbm):
            layers = naive_deep.dbm_mean_field(*parameters, v, sweeps)
            layers = naive_deep.dbm_odd_means(*parameters, layers)
            ref.append(naive_deep.dbm_bound(*parameters, layers, log_z))
        comp = dbm.bound(visible(dbm), steps=sweeps, tolerance=0)
        np.testing.assert_allclose(comp, ref, rtol=1e-10)
        np.testing.assert_allclose(dbm.bound(visible(dbm), log_z + 1, sweeps, 0), comp - 1)


def test_bound_never_falls_from_sweep_to_sweep_and_stays_below_the_log_likelihood(parameters):
    dbm = DBM(*parameters)
    v = visible(dbm)
    bounds = np.array([dbm.bound(v, steps=sweeps, tolerance=0) for sweeps in range(8)])
    assert (np.diff(bounds, axis=0) >= -1e-12).all() and bounds[-1].sum() > bounds[0].sum() + 1e-3
    gap = dbm.log_likelihood(v) - bounds
    assert (gap >= -1e-10).all() and gap[-1].max() > 1e-3


def test_bound_is_exact_where_the_upper_layers_have_no_weights():
    weights, biases = theta((4, 3, 2))
    weights[1][:] = 0
    dbm = DBM(weights, biases)
    v = visible(dbm)
    np.testing.assert_allclose(dbm.bound(v), dbm.log_likelihood(v), rtol=1e-10)


def test_posterior_is_the_machine_given_v():
    parameters = theta((3, 2, 2))
    dbm = DBM(*parameters)
    v = np.array([1.0, 0.0, 1.0])
    true = rb.exact.expectations(dbm.posterior(v))
    paths = [(x, y) for x in naive.states(2) for y in naive.states(2)]
    p = np.array([np.exp(-naive_deep.dbm_energy(*parameters, [v, x, y])) for x, y in paths])
    p /= p.sum()
    np.testing.assert_allclose(true.b, p @ np.array([x for x, _ in paths]), rtol=1e-10)
    np.testing.assert_allclose(true.a, p @ np.array([y for _, y in paths]), rtol=1e-10)


@pytest.mark.jit
@pytest.mark.parametrize("data", [None, [[1, 0, 1], [1, 0, 0], [1, 1, 0]]])
def test_ais_is_within_its_error_of_the_exact_log_partition(data):
    dbm = DBM(*theta((3, 2, 2)))
    estimate = dbm.ais(chains=400, betas=200, rng=0, data=data)
    assert 0 < estimate.std_error < 0.05
    error = abs(estimate.log_z - dbm.log_partition())
    assert error < 4 * estimate.std_error
    broken = dbm.copy()
    broken.biases[2][:] += 1.0  # a twin whose top layer's bias is wrong
    assert abs(broken.ais(400, 200, 0, data).log_z - dbm.log_partition()) > 10 * estimate.std_error
    np.testing.assert_array_equal(
        dbm.bound([[1, 0, 1]], estimate), dbm.bound([[1, 0, 1]], estimate.log_z)
    )


def test_base_data_has_the_mean_of_the_data_without_its_memory():
    dbm, data = DBM(*theta((3, 2, 2))), np.array([[1, 0, 1], [1, 0, 0]], np.uint8)
    np.testing.assert_allclose(dbm.base_data(data), [[1, 0, 0.5, 0.5, 0.5]] * 2)
    assert dbm.base_data(data).strides[0] == 0


@pytest.mark.jit
def test_samples_have_the_exact_frequencies():
    dbm = DBM(*theta((3, 2, 2), scale=0.7))
    n = 20_000
    p = np.exp(dbm.log_likelihood(visible(dbm)))

    def surprise(samples):
        counts = np.bincount((samples @ [4, 2, 1]).astype(int), minlength=8)
        return ((counts - n * p) ** 2 / (n * p)).sum()  # χ² of 7 degrees of freedom

    limit = 24.3  # exceeded once in a thousand
    assert surprise(dbm.sample(n, rng=1, steps=60)) < limit
    twin = dbm.copy()
    twin.weights[1][:] = 0  # as if the top layer did not exist
    assert surprise(twin.sample(n, rng=1, steps=60)) > limit


def test_sampled_means_are_probabilities_and_repeat():
    dbm = DBM(*theta((3, 2, 2)))
    means = dbm.sample(5, rng=0, steps=3, means=True)
    assert means.shape == (5, 3) and ((means > 0) & (means < 1)).all()
    np.testing.assert_array_equal(means, dbm.sample(5, rng=0, steps=3, means=True))


@given(
    sizes=st.lists(st.integers(1, 5), min_size=3, max_size=5),
    dtype=st.sampled_from([np.float32, np.float64]),
    scale=st.sampled_from([0.0, 1.0, 100.0]),
)
@settings(max_examples=20)
def test_any_shape_keeps_its_dtype_and_the_bound_below(sizes, dtype, scale):
    dbm = DBM.random(sizes, rng=1, scale=scale, dtype=dtype)
    assert dbm.sizes == tuple(sizes) and dbm.dtype == dtype
    v = (np.random.default_rng(0).random((3, sizes[0])) < 0.5).astype(dtype)
    found = dbm.mean_field(v)
    assert [m.shape for m in found.means] == [(3, n) for n in sizes[1:]]
    bound, exact = dbm.bound(v), dbm.log_likelihood(v)
    for array in (*found.means, bound, exact, dbm.sample(2, rng=0, steps=1), dbm.free_energy(v)):
        assert array.dtype == dtype and np.isfinite(array).all()
    margin = 1e-5 if dtype == np.float32 else 1e-9
    assert (bound <= exact + margin * (1 + np.abs(exact))).all()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_array_gives_the_same_answers(kind, binary):
    dbm, v = DBM(*theta((4, 3, 2))), binary(6, 4)
    same = KINDS[kind](v)
    np.testing.assert_array_equal(dbm.bound(same), dbm.bound(v))
    np.testing.assert_array_equal(dbm.log_likelihood(same), dbm.log_likelihood(v))
    np.testing.assert_array_equal(dbm.hidden_mean(same), dbm.hidden_mean(v))


def test_saved_machine_comes_back_bit_for_bit(parameters, tmp_path):
    dbm = DBM(*parameters).astype(np.float32)
    dbm.save(tmp_path / "dbm.npz")
    same = DBM.load(tmp_path / "dbm.npz")
    assert same.sizes == dbm.sizes and same.dtype == np.float32
    for one, other in zip((*dbm.weights, *dbm.biases), (*same.weights, *same.biases), strict=True):
        np.testing.assert_array_equal(one, other)
    rb.RBM.random(2, 2).save(tmp_path / "rbm.npz")
    with pytest.raises(ValueError, match=r"rbm\.npz"):
        DBM.load(tmp_path / "rbm.npz")


def test_random_starts_at_the_data_and_repeats(binary):
    X = binary(10, 4)
    dbm = DBM.random([4, 3, 2], rng=3, scale=0.1, dtype=np.float64, data=X)
    mean = (X.sum(axis=0) + 1) / 12
    np.testing.assert_allclose(dbm.biases[0], np.log(mean / (1 - mean)))
    rng = np.random.default_rng(3)
    for W, shape in zip(dbm.weights, [(4, 3), (3, 2)], strict=True):
        np.testing.assert_array_equal(W, 0.1 * rng.standard_normal(shape))


W, V, b = [np.zeros((3, 2)), np.zeros((2, 2))], np.zeros((1, 3)), [np.zeros(n) for n in (3, 2, 2)]
BAD = {
    "one hidden layer": (lambda: DBM(W[:1], b[:2]), ValueError, "weights: expected at least 2"),
    "a bias too few": (lambda: DBM(W, b[:2]), ValueError, "biases: expected 3"),
    "widths": (lambda: DBM([W[0], np.zeros((3, 2))], b), ValueError, r"weights\[1\].*\(2, n_2\)"),
    "bias width": (lambda: DBM(W, [*b[:2], np.zeros(3)]), ValueError, r"biases\[2\]"),
    "NaN": (lambda: DBM([W[0], W[1] * np.nan], b), ValueError, r"weights\[1\].*finite"),
    "text": (lambda: DBM([W[0], "x"], b), TypeError, r"weights\[1\]"),
    "no layers": (lambda: DBM.random([3, 2]), ValueError, "sizes: expected at least 3"),
    "size zero": (lambda: DBM.random([3, 0, 2]), ValueError, r"sizes\[1\]"),
    "width of v": (lambda: DBM(W, b).bound(np.zeros((1, 2))), ValueError, r"v: expected .*3"),
    "means": (lambda: DBM(W, b).bound(V + 0.5), ValueError, "v: expected"),
    "steps": (lambda: DBM(W, b).mean_field(V, steps=-1), ValueError, "steps"),
    "tolerance": (lambda: DBM(W, b).mean_field(V, tolerance=-1.0), ValueError, "tolerance"),
    "log_z": (lambda: DBM(W, b).bound(V, "x"), TypeError, "log_z"),
    "states": (lambda: DBM(W, b).energy([V, V]), ValueError, "states: expected 3"),
    "rows": (
        lambda: DBM(W, b).energy([V, np.zeros((2, 2)), np.zeros((1, 2))]),
        ValueError,
        r"states\[1\]: expected 1 rows",
    ),
    "posterior": (lambda: DBM(W, b).posterior(np.zeros((2, 3))), ValueError, "v: expected one row"),
    "n": (lambda: DBM(W, b).sample(0, rng=0), ValueError, "n: expected"),
    "too large": (lambda: DBM.random([40, 40, 40]).log_partition(), ValueError, "at most 2"),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_arguments_are_named(name):
    call, error, message = BAD[name]
    with pytest.raises(error, match=message):
        call()
