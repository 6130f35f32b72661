"""Training on rows of which some sites are known: a machine for each row, with shared parameters.

Contrastive divergence, with chains of the row's own machine: what is not known is neither drawn nor
moved. Every loop is over the known sites of the batch.

References
----------
Salakhutdinov, Mnih and Hinton (2007), Restricted Boltzmann machines for collaborative filtering.
"""

import os
from collections.abc import Sequence
from typing import Any

import numba
import numpy as np

from rbmbook import validation
from rbmbook._jit import jit
from rbmbook._threads import Twins, choose
from rbmbook.machine import ratings
from rbmbook.machine.kernels import bernoulli_mean, bernoulli_sample, softmax_sample
from rbmbook.machine.noise import uniform
from rbmbook.machine.parameters import Parameters
from rbmbook.machine.ratings import Known, inputs
from rbmbook.machine.rbm import RBM
from rbmbook.machine.rows import units_on, weighted_sum
from rbmbook.training.centring import MovingAverage
from rbmbook.training.checkpoint import listed
from rbmbook.training.history import History
from rbmbook.training.loop import FEATURES, Run, train
from rbmbook.training.negative import CD
from rbmbook.training.optimize import SGD, Optimizer
from rbmbook.training.penalties import Penalties, Sparsity, prior
from rbmbook.training.plan import Checkpoint, EarlyStopping, Function, Plan, refuse
from rbmbook.training.plan import plan as planned
from rbmbook.training.probe import taught_rows

PROBE_COLUMNS = 2000  # of the rows that monitors look at
REASONS = {"centered": "a row's machine has the sites that are known, so each has other offsets"}


def fit(
    rbm: RBM,
    X: Any,
    negative: CD = CD(1),
    epochs: int | None = None,
    batch_size: int = 100,
    optimizer: Optimizer = SGD(0.05),
    *,
    values: Any = None,
    weight_decay: float | None = 0.0,
    sample_weight: Any = None,
    validation: Any = None,
    rng: int | np.random.Generator = 0,
    progress: bool = True,
    callbacks: Sequence[Function] = (),
    l1: float = 0.0,
    sparsity: Sparsity | None = None,
    early_stopping: EarlyStopping | None = None,
    checkpoint: str | os.PathLike | Checkpoint | None = None,
    history: History | None = None,
    **refused: Any,
) -> History:
    """Train a machine in place on rows of which some sites are known.

    Parameters
    ----------
    rbm : RBM
        Of `Softmax` visible and `Bernoulli` hidden units. Changed in place.
    X : (n, D) array or sparse matrix
        Each site one-hot where it is known, zeros where it is not.
    negative : CD
        ``rb.CD(k)``: k Gibbs steps of each row's machine, from the row.
    values : (q,) array, optional
        What the states of a site stand for, such as 1 to 5 stars, for the monitors; 0 to q − 1 if
        None.
    weight_decay : float ≥ 0, optional
        As for `rb.fit`; if None, 1 / n for n rows.
    validation : (m, D) array or sparse matrix, optional
        Rows that are not trained on; adds the monitor `validation_error`.
    epochs, batch_size, optimizer, sample_weight, rng, progress, callbacks, l1, sparsity
        As for `rb.fit`.
    early_stopping, checkpoint, history
        As for `rb.fit`.

    Returns
    -------
    History
        `epoch`, `seconds`, `rating_error`, `weight_norm`, `constant_features`,
        `saturated_features`, and with `validation` `validation_error`. An error is the root mean
        square, over the known sites of (at most 256) rows, of value minus expected value given the
        other known sites of the row.

    Raises
    ------
    ValueError, TypeError
        If an argument is outside its range or of the wrong type.
    DivergenceError
        If a parameter becomes infinite or NaN; `rbm` is then as it was after the epoch before.

    Examples
    --------
    >>> import rbmbook as rb
    >>> from rbmbook.training import ratings
    >>> X = [[1, 0, 0, 1], [0, 1, 0, 0]]  # two sites of two states; one is not known
    >>> rbm = rb.RBM.random(4, 2, visible=rb.Softmax(2))
    >>> ratings.fit(rbm, X, epochs=3, progress=False).epochs
    3
    """
    refuse(refused, REASONS, "the fit of ratings")
    ratings.require(rbm)
    X = ratings.checked("X", X, rbm)
    if validation is not None:
        validation = ratings.checked("validation", validation, rbm)
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
    penalties = Penalties(prior(weight_decay, X.shape[0]), l1, sparsity)
    return train(Training(rbm, X, plan, negative, penalties, values, sample_weight, validation))


