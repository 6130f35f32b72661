"""The training loop that every model shares: epochs, batches, monitors, callbacks, divergence.

What a model adds is one subclass of `Run` that says what an update is and what it reports.
"""

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook._threads import few_blas_threads
from rbmbook.training import checkpoint, display, divergence, monitors
from rbmbook.training.divergence import DivergenceError
from rbmbook.training.history import History
from rbmbook.training.monitors import Shares
from rbmbook.training.penalties import Penalties
from rbmbook.training.plan import Callback, Plan
from rbmbook.training.stopping import Stopper
from rbmbook.training.twin import Twin

CHECK_EVERY = 10  # updates, for parameters that are no longer finite
FEATURES = ("constant_features", "saturated_features")  # what `Run.features` reports


class Run:
    """Everything that changes while a model is trained, and what an update of it is.

    A subclass defines `parameters`, the arrays that the optimizer moves, as they are now, and sets
    the attributes below that have no value; it defines `update`, `monitors` and `reports`, and says
    in `memory` and `settings` what a checkpoint needs. An update may raise FloatingPointError where
    it meets numbers that are not finite. A run that trains other arrays than the model's own, in
    other coordinates, has a `twin`.

    Parameters
    ----------
    model : object
        Handed to the callbacks.
    n_rows : int ≥ 1
        Rows of the data.
    plan : Plan
        Its generator draws, in each epoch, a permutation of the rows, then what the updates need.
    """

    X: Any  # the data
    held_out: Any = None  # rows that are not trained on
    weight: np.ndarray  # of the rows, (n_rows,)
    weighted = False  # whether somebody has given weights, or all are equal
    probe: np.ndarray  # the rows of the data that the monitors look at
    penalties = Penalties()
    where = ""  # which part of a larger model is trained, for errors and warnings
    enough = monitors.ENOUGH  # updates before a layer is expected to be of use
    twin: Twin | None = None
    compiled = False  # whether an update takes no matrix products
    together = 1  # updates that one call of `update` can make
    check_every = CHECK_EVERY

    def __init__(self, model: Any, n_rows: int, plan: Plan) -> None:
        self.model, self.n_rows, self.plan = model, n_rows, plan
        self.whole = model  # which it may be a layer of
        self.optimizer, self.rng, self.history = plan.optimizer, plan.rng, plan.history
        self.batch_size = plan.batch_size
        self.rng_before = self.rng.bit_generator.state  # chains may be drawn before all is checked
        self.updates = 0  # finished ones
        self.made = 0  # those of them that were made in this call
        self.order = np.arange(n_rows)  # the permutation of the rows in this epoch
        self.place = 0  # how many of them have had their update
        self.stopped = ""  # by "callback" or "early stopping"
        self.lost = False  # whether it diverged, and cannot go on from where it stood
        self.totals: dict[str, float] = {}  # see `count`
        self.epoch: int | None = None  # the one that is going on
        self.summed: dict[str, float] | None = None  # its totals, once `monitors` may take them
        self.shares: dict[str, Shares] = {}  # see `features`
        self.stopper: Stopper | None = None

    @property
    def parameters(self) -> list[np.ndarray]:
        """The arrays that the optimizer moves, as they are now."""
        raise NotImplementedError

    def update(self, rows: np.ndarray) -> None:
        """One step of the optimizer on the rows with these indices; `together` may allow more."""
        raise NotImplementedError

    def monitors(self) -> dict[str, float]:
        """The numbers of an epoch, of which only `dream_error` may be infinite."""
        raise NotImplementedError

    def reports(self) -> list[str]:
        """The names of these numbers, which must be known before there are any."""
        raise NotImplementedError

    def publish(self) -> None:
        """Write what has been learned to the model, before others look at it."""
        if self.twin is not None:
            self.twin.write()

    def adopt(self) -> None:
        """Go on from the model's parameters, if somebody has changed them since `publish`."""
        if self.twin is not None:
            self.twin.read_changes()

    def data(self) -> Iterable[divergence.Data]:
        """The matrices whose scale may be at fault, for errors and warnings."""
        return []

    def sources(self) -> dict[str, Any]:
        """Every matrix that training or its monitors read, by the argument's name."""
        return {"X": self.X} | ({} if self.held_out is None else {"validation": self.held_out})

    def weigh(self, sample_weight: Any) -> None:
        """Take the rows' weights, scaled to a mean of 1; equal ones if none are given."""
        self.weighted = sample_weight is not None
        self.weight = validation.weights("sample_weight", sample_weight, self.n_rows)
        self.weight /= self.weight.mean()

    def weights(self) -> np.ndarray | None:
        """The rows' weights, if they were given."""
        return self.weight if self.weighted else None

    def memory(self) -> dict[str, np.ndarray]:
        """The live arrays that decide how training goes on, besides the parameters."""
        return {}

    def settings(self) -> dict[str, Any]:
        """What else decides it and never changes; a fit that resumes must have the same."""
        return {}

    def advice(self) -> str:
        """What to lower when training diverged."""
        return f"the learning rate of {self.optimizer}" + self.penalties.advice()

    def learnable(self) -> bool:
        """Whether the rows differ at all, so that features have something to tell apart."""
        return bool(np.ptp(self.probe, axis=0).any())

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
            name: max(getattr(shares, name.removesuffix("_features")) for shares in found)
            for name in FEATURES
            if found
        }

    def count(self, sums: dict[str, float]) -> None:
        """Add sums over some rows to the totals that `means` divides."""
        for name, value in sums.items():
            self.totals[name] = self.totals.get(name, 0.0) + value

    def means(self, n: float) -> dict[str, float]:
        """The totals over n rows, the training rows of an epoch for example, and a new start."""
        totals, self.totals = self.totals, {}
        return {name: total / n for name, total in totals.items()}

    @property
    def largest_product(self) -> int:
        """About how many multiplications the largest matrix product of an update takes."""
        largest = max((p.size for p in self.parameters if p.ndim > 1), default=0)
        return 0 if self.compiled else self.batch_size * largest

    @property
    def updates_per_epoch(self) -> int:
        """The number of batches."""
        return -(-self.n_rows // self.batch_size)


class _NotFinite(Exception):
    """What became infinite or NaN."""


def train(run: Run) -> History:
    """Epochs until there are as many as planned, or a callback or early stopping ends it.

    Whatever else ends it, an interrupt for example, the history has the finished epochs and what
    a fit can go on from; the exception has the history.
    """
    with attached(run.history):
        _begin(run)
        try:
            _epochs(run)
            run.history.kept = checkpoint.kept(run)  # before the best parameters come back
        except BaseException as error:
            _settle(run)
            lost = isinstance(error, DivergenceError) or run.lost
            run.history.kept = None if lost else checkpoint.kept(run)
            raise
        if run.stopper is not None and run.stopper.best_parameters(run.parameters):
            run.publish()
            run.history.kept["left"] = checkpoint.left(run.whole)
        display.warn(run)
    return run.history


@contextlib.contextmanager
def attached(history: History) -> Iterator[None]:
    """Give whatever exception ends a fit its history."""
    try:
        yield
    except BaseException as error:
        with contextlib.suppress(AttributeError, TypeError):  # some exceptions take no attribute
            error.history = history  # type: ignore[attr-defined]
        raise


def check_monitor(plan: Plan, names: Sequence[str]) -> None:
    """Raise ValueError if early stopping looks at a monitor that a fit does not report."""
    rule, known = plan.early_stopping, ["epoch", "seconds", *names]
    if rule is not None and rule.monitor not in known:
        raise ValueError(
            f"early_stopping: expected a monitor of this fit, one of {', '.join(known)}; "
            f"got {rule.monitor!r}"
        )


def _begin(run: Run) -> None:
    """Refuse what can be refused before anything is changed; then find where to go on from."""
    try:
        check_monitor(run.plan, run.reports())
        if run.plan.early_stopping is not None:
            run.stopper = Stopper(run.plan.early_stopping, run.parameters)
        divergence.check_finite(run.parameters, where=run.where)
        checkpoint.take_up(run)
    except BaseException:
        run.rng.bit_generator.state = run.rng_before
        raise


def _epochs(run: Run) -> None:
    """Epochs, each with its row of the history, its callbacks and its checkpoint."""
    history, plan = run.history, run.plan
    begin = time.perf_counter() - (history["seconds"][-1] if history.epochs else 0.0)
    with display.bar(plan, history.epochs) as bar:
        while run.place or (history.epochs < plan.epochs and not run.stopped):
            run.epoch = history.epochs + 1
            with few_blas_threads(run.largest_product):
                row = _epoch(run)
            seconds = time.perf_counter() - begin
            history.append(epoch=run.epoch, seconds=seconds, **row)
            _settle(run)
            _after_epoch(run)
            display.show(bar, row)


def _settle(run: Run) -> None:
    """Be done with an epoch that the history has; otherwise have the totals for its monitors."""
    if run.history.epochs == run.epoch:
        run.place, run.totals = 0, {}
    elif run.summed is not None:
        run.totals = run.summed
    run.summed = None


def _epoch(run: Run) -> dict[str, float]:
    """One pass over the data in a new order, and its monitors; divergence puts all back."""
    epochs = run.history.epochs
    divergence.check_finite(run.parameters, f"before epoch {epochs + 1}", run.where)
    last = [parameter.copy() for parameter in run.parameters]
    since = f"update {run.updates}" if run.place else f"epoch {epochs}"
    try:
        for rows in _batches(run):
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                _update(run, rows)
            _after_update(run)
        return _monitors(run)
    except BaseException as error:  # an interrupt, too, may come when numbers have overflowed
        diverged = isinstance(error, _NotFinite)
        run.lost = diverged or not divergence.finite(run.parameters)
        if run.lost:
            for parameter, saved in zip(run.parameters, last, strict=True):
                parameter[...] = saved
        run.publish()
        if diverged:
            raise _diverged(run, str(error), since) from None
        raise


def _batches(run: Run) -> Iterator[np.ndarray]:
    """The indices of each batch of this epoch, from where it stands; or of some whole batches."""
    if run.place == 0:
        run.order[:] = run.rng.permutation(run.n_rows)
    while run.place < run.n_rows:
        yield run.order[run.place : run.place + run.batch_size * _together(run)]


def _together(run: Run) -> int:
    """How many updates may be made in one go: no more than until something is due."""
    file = run.plan.checkpoint
    due = [run.check_every, *(f.every for f in run.plan.callbacks), file and file.every]
    until = [every - run.updates % every for every in due if every]
    return min(run.together, max(1, (run.n_rows - run.place) // run.batch_size), *until)


def _update(run: Run, rows: np.ndarray) -> None:
    """An update, or several, and now and then a look whether all is finite."""
    try:
        run.update(rows)
    except FloatingPointError:
        raise _NotFinite("a parameter") from None
    made = -(-len(rows) // run.batch_size)
    run.updates += made
    run.made += made
    run.place += len(rows)
    if run.updates % run.check_every == 0:
        # What is not finite in a matrix reaches the vectors a batch later: they are quick to test.
        if not divergence.finite(p for p in run.parameters if p.ndim == 1):
            raise _NotFinite("a parameter")


def _after_update(run: Run) -> None:
    """The callbacks and the checkpoint whose turn comes in the middle of epochs."""
    due = [f for f in run.plan.callbacks if f.every and run.updates % f.every == 0]
    if due:
        run.publish()
        _call(run, due)
    file = run.plan.checkpoint
    if file is not None and file.every and run.updates % file.every == 0:
        checkpoint.save(run, file.path)


def _monitors(run: Run) -> dict[str, float]:
    """The epoch's numbers, if all of them are finite."""
    run.summed = dict(run.totals)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if not divergence.finite(run.parameters):
            raise _NotFinite("a parameter")
        run.publish()
        try:
            row = run.monitors()
        except FloatingPointError:  # sums of the parameters overflow
            raise _NotFinite("a parameter") from None
    for name, value in row.items():
        if not np.isfinite(value) and name != "dream_error":
            raise _NotFinite(f"the monitor {name}")
    return row


def _after_epoch(run: Run) -> None:
    """Callbacks first, so that a checkpoint has what they have done."""
    due = [f for f in run.plan.callbacks if f.every is None]
    _call(run, due)
    if run.stopper is not None and run.stopper.look(run.history, run.parameters):
        run.stopped = run.stopped or "early stopping"
    file = run.plan.checkpoint
    last = run.stopped or run.history.epochs >= run.plan.epochs
    if file is not None and (file.every is None or last):
        checkpoint.save(run, file.path)


def _call(run: Run, callbacks: Sequence[Callback]) -> None:
    """Let them all see the model; one may have changed it, and one may end the training."""
    if any([callback(run.model, run.history) for callback in callbacks]):
        run.stopped = "callback"
    if callbacks:
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is found later
            run.adopt()


def _diverged(run: Run, what: str, since: str) -> DivergenceError:
    """The error that says when, and what to change."""
    where = f"{run.where}: " if run.where else ""
    epochs = run.history.epochs
    advice = divergence.advice(run.data(), run.optimizer, run.updates, run.advice())
    return DivergenceError(
        f"{where}training diverged in epoch {epochs + 1}, update {run.updates}: {what} became "
        f"infinite or NaN. The model holds the parameters after {since}. {advice}"
    )
