"""Rows of which some sites are known: each has a machine of its own, and nothing else enters."""

import naive_ratings as naive
import numpy as np
import pytest
from scipy import sparse

import rbmbook as rb
from rbmbook.machine import ratings as known_sites
from rbmbook.machine.ratings import Known
from rbmbook.training import ratings

Q, ITEMS, H = 3, 4, 3
ROWS = [{0: 2, 2: 0}, {1: 1}, {0: 0, 1: 2, 3: 1}, {}, {0: 1, 1: 0, 2: 2, 3: 2}, {0: 2, 2: 0}]


@pytest.fixture
def rbm():
    rng = np.random.default_rng(1)
    D = Q * ITEMS
    return rb.RBM(
        rng.normal(0, 1, (D, H)), rng.normal(size=D), rng.normal(size=H), visible=rb.Softmax(Q)
    )


def matrix(rows, items=ITEMS, q=Q):
    """One-hot sites, zeros where there is no rating."""
    X = np.zeros((len(rows), items * q))
    for r, row in enumerate(rows):
        X[r, naive.columns(row, q)] = 1
    return X


def known(rows, items=ITEMS):
    return Known.of(sparse.csr_array(matrix(rows, items)))


def arrays(rbm):
    return rbm.W, rbm.a, rbm.b


# ---- answers


@pytest.mark.parametrize("exact", [True, False])
def test_an_answer_is_the_conditional_of_the_rows_own_machine(rbm, exact):
    asked = known_sites.every_site(len(ROWS), ITEMS)
    found = known_sites.log_probabilities(rbm, known(ROWS), asked, exact)
    reference = naive.answer if exact else naive.mean_field_answer
    expected = [reference(*arrays(rbm), row, item, Q) for row in ROWS for item in range(ITEMS)]
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-12)


def test_only_what_is_asked_for_is_answered(rbm):
    of_known = known_sites.sites(known(ROWS), Q)
    found = known_sites.log_probabilities(rbm, known(ROWS), of_known)
    expected = [naive.answer(*arrays(rbm), row, item, Q) for row in ROWS for item in sorted(row)]
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-12)


def test_features_are_the_hidden_means_given_what_is_known(rbm):
    found = known_sites.hidden_mean(rbm, known(ROWS))
    np.testing.assert_allclose(found, naive.sigmoid(rbm.b + matrix(ROWS) @ rbm.W), rtol=1e-12)


def test_an_answer_is_stable_and_keeps_the_machines_dtype(rbm):
    large = rb.RBM(1e3 * rbm.W, rbm.a, rbm.b, visible=rb.Softmax(Q)).astype(np.float32)
    asked = known_sites.every_site(len(ROWS), ITEMS)
    for exact in (True, False):
        found = known_sites.log_probabilities(large, known(ROWS), asked, exact)
        assert found.dtype == np.float32 and np.isfinite(found).all()
        np.testing.assert_allclose(np.exp(found).sum(axis=1), 1, rtol=1e-5)


# ---- the gradient


@pytest.mark.parametrize("k", [1, 3])
def test_contrastive_divergence_is_that_of_loops_over_users(rbm, k):
    weight = np.array([1, 2, 0, 1, 3, 1]) / 8
    found, features = ratings.estimate(rbm, known(ROWS), weight, k, np.random.default_rng(4))
    count = sum(map(len, ROWS))
    noise = np.random.default_rng(4).random((k, len(ROWS) * H + count))
    ref = naive.contrastive_divergence(*arrays(rbm), ROWS, Q, k, weight, noise)
    for mine, expected in zip(found, ref, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-9, atol=1e-12)
    means = known_sites.hidden_mean(rbm, known(ROWS))
    np.testing.assert_allclose(features, weight @ means, rtol=1e-12)


