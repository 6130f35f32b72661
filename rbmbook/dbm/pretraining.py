"""Greedy first values for a deep Boltzmann machine: layer-wise machines with doubled weights.

In a deep machine a hidden layer between two others hears from both. When its weights are learned
before those of the other side exist, twice the input from the one side stands in for both. So for
the machine between layers l and l + 1 the input upwards is doubled unless l + 1 is the top layer,
and the input downwards is doubled unless l is the visible layer:

    P(x_{l+1} = 1 | x_l) = sigmoid(up · W_lᵀ x_l + b_{l+1}),   up = 2 below the top, else 1,
    P(x_l = 1 | x_{l+1}) = sigmoid(down · W_l x_{l+1} + b_l),   down = 2 above the data, else 1.

Between two hidden layers both are doubled: an ordinary machine, of whose weights W_l is one half.
With two hidden layers, the deep machine's distribution of the first is then the normalised root of
the product of what the pair below and the pair above say of it, with the mean of their biases.
`pretrain` is the method of `DBM`.

References
----------
Salakhutdinov and Hinton (2009), Deep Boltzmann machines, section 3.1.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rbmbook.machine.parameters import Parameters
from rbmbook.machine.rbm import RBM
from rbmbook.machine.statistics import statistics
from rbmbook.machine.units import Bernoulli
from rbmbook.training.centring import MovingAverage, centre
from rbmbook.training.checkpoint import listed
from rbmbook.training.divergence import check_finite
from rbmbook.training.history import History
from rbmbook.training.loop import FEATURES, Run
from rbmbook.training.monitors import ENOUGH_BELOW, independent
from rbmbook.training.negative import CD
from rbmbook.training.optimize import SGD, Optimizer
from rbmbook.training.penalties import Penalties, Sparsity, prior
from rbmbook.training.plan import Checkpoint, EarlyStopping, Function, Plan
from rbmbook.training.probe import taught_rows
from rbmbook.training.stages import Stages, each
from rbmbook.training.twin import Twin
from rbmbook.validation import blocks, dense, domains, instance, matrix

# Of each pair by default: after more, `fit` finds weights so large that its chains are stuck.
UPDATES, MOST_EPOCHS = 500, 200


def pretrain(
    dbm: Any,
    X: Any,
    negative: CD | Sequence[CD] = CD(1),
    epochs: int | Sequence[int | None] | None = None,
    batch_size: int | Sequence[int] = 100,
    optimizer: Optimizer | Sequence[Optimizer] = SGD(0.05),
    *,
    weight_decay: float | Sequence[float | None] | None = None,
    l1: float | Sequence[float] = 0.0,
    sparsity: Sparsity | Sequence[Sparsity | None] | None = None,
    sample_weight: Any = None,
    centered: bool | Sequence[bool] = False,
    validation: Any = None,
    rng: int | np.random.Generator = 0,
    progress: bool = True,
    callbacks: Sequence[Function] = (),
    early_stopping: EarlyStopping | None = None,
    checkpoint: str | os.PathLike | Checkpoint | None = None,
    history: History | None = None,
) -> History:
    """First values for `fit`: each pair of layers by itself, from the bottom, with doubled inputs.

    A list or tuple gives one value per pair of layers.

    Parameters
    ----------
    X : (n, D) array or sparse matrix
        Visible states, or means in [0, 1]. The next pair learns from the means of this one.
    negative : CD
        Contrastive divergence of any k.
    epochs : int ≥ 0, or one per pair, optional
        If None, 10, or as many as make 500 updates, but no more than 200. (More may be harmful: on
        100 rows of two patterns of ten bits, after 500 epochs with ``centered=True`` a centred
        `fit` ends nats below where it ends by default.)
    batch_size : int ≥ 1
        Rows per update; the last batch of an epoch may be shorter.
    optimizer : optimizer
        ``rb.SGD(rate, momentum)`` or ``rb.Adam(rate)``.
    weight_decay : float ≥ 0, optional
        As for `fit`.
    l1 : float ≥ 0
        λ of the penalty λ Σ |W_ij|.
    sparsity : Sparsity, optional
        Pull the means of each pair's upper layer over the data towards a target.
    sample_weight : (n,) array, optional
        As for `rb.fit`: a row keeps its weight on its way up.
    centered : bool
        Learn with inputs of x minus its mean, with offsets at moving averages of the layers' means.
    validation : (m, D) array or sparse matrix, optional
        Held-out rows, which are passed up likewise; adds the monitor `validation_error`.
    rng : int or Generator
        Drawn from by one pair after the other.
    progress : bool
        Show a progress bar for each pair.
    callbacks : sequence of callables
        Each is called as ``callback(dbm, history)``, as for `rb.fit`; one that returns True
        ends the pre-training.
    early_stopping : EarlyStopping, optional
        As for `rb.fit`. It ends the training of one pair; the next one follows.
    checkpoint : path or Checkpoint, optional
        As for `rb.fit`, in one file per pair: the path with ``.layer1``, ``.layer2``, … added.
    history : History, optional
        As for `rb.fit`.

    Returns
    -------
    History
        `layer`, `epoch`, `seconds`, `reconstruction_error`, `weight_norm`, and as for `rb.fit`
        `constant_features` and `saturated_features` of the upper layer; with `validation`
        `validation_error`, the reconstruction error of the held-out rows. There is no
        `dream_error`: a pair of layers with doubled inputs is not a model.

    Raises
    ------
    ValueError, TypeError
        If an argument is outside its range or of the wrong type.
    DivergenceError
        If a parameter becomes infinite or NaN; the pair is then as it was after its last finite
        epoch, and those above are untouched.

    Warns
    -----
    TrainingWarning
        As for `rb.fit`, naming the layer, but after 50 updates where `rb.fit` waits for 200.

    References
    ----------
    Salakhutdinov and Hinton (2009), section 3.1. Book: (13.12).

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> dbm = rb.DBM.random((9, 6, 4), rng=0, data=X)
    >>> history = dbm.pretrain(X, epochs=20, progress=False)
    >>> sorted({int(layer) for layer in history["layer"]})
    [1, 2]
    """
    X = matrix("X", X, dbm.sizes[0])
    domains("X", X, dbm.machine.visible, relaxed=True)
    if validation is not None:
        validation = matrix("validation", validation, dbm.sizes[0])
        domains("validation", validation, dbm.machine.visible, relaxed=True)
    pairs = len(dbm.weights)
    options = each_pair(
        X.shape[0],
        pairs,
        negative=negative,
        weight_decay=weight_decay,
        l1=l1,
        sparsity=sparsity,
        centered=centered,
    )
    stages = Stages(
        dbm,
        X.shape[0],
        pairs,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optimizer,
        rng=rng,
        progress=progress,
        callbacks=callbacks,
        early_stopping=early_stopping,
        checkpoint=checkpoint,
        history=history,
        enough=UPDATES,
        most=MOST_EPOCHS,
    )
    check_finite([*dbm.weights, *dbm.biases])
    with stages.all_or_nothing():
        for layer, (plan, own) in enumerate(zip(stages.plans, options, strict=True)):
            pair = Pair(dbm, layer, X, plan, own, sample_weight, validation)
            pair.where, pair.enough = f"layer {layer + 1}", ENOUGH_BELOW
            if not stages.train(pair):
                break
            if layer + 1 < pairs:
                X = pair.upwards(X)
                validation = None if validation is None else pair.upwards(validation)
    return stages.history


@dataclass(frozen=True)
class Options:
    """What one pair is told, beside its plan."""

    k: int = 1
    penalties: Penalties = Penalties()
    centered: bool = False


def each_pair(n_rows: int, pairs: int, **options: Any) -> list[Options]:
    """The options of each pair: of each name one value, or a list with one for each."""
    columns = {name: each(name, value, pairs) for name, value in options.items()}
    found = []
    for pair in range(pairs):
        own = {name: column[pair] for name, column in columns.items()}
        penalties = Penalties(prior(own["weight_decay"], n_rows), own["l1"], own["sparsity"])
        found.append(
            Options(
                instance("negative", own["negative"], CD).k,
                penalties.check_target(Bernoulli(), 1),
                bool(instance("centered", own["centered"], (bool, np.bool_))),
            )
        )
    return found


class Pair(Run):
    """Contrastive divergence between two neighbouring layers, with inputs doubled where needed."""

    def __init__(
        self,
        dbm: Any,
        layer: int,
        X: Any,
        plan: Plan,
        options: Options = Options(),
        sample_weight: Any = None,
        held_out: Any = None,
    ) -> None:
        super().__init__(dbm, X.shape[0], plan)
        self.dbm, self.layer, self.X, self.held_out = dbm, layer, X, held_out
        self.k, self.penalties = options.k, options.penalties
        self.centered = options.centered
        self.weigh(sample_weight)
        self.up = 1 if layer + 2 == len(dbm.sizes) else 2
        self.down = 1 if layer == 0 else 2
        self.start = dbm.biases[layer].copy()  # above the data: what the pair below has learned
        self.rbm = RBM(dbm.weights[layer], self.start, dbm.biases[layer + 1])
        self.twin = Coupled(self)
        self.optimizer_memory = self.optimizer.start(self.parameters)
        sizes = self.rbm.n_visible, self.rbm.n_hidden
        self.averages = [MovingAverage(n, self.rbm.dtype) for n in sizes]
        self.probe = dense(X[taught_rows(self.weight)], self.rbm.dtype)

    @property
    def parameters(self) -> list[np.ndarray]:
        """Of the machine between the two layers."""
        return list(self.rbm.parameters)

    def above(self, x: np.ndarray) -> np.ndarray:
        """Inputs of the upper layer."""
        inputs = x @ self.rbm.W
        inputs *= self.up
        return inputs + self.rbm.b

    def below(self, x: np.ndarray) -> np.ndarray:
        """Inputs of the lower layer."""
        inputs = x @ self.rbm.W.T
        inputs *= self.down
        return inputs + self.rbm.a

    def draw(self, inputs: np.ndarray) -> np.ndarray:
        """States with these inputs."""
        unit = self.rbm.hidden
        return unit.sample(inputs, unit.noise(inputs.shape, self.rng, self.rbm.dtype))

    def update(self, rows: np.ndarray) -> None:
        """One step of the optimizer; the noise is drawn for the upper layer, then the lower one."""
        v, weight = dense(self.X[rows], self.rbm.dtype), self.weight[rows]
        share = float(weight.mean())
        weight = (weight / (weight.sum() or 1.0)).astype(v.dtype)
        inputs = self.above(v)
        data_term = statistics(self.rbm, v, inputs, weight)
        for _ in range(self.k):
            v = self.draw(self.below(self.draw(inputs)))
            inputs = self.above(v)
        ascent = data_term - statistics(self.rbm, v, inputs, weight)
        for part in ascent:
            part *= part.dtype.type(share)
        self.penalties.shrink(ascent, self.parameters)
        if share:  # without weight a batch has no means
            for average, mean in zip(self.averages, (data_term.a, data_term.b), strict=True):
                average.add(mean, share)
            self.pull(ascent, data_term.a)
        if self.centered:
            self.centre(ascent)
        self.optimizer.step(self.parameters, ascent, self.optimizer_memory, self.updates)

    def pull(self, ascent: Parameters, below: np.ndarray) -> None:
        """Add the pull of sparsity to a batch's gradient, given its mean of the lower layer."""
        if self.penalties.sparsity is not None:
            pull = self.penalties.sparsity.pull(self.averages[1].value)
            ascent.W[:] += np.outer(below, pull)
            ascent.b[:] += pull

    def centre(self, ascent: Parameters) -> None:
        """Let x − μ and y − λ be learned, where the inputs are up (x − μ) W and down (y − λ) Wᵀ."""
        below, above = (np.nan_to_num(average.value) for average in self.averages)
        centre(ascent, below, above)
        ascent.a[:] -= (self.down - 1) * (ascent.W @ above)
        ascent.b[:] -= (self.up - 1) * (below @ ascent.W)

    def monitors(self) -> dict[str, float]:
        """The numbers of an epoch."""
        features = self.rbm.hidden.mean(self.above(self.probe))
        row = {
            "reconstruction_error": self.error(self.probe, features),
            "weight_norm": np.sqrt(np.mean(self.rbm.W**2)),
        }
        row |= self.features(["the upper layer"], [self.rbm.hidden], [features])
        if self.held_out is not None:
            held_out = dense(self.held_out, self.rbm.dtype)
            features = self.rbm.hidden.mean(self.above(held_out))
            row["validation_error"] = self.error(held_out, features)
        return row

    def error(self, x: np.ndarray, features: np.ndarray) -> float:
        """How far x is from its reconstruction by these features: the mean squared difference."""
        return np.mean((x - self.rbm.visible.mean(self.below(features))) ** 2)

    def reports(self) -> list[str]:
        """The names of these numbers."""
        held_out = [] if self.held_out is None else ["validation_error"]
        return ["reconstruction_error", "weight_norm", *FEATURES, *held_out]

    def upwards(self, X: Any) -> np.ndarray:
        """The means of the upper layer, what the next pair learns from."""
        rows = blocks("X", X, self.rbm.visible, self.rbm.dtype, relaxed=True)
        return np.concatenate([self.rbm.hidden.mean(self.above(block)) for _, block in rows])

    def learnable(self) -> bool:
        """Whether the columns of the data depend on each other."""
        return not independent(self.probe, self.rbm.visible)

    def memory(self) -> dict[str, np.ndarray]:
        """The optimizer's memory, the moving averages, and where the lower biases began."""
        averages = listed("average", [average.value for average in self.averages])
        return listed("optimizer", self.optimizer_memory) | averages | {"start": self.start}

    def settings(self) -> dict[str, Any]:
        """What else decides how training goes on."""
        return {
            "layer": self.layer,
            "k": self.k,
            "penalties": self.penalties,
            "centered": self.centered,
        }


class Coupled(Twin):
    """The pair's machine and the deep machine's layers; between pairs, the mean of their biases."""

    def __init__(self, pair: Pair) -> None:
        super().__init__()
        self.pair = pair
        self.remember()

    @property
    def outer(self) -> list[np.ndarray]:
        dbm, layer = self.pair.dbm, self.pair.layer
        return [dbm.weights[layer], dbm.biases[layer], dbm.biases[layer + 1]]

    @property
    def inner(self) -> list[np.ndarray]:
        return list(self.pair.rbm.parameters)

    def convert_in(self) -> None:
        W, below, above = self.outer
        rbm, start = self.pair.rbm, self.pair.start
        rbm.W[:], rbm.b[:] = W, above
        rbm.a[:] = below if self.pair.layer == 0 else 2 * below - start

    def convert_out(self) -> None:
        W, below, above = self.outer
        rbm, start = self.pair.rbm, self.pair.start
        W[:], above[:] = rbm.W, rbm.b
        below[:] = rbm.a if self.pair.layer == 0 else (start + rbm.a) / 2
