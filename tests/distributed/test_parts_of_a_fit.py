"""A fit in parts: with one part `rb.fit`, with several the same sums, whoever computes them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import rbmbook as rb
from rbmbook.distributed.parts import Parts, noise, split
from rbmbook.distributed.shards import Shards
from rbmbook.machine import moments
from rbmbook.training.probe import PROBE_ROWS

OPTIONS = {"epochs": 2, "batch_size": 25, "rng": 3, "progress": False}
PHASES = {
    "CD": rb.CD(2),
    "PCD": rb.PCD(1, chains=20),
    "FPCD": rb.FPCD(1, chains=20),
    "tempered": rb.Tempered(betas=4, chains=6, adapt=2),
    "exact": rb.Exact(),
}
SETTINGS = {
    "plain": {},
    "momentum": {"optimizer": rb.SGD(0.05, momentum=0.5), "weight_decay": 0.01, "l1": 0.001},
    "weights": {"sample_weight": np.arange(90) % 3},
    "centred": {"centered": True},
    "enhanced": {"centered": "enhanced"},
    "sparse": {"sparsity": rb.Sparsity(0.2)},
    "Adam": {"optimizer": rb.Adam(0.01)},
}


def machine(**options):
    return rb.RBM.random(16, 8, rng=0, **options)


def fitted(X, client, negative, **options):
    """The machine and the history, without times, of a fit in parts."""
    rbm = machine()
    history = rb.distributed.fit(rbm, X, client, negative, **(OPTIONS | options))
    history.pop("seconds")
    return rbm, history


def assert_same(comp, ref):
    for x, y in zip(comp.parameters, ref.parameters, strict=True):
        assert_array_equal(x, y)


def assert_close(comp, ref, rtol=1e-4):
    for x, y in zip(comp.parameters, ref.parameters, strict=True):
        assert_allclose(x, y, rtol=rtol, atol=1e-6)


@pytest.mark.parametrize("local_steps", [1, 3])
@pytest.mark.parametrize("phase", PHASES)
def test_one_part_is_a_fit_on_one_machine_to_the_bit(phase, local_steps, client, data, save):
    ref = machine()
    history = rb.fit(ref, data, PHASES[phase], **OPTIONS)
    history.pop("seconds")
    comp, found = fitted(save(data), client, PHASES[phase], parts=1, local_steps=local_steps)
    assert_same(comp, ref)
    assert found == history


@pytest.mark.parametrize("local_steps", [1, 3])
@pytest.mark.parametrize("setting", SETTINGS)
def test_one_part_has_the_options_of_a_fit_on_one_machine(setting, local_steps, client, data, save):
    ref, options = machine(), SETTINGS[setting]
    rb.fit(ref, data, rb.PCD(1, chains=20), **(OPTIONS | options))
    options = options | {"parts": 1, "local_steps": local_steps}
    comp, _ = fitted(save(data), client, rb.PCD(1, chains=20), **options)
    assert_same(comp, ref)


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s != "Adam"])
@pytest.mark.parametrize("parts", [2, 3])
def test_with_exact_model_terms_any_number_of_parts_gives_the_same_sums(
    parts, setting, client, data, save
):
    """Adam is left out: it divides by gradients, which may be 0 but for rounding."""
    ref, options = machine(), SETTINGS[setting]
    rb.fit(ref, data, rb.Exact(), **(OPTIONS | options))
    comp, _ = fitted(save(data), client, rb.Exact(), parts=parts, **options)
    assert_close(comp, ref)


@pytest.mark.parametrize("phase", ["CD", "PCD", "FPCD", "tempered"])
@pytest.mark.parametrize("local_steps", [1, 2])
def test_the_parts_decide_and_not_the_workers(phase, local_steps, client, alone, data, save):
    """Three parts on two workers are three parts on one; two parts, or another seed, are not."""
    paths, options = save(data), {"local_steps": local_steps}
    ref, history = fitted(paths, client, PHASES[phase], parts=3, **options)
    comp, found = fitted(paths, alone, PHASES[phase], parts=3, **options)
    assert_same(comp, ref)
    assert found == history
    for other in ({"parts": 2}, {"parts": 3, "rng": 4}):
        comp, _ = fitted(paths, client, PHASES[phase], **(options | other))
        assert not np.array_equal(comp.W, ref.W)


def test_there_are_as_many_parts_as_workers_unless_told_otherwise(client, alone, data, save):
    paths = save(data)
    for cluster, parts in ((client, 2), (alone, 1)):
        ref, _ = fitted(paths, cluster, rb.CD(1), parts=parts)
        comp, _ = fitted(paths, cluster, rb.CD(1))
        assert_same(comp, ref)


def test_gaussian_columns_are_standardised_as_on_one_machine(client, save):
    """Sums of float64 in another order: to rounding, with a model term that is exact."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3)) @ [[9.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.3, 1e-3]] + 50
    for hidden in (rb.Bernoulli(), rb.Gaussian()):
        start = rb.RBM.random(3, 2, rng=0, dtype=np.float64, visible=rb.Gaussian(), hidden=hidden)
        ref = start.copy()
        rb.fit(ref, X, rb.CD(1), **OPTIONS)
        for parts, local_steps in ((1, 1), (1, 4)):
            comp = start.copy()
            options = OPTIONS | {"parts": parts, "local_steps": local_steps}
            rb.distributed.fit(comp, save(X), client, rb.CD(1), **options)
            assert_same(comp, ref)


