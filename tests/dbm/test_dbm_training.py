"""Training a deep Boltzmann machine: gradients, one update in plain loops, checkpoints, errors."""

import naive_deep
import numpy as np
import pytest
from dbm_cases import SIZES, arrays, assert_close, assert_same_bits, theta
from deep_cases import Recorder
from inputs import KINDS

import rbmbook as rb
from rbmbook.dbm.model import DBM


def fit(dbm, X, **settings):
    return dbm.fit(
        X,
        **{
            "progress": False,
            "epochs": 3,
            "batch_size": 5,
            **{"negative": rb.PCD(k=5, chains=7), **settings},
        },
    )


def fit_exactly(dbm, X, **settings):
    """With the model's own averages, and mean fields that are swept to their end."""
    exact = {"negative": rb.Exact(), "steps": 500, "tolerance": 1e-13, "weight_decay": 0.0}
    return fit(dbm, X, **{"batch_size": len(X), **exact, **settings})


def ascent_of(dbm, V):
    """The gradient of one update, from the step that it makes."""
    before = [x.copy() for x in arrays(dbm)]
    twin = dbm.copy()
    fit_exactly(twin, V, epochs=1, steps=2000, tolerance=1e-14, optimizer=rb.SGD(1.0))
    return [after - x for after, x in zip(arrays(twin), before, strict=True)]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_data_term_minus_model_term_is_the_gradient_of_the_bound(sizes, binary):
    dbm, V, step = DBM(*theta(sizes)), binary(6, sizes[0]), 1e-5
    ascent = ascent_of(dbm, V)
    for parameter, gradient in zip(arrays(dbm), ascent, strict=True):
        for index in np.ndindex(parameter.shape):
            value, ends = parameter[index], []
            for sign in (1, -1):
                parameter[index] = value + sign * step
                ends.append(dbm.bound(V, steps=2000, tolerance=1e-14).mean())
            parameter[index] = value
            slope = (ends[0] - ends[1]) / (2 * step)
            assert gradient[index] == pytest.approx(slope, abs=1e-8)
    assert max(np.abs(g).max() for g in ascent) > 0.05


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_update_equals_plain_loops(sizes, centered, binary):
    weights, biases = theta(sizes)
    dbm, V, chains, k = DBM(weights, biases), binary(6, sizes[0]), 4, 2
    fit(
        dbm, V, epochs=1, batch_size=6, negative=rb.PCD(k, chains), steps=3, tolerance=0.0,
        optimizer=rb.SGD(0.1), weight_decay=0.0, centered=centered, rng=5,
    )  # fmt: skip
    rng = np.random.default_rng(5)
    even, odd = sum(sizes[0::2]), sum(sizes[1::2])
    start = rng.random((chains, even))
    rng.permutation(len(V))
    noise = [(rng.random((chains, odd)), rng.random((chains, even))) for _ in range(k)]
    ref = naive_deep.dbm_update(weights, biases, V, start, noise, 3, 0.1, centered)
    assert_close(dbm, *ref)
    twin = naive_deep.dbm_update(weights, biases, V, start, noise, 3, 0.1, not centered)
    assert np.abs(twin[0][0] - dbm.weights[0]).max() > 1e-4


def test_layers_that_are_not_neighbours_stay_unconnected(binary):
    for centered in (False, True):
        dbm = DBM(*theta((3, 2, 3, 2)))
        fit(dbm, binary(10, 3), centered=centered, optimizer=rb.Adam(0.05), weight_decay=0.1)
        assert (dbm.as_rbm().W[:3, 2:] == 0).all()


@pytest.mark.jit
@pytest.mark.filterwarnings("ignore::rbmbook.TrainingWarning")  # layer 1 alone tells six pictures
@pytest.mark.parametrize("centered", [False, True])
def test_training_raises_the_exact_bound(centered):
    X = rb.data.bars_and_stripes(2)
    independent = -4 * np.log(2)  # the best without weights: each pixel's mean is ½
    dbm = DBM.random([4, 4, 3], rng=1, scale=0.3, dtype=np.float64, data=X)
    before = dbm.bound(X).mean()
    history = fit(
        dbm, X, negative=rb.PCD(5, 50), epochs=2000, batch_size=100, optimizer=rb.SGD(0.1),
        weight_decay=0.0, centered=centered,
    )  # fmt: skip
    after, best = dbm.bound(X).mean(), -np.log(len(X))
    assert before < independent and independent + 0.15 < after < best
    assert after <= dbm.log_likelihood(X).mean() + 1e-12
    assert history.epochs == 2000 and (history["mean_field_steps"] <= 10).all()


