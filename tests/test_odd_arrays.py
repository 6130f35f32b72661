"""Arrays that are masked, in another order, strided, of other dtypes: right or refused."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse

import rbmbook as rb
from rbmbook import losses
from rbmbook.machine import kernels
from rbmbook.training import penalties
from rbmbook.training.optimize import linear_decay

OPTIMIZERS = [rb.SGD(0.1), rb.SGD(linear_decay(0.1, 0.05, 9), 0.9), rb.Adam(0.01)]
LAYOUTS = {
    "Fortran": lambda x: np.asfortranarray(x),
    "transposed": lambda x: x.T.copy().T,
    "strided": lambda x: np.repeat(np.repeat(x, 2, 0), 3, 1)[::2, ::3],
    "backwards": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "window": lambda x: np.pad(x, 2)[2:-2, 2:-2],
    "one row": lambda x: x[:1],
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_optimizer_moves_arrays_of_any_layout(optimizer, layout, dtype):
    """A kernel that got a copy would leave them as they are, without a word."""
    rng = np.random.default_rng(0)
    start, gradient = rng.standard_normal((2, 4, 3)).astype(dtype)
    one, other = LAYOUTS[layout](start.copy()), LAYOUTS[layout](start).copy(order="C")
    ascent = LAYOUTS[layout](gradient)
    memories = optimizer.start([one]), optimizer.start([other])
    for update in range(3):
        optimizer.step([one], [ascent], memories[0], update)
        optimizer.step([other], [ascent.copy(order="C")], memories[1], update)
    np.testing.assert_array_equal(one, other)
    assert not np.array_equal(one, LAYOUTS[layout](start))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_weight_decay_reaches_arrays_of_any_layout(layout):
    ascent = LAYOUTS[layout](np.zeros((4, 3)))
    penalties.decay([ascent], [np.ones(ascent.shape)], 0.5)
    assert (ascent == -0.5).all()


@pytest.mark.jit
@pytest.mark.parametrize("kernel", [kernels.bernoulli_mean, kernels.bernoulli_cgf])
def test_a_kernel_refuses_to_write_where_it_would_get_a_copy(kernel):
    out = np.zeros((4, 6))[:, ::2]
    with pytest.raises(Exception, match="contiguous"):
        kernel(np.zeros((4, 3)), out)


MASKED = np.ma.masked_array([[1.0, 0.0], [0.0, 1.0]], mask=[[False, True], [False, False]])
RBM = rb.RBM(np.ones((2, 2)), np.zeros(2), np.zeros(2))
WEIGHT = np.ma.masked_array([1.0, 2.0], mask=[True, False])
V = np.eye(2)
TAKES_DATA = {
    "fit": lambda x: rb.fit(RBM.copy(), x, epochs=1, progress=False),
    "validation": lambda x: rb.fit(RBM.copy(), V, epochs=1, progress=False, validation=x),
    "free_energy": RBM.free_energy,
    "energy": lambda x: RBM.energy(V, x),
    "W": lambda x: rb.RBM(x, [0, 0], [0, 0]),
    "replaced W": lambda x: setattr(RBM.copy(), "W", x),
    "gradient": lambda x: rb.exact.gradient(RBM, x),
    "estimate": lambda x: rb.gradient.estimate(RBM, x),
    "start": lambda x: rb.gibbs.run(RBM, x, 1, 0),
    "samples": lambda x: rb.evaluate.reverse_ais(RBM, x, 5),
    "pseudo": lambda x: rb.evaluate.pseudo_log_likelihood(RBM, x),
    "random": lambda x: rb.RBM.random(2, 2, data=x),
    "DBN": lambda x: rb.DBN.random([2, 2, 2]).fit(x, epochs=1, progress=False),
    "DBM": lambda x: rb.DBM.random([2, 2, 2]).mean_field(x),
    "estimator": lambda x: rb.BernoulliRBM(2).fit(x),
    "autocorrelation": rb.gibbs.autocorrelation,
    "unit": rb.Bernoulli().mean,
    "noise": lambda x: rb.Bernoulli().sample(V, x),
    "nearest neighbours": lambda x: rb.evaluate.nearest_neighbour_accuracy(V, x),
    "parzen": lambda x: rb.score.parzen_score(V, x, 1.0),
}
TAKES_A_ROW = {
    "sample_weight": lambda x: rb.fit(RBM.copy(), V, epochs=1, progress=False, sample_weight=x),
    "exact weight": lambda x: rb.exact.gradient(RBM, V, sample_weight=x),
    "a": lambda x: rb.RBM(V, x, [0, 0]),
    "log_precision": rb.Gaussian,
    "betas": lambda x: rb.evaluate.ais(RBM, 2, x),
    "labels": lambda x: losses.softmax_cross_entropy(V, x.astype(int)),
}


@pytest.mark.parametrize("name", [*TAKES_DATA, *TAKES_A_ROW])
def test_masked_entries_are_refused(name):
    """What stands under a mask would be taken for data."""
    call, value = (TAKES_DATA[name], MASKED) if name in TAKES_DATA else (TAKES_A_ROW[name], WEIGHT)
    with pytest.raises(ValueError, match="masked"):
        call(value)


@pytest.mark.parametrize("name", TAKES_DATA)
def test_masked_entries_are_refused_in_lists_of_rows_too(name):
    with pytest.raises(ValueError, match="1 masked entries"):
        TAKES_DATA[name](list(MASKED))


@pytest.mark.parametrize("name", ["fit", "free_energy", "W", "start", "gradient"])
def test_a_masked_array_without_masked_entries_is_an_array(name):
    TAKES_DATA[name](np.ma.masked_array(V, mask=False))


@pytest.mark.parametrize(
    "turn",
    [
        lambda x: x.astype(">f8"),
        lambda x: x.astype(">i2"),
        lambda x: x.astype(np.float16),
        lambda x: x.astype(np.longdouble),
        lambda x: np.asfortranarray(x),
        lambda x: sparse.coo_array(x),
        lambda x: np.repeat(x, 2, axis=1)[:, ::2],
        lambda x: np.lib.stride_tricks.as_strided(x, x.shape, x.strides, writeable=False),
        lambda x: x.astype(object).astype(np.int8),
    ],
)
def test_states_in_other_arrays_give_the_same_bits(turn):
    X = (np.random.default_rng(0).random((30, 2)) < 0.5) * 1.0
    one, other = RBM.copy(), RBM.copy()
    options = {"epochs": 2, "progress": False, "batch_size": 7, "sample_weight": np.arange(30)}
    rb.fit(one, X, **options)
    rb.fit(other, turn(X), **options)
    np.testing.assert_array_equal(one.W, other.W)
    np.testing.assert_array_equal(RBM.free_energy(X), RBM.free_energy(turn(X)))
    np.testing.assert_array_equal(rb.gibbs.run(RBM, X, 3, 0), rb.gibbs.run(RBM, turn(X), 3, 0))


@pytest.mark.parametrize("name", ["fit", "free_energy", "W", "start", "gradient", "DBN", "random"])
def test_arrays_of_objects_are_refused(name):
    with pytest.raises(TypeError, match="expected real numbers"):
        TAKES_DATA[name](V.astype(object))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("visible", [rb.Bernoulli(), rb.Gaussian()], ids=str)
@pytest.mark.parametrize(
    "call",
    [
        lambda rbm, x: rb.fit(rbm, x, epochs=1, progress=False),
        lambda rbm, x: rb.fit(rbm, V, epochs=1, progress=False, validation=x),
        lambda rbm, x: rb.fit(rbm, V, epochs=1, progress=False, sample_weight=x[0]),
        lambda rbm, x: rbm.free_energy(x),
        lambda rbm, x: rb.gibbs.run(rbm, x, 1, 0),
        lambda rbm, x: rb.exact.gradient(rbm, x),
        lambda rbm, x: rb.exact.gradient(rbm, sparse.csr_array(x)),
        lambda rbm, x: rb.RBM.random(2, 2, data=x, visible=rbm.visible),
        lambda rbm, x: rb.evaluate.ais(rbm, 5, 5, data=x),
    ],
)
def test_numbers_that_are_not_finite_are_refused(call, visible, bad):
    rbm = rb.RBM(np.zeros((2, 2)), np.zeros(2), np.zeros(2), visible)
    with pytest.raises(ValueError, match=r"(\b[A-Za-z_]+): expected"):
        call(rbm, np.array([[bad, 1.0], [0.0, 1.0]]))


def test_parzen_scores_do_not_depend_on_where_zero_is():
    rng = np.random.default_rng(0)
    v, data = rng.standard_normal((2, 5, 3))
    v, data = np.round(v, 4), np.round(data, 4)
    far = rb.score.parzen_score(v + 2.0**26, data + 2.0**26, 0.5)
    np.testing.assert_allclose(far, rb.score.parzen_score(v, data, 0.5), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("input_", [-1e30, -1000.0])
def test_no_noise_switches_on_what_is_impossible(dtype, input_):
    """Not even a noise of exactly 0, and in a softmax not even the last state where sums round."""
    for noise in (0.0, 1 - np.finfo(dtype).epsneg):
        u, x = np.full((1, 1), noise, dtype), np.full((1, 1), input_, dtype)
        assert rb.Bernoulli().sample(x, u)[0, 0] == 0
        assert rb.Spin().sample(x, u)[0, 0] == -1
        mixed = rb.Mixed([(rb.Bernoulli(), 1), (rb.Spin(), 1)])
        pair = np.hstack([x, x])
        assert mixed.sample(pair, np.hstack([u, u])).tolist() == [[0, -1]]
        for place in (0, 1, 299):
            sites = np.full((1, 300), input_, dtype)
            sites[0, place] = 0
            assert rb.Softmax(300).sample(sites, u).argmax() == place


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_noise_that_is_not_zero_is_compared_as_it_is(dtype):
    """Down to probabilities of the smallest step of the noise, and below it for a noise of 0."""
    step = np.finfo(dtype).epsneg
    x = np.log(np.array([[0.5, 1.5, 1.0, 1e-10]]) * step).astype(dtype)
    u = np.array([[step, step, 0, 0]], dtype)
    assert rb.Bernoulli().sample(x, u).tolist() == [[0, 1, 1, 1]]


def frames(X):
    """The same numbers in ways that NumPy takes for objects, or that are of foreign byte order."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X)
    columns = [X[:, 0] > 0, *(pandas.array(x, dtype="Int64") for x in X[:, 1:].T.astype(int))]
    return {
        "Int64": frame.astype("Int64"),
        "UInt8": frame.astype("UInt8"),
        "Float64": frame.astype("Float64"),
        "Float32": frame.astype("Float32"),
        "boolean": frame.astype("boolean"),
        "bool beside Int64": pandas.DataFrame(dict(enumerate(columns))),
        "bool beside float": pandas.DataFrame({0: X[:, 0] > 0} | dict(enumerate(X.T))).astype(
            {0: bool}
        ),
        ">f8": X.astype(">f8"),
        ">f4": X.astype(">f4"),
        ">i2": X.astype(">i2"),
    }


