"""What a network's outputs cost, row by row, and the gradient with respect to the outputs.

Each loss is minus the logarithm of a likelihood, in nats, with terms that do not depend on the
outputs left out; with each, the gradient is *what the network says minus what it should say*.
A loss returns the value (n,) of each row and the gradient (n, k); means over rows are the caller's.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.machine import kernels

Loss = Callable[[np.ndarray, Any], tuple[np.ndarray, np.ndarray]]


def squared_error(outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """½ Σ_k (output_k − target_k)²: the target is Gaussian with variance 1 around the output.

    Parameters
    ----------
    outputs : (n, k) array of float32 or float64
    targets : (n, k) array

    Returns
    -------
    value : (n,) array
    gradient : (n, k) array
        output − target.

    Raises
    ------
    ValueError
        If a shape does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> value, gradient = rb.losses.squared_error(np.array([[1.0, 2.0]]), np.array([[0.0, 4.0]]))
    >>> value, gradient
    (array([2.5]), array([[ 1., -2.]]))
    """
    outputs, targets = _pair("outputs", outputs, targets)
    gradient = outputs - targets
    return np.einsum("nk,nk->n", gradient, gradient) / 2, gradient


def binary_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """−Σ_k [t_k log σ(x_k) + (1 − t_k) log σ(−x_k)], the output x being the logit of a probability.

    Parameters
    ----------
    logits : (n, k) array of float32 or float64
    targets : (n, k) array in [0, 1]

    Returns
    -------
    value : (n,) array
    gradient : (n, k) array
        σ(x) − t, computed as (1 − t) σ(x) − t σ(−x), which rounding does not cancel.

    Raises
    ------
    ValueError
        If a shape does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> logits, targets = np.array([[0.0, 1000.0]]), np.array([[1.0, 0.0]])
    >>> value, gradient = rb.losses.binary_cross_entropy(logits, targets)
    >>> value, gradient
    (array([1000.693]), array([[-0.5,  1. ]]))
    """
    logits, targets = _pair("logits", logits, targets)
    on, off = np.empty_like(logits), np.empty_like(logits)
    kernels.bernoulli_mean(logits, on)
    kernels.bernoulli_mean(-logits, off)
    # log(1 + exp(x)) = max(x, 0) + log(1 + exp(−|x|)), and −t x is split like x itself.
    value = np.empty(len(logits), logits.dtype)
    kernels.bernoulli_cgf_sum(-np.abs(logits), value)
    value += (np.maximum(logits, 0) - targets * logits).sum(axis=1)
    on *= 1 - targets
    off *= targets
    return value, np.subtract(on, off, out=on)


def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """−log p(label), p = exp(x_k) / Σ_l exp(x_l) being the softmax of the outputs.

    Parameters
    ----------
    logits : (n, k) array of float32 or float64
    labels : (n,) array of ints from 0 to k − 1

    Returns
    -------
    value : (n,) array
    gradient : (n, k) array
        p, with 1 subtracted at the label. There it is computed as minus the sum of the others.

    Raises
    ------
    ValueError, TypeError
        If a shape does not fit or a label is not such an integer.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> logits = np.array([[0.0, np.log(3.0)]])
    >>> value, gradient = rb.losses.softmax_cross_entropy(logits, np.array([0]))
    >>> value, gradient
    (array([1.3863]), array([[-0.75,  0.75]]))
    """
    logits = _rows("logits", logits)
    labels = validation.array("labels", labels)
    n, k = logits.shape
    if labels.shape != (n,):
        raise ValueError(f"labels: expected shape ({n},), got {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels: expected integers, got {labels.dtype}")
    if n and not (labels.min() >= 0 and labels.max() < k):
        raise ValueError(f"labels: expected 0 to {k - 1}, got {labels.min()} to {labels.max()}")
    here = np.arange(n), labels
    gradient = probabilities(logits)
    peak = logits.max(axis=1)
    value = np.log(np.exp(logits - peak[:, None]).sum(axis=1)) + (peak - logits[here])
    gradient[here] = 0
    gradient[here] = -gradient.sum(axis=1)
    return value, gradient


def probabilities(logits: np.ndarray) -> np.ndarray:
    """The softmax exp(x_k) / Σ_l exp(x_l) of each row, shape (n, k).

    Parameters
    ----------
    logits : (n, k) array

    Returns
    -------
    (n, k) array

    Raises
    ------
    ValueError
        If the shape is not (n, k).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.losses.probabilities(np.log([[1.0, 2.0, 1.0]])).round(4)
    array([[0.25, 0.5 , 0.25]])
    """
    logits = _rows("logits", logits)
    out = np.empty_like(logits)
    kernels.softmax_mean(logits[:, None, :], out[:, None, :])
    return out


def _rows(name: str, x: Any) -> np.ndarray:
    x = np.ascontiguousarray(x)
    x = x if x.dtype in (np.float32, np.float64) else x.astype(np.float64)
    if x.ndim != 2:
        raise ValueError(f"{name}: expected shape (n, k), got {x.shape}")
    return x


def _pair(name: str, x: Any, targets: Any) -> tuple[np.ndarray, np.ndarray]:
    """Outputs and targets of one shape and of the outputs' dtype."""
    x = _rows(name, x)
    targets = np.ascontiguousarray(targets, x.dtype)
    if targets.shape != x.shape:
        raise ValueError(f"targets: expected shape {x.shape}, got {targets.shape}")
    return x, targets
