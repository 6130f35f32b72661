"""Annealed importance sampling whose chains are shared out among the workers of a cluster."""

from copy import deepcopy
from itertools import pairwise
from typing import Any

import numpy as np

from rbmbook.distributed import cluster
from rbmbook.machine.rbm import RBM
from rbmbook.sampling import annealing
from rbmbook.sampling.annealing import Estimate, Machines, Noise
from rbmbook.validation import integer


def ais(
    rbm: RBM,
    client: Any,
    chains: int = 100,
    betas: Any = 1000,
    rng: int | np.random.Generator = 0,
    data: Any = None,
) -> Estimate:
    """log Z by annealed importance sampling, as `rb.evaluate.ais`, the chains shared out.

    Each chain has the noise that it has there. So the estimate is that of one machine to rounding,
    however many workers there are; only where chains go through matrix products, as those of
    Gaussian units do, may a rounded number send one elsewhere. A worker draws only the noise of its
    own chains where each number takes one word of the generator (uniform noise from `PCG64`,
    NumPy's default), otherwise all of it.

    Parameters
    ----------
    rbm : RBM
    client : distributed.Client
    chains, betas, rng, data
        As for `rb.evaluate.ais`.

    Returns
    -------
    Estimate

    Raises
    ------
    ImportError
        If Dask is not installed.
    ValueError, TypeError
        As for `rb.evaluate.ais`.

    References
    ----------
    Salakhutdinov and Murray (2008), annealed importance sampling for restricted machines.

    Examples
    --------
    >>> import rbmbook as rb
    >>> from distributed import Client
    >>> rbm = rb.RBM.random(12, 8, rng=0, scale=0.5)
    >>> with Client(processes=False, n_workers=2, dashboard_address="127.0.0.1:0") as client:
    ...     found = rb.distributed.ais(rbm, client, chains=100, betas=200, rng=0)
    >>> bool(abs(found.log_z - rb.exact.log_partition(rbm)) < 0.2)
    True
    """
    cluster.check(client)
    machines, ladder, rng = annealing.prepared(rbm, betas, rng, data)
    n = integer("chains", chains, minimum=2)
    homes = cluster.workers(client)[:n]
    ends = [n * p // len(homes) for p in range(len(homes) + 1)]
    ranges = list(pairwise(ends))
    arguments = [(machines, ladder, Noise(rng, n, first, last)) for first, last in ranges]
    names = [f"chains {first} to {last - 1}" for first, last in ranges]
    found = cluster.run(client, importances, arguments, homes, names)
    rng.bit_generator.state = found[0][1]
    return annealing.estimated(np.concatenate([x for x, _ in found]), machines.log_z0, sign=1)


def importances(machines: Machines, betas: np.ndarray, noise: Noise) -> tuple[np.ndarray, Any]:
    """log w of some chains, and the state of the generator after all of them."""
    noise = deepcopy(noise)
    return annealing.importances(machines, betas, noise), noise.rng.bit_generator.state
