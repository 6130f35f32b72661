"""What the estimators of a table share: its columns decide the types of the visible units."""

from typing import Any

import numpy as np

from rbmbook.estimators import columns
from rbmbook.estimators.base import Machine
from rbmbook.machine.units import Unit
from rbmbook.training.optimize import Adam


class Table(Machine):
    """Bernoulli units for columns of 0 and 1, Gaussian ones for all others; nothing is scaled."""

    binary_: np.ndarray

    _default_optimizer = Adam

    def _meet(self, X: Any) -> None:
        self.binary_ = columns.binary_columns(X)

    def _scaled(self, X: Any) -> Any:
        columns.check(X, self.binary_)
        return X

    def _visible(self) -> Unit:
        """The types of the visible units."""
        return columns.visible_units(self.binary_)
