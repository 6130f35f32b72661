"""The penalty on a critic's slope: its value by hand, its gradient by finite differences."""

import numpy as np
import pytest

from rbmbook.gan.gradient_penalty import gradient_penalty, slopes
from rbmbook.networks.activations import ACTIVATIONS
from rbmbook.networks.layers import Dense
from rbmbook.networks.network import Network

SMOOTH = ("identity", "sigmoid", "tanh", "softplus")
KINKED = ("relu", "leaky_relu")
SHAPES = [(3, 1), (3, 4, 1), (2, 5, 4, 1), (3, 4, 3, 2, 1)]


def critic(sizes=(3, 4, 5, 1), activation="tanh", output="identity", seed=3):
    """A critic in float64 with biases away from zero."""
    net = Network.random(sizes, activation, output, rng=seed, dtype=np.float64)
    rng = np.random.default_rng(seed)
    for b in net.parameters[1::2]:
        b[:] = rng.normal(0, 0.5, b.shape)
    return net


def points(n, D, seed=5):
    return np.random.default_rng(seed).normal(0, 1, (n, D))


def numerical_slopes(net, x, h=1e-6):
    """∂d/∂x, one column after the other, by central differences of the output alone."""
    found = np.empty_like(x)
    for k in range(x.shape[1]):
        step = np.zeros(x.shape[1])
        step[k] = h
        found[:, k] = (net(x + step) - net(x - step))[:, 0] / (2 * h)
    return found


def numerical_gradient(net, function, h=1e-6):
    """The gradient of function() for each parameter of the network, by central differences."""
    found = [np.empty_like(p) for p in net.parameters]
    for p, gradient in zip(net.parameters, found, strict=True):
        for i in np.ndindex(p.shape):
            old = p[i]
            p[i] = old + h
            above = function()
            p[i] = old - h
            below = function()
            p[i] = old
            gradient[i] = (above - below) / (2 * h)
    return found


def assert_gradients(comp, ref, rtol=1e-6, atol=1e-8):
    assert len(comp) == len(ref)
    for i, (one, other) in enumerate(zip(comp, ref, strict=True)):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=atol, err_msg=f"parameter {i}")


@pytest.mark.parametrize("sizes", SHAPES, ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_slopes_are_derivatives_of_the_output(activation, sizes):
    net, x = critic(sizes, activation), points(6, sizes[0])
    np.testing.assert_allclose(slopes(net, x), numerical_slopes(net, x), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("target", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("activation", SMOOTH)
def test_the_value_is_the_mean_square_distance_of_the_norms_from_the_target(activation, target):
    net, x = critic(activation=activation), points(7, 3)
    norms = np.linalg.norm(numerical_slopes(net, x), axis=1)
    comp, _ = gradient_penalty(net, x, target)
    np.testing.assert_allclose(comp, np.mean((norms - target) ** 2), rtol=1e-7)


@pytest.mark.parametrize("sizes", SHAPES, ids=str)
@pytest.mark.parametrize("target", [0.0, 1.0])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_its_gradient_is_a_derivative_for_every_parameter(activation, target, sizes):
    net, x = critic(sizes, activation), points(5, sizes[0])
    ref = numerical_gradient(net, lambda: gradient_penalty(net, x, target)[0])
    _, comp = gradient_penalty(net, x, target)
    assert_gradients(comp, ref)


@pytest.mark.parametrize("output", SMOOTH)
def test_a_curved_output_enters_the_gradient_too(output):
    net, x = critic(output=output), points(5, 3)
    ref = numerical_gradient(net, lambda: gradient_penalty(net, x)[0])
    assert_gradients(gradient_penalty(net, x)[1], ref)


def test_a_gradient_without_second_derivatives_is_rejected():
    """The twin leaves f″ out: true for rectifiers, wrong for any curved activation."""

    class Straight:
        def __init__(self, function):
            self.value, self.pull_back, self.slope = (
                function.value,
                function.pull_back,
                function.slope,
            )
            self.curvature = np.zeros_like

    net, x = critic(), points(5, 3)
    ref = numerical_gradient(net, lambda: gradient_penalty(net, x)[0])
    for layer in net.layers[:-1]:
        layer.function = Straight(layer.function)
        layer.function.name = "tanh"
    with pytest.raises(AssertionError):
        assert_gradients(gradient_penalty(net, x)[1], ref, rtol=0.05, atol=0.01)


@pytest.mark.parametrize("activation", KINKED)
def test_biases_of_a_rectifier_network_do_not_change_its_slopes(activation):
    """Between the kinks the slope depends on the weights alone."""
    net, x = critic(activation=activation), points(5, 3)
    _, gradients = gradient_penalty(net, x)
    assert all(not gradient.any() for gradient in gradients[1::2])
    assert all(gradient.any() for gradient in gradients[::2])


def test_a_slope_of_zero_gives_zeros_and_not_nan():
    net = Network([Dense(np.zeros((3, 1)), [0.7])])
    value, gradients = gradient_penalty(net, points(4, 3))
    assert value == 1.0
    assert_gradients(gradients, [np.zeros((3, 1)), np.zeros(1)], rtol=0, atol=0)


def test_the_penalty_is_a_mean_over_rows():
    """Rows twice: the same value and gradient; two halves: their average."""
    net, x = critic(), points(6, 3)
    value, gradients = gradient_penalty(net, x)
    twice, same = gradient_penalty(net, np.repeat(x, 2, axis=0))
    np.testing.assert_allclose(twice, value, rtol=1e-12)
    assert_gradients(same, gradients, rtol=1e-10, atol=1e-12)
    one, other = gradient_penalty(net, x[:3]), gradient_penalty(net, x[3:])
    np.testing.assert_allclose((one[0] + other[0]) / 2, value, rtol=1e-12)
    halves = [(a + b) / 2 for a, b in zip(one[1], other[1], strict=True)]
    assert_gradients(halves, gradients, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_float32_is_kept_and_close(activation):
    net, x = critic(activation=activation), points(50, 3)
    small = net.astype(np.float32)
    x = x.astype(np.float32)
    value, gradients = gradient_penalty(small, x)
    ref_value, ref = gradient_penalty(net, x)
    assert {g.dtype for g in gradients} == {np.dtype(np.float32)}
    np.testing.assert_allclose(value, ref_value, rtol=1e-4)
    assert_gradients(gradients, ref, rtol=1e-3, atol=1e-4)


def test_parameters_are_left_alone():
    net, x = critic(), points(5, 3)
    before = net.copy()
    gradient_penalty(net, x)
    for one, other in zip(net.parameters, before.parameters, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"critic": Network.random((3, 2))}, ValueError, "critic: expected one output, got 2"),
        ({"critic": "net"}, TypeError, "critic"),
        ({"x": np.zeros((4, 2))}, ValueError, "x"),
        ({"target": -1.0}, ValueError, "target"),
        ({"target": "1"}, TypeError, "target"),
    ],
)
def test_bad_arguments_are_named(change, error, words):
    with pytest.raises(error, match=words):
        gradient_penalty(**({"critic": critic(), "x": points(4, 3)} | change))


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_a_row_counts_as_often_as_its_weight_says(target):
    net, x, counts = critic(), points(4, 3), np.array([3, 0, 1, 2])
    value, gradients = gradient_penalty(net, x, target, counts / counts.mean())
    ref, expected = gradient_penalty(net, np.repeat(x, counts, axis=0), target)
    np.testing.assert_allclose(value, ref, rtol=1e-12)
    assert_gradients(gradients, expected, rtol=1e-10, atol=1e-13)
