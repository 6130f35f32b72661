"""Where a fit goes on from: a file that it wrote, or the history of a fit in this process.

Both hold the same: the live arrays that a run names in `memory`, its counters, and the state of its
generator. A file also holds the parameters, and what must be the same when a fit goes on: the
model's description, the settings, and fingerprints of the data.
"""

import hashlib
import os
from copy import deepcopy
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from rbmbook import storage, validation
from rbmbook.training.history import History
from rbmbook.training.twin import digest

KIND = "checkpoint"
OPTIONAL = "callback", "early_stopping"  # what a later fit may do without, or begin with
SOME_UPDATES = 0, 1, 10, 100, 1_000, 10_000


def save(run: Any, path: str | os.PathLike) -> None:
    """Write everything that the next update depends on."""
    storage.write(
        path,
        KIND,
        _parameters(run) | _memory(run),
        identity=identity(run),
        history={name: list(values) for name, values in run.history.items()},
        **_counters(run),
    )


def kept(run: Any) -> dict[str, Any]:
    """What a later fit of the same kind goes on from: what `save` writes, without identity."""
    return {
        "parameters": _copies(_parameters(run)),
        "memory": _copies(_memory(run)),
        "counters": _counters(run),
        "left": left(run.whole),
    }


def left(model: Any) -> bytes:
    """A digest of a model as a fit leaves it, which tells whether it has been changed since."""
    return digest(model.arrays().values()).tobytes()


def take_up(run: Any) -> None:
    """Let a run go on from its checkpoint, if that exists, or from its history.

    Nothing is changed if one of them does not fit.
    """
    file = run.plan.checkpoint
    if file is not None and Path(file.path).exists():
        _from_file(run, file.path)
    elif run.history.kept is not None:
        _from_history(run, run.history.kept)
    else:
        _check_columns(run, run.history, "history")
        _check_epochs(run, run.history.epochs)


def _from_file(run: Any, path: str | os.PathLike) -> None:
    """Go back to where `save` was called."""
    arrays, meta = storage.read(path, KIND)
    with storage.reading(path):
        saved = meta["identity"]
    _same(saved, identity(run), path)
    with storage.reading(path):
        counters = _checked(run, meta)
        history = History(meta["history"])
        _check_columns(run, history, "its history")
        _check_order(run, arrays, counters)
    _check_epochs(run, history.epochs + (counters["place"] > 0))
    memory = _live(run, arrays)
    storage.fill(_parameters(run) | memory, arrays, path, may_be_nan=memory)
    run.history.replace(history)
    _set_counters(run, counters)
    if run.stopped == "callback" and not run.plan.callbacks:
        run.stopped = ""  # the one that did it is not there any more


def _from_history(run: Any, kept: dict[str, Any]) -> None:
    """Go on from what an earlier fit has kept, with the model as it is now.

    If nobody has touched the model, the fit goes on from the parameters where it stood: early
    stopping may have put better ones into the model, and converting from other coordinates may
    have rounded them.
    """
    _check_columns(run, run.history, "history")
    memory, counters, saved = (kept.get(name, {}) for name in ("memory", "counters", "parameters"))
    targets = _live(run, memory)
    both = memory.keys() & targets.keys()  # callbacks and early stopping may come and go
    memory, targets = (
        {name: x for name, x in some.items() if name in both or not name.startswith(OPTIONAL)}
        for some in (memory, targets)
    )
    if kept.get("left") in (True, left(run.whole)):
        targets, memory = targets | _parameters(run), memory | saved
    try:
        counters = _checked(run, counters)
        _check_order(run, memory, counters)
        storage.require(memory, {name: (x.shape, x.dtype) for name, x in targets.items()}, targets)
    except (ValueError, KeyError) as error:
        raise ValueError(
            "history: expected one that a fit of this kind has left, with the same kinds of "
            f"optimizer and negative phase: {_reason(error)}"
        ) from None
    _check_epochs(run, run.history.epochs + (counters["place"] > 0))
    for name, target in targets.items():
        np.copyto(target, memory[name])
    _set_counters(run, counters)
    if run.stopped == "callback" or run.stopper is None or run.stopper.patient:
        run.stopped = ""  # whoever gives it this history wants to go on


