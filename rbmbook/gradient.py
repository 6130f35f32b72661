"""The gradient of the log-likelihood in its two phases: data term minus model term.

The data term is an average over the batch, with E[h | v] in place of a sample. The model term is
an average over the model's own states; the classes here differ in where those come from:
`Exact` enumerates them, `CD` takes a few Gibbs steps from the data.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rbmbook import exact, validation
from rbmbook.gibbs import Chains
from rbmbook.rbm import RBM, Parameters


class Negative(Protocol):
    """The negative phase: estimates the model term ⟨v hᵀ⟩_model, ⟨v⟩_model, ⟨h⟩_model."""

    def start(self, rbm: RBM, rng: np.random.Generator) -> Any:
        """What is kept from one update to the next; None if nothing is."""

    def moments(
        self,
        batch: Chains,
        weight: np.ndarray,
        state: Any,
        rng: np.random.Generator,
        out: Parameters,
    ) -> Parameters:
        """The model term, written to `out`. `batch` stands at the data and may be moved on."""


@dataclass(frozen=True)
class Exact:
    """The model term by enumeration of the smaller layer (at most 2³⁰ states).

    References
    ----------
    Ackley, Hinton and Sejnowski (1985), A learning algorithm for Boltzmann machines, equation 6.
    """

    def start(self, rbm: RBM, rng: np.random.Generator) -> None:
        """Nothing is kept."""

    def moments(
        self,
        batch: Chains,
        weight: np.ndarray,
        state: None,
        rng: np.random.Generator,
        out: Parameters,
    ) -> Parameters:
        """`exact.expectations` of the machine."""
        return exact.expectations(batch.rbm)


@dataclass(frozen=True)
class CD:
    """Contrastive divergence: the model term from k Gibbs steps that start at the data.

    The statistics are v_k E[h | v_k]ᵀ: the last hidden layer is not sampled, since its mean gives
    the same expectation with less noise.

    Parameters
    ----------
    k : int ≥ 1
        Number of Gibbs steps.

    Raises
    ------
    ValueError, TypeError
        If k is not an integer ≥ 1.

    References
    ----------
    Hinton (2002), Training products of experts by minimizing contrastive divergence, equation 5.
    """

    k: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", validation.integer("k", self.k))

    def start(self, rbm: RBM, rng: np.random.Generator) -> None:
        """Nothing is kept: each update starts from its own data."""

    def moments(
        self,
        batch: Chains,
        weight: np.ndarray,
        state: None,
        rng: np.random.Generator,
        out: Parameters,
    ) -> Parameters:
        """Weighted averages over the batch's own chains, k steps from the data."""
        for _ in range(self.k):
            batch.step(rng)
        return statistics(batch, weight, out)


def estimate(
    rbm: RBM,
    v: Any,
    negative: Negative = CD(),
    rng: int | np.random.Generator = 0,
    sample_weight: Any = None,
) -> Parameters:
    """The gradient of the mean log-likelihood of a batch, estimated with a negative phase.

    Parameters
    ----------
    rbm : RBM
    v : (n, D) array or sparse matrix
        The batch: visible states, or means (in [0, 1] for Bernoulli units). All of it is held in
        the machine's dtype.
    negative : negative phase
        Where the model term comes from, for example ``rb.CD(1)`` or ``rb.Exact()``.
    rng : int or Generator
    sample_weight : (n,) array, optional
        Weights ≥ 0 of the rows, applied to the data term and to chains that start at the rows.

    Returns
    -------
    Parameters
        .W (D, H), .a (D,), .b (H,) of the machine's dtype, the direction of ascent.

    Raises
    ------
    ValueError, TypeError
        If a shape does not fit, a value is outside the domain, or an argument has the wrong type.
    """
    validation.instance("rbm", rbm, RBM)
    v = validation.matrix("v", v, rbm.n_visible)
    negative = phase(negative)
    weight = validation.weights("sample_weight", sample_weight, v.shape[0])
    rng = validation.generator(rng)
    batch = Chains(rbm, v.shape[0])
    batch.n = v.shape[0]
    for rows, block in validation.blocks("v", v, rbm.visible, rbm.dtype, relaxed=True):
        batch.v[rows] = block
    state = negative.start(rbm, rng)
    weight = (weight / weight.sum()).astype(rbm.dtype)
    data = statistics(batch, weight, Parameters.zeros_like(rbm))
    model = negative.moments(batch, weight, state, rng, Parameters.zeros_like(rbm))
    return subtract(data, model)


def statistics(chains: Chains, weight: np.ndarray, out: Parameters) -> Parameters:
    """Σ_n weight_n v_n E[h | v_n]ᵀ, Σ_n weight_n v_n and Σ_n weight_n E[h | v_n]."""
    v, mean = chains.v, chains.hidden_mean()
    mean *= weight[:, None]
    np.matmul(v.T, mean, out=out.W)
    np.matmul(weight, v, out=out.a)
    np.sum(mean, axis=0, out=out.b)
    return out


def subtract(data: Parameters, model: Parameters) -> Parameters:
    """Data term minus model term, written over the data term."""
    for total, part in zip(data, model, strict=True):
        total -= part
    return data


def centre(gradient: Parameters, visible: np.ndarray, hidden: np.ndarray) -> Parameters:
    """The centred gradient: what the gradient becomes where v − visible and h − hidden are learned.

    Changes `gradient` in place. With offsets at the data's means, a data set and its negative are
    learned alike.

    Parameters
    ----------
    gradient : Parameters
        Data term minus model term.
    visible, hidden : (D,) and (H,) arrays
        The offsets μ and λ.

    References
    ----------
    Melchior, Fischer and Wiskott (2016), How to center deep Boltzmann machines, equations 9 to 14.
    """
    W, a, b = gradient
    W -= np.outer(visible, b)
    W -= np.outer(a, hidden)
    a -= W @ hidden
    b -= visible @ W
    return gradient


def phase(negative: Any) -> Negative:
    """`negative` if it offers what `Negative` asks for."""
    if isinstance(negative, type) or not all(hasattr(negative, m) for m in ("start", "moments")):
        raise TypeError(f"negative: expected a negative phase such as CD(1), got {negative!r}")
    return negative
