"""Classification by a machine whose last visible site is the label, one-hot.

Given the other visible units x, the label y has only K states. So p(y | x) ∝ exp(−F(x, y)) needs no
sampling, nor does the gradient of its logarithm: it is the data term minus a model term in which x
stays as it is and only the label is averaged over.

References
----------
Larochelle and Bengio (2008), Classification using discriminative restricted Boltzmann machines.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy import sparse
from scipy.special import logsumexp

from rbmbook import validation
from rbmbook.machine.parameters import Parameters
from rbmbook.machine.rbm import RBM
from rbmbook.machine.statistics import total
from rbmbook.machine.units import Mixed, Softmax
from rbmbook.training.negative import CD, Batch, Negative


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
    """log p(y = k | x) of every label k: the log-softmax of the scores

    s_k = a_k + Σ_j cgf_j(b_j + Σ_i x_i W_ij + L_kj), where L_k is the row of W of label k.

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
    Book: (16.1).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> visible = rb.Mixed([(rb.Bernoulli(), 1), (rb.Softmax(2), 2)])
    >>> rbm = rb.RBM(W=[[4.0], [4.0], [-4.0]], a=[0, 0, 0], b=[-4.0], visible=visible)
    >>> np.exp(rb.discriminative.log_probabilities(rbm, [[1], [0]])).round(2)
    array([[0.98, 0.02],
           [0.67, 0.33]])
    """
    classes = _classes(rbm)
    rbm.require_finite()
    before = Mixed(cast(Mixed, rbm.visible).parts[:-1])
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

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> x = rb.exact.states(4)
    >>> y = (x.sum(axis=1) > 2).astype(int)  # are most of four units on?
    >>> v = rb.discriminative.with_labels(x, y, classes=2)
    >>> visible = rb.Mixed([(rb.Bernoulli(), 4), (rb.Softmax(2), 2)])
    >>> rbm = rb.RBM.random(6, 8, rng=0, visible=visible)
    >>> ascent = rb.Adam(0.05)
    >>> _ = rb.fit(rbm, v, rb.Discriminative(), epochs=300, optimizer=ascent, progress=False)
    >>> bool((rb.discriminative.log_probabilities(rbm, x).argmax(axis=1) == y).all())
    True
    """

    generative: float = 0.0
    joint: Negative = CD(1)

    def __post_init__(self) -> None:
        validation.real("generative", self.generative, 0.0)
        validation.instance("joint", self.joint, Negative)

    def start(self, rbm: RBM, rng: np.random.Generator) -> Any:
        """What the joint negative phase keeps."""
        _classes(rbm)
        return self.joint.start(rbm, rng) if self.generative else None

    def reports(self) -> tuple[str, ...]:
        """The numbers of the joint negative phase."""
        return self.joint.reports() if self.generative else ()

    def model_term(self, rbm: RBM, batch: Batch, kept: Any, rng: np.random.Generator) -> Parameters:
        """Averages over the rows with each label k in turn, weighted by p(k | x). Book: (16.2)."""
        classes, data = _classes(rbm), batch.data_term
        model = total(
            _of_all_labels(rbm, batch.v[rows, :-classes], batch.weight[rows], classes)
            for rows in batch.pieces()
        )
        # What depends on x alone is as in the data.
        a = np.concatenate([data.a[:-classes], model.a])
        return Parameters(model.W, a, model.b, data.visible, model.hidden)

    def ascent(self, rbm: RBM, batch: Batch, kept: Any, rng: np.random.Generator) -> Parameters:
        """The gradient of log p(y | x), plus α times that of log p(x, y). Book: (16.3)."""
        ascent = super().ascent(rbm, batch, kept, rng)
        if self.generative:
            joint = self.joint.ascent(rbm, batch, kept, rng)
            for whole, part in zip(ascent, joint, strict=True):
                whole += part.dtype.type(self.generative) * part
        return ascent


def _of_all_labels(rbm: RBM, x: np.ndarray, weight: np.ndarray, classes: int) -> Parameters:
    """Averages over rows with each label in turn; of the biases only those of the labels."""
    inputs = _inputs(rbm, x, classes)
    p = np.exp(_log_probabilities(rbm, inputs, classes)) * weight[:, None]
    h = np.zeros_like(inputs)  # Σ_k p_k E[h | x, k] of each row
    W, own = np.empty_like(rbm.W), [np.zeros_like(part) for part in rbm.hidden.parameters()]
    for k in range(classes):
        with_label = inputs + rbm.W[k - classes]
        mean = p[:, k : k + 1] * rbm.hidden.mean(with_label)
        W[k - classes] = mean.sum(axis=0)
        h += mean
        for whole, part in zip(own, rbm.hidden.expected_statistics(with_label), strict=True):
            whole += p[:, k] @ part
    W[:-classes] = x.T @ h
    return Parameters(W, p.sum(axis=0), h.sum(axis=0), (), tuple(own))


def _classes(rbm: RBM) -> int:
    """The number of labels, of a machine whose last visible site is one."""
    validation.instance("rbm", rbm, RBM)
    parts: Any = rbm.visible.parts if isinstance(rbm.visible, Mixed) else ()
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
