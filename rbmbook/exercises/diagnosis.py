"""Compare answers, and say what is wrong with the form of one: its type, shape, finiteness."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Sequence
from math import prod
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np

from .answers import Odd, text_of, type_name

SMALL = 10  # a length or a number up to here may be tried in another one's place: 2^10 is cheap


# -- answers: an array, a number, or a tuple of these --------------------------------------------
def parts_of(answer: Any) -> tuple:
    """The parts of a tuple answer; a single answer is its own only part."""
    return tuple(answer) if isinstance(answer, (tuple, list)) else (answer,)


def numeric(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.generic, Number)) and np.asarray(x).dtype.kind in "biuf"


def same_form(x: Any, y: Any) -> bool:
    """Whether two answers have the same number of parts, of the same shapes."""
    xs, ys = parts_of(x), parts_of(y)
    return len(xs) == len(ys) and all(shape(p) == shape(q) for p, q in zip(xs, ys, strict=True))


def shape(part: Any) -> tuple[int, ...] | None:
    """The shape of a part of an answer; None for what is not numbers."""
    return np.shape(part) if numeric(part) else None


def finite(answer: Any) -> bool:
    """Whether every number of an answer is finite."""
    return all(numeric(p) and bool(np.isfinite(p).all()) for p in parts_of(answer))


def equal(x: Any, y: Any, rtol: float, atol: float) -> bool:
    """Whether two answers have one form and agree within the tolerance (NaN equals NaN)."""
    xs, ys = parts_of(x), parts_of(y)
    if len(xs) != len(ys):
        return False
    return all(equal_part(p, q, rtol, atol) for p, q in zip(xs, ys, strict=True))


def equal_part(x: Any, y: Any, rtol: float, atol: float) -> bool:
    if not (numeric(x) and numeric(y)) or np.shape(x) != np.shape(y):
        return False
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    return bool(np.allclose(x, y, rtol=rtol, atol=atol, equal_nan=True))


def raised(error: BaseException) -> str:
    """An exception in words, with the rule that NumPy's message leaves out."""
    text = f"{type_name(error)}: {text_of(error)}".rstrip(": ")
    if isinstance(error, ValueError) and ("matmul" in text or "not aligned" in text):
        text += "\n  (in `A @ B`, the last axis of A must be as long as the first of B)"
    elif isinstance(error, ValueError) and "broadcast" in text:
        text += "\n  (axes are lined up from the last; two lengths must be equal or one of them 1)"
    elif isinstance(error, OverflowError):
        text += (
            "\n  (exp(x) does not fit in a float64 for x > 709: write the formula so that no large "
            "number is exponentiated, e.g. subtract the largest exponent first)"
        )
    return text


