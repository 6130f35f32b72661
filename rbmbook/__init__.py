"""Restricted Boltzmann machines, exact where they can be, compiled where it matters.

>>> import rbmbook as rb
>>> X = rb.data.bars_and_stripes(3)
>>> rbm = rb.RBM.random(9, 8, rng=0, data=X)
>>> history = rb.fit(rbm, X, epochs=10, rng=0, progress=False)
>>> rb.gibbs.run(rbm, 5, steps=100, rng=0).shape
(5, 9)
"""

import importlib
from typing import Any

from rbmbook import validation
from rbmbook.autoencoder.corruption import GaussianNoise, Masking
from rbmbook.autoencoder.model import Autoencoder
from rbmbook.dbm.model import DBM
from rbmbook.dbn.model import DBN
from rbmbook.evaluation import evaluate, score, two_sample
from rbmbook.gan.model import GAN
from rbmbook.machine import exact, units
from rbmbook.machine.parameters import Parameters
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Bernoulli, Gaussian, Mixed, NoisyReLU, ReLU, Softmax, Spin
from rbmbook.networks import layers, losses
from rbmbook.networks.layers import Dense
from rbmbook.networks.network import Network
from rbmbook.sampling import gibbs, tempering
from rbmbook.training import discriminative, gradient, monitors, negative, optimize
from rbmbook.training import fit as train
from rbmbook.training.discriminative import Discriminative
from rbmbook.training.divergence import DivergenceError
from rbmbook.training.fit import fit
from rbmbook.training.history import History
from rbmbook.training.monitors import TrainingWarning
from rbmbook.training.negative import CD, FPCD, PCD, Exact, Tempered
from rbmbook.training.optimize import SGD, Adam
from rbmbook.training.penalties import Sparsity
from rbmbook.training.plan import Callback, Checkpoint, EarlyStopping
from rbmbook.training.stream import fit_blocks

__version__ = "0.1.0"
__all__ = [
    "CD",
    "DBM",
    "DBN",
    "FPCD",
    "GAN",
    "PCD",
    "RBM",
    "SGD",
    "Adam",
    "Autoencoder",
    "Bernoulli",
    "BernoulliRBM",
    "Callback",
    "CategoricalEncoder",
    "Checkpoint",
    "Dense",
    "Discriminative",
    "DivergenceError",
    "EarlyStopping",
    "Exact",
    "Gaussian",
    "GaussianNoise",
    "GaussianRBM",
    "History",
    "Masking",
    "Mixed",
    "Network",
    "NoisyReLU",
    "Parameters",
    "RBMClassifier",
    "RBMImputer",
    "RBMOutlierDetector",
    "RatingsRBM",
    "ReLU",
    "Softmax",
    "Sparsity",
    "Spin",
    "Tempered",
    "TrainingWarning",
    "data",
    "discriminative",
    "distributed",
    "estimators",
    "evaluate",
    "exact",
    "exercises",
    "fit",
    "fit_blocks",
    "gibbs",
    "gradient",
    "layers",
    "losses",
    "monitors",
    "negative",
    "optimize",
    "plots",
    "score",
    "tempering",
    "train",
    "two_sample",
    "units",
    "validation",
]

# Imported at first use: they bring large libraries.
_LAZY = {"data", "distributed", "estimators", "exercises", "plots"}
_ESTIMATORS = {"BernoulliRBM", "GaussianRBM", "RBMClassifier", "RBMImputer", "RBMOutlierDetector"}
_ESTIMATORS |= {"CategoricalEncoder", "RatingsRBM"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f"rbmbook.{name}")
    if name in _ESTIMATORS:
        return getattr(importlib.import_module("rbmbook.estimators"), name)
    raise AttributeError(f"module 'rbmbook' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
