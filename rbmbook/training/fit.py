"""Training a restricted Boltzmann machine: what one update is, and what an epoch reports."""

import os
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np

from rbmbook.machine import moments
from rbmbook.machine.rbm import RBM
from rbmbook.machine.rows import only
from rbmbook.training import contrastive
from rbmbook.training.checkpoint import listed, prefixed
from rbmbook.training.coordinates import Standardized
from rbmbook.training.direction import Difference, Direction
from rbmbook.training.divergence import Data, check_finite, finite
from rbmbook.training.history import History
from rbmbook.training.loop import FEATURES, Run, train
from rbmbook.training.monitors import Columns, Dreams, independent
from rbmbook.training.negative import Batch, Negative, Tempered, started
from rbmbook.training.optimize import SGD, Optimizer
from rbmbook.training.penalties import Penalties, Sparsity, prior
from rbmbook.training.plan import Checkpoint, EarlyStopping, Function, Plan
from rbmbook.training.plan import plan as planned
from rbmbook.training.probe import PROBE_ROWS, taught_rows
from rbmbook.training.workers import Workers
from rbmbook.validation import blocks, dense, domains, instance, matrix

__all__ = ["fit"]

NEGATIVE = Tempered(betas=10, chains=30)  # where none is given


def fit(
    rbm: RBM,
    X: Any,
    negative: Negative | None = None,
    epochs: int | None = None,
    batch_size: int = 100,
    optimizer: Optimizer = SGD(0.05),
    *,
    weight_decay: float | None = None,
    sample_weight: Any = None,
    centered: bool | Literal["enhanced"] | None = None,
    validation: Any = None,
    rng: int | np.random.Generator = 0,
    progress: bool = True,
    callbacks: Sequence[Function] = (),
    l1: float = 0.0,
    sparsity: Sparsity | None = None,
    early_stopping: EarlyStopping | None = None,
    checkpoint: str | os.PathLike | Checkpoint | None = None,
    history: History | None = None,
) -> History:
    """Train a machine in place by ascending an estimate of the log-likelihood's gradient.

    Parameters
    ----------
    rbm : RBM
        Changed in place.
    X : (n, D) array or sparse matrix
        Visible states, or means (in [0, 1] for Bernoulli units). Of any real dtype; a batch of
        them, or as many as take some megabytes, is converted to the machine's at a time.
    negative : negative phase, optional
        Where the model term comes from, for example ``rb.CD(1)`` or ``rb.Exact()``. If None,
        ``rb.Tempered(betas=10, chains=30)``, which takes the steps of CD-1 on batches of 300 rows
        and connects modes that no chain at β = 1 does: on two patterns of ten bits, all 0 and all
        1, a machine of 16 hidden units reaches −0.8 nats a row, where CD-1 ends below −9.
    epochs : int ≥ 0, optional
        Passes over X. If None, 10, or as many as make 3,000 updates, but no more than 1,000: what
        small data need, see `plan.passes`.
    batch_size : int ≥ 1
        Rows per update; the last batch of an epoch may be shorter and is averaged over its own
        rows. A size above n is one full batch.
    optimizer : optimizer
        ``rb.SGD(rate, momentum)`` or ``rb.Adam(rate)``.
    weight_decay : float ≥ 0, optional
        λ of the penalty ½ λ ‖W‖² that is subtracted from the objective; biases are not decayed. If
        None, 0 with a `negative` of your own, and without one 1 / n for n rows: the prior N(0, 1)
        of each weight, which thousands of rows do not feel. (A machine of 16 hidden units that is
        fitted to ten digits, drawn ten times, ends between 0.9 nats a held-out row below and 1.8
        above independent units; with 0 it is lower each time, by 4.9 nats on average.)
    l1 : float ≥ 0
        λ of the penalty λ Σ |W_ij| that is subtracted from the objective.
    sparsity : Sparsity, optional
        Pull the hidden units' means over the data towards a target.
    sample_weight : (n,) array, optional
        Weights ≥ 0 of the rows; only their ratios matter. A row counts as that many rows: within a
        batch the averages are weighted, and the batch's whole gradient is multiplied by its mean
        weight over that of all rows. Penalties act once an update, whatever the batch weighs.
    centered : bool or "enhanced", optional
        If None, Gaussian visible columns are standardised for training (see `coordinates`), so that
        their units and their means do not matter, and a machine whose biases are all 0 starts as
        ``RBM.random(..., data=X)`` would; and without a `negative` of your own the gradient is
        centred: its step sizes then suit machines of a hundred hidden units, too. With any other
        value columns stay as they are. False: the plain gradient. True: the centred one (see
        `rb.gradient.centre`), with offsets at the data's mean and at a moving average of the hidden
        means. "enhanced": offsets halfway between data term and model term, which is the enhanced
        gradient. Penalties act on W in the centred coordinates, so that flipped data still gives
        the flipped machine.
    validation : (m, D) array or sparse matrix, optional
        Held-out rows; adds the monitor `free_energy_gap`.
    rng : int or Generator
        Each epoch draws a permutation of the rows, then its batches' noise in order.
    progress : bool
        Show a progress bar.
    callbacks : sequence of callables
        Each is called as ``callback(rbm, history)`` after an epoch, or after every n updates if it
        is an ``rb.Callback(function, every=n)``. It may change the machine. Training stops after
        the epoch in which one returns True.
    early_stopping : EarlyStopping, optional
        ``rb.EarlyStopping("free_energy_gap")``, for example: stop when a monitor no longer
        improves.
    checkpoint : path or Checkpoint, optional
        Save everything there after each epoch, or with ``rb.Checkpoint(path, every=n)`` after every
        n updates. If the file exists, training goes on from it and ends with the bits that an
        uninterrupted run would have given on this processor with these packages. Only `epochs` may
        differ from the fit that wrote it: another machine, other data, weights or settings are
        refused.
    history : History, optional
        Filled while training goes on, so that it is there whatever ends it short of the
        process. With the history of an earlier fit of this machine, training goes on from there
        until there are `epochs` in all: the optimizer's memory, the chains and the random numbers
        (whatever `rng` says) are kept with it, and the result is that of one fit.

    Returns
    -------
    History
        Monitors, one number per epoch: `epoch`, `seconds` since the start, `reconstruction_error`
        (mean squared difference between a unit and its one-step reconstruction, over 256 training
        rows drawn at random once and for all, see `probe.probe_rows`), `weight_norm` (root mean
        square of W), `dream_error`, `constant_features` and `saturated_features`, with
        `validation` `free_energy_gap`, and with `Tempered` chains `swap_rate`, the lowest mean
        acceptance of a pair of temperatures.

        `dream_error` compares what the machine dreams with the data: the root mean square, over the
        visible columns, of mean of the dreams minus mean of the data (weighted; for columns
        without a range in units of the data's standard deviation, otherwise as they are). The
        dreams are E[v | h] along 64 Gibbs chains that begin at random states and go on by a few
        steps after each epoch. By chance it is about s/√64, with s the standard deviation of a
        column of E[v | h] (at most 0.06 for binary units). Well above that, the machine holds its
        probability elsewhere than the data, or it mixes so badly that the chains are stuck; it is
        infinite where chains run away, and says little of a machine that is trained for labels
        (`Discriminative`) or whose units have no joint density (`NoisyReLU`).

        `constant_features` is the share of hidden units whose mean hardly varies over the probe
        rows (standard deviation at most 1 % of the range, or of 1/√γ; see `monitors.Shares`);
        `saturated_features` that of the units within 1 % of the ends of their range for 99 % of the
        rows.

        `free_energy_gap` is the mean free energy of the held-out rows minus that of training rows,
        in nats, and grows when the machine overfits. Of the training rows (those with a weight
        above 0, averaged with their weights) it takes a random sample of as many as there are
        held-out rows, at least 256, or all if there are no more.

    Raises
    ------
    ValueError, TypeError
        If an argument is outside its range or of the wrong type.
    DivergenceError
        If a parameter or a monitor other than `dream_error` is or becomes infinite or NaN; `rbm` is
        then as it was after the last finite epoch. The message tells what to change: the data's
        scale, by column, or the rate.

    Warns
    -----
    TrainingWarning
        If 90 % of the hidden units are constant though the rows are not: the steps were too large
        and threw them to an end of their range, or, after 200 updates or more, they have not woken
        up yet. The latter is forgiven where the columns of the data seem to be independent.

    References
    ----------
    Hinton (2012), A practical guide to training restricted Boltzmann machines. Melchior, Fischer
    and Wiskott (2016), How to center deep Boltzmann machines. Cho, Raiko and Ilin (2013), Enhanced
    gradient for training restricted Boltzmann machines.

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> rbm = rb.RBM.random(9, 8, rng=0, data=X)
    >>> history = rb.fit(rbm, X, rb.CD(1), epochs=20, batch_size=7, rng=0, progress=False)
    >>> history.epochs, list(history)[:4]
    (20, ['epoch', 'seconds', 'reconstruction_error', 'weight_norm'])
    >>> history = rb.fit(rbm, X, rb.CD(1), 50, batch_size=7, progress=False, history=history)
    >>> history.epochs  # 30 more, as if there had been one fit
    50
    """
    X = matrix("X", X, instance("rbm", rbm, RBM).n_visible)
    plan = planned(
        X.shape[0],
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optimizer,
        rng=rng,
        progress=progress,
        callbacks=callbacks,
        early_stopping=early_stopping,
        checkpoint=checkpoint,
        history=history,
    )
    if weight_decay is None:
        weight_decay = prior(None, X.shape[0]) if negative is None else 0.0
    penalties = Penalties(weight_decay, l1, sparsity)
    return train(Training(rbm, X, plan, negative, penalties, sample_weight, centered, validation))


