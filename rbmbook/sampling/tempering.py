"""Parallel tempering: chains at several inverse temperatures β that exchange their states.

At β the machine has the parameters β·⟨W, a, b⟩ and the same U, so β = 1 is the machine itself and
β = 0 has independent units. A step is one block-Gibbs step of every chain, then a round of swaps
between neighbours, in turn of the pairs (0, 1), (2, 3), … and of the pairs (1, 2), (3, 4), …

References
----------
Geyer (1991), Markov chain Monte Carlo maximum likelihood. Hukushima and Nemoto (1996), Exchange
Monte Carlo method and application to spin glass simulations. Syed, Bouchard-Côté, Deligiannidis and
Doucet (2022), Non-reversible parallel tempering: a scalable highly parallel MCMC scheme (the
alternation of even and odd pairs, and the adaptation of the ladder).
"""

from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.machine import density
from rbmbook.machine.rbm import RBM
from rbmbook.sampling.chains import at_random, draw


def ladder(name: str, betas: Any) -> np.ndarray:
    """Inverse temperatures in rising order, the last one 1.

    Parameters
    ----------
    name : str
        The argument's name, for errors.
    betas : int ≥ 2, or increasing sequence from [0, 1) to 1

    Returns
    -------
    (number of temperatures,) float64 array

    Raises
    ------
    ValueError, TypeError
        If the betas are not as above.

    Examples
    --------
    >>> import rbmbook as rb
    >>> rb.tempering.ladder("betas", 5)
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    if np.ndim(betas) == 0:
        return np.linspace(0.0, 1.0, validation.integer(name, betas, minimum=2))
    found = validation.array(name, betas).astype(np.float64)
    rising = found.ndim == 1 and len(found) >= 2 and bool((np.diff(found) > 0).all())
    if not rising or not 0 <= found[0] < 1 or found[-1] != 1:
        raise ValueError(
            f"{name}: expected at least two numbers rising from [0, 1) to 1, got {found}"
        )
    return found


class Replicas:
    """`chains` chains of one machine at each of several inverse temperatures.

    Parameters
    ----------
    rbm : RBM
        Whose parameters may change between steps.
    betas : (T,) float64 array
        Inverse temperatures, rising to 1.
    chains : int ≥ 1
        At each of them.
    rng : Generator
        Draws the start, fair coins for Bernoulli units.

    Attributes
    ----------
    updates : () int64 array
        Number of updates of the parameters that have used these chains.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm = rb.RBM.random(6, 4, rng=0, scale=0.1)
    >>> rng = np.random.default_rng(0)
    >>> replicas = rb.tempering.Replicas(rbm, np.array([0.0, 0.5, 1.0]), chains=20, rng=rng)
    >>> for _ in range(10):
    ...     replicas.step(rng)
    >>> replicas.v.shape, bool((replicas.swap_rates > 0.8).all())  # small weights: all alike
    ((20, 6), True)
    """

    def __init__(self, rbm: RBM, betas: np.ndarray, chains: int, rng: np.random.Generator) -> None:
        self.rbm, self.betas, self.chains = rbm, betas.copy(), chains
        self._v = at_random(rbm, len(betas) * chains, rng)  # the hottest chains first
        self.updates = np.array(0)
        self._rounds, self._rounds_before = np.array(0), np.array(0)  # of swaps; when β last moved
        self._tried, self._accepted = np.zeros(len(betas) - 1), np.zeros(len(betas) - 1)
        self._rates = np.full(len(betas) - 1, np.nan)  # what was known before `_tried` began

    @property
    def v(self) -> np.ndarray:
        """(chains, D), the states at β = 1."""
        return self._v[-self.chains :]

    @property
    def swap_rates(self) -> np.ndarray:
        """(T − 1,), the mean acceptance probability of swaps between β_t and β_{t+1}.

        Averaged since `monitors` or `adapt` last asked; a pair that has had no turn since then has
        its earlier rate, or NaN before its first turn.
        """
        recent = self._accepted / np.maximum(self._tried, 1)
        return np.where(self._tried > 0, recent, self._rates)

    def memory(self) -> dict[str, np.ndarray]:
        """What a checkpoint has to keep.

        Returns
        -------
        dict of arrays

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rng = np.random.default_rng(0)
        >>> replicas = rb.tempering.Replicas(rb.RBM.random(6, 4), np.array([0.0, 1.0]), 5, rng)
        >>> replicas.memory()["v"].shape
        (10, 6)
        """
        return {
            "v": self._v,
            "betas": self.betas,
            "updates": self.updates,
            "rounds": self._rounds,
            "rounds_before": self._rounds_before,
            "tried": self._tried,
            "accepted": self._accepted,
            "rates": self._rates,
        }

    def monitors(self) -> dict[str, float]:
        """The lowest swap rate of the ladder, averaged since the last call: over an epoch.

        Returns
        -------
        dict
            `swap_rate`.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rng = np.random.default_rng(0)
        >>> rbm = rb.RBM.random(6, 4, scale=0.0)  # at every temperature the same
        >>> replicas = rb.tempering.Replicas(rbm, np.array([0.0, 1.0]), 5, rng)
        >>> replicas.step(rng)
        >>> replicas.monitors()
        {'swap_rate': 1.0}
        """
        self._begin_anew()
        return {"swap_rate": float(np.fmin.reduce(self._rates))}

    def step(self, rng: np.random.Generator) -> None:
        """One block-Gibbs step of every chain and one round of swaps.

        Draws the noise of the Gibbs step, then a uniform number in [0, 1) for each pair of chains.

        Parameters
        ----------
        rng : Generator

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rng = np.random.default_rng(0)
        >>> rbm = rb.RBM(np.zeros((2, 1)), [40.0, -40.0], [0.0])
        >>> replicas = rb.tempering.Replicas(rbm, np.array([0.5, 1.0]), 2, rng)
        >>> replicas.step(rng)
        >>> replicas.v
        array([[1., 0.],
               [1., 0.]])
        """
        rbm, beta = self.rbm, np.repeat(self.betas, self.chains).astype(self.rbm.dtype)[:, None]
        h = draw(rbm.hidden, beta * rbm.hidden_inputs(self._v), rng)
        self._v = draw(rbm.visible, beta * rbm.visible_inputs(h), rng)
        self._swap(rng)

    def _swap(self, rng: np.random.Generator) -> None:
        """A round of swaps between the neighbours whose turn it is."""
        lower = np.arange(int(self._rounds) % 2, len(self.betas) - 1, 2)  # the lower of each pair
        self._rounds += 1
        if not len(lower):
            return
        log_ratio = self.log_ratio(lower)
        probability = np.exp(np.minimum(log_ratio, 0))
        pair, chain = np.nonzero(rng.random(probability.shape) < probability)
        hot = lower[pair] * self.chains + chain
        cold = hot + self.chains
        self._v[np.concatenate([hot, cold])] = self._v[np.concatenate([cold, hot])]
        self._tried[lower] += 1
        self._accepted[lower] += probability.mean(axis=1)

    def log_ratio(self, lower: np.ndarray) -> np.ndarray:
        """r = L_β(w) + L_β′(v) − L_β(v) − L_β′(w) for v at β and w at β′, (pairs, chains).

        The swap of v and w is accepted with probability min(1, eʳ). L_β = log Σ_h exp(−E_β(v, h))
        is `log_weight`: the states that are swapped are visible ones, hidden units are summed out.
        Of each pair, β is the higher inverse temperature, betas[lower + 1], β′ is betas[lower].

        Parameters
        ----------
        lower : (pairs,) int array
            The lower inverse temperature of each pair, by its number in `betas`.

        Returns
        -------
        (pairs, chains) array

        References
        ----------
        Book: (9.5), (9.6).

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rng = np.random.default_rng(0)
        >>> rbm = rb.RBM.random(6, 4, scale=0.0)
        >>> replicas = rb.tempering.Replicas(rbm, np.array([0.0, 1.0]), 3, rng)
        >>> replicas.log_ratio(np.array([0]))  # without weights every swap is accepted
        array([[0., 0., 0.]])
        """
        rbm, n, T = self.rbm, self.chains, len(self.betas)
        linear = (self._v @ rbm.a).reshape(T, n)
        inputs = rbm.hidden_inputs(self._v).reshape(T, n, -1)

        def log_weight(rows: np.ndarray, betas: np.ndarray) -> np.ndarray:
            x = inputs[rows] * betas[:, None, None].astype(rbm.dtype)
            cgf = rbm.hidden.cgf_sum(x.reshape(len(rows) * n, -1)).reshape(len(rows), n)
            return betas[:, None] * linear[rows] + cgf

        cold, hot = self.betas[lower + 1], self.betas[lower]
        swapped = log_weight(lower, cold) + log_weight(lower + 1, hot)
        present = log_weight(lower, hot) + log_weight(lower + 1, cold)
        return swapped - present

    def adapt(self) -> None:
        """Move the inner betas to where equal swap rates are predicted, and start to count anew.

        The rejection rates between neighbours add up to a rising function of β; the new betas
        divide its range evenly. Nothing happens until each pair has had a turn at the present ones.

        Examples
        --------
        >>> import numpy as np
        >>> import rbmbook as rb
        >>> rng = np.random.default_rng(0)
        >>> rbm = rb.RBM.random(10, 8, rng=1, scale=1.0, dtype=np.float64)
        >>> replicas = rb.tempering.Replicas(rbm, np.array([0.0, 0.1, 1.0]), 50, rng)
        >>> for _ in range(20):
        ...     replicas.step(rng)
        >>> replicas.adapt()
        >>> bool(0.2 < replicas.betas[1] < 0.9)  # moved into the wide gap
        True
        """
        if self._rounds < self._rounds_before + 2:
            return
        rejected = np.maximum(1 - self.swap_rates, 1e-3)
        barrier = np.concatenate([[0.0], np.cumsum(rejected)])
        even = np.linspace(0.0, barrier[-1], len(self.betas))
        self.betas[1:-1] = np.interp(even, barrier, self.betas)[1:-1]
        self._begin_anew()
        self._rounds_before[...] = self._rounds

    def _begin_anew(self) -> None:
        self._rates[:] = self.swap_rates
        self._tried[:], self._accepted[:] = 0, 0


def run(
    rbm: RBM,
    start: int,
    steps: int,
    rng: int | np.random.Generator,
    betas: Any = 10,
    adapt: int = 0,
) -> np.ndarray:
    """Visible states at β = 1 after parallel tempering from random states.

    Parameters
    ----------
    rbm : RBM
    start : int ≥ 1
        Number of chains at each temperature.
    steps : int ≥ 0
        Gibbs steps, each followed by a round of swaps.
    rng : int or Generator
    betas : int ≥ 2, or increasing sequence from [0, 1) to 1
    adapt : int ≥ 0
        Adapt the ladder after each of the first `adapt` steps.

    Returns
    -------
    (start, D) array of the machine's dtype

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above.

    References
    ----------
    Book: chapter 9.

    Examples
    --------
    A machine with two far modes, all on and all off, seen in equal shares:

    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm = rb.RBM(np.full((8, 1), 8.0), np.full(8, -4.0), [-32.0])
    >>> on = rb.tempering.run(rbm, 500, steps=200, rng=0, betas=20).mean(axis=1) > 0.5
    >>> bool(0.4 < on.mean() < 0.6)
    True
    """
    density.require(rbm)
    n, steps = validation.integer("start", start), validation.integer("steps", steps, minimum=0)
    adapt = validation.integer("adapt", adapt, minimum=0)
    rng = validation.generator(rng)
    replicas = Replicas(rbm, ladder("betas", betas), n, rng)
    for t in range(steps):
        replicas.step(rng)
        if t < adapt:
            replicas.adapt()
    return replicas.v.copy()
