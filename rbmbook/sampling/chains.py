"""One block-Gibbs step, of which every sampler of the package is made.

Noise is drawn in one order: for each step first (n, H) numbers for the hidden layer, then (n, D)
for the visible layer, in C order and in the machine's dtype. A step begins with the hidden layer's
*inputs*, v W + b, since averages over the chains need them too.
"""

import numpy as np

from rbmbook.machine import layers
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Unit
from rbmbook.sampling import bernoulli


def draw(unit: Unit, inputs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """States of a layer: a draw from p(x | input) for each row of the (n, columns) inputs."""
    return unit.sample(inputs, unit.noise(inputs.shape, rng, inputs.dtype))


def at_random(rbm: RBM, n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, D) visible states drawn at input 0: fair coins for Bernoulli units."""
    return draw(rbm.visible, np.zeros((n, rbm.n_visible), rbm.dtype), rng)


def steps(
    rbm: RBM, inputs: np.ndarray, k: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """k ≥ 1 steps of n chains: h from p(h | v), then v from p(v | h), and again; unchecked.

    Parameters
    ----------
    rbm : RBM
    inputs : (n, H) array
        ``rbm.hidden_inputs(v)`` at the chains' visible states.
    k : int
    rng : Generator

    Returns
    -------
    v : (n, D) array
        The visible states where the chains end.
    inputs : (n, H) array
        The hidden layer's inputs there.

    References
    ----------
    Book: (6.3).
    """
    if bernoulli.applies(rbm):
        return bernoulli.steps(rbm, inputs, k, rng)
    WT = np.ascontiguousarray(rbm.W.T)
    for _ in range(k):
        h = draw(rbm.hidden, inputs, rng)
        v = draw(rbm.visible, layers.inputs(rbm.hidden, h, WT, rbm.a), rng)
        inputs = rbm.hidden_inputs(v)
    return v, inputs