class Training(Run):
    """A machine in training, its data, and the memory of its updates."""

    def __init__(
        self,
        rbm: RBM,
        X: Any,
        plan: Plan,
        negative: Negative | None = None,
        penalties: Penalties = Penalties(),
        sample_weight: Any = None,
        centered: bool | Literal["enhanced"] | None = None,
        held_out: Any = None,
        workers: Workers | None = None,
    ) -> None:
        super().__init__(rbm, X.shape[0], plan)
        self.rbm, self.X = rbm, X
        check_finite(list(rbm.parameters))
        self.negative = NEGATIVE
        if negative is not None:
            self.negative = instance("negative", negative, Negative)
        self.penalties = penalties.check_target(rbm.hidden, rbm.n_hidden)
        self.weigh(sample_weight)
        self.held_out = _held_out(held_out, rbm)
        self.centered, self.workers = centring(centered, negative), workers
        look = survey if workers is None else workers.survey
        self.columns, binary = look(rbm, X, self.weight)
        self.probe = dense(X[taught_rows(self.weight)], rbm.dtype)
        self.dreams = Dreams(rbm)
        real = rbm.visible.real(rbm.n_visible).any()
        self.standard = self.standardized() if centered is None and real else None
        self.twin = self.standard
        self.trained = rbm if self.standard is None else self.standard.machine
        mean = self.coordinates(self.columns.mean[None].astype(rbm.dtype))[0]
        self.direction = Direction(self.penalties, self.centered, mean, rbm.n_hidden)
        self.optimizer_memory = self.optimizer.start(rbm.parameters)
        start = started if workers is None else workers.start
        self.kept = start(self.negative, self.trained, self.rng)
        if workers is not None:
            self.together = self.check_every = workers.steps
        elif binary and not self.centered:
            settings = self.negative, self.optimizer, self.penalties, self.batch_size
            together = contrastive.together(rbm, *settings)
            self.compiled, self.together = together > 0, max(1, together)

    def standardized(self) -> Standardized:
        """The machine and its twin for standardised columns."""
        if self.workers is None:
            found = moments.of_columns(self.X, self.rbm.visible, self.weight, "X", self.rbm.dtype)
        else:
            found = self.workers.moments(self.rbm, self.weight)
        return Standardized(self.rbm, found, self.n_rows)

    @property
    def parameters(self) -> list[np.ndarray]:
        """The arrays that are trained, as they are now: a callback may replace one."""
        return list(self.trained.parameters)

    def update(self, rows: np.ndarray) -> None:
        """One step of the optimizer on the given rows, or several where that is possible."""
        if self.compiled:
            batches = rows.reshape(-1, min(len(rows), self.batch_size))
            settings = self.negative, self.kept, self.optimizer, self.penalties
            kept = self.optimizer_memory, self.updates, self.rng
            return contrastive.train(
                self.rbm, self.X, batches, self.weight[batches], *settings, *kept
            )
        if self.updates == 0 and self.standard is not None:
            self.standard.start()
        try:
            if self.workers is not None and self.workers.steps > 1:
                return self.workers.local_steps(self, rows)
            ascent = self.direction.of(self.trained, self.difference(rows))
        except ValueError:  # an exact answer was asked of parameters that are not finite
            if finite(self.parameters):
                raise
            raise FloatingPointError from None
        self.optimizer.step(self.parameters, ascent, self.optimizer_memory, self.updates)
        if self.standard is not None:
            self.standard.hold()

    def difference(self, rows: np.ndarray) -> Difference:
        """Data term minus model term of a batch, here or by the workers."""
        if self.workers is not None:
            return self.workers.difference(self, rows)
        v = self.coordinates(dense(self.X[rows], self.rbm.dtype))
        batch = Batch.weighted(self.trained, v, self.weight[rows] if self.weighted else None)
        ascent = self.negative.ascent(self.trained, batch, self.kept, self.rng)
        return Difference.of(ascent, batch)

    def coordinates(self, v: np.ndarray) -> np.ndarray:
        """Rows of the data in the coordinates of training, changed in place."""
        if self.standard is not None:
            self.standard.rows(v)
        return v

    def monitors(self) -> dict[str, float]:
        """The numbers of an epoch."""
        rbm, epoch = self.rbm, self.history.epochs + 1
        features = rbm.hidden.mean(rbm.hidden_inputs(self.probe))
        error = self.probe - rbm.visible.mean(rbm.visible_inputs(features))
        dreamed = self.dreams.mean(epoch, self.updates_per_epoch)
        row = {
            "reconstruction_error": (error**2).mean(axis=1).mean(),
            "weight_norm": _root_mean_square(rbm.W),
            "dream_error": self.columns.dream_error(dreamed),
        }
        row |= self.features(["the hidden layer"], [rbm.hidden], [features])
        row |= {} if self.kept is None else self.kept.monitors()
        if self.held_out is not None:
            row["free_energy_gap"] = self.free_energy_gap()
        return row

    def free_energy_gap(self) -> float:
        """The mean free energy of the held-out rows minus that of training rows. Book: (8.4)."""
        seen = taught_rows(self.weight, max(PROBE_ROWS, self.held_out.shape[0]))
        inside, outside = (self.rbm.free_energy(rows) for rows in (self.X[seen], self.held_out))
        return outside.mean() - np.average(inside, weights=self.weight[seen])

    def reports(self) -> list[str]:
        """The names of these numbers."""
        return reports(self.negative, self.held_out)

    def learnable(self) -> bool:
        """Whether the sites of the data depend on each other."""
        return not independent(self.probe, self.rbm.visible)

    def memory(self) -> dict[str, np.ndarray]:
        """The optimizer's memory, the negative phase's chains, the moving average, the dreams."""
        return {
            **listed("optimizer", self.optimizer_memory),
            **prefixed("negative", self.kept),
            **prefixed("dreams", self.dreams),
            "hidden_average": self.direction.hidden_average.value,
        }

    def data(self) -> Iterator[Data]:
        """The data, and the held-out rows."""
        visible = self.rbm.visible
        yield "X", self.columns, visible.scale(self.probe)
        if self.held_out is not None:
            yield "validation", self.held_out, visible.scale(self.probe)

    def settings(self) -> dict[str, Any]:
        """What else decides how training goes on."""
        return {
            "negative": self.negative,
            "penalties": self.penalties,
            "centered": self.centered,
            "standardized": self.standard is not None,
            **({} if self.workers is None else self.workers.settings()),
        }


