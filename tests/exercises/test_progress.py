"""What is solved so far is read from the saved notebooks."""

import os

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from rbmbook import exercises

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")

RIGHT = """def pair_energies(v, h, W, a, b):
    return helper(v, a)[:, None] - h @ b - v @ W @ h.T"""
HELPER = "def helper(v, a):\n    return -(v @ a)"
WRONG = "def joint(W, a, b):\n    return W"
OPEN = "def negative(W, a, b):\n    raise NotImplementedError"


def notebook(folder, name, *cells):
    """Saved as Jupyter saves it."""
    nb = new_notebook(cells=[new_markdown_cell(f"# {name}\n\ntext")])
    nb.cells += [new_code_cell(text) for text in ("import numpy as np", *cells)]
    nbformat.write(nb, folder / f"{name}.ipynb")


def test_each_exercise_is_solved_wrong_or_open(tmp_path, monkeypatch):
    checks = [f'exercises.check("{name}", {function})' for name, function in CALLS]
    notebook(tmp_path, "1 Energy", HELPER, RIGHT, checks[0], WRONG, checks[1], OPEN, checks[2])
    notebook(tmp_path, "no exercises")
    monkeypatch.chdir(tmp_path)
    found = exercises.summary()
    [chapter] = found.chapters
    assert chapter.exercises == (("01.1", "solved"), ("01.2", "wrong"), ("01.3", "open"))
    assert repr(found).splitlines() == [
        f"{'1 Energy':<34} ■▨□      1 of 3   not right yet: 01.2",
        f"{'all':<34} {'':<8} 1 of 3",
    ]


CALLS = [("01.1", "pair_energies"), ("1.2", "joint"), ("01.3", "negative")]


def test_what_is_no_folder_of_the_book_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match="folder: expected notebooks with exercises"):
        exercises.summary(tmp_path)
    (tmp_path / "a.ipynb").write_text("{")
    with pytest.raises(ValueError, match=r"folder: a\.ipynb is no notebook"):
        exercises.summary(tmp_path)


def test_the_chapters_as_they_are_have_nothing_solved():
    found = exercises.summary(os.path.join(os.path.dirname(__file__), "../../notebooks"))
    states = {state for chapter in found.chapters for _, state in chapter.exercises}
    assert states == {"open"} and len(found.chapters) >= 18
