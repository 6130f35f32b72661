"""What goes wrong on the way: workers that die or raise, an interrupt, a fit cut short, no Dask."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import rbmbook as rb

OPTIONS = {"epochs": 3, "batch_size": 11, "progress": False, "parts": 2}


PCD = rb.PCD(1, chains=10)


def fitted(X, client, negative=PCD, **options):
    rbm = rb.RBM.random(16, 8, rng=0)
    history = rb.distributed.fit(rbm, X, client, negative, **(OPTIONS | options))
    history.pop("seconds")
    return rbm, history


def wait_until(true, seconds=30):
    """Whether something becomes true soon."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


def idle(client):
    """Whether no task waits or runs on a cluster, and none is kept."""
    return client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)) == 0


@pytest.mark.parametrize("local_steps", [1, 2])
def test_a_worker_that_is_killed_costs_time_and_changes_nothing(local_steps, mortal, data, save):
    paths = save(data)
    ref, history = fitted(paths, mortal, local_steps=local_steps)
    pids = mortal.run(os.getpid)
    killed = []

    def kill(rbm, history):
        if not killed:
            killed.append(sorted(pids.items())[1][1])
            os.kill(killed[0], signal.SIGKILL)

    look = rb.Callback(kill, every=12)
    comp, found = fitted(paths, mortal, local_steps=local_steps, callbacks=[look])
    assert killed and not set(killed) & set(mortal.run(os.getpid).values())
    assert_array_equal(comp.W, ref.W)
    assert found == history


@dataclass(frozen=True)
class Slow(rb.CD):
    """Contrastive divergence that takes its time, and leaves a file for each start of a task."""

    folder: str = ""
    seconds: float = 0.0

    def model_term(self, rbm, batch, kept, rng):
        with open(os.path.join(self.folder, f"{os.getpid()}-{time.monotonic_ns()}"), "w"):
            time.sleep(self.seconds)
        return super().model_term(rbm, batch, kept, rng)


