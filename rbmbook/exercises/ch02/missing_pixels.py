"""Exercise 02.2: a sample of the missing pixels given the hidden units."""

import numpy as np

from ..exercise import exercise
from ..machines import random_machine, random_states_first_on
from ..mistakes import averaged, complement, negated, slips_of
from ..numerics import sigmoid

FORMULA = "The input of visible unit i is a_i + Σ_j W_ij h_j."


def below_sigmoid(x, noise):
    """1 where the noise is below σ(x), which has probability σ(x)."""
    return (noise < sigmoid(x)) * 1.0


def draw_missing(v, known, h, W, a, noise, *, draw=below_sigmoid, put=np.where):
    """v where known, else 1 where noise < σ(a_i + Σ_j W_ij h_j) and 0 where not."""
    return put(known == 1, v, draw(h @ W.T + a, noise))


def cases(rng):
    for n, n_visible, n_hidden in [(40, 4, 4), (50, 6, 2), (30, 3, 5)]:
        W, a, _ = random_machine(rng, n_visible, n_hidden)
        known = (np.arange(n_visible) % 3 == 0).astype(np.float64)
        v, h = random_states_first_on(rng, n, n_visible), random_states_first_on(rng, n, n_hidden)
        yield v, known, h, W, a, rng.random((n, n_visible))


def hint(args, received, expected):
    """Which pixels are wrong: known ones, or missing ones."""
    v, known, *_ = args
    wrong, there = np.asarray(received) != expected, np.broadcast_to(known == 1, v.shape)
    if wrong[there].any():
        t, i = np.argwhere(wrong & there)[0]
        return (
            f"`known` is 1 at pixel {i}, which is {v[t, i]:g} in row {t} of `v`, and you return "
            f"{received[t, i]:g}: known pixels stay as they are."
        )
    if not np.isin(received, (0, 1)).all():
        return "the missing pixels are not all 0 or 1: a sample is."
    return (
        f"the known pixels are right, and the missing ones are 0 or 1, but {wrong.sum()} of "
        f"{(~there).sum()} are not what the given `noise` makes of (2.7). Do you draw noise of "
        "your own? If not, look at the input, a_i + Σ_j W_ij h_j: is a sign or a unit wrong?"
    )


slip = slips_of(draw_missing)

MISTAKES = {
    "you draw the known pixels as well. Where `known` is 1, the picture stays as it is.":
        slip(put=lambda known, v, drawn: drawn),
    "you draw the pixels that are known and keep those that are missing.": slip(known=complement),
    "the known pixels are 0 in your answer. They stay as they are in `v`.":
        slip(put=lambda known, v, drawn: np.where(known, 0.0, drawn)),
    "you return the picture unchanged.": slip(put=lambda known, v, drawn: v),
    "the comparison is the wrong way round: your unit is on with probability 1 − p. The noise lies "
    "*below* p with probability p.": slip(draw=lambda x, noise: 1 - below_sigmoid(x, noise)),
    "for the missing pixels you return probabilities. A sample is 0 or 1: compare them with the "
    "noise.": slip(draw=lambda x, noise: sigmoid(x)),
    "you return the likelier value of each missing pixel and ignore the noise: no sample, but a "
    "rounding.": slip(draw=lambda x, noise: (x > 0) * 1.0),
    "the sign of the input is flipped: the sigmoid is 1 / (1 + exp(−input)).":
        slip(W=negated, a=negated),
    "you use 1 − h: the weights of the hidden units that are *on* count.": slip(h=complement),
    "you average h over the batch. Each picture has its own hidden state.": slip(h=averaged),
    "the input does not depend on the pixel drawn: by (2.7) only on h. You add `v`.":
        lambda v, known, h, W, a, noise: draw_missing(v, known, h, W, a + v, noise),
    "a pixel that is off is 0, not −1.":
        slip(draw=lambda x, noise: 2 * below_sigmoid(x, noise) - 1),
    "you compare log(noise) with the input. The noise is below σ(y) exactly if "
    "log(noise / (1 − noise)) is below y.": slip(draw=lambda x, noise: (np.log(noise) < x) * 1.0),
    "you multiply the picture, the mask and the sample. Take `v` where known, the sample where "
    "not: `np.where`.": slip(put=lambda known, v, drawn: v * known * drawn),
    "the transpose is missing: in `h @ W` the hidden units meet the rows of W, which belong to the "
    "visible units. Downwards it is `h @ W.T`.": slip(W=np.transpose),
    "you compare the noise with the input itself. The input can be any number; its sigmoid is the "
    "probability.": slip(draw=lambda x, noise: (noise < x) * 1.0),
    "the visible bias stands outside the sigmoid. It is a part of the input.":
        lambda v, known, h, W, a, noise: np.where(known == 1, v, noise < sigmoid(h @ W.T) + a),
    "you compare 1 − noise with p. That is a sample, too, but another one: on where the noise "
    "itself is below p.": slip(noise=complement),
    "you add the drawn pixels to what `v` holds at the missing ones. Replace it.":
        slip(put=lambda known, v, drawn: v + (1 - known) * drawn),
    "the missing pixels are 0 in your answer. Draw them.": slip(draw=lambda x, noise: 0 * noise),
}  # fmt: skip

EXERCISE = exercise(__doc__, draw_missing, cases, MISTAKES, FORMULA, hint=hint)
