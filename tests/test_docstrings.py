"""Every public name is documented: what it takes, returns and refuses, with an example that runs.

Public is what the facade lists, what its modules list (or define, where they list nothing), and the
methods and properties of these classes. `make doctest` runs the examples.
"""

import ast
import builtins
import doctest
import functools
import importlib
import inspect
import re
import textwrap
from functools import cached_property
from pathlib import Path

import pytest

import rbmbook as rb
from rbmbook import validation
from rbmbook.machine import density

ROOT = Path(__file__).parents[1]
PROPERTIES = property, cached_property
CHECKS = validation, density  # modules whose functions refuse what is wrong
HARMLESS = {"dense", "_describe"}

# Public names whose docstrings lack something. A name that is complete has to leave the list.
INCOMPLETE: set[str] = set()


def sections(docstring):
    """The text of each section of a numpydoc docstring; "" has what stands before the first."""
    pieces = re.split(r"^([A-Z]\w+)\n-+$", inspect.cleandoc(docstring or ""), flags=re.M)
    return {"": pieces[0]} | dict(zip(pieces[1::2], pieces[2::2], strict=True))


def listed(text):
    """The names that a section describes, in order: those of its lines that are not indented."""
    heads = [line.split(" : ")[0] for line in text.splitlines() if line[:1].strip()]
    return [name.strip().lstrip("*") for head in heads for name in head.split(",")]


def own(obj):
    """Whether something is of this package, not inherited from another."""
    return (getattr(obj, "__module__", None) or "").split(".")[0] == "rbmbook"


def public(module):
    """The public functions and classes of a module, by name."""
    names = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]
    values = {name: getattr(module, name) for name in names}
    return {n: x for n, x in values.items() if inspect.isfunction(x) or inspect.isclass(x)}


def top_level():
    """Every public function and class, by the first of its names."""
    found = {}
    for name in rb.__all__:
        value = getattr(rb, name)
        inside = public(value) if inspect.ismodule(value) else {"": value}
        for own_name, x in inside.items():
            if x not in found.values():
                found[".".join(filter(None, ["rb", name, own_name]))] = x
    return found


def unwrapped(member):
    """The function behind a method, or None of what is no method."""
    member = getattr(member, "__func__", member)
    return member if inspect.isfunction(member) else None


def members(cls):
    """Each public method and property, as this package's classes define it, nearest first."""
    for name in dir(cls):
        if name.startswith("_"):
            continue
        said = [vars(base)[name] for base in cls.__mro__ if own(base) and name in vars(base)]
        nearest = next(base for base in cls.__mro__ if name in vars(base))
        if own(nearest) and (unwrapped(said[0]) or isinstance(said[0], PROPERTIES)):
            yield name, said


def called(node, namespace, owner):
    """What a call in the source leads to, as far as a reader of the file can tell."""
    if isinstance(node, ast.Name):
        return namespace.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.value.id in ("self", "cls"):
            return unwrapped(inspect.getattr_static(owner, node.attr, None)) if owner else None
        return getattr(namespace.get(node.value.id), node.attr, None)
    return None


def refuses(function, owner=None):
    """Whether a function raises, or has a check or a private helper in its file that does."""
    if not Path(function.__code__.co_filename).is_file():
        return False  # a dataclass's __init__ is made up
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            name = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if getattr(name, "id", "") != "NotImplementedError":
                return True
        if isinstance(node, ast.Call):
            target = called(node.func, function.__globals__, owner)
            if not inspect.isfunction(target) or target.__name__ in HARMLESS:
                continue
            if target.__module__ in [module.__name__ for module in CHECKS]:
                return True
            private = target.__name__.startswith("_") and target.__module__ == function.__module__
            if private and target is not function and refuses(target, owner):
                return True
    return False


def arguments(obj, owner):
    """The names to be described, those that come in an order first, and whether there are more."""
    try:
        parameters = list(inspect.signature(obj).parameters.values())
    except ValueError:  # an exception takes what exceptions take
        return [], [], True
    parameters = parameters[1:] if owner and inspect.isfunction(obj) else parameters
    any_more = any(p.kind is p.VAR_KEYWORD for p in parameters)
    by_name = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    kinds = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY
    return [p.name for p in parameters if p.kind in kinds], by_name, any_more


def unknown(docstring):
    """The names that an example uses and neither makes nor imports: a reader cannot run it."""
    known, found = set(dir(builtins)), []
    for example in doctest.DocTestParser().get_examples(docstring or ""):
        nodes = list(ast.walk(ast.parse(example.source)))
        for node in nodes:
            match node:
                case ast.Name(ctx=ast.Store(), id=name) | ast.arg(arg=name):
                    known.add(name)
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    known.add(name)
                case ast.ExceptHandler(name=str(name)):
                    known.add(name)
                case ast.Import(names=names) | ast.ImportFrom(names=names):
                    known |= {(x.asname or x.name).split(".")[0] for x in names}
        used = [x.id for x in nodes if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Load)]
        found += [name for name in used if name not in known]
    return sorted(set(found))


