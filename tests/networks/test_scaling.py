"""Networks on real columns of any unit learn what they learn on standardised ones."""

import numpy as np
import pytest

import rbmbook as rb
from rbmbook import GAN, Autoencoder
from rbmbook.autoencoder.corruption import GaussianNoise
from rbmbook.networks.scaling import Standardized

MEAN, SD = np.array([2000.0, -3.0, 1e-4, 1e5]), np.array([10.0, 1e-3, 500.0, 0.01])
QUIET = {"epochs": 3, "batch_size": 8, "progress": False}


def columns(n=30):
    """Rows that are standardised, and the same in units of their own."""
    z = np.random.default_rng(0).normal(size=(n, 4)) @ np.random.default_rng(1).normal(size=(4, 4))
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    return z, MEAN + SD * z


def network(tied=False, bias=0.0, dtype=np.float64):
    ae = Autoencoder.random((4, 5, 2), "tanh", "identity", tied, rng=1, dtype=dtype)
    for p in ae.parameters:
        if p.ndim == 1:
            p[:] += bias
    return ae


def game(**options):
    return GAN.random(3, 4, (6, 5), rng=1, dtype=np.float64, **options)


def test_an_autoencoder_learns_in_any_units_what_it_learns_on_standardised_columns():
    z, X = columns()
    one, other = network(), network()
    plain = one.fit(z, standardize=False, validation=z[:5], **QUIET)
    history = other.fit(X, validation=X[:5], **QUIET)
    np.testing.assert_allclose(other.encode(X), one.encode(z), rtol=1e-5, atol=1e-7)
    expected = MEAN + SD * one.reconstruct(z)
    np.testing.assert_allclose((other.reconstruct(X) - expected) / SD, 0, atol=1e-5)
    for name in ("loss", "validation_loss"):
        np.testing.assert_allclose(history[name], plain[name], rtol=1e-5)
    errors = ((X - other.reconstruct(X)) ** 2).mean()  # in the units of the data
    np.testing.assert_allclose(history["reconstruction_error"][-1], errors, rtol=1e-9)


@pytest.mark.parametrize("options", [{}, {"gradient_penalty": 0.3}], ids=["plain", "penalty"])
def test_a_game_learns_in_any_units_what_it_learns_on_standardised_columns(options):
    z, X = columns()
    one, other = game(**options), game(**options)
    plain = one.fit(z, standardize=False, **QUIET)
    history = other.fit(X, **QUIET)
    expected = MEAN + SD * one.sample(20, rng=0)
    np.testing.assert_allclose((other.sample(20, rng=0) - expected) / SD, 0, atol=1e-5)
    np.testing.assert_allclose(other.critic(X), one.critic(z), atol=1e-5)
    for name in set(plain) - {"seconds"}:
        np.testing.assert_allclose(history[name], plain[name], rtol=1e-4, atol=1e-6)


def test_tied_weights_learn_what_they_learn_on_centred_columns():
    z, _ = columns()
    z = z * [1.0, 2.0, 0.5, 1.5]
    one, other = network(tied=True), network(tied=True)
    one.fit(z, standardize=False, **QUIET)
    other.fit(z + MEAN, **QUIET)
    np.testing.assert_allclose(other.encode(z + MEAN), one.encode(z), atol=1e-6)
    np.testing.assert_allclose(other.reconstruct(z + MEAN), MEAN + one.reconstruct(z), atol=1e-6)


def test_a_network_with_biases_goes_on_from_what_it_does():
    """Steps that are next to none change nothing, in whatever coordinates they are made."""
    z, _ = columns()
    X = 3.0 + 0.2 * z
    ae = network(bias=0.5)
    before = ae.copy()
    ae.fit(X, optimizer=rb.SGD(1e-12), weight_decay=0.0, **QUIET)
    for p, q in zip(ae.parameters, before.parameters, strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-9, atol=1e-9)


def test_what_was_learned_goes_on_from_one_fit_to_the_next():
    _, X = columns()
    ae = Autoencoder.random((4, 3), output="identity", rng=0)
    first = ae.fit(X, epochs=200, progress=False)["loss"]
    assert ae.fit(X, epochs=1, progress=False)["loss"][0] < 1.5 * first[-1] < 0.5 * first[0]