FRAMES = [
    "Int64",
    "UInt8",
    "Float64",
    "Float32",
    "boolean",
    "bool beside Int64",
    "bool beside float",
]
READERS = {
    "free_energy": lambda X: rb.RBM.random(4, 3).free_energy(X),
    "gibbs": lambda X: rb.gibbs.run(rb.RBM.random(4, 3), X, 2, 0),
    "data": lambda X: rb.RBM.random(4, 3, data=X).a,
    "pseudo": lambda X: rb.evaluate.pseudo_log_likelihood(rb.RBM.random(4, 3), X),
    "neighbours": lambda X: rb.evaluate.nearest_neighbour_accuracy(X, np.eye(4)),
    "mmd": lambda X: rb.two_sample.mmd(X, np.eye(4)).value,
    "fit": lambda X: fitted(X).W,
    "BernoulliRBM": lambda X: rb.BernoulliRBM(3, n_iter=1, random_state=0).fit(X).history_.epochs,
    "GaussianRBM": lambda X: rb.GaussianRBM(3, n_iter=1, random_state=0).fit(X).history_.epochs,
    "Network": lambda X: rb.Network.random([4, 2]).predict(X),
}


def fitted(X):
    rbm = rb.RBM.random(4, 3)
    rb.fit(rbm, X, epochs=1, progress=False)
    return rbm


