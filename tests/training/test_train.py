"""Training: the updates, batch by batch, what is recorded, and what stops it."""

import naive
import numpy as np
import pytest
from inputs import KINDS
from small_fits import NAMES, assert_parameters, assert_same_bits, fit

import rbmbook as rb
from rbmbook.training.plan import passes
from rbmbook.training.probe import probe_rows

# --- the updates ----------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("batch_size", [1, 4, 12])
def test_training_equals_the_naive_loop_on_the_same_noise(rbm, theta, binary, k, batch_size):
    X = binary(12, 4)
    ref = naive.train(*theta, X, k, 3, batch_size, 0.1, np.random.default_rng(5))
    fit(rbm, X, negative=rb.CD(k), batch_size=batch_size, optimizer=rb.SGD(0.1), rng=5)
    assert_parameters(rbm, ref)


def test_short_last_batch_is_averaged_over_its_own_rows(rbm, theta, binary):
    """Seven rows in batches of five. The twin divides the last two by five and ends elsewhere."""
    X = binary(7, 4)
    ref = naive.train(*theta, X, 1, 2, 5, 0.1, np.random.default_rng(5))
    fit(rbm, X, epochs=2, optimizer=rb.SGD(0.1), rng=5)
    assert_parameters(rbm, ref)

    def divided_by_batch_size(W, a, b, V, k, rng):
        share = len(V) / 5
        return tuple(share * step for step in naive.contrastive_divergence(W, a, b, V, k, rng))

    twin = naive.train(*theta, X, 1, 2, 5, 0.1, np.random.default_rng(5), divided_by_batch_size)
    with pytest.raises(AssertionError):
        assert_parameters(rbm, twin, rtol=1e-4, atol=1e-4)


def test_a_batch_size_above_n_is_one_full_batch(rbm, binary):
    X, twin = binary(7, 4), rbm.copy()
    fit(rbm, X, batch_size=7)
    fit(twin, X, batch_size=1000)
    assert_same_bits(rbm, twin)


def test_momentum_and_weight_decay_follow_their_formula(rbm, theta, binary):
    """Biases are not decayed."""
    X = binary(12, 4)

    def slope(W, a, b):
        return naive.gradient(W, a, b, X)

    ref = naive.ascend(theta, slope, 4, 0.2, momentum=0.7, decay=0.03)
    settings = {"negative": rb.Exact(), "epochs": 4, "batch_size": 12, "weight_decay": 0.03}
    fit(rbm, X, optimizer=rb.SGD(0.2, momentum=0.7), **settings)
    assert_parameters(rbm, ref)


def test_adam_follows_its_algorithm(rbm, theta, binary):
    X = binary(12, 4)
    ref = naive.adam(theta, lambda W, a, b: naive.gradient(W, a, b, X), 5, 0.05)
    fit(rbm, X, negative=rb.Exact(), epochs=5, batch_size=12, optimizer=rb.Adam(0.05))
    # 1 / (√v̂ + ε) magnifies the rounding of a gradient that is nearly zero.
    assert_parameters(rbm, ref, rtol=1e-6, atol=1e-8)


def test_a_schedule_gives_the_rate_of_each_update(rbm, binary):
    X, twin, asked = binary(10, 4), rbm.copy(), []

    def rate(update):
        asked.append(update)
        return 0.1

    fit(rbm, X, optimizer=rb.SGD(rate), rng=1)
    fit(twin, X, optimizer=rb.SGD(0.1), rng=1)
    assert asked == list(range(6))
    assert_same_bits(rbm, twin)


def test_a_weight_counts_as_that_many_rows(rbm, binary):
    X, weight, twin = binary(4, 4), np.array([3, 0, 1, 2]), rbm.copy()
    settings = {"negative": rb.Exact(), "epochs": 5, "batch_size": 10}
    fit(rbm, X, sample_weight=weight, **settings)
    fit(twin, np.repeat(X, weight, axis=0), **settings)
    assert_parameters(rbm, [getattr(twin, name) for name in NAMES])


def test_rows_without_weight_teach_nothing(rbm, binary):
    """Even when a whole batch has none."""
    X, weight, twin = binary(12, 4), np.zeros(12), rbm.copy()
    weight[3] = 1.0
    other = 1 - X
    other[3] = X[3]
    fit(rbm, X, sample_weight=weight, batch_size=2)
    fit(twin, other, sample_weight=weight, batch_size=2)
    assert_same_bits(rbm, twin)
    assert np.isfinite(rbm.W).all()


