"""p(label | data) and its gradient against enumeration and finite differences."""

import numpy as np
import pytest
from scipy import sparse
from small_fits import fit

import rbmbook as rb
from rbmbook import discriminative
from rbmbook.training.discriminative import Discriminative, log_probabilities, with_labels

K, D, H = 3, 4, 2
HIDDEN = {
    "Bernoulli": rb.Bernoulli(),
    "Spin": rb.Spin(),
    "Softmax": rb.Softmax(2),
    "Gaussian": rb.Gaussian(0.8),
    "ReLU": rb.ReLU(0.6),
}
hidden_types = pytest.mark.parametrize("hidden", HIDDEN)


def machine(hidden="Bernoulli", dtype=np.float64, first=None):
    rng = np.random.default_rng(7)
    W, a, b = rng.normal(0, 0.5, (D + K, H)), rng.normal(0, 1, D + K), rng.normal(0, 1, H)
    first = rb.Bernoulli() if first is None else first
    visible = rb.Mixed([(first, D), (rb.Softmax(K), K)])
    return rb.RBM(W.astype(dtype), a, b, visible=visible, hidden=HIDDEN[hidden])


def data(n=6):
    rng = np.random.default_rng(8)
    return rng.integers(2, size=(n, D)).astype(float), rng.integers(K, size=n)


def labelled(x):
    """Every row of x with every label: (n, K, D + K)."""
    return np.stack([with_labels(x, np.full(len(x), k), K) for k in range(K)], axis=1)


@hidden_types
def test_log_probabilities_are_normalised_free_energies(hidden):
    rbm, (x, _) = machine(hidden), data()
    unnormalised = np.exp(
        [[-rbm.free_energy(row[None])[0] for row in rows] for rows in labelled(x)]
    )
    expected = unnormalised / unnormalised.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(log_probabilities(rbm, x)), expected, rtol=1e-11)


def test_log_probabilities_are_conditionals_of_the_enumerated_joint():
    rbm = machine()
    everything = labelled(rb.exact.states(D)).reshape(-1, D + K)
    joint = np.exp(rb.exact.log_likelihood(rbm, everything)).reshape(-1, K)
    assert joint.sum() == pytest.approx(1, rel=1e-12)
    conditional = joint / joint.sum(axis=1, keepdims=True)
    found = np.exp(log_probabilities(rbm, rb.exact.states(D)))
    np.testing.assert_allclose(found, conditional, rtol=1e-11)


def estimate(rbm, v, phase, weight):
    return rb.gradient.estimate(rbm, v, phase, rng=0, sample_weight=weight)


def assert_gradient(phase, hidden, generative=0.0):
    """The estimate is the slope of Σ w (log p(y | x) + α log p(x, y)) / Σ w, by differences."""
    rbm, (x, y) = machine(hidden), data()
    weight = np.array([1.0, 2.0, 0.0, 0.5, 1.0, 3.0])
    v = with_labels(x, y, K)

    def objective():
        value = log_probabilities(rbm, x)[np.arange(len(y)), y]
        if generative:
            value = value + generative * rb.exact.log_likelihood(rbm, v)
        return weight @ value / weight.sum()

    gradient = estimate(rbm, v, phase, weight)
    for parameter, slope in zip(rbm.parameters, gradient, strict=True):
        for index in np.ndindex(parameter.shape):
            kept, sides = parameter[index], []
            for step in (1e-5, -1e-5):
                parameter[index] = kept + step
                sides.append(objective())
            parameter[index] = kept
            numeric = (sides[0] - sides[1]) / 2e-5
            assert slope[index] == pytest.approx(numeric, rel=1e-6, abs=1e-8)


@hidden_types
def test_gradient_is_the_finite_difference(hidden):
    assert_gradient(Discriminative(), hidden)


@pytest.mark.parametrize("hidden", ["Bernoulli", "Spin", "Softmax"])  # those that Exact can list
def test_gradient_with_a_generative_part_is_the_finite_difference(hidden):
    assert_gradient(Discriminative(0.3, rb.Exact()), hidden, generative=0.3)


@pytest.mark.parametrize("broken", ["label biases forgotten", "labels equally likely"])
def test_broken_probabilities_are_rejected(monkeypatch, broken):
    right = discriminative._log_probabilities

    def forgotten(rbm, inputs, classes):
        other = rbm.copy()
        other.a[-classes:] = 0
        return right(other, inputs, classes)

    def uniform(rbm, inputs, classes):
        return np.full((len(inputs), classes), -np.log(classes))

    wrong = forgotten if broken == "label biases forgotten" else uniform
    # Only the gradient goes wrong: the objective is what it was.
    original = discriminative.Discriminative.model_term

    def model_term(self, *arguments):
        with monkeypatch.context() as patch:
            patch.setattr(discriminative, "_log_probabilities", wrong)
            return original(self, *arguments)

    monkeypatch.setattr(discriminative.Discriminative, "model_term", model_term)
    with pytest.raises(AssertionError):
        assert_gradient(Discriminative(), "Bernoulli")


def test_gaussian_data_before_the_label():
    rbm = machine(first=rb.Gaussian(0.2, learn=True))
    x, y = np.random.default_rng(0).normal(size=(5, D)), np.array([0, 1, 2, 1, 0])
    p = np.exp(log_probabilities(rbm, x))
    np.testing.assert_allclose(p.sum(axis=1), 1)
    gradient = estimate(rbm, with_labels(x, y, K), Discriminative(), None)
    np.testing.assert_array_equal(gradient.a[:D], 0)  # p(y | x) does not know them
    np.testing.assert_array_equal(gradient.visible[0], 0)
    assert np.abs(gradient.W[:D]).max() > 0.01


