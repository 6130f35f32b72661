"""Exercise 02.2: missing pixels, drawn by going back and forth with the known ones held."""

import numpy as np

from ..exercise import exercise
from ..machines import random_machine, random_states_first_on
from ..mistakes import Ways, complement, missing, negated, slips_of
from ..numerics import sigmoid

FORMULA = "The inputs are x = v W + b on the way up, and y = h Wᵀ + a on the way down."


def below_sigmoid(x, noise):
    """1 where the noise is below σ(x), which has probability σ(x)."""
    return (noise < sigmoid(x)) * 1.0


def down(h, W, a):
    """The inputs of the visible units."""
    return h @ W.T + a


def own(trip, v, start):
    """The pictures with which a trip begins: those that the last trip left."""
    return v


def repair(
    v, known, W, a, b, noise_h, noise_v,
    *, up=below_sigmoid, draw=below_sigmoid, inputs=down, put=np.where, begin=own,
    last=lambda known, start, v: v,
):  # fmt: skip
    """v after a trip for each entry of the noise, the pixels where known is 1 held."""
    start = v
    for trip in range(len(noise_h)):
        v = begin(trip, v, start)
        h = up(v @ W + b, noise_h[trip])
        v = put(known == 1, v, draw(inputs(h, W, a), noise_v[trip]))
    return last(known == 1, start, v)


def cases(rng):
    for n, n_visible, n_hidden, trips in [(30, 3, 5, 1), (40, 4, 4, 3), (50, 6, 2, 4)]:
        W, a, b = random_machine(rng, n_visible, n_hidden, 2)
        known = (np.arange(n_visible) % 3 == 0).astype(np.float64)
        v = random_states_first_on(rng, n, n_visible)
        v[1] = known  # a picture in which only known pixels are on
        noise = rng.random((trips, n, n_hidden)), rng.random((trips, n, n_visible))
        yield v, known, W, a, b, *noise


def hint(args, received, expected):
    """Which pixels are wrong: known ones, or missing ones; after one trip, or only after more."""
    v, known, *_, noise_v = args
    wrong, there = np.asarray(received) != expected, np.broadcast_to(known == 1, v.shape)
    if wrong[there].any():
        t, i = np.argwhere(wrong & there)[0]
        return (
            f"`known` is 1 at pixel {i}, which is {v[t, i]:g} in row {t} of `v`, and you return "
            f"{received[t, i]:g}: known pixels stay as they are."
        )
    if not np.isin(received, (0, 1)).all():
        return "the missing pixels are not all 0 or 1: a sample is."
    if len(noise_v) > 1:
        return (
            "one trip is right, several are not. Does each trip begin with the pictures that the "
            "last one left, known pixels in their place, and use its own noise, `noise_h[t]` and "
            "`noise_v[t]`?"
        )
    return (
        f"the known pixels are right, and the missing ones are 0 or 1, but {wrong.sum()} of "
        f"{(~there).sum()} are not what the given noise makes of (2.4) and (2.7). Draw h from all "
        "pixels with `noise_h[t]`, then the missing pixels from h with `noise_v[t]`."
    )


slip = slips_of(repair)


def always_drawn(known, v, drawn):
    """Nothing is held."""
    return drawn


def first_noise(v, known, W, a, b, noise_h, noise_v):
    """The noise of the first trip in all of them."""
    same = (np.broadcast_to(noise[:1], noise.shape) for noise in (noise_h, noise_v))
    return repair(v, known, W, a, b, *same)


def down_first(v, known, W, a, b, noise_h, noise_v):
    """Hidden units of probability ½ to begin with, and then down and up."""
    h = (noise_h[0] < 0.5) * 1.0
    for trip in range(len(noise_h)):
        v = np.where(known == 1, v, below_sigmoid(down(h, W, a), noise_v[trip]))
        h = below_sigmoid(v @ W + b, noise_h[trip])
    return v


def hidden_once(v, known, W, a, b, noise_h, noise_v):
    """The hidden units of the first trip in all of them."""
    h = below_sigmoid(v @ W + b, noise_h[0])
    return np.where(known == 1, v, below_sigmoid(down(h, W, a), noise_v[-1]))


def lost_are_off(v, known, W, a, b, noise_h, noise_v):
    """The hidden units see the known pixels alone."""
    for trip in range(len(noise_h)):
        h = below_sigmoid((v * known) @ W + b, noise_h[trip])
        v = np.where(known == 1, v, below_sigmoid(down(h, W, a), noise_v[trip]))
    return v


def means_at_the_end(v, known, W, a, b, noise_h, noise_v):
    """Samples in all trips but the last, whose pixels are probabilities."""
    v = repair(v, known, W, a, b, noise_h[:-1], noise_v[:-1])
    h = below_sigmoid(v @ W + b, noise_h[-1])
    return np.where(known == 1, v, sigmoid(down(h, W, a)))


