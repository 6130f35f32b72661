"""The public names, called as a user would who knows only the documentation's list of them.

The numbers to compare with are written down here: each follows by hand from two visible units, one
hidden unit and weights of log 2 or 0, or is counted.
"""

import inspect

import numpy as np
import pytest

import rbmbook as rb

LOG_2 = np.log(2.0)


@pytest.fixture
def rbm():
    """W = (log 2, 0)ᵀ, a = 0, b = 0: exp(−E) is 2 if the first unit and the hidden one are on."""
    return rb.RBM(np.array([[LOG_2], [0.0]]), np.zeros(2), np.zeros(1))


def parameters(function):
    return list(inspect.signature(function).parameters)


def default(function, name):
    return inspect.signature(function).parameters[name].default


def test_a_machine_and_its_golden_values(rbm):
    v, h = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0], [1.0]])
    assert (rbm.n_visible, rbm.n_hidden, rbm.dtype) == (2, 1, np.float64)
    np.testing.assert_allclose(rbm.energy(v, h), [-LOG_2, 0.0])
    np.testing.assert_allclose(rbm.free_energy(v), [-np.log(3), -LOG_2])
    np.testing.assert_allclose(rbm.hidden_mean(v), [[2 / 3], [1 / 2]])
    np.testing.assert_allclose(rbm.visible_mean(h), [[2 / 3, 1 / 2]] * 2)
    # Z = 2 + 2 + 3 + 3: each state of the second unit, with the first off (2) or on (3)
    assert rb.exact.log_partition(rbm) == pytest.approx(np.log(10))
    np.testing.assert_array_equal(rb.exact.states(2), [[0, 0], [0, 1], [1, 0], [1, 1]])
    np.testing.assert_allclose(rb.exact.probabilities(rbm), [0.2, 0.2, 0.3, 0.3])
    np.testing.assert_allclose(rb.exact.log_likelihood(rbm, v), np.log([0.3, 0.2]))
    model = rb.exact.expectations(rbm)
    np.testing.assert_allclose(model.W, [[0.4], [0.3 * 2 / 3 + 0.2 / 2]])
    np.testing.assert_allclose(model.a, [0.6, 0.5])
    np.testing.assert_allclose(model.b, [0.6])
    gradient = rb.exact.gradient(rbm, v, sample_weight=[3.0, 1.0])
    np.testing.assert_allclose(gradient.a, [0.75 - 0.6, 0.25 - 0.5])
    np.testing.assert_allclose(gradient.b, [0.75 * 2 / 3 + 0.25 / 2 - 0.6])
    np.testing.assert_allclose(gradient.W, [[0.75 * 2 / 3 - 0.4], [0.25 / 2 - 0.3]])
    # each conditional: p(v₁ | v₂) = 0.3/0.5 or 0.2/0.5, p(v₂ | v₁) = 1/2
    score = rb.evaluate.pseudo_log_likelihood(rbm, v)
    np.testing.assert_allclose(score, np.log([0.6 * 0.5, 0.4 * 0.5]))
    error = rb.evaluate.reconstruction_error(rbm, v)
    first = 1 / (1 + np.exp(-LOG_2 * 2 / 3)), 1 / (1 + np.exp(-LOG_2 / 2))
    expected = [((1 - first[0]) ** 2 + 0.25) / 2, (first[1] ** 2 + 0.25) / 2]
    np.testing.assert_allclose(error, expected)


def test_saving_copying_and_sampling(rbm, tmp_path):
    rbm.save(tmp_path / "m.npz")
    loaded, copy = rb.RBM.load(tmp_path / "m.npz"), rbm.copy()
    copy.W[:] = 0
    assert rbm.W[0, 0] == loaded.W[0, 0] == LOG_2
    v = rb.gibbs.run(rbm, 4000, 5, 0)
    assert v.shape == (4000, 2) and set(np.unique(v)) == {0, 1}
    assert abs(v[:, 0].mean() - 0.6) < 6 * np.sqrt(0.24 / 4000)
    assert rb.gibbs.run(rbm, v[:3], 1, np.random.default_rng(0)).shape == (3, 2)
    h = rbm.sample_hidden(np.tile([1.0, 0.0], (4000, 1)), 0)
    assert abs(h.mean() - 2 / 3) < 6 * np.sqrt(2 / 9 / 4000)
    u = np.random.default_rng(0).random((4000, 1))
    np.testing.assert_array_equal(h, u < 2 / 3)  # the noise is NumPy's, in C order
    assert rbm.sample_visible(h, 0).shape == (4000, 2)


