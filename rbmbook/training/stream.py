"""Training on data that comes in blocks, of which two are in memory at a time."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.machine.rbm import RBM
from rbmbook.training.display import tqdm
from rbmbook.training.fit import fit
from rbmbook.training.history import History
from rbmbook.training.negative import Negative
from rbmbook.training.optimize import SGD, Optimizer
from rbmbook.training.plan import refuse

Blocks = Iterable[Any] | Callable[[], Iterable[Any]]
REFUSED = {
    "epochs": "`passes` says how often all blocks are gone through",
    "checkpoint": "it would have to know all the data; with `history` training goes on",
    "sample_weight": "weights would have to come with the blocks; use `rb.fit` on each",
}


def fit_blocks(
    rbm: RBM,
    blocks: Blocks,
    negative: Negative | None = None,
    passes: int = 1,
    batch_size: int = 100,
    optimizer: Optimizer = SGD(0.05),
    *,
    weight_decay: float = 0.0,
    progress: bool = True,
    history: History | None = None,
    **options: Any,
) -> History:
    """Train a machine in place on blocks of rows that need not fit into memory together.

    While the machine is trained on one block, another thread reads the next. A block is gone
    through once in each pass, in batches of its rows in random order, and blocks in the order in
    which they come: they should be alike, so shuffle the rows when you write them. It is one fit
    that goes on from block to block, with the optimizer's memory, chains and random numbers. Its
    monitors look at the machine after each block, which can take as long as ten updates do: let a
    block have a hundred batches or more, and little of the speed of `rb.fit` is lost.

    Parameters
    ----------
    rbm : RBM
        Changed in place.
    blocks : iterable, or function that returns one
        Of (n, D) arrays or sparse matrices, whose n may differ. A function is called for each pass;
        an iterator can be gone through but once.
    negative : negative phase, optional
        As for `rb.fit`.
    passes : int ≥ 1
    batch_size, optimizer, progress
        As for `rb.fit`.
    weight_decay : float ≥ 0
        As for `rb.fit`, but 0 by default: the number of all rows is not known.
    history : History, optional
        Filled while training goes on; with the history of an earlier fit, training goes on from
        there.
    **options
        Of `rb.fit`: `centered`, `validation`, `rng`, `callbacks`, `l1`, `sparsity`,
        `early_stopping`. What follows from the data, such as the offsets of the centred gradient,
        follows from each block by itself.

    Returns
    -------
    History
        With a row for each block, as if it were an epoch.

    Raises
    ------
    ValueError, TypeError, DivergenceError
        As `rb.fit` does, with a note that names the block.

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(4)
    >>> rbm = rb.RBM.random(16, 8, rng=0)
    >>> def halves():
    ...     yield X[:15]
    ...     yield X[15:]
    >>> rb.fit_blocks(rbm, halves, rb.PCD(), passes=3, progress=False).epochs
    6
    """
    refuse({name: options[name] for name in options.keys() & REFUSED}, REFUSED, "fit_blocks")
    validation.instance("progress", progress, (bool, np.bool_))
    passes = validation.integer("passes", passes)
    history = History() if history is None else validation.instance("history", history, History)
    settings = options | {"weight_decay": weight_decay, "history": history, "progress": False}
    found = 0
    with tqdm(unit="block", disable=not progress) as bar:
        for block in ahead(_all(blocks, passes)):
            try:
                fit(rbm, block, negative, history.epochs + 1, batch_size, optimizer, **settings)
            except BaseException as error:
                error.add_note(f"in block {found}, counted from 0 through all passes")
                raise
            del block  # before the next but one is read
            found += 1
            bar.update()
            if history.kept is None or history.kept["counters"]["stopped"]:
                break
    if not found:
        raise ValueError("blocks: expected at least one block, got none")
    return history


def ahead(blocks: Iterator[Any]) -> Iterator[Any]:
    """The same blocks, each read by a thread while the one before is in use."""
    end = object()
    pool = ThreadPoolExecutor(1)
    try:
        coming = pool.submit(next, blocks, end)
        while (block := coming.result()) is not end:
            coming = pool.submit(next, blocks, end)
            yield block
            del block  # as it is in the loop that uses it
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _all(blocks: Blocks, passes: int) -> Iterator[Any]:
    """All blocks of all passes, in one sequence."""
    if not callable(blocks) and not isinstance(blocks, Iterable):
        raise TypeError(
            "blocks: expected an iterable of blocks of rows, or a function that returns one, got "
            f"{type(blocks).__name__}"
        )
    if isinstance(blocks, Iterator) and passes > 1:
        raise ValueError(
            f"passes: expected 1 for an iterator, which can be gone through once, got {passes}; "
            "give a function that returns one"
        )
    return (x for _ in range(passes) for x in (blocks() if callable(blocks) else blocks))
