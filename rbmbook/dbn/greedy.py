"""Greedy layer-wise training: one machine after the other, each on what the one below makes.

References
----------
Hinton, Osindero and Teh (2006), A fast learning algorithm for deep belief nets, section 4.
"""

import os
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rbmbook import storage, validation
from rbmbook.machine.rbm import RBM
from rbmbook.training import fit as train
from rbmbook.training.divergence import check_finite
from rbmbook.training.history import History
from rbmbook.training.loop import MOST_EPOCHS, UPDATES, passes
from rbmbook.training.monitors import ENOUGH_BELOW
from rbmbook.training.negative import Negative
from rbmbook.training.optimize import SGD
from rbmbook.training.optimize import optimizer as check_optimizer

if TYPE_CHECKING:
    from rbmbook.dbn.model import DBN

SEED = 20_612  # of the samples of held-out rows

Callback = Callable[["DBN", History], Any]


def fit(
    dbn: "DBN",
    X: Any,
    settings: dict[str, Any],
    inputs: str,
    held_out: Any,
    rng: Any,
    progress: bool,
    callbacks: Sequence[Callback],
    checkpoint: str | os.PathLike | None,
) -> History:
    """What `DBN.fit` says; `settings` are arguments of `train.fit`, one or one per layer."""
    if inputs not in ("means", "samples"):
        raise ValueError(f"inputs: expected 'means' or 'samples', got {inputs!r}")
    X = validation.matrix("X", X, dbn.sizes[0])
    if held_out is not None:
        held_out = validation.matrix("validation", held_out, dbn.sizes[0])
    rng, callbacks = validation.generator(rng), validation.functions("callbacks", callbacks)
    if settings["optimizer"] is None:
        settings["optimizer"] = [SGD(_rate(rbm)) for rbm in dbn.rbms]
    plans = per_layer(settings, len(dbn.rbms), X.shape[0])
    paths = checkpoints(checkpoint, [plan["epochs"] for plan in plans])
    for layer, rbm in enumerate(dbn.rbms, start=1):
        check_finite(list(rbm.parameters), where=f"layer {layer}")
    dbn.tie()
    finished: list[History] = []
    for layer, (rbm, plan, path) in enumerate(zip(dbn.rbms, plans, paths, strict=True), start=1):
        if layer > 1:
            below = dbn.rbms[layer - 2]
            X = upwards(below, X, inputs, rng)
            if held_out is not None:  # with noise of its own: training draws nothing for it
                held_out = upwards(below, held_out, inputs, np.random.default_rng([SEED, layer]))
        report = Report(dbn, finished, callbacks)
        epochs = plan.pop("epochs")
        run = train.prepared(rbm, X, validation=held_out, rng=rng, **plan)
        run.where, run.enough = f"layer {layer}", ENOUGH_BELOW
        finished.append(run.train(epochs, progress, [report], path))
        if report.stop:
            break
    return joined(finished)


def upwards(rbm: RBM, X: Any, inputs: str, rng: np.random.Generator) -> np.ndarray:
    """What a machine makes of the data, for the machine above: means, or samples."""
    return rbm.hidden_mean(X) if inputs == "means" else rbm.sample_hidden(X, rng)


def _rate(rbm: RBM) -> float:
    """A learning rate for a machine: large steps, unless its states are unbounded."""
    listed = rbm.visible.levels is not None and rbm.hidden.levels is not None
    return 0.2 if listed else 0.05


class Report:
    """Hands the history of all layers so far to the callbacks; True if one of them returned it."""

    def __init__(self, dbn: "DBN", finished: list[History], callbacks: tuple) -> None:
        self.dbn, self.finished, self.callbacks = dbn, list(finished), callbacks
        self.stop = False

    def __call__(self, _: Any, history: History) -> bool:
        if self.callbacks:
            history = joined([*self.finished, history])
        answers = [callback(self.dbn, history) for callback in self.callbacks]
        self.stop = any(isinstance(answer, bool | np.bool_) and answer for answer in answers)
        return self.stop


def per_layer(
    settings: dict[str, Any],
    layers: int,
    n_rows: int,
    enough: int = UPDATES,
    most: int = MOST_EPOCHS,
) -> list[dict[str, Any]]:
    """A dictionary for each layer; a list or tuple among the settings has one value per layer."""
    plans: list[dict[str, Any]] = [{} for _ in range(layers)]
    for name, value in settings.items():
        values = value if isinstance(value, list | tuple) else [value] * layers
        if len(values) != layers:
            raise ValueError(
                f"{name}: expected one value or {layers}, one per layer, got {len(values)}"
            )
        for plan, own in zip(plans, values, strict=True):
            plan[name] = own
    for plan in plans:  # now, not after the layers below have been trained
        validation.integer("batch_size", plan["batch_size"])
        plan["epochs"] = passes(plan["epochs"], n_rows, plan["batch_size"], enough, most)
        if plan["negative"] is not None:
            validation.instance("negative", plan["negative"], Negative)
        check_optimizer(plan["optimizer"])
    return plans


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


def checkpoints(checkpoint: Any, epochs: Sequence[int]) -> list[Path | None]:
    """A file for each layer, and none that was written on top of an unfinished layer."""
    if checkpoint is None:
        return [None] * len(epochs)
    paths = [Path(f"{os.fspath(checkpoint)}.layer{i + 1}") for i in range(len(epochs))]
    for layer, (path, above) in enumerate(pairwise(paths)):
        wanted = epochs[layer]
        done = _epochs(path) if path.exists() else 0
        if above.exists() and done < wanted:
            raise ValueError(
                f"checkpoint: expected {wanted} epochs in {os.fspath(path)!r}, since "
                f"{os.fspath(above)!r} was trained on top of it, got {done}; delete the latter to "
                f"train the lower layer further"
            )
    return paths


def _epochs(path: Path) -> int:
    _, meta = storage.read(path, "checkpoint")
    return History(meta["history"]).epochs
