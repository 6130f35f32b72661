"""The checks that many functions share: numbers, arrays, data, random generators.

What only one function can know, whether its arguments fit together, it checks itself. Here each
function takes the argument's name first and raises an error that says the name, what was
expected and what came. Data is looked at in blocks of rows, so that a large array of bytes or a
sparse matrix is never turned into floating point as a whole.
"""

import operator
from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any, Protocol

import numpy as np
from scipy import sparse

BLOCK_ROWS = 1024
REAL_KINDS = "biuf"  # bool, signed, unsigned, floating


class _Domain(Protocol):
    """What is asked of a unit: its domain in words, its states if they can be listed, a test."""

    @property
    def domain(self) -> str: ...
    @property
    def mean_domain(self) -> str: ...
    @property
    def levels(self) -> np.ndarray | None: ...
    def outside(self, x: np.ndarray, relaxed: bool = False) -> np.ndarray: ...
    def within(self, x: np.ndarray, relaxed: bool = False) -> bool: ...


def generator(rng: Any, name: str = "rng") -> np.random.Generator:
    """`rng` as a Generator: an int ≥ 0 seeds a new one, a Generator is used as it is.

    Parameters
    ----------
    rng : int ≥ 0 or Generator
    name : str
        The argument's, for the error.

    Returns
    -------
    Generator

    Raises
    ------
    ValueError, TypeError
        If it is neither.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.validation.generator(7).integers(100) == np.random.default_rng(7).integers(100)
    np.True_
    >>> rb.validation.generator(None)
    Traceback (most recent call last):
        ...
    TypeError: rng: expected an int or a numpy.random.Generator, got NoneType None
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, bool | np.bool_) or not isinstance(rng, int | np.integer):
        raise TypeError(
            f"{name}: expected an int or a numpy.random.Generator, got {_describe(rng)}"
        )
    if rng < 0:
        raise ValueError(f"{name}: expected a seed ≥ 0, got {rng}")
    return np.random.default_rng(int(rng))


def integer(name: str, value: Any, minimum: int = 1, maximum: int | None = None) -> int:
    """`value` as an int between two others, both included; booleans and floats are refused.

    Parameters
    ----------
    name : str
    value : object
    minimum, maximum : int
        No maximum if None.

    Returns
    -------
    int

    Raises
    ------
    ValueError, TypeError
        If it is none, or too small or too large.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.validation.integer("epochs", np.int64(5))
    5
    >>> rb.validation.integer("epochs", 0)
    Traceback (most recent call last):
        ...
    ValueError: epochs: expected an integer ≥ 1, got 0
    """
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: expected an integer, got {_describe(value)}") from None
    if number < minimum:
        raise ValueError(f"{name}: expected an integer ≥ {minimum}, got {number}")
    if maximum is not None and number > maximum:
        raise ValueError(f"{name}: expected an integer ≤ {maximum}, got {number}")
    return number


def real(name: str, value: Any, low: float, high: float = np.inf, closed: str = "left") -> float:
    """`value` as a finite float in the interval from `low` to `high`.

    Parameters
    ----------
    name : str
    value : object
    low, high : float
    closed : str
        "left" for [low, high), "right" for (low, high], "both" or "neither".

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If it is no number, or none in the interval.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.validation.real("rate", 1, low=0.0)
    1.0
    >>> rb.validation.real("rate", 0, low=0.0, closed="neither")
    Traceback (most recent call last):
        ...
    ValueError: rate: expected a number in (0.0, inf), got 0.0
    """
    if isinstance(value, bool | np.bool_ | str) or not isinstance(value, Real):
        raise TypeError(f"{name}: expected a real number, got {_describe(value)}")
    number = float(value)
    above = number >= low if closed in ("left", "both") else number > low
    below = number <= high if closed in ("right", "both") else number < high
    if not (above and below and np.isfinite(number)):
        left = "[" if closed in ("left", "both") else "("
        right = "]" if closed in ("right", "both") else ")"
        raise ValueError(f"{name}: expected a number in {left}{low}, {high}{right}, got {number}")
    return number


def scale(name: str, value: Any, dtype: Any = np.float64) -> float:
    """`value` as a positive number whose square, and one over it, `dtype` holds.

    Parameters
    ----------
    name : str
    value : object
    dtype : float32 or float64

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If it is no such number.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.validation.scale("sigma", 0.5)
    0.5
    """
    low = float(np.sqrt(np.finfo(dtype).tiny))
    return real(name, real(name, value, 0.0, closed="neither"), low, 1 / low, closed="both")


def floating(name: str, dtype: Any) -> np.dtype:
    """`dtype` as float32 or float64, the two types the kernels are compiled for.

    Parameters
    ----------
    name : str
    dtype : object

    Returns
    -------
    dtype

    Raises
    ------
    TypeError
        If it is another one.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.validation.floating("dtype", "float32")
    dtype('float32')
    """
    try:
        found = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"{name}: expected float32 or float64, got {dtype!r}") from None
    if found.type not in (np.float32, np.float64):
        raise TypeError(f"{name}: expected float32 or float64, got {found}")
    return found.newbyteorder("=")


def unmasked(name: str, value: Any) -> None:
    """Raise if entries of `value`, an array or a list of arrays, are masked.

    Parameters
    ----------
    name : str
    value : object

    Raises
    ------
    ValueError
        If an entry is masked.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.validation.unmasked("X", np.ma.masked_less([1.0, -1.0], 0))
    Traceback (most recent call last):
        ...
    ValueError: X: expected numbers everywhere, got 1 masked entries
    """
    parts = value if isinstance(value, list | tuple) else [value]
    count = sum(np.ma.count_masked(part) for part in parts if np.ma.is_masked(part))
    if count:
        raise ValueError(f"{name}: expected numbers everywhere, got {count} masked entries")


def array(name: str, value: Any) -> np.ndarray:
    """`value` as an array of real numbers of any shape; its dtype is left as it is.

    Only the byte order becomes the machine's, and what is missing in a data frame NaN. Masked
    entries are refused: the numbers that stand under a mask would be taken for data.

    Parameters
    ----------
    name : str
    value : object

    Returns
    -------
    array

    Raises
    ------
    ValueError, TypeError
        If it is ragged, masked, or not of real numbers.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.validation.array("X", [[1, 2], [3, 4]]).shape
    (2, 2)
    >>> rb.validation.array("X", ["one", "two"])
    Traceback (most recent call last):
        ...
    TypeError: X: expected real numbers, got an array of dtype <U3
    """
    unmasked(name, value)
    try:
        found = unboxed(value)
    except ValueError:  # a ragged list
        raise ValueError(
            f"{name}: expected a rectangular array, got rows of unequal length"
        ) from None
    if found.dtype.kind not in REAL_KINDS:
        raise TypeError(f"{name}: expected real numbers, got an array of dtype {found.dtype}")
    return found if found.dtype.isnative else found.astype(found.dtype.newbyteorder("="))


def unboxed(value: Any) -> np.ndarray:
    """`value` as an array, also of data frames and columns that NumPy would take for objects.

    Those are pandas' whose dtypes know missing values, or differ. Nothing of pandas is imported:
    its dtypes have a `kind`, as NumPy's do, and its arrays a method `to_numpy`.

    Parameters
    ----------
    value : object

    Returns
    -------
    array

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.validation.unboxed([1.5, 2.5])
    array([1.5, 2.5])
    """
    dtypes = getattr(value, "dtypes", getattr(value, "dtype", None))
    if not hasattr(value, "to_numpy") or dtypes is None:
        return np.asarray(value)
    columns = np.atleast_1d(np.asarray(dtypes, dtype=object))
    kinds = {getattr(dtype, "kind", "O") for dtype in columns}
    if not kinds or not kinds <= set(REAL_KINDS):
        return np.asarray(value)
    found = value.to_numpy(dtype=np.float64, na_value=np.nan)
    if "f" in kinds or np.isnan(found).any():
        narrow = all(str(dtype).lower() == "float32" for dtype in columns)
        return found.astype(np.float32) if narrow else found
    return value.to_numpy(dtype=np.bool_ if kinds == {"b"} else np.int64)


def parameter(name: str, value: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """A finite parameter array of the given shape, as a C-contiguous copy of the given dtype.

    Parameters
    ----------
    name : str
    value : object
    shape : tuple of ints
    dtype : float32 or float64

    Returns
    -------
    array

    Raises
    ------
    ValueError, TypeError
        If the shape is another one, or a number is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.validation.parameter("b", [0, 1], (2,), np.dtype(np.float32))
    array([0., 1.], dtype=float32)
    """
    found = array(name, value)
    if found.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {found.shape}")
    with np.errstate(over="ignore"):
        copy = np.array(found, dtype=dtype, order="C")
    if not np.isfinite(copy).all():
        raise ValueError(f"{name}: expected finite numbers, got NaN or infinity (as {dtype})")
    return copy


class Rows:
    """A matrix whose rows are made when they are asked for: what `matrix` takes besides arrays.

    Attributes
    ----------
    shape : (int, int)
    dtype : NumPy dtype

    Examples
    --------
    Grey levels as numbers from 0 to 1, of an array of bytes that stays as it is:

    >>> import numpy as np
    >>> import rbmbook as rb
    >>> class Grey(rb.validation.Rows):
    ...     def __init__(self, raw):
    ...         self.raw, self.shape, self.dtype = raw, raw.shape, np.dtype(np.float32)
    ...
    ...     def __getitem__(self, rows):
    ...         return self.raw[rows] / np.float32(255)
    >>> X = Grey(np.zeros((60_000, 784), np.uint8))
    >>> X[:100].dtype, rb.validation.matrix("X", X).shape
    (dtype('float32'), (60000, 784))
    """

    shape: tuple[int, int]
    dtype: np.dtype

    @property
    def ndim(self) -> int:
        """2, as an array of rows and columns has it."""
        return 2

    def __getitem__(self, rows: Any) -> np.ndarray:
        """The rows of a slice or of an array of indices, dense, in memory of their own."""
        raise NotImplementedError


def matrix(name: str, value: Any, width: int | None = None) -> Any:
    """`value` as a 2-D dense array, CSR matrix or `Rows` of real numbers, with at least one row.

    Nothing is cast: the values are checked where they are used, in `blocks`.

    Parameters
    ----------
    name : str
    value : object
    width : int, optional
        The number of columns that there have to be.

    Returns
    -------
    array, CSR matrix or Rows

    Raises
    ------
    ValueError, TypeError
        If it is none of these, or of another shape.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.validation.matrix("v", [[0, 1], [1, 1]]).shape
    (2, 2)
    >>> rb.validation.matrix("v", [0, 1], width=2)
    Traceback (most recent call last):
        ...
    ValueError: v: expected shape (n, 2), one row per example, got (2,)
    """
    if sparse.issparse(value):
        if value.dtype.kind not in REAL_KINDS:
            raise TypeError(f"{name}: expected real numbers, got a sparse matrix of {value.dtype}")
        found = value
    elif isinstance(value, Rows):
        found = value
    else:
        found = array(name, value)
    columns = "D" if width is None else width
    if found.ndim != 2:
        raise ValueError(
            f"{name}: expected shape (n, {columns}), one row per example, got {found.shape}"
        )
    if found.shape[0] == 0 or found.shape[1] == 0:
        raise ValueError(f"{name}: expected at least one row and one column, got {found.shape}")
    if width is not None and found.shape[1] != width:
        raise ValueError(f"{name}: expected shape (n, {width}), got {found.shape}")
    return found.tocsr() if sparse.issparse(found) else found


def dense(rows: Any, dtype: np.dtype | type) -> np.ndarray:
    """A block of rows as a C-contiguous array of `dtype`; itself where it is one already.

    Parameters
    ----------
    rows : (n, D) array or sparse matrix
    dtype : float32 or float64

    Returns
    -------
    (n, D) array

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import sparse
    >>> import rbmbook as rb
    >>> rb.validation.dense(sparse.eye(2), np.float32)
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    if sparse.issparse(rows):
        rows = rows.toarray()
    return np.ascontiguousarray(rows, dtype=dtype)


