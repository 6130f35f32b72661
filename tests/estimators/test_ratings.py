"""The recommender: ratings in any form, answers of each user's own machine, honest errors."""

import pickle

import naive_ratings as naive
import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import rbmbook as rb

pytestmark = [pytest.mark.jit, pytest.mark.filterwarnings("ignore::rbmbook.TrainingWarning")]
SMALL = {"n_components": 4, "n_iter": 3, "batch_size": 20, "random_state": 0}


def stars(users=60, items=8, share=0.5, seed=0):
    """Stars of users of two kinds for items of two kinds, some of them rated; and all of them."""
    rng = np.random.default_rng(seed)
    alike = rng.integers(2, size=(users, 1)) == rng.integers(2, size=items)
    full = np.where(alike, rng.integers(4, 6, alike.shape), rng.integers(1, 3, alike.shape)) * 1.0
    return np.where(rng.random(full.shape) < share, full, np.nan), full


def as_sparse(X):
    user, item = np.nonzero(~np.isnan(X))
    return sparse.coo_array((X[user, item], (user, item)), shape=X.shape)


def as_rows(X, levels):
    """For the naive reference."""
    return [
        {int(i): int(np.flatnonzero(levels == x[i])[0]) for i in np.flatnonzero(~np.isnan(x))}
        for x in X
    ]


def bits(model):
    return [part.copy() for part in model.rbm_.parameters]


def test_all_forms_of_the_same_ratings_give_the_same_bits():
    pandas = pytest.importorskip("pandas")
    X, _ = stars()
    expected = rb.RatingsRBM(**SMALL).fit(X)
    names = [f"film {i}" for i in range(8)]
    frame = pandas.DataFrame(X, columns=names)
    shuffled = as_sparse(X)
    order = np.random.default_rng(0).permutation(shuffled.nnz)
    shuffled = sparse.coo_array(
        (shuffled.data[order], (shuffled.row[order], shuffled.col[order])), shape=X.shape
    )
    with_zeros = sparse.csr_array(np.nan_to_num(X) + 1)
    with_zeros.data -= 1  # explicit zeros
    with_nan = sparse.csr_array(np.where(np.isnan(X), 7, X))
    with_nan.data[with_nan.data == 7] = np.nan
    forms = [frame, frame.astype("Int64"), shuffled, with_zeros, with_nan, as_sparse(X).tocsc()]
    for form in forms:
        model = rb.RatingsRBM(**SMALL).fit(form)
        for mine, theirs in zip(bits(model), bits(expected), strict=True):
            np.testing.assert_array_equal(mine, theirs)
        np.testing.assert_array_equal(model.predict(form), expected.predict(X))
        np.testing.assert_array_equal(
            expected.transform(
                form.to_numpy(float, na_value=np.nan) if hasattr(form, "to_numpy") else form
            ),
            model.transform(form),
        )
        assert model.score(form) == expected.score(X)
    assert list(rb.RatingsRBM(**SMALL).fit(frame).feature_names_in_) == names


@pytest.mark.parametrize("mean_field", [False, True])
def test_answers_are_those_of_each_users_own_machine(mean_field):
    X, _ = stars(users=30)
    model = rb.RatingsRBM(**SMALL, mean_field=mean_field).fit(X)
    reference = naive.mean_field_answer if mean_field else naive.answer
    parameters, q = list(model.rbm_.parameters), len(model.ratings_)
    rows = as_rows(X[:5], model.ratings_)
    p = np.array([[reference(*parameters, row, i, q) for i in range(8)] for row in rows])
    np.testing.assert_allclose(model.predict_proba(X[:5]), p, rtol=1e-9)
    np.testing.assert_allclose(model.predict(X[:5]), p @ [1, 2, 4, 5], rtol=1e-9)
    off = [p[r, i] @ model.ratings_ - X[r, i] for r, row in enumerate(rows) for i in row]
    assert model.score(X[:5]) == pytest.approx(-np.sqrt(np.mean(np.square(off))))


