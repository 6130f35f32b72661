"""Sliders that move: the frames which `tools/frames.py` has drawn, below their widget's cell.

A page loads the frame that it shows, and the frames next to it once a reader touches a slider.
"""

import json
import shutil
from html import escape

from docutils import nodes
from figures import kind
from sphinx.util.osutil import relative_uri

FOLDER = "_frames"  # both beside conf.py and on the site
APART = "On this page one of them moves at a time; in the notebook all of them do."


def show_frames(app, doctree):
    """Put each widget's frames below its cell; without frames the cell stands alone."""
    stem = app.env.docname.rsplit("/", 1)[-1]
    widgets = [cell for cell in doctree.findall(nodes.container) if "tag_widget" in cell["classes"]]
    for k, cell in enumerate(widgets, 1):
        listed = app.srcdir / FOLDER / f"{stem}-{k}.json"
        app.env.note_dependency(str(listed))
        if listed.is_file():
            drawn = json.loads(listed.read_text(encoding="utf-8"))
            address = relative_uri(f"{app.env.docname}.html", f"{FOLDER}/{stem}-{k}/")
            cell += nodes.raw("", markup(drawn, address), format="html")


def markup(drawn, address):
    """The controls and the frame of the start. Without scripts there is only the frame."""
    controls, frames, together = drawn["controls"], drawn["frames"], drawn["together"]
    first = frames[start(controls, together)]
    size = f'width="{first["width"]}" height="{first["height"]}"'
    look = kind(" ".join(frame["alt"] for frame in frames))
    settings = {
        "address": address,
        "together": together,
        "places": [control["places"] for control in controls],
        "starts": [control["start"] for control in controls],
        "frames": [[frame["file"], frame["alt"]] for frame in frames],
    }
    listed = json.dumps(settings).replace("</", "<\\/")
    note = "" if together else f"<figcaption>{APART}</figcaption>"
    return (
        '<figure class="sliders">'
        f'<script type="application/json">{listed}</script>'
        f'<div class="controls" hidden>{"".join(map(control_markup, controls))}</div>'
        f'<img class="{look}" src="{address}{first["file"]}" alt="{escape(first["alt"])}" {size}>'
        f"{note}</figure>"
    )


def start(controls, together):
    """The number of the frame of the start; sliders.js counts in the same way."""
    number, before = 0, 0
    for control in controls:
        n = len(control["places"])
        if together:
            number = number * n + control["start"]
        elif before == 0:
            number, before = control["start"], n
    return number


def control_markup(control):
    label = escape(control["label"])
    if control["menu"]:
        options = "".join(
            f'<option value="{k}"{" selected" * (k == control["start"])}>{escape(place)}</option>'
            for k, place in enumerate(control["places"])
        )
        return f"<label><span>{label}</span> <select>{options}</select></label>"
    last = len(control["places"]) - 1
    return (
        f'<label><span>{label}</span> <input type="range" min="0" max="{last}" step="1" '
        f'value="{control["start"]}"> <output></output></label>'
    )


def copy_frames(app, exception):
    """Take the frames along; the lists stay behind."""
    if exception is None and app.builder.format == "html" and (app.srcdir / FOLDER).is_dir():
        ignored = shutil.ignore_patterns("*.json")
        shutil.rmtree(app.outdir / FOLDER, ignore_errors=True)
        shutil.copytree(app.srcdir / FOLDER, app.outdir / FOLDER, ignore=ignored)


def setup(app):
    app.add_js_file("sliders.js", loading_method="defer")
    app.connect("doctree-read", show_frames)
    app.connect("build-finished", copy_frames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
