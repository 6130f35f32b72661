"""The gradient of the log-likelihood in its two phases: data term minus model term.

The data term is an average over the batch, with E[h | v] in place of a sample. The model term is
an average over the model's own states; where those come from is the negative phase's business.
"""

from typing import Any

import numpy as np

from rbmbook import rounding, validation
from rbmbook.machine import density
from rbmbook.machine.parameters import Parameters
from rbmbook.machine.rbm import RBM
from rbmbook.training.centring import centre
from rbmbook.training.negative import CD, Batch, Negative

__all__ = ["centre", "estimate"]


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

    References
    ----------
    Book: (7.2).

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> rbm = rb.RBM.random(9, 4, rng=0)
    >>> rb.gradient.estimate(rbm, X, rb.CD(1), rng=0).W.shape
    (9, 4)
    >>> exact = rb.gradient.estimate(rbm, X, rb.Exact())
    >>> bool(abs(exact.W - rb.exact.gradient(rbm, X).W).max() < 1e-6)
    True
    """
    density.require_sums(rbm)
    v = validation.matrix("v", v, rbm.n_visible)
    validation.instance("negative", negative, Negative)
    weight = validation.weights("sample_weight", sample_weight, v.shape[0])
    rng = validation.generator(rng)
    weight = (weight / weight.sum()).astype(rbm.dtype)
    v = validation.rows("v", v, rbm.visible, rbm.dtype, relaxed=True)
    kept = negative.start(rbm, rng)
    with np.errstate(over="ignore", invalid="ignore"):
        ascent = negative.ascent(rbm, Batch.of(rbm, v, weight), kept, rng)
    for part in ascent:
        rounding.held(part, rbm.W)
    return ascent
