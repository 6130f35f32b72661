"""Parallel tempering: chains at several inverse temperatures β that exchange their states.

At β the machine has the parameters β·⟨W, a, b⟩ and the same U, so β = 1 is the machine itself and
β = 0 has independent units. A step is one block-Gibbs step of every chain, then a round of swaps
between neighbours, in turn of the pairs (0, 1), (2, 3), … and of the pairs (1, 2), (3, 4), …

References
----------
Swendsen and Wang (1986), Replica Monte Carlo simulation of spin-glasses. Syed, Bouchard-Côté,
Deligiannidis and Doucet (2022), Non-reversible parallel tempering: a scalable highly parallel MCMC
scheme (the alternation of even and odd pairs, and the adaptation of the ladder).
"""

from typing import Any

import numpy as np

from rbmbook import validation
from rbmbook.machine import density
from rbmbook.machine.rbm import RBM, Parameters
from rbmbook.sampling.chains import Chains


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

    Attributes
    ----------
    betas : (T,) float64 array
        Inverse temperatures, rising to 1.
    """

    def __init__(self, rbm: RBM, betas: np.ndarray, chains: int, rng: np.random.Generator) -> None:
        self.betas = betas.copy()
        self.chains = chains
        self._all = TemperedChains.random(rbm, len(betas) * chains, rng)
        self._all.beta = np.repeat(betas, chains).astype(rbm.dtype)
        self._cold = Chains(rbm, chains)
        self._counters = np.zeros(3, np.int64)  # rounds, updates, rounds at the last change of β
        self._tried, self._accepted = np.zeros(len(betas) - 1), np.zeros(len(betas) - 1)
        self._rates = np.full(len(betas) - 1, np.nan)  # what was known before `_tried` began

    @property
    def v(self) -> np.ndarray:
        """(chains, D), the states at β = 1."""
        return self._all.v[-self.chains :]

    @property
    def swap_rates(self) -> np.ndarray:
        """(T − 1,), the mean acceptance probability of swaps between β_t and β_{t+1}.

        Averaged since `monitors` or `adapt` last asked; a pair that has had no turn since then has
        its earlier rate, or NaN before its first turn.
        """
        recent = self._accepted / np.maximum(self._tried, 1)
        return np.where(self._tried > 0, recent, self._rates)

    def arrays(self) -> list[np.ndarray]:
        """What a checkpoint has to keep."""
        return [
            self._all.v,
            self.betas,
            self._tried,
            self._accepted,
            self._rates,
            self._all.beta,
            self._counters,
        ]

    @property
    def updates(self) -> int:
        """Number of updates that have used these chains."""
        return int(self._counters[1])

    def count(self) -> None:
        """Count one more update."""
        self._counters[1] += 1

    def monitors(self) -> dict[str, float]:
        """The lowest swap rate of the ladder, averaged since the last call: over an epoch."""
        self._begin_anew()
        return {"swap_rate": float(np.fmin.reduce(self._rates))}

    def refresh(self) -> None:
        """Forget what was computed from the parameters, since they have changed."""
        self._all.refresh()

    def step(self, rng: np.random.Generator) -> None:
        """One block-Gibbs step of every chain and one round of swaps.

        Draws the noise of the Gibbs step, then a uniform number in [0, 1) for each pair of chains.
        """
        self._all.step(rng)
        T, n = len(self.betas), self.chains
        lower = np.arange(self._counters[0] % 2, T - 1, 2)  # the lower of each pair
        self._counters[0] += 1
        if not len(lower):
            return
        log_ratio = self._log_ratio(lower)
        probability = np.exp(np.minimum(log_ratio, 0))
        pair, chain = np.nonzero(rng.random(probability.shape) < probability)
        below = lower[pair] * n + chain
        self._all.exchange(below, below + n)
        self._tried[lower] += 1
        self._accepted[lower] += probability.mean(axis=1)

    def statistics(self, weight: np.ndarray, out: Parameters) -> Parameters:
        """Weighted sums of v E[h | v]ᵀ, v and E[h | v] over the chains at β = 1."""
        self._cold.restart(self.v)
        return self._cold.statistics(weight, out)

    def adapt(self) -> None:
        """Move the inner betas to where equal swap rates are predicted, and start to count anew.

        The rejection rates between neighbours add up to a rising function of β; the new betas
        divide its range evenly. Nothing happens until each pair has had a turn at the present ones.
        """
        if self._counters[0] < self._counters[2] + 2:
            return
        rejected = np.maximum(1 - self.swap_rates, 1e-3)
        barrier = np.concatenate([[0.0], np.cumsum(rejected)])
        even = np.linspace(0.0, barrier[-1], len(self.betas))
        self.betas[1:-1] = np.interp(even, barrier, self.betas)[1:-1]
        self._all.beta[:] = np.repeat(self.betas, self.chains)
        self._all.refresh()
        self._begin_anew()
        self._counters[2] = self._counters[0]

    def _begin_anew(self) -> None:
        self._rates[:] = self.swap_rates
        self._tried[:], self._accepted[:] = 0, 0

    def _log_ratio(self, lower: np.ndarray) -> np.ndarray:
        """log of the ratio of probabilities with and without the swap, (pairs, chains).

        Hidden units are summed out: the states that are swapped are visible ones.
        """
        rbm, n, T = self._all.rbm, self.chains, len(self.betas)
        v, inputs = self._all.v, self._all.unscaled_inputs()
        linear = (v @ rbm.a).reshape(T, n)

        def log_weight(rows: np.ndarray, betas: np.ndarray) -> np.ndarray:
            x = inputs.reshape(T, n, -1)[rows] * betas[:, None, None].astype(rbm.dtype)
            cgf = rbm.hidden.cgf_sum(x.reshape(len(rows) * n, -1)).reshape(len(rows), n)
            return betas[:, None] * linear[rows] + cgf

        cold, hot = self.betas[lower + 1], self.betas[lower]
        swapped = log_weight(lower, cold) + log_weight(lower + 1, hot)
        present = log_weight(lower, hot) + log_weight(lower + 1, cold)
        return swapped - present


class TemperedChains(Chains):
    """Chains each of which has an inverse temperature of its own."""

    beta: np.ndarray  # (n,)

    def unscaled_inputs(self) -> np.ndarray:
        """v W + b at the present states."""
        inputs = self._inputs_h[: self.n]
        self.rbm.hidden_inputs(self.v, out=inputs)
        self._fresh = False
        return inputs

    def exchange(self, rows: np.ndarray, others: np.ndarray) -> None:
        """Let the chains in `rows` and in `others` trade states."""
        self.v[np.concatenate([rows, others])] = self.v[np.concatenate([others, rows])]
        self._fresh = False

    def _inputs(self) -> np.ndarray:
        if not self._fresh:
            self.unscaled_inputs()
            self._inputs_h[: self.n] *= self.beta[: self.n, None]
            self._fresh = True
        return self._inputs_h[: self.n]

    def _visible_inputs(self, h: np.ndarray, out: np.ndarray) -> None:
        super()._visible_inputs(h, out)
        out *= self.beta[: self.n, None]


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
