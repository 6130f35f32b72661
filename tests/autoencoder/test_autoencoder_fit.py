"""Training autoencoders: noise, updates, what is recorded, what stops it; linear ones are PCA."""

import naive_autoencoder as naive
import numpy as np
import pytest
from autoencoders import DTYPES, OPTIONS, assert_same_bits, autoencoder, data, fit, layers

import rbmbook as rb
from rbmbook.autoencoder.model import Autoencoder, GaussianNoise, Masking

# --- noise ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_noise_is_drawn_entry_by_entry_in_the_dtype_of_the_rows(dtype):
    X = data(4).astype(dtype)
    mask = np.random.default_rng(5).random(X.shape, dtype=dtype) >= 0.3
    np.testing.assert_array_equal(Masking(0.3).corrupt(X, 5), X * mask)
    normal = np.random.default_rng(5).standard_normal(X.shape, dtype=dtype)
    noisy = GaussianNoise(0.3).corrupt(X, 5)
    np.testing.assert_array_equal(noisy, X + dtype(0.3) * normal)
    assert noisy.dtype == dtype and Masking(0.3).corrupt(X, 5).dtype == dtype


def test_rows_of_any_real_kind_are_corrupted_as_floats():
    for noise in (Masking(0.3), GaussianNoise(0.3)):
        ref = noise.corrupt(np.ones((2, 3)), 5)
        for rows in (np.ones((2, 3), np.uint8), np.ones((2, 3), bool), [[1, 1, 1]] * 2):
            np.testing.assert_array_equal(noise.corrupt(rows, 5), ref)
        with pytest.raises(TypeError, match="x"):
            noise.corrupt([["a"]], 5)


def test_noise_has_the_strength_it_says():
    X = np.ones((300, 300))
    share = 1 - Masking(0.3).corrupt(X, 0).mean()
    deviation = (GaussianNoise(0.3).corrupt(X, 0) - X).std()
    # Five standard errors of each.
    assert abs(share - 0.3) < 5 * np.sqrt(0.3 * 0.7 / X.size)
    assert abs(deviation - 0.3) < 5 * 0.3 / np.sqrt(2 * X.size)
    assert (X == 1).all()


@pytest.mark.parametrize("noise", [Masking(0.0), GaussianNoise(0.0)])
def test_noise_of_strength_zero_changes_nothing(noise):
    ae, X = autoencoder(), data()
    one, other = ae.objective(X), ae.objective(X, noise=noise)
    assert one[0] == other[0]
    np.testing.assert_array_equal(one[1][0], other[1][0])


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: Masking(1.0), ValueError),
        (lambda: Masking(-0.1), ValueError),
        (lambda: Masking("0.1"), TypeError),
        (lambda: GaussianNoise(-1.0), ValueError),
        (lambda: GaussianNoise(np.nan), ValueError),
    ],
)
def test_impossible_noise_is_refused(make, error):
    with pytest.raises(error, match=r"^[ps]: "):
        make()


# --- the linear autoencoder is PCA ----------------------------------------------------------------


