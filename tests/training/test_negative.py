"""Persistent negative phases: their averages, their chains, what training makes of them."""

import naive
import numpy as np
import pytest
from frequencies import SIGMAS
from small_fits import NAMES, assert_parameters, assert_same_bits, fit
from unit_cases import EXACT, PAIRS, machine, name

import rbmbook as rb
from rbmbook.machine.parameters import Parameters
from rbmbook.sampling.chains import at_random
from rbmbook.training.negative import Batch

GAUSSIAN = [p for p in PAIRS if [c.name for c in p] == ["Gaussian", "Gaussian"]]
PHASES = {
    "PCD": rb.PCD(chains=7),
    "FPCD": rb.FPCD(chains=7),
    "Tempered": rb.Tempered(betas=4, chains=7),
    "adapted": rb.Tempered(betas=5, chains=7, adapt=11),
}
CHAINS = 1500


def states(kept):
    """The chains at the temperature of the model."""
    return kept.v


def model_term(rbm, phase, seed=0):
    """What a phase returns at its first update, and the states it comes from."""
    rng = np.random.default_rng(seed)
    batch = Batch.of(rbm, at_random(rbm, 1, rng), np.ones(1, rbm.dtype))
    kept = phase.start(rbm, rng)
    model = phase.model_term(rbm, batch, kept, rng)
    return Parameters(*(p.copy() for p in (model.W, model.a, model.b))), states(kept).copy()


def assert_agrees(rbm, v, h):
    """The averages of v hᵀ, v and h are `SIGMAS` standard errors or less from the exact ones."""
    exact = rb.exact.expectations(rbm)
    for each, value in ((v[:, :, None] * h[:, None, :], exact.W), (v, exact.a), (h, exact.b)):
        error = each.std(axis=0, ddof=1) / np.sqrt(len(each))
        z = np.abs(each.mean(axis=0) - value) / np.maximum(error, 1e-6)
        assert z.max() < SIGMAS, f"off by {z.max():.3g} standard errors"


LONG = [
    rb.PCD(k=60, chains=CHAINS),
    rb.FPCD(k=60, chains=CHAINS),
    rb.Tempered(betas=[0.3, 0.7, 1.0], k=60, chains=CHAINS),
]


