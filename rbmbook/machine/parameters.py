"""The parameters of a machine, or as many numbers in the same places."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False, init=False)
class Parameters:
    """One array for each parameter: the parameters themselves, a gradient, or expectations.

    Iterating yields W (D, H), a (D,), b (H,), then what the units' own parameters are (such as the
    log-precisions of Gaussian units).

    Parameters
    ----------
    W : (D, H) array
    a : (D,) array
    b : (H,) array
    visible, hidden : tuples of arrays
        What the units of the two layers learn.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rbm = rb.RBM.random(3, 2, rng=0)
    >>> ascent = rb.exact.gradient(rbm, [[1, 1, 0], [0, 1, 1]])
    >>> [array.shape for array in ascent]
    [(3, 2), (3,), (2,)]
    >>> for parameter, part in zip(rbm.parameters, ascent):  # one step uphill
    ...     parameter += 0.1 * part
    """

    W: np.ndarray
    a: np.ndarray
    b: np.ndarray
    visible: tuple[np.ndarray, ...] = ()
    hidden: tuple[np.ndarray, ...] = ()

    def __init__(
        self,
        W: np.ndarray,
        a: np.ndarray,
        b: np.ndarray,
        visible: tuple[np.ndarray, ...] = (),
        hidden: tuple[np.ndarray, ...] = (),
    ) -> None:
        # What a frozen dataclass does by itself takes four times as long, in every update.
        self.__dict__.update(W=W, a=a, b=b, visible=visible, hidden=hidden)

    def __iter__(self) -> Iterator[np.ndarray]:
        yield from (self.W, self.a, self.b, *self.visible, *self.hidden)

    def like(self, arrays: Iterable[np.ndarray]) -> "Parameters":
        """Other arrays in the same places.

        Parameters
        ----------
        arrays : iterable of arrays
            In the order of iteration.

        Returns
        -------
        Parameters

        Examples
        --------
        >>> import rbmbook as rb
        >>> rbm = rb.RBM.random(3, 2, rng=0)
        >>> doubled = rbm.parameters.like(2 * array for array in rbm.parameters)
        >>> bool((doubled.W == 2 * rbm.W).all())
        True
        """
        W, a, b, *own = arrays
        n = len(self.visible)
        return Parameters(W, a, b, tuple(own[:n]), tuple(own[n:]))

    def __sub__(self, other: "Parameters") -> "Parameters":
        """The differences of arrays in the same places."""
        return self.like(mine - its for mine, its in zip(self, other, strict=True))

    def __eq__(self, other: object) -> bool:
        """Whether all arrays are equal; there is no hash, since they may change."""
        if not isinstance(other, Parameters):
            return NotImplemented
        places = [len(own) for own in (self.visible, self.hidden)]
        if places != [len(own) for own in (other.visible, other.hidden)]:
            return False
        return all(np.array_equal(mine, its) for mine, its in zip(self, other, strict=True))

    @classmethod
    def zeros_like(cls, rbm: Any) -> "Parameters":
        """Zeros with the shapes and the dtype of a machine's parameters.

        Parameters
        ----------
        rbm : RBM

        Returns
        -------
        Parameters

        Examples
        --------
        >>> import rbmbook as rb
        >>> total = rb.Parameters.zeros_like(rb.RBM.random(3, 2))
        >>> total.W.shape, total.W.dtype
        ((3, 2), dtype('float32'))
        """
        parameters: Parameters = rbm.parameters
        return parameters.like(np.zeros_like(p) for p in parameters)
