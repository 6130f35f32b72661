"""A time limit ends an attempt, whatever it does."""

import os
import signal
import subprocess
import sys
import threading
import time

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from numba import njit

from rbmbook import exercises
from rbmbook.exercises import check, grade, limits

LIMIT = 0.3
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")


def right(*args):
    return exercises.get("01.1").reference(*args)


def catching(*args):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


def catching_inside(*args):
    try:
        while True:
            pass
    finally:
        catching()


def deaf(*args):
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    catching()


def sleeping(*args):
    while True:
        try:
            time.sleep(100)
        except BaseException:
            pass


def in_c(*args):
    return sum(range(10**12))  # never back in Python's loop


def in_threads(*args):
    for _ in range(2):
        threading.Thread(target=catching).start()
    catching()


def in_a_program(*args):
    subprocess.run([sys.executable, "-c", "while True: pass"])


def printing(*args):
    while True:
        print("still here " * 100)


def growing(*args):
    class Endless:
        def __array__(self, *args, **kwargs):
            catching()

    return Endless()


@njit
def spin(x):
    while x > 0:
        x = (x * 3 + 1) % 1001 + 1
    return x


def compiled(*args):
    return spin(1)


NASTY = [catching, catching_inside, deaf, sleeping, in_c, in_threads, in_a_program, printing]
NASTY += [growing, pytest.param(compiled, marks=pytest.mark.jit)]


def timed(attempt, limit=LIMIT):
    start = time.monotonic()
    verdict = grade("01.1", attempt, time_limit=limit)
    return verdict, time.monotonic() - start


@forks
@pytest.mark.parametrize("attempt", NASTY)
def test_a_loop_is_stopped_whatever_it_catches(attempt):
    if attempt is compiled:
        spin.compile("int64(int64)")
    verdict, seconds = timed(attempt)
    assert verdict.attempted and not verdict.passed and seconds < 20 * LIMIT
    assert "had not finished after 0.3 s. Is there a loop that never ends" in verdict.message
    assert "On case 1 (v of shape (3, 2)" in verdict.message


@pytest.fixture
def forked(monkeypatch):
    """The processes that are forked."""
    pids, fork = [], os.fork

    def counting():
        pids.append(fork())
        return pids[-1]

    monkeypatch.setattr(os, "fork", counting)
    return pids


def assert_gone(pids):
    """Not even a zombie is left."""
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@forks
def test_nothing_goes_on_after_the_time(tmp_path, forked):
    heartbeat = tmp_path / "heartbeat"

    def beating(*args):
        program = (
            f"import time\nwhile True: open({str(heartbeat)!r}, 'a').write('x'); time.sleep(.01)"
        )
        subprocess.Popen([sys.executable, "-S", "-c", program])
        catching()

    timed(beating, limit=1.0)
    time.sleep(0.1)
    size = heartbeat.stat().st_size
    time.sleep(0.3)
    assert heartbeat.stat().st_size == size > 0
    assert_gone(forked)


@forks
def test_off_the_main_thread_it_holds_too():
    found = []
    thread = threading.Thread(target=lambda: found.append(timed(catching)))
    thread.start()
    thread.join(20)
    assert not thread.is_alive() and "had not finished" in found[0][0].message


@forks
def test_an_interrupt_ends_the_attempt_too(forked):
    """Ctrl-C while the verdict is awaited."""
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        grade("01.1", catching, time_limit=60)
    assert time.monotonic() - start < 10
    assert_gone(forked)


@forks
@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (lambda *args: os._exit(3), "ended the process in which it ran (exit status 3)"),
        (lambda *args: os.kill(os.getpid(), signal.SIGKILL), "(signal 9)"),
    ],
)
def test_a_process_that_dies_is_a_wrong_answer(attempt, words):
    assert words in timed(attempt, limit=60)[0].message


@pytest.mark.parametrize("worker", [limits._Process, limits._Thread])
def test_within_its_time_the_verdict_is_that_without_a_limit(worker, monkeypatch, capsys):
    if worker is limits._Thread:
        monkeypatch.delattr(os, "fork")
    elif not hasattr(os, "fork"):
        pytest.skip("needs processes that fork")

    def talking(*args):
        print("seen")
        return right(*args)

    def divides(*args):
        return 1 / 0

    for attempt in (right, talking, lambda *args: -right(*args), divides, lambda *args: exit()):
        assert grade("01.1", attempt, time_limit=60) == grade("01.1", attempt)
    capsys.readouterr()
    check("01.1", talking, time_limit=60)
    assert capsys.readouterr().out == 5 * "seen\n" + "Exercise 01.1: correct.\n"
    with pytest.raises(exercises.WrongAnswer) as caught:
        check("01.1", divides, time_limit=60)
    assert "in divides" in caught.value._render_traceback_()[1]


def test_the_time_of_the_grader_itself_does_not_count(monkeypatch):
    def slow(*args):
        time.sleep(0.1)
        return "a reason"

    monkeypatch.setattr(exercises.engine, "explain", lambda *args: time.sleep(3 * LIMIT))
    assert timed(right)[0].passed


def test_all_cases_share_the_time():
    def slow(*args):
        time.sleep(LIMIT / 2)
        return right(*args)

    verdict, _ = timed(slow)
    assert "On case 2" in verdict.message or "On case 3" in verdict.message


def test_where_processes_cannot_be_forked_the_verdict_comes_in_time(monkeypatch, capsys):
    monkeypatch.delattr(os, "fork", raising=False)
    ended = threading.Event()
    before = sys.stdout

    def looping(*args):
        print("begun")
        try:
            while True:
                time.sleep(0.01)
        finally:
            ended.set()

    verdict, seconds = timed(looping)
    assert "had not finished" in verdict.message and seconds < 20 * LIMIT
    assert ended.wait(10)  # a loop that catches nothing is ended as well
    assert sys.stdout is before and capsys.readouterr().out == "begun\n"


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf"), "1", True, [1]])
def test_a_limit_is_a_positive_number_of_seconds(limit):
    with pytest.raises(ValueError, match="time_limit must be a positive number of seconds"):
        grade("01.1", right, time_limit=limit)


def test_numbers_of_numpy_are_limits():
    assert grade("01.1", right, time_limit=np.float32(60)).passed


CELL = """
from rbmbook import exercises

def stubborn(*args):
    while True:
        try:
            print("trying")
            while True:
                pass
        except BaseException:
            pass

verdict = exercises.grade("1.1", stubborn, time_limit=0.5)
print("had not finished" in verdict.message, verdict.passed)
exercises.check("1.1", exercises.get("1.1").reference, time_limit=60)
"""


@forks
def test_a_notebook_goes_on_after_a_loop_was_stopped():
    cells = [nbformat.v4.new_code_cell(CELL), nbformat.v4.new_code_cell("print('after')")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=60).execute()
    said = [
        "".join(out["text"] for out in cell["outputs"] if out["name"] == "stdout")
        for cell in notebook.cells
    ]
    assert said == ["trying\nTrue False\nExercise 01.1: correct.\n", "after\n"]
