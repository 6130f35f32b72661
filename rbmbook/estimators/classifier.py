"""A machine as a scikit-learn classifier: the label is part of its visible layer."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from rbmbook.estimators import options
from rbmbook.estimators.base import Machine, numbers
from rbmbook.estimators.rows import Labelled, to_unit_interval
from rbmbook.machine.units import Bernoulli, Mixed, Softmax
from rbmbook.training.discriminative import Discriminative, log_probabilities
from rbmbook.training.negative import CD, Negative
from rbmbook.training.optimize import Adam, Optimizer
from rbmbook.training.penalties import Sparsity
from rbmbook.training.plan import EarlyStopping
from rbmbook.validation import unmasked, weights


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
    weight_decay, l1, sparsity, centered, early_stopping, callbacks, checkpoint
        As for `rb.fit`.
    validation_fraction : float in (0, 1), optional
        Share of the rows, drawn at random, that is held out where `fit` is not given `validation`;
        for ``early_stopping=rb.EarlyStopping("free_energy_gap")``, for example.
    warm_start : bool
        Let `fit` go on with the machine of the last `fit`, for `n_iter` more passes: with the same
        settings as one fit of all passes would, with others from its parameters.
    class_weight : dict from classes to weights, "balanced" or None
        Weights of the rows by their class, times `sample_weight`; "balanced" gives each class the
        same weight in all.
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
    >>> classifier = rb.RBMClassifier(n_iter=10, random_state=0).fit(X[:1000], y[:1000])
    >>> bool(classifier.score(X[1000:], y[1000:]) > 0.85)
    True
    """

    _default_negative = CD(1)
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
        weight_decay: float | None = 0.0,
        l1: float = 0.0,
        sparsity: Sparsity | None = None,
        centered: bool | Literal["enhanced"] | None = None,
        early_stopping: EarlyStopping | None = None,
        validation_fraction: float | None = None,
        callbacks: Sequence[Callable] = (),
        checkpoint: Any = None,
        warm_start: bool = False,
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
        scale: str | bool = "auto",
    ) -> None:
        options.store(self, locals())

    def fit(self, X: Any, y: Any, **given: Any) -> "RBMClassifier":
        """Train on data and labels.

        Parameters
        ----------
        X : (n, n_features) array or sparse matrix
        y : (n,) array of labels
        sample_weight : (n,) array, optional
            Weights ≥ 0 of the rows, as for `rb.fit`.
        validation : pair of such X and y, optional
            Rows that are not trained on; `history_` then has `free_energy_gap`, of rows with their
            labels.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        ValueError, TypeError
            If a parameter is outside its range, X is and `scale` is False, or y has one class.
        DivergenceError
            If training diverges.

        Examples
        --------
        >>> import rbmbook as rb
        >>> X, y = rb.data.digits()
        >>> balanced = rb.RBMClassifier(8, n_iter=5, class_weight="balanced", random_state=0)
        >>> balanced.fit(X[:200], y[:200]).history_.epochs
        5
        """
        sample_weight, held_out = options.of_data(self, given)
        again = self._goes_on()
        X, y = self._read_both(X, y, reset=not again)
        if not again:
            self._know(y)
            self.scaler_ = to_unit_interval(X, self.scale)
        rows, weight = self._labelled(X, y), self._weights(y, sample_weight)
        if held_out is not None:
            held_out = self._labelled(*self._pair(held_out))
        self._fit(rows, self._visible(X), self._phase(), weight, held_out)
        return self

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> "RBMClassifier":
        """One update of the machine, new at the first call: all rows are one batch.

        The optimizer's memory, chains and random numbers go on from call to call, and `history_`
        has a row for each. The first batch decides how data are scaled.

        Parameters
        ----------
        X : (n, n_features) array or sparse matrix
        y : (n,) array of labels
        classes : (K,) array
            All labels that there will be; needed at the first call only.
        sample_weight : (n,) array, optional
            Weights ≥ 0 of the rows; only their ratios within the batch matter.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        ValueError, TypeError, DivergenceError
            As for `fit`; if the first call has no `classes` or a later one has others; if
            `class_weight` is "balanced", since the classes' shares are not known.

        Examples
        --------
        >>> import rbmbook as rb
        >>> X, y = rb.data.digits()
        >>> model = rb.RBMClassifier(8, random_state=0)
        >>> for start in (0, 100, 200):
        ...     rows = slice(start, start + 100)
        ...     model = model.partial_fit(X[rows], y[rows], classes=range(10))
        >>> model.history_.epochs
        3
        """
        again = hasattr(self, "rbm_")
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight: expected a dict or None in partial_fit, got {self.class_weight!r}"
            )
        X, y = self._read_both(X, y, reset=not again)
        if not again:
            if classes is None:
                raise ValueError("classes: expected all labels at the first call of partial_fit")
            self._know(classes)
            self.scaler_ = to_unit_interval(X, self.scale)
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes: expected {self.classes_}, as before, got {classes}")
        rows, weight = self._labelled(X, y), self._weights(y, sample_weight)
        self._step(rows, self._visible(X), self._phase(), weight)
        return self

    def _read_both(self, X: Any, y: Any, reset: bool) -> tuple[Any, np.ndarray]:
        """Data and labels, checked."""
        unmasked("X", X)
        unmasked("y", y)
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype="numeric", reset=reset)
        try:
            check_classification_targets(y)
        except ValueError as error:
            raise ValueError(f"y: {error}") from None
        return numbers(X), y

    def _pair(self, held_out: Any) -> tuple[Any, np.ndarray]:
        """Held-out data and labels."""
        if not isinstance(held_out, list | tuple) or len(held_out) != 2:
            raise TypeError("validation: expected a pair (X, y) of data and labels")
        X, y = held_out
        return self._read_both(X, y, reset=False)

    def _know(self, labels: Any) -> None:
        """Keep the classes."""
        self.classes_ = np.unique(labels)
        if len(self.classes_) < 2:
            raise ValueError(f"y: expected at least two classes, got one class, {self.classes_[0]}")

    def _labelled(self, X: Any, y: np.ndarray) -> Labelled:
        """The machine's visible layer: scaled rows with their labels."""
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(f"y: expected labels among {self.classes_}, got {unknown}")
        return Labelled(self._scaled(X), np.searchsorted(self.classes_, y), len(self.classes_))

    def _weights(self, y: np.ndarray, sample_weight: Any) -> np.ndarray | None:
        """The rows' weights, times those of their classes."""
        if self.class_weight is None:
            return sample_weight
        of_rows = weights("sample_weight", sample_weight, len(y))
        return of_rows * compute_sample_weight(self.class_weight, y)

    def _visible(self, X: Any) -> Mixed:
        K = len(self.classes_)
        return Mixed([(Bernoulli(), X.shape[1]), (Softmax(K), K)])

    def _phase(self) -> Discriminative:
        joint = self._default_negative if self.negative is None else self.negative
        return Discriminative(self.generative, joint)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """log p(class | x), in nats.

        Parameters
        ----------
        X : (n, n_features) array or sparse matrix

        Returns
        -------
        (n, K) array
            A column for each of `classes_`.

        Examples
        --------
        >>> import rbmbook as rb
        >>> X, y = rb.data.digits()
        >>> model = rb.RBMClassifier(8, n_iter=5, random_state=0).fit(X[:200], y[:200])
        >>> model.predict_log_proba(X[:2]).shape
        (2, 10)
        """
        X = self._ready(X)
        return log_probabilities(self.rbm_, X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """p(class | x).

        Parameters
        ----------
        X : (n, n_features) array or sparse matrix

        Returns
        -------
        (n, K) array
            A column for each of `classes_`.

        Examples
        --------
        >>> import rbmbook as rb
        >>> X, y = rb.data.digits()
        >>> model = rb.RBMClassifier(8, n_iter=5, random_state=0).fit(X[:200], y[:200])
        >>> model.predict_proba(X[:2]).sum(axis=1).round(6)
        array([1., 1.])
        """
        return np.exp(self.predict_log_proba(X))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row.

        Parameters
        ----------
        X : (n, n_features) array or sparse matrix

        Returns
        -------
        (n,) array

        Examples
        --------
        >>> import rbmbook as rb
        >>> X, y = rb.data.digits()
        >>> model = rb.RBMClassifier(8, n_iter=5, random_state=0).fit(X[:200], y[:200])
        >>> model.predict(X[:2]).shape
        (2,)
        """
        best = self.predict_log_proba(X).argmax(axis=1)
        return self.classes_[best]
