"""What the monitors look at: rows, features and dreams."""

import numpy as np
import pytest
from models import MODELS, parameters
from small_fits import fit

import rbmbook as rb
from rbmbook import monitors, train
from rbmbook.autoencoder import reconstruction
from rbmbook.dbm import training as dbm_training
from rbmbook.dbm.model import DBM
from rbmbook.dbm.pretraining import Pair
from rbmbook.dbn import wake_sleep
from rbmbook.dbn.model import DBN
from rbmbook.gan import adversarial
from rbmbook.networks import supervised
from rbmbook.networks.activations import ACTIVATIONS
from rbmbook.training.history import History
from rbmbook.training.monitors import Columns, Dreams, Shares
from rbmbook.training.probe import PROBE_ROWS, probe_rows

# --- which rows -----------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 7, PROBE_ROWS])
def test_all_rows_are_looked_at_where_there_are_few(n):
    np.testing.assert_array_equal(probe_rows(n), np.arange(n))
    np.testing.assert_array_equal(probe_rows(n, 300), np.arange(n))


@pytest.mark.parametrize("n, size", [(257, 256), (1000, 256), (1000, 999), (100_000, 256)])
def test_rows_are_a_sample_without_repetition_from_everywhere(n, size):
    rows = probe_rows(n, size)
    assert len(rows) == size and np.all(np.diff(rows) > 0) and rows[0] >= 0 and rows[-1] < n
    np.testing.assert_array_equal(rows, probe_rows(n, size))
    spread = n * np.sqrt((1 - (size - 1) / (n - 1)) / (12 * size))  # of the mean of such a sample
    assert abs(rows.mean() - (n - 1) / 2) < 4 * spread


# --- data that comes class by class ---------------------------------------------------------------


