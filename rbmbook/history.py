"""What a fit leaves behind: one row of numbers per epoch."""

from collections.abc import Iterator, Mapping

import numpy as np


class History(Mapping[str, np.ndarray]):
    """The monitors of a fit: a mapping from their names to one float64 number per epoch.

    ``pandas.DataFrame(dict(history))`` makes a table of it.

    Raises
    ------
    KeyError
        If there is no such monitor; the message names those that there are.

    Examples
    --------
    >>> history = History()
    >>> history.append(epoch=1, reconstruction_error=0.5)
    >>> history.append(epoch=2, reconstruction_error=0.25)
    >>> history["reconstruction_error"]
    array([0.5 , 0.25])
    """

    def __init__(self, columns: Mapping[str, list[float]] | None = None) -> None:
        self._columns = {name: list(values) for name, values in (columns or {}).items()}

    def append(self, **row: float) -> None:
        """Add one epoch; every epoch has the same monitors."""
        if self._columns and row.keys() != self._columns.keys():
            raise ValueError(f"row: expected the monitors {list(self._columns)}, got {list(row)}")
        for name, value in row.items():
            self._columns.setdefault(name, []).append(float(value))

    def extend(self, columns: Mapping[str, list[float]]) -> None:
        """Add the epochs of another history, given as columns."""
        for values in zip(*columns.values(), strict=True):
            self.append(**dict(zip(columns, values, strict=True)))

    @property
    def epochs(self) -> int:
        """Number of finished epochs."""
        return max((len(values) for values in self._columns.values()), default=0)

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._columns:
            there = ", ".join(self) or "none, since no epoch has ended"
            raise KeyError(f"no monitor {name!r} in this history; there are: {there}")
        return np.array(self._columns[name])

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        return f"History({self.epochs} epochs: {', '.join(self) or 'no monitors'})"