@pytest.fixture(scope="module")
def cloud():
    """60 points in 6 dimensions, with the principal directions and variances of their SVD."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(60, 6)) * [3.0, 2.0, 1.5, 0.8, 0.5, 0.3] @ rng.normal(size=(6, 6))
    X = X / X.std() + rng.normal(size=6)
    _, s, directions = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    return X, s**2 / len(X), directions


@pytest.mark.parametrize("tied", [False, True])
def test_a_linear_autoencoder_finds_the_error_and_the_subspace_of_pca(cloud, tied):
    X, variances, directions = cloud
    ae = Autoencoder.random((6, 2), "identity", "identity", tied, rng=0, dtype=np.float64)
    rate = rb.optimize.linear_decay(0.05, 0.0005, updates=1500)
    fit(ae, X, epochs=1500, batch_size=60, optimizer=rb.Adam(rate), standardize=False)
    best = variances[2:].sum() / 6
    error = ae.reconstruction_error(X).mean()
    assert best * (1 - 1e-9) <= error < best * (1 + 1e-4)
    # Every reconstruction lies in the mean plus the span of two principal directions …
    plane = directions[:2]
    offset = ae.reconstruct(X) - X.mean(axis=0)
    np.testing.assert_allclose(offset, offset @ plane.T @ plane, atol=0.02)
    # … which the decoder's weights span: both principal angles are zero.
    basis, _ = np.linalg.qr(ae.decoder.layers[0].W.T)
    angles = np.linalg.svd(plane @ basis, compute_uv=False)
    assert angles.min() > 1 - 1e-4
    # A twin: another pair of directions is not spanned.
    assert np.linalg.svd(directions[[0, 2]] @ basis, compute_uv=False).min() < 0.5


def test_no_linear_autoencoder_beats_pca(cloud):
    X, variances, _ = cloud
    for seed in range(5):
        ae = Autoencoder.random((6, 2), "identity", "identity", rng=seed, dtype=np.float64)
        fit(ae, X, epochs=30, optimizer=rb.Adam(0.05))
        assert ae.reconstruction_error(X).mean() > variances[2:].sum() / 6


# --- training -------------------------------------------------------------------------------------


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_an_epoch_is_a_permutation_then_batches_with_their_noise(options, tied):
    """Twelve rows in batches of five: the last two are averaged over two rows."""
    ae, X, rng = autoencoder(tied=tied), data(12), np.random.default_rng(6)
    twin = ae.copy()
    fit(ae, X, epochs=2, optimizer=rb.SGD(0.3), rng=6, **options)
    for _ in range(2):
        order = rng.permutation(12)
        for start in (0, 5, 10):
            _, gradients = twin.objective(X[order[start : start + 5]], rng=rng, **options)
            for p, g in zip(twin.parameters, gradients, strict=True):
                p -= 0.3 * g
    for p, q in zip(ae.parameters, twin.parameters, strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-11, atol=1e-13)


def test_the_history_holds_the_means_of_the_epoch_and_the_state_after_it():
    ae, X, V = autoencoder(), data(12), data(4, seed=8)
    options = {"contraction": 0.1, "sparsity": rb.Sparsity(0.2), "noise": Masking(0.3)}
    twin, rng = ae.copy(), np.random.default_rng(6)
    history = fit(ae, X, epochs=1, batch_size=12, rng=6, validation=V, **options)
    noisy = Masking(0.3).corrupt(X[rng.permutation(12)], rng)
    order = np.random.default_rng(6).permutation(12)
    up, down = layers(twin.encoder), layers(twin.decoder)
    losses = [naive.loss(up, down, "binary", x, y) for x, y in zip(X[order], noisy, strict=True)]
    norms = [(naive.jacobian(up, y) ** 2).sum() for y in noisy]
    divergences = [naive.divergence(0.2, q) for q in twin.encode(noisy).mean(axis=0)]
    expected = {
        "epoch": 1,
        "loss": np.mean(losses),
        "sparsity": np.sum(divergences),
        "contraction": np.mean(norms),
        "reconstruction_error": ae.reconstruction_error(X).mean(),
        "validation_loss": ae.loss(V).mean(),
        "validation_error": ae.reconstruction_error(V).mean(),
    }
    shares = ["constant_features", "saturated_features"]
    assert list(history) == ["epoch", "seconds", *list(expected)[1:], *shares]
    for name, value in expected.items():
        np.testing.assert_allclose(history[name], [value], rtol=1e-10, err_msg=name)


def test_the_reported_loss_weighs_batches_by_their_rows():
    ae, X = autoencoder(), data(12)
    ref = ae.loss(X).mean()
    history = fit(ae, X, epochs=1, optimizer=rb.SGD(1e-12))
    np.testing.assert_allclose(history["loss"], ref, rtol=1e-9)


@pytest.mark.parametrize("output", ["sigmoid", "identity"])
def test_weights_count_as_repeated_rows_in_training_and_in_its_means(output):
    """With full batches; real columns are standardised by their weighted means and deviations."""
    counts, X = np.array([3, 0, 1, 2, 0, 1, 1]), data()
    one, other = autoencoder(output=output), autoencoder(output=output)
    options = {"batch_size": 100, **OPTIONS["all"], "noise": None}
    comp = fit(one, X, sample_weight=counts, **options)
    ref = fit(other, np.repeat(X, counts, axis=0), **options)
    for p, q in zip(one.parameters, other.parameters, strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-9, atol=1e-11)
    for name in ("loss", "sparsity", "contraction"):
        np.testing.assert_allclose(comp[name], ref[name], rtol=1e-9, err_msg=name)


def test_monitors_look_only_at_rows_that_count():
    """Those are equal here, and the others are not."""
    counts, X = np.array([3, 0, 1, 2, 0, 1, 1]), data()
    X[counts > 0] = X[0]
    history = fit(autoencoder(), X, sample_weight=counts)
    assert list(history["constant_features"]) == [1, 1, 1]
    assert max(fit(autoencoder(), X)["constant_features"]) < 1


def test_equal_weights_change_nothing_and_a_batch_without_weight_only_penalises():
    one, other, X = autoencoder(), autoencoder(), data(10)
    fit(one, X, **OPTIONS["all"])
    fit(other, X, sample_weight=np.full(10, 0.3), **OPTIONS["all"])
    assert_same_bits(one, other)
    weight = np.zeros(10)
    weight[np.random.default_rng(0).permutation(10)[:5]] = 1.0  # all in the first batch
    one = autoencoder()
    other = one.copy()
    fit(one, X, epochs=1, optimizer=rb.SGD(0.1), sample_weight=weight, weight_decay=0.5)
    order = np.random.default_rng(0).permutation(10)
    share = [2 * other.objective(X[order[:5]])[1][i] for i in range(4)]  # mean weight 1 / 2
    for p, g in zip(other.parameters, share, strict=True):
        p -= 0.1 * (g + 0.5 * p * (p.ndim == 2))
        p -= 0.1 * 0.5 * p * (p.ndim == 2)
    for p, q in zip(one.parameters, other.parameters, strict=True):
        np.testing.assert_allclose(p, q, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_seed_gives_the_same_bits_and_another_seed_others(dtype):
    X, makes = data(12), [autoencoder(tied=True, dtype=dtype) for _ in range(4)]
    for ae, seed in zip(makes, (3, 3, 4, np.random.default_rng(3)), strict=True):
        fit(ae, X, rng=seed, noise=GaussianNoise(0.1))
    assert_same_bits(makes[0], makes[1])
    assert_same_bits(makes[0], makes[3])
    assert (makes[0].parameters[0] != makes[2].parameters[0]).any()
    assert all(p.dtype == dtype for p in makes[0].parameters)


def test_a_batch_size_above_n_is_one_full_batch():
    one, other = autoencoder(), autoencoder()
    fit(one, data(), batch_size=7)
    fit(other, data(), batch_size=1000)
    assert_same_bits(one, other)


def test_no_epochs_change_nothing():
    ae = autoencoder()
    history = fit(ae, data(), epochs=0)
    assert history.epochs == 0
    assert_same_bits(ae, autoencoder())


class Interrupted(Exception):
    """A crash at the end of an epoch."""


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("optimizer", [rb.SGD(0.1, momentum=0.9), rb.Adam(0.01)], ids=str)
def test_a_resumed_fit_gives_the_bits_of_an_uninterrupted_one(optimizer, tied, tmp_path):
    X, path = data(12), tmp_path / "run.npz"
    options = {"rng": 3, "optimizer": optimizer, "validation": data(4), **OPTIONS["all"]}
    through, broken, resumed = (autoencoder(tied=tied) for _ in range(3))
    ref = fit(through, X, epochs=5, **options)

    def crash(_, history):
        if history.epochs == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(broken, X, epochs=5, checkpoint=path, callbacks=[crash], **options)
    comp = fit(resumed, X, epochs=5, checkpoint=path, **options)
    assert_same_bits(resumed, through)
    for name in set(ref) - {"seconds"}:
        np.testing.assert_array_equal(comp[name], ref[name], err_msg=name)


@pytest.mark.parametrize(
    "change",
    [{"noise": Masking(0.3)}, {"contraction": 0.1}, {"loss": "squared"}, {"batch_size": 4}],
    ids=str,
)
def test_a_checkpoint_of_other_settings_is_refused(change, tmp_path):
    path = tmp_path / "run.npz"
    fit(autoencoder(), data(12), checkpoint=path)
    ae = autoencoder()
    with pytest.raises(ValueError, match="checkpoint"):
        fit(ae, data(12), epochs=9, checkpoint=path, **change)
    assert_same_bits(ae, autoencoder())


def test_a_checkpoint_of_an_untied_autoencoder_is_not_one_of_a_tied_one(tmp_path):
    path = tmp_path / "run.npz"
    fit(autoencoder(), data(12), checkpoint=path)
    with pytest.raises(ValueError, match="checkpoint"):
        fit(autoencoder(tied=True), data(12), epochs=9, checkpoint=path)


@pytest.mark.parametrize("tied", [False, True])
def test_divergence_keeps_the_last_finite_parameters_and_names_what_to_lower(tied):
    ae = autoencoder(output="identity", tied=tied)
    kept = []

    def keep(model, _):
        kept.append(model.copy())
        model.encoder.layers[0].b[:] += 0  # a callback may write

    options = {"optimizer": rb.SGD(30.0), "contraction": 0.5, "callbacks": [keep]}
    with pytest.raises(rb.DivergenceError, match=r"SGD.*contraction=0\.5"):
        fit(ae, 100 * data(12), epochs=200, **options)
    assert all(np.isfinite(p).all() for p in ae.parameters)
    assert_same_bits(ae, kept[-1] if kept else autoencoder(output="identity", tied=tied))


def test_a_code_that_overflows_is_divergence_though_all_parameters_are_finite():
    ae = autoencoder(activation="identity", output="identity", dtype=np.float32)
    ae.encoder.layers[0].W[:] = 3e38
    with pytest.raises(rb.DivergenceError):
        fit(ae, np.ones((12, 5)), epochs=1, optimizer=rb.SGD(1e-300))
    assert (ae.encoder.layers[0].W == np.float32(3e38)).all()


def test_callbacks_get_the_autoencoder_and_can_stop_it():
    ae, seen = autoencoder(), []

    def stop(model, history):
        seen.append((model, history.epochs))
        return history.epochs == 2

    assert fit(ae, data(), epochs=9, callbacks=[stop]).epochs == 2
    assert seen == [(ae, 1), (ae, 2)]


@pytest.mark.parametrize("tied", [False, True])
def test_weights_that_a_callback_replaced_are_trained_on(tied):
    ae, X = autoencoder(tied=tied), data(12)
    new = np.full((5, 3), 0.25)

    def replace(model, history):
        if history.epochs == 1:
            model.encoder.layers[0].W = new

    fit(ae, X, epochs=2, callbacks=[replace], optimizer=rb.SGD(1e-6))
    np.testing.assert_allclose(ae.encoder.layers[0].W, new, atol=1e-4)
    assert (ae.encoder.layers[0].W != new).all()


def test_progress_is_silent_when_asked(capfd):
    fit(autoencoder(), data())
    assert capfd.readouterr() == ("", "")


@pytest.mark.jit
def test_denoising_teaches_what_is_missing():
    """Three copies of each bit: with one masked, only a denoising autoencoder was taught to
    restore it. Both have room for the identity."""
    bits = np.random.default_rng(0).random((200, 3)) < 0.5
    X = np.repeat(bits, 3, axis=1) * 1.0
    broken = X.copy()
    broken[:, ::3] = 0
    errors = []
    for noise in (None, Masking(0.3)):
        ae = Autoencoder.random((9, 12), rng=0)
        fit(ae, X, epochs=150, batch_size=20, optimizer=rb.Adam(0.01), noise=noise, rng=0)
        errors.append(((ae.reconstruct(broken) - X) ** 2).mean())
    assert errors[1] < errors[0] / 3
