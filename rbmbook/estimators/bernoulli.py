"""A machine of binary units as a scikit-learn transformer."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from rbmbook.estimators import options
from rbmbook.estimators.rows import Rounded, to_unit_interval
from rbmbook.estimators.transformers import Transformer
from rbmbook.evaluation import evaluate
from rbmbook.machine.units import Bernoulli, Unit
from rbmbook.training.negative import Negative
from rbmbook.training.optimize import Optimizer
from rbmbook.training.penalties import Sparsity
from rbmbook.training.plan import EarlyStopping


class BernoulliRBM(Transformer):
    """A machine of binary units as a transformer.

    The first six parameters have the names and the defaults of scikit-learn's own `BernoulliRBM`,
    which this can replace. With ``negative=PCD(k=1, chains=batch_size), centered=False`` it also
    learns as that one does, whose features serve a classifier better than those of the default;
    ``book/from_scikit_learn.md`` compares the two.

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
    weight_decay, l1, sparsity, centered, early_stopping, callbacks, checkpoint
        As for `rb.fit`.
    validation_fraction : float in (0, 1), optional
        Share of the rows, drawn at random, that is held out where `fit` is not given `validation`;
        for ``early_stopping=rb.EarlyStopping("free_energy_gap")``, for example.
    warm_start : bool
        Let `fit` go on with the machine of the last `fit`, for `n_iter` more passes: with the same
        settings as one fit of all passes would, with others from its parameters.
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
        weight_decay: float | None = 0.0,
        l1: float = 0.0,
        sparsity: Sparsity | None = None,
        centered: bool | Literal["enhanced"] | None = None,
        early_stopping: EarlyStopping | None = None,
        validation_fraction: float | None = None,
        callbacks: Sequence[Callable] = (),
        checkpoint: Any = None,
        warm_start: bool = False,
        scale: str | bool = "auto",
    ) -> None:
        options.store(self, locals())

    def _new_scaler(self, X: Any) -> Any:
        return to_unit_interval(X, self.scale)

    def _visible(self) -> Unit:
        return Bernoulli()

    def score_samples(self, X: Any) -> np.ndarray:
        """The log pseudo-likelihood of each row, in nats: exact, all conditionals.

        A grey level counts as the state that it is nearer to.

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
        >>> model = rb.BernoulliRBM(4, random_state=0).fit(X)
        >>> model.score_samples(X).shape
        (14,)
        """
        states = Rounded(self._ready(X))
        return evaluate.pseudo_log_likelihood(self.rbm_, states)