@pytest.mark.parametrize(
    "unit", [rb.Bernoulli(), rb.Spin(), rb.Gaussian(), rb.Softmax(3), rb.ReLU()]
)
def test_every_unit_in_either_layer(unit):
    rbm = rb.RBM.random(6, 3, rng=0, scale=0.01, dtype=np.float32, visible=unit, hidden=unit)
    v = rb.gibbs.run(rbm, 4, 2, 0)
    assert v.dtype == np.float32 and v.shape == (4, 6)
    assert rb.RBM.random(6, 3, data=v, visible=unit).a.shape == (6,)


@pytest.mark.parametrize(
    "phase", [rb.CD(k=1), rb.PCD(k=1, chains=100), rb.FPCD(), rb.Tempered(), rb.Exact()]
)
def test_every_negative_phase(rbm, phase):
    v = np.array([[1.0, 0.0], [0.0, 1.0]])
    gradient = rb.gradient.estimate(rbm, v, phase, 0, sample_weight=[1.0, 2.0])
    assert [g.shape for g in (gradient.W, gradient.a, gradient.b)] == [(2, 1), (2,), (1,)]


def test_fit_and_its_defaults(rbm):
    names = ["rbm", "X", "negative", "epochs", "batch_size", "optimizer", "weight_decay"]
    names += ["sample_weight", "centered", "validation", "rng", "progress", "callbacks"]
    assert parameters(rb.fit)[: len(names)] == names
    for name in ("negative", "epochs", "centered"):  # chosen to suit the data
        assert default(rb.fit, name) is None
    assert default(rb.fit, "batch_size") == 100 and default(rb.fit, "optimizer") == rb.SGD(0.05)
    assert default(rb.fit, "weight_decay") is None and default(rb.fit, "rng") == 0
    assert default(rb.fit, "progress") is True and default(rb.fit, "callbacks") == ()
    X = np.array([[1, 0], [0, 1]], np.uint8)
    history = rb.fit(rbm, X, epochs=3, validation=X, progress=False)
    assert isinstance(history, rb.History) and history.epochs == 3


def test_estimates_of_log_z(rbm):
    below = rb.evaluate.ais(rbm, chains=100, betas=100, rng=0)
    samples = rb.gibbs.run(rbm, 100, 20, 0)
    above = rb.evaluate.reverse_ais(rbm, samples, betas=100, rng=0)
    for estimate in (below, above):
        assert abs(estimate.log_z - np.log(10)) < 6 * estimate.std_error + 1e-12
        assert estimate.log_weights.shape == (100,)


def test_data():
    bars = rb.data.bars_and_stripes(3)
    assert bars.shape == (14, 9)
    assert rb.data.bars_and_stripes(3, duplicates=True).shape == (16, 9)
    assert rb.data.shifting_bars(6, 2).shape == (6, 6)
    X, y = rb.data.digits()
    assert X.shape == (1797, 64) and y.shape == (1797,)
    X, y = rb.data.mnist()
    assert X.shape == (5000, 784) and y.shape == (5000,)


@pytest.mark.jit
def test_deep_models_and_estimators_are_there():
    X = rb.data.bars_and_stripes(3)
    for model in (rb.DBN.random((9, 4, 3)), rb.DBM.random((9, 4, 3))):
        model.fit(X, epochs=1, rng=0, progress=False)
        assert model.sample(2, 0).shape == (2, 9)
    for kind in (rb.DBN, rb.DBM, rb.Autoencoder, rb.GAN):
        assert callable(kind.fit) and callable(kind.save) and callable(kind.load)
        assert "rng" in parameters(kind.fit)
    for kind in (rb.BernoulliRBM, rb.GaussianRBM, rb.RBMClassifier):
        assert "random_state" in parameters(kind)
