"""What a fit leaves behind, whatever ends it, and going on from there with ``history=``."""

import errno
import os

import numpy as np
import pytest
from every_fit import (
    EPOCHS,
    FITS,
    LAYERS,
    UPDATES,
    Crash,
    Forgetful,
    assert_same,
    assert_same_history,
    bits,
    crash,
    run,
    shrink,
)

import rbmbook as rb
from rbmbook.training import checkpoint

every_fit = pytest.mark.parametrize("name", FITS)


def last(name, epochs):
    """So many epochs, of the top layer if there are several; the lower ones have two."""
    return [2] * (LAYERS[name] - 1) + [epochs] if name in LAYERS else epochs


def below(name):
    """The epochs of the lower layers."""
    return 2 * (LAYERS.get(name, 1) - 1)


CASES = {
    "plain": dict,
    "callbacks": lambda: {"callbacks": [Forgetful(), rb.Callback(shrink, every=3)]},
    "restored": lambda: {"early_stopping": rb.EarlyStopping("epoch", 9)},  # the first is the best
    "momentum": lambda: {"optimizer": rb.SGD(0.01, momentum=0.5)},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@every_fit
def test_two_fits_are_one(name, case):
    """The parameters that early stopping restores are not those from which training goes on."""
    through, ref = run(name, epochs=last(name, EPOCHS), **case())
    options = case()
    model, history = run(name, epochs=last(name, 2), **options)
    left = bits(model)
    again, comp = run(name, model, epochs=last(name, 2), history=history, rng=99, **options)
    assert comp is history and again is model
    assert_same(model, left)
    run(name, model, epochs=last(name, EPOCHS), history=history, rng=99, **options)
    assert_same(model, through)
    assert_same_history(history, ref)


@pytest.mark.parametrize("update", [7, 8])
@every_fit
def test_after_an_exception_in_a_callback_it_goes_on_as_if_there_had_been_none(name, update):
    through, ref = run(name)
    history = rb.History()
    model = FITS[name][0]()
    with pytest.raises(Crash) as caught:
        cut = rb.Callback(crash(update), every=1)
        run(name, model, history=history, callbacks=[cut])
    assert caught.value.history is history and history.epochs == 1
    run(name, model, history=history)
    assert_same(model, through)
    assert_same_history(history, ref)


@every_fit
def test_after_an_exception_between_two_epochs_too(name):
    through, ref = run(name)
    model = FITS[name][0]()
    with pytest.raises(Crash) as caught:
        run(name, model, callbacks=[crash(below(name) + 2)], epochs=last(name, EPOCHS))
    history = caught.value.history
    assert history.epochs == below(name) + 2
    if name in LAYERS:
        through, ref = run(name, epochs=last(name, EPOCHS))
    run(name, model, history=history, epochs=last(name, EPOCHS))
    assert_same(model, through)
    assert_same_history(history, ref)


class Interrupted:
    """An optimizer that is interrupted in the middle of its seventh step."""

    def __init__(self, step=7):
        self.sgd, self.left = rb.SGD(0.01), step

    def start(self, parameters):
        return self.sgd.start(parameters)

    def step(self, parameters, gradient, memory, update):
        self.left -= 1
        if self.left == 0:
            parameters[0][...] += 0.01
            raise KeyboardInterrupt
        self.sgd.step(parameters, gradient, memory, update)


@every_fit
def test_an_interrupt_in_an_update_keeps_what_there_is(name):
    model, history = FITS[name][0](), rb.History()
    with pytest.raises(KeyboardInterrupt) as caught:
        run(name, model, history=history, optimizer=Interrupted())
    steps = 2 if name == "GAN" else 1  # of both networks
    assert history.epochs == 6 // steps // UPDATES and caught.value.history is history
    assert all(np.isfinite(array).all() for array in model.arrays().values())
    run(name, model, history=history, optimizer=rb.SGD(0.01))
    assert history.epochs == EPOCHS * LAYERS.get(name, 1)


@pytest.mark.parametrize("written", [False, True])
@every_fit
def test_an_interrupt_while_an_epoch_is_written_down_counts_it_once(name, written, monkeypatch):
    """If it has not been written yet, its monitors are asked for again, and some take new draws."""
    through, ref = run(name)
    model, history, append = FITS[name][0](), rb.History(), rb.History.append

    def interrupted(self, **row):
        if written:
            append(self, **row)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(rb.History, "append", interrupted)
        run(name, model, history=history)
    assert history.epochs == written
    run(name, model, history=history)
    assert_same(model, through)
    for column in ("epoch", "loss", "critic_loss"):
        np.testing.assert_array_equal(history.get(column), ref.get(column))


@every_fit
def test_an_interrupt_at_the_very_end_leaves_no_older_state_to_go_on_from(name, monkeypatch):
    through, ref = run(name, epochs=last(name, EPOCHS))
    model, history = FITS[name][0](), rb.History()
    with pytest.raises(Crash):
        cut = rb.Callback(crash(below(name) * UPDATES + 2), every=1)
        run(name, model, history=history, callbacks=[cut], epochs=last(name, EPOCHS))
    kept, calls = checkpoint.kept, []

    def interrupted(run):
        if run.history.epochs == EPOCHS and not calls:
            calls.append(run)
            raise KeyboardInterrupt
        return kept(run)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(checkpoint, "kept", interrupted)
        run(name, model, history=history, epochs=last(name, EPOCHS))
    run(name, model, history=history, epochs=last(name, EPOCHS))
    assert_same(model, through)
    assert_same_history(history, ref)


def spoil(model, history):
    """Write into what is trained; of several layers that is the lowest."""
    next(iter(model.arrays().values()))[...] = np.inf


@every_fit
def test_divergence_keeps_the_finished_epochs(name):
    model, history, seen = FITS[name][0](), rb.History(), []

    def look(model, history):
        if history.epochs < 2:
            seen.append(bits(model))
        return spoil(model, history) if len(seen) == UPDATES + 3 else None

    with pytest.raises(rb.DivergenceError) as caught:
        run(name, model, history=history, callbacks=[rb.Callback(look, every=1)])
    assert history.epochs == 1 and caught.value.history is history
    assert_same(model, seen[UPDATES - 1])
    run(name, model, history=history)
    assert history.epochs == EPOCHS * LAYERS.get(name, 1)


@every_fit
def test_a_full_disk_keeps_the_finished_epochs_and_the_last_file(name, tmp_path, monkeypatch):
    through, ref = run(name)
    model, history, files = FITS[name][0](), rb.History(), []

    def full(number):
        files.append(number)
        if len(files) == 3:
            raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="no space") as caught:
            run(name, model, history=history, checkpoint=rb.Checkpoint(tmp_path / "fit", every=3))
    assert history.epochs == 2 and caught.value.history is history
    assert len(list(tmp_path.iterdir())) == 1
    other, comp = run(name, checkpoint=rb.Checkpoint(tmp_path / "fit", every=3))
    run(name, model, history=history)
    for end, seen in ((other, comp), (model, history)):
        assert_same(end, through)
        assert_same_history(seen, ref)