def test_a_worker_that_is_killed_in_the_middle_of_a_task(mortal, data, save, tmp_path):
    """Its task runs again elsewhere, from the same chains and the same noise."""
    begun = tmp_path / "begun"
    begun.mkdir()
    paths, options = save(data), {"epochs": 1, "batch_size": 45}
    ref, _ = fitted(paths, mortal, Slow(1, str(begun)), **options)
    assert len(os.listdir(begun)) == 4

    def kill():
        assert wait_until(lambda: len(os.listdir(begun)) >= 6)
        pid = max(os.listdir(begun), key=lambda name: int(name.split("-")[1])).split("-")[0]
        os.kill(int(pid), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    comp, _ = fitted(paths, mortal, Slow(1, str(begun), 1.0), **options)
    killer.join()
    assert len(os.listdir(begun)) > 8
    assert_array_equal(comp.W, ref.W)


@dataclass(frozen=True)
class Broken(rb.CD):
    """Contrastive divergence that raises where a row begins with a 1."""

    def model_term(self, rbm, batch, kept, rng):
        if batch.v[:, 0].any():
            raise ArithmeticError("a worker's own error")
        return super().model_term(rbm, batch, kept, rng)


def test_what_a_worker_raises_ends_the_fit_and_says_where(client, data, save):
    data[:, 0] = 0
    data[50, 0] = 1
    rbm, history = rb.RBM.random(16, 8, rng=0), rb.History()
    with pytest.raises(ArithmeticError, match="a worker's own error") as caught:
        rb.distributed.fit(rbm, save(data), client, Broken(), history=history, **OPTIONS)
    assert caught.value.__notes__ == ["in part 1 of 2, rows 45 to 89"]
    assert caught.value.history is history and history.epochs == 0
    assert wait_until(lambda: idle(client))
    fitted(save(data), client)


@pytest.mark.skipif(sys.platform == "win32", reason="no signal for one process alone")
def test_an_interrupt_leaves_nothing_running(client, data, save, tmp_path):
    """Ctrl-C while two tasks run, which end by themselves: no task comes after them."""
    begun = tmp_path / "begun"
    begun.mkdir()

    def interrupt():
        wait_until(lambda: len(os.listdir(begun)) >= 4)
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Thread(target=interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        fitted(save(data), client, Slow(1, str(begun), 0.5), epochs=1000)
    timer.join()
    assert caught.value.history.kept is not None
    assert wait_until(lambda: idle(client))
    done = len(os.listdir(begun))
    time.sleep(1.5)
    assert len(os.listdir(begun)) == done
    fitted(save(data), client)


def crash(update):
    def callback(rbm, history):
        callback.calls += 1
        if callback.calls == update:
            raise RuntimeError("cut short")

    callback.calls = 0
    return callback


@pytest.mark.parametrize("negative", [rb.CD(1), rb.PCD(1, chains=10), rb.Tempered(4, 6, adapt=2)])
def test_a_fit_cut_short_goes_on_from_its_checkpoint_to_the_bit(
    negative, client, alone, data, save, tmp_path
):
    paths, file = save(data), rb.Checkpoint(tmp_path / "fit", every=4)
    ref, history = fitted(paths, client, negative)
    cut = rb.Callback(crash(14), every=1)
    with pytest.raises(RuntimeError, match="cut short"):
        fitted(paths, client, negative, checkpoint=file, callbacks=[cut])
    comp, found = fitted(paths, alone, negative, checkpoint=file, rng=99)
    assert_array_equal(comp.W, ref.W)
    assert found == history


def test_a_checkpoint_of_other_parts_shards_or_steps_is_refused(client, data, save, tmp_path):
    file = tmp_path / "fit"
    fitted(save(data), client, checkpoint=file)
    for options, words in (
        ({"parts": 3}, "settings, parts was 2; it is 3"),
        ({"local_steps": 2}, "settings, local_steps was 1; it is 2"),
    ):
        with pytest.raises(ValueError, match=words):
            fitted(save(data), client, checkpoint=file, **options)
    data[4] = 1 - data[4]
    with pytest.raises(ValueError, match="written by another fit, in which data, X was"):
        fitted(save(data), client, checkpoint=file)


def test_a_history_goes_on_and_two_fits_are_one(client, data, save):
    paths = save(data)
    ref, _ = fitted(paths, client, epochs=4)
    rbm, history = rb.RBM.random(16, 8, rng=0), rb.History()
    for epochs in (1, 4):
        options = OPTIONS | {"epochs": epochs, "history": history}
        rb.distributed.fit(rbm, paths, client, rb.PCD(1, chains=10), **options)
    assert_array_equal(rbm.W, ref.W)


def test_divergence_keeps_the_finite_parameters_and_names_the_rate(client, data, save):
    rbm = rb.RBM.random(16, 8, rng=0)
    before = rbm.copy()
    options = OPTIONS | {"optimizer": rb.SGD(1e38)}
    for local_steps in (1, 2):
        with pytest.raises(rb.DivergenceError, match="Lower the learning rate"):
            rb.distributed.fit(
                rbm, save(data), client, rb.Exact(), local_steps=local_steps, **options
            )
        assert rbm == before


def test_bad_arguments_are_named(client, data, save):
    paths = save(data)
    for options, error, words in (
        ({"parts": 0}, ValueError, "^parts: expected an integer ≥ 1"),
        ({"parts": 91}, ValueError, "^parts: expected an integer ≤ 90"),
        ({"local_steps": 0}, ValueError, "^local_steps: expected an integer ≥ 1"),
        ({"parts": 11}, ValueError, "^negative: expected at least a chain for each of the 11"),
        ({"sample_weight": np.ones(3)}, ValueError, r"^sample_weight: expected shape \(90,\)"),
        ({"validation": np.ones((3, 2))}, ValueError, r"^validation: expected shape \(n, 16\)"),
        ({"batch_size": 0}, ValueError, "^batch_size"),
        (
            {"local_steps": 4, "callbacks": [rb.Callback(print, every=6)]},
            ValueError,
            "^callbacks: expected every to be a multiple of local_steps=4",
        ),
    ):
        with pytest.raises(error, match=words):
            fitted(paths, client, **options)
    with pytest.raises(TypeError, match=r"^client: expected a distributed\.Client .* got str"):
        fitted(paths, "tcp://127.0.0.1:1")
    with pytest.raises(TypeError, match="rbm: expected an instance of RBM"):
        rb.distributed.fit(None, paths, client)


WITHOUT = """
import sys
sys.modules["dask"] = sys.modules["distributed"] = None
import rbmbook as rb
try:
    rb.distributed.fit(rb.RBM.random(3, 2), ["x.npy"], None)
except ImportError as error:
    print(error)
"""


def test_without_the_extra_the_error_names_it():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=120, check=True
    )
    assert "pip install distributed." in done.stdout