def two_classes(n=2000, held_out=300):
    """Rows of two kinds of different entropy, sorted by kind, and held-out rows of both."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 2, n + held_out)
    prototypes = rng.random((2, 20)) * np.array([[0.5], [1.0]])
    rows = (rng.random((len(kind), 20)) < prototypes[kind]).astype(np.float64)
    return rows[:n][np.argsort(kind[:n], kind="stable")], rows[n:]


@pytest.mark.jit
def test_the_gap_of_sorted_rows_is_the_honest_one():
    """Within twice the standard error of the two samples; a prefix would be beyond it."""
    X, held_out = two_classes()
    rbm = rb.RBM.random(20, 8, rng=0, data=X, dtype=np.float64)
    history = fit(rbm, X, epochs=10, batch_size=20, validation=held_out)
    F, G = rbm.free_energy(X), rbm.free_energy(held_out)
    error = F.std() * np.sqrt(1 / 300 - 1 / 2000)
    assert abs(history["free_energy_gap"][-1] - (G.mean() - F.mean())) < 2 * error
    assert abs(F[:300].mean() - F.mean()) > 4 * error


@pytest.mark.jit
def test_the_gap_of_a_deep_belief_network_is_the_honest_one_too():
    X, held_out = two_classes()
    dbn = DBN.random((20, 8, 4), rng=0, data=X, dtype=np.float64)
    history = dbn.fit(
        X, epochs=5, batch_size=20, inputs="means", validation=held_out, progress=False
    )
    low, top = dbn.rbms
    F, G = (top.free_energy(low.hidden_mean(rows)) for rows in (X, held_out))
    error = F.std() * np.sqrt(1 / 300 - 1 / 2000)
    assert abs(history["free_energy_gap"][-1] - (G.mean() - F.mean())) < 2 * error
    assert abs(F[:300].mean() - F.mean()) > 4 * error


@pytest.mark.jit
def test_the_gap_of_a_deep_boltzmann_machine_is_the_honest_one_too():
    X, held_out = two_classes()
    dbm = DBM.random((20, 8, 4), rng=0, data=X, dtype=np.float64)
    history = dbm.fit(X, epochs=3, batch_size=50, validation=held_out, progress=False)
    settings = {"steps": 10, "tolerance": 1e-3}
    F, G = (dbm.bound(rows, **settings) for rows in (X, held_out))
    error = F.std() * np.sqrt(1 / 300 - 1 / 2000)
    assert abs(history["bound_gap"][-1] - (F.mean() - G.mean())) < 2 * error
    assert abs(F[:300].mean() - F.mean()) > 4 * error


def test_every_training_row_is_compared_where_there_are_fewer_than_held_out_ones(binary):
    X, held_out = binary(300, 4), binary(400, 4, seed=9)
    rbm = rb.RBM.random(4, 3, rng=0, dtype=np.float64)
    history = fit(rbm, X, validation=held_out)
    gap = rbm.free_energy(held_out).mean() - rbm.free_energy(X).mean()
    assert history["free_energy_gap"][-1] == pytest.approx(gap, rel=1e-9)


def test_the_gap_compares_with_the_rows_as_they_are_weighted(binary):
    X, held_out, weight = binary(12, 4), binary(5, 4, seed=9), np.arange(12.0) % 4
    rbm = rb.RBM.random(4, 3, rng=0, dtype=np.float64)
    history = fit(rbm, X, validation=held_out, sample_weight=weight)
    seen = rbm.free_energy(X) @ weight / weight.sum()
    gap = rbm.free_energy(held_out).mean() - seen
    assert history["free_energy_gap"][-1] == pytest.approx(gap, rel=1e-9)
    assert abs(seen - rbm.free_energy(X).mean()) > 1e-3


# --- features -------------------------------------------------------------------------------------

NARROW = np.array([0.5, 0.5, 0.51, 0.5])[:, None]  # standard deviation 0.0043
WIDE = np.array([0.5, 0.5, 0.6, 0.5])[:, None]  # 0.043
ENDS = np.array([0.0, 1.0, 0.995, 0.005])[:, None]
TWO = rb.Mixed([(rb.Bernoulli(), 1), (rb.Gaussian(), 1)])
SHARES = {
    "hardly any change": (rb.Bernoulli(), NARROW, 1, 0),
    "a change": (rb.Bernoulli(), WIDE, 0, 0),
    "always at one end or the other": (rb.Bernoulli(), ENDS, 0, 1),
    "always at the same end": (rb.Bernoulli(), 0 * ENDS, 1, 1),
    "half of the features": (rb.Bernoulli(), np.hstack([NARROW, WIDE]), 0.5, 0),
    "a spin between its ends": (rb.Spin(), ENDS, 0, 0),
    "a spin at its ends": (rb.Spin(), 2 * ENDS - 1, 0, 1),
    "a site of a softmax": (rb.Softmax(2), np.hstack([ENDS, 1 - ENDS]), 0, 1),
    "lost in the noise": (rb.Gaussian(0.0), NARROW, 1, 0),
    "twice the precision's root": (rb.Gaussian(np.log(4.0)), 2.5 * NARROW, 0, 0),
    "a rectifier that is off": (rb.ReLU(), NARROW / 10, 1, 0),
    "a noisy one that follows": (rb.NoisyReLU(), WIDE, 0, 0),
    "two kinds": (TWO, np.hstack([ENDS, WIDE]), 0, 0.5),
    "sigmoid": (ACTIVATIONS["sigmoid"], ENDS, 0, 1),
    "tanh": (ACTIVATIONS["tanh"], 2 * ENDS - 1, 0, 1),
    "dead relu": (ACTIVATIONS["relu"], 0 * ENDS, 1, 1),
    "small relu": (ACTIVATIONS["relu"], WIDE / 1000, 0, 0),
    "large identity": (ACTIVATIONS["identity"], 100 + NARROW, 1, 0),
}  # fmt: skip


def test_a_machines_monitors_look_only_at_rows_that_count(rbm, binary):
    X, weight = binary(30, 4), np.arange(30) % 2
    history = fit(rbm, X, epochs=1, sample_weight=weight)
    ref = rb.evaluate.reconstruction_error(rbm, X[weight > 0]).mean()
    np.testing.assert_allclose(history["reconstruction_error"], ref, rtol=1e-12)


@pytest.mark.parametrize("kind, means, constant, saturated", SHARES.values(), ids=SHARES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shares_of_constant_and_of_saturated_features(kind, means, constant, saturated, dtype):
    if isinstance(kind, rb.units.Unit):
        kind = kind.bind("hidden", means.shape[1], np.dtype(dtype))
    shares = Shares.of(kind, means.astype(dtype))
    varying = round((1 - constant) * means.shape[1])
    assert shares == Shares(constant, saturated, varying)


def test_a_type_of_unit_of_ones_own_needs_no_more_than_its_levels():
    class Three(rb.units.Unit):
        @property
        def levels(self):
            return np.array([[-2.0], [0.0], [2.0]])

    assert Three().ends == (-2.0, 2.0) and Three().scale(ENDS) == 4.0
    assert rb.units.Unit().ends == (-np.inf, np.inf)
    np.testing.assert_allclose(rb.units.Unit().scale(ENDS), [0.5])


def test_the_worst_layer_counts_and_is_named(binary):
    X = binary(300, 6)
    dbm = DBM.random((6, 5, 3), rng=0, scale=2.0)
    dbm.weights[1][:] = 0
    history = dbm.fit(X, epochs=1, optimizer=rb.SGD(1e-12), progress=False)
    assert history["constant_features"][-1] == 1  # layer 2 hears nothing
    net = rb.Network.random((6, 5, 4, 2), "relu", rng=0)
    net.layers[0].b[:2] = -1000
    history = net.fit(X, np.zeros(300, int), epochs=1, progress=False)
    assert history["constant_features"][-1] >= 0.4
    assert "constant_features" not in rb.Network.random((6, 2)).fit(
        X, np.zeros(300, int), epochs=1, progress=False
    )


# --- dreams ---------------------------------------------------------------------------------------


def still(rbm, X, **settings):
    """The monitors of a machine that does not move."""
    return fit(rbm, X, epochs=3, optimizer=rb.SGD(1e-30), batch_size=10, **settings)


@pytest.mark.parametrize("negative", [rb.CD(1), rb.PCD(chains=7), rb.Exact()], ids=str)
def test_dreams_of_independent_units_are_their_means(binary, negative):
    """Without weights E[v | h] is the same in every chain: nothing is left to chance."""
    X, a = binary(50, 4), np.array([0.5, -1.0, 2.0, 0.0])
    rbm = rb.RBM(np.zeros((4, 3)), a, np.zeros(3))
    error = np.sqrt(np.mean((1 / (1 + np.exp(-a)) - X.mean(axis=0)) ** 2))
    np.testing.assert_allclose(still(rbm, X, negative=negative)["dream_error"], error, rtol=1e-9)


def test_dreams_draw_new_noise_in_every_epoch():
    dreams = Dreams(rb.RBM(np.zeros((5, 2)), np.zeros(5), np.zeros(2)))
    seen = []
    for epoch in (2, 3, 2):
        dreams.mean(epoch, updates=1)
        seen.append(dreams.v.copy())
    assert (seen[0] != seen[1]).any()
    np.testing.assert_array_equal(seen[0], seen[2])  # without weights the noise decides it all


def test_dreams_of_a_trained_machine_are_near_its_exact_means(rbm, binary):
    X = binary(50, 4)
    error = rb.exact.expectations(rbm).a - X.mean(axis=0)
    floor = 0.5 / np.sqrt(monitors.DREAMS)  # of one column's mean
    comp = still(rbm, X)["dream_error"]
    assert np.all(np.abs(comp - np.sqrt(np.mean(error**2))) < 3 * floor)


def test_a_machine_that_dreams_of_one_half_is_seen_though_it_reconstructs():
    """Two far patterns; the machine knows both but holds nearly all its probability at one."""
    X = np.repeat([[1.0] * 6 + [0.0] * 6, [0.0] * 6 + [1.0] * 6], 40, axis=0)
    sign = 2 * X[0] - 1
    W = np.outer(sign, [6.0, 6.0])
    fair, one_sided = rb.RBM(W, -6 * sign, [0.0, 0.0]), rb.RBM(W, -6 * sign, [20.0, 20.0])
    assert rb.exact.expectations(one_sided).a[0] > 0.99  # while half of the data has 0 there
    seen, fine = still(one_sided, X), still(fair, X)
    assert np.all(seen["reconstruction_error"] < 1e-4)
    assert np.all(seen["dream_error"] > 0.45) and np.all(fine["dream_error"] < 0.2)
    np.testing.assert_array_equal(seen["constant_features"], 0)
    np.testing.assert_array_equal(seen["saturated_features"], 1)  # no fault by itself


def test_a_dead_machine_is_seen_though_it_reconstructs():
    """Means that hardly vary come back by way of the biases."""
    rng = np.random.default_rng(0)
    X = 0.5 + 0.01 * (rng.random((300, 20)) < 0.5)
    rbm = rb.RBM.random(20, 10, rng=0, data=X)
    history = still(rbm, X)
    assert np.all(history["reconstruction_error"] < 1e-4)
    np.testing.assert_array_equal(history["constant_features"], 1)


def test_sensors_of_any_scale_count_alike():
    X = np.random.default_rng(0).normal(size=(60, 3))
    scale = np.array([1.0, 1e3, 1e-3])
    one, other = Columns(rb.Gaussian(), 3), Columns(rb.Gaussian(), 3)
    one.add(X), other.add(X * scale + 10)
    dreamed = np.array([0.5, -1.0, 2.0])
    np.testing.assert_allclose(
        one.dream_error(dreamed), other.dream_error(dreamed * scale + 10), rtol=1e-6
    )
    error = np.sqrt(np.mean(((dreamed - X.mean(axis=0)) / X.std(axis=0)) ** 2))
    np.testing.assert_allclose(one.dream_error(dreamed), error)


def test_columns_are_gathered_block_by_block_with_their_weights():
    rng = np.random.default_rng(0)
    X, weight = 1e8 + rng.normal(size=(50, 3)), rng.integers(0, 3, 50).astype(float)
    columns = Columns(rb.Gaussian(), 3)
    columns.add(X[:20], weight[:20])
    columns.add(X[20:], weight[20:])
    rows = np.repeat(X, weight.astype(int), axis=0)
    np.testing.assert_allclose(columns.mean, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(columns.deviation, rows.std(axis=0), rtol=1e-6)


def test_constant_columns_are_compared_as_they_are():
    columns = Columns(rb.Gaussian(), 2)
    columns.add(np.array([[3.0, 0.1], [3.0, 0.1]]))
    np.testing.assert_allclose(columns.dream_error(np.array([4.0, 0.1])), np.sqrt(0.5))


def test_units_without_a_joint_density_dream_too(binary):
    rbm = rb.RBM.random(4, 3, rng=0, hidden=rb.NoisyReLU())
    assert np.isfinite(still(rbm, binary(30, 4))["dream_error"]).all()


def test_dreams_that_run_away_are_infinite_and_no_divergence():
    """A Gaussian machine that is not normalisable: training does not need it to be."""
    W = 3.0 * np.eye(2)
    rbm = rb.RBM(W, np.zeros(2), np.zeros(2), rb.Gaussian(), rb.Gaussian(learn=False))
    X = np.random.default_rng(0).normal(size=(50, 2))
    history = fit(rbm, X, epochs=60, optimizer=rb.SGD(1e-30), batch_size=10)
    error = history["dream_error"]
    assert np.isinf(error).any() and np.isfinite(error[0])
    last = int(np.flatnonzero(np.isinf(error))[0])
    assert np.isfinite(error[last + 1])  # the chains began anew


def test_a_generators_samples_are_its_dreams():
    gan = rb.GAN.random(2, 3, hidden=(4,), rng=0, dtype=np.float64)
    X = np.random.default_rng(0).normal(size=(50, 3))
    gan.generator.layers[-1].W[:] = 0
    gan.generator.layers[-1].b[:] = 1.0, 2.0, 3.0
    history = gan.fit(X, epochs=2, optimizer=rb.SGD(1e-30), progress=False)
    error = np.sqrt(np.mean((([1, 2, 3] - X.mean(axis=0)) / X.std(axis=0)) ** 2))
    np.testing.assert_allclose(history["dream_error"], error)


# --- what they leave alone ------------------------------------------------------------------------

RUNS = [
    adversarial.Game, dbm_training.JointTraining, Pair, reconstruction.Reconstruction,
    supervised.Supervised, train.Training, wake_sleep.UpDown,
]  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_monitors_change_no_bit_of_what_is_trained(name, monkeypatch):
    """The golden fit is one whose monitors do nothing."""
    make, run = MODELS[name]
    one, other = make(), make()
    history = run(one, epochs=3)
    assert len(history) > 2
    for kind in RUNS:
        monkeypatch.setattr(kind, "monitors", lambda self: {})
    assert {"epoch", "seconds"} >= set(run(other, epochs=3)) - {"layer"}
    for p, q in zip(parameters(one), parameters(other), strict=True):
        np.testing.assert_array_equal(p, q)


@pytest.mark.parametrize("name", MODELS)
def test_a_resumed_fit_has_the_history_of_an_uninterrupted_one(name, tmp_path):
    make, run = MODELS[name]
    whole, first, second = make(), make(), make()
    ref = run(whole, epochs=4)

    def stop(_, history):
        return history["epoch"][-1] == 2

    run(first, epochs=4, checkpoint=tmp_path / "fit", callbacks=[stop])
    comp = run(second, epochs=4, checkpoint=tmp_path / "fit")
    assert list(comp) == list(ref) and comp.epochs == ref.epochs
    for monitor in set(ref) - {"seconds"}:
        np.testing.assert_array_equal(comp[monitor], ref[monitor], err_msg=monitor)


# --- a history ------------------------------------------------------------------------------------


def test_a_missing_monitor_is_answered_with_those_that_there_are():
    history = History({"epoch": [1], "weight_norm": [0.5]})
    with pytest.raises(KeyError, match=r"no monitor 'loss'.*there are: epoch, weight_norm"):
        history["loss"]
    assert "loss" not in history and "epoch" in history and history.get("loss") is None
    with pytest.raises(KeyError, match="none, since no epoch has ended"):
        History()["epoch"]
