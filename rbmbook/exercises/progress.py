"""What is solved so far: read from the notebooks themselves, so that nothing has to be kept."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .exercise import Exercise
from .outside import grade_source

CHECK = re.compile(r"""\bcheck\(\s*["'](\d\d?\.\d+)["']\s*,\s*(\w+)""")
TIME_LIMIT = 20.0  # seconds for an exercise
MARKS = {"solved": "■", "wrong": "▨", "open": "□"}


@dataclass(frozen=True)
class Chapter:
    """A notebook: its title, and each exercise's name with "solved", "wrong" or "open"."""

    title: str
    exercises: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        states = [state for _, state in self.exercises]
        marks = "".join(MARKS[state] for state in states)
        line = f"{self.title:<34} {marks:<8} {states.count('solved')} of {len(states)}"
        wrong = [name for name, state in self.exercises if state == "wrong"]
        return line + (f"   not right yet: {', '.join(wrong)}" if wrong else "")


@dataclass(frozen=True)
class Progress:
    """Chapter by chapter; a notebook shows it as a table.

    Attributes
    ----------
    chapters : tuple of Chapter
    """

    chapters: tuple[Chapter, ...]

    def __str__(self) -> str:
        states = [state for chapter in self.chapters for _, state in chapter.exercises]
        total = f"{'all':<34} {'':<8} {states.count('solved')} of {len(states)}"
        return "\n".join([*map(str, self.chapters), total])

    __repr__ = __str__


def progress(find: Callable[[str], Exercise], folder: Path) -> Progress:
    """Grade what the notebooks of a folder have in place of the stubs.

    Parameters
    ----------
    find : callable
        The exercise of a name, or a ValueError.
    folder : Path

    Raises
    ------
    ValueError
        If the folder has no notebook with an exercise, or one that is no notebook.
    """
    chapters = []
    for path in sorted(folder.glob("*.ipynb")):
        cells = _cells(path)
        states = tuple(_states(cells, find))
        if states:
            first = next((text for kind, text in cells if kind == "markdown"), path.stem)
            chapters.append(Chapter(first.splitlines()[0].lstrip("# "), states))
    if not chapters:
        raise ValueError(f"folder: expected notebooks with exercises, got {os.fspath(folder)!r}")
    return Progress(tuple(chapters))


def _cells(path: Path) -> list[tuple[str, str]]:
    """Kind and text of a notebook's cells, without the one that looks for the package."""
    try:
        cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return [
            (cell["cell_type"], "".join(cell["source"]))
            for cell in cells
            if "install" not in cell["metadata"].get("tags", [])
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"folder: {path.name} is no notebook of format 4 ({error})") from None


def _states(
    cells: list[tuple[str, str]], find: Callable[[str], Exercise]
) -> Iterator[tuple[str, str]]:
    """Each exercise of a notebook, graded if somebody has written something."""
    code = [text for kind, text in cells if kind == "code"]
    written = [text for text in code[1:] if re.search(r"^def \w+", text, re.MULTILINE)]
    for found in filter(None, map(CHECK.search, code)):
        try:
            exercise = find(found[1])
        except ValueError:  # not one of the book's
            continue
        own = [cell for cell in written if re.search(rf"^def {found[2]}\b", cell, re.MULTILINE)]
        if not own or "raise NotImplementedError" in own[-1]:
            yield exercise.name, "open"
            continue
        others = [cell for cell in written if cell not in own]
        verdict = grade_source(
            exercise, [code[0], *others, own[-1]], found[2], time_limit=TIME_LIMIT
        )
        yield (
            exercise.name,
            "solved" if verdict.passed else "wrong" if verdict.attempted else "open",
        )
