"""What a deep belief network says of data: the sum over every path of states, and bounds of it."""

import naive
import naive_deep
import numpy as np
import pytest
from deep_cases import SIZES, machines, network, untied
from frequencies import CHAINS, SIGMAS
from hypothesis import given, settings
from hypothesis import strategies as st

import rbmbook as rb
from rbmbook.dbn import bound as dbn_bound
from rbmbook.dbn.model import DBN, transposed
from rbmbook.machine.directed import Directed

DISCRETE = [rb.Bernoulli(), rb.Spin(), rb.Softmax(3)]
UNITS = [*DISCRETE, rb.Gaussian(0.3), rb.ReLU(0.4)]


def all_states(sizes):
    return np.array(naive.states(sizes[0]), dtype=float)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_log_likelihood_equals_the_sum_over_all_paths(sizes):
    theta, V = machines(sizes), all_states(sizes)
    comp = network(theta).log_likelihood(V)
    np.testing.assert_allclose(comp, naive_deep.dbn_log_likelihood(theta, V), rtol=1e-12)
    assert np.exp(comp).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("own_way_up", [False, True])
def test_bound_equals_its_definition_over_all_paths(sizes, own_way_up):
    theta, V = machines(sizes), all_states(sizes)
    ups = untied(theta) if own_way_up else naive_deep.ups_of(theta)
    comp = network(theta, ups if own_way_up else None).bound(V)
    np.testing.assert_allclose(comp, naive_deep.dbn_bound(theta, ups, V), rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_bound_is_below_the_log_likelihood(seed):
    theta = machines((4, 3, 4, 2), seed)
    V, dbn = all_states((4,)), network(theta, untied(theta, seed + 100))
    gap = dbn.log_likelihood(V) - dbn.bound(V)
    assert gap.min() > 0.01  # KL(q ‖ posterior), far from 0 at random parameters


def test_bound_is_tight_below_a_transposed_copy(rbm):
    """p_top(x¹) is then the machine's own p(h), and q the posterior of the same joint."""
    V, dbn = all_states((4,)), DBN([rbm, transposed(rbm)])
    ref = rb.exact.log_likelihood(rbm, V)
    np.testing.assert_allclose(dbn.log_likelihood(V), ref, rtol=1e-12)
    np.testing.assert_allclose(dbn.bound(V), ref, rtol=1e-12)
    weights = dbn.log_weights(V, samples=7)
    np.testing.assert_allclose(weights, np.tile(ref[:, None], 7), rtol=1e-12)  # without any noise
    other = transposed(rbm)
    other.b[:] += 0.3
    assert np.all(DBN([rbm, other]).bound(V) < DBN([rbm, other]).log_likelihood(V) - 1e-6)


def test_one_machine_is_its_own_network(rbm):
    V, dbn = all_states((4,)), DBN([rbm])
    ref = rb.exact.log_likelihood(rbm, V)
    np.testing.assert_allclose(dbn.bound(V), ref, rtol=1e-12)
    np.testing.assert_allclose(dbn.log_likelihood(V), ref, rtol=1e-12)
    np.testing.assert_allclose(dbn.transform(V), rbm.hidden_mean(V), rtol=1e-14)
    np.testing.assert_array_equal(
        dbn.sample(9, rng=3, steps=4), rb.gibbs.run(rbm, 9, 4, np.random.default_rng(3))
    )


def test_training_a_new_top_layer_raises_the_bound_by_what_it_learns(rbm, binary):
    """From the transposed start, on the aggregated posterior, by exact gradients."""
    X, H = binary(12, 4), np.array(naive.states(3), dtype=float)
    dbn = DBN([rbm, transposed(rbm)])
    q = np.exp(Directed.up(rbm).log_table(H, X)).mean(axis=1)
    bounds, scores = [], []

    def record(*_):
        bounds.append(dbn.bound(X).mean())
        scores.append(q @ rb.exact.log_likelihood(dbn.rbms[1], H))

    record()
    assert bounds[0] == pytest.approx(rb.exact.log_likelihood(rbm, X).mean(), abs=1e-12)
    top = dbn.rbms[1]
    options = {"negative": rb.Exact(), "optimizer": rb.SGD(0.1), "progress": False}
    rb.fit(top, H, sample_weight=q, epochs=30, callbacks=[record], **options)
    assert np.all(np.diff(bounds) > 0) and bounds[-1] > bounds[0] + 0.01
    np.testing.assert_allclose(np.diff(bounds), np.diff(scores), rtol=1e-6, atol=1e-12)
    assert np.all(dbn.log_likelihood(X) > dbn.bound(X))


@settings(max_examples=30)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=4),
    scale=st.floats(0, 300),
    dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 99),
)
def test_bound_and_likelihood_hold_for_any_shape_and_magnitude(sizes, scale, dtype, seed):
    theta = machines(sizes, seed, scale)
    dbn = DBN(rb.RBM(*(p.astype(dtype) for p in parameters)) for parameters in theta)
    V = rb.exact.states(sizes[0])
    log_p, bound = dbn.log_likelihood(V), dbn.bound(V)
    assert log_p.dtype == bound.dtype == dtype and np.isfinite(bound).all()
    assert np.exp(log_p.astype(float)).sum() == pytest.approx(
        1, rel=1e-4 if dtype == np.float32 else 1e-9
    )
    assert np.all(bound <= log_p + np.finfo(dtype).eps * 4 * np.abs(bound) + 1e-12 * max(scale, 1))


