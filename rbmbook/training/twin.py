"""A model that is trained in other coordinates: by way of a twin, whose parameters are converted.

To convert there and back is not exact in floating point. So nothing is converted that has not
changed: a fit is the same whether or not somebody looks at the model in between.
"""

from collections.abc import Iterable, Sequence

import numpy as np


class Twin:
    """Parameters of a model, and those of its twin, which the optimizer moves.

    A subclass defines `outer` and `inner`, the two lists of live arrays, and the two conversions.
    """

    _written: list[np.ndarray]
    _learned: list[np.ndarray]

    @property
    def outer(self) -> Sequence[np.ndarray]:
        """The model's parameters."""
        raise NotImplementedError

    @property
    def inner(self) -> Sequence[np.ndarray]:
        """The twin's parameters."""
        raise NotImplementedError

    def convert_in(self) -> None:
        """Let the twin be the model, in its own coordinates."""
        raise NotImplementedError

    def convert_out(self) -> None:
        """Let the model be the twin."""
        raise NotImplementedError

    def read(self) -> None:
        """Let the twin have the model's parameters."""
        self.convert_in()
        self.remember()

    def write(self) -> None:
        """Let the model have what the twin has learned since `read` or `write`."""
        if not _equal(self.inner, self._learned):
            self.convert_out()
            self.remember()

    def read_changes(self) -> None:
        """Let the twin have the model's parameters, if others have changed these."""
        if not _equal(self.outer, self._written):
            self.read()

    def remember(self) -> None:
        """Take what the two have now as each other's."""
        self._written = [p.copy() for p in self.outer]
        self._learned = [p.copy() for p in self.inner]


def _equal(some: Iterable[np.ndarray], others: Iterable[np.ndarray]) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(some, others, strict=True))
