"""Layer-wise training: the fits of several layers, one after the other, as one fit."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.training import checkpoint as files
from rbmbook.training.history import History
from rbmbook.training.loop import Run, attached, train
from rbmbook.training.plan import MOST_EPOCHS, UPDATES, Callback, Checkpoint, Plan, plan


def each(name: str, value: Any, layers: int) -> list[Any]:
    """One value for each layer: those of a list or tuple, or the same for all.

    Raises
    ------
    ValueError
        If there are more or fewer values than layers.

    Examples
    --------
    >>> each("epochs", 5, 2), each("epochs", [5, 9], 2)
    ([5, 5], [5, 9])
    """
    values = list(value) if isinstance(value, list | tuple) else [value] * layers
    if len(values) != layers:
        raise ValueError(
            f"{name}: expected one value or {layers}, one per layer, got {len(values)}"
        )
    return values


class Stages:
    """A plan for each layer, checked before the first is trained, and one history of them all.

    `epochs`, `batch_size` and `optimizer` are one value, or a list with one for each layer. Each
    layer has a checkpoint of its own: the path with `.layer1`, `.layer2`, … added.

    Attributes
    ----------
    plans : list of Plan
    history : History
        The layers' histories below each other, and as `kept` these histories themselves.
    """

    def __init__(
        self,
        model: Any,
        n_rows: int,
        layers: int,
        *,
        epochs: Any,
        batch_size: Any,
        optimizer: Any,
        rng: Any,
        progress: Any,
        callbacks: Any,
        early_stopping: Any,
        checkpoint: Any,
        history: Any,
        enough: int = UPDATES,
        most: int = MOST_EPOCHS,
    ) -> None:
        self.model, self.made = model, 0
        self.history = History() if history is None else history
        self.parts = _parts(self.history, layers, files.left(model))
        rng = validation.generator(rng)
        self.rng, self.rng_before = rng, rng.bit_generator.state
        options = (each(*item, layers) for item in (
            ("epochs", epochs), ("batch_size", batch_size), ("optimizer", optimizer)
        ))  # fmt: skip
        self.plans: list[Plan] = [
            plan(
                n_rows,
                epochs=own_epochs,
                batch_size=own_size,
                optimizer=own_optimizer,
                rng=rng,
                progress=progress,
                callbacks=self._of_all(callbacks),
                early_stopping=early_stopping,
                checkpoint=file,
                history=part,
                enough=enough,
                most=most,
            )
            for own_epochs, own_size, own_optimizer, file, part in zip(
                *options, _files(checkpoint, layers), self.parts, strict=True
            )
        ]
        _check_order(self.plans)
        self.before = {name: array.copy() for name, array in model.arrays().items()}
        self.parts_before = [part.copy() for part in self.parts]

    def train(self, run: Run) -> bool:
        """Train a layer; whether the next one is to be trained, too."""
        run.whole = self.model
        try:
            train(run)
        finally:
            self.made += run.made
            self.fill()
        return run.stopped != "callback"

    @contextlib.contextmanager
    def all_or_nothing(self, undo: Callable[[], Any] = lambda: None) -> Iterator[None]:
        """Put everything back if a layer is refused after others have only been taken up.

        `undo` is called for what else the model has to be given back.
        """
        with attached(self.history):
            try:
                yield
            except BaseException:
                if self.made == 0:
                    undo()
                    self._put_back()
                raise

    def _put_back(self) -> None:
        self.rng.bit_generator.state = self.rng_before
        for name, array in self.model.arrays().items():
            array[...] = self.before[name]
        for part, old in zip(self.parts, self.parts_before, strict=True):
            part.replace(old)
            part.kept = old.kept
        self.fill()

    def fill(self) -> None:
        """Let the history of all layers have the layers' epochs so far."""
        self.history.replace(joined(self.parts))
        self.history.kept = {"parts": self.parts, "left": files.left(self.model)}

    def _of_all(self, callbacks: Any) -> list[Callback]:
        """The callbacks, which are to see the whole model and the history of all layers."""
        found = []
        for callback in validation.functions("callbacks", callbacks):
            callback = callback if isinstance(callback, Callback) else Callback(callback)
            found.append(Callback(_Whole(callback.function, self), callback.every))
        return found


class _Whole:
    """A callback that is shown the whole model in place of the layer that is trained."""

    def __init__(self, function: Any, stages: Stages) -> None:
        self.function, self.stages = function, stages
        if hasattr(function, "memory"):
            self.memory = function.memory

    def __call__(self, *_: Any) -> Any:
        self.stages.fill()
        return self.function(self.stages.model, self.stages.history)


def joined(parts: Sequence[History]) -> History:
    """The layers' histories below each other; NaN where a layer has no such monitor."""
    names = list(dict.fromkeys(name for part in parts for name in part))
    columns: dict[str, list[float]] = {name: [] for name in ("layer", *names)} if names else {}
    seconds = 0.0
    for layer, part in enumerate(parts, start=1):
        n = part.epochs
        for name in names:
            columns[name].extend(part[name] if name in part else np.full(n, np.nan))
        if n:
            columns["layer"].extend([layer] * n)
            columns["seconds"][-n:] = [seconds + s for s in part["seconds"]]
            seconds = columns["seconds"][-1]
    return History(columns)


def _parts(history: Any, layers: int, left: bytes) -> list[History]:
    """The layers' own histories, those that an earlier fit has left or new ones."""
    validation.instance("history", history, History)
    if not history and not history.kept:
        return [History() for _ in range(layers)]
    parts = (history.kept or {}).get("parts", [])
    if len(parts) != layers:
        raise ValueError(
            f"history: expected one that a layer-wise fit of {layers} layers has left, "
            f"got {history}" + (f" of {len(parts)} layers" if parts else "")
        )
    for part in parts:
        if part.kept is not None:  # a layer cannot tell, since the next one may have changed it
            part.kept["left"] = history.kept["left"] == left
    return parts


def _files(checkpoint: Any, layers: int) -> list[Checkpoint | None]:
    """A file for each layer."""
    if checkpoint is None:
        return [None] * layers
    whole = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint(checkpoint)
    path = os.fspath(whole.path)
    return [Checkpoint(f"{path}.layer{i + 1}", whole.every) for i in range(layers)]


def _check_order(plans: Sequence[Plan]) -> None:
    """Refuse to train a layer further on top of which another one has been trained already."""
    for number, (below, above) in enumerate(pairwise(plans), start=1):
        done, stopped = below.history.epochs, _counter(below, "stopped")
        if _counter(above, "updates") and done < below.epochs and not stopped:
            raise ValueError(
                f"epochs: expected {done} for layer {number}, as many as there have been, since "
                f"layer {number + 1} was trained on top of it; got {below.epochs}"
            )
        _check_files(below, above)


def _counter(plan: Plan, name: str) -> Any:
    return plan.history.kept["counters"][name] if plan.history.kept else None


def _check_files(below: Plan, above: Plan) -> None:
    if below.checkpoint is None or above.checkpoint is None:
        return
    done, stopped = 0, ""
    if Path(below.checkpoint.path).exists():
        done, stopped = files.progress(below.checkpoint.path)
    if Path(above.checkpoint.path).exists() and done < below.epochs and not stopped:
        raise ValueError(
            f"checkpoint: expected {below.epochs} epochs in {os.fspath(below.checkpoint.path)!r}, "
            f"since {os.fspath(above.checkpoint.path)!r} was trained on top of it, got {done}; "
            "delete the latter to train the lower layer further"
        )
