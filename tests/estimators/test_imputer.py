"""Missing entries: completed as the machine's conditionals say, and better than by columns."""

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

import rbmbook as rb
from rbmbook.estimators import columns

pytestmark = [pytest.mark.jit, pytest.mark.filterwarnings("ignore::rbmbook.TrainingWarning")]


def with_gaps(X, share, rng):
    """X with this share of its entries missing, and a mask of them."""
    missing = rng.random(X.shape) < share
    return np.where(missing, np.nan, X), missing


def conditional(rbm, row):
    """E[v | the known entries] of a binary machine, from all states that agree with them."""
    states = rb.exact.states(rbm.n_visible).astype(float)
    known = ~np.isnan(row)
    states = states[(states[:, known] == row[known]).all(axis=1)]
    log_p = -rbm.free_energy(states).astype(float)
    return np.exp(log_p - logsumexp(log_p)) @ states


@pytest.fixture(scope="module")
def bars():
    """An imputer that has seen bars and stripes with a fifth of the pixels missing."""
    rng = np.random.default_rng(0)
    X = rb.data.bars_and_stripes(3).astype(float)[rng.integers(14, size=300)]
    return rb.RBMImputer(12, n_iter=200, batch_size=50, random_state=0).fit(
        with_gaps(X, 0.2, rng)[0]
    )


def test_expectations_are_the_machines_conditionals(bars):
    X = rb.data.bars_and_stripes(3).astype(float)
    rows, missing = with_gaps(X, 0.5, np.random.default_rng(1))
    exact = np.array([conditional(bars.rbm_, row) for row in rows])
    model = clone(bars).set_params(chains=50, steps=400)
    model.rbm_, model.binary_, model.n_features_in_ = bars.rbm_, bars.binary_, 9

    def estimates(imputer):
        found = []
        for imputer._seed in range(8):
            found.append(imputer.expected(rows))
        return np.array(found)

    def agrees(found):
        error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
        return (np.abs(found.mean(axis=0) - exact) <= 8 * error + 1e-3).all()

    found = estimates(model)
    np.testing.assert_array_equal(found[0][~missing], X[~missing])
    assert np.abs(found.mean(axis=0) - exact).max() < 0.05
    assert agrees(found)
    model.rbm_ = bars.rbm_.copy()
    model.rbm_.a += 0.3
    assert not agrees(estimates(model))


def test_transform_gives_the_more_probable_state_and_leaves_what_is_known(bars):
    rng = np.random.default_rng(2)
    X = rb.data.bars_and_stripes(3).astype(float)
    rows, missing = with_gaps(X, 0.3, rng)
    before = rows.copy()
    completed, probabilities = bars.transform(rows), bars.expected(rows)
    np.testing.assert_array_equal(completed, np.where(missing, probabilities > 0.5, X))
    np.testing.assert_array_equal(rows, before)
    np.testing.assert_array_equal(bars.transform(rows), completed)  # the same at every call
    np.testing.assert_allclose(bars.expected(rows[:1]), probabilities[:1], rtol=1e-9)
    np.testing.assert_array_equal(bars.transform(X), X)
    draws = np.mean([bars.sample(rows, seed) for seed in range(300)], axis=0)
    assert np.abs(draws - probabilities).max() < 0.25  # 6 standard errors of 300 draws, and more
    np.testing.assert_array_equal(bars.sample(rows, 3)[~missing], X[~missing])
    assert (bars.sample(rows) != bars.sample(rows)).any()


def test_bits_are_completed_better_than_by_their_columns(bars):
    rng = np.random.default_rng(3)
    X = rb.data.bars_and_stripes(3).astype(float)[rng.integers(14, size=500)]
    rows, missing = with_gaps(X, 0.2, rng)
    found = bars.transform(rows)
    assert (found == X)[missing].mean() > 0.85  # by columns 0.5


