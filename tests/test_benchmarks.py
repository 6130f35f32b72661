"""The default command of a benchmark is the one that made its committed result."""

import importlib
import json
from dataclasses import asdict
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def module(monkeypatch):
    """A function that imports a script of the folder."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def recipe_of(name):
    """The recipe that a result file was made with."""
    return json.loads((BENCHMARKS / "results" / name).read_text(encoding="utf-8"))["recipe"]


def test_the_default_deep_boltzmann_machine_is_the_one_that_was_measured(module):
    assert asdict(module("mnist_dbm").Recipe()) == recipe_of("mnist_dbm.json")


@pytest.mark.parametrize("hidden", [16, 500])
def test_the_default_likelihood_runs_are_the_ones_that_were_measured(module, hidden):
    recipe = module("mnist_likelihood").RECIPES[hidden]
    assert asdict(recipe) == recipe_of(f"mnist_{hidden}_half.json")