def test_noise_is_in_the_units_of_the_data():
    z, _ = columns()
    one, other = network(), network()
    one.fit(z, noise=GaussianNoise(0.3), standardize=False, **QUIET)
    other.fit(5.0 + 10.0 * z, noise=GaussianNoise(3.0), **QUIET)
    np.testing.assert_allclose(other.encode(5.0 + 10.0 * z), one.encode(z), atol=1e-9)


@pytest.mark.parametrize("make", [network, game])
def test_outputs_with_a_range_and_plain_fits_stay_as_they_come(make):
    z, _ = columns()
    one, other = make(), make()
    one.fit(z, standardize=False, **QUIET)
    other.fit(z + 10.0, standardize=False, **QUIET)
    assert any((p != q).any() for p, q in zip(one.parameters, other.parameters, strict=True))
    bits = (z > 0) * 1.0
    pair = [Autoencoder.random((4, 2), rng=0) for _ in range(2)]
    for ae, standardize in zip(pair, (True, False), strict=True):
        ae.fit(bits, standardize=standardize, **QUIET)
    for p, q in zip(pair[0].parameters, pair[1].parameters, strict=True):
        np.testing.assert_array_equal(p, q)


@pytest.mark.parametrize("make", [network, game])
def test_a_fit_on_unscaled_columns_resumes_to_the_same_bits(make, tmp_path):
    _, X = columns()
    path = tmp_path / "run.npz"
    whole, parts = make(), make()
    whole.fit(X, **QUIET | {"epochs": 6})
    parts.fit(X, **QUIET, checkpoint=path)
    resumed = make()
    resumed.fit(X, **QUIET | {"epochs": 6}, checkpoint=path)
    for p, q in zip(whole.parameters, resumed.parameters, strict=True):
        np.testing.assert_array_equal(p, q)
    with pytest.raises(ValueError, match="standardized"):
        make().fit(X, **QUIET | {"epochs": 9}, checkpoint=path, standardize=False)


def test_a_constant_column_is_given_back():
    _, X = columns()
    for value in (0.0, 3.7, -1e5, 1e-9):
        X[:, 2] = value
        ae = Autoencoder.random((4, 2), output="identity", rng=0)
        ae.fit(X, progress=False, epochs=100)
        found = ae.reconstruct(X)[:, 2]
        np.testing.assert_allclose(found, value, atol=1e-3 * max(abs(value), 1))


def test_writing_undoes_reading():
    _, X = columns()
    ae = network(bias=0.5)
    before = [p.copy() for p in ae.parameters]
    standard = Standardized(ae.encoder.layers[0], ae.decoder.layers[-1], X)
    standard.read()
    standard.write()
    for p, q in zip(ae.parameters, before, strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_single_precision_resolves_means_up_to_a_ten_thousandth_of_its_digits(dtype):
    z, X = columns()
    ae = network(dtype=dtype)
    ends = ae.encoder.layers[0], ae.decoder.layers[-1]
    assert Standardized(*ends, 1000 + z).resolved
    assert Standardized(*ends, X).resolved == (dtype == np.float64)


@pytest.mark.parametrize("make", [Autoencoder.random, GAN.random])
def test_real_columns_have_double_precision_unless_told_otherwise(make):
    sizes = ((4, 2),) if make == Autoencoder.random else (2, 4)
    assert make(*sizes, output="identity").dtype == np.float64
    assert make(*sizes, output="sigmoid").dtype == np.float32
    assert make(*sizes, output="identity", dtype=np.float32).dtype == np.float32


@pytest.mark.parametrize("make", [network, game])
def test_standardize_is_a_bool(make):
    with pytest.raises(TypeError, match="standardize: expected"):
        make().fit(columns()[1], standardize="yes", **QUIET)


def test_columns_are_standardised_as_their_rows_weigh():
    _, X = columns(6)
    counts, ae = np.array([3, 0, 1, 2, 0, 1]), network()
    layers = ae.encoder.layers[0], ae.decoder.layers[-1]
    comp = Standardized(*layers, X, counts / counts.mean())
    ref = Standardized(*layers, np.repeat(X, counts, axis=0))
    np.testing.assert_allclose(comp.mean, ref.mean, rtol=1e-13)
    np.testing.assert_allclose(comp.sd, ref.sd, rtol=1e-9)