def test_the_centred_gradient_learns_a_picture_and_its_negative_alike(rbm, binary):
    """v → 1 − v with W → −W, a → −a, b → b + Σ_i W_i is the same machine, up to a constant."""
    X = (np.random.default_rng(2).random((12, 4)) < 0.2) * 1.0
    distances = {}
    for centered in (True, False):
        one = rbm.copy()
        other = rb.RBM(-one.W, -one.a, one.b + one.W.sum(axis=0))
        for machine, data in ((one, X), (other, 1 - X)):
            fit(machine, data, negative=rb.Exact(), centered=centered, epochs=20, batch_size=12)
        difference = rb.exact.log_likelihood(one, X) - rb.exact.log_likelihood(other, 1 - X)
        distances[centered] = np.abs(difference).max()
    assert distances[True] < 1e-10
    assert distances[False] > 1e-4


# --- what goes in, what comes out -----------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_input_trains_to_the_same_bits(theta, kind, dtype, binary):
    """A batch is made dense and of the machine's dtype before anything is computed."""
    X = binary(30, 4)
    one, other = (rb.RBM(*(p.astype(dtype) for p in theta)) for _ in range(2))
    fit(one, X, validation=X[:7])
    fit(other, KINDS[kind](X), validation=KINDS[kind](X[:7]))
    assert one.dtype == other.dtype == dtype
    assert_same_bits(one, other)


def test_the_same_seed_gives_the_same_bits(rbm, binary):
    X, first, second, third = binary(30, 4), rbm.copy(), rbm.copy(), rbm.copy()
    fit(first, X, rng=4)
    fit(second, X, rng=np.random.default_rng(4))
    fit(third, X, rng=5)
    assert_same_bits(first, second)
    assert np.any(first.W != third.W)


def test_the_data_is_left_alone_and_no_epoch_changes_nothing(rbm, theta, binary):
    X = binary(30, 4)
    kept = X.copy()
    fit(rbm, X, epochs=0)
    assert_same_bits(rbm, rb.RBM(*theta))
    fit(rbm, X, centered=True, validation=X, weight_decay=0.1)
    np.testing.assert_array_equal(X, kept)


def test_parameters_in_another_order_of_memory_are_trained_too(rbm, binary):
    """An update must not go to a hidden copy of the array."""
    X, twin = binary(30, 4), rbm.copy()
    twin.W = np.asfortranarray(twin.W)
    fit(rbm, X)
    fit(twin, X)
    assert_parameters(twin, [getattr(rbm, name) for name in NAMES])


def test_history_has_one_true_number_an_epoch(rbm, binary):
    X, held_out = binary(300, 4), binary(20, 4, seed=9)
    machines = []
    history = fit(
        rbm,
        X,
        epochs=4,
        batch_size=100,
        validation=held_out,
        callbacks=[lambda machine, _: machines.append(machine.copy())],
    )
    assert {len(history[name]) for name in history} == {4}
    np.testing.assert_array_equal(history["epoch"], [1, 2, 3, 4])
    assert np.all(np.diff(history["seconds"]) >= 0) and history["seconds"][0] >= 0
    for epoch, machine in enumerate(machines):
        W, a, b = machine.W, machine.a, machine.b
        seen = X[probe_rows(300)]
        back = [naive.conditional_mean(W, a, naive.conditional_mean(W.T, b, v)) for v in seen]
        error = np.mean((np.array(back) - seen) ** 2)
        gap = np.mean([naive.free_energy(W, a, b, v) for v in held_out])
        gap -= np.mean([naive.free_energy(W, a, b, v) for v in seen])
        ref = {"reconstruction_error": error, "free_energy_gap": gap}
        ref["weight_norm"] = np.sqrt(np.mean(W**2))
        for name, value in ref.items():
            np.testing.assert_allclose(history[name][epoch], value, rtol=1e-9, err_msg=name)


def test_callbacks_see_every_epoch_and_can_stop(rbm, binary):
    seen = []

    def stop(machine, history):
        seen.append((machine is rbm, history.epochs))
        return history.epochs == 2

    history = fit(rbm, binary(10, 4), epochs=9, callbacks=[stop, lambda *_: None])
    assert seen == [(True, 1), (True, 2)] and history.epochs == 2


def test_a_callback_may_answer_with_numpys_true(rbm, binary):
    """What a comparison of a monitor gives: ``history["weight_norm"][-1] > 0``."""
    history = fit(rbm, binary(10, 4), epochs=9, callbacks=[lambda _, h: h["weight_norm"][-1] > 0])
    assert history.epochs == 1


def test_progress_is_silent_when_asked(rbm, binary, capfd):
    fit(rbm, binary(10, 4), progress=False)
    assert capfd.readouterr() == ("", "")
    fit(rbm, binary(10, 4), progress=True)
    assert capfd.readouterr().err


