"""The scikit-learn estimators: scikit-learn's own checks, and the core's answers through them."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import BernoulliRBM as Peer
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import rbmbook as rb

pytestmark = pytest.mark.jit  # they train, and nothing below depends on how kernels are compiled

ALL = [rb.BernoulliRBM, rb.GaussianRBM, rb.RBMClassifier, rb.RBMImputer, rb.RBMOutlierDetector]
TRANSFORMERS = ALL[:2]
ANSWERS = dict.fromkeys(TRANSFORMERS, "transform") | {
    rb.RBMClassifier: "predict_proba",
    rb.RBMImputer: "sample",
    rb.RBMOutlierDetector: "score_samples",
}
SMALL = {"n_components": 6, "n_iter": 2, "random_state": 0}


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def fitted(kind, X, y, **settings):
    return kind(**{**SMALL, **settings}).fit(X, y)


# Their data have one rating, 1, since 0 is none; and they expect one answer a row.
SPARSE_CHECKS = {
    f"check_estimator_sparse_{name}": "0 is no rating" for name in ("tag", "array", "matrix")
}


@pytest.mark.filterwarnings("ignore")  # scikit-learn's own, about what it skips
@parametrize_with_checks(
    [
        rb.BernoulliRBM(20),
        rb.GaussianRBM(20, n_iter=10),
        rb.RBMClassifier(20, n_iter=30),
        rb.RBMImputer(20, n_iter=10),
        rb.RBMOutlierDetector(20, n_iter=10),
        rb.RatingsRBM(20, n_iter=10),
    ],
    expected_failed_checks=lambda estimator: (
        SPARSE_CHECKS if isinstance(estimator, rb.RatingsRBM) else {}
    ),
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_the_checks_notice_a_broken_estimator():
    class Forgetful(rb.BernoulliRBM):
        def transform(self, X):
            return super().transform(X) + np.random.default_rng().random()

    name = "check_methods_subset_invariance"
    checks = [c for e, c in _checks(Forgetful(n_components=3)) if c.func.__name__ == name]
    with pytest.raises(AssertionError):
        checks[0](Forgetful(n_components=3))


def _checks(estimator):
    from sklearn.utils.estimator_checks import estimator_checks_generator

    return list(estimator_checks_generator(estimator))


def test_the_first_parameters_are_scikit_learns():
    ours, theirs = rb.BernoulliRBM().get_params(), Peer().get_params()
    assert {name: ours[name] for name in theirs} == theirs
    fast = {"n_components": 4, "n_iter": 1}
    X = rb.data.bars_and_stripes(3)
    learned = [name for name in vars(Peer(**fast).fit(X)) if name.endswith("_")]
    learned = [name for name in learned if name != "h_samples_"]  # of its persistent chains
    model = rb.BernoulliRBM(**fast).fit(X)
    for name in learned:
        assert np.shape(getattr(model, name)) == np.shape(getattr(Peer(**fast).fit(X), name)), name


@pytest.mark.parametrize("kind", TRANSFORMERS)
def test_the_machine_is_what_fit_makes_and_transform_is_its_hidden_mean(kind, digits):
    X = digits[0][:200]
    model = kind(5, n_iter=3, batch_size=20, random_state=3, weight_decay=0.01).fit(X)
    rng = np.random.default_rng(3)
    rows, visible, rate = X, rb.Bernoulli(), 0.1
    if kind is rb.GaussianRBM:
        deviation = np.where(X.std(axis=0) == 0, 1, X.std(axis=0))
        rows, visible, rate = (X - X.mean(axis=0)) / deviation, rb.Gaussian(), 0.03
    rbm = rb.RBM.random(64, 5, rng, dtype=np.float64, visible=visible, data=rows)
    settings = {"epochs": 3, "batch_size": 20, "weight_decay": 0.01, "progress": False}
    rb.fit(rbm, rows, optimizer=rb.SGD(rate), rng=rng, **settings)
    np.testing.assert_allclose(model.components_, rbm.W.T, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(model.intercept_hidden_, rbm.b, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(model.intercept_visible_, rbm.a, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(model.transform(X), rbm.hidden_mean(rows), rtol=1e-9)
    assert model.history_.epochs == model.n_iter_ == 3


def test_the_negative_phase_and_the_optimizer_can_be_chosen():
    X = rb.data.bars_and_stripes(3)
    settings = {"n_iter": 60, "batch_size": 14}
    exact = fitted(
        rb.BernoulliRBM, X, None, negative=rb.Exact(), optimizer=rb.Adam(0.05), **settings
    )
    plain = fitted(rb.BernoulliRBM, X, None, **settings)
    likelihoods = [rb.exact.log_likelihood(m.rbm_, X).mean() for m in (exact, plain)]
    assert likelihoods[0] > likelihoods[1] + 0.1


@pytest.mark.parametrize("kind", [*ALL, rb.RatingsRBM])
@pytest.mark.parametrize("random_state", [7, "RandomState", "Generator"])
def test_the_same_random_state_gives_the_same_bits(kind, random_state, digits):
    X, y = digits[0][:60], digits[1][:60]

    def made():
        kinds = {"RandomState": np.random.RandomState, "Generator": np.random.default_rng}
        seed = kinds[random_state](5) if isinstance(random_state, str) else random_state
        return fitted(kind, X, y, random_state=seed).rbm_.W

    np.testing.assert_array_equal(made(), made())
    assert not np.array_equal(made(), fitted(kind, X, y, random_state=8).rbm_.W)


@pytest.mark.parametrize("kind", ALL)
def test_a_pickled_estimator_and_a_clone(kind, digits):
    X, y = digits[0][:60], digits[1][:60]
    model = fitted(kind, X, y, negative=rb.PCD(1, 5), optimizer=rb.SGD(0.01, 0.5))
    answer = ANSWERS[kind]
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(getattr(copy, answer)(X), getattr(model, answer)(X))
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(getattr(again, answer)(X), getattr(model, answer)(X))


@pytest.mark.parametrize("kind", [rb.BernoulliRBM, rb.RBMClassifier, rb.RBMOutlierDetector])
@pytest.mark.parametrize("form", [sparse.csr_matrix, sparse.csr_array, sparse.csc_array])
def test_sparse_data_gives_the_dense_answer(kind, form, digits):
    X, y = (digits[0][:60] > 0.5).astype(float), digits[1][:60]
    answer = ANSWERS[kind]
    dense, thin = fitted(kind, X, y), fitted(kind, form(X), y)
    np.testing.assert_allclose(getattr(thin, answer)(form(X)), getattr(dense, answer)(X), rtol=1e-9)
    np.testing.assert_array_equal(getattr(dense, answer)(form(X)), getattr(dense, answer)(X))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_counted_data_is_computed_in_float64(dtype, digits):
    X = digits[0][:60] > 0.5
    model = fitted(rb.BernoulliRBM, X.astype(dtype), None)
    assert model.rbm_.dtype == model.transform(X.astype(dtype)).dtype == np.float64
    expected = fitted(rb.BernoulliRBM, X.astype(np.float64), None)
    np.testing.assert_array_equal(model.components_, expected.components_)


def test_float32_data_makes_a_float32_machine(digits):
    X, y = digits[0][:60].astype(np.float32), digits[1][:60]
    for kind in TRANSFORMERS:
        model = fitted(kind, X, y)
        assert model.rbm_.dtype == model.transform(X).dtype == np.float32
        assert model.sample(2, 3, 0).dtype == model.inverse_transform(model.transform(X)).dtype
        assert model.sample(2, 3, 0).dtype == np.float32
    assert fitted(rb.RBMClassifier, X, y).predict_proba(X).dtype == np.float32


def test_score_samples_is_the_pseudo_log_likelihood():
    X = rb.data.bars_and_stripes(3)
    model = fitted(rb.BernoulliRBM, X, None, n_iter=40)
    expected = rb.evaluate.pseudo_log_likelihood(model.rbm_, X)
    np.testing.assert_allclose(model.score_samples(X), expected)
    np.testing.assert_allclose(model.score_samples(sparse.csr_array(X)), expected)
    np.testing.assert_allclose(model.score_samples(0.2 + 0.6 * X), expected)  # the nearer state
    assert model.score(X) == pytest.approx(expected.mean())


def test_the_score_of_real_numbers_is_a_log_density_in_their_units(monkeypatch):
    rng = np.random.default_rng(0)
    X = 20 * rng.standard_normal((300, 1)) + 50 * rng.integers(2, size=(300, 1)) - 100
    model = rb.GaussianRBM(4, n_iter=60, random_state=0).fit(X)
    grid = np.arange(-400, 300, 0.25)[:, None]
    np.testing.assert_allclose(np.exp(model.score_samples(grid)).sum() * 0.25, 1, rtol=1e-6)
    exact = model.score_samples(X)
    assert model.score(X) == pytest.approx(exact.mean())
    normal = -0.5 * np.log(2 * np.pi * np.e * X.var())  # the best normal distribution
    assert normal - 0.05 < model.score(X) < normal + 1
    monkeypatch.setattr("rbmbook.estimators.gaussian.ENUMERATED", 0)
    estimate = rb.evaluate.ais(model.rbm_)
    distance = model.score_samples(X) - exact
    np.testing.assert_allclose(distance, distance[0], atol=1e-9)
    assert abs(distance[0]) < 6 * estimate.std_error


@pytest.mark.parametrize("kind", TRANSFORMERS)
def test_gibbs_steps_are_the_machines_in_the_datas_units(kind, digits):
    X = 3 * digits[0][:20] - 1  # which both scale
    model = fitted(kind, X, None)
    rows = np.asarray(model._ready(X)[:])
    rng, expected = np.random.default_rng(5), rows
    for _ in range(3):
        expected = model.rbm_.sample_visible(model.rbm_.sample_hidden(expected, rng), rng)
    found = model.gibbs(X, steps=3, random_state=5)
    np.testing.assert_allclose(found, model.scaler_.inverse_transform(expected))
    same = [fitted(kind, X, None) for _ in range(2)]
    first, second = ([m.gibbs(X), m.gibbs(X)] for m in same)
    np.testing.assert_array_equal(first, second)  # as random_state says
    assert not np.array_equal(*first)
    binary = rb.BernoulliRBM(**SMALL).fit(rb.data.bars_and_stripes(3))
    v = rb.data.bars_and_stripes(3).astype(float)
    expected = rb.gibbs.run(binary.rbm_, v, 4, 9)
    np.testing.assert_array_equal(binary.gibbs(v, 4, 9), expected)


@pytest.mark.parametrize("kind", TRANSFORMERS)
def test_means_in_place_of_the_last_states(kind, digits):
    model = fitted(kind, 3 * digits[0][:40] - 1, None)
    means = model.sample(4000, 5, random_state=1, means=True)
    states = model.sample(4000, 5, random_state=1)
    assert (means.std(axis=0) <= states.std(axis=0) + 1e-12).all()
    assert means.std(axis=0).sum() < 0.5 * states.std(axis=0).sum()
    error = states.std(axis=0) / np.sqrt(4000)
    assert (np.abs(means.mean(axis=0) - states.mean(axis=0)) <= 6 * error + 1e-9).all()
    with pytest.raises(ValueError, match="steps: expected an integer ≥ 1"):
        model.sample(1, 0, means=True)


def test_the_way_back_and_samples_are_in_the_datas_units():
    rng = np.random.default_rng(0)
    X = rng.normal([3.0, -100.0], [0.5, 20.0], (300, 2))
    model = rb.GaussianRBM(4, n_iter=5, random_state=0).fit(X)
    back = model.inverse_transform(model.transform(X))
    np.testing.assert_allclose(back.mean(axis=0), X.mean(axis=0), rtol=0.05)
    drawn = model.sample(2000, 20, random_state=0)
    np.testing.assert_allclose(drawn.mean(axis=0), X.mean(axis=0), rtol=0.05)
    np.testing.assert_allclose(drawn.std(axis=0), X.std(axis=0), rtol=0.1)
    model = rb.BernoulliRBM(4, random_state=0).fit(X)  # scaled to [0, 1]
    back = model.inverse_transform(model.transform(X))
    assert (back >= X.min(axis=0)).all() and (back <= X.max(axis=0)).all()


def test_scaling_by_choice():
    inside, outside = np.array([[0.2, 0.0], [0.6, 1.0]]), np.array([[2.0, 0.0], [4.0, 1.0]])
    assert fitted(rb.BernoulliRBM, inside, None).scaler_ is None
    assert fitted(rb.BernoulliRBM, inside - 0.5, None).scaler_ is not None
    model = fitted(rb.BernoulliRBM, outside, None)
    beyond = np.array([[9.0, 1.0]])
    np.testing.assert_array_equal(model.transform(beyond), model.transform([[4.0, 1.0]]))
    scaled = fitted(rb.BernoulliRBM, inside, None, scale=True)
    np.testing.assert_allclose(scaled.scaler_.data_max_, [0.6, 1.0])
    with pytest.raises(ValueError, match=r"X: expected .* \[0, 1\], got 2.0 .*fit with scale=True"):
        fitted(rb.BernoulliRBM, outside, None, scale=False)
    unscaled = fitted(rb.BernoulliRBM, inside, None)
    with pytest.raises(ValueError, match=r"X: expected .* got 9.0 .*scale='auto' .*scale=True"):
        unscaled.transform(beyond)
    with pytest.raises(ValueError, match=r"X: expected .* got 2.0 .*scale='auto' .*MaxAbsScaler"):
        fitted(rb.BernoulliRBM, sparse.csr_array(outside), None)
    raw = fitted(rb.GaussianRBM, outside, None, standardize=False)
    np.testing.assert_array_equal(raw.transform(outside), raw.rbm_.hidden_mean(outside))


def test_features_in_a_pipeline_serve_as_well_as_scikit_learns(digits):
    X, y = digits
    accuracies = []
    for kind in (rb.BernoulliRBM, Peer):
        features = kind(100, learning_rate=0.06, n_iter=20, random_state=0)
        pipeline = make_pipeline(features, LogisticRegression(max_iter=2000, C=10.0))
        accuracies.append(pipeline.fit(X[:1200], y[:1200]).score(X[1200:], y[1200:]))
        names = pipeline[0].get_feature_names_out()
        assert list(names[:2]) == ["bernoullirbm0", "bernoullirbm1"] and len(names) == 100
    assert accuracies[0] > accuracies[1] - 0.03
    assert accuracies[0] > 0.85


def test_a_grid_search_over_the_core_objects(digits):
    X = digits[0][:120]
    grid = {"negative": [rb.CD(1), rb.PCD(1, 10)], "n_components": [3, 5]}
    search = GridSearchCV(rb.BernoulliRBM(n_iter=1, random_state=0), grid, cv=2).fit(X)
    assert len(search.cv_results_["params"]) == 4 and np.isfinite(search.best_score_)
    assert search.best_estimator_.rbm_.n_hidden == search.best_params_["n_components"]


def test_the_classifier_is_the_machines_conditional(digits):
    X, names = digits[0][:300], np.array(list("abcdefghij"))[digits[1][:300]]
    model = rb.RBMClassifier(20, n_iter=5, random_state=0).fit(X, names)
    log_p = rb.discriminative.log_probabilities(model.rbm_, X)
    np.testing.assert_array_equal(model.predict_log_proba(X), log_p)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)
    assert list(model.classes_) == list("abcdefghij")
    np.testing.assert_array_equal(model.predict(X), model.classes_[log_p.argmax(axis=1)])


def test_the_classifier_reads_digits(digits):
    X, y = digits
    model = rb.RBMClassifier(random_state=0).fit(X[:1200], y[:1200])
    assert model.score(X[1200:], y[1200:]) > 0.9


def test_the_classifier_of_few_units_tells_two_clouds_apart_from_thirty_rows():
    rng = np.random.default_rng(3)
    y = rng.integers(2, size=330)
    X = 4 * y[:, None] + rng.standard_normal((330, 2))
    model = rb.RBMClassifier(4, random_state=0).fit(X[:30], y[:30])
    assert model.score(X[30:], y[30:]) > 0.95


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("setting", "error", "message"),
    [
        ({"n_components": 0}, ValueError, "n_components: expected an integer ≥ 1"),
        ({"n_components": 2.5}, TypeError, "n_components: expected an integer"),
        ({"n_iter": -1}, ValueError, "n_iter: expected an integer ≥ 0"),
        ({"batch_size": 0}, ValueError, "batch_size: expected an integer ≥ 1"),
        ({"learning_rate": 0.0}, ValueError, "learning_rate: expected a number"),
        ({"weight_decay": -1.0}, ValueError, "weight_decay: expected a number"),
        ({"random_state": -1}, ValueError, "random_state: expected a seed ≥ 0"),
        ({"random_state": "x"}, TypeError, "random_state: expected an int"),
        ({"negative": "CD"}, TypeError, "expected an instance of Negative"),
        ({"optimizer": "SGD"}, TypeError, "optimizer: expected an optimizer"),
        ({"l1": -1.0}, ValueError, "l1: expected a number"),
        ({"sparsity": 0.1}, TypeError, "sparsity: expected an instance of Sparsity"),
        ({"centered": "yes"}, TypeError, "centered: expected an instance of bool"),
        ({"early_stopping": 3}, TypeError, "early_stopping: expected an instance of"),
        ({"validation_fraction": 1.0}, ValueError, "validation_fraction: expected a number"),
        ({"callbacks": 3}, TypeError, "callbacks: expected a sequence of functions"),
        ({"callbacks": [3]}, TypeError, "callbacks: expected functions"),
        ({"warm_start": "no"}, TypeError, "warm_start: expected an instance of bool"),
    ],
)
def test_bad_settings(kind, setting, error, message, digits):
    with pytest.raises(error, match=message):
        fitted(kind, digits[0][:20], digits[1][:20], **setting)


def test_more_bad_settings_and_data(digits):
    X, y = digits[0][:20], digits[1][:20]
    with pytest.raises(ValueError, match='scale: expected "auto", True or False'):
        fitted(rb.BernoulliRBM, X, y, scale="yes")
    with pytest.raises(TypeError, match="standardize"):
        fitted(rb.GaussianRBM, X, y, standardize="no")
    with pytest.raises(TypeError, match="learn"):
        fitted(rb.GaussianRBM, X, y, learn_precision=1)
    with pytest.raises(TypeError, match="checkpoint: expected a path"):
        fitted(rb.BernoulliRBM, X, y, checkpoint=3)
    with pytest.raises(ValueError, match="class_weight"):
        fitted(rb.RBMClassifier, X, y, class_weight="heavy")
    for kind in ALL:
        with pytest.raises(ValueError, match="sample_weight: expected shape"):
            kind(**SMALL).fit(X, y, sample_weight=[1, 2])
        with pytest.raises(TypeError, match=f"{kind.__name__}.fit takes no argument 'weights'"):
            kind(**SMALL).fit(X, y, weights=[1, 2])
    with pytest.raises(TypeError, match=r"validation: expected a pair \(X, y\)"):
        rb.RBMClassifier(**SMALL).fit(X, y, validation=X)
    with pytest.raises(ValueError, match="validation_fraction: expected None for a single row"):
        fitted(rb.BernoulliRBM, X[:1], None, validation_fraction=0.5)
    with pytest.raises(ValueError, match="generative"):
        fitted(rb.RBMClassifier, X, y, generative=-1.0)
    with pytest.raises(ValueError, match="y: expected at least two classes"):
        fitted(rb.RBMClassifier, X, np.zeros(20, int))
    with pytest.raises(TypeError, match="Sparse data was passed"):
        fitted(rb.GaussianRBM, sparse.csr_array(X), y)
    with pytest.raises(rb.DivergenceError, match="diverged"):
        fitted(rb.GaussianRBM, X, y, learning_rate=1e6, n_iter=50)


@pytest.mark.parametrize("method", ["transform", "inverse_transform", "sample", "score_samples"])
def test_nothing_is_answered_before_fit(method):
    arguments = (3,) if method == "sample" else (np.zeros((2, 4)),)
    with pytest.raises(NotFittedError):
        getattr(rb.BernoulliRBM(), method)(*arguments)
    assert not hasattr(rb.BernoulliRBM(), "components_")
