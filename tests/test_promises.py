"""book/promises.md names tests that exist, and nobody promises more than the page."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "book" / "promises.md").read_text(encoding="utf-8")
SECTIONS = ["Numbers", "Bits", "Files", "Interruption", "Threads", "Memory", "Hostile input"]
TEST = re.compile(r"  - `(tests/[\w/]+\.py)::(test_\w+)`")
# Strong words, and the section at whose end each file that says them has to be listed.
STRONG = {
    "Bits": r"bit for bit|to the bit|same bits|the bits (of|that)|any processor",
    "Files": r"whole or not at all",
    "Interruption": r"last finite|last good|whatever ends",
    "Threads": r"number of threads|thread-safe|safe in threads",
}
SKIPPED = "promises.md", "CHANGELOG.md"  # the page, and what was true at its time


def sections(page):
    """The lines of each section by its title, without what stands above the first."""
    parts = re.split(r"^## (.+)\n", page, flags=re.M)[1:]
    return {title: text.splitlines() for title, text in zip(parts[::2], parts[1::2], strict=True)}


def promises(lines):
    """The promises of a section, each with the tests below it."""
    found = []
    for line in lines:
        if line.startswith("- "):
            found.append((line, []))
        elif line.startswith("  - "):
            test = TEST.fullmatch(line)
            assert test and found, f"expected `tests/….py::test_…` below a promise, got {line}"
            found[-1][1].append(test.groups())
    return found


def faults_of_tests(page, defined):
    """What is wrong with the promises: none, without a test, or with one that is not there."""
    if list(sections(page)) != SECTIONS:
        yield f"expected the sections {SECTIONS}"
    for title, lines in sections(page).items():
        if not promises(lines):
            yield f"{title}: no promise"
        for promise, tests in promises(lines):
            if not tests:
                yield f"{title}: nothing holds {promise}"
            for file, name in tests:
                if name not in defined(file):
                    yield f"{title}: there is no {file}::{name}"


def listed(lines):
    """The files of a section's last paragraph."""
    text = "\n".join(lines)
    said = re.search(r"^Said in the docstrings[^:]*:(.+)\Z", text, flags=re.M | re.S)
    return set(re.findall(r"`([^`]+)`", said[1])) if said else set()


def faults_of_words(page, texts):
    """Who makes a strong promise without being listed, or is listed and makes none."""
    for title, words in STRONG.items():
        may, said = listed(sections(page)[title]), set()
        for file, text in texts.items():
            found = re.search(words, text, re.I)
            if found:
                said.add(file)
            if found and file not in may:
                yield f"{title} does not list {file}, which says {found[0]!r}"
        for file in sorted(may - said):
            yield f"{title} lists {file}, which says nothing of the kind"


def defined_in(file):
    """The test functions that a file defines, read and not run."""
    path = ROOT / file
    if not path.is_file() or not path.name.startswith("test_"):
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {x.name for x in tree.body if isinstance(x, ast.FunctionDef)}


def docstrings(source):
    """All docstrings of a module, each on a line of its own."""
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds))
    return "\n".join(" ".join((ast.get_docstring(node) or "").split()) for node in nodes)


def prose(notebook):
    """The Markdown of a notebook."""
    cells = json.loads(notebook)["cells"]
    text = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    return " ".join(" ".join(text).split())


@pytest.fixture(scope="module")
def said():
    """What is said to readers in docstrings, chapters, solutions and pages, by file."""
    found = {}
    for path in (ROOT / "rbmbook").rglob("*.py"):
        found[path] = docstrings(path.read_text(encoding="utf-8"))
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        if ".ipynb_checkpoints" not in path.parts:
            found[path] = prose(path.read_text(encoding="utf-8"))
    for path in [*ROOT.glob("*.md"), *(ROOT / "book").glob("*.md")]:
        if path.name not in SKIPPED:
            found[path] = " ".join(path.read_text(encoding="utf-8").split())
    return {path.relative_to(ROOT).as_posix(): text for path, text in found.items()}


def test_every_promise_has_tests_and_they_exist():
    assert not list(faults_of_tests(PAGE, defined_in))


def test_strong_words_are_said_by_the_listed_files_only(said):
    assert not list(faults_of_words(PAGE, said))


def test_what_the_page_names_is_there():
    paths = set(re.findall(r"`((?:rbmbook|tests|notebooks|benchmarks)/[\w/]+\.\w+)", PAGE))
    assert len(paths) > 20 and all((ROOT / path).is_file() for path in paths)


def test_all_docstrings_are_read(said):
    assert "bits" in said["rbmbook/training/fit.py"] and "Files:" in said["rbmbook/storage.py"]
    assert len(said) > 150 and sum(map(len, said.values())) > 5 * 10**5


HOLDS = "  - `tests/test_storage.py::test_any_wrong_bit_is_noticed`"
BROKEN = {
    "a test that is gone": (HOLDS, HOLDS[:-1] + "_here`", "there is no tests/test_storage.py::"),
    "a file that is gone": (HOLDS, HOLDS.replace("storage", "stored"), "no tests/test_stored.py"),
    "a test of another file": (
        HOLDS,
        HOLDS.replace("storage", "promises"),
        "no tests/test_promises.py",
    ),
    "a promise without tests": ("## Threads\n", "## Threads\n\n- Never a race.\n", "nothing holds"),
    "an empty section": ("## Memory\n", "## Memory\n\n## Nothing\n", "Memory: no promise"),
    "another title": ("## Memory\n", "## Sizes\n", "expected the sections"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_page_is_noticed(name):
    old, new, words = BROKEN[name]
    assert PAGE.count(old) == 1
    assert any(words in fault for fault in faults_of_tests(PAGE.replace(old, new), defined_in))


SAYINGS = {
    "The chains agree bit for bit.": "Bits",
    "The parameters are the same bits.": "Bits",
    "They hold to the bit on any\n    processor.": "Bits",
    "Written whole or not\n    at all.": "Files",
    "It keeps the last good parameters.": "Interruption",
    "The result is that of any number of threads.": "Threads",
}


@pytest.mark.parametrize("saying", SAYINGS)
def test_a_promise_that_the_page_does_not_list_is_noticed(saying, said):
    source = f'class Chain:\n    def run(self):\n        """Run.\n\n    {saying}\n    """\n'
    found = list(faults_of_words(PAGE, said | {"rbmbook/new.py": docstrings(source)}))
    assert len(found) == 1 and found[0].startswith(SAYINGS[saying]), found
    silent = list(faults_of_words(PAGE, said | {"rbmbook/training/fit.py": "Nothing."}))
    assert {fault.split()[0] for fault in silent} == {"Bits", "Interruption"}
