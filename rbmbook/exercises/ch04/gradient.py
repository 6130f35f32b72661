"""Exercise 04.3: the gradient of the mean log-likelihood."""

import numpy as np

from ..exercise import exercise
from ..free_energies import with_free_energy
from ..machines import all_states, minus_free_energy, random_machine, random_states
from ..mistakes import Ways, missing, negated, slips_of
from ..numerics import normalised, sigmoid, softplus

FORMULA = "−F has +aᵀv, and p(h_j = 1 | v) = sigmoid(+b_j + Σ_i v_i W_ij)."


def mean_hidden(v, W, b):
    return sigmoid(v @ W + b)


def probabilities(v, *machine):
    """Those of all states v."""
    return normalised(minus_free_energy(v, *machine))


def average(v, h, p):
    """⟨v hᵀ⟩, ⟨v⟩ and ⟨h⟩ over the rows, row n with probability p_n."""
    return v.T @ (p[:, None] * h), p @ v, p @ h


def difference(data, model):
    return tuple(x - y for x, y in zip(data, model, strict=True))


def gradient(
    v, W, a, b, *, in_data=mean_hidden, in_model=mean_hidden, weigh=probabilities, join=difference
):
    """Data term minus model term, for W, a and b."""
    x = all_states(len(a))
    data = average(v, in_data(v, W, b), np.full(len(v), 1 / len(v)))
    return join(data, average(x, in_model(x, W, b), weigh(x, W, a, b)))


def cases(rng):
    for n, n_visible, n_hidden, scale in [(3, 2, 1, 1), (6, 4, 3, 1), (5, 3, 5, 2), (4, 3, 2, 300)]:
        yield random_states(rng, n, n_visible), *random_machine(rng, n_visible, n_hidden, scale)


slip = slips_of(gradient)


def with_hidden(function):
    """Another function of the inputs in place of the sigmoid."""
    other = with_bias(lambda b: b, function)
    return slip(in_data=other, in_model=other)


def with_bias(change, function=sigmoid):
    return lambda v, W, b: function(v @ W + change(b))


def model_by(energy):
    """Probabilities of the model term from another number per state in place of F."""
    return slip(weigh=lambda v, *machine: normalised(-energy(v, *machine) + np.zeros(len(v))))


def truncated(steps, send=lambda x: x):
    """Means sent down and up again a few times, in place of the model's."""

    def mistake(v, W, a, b):
        x = v
        for _ in range(steps):
            x = send(mean_hidden(send(mean_hidden(x, W, b)), W.T, a))
        uniform = np.full(len(v), 1 / len(v))
        return difference(*(average(y, mean_hidden(y, W, b), uniform) for y in (v, x)))

    return mistake


def product_of_means(data, model):
    outer = np.outer(data[1], data[2]) - np.outer(model[1], model[2])
    return outer, *difference(data, model)[1:]


ROUNDED = with_bias(lambda b: b, lambda x: sigmoid(x).round())

MISTAKES = {
    "the sign is flipped: the data term counts plus, the model term minus. Your direction makes "
    "the data less likely.": slip(join=lambda data, model: difference(model, data)),
    "the model term is missing: you have the derivative of −F at the data, not that of log Z.":
        slip(join=lambda data, model: data),
    "this is the model term alone; the data term is missing.": slip(join=lambda data, model: model),
    "the two terms are added; the model term is subtracted.":
        slip(join=lambda data, model: tuple(map(np.add, data, model))),
    "the data term is a sum over the examples; take their mean.":
        lambda v, *machine: slip(
            join=lambda data, model: difference([len(v) * x for x in data], model)
        )(v, *machine),
    "in the model term all states count equally. Weigh each state v by its probability p(v).":
        slip(weigh=lambda v, *machine: np.full(len(v), 1 / len(v))),
    "in the model term e^−F is not divided by Z: an unnormalised probability.":
        slip(weigh=lambda *args: np.exp(minus_free_energy(*args))),
    "the probabilities of the model term grow with F: p(v) is proportional to exp(−F(v)), not to "
    "exp(+F(v)).": model_by(minus_free_energy),
    "the model term is taken at pictures that the machine makes from the data (up, down, up). The "
    "exact one is a sum over all states.":
        Ways(*map(truncated, (1, 2, 3, 5, 10, 20, 50, 100)), truncated(1, np.round)),
    "the inputs b_j + Σ_i v_i W_ij stand where their sigmoid belongs, E[h_j | v].":
        with_hidden(lambda x: x),
    "softplus stands where its derivative belongs, the sigmoid.": with_hidden(softplus),
    "the hidden bias is missing in the model term.": slip(in_model=with_bias(missing)),
    "the hidden bias is missing in the data term.": slip(in_data=with_bias(missing)),
    "the hidden means are rounded to 0 or 1; use the probabilities p(h_j = 1 | v) themselves.":
        slip(in_data=ROUNDED, in_model=ROUNDED),
    "the hidden means of the data term are rounded to 0 or 1; use the probabilities p(h_j = 1 | v) "
    "themselves.": slip(in_data=ROUNDED),
    "the hidden means of the model term are rounded to 0 or 1; use the probabilities "
    "p(h_j = 1 | v) themselves.": slip(in_model=ROUNDED),
    "the hidden bias is missing in p(h_j = 1 | v) = sigmoid(b_j + Σ_i v_i W_ij).":
        slip(in_data=with_bias(missing), in_model=with_bias(missing)),
    **with_free_energy(model_by, "no hidden"),
    "the hidden bias has the wrong sign in p(h_j = 1 | v) = sigmoid(b_j + Σ_i v_i W_ij).":
        slip(in_data=with_bias(negated), in_model=with_bias(negated)),
    "these are the probabilities p(h_j = 0 | v); the gradient has p(h_j = 1 | v).":
        with_hidden(lambda x: sigmoid(-x)),
    "for W you multiply the mean of v by the mean of h. The mean of the products v_i h_j is asked "
    "for: v and h depend on each other.": slip(join=product_of_means),
}  # fmt: skip

EXERCISE = exercise(__doc__, gradient, cases, MISTAKES, FORMULA, parts=("W", "a", "b"))
