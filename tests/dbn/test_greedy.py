"""Greedy training of a deep belief network: machine after machine, resumable at any epoch."""

import numpy as np
import pytest
from deep_cases import Interrupted, assert_same_bits, interrupt

import rbmbook as rb
from rbmbook.dbn.model import DBN
from rbmbook.training.history import History
from rbmbook.training.stages import joined


def start(dtype=np.float64):
    return DBN.random((4, 3, 2), rng=5, scale=0.5, dtype=dtype)


def fit(dbn, X, **settings):
    return dbn.fit(X, **{"progress": False, "epochs": 3, "batch_size": 5, **settings})


@pytest.mark.parametrize("inputs", ["means", "samples"])
def test_each_machine_is_fitted_to_what_the_one_below_makes(inputs, binary):
    X, dbn, rng = binary(23, 4), start(), np.random.default_rng(3)
    history = fit(dbn, X, inputs=inputs, rng=3, epochs=[3, 2], optimizer=[rb.SGD(0.1), rb.Adam()])
    low, top = start().rbms
    options = {"negative": rb.CD(1), "batch_size": 5, "progress": False, "rng": rng}
    one = rb.fit(low, X, epochs=3, optimizer=rb.SGD(0.1), **options)
    Y = low.hidden_mean(X) if inputs == "means" else low.sample_hidden(X, rng)
    two = rb.fit(top, Y, epochs=2, optimizer=rb.Adam(), **options)
    assert_same_bits(dbn, DBN([low, top]))
    assert list(history) == ["layer", *one]
    np.testing.assert_array_equal(history["layer"], [1, 1, 1, 2, 2])
    np.testing.assert_array_equal(history["epoch"], [1, 2, 3, 1, 2])
    for name in set(one) - {"epoch", "seconds"}:
        np.testing.assert_array_equal(history[name], [*one[name], *two[name]])
    assert np.all(np.diff(history["seconds"]) >= 0)


def test_samples_and_means_differ(binary):
    X, one, two = binary(23, 4), start(), start()
    fit(one, X, inputs="means"), fit(two, X, inputs="samples")
    np.testing.assert_array_equal(one.rbms[0].W, two.rbms[0].W)
    assert np.any(one.rbms[1].W != two.rbms[1].W)
    three = start()
    fit(three, X)
    assert_same_bits(three, two)  # samples are the default


@pytest.mark.parametrize("inputs", ["means", "samples"])
def test_held_out_rows_change_no_bit_of_what_is_trained(inputs, binary):
    X, one, two = binary(23, 4), start(), start()
    fit(one, X, inputs=inputs), fit(two, X, inputs=inputs, validation=binary(6, 4, seed=1))
    assert_same_bits(one, two)


def test_no_epochs_leave_a_machine_as_it_is(binary):
    X, dbn = binary(20, 4), start()
    history = fit(dbn, X, epochs=(0, 2))
    np.testing.assert_array_equal(dbn.rbms[0].W, start().rbms[0].W)
    assert np.any(dbn.rbms[1].W != start().rbms[1].W)
    np.testing.assert_array_equal(history["layer"], [2, 2])
    assert fit(dbn, X, epochs=0).epochs == 0


def test_every_option_of_a_machines_fit_may_be_given_per_layer(binary):
    X = binary(20, 4)
    options = {
        "negative": [rb.CD(2), rb.PCD(chains=7)],
        "centered": [True, False],
        "sparsity": [None, rb.Sparsity(0.2)],
        "weight_decay": (0.0, 0.1),
        "batch_size": [4, 20],
        "sample_weight": np.arange(1.0, 21.0),
        "optimizer": rb.SGD(0.05),
    }
    dbn, rng = start(), np.random.default_rng(0)
    fit(dbn, X, **options)
    data, rbms = X, start().rbms
    for layer, rbm in enumerate(rbms):
        own = {k: v[layer] if isinstance(v, list | tuple) else v for k, v in options.items()}
        rb.fit(rbm, data, epochs=3, rng=rng, progress=False, **own)
        data = rbm.sample_hidden(data, rng)
    assert_same_bits(dbn, DBN(rbms))


def test_held_out_rows_go_up_with_the_data(binary):
    X, held_out, dbn = binary(20, 4), binary(6, 4, seed=1), start()
    history = fit(dbn, X, validation=held_out, inputs="means")
    low, top = dbn.rbms
    up = low.hidden_mean(held_out), low.hidden_mean(X)
    gap = top.free_energy(up[0]).mean() - top.free_energy(up[1]).mean()
    assert history["free_energy_gap"][-1] == pytest.approx(gap, rel=1e-12)


