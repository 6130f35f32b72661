"""A layer given another one, and the prior of the hidden states."""

from ..numerics import log_sum_exp, softplus


def log_layer(x, inputs):
    """log p of each row of x (down) under each row of inputs (across)."""
    return x @ inputs.T - softplus(inputs).sum(axis=1)


def random_log_prior(rng, n_hidden, scale=1.0):
    log_p = scale * rng.standard_normal(2**n_hidden)
    return log_p - log_sum_exp(log_p)
