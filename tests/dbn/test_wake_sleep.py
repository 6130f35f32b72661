"""Contrastive wake-sleep: an update against plain loops, its fixed point, its manners."""

import naive
import naive_deep
import numpy as np
import pytest
from deep_cases import (
    Interrupted,
    arrays,
    assert_same_bits,
    interrupt,
    machines,
    network,
    untied,
)
from inputs import KINDS

import rbmbook as rb
from rbmbook.dbn.model import DBN, transposed
from rbmbook.dbn.wake_sleep import UpDown
from rbmbook.machine.directed import Directed
from rbmbook.training.plan import plan

UNITS = [rb.Bernoulli(), rb.Spin(), rb.Softmax(2), rb.Gaussian(0.3), rb.ReLU(0.4, learn=True)]


def up_down(dbn, X, **settings):
    return dbn.up_down(X, **{"progress": False, "epochs": 3, "batch_size": 5, **settings})


# --- one update ---------------------------------------------------------------------------------


@pytest.mark.parametrize("negative", [rb.CD(1), rb.CD(3), rb.PCD(2, chains=7)], ids=str)
@pytest.mark.parametrize("sizes", [(4, 3), (4, 3, 4), (3, 4, 2, 3)], ids=str)
def test_an_update_equals_plain_loops_on_the_same_noise(sizes, negative, binary):
    theta, V, rate, n = machines(sizes), binary(6, sizes[0]), 0.1, 6
    ups = untied(theta)
    dbn = network(theta, ups)
    history = up_down(
        dbn, V, epochs=2, batch_size=6, negative=negative, optimizer=rb.SGD(rate), rng=4
    )
    rng, (D, H) = np.random.default_rng(4), sizes[-2:]
    chains = None
    if isinstance(negative, rb.PCD):
        chains = (rng.random((negative.chains, D)) < 0.5).astype(float)
    rows = n if chains is None else len(chains)
    for _ in range(2):
        order = rng.permutation(n)
        noise_up = [rng.random((n, size)) for size in sizes[1:-1]]
        noise_top = [(rng.random((rows, H)), rng.random((rows, D))) for _ in range(negative.k)]
        noise_down = [rng.random((rows, size)) for size in sizes[-3::-1]]
        noises = noise_up, noise_top, noise_down
        theta, ups, end = naive_deep.up_down_update(
            theta, ups, V[order], *noises, rate=rate, start=chains
        )
        chains = end if chains is not None else None
    ref = network(theta, ups)
    for name, p in arrays(dbn).items():
        np.testing.assert_allclose(p, arrays(ref)[name], rtol=1e-10, atol=1e-12, err_msg=name)
    assert history.epochs == 2


