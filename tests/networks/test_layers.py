"""Activations and dense layers: values, slopes, curvatures, random starts, bad arguments."""

import naive_network as naive
import numpy as np
import pytest

from rbmbook.networks.activations import ACTIVATIONS
from rbmbook.networks.layers import Dense

DTYPES = (np.float32, np.float64)
EPS = {dtype: float(np.finfo(dtype).eps) for dtype in DTYPES}


def magnitudes(dtype):
    """Both signs of everything from tiny to far beyond where an exponential overflows."""
    sizes = np.concatenate([np.logspace(-6, 3, 60), [0.0, 17.0, 37.0, 89.0, 710.0]])
    return np.concatenate([-sizes, sizes]).astype(dtype)[None]


def value(name, x):
    out = np.full_like(x, np.nan)
    ACTIVATIONS[name].value(x, out)
    return out


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_equal_the_formula_at_any_magnitude(name, dtype):
    x = magnitudes(dtype)
    ref = [naive.ACTIVATIONS[name](float(t)) for t in x[0]]
    comp = value(name, x)
    assert comp.dtype == dtype
    # The exponential stops at the smallest normal numbers: atol is twice the smallest.
    np.testing.assert_allclose(comp[0], ref, rtol=8 * EPS[dtype], atol=2 * np.finfo(dtype).tiny)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_value_may_be_written_over_its_input(name, dtype):
    x = magnitudes(dtype)
    ref = value(name, x)
    ACTIVATIONS[name].value(x, x)
    np.testing.assert_array_equal(x, ref)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slopes_are_read_off_the_outputs(name, dtype):
    """Where an output has saturated to 1 its slope has lost its last digits: atol is a few eps."""
    x = magnitudes(dtype)
    ref = [naive.SLOPES[name](float(t)) for t in x[0]]
    comp = ACTIVATIONS[name].slope(value(name, x))
    assert comp.dtype == dtype
    np.testing.assert_allclose(comp[0], ref, rtol=0, atol=8 * EPS[dtype])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slopes_and_curvatures_are_derivatives(name):
    x = np.array([[-30.0, -4.0, -1.0, -1e-3, 1e-3, 0.5, 2.0, 6.0, 30.0]])
    h = 1e-5 * np.ones_like(x)
    slope = (value(name, x + h) - value(name, x - h)) / (2 * h)
    outputs = value(name, x)
    np.testing.assert_allclose(ACTIVATIONS[name].slope(outputs), slope, rtol=1e-6, atol=1e-9)
    above, below = (ACTIVATIONS[name].slope(value(name, x + sign * h)) for sign in (1, -1))
    curvature = (above - below) / (2 * h)
    np.testing.assert_allclose(ACTIVATIONS[name].curvature(outputs), curvature, atol=1e-9)


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
def test_a_corner_has_the_slope_below_it(name):
    zeros = np.array([[0.0, -0.0]])
    below = ACTIVATIONS[name].slope(value(name, -np.ones((1, 2))))
    np.testing.assert_array_equal(ACTIVATIONS[name].slope(value(name, zeros)), below)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_pulling_back_multiplies_by_the_slope(name, dtype):
    rng = np.random.default_rng(0)
    outputs = value(name, rng.normal(0, 3, (7, 33)).astype(dtype))
    gradient = rng.normal(size=(7, 33)).astype(dtype)
    ref = gradient * ACTIVATIONS[name].slope(outputs)
    ACTIVATIONS[name].pull_back(gradient, outputs)
    np.testing.assert_allclose(gradient, ref, rtol=2 * EPS[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_not_a_number_is_passed_on(name, dtype):
    """A network that diverges must not look as if it did not."""
    assert np.isnan(value(name, np.array([[np.nan]], dtype))).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_layer_equals_its_formula(name, dtype):
    rng = np.random.default_rng(1)
    W, b = rng.normal(size=(5, 3)).astype(dtype), rng.normal(size=3).astype(dtype)
    x = rng.normal(size=(4, 5)).astype(dtype)
    layer = Dense(W, b, name)
    ref = [naive.forward([(W, b, name)], row)[1][-1] for row in x]
    comp = layer(x)
    assert comp.dtype == layer.dtype == dtype and layer.activation == name
    np.testing.assert_allclose(comp, ref, rtol=50 * EPS[dtype], atol=50 * EPS[dtype])


@pytest.mark.parametrize("name", ["identity", "tanh", "relu", "leaky_relu"])
def test_random_layers_keep_the_size_of_a_signal(name):
    """Through ten of them; the twin's weights are half as large and lose it."""

    def strength(scale):
        x = np.random.default_rng(0).standard_normal((50, 400))
        for seed in range(10):
            layer = Dense.random(400, 400, name, rng=seed, dtype=np.float64)
            layer.W *= scale
            x = layer(x)
        return float(np.sqrt(np.mean(x**2)))

    assert 0.2 < strength(1.0) < 2
    assert strength(0.5) < 0.01


def test_random_weights_have_the_variance_of_their_references():
    sizes = {"tanh": 2 / 500, "sigmoid": 16 * 2 / 500, "identity": 2 / 500}  # Glorot and Bengio
    sizes |= {"relu": 2 / 300, "softplus": 2 / 300, "leaky_relu": 2 / 300 / 1.04}  # He et al.
    for name, variance in sizes.items():
        W = Dense.random(300, 200, name, rng=3, dtype=np.float64).W
        # The variance of 60,000 normal numbers has a relative standard error of √(2 / 60,000).
        assert abs(np.mean(W**2) / variance - 1) < 5 * np.sqrt(2 / W.size), name


def test_a_seed_gives_one_layer_and_a_generator_goes_on():
    one, other = Dense.random(4, 3, rng=5), Dense.random(4, 3, rng=np.random.default_rng(5))
    np.testing.assert_array_equal(one.W, other.W)
    assert one.dtype == np.float32 and not one.b.any()
    rng = np.random.default_rng(5)
    assert np.any(Dense.random(4, 3, rng=rng).W != Dense.random(4, 3, rng=rng).W)


def test_parameters_are_live_and_copies_are_not():
    W, b = np.ones((2, 3)), np.zeros(3)
    layer = Dense(W, b, "tanh")
    W[:] = 9
    assert (layer.W == 1).all()
    twin, single = layer.copy(), layer.astype(np.float32)
    layer.parameters[0][:] = 2
    assert (layer.W == 2).all() and (twin.W == 1).all() and twin.activation == "tanh"
    assert single.dtype == np.float32 and single([[1, 1]]).dtype == np.float32


def test_replaced_parameters_keep_shape_and_dtype():
    layer = Dense.random(2, 3)
    layer.W = np.asfortranarray(np.ones((2, 3)))
    assert layer.W.dtype == np.float32 and layer.W.flags.c_contiguous
    with pytest.raises(ValueError, match=r"W: expected shape \(2, 3\)"):
        layer.W = np.ones((3, 2))
    with pytest.raises(ValueError, match="b: expected finite"):
        layer.b = [0, 1, np.nan]


BAD = {
    "W 1-D": (lambda: Dense([1.0], [0.0]), ValueError, "W"),
    "W empty": (lambda: Dense(np.ones((0, 2)), [0, 0]), ValueError, "W"),
    "W NaN": (lambda: Dense([[np.nan]], [0]), ValueError, "W"),
    "W text": (lambda: Dense([["a"]], [0]), TypeError, "W"),
    "W half": (lambda: Dense(np.ones((1, 1), np.float16), [0]), TypeError, "W"),
    "b long": (lambda: Dense([[1.0]], [0, 0]), ValueError, "b"),
    "activation unknown": (lambda: Dense([[1.0]], [0], "swish"), ValueError, "activation"),
    "activation function": (lambda: Dense([[1.0]], [0], np.tanh), TypeError, "activation"),
    "random name": (lambda: Dense.random(2, 2, "swish"), ValueError, "activation"),
    "random size": (lambda: Dense.random(0, 2), ValueError, "n_in"),
    "random width": (lambda: Dense.random(2, 2.0), TypeError, "n_out"),
    "random dtype": (lambda: Dense.random(2, 2, dtype=int), TypeError, "dtype"),
    "random seed": (lambda: Dense.random(2, 2, rng=None), TypeError, "rng"),
    "x wide": (lambda: Dense.random(2, 2)(np.ones((1, 3))), ValueError, "x"),
    "x 1-D": (lambda: Dense.random(2, 2)(np.ones(2)), ValueError, "x"),
}


@pytest.mark.parametrize(("call", "error", "name"), BAD.values(), ids=BAD)
def test_bad_arguments_are_refused_by_name(call, error, name):
    with pytest.raises(error, match=rf"^{name}: expected"):
        call()
