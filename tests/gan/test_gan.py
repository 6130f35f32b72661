"""The game: both players' objectives and gradients, the turns they take, what they can learn."""

import math

import numpy as np
import pytest
from deep_cases import Interrupted, interrupt
from hypothesis import given
from hypothesis import strategies as st
from inputs import KINDS
from naive_network import finite_differences

import rbmbook as rb
from rbmbook.data import ring, ring_centres
from rbmbook.evaluation.two_sample import coverage
from rbmbook.gan.adversarial import LOSSES, critic_loss, generator_loss
from rbmbook.gan.gradient_penalty import slopes
from rbmbook.gan.model import GAN
from rbmbook.networks.layers import Dense
from rbmbook.networks.network import Network
from rbmbook.training.monitors import DREAM_SEED

PENALTIES = [(0.0, "interpolates"), (0.7, "interpolates"), (0.7, "data")]
SGD = rb.SGD(0.1)


def game(loss="non-saturating", penalty=0.0, penalty_at="interpolates", activation="tanh", seed=3):
    """A small GAN in float64 with biases away from zero."""
    gan = GAN.random(
        2, 3, (4, 5), "tanh", loss, seed, np.float64, penalty, penalty_at, activation=activation
    )
    rng = np.random.default_rng(seed)
    for b in gan.parameters[1::2]:
        b[:] = rng.normal(0, 0.5, b.shape)
    return gan


