"""Files: written whole or not at all, read without executing anything or trusting what they say.

One file is one NumPy archive (npz): named arrays, and a JSON text with what kind of object it is.
Nothing in it is compressed, and no array is larger than the file, so that reading takes a few times
the memory that the file has bytes. It ends in a checksum of all that stands before: damage is
noticed before anything is looked at.
"""

import contextlib
import glob
import hashlib
import json
import math
import os
import re
import secrets
import shutil
import stat
import zipfile
from collections.abc import Collection, Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np

try:
    import fcntl
except ImportError:  # Windows, where what a killed process left is not swept away
    fcntl = None  # type: ignore[assignment]

FORMAT = 2
META = "__meta__"
META_BYTES = 2**24  # parsed, JSON takes many times its length
CHECKSUM_BYTES = 64  # SHA-256 in hexadecimal digits, as the archive's comment
KINDS = "biuf"  # of arrays: bool, signed, unsigned, floating
MEMBER = re.compile(r"([A-Za-z0-9_.]+)\.npy")  # of the archive, with the array's name


def write(path: str | os.PathLike, kind: str, arrays: Mapping[str, Any], **meta: Any) -> None:
    """Write arrays and JSON-able values to `path` through a temporary file beside it.

    Raises
    ------
    OSError
        If that is not possible; an older file is then untouched.
    """
    text = json.dumps({"kind": kind, "format": FORMAT, **meta}, default=_from_array).encode()
    if len(text) > META_BYTES:
        raise ValueError(f"meta: expected at most {META_BYTES} bytes of JSON, got {len(text)}")
    members = {META: np.frombuffer(text, np.uint8), **arrays}
    with _replacing(path) as file:
        with zipfile.ZipFile(file, "w") as archive:
            archive.comment = bytes(CHECKSUM_BYTES)  # its place
            for name, array in members.items():
                array = np.asarray(array, order="C")
                if not MEMBER.fullmatch(f"{name}.npy") or array.dtype.kind not in KINDS:
                    raise ValueError(f"arrays: expected names and numbers, got {name!r}: {array}")
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
        checksum = _checksum(file, file.tell() - CHECKSUM_BYTES)
        file.write(checksum)


