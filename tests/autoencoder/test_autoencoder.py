"""Autoencoders: the objective and its gradient, option by option; passes; tied weights."""

import naive_autoencoder as naive
import numpy as np
import pytest
from autoencoders import DEPTHS, DTYPES, OPTIONS, assert_same_bits, autoencoder, data, fit, layers
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import KINDS
from naive_network import finite_differences

import rbmbook as rb
from rbmbook.autoencoder import contraction
from rbmbook.autoencoder.model import Autoencoder, GaussianNoise, Masking
from rbmbook.networks.activations import ACTIVATIONS
from rbmbook.networks.layers import Dense
from rbmbook.networks.network import Network


def differences(ae, X, **options):
    """The gradient by finite differences of the objective's value."""
    return [finite_differences(lambda: ae.objective(X, **options)[0], p) for p in ae.parameters]


def assert_gradients(found, expected):
    for i, (g, ref) in enumerate(zip(found, expected, strict=True)):
        np.testing.assert_allclose(g, ref, rtol=1e-6, atol=2e-8, err_msg=f"parameter {i}")


# --- the objective --------------------------------------------------------------------------------


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_the_objective_is_what_its_formula_says(options, tied):
    ae, X = autoencoder((5, 4, 3), tied=tied), data()
    noise, rng, noisy = options.get("noise"), np.random.default_rng(9), X
    if isinstance(noise, Masking):
        noisy = naive.mask(X, noise.p, rng)
    elif noise is not None:
        noisy = naive.add_noise(X, noise.s, rng)
    sparsity, decay = options.get("sparsity"), options.get("weight_decay", 0.0)
    up, down = layers(ae.encoder), layers(ae.decoder)
    ref = naive.objective(
        up,
        down,
        options.get("loss", "binary"),
        X,
        noisy,
        options.get("contraction", 0.0),
        sparsity and sparsity.target,
        sparsity.cost if sparsity else 0.0,
    )
    # An array that is used twice is penalised once.
    weights = [W for W, _, _ in (up if tied else up + down)]
    ref += decay / 2 * sum(np.sum(W**2) for W in weights)
    ref += options.get("l1", 0.0) * sum(np.abs(W).sum() for W in weights)
    comp, _ = ae.objective(X, rng=9, **options)
    np.testing.assert_allclose(comp, ref, rtol=1e-12)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("sizes", DEPTHS, ids=str)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_gradients_are_finite_differences(options, sizes, tied):
    ae, X = autoencoder(sizes, tied=tied), data(columns=sizes[0])
    assert_gradients(ae.objective(X, **options)[1], differences(ae, X, **options))


