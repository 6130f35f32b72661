"""What the shared checks refuse, all of it; `test_refusals` shows that every function uses them."""

import re

import numpy as np
import pytest
import scipy.sparse

import rbmbook as rb

W, A, B = np.zeros((4, 3)), np.zeros(4), np.zeros(3)
V, H = np.array([[0.0, 1, 0, 1], [1, 1, 0, 0]]), np.array([[0.0, 1, 1], [1, 0, 1]])


def machine():
    return rb.RBM(W.copy(), A.copy(), B.copy())


def with_value(array, value):
    array = array.astype(float)
    array[0, 0] = value
    return array


class NotANumber:
    def __repr__(self):
        return "NotANumber()"


# What no function accepts as its states: name → (made from good rows, error).
BAD_ROWS = {
    "too wide": (lambda x: np.hstack([x, x]), ValueError),
    "too narrow": (lambda x: x[:, :-1], ValueError),
    "1-D": (lambda x: x[0], ValueError),
    "3-D": (lambda x: x[None], ValueError),
    "scalar": (lambda x: 1.0, ValueError),
    "no rows": (lambda x: x[:0], ValueError),
    "NaN": (lambda x: with_value(x, np.nan), ValueError),
    "inf": (lambda x: with_value(x, np.inf), ValueError),
    "-inf": (lambda x: with_value(x, -np.inf), ValueError),
    "above 1": (lambda x: with_value(x, 1.5), ValueError),
    "below 0": (lambda x: with_value(x, -1.0), ValueError),
    "255": (lambda x: (255 * x).astype(np.uint8), ValueError),
    "object": (lambda x: x.astype(object), TypeError),
    "strings": (lambda x: x.astype(str), TypeError),
    "complex": (lambda x: x.astype(complex), TypeError),
    "dates": (lambda x: x.astype("datetime64[s]"), TypeError),
    "None": (lambda x: None, TypeError),
    "ragged": (lambda x: [[0, 1], [1]], (TypeError, ValueError)),
    "dict": (lambda x: {"v": 1}, TypeError),
    "sparse, too wide": (lambda x: scipy.sparse.csr_array(np.hstack([x, x])), ValueError),
    "sparse NaN": (lambda x: scipy.sparse.csr_array(with_value(x, np.nan)), ValueError),
    "sparse inf": (lambda x: scipy.sparse.coo_array(with_value(x, np.inf)), ValueError),
    "sparse 2": (lambda x: scipy.sparse.csc_matrix(with_value(x, 2)), ValueError),
    "sparse -1": (lambda x: scipy.sparse.csr_matrix(with_value(x, -1)), ValueError),
    "sparse, no rows": (lambda x: scipy.sparse.csr_array(x)[:0], ValueError),
    "sparse complex": (lambda x: scipy.sparse.csr_array(x.astype(complex)), TypeError),
}
# Functions of states: name → (call, argument's name, good rows, are probabilities accepted?).
CALLS = {
    "energy v": (lambda x: machine().energy(x, H), "v", V, False),
    "energy h": (lambda x: machine().energy(V, x), "h", H, False),
    "free_energy": (lambda x: machine().free_energy(x), "v", V, True),
    "hidden_mean": (lambda x: machine().hidden_mean(x), "v", V, True),
    "visible_mean": (lambda x: machine().visible_mean(x), "h", H, True),
    "sample_hidden": (lambda x: machine().sample_hidden(x, 0), "v", V, True),
    "sample_visible": (lambda x: machine().sample_visible(x, 0), "h", H, True),
    "log_likelihood": (lambda x: rb.exact.log_likelihood(machine(), x), "v", V, False),
    "exact.gradient": (lambda x: rb.exact.gradient(machine(), x), "v", V, True),
    "gibbs.run": (lambda x: rb.gibbs.run(machine(), x, 1, 0), "start", V, False),
    "estimate": (lambda x: rb.gradient.estimate(machine(), x, rb.CD(1), 0), "v", V, True),
    "fit": (lambda x: rb.fit(machine(), x, epochs=1, progress=False), "X", V, True),
    "fit validation": (
        lambda x: rb.fit(machine(), V, epochs=1, progress=False, validation=x),
        "validation",
        V,
        True,
    ),
}


@pytest.mark.parametrize("kind", BAD_ROWS)
@pytest.mark.parametrize("name", ["free_energy", "log_likelihood"])  # takes means; states alone
def test_bad_states_are_refused_by_name(name, kind):
    call, argument, rows, _ = CALLS[name]
    spoil, error = BAD_ROWS[kind]
    with pytest.raises(error, match=rf"\b{argument}\b"):
        call(spoil(rows))


@pytest.mark.parametrize("name", CALLS)
def test_good_states_pass_everywhere(name):
    call, _, rows, _ = CALLS[name]
    for good in (rows, rows.astype(bool), rows.tolist(), scipy.sparse.csr_array(rows)):
        call(good)


