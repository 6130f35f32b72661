"""Every notebook keeps every rule, and every rule rejects a notebook that breaks it."""

import base64
import copy
from types import SimpleNamespace

import nbformat
import notebook_rules_text
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from notebook_rules import RULES, Page, tool

HINT = "<details><summary>Hint</summary>"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
CELLS = {  # positions in the good chapter below
    "title": 0,
    "plot": 4,
    "caption": 5,
    "text": 6,
    "stub": 7,
    "check": 8,
}


@pytest.mark.parametrize(
    "path", tool.all_notebooks(), ids=lambda path: path.parent.name + path.stem
)
@pytest.mark.parametrize("name", RULES)
def test_notebook_keeps_the_rule(name, path):
    assert list(RULES[name](Page(path))) == []


# ---- the rules themselves


def figure(alt="A line that rises"):
    data = {"image/png": PNG, "text/plain": "<Figure>"}
    return new_output("display_data", data, metadata={"image/png": {"alt": alt}})


def code(source, *outputs, tags=()):
    return new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def stdout(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def good_cells(solution):
    """A chapter that keeps every rule, or its solutions."""
    cells = [
        new_markdown_cell("# 01 · Good\n\nSee [it](01_good.ipynb).\n\n$$\nE = -v^T W h\n$$"),
        code("import numpy as np\n\nrng = np.random.default_rng(0)"),
        new_markdown_cell("## A section, with `code [x](y)` and $f[i](x)$"),
        code(
            "def draw(x):\n    return x\n\n\n_ = interact(draw, x=(0, 1))",
            tags=("nbval-ignore-output", "widget"),
        ),
        code("print(1)", stdout("1\n"), figure()),
        new_markdown_cell("**Figure 1.1.** A line rises."),
    ]
    for k in (1, 2, 3):
        body = f"return {k} * x" if solution else "raise NotImplementedError"
        verdict = "correct." if solution else "not attempted yet."
        cells += [
            new_markdown_cell(f"**Exercise 1.{k}.** Times {k}.\n\n{HINT}\n\nAdd.\n\n</details>"),
            code(f'def double_{k}(x):\n    """Return {k} x."""\n    {body}', tags=("exercise",)),
            code(
                f'exercises.check("01.{k}", double_{k})',
                stdout(f"Exercise 01.{k}: {verdict}\n"),
                tags=("check",),
            ),
        ]
    return cells


def write(path, cells, number=True):
    nb = new_notebook(cells=copy.deepcopy(cells))
    if number:
        for count, cell in enumerate((c for c in nb.cells if c.cell_type == "code"), start=1):
            cell.execution_count = count
    path.parent.mkdir(parents=True, exist_ok=True)
    text = tool.to_text(tool.canonicalise(tool.with_first_cell(nb, path)))
    path.write_text(text, encoding="utf-8")
    return Page(path)


def fake_grade(name, attempt):
    """Grade "01.k" as the function x → k x."""
    try:
        passed = attempt(3) == 3 * int(name[-1])
    except NotImplementedError:
        return SimpleNamespace(attempted=False, passed=False, message="not attempted")
    return SimpleNamespace(attempted=True, passed=passed, message="wrong factor")


@pytest.fixture
def pair(tmp_path, monkeypatch):
    """A good chapter and its solutions, as pages."""
    monkeypatch.setattr(notebook_rules_text, "grade", fake_grade)
    chapter = write(tmp_path / "notebooks" / "01_good.ipynb", good_cells(False))
    return chapter, write(chapter.twin.path, good_cells(True))


@pytest.mark.parametrize("name", RULES)
def test_rule_accepts_a_good_notebook(name, pair):
    assert [list(RULES[name](page)) for page in pair] == [[], []]


def source(where, text):
    """Replace the source of a cell."""

    def change(cells):
        cells[CELLS[where]].source = text

    return change


def outputs(where, *new):
    """Replace the outputs of a cell."""

    def change(cells):
        cells[CELLS[where]].outputs = list(new)

    return change


def remove(where):
    def change(cells):
        del cells[CELLS[where]]

    return change


def tag(where, name):
    def change(cells):
        cells[CELLS[where]].metadata.tags = [name]

    return change


def added(*cells):
    """Add cells at the end."""
    return lambda old: old.extend(copy.deepcopy(cells))


def only_markdown(cells):
    cells[:] = [cell for cell in cells if cell.cell_type == "markdown"]


BROKEN = [
    ("is_small", added(code("print('x')", stdout("x" * 3_000_001)))),
    ("was_executed", only_markdown),
    ("has_one_title_and_ordered_headings", added(new_markdown_cell("# Another title"))),
    ("has_one_title_and_ordered_headings", added(new_markdown_cell("#### Too deep"))),
    ("has_one_title_and_ordered_headings", remove("title")),
    ("tags_are_known", tag("plot", "raises-exception")),
    ("tags_are_known", source("plot", "# NBVAL_IGNORE_OUTPUT\nprint(1)")),
    ("is_plain_python", source("plot", "%timeit 1")),
    ("is_plain_python", source("plot", "!ls")),
    ("is_plain_python", source("plot", "get_ipython().run_line_magic('time', '1')")),
    ("has_no_trailing_semicolon", source("plot", "x = 1\nprint(x);")),
    ("has_no_trailing_semicolon", source("plot", "print(1);  # why")),
    ("randomness_is_seeded", source("plot", "np.random.rand(3)")),
    ("randomness_is_seeded", source("plot", "np.random.seed(0)")),
    ("randomness_is_seeded", source("plot", "np.random.default_rng()")),
    ("randomness_is_seeded", source("plot", "np.random.default_rng(None)")),
    ("randomness_is_seeded", source("plot", "np.random.default_rng(seed=None)")),
    ("randomness_is_seeded", source("plot", "import random")),
    ("randomness_is_seeded", source("plot", "from numpy.random import rand")),
    ("randomness_is_seeded", source("plot", "rb.fit(rbm, X, rng=None)")),
    ("randomness_is_seeded", source("plot", "scipy.stats.norm.rvs(3)")),
    ("outputs_repeat", outputs("plot", stdout("<object at 0x7f00aa11bb22>"))),
    ("has_no_absolute_paths", source("plot", "open('/home/me/x')")),
    ("has_no_absolute_paths", source("plot", "open('C:\\\\x')")),
    ("has_no_absolute_paths", outputs("plot", stdout("file:///x"))),
    ("figures_have_alt_text_and_caption", outputs("plot", figure(alt=""))),
    ("figures_have_alt_text_and_caption", outputs("plot", figure(), figure())),
    ("figures_have_alt_text_and_caption", source("caption", "A figure without number.")),
    ("figures_are_numbered_in_order", source("caption", "**Figure 1.2.** A line.")),
    ("figures_are_numbered_in_order", source("caption", "**Figure 2.1.** A line.")),
    ("widgets_have_a_static_twin", outputs("plot")),
    ("widgets_have_a_static_twin", added(code("interact(draw)"), code("", figure()))),
    ("widgets_have_a_static_twin", added(code("interact(draw)", tags=["widget"]))),
    ("math_is_plain", source("caption", "$\\newcommand{\\E}{E}$")),
    ("math_is_plain", source("caption", "\\(x\\)")),
    ("math_is_plain", source("caption", "text $$x$$ text")),
    ("math_is_plain", source("caption", "$$\n\\begin{align}\nx\n\\end{align}\n$$")),
    ("math_is_plain", source("caption", "$$\nx\n")),
    ("markdown_is_plain", source("caption", "```{note}\nx\n```")),
    ("markdown_is_plain", source("caption", "See {ref}`x`.")),
    ("links_lead_somewhere", source("caption", "[gone](02_gone.ipynb)")),
    ("links_lead_somewhere", source("caption", "[anchor](#section)")),
    ("links_lead_somewhere", source("caption", "[code](../rbmbook/machine/rbm.py)")),
    ("links_lead_somewhere", source("caption", "![picture](https://example.org/x.png)")),
    ("exercises_are_followed_by_their_check", remove("check")),
    ("exercises_are_followed_by_their_check", tag("check", "nbval-ignore-output")),
    ("exercises_are_followed_by_their_check", source("check", 'exercises.check("01.1", other)')),
    ("exercises_are_followed_by_their_check", source("check", 'exercises.check("01.4", double_1)')),
    ("exercises_are_followed_by_their_check", source("stub", "x = 1")),
    ("there_are_three_exercises", remove("stub")),
    ("exercises_have_a_hint", source("text", "**Exercise 1.1.** Times 1.")),
    ("exercises_have_a_hint", remove("text")),
    ("stubs_raise", source("stub", 'def double_1(x):\n    """Return x."""\n    return x')),
    ("stubs_raise", source("stub", "def double_1(x):\n    raise NotImplementedError")),
    ("stubs_raise", source("stub", 'def other(x):\n    """X."""\n    raise NotImplementedError')),
    ("chapters_and_solutions_match", source("check", 'exercises.check("01.1", other)')),
    ("checks_show_their_verdict", outputs("check", stdout("Exercise 01.1: correct.\n"))),
]


@pytest.mark.parametrize(
    ("name", "change"), BROKEN, ids=[f"{k}-{name}" for k, (name, _) in enumerate(BROKEN)]
)
def test_rule_rejects_a_broken_chapter(name, change, pair):
    chapter, _ = pair
    cells = good_cells(False)
    change(cells)
    assert list(RULES[name](write(chapter.path, cells)))


def test_null_execution_counts_are_rejected(pair):
    chapter, _ = pair
    page = write(chapter.path, good_cells(False), number=False)
    assert list(RULES["was_executed"](page))
    assert list(RULES["is_canonical"](page))


def stored_by_hand(page, output):
    """Put an output into a file without canonicalising it, as an editor would."""
    nb = nbformat.read(page.path, as_version=4)
    next(cell for cell in nb.cells if cell.source == "print(1)").outputs.append(output)
    page.path.write_text(tool.to_text(nb), encoding="utf-8")
    return Page(page.path)


def test_stored_stderr_and_errors_are_rejected(pair):
    chapter, solution = pair
    error = new_output("error", ename="ValueError", evalue="", traceback=[])
    assert list(RULES["has_no_stderr_and_no_errors"](stored_by_hand(chapter, error)))
    page = stored_by_hand(solution, stdout("careful", name="stderr"))
    assert list(RULES["has_no_stderr_and_no_errors"](page))
    assert list(RULES["is_canonical"](page))


def test_a_failing_solution_is_rejected(pair):
    _, solution = pair
    cells = good_cells(True)
    cells[CELLS["stub"]].source = 'def double_1(x):\n    """Return x."""\n    return 7 * x'
    assert list(RULES["solutions_pass"](write(solution.path, cells)))


def test_an_unsolved_exercise_is_rejected(pair):
    _, solution = pair
    page = write(solution.path, good_cells(False))
    assert list(RULES["solutions_pass"](page))
    assert list(RULES["checks_show_their_verdict"](page))


def test_a_chapter_without_solutions_and_solutions_without_a_chapter_are_rejected(pair):
    for page in pair:
        other = write(page.path.with_name("02_alone.ipynb"), good_cells(page.is_solution))
        assert list(RULES["chapters_and_solutions_match"](other))
        other.path.unlink()


def test_every_rule_is_broken_somewhere():
    by_hand = {"is_canonical", "has_no_stderr_and_no_errors", "solutions_pass"}
    assert set(RULES) == {name for name, _ in BROKEN} | by_hand


# ---- tools/notebooks.py


def test_canonical_form_is_a_fixed_point_and_drops_what_an_editor_leaves():
    nb = new_notebook(cells=good_cells(False), metadata={"widgets": {"state": {}}})
    plot = nb.cells[CELLS["plot"]]
    plot.metadata.update({"scrolled": True, "execution": {"iopub.status.busy": "now"}})
    plot.outputs += [stdout("noise", name="stderr"), stdout("a"), stdout("b")]
    nb.cells.append(new_code_cell(""))
    text = tool.to_text(tool.canonicalise(nb))
    assert text == tool.to_text(tool.canonicalise(nbformat.reads(text, as_version=4)))
    plot = nb.cells[CELLS["plot"]]
    assert plot.metadata == {"mystnb": {"image": {"alt": "A line that rises"}}}
    assert [output.get("text") for output in plot.outputs] == ["1\n", None, "ab"]
    assert "widgets" not in nb.metadata and nb.cells[-1].source


def test_a_hidden_input_is_folded_and_a_figure_keeps_its_width_on_the_page():
    drawn = figure()
    drawn.metadata["image/png"]["width"] = 640
    nb = new_notebook(cells=[code("print(1)", drawn, tags=("hide-input",)), code("print(2)")])
    hidden, plain = tool.canonicalise(nb).cells
    assert hidden.metadata == {
        "tags": ["hide-input"],  # for the site
        "jupyter": {"source_hidden": True},  # for JupyterLab
        "mystnb": {"image": {"alt": "A line that rises", "width": "640px"}},
    }
    assert plain.metadata == {}


def test_cell_ids_depend_on_the_source_only_and_differ():
    cells = [new_code_cell("x"), new_markdown_cell("x"), new_code_cell("x"), new_code_cell("y")]
    ids = tool.cell_ids(cells)
    assert len(set(ids)) == 4 and ids[2] == f"{ids[0]}-2"
    assert tool.cell_ids(cells[3:]) == ids[3:]


def test_a_notebook_that_fails_is_not_written(tmp_path, capsys):
    path = tmp_path / "01_bad.ipynb"
    write(path, [code("1 / 0")])
    before = path.read_bytes()
    assert tool.run([path], None, 60) == 1
    assert path.read_bytes() == before
    assert "ZeroDivisionError" in capsys.readouterr().out
