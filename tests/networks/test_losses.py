"""Losses: values against their formulas, gradients against finite differences, stability."""

from decimal import Decimal, localcontext

import naive_network as naive
import numpy as np
import pytest

from rbmbook import losses

DTYPES = (np.float32, np.float64)
LOSSES = {
    "squared": losses.squared_error,
    "binary": losses.binary_cross_entropy,
    "softmax": losses.softmax_cross_entropy,
}


def examples(name, n=6, k=4, scale=2.0):
    """Outputs and targets; of the binary targets some are exactly 0 or 1."""
    rng = np.random.default_rng(3)
    outputs = rng.normal(0, scale, (n, k))
    if name == "softmax":
        return outputs, rng.integers(0, k, n)
    if name == "squared":
        return outputs, rng.normal(0, scale, (n, k))
    targets = rng.random((n, k))
    targets[::2] = targets[::2] < 0.5
    return outputs, targets


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [0.01, 2.0, 100.0, 1000.0])
@pytest.mark.parametrize("name", LOSSES)
def test_values_equal_the_formula_at_any_magnitude(name, scale, dtype):
    outputs, targets = examples(name, scale=scale)
    outputs = outputs.astype(dtype)
    targets = targets if name == "softmax" else targets.astype(dtype)
    value, gradient = LOSSES[name](outputs, targets)
    assert value.shape == (6,) and gradient.shape == outputs.shape
    assert value.dtype == gradient.dtype == dtype
    rows = zip(outputs.astype(float).tolist(), targets.tolist(), strict=True)
    ref = [naive.LOSSES[name](o, t) for o, t in rows]
    eps = np.finfo(dtype).eps
    # The terms of a row are as large as its outputs, however small their sum is.
    np.testing.assert_allclose(value, ref, rtol=20 * eps, atol=20 * eps * max(scale, 1))


