"""What a worker computes: functions of their arguments alone, which any worker may run again."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from rbmbook.distributed.packing import pack, unpack
from rbmbook.distributed.shards import Part
from rbmbook.machine import moments
from rbmbook.machine.parameters import Parameters
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Unit
from rbmbook.training import fit
from rbmbook.training.direction import Difference, Direction
from rbmbook.training.divergence import finite
from rbmbook.training.monitors import Columns
from rbmbook.training.negative import Batch, Negative
from rbmbook.training.optimize import Optimizer
from rbmbook.validation import dense


@dataclass
class Phase:
    """One part's negative phase, with what it keeps and where it takes its noise from.

    Attributes
    ----------
    negative : Negative
    kept : dict of packed arrays
        The memory of what the phase keeps; empty if it keeps nothing.
    rng : Generator
    share : float
        How much this part's model term counts in that of all; None: as much as its rows do.
    """

    negative: Negative
    kept: dict[str, Any]
    rng: np.random.Generator
    share: float | None

    def opened(self, rbm: RBM) -> Any:
        """What the phase keeps, as it was when it was packed."""
        kept = self.negative.start(rbm, np.random.default_rng(0)) if self.kept else None
        if kept is not None:
            memory = unpack(self.kept)
            for name, array in kept.memory().items():
                np.copyto(array, memory[name])
        return kept

    def close(self, kept: Any) -> None:
        """Pack what the phase keeps."""
        self.kept = {} if kept is None else pack(kept.memory())


@dataclass
class Rows:
    """The rows of one part that belong to a batch.

    Attributes
    ----------
    index : (n,) int array
        Their numbers in the part.
    weight : (n,) array or None
        Of the rows, 1 on average over all data; None if all are equal.
    share : float
        Of the batch, by weight.
    """

    index: np.ndarray
    weight: np.ndarray | None
    share: float

    def batch(self, rbm: RBM, part: Part, scale: Any) -> Batch:
        """These rows, standardised if a mean and a standard deviation are given."""
        v = dense(part[self.index], rbm.dtype)
        if scale is not None:
            v -= scale[0]
            v /= scale[1]
        if not len(v):
            return Batch(rbm, v, np.empty(0, rbm.dtype), Parameters.zeros_like(rbm), 0.0)
        return Batch.weighted(rbm, v, self.weight)


def survey(pieces: Any, rbm: RBM, weight: np.ndarray | None) -> tuple[Columns, bool]:
    """The columns of a part's rows; a row that the machine cannot have is named with its shard."""
    part = Part(*pieces)
    try:
        return fit.survey(rbm, part, np.ones(part.shape[0]) if weight is None else weight)
    except ValueError:
        part.check(rbm.visible, rbm.dtype)
        raise


def column_sums(
    pieces: Any, rbm: RBM, weight: np.ndarray | None, total: float, origin: np.ndarray | None
) -> np.ndarray:
    """What a part contributes to the columns' means, or to the variances about an origin."""
    part = Part(*pieces)
    share = (np.ones(part.shape[0]) if weight is None else weight) / total
    return moments.sums(part, rbm.visible, share, "X", rbm.dtype, origin)


def difference(
    pieces: Any, rbm: RBM, rows: Rows, phase: Phase, scale: Any
) -> tuple[Difference, Phase]:
    """What a part contributes to data term minus model term, and to the means of a batch."""
    phase = deepcopy(phase)  # a task may run again with the same arguments
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        kept = phase.opened(rbm)
        batch = rows.batch(rbm, Part(*pieces), scale)
        ascent = Parameters.zeros_like(rbm)
        if len(batch.v) or kept is not None:  # chains go on, whether there are rows or not
            ascent = phase.negative.ascent(rbm, batch, kept, phase.rng)
        phase.close(kept)
        weigh(ascent, batch.data_term, rows.share, phase.share)
        number = rbm.dtype.type(rows.share)
        means = batch.data_term.a * number, batch.data_term.b * number
    return Difference(ascent, means, batch.share), phase


def weigh(ascent: Parameters, data_term: Parameters, data: float, model: float | None) -> None:
    """Make x − y, the data term minus the model term, into data·x − model·y.

    That is model·(x − y) + (data − model)·x.
    """
    model = data if model is None else model
    for part, x in zip(ascent, data_term, strict=True):
        part *= part.dtype.type(model)
        if data != model:
            part += part.dtype.type(data - model) * x


@dataclass
class Local:
    """A part's own machine, which takes some steps by itself.

    Attributes
    ----------
    rbm : RBM
    direction : Direction
    optimizer : Optimizer
    memory : list of arrays
        The optimizer's.
    update : int ≥ 0
        The number of the first step.
    held : (Unit, array) or None
        Where visible units keep the parameters of another one.
    """

    rbm: RBM
    direction: Direction
    optimizer: Optimizer
    memory: list[np.ndarray]
    update: int
    held: tuple[Unit, np.ndarray] | None = None

    def step(self, difference: Difference) -> None:
        """One step of the optimizer."""
        ascent = self.direction.of(self.rbm, difference)
        self.optimizer.step(self.rbm.parameters, ascent, self.memory, self.update)
        self.update += 1
        if self.held is not None:
            unit, where = self.held
            self.rbm.visible.take(unit, where=where)

    def arrays(self) -> list[np.ndarray]:
        """What is averaged over the parts."""
        return [*self.rbm.parameters, *self.memory, self.direction.hidden_average.value]


def local_steps(
    pieces: Any, local: Local, batches: Sequence[Rows], phase: Phase, scale: Any
) -> tuple[list[np.ndarray], Phase]:
    """A part's machine after a step for each batch that has rows of it, by these rows alone."""
    local, phase = deepcopy((local, phase))
    part, rbm = Part(*pieces), local.rbm
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        kept = phase.opened(rbm)
        for rows in batches:
            if not len(rows.index):
                local.update += 1
                continue
            batch = rows.batch(rbm, part, scale)
            try:
                ascent = phase.negative.ascent(rbm, batch, kept, phase.rng)
            except ValueError:  # an exact answer was asked of parameters that are not finite
                if finite(rbm.parameters):
                    raise
                raise FloatingPointError from None
            local.step(Difference.of(ascent, batch))
        phase.close(kept)
    return local.arrays(), phase
