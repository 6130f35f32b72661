"""nbgrader's settings: the usual ones, but for a grader that runs attempts elsewhere."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from grading import GradeOutside
from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    IgnorePattern,
    LimitOutput,
    SaveAutoGrades,
)

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "@NAME@"
c.Autograde.autograde_preprocessors = [
    GradeOutside,  # in the place of Execute
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
c.GradeOutside.time_limit = 20.0  # seconds for an exercise