class Training(Run):
    """A machine in training, and rows of which some sites are known."""

    def __init__(
        self,
        rbm: RBM,
        X: Any,
        plan: Plan,
        negative: CD,
        penalties: Penalties,
        values: Any,
        sample_weight: Any,
        held_out: Any,
    ) -> None:
        super().__init__(rbm, X.shape[0], plan)
        self.rbm, self.X, self.held_out = rbm, X, held_out
        self.negative = validation.instance("negative", negative, CD)
        self.penalties = penalties.check_target(rbm.hidden, rbm.n_hidden)
        self.values = _values(values, rbm)
        self.weigh(sample_weight)
        seen = taught_rows(self.weight * (np.diff(X.indptr) > 0))
        if not len(seen):
            raise ValueError("sample_weight: expected a weight above 0 of a row that knows a site")
        self.seen = X[seen]
        often = np.argsort(-np.bincount(X.indices, minlength=X.shape[1]), kind="stable")
        self.probe = self.seen[:, np.sort(often[:PROBE_COLUMNS])].toarray()
        self.hidden_average = MovingAverage(rbm.n_hidden, rbm.dtype)
        self.optimizer_memory = self.optimizer.start(rbm.parameters)

    @property
    def parameters(self) -> list[np.ndarray]:
        """The arrays that are trained, as they are now."""
        return list(self.rbm.parameters)

    def update(self, rows: np.ndarray) -> None:
        """One step of the optimizer on the given rows."""
        weight, total = self.weight[rows], self.weight[rows].sum()
        weight = (weight / (total or 1.0)).astype(self.rbm.dtype)
        known = Known.of(self.X[rows])
        ascent, features = estimate(self.rbm, known, weight, self.negative.k, self.rng)
        share = self.rbm.dtype.type(total / len(rows))
        for part in ascent:
            part *= share
        self.penalties.shrink([ascent.W], [self.rbm.W])
        if self.penalties.sparsity is not None and total:
            self.hidden_average.add(features, share)
            pull = self.penalties.sparsity.pull(self.hidden_average.value)
            ascent.W[:] += np.outer(_visible_mean(known, weight, self.rbm.n_visible), pull)
            ascent.b[:] += pull
        self.optimizer.step(self.parameters, ascent, self.optimizer_memory, self.updates)

    def monitors(self) -> dict[str, float]:
        """The numbers of an epoch."""
        features = ratings.hidden_mean(self.rbm, Known.of(self.seen))
        row = {
            "rating_error": error(self.rbm, self.seen, self.values),
            "weight_norm": float(np.sqrt(np.mean(self.rbm.W.astype(np.float64) ** 2))),
        }
        row |= self.features(["the hidden layer"], [self.rbm.hidden], [features])
        if self.held_out is not None:
            row["validation_error"] = error(self.rbm, self.held_out, self.values)
        return row

    def reports(self) -> list[str]:
        """The names of these numbers."""
        names = ["rating_error", "weight_norm", *FEATURES]
        return names + ([] if self.held_out is None else ["validation_error"])

    def memory(self) -> dict[str, np.ndarray]:
        """The optimizer's memory and the moving average."""
        memory = listed("optimizer", self.optimizer_memory)
        return {**memory, "hidden_average": self.hidden_average.value}

    def settings(self) -> dict[str, Any]:
        """What else decides how training goes on."""
        return {"negative": self.negative, "penalties": self.penalties}