def blocks(
    name: str,
    x: Any,
    unit: _Domain,
    dtype: np.dtype | type,
    relaxed: bool = False,
    machine: np.dtype | None = None,
) -> Iterator[tuple[slice, np.ndarray]]:
    """Row blocks of a `matrix`, each dense, of `dtype`, and inside the domain of `unit`.

    Parameters
    ----------
    name : str
    x : (n, D) array, CSR matrix or Rows
    unit : unit
    dtype : float32 or float64
    relaxed : bool
        Whether means will do in place of states.
    machine : dtype, optional
        The one that has to hold the values' squares; `dtype` itself if None.

    Yields
    ------
    rows : slice
    block : (at most 1,024 rows, D) array

    Raises
    ------
    ValueError
        If a value is outside the domain, or too large.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> found = rb.validation.blocks("v", np.ones((1500, 2), np.uint8), rb.Bernoulli(), np.float32)
    >>> [(rows.start, block.shape, str(block.dtype)) for rows, block in found]
    [(0, (1024, 2), 'float32'), (1024, (476, 2), 'float32')]
    """
    for start in range(0, x.shape[0], BLOCK_ROWS):
        rows = slice(start, min(start + BLOCK_ROWS, x.shape[0]))
        raw = x[rows].toarray() if sparse.issparse(x) else x[rows]
        domain(name, raw, unit, relaxed, machine or dtype, first_row=start)
        yield rows, dense(raw, dtype)