def draws(n=6, seed=8):
    """Data, latent vectors and mixing weights."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 3)), rng.normal(size=(n, 2)), rng.random((n, 1))


def fit(gan, X, **options):
    given = {"epochs": 3, "batch_size": 5, "weight_decay": 0.0, "progress": False}
    return gan.fit(X, **given | options)


def assert_close(comp, ref, rtol=1e-6, atol=1e-8):
    for i, (one, other) in enumerate(zip(comp, ref, strict=True)):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=atol, err_msg=f"parameter {i}")


def assert_same_bits(one, other):
    for p, q in zip(one.parameters, other.parameters, strict=True):
        assert p.dtype == q.dtype
        np.testing.assert_array_equal(p, q)


# --- what the two descend -------------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values)


def naive_critic_loss(loss, real, forged):
    if loss == "wasserstein":
        return mean(forged) - mean(real)
    return -mean(math.log(sigmoid(d)) for d in real) - mean(math.log(sigmoid(-d)) for d in forged)


def naive_generator_loss(loss, forged):
    if loss == "wasserstein":
        return -mean(forged)
    if loss == "minimax":
        return mean(math.log(sigmoid(-d)) for d in forged)
    return -mean(math.log(sigmoid(d)) for d in forged)


@pytest.mark.parametrize("loss", LOSSES)
@given(n=st.integers(1, 5), m=st.integers(1, 5), scale=st.floats(0, 20), seed=st.integers(0, 99))
def test_losses_are_their_formulas_and_gradients_their_derivatives(loss, n, m, scale, seed):
    rng = np.random.default_rng(seed)
    real, forged = scale * rng.normal(size=(n, 1)), scale * rng.normal(size=(m, 1))
    value, to_real, to_forged = critic_loss(loss, real, forged)
    np.testing.assert_allclose(
        value, naive_critic_loss(loss, real.ravel(), forged.ravel()), rtol=1e-9, atol=1e-12
    )
    ref = [
        finite_differences(lambda: critic_loss(loss, real, forged)[0], x) for x in (real, forged)
    ]
    assert_close([to_real, to_forged], ref, rtol=1e-5, atol=1e-7)
    value, to_forged = generator_loss(loss, forged)
    np.testing.assert_allclose(
        value, naive_generator_loss(loss, forged.ravel()), rtol=1e-9, atol=1e-12
    )
    ref = finite_differences(lambda: generator_loss(loss, forged)[0], forged)
    assert_close([to_forged], [ref], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", LOSSES)
def test_losses_stay_finite_at_any_magnitude(loss, dtype):
    huge = np.array([[-1000.0], [1000.0]], dtype)
    value, *gradients = critic_loss(loss, huge, huge)
    assert math.isfinite(value) and all(np.isfinite(g).all() for g in gradients)
    value, gradient = generator_loss(loss, huge)
    assert math.isfinite(value) and np.isfinite(gradient).all()
    assert {g.dtype for g in (*gradients, gradient)} == {np.dtype(dtype)}


def test_where_the_critic_is_sure_only_the_minimax_gradient_vanishes():
    sure = np.array([[-30.0]])
    pull = {loss: abs(generator_loss(loss, sure)[1].item()) for loss in LOSSES}
    assert pull["minimax"] < 1e-12 and min(pull["non-saturating"], pull["wasserstein"]) > 0.999


@pytest.mark.parametrize("activation", ["tanh", "softplus", "leaky_relu", "relu"])
@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_of_both_are_finite_differences(loss, penalty, activation):
    gan, (x, z, mix) = game(loss, *penalty, activation=activation), draws()
    _, comp = gan.critic_objective(x, z, mix)
    ref = [
        finite_differences(lambda: gan.critic_objective(x, z, mix)[0], p)
        for p in gan.critic.parameters
    ]
    assert_close(comp, ref)
    _, comp = gan.generator_objective(z)
    ref = [
        finite_differences(lambda: gan.generator_objective(z)[0], p)
        for p in gan.generator.parameters
    ]
    assert_close(comp, ref)


COUNTS = np.array([3, 0, 1, 2, 0, 1])


@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_critics_gradient_with_weights_is_a_finite_difference(loss, penalty):
    gan, (x, z, mix) = game(loss, *penalty), draws()
    _, comp = gan.critic_objective(x, z, mix, COUNTS)
    ref = [
        finite_differences(lambda: gan.critic_objective(x, z, mix, COUNTS)[0], p)
        for p in gan.critic.parameters
    ]
    assert_close(comp, ref)


@pytest.mark.parametrize("penalty", [(0.0, "data"), (0.7, "data")], ids=str)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_row_counts_as_often_as_its_weight_says(loss, penalty):
    gan, (x, z, _) = game(loss, *penalty), draws()
    value, gradients = gan.critic_objective(x, z, sample_weight=COUNTS / 4)
    ref, expected = gan.critic_objective(np.repeat(x, COUNTS, axis=0), z)
    np.testing.assert_allclose(value, ref, rtol=1e-12)
    assert_close(gradients, expected, rtol=1e-10, atol=1e-13)


def test_the_comparison_sees_a_critic_that_trains_on_swapped_labels():
    """The broken twin gives the data the samples' label."""
    gan, (x, z, _) = game(), draws()
    ref = [
        finite_differences(lambda: gan.critic_objective(x, z)[0], p) for p in gan.critic.parameters
    ]
    made = gan.generator(z)
    trace = gan.critic.forward(np.concatenate([x, made]))
    forged, real = trace.outputs[-1][:6], trace.outputs[-1][6:]
    _, to_real, to_forged = critic_loss("minimax", real, forged)
    twin, _ = gan.critic.backward(trace, np.concatenate([to_forged, to_real]))
    with pytest.raises(AssertionError):
        assert_close(twin, ref, rtol=0.1, atol=0.01)


@pytest.mark.parametrize("penalty_at", ["interpolates", "data"])
def test_the_penalty_is_added_to_the_critics_objective(penalty_at):
    gan, (x, z, mix) = game("wasserstein", 3.0, penalty_at), draws()
    plain = game("wasserstein")
    made = gan.generator(z)
    at, target = (mix * x + (1 - mix) * made, 1) if penalty_at == "interpolates" else (x, 0)
    norms = [
        math.sqrt(sum(finite_differences(lambda r=row: gan.critic(r[None]).item(), row) ** 2))
        for row in at
    ]
    extra = 3.0 * mean((norm - target) ** 2 for norm in norms)
    comp, ref = gan.critic_objective(x, z, mix)[0], plain.critic_objective(x, z)[0] + extra
    np.testing.assert_allclose(comp, ref, rtol=1e-7)


