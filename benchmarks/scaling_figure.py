"""The figure of `scaling.py`, from `results/scaling.json`.

python benchmarks/scaling_figure.py scaling.svg      # or .png
"""

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scaling import NUMPY, OURS, PRODUCTS, RESULT

from rbmbook.plots.style import BLUE, ORANGE, VERMILLION, use_style

LABELS = {
    "batch": "rows in a batch",
    "visible": "visible units D",
    "hidden": "hidden units H",
    "k": "Gibbs steps k",
    "density": "share of units that are on",
    "threads": "threads",
}
LOOKS = {
    OURS: {"color": VERMILLION, "marker": "o", "linestyle": "-"},
    NUMPY: {"color": BLUE, "marker": "s", "linestyle": "--"},
    PRODUCTS: {"color": ORANGE, "marker": "^", "linestyle": ":"},
}
LEGEND = {OURS: "rbmbook", NUMPY: "NumPy by hand", PRODUCTS: "matrix products alone"}


def along(found: dict[str, Any], axis: str) -> list[dict[str, Any]]:
    """The rows of one axis."""
    return [row for row in found["rows"] if row["axis"] == axis]


def panel(ax: Axes, found: dict[str, Any], axis: str) -> None:
    """Milliseconds of an update along one axis."""
    rows = along(found, axis)
    x = [row["value"] for row in rows]
    for who, look in LOOKS.items():
        ax.plot(x, [1e3 * row["update"][who] for row in rows], markersize=5, **look)
    ax.set(xlabel=LABELS[axis], yscale="log", xscale="linear" if axis == "density" else "log")
    if axis in ("k", "threads"):
        ax.set_xticks(x, [f"{value:g}" for value in x])
        ax.minorticks_off()
    ax.grid(True)


def finding(found: dict[str, Any]) -> str:
    """What the numbers say of the machine that all panels pass through."""
    at = next(row for row in along(found, "batch") if row["value"] == found["base"]["batch"])
    ours, by_hand, products = (at["update"][who] for who in (OURS, NUMPY, PRODUCTS))
    base = found["base"]
    return (
        f"An update of CD-1 ({base['visible']} × {base['hidden']}, {base['batch']} rows) takes "
        f"{ours / by_hand:.2f} times NumPy by hand,\n"
        f"{ours / products:.2f} times the matrix products alone"
    )


def alternative(found: dict[str, Any]) -> str:
    """The figure in words, with the ends of each panel."""
    parts = [f"{len(LABELS)} panels of milliseconds an update on a logarithmic scale."]
    for axis, label in LABELS.items():
        first, last = along(found, axis)[0], along(found, axis)[-1]
        ends = "; ".join(
            f"{LEGEND[who]} {1e3 * first['update'][who]:.2g} to {1e3 * last['update'][who]:.2g} ms"
            for who in LOOKS
        )
        parts.append(f"With {label} from {first['value']:g} to {last['value']:g}: {ends}.")
    return " ".join(parts)


def draw(found: dict[str, Any]) -> Figure:
    """Six panels, one for each thing that is changed, all on one scale of time."""
    use_style()
    fig, panels = plt.subplots(2, 3, figsize=(9.6, 5.8), sharey=True)
    for ax, axis in zip(panels.flat, LABELS, strict=True):
        panel(ax, found, axis)
    for ax in panels[:, 0]:
        ax.set_ylabel("time of an update (ms)")
    panels[0, 0].legend(panels[0, 0].lines, [LEGEND[who] for who in LOOKS], fontsize=9)
    fig.suptitle(finding(found))
    return fig


def write(fig: Figure, path: Path) -> None:
    """As SVG or PNG, by the name's ending; equal numbers give equal bytes."""
    plt.rcParams["svg.hashsalt"] = "rbmbook"
    nothing = {".svg": {"Date": None}, ".png": {"Software": None}}
    fig.savefig(path, dpi=150, metadata=nothing[path.suffix])
    plt.close(fig)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path, help="where to write; ends in .svg or .png")
    numbers = json.loads(RESULT.read_text(encoding="utf-8"))
    write(draw(numbers), parser.parse_args().path)
    print(alternative(numbers))
