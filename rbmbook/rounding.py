"""Parameters so large that rounding decides an answer are refused.

At weights of 10¹⁷ neighbouring float64 numbers are 16 apart: inputs that should cancel to something
small cancel to anything. Sums of numbers of a known size lose at most a known number of nats, which
is held against the answer.
"""

from typing import TypeVar

import numpy as np

Size = TypeVar("Size", np.ndarray, float)
ROUNDINGS = 8  # what a sum loses is at most about this many ε times the size of its terms
EPSILON = float(np.finfo(np.float64).eps)
TOLERANCE = (
    1e-4  # nats, or relative to an answer above 1; what is really lost is some 50 times less
)


class TooLargeError(ValueError, FloatingPointError):
    """Parameters too large for float64 sums; while a machine is trained, it has diverged."""


def too_large(W: np.ndarray, what: str = "sums") -> TooLargeError:
    """The error that sums of weights, or their squares, overflow."""
    return TooLargeError(
        f"rbm: expected weights whose {what} are finite, got W from {W.min():.3g} to "
        f"{W.max():.3g}, which {W.dtype} cannot add up"
    )


def held(x: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Sums of weights and states, or an error where they overflow."""
    if not np.isfinite(x).all():
        raise too_large(W)
    return x


def lost(size: Size) -> Size:
    """What float64 sums may lose whose terms add up to `size` in magnitude."""
    return ROUNDINGS * EPSILON * size


def refuse(error: np.ndarray | float, answer: np.ndarray | float) -> None:
    """Raise where rounding may have taken more than the tolerance from an answer, in nats."""
    if np.any(error > TOLERANCE * np.maximum(np.abs(answer), 1.0)):
        raise TooLargeError(
            f"rbm: expected parameters whose sums float64 holds to {TOLERANCE:g}, got some so "
            f"large that rounding may take {np.max(error):.1g} nats from the answer"
        )


def minus(x: np.ndarray, y: np.ndarray | float) -> np.ndarray:
    """x − y, or an error where both are so large that rounding decides."""
    difference = x - y
    refuse(lost(np.maximum(np.abs(x), np.abs(y))), difference)
    return difference
