"""How good is a machine? Scores of data and of samples.

log Z and with it the log-likelihood are estimated by `ais` and, from the other side, `reverse_ais`.
The scores below need no log Z, and none of them is a likelihood.
"""

from typing import Any

import numpy as np

from rbmbook import rounding, validation
from rbmbook.evaluation import conditionals
from rbmbook.machine import density
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Gaussian
from rbmbook.sampling.annealing import Estimate, ais, bridge, reverse_ais

__all__ = [
    "Estimate",
    "ais",
    "bridge",
    "nearest_neighbour_accuracy",
    "pseudo_log_likelihood",
    "reconstruction_error",
    "reverse_ais",
    "sampled_pseudo_log_likelihood",
]


def pseudo_log_likelihood(rbm: RBM, v: Any) -> np.ndarray:
    """Σ_i log p(v_i | all other visible units), exact: every conditional of every row.

    Parameters
    ----------
    rbm : RBM
        With visible units of finitely many states.
    v : (n, D) array or sparse matrix of visible states

    Returns
    -------
    (n,) array of the machine's dtype, nats

    Raises
    ------
    ValueError, TypeError
        If the shape does not fit, a value is not a state, or the visible units are continuous.

    References
    ----------
    Besag (1975), Statistical analysis of non-lattice data.
    Book: (10.10).

    Examples
    --------
    >>> import rbmbook as rb
    >>> rbm = rb.RBM(W=[[20.0], [20.0]], a=[-10.0, -10.0], b=[-20.0])  # two units that agree
    >>> rb.evaluate.pseudo_log_likelihood(rbm, [[1, 1], [1, 0]]).round(2)
    array([ -0.  , -18.61])
    """
    machine, _ = _discrete(rbm)
    v = validation.matrix("v", v, rbm.n_visible)
    compiled = conditionals.applies(machine)
    sums = conditionals.log_conditionals if compiled else _log_conditionals
    blocks = validation.blocks("v", v, rbm.visible, np.float64)
    parts = [sums(machine, block) for _, block in blocks]
    return _accurate(machine, np.concatenate(parts)).astype(rbm.dtype)


def sampled_pseudo_log_likelihood(
    rbm: RBM, v: Any, rng: int | np.random.Generator, sites: int = 1
) -> np.ndarray:
    """An unbiased, noisy estimate of `pseudo_log_likelihood` from a few sites of each row.

    Parameters
    ----------
    rbm : RBM
        With visible units of finitely many states.
    v : (n, D) array or sparse matrix of visible states
    rng : int or Generator
        Draws for each block of rows `sites` times one site for every row, with replacement.
    sites : int ≥ 1
        How many conditionals of each row are averaged (and scaled up to all).

    Returns
    -------
    (n,) array of the machine's dtype, nats

    Raises
    ------
    ValueError, TypeError
        As for `pseudo_log_likelihood`.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm = rb.RBM.random(6, 4, rng=0, scale=1.0)
    >>> v = np.tile([1, 0, 1, 1, 0, 0], (2000, 1))
    >>> noisy = rb.evaluate.sampled_pseudo_log_likelihood(rbm, v, rng=0)
    >>> exact = rb.evaluate.pseudo_log_likelihood(rbm, v[:1])
    >>> bool(abs(noisy.mean() - exact[0]) < 0.5)
    True
    """
    machine, levels = _discrete(rbm)
    rng, sites = validation.generator(rng), validation.integer("sites", sites)
    v = validation.matrix("v", v, rbm.n_visible)
    count = rbm.n_visible // levels.shape[1]
    parts = []
    for _, block in validation.blocks("v", v, rbm.visible, np.float64):
        inputs = machine.hidden_inputs(block)
        drawn = (rng.integers(count, size=len(block)) for _ in range(sites))
        total = sum(_site_log_probability(machine, levels, block, inputs, site) for site in drawn)
        parts.append(total * (count / sites))
    return _accurate(machine, np.concatenate(parts)).astype(rbm.dtype)


def reconstruction_error(rbm: RBM, v: Any) -> np.ndarray:
    """Mean over the units of (v − E[v | h = E[h | v]])² for each row: deterministic, no likelihood.

    Parameters
    ----------
    rbm : RBM
    v : (n, D) array or sparse matrix
        Visible states, or means (in [0, 1] for Bernoulli units).

    Returns
    -------
    (n,) array of the machine's dtype

    Raises
    ------
    ValueError, TypeError
        If the shape does not fit or a value is outside the domain.

    References
    ----------
    Hinton (2012), A practical guide to training restricted Boltzmann machines, section 5.

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rbm = rb.RBM(np.zeros((2, 1)), [0.0, 0.0], [0.0])  # says ½ of everything
    >>> rb.evaluate.reconstruction_error(rbm, [[1, 0], [0.5, 0.5]])
    array([0.25, 0.  ])
    """
    density.require_sums(rbm)
    v = validation.matrix("v", v, rbm.n_visible)
    errors = np.empty(v.shape[0], rbm.dtype)
    for rows, block in validation.blocks("v", v, rbm.visible, rbm.dtype, relaxed=True):
        with np.errstate(over="ignore", invalid="ignore"):
            h = rbm.hidden.mean(rbm.hidden_inputs(block))
            reconstruction = rbm.visible.mean(rbm.visible_inputs(h))
            errors[rows] = ((block - reconstruction) ** 2).mean(axis=1)
    return rounding.held(errors, rbm.W)


