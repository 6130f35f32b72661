"""What an error says when training diverges: NaN at the start, data out of scale, or the rate."""

import numpy as np
import pytest
from models import MODELS, data, parameters

import rbmbook as rb
from rbmbook.training.divergence import advice, fault

BOUNDED = {"RBM", "RBM, PCD", "RBM, FPCD", "RBM, held out", "DBM", "DBM, pretraining"}
REAL = sorted(set(MODELS) - BOUNDED)
EXPLODE = {"optimizer": rb.SGD(1e30, momentum=0.99), "epochs": 30}


def diverged(name, X=None, spoil=None, dtype=np.float32, **settings):
    """The message of the error, and whether the parameters are what they were."""
    make, run = MODELS[name]
    model = make(dtype)
    if spoil is not None:
        parameters(model)[spoil].flat[0] = np.nan
    before = [p.copy() for p in parameters(model)]
    with pytest.raises(rb.DivergenceError) as caught:
        run(model, X, **settings)
    after = parameters(model)
    for p, q in zip(before, after, strict=False):  # an untied way up comes on top
        np.testing.assert_array_equal(p, q)
    return str(caught.value)


def years(n=40):
    return 2000 + 10 * np.random.default_rng(0).normal(size=(n, 5))


@pytest.mark.parametrize("spoil", [0, -1])
@pytest.mark.parametrize("name", MODELS)
def test_a_parameter_that_was_nan_at_the_start_is_no_matter_of_the_rate(name, spoil):
    message = diverged(name, spoil=spoil)
    assert "not finite before" in message and "holds nan at" in message
    assert "Lower" not in message and "tandardise" not in message


@pytest.mark.parametrize("name", REAL)
def test_data_out_of_scale_is_named_by_its_column(name):
    """A small rate is not to blame, and lowering it does not help."""
    X = data("real")
    X[:, 3] = 1e12 + 1e9 * X[:, 3]
    rate = {"Network": 1e-3, "GAN": 0.5}.get(name, 1e-2)
    plain = {"centered": False} if name in {"Gaussian RBM", "DBN"} else {}  # else they learn it
    plain |= {"standardize": False} if name in {"Autoencoder", "GAN"} else {}
    message = diverged(name, X, optimizer=rb.SGD(rate), epochs=50, **plain)
    mean, deviation = X[:, 3].mean(), X[:, 3].std()
    assert f"Column 3 of X has mean {mean:.4g} and standard deviation {deviation:.4g}" in message
    assert "Standardise" in message and "A lower rate alone hardly helps" in message


@pytest.mark.parametrize(("dtype", "value"), [(np.float32, 1e30), (np.float64, -1e300)])
@pytest.mark.parametrize("name", REAL)
def test_data_whose_squares_leave_the_dtype_are_refused_by_their_place(name, dtype, value):
    X = data("real")
    X[7, 1] = value
    make, run = MODELS[name]
    with pytest.raises(ValueError, match=rf"^X: .*{np.dtype(dtype)} can add up, got .* column 1"):
        run(make(dtype), X, optimizer=rb.SGD(1e-3))


@pytest.mark.parametrize("name", MODELS)
def test_a_rate_that_is_too_high_is_to_be_lowered(name):
    settings = dict(EXPLODE)
    if name not in {"GAN"}:
        settings["weight_decay"] = 1e10 if name in BOUNDED else 0.0
    message = diverged(name, **settings)
    assert "training diverged in epoch" in message and "Lower the learning rate of SGD" in message
    assert "tandardise" not in message and "finite before" not in message


def test_a_constant_column_with_a_high_precision_is_to_be_dropped():
    X = np.random.default_rng(0).normal(size=(500, 5))
    X[:, 2] = 3.7
    precision = np.zeros(5)
    precision[2] = np.log(1e6)
    for rate in (1e-2, 1e-4):
        rbm = rb.RBM.random(5, 4, rng=0, visible=rb.Gaussian(precision))
        rbm.a[2] = 3.7e6
        with pytest.raises(rb.DivergenceError) as caught:
            rb.fit(rbm, X, optimizer=rb.SGD(rate), centered=False, progress=False, epochs=50)
        message = str(caught.value)
        assert "Column 2 of X has mean 3.7 and standard deviation 0," in message
        assert "drop the columns that are constant" in message


@pytest.mark.parametrize("rate", [1e-2, 1e-4])
def test_years_are_to_be_standardised(rate):
    X = years(1000)
    rbm = rb.RBM.random(5, 4, rng=0, visible=rb.Gaussian(), data=X)
    with pytest.raises(rb.DivergenceError, match=r"of X has mean \d{4}\.?\d* and .*\(4 more like"):
        rb.fit(rbm, X, optimizer=rb.SGD(rate), centered=False, progress=False, epochs=20)


def test_held_out_rows_and_targets_are_looked_at_too():
    X = data("real")
    rbm = rb.RBM.random(5, 4, rng=0, visible=rb.Gaussian())
    held_out = np.where(np.arange(5) == 4, 1e300, X)
    with pytest.raises(ValueError, match=r"^validation: .* float32 can add up, .* column 4"):
        rb.fit(rbm, X, validation=held_out, progress=False)
    net, y = rb.Network.random((5, 4, 1), "relu", rng=0), 1e14 * X[:, :1]
    with pytest.raises(rb.DivergenceError, match="Column 0 of y has mean"):
        net.fit(X, y, loss="squared", optimizer=rb.SGD(0.1), progress=False)


def test_a_layer_that_diverges_is_named_and_nan_above_is_found_before_anything_is_trained():
    dbn = rb.DBN.random((5, 4, 3), rng=0, dtype=np.float64)
    dbn.rbms[1].b[0] = np.inf
    before = dbn.rbms[0].W.copy()
    with pytest.raises(rb.DivergenceError, match=r"^layer 2: a parameter was not"):
        dbn.fit(data(), progress=False)
    np.testing.assert_array_equal(dbn.rbms[0].W, before)


def test_a_callback_that_spoils_the_model_is_told_so():
    rbm = rb.RBM.random(5, 4, rng=0)

    def spoil(machine, history):
        machine.W[0, 0] = np.nan

    with pytest.raises(rb.DivergenceError, match="not finite before epoch 2"):
        rb.fit(rbm, data(), progress=False, callbacks=[spoil])


def test_a_rate_beyond_all_reason_is_named_first_whatever_the_data():
    found = advice([("X", years(), 1.0)], rb.SGD(1e3), 0, "the rate")
    assert found.startswith("Lower the rate. Column ")
    found = advice([("X", years(), 1.0)], rb.SGD(lambda t: 0.1 + t), 0, "the rate")
    assert found.startswith("Column ")


@pytest.mark.parametrize("X", [data(), data("real"), np.ones((9, 2)), 3 * data("real")])
def test_data_of_order_one_is_not_blamed(X):
    assert fault([("X", X, 1.0)]) == ""