def test_float32_and_sparse_answers_are_near_the_float64_ones():
    x, _ = data()
    expected = log_probabilities(machine(), x)
    single = log_probabilities(machine(dtype=np.float32), x)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(log_probabilities(machine(), sparse.csr_array(x)), expected)


@pytest.mark.parametrize("scale", [30.0, 1000.0])
def test_large_parameters_give_finite_logarithms(scale):
    rbm, (x, _) = machine(), data()
    rbm.W *= scale
    log_p = log_probabilities(rbm, x)
    assert np.isfinite(log_p).all()
    np.testing.assert_allclose(np.logaddexp.reduce(log_p, axis=1), 0, atol=1e-9 * scale)


def bars_or_stripes():
    """Images with a label that says whether their columns or their rows are alike."""
    X = rb.data.bars_and_stripes(3)
    mixed = X.reshape(-1, 3, 3)
    bars = (mixed == mixed[:, :1]).all(axis=(1, 2))
    stripes = (mixed == mixed[:, :, :1]).all(axis=(1, 2))
    keep = bars != stripes
    return X[keep], stripes[keep].astype(int)


@pytest.mark.jit
@pytest.mark.parametrize("generative", [0.0, 0.1])
def test_training_learns_to_classify(generative):
    X, y = bars_or_stripes()
    rows = with_labels(X, y, 2)
    visible = rb.Mixed([(rb.Bernoulli(), 9), (rb.Softmax(2), 2)])
    rbm = rb.RBM.random(11, 12, rng=0, scale=0.1, visible=visible)
    phase = Discriminative(generative, rb.PCD(1, chains=20))
    before = log_probabilities(rbm, X)[np.arange(len(y)), y].mean()
    fit(rbm, rows, negative=phase, epochs=300, batch_size=4, optimizer=rb.Adam(0.01))
    after = log_probabilities(rbm, X)
    assert before < -0.6 and after[np.arange(len(y)), y].mean() > -0.1
    assert (after.argmax(axis=1) == y).all()


def test_a_resumed_fit_ends_with_the_same_bits(tmp_path):
    X, y = bars_or_stripes()
    rows, phase = with_labels(X, y, 2), Discriminative(0.1, rb.PCD(1, chains=7))
    visible = rb.Mixed([(rb.Bernoulli(), 9), (rb.Softmax(2), 2)])
    straight, stopped = (rb.RBM.random(11, 5, rng=0, visible=visible) for _ in range(2))
    fit(straight, rows, negative=phase, epochs=4, centered=True)
    fit(stopped, rows, negative=phase, epochs=2, centered=True, checkpoint=tmp_path / "c.npz")
    resumed = rb.RBM.random(11, 5, rng=1, visible=visible)
    fit(resumed, rows, negative=phase, epochs=4, centered=True, checkpoint=tmp_path / "c.npz")
    for one, other in zip(straight.parameters, resumed.parameters, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32])
def test_with_labels_keeps_the_dtype_and_sparsity(dtype):
    x, y = data()
    dense = with_labels(x.astype(dtype), y, K)
    thin = with_labels(sparse.csr_matrix(x.astype(dtype)), y, K)
    assert dense.dtype == thin.dtype == dtype and sparse.issparse(thin)
    np.testing.assert_array_equal(thin.toarray(), dense)
    np.testing.assert_array_equal(dense[:, :D], x)
    np.testing.assert_array_equal(dense[:, D:].argmax(axis=1), y)
    np.testing.assert_array_equal(dense[:, D:].sum(axis=1), 1)


@pytest.mark.parametrize(
    ("y", "classes", "message"),
    [
        ([0, 1], 3, "y: expected 6 integers"),
        ([0.0] * 6, 3, "y: expected 6 integers"),
        ([0, 1, 2, 3, 0, 0], 3, "y: expected labels from 0 to 2, got 0 to 3"),
        ([0, -1, 2, 0, 0, 0], 3, "y: expected labels from 0 to 2, got -1 to 2"),
        ([0] * 6, 1, "classes: expected an integer ≥ 2"),
    ],
)
def test_bad_labels(y, classes, message):
    with pytest.raises(ValueError, match=message):
        with_labels(data()[0], y, classes)


@pytest.mark.parametrize(
    "visible",
    [
        rb.Bernoulli(),
        rb.Mixed([(rb.Softmax(7), 7)]),
        rb.Mixed([(rb.Softmax(3), 3), (rb.Bernoulli(), 4)]),
        rb.Mixed([(rb.Bernoulli(), 1), (rb.Softmax(3), 6)]),
    ],
)
def test_machines_without_a_label(visible):
    rbm = rb.RBM.random(7, 2, visible=visible)
    with pytest.raises(ValueError, match="rbm: expected visible units Mixed"):
        log_probabilities(rbm, np.zeros((1, 4)))
    v = rb.gibbs.run(rbm, 3, 1, rng=0)
    with pytest.raises(ValueError, match="rbm: expected visible units Mixed"):
        fit(rbm, v, negative=Discriminative())


def test_bad_settings_and_data():
    with pytest.raises(ValueError, match="generative"):
        Discriminative(-0.1)
    with pytest.raises(TypeError, match="joint"):
        Discriminative(0.1, joint="CD")
    with pytest.raises(ValueError, match=r"x: expected shape \(n, 4\)"):
        log_probabilities(machine(), np.zeros((2, D + K)))
    with pytest.raises(ValueError, match="x: expected"):
        log_probabilities(machine(), np.full((2, D), 1.5))