def nearest_neighbour_accuracy(data: Any, samples: Any) -> float:
    """How well a nearest neighbour tells data from samples: ½ where they cannot be told apart.

    The average of two rates: how often a row of `data` is nearer to another row of data than to
    any sample, and the same with the roles exchanged. Near 1 the samples are unlike the data;
    near 0 they are copies of it. Ties count one half.

    Parameters
    ----------
    data, samples : (n, D) and (m, D) arrays or sparse matrices, n, m ≥ 2
        Compare equal numbers of rows: the larger set has the nearer neighbours.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ValueError, TypeError
        If the widths differ or a set has fewer than two rows.

    References
    ----------
    Yale, Dash, Dutta, Guyon, Pavao and Bennett (2020), Generation and evaluation of privacy
    preserving synthetic health data (adversarial accuracy).
    Book: (10.11).

    Examples
    --------
    >>> import numpy as np
    >>> import rbmbook as rb
    >>> rng = np.random.default_rng(0)
    >>> x, y, far = rng.normal(size=(3, 200, 2)) + np.array([0.0, 0.0, 9.0])[:, None, None]
    >>> bool(0.4 < rb.evaluate.nearest_neighbour_accuracy(x, y) < 0.6)
    True
    >>> rb.evaluate.nearest_neighbour_accuracy(x, far), rb.evaluate.nearest_neighbour_accuracy(x, x)
    (1.0, 0.0)
    """
    from sklearn.neighbors import NearestNeighbors

    data = validation.matrix("data", data)
    samples = validation.matrix("samples", samples, data.shape[1])
    for name, x in (("data", data), ("samples", samples)):
        validation.domains(name, x, Gaussian(), relaxed=False)
        if x.shape[0] < 2:
            raise ValueError(f"{name}: expected at least 2 rows, got {x.shape}")

    def rate(own: Any, other: Any) -> float:
        finder = NearestNeighbors(algorithm="brute", n_neighbors=1)
        inside = finder.fit(own).kneighbors()[0][:, 0]  # to another row of its own
        across = finder.fit(other).kneighbors(own)[0][:, 0]
        tie = np.isclose(inside, across)
        return float(np.mean(np.where(tie, 0.5, inside < across)))

    return 0.5 * (rate(data, samples) + rate(samples, data))


def _discrete(rbm: RBM) -> tuple[RBM, np.ndarray]:
    machine = density.require(rbm).astype(np.float64)
    if machine.visible.levels is None:
        raise TypeError(
            f"rbm: expected visible units with finitely many states, got {machine.visible}: the "
            "conditionals of a continuous unit given the others have no closed form"
        )
    return machine, machine.visible.levels


def _accurate(rbm: RBM, answer: np.ndarray) -> np.ndarray:
    """The answer, or an error where the parameters are so large that rounding decides it."""
    size = sum(float(np.abs(p).sum()) for p in (rbm.W, rbm.a, rbm.b))
    rounding.refuse(rounding.lost(size), answer)
    return answer


def _log_conditionals(rbm: RBM, v: np.ndarray) -> np.ndarray:
    """Σ_i log p(v_i | the others) of each row, for units of any type."""
    levels: Any = rbm.visible.levels
    inputs, total = rbm.hidden_inputs(v), np.zeros(len(v))
    for site in range(rbm.n_visible // levels.shape[1]):
        total += _site_log_probability(rbm, levels, v, inputs, np.full(len(v), site))
    return total


def _site_log_probability(
    rbm: RBM, levels: np.ndarray, v: np.ndarray, inputs: np.ndarray, site: np.ndarray
) -> np.ndarray:
    """log p(v_site | the others) of each row, for one site in each row."""
    columns = site[:, None] * levels.shape[1] + np.arange(levels.shape[1])
    W, a = rbm.W[columns], rbm.a[columns]  # (n, c, H), (n, c)
    own = np.take_along_axis(v, columns, axis=1)
    without = inputs - np.einsum("nc,nch->nh", own, W)

    def log_weight(x: np.ndarray) -> np.ndarray:
        return np.einsum("nc,nc->n", x, a) + rbm.hidden.cgf_sum(
            without + np.einsum("nc,nch->nh", x, W)
        )

    present = log_weight(own)
    all_states = [log_weight(np.tile(level, (len(v), 1))) for level in levels]
    return present - np.logaddexp.reduce(all_states)
