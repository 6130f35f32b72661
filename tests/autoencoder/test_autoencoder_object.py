"""Autoencoders as objects: files, copies, what is refused."""

import numpy as np
import pytest
from autoencoders import DEPTHS, DTYPES, assert_same_bits, autoencoder, data, fit

import rbmbook as rb
from rbmbook.autoencoder.model import Autoencoder
from rbmbook.networks.network import Network

# --- files and copies -----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("sizes", DEPTHS, ids=str)
def test_save_and_load_give_the_same_autoencoder(sizes, tied, dtype, tmp_path):
    ae = autoencoder(sizes, "tanh", "identity", tied, dtype=dtype, code="sigmoid")
    ae.save(tmp_path / "model")
    twin = Autoencoder.load(tmp_path / "model")
    assert repr(twin) == repr(ae) and twin.tied is tied
    assert_same_bits(twin, ae)
    X = data(columns=sizes[0])
    np.testing.assert_array_equal(twin.reconstruct(X), ae.reconstruct(X))
    twin.encoder.layers[0].W[:] = 0
    assert tied == (twin.decoder.layers[-1].W == 0).all()


@pytest.mark.parametrize("kind", ["text", "cut", "network", "missing array"])
def test_a_file_that_is_no_autoencoder_is_refused_by_path(kind, tmp_path):
    path, ae = tmp_path / "model.npz", autoencoder()
    ae.save(path)
    if kind == "network":
        ae.encoder.save(path)
    elif kind == "missing array":
        rb.RBM.random(5, 3).save(path)
    else:
        path.write_bytes(b"nothing" if kind == "text" else path.read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"model\.npz"):
        Autoencoder.load(path)


@pytest.mark.parametrize("tied", [False, True])
def test_copies_are_independent_and_stay_as_tied(tied):
    ae = autoencoder(tied=tied)
    twin, single = ae.copy(), ae.astype(np.float32)
    assert_same_bits(ae, twin)
    fit(twin, data())
    assert_same_bits(ae, autoencoder(tied=tied))
    assert twin.tied is tied and single.dtype == np.float32
    assert np.shares_memory(twin.encoder.layers[0].W, twin.decoder.layers[0].W) == tied


def test_networks_are_used_as_they_are():
    ae = autoencoder()
    other = Autoencoder(ae.encoder, ae.decoder)
    fit(other, data())
    assert_same_bits(ae, other)
    tied = Autoencoder(ae.encoder, ae.decoder, tied=True)
    fit(tied, data())
    assert ae.parameters[0] is tied.parameters[0] and ae.parameters[3] is tied.parameters[2]


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("epochs", -1, ValueError),
        ("batch_size", 0, ValueError),
        ("optimizer", "SGD", TypeError),
        ("loss", "softmax", ValueError),
        ("loss", 3, TypeError),
        ("noise", 0.3, TypeError),
        ("contraction", -0.1, ValueError),
        ("contraction", "0.1", TypeError),
        ("sparsity", 0.1, TypeError),
        ("sparsity", rb.Sparsity(1.5), ValueError),
        ("weight_decay", -1.0, ValueError),
        ("l1", -1.0, ValueError),
        ("sample_weight", np.ones(3), ValueError),
        ("sample_weight", -np.ones(7), ValueError),
        ("negative", rb.CD(1), TypeError),
        ("centered", True, TypeError),
        ("validation", np.zeros((3, 4)), ValueError),
        ("validation", np.full((3, 5), 2.0), ValueError),
        ("rng", "seed", TypeError),
        ("callbacks", 3, TypeError),
    ],
)
def test_fit_refuses_a_bad_setting_by_name_and_leaves_the_autoencoder_alone(name, value, error):
    ae = autoencoder()
    with pytest.raises(error, match=name):
        fit(ae, data(), **{name: value})
    assert_same_bits(ae, autoencoder())


@pytest.mark.parametrize("call", ["encode", "reconstruct", "reconstruction_error", "loss", "fit"])
@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda X: X[:, :4], ValueError),
        (lambda X: X[0], ValueError),
        (lambda X: X[:0], ValueError),
        (lambda X: X.astype(object), TypeError),
        (lambda X: X.astype(str), TypeError),
        (lambda X: np.where(X < 0.5, np.nan, X), ValueError),
        (lambda X: np.where(X < 0.5, np.inf, X), ValueError),
    ],
)
def test_bad_rows_are_refused_by_name(call, change, error):
    with pytest.raises(error, match=r"^X: "):
        getattr(autoencoder(), call)(change(data()))


@pytest.mark.parametrize("call", ["loss", "objective", "fit"])
def test_cross_entropy_wants_probabilities(call):
    with pytest.raises(ValueError, match=r"^X: .*\[0, 1\]"):
        getattr(autoencoder(), call)(data() + 0.5)


def test_cross_entropy_wants_sigmoid_outputs():
    with pytest.raises(ValueError, match=r"loss.*sigmoid"):
        autoencoder(output="identity").objective(data(), loss="binary")


@pytest.mark.parametrize("code", ["tanh", "identity", "relu"])
def test_sparsity_wants_a_code_of_probabilities(code):
    with pytest.raises(ValueError, match=r"sparsity.*sigmoid"):
        autoencoder(code=code).objective(data(), sparsity=rb.Sparsity(0.1))


def networks(up=(5, 3), down=(3, 5), dtype=np.float64):
    return Network.random(up, dtype=np.float64), Network.random(down, dtype=dtype)


@pytest.mark.parametrize(
    ("make", "error", "name"),
    [
        (lambda: Autoencoder(*networks(down=(4, 5))), ValueError, "decoder"),
        (lambda: Autoencoder(*networks(down=(3, 4))), ValueError, "decoder"),
        (lambda: Autoencoder(*networks(dtype=np.float32)), ValueError, "decoder"),
        (lambda: Autoencoder(*networks((5, 4, 3)), tied=True), ValueError, "tied"),
        (lambda: Autoencoder("net", networks()[1]), TypeError, "encoder"),
        (lambda: Autoencoder(networks()[0], None), TypeError, "decoder"),
        (lambda: Autoencoder(*networks(), tied="yes"), TypeError, "tied"),
        (lambda: Autoencoder.random((5,)), ValueError, "sizes"),
        (lambda: Autoencoder.random((5, 0)), ValueError, "sizes"),
        (lambda: Autoencoder.random((5, 3), "cosine"), ValueError, "activation"),
        (lambda: Autoencoder.random((5, 3), output=None), TypeError, "output"),
        (lambda: Autoencoder.random((5, 3), dtype=np.int32), TypeError, "dtype"),
    ],
)
def test_bad_arguments_are_refused_by_name(make, error, name):
    with pytest.raises(error, match=name):
        make()


def test_a_random_autoencoder_follows_its_seed():
    one, same, other = (autoencoder((5, 4, 3), rng=seed) for seed in (1, 1, 2))
    assert_same_bits(one, same)
    assert (one.parameters[0] != other.parameters[0]).all()
    encoder = Network.random((5, 4, 3), output="sigmoid", rng=1, dtype=np.float64)
    np.testing.assert_array_equal(one.encoder.layers[1].W, encoder.layers[1].W)
