"""The disguise of `make elsewhere` reaches the programs that it runs."""

import json
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[1] / "tools" / "elsewhere.py"
SEEN = """
import json, warnings
warnings.simplefilter("error")  # NumPy warns of a name that it does not know
import numpy as np
from numba import config
from threadpoolctl import threadpool_info
try:
    from numpy._core import _multiarray_umath as core
except ImportError:
    from numpy.core import _multiarray_umath as core
print(json.dumps({
    "numpy": [f for f in core.__cpu_dispatch__ if core.__cpu_features__.get(f)],
    "numba": config.CPU_NAME,
    "cache": config.CACHE_DIR,
    "blas": [b["architecture"] for b in threadpool_info() if b["internal_api"] == "openblas"],
}))
"""


def test_a_command_in_disguise_sees_another_processor_and_its_failure_is_passed_on():
    code = [sys.executable, "-c", SEEN + "raise SystemExit(3)"]
    command = [sys.executable, str(TOOL), "--blas", "Nehalem", *code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 3 and not done.stderr, done.stderr
    *told, seen = done.stdout.splitlines()
    seen = json.loads(seen)
    assert seen["numpy"] == [] and seen["numba"] == "generic"
    assert Path(seen["cache"]) == TOOL.parents[1] / ".numba_elsewhere"
    skipped = any(line.startswith("elsewhere: OpenBLAS kernels: SKIPPED") for line in told)
    assert skipped or set(seen["blas"]) == {"Nehalem"}
    assert any(line.startswith("elsewhere: numba's processor:") for line in told)
