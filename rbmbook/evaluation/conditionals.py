"""Every conditional p(v_i | all other visible units) of a binary machine, compiled.

A flip of v_i changes the hidden inputs x by ±W_i, and log p by

    d_i = ±a_i + Σ_j [softplus(x_j ± W_ij) − softplus(x_j)]
        = ±a_i + log Π_j [σ(−x_j) + σ(x_j) exp(±W_ij)],

so that the sigmoids of a row serve all of its flips, the exponentials of the weights all rows, and
what is left is a sum of products. Then log p(v_i | the others) = −softplus(d_i).
"""

import math

import numba
import numpy as np

from rbmbook._threads import Twins, choose
from rbmbook.machine.rbm import RBM
from rbmbook.machine.units import Bernoulli

LANES = 16  # independent products, for vector instructions
LARGEST = 700.0  # of a logarithm, whose exponential float64 holds


def applies(rbm: RBM) -> bool:
    """Whether the machine is binary, and no product of `LANES` factors overflows."""
    binary = isinstance(rbm.visible, Bernoulli) and isinstance(rbm.hidden, Bernoulli)
    return binary and _steps(rbm) >= 1


def log_conditionals(rbm: RBM, v: np.ndarray) -> np.ndarray:
    """Σ_i log p(v_i | the others) of each row, (n,), by a float64 machine; unchecked."""
    x = rbm.hidden_inputs(v)
    on, off = rbm.hidden.mean(x), rbm.hidden.mean(-x)
    out = np.empty(len(v))
    kernel = choose(sum_of_log_conditionals, 2 * v.size * rbm.n_hidden)
    kernel(v, on, off, np.exp(rbm.W), np.exp(-rbm.W), rbm.a, _steps(rbm), out)
    return out


def _steps(rbm: RBM) -> int:
    """How many factors each lane may take before there has to be a logarithm."""
    return int(min(LARGEST / (LANES * (float(np.abs(rbm.W).max()) or 1.0)), 1e9))


@Twins
def sum_of_log_conditionals(v, on, off, up, down, a, steps, out):
    """−Σ_i softplus(d_i) of each row, rows shared among threads.

    A factor lies between 1 and exp(±W_ij).
    """
    H = on.shape[1]
    whole = H - H % LANES
    for row in numba.prange(len(v)):
        product, p, q = np.ones(LANES), on[row], off[row]
        total = 0.0
        for i in range(v.shape[1]):
            one = v[row, i] > 0.5
            factor = down[i] if one else up[i]
            d = -a[i] if one else a[i]
            product[:] = 1.0
            factors = 0
            for j in range(0, whole, LANES):
                for lane in range(LANES):
                    product[lane] *= q[j + lane] + p[j + lane] * factor[j + lane]
                factors += 1
                if factors == steps:
                    d += math.log(product.prod())
                    product[:] = 1.0
                    factors = 0
            d += math.log(product.prod())
            for j in range(whole, H):
                d += math.log(q[j] + p[j] * factor[j])
            total -= max(d, 0.0) + math.log1p(math.exp(-abs(d)))
        out[row] = total
