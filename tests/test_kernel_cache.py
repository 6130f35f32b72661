"""Machine code on disk: used where it is whole, made again where it is not, and never in the way.

Most tests compile one small kernel in a module of its own, whose import stands for a new process.
"""

import builtins
import errno
import importlib.util
import itertools
import os
import subprocess
import sys

import numba
import numpy as np
import pytest

from rbmbook import _jit

pytestmark = pytest.mark.jit

SOURCE = """
from rbmbook._jit import jit

@jit
def scale(x, out):
    for i in range(x.size):
        out[i] = FACTOR * x[i]
"""
numbers = itertools.count()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where machine code is kept."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def new(tmp_path, folder):
    """A function that gives the kernel as a new process would have it."""

    def load(factor=3):
        path = tmp_path / "module.py"
        source = SOURCE.replace("FACTOR", str(factor))
        if not path.exists() or path.read_text() != source:
            path.write_text(source)
            os.utime(path, (0, next(numbers)))
        spec = importlib.util.spec_from_file_location(f"module_{next(numbers)}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.scale

    return load


def run(kernel, dtype=np.float64, factor=3):
    """Call the kernel, check what it gives, and return whether its code came from the disk."""
    hits = sum(kernel.stats.cache_hits.values())
    x = np.arange(5, dtype=dtype)
    out = np.empty_like(x)
    kernel(x, out)
    np.testing.assert_array_equal(out, factor * x)
    return sum(kernel.stats.cache_hits.values()) > hits


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_machine_code_is_found_again_by_each_signature(new, folder):
    first = new()
    assert not run(first) and not run(first, np.float32)
    assert len(files(folder)) == 2
    second = new()
    assert run(second) and run(second, np.float32)


def test_machine_code_of_another_source_is_not_used(new, folder):
    run(new(3))
    assert not run(new(4), factor=4)
    assert run(new(4), factor=4)


def flip(place):
    def damage(content):
        position = int(place * (len(content) - 1))
        return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]

    return damage


DAMAGE = {
    "emptied": lambda content: b"",
    "cut at the digest": lambda content: content[:32],
    "cut in the middle": lambda content: content[: len(content) // 2],
    "one byte short": lambda content: content[:-1],
    "one byte longer": lambda content: content + b"\0",
    "noise": lambda content: np.random.default_rng(0).bytes(len(content)),
    "zeros": lambda content: bytes(len(content)),
    "text": lambda content: b"404 not found",
} | {f"a bit flipped at {place}": flip(place) for place in (0, 0.3, 0.9)}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_machine_code_is_made_again(new, folder, damage):
    run(new())
    (file,) = files(folder)
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert not run(new())
    assert run(new())  # and the file was mended


def test_machine_code_of_another_signature_is_not_used(new, folder):
    """As it is left there by two processes that number their files at the same time."""
    run(new())
    (double,) = files(folder)
    run(new(), np.float32)
    (single,) = set(files(folder)) - {double}
    single.write_bytes(double.read_bytes())
    assert not run(new(), np.float32)


def test_a_folder_in_place_of_a_file_is_passed_over(new, folder):
    run(new())
    (file,) = files(folder)
    file.unlink()
    file.mkdir()
    assert not run(new())
    assert not files(folder)  # no temporary file stays


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_a_file_is_not_waited_for(new, folder):
    run(new())
    (file,) = files(folder)
    file.unlink()
    os.mkfifo(file)
    assert not run(new())
    assert run(new())  # the pipe has been replaced


def test_a_cache_folder_that_vanishes_between_calls_is_made_again(new, folder):
    kernel = new()
    run(kernel)
    for file in files(folder):
        file.unlink()
        file.parent.rmdir()
    assert not run(kernel, np.float32)
    assert run(new(), np.float32)


def test_a_cache_folder_that_becomes_a_file_is_passed_over(new, folder):
    kernel = new()
    (below,) = folder.iterdir()
    below.rmdir()
    below.write_text("in the way")
    assert not run(kernel) and not run(kernel, np.float32)
    assert below.read_text() == "in the way"


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("open", errno.EACCES),
        ("open", errno.EROFS),
        ("write", errno.ENOSPC),
        ("write", errno.EDQUOT),
        ("replace", errno.EACCES),
    ],
)
def test_a_disk_that_cannot_be_written_is_passed_over(new, folder, monkeypatch, code, place):
    kernel = new()

    def fail(*args, **options):
        raise OSError(code, os.strerror(code))

    def opened(path, mode):
        file = builtins.open(path, mode)
        if mode == "wb":
            file.close()
            fail()
        return file

    if place == "replace":
        monkeypatch.setattr(os, "replace", fail)
    else:
        monkeypatch.setattr(_jit, "open", fail if place == "open" else opened, raising=False)
    assert not run(kernel) and not run(kernel)
    assert not files(folder)


def test_files_that_may_not_be_read_are_passed_over(new, folder, monkeypatch):
    run(new())
    (file,) = files(folder)
    file.chmod(0)  # says nothing to root

    def denied(path, mode):
        raise PermissionError(errno.EACCES, "another user's file", path)

    monkeypatch.setattr(_jit, "open", denied, raising=False)
    assert not run(new())


def test_a_cache_that_cannot_be_made_at_import_is_done_without(new, monkeypatch):
    def fail(*args):
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(_jit, "KernelCache", fail)
    kernel = new()
    assert kernel.stats.cache_path is None
    assert not run(kernel)


USE = """
import numpy as np, rbmbook as rb
{between}
rbm = rb.RBM.random(6, 3, rng=0, scale=1.0)
rb.fit(rbm, rb.exact.states(6), epochs=2, rng=0, progress=False)
print(rbm.W.tobytes().hex(), rb.gibbs.run(rbm, 3, 2, 0).ravel())
"""
FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"


def use(folder, between=""):
    """What a new interpreter prints that keeps machine code in the folder."""
    # without `make coverage`, which could not write a report where no file may grow
    environment = {key: x for key, x in os.environ.items() if not key.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", USE.format(between=between)],
        env=environment | {"NUMBA_CACHE_DIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def test_training_is_the_same_with_a_whole_a_damaged_and_a_full_cache(tmp_path):
    """All kernels of a fit, in processes of their own, where a wrong one could end the process."""
    whole = use(tmp_path / "cache")
    for file in files(tmp_path / "cache"):
        content = file.read_bytes()
        half = len(content) // 2
        file.write_bytes(content[:half] + bytes(16) + content[half + 16 :])
    assert use(tmp_path / "cache") == whole
    if sys.platform != "win32":
        assert use(tmp_path / "none", FULL) == whole
        assert not files(tmp_path / "none")
