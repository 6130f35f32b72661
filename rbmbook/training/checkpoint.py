"""Where a fit goes on from: a file that it wrote, or the history of a fit in this process.

Both hold the same: the live arrays that a run names in `memory`, its counters, and the state of its
generator. A file also holds the parameters, and what must be the same when a fit goes on: the
model's description, the settings, and fingerprints of the data.
"""

import hashlib
import os
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from rbmbook import storage, validation

KIND = "checkpoint"


def save(run: Any, path: str | os.PathLike) -> None:
    """Write everything that the next update depends on."""
    parameters = {f"parameter{i}": p for i, p in enumerate(run.parameters)}
    storage.write(
        path,
        KIND,
        parameters | _memory(run),
        identity=identity(run),
        history={name: list(values) for name, values in run.history.items()},
        **_counters(run),
    )


def kept(run: Any) -> dict[str, Any]:
    """What a later fit of the same kind goes on from, without the parameters."""
    return {"memory": _memory(run), "counters": _counters(run)}


def take_up(run: Any) -> None:
    """Let a run go on from its checkpoint, if that exists, or from its history."""
    file = run.plan.checkpoint
    if file is not None and Path(file.path).exists():
        _restore(run, file.path)
        run.publish()
    elif run.history.kept is not None:
        memory = run.history.kept["memory"]
        live = _live(run, memory)
        storage.fill(live, memory, "the history", may_be_nan=live)
        _set_counters(run, run.history.kept["counters"])
    if run.stopped == "callback" and not run.plan.callbacks:
        run.stopped = ""  # the one that did it is not there any more
    if run.history.epochs > run.plan.epochs:
        raise ValueError(
            f"epochs: expected {run.history.epochs} or more, as many as there have been already, "
            f"got {run.plan.epochs}"
        )


def progress(path: str | os.PathLike) -> tuple[int, str]:
    """How many epochs the fit that wrote this file had finished, and what stopped it."""
    _, meta = storage.read(path, KIND)
    with storage.reading(path):
        epochs = max((len(values) for values in meta["history"].values()), default=0)
        return epochs, meta["stopped"]


def identity(run: Any) -> dict[str, Any]:
    """What must be the same for a fit to go on: all but the number of epochs."""
    plan, weights = run.plan, run.weights()
    return {
        "model": _model(run.model),
        "data": {name: fingerprint(X) for name, X in run.sources().items()},
        "sample_weight": None if weights is None else fingerprint(weights),
        "optimizer": described(plan.optimizer),
        "batch_size": plan.batch_size,
        "early_stopping": described(plan.early_stopping),
        "rng": type(run.rng.bit_generator).__name__,
        "settings": described(run.settings()),
    }


def fingerprint(X: Any) -> str:
    """A digest of a matrix: of its shape, its dtype and every number, block by block."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{X.shape} {X.dtype}".encode())
    for start in range(0, X.shape[0], validation.BLOCK_ROWS):
        rows = X[start : start + validation.BLOCK_ROWS]
        parts = (rows.data, rows.indices, rows.indptr) if sparse.issparse(rows) else (rows,)
        for part in parts:
            digest.update(np.ascontiguousarray(part))
    return digest.hexdigest()


def described(value: Any) -> Any:
    """Settings as JSON has them: what is equal in two processes is described alike."""
    if is_dataclass(value) and not isinstance(value, type):
        shown = {f.name: described(getattr(value, f.name)) for f in fields(value)}
        return {"type": type(value).__qualname__, **shown}
    if isinstance(value, dict):
        return {str(name): described(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [described(item) for item in value]
    if isinstance(value, np.ndarray):
        return described(value.tolist())
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return repr(value)


def _restore(run: Any, path: str | os.PathLike) -> None:
    """Go back to where `save` was called; nothing is changed if the file does not fit."""
    arrays, meta = storage.read(path, KIND)
    with storage.reading(path):
        saved, history, counters = meta["identity"], meta["history"], dict(meta)
    _same(saved, identity(run), path)
    memory = _live(run, arrays)
    parameters = {f"parameter{i}": p for i, p in enumerate(run.parameters)}
    storage.fill(parameters | memory, arrays, path, may_be_nan=memory)
    with storage.reading(path):
        run.history.replace(history)
        _set_counters(run, counters)


def _same(saved: Any, now: Any, path: str | os.PathLike, name: str = "") -> None:
    """Raise ValueError that names the first entry in which two identities differ."""
    if isinstance(saved, dict) and isinstance(now, dict):
        for key in [*now, *(key for key in saved if key not in now)]:
            inner = f"{name}, {key}" if name else key
            _same(saved.get(key), now.get(key), path, inner)
    elif saved != now:
        raise ValueError(
            f"checkpoint: {os.fspath(path)!r} was written by another fit, in which {name} was "
            f"{saved!r}; it is {now!r} here. Only `epochs` may change: use another file, or delete "
            "this one"
        )


def _memory(run: Any) -> dict[str, np.ndarray]:
    """All live arrays beside the parameters."""
    found = dict(run.memory())
    if run.place:  # in the middle of an epoch
        found["order"] = run.order
    for i, callback in enumerate(run.plan.callbacks):
        if hasattr(callback.function, "memory"):
            found |= prefixed(f"callback{i}", callback.function)
    return found | prefixed("early_stopping", run.stopper)


def _live(run: Any, saved: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays that are to have what was saved."""
    return _memory(run) | ({"order": run.order} if "order" in saved else {})


def prefixed(name: str, keeper: Any) -> dict[str, np.ndarray]:
    """The memory of something that has one, under its name; none for None."""
    if keeper is None:
        return {}
    return {f"{name}.{key}": array for key, array in keeper.memory().items()}


def listed(name: str, arrays: list[np.ndarray]) -> dict[str, np.ndarray]:
    """A list of arrays, such as an optimizer's memory, under its name."""
    return {f"{name}.{i}": array for i, array in enumerate(arrays)}


def _counters(run: Any) -> dict[str, Any]:
    return {
        "updates": run.updates,
        "place": run.place,
        "stopped": run.stopped,
        "totals": dict(run.totals),
        "rng": run.rng.bit_generator.state,
    }


def _set_counters(run: Any, saved: dict[str, Any]) -> None:
    run.updates, run.place = int(saved["updates"]), int(saved["place"])
    run.stopped, run.totals = str(saved["stopped"]), dict(saved["totals"])
    run.rng.bit_generator.state = saved["rng"]


def _model(model: Any) -> Any:
    return described(model.description()) if hasattr(model, "description") else repr(model)
