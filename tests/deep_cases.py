"""Deep belief networks small enough to enumerate, and what tests of deep models share."""

from itertools import pairwise

import numpy as np

import rbmbook as rb
from rbmbook.dbn.model import DBN

SIZES = [(4, 3), (4, 3, 4), (3, 4, 2, 3)]


def machines(sizes=(4, 3, 4), seed=20, scale=1.2):
    """(W, a, b) from the bottom up, with conditionals far from 0.5."""
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(0, scale, (D, H)), rng.normal(0, 0.8, D), rng.normal(0, 0.8, H))
        for D, H in pairwise(sizes)
    ]


def untied(theta, seed=21):
    """A way up (W, b) of its own for each machine but the top one."""
    rng = np.random.default_rng(seed)
    return [(W + rng.normal(0, 0.5, W.shape), b) for W, _, b in theta[:-1]]


def network(theta, ups=None):
    """The same as a DBN in float64."""
    dbn = DBN(rb.RBM(*parameters) for parameters in theta)
    if ups is not None:
        dbn.untie()
        for layer, (W, _) in zip(dbn.recognition, ups, strict=True):
            layer.W[:] = W
    return dbn


def arrays(dbn):
    """Every parameter, by name."""
    found = {f"{p}{i}": getattr(rbm, p) for i, rbm in enumerate(dbn.rbms) for p in "Wab"}
    found |= {f"R{i}": layer.W for i, layer in enumerate(dbn.recognition)}
    for i, rbm in enumerate(dbn.rbms):
        own = (*rbm.visible.parameters(), *rbm.hidden.parameters())
        found |= {f"own{i}.{j}": p for j, p in enumerate(own)}
    return found


def assert_same_bits(one, other):
    ref, comp = arrays(one), arrays(other)
    assert ref.keys() == comp.keys() and one.tied == other.tied
    for name in ref:
        np.testing.assert_array_equal(comp[name], ref[name], err_msg=name)
        assert comp[name].dtype == ref[name].dtype


class Interrupted(Exception):
    """A crash at the end of an epoch."""


def interrupt(epoch):
    def callback(_, history):
        if history.epochs == epoch:
            raise Interrupted

    return callback


class Recorder(rb.SGD):
    """An optimizer that moves nothing and keeps the ascents that it was handed."""

    def __init__(self):
        super().__init__(1.0)
        object.__setattr__(self, "ascents", [])

    def step(self, parameters, gradient, memory, update):
        self.ascents.append([g.astype(float) for g in gradient])


def up_down(dbn, X, **settings):
    return dbn.up_down(X, **{"progress": False, "epochs": 3, "batch_size": 5, **settings})
