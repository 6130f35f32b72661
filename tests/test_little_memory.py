"""What a call needs beside its data: a batch, a block of states, a few times a file's size."""

import os
import tracemalloc

import numpy as np
import pytest

import rbmbook as rb

pytestmark = pytest.mark.jit
MEGABYTE = 1e6
X = np.random.default_rng(0).integers(0, 2, (100_000, 200), np.uint8)  # 20 MB, in float32 80


def peak(call):
    """The most memory that was taken at a time, in bytes."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


FITS = {
    "RBM": lambda: lambda X, **s: rb.fit(rb.RBM.random(200, 4), X, **s),
    "RBM, CD": lambda: lambda X, **s: rb.fit(rb.RBM.random(200, 4), X, rb.CD(1), **s),
    "RBM, PCD": lambda: lambda X, **s: rb.fit(rb.RBM.random(200, 4), X, rb.PCD(1), **s),
    "DBM": lambda: rb.DBM.random((200, 4, 3)).fit,
    "DBM, pretraining": lambda: rb.DBM.random((200, 4, 3)).pretrain,
    "DBN": lambda: rb.DBN.random((200, 4, 3)).fit,
    "DBN, up-down": lambda: rb.DBN.random((200, 4, 3)).up_down,
    "Autoencoder": lambda: rb.Autoencoder.random((200, 4), output="identity").fit,
    "GAN": lambda: rb.GAN.random(2, 200, (4,)).fit,
}


@pytest.mark.filterwarnings("ignore::rbmbook.TrainingWarning")
@pytest.mark.parametrize("name", FITS)
def test_a_fit_converts_a_few_batches_of_its_data_at_a_time(name):
    """One, or as many as share 2¹⁹ numbers of noise: 2 MB, and as much again for the rows."""
    fit = FITS[name]()
    options = {"epochs": 1, "batch_size": 1000, "progress": False}
    fit(X[:50], **options)  # compiles, imports
    assert peak(lambda: fit(X, **options)) < 25 * MEGABYTE


@pytest.mark.parametrize("phase", [rb.CD, lambda k: rb.PCD(k, chains=100)], ids=["CD", "PCD"])
def test_long_chains_take_no_more_memory_than_short_ones(phase):
    """The noise of 1,000 steps of 100 chains would be 120 MB."""
    rbm, few = rb.RBM.random(200, 100), X[:100]
    options = {"epochs": 1, "progress": False}
    rb.fit(rbm, few, phase(100), **options)  # compiles
    assert peak(lambda: rb.fit(rbm, few, phase(1000), **options)) < 20 * MEGABYTE
    assert peak(lambda: rb.gibbs.run(rbm, 100, 1000, 0)) < 20 * MEGABYTE


@pytest.mark.parametrize("call", [rb.exact.log_partition, rb.exact.expectations])
def test_enumeration_takes_memory_for_blocks_of_states_not_for_all(call, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)  # a thread each, and a block each
    call(rb.RBM.random(14, 30))
    table = 2**18 * 30 * 8  # the inputs of the other layer for every state
    assert peak(lambda: call(rb.RBM.random(18, 30))) < table / 4


def test_loading_takes_at_most_three_times_the_size_of_the_file(tmp_path):
    path = tmp_path / "model.npz"
    rb.RBM.random(1000, 1000).save(path)
    size = path.stat().st_size
    assert size > 4 * MEGABYTE
    assert peak(lambda: rb.RBM.load(path)) < 3 * size
