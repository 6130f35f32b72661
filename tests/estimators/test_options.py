"""The options of `rb.fit` in the estimators: all are there, and do what they do in `rb.fit`."""

import inspect
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

import rbmbook as rb
from rbmbook.estimators import options

pytestmark = [pytest.mark.jit, pytest.mark.filterwarnings("ignore::rbmbook.TrainingWarning")]

ALL = [rb.BernoulliRBM, rb.GaussianRBM, rb.RBMClassifier]
ALL_KINDS = [*ALL, rb.RBMImputer, rb.RBMOutlierDetector, rb.RatingsRBM]
NAMES = {"epochs": "n_iter", "progress": "verbose", "rng": "random_state"}
MADE = {"rbm", "X", "history"}  # an estimator makes these
DATA = {"sample_weight", "validation"}  # and is given these in `fit`
OWN = {"n_components", "learning_rate", "validation_fraction", "warm_start"}  # of every estimator
OWN |= {"scale", "standardize", "learn_precision", "generative", "class_weight"}  # of some
OWN |= {"chains", "steps", "contamination", "ratings", "mean_field"}
WITHOUT = {
    rb.RBMImputer: {"checkpoint"},  # whose data change while it learns
    rb.RatingsRBM: {"centered"},  # whose rows have machines of other sites each
}
OTHER_DEFAULTS = {"epochs", "batch_size", "optimizer", "weight_decay", "progress", "rng"}
NAMES_BACK = {ours: theirs for theirs, ours in NAMES.items()}
SMALL = {"n_components": 5, "n_iter": 3, "batch_size": 20, "random_state": 3}
SMALL |= {"negative": rb.PCD(1, 5), "optimizer": rb.SGD(0.02, 0.5)}


@pytest.fixture(scope="module")
def data():
    X, y = load_digits(return_X_y=True)
    return X[:70] / 16, y[:70]


def parameters(function):
    found = dict(inspect.signature(function).parameters)
    found.pop("self", None)
    return found


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_the_options_of_fit_are_those_of_the_estimators(kind):
    of_fit, own = parameters(rb.fit), parameters(kind)
    there = of_fit.keys() - MADE - DATA - WITHOUT.get(kind, set())
    assert own.keys() - OWN == {NAMES.get(name, name) for name in there}
    for name in there - OTHER_DEFAULTS:
        assert own[name].default == of_fit[name].default, name
        assert own[name].annotation == of_fit[name].annotation or name in (
            "callbacks",
            "checkpoint",
        )
    assert set(options.DATA) == DATA
    assert parameters(kind(**SMALL).set_fit_request).keys() == DATA


VALUES = {
    "negative": rb.CD(2),
    "epochs": 4,
    "batch_size": 33,
    "optimizer": rb.Adam(0.02),
    "weight_decay": 0.1,
    "centered": "enhanced",
    "rng": 8,
    "l1": 0.05,
    "sparsity": rb.Sparsity(0.1),
    "early_stopping": rb.EarlyStopping("weight_norm", patience=1),
    "sample_weight": np.arange(70) % 3,
}


def by_hand(X, **changes):
    """What an estimator of binary units is to do."""
    settings = {NAMES_BACK.get(name, name): value for name, value in SMALL.items()}
    rng = np.random.default_rng({**settings, **changes}.pop("rng"))
    rbm = rb.RBM.random(64, settings.pop("n_components"), rng, dtype=np.float64, data=X)
    settings |= {"weight_decay": 0.0, "progress": False} | changes | {"rng": rng}
    return rbm, rb.fit(rbm, X, **settings)


@pytest.mark.parametrize("option", VALUES)
def test_an_option_does_what_it_does_in_fit(option, data):
    X, value = data[0], VALUES[option]
    given = {option: value} if option in DATA else {}
    changes = {} if given else {NAMES.get(option, option): value}
    model = rb.BernoulliRBM(**{**SMALL, **changes}).fit(X, **given)
    rbm, history = by_hand(X, **{option: value})
    np.testing.assert_array_equal(model.rbm_.W, rbm.W)
    assert model.history_.epochs == history.epochs
    assert not np.array_equal(rbm.W, by_hand(X)[0].W)


