"""Training networks on pairs: the updates, monitors, checkpoints, divergence, bad arguments."""

import tracemalloc

import naive_network as naive
import numpy as np
import pytest
from small_networks import DTYPES, as_layers, assert_same_bits, fit, network, task

import rbmbook as rb
from rbmbook.networks.network import Network
from rbmbook.networks.supervised import LOSSES


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("batch_size", [1, 5, 12])
def test_training_equals_the_naive_loop(loss, batch_size):
    """Twelve rows in batches of five: the last two are averaged over themselves."""
    net, (X, y) = network("tanh"), task(loss)
    rng = np.random.default_rng(4)
    ref = naive.train_network(as_layers(net), loss, X, y, 3, batch_size, 0.2, rng, decay=0.03)
    options = {"batch_size": batch_size, "optimizer": rb.SGD(0.2), "weight_decay": 0.03}
    fit(net, X, y, loss=loss, rng=4, **options)
    for layer, (W, b, _) in zip(net.layers, ref, strict=True):
        np.testing.assert_allclose(layer.W, W, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(layer.b, b, rtol=1e-9, atol=1e-11)


COUNTS = np.array([3, 0, 1, 2, 0, 1, 1, 4, 0, 0, 2, 1])


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("batch_size", [5, 12])
def test_training_with_weights_and_l1_equals_the_naive_loop(loss, batch_size):
    net, (X, y) = network("tanh"), task(loss)
    rng, options = np.random.default_rng(4), {"l1": 0.02, "weight": COUNTS}
    ref = naive.train_network(as_layers(net), loss, X, y, 3, batch_size, 0.2, rng, **options)
    options = {"batch_size": batch_size, "optimizer": rb.SGD(0.2), "l1": 0.02}
    fit(net, X, y, loss=loss, rng=4, sample_weight=COUNTS / 4, **options)
    for layer, (W, b, _) in zip(net.layers, ref, strict=True):
        np.testing.assert_allclose(layer.W, W, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(layer.b, b, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("loss", LOSSES)
def test_weights_count_as_repeated_rows_in_training_and_in_its_means(loss):
    """With full batches."""
    (X, y), one, other = task(loss), network("tanh"), network("tanh")
    comp = fit(one, X, y, loss=loss, batch_size=100, sample_weight=COUNTS)
    rows = np.repeat(np.arange(12), COUNTS)
    ref = fit(other, X[rows], y[rows], loss=loss, batch_size=100)
    for p, q in zip(one.parameters, other.parameters, strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-9, atol=1e-11)
    for name in {"loss", "error"} & set(ref):
        np.testing.assert_allclose(comp[name], ref[name], rtol=1e-9, err_msg=name)


def test_monitors_look_only_at_rows_that_count():
    """Those are equal here, and the others are not."""
    X, y = task("softmax")
    X[COUNTS > 0] = X[0]
    history = fit(network("tanh"), X, y, sample_weight=COUNTS)
    assert list(history["constant_features"]) == [1, 1, 1]
    assert max(fit(network("tanh"), X, y)["constant_features"]) < 1


def test_the_naive_loop_tells_another_decay_and_another_order_apart():
    """What the test above must be able to see."""
    net, (X, y) = network("tanh"), task("softmax")
    ref, other, unordered = (
        naive.train_network(as_layers(net), "softmax", X, y, 3, 5, 0.2, rng, decay)
        for rng, decay in (
            (np.random.default_rng(4), 0.03),
            (np.random.default_rng(4), 0.0),
            (np.random.default_rng(5), 0.03),
        )
    )
    assert np.abs(ref[0][0] - other[0][0]).max() > 1e-4
    assert np.abs(ref[0][0] - unordered[0][0]).max() > 1e-4


def test_the_history_holds_the_means_of_the_epoch():
    """With a rate near zero the batches are met by one network; validation comes after."""
    (X, y), net = task("softmax", 30), network("tanh")
    start, Xv, yv = net.copy(), 1 - X[:7], y[:7]
    options = {"optimizer": rb.SGD(1e-12), "batch_size": 4, "validation": (Xv, yv)}
    history = fit(net, X, y, epochs=2, **options)
    ref = naive.mean_loss(as_layers(start), "softmax", X, y)
    np.testing.assert_allclose(history["loss"], ref, rtol=1e-8)
    ref = naive.mean_loss(as_layers(start), "softmax", Xv, yv)
    np.testing.assert_allclose(history["validation_loss"], ref, rtol=1e-8)
    np.testing.assert_allclose(history["error"], np.mean(start.predict(X) != y))
    np.testing.assert_allclose(history["validation_error"], np.mean(start.predict(Xv) != yv))
    shares = ["constant_features", "saturated_features"]
    assert list(fit(net, X, X[:, :3], loss="binary")) == ["epoch", "seconds", "loss", *shares]


def test_a_network_learns_what_no_single_layer_can():
    """Exclusive or."""
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    net = Network.random((2, 8, 2), "tanh", rng=0)
    history = fit(net, X, y, epochs=200, optimizer=rb.Adam(0.05))
    np.testing.assert_array_equal(net.predict(X), y)
    assert history["loss"][-1] < 0.01 and history["error"][-1] == 0
    single = Network.random((2, 2), rng=0)
    assert fit(single, X, y, epochs=200, optimizer=rb.Adam(0.05))["loss"][-1] > 0.6


@pytest.mark.jit
def test_bytes_are_never_made_floating_point_as_a_whole():
    """4 MB of them, which would be 16 MB in float32."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 2, (20_000, 200), np.uint8), rng.integers(0, 3, 20_000)
    net = Network.random((200, 4, 3), rng=0)
    fit(net, X[:10], y[:10])  # compiles
    tracemalloc.start()
    try:
        fit(net, X, y, epochs=1, batch_size=1000, validation=(X, y), input_dropout=0.1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8e6


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_seed_gives_the_same_bits_and_another_seed_others(dtype):
    X, y = task("softmax", 30)
    nets = [network("relu", dtype=dtype) for _ in range(4)]
    for net, rng in zip(nets, (3, 3, np.random.default_rng(3), 4), strict=True):
        fit(net, X, y, rng=rng, input_dropout=0.3, weight_decay=1e-3)
    assert nets[0].dtype == dtype
    assert_same_bits(nets[0], nets[1])
    assert_same_bits(nets[0], nets[2])
    assert np.any(nets[0].layers[0].W != nets[3].layers[0].W)


class Watched(Network):
    """A network that keeps what it was given in training."""

    def forward(self, x, out=None):
        self.__dict__.setdefault("seen", []).append(x.copy())
        return super().forward(x, out)


def test_input_dropout_puts_its_share_to_zero_and_keeps_the_mean():
    net, X = Watched(network(dtype=np.float32).layers), np.ones((400, 5), np.float32)
    fit(net, X, np.zeros(400, int), epochs=4, batch_size=100, input_dropout=0.2)
    seen = np.concatenate(net.seen)
    np.testing.assert_array_equal(np.unique(seen), np.float32([0, 1.25]))
    # 8,000 numbers of variance 0.25 around 1, within five standard errors.
    assert abs(seen.mean() - 1) < 5 * np.sqrt(0.25 / seen.size)
    assert np.any(net.seen[0] != net.seen[4])
    np.testing.assert_array_equal(X, 1)


OPTIONS = {
    "SGD": {"optimizer": rb.SGD(0.1)},
    "momentum": {"optimizer": rb.SGD(0.1, momentum=0.9), "weight_decay": 0.01},
    "Adam": {"optimizer": rb.Adam(0.01), "input_dropout": 0.2},
    "schedule": {"optimizer": rb.SGD(lambda update: 0.1 / (1 + update))},
}


class Interrupted(Exception):
    """A crash at the end of an epoch."""


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_resumed_fit_gives_the_bits_of_an_uninterrupted_one(options, tmp_path):
    (X, y), path = task("softmax", 30), tmp_path / "run.npz"
    through, broken, resumed = network(), network(), network(seed=2)
    options = {**options, "epochs": 7, "rng": 3, "validation": (X[:5], y[:5])}

    def crash(_, history):
        if history.epochs == 3:
            raise Interrupted

    ref = fit(through, X, y, **options)
    with pytest.raises(Interrupted):
        fit(broken, X, y, checkpoint=path, callbacks=[crash], **options)
    assert np.any(broken.layers[0].W != through.layers[0].W)
    comp = fit(resumed, X, y, checkpoint=path, **options)
    assert_same_bits(resumed, through)
    for name in set(ref) - {"seconds"}:
        np.testing.assert_array_equal(comp[name], ref[name], err_msg=name)


@pytest.mark.parametrize(
    "change", [{"input_dropout": 0.1}, {"weight_decay": 0.1}, {"loss": "squared"}, {"relu": True}]
)
def test_a_checkpoint_of_other_settings_is_refused(change, tmp_path):
    (X, y), path = task("binary", 30), tmp_path / "run.npz"
    fit(network(), X, y, loss="binary", checkpoint=path)
    change = dict(change)
    net = network("relu" if change.pop("relu", False) else "sigmoid")
    before = net.copy()
    with pytest.raises(ValueError, match="checkpoint"):
        fit(net, X, y, **{"loss": "binary", "epochs": 9, "checkpoint": path, **change})
    assert_same_bits(net, before)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_divergence_keeps_the_parameters_of_the_last_finite_epoch(activation, loss):
    """Four updates of an epoch are calm, then the rate is enormous."""
    (X, y), net, ref = task(loss, 20), network(activation), network(activation)
    fit(ref, X, y, loss=loss, epochs=2, optimizer=rb.SGD(0.01, 0.9), weight_decay=4.0)
    explode = rb.SGD(lambda update: 0.01 if update < 8 else 1e307, momentum=0.9)
    with pytest.raises(rb.DivergenceError, match=r"epoch 3.*learning rate.*weight_decay"):
        fit(net, X, y, loss=loss, epochs=50, optimizer=explode, weight_decay=4.0)
    assert_same_bits(net, ref)


def test_callbacks_get_the_network_and_can_stop_it():
    (X, y), net, seen = task("softmax"), network(), []

    def stop(model, history):
        seen.append((model is net, history.epochs))
        return history.epochs == 2

    assert fit(net, X, y, epochs=9, callbacks=[stop]).epochs == 2
    assert seen == [(True, 1), (True, 2)]


def test_a_layer_whose_weights_a_callback_replaced_is_trained_on():
    (X, y), one, other = task("softmax"), network(), network()

    def replace(model, _):
        model.layers[0].W = np.asfortranarray(model.layers[0].W)

    fit(one, X, y)
    fit(other, X, y, callbacks=[replace])
    assert_same_bits(one, other)


def test_progress_is_silent_when_asked(capfd):
    X, y = task("softmax")
    fit(network(), X, y, progress=False)
    assert capfd.readouterr() == ("", "")
    fit(network(), X, y, progress=True)
    assert "loss" in capfd.readouterr().err


# --- bad arguments --------------------------------------------------------------------------------


X3, Y3 = np.ones((3, 5)), np.array([0, 1, 2])
BAD_FIT = {
    "loss": [("hinge", ValueError), (None, TypeError), (abs, TypeError)],
    "epochs": [(-1, ValueError), (1.5, TypeError)],
    "batch_size": [(0, ValueError), ("10", TypeError)],
    "optimizer": [(0.1, TypeError), (rb.SGD, TypeError)],
    "weight_decay": [(-1.0, ValueError), (np.nan, ValueError), (None, TypeError)],
    "l1": [(-1.0, ValueError), ("0.1", TypeError)],
    "sample_weight": [(np.ones(2), ValueError), (-np.ones(3), ValueError), (["a"] * 3, TypeError)],
    "input_dropout": [(1.0, ValueError), (-0.1, ValueError), ("0.5", TypeError)],
    "validation": [(X3, TypeError), (3, TypeError)],
    "rng": [(None, TypeError), (-1, ValueError)],
    "callbacks": [(3, TypeError), ([3], TypeError)],
    "y": [
        (Y3[:2], ValueError),
        (Y3 + 1, ValueError),
        (Y3 - 1, ValueError),
        (Y3 * 1.0, TypeError),
        (np.eye(3, dtype=int), ValueError),
        (["a", "b", "c"], TypeError),
    ],
}
CASES = [(name, value, error) for name, cases in BAD_FIT.items() for value, error in cases]


@pytest.mark.parametrize(("name", "value", "error"), CASES)
def test_fit_refuses_a_bad_setting_by_name_and_leaves_the_network_alone(name, value, error):
    net = network()
    with pytest.raises(error, match=f"^{name}: expected"):
        fit(net, X3, **{"y": Y3, name: value})
    assert_same_bits(net, network())


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("negative", rb.CD(1), "its gradient is exact"),
        ("centered", True, "standardise X"),
        ("sparsity", rb.Sparsity(0.1), "targets"),
    ],
)
def test_options_that_make_no_sense_are_refused_with_the_reason(name, value, reason):
    with pytest.raises(TypeError, match=f"Network.fit takes no argument '{name}': .*{reason}"):
        fit(network(), X3, Y3, **{name: value})


@pytest.mark.parametrize("loss", ["binary", "squared"])
@pytest.mark.parametrize("y", [np.ones((2, 3)), np.ones((3, 2)), np.full((3, 3), np.nan), Y3])
def test_targets_that_do_not_fit_are_refused(loss, y):
    with pytest.raises(ValueError, match=r"^y: expected"):
        fit(network(), X3, y, loss=loss)


def test_binary_targets_are_probabilities():
    with pytest.raises(ValueError, match=r"^y: expected"):
        fit(network(), X3, np.full((3, 3), 1.5), loss="binary")
    fit(network(), X3, np.full((3, 3), 1.5), loss="squared")


@pytest.mark.parametrize("loss", ["softmax", "binary"])
def test_a_loss_of_logits_is_refused_for_outputs_with_an_activation(loss):
    """A sigmoid under a cross-entropy of logits would train, badly, without a word."""
    with pytest.raises(ValueError, match=r"^loss: expected 'squared'"):
        fit(network(output="sigmoid"), X3, Y3, loss=loss)