@pytest.mark.parametrize("kind", [*FRAMES, ">f8", ">f4", ">i2"])
@pytest.mark.parametrize("name", READERS)
def test_nullable_frames_and_foreign_byte_order_are_the_same_data(name, kind):
    X = np.random.default_rng(0).integers(0, 2, (30, 4)).astype(float)
    np.testing.assert_array_equal(READERS[name](frames(X)[kind]), READERS[name](X))


@pytest.mark.parametrize("kind", ["Int64", "Float64", "boolean"])
@pytest.mark.parametrize("name", sorted(set(READERS) - {"BernoulliRBM", "GaussianRBM"}))
def test_what_is_missing_in_a_frame_is_refused_by_its_place(name, kind):
    pandas = pytest.importorskip("pandas")
    frame = frames(np.eye(4))[kind]
    frame.iloc[2, 1] = pandas.NA
    with pytest.raises(ValueError, match=r"got nan at row 2, column 1"):
        READERS[name](frame)


def test_frames_of_strings_stay_refused():
    pandas = pytest.importorskip("pandas")
    for dtype in ("string", object, "category"):
        with pytest.raises(TypeError, match="v: expected real numbers"):
            rb.RBM.random(4, 3).free_energy(pandas.DataFrame(np.eye(4).astype(int)).astype(dtype))


