"""Whether a kernel runs on one thread or on many.

A kernel that can share out its work is compiled twice from one source: as it stands, and with its
`numba.prange` loops in parallel. What such a loop computes for one index depends on no other, so
that both give the same bits, on any number of threads. `choose` is the only place that decides
which of the two runs.
"""

import ctypes
import os
import threading
from collections.abc import Callable
from functools import cache, update_wrapper
from importlib import metadata
from types import FunctionType
from typing import Any

import numba

from rbmbook._jit import jit

WORTHWHILE = 10_000_000  # additions: about a millisecond; what takes less is done by one thread


class Twins:
    """A kernel for one thread and one for many, of the same source.

    Where the source calls another pair of twins by its global name, each kernel calls the one that
    is like itself.

    Called by its name, it is the one for one thread.

    Attributes
    ----------
    serial, parallel : callable
    """

    def __init__(self, function: Callable) -> None:
        update_wrapper(self, function)
        self.serial = jit(_bound(function, "serial"))
        shared = "prange" in function.__code__.co_names  # or else in what it calls
        self.parallel = jit(_bound(function, "parallel"), parallel=shared)

    def __call__(self, *arrays: Any) -> None:
        """The kernel on one thread."""
        self.serial(*arrays)


def choose(kernel: Twins, work: int) -> Callable:
    """The twin to call for so many additions.

    One thread does what is small, all that is not asked for by the main thread (Numba's simplest
    threading layer ends the process if two threads meet in it), and all that happens in a child
    after a fork (where OpenMP ends it). With ``NUMBA_NUM_THREADS=1``, or after
    ``numba.set_num_threads(1)``, it does everything.
    """
    return kernel.parallel if work >= WORTHWHILE and _many() else kernel.serial


def _many() -> bool:
    """Whether several threads may run here."""
    return (
        numba.config.NUMBA_NUM_THREADS > 1
        and not _forked
        and threading.current_thread() is threading.main_thread()
        and _layer_is_ready()
        and numba.get_num_threads() > 1
    )


@cache
def _layer_is_ready() -> bool:
    """Load TBB, if its package is installed, before Numba looks for a threading layer.

    Beside other programs TBB loses least, and Numba prefers it, but does not look for the library
    in the place where the package puts it. What the user says in ``NUMBA_THREADING_LAYER`` and
    ``NUMBA_THREADING_LAYER_PRIORITY`` still holds: Numba is only enabled to find what it looks for.
    """
    try:
        for file in metadata.files("tbb") or []:
            if file.name in ("libtbb.so.12", "tbb12.dll"):
                ctypes.CDLL(os.fspath(file.locate()))
    except (metadata.PackageNotFoundError, OSError):
        pass  # Numba takes OpenMP or its own work queue
    return True


def _bound(function: Callable, kind: str) -> Callable:
    """The function with every pair of twins among its globals replaced by one of them.

    The kind enters its name: by names machine code is found in the cache, and is linked.
    """
    names: dict[str, Any] = {
        name: getattr(value, kind) if isinstance(value, Twins) else value
        for name, value in function.__globals__.items()
    }
    bound = FunctionType(function.__code__, names, function.__name__)
    bound.__module__, bound.__doc__ = function.__module__, function.__doc__
    bound.__qualname__ = f"{function.__qualname__}_{kind}"
    return bound


def _after_fork() -> None:
    global _forked
    _forked = True


_forked = False
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
