"""The package is a stair: imports lead down, never in a circle, and the picture shows them."""

import ast
import re
from collections import defaultdict

import pytest
import stair  # tools/stair.py

MODULES = stair.modules()
IMPORTS = list(stair.imports(MODULES))
CORE = [name for name in MODULES if stair.room(name) != "exercises"]
PAGE = (stair.ROOT / "book" / "architecture.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w.]+)`\s+\(\[([\w/.]+)\]\(\.\./rbmbook/([\w/.]+)\)\)", PAGE)


def against_the_stair(imports):
    """The imports of a room by another that may not import it."""
    between = [i for i in imports if stair.room(i.source) not in ("", stair.room(i.target))]
    return [i for i in between if not stair.allowed(stair.room(i.source), stair.room(i.target))]


def in_circles(imports):
    """The modules that import themselves by way of others."""
    below = defaultdict(set)
    for i in imports:
        below[i.source].add(i.target)

    def reached(start):
        found, ahead = set(), [start]
        while ahead:
            new = below[ahead.pop()] - found
            found |= new
            ahead += new
        return found

    return {module for module in list(below) if module in reached(module)}


def only_children(files):
    """Pairs of a class and the only class that derives from it, both defined in these files."""
    children = defaultdict(set)
    defined = {}
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                defined[node.name] = path
                for base in node.bases:
                    children[ast.unparse(base).split("[")[0].split(".")[-1]].add((path, node.name))
    return [
        (base, *(name for _, name in kids))
        for base, kids in children.items()
        if base in defined and len(kids) == 1
    ]


def test_every_module_stands_in_a_room_that_has_its_place_in_the_picture():
    rooms = {stair.room(name) for name in MODULES} - {""}
    assert rooms <= stair.FLOOR.keys() | stair.BESIDE.keys()
    assert rooms <= stair.PLACES.keys()


def test_imports_between_rooms_lead_down_the_stair():
    assert len(IMPORTS) > 300
    assert against_the_stair(IMPORTS) == []


def test_no_module_imports_the_facade():
    assert [i for i in IMPORTS if i.target == ""] == []


def test_no_imports_run_in_a_circle():
    assert in_circles(IMPORTS) == set()


def test_the_picture_shows_the_imports_as_they_are():
    committed = stair.TARGET.read_text(encoding="utf-8")
    assert committed == stair.draw(MODULES), "run python tools/stair.py"
    assert f"![{stair.in_words(MODULES)}](_static/stair.svg)" in PAGE


def test_the_table_of_the_page_has_every_room_once():
    rooms = [stair.room(name) for name in MODULES if name]
    assert sorted(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == sorted(set(rooms))


def definitions(path):
    """The functions and classes of a file, methods as "Class.method"."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.FunctionDef):
                    yield f"{node.name}.{inner.name}"


@pytest.mark.parametrize("name, shown, file", NAMED)
def test_what_the_page_names_is_defined_in_the_file_that_it_links(name, shown, file):
    assert shown == file and name in set(definitions(stair.PACKAGE / file))


def test_the_page_names_each_step_of_an_update():
    assert len(NAMED) >= 12


def test_nothing_is_imported_for_a_type_checker_only():
    text = {name: MODULES[name].read_text(encoding="utf-8") for name in MODULES}
    assert {name for name in MODULES if "TYPE_CHECKING" in text[name]} == set()


def lines_of_code(path):
    """How many lines a file has besides its docstrings."""
    text = path.read_text(encoding="utf-8")
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef
    nodes = (x for x in ast.walk(ast.parse(text)) if isinstance(x, kinds))
    said = [node.body[0] for node in nodes if ast.get_docstring(node) is not None]
    return text.count("\n") - sum(x.end_lineno - x.lineno + 1 for x in said)


def test_no_file_has_more_than_320_lines_besides_its_docstrings():
    lengths = {name: lines_of_code(path) for name, path in MODULES.items()}
    assert {name: n for name, n in lengths.items() if n > 320} == {}


def test_no_class_of_the_core_has_a_single_child():
    """One child and no other: then the two are one class, or the parent is a part of the child."""
    assert only_children(MODULES[name] for name in CORE) == []


PLANTED = {
    "validation": "",
    "machine": "",
    "machine.rbm": "from rbmbook import validation\ndef f():\n    from ..training import fit\n",
    "training": "",
    "training.fit": "from rbmbook.machine.rbm import RBM\nclass Run:\n    pass\n",
    "training.game": "import rbmbook.training.fit as f\nclass Game(f.Run):\n    pass\n",
}


@pytest.fixture
def planted(tmp_path):
    """Files of a small package with an import up the stair, which closes a circle, and one heir."""
    files = {}
    for name, text in PLANTED.items():
        is_room = name in ("machine", "training")
        path = tmp_path / name.replace(".", "/") / "__init__.py" if is_room else None
        path = path or tmp_path / (name.replace(".", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        files[name] = path
    return {"": tmp_path / "__init__.py"} | files


def test_an_import_up_the_stair_a_circle_and_an_only_child_are_found(planted):
    planted[""].write_text("", encoding="utf-8")
    found = list(stair.imports(planted))
    assert {(i.source, i.target) for i in found} == {
        ("machine.rbm", "validation"),
        ("machine.rbm", "training.fit"),
        ("training.fit", "machine.rbm"),
        ("training.game", "training.fit"),
    }
    assert [(i.source, i.line) for i in against_the_stair(found)] == [("machine.rbm", 3)]
    assert in_circles(found) == {"machine.rbm", "training.fit"}
    assert only_children(planted.values()) == [("Run", "Game")]