@pytest.mark.parametrize("dtype", [">f4", ">f8"])
def test_a_machine_of_foreign_byte_order_holds_its_own(dtype):
    W, a, b = (np.random.default_rng(0).normal(size=n) for n in ((4, 3), 4, 3))
    native = np.dtype(dtype).newbyteorder("=")
    precision = rb.Gaussian(a.astype(dtype))
    rbm = rb.RBM(W.astype(dtype), a.astype(dtype), b.astype(dtype), precision)
    ref = rb.RBM(W.astype(native), a, b, rb.Gaussian(a.astype(native)))
    assert all(p.dtype == native and p.dtype.isnative for p in rbm.parameters)
    np.testing.assert_array_equal(rbm.free_energy(np.eye(4)), ref.free_energy(np.eye(4)))
    rbm.W = 2 * W.astype(dtype)
    assert rbm.W.dtype.isnative and rb.RBM.random(4, 3, dtype=dtype).dtype == native
    np.testing.assert_array_equal(
        rb.Bernoulli().mean(W.astype(dtype)), rb.Bernoulli().mean(W.astype(native))
    )


def test_weights_of_examples_may_be_nullable_or_of_foreign_byte_order():
    pandas = pytest.importorskip("pandas")
    rbm, v, weight = rb.RBM.random(4, 3), np.eye(4), np.array([1, 2, 3, 4])
    ref = rb.exact.gradient(rbm, v, weight).W
    nullable = pandas.Series(weight).astype("Int64")
    for given in (nullable, pandas.array(weight, dtype="Int64"), weight.astype(">f8")):
        np.testing.assert_array_equal(rb.exact.gradient(rbm, v, given).W, ref)
    nullable[1] = pandas.NA
    with pytest.raises(ValueError, match="sample_weight: expected finite weights"):
        rb.exact.gradient(rbm, v, nullable)


def test_the_core_does_without_pandas():
    code = "import sys, rbmbook; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
