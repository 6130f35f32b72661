"""Contrastive wake-sleep, the up-down algorithm: all layers of a deep belief network at once.

Wake: the way up draws states from the data, and each arrow down learns to predict the layer below
from the layer above. Sleep: the way down draws a dream, and each arrow up learns to predict the
layer above from the layer below. Both are the delta rule. In between, the top machine takes a step
of its own learning, and the dream starts where its chains end. They begin at the data, which is
what makes the dreams, and with them the wake-sleep algorithm, contrastive. `up_down` is the method
of `DBN`.

References
----------
Hinton, Dayan, Frey and Neal (1995), The wake-sleep algorithm for unsupervised neural networks.
Hinton, Osindero and Teh (2006), A fast learning algorithm for deep belief nets, section 5 and
appendix B.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from rbmbook.dbn.bound import Arrows, sampled_log_weights
from rbmbook.machine.directed import Directed
from rbmbook.machine.parameters import Parameters
from rbmbook.machine.rbm import RBM
from rbmbook.machine.statistics import statistics
from rbmbook.sampling.chains import steps
from rbmbook.training.centring import MovingAverage, centre, centre_arrow
from rbmbook.training.checkpoint import listed, prefixed
from rbmbook.training.divergence import Data
from rbmbook.training.history import History
from rbmbook.training.loop import FEATURES, Run, train
from rbmbook.training.monitors import Columns, Dreams, independent
from rbmbook.training.negative import CD, FPCD, PCD, Batch, Tempered
from rbmbook.training.optimize import SGD, Optimizer
from rbmbook.training.penalties import Penalties, Sparsity
from rbmbook.training.plan import Checkpoint, EarlyStopping, Function, Plan
from rbmbook.training.plan import plan as planned
from rbmbook.training.probe import PROBE_ROWS, taught_rows
from rbmbook.training.stages import each
from rbmbook.validation import blocks, dense, domains, instance, matrix

BOUND_SEED, BOUND_DRAWS = 20_129, 10  # of q, for each row whose bound is watched


def up_down(
    dbn: Any,
    X: Any,
    negative: CD | PCD | FPCD | Tempered = CD(1),
    epochs: int | None = None,
    batch_size: int = 100,
    optimizer: Optimizer = SGD(0.01),
    *,
    weight_decay: float = 0.0,
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
) -> History:
    """Fine-tune all layers together by contrastive wake-sleep, with the way up untied.

    Parameters
    ----------
    X : (n, D) array or sparse matrix
        Visible states, or means (in [0, 1] for Bernoulli units).
    negative : CD, PCD, FPCD or Tempered
        The top machine's negative phase; the way down starts from the states in which its chains
        (at β = 1) end.
    epochs : int ≥ 0, optional
        As for `rb.fit`: enough for 3,000 updates on small data.
    batch_size : int ≥ 1
        Rows per update; the last batch of an epoch may be shorter.
    optimizer : optimizer
        ``rb.SGD(rate, momentum)`` or ``rb.Adam(rate)``. Small steps: the network has been trained.
    weight_decay, l1 : float ≥ 0
        λ of the penalties ½ λ ‖W‖² and λ Σ |W_ij| on all weights, up, down and top.
    sparsity : Sparsity, or one (or None) for each hidden layer, optional
        Pull the means of the hidden layers on the way up from the data towards a target.
    sample_weight : (n,) array, optional
        As for `rb.fit`. A batch of dreams counts as much as the batch of data it follows.
    centered : bool
        Learn with inputs of x minus its mean everywhere, with offsets at the data's mean and at
        moving averages of the hidden layers' means on the way up.
    validation : (m, D) array or sparse matrix, optional
        Held-out rows; adds the monitor `bound_gap`.
    rng : int or Generator
        Each epoch draws a permutation of the rows; each update the states up, the top machine's
        chains, and the states down.
    progress : bool
        Show a progress bar.
    callbacks : sequence of callables
        Each is called as ``callback(dbn, history)``, as for `rb.fit`.
    early_stopping, checkpoint, history
        As for `rb.fit`.

    Returns
    -------
    History
        `epoch`, `seconds`, `reconstruction_error` (mean squared difference between a unit and what
        means carry up to the layer below the top and back, over 256 rows drawn at random once and
        for all), `dream_error`, `constant_features`, `saturated_features` (as for `rb.fit`; the
        dreams come down from chains of the top machine, and of the hidden layers, on the way up,
        the worst counts), `untied1`, … (root mean square difference of the weights up and down),
        with `Tempered` chains `swap_rate`, and with `validation` `bound_gap`: the mean bound of
        training rows minus that of the held-out ones, in nats, in which log Z cancels, from 10
        draws of the hidden layers a row. Of the training rows (those with a weight above 0,
        averaged with their weights) it takes a random sample of as many as there are held-out rows,
        at least 256, or all if there are no more.

    Raises
    ------
    ValueError, TypeError
        If an argument is outside its range or of the wrong type.
    DivergenceError
        If a parameter becomes infinite or NaN; the network is then as it was after the last
        finite epoch.

    Warns
    -----
    TrainingWarning
        As for `rb.fit`, naming the hidden layer.

    References
    ----------
    Hinton, Osindero and Teh (2006), section 5 and appendix B. There the way up is trained on
    means of the visible units; here on samples, as the wake-sleep algorithm says.
    Book: (12.8), (12.9).

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> dbn = rb.DBN.random((9, 8, 4), rng=0, data=X)
    >>> _ = dbn.fit(X, epochs=100, progress=False)
    >>> _ = dbn.up_down(X, epochs=20, progress=False)
    >>> dbn.tied
    False
    """
    X = matrix("X", X, dbn.sizes[0])
    if validation is not None:
        validation = matrix("validation", validation, dbn.sizes[0])
        domains("validation", validation, dbn.rbms[0].visible, True, dbn.dtype)
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
    instance("negative", negative, (CD, PCD, FPCD, Tempered))
    sparsities = each("sparsity", sparsity, len(dbn.rbms))
    for own, rbm in zip(sparsities, dbn.rbms, strict=True):
        Penalties(sparsity=own).check_target(rbm.hidden, rbm.n_hidden)
    tied = dbn.tied
    run = UpDown(
        dbn,
        X,
        plan,
        negative,
        Penalties(weight_decay, l1),
        sparsities,
        sample_weight,
        bool(instance("centered", centered, (bool, np.bool_))),
        validation,
    )
    try:
        return train(run)
    except BaseException:
        if tied and run.updates == 0:  # nothing was learned
            dbn.tie()
        raise


class UpDown(Run):
    """A network in fine-tuning, and the memory of its updates.

    An update draws, in order: the states up, layer by layer; the top machine's chains; the states
    down, layer by layer.
    """

    def __init__(
        self,
        dbn: Any,
        X: Any,
        plan: Plan,
        negative: CD | PCD | FPCD | Tempered,
        penalties: Penalties = Penalties(),
        sparsity: Sequence[Sparsity | None] = (),
        sample_weight: Any = None,
        centered: bool = False,
        held_out: Any = None,
    ) -> None:
        super().__init__(dbn, X.shape[0], plan)
        self.dbn, self.X, self.held_out = dbn, X, held_out
        self.negative, self.penalties = negative, penalties
        self.sparsity, self.centered = sparsity or [None] * len(dbn.rbms), centered
        self.weigh(sample_weight)
        visible = dbn.rbms[0].visible
        self.columns = Columns(visible, dbn.sizes[0])
        for rows, block in blocks("X", X, visible, dbn.dtype, relaxed=True):
            self.columns.add(block, self.weight[rows])
        self.probe = dense(X[taught_rows(self.weight)], dbn.dtype)
        self.averages = [MovingAverage(n, dbn.dtype) for n in dbn.sizes[1:]]
        dbn.untie()
        self.optimizer_memory = self.optimizer.start(self.parameters)
        self.dreams = Dreams(self.top)
        self.kept: Any = negative.start(self.top, self.rng)

    @property
    def top(self) -> RBM:
        """The undirected machine on top."""
        return self.dbn.rbms[-1]

    @property
    def parameters(self) -> list[np.ndarray]:
        """Of each machine below the top: those of its way down, then those of its way up."""
        arrays: list[np.ndarray] = []
        for rbm, up in zip(self.dbn.rbms, self.dbn.recognition, strict=False):
            arrays += [rbm.W, rbm.a, *rbm.visible.parameters()]
            arrays += [up.W, up.b, *up.unit.parameters()]
        return [*arrays, *self.top.parameters]

    def update(self, rows: np.ndarray) -> None:
        """Wake, a step of the top machine, sleep; then every arrow learns."""
        weight = self.weight[rows]
        share = float(weight.mean())
        ways_up, ways_down = self.dbn.recognition, self.dbn.generation
        awake = self.wake(dense(self.X[rows], self.dbn.dtype))
        top, dream = self.top_gradient(awake[-1], weight)
        asleep = self.sleep(dream)
        down = [  # from states on the way up, with their rows' weights
            way.gradient(awake[layer], awake[layer + 1], weight)
            for layer, way in enumerate(ways_down)
        ]
        up = [  # from a dream
            [share * part for part in way.gradient(asleep[layer + 1], asleep[layer])]
            for layer, way in enumerate(ways_up)
        ]
        ascent = in_order(down, up, top)
        self.penalties.shrink(ascent, self.parameters)
        if self.centered or any(self.sparsity):
            if share:  # without weight a batch has no means
                self.pull(up, top, awake, weight)
            if self.centered:
                self.centre(down, up, top)
        self.optimizer.step(self.parameters, ascent, self.optimizer_memory, self.updates)

    def pull(
        self,
        up: list[list[np.ndarray]],
        top: Parameters,
        awake: list[np.ndarray],
        weight: np.ndarray,
    ) -> None:
        """Note the hidden layers' means on the way up, and add the pull towards their targets."""
        share, weight = float(weight.mean()), (weight / weight.sum()).astype(self.dbn.dtype)
        gradients = [*((W, b) for W, b, *_ in up), (top.W, top.b)]
        for x, way, average, own, (W, b) in zip(
            awake, self.dbn.ways_up, self.averages, self.sparsity, gradients, strict=True
        ):
            average.add(weight @ way.mean(x), share)
            if own is not None:
                pull = own.pull(average.value)
                W += np.outer(weight @ x, pull)
                b += pull

    def centre(
        self, down: list[list[np.ndarray]], up: list[list[np.ndarray]], top: Parameters
    ) -> None:
        """Let every layer learn from the layer that it is given minus that one's offset."""
        offsets = [self.columns.mean.astype(self.dbn.dtype)]
        offsets += [np.nan_to_num(average.value) for average in self.averages]
        for gradient, offset in zip(down, offsets[1:], strict=False):
            centre_arrow(gradient, offset)
        for gradient, offset in zip(up, offsets, strict=False):
            centre_arrow(gradient, offset)
        centre(top, *offsets[-2:])

    def wake(self, v: np.ndarray) -> list[np.ndarray]:
        """States drawn on the way up from the data, x⁰ to xᴸ⁻¹."""
        states = [v]
        for layer in self.dbn.recognition:
            states.append(layer.sample(states[-1], self.rng))
        return states

    def top_gradient(self, x: np.ndarray, weight: np.ndarray) -> tuple[Parameters, np.ndarray]:
        """The top machine's gradient at the states x, and where its chains then stand."""
        top, share = self.top, float(weight.mean())
        batch = Batch.of(top, x, (weight / (weight.sum() or 1.0)).astype(x.dtype), share)
        if self.kept is None:
            dream, inputs = steps(top, batch.inputs, self.negative.k, self.rng)
            ascent = batch.data_term - statistics(top, dream, inputs, batch.weight)
        else:
            ascent = self.negative.ascent(top, batch, self.kept, self.rng)
            dream = self.kept.v
        return ascent.like(share * part for part in ascent), dream

    def sleep(self, x: np.ndarray) -> list[np.ndarray]:
        """States drawn on the way down from states xᴸ⁻¹ of the top machine, x⁰ to xᴸ⁻¹."""
        states = [x]
        for layer in reversed(self.dbn.generation):
            states.append(layer.sample(states[-1], self.rng))
        return states[::-1]

    def monitors(self) -> dict[str, float]:
        """How well means come back from the layer below the top, and how far the ways differ."""
        ways_up, ways_down = self.dbn.recognition, self.dbn.generation
        up, means = [*ways_up, Directed.up(self.top)], [self.probe]
        for layer in up:
            means.append(layer.mean(means[-1]))
        x = means[-2] if ways_up else Directed.down(self.top).mean(means[-1])
        down = ways_down[::-1]
        for layer in down:
            x = layer.mean(x)
        dreamed = self.dreams.mean(self.history.epochs + 1, self.updates_per_epoch, down)
        row = {"reconstruction_error": np.mean((self.probe - x) ** 2)}
        row["dream_error"] = self.columns.dream_error(dreamed)
        names = [f"hidden layer {number}" for number in range(1, len(up) + 1)]
        row |= self.features(names, [layer.unit for layer in up], means[1:])
        for number, (up, down) in enumerate(zip(ways_up, ways_down, strict=True), start=1):
            row[f"untied{number}"] = np.sqrt(np.mean((up.W - down.W.T) ** 2))
        row |= {} if self.kept is None else self.kept.monitors()
        if self.held_out is not None:
            row["bound_gap"] = self.bound_gap()
        return row

    def reports(self) -> list[str]:
        """The names of these numbers."""
        untied = [f"untied{number}" for number in range(1, len(self.dbn.rbms))]
        names = ["reconstruction_error", "dream_error", *FEATURES, *untied]
        names += self.negative.reports()
        return names + ([] if self.held_out is None else ["bound_gap"])

    def bound_gap(self) -> float:
        """The mean bound of training rows minus that of the held-out rows."""
        arrows = Arrows(self.dbn)
        seen = taught_rows(self.weight, max(PROBE_ROWS, self.held_out.shape[0]))

        def bounds(rows: Any) -> np.ndarray:
            v, rng = dense(rows, np.float64), np.random.default_rng(BOUND_SEED)
            return sampled_log_weights(arrows, v, 0.0, BOUND_DRAWS, rng).mean(axis=1)

        inside, outside = bounds(self.X[seen]), bounds(self.held_out)
        return np.average(inside, weights=self.weight[seen]) - outside.mean()

    def learnable(self) -> bool:
        """Whether the sites of the data depend on each other."""
        return not independent(self.probe, self.dbn.rbms[0].visible)

    def memory(self) -> dict[str, np.ndarray]:
        """The optimizer's memory, the persistent chains, those of the dreams, moving averages."""
        return {
            **listed("optimizer", self.optimizer_memory),
            **prefixed("negative", self.kept),
            **prefixed("dreams", self.dreams),
            **listed("average", [average.value for average in self.averages]),
        }

    def data(self) -> Iterator[Data]:
        """The data."""
        yield "X", self.X, self.dbn.rbms[0].visible.scale(self.probe)

    def settings(self) -> dict[str, Any]:
        """What else decides how training goes on."""
        return {
            "negative": self.negative,
            "penalties": self.penalties,
            "sparsity": self.sparsity,
            "centered": self.centered,
        }


def in_order(
    down: list[list[np.ndarray]], up: list[list[np.ndarray]], top: Parameters
) -> list[np.ndarray]:
    """The same arrays as `UpDown.parameters` has: machine by machine, down and up, then the top."""
    arrows = [
        part for (W, *own), own_up in zip(down, up, strict=True) for part in (W.T, *own, *own_up)
    ]
    return [*arrows, *top]