@pytest.mark.parametrize("value", [0.5, 1e-3, 1 - 1e-3])
@pytest.mark.parametrize("name", CALLS)
def test_probabilities_pass_only_where_they_mean_something(name, value):
    call, argument, rows, probabilities = CALLS[name]
    mean = with_value(rows, value)
    for given in (mean, scipy.sparse.csr_array(mean)):
        if probabilities:
            call(given)
        else:
            with pytest.raises(ValueError, match=rf"\b{argument}\b"):
                call(given)


def gaussian(dtype):
    return rb.RBM.random(4, 3, visible=rb.Gaussian(), dtype=dtype)


REAL_CALLS = {
    "energy": ("v", lambda x, t: gaussian(t).energy(x, H)),
    "free_energy": ("v", lambda x, t: gaussian(t).free_energy(x)),
    "hidden_mean": ("v", lambda x, t: gaussian(t).hidden_mean(x)),
    "sample_hidden": ("v", lambda x, t: gaussian(t).sample_hidden(x, 0)),
    "complete": ("v", lambda x, t: rb.gibbs.complete(gaussian(t), x, [True] * 4, 1, 0)),
    "gibbs.run": ("start", lambda x, t: rb.gibbs.run(gaussian(t), x, 1, 0)),
    "log_likelihood": ("v", lambda x, t: rb.exact.log_likelihood(gaussian(t), x)),
    "exact.gradient": ("v", lambda x, t: rb.exact.gradient(gaussian(t), x)),
    "ais": ("data", lambda x, t: rb.evaluate.ais(gaussian(t), 9, 9, data=x)),
    "reverse_ais": ("samples", lambda x, t: rb.evaluate.reverse_ais(gaussian(t), x, 9)),
    "reconstruction": ("v", lambda x, t: rb.evaluate.reconstruction_error(gaussian(t), x)),
    "neighbours": ("data", lambda x, t: rb.evaluate.nearest_neighbour_accuracy(x, V)),
    "samples": ("samples", lambda x, t: rb.evaluate.nearest_neighbour_accuracy(V, x)),
    "mmd": ("data", lambda x, t: rb.two_sample.mmd(x, V)),
    "score": ("v", lambda x, t: rb.score.score(gaussian(t), x)),
    "parzen_score": ("data", lambda x, t: rb.score.parzen_score(V, x, 1.0)),
    "random": ("data", lambda x, t: rb.RBM.random(4, 3, 0, 0.1, t, rb.Gaussian(), data=x)),
    "fit": ("X", lambda x, t: rb.fit(gaussian(t), x, progress=False)),
    "validation": ("validation", lambda x, t: rb.fit(gaussian(t), V, validation=x, progress=False)),
    "GaussianRBM": ("X", lambda x, t: rb.GaussianRBM(3).fit(x)),
    "transform": ("X", lambda x, t: rb.GaussianRBM(3, n_iter=1).fit(V).transform(x)),
    "GAN": ("data", lambda x, t: rb.GAN.random(2, 4, dtype=t, data=x)),
    "Autoencoder": (
        "data",
        lambda x, t: rb.Autoencoder.random([4, 2], output="identity", dtype=t, data=x),
    ),
    "encode": ("X", lambda x, t: rb.Autoencoder.random([4, 2], dtype=t).encode(x)),
    "Network": ("X", lambda x, t: rb.Network.random([4, 2], dtype=t).predict(x)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [1e300, -1e200, 1e308])
@pytest.mark.parametrize("name", REAL_CALLS)
def test_numbers_whose_squares_overflow_are_refused_by_name(name, value, dtype):
    """In words, and before NumPy warns (a warning is an error here)."""
    argument, call = REAL_CALLS[name]
    with pytest.raises(ValueError, match=rf"^{argument}: .*squares float\d\d can add.* row 0, col"):
        call(with_value(V, value), dtype)


def test_large_numbers_whose_squares_a_dtype_holds_pass():
    assert np.isfinite(gaussian(np.float32).free_energy(with_value(V, 1e15))).all()
    assert np.isfinite(gaussian(np.float64).free_energy(with_value(V, -1e150))).all()


def test_the_message_says_what_was_expected_and_what_came():
    with pytest.raises(ValueError) as caught:
        machine().free_energy(np.zeros((2, 7)))
    assert {"v", "4", "7"} <= set(re.findall(r"\w+", str(caught.value)))
    with pytest.raises(ValueError, match=r"1\.5"):
        machine().free_energy(with_value(V, 1.5))


def test_a_value_is_named_by_its_row_whatever_block_it_stands_in():
    rows = np.zeros((2000, 4))
    rows[1500, 2] = 7
    for call in (machine().free_energy, lambda X: rb.fit(machine(), X[:5], validation=X)):
        with pytest.raises(ValueError, match=r"got 7\.0 at row 1500, column 2"):
            call(rows)


def test_energy_needs_as_many_h_as_v():
    with pytest.raises(ValueError, match=r"\bh\b"):
        machine().energy(V, H[:1])


BAD_ARGUMENTS = [
    ("W", lambda: rb.RBM(np.zeros(4), A, B), ValueError),
    ("W", lambda: rb.RBM(np.zeros((0, 3)), np.zeros(0), B), ValueError),
    ("W", lambda: rb.RBM(np.zeros((4, 0)), A, np.zeros(0)), ValueError),
    ("W", lambda: rb.RBM(np.full((4, 3), np.nan), A, B), ValueError),
    ("W", lambda: rb.RBM(np.full((4, 3), np.inf), A, B), ValueError),
    ("W", lambda: rb.RBM(W.astype(object), A, B), TypeError),
    ("W", lambda: rb.RBM(W.astype(complex), A, B), TypeError),
    ("W", lambda: rb.RBM("weights", A, B), TypeError),
    ("a", lambda: rb.RBM(W, np.zeros(3), B), ValueError),
    ("a", lambda: rb.RBM(W, np.zeros((4, 1)), B), ValueError),
    ("a", lambda: rb.RBM(W, np.full(4, np.nan), B), ValueError),
    ("b", lambda: rb.RBM(W, A, np.zeros(4)), ValueError),
    ("b", lambda: rb.RBM(W, A, np.full(3, np.inf)), ValueError),
    ("b", lambda: rb.RBM(W, A, ["x", "y", "z"]), TypeError),
    ("visible", lambda: rb.RBM(W, A, B, visible="Bernoulli"), TypeError),
    ("hidden", lambda: rb.RBM(W, A, B, hidden=rb.Bernoulli), TypeError),
    ("n_visible", lambda: rb.RBM.random(0, 3), ValueError),
    ("n_visible", lambda: rb.RBM.random(-4, 3), ValueError),
    ("n_visible", lambda: rb.RBM.random(4.0, 3), TypeError),
    ("n_visible", lambda: rb.RBM.random("4", 3), TypeError),
    ("n_visible", lambda: rb.RBM.random(True, 3), TypeError),
    ("n_hidden", lambda: rb.RBM.random(4, 0), ValueError),
    ("n_hidden", lambda: rb.RBM.random(4, None), TypeError),
    ("scale", lambda: rb.RBM.random(4, 3, scale=-0.1), ValueError),
    ("scale", lambda: rb.RBM.random(4, 3, scale=np.nan), ValueError),
    ("scale", lambda: rb.RBM.random(4, 3, scale="big"), TypeError),
    ("dtype", lambda: rb.RBM.random(4, 3, dtype=np.float16), (ValueError, TypeError)),
    ("dtype", lambda: rb.RBM.random(4, 3, dtype=np.int64), (ValueError, TypeError)),
    ("data", lambda: rb.RBM.random(4, 3, data=np.zeros((5, 3))), ValueError),
    ("data", lambda: rb.RBM.random(4, 3, data=with_value(V, np.nan)), ValueError),
    ("n_visible", lambda: rb.exact.states(-1), ValueError),
    ("n_visible", lambda: rb.exact.states(2.0), TypeError),
    ("k", lambda: rb.CD(0), ValueError),
    ("k", lambda: rb.CD(-1), ValueError),
    ("k", lambda: rb.CD(1.0), TypeError),
    ("k", lambda: rb.CD(True), TypeError),
    ("k", lambda: rb.CD("1"), TypeError),
    ("learning_rate", lambda: rb.SGD(0), ValueError),
    ("learning_rate", lambda: rb.SGD(0.0), ValueError),
    ("learning_rate", lambda: rb.SGD(-0.1), ValueError),
    ("learning_rate", lambda: rb.SGD(np.nan), ValueError),
    ("learning_rate", lambda: rb.SGD(np.inf), ValueError),
    ("learning_rate", lambda: rb.SGD("0.1"), TypeError),
    ("learning_rate", lambda: rb.SGD(None), TypeError),
    ("momentum", lambda: rb.SGD(0.1, momentum=1.0), ValueError),
    ("momentum", lambda: rb.SGD(0.1, momentum=-0.1), ValueError),
    ("momentum", lambda: rb.SGD(0.1, momentum=np.nan), ValueError),
    ("steps", lambda: rb.gibbs.run(machine(), V, -1, 0), ValueError),
    ("steps", lambda: rb.gibbs.run(machine(), V, 1.5, 0), TypeError),
    ("steps", lambda: rb.gibbs.run(machine(), V, True, 0), TypeError),
    ("start", lambda: rb.gibbs.run(machine(), 0, 1, 0), ValueError),
    ("start", lambda: rb.gibbs.run(machine(), -3, 1, 0), ValueError),
    ("start", lambda: rb.gibbs.run(machine(), True, 1, 0), TypeError),
    ("start", lambda: rb.gibbs.run(machine(), "3", 1, 0), TypeError),
    ("negative", lambda: rb.gradient.estimate(machine(), V, "CD", 0), TypeError),
    ("negative", lambda: rb.gradient.estimate(machine(), V, rb.CD, 0), TypeError),
    ("rbm", lambda: rb.exact.log_partition("rbm"), TypeError),
    ("rbm", lambda: rb.exact.gradient(None, V), TypeError),
    ("rbm", lambda: rb.gibbs.run(W, V, 1, 0), TypeError),
    ("rbm", lambda: rb.gradient.estimate(W, V, rb.CD(1), 0), TypeError),
    ("rbm", lambda: rb.fit(W, V, progress=False), TypeError),
]


@pytest.mark.parametrize(
    ("argument", "make", "error"),
    BAD_ARGUMENTS,
    ids=[f"{argument}-{number}" for number, (argument, *_) in enumerate(BAD_ARGUMENTS)],
)
def test_a_bad_argument_is_refused_by_name(argument, make, error):
    with pytest.raises(error, match=rf"\b{argument}\b"):
        make()


FIT = {
    "epochs": [(-1, ValueError), (1.0, TypeError), (True, TypeError), ("3", TypeError)],
    "batch_size": [(0, ValueError), (-5, ValueError), (2.0, TypeError), (True, TypeError)],
    "weight_decay": [
        (-0.1, ValueError),
        (np.nan, ValueError),
        (np.inf, ValueError),
        ("x", TypeError),
    ],
    "negative": [("CD", TypeError), (1, TypeError)],
    "optimizer": [(0.05, TypeError), ("sgd", TypeError), (None, TypeError)],
    "rng": [("0", TypeError), (None, TypeError), (-1, ValueError), (0.5, TypeError)],
    "callbacks": [(3, TypeError), ((3,), TypeError)],
}


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [(name, value, error) for name, cases in FIT.items() for value, error in cases],
)
def test_fit_refuses_a_bad_setting_by_name_and_leaves_the_machine_alone(name, value, error):
    rbm = machine()
    with pytest.raises(error, match=rf"\b{name}\b"):
        rb.fit(rbm, V, **{"epochs": 1, "progress": False, name: value})
    np.testing.assert_array_equal(rbm.W, W)


