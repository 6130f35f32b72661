"""Networks: passes, back-propagation, shapes and dtypes, files, bad arguments."""

import naive_network as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import KINDS
from small_networks import DTYPES, as_layers, assert_same_bits, fit, network, task

import rbmbook as rb
from rbmbook import storage
from rbmbook.networks.activations import ACTIVATIONS
from rbmbook.networks.layers import Dense
from rbmbook.networks.network import Network
from rbmbook.networks.supervised import LOSSES

# --- passes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_forward_equals_the_naive_pass(activation, dtype):
    net = network(activation, "tanh", (5, 4, 6, 3), dtype)
    x = np.random.default_rng(0).normal(size=(7, 5)).astype(dtype)
    trace = net.forward(x)
    tolerance = 100 * np.finfo(dtype).eps
    for row in range(7):
        inputs, outputs = naive.forward(as_layers(net), x[row])
        for i in range(3):
            np.testing.assert_allclose(trace.inputs[i][row], inputs[i], tolerance, tolerance)
            np.testing.assert_allclose(trace.outputs[i][row], outputs[i], tolerance, tolerance)
    np.testing.assert_array_equal(net(x), trace.outputs[-1])
    assert trace.x is x and all(array.dtype == dtype for array in trace.inputs + trace.outputs)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_backward_equals_the_naive_pass(activation):
    net = network(activation, "leaky_relu", (5, 4, 6, 3))
    rng = np.random.default_rng(2)
    x, g = rng.normal(size=(7, 5)), rng.normal(size=(7, 3))
    gradients, to_data = net.backward(net.forward(x), g)
    rows = [naive.backward(as_layers(net), x[row], g[row]) for row in range(7)]
    for i, gradient in enumerate(gradients):
        np.testing.assert_allclose(gradient, sum(row[0][i] for row in rows), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(to_data, [row[1] for row in rows], rtol=1e-10, atol=1e-12)


def differences(net, x, loss, y):
    """Finite differences of the summed loss for every parameter and for x."""
    arrays = [*net.parameters, x]
    return [
        naive.finite_differences(lambda: LOSSES[loss](net(x), y)[0].sum(), array)
        for array in arrays
    ]


def slopes(net, x, loss, y):
    trace = net.forward(x)
    gradients, to_data = net.backward(trace, LOSSES[loss](trace.outputs[-1], y)[1])
    return [*gradients, to_data]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_are_finite_differences(activation, loss):
    output = activation if loss == "squared" else "identity"
    net = network(activation, output, (5, 4, 4, 3))
    x = np.random.default_rng(0).normal(size=(6, 5))
    _, y = task(loss, n=6)
    ref = differences(net, x, loss, y)
    comp = slopes(net, x, loss, y)
    for one, other in zip(comp, ref, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_are_finite_differences_where_units_saturate(activation):
    """Inputs of tens, and rows of zeros, where nothing reaches the first layer's weights."""
    net = network(activation, seed=4)
    for layer in net.layers[:-1]:
        layer.W *= 10
    x = np.random.default_rng(1).normal(size=(6, 5))
    x[:3] = 0
    y = np.arange(6) % 3
    for one, other in zip(
        slopes(net, x, "softmax", y), differences(net, x, "softmax", y), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_the_comparison_sees_a_missing_slope():
    """The broken twin: back-propagation that forgets f′ of the hidden layer."""
    net = network("sigmoid")
    x, y = np.random.default_rng(0).normal(size=(6, 5)), np.arange(6) % 3
    ref = differences(net, x, "softmax", y)
    net.layers[0].function = ACTIVATIONS["identity"]
    trace = network("sigmoid").forward(x)
    twin, _ = net.backward(trace, LOSSES["softmax"](trace.outputs[-1], y)[1])
    np.testing.assert_allclose(twin[2], ref[2], rtol=1e-5, atol=1e-7)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(twin[0], ref[0], rtol=1e-5, atol=1e-7)


def test_memory_may_be_used_again_for_as_many_rows_or_fewer():
    net = network("tanh", "sigmoid", (5, 4, 4, 3))
    rng = np.random.default_rng(0)
    memory, gradients = net.trace(8), [np.full_like(p, np.nan) for p in net.parameters]
    for n in (8, 3, 8, 1):
        x, g = rng.normal(size=(n, 5)), rng.normal(size=(n, 3))
        trace = net.forward(x, memory.first(n))
        found, none = net.backward(trace, g, gradients, to_data=False)
        ref, _ = net.backward(net.forward(x), g)
        assert none is None and found is gradients
        for one, other in zip(gradients, ref, strict=True):
            np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(trace.outputs[-1], net(x))


def test_deltas_are_gradients_with_respect_to_the_inputs():
    """A bias is added to every row's input, so its gradient is the sum of the deltas."""
    net = network("softplus", "tanh")
    rng = np.random.default_rng(0)
    trace = net.forward(rng.normal(size=(6, 5)))
    g = rng.normal(size=(6, 3))
    kept = g.copy()
    gradients, _ = net.backward(trace, g)
    np.testing.assert_array_equal(g, kept)
    for delta, to_b in zip(trace.deltas, gradients[1::2], strict=True):
        np.testing.assert_allclose(delta.sum(axis=0), to_b, rtol=1e-12)


@settings(max_examples=25)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=5),
    n=st.integers(1, 9),
    activation=st.sampled_from(list(ACTIVATIONS)),
    dtype=st.sampled_from(DTYPES),
    seed=st.integers(0, 1000),
)
def test_shapes_and_dtypes_are_kept(sizes, n, activation, dtype, seed):
    net = Network.random(sizes, activation, rng=seed, dtype=dtype)
    trace = net.forward(np.ones((n, sizes[0]), dtype))
    gradients, to_data = net.backward(trace, np.ones((n, sizes[-1]), dtype))
    assert net.sizes == tuple(sizes) and trace.outputs[-1].shape == (n, sizes[-1])
    assert [g.shape for g in gradients] == [p.shape for p in net.parameters]
    assert to_data.shape == (n, sizes[0])
    assert all(array.dtype == dtype for array in [*gradients, to_data, *trace.outputs])


# --- what goes in, what comes out -----------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_input_is_the_same_data(kind):
    X, y = task("softmax", 30)
    one, other = network(dtype=np.float32), network(dtype=np.float32)
    np.testing.assert_array_equal(one(KINDS[kind](X)), one(X))
    fit(one, X, y, validation=(X[:7], y[:7]))
    fit(other, KINDS[kind](X), y.astype(np.uint8), validation=(KINDS[kind](X[:7]), y[:7]))
    assert_same_bits(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_target_is_the_same_target(kind):
    X, _ = task("binary", 30)
    for loss in ("binary", "squared"):
        one, other = network(sizes=(5, 4, 5)), network(sizes=(5, 4, 5))
        fit(one, X, X, loss=loss)
        fit(other, X, KINDS[kind](X), loss=loss)
        assert_same_bits(one, other)


def test_many_rows_are_answered_a_block_at_a_time():
    net = network()
    X = np.random.default_rng(0).normal(size=(2500, 5))
    outputs = net(X)
    np.testing.assert_allclose(outputs, net.forward(X).outputs[-1], rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(net.predict(X), outputs.argmax(axis=1))
    p = net.probabilities(X)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(p.argmax(axis=1), net.predict(X))


def test_layers_are_shared_and_copies_are_not():
    net = network()
    twin, copy, single = Network(net.layers), net.copy(), net.astype(np.float32)
    net.parameters[0][:] = 7
    assert (twin.layers[0].W == 7).all() and not (copy.layers[0].W == 7).any()
    assert single.dtype == np.float32 and single([[0] * 5]).dtype == np.float32
    assert repr(net) == "Network(5 → 4 sigmoid → 3 identity, float64)"


def test_random_networks_follow_their_seed():
    one, other = (Network.random((5, 4, 3), rng=rng) for rng in (6, np.random.default_rng(6)))
    assert_same_bits(one, other)
    rng = np.random.default_rng(6)
    layers = [Dense.random(5, 4, "sigmoid", rng), Dense.random(4, 3, "identity", rng)]
    assert_same_bits(one, Network(layers))


@pytest.mark.parametrize("dtype", DTYPES)
def test_save_and_load_give_the_same_network(dtype, tmp_path):
    net = network("softplus", "tanh", (5, 4, 2, 3), dtype)
    net.save(tmp_path / "net.npz")
    twin = Network.load(tmp_path / "net.npz")
    assert_same_bits(net, twin)
    assert repr(net) == repr(twin)


@pytest.mark.parametrize("kind", ["text", "cut", "machine", "activation"])
def test_a_file_that_is_no_network_is_refused_by_path(kind, tmp_path):
    path, net = tmp_path / "net.npz", network()
    net.save(path)
    if kind == "machine":
        rb.RBM.random(3, 2).save(path)
    elif kind == "activation":
        arrays = {"array0": np.ones((2, 2)), "array1": np.zeros(2)}
        storage.write(path, "Network", arrays, activations=["swish"])
    else:
        path.write_bytes(b"nothing" if kind == "text" else path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"net\.npz"):
        Network.load(path)


# --- bad arguments --------------------------------------------------------------------------------


def with_value(array, value):
    array = array.astype(float)
    array[1, 1] = value
    return array


BAD_X = {
    "1-D": (lambda x: x[0], ValueError),
    "wide": (lambda x: np.hstack([x, x]), ValueError),
    "no rows": (lambda x: x[:0], ValueError),
    "NaN": (lambda x: with_value(x, np.nan), ValueError),
    "inf": (lambda x: with_value(x, np.inf), ValueError),
    "text": (lambda x: x.astype(str), TypeError),
    "object": (lambda x: x.astype(object), TypeError),
}
CALLS = {
    "call": ("x", lambda net, x: net(x)),
    "predict": ("X", lambda net, x: net.predict(x)),
    "probabilities": ("X", lambda net, x: net.probabilities(x)),
    "fit": ("X", lambda net, x: fit(net, x, np.zeros(len(x), int))),
    "validation": (
        r"validation\[0\]",
        lambda net, x: fit(net, np.ones((3, 5)), [0, 1, 2], validation=(x, [0] * len(x))),
    ),
}


@pytest.mark.parametrize(("change", "error"), BAD_X.values(), ids=BAD_X)
@pytest.mark.parametrize(("name", "call"), CALLS.values(), ids=CALLS)
def test_bad_rows_are_refused_by_name(name, call, change, error):
    with pytest.raises(error, match=f"^{name}: expected"):
        call(network(), change(np.ones((3, 5))))


X3 = np.ones((3, 5))
BAD = {
    "no layers": (lambda: Network([]), ValueError, "layers"),
    "one layer": (lambda: Network(Dense.random(2, 2)), TypeError, "layers"),
    "machine": (lambda: Network([rb.RBM.random(2, 2)]), TypeError, r"layers\[0\]"),
    "width": (
        lambda: Network([Dense.random(2, 3), Dense.random(2, 2)]),
        ValueError,
        r"layers\[1\]",
    ),
    "dtype": (
        lambda: Network([Dense.random(2, 2), Dense.random(2, 2, dtype=np.float64)]),
        ValueError,
        r"layers\[1\]",
    ),
    "one size": (lambda: Network.random((3,)), ValueError, "sizes"),
    "no sizes": (lambda: Network.random(3), TypeError, "sizes"),
    "size 0": (lambda: Network.random((3, 0, 2)), ValueError, "sizes"),
    "float size": (lambda: Network.random((3, 2.5)), TypeError, "sizes"),
    "activation": (lambda: Network.random((3, 2, 2), "swish"), ValueError, "activation"),
    "forward": (lambda: network().forward(np.ones((2, 4))), ValueError, "x"),
    "backward": (
        lambda: network().backward(network().forward(X3), np.ones((3, 2))),
        ValueError,
        "output_gradient",
    ),
}


@pytest.mark.parametrize(("call", "error", "name"), BAD.values(), ids=BAD)
def test_bad_arguments_are_refused_by_name(call, error, name):
    with pytest.raises(error, match=rf"^{name}: expected"):
        call()