@pytest.mark.jit
def test_contrastive_divergence_learns_bars_and_stripes():
    """From 9 log 2 nats of knowing nothing to within half a nat of the best, log 14."""
    X = naive.bars_and_stripes(3)
    rbm = rb.RBM.random(9, 16, rng=0, scale=0.1, dtype=np.float64)
    before = rb.exact.log_likelihood(rbm, X).mean()
    fit(rbm, X, negative=rb.CD(5), epochs=2000, batch_size=14, optimizer=rb.SGD(0.2))
    after = rb.exact.log_likelihood(rbm, X).mean()
    assert before < -6 and after > -np.log(14) - 0.5


# --- divergence -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_divergence_keeps_the_parameters_of_the_last_finite_epoch(theta, dtype, binary):
    X = binary(10, 4)
    rbm, ref = (rb.RBM(*(p.astype(dtype) for p in theta)) for _ in range(2))
    explode = rb.SGD(lambda update: 0.1 if update < 4 else np.finfo(dtype).max / 2, momentum=0.9)
    # One such step leaves W near the largest number; the next decays it by 4 W times the rate.
    calm = rb.SGD(lambda update: 0.1, momentum=0.9)
    fit(ref, X, epochs=2, optimizer=calm, weight_decay=4.0)
    with pytest.raises(rb.DivergenceError) as caught:
        fit(rbm, X, epochs=50, optimizer=explode, weight_decay=4.0)
    assert_same_bits(rbm, ref)
    message = str(caught.value)
    assert "epoch 3" in message and "learning rate" in message


def test_divergence_in_the_first_epoch_keeps_the_start(rbm, theta, binary):
    with pytest.raises(rb.DivergenceError, match="epoch 1"):
        fit(rbm, binary(10, 4), epochs=5, optimizer=rb.SGD(1e308, momentum=0.99), weight_decay=1e10)
    assert_same_bits(rbm, rb.RBM(*theta))


def test_a_divergence_is_a_floating_point_error_and_the_machine_can_go_on(rbm, binary):
    X = binary(10, 4)
    with pytest.raises(FloatingPointError):
        fit(rbm, X, epochs=5, optimizer=rb.SGD(1e308, momentum=0.99), weight_decay=1e10)
    fit(rbm, X)
    assert np.isfinite(rbm.W).all()


def test_a_divergence_that_enumeration_meets_first_is_a_divergence_too(binary):
    """`Exact` copies a machine, and a copy refuses weights that are not finite."""
    rbm = rb.RBM.random(4, 2, dtype=np.float64, visible=rb.Gaussian())
    start = [p.copy() for p in rbm.parameters]
    with pytest.raises(rb.DivergenceError, match="epoch 1"):
        fit(rbm, 100.0 * binary(10, 4), negative=rb.Exact(), optimizer=rb.SGD(1e6), batch_size=2)
    for parameter, before in zip(rbm.parameters, start, strict=True):
        np.testing.assert_array_equal(parameter, before)


# --- what a fit does when it is not told --------------------------------------------------------


@pytest.mark.parametrize(
    ("n_rows", "batch_size", "expected"),
    [
        (30, 100, 1000),
        (1300, 100, 231),
        (1350, 100, 215),
        (1300, 10, 24),
        (60_000, 100, 10),
        (1, 1, 1000),
    ],
)
def test_small_data_get_epochs_by_updates_and_large_ones_ten(n_rows, batch_size, expected):
    assert passes(None, n_rows, batch_size) == expected
    assert passes(7, n_rows, batch_size) == 7


def test_without_options_the_gradient_is_centred_and_tempered(binary):
    X = binary(30, 6)
    default, explicit = (rb.RBM.random(6, 4, rng=0, data=X) for _ in range(2))
    rb.fit(default, X, epochs=3, progress=False)
    tempered = rb.Tempered(betas=10, chains=30)
    rb.fit(explicit, X, tempered, epochs=3, weight_decay=1 / 30, centered=True, progress=False)
    assert_same_bits(default, explicit)


def test_a_phase_of_ones_own_has_the_plain_gradient(binary):
    X = binary(30, 6)
    default, explicit = (rb.RBM.random(6, 4, rng=0, data=X) for _ in range(2))
    fit(default, X)
    fit(explicit, X, centered=False)
    assert_same_bits(default, explicit)


# --- real columns in any units -------------------------------------------------------------------


def standard(rows=200):
    rng = np.random.default_rng(3)
    z = rng.normal(size=(rows, 3)) + 2 * rng.integers(2, size=(rows, 1))
    return (z - z.mean(axis=0)) / z.std(axis=0)