def test_rows_that_go_up_as_samples_are_compared_with_held_out_samples(binary):
    """Means have another free energy: of the same rows the gap would be far from 0."""
    X, dbn = binary(4000, 4), start()
    history = fit(dbn, X, validation=X, epochs=1, optimizer=rb.SGD(1e-12), batch_size=4000)
    low, top = dbn.rbms
    states = top.free_energy(low.sample_hidden(X, np.random.default_rng(1)))
    noise = states.std() * np.sqrt(2 / len(X))  # of two draws of samples from the same rows
    assert abs(history["free_energy_gap"][-1]) < 4 * noise
    assert abs(top.free_energy(low.hidden_mean(X)).mean() - states.mean()) > 8 * noise


def test_a_monitor_that_a_layer_lacks_is_nan(binary):
    history = fit(start(), binary(20, 4), negative=[rb.CD(1), rb.Tempered()])
    rate = history["swap_rate"]
    assert np.isnan(rate[:3]).all() and np.isfinite(rate[3:]).all()


def test_seconds_of_layers_add_up():
    one = History({"epoch": [1, 2], "seconds": [1.0, 2.0], "x": [5, 6]})
    two = History({"epoch": [1], "seconds": [0.5], "y": [7]})
    comp = joined([one, History(), two])
    np.testing.assert_array_equal(comp["layer"], [1, 1, 3])
    np.testing.assert_array_equal(comp["seconds"], [1, 2, 2.5])
    np.testing.assert_array_equal(comp["x"], [5, 6, np.nan])
    np.testing.assert_array_equal(comp["y"], [np.nan, np.nan, 7])


def test_gaussian_data_and_other_hidden_units_are_learned(binary):
    rng = np.random.default_rng(0)
    centres = np.array([[2.0, 2, -2, -2], [-2, -2, 2, 2]])
    X = centres[rng.integers(0, 2, 200)] + 0.3 * rng.normal(size=(200, 4))
    kinds = {"visible": rb.Gaussian(), "hidden": [rb.Bernoulli(), rb.Softmax(2)]}
    dbn = DBN.random((4, 3, 2), rng=0, data=X, dtype=np.float64, **kinds)
    before = dbn.log_likelihood(X).mean()
    history = fit(dbn, X, epochs=[100, 20], batch_size=20, optimizer=[rb.Adam(0.05), rb.SGD(0.1)])
    assert np.isfinite(history["reconstruction_error"]).all()
    assert dbn.log_likelihood(X).mean() > before + 3  # no longer one broad cluster
    assert np.all(dbn.rbms[0].visible.precision() > 2)  # 1/0.3² within a cluster, 1/4 over both


CASES = {
    "in the first machine": {"epoch": 2},
    "after the first machine": {"epoch": 3},
    "in the second machine": {"epoch": 4},
    "samples": {"epoch": 4, "inputs": "samples"},
    "chains": {"epoch": 4, "negative": rb.PCD(chains=6), "optimizer": rb.SGD(0.1, momentum=0.5)},
    "monitors": {"epoch": 4, "validation": np.eye(4), "centered": True},
}


@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_a_resumed_fit_gives_the_bits_of_an_uninterrupted_one(binary, settings, tmp_path):
    settings = dict(settings)
    epoch, X, path = settings.pop("epoch"), binary(23, 4), tmp_path / "run"
    through, broken, resumed = start(), start(), start()
    ref = fit(through, X, rng=3, **settings)
    with pytest.raises(Interrupted):
        fit(broken, X, rng=3, checkpoint=path, callbacks=[interrupt(epoch)], **settings)
    comp = fit(resumed, X, rng=99, checkpoint=path, **settings)  # the generator is in the files
    assert_same_bits(resumed, through)
    assert list(comp) == list(ref)
    for name in set(ref) - {"seconds"}:
        np.testing.assert_array_equal(comp[name], ref[name], err_msg=name)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["run.layer1", "run.layer2"]
    again = start()
    assert fit(again, X, checkpoint=path, **settings).epochs == 6
    assert_same_bits(again, through)


