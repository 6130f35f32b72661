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

from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.dbm.mean_field import Inference
from rbmbook.machine.parameters import Parameters
from rbmbook.training.centring import MovingAverage, centre
from rbmbook.training.checkpoint import listed, prefixed
from rbmbook.training.loop import PROBE_ROWS, Run, probe_rows
from rbmbook.training.monitors import Columns, Dreams, independent
from rbmbook.training.negative import Batch, Negative
from rbmbook.training.penalties import Penalties
from rbmbook.training.plan import Plan


class Training(Run):
    """A deep machine in training: its data, its chains, and the memory of its updates."""

    def __init__(
        self,
        dbm: Any,
        X: Any,
        plan: Plan,
        negative: Negative,
        inference: tuple[int, float],
        penalties: Penalties = Penalties(),
        sample_weight: Any = None,
        centered: bool = False,
        held_out: Any = None,
    ) -> None:
        super().__init__(dbm, X.shape[0], plan)
        self.dbm, self.rbm, self.sides = dbm, dbm._rbm, dbm._sides
        self.X, self.negative, self.inference = X, negative, inference
        self.penalties, self.centered, self.held_out = penalties, centered, held_out
        self.weighted = sample_weight is not None
        self.weight = validation.weights("sample_weight", sample_weight, self.n_rows)
        rbm = self.rbm
        self.probe = validation.dense(X[probe_rows(self.n_rows)], rbm.dtype)
        self.columns = Columns(rbm.visible, dbm.sizes[0])
        for rows, block in validation.blocks("X", X, rbm.visible, rbm.dtype, relaxed=True):
            self.columns.add(block, self.weight[rows])
        self.absent = self.sides.strangers()
        self.averages = [MovingAverage(n, rbm.dtype) for n in (rbm.n_visible, rbm.n_hidden)]
        self.optimizer_memory = self.optimizer.start(self.parameters)
        self.dreams = Dreams(rbm)
        self.kept = negative.start(rbm, self.rng)

    @property
    def parameters(self) -> list[np.ndarray]:
        """The arrays of the machine between the even and the odd layers."""
        return list(self.rbm.parameters)

    def infer(self, v: np.ndarray) -> Inference:
        """The batch's mean-field means."""
        return Inference(self.rbm, self.sides, v).run(*self.inference)

    def update(self, rows: np.ndarray) -> None:
        """One step up the bound's gradient: mean-field term minus model term. Book: (13.11)."""
        batch = self.batch(rows)
        ascent = self.negative.ascent(self.rbm, batch, self.kept, self.rng)
        for average, mean in zip(
            self.averages, (batch.data_term.a, batch.data_term.b), strict=True
        ):
            average.add(mean, batch.share)
        if batch.share != 1:
            for part in ascent:
                part *= part.dtype.type(batch.share)
        self.penalties.shrink(ascent, self.parameters)
        if self.centered:
            centre(ascent, *(average.value for average in self.averages), absent=self.absent)
        elif self.absent is not None:
            ascent.W[self.absent] = 0
        self.optimizer.step(self.parameters, ascent, self.optimizer_memory, self.updates)

    def batch(self, rows: np.ndarray) -> Batch:
        """⟨even oddᵀ⟩, ⟨even⟩ and ⟨odd⟩ of the rows, with the odd layers at their best."""
        weight = self.weight[rows]
        share = float(weight.sum() / (len(rows) * self.weight.mean()))
        weight = (weight / (weight.sum() or 1.0)).astype(self.rbm.dtype)
        found = self.infer(validation.dense(self.X[rows], self.rbm.dtype))
        odd = found.best_odd()
        even_term = weight @ found.even
        term = Parameters(found.even.T @ (weight[:, None] * odd), even_term, weight @ odd)
        return Batch(found.even, self.rbm.hidden_inputs(found.even), weight, term, share)

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
        if self.held_out is not None:
            held_out = validation.dense(self.held_out, self.rbm.dtype)
            seen = self.X[probe_rows(self.n_rows, max(PROBE_ROWS, held_out.shape[0]))]
            seen = validation.dense(seen, self.rbm.dtype)
            row["bound_gap"] = self.infer(seen).bound().mean() - self.infer(held_out).bound().mean()
        return row

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

    def sources(self) -> dict[str, Any]:
        """The data, and the held-out rows."""
        return {"X": self.X} | ({} if self.held_out is None else {"validation": self.held_out})

    def weights(self) -> np.ndarray | None:
        """The rows' weights, if they were given."""
        return self.weight if self.weighted else None

    def settings(self) -> dict[str, Any]:
        """What else decides how training goes on."""
        return {
            "negative": self.negative,
            "inference": self.inference,
            "penalties": self.penalties,
            "centered": self.centered,
        }

    def advice(self) -> str:
        """What to lower when training diverged."""
        return super().advice() + self.penalties.advice()