@every_fit
def test_a_model_that_was_changed_in_between_is_trained_as_it_is(name):
    model, history = run(name, epochs=last(name, 2), optimizer=rb.SGD(0.01))
    for array in model.arrays().values():
        array *= 0.5
    before = bits(model)[1]
    run(name, model, epochs=last(name, 3), history=history, optimizer=rb.SGD(1e-30))
    for key, array in model.arrays().items():
        np.testing.assert_allclose(array, before[key], rtol=1e-4, atol=1e-5)


@every_fit
def test_early_stopping_and_callbacks_may_come_and_go(name):
    model, history = FITS[name][0](), rb.History()
    stop = rb.EarlyStopping("epoch", patience=1)
    options = {"callbacks": [Forgetful()], "early_stopping": stop}
    run(name, model, epochs=last(name, 3), history=history, **options)
    assert history.epochs == 2 * LAYERS.get(name, 1)
    run(name, model, epochs=last(name, 4), history=history, **options)
    assert history.epochs == 2 * LAYERS.get(name, 1)
    run(name, model, epochs=last(name, 4), history=history)
    assert history.epochs == below(name) + 4


def test_a_callback_that_has_stopped_a_fit_may_go_on():
    model, history = run("RBM", callbacks=[lambda rbm, history: True])
    assert history.epochs == 1
    run("RBM", model, callbacks=[lambda rbm, history: True], history=history)
    assert history.epochs == 2


STRANGERS = [
    ("RBM", "GAN"),
    ("GAN", "RBM"),
    ("RBM", "RBM, PCD"),
    ("RBM, PCD", "RBM, CD"),
    ("RBM", "DBN"),
    ("DBN", "RBM"),
    ("DBN", "DBM, pretraining"),
    ("DBM", "DBN, up-down"),
    ("Network", "Network, labels"),
    ("GAN", "GAN, Wasserstein"),
]


@pytest.mark.parametrize(("name", "other"), STRANGERS)
def test_a_history_of_another_kind_of_fit_is_refused(name, other):
    for epochs in (1, 0):  # with no epoch there are no columns to tell them by
        _, history = run(other, epochs=2 * epochs)
        model, columns = FITS[name][0](), history.copy()
        before = bits(model)
        try:
            run(name, model, history=history, epochs=last(name, 2))
        except ValueError as error:
            assert str(error).startswith("history: expected one")
            assert_same(model, before)
            assert history == columns
        else:
            assert epochs == 0


def test_a_history_of_more_layers_is_refused():
    X = np.eye(5)
    dbn, other = rb.DBN.random((5, 4, 3)), rb.DBN.random((5, 4, 3, 2))
    history = other.fit(X, epochs=1, progress=False)
    before = bits(dbn)
    with pytest.raises(ValueError, match=r"history: .* 2 layers has left, got .* of 3 layers"):
        dbn.fit(X, epochs=1, progress=False, history=history)
    assert_same(dbn, before)


@pytest.mark.parametrize("name", LAYERS)
def test_a_lower_layer_is_not_trained_on_below_one_that_has_learned_from_it(name):
    model, history = run(name, epochs=2)
    before = bits(model)
    with pytest.raises(ValueError, match="epochs: expected 2 for layer 1"):
        run(name, model, epochs=3, history=history)
    assert_same(model, before)


@every_fit
def test_fewer_epochs_than_there_have_been_are_refused(name):
    model, history = run(name, epochs=2)
    before = bits(model)
    with pytest.raises(ValueError, match="epochs: expected 2"):
        run(name, model, epochs=1, history=history)
    assert_same(model, before)


def test_a_warning_that_is_an_error_has_the_history():
    import warnings

    X = np.tile([[1.0, 0.0, 1.0]], (9, 1)) + np.eye(9)[:, :3] * 0
    X[0] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(rb.TrainingWarning) as caught:
            rb.fit(rb.RBM.random(3, 4, rng=0), X, rb.CD(1), optimizer=rb.SGD(50.0), progress=False)
    assert caught.value.history.epochs
