"""What the estimators share: scaled data in, a trained machine kept."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from rbmbook import validation
from rbmbook.estimators import options
from rbmbook.estimators.rows import Chosen, Scaled, floating
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Bernoulli, Gaussian, Unit
from rbmbook.training.fit import NEGATIVE, fit
from rbmbook.training.history import History
from rbmbook.training.negative import Negative
from rbmbook.training.optimize import SGD, Optimizer
from rbmbook.training.penalties import Sparsity
from rbmbook.training.plan import EarlyStopping, passes


class Machine(BaseEstimator):
    """A machine that is trained by `rb.fit` on a matrix, scaled if need be.

    The parameters that all estimators have are declared here; each writes them out in its own
    `__init__`, where scikit-learn looks for them.
    """

    n_components: int
    learning_rate: float
    batch_size: int
    n_iter: int | None
    verbose: int
    random_state: Any
    negative: Negative | None
    optimizer: Optimizer | None
    weight_decay: float | None
    l1: float
    sparsity: Sparsity | None
    centered: bool | Literal["enhanced"] | None
    early_stopping: EarlyStopping | None
    validation_fraction: float | None
    callbacks: Sequence[Callable]
    checkpoint: Any
    warm_start: bool

    rbm_: RBM
    history_: History
    random_state_: np.random.Generator
    scaler_: Any

    # What scikit-learn reads from signatures. It takes a named `sample_weight` for the claim that a
    # row of weight 2 gives what two such rows give, to the last digits, and tests it; a fit that
    # draws batches and noise does so only on average. Hence `fit(X, y, **given)`.
    __metadata_request__fit = dict.fromkeys(options.DATA)

    _sparse = True
    _unit: Unit = Bernoulli()
    _default_negative: Negative = NEGATIVE
    _default_optimizer: Callable[[float], Optimizer] = SGD
    _held_out_monitor = "free_energy_gap"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self._sparse
        return tags

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name.

        Parameters
        ----------
        deep : bool
            With the settings of negative phase, optimizer, sparsity and so on, named like
            ``negative__k``.

        Returns
        -------
        dict

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.BernoulliRBM(optimizer=rb.SGD(0.1)).get_params()["optimizer__learning_rate"]
        0.1
        """
        found = super().get_params(deep)
        if deep:
            for name, value in list(found.items()):
                found |= {f"{name}__{inner}": s for inner, s in options.settings(value).items()}
        return found

    def set_params(self, **params: Any) -> Self:
        """Set parameters, those of `get_params`.

        ``negative__k=5`` puts a copy with another k in place of a negative phase, which is frozen.
        Where `negative` or `optimizer` is None it is a copy of what None stands for.

        Parameters
        ----------
        **params
            New values by name.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        ValueError
            If there is no such parameter, or a setting is outside its range.
        TypeError
            If a setting is of the wrong type.

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.BernoulliRBM(negative=rb.CD(1)).set_params(negative__k=5).negative
        CD(k=5)
        """
        nested = [name for name in params if "__" in name]
        super().set_params(**{name: params[name] for name in params if name not in nested})
        for key in nested:
            name, _, path = key.partition("__")
            if name not in self.get_params(deep=False):
                super().set_params(**{key: params[key]})  # raises, and names those that there are
            value = getattr(self, name)
            if value is None and name in ("negative", "optimizer"):
                value = self._default_negative if name == "negative" else self._ascent()
            setattr(self, name, options.replaced(value, name, path, params[key]))
        return self

    def _ascent(self) -> Optimizer:
        """The optimizer, or the one that None stands for."""
        if self.optimizer is None:
            return self._default_optimizer(self.learning_rate)
        return self.optimizer

    def _read(self, X: Any, reset: bool = False) -> Any:
        """X as a dense or CSR matrix of numbers, of the dtype that they have."""
        validation.unmasked("X", X)
        accept = "csr" if self._sparse else False
        return numbers(validate_data(self, X, accept_sparse=accept, dtype="numeric", reset=reset))

    def _meet(self, X: Any) -> None:
        """Learn from the first data how data are scaled, or what their columns are."""
        raise NotImplementedError

    def _prepared(self, X: Any, again: bool) -> Any:
        """Data to train on, taken as before or, at first, as they ask for."""
        X = self._read(X, reset=not again)
        if not again:
            self._meet(X)
        return self._scaled(X)

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

    def _draws(self, random_state: Any) -> np.random.Generator:
        """Where random numbers come from after training; None goes on with those of `fit`."""
        return self.random_state_ if random_state is None else generator(random_state)

    def _goes_on(self) -> bool:
        """Whether `fit` begins with the machine of the last fit, and with its scale."""
        warm = validation.instance("warm_start", self.warm_start, (bool, np.bool_))
        return bool(warm) and hasattr(self, "rbm_")

    def _fit(
        self,
        X: Any,
        visible: Unit,
        negative: Negative | None,
        sample_weight: Any = None,
        held_out: Any = None,
        callbacks: Sequence[Callable] = (),
    ) -> None:
        """Train on scaled data: a new machine, or with `warm_start` the last one."""
        settings = options.of_fit(self)
        settings |= {"negative": negative, "optimizer": self._ascent()}
        settings["callbacks"] = [
            *callbacks,
            *validation.functions("callbacks", settings["callbacks"]),
        ]
        n = X.shape[0]
        if self.n_iter is not None:
            validation.integer("n_iter", self.n_iter, minimum=0)
        batch_size = validation.integer("batch_size", self.batch_size)
        rng = settings["rng"] = generator(self.random_state)
        if self.validation_fraction is not None and held_out is None:
            kept, left_out = self._split(n, rng)
            if sample_weight is not None:
                sample_weight = validation.weights("sample_weight", sample_weight, n)[kept]
            X, held_out, n = Chosen(X, kept), Chosen(X, left_out), len(kept)
        again = self._goes_on()
        rbm = self._start(X, visible, rng, again)
        history = self._begin(settings, held_out, again)
        settings["epochs"] = history.epochs + passes(self.n_iter, n, batch_size)
        self._run(rbm, X, settings, sample_weight, held_out)

    def _step(self, X: Any, visible: Unit, negative: Negative | None, sample_weight: Any) -> None:
        """One update by scaled data, all of it in one batch."""
        settings = options.of_fit(self)
        settings |= {"negative": negative, "optimizer": self._ascent(), "batch_size": X.shape[0]}
        settings |= {"early_stopping": None, "checkpoint": None, "progress": False}
        if self.weight_decay is None:
            settings["weight_decay"] = 0.0  # how many rows there will be is not known
        rng = settings["rng"] = generator(self.random_state)
        again = hasattr(self, "rbm_")
        rbm = self._start(X, visible, rng, again)
        history = self._begin(settings, None, again)
        settings["epochs"] = history.epochs + 1
        self._run(rbm, X, settings, sample_weight, None)

    def _start(self, X: Any, visible: Unit, rng: np.random.Generator, again: bool) -> RBM:
        """The machine that is trained: that of the last fit, or a new one."""
        n_hidden = validation.integer("n_components", self.n_components)
        if not again:
            return self._new(X, n_hidden, visible, rng)
        if n_hidden != self.rbm_.n_hidden:
            raise ValueError(
                f"n_components: expected {self.rbm_.n_hidden}, as the machine has that training "
                f"goes on with, got {n_hidden}"
            )
        return self.rbm_

    def _new(self, X: Any, n_hidden: int, visible: Unit, rng: np.random.Generator) -> RBM:
        """A machine that starts at the data."""
        return RBM.random(X.shape[1], n_hidden, rng, dtype=floating(X), visible=visible, data=X)

    def _begin(self, settings: dict[str, Any], held_out: Any, again: bool) -> History:
        """The history to go on from, if this fit continues one with the same settings.

        It knows the optimizer's memory, the chains and the random numbers, so that two fits give
        what a long one would. Under other settings the machine is where training begins.
        """
        what = [settings[name] for name in ("negative", "optimizer", "centered")]
        last = self.history_ if again and what == getattr(self, "_settings", None) else History()
        self._settings = what
        if last and (self._held_out_monitor in last) != (held_out is not None):
            last, old = History(), last  # of other columns
            last.kept = old.kept
        self.history_ = last  # there, with the finished epochs, whatever ends the fit
        return last

    def _run(
        self, rbm: RBM, X: Any, settings: dict[str, Any], sample_weight: Any, held_out: Any
    ) -> None:
        """A fit, and what is left behind."""
        data = {"sample_weight": sample_weight, "validation": held_out}
        self._train(rbm, X, **settings, **data, history=self.history_)
        self.rbm_ = rbm
        self.random_state_ = settings["rng"]
        self.n_iter_ = self.history_.epochs

    def _train(self, rbm: RBM, X: Any, **settings: Any) -> None:
        fit(rbm, X, **settings)

    def _split(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The rows to train on, and those that are held out, drawn at random."""
        share = validation.real(
            "validation_fraction", self.validation_fraction, 0.0, 1.0, closed="neither"
        )
        order = rng.permutation(n)
        count = min(max(1, round(share * n)), n - 1)
        if count < 1:
            raise ValueError("validation_fraction: expected None for a single row")
        return np.sort(order[count:]), np.sort(order[:count])


def numbers(X: Any, name: str = "X") -> Any:
    """What scikit-learn calls numeric, without dates, and none too large to be scaled."""
    X = validation.matrix(name, X)
    validation.domains(name, X, Gaussian(), relaxed=False, dtype=floating(X))
    return X


def generator(random_state: Any) -> np.random.Generator:
    """scikit-learn's ways to say where random numbers come from, and NumPy's Generator."""
    if random_state is None or isinstance(random_state, np.random.RandomState):
        random_state = check_random_state(random_state).randint(2**31 - 1)
    return validation.generator(random_state, "random_state")
