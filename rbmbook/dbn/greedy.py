"""Greedy layer-wise training: one machine after the other, each on what the one below makes.

References
----------
Hinton, Osindero and Teh (2006), A fast learning algorithm for deep belief nets, section 4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.machine.rbm import RBM
from rbmbook.training.divergence import check_finite
from rbmbook.training.fit import Training, centring
from rbmbook.training.history import History
from rbmbook.training.monitors import ENOUGH_BELOW
from rbmbook.training.negative import Negative
from rbmbook.training.penalties import Penalties
from rbmbook.training.stages import Stages, each

SEED = 20_612  # of the samples of held-out rows


@dataclass(frozen=True)
class Layer:
    """What one machine is told, beside its plan."""

    negative: Negative | None
    penalties: Penalties
    centered: bool | str | None

    @classmethod
    def of(
        cls, rbm: RBM, negative: Any, weight_decay: Any, l1: Any, sparsity: Any, centered: Any
    ) -> "Layer":
        """The options, if they fit the machine."""
        if negative is not None:
            validation.instance("negative", negative, Negative)
        penalties = Penalties(weight_decay, l1, sparsity)
        centring(centered, negative)
        return cls(negative, penalties.check_target(rbm.hidden, rbm.n_hidden), centered)


def layers(rbms: Sequence[RBM], **options: Any) -> list[Layer]:
    """The options of each machine: of each name one value, or a list with one for each."""
    columns = [each(name, value, len(rbms)) for name, value in options.items()]
    return [
        Layer.of(rbm, **dict(zip(options, values, strict=True)))
        for rbm, *values in zip(rbms, *columns, strict=True)
    ]


def fit(
    rbms: Sequence[RBM],
    X: Any,
    stages: Stages,
    options: Sequence[Layer],
    inputs: str,
    sample_weight: Any,
    held_out: Any,
) -> History:
    """Train each machine on what the ones below make of the data."""
    for number, rbm in enumerate(rbms, start=1):
        check_finite(list(rbm.parameters), where=f"layer {number}")
    for number, (rbm, plan, own) in enumerate(zip(rbms, stages.plans, options, strict=True), 1):
        if number > 1:
            below = rbms[number - 2]
            X = upwards(below, X, inputs, plan.rng)
            if held_out is not None:  # with noise of its own: training draws nothing for it
                held_out = upwards(below, held_out, inputs, np.random.default_rng([SEED, number]))
        run = Training(
            rbm, X, plan, own.negative, own.penalties, sample_weight, own.centered, held_out
        )
        run.where, run.enough = f"layer {number}", ENOUGH_BELOW
        if not stages.train(run):
            break
    return stages.history


def upwards(rbm: RBM, X: Any, inputs: str, rng: np.random.Generator) -> np.ndarray:
    """What a machine makes of the data, for the machine above: means, or samples."""
    return rbm.hidden_mean(X) if inputs == "means" else rbm.sample_hidden(X, rng)


def rate(rbm: RBM) -> float:
    """A learning rate for a machine: large steps, unless its states are unbounded."""
    listed = rbm.visible.levels is not None and rbm.hidden.levels is not None
    return 0.2 if listed else 0.05
