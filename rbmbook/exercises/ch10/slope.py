"""Exercise 10.3: the slope of log Z along the path."""

import numpy as np

from ..exercise import exercise
from ..machines import all_states, random_machine
from ..mistakes import slips_of
from ..numerics import log_sum_exp, normalised, sigmoid, softplus


def log_f(v, x, a, a0, beta):
    """log f_β(v), with the inputs x = vW + b of the machine itself."""
    return v @ ((1 - beta) * a0 + beta * a) + softplus(beta * x).sum(axis=1)


def bias_slope(a, a0, beta):
    return a - a0


def unit_slope(x, b, beta):
    """The derivative of softplus(βx) with respect to β."""
    return x * sigmoid(beta * x)


def slope(
    W, a, b, a0, beta, *, log_f=log_f, weigh=normalised, visible=bias_slope, hidden=unit_slope
):
    """E_β[(a − a⁰)·v + Σ_j x_j sigmoid(β x_j)], x = vW + b."""
    v = all_states(len(a))
    x = v @ W + b
    inside = v @ visible(a, a0, beta) + hidden(x, b, beta).sum(axis=1)
    return weigh(log_f(v, x, a, a0, beta)) @ inside


def cases(rng):
    for n_visible, n_hidden, beta in [(2, 2, 0.5), (3, 3, 0.8), (5, 2, 0.25), (4, 3, 0), (4, 3, 1)]:
        machine = random_machine(rng, n_visible, n_hidden)
        yield *machine, rng.standard_normal(n_visible), float(beta)


slip = slips_of(slope)


def log_z(W, a, b, a0, beta):
    v = all_states(len(a))
    return log_sum_exp(log_f(v, v @ W + b, a, a0, beta))


def under(beta):
    """The probabilities of the machine at another β."""
    return slip(log_f=lambda v, x, a, a0, _: log_f(v, x, a, a0, beta))


MISTAKES = {
    "the sign is flipped: log f_β is −F, not F.": lambda *args: -slope(*args),
    "the base is missing from the derivative: the bias is (1 − β)a⁰ + βa, whose derivative is "
    "a − a⁰, not a.": slip(visible=lambda a, a0, beta: a),
    "two slips: the bias (1 − β)a⁰ + βa has the derivative a − a⁰, not a; and the sigmoid is taken "
    "at x, but in softplus(βx) the argument is βx, and it stays.":
        slip(visible=lambda a, a0, beta: a, hidden=lambda x, b, beta: x * sigmoid(x)),
    "the hidden bias is not scaled: at β the machine has the hidden bias βb.":
        slip(hidden=lambda x, b, beta: x * sigmoid(beta * (x - b) + b)),
    "a − a⁰ has the wrong sign: (1 − β)a⁰ + βa grows by a and shrinks by a⁰.":
        slip(visible=lambda a, a0, beta: a0 - a),
    "the bias is added as it is, (1 − β)a⁰ + βa, but it depends on β too: differentiate it.":
        slip(visible=lambda a, a0, beta: (1 - beta) * a0 + beta * a),
    "the inner derivative is missing: d softplus(βx)/dβ is x · sigmoid(βx).":
        slip(hidden=lambda x, b, beta: sigmoid(beta * x)),
    "the inner derivative of softplus(βx) with respect to β is x, not β: you differentiate with "
    "respect to x.": slip(hidden=lambda x, b, beta: beta * sigmoid(beta * x)),
    "the sigmoid is taken at x; in softplus(βx) the argument is βx, and it stays.":
        slip(hidden=lambda x, b, beta: x * sigmoid(x)),
    "the softplus is not differentiated: its derivative is the sigmoid.":
        slip(hidden=lambda x, b, beta: x * softplus(beta * x)),
    "the hidden bias is missing from the inner derivative: it is b_j + Σ_i v_i W_ij.":
        slip(hidden=lambda x, b, beta: (x - b) * sigmoid(beta * x)),
    "the hidden units are missing from the derivative.": slip(hidden=lambda x, b, beta: 0 * x),
    "the visible biases are missing from the derivative.": slip(visible=lambda a, a0, beta: 0 * a),
    "the derivative inside is right, but you average it over the machine at β = 1; the expectation "
    "is under p_β.": under(1.0),
    "the derivative inside is right, but you average it over the base, β = 0; the expectation is "
    "under p_β.": under(0.0),
    "the derivative inside is right, but all states count alike; the expectation is under p_β.":
        slip(weigh=lambda x: np.full_like(x, 1 / len(x))),
    "the derivative is weighted with f_β; divide by Z_β, its sum, to get p_β.": slip(weigh=np.exp),
    "the derivative inside is right, but the probabilities are those of another machine: in f_β "
    "too, the inputs of the hidden units are βx.":
        slip(
            log_f=lambda v, x, a, a0, beta: (
                v @ ((1 - beta) * a0 + beta * a) + softplus(x).sum(axis=1)
            )
        ),
    "the base has the wrong sign: the derivative of (1 − β)a⁰ + βa is a − a⁰, not a + a⁰.":
        slip(visible=lambda a, a0, beta: a + a0),
    "this is log Z_β itself; the question asks for its derivative.": log_z,
    "you sum the derivative over all states; weigh each with its probability p_β.":
        slip(weigh=np.ones_like),
    "this is log Z − log Z₀, the integral of the slope over the whole path; the question asks for "
    "the slope at one β.": lambda *args: log_z(*args[:4], 1.0) - log_z(*args[:4], 0.0),
}  # fmt: skip

# A careful finite difference is an answer too.
EXERCISE = exercise(__doc__, slope, cases, MISTAKES, rtol=1e-5, atol=1e-7)
