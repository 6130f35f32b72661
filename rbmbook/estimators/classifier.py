"""A machine as a scikit-learn classifier: the label is part of its visible layer."""

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from rbmbook.estimators.base import Machine, numbers
from rbmbook.estimators.rows import Labelled, to_unit_interval
from rbmbook.machine.units import Bernoulli, Mixed, Softmax
from rbmbook.training.discriminative import Discriminative, log_probabilities
from rbmbook.training.negative import CD, Negative
from rbmbook.training.optimize import Adam, Optimizer
from rbmbook.validation import unmasked


class RBMClassifier(ClassifierMixin, Machine):
    """A machine over the data and its label, whose p(label | data) is exact.

    Training ascends log p(y | x) + generative · log p(x, y).

    Parameters
    ----------
    n_components : int ≥ 1
        Hidden units.
    generative : float ≥ 0
        Weight of the joint log-likelihood; 0 trains for the label alone.
    learning_rate : float > 0
    batch_size : int ≥ 1
    n_iter : int ≥ 0, optional
        Passes over the data. If None, 10, or as many as make 3,000 updates, but no more than 1,000.
    verbose : bool or int
        Show a progress bar.
    random_state : int, RandomState, Generator or None
    negative : negative phase, optional
        Of the joint log-likelihood; ``CD(1)`` if None.
    optimizer : optimizer, optional
        ``Adam(learning_rate)`` if None; otherwise the learning rate is the optimizer's own.
    weight_decay : float ≥ 0
    scale : "auto" or bool
        As for `BernoulliRBM`.

    Attributes
    ----------
    classes_ : (K,) array
    rbm_ : RBM
        The label is its last K visible columns, in the order of `classes_`.
    history_ : History
    scaler_ : scikit-learn scaler or None
    n_features_in_, n_iter_ : int
    feature_names_in_ : (n_features,) array, where X has names

    References
    ----------
    Larochelle and Bengio (2008), Classification using discriminative restricted Boltzmann machines.

    Examples
    --------
    >>> import rbmbook as rb
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = rb.RBMClassifier(random_state=0).fit(X[:1000], y[:1000])
    >>> bool(classifier.score(X[1000:], y[1000:]) > 0.9)
    True
    """

    _default_optimizer = Adam

    def __init__(
        self,
        n_components: int = 100,
        *,
        generative: float = 0.01,
        learning_rate: float = 0.01,
        batch_size: int = 32,
        n_iter: int | None = None,
        verbose: int = 0,
        random_state: Any = None,
        negative: Negative | None = None,
        optimizer: Optimizer | None = None,
        weight_decay: float = 0.0,
        scale: str | bool = "auto",
    ) -> None:
        self.n_components = n_components
        self.generative = generative
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state
        self.negative = negative
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.scale = scale

    def fit(self, X: Any, y: Any) -> "RBMClassifier":
        """Train on (n, n_features) data, dense or sparse, and (n,) labels.

        Raises
        ------
        ValueError, TypeError
            If a parameter is outside its range, X is and `scale` is False, or y has one class.
        DivergenceError
            If training diverges.
        """
        unmasked("X", X)
        unmasked("y", y)
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype="numeric")
        X = numbers(X)
        check_classification_targets(y)
        encoder = LabelEncoder().fit(y)
        self.classes_ = encoder.classes_
        K = len(self.classes_)
        if K < 2:
            raise ValueError(f"y: expected at least two classes, got one class, {self.classes_[0]}")
        self.scaler_ = to_unit_interval(X, self.scale)
        rows = Labelled(self._scaled(X), encoder.transform(y), K)
        visible = Mixed([(Bernoulli(), X.shape[1]), (Softmax(K), K)])
        self._fit(
            rows,
            visible,
            Discriminative(self.generative, CD(1) if self.negative is None else self.negative),
        )
        return self

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """log p(class | x), (n, K), nats, in the order of `classes_`."""
        X = self._ready(X)
        return log_probabilities(self.rbm_, X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """p(class | x), (n, K), in the order of `classes_`."""
        return np.exp(self.predict_log_proba(X))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row, (n,)."""
        best = self.predict_log_proba(X).argmax(axis=1)
        return self.classes_[best]
