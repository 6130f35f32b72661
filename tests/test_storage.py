"""Files: what is saved comes back, damage is named, and a failed save costs nothing."""

import os
import subprocess
import sys
import threading
import zipfile

import numpy as np
import pytest
from refused_files import refused

import rbmbook as rb
from rbmbook import storage

posix = pytest.mark.skipif(os.name != "posix", reason="no symbolic links, pipes or locks")


def saved(tmp_path):
    """A file with a small machine, and the machine."""
    path, rbm = tmp_path / "model.npz", rb.RBM.random(3, 2, rng=1, visible=rb.Gaussian())
    rbm.save(path)
    return path, rbm


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["model.npz", "model", "a.b"])
def test_save_and_load_give_the_same_machine(theta, dtype, name, tmp_path):
    rbm = rb.RBM(*(parameter.astype(dtype) for parameter in theta))
    rbm.save(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    twin = rb.RBM.load(str(tmp_path / name))
    assert twin.dtype == dtype
    assert twin.visible == rbm.visible and twin.hidden == rbm.hidden
    for parameter in "Wab":
        np.testing.assert_array_equal(getattr(twin, parameter), getattr(rbm, parameter))


def test_a_save_that_fails_leaves_the_old_file(tmp_path):
    """A write refused half way: a limit on the size of files stands in for a full disk."""
    resource = pytest.importorskip("resource")  # not on Windows
    path = tmp_path / "model.npz"
    rb.RBM.random(3, 2, rng=1).save(path)
    before = path.read_bytes()
    big = rb.RBM.random(200, 200, rng=2)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(OSError):
            big.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_loading_a_missing_file_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        rb.RBM.load(tmp_path / "absent.npz")


# -- where a file goes -----------------------------------------------------------------------------
@posix
@pytest.mark.parametrize("there", [True, False])
def test_saving_through_a_symbolic_link_keeps_the_link(there, tmp_path):
    folder, link = tmp_path / "folder", tmp_path / "link.npz"
    folder.mkdir()
    target = folder / "model.npz"
    if there:
        target.write_bytes(b"old")
    link.symlink_to("folder/model.npz")
    rbm = rb.RBM.random(3, 2, rng=1)
    rbm.save(link)
    assert link.is_symlink() and not target.is_symlink()
    assert rb.RBM.load(target) == rb.RBM.load(link) == rbm
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["folder", "link.npz", "model.npz"]


@posix
def test_a_file_keeps_its_permissions_and_a_new_one_has_the_usual(tmp_path):
    path, rbm = saved(tmp_path)
    (tmp_path / "other").write_bytes(b"")
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode
    path.chmod(0o640)
    rbm.save(path)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_missing_folder_and_a_folder_in_the_place_are_named(tmp_path):
    rbm = rb.RBM.random(3, 2)
    with pytest.raises(FileNotFoundError, match=r"no folder '.*absent'.*absent.model\.npz"):
        rbm.save(tmp_path / "absent" / "model.npz")
    with pytest.raises(IsADirectoryError, match=tmp_path.name):
        rbm.save(tmp_path)
    with pytest.raises(OSError, match=r"folder|directory|Permission"):
        rb.RBM.load(tmp_path)


@posix
def test_a_pipe_is_neither_read_nor_replaced(tmp_path):
    path = tmp_path / "model.npz"
    os.mkfifo(path)
    refused(path, "no regular file")
    with pytest.raises(OSError, match="device or pipe"):
        rb.RBM.random(3, 2).save(path)
    assert path.is_fifo()


KILLED = """
import os, sys, numpy as np
from rbmbook import storage
class Deadly:
    def __array__(self, dtype=None, copy=None):
        os.kill(os.getpid(), 9)
storage.write(sys.argv[1], "RBM", {"W": np.zeros((100, 100)), "a": Deadly()})
"""


@posix
def test_what_killed_processes_leave_does_not_pile_up(tmp_path):
    path, rbm = saved(tmp_path)
    before = path.read_bytes()
    for _ in range(2):
        found = subprocess.run([sys.executable, "-c", KILLED, path], check=False)
        assert found.returncode == -9
        assert len(list(tmp_path.iterdir())) == 2 and path.read_bytes() == before
    rbm.save(path)
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupt_while_saving_leaves_the_old_file(tmp_path):
    class Interrupted:
        def __array__(self, dtype=None, copy=None):
            raise KeyboardInterrupt

    path, rbm = saved(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        storage.write(path, "RBM", {"W": np.zeros((100, 100)), "a": Interrupted()})
    assert list(tmp_path.iterdir()) == [path] and rb.RBM.load(path) == rbm


@posix
def test_what_another_process_is_writing_is_left_alone(tmp_path):
    import fcntl

    path, rbm = saved(tmp_path)
    other = tmp_path / ".rbmbook-0123.tmp"
    with open(other, "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        rbm.save(path)
        assert other.exists()
    rbm.save(path)
    assert not other.exists()


def test_threads_that_save_to_one_place_leave_one_whole_file(tmp_path):
    path = tmp_path / "model.npz"
    machines = [rb.RBM.random(30, 20, rng=i) for i in range(4)]
    errors = []

    def work(rbm):
        try:
            for _ in range(10):
                rbm.save(path)
                assert rb.RBM.load(path) in machines
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=[rbm]) for rbm in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and list(tmp_path.iterdir()) == [path]


def test_any_reader_of_npz_reads_the_arrays(tmp_path):
    path, rbm = saved(tmp_path)
    with np.load(path, allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["W"], rbm.W)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None


# -- damage ----------------------------------------------------------------------------------------
def test_any_wrong_bit_is_noticed(tmp_path):
    """In every byte of a small file another one is inverted."""
    path, _ = saved(tmp_path)
    good = path.read_bytes()
    for position in range(len(good)):
        wrong = bytes([good[position] ^ 1 << position % 8])
        path.write_bytes(good[:position] + wrong + good[position + 1 :])
        refused(path, "checksum")


def test_a_file_that_is_cut_anywhere_or_longer_is_refused(tmp_path):
    path, rbm = saved(tmp_path)
    good = path.read_bytes()
    for size in range(len(good)):
        path.write_bytes(good[:size])
        refused(path, "checksum")
    for more in (b"\0", good[-64:], good):
        path.write_bytes(good + more)
        refused(path, "checksum")
    path.write_bytes(good)
    assert rb.RBM.load(path) == rbm


@pytest.mark.parametrize("content", [b"", b"not a model", bytes(1000)])
def test_what_is_no_file_of_ours_is_refused(content, tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    refused(path, "checksum")


def test_an_archive_of_others_is_refused(tmp_path):
    path = tmp_path / "model.npz"
    np.savez(path, W=np.ones((3, 2)), a=np.zeros(3), b=np.zeros(2))
    refused(path, "checksum")


@pytest.mark.parametrize("number", [1, 3, None, "2"])
def test_a_file_of_another_format_is_refused_by_its_number(number, tmp_path):
    path, rbm = tmp_path / "model.npz", rb.RBM.random(3, 2)
    meta = {"description": rbm.description(), "format": number}
    storage.write(path, "RBM", rbm.arrays(), **meta)
    refused(path, f"format 2, got kind 'RBM', format {number!r}")


def test_no_file_is_written_that_could_not_be_read(tmp_path):
    path, rbm = saved(tmp_path)
    with pytest.raises(ValueError, match="meta: expected at most"):
        storage.write(path, "RBM", {}, text=" " * storage.META_BYTES)
    for name, array in {"../W": np.zeros(3), "W": np.array([None]), "a": np.array("x")}.items():
        with pytest.raises(ValueError, match=f"names and numbers, got '{name}'"):
            storage.write(path, "RBM", {name: array})
    assert rb.RBM.load(path) == rbm and list(tmp_path.iterdir()) == [path]


# -- into arrays that are there --------------------------------------------------------------------
def test_fill_copies_all_arrays_or_none():
    targets = {"W": np.zeros((3, 2)), "n": np.zeros(2, int), "W.T": np.zeros((2, 3)).T}
    good = {"W": np.ones((3, 2)), "n": np.ones(2, int), "W.T": np.full((3, 2), 2.0)}
    wrong = [
        {**good, "n": np.ones(1, int)},
        {**good, "n": np.ones(2)},
        {**good, "W.T": np.full((3, 2), np.nan)},
        {**good, "x": np.ones(2)},
        {"W": good["W"], "n": good["n"]},
    ]
    for saved in wrong:
        with pytest.raises(ValueError, match=r"run\.npz': the array '(n|W.T|x)'"):
            storage.fill(targets, saved, "run.npz")
        assert not any(target.any() for target in targets.values())
    storage.fill(targets, good, "run.npz")
    for name in good:
        np.testing.assert_array_equal(targets[name], good[name])
    storage.fill(targets, wrong[2], "run.npz", may_be_nan=["W.T"])
    assert np.isnan(targets["W.T"]).all()
