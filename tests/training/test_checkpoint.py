"""Checkpoints: a fit that was cut short goes on as if nothing had happened."""

import numpy as np
import pytest
from small_fits import assert_same_bits, fit

import rbmbook as rb

OPTIMIZERS = {
    "SGD": {"optimizer": rb.SGD(0.1)},
    "momentum": {"optimizer": rb.SGD(0.1, momentum=0.9)},
    "Adam": {"optimizer": rb.Adam(0.01)},
    "centred": {"optimizer": rb.SGD(0.1), "centered": True},
    "weights": {"sample_weight": np.arange(1.0, 31.0), "validation": np.eye(4)},
    "schedule": {"optimizer": rb.SGD(lambda update: 0.1 / (1 + update))},
}


class Interrupted(Exception):
    """A crash at the end of an epoch."""


def interrupt(epoch):
    def callback(_, history):
        if history.epochs == epoch:
            raise Interrupted

    return callback


@pytest.mark.parametrize("settings", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_resumed_fit_gives_the_bits_of_an_uninterrupted_one(rbm, binary, settings, tmp_path):
    X, path = binary(30, 4), tmp_path / "run.npz"
    through, broken, resumed = rbm.copy(), rbm.copy(), rbm.copy()
    ref = fit(through, X, epochs=7, rng=3, **settings)
    with pytest.raises(Interrupted):
        fit(broken, X, epochs=7, rng=3, checkpoint=path, callbacks=[interrupt(3)], **settings)
    assert np.any(broken.W != through.W)
    comp = fit(resumed, X, epochs=7, rng=3, checkpoint=path, **settings)
    assert_same_bits(resumed, through)
    assert list(comp) == list(ref)
    for name in set(ref) - {"seconds"}:
        np.testing.assert_array_equal(comp[name], ref[name], err_msg=name)
    assert np.all(np.diff(comp["seconds"]) >= 0)


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.Philox, np.random.MT19937])
def test_a_checkpoint_holds_the_state_of_any_generator(rbm, binary, bits, tmp_path):
    X, path, through = binary(30, 4), tmp_path / "run.npz", rbm.copy()
    fit(through, X, epochs=4, rng=np.random.Generator(bits(1)))
    fit(rbm.copy(), X, epochs=2, rng=np.random.Generator(bits(1)), checkpoint=path)
    resumed = rbm.copy()
    fit(resumed, X, epochs=4, rng=np.random.Generator(bits(9)), checkpoint=path)
    assert_same_bits(resumed, through)


def test_a_finished_checkpoint_is_returned_as_it_is(rbm, binary, tmp_path):
    X, path, twin = binary(30, 4), tmp_path / "run.npz", rbm.copy()
    fit(rbm, X, checkpoint=path)
    before = path.read_bytes()
    history = fit(twin, X, checkpoint=path)
    assert_same_bits(rbm, twin)
    assert history.epochs == 3 and path.read_bytes() == before


@pytest.mark.parametrize("change", [{"batch_size": 6}, {"negative": rb.CD(2)}, {"centered": True}])
def test_a_checkpoint_of_other_settings_is_refused(rbm, theta, binary, change, tmp_path):
    path = tmp_path / "run.npz"
    fit(rbm.copy(), binary(30, 4), checkpoint=path)
    with pytest.raises(ValueError, match="checkpoint"):
        fit(rbm, binary(30, 4), epochs=9, checkpoint=path, **change)
    assert_same_bits(rbm, rb.RBM(*theta))


@pytest.mark.parametrize("kind", ["text", "cut", "machine"])
def test_what_is_not_a_checkpoint_is_refused_by_path(rbm, theta, binary, kind, tmp_path):
    path = tmp_path / "run.npz"
    fit(rbm.copy(), binary(30, 4), checkpoint=path)
    if kind == "machine":
        rbm.save(path)
    else:
        path.write_bytes(b"nothing" if kind == "text" else path.read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"run\.npz"):
        fit(rbm, binary(30, 4), checkpoint=path)
    assert_same_bits(rbm, rb.RBM(*theta))
