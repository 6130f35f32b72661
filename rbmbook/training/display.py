"""What is seen of a fit beside its history: a progress bar, and a warning at its end."""

import sys
import warnings
from typing import Any

import numpy as np
from tqdm import TqdmWarning

from rbmbook.training import divergence, monitors
from rbmbook.training.monitors import TrainingWarning
from rbmbook.training.plan import Plan

with warnings.catch_warnings():
    warnings.simplefilter("ignore", TqdmWarning)  # a notebook without ipywidgets gets a text bar
    from tqdm.auto import tqdm as tqdm


def warn(run: Any) -> None:
    """Say so if the features are stuck, or sleep after as many updates as should be enough."""
    asleep = {k: shares for k, shares in run.shares.items() if shares.constant >= monitors.ASLEEP}
    if not (asleep and np.ptp(run.probe, axis=0).any()):  # equal rows have equal features
        return
    learnable = run.updates >= run.enough and run.learnable()
    needed = monitors.directions(run.probe)
    for name, shares in asleep.items():
        fault = monitors.fault(shares, learnable, needed)
        if fault:
            where = f"{run.where}: {name}" if run.where else name
            scale = divergence.fault(run.data())
            text = f"{where}: after {run.updates} updates {fault}"
            text += f". {scale}" if scale else ""
            warnings.warn(text, TrainingWarning, stacklevel=_outside())


def bar(plan: Plan, initial: int) -> Any:
    """A progress bar, or one that shows nothing."""
    # a process may have no stderr (a daemon, pythonw), or have closed it
    silent = not plan.progress or getattr(sys.stderr, "closed", sys.stderr is None)
    return tqdm(total=plan.epochs, initial=initial, unit="epoch", disable=silent)


def show(bar: Any, row: dict[str, float]) -> None:
    """The first number of an epoch, beside the bar."""
    if row:
        name, value = next(iter(row.items()))
        bar.set_postfix({name: f"{value:.4f}"}, refresh=False)
    bar.update()


def _outside() -> int:
    """The stack level, for `warn`, of the line outside of the package that called a fit."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("rbmbook."):
        level, frame = level + 1, frame.f_back
    return level
