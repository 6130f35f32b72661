"""Machines whose both layers are Gaussian: one joint normal density, in closed form.

p(v, h) ∝ exp(ηᵀx − xᵀΛx / 2) with x = (v, h), η = (a, b) and Λ = [[γ_v, −W], [−Wᵀ, γ_h]].
"""

import numpy as np
from scipy.linalg import solve_triangular

from rbmbook.machine.rbm import RBM, Parameters
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
    own = [s for unit, s in ((rbm.visible, square[:D]), (rbm.hidden, square[D:])) if unit.learn]
    arrays = second[:D, D:], mean[:D], mean[D:], *own
    return rbm.parameters.like(np.ascontiguousarray(p, rbm.dtype) for p in arrays)


def _joint(rbm: RBM) -> tuple[np.ndarray, np.ndarray]:
    """Λ and η."""
    rbm = rbm.astype(np.float64)
    above = [np.diag(rbm.visible.precision()), -rbm.W]
    below = [-rbm.W.T, np.diag(rbm.hidden.precision())]
    return np.block([above, below]), np.concatenate([rbm.a, rbm.b])