def test_a_layer_is_not_trained_further_below_a_checkpoint(binary, tmp_path):
    X, path = binary(20, 4), tmp_path / "run"
    fit(start(), X, checkpoint=path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    dbn = start()
    with pytest.raises(ValueError, match=r"checkpoint: expected 4 epochs in .*layer1"):
        fit(dbn, X, epochs=4, checkpoint=path)
    assert_same_bits(dbn, start())
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    fit(dbn, X, epochs=[3, 5], checkpoint=path)  # the upper one may go on
    (tmp_path / "run.layer1").unlink()
    with pytest.raises(ValueError, match=r"checkpoint: .*got 0"):
        fit(dbn, X, checkpoint=path)
    with pytest.raises(ValueError, match="data, X"):  # it learned from a layer that was trained
        fit(start(), X, epochs=[0, 5], checkpoint=path)


def test_a_callback_sees_the_network_and_all_epochs_and_stops_everything(binary):
    dbn, seen = start(), []

    def callback(model, history):
        assert model is dbn
        seen.append((history["layer"][-1], history["epoch"][-1], history.epochs))
        return history.epochs == 4

    history = fit(dbn, binary(20, 4), callbacks=[callback])
    assert seen == [(1, 1, 1), (1, 2, 2), (1, 3, 3), (2, 1, 4)] and history.epochs == 4
    dbn = start()
    history = fit(dbn, binary(20, 4), callbacks=[lambda *_: True])
    assert history.epochs == 1
    np.testing.assert_array_equal(dbn.rbms[1].W, start().rbms[1].W)


def test_divergence_names_the_layer_and_keeps_the_last_finite_parameters(binary):
    dbn, kept = start(), []
    settings = {"optimizer": [rb.SGD(0.05), rb.SGD(1e308, momentum=0.99)]}
    settings |= {"weight_decay": [0.0, 1e10], "epochs": [3, 5]}
    with pytest.raises(rb.DivergenceError, match="layer 2: training diverged in epoch"):
        fit(dbn, binary(20, 4), callbacks=[lambda d, _: kept.append(d.copy())], **settings)
    assert len(kept) >= 3
    assert_same_bits(dbn, kept[-1])


def test_fit_ties_the_way_up_again(binary):
    X, dbn, ref = binary(20, 4), start(), start()
    dbn.untie()
    dbn.recognition[0].W[:] = 7
    with pytest.raises(ValueError, match="inputs"):
        fit(dbn, X, inputs="median")
    assert not dbn.tied  # nothing is done before all is checked
    fit(dbn, X), fit(ref, X)
    assert_same_bits(dbn, ref)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_seed_gives_the_same_bits_and_bytes_count_as_numbers(dtype, binary):
    X, one, two, three = binary(20, 4), *(start(dtype) for _ in range(3))
    fit(one, X, rng=2), fit(two, X.astype(np.uint8), rng=2), fit(three, X, rng=3)
    assert_same_bits(one, two)
    assert one.rbms[1].W.dtype == dtype and np.any(one.rbms[1].W != three.rbms[1].W)


BAD = {
    "X: width": ({"X": np.zeros((3, 5))}, ValueError, r"X: expected shape \(n, 4\)"),
    "X: value": ({"X": np.full((3, 4), 2.0)}, ValueError, "X: expected every value"),
    "X: empty": ({"X": np.zeros((0, 4))}, ValueError, "X: expected at least one row"),
    "X: object": ({"X": np.array([[None] * 4])}, TypeError, "X: expected real numbers"),
    "epochs": ({"epochs": [1, -1]}, ValueError, "epochs: expected an integer ≥ 0"),
    "epochs: three": ({"epochs": [1, 1, 1]}, ValueError, "epochs: expected one value or 2"),
    "batch_size": ({"batch_size": [5, 0]}, ValueError, "batch_size: expected an integer ≥ 1"),
    "negative": ({"negative": [rb.CD(1), 1]}, TypeError, "negative: expected an instance"),
    "optimizer": ({"optimizer": [rb.SGD(0.1), None]}, TypeError, "optimizer: expected"),
    "inputs": ({"inputs": "states"}, ValueError, "inputs: expected 'means' or 'samples'"),
    "rng": ({"rng": 1.5}, TypeError, "rng: expected an int"),
    "callbacks": ({"callbacks": [1]}, TypeError, "callbacks: expected functions"),
    "validation": ({"validation": np.zeros((3, 5))}, ValueError, "validation: expected shape"),
    "option": ({"momentum": 0.5}, TypeError, "momentum"),
}


@pytest.mark.parametrize("settings, error, message", BAD.values(), ids=BAD)
def test_bad_input_is_named_before_anything_is_trained(settings, error, message, binary):
    dbn, settings = start(), {"X": binary(20, 4), **settings}
    with pytest.raises(error, match=message):
        fit(dbn, **settings)
    assert_same_bits(dbn, start())
