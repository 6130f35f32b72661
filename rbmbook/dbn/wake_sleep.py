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

from rbmbook import validation as check
from rbmbook.machine.directed import Directed
from rbmbook.machine.parameters import Parameters
from rbmbook.machine.rbm import RBM
from rbmbook.machine.statistics import statistics
from rbmbook.sampling.chains import steps
from rbmbook.training.checkpoint import listed, prefixed
from rbmbook.training.divergence import Data
from rbmbook.training.history import History
from rbmbook.training.loop import FEATURES, Run, probe_rows, train
from rbmbook.training.monitors import Columns, Dreams, independent
from rbmbook.training.negative import CD, PCD, Batch
from rbmbook.training.optimize import SGD, Optimizer
from rbmbook.training.penalties import Penalties
from rbmbook.training.plan import Checkpoint, EarlyStopping, Function, Plan, refuse
from rbmbook.training.plan import plan as planned

REFUSED = {
    "centered": "each arrow learns by the delta rule, whose gradient is no difference of averages",
    "sparsity": "the states on the way up are drawn, and a target for their means has no gradient",
    "validation": "the network has no free energy; look at `DBN.bound` of held-out rows",
}


def up_down(
    dbn: Any,
    X: Any,
    negative: CD | PCD = CD(1),
    epochs: int | None = None,
    batch_size: int = 100,
    optimizer: Optimizer = SGD(0.01),
    *,
    weight_decay: float = 0.0,
    l1: float = 0.0,
    sample_weight: Any = None,
    rng: int | np.random.Generator = 0,
    progress: bool = True,
    callbacks: Sequence[Function] = (),
    early_stopping: EarlyStopping | None = None,
    checkpoint: str | os.PathLike | Checkpoint | None = None,
    history: History | None = None,
    **refused: Any,
) -> History:
    """Fine-tune all layers together by contrastive wake-sleep, with the way up untied.

    Parameters
    ----------
    X : (n, D) array or sparse matrix
        Visible states, or means (in [0, 1] for Bernoulli units).
    negative : CD or PCD
        The top machine's negative phase; the way down starts from the states in which its chains
        end.
    epochs : int ≥ 0, optional
        As for `rb.fit`: enough for 3,000 updates on small data.
    batch_size : int ≥ 1
        Rows per update; the last batch of an epoch may be shorter.
    optimizer : optimizer
        ``rb.SGD(rate, momentum)`` or ``rb.Adam(rate)``. Small steps: the network has been trained.
    weight_decay, l1 : float ≥ 0
        λ of the penalties ½ λ ‖W‖² and λ Σ |W_ij| on all weights, up, down and top.
    sample_weight : (n,) array, optional
        As for `rb.fit`. A batch of dreams counts as much as the batch of data it follows.
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
        `epoch`, `seconds`, `reconstruction_error` (mean squared difference between a unit and
        what means carry up to the layer below the top and back, over 256 rows drawn at
        random once and for all), `dream_error`, `constant_features`, `saturated_features` (as
        for `rb.fit`; the dreams come down from chains of the top machine, and of the
        hidden layers, on the way up, the worst counts),
        `untied1`, … (root mean square difference of the weights up and down).

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
    """
    refuse(refused, REFUSED, "DBN.up_down")
    X = check.matrix("X", X, dbn.sizes[0])
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
    check.instance("negative", negative, (CD, PCD))
    tied = dbn.tied
    run = UpDown(dbn, X, plan, negative, Penalties(weight_decay, l1), sample_weight)
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
        negative: CD | PCD,
        penalties: Penalties = Penalties(),
        sample_weight: Any = None,
    ) -> None:
        super().__init__(dbn, X.shape[0], plan)
        self.dbn, self.X, self.negative, self.penalties = dbn, X, negative, penalties
        self.weighted = sample_weight is not None
        self.weight = check.weights("sample_weight", sample_weight, self.n_rows)
        self.weight /= self.weight.mean()
        visible = dbn.rbms[0].visible
        self.columns = Columns(visible, dbn.sizes[0])
        for rows, block in check.blocks("X", X, visible, dbn.dtype, relaxed=True):
            self.columns.add(block, self.weight[rows])
        self.probe = check.dense(X[probe_rows(self.n_rows)], dbn.dtype)
        dbn.untie()
        self.optimizer_memory = self.optimizer.start(self.parameters)
        self.dreams = Dreams(self.top)
        self.kept = negative.start(self.top, self.rng)

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
        """One step of the optimizer on the rows with these indices."""
        weight = self.weight[rows]
        awake = self.wake(check.dense(self.X[rows], self.dbn.dtype))
        top, dream = self.top_gradient(awake[-1], weight)
        asleep = self.sleep(dream)
        ascent = [*self.arrow_gradients(awake, asleep, weight), *top]
        self.penalties.shrink(ascent, self.parameters)
        self.optimizer.step(self.parameters, ascent, self.optimizer_memory, self.updates)

    def arrow_gradients(
        self, awake: list[np.ndarray], asleep: list[np.ndarray], weight: np.ndarray
    ) -> list[np.ndarray]:
        """The delta rule of every arrow, in the order of `parameters`.

        Down learns from states on the way up, and counts their rows' weights; up from a dream.
        """
        share = float(weight.mean())
        gradients: list[np.ndarray] = []
        for layer, (up, down) in enumerate(
            zip(self.dbn.recognition, self.dbn.generation, strict=True)
        ):
            W, *rest = down.gradient(awake[layer], awake[layer + 1], weight)
            gradients += [W.T, *rest]
            gradients += [share * part for part in up.gradient(asleep[layer + 1], asleep[layer])]
        return gradients

    def wake(self, v: np.ndarray) -> list[np.ndarray]:
        """States drawn on the way up from the data, x⁰ to xᴸ⁻¹."""
        states = [v]
        for layer in self.dbn.recognition:
            states.append(layer.sample(states[-1], self.rng))
        return states

    def top_gradient(self, x: np.ndarray, weight: np.ndarray) -> tuple[Parameters, np.ndarray]:
        """The top machine's gradient at the states x, and where its chains then stand."""
        top, share, persistent = self.top, float(weight.mean()), self.kept is not None
        batch = Batch.of(top, x, (weight / (weight.sum() or 1.0)).astype(x.dtype))
        start = top.hidden_inputs(self.kept.v) if persistent else batch.inputs
        v, inputs = steps(top, start, self.negative.k, self.rng)
        if persistent:
            self.kept.v = v
        ascent = batch.data_term - statistics(top, v, inputs, None if persistent else batch.weight)
        return ascent.like(share * part for part in ascent), v

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
        return row

    def reports(self) -> list[str]:
        """The names of these numbers."""
        untied = [f"untied{number}" for number in range(1, len(self.dbn.rbms))]
        return ["reconstruction_error", "dream_error", *FEATURES, *untied]

    def learnable(self) -> bool:
        """Whether the sites of the data depend on each other."""
        return not independent(self.probe, self.dbn.rbms[0].visible)

    def memory(self) -> dict[str, np.ndarray]:
        """The optimizer's memory, the persistent chains, those of the dreams."""
        return {
            **listed("optimizer", self.optimizer_memory),
            **prefixed("negative", self.kept),
            **prefixed("dreams", self.dreams),
        }

    def sources(self) -> dict[str, Any]:
        """The data."""
        return {"X": self.X}

    def weights(self) -> np.ndarray | None:
        """The rows' weights, if they were given."""
        return self.weight if self.weighted else None

    def data(self) -> Iterator[Data]:
        """The data."""
        yield "X", self.X, self.dbn.rbms[0].visible.scale(self.probe)

    def settings(self) -> dict[str, Any]:
        """What else decides how training goes on."""
        return {"negative": self.negative, "penalties": self.penalties}

    def advice(self) -> str:
        """What to lower when training diverged."""
        return super().advice() + self.penalties.advice()
