"""A penalty on the slope of a critic, and its gradient: back-propagation through back-propagation.

The penalty depends on g = ∇_x d(x), the gradient of the critic's output with respect to its
*input*, so its gradient with respect to the parameters needs mixed second derivatives of d. Two
facts make them cheap. By the chain rule ∂penalty/∂θ = ∂/∂θ Σ_rows u · ∇_x d(x) with u = ∂penalty/∂g
held fixed; and u · ∇_x d(x) is the derivative of d along u, which one more pass from the bottom up
computes beside the outputs. That pass can be differentiated like any other.
"""

import numpy as np

from rbmbook import validation
from rbmbook.networks.layers import Trace
from rbmbook.networks.network import Network


def gradient_penalty(
    critic: Network, x: np.ndarray, target: float = 1.0, weight: np.ndarray | None = None
) -> tuple[float, list[np.ndarray]]:
    """The mean over the rows of (‖∇_x d(x)‖ − target)², and its gradient for each parameter.

    Parameters
    ----------
    critic : Network
        With one output, d.
    x : (n, D) dense array
        Where the slope is looked at. Its values are not checked: this is made for inner loops.
    target : float ≥ 0
        1 draws the critic towards slope 1 (the penalty of Gulrajani et al., equation 3, at their
        interpolates); 0 towards slope 0 (half of it, at the data, is R1 of Mescheder et al.,
        section 4.1).
    weight : (n,) array, optional
        How often each row counts in the mean, 1 on average; always once by default.

    Returns
    -------
    value : float
    gradients : list of arrays, like ``critic.parameters``
        Where a slope is exactly zero, its norm has no derivative; 0 is taken.

    Raises
    ------
    ValueError, TypeError
        If a shape or the target does not fit.

    References
    ----------
    Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville (2017), Improved training of Wasserstein
    GANs. Mescheder, Geiger and Nowozin (2018), Which training methods for GANs do actually
    converge? Pearlmutter (1994), Fast exact multiplication by the Hessian (the forward pass of
    derivatives).

    Examples
    --------
    A linear critic has its weights as slope everywhere; here ‖(3, 4)‖ = 5:

    >>> from rbmbook.networks.layers import Dense
    >>> critic = Network([Dense([[3.0], [4.0]], [1.0])])
    >>> value, (to_W, to_b) = gradient_penalty(critic, np.zeros((2, 2)))
    >>> value, to_W.ravel(), to_b
    (16.0, array([4.8, 6.4]), array([0.]))
    """
    _one_output(critic)
    target = validation.real("target", target, 0.0)
    trace, slopes = _slopes(critic, x)
    norms = np.sqrt(np.einsum("nd,nd->n", slopes, slopes))
    excess = norms - slopes.dtype.type(target)
    scale = np.divide(excess, norms, out=np.zeros_like(norms), where=norms > 0)
    weight = np.ones_like(norms) if weight is None else weight
    scale *= weight
    direction = (2 / slopes.dtype.type(len(slopes))) * scale[:, None] * slopes  # u = ∂penalty/∂g
    return float(np.mean(weight * excess * excess)), _along(critic, trace, direction)


def slopes(critic: Network, x: np.ndarray) -> np.ndarray:
    """∇_x d(x), the gradient of a critic's output with respect to its input, shape (n, D).

    Parameters
    ----------
    critic : Network
        With one output, d.
    x : (n, D) dense array

    Raises
    ------
    ValueError, TypeError
        If a shape does not fit.
    """
    _one_output(critic)
    return _slopes(critic, x)[1]


def _slopes(critic: Network, x: np.ndarray) -> tuple[Trace, np.ndarray]:
    trace = critic.forward(x)
    _, found = critic.backward(trace, np.ones((len(trace.x), 1), critic.dtype))
    return trace, found


def _along(critic: Network, trace: Trace, direction: np.ndarray) -> list[np.ndarray]:
    """∂/∂θ Σ_rows direction · ∇_x d(x), the direction held fixed.

    A dot is the derivative along the direction, for a layer with z = x W + b and y = f(z):
    bottom up  ż = ẋ W,  ẏ = f′(z) ż.  Then top down, with δ = ∂d/∂z (which is also the gradient
    with respect to ż) and ε the gradient with respect to z,
    ε = f″(z) · ż · ∂d/∂y + f′(z) · (ε Wᵀ of the layer above),  ∂W = ẋᵀ δ + xᵀ ε,  ∂b = Σ_rows ε.
    """
    moving, speeds, steep = [direction], [], []  # ẋ, ż, f′(z) of each layer
    for layer, outputs in zip(critic.layers, trace.outputs, strict=True):
        speeds.append(moving[-1] @ layer.W)
        steep.append(layer.function.slope(outputs))
        moving.append(steep[-1] * speeds[-1])
    gradients: list[np.ndarray] = [np.empty(0)] * (2 * len(critic.layers))
    to_output = np.ones_like(trace.outputs[-1])  # ∂d/∂y
    carried = None  # ε Wᵀ of the layer above; None while it is zero, as in rectifier networks
    for i in reversed(range(len(critic.layers))):
        layer, delta = critic.layers[i], trace.deltas[i]
        bent = layer.function.curvature(trace.outputs[i])
        epsilon = bent * speeds[i] * to_output if bent.any() else None
        if carried is not None:
            carried *= steep[i]
            epsilon = carried if epsilon is None else epsilon + carried
        to_W, to_b = moving[i].T @ delta, np.zeros_like(layer.b)
        if epsilon is not None:
            to_W += (trace.outputs[i - 1] if i else trace.x).T @ epsilon
            epsilon.sum(axis=0, out=to_b)
            carried = epsilon @ layer.W.T
        gradients[2 * i : 2 * i + 2] = to_W, to_b
        to_output = delta @ layer.W.T
    return gradients


def _one_output(critic: Network) -> None:
    if validation.instance("critic", critic, Network).sizes[-1] != 1:
        raise ValueError(f"critic: expected one output, got {critic.sizes[-1]}")