@pytest.mark.parametrize("scale", [0.01, 2.0, 30.0])
@pytest.mark.parametrize("name", LOSSES)
def test_gradients_are_finite_differences(name, scale):
    outputs, targets = examples(name, scale=scale)
    _, gradient = LOSSES[name](outputs, targets)

    def total():
        return LOSSES[name](outputs, targets)[0].sum()

    # The step grows with the outputs, or the rounding of their sum would be what the test measures.
    ref = naive.finite_differences(total, outputs, 1e-5 * max(scale, 1))
    np.testing.assert_allclose(gradient, ref, rtol=1e-6, atol=1e-7)
    with pytest.raises(AssertionError):  # the twin: means over the columns where sums are meant
        np.testing.assert_allclose(gradient / 4, ref, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_gradient_keeps_its_digits_where_the_network_is_nearly_right(dtype):
    """σ(x) − 1 computed as written is 0, or has lost most digits, from x = 17 (float32) on."""
    x = {np.float32: 20.0, np.float64: 40.0}[dtype]
    assert dtype(1 / (1 + np.exp(dtype(-x)))) == 1
    with localcontext() as context:
        context.prec = 50
        tiny = Decimal(-x).exp()
        exact = float(tiny / (1 + tiny))
    logits = np.array([[x, -x]], dtype)
    _, gradient = losses.binary_cross_entropy(logits, np.array([[1, 0]], dtype))
    np.testing.assert_allclose(gradient, [[-exact, exact]], rtol=1e-6)
    _, gradient = losses.softmax_cross_entropy(np.array([[x, 0]], dtype), np.array([0]))
    np.testing.assert_allclose(gradient, [[-exact, exact]], rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [100.0, 1e4, 1e30])
def test_huge_logits_cost_what_they_should(size, dtype):
    with np.errstate(all="raise", under="ignore"):
        value, gradient = losses.softmax_cross_entropy(
            np.array([[size, 0, -size], [size, 0, -size]], dtype), np.array([0, 2])
        )
        np.testing.assert_allclose(value, [0, 2 * size], rtol=1e-6, atol=1e-30)
        np.testing.assert_allclose(gradient, [[0, 0, 0], [1, 0, -1]], atol=1e-30)
        value, gradient = losses.binary_cross_entropy(
            np.array([[size], [-size], [size], [-size]], dtype), [[1], [0], [0], [1]]
        )
        np.testing.assert_allclose(value, [0, 0, size, size], rtol=1e-6, atol=1e-30)
        np.testing.assert_allclose(gradient, [[0], [0], [1], [-1]], atol=1e-30)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_probability_is_a_softmax(dtype):
    outputs = examples("softmax")[0].astype(dtype)
    p = losses.probabilities(outputs)
    assert p.dtype == dtype
    ref = np.exp(outputs.astype(float))
    np.testing.assert_allclose(p, ref / ref.sum(axis=1, keepdims=True), rtol=1e-5)
    shifted = losses.probabilities(outputs + dtype(1000))
    np.testing.assert_allclose(p, shifted, rtol=2000 * np.finfo(dtype).eps)


def test_a_certain_label_costs_what_two_logits_cost():
    """One logit x and two logits (x, 0) are the same model of two classes."""
    x = np.linspace(-8, 8, 9)
    one, to_one = losses.binary_cross_entropy(x[:, None], np.ones((9, 1)))
    pair = np.stack([np.zeros(9), x], axis=1)
    two, to_two = losses.softmax_cross_entropy(pair, np.ones(9, int))
    np.testing.assert_allclose(one, two, rtol=1e-12)
    np.testing.assert_allclose(to_one[:, 0], to_two[:, 1], rtol=1e-12)


def test_targets_of_bytes_or_lists_are_the_same_targets():
    x = np.array([[0.5, -1.0], [2.0, 0.0]], np.float32)
    for loss in (losses.binary_cross_entropy, losses.squared_error):
        ref = loss(x, np.eye(2, dtype=np.float32))
        for targets in (np.eye(2, dtype=np.uint8), np.eye(2, dtype=bool), [[1, 0], [0, 1]]):
            for one, other in zip(loss(x, targets), ref, strict=True):
                assert one.dtype == np.float32
                np.testing.assert_array_equal(one, other)
    ref = losses.softmax_cross_entropy(x, np.array([0, 1]))[0]
    for labels in ([0, 1], np.array([0, 1], np.uint8)):
        np.testing.assert_array_equal(losses.softmax_cross_entropy(x, labels)[0], ref)


X = np.zeros((2, 3))
BAD = {
    "squared shape": (lambda: losses.squared_error(X, X[:, :2]), ValueError, "targets"),
    "squared column": (lambda: losses.squared_error(X, X[:, :1]), ValueError, "targets"),
    "binary rows": (lambda: losses.binary_cross_entropy(X, X[:1]), ValueError, "targets"),
    "binary 1-D": (lambda: losses.binary_cross_entropy(X[0], X[0]), ValueError, "logits"),
    "softmax 1-D": (lambda: losses.softmax_cross_entropy(X[0], [0]), ValueError, "logits"),
    "labels short": (lambda: losses.softmax_cross_entropy(X, [0]), ValueError, "labels"),
    "labels one-hot": (lambda: losses.softmax_cross_entropy(X, X), ValueError, "labels"),
    "labels floats": (lambda: losses.softmax_cross_entropy(X, [0.0, 1.0]), TypeError, "labels"),
    "label 3": (lambda: losses.softmax_cross_entropy(X, [0, 3]), ValueError, "labels"),
    "label -1": (lambda: losses.softmax_cross_entropy(X, [0, -1]), ValueError, "labels"),
}


@pytest.mark.parametrize(("call", "error", "name"), BAD.values(), ids=BAD)
def test_bad_arguments_are_refused_by_name(call, error, name):
    with pytest.raises(error, match=rf"^{name}: expected"):
        call()
