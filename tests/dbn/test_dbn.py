"""Deep belief networks: samples, means, networks made of them, files, bad input."""

import naive
import naive_deep
import numpy as np
import pytest
from deep_cases import SIZES, arrays, assert_same_bits, machines, network, untied
from frequencies import CHAINS, assert_frequencies, index_of
from inputs import KINDS

import rbmbook as rb
from rbmbook.dbn.model import DBN
from rbmbook.networks.layers import Dense


def all_states(sizes):
    return np.array(naive.states(sizes[0]), dtype=float)


# --- samples ------------------------------------------------------------------------------------


def after(theta, steps, start=None):
    """The exact distribution of v after a number of steps of the top machine, and the way down."""
    p = np.full(2 ** len(theta[-1][1]), 1.0) if start is None else start
    p = p / p.sum() @ np.linalg.matrix_power(naive.transition(*theta[-1]), steps)
    for W, a, _ in theta[-2::-1]:
        p = p @ naive_deep.arrow_down(W, a)
    return p


@pytest.mark.parametrize("steps", [0, 1, 20])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_samples_follow_the_enumerated_distribution(sizes, steps):
    theta = machines(sizes)
    comp = network(theta).sample(CHAINS, rng=1, steps=steps)
    assert_frequencies(index_of(comp), after(theta, steps))


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_after_many_steps_that_distribution_is_the_model(sizes):
    theta = machines(sizes)
    ref = np.exp(naive_deep.dbn_log_likelihood(theta, all_states(sizes)))
    np.testing.assert_allclose(after(theta, 1000), ref, atol=1e-12)


def test_chains_may_start_from_data():
    theta = machines((4, 3, 4))
    ups = untied(theta)
    v = np.array([1.0, 0, 1, 1])
    comp = network(theta, ups).sample(CHAINS, rng=1, steps=1, start=np.tile(v, (CHAINS, 1)))
    p = naive_deep.arrow_up(*ups[0])[int(index_of(v[None])[0])]
    assert_frequencies(index_of(comp), after(theta, 1, p))


def broken(kind, dbn, n, rng, steps):
    """Samplers that look right."""
    rng, (low, top) = np.random.default_rng(rng), dbn.rbms
    if kind == "hidden side of the top machine":
        x = top.sample_hidden(rb.gibbs.run(top, n, steps, rng), rng)[:, : low.n_hidden]
    elif kind == "no top machine":
        x = rng.integers(0, 2, (n, low.n_hidden)).astype(float)
    else:
        x = rb.gibbs.run(top, n, steps, rng)
    if kind == "means on the way down":
        return (low.visible_mean(x) > 0.5).astype(float)
    return low.sample_visible(x, rng)


@pytest.mark.parametrize(
    "kind", ["hidden side of the top machine", "no top machine", "means on the way down"]
)
def test_broken_samplers_are_rejected(kind):
    theta = machines((4, 3, 4))
    comp = broken(kind, network(theta), CHAINS, rng=1, steps=9)
    with pytest.raises(AssertionError, match="distance"):
        assert_frequencies(index_of(comp), after(theta, 9))
    assert_frequencies(index_of(broken("", network(theta), CHAINS, 1, 9)), after(theta, 9))


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_means_are_the_expectation_of_the_last_layer(sizes):
    theta = machines(sizes)
    means = network(theta).sample(CHAINS, rng=1, steps=3, means=True)
    later = 3 + (len(sizes) == 2)  # one machine alone: half a sweep further
    ref = after(theta, later) @ all_states(sizes)
    assert np.all((means > 0) & (means < 1))
    error = means.std(axis=0) / np.sqrt(CHAINS)
    assert np.all(np.abs(means.mean(axis=0) - ref) < 6 * error)


# --- networks -----------------------------------------------------------------------------------

KINDS_OF_NETWORKS = {
    "binary": {},
    "spin": {"hidden": [rb.Spin(), rb.Bernoulli()]},
    "linear code": {"hidden": [rb.Bernoulli(), rb.Gaussian(0.7)]},
    "Gaussian data": {"visible": rb.Gaussian(0.4), "hidden": [rb.NoisyReLU(), rb.Spin()]},
}


def deep(kinds, own_way_up=False):
    dbn = DBN.random((4, 3, 2), rng=1, scale=0.8, dtype=np.float64, **kinds)
    for p in arrays(dbn).values():
        p += np.random.default_rng(2).normal(0, 0.3, p.shape)
    if own_way_up:
        dbn.untie()
        dbn.recognition[0].W[:] += 1
    return dbn


def states_of(dbn, n=6):
    unit = dbn.rbms[0].visible
    return unit.sample(np.zeros((n, 4)), unit.noise((n, 4), np.random.default_rng(3)))


