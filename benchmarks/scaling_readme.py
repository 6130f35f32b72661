"""Bring the README's table and figure of what an update costs up to the measured numbers.

python benchmarks/scaling_readme.py

It reads results/scaling.json, which `scaling.py` writes, draws book/_static/scaling.svg, and writes
what stands in the README between two comments.
"""

import json
from pathlib import Path
from typing import Any

import scaling_figure
from scaling import NUMPY, OURS, PRODUCTS, RESULT

ROOT = Path(__file__).resolve().parents[1]
README, PICTURE = ROOT / "README.md", "book/_static/scaling.svg"
BEGIN, END = (
    "<!-- written by benchmarks/scaling_readme.py -->\n",
    "<!-- end of what it writes -->\n",
)
ENDS = ("batch", "visible", "hidden", "k", "density")  # of these the first and the last row


def shown(found: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What is changed, and its row: nothing, the ends of each axis, all numbers of threads."""
    base, small = found["base"], found["small"]
    plain = next(row for row in scaling_figure.along(found, "k") if row["value"] == base["k"])
    rows = [("nothing", plain)]
    for axis in ENDS:
        ends = scaling_figure.along(found, axis)[:: len(scaling_figure.along(found, axis)) - 1]
        label = scaling_figure.LABELS[axis]
        rows += [(f"{label}: {r['value']:g}", r) for r in ends if r["value"] != base[axis]]
    machine = f"{small['visible']} × {small['hidden']}, {small['batch']} rows"
    for axis, label in (("threads", "threads"), ("threads, small", f"{machine}; threads")):
        rows += [(f"{label}: {r['value']:g}", r) for r in scaling_figure.along(found, axis)]
    return rows


def table(found: dict[str, Any]) -> str:
    """Microseconds of an update, in Markdown."""
    lines = ["| changed to | rbmbook | NumPy by hand | matrix products alone |"]
    lines += ["| --- | ---: | ---: | ---: |"]
    for label, row in shown(found):
        costs = (f"{1e6 * row['update'][who]:,.0f} µs" for who in (OURS, NUMPY, PRODUCTS))
        lines.append(f"| {label} | {' | '.join(costs)} |")
    return "\n".join(lines) + "\n"


def section(found: dict[str, Any]) -> str:
    """The figure, on what it was measured, and the table."""
    base, machine = found["base"], found["machine"]
    return (
        f"![{scaling_figure.alternative(found)}]({PICTURE})\n\n"
        f"Measured on {machine['processor']}, {machine['cores']} cores: the time of an update.\n"
        f"One thing at a time is changed from {base['visible']} × {base['hidden']} units, "
        f"batches of {base['batch']} rows,\n"
        f"k = {base['k']} and {base['density']:.0%} of the units on.\n\n"
        f"{table(found)}"
    )


def renewed(readme: str, found: dict[str, Any]) -> str:
    """The README with the section of these numbers."""
    before, rest = readme.split(BEGIN)
    return before + BEGIN + section(found) + END + rest.split(END)[1]


if __name__ == "__main__":
    numbers = json.loads(RESULT.read_text(encoding="utf-8"))
    scaling_figure.write(scaling_figure.draw(numbers), ROOT / PICTURE)
    README.write_text(renewed(README.read_text(encoding="utf-8"), numbers), encoding="utf-8")
