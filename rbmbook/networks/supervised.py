"""Training a network on pairs (x, y): what one update is, and what an epoch reports."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.machine.units import Bernoulli, Gaussian
from rbmbook.networks import losses
from rbmbook.networks.layers import forward
from rbmbook.training.checkpoint import listed
from rbmbook.training.divergence import Data
from rbmbook.training.loop import FEATURES, Run
from rbmbook.training.penalties import Penalties
from rbmbook.training.plan import Plan
from rbmbook.training.probe import taught_rows

LOSSES: dict[str, losses.Loss] = {
    "softmax": losses.softmax_cross_entropy,
    "binary": losses.binary_cross_entropy,
    "squared": losses.squared_error,
}
DOMAINS = {"binary": Bernoulli(), "squared": Gaussian()}  # of the targets; labels are apart


class Supervised(Run):
    """A network in training, its examples, and the memory of its updates."""

    def __init__(
        self,
        net: Any,
        X: Any,
        y: Any,
        plan: Plan,
        loss: Any,
        penalties: Penalties = Penalties(),
        input_dropout: Any = 0.0,
        sample_weight: Any = None,
        held_out: Any = None,
    ) -> None:
        super().__init__(net, X.shape[0], plan)
        self.net, self.loss, self.penalties = net, _loss(loss, net), penalties
        self.X, self.y = self.examples("X", "y", X, y)
        self.weigh(sample_weight)
        self.input_dropout = validation.real("input_dropout", input_dropout, 0.0, 1.0)
        self.held_out = None if held_out is None else self.held_out_examples(held_out)
        self.probe = validation.dense(self.X[taught_rows(self.weight)], net.dtype)
        self.trace = net.trace(self.batch_size)
        self.ascent = [np.empty_like(p) for p in self.parameters]
        self.optimizer_memory = self.optimizer.start(self.parameters)

    @property
    def parameters(self) -> list[np.ndarray]:
        """The network's arrays as they are now: a callback may replace one."""
        return self.net.parameters

    def examples(self, X_name: str, y_name: str, X: Any, y: Any) -> tuple[Any, Any]:
        """Rows and targets of a kind that fits the network and the loss."""
        X = validation.matrix(X_name, X, self.net.sizes[0])
        validation.domains(X_name, X, Gaussian(), False, self.net.dtype)
        n, k = X.shape[0], self.net.sizes[-1]
        if self.loss == "softmax":
            return X, _labels(y_name, y, n, k)
        y = validation.matrix(y_name, y, k)
        if y.shape[0] != n:
            raise ValueError(f"{y_name}: expected {n} rows, as many as {X_name}, got {y.shape[0]}")
        validation.domains(y_name, y, DOMAINS[self.loss], True, self.net.dtype)
        return X, y

    def held_out_examples(self, pair: Any) -> tuple[Any, Any]:
        """Held-out rows and targets."""
        try:
            X, y = pair
        except (TypeError, ValueError):
            raise TypeError("validation: expected a pair (X, y)") from None
        return self.examples("validation[0]", "validation[1]", X, y)

    def update(self, rows: np.ndarray) -> None:
        """One step of the optimizer on the rows with these indices."""
        net, n = self.net, len(rows)
        trace = self.trace if n == self.batch_size else self.trace.first(n)
        net.forward(self.corrupted(validation.dense(self.X[rows], net.dtype)), trace)
        weight = self.weight[rows]
        sums, gradient = self.judge(trace.outputs[-1], self.y[rows], weight)
        self.count(sums)
        gradient *= (-weight / n).astype(net.dtype)[:, None]  # optimizers ascend
        net.backward(trace, gradient, self.ascent, to_data=False)
        self.penalties.shrink(self.ascent, self.parameters)
        self.optimizer.step(self.parameters, self.ascent, self.optimizer_memory, self.updates)

    def corrupted(self, x: np.ndarray) -> np.ndarray:
        """A batch with a share of its entries set to zero, the others enlarged, in place."""
        if self.input_dropout:
            kept = self.rng.random(x.shape, dtype=x.dtype) >= self.input_dropout
            x *= kept
            x *= x.dtype.type(1 / (1 - self.input_dropout))
        return x

    def judge(
        self, outputs: np.ndarray, y: Any, weight: np.ndarray
    ) -> tuple[dict[str, float], np.ndarray]:
        """Loss and, with labels, errors, summed over the rows; the gradient of each row's loss."""
        y = y if self.loss == "softmax" else validation.dense(y, outputs.dtype)
        value, gradient = LOSSES[self.loss](outputs, y)
        sums = {"loss": float(weight @ value)}
        if self.loss == "softmax":
            sums["error"] = float(weight @ (outputs.argmax(axis=1) != y))
        return sums, gradient

    def monitors(self) -> dict[str, float]:
        """The epoch's means over the training rows, and those of the held-out rows after it."""
        row = self.means(self.n_rows)
        if self.held_out is not None:
            X, y = self.held_out
            for rows, block in self.net.blocks("validation[0]", X):
                equal = np.ones(len(block))
                sums, _ = self.judge(self.net.forward(block).outputs[-1], y[rows], equal)
                self.count(sums)
            row |= {f"validation_{name}": mean for name, mean in self.means(X.shape[0]).items()}
        layers = self.net.layers[:-1]
        outputs = forward(layers, self.probe)
        names = [f"hidden layer {number}" for number in range(1, len(layers) + 1)]
        return row | self.features(names, [layer.function for layer in layers], outputs)

    def reports(self) -> list[str]:
        """The names of these numbers."""
        names = ["loss", "error"] if self.loss == "softmax" else ["loss"]
        held_out = [f"validation_{name}" for name in names] if self.held_out is not None else []
        return [*names, *held_out, *(FEATURES if len(self.net.layers) > 1 else ())]

    def memory(self) -> dict[str, np.ndarray]:
        """The optimizer's memory."""
        return listed("optimizer", self.optimizer_memory)

    def sources(self) -> dict[str, Any]:
        """The examples, and the held-out ones."""
        found = {"X": self.X, "y": self.y}
        if self.held_out is not None:
            found["validation[0]"], found["validation[1]"] = self.held_out
        return found

    def settings(self) -> dict[str, Any]:
        """What else decides how training goes on."""
        return {
            "loss": self.loss,
            "penalties": self.penalties,
            "input_dropout": self.input_dropout,
        }

    def data(self) -> Iterator[Data]:
        """The examples, the held-out ones, and their targets where these have no bounds."""
        pairs = [("X", "y", self.X, self.y)]
        if self.held_out is not None:
            pairs.append(("validation[0]", "validation[1]", *self.held_out))
        for X_name, y_name, X, y in pairs:
            yield X_name, X, 1.0
            if self.loss == "squared":
                yield y_name, y, 1.0


def _loss(loss: Any, net: Any) -> str:
    """The name of a loss, if the network's outputs are what it takes."""
    validation.instance("loss", loss, str)
    if loss not in LOSSES:
        raise ValueError(f"loss: expected one of {', '.join(LOSSES)}, got {loss!r}")
    output = net.layers[-1].activation
    if loss != "squared" and output != "identity":
        raise ValueError(
            f"loss: expected 'squared' with the output activation {output!r}, got {loss!r}, which "
            "applies its own function to the outputs of an 'identity' layer"
        )
    return loss


def _labels(name: str, y: Any, n: int, k: int) -> np.ndarray:
    y = validation.array(name, y)
    if y.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integer labels, got an array of dtype {y.dtype}")
    if y.shape != (n,):
        raise ValueError(f"{name}: expected shape ({n},), one label per example, got {y.shape}")
    if not (y.min() >= 0 and y.max() < k):
        raise ValueError(f"{name}: expected labels 0 to {k - 1}, got {y.min()} to {y.max()}")
    return y.astype(np.intp)