def rows(
    name: str, x: Any, unit: _Domain, dtype: np.dtype | type, relaxed: bool = False
) -> np.ndarray:
    """All `blocks` of a `matrix` as one dense array.

    Parameters
    ----------
    name, x, unit, dtype, relaxed
        As for `blocks`.

    Returns
    -------
    (n, D) array

    Raises
    ------
    ValueError
        As for `blocks`.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.validation.rows("v", np.array([[0, 1]], np.uint8), rb.Bernoulli(), np.float64)
    array([[0., 1.]])
    """
    return np.concatenate([block for _, block in blocks(name, x, unit, dtype, relaxed)])


def domain(
    name: str, x: np.ndarray, unit: _Domain, relaxed: bool, dtype: Any, first_row: int = 0
) -> None:
    """Raise unless every value of the dense `x` is a state of `unit` (relaxed: or a mean).

    Values without bounds must leave room for sums of their squares in `dtype`.

    Parameters
    ----------
    name : str
    x : (n, D) array
    unit : unit
    relaxed : bool
    dtype : float32 or float64
    first_row : int
        The number of the first of these rows, for the error.

    Raises
    ------
    ValueError
        If a value is outside the domain, or too large.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> x, unit = np.array([[0.0, 0.5]]), rb.Bernoulli()
    >>> rb.validation.domain("v", x, unit, relaxed=True, dtype=np.float64)
    >>> rb.validation.domain("v", x, unit, relaxed=False, dtype=np.float64)
    Traceback (most recent call last):
        ...
    ValueError: v: expected every value to be 0 or 1, got 0.5 at row 0, column 1
    """
    if not unit.within(x, relaxed):
        row, column = np.argwhere(unit.outside(x, relaxed))[0]
        raise ValueError(
            f"{name}: expected {unit.mean_domain if relaxed else unit.domain}, "
            f"got {x[row, column]} at row {first_row + row}, column {column}"
        )
    if unit.levels is not None or _size(x) <= largest(dtype, x.shape[1]):
        return
    size, limit = np.abs(x.astype(np.float64)), largest(dtype, x.shape[1])
    row, column = np.argwhere(size > limit)[0]
    raise ValueError(
        f"{name}: expected numbers between −{limit:.2g} and {limit:.2g}, whose squares "
        f"{np.dtype(dtype)} can add up, got {x[row, column]} at row {first_row + row}, "
        f"column {column}: too large. Standardise the data"
    )


