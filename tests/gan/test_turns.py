"""The turns that the two players take in training, and what these teach them."""

import math

import numpy as np
import pytest
from gan_cases import (
    COUNTS,
    PENALTIES,
    SGD,
    assert_close,
    assert_same_bits,
    draws,
    fit,
    game,
    mean,
    naive_critic_loss,
    naive_generator_loss,
    sigmoid,
)
from inputs import KINDS

import rbmbook as rb
from rbmbook.data import ring, ring_centres
from rbmbook.evaluation.two_sample import coverage
from rbmbook.gan.adversarial import LOSSES
from rbmbook.gan.gradient_penalty import slopes
from rbmbook.gan.model import GAN
from rbmbook.training.monitors import DREAM_SEED

# --- taking turns ---------------------------------------------------------------------------------


def naive_turns(
    gan, X, epochs, batch_size, rate, critic_steps, seed, share=lambda n: 1.0, weight=None, **weigh
):
    """The documented order of draws, and plain descent of the two objectives."""
    rng, turn, n = np.random.default_rng(seed), 0, len(X)
    for _ in range(epochs):
        order = rng.permutation(n)
        for start in range(0, n, batch_size):
            x = X[order[start : start + batch_size]]
            z, mix = rng.standard_normal((len(x), 2)), None
            if gan.gradient_penalty and gan.penalty_at == "interpolates":
                mix = rng.random((len(x), 1))
            batch_weight = None if weight is None else weight[order[start : start + batch_size]]
            steps = gan.critic_objective(x, z, mix, batch_weight)[1]
            for p, gradient in zip(gan.critic.parameters, steps, strict=True):
                p -= rate * (share(len(x)) * gradient + naive_penalties(p, **weigh))
            turn += 1
            if turn % critic_steps == 0:
                steps = gan.generator_objective(rng.standard_normal((len(x), 2)))[1]
                for p, gradient in zip(gan.generator.parameters, steps, strict=True):
                    p -= rate * (share(len(x)) * gradient + naive_penalties(p, **weigh))


def naive_penalties(p, weight_decay=0.0, l1=0.0):
    """The gradient of ½ weight_decay ‖W‖² + l1 Σ |W_ij|; none for biases."""
    return (weight_decay * p + l1 * np.sign(p)) * (p.ndim == 2)


