"""Break the core on purpose, one small change at a time, and see whether the tests notice.

``mutations.toml`` beside this file lists mistakes that a tired programmer makes: a sign, a missing
term, a stale value, a weight forgotten. Each is one text in one file of the package, which must
occur there exactly once, what stands there instead, what that breaks, and the test files that must
notice. Every mutation is made in a temporary copy, and only the tests that it names are run::

    python tools/mutate.py               all of them; writes benchmarks/results/mutations.md
    python tools/mutate.py centring      those with this word in a file's name or an explanation
    python tools/mutate.py --check       none is run: does each still apply?

First all tests that are named have to pass without any change. A mutation that no test notices, or
that does not apply any more, is a failure.
"""

import argparse
import importlib
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "tools" / "mutations.toml"
REPORT = ROOT / "benchmarks" / "results" / "mutations.md"
NEEDED = "rbmbook", "tests", "tools", "pyproject.toml"  # of the repository, in the copy
LIBRARIES = "numba", "scipy.optimize", "scipy.spatial.distance", "scipy.stats", "sklearn.neighbors"
TIME_LIMIT = 600  # seconds for the tests of one mutation; one that never ends has been noticed


@dataclass(frozen=True)
class Mutation:
    """A mistake: in `file`, `new` stands where `old` should; `tests` must notice."""

    file: str
    old: str
    new: str
    breaks: str
    tests: tuple[str, ...]

    def applied(self, source: str) -> str:
        """The source with the mistake in it."""
        count = source.count(self.old)
        if count != 1:
            raise ValueError(f"{self.file}: {self.old!r} occurs {count} times, expected once")
        return source.replace(self.old, self.new)


def listed(path: Path = LIST) -> list[Mutation]:
    """The mutations of a file, in its order."""
    rows = tomllib.loads(path.read_text("utf-8"))["mutation"]
    return [Mutation(**row | {"tests": tuple(row["tests"])}) for row in rows]


def complaints(mutations: Iterable[Mutation], root: Path = ROOT) -> list[str]:
    """What keeps mutations from being run: a text that has changed, a test that has moved."""
    found = []
    for mutation in mutations:
        missing = [test for test in mutation.tests if not (root / "tests" / test).is_file()]
        if missing or not mutation.tests:
            found.append(f"{mutation.file}: there is no test {', '.join(missing)}")
        try:
            source = (root / "rbmbook" / mutation.file).read_text("utf-8")
            compile(mutation.applied(source), mutation.file, "exec")
        except (OSError, ValueError, SyntaxError) as error:
            found.append(f"{mutation.breaks}: {error}")
    return found


def copied(root: Path, into: Path) -> Path:
    """A copy of what the tests need, with times kept: compiled kernels are found again."""
    for name in NEEDED:
        if (root / name).is_dir():
            shutil.copytree(root / name, into / name)
        elif (root / name).exists():
            shutil.copy2(root / name, into / name)
    return into


class First:
    """A plugin of pytest that remembers the first test that failed."""

    name = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid.split("[")[0]

    pytest_collectreport = pytest_runtest_logreport  # of a file that cannot be imported


def tested(copy: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Run test files in a copy up to the first failure: pytest's status, and who failed.

    In a child of this process, where the large libraries have been imported already.
    """
    for name in LIBRARIES:
        importlib.import_module(name)
    context = multiprocessing.get_context("fork")
    answer, ask = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(copy, tests, ask))
    child.start()
    ask.close()
    found = 1, "the time limit"
    if answer.poll(TIME_LIMIT):
        try:
            found = answer.recv()
        except EOFError:
            found = 1, "the interpreter, which died"
    child.kill()
    child.join()
    return found


def _child(copy: Path, tests: Sequence[str], ask: Any) -> None:
    import pytest

    os.chdir(copy)
    os.environ["PYTHONPATH"] = str(copy)
    sys.path.insert(0, str(copy))
    sys.dont_write_bytecode = True
    options = ["-x", "-q", "--tb=no", "-p", "no:nbval", "-p", "no:cacheprovider"]
    first = First()
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        status = pytest.main([*options, *(f"tests/{test}" for test in tests)], plugins=[first])
    ask.send((int(status), first.name))


def noticed(mutation: Mutation, clean: Path, copy: Path) -> str:
    """Who notices a mutation of the clean copy; an empty string if nobody does."""
    shutil.rmtree(copy / "rbmbook", ignore_errors=True)
    shutil.copytree(clean / "rbmbook", copy / "rbmbook")
    path = copy / "rbmbook" / mutation.file
    path.write_text(mutation.applied(path.read_text("utf-8")), "utf-8")
    status, name = tested(copy, mutation.tests)
    if status not in (0, 1):  # not a test that failed, but a package that cannot be imported
        raise RuntimeError(f"{mutation.file}, {mutation.breaks}: pytest ends with {status}: {name}")
    return name if status else ""


def report(found: Sequence[tuple[Mutation, str]]) -> str:
    """The result as a page."""
    caught = sum(bool(name) for _, name in found)
    lines = [
        "# What the tests notice",
        "",
        f"`python tools/mutate.py` broke the core in {len(found)} ways, one small change each "
        "(`tools/mutations.toml`), and ran the tests that should notice: "
        f"{caught} of {len(found)} were noticed.",
        "",
        "| file | what was broken | first test that failed |",
        "|---|---|---|",
    ]
    for mutation, name in found:
        test = name.removeprefix("tests/").split("::")[-1] if name else "**none**"
        lines.append(f"| {mutation.file} | {mutation.breaks} | {test} |")
    return "\n".join(lines) + "\n"


def run(mutations: Sequence[Mutation], root: Path = ROOT) -> list[tuple[Mutation, str]]:
    """Who notices each mutation; an error if tests fail on their own."""
    with tempfile.TemporaryDirectory() as folder:
        clean, copy = (Path(folder) / name for name in ("clean", "copy"))
        copied(root, clean)
        tests = sorted({test for mutation in mutations for test in mutation.tests})
        status, name = tested(clean, tests)
        if status:
            raise RuntimeError(f"without any mutation: {name}")
        print(f"{len(tests)} test files pass without any mutation", flush=True)
        copied(root, copy)
        found = []
        for number, mutation in enumerate(mutations, start=1):
            begin = time.perf_counter()
            found.append((mutation, noticed(mutation, clean, copy)))
            who, seconds = found[-1][1] or "SURVIVED", time.perf_counter() - begin
            place = f"{number}/{len(mutations)} {mutation.file}"
            print(f"{place}: {mutation.breaks}: {who} ({seconds:.0f} s)", flush=True)
    return found


def main() -> int:
    """Run what is asked for; 1 if a mutation survives or does not apply."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("word", nargs="?", default="", help="only mutations that have it")
    parser.add_argument("--check", action="store_true", help="only see whether all of them apply")
    arguments = parser.parse_args()
    everything = listed()
    mutations = [m for m in everything if arguments.word in f"{m.file} {m.breaks}"]
    wrong = complaints(mutations)
    print(*wrong, sep="\n", end="\n" * bool(wrong))
    if wrong or arguments.check:
        return int(bool(wrong))
    for name in ("NUMBA", "OPENBLAS", "OMP", "MKL"):  # before any of the libraries is there
        os.environ[f"{name}_NUM_THREADS"] = "1"
    found = run(mutations)
    survived = [mutation for mutation, name in found if not name]
    print(f"{len(found) - len(survived)} of {len(found)} were noticed")
    if mutations == everything:
        REPORT.write_text(report(found), "utf-8")
    return int(bool(survived))


if __name__ == "__main__":
    sys.exit(main())
