"""What a machine of the known sites alone says of the hidden units, and of another site.

A rating is a softmax site, and hardly any site of a row is known. A known one is one-hot, the
others are empty: nothing of them enters a sum, so each row has a machine of its own, with the known
sites for visible units, and all these machines share their parameters (Salakhutdinov, Mnih and
Hinton, 2007). Rows come as the columns that are on, and every loop is over those.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
from scipy import sparse

from rbmbook import validation
from rbmbook._jit import jit
from rbmbook._threads import Twins, choose
from rbmbook.machine.kernels import bernoulli_mean, exp, softplus_sum
from rbmbook.machine.rbm import RBM
from rbmbook.machine.rows import add_rows
from rbmbook.machine.units import Bernoulli, Softmax

EXP = 10  # additions that take as long as an exponential


class Known(NamedTuple):
    """The columns that are on, row by row, ascending; a row has those from its end of the last."""

    ends: np.ndarray
    columns: np.ndarray

    @classmethod
    def of(cls, X: Any) -> "Known":
        """The known sites of a CSR matrix of ones, as `checked` makes it."""
        return cls(X.indptr.astype(np.int64), X.indices.astype(np.int64))


def checked(name: str, X: Any, rbm: RBM) -> Any:
    """Rows of sites that are one-hot or empty, as a CSR matrix of ones.

    Parameters
    ----------
    name : str
        What X is called in errors.
    X : (n, D) array or sparse matrix
    rbm : RBM
        Of D softmax columns.

    Raises
    ------
    ValueError, TypeError
        If X is not as above, or has no known site at all.
    """
    X = validation.matrix(name, X, rbm.n_visible)
    found: Any = sparse.csr_array(X if sparse.issparse(X) else X[:], dtype=rbm.dtype, copy=True)
    found.sum_duplicates()
    found.eliminate_zeros()
    rows, sites = np.repeat(np.arange(X.shape[0]), np.diff(found.indptr)), found.indices // _q(rbm)
    wrong = found.data != 1
    wrong[1:] |= (rows[1:] == rows[:-1]) & (sites[1:] == sites[:-1])
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ValueError(
            f"{name}: expected each site to be one-hot or empty, got another at row {rows[at]}, "
            f"site {sites[at]}"
        )
    if not found.nnz:
        raise ValueError(f"{name}: expected at least one site that is known, got none")
    return found


def require(rbm: RBM) -> None:
    """Raise ValueError unless the visible units are softmax sites and the hidden ones binary."""
    validation.instance("rbm", rbm, RBM)
    if type(rbm.visible) is not Softmax or type(rbm.hidden) is not Bernoulli:
        raise ValueError(
            "rbm: expected Softmax visible and Bernoulli hidden units, got "
            f"{rbm.visible} and {rbm.hidden}"
        )


def hidden_mean(rbm: RBM, known: Known) -> np.ndarray:
    """E[h | the row's known sites], (n, H)."""
    out = np.empty((len(known.ends) - 1, rbm.n_hidden), rbm.dtype)
    choose(_hidden_mean, known.columns.size * rbm.n_hidden)(*known, rbm.W, rbm.b, out)
    return out


def log_probabilities(rbm: RBM, known: Known, asked: Known, exact: bool = True) -> np.ndarray:
    """log p(state k of a site | the row's known sites, but for this one), (sites asked for, q).

    Parameters
    ----------
    rbm : RBM
    known : Known
    asked : Known
        Of each row the sites that are asked for, ascending, by their numbers in place of columns.
        One that is known is asked for as if it were not.
    exact : bool
        Sum over the states of the hidden units, (16.1); or else take their means given the known
        sites for states, in one mean-field pass, which is faster.

    References
    ----------
    Salakhutdinov, Mnih and Hinton (2007), section 2.3.
    """
    q = _q(rbm)
    out = np.empty((asked.columns.size, q), rbm.dtype)
    work = asked.columns.size * rbm.n_hidden * (q + (EXP * q if exact else EXP))
    choose(_ask, work)(*known, *asked, rbm.W, rbm.a, rbm.b, exact, out)
    return out


def sites(known: Known, q: int) -> Known:
    """The numbers of the sites that are known, as `log_probabilities` is asked for them."""
    return Known(known.ends, known.columns // q)


def every_site(n: int, m: int) -> Known:
    """All m sites of n rows, likewise."""
    return Known(np.arange(n + 1) * m, np.tile(np.arange(m), n))


def _q(rbm: RBM) -> int:
    visible: Any = rbm.visible
    return visible.q


@jit
def inputs(on, W, b, out):
    """out = b + the rows of W that are on, ascending, as in (2.2)."""
    out[:] = b
    add_rows(W, on, on.size, out)


@Twins
def _hidden_mean(ends, columns, W, b, out):
    """σ(b + v W) of each row; rows are shared among threads."""
    for r in numba.prange(out.shape[0]):
        x = np.empty_like(b)
        inputs(columns[ends[r] : ends[r + 1]], W, b, x)
        bernoulli_mean(x, out[r])


@jit
def site_scores(x, W, a, first, exact, y, out):
    """(16.1) of one site, whose columns begin at `first`, before it is normalised.

    x (H,) holds the hidden inputs without this site; y is room for as many numbers.
    """
    if not exact:
        bernoulli_mean(x, y)
    for k in range(out.size):
        w = W[first + k]
        if exact:
            for j in range(x.size):
                y[j] = x[j] + w[j]
            out[k] = a[first + k] + softplus_sum(y)
        else:
            total = a[first + k]
            for j in range(x.size):
                total += y[j] * w[j]
            out[k] = total


@jit
def log_softmax(x):
    """x_k ← x_k − log Σ_l exp(x_l)."""
    peak, total = x.max(), 0.0
    for k in range(x.size):
        total += exp(x[k] - peak)
    for k in range(x.size):
        x[k] -= peak + np.log(total)


@Twins
def _ask(ends, columns, asked_ends, asked, W, a, b, exact, out):
    """`log_probabilities`; rows are shared among threads."""
    q = out.shape[1]
    for r in numba.prange(ends.size - 1):
        x, without, y = np.empty_like(b), np.empty_like(b), np.empty_like(b)
        on = columns[ends[r] : ends[r + 1]]
        inputs(on, W, b, x)
        place = 0
        for t in range(asked_ends[r], asked_ends[r + 1]):
            first = q * asked[t]
            while place < on.size and on[place] < first:
                place += 1
            without[:] = x
            if place < on.size and on[place] < first + q:
                for j in range(x.size):
                    without[j] -= W[on[place], j]
            site_scores(without, W, a, first, exact, y, out[t])
            log_softmax(out[t])