def test_a_rating_does_not_predict_itself_and_users_do_not_meet():
    X, _ = stars(users=30)
    model = rb.RatingsRBM(**SMALL).fit(X)
    user, item = np.argwhere(~np.isnan(X))[0]
    changed = X.copy()
    changed[user, item] = 6 - X[user, item] if X[user, item] in (1, 2) else 1
    before, after = model.predict(X), model.predict(changed)
    assert after[user, item] == pytest.approx(before[user, item], rel=1e-9)
    assert not np.allclose(after[user], before[user])
    others = np.arange(30) != user
    np.testing.assert_array_equal(after[others], before[others])
    np.testing.assert_array_equal(model.predict(X[3:4]), before[3:4])


def test_what_is_missing_does_not_matter_whatever_stands_beside():
    """Two items without a rating: training and answers are the same elsewhere, to the bit."""
    X, _ = stars()
    wider = np.hstack([X, np.full((60, 2), np.nan)])
    narrow, wide = (rb.RatingsRBM(**SMALL, warm_start=True).fit(x) for x in (X, wider))
    wide.rbm_.W[:32], wide.rbm_.a[:32], wide.rbm_.b[:] = narrow.rbm_.parameters
    for model, x in ((narrow, X), (wide, wider)):
        model.set_params(negative=rb.CD(2)).fit(x)
    np.testing.assert_array_equal(wide.rbm_.W[:32], narrow.rbm_.W)
    np.testing.assert_array_equal(wide.predict(wider)[:, :8], narrow.predict(X))


def test_tastes_are_learned_from_ratings_alone():
    X, full = stars(users=500, items=12, share=0.4)
    train, held_out = X.copy(), np.full(X.shape, np.nan)
    hidden = (np.random.default_rng(1).random(X.shape) < 0.2) & ~np.isnan(X)
    train[hidden], held_out[hidden] = np.nan, X[hidden]
    model = rb.RatingsRBM(8, n_iter=100, random_state=0).fit(train)
    error = -model.score(train, held_out=held_out)
    by_item = np.nanmean(train, axis=0)
    assert error < 0.75 < 1.4 < np.sqrt(np.nanmean((held_out - by_item) ** 2))  # 0.5 at best
    off = (model.predict(train) - full)[hidden]
    assert error == pytest.approx(np.sqrt(np.mean(off**2)))
    assert -model.score(train, held_out=as_sparse(held_out)) == pytest.approx(error)
    new, _ = stars(users=200, items=12, share=0.4)
    assert -rb.RatingsRBM(8, random_state=0).fit(new[:100]).score(new[100:]) < 0.9


def test_recommended_are_the_best_of_the_unrated():
    X, _ = stars(users=30)
    X[0], X[1, :7], X[1, 7] = X[0], 4.0, np.nan
    model = rb.RatingsRBM(**SMALL).fit(X)
    found, expected = model.recommend(X, n_items=3), model.predict(X)
    assert found.shape == (30, 3) and list(found[1]) == [7, -1, -1]
    for row, best in enumerate(found):
        unrated = np.flatnonzero(np.isnan(X[row]))
        best = best[best >= 0]
        assert len(best) == min(3, len(unrated)) and set(best) <= set(unrated)
        np.testing.assert_array_equal(
            expected[row, best], np.sort(expected[row, unrated])[::-1][: len(best)]
        )
    with pytest.raises(ValueError, match="n_items: expected an integer ≤ 8, got 9"):
        model.recommend(X, n_items=9)


def test_an_item_without_ratings_counts_as_average():
    X, _ = stars(users=200)
    model = rb.RatingsRBM(**SMALL | {"n_iter": 0}).fit(np.hstack([X, np.full((200, 1), np.nan)]))
    assert model.predict(np.full((1, 9), np.nan))[0, 8] == pytest.approx(np.nanmean(X), abs=0.05)


