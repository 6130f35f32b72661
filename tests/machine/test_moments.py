"""Means and standard deviations of columns, and the machine that starts from them."""

import numpy as np
import pytest
from scipy import sparse

import rbmbook as rb
from rbmbook.machine import moments
from rbmbook.machine.units import Bernoulli, Gaussian


@pytest.mark.parametrize("mean", [0.0, 1e8, -1e8])
def test_a_large_mean_does_not_cancel_the_variance(mean):
    z = np.random.default_rng(0).normal(size=(3000, 2))
    found = moments.of_columns(mean + z, Gaussian())
    np.testing.assert_allclose(found.mean, mean + z.mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.sd, z.std(axis=0), rtol=1e-6)
    assert not found.constant.any()
    visible = rb.RBM.random(2, 3, visible=Gaussian(), dtype=np.float64, data=mean + z).visible
    np.testing.assert_allclose(visible.log_precision, -2 * np.log(z.std(axis=0)), atol=1e-6)


@pytest.mark.parametrize("form", [np.float32, np.int64, sparse.csr_matrix])
def test_every_form_of_data_has_the_same_moments(form):
    X = np.random.default_rng(0).integers(0, 5, (200, 3)).astype(np.float64)
    given = form(X) if form is sparse.csr_matrix else X.astype(form)
    found = moments.of_columns(given, Gaussian())
    np.testing.assert_allclose(found.mean, X.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.sd, X.std(axis=0), rtol=1e-12)


def test_weighted_rows_count_as_that_many_rows():
    X = np.random.default_rng(0).normal(size=(20, 3))
    times = np.arange(20) % 4
    found = moments.of_columns(X, Gaussian(), times.astype(np.float64))
    repeated = moments.of_columns(np.repeat(X, times, axis=0), Gaussian())
    np.testing.assert_allclose(found.mean, repeated.mean, rtol=1e-12)
    np.testing.assert_allclose(found.sd, repeated.sd, rtol=1e-12)


@pytest.mark.parametrize(("value", "sd"), [(3.7, 3.7e-3), (-2000.1, 2.0001), (0.0, 1e-3)])
def test_a_constant_column_counts_as_one_of_a_thousandth_of_its_mean(value, sd):
    found = moments.of_columns(np.full((50, 1), value), Gaussian())
    assert found.constant.all() and found.sd == pytest.approx(sd)


def test_values_outside_the_domain_are_an_error():
    with pytest.raises(ValueError, match="data"):
        moments.of_columns(np.full((3, 1), 1.5), Bernoulli())


def test_a_random_machine_is_the_same_one_in_all_units():
    """Hidden means of the rows, whatever the columns' units and zero points."""
    z = np.random.default_rng(0).normal(size=(100, 3))
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    X = np.array([2000, -3, 1e-4]) + np.array([10, 1e-3, 500]) * z
    settings = {"rng": 1, "scale": 0.5, "dtype": np.float64, "visible": Gaussian()}
    one, other = (rb.RBM.random(3, 4, data=data, **settings) for data in (z, X))
    np.testing.assert_allclose(other.hidden_mean(X), one.hidden_mean(z), rtol=1e-6)


# --- networks that start from data ---------------------------------------------------------------


def sensors():
    z = np.random.default_rng(0).normal(size=(200, 3))
    z = (z - z.mean(axis=0)) / z.std(axis=0)
    return z, np.array([2000, -3, 1e-4]) + np.array([10, 1e-3, 500]) * z


def test_a_game_on_data_in_any_units_starts_as_on_standardised_data():
    z, X = sensors()
    one = rb.GAN.random(2, 3, (8,), rng=1, dtype=np.float64)
    other = rb.GAN.random(2, 3, (8,), rng=1, dtype=np.float64, data=X)
    np.testing.assert_allclose(other.critic(X), one.critic(z), rtol=1e-6, atol=1e-6)
    expected = X.mean(axis=0) + X.std(axis=0) * one.sample(20, rng=0)
    np.testing.assert_allclose(other.sample(20, rng=0), expected, rtol=1e-9)


@pytest.mark.parametrize("tied", [False, True])
def test_an_autoencoder_of_data_in_any_units_starts_as_on_standardised_data(tied):
    """With tied weights, which cannot have two units at once, as on centred data."""
    z, X = sensors()
    sd = 1.0 if tied else X.std(axis=0)
    make = {"output": "identity", "rng": 1, "dtype": np.float64, "tied": tied}
    one, other = (rb.Autoencoder.random((3, 2), data=data, **make) for data in (None, X))
    z = (X - X.mean(axis=0)) / sd
    np.testing.assert_allclose(other.encode(X), one.encode(z), rtol=1e-6)
    np.testing.assert_allclose(
        other.reconstruct(X), X.mean(axis=0) + sd * one.reconstruct(z), rtol=1e-6, atol=1e-9
    )


def test_a_sigmoid_reconstruction_starts_at_the_smoothed_mean():
    X = (np.random.default_rng(0).random((98, 5)) < 0.1).astype(np.float64)
    ae = rb.Autoencoder.random((5, 2), dtype=np.float64, data=X)
    p = (X.sum(axis=0) + 1) / 100
    np.testing.assert_allclose(ae.decoder.layers[-1].b, np.log(p / (1 - p)))


def test_an_autoencoder_with_another_output_does_not_start_from_data():
    with pytest.raises(ValueError, match="data: expected the output"):
        rb.Autoencoder.random((3, 2), output="tanh", data=np.zeros((4, 3)))
