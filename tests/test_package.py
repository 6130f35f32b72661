"""The package as installed: what an import loads, where caches may live, what threads change."""

import importlib.metadata
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import rbmbook

PACKAGE = pathlib.Path(rbmbook.__file__).parent
USE = """
import numpy as np, rbmbook as rb
rbm = rb.RBM.random(6, 4, rng=0, scale=1.0)
print(rb.exact.log_partition(rbm) > 0, rb.gibbs.run(rbm, 5, 2, 0).shape)
"""


def python(code, **environment):
    """Run code in a new interpreter and return what it printed."""
    settings = {key: value for key, value in os.environ.items() if key not in environment}
    settings.update({key: value for key, value in environment.items() if value is not None})
    done = subprocess.run(
        [sys.executable, "-c", code], env=settings, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_from_a_wheel():
    """Whether the package was installed with its files, not as a path to a checkout."""
    try:
        files = importlib.metadata.files("rbmbook") or []
    except importlib.metadata.PackageNotFoundError:
        return False
    return "rbmbook/__init__.py" in {file.as_posix() for file in files}


def test_a_wheel_has_the_version_that_the_package_says():
    if not is_from_a_wheel():
        pytest.skip("this is a checkout; `make oldest` tests an installed wheel")
    assert importlib.metadata.version("rbmbook") == rbmbook.__version__


def test_a_type_checker_finds_the_marker_beside_the_package():
    """In a wheel too, which `make oldest` tests."""
    assert (PACKAGE / "py.typed").is_file()


def test_import_loads_no_plotting_learning_or_widget_library():
    loaded = python("import sys, rbmbook; print(*sys.modules)").split()
    heavy = {"matplotlib", "sklearn", "ipywidgets", "IPython", "pandas", "torch"}
    assert "rbmbook" in loaded and not heavy & set(loaded)


NOTEBOOK = """
import sys, types
import IPython, ipykernel.zmqshell
shell = types.SimpleNamespace(config={"IPKernelApp": {}})
IPython.get_ipython = lambda: shell
sys.modules["ipywidgets"] = None
import rbmbook as rb
print("imported", file=sys.stderr)
rb.fit(rb.RBM.random(3, 2), rb.exact.states(3), epochs=2)
"""


def test_a_notebook_without_ipywidgets_gets_a_bar_of_text_and_no_warning():
    pytest.importorskip("ipykernel")
    done = subprocess.run(
        [sys.executable, "-W", "always::UserWarning", "-c", NOTEBOOK],
        capture_output=True,
        text=True,
        timeout=300,
    )
    before, after = done.stderr.split("imported")
    assert done.returncode == 0 and "Tqdm" not in before and "IProgress" not in before, before
    assert "2/2" in after and "Warning" not in after


@pytest.mark.parametrize("streams", ["sys.stderr = sys.stdout = None", "sys.stderr.close()"])
def test_without_a_terminal_there_is_no_progress_bar_and_no_error(streams, tmp_path):
    """As in a daemon, or under pythonw."""
    python(f"""
import sys
{streams}
import rbmbook as rb
rb.fit(rb.RBM.random(3, 2), rb.exact.states(3), epochs=2)
open({str(tmp_path / "done")!r}, "w").close()
""")
    assert (tmp_path / "done").exists()


def test_import_is_silent_without_a_home_and_with_warnings_as_errors(tmp_path):
    code = "import warnings; warnings.simplefilter('error'); import rbmbook; print(1)"
    nowhere = str(tmp_path / "none" / "home")
    settings = {"HOME": nowhere, "XDG_CACHE_HOME": nowhere, "PYTHONDONTWRITEBYTECODE": "1"}
    assert python(code, **settings) == "1\n"


def test_import_does_not_touch_the_global_random_state():
    code = """
import numpy as np
np.random.seed(5); ref = np.random.random(); np.random.seed(5)
import rbmbook as rb
rb.gibbs.run(rb.RBM.random(3, 2), 4, 2, 0)
print(np.random.random() == ref)
"""
    assert python(code).split() == ["True"]


@pytest.mark.jit
def test_an_impossible_cache_folder_still_works(tmp_path):
    """A path below a regular file can be made by nobody, not even by root."""
    (tmp_path / "file").write_text("in the way")
    below = str(tmp_path / "file" / "cache")
    assert python(USE, NUMBA_CACHE_DIR=below).split() == ["True", "(5,", "6)"]


@pytest.mark.jit
def test_an_install_that_nobody_may_write_still_works(tmp_path):
    """``__pycache__`` is a regular file and there is no home folder: numba has no place left."""
    copy = tmp_path / "site" / "rbmbook"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in [copy, *(path for path in copy.rglob("*") if path.is_dir())]:
        (folder / "__pycache__").write_text("in the way")
    (tmp_path / "home").write_text("in the way")
    below = str(tmp_path / "home" / "below")
    where = f"import sys; sys.path.insert(0, {str(copy.parent)!r})\n"
    check = f"\nassert rb.__file__.startswith({str(copy)!r}), rb.__file__"
    out = python(
        where + USE + check,
        NUMBA_CACHE_DIR=None,
        HOME=below,
        XDG_CACHE_HOME=below,
        PYTHONDONTWRITEBYTECODE="1",
    )
    assert out.split() == ["True", "(5,", "6)"]
    assert (copy / "__pycache__").is_file()


THREADS = """
import hashlib, numpy as np, rbmbook as rb
digest = hashlib.sha256()
def add(*arrays):
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
for dtype in (np.float32, np.float64):
    rbm = rb.RBM.random(6, 5, rng=1, scale=1.0, dtype=dtype)
    add(np.float64(rb.exact.log_partition(rbm)), *rb.exact.expectations(rbm))
    v = rb.gibbs.run(rbm, 100, 20, 0)
    add(v, rbm.free_energy(v), *rb.exact.gradient(rbm, v))
    rb.fit(rbm, v, negative=rb.CD(2), epochs=3, batch_size=64, rng=0, progress=False)
    add(rbm.W, rbm.a, rbm.b)
print(digest.hexdigest())
"""


@pytest.mark.jit
def test_the_same_seed_gives_the_same_bits_with_one_and_two_threads():
    """Enumeration, chains and training, with numba and BLAS on one thread and on two.

    For the kernels this holds for every size (`test_threads.py`). For BLAS it is a fact of these
    sizes: OpenBLAS keeps products this small on one thread; larger ones it may split, and round
    differently, for which nothing is promised.
    """
    names = "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"
    one, two = (python(THREADS, **dict.fromkeys(names, n)) for n in ("1", "2"))
    assert one == two and len(one.strip()) == 64


@pytest.mark.jit
def test_enumeration_does_not_depend_on_the_number_of_threads():
    """A size whose 2^16 states are shared out among the threads."""
    code = """
import numpy as np, rbmbook as rb
rbm = rb.RBM.random(16, 20, rng=1, scale=1.0, dtype=np.float64)
found = rb.exact.expectations(rbm)
print(float(rb.exact.log_partition(rbm)).hex(), *(float(x).hex() for x in found.W.ravel()[:20]))
"""
    one, two = (python(code, NUMBA_NUM_THREADS=n, OPENBLAS_NUM_THREADS="1") for n in ("1", "2"))
    assert one == two