# --- what the best critic knows -------------------------------------------------------------------


def jensen_shannon(p, q):
    """½ KL(p ‖ m) + ½ KL(q ‖ m), m = (p + q) / 2."""
    total = 0.0
    for a, b in zip(p, q, strict=True):
        m = (a + b) / 2
        total += (a * math.log(a / m) if a else 0) / 2 + (b * math.log(b / m) if b else 0) / 2
    return total


def tabular(counts_data, counts_samples):
    """A critic with one free number a state, and a generator that passes one-hot z through."""
    k = len(counts_data)
    gan = GAN(
        Network([Dense(np.eye(k), np.zeros(k))]),
        Network([Dense(np.zeros((k, 1)), [0.0])]),
        "minimax",
    )
    return (
        gan,
        np.repeat(np.eye(k), counts_data, axis=0),
        np.repeat(np.eye(k), counts_samples, axis=0),
    )


def test_the_best_discriminator_is_p_over_p_plus_q_and_its_value_the_jensen_shannon_divergence():
    data, samples = [8, 4, 2, 2], [1, 3, 6, 6]
    gan, x, z = tabular(data, samples)
    W, b = gan.critic.parameters
    for _ in range(4000):
        _, (to_W, to_b) = gan.critic_objective(x, z)
        W -= 2.0 * to_W
        b -= 2.0 * to_b
    p, q = np.array(data) / 16, np.array(samples) / 16
    believed = [sigmoid(d) for d in gan.critic(np.eye(4)).ravel()]
    np.testing.assert_allclose(believed, p / (p + q), rtol=1e-6)
    value, _ = gan.critic_objective(x, z)
    np.testing.assert_allclose(math.log(2) - value / 2, jensen_shannon(p, q), rtol=1e-9)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=5),
    st.integers(0, 99),
)
def test_no_critic_says_more_than_the_jensen_shannon_divergence(counts, seed):
    data, samples = (np.array(side) + (i == 0) for i, side in enumerate(zip(*counts, strict=True)))
    samples = samples + 1
    logits = np.random.default_rng(seed).normal(0, 2, (len(counts), 1))
    real, forged = np.repeat(logits, data, axis=0), np.repeat(logits, samples, axis=0)
    value, _, _ = critic_loss("minimax", real, forged)
    exact = jensen_shannon(data / data.sum(), samples / samples.sum())
    assert math.log(2) - value / 2 <= exact + 1e-12


def test_a_penalised_linear_wasserstein_critic_has_the_slope_that_calculus_gives():
    """Points at δ and at 0: w δ − λ (w − 1)² is largest at w = 1 + δ / (2 λ)."""
    delta, strength = 0.6, 2.0
    still = Network([Dense([[0.0]], [0.0])])
    gan = GAN(still, Network([Dense([[0.1]], [0.0])]), "wasserstein", strength)
    x, z, mix = np.full((4, 1), delta), np.zeros((4, 1)), np.linspace(0, 1, 4)[:, None]
    W, _ = gan.critic.parameters
    for _ in range(200):
        W -= 0.1 * gan.critic_objective(x, z, mix)[1][0]
    np.testing.assert_allclose(W.item(), 1 + delta / (2 * strength), rtol=1e-9)


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


# --- what can go wrong ----------------------------------------------------------------------------

RUNS = {
    "Adam": {},
    "two optimizers": {
        "optimizer": rb.SGD(0.05, momentum=0.5),
        "critic_optimizer": rb.Adam(0.01),
        "critic_steps": 2,
    },
}


