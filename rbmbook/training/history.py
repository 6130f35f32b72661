"""What a fit leaves behind: one row of numbers per epoch, and what the next fit can go on from."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


class History(dict[str, np.ndarray]):
    """The monitors of a fit: a dictionary from their names to one float64 number per epoch.

    `to_frame` makes a table for pandas of it. A history that is given to a fit,
    ``rb.fit(…, history=history)``, is filled while the fit runs, so it is there whatever ends the
    fit, short of the process; the exception that does has it as its attribute `history`, too.

    Parameters
    ----------
    columns : mapping from names to sequences of numbers, optional
        What to start with; all of one length.

    Attributes
    ----------
    kept : dict or None
        Where the fit stood when it ended: the optimizer's memory, chains, the random generator. A
        fit of the same kind that is given this history goes on from there.

    Raises
    ------
    KeyError
        If there is no such monitor; the message names those that there are.

    Examples
    --------
    >>> import rbmbook as rb
    >>> history = rb.History()
    >>> history.append(epoch=1, reconstruction_error=0.5)
    >>> history.append(epoch=2, reconstruction_error=0.25)
    >>> history["reconstruction_error"]
    array([0.5 , 0.25])
    """

    kept: dict[str, Any] | None = None

    def __init__(self, columns: Mapping[str, Sequence[float] | np.ndarray] | None = None) -> None:
        for name, values in (columns or {}).items():
            self[name] = np.array(values, dtype=np.float64)

    def append(self, **row: float) -> None:
        """Add one epoch, whole or, if it is interrupted, not at all; all have the same monitors.

        Parameters
        ----------
        **row : float
            A number for each monitor.

        Raises
        ------
        ValueError
            If the monitors are others than those before.

        Examples
        --------
        >>> import rbmbook as rb
        >>> history = rb.History()
        >>> history.append(epoch=1, seconds=0.5)
        >>> history.epochs
        1
        """
        if self and row.keys() != self.keys():
            raise ValueError(f"row: expected the monitors {list(self)}, got {list(row)}")
        longer = {n: np.append(self.get(n, []), float(value)) for n, value in row.items()}
        self.update(longer)

    def replace(self, columns: Mapping[str, Sequence[float] | np.ndarray]) -> None:
        """Have these epochs in place of the present ones.

        Parameters
        ----------
        columns : mapping from names to sequences of numbers

        Examples
        --------
        >>> import rbmbook as rb
        >>> history = rb.History({"epoch": [1, 2]})
        >>> history.replace({"epoch": [1]})
        >>> history.epochs
        1
        """
        new = History(columns)
        self.clear()
        self.update(new)

    @property
    def epochs(self) -> int:
        """Number of finished epochs."""
        return max((len(values) for values in self.values()), default=0)

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row for each epoch and a column for each monitor.

        Its index is the number of the epoch. pandas is imported here, and needed nowhere else.

        Returns
        -------
        DataFrame

        Raises
        ------
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> import rbmbook as rb
        >>> rbm, X = rb.RBM.random(9, 4), rb.data.bars_and_stripes(3)
        >>> frame = rb.fit(rbm, X, epochs=2, progress=False).to_frame()
        >>> frame.index.name, list(frame.index), list(frame.columns)[:2]
        ('epoch', [1, 2], ['seconds', 'reconstruction_error'])
        """
        try:
            pandas = importlib.import_module("pandas")
        except ImportError as error:
            raise ImportError(
                "to_frame needs pandas, which is not installed; without it, a history is a "
                "dictionary of arrays"
            ) from error
        frame = pandas.DataFrame(dict(self))
        if "epoch" in frame:
            frame = frame.set_index(frame.pop("epoch").astype(int))
        return frame

    def copy(self) -> "History":
        """A history of its own, with copies of the columns.

        Returns
        -------
        History

        Examples
        --------
        >>> import rbmbook as rb
        >>> history = rb.History({"epoch": [1]})
        >>> twin = history.copy()
        >>> twin.append(epoch=2)
        >>> history.epochs, twin.epochs
        (1, 2)
        """
        twin = History(self)
        twin.kept = self.kept
        return twin

    def __missing__(self, name: str) -> np.ndarray:
        there = ", ".join(self) or "none, since no epoch has ended"
        raise KeyError(f"no monitor {name!r} in this history; there are: {there}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        return self.keys() == other.keys() and all(
            np.array_equal(values, other[name], equal_nan=True) for name, values in self.items()
        )

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __repr__(self) -> str:
        return f"History({self.epochs} epochs: {', '.join(self) or 'no monitors'})"
