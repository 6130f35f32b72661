"""What a committed notebook must satisfy beyond what nbval sees: one function per rule.

A rule takes a ``Page`` and yields one sentence per problem. ``test_notebooks.py`` applies every
rule to every notebook, and every rule to a notebook that breaks it.
"""

import ast
import importlib.util
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import install_cell
import nbformat

ROOT = Path(__file__).resolve().parents[1]
_spec = importlib.util.spec_from_file_location("notebooks_tool", ROOT / "tools" / "notebooks.py")
tool = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tool)

TAGS = {"check", "exercise", "hide-input", "nbval-ignore-output", "widget", *install_cell.TAGS}
LEGACY_RANDOM = {"default_rng", "Generator", "SeedSequence", "PCG64", "PCG64DXSM", "Philox"}
ABSOLUTE_PATH = re.compile(
    r"file://|(?<![\w.:/-])/(?:home|root|tmp|work|Users|usr|opt|mnt|content)/|\b[A-Z]:\\"
)
CAPTION = re.compile(r"\*\*Figure S?(\d+)\.(\d+)\.\*\* \S")  # S: of the solutions
RULES: dict[str, Callable] = {}


@dataclass
class Page:
    """A notebook and its place: ``notebooks/NN_title.ipynb`` or ``notebooks/solutions/…``."""

    path: Path

    @cached_property
    def nb(self):
        return nbformat.read(self.path, as_version=4)

    @property
    def is_solution(self) -> bool:
        return self.path.parent.name == "solutions"

    @property
    def number(self) -> str:
        return self.path.name[:2]

    @property
    def twin(self) -> "Page":
        """The solutions of a chapter, or the chapter of some solutions."""
        folder = self.path.parent
        return Page((folder.parent if self.is_solution else folder / "solutions") / self.path.name)

    def cells(
        self, kind: str, tag: str | None = None
    ) -> Iterator[tuple[int, nbformat.NotebookNode]]:
        for index, cell in enumerate(self.nb.cells):
            if cell.cell_type == kind and (tag is None or tag in tags(cell)):
                yield index, cell

    def outputs(self):
        for index, cell in self.cells("code"):
            for output in cell.outputs:
                yield index, cell, output

    def next_code(self, index: int):
        """The first code cell after `index`, or None."""
        return next((cell for at, cell in self.cells("code") if at > index), None)


def rule(function: Callable) -> Callable:
    """Register a rule under its name."""
    RULES[function.__name__] = function
    return function


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def tree(cell) -> ast.Module:
    """The cell's syntax tree; empty when it is not Python, which `plain_python` reports."""
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def prose(cell) -> str:
    """A Markdown cell without its code, in which anything may stand."""
    text = re.sub(r"^( *)(```|~~~).*?^ *\2", "", cell.source, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(`+)[^`].*?\1", "", text)


def output_text(output) -> str:
    return output.get("text", "") or "\n".join(
        str(value) for key, value in output.get("data", {}).items() if key.startswith("text/")
    )


def has_figure(cell) -> bool:
    return any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))


# ---- the file


@rule
def is_small(page):
    if (size := page.path.stat().st_size) >= 3e6:
        yield f"{size / 1e6:.1f} MB, at most 3 MB"


@rule
def is_canonical(page):
    if why := tool.why_not_canonical(page.path):
        yield why


@rule
def was_executed(page):
    counts = [
        cell.execution_count for _, cell in page.cells("code") if not install_cell.is_install(cell)
    ]
    if not counts:
        yield "has no code cell, so that nothing is tested"
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts {counts} are not 1 to {len(counts)}"


@rule
def has_one_title_and_ordered_headings(page):
    levels = [
        len(match.group(1))
        for _, cell in page.cells("markdown")
        for match in re.finditer(r"^(#{1,6}) \S", prose(cell), flags=re.MULTILINE)
    ]
    if not re.match(r"\d\d_\w+\.ipynb$", page.path.name):
        yield "is not named NN_title.ipynb"
    if not page.nb.cells or not page.nb.cells[0].source.startswith("# "):
        yield "does not begin with a title '# …'"
    if levels.count(1) != 1:
        yield f"has {levels.count(1)} titles '# …'"
    for previous, level in pairwise(levels):
        if level > previous + 1:
            yield f"a heading of level {level} follows one of level {previous}"


@rule
def tags_are_known(page):
    for index, cell in enumerate(page.nb.cells):
        if unknown := set(tags(cell)) - TAGS:
            yield f"cell {index}: unknown tags {sorted(unknown)}"
        if cell.cell_type == "code" and re.search(r"#\s*(NBVAL_|PYTEST_VALIDATE_)", cell.source):
            yield f"cell {index}: a comment that steers nbval; use the tag"


# ---- the code