WEIGHTS = [
    ([1.0, -1.0], ValueError),
    ([1.0], ValueError),
    ([1.0, 1.0, 1.0], ValueError),
    ([[1.0, 1.0]], ValueError),
    ([0.0, 0.0], ValueError),
    ([1.0, np.nan], ValueError),
    ([1.0, np.inf], ValueError),
    (["a", "b"], TypeError),
    ([1.0, 1j], TypeError),
    (np.array([1, 2], dtype=object), TypeError),
]


@pytest.mark.parametrize(("weight", "error"), WEIGHTS, ids=lambda x: getattr(x, "__name__", str(x)))
def test_bad_weights_are_refused_by_name(weight, error):
    with pytest.raises(error, match=r"\bsample_weight\b"):
        rb.exact.gradient(machine(), V, sample_weight=weight)


RNGS = [("0", TypeError), (None, TypeError), (0.5, TypeError), (-1, ValueError), (True, TypeError)]
RNGS += [(np.random.RandomState(0), TypeError), (NotANumber(), TypeError)]


@pytest.mark.parametrize(
    ("rng", "error"), RNGS, ids=lambda x: getattr(x, "__name__", type(x).__name__)
)
def test_what_is_not_a_seed_is_refused(rng, error):
    with pytest.raises(error, match=r"\brng\b"):
        machine().sample_hidden(V, rng)


def test_numpy_integers_are_integers():
    rb.RBM.random(np.int64(4), np.uint8(3), rng=np.int32(0))
    rb.gibbs.run(machine(), np.int64(3), np.int16(2), np.uint32(0))
    rb.fit(
        machine(), V, epochs=np.int64(1), batch_size=np.int64(2), rng=np.int64(0), progress=False
    )


def test_too_large_to_enumerate_is_an_error_not_a_wait():
    """2^60 states are refused before anything is allocated."""
    with pytest.raises(ValueError, match="60"):
        rb.exact.states(60)
    with pytest.raises(ValueError):
        rb.exact.log_partition(rb.RBM.random(80, 80, rng=0))
    with pytest.raises(ValueError):
        rb.exact.probabilities(rb.RBM.random(60, 2, rng=0))


def test_python_and_numpy_booleans_are_one_kind_in_words():
    with pytest.raises(TypeError, match="progress: expected an instance of bool, got int 1"):
        rb.validation.instance("progress", 1, (bool, np.bool_))
