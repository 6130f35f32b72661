"""The negative phase: where the model term of the gradient comes from.

`Exact` enumerates the model's states. `CD` takes a few Gibbs steps from the data. `PCD`, `FPCD` and
`Tempered` keep chains of their own from one update to the next, as many as you like, whatever the
size of the batch. All statistics are v E[h | v]ᵀ with the mean at the same v: the last hidden layer
is not sampled, since its mean has the same expectation and less noise.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.machine import exact
from rbmbook.machine.rbm import RBM, Parameters
from rbmbook.sampling import tempering
from rbmbook.sampling.chains import Chains, Contrast


class Negative:
    """Estimates the model term ⟨v hᵀ⟩_model, ⟨v⟩_model, ⟨h⟩_model."""

    def start(self, rbm: RBM, rng: np.random.Generator) -> Any:
        """What is kept from one update to the next; None if nothing is."""

    def moments(
        self,
        batch: Chains,
        weight: np.ndarray,
        data: Parameters,
        state: Any,
        rng: np.random.Generator,
        out: Parameters,
    ) -> Parameters:
        """The model term, in `out` or in new arrays.

        `batch` stands at the data and may be moved on, `weight` are its rows' weights, `data` is
        the data term, `state` is what `start` made.
        """
        raise NotImplementedError

    def ascent(
        self,
        batch: Contrast,
        weight: np.ndarray,
        state: Any,
        rng: np.random.Generator,
        out: Parameters,
        spare: Parameters,
        share: float = 1.0,
    ) -> Parameters:
        """Data term minus model term, in `out`; `spare` is memory for the model term.

        Both terms are averages: weights within the batch sum to 1. `share` is how much the batch
        weighs in its epoch, 1 on average, for a phase that itself learns from the ascent.
        """
        data = batch.statistics(weight, out)
        model = self.moments(batch, weight, data, state, rng, spare)
        for total, part in zip(data, model, strict=True):
            total -= part
        return data


@dataclass(frozen=True)
class Exact(Negative):
    """The model term by enumeration of the smaller layer (at most 2³⁰ states).

    References
    ----------
    Ackley, Hinton and Sejnowski (1985), A learning algorithm for Boltzmann machines.
    """

    def start(self, rbm: RBM, rng: np.random.Generator) -> None:
        """Nothing is kept."""

    def moments(
        self,
        batch: Chains,
        weight: np.ndarray,
        data: Parameters,
        state: None,
        rng: np.random.Generator,
        out: Parameters,
    ) -> Parameters:
        """`exact.expectations` of the machine."""
        return exact.expectations(batch.rbm)


@dataclass(frozen=True)
class CD(Negative):
    """Contrastive divergence: the model term from k Gibbs steps that start at the data.

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
    Hinton (2002), Training products of experts by minimizing contrastive divergence.
    """

    k: int = 1

    def __post_init__(self) -> None:
        _integers(self, k=1)

    def start(self, rbm: RBM, rng: np.random.Generator) -> None:
        """Nothing is kept: each update starts from its own data."""

    def moments(
        self,
        batch: Chains,
        weight: np.ndarray,
        data: Parameters,
        state: None,
        rng: np.random.Generator,
        out: Parameters,
    ) -> Parameters:
        """Weighted averages over the batch's own chains, k steps from the data."""
        for _ in range(self.k):
            batch.step(rng)
        return batch.statistics(weight, out)

    def ascent(
        self,
        batch: Contrast,
        weight: np.ndarray,
        state: None,
        rng: np.random.Generator,
        out: Parameters,
        spare: Parameters,
        share: float = 1.0,
    ) -> Parameters:
        """Data term minus model term, as one matrix product over the rows of both."""
        batch.mark(weight)
        for _ in range(self.k):
            batch.step(rng)
        return batch.difference(weight, out)


@dataclass(frozen=True)
class PCD(Negative):
    """Persistent contrastive divergence: chains that go on from one update to the next.

    Also known as stochastic maximum likelihood.

    Parameters
    ----------
    k : int ≥ 1
        Gibbs steps per update.
    chains : int ≥ 1
        Number of chains, whatever the size of the batch.

    Raises
    ------
    ValueError, TypeError
        If a number is not an integer ≥ 1.

    References
    ----------
    Tieleman (2008), Training restricted Boltzmann machines using approximations to the likelihood
    gradient. Younes (1999), On the convergence of Markovian stochastic algorithms with
    rapidly decreasing ergodicity rates.
    """

    k: int = 1
    chains: int = 100

    def __post_init__(self) -> None:
        _integers(self, k=1, chains=1)

    def start(self, rbm: RBM, rng: np.random.Generator) -> Chains:
        """Chains at random states."""
        return Chains.random(rbm, self.chains, rng)

    def moments(
        self,
        batch: Chains,
        weight: np.ndarray,
        data: Parameters,
        state: Chains,
        rng: np.random.Generator,
        out: Parameters,
    ) -> Parameters:
        """Averages over the persistent chains, k steps on."""
        state.refresh()
        for _ in range(self.k):
            state.step(rng)
        return state.statistics(_equal(state.n, out), out)