@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize("options", RUNS.values(), ids=RUNS)
def test_a_resumed_fit_gives_the_bits_of_an_uninterrupted_one(options, penalty, tmp_path):
    """Three batches an epoch and two steps of the critic: a turn is cut in half."""
    X, path = draws(12)[0], tmp_path / "run.npz"
    through = game("non-saturating", *penalty)
    broken, resumed = through.copy(), through.copy()
    ref = fit(through, X, epochs=7, rng=3, **options)
    with pytest.raises(Interrupted):
        fit(broken, X, epochs=7, rng=3, checkpoint=path, callbacks=[interrupt(3)], **options)
    comp = fit(resumed, X, epochs=7, rng=3, checkpoint=path, **options)
    assert_same_bits(resumed, through)
    for name in set(ref) - {"seconds"}:
        np.testing.assert_array_equal(comp[name], ref[name], err_msg=name)


@pytest.mark.parametrize(
    "change",
    [
        {"critic_steps": 2},
        {"critic_optimizer": SGD},
        {"batch_size": 4},
        {"l1": 0.1},
        {"sample_weight": np.arange(12)},
        {"validation": np.zeros((2, 3))},
    ],
    ids=str,
)
def test_a_checkpoint_of_other_settings_is_refused(change, tmp_path):
    X, path, gan = draws(12)[0], tmp_path / "run.npz", game()
    fit(gan.copy(), X, checkpoint=path)
    with pytest.raises(ValueError, match="checkpoint"):
        fit(gan.copy(), X, epochs=9, checkpoint=path, **change)
    for other in (game("minimax"), game(penalty=0.1), game(activation="softplus")):
        with pytest.raises(ValueError, match="checkpoint"):
            fit(other, X, epochs=9, checkpoint=path)


def test_divergence_puts_both_networks_back_and_says_what_to_lower():
    gan = game("wasserstein", activation="leaky_relu")
    start, X = gan.copy(), draws()[0]
    with pytest.raises(rb.DivergenceError, match=r"SGD\(learning_rate=1e\+200.*gradient_penalty"):
        fit(gan, X, optimizer=rb.SGD(1e200))
    assert_same_bits(gan, start)


def test_a_callback_sees_the_gan_and_may_stop():
    gan, seen = game(), []

    def callback(model, history):
        seen.append(model)
        return history.epochs == 2

    assert fit(gan, draws()[0], epochs=9, callbacks=[callback]).epochs == 2
    assert seen == [gan, gan]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_save_and_load_give_the_same_gan(dtype, tmp_path):
    gan = GAN.random(
        2, 3, (4, 6), "sigmoid", "wasserstein", 1, dtype, 10.0, "data", activation="tanh"
    )
    gan.save(tmp_path / "gan.npz")
    twin = GAN.load(str(tmp_path / "gan.npz"))
    assert_same_bits(twin, gan)
    assert repr(twin) == repr(gan) and repr(twin.critic) == repr(gan.critic)
    assert (twin.loss, twin.gradient_penalty, twin.penalty_at) == ("wasserstein", 10.0, "data")


@pytest.mark.parametrize("kind", ["text", "cut", "network"])
def test_what_is_not_a_saved_gan_is_refused_by_path(kind, tmp_path):
    path, gan = tmp_path / "gan.npz", game()
    gan.save(path)
    if kind == "network":
        gan.critic.save(path)
    else:
        path.write_bytes(b"nothing" if kind == "text" else path.read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"gan\.npz"):
        GAN.load(path)


def test_a_copy_shares_nothing():
    gan = game("minimax", 0.3, "data")
    twin = gan.copy()
    assert_same_bits(twin, gan)
    assert (twin.loss, twin.gradient_penalty, twin.penalty_at) == ("minimax", 0.3, "data")
    for p in twin.parameters:
        p += 1
    assert all((p != q).all() for p, q in zip(gan.parameters, twin.parameters, strict=True))


