"""The one place that decides how kernels are compiled, and how machine code is kept on disk.

Numba's own cache raises when a file of it is damaged or cannot be written, and it would run what
it finds: machine code is not checked, and two processes that write at once can leave the code for
one signature under the name of another. So the files here are ours: one for each signature, found
by its name, written whole or not at all, and used only if its digest and its signature fit.
"""

import contextlib
import hashlib
import os
import pickle
import uuid
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

import numba
from numba.core.caching import FunctionCache
from numba.core.serialize import dumps

# What numba.prange does not name is not shared out, such as x[:] = 0.
ONLY_PRANGE = dict.fromkeys(
    ("comprehension", "fusion", "inplace_binop", "numpy", "reduction", "setitem", "stencil"), False
) | {"prange": True}


def jit(function: Callable, parallel: bool = False) -> Callable:
    """Compile `function` without the interpreter, without the GIL, with NumPy's division.

    With `parallel`, the passes of a `numba.prange` loop are shared among threads.

    ``error_model="numpy"`` drops Python's zero-division test, which would keep LLVM from using
    vector instructions. ``fastmath`` stays off: it would make NaN and infinity meaningless.

    The machine code is cached on disk, in ``NUMBA_CACHE_DIR`` or beside the source or in the
    user's cache folder. Where no folder can be written, or what is there is damaged, now or at any
    later time, the kernel is compiled in memory, without a word.
    """
    shared = ONLY_PRANGE if parallel else False
    compiled = numba.njit(function, error_model="numpy", nogil=True, parallel=shared)
    if hasattr(compiled, "enable_caching"):  # not under NUMBA_DISABLE_JIT
        # mostly "no locator available", but nothing that a file system does may stop an import
        with contextlib.suppress(Exception):
            compiled._cache = KernelCache(function)
    return compiled


class KernelCache(FunctionCache):
    """Numba's cache of a function's machine code; whatever fails is as if nothing were there.

    Code is compiled into its callers: a function's stamp has the files of all that it calls.
    """

    def __init__(self, function: Callable) -> None:
        super().__init__(function)
        files = [os.stat(path) for path in _sources(function) if os.path.isfile(path)]
        changes = [(file.st_mtime_ns, file.st_size) for file in files]
        stamp = self._impl.locator.get_source_stamp(), changes
        self._cache_file = KernelFiles(self._cache_path, self._impl.filename_base, stamp)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The machine code for a signature, or None."""
        with contextlib.suppress(Exception):
            return super().load_overload(sig, target_context)

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the machine code for a signature, if that is possible."""
        with contextlib.suppress(Exception):
            super().save_overload(sig, data)


def _sources(function: Callable) -> list[str]:
    """The files of a function and of all that it calls by global names, in rising order."""
    found: set[CodeType] = set()
    ahead: list[Any] = [function]
    while ahead:
        called = ahead.pop()
        called = getattr(called, "py_func", called)  # what was compiled
        if isinstance(called, FunctionType) and called.__code__ not in found:
            found.add(called.__code__)
            ahead += [called.__globals__.get(name) for name in called.__code__.co_names]
    return sorted({code.co_filename for code in found})


class KernelFiles:
    """One file for each key: a digest, and what was pickled.

    Parameters
    ----------
    folder : path
    base : str
        How the names of the files begin.
    stamp : object
        Of the source: what was saved under another one is not loaded.
    """

    def __init__(self, folder: str, base: str, stamp: Any) -> None:
        self.folder = folder
        self.base = base
        self.stamp = stamp

    def path(self, key: Any) -> str:
        """The file of a key."""
        name = hashlib.sha256(repr((numba.__version__, key)).encode()).hexdigest()[:16]
        return os.path.join(self.folder, f"{self.base}-{name}.nbc")

    def load(self, key: Any) -> Any:
        """What was saved under the key; raises, or returns None, if it is not there whole."""
        path = self.path(key)
        if not os.path.isfile(path):  # what reads from a pipe or a device may wait for ever
            return None
        with open(path, "rb") as file:
            digest, content = file.read(32), file.read()
        if hashlib.sha256(content).digest() != digest:
            return None
        stamp, saved_key, data = pickle.loads(content)
        return data if (stamp, saved_key) == (self.stamp, key) else None

    def save(self, key: Any, data: Any) -> None:
        """Write through a temporary file beside, since other processes may read and write."""
        content = dumps((self.stamp, key, data))
        path = self.path(key)
        temporary = f"{path}.{uuid.uuid4().hex[:16]}.tmp"
        try:
            with open(temporary, "wb") as file:
                file.write(hashlib.sha256(content).digest() + content)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def flush(self) -> None:
        """Forget what is kept for this function."""
        with contextlib.suppress(OSError):
            for name in os.listdir(self.folder):
                if name.startswith(f"{self.base}-") and name.endswith(".nbc"):
                    os.unlink(os.path.join(self.folder, name))
