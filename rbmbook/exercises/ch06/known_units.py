"""Exercise 06.1: a step of block Gibbs sampling with known units."""

import numpy as np
from numpy.random import default_rng

from ..exercise import exercise
from ..machines import machine_in_eighths, random_states
from ..mistakes import Ways, slips_of
from ..numerics import draw, sigmoid

FORMULA = "The inputs are v W + b on the way up, and h Wᵀ + a on the way down."


def drawn(x, rng):
    """Each unit on with probability σ(x)."""
    return draw(sigmoid(x), rng)


def gibbs_step(v, known, W, a, b, rng, *, up=drawn, down=drawn):
    """h from p(h | v), then v from p(v | h) where it is not known; noise (n, H), then (n, D)."""
    h = up(v @ W + b, rng)
    return np.where(known, v, down(h @ W.T + a, rng))


def cases(rng):
    for n, n_visible, n_hidden in [(40, 4, 3), (30, 3, 6), (2, 5, 5), (20, 8, 2)]:
        v, known = random_states(rng, n, n_visible), np.arange(n_visible) % 3 == 1
        machine = machine_in_eighths(rng, n_visible, n_hidden)
        yield v, known, *machine, default_rng(int(rng.integers(1000)))
    v = random_states(rng, 10, 4)
    for known in (np.zeros(4, dtype=bool), np.arange(4) < 3):  # none, and all but the last
        yield v, known, *machine_in_eighths(rng, 4, 3), default_rng(int(rng.integers(1000)))


def mean(x, rng):
    return sigmoid(x)


def rounded(x, rng):
    return (x > 0) * 1.0


def after_noise(piece):
    """The same, with the noise drawn and not used."""
    return lambda x, rng: (rng.random(x.shape), piece(x, rng))[1]


slip = slips_of(gibbs_step)


def both(piece):
    """The same in both half steps."""
    return slip(up=piece, down=piece)


def all_of(step):
    """The step for the known units too."""
    return lambda v, known, *rest: step(v, np.zeros_like(known), *rest)


def visible_noise_first(v, known, W, a, b, rng):
    noise = rng.random(v.shape)
    return gibbs_step(v, known, W, a, b, rng, down=lambda x, rng: (noise < sigmoid(x)) * 1.0)


def noise_for_unknown_alone(v, known, W, a, b, rng):
    x = drawn(v @ W + b, rng) @ W.T + a
    out = v.copy()
    out[:, ~known] = drawn(x[:, ~known], rng)
    return out


