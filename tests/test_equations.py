"""Book and code point at each other: chapters, docstrings and book/equations.md name the same.

Below a boxed formula a chapter says "In code: …"; the docstring of what is named there says
"Book: (7.2)."; the table of book/equations.md has a row for every numbered formula.
"""

import ast
import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import pytest

import rbmbook as rb

ROOT = Path(__file__).resolve().parents[1]
INSTALLED = Path(rb.__file__).resolve().parents[1]  # ROOT, unless a wheel is tested
DISPLAY = re.compile(r"^\$\$\n(.*?)\n\$\$$", re.MULTILINE | re.DOTALL)
TAG = re.compile(r"\\tag\{(\d+\.\d+)\}")
LINE = re.compile(r"^In code: (.+)\.$", re.MULTILINE)
CITATION = re.compile(r"Book: (\(\d+\.\d+\)(?:,\s+\(\d+\.\d+\))*)\.")
MENTION = re.compile(r"(?<![\w\])])\((\d{1,2}\.\d{1,2})\)")
ROW = re.compile(r"^\| (\**)\((\d+\.\d+)\)\1 \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
CELLS = "the cells below"  # no function of its own: the chapter's cells compute or check it


@dataclass(frozen=True)
class Formula:
    """A numbered formula of a chapter, and what the chapter's line below it says."""

    number: str
    boxed: bool
    line: str | None

    @property
    def chapter(self) -> int:
        return int(self.number.split(".")[0])

    @property
    def names(self) -> list[str]:
        return re.findall(r"`(rb\.[\w.]+|[a-z]\w*)`", self.line or "")

    @property
    def files(self) -> list[str]:
        return re.findall(r"`(rbmbook/[\w/]+\.py)`", self.line or "")


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    number: str
    boxed: bool
    says: str
    names: list[str]
    files: list[str]


@dataclass(frozen=True)
class Book:
    """All that has to agree."""

    formulas: list[Formula]
    mentions: dict[str, set[str]]  # numbers in the text, in comments and in strings, by file
    functions: dict[int, set[str]]  # what a chapter's own cells define
    citations: dict[tuple[str, str], set[str]]  # by module and qualified name, from docstrings
    rows: list[Row]


# ---- reading the four places


def formulas(markdown: str) -> Iterator[Formula]:
    """The numbered formulas of a Markdown cell, in order."""
    found = [m for m in DISPLAY.finditer(markdown) if TAG.search(m[1])]
    for k, display in enumerate(found):
        end = found[k + 1].start() if k + 1 < len(found) else len(markdown)
        line = LINE.search(markdown, display.end(), end)
        yield Formula(TAG.search(display[1])[1], r"\boxed" in display[1], line and line[1])


def definitions(module: str, tree: ast.AST, outer: str = "") -> Iterator[tuple[str, str]]:
    """The qualified name and the docstring of every class and function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield outer + node.name, ast.get_docstring(node) or ""
            yield from definitions(module, node, f"{outer}{node.name}.")


def citations(docstring: str) -> set[str]:
    return {
        number
        for match in CITATION.finditer(docstring)
        for number in re.findall(r"[\d.]+\d", match[1])
    }


def strings(tree: ast.AST) -> str:
    nodes = (n for n in ast.walk(tree) if isinstance(n, ast.Constant))
    return "\n".join(node.value for node in nodes if isinstance(node.value, str))


def rows(table: str) -> list[Row]:
    return [
        Row(
            number,
            bool(bold),
            says,
            re.findall(r"`([\w.]+)`", code),
            re.findall(r"\[(rbmbook.+?)\]", f),
        )
        for bold, number, says, code, f in ROW.findall(table)
    ]


def read_book() -> Book:
    found, mentions, functions, cited = [], {}, {}, {}
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
        mentions[path.name] = set(MENTION.findall("\n".join(text for _, text in texts)))
        if path.parent.name == "notebooks":
            chapter = int(path.name[:2])
            found += [f for kind, text in texts if kind == "markdown" for f in formulas(text)]
            code = "\n".join(text for kind, text in texts if kind == "code")
            functions[chapter] = set(re.findall(r"^def (\w+)\(", code, re.MULTILINE))
    for path in sorted((ROOT / "rbmbook").rglob("*.py")):
        name, tree = path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))
        mentions[str(name)] = set(MENTION.findall(strings(tree)))
        module = ".".join(name.with_suffix("").parts)
        for qualname, docstring in definitions(module, tree):
            if numbers := citations(docstring):
                cited[module, qualname] = numbers
    table = (ROOT / "book" / "equations.md").read_text(encoding="utf-8")
    return Book(found, mentions, functions, cited, rows(table))


# ---- what has to hold


def resolve(name: str) -> tuple[tuple[str, str], str]:
    """Module and qualified name, and the file, of what is called ``rb.…``."""
    found = rb
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    found = getattr(found, "py_func", getattr(found, "__func__", found))  # a kernel; a classmethod
    file = Path(inspect.getsourcefile(inspect.unwrap(found))).resolve()
    return (found.__module__, found.__qualname__), file.relative_to(INSTALLED).as_posix()


def problems(book: Book) -> Iterator[str]:
    """One sentence for each disagreement."""
    yield from numbering(book)
    yield from chapters(book)
    yield from table(book)
    known = {f.number for f in book.formulas}
    for file, numbers in book.mentions.items():
        for number in sorted(numbers - known):
            yield f"{file} mentions ({number}), which no chapter has"


def numbering(book: Book) -> Iterator[str]:
    for chapter, group in groupby(book.formulas, key=lambda f: f.chapter):
        numbers = [f.number for f in group]
        expected = [f"{chapter}.{k}" for k in range(1, len(numbers) + 1)]
        if numbers != expected:
            yield f"chapter {chapter} has the formulas {numbers}, expected {expected}"


def chapters(book: Book) -> Iterator[str]:
    """The lines of the chapters lead to objects that are there and cite them."""
    for formula in book.formulas:
        where = f"({formula.number})"
        if formula.boxed and formula.line is None:
            yield f"{where} is boxed, and no line 'In code: …' is below it"
        if formula.line is None or formula.line == CELLS:
            continue
        if not formula.names:
            yield f"{where}: 'In code: {formula.line}.' names nothing"
        files = []
        for name in formula.names:
            if not name.startswith("rb."):
                if name not in book.functions[formula.chapter]:
                    yield f"{where}: the chapter defines no {name}"
                continue
            try:
                key, file = resolve(name)
            except AttributeError:
                yield f"{where}: there is no {name}"
                continue
            files += [file] * (file not in files)
            if formula.number not in book.citations.get(key, ()):
                yield f"{where}: the docstring of {name} does not say 'Book: {where}.'"
        if formula.files != files:
            yield f"{where}: the files of {formula.names} are {files}, not {formula.files}"


def table(book: Book) -> Iterator[str]:
    """The table has every formula, and names what the chapters and the docstrings name."""
    numbers, expected = [r.number for r in book.rows], [f.number for f in book.formulas]
    if numbers != expected:
        wrong = sorted(set(numbers) ^ set(expected)) or "the order"
        yield f"book/equations.md differs from the chapters in {wrong}"
    formula_of, named = {f.number: f for f in book.formulas}, set()
    for row in book.rows:
        where, formula = f"({row.number})", formula_of.get(row.number)
        if formula is not None and row.boxed != formula.boxed:
            yield f"{where}: bold in the table is what is boxed in the chapter"
        if formula is not None and formula.line is not None and formula.names != row.names:
            yield f"{where}: the table names {row.names}, the chapter {formula.names}"
        files = []
        for name in (n for n in row.names if n.startswith("rb.")):
            try:
                key, file = resolve(name)
            except AttributeError:
                yield f"{where}: the table names {name}, which is not there"
                continue
            files += [file] * (file not in files)
            named.add((key, row.number))
            if row.number not in book.citations.get(key, ()):
                yield f"{where}: the table names {name}, whose docstring does not cite it"
        if row.files != files:
            yield f"{where}: the table says the files {row.files}, they are {files}"
        for name in (n for n in row.names if not n.startswith("rb.")):
            if formula is not None and name not in book.functions[formula.chapter]:
                yield f"{where}: the table names {name}, which the chapter does not define"
    for key, numbers in book.citations.items():
        for number in sorted(numbers):
            if (key, number) not in named:
                yield f"{'.'.join(key)} cites ({number}), where the table does not name it"


@pytest.fixture(scope="module")
def book():
    return read_book()


def test_chapters_docstrings_and_the_table_of_equations_agree(book):
    assert list(problems(book)) == []


def test_every_boxed_formula_and_every_citation_is_seen(book):
    assert len([f for f in book.formulas if f.boxed]) > 60 and len(book.citations) > 80


# ---- each of the disagreements is found


def changed(items, at, **values):
    return [replace(x, **values) if x.number == at else x for x in items]


def without(items, at):
    return [x for x in items if x.number != at]


AIS = ("rbmbook.sampling.annealing", "ais")
BROKEN = {
    "a formula is lost": lambda b: {"formulas": without(b.formulas, "9.6")},
    "a boxed formula has no line": lambda b: {"formulas": changed(b.formulas, "7.2", line=None)},
    "a line names nothing": lambda b: {
        "formulas": changed(b.formulas, "7.2", line="somewhere in the package")
    },
    "a line names what is not there": lambda b: {
        "formulas": changed(
            b.formulas, "4.6", line="`rb.exact.slope`, in `rbmbook/machine/exact.py`"
        )
    },
    "a line names another file": lambda b: {
        "formulas": changed(b.formulas, "4.6", line="`rb.exact.gradient`, in `rbmbook/fit.py`")
    },
    "a line names a function that the chapter lacks": lambda b: {
        "formulas": changed(b.formulas, "7.3", line="`slope` in this chapter")
    },
    "a docstring does not cite": lambda b: {"citations": {**b.citations, AIS: set()}},
    "a docstring cites too much": lambda b: {
        "citations": {**b.citations, AIS: {"10.3", "10.5", "10.4"}}
    },
    "a docstring cites what is not there": lambda b: {
        "citations": {**b.citations, AIS: {"10.3", "10.5", "10.99"}}
    },
    "a text mentions what is not there": lambda b: {"mentions": {"a chapter": {"3.99"}}},
    "a row is missing": lambda b: {"rows": without(b.rows, "10.6")},
    "a row too many": lambda b: {"rows": [*b.rows, replace(b.rows[-1], number="16.99")]},
    "a row is not bold": lambda b: {"rows": changed(b.rows, "7.2", boxed=False)},
    "a row names another function": lambda b: {"rows": changed(b.rows, "7.2", names=["rb.PCD"])},
    "a row names what is not there": lambda b: {"rows": changed(b.rows, "10.6", names=["rb.no"])},
    "a row names another file": lambda b: {"rows": changed(b.rows, "10.6", files=["setup.py"])},
    "a row names a function that the chapter lacks": lambda b: {
        "rows": changed(b.rows, "6.13", names=["no_such"])
    },
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_disagreement_is_found(name, book):
    broken = replace(book, **BROKEN[name](book))
    assert set(problems(broken)) - set(problems(book))


def test_lines_are_read_below_their_own_formula_only():
    first, second = formulas(
        "$$\n\\boxed{x}\n\\tag{1.1}\n$$\n\nwhere x is\n\n"
        "$$\ny\n\\tag{1.2}\n$$\n\nIn code: `rb.fit`."
    )
    assert (first.number, first.boxed, first.line) == ("1.1", True, None)
    assert (second.number, second.boxed, second.names) == ("1.2", False, ["rb.fit"])


def test_citations_are_read_from_a_docstring():
    assert citations("Text (1.1).\n\nBook: (7.2), (7.10).\n") == {"7.2", "7.10"}
    assert citations("In a book: (7.2)") == set()
