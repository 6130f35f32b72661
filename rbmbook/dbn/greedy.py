"""Greedy layer-wise training: one machine after the other, each on what the one below makes.

`fit` is the method of `DBN`.

References
----------
Hinton, Osindero and Teh (2006), A fast learning algorithm for deep belief nets, section 4.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from rbmbook.machine.rbm import RBM
from rbmbook.training.divergence import check_finite
from rbmbook.training.fit import NEGATIVE, Training, centring, reports
from rbmbook.training.history import History
from rbmbook.training.loop import check_monitor
from rbmbook.training.monitors import ENOUGH_BELOW
from rbmbook.training.negative import CD, Negative
from rbmbook.training.optimize import SGD, Optimizer
from rbmbook.training.penalties import Penalties, Sparsity
from rbmbook.training.plan import Checkpoint, EarlyStopping, Function
from rbmbook.training.stages import Stages, each
from rbmbook.validation import instance, matrix

SEED = 20_612  # of the samples of held-out rows


def fit(
    dbn: Any,
    X: Any,
    negative: Negative | Sequence[Negative | None] | None = CD(1),
    epochs: int | Sequence[int | None] | None = None,
    batch_size: int | Sequence[int] = 100,
    optimizer: Optimizer | Sequence[Optimizer] | None = None,
    *,
    weight_decay: float | Sequence[float] = 0.0,
    l1: float | Sequence[float] = 0.0,
    sparsity: Sparsity | Sequence[Sparsity | None] | None = None,
    inputs: str = "samples",
    sample_weight: Any = None,
    centered: bool | str | Sequence[bool | str | None] | None = None,
    validation: Any = None,
    rng: int | np.random.Generator = 0,
    progress: bool = True,
    callbacks: Sequence[Function] = (),
    early_stopping: EarlyStopping | None = None,
    checkpoint: str | os.PathLike | Checkpoint | None = None,
    history: History | None = None,
) -> History:
    """Train the machines one after the other, each on what the one below makes of the data.

    Parameters
    ----------
    X : (n, D) array or sparse matrix
        Visible states, or means (in [0, 1] for Bernoulli units).
    negative, epochs, batch_size, optimizer, weight_decay, l1, sparsity, centered
        As for `rb.fit`; a list or tuple has one value per machine, from the bottom. A machine with
        0 epochs stays as it is. Without an optimizer, ``SGD(0.2)``, large enough steps to wake the
        upper layers: on 1,300 grey digits 8 × 8, logistic regression on the top features of
        64-100-50 is right for 0.91 of the held-out ones, against 0.85 with ``SGD(0.05)``. Machines
        with units that have no list of states take ``SGD(0.05)``.
    inputs : "means" or "samples"
        What the machine above is trained on: E[h | v], or one draw from p(h | v) per row. The
        proof that a layer raises the bound is for samples. Means of units that are seldom sure
        vary less than states do, and teach the layer above less: on the same digits the share is
        0.89.
    sample_weight : (n,) array, optional
        As for `rb.fit`: a row keeps its weight on its way up.
    validation : (m, D) array or sparse matrix, optional
        Held-out rows, which are passed up likewise; adds the monitor `free_energy_gap`.
    rng : int or Generator
        Drawn from by one machine after the other.
    progress : bool
        Show a progress bar for each machine.
    callbacks : sequence of callables
        Each is called as ``callback(dbn, history)``, as for `rb.fit`; all training stops after
        the epoch in which one returns True.
    early_stopping : EarlyStopping, optional
        As for `rb.fit`. It ends the training of one machine; the next one follows.
    checkpoint : path or Checkpoint, optional
        As for `rb.fit`, in one file per machine: the path with ``.layer1``, ``.layer2``, …
        added.
    history : History, optional
        As for `rb.fit`.

    Returns
    -------
    History
        One row per epoch of each machine: `layer` (from 1), then what `rb.fit` reports, with
        `epoch` counted within the layer and `seconds` from the very start. The dreams are those
        of the layer's machine by itself, compared with what it is trained on.

    Raises
    ------
    ValueError, TypeError
        If an argument is outside its range or of the wrong type.
    DivergenceError
        If a parameter becomes infinite or NaN; that machine is then as it was after its last
        finite epoch, and those above are untouched.

    Warns
    -----
    TrainingWarning
        As for `rb.fit`, naming the layer, but after 50 updates where `rb.fit` waits for 200: a
        layer that sleeps hands a constant to the one above.

    References
    ----------
    Hinton, Osindero and Teh (2006), section 4. Bengio, Lamblin, Popovici and Larochelle (2007),
    Greedy layer-wise training of deep networks. Book: (12.5).

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> dbn = rb.DBN.random((9, 8, 4), rng=0, data=X)
    >>> history = dbn.fit(X, epochs=[20, 10], progress=False)
    >>> history["layer"].size, int(history["layer"][-1])
    (30, 2)
    """
    if inputs not in ("means", "samples"):
        raise ValueError(f"inputs: expected 'means' or 'samples', got {inputs!r}")
    X = matrix("X", X, dbn.sizes[0])
    if validation is not None:
        validation = matrix("validation", validation, dbn.sizes[0])
    if optimizer is None:
        optimizer = [SGD(rate(rbm)) for rbm in dbn.rbms]
    options = each_machine(
        dbn.rbms,
        negative=negative,
        weight_decay=weight_decay,
        l1=l1,
        sparsity=sparsity,
        centered=centered,
    )
    stages = Stages(
        dbn,
        X.shape[0],
        len(dbn.rbms),
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
    told = list(zip(dbn.rbms, stages.plans, options, strict=True))
    for number, (rbm, plan, own) in enumerate(told, start=1):
        check_finite(list(rbm.parameters), where=f"layer {number}")
        check_monitor(plan, reports(own.negative or NEGATIVE, validation))
    own_way_up = dbn.tie()
    with stages.all_or_nothing(lambda: own_way_up and dbn.untie(own_way_up)):
        for number, (rbm, plan, own) in enumerate(told, start=1):
            if number > 1:
                below = dbn.rbms[number - 2]
                X = upwards(below, X, inputs, plan.rng)
                if validation is not None:  # with noise of its own: training draws nothing for it
                    own_rng = np.random.default_rng([SEED, number])
                    validation = upwards(below, validation, inputs, own_rng)
            run = Training(
                rbm, X, plan, own.negative, own.penalties, sample_weight, own.centered, validation
            )
            run.where, run.enough = f"layer {number}", ENOUGH_BELOW
            if not stages.train(run):
                break
    return stages.history


@dataclass(frozen=True)
class Options:
    """What one machine is told, beside its plan."""

    negative: Negative | None
    penalties: Penalties
    centered: bool | Literal["enhanced"] | None

    @classmethod
    def of(
        cls, rbm: RBM, negative: Any, weight_decay: Any, l1: Any, sparsity: Any, centered: Any
    ) -> "Options":
        """The options, if they fit the machine."""
        if negative is not None:
            instance("negative", negative, Negative)
            negative.start(rbm, np.random.default_rng(0))  # raises if it cannot train this machine
        penalties = Penalties(weight_decay, l1, sparsity)
        centring(centered, negative)
        return cls(negative, penalties.check_target(rbm.hidden, rbm.n_hidden), centered)


def each_machine(rbms: Sequence[RBM], **options: Any) -> list[Options]:
    """The options of each machine: of each name one value, or a list with one for each."""
    columns = [each(name, value, len(rbms)) for name, value in options.items()]
    return [
        Options.of(rbm, **dict(zip(options, values, strict=True)))
        for rbm, *values in zip(rbms, *columns, strict=True)
    ]


def upwards(rbm: RBM, X: Any, inputs: str, rng: np.random.Generator) -> np.ndarray:
    """What a machine makes of the data, for the machine above: means, or samples."""
    return rbm.hidden_mean(X) if inputs == "means" else rbm.sample_hidden(X, rng)


def rate(rbm: RBM) -> float:
    """A learning rate for a machine: large steps, unless its states are unbounded."""
    listed = rbm.visible.levels is not None and rbm.hidden.levels is not None
    return 0.2 if listed else 0.05
