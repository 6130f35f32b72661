"""Joint training of all layers of a deep Boltzmann machine: stochastic maximum likelihood.

The gradient of the bound is ⟨x_l x_{l+1}ᵀ⟩_q − ⟨x_l x_{l+1}ᵀ⟩_model. The first term is taken at the
mean-field means of the batch, the second from Gibbs chains that go on from one update to the next.
Both are those of the restricted machine between the even and the odd layers. `fit` is the method of
`DBM`.

References
----------
Salakhutdinov and Hinton (2009), Deep Boltzmann machines, section 2 (algorithm 1). Montavon and
Müller (2012), Deep Boltzmann machines and the centering trick. Melchior, Fischer and Wiskott
(2016), How to center deep Boltzmann machines.
"""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from rbmbook.dbm.mean_field import Inference, checked, infer
from rbmbook.machine.parameters import Parameters
from rbmbook.training.centring import MovingAverage, centre
from rbmbook.training.checkpoint import listed, prefixed
from rbmbook.training.history import History
from rbmbook.training.loop import FEATURES, Run, train
from rbmbook.training.monitors import Columns, Dreams, independent
from rbmbook.training.negative import CD, PCD, Batch, Negative, started
from rbmbook.training.optimize import SGD, Optimizer
from rbmbook.training.penalties import Penalties, Sparsity, prior
from rbmbook.training.plan import Checkpoint, EarlyStopping, Function, Plan, refuse
from rbmbook.training.plan import plan as planned
from rbmbook.training.probe import PROBE_ROWS, taught_rows
from rbmbook.training.stages import each
from rbmbook.validation import blocks, dense, domains, instance, matrix

REFUSED = {
    "chains": "give them to the negative phase, as in negative=rb.PCD(k=5, chains=100)",
    "k": "give it to the negative phase, as in negative=rb.PCD(k=5, chains=100)",
}


def fit(
    dbm: Any,
    X: Any,
    negative: Negative = PCD(k=5, chains=100),
    epochs: int | None = None,
    batch_size: int = 100,
    optimizer: Optimizer = SGD(0.02),
    *,
    steps: int = 10,
    tolerance: float = 1e-3,
    weight_decay: float | None = None,
    l1: float = 0.0,
    sparsity: Sparsity | Sequence[Sparsity | None] | None = None,
    sample_weight: Any = None,
    centered: bool = False,
    validation: Any = None,
    rng: int | np.random.Generator = 0,
    progress: bool = True,
    callbacks: Sequence[Function] = (),
    early_stopping: EarlyStopping | None = None,
    checkpoint: str | os.PathLike | Checkpoint | None = None,
    history: History | None = None,
    **refused: Any,
) -> History:
    """Train all layers together: ascend the bound's gradient, with persistent chains.

    On 1,300 binary digits 8 × 8, a machine 64-16-8 reaches a held-out bound of about −20 nats by
    `pretrain` and `fit` without options, and −21 by `fit` alone; independent units −24.4.

    Parameters
    ----------
    X : (n, D) array or sparse matrix
        Visible states, or means in [0, 1].
    negative : PCD, FPCD, Tempered or Exact
        Where the model term comes from.
    epochs : int ≥ 0, optional
        As for `rb.fit`: enough for 3,000 updates on small data.
    batch_size : int ≥ 1
        Rows per update; the last batch of an epoch may be shorter.
    optimizer : optimizer
        ``rb.SGD(rate, momentum)`` or ``rb.Adam(rate)``.
    steps, tolerance : int ≥ 0, float ≥ 0
        Of mean-field inference, as for `mean_field`.
    weight_decay : float ≥ 0, optional
        λ of the penalty ½ λ Σ_l ‖W_l‖². If None, 1 / n for n rows: the prior N(0, 1) of each
        weight. Thousands of rows do not feel it; a few are not learned by heart. (After
        `pretrain` and `fit` on ten digits, drawn ten times, the held-out bound is between 0.9 nats
        below and 2.0 above what independent units reach; with 0 it is lower each time, by 4.3
        nats on average.)
    l1 : float ≥ 0
        λ of the penalty λ Σ_l Σ |W_ij|.
    sparsity : Sparsity, or one (or None) for each hidden layer, optional
        Pull the mean-field means of the hidden layers over the data towards a target.
    sample_weight : (n,) array, optional
        As for `rb.fit`.
    centered : bool
        Ascend the centred gradient, with offsets at moving averages of the layers' means: a
        help where training starts without `pretrain`.
    validation : (m, D) array or sparse matrix, optional
        Held-out rows; adds the monitor `bound_gap`.
    rng : int or Generator
        Draws the chains' start; then each epoch a permutation of the rows and its updates' noise.
    progress : bool
        Show a progress bar.
    callbacks : sequence of callables
        Each is called as ``callback(dbm, history)``, as for `rb.fit`.
    early_stopping, checkpoint, history
        As for `rb.fit`.

    Returns
    -------
    History
        `epoch`, `seconds`, over 256 training rows drawn at random once and for all
        `reconstruction_error` (of the visible layer given the mean-field means) and
        `mean_field_steps`, `weight_norm`, `dream_error` (as for `rb.fit`), `constant_features` and
        `saturated_features` (of the worst hidden layer's mean-field means), with `Tempered` chains
        `swap_rate`, and with `validation` `bound_gap`: the mean bound of training rows minus that
        of the held-out ones, in nats, in which log Z cancels. Of the training rows (those with a
        weight above 0, averaged with their weights) it takes a random sample of as many as there
        are held-out rows, at least 256, or all if there are no more.

    Raises
    ------
    ValueError, TypeError
        If an argument is outside its range or of the wrong type.
    DivergenceError
        If a parameter becomes infinite or NaN; the machine is then as it was after the last
        finite epoch.

    Warns
    -----
    TrainingWarning
        If 90 % of the units of a hidden layer are constant: from 200 updates on,
        or at once where they are stuck at an end of their range.

    References
    ----------
    Salakhutdinov and Hinton (2009), section 2. Montavon and Müller (2012), Deep Boltzmann
    machines and the centering trick. Book: (13.11).

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> dbm = rb.DBM.random((9, 6, 4), rng=0, data=X)
    >>> history = dbm.fit(X, negative=rb.PCD(k=5, chains=50), epochs=100, progress=False)
    >>> history.epochs
    100
    """
    refuse(refused, REFUSED, "DBM.fit")
    X = matrix("X", X, dbm.sizes[0])
    domains("X", X, dbm.machine.visible, relaxed=True)
    if validation is not None:
        validation = matrix("validation", validation, dbm.sizes[0])
        domains("validation", validation, dbm.machine.visible, relaxed=True)
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
    penalties = Penalties(prior(weight_decay, X.shape[0]), l1)
    sparsities = each("sparsity", sparsity, len(dbm.sizes) - 1)
    for own in sparsities:
        Penalties(sparsity=own).check_target(dbm.machine.hidden, 1)
    centered = bool(instance("centered", centered, (bool, np.bool_)))
    run = JointTraining(
        dbm,
        X,
        plan,
        persistent(negative),
        checked(steps, tolerance),
        penalties,
        sparsities,
        sample_weight,
        centered,
        validation,
    )
    return train(run)


