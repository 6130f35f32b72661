"""A checkpoint of another fit, or a damaged one: refused by name, and nothing is overwritten."""

import numpy as np
import pytest
from every_fit import FITS, LAYERS, assert_same, bits, folder, rows, run, takes
from models import GAUSSIAN, MODELS, D, N, _rbm

import rbmbook as rb
from rbmbook import storage

OTHER_RATE = {"optimizer": rb.SGD(0.123)}


def refused(name, path, match, error=ValueError, model=None, **settings):
    """The fit raises an error that says so; model, history and files have the bits they had."""
    model = FITS[name][0]() if model is None else model
    before, files, history = bits(model), folder(path.parent), rb.History()
    rng = settings.setdefault("rng", np.random.default_rng(5))
    state = rng.bit_generator.state
    settings = {"epochs": more(name), "checkpoint": path, "history": history, **settings}
    with pytest.raises(error, match=match) as caught:
        run(
            name,
            model,
            **{"epochs": more(name), "checkpoint": path, "history": history, **settings},
        )
    assert_same(model, before)
    assert folder(path.parent) == files
    assert history == {} and caught.value.history is history
    assert rng.bit_generator.state == state


def more(name):
    """Epochs beyond the two that there have been; of the top layer only, if there are several."""
    return [2] * (LAYERS[name] - 1) + [3] if name in LAYERS else 3


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fit.npz"


def last(path, name):
    """The file of the last layer, or the only one."""
    return path.with_name(f"fit.npz.layer{LAYERS[name]}") if name in LAYERS else path


@pytest.mark.parametrize("name", FITS)
def test_other_data(name, path):
    run(name, epochs=2, checkpoint=path)
    X = rows(name)
    X[3, 0] = 1 - X[3, 0]
    refused(name, path, "in which data, X was", X=X)


@pytest.mark.parametrize("name", FITS)
def test_another_dtype(name, path):
    run(name, epochs=2, checkpoint=path)
    make, _ = FITS[name]
    other = np.float32 if make().dtype == np.float64 else np.float64
    refused(name, path, "in which model, .*dtype was", model=make(dtype=other))


SETTINGS = {
    "optimizer": ({"optimizer": rb.SGD(0.123)}, "in which optimizer"),
    "rate": ({"optimizer": rb.SGD(lambda update: 0.1)}, "in which optimizer"),
    "batch size": ({"batch_size": 9}, "in which batch_size was 10; it is 9"),
    "weights": ({"sample_weight": np.arange(N) + 1.0}, "in which sample_weight"),
    "weight decay": ({"weight_decay": 0.3}, "weight_decay was"),
    "l1": ({"l1": 0.3}, "l1 was"),
    "early stopping": ({"early_stopping": rb.EarlyStopping("epoch", 9)}, "in which early_stopping"),
    "rng": ({"rng": np.random.Generator(np.random.PCG64DXSM(1))}, "in which rng"),
}
NEGATIVES = {
    "RBM": rb.CD(3),
    "RBM, PCD": rb.PCD(chains=8),
    "RBM, tempered": rb.Tempered(betas=3, chains=6, adapt=9),
    "Gaussian RBM": rb.CD(1),
    "DBN": rb.CD(2),
    "DBN, up-down": rb.CD(2),
    "DBM, pretraining": rb.CD(2),
    "DBM": rb.PCD(2),
}


CENTRED = {"RBM", "RBM, held out"} | {name for name in FITS if name.endswith("centred")}


@pytest.mark.parametrize("name", FITS)
def test_other_settings(name, path):
    run(name, epochs=2, checkpoint=path)
    for change, match in SETTINGS.values():
        if takes(name, *change):
            refused(name, path, match, **change)
    if name in NEGATIVES:
        refused(name, path, "settings, (negative|k)", negative=NEGATIVES[name])
    if takes(name, "centered"):
        refused(name, path, "settings, (centered|standardized)", centered=name not in CENTRED)
    refused(name, path, "epochs: expected 2 or more", epochs=1)


@pytest.mark.parametrize("change", [0.1, 0.2])
def test_a_function_for_the_rate_is_known_by_its_values(change, path):
    run("RBM", epochs=2, checkpoint=path, optimizer=rb.SGD(lambda update: 0.1 / (1 + update)))
    other = {"optimizer": rb.SGD(lambda update: change / (1 + update))}
    if change == 0.2:
        refused("RBM", path, "in which optimizer", **other)
    else:
        run("RBM", checkpoint=path, **other)


