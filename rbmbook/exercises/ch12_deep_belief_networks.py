"""Exercises of chapter 12, Deep belief networks: explaining away."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator
from scipy.special import expit, logsumexp

from .exercise import Exercise
from .machines import all_states


def _log_layer(x: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """log p of each row of x with each row of inputs: shape (rows of x, rows of inputs)."""
    return x @ inputs.T - np.logaddexp(0, inputs).sum(axis=1)


def _log_prior(rng: Generator, n_hidden: int, scale: float = 1.0) -> np.ndarray:
    log_p = scale * rng.standard_normal(2**n_hidden)
    return log_p - logsumexp(log_p)


def _softmax(x: np.ndarray, axis: int = 1) -> np.ndarray:
    return np.exp(x - logsumexp(x, axis=axis, keepdims=True))


def _log_joint(v, W, a, log_prior):
    """log P(h) p(v | h): a row for each v, a column for each h."""
    return _log_layer(v, all_states(W.shape[1]) @ W.T + a) + log_prior


def _given(log_joint: np.ndarray, k: int, value: int = 1) -> np.ndarray:
    """E[h | v, h_k = value] from a table of log P(h) p(v | h)."""
    states = all_states(int(np.log2(log_joint.shape[1])))
    kept = states[:, k] == value
    return _softmax(log_joint[:, kept]) @ states[kept]


def explained(v, k, W, a, log_prior):
    """Σ_h h P(h) p(v | h) / Σ_h P(h) p(v | h), both sums over the states with h_k = 1."""
    return _given(_log_joint(v, W, a, log_prior), k)


def _of_joint(function: Callable) -> Callable:
    """A mistake made with the right table of log P(h) p(v | h)."""
    return lambda v, k, W, a, log_prior: function(_log_joint(v, W, a, log_prior), k)


def _of_inputs(log_v: Callable) -> Callable:
    """The right means of a wrong log p(v | h), made from v and the inputs y of its units."""

    def mistake(v, k, W, a, log_prior):
        return _given(log_v(v, all_states(W.shape[1]) @ W.T + a) + log_prior, k)

    return mistake


def _all_states(log_joint, k):
    return _softmax(log_joint) @ all_states(int(np.log2(log_joint.shape[1])))


def _not_divided(log_joint, k):
    states = all_states(int(np.log2(log_joint.shape[1])))
    return _softmax(log_joint) @ (states * states[:, [k]])


def _not_normalised(log_joint, k):
    states = all_states(int(np.log2(log_joint.shape[1])))
    return np.exp(log_joint) @ (states * states[:, [k]])


def _over_pictures(log_joint, k):
    states = all_states(int(np.log2(log_joint.shape[1])))
    kept = states[:, k] == 1
    return _softmax(log_joint[:, kept], axis=0) @ states[kept]


def _one_sum(log_joint, k):
    states = all_states(int(np.log2(log_joint.shape[1])))
    kept = states[:, k] == 1
    return np.exp(log_joint[:, kept] - logsumexp(log_joint[:, kept])) @ states[kept]


def _only_set(log_joint, k):
    means = _all_states(log_joint, k)
    means[:, k] = 1
    return means


def _most_likely(log_joint, k):
    states = all_states(int(np.log2(log_joint.shape[1])))
    kept = states[:, k] == 1
    return states[kept][log_joint[:, kept].argmax(axis=1)]


def _exponentials(log_joint, k):
    states = all_states(int(np.log2(log_joint.shape[1])))
    kept = states[:, k] == 1
    joint = np.exp(log_joint[:, kept])
    return joint / joint.sum(axis=1, keepdims=True) @ states[kept]


def _divided_late(log_joint, k):
    states = all_states(int(np.log2(log_joint.shape[1])))
    kept = states[:, k] == 1
    posterior = _softmax(log_joint)[:, kept]
    return posterior @ states[kept] / posterior.sum(axis=1, keepdims=True)


def _zero_for_never(log_joint, k):
    states = all_states(int(np.log2(log_joint.shape[1])))
    return _softmax(np.where(states[:, k] == 1, log_joint, 0.0)) @ states


def _clamped(v, k, W, a, log_prior):
    states = all_states(W.shape[1])
    states[:, k] = 1
    return _softmax(_log_layer(v, states @ W.T + a) + log_prior) @ states


def _way_up(v, k, W, a, log_prior):
    means = expit(v @ W)
    means[:, k] = 1
    return means


def _plain_softplus(v, y):
    return v @ y.T - np.log(1 + np.exp(y)).sum(axis=1)


def _other_order(v, k, W, a, log_prior):
    states = all_states(W.shape[1])[:, ::-1]
    log_joint = _log_layer(v, states @ W.T + a) + log_prior
    kept = states[:, k] == 1
    return _softmax(log_joint[:, kept]) @ states[kept]


def _explained_cases(rng: Generator) -> Iterator[tuple]:
    for n, k, D, H, scale in [(3, 0, 2, 2, 1), (4, 1, 5, 3, 1), (6, 2, 3, 4, 2), (3, 0, 6, 3, 1e3)]:
        v = rng.integers(0, 2, size=(n, D)).astype(np.float64)
        W, a = scale * rng.standard_normal((D, H)), scale * rng.standard_normal(D)
        yield v, k, W, a, _log_prior(rng, H)


EXPLAINED = Exercise(
    name="12.1",
    title="Explaining away: the causes, once one of them is known",
    reference=explained,
    cases=_explained_cases,
    mistakes={
        "these are the means E[h_j | v], without the news that h_k = 1: sum over the states with "
        "h_k = 1 only.": _of_joint(_all_states),
        "the mean of h_k is 1 now, but the news changes the other units, too: sum over the states "
        "with h_k = 1 only.": _of_joint(_only_set),
        "these are the means for h_k = 0; h_k = 1 is given.": (
            _of_joint(lambda log_joint, k: _given(log_joint, k, 0))
        ),
        "this is P(h_j = 1 and h_k = 1 | v); divide by P(h_k = 1 | v), since h_k = 1 is given.": (
            _of_joint(_not_divided)
        ),
        "you count the units from 1; k counts from 0, as Python does.": (
            _of_joint(lambda log_joint, k: _given(log_joint, k - 1))
        ),
        "the normaliser of p(v | h) is missing, or the same number for every h: log p(v | h) is "
        "v·y − Σ_i softplus(y_i), and y = a + Wh depends on h. It is this term that lets one cause "
        "explain another away.": _of_inputs(lambda v, y: v @ y.T),
        "Σ y_i stands where Σ softplus(y_i) belongs: log p(v | h) is v·y − Σ softplus(y).": (
            _of_inputs(lambda v, y: v @ y.T - y.sum(axis=1))
        ),
        "Σ softplus(y) has the wrong sign: log p(v | h) is v·y − Σ softplus(y).": (
            _of_inputs(lambda v, y: v @ y.T + np.logaddexp(0, y).sum(axis=1))
        ),
        "only the pixels that are on enter your p(v | h); one that is off has the probability "
        "1 − σ(y_i), which says something of h as well.": (
            _of_inputs(lambda v, y: v @ (y - np.logaddexp(0, y)).T)
        ),
        "the prior is missing: the posterior is proportional to P(h) p(v | h).": (
            lambda v, k, W, a, log_prior: explained(v, k, W, a, 0 * log_prior)
        ),
        "these are means under the prior, the same for each picture; p(v | h) is missing.": (
            _of_inputs(lambda v, y: np.zeros((len(v), len(y))))
        ),
        "you add P(h) to log p(v | h); what is added is its logarithm, `log_prior` as it is.": (
            lambda v, k, W, a, log_prior: explained(v, k, W, a, np.exp(log_prior))
        ),
        "the prior is divided by: log P(h) is added, not subtracted.": (
            lambda v, k, W, a, log_prior: explained(v, k, W, a, -log_prior)
        ),
        "the visible biases are missing: y = a + Wh, and though a·v is the same for all h, "
        "Σ softplus(y) is not.": lambda v, k, W, a, log_prior: explained(v, k, W, 0 * a, log_prior),
        "the sign of the visible biases is flipped: y = a + Wh.": (
            lambda v, k, W, a, log_prior: explained(v, k, W, -a, log_prior)
        ),
        "all signs are flipped: y = a + Wh, and log P(h) is added.": (
            lambda v, k, W, a, log_prior: explained(v, k, -W, -a, -log_prior)
        ),
        "the mean of h_k is 1 now, but the others are σ(vW), as in an RBM, where k would tell "
        "nothing. In a directed model the posterior is not a product over the units: sum over the "
        "states with h_k = 1.": _way_up,
        "you set h_k = 1 in every state, and so count the prior of h_k = 0 and of h_k = 1 "
        "together: keep the states with h_k = 1, and their log_prior, and leave out the "
        "others.": _clamped,
        "states with h_k = 0 get the logarithm 0, that is the factor 1; leave them out (or give "
        "them −∞).": _of_joint(_zero_for_never),
        "you count the units from the last one; column k of `rb.exact.states` is unit k.": (
            _of_joint(lambda log_joint, k: _given(log_joint, -1 - k))
        ),
        "this is σ(vW): a way up like that of an RBM, and without any prior. In a directed model "
        "the posterior is not a product over the units: sum over the states h.": (
            lambda v, k, W, a, log_prior: expit(v @ W)
        ),
        "nothing is normalised: divide P(h) p(v | h) by its sum over the states with h_k = 1, for "
        "each picture.": _of_joint(_not_normalised),
        "you divide by one sum over all pictures and states; each picture has a sum of its own.": (
            _of_joint(_one_sum)
        ),
        "the sign is flipped: the posterior grows with log P(h) + log p(v | h).": (
            _of_joint(lambda log_joint, k: _given(-log_joint, k))
        ),
        "you normalise over the pictures; each picture has a distribution over h (axis 1 of an "
        "array with a row for each picture).": _of_joint(_over_pictures),
        "this is the single most likely h of each picture; asked for is the mean.": (
            _of_joint(_most_likely)
        ),
        "the states stand in another order than log_prior: in `rb.exact.states` the last unit "
        "changes fastest.": _other_order,
        "these are the probabilities of being off: one minus what is asked for.": (
            _of_joint(lambda log_joint, k: 1 - _given(log_joint, k))
        ),
        "you return the mean over the pictures; each picture has means of its own.": (
            _of_joint(lambda log_joint, k: _given(log_joint, k).mean(axis=0))
        ),
        "right for small parameters, but log(1 + e^y) overflows for large y: "
        "np.logaddexp(0, y) does not.": _of_inputs(_plain_softplus),
        "right for small parameters, but with large ones P(h_k = 1 | v) vanishes and you divide 0 "
        "by 0: first leave out the states with h_k = 0, then normalise.": _of_joint(_divided_late),
        "right for small parameters, but with large ones every P(h) p(v | h) vanishes and you "
        "divide 0 by 0. Stay with logarithms, and subtract a log-sum-exp.": (
            _of_joint(_exponentials)
        ),
    },
)

EXERCISES = [EXPLAINED]