NET = Network.random((2, 3), rng=0)
CRITIC = Network.random((3, 1), rng=0)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: GAN("net", CRITIC), TypeError, "generator"),
        (lambda: GAN(NET, None), TypeError, "critic"),
        (lambda: GAN(NET, Network.random((2, 1))), ValueError, "critic: expected 3 columns"),
        (lambda: GAN(NET, Network.random((3, 2))), ValueError, "critic: expected one output"),
        (
            lambda: GAN(NET, Network.random((3, 1), output="sigmoid")),
            ValueError,
            "without an activation",
        ),
        (lambda: GAN(NET, CRITIC.astype(np.float64)), ValueError, "critic: expected float32"),
        (lambda: GAN(NET, CRITIC, "hinge"), ValueError, "loss: expected one of non-saturating"),
        (lambda: GAN(NET, CRITIC, 1), TypeError, "loss"),
        (lambda: GAN(NET, CRITIC, gradient_penalty=-1.0), ValueError, "gradient_penalty"),
        (lambda: GAN(NET, CRITIC, penalty_at="samples"), ValueError, "penalty_at"),
        (lambda: GAN.random(0, 3), ValueError, "n_latent"),
        (lambda: GAN.random(2, 3.0), TypeError, "n_data"),
        (lambda: GAN.random(2, 3, hidden=5), TypeError, "hidden"),
        (lambda: GAN.random(2, 3, hidden=(0,)), ValueError, "hidden"),
        (lambda: GAN.random(2, 3, output="softmax"), ValueError, "output"),
        (lambda: game().sample(0, 0), ValueError, "n"),
        (lambda: game().sample(2, "0"), TypeError, "rng"),
        (lambda: game().fit(np.zeros((4, 2))), ValueError, r"X: expected shape \(n, 3\)"),
        (lambda: game().fit(np.full((4, 3), np.nan)), ValueError, "X: expected finite"),
        (lambda: game().fit(np.zeros((4, 3)), epochs=-1), ValueError, "epochs"),
        (lambda: game().fit(np.zeros((4, 3)), batch_size=0), ValueError, "batch_size"),
        (lambda: game().fit(np.zeros((4, 3)), critic_steps=0), ValueError, "critic_steps"),
        (lambda: game().fit(np.zeros((4, 3)), optimizer=0.1), TypeError, "optimizer"),
        (
            lambda: game().fit(np.zeros((4, 3)), critic_optimizer=rb.Adam),
            TypeError,
            "optimizer",
        ),
        (lambda: game().fit(np.zeros((4, 3)), weight_decay=-1.0), ValueError, "weight_decay"),
        (lambda: game().fit(np.zeros((4, 3)), l1="much"), TypeError, "l1"),
        (lambda: game().fit(np.zeros((4, 3)), sample_weight=[1.0]), ValueError, "sample_weight"),
        (lambda: game().fit(np.ones((4, 3)), validation=[[1.0]]), ValueError, "validation"),
        (lambda: game().fit(np.ones((4, 3)), negative=rb.CD(1)), TypeError, "negative.*critic"),
        (lambda: game().fit(np.ones((4, 3)), centered=True), TypeError, "centered.*standardize"),
        (lambda: game().fit(np.ones((4, 3)), sparsity=rb.Sparsity(0.1)), TypeError, "features"),
        (lambda: game().critic_objective(np.zeros((4, 2)), np.zeros((4, 2))), ValueError, "x:"),
        (lambda: game().critic_objective(np.zeros((4, 3)), np.zeros((4, 3))), ValueError, "z:"),
        (
            lambda: game(penalty=1.0).critic_objective(np.zeros((4, 3)), np.zeros((4, 2))),
            ValueError,
            "mix",
        ),
        (lambda: game().generator_objective(np.zeros((4, 3))), ValueError, "z:"),
    ],
)
def test_bad_arguments_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


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
