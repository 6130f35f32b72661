"""Contrastive wake-sleep, the up-down algorithm: all layers of a deep belief network at once.

Wake: the way up draws states from the data, and each arrow down learns to predict the layer below
from the layer above. Sleep: the way down draws a dream, and each arrow up learns to predict the
layer above from the layer below. Both are the delta rule. In between, the top machine takes a step
of its own learning, and the dream starts where its chains end. They begin at the data, which is
what makes the dreams, and with them the wake-sleep algorithm, contrastive.

References
----------
Hinton, Dayan, Frey and Neal (1995), The wake-sleep algorithm for unsupervised neural networks.
Hinton, Osindero and Teh (2006), A fast learning algorithm for deep belief nets, section 5 and
appendix B.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rbmbook import validation
from rbmbook.machine.directed import Directed
from rbmbook.machine.rbm import Parameters
from rbmbook.sampling.chains import Contrast
from rbmbook.training.divergence import Data
from rbmbook.training.loop import Run, probe_rows
from rbmbook.training.monitors import Columns, Dreams, independent
from rbmbook.training.negative import CD, PCD
from rbmbook.training.penalties import decay

if TYPE_CHECKING:
    from rbmbook.dbn.model import DBN


class UpDown(Run):
    """A network in fine-tuning, and the memory of its updates.

    An update draws, in order: the states up, layer by layer; the top machine's chains; the states
    down, layer by layer.
    """

    def __init__(
        self,
        dbn: "DBN",
        X: Any,
        negative: Any,
        batch_size: Any,
        optimizer: Any,
        weight_decay: Any,
        rng: Any,
    ) -> None:
        self.dbn, self.top = dbn, dbn.rbms[-1]
        self.X = validation.matrix("X", X, dbn.sizes[0])
        self.negative = validation.instance("negative", negative, (CD, PCD))
        self.weight_decay = validation.real("weight_decay", weight_decay, 0.0)
        super().__init__(dbn, self.X.shape[0], batch_size, optimizer, rng)
        visible = dbn.rbms[0].visible
        self.columns = Columns(visible, dbn.sizes[0])
        for _, block in validation.blocks("X", self.X, visible, dbn.dtype, relaxed=True):
            self.columns.add(block)
        self.probe = validation.dense(self.X[probe_rows(self.n_rows)], dbn.dtype)
        dbn.untie()
        self.up, self.down = dbn.recognition, dbn.generation
        self.parameters = list(self._parameters())
        self.memory = self.optimizer.start(self.parameters)
        self.dreams = Dreams(self.top)
        self.chains = Contrast(self.top, self.batch_size)
        self.gradient, self.spare = (Parameters.zeros_like(self.top) for _ in range(2))
        self.state = self.negative.start(self.top, self.rng)

    def _parameters(self) -> Iterator[np.ndarray]:
        """Of each machine below the top: those of its way down, then those of its way up."""
        for rbm, up in zip(self.dbn.rbms, self.up, strict=False):
            yield from (rbm.W, rbm.a, *rbm.visible.parameters())
            yield from (up.W, up.b, *up.unit.parameters())
        yield from self.top.parameters

    def update(self, rows: np.ndarray) -> None:
        """One step of the optimizer on the rows with these indices."""
        awake = self.wake(validation.dense(self.X[rows], self.dbn.dtype))
        ascent, dream = self.contrast(awake[-1])
        asleep = self.sleep(dream)
        gradients: list[np.ndarray] = []
        for layer, (up, down) in enumerate(zip(self.up, self.down, strict=True)):
            W, *rest = down.gradient(awake[layer], awake[layer + 1])
            gradients += [W.T, *rest, *up.gradient(asleep[layer + 1], asleep[layer])]
        gradients += [*ascent]
        decay(gradients, self.parameters, self.weight_decay)
        self.optimizer.step(self.parameters, gradients, self.memory, self.updates)

    def wake(self, v: np.ndarray) -> list[np.ndarray]:
        """States drawn on the way up from the data, x⁰ to xᴸ⁻¹."""
        states = [v]
        for layer in self.up:
            states.append(layer.sample(states[-1], self.rng))
        return states

    def contrast(self, x: np.ndarray) -> tuple[Parameters, np.ndarray]:
        """The top machine's gradient at the states x, and where its chains then stand."""
        self.chains.restart(x)
        weight = np.full(len(x), 1 / len(x), x.dtype)
        ascent = self.negative.ascent(
            self.chains, weight, self.state, self.rng, self.gradient, self.spare
        )
        return ascent, (self.chains if self.state is None else self.state).v.copy()

    def sleep(self, x: np.ndarray) -> list[np.ndarray]:
        """States drawn on the way down from states xᴸ⁻¹ of the top machine, x⁰ to xᴸ⁻¹."""
        states = [x]
        for layer in reversed(self.down):
            states.append(layer.sample(states[-1], self.rng))
        return states[::-1]

    def monitors(self) -> dict[str, float]:
        """How well means come back from the layer below the top, and how far the ways differ."""
        up, means = [*self.up, Directed.up(self.top)], [self.probe]
        for layer in up:
            means.append(layer.mean(means[-1]))
        x = means[-2] if self.up else Directed.down(self.top).mean(means[-1])
        down = list(reversed(self.down))
        for layer in down:
            x = layer.mean(x)
        dreamed = self.dreams.mean(self.history.epochs + 1, self.updates_per_epoch, down)
        row = {"reconstruction_error": np.mean((self.probe - x) ** 2)}
        row["dream_error"] = self.columns.dream_error(dreamed)
        names = [f"hidden layer {number}" for number in range(1, len(up) + 1)]
        row |= self.features(names, [layer.unit for layer in up], means[1:])
        for number, (up, down) in enumerate(zip(self.up, self.down, strict=True), start=1):
            row[f"untied{number}"] = np.sqrt(np.mean((up.W - down.W.T) ** 2))
        return row

    def learnable(self) -> bool:
        """Whether the sites of the data depend on each other."""
        return not independent(self.probe, self.dbn.rbms[0].visible)

    def arrays(self) -> Iterator[np.ndarray]:
        """The optimizer's memory, the persistent chains, those of the dreams."""
        yield from self.memory
        yield from () if self.state is None else self.state.arrays()
        yield from self.dreams.arrays()

    def data(self) -> Iterator[Data]:
        """The data."""
        yield "X", self.X, self.dbn.rbms[0].visible.scale(self.probe)

    def settings(self) -> dict[str, Any]:
        """What else decides how training goes on."""
        return {"negative": repr(self.negative), "weight_decay": self.weight_decay}