def scores_of(weights, exact):
    """How far the mean over the draws is from the exact value, in its own standard errors."""
    error = weights.std(axis=1, ddof=1) / np.sqrt(weights.shape[1])
    return (weights.mean(axis=1) - exact) / error


def log_weights(dbn, V, draws=CHAINS, **changes):
    """The package's draws, through arrows of which some may be broken."""
    arrows = dbn_bound.Arrows(dbn)
    for name, value in changes.items():
        setattr(arrows, name, value)
    log_z = rb.exact.log_partition(arrows.top)
    return dbn_bound.sampled_log_weights(arrows, V, log_z, draws, np.random.default_rng(5))


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_sampled_weights_have_the_bound_as_mean_and_the_likelihood_as_exponential_mean(sizes):
    theta, V = machines(sizes, scale=0.8), all_states(sizes)[1::3]
    dbn = network(theta, untied(theta))
    weights = log_weights(dbn, V)
    if len(sizes) > 2:
        assert np.abs(scores_of(weights, dbn.bound(V))).max() < SIGMAS
        ratio = np.exp(weights - dbn.log_likelihood(V)[:, None])
        assert np.abs(scores_of(ratio, 1)).max() < SIGMAS
    else:
        np.testing.assert_allclose(weights[:, 0], dbn.log_likelihood(V), rtol=1e-12)


def test_broken_ways_are_rejected_by_the_mean_of_the_weights():
    theta = machines(scale=0.8)
    dbn, V = network(theta), all_states((4,))[1::3]
    rbm = dbn.rbms[0]
    no_bias = [Directed(rbm.W.T, np.zeros(4), rbm.visible)]
    stale = [Directed(rbm.W, rbm.b + 0.3, rbm.hidden)]
    for change in ({"down": no_bias}, {"up": stale}):
        assert np.abs(scores_of(log_weights(dbn, V, **change), dbn.bound(V))).max() > SIGMAS


def test_large_layers_are_sampled_and_small_ones_summed(monkeypatch):
    theta = machines(scale=0.8)
    dbn, V = network(theta), all_states((4,))[1::3]
    ref = dbn.bound(V)
    monkeypatch.setattr(dbn_bound, "EXACT_STATES", 4)
    comp = dbn.bound(V, rng=1, samples=1_000)
    error = dbn.log_weights(V, rng=1, samples=1_000).std(axis=1) / np.sqrt(1_000)
    assert np.any(comp != ref) and np.all(np.abs(comp - ref) < SIGMAS * error)
    np.testing.assert_array_equal(comp, dbn.bound(V, rng=1, samples=1_000))


