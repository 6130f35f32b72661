"""Shards: files of several formats and lengths, chunks of a Dask array, and what is no shard."""

import os

import numpy as np
import pytest
from clusters import local_cluster
from numpy.testing import assert_array_equal

import rbmbook as rb
from rbmbook.distributed.packing import Packed, pack, unpack
from rbmbook.distributed.shards import Shards

OPTIONS = {"epochs": 2, "batch_size": 11, "progress": False}


def fitted(X, client, **options):
    rbm = rb.RBM.random(16, 8, rng=0)
    rb.distributed.fit(rbm, X, client, rb.PCD(1, chains=10), **(OPTIONS | options))
    return rbm


def parquet(X, path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.table({f"x{i}": column for i, column in enumerate(X.T)})
    parquet.write_table(table, path)


def zarr(X, path):
    array = pytest.importorskip("zarr").open_array(
        path, mode="w", shape=X.shape, chunks=(7, X.shape[1]), dtype=X.dtype
    )
    array[:] = X


def column_order(X, path):
    np.save(path, np.asfortranarray(X))


FORMATS = {
    ".npy": np.save,
    ".npy in column order": column_order,
    ".parquet": parquet,
    ".zarr": zarr,
}


@pytest.mark.parametrize("name", FORMATS)
def test_rows_are_those_of_the_shards_one_after_the_other(name, client, data, tmp_path):
    paths = []
    for s, rows in enumerate(np.split(data, [17, 60])):
        paths.append(tmp_path / f"shard{s}{name.split()[0]}")
        write = FORMATS[name]
        write(paths[-1], rows) if write is np.save else write(rows, paths[-1])
    shards = Shards(paths, client, 16)
    assert shards.shape == data.shape and shards.dtype == data.dtype
    index = np.random.default_rng(0).permutation(90)[:40]
    assert_array_equal(shards[index], data[index])
    assert_array_equal(shards[10:70], data[10:70])
    comp, ref = fitted(paths, client, parts=2), fitted(save_npy(data, tmp_path), client, parts=2)
    assert_array_equal(comp.W, ref.W)


def save_npy(X, folder):
    np.save(folder / "all.npy", X)
    return [folder / "all.npy"]


def test_how_rows_are_split_into_shards_and_stored_changes_no_bit(client, data, save, tmp_path):
    ref = fitted(save_npy(data, tmp_path), client)
    assert_array_equal(fitted(save(data), client).W, ref.W)
    assert_array_equal(fitted(save(data, [1, 2, 2, 88]), client).W, ref.W)
    assert_array_equal(fitted(save(data.astype(np.float32), [45]), client).W, ref.W)


def test_a_dask_array_is_its_rows_whatever_its_chunks(client, data, tmp_path):
    da = pytest.importorskip("dask.array")
    ref = fitted(save_npy(data, tmp_path), client)
    for chunks in (90, ((50, 0, 40), (16,)), (13, 5)):
        assert_array_equal(fitted(da.from_array(data, chunks=chunks), client).W, ref.W)
    X = da.from_array(np.repeat(data, 2, axis=0), chunks=(20, 16))
    unknown = X[da.from_array(np.arange(180) % 2 == 0, chunks=20)]
    assert np.isnan(unknown.shape[0])
    assert_array_equal(fitted(unknown, client).W, ref.W)


def test_a_bad_row_is_named_with_its_shard(client, data, save):
    data[60 + 3, 5] = 7
    with pytest.raises(
        ValueError, match=r"^X, shard 3 \('.*shard3.npy'\): .* 7 at row 3, column 5"
    ):
        fitted(save(data), client)


def test_a_bad_row_of_a_dask_array_is_named_with_its_chunk(client, data):
    da = pytest.importorskip("dask.array")
    X = data.astype(np.float32)
    X[41, 0] = np.nan
    with pytest.raises(ValueError, match=r"^X, chunk 2: .* nan at row 1, column 0"):
        fitted(da.from_array(X, chunks=(20, 16)), client)


def refused(X, client, error, words):
    with pytest.raises(error, match=words):
        fitted(X, client)


def test_what_is_no_shard_is_refused_by_name(client, data, save, tmp_path):
    paths = save(data)
    refused(data, client, TypeError, "^X: expected a Dask array or a list of paths, .* got ndarray")
    refused(str(paths[0]), client, TypeError, "^X: expected a Dask array or a list of paths")
    refused([], client, TypeError, "^X: expected")
    refused([data], client, TypeError, "^X, shard 0: expected a path, got ndarray")
    refused([*paths, tmp_path / "no.npy"], client, FileNotFoundError, "^X, shard 4 .*no such file")
    refused([tmp_path / "x.csv"], client, ValueError, r"^X, shard 0 .*\.npy or \.parquet or \.zarr")
    (tmp_path / "bad.npy").write_bytes(b"no array")
    refused([paths[0], tmp_path / "bad.npy"], client, ValueError, "^X, shard 1 .*cannot be read")
    np.save(tmp_path / "wide.npy", np.zeros((4, 17)))
    refused([*paths, tmp_path / "wide.npy"], client, ValueError, r"^X, shard 4 .*\(n, 16\).*17")
    np.save(tmp_path / "words.npy", np.full((4, 16), "a"))
    refused([tmp_path / "words.npy"], client, TypeError, "^X, shard 0 .*real numbers")
    np.save(tmp_path / "none.npy", np.zeros((0, 16)))
    refused([tmp_path / "none.npy"], client, ValueError, "^X: expected at least one row")


def test_states_travel_as_bits_and_other_arrays_as_they_are():
    rng = np.random.default_rng(0)
    bits = (rng.random((7, 13)) < 0.5).astype(np.float32)
    arrays = {"v": bits, "spins": 2 * bits - 1, "real": rng.random((3, 2)), "n": np.array(3)}
    packed = pack(arrays)
    assert [isinstance(x, Packed) for x in packed.values()] == [True, True, False, False]
    assert packed["v"].bits.nbytes == 12
    for name, array in unpack(packed).items():
        assert_array_equal(array, arrays[name])
        assert array.dtype == arrays[name].dtype


def test_a_shard_may_be_larger_than_a_workers_memory(tmp_path):
    """A worker that exceeds its memory is killed, at last with an error that ends the fit."""
    n, D, limit = 80_000, 784, 400_000_000
    X = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float64, (n, D))
    X[::1000] = np.random.default_rng(0).random((n // 1000, D)) < 0.5
    X.flush()
    del X
    assert (tmp_path / "x.npy").stat().st_size > 1.2 * limit
    from distributed import Client

    rbm = rb.RBM.random(D, 4, rng=0)
    with local_cluster(n_workers=1, memory_limit=limit) as cluster, Client(cluster) as client:
        pids = client.run(os.getpid)
        options = {"batch_size": 2000, "epochs": 1, "progress": False}
        rb.distributed.fit(rbm, [tmp_path / "x.npy"], client, rb.CD(1), **options)
        assert client.run(os.getpid) == pids