def persistent(negative: Any) -> Negative:
    """A negative phase whose model term does not begin at the data."""
    instance("negative", negative, Negative)
    if isinstance(negative, CD):
        raise TypeError(
            "negative: expected PCD, FPCD, Tempered or Exact, got CD: the hidden layers have no "
            "states at the data for its chains to start from, only mean-field means"
        )
    return negative


class JointTraining(Run):
    """A deep machine in training: its data, its chains, and the memory of its updates."""

    def __init__(
        self,
        dbm: Any,
        X: Any,
        plan: Plan,
        negative: Negative,
        inference: tuple[int, float],
        penalties: Penalties = Penalties(),
        sparsity: Sequence[Sparsity | None] = (),
        sample_weight: Any = None,
        centered: bool = False,
        held_out: Any = None,
    ) -> None:
        super().__init__(dbm, X.shape[0], plan)
        self.dbm, self.rbm, self.sides = dbm, dbm.machine, dbm.sides
        self.X, self.negative, self.inference = X, negative, inference
        self.penalties, self.sparsity = penalties, sparsity
        self.centered, self.held_out = centered, held_out
        self.weigh(sample_weight)
        rbm = self.rbm
        self.probe = dense(X[taught_rows(self.weight)], rbm.dtype)
        self.columns = Columns(rbm.visible, dbm.sizes[0])
        for rows, block in blocks("X", X, rbm.visible, rbm.dtype, relaxed=True):
            self.columns.add(block, self.weight[rows])
        self.absent = self.sides.absent()
        self.averages = [MovingAverage(n, rbm.dtype) for n in (rbm.n_visible, rbm.n_hidden)]
        self.optimizer_memory = self.optimizer.start(self.parameters)
        self.dreams = Dreams(rbm)
        self.kept = started(negative, rbm, self.rng)

    @property
    def parameters(self) -> list[np.ndarray]:
        """The arrays of the machine between the even and the odd layers."""
        return list(self.rbm.parameters)

    def infer(self, v: np.ndarray) -> Inference:
        """The batch's mean-field means."""
        return infer(self.dbm, v, *self.inference)

    def update(self, rows: np.ndarray) -> None:
        """One step of the optimizer on the given rows."""
        ascent = self.ascent(self.batch(rows))
        self.optimizer.step(self.parameters, ascent, self.optimizer_memory, self.updates)

    def ascent(self, batch: Batch) -> Parameters:
        """The bound's gradient, mean-field term minus model term, for the optimizer to ascend.

        Multiplied by the batch's share; minus the penalties' gradient; centred. Book: (13.11).
        """
        ascent = self.negative.ascent(self.rbm, batch, self.kept, self.rng)
        if batch.share != 1:
            for part in ascent:
                part *= part.dtype.type(batch.share)
        self.penalties.shrink(ascent, self.parameters)
        if batch.share:  # without weight a batch has no means
            means = batch.data_term.a, batch.data_term.b
            for average, mean in zip(self.averages, means, strict=True):
                average.add(mean, batch.share)
            self.pull(ascent, *means)
        if self.centered:
            even, odd = (np.nan_to_num(average.value) for average in self.averages)
            centre(ascent, even, odd, self.absent)
        elif self.absent is not None:
            ascent.W[self.absent] = 0
        return ascent

    def pull(self, ascent: Parameters, even_mean: np.ndarray, odd_mean: np.ndarray) -> None:
        """Add the pull of sparsity to a batch's gradient, given its means of the two sides."""
        if not any(self.sparsity):
            return
        averages = self.sides.split(*(average.value for average in self.averages))
        pulls = [np.zeros_like(average) for average in averages]
        for layer, own in enumerate(self.sparsity, start=1):
            if own is not None:
                pulls[layer] = own.pull(averages[layer])
        even, odd = self.sides.join(pulls)
        ascent.a[:] += even
        ascent.b[:] += odd
        ascent.W[:] += np.outer(even_mean, odd) + np.outer(even, odd_mean)

    def batch(self, rows: np.ndarray) -> Batch:
        """Rows of the data at their mean-field means; data term ⟨even oddᵀ⟩, ⟨even⟩, ⟨odd⟩."""
        weight = self.weight[rows]
        share = float(weight.sum() / len(rows))
        weight = (weight / (weight.sum() or 1.0)).astype(self.rbm.dtype)
        found = self.infer(dense(self.X[rows], self.rbm.dtype))
        odd = found.best_odd()
        even_term = weight @ found.even
        term = Parameters(found.even.T @ (weight[:, None] * odd), even_term, weight @ odd)
        return Batch(self.rbm, found.even, weight, term, share)

    def monitors(self) -> dict[str, float]:
        """The numbers of an epoch."""
        found = self.infer(self.probe)
        D, odd, unit = self.dbm.sizes[0], found.best_odd(), self.rbm.hidden
        reconstruction = self.rbm.visible.mean(self.rbm.visible_inputs(odd))[:, :D]
        _, *layers = self.sides.split(found.even, odd)
        dreamed = self.dreams.mean(self.history.epochs + 1, self.updates_per_epoch)[:D]
        row = {
            "reconstruction_error": np.mean((self.probe - reconstruction) ** 2),
            "weight_norm": np.sqrt(np.mean([np.mean(W**2) for W in self.dbm.weights])),
            "mean_field_steps": found.steps.mean(),
            "dream_error": self.columns.dream_error(dreamed),
        }
        names = [f"hidden layer {k}" for k in range(1, len(layers) + 1)]
        row |= self.features(names, [unit] * len(layers), layers)
        row |= {} if self.kept is None else self.kept.monitors()
        if self.held_out is not None:
            row["bound_gap"] = self.bound_gap()
        return row

    def reports(self) -> list[str]:
        """The names of these numbers."""
        names = ["reconstruction_error", "weight_norm", "mean_field_steps", "dream_error"]
        names += [*FEATURES, *self.negative.reports()]
        return names + ([] if self.held_out is None else ["bound_gap"])

    def bound_gap(self) -> float:
        """The mean bound of training rows minus that of the held-out rows."""
        seen = taught_rows(self.weight, max(PROBE_ROWS, self.held_out.shape[0]))
        inside, outside = (
            self.infer(dense(rows, self.rbm.dtype)).bound()
            for rows in (self.X[seen], self.held_out)
        )
        return np.average(inside, weights=self.weight[seen]) - outside.mean()

    def learnable(self) -> bool:
        """Whether the columns of the data depend on each other."""
        return not independent(self.probe, self.rbm.visible)

    def memory(self) -> dict[str, np.ndarray]:
        """The optimizer's memory, the chains, the moving averages, the dreams."""
        return {
            **listed("optimizer", self.optimizer_memory),
            **prefixed("negative", self.kept),
            **listed("average", [average.value for average in self.averages]),
            **prefixed("dreams", self.dreams),
        }

    def settings(self) -> dict[str, Any]:
        """What else decides how training goes on."""
        return {
            "negative": self.negative,
            "inference": self.inference,
            "penalties": self.penalties,
            "sparsity": self.sparsity,
            "centered": self.centered,
        }
