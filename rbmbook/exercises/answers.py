"""Read an answer, whatever it is: real numbers come out, or words for what came in their place.

Everything behind this module sees only plain arrays, plain numbers, tuples of these and
:class:`Odd`: no subclass that compares in its own way, no array whose elements are objects, nothing
that is changed by the next call of the function that returned it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Number
from typing import Any

import numpy as np

LARGEST = 10_000_000  # values; what is longer is told by its shape and not read
DEEPEST = 5  # levels of lists in lists; NumPy would follow a list that contains itself 64 deep
ROUNDING = 1e-9  # imaginary parts up to here, relative to the largest value, are rounding


@dataclass(frozen=True)
class Odd:
    """A part of an answer that is not real numbers: what it is, and what to do about it."""

    words: str
    hint: str = ""


class _NotReal(Exception):
    """Carries an :class:`Odd` out of the depth of a list."""

    def __init__(self, words: str, hint: str = "") -> None:
        super().__init__(words)
        self.odd = Odd(words, hint)


def read(received: Any, expected: Any, parts: Sequence[str] = ()) -> tuple[Any, list[str]]:
    """An answer in plain values, and remarks on its form where the numbers can be read anyway.

    Parameters
    ----------
    received : object
        What the attempt returned. Nothing is assumed about it: its methods may raise or lie.
    expected : array, number, or tuple of these
        A list stands for a tuple where a tuple is expected, and for an array elsewhere.
    parts : sequence of str
        Names of the parts of a tuple answer, for the remarks.

    Returns
    -------
    answer : array, number, Odd, or tuple of these
    remarks : list of str
    """
    remarks: list[str] = []
    kind = type(received)
    if issubclass(kind, tuple) or (issubclass(kind, list) and isinstance(expected, tuple)):
        entries = tuple.__iter__(received) if issubclass(kind, tuple) else list.__iter__(received)
        items = [item for item, _ in zip(entries, range(99), strict=False)]
        named = isinstance(expected, tuple) and len(parts) == len(items)
        labels = parts if named else [f"part {i + 1}" for i in range(len(items))]
        return tuple(
            _part(item, f"your {label}", remarks) for item, label in zip(items, labels, strict=True)
        ), remarks
    return _part(received, "your result", remarks), remarks


def type_name(x: Any) -> str:
    """The name of a value's type; metaclasses can spoil even this."""
    try:
        return str(type.__dict__["__name__"].__get__(type(x)))[:60]
    except Exception:
        return "object"


def text_of(error: BaseException, limit: int = 500) -> str:
    """The text of an exception, cut to a readable length; empty if it cannot be told."""
    try:
        text = str(error)
    except BaseException:
        return ""
    return text if len(text) <= limit else f"{text[:limit]} …"


def _part(x: Any, who: str, remarks: list[str]) -> Any:
    try:
        value, remark = _real(x)
    except _NotReal as found:
        return found.odd
    except BaseException as error:  # a method of the value itself raised
        return Odd(
            f"a value of type {type_name(x)} that cannot be read as numbers "
            f"({type_name(error)} while reading it)"
        )
    if remark:
        remarks.append(f"{who} {remark}")
    return value


def _real(x: Any, depth: int = DEEPEST) -> tuple[Any, str]:
    """Real numbers in a value, with a remark ("" for none); raises _NotReal."""
    kind = type(x)
    if issubclass(kind, np.ndarray):
        return _of_array(x)
    if issubclass(kind, np.generic):
        value, remark = _of_array(np.asarray(x))
        return value[()], remark
    if issubclass(kind, (Number, Decimal)):
        return _number(x), ""
    if issubclass(kind, (list, tuple)):
        return _of_list(x, depth)
    if not issubclass(kind, type) and hasattr(kind, "__array__"):
        array = x.__array__()
        if not issubclass(type(array), np.ndarray):
            raise _NotReal(f"a value of type {type_name(x)}")
        return _of_array(array)[0], f"is of type {type_name(x)}; `np.asarray` makes it an array."
    raise _NotReal(f"a value of type {type_name(x)}", _hint(x))


