"""What every type of unit has in common."""

from collections.abc import Callable
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.machine.noise import uniform


class Unit:
    """A domain, an energy U(x) of its own, and what follows from an input.

    A subclass is a frozen dataclass. It defines `domain` and `mean_domain`, in words, `outside`,
    `cgf`, `mean` and `sample`; `energy`, unless U = 0; `levels`, if its states can be listed, which
    enumeration needs; `noise`, unless one uniform number a column will do. `bias_for_mean` is for
    machines that start at data, `variance` for score matching. A type overrides the other methods
    where what they say here is not true of it.

    Inputs, means and samples are (n, columns) arrays of float32 or float64, which is kept. With
    `out`, the answer is written into that array and returned.

    Examples
    --------
    A unit that is either 0 or 2 needs a domain, its states and three functions of the input:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> @dataclass(frozen=True)
    ... class Twice(rb.units.Unit):
    ...     domain = mean_domain = "every value to be 0 or 2"
    ...     levels = np.array([[0.0], [2.0]])
    ...
    ...     def outside(self, x, relaxed=False):
    ...         return ~((x >= 0) & (x <= 2)) if relaxed else (x != 0) & (x != 2)
    ...
    ...     def cgf(self, inputs, out=None):
    ...         return np.logaddexp(0, 2 * inputs)
    ...
    ...     def mean(self, inputs, out=None):
    ...         return 2 / (1 + np.exp(-2 * inputs))
    ...
    ...     def sample(self, inputs, noise, out=None):
    ...         return np.where(2 * noise < self.mean(inputs), 2.0, 0.0)
    >>> rbm = rb.RBM(np.zeros((1, 1)), [np.log(3) / 2], [0.0], visible=Twice())
    >>> rb.exact.probabilities(rbm).round(4)
    array([0.25, 0.75])
    """

    def _missing(self, name: str) -> NotImplementedError:
        return NotImplementedError(f"{type(self).__name__} does not define {name}, needed here")

    @property
    def domain(self) -> str:
        """The states in words, for error messages."""
        raise self._missing("domain")

    @property
    def mean_domain(self) -> str:
        """The means in words, for error messages."""
        raise self._missing("mean_domain")

    @property
    def has_energy(self) -> bool:
        """False where the conditionals belong to no U(x)."""
        return True

    @property
    def levels(self) -> np.ndarray | None:
        """All states of one site, (states, columns of a site); None if they cannot be listed."""
        return None

    @property
    def column_values(self) -> tuple[float, ...] | None:
        """All values that a column's states may have, rising; None if they cannot be listed."""
        return None if self.levels is None else tuple(np.unique(self.levels).tolist())

    @property
    def columns(self) -> int:
        """How many columns one site takes."""
        return 1 if self.levels is None else self.levels.shape[1]

    @property
    def ends(self) -> tuple[Any, Any]:
        """The least and the greatest mean of a column, −∞ and ∞ where there is no such range."""
        return (-np.inf, np.inf) if self.levels is None else (self.levels.min(), self.levels.max())

    def scale(self, means: np.ndarray) -> Any:
        """What a change of a column's mean is compared with, to say whether it is a slight one.

        The range of the mean where it has one. For other types the mean itself, averaged over the
        (rows, columns) `means`, unless they say otherwise.

        Parameters
        ----------
        means : (rows, columns) array

        Returns
        -------
        float or (columns,) array

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> means = np.array([[0.2, 0.5], [0.4, 0.7]])
        >>> rb.Bernoulli().scale(means)  # probabilities range from 0 to 1
        1.0
        >>> float(rb.Gaussian(np.log(4.0)).scale(means).round(4))  # its own noise, 1/√γ
        0.5
        """
        low, high = self.ends
        return np.abs(means.mean(axis=0)) if np.isinf(high - low) else high - low

    def bind(self, name: str, columns: int, dtype: np.dtype) -> "Unit":
        """The unit as it serves in a layer of this width and dtype, with its own parameters.

        Parameters
        ----------
        name : str
            What errors call the layer.
        columns : int ≥ 1
        dtype : float32 or float64

        Returns
        -------
        unit
            Itself, if it has no parameters of its own.

        Raises
        ------
        ValueError
            If the columns are not a whole number of sites, or another number than the parameters.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Gaussian().bind("visible", 3, np.dtype(np.float32)).log_precision
        array([0., 0., 0.], dtype=float32)
        """
        if columns % self.columns:
            raise ValueError(
                f"{name}: expected a multiple of {self.columns} columns for {self}, got {columns}"
            )
        return self

    def outside(self, x: np.ndarray, relaxed: bool = False) -> np.ndarray:
        """Mask of the entries of x that are not states (relaxed: not means) of this unit.

        Parameters
        ----------
        x : (n, columns) array
        relaxed : bool
            Look for what cannot be a mean.

        Returns
        -------
        (n, columns) array of bool

        Raises
        ------
        NotImplementedError
            If the type does not define it.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Bernoulli().outside(np.array([[0.0, 0.5, 2.0]]))
        array([[False,  True,  True]])
        >>> rb.Bernoulli().outside(np.array([[0.0, 0.5, 2.0]]), relaxed=True)
        array([[False, False,  True]])
        """
        raise self._missing("outside")

    def within(self, x: np.ndarray, relaxed: bool = False) -> bool:
        """Whether all entries of x are states (relaxed: means) of this unit.

        Parameters
        ----------
        x : (n, columns) array
        relaxed : bool

        Returns
        -------
        bool

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Spin().within(np.array([[-1.0, 1.0]])), rb.Spin().within(np.array([[0.0, 1.0]]))
        (True, False)
        """
        return not self.outside(x, relaxed).any()

    def growth(self, columns: int) -> tuple[np.ndarray, np.ndarray]:
        """How U grows in each of this many columns: γ of U = γ x² / 2 + …, and whether x ≥ 0.

        An infinite γ stands for a column whose states are bounded.

        Parameters
        ----------
        columns : int ≥ 1

        Returns
        -------
        precision : (columns,) array
        floor : (columns,) array of bool

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.Bernoulli().growth(2)
        (array([inf, inf]), array([False, False]))
        >>> rb.ReLU().growth(2)
        (array([1., 1.]), array([ True,  True]))
        """
        return np.full(columns, np.inf), np.zeros(columns, bool)

    def cut_sites(self, mask: np.ndarray) -> np.ndarray:
        """Which rows of a mask, (n, columns), take some columns of a site and leave others.

        Parameters
        ----------
        mask : (n, columns) array of bool

        Returns
        -------
        (n,) array of bool

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Softmax(2).cut_sites(np.array([[1, 1, 0, 0], [1, 0, 0, 0]], bool))
        array([False,  True])
        """
        sites = mask.reshape(len(mask), -1, self.columns)
        return (sites != sites[:, :, :1]).any(axis=(1, 2))

    def energy(self, x: np.ndarray) -> np.ndarray:
        """U(x) summed over each row, shape (n,); zero unless a type says otherwise.

        Parameters
        ----------
        x : (n, columns) array

        Returns
        -------
        (n,) array

        Raises
        ------
        TypeError
            If the type has no energy, see `has_energy`.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Gaussian().energy(np.array([[1.0, 2.0]])), rb.Spin().energy(np.array([[1.0, -1.0]]))
        (array([2.5]), array([0.]))
        """
        return np.zeros(len(x), x.dtype)

    def cgf(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """log Σ_x exp(x·input − U(x)) of each site. Book: (11.3).

        Parameters
        ----------
        inputs : (n, columns) array
        out : array, optional
            Where to write the result.

        Returns
        -------
        (n, sites) array

        Raises
        ------
        NotImplementedError
            If the type does not define it.
        ValueError
            If a shape does not fit.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> np.exp(rb.Bernoulli().cgf(np.array([[0.0, np.log(3.0)]]))).round(4)  # 1 + exp(input)
        array([[2., 4.]])
        """
        raise self._missing("cgf")

    def cgf_sum(self, inputs: np.ndarray) -> np.ndarray:
        """The cgf summed over each row, shape (n,).

        Parameters
        ----------
        inputs : (n, columns) array

        Returns
        -------
        (n,) array

        Raises
        ------
        ValueError
            If the shape does not fit.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> np.exp(rb.Bernoulli().cgf_sum(np.zeros((1, 10)))).round(4)  # ten units have 2¹⁰ states
        array([1024.])
        """
        return self.cgf(inputs).sum(axis=1)

    def mean(self, inputs: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """E[x | input]. Book: (11.4).

        Parameters
        ----------
        inputs : (n, columns) array
        out : array, optional
            Where to write the result.

        Returns
        -------
        (n, columns) array

        Raises
        ------
        NotImplementedError
            If the type does not define it.
        ValueError
            If a shape does not fit.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> inputs = np.array([[-1.0, 0.0, 1.0]])
        >>> for unit in (rb.Bernoulli(), rb.Spin(), rb.Gaussian(), rb.ReLU()):
        ...     print(unit.mean(inputs).round(3))
        [[0.269 0.5   0.731]]
        [[-0.762  0.     0.762]]
        [[-1.  0.  1.]]
        [[0.525 0.798 1.288]]
        """
        raise self._missing("mean")

    def variance(self, inputs: np.ndarray) -> np.ndarray:
        """The variance of each column of x given the input. Book: (11.5).

        Parameters
        ----------
        inputs : (n, columns) array

        Returns
        -------
        (n, columns) array

        Raises
        ------
        NotImplementedError
            If the type does not define it.
        ValueError
            If the shape does not fit.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Bernoulli().variance(np.zeros((1, 1))), rb.Spin().variance(np.zeros((1, 1)))
        (array([[0.25]]), array([[1.]]))
        """
        raise self._missing("variance")

    def noise_shape(self, shape: tuple[int, int]) -> tuple[int, int]:
        """The shape of the noise for (n, columns) samples.

        Parameters
        ----------
        shape : (int, int)

        Returns
        -------
        (int, int)

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.Bernoulli().noise_shape((5, 6)), rb.Softmax(3).noise_shape((5, 6))
        ((5, 6), (5, 2))
        """
        return shape

    def noise(
        self,
        shape: tuple[int, int],
        rng: np.random.Generator,
        dtype: Any = np.float64,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """The random numbers that `sample` needs for (n, columns) states, in C order.

        Uniform in [0, 1) unless a type says otherwise.

        Parameters
        ----------
        shape : (int, int)
            Of the samples.
        rng : Generator
        dtype : float32 or float64
        out : array, optional
            Where to write the numbers.

        Returns
        -------
        array of the shape that `noise_shape` says

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> noise = rb.Bernoulli().noise((2, 3), np.random.default_rng(0))
        >>> bool((noise == np.random.default_rng(0).random((2, 3))).all())
        True
        """
        shape = self.noise_shape(shape)
        return uniform(rng, shape, dtype) if out is None else rng.random(shape, dtype, out)

    def sample(
        self, inputs: np.ndarray, noise: np.ndarray, out: np.ndarray | None = None
    ) -> np.ndarray:
        """A draw from p(x | input), a deterministic function of the noise. Book: (11.2).

        Parameters
        ----------
        inputs : (n, columns) array
        noise : array
            From `noise`.
        out : array, optional
            Where to write the states.

        Returns
        -------
        (n, columns) array

        Raises
        ------
        NotImplementedError
            If the type does not define it.
        ValueError
            If a shape does not fit.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Bernoulli().sample(np.array([[0.0, 0.0]]), noise=np.array([[0.4, 0.6]]))
        array([[1., 0.]])
        """
        raise self._missing("sample")

    def match_variance(self, variance: np.ndarray) -> None:
        """Set a learned scale, if the type has one, so that a unit without weights has it.

        Parameters
        ----------
        variance : (columns,) array

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> unit = rb.Gaussian().bind("visible", 2, np.dtype(float))
        >>> unit.match_variance(np.array([4.0, 0.25]))
        >>> np.exp(unit.log_precision).round(4)
        array([0.25, 4.  ])
        """

    def between(self, base: Any, beta: float) -> "Unit":
        """The unit with (1 − β) U_base + β U, of this type; `base` differs in parameters only.

        Parameters
        ----------
        base : unit of the same type
        beta : float in [0, 1]

        Returns
        -------
        unit

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> wide, narrow = rb.Gaussian(0.0), rb.Gaussian(np.log(3.0))
        >>> float(round(narrow.between(wide, 0.5).precision(), 4))  # halfway from 1 to 3
        2.0
        """
        return self

    def bias_for_mean(self, total: np.ndarray, n: float) -> np.ndarray:
        """The input at which the (smoothed) mean is total / n.

        Parameters
        ----------
        total : (columns,) array
            The sum of each column's states.
        n : float
            Of how many rows.

        Returns
        -------
        (columns,) array

        Raises
        ------
        NotImplementedError
            If the type does not define it.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Bernoulli().bias_for_mean(np.array([0.0, 5.0]), n=10).round(4)
        array([-2.3979,  0.    ])
        """
        raise self._missing("bias_for_mean")

    def parameters(self) -> tuple[np.ndarray, ...]:
        """The unit's own learned parameters, the live arrays.

        Returns
        -------
        tuple of (columns,) arrays

        Examples
        --------
        >>> import rbmbook as rb
        >>> rbm = rb.RBM.random(3, 2, visible=rb.Gaussian())
        >>> [array.shape for array in rbm.visible.parameters()], rbm.hidden.parameters()
        ([(3,)], ())
        """
        return ()

    def sites(self, columns: int) -> np.ndarray:
        """A number for each column: columns of one site have the same.

        Parameters
        ----------
        columns : int ≥ 1

        Returns
        -------
        (columns,) int array

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.Bernoulli().sites(4), rb.Softmax(2).sites(4)
        (array([0, 1, 2, 3]), array([0, 0, 1, 1]))
        """
        return np.arange(columns) // self.columns

    def real(self, columns: int) -> np.ndarray:
        """Which columns can be standardised: with x, (x − μ) / σ is of this type too.

        Parameters
        ----------
        columns : int ≥ 1

        Returns
        -------
        (columns,) array of bool

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.Mixed([(rb.Bernoulli(), 1), (rb.Gaussian(), 2)]).real(3)
        array([False,  True,  True])
        """
        return np.zeros(columns, bool)

    def divisor(self, sd: np.ndarray) -> np.ndarray:
        """By what columns with these standard deviations are divided to be standardised.

        Parameters
        ----------
        sd : (columns,) array

        Returns
        -------
        (columns,) array

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Gaussian().divisor(np.array([10.0])), rb.Bernoulli().divisor(np.array([10.0]))
        (array([10.]), array([1.]))
        """
        return np.ones_like(sd)

    def take(
        self, other: Any, scale: Any = 1.0, where: Any = True, learned_only: bool = False
    ) -> None:
        """Copy the parameters of `other`, a unit of the same type, to this unit's own.

        The other's x is this unit's x divided by `scale`, which is 1 except in columns that are
        `real`. Only the columns `where` are copied. With `learned_only`, what training does not
        move stays as it is, to the bit.

        Parameters
        ----------
        other : unit of the same type
        scale : float or (columns,) array
        where : bool or (columns,) array of bool
        learned_only : bool

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> mine, other = (rb.Gaussian(x).bind("visible", 2, np.dtype(float)) for x in (0.0, 1.0))
        >>> mine.take(other, where=np.array([True, False]))
        >>> mine.log_precision
        array([1., 0.])
        """
        for mine, value in zip(self.parameters(), other.parameters(), strict=True):
            np.copyto(mine, value, where=where)

    def statistics(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """−∂U(x)/∂parameter for each of `parameters`, (n, columns) each.

        Parameters
        ----------
        x : (n, columns) array

        Returns
        -------
        tuple of (n, columns) arrays

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Gaussian(learn=True).statistics(np.array([[2.0]]))  # −x²/2 for log γ
        (array([[-2.]]),)
        """
        return ()

    def expected_statistics(self, inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """E[−∂U(x)/∂parameter | input] for each of `parameters`, (n, columns) each.

        Parameters
        ----------
        inputs : (n, columns) array

        Returns
        -------
        tuple of (n, columns) arrays

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Gaussian().expected_statistics(np.array([[2.0]]))  # −½ (2² + 1)
        (array([[-2.5]]),)
        """
        return ()


def prepare(inputs: Any, out: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Inputs as a C-contiguous 2-D array of float32 or float64, and an array to write to."""
    if not (type(inputs) is np.ndarray and inputs.dtype.char in "fd" and inputs.dtype.isnative):
        inputs = validation.array("inputs", inputs)
        inputs = inputs if inputs.dtype.char in "fd" else inputs.astype(np.float64)
    if inputs.ndim != 2:
        raise ValueError(f"inputs: expected shape (n, m), got {inputs.shape}")
    inputs = np.ascontiguousarray(inputs)
    if out is None:
        out = np.empty_like(inputs)
    elif out.shape != inputs.shape or out.dtype != inputs.dtype or not out.flags.c_contiguous:
        raise ValueError(
            f"out: expected a C-contiguous array of shape {inputs.shape} and dtype {inputs.dtype}, "
            f"got shape {out.shape} and dtype {out.dtype}"
        )
    return inputs, out


def prepare_noise(noise: Any, shape: tuple[int, int], dtype: np.dtype) -> np.ndarray:
    """Noise as a C-contiguous array of the inputs' dtype and of the shape the unit asks for."""
    if not (type(noise) is np.ndarray and noise.dtype == dtype and noise.flags.c_contiguous):
        noise = np.ascontiguousarray(validation.array("noise", noise), dtype)
    if noise.shape != shape:
        raise ValueError(f"noise: expected shape {shape}, got {noise.shape}")
    return noise


def invert(mean: Callable[[np.ndarray], np.ndarray], target: np.ndarray) -> np.ndarray:
    """The inputs at which an increasing mean function takes the target values, by bisection."""
    low, high = np.full(target.shape, -1e6), np.full(target.shape, 1e6)
    for _ in range(100):
        middle = (low + high) / 2
        below = mean(middle[None])[0] < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2
