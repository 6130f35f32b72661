"""Classification by a machine whose last visible site is the label, one-hot.

Given the other visible units x, the label y has only K states. So p(y | x) ∝ exp(−F(x, y)) needs no
sampling, and neither has the gradient of its logarithm any: it is the data term minus a model term
in which x stays as it is and only the label is averaged over.

References
----------
Larochelle and Bengio (2008), Classification using discriminative restricted Boltzmann machines.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import logsumexp

from rbmbook import validation
from rbmbook.machine.rbm import RBM, Parameters
from rbmbook.machine.units import Mixed, Softmax
from rbmbook.sampling.chains import Chains, Contrast
from rbmbook.training.negative import CD, Negative


def with_labels(X: Any, y: Any, classes: int) -> Any:
    """Each row of X with its label behind it, as the machine's visible layer has them.

    Parameters
    ----------
    X : (n, D) array or sparse matrix
    y : (n,) array of integers in [0, classes)
    classes : int ≥ 2

    Returns
    -------
    (n, D + classes) array or CSR matrix of the dtype of X

    Raises
    ------
    ValueError, TypeError
        If a shape does not fit or a label is not an integer in its range.

    Examples
    --------
    >>> import numpy as np
    >>> from rbmbook import discriminative
    >>> discriminative.with_labels(np.array([[0.5], [1.0]]), [2, 0], classes=3)
    array([[0.5, 0. , 0. , 1. ],
           [1. , 1. , 0. , 0. ]])
    """
    X = validation.matrix("X", X)
    classes = validation.integer("classes", classes, minimum=2)
    y = validation.array("y", y)
    if y.shape != (X.shape[0],) or y.dtype.kind not in "iu":
        raise ValueError(
            f"y: expected {X.shape[0]} integers, one label per row, got {y.dtype} of shape "
            f"{y.shape}"
        )
    if y.min() < 0 or y.max() >= classes:
        raise ValueError(f"y: expected labels from 0 to {classes - 1}, got {y.min()} to {y.max()}")
    one_hot = np.eye(classes, dtype=X.dtype)[y]
    return (
        sparse.hstack([X, one_hot], format="csr") if sparse.issparse(X) else np.hstack([X, one_hot])
    )


def log_probabilities(rbm: RBM, x: Any) -> np.ndarray:
    """log p(y | x) of every label: with L_k the weights of label k, up to a constant for each row

    a_k + Σ_j cgf_j(b_j + Σ_i x_i W_ij + L_kj), normalised over k.

    Parameters
    ----------
    rbm : RBM
        Whose visible units are ``Mixed([..., (Softmax(K), K)])``.
    x : (n, D − K) array or sparse matrix
        States, or means, of the visible units before the label.

    Returns
    -------
    (n, K) array of the machine's dtype, nats

    Raises
    ------
    ValueError, TypeError
        If the machine's visible layer does not end with one softmax site, or x does not fit.

    References
    ----------
    Larochelle and Bengio (2008).
    """
    classes = _classes(rbm)
    rbm.require_finite()
    before = Mixed(rbm.visible.parts[:-1])
    x = validation.matrix("x", x, before.width)
    out = np.empty((x.shape[0], classes), rbm.dtype)
    for rows, block in validation.blocks("x", x, before, rbm.dtype, relaxed=True):
        out[rows] = _log_probabilities(rbm, _inputs(rbm, block, classes), classes)
    return out


@dataclass(frozen=True)
class Discriminative(Negative):
    """The model term of log p(y | x) in place of log p(x, y): training for classification.

    With ``generative=α`` training ascends log p(y | x) + α log p(x, y), the second with a negative
    phase of its own.

    Parameters
    ----------
    generative : float ≥ 0
        α, the weight of the joint log-likelihood, which keeps a machine from overfitting.
    joint : negative phase
        Where the model term of log p(x, y) comes from; not used if α = 0.

    Raises
    ------
    ValueError, TypeError
        If α is negative or `joint` is not a negative phase; in training, if the machine's visible
        layer does not end with one softmax site.

    References
    ----------
    Larochelle and Bengio (2008).
    """

    generative: float = 0.0
    joint: Negative = CD(1)

    def __post_init__(self) -> None:
        validation.real("generative", self.generative, 0.0)
        validation.instance("joint", self.joint, Negative)

    def start(self, rbm: RBM, rng: np.random.Generator) -> "_Hybrid | None":
        """What the joint negative phase keeps."""
        _classes(rbm)
        if self.generative == 0:
            return None
        return _Hybrid(self.joint.start(rbm, rng), Parameters.zeros_like(rbm))

    def moments(
        self,
        batch: Chains,
        weight: np.ndarray,
        data: Parameters,
        state: "_Hybrid | None",
        rng: np.random.Generator,
        out: Parameters,
    ) -> Parameters:
        """Averages over the rows with every label k in turn, weighted with p(k | x)."""
        rbm = batch.rbm
        classes = _classes(rbm)
        x, W = batch.v[:, :-classes], rbm.W
        inputs = _inputs(rbm, x, classes)
        p = np.exp(_log_probabilities(rbm, inputs, classes)) * weight[:, None]
        total = np.zeros_like(inputs)  # Σ_k p_k E[h | x, k] of each row
        for own in out.hidden:
            own[:] = 0
        for k in range(classes):
            with_label = inputs + W[k - classes]
            mean = rbm.hidden.mean(with_label)
            mean *= p[:, k : k + 1]
            out.W[k - classes] = mean.sum(axis=0)
            total += mean
            statistics = rbm.hidden.expected_statistics(with_label)
            for own, statistic in zip(out.hidden, statistics, strict=True):
                own += p[:, k] @ statistic
        np.matmul(x.T, total, out=out.W[:-classes])
        np.sum(total, axis=0, out=out.b)
        # What depends on x alone is as in the data.
        out.a[:-classes] = data.a[:-classes]
        out.a[-classes:] = p.sum(axis=0)
        for own, same in zip(out.visible, data.visible, strict=True):
            own[:] = same
        return out

    def ascent(
        self,
        batch: Contrast,
        weight: np.ndarray,
        state: "_Hybrid | None",
        rng: np.random.Generator,
        out: Parameters,
        spare: Parameters,
        share: float = 1.0,
    ) -> Parameters:
        """The gradient of log p(y | x), plus α times that of log p(x, y)."""
        ascent = super().ascent(batch, weight, state, rng, out, spare, share)
        if state is not None:
            joint = self.joint.ascent(batch, weight, state.joint, rng, spare, state.room, share)
            for total, part in zip(ascent, joint, strict=True):
                part *= part.dtype.type(self.generative)
                total += part
        return ascent


@dataclass(frozen=True)
class _Hybrid:
    """The joint phase's own state, and memory for its model term."""

    joint: Any
    room: Parameters

    def arrays(self) -> list[np.ndarray]:
        """What a checkpoint has to keep."""
        return [] if self.joint is None else self.joint.arrays()

    def monitors(self) -> dict[str, float]:
        """What the joint phase reports."""
        return {} if self.joint is None else self.joint.monitors()


def _classes(rbm: RBM) -> int:
    """The number of labels, of a machine whose last visible site is one."""
    validation.instance("rbm", rbm, RBM)
    parts = rbm.visible.parts if isinstance(rbm.visible, Mixed) else ()
    if len(parts) > 1:
        label, classes = parts[-1]
        if isinstance(label, Softmax) and label.q == classes:
            return classes
    raise ValueError(
        "rbm: expected visible units Mixed([..., (Softmax(K), K)]), whose last site is the label, "
        f"got {rbm.visible}"
    )


def _inputs(rbm: RBM, x: np.ndarray, classes: int) -> np.ndarray:
    """The hidden units' inputs without the label's part."""
    return x @ rbm.W[:-classes] + rbm.b


def _log_probabilities(rbm: RBM, inputs: np.ndarray, classes: int) -> np.ndarray:
    labels = range(-classes, 0)
    scores = np.stack([rbm.a[k] + rbm.hidden.cgf_sum(inputs + rbm.W[k]) for k in labels], axis=1)
    return scores - logsumexp(scores, axis=1, keepdims=True)
