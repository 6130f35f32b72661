"""Exercises of chapter 12, Deep belief networks: room for a third machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator
from scipy.special import expit, rel_entr, xlogy

from .ch12_deep_belief_networks import _log_layer, _softmax
from .exercise import Exercise
from .machines import all_states


def _passed_up(weights: np.ndarray, x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Σ_x weight(x) p(y | x) for all y, the units of y being on with probability σ(xW + b)."""
    return np.exp(_log_layer(all_states(W.shape[1]), x @ W + b)) @ weights


def _marginal(W: np.ndarray, own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """An RBM's distribution of the layer with W's columns, biases `own`."""
    y = all_states(W.shape[1])
    return _softmax(y @ own + np.logaddexp(0, y @ W.T + other).sum(axis=1), axis=0)


def _q_h(v, W, b):
    return _passed_up(np.full(len(v), 1 / len(v)), v, W, b)


def _q_g(v, W, b, W2, b2):
    return _passed_up(_q_h(v, W, b), all_states(W.shape[1]), W2, b2)


def _kl(q: np.ndarray, p: np.ndarray) -> float:
    return rel_entr(q, p).sum()


def room_for_a_third(v, W, a, b, W2, a2, b2):
    """KL(q̄(g) ‖ p₂(g)), q̄(g) = Σ_h q̄(h) p₂(g | h)."""
    return _kl(_q_g(v, W, b, W2, b2), _marginal(W2, b2, a2))


def _with_means(v, W, a, b, W2, a2, b2):
    q = _passed_up(np.full(len(v), 1 / len(v)), expit(v @ W + b), W2, b2)
    return _kl(q, _marginal(W2, b2, a2))


def _thresholded(v, W, a, b, W2, a2, b2):
    h = (v @ W + b > 0).astype(np.float64)
    return _kl(_passed_up(np.full(len(v), 1 / len(v)), h, W2, b2), _marginal(W2, b2, a2))


def _one_mean(v, W, a, b, W2, a2, b2):
    h = expit(v @ W + b).mean(axis=0, keepdims=True)
    return _kl(_passed_up(np.ones(1), h, W2, b2), _marginal(W2, b2, a2))


def _mean_of_divergences(v, W, a, b, W2, a2, b2):
    p = _marginal(W2, b2, a2)
    return np.mean([_kl(_q_g(row[None], W, b, W2, b2), p) for row in v])


def _unnormalised(v, W, a, b, W2, a2, b2):
    q, g = _q_g(v, W, b, W2, b2), all_states(W2.shape[1])
    return _kl(q, np.exp(g @ b2 + np.logaddexp(0, g @ W2.T + a2).sum(axis=1)))


def _two_floors(v, W, a, b, W2, a2, b2):
    return room_for_a_third(v, W, a, b, W2, a2, b2) + _kl(_q_h(v, W, b), _marginal(W, b, a))


def _with_p(p: Callable) -> Callable:
    """The divergence of q̄(g) from another distribution, p(W2, a2, b2)."""
    return lambda v, W, a, b, W2, a2, b2: _kl(_q_g(v, W, b, W2, b2), p(W2, a2, b2))


def _with_q_h(q_h: Callable) -> Callable:
    """The room if another distribution of h, q_h(W, a, b), is sent up."""

    def mistake(v, W, a, b, W2, a2, b2):
        q = _passed_up(q_h(W, a, b), all_states(W.shape[1]), W2, b2)
        return _kl(q, _marginal(W2, b2, a2))

    return mistake


def _no_softplus(W2, a2, b2):
    return _softmax(all_states(len(b2)) @ b2, axis=0)


def _minus_softplus(W2, a2, b2):
    g = all_states(len(b2))
    return _softmax(g @ b2 - np.logaddexp(0, g @ W2.T + a2).sum(axis=1), axis=0)


def _other_order(W2, a2, b2):
    return _marginal(W2[:, ::-1], b2[::-1], a2)


def _dreams_of_the_first(v, W, a, b, W2, a2, b2):
    p = _passed_up(_marginal(W, b, a), all_states(W.shape[1]), W2, b2)
    return _kl(_q_g(v, W, b, W2, b2), p)


def _of(function: Callable) -> Callable:
    """A mistake that combines q̄(g) and p₂(g) in another way."""

    def mistake(v, W, a, b, W2, a2, b2):
        return function(_q_g(v, W, b, W2, b2), _marginal(W2, b2, a2))

    return mistake


def _room_cases(rng: Generator) -> Iterator[tuple]:
    for n, D, H, G, scale in [(3, 2, 2, 2, 1), (5, 4, 3, 2, 1), (7, 3, 4, 5, 1), (4, 3, 3, 3, 2)]:
        v = rng.integers(0, 2, size=(n, D)).astype(np.float64)
        shapes = ((D, H), D, H, (H, G), H, G)
        yield (v, *(scale * rng.standard_normal(shape) for shape in shapes))


ROOM = Exercise(
    name="12.2",
    title="Room for a third machine",
    reference=room_for_a_third,
    cases=_room_cases,
    mistakes={
        "you send the means of h up; σ of a mean is not the mean of σ. Sum over the states h: "
        "q̄(g) = Σ_h q̄(h) q(g | h).": _with_means,
        "you send up the likelier state of each unit of h; sum over all states, each with its "
        "probability: q̄(g) = Σ_h q̄(h) q(g | h).": _thresholded,
        "you average h over the pictures and send one mean up; sum over the states h: "
        "q̄(g) = Σ_h q̄(h) q(g | h).": _one_mean,
        "this is a total variation distance; (12.7) is a Kullback–Leibler divergence.": (
            lambda *args: _of(lambda q, p: 0.5 * np.abs(q - p).sum())(*args)
        ),
        "this is the room for the second machine, KL(q̄(h) ‖ p(h)) of (12.7): one floor too low.": (
            lambda v, W, a, b, W2, a2, b2: _kl(_q_h(v, W, b), _marginal(W, b, a))
        ),
        "this compares distributions of h: what the second machine has left undone below. The "
        "third one replaces its distribution of g.": (
            lambda v, W, a, b, W2, a2, b2: _kl(_q_h(v, W, b), _marginal(W2.T, a2, b2))
        ),
        "the two distributions are exchanged: (12.7) weighs with q̄.": _of(lambda q, p: _kl(p, q)),
        "this is Σ q̄ log p₂ alone; the gain is what q̄ has more: add −Σ q̄ log p₂ to Σ q̄ log q̄.": (
            _of(lambda q, p: xlogy(q, p).sum())
        ),
        "this is −Σ q̄ log p₂ alone; Σ q̄ log q̄ is missing.": _of(lambda q, p: -xlogy(q, p).sum()),
        "this is the entropy of q̄(g) alone; it has to be compared with p₂(g).": (
            _of(lambda q, p: -xlogy(q, q).sum())
        ),
        "this is Σ q̄ log q̄ alone; it has to be compared with Σ q̄ log p₂.": (
            _of(lambda q, p: xlogy(q, q).sum())
        ),
        "Σ q̄ log p₂ is added to Σ q̄ log q̄; it is subtracted.": (
            _of(lambda q, p: (xlogy(q, q) + xlogy(q, p)).sum())
        ),
        "you take the mean over the states g; a divergence is a sum, and q̄ is its weight "
        "already.": _of(lambda q, p: _kl(q, p) / len(q)),
        "all signs are flipped: inputs are vW + b and hW′ + b′.": (
            lambda v, *theta: room_for_a_third(v, *(-x for x in theta))
        ),
        "the sign is flipped: a divergence is never negative.": _of(lambda q, p: -_kl(q, p)),
        "this is in bits; nats are asked for (natural logarithms).": (
            _of(lambda q, p: _kl(q, p) / np.log(2))
        ),
        "p₂(g) does not sum to one: its log Z is missing.": _unnormalised,
        "this is the mean over the pictures of KL(q(g | v) ‖ p₂(g)). First average q over the "
        "pictures, then take the divergence, of q̄.": _mean_of_divergences,
        "your q̄(g) starts from the first machine's own p(h); it must start from the data.": (
            _with_q_h(lambda W, a, b: _marginal(W, b, a))
        ),
        "you send every h up equally often; h comes from the data: q̄(g) = Σ_h q̄(h) q(g | h).": (
            _with_q_h(lambda W, a, b: np.full(2 ** len(b), 0.5 ** len(b)))
        ),
        "you compare q̄(g) with what the first machine's own p(h) sends up; compare it with the "
        "second machine's own p₂(g), which the third one replaces.": _dreams_of_the_first,
        "this adds the room of both floors; asked for is that of the third machine.": _two_floors,
        "you compare q̄(g) with the second machine's distribution of h, its visible layer; g is "
        "its hidden one.": _with_p(lambda W2, a2, b2: _marginal(W2.T, a2, b2)),
        "the sum over h is missing in p₂(g): it is exp(b′·g + Σ_i softplus(a′_i + Σ_k W′_ik g_k)) "
        "/ Z.": _with_p(_no_softplus),
        "the softplus has the wrong sign in p₂(g): it is exp(b′·g + Σ_i softplus(…)) / Z.": (
            _with_p(_minus_softplus)
        ),
        "the states g of p₂ stand in another order than those of q̄.": _with_p(_other_order),
        "q̄ sums to the number of pictures: average over them.": (
            lambda v, *theta: _kl(
                len(v) * _q_g(v, theta[0], theta[2], theta[3], theta[5]),
                _marginal(theta[3], theta[5], theta[4]),
            )
        ),
        "the biases a′ are missing in p₂(g): it is exp(b′·g + Σ_i softplus(a′_i + Σ_k W′_ik g_k)) "
        "/ Z.": lambda v, W, a, b, W2, a2, b2: _kl(
            _q_g(v, W, b, W2, b2), _marginal(W2, b2, 0 * a2)
        ),
        "the biases b′ are missing on the way up from h to g.": (
            lambda v, W, a, b, W2, a2, b2: _kl(_q_g(v, W, b, W2, 0 * b2), _marginal(W2, b2, a2))
        ),
        "the biases b′ are missing in p₂(g).": (
            lambda v, W, a, b, W2, a2, b2: _kl(_q_g(v, W, b, W2, b2), _marginal(W2, 0 * b2, a2))
        ),
        "the biases b are missing on the way up from v to h.": (
            lambda v, W, a, b, W2, a2, b2: room_for_a_third(v, W, a, 0 * b, W2, a2, b2)
        ),
    },
)

EXERCISES = [ROOM]
