"""Run a command on this machine as if its processor were another one.

The last digits of a sum or an exponential depend on the instructions that a processor has: NumPy,
OpenBLAS, numba and the C library each choose among several versions of their loops when they start,
and each has a variable that forbids the newer ones. Whatever a test compares or a chapter prints
must come out the same with all of them set::

    python tools/elsewhere.py COMMAND ...                  NumPy, numba and the C library
    python tools/elsewhere.py --blas Nehalem COMMAND ...   OpenBLAS as well (Haswell, SkylakeX, ...)

Before the command runs, a short probe is run natively and in disguise, and the difference is shown.
A part of the disguise that this machine lacks is skipped, and so said.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

CACHE = Path(__file__).resolve().parents[1] / ".numba_elsewhere"  # not among the native kernels

PROBE = """
import hashlib, json, math
import numpy as np
from llvmlite import binding
from numba import config
from threadpoolctl import threadpool_info
try:
    from numpy._core import _multiarray_umath as core
except ImportError:  # NumPy 1
    from numpy.core import _multiarray_umath as core
x = np.linspace(-5.0, 5.0, 20001)
powers = [function(value) for value in x.tolist() for function in (math.exp, math.sin, math.cos)]
digest = lambda values: hashlib.sha1(np.asarray(values).tobytes()).hexdigest()[:8]
print(json.dumps({
    "NumPy's instructions": [f for f in core.__cpu_dispatch__ if core.__cpu_features__.get(f)],
    "last bits of NumPy's exp": digest(np.exp(x.astype(np.float32))),
    "numba's processor": config.CPU_NAME or binding.get_host_cpu_name(),
    "last bits of the C library's exp, sin and cos": digest(powers),
    "OpenBLAS kernels": sorted({
        blas["architecture"] for blas in threadpool_info() if blas["internal_api"] == "openblas"
    }),
}))
"""


def probe(disguise: dict[str, str]) -> dict[str, object] | None:
    """Return what a new interpreter sees with these variables set, None if it dies of them."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE], env=os.environ | disguise, capture_output=True, text=True
    )
    return json.loads(done.stdout) if done.returncode == 0 else None


def variables(native: dict[str, object]) -> dict[str, str]:
    """Return the disguise, without the names that this machine would not understand."""
    disguise = {
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
        "NUMBA_CACHE_DIR": str(CACHE),
    }
    if native["NumPy's instructions"]:  # NumPy warns of a name that the processor does not have
        disguise["NPY_DISABLE_CPU_FEATURES"] = " ".join(native["NumPy's instructions"])
    if platform.machine() in ("x86_64", "AMD64") and platform.libc_ver()[0] == "glibc":
        disguise["GLIBC_TUNABLES"] = "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F"
    return disguise


def put_on(blas: str | None) -> dict[str, str]:
    """Return the variables to set; print what each part of the machine becomes."""
    native = probe({})
    if native is None:
        sys.exit("elsewhere: the probe fails on this machine as it is")
    disguise = variables(native)
    disguised = None
    if blas and native["OpenBLAS kernels"]:
        disguised = probe(disguise | {"OPENBLAS_CORETYPE": blas})
        if disguised:
            disguise["OPENBLAS_CORETYPE"] = blas
        else:
            print(f"elsewhere: SKIPPED, this processor cannot run OpenBLAS's kernels for {blas}")
    disguised = disguised or probe(disguise)
    if disguised is None:
        sys.exit(f"elsewhere: the probe fails in disguise: {disguise}")
    for name, before in native.items():
        after = disguised[name]
        changed = f"{before} -> {after}" if before != after else f"SKIPPED, it stays {before}"
        asked = blas or not name.startswith("OpenBLAS")
        print(f"elsewhere: {name}: {changed if asked else f'{before}, as it is'}")
    return disguise


def main() -> int:
    """Put the disguise on and run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blas", metavar="CORE", help="the kernels that OpenBLAS is to take")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the command to run in disguise")
    arguments = parser.parse_args()
    disguise = put_on(arguments.blas)
    sys.stdout.flush()
    return subprocess.run(arguments.command, env=os.environ | disguise).returncode


if __name__ == "__main__":
    sys.exit(main())
