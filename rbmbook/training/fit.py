"""Training a restricted Boltzmann machine: what one update is, and what an epoch reports."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
from scipy import sparse

from rbmbook import validation as check
from rbmbook.machine import moments
from rbmbook.machine.rbm import RBM, Parameters
from rbmbook.sampling.chains import Contrast
from rbmbook.training import gradient
from rbmbook.training.coordinates import Standardized
from rbmbook.training.divergence import Data, check_finite
from rbmbook.training.history import History
from rbmbook.training.loop import PROBE_ROWS, Run, finite, probe_rows
from rbmbook.training.monitors import Columns, Dreams, independent
from rbmbook.training.negative import Negative, Tempered
from rbmbook.training.optimize import SGD, Optimizer
from rbmbook.training.penalties import Penalties, Sparsity

NEGATIVE = Tempered(betas=10, chains=30)  # where none is given
AVERAGE_RATE = 0.01  # of the moving average of the hidden units' means

Callback = Callable[[RBM, History], Any]


def fit(
    rbm: RBM,
    X: Any,
    negative: Negative | None = None,
    epochs: int | None = None,
    batch_size: int = 100,
    optimizer: Optimizer = SGD(0.05),
    weight_decay: float = 0.0,
    sample_weight: Any = None,
    centered: bool | Literal["enhanced"] | None = None,
    validation: Any = None,
    rng: int | np.random.Generator = 0,
    progress: bool = True,
    callbacks: Sequence[Callback] = (),
    checkpoint: str | os.PathLike | None = None,
    l1: float = 0.0,
    sparsity: Sparsity | None = None,
) -> History:
    """Train a machine in place by ascending an estimate of the log-likelihood's gradient.

    Parameters
    ----------
    rbm : RBM
        Changed in place.
    X : (n, D) array or sparse matrix
        Visible states, or means (in [0, 1] for Bernoulli units). Of any real dtype; only one batch
        at a time is converted to the machine's.
    negative : negative phase, optional
        Where the model term comes from, for example ``rb.CD(1)`` or ``rb.Exact()``. If None,
        ``rb.Tempered(betas=10, chains=30)``, which takes the steps of CD-1 on batches of 300 rows
        and connects modes that no chain at β = 1 does: on two patterns of ten bits, all 0 and all
        1, a machine of 16 hidden units reaches −0.8 nats a row, where CD-1 ends below −9.
    epochs : int ≥ 0, optional
        Passes over X. If None, 10, or as many as make 3,000 updates, but no more than 1,000: what
        small data need, see `loop.passes`.
    batch_size : int ≥ 1
        Rows per update; the last batch of an epoch may be shorter and is averaged over its own
        rows. A size above n is one full batch.
    optimizer : optimizer
        ``rb.SGD(rate, momentum)`` or ``rb.Adam(rate)``.
    weight_decay : float ≥ 0
        λ of the penalty ½ λ ‖W‖² that is subtracted from the objective; biases are not decayed.
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
        `gradient.centre`), with offsets at the data's mean and at a moving average of the hidden
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
        Each is called as ``callback(rbm, history)`` after an epoch; training stops after the epoch
        in which one returns True.
    checkpoint : path, optional
        Save everything there after each epoch. If the file exists, training goes on from it and
        ends with the bits that an uninterrupted run would have given.
    l1 : float ≥ 0
        λ of the penalty λ Σ |W_ij| that is subtracted from the objective.
    sparsity : Sparsity, optional
        Pull the hidden units' means over the data towards a target.

    Returns
    -------
    History
        Monitors, one number per epoch: `epoch`, `seconds` since the start, `reconstruction_error`
        (mean squared difference between a unit and its one-step reconstruction, over 256 training
        rows drawn at random once and for all, see `loop.probe_rows`), `weight_norm` (root mean
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
        If a parameter or another monitor than `dream_error` is or becomes infinite or NaN; `rbm` is
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
    """
    run = prepared(
        rbm, X, negative, batch_size, optimizer, rng,
        weight_decay=weight_decay, sample_weight=sample_weight, centered=centered,
        validation=validation, l1=l1, sparsity=sparsity,
    )  # fmt: skip
    return run.train(epochs, progress, callbacks, checkpoint)


def prepared(
    rbm: RBM,
    X: Any,
    negative: Negative | None,
    batch_size: int,
    optimizer: Optimizer,
    rng: int | np.random.Generator,
    weight_decay: float = 0.0,
    sample_weight: Any = None,
    centered: bool | Literal["enhanced"] | None = None,
    validation: Any = None,
    l1: float = 0.0,
    sparsity: Sparsity | None = None,
) -> "Training":
    """A machine ready to be trained: arguments as for `fit`, all of them checked."""
    run = Training(rbm, X, negative, batch_size, optimizer, rng)
    run.penalties = Penalties.checked(rbm, weight_decay, l1, sparsity)
    run.options(sample_weight, centered, validation)
    return run


class Training(Run):
    """A machine in training, its data, and the memory of its updates."""

    def __init__(
        self, rbm: Any, X: Any, negative: Any, batch_size: Any, optimizer: Any, rng: Any
    ) -> None:
        self.rbm = self.trained = check.instance("rbm", rbm, RBM)
        self.X = check.matrix("X", X, rbm.n_visible)
        self.plain = negative is not None  # unless centring is asked for
        self.negative = check.instance("negative", negative, Negative) if self.plain else NEGATIVE
        super().__init__(rbm, self.X.shape[0], batch_size, optimizer, rng)
        check_finite(self.parameters)

    @property
    def parameters(self) -> list[np.ndarray]:
        """The machine's arrays as they are now: a callback may replace one."""
        return list(self.rbm.parameters)

    def options(self, sample_weight: Any, centered: Any, held_out: Any) -> None:
        """Check the other arguments, then the data, and allocate."""
        rbm, n = self.rbm, self.n_rows
        self.weight = check.weights("sample_weight", sample_weight, n)
        self.mean_weight = self.weight.mean()
        if not (centered is None or (isinstance(centered, str) and centered == "enhanced")):
            centered = bool(check.instance("centered", centered, (bool, np.bool_)))
        self.centered = not self.plain if centered is None else centered
        self.standard = None
        self.held_out = held_out
        mean, self.columns = np.zeros(rbm.n_visible), Columns(rbm.visible, rbm.n_visible)
        for rows, block in check.blocks("X", self.X, rbm.visible, rbm.dtype, relaxed=True):
            self.columns.add(block, self.weight[rows])
            if self.centered or self.penalties.sparsity:
                mean += self.weight[rows] @ block
        self.mean = (mean / self.weight.sum()).astype(rbm.dtype)
        if held_out is not None:
            self.held_out = check.matrix("validation", held_out, rbm.n_visible)
            check.domains("validation", self.held_out, rbm.visible, True, rbm.dtype)
            self.seen = self.chosen(max(PROBE_ROWS, self.held_out.shape[0]))
        self.probe = check.dense(self.X[self.chosen(PROBE_ROWS)], rbm.dtype)
        self.dreams = Dreams(rbm)
        if centered is None and rbm.visible.real(rbm.n_visible).any():
            self.standard = Standardized(rbm, self.X, self.weight)
            self.standard.rows(self.mean[None])
            self.trained = self.standard.machine
        self.batch = Contrast(self.trained, self.batch_size)
        self.gradient, self.spare = Parameters.zeros_like(rbm), Parameters.zeros_like(rbm)
        self.memory = self.optimizer.start(rbm.parameters)
        self.state = self.negative.start(self.trained, self.rng)
        self.hidden_average = np.full(rbm.n_hidden, np.nan, rbm.dtype)  # until the first batch

    def chosen(self, size: int) -> np.ndarray:
        """A random sample of the rows that teach something: those with a weight above 0."""
        rows = np.flatnonzero(self.weight)
        return rows[probe_rows(len(rows), size)]

    def update(self, rows: np.ndarray) -> None:
        """One step of the optimizer on the given rows."""
        try:
            if self.standard is None:
                self.ascend(rows)
            else:
                if self.updates == 0 and not (self.rbm.a.any() or self.rbm.b.any()):
                    moments.start_at(self.rbm, self.X)  # it was not made for the data
                self.standard.read()
                self.ascend(rows)
                self.standard.write()
        except ValueError:  # an exact answer was asked of parameters that are not finite
            if finite(self.parameters):
                raise
            raise FloatingPointError from None

    def ascend(self, rows: np.ndarray) -> None:
        """The gradient of the rows, changed by centering and penalties, and the step."""
        rbm, weight = self.trained, self.weight[rows]
        total = weight.sum()
        share = float(total / (len(rows) * self.mean_weight))  # 1 on average over the epoch
        weight = (weight / (total or 1.0)).astype(rbm.dtype)
        self.gather(rows)
        means = self.data_means(weight, share) if self.centered or self.penalties.sparsity else None
        ascent = self.negative.ascent(
            self.batch, weight, self.state, self.rng, self.gradient, self.spare, share
        )
        if means is not None:
            visible_mean, hidden_mean = means
            offsets = self.mean, self.hidden_average
            if self.centered == "enhanced":  # halfway between the data term and the model term
                offsets = visible_mean - ascent.a / 2, hidden_mean - ascent.b / 2
        if share != 1:
            for part in ascent:
                part *= part.dtype.type(share)
        self.penalties.subtract(ascent, rbm.W, means, self.hidden_average, self.spare.W)
        if self.centered:
            gradient.centre(ascent, *offsets, spare=self.spare.W)
        self.optimizer.step(rbm.parameters, ascent, self.memory, self.updates)

    def gather(self, rows: np.ndarray) -> None:
        """Restart the batch's chains at these rows of the data."""
        X, room = self.X, self.batch.room(len(rows))
        if sparse.issparse(X):
            room[:] = X[rows].toarray()
        elif X.dtype == room.dtype:
            np.take(X, rows, axis=0, out=room, mode="clip")  # "raise" would go through a copy
        else:
            room[:] = X[rows]
        if self.standard is not None:
            self.standard.rows(room)

    def data_means(self, weight: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
        """The batch's mean of v and of E[h | v]; the latter enters the moving average.

        A batch without weight has no mean of its own: that of all data stands in.
        """
        rbm = self.trained
        if share == 0:
            visible = self.mean
            hidden = rbm.hidden.mean(rbm.hidden_inputs(visible[None]))[0]
        else:
            visible, hidden = weight @ self.batch.v, weight @ self.batch.hidden_mean()
        # a batch of twice the mean weight counts as two batches
        rate = AVERAGE_RATE if share == 1 else 1 - (1 - AVERAGE_RATE) ** share
        old = np.where(np.isnan(self.hidden_average), hidden, self.hidden_average)
        self.hidden_average[:] = old + rbm.dtype.type(rate) * (hidden - old)
        return visible, hidden

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
        row |= {} if self.state is None else self.state.monitors()
        if self.held_out is not None:
            row["free_energy_gap"] = rbm.free_energy(self.held_out).mean() - np.average(
                rbm.free_energy(self.X[self.seen]), weights=self.weight[self.seen]
            )
        return row

    def learnable(self) -> bool:
        """Whether the sites of the data depend on each other."""
        return not independent(self.probe, self.rbm.visible)

    def arrays(self) -> Iterator[np.ndarray]:
        """The optimizer's memory, the negative phase's chains, the moving average, the dreams."""
        yield from self.memory
        yield from () if self.state is None else self.state.arrays()
        yield self.hidden_average
        yield from self.dreams.arrays()

    def data(self) -> Iterator[Data]:
        """The data, and the held-out rows."""
        visible = self.rbm.visible
        yield "X", self.X, visible.scale(self.probe)
        if self.held_out is not None:
            yield "validation", self.held_out, visible.scale(self.probe)

    def settings(self) -> dict[str, Any]:
        """What else decides how training goes on."""
        return {
            "negative": repr(self.negative),
            "penalties": repr(self.penalties),
            "centered": self.centered,
            "standardized": self.standard is not None,
        }

    def advice(self) -> str:
        """What to lower when training diverged."""
        decay = self.penalties.weight_decay
        return super().advice() + (f" or weight_decay={decay}" if decay else "")


def _root_mean_square(x: np.ndarray) -> float:
    """√(mean of x²), without overflow for large x."""
    peak = float(np.abs(x).max())
    return peak * float(np.sqrt(np.mean((x / (peak or 1.0)) ** 2)))
