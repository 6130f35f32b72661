"""Exercise 07.4: how many steps are enough."""

import numpy as np

from ..exercise import exercise
from ..machines import all_states, block_matrix, machine_in_eighths, marginal
from ..mistakes import slips_of
from ..numerics import sigmoid
from .data import shares

MOST = 2_000  # where the search ends: more than twenty times what any case takes


def statistics(q, W, a, b):
    """⟨v E[h|v]ᵀ⟩, ⟨v⟩ and ⟨E[h|v]⟩ under a distribution q of v."""
    v = all_states(len(a))
    mean = sigmoid(v @ W + b)
    return (v.T * q) @ mean, q @ v, q @ mean


def entries(now, then, *machine):
    """What the statistics under two distributions differ by, for W, a and b."""
    pairs = zip(statistics(now, *machine), statistics(then, *machine), strict=True)
    return [x - y for x, y in pairs]


def largest(parts):
    return max(np.abs(part).max() for part in parts)


def largest_entry(now, p, *machine):
    return largest(entries(now, p, *machine))


def steps_enough(q, W, a, b, tolerance, *, error=largest_entry, first=1):
    """Smallest k ≥ 1 with |⟨−∂F⟩_k − ⟨−∂F⟩_∞| ≤ tolerance in every entry."""
    T, p = block_matrix(W, a, b), marginal(W, a, b)
    now = q @ T if first else q
    for k in range(first, MOST):
        if error(now, p, W, a, b) <= tolerance:
            return k
        now = now @ T
    return MOST


def cases(rng):
    sizes = [(2, 1, 1, 1e-3), (3, 2, 2, 1e-3), (4, 3, 1.5, 1e-5), (3, 3, 2, 1e-6), (2, 2, 0.5, 0.5)]
    for n_visible, n_hidden, scale, tolerance in sizes:
        machine = shares(rng, n_visible), *machine_in_eighths(rng, n_visible, n_hidden, scale)
        yield *machine, tolerance
    # The hidden biases' entries are the last to become small.
    W, a = np.array([[0.75], [0.875], [1.375], [-2.375]]), np.array([-1.375, -0.875, -2.375, 3.5])
    q = np.array([0, 1, 3, 2, 3, 0, 3, 3, 0, 1, 2, 0, 2, 2, 3, 3]) / 28
    yield q, W, a, np.array([-1.0]), 1e-3
    # Here the visible biases' entries are the last, then the weights', then the hidden biases'.
    W = np.array([[-2, -21], [-2, 10], [-6, -10]]) / 8
    a, b = np.array([1.5, -3.25, 1.125]), np.array([-2.25, -1.25])
    yield np.array([0, 1, 3, 2, 0, 1, 1, 2]) / 10, W, a, b, 0.05
    W = np.array([[5, -30, -49], [-42, -14, -1], [20, -30, -1]]) / 8
    a, b = np.array([1, -0.5, 3.875]), np.array([2.5, 6.25, 5.625])
    yield np.array([1, 1, 1, 1, 0, 1, 2, 0]) / 7, W, a, b, 0.17
    W = np.array([[-40, -1, -4], [23, 2, -30], [-27, 3, -4]]) / 8
    a, b = np.array([6.75, -2.375, 5.25]), np.array([5.5, -2.875, 4.625])
    yield np.eye(8)[0], W, a, b, 0.23
    # Two valleys, the second deeper: slow.
    yield shares(rng, 4), np.full((4, 3), 2.0), np.full(4, -2.75), np.full(3, -4.0), 1e-3


slip = slips_of(steps_enough)


def looking_at(size):
    """Another measure of the entries' sizes, from the parts for W, a and b."""
    return slip(error=lambda *args: size(entries(*args)))


def distance(of):
    return slip(error=lambda now, p, *machine: of(now, p))


def change_in_a_step(now, p, *machine):
    return largest(entries(now @ block_matrix(*machine), now, *machine))


def by_eigenvalue(q, W, a, b, tolerance):
    second = np.sort(np.linalg.eigvals(block_matrix(W, a, b)).real)[-2]
    return max(1, int(np.ceil(np.log(tolerance) / np.log(second))))


MISTAKES = {
    "you count one step too few: k is the number of times that T was applied.":
        lambda *args: steps_enough(*args) - 1,
    "you count one step too many: k is the smallest at which the bias is small enough.":
        lambda *args: steps_enough(*args) + 1,
    "take absolute values: an entry that is far too small is an error too.":
        looking_at(lambda parts: max(part.max() for part in parts)),
    "you look at the weights alone; the biases' entries count as well.":
        looking_at(lambda parts: largest(parts[:1])),
    "you look at the visible biases alone; the entries of W and b count as well.":
        looking_at(lambda parts: largest(parts[1:2])),
    "you look at the hidden biases alone; the entries of W and a count as well.":
        looking_at(lambda parts: largest(parts[2:])),
    "the hidden biases' entries are left out; they count as well.":
        looking_at(lambda parts: largest(parts[:2])),
    "the weights' entries are left out; they count as well.":
        looking_at(lambda parts: largest(parts[1:])),
    "the visible biases' entries are left out; they count as well.":
        looking_at(lambda parts: largest(parts[::2])),
    "you stop when one entry is within the tolerance; every one has to be.":
        looking_at(lambda parts: min(np.abs(part).min() for part in parts)),
    "you average the sizes in each of W, a and b; every entry counts on its own.":
        looking_at(lambda parts: np.mean([np.abs(part).mean() for part in parts])),
    "you look at the mean size of the entries; every one has to be within the tolerance.":
        looking_at(lambda parts: np.abs(np.concatenate([part.ravel() for part in parts])).mean()),
    "you look at the distance of the distributions. It bounds the bias (7.6), so your k is enough, "
    "but it is not the smallest.": distance(lambda x, p: 0.5 * np.abs(x - p).sum()),
    "you add up |p_k − p| over the states: twice the distance of (7.6), which is itself only a "
    "bound.": distance(lambda x, p: np.abs(x - p).sum()),
    "you compare the probabilities of single states; the entries of the bias add up over many "
    "states.": distance(lambda x, p: np.abs(x - p).max()),
    "you compare the divergence KL(p_k ‖ p) with the tolerance; the entries of the gradient count.":
        distance(lambda x, p: np.sum(x[x > 0] * np.log(x[x > 0] / p[x > 0]))),
    "you estimate k from the second eigenvalue. That is the rate in the long run, without the "
    "factor in front; go step by step.": by_eigenvalue,
    "your chains do not start at the data; q is where they start.":
        slip(q=lambda q: np.full_like(q, 1 / len(q))),
    "your k is enough, but it is the next power of two and not the smallest.":
        lambda *args: 2 ** int(np.ceil(np.log2(steps_enough(*args)))),
    "you stop when a step changes little; a slow chain changes little far from p. Compare with the "
    "exact gradient.": lambda *args: slip(error=change_in_a_step, first=0)(*args) + 1,
    "k is at least 1: a chain that has not moved gives no gradient.": slip(first=0),
    "you add up the sizes of the entries; each on its own has to be within the tolerance.":
        looking_at(lambda parts: sum(np.abs(part).sum() for part in parts)),
    "you compare the Euclidean length of the bias with the tolerance; the largest entry counts.":
        looking_at(lambda parts: np.sqrt(sum((part**2).sum() for part in parts))),
}  # fmt: skip

EXERCISE = exercise(__doc__, steps_enough, cases, MISTAKES)
