"""Every pair of unit types, in every function that makes sense for it, against the definition.

The reference (`unit_cases.Joint`) lists the states of both layers, or the nodes of a quadrature,
and sums exp(−E). One of the types, ThreeLevel, is a class of the tests: what works for it works for
any new type.
"""

import numpy as np
import pytest
from frequencies import CHAINS, assert_frequencies
from unit_cases import DISCRETE, EXACT, PAIRS, Case, Joint, machine, name

import rbmbook as rb
from rbmbook.machine.statistics import statistics

CLOSED_FORM = [p for p in PAIRS if [case.name for case in p] == ["Gaussian", "Gaussian"]]
ENUMERABLE = [p for p in PAIRS if p[0].discrete and p[1].discrete]
VISIBLE_ENUMERABLE = [p for p in PAIRS if p[0].discrete]
# No U, so its domain and energy are not used: only what follows from its cgf.
NOISY = Case("NoisyReLU", rb.NoisyReLU(), (0.0, np.inf), None)
NOISY_PAIRS = [(v, NOISY) for v in DISCRETE]
RTOL = 1e-7  # of the quadrature; where both layers are enumerated, far below


def pairs(of):
    return pytest.mark.parametrize("pair", of, ids=name)


@pytest.fixture(scope="module")
def joints():
    """Machine and reference of each pair, made once."""
    made = {}

    def get(pair):
        if name(pair) not in made:
            rbm = machine(pair)
            made[name(pair)] = rbm, Joint(pair, rbm)
        return made[name(pair)]

    return get


def states_of(case, x, n=7):
    """A few rows of a layer's states, the same at every call."""
    return x[np.random.default_rng(0).integers(len(x), size=n)]


@pairs(PAIRS)
def test_energy(pair, joints):
    rbm, joint = joints(pair)
    rng = np.random.default_rng(1)
    i, j = rng.integers(len(joint.v), size=9), rng.integers(len(joint.h), size=9)
    energy = rbm.energy(joint.v[i], joint.h[j])
    np.testing.assert_allclose(energy, -joint.minus_E[i, j], rtol=1e-12, atol=1e-12)


@pairs(PAIRS)
def test_free_energy_and_both_conditionals(pair, joints):
    rbm, joint = joints(pair)
    np.testing.assert_allclose(rbm.free_energy(joint.v), joint.free_energy, rtol=RTOL, atol=RTOL)
    hidden = joint.p @ joint.h / joint.p_v[:, None]
    visible = joint.p.T @ joint.v / joint.p_h[:, None]
    np.testing.assert_allclose(rbm.hidden_mean(joint.v), hidden, rtol=RTOL, atol=RTOL)
    np.testing.assert_allclose(rbm.visible_mean(joint.h), visible, rtol=RTOL, atol=RTOL)


@pairs(EXACT + CLOSED_FORM)
def test_log_partition_and_expectations(pair, joints):
    rbm, joint = joints(pair)
    assert rb.exact.log_partition(rbm) == pytest.approx(np.log(joint.Z), rel=RTOL)
    model = rb.exact.expectations(rbm)
    np.testing.assert_allclose(model.W, joint.v.T @ joint.p @ joint.h, rtol=RTOL, atol=RTOL)
    np.testing.assert_allclose(model.a, joint.p_v @ joint.v, rtol=RTOL, atol=RTOL)
    np.testing.assert_allclose(model.b, joint.p_h @ joint.h, rtol=RTOL, atol=RTOL)
    for own, unit, p, x in (
        (model.visible, rbm.visible, joint.p_v, joint.v),
        (model.hidden, rbm.hidden, joint.p_h, joint.h),
    ):
        for found in own:  # −½ γ ⟨x²⟩
            np.testing.assert_allclose(found, -0.5 * unit.precision() * (p @ x**2), rtol=RTOL)


@pairs(ENUMERABLE)
def test_log_partition_from_both_sides(pair):
    rbm = machine(pair, seed=2, scale=1.0, sites=(3, 2))
    turned = rb.RBM(rbm.W.T, rbm.b, rbm.a, visible=rbm.hidden, hidden=rbm.visible)
    sides = []
    for one in (rbm, turned):
        minus_F = -one.free_energy(rb.exact.states(one.n_visible, one.visible))
        sides.append(np.logaddexp.reduce(minus_F))
    np.testing.assert_allclose(sides, rb.exact.log_partition(rbm), rtol=1e-12)
    assert rb.exact.probabilities(rbm).sum() == pytest.approx(1, rel=1e-12)


@pairs(EXACT + CLOSED_FORM)
def test_log_likelihood_is_normalised(pair, joints):
    rbm, joint = joints(pair)
    density = np.exp(rb.exact.log_likelihood(rbm, joint.v))
    assert density @ joint.weight_v == pytest.approx(1, rel=RTOL)


