"""Rules for the text of a notebook and for its exercises; see ``notebook_rules``."""

import ast
import re

from install_cell import is_install
from notebook_rules import Page, output_text, prose, rule, tags, tree

MACRO = re.compile(
    r"\\(?:re)?newcommand|\\def\b|\\DeclareMathOperator|\\require\b|\\newenvironment"
)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)")
SCHEME = re.compile(r"(https?|mailto|doi):")
CHECK_CALL = re.compile(r'exercises\.check\(\s*"(\d\d\.\d+)",\s*(\w+)\s*\)')
HINT = re.compile(r"<details><summary>Hint</summary>\n\n.+\n\n</details>\Z", re.DOTALL)
NOT_ATTEMPTED, CORRECT = "Exercise {}: not attempted yet", "Exercise {}: correct."


def grade(name: str, attempt):
    """`rbmbook.exercises.grade`, imported when it is needed."""
    from rbmbook import exercises

    return exercises.grade(name, attempt)


# ---- Markdown that every renderer shows alike


@rule
def math_is_plain(page):
    for index, cell in page.cells("markdown"):
        text = prose(cell)
        if match := MACRO.search(text):
            yield f"cell {index}: a custom macro: {match.group()}"
        if re.search(r"(?<!\\)\\[(\[]", text):
            yield f"cell {index}: \\( or \\[; write $ or $$"
        if match := re.search(r"\\begin\{(align|equation|gather|multline|eqnarray)\*?\}", text):
            yield f"cell {index}: {match.group()} is an error inside `$$`; write aligned"
        marks = [line for line in text.splitlines() if "$$" in line]
        if any(line.strip() != "$$" for line in marks):
            yield f"cell {index}: `$$` not on a line of its own"
        if len(marks) % 2:
            yield f"cell {index}: an odd number of `$$`"


@rule
def markdown_is_plain(page):
    for index, cell in page.cells("markdown"):
        if re.search(r"^\s*(:::|```\{)|\{(ref|eq|numref|cite|doc)\}`", cell.source, re.MULTILINE):
            yield f"cell {index}: MyST syntax, which only the site understands"


@rule
def links_lead_somewhere(page):
    for index, cell in page.cells("markdown"):
        text_only = re.sub(r"(\$\$?).+?\1", "", prose(cell), flags=re.DOTALL)  # f[i](x) is no link
        for bang, text, target in LINK.findall(text_only):
            if bang:
                yield f"cell {index}: an image in Markdown; draw it in a code cell"
            if SCHEME.match(target):
                continue
            file, _, anchor = target.partition("#")
            if anchor or not file:
                # Jupyter, GitHub and the site make different anchors of one heading
                yield f"cell {index}: [{text}]({target}) has an anchor"
            elif not file.endswith(".ipynb"):
                yield f"cell {index}: [{text}]({target}) is not a notebook: the site lacks it"
            elif not (page.path.parent / file).is_file():
                yield f"cell {index}: [{text}]({target}) does not exist"


# ---- exercises


def stub_function(cell) -> ast.FunctionDef | None:
    """The one function that an exercise cell defines, or None."""
    body = tree(cell).body
    return body[0] if len(body) == 1 and isinstance(body[0], ast.FunctionDef) else None


def raises_only(function: ast.FunctionDef) -> bool:
    """Whether the body is a docstring and ``raise NotImplementedError``."""
    if len(function.body) != 2 or not ast.get_docstring(function):
        return False
    last = function.body[-1]
    return isinstance(last, ast.Raise) and "NotImplementedError" in ast.unparse(last)


def exercise_names(page: Page) -> list[tuple[str, str]]:
    """The pairs ("NN.k", function name) of a notebook's check cells."""
    return [
        call for _, cell in page.cells("code", "check") for call in CHECK_CALL.findall(cell.source)
    ]


def exercise_functions(page: Page) -> dict:
    """Define the exercise functions, given only the imports: the cell behind the install cell."""
    first = next(cell for _, cell in page.cells("code") if not is_install(cell))
    namespace: dict = {}
    exec(first.source, namespace)
    for _, cell in page.cells("code", "exercise"):
        exec(cell.source, namespace)
    return namespace


@rule
def exercises_are_followed_by_their_check(page):
    for index, cell in page.cells("code", "exercise"):
        function = stub_function(cell)
        if function is None:
            yield f"cell {index}: an exercise cell defines exactly one function"
            continue
        following = page.next_code(index)
        if following is None or "check" not in tags(following):
            yield f"cell {index}: the next code cell is not tagged check"
        elif [name for _, name in CHECK_CALL.findall(following.source)] != [function.name]:
            yield f'cell {index}: the next cell does not call exercises.check("…", {function.name})'
    names = [name for name, _ in exercise_names(page)]
    expected = [f"{page.number}.{k + 1}" for k in range(len(names))]
    if names != expected:
        yield f"exercises are named {names}, expected {expected}"
    if len(names) != len(list(page.cells("code", "exercise"))):
        yield "exercise and check cells do not come in pairs"


@rule
def there_are_three_exercises(page):
    if (found := len(list(page.cells("code", "exercise")))) < 3:
        yield f"{found} exercises, at least 3 expected"


@rule
def exercises_have_a_hint(page):
    """In a fold below the question; a site, a printed page and a course find it by this form."""
    for index, _ in page.cells("code", "exercise"):
        above = page.nb.cells[index - 1]
        if not page.is_solution and not HINT.search(above.source):
            yield f"cell {index}: no hint in a fold above it"


@rule
def stubs_raise(page):
    if page.is_solution:
        return
    for index, cell in page.cells("code", "exercise"):
        function = stub_function(cell)
        if function and not raises_only(function):
            yield f"cell {index}: not a docstring and `raise NotImplementedError`"
    functions = exercise_functions(page)
    for name, function in exercise_names(page):
        if function not in functions:
            yield f"{name}: {function} is not defined in an exercise cell"
            continue
        verdict = grade(name, functions[function])
        if verdict.attempted or verdict.passed:
            yield f"{name}: the stub counts as an attempt: {verdict.message}"


@rule
def solutions_pass(page):
    if not page.is_solution:
        return
    functions = exercise_functions(page)
    for name, function in exercise_names(page):
        if function not in functions:
            yield f"{name}: {function} is not defined in an exercise cell"
        elif not (verdict := grade(name, functions[function])).passed:
            yield f"{name}: the solution fails: {verdict.message}"


@rule
def chapters_and_solutions_match(page):
    if not page.twin.path.is_file():
        yield f"{'the chapter' if page.is_solution else 'solutions'} missing: {page.twin.path.name}"
    elif exercise_names(page) != exercise_names(page.twin):
        yield f"exercises {exercise_names(page)}, its twin has {exercise_names(page.twin)}"


@rule
def checks_show_their_verdict(page):
    expected = CORRECT if page.is_solution else NOT_ATTEMPTED
    for index, cell in page.cells("code", "check"):
        shown = "".join(map(output_text, cell.outputs))
        for name, _ in CHECK_CALL.findall(cell.source):
            if expected.format(name) not in shown:
                yield f"cell {index}: {expected.format(name)!r} expected, shown {shown!r}"
