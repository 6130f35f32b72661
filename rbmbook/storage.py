"""Files: written whole or not at all, read without executing anything.

One file is one NumPy archive (npz): named arrays, and a JSON text with what kind of object it is.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np

FORMAT = 1
META = "__meta__"


def write(path: str | os.PathLike, kind: str, arrays: dict[str, np.ndarray], **meta: Any) -> None:
    """Write arrays and JSON-able values to `path` through a temporary file beside it."""
    path = os.fspath(path)
    text = json.dumps({"kind": kind, "format": FORMAT, **meta}, default=_from_array)
    named: dict[str, Any] = {META: np.array(text), **arrays}
    folder = os.path.dirname(os.path.abspath(path))
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".rbmbook-", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, **named)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def read(path: str | os.PathLike, kind: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the values that `write` put into `path`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a file of this kind, or damaged.
    """
    with reading(path):
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            meta = json.loads(str(archive[META]), object_hook=_to_array)
            arrays = {name: archive[name] for name in archive.files if name != META}
        if meta.get("kind") != kind or meta.get("format") != FORMAT:
            raise ValueError(
                f"expected kind {kind!r}, format {FORMAT}, "
                f"got kind {meta.get('kind')!r}, format {meta.get('format')!r}"
            )
    return arrays, meta


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
        reason = str(error) or type(error).__name__
        raise ValueError(
            f"path: expected a file saved by rbmbook, cannot read {os.fspath(path)!r}: {reason}"
        ) from error


def _from_array(value: Any) -> dict[str, Any]:
    """An array among the values, such as the state of some bit generators, for JSON."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f"meta: cannot be written as JSON: {value!r}")
    return {"__array__": value.tolist(), "dtype": str(value.dtype)}


def _to_array(value: dict[str, Any]) -> Any:
    return np.array(value["__array__"], value["dtype"]) if "__array__" in value else value


def _mode(path: str) -> int:
    """The permissions of the file to be replaced, or of a new file under the current umask."""
    try:
        return os.stat(path).st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