@pytest.mark.parametrize("own_way_up", [False, True])
@pytest.mark.parametrize("kinds", KINDS_OF_NETWORKS.values(), ids=KINDS_OF_NETWORKS)
def test_classifier_is_the_way_up_with_a_layer_of_logits(kinds, own_way_up):
    dbn = deep(kinds, own_way_up)
    X, net = states_of(dbn), dbn.classifier(5, rng=7)
    assert net.sizes == (4, 3, 2, 5) and net.dtype == np.float64
    logits = Dense.random(2, 5, "identity", 7, np.float64)
    np.testing.assert_array_equal(net.layers[-1].W, logits.W)
    np.testing.assert_allclose(net(X), logits(dbn.transform(X)), rtol=1e-12)
    before = {name: p.copy() for name, p in arrays(dbn).items()}
    net.fit(X, np.arange(6) % 5, epochs=2, progress=False)
    for name, p in arrays(dbn).items():
        np.testing.assert_array_equal(p, before[name], err_msg=name)


@pytest.mark.parametrize("own_way_up", [False, True])
@pytest.mark.parametrize("kinds", KINDS_OF_NETWORKS.values(), ids=KINDS_OF_NETWORKS)
def test_autoencoder_carries_means_up_and_down(kinds, own_way_up):
    dbn = deep(kinds, own_way_up)
    X, auto = states_of(dbn), dbn.autoencoder()
    code = dbn.transform(X)
    np.testing.assert_allclose(auto.encode(X), code, rtol=1e-12)
    low, top = dbn.rbms
    ref = low.visible.mean(low.visible_inputs(top.visible_mean(code)))
    np.testing.assert_allclose(auto.reconstruct(X), ref, rtol=1e-12)
    auto.encoder.layers[0].W[:] = 0
    np.testing.assert_allclose(dbn.transform(X), code)


@pytest.mark.parametrize("unit", [rb.Softmax(3), rb.ReLU()], ids=str)
def test_units_without_an_activation_are_refused(unit):
    dbn = DBN.random((4, 3, 2), hidden=[unit, rb.Bernoulli()])
    for method in (dbn.autoencoder, lambda: dbn.classifier(3)):
        with pytest.raises(ValueError, match=f"got {type(unit).__name__}"):
            method()


# --- the rest -----------------------------------------------------------------------------------


@pytest.mark.parametrize("own_way_up", [False, True])
def test_transform_carries_means_up(own_way_up):
    theta, V = machines((3, 4, 2, 3)), all_states((3,))
    ups = untied(theta) if own_way_up else naive_deep.ups_of(theta)
    dbn = network(theta, ups if own_way_up else None)
    ref = V
    for layer, (W, b) in enumerate([*ups, (theta[-1][0], theta[-1][2])], start=1):
        rows = [[naive.sigmoid(z) for z in naive_deep.inputs_up(W, b, row)] for row in ref]
        ref = np.array(rows)
        np.testing.assert_allclose(dbn.transform(V, layer=layer), ref, rtol=1e-12)
    np.testing.assert_array_equal(dbn.transform(V), dbn.transform(V, layer=3))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_array_counts_as_the_same_data(kind, binary):
    V, dbn = binary(6, 4), network(machines())
    same = KINDS[kind](V)
    for method in (dbn.transform, dbn.bound, dbn.log_likelihood, dbn.log_weights):
        np.testing.assert_array_equal(method(same), method(V), err_msg=method.__name__)
    start = {"rng": 0, "steps": 2}
    comp, ref = dbn.sample(6, start=same, **start), dbn.sample(6, start=V, **start)
    np.testing.assert_array_equal(comp, ref)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(dtype, binary):
    V = binary(6, 4)
    dbn = DBN.random((4, 3, 2), rng=0, scale=1.0, dtype=dtype, data=V)
    for result in (dbn.transform(V), dbn.sample(3, 0, 2), dbn.bound(V), dbn.log_likelihood(V)):
        assert result.dtype == dtype
    assert dbn.dtype == dtype and dbn.sizes == [4, 3, 2]
    twin = DBN(rbm.astype(np.float64) for rbm in dbn.rbms)
    np.testing.assert_allclose(dbn.bound(V), twin.bound(V), rtol=1e-6)


def test_random_draws_the_machines_from_the_bottom(binary):
    X, rng = binary(20, 4), np.random.default_rng(8)
    kinds = {"visible": rb.Spin(), "hidden": [rb.Softmax(3), rb.Gaussian()]}
    dbn = DBN.random([4, 6, 2], rng=8, scale=0.1, data=2 * X - 1, **kinds)
    one = rb.RBM.random(4, 6, rng, 0.1, visible=rb.Spin(), hidden=rb.Softmax(3), data=2 * X - 1)
    two = rb.RBM.random(6, 2, rng, 0.1, visible=rb.Softmax(3), hidden=rb.Gaussian())
    assert_same_bits(dbn, DBN([one, two]))
    assert repr(dbn) == "DBN(4-6-2, float32)"


