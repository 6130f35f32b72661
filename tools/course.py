"""Cut a course out of the book: some chapters, their exercises with points, and a grader.

    python tools/course.py my_course 01 02 04 07
    make course CHAPTERS="01 02 04 07" COURSE=my_course

The folder has, for each chapter, an assignment for nbgrader (`source/`), what students get
(`release/`), and the chapter with its solutions (`instructor/`); a configuration of nbgrader whose
grader runs attempts where they cannot see the references; and a workflow that checks the course
again. Links to chapters that are left out lead to the book's public address, that of pyproject.toml
or of `--address`, and are plain text where there is none. `course.json` remembers every file as it
was written: the same command writes a course anew, but never over a file that has been changed
since, or that it has not written.
"""

import argparse
import ast
import copy
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from address import NOWHERE, Address
from address import read as read_address
from install_cell import with_install_cell
from nbformat import NotebookNode

from notebooks import NOTEBOOKS, canonicalise, read, to_text
from rbmbook.exercises.progress import CHECK

FILES = Path(__file__).parent / "course_files"
MANIFEST = "course.json"
LINK = re.compile(
    r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(((?:\.\./|solutions/)?(\d\d)_\w+\.ipynb)(#[\w-]*)?\)"
)
LEVELS = {"warm-up": 1, "harder": 3, "open": 3}  # points; an exercise that says nothing has 2
HERE = "see “Set up” in the course's README.md"  # what to do if the package is missing
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


class CourseError(Exception):
    """The course cannot be written; the text says why."""


def chapters_of(wanted: Sequence[str]) -> list[Path]:
    """The chapters' files in the book's order, from numbers such as "7" or "07"."""
    files = {path.name[:2]: path for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    numbers = sorted({number.strip().zfill(2) for number in wanted})
    unknown = [number for number in numbers if number not in files]
    if unknown or not numbers:
        known = ", ".join(files)
        raise CourseError(f"chapters: expected some of {known}; got {' '.join(wanted) or 'none'}")
    return [files[number] for number in numbers]


def relinked(text: str, kept: set[str], address: Address) -> str:
    """Markdown whose links to chapters outside the course lead to the book, or nowhere.

    Links to solutions of the course's own chapters become plain text too: students have none.
    """

    def changed(match: re.Match) -> str:
        words, path, number, anchor = match[1], match[2], match[3], match[4] or ""
        inside = number in kept
        name = path.rsplit("/", 1)[-1]
        if inside and not path.startswith("solutions/"):
            folder = name.removesuffix(".ipynb")
            return f"[{words}](../{folder}/{name}{anchor})"
        page = address.page(f"notebooks/{path.removeprefix('../')}")
        return f"[{words}]({page}{anchor})" if page and not inside else words

    return LINK.sub(changed, text)


def points(cells: Sequence[NotebookNode], at: int, name: str) -> int:
    """What an exercise is worth: by the level that its text names."""
    for cell in reversed(cells[:at]):
        level = re.search(heading(name) + r"\s*\(([^)]*)\)", cell.source)
        if level:
            return max(LEVELS.get(word.strip(), 2) for word in level[1].split(","))
    return 2


def heading(name: str) -> str:
    """How the text of the exercise "07.2" begins, as a regular expression."""
    return rf"\*\*Exercise {int(name[:2])}\.{name[3:]}\.?\*\*"


def solutions_of(chapter: Path) -> dict[str, str]:
    """Each exercise's worked solution, a function, by the exercise's name."""
    cells = read(NOTEBOOKS / "solutions" / chapter.name).cells
    return {match[1]: cells[i].source for i, match in exercises_in(cells)}


def exercises_in(cells: Sequence[NotebookNode]) -> Iterator[tuple[int, re.Match]]:
    """The place of each exercise's function, and the check behind it."""
    for i, cell in enumerate(cells[:-1]):
        if "exercise" in cell.metadata.get("tags", []):
            match = CHECK.search(cells[i + 1].source)
            if match is None:
                raise CourseError(f"no check behind the exercise {cell.source[:60]!r}")
            yield i, match


def marked(solution: str) -> str:
    """A solution with nbgrader's marks around its body, behind the docstring."""
    function = ast.parse(solution).body[0]
    assert isinstance(function, ast.FunctionDef)
    has_docstring = ast.get_docstring(function, clean=False) is not None
    lines = solution.splitlines()
    first = (function.body[0].end_lineno if has_docstring else function.body[0].lineno - 1) or 0
    indent = " " * function.body[0].col_offset
    body = lines[first:]
    return "\n".join([*lines[:first], indent + BEGIN, *body, indent + END])


def nbgrader(cell: NotebookNode, grade_id: str, **settings: object) -> None:
    """Give a cell what nbgrader wants to know of it."""
    given = {"grade": False, "solution": False, "locked": True, "task": False, "schema_version": 3}
    cell.metadata["nbgrader"] = {**given, "grade_id": grade_id, **settings}


def assignment(
    chapter: Path, kept: set[str], address: Address, worth: dict[str, int]
) -> NotebookNode:
    """The chapter as nbgrader's source: solutions marked, checks with points, all else locked."""
    nb, answers = without_links(chapter, kept, address), solutions_of(chapter)
    for i, cell in enumerate(nb.cells):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            nbgrader(cell, f"cell-{i}")
    for i, match in list(exercises_in(nb.cells)):
        name = match[1]
        nb.cells[i].source = marked(answers[name])
        grade_id = name.replace(".", "-")
        nbgrader(nb.cells[i], f"exercise-{grade_id}", solution=True, locked=False)
        nbgrader(nb.cells[i + 1], f"check-{grade_id}", grade=True, points=worth[name])
    return nb


def without_links(chapter: Path, kept: set[str], address: Address) -> NotebookNode:
    """A chapter whose links hold within the course."""
    nb = copy.deepcopy(read(chapter))
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = relinked(cell.source, kept, address)
    return nb


def release(chapter: Path, kept: set[str], address: Address, worth: dict[str, int]) -> NotebookNode:
    """The chapter as students get it: stubs, outputs, and what each exercise is worth."""
    nb = without_links(chapter, kept, address)
    for name, value in worth.items():
        unit = "point" if value == 1 else "points"
        for cell in nb.cells:
            if cell.cell_type == "markdown":
                cell.source = re.sub(f"({heading(name)})", rf"\1 [{value} {unit}]", cell.source)
    return nb


def instructor(
    chapter: Path, kept: set[str], address: Address, worth: dict[str, int]
) -> NotebookNode:
    """The release version with every worked solution, and its explanation, in the stub's place."""
    nb = release(chapter, kept, address, worth)
    solved = read(NOTEBOOKS / "solutions" / chapter.name).cells
    found = {match[1]: i for i, match in exercises_in(solved)}
    cells, skip = [], {}
    for i, match in exercises_in(nb.cells):
        at = found[match[1]]
        start = max(k for k in range(at) if solved[k].source.startswith("## "))
        skip[i] = [copy.deepcopy(cell) for cell in solved[start : at + 1]]
    for i, cell in enumerate(nb.cells):
        cells += skip.get(i, [cell])
    for cell in cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## Exercise"):
            explanation = cell.source.partition("\n")[2]
            cell.source = relinked(f"#### Solution\n{explanation}", kept, address)
    nb.cells = cells
    return nb


def course(
    chapters: Sequence[Path], address: Address = NOWHERE, name: str = "rbmbook-course"
) -> dict[str, str]:
    """Every file of a course: its path within the folder, and its text."""
    kept, files, table = {path.name[:2] for path in chapters}, {}, []
    for chapter in chapters:
        cells = read(chapter).cells
        worth = {match[1]: points(cells, i, match[1]) for i, match in exercises_in(cells)}
        for kind, make in (
            ("source", assignment),
            ("release", release),
            ("instructor", instructor),
        ):
            nb = with_install_cell(make(chapter, kept, address, worth), HERE)
            nb = canonicalise(nb)
            files[f"{kind}/{chapter.stem}/{chapter.name}"] = to_text(nb)
        title = cells[0].source.splitlines()[0].lstrip("# ")
        table.append(f"| {title} | {len(worth)} | {sum(worth.values())} |")
    filled = {
        "@NAME@": name,
        "@TABLE@": "\n".join(table),
        "@BOOK@": address.requirement() or "PATH-OF-THE-BOOK[book]",
        "@SOURCE@": address.source and f"git+{address.source}",
    }
    for path in sorted(FILES.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            text = path.read_text(encoding="utf-8")
            for mark, put in filled.items():
                text = text.replace(mark, put)
            files[path.relative_to(FILES).as_posix().replace("dot_", ".")] = text
    return files


def address_of(site: str | None) -> Address:
    """The book's address, its site's as given."""
    known = read_address()
    try:
        return Address(known.source, site or known.site)
    except ValueError as error:
        raise CourseError(f"--address: {error}") from None


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def write(folder: Path, files: dict[str, str]) -> None:
    """Write a course, unless that would destroy what somebody else has written.

    Raises
    ------
    CourseError
        If a file in the folder differs from what this tool wrote there; nothing is written then.
    """
    manifest = folder / MANIFEST
    ours = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
    if folder.exists() and not ours and any(folder.iterdir()):
        raise CourseError(f"{folder}: expected a new or empty folder, or one that holds a course")
    changed = []
    for name in sorted({*ours, *files}):
        path = folder / name
        if path.exists():
            now = digest(path.read_text(encoding="utf-8"))
            if now != ours.get(name) and now != digest(files.get(name, "")):
                changed.append(name)
    if changed:
        listed = ", ".join(changed)
        raise CourseError(
            f"{folder}: these files have been changed since; move them first: {listed}"
        )
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    for name in ours.keys() - files.keys():  # chapters that are no longer part of it
        (folder / name).unlink(missing_ok=True)
    remembered = {name: digest(text) for name, text in sorted(files.items())}
    manifest.write_text(json.dumps(remembered, indent=1) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="new, or a course that this tool has written")
    parser.add_argument("chapters", nargs="+", help="numbers, such as 01 02 04 07")
    parser.add_argument("--address", help="of the book's site, if it is not that of pyproject.toml")
    given = parser.parse_args(arguments)
    try:
        address = address_of(given.address)
        files = course(chapters_of(given.chapters), address, given.folder.resolve().name)
        write(given.folder, files)
    except CourseError as error:
        print(f"course: {error}", file=sys.stderr)
        return 1
    print(f"{given.folder}: {len(files)} files; read {given.folder / 'README.md'} next")
    return 0


if __name__ == "__main__":
    sys.exit(main())
