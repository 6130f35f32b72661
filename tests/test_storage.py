"""Files: what is saved comes back, damage is named, and a failed save costs nothing."""

import numpy as np
import pytest

import rbmbook as rb


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


# NumPy 1.26 leaves the half-written archive open; its finalizer then complains.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
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


def damaged(good, kind):
    """Ways the bytes of a file can be wrong."""
    middle = len(good) // 2
    flipped = bytes(255 - x for x in good[middle : middle + 8])
    return {
        "empty": b"",
        "text": b"not a model",
        "cut": good[:middle],
        "flipped": good[:middle] + flipped + good[middle + 8 :],
    }[kind]


@pytest.mark.parametrize("kind", ["empty", "text", "cut", "flipped", "foreign"])
def test_a_corrupt_file_is_a_value_error_naming_the_path(kind, tmp_path):
    path = tmp_path / "model.npz"
    if kind == "foreign":
        np.savez(path, something=np.arange(3))
    else:
        rb.RBM.random(30, 20, rng=1).save(path)
        path.write_bytes(damaged(path.read_bytes(), kind))
    with pytest.raises(ValueError, match=r"model\.npz"):
        rb.RBM.load(path)


MODELS = {
    "RBM": lambda: rb.RBM.random(3, 2, rng=1),
    "DBN": lambda: rb.DBN.random((3, 2, 2), rng=1),
    "DBM": lambda: rb.DBM.random((3, 2, 2), rng=1),
    "Autoencoder": lambda: rb.Autoencoder.random((3, 2), rng=1),
    "GAN": lambda: rb.GAN.random(2, 3, hidden=(3,), rng=1),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_file_that_lacks_an_array_is_a_value_error_with_a_reason(name, tmp_path):
    path = tmp_path / "model.npz"
    model = MODELS[name]()
    model.save(path)
    with np.load(path) as saved:
        arrays = dict(saved)
    last = [key for key in arrays if arrays[key].dtype.kind == "f"][-1]
    del arrays[last]
    with open(path, "wb") as file:
        np.savez(file, **arrays)
    with pytest.raises(ValueError, match=r"model\.npz': ."):
        type(model).load(path)


def test_loading_never_runs_code(tmp_path):
    """A pickled object in the file is refused, not opened."""

    class Trap:
        def __reduce__(self):
            return (exec, ("raise SystemExit('code from the file ran')",))

    path = tmp_path / "model.npz"
    with open(path, "wb") as file:
        np.savez(file, W=np.array([Trap()], dtype=object), a=np.zeros(1), b=np.zeros(1))
    with pytest.raises(ValueError, match=r"model\.npz"):
        rb.RBM.load(path)


def test_loading_a_missing_file_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        rb.RBM.load(tmp_path / "absent.npz")


def test_any_single_wrong_byte_is_noticed_or_harmless(tmp_path):
    """Every byte of a small file inverted in turn: a ValueError, or the same machine."""
    path = tmp_path / "model.npz"
    rbm = rb.RBM.random(3, 2, rng=1)
    rbm.save(path)
    good = path.read_bytes()
    noticed = 0
    for position in range(len(good)):
        wrong = bytes([255 - good[position]])
        path.write_bytes(good[:position] + wrong + good[position + 1 :])
        try:
            twin = rb.RBM.load(path)
        except ValueError as error:
            assert "model.npz" in str(error)
            noticed += 1
        else:
            for name in "Wab":
                np.testing.assert_array_equal(getattr(twin, name), getattr(rbm, name))
    assert noticed > len(good) / 2
