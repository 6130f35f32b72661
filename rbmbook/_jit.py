"""The one place that decides how kernels are compiled."""

from collections.abc import Callable

import numba


def jit(function: Callable) -> Callable:
    """Compile `function` without the interpreter, without the GIL, with NumPy's division.

    ``error_model="numpy"`` drops Python's zero-division test, which would keep LLVM from using
    vector instructions. ``fastmath`` stays off: it would make NaN and infinity meaningless.

    The machine code is cached on disk where a folder for it can be written. Where none can (a
    read-only installation without a home folder), the kernel is compiled anew in each process.
    """
    options = {"error_model": "numpy", "nogil": True}
    try:
        return numba.njit(function, cache=True, **options)
    except RuntimeError:  # numba: "no locator available"
        return numba.njit(function, **options)
