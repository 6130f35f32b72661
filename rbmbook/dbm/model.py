"""The deep Boltzmann machine: layers of units, each connected to the layer below and the one above.

With layers x⁰ = v, x¹, …, xᴸ of Bernoulli units,

    E(x⁰, …, xᴸ) = −Σ_l b_lᵀ x_l − Σ_l x_lᵀ W_l x_{l+1},

and p = exp(−E) / Z. It is a restricted Boltzmann machine whose two sides are the even and the odd
layers, so that everything for those serves here: enumeration, annealed importance sampling, Gibbs
sampling and tempering act on `DBM.as_rbm()`. What is new is p(h | v), in which the hidden layers
depend on each other: see `rbmbook.dbm.mean_field`.

References
----------
Salakhutdinov and Hinton (2009), Deep Boltzmann machines.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rbmbook import rounding
from rbmbook import validation as check
from rbmbook.dbm import pretraining
from rbmbook.dbm.layered import Layered
from rbmbook.dbm.mean_field import Inference, MeanField
from rbmbook.dbm.training import Training
from rbmbook.machine import exact
from rbmbook.machine.rbm import RBM
from rbmbook.sampling import annealing, gibbs
from rbmbook.sampling.annealing import Estimate
from rbmbook.training.history import History
from rbmbook.training.loop import train
from rbmbook.training.negative import CD, PCD, Negative
from rbmbook.training.optimize import SGD, Optimizer
from rbmbook.training.penalties import Penalties, prior
from rbmbook.training.plan import Checkpoint, EarlyStopping, Function, refuse
from rbmbook.training.plan import plan as planned
from rbmbook.training.stages import Stages, each

STEPS, TOLERANCE = 100, 1e-4  # of mean-field inference
_REFUSED = {
    "chains": "give them to the negative phase, as in negative=rb.PCD(k=5, chains=100)",
    "k": "give it to the negative phase, as in negative=rb.PCD(k=5, chains=100)",
    "sparsity": "the means of the hidden layers are those of mean-field inference",
}
_REFUSED_BEFORE = {
    "centered": "a pair with doubled inputs has no energy whose gradient could be centred",
    "sparsity": "it would be undone by the doubled inputs of the next pair",
    "validation": "a pair with doubled inputs has no free energy to compare",
}


class DBM(Layered):
    """A deep Boltzmann machine of two or more hidden layers of Bernoulli units.

    Parameters
    ----------
    weights : sequence of L ≥ 2 arrays
        W_l of shape (n_l, n_{l+1}) between layers l and l + 1; layer 0 is visible. The dtype of the
        first, float32 or float64, is the machine's; integers and lists become float64.
    biases : sequence of L + 1 arrays
        b_l of shape (n_l,). All parameters are copied.

    Attributes
    ----------
    weights, biases : tuples of arrays
        The live parameters: what is written into them changes the machine.

    Raises
    ------
    ValueError
        If shapes do not fit, there are fewer than two hidden layers, or a parameter is not finite.
    TypeError
        If a parameter is not an array of real numbers.

    References
    ----------
    Salakhutdinov and Hinton (2009), equation 9.

    Examples
    --------
    >>> from rbmbook.dbm.model import DBM
    >>> dbm = DBM(weights=[[[1.0], [-1.0]], [[2.0]]], biases=[[0.0, 0.5], [0.0], [0.0]])
    >>> dbm
    DBM(2 visible, 1 + 1 hidden, float64)
    >>> dbm.energy([[[1, 0]], [[1]], [[1]]])
    array([-3.])
    """

    def mean_field(self, v: Any, steps: int = STEPS, tolerance: float = TOLERANCE) -> MeanField:
        """The factorised distribution of the hidden layers nearest to p(h | v), by fixed point.

        Starts from a pass upwards with doubled weights, then alternates the odd and even layers
        until no mean of a row moves by more than the tolerance.

        Parameters
        ----------
        v : (n, D) array or sparse matrix
            Visible states, or means in [0, 1].
        steps : int ≥ 0
            The most sweeps; 0 returns the first guess.
        tolerance : float ≥ 0

        Returns
        -------
        MeanField
            .means (one array per hidden layer), .steps and .converged for each row.

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or an argument is outside its range.

        References
        ----------
        Salakhutdinov and Hinton (2009), equation 12.
        """
        found = self._by_rows(v, lambda v: self._infer(v, steps, tolerance), relaxed=True)
        even, odd, taken, converged = (
            np.concatenate([getattr(part, name) for part in found])
            for name in ("even", "odd", "steps", "converged")
        )
        return MeanField(self._sides.split(even, odd)[1:], taken, converged)

    def hidden_mean(self, v: Any, steps: int = STEPS, tolerance: float = TOLERANCE) -> np.ndarray:
        """The mean-field means of layer 1, (n, n_1): v as the first hidden layer represents it.

        Parameters and errors are those of `mean_field`.
        """
        return self.mean_field(v, steps, tolerance).means[0]

    def bound(
        self,
        v: Any,
        log_z: float | Estimate | None = None,
        steps: int = STEPS,
        tolerance: float = TOLERANCE,
    ) -> np.ndarray:
        """−E(v, m) + H(q) − log Z ≤ log p(v) of each row, at the mean-field means m, in nats.

        After k sweeps it is the bound at the even layers' means, with the odd layers at their best
        given those: it does not fall from one sweep to the next. Computed in float64.

        Parameters
        ----------
        v : (n, D) array or sparse matrix of visible states
        log_z : float or Estimate, optional
            log Z, or an estimate of it from `ais`; by enumeration if None.
        steps, tolerance
            As for `mean_field`.

        Returns
        -------
        (n,) array of the machine's dtype

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit, a value is not 0 or 1, or the machine is too large to be
            enumerated and no `log_z` is given.
        """
        machine = self.astype(np.float64)
        parts = machine._by_rows(v, lambda v: machine._infer(v, steps, tolerance).bound())
        log_z = machine.log_partition() if log_z is None else _number(log_z)
        return rounding.minus(np.concatenate(parts), log_z).astype(self.dtype)

    def posterior(self, v: Any) -> RBM:
        """p(h | v) of one row, exactly: what is left of the machine when v is held fast.

        Parameters
        ----------
        v : (D,) array of visible states, or (1, D)

        Returns
        -------
        RBM
            Its visible columns are the even hidden layers (2, 4, …), its hidden columns the odd
            ones (1, 3, …); `rb.exact.expectations` gives their true means, if it is small.

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit or a value is not 0 or 1.
        """
        (row,) = self._by_rows(np.atleast_2d(check.array("v", v)), lambda v: v)
        if len(row) != 1:
            raise ValueError(f"v: expected one row, got {len(row)}")
        rounding.refuse(self._given_error(row)[0], 0.0)
        return self._given(row[0])

    def free_energy(self, v: Any) -> np.ndarray:
        """F(v) = −log Σ_h exp(−E(v, h)) of each row, (n,), by enumeration of hidden layers.

        Computed in float64. Raises as `log_likelihood` does.
        """
        machine = self.astype(np.float64)

        def rows(v: np.ndarray) -> np.ndarray:
            log_sums = np.array([exact.log_partition(machine._given(row)) for row in v])
            rounding.refuse(machine._given_error(v), log_sums)
            return rounding.minus(-(v @ machine.biases[0]), log_sums)

        return np.concatenate(machine._by_rows(v, rows)).astype(self.dtype)

    def log_partition(self) -> float:
        """log Z in nats, by enumeration of the even or of the odd layers.

        Raises
        ------
        ValueError
            If both have more than 2³⁰ states.
        """
        return exact.log_partition(self._rbm)

    def log_likelihood(self, v: Any) -> np.ndarray:
        """log p(v) = −F(v) − log Z of each row, (n,), by enumeration: for tiny machines.

        Parameters
        ----------
        v : (n, D) array or sparse matrix of visible states

        Raises
        ------
        ValueError, TypeError
            If the shape does not fit, a value is not 0 or 1, or the machine is too large.
        """
        machine = self.astype(np.float64)
        log_p = rounding.minus(-machine.free_energy(v), machine.log_partition())
        return log_p.astype(self.dtype)

    def ais(
        self,
        chains: int = 100,
        betas: Any = 1000,
        rng: int | np.random.Generator = 0,
        data: Any = None,
    ) -> Estimate:
        """log Z by annealed importance sampling; parameters and errors as for `evaluate.ais`.

        The chains move through the even layers and the odd ones are summed out. With `data`, the
        visible layer starts at the data's (smoothed) mean, all other units at fair coins.

        References
        ----------
        Salakhutdinov and Hinton (2009), section 3.3 (there the even layers are summed out).
        """
        return annealing.ais(self._rbm, chains, betas, rng, self.base_data(data))

    def base_data(self, data: Any) -> np.ndarray | None:
        """Data for the even side of `as_rbm()` with the visible mean of `data`, for annealing.

        Visible columns stand at their mean and those of other layers at ½, in every row; the rows
        share one row's memory. None for None.
        """
        if data is None:
            return None
        data = check.matrix("data", data, self.sizes[0])
        row = np.full(self._rbm.n_visible, 0.5)
        blocks = check.blocks("data", data, self._rbm.visible, np.float64, relaxed=True)
        row[: self.sizes[0]] = sum(block.sum(axis=0) for _, block in blocks) / data.shape[0]
        return np.broadcast_to(row, (data.shape[0], len(row)))

    def sample(
        self,
        n: int,
        rng: int | np.random.Generator,
        steps: int = 1000,
        means: bool = False,
    ) -> np.ndarray:
        """Visible states of n Gibbs chains that start at fair coins.

        Parameters
        ----------
        n : int ≥ 1
        rng : int or Generator
        steps : int ≥ 0
            Sweeps: all odd layers given the even ones, then all even layers given the odd ones.
        means : bool
            Return the last step's P(v = 1 | layer 1) in place of the states drawn with it: greyer,
            smoother pictures.

        Returns
        -------
        (n, D) array of the machine's dtype

        Raises
        ------
        ValueError, TypeError
            If an argument is not as above.
        """
        rng = check.generator(rng)
        even = gibbs.run(self._rbm, check.integer("n", n), steps, rng)
        if means:
            even = self._rbm.visible_mean(self._rbm.sample_hidden(even, rng))
        return even[:, : self.sizes[0]].copy()

    def pretrain(
        self,
        X: Any,
        negative: CD | Sequence[CD] = CD(1),
        epochs: int | Sequence[int | None] | None = None,
        batch_size: int | Sequence[int] = 100,
        optimizer: Optimizer | Sequence[Optimizer] = SGD(0.05),
        *,
        weight_decay: float | Sequence[float | None] | None = None,
        l1: float | Sequence[float] = 0.0,
        sample_weight: Any = None,
        rng: int | np.random.Generator = 0,
        progress: bool = True,
        callbacks: Sequence[Function] = (),
        early_stopping: EarlyStopping | None = None,
        checkpoint: str | os.PathLike | Checkpoint | None = None,
        history: History | None = None,
        **refused: Any,
    ) -> History:
        """First values for `fit`: each pair of layers by itself, from the bottom, inputs doubled.

        See `rbmbook.dbm.pretraining`. A list or tuple gives one value per pair of layers.

        Parameters
        ----------
        X : (n, D) array or sparse matrix
            Visible states, or means in [0, 1]. The next pair learns from the means of this one.
        epochs : int ≥ 0, or one per pair, optional
            If None, 10, or as many as make 500 updates, but no more than 200. (On 100 rows of two
            patterns of ten bits, after 500 epochs the weights are so large that the chains of `fit`
            hardly move between the patterns, and with ``centered=True`` the bound falls for good.)
        negative : CD
            Contrastive divergence of any k.
        weight_decay : float ≥ 0, optional
            As for `fit`.
        batch_size, optimizer, l1, sample_weight, rng, progress, early_stopping, history
            As for `rb.fit`. Early stopping ends the training of one pair; the next one follows.
        callbacks : sequence of callables
            Each is called as ``callback(dbm, history)``, as for `rb.fit`; one that returns True
            ends the pre-training.
        checkpoint : path or Checkpoint, optional
            As for `rb.fit`, in one file per pair: the path with `.layer1`, `.layer2`, … added.

        Returns
        -------
        History
            `layer`, `epoch`, `seconds`, `reconstruction_error`, `weight_norm`, and as for `rb.fit`
            `constant_features` and `saturated_features` of the upper layer. There is no
            `dream_error`: a pair of layers with doubled inputs is no model by itself.

        Raises
        ------
        ValueError, TypeError
            If an argument is outside its range or of the wrong type.
        DivergenceError
            If a parameter becomes infinite or NaN.

        References
        ----------
        Salakhutdinov and Hinton (2009), section 3.2.
        """
        refuse(refused, _REFUSED_BEFORE, "DBM.pretrain")
        X = check.matrix("X", X, self.sizes[0])
        check.domains("X", X, self._rbm.visible, relaxed=True)
        pairs = len(self.weights)
        negatives = [check.instance("negative", n, CD) for n in each("negative", negative, pairs)]
        decays, l1s = each("weight_decay", weight_decay, pairs), each("l1", l1, pairs)
        penalties = [
            Penalties(prior(decay, X.shape[0]), own_l1)
            for decay, own_l1 in zip(decays, l1s, strict=True)
        ]
        stages = Stages(
            self,
            X.shape[0],
            pairs,
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            rng=rng,
            progress=progress,
            callbacks=callbacks,
            early_stopping=early_stopping,
            checkpoint=checkpoint,
            history=history,
            enough=pretraining.UPDATES,
            most=pretraining.MOST_EPOCHS,
        )
        return pretraining.pretrain(self, X, stages, negatives, penalties, sample_weight)

    def fit(
        self,
        X: Any,
        negative: Negative = PCD(k=5, chains=100),
        epochs: int | None = None,
        batch_size: int = 100,
        optimizer: Optimizer = SGD(0.02),
        *,
        steps: int = 10,
        tolerance: float = 1e-3,
        weight_decay: float | None = None,
        l1: float = 0.0,
        sample_weight: Any = None,
        centered: bool = False,
        validation: Any = None,
        rng: int | np.random.Generator = 0,
        progress: bool = True,
        callbacks: Sequence[Function] = (),
        early_stopping: EarlyStopping | None = None,
        checkpoint: str | os.PathLike | Checkpoint | None = None,
        history: History | None = None,
        **refused: Any,
    ) -> History:
        """Train all layers together: ascend the bound's gradient, with persistent chains.

        On 1,300 binary digits 8 × 8, a machine 64-16-8 reaches a held-out bound of −19.7 nats by
        `pretrain` and `fit` without options, and −20.8 by `fit` alone; independent units −24.3.

        Parameters
        ----------
        X : (n, D) array or sparse matrix
            Visible states, or means in [0, 1].
        negative : PCD, FPCD, Tempered or Exact
            Where the model term comes from.
        epochs : int ≥ 0, optional
            As for `rb.fit`: enough for 3,000 updates on small data.
        steps, tolerance
            Of mean-field inference, as for `mean_field`.
        batch_size, optimizer, l1, sample_weight, rng
            As for `rb.fit`.
        progress, callbacks, early_stopping, checkpoint, history
            As for `rb.fit`; a callback is called as ``callback(dbm, history)``.
        weight_decay : float ≥ 0, optional
            λ of the penalty ½ λ Σ_l ‖W_l‖². If None, 1 / n for n rows: the prior N(0, 1) of each
            weight. Thousands of rows do not feel it; a few are not learned by heart. (After
            `pretrain` and `fit` on ten digits the held-out bound is −27.7 nats, and −31.8 with 0;
            independent units −28.1.)
        centered : bool
            Ascend the centred gradient, with offsets at moving averages of the layers' means: a
            help where training starts without `pretrain`.
        validation : (m, D) array or sparse matrix, optional
            Held-out rows; adds the monitor `bound_gap`.

        Returns
        -------
        History
            `epoch`, `seconds`, over 256 training rows drawn at random once and for all
            `reconstruction_error` (of the visible layer given the mean-field means) and
            `mean_field_steps`, `weight_norm`, `dream_error` (as for `rb.fit`, but of the
            persistent chains after the epoch's last update: by chance about s/√chains),
            `constant_features` and `saturated_features` (of the worst hidden layer's mean-field
            means), and with `validation` `bound_gap`: the mean bound of training rows minus that
            of the held-out ones, in nats, in which log Z cancels. Of the
            training rows it takes a random sample of as many as there are held-out rows, at least
            256, or all if there are no more.

        Raises
        ------
        ValueError, TypeError
            If an argument is outside its range or of the wrong type.
        DivergenceError
            If a parameter becomes infinite or NaN; the machine is then as it was after the last
            finite epoch.

        Warns
        -----
        TrainingWarning
            If 90 % of the units of a hidden layer are constant: from 200 updates on,
            or at once where they are stuck at an end of their range.

        References
        ----------
        Salakhutdinov and Hinton (2009), section 3.1. Montavon and Müller (2012), Deep Boltzmann
        machines and the centering trick.
        """
        refuse(refused, _REFUSED, "DBM.fit")
        X = check.matrix("X", X, self.sizes[0])
        check.domains("X", X, self._rbm.visible, relaxed=True)
        if validation is not None:
            validation = check.matrix("validation", validation, self.sizes[0])
            check.domains("validation", validation, self._rbm.visible, relaxed=True)
        plan = planned(
            X.shape[0],
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            rng=rng,
            progress=progress,
            callbacks=callbacks,
            early_stopping=early_stopping,
            checkpoint=checkpoint,
            history=history,
        )
        penalties = Penalties(prior(weight_decay, X.shape[0]), l1)
        centered = bool(check.instance("centered", centered, (bool, np.bool_)))
        run = Training(
            self,
            X,
            plan,
            _persistent(negative),
            _inference(steps, tolerance),
            penalties,
            sample_weight,
            centered,
            validation,
        )
        return train(run)

    def _given(self, v: np.ndarray) -> RBM:
        rbm, D = self._rbm, self.sizes[0]
        return RBM(rbm.W[D:], rbm.a[D:], rbm.b + v @ rbm.W[:D])

    def _given_error(self, v: np.ndarray) -> np.ndarray:
        """What rounding may take from the biases of `_given` of each row, (n,), in nats."""
        rbm, D = self._rbm, self.sizes[0]
        size = np.abs(rbm.b).sum() + np.abs(v) @ np.abs(rbm.W[:D]).sum(axis=1)
        return rounding.lost(size.astype(np.float64))

    def _infer(self, v: np.ndarray, steps: Any, tolerance: Any) -> Inference:
        return Inference(self._rbm, self._sides, v).run(*_inference(steps, tolerance))

    def _by_rows(self, v: Any, function: Callable, relaxed: bool = False) -> list[Any]:
        """`function` of each dense, checked block of rows of `v`."""
        self._rbm.require_finite()
        v = check.matrix("v", v, self.sizes[0])
        blocks = check.blocks("v", v, self._rbm.visible, self.dtype, relaxed)
        return [function(block) for _, block in blocks]


def _persistent(negative: Any) -> Negative:
    """A negative phase whose model term does not begin at the data."""
    check.instance("negative", negative, Negative)
    if isinstance(negative, CD):
        raise TypeError(
            "negative: expected PCD, FPCD, Tempered or Exact, got CD: the hidden layers have no "
            "states at the data for its chains to start from, only mean-field means"
        )
    return negative


def _inference(steps: Any, tolerance: Any) -> tuple[int, float]:
    steps = check.integer("steps", steps, minimum=0)
    return steps, check.real("tolerance", tolerance, 0.0)


def _number(log_z: Any) -> float:
    log_z = log_z.log_z if isinstance(log_z, Estimate) else log_z
    return check.real("log_z", log_z, -np.inf)
