"""Missing entries of a table, filled in by a machine of its rows."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import validate_data

from rbmbook import validation
from rbmbook.estimators import columns, options
from rbmbook.estimators.base import generator
from rbmbook.estimators.rows import BLOCK_NUMBERS, floating
from rbmbook.estimators.tables import Table
from rbmbook.sampling import gibbs
from rbmbook.training.negative import Negative
from rbmbook.training.optimize import Optimizer
from rbmbook.training.penalties import Sparsity
from rbmbook.training.plan import EarlyStopping


class RBMImputer(OneToOneFeatureMixin, TransformerMixin, Table):
    """Missing entries (NaN) completed from the known ones of their row.

    Columns of 0 and 1 are Bernoulli units, all others Gaussian ones with precisions of their own.
    While the machine learns, it also draws what is missing in its data: after each epoch one Gibbs
    step of the missing entries, the known ones held fast. That is stochastic gradient ascent of the
    likelihood of what is known, and right where an entry is missing for reasons that do not depend
    on its value.

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
    weight_decay, l1, sparsity, centered, early_stopping, callbacks
        As for `rb.fit`.
    validation_fraction : float in (0, 1), optional
        Share of the rows, drawn at random, that is held out where `fit` is not given `validation`;
        for ``early_stopping=rb.EarlyStopping("free_energy_gap")``, for example.
    warm_start : bool
        Let `fit` go on with the machine of the last `fit`, for `n_iter` more passes.
    chains : int ≥ 1
        Gibbs chains for each row that is completed.
    steps : int ≥ 1
        Their steps, of which the second half is averaged over.

    Attributes
    ----------
    rbm_ : RBM
    binary_ : (n_features,) array of bool
        Which columns had only 0 and 1.
    history_ : History
    n_features_in_, n_iter_ : int
    feature_names_in_ : (n_features,) array, where X has names

    References
    ----------
    Tran, Phung and Venkatesh (2011), Mixed-variate restricted Boltzmann machines. Younes (1999), On
    the convergence of Markovian stochastic algorithms with rapidly decreasing ergodicity rates
    (with missing observations).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> X = np.repeat([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]], 50, axis=0)
    >>> imputer = rb.RBMImputer(4, random_state=0).fit(X)
    >>> gaps = np.array([[1, np.nan, 1], [np.nan, 0, np.nan]])
    >>> imputer.transform(gaps)
    array([[1., 1., 1.],
           [0., 0., 0.]])
    >>> bool(imputer.expected(gaps)[0, 1] > 0.9)
    True
    """

    _sparse = False
    checkpoint = None  # its data change while it learns

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
        warm_start: bool = False,
        chains: int = 10,
        steps: int = 100,
    ) -> None:
        options.store(self, locals())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def fit(self, X: Any, y: Any = None, **given: Any) -> Self:
        """Train on rows that need not be complete.

        Parameters
        ----------
        X : (n, n_features) array
            NaN where an entry is missing; every column has a known one.
        y : ignored
        sample_weight : (n,) array, optional
            Weights ≥ 0 of the rows, as for `rb.fit`.
        validation : (m, n_features) array, optional
            Rows that are not trained on, completed likewise; `history_` then has
            `free_energy_gap`.

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
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> X = np.array([[0, 1.5], [1, np.nan], [np.nan, 0.5]])
        >>> rb.RBMImputer(2, n_iter=5, random_state=0).fit(X).binary_
        array([ True, False])
        """
        sample_weight, held_out = options.of_data(self, given)
        for name in ("chains", "steps"):
            validation.integer(name, getattr(self, name))
        X = self._prepared(X, self._goes_on())
        rng = generator(self.random_state).spawn(1)[0]
        self._seed = int(rng.integers(2**63))
        rows = [columns.Completed(X, rng)]
        if held_out is not None:
            held_out = columns.Completed(self._scaled(self._read(held_out)), rng)
            rows.append(held_out)

        def complete(rbm: Any, history: Any) -> None:
            for completed in rows:
                completed.draw_anew(rbm, rng)

        self._fit(rows[0], self._visible(), self.negative, sample_weight, held_out, [complete])
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Complete rows: what is known stays, what is missing is the most probable or the mean.

        Parameters
        ----------
        X : (n, n_features) array
            NaN where an entry is missing.

        Returns
        -------
        (n, n_features) array
            Missing entries of binary columns are 0 or 1, whichever is more probable given the
            row's known ones; those of other columns are their conditional means.

        Raises
        ------
        ValueError, TypeError
            If X is not as above.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> X = np.array([[0, 1.5], [1, np.nan], [np.nan, 0.5]])
        >>> imputer = rb.RBMImputer(2, n_iter=5, random_state=0).fit(X)
        >>> bool(np.isnan(imputer.transform(X)).any())
        False
        """
        completed, missing = self._complete(X)
        guessed = missing & self.binary_
        completed[guessed] = completed[guessed] > 0.5
        return completed

    def expected(self, X: Any) -> np.ndarray:
        """E[x | known entries], (n, n_features): of binary columns the probability of a 1.

        An average along Gibbs chains, the same at every call; known entries stay as they are.

        Parameters
        ----------
        X : (n, n_features) array
            NaN where an entry is missing.

        Returns
        -------
        (n, n_features) array

        Raises
        ------
        ValueError, TypeError
            If X is not as above.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> X = np.array([[0, 1.5], [1, np.nan], [np.nan, 0.5]])
        >>> imputer = rb.RBMImputer(2, n_iter=5, random_state=0).fit(X)
        >>> bool(0 < imputer.expected(X)[2, 0] < 1)
        True
        """
        return self._complete(X)[0]

    def sample(self, X: Any, random_state: Any = None) -> np.ndarray:
        """One draw of the missing entries of each row, given its known ones, (n, n_features).

        Several draws show how much is not known.

        Parameters
        ----------
        X : (n, n_features) array
            NaN where an entry is missing.
        random_state : int, RandomState, Generator or None
            None goes on with the random numbers of `fit`.

        Returns
        -------
        (n, n_features) array

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> X = np.array([[0, 1.5], [1, np.nan], [np.nan, 0.5]])
        >>> imputer = rb.RBMImputer(2, n_iter=5, random_state=0).fit(X)
        >>> bool(imputer.sample(X, random_state=0)[2, 0] in (0, 1))
        True
        """
        X = self._ready(X)
        rng = self._draws(random_state)
        out = np.array(X, floating(X))
        gaps = np.flatnonzero(np.isnan(out).any(axis=1))
        if len(gaps):
            known = ~np.isnan(out[gaps])
            drawn = gibbs.complete(self.rbm_, out[gaps], known, self.steps, rng)
            out[gaps] = np.where(known, out[gaps], drawn)
        return out

    def _read(self, X: Any, reset: bool = False) -> np.ndarray:
        """X as an array of numbers, some of which may be NaN."""
        validation.unmasked("X", X)
        X = validate_data(self, X, dtype="numeric", reset=reset, ensure_all_finite="allow-nan")
        return validation.matrix("X", X)

    def _complete(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """X with expectations in place of what is missing, and a mask of where that was."""
        X = self._ready(X)
        out = np.array(X, floating(X))
        missing = np.isnan(out)
        gaps = np.flatnonzero(missing.any(axis=1))
        n_chains, steps = (validation.integer(n, getattr(self, n)) for n in ("chains", "steps"))
        together = max(1, BLOCK_NUMBERS // (n_chains * sum(self.rbm_.W.shape)))
        for start in range(0, len(gaps), together):
            rows = gaps[start : start + together]
            rng = np.random.default_rng(self._seed)
            found = columns.expected(self.rbm_, out[rows], n_chains, steps, rng)
            out[rows] = np.where(missing[rows], found, out[rows])
        return out, missing