def test_ratings_that_may_be_are_given_or_found():
    X, _ = stars()
    assert list(rb.RatingsRBM(**SMALL).fit(X).ratings_) == [1, 2, 4, 5]
    model = rb.RatingsRBM(**SMALL, ratings=range(1, 6)).fit(X)
    assert list(model.ratings_) == [1, 2, 3, 4, 5] and model.rbm_.n_visible == 40
    assert model.predict(np.full((1, 8), 3.0)).shape == (1, 8)
    zero = rb.RatingsRBM(**SMALL, ratings=[0, 0.5, 1]).fit([[0, np.nan, 1], [0.5, 0, np.nan]])
    assert zero.predict_proba([[0, np.nan, np.nan]]).shape == (1, 3, 3)


@pytest.mark.parametrize(
    ("settings", "X", "message"),
    [
        ({}, [[1.0, 2], [3, np.inf]], "infinity"),
        ({}, [[1.0, np.nan], [1, 1]], "X: expected 2 to 100 different ratings, rising, got"),
        ({}, np.arange(400.0).reshape(20, 20), "X: expected 2 to 100 different ratings"),
        ({"ratings": [1, 2]}, [[1.0, 2], [np.nan, 3]], r"X: .*got 3.0 at row 1, column 1"),
        ({"ratings": [2, 1]}, [[1.0, 2]], "ratings: expected 2 to 100 different ratings, rising"),
        ({"ratings": [[1, 2]]}, [[1.0, 2]], "ratings: expected 2 to 100 different ratings"),
        ({"negative": rb.CD(1), "n_components": 0}, [[1.0, 2]], "n_components: expected"),
    ],
)
def test_bad_ratings(settings, X, message):
    with pytest.raises(ValueError, match=message):
        rb.RatingsRBM(**{**SMALL, **settings}).fit(X)


def test_more_bad_settings_and_data():
    X, _ = stars(users=10)
    model = rb.RatingsRBM(**SMALL).fit(X)
    with pytest.raises(ValueError, match=r"X: expected ratings among .*got 3.0 at row 0, column 0"):
        model.predict(np.full((1, 8), 3.0))
    with pytest.raises(ValueError, match="validation: expected ratings among"):
        rb.RatingsRBM(**SMALL).fit(X, validation=np.full((1, 8), 3.0))
    with pytest.raises(ValueError, match="held_out: expected ratings of the 10 users in X, got 0"):
        model.score(X, held_out=np.full((10, 8), np.nan))
    with pytest.raises(ValueError, match=r"held_out: expected .*10 users in X, got .* of 9 users"):
        model.score(X, held_out=X[1:])
    with pytest.raises(TypeError, match="mean_field: expected an instance of bool"):
        rb.RatingsRBM(**SMALL, mean_field="yes").fit(X)
    with pytest.raises(TypeError, match="negative: expected an instance of CD, got PCD"):
        rb.RatingsRBM(**SMALL, negative=rb.PCD()).fit(X)
    several = sparse.csr_array(([1.0, 2.0, 1.0], [0, 0, 1], [0, 2, 3]), shape=(2, 2))
    with pytest.raises(
        ValueError, match="X: expected one rating of an item by a user, got several"
    ):
        rb.RatingsRBM(**SMALL).fit(several)
    with pytest.raises(ValueError, match="masked"):
        rb.RatingsRBM(**SMALL).fit(np.ma.masked_invalid(X))


# ---- the options of every estimator


def test_users_are_held_out_and_stop_a_fit():
    X, _ = stars(users=100)
    rule = rb.EarlyStopping("validation_error", patience=2, min_delta=1e9)
    model = rb.RatingsRBM(
        **SMALL | {"n_iter": 50}, early_stopping=rule, validation_fraction=0.3
    ).fit(X)
    assert model.n_iter_ == 3 and model.history_["validation_error"].shape == (3,)
    given = rb.RatingsRBM(**SMALL).fit(X[:70], validation=as_sparse(X[70:]))
    assert given.history_["validation_error"][-1] == pytest.approx(-given.score(X[70:]))