@pytest.mark.parametrize("weight", [None, np.array([0.2, 0, 3, 1, 0.5])], ids=["equal", "weighted"])
@pytest.mark.parametrize("unit", UNITS, ids=str)
def test_the_delta_rule_is_the_derivative_of_the_log_probability(unit, weight):
    """By central finite differences, for W, b and the unit's own parameters."""
    rng, dtype = np.random.default_rng(0), np.dtype(float)
    W, b = rng.normal(0, 0.7, (3, 4)), rng.normal(0, 0.5, 4)
    x = rng.normal(size=(5, 3))
    way = Directed(W, b, unit.bind("unit", 4, dtype))
    y = way.sample(x, rng)
    step = 1e-5
    parameters = [W, b, *way.unit.parameters()]
    gradient = way.gradient(y, x, weight)
    share = 1.0 if weight is None else weight
    assert len(gradient) == len(parameters) == 2 + getattr(unit, "learn", False)
    for p, comp in zip(parameters, gradient, strict=True):
        ref = np.empty_like(p)
        for index in np.ndindex(p.shape):
            old, values = p[index], []
            for sign in (1, -1):
                p[index] = old + sign * step
                values.append((share * way.log_probability(y, x)).mean())
            p[index] = old
            ref[index] = (values[0] - values[1]) / (2 * step)
        np.testing.assert_allclose(comp, ref, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("unit", UNITS, ids=str)
def test_a_table_holds_the_log_probability_of_every_pair(unit):
    rng = np.random.default_rng(0)
    way = Directed(rng.normal(size=(3, 4)), rng.normal(size=4), unit.bind("", 4, np.dtype(float)))
    x = rng.normal(size=(5, 3))
    y = way.sample(x, rng)[:3]
    ref = [[way.log_probability(y[i : i + 1], x[j : j + 1])[0] for j in range(5)] for i in range(3)]
    np.testing.assert_allclose(way.log_table(y, x), ref, rtol=1e-12)


# --- the fixed point ----------------------------------------------------------------------------


class Shifted(DBN):
    """A network whose arrows down have other biases than its machines."""

    @property
    def generation(self):
        return [Directed(way.W, way.b + 0.3, way.unit) for way in super().generation]


def ascent_scores(dbn, X, fault="", updates=400, rows=50):
    """Mean gradient over many batches, in standard errors of that mean."""
    gradients = []

    class Collect(rb.SGD):
        def step(self, parameters, gradient, memory, update):
            gradients.append([g.copy() for g in gradient])

    settings = {"epochs": 1, "batch_size": rows, "optimizer": Collect(0.1), "rng": 7}
    run = UpDown(dbn, X, plan(len(X), **settings), rb.CD(1))
    if fault == "fresh dreams":  # from random states, not from where the chains end
        sleep = run.sleep
        run.sleep = lambda x: sleep(run.rng.integers(0, 2, x.shape).astype(float))
    if fault == "dreams of the data":  # the way up is taught what it did awake
        wake = run.wake
        run.wake = lambda v: setattr(run, "awake", wake(v)) or run.awake
        run.sleep = lambda _: [run.awake[0][::-1], *run.awake[1:]]
    if fault == "hidden bias on the way down":
        run.dbn.__class__ = Shifted
    for start in range(0, updates * rows, rows):
        run.update(np.arange(start, start + rows))
    columns = [np.array([g[i] for g in gradients]) for i in range(len(gradients[0]))]
    return np.concatenate(
        [
            (c.mean(axis=0) / np.maximum(c.std(axis=0), 1e-12) * np.sqrt(updates)).ravel()
            for c in columns
        ]
    )


def stationary(theta, updates=400, rows=50):
    """A network that is at rest: the joint of one machine, and data drawn from it."""
    rbm, rng = rb.RBM(*theta), np.random.default_rng(2)
    p = naive.probabilities(*theta)
    numbers = rng.choice(len(p), size=updates * rows, p=p / p.sum())
    return DBN([rbm, transposed(rbm)]), np.array(naive.states(4), dtype=float)[numbers]


def test_nothing_moves_on_average_where_model_and_data_agree(theta):
    dbn, X = stationary(theta)
    before = {name: p.copy() for name, p in arrays(dbn).items()}
    scores = ascent_scores(dbn, X)
    assert len(scores) == 12 + 4 + 12 + 3 + 12 + 3 + 4 and np.abs(scores).max() < 4.5
    assert scores.std() > 0.5  # noise, not zeros
    for name, p in arrays(dbn).items():
        np.testing.assert_array_equal(p, before[name])


@pytest.mark.parametrize(
    "fault", ["fresh dreams", "dreams of the data", "hidden bias on the way down"]
)
def test_broken_updates_move_where_model_and_data_agree(theta, fault):
    scores = ascent_scores(*stationary(theta), fault=fault)
    assert np.abs(scores).max() > 6


def test_fine_tuning_raises_the_likelihood_of_data_from_another_model(binary):
    """Data of a wide network, learned by one whose way up starts wrong: the bound catches up."""
    theta = machines((6, 4, 4), seed=3)
    X = network(theta).sample(400, rng=0, steps=100)
    dbn = network(machines((6, 4, 4), seed=8, scale=0.5))
    before, gap = dbn.log_likelihood(X).mean(), dbn.log_likelihood(X) - dbn.bound(X)
    up_down(dbn, X, epochs=60, batch_size=20, optimizer=rb.SGD(0.05), negative=rb.CD(5), rng=1)
    after = dbn.log_likelihood(X).mean()
    assert after > before + 0.3 and dbn.bound(X).mean() > before
    assert gap.mean() > 0


# --- manners ------------------------------------------------------------------------------------


ONE = {
    "plain": {},
    "sparse": {"sparsity": rb.Sparsity(0.1, 0.5)},
    "centred": {"centered": True},
    "all": {"sparsity": rb.Sparsity(0.1, 0.5), "centered": True, "l1": 0.01},
    "PCD": {"negative": rb.PCD(2, chains=7)},
    "FPCD": {"negative": rb.FPCD(1, chains=7), "sample_weight": np.arange(23.0) % 4},
    "tempered": {"negative": rb.Tempered(betas=3, chains=7, adapt=5)},
    "weighted": {"sample_weight": np.arange(23.0) % 4, "sparsity": rb.Sparsity(0.2)},
}


@pytest.mark.parametrize("extra", ONE.values(), ids=ONE)
def test_one_machine_is_trained_as_by_fit(extra, rbm, binary):
    X, dbn = binary(23, 4), DBN([rbm])
    same = {"optimizer": rb.SGD(0.1, 0.5), "weight_decay": 0.01, "rng": 3, **extra}
    history = up_down(dbn, X, **same)
    ref = rb.fit(rbm, X, **{"negative": rb.CD(1)} | same, epochs=3, batch_size=5, progress=False)
    for name in "Wab":
        np.testing.assert_allclose(
            getattr(dbn.rbms[0], name), getattr(rbm, name), rtol=1e-9, atol=1e-12
        )
    for name in set(ref) - {"seconds", "weight_norm"}:  # there may be several machines
        np.testing.assert_allclose(history[name], ref[name], rtol=1e-9, err_msg=name)
    assert set(history) == set(ref) - {"weight_norm"}


class Collect(rb.SGD):
    """An optimizer that moves nothing and keeps the ascents that it was handed."""

    def __init__(self):
        super().__init__(1.0)
        object.__setattr__(self, "ascents", [])

    def step(self, parameters, gradient, memory, update):
        self.ascents.append([g.astype(float) for g in gradient])


def ascents(X, sizes=(4, 3, 4), **settings):
    """What an epoch hands to the optimizer, and the network, of which nothing moves."""
    theta = machines(sizes)
    dbn, optimizer = network(theta, untied(theta)), Collect()
    up_down(dbn, X, epochs=1, optimizer=optimizer, **settings)
    return optimizer.ascents, dbn


def test_sparsity_pulls_the_means_on_the_way_up(binary):
    """The first hidden layer's by (W, b) of the way up, and not the way down or the top."""
    X, wish = binary(12, 4), rb.Sparsity(0.1, 0.5)
    settings = {"batch_size": 12, "rng": 3}
    (plain,), dbn = ascents(X, **settings)
    (pulled,), _ = ascents(X, sparsity=[wish, None], **settings)
    pull = 0.5 * (0.1 - dbn.transform(X, layer=1).mean(axis=0))
    ref = [0, 0, np.outer(X.mean(axis=0), pull), pull, 0, 0, 0]
    for before, after, difference in zip(plain, pulled, ref, strict=True):
        np.testing.assert_allclose(after - before, difference + 0 * before, rtol=1e-9, atol=1e-12)


def test_sparsity_brings_the_means_near_its_target(binary):
    X, distances = binary(40, 4), []
    for wish in (None, rb.Sparsity(0.2)):
        dbn = network(machines())
        up_down(dbn, X, sparsity=wish, epochs=100, optimizer=rb.SGD(0.1))
        means = [dbn.transform(X, layer=layer).mean(axis=0) for layer in (1, 2)]
        distances.append([np.abs(m - 0.2).mean() for m in means])
    assert np.all(np.array(distances[1]) < 0.6 * np.array(distances[0]))


def test_centring_changes_coordinates_by_the_layers_means(binary):
    """An arrow's step is that of W and b + μ W, with inputs (x − μ) W + (b + μ W)."""
    X, settings = binary(12, 4), {"batch_size": 12, "rng": 3}
    (plain,), dbn = ascents(X, **settings)
    (comp,), _ = ascents(X, centered=True, **settings)
    v, m = X.mean(axis=0), dbn.transform(X, layer=1).mean(axis=0)
    (D, a, U, b, *_), (D1, a1, U1, b1, *_) = plain, comp
    np.testing.assert_allclose(U1, U - np.outer(v, b), rtol=1e-9)
    np.testing.assert_allclose(b1, b - v @ U1, rtol=1e-9)
    np.testing.assert_allclose(D1, D - np.outer(a, m), rtol=1e-9)
    np.testing.assert_allclose(a1, a - D1 @ m, rtol=1e-9)
    top = rb.machine.parameters.Parameters(*(g.copy() for g in plain[4:]))
    rng = np.random.default_rng(3)
    x = dbn.recognition[0].sample(X[rng.permutation(12)], rng)
    g = dbn.ways_up[1].mean(x).mean(axis=0)
    for part, expected in zip(comp[4:], rb.gradient.centre(top, m, g), strict=True):
        np.testing.assert_allclose(part, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("batch_size", [1, 3, 12])
def test_the_mean_ascent_of_weighted_rows_is_that_of_repeated_rows(batch_size, binary):
    """Over many epochs: up to the noise of the states, in which the two differ."""
    X, weight = binary(12, 4), np.array([3, 0, 1, 2, 7, 1, 0, 0, 5, 1, 2, 2])
    means, errors = [], []
    for rows, own, size in ((X, weight, batch_size), (np.repeat(X, weight, axis=0), None, 24)):
        theta = machines()
        dbn, optimizer = network(theta, untied(theta)), Collect()
        up_down(dbn, rows, epochs=600, optimizer=optimizer, batch_size=size, sample_weight=own)
        flat = np.array([np.concatenate([g.ravel() for g in part]) for part in optimizer.ascents])
        epochs = flat.reshape(600, -1, flat.shape[1]).mean(axis=1)
        means.append(epochs.mean(axis=0))
        errors.append(epochs.std(axis=0) / np.sqrt(600))
    scores = (means[0] - means[1]) / np.hypot(*errors)
    assert np.abs(scores).max() < 4.5 and scores.std() > 0.5


def test_all_that_a_row_teaches_is_multiplied_by_its_weight(binary):
    """Its dream counts as often as the row itself, after which it is dreamed."""
    X, weight = binary(12, 4), np.arange(12.0)
    plain, _ = ascents(X, batch_size=1, rng=3)
    weighted, _ = ascents(X, batch_size=1, rng=3, sample_weight=weight)
    order = np.random.default_rng(3).permutation(12)
    for row, before, after in zip(order, plain, weighted, strict=True):
        for one, other in zip(before, after, strict=True):
            np.testing.assert_allclose(other, weight[row] / 5.5 * one, rtol=1e-9, atol=1e-12)


def test_bound_gap_is_the_difference_of_two_bounds_from_draws(binary):
    dbn, X, held_out = network(machines()), binary(12, 4), binary(9, 4, seed=9)
    weight = np.arange(12.0) % 3
    gap = up_down(dbn, X, validation=held_out, sample_weight=weight, epochs=1)["bound_gap"][-1]
    taught = weight > 0
    settings = {"log_z": 0.0, "rng": 20_129, "samples": 10}
    inside, outside = (dbn.log_weights(v, **settings).mean(axis=1) for v in (X[taught], held_out))
    ref = np.average(inside, weights=weight[taught]) - outside.mean()
    assert gap == pytest.approx(ref, rel=1e-12)
    exact = np.average(dbn.bound(X[taught]), weights=weight[taught]) - dbn.bound(held_out).mean()
    assert gap == pytest.approx(exact, abs=0.5) and abs(gap) > 0.01


def test_watching_held_out_rows_changes_nothing(binary):
    X, one, two = binary(12, 4), network(machines()), network(machines())
    up_down(one, X), up_down(two, X, validation=X[:5])
    assert_same_bits(one, two)


def test_the_way_up_is_untied_and_a_short_last_batch_is_averaged_over_its_own_rows(binary):
    dbn = network(machines())
    assert dbn.tied and dbn.recognition[0].W is dbn.rbms[0].W
    history = up_down(dbn, binary(13, 4))
    assert not dbn.tied
    distance = np.sqrt(np.mean((dbn.recognition[0].W - dbn.rbms[0].W) ** 2))
    assert history["untied1"][-1] == pytest.approx(distance, rel=1e-12) and distance > 1e-4
    one, two = network(machines()), network(machines())
    X = binary(3, 4)
    up_down(one, X, epochs=1, batch_size=3), up_down(two, X, epochs=1, batch_size=99)
    assert_same_bits(one, two)


def test_weight_decay_pulls_every_matrix_and_no_bias(binary):
    X, free, pulled = binary(5, 4), network(machines()), network(machines())
    rate, decay = 0.1, 0.3
    options = {"epochs": 1, "optimizer": rb.SGD(rate)}
    up_down(free, X, **options), up_down(pulled, X, weight_decay=decay, **options)
    for name, p in arrays(network(machines())).items():
        ref = arrays(free)[name] - rate * decay * p * (name[0] in "WR")
        np.testing.assert_allclose(arrays(pulled)[name], ref, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("negative", [rb.CD(2), rb.PCD(1, chains=6)], ids=str)
@pytest.mark.parametrize("optimizer", [rb.SGD(0.1, momentum=0.9), rb.Adam(0.01)], ids=str)
def test_a_resumed_run_gives_the_bits_of_an_uninterrupted_one(
    negative, optimizer, binary, tmp_path
):
    X, path = binary(23, 4), tmp_path / "run.npz"
    settings = {"epochs": 5, "negative": negative, "optimizer": optimizer, "rng": 3}
    through, broken, resumed = (network(machines()) for _ in range(3))
    ref = up_down(through, X, **settings)
    with pytest.raises(Interrupted):
        up_down(broken, X, checkpoint=path, callbacks=[interrupt(2)], **settings)
    comp = up_down(resumed, X, checkpoint=path, **settings)
    assert_same_bits(resumed, through)
    for name in set(ref) - {"seconds"}:
        np.testing.assert_array_equal(comp[name], ref[name], err_msg=name)


def test_learned_precisions_are_fine_tuned_too(binary):
    kinds = {"visible": rb.Gaussian(), "hidden": [rb.ReLU(learn=True), rb.Bernoulli()]}
    X = np.random.default_rng(0).normal(size=(20, 4))
    dbn = DBN.random((4, 3, 2), rng=0, data=X, dtype=np.float64, **kinds)
    before = {name: p.copy() for name, p in arrays(dbn).items()}
    up_down(dbn, X)
    assert len([name for name in before if name.startswith("own")]) == 3
    for name, p in arrays(dbn).items():
        assert np.any(p != before[name]) and np.isfinite(p).all(), name


def test_divergence_puts_the_last_finite_parameters_back(binary):
    dbn, ref = network(machines()), network(machines())
    ref.untie()
    with pytest.raises(rb.DivergenceError, match="training diverged in epoch 1"):
        up_down(dbn, binary(20, 4), optimizer=rb.SGD(1e308))
    assert_same_bits(dbn, ref)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_array_counts_as_the_same_data(kind, binary):
    X, one, two = binary(12, 4), network(machines()), network(machines())
    up_down(one, X), up_down(two, KINDS[kind](X))
    assert_same_bits(one, two)


BAD = {
    "X": ({"X": np.full((3, 4), -1.0)}, ValueError, "X: expected every value"),
    "X: width": ({"X": np.zeros((3, 5))}, ValueError, r"X: expected shape \(n, 4\)"),
    "epochs": ({"epochs": -1}, ValueError, "epochs: expected"),
    "batch_size": ({"batch_size": 0}, ValueError, "batch_size: expected"),
    "negative": ({"negative": rb.Exact()}, TypeError, "negative: expected an instance of CD or"),
    "optimizer": ({"optimizer": 0.1}, TypeError, "optimizer: expected"),
    "weight_decay": ({"weight_decay": -1}, ValueError, "weight_decay: expected"),
    "sparsity": ({"sparsity": rb.Sparsity(1.5)}, ValueError, "sparsity: expected"),
    "sparsity: layers": ({"sparsity": [None] * 3}, ValueError, "sparsity: expected one value or 2"),
    "centered": ({"centered": "yes"}, TypeError, "centered: expected"),
    "validation": ({"validation": np.full((3, 4), -1.0)}, ValueError, "validation: expected"),
    "rng": ({"rng": "x"}, TypeError, "rng: expected"),
    "callbacks": ({"callbacks": 1}, TypeError, "callbacks: expected"),
}


@pytest.mark.parametrize("settings, error, message", BAD.values(), ids=BAD)
def test_bad_input_is_named(settings, error, message, binary):
    with pytest.raises(error, match=message):
        up_down(network(machines()), **{"X": binary(6, 4), **settings})
