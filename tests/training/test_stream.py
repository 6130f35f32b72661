"""Training on blocks of rows: one fit that goes on, with two blocks in memory."""

import threading
import time
import weakref

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import rbmbook as rb

OPTIONS = {"batch_size": 11, "optimizer": rb.SGD(0.05, momentum=0.5), "progress": False}
PHASES = [rb.CD(1), rb.PCD(1, chains=10), None]


def machine():
    return rb.RBM.random(9, 6, rng=0)


@pytest.mark.parametrize("negative", PHASES, ids=["CD", "PCD", "default"])
def test_one_block_many_times_is_a_fit_of_many_epochs(negative):
    X, ref, comp = rb.exact.states(9)[::7], machine(), machine()
    history = rb.fit(ref, X, negative, 4, weight_decay=0.0, rng=3, **OPTIONS)
    found = rb.fit_blocks(comp, [X], negative, passes=4, rng=3, **OPTIONS)
    assert comp == ref
    assert_array_equal(found["dream_error"], history["dream_error"])


@pytest.mark.parametrize("negative", PHASES, ids=["CD", "PCD", "default"])
def test_blocks_are_fits_that_go_on(negative):
    X, ref, comp, history = rb.exact.states(9), machine(), machine(), rb.History()
    blocks = np.split(X, [100, 101, 300])
    for epoch, block in enumerate(blocks * 2):
        options = OPTIONS | {"weight_decay": 0.0, "history": history}
        rb.fit(ref, block, negative, epoch + 1, **options)
    found = rb.fit_blocks(comp, lambda: iter(blocks), negative, passes=2, **OPTIONS)
    assert comp == ref and found.epochs == 8
    half, history = machine(), rb.History()
    for _ in range(2):
        rb.fit_blocks(half, iter(blocks), negative, history=history, **OPTIONS)
    assert half == ref


def test_no_more_than_two_blocks_are_in_memory():
    """Counted when a block has just been made, while the one before is trained on."""
    alive, most = [], []

    def made(i):
        X = (np.random.default_rng(i).random((200, 9)) < 0.5).astype(np.float32)
        alive.append(weakref.ref(X))
        most.append(sum(ref() is not None for ref in alive))
        return X

    rb.fit_blocks(machine(), (made(i) for i in range(12)), rb.PCD(1, chains=10), **OPTIONS)
    assert len(most) == 12 and max(most) == 2


def test_the_next_block_is_read_while_one_is_in_use():
    reading = threading.Event()

    def blocks():
        yield rb.exact.states(9)
        reading.set()
        yield rb.exact.states(9)

    waited = rb.Callback(lambda rbm, history: assert_set(reading))
    rb.fit_blocks(machine(), blocks, rb.CD(1), callbacks=[waited], **OPTIONS)


def assert_set(event):
    assert event.wait(30)


def test_a_callback_ends_it_and_no_block_is_read_on():
    read = []

    def blocks():
        for i in range(1000):
            read.append(i)
            yield rb.exact.states(9)

    stop = lambda rbm, history: history.epochs == 3  # noqa: E731
    assert rb.fit_blocks(machine(), blocks, rb.CD(1), callbacks=[stop], **OPTIONS).epochs == 3
    time.sleep(0.2)
    assert len(read) <= 5


def test_an_error_is_raised_where_the_blocks_are_asked_for_and_names_the_block():
    def broken():
        yield rb.exact.states(9)
        raise OSError("the disk is gone")

    history = rb.History()
    with pytest.raises(OSError, match="the disk is gone"):
        rb.fit_blocks(machine(), broken, rb.CD(1), history=history, **OPTIONS)
    assert history.epochs == 1
    bad = rb.exact.states(9).copy()
    bad[5, 2] = 7
    with pytest.raises(ValueError, match=r"got 7.0 at row 5, column 2") as caught:
        rb.fit_blocks(machine(), [rb.exact.states(9), bad], rb.CD(1), **OPTIONS)
    assert caught.value.__notes__ == ["in block 1, counted from 0 through all passes"]


def test_bad_arguments_are_named():
    X = rb.exact.states(9)
    for blocks, options, error, words in (
        ([], {}, ValueError, "^blocks: expected at least one block"),
        (3, {}, TypeError, "^blocks: expected an iterable"),
        (iter([X]), {"passes": 2}, ValueError, "^passes: expected 1 for an iterator"),
        ([X], {"passes": 0}, ValueError, "^passes: expected an integer"),
        ([X], {"epochs": 3}, TypeError, "takes no argument 'epochs': `passes` says"),
        ([X], {"checkpoint": "x"}, TypeError, "takes no argument 'checkpoint'"),
        ([X], {"nothing": 1}, TypeError, "nothing"),
        ([X[0]], {}, ValueError, "^X: expected shape"),
    ):
        with pytest.raises(error, match=words):
            rb.fit_blocks(machine(), blocks, rb.CD(1), **(OPTIONS | options))
