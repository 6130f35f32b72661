"""A machine without a joint density is refused by whatever would sample it or sum it, and why."""

import numpy as np
import pytest

import rbmbook as rb
from rbmbook.machine import density

V = np.zeros((3, 2))
JOINT = {
    "gibbs.run": lambda rbm: rb.gibbs.run(rbm, 3, 2, rng=0),
    "gibbs.run from states": lambda rbm: rb.gibbs.run(rbm, V, 2, rng=0),
    "gibbs.trace": lambda rbm: rb.gibbs.trace(rbm, 3, 2, rng=0),
    "gibbs.complete": lambda rbm: rb.gibbs.complete(rbm, V, [True, False], 2, rng=0),
    "tempering.run": lambda rbm: rb.tempering.run(rbm, 3, 2, rng=0),
    "ais": lambda rbm: rb.evaluate.ais(rbm, 4, 5),
    "reverse_ais": lambda rbm: rb.evaluate.reverse_ais(rbm, V, 5),
    "expectations": rb.exact.expectations,
    "gradient": lambda rbm: rb.exact.gradient(rbm, V),
    "log_likelihood": lambda rbm: rb.exact.log_likelihood(rbm, V),
}
FINITE = {
    **JOINT,
    "log_partition": rb.exact.log_partition,
    "probabilities": rb.exact.probabilities,
    "pseudo_log_likelihood": lambda rbm: rb.evaluate.pseudo_log_likelihood(rbm, V),
    "sampled": lambda rbm: rb.evaluate.sampled_pseudo_log_likelihood(rbm, V, 0),
    "reconstruction_error": lambda rbm: rb.evaluate.reconstruction_error(rbm, V),
    "energy": lambda rbm: rbm.energy(V, np.zeros((3, 2))),
    "free_energy": lambda rbm: rbm.free_energy(V),
    "hidden_mean": lambda rbm: rbm.hidden_mean(V),
    "visible_mean": lambda rbm: rbm.visible_mean(V),
    "sample_hidden": lambda rbm: rbm.sample_hidden(V, 0),
    "sample_visible": lambda rbm: rbm.sample_visible(V, 0),
}
NOISY = rb.NoisyReLU()
MIXED_NOISY = rb.Mixed([(rb.Bernoulli(), 1), (NOISY, 1)])
MIXED_GAUSSIAN = rb.Mixed([(rb.Bernoulli(), 1), (rb.Gaussian(), 1)])


def machine(visible, hidden, w=0.5):
    return rb.RBM(np.full((2, 2), w), np.zeros(2), np.zeros(2), visible, hidden)


@pytest.mark.parametrize("name", JOINT)
@pytest.mark.parametrize("units", [(rb.Bernoulli(), NOISY), (rb.Spin(), MIXED_NOISY)], ids=str)
def test_a_noisy_relu_belongs_to_no_joint_density(units, name):
    rbm = machine(*units)
    if units[0] == rb.Spin():
        rbm = machine(rb.Bernoulli(), units[1])
    with pytest.raises(ValueError, match=r"rbm: expected a joint density .* NoisyReLU has no"):
        JOINT[name](rbm)


@pytest.mark.parametrize("name", JOINT)
@pytest.mark.parametrize(
    "units",
    [
        (rb.Gaussian(), rb.Gaussian()),
        (rb.Mixed([(rb.Gaussian(), 2)]), rb.Gaussian()),
        (MIXED_GAUSSIAN, MIXED_GAUSSIAN),
        (rb.Gaussian(), rb.ReLU()),
        (rb.ReLU(), rb.ReLU()),
    ],
    ids=str,
)
def test_weights_too_large_for_the_precisions_are_refused(units, name):
    """In every combination of layers that can run away together."""
    rbm = machine(*units, w=1.5)
    with pytest.raises(ValueError, match="rbm: expected a normalisable density"):
        JOINT[name](rbm)
    small = machine(*units, w=0.2)
    rb.gibbs.run(small, 3, 2, rng=0)
    assert np.isfinite(rb.evaluate.ais(small, 10, 10).log_z)


def test_units_that_are_never_negative_may_repel_each_other_as_they_like():
    """With W ≤ 0 and x, y ≥ 0 the term xᵀWy only helps: det Λ says nothing here."""
    for w in (-1.0, -5.0, -100.0):
        assert density.is_normalisable(machine(rb.ReLU(), rb.ReLU(), w))
        assert not density.is_normalisable(machine(rb.Gaussian(), rb.ReLU(), w))
        assert not density.is_normalisable(machine(rb.Gaussian(), rb.Gaussian(), w))
    assert density.is_normalisable(machine(rb.Bernoulli(), rb.Gaussian(), 100.0))


@pytest.mark.parametrize("seed", range(20))
def test_normalisable_means_a_positive_definite_precision(seed):
    rng = np.random.default_rng(seed)
    W, gamma = rng.standard_normal((3, 4)), np.exp(rng.standard_normal(7))
    precision = np.diag(gamma)
    precision[:3, 3:], precision[3:, :3] = -W, -W.T
    visible, hidden = rb.Gaussian(np.log(gamma[:3])), rb.Gaussian(np.log(gamma[3:]))
    for scale in (0.1, 0.3, 1.0):
        precision[:3, 3:], precision[3:, :3] = -scale * W, -scale * W.T
        rbm = rb.RBM(scale * W, np.zeros(3), np.zeros(4), visible, hidden)
        definite = np.linalg.eigvalsh(precision).min() > 0
        assert density.is_normalisable(rbm) == definite
        assert np.isfinite(rb.exact.log_partition(rbm)) == definite
        # among directions ≥ 0 a matrix without negative entries has its leading pair of vectors
        rbm = rb.RBM(
            scale * np.abs(W), rbm.a, rbm.b, *(rb.ReLU(u.log_precision) for u in (visible, hidden))
        )
        A = rbm.W / np.sqrt(np.outer(gamma[:3], gamma[3:]))
        assert density.is_normalisable(rbm) == (np.linalg.norm(A, 2) < 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("parameter", "Wab")
@pytest.mark.parametrize("name", FINITE)
def test_parameters_that_are_not_finite_are_named(name, parameter, bad):
    """They can be written in place; uniform noise below NaN is never true, so they would draw 0."""
    rbm = machine(rb.Bernoulli(), rb.Bernoulli())
    getattr(rbm, parameter).flat[-1] = bad
    with pytest.raises(ValueError, match=rf"expected finite parameters, .* in {parameter}\b"):
        FINITE[name](rbm)


def test_precisions_that_are_not_finite_are_named():
    rbm = machine(rb.Gaussian(), rb.Bernoulli())
    rbm.visible.log_precision[0] = np.nan
    with pytest.raises(ValueError, match=r"expected finite parameters, .* in visible units"):
        rb.gibbs.run(rbm, 2, 2, 0)
    with pytest.raises(ValueError, match=r"expected finite parameters, .* in visible units"):
        rb.score.score(rbm, V)


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.sample(2, 0, 3),
        lambda m: m.transform(V) if isinstance(m, rb.DBN) else m.hidden_mean(V),
        lambda m: m.bound(V),
        lambda m: m.log_likelihood(V),
        lambda m: m.sample(2, 0, 3, means=True),
    ],
)
@pytest.mark.parametrize("kind", [rb.DBN, rb.DBM])
def test_deep_machines_refuse_parameters_that_are_not_finite(kind, call):
    deep = kind.random([2, 2, 2], rng=0)
    (deep.rbms[0].W if kind is rb.DBN else deep.weights[0])[0, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        call(deep)