def test_callbacks_checkpoint_and_progress_reach_fit(data, tmp_path, capsys):
    seen = []
    settings = SMALL | {"callbacks": [lambda rbm, history: seen.append(history.epochs)]}
    settings |= {"checkpoint": tmp_path / "c.npz", "verbose": 1}
    model = rb.BernoulliRBM(**settings).fit(data[0])
    assert seen == [1, 2, 3] and "3/3" in capsys.readouterr().err
    longer = rb.BernoulliRBM(**settings | {"n_iter": 5, "random_state": 7}).fit(data[0])
    assert seen == [1, 2, 3, 4, 5] and longer.n_iter_ == 5
    assert not np.array_equal(longer.rbm_.W, model.rbm_.W)


@pytest.mark.parametrize("kind", ALL)
def test_held_out_rows_are_read_as_the_data_are(kind, data):
    X, y = 3 * data[0] - 1, data[1]  # to be scaled
    held_out = (X, y) if kind is rb.RBMClassifier else X
    model = kind(**SMALL).fit(X, y, validation=held_out)
    gaps = model.history_["free_energy_gap"]
    np.testing.assert_allclose(gaps, 0, atol=1e-8)  # the very rows that are trained on
    with pytest.raises(ValueError, match="X has 3 features"):
        kind(**SMALL).fit(X, y, validation=(X[:, :3], y) if kind is rb.RBMClassifier else X[:, :3])


@pytest.mark.parametrize("kind", ALL)
def test_a_share_of_the_rows_is_held_out(kind, data):
    X, y = data
    rule = rb.EarlyStopping("free_energy_gap", patience=1, min_delta=1e9)
    settings = SMALL | {"n_iter": 50, "early_stopping": rule, "validation_fraction": 0.3}
    model = kind(**settings).fit(X, y, sample_weight=np.arange(70) + 1.0)
    assert model.n_iter_ == 2 and model.history_["free_energy_gap"].shape == (2,)
    with pytest.raises(ValueError, match="early_stopping: expected a monitor of this fit"):
        kind(**settings | {"validation_fraction": None}).fit(X, y)


def test_rows_that_are_held_out_are_not_trained_on(data):
    X, weight = data[0], np.arange(70) + 1.0
    model = rb.BernoulliRBM(**SMALL, validation_fraction=0.3).fit(X, sample_weight=weight)
    order = np.random.default_rng(3).permutation(70)
    kept, out = np.sort(order[21:]), np.sort(order[:21])
    rng = np.random.default_rng(3)
    rng.permutation(70)
    again = rb.BernoulliRBM(**SMALL | {"random_state": rng})
    again.fit(X[kept], sample_weight=weight[kept], validation=X[out])
    np.testing.assert_array_equal(model.rbm_.W, again.rbm_.W)
    gaps = [m.history_["free_energy_gap"] for m in (model, again)]
    np.testing.assert_array_equal(*gaps)


def test_a_class_weight_is_a_weight_of_its_rows(data):
    X, y = data
    own = np.arange(70) % 4 + 1.0
    models = [
        rb.RBMClassifier(**SMALL, class_weight={k: k + 1 for k in range(10)}).fit(X, y, **given)
        for given in ({}, {"sample_weight": own})
    ]
    for model, weight in zip(models, [y + 1.0, (y + 1) * own], strict=True):
        plain = rb.RBMClassifier(**SMALL).fit(X, y, sample_weight=weight)
        np.testing.assert_allclose(model.rbm_.W, plain.rbm_.W, rtol=1e-9, atol=1e-12)
    few = np.r_[:35, np.flatnonzero(y < 2)]
    balanced = rb.RBMClassifier(**SMALL, class_weight="balanced").fit(X[few], y[few])
    weight = (1 / np.bincount(y[few]))[y[few]]
    plain = rb.RBMClassifier(**SMALL).fit(X[few], y[few], sample_weight=weight)
    np.testing.assert_allclose(balanced.rbm_.W, plain.rbm_.W, rtol=1e-9, atol=1e-12)


# ---- settings of settings


