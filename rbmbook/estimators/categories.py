"""Columns of categories as softmax sites, and back."""

from itertools import groupby, pairwise
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.validation import check_is_fitted

from rbmbook import validation
from rbmbook.machine.units import Mixed, Softmax, Unit

UNKNOWN = "error", "frequencies"
MISSING = "error", "category", "frequencies"


class CategoricalEncoder(TransformerMixin, BaseEstimator):
    """Columns of categories to the states of softmax units, and states or probabilities back.

    scikit-learn's `OneHotEncoder` does the work. What it cannot know is that each site of a machine
    has to be in one of its states, or in a distribution over them: a row of zeros, as it writes
    for an unknown category, is neither.

    Parameters
    ----------
    handle_unknown : "error" or "frequencies"
        What becomes of a category that `fit` has not seen: an error, or a distribution in place of
        a state, the frequencies of the column's categories in `fit`.
    handle_missing : "error", "category" or "frequencies"
        What becomes of NaN, None and pandas' NA: an error, a category of its own (in columns where
        `fit` has met one), or the frequencies.

    Attributes
    ----------
    visible_ : Softmax or Mixed
        The type of the visible units of a machine for these columns.
    categories_ : list of arrays
        Of each column, in the order of its states.
    frequencies_ : (D,) array
        Of each state, among the rows of `fit` in which the column is known.
    encoder_ : OneHotEncoder
    n_features_in_ : int
    feature_names_in_ : (n_features,) array, where X has names

    Examples
    --------
    A machine of two columns, and what it thinks of the second, given the first:

    >>> import numpy as np
    >>> import rbmbook as rb
    >>> X = np.array([["fish", "sea"], ["fish", "sea"], ["owl", "wood"]] * 20)
    >>> encoder = rb.CategoricalEncoder(handle_unknown="frequencies").fit(X)
    >>> V = encoder.transform(X)
    >>> V[2]
    array([0., 1., 0., 1.])
    >>> rbm = rb.RBM.random(4, 4, visible=encoder.visible_, data=V)
    >>> _ = rb.fit(rbm, V, epochs=300, optimizer=rb.Adam(0.02), progress=False)
    >>> owl = encoder.transform([["owl", "?"]])
    >>> owl.round(2)
    array([[0.  , 1.  , 0.67, 0.33]])
    >>> known = np.array([True, True, False, False])
    >>> encoder.inverse_transform(rb.gibbs.complete(rbm, [[0, 1, 1, 0]], known, 100, rng=0))
    array([['owl', 'wood']], dtype=object)
    """

    feature_names_in_: np.ndarray

    def __init__(
        self,
        *,
        handle_unknown: Literal["error", "frequencies"] = "error",
        handle_missing: Literal["error", "category", "frequencies"] = "error",
    ) -> None:
        self.handle_unknown = handle_unknown
        self.handle_missing = handle_missing

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.allow_nan = self.handle_missing != "error"
        return tags

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the categories of each column, and how often each of them is.

        Parameters
        ----------
        X : (n, n_features) array or data frame
            Strings, numbers, or any other objects that can be sorted within a column.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If X is not as above, has a missing entry that is to be an error, or a column of fewer
            than two categories; if an option is none of those above.

        Examples
        --------
        >>> import rbmbook as rb
        >>> encoder = rb.CategoricalEncoder().fit([["S", 3], ["L", 1], ["M", 3]])
        >>> encoder.visible_
        Mixed(parts=((Softmax(q=3), 3), (Softmax(q=2), 2)))
        """
        for name, options in (("handle_unknown", UNKNOWN), ("handle_missing", MISSING)):
            if getattr(self, name) not in options:
                raise ValueError(
                    f"{name}: expected one of {', '.join(options)}, got {getattr(self, name)!r}"
                )
        X = table(X)
        seen = _encoder("auto").fit(X)
        self.n_features_in_ = seen.n_features_in_
        if hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        if hasattr(seen, "feature_names_in_"):
            self.feature_names_in_ = seen.feature_names_in_
        self.encoder_ = _encoder(
            [self._states(j, found) for j, found in enumerate(seen.categories_)]
        )
        V = self.encoder_.fit_transform(X)
        self.categories_ = self.encoder_.categories_
        self.frequencies_ = V.sum(axis=0)
        for columns in self._sites():
            self.frequencies_[columns] /= self.frequencies_[columns].sum()
        self.visible_ = _units([len(states) for states in self.categories_])
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Visible states, (n, D): one-hot in as many columns as a column of X has categories.

        Parameters
        ----------
        X : (n, n_features) array or data frame

        Returns
        -------
        (n, D) array

        Raises
        ------
        ValueError, TypeError
            If X has other columns than `fit` has seen, or an unknown or missing entry that is to
            be an error.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> X = np.array([[1.0], [1.0], [2.0], [np.nan]])
        >>> rb.CategoricalEncoder(handle_missing="category").fit_transform(X)
        array([[1., 0., 0.],
               [1., 0., 0.],
               [0., 1., 0.],
               [0., 0., 1.]])
        >>> rb.CategoricalEncoder(handle_missing="frequencies").fit_transform(X).round(2)[3]
        array([0.67, 0.33])
        """
        check_is_fitted(self)
        X = table(X)
        V = self.encoder_.transform(X)
        for j, columns in enumerate(self._sites()):
            empty = np.flatnonzero(~V[:, columns].any(axis=1))
            for row in empty:
                self._may_be_empty(X, row, j)
            V[empty, columns] = self.frequencies_[columns]
        return V

    def inverse_transform(self, V: Any) -> np.ndarray:
        """The most probable categories, (n, n_features).

        Parameters
        ----------
        V : (n, D) array
            States, as `transform` makes them, or probabilities of each site's states, such as
            `RBM.visible_mean` answers; the first of several that are equal counts.

        Returns
        -------
        (n, n_features) array of the categories' dtype, object where they have several

        Raises
        ------
        ValueError, TypeError
            If V is not as above.

        Examples
        --------
        >>> import rbmbook as rb
        >>> encoder = rb.CategoricalEncoder().fit([["S", 3], ["L", 1], ["M", 3]])
        >>> encoder.inverse_transform([[0.2, 0.1, 0.7, 0.4, 0.6]])
        array([['S', 3]], dtype=object)
        """
        check_is_fitted(self)
        V = validation.array("V", validation.matrix("V", V, len(self.frequencies_)))
        validation.domains("V", V, self.visible_, relaxed=True)
        return self.encoder_.inverse_transform(V)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """A name for each visible unit, (D,): of the column and of the category.

        Parameters
        ----------
        input_features : (n_features,) sequence of str, optional
            The columns' names, where `fit` was given none.

        Returns
        -------
        (D,) array of str

        Examples
        --------
        >>> import rbmbook as rb
        >>> encoder = rb.CategoricalEncoder().fit([["S", 3], ["L", 1], ["M", 3]])
        >>> list(encoder.get_feature_names_out(["size", "doors"]))
        ['size_L', 'size_M', 'size_S', 'doors_1', 'doors_3']
        """
        check_is_fitted(self)
        return self.encoder_.get_feature_names_out(input_features)

    def _states(self, j: int, found: np.ndarray) -> np.ndarray:
        """The categories of a column that are to be states."""
        known = np.array([not is_missing(category) for category in found])
        if self.handle_missing == "error" and not known.all():
            raise ValueError(
                f"X: expected no missing entries, got NaN or None in column {self._name(j)}; "
                'handle_missing="category" or "frequencies" accepts them'
            )
        states = found if self.handle_missing == "category" else found[known]
        if len(states) < 2:
            raise ValueError(
                "X: expected at least two categories in each column, of more than one sample, got "
                f"{states.tolist()} in column {self._name(j)}"
            )
        return states

    def _may_be_empty(self, X: Any, row: Any, j: int) -> None:
        """Raise ValueError if the entry, which is none of the categories, is to be an error."""
        value = np.asarray(X, object)[row, j]
        what = "missing" if is_missing(value) else "unknown"
        if getattr(self, f"handle_{what}") != "frequencies":
            shown = "NaN or None" if what == "missing" else repr(value)
            raise ValueError(
                f"X: expected one of the categories {self.categories_[j].tolist()}, got {shown} at "
                f'row {row}, column {self._name(j)}; handle_{what}="frequencies" accepts it'
            )

    def _name(self, j: int) -> str:
        return (
            repr(str(self.feature_names_in_[j])) if hasattr(self, "feature_names_in_") else str(j)
        )

    def _sites(self) -> list[slice]:
        """The columns of each site."""
        ends = np.cumsum([0, *(len(states) for states in self.categories_)])
        return [slice(*pair) for pair in pairwise(ends)]


def table(X: Any) -> Any:
    """An array as it is, and of a data frame the objects, with None for what is missing."""
    return X.astype(object).where(X.notna(), None) if hasattr(X, "notna") else X


def is_missing(value: Any) -> bool:
    """Whether an entry is None or not equal to itself, as NaN is."""
    return value is None or bool(value != value)


def _encoder(categories: Any) -> OneHotEncoder:
    return OneHotEncoder(categories=categories, sparse_output=False, handle_unknown="ignore")


def _units(q: list[int]) -> Unit:
    """Softmax sites with these numbers of states."""
    parts = [(Softmax(states), states * len(list(run))) for states, run in groupby(q)]
    return Mixed(parts) if len(parts) > 1 else parts[0][0]
