"""A layer of several types of units against the definition: states listed, exp(−E) summed."""

import itertools

import numpy as np
import pytest
from frequencies import CHAINS, assert_frequencies
from small_fits import fit
from unit_cases import Case, Joint, machine, zero

import rbmbook as rb

PARTS = [(rb.Bernoulli(), 1), (rb.Softmax(3), 3), (rb.Spin(), 1)]
STATES = np.array(
    [[b, *one_hot, s] for b, one_hot, s in itertools.product((0, 1), np.eye(3), (-1, 1))]
)
MIXED = Case("Mixed", rb.Mixed(PARTS), STATES, zero)
BERNOULLI = Case("Bernoulli", rb.Bernoulli(), np.array([[0.0], [1.0]]), zero)
PAIRS = {"visible": (MIXED, BERNOULLI), "hidden": (BERNOULLI, MIXED)}
WITH_GAUSSIAN = rb.Mixed([(rb.Bernoulli(), 2), (rb.Gaussian(0.4), 2), (rb.ReLU(0.1), 1)])

as_visible_and_as_hidden = pytest.mark.parametrize("where", PAIRS)


def made(where, seed=0):
    """A machine with the mixed layer on the given side, and all states of both layers."""
    pair = PAIRS[where]
    sites = (1, 3) if where == "visible" else (3, 1)
    rbm = machine(pair, seed=seed, scale=0.8, sites=sites)
    return rbm, Joint(pair, rbm)


