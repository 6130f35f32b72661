"""Whether a machine has a joint density p(v, h) ∝ exp(−E(v, h)): what sampling and log Z rest on.

Three things can be missing. A parameter is not finite. A layer's units have no energy U(x) to which
both conditionals belong. Or exp(−E) cannot be normalised: where both layers have unbounded units
with U = γ x² / 2, −E contains xᵀWy − Σ γ x² / 2 − Σ γ y² / 2, which has to fall in every direction
that these units can take. With u = √γ x and w = √γ y it does if and only if

    max uᵀAw < 1 over unit vectors, where A_ij = W_ij / √(γ_i γ_j),

which for Gaussian units is the largest singular value of A (the same as a positive definite
[[γ_v, −W], [−Wᵀ, γ_h]]); units with x ≥ 0 take only directions ≥ 0.
"""

from typing import Any

import numpy as np

from rbmbook import rounding, validation
from rbmbook.machine.rbm import RBM

SWEEPS = 100


def require(rbm: Any) -> RBM:
    """`rbm` if it is a machine with a joint density, else an error with the reason."""
    require_sums(rbm)
    for layer, unit in (("visible", rbm.visible), ("hidden", rbm.hidden)):
        if not unit.has_energy:
            raise ValueError(
                f"rbm: expected a joint density exp(−E(v, h)) / Z, got {unit} as {layer} units: "
                "NoisyReLU has no energy U(x), its conditionals belong to no joint density, and "
                "there is nothing to sample or to normalise; ReLU() has an energy"
            )
    if not is_normalisable(rbm):
        raise ValueError(
            "rbm: expected a normalisable density, got weights too large for the precisions: "
            "[[γ_v, −W], [−Wᵀ, γ_h]] is not positive definite on the states of the "
            f"{rbm.visible} and {rbm.hidden} units"
        )
    return rbm


def require_sums(rbm: Any) -> None:
    """Raise unless `rbm` is a machine whose sums are finite.

    Those of its parameters, and where units are unbounded the squares of their means, γ x² / 2.
    """
    validation.instance("rbm", rbm, RBM).require_finite()
    for unit, W, bias in ((rbm.visible, rbm.W, rbm.a), (rbm.hidden, rbm.W.T, rbm.b)):
        unbounded = np.isfinite(unit.growth(len(bias))[0])
        if not unbounded.any():
            continue
        with np.errstate(over="ignore"):
            reach = (np.abs(bias) + np.abs(W).sum(axis=1))[unbounded]
            square = (reach * reach).sum()
        if not np.isfinite(square):
            raise rounding.too_large(W, "squared sums")


def is_normalisable(rbm: RBM) -> bool:
    """Whether exp(−E) has a finite integral.

    With units of both signs the answer is exact. Among units ≥ 0 a direction in which exp(−E) grows
    is searched for by alternation, from several starts; finding none proves nothing.

    Book: (11.13).
    """
    (rows, row_floor), (columns, column_floor) = (
        unit.growth(size)
        for unit, size in ((rbm.visible, rbm.n_visible), (rbm.hidden, rbm.n_hidden))
    )
    free, other = np.isfinite(rows), np.isfinite(columns)
    if not (free.any() and other.any()):
        return True
    A = rbm.W[free][:, other].astype(np.float64)
    A /= np.sqrt(rows[free])[:, None] * np.sqrt(columns[other])
    if np.linalg.norm(A) < 1:  # an upper bound of the largest singular value
        return True
    _, singular, right = np.linalg.svd(A, full_matrices=False)
    if singular[0] < 1:
        return True
    above, beside = row_floor[free], column_floor[other]
    if not (above.any() or beside.any()):
        return False
    starts = np.vstack([right, -right, np.abs(right), np.eye(len(right.T)), np.ones(len(right.T))])
    w = _onto(starts, beside)
    for _ in range(SWEEPS):
        u = _onto(w @ A.T, above)
        w = _onto(u @ A, beside)
    return bool(np.einsum("ni,ij,nj->n", u, A, w).max() < 1)


def _onto(rows: np.ndarray, floor: np.ndarray) -> np.ndarray:
    """Each row as a unit vector, with columns that have a floor at 0 cut off there."""
    rows = np.where(floor & (rows < 0), 0.0, rows)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1.0)
