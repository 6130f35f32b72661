"""What a widget shows at each of its settings, drawn when the site is built.

`tools/notebooks.py run --frames DIR` lets each chapter call `draw` in its own kernel, right behind
a cell tagged `widget`. The pictures and a list of them go below DIR; on the page
`book/_extensions/sliders.py` shows one at a time. No notebook holds any of them.
"""

import base64
import io
import json
import math
from collections.abc import Sequence
from hashlib import sha256
from itertools import product
from pathlib import Path

MOST = 180  # settings of one widget
MOST_OF_ONE = 41  # places of one slider
FEWEST = 3  # places that make it worth combining a slider with the others


def places(control, most: int) -> list:
    """The values of a control from which a reader may choose, its present one among them.

    Of a slider with more than `most` values, every second one is left, or every third, and so on.
    """
    if hasattr(control, "options"):
        return list(control.options)
    every = round((control.max - control.min) / control.step) + 1
    stride = math.ceil((every - 1) / max(most - 1, 1)) if every > most else 1
    start = round((control.value - control.min) / control.step)
    values = [control.min + k * control.step for k in range(start % stride, every, stride)]
    return [round(value, 10) if isinstance(value, float) else value for value in values]


def plan(controls: Sequence) -> tuple[list[list], bool]:
    """The places of each control, and whether all combinations are drawn.

    They are if `MOST` allows. Otherwise one control moves at a time, the others stay at the start.
    """
    menus = math.prod(len(control.options) for control in controls if hasattr(control, "options"))
    sliders = sum(not hasattr(control, "options") for control in controls)
    most = int((MOST / menus) ** (1 / sliders) + 1e-9) if sliders else MOST // menus
    together = most >= FEWEST
    if not together:
        most = MOST // len(controls)
    found = [places(control, min(most, MOST_OF_ONE)) for control in controls]
    return found, together


def settings(found: list[list], starts: list[int], together: bool) -> list[tuple]:
    """Every setting to be drawn, in the order in which the page counts them."""
    if together:
        return list(product(*found))
    start = [values[k] for values, k in zip(found, starts, strict=True)]
    return [
        (*start[:i], value, *start[i + 1 :]) for i, values in enumerate(found) for value in values
    ]


def figure(function, arguments: dict) -> tuple[bytes, dict]:
    """The picture that a function shows, as WebP, and what is known of it: alt, width, height."""
    from IPython.utils.capture import capture_output
    from PIL import Image

    with capture_output() as captured:
        function(**arguments)
    shown = [output for output in captured.outputs if "image/png" in output.data]
    if len(shown) != 1:
        raise RuntimeError(f"a widget must show one figure, got {len(shown)} at {arguments}")
    png = Image.open(io.BytesIO(base64.b64decode(shown[0].data["image/png"])))
    buffer = io.BytesIO()
    png.convert("RGB").save(buffer, "webp", lossless=True, method=2)
    return buffer.getvalue(), dict(shown[0].metadata["image/png"])


def draw(widget, folder: str) -> None:
    """Draw what `ipywidgets.interact` has made at all settings: into a folder, a list beside it."""
    where, controls = Path(folder), widget.kwargs_widgets
    where.mkdir(parents=True, exist_ok=True)
    found, together = plan(controls)
    starts = [values.index(control.value) for values, control in zip(found, controls, strict=True)]
    frames = []
    for values in settings(found, starts, together):
        arguments = dict(zip((control._kwarg for control in controls), values, strict=True))
        webp, known = figure(widget.f, arguments)
        name = f"{sha256(webp).hexdigest()[:12]}.webp"
        (where / name).write_bytes(webp)
        frames.append({"file": name, **known})
    listed = {"together": together, "controls": described(controls, found, starts)}
    text = json.dumps(listed | {"frames": frames}, indent=1)
    where.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


def described(controls: Sequence, found: list[list], starts: list[int]) -> list[dict]:
    """What the page needs to know of each control."""
    return [
        {
            "label": control.description or control._kwarg,
            "menu": hasattr(control, "options"),
            "places": [f"{x:g}" if isinstance(x, float) else str(x) for x in values],
            "start": start,
        }
        for control, values, start in zip(controls, found, starts, strict=True)
    ]
