"""Runs that are shared out: chains of annealed importance sampling, and a grid search."""

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import GridSearchCV

import rbmbook as rb
from rbmbook.sampling.annealing import Noise

MACHINES = {
    "Bernoulli": {},
    "softmax and spins": {"visible": rb.Softmax(2), "hidden": rb.Spin()},
    "Gaussian": {"visible": rb.Gaussian()},
}


def machine(name):
    rbm = rb.RBM.random(6, 4, rng=0, scale=0.6, dtype=np.float64, **MACHINES[name])
    rbm.b[:] = [0.3, -0.2, 0.5, 0.0]
    return rbm


@pytest.mark.parametrize("name", MACHINES)
def test_shared_chains_give_the_estimate_of_one_machine(name, client, alone):
    rbm = machine(name)
    data = rbm.sample_visible(np.zeros((20, 4)), 1)
    for options in ({}, {"betas": [0.0, 0.2, 0.7, 1.0], "data": data, "chains": 7}):
        options = {"chains": 31, "betas": 50, "rng": 5} | options
        ref = rb.evaluate.ais(rbm, **options)
        for cluster in (client, alone):
            comp = rb.distributed.ais(rbm, cluster, **options)
            assert_allclose(comp.log_weights, ref.log_weights, rtol=1e-9)
            assert_allclose(comp.log_z, ref.log_z, rtol=1e-9)
            assert_allclose(comp.std_error, ref.std_error, rtol=1e-6)


def test_the_estimate_is_right(client):
    rbm = machine("Bernoulli")
    found = rb.distributed.ais(rbm, client, chains=200, betas=200, rng=1)
    assert abs(found.log_z - rb.exact.log_partition(rbm)) < 4 * found.std_error < 0.2


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937])
def test_a_generator_goes_on_as_after_all_chains(bits, client):
    one, many = (np.random.Generator(bits(3)) for _ in range(2))
    rb.evaluate.ais(machine("Bernoulli"), 10, 20, one)
    rb.distributed.ais(machine("Bernoulli"), client, 10, 20, many)
    assert_array_equal(one.random(5), many.random(5))


@pytest.mark.parametrize("unit", [rb.Bernoulli(), rb.Softmax(2), rb.Gaussian(), rb.Spin()])
def test_some_of_the_chains_have_the_noise_that_they_have_among_all(unit):
    whole = Noise(np.random.default_rng(0), 10)
    ref = [whole.draw(unit, 6) for _ in range(3)]
    for first, last in ((0, 4), (4, 10), (3, 3)):
        some = Noise(np.random.default_rng(0), 10, first, last)
        for noise in ref:
            assert_array_equal(some.draw(unit, 6), noise[first:last])


def test_bad_arguments_of_ais_are_named(client):
    with pytest.raises(ValueError, match=r"^chains: expected an integer ≥ 2"):
        rb.distributed.ais(machine("Bernoulli"), client, chains=1)
    with pytest.raises(ValueError, match=r"^betas: expected two or more"):
        rb.distributed.ais(machine("Bernoulli"), client, betas=[0.5, 1.0])
    with pytest.raises(TypeError, match=r"^client: expected"):
        rb.distributed.ais(machine("Bernoulli"), None)


def test_a_grid_search_finds_on_a_cluster_what_it_finds_here(client):
    X = rb.data.bars_and_stripes(4)
    model = rb.BernoulliRBM(8, n_iter=5, random_state=0, negative=rb.CD())
    grid = {"negative__k": [1, 5], "optimizer__learning_rate": [0.05, 0.2]}
    ref = GridSearchCV(model, grid, cv=3).fit(X)
    with joblib.parallel_config(backend="dask"):
        comp = GridSearchCV(model, grid, cv=3, n_jobs=-1).fit(X)
    assert_allclose(comp.cv_results_["mean_test_score"], ref.cv_results_["mean_test_score"])
    assert comp.best_params_ == ref.best_params_
    assert_array_equal(comp.best_estimator_.components_, ref.best_estimator_.components_)


def test_seeds_are_shared_out_as_runs(client):
    X = rb.data.bars_and_stripes(3)

    def run(seed):
        rbm = rb.RBM.random(9, 4, rng=seed, data=X)
        rb.fit(rbm, X, rb.CD(1), epochs=3, rng=seed, progress=False)
        return rbm

    with joblib.parallel_config(backend="dask"):
        found = joblib.Parallel(n_jobs=-1)(joblib.delayed(run)(seed) for seed in range(4))
    for seed, rbm in enumerate(found):
        assert rbm == run(seed)
