"""Training in coordinates in which real columns are standardised.

With x = μ + σ z for the Gaussian columns, the same machine has in terms of z the parameters

    W′ = σ W,   a′ = σ (a − γ μ),   γ′ = σ² γ,   b′ = b + μᵀ W,

and E(x, h) differs from E′(z, h) by a constant. A step of a fixed length in these numbers has the
same effect whatever the columns' units are, and whatever their means.
"""

import numpy as np

from rbmbook.machine import moments
from rbmbook.machine.moments import Moments
from rbmbook.machine.rbm import RBM
from rbmbook.training.twin import Twin


class Standardized(Twin):
    """A machine and its twin for standardised data; other columns than Gaussian ones stay.

    Parameters
    ----------
    rbm : RBM
    found : Moments
        Of the columns of the data.
    n : int ≥ 1
        How many rows it has.

    Attributes
    ----------
    machine : RBM
        The twin, which is trained.
    """

    def __init__(self, rbm: RBM, found: Moments, n: int) -> None:
        super().__init__()
        self.rbm, self.machine, self.found, self.n = rbm, rbm.copy(), found, n
        self.first_unit = rbm.copy().visible  # has the precisions with which training began
        self.real = rbm.visible.real(rbm.n_visible)
        self.mean = np.where(self.real, found.mean, 0.0)
        self.sd = rbm.visible.divisor(found.sd)
        self.varies = ~found.constant
        self.rounded = self.mean.astype(rbm.dtype), self.sd.astype(rbm.dtype)
        self.read()

    def rows(self, x: np.ndarray) -> None:
        """Standardise rows of the data in place."""
        mean, sd = self.rounded
        x -= mean
        x /= sd

    @property
    def outer(self) -> list[np.ndarray]:
        return list(self.rbm.parameters)

    @property
    def inner(self) -> list[np.ndarray]:
        return list(self.machine.parameters)

    def convert_in(self) -> None:
        self._take(self.rbm)

    def convert_out(self) -> None:
        rbm, machine = self.rbm, self.machine
        rbm.visible.take(machine.visible, 1 / self.sd, self.varies, learned_only=True)
        rbm.hidden.take(machine.hidden)
        rbm.W[:] = machine.W / self.rounded[1][:, None]
        rbm.a[:] = machine.a / self.sd + self.mean_bias(rbm)
        rbm.b[:] = machine.b - self.mean @ rbm.W

    def _take(self, rbm: RBM) -> None:
        """Set the twin to a machine, in the coordinates of standardised data."""
        machine = self.machine
        machine.W[:] = rbm.W * self.rounded[1][:, None]
        machine.a[:] = self.sd * (rbm.a - self.mean_bias(rbm))
        machine.b[:] = rbm.b + self.mean @ rbm.W
        machine.visible.take(rbm.visible, self.sd)
        machine.hidden.take(rbm.hidden)
        self.first_unit.take(machine.visible)

    def start(self) -> None:
        """Start where the data says, if the machine was made without data: all biases are 0."""
        if not (self.rbm.a.any() or self.rbm.b.any()):
            started = self.rbm.copy()
            moments.start_from(started, self.found, self.n)
            self._take(started)

    def memory(self) -> dict[str, np.ndarray]:
        """What every twin keeps, and the precisions with which training began."""
        precise = enumerate(self.first_unit.parameters())
        return super().memory() | {f"precise{i}": array for i, array in precise}

    def hold(self) -> None:
        """Keep the precisions of constant columns: such data says nothing about them."""
        self.machine.visible.take(self.first_unit, where=~self.varies)

    def mean_bias(self, rbm: RBM) -> np.ndarray:
        """γ μ: the biases with which, without weights, the columns' means are the data's."""
        return np.where(self.real, rbm.visible.bias_for_mean(self.mean, 1.0), 0.0)
