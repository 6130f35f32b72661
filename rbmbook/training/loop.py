"""The training loop that every model shares: epochs, batches, monitors, checkpoints, divergence.

What a model adds is one subclass of `Run` that says what an update is and what it reports.
"""

import math
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import TqdmWarning

from rbmbook import storage, validation
from rbmbook.training import divergence, monitors
from rbmbook.training.divergence import DivergenceError
from rbmbook.training.history import History
from rbmbook.training.monitors import Shares, TrainingWarning
from rbmbook.training.optimize import Optimizer
from rbmbook.training.optimize import optimizer as check_optimizer

with warnings.catch_warnings():
    warnings.simplefilter("ignore", TqdmWarning)  # a notebook without ipywidgets gets a text bar
    from tqdm.auto import tqdm

CHECK_EVERY = 10  # updates, for parameters that are no longer finite
EPOCHS = 10  # passes over the data, where a fit is not told how many
UPDATES = 3000  # which small data make more passes for
MOST_EPOCHS = 1000  # but no more than this
PROBE_ROWS = 256  # monitors of a model look at this many training rows
PROBE_SEED = 20_256  # of the generator that chooses them; training draws nothing from it

Callback = Callable[[Any, History], Any]


class Run:
    """Everything that changes while a model is trained.

    A subclass sets `parameters` to the arrays that it trains, defines `update` and `monitors`, and
    names in `arrays` and `settings` what else a checkpoint must keep. An update may raise
    FloatingPointError where it meets numbers that are not finite.

    Parameters
    ----------
    model : object
        Handed to the callbacks.
    n_rows : int ≥ 1
        Rows of the data.
    batch_size : int ≥ 1
        Rows per update; the last batch of an epoch may be shorter, and a size above n_rows is one
        full batch.
    optimizer : optimizer
    rng : int or Generator
        Each epoch draws a permutation of the rows, then what its updates draw, in order.
    """

    parameters: Sequence[np.ndarray]
    probe: np.ndarray  # the rows of the data that the monitors look at
    where = ""  # which part of a larger model is trained, for errors and warnings
    enough = monitors.ENOUGH  # updates before a layer is expected to be of use

    def __init__(self, model: Any, n_rows: int, batch_size: Any, optimizer: Any, rng: Any) -> None:
        self.model = model
        self.n_rows = n_rows
        self.batch_size = min(validation.integer("batch_size", batch_size), n_rows)
        self.optimizer: Optimizer = check_optimizer(optimizer)
        self.rng = validation.generator(rng)
        self.history = History()
        self.updates = 0  # finished ones
        self.totals: dict[str, float] = {}  # see `count`
        self.shares: dict[str, Shares] = {}  # see `features`

    def update(self, rows: np.ndarray) -> None:
        """One step of the optimizer on the rows with these indices."""
        raise NotImplementedError

    def monitors(self) -> dict[str, float]:
        """The numbers of an epoch, of which only `dream_error` may be infinite."""
        raise NotImplementedError

    def features(
        self, names: Sequence[str], kinds: Sequence[Any], means: Sequence[np.ndarray]
    ) -> dict[str, float]:
        """The shares of constant and saturated features in the worst layer; none without layers.

        Of each layer: its name, its kind of unit or activation, and the means of its features over
        the probe rows.
        """
        shares = map(Shares.of, kinds, means)
        self.shares = dict(zip(names, shares, strict=True))
        found = self.shares.values()
        return {
            f"{name}_features": max(getattr(shares, name) for shares in found)
            for name in ("constant", "saturated")
            if found
        }

    @property
    def updates_per_epoch(self) -> int:
        """The number of batches."""
        return -(-self.n_rows // self.batch_size)

    def data(self) -> Iterable[divergence.Data]:
        """What may be out of scale, for the error when training diverges."""
        return []

    def count(self, sums: dict[str, float]) -> None:
        """Add sums over some rows to the totals that `means` divides."""
        for name, value in sums.items():
            self.totals[name] = self.totals.get(name, 0.0) + value

    def means(self, n: int) -> dict[str, float]:
        """The totals over n rows, the training rows of an epoch for example, and a new start."""
        totals, self.totals = self.totals, {}
        return {name: total / n for name, total in totals.items()}

    def arrays(self) -> Iterable[np.ndarray]:
        """What changes beside the parameters: the optimizer's memory, chains."""
        return []

    def settings(self) -> dict[str, Any]:
        """What must agree for a checkpoint to be resumed, as values that JSON can hold."""
        return {}

    def advice(self) -> str:
        """What to lower when training diverged."""
        return f"the learning rate of {self.optimizer}"

    def train(
        self,
        epochs: Any,
        progress: bool = True,
        callbacks: Sequence[Callback] = (),
        checkpoint: str | os.PathLike | None = None,
    ) -> History:
        """Epochs until there are `epochs` of them or a callback returns True.

        With `checkpoint`, everything is saved there after each epoch; if the file exists, training
        goes on from it and ends with the bits that an uninterrupted run would have given.
        """
        epochs = passes(epochs, self.n_rows, self.batch_size)
        callbacks = validation.functions("callbacks", callbacks)
        if checkpoint is not None and Path(checkpoint).exists():
            self.restore(checkpoint)
        history = self.history
        begin = time.perf_counter() - (history["seconds"][-1] if history.epochs else 0.0)
        # a process may have no stderr (a daemon, pythonw), or have closed it
        silent = not progress or getattr(sys.stderr, "closed", sys.stderr is None)
        with tqdm(total=epochs, initial=history.epochs, unit="epoch", disable=silent) as bar:
            while history.epochs < epochs:
                row = self.epoch()
                seconds = time.perf_counter() - begin
                history.append(epoch=history.epochs + 1, seconds=seconds, **row)
                if checkpoint is not None:
                    self.save(checkpoint)
                if row:
                    name, value = next(iter(row.items()))
                    bar.set_postfix({name: f"{value:.4f}"}, refresh=False)
                bar.update()
                answers = [callback(self.model, history) for callback in callbacks]
                if any(isinstance(answer, bool | np.bool_) and answer for answer in answers):
                    break
        self.warn()
        return history

    def learnable(self) -> bool:
        """Whether the data has something that features could tell."""
        return bool(np.ptp(self.probe, axis=0).any())

    def warn(self) -> None:
        """Say so if the features are stuck, or sleep after as many updates as should be enough."""
        if not (self.shares and np.ptp(self.probe, axis=0).any()):  # equal rows have equal features
            return
        patient = self.updates >= self.enough and self.learnable()
        needed = monitors.directions(self.probe)
        for name, shares in self.shares.items():
            fault = monitors.fault(shares, patient, needed)
            if fault:
                where = f"{self.where}: {name}" if self.where else name
                scale = divergence.fault(self.data())
                text = f"{where}: after {self.updates} updates {fault}"
                text += f". {scale}" if scale else ""
                warnings.warn(text, TrainingWarning, stacklevel=_outside())

    def epoch(self) -> dict[str, float]:
        """One pass over the data in a new order, and its monitors; divergence puts all back."""
        divergence.check_finite(
            self.parameters, f"before epoch {self.history.epochs + 1}", self.where
        )
        last_finite = [p.copy() for p in self.parameters]
        # What is not finite in a matrix reaches the vectors a batch later: they are quick to test.
        watched = [p for p in self.parameters if p.ndim == 1]
        order = self.rng.permutation(self.n_rows)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for start in range(0, len(order), self.batch_size):
                try:
                    self.update(order[start : start + self.batch_size])
                except FloatingPointError:
                    break
                self.updates += 1
                if self.updates % CHECK_EVERY == 0 and not finite(watched):
                    break
            good = finite(self.parameters)
            try:
                row = self.monitors() if good else {}
            except FloatingPointError:  # sums of the parameters overflow
                good, row = False, {}
        bad = [name for name, x in row.items() if not np.isfinite(x) and name != "dream_error"]
        if not good or bad:
            for parameter, saved in zip(self.parameters, last_finite, strict=True):
                parameter[:] = saved
            self.diverged(f"the monitor {bad[0]}" if bad else "a parameter")
        return row

    def diverged(self, what: str) -> None:
        """Raise DivergenceError."""
        where = f"{self.where}: " if self.where else ""
        advice = divergence.advice(self.data(), self.optimizer, self.updates, self.advice())
        raise DivergenceError(
            f"{where}training diverged in epoch {self.history.epochs + 1}, update {self.updates}: "
            f"{what} became infinite or NaN. The model holds the parameters after epoch "
            f"{self.history.epochs}. {advice}"
        )

    def save(self, path: str | os.PathLike) -> None:
        """Write everything that the next epoch depends on."""
        arrays = [*self.parameters, *self.arrays()]
        storage.write(
            path,
            "checkpoint",
            {f"array{i}": array for i, array in enumerate(arrays)},
            settings=self._settings(),
            history={name: list(values) for name, values in self.history.items()},
            updates=self.updates,
            rng=self.rng.bit_generator.state,
        )

    def restore(self, path: str | os.PathLike) -> None:
        """Go back to where `save` was called."""
        saved, meta = storage.read(path, "checkpoint")
        if meta["settings"] != self._settings():
            raise ValueError(
                f"checkpoint: expected the settings {meta['settings']} with which "
                f"{os.fspath(path)!r} was written, got {self._settings()}"
            )
        for i, array in enumerate([*self.parameters, *self.arrays()]):
            array[...] = saved[f"array{i}"]
        self.history.extend(meta["history"])
        self.updates = meta["updates"]
        self.rng.bit_generator.state = meta["rng"]

    def _settings(self) -> dict[str, Any]:
        common = {
            "model": type(self.model).__name__,
            "rows": self.n_rows,
            "shapes": [list(p.shape) for p in self.parameters],
            "dtype": str(self.parameters[0].dtype),
            "optimizer": type(self.optimizer).__name__,
            "batch_size": self.batch_size,
            "rng": type(self.rng.bit_generator).__name__,
        }
        return common | self.settings()


def passes(
    epochs: Any, n_rows: int, batch_size: int, enough: int = UPDATES, most: int = MOST_EPOCHS
) -> int:
    """How many epochs a fit runs: the number that was given, or for None one that suits the data.

    What a machine learns depends on the number of updates, and ten epochs of a small data set are
    few. So None means 10 epochs, or as many as make 3,000 updates if that is more, but not more
    than 1,000: data of a few rows would be learned by heart. Where another number of updates is
    `enough`, that many; where another number of epochs is too many, no more than `most`.

    Parameters
    ----------
    epochs : int ≥ 0 or None
    n_rows, batch_size, enough, most : int ≥ 1

    Returns
    -------
    int

    Examples
    --------
    >>> [passes(None, n, 100) for n in (30, 1_300, 60_000)], passes(5, 30, 100)
    ([1000, 231, 10], 5)
    """
    if epochs is not None:
        return validation.integer("epochs", epochs, minimum=0)
    updates = math.ceil(n_rows / batch_size)  # in an epoch
    return min(max(EPOCHS, math.ceil(enough / updates)), most)


def probe_rows(n: int, size: int = PROBE_ROWS) -> np.ndarray:
    """Which of n training rows the monitors look at: a random sample, the same at every call.

    A prefix would show one class where the rows come sorted. The generator is seeded anew here, so
    that training draws what it would draw without monitors, and a resumed fit sees the same rows.

    Parameters
    ----------
    n : int ≥ 1
    size : int ≥ 1

    Returns
    -------
    (min(n, size),) int array, rising

    Examples
    --------
    >>> probe_rows(3)
    array([0, 1, 2])
    >>> len(probe_rows(1000)), len(probe_rows(1000, 300))
    (256, 300)
    """
    if n <= size:
        return np.arange(n)
    rng = np.random.default_rng(PROBE_SEED)
    return np.sort(rng.choice(n, size, replace=False, shuffle=False))


def _outside() -> int:
    """The stack level, for `warn`, of the line outside of the package that called a fit."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("rbmbook."):
        level, frame = level + 1, frame.f_back
    return level


def finite(arrays: Iterable[np.ndarray]) -> bool:
    """Whether every number is."""
    return all(np.isfinite(array).all() for array in arrays)