@pytest.mark.parametrize("weight", [np.ones(2500), np.arange(2500.0)], ids=["equal", "weighted"])
def test_columns_have_the_moments_of_one_machine_in_any_number_of_parts(weight, client, save):
    X = np.random.default_rng(0).normal([7, 0, 1e6], [3, 0, 1e-2], (2500, 3))
    rbm = rb.RBM.random(3, 2, visible=rb.Gaussian())
    ref = moments.of_columns(X, rbm.visible, weight, dtype=rbm.dtype)
    for parts in (1, 3):
        comp = Parts(Shards(save(X, (1500,)), client, 3), parts, 1).moments(rbm, weight)
        assert_allclose(comp.mean, ref.mean, rtol=1e-12)
        assert_allclose(comp.sd, ref.sd, rtol=1e-6)
        assert_array_equal(comp.constant, [False, True, False])


def test_no_rows_but_those_of_the_monitors_come_to_this_process(client, save, monkeypatch):
    """Nor are all rows looked at here for the columns' moments, or to say why a fit diverged."""
    X, asked, read = np.random.default_rng(0).normal(7, 3, (3000, 3)), [], Shards.__getitem__

    def counted(self, rows):
        found = read(self, rows)
        asked.append(len(found))
        return found

    monkeypatch.setattr(Shards, "__getitem__", counted)
    rbm = rb.RBM.random(3, 2, rng=0, visible=rb.Gaussian())
    options = OPTIONS | {"batch_size": 1000}
    rb.distributed.fit(rbm, save(X), client, rb.CD(1), **options)
    with pytest.raises(rb.DivergenceError, match=r"Column \d of X has mean [67]"):
        options |= {"centered": False, "optimizer": rb.SGD(1e30)}
        rb.distributed.fit(rbm, save(X), client, rb.CD(1), **options)
    assert asked == [PROBE_ROWS] * 2


def test_local_steps_are_steps_of_each_part_by_itself_and_then_the_average(client, save):
    """Written out: two parts of 20 and 20 rows, two steps each on its rows of two batches."""
    X = np.concatenate([rb.exact.states(5), rb.exact.states(3) @ np.eye(3, 5)])
    start = rb.RBM.random(5, 3, rng=0, dtype=np.float64)
    comp, rate = start.copy(), 0.5
    options = {"parts": 2, "local_steps": 2, "rng": 3, "progress": False}
    rb.distributed.fit(comp, save(X), client, rb.Exact(), 1, 10, rb.SGD(rate), **options)
    order, ref = np.random.default_rng(3).permutation(40), list(start.copy().parameters)
    for batches in (order[:20].reshape(2, 10), order[20:].reshape(2, 10)):
        ends = []
        for part in (range(20), range(20, 40)):
            rbm = rb.RBM(*(x.copy() for x in ref))
            for batch in batches:
                gradient = rb.exact.gradient(rbm, X[batch[np.isin(batch, part)]])
                for x, g in zip(rbm.parameters, gradient, strict=True):
                    x += rate * g
            ends.append(rbm)
        ref = [(x + y) / 2 for x, y in zip(*(rbm.parameters for rbm in ends), strict=True)]
    for x, y in zip(comp.parameters, ref, strict=True):
        assert_allclose(x, y, atol=1e-9)


def test_each_part_and_each_update_has_noise_of_its_own():
    key = np.arange(4)
    drawn = [noise(key, part, update).random(3) for part in range(1, 4) for update in range(3)]
    assert len(np.unique(drawn)) == 27
    assert_array_equal(noise(key, 2, 1).random(3), drawn[4])


def test_chains_are_shared_out_and_none_is_lost():
    phases, shares = split(rb.PCD(2, chains=11), 3)
    assert phases == [rb.PCD(2, chains=n) for n in (3, 4, 4)]
    assert shares == [3 / 11, 4 / 11, 4 / 11]
    assert split(rb.CD(3), 2) == ([rb.CD(3)] * 2, [None] * 2)
