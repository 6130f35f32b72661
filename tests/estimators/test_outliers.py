"""The detector of outliers: scores are the machine's, the threshold is the data's."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import roc_auc_score

import rbmbook as rb

pytestmark = [pytest.mark.jit, pytest.mark.filterwarnings("ignore::rbmbook.TrainingWarning")]


def bars(n, rng):
    return rb.data.bars_and_stripes(4).astype(float)[rng.integers(30, size=n)]


def test_the_score_is_the_machines_log_probability_up_to_a_constant():
    X = bars(200, np.random.default_rng(0))
    model = rb.RBMOutlierDetector(5, n_iter=3, random_state=0, contamination=0.15).fit(X)
    distance = rb.exact.log_likelihood(model.rbm_, X) - model.score_samples(X)
    np.testing.assert_allclose(distance, distance[0], atol=1e-9)
    scores = model.score_samples(X)
    np.testing.assert_array_equal(model.decision_function(X), scores - model.offset_)
    np.testing.assert_array_equal(model.predict(X), np.where(scores >= model.offset_, 1, -1))
    assert model.offset_ == np.quantile(scores, 0.15)
    thin = model.score_samples(sparse.csr_array(X))
    np.testing.assert_allclose(thin, scores)
    again = rb.RBMOutlierDetector(5, n_iter=3, random_state=0, contamination=0.15)
    np.testing.assert_array_equal(again.fit_predict(sparse.csr_array(X)), model.predict(X))


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_the_threshold_leaves_a_share_of_the_data_below(share):
    rng = np.random.default_rng(1)
    X = np.hstack([bars(400, rng), rng.standard_normal((400, 2)) * [1, 50] + [0, 1000]])
    model = rb.RBMOutlierDetector(5, n_iter=3, random_state=0, contamination=share).fit(X)
    assert abs((model.predict(X) == -1).mean() - share) <= 1 / 400
    np.testing.assert_array_equal(model.binary_, [True] * 16 + [False] * 2)


def test_pictures_that_are_odd_only_as_a_whole_are_found():
    """Each pixel of the odd ones is as bright as the others'; no column tells them apart."""
    rng = np.random.default_rng(2)
    normal, odd = bars(300, rng), rng.permuted(bars(300, rng), axis=0)
    model = rb.RBMOutlierDetector(32, n_iter=300, random_state=0, contamination=0.05)
    train = bars(1000, rng)
    model.fit(train)
    scores = np.r_[model.score_samples(normal), model.score_samples(odd)]
    labels = np.r_[np.ones(300), np.zeros(300)]
    assert roc_auc_score(labels, scores) > 0.9
    on = train.mean(axis=0)
    by_column = np.r_[normal, odd] @ np.log(on / (1 - on))
    assert roc_auc_score(labels, by_column) < 0.6
    assert (model.predict(odd) == -1).mean() > 0.5 > 0.2 > (model.predict(normal) == -1).mean()


def test_numbers_far_from_the_data_are_found():
    rng = np.random.default_rng(3)
    line = rng.standard_normal(500)
    X = np.stack([1e3 + line, 1e-3 * (line + 0.1 * rng.standard_normal(500))], axis=1)
    model = rb.RBMOutlierDetector(8, n_iter=100, random_state=0, contamination=0.01).fit(X)
    assert (model.predict([[1e3 + 30, 0.0], [1e3, 0.03]]) == -1).all()
    assert (model.predict([[1e3, 0.0]]) == 1).all()


@pytest.mark.parametrize(
    ("value", "error"), [(0.0, ValueError), (0.6, ValueError), ("auto", TypeError)]
)
def test_a_bad_share(value, error):
    with pytest.raises(error, match="contamination: expected"):
        rb.RBMOutlierDetector(2, n_iter=1, contamination=value).fit(np.eye(4))


def test_bad_data():
    model = rb.RBMOutlierDetector(2, n_iter=1, random_state=0).fit(np.eye(4))
    with pytest.raises(ValueError, match=r"\[0, 1\] in column 2, where fit saw"):
        model.predict([[0.0, 0.0, 3.0, 0.0]])
    with pytest.raises(TypeError, match="takes no argument"):
        model.fit(np.eye(4), weight=1)