def estimate(
    rbm: RBM, known: Known, weight: np.ndarray, k: int, rng: np.random.Generator
) -> tuple[Parameters, np.ndarray]:
    """Data term minus model term of CD-k, (7.2), and the mean of E[h | v] over the rows.

    Each row's chain takes k steps of its own machine. Noise is drawn in one order: for each step
    n·H numbers for the hidden units, then one for each known site, row by row.

    Parameters
    ----------
    rbm : RBM
    known : Known
        Of n rows.
    weight : (n,) array
        Of the rows, with sum 1.
    k : int ≥ 1
    rng : Generator

    Returns
    -------
    ascent : Parameters
    features : (H,) array

    References
    ----------
    Salakhutdinov, Mnih and Hinton (2007), section 2.2.
    """
    n, H = len(weight), rbm.n_hidden
    visible: Any = rbm.visible
    mean0, mean1 = np.empty((n, H), rbm.dtype), np.empty((n, H), rbm.dtype)
    drawn = np.empty_like(known.columns)
    noise = uniform(rng, (k, n * H + drawn.size), rbm.dtype)
    run = choose(chains, k * H * ((1 + visible.q) * drawn.size + n))
    run(*known, rbm.W, rbm.a, rbm.b, visible.q, noise, mean0, drawn, mean1)
    found, features = Parameters.zeros_like(rbm), np.empty_like(rbm.b)
    add_terms(known.ends, known.columns, mean0, weight, found.W, found.a, found.b)
    add_terms(known.ends, drawn, mean1, -weight, found.W, found.a, found.b)
    weighted_sum(mean0, weight, features)
    return found, features


def error(rbm: RBM, X: Any, values: np.ndarray) -> float:
    """The root mean square of value minus expected value given the others of the row."""
    known, q = Known.of(X), len(values)
    p = np.exp(ratings.log_probabilities(rbm, known, ratings.sites(known, q)))
    return float(np.sqrt(np.mean((p @ values - values[known.columns % q]) ** 2)))


def _values(values: Any, rbm: RBM) -> np.ndarray:
    visible: Any = rbm.visible
    if values is None:
        return np.arange(visible.q, dtype=np.float64)
    return validation.parameter("values", values, (visible.q,), np.dtype(np.float64))


def _visible_mean(known: Known, weight: np.ndarray, columns: int) -> np.ndarray:
    """⟨v⟩ over the rows of a batch, (D,)."""
    of_each = np.repeat(weight, np.diff(known.ends))
    return np.bincount(known.columns, of_each, columns).astype(weight.dtype)


@jit
def draw(given, on, W, a, q, noise, drawn):
    """A state of each known site from p(v | h), as its column; `on` lists the hidden units on."""
    x, y = np.empty((1, given.size, q), W.dtype), np.empty((1, given.size, q), W.dtype)
    for i in range(given.size):
        first = given[i] - given[i] % q
        for k in range(q):
            x[0, i, k] = a[first + k]
        for j in on:
            for k in range(q):
                x[0, i, k] += W[first + k, j]
    softmax_sample(x, noise, y)
    for i in range(given.size):
        drawn[i] = given[i] - given[i] % q + y[0, i].argmax()


@Twins
def chains(ends, columns, W, a, b, q, noise, mean0, drawn, mean1):
    """E[h | v] at each row and after k steps from there, where the known sites are `drawn`.

    The steps of (6.3); rows are shared among threads.
    """
    n, H = mean0.shape
    for r in numba.prange(n):
        first, last = ends[r], ends[r + 1]
        given, state = columns[first:last], drawn[first:last]
        x, h, index = np.empty_like(b), np.empty_like(b), np.empty(H + 1, np.int64)
        inputs(given, W, b, x)
        bernoulli_mean(x, mean0[r])
        for step in range(noise.shape[0]):
            noise_v = noise[step, n * H + first : n * H + last].reshape(1, last - first)
            bernoulli_sample(x, noise[step, r * H : (r + 1) * H], h)
            draw(given, index[: units_on(h, index)], W, a, q, noise_v, state)
            inputs(state, W, b, x)
        bernoulli_mean(x, mean1[r])


@jit
def add_terms(ends, columns, mean, weight, W, a, b):
    """Add Σ_r weight_r v_r E[h | v_r]ᵀ, Σ_r weight_r v_r and Σ_r weight_r E[h | v_r]."""
    for r in range(weight.size):
        w, h = weight[r], mean[r]
        for j in range(h.size):
            b[j] += w * h[j]
        for t in range(ends[r], ends[r + 1]):
            row = W[columns[t]]
            a[columns[t]] += w
            for j in range(h.size):
                row[j] += w * h[j]
