"""Stop a function that does not end: it runs in a process of its own, which can be ended.

No exception stops ``while True: try: … except BaseException: pass``, and none reaches compiled code
that never returns. A process can be killed whatever it does. It is forked, so that it has the
notebook's functions and data without their being sent. Where there is no ``os.fork`` (Windows),
the function runs in a thread: its time is measured and the verdict comes in time, but
the thread is only asked to stop, and goes on if it does not listen.
"""

from __future__ import annotations

import ctypes
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing import Pipe
from typing import Any

from .guard import as_found

Tell = Callable[[str, Any], None]


class Stopped(Exception):
    """The work was cut short: `case` is what it was at; `reason` is empty if its time was up."""

    def __init__(self, case: str, reason: str = "") -> None:
        super().__init__(reason or "time is up")
        self.case, self.reason = case, reason


def within(seconds: float, work: Callable[[Tell], Any]) -> Any:
    """Return what ``work(tell)`` returns, unless its measured parts take longer than allowed.

    Parameters
    ----------
    seconds : float
        What the parts between ``tell("begin", case)`` and ``tell("end", None)`` may take together.
    work : callable
        It may call ``tell("print", text)`` as well; the text is written here.

    Raises
    ------
    Stopped
        If the time is up, or if the process ended before the work did.
    """
    with as_found(sys.stdout, sys.stderr):  # an abandoned thread puts nothing back
        return (_Process if hasattr(os, "fork") else _Thread)(work).follow(seconds)


class _Worker:
    """What runs the work elsewhere; subclasses say where."""

    def __init__(self) -> None:
        self._out = sys.stdout  # while a thread works, sys.stdout is the function's

    def receive(self, seconds: float | None) -> tuple[str, Any] | None:
        """The next message, or None if there is none in time."""
        raise NotImplementedError

    def end(self) -> str:
        """Stop the work; in words how it ended, if it did so by itself."""
        raise NotImplementedError

    def follow(self, seconds: float) -> Any:
        left, begun, case = seconds, None, ""
        try:
            while True:
                spent = 0.0 if begun is None else time.monotonic() - begun
                message = self.receive(None if begun is None else max(left - spent, 0.0))
                if message is None:
                    raise Stopped(case)
                what, value = message
                if what == "begin":
                    begun, case = time.monotonic(), value
                elif what == "end" and begun is not None:
                    left, begun = left - (time.monotonic() - begun), None
                elif what == "print":
                    self._out.write(value)
                elif what == "broken":
                    raise RuntimeError(f"the grader itself failed:\n{value}")
                else:
                    return value
        except EOFError:
            raise Stopped(case, self.end()) from None
        finally:
            self.end()


class _Process(_Worker):
    def __init__(self, work: Callable[[Tell], Any]) -> None:
        super().__init__()
        self._connection, there = Pipe(duplex=False)
        self._pid = os.fork()
        if not self._pid:
            _work_and_exit(work, there)
        there.close()
        self._ending: str | None = None

    def receive(self, seconds: float | None) -> tuple[str, Any] | None:
        return self._connection.recv() if self._connection.poll(seconds) else None

    def end(self) -> str:
        if self._ending is None:
            self._ending = self._kill()
            self._connection.close()
        return self._ending

    def _kill(self) -> str:
        for kill, target in ((os.killpg, self._pid), (os.kill, self._pid)):
            try:
                kill(target, signal.SIGKILL)
            except OSError:  # it has no group of its own yet, or is gone
                pass
        try:
            status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        except ChildProcessError:  # somebody else has waited for it
            return "it ended by itself"
        return f"signal {-status}" if status < 0 else f"exit status {status}"


def _work_and_exit(work: Callable[[Tell], Any], connection: Any) -> None:
    """In the new process: never return into the notebook's own code."""
    try:
        os.setsid()  # Ctrl-C is the parent's; whatever is started here is ended with this process
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            connection.send(("result", work(lambda what, value: connection.send((what, value)))))
        except Exception:
            connection.send(("broken", traceback.format_exc()))
    finally:
        os._exit(0)


class _Thread(_Worker):
    def __init__(self, work: Callable[[Tell], Any]) -> None:
        super().__init__()
        self._messages: queue.SimpleQueue = queue.SimpleQueue()
        self._abandoned = False

        def tell(what: str, value: Any) -> None:
            if self._abandoned:
                raise SystemExit
            self._messages.put((what, value))

        def run() -> None:
            try:
                tell("result", work(tell))
            except SystemExit:  # asked to stop
                pass
            except Exception:
                self._messages.put(("broken", traceback.format_exc()))

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def receive(self, seconds: float | None) -> tuple[str, Any] | None:
        try:
            return self._messages.get(timeout=seconds)
        except queue.Empty:
            return None

    def end(self) -> str:
        """Ask the thread to stop, a few times over."""
        self._abandoned = True
        for _ in range(20):
            if not self._thread.is_alive():
                break
            ident = ctypes.c_ulong(self._thread.ident or 0)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(SystemExit))
            self._thread.join(0.05)
        return ""
