"""nbgrader's autograder for the book's exercises: attempts run outside, nothing of theirs here.

A course's ``nbgrader_config.py`` puts :class:`GradeOutside` in the place of nbgrader's `Execute`.
The file stands beside that configuration.
"""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Float

from rbmbook.exercises import get
from rbmbook.exercises.engine import Verdict
from rbmbook.exercises.outside import grade_source
from rbmbook.exercises.progress import CHECK


class GradeOutside(NbGraderPreprocessor):
    """Give every check cell the output that it deserves; run no cell in this process or a kernel.

    The checks, the imports and the book's own cells are those of the course: nbgrader has put them
    back. What the student has written, in the cells of the exercises or in cells of their own, runs
    in a process without the references, once for each exercise.
    """

    time_limit = Float(20.0, help="Seconds that an attempt may take over all cases.").tag(
        config=True
    )

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Grade the exercises of a notebook, in its order."""
        code = [cell for cell in nb.cells if cell.cell_type == "code"]
        cells = [c.source for c in code if "install" not in c.metadata.get("tags", [])][:1]
        for count, cell in enumerate(code, start=1):
            course = cell.metadata.get("nbgrader", {})
            cell.execution_count, cell.outputs = count, []
            if course.get("grade"):
                self._grade(cell, cells)
            elif not course.get("locked"):
                cells.append(cell.source)
        return nb, resources

    def _grade(self, cell: NotebookNode, cells: list[str]) -> None:
        found = CHECK.search(cell.source)
        if found is None:
            raise ValueError(f"a graded cell without a check of the book: {cell.source!r}")
        verdict = grade_source(get(found[1]), cells, found[2], time_limit=self.time_limit)
        self.log.info("%s", verdict.message)
        cell.outputs = [output(verdict)]


def output(verdict: Verdict) -> Any:
    """What a check shows: a line, or an error, for which nbgrader gives no points."""
    if verdict.passed:
        return new_output("stream", name="stdout", text=f"{verdict.message}\n")
    lines = [f"WrongAnswer: {verdict.message}"]
    return new_output("error", ename="WrongAnswer", evalue=verdict.message, traceback=lines)
