"""Draw book/_static/stair.svg: the rooms of the package, and an arrow from each to what it imports.

``python tools/stair.py`` writes the picture; `tests/test_architecture.py` reads the same imports,
holds that they lead down the stair, and that the committed picture is the one this script draws.
The page book/architecture.md has the same in words, which the script prints.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "rbmbook"
TARGET = ROOT / "book" / "_static" / "stair.svg"

GROUND = ("validation", "storage", "description", "rounding", "_jit", "_threads")
# From the ground up. A room may import what stands on a lower floor; rooms of a floor are
# strangers to each other.
FLOORS = (
    ("ground",),
    ("machine",),
    ("sampling",),
    ("evaluation",),
    ("training",),
    ("networks",),
    ("autoencoder", "gan"),
    ("dbn",),
    ("dbm",),
)
# Outside the stair, and imported by the facade only: each with the highest room that it may import.
BESIDE = {
    "data": "ground",
    "plots": "ground",
    "estimators": "training",
    "distributed": "training",
    "exercises": None,
}
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


@dataclass(frozen=True)
class Import:
    """Line `line` of the module `source` imports the module `target`; both without "rbmbook."."""

    source: str
    target: str
    line: int


def modules() -> dict[str, Path]:
    """The package's modules by name, such as "training.fit"; the facade is ""."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = path
    return found


def imports(found: dict[str, Path]) -> Iterator[Import]:
    """Every import of one module of the package by another, wherever it stands in the file."""
    for name, path in found.items():
        package = name if path.stem == "__init__" else name.rpartition(".")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for target in _targets(node, package):
                while target not in found:  # a name in a module, not a module
                    target = target.rpartition(".")[0]
                yield Import(name, target, node.lineno)


def _targets(node: ast.AST, package: str) -> list[str]:
    """The absolute names that a node imports from rbmbook, without "rbmbook."."""
    if isinstance(node, ast.Import):
        full = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            above = ["rbmbook", *filter(None, package.split("."))]
            base = ".".join([*above[: len(above) - node.level + 1], *filter(None, [base])])
        full = [f"{base}.{alias.name}" for alias in node.names]
    else:
        full = []
    return [name.removeprefix("rbmbook").lstrip(".") for name in full if _ours(name)]


def _ours(name: str) -> bool:
    return name.split(".")[0] == "rbmbook"


def room(module: str) -> str:
    """The room that a module stands in; "" is the facade."""
    first = module.split(".")[0]
    return "ground" if first in GROUND else first


def arrows(found: dict[str, Path]) -> set[tuple[str, str]]:
    """Pairs of rooms, the facade left out, of which the first imports from the second."""
    pairs = {(room(i.source), room(i.target)) for i in imports(found)}
    return {(a, b) for a, b in pairs if a != b and a and b}


def allowed(source: str, target: str) -> bool:
    """Whether a room may import from another one."""
    if target not in FLOOR or source not in FLOOR.keys() | BESIDE.keys():
        return False
    if source in FLOOR:
        return FLOOR[target] < FLOOR[source]
    highest = BESIDE[source]
    return highest is not None and FLOOR[target] <= FLOOR[highest]