def _hint(x: Any) -> str:
    kind = type(x)
    if hasattr(kind, "__next__"):
        return " Does a `yield` stand where `return` belongs, or round brackets around a `for`?"
    if hasattr(kind, "__await__"):
        if hasattr(kind, "close"):
            x.close()  # or Python complains later that it was never awaited
        return " Define the function with `def`, not with `async def`."
    if hasattr(kind, "toarray"):
        return " `.toarray()` makes a sparse matrix an array."
    if callable(x):
        return " Are the brackets of a call missing?"
    return ""


def _number(x: Any) -> Any:
    """A plain number; what is real in all but its type counts as real."""
    kind = type(x)
    if kind is bool or kind is float:
        return x
    if issubclass(kind, complex) or not hasattr(kind, "__float__"):
        z = complex(x)
        if abs(z.imag) > ROUNDING * abs(z):
            raise _NotReal("a complex number")
        return z.real
    try:
        value = float(x)
    except OverflowError:
        raise _NotReal("an integer too large for a float64") from None
    return int(x) if kind is int and abs(x) < 2**63 else value


def _of_list(x: Any, depth: int) -> tuple[np.ndarray, str]:
    kind = "list" if issubclass(type(x), list) else "tuple"
    items = list.__iter__(x) if kind == "list" else tuple.__iter__(x)
    n = (list if kind == "list" else tuple).__len__(x)
    if not depth or n > LARGEST:
        raise _NotReal(f"a {kind} {'nested too deep' if not depth else f'of {n}'}")
    try:
        values = [_real(item, depth - 1)[0] for item in items]
    except _NotReal as found:
        innermost = found.odd.words.split(" that holds ")[-1]
        raise _NotReal(f"a {kind} of {n} that holds {innermost}") from None
    if len({np.shape(value) for value in values}) > 1:
        raise _NotReal(f"a {kind} of {n} whose items have different lengths or shapes")
    if n * max((np.size(value) for value in values[:1]), default=0) > LARGEST:
        raise _NotReal(f"a {kind} of {n}")
    return np.array(values), f"is a {kind}; `np.array` makes a NumPy array of it."


def _of_array(x: np.ndarray) -> tuple[np.ndarray, str]:
    if issubclass(type(x), np.ma.MaskedArray) and (hidden := int(np.ma.getmaskarray(x).sum())):
        raise _NotReal(
            f"a masked array with {hidden} masked {'value' if hidden == 1 else 'values'}",
            " Return an array in which every value is present.",
        )
    x = np.ndarray.view(x, np.ndarray)
    kind, dtype = x.dtype.kind, str(x.dtype)[:40]
    if x.size > LARGEST:
        raise _NotReal(f"an array of shape {x.shape}")
    if kind in "biuf":
        return x.astype(x.dtype.newbyteorder("=")), ""
    if kind == "c":
        largest = np.abs(x).max(initial=0.0)
        if not (np.abs(x.imag) <= ROUNDING * largest).all() and not np.isnan(x).any():
            raise _NotReal(f"an array of complex numbers (dtype {dtype})")
        return x.real.copy(), f"has dtype {dtype}, with no imaginary parts: take `.real`."
    if kind == "O":
        return _of_objects(x), (
            "has dtype object: make the array with `np.empty(shape)`, not with `dtype=object`."
        )
    names = {"S": "text", "U": "text", "T": "text", "M": "dates", "m": "time differences"}
    raise _NotReal(f"an array of {names.get(kind, 'records')} (dtype {dtype})")


def _of_objects(x: np.ndarray) -> np.ndarray:
    """The numbers in an array of dtype object; None, text or arrays in it are told."""
    out = np.empty(x.shape)
    for i, item in enumerate(x.flat):
        if not issubclass(type(item), (Number, Decimal, np.generic)):
            raise _NotReal(
                f"an array of dtype object that holds a value of type {type_name(item)}",
                " Make the array with `np.empty(shape)` and put numbers into it.",
            )
        out.flat[i] = _real(item)[0]
    return out