def _size(x: np.ndarray) -> float:
    """The largest magnitude, 0 of nothing."""
    return max(float(x.max(initial=0)), -float(x.min(initial=0)))


def largest(dtype: Any, columns: int) -> float:
    """The greatest x for which (2x)² of this many columns and a million rows add up in `dtype`.

    Parameters
    ----------
    dtype : float32 or float64
    columns : int ≥ 1

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.validation.largest(np.float32, 100) > 1e14
    True
    """
    return float(np.sqrt(np.finfo(dtype).max / columns)) / 2000


def domains(name: str, x: Any, unit: _Domain, relaxed: bool, dtype: Any = np.float64) -> None:
    """Raise unless every value of a `matrix` is a state of `unit` (relaxed: or a mean).

    `dtype` is that of the machine it goes to, see `domain`.

    Parameters
    ----------
    name : str
    x : (n, D) array, CSR matrix or Rows
    unit : unit
    relaxed : bool
    dtype : float32 or float64

    Raises
    ------
    ValueError
        If a value is outside the domain, or too large.

    Examples
    --------
    >>> from scipy import sparse
    >>> import rbmbook as rb
    >>> rb.validation.domains("v", sparse.eye(3).tocsr(), rb.Bernoulli(), relaxed=False)
    """
    for start in range(0, x.shape[0], BLOCK_ROWS):
        rows = x[start : start + BLOCK_ROWS]
        rows = rows.toarray() if sparse.issparse(rows) else rows
        domain(name, rows, unit, relaxed, dtype, first_row=start)