@as_visible_and_as_hidden
def test_energies_conditionals_and_the_normaliser_by_enumeration(where):
    rbm, joint = made(where)
    i, j = np.arange(len(joint.v)), np.arange(len(joint.v)) % len(joint.h)
    np.testing.assert_allclose(rbm.energy(joint.v[i], joint.h[j]), -joint.minus_E[i, j], rtol=1e-12)
    np.testing.assert_allclose(rbm.free_energy(joint.v), joint.free_energy, rtol=1e-12)
    hidden = joint.p @ joint.h / joint.p_v[:, None]
    visible = joint.p.T @ joint.v / joint.p_h[:, None]
    np.testing.assert_allclose(rbm.hidden_mean(joint.v), hidden, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(rbm.visible_mean(joint.h), visible, rtol=1e-12, atol=1e-14)
    assert rb.exact.log_partition(rbm) == pytest.approx(np.log(joint.Z), rel=1e-12)
    model = rb.exact.expectations(rbm)
    np.testing.assert_allclose(model.W, joint.v.T @ joint.p @ joint.h, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(model.a, joint.p_v @ joint.v, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(model.b, joint.p_h @ joint.h, rtol=1e-11, atol=1e-13)


@as_visible_and_as_hidden
def test_annealing_finds_the_normaliser(where):
    rbm, joint = made(where)
    estimate = rb.evaluate.ais(rbm, chains=100, betas=100, rng=0)
    assert abs(estimate.log_z - np.log(joint.Z)) < 6 * estimate.std_error


def drift(rbm, joint):
    """Gibbs steps from independent draws of p(v)."""
    start = np.random.default_rng(1).choice(len(joint.v), size=CHAINS, p=joint.p_v)
    end = rb.gibbs.run(rbm, joint.v[start], 3, rng=2)
    match = (end[:, None, :] == joint.v).all(axis=2)
    assert match.any(axis=1).all(), "a row is no state"
    assert_frequencies(match.argmax(axis=1), joint.p_v)


@as_visible_and_as_hidden
def test_gibbs_steps_keep_the_distribution(where):
    drift(*made(where))


class SharedNoise(rb.Mixed):
    """The broken twin: all parts are sampled with the same random numbers."""

    def sample(self, inputs, noise, out=None):
        return super().sample(inputs, np.repeat(noise[:, :1], noise.shape[1], axis=1), out)

    def bind(self, name, columns, dtype):
        return self


def test_the_ladder_between_two_layers_mixes_the_energies_of_every_part():
    base, unit = (
        rb.Mixed([(rb.Gaussian(log_precision), 2), (rb.Bernoulli(), 1)])
        for log_precision in (-1, 2)
    )
    x = np.array([[0.3, -2.0, 1.0], [4.0, 0.5, 0.0]])
    ref = 0.75 * base.energy(x) + 0.25 * unit.energy(x)
    np.testing.assert_allclose(unit.between(base, 0.25).energy(x), ref, rtol=1e-12)


@pytest.mark.jit  # noticed only with as many chains as compiled kernels can run
@as_visible_and_as_hidden
def test_parts_that_share_their_noise_are_noticed(where):
    rbm, joint = made(where)
    setattr(rbm, where, SharedNoise(PARTS))
    with pytest.raises(AssertionError, match="distance"):
        drift(rbm, joint)


@pytest.mark.parametrize("unit", [rb.Bernoulli(), rb.Spin(), rb.Softmax(2), rb.Gaussian(0.3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_layer_of_one_part_is_that_part(unit, dtype):
    alone, mixed = unit.bind("x", 6, dtype), rb.Mixed([(unit, 6)]).bind("x", 6, dtype)
    inputs = np.random.default_rng(0).normal(0, 3, (5, 6)).astype(dtype)
    noise = alone.noise(inputs.shape, np.random.default_rng(1), dtype)
    same = np.random.default_rng(1)
    np.testing.assert_array_equal(mixed.noise(inputs.shape, same, dtype), noise)
    x = alone.sample(inputs, noise)
    np.testing.assert_array_equal(mixed.sample(inputs, noise), x)
    for method in ("mean", "variance", "cgf", "cgf_sum"):
        found, expected = getattr(mixed, method)(inputs), getattr(alone, method)(inputs)
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype == dtype
    np.testing.assert_array_equal(mixed.energy(x), alone.energy(x))
    total = np.arange(1.0, 7)
    np.testing.assert_array_equal(mixed.bias_for_mean(total, 9), alone.bias_for_mean(total, 9))


def test_the_gradient_reaches_the_parts_own_parameters():
    rng = np.random.default_rng(0)
    W, a, b = rng.normal(0, 0.4, (5, 3)), rng.normal(0, 0.4, 5), rng.normal(0, 0.4, 3)
    unit = rb.Mixed([(rb.Bernoulli(), 2), (rb.Gaussian(0.4), 2), (rb.Gaussian(-0.2), 1)])
    rbm = rb.RBM(W, a, b, visible=unit)
    v = np.hstack([rng.integers(2, size=(4, 2)), rng.normal(size=(4, 3))])
    gradient = rb.exact.gradient(rbm, v)
    assert [g.shape for g in gradient.visible] == [(2,), (1,)]
    for parameter, slope in zip(rbm.parameters, gradient, strict=True):
        for index in np.ndindex(parameter.shape):
            kept, sides = parameter[index], []
            for step in (1e-5, -1e-5):
                parameter[index] = kept + step
                sides.append(rb.exact.log_likelihood(rbm, v).mean())
            parameter[index] = kept
            assert slope[index] == pytest.approx((sides[0] - sides[1]) / 2e-5, rel=1e-6, abs=1e-8)


def test_a_machine_starts_at_the_data_of_each_part_and_trains():
    rng = np.random.default_rng(0)
    X = np.hstack([rng.random((200, 2)) < 0.3, rng.normal(2, 0.5, (200, 2)), rng.random((200, 1))])
    rbm = rb.RBM.random(5, 4, dtype=np.float64, visible=WITH_GAUSSIAN, data=X)
    mean = rbm.visible.mean(rbm.a[None])[0]
    np.testing.assert_allclose(mean[:2], (X[:, :2].sum(axis=0) + 1) / 202)
    np.testing.assert_allclose(mean[2:4], X[:, 2:4].mean(axis=0), rtol=0.02)
    before = [p.copy() for p in rbm.parameters]
    fit(rbm, X, epochs=2, batch_size=20, optimizer=rb.SGD(0.01))
    moved = [not np.array_equal(p, old) for p, old in zip(rbm.parameters, before, strict=True)]
    assert moved == [True, True, True, True]  # W, a, b, the Gaussian part's log-precisions


def test_a_saved_machine_comes_back_whole(tmp_path):
    rbm = rb.RBM.random(5, 4, visible=WITH_GAUSSIAN, hidden=rb.Mixed([(rb.Spin(), 4)]))
    rbm.visible.parts[1][0].log_precision[:] = [0.25, -1.5]
    rbm.save(tmp_path / "m.npz")
    loaded = rb.RBM.load(tmp_path / "m.npz")
    assert repr(loaded.visible) == repr(rbm.visible)
    v = rb.gibbs.run(rbm, 6, 2, rng=0)
    np.testing.assert_array_equal(loaded.free_energy(v), rbm.free_energy(v))


def test_completion_takes_whole_sites_of_each_part():
    rbm, joint = made("visible")
    known = np.array([True, False, False, False, True])
    v = rb.gibbs.complete(rbm, joint.v, known, steps=3, rng=0)
    np.testing.assert_array_equal(v[:, known], joint.v[:, known])
    with pytest.raises(ValueError, match="known: expected all columns of a site"):
        rb.gibbs.complete(rbm, joint.v, np.array([True, True, False, False, True]), steps=1, rng=0)


@pytest.mark.parametrize(
    ("parts", "kind", "message"),
    [
        ([], ValueError, "parts: expected at least one pair"),
        (rb.Bernoulli(), TypeError, "parts: expected a sequence of pairs"),
        ([rb.Bernoulli(), 3], TypeError, "parts: expected a sequence of pairs"),
        ([(3, rb.Bernoulli())], TypeError, "parts: expected an instance of Unit"),
        ([(rb.Bernoulli(), 0)], ValueError, "parts: expected an integer ≥ 1"),
        ([(rb.Softmax(3), 4)], ValueError, "parts: expected a multiple of 3 columns"),
    ],
)
def test_bad_parts(parts, kind, message):
    with pytest.raises(kind, match=message):
        rb.Mixed(parts)


def test_a_layer_of_another_width_and_values_outside_a_part():
    with pytest.raises(ValueError, match="visible: expected 5 columns"):
        rb.RBM.random(6, 2, visible=rb.Mixed(PARTS))
    rbm, joint = made("visible")
    v = joint.v.copy()
    v[2, 4] = 0  # no spin
    with pytest.raises(ValueError, match=r"in columns 4 to 4 .* −1 or 1, got 0.0 at row 2, col"):
        rbm.energy(v, np.zeros((len(v), 3)))
    with pytest.raises(TypeError, match="visible units with finitely many states"):
        rb.evaluate.pseudo_log_likelihood(rbm, joint.v)
