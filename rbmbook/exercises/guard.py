"""Run somebody else's function and leave everything around it as it was found."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

SHOWN = 10_000  # characters that an attempt may print


class Sparing:
    """A text stream that passes on the first characters only, and says that it stopped."""

    def __init__(self, stream: Any, limit: int = SHOWN) -> None:
        self._stream, self._left = stream, limit

    def write(self, text: str) -> int:
        if self._left > 0 and self._stream is not None:
            self._stream.write(text[: self._left])
            if len(text) > self._left:
                self._stream.write("\n… (what your function prints after this is not shown)\n")
        self._left -= len(text)
        return len(text)

    def close(self) -> None:
        """Do nothing: the stream behind is not the attempt's to close."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # somebody has deleted it
        return None


@contextmanager
def as_found(stdout: Any, stderr: Any) -> Iterator[None]:
    """Protect what a function can change from afar, with `stdout` and `stderr` for its output.

    Global random states, warning filters, NumPy's error and print settings, the three standard
    streams, the environment, the working directory and the recursion limit are put back. Warnings
    are silenced: an overflow is no news, its consequence (NaN, infinity) is what gets reported.
    """
    streams = sys.stdin, sys.stdout, sys.stderr
    environment, limit = dict(os.environ), sys.getrecursionlimit()
    states = random.getstate(), np.random.get_state()  # noqa: NPY002
    folder, printing = _folder(), np.get_printoptions()
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            sys.stdout, sys.stderr = stdout, stderr
            try:
                yield
            finally:
                sys.setrecursionlimit(limit)  # first: what follows calls functions
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        np.set_printoptions(**printing)
        if os.environ != environment:
            os.environ.clear()
            os.environ.update(environment)
        if folder is not None and folder != _folder():
            os.chdir(folder)


@contextmanager
def passing_signals() -> Iterator[list[BaseException]]:
    """Raise in the end what a signal's handler raised, even if the function called caught it.

    Ctrl-C arrives in this way, and so does the alarm of a test runner or of a course's grader:
    what they raise is not an answer's exception. The list yielded holds what has arrived so far.
    Outside the main thread, where Python runs no handlers, nothing arrives.
    """
    arrived: list[BaseException] = []

    def watch(handler: Callable) -> Callable:
        def watching(number: int, frame: Any) -> Any:
            try:
                return handler(number, frame)
            except BaseException as error:
                arrived.append(error)
                raise

        return watching

    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    for number, handler in before.items():
        if callable(handler):
            signal.signal(number, watch(handler))
    try:
        yield arrived
    finally:
        for number, handler in before.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        if arrived:
            raise arrived[0]