def test_numbers_and_bits_are_completed_better_than_by_their_columns():
    rng = np.random.default_rng(4)
    group = rng.integers(2, size=400)
    X = np.stack(
        [
            group,
            1000 + 30 * group + 5 * rng.standard_normal(400),
            -3e-3 * group + 5e-4 * rng.standard_normal(400),
            (rng.random(400) < 0.1) ^ (group == 1),
        ],
        axis=1,
    )
    rows, missing = with_gaps(X, 0.2, rng)
    imputer = rb.RBMImputer(4, random_state=0, n_iter=200).fit(rows)
    np.testing.assert_array_equal(imputer.binary_, [True, False, False, True])
    found = imputer.transform(rows)
    for j in (1, 2):
        gaps = missing[:, j]
        errors = found[gaps, j] - X[gaps, j], np.nanmean(rows[:, j]) - X[gaps, j]
        own, by_column = (np.sqrt((error**2).mean()) for error in errors)
        assert own < 0.7 * by_column
    for j in (0, 3):
        assert (found == X)[missing[:, j], j].mean() > 0.8
    assert set(np.unique(found[:, [0, 3]])) == {0, 1}


def test_a_first_completion_is_drawn_from_the_columns_and_then_from_the_machine():
    rng = np.random.default_rng(5)
    X, missing = with_gaps(np.tile(np.arange(1.0, 5.0), (200, 1)), 0.4, rng)
    rows = columns.Completed(X, rng)
    for index in (slice(0, 200), slice(3, 150, 2), np.array([7, 3, 3, 199]), np.array([], int)):
        np.testing.assert_array_equal(rows[index], np.tile(np.arange(1.0, 5.0), (200, 1))[index])
    rbm = rb.RBM(np.zeros((4, 2)), [5.0, 6.0, 7.0, 8.0], np.zeros(2), rb.Gaussian([40.0] * 4))
    rows.draw_anew(rbm, rng)
    found = rows[:]
    np.testing.assert_array_equal(found[~missing], X[~missing])
    assert (np.abs(found[missing]) < 1e-6).all()  # the means are a / exp(40)


def test_learning_draws_what_is_missing_by_the_machine():
    """The first and the last pixel are never known together, and agree through the middle one."""
    rng = np.random.default_rng(6)
    X = np.repeat(rng.integers(2, size=(600, 1)), 3, axis=1).astype(float)
    X[::2, 0], X[1::2, 2] = np.nan, np.nan
    imputer = rb.RBMImputer(4, random_state=0, n_iter=300).fit(X)
    found = imputer.expected([[np.nan, np.nan, 1.0], [np.nan, np.nan, 0.0]])
    assert (found[0] > 0.8).all() and (found[1] < 0.2).all()


def test_in_a_pipeline_and_from_a_frame():
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame({"a": [0, 1, None, 1] * 10, "b": [0.5, None, 2.5, 1.5] * 10})
    imputer = rb.RBMImputer(3, n_iter=2, random_state=0).set_output(transform="pandas")
    found = imputer.fit_transform(X)
    assert list(found.columns) == ["a", "b"] and not found.isna().any().any()
    features = make_pipeline(imputer, rb.GaussianRBM(2, n_iter=2, random_state=0))
    assert features.fit_transform(X).shape == (40, 2)


def test_bad_data_and_settings():
    X = np.array([[0.0, 1.5], [1.0, np.nan], [0.0, 2.5]])
    small = {"n_components": 2, "n_iter": 1, "random_state": 0}
    imputer = rb.RBMImputer(**small).fit(X)
    with pytest.raises(ValueError, match="got none in column 1"):
        rb.RBMImputer(**small).fit([[0.0, np.nan], [1.0, np.nan]])
    with pytest.raises(ValueError, match=r"\[0, 1\] in column 0, where fit saw .*got 2.0 at row 1"):
        imputer.transform([[0.0, 1.0], [2.0, 1.0]])
    with pytest.raises(ValueError, match="infinity"):
        imputer.transform([[0.0, np.inf]])
    with pytest.raises(ValueError, match="too large"):
        imputer.transform([[0.0, 1e300]])
    with pytest.raises(ValueError, match="X has 3 features"):
        imputer.transform(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="steps: expected an integer ≥ 1"):
        rb.RBMImputer(**small, steps=0).fit(X)
    with pytest.raises(TypeError, match="chains: expected an integer"):
        rb.RBMImputer(**small, chains=1.5).fit(X)
    with pytest.raises(TypeError, match="takes no argument 'weights'"):
        rb.RBMImputer(**small).fit(X, weights=X)