def _checked(run: Any, saved: Any) -> dict[str, Any]:
    """The counters, if they can be those of this run; ValueError or KeyError otherwise."""
    found = {name: saved[name] for name in ("updates", "place", "stopped", "totals", "rng")}
    for name, most in (("updates", None), ("place", run.n_rows)):
        validation.integer(name, found[name], 0, most)
    if found["stopped"] not in ("", "callback", "early stopping"):
        raise ValueError(f"stopped: got {found['stopped']!r}")
    found["totals"] = {str(name): float(value) for name, value in found["totals"].items()}
    deepcopy(run.rng.bit_generator).state = found["rng"]  # raises if that is no state
    return found


def _check_order(run: Any, arrays: dict[str, np.ndarray], counters: dict[str, Any]) -> None:
    """Raise ValueError unless there is an order of the rows where one is needed."""
    if counters["place"]:
        order = arrays["order"] if "order" in arrays else np.empty(0)
        if not np.array_equal(np.sort(order), np.arange(run.n_rows)):
            raise ValueError(f"the array 'order': expected an order of {run.n_rows} rows")


def _check_columns(run: Any, history: History, name: str) -> None:
    """Raise ValueError if epochs of a history have other monitors than this fit."""
    names = ["epoch", "seconds", *run.reports()]
    if history and set(history) != set(names):
        raise ValueError(
            f"{name}: expected one of a fit of this kind, with the monitors {', '.join(names)}; "
            f"got {', '.join(history)}"
        )
    if len({len(values) for values in history.values()}) > 1:
        raise ValueError(f"{name}: expected columns of one length")


def _reason(error: Exception) -> str:
    return f"there is no {error}" if isinstance(error, KeyError) else str(error)


def _check_epochs(run: Any, begun: int) -> None:
    if begun > run.plan.epochs:
        raise ValueError(
            f"epochs: expected {begun} or more, as many as have been begun already, "
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
        "model": described(run.whole.description()),
        "data": {name: fingerprint(X) for name, X in run.sources().items()},
        "sample_weight": None if weights is None else fingerprint(weights),
        "optimizer": described(plan.optimizer),
        "batch_size": plan.batch_size,
        "early_stopping": described(plan.early_stopping),
        "rng": type(run.rng.bit_generator).__name__,
        "settings": described(run.settings()),
    }


def fingerprint(X: Any) -> str:
    """A digest of a matrix: of its shape, its dtype and every number, block by block.

    Rows that are elsewhere may have a `fingerprint` of their own.
    """
    if hasattr(X, "fingerprint"):
        return X.fingerprint()
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{X.shape} {X.dtype}".encode())
    for start in range(0, X.shape[0], validation.BLOCK_ROWS):
        rows = X[start : start + validation.BLOCK_ROWS]
        parts = (rows.data, rows.indices, rows.indptr) if sparse.issparse(rows) else (rows,)
        for part in parts:
            digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()


def described(value: Any) -> Any:
    """Settings as JSON has them: what is equal in two processes is described alike."""
    if is_dataclass(value) and not isinstance(value, type):
        shown = {f.name: getattr(value, f.name) for f in fields(value)}
        rates = {name: _rates(f) for name, f in shown.items() if name.endswith("rate")}
        return {"type": type(value).__qualname__, **described(shown | rates)}
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
    own_words: Any = type(value).__repr__
    if own_words is object.__repr__:  # an address says nothing
        return {"type": type(value).__qualname__}
    return repr(value)


def _rates(rate: Any) -> Any:
    """A learning rate that is a function of the update by its values, which its name hides."""
    if not callable(rate) or is_dataclass(rate):
        return rate
    found = []
    for update in SOME_UPDATES:
        try:
            found.append(f"{rate(update):.6g}")  # other processors have other last digits
        except Exception:  # a list of rates has an end
            break
    return found


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


def _parameters(run: Any) -> dict[str, np.ndarray]:
    """What is trained, and if that is a twin or a layer, the whole model, where callbacks write."""
    own = {f"parameter{i}": p for i, p in enumerate(run.parameters)}
    if run.twin is not None or run.whole is not run.model:
        own |= {f"model.{name}": array for name, array in run.whole.arrays().items()}
    return own | prefixed("twin", run.twin)


def _copies(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: array.copy() for name, array in arrays.items()}


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
    """The memory of something that has one, under its name; empty for None."""
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
    run.updates, run.place = saved["updates"], saved["place"]
    run.stopped, run.totals = saved["stopped"], dict(saved["totals"])
    run.rng.bit_generator.state = saved["rng"]