@pytest.mark.parametrize("train", [DBM.fit, DBM.pretrain])
def test_by_default_a_weight_has_a_standard_normal_prior(train, binary):
    """Its logarithm, −½ W², over the n rows whose mean log-likelihood is the objective."""
    X, decays = binary(20, 4), (None, 1 / 20, 0.0)
    default, prior, free = (DBM(*theta((4, 3, 2))) for _ in decays)
    for dbm, weight_decay in zip((default, prior, free), decays, strict=True):
        train(dbm, X, epochs=3, weight_decay=weight_decay, progress=False)
    assert_same_bits(default, prior)
    assert np.any(default.weights[0] != free.weights[0])


def test_centered_training_learns_flipped_data_as_the_flipped_machine(binary):
    X = binary(10, 4)
    one = DBM(*theta((4, 3, 2)))
    W, b = [W.copy() for W in one.weights], [b.copy() for b in one.biases]
    b[1] += W[0].sum(axis=0)
    other = DBM([-W[0], W[1]], [-b[0], *b[1:]])

    def distance(centered):
        machines = one.copy(), other.copy()
        for dbm, data in zip(machines, (X, 1 - X), strict=True):
            fit_exactly(dbm, data, epochs=20, optimizer=rb.SGD(0.2), centered=centered)
        v = rb.exact.states(4)
        first, second = machines[0].log_likelihood(v), machines[1].log_likelihood(1 - v)
        return np.abs(first - second).max()

    assert distance(centered=True) < 1e-9
    assert distance(centered=False) > 1e-3  # the plain gradient does not


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_resumed_fit_has_the_bits_of_an_uninterrupted_one(dtype, binary, tmp_path):
    X, settings = binary(12, 4), {"centered": True, "optimizer": rb.SGD(0.1, momentum=0.5)}
    start = DBM(*theta((4, 3, 2))).astype(dtype)
    whole, parts = start.copy(), start.copy()
    ref = fit(whole, X, epochs=4, **settings)
    fit(parts, X, epochs=2, checkpoint=tmp_path / "fit.npz", **settings)
    again = start.copy()
    comp = fit(again, X, epochs=4, checkpoint=tmp_path / "fit.npz", **settings)
    assert_same_bits(again, whole)
    assert again.dtype == dtype
    assert np.abs(whole.weights[0] - parts.weights[0]).max() > 1e-4
    np.testing.assert_array_equal(comp["reconstruction_error"], ref["reconstruction_error"])
    with pytest.raises(ValueError, match="another fit, in which settings"):
        fit(again, X, epochs=5, checkpoint=tmp_path / "fit.npz", **settings, negative=rb.PCD(1, 7))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_array_trains_the_same_machine(kind, binary):
    X = binary(12, 4)
    dense, other = DBM(*theta((4, 3, 2))), DBM(*theta((4, 3, 2)))
    for dbm, data in ((dense, X), (other, KINDS[kind](X))):
        dbm.pretrain(data, epochs=1, batch_size=5, progress=False)
        fit(dbm, data, epochs=2, validation=data)
    assert_same_bits(dense, other)


def test_bound_gap_is_the_difference_of_two_bounds(binary):
    dbm, X, held_out = DBM(*theta((4, 3, 2))), binary(12, 4), binary(5, 4, seed=9)
    gap = fit(dbm, X, validation=held_out, steps=50, tolerance=1e-10)["bound_gap"][-1]
    bounds = [dbm.bound(rows, steps=50, tolerance=1e-10).mean() for rows in (X, held_out)]
    assert gap == pytest.approx(bounds[0] - bounds[1], rel=1e-9) and abs(gap) > 1e-6


def test_callback_stops_and_sees_the_machine(binary):
    dbm, seen = DBM(*theta((4, 3, 2))), []
    history = fit(
        dbm, binary(10, 4), epochs=9,
        callbacks=[lambda model, history: seen.append(model is dbm) or history.epochs == 2],
    )  # fmt: skip
    assert history.epochs == 2 and seen == [True, True]


