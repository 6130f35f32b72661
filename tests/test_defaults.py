"""Every fit without options beats a trivial model on small data: one seed of each cell of
`benchmarks/defaults.py`, whose table has five.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


def _load(name):
    """A script of the folder benchmarks as a module."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_load("machine")
_load("small_data")
_load("defaults_table")
defaults = _load("defaults")

# By how much the first trivial model is to be beaten. In the table every one of these gaps is
# larger by at least three standard deviations of the five seeds.
LEAST = {
    "rb.fit, binary: log-likelihood": {
        "digits": 4.0,
        "30 digits": 0.3,
        "two patterns": 5.0,
        "two patterns, 3 : 1": 4.0,
    },
    "rb.fit, Gaussian: log-density": {
        "two clouds, plane": 0.4,
        "two clouds, 5-D": 0.3,
        "constant column": 0.3,
        "sensors, two states": 0.2,
    },
    "BernoulliRBM: log-likelihood": {"two patterns": 4.0, "two patterns, 3 : 1": 2.0},
    "DBM.pretrain, fit: bound": {"digits": 4.0, "30 digits": 0.3, "two patterns": 2.0},
    "DBM.fit: bound": {"digits": 2.5, "two patterns": 4.0},
    "RBMClassifier: accuracy": {"30 digits": 0.3, "two clouds, plane": 0.4},
    "DBN.fit: features": {"500 columns": -0.03},
    "DBN.fit, fine-tuned: accuracy": {"digits": -0.02},
    "Autoencoder: −error": {"digits": 6.0, "30 digits": 2.0, "two patterns": 2.0},
    "Autoencoder, identity: −error": {"two clouds, plane": 20.0, "constant column": 20.0},
    "Autoencoder, identity: −error in sd²": {
        "1e5 ± 0.01": 0.6,
        "size 1e-9": 0.6,
        "1e5 ± 1e3, 0 ± 1e-6, 3.7": 0.4,
        "sensors, two states": 0.7,
        "1e5 ± 0.01, 30 rows": 0.5,
    },
    "GAN: −MMD²": {"constant column": -0.005},
}
PAIRS = [(title, data) for title, cells in LEAST.items() for data in cells]


@pytest.mark.jit
@pytest.mark.parametrize(("title", "data"), PAIRS)
def test_a_fit_without_options_is_better_than_a_trivial_model(title, data):
    model, trivial = list(defaults.CELLS[title][data](0).values())[:2]
    assert model > trivial + LEAST[title][data]
