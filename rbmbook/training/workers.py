"""What a fit of a machine asks of those who compute on its data, where that is elsewhere."""

from typing import Any, Protocol

import numpy as np

from rbmbook.machine.moments import Moments
from rbmbook.machine.rbm import RBM
from rbmbook.training.direction import Difference
from rbmbook.training.monitors import Columns
from rbmbook.training.negative import Negative


class Workers(Protocol):
    """Who computes what depends on all the rows: see `rbmbook.distributed`."""

    steps: int  # updates that they make by themselves before their parameters are averaged

    def survey(self, rbm: RBM, X: Any, weight: np.ndarray) -> tuple[Columns, bool]:
        """What `survey` says of the data."""

    def moments(self, rbm: RBM, weight: np.ndarray) -> Moments:
        """The means and standard deviations of the columns."""

    def start(self, negative: Negative, rbm: RBM, rng: np.random.Generator) -> Any:
        """What goes on from one update to the next, as by `Negative.start`."""

    def difference(self, run: Any, rows: np.ndarray) -> Difference:
        """Data term minus model term of a batch."""

    def local_steps(self, run: Any, rows: np.ndarray) -> None:
        """Several updates of a `Training`, each worker by itself, then the average."""

    def settings(self) -> dict[str, Any]:
        """What decides the result; a fit that resumes must have the same."""
