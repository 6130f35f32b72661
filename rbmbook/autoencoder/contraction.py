"""The contractive penalty: how far a small step of the data moves the code.

With J = ∂code/∂x the encoder's Jacobian of one row, (code, D), the penalty is its squared Frobenius
norm ‖J‖² = Σ_jk (∂code_j/∂x_k)². For an encoder of layers z_l = x_{l−1} W_l + b_l, x_l = f(z_l),

    R_L = diag f′(z_L),   R_{l−1} = R_l W_lᵀ diag f′(z_{l−1}),   J = R_1 W_1ᵀ,

so that ‖J‖² = tr(R_1 W_1ᵀW_1 R_1ᵀ), which needs no array as wide as the data. With a single layer R
is diagonal, and ‖J‖² = Σ_j f′(z_j)² Σ_i W_ij².

References
----------
Rifai, Vincent, Muller, Glorot and Bengio (2011), Contractive auto-encoders: explicit invariance
during feature extraction.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from rbmbook.networks.layers import Trace
from rbmbook.networks.network import Network

CHUNK = 2**22  # numbers of one R that are in memory at a time


def jacobian(network: Network, trace: Trace) -> np.ndarray:
    """∂output/∂x of each row of a forward pass, shape (n, n_out, n_in)."""
    slopes = [_slope(network, trace, i) for i in range(len(network.layers))]
    R = np.eye(network.sizes[-1], dtype=network.dtype)
    for layer, slope in zip(network.layers[::-1], slopes[::-1], strict=True):
        R = (R * slope[:, None, :]) @ layer.W.T
    return R


def add_gradient(
    network: Network,
    trace: Trace,
    gradients: list[np.ndarray],
    weight: float,
    share: np.ndarray,
) -> float:
    """Add the gradient of weight · Σ_n share_n ‖J_n‖², summed over the rows, to `gradients`.

    Parameters
    ----------
    network : Network
        From the data to the code.
    trace : Trace
        Of its forward pass.
    gradients : list of arrays
        Like the network's parameters; changed in place.
    weight : float
    share : (n,) array
        1 / n for the mean over the rows.

    Returns
    -------
    float
        Σ_n share_n ‖J_n‖², without the weight.

    Book: (14.12).
    """
    share, scale = share.astype(network.dtype), network.dtype.type(weight)
    single = len(network.layers) == 1
    found = (_one_layer if single else _layers)(network, trace, gradients, scale, share)
    norm, slopes_gradient = found
    # What f′ costs reaches the inputs z by f″, and the layers below by the chain rule.
    delta: Any = 0
    for i in reversed(range(len(network.layers))):
        outputs = trace.outputs[i]
        delta = delta * _slope(network, trace, i)
        delta += slopes_gradient[i] * network.layers[i].function.curvature(outputs)
        gradients[2 * i] += (trace.outputs[i - 1] if i else trace.x).T @ delta
        gradients[2 * i + 1] += delta.sum(axis=0)
        if i:
            delta = delta @ network.layers[i].W.T
    return float(norm)


def _slope(network: Network, trace: Trace, i: int) -> np.ndarray:
    return network.layers[i].function.slope(trace.outputs[i])


def _one_layer(
    network: Network,
    trace: Trace,
    gradients: list[np.ndarray],
    weight: np.floating,
    share: np.ndarray,
) -> tuple[float, list[np.ndarray]]:
    """Σ_n share_n Σ_j f′_j² Σ_i W_ij²; weight · its gradient at fixed f′ added, that for f′."""
    W, slope = network.layers[0].W, _slope(network, trace, 0)
    lengths = np.einsum("ij,ij->j", W, W)
    squares = share @ (slope * slope)
    gradients[0] += W * (2 * weight * squares)
    slope *= np.outer(2 * weight * share, lengths)
    return squares.astype(np.float64) @ lengths, [slope]


def _layers(
    network: Network,
    trace: Trace,
    gradients: list[np.ndarray],
    weight: np.floating,
    share: np.ndarray,
) -> tuple[float, list[np.ndarray]]:
    """The same for any number of layers; ∂/∂W at fixed f′ is added, ∂/∂f′ returned."""
    layers = network.layers
    slopes = [_slope(network, trace, i) for i in range(len(layers))]
    slopes_gradient = [np.empty_like(slope) for slope in slopes]
    gram, total = layers[0].W.T @ layers[0].W, 0.0
    outer = np.zeros_like(gram)  # Σ_n share_n R_1ᵀ R_1
    for rows in _chunks(network, len(share)):
        # Down: U_L = 1, R_l = U_l diag f′_l, U_{l−1} = R_l W_lᵀ, each (rows, code, width).
        U = [np.eye(network.sizes[-1], dtype=network.dtype)[None]]
        R = [U[0] * slopes[-1][rows, None, :]]
        for i in reversed(range(1, len(layers))):
            U.insert(0, R[0] @ layers[i].W.T)
            R.insert(0, U[0] * slopes[i - 1][rows, None, :])
        shared = R[0] * share[rows, None, None]
        gradient = shared @ gram
        total += np.einsum("rkj,rkj->", R[0], gradient, dtype=np.float64)
        outer += np.tensordot(shared, R[0], axes=([0, 1], [0, 1]))
        # Up again: `gradient` is that for R_1, R_2, ….
        gradient *= 2 * weight
        for i in range(len(layers)):
            slopes_gradient[i][rows] = (gradient * U[i]).sum(axis=1)
            if i + 1 < len(layers):
                gradient *= slopes[i][rows, None, :]
                gradients[2 * i + 2] += np.tensordot(gradient, R[i + 1], axes=([0, 1], [0, 1]))
                gradient = gradient @ layers[i + 1].W
    gradients[0] += 2 * weight * (layers[0].W @ outer)
    return total, slopes_gradient


def _chunks(network: Network, n: int) -> Iterator[slice]:
    """Slices of the rows, such that an R stays small."""
    step = max(1, CHUNK // (network.sizes[-1] * max(network.sizes[1:])))
    for start in range(0, n, step):
        yield slice(start, min(start + step, n))
