"""Layer-wise training: the fits of several layers, one after the other, as one fit."""

import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.training import checkpoint as files
from rbmbook.training.history import History
from rbmbook.training.loop import Run, train
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
        self.model = model
        self.history = History() if history is None else history
        validation.instance("history", self.history, History)
        kept = self.history.kept or {}
        self.parts = kept.get("parts") or [History() for _ in range(layers)]
        rng = validation.generator(rng)
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

    def train(self, run: Run) -> bool:
        """Train a layer; whether the next one is to be trained, too."""
        try:
            train(run)
        except BaseException as error:
            if hasattr(error, "history"):
                error.history = self.history
            raise
        finally:
            self.fill()
        return run.stopped != "callback"

    def fill(self) -> None:
        """Let the history of all layers have the layers' epochs so far."""
        self.history.replace(joined(self.parts))
        self.history.kept = {"parts": self.parts}

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


def _files(checkpoint: Any, layers: int) -> list[Checkpoint | None]:
    """A file for each layer."""
    if checkpoint is None:
        return [None] * layers
    whole = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint(checkpoint)
    path = os.fspath(whole.path)
    return [Checkpoint(f"{path}.layer{i + 1}", whole.every) for i in range(layers)]


def _check_order(plans: Sequence[Plan]) -> None:
    """Refuse a file that was written on top of a layer which is not trained to its end yet."""
    for below, above in pairwise(plans):
        if below.checkpoint is None or above.checkpoint is None:
            continue
        done, stopped = 0, ""
        if Path(below.checkpoint.path).exists():
            done, stopped = files.progress(below.checkpoint.path)
        if Path(above.checkpoint.path).exists() and done < below.epochs and not stopped:
            raise ValueError(
                f"checkpoint: expected {below.epochs} epochs in "
                f"{os.fspath(below.checkpoint.path)!r}, since {os.fspath(above.checkpoint.path)!r} "
                f"was trained on top of it, got {done}; delete the latter to train the lower layer "
                f"further"
            )
