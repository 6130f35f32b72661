"""Training in other coordinates: of a twin of the model, whose parameters are converted.

Converting there and back is not exact in floating point. So nothing is converted that has not
changed: a fit is the same whether or not somebody looks at the model in between.
"""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np


class Twin:
    """Parameters of a model, and those of its twin, which the optimizer moves.

    A subclass defines `outer` and `inner`, the two lists of live arrays, and the two conversions;
    it calls `remember` once the two agree.
    """

    def __init__(self) -> None:
        # digests of what the two had when they last agreed
        self._written, self._learned = np.zeros(16, np.uint8), np.zeros(16, np.uint8)

    @property
    def outer(self) -> Sequence[np.ndarray]:
        """The model's parameters."""
        raise NotImplementedError

    @property
    def inner(self) -> Sequence[np.ndarray]:
        """The twin's parameters."""
        raise NotImplementedError

    def convert_in(self) -> None:
        """Set the twin's parameters to the model's, in the twin's coordinates."""
        raise NotImplementedError

    def convert_out(self) -> None:
        """Set the model's parameters to the twin's, in the model's coordinates."""
        raise NotImplementedError

    def read(self) -> None:
        """Let the twin have the model's parameters."""
        self.convert_in()
        self.remember()

    def write(self) -> None:
        """Let the model have what the twin has learned since `read` or `write`."""
        if not np.array_equal(digest(self.inner), self._learned):
            self.convert_out()
            self.remember()

    def read_changes(self) -> None:
        """Let the twin have the model's parameters, if others have changed these."""
        if not np.array_equal(digest(self.outer), self._written):
            self.read()

    def remember(self) -> None:
        """Note that the parameters of the two, as they are now, agree."""
        self._written[:], self._learned[:] = digest(self.outer), digest(self.inner)

    def memory(self) -> dict[str, np.ndarray]:
        """What a checkpoint keeps beside the model itself, which no conversion gives back."""
        return {"written": self._written, "learned": self._learned}


def digest(arrays: Iterable[np.ndarray]) -> np.ndarray:
    """Sixteen bytes that tell arrays apart in which a bit differs."""
    found = hashlib.sha256()  # processors have instructions for it
    for array in arrays:
        found.update(np.ascontiguousarray(array).data)
    return np.frombuffer(found.digest()[:16], np.uint8)
