"""The score ψ(v) = ∇_v log p(v) = −∇F(v) of a machine with Gaussian visible units.

The partition function does not depend on v, so it is absent from the score, and a machine can be
trained by comparing scores instead of probabilities. Nor does it need a joint density: hidden
units of `NoisyReLU` have no energy, but F(v) is defined by their cgf, and ψ is its slope. For
U(v) = Σ γ v² / 2,

    ψ(v) = a + E[h | v] Wᵀ − γ v = γ (E[v | h = E[h | v]] − v):

the score is the reconstruction of a one-layer autoencoder with tied weights, minus v, over the
variance 1/γ. A temperature T stands for the density ∝ exp(−F/T), whose score is ψ/T. With γ = 1 and
T = σ² it is that of Vincent's energy, and noise of variance σ² turns the denoising objective into
the squared error of a denoising autoencoder, divided by 2σ⁴.

References
----------
Hyvärinen (2005), Estimation of non-normalized statistical models by score matching.
Vincent (2011), A connection between score matching and denoising autoencoders.
"""

from typing import Any, cast

import numpy as np
from scipy import special

from rbmbook import validation
from rbmbook.machine.parameters import Parameters
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Gaussian


def score(rbm: RBM, v: Any, temperature: float = 1.0) -> np.ndarray:
    """−∇F(v)/T of each row, shape (n, D): the direction in which the density rises fastest.

    Parameters
    ----------
    rbm : RBM
        With Gaussian visible units.
    v : (n, D) array or sparse matrix of finite numbers
    temperature : float > 0
        T, of the density ∝ exp(−F/T).

    Returns
    -------
    (n, D) array of the machine's dtype

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above.

    References
    ----------
    Book: (14.9).

    Examples
    --------
    >>> import rbmbook as rb
    >>> rbm = rb.RBM([[2.0], [0.0]], [0.0, 1.0], [0.0], visible=rb.Gaussian())
    >>> rb.score.score(rbm, [[0.0, 0.0], [2.0, 1.0]]).round(3)
    array([[ 1.   ,  1.   ],
           [-0.036,  0.   ]])
    """
    v, temperature = _checked(rbm, v, temperature)
    return _score(rbm, v, rbm.hidden.mean(rbm.hidden_inputs(v))) / temperature


def parzen_score(v: Any, data: Any, sigma: float) -> np.ndarray:
    """The score of the data's Parzen density, the mean of N(x, σ²) over the rows x of `data`.

    ∇ log q(v) = Σ_x w_x(v) (x − v) / σ², where w_x(v) is the probability that v came from x. For
    v = x + noise it is the mean of (x − v) / σ² over all x from which v may have come.

    Parameters
    ----------
    v : (n, D) array of finite numbers
    data : (m, D) array of finite numbers
    sigma : float > 0
        Standard deviation of the noise.

    Returns
    -------
    (n, D) float64 array

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above.

    References
    ----------
    Vincent (2011), A connection between score matching and denoising autoencoders.
    Book: (14.8).

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.score.parzen_score([[0.0], [0.9]], [[-1.0], [1.0]], sigma=0.5).round(3)
    array([[0.   ],
           [0.394]])
    """
    sigma = validation.scale("sigma", sigma)
    data = _finite("data", data, None)
    v = _finite("v", v, data.shape[1])
    centre = data.mean(axis=0)  # distances stay, and squares of numbers far from 0 do not cancel
    data, v = data - centre, v - centre
    half_squares = (data**2).sum(axis=1) / 2
    weights = special.softmax((v @ data.T - half_squares) / sigma**2, axis=1)
    return (weights @ data - v) / sigma**2


def denoising(
    rbm: RBM, v: Any, noisy: Any, sigma: float, temperature: float = 1.0
) -> tuple[float, Parameters]:
    """The denoising score matching objective ½ mean ‖ψ(ṽ) − (v − ṽ)/σ²‖², and its gradient.

    (v − ṽ)/σ² is the score of N(v, σ²) at ṽ. In expectation over the noise, the objective is
    `matching` with the score of the Parzen density plus a number that no parameter changes.

    Parameters
    ----------
    rbm : RBM
        With Gaussian visible units and hidden units of one column each.
    v : (n, D) array or sparse matrix
        Data.
    noisy : (n, D) array or sparse matrix
        ṽ, the data with noise of variance σ².
    sigma : float > 0
        Standard deviation of the noise.
    temperature : float > 0
        T, of the density ∝ exp(−F/T).

    Returns
    -------
    value : float
    gradient : Parameters
        With .W .a .b, and .visible if the log-precisions are learned.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above.

    References
    ----------
    Vincent (2011), A connection between score matching and denoising autoencoders.
    Book: (14.10), (14.11).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm = rb.RBM.random(2, 3, rng=0, visible=rb.Gaussian(), dtype=np.float64)
    >>> v, sigma = np.zeros((1000, 2)), 0.5
    >>> noisy = v + sigma * np.random.default_rng(0).normal(size=v.shape)
    >>> value, gradient = rb.score.denoising(rbm, v, noisy, sigma)
    >>> gradient.W.shape, gradient.visible[0].shape
    ((2, 3), (2,))
    """
    noisy, temperature = _checked(rbm, noisy, temperature, "noisy")
    sigma = validation.scale("sigma", sigma, rbm.dtype)
    v = _rows("v", rbm, v)
    if v.shape != noisy.shape:
        raise ValueError(f"noisy: expected shape {v.shape}, like v, got {noisy.shape}")
    return _compare(rbm, noisy, (v - noisy) / rbm.dtype.type(sigma**2), temperature)


