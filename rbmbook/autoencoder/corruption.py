"""Noise that an autoencoder has to undo: entries set to zero, or Gaussian noise added.

References
----------
Vincent, Larochelle, Bengio and Manzagol (2008), Extracting and composing robust features with
denoising autoencoders.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rbmbook import validation


@dataclass(frozen=True)
class Masking:
    """Each entry is set to zero with probability p; the others stay as they are.

    Parameters
    ----------
    p : float in [0, 1)

    Raises
    ------
    ValueError, TypeError
        If p is outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.Masking(0.5).corrupt(np.array([[1.0, 2.0, 3.0]]), rng=0)
    array([[1., 0., 0.]])
    """

    p: float

    def __post_init__(self) -> None:
        validation.real("p", self.p, 0.0, 1.0)

    def corrupt(self, x: Any, rng: int | np.random.Generator) -> np.ndarray:
        """A corrupted copy, in float32 if x is, otherwise in float64.

        `rng` draws one uniform number for each entry, in C order and in that dtype; an entry
        stays where its number is p or more.

        Parameters
        ----------
        x : array
        rng : int or Generator

        Returns
        -------
        array of the shape of x

        Raises
        ------
        ValueError, TypeError
            If x is not an array of numbers, or `rng` is neither.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> kept = rb.Masking(0.25).corrupt(np.ones(10_000), rng=0)
        >>> bool(0.73 < kept.mean() < 0.77)
        True
        """
        x = _floats(x)
        return x * (validation.generator(rng).random(x.shape, dtype=x.dtype) >= self.p)


@dataclass(frozen=True)
class GaussianNoise:
    """Independent noise from N(0, s²) is added to each entry.

    Parameters
    ----------
    s : float ≥ 0
        Standard deviation.

    Raises
    ------
    ValueError, TypeError
        If s is outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.GaussianNoise(0.1).corrupt(np.zeros((1, 3)), rng=0).round(3)
    array([[ 0.013, -0.013,  0.064]])
    """

    s: float

    def __post_init__(self) -> None:
        validation.real("s", self.s, 0.0)

    def corrupt(self, x: Any, rng: int | np.random.Generator) -> np.ndarray:
        """A corrupted copy, in float32 if x is, otherwise in float64.

        `rng` draws one standard normal number for each entry, in C order and in that dtype.

        Parameters
        ----------
        x : array
        rng : int or Generator

        Returns
        -------
        array of the shape of x

        Raises
        ------
        ValueError, TypeError
            If x is not an array of numbers, or `rng` is neither.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> noisy = rb.GaussianNoise(0.1).corrupt(np.zeros(10_000), rng=0)
        >>> bool(0.095 < noisy.std() < 0.105)
        True
        """
        x = _floats(x)
        noise = validation.generator(rng).standard_normal(x.shape, dtype=x.dtype)
        noise *= x.dtype.type(self.s)
        noise += x
        return noise


def _floats(x: Any) -> np.ndarray:
    x = validation.array("x", x)
    return x if x.dtype in (np.float32, np.float64) else x.astype(np.float64)