def test_divergence_leaves_the_last_finite_machine(binary):
    dbm = DBM(*theta((4, 3, 2))).astype(np.float32)
    with pytest.raises(rb.DivergenceError, match="learning rate"):
        fit(dbm, binary(50, 4), epochs=50, optimizer=rb.SGD(1e30, momentum=0.9))
    assert all(np.isfinite(p).all() for p in arrays(dbm))


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_sparsity_pulls_the_mean_field_means(sizes, binary):
    """cost·(p − q) at the biases of a hidden layer, times its neighbours' means at the weights."""
    V, cost, targets = binary(6, sizes[0]), 0.5, (0.1, 0.3, None)[: len(sizes) - 1]
    wishes = [None if p is None else rb.Sparsity(p, cost) for p in targets]
    start, settings = DBM(*theta(sizes)), {"epochs": 1, "optimizer": rb.SGD(1.0)}
    plain, pulled = start.copy(), start.copy()
    fit_exactly(plain, V, **settings), fit_exactly(pulled, V, sparsity=wishes, **settings)
    hidden = start.mean_field(V, steps=500, tolerance=1e-13).means
    means = [x.mean(axis=0) for x in (V, *hidden)]
    pulls = [np.zeros(sizes[0])]
    pulls += [
        0 * m if p is None else cost * (p - m) for p, m in zip(targets, means[1:], strict=True)
    ]
    for k, (before, after) in enumerate(zip(plain.weights, pulled.weights, strict=True)):
        ref = np.outer(means[k], pulls[k + 1]) + np.outer(pulls[k], means[k + 1])
        np.testing.assert_allclose(after - before, ref, rtol=1e-8, atol=1e-12)
    for before, after, ref in zip(plain.biases, pulled.biases, pulls, strict=True):
        np.testing.assert_allclose(after - before, ref, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("sparsity", [None, rb.Sparsity(0.2)], ids=str)
def test_weights_are_repeated_rows(sparsity, centered, binary):
    """Exactly, in full batches with the model's own averages, and so is the gap of the bounds."""
    V, weight = binary(6, 4), np.array([3, 0, 1, 2, 7, 1])
    one, two, gaps = DBM(*theta((4, 3, 2))), DBM(*theta((4, 3, 2))), []
    options = {"sparsity": sparsity, "centered": centered, "optimizer": rb.SGD(0.3, 0.5)}
    for dbm, rows, own in ((one, V, weight), (two, np.repeat(V, weight, axis=0), None)):
        settings = {"sample_weight": own, "validation": 1 - V, **options}
        gaps.append(fit_exactly(dbm, rows, **settings)["bound_gap"])
    assert_close(one, two.weights, two.biases, rtol=1e-8)
    np.testing.assert_allclose(*gaps, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("batch_size", [1, 2, 3])
def test_the_mean_ascent_of_weighted_batches_is_that_of_repeated_rows(batch_size, binary):
    V, weight = binary(6, 4), np.array([3, 0, 1, 2, 7, 1])
    means = []
    for rows, own, size in ((V, weight, batch_size), (np.repeat(V, weight, axis=0), None, 14)):
        dbm, optimizer = DBM(*theta((4, 3, 2))), Recorder()
        fit_exactly(dbm, rows, epochs=1, sample_weight=own, batch_size=size, optimizer=optimizer)
        means.append([np.mean(parts, axis=0) for parts in zip(*optimizer.ascents, strict=True)])
    for comp, ref in zip(*means, strict=True):
        np.testing.assert_allclose(comp, ref, rtol=1e-8, atol=1e-12)


X = np.zeros((4, 3))
BAD = {
    "width": ({"X": np.zeros((4, 2))}, ValueError, "X: expected"),
    "values": ({"X": X + 2}, ValueError, "X: expected"),
    "negative": ({"negative": rb.CD(2)}, TypeError, "negative: expected PCD, .* got CD"),
    "no phase": ({"negative": 3}, TypeError, "negative: expected"),
    "chains": ({"chains": 7}, TypeError, "DBM.fit takes no argument 'chains': give them"),
    "sparsity": ({"sparsity": rb.Sparsity(1.1)}, ValueError, "sparsity: expected"),
    "wishes": ({"sparsity": 0.1}, TypeError, "sparsity: expected"),
    "too many": ({"sparsity": [None] * 3}, ValueError, "sparsity: expected one value or 2"),
    "steps": ({"steps": 1.5}, TypeError, "steps: expected"),
    "tolerance": ({"tolerance": -1}, ValueError, "tolerance: expected"),
    "batch_size": ({"batch_size": 0}, ValueError, "batch_size: expected"),
    "epochs": ({"epochs": -1}, ValueError, "epochs: expected"),
    "weight_decay": ({"weight_decay": -1.0}, ValueError, "weight_decay: expected"),
    "centered": ({"centered": "yes"}, TypeError, "centered: expected"),
    "optimizer": ({"optimizer": 0.1}, TypeError, "optimizer: expected"),
    "validation": ({"validation": np.zeros((4, 2))}, ValueError, "validation: expected"),
    "rng": ({"rng": None}, TypeError, "rng: expected"),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_arguments_of_fit_are_named_and_nothing_changes(name):
    change, error, message = BAD[name]
    dbm = DBM(*theta((3, 2, 2)))
    with pytest.raises(error, match=message):
        dbm.fit(**{"X": X, "progress": False, **change})
    assert_close(dbm, *theta((3, 2, 2)), rtol=0)


OF_BOTH = (
    "width values batch_size epochs weight_decay optimizer sparsity wishes centered validation rng"
).split()


@pytest.mark.parametrize("name", OF_BOTH)
def test_bad_arguments_of_pretrain_are_named(name):
    change, error, message = BAD[name]
    with pytest.raises(error, match=message):
        DBM(*theta((3, 2, 2))).pretrain(**{"X": X, "progress": False, **change})