COUNTS = np.array([3, 0, 1, 2, 0, 1, 1])


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("sizes", DEPTHS, ids=str)
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_row_counts_as_often_as_its_weight_says(options, sizes, tied):
    ae, X = autoencoder(sizes, tied=tied), data(columns=sizes[0])
    options = options | {"noise": None}  # each of several equal rows would get noise of its own
    value, gradients = ae.objective(X, sample_weight=COUNTS / 4, **options)
    ref, expected = ae.objective(np.repeat(X, COUNTS, axis=0), **options)
    np.testing.assert_allclose(value, ref, rtol=1e-12)
    for g, other in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(g, other, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("sizes", DEPTHS, ids=str)
def test_gradients_with_weights_are_finite_differences(sizes):
    ae, X = autoencoder(sizes, tied=True), data(columns=sizes[0])
    options = OPTIONS["all"] | {"sample_weight": COUNTS}
    assert_gradients(ae.objective(X, **options)[1], differences(ae, X, **options))


@pytest.mark.parametrize("sizes", [(5, 3), (5, 4, 3)], ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_hold_for_every_activation(activation, sizes):
    ae, X = autoencoder(sizes, activation, "identity", tied=True), data()
    options = {"contraction": 0.6, "noise": GaussianNoise(0.1)}
    assert_gradients(ae.objective(X, **options)[1], differences(ae, X, **options))


def test_the_comparison_sees_a_tied_gradient_with_one_use_only():
    ae, X = autoencoder(tied=True), data()
    untied = Autoencoder(ae.encoder.copy(), ae.decoder.copy())
    W, b, _, c = untied.objective(X)[1]
    np.testing.assert_allclose(ae.objective(X)[1][2], c, rtol=1e-12)
    with pytest.raises(AssertionError):
        assert_gradients([W, b, c], differences(ae, X))


def test_the_comparison_sees_a_contraction_that_forgets_how_slopes_move():
    """With the units' slopes held fixed, only the weights' own part of the gradient is left."""
    ae, X, options = autoencoder(), data(), {"contraction": 0.7}
    value, (W, *others) = ae.objective(X)
    del value
    slope = (code := ae.encode(X)) * (1 - code)
    W = W + 2 * 0.7 * ae.encoder.layers[0].W * (slope**2).mean(axis=0)
    with pytest.raises(AssertionError):
        assert_gradients([W, *others], differences(ae, X, **options))


def test_the_tied_gradient_is_the_sum_of_both_uses():
    ae, X = autoencoder((5, 4, 3), tied=True), data()
    untied = Autoencoder(ae.encoder.copy(), ae.decoder.copy())
    up0, _, up1, _, down1, _, down0, _ = untied.objective(X, contraction=0.3)[1]
    W0, _, W1, _, _, _ = ae.objective(X, contraction=0.3)[1]
    np.testing.assert_allclose(W0, up0 + down0.T, rtol=1e-12)
    np.testing.assert_allclose(W1, up1 + down1.T, rtol=1e-12)


def test_a_loss_of_logits_is_exact_where_sigmoids_round_to_one():
    """The squared error's gradient vanishes there; the cross-entropy's does not."""
    ae = Autoencoder(Network([Dense([[1.0]], [0.0])]), Network([Dense([[1.0]], [0.0], "sigmoid")]))
    ae.encoder.layers[0].b[:] = 800.0
    value, gradients = ae.objective([[0.0]])
    assert value == 800.0 and gradients[3][0] == 1.0


def test_objective_values_are_kept_from_the_model():
    ae, X = autoencoder(), data()
    before = ae.copy()
    ae.objective(X, **OPTIONS["all"])
    assert_same_bits(ae, before)


@settings(max_examples=30)
@given(
    sizes=st.lists(st.integers(1, 5), min_size=2, max_size=4),
    n=st.integers(1, 6),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    output=st.sampled_from(["sigmoid", "identity"]),
    tied=st.booleans(),
    dtype=st.sampled_from(DTYPES),
    scale=st.sampled_from([0.0, 1.0, 1000.0]),
)
def test_any_shape_dtype_and_magnitude_gives_finite_numbers_of_that_kind(
    sizes, n, activation, output, tied, dtype, scale
):
    ae = Autoencoder.random(sizes, activation, output, tied, rng=0, dtype=dtype)
    ae.encoder.layers[0].W[:] *= dtype(scale)
    X = data(n, sizes[0]).astype(dtype)
    value, gradients = ae.objective(X, contraction=1e-3, noise=Masking(0.3), weight_decay=1e-3)
    assert np.isfinite(value)
    for p, g in zip(ae.parameters, gradients, strict=True):
        assert g.shape == p.shape and g.dtype == dtype and np.isfinite(g).all()
    assert ae.encode(X).shape == (n, sizes[-1]) and ae.encode(X).dtype == dtype
    assert ae.reconstruct(X).shape == X.shape and ae.reconstruct(X).dtype == dtype


# --- passes ---------------------------------------------------------------------------------------


def test_passes_equal_the_naive_ones_and_fit_together():
    ae, X = autoencoder((5, 4, 3), "tanh", "sigmoid"), data()
    up, down = layers(ae.encoder), layers(ae.decoder)
    ref = np.array([naive.reconstruct(up, down, x) for x in X])
    np.testing.assert_allclose(ae.reconstruct(X), ref, rtol=1e-12)
    np.testing.assert_array_equal(ae.decode(ae.encode(X)), ae.reconstruct(X))
    np.testing.assert_allclose(
        ae.reconstruction_error(X), ((X - ref) ** 2).mean(axis=1), rtol=1e-12
    )
    for kind in ("binary", "squared"):
        losses = [naive.loss(up, down, kind, x, x) for x in X]
        np.testing.assert_allclose(ae.loss(X, kind), losses, rtol=1e-12)


def test_the_default_loss_follows_the_outputs():
    X = data()
    for output, kind in (("sigmoid", "binary"), ("identity", "squared"), ("tanh", "squared")):
        ae = autoencoder(output=output)
        np.testing.assert_array_equal(ae.loss(X), ae.loss(X, kind))


def test_many_rows_are_answered_a_block_at_a_time():
    ae, X = autoencoder(), np.tile(data(5), (500, 1))
    for function in (ae.encode, ae.reconstruct, ae.reconstruction_error, ae.loss, ae.jacobian):
        out = function(X)
        np.testing.assert_allclose(out[-5:], out[:5], rtol=1e-12)
        assert len(out) == 2500


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_input_is_the_same_data(kind):
    X = (data(12) < 0.5) * 1.0
    one, other = autoencoder(), autoencoder()
    np.testing.assert_array_equal(one.encode(KINDS[kind](X)), one.encode(X))
    np.testing.assert_array_equal(one.objective(KINDS[kind](X))[1][0], one.objective(X)[1][0])
    fit(one, X, noise=Masking(0.2), validation=X[:3])
    fit(other, KINDS[kind](X), noise=Masking(0.2), validation=KINDS[kind](X[:3]))
    assert_same_bits(one, other)


# --- the contractive penalty ----------------------------------------------------------------------


@pytest.mark.parametrize("sizes", DEPTHS, ids=str)
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "softplus"])
def test_the_jacobian_follows_the_chain_rule(activation, sizes):
    ae, X = autoencoder(sizes, activation), data(columns=sizes[0])
    ref = np.array([naive.jacobian(layers(ae.encoder), x) for x in X])
    np.testing.assert_allclose(ae.jacobian(X), ref, rtol=1e-11, atol=1e-14)
    plain, penalised = (ae.objective(X, contraction=c)[0] for c in (0.0, 2.0))
    np.testing.assert_allclose(penalised - plain, 2 * (ref**2).sum(axis=(1, 2)).mean(), rtol=1e-11)


