"""Answers that no exercise asks for, and functions that misbehave: what a grader has to survive."""

import decimal
import fractions
import os
import random
import sys
import warnings

import numpy as np


class Hostile:
    """Every method that a grader could call raises, and so does every attribute."""

    def __getattribute__(self, name):
        raise RuntimeError(f"no {name} for you")

    def _raise(self, *args, **kwargs):
        raise RuntimeError("no")

    __eq__ = __ne__ = __len__ = __iter__ = __getitem__ = __repr__ = __str__ = __bool__ = _raise
    __float__ = __int__ = __index__ = __array__ = __call__ = __format__ = __hash__ = _raise


class Liar:
    """It claims to be an array, endless and equal to everything."""

    shape, ndim, size, dtype = (3,), 1, 3, np.dtype(float)
    __class__ = np.ndarray

    def __eq__(self, other):
        return True

    __hash__ = None

    def __len__(self):
        return sys.maxsize

    def __getitem__(self, i):
        return 0.0

    def __array__(self, *args, **kwargs):
        return "not an array"


class Subclass(np.ndarray):
    """An array that agrees with everything and cannot be converted by asking it."""

    def __eq__(self, other):
        return np.ones(3, dtype=bool)

    def __array_ufunc__(self, *args, **kwargs):
        raise TypeError("no ufuncs")

    def __array_function__(self, *args, **kwargs):
        raise TypeError("no functions")


class Quitter(BaseException):
    pass


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("no words")

    __repr__ = __str__


def itself():
    loop = [0.0]
    loop.append(loop)
    return loop


def doubling():
    """A list that holds itself twice: 2^k items at depth k."""
    loop = []
    loop.extend([loop, loop])
    return loop


def array_of_arrays():
    out = np.empty(2, dtype=object)
    out[:] = [np.zeros(3), np.zeros(2)]
    return out


def holding(item):
    out = np.empty(1, dtype=object)
    out[0] = out if item is None else item
    return out


class Frame:
    """What has ``__array__`` as pandas and PyTorch have it; its columns are of two kinds."""

    def __array__(self, dtype=None, copy=None):
        return np.array([[1.0, "a"], [2.0, "b"]], dtype=object)


def sparse_matrix():
    from scipy.sparse import csr_matrix

    return csr_matrix(np.eye(3))


async def coroutine():
    return 0.0


ODD = {
    "text": lambda: "an answer",
    "bytes": lambda: b"an answer",
    "a dict": lambda: {"W": np.zeros(2)},
    "a set": lambda: {1.0, 2.0},
    "a range": lambda: range(3),
    "a function": lambda: len,
    "a class": lambda: Hostile,
    "a generator": lambda: (x for x in [1.0]),
    "a coroutine": coroutine,
    "Ellipsis": lambda: ...,
    "NotImplemented": lambda: NotImplemented,
    "an exception": lambda: ValueError("returned"),
    "a module": lambda: np,
    "an empty list": list,
    "an empty tuple": tuple,
    "ragged": lambda: [[1.0], [1.0, 2.0]],
    "a ragged tuple": lambda: ([1.0, [2.0]], [[1.0], [1.0, 2.0]]),
    "a list that holds itself": itself,
    "a list that holds itself twice": doubling,
    "a list of None": lambda: [None, None],
    "a huge integer": lambda: 10**400,
    "a longer integer": lambda: 10**5000,
    "NaN": lambda: float("nan"),
    "a complex number": lambda: 1 + 2j,
    "a decimal NaN": lambda: decimal.Decimal("sNaN"),
    "a fraction": lambda: fractions.Fraction(10**400, 3),
    "hostile": Hostile,
    "a list of the hostile": lambda: [Hostile(), 1.0],
    "an array of the hostile": lambda: holding(Hostile()),
    "a liar": Liar,
    "a subclass": lambda: np.zeros(3).view(Subclass),
    "a matrix": lambda: np.matrix(np.eye(2)),
    "a masked array": lambda: np.ma.masked_invalid([1.0, np.nan]),
    "records": lambda: np.zeros(3, dtype=[("W", float), ("a", int)]),
    "a record": lambda: np.zeros(3, dtype=[("W", float), ("a", int)])[0],
    "dates": lambda: np.array(["2006-07-28"], dtype="datetime64[D]"),
    "a time": lambda: np.timedelta64(3, "s"),
    "an array of text": lambda: np.array(["0.5", "1.5"]),
    "an array of bytes": lambda: np.array([b"0.5"]),
    "a string scalar": lambda: np.str_("0.5"),
    "an array of None": lambda: np.array([None, None]),
    "arrays in an array": array_of_arrays,
    "an array that holds itself": lambda: holding(None),
    "no dimension, an object": lambda: np.array({"W": 1}, dtype=object),
    "complex values": lambda: np.array([1j, 2.0]),
    "a huge view": lambda: np.broadcast_to(0.0, (10**6, 10**6)),
    "many dimensions": lambda: np.zeros((1,) * 20),
    "empty": lambda: np.zeros((0, 3)),
    "half precision": lambda: np.zeros(3, dtype=np.float16),
    "extended precision": lambda: np.zeros(3, dtype=np.longdouble),
    "a memory view": lambda: memoryview(b"abc"),
    "a frame": Frame,
    "a sparse matrix": sparse_matrix,
}

RAISED = [
    ValueError("words"),
    SystemExit(1),
    KeyboardInterrupt(),
    GeneratorExit(),
    StopIteration(1),
    StopAsyncIteration(),
    RecursionError("deep"),
    MemoryError(),
    TimeoutError("mine"),
    AssertionError(),
    RuntimeWarning("a warning"),
    Quitter("not an Exception"),
    Unspeakable(),
    ExceptionGroup("several", [ValueError("one"), TypeError("two")]),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no text"),
    ValueError("x" * 10**6),
]


def everything_global():
    """Change whatever a function can change without being given it."""
    np.seterr(all="raise")
    np.set_printoptions(precision=1, threshold=2)
    np.random.seed(0)  # noqa: NPY002
    random.seed(0)
    warnings.simplefilter("error")
    warnings.filters.clear()
    os.environ["RBMBOOK_STRICT"] = "nonsense"
    os.environ.pop("PATH", None)
    os.chdir(os.sep)
    sys.setrecursionlimit(400)
    sys.stdout.close()
    sys.stdout = sys.stderr = sys.stdin = None
