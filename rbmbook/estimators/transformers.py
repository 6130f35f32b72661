"""Machines as scikit-learn transformers: hidden means as features, and the way back."""

from typing import Any, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from rbmbook import validation
from rbmbook.estimators import options
from rbmbook.estimators.base import Machine, generator, numbers
from rbmbook.estimators.rows import floating
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Unit
from rbmbook.sampling import gibbs


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

    def _new_scaler(self, X: Any) -> Any:
        """A scaler that has seen X, or None where the machine takes X as it is."""
        raise NotImplementedError

    def _visible(self) -> Unit:
        """The type of the visible units."""
        raise NotImplementedError

    def _meet(self, X: Any) -> None:
        self.scaler_ = self._new_scaler(X)

    def fit(self, X: Any, y: Any = None, **given: Any) -> Self:
        """Train on data.

        Parameters
        ----------
        X : (n, n_features) array, or sparse matrix where the estimator takes one
        y : ignored
        sample_weight : (n,) array, optional
            Weights ≥ 0 of the rows, as for `rb.fit`.
        validation : (m, n_features) array or sparse matrix, optional
            Rows that are not trained on; `history_` then has `free_energy_gap`.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        ValueError, TypeError
            If a parameter is outside its range, or X is, and is not to be scaled.
        DivergenceError
            If training diverges.

        Examples
        --------
        >>> import rbmbook as rb
        >>> X = rb.data.bars_and_stripes(3)
        >>> model = rb.BernoulliRBM(4, n_iter=20, random_state=0).fit(X[4:], validation=X[:4])
        >>> model.history_["free_energy_gap"].shape
        (20,)
        """
        sample_weight, held_out = options.of_data(self, given)
        X = self._prepared(X, self._goes_on())
        if held_out is not None:
            held_out = self._scaled(self._read(held_out))
        self._fit(X, self._visible(), self.negative, sample_weight, held_out)
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """One update of the machine, new at the first call: all rows are one batch.

        The optimizer's memory, chains and random numbers go on from call to call, and `history_`
        has a row for each. The first batch decides how data are scaled.

        Parameters
        ----------
        X : (n, n_features) array, or sparse matrix where the estimator takes one
        y : ignored
        sample_weight : (n,) array, optional
            Weights ≥ 0 of the rows; only their ratios within the batch matter.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        ValueError, TypeError, DivergenceError
            As for `fit`.

        Examples
        --------
        >>> import rbmbook as rb
        >>> X = rb.data.bars_and_stripes(3)
        >>> model = rb.BernoulliRBM(4, negative=rb.PCD(), random_state=0)
        >>> for _ in range(3):
        ...     model = model.partial_fit(X)
        >>> model.history_.epochs
        3
        """
        X = self._prepared(X, hasattr(self, "rbm_"))
        self._step(X, self._visible(), self.negative, sample_weight)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """E[h | v] of each row: the features.

        Parameters
        ----------
        X : (n, n_features) array, or sparse matrix where `fit` accepts one

        Returns
        -------
        (n, n_components) array
            Of the dtype of X, if that is floating.

        Raises
        ------
        ValueError, TypeError
            If X is not as above.
        NotFittedError
            Before `fit`.

        Examples
        --------
        >>> import rbmbook as rb
        >>> X = rb.data.bars_and_stripes(3)
        >>> model = rb.BernoulliRBM(4, random_state=0).fit(X)
        >>> model.transform(X).shape
        (14, 4)
        """
        X = self._ready(X)
        return self.rbm_.hidden_mean(X).astype(floating(X), copy=False)

    def score_samples(self, X: Any) -> np.ndarray:
        """How well the machine knows each row, (n,), nats."""
        raise NotImplementedError

    def score(self, X: Any, y: Any = None) -> float:
        """The mean of `score_samples`.

        Parameters
        ----------
        X : (n, n_features) array, or sparse matrix where `fit` accepts one
        y : ignored

        Returns
        -------
        float

        Examples
        --------
        >>> import rbmbook as rb
        >>> X = rb.data.bars_and_stripes(3)
        >>> model = rb.BernoulliRBM(4, random_state=0).fit(X)
        >>> bool(model.score(X) == model.score_samples(X).mean())
        True
        >>> model = rb.GaussianRBM(4, n_iter=1, random_state=0).fit(X)
        >>> bool(model.score(X) == model.score_samples(X).mean())
        True
        """
        return float(self.score_samples(X).mean())

    def inverse_transform(self, X: Any) -> np.ndarray:
        """E[v | h] of each row of hidden means or states, in the data's units.

        Parameters
        ----------
        X : (n, n_components) array

        Returns
        -------
        (n, n_features) array

        Raises
        ------
        ValueError, TypeError
            If X is not as above.
        NotFittedError
            Before `fit`.

        Examples
        --------
        >>> import rbmbook as rb
        >>> X = rb.data.bars_and_stripes(3)
        >>> model = rb.BernoulliRBM(4, random_state=0).fit(X)
        >>> model.inverse_transform(model.transform(X)).shape
        (14, 9)
        """
        check_is_fitted(self)
        X = validation.matrix("X", X, self.rbm_.n_hidden)
        validation.domains("X", X, self.rbm_.hidden, relaxed=True)
        return self._unscaled(self.rbm_.visible_mean(X))

    def gibbs(self, v: Any, steps: int = 1, random_state: Any = None) -> np.ndarray:
        """Gibbs steps from given rows: draw h from p(h | v), then v from p(v | h).

        Parameters
        ----------
        v : (n, n_features) array, or sparse matrix where `fit` accepts one
        steps : int ≥ 1
        random_state : int, RandomState, Generator or None
            None goes on with the random numbers of `fit`.

        Returns
        -------
        (n, n_features) array
            Visible states, in the data's units.

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.

        Examples
        --------
        >>> import rbmbook as rb
        >>> X = rb.data.bars_and_stripes(3)
        >>> model = rb.BernoulliRBM(4, random_state=0).fit(X)
        >>> model.gibbs(X[:2], steps=5, random_state=0).shape
        (2, 9)
        """
        check_is_fitted(self)
        numbers(v, "v")
        v, steps = self._ready(v), validation.integer("steps", steps)
        rng = self._draws(random_state)
        v = self.rbm_.sample_visible(self.rbm_.sample_hidden(v, rng), rng)  # grey levels, too
        return self._unscaled(gibbs.run(self.rbm_, v, steps - 1, rng))

    def sample(
        self,
        n_samples: int = 1,
        steps: int = 1000,
        random_state: Any = None,
        means: bool = False,
    ) -> np.ndarray:
        """Visible states after Gibbs steps from random ones, (n_samples, n_features).

        Parameters
        ----------
        n_samples : int ≥ 1
        steps : int ≥ 0, with `means` ≥ 1
            Number of steps. A machine that mixes badly needs many before its chains forget where
            they began.
        random_state : int, RandomState, Generator or None
        means : bool
            Return the last step's E[v | h] in place of the states drawn with it: less noise.

        Returns
        -------
        (n_samples, n_features) array
            In the data's units.

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.

        Examples
        --------
        >>> import rbmbook as rb
        >>> X = rb.data.bars_and_stripes(3)
        >>> model = rb.BernoulliRBM(4, random_state=0).fit(X)
        >>> model.sample(5, steps=100, random_state=0, means=True).shape
        (5, 9)
        """
        check_is_fitted(self)
        validation.instance("means", means, (bool, np.bool_))
        steps = validation.integer("steps", steps, minimum=1 if means else 0)
        n, rng = validation.integer("n_samples", n_samples), generator(random_state)
        v = gibbs.run(self.rbm_, n, steps - bool(means), rng)
        if means:
            v = self.rbm_.visible_mean(self.rbm_.sample_hidden(v, rng))
        return self._unscaled(v)