def exact_gradient(rbm, rows):
    """Finite differences of the mean log-likelihood, each row's by its own enumeration."""
    flat = np.concatenate([part.ravel() for part in arrays(rbm)])
    shapes, step = [part.shape for part in arrays(rbm)], 1e-5
    ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]

    def mean(theta):
        W, a, b = (x.reshape(s) for x, s in zip(np.split(theta, ends), shapes, strict=True))
        return np.mean([naive.log_likelihood(W, a, b, row, Q) for row in rows])

    return np.array(
        [(mean(flat + d) - mean(flat - d)) / (2 * step) for d in step * np.eye(flat.size)]
    )


def estimates(rbm, rows, k, runs=20, copies=200):
    """Independent estimates of the gradient, each from this many chains for every row."""
    many = known(rows * copies)
    weight, rng = np.full(len(rows) * copies, 1 / (len(rows) * copies)), np.random.default_rng(7)
    found = [ratings.estimate(rbm, many, weight, k, rng)[0] for _ in range(runs)]
    return np.array([np.concatenate([np.ravel(part) for part in one]) for one in found])


@pytest.mark.jit
def test_long_chains_give_the_exact_gradient_of_the_rows_own_machines(rbm):
    exact = exact_gradient(rbm, ROWS)

    def distance(found):
        error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
        return np.abs(found.mean(axis=0) - exact) / (error + 1e-9)

    assert distance(estimates(rbm, ROWS, k=60)).max() < 5
    assert distance(estimates(rbm, ROWS, k=1)).max() > 10  # short chains are biased
    filled = [{item: row.get(item, 0) for item in range(ITEMS)} for row in ROWS]
    assert distance(estimates(rbm, filled, k=60)).max() > 10  # a rating where there was none


# ---- nothing that is missing enters


def test_what_is_not_known_is_neither_moved_nor_looked_at(rbm):
    rows = [{0: 2, 2: 0}, {0: 1}]  # nobody knows the sites 1 and 3
    weight = np.full(2, 0.5)
    unknown = np.repeat([False, True, False, True], Q)
    found, _ = ratings.estimate(rbm, known(rows), weight, 2, np.random.default_rng(0))
    assert not found.W[unknown].any() and not found.a[unknown].any()
    assert found.W[~unknown].any()
    other = rbm.copy()
    other.W[unknown], other.a[unknown] = 1e6, -1e6
    again, _ = ratings.estimate(other, known(rows), weight, 2, np.random.default_rng(0))
    for mine, expected in zip(again, found, strict=True):
        np.testing.assert_array_equal(mine, expected)
    asked = Known(np.array([0, 2, 4]), np.array([0, 2, 0, 2]))
    answers = [known_sites.log_probabilities(m, known(rows), asked) for m in (rbm, other)]
    np.testing.assert_array_equal(*answers)


def test_sites_that_nobody_knows_leave_a_fit_as_it_is(rbm):
    """Three more of them, between the others: the same bits elsewhere, and no move there."""
    wide = rb.RBM.random(Q * (ITEMS + 3), H, 0, dtype=np.float64, visible=rb.Softmax(Q))
    place = {0: 0, 1: 3, 2: 4, 3: 6}
    there = np.concatenate([np.arange(Q) + Q * new for new in place.values()])
    wide.W[there], wide.a[there], wide.b[:] = rbm.W, rbm.a, rbm.b
    before = wide.copy()
    spread = [{place[item]: level for item, level in row.items()} for row in ROWS]
    settings = {"epochs": 5, "batch_size": 2, "negative": rb.CD(2), "progress": False}
    narrow = ratings.fit(rbm, matrix(ROWS), **settings)
    broad = ratings.fit(wide, sparse.csr_array(matrix(spread, ITEMS + 3)), **settings)
    np.testing.assert_array_equal(wide.W[there], rbm.W)
    np.testing.assert_array_equal(wide.a[there], rbm.a)
    np.testing.assert_array_equal(wide.b, rbm.b)
    others = np.setdiff1d(np.arange(wide.n_visible), there)
    np.testing.assert_array_equal(wide.W[others], before.W[others])
    np.testing.assert_array_equal(narrow["rating_error"], broad["rating_error"])


def test_a_row_that_knows_nothing_moves_nothing(rbm):
    weight = np.array([0.5, 0.5])
    found, _ = ratings.estimate(rbm, known([{}, {}]), weight, 1, np.random.default_rng(0))
    assert not any(part.any() for part in found)


