"""Ctrl-C in the middle of a long call: it ends at once, no thread goes on, and all can be used."""

import signal
import subprocess
import sys
import threading
import time

import pytest

pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(sys.platform == "win32", reason="no signal for one process alone"),
]

# Each large call would take many minutes. The small ones come first: an interrupt that arrives in
# the middle of compiling can be lost in a destructor of the compiler, where Python ignores it.
CODE = """
import signal, threading
import numpy as np, rbmbook as rb
signal.signal(signal.SIGINT, signal.default_int_handler)
small = rb.RBM.random(16, 9, rng=0, scale=1.0, dtype=np.float64)
truth = rb.exact.log_partition(small)

def calls(few, columns, many):
    rbm, v = rb.RBM.random(few, few + 10, scale=0.1), np.zeros((5, few))
    units = {"visible": rb.Softmax(3), "hidden": rb.ReLU()}
    softmax = rb.RBM.random(few // 5 * 9, few + 10, scale=0.1, **units)
    wide = rb.RBM.random(columns, columns)
    return [
        lambda: rb.exact.log_partition(rbm),
        lambda: rb.exact.log_partition(softmax),
        lambda: rb.exact.log_likelihood(rbm, v),
        lambda: rb.exact.expectations(rbm),
        lambda: rb.exact.gradient(rbm, v),
        lambda: rb.fit(rbm, v, negative=rb.Exact(), epochs=1, progress=False),
        lambda: rb.evaluate.ais(wide, chains=500, betas=many),
        lambda: rb.gibbs.run(wide, 500, many, 0),
        lambda: rb.evaluate.pseudo_log_likelihood(wide, np.zeros((many // 2, columns), np.uint8)),
    ]

for call in calls(5, 30, 4) + calls(12, 784, 3):  # on one thread, and on many
    call()
for call in calls(30, 784, 100_000):
    print("begins", flush=True)
    try:
        call()
    except KeyboardInterrupt:
        others = [t for t in threading.enumerate() if not t.daemon][1:]
        same = rb.exact.log_partition(small) == truth
        print("stopped, other threads:", others, "usable:", same, flush=True)
    else:
        print("ended", flush=True)
"""
CALLS = CODE.count("lambda: ")


def test_an_interrupt_ends_a_long_call_and_all_its_threads():
    """The bounds are wide: a loaded machine must pass, a call that runs to its end must not."""
    command = [sys.executable, "-c", CODE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as python:
        killer = threading.Timer(300, python.kill)
        killer.start()
        try:
            for _ in range(CALLS):
                assert python.stdout.readline() == "begins\n"
                time.sleep(0.3)
                python.send_signal(signal.SIGINT)
                answer = python.stdout.readline()
                assert answer == "stopped, other threads: [] usable: True\n"
            assert python.wait() == 0
        finally:
            killer.cancel()
            python.kill()
