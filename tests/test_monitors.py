"""What the monitors look at: the rows they choose, and what the order of the data does to them."""

import numpy as np
import pytest
from training import fit

import rbmbook as rb
from rbmbook.dbm import DBM
from rbmbook.dbn import DBN
from rbmbook.loop import PROBE_ROWS, probe_rows

# --- which rows -----------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 7, PROBE_ROWS])
def test_all_rows_are_looked_at_where_there_are_few(n):
    np.testing.assert_array_equal(probe_rows(n), np.arange(n))
    np.testing.assert_array_equal(probe_rows(n, 300), np.arange(n))


@pytest.mark.parametrize("n, size", [(257, 256), (1000, 256), (1000, 999), (100_000, 256)])
def test_rows_are_a_sample_without_repetition_from_everywhere(n, size):
    rows = probe_rows(n, size)
    assert len(rows) == size and np.all(np.diff(rows) > 0) and rows[0] >= 0 and rows[-1] < n
    np.testing.assert_array_equal(rows, probe_rows(n, size))
    spread = n * np.sqrt((1 - (size - 1) / (n - 1)) / (12 * size))  # of the mean of such a sample
    assert abs(rows.mean() - (n - 1) / 2) < 4 * spread


# --- data that comes class by class ---------------------------------------------------------------


def two_classes(n=2000, held_out=300):
    """Rows of two kinds of different entropy, sorted by kind, and held-out rows of both."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 2, n + held_out)
    prototypes = rng.random((2, 20)) * np.array([[0.5], [1.0]])
    rows = (rng.random((len(kind), 20)) < prototypes[kind]).astype(np.float64)
    return rows[:n][np.argsort(kind[:n], kind="stable")], rows[n:]


def test_the_gap_of_sorted_rows_is_the_honest_one():
    """Within twice the standard error of the two samples; a prefix would be beyond it."""
    X, held_out = two_classes()
    rbm = rb.RBM.random(20, 8, rng=0, data=X, dtype=np.float64)
    history = fit(rbm, X, epochs=10, batch_size=20, validation=held_out)
    F, G = rbm.free_energy(X), rbm.free_energy(held_out)
    error = F.std() * np.sqrt(1 / 300 - 1 / 2000)
    assert abs(history["free_energy_gap"][-1] - (G.mean() - F.mean())) < 2 * error
    assert abs(F[:300].mean() - F.mean()) > 4 * error


def test_the_gap_of_a_deep_belief_network_is_the_honest_one_too():
    X, held_out = two_classes()
    dbn = DBN.random((20, 8, 4), rng=0, data=X, dtype=np.float64)
    history = dbn.fit(X, epochs=5, batch_size=20, validation=held_out, progress=False)
    low, top = dbn.rbms
    F, G = (top.free_energy(low.hidden_mean(rows)) for rows in (X, held_out))
    error = F.std() * np.sqrt(1 / 300 - 1 / 2000)
    assert abs(history["free_energy_gap"][-1] - (G.mean() - F.mean())) < 2 * error
    assert abs(F[:300].mean() - F.mean()) > 4 * error


def test_the_gap_of_a_deep_boltzmann_machine_is_the_honest_one_too():
    X, held_out = two_classes()
    dbm = DBM.random((20, 8, 4), rng=0, data=X, dtype=np.float64)
    history = dbm.fit(X, epochs=5, batch_size=50, validation=held_out, progress=False)
    settings = {"steps": 10, "tolerance": 1e-3}
    F, G = (dbm.bound(rows, **settings) for rows in (X, held_out))
    error = F.std() * np.sqrt(1 / 300 - 1 / 2000)
    assert abs(history["bound_gap"][-1] - (F.mean() - G.mean())) < 2 * error
    assert abs(F[:300].mean() - F.mean()) > 4 * error


def test_every_training_row_is_compared_where_there_are_fewer_than_held_out_ones(binary):
    X, held_out = binary(300, 4), binary(400, 4, seed=9)
    rbm = rb.RBM.random(4, 3, rng=0, dtype=np.float64)
    history = fit(rbm, X, validation=held_out)
    gap = rbm.free_energy(held_out).mean() - rbm.free_energy(X).mean()
    assert history["free_energy_gap"][-1] == pytest.approx(gap, rel=1e-9)


def test_the_gap_compares_with_the_rows_as_they_are_weighted(binary):
    X, held_out, weight = binary(12, 4), binary(5, 4, seed=9), np.arange(12.0) % 4
    rbm = rb.RBM.random(4, 3, rng=0, dtype=np.float64)
    history = fit(rbm, X, validation=held_out, sample_weight=weight)
    seen = rbm.free_energy(X) @ weight / weight.sum()
    gap = rbm.free_energy(held_out).mean() - seen
    assert history["free_energy_gap"][-1] == pytest.approx(gap, rel=1e-9)
    assert abs(seen - rbm.free_energy(X).mean()) > 1e-3