def readers_lines(error: BaseException | None, most: int = 8) -> tuple[str, ...]:
    """Where the reader's own code raised, innermost last; the grader's frames are left out."""
    if error is None:
        return ()
    here = str(Path(__file__).parent)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        f"  in {frame.name}, line {frame.lineno}: {frame.line}"
        for frame in frames
        if not frame.filename.startswith(here)
    ]
    if len(lines) > most:
        lines[most // 2 : -most // 2] = [f"  … {len(lines) - most} more …"]
    return tuple(lines)


# -- arguments -----------------------------------------------------------------------------------
def names_of(function: Callable) -> list[str]:
    """The names of the arguments, without what is taken by keyword alone."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]


def describe(names: Sequence[str], args: tuple) -> str:
    """The arguments of a case in a few words: shapes of arrays, values of numbers."""
    words = []
    for name, x in zip(names, args, strict=False):
        if isinstance(x, np.ndarray) and x.ndim:
            words.append(f"{name} of shape {x.shape}")
        elif isinstance(x, (Number, np.generic, str)):
            words.append(f"{name} = {x}")
        else:
            words.append(f"{name} ({type(x).__name__})")
    return ", ".join(words)


def changed(names: Sequence[str], before: tuple, after: tuple) -> str | None:
    """The name of the first argument that was written to, or None."""
    for name, x, y in zip(names, before, after, strict=False):
        if not _same(x, y):
            return name
    return None


def _same(x: Any, y: Any) -> bool:
    """Whether arrays, and containers of arrays, are as they were; of `y` nothing is assumed.

    The walk follows x, the untouched one: y may have come to contain itself. A generator of random
    numbers is there to be used.
    """
    if isinstance(x, np.ndarray):
        if type(y) is not np.ndarray or x.shape != y.shape or x.dtype != y.dtype:
            return False
        return np.array_equal(x, y, equal_nan=x.dtype.kind == "f")
    if isinstance(x, (tuple, list)):
        return type(x) is type(y) and len(x) == len(y) and all(map(_same, x, y))
    return True


def exchangeable(x: Any, y: Any) -> bool:
    """Whether a function may be tried with two of its arguments exchanged.

    A length is often an exponent: a reference that sums over the 2^12 states of one layer would
    sum over 2^200 if it were handed the other. So the two must be arrays of one shape, or
    everything about them small: axes of arrays, lengths of lists, numbers.
    """
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and x.shape == y.shape:
        return True
    return _small(x) and _small(y)


def _small(x: Any) -> bool:
    if isinstance(x, np.ndarray) and x.ndim:
        return max(x.shape) <= SMALL
    if isinstance(x, (tuple, list)):
        return len(x) <= SMALL and all(map(_small, x))
    return numeric(x) and bool(np.abs(x) <= SMALL)


# -- form: type, shape, finiteness ---------------------------------------------------------------
def form(
    names: Sequence[str], args: tuple, expected: Any, received: Any, parts: Sequence[str]
) -> str | None:
    """What is wrong with the type, the shape or the finiteness of an answer, or None."""
    if isinstance(expected, tuple):
        if not isinstance(received, tuple) or len(received) != len(expected):
            got = _kind(received)
            wanted = f" ({', '.join(parts)})" if parts else ""
            return f"your result is {got}, expected a tuple of {len(expected)}{wanted}."
        labels = parts or [f"part {i + 1}" for i in range(len(expected))]
        for label, e, r in zip(labels, expected, received, strict=True):
            if (problem := _form(names, args, e, r, f"your {label}")) is not None:
                return problem
        return None
    return _form(names, args, expected, received, "your result")


def _kind(x: Any) -> str:
    if isinstance(x, Odd):
        return x.words
    if isinstance(x, tuple):
        return f"a tuple of {len(x)}"
    if np.ndim(x):
        return f"an array of shape {x.shape}"
    return f"a value of type {type_name(x)}"


def _form(names: Sequence[str], args: tuple, expected: Any, received: Any, who: str) -> str | None:
    if not numeric(received):
        shape = np.shape(expected)
        wanted = f"a NumPy array of shape {shape}, of real numbers" if shape else "a real number"
        hint = received.hint if isinstance(received, Odd) else ""
        return f"{who} is {_kind(received)}, expected {wanted}.{hint}"
    if np.shape(received) != np.shape(expected):
        hint = _shape_hint(names, args, np.shape(expected), np.shape(received))
        return f"{who} has shape {np.shape(received)}, expected {np.shape(expected)}{hint}"
    bad = ~np.isfinite(received) & np.isfinite(expected)
    if bad.any():
        what = "NaN" if np.isnan(received).any() else "infinite values"
        return (
            f"{who} contains {what} where the right answer is finite: the computation is "
            "unstable (an exponential overflows, a logarithm meets 0 or less, or 0/0 arises)."
        )
    return None


def _shape_hint(names: Sequence[str], args: tuple, expected: tuple, received: tuple) -> str:
    """A guess at the axis that went wrong."""
    if len(expected) == 2 and received == expected[::-1]:
        return ": it is transposed."
    rows = {len(x) for x in args if isinstance(x, np.ndarray) and x.ndim == 2}
    if not received and len(expected) == 1 and expected[0] in rows:
        return ": did you sum over the whole batch instead of over each row?"
    if not received:
        return ": a single number where an array is asked for; is it summed too far?"
    if not expected:
        return ": a single number is asked for; is a sum or a mean missing?"
    if len(received) > len(expected):
        if tuple(n for n in received if n != 1) == tuple(n for n in expected if n != 1):
            return ": drop the axis of length 1 (`keepdims`, `np.newaxis` or a reshape adds one)."
        if prod(received) == prod(expected):
            return ": the right number of values, in another shape."
        return ": is a sum over one axis missing?"
    if len(received) < len(expected) and prod(received) == prod(expected):
        return ": the right number of values, in another shape; `reshape`?"
    for name, x in zip(names, args, strict=False):
        if isinstance(x, np.ndarray) and x.ndim == 2 and len(received) == 1:
            for axis in (0, 1):
                if received == x.shape[axis : axis + 1] and expected[0] != x.shape[axis]:
                    return (
                        f": {received[0]} is the length of axis {axis} of `{name}`; did you sum "
                        "over the wrong axis?"
                    )
    return "."
