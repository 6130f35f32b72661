"""The rows of a data set that lies in shards: files, or the chunks of a Dask array."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rbmbook import validation
from rbmbook.machine.units import Unit
from rbmbook.training import checkpoint

Wanted = list[tuple[int, np.ndarray]]  # numbers of sources, and of the rows wanted of each


def joined(
    rows: Any,
    ends: np.ndarray,
    shape: tuple[int, int],
    dtype: np.dtype,
    read_all: Callable[[Wanted], Iterable[np.ndarray]],
) -> np.ndarray:
    """Some rows of sources that lie one after the other.

    Parameters
    ----------
    rows : slice or int array
    ends : int array
        The number of the row behind the last one of each source.
    shape, dtype
        Of all rows.
    read_all : callable
        Called with what is wanted of each source that is needed; returns it, in the same order.
    """
    index = np.arange(*rows.indices(shape[0])) if isinstance(rows, slice) else rows
    owner, starts = np.searchsorted(ends, index, side="right"), np.append(0, ends)
    places = {int(s): np.flatnonzero(owner == s) for s in np.unique(owner)}
    found = read_all([(s, index[place] - starts[s]) for s, place in places.items()])
    out = np.empty((len(index), shape[1]), dtype)
    for place, block in zip(places.values(), found, strict=True):
        out[place] = block
    return out


class Piece(NamedTuple):
    """Rows of one shard, called `name` in errors: those from `start` to `stop`."""

    name: str
    start: int
    stop: int


class Part(validation.Rows):
    """Rows that lie in several shards, where they can be read: what a worker sees of the data.

    Parameters
    ----------
    pieces : sequence of Piece
        In the order of the rows.
    sources : sequence of paths or arrays
        The shards of these pieces.
    shape, dtype
        Of the rows.
    """

    def __init__(
        self, pieces: Sequence[Piece], sources: Sequence[Any], shape: Any, dtype: np.dtype
    ) -> None:
        self.pieces, self.sources, self.shape, self.dtype = pieces, sources, shape, dtype
        self.ends = np.cumsum([piece.stop - piece.start for piece in pieces])

    def __getitem__(self, rows: Any) -> np.ndarray:
        def read_all(wanted: Wanted) -> Iterator[np.ndarray]:
            return (read(self.sources[p], own + self.pieces[p].start) for p, own in wanted)

        return joined(rows, self.ends, self.shape, self.dtype, read_all)

    def check(self, unit: Unit, dtype: np.dtype) -> None:
        """Raise ValueError, with shard and row, unless all values are states or means of a unit."""
        for piece, source in zip(self.pieces, self.sources, strict=True):
            for start in range(piece.start, piece.stop, validation.BLOCK_ROWS):
                rows = np.arange(start, min(start + validation.BLOCK_ROWS, piece.stop))
                x = read(source, rows)
                validation.domain(f"X, {piece.name}", x, unit, True, dtype, first_row=start)


def opened(source: Any) -> Any:
    """A shard as something that gives the rows of an index: an array, or a file."""
    return source if isinstance(source, np.ndarray) else OPENED[Path(source).suffix](source)


class _Npy:
    """An array in a file, of which the rows are read that are asked for.

    They are read, not mapped: what has been touched of a mapped file counts as memory of the
    worker, and one that has gone through a large file would be stopped for it.
    """

    def __init__(self, path: str) -> None:
        self.path, self.mapped = path, np.load(path, mmap_mode="r", allow_pickle=False)
        self.shape, self.dtype = self.mapped.shape, self.mapped.dtype

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        if not (isinstance(self.mapped, np.memmap) and self.mapped.flags.c_contiguous):
            return self.mapped[rows]
        out = np.empty((len(rows), self.shape[1]), self.dtype)
        starts = np.flatnonzero(np.diff(rows, prepend=-2) != 1)  # of runs of neighbours
        with open(self.path, "rb", buffering=0) as file:
            for first, last in pairwise([*starts, len(rows)]):
                file.seek(self.mapped.offset + int(rows[first]) * out.strides[0])
                file.readinto(out[first:last].data)
        return out


class _Zarr:
    """An array of which the chunks are read that hold the rows asked for."""

    def __init__(self, path: str) -> None:
        import zarr

        self.array = zarr.open_array(path, mode="r")
        self.shape, self.dtype = self.array.shape, self.array.dtype

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        order, place = np.unique(rows, return_inverse=True)
        return np.asarray(self.array.oindex[order])[place]


def parquet(path: str) -> np.ndarray:
    """All of a table: its rows cannot be read one by one."""
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)
    columns = [column.to_numpy() for column in table.columns]
    return np.stack(columns, axis=1) if columns else np.empty((table.num_rows, 0))


OPENED: dict[str, Callable[[str], Any]] = {".npy": _Npy, ".parquet": parquet, ".zarr": _Zarr}


def look(source: Any, name: str) -> tuple[tuple[int, ...], np.dtype]:
    """The shape and the dtype of a shard; ValueError with its name if it cannot be read."""
    try:
        found = opened(source)
    except ImportError:
        raise
    except FileNotFoundError:
        raise FileNotFoundError(f"X, {name}: there is no such file") from None
    except Exception as error:  # what is not such a file shows it in many ways
        raise ValueError(f"X, {name}: cannot be read: {error or type(error).__name__}") from error
    return tuple(found.shape), np.dtype(found.dtype)


def read(source: Any, rows: np.ndarray) -> np.ndarray:
    """Some rows of a shard."""
    return np.asarray(opened(source)[rows])


class Shards(validation.Rows):
    """The rows of all shards, one after the other, which the workers of a cluster can read.

    Parameters
    ----------
    X : (n, D) Dask array, or sequence of paths
    client : Client
    D : int ≥ 1
        How many columns there have to be.
    """

    def __init__(self, X: Any, client: Any, D: int) -> None:
        self.client = client
        self.names, self.sources = _chunks(X, client) if is_dask(X) else _files(X, client)
        found = client.gather(client.map(look, self.sources, self.names, pure=False))
        for name, (shape, dtype) in zip(self.names, found, strict=True):
            if len(shape) != 2 or shape[1] != D:
                raise ValueError(f"X, {name}: expected shape (n, {D}), got {shape}")
            if dtype.kind not in validation.REAL_KINDS:
                raise TypeError(f"X, {name}: expected real numbers, got an array of {dtype}")
        self.ends = np.cumsum([shape[0] for shape, _ in found])
        self.shape = int(self.ends[-1]), D
        self.dtype = np.result_type(*(dtype for _, dtype in found)).newbyteorder("=")
        if not self.shape[0]:
            raise ValueError(f"X: expected at least one row, got {len(found)} empty shards")

    def part(self, first: int, last: int) -> tuple[Any, ...]:
        """What a `Part` of the rows from `first` to `last` is made of; futures for its chunks."""
        pieces, sources, start = [], [], 0
        for name, source, end in zip(self.names, self.sources, self.ends, strict=True):
            rows = max(first, start) - start, min(last, end) - start
            if rows[0] < rows[1]:
                pieces.append(Piece(name, *map(int, rows)))
                sources.append(source)
            start = end
        return pieces, sources, (last - first, self.shape[1]), self.dtype

    def __getitem__(self, rows: Any) -> np.ndarray:
        def read_all(wanted: Wanted) -> list[np.ndarray]:
            submit, sources = self.client.submit, self.sources
            return self.client.gather([submit(read, sources[s], x, pure=False) for s, x in wanted])

        return joined(rows, self.ends, self.shape, self.dtype, read_all)

    def fingerprint(self) -> str:
        """A digest of all numbers, and of how they are split into shards, for checkpoints."""
        ends = [0, *map(int, self.ends)]
        parts = [self.part(*pair) for pair in pairwise(ends) if pair[0] < pair[1]]
        found = self.client.gather(self.client.map(_fingerprint, parts, pure=False))
        return hashlib.blake2b("".join(found).encode(), digest_size=16).hexdigest()


def _fingerprint(pieces: Any) -> str:
    return checkpoint.fingerprint(Part(*pieces))


def is_dask(X: Any) -> bool:
    """Whether X is a Dask array."""
    import dask.array

    return isinstance(X, dask.array.Array)


def _chunks(X: Any, client: Any) -> tuple[list[str], list[Any]]:
    """The chunks of a Dask array, each with all columns, held by the workers."""
    if X.ndim != 2:
        raise ValueError(f"X: expected shape (n, D), one row per example, got {X.shape}")
    whole = X if X.numblocks[1] == 1 else X.rechunk({1: -1})
    chunks = whole.to_delayed().ravel().tolist()
    return [f"chunk {i}" for i in range(len(chunks))], client.compute(chunks)


def _files(X: Any, client: Any) -> tuple[list[str], list[Any]]:
    """The files of a list; tables of Parquet are read as a whole, and held by the workers."""
    if isinstance(X, str | os.PathLike) or not isinstance(X, Sequence) or not len(X):
        raise TypeError(
            f"X: expected a Dask array or a list of paths, one of each shard, got {_described(X)}"
        )
    names, sources = [], []
    for i, path in enumerate(X):
        if not isinstance(path, str | os.PathLike):
            raise TypeError(f"X, shard {i}: expected a path, got {_described(path)}")
        path = os.fspath(Path(path).absolute())
        names.append(f"shard {i} ({path!r})")
        read_file = OPENED.get(Path(path).suffix)
        if read_file is None:
            raise ValueError(f"X, {names[-1]}: expected a file {' or '.join(OPENED)}")
        sources.append(client.submit(parquet, path) if read_file is parquet else path)
    return names, sources


def _described(X: Any) -> str:
    shape = getattr(X, "shape", None)
    return f"{type(X).__name__}" + ("" if shape is None else f" of shape {shape}")