def faults(obj, docstring, owner=None):
    """What a docstring lacks of what it should say of a function, a method or a class."""
    found = sections(docstring)
    if not found[""].strip():
        yield "summary"
    if ">>>" not in found.get("Examples", ""):
        yield "Examples"
    yield from (f"an example does not say what {name} is" for name in unknown(docstring))
    in_order, by_name, any_more = arguments(obj, owner)
    expected = in_order + by_name
    described = listed(found.get("Parameters") or found.get("Attributes", ""))
    if any_more or inspect.isclass(obj):
        described = [name for name in described if name in expected]
    ordered = [name for name in described if name in in_order]
    if ordered != in_order or sorted(described) != sorted(expected):
        yield f"Parameters {expected}"
    if inspect.isclass(obj):
        makers = [vars(obj).get(name) for name in ("__init__", "__post_init__")]
        if any(inspect.isfunction(f) and own(f) and refuses(f, obj) for f in makers):
            if "Raises" not in found:
                yield "Raises"
        return
    annotation = inspect.signature(obj).return_annotation
    answers = annotation not in (None, "None", inspect.Signature.empty)
    if answers != ("Returns" in found or "Yields" in found):
        yield "Returns"
    if refuses(obj, owner) and "Raises" not in found:
        yield "Raises"


def incomplete():
    """The faults of every public name that has any."""
    found = {}
    for name, obj in top_level().items():
        found[name] = list(faults(obj, obj.__doc__))
        if not inspect.isclass(obj):
            continue
        for member, said in members(obj):
            place = f"{name}.{member}"
            if isinstance(said[0], PROPERTIES):
                found[place] = [] if any(x.__doc__ for x in said) else ["summary"]
                continue
            function = unwrapped(said[0])
            # a method that overrides another says what is its own, the other one says the rest
            found[place] = min(
                (list(faults(function, unwrapped(x).__doc__, obj)) for x in said), key=len
            )
            if not function.__doc__:
                found[place].append("summary")
    return {name: wrong for name, wrong in found.items() if wrong}


def test_every_public_name_is_documented():
    found = incomplete()
    new = {name: wrong for name, wrong in found.items() if name not in INCOMPLETE}
    assert new == {}
    assert INCOMPLETE - found.keys() == set(), "complete by now: take them off the list"


def entries():
    """Everything that the pages of the reference have an entry for."""
    directive = re.compile(r"^\.\. auto(\w+):: (\S+)\n((?:   .*\n)*)", re.MULTILINE)
    for page in sorted((ROOT / "book" / "reference").glob("*.md")):
        for kind, name, options in directive.findall(page.read_text(encoding="utf-8")):
            if kind == "module":
                left_out = re.search(r":exclude-members: (.*)", options)
                left_out = left_out[1].split(", ") if left_out else []
                inside = public(importlib.import_module(name))
                yield from (x for own_name, x in inside.items() if own_name not in left_out)
            else:
                yield functools.reduce(getattr, name.split(".")[1:], rb)


def test_every_public_name_has_one_entry_in_the_reference():
    listed_once = list(entries())
    missing = {name for name, x in top_level().items() if x not in listed_once}
    twice = {x for x in listed_once if listed_once.count(x) > 1}
    assert (missing, twice) == (set(), set())


def complete(x: int, unit: str = "nats", *, size: int = 1, width: int = 1) -> float:
    """A summary.

    Parameters
    ----------
    x : int ≥ 1
    unit : str
    width, size : int ≥ 1

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If x is too small.

    Examples
    --------
    >>> round(2.4)
    2
    """
    return float(_checked(x))


def _checked(x):
    return validation.integer("x", x)


SPOILED = {
    "summary": ("A summary.", ""),
    "Examples": (">>> round(2.4)", ""),
    "an example does not say what np is": ("round(2.4)", "np.round(2.4)"),
    "Returns": ("Returns\n    -------\n    float\n", ""),
    "Raises": ("Raises\n    ------", "Notes\n    -----"),
    "Parameters ['x', 'unit', 'size', 'width']": ("width, size", "width"),
}


@pytest.mark.parametrize("fault", SPOILED)
def test_what_a_docstring_lacks_is_found(fault):
    assert list(faults(complete, complete.__doc__)) == []
    assert list(faults(complete, complete.__doc__.replace(*SPOILED[fault]))) == [fault]


def test_parameters_in_another_order_are_found():
    swapped = complete.__doc__.replace("x : int ≥ 1", "unit : int ≥ 1", 1)
    swapped = swapped.replace("unit : str", "x : str", 1)
    assert list(faults(complete, swapped)) == ["Parameters ['x', 'unit', 'size', 'width']"]


def test_methods_of_public_classes_are_looked_at_and_those_of_other_packages_are_not():
    assert {"energy", "save", "dtype"} <= dict(members(rb.RBM)).keys()
    estimator = dict(members(rb.BernoulliRBM))
    assert "gibbs" in estimator and "set_output" not in estimator
    assert "pop" not in dict(members(rb.History))
    assert len(top_level()) > 100
