"""Recognise in wrong numbers the slip that made them: a sign, a factor, a constant, an order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from .diagnosis import equal, equal_part, numeric, parts_of

Pairs = list[tuple[np.ndarray, np.ndarray]]  # (received, expected), one pair per case


def _transposed(r: np.ndarray, e: np.ndarray) -> np.ndarray | None:
    return e.T if e.ndim == 2 and e.shape[0] == e.shape[1] else None


def _reordered(r: np.ndarray, e: np.ndarray) -> np.ndarray | None:
    """The expected values in the order of the received ones, by rank."""
    if e.size < 2:
        return e
    out = np.empty(e.size)
    out[np.argsort(r, axis=None)] = np.sort(e, axis=None)
    return out.reshape(e.shape)


def _reversed(axis: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray | None]:
    return lambda r, e: np.flip(e, axis) if axis < e.ndim else None


def _decimals(r: np.ndarray, e: np.ndarray) -> np.ndarray | None:
    """The expected values, rounded to the number of decimals that the received ones have."""
    return next((x for k in range(10) if np.array_equal(x := np.round(e, k), r)), None)


def _rounded(r: np.ndarray, e: np.ndarray) -> np.ndarray | None:
    probabilities = ((e >= 0) & (e <= 1)).all() and ((e > 0) & (e < 1)).any()
    return r if probabilities and np.isin(r, (0, 1)).all() else None


def _single(r: np.ndarray, e: np.ndarray) -> np.ndarray | None:
    """Values that float32 can hold and that are right to its digits, but not beyond them."""
    with np.errstate(over="ignore"):
        held = np.array_equal(r, r.astype(np.float32), equal_nan=True)
    near = np.allclose(r, e, rtol=1e-3, atol=1e-5 * np.abs(e).max(initial=0.0))
    return r if held and near else None


# What the answer equals in every case → what to say; tried in this order.
TRANSFORMS: tuple[tuple[str, Callable[[np.ndarray, np.ndarray], np.ndarray | None]], ...] = (
    ("the sign is flipped.", lambda r, e: -e),
    ("the right values, but rows and columns are exchanged: transpose.", _transposed),
    ("you return 1 minus the right answer; the complementary probability?", lambda r, e: 1 - e),
    ("you return the logarithm of the right answer.", lambda r, e: np.log(e)),
    ("you return the exponential of the right answer.", lambda r, e: np.exp(e)),
    ("the right values, but axis 0 runs backwards.", _reversed(0)),
    ("the right values, but axis 1 runs backwards.", _reversed(1)),
    ("the right values, but sorted.", lambda r, e: np.sort(e, axis=None).reshape(e.shape)),
    ("the right values, but in another order (which one, the values below show).", _reordered),
    ("you return only zeros and ones: a sample or a rounding where a probability is asked for.",
     _rounded),
    ("you rounded. Return every digit you have; round only what you print.", _decimals),
    ("right to the digits that float32 has, and more are asked for: compute in float64, NumPy's "
     "default.", _single),
    ("the decimals are cut off: an array of integers, or `//`?", lambda r, e: np.trunc(e)),
)  # fmt: skip


def find(
    names: Sequence[str], trials: Sequence[Any], parts: Sequence[str], rtol: float, atol: float
) -> str | None:
    """The simple relation that holds between received and right answers in every case, if any.

    Parameters
    ----------
    names : sequence of str
        Names of the arguments.
    trials : sequence of Trial
        With ``args``, ``expected`` and ``received``, of equal form.
    parts : sequence of str
        Names of the parts of a tuple answer; its first wrong part is looked at.
    rtol, atol : float
        The tolerance of the exercise.

    Returns
    -------
    str or None
    """
    for i, label in enumerate(labels(trials[0].expected, parts)):
        both = [(parts_of(t.received)[i], parts_of(t.expected)[i]) for t in trials]
        if all(equal_part(r, e, rtol, atol) for r, e in both):
            continue
        if not all(numeric(r) and numeric(e) for r, e in both):
            return None
        pairs = [(np.asarray(r, np.float64), np.asarray(e, np.float64)) for r, e in both]
        found = _relation(names, [t.args for t in trials], pairs, rtol, atol)
        return f"{label}: {found}" if found and label else found
    return None


def shuffled(trials: Sequence[Any], parts: Sequence[str], rtol: float, atol: float) -> str | None:
    """Whether a tuple has the right parts in a wrong order, the same in every case."""
    first = trials[0].expected
    if not isinstance(first, tuple) or not 2 <= len(first) <= 5:
        return None
    for order in list(permutations(range(len(first))))[1:]:
        if all(
            t.error is None and equal(t.received, tuple(t.expected[i] for i in order), rtol, atol)
            for t in trials
        ):
            wanted = f"({', '.join(parts)})" if parts else "the docstring's order"
            return f"the right parts, but in another order; {wanted} is asked for."
    return None


def right_parts(trials: Sequence[Any], parts: Sequence[str], rtol: float, atol: float) -> str:
    """That the answer is not right yet, and which parts of a tuple are right in every case."""
    names = labels(trials[0].expected, parts)
    right = [
        label
        for i, label in enumerate(names)
        if all(
            equal_part(parts_of(t.received)[i], parts_of(t.expected)[i], rtol, atol) for t in trials
        )
    ]
    if not right:
        return "not right yet."
    others = [label for label in names if label not in right]
    return f"{' and '.join(right)} {'is' if len(right) == 1 else 'are'} right; not yet " + (
        f"{' and '.join(others)}."
    )


def labels(expected: Any, parts: Sequence[str]) -> Sequence[str]:
    """A name for each part of a tuple, and one empty name for a single answer."""
    if not isinstance(expected, tuple):
        return [""]
    return parts or [f"part {i + 1}" for i in range(len(expected))]


def _relation(
    names: Sequence[str], cases: list[tuple], pairs: Pairs, rtol: float, atol: float
) -> str | None:
    with np.errstate(all="ignore"):
        for message, transform in TRANSFORMS:
            guesses = [transform(r, e) for r, e in pairs]
            if all(
                g is not None and equal_part(r, g, rtol, atol)
                for (r, _), g in zip(pairs, guesses, strict=True)
            ):
                return message
        if sum(e.size for _, e in pairs) < 2:  # one number is always a multiple of another
            return None
        if not all(np.isfinite(r).all() for r, _ in pairs):
            return None
        return _factor(names, cases, pairs, rtol, atol) or _offset(pairs, rtol, atol)


def _factor(
    names: Sequence[str], cases: list[tuple], pairs: Pairs, rtol: float, atol: float
) -> str | None:
    """One factor for all cases, or a factor that is the length of an axis in every case."""
    ratios = []
    for r, e in pairs:
        ratio = _slope(r, e)
        if ratio is None or not equal_part(r, ratio * e, rtol, atol):
            return None
        ratios.append(ratio)
    for base in (2, 10):
        if np.allclose(ratios, 1 / np.log(base), rtol=1e-6):
            return f"your logarithm is to base {base}; the natural one is asked for."
    if np.allclose(ratios, ratios[0], rtol=max(rtol, 1e-6)) and ratios[0] != 0:
        return f"every value is {ratios[0]:.6g} times the right one: a factor is off."
    for label, sizes in _axes(names, cases):
        if np.allclose(ratios, sizes, rtol=1e-6):
            return f"every value is too large by {label}: is a sum left where a mean is asked for?"
        if np.allclose(ratios, 1 / sizes, rtol=1e-6):
            return f"every value is too small by {label}: is a mean left where a sum is asked for?"
    return None


def _slope(r: np.ndarray, e: np.ndarray) -> float | None:
    """The factor at the largest expected value, where rounding matters least."""
    if not e.size or not np.abs(e).max():
        return None
    k = np.abs(e).argmax()
    return float(r.flat[k] / e.flat[k])


def _axes(names: Sequence[str], cases: list[tuple]) -> Iterator[tuple[str, np.ndarray]]:
    """Lengths of every axis of every array argument, over the cases."""
    for j, name in enumerate(names):
        columns = [args[j] for args in cases]
        if not all(isinstance(x, np.ndarray) and x.ndim == columns[0].ndim for x in columns):
            continue
        for axis in range(columns[0].ndim):
            yield (
                f"the length of axis {axis} of `{name}`",
                np.array([x.shape[axis] for x in columns], dtype=np.float64),
            )


def _offset(pairs: Pairs, rtol: float, atol: float) -> str | None:
    """One constant for all cases, or one constant in each case."""
    shifts = [float((r - e).flat[0]) if e.size else 0.0 for r, e in pairs]
    if any(
        not equal_part(r, e + c, rtol, max(atol, rtol * abs(c)))
        for c, (r, e) in zip(shifts, pairs, strict=True)
    ):
        return None
    if np.allclose(shifts, shifts[0], rtol=1e-6):
        return f"every value is off by the same constant, {shifts[0]:+.6g}."
    if max(e.size for _, e in pairs) > 1:
        return "in each case all values are off by one constant: is a term added or left out?"
    return None


def difference(trial: Any, parts: Sequence[str], rtol: float, atol: float) -> str:
    """What was expected and what was received in one case, at the first part that differs."""
    names = labels(trial.expected, parts)
    for label, r, e in zip(names, parts_of(trial.received), parts_of(trial.expected), strict=True):
        if equal_part(r, e, rtol, atol):
            continue
        if not trial.args and numeric(e) and not np.ndim(e):  # do not give the answer away
            return f"your value {_show(r)} is too {'large' if r > e else 'small'}"
        of = f" for {label}" if label else ""
        for digits in (4, 8, 16):  # as few as let the two differ
            right, yours = _show(e, digits), _show(r, digits)
            if right != yours:
                break
        text = f"expected{of} {right}\n  received{of} {yours}"
        if numeric(e) and np.ndim(e):
            wrong = ~np.isclose(np.asarray(r, float), np.asarray(e, float), rtol, atol)
            first = tuple(int(i) for i in np.argwhere(wrong)[0])
            index = first[0] if len(first) == 1 else first
            text += f"\n  ({wrong.sum()} of {wrong.size} values differ, the first at [{index}])"
        return text.replace("[(", "[").replace(")]", "]")
    return ""


def _show(x: Any, digits: int = 4) -> str:
    if isinstance(x, np.ndarray) and x.ndim:
        text = np.array2string(x, precision=digits, threshold=12, edgeitems=3)
        return text if x.ndim == 1 else "\n    " + text.replace("\n", "\n    ")
    return f"{x:.{digits + 2}g}" if numeric(x) else repr(x)
