"""The negative phase: where the model term of the gradient comes from.

`Exact` enumerates the model's states. `CD` takes a few Gibbs steps from the data. `PCD`, `FPCD` and
`Tempered` keep chains of their own from one update to the next, as many as you like, whatever the
size of the batch. All of them average −∂F, that is v E[h | v]ᵀ, v and E[h | v]: see
`machine.statistics`.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.machine import exact
from rbmbook.machine.parameters import Parameters
from rbmbook.machine.rbm import RBM
from rbmbook.machine.statistics import statistics, total
from rbmbook.sampling import tempering
from rbmbook.sampling.chains import at_random, steps

PIECE_ROWS = 2048  # rows of a batch of which something is computed at a time


class Batch:
    """Some rows of the data, and the gradient's first term.

    Parameters
    ----------
    rbm : RBM
    v : (n, D) array
    weight : (n,) array
        Of the rows, with sum 1 (all 0 in a batch that does not count).
    data_term : Parameters, optional
        ⟨−∂F⟩ over the rows, if it is known or another one.
    share : float
        How much the batch weighs in its epoch, 1 on average.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm = rb.RBM.random(3, 2, rng=0, dtype=np.float64)
    >>> v, weight = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]), np.array([0.5, 0.5])
    >>> rb.negative.Batch.of(rbm, v, weight).data_term.a
    array([1. , 0.5, 0. ])
    """

    def __init__(
        self,
        rbm: RBM,
        v: np.ndarray,
        weight: np.ndarray,
        data_term: Parameters | None = None,
        share: float = 1.0,
    ) -> None:
        self.rbm, self.v, self.weight, self.share = rbm, v, weight, share
        self.data_term = self._average() if data_term is None else data_term

    def _average(self) -> Parameters:
        """⟨−∂F⟩ over the rows."""
        return total(
            statistics(self.rbm, self.v[rows], self.inputs_of(rows), self.weight[rows])
            for rows in self.pieces()
        )

    @cached_property
    def inputs(self) -> np.ndarray:
        """The inputs v W + b of the hidden layer, (n, H)."""
        return self.rbm.hidden_inputs(self.v)

    def inputs_of(self, rows: slice) -> np.ndarray:
        """The inputs of one of the `pieces`; those of a batch that is one piece are kept.

        Parameters
        ----------
        rows : slice

        Returns
        -------
        (n, H) array

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> batch = rb.negative.Batch(rb.RBM.random(3, 2), np.zeros((4, 3)), np.full(4, 0.25))
        >>> batch.inputs_of(batch.pieces()[0]).shape
        (4, 2)
        """
        whole = len(self.v) <= PIECE_ROWS
        return self.inputs if whole else self.rbm.hidden_inputs(self.v[rows])

    def pieces(self) -> list[slice]:
        """The rows of the batch, at most 2,048 at a time.

        A whole block of data may be one batch, and what is computed of each piece is small.

        Returns
        -------
        list of slices

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> v, weight = np.zeros((3000, 3), np.float32), np.full(3000, 1 / 3000, np.float32)
        >>> batch = rb.negative.Batch.of(rb.RBM.random(3, 2), v, weight)
        >>> [len(v[rows]) for rows in batch.pieces()]
        [2048, 952]
        """
        starts = range(0, len(self.v), PIECE_ROWS)
        return [slice(start, start + PIECE_ROWS) for start in starts]

    @classmethod
    def of(cls, rbm: RBM, v: np.ndarray, weight: np.ndarray, share: float = 1.0) -> "Batch":
        """Rows with weights of sum 1, as a machine sees them.

        Parameters
        ----------
        rbm : RBM
        v : (n, D) array
        weight : (n,) array
        share : float

        Returns
        -------
        Batch

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rbm = rb.RBM.random(3, 2, rng=0, dtype=np.float64)
        >>> batch = rb.negative.Batch.of(rbm, np.eye(3), np.full(3, 1 / 3))
        >>> batch.inputs.shape, batch.share
        ((3, 2), 1.0)
        """
        return cls(rbm, v, weight, share=share)

    @classmethod
    def weighted(cls, rbm: RBM, v: np.ndarray, weight: np.ndarray | None = None) -> "Batch":
        """Rows with weights that are 1 on average over all the data; None is equal weights.

        Parameters
        ----------
        rbm : RBM
        v : (n, D) array
        weight : (n,) array

        Returns
        -------
        Batch

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rbm = rb.RBM.random(3, 2, rng=0, dtype=np.float64)
        >>> batch = rb.negative.Batch.weighted(rbm, np.eye(3), np.array([2.0, 1.0, 0.0]))
        >>> batch.weight.round(3), batch.share
        (array([0.667, 0.333, 0.   ]), 1.0)
        """
        if weight is None:
            return cls.of(rbm, v, np.full(len(v), 1 / len(v), v.dtype))
        total = weight.sum()
        share = float(total / len(v))
        return cls.of(rbm, v, (weight / (total or 1.0)).astype(v.dtype), share)


class Negative:
    """Estimates the model term ⟨−∂F⟩_model; a subclass is a frozen dataclass of its settings.

    A subclass defines `model_term`. If it keeps something from one update to the next, such as
    chains, it also defines `start`, and `reports` if there is something to say of what is kept.

    Examples
    --------
    A phase of your own says where the model's states come from. Here they are given once and for
    all, as samples from elsewhere:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> from rbmbook.machine.statistics import statistics
    >>> @dataclass(frozen=True)
    ... class Given(rb.negative.Negative):
    ...     states: np.ndarray
    ...
    ...     def model_term(self, rbm, batch, kept, rng):
    ...         return statistics(rbm, self.states, rbm.hidden_inputs(self.states))
    >>> rbm = rb.RBM.random(2, 1, rng=0)
    >>> phase = Given(np.ones((1, 2), np.float32))
    >>> rb.gradient.estimate(rbm, [[1, 0]], phase).a  # data minus samples
    array([ 0., -1.], dtype=float32)
    """

    def start(self, rbm: RBM, rng: np.random.Generator) -> Any:
        """What is kept from one update to the next, such as `Chains`; None if nothing is.

        It needs two methods: `memory`, the arrays that a checkpoint keeps, by name, and `monitors`,
        the numbers that a fit reports after an epoch, by the names that `reports` lists.

        Parameters
        ----------
        rbm : RBM
        rng : Generator

        Returns
        -------
        object or None

        Raises
        ------
        ValueError
            If this phase cannot train such a machine.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rbm, rng = rb.RBM.random(6, 4), np.random.default_rng(0)
        >>> rb.PCD(chains=10).start(rbm, rng).v.shape, rb.CD(1).start(rbm, rng)
        ((10, 6), None)
        """

    def reports(self) -> tuple[str, ...]:
        """The names of the numbers that `monitors` of what is kept returns.

        Returns
        -------
        tuple of str

        Examples
        --------
        >>> import rbmbook as rb
        >>> rb.Tempered().reports(), rb.CD().reports()
        (('swap_rate',), ())
        """
        return ()

    def model_term(self, rbm: RBM, batch: Batch, kept: Any, rng: np.random.Generator) -> Parameters:
        """The model term, in new arrays; `kept` is what `start` made.

        Parameters
        ----------
        rbm : RBM
        batch : Batch
        kept : object or None
            From `start`; changed in place.
        rng : Generator

        Returns
        -------
        Parameters

        Raises
        ------
        ValueError
            If this phase cannot train such a machine.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rbm, rng = rb.RBM.random(3, 2, rng=0), np.random.default_rng(0)
        >>> v = np.ones((4, 3), np.float32)
        >>> batch = rb.negative.Batch.of(rbm, v, np.full(4, 0.25, np.float32))
        >>> phase = rb.PCD(chains=10)
        >>> phase.model_term(rbm, batch, phase.start(rbm, rng), rng).W.shape
        (3, 2)
        """
        raise NotImplementedError

    def ascent(self, rbm: RBM, batch: Batch, kept: Any, rng: np.random.Generator) -> Parameters:
        """Data term minus model term: the gradient's estimate, which the parameters ascend.

        Parameters
        ----------
        rbm, batch, kept, rng
            As for `model_term`.

        Returns
        -------
        Parameters

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rbm, rng = rb.RBM.random(3, 2, rng=0), np.random.default_rng(0)
        >>> v = np.ones((4, 3), np.float32)
        >>> batch = rb.negative.Batch.of(rbm, v, np.full(4, 0.25, np.float32))
        >>> ascent = rb.Exact().ascent(rbm, batch, None, rng)
        >>> bool((ascent.a > 0).all())  # towards units that are on, as in the data
        True
        """
        return batch.data_term - self.model_term(rbm, batch, kept, rng)


@dataclass(frozen=True)
class Exact(Negative):
    """The model term by enumeration of the smaller layer (at most 2³⁰ states).

    References
    ----------
    Ackley, Hinton and Sejnowski (1985), A learning algorithm for Boltzmann machines.

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> rbm = rb.RBM.random(9, 8, rng=0, data=X)
    >>> before = rb.exact.log_likelihood(rbm, X).mean()
    >>> ascent = rb.SGD(0.5, momentum=0.9)
    >>> _ = rb.fit(rbm, X, rb.Exact(), epochs=200, optimizer=ascent, progress=False)
    >>> bool(rb.exact.log_likelihood(rbm, X).mean() > before + 1)
    True
    """

    def start(self, rbm: RBM, rng: np.random.Generator) -> None:
        """Keeps nothing.

        Parameters
        ----------
        rbm : RBM
        rng : Generator
            Not used.

        Raises
        ------
        ValueError
            If the machine is too large to be enumerated.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.Exact().start(rb.RBM.random(784, 500), np.random.default_rng(0))
        Traceback (most recent call last):
            ...
        ValueError: rbm: expected at most 2^30 states in the smaller layer, got about 2^500 ...
        """
        exact.require(rbm)

    def model_term(
        self, rbm: RBM, batch: Batch, kept: None, rng: np.random.Generator
    ) -> Parameters:
        """⟨−∂F⟩ over all states, each with its probability."""
        return exact.expectations(rbm)


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

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> rbm = rb.RBM.random(9, 8, rng=0, data=X)
    >>> history = rb.fit(rbm, X, rb.CD(k=5), epochs=20, batch_size=7, progress=False)
    >>> history.epochs
    20
    """

    k: int = 1

    def __post_init__(self) -> None:
        _integers(self, k=1)

    def model_term(
        self, rbm: RBM, batch: Batch, kept: None, rng: np.random.Generator
    ) -> Parameters:
        """⟨−∂F⟩_k: the batch's own chains, k steps from the data. Book: (7.2)."""
        return total(
            statistics(rbm, *steps(rbm, batch.inputs_of(rows), self.k, rng), batch.weight[rows])
            for rows in batch.pieces()
        )