@pytest.mark.parametrize("critic_steps", [1, 2, 5])
@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize("loss", LOSSES)
def test_training_takes_the_documented_turns(loss, penalty, critic_steps):
    """Twelve rows in batches of five: the last has two, and the turns go on across epochs."""
    X, gan = draws(12)[0], game(loss, *penalty)
    ref = gan.copy()
    naive_turns(ref, X, 3, 5, 0.1, critic_steps, seed=4)
    fit(gan, X, optimizer=SGD, critic_steps=critic_steps, rng=4)
    assert_close(gan.parameters, ref.parameters, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("penalties", [{"weight_decay": 0.3}, {"l1": 0.1}], ids=str)
def test_both_networks_descend_the_penalties_on_their_weights(penalties):
    X, gan = draws(12)[0], game()
    ref = gan.copy()
    naive_turns(ref, X, 3, 5, 0.1, 2, seed=4, **penalties)
    fit(gan, X, optimizer=SGD, critic_steps=2, rng=4, **penalties)
    assert_close(gan.parameters, ref.parameters, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
def test_weights_count_in_every_step_of_the_critic(penalty):
    X, gan, weight = draws(6)[0], game("minimax", *penalty), COUNTS * 0.2
    ref = gan.copy()
    naive_turns(ref, X, 3, 6, 0.1, 1, seed=4, weight=weight)
    fit(gan, X, optimizer=SGD, batch_size=6, rng=4, sample_weight=weight)
    assert_close(gan.parameters, ref.parameters, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("output", ["tanh", "identity"])
def test_equal_weights_change_nothing(output):
    X, one = draws(12)[0], GAN.random(2, 3, (4,), output, rng=0, gradient_penalty=0.5)
    other = one.copy()
    fit(one, X)
    fit(other, X, sample_weight=np.full(12, 0.3))
    assert_same_bits(one, other)


def test_a_short_last_batch_is_averaged_over_its_own_rows():
    """The twin divides the last two rows by five."""
    X, gan = draws(12)[0], game()
    twin = gan.copy()
    naive_turns(twin, X, 3, 5, 0.1, 1, seed=4, share=lambda n: n / 5)
    fit(gan, X, optimizer=SGD, rng=4)
    with pytest.raises(AssertionError):
        assert_close(gan.parameters, twin.parameters, rtol=1e-4, atol=1e-4)


def test_each_network_has_its_own_optimizer():
    X, gan = draws(12)[0], game()
    still, other = gan.copy(), gan.copy()
    fit(still, X, optimizer=rb.SGD(1e-300), critic_optimizer=SGD)
    assert_close(still.generator.parameters, gan.generator.parameters, rtol=0, atol=1e-200)
    assert all(
        (p != q).any() for p, q in zip(still.critic.parameters, gan.critic.parameters, strict=True)
    )
    fit(other, X, optimizer=SGD, critic_optimizer=rb.SGD(1e-300))
    assert_close(other.critic.parameters, gan.critic.parameters, rtol=0, atol=1e-200)
    assert (other.generator.parameters[0] != gan.generator.parameters[0]).any()


def test_a_schedule_of_the_generator_is_asked_for_its_own_updates():
    asked = []

    def rate(update):
        asked.append(update)
        return 0.01

    X, options = draws(12)[0], {"epochs": 2, "batch_size": 2, "critic_steps": 3, "progress": False}
    fit(game(), X, optimizer=rb.SGD(rate), critic_optimizer=SGD, **options)
    assert asked == [0, 1, 2, 3]  # twelve of the critic's


@pytest.mark.parametrize("weight", [None, np.array([3.0, 0, 1, 2, 0, 1, 1])], ids=str)
def test_monitors_are_means_over_the_rows_before_each_step(weight):
    """Steps too small to change anything: the means are those of the starting point."""
    X, gan = draws(7)[0], game("minimax", 0.5)
    counts = np.ones(7) if weight is None else weight / weight.mean()
    rng = np.random.default_rng(4)
    order, totals = rng.permutation(7), np.zeros(5)
    for rows in (order[:5], order[5:]):
        x, z, mix = X[rows], rng.standard_normal((len(rows), 2)), rng.random((len(rows), 1))
        rng.standard_normal((len(rows), 2))
        real, forged = gan.critic(x).ravel(), gan.critic(gan.generator(z)).ravel()
        on = [-math.log(sigmoid(d)) for d in real]
        value = mean(counts[rows] * on) - mean(math.log(sigmoid(-d)) for d in forged)
        norms = np.linalg.norm(slopes(gan.critic, mix * x + (1 - mix) * gan.generator(z)), axis=1)
        penalty = mean(counts[rows] * (norms - 1) ** 2)
        totals += len(rows) * np.array(
            [
                value,
                naive_generator_loss("minimax", forged),
                mean(counts[rows] * real) - mean(forged),
                math.log(2) - value / 2,
                penalty,
            ]
        )
    options = {"epochs": 1, "optimizer": rb.SGD(1e-300), "rng": 4, "sample_weight": weight}
    history = fit(gan, X, **options)
    names = ["critic_loss", "generator_loss", "gap", "divergence", "penalty"]
    assert list(history) == ["epoch", "seconds", *names, "dream_error"]
    np.testing.assert_allclose([history[name][0] for name in names], totals / 7, rtol=1e-7)


@pytest.mark.parametrize("loss", LOSSES)
def test_held_out_rows_are_set_against_the_samples_that_dream_error_looks_at(loss):
    X, V, gan = draws(7)[0], draws(4, seed=9)[0], game(loss)
    history = fit(gan, X, epochs=1, rng=4, validation=V)
    assert list(history)[-3:] == ["dream_error", "validation_critic_loss", "validation_gap"]
    samples = gan.generator(gan.latent(256, np.random.default_rng([DREAM_SEED, 1])))
    real, forged = gan.critic(V).ravel(), gan.critic(samples).ravel()
    ref = naive_critic_loss(loss, real, forged), mean(real) - mean(forged)
    comp = history["validation_critic_loss"][0], history["validation_gap"][0]
    np.testing.assert_allclose(comp, ref, rtol=1e-9)
    twin = game(loss)
    fit(twin, X, epochs=1, rng=4)
    assert_same_bits(gan, twin)


@pytest.mark.parametrize(("n", "epochs"), [(10, 600), (1000, 6)])
def test_held_out_rows_show_that_the_critic_knows_ten_rows_by_heart(n, epochs):
    """600 steps on rows of one Gaussian: the critic tells ten from others like them, not 1,000."""
    rng = np.random.default_rng(0)
    X, V = rng.normal(size=(n, 8)), rng.normal(size=(200, 8))
    options = {"epochs": epochs, "batch_size": 10, "rng": 0, "validation": V}
    history = fit(GAN.random(2, 8, (32,), rng=0), X, **options)
    gap, held_out = (history[f"{x}gap"][-epochs // 3 :].mean() for x in ("", "validation_"))
    assert gap - held_out > 0.3 if n == 10 else abs(gap - held_out) < 0.1


def test_a_gan_may_stop_by_its_held_out_rows():
    X, V, gan = draws(7)[0], draws(4, seed=9)[0], game()
    stop = rb.EarlyStopping("validation_gap", patience=1, min_delta=100.0)
    assert fit(gan, X, epochs=9, validation=V, early_stopping=stop).epochs == 2


def test_a_wasserstein_critic_reports_no_divergence():
    history = fit(game("wasserstein"), draws()[0])
    assert "gap" in history and "divergence" not in history
    np.testing.assert_allclose(history["gap"], -history["critic_loss"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_array_is_the_same_data(kind):
    X = (draws(12)[0] > 0).astype(float)
    ref, comp = game(), game()
    fit(ref, X)
    fit(comp, KINDS[kind](X))
    assert_same_bits(comp, ref)


@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(dtype, penalty):
    gan = GAN.random(
        2, 3, (4,), rng=0, dtype=dtype, gradient_penalty=penalty[0], penalty_at=penalty[1]
    )
    fit(gan, draws()[0])
    assert gan.dtype == gan.sample(3, 0).dtype == dtype
    assert {p.dtype for p in gan.parameters} == {np.dtype(dtype)}


def test_an_int_seed_gives_the_same_bits_at_every_call():
    X, one = draws(12)[0], game()
    two, three = one.copy(), one.copy()
    fit(one, X, rng=5)
    fit(two, X, rng=5)
    fit(three, X, rng=6)
    assert_same_bits(one, two)
    assert (three.parameters[0] != one.parameters[0]).any()


def test_samples_are_the_generator_of_the_documented_draws():
    gan = game()
    z = np.random.default_rng(7).standard_normal((5, 2))
    np.testing.assert_array_equal(gan.sample(5, 7), gan.generator(z))
    np.testing.assert_array_equal(gan.sample(5, np.random.default_rng(7)), gan.sample(5, 7))


# --- what it learns -------------------------------------------------------------------------------


def assert_spread(samples, mean, std):
    """Two moments, within three times what seeds and processors were seen to change them by."""
    assert abs(samples.mean() - mean) < 0.12 and abs(samples.std() - std) < 0.12


GAUSSIAN = {
    "non-saturating": ("tanh", 0.03, "data", 1, 60),
    "wasserstein": ("leaky_relu", 0.1, "interpolates", 3, 80),
}


@pytest.mark.jit
@pytest.mark.parametrize("loss", GAUSSIAN)
def test_a_gaussian_is_learnt_from_standard_normal_noise_of_another_place_and_width(loss):
    activation, penalty, penalty_at, critic_steps, epochs = GAUSSIAN[loss]
    X = np.random.default_rng(1).normal(1, 0.5, (2048, 1))
    gan = GAN.random(
        1, 1, (32, 32), "identity", loss, 0, np.float64, penalty, penalty_at, activation
    )
    with pytest.raises(AssertionError):
        assert_spread(gan.sample(1000, 1), 1, 0.5)
    gan.fit(
        X,
        epochs=epochs,
        batch_size=128,
        optimizer=rb.Adam(rb.optimize.linear_decay(1e-3, 1e-4, 16 * epochs // critic_steps), 0.5),
        critic_optimizer=rb.Adam(5e-3, 0.5),
        critic_steps=critic_steps,
        progress=False,
    )
    assert_spread(gan.sample(1000, 1), 1, 0.5)


@pytest.mark.jit
def test_a_gradient_penalty_keeps_the_modes_that_a_plain_gan_drops():
    """Of 2,000 samples, 250 belong to each of 8 modes; a mode counts if 50 are there."""
    X, _ = ring(1024, std=0.1, rng=0)
    modes = {}
    for penalty in (0.0, 0.1):
        gan = GAN.random(
            16, 2, (64, 64), rng=0, gradient_penalty=penalty, penalty_at="data", activation="relu"
        )
        recipe = {"batch_size": 128, "optimizer": rb.Adam(2e-3, 0.5), "weight_decay": 0.0}
        gan.fit(X, epochs=375, progress=False, **recipe)
        modes[penalty] = coverage(gan.sample(2000, 1), ring_centres(), 0.3, least=50).modes
    assert modes[0.0] <= 3 and modes[0.1] >= 7


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_objectives_refuse_what_is_not_finite(bad):
    gan, x, z = GAN.random(2, 3, (4,)), np.zeros((5, 3)), np.zeros((5, 2))
    z[1, 1] = x[1, 1] = bad
    for call in (
        lambda: gan.critic_objective(x, np.zeros((5, 2))),
        lambda: gan.critic_objective(np.zeros((5, 3)), z),
        lambda: gan.generator_objective(z),
    ):
        with pytest.raises(ValueError, match=r"[xz]: expected finite numbers"):
            call()


def test_by_default_a_weight_has_a_standard_normal_prior():
    """1 / n for n rows: a few are not learned by heart, thousands do not feel it."""
    X, fits = np.random.default_rng(0).normal(size=(20, 3)), []
    for weight_decay in (None, 1 / 20, 0.0):
        gan = game()
        gan.fit(X, epochs=3, batch_size=5, weight_decay=weight_decay, progress=False)
        fits.append([p.copy() for p in gan.parameters])
    default, prior, free = fits
    assert all(np.array_equal(one, other) for one, other in zip(default, prior, strict=True))
    assert any(np.any(one != other) for one, other in zip(default, free, strict=True))