MISTAKES = {
    "the known units are drawn anew like the others; put their old values back after the draw.":
        all_of(gibbs_step),
    "the wrong units keep their values: draw those whose `known` is false.":
        slip(known=np.logical_not),
    "h must see all of v, the present values of the unknown units too; you pass on the known ones "
    "alone.": lambda v, known, *rest: gibbs_step(np.where(known, v, 0), known, *rest),
    "you draw the visible layer's noise before the hidden layer's; in the documented order the "
    "(n, H) numbers come first.": visible_noise_first,
    "you draw noise for the unknown units alone; in the documented order there are (n, D) numbers, "
    "and those at known units go unused.": noise_for_unknown_alone,
    "you pass E[h | v] on to the visible layer. To move on, the chain needs a sample of h: the "
    "sigmoid of a mean is not the mean of the sigmoid.": slip(up=mean),
    "you draw the hidden noise but pass E[h | v] on to the visible layer; compare the noise with "
    "the probabilities, and pass on the zeros and ones.": slip(up=after_noise(mean)),
    "you round the probabilities at 1/2: a deterministic map, not a draw.": both(rounded),
    "you return the probabilities P(v = 1 | h); the next state is a draw from them, zeros and "
    "ones.": Ways(slip(down=mean), slip(up=rounded, down=mean)),
    "you return the probabilities P(v = 1 | h), for the known units too. Those keep their values, "
    "and the others are a draw: zeros and ones.":
        Ways(all_of(slip(down=mean)), all_of(slip(up=rounded, down=mean))),
    "you send means up and means down: probabilities, no states. A step of Gibbs sampling draws h, "
    "and then v, zeros and ones.": Ways(both(mean), all_of(both(mean))),
    "you return the probabilities P(h = 1 | v). The step draws h from them, and then goes on to "
    "the visible units.": lambda v, known, W, a, b, rng: sigmoid(v @ W + b),
    "a unit is on where its number is *below* its probability; you compare the other way round, "
    "which happens with probability 1 − p.": both(lambda x, rng: 1 - drawn(x, rng)),
    "the new state equals the old one: the units that are not known have to be drawn.":
        lambda v, *rest: v,
    "the known units are switched off in your result; they keep their values.":
        lambda v, known, *rest: np.where(known, 0.0, gibbs_step(v, known, *rest)),
    "h is a draw, but v is rounded at 1/2; the visible units are drawn, too.": slip(down=rounded),
    "h is rounded at 1/2, a deterministic map; it has to be drawn: compare P(h = 1 | v) with "
    "rng.random((n, H)).": slip(up=rounded),
    "you draw the hidden noise, but round h at 1/2; compare P(h = 1 | v) with that noise.":
        slip(up=after_noise(rounded)),
    "the noise is drawn transposed; in the documented order its shapes are (n, H) and (n, D), one "
    "chain a row.": both(lambda x, rng: drawn(x.T, rng).T),
    "one number decides about all units of all chains; each needs its own: draw (n, H) and (n, D) "
    "numbers.": both(lambda x, rng: (rng.random() < sigmoid(x)) * 1.0),
    "a hidden unit is on where its number is *below* its probability; you compare the other way "
    "round in the step up.": slip(up=lambda x, rng: 1 - drawn(x, rng)),
    "a visible unit is on where its number is *below* its probability; you compare the other way "
    "round in the step down.": slip(down=lambda x, rng: 1 - drawn(x, rng)),
    "the sigmoid is missing in the step up: the noise is compared with a probability.":
        slip(up=draw),
    "the sigmoid is missing in the step down: the noise is compared with a probability.":
        slip(down=draw),
    "you draw the noise chain by chain; in the documented order all (n, H) numbers of the hidden "
    "layer come first, then all (n, D) of the visible one.":
        lambda v, *rest: np.concatenate([gibbs_step(row[None], *rest) for row in v]),
    "the sigmoid is missing: a uniform number is compared with a probability, not with an input.":
        both(draw),
    "your draws may be right, but `binomial` uses up other numbers; compare `rng.random(…)` with "
    "the probabilities, so that the states can be compared.":
        both(lambda x, rng: rng.binomial(1, sigmoid(x)) * 1.0),
    "the noise is normal; it must be uniform in [0, 1), `rng.random`, to fall below p with "
    "probability p.": both(lambda x, rng: (rng.standard_normal(x.shape) < sigmoid(x)) * 1.0),
    "you compare normal noise with the inputs; uniform noise, `rng.random`, is compared with their "
    "sigmoid.": both(lambda x, rng: (rng.standard_normal(x.shape) < x) * 1.0),
    "you return the hidden state; the step goes on to the visible one.":
        lambda v, known, W, a, b, rng: drawn(v @ W + b, rng),
    "all chains share one row of noise, so they are not independent: draw (n, H) and (n, D) "
    "numbers.": both(lambda x, rng: (rng.random(x.shape[1]) < sigmoid(x)) * 1.0),
    "these are two steps; one is asked for.":
        lambda v, *rest: gibbs_step(gibbs_step(v, *rest), *rest),
    "the noise is not drawn from `rng`: you make a generator of your own.":
        slip(rng=lambda rng: default_rng(0)),
}  # fmt: skip

EXERCISE = exercise(__doc__, gibbs_step, cases, MISTAKES, FORMULA)
