"""What a model is, said once: behind its files, its copies, equality and checkpoints."""

import os
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from rbmbook import storage, validation


class Model:
    """What can be described in a few words and some arrays, and made from them again.

    A subclass says which `arrays` it has, adds to `description` what else it was made with, and
    makes a model of both in `_from`. Models of one class are equal if these two are, and have no
    hash, since training changes them.

    Examples
    --------
    Every model of the package can be described, copied, compared and kept in a file:

    >>> import rbmbook as rb
    >>> rbm = rb.RBM.random(3, 2, rng=0)
    >>> isinstance(rbm, Model), rbm == rbm.copy()
    (True, True)
    """

    def description(self) -> dict[str, Any]:
        """What the model is, without what it has learned, as values that JSON can hold.

        The class, the dtype, the shapes of the arrays by name; then what else the class needs.

        Returns
        -------
        dict

        Examples
        --------
        >>> import rbmbook as rb
        >>> found = rb.RBM.random(3, 2, rng=0).description()
        >>> found["class"], found["dtype"], found["shapes"]["W"]
        ('RBM', 'float32', [3, 2])
        """
        arrays = self.arrays()
        return {
            "class": type(self).__name__,
            "dtype": str(self.dtype),
            "shapes": {name: list(array.shape) for name, array in arrays.items()},
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """What the model has learned, by name: the live arrays, all of one dtype.

        Returns
        -------
        dict of arrays

        Examples
        --------
        >>> import rbmbook as rb
        >>> rbm = rb.RBM.random(3, 2, rng=0)
        >>> {name: array.shape for name, array in rbm.arrays().items()}
        {'W': (3, 2), 'a': (3,), 'b': (2,)}
        >>> rbm.arrays()["W"] is rbm.W
        True
        """
        raise NotImplementedError

    @classmethod
    def _from(cls, description: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        """A model of that description; `restore` writes the arrays to it."""
        raise NotImplementedError

    @classmethod
    def restore(cls, description: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        """A model of that description, with copies of the arrays.

        Parameters
        ----------
        description : dict
            What `description` returned.
        arrays : mapping from names to arrays
            As `arrays` returns them.

        Returns
        -------
        model

        Raises
        ------
        ValueError, TypeError
            If there is no such model, or these are not its arrays.

        Examples
        --------
        >>> import rbmbook as rb
        >>> rbm = rb.RBM.random(3, 2, rng=0)
        >>> rb.RBM.restore(rbm.description(), rbm.arrays()) == rbm
        True
        """
        model = cls._from(description, arrays)
        own = model.arrays()
        storage.require(arrays, {name: (array.shape, array.dtype) for name, array in own.items()})
        for name, array in own.items():
            np.copyto(array, arrays[name])
        return model

    @property
    def dtype(self) -> np.dtype:
        """The dtype of all parameters, float32 or float64."""
        raise NotImplementedError

    def copy(self) -> Self:
        """A model with copies of the parameters.

        Returns
        -------
        model

        Examples
        --------
        >>> import rbmbook as rb
        >>> rbm = rb.RBM.random(3, 2, rng=0)
        >>> before = rbm.copy()
        >>> rbm.b += 1.0
        >>> before == rbm
        False
        """
        return self.astype(self.dtype)

    def astype(self, dtype: np.dtype | type) -> Self:
        """A copy whose parameters are float32 or float64.

        Parameters
        ----------
        dtype : float32 or float64

        Returns
        -------
        model

        Raises
        ------
        TypeError
            If the dtype is another one.
        ValueError
            If a parameter is too large for float32.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.RBM.random(3, 2, rng=0).astype(np.float64)
        RBM(3 visible Bernoulli, 2 hidden Bernoulli, float64)
        """
        dtype = validation.floating("dtype", dtype)
        with np.errstate(over="ignore"):  # infinities are refused where the model is made
            arrays = {name: x.astype(dtype, copy=False) for name, x in self.arrays().items()}
        return self.restore(self.description() | {"dtype": str(dtype)}, arrays)

    def save(self, path: str | os.PathLike) -> None:
        """Write the model to `path`, in NumPy's npz format, whole or not at all.

        Parameters
        ----------
        path : str or path

        Raises
        ------
        OSError
            If the file cannot be written; an older one is then untouched.
        ValueError
            If a parameter is not finite; an older file is then untouched, too.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> import rbmbook as rb
        >>> rbm = rb.RBM.random(3, 2, rng=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "machine.npz"
        ...     rbm.save(file)
        ...     rb.RBM.load(file) == rbm
        True
        """
        arrays = self.arrays()
        for name, array in arrays.items():
            if not np.isfinite(array).all():
                raise ValueError(f"{name}: expected finite numbers, got NaN or infinity ({self})")
        storage.write(path, type(self).__name__, arrays, description=self.description())

    @classmethod
    def load(cls, path: str | os.PathLike) -> Self:
        """The model that `save` wrote to `path`.

        Parameters
        ----------
        path : str or path

        Returns
        -------
        model

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is not a saved model of this class, or damaged.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> import rbmbook as rb
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "machine.npz"
        ...     rb.RBM.random(3, 2, rng=0).save(file)
        ...     rb.RBM.load(file)
        RBM(3 visible Bernoulli, 2 hidden Bernoulli, float32)
        """
        arrays, meta = storage.read(path, cls.__name__)
        with storage.reading(path):
            description = meta["description"]
            dtype = validation.floating("dtype", description["dtype"])
            shapes = description["shapes"].items()
            storage.require(arrays, {name: (tuple(shape), dtype) for name, shape in shapes})
            model = cls.restore(description, arrays)
            own = model.description()
            for key in sorted(own.keys() | description.keys()):
                said, found = description.get(key), own.get(key)
                if said != found:  # units of your own may have changed since
                    raise ValueError(f"it says {said!r} of {key!r}, which would now be {found!r}")
            return model

    def __eq__(self, other: object) -> bool:
        """Whether class, description and all numbers are the same."""
        if type(other) is not type(self):
            return NotImplemented
        if self.description() != other.description():
            return False
        pairs = zip(self.arrays().values(), other.arrays().values(), strict=True)
        return all(np.array_equal(one, another) for one, another in pairs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._words()}, {self.dtype})"

    def _words(self) -> str:
        """Sizes and kinds of the parts, for `repr`."""
        raise NotImplementedError


def joined(**parts: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of all parts of a model: "part.name" for each."""
    return {f"{part}.{name}": x for part, arrays in parts.items() for name, x in arrays.items()}


def part(name: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of the part of that name, as they are called in it."""
    start = f"{name}."
    return {key.removeprefix(start): x for key, x in arrays.items() if key.startswith(start)}