def test_one_sigmoid_layer_has_the_closed_form_of_rifai():
    ae, X = autoencoder(), data()
    code, W = ae.encode(X), ae.encoder.layers[0].W
    ref = ((code * (1 - code)) ** 2 @ (W**2).sum(axis=0)).mean()
    penalty = ae.objective(X, contraction=1.0)[0] - ae.objective(X)[0]
    np.testing.assert_allclose(penalty, ref, rtol=1e-12)


def test_one_layer_and_any_number_of_layers_agree():
    """An identity layer below changes nothing: the general way then gives the closed form."""
    ae, X = autoencoder(), data()
    deep = Autoencoder(Network([Dense(np.eye(5), np.zeros(5)), *ae.encoder.layers]), ae.decoder)
    value, (W, b, *_) = ae.objective(X, contraction=0.5)
    deep_value, (_, _, deep_W, deep_b, *_) = deep.objective(X, contraction=0.5)
    np.testing.assert_allclose(deep_value, value, rtol=1e-12)
    np.testing.assert_allclose(deep_W, W, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(deep_b, b, rtol=1e-10, atol=1e-14)


def test_the_penalty_does_not_depend_on_how_rows_are_cut(monkeypatch):
    ae, X = autoencoder((5, 4, 3)), data()
    value, gradients = ae.objective(X, contraction=0.5)
    monkeypatch.setattr(contraction, "CHUNK", 25)  # two rows at a time
    cut, cut_gradients = ae.objective(X, contraction=0.5)
    np.testing.assert_allclose(cut, value, rtol=1e-13)
    for g, ref in zip(cut_gradients, gradients, strict=True):
        np.testing.assert_allclose(g, ref, rtol=1e-11, atol=1e-15)


def test_contraction_shrinks_the_jacobian():
    X = data(40)
    norms = []
    for weight in (0.0, 1.0):
        ae = autoencoder(tied=True)
        history = fit(ae, X, epochs=60, optimizer=rb.Adam(0.02), contraction=weight)
        assert ("contraction" in history) == (weight > 0)
        norms.append((ae.jacobian(X) ** 2).sum(axis=(1, 2)).mean())
    assert norms[1] < norms[0] / 4


# --- sparsity -------------------------------------------------------------------------------------


def test_sparsity_pulls_the_code_to_its_target():
    X, ae = data(40), autoencoder()
    before = np.abs(ae.encode(X).mean(axis=0) - 0.1).max()
    history = fit(ae, X, epochs=150, optimizer=rb.Adam(0.02), sparsity=rb.Sparsity(0.1, 5.0))
    after = np.abs(ae.encode(X).mean(axis=0) - 0.1).max()
    assert after < 0.03 < 0.2 < before
    assert history["sparsity"][-1] < history["sparsity"][0] / 10


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bias", [-1000.0, 1000.0])
def test_a_unit_that_never_changes_costs_a_finite_number(bias, dtype):
    ae = autoencoder(dtype=dtype)
    ae.encoder.layers[0].b[:] = bias
    value, gradients = ae.objective(data(), sparsity=rb.Sparsity(0.5))
    assert np.isfinite(value) and value > 10
    assert all(np.isfinite(g).all() for g in gradients)


# --- tied weights ---------------------------------------------------------------------------------


def test_tied_weights_are_one_array():
    ae = autoencoder((5, 4, 3), tied=True)
    assert [p.shape for p in ae.parameters] == [(5, 4), (4,), (4, 3), (3,), (4,), (5,)]
    for up, down in zip(ae.encoder.layers, ae.decoder.layers[::-1], strict=True):
        assert np.shares_memory(up.W, down.W)
        up.W = np.full(up.W.shape, 2.0)  # a new array on one side
        assert (down.W == 2).all()
        new = np.arange(down.W.size).reshape(down.W.shape)
        down.W = new  # and on the other
        np.testing.assert_array_equal(up.W, new.T)
        assert up.W.flags.c_contiguous


def test_tied_weights_stay_tied_while_they_are_trained():
    ae, X = autoencoder((5, 4, 3), tied=True), data(12)
    before = ae.copy()
    fit(ae, X)
    for up, down in zip(ae.encoder.layers, ae.decoder.layers[::-1], strict=True):
        np.testing.assert_array_equal(up.W, down.W.T)
    for p, q in zip(ae.parameters, before.parameters, strict=True):
        assert (p != q).any()


def test_untied_weights_start_and_stay_apart():
    ae = autoencoder()
    fit(ae, data(12))
    up, down = ae.encoder.layers[0], ae.decoder.layers[0]
    assert not np.shares_memory(up.W, down.W) and (up.W != down.W.T).all()
