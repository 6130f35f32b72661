"""The history of a fit, drawn while it goes on."""

from __future__ import annotations

import math
import time
import uuid
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rbmbook import validation

from .style import PALETTE, _shell, publish

SHARE = 0.1  # of the time, that drawing may take
ACROSS = 3  # panels in a row
NOT_DRAWN = "epoch", "seconds"


class LivePlot:
    """A callback that draws the monitors of a fit in a notebook while the fit goes on.

    It draws again at most every so many seconds, and seldom enough that all drawing takes no more
    than a tenth of the time. The last epochs are drawn when the notebook's cell ends, by an error
    too. It draws nothing outside a notebook. Training is the same with it and without it.

    Parameters
    ----------
    monitors : sequence of str, optional
        Which columns of the history; all but the numbers of epochs and the seconds if None.
    measure : mapping from names to functions, optional
        More to be drawn: each function takes the model and returns a number. They are called when
        it is drawn, not in every epoch, and the time that they take counts as drawing.
    every : float ≥ 0
        Seconds between two drawings, at least.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above; in a fit, if its history has no such monitor.

    Warns
    -----
    RuntimeWarning
        If a figure cannot be drawn or shown. The fit goes on without.

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> live = rb.plots.LivePlot(
    ...     ["reconstruction_error"],
    ...     measure={"log-likelihood": lambda rbm: rb.exact.log_likelihood(rbm, X).mean()},
    ... )
    >>> rb.fit(rb.RBM.random(9, 4), X, epochs=5, progress=False, callbacks=[live]).epochs
    5
    """

    _history: Any  # of the fit that is drawn
    _model: Any
    _shell: Any  # of the notebook, while something waits for the end of its cell
    _display: str
    _shown: bool  # whether there is a figure to be replaced
    _behind: bool  # whether it lacks the last epochs
    _broken: bool
    _next: float  # the time from when on it may be drawn again
    _measured: dict[str, list[tuple[float, float]]]  # epochs and values

    def __init__(
        self,
        monitors: Sequence[str] | None = None,
        *,
        measure: Mapping[str, Callable[[Any], float]] | None = None,
        every: float = 1.0,
    ) -> None:
        if isinstance(monitors, str):
            raise TypeError(f"monitors: expected a sequence of names, got the name {monitors!r}")
        self.monitors = None if monitors is None else list(monitors)
        self.measure = dict(measure or {})
        validation.functions("measure", self.measure.values())
        self.every = validation.real("every", every, 0.0)
        self._forget()

    def __call__(self, model: Any, history: Mapping[str, np.ndarray]) -> None:
        """Draw, if this is a notebook and it is time."""
        shell: Any = _shell()
        if getattr(shell, "kernel", None) is None:
            return
        if history is not self._history:  # of another fit
            self._finish()
            self._history, self._shell, self._display = history, shell, uuid.uuid4().hex
            shell.events.register("post_run_cell", self._finish)
        self._model, self._behind = model, not self._broken
        if self._behind and time.perf_counter() >= self._next:
            self._draw()

    def _draw(self) -> None:
        """Show what there is, and note when it may be shown again."""
        begin = time.perf_counter()
        self._behind = False
        columns = self._columns()
        if columns:
            try:
                self._show(columns)
            except Exception as error:  # a figure is not worth the end of a fit
                self._broken = True
                warnings.warn(f"LivePlot draws no more: {error!r}", RuntimeWarning, stacklevel=3)
        end = time.perf_counter()
        self._next = end + max(self.every, (end - begin) * (1 / SHARE - 1))

    def _columns(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Epochs and values of everything to be drawn, by name."""
        history = self._history
        names = self.monitors
        if names is None:
            names = [name for name in history if name not in NOT_DRAWN]
        epochs = max((len(values) for values in history.values()), default=0)
        if not epochs:
            return {}
        at = np.asarray(history.get("epoch", np.arange(1, epochs + 1)))
        for name, function in self.measure.items():
            self._measured.setdefault(name, []).append((at[-1], float(function(self._model))))
        found = {name: (at, np.asarray(history[name])) for name in names}
        return found | {name: tuple(np.array(v).T) for name, v in self._measured.items()}

    def _show(self, columns: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
        last = ", ".join(f"{name} {values[-1]:.4g}" for name, (_, values) in columns.items())
        epoch = int(max(at[-1] for at, _ in columns.values()))
        publish(panels(columns), f"After epoch {epoch}: {last}.", self._display, self._shown)
        self._shown = True

    def _finish(self, *_: Any) -> None:
        """Draw what is behind, and be ready for another fit."""
        if self._shell is not None:
            self._shell.events.unregister("post_run_cell", self._finish)
        if self._behind:
            self._draw()
        self._forget()

    def __getstate__(self) -> dict[str, Any]:
        """The settings: a copy, or what is unpickled elsewhere, begins anew."""
        return {name: getattr(self, name) for name in ("monitors", "measure", "every")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._forget()

    def _forget(self) -> None:
        self._history = self._model = self._shell = None
        self._display = ""
        self._shown = self._behind = self._broken = False
        self._next = -math.inf
        self._measured = {}


def panels(columns: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """A panel for each curve, which pyplot does not know of; what is not finite leaves a gap."""
    across = min(ACROSS, len(columns))
    down = -(-len(columns) // across)
    fig = Figure(figsize=(3.2 * across, 2.3 * down), layout="constrained")
    axes = fig.subplots(down, across, squeeze=False).ravel()
    for ax, (name, (x, y)) in zip(axes, columns.items(), strict=False):
        y = np.where(np.isfinite(y), y, np.nan)
        ax.plot(x, y, color=PALETTE[0], marker="o" if len(x) <= 12 else "", markersize=4)
        ax.set_title(name.replace("_", " "), fontsize=10)
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        ax.grid(True, alpha=0.3)
    for ax in axes[len(columns) :]:
        ax.remove()
    for ax in axes[max(0, len(columns) - across) : len(columns)]:
        ax.set_xlabel("epoch")
    return fig
