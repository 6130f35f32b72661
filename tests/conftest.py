"""Shared fixtures: machines small enough to enumerate, with weights large enough to matter."""

import os
import signal
import threading

import hypothesis
import numpy as np
import pytest

# The same examples everywhere, however slow the machine: a failure is the code's, never the hour's.
hypothesis.settings.register_profile("rbmbook", deadline=None, derandomize=True)
hypothesis.settings.load_profile("rbmbook")

JIT_DISABLED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


def pytest_configure():
    """Let Ctrl-C interrupt: a shell starts what runs in its background with the signal ignored."""
    main = threading.current_thread() is threading.main_thread()
    if main and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Skip what says nothing, or takes minutes, when the kernels run as plain Python."""
    if JIT_DISABLED:
        for item in items:
            if "jit" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="needs compiled kernels"))


@pytest.fixture
def theta():
    """⟨W, a, b⟩ of a machine of 4 × 3 units whose conditionals are far from 0.5."""
    rng = np.random.default_rng(20)
    return rng.normal(0, 1.2, (4, 3)), rng.normal(0, 0.8, 4), rng.normal(0, 0.8, 3)


@pytest.fixture
def rbm(theta):
    """The same machine as an ``RBM`` in float64, on its own copies of the arrays."""
    from rbmbook import RBM

    return RBM(*(parameter.copy() for parameter in theta))


@pytest.fixture
def binary():
    """A function of rows and columns: seeded binary examples in float64."""

    def draw(rows, columns, seed=7):
        return (np.random.default_rng(seed).random((rows, columns)) < 0.5).astype(np.float64)

    return draw
