"""A stack of machines, unrolled: their means up to the code, and back down."""

import numpy as np
import pytest
from autoencoders import DTYPES, data, fit

import rbmbook as rb
from rbmbook.dbn.model import DBN


def machine(D=5, H=4, dtype=np.float64, **units):
    rng = np.random.default_rng(D * H)
    return rb.RBM(*(rng.normal(size=s).astype(dtype) for s in ((D, H), D, H)), **units)


UNITS = {
    "Bernoulli": rb.Bernoulli(),
    "Spin": rb.Spin(),
    "Gaussian": rb.Gaussian(),
    "precise": rb.Gaussian(log_precision=np.log(4.0)),
    "NoisyReLU": rb.NoisyReLU(),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden", UNITS)
@pytest.mark.parametrize("visible", UNITS)
def test_an_unrolled_machine_computes_the_means_of_its_units(visible, hidden, dtype):
    rbm = machine(dtype=dtype, visible=UNITS[visible], hidden=UNITS[hidden])
    ae, v = DBN([rbm]).autoencoder(), (data() < 0.5) * 1.0
    if visible == "Spin":
        v = 2 * v - 1
    h = rbm.hidden_mean(v)
    tolerance = {"rtol": 1e-5 if dtype is np.float32 else 1e-12, "atol": 1e-6}
    np.testing.assert_allclose(ae.encode(v), h, **tolerance)
    np.testing.assert_allclose(ae.decode(h), rbm.visible_mean(h), **tolerance)
    assert ae.dtype == dtype


def test_a_stack_is_unrolled_layer_by_layer():
    stack = [machine(5, 4), machine(4, 3), machine(3, 2, hidden=rb.Gaussian())]
    ae, v = DBN(stack).autoencoder(), data()
    assert repr(ae) == (
        "Autoencoder(5 → 4 sigmoid → 3 sigmoid → 2 identity → 3 sigmoid → 4 sigmoid → 5 sigmoid, "
        "float64)"
    )
    code = v
    for rbm in stack:
        code = rbm.hidden_mean(code)
    back = code
    for rbm in stack[::-1]:
        back = rbm.visible_mean(back)
    np.testing.assert_allclose(ae.encode(v), code, rtol=1e-12)
    np.testing.assert_allclose(ae.reconstruct(v), back, rtol=1e-12)


def test_unrolling_copies_and_may_tie():
    rbm = machine(visible=rb.Gaussian())
    before = rbm.copy()
    untied, tied = DBN([rbm]).autoencoder(), DBN([rbm]).autoencoder(tied=True)
    np.testing.assert_array_equal(untied.reconstruct(data()), tied.reconstruct(data()))
    assert len(untied.parameters) == 4 and len(tied.parameters) == 3
    for ae in (untied, tied):
        fit(ae, data())
    np.testing.assert_array_equal(rbm.W, before.W)


@pytest.mark.parametrize(
    ("stack", "error", "message"),
    [
        (lambda: [], ValueError, "one machine"),
        (lambda: machine(), TypeError, r"use \[rbm\]"),
        (lambda: 3, TypeError, "^rbms: expected a sequence of RBM, got 3"),
        (lambda: ["rbm"], TypeError, "RBM"),
        (lambda: [machine(5, 4), machine(3, 2)], ValueError, "4 visible units"),
        (lambda: [machine(5, 4), machine(4, 2, np.float32)], ValueError, "float64"),
        (lambda: [machine(hidden=rb.ReLU())], ValueError, "ReLU"),
        (lambda: [machine(hidden=rb.Softmax(2))], ValueError, "Softmax"),
    ],
)
def test_what_cannot_be_unrolled_is_refused(stack, error, message):
    with pytest.raises(error, match=message):
        DBN(stack()).autoencoder()


def test_a_variance_cannot_be_tied():
    with pytest.raises(ValueError, match="tied"):
        DBN([machine(visible=UNITS["precise"])]).autoencoder(tied=True)