class Chains:
    """The visible states of persistent chains.

    Parameters
    ----------
    v : (n, D) array

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> chains = rb.PCD(chains=10).start(rb.RBM.random(6, 4), np.random.default_rng(0))
    >>> chains.v.shape
    (10, 6)
    """

    def __init__(self, v: np.ndarray) -> None:
        self.v = v

    def memory(self) -> dict[str, np.ndarray]:
        """What a checkpoint has to keep.

        Returns
        -------
        dict of arrays

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> chains = rb.PCD(chains=10).start(rb.RBM.random(6, 4), np.random.default_rng(0))
        >>> chains.memory()["v"] is chains.v
        True
        """
        return {"v": self.v}

    def monitors(self) -> dict[str, float]:
        """What a fit reports of the chains after an epoch: nothing.

        Returns
        -------
        dict

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.PCD(chains=10).start(rb.RBM.random(6, 4), np.random.default_rng(0)).monitors()
        {}
        """
        return {}


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

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> rbm = rb.RBM.random(9, 8, rng=0, data=X)
    >>> history = rb.fit(rbm, X, rb.PCD(k=1, chains=50), epochs=20, batch_size=7, progress=False)
    >>> history.epochs
    20
    """

    k: int = 1
    chains: int = 100

    def __post_init__(self) -> None:
        _integers(self, k=1, chains=1)

    def start(self, rbm: RBM, rng: np.random.Generator) -> Chains:
        """Chains at random states."""
        return Chains(at_random(rbm, self.chains, rng))

    def model_term(
        self, rbm: RBM, batch: Batch, kept: Chains, rng: np.random.Generator
    ) -> Parameters:
        """⟨−∂F⟩ over the persistent chains, k steps on. Book: (9.2)."""
        kept.v, inputs = steps(rbm, rbm.hidden_inputs(kept.v), self.k, rng)
        return statistics(rbm, kept.v, inputs)


@dataclass(frozen=True)
class FPCD(Negative):
    """Fast persistent contrastive divergence: persistent chains pushed on by fast weights.

    The chains run under parameters θ + θ_fast. The fast ones ascend the same gradient with a rate
    of their own and decay, so they raise the energy of where the chains have just been. Where rows
    have weights, the fast step is multiplied by the batch's weight like the step of θ, since
    otherwise the chains would be drawn towards the unweighted data; the decay acts once per update.

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

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> rbm = rb.RBM.random(9, 8, rng=0, data=X)
    >>> phase = rb.FPCD(chains=50, rate=0.05)
    >>> rb.fit(rbm, X, phase, epochs=20, batch_size=7, progress=False).epochs
    20
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
        return FastChains(rbm, at_random(rbm, self.chains, rng))

    def model_term(
        self, rbm: RBM, batch: Batch, kept: "FastChains", rng: np.random.Generator
    ) -> Parameters:
        """⟨−∂F⟩ over the chains, k steps on under θ + θ_fast. Book: (9.4)."""
        driven = kept.machine(rbm)
        kept.v, inputs = steps(driven, driven.hidden_inputs(kept.v), self.k, rng)
        return statistics(driven, kept.v, inputs)

    def ascent(
        self, rbm: RBM, batch: Batch, kept: "FastChains", rng: np.random.Generator
    ) -> Parameters:
        """Data term minus model term; θ_fast takes its own step along it. Book: (9.4)."""
        ascent = super().ascent(rbm, batch, kept, rng)
        for fast, part in zip(kept.fast, ascent, strict=True):
            fast *= fast.dtype.type(self.decay)
            fast += fast.dtype.type(self.rate * batch.share) * part
        return ascent


