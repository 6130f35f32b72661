"""The loop that every model shares: what stops it, what is kept, and what goes on after a break."""

import time

import numpy as np
import pytest
from every_fit import assert_same, assert_same_history, run
from models import parameters
from scipy import sparse
from small_fits import assert_same_bits, fit

import rbmbook as rb
from rbmbook.training.stopping import Stopper

TWINS = "Gaussian RBM", "Autoencoder", "GAN", "DBM, pretraining"  # trained in other coordinates


def test_seconds_go_on_where_a_history_has_ended(rbm, binary):
    history = fit(rbm, binary(30, 4), epochs=2)
    history["seconds"][-1] = 1000.0
    fit(rbm, binary(30, 4), epochs=3, history=history)
    assert history["seconds"][-1] > 1000


@pytest.mark.parametrize("name", TWINS)
def test_what_a_callback_changes_is_learned_on_from(name):
    def clear(model, history):
        if history.epochs == 1:
            parameters(model)[0][:] = 0

    model, _ = run(name, optimizer=rb.SGD(1e-9), callbacks=[clear])
    assert np.abs(parameters(model)[0]).max() < 1e-6


@pytest.mark.parametrize("name", TWINS)
def test_a_callback_that_changes_nothing_changes_no_bit(name):
    alone, ref = run(name)
    watched, history = run(name, callbacks=[rb.Callback(lambda *_: None, every=1)])
    assert_same(watched, alone)
    assert_same_history(history, ref)


def test_an_interrupt_before_anything_was_learned_changes_no_bit():
    class Never(rb.CD):
        def model_term(self, *_):
            raise KeyboardInterrupt

    X = np.random.default_rng(0).normal(7.1, 0.3, (20, 3))
    rbm = rb.RBM.random(3, 2, visible=rb.Gaussian(), data=X)
    rbm.b[:] = 0.1
    before = rbm.copy()
    with pytest.raises(KeyboardInterrupt):
        fit(rbm, X, negative=Never())
    assert rbm == before


def test_a_callbacks_own_overflow_is_not_silent(rbm, binary):
    def overflow(*_):
        np.array([1e308]) * 10

    with pytest.raises(RuntimeWarning, match="overflow"):
        fit(rbm, binary(30, 4), callbacks=[rb.Callback(overflow, every=2)])


def test_seconds_count_the_epoch_that_they_end(rbm, binary):
    pause = rb.Callback(lambda *_: time.sleep(0.02), every=1)
    assert fit(rbm, binary(30, 4), callbacks=[pause])["seconds"][0] > 0.1  # of six updates


def test_all_callbacks_are_called_though_the_first_one_stops(rbm, binary):
    seen = []
    history = fit(rbm, binary(30, 4), callbacks=[lambda *_: True, lambda *_: seen.append(1)])
    assert history.epochs == len(seen) == 1


def test_only_true_stops(rbm, binary):
    answers = iter([1, "stop", np.ones(3)])
    assert fit(rbm, binary(30, 4), callbacks=[lambda *_: next(answers)]).epochs == 3


def test_a_fit_that_a_callback_ends_writes_a_last_checkpoint(rbm, binary, tmp_path):
    file, X, twin = rb.Checkpoint(tmp_path / "run.npz", every=1000), binary(30, 4), rbm.copy()
    fit(rbm, X, epochs=9, checkpoint=file, callbacks=[lambda _, history: history.epochs == 2])
    assert (tmp_path / "run.npz").exists()
    assert fit(twin, X, epochs=2, checkpoint=file).epochs == 2
    assert_same_bits(rbm, twin)


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_a_checkpoint_knows_every_row_of_its_data(rbm, binary, kind, tmp_path):
    X, path = binary(1100, 4), tmp_path / "run.npz"
    X[-1] = 1, 0, 0, 0
    other = X.copy()
    other[-1] = 0, 1, 0, 0
    if kind == "sparse":
        X, other = sparse.csr_matrix(X), sparse.csr_matrix(other)
    fit(rbm, X, epochs=1, batch_size=1100, checkpoint=path)
    with pytest.raises(ValueError, match="data, X"):
        fit(rbm, other, epochs=1, batch_size=1100, checkpoint=path)


STOPS = {  # the numbers of a monitor, the rule, and the epochs of the best and of the last number
    "patience": ([1, 2, 3, 4], {}, 1, 3),
    "a better one renews it": ([3, 4, 2, 3, 1, 5, 5], {}, 5, 7),
    "too little": ([1, 0.95, 0.8, 0.79, 0.75, 0], {"min_delta": 0.1}, 3, 5),
    "more is better": ([1, 3, 2, 2, 4], {"mode": "max"}, 2, 4),
}


@pytest.mark.parametrize(("numbers", "rule", "best", "last"), STOPS.values(), ids=STOPS)
def test_early_stopping_waits_for_a_better_number_and_keeps_the_best(numbers, rule, best, last):
    parameter, history = np.zeros(1), rb.History()
    stopper = Stopper(rb.EarlyStopping("gap", patience=2, **rule), [parameter])
    for number in numbers:
        history.append(gap=number)
        parameter[:] = history.epochs
        if stopper.look(history, [parameter]):
            break
    assert history.epochs == last
    assert stopper.best_parameters([parameter]) and parameter[0] == best


def test_an_early_stop_leaves_the_best_epochs_parameters_as_the_callbacks_left_them(rbm, binary):
    def mark(rbm, history):
        rbm.a[0] = history.epochs

    rule = rb.EarlyStopping("epoch", patience=2)  # the first one is the least
    history = fit(rbm, binary(30, 4), epochs=9, early_stopping=rule, callbacks=[mark])
    assert history.epochs == 3 and rbm.a[0] == 1


def test_a_layer_that_stops_early_does_not_end_the_others():
    _, history = run("DBN", early_stopping=rb.EarlyStopping("epoch", patience=1))
    assert history["layer"].tolist() == [1, 1, 2, 2]
