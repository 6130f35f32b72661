"""Machines whose both layers are Gaussian: one joint normal density, in closed form.

p(v, h) ∝ exp(ηᵀx − xᵀΛx / 2) with x = (v, h), η = (a, b) and Λ = [[γ_v, −W], [−Wᵀ, γ_h]].
"""

from typing import cast

import numpy as np
from scipy.linalg import solve_triangular

from rbmbook.machine.parameters import Parameters
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Gaussian


def applies(rbm: RBM) -> bool:
    """Whether both layers are Gaussian."""
    return isinstance(rbm.visible, Gaussian) and isinstance(rbm.hidden, Gaussian)


def log_partition(rbm: RBM) -> float:
    """½ ηᵀΛ⁻¹η + ½ (D + H) log 2π − ½ log det Λ; infinite unless Λ is positive definite."""
    precision, linear = _joint(rbm)
    try:
        factor = np.linalg.cholesky(precision)
    except np.linalg.LinAlgError:
        return np.inf
    half = solve_triangular(factor, linear, lower=True)
    log_det = 2 * np.log(np.diag(factor)).sum()
    return float(0.5 * (half @ half + len(linear) * np.log(2 * np.pi) - log_det))


def expectations(rbm: RBM) -> Parameters:
    """⟨v hᵀ⟩, ⟨v⟩, ⟨h⟩ and ⟨−∂U/∂log γ⟩ from the mean Λ⁻¹η and the covariance Λ⁻¹."""
    precision, linear = _joint(rbm)
    covariance = np.linalg.inv(precision)
    mean = covariance @ linear
    second = covariance + np.outer(mean, mean)
    D = rbm.n_visible
    square = -0.5 * np.diag(precision) * np.diag(second)
    layers = (rbm.visible, square[:D]), (rbm.hidden, square[D:])
    own = [s for unit, s in layers if unit.parameters()]
    arrays = second[:D, D:], mean[:D], mean[D:], *own
    return rbm.parameters.like(np.ascontiguousarray(p, rbm.dtype) for p in arrays)


def _joint(rbm: RBM) -> tuple[np.ndarray, np.ndarray]:
    """Λ and η."""
    rbm = rbm.astype(np.float64)
    visible, hidden = (cast(Gaussian, unit).precision() for unit in (rbm.visible, rbm.hidden))
    above = [np.diag(visible), -rbm.W]
    below = [-rbm.W.T, np.diag(hidden)]
    return np.block([above, below]), np.concatenate([rbm.a, rbm.b])