class FastChains:
    """Persistent chains and the fast parameters that are added to those of their machine.

    Parameters
    ----------
    rbm : RBM
    v : (n, D) array

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> chains = rb.FPCD(chains=10).start(rb.RBM.random(6, 4), np.random.default_rng(0))
    >>> chains.v.shape, chains.fast.W.shape
    ((10, 6), (6, 4))
    """

    def __init__(self, rbm: RBM, v: np.ndarray) -> None:
        self.v = v
        self.fast = Parameters.zeros_like(rbm)
        self._sum = rbm.copy()

    def machine(self, rbm: RBM) -> RBM:
        """The machine with the parameters θ + θ_fast.

        Parameters
        ----------
        rbm : RBM

        Returns
        -------
        RBM
            The same one at every call, with new parameters.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rbm = rb.RBM.random(6, 4, rng=0)
        >>> chains = rb.FPCD(chains=10).start(rbm, np.random.default_rng(0))
        >>> chains.fast.b[:] = 1.0
        >>> bool((chains.machine(rbm).b == rbm.b + 1).all())
        True
        """
        for whole, slow, fast in zip(self._sum.parameters, rbm.parameters, self.fast, strict=True):
            np.add(slow, fast, out=whole)
        return self._sum

    def memory(self) -> dict[str, np.ndarray]:
        """What a checkpoint has to keep.

        Returns
        -------
        dict of arrays

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> chains = rb.FPCD(chains=10).start(rb.RBM.random(6, 4), np.random.default_rng(0))
        >>> list(chains.memory())
        ['v', 'fast0', 'fast1', 'fast2']
        """
        return {"v": self.v} | {f"fast{i}": fast for i, fast in enumerate(self.fast)}

    def monitors(self) -> dict[str, float]:
        """What a fit reports of the chains after an epoch: nothing.

        Returns
        -------
        dict

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rb.FPCD(chains=10).start(rb.RBM.random(6, 4), np.random.default_rng(0)).monitors()
        {}
        """
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

    Examples
    --------
    >>> import rbmbook as rb
    >>> X = rb.data.bars_and_stripes(3)
    >>> rbm = rb.RBM.random(9, 8, rng=0, data=X)
    >>> history = rb.fit(rbm, X, rb.Tempered(betas=5, chains=20), epochs=20, progress=False)
    >>> bool(history["swap_rate"][-1] > 0.5)  # neighbours in temperature exchange states often
    True
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

    def reports(self) -> tuple[str, ...]:
        """The lowest swap rate."""
        return ("swap_rate",)

    def model_term(
        self, rbm: RBM, batch: Batch, kept: tempering.Replicas, rng: np.random.Generator
    ) -> Parameters:
        """⟨−∂F⟩ over the chains at β = 1, k steps and rounds of swaps on."""
        for _ in range(self.k):
            kept.step(rng)
        if kept.updates < self.adapt:
            kept.adapt()
        kept.updates += 1
        return statistics(rbm, kept.v, rbm.hidden_inputs(kept.v))


def started(negative: Negative, rbm: RBM, rng: np.random.Generator) -> Any:
    """What the phase keeps for a fit; TypeError if that cannot go into checkpoints and reports.

    Parameters
    ----------
    negative : negative phase
    rbm : RBM
    rng : Generator

    Returns
    -------
    object or None

    Raises
    ------
    TypeError
        If what it keeps has no `memory` or no `monitors`.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm, rng = rb.RBM.random(6, 4), np.random.default_rng(0)
    >>> rb.negative.started(rb.PCD(chains=10), rbm, rng).v.shape
    (10, 6)
    """
    kept = negative.start(rbm, rng)
    if kept is not None and not (hasattr(kept, "memory") and hasattr(kept, "monitors")):
        raise TypeError(
            f"negative: expected {type(negative).__name__}.start to return None or an object with "
            f"the methods memory and monitors, as Chains has them, got {type(kept).__name__}"
        )
    return kept


def _integers(phase: Any, **minima: int) -> None:
    for name, minimum in minima.items():
        number = validation.integer(name, getattr(phase, name), minimum)
        object.__setattr__(phase, name, number)