def test_weights_sparsity_and_chains_do_something():
    X, _ = stars()
    plain = bits(rb.RatingsRBM(**SMALL).fit(X))[0]
    weight = np.arange(60) % 3
    others = [
        rb.RatingsRBM(**SMALL).fit(X, sample_weight=weight),
        rb.RatingsRBM(**SMALL, sparsity=rb.Sparsity(0.1)).fit(X),
        rb.RatingsRBM(**SMALL, negative=rb.CD(3)).fit(X),
        rb.RatingsRBM(**SMALL, l1=0.1).fit(X),
        rb.RatingsRBM(**SMALL, weight_decay=0.1).fit(X),
    ]
    for model in others:
        assert not np.array_equal(bits(model)[0], plain)
    same = rb.RatingsRBM(**SMALL).fit(X, sample_weight=np.full(60, 2.0))
    np.testing.assert_array_equal(bits(same)[0], plain)


def test_sparsity_leads_to_its_target():
    X, _ = stars(users=300)
    settings = {"n_iter": 60, "sparsity": rb.Sparsity(0.1, cost=3.0)}
    features = rb.RatingsRBM(**SMALL | settings).fit_transform(X)
    assert np.abs(features.mean(axis=0) - 0.1).max() < 0.1
    plain = rb.RatingsRBM(**SMALL | {"n_iter": 60}).fit_transform(X)
    assert np.abs(plain.mean(axis=0) - 0.1).max() > 0.2


def test_a_search_finds_what_predicts_best():
    X, _ = stars(users=120)
    grid = {"negative__k": [1, 3], "optimizer__learning_rate": [1e-6, 0.02]}
    search = GridSearchCV(
        rb.RatingsRBM(6, n_iter=100, batch_size=20, random_state=0), grid, cv=2, error_score="raise"
    ).fit(X)
    assert search.best_params_["optimizer__learning_rate"] == 0.02
    assert search.best_estimator_.negative.k == search.best_params_["negative__k"]


def test_training_goes_on_and_batches_are_updates():
    X, _ = stars()
    long = rb.RatingsRBM(**SMALL).fit(X)
    warm = rb.RatingsRBM(**SMALL | {"n_iter": 2, "warm_start": True})
    warm.fit(X).set_params(n_iter=1).fit(X)
    whole = rb.RatingsRBM(**SMALL | {"batch_size": 60}).fit(X)
    steps = rb.RatingsRBM(**SMALL)
    for _ in range(3):
        steps.partial_fit(X)
    for one, other in ((warm, long), (steps, whole)):
        for mine, theirs in zip(bits(one), bits(other), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    assert steps.history_.epochs == 3


def test_a_checkpoint_goes_on(tmp_path):
    X, _ = stars()
    long = rb.RatingsRBM(**SMALL | {"n_iter": 5}).fit(X)
    settings = SMALL | {"checkpoint": tmp_path / "ratings.npz"}
    rb.RatingsRBM(**settings | {"n_iter": 2}).fit(X)
    again = rb.RatingsRBM(**settings | {"n_iter": 5}).fit(X)
    for mine, theirs in zip(bits(again), bits(long), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_features_have_names_and_come_as_frames_and_the_model_is_pickled():
    pandas = pytest.importorskip("pandas")
    X, _ = stars()
    model = (
        rb.RatingsRBM(**SMALL)
        .set_output(transform="pandas")
        .fit(pandas.DataFrame(X).add_prefix("f"))
    )
    frame = model.transform(pandas.DataFrame(X).add_prefix("f"))
    assert list(frame.columns) == [f"ratingsrbm{j}" for j in range(4)]
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(
        copy.predict(pandas.DataFrame(X).add_prefix("f")),
        model.predict(pandas.DataFrame(X).add_prefix("f")),
    )
    assert clone(model).get_params()["n_components"] == 4
    assert rb.RatingsRBM(**SMALL).fit(X.astype(np.float32)).predict(X).dtype == np.float64
    small = rb.RatingsRBM(**SMALL).fit(X.astype(np.float32))
    assert small.rbm_.dtype == small.transform(X.astype(np.float32)).dtype == np.float32