def bias_outside(v, known, W, a, b, noise_h, noise_v):
    """P(v_i = 1 | h) taken for σ(Σ_j W_ij h_j) + a_i."""
    wrong = slip(draw=lambda x, noise: (noise < sigmoid(x - a) + a) * 1.0)
    return wrong(v, known, W, a, b, noise_h, noise_v)


def likelier(x, noise):
    """The likelier value, whatever the noise."""
    return (x > 0) * 1.0


def above(x, noise):
    """1 where the noise is above σ(x)."""
    return 1 - below_sigmoid(x, noise)


MISTAKES = {
    "you put the known pixels back after the last trip only. In the trips before it they are "
    "drawn, so from the second trip on h has forgotten them. Hold them in every trip.":
        slip(put=always_drawn, last=lambda known, start, v: np.where(known, start, v)),
    "you draw the known pixels as well. Where `known` is 1, the picture stays as it is.":
        slip(put=always_drawn),
    "you draw the pixels that are known and keep those that are missing.": slip(known=complement),
    "every trip begins with the pictures of the start, so that only the last trip counts. Each "
    "begins with what the last one left.": slip(begin=lambda trip, v, start: start),
    "the hidden units are drawn once, before the first trip. They are drawn anew in every trip, "
    "from the pictures as they are by then.": hidden_once,
    "all trips use the noise of the first one. Trip t has its own, `noise_h[t]` and "
    "`noise_v[t]`.": first_noise,
    "that is the picture after the first trip. Make one trip for each entry of the noise.":
        lambda v, known, W, a, b, noise_h, noise_v:
            repair(v, known, W, a, b, noise_h[:1], noise_v[:1]),
    "you send the *probabilities* of the hidden units down. A mean is not a sample: compare them "
    "with `noise_h[t]` first.": slip(up=lambda x, noise: sigmoid(x)),
    "on the way up you switch the missing pixels off. Unknown is not off: h is drawn from the "
    "whole picture, with what the missing pixels hold.":
        lost_are_off,
    "the missing pixels of the result are probabilities. A sample is 0 or 1: compare them with "
    "the noise.": Ways(slip(draw=lambda x, noise: sigmoid(x)), means_at_the_end),
    "you take the likelier value of every unit and ignore the noise: no sample, but a rounding.":
        slip(up=likelier, draw=likelier),
    "you take the likelier value of every hidden unit and ignore `noise_h`: no sample, but a "
    "rounding.": slip(up=likelier),
    "you take the likelier value of every missing pixel and ignore `noise_v`: no sample, but a "
    "rounding.": slip(draw=likelier),
    "the comparison is the wrong way round: your units are on with probability 1 − p. The noise "
    "lies *below* p with probability p.": slip(up=above, draw=above),
    "the comparison is the wrong way round on the way up: your hidden units are on with "
    "probability 1 − p.": slip(up=above),
    "the comparison is the wrong way round on the way down: your pixels are on with probability "
    "1 − p.": slip(draw=above),
    "a trip begins with the pictures: first h from v, then the missing pixels from h. You go down "
    "first.": down_first,
    "the transpose is missing on the way down: in `h @ W` the hidden units meet the rows of W, "
    "which belong to the visible units. It is `h @ W.T`.":
        slip(inputs=lambda h, W, a: h @ W + a),
    "the visible bias stands outside the sigmoid. It is a part of the input.":
        bias_outside,
    "you compare the noise with the inputs themselves. An input can be any number; its sigmoid is "
    "the probability.":
        slip(up=lambda x, noise: (noise < x) * 1.0, draw=lambda x, noise: (noise < x) * 1.0),
    "you compare log(noise) with the inputs. The noise is below σ(x) exactly if "
    "log(noise / (1 − noise)) is below x.":
        slip(up=lambda x, noise: (np.log(noise) < x) * 1.0,
             draw=lambda x, noise: (np.log(noise) < x) * 1.0),
    "the signs of all inputs are flipped: the sigmoid is 1 / (1 + exp(−input)).":
        slip(W=negated, a=negated, b=negated),
    "you add the drawn pixels to what the missing ones held. Replace it.":
        slip(put=lambda known, v, drawn: np.where(known, v, v + drawn)),
    "a pixel that is off is 0, not −1.":
        slip(draw=lambda x, noise: 2 * below_sigmoid(x, noise) - 1),
    "you return the pictures unchanged.": slip(noise_h=lambda x: x[:0]),
    "the missing pixels are 0 in your answer. Draw them.": slip(draw=lambda x, noise: missing(x)),
    "the known pixels are 0 in your answer. They stay as they are in `v`.":
        slip(last=lambda known, start, v: np.where(known, 0.0, v)),
}  # fmt: skip

EXERCISE = exercise(__doc__, repair, cases, MISTAKES, FORMULA, hint=hint)
