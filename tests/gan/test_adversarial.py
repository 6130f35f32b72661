"""What the two players descend, its gradients, and what the best critic knows."""

import math

import numpy as np
import pytest
from gan_cases import (
    COUNTS,
    PENALTIES,
    assert_close,
    draws,
    game,
    mean,
    naive_critic_loss,
    naive_generator_loss,
    sigmoid,
)
from hypothesis import given
from hypothesis import strategies as st
from naive_network import finite_differences

from rbmbook.gan.adversarial import LOSSES, critic_loss, generator_loss
from rbmbook.gan.model import GAN
from rbmbook.networks.layers import Dense
from rbmbook.networks.network import Network

# --- what the two descend -------------------------------------------------------------------------


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
