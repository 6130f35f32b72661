"""Judge an attempt without running it here: for whoever gives marks.

In a notebook a check runs in the reader's own kernel, and whoever wants to can replace it or ask it
for the answer. So a course hands the *text* of an attempt to :func:`grade_source`: a process of its
own runs it, the references are not on its path, and this process compares. It reads nothing from
there but numbers. This is no sandbox: an attempt can still read files and use the network, as any
program can, so grade strangers' work in a container.
"""

from __future__ import annotations

import base64
import builtins
import contextlib
import io
import json
import os
import pickle
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from . import child
from .engine import SEED, Verdict, judge
from .exercise import Exercise

START = 60.0  # seconds for the imports and definitions of the cells
LARGEST = 2**28  # bytes of a reply
STUB = '''"""The checks of the book, which do nothing where an attempt is graded."""


def check(*args, **options):
    """Do nothing."""
'''


class Ended(Exception):
    """The attempt's process is no more; the text says why."""


def grade_source(
    exercise: Exercise,
    cells: Sequence[str],
    function: str,
    seed: int = SEED,
    time_limit: float = 20.0,
) -> Verdict:
    """Judge the function of this name that the cells define.

    Parameters
    ----------
    exercise : Exercise
    cells : sequence of str
        Python text, run in order; a cell that fails does not stop the others.
    function : str
        The name of the attempt.
    seed : int, optional
        Of the cases.
    time_limit : float, optional
        Seconds that the attempt may take over all cases.

    Returns
    -------
    Verdict

    Raises
    ------
    OSError
        If no process can be started, or its folder not be made.
    """
    label = f"Exercise {exercise.name}:"
    with _Attempt(cells, function, time_limit) as attempt:
        try:
            found = attempt.start()
            if found.get("empty"):
                text = f"{label} not attempted yet (the function has no body yet)."
                return Verdict(exercise.name, False, False, text)
            if not found["ready"]:
                text = f"{label} the cells define no function `{function}`."
                if "raised" in found:
                    text += f" The last error: {found['raised']}: {found['text']}"
                return Verdict(exercise.name, False, True, text)
            verdict = judge(exercise, attempt, seed)
        except Ended as ended:
            return Verdict(exercise.name, False, True, f"{label} {ended}")
        if attempt.ended:
            return Verdict(exercise.name, False, True, f"{label} {attempt.ended}")
        return verdict


class _Attempt:
    """A function in a process of its own; called like the function itself.

    Attributes
    ----------
    ended : str
        Why the process is no more; empty while it runs.
    """

    def __init__(self, cells: Sequence[str], function: str, time_limit: float) -> None:
        self.cells, self.function, self.left = list(cells), function, time_limit
        self.time_limit, self.ended = time_limit, ""

    def __enter__(self) -> _Attempt:
        self.folder = tempfile.TemporaryDirectory(prefix="attempt-")  # where it may write
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", child.__file__, importable()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.folder.name,
            start_new_session=True,
            env={"PATH": os.defpath, "HOME": self.folder.name, "MPLBACKEND": "agg"},
        )
        return self

    def __exit__(self, *exception: Any) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)  # and whatever it has started
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        self.folder.cleanup()

    def start(self) -> dict:
        """Let the cells run; whether there is a function now."""
        self._send((self.cells, self.function))
        return self._receive(time.monotonic() + START, "your cells had not finished")

    def __call__(self, *args: Any) -> Any:
        if self.ended:
            raise Ended(self.ended)
        functions = [x for x in args if callable(x)]
        given = [("function", functions.index(x)) if callable(x) else ("value", x) for x in args]
        begun = time.monotonic()
        try:
            self._send(given)
            reply = self._reply(functions, begun + self.left)
        finally:
            self.left -= time.monotonic() - begun
        if "raised" in reply:
            raise _error(reply)
        for i, value in reply["changed"].items():
            args[int(i)][...] = decode(value)
        return decode(reply["returned"])

    def _reply(self, functions: Sequence[Any], deadline: float) -> dict:
        """The answer; until it comes, the arguments that are functions are called here."""
        while True:
            reply = self._receive(deadline, "your function had not finished")
            if "ask" not in reply:
                return reply
            self._send(functions[reply["ask"]](*map(decode, reply["args"])))

    def _send(self, request: Any) -> None:
        data = pickle.dumps(request)
        try:
            self.process.stdin.write(len(data).to_bytes(8, "big") + data)  # type: ignore[union-attr]
            self.process.stdin.flush()  # type: ignore[union-attr]
        except OSError:
            self._end("your code ended the process in which it ran")

    def _receive(self, deadline: float, what: str) -> dict:
        """The next reply."""
        size = int.from_bytes(self._read(8, deadline, what), "big")
        if size > LARGEST:
            self._end(f"your function returned {size:,} bytes")
        return json.loads(self._read(size, deadline, what))

    def _read(self, size: int, deadline: float, what: str) -> bytes:
        data = b""
        pipe = self.process.stdout.fileno()  # type: ignore[union-attr]
        while len(data) < size:
            ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                limit = START if what.startswith("your cells") else self.time_limit
                self._end(f"stopped: {what} after {limit:g} s. Is there a loop that never ends?")
            part = os.read(pipe, min(size - len(data), 2**20))
            if not part:
                self._end("your code ended the process in which it ran")
            data += part
        return data

    def _end(self, reason: str) -> None:
        self.ended = reason if reason.endswith("?") else f"{reason}."
        raise Ended(self.ended)


def decode(x: Any) -> Any:
    """The value that `child.encode` has made JSON of."""
    if not isinstance(x, dict):
        return x
    ((kind, value),) = x.items()
    if kind in ("array", "scalar"):
        found = np.load(io.BytesIO(base64.b64decode(value)), allow_pickle=False)
        return found if kind == "array" else found[()]
    if kind in ("tuple", "list"):
        return (tuple if kind == "tuple" else list)(map(decode, value))
    if kind == "dict":
        return {key: decode(part) for key, part in value.items()}
    return complex(*value) if kind == "complex" else type(str(value), (), {})()


def _error(reply: dict) -> Exception:
    """What the attempt raised: a built-in exception, or a RuntimeError that names another one."""
    kind = getattr(builtins, reply["raised"], None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            return kind(reply["text"])
        except TypeError:  # such as UnicodeDecodeError, which wants more than a text
            pass
    return RuntimeError(f"{reply['raised']}: {reply['text']}")


@cache
def importable() -> str:
    """A folder with links to all that can be imported here, and this package without references."""
    folder = tempfile.TemporaryDirectory(prefix="importable-")
    _kept.append(folder)
    target, package = Path(folder.name), Path(__file__).resolve().parents[1]
    standard = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")}
    for path in map(Path, sys.path):
        inside = path.is_dir() and path.resolve() not in standard
        if inside and path.name in ("site-packages", "dist-packages"):
            for entry in path.iterdir():
                other = not entry.name.lower().startswith(package.name) and entry.suffix != ".pth"
                if other and not (target / entry.name).is_symlink():
                    (target / entry.name).symlink_to(entry)
    leave_out = shutil.ignore_patterns("exercises")
    shutil.copytree(package, target / package.name, ignore=leave_out, dirs_exist_ok=True)
    stub = target / package.name / "exercises"
    stub.mkdir()
    (stub / "__init__.py").write_text(STUB, encoding="utf-8")
    return folder.name


_kept: list[tempfile.TemporaryDirectory] = []  # until this process ends
