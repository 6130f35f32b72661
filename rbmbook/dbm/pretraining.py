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

References
----------
Salakhutdinov and Hinton (2009), Deep Boltzmann machines, section 3.2.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rbmbook import validation
from rbmbook.dbn import greedy
from rbmbook.machine.rbm import RBM, Parameters
from rbmbook.training.divergence import check_finite
from rbmbook.training.history import History
from rbmbook.training.loop import Run, probe_rows
from rbmbook.training.monitors import ENOUGH_BELOW, independent
from rbmbook.training.negative import CD
from rbmbook.training.penalties import decay, prior

if TYPE_CHECKING:
    from rbmbook.dbm.model import DBM

# Of each pair by default: after more, `fit` finds weights so large that its chains are stuck.
UPDATES, MOST_EPOCHS = 500, 200


def pretrain(
    dbm: "DBM",
    X: Any,
    settings: dict[str, Any],
    rng: Any,
    progress: bool,
    callbacks: Sequence[greedy.Callback],
    checkpoint: Any,
) -> History:
    """What `DBM.pretrain` says; `settings` have one value, or one for each pair of layers."""
    X = validation.matrix("X", X, dbm.sizes[0])
    validation.domains("X", X, dbm._rbm.visible, relaxed=True)
    rng, callbacks = validation.generator(rng), validation.functions("callbacks", callbacks)
    pairs = len(dbm.weights)
    check_finite([*dbm.weights, *dbm.biases])
    plans = greedy.per_layer(settings, pairs, X.shape[0], UPDATES, MOST_EPOCHS)
    paths = greedy.checkpoints(checkpoint, [plan["epochs"] for plan in plans])
    finished: list[History] = []
    for layer, (plan, path) in enumerate(zip(plans, paths, strict=True)):
        epochs, k = plan.pop("epochs"), validation.instance("negative", plan.pop("negative"), CD).k
        pair = Pair(dbm, layer, X, k=k, rng=rng, **plan)
        report = greedy.Report(dbm, finished, callbacks)
        pair.where, pair.enough = f"layer {layer + 1}", ENOUGH_BELOW
        try:
            finished.append(pair.train(epochs, progress, [report], path))
        finally:
            pair.hand_over()
        if report.stop or layer + 1 == pairs:
            break
        X = pair.upwards(X)
    return greedy.joined(finished)


class Pair(Run):
    """Contrastive divergence between two neighbouring layers, with inputs doubled where needed."""

    def __init__(
        self,
        dbm: "DBM",
        layer: int,
        X: Any,
        k: int,
        batch_size: Any,
        optimizer: Any,
        weight_decay: Any,
        rng: Any,
    ) -> None:
        super().__init__(dbm, X.shape[0], batch_size, optimizer, rng)
        self.dbm, self.layer, self.X, self.k = dbm, layer, X, k
        self.up = 1 if layer + 2 == len(dbm.sizes) else 2
        self.down = 1 if layer == 0 else 2
        self.weight_decay = prior(weight_decay, self.n_rows)
        self.start = dbm.biases[layer].copy()  # above the data: what the pair below has learned
        self.rbm = RBM(dbm.weights[layer], self.start, dbm.biases[layer + 1])
        self.parameters = list(self.rbm.parameters)
        self.memory = self.optimizer.start(self.parameters)
        self.probe = validation.dense(X[probe_rows(self.n_rows)], self.rbm.dtype)

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
        v, mean = validation.dense(self.X[rows], self.rbm.dtype), self.rbm.hidden.mean
        inputs = self.above(v)
        x, first = v, mean(inputs)
        for _ in range(self.k):
            x = self.draw(self.below(self.draw(inputs)))
            inputs = self.above(x)
        last, n = mean(inputs), len(v)
        ascent = Parameters(
            (v.T @ first - x.T @ last) / n, (v - x).mean(axis=0), (first - last).mean(axis=0)
        )
        decay(ascent, self.parameters, self.weight_decay)
        self.optimizer.step(self.parameters, ascent, self.memory, self.updates)

    def monitors(self) -> dict[str, float]:
        """The numbers of an epoch."""
        unit = self.rbm.hidden
        features = unit.mean(self.above(self.probe))
        error = self.probe - unit.mean(self.below(features))
        row = {
            "reconstruction_error": np.mean(error**2),
            "weight_norm": np.sqrt(np.mean(self.rbm.W**2)),
        }
        return row | self.features(["the upper layer"], [unit], [features])

    def upwards(self, X: Any) -> np.ndarray:
        """The means of the upper layer, what the next pair learns from."""
        rows = validation.blocks("X", X, self.rbm.visible, self.rbm.dtype, relaxed=True)
        return np.concatenate([self.rbm.hidden.mean(self.above(block)) for _, block in rows])

    def hand_over(self) -> None:
        """Give the deep machine what was learned; between two pairs, the mean of their biases."""
        below, above = self.dbm.biases[self.layer], self.dbm.biases[self.layer + 1]
        self.dbm.weights[self.layer][:] = self.rbm.W
        below[:] = self.rbm.a if self.layer == 0 else (self.start + self.rbm.a) / 2
        above[:] = self.rbm.b

    def learnable(self) -> bool:
        """Whether the columns of the data depend on each other."""
        return not independent(self.probe, self.rbm.visible)

    def arrays(self) -> Iterator[np.ndarray]:
        """The optimizer's memory."""
        yield from self.memory

    def settings(self) -> dict[str, Any]:
        """What else decides how training goes on."""
        return {"layer": self.layer, "k": self.k, "weight_decay": self.weight_decay}