OTHER = rb.Gaussian(log_precision=0.4, learn=False)
OTHERS = [
    ("RBM", lambda: rb.RBM.random(D, 4, rng=0, visible=rb.Spin()), None),
    ("Gaussian RBM, fixed", _rbm(visible=OTHER), "model, visible, log_precision"),
    ("Gaussian RBM, fixed", _rbm(**GAUSSIAN), "model"),
    ("RBM", lambda: rb.RBM.random(D, 3, rng=0), "model, shapes"),
    ("DBN", lambda: rb.DBN.random((D, 4, 2), **GAUSSIAN), "model, shapes"),
    ("DBN", lambda: rb.DBN.random((D, 4, 3), hidden=rb.Spin(), **GAUSSIAN), "model, rbms"),
    ("DBM", lambda: rb.DBM.random((D, 4, 4)), "model, shapes"),
    ("Network", lambda: rb.Network.random((D, 4, 1), "tanh"), "model, activations"),
    (
        "Autoencoder",
        lambda: rb.Autoencoder.random((D, 4, 3), "tanh", "identity", dtype=np.float32),
        "model, encoder, activations",
    ),
    (
        "Autoencoder, tied",
        lambda: rb.Autoencoder.random((D, 4, 3), output="identity"),
        "model, (shapes|tied)",
    ),
    ("GAN", lambda: rb.GAN.random(2, D, (6,), dtype=np.float32, loss="minimax"), "model, loss"),
]


@pytest.mark.parametrize(("name", "make", "match"), OTHERS)
def test_another_model(name, make, match, path):
    run(name, epochs=2, checkpoint=path)
    X = 2 * rows(name) - 1 if match is None else None  # states of spins
    refused(name, path, f"in which {match or 'model, visible'}.* was", model=make(), X=X)


def changed(**meta):
    return lambda arrays, saved: saved.update(meta)


def out_of_order(arrays, saved):
    saved["place"], arrays["order"] = 10, np.zeros(N, int)


def short(arrays, saved):
    saved["history"]["epoch"] = saved["history"]["epoch"][:1]


HOSTILE = {
    "NaN": lambda arrays, saved: arrays["parameter0"].__setitem__((0, 0), np.nan),
    "missing": lambda arrays, saved: arrays.pop("parameter0"),
    "unexpected": lambda arrays, saved: arrays.update(more=np.zeros(3)),
    "shape": lambda arrays, saved: arrays.update(parameter0=np.zeros((1, 1))),
    "order": out_of_order,
    "no order": changed(place=10),
    "place": changed(place=10**9),
    "updates": changed(updates=-1),
    "stopped": changed(stopped="?"),
    "totals": changed(totals=5),
    "rng": changed(rng={"bit_generator": "PCG64"}),
    "columns": changed(history={"epoch": [1.0]}),
    "short": short,
    "history": changed(history=7),
    "identity": changed(identity=None),
}


@pytest.mark.parametrize("name", ["Gaussian RBM", "DBN", "DBM, pretraining", "Network", "GAN"])
def test_a_hostile_file(name, path):
    """In the last layer's file, after the layers below have been taken up."""
    run(name, epochs=2, checkpoint=path)
    file = last(path, name)
    good = file.read_bytes()
    for harm in HOSTILE.values():
        arrays, saved = storage.read(file, "checkpoint")
        harm(arrays, saved)
        saved = {key: value for key, value in saved.items() if key not in ("kind", "format")}
        storage.write(file, "checkpoint", arrays, **saved)
        refused(name, path, r"fit\.npz")
        file.write_bytes(good)
    run(name, epochs=more(name), checkpoint=path)


@pytest.mark.parametrize("name", FITS)
def test_a_damaged_file(name, path):
    run(name, epochs=2, checkpoint=path)
    file = last(path, name)
    good = file.read_bytes()
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    for content in (good[:-200], bytes(flipped), b"", b"nothing"):
        file.write_bytes(content)
        refused(name, path, r"fit\.npz")
    file.unlink()
    FITS[name][0]().save(file)
    refused(name, path, r"fit\.npz.*kind")


@pytest.mark.parametrize("name", FITS)
def test_no_folder(name, path):
    missing = path.parent / "none" / "fit.npz"
    model = FITS[name][0]()
    before = bits(model)
    with pytest.raises(FileNotFoundError, match="checkpoint: expected a folder"):
        run(name, model, checkpoint=missing)
    path.mkdir()
    if name not in LAYERS:
        with pytest.raises(IsADirectoryError, match=r"fit\.npz"):
            run(name, model, checkpoint=path)
    assert_same(model, before)


def test_up_down_that_is_refused_leaves_the_way_up_as_it_was(path):
    run("DBN, up-down", epochs=2, checkpoint=path)
    for make in (lambda dbn: None, lambda dbn: dbn.untie()):
        dbn = MODELS["DBN, up-down"][0]()
        make(dbn)
        refused("DBN, up-down", path, "in which optimizer", model=dbn, **OTHER_RATE)


def test_a_layer_wise_fit_that_is_refused_leaves_the_way_up_as_it_was(path):
    run("DBN", epochs=2, checkpoint=path)
    dbn, _ = run("DBN, up-down", epochs=1)
    refused("DBN", path, "in which optimizer", model=dbn, **OTHER_RATE)
    refused("DBN", path, "sample_weight", model=dbn, sample_weight=[1.0])
