"""When a fit warns that what it has learned is of no use, and when it is quiet."""

import warnings

import numpy as np
import pytest
from small_fits import fit

import rbmbook as rb
from rbmbook import monitors
from rbmbook.dbm.model import DBM
from rbmbook.dbn.model import DBN
from rbmbook.training.monitors import Shares, independent

# --- warnings -------------------------------------------------------------------------------------


def clusters(n=400, D=12):
    """Noisy copies of two patterns: there is something to learn."""
    rng = np.random.default_rng(0)
    prototypes = np.where(rng.random((2, D)) < 0.5, 0.1, 0.9)
    return (rng.random((n, D)) < prototypes[rng.integers(0, 2, n)]).astype(np.float64)


def test_a_layer_that_sleeps_is_named_with_what_to_try():
    rbm = rb.RBM.random(12, 6, rng=0)
    with pytest.warns(
        rb.TrainingWarning, match=r"the hidden layer: after 200 updates 100% .*sleeps.*updates"
    ) as caught:
        fit(rbm, clusters(), epochs=5, batch_size=10, optimizer=rb.SGD(1e-4))
    assert len(caught) == 1 and issubclass(rb.TrainingWarning, RuntimeWarning)
    assert caught[0].filename.endswith("small_fits.py")  # the line that called rb.fit


def test_saturation_is_named_with_what_to_lower():
    rbm = rb.RBM.random(12, 6, rng=0)
    with pytest.warns(rb.TrainingWarning, match="stuck at an end.*lower learning rate"):
        fit(rbm, clusters(), epochs=10, batch_size=10, optimizer=rb.SGD(100.0))


def test_units_that_are_stuck_are_named_at_once():
    """Patience helps a layer that sleeps, not one that was thrown to the ends."""
    rbm = rb.RBM.random(12, 6, rng=0)
    with pytest.warns(rb.TrainingWarning, match="after 20 updates .*stuck at an end"):
        fit(rbm, clusters(), epochs=1, batch_size=20, optimizer=rb.SGD(100.0))


def test_a_dead_rectifier_is_not_told_to_raise_its_rate():
    net = rb.Network.random((12, 6, 2), "relu", rng=0)
    with pytest.warns(rb.TrainingWarning, match="stuck at an end.*lower learning rate"):
        net.fit(clusters(), np.arange(400) % 2, epochs=10, optimizer=rb.SGD(1e4), progress=False)


@pytest.mark.parametrize("pretrain", [False, True])
def test_a_sleeping_layer_of_a_stack_is_named_by_its_number(pretrain):
    """The rates of a network whose first layer learns and whose second does not."""
    X, rates = clusters(), [rb.SGD(0.5), rb.SGD(1e-4)]
    model = (DBM if pretrain else DBN).random((12, 8, 6), rng=0, data=X)
    with pytest.warns(rb.TrainingWarning, match="^layer 2: ") as caught:
        call = model.pretrain if pretrain else model.fit
        call(X, epochs=10, batch_size=20, optimizer=rates, progress=False)
    assert len(caught) == 1 and caught[0].filename == __file__


def test_dead_networks_warn():
    X, y = clusters(), np.arange(400) % 2
    net = rb.Network.random((12, 6, 2), "relu", rng=0)
    net.layers[0].b[:] = -100
    with pytest.warns(rb.TrainingWarning, match="hidden layer 1: "):
        net.fit(X, y, epochs=10, batch_size=20, progress=False)
    ae = rb.Autoencoder.random((12, 6), "relu", rng=0)
    ae.encoder.layers[0].b[:] = -100
    with pytest.warns(rb.TrainingWarning, match="the code: "):
        ae.fit(X, epochs=10, batch_size=20, progress=False)


def test_what_is_out_of_scale_is_named_in_the_warning():
    X = 2000 + 10 * np.random.default_rng(0).normal(size=(200, 3))
    net = rb.Network.random((3, 8, 1), "relu", rng=0)
    for layer in net.layers:
        layer.W[:] = -np.abs(layer.W)
    with pytest.warns(rb.TrainingWarning, match="of X has mean 2000.*Standardise"):
        net.fit(X, X[:, :1] / 2000, loss="squared", epochs=20, batch_size=20, progress=False)


QUIET = {
    "no epochs": {"epochs": 0},
    "one epoch": {"epochs": 1},
    "a few updates": {"epochs": 9, "batch_size": 20},
    "trained well": {"epochs": 40, "batch_size": 10, "optimizer": rb.SGD(0.5)},
    "independent columns": {"epochs": 10, "batch_size": 10, "X": "noise"},
    "one row": {"epochs": 300, "X": "one row"},
    "one row, learned by heart": {"epochs": 300, "X": "one row", "optimizer": rb.SGD(2.0)},
}


@pytest.mark.jit
@pytest.mark.parametrize("settings", QUIET.values(), ids=QUIET)
def test_sensible_fits_are_quiet(settings, binary):
    kinds = {"noise": binary(400, 12), "one row": binary(1, 12)}
    settings = dict(settings)
    X = kinds.get(settings.pop("X", ""), clusters())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(rb.RBM.random(12, 6, rng=0, data=X), X, **settings)


def test_columns_may_be_independent_or_not(binary):
    unit = rb.Bernoulli()
    assert independent(binary(100, 20), unit) and independent(np.ones((100, 3)), unit)
    assert not independent(clusters(), unit)
    assert not independent(np.repeat(binary(100, 1), 2, axis=1), unit)
    assert not independent(binary(20, 4), unit)  # too few rows to tell


@pytest.mark.parametrize("q", [2, 3, 7])
def test_columns_of_one_site_say_nothing_of_independence(q):
    """They sum to 1: their correlation is no feature. Two sites that agree have one."""
    sites = np.random.default_rng(0).integers(q, size=(300, 4))
    rows = np.eye(q)[sites].reshape(300, -1)
    unit = rb.Softmax(q)
    assert independent(rows[:, :q], unit) and independent(rows, unit)
    mixed = rb.Mixed([(rb.Bernoulli(), 1), (unit, q), (unit, 3 * q)])
    coin = np.random.default_rng(1).integers(2, size=(300, 1))
    assert independent(np.hstack([coin, rows]), mixed)
    same = np.hstack([rows[:, :q], rows[:, :q]])
    assert not independent(same, unit)
    assert not independent(np.hstack([rows[:, :1], rows]), mixed)


def test_a_single_site_is_quiet():
    X = np.eye(3)[np.random.default_rng(0).integers(3, size=300)]
    rbm = rb.RBM.random(3, 4, rng=0, visible=rb.Softmax(3), data=X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = fit(rbm, X, epochs=80)
    assert history["constant_features"][-1] == 1


def test_directions_of_lines_of_balls_and_of_equal_columns(binary):
    assert monitors.directions(np.repeat([[0.0] * 5, [1.0] * 5], 20, axis=0)) == pytest.approx(1)
    assert 2.9 < monitors.directions(np.random.default_rng(0).normal(size=(5000, 3))) <= 3
    X = binary(40, 6)
    ref = np.linalg.eigvalsh(np.corrcoef(X, rowvar=False))
    for rows in (X, np.hstack([X, np.ones((40, 2))]), np.repeat(X, 20, axis=1)):
        comp = monitors.directions(rows)
        np.testing.assert_allclose(comp, ref.sum() ** 2 / (ref**2).sum())


def test_a_few_features_are_enough_for_data_of_few_directions():
    few = Shares(constant=0.95, saturated=0.95, varying=12)
    assert monitors.fault(few, learnable=True, needed=1.0) == ""
    assert "stuck" in monitors.fault(few, learnable=True, needed=12.5)
