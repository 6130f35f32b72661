"""Exercises of chapter 13, Deep Boltzmann machines: two sides, and the exact posterior."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise, product

import numpy as np
from numpy.random import Generator

from .exercise import Exercise


def _sigmoid(x):
    return np.exp(-np.logaddexp(0, -x))


def _softplus(x):
    return np.logaddexp(0, x)


def _states(width: int) -> np.ndarray:
    return np.array(list(product((0.0, 1.0), repeat=width)))


def _layers(rng: Generator, sizes: tuple[int, ...], scale: float = 1.0) -> tuple[list, list]:
    """Weights and biases of a random machine with layers of these sizes."""
    weights = [scale * rng.standard_normal(shape) for shape in pairwise(sizes)]
    return weights, [scale * rng.standard_normal(n) for n in sizes]


# -- 13.1 ----------------------------------------------------------------------------------------
def _block(
    weights: list, biases: list, upper: Callable = lambda w: w.T, skip: int | None = None
) -> np.ndarray:
    """W with a block for each pair of neighbouring layers; odd ones through `upper`."""
    starts = np.zeros(len(biases), int)  # of a layer, on its own side
    for layer in range(2, len(biases)):
        starts[layer] = starts[layer - 2] + len(biases[layer - 2])
    shape = [sum(map(len, biases[side::2])) for side in (0, 1)]
    W = np.zeros(shape)
    for layer, w in enumerate(weights):
        if layer % 2 == skip:
            continue
        even, odd = (layer, layer + 1) if layer % 2 == 0 else (layer + 1, layer)
        block = w if layer % 2 == 0 else upper(w)
        rows = slice(starts[even], starts[even] + len(biases[even]))
        columns = slice(starts[odd], starts[odd] + len(biases[odd]))
        if W[rows, columns].shape != block.shape:
            raise ValueError("a block of another shape")
        W[rows, columns] = block
    return W


def two_sides(weights, biases):
    """Even layers are the visible side, odd layers the hidden side."""
    a, b = (np.concatenate(biases[side::2]) for side in (0, 1))
    return _block(weights, biases), a, b


def _sides(change: Callable) -> Callable:
    """A mistake in what is done with the right W, a and b."""
    return lambda weights, biases: change(*two_sides(weights, biases))


def _with_block(**options) -> Callable:
    def mistake(weights, biases):
        _, a, b = two_sides(weights, biases)
        return _block(weights, biases, **options), a, b

    return mistake


def _top_first(weights, biases):
    """Each side in the order from the top layer down."""
    W, _, _ = two_sides(weights, biases)
    orders, sides = [], []
    for side in (0, 1):
        numbers = np.arange(sum(map(len, biases[side::2])))
        cuts = np.cumsum([len(x) for x in biases[side::2]])[:-1]
        orders.append(np.concatenate(np.split(numbers, cuts)[::-1]))
        sides.append(np.concatenate(biases[side::2][::-1]))
    return W[np.ix_(*orders)], *sides


def _diagonal(weights, biases):
    """The matrices along the diagonal, as if no layer had two neighbours."""
    W = np.zeros([sum(w.shape[axis] for w in weights) for axis in (0, 1)])
    row = column = 0
    for w in weights:
        W[row : row + len(w), column : column + w.shape[1]] = w
        row, column = row + len(w), column + w.shape[1]
    return W, np.concatenate(biases[:-1]), np.concatenate(biases[1:])


def _everything(weights, biases):
    """One square matrix between all units and all units."""
    starts = np.cumsum([0, *map(len, biases)])
    W = np.zeros((starts[-1], starts[-1]))
    for layer, w in enumerate(weights):
        W[starts[layer] : starts[layer + 1], starts[layer + 1] : starts[layer + 2]] = w
    every = np.concatenate(biases)
    return W, every, every


def _side_cases(rng: Generator) -> Iterator[tuple]:
    for sizes in [(3, 2, 4), (2, 3, 3), (2, 2, 2, 2), (4, 3, 2, 5), (3, 1, 2, 4, 2), (3, 2)]:
        yield _layers(rng, sizes)


SIDES = Exercise(
    name="13.1",
    title="A deep machine as a restricted one",
    reference=two_sides,
    cases=_side_cases,
    parts=("W", "a", "b"),
    mistakes={
        "this is (13.4), for layers 0, 1 and 2. A machine may have fewer or more layers: each "
        "further matrix is one more block.": (
            lambda weights, biases: two_sides([weights[0], weights[1]], biases[:3])
        ),
        "W: an odd matrix W_l joins layer l, which is on the hidden side, to layer l + 1 on the "
        "visible side. Rows of W belong to the visible side: transpose it.": (
            _with_block(upper=lambda w: w)
        ),
        "W: the blocks of W₁, W₃, … are missing. An odd layer has a neighbour above as well as "
        "one below.": _with_block(skip=1),
        "W: the blocks of W₀, W₂, … are missing.": _with_block(skip=0),
        "the two sides are exchanged: layer 0, the data, is on the visible side, and W has a row "
        "for each of its units.": _sides(lambda W, a, b: (W.T, b, a)),
        "a and b: they are exchanged. The even layers are the visible side.": (
            _sides(lambda W, a, b: (W, b, a))
        ),
        "right, but each side begins with its top layer; the layers of a side stand from bottom "
        "to top.": _top_first,
        "this is W₀ and W₁ side by side along a diagonal, so that a layer in the middle occurs "
        "twice. Each layer is on one side only: even or odd.": _diagonal,
        "this joins all units to all units. The two sides are the even layers (rows) and the odd "
        "layers (columns).": _everything,
        "the signs are flipped: E = −aᵀv − bᵀh − vᵀWh has the minus already.": (
            _sides(lambda W, a, b: (-W, -a, -b))
        ),
        "W: every line is counted twice. Each pair of neighbouring layers is one block, and one "
        "block only.": _sides(lambda W, a, b: (2 * W, a, b)),
        "a and b: the biases are missing.": _sides(lambda W, a, b: (W, 0 * a, 0 * b)),
    },
)


# -- 13.2 ----------------------------------------------------------------------------------------
def _log_weights(v, weights, biases, up=1.0, top: Callable = _softplus):
    """log Σ_{x₂} exp(−E) of every state of layer 1 for every row of v, and these states."""
    h = _states(len(biases[1]))
    inputs = up * (v @ weights[0]) + biases[1]
    return inputs @ h.T + top(h @ weights[1] + biases[2]).sum(axis=1), h


def _averaged(log_w, h):
    w = np.exp(log_w - log_w.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ h


def posterior_means(v, weights, biases):
    """P(unit j of layer 1 on | v), layer 2 summed in closed form."""
    return _averaged(*_log_weights(v, weights, biases))


def _fixed_point(v, weights, biases, steps=500, first=0.5):
    m2 = np.full((len(v), len(biases[2])), first)
    for _ in range(steps):
        m1 = _sigmoid(v @ weights[0] + m2 @ weights[1].T + biases[1])
        m2 = _sigmoid(m1 @ weights[1] + biases[2])
    return m1


def _from_below(v, weights, biases, steps=500):
    """Mean field that begins with a pass upwards."""
    m2 = _sigmoid(_sigmoid(v @ weights[0] + biases[1]) @ weights[1] + biases[2])
    for _ in range(steps):
        m1 = _sigmoid(v @ weights[0] + m2 @ weights[1].T + biases[1])
        m2 = _sigmoid(m1 @ weights[1] + biases[2])
    return m1


def _without(*zero: str) -> Callable:
    """The right answer of a machine of which something is missing."""

    def mistake(v, weights, biases):
        w, b = [*weights], [*biases]
        for name in zero:
            target, k = (w, int(name[1])) if name[0] == "W" else (b, int(name[1]))
            target[k] = 0 * target[k]
        return posterior_means(v, w, b)

    return mistake


def _top_means(v, weights, biases):
    log_w, h = _log_weights(v, weights, biases)
    w = np.exp(log_w - log_w.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ _sigmoid(h @ weights[1] + biases[2])


def _whole_batch(v, weights, biases):
    log_w, h = _log_weights(v, weights, biases)
    w = np.exp(log_w - log_w.max())
    return w / w.sum() @ h


def _with_visible_sum(v, weights, biases):
    log_w, h = _log_weights(v, weights, biases)
    return log_w + _softplus(h @ weights[0].T + biases[0]).sum(axis=1), h


def _wrong_axis(v, weights, biases):
    log_w, h = _log_weights(v, weights, biases)
    w = np.exp(log_w - log_w.max(axis=0))
    return w / w.sum(axis=0) @ h


def _most_probable(v, weights, biases):
    log_w, h = _log_weights(v, weights, biases)
    return h[log_w.argmax(axis=1)]


def _unstable(v, weights, biases):
    log_w, h = _log_weights(v, weights, biases)
    w = np.exp(log_w)
    return w @ h / w.sum(axis=1, keepdims=True)


def _undivided(v, weights, biases):
    log_w, h = _log_weights(v, weights, biases)
    return np.exp(log_w) @ h


def two_valleys(w: float, n_top: int = 1) -> tuple[list, list]:
    """One visible unit, one in layer 1; it and layer 2 are all off or all on, alike."""
    weights = [np.array([[w]]), np.full((1, n_top), w)]
    return weights, [np.zeros(1), np.array([-w - w * n_top / 2]), np.full(n_top, -w / 2)]


def _posterior_cases(rng: Generator) -> Iterator[tuple]:
    for n, sizes, scale in [(2, (2, 2, 1), 1), (4, (3, 3, 3), 1), (3, (4, 5, 2), 1.5),
                            (3, (5, 3, 200), 0.3), (2, (3, 4, 2), 300)]:  # fmt: skip
        weights, biases = _layers(rng, sizes, scale)
        if scale > 100:
            biases[1] += 1000.0  # an exponent is beyond 709, whatever was drawn
            weights[0][0] += 2000.0  # and the rows are too far apart for a shift in common
        v = rng.integers(0, 2, (n, sizes[0])).astype(float)
        v[:, 0] = np.arange(n) % 2
        yield v, weights, biases
    yield np.ones((1, 1)), *two_valleys(40.0)  # "Where it breaks": mean field takes one valley


POSTERIOR = Exercise(
    name="13.2",
    title="The exact posterior of the middle layer",
    reference=posterior_means,
    cases=_posterior_cases,
    mistakes={
        "this is the RBM's answer, σ(b₁ + W₀ᵀv), as if there were no layer 2 (or all of its units "
        "were off). Sum over its states.": (
            lambda v, weights, biases: _sigmoid(v @ weights[0] + biases[1])
        ),
        "this is the pass upwards with the doubled weights, σ(b₁ + 2 W₀ᵀv), as in pre-training: a "
        "guess of what layer 2 adds. Sum over its states.": (
            lambda v, weights, biases: _sigmoid(2 * v @ weights[0] + biases[1])
        ),
        "this is the mean-field fixed point. It is the best *factorised* answer, not the exact "
        "one: in the last case it takes one of two valleys, or stays between. Enumerate.": (
            _fixed_point
        ),
        "this is a pass upwards and back, one sweep of mean field. Enumerate layer 1 instead.": (
            lambda v, weights, biases: _from_below(v, weights, biases, steps=1)
        ),
        "this is the mean-field fixed point, begun by a pass upwards. It is the best *factorised* "
        "answer nearby, not the exact one. Enumerate.": _from_below,
        "v does not enter: this is the prior of a machine without layer 0. The term vᵀW₀x₁ is "
        "missing.": _without("W0"),
        "the bias of layer 2 is missing.": _without("b2"),
        "the bias of layer 1 is missing.": _without("b1"),
        "both hidden biases are missing.": _without("b1", "b2"),
        "these are the means of layer 2; those of layer 1 are asked for.": _top_means,
        "you divide by the sum over all rows of v. Each row has its own posterior, with its own "
        "sum over the states of layer 1.": _whole_batch,
        "this is the most probable state of layer 1. Its units' probabilities are asked for: an "
        "average over all states.": _most_probable,
        "layer 2 is set to all on instead of summed over.": (
            lambda v, weights, biases: _averaged(*_log_weights(v, weights, biases, top=lambda x: x))
        ),
        "a unit of layer 2 contributes the factor 1 + exp(input), so the logarithm of it is "
        "softplus(input). You have the sigmoid there, its derivative.": (
            lambda v, weights, biases: _averaged(*_log_weights(v, weights, biases, top=_sigmoid))
        ),
        "the factor N₀(x₁) is in it: that is the sum over v, but v is given.": (
            lambda v, weights, biases: _averaged(*_with_visible_sum(v, weights, biases))
        ),
        "a unit of layer 2 multiplies by 1 + exp(input); you divide by it.": (
            lambda v, weights, biases: _averaged(
                *_log_weights(v, weights, biases, top=lambda x: -_softplus(x))
            )
        ),
        "you divide by the sum over the rows of v. The sum over the states of layer 1, for each "
        "row by itself, belongs there: another axis.": _wrong_axis,
        "the weights W₀ are doubled and layer 2 is summed over as well: in the machine itself "
        "each weight counts once.": (
            lambda v, weights, biases: _averaged(*_log_weights(v, weights, biases, up=2.0))
        ),
        "the sign of the energy is flipped: the factor is exp(−E), and −E has all terms with a "
        "plus.": lambda v, weights, biases: posterior_means(
            v, [-w for w in weights], [-b for b in biases]
        ),
        "these are the probabilities that the units are off.": (
            lambda v, weights, biases: 1 - posterior_means(v, weights, biases)
        ),
        "not divided: the sum over the states of layer 1 has to be taken out, row by row.": (
            _undivided
        ),
        "right for small parameters, but for large ones an exponential overflows. Subtract the "
        "largest logarithm of a row before you exponentiate.": _unstable,
    },
)

EXERCISES = [SIDES, POSTERIOR]