def matching(rbm: RBM, v: Any, target: Any, temperature: float = 1.0) -> tuple[float, Parameters]:
    """The explicit score matching objective ½ mean ‖ψ(v) − target‖², and its gradient.

    Parameters
    ----------
    rbm : RBM
        With Gaussian visible units and hidden units of one column each.
    v : (n, D) array or sparse matrix
        Where the scores are compared.
    target : (n, D) array or sparse matrix
        The score that the machine's should be, for example `parzen_score`.
    temperature : float > 0

    Returns
    -------
    value : float
    gradient : Parameters
        As for `denoising`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above.

    References
    ----------
    Hyvärinen (2005), Estimation of non-normalized statistical models by score matching.
    Book: (14.10).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm = rb.RBM.random(2, 3, rng=0, visible=rb.Gaussian())
    >>> v = np.random.default_rng(0).normal(size=(50, 2))
    >>> value, gradient = rb.score.matching(rbm, v, target=rb.score.score(rbm, v))
    >>> round(value, 6)  # its own score is matched
    0.0
    """
    v, temperature = _checked(rbm, v, temperature)
    target = _rows("target", rbm, target)
    if target.shape != v.shape:
        raise ValueError(f"target: expected shape {v.shape}, like v, got {target.shape}")
    return _compare(rbm, v, target, temperature)


def implicit(rbm: RBM, v: Any, temperature: float = 1.0) -> float:
    """Hyvärinen's objective mean [½ ‖ψ(v)‖² + Σ_i ∂ψ_i/∂v_i], which needs no target.

    In expectation over a density it is `matching` with that density's score, minus a number that no
    parameter changes.

    Parameters
    ----------
    rbm : RBM
        With Gaussian visible units and hidden units of one column each.
    v : (n, D) array or sparse matrix
    temperature : float > 0

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above.

    References
    ----------
    Hyvärinen (2005), Estimation of non-normalized statistical models by score matching.

    Examples
    --------
    For Gaussian data of variance 1 the machine without hidden units is right, and its objective is
    ½ mean v² − 1 in each column:

    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm = rb.RBM(np.zeros((2, 1)), [0.0, 0.0], [0.0], visible=rb.Gaussian())
    >>> rb.score.implicit(rbm, [[1.0, -1.0], [-1.0, 1.0]])
    -1.0
    """
    v, temperature = _checked(rbm, v, temperature)
    _check_hidden(rbm)
    inputs = rbm.hidden_inputs(v)
    psi = _score(rbm, v, rbm.hidden.mean(inputs)) / temperature
    lengths = np.einsum("ij,ij->j", rbm.W, rbm.W)
    divergence = rbm.hidden.variance(inputs) @ lengths - _precision(rbm).sum()
    half_square = np.einsum("ni,ni->n", psi, psi) / 2
    return float((half_square + divergence / temperature).mean(dtype=np.float64))


def _compare(
    rbm: RBM, v: np.ndarray, target: np.ndarray, temperature: float
) -> tuple[float, Parameters]:
    """½ mean ‖ψ(v)/T − target‖² and its gradient, by the chain rule through E[h | v]."""
    _check_hidden(rbm)
    inputs = rbm.hidden_inputs(v)
    mean = rbm.hidden.mean(inputs)
    difference = _score(rbm, v, mean) / temperature - target
    value = np.einsum("ni,ni->", difference, difference, dtype=np.float64) / (2 * len(v))
    # ∂/∂ψ, then ∂/∂inputs: E[h | v] moves with its input by the variance of h.
    outer = difference / rbm.dtype.type(temperature * len(v))
    inner = (outer @ rbm.W) * rbm.hidden.variance(inputs)
    own = -_precision(rbm) * (outer * v).sum(axis=0)  # for log γ
    return float(value), Parameters(
        W=outer.T @ mean + v.T @ inner,
        a=outer.sum(axis=0),
        b=inner.sum(axis=0),
        visible=(own,) if rbm.visible.parameters() else (),
    )


def _precision(rbm: RBM) -> np.ndarray:
    """γ of each visible column; `_checked` makes sure that they are Gaussian."""
    return cast(Gaussian, rbm.visible).precision(rbm.dtype)


def _score(rbm: RBM, v: np.ndarray, hidden_mean: np.ndarray) -> np.ndarray:
    """a + E[h | v] Wᵀ − γ v."""
    return rbm.visible_inputs(hidden_mean) - _precision(rbm) * v


def _checked(rbm: Any, v: Any, temperature: Any, name: str = "v") -> tuple[np.ndarray, Any]:
    validation.instance("rbm", rbm, RBM).require_finite()
    if not isinstance(rbm.visible, Gaussian):
        raise ValueError(
            f"rbm: expected Gaussian visible units, got {rbm.visible}: the score is a slope, and "
            "needs states in between"
        )
    temperature = validation.scale("temperature", temperature, rbm.dtype)
    return _rows(name, rbm, v), rbm.dtype.type(temperature)


def _check_hidden(rbm: RBM) -> None:
    """The derivatives below are those of units that look at one input each."""
    if rbm.hidden.columns != 1 or rbm.hidden.parameters():
        raise ValueError(
            f"rbm: expected hidden units of one column, without parameters of their own, "
            f"got {rbm.hidden}"
        )


def _rows(name: str, rbm: RBM, v: Any) -> np.ndarray:
    v = validation.matrix(name, v, rbm.n_visible)
    return validation.rows(name, v, rbm.visible, rbm.dtype)


def _finite(name: str, value: Any, width: int | None) -> np.ndarray:
    value = validation.matrix(name, value, width)
    return validation.rows(name, value, Gaussian(), np.dtype(np.float64))
