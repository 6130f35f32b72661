"""Exercise 18.3: how many workers are best?"""

import numpy as np

from ..exercise import exercise
from ..mistakes import slips_of

FORMULA = (
    "T(1) = compute and T(P) = compute / P + latency + P · exchange for P > 1; the whole P from 1 "
    "to most with the smallest T."
)


def update_time(P, compute, latency, exchange):
    """(18.4) with a coordinator; a single worker needs no messages."""
    return compute if P == 1 else compute / P + latency + P * exchange


def all_workers(compute, exchange, most):
    return range(1, most + 1)


def best_workers(
    compute, latency, exchange, most, *, time=update_time, tried=all_workers,
    told=lambda P, T, compute: T,
):  # fmt: skip
    """The number of workers with the shortest update, and its time."""
    times = {P: time(P, compute, latency, exchange) for P in tried(compute, exchange, most)}
    P = min(times, key=times.__getitem__)
    return P, float(told(P, times[P], compute))


def cases(rng):
    yield 16.0, 0.5, 1.0, 100  # √16 = 4
    yield 6.1, 0.1, 1.0, 100  # √6.1 is nearer to 2, but 3 are faster
    yield 5.9, 0.1, 1.0, 100  # 2
    yield 100.0, 1.0, 0.001, 64  # √100,000 = 316, but there are 64
    yield 3.0, 5.0, 0.01, 100  # the latency alone is more than the whole
    yield 2.0, 0.0, 1.5, 10
    for _ in range(4):
        compute = float(rng.uniform(50, 500))
        yield compute, float(rng.uniform(0.5, 5)), float(rng.uniform(0.1, 2)), 1000


slip = slips_of(best_workers)


def bounded(P, most):
    return (int(min(max(P, 1), most)),)


def ideal(compute, exchange):
    return np.sqrt(compute / exchange)


def single_pays(P, compute, latency, exchange):
    return compute / P + latency + P * exchange


MISTAKES = {
    "all workers that there are: each of them adds P · exchange, and beyond some P that costs more "
    "than it saves.": slip(tried=lambda c, x, most: (most,)),
    "P: more than there are.": slip(tried=lambda c, x, most: range(1, 2000)),
    "the latency is left out. It does not move the best P among several workers, but it may be "
    "more than they save: compare with T(1).":
        slip(time=lambda P, c, latency, x: c / P + (P > 1) * P * x),
    "a single worker is never tried. It sends no messages, and may be the fastest.":
        slip(tried=lambda c, x, most: range(2, most + 1)),
    "a single worker pays for messages that nobody has to send: T(1) = compute.":
        slip(time=single_pays),
    "a single worker is spared the latency, but still pays one exchange: T(1) = compute.":
        slip(time=lambda P, c, latency, x: c / P + (P > 1) * latency + P * x),
    "the exchange does not grow with P: the coordinator sends and receives P times.":
        slip(time=lambda P, c, latency, x: c / P + (P > 1) * (latency + x)),
    "the latency grows with P in your formula; the messages are under way together.":
        slip(time=lambda P, c, latency, x: c / P + (P > 1) * P * (latency + x)),
    "the compute is not shared among the workers: compute / P.":
        slip(time=lambda P, c, latency, x: c + (P > 1) * (latency + P * x)),
    "√(compute / exchange), rounded down, is not always the best whole number: try its two "
    "neighbours, and T(1).":
        slip(tried=lambda c, x, most: bounded(np.floor(ideal(c, x)), most)),
    "√(compute / exchange), rounded up, is not always the best whole number: try its two "
    "neighbours, and T(1).":
        slip(tried=lambda c, x, most: bounded(np.ceil(ideal(c, x)), most)),
    "√(compute / exchange), rounded, is not always the best whole number: try its two neighbours, "
    "and T(1).": slip(tried=lambda c, x, most: bounded(np.round(ideal(c, x)), most)),
    "√(compute / exchange), rounded, is not always the best whole number: it may lie between two "
    "whole numbers of which the farther one is better.":
        slip(tried=lambda c, x, most: {1, *bounded(np.round(ideal(c, x)), most)}),
    "P: this is where the derivative is zero; a number of workers is whole.":
        lambda c, latency, x, most: (float(ideal(c, x)), single_pays(ideal(c, x), c, latency, x)),
    "time: this is the speed-up, T(1) / T(P); the time T(P) is asked for.":
        slip(told=lambda P, T, compute: compute / T),
    "time: this is the part that the workers compute; add the latency and the exchange.":
        slip(told=lambda P, T, compute: compute / P),
}  # fmt: skip

OPTIONS = {"parts": ("P", "time")}
EXERCISE = exercise(__doc__, best_workers, cases, MISTAKES, FORMULA, **OPTIONS)