def survey(rbm: RBM, X: Any, weight: np.ndarray) -> tuple[Columns, bool]:
    """The columns of data that a machine can have, and whether they are nothing but 0 and 1."""
    columns, binary = Columns(rbm.visible, rbm.n_visible), True
    for rows, block in blocks("X", X, rbm.visible, rbm.dtype, relaxed=True):
        columns.add(block, weight[rows])
        binary = binary and only(block, 0, 1)
    return columns, binary


def reports(negative: Negative, held_out: Any) -> list[str]:
    """The names of the numbers of an epoch, which depend on these two."""
    names = ["reconstruction_error", "weight_norm", "dream_error", *FEATURES, *negative.reports()]
    return names + ([] if held_out is None else ["free_energy_gap"])


def centring(centered: Any, negative: Negative | None) -> bool | str:
    """Whether, and how, to centre; by default where the negative phase is the default one, too."""
    if centered is None:
        return negative is None
    if isinstance(centered, str) and centered == "enhanced":
        return centered
    return bool(instance("centered", centered, (bool, np.bool_)))


def _held_out(held_out: Any, rbm: RBM) -> Any:
    """Held-out rows, if the machine can have them."""
    if held_out is not None:
        held_out = matrix("validation", held_out, rbm.n_visible)
        domains("validation", held_out, rbm.visible, True, rbm.dtype)
    return held_out


def _root_mean_square(x: np.ndarray) -> float:
    """√(mean of x²), without overflow for large x."""
    peak = float(np.abs(x).max())
    return peak * float(np.sqrt(np.mean((x / (peak or 1.0)) ** 2)))
