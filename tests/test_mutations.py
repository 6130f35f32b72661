"""The list of mutations: each one still applies, and the tool tells what the tests notice."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from mutate import Mutation, complaints, listed, report

TOOLS = Path(__file__).resolve().parents[1] / "tools"

ROOMS = "machine sampling evaluation training networks autoencoder gan dbn dbm estimators".split()
SOURCE = "def total(x, y):\n    return x + y\n"
TEST = "from rbmbook.sums import total\n\n\ndef test_total():\n    assert total(2, 0) == 2\n"


def mutation(**changes):
    given = {"file": "sums.py", "old": "x + y", "new": "x * y", "breaks": "a sum"}
    return Mutation(**given | {"tests": ("test_sums.py",)} | changes)


@pytest.fixture
def root(tmp_path):
    """A package of one function, and a test of it that cannot tell + from −."""
    for folder, name, text in (("rbmbook", "sums.py", SOURCE), ("tests", "test_sums.py", TEST)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").touch()
        (tmp_path / folder / name).write_text(text)
    return tmp_path


def test_every_listed_mutation_applies():
    assert complaints(listed()) == []


def test_the_list_covers_every_room_and_says_nothing_twice():
    mutations = listed()
    rooms = Counter(mutation.file.split("/")[0] for mutation in mutations)
    assert len(mutations) >= 60 and all(rooms[room] >= 3 for room in ROOMS), rooms
    assert len({(m.file, m.old, m.new) for m in mutations}) == len(mutations)
    assert len({(m.file, m.breaks) for m in mutations}) == len(mutations)


WRONG = {
    "a text that is not there": ({"old": "x - y"}, "occurs 0 times"),
    "a text that is there twice": ({"old": "x"}, "occurs 2 times"),
    "no Python": ({"new": "x +"}, "invalid syntax"),
    "no test": ({"tests": ("test_other.py",)}, "no test test_other.py"),
    "no file": ({"file": "other.py"}, "other.py"),
}


@pytest.mark.parametrize(("changes", "words"), WRONG.values(), ids=WRONG)
def test_what_does_not_apply_is_an_error(root, changes, words):
    (found,) = complaints([mutation(**changes)], root)
    assert words in found


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the tool forks")
def test_a_mutation_is_noticed_or_survives_and_the_package_stays_as_it_is(root):
    mutations = [mutation(), mutation(new="x - y", breaks="a sign")]
    code = f"from pathlib import *; from mutate import *; run({mutations}, {root!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=TOOLS, capture_output=True, text=True, check=True
    )
    assert "a sum: tests/test_sums.py::test_total" in done.stdout
    assert "a sign: SURVIVED" in done.stdout
    assert (root / "rbmbook" / "sums.py").read_text() == SOURCE


def test_the_report_names_the_first_test_and_what_survived():
    text = report([(mutation(), "tests/test_sums.py::test_total"), (mutation(), "")])
    assert "1 of 2 were noticed" in text
    assert "| sums.py | a sum | test_total |" in text and "| sums.py | a sum | **none** |" in text