@rule
def is_plain_python(page):
    for index, cell in page.cells("code"):
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            yield f"cell {index}: not plain Python (a magic or `!`?): {error}"
        if "get_ipython" in cell.source:
            yield f"cell {index}: get_ipython()"


@rule
def has_no_trailing_semicolon(page):
    for index, cell in page.cells("code"):
        try:
            tokens = list(tokenize.generate_tokens(io.StringIO(cell.source).readline))
        except (tokenize.TokenError, SyntaxError):
            continue
        for token, after in pairwise(tokens):
            ends = after.type in (tokenize.NEWLINE, tokenize.COMMENT, tokenize.ENDMARKER)
            if token.string == ";" and token.type == tokenize.OP and ends:
                yield f"cell {index}, line {token.start[0]}: trailing `;`, write `_ =`"


def unseeded(node: ast.AST) -> str | None:
    """What draws without a seed at this node of a syntax tree, if anything does."""
    if isinstance(node, ast.Import) and any(alias.name == "random" for alias in node.names):
        return "import random"
    if isinstance(node, ast.ImportFrom):
        names = {alias.name for alias in node.names}
        if node.module == "random" or (node.module == "numpy.random" and names - LEGACY_RANDOM):
            return f"from {node.module} import …"
    if isinstance(node, ast.Attribute):
        if re.fullmatch(r"(np|numpy)\.random\.\w+", name := ast.unparse(node)):
            return None if node.attr in LEGACY_RANDOM else name
    if isinstance(node, ast.Call):
        name, keys = ast.unparse(node.func), {key.arg for key in node.keywords}
        values = [*node.args, *(key.value for key in node.keywords)]
        none = bool(values) and isinstance(values[0], ast.Constant) and values[0].value is None
        if name.split(".")[-1] in LEGACY_RANDOM - {"Generator"} and (not values or none):
            return ast.unparse(node)
        if name.endswith(".rvs") and not keys & {"random_state", "rng"}:
            return f"{name}(…) without random_state"
        for key in node.keywords:
            value = getattr(key.value, "value", 0)
            if key.arg in ("rng", "random_state", "seed") and value is None:
                return f"{name}(…, {key.arg}=None)"
    return None


@rule
def randomness_is_seeded(page):
    for index, cell in page.cells("code"):
        for node in ast.walk(tree(cell)):
            if what := unseeded(node):
                yield f"cell {index}: unseeded: {what}"


# ---- the outputs


@rule
def has_no_stderr_and_no_errors(page):
    for index, _, output in page.outputs():
        if output.output_type == "error":
            yield f"cell {index}: a stored {output.ename}"
        if output.output_type == "stream" and output.name == "stderr":
            yield f"cell {index}: stored stderr"


@rule
def outputs_repeat(page):
    for index, cell, output in page.outputs():
        if "nbval-ignore-output" not in tags(cell) and re.search(
            r"\b0x[0-9a-f]{6,}", output_text(output)
        ):
            yield f"cell {index}: an address in the output"


@rule
def has_no_absolute_paths(page):
    for index, cell in enumerate(page.nb.cells):
        for text in (cell.source, *map(output_text, cell.get("outputs", []))):
            if match := ABSOLUTE_PATH.search(text):
                yield f"cell {index}: {text[match.start() :][:40]!r}"


@rule
def figures_have_alt_text_and_caption(page):
    for index, cell in page.cells("code"):
        alts = tool.image_alts(cell.outputs)
        if not alts:
            continue
        if len(alts) > 1:
            yield f"cell {index}: {len(alts)} figures in one cell"
        if any(len(alt.split()) < 3 for alt in alts):
            yield f"cell {index}: a figure without alternative text"
        after = page.nb.cells[index + 1 : index + 2]
        if not after or after[0].cell_type != "markdown" or not CAPTION.match(after[0].source):
            yield f"cell {index}: no caption '**Figure N.M.** …' in the next cell"


@rule
def figures_are_numbered_in_order(page):
    found = [
        match.groups() for _, c in page.cells("markdown") if (match := CAPTION.match(c.source))
    ]
    expected = [(str(int(page.number)), str(k + 1)) for k in range(len(found))]
    if found != expected:
        yield f"figures {['.'.join(f) for f in found]}, expected {['.'.join(e) for e in expected]}"


@rule
def widgets_have_a_static_twin(page):
    for index, cell in page.cells("code"):
        calls = re.search(r"\binteract(ive|ive_output)?\(", cell.source) is not None
        if calls != ("widget" in tags(cell)):
            yield f"cell {index}: `interact(…)` and the tag `widget` belong together"
    for index, cell in page.cells("code", "widget"):
        if "nbval-ignore-output" not in tags(cell):
            yield f"cell {index}: a widget without the tag nbval-ignore-output"
        below = [c for at, c in page.cells("code") if at > index][:2]
        if not any(map(has_figure, below)):
            yield f"cell {index}: no static figure below the widget"
