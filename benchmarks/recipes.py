"""What benchmarks with a recipe share: options for its fields, and the file of the result."""

import argparse
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any


def parser(doc: str, *recipes: Any, data: bool = True) -> argparse.ArgumentParser:
    """The data, the folders, and every field of the recipes; what is not given is theirs."""
    here = Path(__file__).parent
    command = argparse.ArgumentParser(description=doc.splitlines()[0])
    if data:
        command.add_argument("path", type=Path, help="mnist.npz: x (70000, 784) uint8, y (70000,)")
    command.add_argument("--results", type=Path, default=here / "results")
    command.add_argument("--work", type=Path, default=here / "checkpoints", help="for checkpoints")
    for field in (field for recipe in recipes for field in fields(recipe)):
        several = {"nargs": "+"} if isinstance(field.default, tuple) else {}
        kind = type(field.default[0]) if several else field.type
        command.add_argument(f"--{field.name.replace('_', '-')}", type=kind, **several)
    return command


def changed(recipe: Any, options: argparse.Namespace) -> Any:
    """The recipe with what the command line says."""
    given = {field.name: getattr(options, field.name) for field in fields(recipe)}
    given = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items() if v is not None}
    return replace(recipe, **given)


def write(results: Path, name: str, result: dict[str, Any]) -> None:
    """Keep what was measured, as `name`.json in the folder of results."""
    results.mkdir(parents=True, exist_ok=True)
    (results / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
