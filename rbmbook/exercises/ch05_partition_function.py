"""Exercises of chapter 05, The partition function: one layer, and machines that fall apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.random import Generator

from .exercise import Exercise
from .machines import all_states, random_machine
from .mistakes import Ways


def _log_sum_exp(x):
    return x.max() + np.log(np.exp(x - x.max()).sum())


# -- 05.1 ----------------------------------------------------------------------------------------
def _minus_g(h, W, a, b):
    """−G(h) of each row, the visible layer summed in closed form."""
    return h @ b + np.logaddexp(0, h @ W.T + a).sum(axis=1)


def _as_exponent(exponent):
    """log p(h) if −G(h) is taken to be b·h plus some other function of the visible inputs."""

    def answer(h, W, a, b):
        def minus_g(h):
            return h @ b + exponent(h @ W.T + a)

        return minus_g(h) - _log_sum_exp(minus_g(all_states(len(b))))

    return answer


def log_partition(W, a, b):
    """log Z = log Σ_h exp(−G(h))."""
    return _log_sum_exp(_minus_g(all_states(len(b)), W, a, b))


def log_hidden(h, W, a, b):
    """log p(h) = −G(h) − log Z of each row of h."""
    return _minus_g(h, W, a, b) - log_partition(W, a, b)


def _hidden_cases(rng: Generator) -> Iterator[tuple]:
    for n, n_visible, n_hidden, scale in [
        (3, 2, 1, 1),
        (5, 3, 4, 1),
        (4, 3, 3, 1),
        (6, 12, 6, 1),
        (4, 4, 3, 400),
    ]:
        h = rng.integers(0, 2, size=(n, n_hidden)).astype(np.float64)
        yield (h, *random_machine(rng, n_visible, n_hidden, scale))


HIDDEN = Exercise(
    name="05.1",
    title="The log-probability of hidden states",
    reference=log_hidden,
    cases=_hidden_cases,
    mistakes={
        "log Z is missing: −G(h) is the logarithm of an unnormalised probability.": _minus_g,
        "you add log Z; p(h) = exp(−G(h)) / Z, and the logarithm of a quotient is a difference.": (
            lambda h, W, a, b: _minus_g(h, W, a, b) + log_partition(W, a, b)
        ),
        "the sign of G(h) is wrong: log p(h) = −G(h) − log Z.": lambda h, W, a, b: (
            -_minus_g(h, W, a, b) - log_partition(W, a, b)
        ),
        "the sign is flipped: this is −log p(h).": lambda h, W, a, b: -log_hidden(h, W, a, b),
        "log Z is the logarithm of Σ_h exp(+G(h)) here; the exponent is −G(h).": (
            lambda h, W, a, b: (
                _minus_g(h, W, a, b) - _log_sum_exp(-_minus_g(all_states(len(b)), W, a, b))
            )
        ),
        "Z is summed over the given rows only. It runs over all 2^H hidden states.": (
            lambda h, W, a, b: _minus_g(h, W, a, b) - _log_sum_exp(_minus_g(h, W, a, b))
        ),
        "G(h) has the wrong sign, at the given rows and in Z: p(h) is largest where G is lowest.": (
            lambda h, W, a, b: (
                -_minus_g(h, W, a, b) - _log_sum_exp(-_minus_g(all_states(len(b)), W, a, b))
            )
        ),
        "log Z is the logarithm of a *sum* over all hidden states; you subtract the largest "
        "exponent alone.": lambda h, W, a, b: (
            _minus_g(h, W, a, b) - _minus_g(all_states(len(b)), W, a, b).max()
        ),
        "the softplus is missing: summing v_i over 0 and 1 turns e^(v_i y_i) into 1 + e^(y_i), "
        "whose logarithm is softplus(y_i).": _as_exponent(lambda y: y.sum(axis=1)),
        "you have the sigmoid of the inputs in G(h); there stands the softplus, log(1 + e^y).": (
            _as_exponent(lambda y: np.exp(-np.logaddexp(0, -y)).sum(axis=1))
        ),
        "max(0, y) is what the softplus is near for large |y| only; it is log(1 + e^y).": (
            _as_exponent(lambda y: np.maximum(0, y).sum(axis=1))
        ),
        "you take the softplus of the summed inputs; each visible unit has its own, "
        "Σ_i softplus(y_i).": _as_exponent(lambda y: np.logaddexp(0, y.sum(axis=1))),
        "the softplus functions are summed over all rows of h together; sum over the visible units "
        "of each row.": lambda h, W, a, b: (
            h @ b + np.logaddexp(0, h @ W.T + a).sum() - log_partition(W, a, b)
        ),
        "the hidden bias is missing in Z; −G(h) has the term bᵀh there, too.": (
            lambda h, W, a, b: _minus_g(h, W, a, b) - log_partition(W, a, 0 * b)
        ),
        "the visible bias is missing in Z; the input of visible unit i has a_i there, too.": (
            lambda h, W, a, b: _minus_g(h, W, a, b) - log_partition(W, 0 * a, b)
        ),
        "the hidden bias is missing: −G(h) also has the term bᵀh.": lambda h, W, a, b: log_hidden(
            h, W, a, 0 * b
        ),
        "the visible bias is missing: the input of visible unit i is a_i + Σ_j W_ij h_j.": (
            lambda h, W, a, b: log_hidden(h, W, 0 * a, b)
        ),
        "all signs are reversed in your exponent: −G(h) is +bᵀh plus the softplus of "
        "+a_i + Σ_j W_ij h_j.": lambda h, W, a, b: log_hidden(h, -W, -a, -b),
        "the sum over the visible units is missing at the given rows: −G(h) is bᵀh *plus* "
        "Σ_i softplus(a_i + Σ_j W_ij h_j).": lambda h, W, a, b: h @ b - log_partition(W, a, b),
        "the weights have no effect on your answer: it is right only for W = 0.": (
            lambda h, W, a, b: log_hidden(h, 0 * W, a, b)
        ),
        "`W` is transposed: Σ_j W_ij h_j sums over the *second* index, which for a batch of rows "
        "is `h @ W.T`.": lambda h, W, a, b: log_hidden(h, W.T, a, b),
        "these are probabilities; their logarithms are asked for.": lambda h, W, a, b: np.exp(
            log_hidden(h, W, a, b)
        ),
        "you return the mean over the rows; one number for each row is asked for.": (
            lambda h, W, a, b: log_hidden(h, W, a, b).mean()
        ),
        "you return log Z alone; one number for each row of h is asked for.": (
            lambda h, W, a, b: log_partition(W, a, b)
        ),
        "these are bits, from logarithms to base 2; nats are asked for, natural logarithms.": (
            lambda h, W, a, b: log_hidden(h, W, a, b) / np.log(2)
        ),
        "in place of Z you have the mean over the hidden states; Z is their sum.": (
            lambda h, W, a, b: log_hidden(h, W, a, b) + len(b) * np.log(2)
        ),
    },
)


# -- 05.4 ----------------------------------------------------------------------------------------
def log_partition_of_parts(parts):
    """log Z of a machine that falls into parts without lines between them: the sum of theirs."""
    return sum(log_partition(*part) for part in parts)


def _parts_cases(rng: Generator) -> Iterator[tuple]:
    for sizes in [((2, 1), (1, 2)), ((3, 2),), ((2, 2), (2, 1), (3, 2)), ((1, 1),) * 4]:
        yield ([random_machine(rng, *size) for size in sizes],)
    yield ([random_machine(rng, 2, 2, 500), random_machine(rng, 2, 1, 500)],)


def _sum_of_factors(W, a, b):
    return np.exp(_minus_g(all_states(len(b)), W, a, b)).sum()


def _each(parts):
    return np.array([log_partition(*part) for part in parts])


PARTS = Exercise(
    name="05.4",
    title="A machine that falls into parts",
    reference=log_partition_of_parts,
    cases=_parts_cases,
    mistakes={
        "you multiply the logarithms; the partition functions multiply, so their logarithms "
        "add.": lambda parts: np.prod(_each(parts)),
        "you add the partition functions: a state of the whole is a state of *each* part, so "
        "they multiply.": lambda parts: _log_sum_exp(_each(parts)),
        "the visible biases have no effect on your answer: each part's log Z needs them.": (
            lambda parts: sum(log_partition(W, 0 * a, b) for W, a, b in parts)
        ),
        "the hidden biases have no effect on your answer: each part's log Z needs them.": (
            lambda parts: sum(log_partition(W, a, 0 * b) for W, a, b in parts)
        ),
        "all signs are reversed: Z is the sum of exp(−E), with −E = aᵀv + bᵀh + vᵀWh.": (
            lambda parts: sum(log_partition(-W, -a, -b) for W, a, b in parts)
        ),
        "this is Z of the whole; its logarithm is asked for, the sum of the parts' log Z.": (
            lambda parts: np.exp(_each(parts).sum())
        ),
        "the weights have no effect on your answer: each part's log Z needs them.": (
            lambda parts: sum(log_partition(0 * W, a, b) for W, a, b in parts)
        ),
        "the weights have the wrong sign: −E = aᵀv + bᵀh + vᵀWh.": lambda parts: sum(
            log_partition(-W, a, b) for W, a, b in parts
        ),
        "you count the states in which all hidden units are off; Z sums over the hidden states, "
        "too.": lambda parts: sum(np.logaddexp(0, a).sum() for _, a, _ in parts),
        "this is the logarithm of the *mean* Boltzmann factor; Z is their sum.": lambda parts: sum(
            log_partition(W, a, b) - np.log(2) * (len(a) + len(b)) for W, a, b in parts
        ),
        "the number of parts comes in where nothing asks for it: log Z is the sum of the parts' "
        "log Z, no more.": lambda parts: _each(parts).sum() + np.log(len(parts)),
        "these are bits, from logarithms to base 2; nats are asked for, natural logarithms.": (
            lambda parts: _each(parts).sum() / np.log(2)
        ),
        "this is the mean over the parts; their logarithms add.": lambda parts: np.mean(
            _each(parts)
        ),
        "only the largest part is counted; the others have states too.": lambda parts: _each(
            parts
        ).max(),
        "only the first part is counted.": lambda parts: _each(parts)[0],
        "you return one number for each part; what is log Z of the whole machine?": _each,
        "right for small parameters, but for large ones Z does not fit in a float64. Take the "
        "largest exponent out of the sum before exponentiating.": Ways(
            lambda parts: sum(np.log(_sum_of_factors(*part)) for part in parts),
            lambda parts: np.log(np.prod([_sum_of_factors(*part) for part in parts])),
        ),
    },
)

EXERCISES = [HIDDEN, PARTS]
