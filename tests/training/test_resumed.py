"""A fit that was cut short goes on from its checkpoint as if nothing had happened, to the bit."""

import os
import signal
import subprocess
import sys
from pathlib import Path

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
    crash,
    folder,
    replace,
    run,
    shrink,
    takes,
)
from models import N

import rbmbook as rb

CALLBACKS = {
    "none": lambda: [],
    "with a memory": lambda: [Forgetful()],
    "with a memory, often": lambda: [rb.Callback(Forgetful(), every=3)],
    "that writes": lambda: [shrink],
    "that writes, often": lambda: [rb.Callback(shrink, every=3)],
    "that replaces": lambda: [replace],
}
CUTS = [
    (name, update)
    for name in FITS
    for update in (7, *([EPOCHS * UPDATES + 6] if name in LAYERS else []))
]
cuts = pytest.mark.parametrize(("name", "update"), CUTS)


def resumed_is_uninterrupted(name, update, path, every, callbacks=list, **settings):
    """Cut a fit after so many updates, let another model go on from the file, and compare."""
    through, ref = run(name, callbacks=callbacks(), **settings)
    file = rb.Checkpoint(path, every=every)
    cut = rb.Callback(crash(update), every=1)
    with pytest.raises(Crash):
        run(name, callbacks=[*callbacks(), cut], checkpoint=file, **settings)
    comp, history = run(name, callbacks=callbacks(), checkpoint=file, **settings, rng=99)
    assert_same(comp, through)
    assert_same_history(history, ref)
    before = folder(path.parent)
    again, history = run(name, callbacks=callbacks(), checkpoint=file, **settings)
    assert_same(again, through)
    assert_same_history(history, ref)
    if every is None:
        assert folder(path.parent) == before
    return ref


@pytest.mark.parametrize("callbacks", CALLBACKS.values(), ids=CALLBACKS)
@cuts
def test_in_the_middle_of_an_epoch(name, update, callbacks, tmp_path):
    resumed_is_uninterrupted(name, update, tmp_path / "fit", 3, callbacks)


@pytest.mark.parametrize("name", FITS)
def test_between_the_last_update_of_an_epoch_and_its_monitors(name, tmp_path):
    """What a callback has written there is not converted to other coordinates and back."""
    callbacks = [rb.Callback(shrink, every=UPDATES)]
    resumed_is_uninterrupted(name, UPDATES + 1, tmp_path / "fit", UPDATES, lambda: callbacks)


@cuts
def test_after_an_epoch(name, update, tmp_path):
    resumed_is_uninterrupted(name, update, tmp_path / "fit", None, CALLBACKS["with a memory"])


@pytest.mark.parametrize("name", [name for name in FITS if takes(name, "sample_weight")])
def test_with_weights(name, tmp_path):
    weight = np.arange(N) % 3
    resumed_is_uninterrupted(name, 7, tmp_path / "fit", 3, sample_weight=weight)


@pytest.mark.parametrize("every", [None, 3])
@pytest.mark.parametrize("name", FITS)
def test_with_early_stopping(name, every, tmp_path):
    """Nothing is an improvement after the first epoch, so that the third one is the last."""
    _, history = run(name, epochs=1)
    stop = rb.EarlyStopping([*history][-3], patience=2, min_delta=1e9)
    ref = resumed_is_uninterrupted(name, 7, tmp_path / "fit", every, early_stopping=stop)
    assert ref.epochs == 3 * LAYERS.get(name, 1)


@pytest.mark.parametrize("name", FITS)
def test_a_callback_that_stops_in_the_middle_of_an_epoch_stops_after_it(name, tmp_path):
    stop = rb.Callback(lambda model, history: True, every=5)
    resumed_is_uninterrupted(name, 6, tmp_path / "fit", 1, lambda: [stop])


@pytest.mark.parametrize("name", ["RBM", "DBN"])
@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_a_process_that_is_killed(name, tmp_path):
    code = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[1]); import rbmbook as rb, every_fit\n"
        "class Killed(BaseException):\n"
        "    def __init__(self): os.kill(os.getpid(), signal.SIGKILL)\n"
        "cut = rb.Callback(every_fit.crash(int(sys.argv[4]), Killed), every=1)\n"
        "file = rb.Checkpoint(sys.argv[3], every=3)\n"
        "every_fit.run(sys.argv[2], callbacks=[cut], checkpoint=file)"
    )
    tests, update = Path(__file__).parents[1], str(EPOCHS * UPDATES + 6 if name in LAYERS else 10)
    command = [sys.executable, "-c", code, str(tests), name, str(tmp_path / "fit"), update]
    path = os.pathsep.join([str(tests.parent), os.environ.get("PYTHONPATH", "")])
    ended = subprocess.run(command, timeout=120, env=os.environ | {"PYTHONPATH": path})
    assert ended.returncode == -signal.SIGKILL
    assert len(folder(tmp_path)) == LAYERS.get(name, 1)
    comp, history = run(name, checkpoint=rb.Checkpoint(tmp_path / "fit", every=3))
    through, ref = run(name)
    assert_same(comp, through)
    assert_same_history(history, ref)
