"""Rows that are unlike the others, found by a machine of the others."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import OutlierMixin

from rbmbook import validation
from rbmbook.estimators import options
from rbmbook.estimators.tables import Table
from rbmbook.training.negative import Negative
from rbmbook.training.optimize import Optimizer
from rbmbook.training.penalties import Sparsity
from rbmbook.training.plan import EarlyStopping


class RBMOutlierDetector(OutlierMixin, Table):
    """Rows to which a machine gives little probability: anomaly scores, and a threshold.

    Columns of 0 and 1 are Bernoulli units, all others Gaussian ones with precisions of their own.
    The score of a row is −F(v), its log-probability up to a constant. The threshold is chosen so
    that a given share of the training rows lies below.

    Parameters
    ----------
    n_components : int ≥ 1
        Hidden units.
    learning_rate : float > 0
    batch_size : int ≥ 1
    n_iter : int ≥ 0, optional
        Passes over the data. If None, 10, or as many as make 3,000 updates, but no more than 1,000.
    verbose : bool or int
        Show a progress bar.
    random_state : int, RandomState, Generator or None
    negative : negative phase, optional
        If None that of `rb.fit`, parallel tempering, with the centred gradient.
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
    contamination : float in (0, 0.5]
        Share of the training rows that count as outliers.

    Attributes
    ----------
    rbm_ : RBM
    offset_ : float
        The threshold: the `contamination` quantile of the training rows' scores.
    binary_ : (n_features,) array of bool
        Which columns had only 0 and 1.
    history_ : History
    n_features_in_, n_iter_ : int
    feature_names_in_ : (n_features,) array, where X has names

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> X = np.repeat([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]], 50, axis=0)
    >>> detector = rb.RBMOutlierDetector(4, contamination=0.01, random_state=0).fit(X)
    >>> detector.predict([[1, 1, 1], [0, 1, 0]])
    array([ 1, -1])
    """

    def __init__(
        self,
        n_components: int = 64,
        *,
        learning_rate: float = 0.01,
        batch_size: int = 100,
        n_iter: int | None = None,
        verbose: int = 0,
        random_state: Any = None,
        negative: Negative | None = None,
        optimizer: Optimizer | None = None,
        weight_decay: float | None = None,
        l1: float = 0.0,
        sparsity: Sparsity | None = None,
        centered: bool | Literal["enhanced"] | None = None,
        early_stopping: EarlyStopping | None = None,
        validation_fraction: float | None = None,
        callbacks: Sequence[Callable] = (),
        checkpoint: Any = None,
        warm_start: bool = False,
        contamination: float = 0.1,
    ) -> None:
        options.store(self, locals())

    def fit(self, X: Any, y: Any = None, **given: Any) -> Self:
        """Train on data, and find the threshold.

        Parameters
        ----------
        X : (n, n_features) array or sparse matrix
        y : ignored
        sample_weight : (n,) array, optional
            Weights ≥ 0 of the rows in training, as for `rb.fit`.
        validation : (m, n_features) array or sparse matrix, optional
            Rows that are not trained on; `history_` then has `free_energy_gap`.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        ValueError, TypeError
            If a parameter is outside its range, or X is not as above.
        DivergenceError
            If training diverges.

        Examples
        --------
        >>> import rbmbook as rb
        >>> X = rb.data.bars_and_stripes(3)
        >>> detector = rb.RBMOutlierDetector(4, n_iter=5, random_state=0).fit(X)
        >>> bool((detector.score_samples(X) < detector.offset_).mean() < 0.2)
        True
        """
        sample_weight, held_out = options.of_data(self, given)
        share = validation.real("contamination", self.contamination, 0.0, 0.5, closed="right")
        X = self._prepared(X, self._goes_on())
        if held_out is not None:
            held_out = self._scaled(self._read(held_out))
        self._fit(X, self._visible(), self.negative, sample_weight, held_out)
        self.offset_ = float(np.quantile(self.score_samples(X), share))
        return self

    def score_samples(self, X: Any) -> np.ndarray:
        """−F(v) of each row, (n,), nats: log p(v) up to a constant; the lower, the less normal.

        Parameters
        ----------
        X : (n, n_features) array or sparse matrix

        Returns
        -------
        (n,) array

        Raises
        ------
        ValueError, TypeError
            If X is not as above.

        Examples
        --------
        >>> import rbmbook as rb
        >>> X = rb.data.bars_and_stripes(3)
        >>> detector = rb.RBMOutlierDetector(4, n_iter=5, random_state=0).fit(X)
        >>> detector.score_samples(X).shape
        (14,)
        """
        X = self._ready(X)
        return -self.rbm_.free_energy(X).astype(np.float64)

    def decision_function(self, X: Any) -> np.ndarray:
        """`score_samples` minus the threshold: negative for outliers.

        Parameters
        ----------
        X : (n, n_features) array or sparse matrix

        Returns
        -------
        (n,) array

        Examples
        --------
        >>> import rbmbook as rb
        >>> X = rb.data.bars_and_stripes(3)
        >>> detector = rb.RBMOutlierDetector(4, n_iter=5, random_state=0).fit(X)
        >>> detector.decision_function(X).shape
        (14,)
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """1 for rows like the training rows, −1 for outliers.

        Parameters
        ----------
        X : (n, n_features) array or sparse matrix

        Returns
        -------
        (n,) array

        Examples
        --------
        >>> import rbmbook as rb
        >>> X = rb.data.bars_and_stripes(3)
        >>> detector = rb.RBMOutlierDetector(4, n_iter=5, random_state=0).fit(X)
        >>> sorted({int(label) for label in detector.predict(X)})
        [-1, 1]
        """
        return np.where(self.decision_function(X) >= 0, 1, -1)