# ---- the fit


def test_the_errors_are_those_of_each_site_given_the_others(rbm):
    values = np.array([1.0, 2.0, 5.0])
    history = ratings.fit(
        rbm, matrix(ROWS), epochs=2, values=values, validation=matrix(ROWS[2:3]), progress=False
    )

    def expected(rows):
        off = [
            naive.answer(*arrays(rbm), row, item, Q) @ values - values[row[item]]
            for row in rows
            for item in row
        ]
        return np.sqrt(np.mean(np.square(off)))

    assert history["rating_error"][-1] == pytest.approx(expected(ROWS))
    assert history["validation_error"][-1] == pytest.approx(expected(ROWS[2:3]))


def test_a_fit_raises_the_likelihood_of_what_is_known():
    rng = np.random.default_rng(0)
    kind = rng.integers(2, size=100)
    levels = np.where(kind[:, None] == np.arange(ITEMS) % 2, 2, 0)
    rows = [{i: int(levels[r, i]) for i in range(ITEMS) if rng.random() < 0.6} for r in range(100)]
    rbm = rb.RBM.random(Q * ITEMS, H, 0, dtype=np.float64, visible=rb.Softmax(Q))

    def mean():
        return np.mean([naive.log_likelihood(*arrays(rbm), row, Q) for row in rows])

    before = mean()
    ratings.fit(
        rbm, matrix(rows), epochs=300, batch_size=20, optimizer=rb.Adam(0.02), progress=False
    )
    count = np.mean([len(row) for row in rows])
    assert before == pytest.approx(-count * np.log(Q), abs=0.05)
    # the best: log 2 for the kind of user, once for each user that has rated anything
    assert mean() > -1.3 * np.log(2)


def test_threads_and_index_types_change_no_bit(rbm, monkeypatch):
    wide = sparse.csr_array(matrix(ROWS))
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    one, two = rbm.copy(), rbm.copy()
    ratings.fit(one, matrix(ROWS), epochs=3, progress=False)
    for module in (ratings, known_sites):
        monkeypatch.setattr(module, "choose", lambda kernel, work: kernel.parallel)
    ratings.fit(two, wide, epochs=3, progress=False)
    np.testing.assert_array_equal(one.W, two.W)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (
            np.full((2, 12), np.nan),
            "X: expected each site to be one-hot or empty, .* row 0, site 0",
        ),
        (np.eye(12) + np.eye(12, k=1), "X: expected each site .* row 0, site 0"),
        (0.5 * np.eye(12), "X: expected each site to be one-hot or empty"),
        (np.zeros((3, 12)), "X: expected at least one site that is known"),
        (np.eye(11), r"X: expected shape \(n, 12\)"),
    ],
)
def test_bad_rows(rbm, X, message):
    for form in (np.asarray, sparse.csr_array):
        with pytest.raises(ValueError, match=message):
            ratings.fit(rbm, form(X), progress=False)


def test_bad_machines_and_settings(rbm):
    X = matrix(ROWS)
    for bad in (
        rb.RBM.random(12, 3),
        rb.RBM.random(12, 3, visible=rb.Softmax(3), hidden=rb.Spin()),
    ):
        with pytest.raises(ValueError, match="rbm: expected Softmax visible and Bernoulli hidden"):
            ratings.fit(bad, X, progress=False)
    with pytest.raises(ValueError, match=r"values: expected shape \(3,\)"):
        ratings.fit(rbm, X, values=[1, 2], progress=False)
    with pytest.raises(TypeError, match="negative: expected an instance of CD"):
        ratings.fit(rbm, X, rb.PCD(), progress=False)
    with pytest.raises(ValueError, match="sample_weight: expected a weight above 0 of a row that"):
        ratings.fit(rbm, X, sample_weight=[0, 0, 0, 1, 0, 0], progress=False)
    with pytest.raises(TypeError, match="takes no argument 'centered': a row's machine"):
        ratings.fit(rbm, X, centered=True, progress=False)
