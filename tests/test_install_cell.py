"""A chapter's first cell is silent where the package is; else it installs, or says what to do."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import install_cell
import nbformat
import pytest
from course import chapters_of, course
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from notebook_rules import RULES, Page, tool

ADDRESS = "https://example.org/book.git"


@pytest.fixture
def run_cell(tmp_path, monkeypatch):
    """Run the cell for an address; the commands that it starts, which here only leave traces."""
    started = []

    def run(command, check):
        assert check
        started.append([str(word) for word in command])
        if command[0] == "git":
            (Path(command[-1]) / "notebooks").mkdir(parents=True)

    def cell(address, importable, colab):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "home", lambda: tmp_path)
            patch.setattr(subprocess, "run", run)
            patch.setattr(importlib.util, "find_spec", lambda name: importable or None)
            if colab:
                patch.setitem(sys.modules, "google.colab", object())
            exec(install_cell.text(address), {})
        return started

    monkeypatch.chdir(tmp_path)
    return cell


@pytest.mark.parametrize("address", ["", ADDRESS])
def test_nothing_happens_where_the_package_is(run_cell, address):
    before = os.getcwd()
    assert run_cell(address, importable=True, colab=False) == []
    assert os.getcwd() == before


@pytest.mark.parametrize("address", ["", ADDRESS])
def test_elsewhere_it_says_what_to_do(run_cell, address):
    with pytest.raises(ModuleNotFoundError, match="make lab"):
        run_cell(address, importable=False, colab=False)


def test_colab_without_an_address_says_what_to_upload(run_cell):
    with pytest.raises(ModuleNotFoundError, match=r"In Google Colab, upload .* `%pip install \. "):
        run_cell("", importable=False, colab=True)


def test_colab_fetches_installs_and_goes_to_the_chapters(run_cell, tmp_path):
    git, pip = run_cell(ADDRESS, importable=False, colab=True)
    assert git == ["git", "clone", "--quiet", "--depth=1", ADDRESS, str(tmp_path / "rbmbook")]
    assert pip[:4] == [sys.executable, "-m", "pip", "install"]
    assert str(tmp_path / "rbmbook") in pip
    assert Path.cwd() == tmp_path / "rbmbook" / "notebooks"
    # once more, after the kernel was restarted
    os.chdir(tmp_path)
    assert len(run_cell(ADDRESS, importable=True, colab=True)) == 2
    assert Path.cwd() == tmp_path / "rbmbook" / "notebooks"


def test_the_address_is_that_of_the_project(tmp_path, monkeypatch):
    project = tmp_path / "pyproject.toml"
    monkeypatch.setattr(install_cell, "PYPROJECT", project)
    project.write_text('[project]\nname = "x"\n')
    assert install_cell.public_address() == ""
    project.write_text(f'[project]\nname = "x"\n[project.urls]\nSource = "{ADDRESS}"\n')
    nb = install_cell.with_install_cell(new_notebook(cells=[new_code_cell("1")]))
    assert ADDRESS in nb.cells[0].source


def chapter(path, cells):
    """A notebook as somebody has saved it."""
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_clean_writes_the_cell_and_check_misses_it(tmp_path):
    cells = [new_markdown_cell("# T"), new_code_cell("1"), new_code_cell("2")]
    for count, cell in enumerate(cells[1:], start=1):
        cell.execution_count = count
    path = chapter(tmp_path / "01_t.ipynb", cells)
    assert tool.check([path]) == 1
    tool.clean([path])
    assert tool.check([path]) == 0
    written = tool.read(path)
    assert [cell.get("execution_count") for cell in written.cells] == [None, None, 1, 2]
    assert written.cells[1].metadata.tags == install_cell.TAGS
    before = path.read_bytes()
    for count, cell in enumerate(written.cells[1:], start=1):  # as after a run
        cell.execution_count = count
    nbformat.write(written, path)
    tool.clean([path])
    assert path.read_bytes() == before
    # somebody changes it
    written.cells[1].source = "import rbmbook"
    nbformat.write(written, path)
    assert list(RULES["is_canonical"](Page(path)))
    tool.clean([path])
    assert path.read_bytes() == before


def test_solutions_have_none(tmp_path):
    path = chapter(tmp_path / "solutions" / "01_t.ipynb", [new_code_cell("1", execution_count=1)])
    tool.clean([path])
    assert [cell.source for cell in tool.read(path).cells] == ["1"]


def test_every_chapter_has_it_before_its_imports():
    for path in sorted(tool.NOTEBOOKS.glob("*.ipynb")):
        first, second = [cell for cell in tool.read(path).cells if cell.cell_type == "code"][:2]
        assert first.source == install_cell.text(install_cell.public_address())
        assert first.outputs == [] and "import rbmbook" in second.source


def test_a_course_says_where_its_package_comes_from():
    for name, text in course(chapters_of(["04"])).items():
        if name.endswith(".ipynb"):
            nb = nbformat.reads(text, 4)
            found = [cell for cell in nb.cells if "install" in cell.metadata.get("tags", [])]
            assert len(found) == 1 and "README.md" in found[0].source
            assert "make lab" not in found[0].source
