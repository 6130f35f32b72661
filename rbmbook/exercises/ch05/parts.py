"""Exercise 05.4: a machine that falls into parts."""

import numpy as np

from ..exercise import exercise
from ..machines import all_states, random_machine
from ..mistakes import NEGATED, Ways, changed, in_terms_of, missing, negated
from ..numerics import log_sum_exp, softplus
from .hidden_states import log_partition, minus_g


def log_partition_of_parts(parts):
    """log Z of a machine that falls into parts without lines between them: the sum of theirs."""
    return sum(log_partition(*part) for part in parts)


def cases(rng):
    for sizes in [((2, 1), (1, 2)), ((3, 2),), ((2, 2), (2, 1), (3, 2)), ((1, 1),) * 4]:
        yield ([random_machine(rng, *size) for size in sizes],)
    yield ([random_machine(rng, 2, 2, 500), random_machine(rng, 2, 1, 500)],)


of_each = in_terms_of(lambda parts: (np.array([log_partition(*part) for part in parts]),))


def in_each(**changes):
    """log Z of every part with a parameter changed."""
    other = changed(log_partition, **changes)
    return lambda parts: sum(other(*part) for part in parts)


def partition_functions(parts):
    """Z of each part, as it is."""
    return [np.exp(minus_g(all_states(len(b)), W, a, b)).sum() for W, a, b in parts]


MISTAKES = {
    "you multiply the logarithms; the partition functions multiply, so their logarithms add.":
        of_each(np.prod),
    "you add the partition functions: a state of the whole is a state of *each* part, so they "
    "multiply.": of_each(log_sum_exp),
    "the visible biases have no effect on your answer: each part's log Z needs them.":
        in_each(a=missing),
    "the hidden biases have no effect on your answer: each part's log Z needs them.":
        in_each(b=missing),
    "all signs are reversed: Z is the sum of exp(−E), with −E = aᵀv + bᵀh + vᵀWh.":
        in_each(**NEGATED),
    "the weights have no effect on your answer: each part's log Z needs them.": in_each(W=missing),
    "the weights have the wrong sign: −E = aᵀv + bᵀh + vᵀWh.": in_each(W=negated),
    "you count the states in which all hidden units are off; Z sums over the hidden states, too.":
        lambda parts: sum(softplus(a).sum() for _, a, _ in parts),
    "this is the logarithm of the *mean* Boltzmann factor; Z is their sum.":
        lambda parts: sum(log_partition(*part) - np.log(2) * sum(part[0].shape) for part in parts),
    "the number of parts does not belong here: log Z is the sum of the parts' log Z, and nothing "
    "else.": of_each(lambda logs: logs.sum() + np.log(len(logs))),
    "this is the mean over the parts; their logarithms add.": of_each(np.mean),
    "only the largest part is counted; the others have states too.": of_each(np.max),
    "only the first part is counted.": of_each(lambda logs: logs[0]),
    "right for small parameters, but for large ones Z does not fit in a float64. Take the largest "
    "exponent out of the sum before exponentiating.":
        Ways(
            lambda parts: np.log(partition_functions(parts)).sum(),
            lambda parts: np.log(np.prod(partition_functions(parts))),
        ),
}  # fmt: skip

EXERCISE = exercise(__doc__, log_partition_of_parts, cases, MISTAKES)