@pytest.mark.parametrize("own_way_up", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_save_load_and_copy_keep_every_bit(own_way_up, dtype, tmp_path):
    kinds = {"visible": rb.Gaussian(0.5), "hidden": [rb.Spin(), rb.Softmax(2)]}
    dbn = DBN.random((4, 3, 2), rng=1, scale=1.0, dtype=dtype, **kinds)
    dbn.rbms[0].visible.log_precision[:] = [0.1, 0.2, 0.3, 0.4]
    if own_way_up:
        dbn.untie()
        dbn.recognition[0].W[:] += 1
    dbn.save(tmp_path / "net.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["net.npz"]
    before = {name: p.copy() for name, p in arrays(dbn).items()}
    for twin in (DBN.load(tmp_path / "net.npz"), dbn.copy()):
        assert_same_bits(twin, dbn)
        assert [type(rbm.hidden) for rbm in twin.rbms] == [rb.Spin, rb.Softmax]
        for p in arrays(twin).values():
            p[...] = 0
        for name, p in arrays(dbn).items():
            np.testing.assert_array_equal(p, before[name], err_msg=name)


def test_files_of_another_kind_are_refused(rbm, tmp_path):
    rbm.save(tmp_path / "rbm.npz")
    with pytest.raises(ValueError, match=r"rbm\.npz"):
        DBN.load(tmp_path / "rbm.npz")
    DBN([rbm]).save(tmp_path / "dbn.npz")
    with pytest.raises(ValueError, match=r"dbn\.npz"):
        rb.RBM.load(tmp_path / "dbn.npz")


BAD = {
    "no machine": (lambda d: DBN([]), ValueError, "rbms: expected one machine"),
    "not a machine": (lambda d: DBN([1]), TypeError, "rbms: expected an instance of RBM"),
    "width": (
        lambda d: DBN([d.rbms[0], d.rbms[0]]),
        ValueError,
        "rbms: expected 3 visible units in machine 2",
    ),
    "type of units": (
        lambda d: DBN([d.rbms[0], rb.RBM.random(3, 2, visible=rb.Spin(), dtype=float)]),
        ValueError,
        r"rbms: expected visible units Bernoulli\(\)",
    ),
    "dtype": (
        lambda d: DBN([d.rbms[0], rb.RBM.random(3, 2)]),
        ValueError,
        "rbms: expected machines of one dtype, float64, got float32",
    ),
    "one size": (lambda d: DBN.random([4]), ValueError, "sizes: expected two layers"),
    "size 0": (lambda d: DBN.random([4, 0]), ValueError, "sizes: expected an integer ≥ 1"),
    "units": (
        lambda d: DBN.random([4, 3, 2], hidden=[rb.Spin()]),
        ValueError,
        "hidden: expected 2 units, got 1",
    ),
    "v: width": (lambda d: d.bound(np.zeros((2, 3))), ValueError, r"v: expected shape \(n, 4\)"),
    "v: grey": (lambda d: d.bound(np.full((2, 4), 0.5)), ValueError, "v: expected every value"),
    "v: NaN": (lambda d: d.log_likelihood(np.full((2, 4), np.nan)), ValueError, "v: expected"),
    "v: text": (lambda d: d.log_likelihood([["a"] * 4]), TypeError, "v: expected real numbers"),
    "log_z": (lambda d: d.bound(np.zeros((1, 4)), log_z=np.nan), ValueError, "log_z: expected"),
    "log_z: text": (lambda d: d.bound(np.zeros((1, 4)), log_z="x"), TypeError, "log_z: expected"),
    "samples": (
        lambda d: d.log_weights(np.zeros((1, 4)), samples=0),
        ValueError,
        "samples: expected an integer ≥ 1",
    ),
    "bound: samples": (
        lambda d: d.bound(np.zeros((1, 4)), samples=1.5),
        TypeError,
        "samples: expected an integer",
    ),
    "layer 0": (lambda d: d.transform(np.zeros((1, 4)), layer=0), ValueError, "layer: expected"),
    "layer 3": (lambda d: d.transform(np.zeros((1, 4)), layer=3), ValueError, "layer: expected"),
    "n": (lambda d: d.sample(0, rng=0), ValueError, "n: expected an integer ≥ 1"),
    "steps": (lambda d: d.sample(2, 0, steps=-1), ValueError, "steps: expected an integer ≥ 0"),
    "rng": (lambda d: d.sample(2, rng=None), TypeError, "rng: expected an int"),
    "means": (lambda d: d.sample(2, 0, means=1), TypeError, "means: expected"),
    "classes": (lambda d: d.classifier(1), ValueError, "n_classes: expected an integer ≥ 2"),
    "start": (
        lambda d: d.sample(2, 0, start=np.zeros((3, 4))),
        ValueError,
        "start: expected 2 rows",
    ),
}


@pytest.mark.parametrize("call, error, message", BAD.values(), ids=BAD)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call(network(machines()))
