"""What every fit can be told of its loop, all of it checked before the first update."""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rbmbook import storage, validation
from rbmbook.training.history import History
from rbmbook.training.optimize import Optimizer
from rbmbook.training.optimize import optimizer as check_optimizer

EPOCHS = 10  # passes over the data, where a fit is not told how many
UPDATES = 3000  # which small data make more passes for
MOST_EPOCHS = 1000  # but no more than this

Function = Callable[[Any, History], Any]  # what may be a callback


@dataclass(frozen=True)
class Callback:
    """A function that a fit calls as ``function(model, history)``.

    It sees the model as it is now, and may change it: write into its arrays or replace them.
    Training stops after the epoch in which it returns True. A function with a method ``memory()``
    that returns a dictionary of arrays, the same ones at every call, has these arrays written to
    checkpoints, and filled from there when a fit goes on.

    Parameters
    ----------
    function : callable
    every : int ≥ 1, optional
        Call it after every so many updates, in the middle of epochs; after each epoch by default.

    Raises
    ------
    ValueError, TypeError
        If the function cannot be called or `every` is not an integer ≥ 1.

    Examples
    --------
    >>> import rbmbook as rb
    >>> X, seen = rb.data.bars_and_stripes(3), []
    >>> look = rb.Callback(lambda rbm, history: seen.append(history.epochs), every=4)
    >>> rbm = rb.RBM.random(9, 4)
    >>> _ = rb.fit(rbm, X, rb.CD(1), epochs=2, batch_size=5, callbacks=[look], progress=False)
    >>> seen
    [1]
    """

    function: Callable[[Any, History], Any]
    every: int | None = None

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"function: expected a function, got {self.function!r}")
        if self.every is not None:
            object.__setattr__(self, "every", validation.integer("every", self.every))

    def __call__(self, model: Any, history: History) -> bool:
        """Whether training is to stop."""
        answer = self.function(model, history)
        return isinstance(answer, bool | np.bool_) and bool(answer)


@dataclass(frozen=True)
class Checkpoint:
    """A file from which a fit goes on where it was stopped, and how often it is written.

    Parameters
    ----------
    path : str or path
        In a folder that exists.
    every : int ≥ 1, optional
        Write it after every so many updates, in the middle of epochs, and at the end; after each
        epoch by default.

    Raises
    ------
    ValueError, TypeError
        If `every` is not an integer ≥ 1 or `path` is not a path.

    Examples
    --------
    A fit in two sittings gives the machine of one:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> whole, parts = (rb.RBM.random(9, 4, rng=0) for _ in range(2))
    >>> options = {"negative": rb.PCD(), "batch_size": 7, "progress": False}
    >>> _ = rb.fit(whole, X, epochs=6, **options)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoint = rb.Checkpoint(Path(folder) / "fit.npz")
    ...     for epochs in (3, 6):
    ...         _ = rb.fit(parts, X, epochs=epochs, checkpoint=checkpoint, **options)
    >>> parts == whole
    True
    """

    path: str | os.PathLike
    every: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.path, str | os.PathLike):
            raise TypeError(f"checkpoint: expected a path, got {self.path!r}")
        if self.every is not None:
            object.__setattr__(self, "every", validation.integer("every", self.every))


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when a monitor has not improved for some epochs.

    Parameters
    ----------
    monitor : str
        A column of the history, such as "validation_loss".
    patience : int ≥ 1
        Epochs without improvement after which training stops.
    min_delta : float ≥ 0
        An improvement is more than this.
    mode : "min" or "max"
        Whether small or large numbers are good.
    restore : bool
        Give the model the parameters of the best epoch at the end.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above; in training, if there is no such monitor.

    References
    ----------
    Prechelt (1998), Early stopping: but when?

    Examples
    --------
    >>> import rbmbook as rb
    >>> train, held_out = rb.data.split(rb.data.digits(), 200)
    >>> rbm = rb.RBM.random(64, 32, rng=0, data=train.X)
    >>> stop = rb.EarlyStopping("free_energy_gap", patience=3)
    >>> history = rb.fit(
    ...     rbm, train.X, rb.CD(1), epochs=300, validation=held_out.X[:100], early_stopping=stop,
    ...     progress=False,
    ... )
    >>> history.epochs < 300
    True
    """

    monitor: str
    patience: int = 10
    min_delta: float = 0.0
    mode: str = "min"
    restore: bool = True

    def __post_init__(self) -> None:
        validation.instance("monitor", self.monitor, str)
        object.__setattr__(self, "patience", validation.integer("patience", self.patience))
        validation.real("min_delta", self.min_delta, 0.0)
        if self.mode not in ("min", "max"):
            raise ValueError(f"mode: expected 'min' or 'max', got {self.mode!r}")
        validation.instance("restore", self.restore, (bool, np.bool_))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a fit goes through its data: made by `plan`, which checks it."""

    epochs: int
    batch_size: int
    optimizer: Optimizer
    rng: np.random.Generator
    progress: bool = True
    callbacks: tuple[Callback, ...] = ()
    early_stopping: EarlyStopping | None = None
    checkpoint: Checkpoint | None = None
    history: History = field(default_factory=History)