@pytest.mark.jit
@pytest.mark.parametrize("phase", LONG, ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("pair", EXACT + GAUSSIAN, ids=name)
def test_the_model_term_is_exact_within_its_standard_error(pair, phase):
    """For every pair of units with a density and an exact answer."""
    rbm = machine(pair, seed=3)
    model, v = model_term(rbm, phase)
    assert_agrees(rbm, v, rbm.hidden_mean(v))
    mean = rbm.hidden_mean(v)
    ref = v.T @ mean / CHAINS, v.mean(axis=0), mean.mean(axis=0)
    for comp, expected in zip(model, ref, strict=True):
        np.testing.assert_allclose(comp, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.jit
@pytest.mark.parametrize("pair", EXACT + GAUSSIAN, ids=name)
def test_statistics_with_the_hidden_units_of_another_v_are_rejected(pair):
    rbm = machine(pair, seed=3, scale=0.8 if pair in EXACT else 0.5)
    _, v = model_term(rbm, rb.PCD(k=60, chains=20_000))
    assert_agrees(rbm, v, rbm.hidden_mean(v))
    with pytest.raises(AssertionError, match="standard errors"):
        assert_agrees(rbm, v, np.roll(rbm.hidden_mean(v), 1, axis=0))


@pytest.mark.parametrize("phase", PHASES.values(), ids=PHASES)
@pytest.mark.parametrize("batch_size", [3, 7, 30])
def test_the_number_of_chains_does_not_depend_on_the_batch(rbm, binary, phase, batch_size):
    kept = []

    class Watched(rb.negative.Negative):
        def start(self, machine, rng):
            kept.append(phase.start(machine, rng))
            return kept[-1]

        def model_term(self, *args):
            return phase.model_term(*args)

    fit(rbm, binary(30, 4), negative=Watched(), batch_size=batch_size)
    assert states(kept[0]).shape == (7, 4) and len(kept) == 1


def naive_persistent(theta, X, chains, k, epochs, rate, rng, fast_rate=0.0, decay=0.0):
    """PCD, or FPCD where `fast_rate` is not zero, with full batches; returns ⟨W, a, b⟩."""
    slow = [p.copy() for p in theta]
    fast = [np.zeros(p.shape) for p in theta]
    v = (rng.random((chains, X.shape[1])) < 0.5).astype(float)
    for _ in range(epochs):
        batch = X[rng.permutation(len(X))]
        overlaid = [s + f for s, f in zip(slow, fast, strict=True)]
        v = naive.gibbs(*overlaid, v, k, rng)
        data, model = naive.phase(*slow, batch), naive.phase(*overlaid, v)
        for s, f, d, m in zip(slow, fast, data, model, strict=True):
            f *= decay
            f += fast_rate * (d - m)
            s += rate * (d - m)
    return slow


# Chains and updates enough, and steps large enough, that a probability left from before an update
# would flip a unit somewhere.
@pytest.mark.parametrize("k", [1, 2])
def test_pcd_equals_the_naive_loop_on_the_same_noise(rbm, theta, binary, k):
    X = binary(12, 4)
    ref = naive_persistent(theta, X, 40, k, 12, 0.7, np.random.default_rng(4))
    negative = rb.PCD(k=k, chains=40)
    fit(rbm, X, negative=negative, batch_size=12, epochs=12, optimizer=rb.SGD(0.7), rng=4)
    assert_parameters(rbm, ref)


@pytest.mark.parametrize("k", [1, 2])
def test_fpcd_equals_the_naive_loop_on_the_same_noise(rbm, theta, binary, k):
    X = binary(12, 4)
    ref = naive_persistent(theta, X, 40, k, 12, 0.7, np.random.default_rng(4), 0.5, 0.8)
    negative = rb.FPCD(k=k, chains=40, rate=0.5, decay=0.8)
    fit(rbm, X, negative=negative, batch_size=12, epochs=12, optimizer=rb.SGD(0.7), rng=4)
    assert_parameters(rbm, ref)


@pytest.mark.parametrize("phase", PHASES.values(), ids=PHASES)
def test_the_first_step_of_an_update_is_under_the_new_parameters(phase):
    """Hidden units that were all on are all off now; on by the old b, they would switch v off."""
    rbm = rb.RBM(np.full((4, 3), -100.0), np.full(4, 50.0), np.full(3, 1000.0))
    rng = np.random.default_rng(0)
    kept = phase.start(rbm, rng)

    def update():
        phase.ascent(rbm, Batch.of(rbm, np.zeros((1, 4)), np.ones(1)), kept, rng)
        return states(kept)

    assert (update() == 0).all()  # E[h | v = 0] = 1 is left in memory
    rbm.b[:] = -1000
    assert (update() == 1).all()
    rbm.b[:], rbm.a[:] = 1000, -200
    assert (update() == 0).all()
    rbm.W[:] = 100
    assert (update() == 1).all()


@pytest.mark.parametrize("phase", PHASES.values(), ids=PHASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("centered", [False, True, "enhanced"])
def test_every_phase_trains_in_both_precisions(theta, binary, phase, dtype, centered):
    rbm = rb.RBM(*(p.astype(dtype) for p in theta))
    history = fit(rbm, binary(30, 4), negative=phase, centered=centered)
    assert history.epochs == 3 and rbm.dtype == dtype
    assert all(np.isfinite(p).all() for p in rbm.parameters)
    assert ("swap_rate" in history) == isinstance(phase, rb.Tempered)


@pytest.mark.jit
@pytest.mark.parametrize(
    "phase", [rb.PCD(), rb.FPCD(), rb.Tempered(betas=4, chains=50)], ids=lambda p: type(p).__name__
)
def test_persistent_phases_learn_bars_and_stripes(phase):
    """From 9 log 2 = 6.2 nats of knowing nothing to within a nat of the best, log 14 = 2.6."""
    X = naive.bars_and_stripes(3)
    rbm = rb.RBM.random(9, 8, rng=0, scale=0.1, dtype=np.float64)
    rate = rb.SGD(lambda update: 0.3 / (1 + update / 1000))
    fit(rbm, X, negative=phase, epochs=1500, batch_size=14, optimizer=rate)
    assert rb.exact.log_likelihood(rbm, X).mean() > -np.log(14) - 1


class Interrupted(Exception):
    """A crash."""


@pytest.mark.parametrize("phase", PHASES.values(), ids=PHASES)
@pytest.mark.parametrize("centered", [False, True, "enhanced"])
def test_a_resumed_fit_gives_the_bits_of_an_uninterrupted_one(
    rbm, binary, phase, centered, tmp_path
):
    """With two updates an epoch: the adaptation of `adapted` is cut in its middle."""
    X, path = binary(30, 4), tmp_path / "run.npz"
    settings = {"negative": phase, "centered": centered, "batch_size": 15, "epochs": 7, "rng": 3}
    settings["sparsity"] = rb.Sparsity(0.2, 0.1)
    through, resumed = rbm.copy(), rbm.copy()
    ref = fit(through, X, **settings)

    def crash(_, history):
        if history.epochs == 3:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(rbm, X, checkpoint=path, callbacks=[crash], **settings)
    comp = fit(resumed, X, checkpoint=path, **settings)
    assert_same_bits(resumed, through)
    for monitor in set(ref) - {"seconds"}:
        np.testing.assert_array_equal(comp[monitor], ref[monitor], err_msg=monitor)


# --- centring ------------------------------------------------------------------------------------


def flip_visible(W, a, b):
    return -W, -a, b + W.sum(axis=0)


def flip_hidden(W, a, b):
    return -W, a + W.sum(axis=1), -b


@pytest.mark.parametrize("penalty", [{}, {"weight_decay": 0.02}, {"l1": 0.01}], ids=str)
@pytest.mark.parametrize("centered", [True, "enhanced"])
@pytest.mark.parametrize("flip", [flip_visible, flip_hidden])
def test_a_flipped_machine_learns_the_flipped_data_alike(theta, flip, centered, penalty):
    """Exactly so up to rounding, parameter by parameter; without centring it does not."""
    X = (np.random.default_rng(2).random((12, 4)) < 0.2) * 1.0
    flipped = 1 - X if flip is flip_visible else X
    settings = {"negative": rb.Exact(), "epochs": 30, "batch_size": 12, **penalty}
    settings["optimizer"] = rb.SGD(0.2, momentum=0.5)
    for way in (centered, False):
        one, other = rb.RBM(*theta), rb.RBM(*flip(*theta))
        fit(one, X, centered=way, **settings)
        fit(other, flipped, centered=way, **settings)
        if way:
            assert_parameters(other, flip(one.W, one.a, one.b), rtol=1e-9, atol=1e-10)
        else:
            assert np.abs(other.W + one.W).max() > 1e-3


def test_the_enhanced_gradient_is_a_difference_of_covariances(rbm, theta, binary):
    """Cho, Raiko and Ilin (2013): Cov_data(v, h) − Cov_model(v, h), and what the biases lose."""
    X = binary(12, 4)
    (W_d, a_d, b_d), (W_m, a_m, b_m) = naive.phase(*theta, X), naive.expectations(*theta)
    dW = (W_d - np.outer(a_d, b_d)) - (W_m - np.outer(a_m, b_m))
    da = a_d - a_m - dW @ (b_d + b_m) / 2
    db = b_d - b_m - (a_d + a_m) / 2 @ dW
    ref = [p + 0.1 * step for p, step in zip(theta, (dW, da, db), strict=True)]
    settings = {"negative": rb.Exact(), "epochs": 1, "batch_size": 12, "centered": "enhanced"}
    fit(rbm, X, optimizer=rb.SGD(0.1), **settings)
    assert_parameters(rbm, ref)


def test_the_centred_gradient_is_that_of_the_centred_machine(rbm, theta, binary):
    """E = −(v−μ)ᵀα − βᵀ(h−λ) − (v−μ)ᵀW(h−λ): gradients in W, α, β by finite differences."""
    X, rng = binary(12, 4), np.random.default_rng(5)
    mu, offset = rng.random(4), rng.random(3)
    W, a, b = (p.copy() for p in theta)
    alpha, beta = a + W @ offset, b + mu @ W  # the same machine in centred coordinates

    def likelihood():
        return naive.log_likelihood(W, alpha - W @ offset, beta - mu @ W, X).mean()

    dW, dalpha, dbeta = (naive.finite_difference(likelihood, p) for p in (W, alpha, beta))
    ref = dW, dalpha - dW @ offset, dbeta - mu @ dW
    comp = rb.gradient.centre(rb.exact.gradient(rbm, X), mu, offset)
    for letter, expected in zip(NAMES, ref, strict=True):
        np.testing.assert_allclose(getattr(comp, letter), expected, atol=1e-8)


def test_centring_takes_the_means_of_the_data(rbm, theta, binary):
    """μ is the mean of all of X, λ starts at the first batch's and follows by a hundredth."""
    X = binary(10, 4)
    ref, average, rng = [p.copy() for p in theta], None, np.random.default_rng(1)
    for _ in range(3):
        order = rng.permutation(10)
        for rows in (order[:5], order[5:]):
            mean = naive.phase(*ref, X[rows])[2]
            average = mean if average is None else 0.99 * average + 0.01 * mean
            dW, da, db = naive.gradient(*ref, X[rows])
            dW = dW - np.outer(X.mean(axis=0), db) - np.outer(da, average)
            da, db = da - dW @ average, db - X.mean(axis=0) @ dW
            ref = [p + 0.1 * s for p, s in zip(ref, (dW, da, db), strict=True)]
    fit(rbm, X, negative=rb.Exact(), centered=True, optimizer=rb.SGD(0.1), rng=1)
    assert_parameters(rbm, ref)


# --- penalties -----------------------------------------------------------------------------------


def test_l1_and_sparsity_follow_their_formulas(rbm, theta, binary):
    X, ref, average = binary(12, 4), [p.copy() for p in theta], None
    for _ in range(4):
        _, visible, hidden = naive.phase(*ref, X)
        average = hidden if average is None else 0.99 * average + 0.01 * hidden
        dW, da, db = naive.gradient(*ref, X)
        pull = 0.7 * (0.1 - average)
        dW = dW - 0.03 * np.sign(ref[0]) + np.outer(visible, pull)
        ref = [p + 0.1 * s for p, s in zip(ref, (dW, da, db + pull), strict=True)]
    settings = {"l1": 0.03, "sparsity": rb.Sparsity(0.1, 0.7), "negative": rb.Exact()}
    fit(rbm, X, epochs=4, batch_size=12, optimizer=rb.SGD(0.1), **settings)
    assert_parameters(rbm, ref)


@pytest.mark.jit
def test_a_sparsity_target_is_approached_and_l1_makes_weights_small(binary):
    X, machines = binary(40, 6), {}
    choices = {"free": {}, "sparse": {"sparsity": rb.Sparsity(0.1, 1.0)}, "l1": {"l1": 0.05}}
    for label, choice in choices.items():
        machines[label] = rb.RBM.random(6, 4, rng=0, scale=0.5, dtype=np.float64)
        settings = {"negative": rb.Exact(), "epochs": 2000, "batch_size": 40, **choice}
        fit(machines[label], X, optimizer=rb.SGD(0.05), **settings)
    means = {label: rbm.hidden_mean(X).mean(axis=0) for label, rbm in machines.items()}
    assert np.abs(means["sparse"] - 0.1).max() < 0.05 < np.abs(means["free"] - 0.1).max()
    assert np.abs(machines["l1"].W).max() < 0.02 < 0.2 < np.abs(machines["free"].W).max()


@pytest.mark.parametrize(
    "wrong",
    [
        {"l1": -1.0},
        {"sparsity": 0.1},
        {"sparsity": rb.Sparsity(1.5)},
        {"centered": "no"},
        {"centered": 1},
    ],
    ids=str,
)
def test_wrong_options_are_refused_by_name(rbm, theta, binary, wrong):
    with pytest.raises((ValueError, TypeError), match=next(iter(wrong))):
        fit(rbm, binary(10, 4), **wrong)
    assert_same_bits(rbm, rb.RBM(*theta))


@pytest.mark.parametrize(
    "make",
    [
        lambda: rb.PCD(k=0),
        lambda: rb.PCD(chains=2.5),
        lambda: rb.FPCD(rate=0),
        lambda: rb.FPCD(decay=1.0),
        lambda: rb.Tempered(betas=1),
        lambda: rb.Tempered(betas=[0.5, 0.2, 1]),
        lambda: rb.Tempered(betas=[0, 0.5]),
        lambda: rb.Tempered(chains=0),
        lambda: rb.Tempered(adapt=-1),
        lambda: rb.Sparsity(np.nan),
        lambda: rb.Sparsity(0.1, -1),
    ],
)
def test_numbers_outside_their_range_are_refused(make):
    with pytest.raises((ValueError, TypeError)):
        make()


def test_a_phase_of_ones_own_that_keeps_what_no_checkpoint_can_hold_is_refused_by_name(binary):
    class Listed(rb.negative.Negative):
        def start(self, rbm, rng):
            return [at_random(rbm, 3, rng)]

    rbm = rb.RBM.random(4, 2)
    before = rbm.W.copy()
    with pytest.raises(TypeError, match=r"negative: expected Listed\.start .*memory.*got list"):
        rb.fit(rbm, binary(6, 4), Listed(), epochs=1, progress=False)
    dbm = rb.DBM.random((4, 3, 2))
    with pytest.raises(TypeError, match=r"negative: expected Listed\.start .*memory.*got list"):
        dbm.fit(binary(6, 4), Listed(), epochs=1, progress=False)
    np.testing.assert_array_equal(rbm.W, before)


def test_a_batch_in_pieces_has_the_terms_of_its_pieces(monkeypatch):
    """Each piece counts by its weight, and takes its noise where the one before has stopped."""
    rbm = rb.RBM.random(6, 4, rng=0, scale=1.0, dtype=np.float64)
    rng = np.random.default_rng(1)
    v, weight, phase = at_random(rbm, 10, rng), rng.random(10), rb.CD(2)
    weight /= weight.sum()
    whole = Batch.of(rbm, v, weight)
    expected, rng = np.zeros(rbm.n_visible), np.random.default_rng(5)
    for rows in slice(0, 4), slice(4, 8), slice(8, 10):
        share = weight[rows].sum()
        expected += (
            share * phase.model_term(rbm, Batch.of(rbm, v[rows], weight[rows] / share), None, rng).a
        )
    monkeypatch.setattr("rbmbook.training.negative.PIECE_ROWS", 4)
    batch = Batch.of(rbm, v, weight)
    assert [len(v[rows]) for rows in batch.pieces()] == [4, 4, 2]
    for mine, its in zip(batch.data_term, whole.data_term, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-12)
    model = phase.model_term(rbm, batch, None, np.random.default_rng(5))
    np.testing.assert_allclose(model.a, expected, rtol=1e-12)
