"""Training on data that lies with the workers of a cluster."""

import os
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from rbmbook.distributed import cluster
from rbmbook.distributed.parts import Parts, number_of_parts
from rbmbook.distributed.shards import Shards
from rbmbook.machine.rbm import RBM
from rbmbook.training.fit import Training
from rbmbook.training.history import History
from rbmbook.training.loop import train
from rbmbook.training.negative import Negative
from rbmbook.training.optimize import SGD, Optimizer
from rbmbook.training.penalties import Penalties, Sparsity, prior
from rbmbook.training.plan import Checkpoint, EarlyStopping, Function, Plan
from rbmbook.training.plan import plan as planned
from rbmbook.validation import instance, integer


def fit(
    rbm: RBM,
    X: Any,
    client: Any,
    negative: Negative | None = None,
    epochs: int | None = None,
    batch_size: int = 100,
    optimizer: Optimizer = SGD(0.05),
    *,
    parts: int | None = None,
    local_steps: int = 1,
    weight_decay: float | None = None,
    sample_weight: Any = None,
    centered: bool | Literal["enhanced"] | None = None,
    validation: Any = None,
    rng: int | np.random.Generator = 0,
    progress: bool = True,
    callbacks: Sequence[Function] = (),
    l1: float = 0.0,
    sparsity: Sparsity | None = None,
    early_stopping: EarlyStopping | None = None,
    checkpoint: str | os.PathLike | Checkpoint | None = None,
    history: History | None = None,
) -> History:
    """Train a machine in place, as `rb.fit` does, on data that the workers of a cluster can read.

    The rows are split into parts, and so are the chains of the negative phase. A batch is the same
    set of rows as in `rb.fit`; each part computes what its own rows and chains contribute to data
    term minus model term, and the step is made here, with the sum. What decides the result is
    `rng` and the number of parts, not which worker computes what, nor how many there are. With one
    part the result is that of `rb.fit` on the same rows.

    Parameters
    ----------
    rbm : RBM
        Changed in place.
    X : (n, D) Dask array, or list of paths
        The shards: chunks of the array, or files that every worker can read, `.npy`, `.parquet`
        (all columns of a table; needs pyarrow) or `.zarr` (needs zarr). They may be of any lengths,
        also 0; rows are counted through all of them. Of `.npy` and `.zarr` only the rows of a batch
        are read, so a shard may be larger than a worker's memory; chunks of a Dask array and tables
        of Parquet are kept by the workers while the fit runs.
    client : distributed.Client
    parts : int ≥ 1, optional
        How many. If None, one for each worker that the cluster has now.
    local_steps : int ≥ 1
        1: one sum over the parts in each update. More: each part makes that many updates of a
        machine of its own, with its own rows of these batches, before parameters and the
        optimizer's memory are averaged, weighted by the parts' rows (and at the end of an epoch in
        any case). The number `every` of callbacks and of checkpoints has to be a multiple of it.
    negative, epochs, batch_size, optimizer
        As for `rb.fit`. The chains of `PCD`, `FPCD` and `Tempered` are shared out among the parts,
        and each part has the fast weights or the temperatures of its own; each needs a chain.
    weight_decay, sample_weight, centered, validation, rng, progress, callbacks, l1, sparsity
        As for `rb.fit`; sample_weight and validation are arrays in this process.
    early_stopping, checkpoint, history
        As for `rb.fit`; a fit that goes on needs the same number of parts.

    Returns
    -------
    History
        Of the same monitors.

    Raises
    ------
    ImportError
        If Dask, or what reads the shards, is not installed.
    ValueError, TypeError
        If an argument is outside its range or of the wrong type. What is wrong with data is said
        with its shard and the row in it.
    DivergenceError
        As for `rb.fit`.

    Notes
    -----
    Under Linux, Dask lets its workers give memory back to the system at once, and they fetch it
    anew for every update. Where a batch has few rows that can take longer than the update itself
    (chapter 18 measures it). Workers whose environment has ``MALLOC_TRIM_THRESHOLD_=134217728`` and
    ``MALLOC_MMAP_THRESHOLD_=33554432`` when they are started keep what they will need again.

    References
    ----------
    Zinkevich, Weimer, Li and Smola (2010), Parallelized stochastic gradient descent. Stich (2019),
    Local SGD converges fast and communicates little.

    Examples
    --------
    Two workers in this process stand for a cluster:

    >>> import dask.array
    >>> import rbmbook as rb
    >>> from distributed import Client
    >>> X = dask.array.from_array(rb.data.bars_and_stripes(4), chunks=(10, 16))
    >>> rbm = rb.RBM.random(16, 8, rng=0)
    >>> with Client(processes=False, n_workers=2, dashboard_address="127.0.0.1:0") as client:
    ...     history = rb.distributed.fit(rbm, X, client, rb.PCD(), epochs=3, progress=False)
    >>> history.epochs
    3
    """
    cluster.check(client)
    steps = integer("local_steps", local_steps)
    shards = Shards(X, client, instance("rbm", rbm, RBM).n_visible)
    plan = planned(
        shards.shape[0],
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
    workers = Parts(shards, number_of_parts(parts, client, shards.shape[0]), steps)
    _check_every(plan, steps)
    if weight_decay is None:
        weight_decay = prior(None, shards.shape[0]) if negative is None else 0.0
    penalties = Penalties(weight_decay, l1, sparsity)
    options = penalties, sample_weight, centered, validation
    return train(Training(rbm, shards, plan, negative, *options, workers=workers))


def _check_every(plan: Plan, steps: int) -> None:
    """Raise ValueError if something is to look at the machine between two reductions."""
    named = [("callbacks", f.every) for f in plan.callbacks]
    for name, every in [*named, ("checkpoint", plan.checkpoint and plan.checkpoint.every)]:
        if every and every % steps:
            raise ValueError(
                f"{name}: expected every to be a multiple of local_steps={steps}, since only then "
                f"the parts have one machine, got every={every}"
            )
