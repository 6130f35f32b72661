"""Whether a kernel runs on one thread or on many, and when BLAS is better off with one.

A kernel that can share out its work is compiled twice from one source: as it stands, and with its
`numba.prange` loops in parallel. What such a loop computes for one index depends on no other, so
that both give the same bits, on any number of threads. `choose` is the only place that decides
which of the two runs.
"""

import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, update_wrapper
from importlib import metadata
from types import FunctionType
from typing import Any

import numba
from threadpoolctl import LibController, ThreadpoolController

from rbmbook._jit import jit

WORTHWHILE = 10_000_000  # additions: about a millisecond; what takes less is done by one thread
BLAS_WORTHWHILE = 4_000_000  # multiplications: below, two threads gain a tenth of a product at most


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


@contextmanager
def few_blas_threads(multiplications: int) -> Iterator[None]:
    """Let BLAS use one thread in the meantime if products are no larger than this.

    Threads of BLAS spin while they wait, also for a thread that another program keeps from the
    processor: beside one, products of 4 million multiplications took 15 times as long with two
    threads as with one, which without it gain a tenth.

    How many threads there are is a matter of the process. Blocks may overlap in several threads;
    the last one to end, be it by an error, puts the number back. So small products have one thread
    wherever they are computed.
    """
    if multiplications >= BLAS_WORTHWHILE:
        yield
        return
    block = object()
    try:
        with _blas_lock:
            if not _blocks:
                _before[:] = [(library, library.num_threads) for library in _blas()]
            _blocks.add(block)
            for library, _ in _before:
                library.set_num_threads(1)
        yield
    finally:
        with _blas_lock:
            _blocks.discard(block)
            if not _blocks:
                for library, threads in _before:
                    library.set_num_threads(threads)
                _before.clear()


@cache
def _blas() -> list[LibController]:
    """The BLAS libraries of this process, NumPy's among them."""
    found = ThreadpoolController().lib_controllers
    return [library for library in found if library.user_api == "blas"]


_blas_lock = threading.Lock()
_blocks: set[object] = set()  # of `few_blas_threads`, that have begun and not ended
_before: list[tuple[LibController, int]] = []  # how many threads each library had before them


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
    global _forked, _blas_lock
    _forked = True
    _blas_lock = threading.Lock()  # another thread may have held it


_forked = False
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
