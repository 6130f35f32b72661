"""Ratings of many items by many users, each of whom has rated a few: a recommender."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from rbmbook import validation
from rbmbook.estimators import options
from rbmbook.estimators.base import Machine
from rbmbook.estimators.rated import best_unrated, different, log_shares, one_hot, rated
from rbmbook.estimators.rows import BLOCK_NUMBERS, chosen, floating
from rbmbook.machine import ratings
from rbmbook.machine.ratings import Known
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Softmax, Unit
from rbmbook.training.negative import CD, Negative
from rbmbook.training.optimize import Adam, Optimizer
from rbmbook.training.penalties import Sparsity
from rbmbook.training.plan import EarlyStopping
from rbmbook.training.ratings import fit


class RatingsRBM(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Machine):
    """Predicts the ratings that users have not given, from those that they have.

    An item is a softmax unit, and each user has a machine with units for the rated items only; all
    machines share their parameters. What is not rated enters no sum, neither in training, by
    contrastive divergence, nor in an answer. So it must not matter why an item has not been rated.

    Ratings come as a matrix with a row for each user, new ones too, and a column for each item: an
    array with NaN, or a sparse matrix with 0 or nothing, where there is no rating. Triples make one
    by ``scipy.sparse.coo_array((rating, (user, item)))``.

    Parameters
    ----------
    n_components : int ≥ 1
        Hidden units.
    ratings : (q,) array of rising numbers, optional
        All ratings that there may be, such as 1 to 5 stars. If None, those that `fit` is given.
    mean_field : bool
        Answer by one mean-field pass, with the hidden units' means given the ratings for states,
        which is faster; or else by the exact sum over their states.
    learning_rate : float > 0
    batch_size : int ≥ 1
        Users in an update.
    n_iter : int ≥ 0, optional
        Passes over the data. If None, 10, or as many as make 3,000 updates, but no more than 1,000.
    verbose : bool or int
        Show a progress bar.
    random_state : int, RandomState, Generator or None
    negative : CD, optional
        ``rb.CD(k)``; ``CD(1)`` if None.
    optimizer : optimizer, optional
        ``Adam(learning_rate)`` if None; otherwise the learning rate is the optimizer's own.
    weight_decay, l1, sparsity, early_stopping, callbacks, checkpoint
        As for `rb.fit`.
    validation_fraction : float in (0, 1), optional
        Share of the users, drawn at random, that is held out where `fit` is not given `validation`;
        for ``early_stopping=rb.EarlyStopping("validation_error")``, for example.
    warm_start : bool
        Let `fit` go on with the machine of the last `fit`, for `n_iter` more passes.

    Attributes
    ----------
    rbm_ : RBM
        Of ``Softmax(q)`` visible units; item i has the columns from q·i on, one for each rating.
    ratings_ : (q,) array
        The ratings that there may be.
    history_ : History
        Among others `rating_error` and, with held-out users, `validation_error`: root mean squared
        errors, in ratings, each predicted from the others of its user.
    n_features_in_, n_iter_ : int
    feature_names_in_ : (n_items,) array, where X has names

    References
    ----------
    Salakhutdinov, Mnih and Hinton (2007), Restricted Boltzmann machines for collaborative
    filtering.

    Examples
    --------
    Two kinds of users: what the one likes, the other does not. (No rating predicts itself: the 3 is
    what is expected of somebody who has rated nothing.)

    >>> import numpy as np
    >>> import rbmbook as rb
    >>> X = np.repeat([[5.0, 5, 1, 1], [1, 1, 5, 5]], 50, axis=0)
    >>> X[np.random.default_rng(0).random(X.shape) < 0.3] = np.nan  # not rated
    >>> model = rb.RatingsRBM(4, random_state=0).fit(X)
    >>> new = np.array([[5, np.nan, np.nan, np.nan], [np.nan, np.nan, 5, np.nan]])
    >>> model.predict(new).round()
    array([[3., 5., 1., 1.],
           [1., 1., 3., 5.]])
    """

    centered = None  # a user's machine has the rated items, so each has other offsets
    scaler_ = None
    _default_negative = CD(1)
    _default_optimizer = Adam
    _held_out_monitor = "validation_error"

    def __init__(
        self,
        n_components: int = 100,
        *,
        ratings: Any = None,
        mean_field: bool = False,
        learning_rate: float = 0.01,
        batch_size: int = 100,
        n_iter: int | None = None,
        verbose: int = 0,
        random_state: Any = None,
        negative: Negative | None = None,
        optimizer: Optimizer | None = None,
        weight_decay: float | None = 0.001,
        l1: float = 0.0,
        sparsity: Sparsity | None = None,
        early_stopping: EarlyStopping | None = None,
        validation_fraction: float | None = None,
        callbacks: Sequence[Callable] = (),
        checkpoint: Any = None,
        warm_start: bool = False,
    ) -> None:
        options.store(self, locals())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def fit(self, X: Any, y: Any = None, **given: Any) -> Self:
        """Train on ratings.

        Parameters
        ----------
        X : (n_users, n_items) array or sparse matrix
            NaN, in a sparse matrix also 0 or nothing, where there is no rating.
        y : ignored
        sample_weight : (n_users,) array, optional
            Weights ≥ 0 of the users, as for `rb.fit`.
        validation : (m, n_items) array or sparse matrix, optional
            Ratings of users that are not trained on; `history_` then has `validation_error`.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError, DivergenceError
            If a parameter is outside its range, X is not as above, or training diverges.

        Examples
        --------
        >>> import rbmbook as rb
        >>> from scipy import sparse
        >>> user, item, rating = [0, 0, 1, 2], [0, 1, 1, 2], [5, 3, 4, 1]
        >>> X = sparse.coo_array((rating, (user, item)), shape=(3, 3))
        >>> rb.RatingsRBM(2, n_iter=1, random_state=0).fit(X).ratings_
        array([1., 3., 4., 5.])
        """
        sample_weight, held_out = options.of_data(self, given)
        X = self._prepared(X, self._goes_on())
        if held_out is not None:
            held_out = self._scaled(self._read(held_out), "validation")
        self._fit(X, self._visible(), self.negative or CD(1), sample_weight, held_out)
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """One update of the machine, new at the first call: all users are one batch.

        `history_` has a row for each. Unless `ratings` is given, the first batch decides on them.

        Parameters
        ----------
        X, y, sample_weight : as for `fit`; of weights only the ratios within the batch matter

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError, DivergenceError
            As for `fit`.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> X = np.array([[1, 2, np.nan], [np.nan, 1, 2]])
        >>> model = rb.RatingsRBM(2, random_state=0)
        >>> for _ in range(3):
        ...     model = model.partial_fit(X)
        >>> model.history_.epochs
        3
        """
        X = self._prepared(X, hasattr(self, "rbm_"))
        self._step(X, self._visible(), self.negative or CD(1), sample_weight)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """p(rating | the user's others), (n_users, n_items, q), by `ratings_`. Book: (16.1).

        An item that the user has rated is predicted as if it had not been.

        Parameters
        ----------
        X : (n_users, n_items) array or sparse matrix, as for `fit`; of any users

        Returns
        -------
        (n_users, n_items, q) array

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> X = np.array([[1, 2, np.nan], [np.nan, 1, 2]])
        >>> model = rb.RatingsRBM(2, n_iter=5, random_state=0).fit(X)
        >>> model.predict_proba(X).shape
        (2, 3, 2)
        """
        X = self._ready(X)
        n, m = X.shape[0], self.n_features_in_
        return self._probabilities(X, ratings.every_site(n, m)).reshape(n, m, -1)

    def predict(self, X: Any) -> np.ndarray:
        """The expected rating of every item, (n_users, n_items), given the user's other ratings.

        Parameters
        ----------
        X : (n_users, n_items) array or sparse matrix, as for `fit`; of any users

        Returns
        -------
        (n_users, n_items) array

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> X = np.array([[1, 2, np.nan], [np.nan, 1, 2]])
        >>> rb.RatingsRBM(2, n_iter=5, random_state=0).fit(X).predict(X).shape
        (2, 3)
        """
        return self._expected(self._ready(X))

    def recommend(self, X: Any, n_items: int = 10) -> np.ndarray:
        """The unrated items with the highest expected ratings, (n_users, n_items), best first.

        Parameters
        ----------
        X : (n_users, n_items) array or sparse matrix, as for `fit`; of any users
        n_items : int ≥ 1
            How many items for each user.

        Returns
        -------
        (n_users, n_items) array of ints
            Columns of X; −1 where no more are left that the user has not rated.

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> X = np.array([[1, 2, np.nan], [np.nan, 1, 2]])
        >>> rb.RatingsRBM(2, n_iter=5, random_state=0).fit(X).recommend(X, n_items=2)
        array([[ 2, -1],
               [ 0, -1]])
        """
        X = self._ready(X)
        n_items = validation.integer("n_items", n_items, maximum=self.n_features_in_)
        return best_unrated(self._expected(X), X, len(self.ratings_), n_items)

    def score(self, X: Any, y: Any = None, held_out: Any = None) -> float:
        """Minus the root mean squared error of predicted ratings: the greater, the better.

        Parameters
        ----------
        X : (n_users, n_items) array or sparse matrix, as for `fit`
        y : ignored
        held_out : (n_users, n_items) array or sparse matrix, optional
            Other ratings of the same users, to be predicted from those in X; they need not be among
            `ratings_`. If None, each rating in X is predicted from its user's others.

        Returns
        -------
        float

        Raises
        ------
        ValueError, TypeError
            If X or `held_out` is not as above, or there is nothing to predict.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> X = np.array([[1, 2, np.nan], [np.nan, 1, 2]])
        >>> model = rb.RatingsRBM(2, n_iter=5, random_state=0).fit(X)
        >>> held_out = np.array([[np.nan, np.nan, 1], [2, np.nan, np.nan]])
        >>> bool(-1 <= model.score(X, held_out=held_out) < 0)
        True
        """
        check_is_fitted(self)
        X = self._read(X)
        truth = rated(X if held_out is None else self._read(held_out))
        if len(truth.values) == 0 or truth.shape[0] != X.shape[0]:
            raise ValueError(
                f"held_out: expected ratings of the {X.shape[0]} users in X, got "
                f"{len(truth.values)} ratings of {truth.shape[0]} users"
            )
        p = self._probabilities(self._scaled(X), Known(truth.ends, truth.items))
        return -float(np.sqrt(np.mean((p @ self.ratings_ - truth.values) ** 2)))

    def transform(self, X: Any) -> np.ndarray:
        """E[h | the user's ratings], (n_users, n_components): the users' tastes as features.

        Parameters
        ----------
        X : (n_users, n_items) array or sparse matrix, as for `fit`; of any users

        Returns
        -------
        (n_users, n_components) array

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> X = np.array([[1, 2, np.nan], [np.nan, 1, 2]])
        >>> rb.RatingsRBM(4, n_iter=5, random_state=0).fit_transform(X).shape
        (2, 4)
        """
        X = self._ready(X)
        return ratings.hidden_mean(self.rbm_, Known.of(X)).astype(X.dtype, copy=False)

    @property
    def _n_features_out(self) -> int:
        return self.rbm_.n_hidden

    def _read(self, X: Any, reset: bool = False) -> Any:
        """X as an array, in which NaN is no rating, or as a CSR matrix."""
        validation.unmasked("X", X)
        taken: Any = {"accept_sparse": "csr", "ensure_all_finite": "allow-nan"}
        return validation.matrix("X", validate_data(self, X, dtype="numeric", reset=reset, **taken))

    def _meet(self, X: Any) -> None:
        """Learn which ratings there may be."""
        validation.instance("mean_field", self.mean_field, (bool, np.bool_))
        if self.ratings is None:
            self.ratings_ = different("X", np.unique(rated(X).values))
        else:
            self.ratings_ = different("ratings", validation.array("ratings", self.ratings))

    def _scaled(self, X: Any, name: str = "X") -> Any:
        """Ratings as the machine's visible layer, a CSR matrix of ones."""
        return one_hot(name, rated(X), self.ratings_, floating(X))

    def _visible(self) -> Unit:
        return Softmax(len(self.ratings_))

    def _new(self, X: Any, n_hidden: int, visible: Unit, rng: np.random.Generator) -> RBM:
        """A machine that starts at each item's shares of ratings."""
        rbm = RBM.random(X.shape[1], n_hidden, rng, dtype=X.dtype, visible=visible)
        counts = np.bincount(chosen(X).indices, minlength=X.shape[1])
        rbm.a = log_shares(counts.reshape(self.n_features_in_, -1)).ravel()
        return rbm

    def _train(self, rbm: RBM, X: Any, **settings: Any) -> None:
        held_out = chosen(settings.pop("validation"))
        del settings["centered"]
        fit(rbm, chosen(X), values=self.ratings_, validation=held_out, **settings)

    def _probabilities(self, X: Any, asked: Known) -> np.ndarray:
        """p of each rating of the items that are asked for, (items, q), given the others in X."""
        return np.exp(ratings.log_probabilities(self.rbm_, Known.of(X), asked, not self.mean_field))

    def _expected(self, X: Any) -> np.ndarray:
        """The expected ratings of all items, (n, n_items), some users at a time."""
        m, q = self.n_features_in_, len(self.ratings_)
        out = np.empty((X.shape[0], m), X.dtype)
        step = max(1, BLOCK_NUMBERS // (m * q))
        for start in range(0, X.shape[0], step):
            some = X[start : start + step]
            p = self._probabilities(some, ratings.every_site(some.shape[0], m))
            out[start : start + step] = (p @ self.ratings_).reshape(-1, m)
        return out
