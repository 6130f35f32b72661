"""What runs an attempt for `outside`: a program of its own, started by file name.

It imports nothing of this package: ``python -I -S child.py FOLDER``, where FOLDER is all that it
can import from besides the standard library. Requests are pickles, from the grader. Answers leave
as JSON, in which numbers and arrays are data: what comes from an attempt is never unpickled.
"""

import base64
import dis
import io
import json
import os
import pickle
import sys
from types import FunctionType


def encode(x):
    """JSON for what an attempt returns; of what is not data, the name of its type."""
    import numpy as np

    if x is None or type(x) in (bool, int, float, str):
        return x
    if type(x) is complex:
        return {"complex": [x.real, x.imag]}
    if isinstance(x, np.ndarray | np.generic) and x.dtype.kind in "biufc":
        file = io.BytesIO()
        np.save(file, np.asarray(x), allow_pickle=False)
        kind = "array" if isinstance(x, np.ndarray) else "scalar"
        return {kind: base64.b64encode(file.getvalue()).decode("ascii")}
    if isinstance(x, tuple | list):
        return {"tuple" if isinstance(x, tuple) else "list": [encode(part) for part in x]}
    if type(x) is dict and all(type(key) is str for key in x):
        return {"dict": {key: encode(part) for key, part in x.items()}}
    return {"other": type(x).__name__}


def is_empty(function):
    """Whether a function is a ``def`` whose body is `pass`, `...`, a docstring or `return None`."""
    if not isinstance(function, FunctionType) or function.__name__ == "<lambda>":
        return False
    steps = list(dis.get_instructions(function))
    idle = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
    return all(step.opname in idle for step in steps) and all(
        step.argval is None for step in steps if "CONST" in step.opname
    )


def described(error):
    """An exception as data."""
    try:
        text = str(error)
    except Exception:
        text = ""
    return {"raised": type(error).__name__, "text": text[:2000]}


class Channel:
    """The way to the grader and back; the attempt has other standard streams."""

    def __init__(self):
        self.requests, self.replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)

    def receive(self):
        size = int.from_bytes(self.requests.read(8), "big")
        if not size:  # the grader is gone
            os._exit(0)
        return pickle.loads(self.requests.read(size))

    def send(self, reply):
        data = json.dumps(reply).encode()
        self.replies.write(len(data).to_bytes(8, "big") + data)
        self.replies.flush()


def remote(channel, number):
    """A function that the grader has: it is called there."""

    def function(*args):
        channel.send({"ask": number, "args": [encode(x) for x in args]})
        return channel.receive()

    return function


def define(cells, name):
    """The function of this name after the cells have run, or why there is none."""
    namespace, last = {"__name__": "__main__"}, None
    for cell in cells:
        try:
            exec(compile(cell, "<attempt>", "exec"), namespace)
        except BaseException as error:  # an exercise below may be right
            last = error
    return namespace.get(name), last


def answer(channel, function, given):
    """Call the attempt; reply with what it returns and with the arrays that it has changed."""
    import numpy as np

    args = [remote(channel, value) if kind == "function" else value for kind, value in given]
    before = [x.tobytes() if isinstance(x, np.ndarray) else None for x in args]
    try:
        with np.errstate(all="ignore"):
            returned = function(*args)
        changed = {
            str(i): encode(x)
            for i, x in enumerate(args)
            if before[i] is not None and x.tobytes() != before[i]
        }
        return {"returned": encode(returned), "changed": changed}
    except BaseException as error:
        return described(error)


def main():
    channel = Channel()
    sys.path.append(sys.argv[1])
    import warnings

    warnings.simplefilter("ignore")
    cells, name = channel.receive()
    function, error = define(cells, name)
    if callable(function):
        channel.send({"ready": True, "empty": is_empty(function)})
    else:
        channel.send({"ready": False} | (described(error) if error else {}))
    while True:
        channel.send(answer(channel, function, channel.receive()))


if __name__ == "__main__":
    main()
