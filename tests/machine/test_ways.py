"""The inputs of layers of every discrete type, and their averages, equal plain loops to the bit."""

import naive_bits as naive
import numpy as np
import pytest

import rbmbook as rb
from rbmbook.machine import layers
from rbmbook.machine.layers import way

DTYPES = (np.float32, np.float64)
WIDTHS = (1, 7, 8, 9, 16, 17, 33)
same = np.testing.assert_array_equal


def bits_and_spins(width):
    """A layer of both; the units, and their name in the references."""
    if width == 1:
        return rb.Spin(), "spin"
    parts = (rb.Bernoulli(), width // 2), (rb.Spin(), width - width // 2)
    return rb.Mixed(parts), [("bernoulli", width // 2), ("spin", width - width // 2)]


KINDS = {
    "bits": lambda width: (rb.Bernoulli(), "bernoulli"),
    "spins": lambda width: (rb.Spin(), "spin"),
    "sites": lambda width: (rb.Softmax(3), ("softmax", 3)),
    "bits and spins": bits_and_spins,
}


def layer(kind, width):
    """The units, their name, and the number of columns, a multiple of a site's."""
    units, name = KINDS[kind](width)
    return units, name, width * units.columns


def states(units, n, width, seed, dtype):
    """Random states, and such rows as exist of all low and all high values."""
    rng = np.random.default_rng(seed)
    x = units.sample(np.zeros((n, width), dtype), units.noise((n, width), rng, dtype))
    if isinstance(units, rb.Bernoulli | rb.Spin):
        x[0], x[-1] = units.column_values
    return x


def numbers(shape, seed, dtype):
    rng = np.random.default_rng(seed)
    return ((rng.random(shape) - 0.5) * 2.0 ** rng.integers(-12, 4, shape)).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_inputs_are_the_naive_sums(width, kind, dtype):
    for H in WIDTHS:
        units, name, D = layer(kind, width)
        x, W, bias = states(units, 5, D, H, dtype), numbers((D, H), 1, dtype), numbers(H, 2, dtype)
        ref = naive.inputs(name, x, W, bias)
        same(layers.inputs(units, x, W, bias), ref)
        same(layers.inputs(units, x, W.T.copy().T, bias), ref)
        same(layers.inputs(units, np.asfortranarray(x), W, bias), ref)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_outer_product_is_the_naive_sum(width, kind, dtype):
    units, name, D = layer(kind, width)
    for n in (1, 8, 17):
        x, means = states(units, n, D, n, dtype), numbers((n, 9), 3, dtype)
        same(layers.outer(units, x, means), naive.outer(name, x, means))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_weighted_average_is_the_naive_sum(dtype):
    x, weight = numbers((33, 17), 4, dtype), numbers(33, 5, dtype)
    same(layers.average(weight, x), naive.average(weight, x))
    same(layers.average(weight, np.asfortranarray(x)), naive.average(weight, x))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden", KINDS)
@pytest.mark.parametrize("visible", KINDS)
def test_means_and_samples_of_both_layers_are_the_naive_ones(visible, hidden, dtype):
    for D, H in ((1, 9), (8, 17), (17, 7), (33, 16)):
        (v_units, v_name, D), (h_units, h_name, H) = layer(visible, D), layer(hidden, H)
        parameters = numbers((D, H), 1, dtype), numbers(D, 2, dtype), numbers(H, 3, dtype)
        rbm = rb.RBM(*parameters, v_units, h_units)
        machine = (*parameters, v_name, h_name)
        v, h = states(v_units, 6, D, 4, dtype), states(h_units, 6, H, 5, dtype)
        to_h, to_v = naive.hidden_inputs(machine, v), naive.visible_inputs(machine, h)
        same(rbm.hidden_mean(v), naive.mean(h_name, to_h))
        same(rbm.visible_mean(h), naive.mean(v_name, to_v))
        same(rbm.sample_hidden(v, 6), naive.draw(h_name, to_h, np.random.default_rng(6)))
        same(rbm.sample_visible(h, 7), naive.draw(v_name, to_v, np.random.default_rng(7)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_exponential_of_the_references_is_the_kernels_over_its_whole_range(dtype):
    """And beyond, where both are clipped."""
    limit = 90 if dtype == np.float32 else 720
    x = np.concatenate([np.linspace(-limit, limit, 20_001), numbers(5_000, 8, dtype)])
    x = x.astype(dtype)[None]
    same(rb.Bernoulli().mean(x), naive.sigmoid(x))
    same(rb.Spin().mean(x), naive.tanh(x))
    sites = x[:, :24_999] - x[:, :24_999].mean()
    same(rb.Softmax(3).mean(sites), naive.softmax(sites, 3))


# --- which way ------------------------------------------------------------------------------------

BITS, HALVES = np.array([[0.0, 1.0, 1.0]]), np.array([[0.0, 0.5, 1.0]])
SPINS = 2 * BITS - 1
WAYS = [
    (rb.Bernoulli(), BITS, "rows"),
    (rb.Bernoulli(), HALVES, "products"),
    (rb.Bernoulli(), np.nextafter(BITS, 0.5), "products"),
    (rb.Spin(), SPINS, "rows"),
    (rb.Spin(), BITS, "products"),
    (rb.Softmax(3), np.array([[0.0, 1.0, 0.0]]), "rows"),
    (rb.Softmax(3), np.array([[0.25, 0.5, 0.25]]), "products"),
    (rb.Gaussian(), BITS, "products"),
    (rb.ReLU(), BITS, "products"),
    (rb.Mixed([(rb.Bernoulli(), 1), (rb.Softmax(2), 2)]), BITS, "rows"),
    (rb.Mixed([(rb.Bernoulli(), 1), (rb.Spin(), 2)]), BITS, "ordered"),
    (rb.Mixed([(rb.Bernoulli(), 1), (rb.Gaussian(), 2)]), BITS, "products"),
]


@pytest.mark.parametrize(("units", "x", "expected"), WAYS)
def test_the_way_follows_from_the_values_that_states_have(units, x, expected):
    assert way(units, x) == way(units, np.asfortranarray(np.repeat(x, 3, axis=0))) == expected


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("units", "x", "expected"), WAYS)
def test_every_way_gives_the_same_product_to_rounding(units, x, expected, dtype):
    x, W, bias = x.astype(dtype), numbers((3, 4), 1, dtype), numbers(4, 2, dtype)
    means, rounding = numbers((1, 4), 3, dtype), 16 * np.finfo(dtype).eps
    scale = np.abs(W).sum(axis=0) + np.abs(bias)
    exact = x.astype(float) @ W.astype(float) + bias.astype(float)
    assert (np.abs(layers.inputs(units, x, W, bias) - exact) <= rounding * scale).all()
    np.testing.assert_allclose(layers.outer(units, x, means), x.T @ means, rtol=rounding)