def plan(
    n_rows: int,
    *,
    epochs: Any,
    batch_size: Any,
    optimizer: Any,
    rng: Any,
    progress: Any = True,
    callbacks: Any = (),
    early_stopping: Any = None,
    checkpoint: Any = None,
    history: Any = None,
    enough: int = UPDATES,
    most: int = MOST_EPOCHS,
) -> Plan:
    """The loop's arguments, checked. Where no epochs are given, as many as make `enough` updates.

    Raises
    ------
    ValueError, TypeError
        If one is outside its range or of the wrong type.
    FileNotFoundError
        If the checkpoint's folder does not exist.
    """
    batch_size = validation.integer("batch_size", batch_size)
    if early_stopping is not None:
        validation.instance("early_stopping", early_stopping, EarlyStopping)
    if history is not None:
        validation.instance("history", history, History)
    return Plan(
        epochs=passes(epochs, n_rows, batch_size, enough, most),
        batch_size=min(batch_size, n_rows),
        optimizer=check_optimizer(optimizer),
        rng=validation.generator(rng),
        progress=bool(validation.instance("progress", progress, (bool, np.bool_))),
        callbacks=_callbacks(callbacks),
        early_stopping=early_stopping,
        checkpoint=_checkpoint(checkpoint),
        history=History() if history is None else history,
    )


def passes(
    epochs: Any, n_rows: int, batch_size: int, enough: int = UPDATES, most: int = MOST_EPOCHS
) -> int:
    """How many epochs a fit runs: the number that was given, or for None one that suits the data.

    What a machine learns depends on the number of updates, and ten epochs of a small data set are
    few. So None means 10 epochs, or as many as make `enough` updates if that is more (3,000 by
    default), but never more than `most` epochs (1,000 by default): data of a few rows would be
    learned by heart.

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


def refuse(given: Mapping[str, Any], reasons: Mapping[str, str], fit: str) -> None:
    """Raise TypeError if an argument is given that this fit does not take, and say why.

    Parameters
    ----------
    given : mapping
        The keyword arguments that a fit's signature does not name.
    reasons : mapping from names to sentences
        Why the options that other fits have make no sense here.
    fit : str
        What the fit is called.
    """
    for name in given:
        reason = f": {reasons[name]}" if name in reasons else ""
        raise TypeError(f"{fit} takes no argument {name!r}{reason}")


def _callbacks(value: Any) -> tuple[Callback, ...]:
    found: Sequence[Any] = validation.functions("callbacks", value)
    callbacks = tuple(f if isinstance(f, Callback) else Callback(f) for f in found)
    for callback in callbacks:
        _check_memory(callback.function)
    return callbacks


def _check_memory(function: Any) -> None:
    """Raise TypeError if what a checkpoint is to fill would be thrown away."""
    if hasattr(function, "memory"):
        once, again = function.memory(), function.memory()
        if not all(isinstance(x, np.ndarray) and again[name] is x for name, x in once.items()):
            raise TypeError(
                f"callbacks: expected the same arrays at every call of {function!r}.memory(), "
                "which a checkpoint can write into, got others"
            )


def _checkpoint(value: Any) -> Checkpoint | None:
    if value is None:
        return None
    checkpoint = value if isinstance(value, Checkpoint) else Checkpoint(value)
    folder = Path(checkpoint.path).absolute().parent
    if not folder.is_dir():
        raise FileNotFoundError(f"checkpoint: expected a folder {os.fspath(folder)!r}, got none")
    storage.target(checkpoint.path)
    return checkpoint