def shortest(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The arrows without those that follow from two or more others."""

    def reaches(start: str, goal: str) -> bool:
        return any(a == start and (b == goal or reaches(b, goal)) for a, b in pairs)

    middles = {room for pair in pairs for room in pair}
    return {
        (a, b)
        for a, b in pairs
        if not any(reaches(a, middle) and reaches(middle, b) for middle in middles)
    }


def in_words(found: dict[str, Path]) -> str:
    """What the picture shows, for readers who do not see it."""
    pairs = shortest(arrows(found))
    told = []
    for name in (*FLOOR, *BESIDE):
        below = [b for b in FLOOR if (name, b) in pairs]
        if name != "ground" and any(room(module) == name for module in found):
            told.append(f"{name} on {' and '.join(below) or 'nothing'}")
    return f"The rooms of the package as a stair: {', '.join(told)}."


# ---- the picture

WIDTH, HEIGHT, STEP, OFFSET = 784, 544, 58, 54
BOX = (124, 40)
# room: left edge, floor, second line
PLACES = {
    "ground": (20, 0, "validation · storage · description · rounding · compiling: knows no model"),
    "machine": (20, 1, "chapters 01–05, 11"),
    "sampling": (20 + OFFSET, 2, "chapters 06, 09"),
    "evaluation": (20 + 2 * OFFSET, 3, "chapter 10"),
    "training": (20 + 3 * OFFSET, 4, "chapters 07–09, 16"),
    "networks": (20 + 4 * OFFSET, 5, "chapters 12, 14"),
    "autoencoder": (20 + 5 * OFFSET, 6, "chapter 14"),
    "gan": (20 + 5 * OFFSET + BOX[0] + 12, 6, "chapter 15"),
    "dbn": (20 + 6 * OFFSET, 7, "chapter 12"),
    "dbm": (20 + 7 * OFFSET, 8, "chapter 13"),
    "data": (500, 1, "every chapter"),
    "plots": (640, 1, "every chapter"),
    "estimators": (500, 5, "chapter 16"),
    "distributed": (640, 5, "chapter 18"),
    "exercises": (640, 2, "every chapter"),
}


def draw(found: dict[str, Path]) -> str:
    """The picture as SVG."""
    pairs = arrows(found)
    rooms = [name for name in PLACES if any(room(module) == name for module in found)]
    lines = [_arrow(a, b) for a, b in sorted(shortest(pairs))]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" text-anchor="middle">',
            f"<title>{in_words(found)}</title>",
            '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto"><path d="M0 0L8 4L0 8z" fill="#44546a"/></marker>',
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#ffffff"/>',
            *lines,
            *(_box(name) for name in rooms),
            "</svg>\n",
        ]
    )


def _corner(name: str) -> tuple[int, int, int]:
    """Left edge, upper edge and width of a room's box."""
    left, floor, _ = PLACES[name]
    width = WIDTH - 40 if name == "ground" else BOX[0]
    return left, HEIGHT - 20 - BOX[1] - floor * STEP, width


def _box(name: str) -> str:
    left, top, width = _corner(name)
    fill = "#dbe9f6" if name in FLOOR else "#f6ecd2"
    middle = left + width // 2
    return (
        f'<rect x="{left}" y="{top}" width="{width}" height="{BOX[1]}" rx="5" fill="{fill}" '
        f'stroke="#44546a"/>'
        f'<text x="{middle}" y="{top + 17}" font-size="14" fill="#10243e">{name}</text>'
        f'<text x="{middle}" y="{top + 32}" font-size="11" fill="#44546a">{PLACES[name][2]}</text>'
    )


def _arrow(source: str, target: str) -> str:
    """From a room down to another: straight if it lies below, else round a corner."""
    (x, y, width), (left, top, below) = _corner(source), _corner(target)
    bottom, middle = y + BOX[1], top + BOX[1] // 2
    shared = range(max(x, left) + 15, min(x + width, left + below) - 14)
    adjacent = PLACES[source][1] - PLACES[target][1] == 1
    if shared and (adjacent or target == "ground"):
        at = shared[len(shared) // 2]
        path = f"M{at} {bottom}V{top}"
    elif left < x and source in FLOOR and source != "gan":
        path = f"M{x} {y + BOX[1] // 2}H{left + 25}V{top}"
    else:
        at = x + (20 if source in FLOOR else 20 + 15 * FLOOR[target])
        path = f"M{at} {bottom}V{middle}H{left + below}"
    return f'<path d="{path}" fill="none" stroke="#44546a" marker-end="url(#tip)"/>'


if __name__ == "__main__":
    TARGET.write_text(draw(modules()), encoding="utf-8", newline="\n")
    print(f"wrote {TARGET.relative_to(ROOT)}; its words for book/architecture.md:")
    print(in_words(modules()))