@dataclass(frozen=True)
class FPCD(Negative):
    """Fast persistent contrastive divergence: persistent chains pushed on by fast weights.

    The chains run under parameters θ + θ_fast. The fast ones ascend the same gradient with a rate
    of their own and decay, so they raise the energy of where the chains have just been. Where rows
    have weights, the fast step is multiplied by the batch's weight like the step of θ, since
    otherwise the chains would be drawn towards the unweighted data; the decay is once an update.

    Parameters
    ----------
    k : int ≥ 1
        Gibbs steps per update.
    chains : int ≥ 1
        Number of chains.
    rate : float > 0
        Learning rate of the fast parameters.
    decay : float in [0, 1)
        Factor on the fast parameters at each update.

    Raises
    ------
    ValueError, TypeError
        If a number is outside its range.

    References
    ----------
    Tieleman and Hinton (2009), Using fast weights to improve persistent contrastive divergence.
    """

    k: int = 1
    chains: int = 100
    rate: float = 0.05
    decay: float = 0.95

    def __post_init__(self) -> None:
        _integers(self, k=1, chains=1)
        validation.real("rate", self.rate, 0.0, closed="neither")
        validation.real("decay", self.decay, 0.0, 1.0)

    def start(self, rbm: RBM, rng: np.random.Generator) -> "FastChains":
        """Chains at random states and fast parameters of zero."""
        return FastChains(rbm, self.chains, rng)

    def moments(
        self,
        batch: Chains,
        weight: np.ndarray,
        data: Parameters,
        state: "FastChains",
        rng: np.random.Generator,
        out: Parameters,
    ) -> Parameters:
        """Averages over the chains, k steps on under θ + θ_fast."""
        state.overlay(batch.rbm)
        for _ in range(self.k):
            state.chains.step(rng)
        return state.chains.statistics(_equal(state.chains.n, out), out)

    def ascent(
        self,
        batch: Contrast,
        weight: np.ndarray,
        state: "FastChains",
        rng: np.random.Generator,
        out: Parameters,
        spare: Parameters,
        share: float = 1.0,
    ) -> Parameters:
        """Data term minus model term, of which θ_fast takes its step too."""
        ascent = super().ascent(batch, weight, state, rng, out, spare, share)
        for fast, part in zip(state.fast, ascent, strict=True):
            fast *= fast.dtype.type(self.decay)
            fast += fast.dtype.type(self.rate * share) * part
        return ascent


class FastChains:
    """Chains of a machine that is the trained one plus fast parameters."""

    def __init__(self, rbm: RBM, n: int, rng: np.random.Generator) -> None:
        self.chains = Chains.random(rbm.copy(), n, rng)
        self.fast = Parameters.zeros_like(rbm)

    def overlay(self, rbm: RBM) -> None:
        """Put the chains' machine at the trained parameters plus the fast ones."""
        for own, slow, fast in zip(
            self.chains.rbm.parameters, rbm.parameters, self.fast, strict=True
        ):
            np.add(slow, fast, out=own)
        self.chains.refresh()

    def arrays(self) -> list[np.ndarray]:
        """What a checkpoint has to keep."""
        return [*self.chains.arrays(), *self.fast]

    def monitors(self) -> dict[str, float]:
        """Nothing to report."""
        return {}


@dataclass(frozen=True)
class Tempered(Negative):
    """Parallel tempering: copies of each chain at several temperatures that swap states.

    Copies at small β cross between modes that a chain at β = 1 would not; swaps bring what they
    find to β = 1, where the statistics are taken.

    Parameters
    ----------
    betas : int ≥ 2, or increasing sequence from [0, 1) to 1
        The inverse temperatures; an int means that many, equally spaced from 0 to 1.
    chains : int ≥ 1
        Number of chains at each temperature.
    k : int ≥ 1
        Gibbs steps, each followed by swaps, per update.
    adapt : int ≥ 0
        During the first `adapt` updates the inner betas are moved towards equal swap rates.

    Raises
    ------
    ValueError, TypeError
        If a number is outside its range or the betas do not rise to 1.

    References
    ----------
    Desjardins, Courville, Bengio, Vincent and Delalleau (2010), Tempered Markov chain Monte Carlo
    for training of restricted Boltzmann machines. Cho, Raiko and Ilin (2010), Parallel tempering is
    efficient for learning restricted Boltzmann machines.
    """

    betas: Any = field(default=10, compare=False)  # `_ladder` says the same, whatever was given
    chains: int = 100
    k: int = 1
    adapt: int = 0
    _ladder: tuple[float, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _integers(self, chains=1, k=1, adapt=0)
        object.__setattr__(self, "_ladder", tuple(tempering.ladder("betas", self.betas).tolist()))

    def start(self, rbm: RBM, rng: np.random.Generator) -> tempering.Replicas:
        """Chains at random states at every temperature."""
        return tempering.Replicas(rbm, np.array(self._ladder), self.chains, rng)

    def moments(
        self,
        batch: Chains,
        weight: np.ndarray,
        data: Parameters,
        state: tempering.Replicas,
        rng: np.random.Generator,
        out: Parameters,
    ) -> Parameters:
        """Averages over the chains at β = 1, k steps and swaps on."""
        state.refresh()
        for _ in range(self.k):
            state.step(rng)
        if state.updates < self.adapt:
            state.adapt()
        state.count()
        return state.statistics(_equal(self.chains, out), out)


def _integers(phase: Any, **minima: int) -> None:
    for name, minimum in minima.items():
        number = validation.integer(name, getattr(phase, name), minimum)
        object.__setattr__(phase, name, number)


def _equal(n: int, like: Parameters) -> np.ndarray:
    return np.full(n, 1 / n, like.W.dtype)
