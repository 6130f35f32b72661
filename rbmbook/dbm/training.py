"""Joint training of all layers of a deep Boltzmann machine: stochastic maximum likelihood.

The gradient of the bound is ⟨x_l x_{l+1}ᵀ⟩_q − ⟨x_l x_{l+1}ᵀ⟩_model. The first term is taken at the
mean-field means of the batch, the second from Gibbs chains that go on from one update to the next.
Both are those of the restricted machine between the even and the odd layers.

References
----------
Salakhutdinov and Hinton (2009), Deep Boltzmann machines, section 3.1 (algorithm 1). Montavon and
Müller (2012), Deep Boltzmann machines and the centering trick. Melchior, Fischer and Wiskott
(2016), How to center deep Boltzmann machines.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rbmbook import validation
from rbmbook.dbm.mean_field import Inference
from rbmbook.machine.rbm import Parameters
from rbmbook.sampling.chains import Chains
from rbmbook.training import gradient
from rbmbook.training.loop import PROBE_ROWS, Run, probe_rows
from rbmbook.training.monitors import Columns, independent
from rbmbook.training.penalties import decay, prior

if TYPE_CHECKING:
    from rbmbook.dbm.model import DBM

AVERAGE_RATE = 0.01  # of the moving averages of the layers' means


class Training(Run):
    """A deep machine in training: its data, its chains, and the memory of its updates."""

    def __init__(self, dbm: "DBM", X: Any, batch_size: Any, optimizer: Any, rng: Any) -> None:
        self.dbm, self.rbm, self.sides = dbm, dbm._rbm, dbm._sides
        self.X = validation.matrix("X", X, dbm.sizes[0])
        validation.domains("X", self.X, self.rbm.visible, relaxed=True)
        super().__init__(dbm, self.X.shape[0], batch_size, optimizer, rng)
        self.parameters = list(self.rbm.parameters)

    def options(
        self,
        chains: Any,
        k: Any,
        inference: tuple[int, float],
        weight_decay: Any,
        centered: Any,
        held_out: Any,
    ) -> None:
        """Check the other arguments, and allocate."""
        rbm, self.inference = self.rbm, inference
        self.k = validation.integer("k", k)
        self.weight_decay = prior(weight_decay, self.n_rows)
        self.centered = bool(validation.instance("centered", centered, (bool, np.bool_)))
        self.chains = Chains.random(rbm, validation.integer("chains", chains), self.rng)
        self.probe = validation.dense(self.X[probe_rows(self.n_rows)], rbm.dtype)
        self.held_out = None
        if held_out is not None:
            held_out = validation.matrix("validation", held_out, self.dbm.sizes[0])
            validation.domains("validation", held_out, rbm.visible, relaxed=True)
            self.held_out = held_out
            seen = probe_rows(self.n_rows, max(PROBE_ROWS, held_out.shape[0]))
            self.seen = validation.dense(self.X[seen], rbm.dtype)
        self.columns = Columns(rbm.visible, self.dbm.sizes[0])
        for _, block in validation.blocks("X", self.X, rbm.visible, rbm.dtype, relaxed=True):
            self.columns.add(block)
        self.absent = self.sides.strangers()
        self.gradient, self.spare = Parameters.zeros_like(rbm), Parameters.zeros_like(rbm)
        self.memory = self.optimizer.start(self.parameters)
        nan = np.nan  # until the first batch
        self.averages = [np.full(n, nan, rbm.dtype) for n in (rbm.n_visible, rbm.n_hidden)]

    def infer(self, v: np.ndarray) -> Inference:
        """The batch's mean-field means."""
        return Inference(self.rbm, self.sides, v).run(*self.inference)

    def update(self, rows: np.ndarray) -> None:
        """One step of the optimizer: the bound's gradient at these rows and the chains' states."""
        found = self.infer(validation.dense(self.X[rows], self.rbm.dtype))
        ascent = self.data_term(found)
        self.average(ascent)
        self.chains.refresh()
        for _ in range(self.k):
            self.chains.step(self.rng)
        equal = np.full(self.chains.n, 1 / self.chains.n, self.rbm.dtype)
        for data, model in zip(ascent, self.chains.statistics(equal, self.spare), strict=True):
            data -= model
        decay(ascent, self.parameters, self.weight_decay)
        if self.centered:
            gradient.centre(ascent, *self.averages, spare=self.spare.W, absent=self.absent)
        elif self.absent is not None:
            ascent.W[self.absent] = 0
        self.optimizer.step(self.parameters, ascent, self.memory, self.updates)

    def data_term(self, found: Inference) -> Parameters:
        """⟨even oddᵀ⟩, ⟨even⟩ and ⟨odd⟩ of the batch, with the odd layers at their best."""
        n, out = len(found.even), self.gradient
        odd = found.best_odd()
        np.matmul(found.even.T, odd, out=out.W)
        out.W[:] /= n
        np.mean(found.even, axis=0, out=out.a)
        np.mean(odd, axis=0, out=out.b)
        return out

    def average(self, data: Parameters) -> None:
        """Let the batch's means enter the moving averages, at which the gradient is centred."""
        for old, new in zip(self.averages, (data.a, data.b), strict=True):
            start = np.isnan(old)
            old[start] = new[start]
            old += old.dtype.type(AVERAGE_RATE) * (new - old)

    def monitors(self) -> dict[str, float]:
        """The numbers of an epoch."""
        found = self.infer(self.probe)
        D, odd, unit = self.dbm.sizes[0], found.best_odd(), self.rbm.hidden
        reconstruction = self.rbm.visible.mean(self.rbm.visible_inputs(odd))[:, :D]
        _, *layers = self.sides.split(found.even, odd)
        dreamed = self.chains.visible_mean()[:, :D].mean(axis=0)
        row = {
            "reconstruction_error": np.mean((self.probe - reconstruction) ** 2),
            "weight_norm": np.sqrt(np.mean([np.mean(W**2) for W in self.dbm.weights])),
            "mean_field_steps": found.steps.mean(),
            "dream_error": self.columns.dream_error(dreamed),
        }
        names = [f"hidden layer {k}" for k in range(1, len(layers) + 1)]
        row |= self.features(names, [unit] * len(layers), layers)
        if self.held_out is not None:
            held_out = validation.dense(self.held_out, self.rbm.dtype)
            row["bound_gap"] = (
                self.infer(self.seen).bound().mean() - self.infer(held_out).bound().mean()
            )
        return row

    def learnable(self) -> bool:
        """Whether the columns of the data depend on each other."""
        return not independent(self.probe, self.rbm.visible)

    def arrays(self) -> Iterator[np.ndarray]:
        """The optimizer's memory, the chains, the moving averages."""
        yield from self.memory
        yield from self.chains.arrays()
        yield from self.averages

    def settings(self) -> dict[str, Any]:
        """What else decides how training goes on."""
        return {
            "sizes": list(self.dbm.sizes),
            "chains": self.chains.n,
            "k": self.k,
            "inference": list(self.inference),
            "weight_decay": self.weight_decay,
            "centered": self.centered,
        }
