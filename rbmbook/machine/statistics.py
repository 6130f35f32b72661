"""What the gradient averages over states: −∂F(v), with respect to every parameter."""

from collections.abc import Iterator

import numpy as np

from rbmbook.machine import layers
from rbmbook.machine.parameters import Parameters
from rbmbook.machine.rbm import RBM


def statistics(
    rbm: RBM, v: np.ndarray, inputs: np.ndarray, weight: np.ndarray | None = None
) -> Parameters:
    """⟨−∂F⟩: the averages over the rows of v E[h | v]ᵀ, v, E[h | v] and the units' own terms.

    The last hidden layer is not sampled: its mean has the same expectation and less noise.

    Parameters
    ----------
    rbm : RBM
    v : (n, D) array
    inputs : (n, H) array
        ``rbm.hidden_inputs(v)``.
    weight : (n,) array, optional
        Of the rows, with sum 1; equal by default.

    Returns
    -------
    Parameters
        .W (D, H), .a (D,), .b (H,), and one array for each parameter of the units.

    References
    ----------
    Book: (3.8), (4.4), (9.1), (11.7).
    """
    weight = np.full(len(v), 1 / len(v), rbm.dtype) if weight is None else weight
    mean = rbm.hidden.mean(inputs)
    return Parameters(
        W=layers.outer(rbm.visible, v, weight[:, None] * mean),
        a=layers.average(weight, v),
        b=layers.average(weight, mean),
        visible=tuple(weight @ own for own in rbm.visible.statistics(v)),
        hidden=tuple(weight @ own for own in rbm.hidden.expected_statistics(inputs)),
    )


def total(terms: Iterator[Parameters]) -> Parameters:
    """The sum of what pieces of the rows, of which there is one at least, contribute."""
    found = next(terms)
    for term in terms:
        for mine, its in zip(found, term, strict=True):
            mine += its
    return found