def test_tables_in_blocks_give_the_same(monkeypatch):
    theta = machines((4, 3, 4, 2))
    dbn, V = network(theta), all_states((4,))
    ref = dbn.bound(V), dbn.log_likelihood(V)
    monkeypatch.setattr(dbn_bound, "BLOCK_NUMBERS", 20)
    np.testing.assert_allclose(dbn.bound(V), ref[0], rtol=1e-13)
    np.testing.assert_allclose(dbn.log_likelihood(V), ref[1], rtol=1e-13)


def test_an_estimate_of_log_z_shifts_the_bound_by_its_error():
    theta = machines((5, 6, 6))
    dbn, V = network(theta), all_states((5,))
    found = rb.evaluate.ais(dbn.rbms[-1], chains=200, betas=100, rng=0)
    log_z = rb.exact.log_partition(dbn.rbms[-1])
    comp, ref = dbn.bound(V, log_z=found), dbn.bound(V)
    np.testing.assert_allclose(comp - ref, log_z - found.log_z, atol=1e-10)
    assert found.std_error < 0.1 and np.all(np.abs(comp - ref) < 6 * found.std_error)
    np.testing.assert_array_equal(comp, dbn.bound(V, log_z=found.log_z))


@pytest.mark.parametrize("kinds", [(v, h) for v in UNITS for h in DISCRETE], ids=str)
def test_bound_and_likelihood_hold_for_every_pair_of_units(kinds):
    visible, hidden = kinds
    rng = np.random.default_rng(3)
    one = rb.RBM(rng.normal(0, 0.6, (3, 3)), *rng.normal(0, 0.5, (2, 3)), visible, hidden)
    top = rb.RBM(rng.normal(0, 0.6, (3, 3)), *rng.normal(0, 0.5, (2, 3)), hidden, rb.Bernoulli())
    if visible.levels is None:  # one unit, so that the density can be integrated
        one = rb.RBM(one.W[:1], one.a[:1], one.b, visible, hidden)
        low = -40 if isinstance(visible, rb.Gaussian) else 0
        V, step = np.linspace(low, 40, 20_001, retstep=True)
        mass = np.full(len(V), step)
        mass[[0, -1]] /= 2
        V = V[:, None]
    else:
        V = rb.exact.states(3, visible)
        mass = np.ones(len(V))
    dbn = DBN([one, top])
    log_p = dbn.log_likelihood(V)
    assert mass @ np.exp(log_p) == pytest.approx(1, abs=1e-6)
    gap = log_p - dbn.bound(V)
    assert gap.min() > -1e-9 and gap.max() > 1e-3
    tight = DBN([one, transposed(one)])
    np.testing.assert_allclose(tight.bound(V), tight.log_likelihood(V), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("hidden", [rb.Gaussian(0.5), rb.ReLU(0.5)], ids=str)
def test_continuous_hidden_layers_are_sampled_and_tight_where_the_posterior_is_known(hidden):
    rng = np.random.default_rng(4)
    one = rb.RBM(
        rng.normal(0, 0.6, (4, 2)), *rng.normal(0, 0.5, 4)[None], np.zeros(2), hidden=hidden
    )
    V, dbn = all_states((4,)), DBN([one, transposed(one)])
    ref = rb.exact.log_likelihood(one, V)
    np.testing.assert_allclose(dbn.bound(V, samples=2), ref, rtol=1e-9)
    with pytest.raises(ValueError, match=r"dbn: .* use the bound"):
        dbn.log_likelihood(V)


def test_a_top_machine_too_large_to_enumerate_asks_for_log_z():
    dbn = DBN.random([4, 40, 40], rng=0)
    with pytest.raises(ValueError, match=r"log_z: expected .*ais"):
        dbn.bound(np.zeros((1, 4)))
    assert np.isfinite(dbn.bound(np.zeros((1, 4)), log_z=80 * np.log(2), samples=2)).all()
    with pytest.raises(ValueError, match="use the bound"):
        DBN.random([4, 40, 3], rng=0).log_likelihood(np.zeros((1, 4)))
