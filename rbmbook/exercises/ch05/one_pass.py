"""Exercise 05.2: a weighted average in one pass."""

import numpy as np

from ..exercise import exercise
from ..mistakes import in_terms_of, slips_of
from ..numerics import log_sum_exp


def running_average(
    blocks, *, start=lambda blocks: -np.inf, peak_of=lambda peak, x: max(peak, x.max()),
    keep_total=np.exp, keep_product=np.exp, late=False,
):  # fmt: skip
    """Σ exp(x) f / Σ exp(x) over all numbers of all blocks (x, f), one block at a time."""
    peak, total, product = start(blocks), 0.0, 0.0
    for x, f in blocks:
        new = peak_of(peak, x)
        share = np.exp(x - (peak if late else new))
        total = total * keep_total(peak - new) + share.sum()
        product = product * keep_product(peak - new) + share @ f
        peak = new
    return product / total


def cases(rng):
    def block(n, shift):
        return shift + rng.standard_normal(n), rng.standard_normal(n)

    yield ([block(3, 0), block(2, 2), block(4, 0)],)
    yield ([(np.array([0.5]), np.array([1.0])), (np.array([-1.0, 3.0]), np.array([0.0, 1.0]))],)
    yield ([block(5, -2000), block(5, -1998)],)
    yield ([block(3, shift) for shift in (900.0, 1700.0, 1701.0, 800.0)],)
    # Within one block, too, the exponents can lie too far apart for any shift but the largest.
    wide = np.array([-800.0, 0.0, 799.0, 800.0])
    yield ([(wide[:2], np.array([1.0, 3.0])), (wide, rng.standard_normal(4)), block(2, 799)],)


slip = slips_of(running_average)


def first_peak(blocks):
    return blocks[0][0].max()


def one(x):
    return 1.0


def none(x):
    return 0.0


def keeping(total, product):
    """The sums so far kept in some wrong way when a block comes."""
    return slip(start=first_peak, keep_total=total, keep_product=product)


def averages(blocks):
    """The average of each block."""
    return np.array([running_average([block]) for block in blocks])


of_all = in_terms_of(lambda blocks: [np.concatenate(part) for part in zip(*blocks, strict=True)])
of_averages = in_terms_of(lambda blocks: (averages(blocks),))


def sums_multiplied(blocks):
    peak = max(x.max() for x, _ in blocks)
    sums = np.array([(np.exp(x - peak).sum(), f.sum()) for x, f in blocks])
    return sums.prod(axis=1).sum() / sums[:, 0].sum()


MISTAKES = {
    "a new maximum rescales only one of your two sums. Both are kept divided by e^m: multiply the "
    "sum of e^x·f, too, by exp(old maximum − new maximum).": keeping(np.exp, one),
    "a new maximum rescales only one of your two sums. Both are kept divided by e^m: multiply the "
    "sum of e^x, too, by exp(old maximum − new maximum).": keeping(one, np.exp),
    "when a block brings a new maximum, what has been summed so far must be rescaled: multiply "
    "both sums by exp(old maximum − new maximum).": keeping(one, one),
    "an exponential overflows. Subtract the largest exponent *so far*: not none, and not the first "
    "block's for good; both sums are rescaled when it grows.":
        slip(start=first_peak, peak_of=lambda peak, x: peak),
    "the largest exponent so far starts at 0 in your answer. Where all exponents are far below 0, "
    "every e^(x − 0) vanishes and 0/0 is left: start with −∞.": slip(start=lambda blocks: 0.0),
    "each block is divided by e to its *own* largest exponent, so the blocks are on different "
    "scales; rescale both sums when a block brings a new maximum.":
        slip(peak_of=lambda peak, x: x.max(), keep_total=one, keep_product=one),
    "the new block's terms are divided by e^m with the old m, the sums so far brought to the new "
    "one: use m' for both.": slip(start=first_peak, late=True),
    "the sum of e^x·f starts anew at every block; keep it running like the sum of e^x.":
        keeping(np.exp, none),
    "the sum of e^x starts anew at every block; keep it running like the sum of e^x·f.":
        keeping(none, np.exp),
    "you multiply the sum of e^x by the sum of f; each f goes with its own e^x: Σ e^x·f.":
        sums_multiplied,
    "what has been summed so far is rescaled the wrong way: the factor is exp(old maximum − new "
    "maximum), which is at most 1.": keeping(lambda x: np.exp(-x), lambda x: np.exp(-x)),
    "all f count equally in your average; the weight of each is e^x.":
        of_all(lambda x, f: f.mean()),
    "you average the blocks' averages as if all blocks had the same weight; a block counts by its "
    "share of Σ e^x.": of_averages(np.mean),
    "you add the blocks' averages; add the sums e^x·f and e^x instead, and divide once, at the "
    "end.": of_averages(np.sum),
    "only the last block is there; keep running sums.": lambda blocks: averages(blocks)[-1],
    "only the first block is there; is a `return` indented too far?":
        lambda blocks: averages(blocks)[0],
    "the sum of all f is not divided by anything, and all f count equally; weigh them by e^x and "
    "divide by the sum of e^x.": of_all(lambda x, f: f.sum()),
    "x and f are exchanged: each block is a pair (x, f), exponents first.":
        of_all(lambda x, f: running_average([(f, x)])),
    "you divide by the number of blocks or of values, too; the sum of e^x is all there is to "
    "divide by.": lambda blocks: running_average(blocks) / len(blocks),
    "this is the f of the largest x alone; the others have weights, too.":
        of_all(lambda x, f: f[x.argmax()]),
    "the sum of e^x·f is not divided by the sum of e^x.":
        of_all(lambda x, f: np.exp(x - x.max()) @ f),
    "the weights are x in your average; they are e^x.": of_all(lambda x, f: x @ f / x.sum()),
    "the weights are e^(−x) in your average; they are e^x.":
        of_all(lambda x, f: running_average([(-x, f)])),
    "you return the sum of e^x, or its logarithm, not the average of f.":
        of_all(lambda x, f: log_sum_exp(x)),
}  # fmt: skip

EXERCISE = exercise(__doc__, running_average, cases, MISTAKES)