def test_settings_of_settings_are_parameters_and_replace_what_is_frozen():
    phase, rule = rb.CD(3), rb.EarlyStopping("weight_norm")
    model = rb.BernoulliRBM(negative=phase, optimizer=rb.SGD(0.1), early_stopping=rule)
    found = model.get_params()
    assert found["negative__k"] == 3 and found["optimizer__learning_rate"] == 0.1
    assert found["early_stopping__patience"] == 10
    assert "negative__k" not in model.get_params(deep=False)
    model.set_params(negative__k=5, optimizer__momentum=0.5, early_stopping__patience=2)
    assert model.negative == rb.CD(5) and model.optimizer == rb.SGD(0.1, 0.5)
    assert model.early_stopping.patience == 2
    assert phase == rb.CD(3) and rule.patience == 10  # which others may have, too
    with pytest.raises(FrozenInstanceError):
        phase.k = 5
    assert model.set_params(negative=rb.PCD(), negative__k=2).negative == rb.PCD(k=2)
    model.set_params(negative=rb.Discriminative(1.0, rb.PCD()), negative__joint__chains=7)
    assert model.negative == rb.Discriminative(1.0, rb.PCD(1, 7))
    model.set_params(optimizer__learning_rate=rb.optimize.linear_decay(0.1, 0.01, 10))
    model.set_params(optimizer__learning_rate__end=0.02)
    assert model.optimizer == rb.SGD(rb.optimize.linear_decay(0.1, 0.02, 10), 0.5)


def test_a_setting_of_what_none_stands_for():
    model = rb.BernoulliRBM().set_params(optimizer__momentum=0.5, learning_rate=0.3)
    assert model.optimizer == rb.SGD(0.3, 0.5)
    assert rb.BernoulliRBM().set_params(negative__k=2).negative == rb.Tempered(10, 30, k=2)
    model = rb.RBMClassifier().set_params(negative__k=2, optimizer__beta1=0.8)
    assert model.negative == rb.CD(2) and model.optimizer == rb.Adam(0.01, beta1=0.8)


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("negative__chains", 3, ValueError, "negative__chains: expected a setting of CD.*has k"),
        ("negative__k", 0, ValueError, "k: expected an integer ≥ 1"),
        ("negative__k__j", 0, ValueError, "negative__k__j: expected a setting"),
        ("sparsity__cost", 1.0, ValueError, "sparsity__cost: expected a setting of None"),
        ("callbacks__x", 1.0, ValueError, r"callbacks__x: expected a setting of \(\)"),
        ("phase__k", 1, ValueError, "Invalid parameter 'phase'"),
        ("phase", 1, ValueError, "Invalid parameter 'phase'"),
    ],
)
def test_a_setting_that_is_not_there(name, value, error, message):
    with pytest.raises(error, match=message):
        rb.BernoulliRBM(negative=rb.CD(2)).set_params(**{name: value})


@pytest.mark.parametrize("kind", ALL)
def test_a_search_reaches_settings_of_settings(kind, data):
    X, y = data
    model = kind(**SMALL | {"n_iter": 1, "negative": rb.CD(1)})
    grid = {"negative__k": [1, 4], "optimizer__learning_rate": [0.001, 0.3]}
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, y)
    best = search.best_estimator_
    assert best.negative == rb.CD(search.best_params_["negative__k"])
    assert best.optimizer == rb.SGD(search.best_params_["optimizer__learning_rate"], 0.5)
    assert len(set(search.cv_results_["mean_test_score"])) > 1
    assert model.negative == rb.CD(1)
    pipeline = make_pipeline(MinMaxScaler(), model)
    name = kind.__name__.lower()
    copy = clone(pipeline.set_params(**{f"{name}__negative__k": 3}))
    assert copy.get_params()[f"{name}__negative__k"] == 3


# ---- training that goes on


