"""Contrastive wake-sleep: an update against plain loops, its fixed point, its manners."""

import naive
import naive_deep
import numpy as np
import pytest
from deep_cases import (
    Interrupted,
    Recorder,
    arrays,
    assert_same_bits,
    interrupt,
    machines,
    network,
    untied,
    up_down,
)
from inputs import KINDS

import rbmbook as rb
from rbmbook.dbn.model import DBN, transposed
from rbmbook.dbn.wake_sleep import UpDown
from rbmbook.machine.directed import Directed
from rbmbook.training.plan import plan

UNITS = [rb.Bernoulli(), rb.Spin(), rb.Softmax(2), rb.Gaussian(0.3), rb.ReLU(0.4, learn=True)]


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
    optimizer = Recorder()
    settings = {"epochs": 1, "batch_size": rows, "optimizer": optimizer, "rng": 7}
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
    gradients = optimizer.ascents
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
