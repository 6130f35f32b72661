"""The gradient of the log-likelihood in its two phases: data term minus model term.

The data term is an average over the batch, with E[h | v] in place of a sample. The model term is
an average over the model's own states; where those come from is the negative phase's business.
"""

from typing import Any

import numpy as np

from rbmbook import rounding, validation
from rbmbook.machine import density
from rbmbook.machine.rbm import RBM, Parameters
from rbmbook.sampling.chains import Contrast
from rbmbook.training.negative import CD, Negative


def estimate(
    rbm: RBM,
    v: Any,
    negative: Negative = CD(),
    rng: int | np.random.Generator = 0,
    sample_weight: Any = None,
) -> Parameters:
    """The gradient of the mean log-likelihood of a batch, estimated with a negative phase.

    Parameters
    ----------
    rbm : RBM
    v : (n, D) array or sparse matrix
        The batch: visible states, or means (in [0, 1] for Bernoulli units). All of it is held in
        the machine's dtype.
    negative : negative phase
        Where the model term comes from, for example ``rb.CD(1)`` or ``rb.Exact()``.
    rng : int or Generator
    sample_weight : (n,) array, optional
        Weights ≥ 0 of the rows, applied to the data term and to chains that start at the rows.

    Returns
    -------
    Parameters
        .W (D, H), .a (D,), .b (H,) of the machine's dtype, the direction of ascent.

    Raises
    ------
    ValueError, TypeError
        If a shape does not fit, a value is outside the domain, or an argument has the wrong type.
    """
    density.require_sums(rbm)
    v = validation.matrix("v", v, rbm.n_visible)
    validation.instance("negative", negative, Negative)
    weight = validation.weights("sample_weight", sample_weight, v.shape[0])
    rng = validation.generator(rng)
    batch = Contrast(rbm, v.shape[0])
    batch.restart(validation.rows("v", v, rbm.visible, rbm.dtype, relaxed=True))
    state = negative.start(rbm, rng)
    weight = (weight / weight.sum()).astype(rbm.dtype)
    out, spare = Parameters.zeros_like(rbm), Parameters.zeros_like(rbm)
    with np.errstate(over="ignore", invalid="ignore"):
        ascent = negative.ascent(batch, weight, state, rng, out, spare)
    for part in ascent:
        rounding.held(part, rbm.W)
    return ascent


def centre(
    gradient: Parameters,
    visible: np.ndarray,
    hidden: np.ndarray,
    spare: np.ndarray | None = None,
    absent: np.ndarray | None = None,
) -> Parameters:
    """The centred gradient: what the gradient becomes where v − visible and h − hidden are learned.

    Changes `gradient` in place. With offsets at the data's means, a data set and its negative are
    learned alike.

    Parameters
    ----------
    gradient : Parameters
        Data term minus model term.
    visible, hidden : (D,) and (H,) arrays
        The offsets μ and λ.
    spare : (D, H) array, optional
        Memory to work in.
    absent : (D, H) bool array, optional
        Weights that the machine does not have; their gradient becomes 0.

    References
    ----------
    Melchior, Fischer and Wiskott (2016), How to center deep Boltzmann machines.
    """
    W, a, b = gradient.W, gradient.a, gradient.b
    # visible bᵀ + a hiddenᵀ as one matrix product, which needs no memory but `spare`
    columns, rows = np.stack([visible, a], axis=1), np.stack([b, hidden])
    W -= np.matmul(columns, rows, out=spare)
    if absent is not None:
        W[absent] = 0
    a -= W @ hidden
    b -= visible @ W
    return gradient
