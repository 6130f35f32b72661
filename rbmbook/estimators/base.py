"""What the estimators share: scaled data in, a trained machine kept."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from rbmbook import validation
from rbmbook.estimators.rows import Scaled, floating
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Bernoulli, Gaussian, Unit
from rbmbook.training.fit import fit
from rbmbook.training.history import History
from rbmbook.training.negative import Negative
from rbmbook.training.optimize import SGD, Optimizer


class Machine(BaseEstimator):
    """What the estimators share: a scaled matrix in, a trained machine kept."""

    _sparse = True
    _unit: Unit = Bernoulli()
    _default_optimizer: Callable[[float], Optimizer] = SGD

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self._sparse
        return tags

    def _read(self, X: Any, reset: bool = False) -> Any:
        """X as a dense or CSR matrix of numbers, of the dtype that they have."""
        validation.unmasked("X", X)
        accept = "csr" if self._sparse else False
        return numbers(validate_data(self, X, accept_sparse=accept, dtype="numeric", reset=reset))

    def _ready(self, X: Any) -> Any:
        """New data as the trained machine takes it."""
        check_is_fitted(self)
        return self._scaled(self._read(X))

    def _scaled(self, X: Any) -> Any:
        """Data as the machine takes it."""
        if self.scaler_ is not None:
            return Scaled(X, self.scaler_)
        try:
            validation.domains("X", X, self._unit, relaxed=True)
        except ValueError as error:
            raise ValueError(f"{error}{self._scaling_hint(X)}") from None
        return X

    def _scaling_hint(self, X: Any) -> str:
        """How data outside of the machine's domain is brought into it."""
        if not hasattr(self, "scale"):
            return ""
        if sparse.issparse(X):
            return (
                f"; scale={self.scale!r} leaves a sparse matrix as it is, since a shift would fill "
                "it: scale it before, for example by sklearn.preprocessing.MaxAbsScaler"
            )
        return f"; scale={self.scale!r} left X as it is, fit with scale=True maps columns to [0, 1]"

    def _unscaled(self, X: np.ndarray) -> np.ndarray:
        """Visible states or means in the data's units."""
        return X if self.scaler_ is None else self.scaler_.inverse_transform(X)

    def _fit(self, X: Any, visible: Unit, negative: Negative | None) -> None:
        """Make the machine and train it on scaled data."""
        optimizer = self.optimizer
        if optimizer is None:
            optimizer = self._default_optimizer(self.learning_rate)
        rng = generator(self.random_state)
        n_hidden = validation.integer("n_components", self.n_components)
        epochs = self.n_iter
        if epochs is not None:
            epochs = validation.integer("n_iter", epochs, minimum=0)
        rbm = RBM.random(X.shape[1], n_hidden, rng, dtype=floating(X), visible=visible, data=X)
        self.history_ = History()  # there, with the finished epochs, whatever ends the fit
        fit(
            rbm,
            X,
            negative,
            epochs=epochs,
            batch_size=self.batch_size,
            optimizer=optimizer,
            weight_decay=self.weight_decay,
            rng=rng,
            progress=bool(self.verbose),
            history=self.history_,
        )
        self.rbm_ = rbm
        self.n_iter_ = self.history_.epochs


def numbers(X: Any) -> Any:
    """What scikit-learn calls numeric, without dates, and none too large to be scaled."""
    X = validation.matrix("X", X)
    validation.domains("X", X, Gaussian(), relaxed=False, dtype=floating(X))
    return X


def generator(random_state: Any) -> np.random.Generator:
    """scikit-learn's ways to say where random numbers come from, and NumPy's Generator."""
    if random_state is None or isinstance(random_state, np.random.RandomState):
        random_state = check_random_state(random_state).randint(2**31 - 1)
    return validation.generator(random_state, "random_state")
