"""Frames of widgets: which settings are drawn, and where they go."""

import json
from itertools import pairwise
from types import SimpleNamespace

import frames
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook


def slider(value, low, high, step):
    return SimpleNamespace(value=value, min=low, max=high, step=step)


def menu(*options):
    return SimpleNamespace(value=options[0], options=options)


def test_a_slider_has_all_its_places_or_evenly_spread_ones_with_the_start():
    assert frames.places(slider(1.0, 0.0, 1.5, 0.5), 10) == [0.0, 0.5, 1.0, 1.5]
    few = frames.places(slider(64, 1, 100, 1), 11)
    assert len(few) <= 11 and 64 in few and set(b - a for a, b in pairwise(few)) == {10}
    assert frames.places(menu("a", "b"), 1) == ["a", "b"]


@pytest.mark.parametrize(
    "controls",
    [
        [slider(1.0, 0, 3, 0.25)],
        [slider(0, 0, 300, 1)],
        [slider(2.0, -10, 14, 0.25), slider(3.0, 0, 40, 0.5)],
        [menu(*"abcdef"), menu(*"0123456789"), slider(1.0, 0, 2, 0.05)],
        [slider(2.0, -4, 4, 0.5) for _ in range(5)],
    ],
)
def test_no_more_frames_than_allowed_and_each_control_moves(controls):
    found, together = frames.plan(controls)
    starts = [values.index(control.value) for values, control in zip(found, controls, strict=True)]
    drawn = frames.settings(found, starts, together)
    assert len(drawn) <= frames.MOST and together == (len(controls) < 5)
    for i, values in enumerate(found):
        assert len(values) >= frames.FEWEST and {setting[i] for setting in drawn} == set(values)
    if not together:
        start = tuple(control.value for control in controls)
        assert all(sum(x != y for x, y in zip(s, start, strict=True)) <= 1 for s in drawn)


SOURCE = """
import matplotlib.pyplot as plt
from ipywidgets import Dropdown, IntSlider, interact
from rbmbook import plots

def draw(n, kind):
    fig, ax = plt.subplots(figsize=(1, 1))
    ax.bar([0, 1], [n, len(kind)])
    plots.show(fig, alt=f"{n} {kind}")
"""
WIDGET = '_ = interact(draw, n=IntSlider(1, min=0, max=2), kind=Dropdown(options=["a", "bcd"]))'


def test_a_build_draws_a_widgets_frames_and_leaves_the_notebook_as_it_is(tmp_path):
    import notebooks

    path, target = tmp_path / "01_x.ipynb", tmp_path / "built" / "01_x.ipynb"
    cells = [new_code_cell(SOURCE.strip()), new_code_cell(WIDGET, metadata={"tags": ["widget"]})]
    nb = notebooks.canonicalise(new_notebook(cells=cells))
    for at in (target, None):
        drawn = tmp_path / "frames" / "01_x" if at else None
        assert notebooks.run_one(nb, path, at or path, 60, drawn)
    assert (
        target.read_text() == path.read_text() and nbformat.read(target, 4).cells[-1].outputs == []
    )
    listed = json.loads((tmp_path / "frames" / "01_x-1.json").read_text())
    assert listed["together"] and [c["start"] for c in listed["controls"]] == [1, 0]
    assert [frame["alt"] for frame in listed["frames"]] == [
        f"{n} {kind}" for n in range(3) for kind in ("a", "bcd")
    ]
    files = {frame["file"] for frame in listed["frames"]}
    assert len(files) == 6
    assert {path.name for path in (tmp_path / "frames" / "01_x-1").iterdir()} == files