def read(path: str | os.PathLike, kind: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the values that `write` put into `path`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a file of this kind, damaged, or made to do harm.
    """
    with reading(path), _opened(path) as file:
        size = file.seek(0, os.SEEK_END) - CHECKSUM_BYTES
        if size < 0 or _checksum(file, size) != file.read():
            raise ValueError("its checksum is missing or wrong, so it is another file or damaged")
        with zipfile.ZipFile(file) as archive:
            members = _members(archive, size)
            meta = _meta(archive, members.pop(META))
            if meta.get("kind") != kind or meta.get("format") != FORMAT:
                raise ValueError(
                    f"expected kind {kind!r}, format {FORMAT}, "
                    f"got kind {meta.get('kind')!r}, format {meta.get('format')!r}"
                )
            return {name: _array(archive, member) for name, member in members.items()}, meta


def fill(
    targets: Mapping[str, np.ndarray],
    saved: Mapping[str, np.ndarray],
    path: str | os.PathLike,
    may_be_nan: Collection[str] = (),
) -> None:
    """Copy what was read from `path` into the arrays of the same names, or raise before that.

    Raises
    ------
    ValueError
        If an array is missing, unexpected, of another shape or dtype, or, unless its name is in
        `may_be_nan`, not finite. No target has been changed then.
    """
    with reading(path):
        require(saved, {name: (x.shape, x.dtype) for name, x in targets.items()}, may_be_nan)
    for name, target in targets.items():
        np.copyto(target, saved[name])


def require(
    saved: Mapping[str, np.ndarray],
    expected: Mapping[str, tuple[tuple[int, ...], np.dtype]],
    may_be_nan: Collection[str] = (),
) -> None:
    """Raise ValueError unless these are the arrays expected, by name, shape and dtype, and finite.

    Parameters
    ----------
    saved : arrays by name
    expected : (shape, dtype) by name
    may_be_nan : names
        Of arrays whose values are not looked at.
    """
    for words, names in (
        ("is missing", expected.keys() - saved.keys()),
        ("is not expected", saved.keys() - expected.keys()),
    ):
        if names:
            raise ValueError(f"the array {min(names)!r} {words}")
    for name, (shape, dtype) in expected.items():
        found = saved[name]
        if (found.shape, found.dtype) != (shape, dtype):
            raise ValueError(
                f"the array {name!r}: expected {dtype} of shape {shape}, "
                f"got {found.dtype} of shape {found.shape}"
            )
        if name not in may_be_nan and not np.isfinite(found).all():
            raise ValueError(f"the array {name!r}: expected finite numbers, got NaN or infinity")


@contextlib.contextmanager
def reading(path: str | os.PathLike) -> Iterator[None]:
    """Turn whatever a damaged file causes into a ValueError that names the file."""
    try:
        yield
    except OSError as error:
        if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
            raise
        raise ValueError(f"path: cannot read {os.fspath(path)!r}: {error}") from error
    except Exception as error:  # damage shows as many kinds of errors, some without a word
        missing = f"there is no {error}" if isinstance(error, KeyError) else ""
        reason = missing or str(error) or type(error).__name__
        raise ValueError(
            f"path: expected a file saved by rbmbook, cannot read {os.fspath(path)!r}: {reason}"
        ) from error


def target(path: str | os.PathLike) -> str:
    """Where `write` will put the file: where `path` leads, through symbolic links.

    Raises
    ------
    OSError
        If there is no such folder, or something there that is not a file.
    """
    real = os.path.realpath(os.fsdecode(path))
    folder = os.path.dirname(real)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"path: there is no folder {folder!r} to write {path!r} to")
    if os.path.isdir(real):
        raise IsADirectoryError(f"path: expected the name of a file, got the folder {path!r}")
    if os.path.exists(real) and not os.path.isfile(real):
        raise OSError(f"path: expected the name of a file, got the device or pipe {path!r}")
    return real


# -- writing ---------------------------------------------------------------------------------------
@contextlib.contextmanager
def _replacing(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """A new file that takes the place of the one at `path` once it is complete."""
    path = target(path)
    _sweep(os.path.dirname(path))
    file = _temporary(os.path.dirname(path))
    try:
        with file:
            if os.path.exists(path):
                shutil.copymode(path, file.name)
            yield file
            file.flush()
            os.fsync(file.fileno())
            if fcntl:  # before the lock goes
                os.replace(file.name, path)
        if not fcntl:  # Windows renames nothing that is open
            os.replace(file.name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(file.name)
        raise


def _temporary(folder: str) -> BinaryIO:
    """A new file, locked until it is closed or this process ends, in whatever way it ends."""
    while True:
        file = open(os.path.join(folder, f".rbmbook-{secrets.token_hex(8)}.tmp"), "x+b")
        if fcntl:
            with contextlib.suppress(OSError):  # some file systems know no locks
                fcntl.flock(file, fcntl.LOCK_EX)
        if os.path.exists(file.name):  # unless it was swept away before it had the lock
            return file
        file.close()


def _sweep(folder: str) -> None:
    """Remove what processes that were killed have left: temporary files that nobody has locked."""
    leftovers = glob.glob(os.path.join(glob.escape(folder), ".rbmbook-*.tmp")) if fcntl else []
    for leftover in leftovers:
        with contextlib.suppress(OSError), open(leftover, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(leftover)


def _from_array(value: Any) -> dict[str, Any]:
    """An array among the values, such as the state of some bit generators, for JSON."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f"meta: cannot be written as JSON: {value!r}")
    return {"__array__": value.tolist(), "dtype": str(value.dtype)}


# -- reading ---------------------------------------------------------------------------------------
def _opened(path: str | os.PathLike) -> BinaryIO:
    """The file for reading; a pipe or a device might never end."""
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ValueError("it is no regular file")
    return open(path, "rb")


def _checksum(file: BinaryIO, size: int) -> bytes:
    """SHA-256 of the first bytes of a file, which is left standing behind them."""
    digest = hashlib.sha256()
    file.seek(0)
    while size:
        block = file.read(min(size, 2**20))
        digest.update(block)
        size -= len(block)
    return digest.hexdigest().encode()


def _members(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    """What is in the archive, by name; raises if that is more than fits in `size` bytes."""
    found: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        named = MEMBER.fullmatch(member.filename)
        if not named or named[1] in found:
            raise ValueError(f"an entry of a strange name, {member.filename!r}")
        found[named[1]] = member
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise ValueError(f"the entry {member.filename!r} is compressed")
        size -= member.file_size
    if size < 0:
        raise ValueError("its entries are larger than the file")
    return found


def _meta(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> dict[str, Any]:
    if member.file_size > META_BYTES + 1000:
        raise ValueError(f"{member.file_size} bytes of JSON, expected at most {META_BYTES}")
    return json.loads(_array(archive, member).tobytes(), object_hook=_to_array)


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    """One array; its header is held against the bytes that are there before it is believed."""
    with archive.open(member) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError(f"the entry {member.filename!r} is no array as written here")
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(file)
        if dtype.kind not in KINDS:
            raise ValueError(f"the entry {member.filename!r} has the dtype {dtype}")
        content = file.read()  # to the end, where the archive's own checksum is compared
    if len(content) != math.prod(shape) * dtype.itemsize or fortran_order:
        raise ValueError(
            f"the entry {member.filename!r} has {len(content)} bytes for {dtype} of shape {shape}"
        )
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _to_array(value: dict[str, Any]) -> Any:
    if "__array__" not in value:
        return value
    dtype = np.dtype(value["dtype"])
    if dtype.kind not in KINDS:
        raise ValueError(f"an array of the dtype {dtype} in its JSON")
    return np.array(value["__array__"], dtype)
