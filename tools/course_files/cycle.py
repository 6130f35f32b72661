"""Try the course: nbgrader's whole cycle on submissions whose scores are known beforehand.

    python cycle.py [ASSIGNMENT ...]

In a temporary copy, students hand in what is right, wrong, blank, cheating and endless. The right
one has to get all points, the others none. The exit code is 1 if one of them does not.
"""

import ast
import os
import shutil
import sys
import sysconfig
import tempfile
import warnings
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config, PyFileConfigLoader

HERE = Path(__file__).resolve().parent
TIME_LIMIT = 5.0  # seconds for an exercise; an endless one takes them all
STUDENTS = "right", "wrong", "blank", "cheating", "endless"
CHEATING = """from rbmbook import exercises
exercises.check = lambda *args, **options: print("Exercise: correct.")
"""
ANSWERS = {
    "wrong": "    return 0.125",
    "cheating": "    return exercises.get({name!r}).reference(*{arguments})",
    "endless": "    while True:\n        pass",
}


def api(folder):
    """nbgrader for the course in this folder."""
    config = Config(PyFileConfigLoader("nbgrader_config.py", str(folder)).load_config())
    config.CourseDirectory.root = str(folder)
    config.GradeOutside.time_limit = TIME_LIMIT
    config.Exchange.root = str(folder / "exchange")
    return NbGraderAPI(config=config)


def attempt(solution, check, student):
    """What a student writes in place of the solution."""
    if student == "right":
        return solution
    function = ast.parse(solution).body[0]
    arguments = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    name = check.split('"')[1]
    body = ANSWERS[student].format(name=name, arguments=f"({', '.join(arguments)},)")
    return f"def {function.name}({ast.unparse(function.args)}):\n{body}"


def submit(folder, assignment, student):
    """Put a student's notebook where nbgrader collects it."""
    [source] = (folder / "source" / assignment).glob("*.ipynb")
    [released] = (folder / "release" / assignment).glob("*.ipynb")
    solved, nb = (nbformat.read(path, 4) for path in (source, released))
    answers = {
        c.metadata.nbgrader.grade_id: c.source for c in solved.cells if "nbgrader" in c.metadata
    }
    for i, cell in enumerate(nb.cells):
        told = cell.metadata.get("nbgrader", {})
        if told.get("solution") and student != "blank":
            cell.source = attempt(answers[told["grade_id"]], nb.cells[i + 1].source, student)
    if student == "cheating":
        first = next(i for i, cell in enumerate(nb.cells) if cell.cell_type == "code")
        nb.cells.insert(first + 1, nbformat.v4.new_code_cell(CHEATING))
    target = folder / "submitted" / student / assignment / source.name
    target.parent.mkdir(parents=True)
    nbformat.write(nb, target)


def scores(folder, nbgrader, assignment):
    """Each student's score, and the greatest possible one."""
    found = {}
    with Gradebook(nbgrader.coursedir.db_url) as book:
        for student in STUDENTS:
            try:
                submission = book.find_submission(assignment, student)
                found[student] = submission.score, submission.max_score
            except MissingEntry:
                found[student] = None, None
    return found


def main(names):
    bad = 0
    warnings.simplefilter("ignore")  # nbgrader's database warns of its own doings
    # nbgrader calls alembic by its name
    os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "course"
        shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("release", "*.db", ".git"))
        nbgrader = api(folder)
        for assignment in names or sorted(path.name for path in (folder / "source").iterdir()):
            done = nbgrader.generate_assignment(assignment)
            if not done["success"]:
                print(done["log"], done["error"])
                return 1
            for student in STUDENTS:
                submit(folder, assignment, student)
                for step in (nbgrader.autograde, nbgrader.generate_feedback):
                    done = step(assignment, student)
                    if not done["success"]:
                        print(student, done["log"], done["error"])
            for student, (score, best) in scores(folder, nbgrader, assignment).items():
                expected = best if student == "right" else 0
                feedback = list((folder / "feedback" / student / assignment).glob("*.html"))
                good = score is not None and score == expected and best > 0 and feedback
                bad += not good
                note = "" if good else "  NOT as it should be"
                print(f"{assignment} {student}: {score} of {best}{note}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