@pairs(EXACT + CLOSED_FORM)
def test_gradient_is_the_finite_difference_of_the_log_likelihood(pair):
    rbm = machine(pair, seed=3)
    v = pair[0].draw(5, rbm.n_visible // pair[0].columns, np.random.default_rng(4))
    weight = np.array([1.0, 2, 0.5, 1, 3])
    gradient = rb.exact.gradient(rbm, v, sample_weight=weight)
    parameters = list(rbm.parameters)
    assert len(parameters) == 3 + sum(case.name in ("Gaussian", "ReLU") for case in pair)

    def log_likelihood():
        return weight @ rb.exact.log_likelihood(rbm, v) / weight.sum()

    step = 1e-5
    for parameter, slope in zip(parameters, gradient, strict=True):
        assert parameter.shape == slope.shape
        numeric = np.empty_like(parameter)
        for index in np.ndindex(parameter.shape):
            kept = parameter[index]
            parameter[index] = kept + step
            above = log_likelihood()
            parameter[index] = kept - step
            below = log_likelihood()
            parameter[index] = kept
            numeric[index] = (above - below) / (2 * step)
        np.testing.assert_allclose(slope, numeric, rtol=1e-6, atol=1e-8)


@pairs(NOISY_PAIRS)
def test_the_data_term_of_a_noisy_relu_is_the_slope_of_its_free_energy(pair):
    """What contrastive divergence ascends, although no joint density stands behind it."""
    rbm = machine(pair, seed=3)
    v = pair[0].draw(5, rbm.n_visible // pair[0].columns, np.random.default_rng(4))
    slopes = statistics(rbm, v, rbm.hidden_inputs(v))
    for parameter, slope in zip(rbm.parameters, slopes, strict=True):
        numeric = np.empty_like(parameter)
        for index in np.ndindex(parameter.shape):
            kept, sides = parameter[index], []
            for step in (1e-5, -1e-5):
                parameter[index] = kept + step
                sides.append(-rbm.free_energy(v).mean())
            parameter[index] = kept
            numeric[index] = (sides[0] - sides[1]) / 2e-5
        np.testing.assert_allclose(slope, numeric, rtol=1e-6, atol=1e-8)


@pairs(NOISY_PAIRS)
def test_a_noisy_relu_can_be_trained_by_contrastive_divergence(pair):
    rbm = machine(pair, seed=15, scale=0.1)
    X = pair[0].draw(60, rbm.n_visible // pair[0].columns, np.random.default_rng(0))
    before = rb.evaluate.reconstruction_error(rbm, X).mean()
    rb.fit(rbm, X, rb.CD(1), epochs=20, batch_size=10, rng=0, progress=False)
    assert rb.evaluate.reconstruction_error(rbm, X).mean() < before


@pairs(EXACT + CLOSED_FORM)
def test_float32_machines_give_float32_answers_near_the_float64_ones(pair):
    rbm = machine(pair, seed=5)
    single = rbm.astype(np.float32)
    v = pair[0].draw(6, rbm.n_visible // pair[0].columns, np.random.default_rng(6))
    h = single.sample_hidden(v, 0)
    answers = [single.free_energy(v), single.hidden_mean(v), single.visible_mean(h), h]
    answers += [single.sample_visible(h, 0), rb.gibbs.run(single, v, 2, 0)]
    answers += [rb.exact.log_likelihood(single, v), *rb.exact.gradient(single, v)]
    assert all(answer.dtype == np.float32 and np.isfinite(answer).all() for answer in answers)
    np.testing.assert_allclose(single.free_energy(v), rbm.free_energy(v), rtol=1e-5, atol=1e-5)


# -- Gibbs sampling ------------------------------------------------------------------------------
STEPS = 3


def numbers(v, rbm):
    """The number of each row of v in the order of `exact.states`."""
    table = rb.exact.states(rbm.n_visible, rbm.visible)
    match = (v[:, None, :] == table).all(axis=2)
    assert match.any(axis=1).all(), "a row is no state"
    return match.argmax(axis=1)


def after_gibbs(rbm, sampler):
    """Numbers of the states that chains reach from exact draws of p(v), and p(v)."""
    p = rb.exact.probabilities(rbm)
    start = np.random.default_rng(7).choice(len(p), size=CHAINS, p=p / p.sum())
    v = rb.exact.states(rbm.n_visible, rbm.visible)[start]
    return numbers(sampler(v), rbm), p


@pairs(VISIBLE_ENUMERABLE)
def test_gibbs_does_not_drift(pair):
    rbm = machine(pair, seed=8, scale=0.8)
    assert_frequencies(*after_gibbs(rbm, lambda v: rb.gibbs.run(rbm, v, STEPS, rng=9)))


@pytest.mark.jit  # fewer chains than it takes to tell, where the kernels run as plain Python
@pairs(VISIBLE_ENUMERABLE)
def test_the_drift_test_rejects_a_sampler_of_another_machine(pair):
    rbm = machine(pair, seed=8, scale=0.8)
    a = rbm.a + 0.5 * (-1.0) ** np.arange(rbm.n_visible)
    broken = rb.RBM(rbm.W, a, rbm.b, visible=rbm.visible, hidden=rbm.hidden)
    with pytest.raises(AssertionError, match="is above"):
        assert_frequencies(*after_gibbs(rbm, lambda v: rb.gibbs.run(broken, v, STEPS, rng=9)))


@pairs([p for p in EXACT + CLOSED_FORM if not p[0].discrete])
def test_gibbs_keeps_the_moments_of_continuous_layers(pair):
    rbm = machine(pair, seed=10)
    model = rb.exact.expectations(rbm)
    v = rb.gibbs.run(rbm, CHAINS, 30, rng=11)  # 30 steps: these machines mix within a few
    # Chains are independent, so this is the standard error; 5 of them: one alarm in a million.
    error = v.std(axis=0) / np.sqrt(CHAINS)
    assert (np.abs(v.mean(axis=0) - model.a) < 5 * error).all()
    square = -0.5 * rbm.visible.precision() * v**2
    error = square.std(axis=0) / np.sqrt(CHAINS)
    assert (np.abs(square.mean(axis=0) - model.visible[0]) < 5 * error).all()


# -- training, files -----------------------------------------------------------------------------
@pytest.mark.jit
@pairs(EXACT + CLOSED_FORM)
def test_fit_raises_the_exact_log_likelihood(pair):
    """Half of the way from a start near zero to the machine that made the data, at least.

    Where the start happens to be as good as that machine, half a nat per 100 rows is asked for.
    """
    teacher = machine(pair, seed=12, scale=0.9 if pair not in CLOSED_FORM else 0.4)
    X = rb.gibbs.run(teacher, 400, 30, rng=13)
    rbm = machine(pair, seed=14, scale=0.05)
    before = rb.exact.log_likelihood(rbm, X).mean()
    history = rb.fit(
        rbm, X, rb.CD(1), epochs=25, batch_size=50, optimizer=rb.SGD(0.1), rng=0, progress=False
    )
    after = rb.exact.log_likelihood(rbm, X).mean()
    goal = rb.exact.log_likelihood(teacher, X).mean()
    assert len(history["epoch"]) == 25
    assert after - before > max(0.5 * (goal - before), 0.005), (before, after, goal)


@pairs([p for p in PAIRS if p not in EXACT])
def test_pairs_that_cannot_be_enumerated_still_train_and_sample(pair):
    rbm = machine(pair, seed=15, scale=0.1)
    X = pair[0].draw(50, 1, np.random.default_rng(0))
    rb.fit(rbm, X, rb.PCD(1, chains=10), epochs=3, rng=0, progress=False)
    assert all(np.isfinite(p).all() for p in rbm.parameters)
    assert not rbm.visible.outside(rb.gibbs.run(rbm, 5, 4, rng=0)).any()


@pairs(PAIRS + NOISY_PAIRS)
def test_save_and_load_keep_the_units_and_their_parameters(pair, tmp_path):
    rbm = machine(pair, seed=16)
    for own in (*rbm.parameters.visible, *rbm.parameters.hidden):
        own += np.random.default_rng(0).normal(size=own.shape)
    rbm.save(tmp_path / "machine.npz")
    loaded = rb.RBM.load(tmp_path / "machine.npz")
    assert repr(loaded) == repr(rbm) and repr(loaded.visible) == repr(rbm.visible)
    for saved, found in zip(rbm.parameters, loaded.parameters, strict=True):
        np.testing.assert_array_equal(saved, found)
        assert saved.dtype == found.dtype
    v = pair[0].draw(4, rbm.n_visible // pair[0].columns, np.random.default_rng(1))
    np.testing.assert_array_equal(loaded.hidden_mean(v), rbm.hidden_mean(v))


@pairs(PAIRS)
def test_copies_have_their_own_precisions(pair):
    rbm = machine(pair, seed=17)
    twin = rbm.copy()
    for own in (*twin.parameters.visible, *twin.parameters.hidden):
        own += 1
    for mine, own in zip(rbm.parameters, twin.parameters, strict=True):
        assert not np.shares_memory(mine, own)
    for own in (*rbm.parameters.visible, *rbm.parameters.hidden):
        assert (own < 0.5).all()


def test_a_file_with_a_type_of_unit_that_is_not_defined_is_named():
    with pytest.raises(ValueError, match=r"unit: expected one of .*Bernoulli.*got 'Nothing'"):
        rb.units.restore({"type": "Nothing"})


# -- where a pair cannot -------------------------------------------------------------------------
def gaussian_pair(weight, gamma=(1.0, 1.0)):
    units = [rb.Gaussian(np.log(g)) for g in gamma]
    return rb.RBM([[weight]], [0.3], [-0.2], visible=units[0], hidden=units[1])


@pytest.mark.parametrize(("weight", "gamma"), [(0.99, (1, 1)), (1.99, (4, 1)), (-0.99, (1, 1))])
def test_two_gaussian_layers_are_one_normal_density(weight, gamma):
    rbm = gaussian_pair(weight, gamma)
    covariance = np.linalg.inv([[gamma[0], -weight], [-weight, gamma[1]]])
    mean = covariance @ [0.3, -0.2]
    model = rb.exact.expectations(rbm)
    np.testing.assert_allclose([model.a[0], model.b[0]], mean, rtol=1e-10)
    assert model.W[0, 0] == pytest.approx(covariance[0, 1] + mean[0] * mean[1], rel=1e-10)
    v = np.array([[0.7]])
    spread = covariance[0, 0]
    density = -0.5 * np.log(2 * np.pi * spread) - (0.7 - mean[0]) ** 2 / (2 * spread)
    assert rb.exact.log_likelihood(rbm, v)[0] == pytest.approx(density, rel=1e-9)


@pytest.mark.parametrize(("weight", "gamma"), [(1.0, (1, 1)), (2.5, (4, 1)), (-1.5, (1, 1))])
def test_two_gaussian_layers_that_cannot_be_normalised_say_so(weight, gamma):
    rbm = gaussian_pair(weight, gamma)
    assert rb.exact.log_partition(rbm) == np.inf
    for call in (
        rb.exact.expectations,
        lambda rbm: rb.exact.gradient(rbm, [[0.0]]),
        lambda rbm: rb.exact.log_likelihood(rbm, [[0.0]]),
    ):
        with pytest.raises(ValueError, match="rbm: expected a normalisable density"):
            call(rbm)


@pairs([p for p in PAIRS if p not in EXACT + CLOSED_FORM])
def test_pairs_without_an_exact_answer_say_so(pair):
    rbm = machine(pair)
    v = pair[0].draw(2, 1, np.random.default_rng(0))
    for call in (
        rb.exact.log_partition,
        rb.exact.expectations,
        lambda rbm: rb.exact.log_likelihood(rbm, v),
        lambda rbm: rb.exact.gradient(rbm, v),
    ):
        with pytest.raises(ValueError, match="rbm: expected a layer with finitely many states"):
            call(rbm)


def test_a_noisy_relu_visible_layer_has_no_free_energy():
    rbm = rb.RBM.random(3, 2, visible=rb.NoisyReLU())
    with pytest.raises(TypeError, match="NoisyReLU has no energy"):
        rbm.free_energy(np.ones((1, 3)))
    with pytest.raises(TypeError, match="NoisyReLU has no energy"):
        rbm.energy(np.ones((1, 3)), np.ones((1, 2)))


@pairs(PAIRS)
def test_what_is_no_state_is_named(pair):
    rbm = machine(pair)
    for layer, width, call in (
        ("v", rbm.n_visible, rbm.free_energy),
        ("h", rbm.n_hidden, rbm.visible_mean),
    ):
        with pytest.raises(ValueError, match=f"{layer}: expected .*, got nan at row 0, column 0"):
            call(np.full((2, width), np.nan))
        with pytest.raises(ValueError, match=f"{layer}: expected .*, got -?inf"):
            call(np.full((2, width), -np.inf))


# -- how far enumeration goes --------------------------------------------------------------------
@pytest.mark.jit
def test_twenty_hidden_and_784_visible_units_are_enumerated():
    # Each visible unit is joined to one hidden unit only, so Z is a product over the hidden units.
    rng = np.random.default_rng(0)
    D, H = 784, 20
    a, b, w = rng.normal(0, 0.1, D), rng.normal(0, 1, H), rng.normal(0, 1, D)
    owner = rng.integers(H, size=D)
    W = np.zeros((D, H))
    W[np.arange(D), owner] = w
    off, on = np.logaddexp(0, a), np.logaddexp(0, a + w)
    log_z = 0.0
    for j in range(H):
        mine = owner == j
        log_z += np.logaddexp(off[mine].sum(), b[j] + on[mine].sum())
    assert rb.exact.log_partition(rb.RBM(W, a, b)) == pytest.approx(log_z, rel=1e-12)
