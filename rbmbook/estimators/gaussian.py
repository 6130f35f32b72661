"""A machine of Gaussian visible units as a scikit-learn transformer."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from sklearn.preprocessing import StandardScaler

from rbmbook import validation
from rbmbook.estimators import options
from rbmbook.estimators.rows import fitted
from rbmbook.estimators.transformers import Transformer
from rbmbook.evaluation import evaluate
from rbmbook.machine import exact
from rbmbook.machine.units import Gaussian, Unit
from rbmbook.training.negative import Negative
from rbmbook.training.optimize import Optimizer
from rbmbook.training.penalties import Sparsity
from rbmbook.training.plan import EarlyStopping

ENUMERATED = 16  # hidden units, up to which log Z is a sum over their states


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
    weight_decay, l1, sparsity, centered, early_stopping, callbacks, checkpoint
        As for `rb.fit`.
    validation_fraction : float in (0, 1), optional
        Share of the rows, drawn at random, that is held out where `fit` is not given `validation`;
        for ``early_stopping=rb.EarlyStopping("free_energy_gap")``, for example.
    warm_start : bool
        Let `fit` go on with the machine of the last `fit`, for `n_iter` more passes: with the same
        settings as one fit of all passes would, with others from its parameters.
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

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(rng.choice([-5.0, 5.0], (500, 1)), 1.0, (500, 3))  # two clouds
    >>> model = rb.GaussianRBM(8, random_state=0).fit(X)
    >>> model.score(X) > rb.GaussianRBM(8, n_iter=0, random_state=0).fit(X).score(X) + 1
    True
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
        weight_decay: float | None = 0.0,
        l1: float = 0.0,
        sparsity: Sparsity | None = None,
        centered: bool | Literal["enhanced"] | None = None,
        early_stopping: EarlyStopping | None = None,
        validation_fraction: float | None = None,
        callbacks: Sequence[Callable] = (),
        checkpoint: Any = None,
        warm_start: bool = False,
        standardize: bool = True,
        learn_precision: bool = True,
    ) -> None:
        options.store(self, locals())

    def _new_scaler(self, X: Any) -> Any:
        validation.instance("standardize", self.standardize, (bool, np.bool_))
        return fitted(StandardScaler(), X) if self.standardize else None

    def _visible(self) -> Unit:
        return Gaussian(learn=self.learn_precision)

    def score_samples(self, X: Any) -> np.ndarray:
        """log p(x) of each row, (n,), nats, as a density in the data's units.

        The machine's log Z is exact up to 16 hidden units. With more it is an estimate, by
        annealed importance sampling with a fixed seed: on average too low, and the score too good
        where the chains miss a part of what the machine dreams.

        Parameters
        ----------
        X : (n, n_features) array

        Returns
        -------
        (n,) array

        Raises
        ------
        ValueError
            If X is not as above, or the machine's density cannot be normalised.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> X = np.random.default_rng(0).normal([100.0, 0.0], [10.0, 0.1], (500, 2))
        >>> model = rb.GaussianRBM(2, n_iter=20, random_state=0).fit(X)
        >>> round(float(model.score_samples(X).mean()), 1)
        -2.8
        """
        rows = self._ready(X)
        few = self.rbm_.n_hidden <= ENUMERATED
        log_z = exact.log_partition(self.rbm_) if few else evaluate.ais(self.rbm_).log_z
        stretch = 0.0 if self.scaler_ is None else np.log(self.scaler_.scale_).sum()
        return -self.rbm_.free_energy(rows) - (log_z + stretch)
