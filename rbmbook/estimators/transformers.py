"""Machines as scikit-learn transformers: hidden means as features, and the way back."""

from typing import Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from rbmbook import validation
from rbmbook.estimators.base import Machine, generator
from rbmbook.estimators.rows import Rounded, fitted, floating, to_unit_interval
from rbmbook.evaluation import evaluate
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Bernoulli, Gaussian
from rbmbook.sampling import gibbs
from rbmbook.training.negative import Negative
from rbmbook.training.optimize import Optimizer


class Transformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Machine):
    """Hidden means as features, and the way back."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def components_(self) -> np.ndarray:
        """The weights, (n_components, n_features), as scikit-learn keeps them."""
        return self._trained().W.T

    @property
    def intercept_hidden_(self) -> np.ndarray:
        """The hidden biases, (n_components,)."""
        return self._trained().b

    @property
    def intercept_visible_(self) -> np.ndarray:
        """The visible biases, (n_features,)."""
        return self._trained().a

    @property
    def _n_features_out(self) -> int:
        return self.rbm_.n_hidden

    def _trained(self) -> RBM:
        if not hasattr(self, "rbm_"):
            raise AttributeError(f"{type(self).__name__} has no parameters before fit")
        return self.rbm_

    def transform(self, X: Any) -> np.ndarray:
        """E[h | v] of each row, (n, n_components), of the dtype of X if that is floating.

        Parameters
        ----------
        X : (n, n_features) array, or sparse matrix where `fit` accepts one
        """
        X = self._ready(X)
        return self.rbm_.hidden_mean(X).astype(floating(X), copy=False)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """E[v | h] of each row of hidden means or states, (n, n_features), in the data's units.

        Parameters
        ----------
        X : (n, n_components) array
        """
        check_is_fitted(self)
        return self._unscaled(self.rbm_.visible_mean(X))

    def sample(self, n_samples: int = 1, steps: int = 1000, random_state: Any = None) -> np.ndarray:
        """Visible states after Gibbs steps from random ones, (n_samples, n_features).

        Parameters
        ----------
        n_samples : int ≥ 1
        steps : int ≥ 0
            Number of steps. A machine that mixes badly needs many before its chains forget where
            they began.
        random_state : int, RandomState, Generator or None
        """
        check_is_fitted(self)
        return self._unscaled(gibbs.run(self.rbm_, n_samples, steps, generator(random_state)))


class BernoulliRBM(Transformer):
    """A machine of binary units as a transformer.

    The first six parameters have the names and the defaults of scikit-learn's own `BernoulliRBM`,
    which this can replace.

    Parameters
    ----------
    n_components : int ≥ 1
        Hidden units.
    learning_rate : float > 0
    batch_size : int ≥ 1
    n_iter : int ≥ 0
        Passes over the data.
    verbose : bool or int
        Show a progress bar.
    random_state : int, RandomState, Generator or None
    negative : negative phase, optional
        If None that of `rb.fit`, parallel tempering, with the centred gradient: after the 100
        updates that the defaults make of 100 rows of two far patterns, the mean log-likelihood is
        −1.0 to −1.6 nats, against −3 with ``CD(1)``.
    optimizer : optimizer, optional
        ``SGD(learning_rate)`` if None; otherwise the learning rate is the optimizer's own.
    weight_decay : float ≥ 0
    scale : "auto" or bool
        Units take values in [0, 1]. True: each column is mapped there by its least and greatest
        value in `fit`, and what lies outside later is clipped (dense data only). False: other
        values are an error. "auto": True if `fit` is given such values, otherwise False.

    Attributes
    ----------
    rbm_ : RBM
    history_ : History
    scaler_ : scikit-learn scaler or None
    components_ : (n_components, n_features) array
    intercept_hidden_, intercept_visible_ : (n_components,) and (n_features,) arrays
    n_features_in_, n_iter_ : int
    feature_names_in_ : (n_features,) array, where X has names

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> rb.BernoulliRBM(n_components=4, random_state=0).fit_transform(X).shape
    (14, 4)
    """

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        verbose: int = 0,
        random_state: Any = None,
        negative: Negative | None = None,
        optimizer: Optimizer | None = None,
        weight_decay: float = 0.0,
        scale: str | bool = "auto",
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state
        self.negative = negative
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.scale = scale

    def fit(self, X: Any, y: Any = None) -> "BernoulliRBM":
        """Train on (n, n_features) data, dense or sparse; `y` is not looked at.

        Raises
        ------
        ValueError, TypeError
            If a parameter is outside its range, or X is, and `scale` is False.
        DivergenceError
            If training diverges.
        """
        X = self._read(X, reset=True)
        self.scaler_ = to_unit_interval(X, self.scale)
        self._fit(self._scaled(X), Bernoulli(), self.negative)
        return self

    def score_samples(self, X: Any) -> np.ndarray:
        """The log pseudo-likelihood of each row, (n,), nats: exact, all conditionals.

        A grey level counts as the state that it is nearer to.
        """
        states = Rounded(self._ready(X))
        return evaluate.pseudo_log_likelihood(self.rbm_, states)

    def score(self, X: Any, y: Any = None) -> float:
        """The mean of `score_samples`."""
        return float(self.score_samples(X).mean())


class GaussianRBM(Transformer):
    """A machine of Gaussian visible and binary hidden units as a transformer for real numbers.

    Parameters
    ----------
    n_components : int ≥ 1
        Hidden units.
    learning_rate : float > 0
        Smaller than for binary units, whose inputs are bounded.
    batch_size : int ≥ 1
    n_iter : int ≥ 0, optional
        Passes over the data. If None, 10, or as many as make 3,000 updates, but no more than 1,000.
    verbose : bool or int
        Show a progress bar.
    random_state : int, RandomState, Generator or None
    negative : negative phase, optional
        If None that of `rb.fit`, parallel tempering, with the centred gradient.
    optimizer : optimizer, optional
        ``SGD(learning_rate)`` if None; otherwise the learning rate is the optimizer's own.
    weight_decay : float ≥ 0
    standardize : bool
        Let the columns have mean 0 and variance 1 in `fit`; weights refer to these numbers.
    learn_precision : bool
        Whether training moves the visible units' precisions, which start at the data's. Without it
        the noise of every column keeps the variance of the whole column: what the hidden units
        explain comes on top, and two clouds are never told apart.

    Attributes
    ----------
    rbm_ : RBM
    history_ : History
    scaler_ : scikit-learn scaler or None
    components_ : (n_components, n_features) array
    intercept_hidden_, intercept_visible_ : (n_components,) and (n_features,) arrays
    n_features_in_, n_iter_ : int
    feature_names_in_ : (n_features,) array, where X has names

    References
    ----------
    Hinton (2012), A practical guide to training restricted Boltzmann machines, section 13.2.
    """

    _sparse = False
    _unit = Gaussian()

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float = 0.03,
        batch_size: int = 100,
        n_iter: int | None = None,
        verbose: int = 0,
        random_state: Any = None,
        negative: Negative | None = None,
        optimizer: Optimizer | None = None,
        weight_decay: float = 0.0,
        standardize: bool = True,
        learn_precision: bool = True,
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state
        self.negative = negative
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.standardize = standardize
        self.learn_precision = learn_precision

    def fit(self, X: Any, y: Any = None) -> "GaussianRBM":
        """Train on (n, n_features) real numbers; `y` is not looked at.

        Raises
        ------
        ValueError, TypeError
            If a parameter is outside its range.
        DivergenceError
            If training diverges.
        """
        X = self._read(X, reset=True)
        validation.instance("standardize", self.standardize, (bool, np.bool_))
        self.scaler_ = fitted(StandardScaler(), X) if self.standardize else None
        self._fit(self._scaled(X), Gaussian(learn=self.learn_precision), self.negative)
        return self
