"""A course cut out of the book holds together, is never overwritten, and grades as it should."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from address import NOWHERE, Address
from course import CourseError, chapters_of, course, main, marked, points, relinked, write
from nbformat.v4 import new_markdown_cell
from notebook_rules import tool

from rbmbook import exercises

KEPT = {"04", "07"}


@pytest.fixture(scope="module")
def files():
    return course(chapters_of(["7", "04"]))


def notebooks(files, kind):
    return {
        name.split("/")[1]: nbformat.reads(text, 4)
        for name, text in files.items()
        if name.startswith(f"{kind}/")
    }


def test_chapters_come_in_the_books_order_and_unknown_ones_are_named():
    assert [path.name[:2] for path in chapters_of(["7", "04", "07"])] == ["04", "07"]
    for wrong in (["4", "99"], []):
        with pytest.raises(CourseError, match="expected some of 00, 01"):
            chapters_of(wrong)


def test_students_get_stubs_and_nbgrader_the_solutions_between_marks(files):
    for name, nb in notebooks(files, "release").items():
        stubs = [cell for cell in nb.cells if "exercise" in cell.metadata.get("tags", [])]
        assert len(stubs) >= 3
        assert all("raise NotImplementedError" in cell.source for cell in stubs)
        source = notebooks(files, "source")[name]
        told = [cell.metadata["nbgrader"] for cell in source.cells if "nbgrader" in cell.metadata]
        assert len({cell["grade_id"] for cell in told}) == len(told)
        assert all(re.fullmatch(r"[\w-]+", cell["grade_id"]) for cell in told)
        assert sum(cell["solution"] for cell in told) == len(stubs)
        assert sum(cell["grade"] for cell in told) == len(stubs)
        marks = [cell.source for cell in source.cells if "### BEGIN SOLUTION" in cell.source]
        assert len(marks) == len(stubs)
        for text in marks:
            ast.parse(text)


def test_no_solution_is_left_in_what_students_get(files):
    for name, nb in notebooks(files, "release").items():
        text = "\n".join(cell.source for cell in nb.cells)
        solved = tool.read(tool.NOTEBOOKS / "solutions" / f"{name}.ipynb").cells
        bodies = [cell.source for cell in solved if "exercise" in cell.metadata.get("tags", [])]
        assert bodies and not any(body in text for body in bodies)


def test_instructors_get_every_solution_below_its_exercise(files):
    for name, nb in notebooks(files, "instructor").items():
        solved = tool.read(tool.NOTEBOOKS / "solutions" / f"{name}.ipynb").cells
        bodies = [cell.source for cell in solved if "exercise" in cell.metadata.get("tags", [])]
        cells = [cell.source for cell in nb.cells]
        for body in bodies:
            assert cells[cells.index(body) + 1].startswith("exercises.check(")
        assert not any("raise NotImplementedError" in source for source in cells)


def test_every_exercise_has_points_and_the_readers_see_them(files):
    for name, nb in notebooks(files, "source").items():
        worth = [
            cell.metadata["nbgrader"]["points"]
            for cell in nb.cells
            if cell.metadata.get("nbgrader", {}).get("grade")
        ]
        released = "\n".join(cell.source for cell in notebooks(files, "release")[name].cells)
        assert re.findall(r"\*\*Exercise \d+\.\d+\.?\*\* \[(\d+) points?\]", released) == [
            str(value) for value in worth
        ]


@pytest.mark.parametrize(
    ("text", "value"), [("(warm-up).", 1), ("(harder).", 3), ("Do it.", 2), ("(open, hard).", 3)]
)
def test_points_follow_the_level(text, value):
    cells = [new_markdown_cell(f"**Exercise 7.2** {text}"), new_markdown_cell("code")]
    assert points(cells, 1, "07.2") == value


def test_links_lead_into_the_course_to_the_book_or_nowhere():
    text = "[four](04_likelihood.ipynb#a), [five](05_partition_function.ipynb), "
    text += "[done](solutions/04_likelihood.ipynb), ![x](04_x.ipynb)"
    inside = "[four](../04_likelihood/04_likelihood.ipynb#a), "
    assert relinked(text, KEPT, NOWHERE) == inside + "five, done, ![x](04_x.ipynb)"
    five = "[five](https://book.example/notebooks/05_partition_function.html)"
    site = Address(site="https://book.example/")
    assert relinked(text, KEPT, site) == inside + five + ", done, ![x](04_x.ipynb)"


def test_no_link_of_a_course_leads_out_of_it(files):
    for kind in ("source", "release", "instructor"):
        for nb in notebooks(files, kind).values():
            text = "\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
            for path in re.findall(r"\]\(([^)#]*\.ipynb)[^)]*\)", text):
                assert f"{kind}/{path.removeprefix('../')}" in files, path


def test_marks_stand_behind_the_docstring():
    text = 'def f(x):\n    """Twice."""\n    y = 2 * x\n    return y'
    assert marked(text) == (
        'def f(x):\n    """Twice."""\n    ### BEGIN SOLUTION\n    y = 2 * x\n    return y\n'
        "    ### END SOLUTION"
    )
    assert marked("def f(x):\n    return x").split("\n")[1] == "    ### BEGIN SOLUTION"


def test_a_course_is_written_anew_but_never_over_somebodys_work(tmp_path, files, capsys):
    folder = tmp_path / "mine"
    write(folder, files)
    write(folder, files)  # unchanged: once more
    smaller = course(chapters_of(["4"]))
    write(folder, smaller)  # chapter 07 goes
    assert not list(folder.rglob("07_*.ipynb"))
    (folder / "README.md").write_text("mine")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(CourseError, match=r"move them first: README\.md"):
        write(folder, files)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("mine")
    assert main([str(other), "04"]) == 1
    assert "expected a new or empty folder" in capsys.readouterr().err
    assert [path.name for path in other.iterdir()] == ["thesis.tex"]
    assert set(json.loads((folder / "course.json").read_text())) == set(smaller)


def test_what_teaching_md_names_is_there():
    text = (tool.ROOT / "TEACHING.md").read_text(encoding="utf-8")
    named = re.findall(r"\| (\d+\.\d+) \|", text)
    assert len(named) >= 8
    for name in named:
        exercises.get(name)


def test_what_nbgrader_and_slides_know_of_a_cell_is_kept():
    cell = nbformat.v4.new_code_cell("x = 1", metadata={"slideshow": {"slide_type": "slide"}})
    cell.metadata["nbgrader"] = {"grade": False}
    cell.metadata["collapsed"] = True
    nb = tool.canonicalise(nbformat.v4.new_notebook(cells=[cell]))
    assert set(nb.cells[0].metadata) == {"slideshow", "nbgrader"}


def test_right_wrong_blank_cheating_and_endless_submissions_get_what_they_deserve(tmp_path):
    """Through nbgrader: generated, graded, feedback written."""
    pytest.importorskip("nbgrader")
    write(tmp_path / "course", course(chapters_of(["1"])))
    command = [sys.executable, str(tmp_path / "course" / "cycle.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    names = [name for name in exercises.names() if name.startswith("01.")]
    found = dict(re.findall(r"01_energy (\w+): ([\d.]+ of [\d.]+)", done.stdout))
    best = float(found["right"].split(" of ")[1])
    assert found.pop("right") == f"{best} of {best}" and best >= len(names)
    assert found == dict.fromkeys(["wrong", "blank", "cheating", "endless"], f"0.0 of {best}")
    assert Path(tmp_path / "course" / "submitted").exists() is False  # it worked in a copy