@pytest.mark.parametrize("negative", [None, rb.CD(1), rb.PCD(1, chains=20)])
def test_units_and_means_of_real_columns_do_not_matter(negative):
    """The same noise moves the same machine, in other units; to rounding, in float64."""
    z, shift, scale = standard(), np.array([2000.0, -3.0, 1e-4]), np.array([10.0, 1e-3, 500.0])
    found = []
    for X in (z, shift + scale * z):
        rbm = rb.RBM.random(3, 4, rng=0, dtype=np.float64, visible=rb.Gaussian(), data=X)
        rb.fit(rbm, X, negative, epochs=5, progress=False)
        found.append((rbm.hidden_mean(X), rbm.free_energy(X), rbm.visible.log_precision))
    np.testing.assert_allclose(found[1][0], found[0][0], rtol=1e-5)
    np.testing.assert_allclose(np.ptp(found[1][1] - found[0][1]), 0, atol=1e-5)
    np.testing.assert_allclose(found[1][2], found[0][2] - 2 * np.log(scale), rtol=1e-6)


def test_columns_as_they_are_where_centering_is_said():
    """With `centered=False` the naive gradient step, in the columns' own units."""
    X = 3 + 2 * standard()
    rbm = rb.RBM.random(3, 2, rng=0, dtype=np.float64, visible=rb.Gaussian(), data=X)
    ref = rbm.copy()
    options = {"epochs": 1, "batch_size": len(X), "optimizer": rb.SGD(1e-3), "centered": False}
    rb.fit(rbm, X, rb.CD(1), rng=5, progress=False, **options)
    rng = np.random.default_rng(5)
    step = rb.gradient.estimate(ref, X[rng.permutation(len(X))], rb.CD(1), rng)
    np.testing.assert_allclose(rbm.W, ref.W + 1e-3 * step.W, rtol=1e-9)


def test_a_column_that_does_not_vary_is_learned_beside_the_others():
    X = np.insert(standard(), 1, 3.7, axis=1)
    rbm = rb.RBM.random(4, 4, rng=0, visible=rb.Gaussian(), data=X)
    rb.fit(rbm, X, epochs=100, progress=False)
    mean, precision = rbm.visible_mean(rbm.hidden_mean(X)), rbm.visible.precision()
    np.testing.assert_allclose(mean[:, 1], 3.7, rtol=2e-3)
    assert precision[1] == pytest.approx(1 / 3.7e-3**2, rel=1e-3)


def test_a_resumed_fit_of_real_columns_has_the_same_bits(tmp_path):
    X = 2000 + 10 * standard()
    whole, parts = (rb.RBM.random(3, 4, rng=0, visible=rb.Gaussian(), data=X) for _ in range(2))
    rb.fit(whole, X, epochs=6, progress=False)
    for epochs in (3, 6):
        rb.fit(parts, X, epochs=epochs, progress=False, checkpoint=tmp_path / "file.npz")
    assert_same_bits(whole, parts)
    np.testing.assert_array_equal(whole.visible.log_precision, parts.visible.log_precision)


@pytest.mark.parametrize(("mean", "deviation"), [(20, 1), (100, 1), (20, 40), (0, 0.01), (1e5, 3)])
def test_a_machine_that_was_not_made_for_its_real_columns_starts_at_them(mean, deviation):
    side = np.random.default_rng(0).integers(0, 2, 400) * 8 - 4
    noise = np.random.default_rng(1).normal(size=(400, 3))
    X = mean + deviation * (side[:, None] * [1, 0, 1] + noise)
    rbm = rb.RBM.random(3, 2, visible=rb.Gaussian(), rng=0, dtype=np.float64)
    rb.fit(rbm, X[:300], epochs=300, rng=0, progress=False)
    scale = X[:300].std(axis=0)
    z = (X[300:] - X[:300].mean(axis=0)) / scale
    independent = -0.5 * (z**2 + np.log(2 * np.pi * scale**2)).sum(axis=1).mean()
    assert rb.exact.log_likelihood(rbm, X[300:]).mean() > independent + 0.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_fixed_precision_keeps_every_bit_while_columns_are_standardised(dtype):
    X = np.random.default_rng(0).normal(size=(60, 3)) * [3.3, 1e3, 7e-3] + 5
    visible = rb.Gaussian(log_precision=0.3, learn=False)
    rbm = rb.RBM.random(3, 4, rng=0, visible=visible, dtype=dtype)
    before, W = rbm.description(), rbm.W.copy()
    rb.fit(rbm, X, epochs=3, progress=False)
    assert rbm.description() == before and np.all(rbm.W != W)


def test_without_an_update_a_machine_stays_as_it_is():
    X = 20 + np.random.default_rng(0).normal(size=(40, 3))
    rbm = rb.RBM.random(3, 2, visible=rb.Gaussian(), rng=0)
    rb.fit(rbm, X, epochs=0, rng=0, progress=False)
    assert not rbm.a.any() and not rbm.b.any()