def weights(name: str, value: Any, n: int) -> np.ndarray:
    """Sample weights ≥ 0, not all zero, as float64 of shape (n,); None is n ones.

    They are divided by the largest, so that no sum of them overflows and equal weights are ones.

    Parameters
    ----------
    name : str
    value : (n,) array or None
    n : int ≥ 1

    Returns
    -------
    (n,) float64 array

    Raises
    ------
    ValueError, TypeError
        If the shape does not fit, one is negative or not finite, or all are zero.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.validation.weights("sample_weight", [1, 2, 4], 3)
    array([0.25, 0.5 , 1.  ])
    >>> rb.validation.weights("sample_weight", None, 2)
    array([1., 1.])
    """
    if value is None:
        return np.ones(n)
    found = array(name, value).astype(np.float64)
    if found.shape != (n,):
        raise ValueError(
            f"{name}: expected shape ({n},), one weight per example, got {found.shape}"
        )
    if not (np.isfinite(found).all() and (found >= 0).all() and found.any()):
        raise ValueError(
            f"{name}: expected finite weights ≥ 0, not all zero, "
            f"got values from {found.min()} to {found.max()}"
        )
    return found / found.max()


def instance(name: str, value: Any, kinds: type | tuple[type, ...]) -> Any:
    """`value` if it is an instance of one of `kinds`.

    Parameters
    ----------
    name : str
    value : object
    kinds : type or tuple of types

    Returns
    -------
    object
        `value` itself.

    Raises
    ------
    TypeError
        If it is of none of these types.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rb.validation.instance("rng", 3, (int, np.integer))
    3
    >>> rb.validation.instance("rng", "three", (int, np.integer))
    Traceback (most recent call last):
        ...
    TypeError: rng: expected an instance of int or integer, got str 'three'
    """
    if not isinstance(value, kinds):
        kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        names = dict.fromkeys(kind.__name__.rstrip("_") for kind in kinds)  # bool_ in NumPy 1
        expected = " or ".join(names)
        raise TypeError(f"{name}: expected an instance of {expected}, got {_describe(value)}")
    return value


def functions(name: str, value: Any) -> tuple[Callable, ...]:
    """`value` as a tuple of functions.

    Parameters
    ----------
    name : str
    value : iterable of callables

    Returns
    -------
    tuple of callables

    Raises
    ------
    TypeError
        If it is none, or an entry cannot be called.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.validation.functions("callbacks", [print])
    (<built-in function print>,)
    """
    try:
        found = tuple(value)
    except TypeError:
        raise TypeError(
            f"{name}: expected a sequence of functions, got {_describe(value)}"
        ) from None
    for function in found:
        if not callable(function):
            raise TypeError(f"{name}: expected functions, got {_describe(function)}")
    return found


def _describe(value: Any) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) < 60 else text[:57] + '...'}"