@pytest.mark.parametrize("kind", ALL)
def test_a_warm_start_goes_on_as_one_fit_would(kind, data):
    X, y = data
    model = kind(**SMALL | {"n_iter": 2, "warm_start": True})
    model.fit(X, y).set_params(n_iter=1).fit(X, y)
    whole = kind(**SMALL).fit(X, y)
    for warm, long in zip(model.rbm_.parameters, whole.rbm_.parameters, strict=True):
        np.testing.assert_array_equal(warm, long)
    assert model.n_iter_ == model.history_.epochs == 3
    cold = kind(**SMALL | {"n_iter": 2}).fit(X, y).set_params(n_iter=1).fit(X, y)
    assert cold.n_iter_ == 1 and not np.array_equal(cold.rbm_.W, whole.rbm_.W)


@pytest.mark.parametrize("kind", ALL)
def test_a_warm_start_under_other_settings_begins_at_the_machine(kind, data):
    X, y = data
    model = kind(**SMALL | {"warm_start": True}).fit(3 * X, y)
    before, machine = model.rbm_.W.copy(), model.rbm_
    model.set_params(negative=rb.FPCD(1, 7), optimizer=rb.Adam(1e-9), n_iter=1)
    scaler = model.scaler_
    model.fit(3 * X[5:60], y[5:60])
    assert model.scaler_ is scaler
    assert model.rbm_ is machine and model.n_iter_ == 1
    np.testing.assert_allclose(model.rbm_.W, before, atol=1e-4)
    with pytest.raises(ValueError, match="n_components: expected 5, as the machine has"):
        model.set_params(n_components=6).fit(X, y)
    with pytest.raises(ValueError, match="X has 3 features"):
        model.set_params(n_components=5).fit(X[:, :3], y)


@pytest.mark.parametrize("kind", ALL)
def test_updates_one_by_one_are_a_fit_of_full_batches(kind, data):
    X, y = data
    model, weight = kind(**SMALL), np.arange(70) % 5 + 1.0
    for _ in range(3):
        given = {"classes": np.arange(10)} if kind is rb.RBMClassifier else {}
        assert model.partial_fit(X, y, sample_weight=weight, **given) is model
    whole = kind(**SMALL | {"batch_size": 70}).fit(X, y, sample_weight=weight)
    for step, long in zip(model.rbm_.parameters, whole.rbm_.parameters, strict=True):
        np.testing.assert_array_equal(step, long)
    assert model.history_.epochs == 3
    # other rows, after a fit that held some out and decayed weights by how many there were
    model = kind(**SMALL | {"validation_fraction": 0.2, "weight_decay": None}).fit(X, y)
    before = model.rbm_.W.copy()
    model.partial_fit(X[:7], y[:7])
    assert not np.array_equal(model.rbm_.W, before) and model.history_.epochs == 1


def test_an_update_by_itself_has_no_decay_that_depends_on_the_number_of_rows(data):
    settings = SMALL | {"negative": None}  # with which None means 1 / n in a fit
    models = [rb.BernoulliRBM(**settings, weight_decay=decay) for decay in (None, 0.0, 0.1)]
    weights = [model.partial_fit(data[0]).partial_fit(data[0]).rbm_.W for model in models]
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


def test_chunks_of_a_stream_teach_a_machine(data):
    rng = np.random.default_rng(0)
    bars = rb.data.bars_and_stripes(3)
    model = rb.BernoulliRBM(16, learning_rate=0.1, negative=rb.PCD(1, 50), random_state=0)
    for _ in range(2000):
        model.partial_fit(bars[rng.integers(14, size=20)])
    assert rb.exact.log_likelihood(model.rbm_, bars).mean() > -4.2  # −6.2 of independent pixels


def test_the_classes_of_updates_one_by_one(data):
    X, y = data
    with pytest.raises(ValueError, match="classes: expected all labels at the first call"):
        rb.RBMClassifier(**SMALL).partial_fit(X, y)
    model = rb.RBMClassifier(**SMALL).partial_fit(X[:3], y[:3], classes=np.arange(10))
    assert model.predict_proba(X).shape == (70, 10)
    with pytest.raises(ValueError, match=r"classes: expected .*, as before"):
        model.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"y: expected labels among .*, got .*11"):
        model.partial_fit(X, y + 2)
    with pytest.raises(ValueError, match="class_weight: expected a dict or None in partial_fit"):
        model.set_params(class_weight="balanced").partial_fit(X, y)
