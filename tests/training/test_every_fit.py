"""For every fit: callbacks work on the live model, and a weight counts as repeated rows."""

from itertools import pairwise

import numpy as np
import pytest
from every_fit import FITS, UPDATES, bits, rows, run, takes
from models import N

import rbmbook as rb

every_fit = pytest.mark.parametrize("name", FITS)
NONE = rb.SGD(1e-30)  # too small to move a number


@every_fit
def test_a_callback_sees_what_every_update_has_learned(name):
    """Every update moves something; of a layer-wise fit in its own layer only."""
    seen = []

    def look(model, history):
        seen.append(np.concatenate([array.ravel() for array in model.arrays().values()]))

    model, _ = run(name, epochs=1, callbacks=[rb.Callback(look, every=1)])
    assert len(seen) >= UPDATES
    for one, other in pairwise(seen):
        assert np.any(one != other)
    end = np.concatenate([array.ravel() for array in model.arrays().values()])
    np.testing.assert_array_equal(seen[-1], end)


@every_fit
def test_what_a_callback_writes_is_what_is_trained_on(name):
    """In the middle of an epoch and after one, in place; with steps of nothing it stays."""
    written = []

    def write(model, history):
        if len(written) < 2:
            for array in model.arrays().values():
                array *= 0.5
            written.append(bits(model)[1])

    for every in (None, 3):
        written.clear()
        model, _ = run(name, callbacks=[rb.Callback(write, every=every)], optimizer=NONE)
        for key, array in model.arrays().items():
            np.testing.assert_allclose(array, written[-1][key], rtol=1e-4, atol=1e-5, err_msg=key)


WITHOUT_NOISE = {
    "RBM, exact": {"sparsity": None},
    "RBM, enhanced": {"negative": rb.Exact()},
    "RBM, held out": {"negative": rb.Exact(), "validation": None},
    "Gaussian RBM": {"negative": rb.Exact()},
    "DBN of means": {"negative": rb.Exact(), "validation": None},
    "DBM": {"negative": rb.Exact()},
    "Network": {},
    "Network, labels": {"input_dropout": 0.0},
    "Autoencoder": {},
    "Autoencoder, sigmoid": {"noise": None},
    "Autoencoder, tied": {"validation": None},
}


def repeated(name):
    """The data, integer weights, and the data with as many copies of each row."""
    X = rows(name)
    weight = np.where(X[:, 0] > 0.5, 9, np.arange(N) % 2)
    return X, weight, np.repeat(X, weight, axis=0)


@pytest.mark.parametrize("name", WITHOUT_NOISE)
def test_a_weight_counts_as_repeated_rows(name):
    """To rounding, in full batches, where nothing is drawn."""
    X, weight, copies = repeated(name)
    own = WITHOUT_NOISE[name] | {"batch_size": 10**6, "weight_decay": 0.01}
    models = [FITS[name][0](dtype=np.float64) for _ in range(3)]
    run(name, models[0], X, sample_weight=weight, **own)
    run(name, models[1], copies, **own)
    run(name, models[2], X, **own)  # and without weights it is another model
    one, same, other = (model.arrays() for model in models)
    for key, array in one.items():
        np.testing.assert_allclose(array, same[key], rtol=1e-7, atol=1e-9, err_msg=key)
    assert max(np.abs(one[key] - other[key]).max() for key in one) > 1e-3


class Recorder:
    """An optimizer that moves nothing and keeps the first ascents that it was handed."""

    def __init__(self):
        self.ascents = []

    def start(self, parameters):
        return []

    def step(self, parameters, gradient, memory, update):
        self.ascents.append(np.concatenate([np.ravel(part).astype(float) for part in gradient]))


NOISY = [
    name for name in FITS if takes(name, "sample_weight") and name not in WITHOUT_NOISE
    and not name.startswith("Gaussian") and name != "DBN"  # which starts at the data
]  # fmt: skip


@pytest.mark.parametrize("name", NOISY)
def test_a_weight_counts_as_repeated_rows_on_average(name):
    """Within five standard errors of the difference, over runs with other seeds."""
    X, weight, copies = repeated(name)
    means, errors = [], []
    for data, own in ((X, {"sample_weight": weight}), (copies, {}), (X, {})):
        found = []
        for seed in range(150):
            recorder = Recorder()
            options = {"optimizer": recorder, "rng": seed, "epochs": 1, "batch_size": 10**6}
            run(name, FITS[name][0](dtype=np.float64), data, weight_decay=0.0, **options, **own)
            found.append(recorder.ascents[0])
        means.append(np.mean(found, axis=0))
        errors.append(np.var(found, axis=0) / len(found))
    far = [
        np.abs(means[0] - mean) / np.sqrt(errors[0] + error + 1e-16)
        for mean, error in zip(means[1:], errors[1:], strict=True)
    ]
    assert far[0].max() < 5 < far[1].max()
