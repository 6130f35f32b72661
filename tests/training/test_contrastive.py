"""CD and PCD updates, compiled whole: plain loops, and the general way, bit for bit."""

from itertools import product

import naive_bits as naive
import numpy as np
import pytest

import rbmbook as rb
from rbmbook.training import contrastive, loop
from rbmbook.training.optimize import linear_decay

DTYPES = (np.float32, np.float64)
same = np.testing.assert_array_equal


class PlainCD(rb.CD):
    """The same phase under another name: the compiled updates are not for it."""


class PlainPCD(rb.PCD):
    """The same."""


PHASES = {"CD-1": rb.CD(1), "CD-3": rb.CD(3), "PCD-2": rb.PCD(2, chains=7)}
PLAIN = {"CD-1": PlainCD(1), "CD-3": PlainCD(3), "PCD-2": PlainPCD(2, chains=7)}
# of the reference `naive.fit`, and of `rb.fit`
OPTIONS = {
    "plain": {},
    "momentum": {"momentum": 0.6},
    "weight decay": {"decay": 0.02},
    "l1": {"l1": 0.01},
    "weights": {"weight": True},
    "all": {"momentum": 0.6, "decay": 0.02, "l1": 0.01, "weight": True},
}


def numbers(rng, *shape):
    """Many digits, and no two alike; of no logarithm or the like, which processors round."""
    return rng.random(shape) - 0.5


def machine(D, H, dtype, *units):
    rng = np.random.default_rng([D, H])
    W, a, b = (numbers(rng, *shape).astype(dtype) for shape in ((D, H), (D,), (H,)))
    return rb.RBM(W, a, b, *units)


def rows(n, D, seed=0):
    return np.random.default_rng([seed, n, D]).integers(0, 2, (n, D)).astype(np.float64)


def weights(n, zeros=()):
    weight = 3 * np.random.default_rng(n).random(n)
    weight[list(zeros)] = 0
    return weight


def fitted(
    rbm, X, phase, size=6, epochs=3, rate=0.3, momentum=0, decay=0, l1=0, weight=None, **how
):
    """The parameters of a copy after `rb.fit`, with the options of the reference."""
    rbm = rbm.copy()
    options = {"weight_decay": decay, "l1": l1, "sample_weight": weight, "rng": 8, **how}
    optimizer = rb.SGD(rate, momentum)
    rb.fit(rbm, X, phase, epochs, size, optimizer, progress=False, **options)
    return rbm.W, rbm.a, rbm.b


def options(name, n):
    given = OPTIONS[name]
    return given | ({"weight": weights(n, zeros=[3])} if "weight" in given else {})


def all_same(found, expected):
    for x, ref in zip(found, expected, strict=True):
        assert x.dtype == ref.dtype
        same(x, ref)


@pytest.fixture
def whole_updates(monkeypatch):
    """How many batches went through the compiled updates."""
    made, train = [], contrastive.train

    def counted(rbm, X, rows, *others):
        made.append(len(rows))
        return train(rbm, X, rows, *others)

    monkeypatch.setattr(contrastive, "train", counted)
    return made


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("phase", PHASES)
def test_training_ends_where_plain_loops_end(phase, name, dtype, whole_updates):
    """20 rows in batches of 6, so that the last one is short and averaged over its own rows."""
    rbm, X, own = machine(9, 17, dtype), rows(20, 9), options(name, 20)
    k, chains = PHASES[phase].k, getattr(PHASES[phase], "chains", None)
    reference = {"k": k, "chains": chains, "epochs": 3, "size": 6, "rate": 0.3, **own}
    named = rbm.W, rbm.a, rbm.b, "bernoulli", "bernoulli"
    ref = naive.fit(named, X, np.random.default_rng(8), **reference)
    all_same(fitted(rbm, X, PHASES[phase], **own), ref)
    assert sum(whole_updates) == 12
    all_same(fitted(rbm, X, PLAIN[phase], **own), ref)
    assert sum(whole_updates) == 12


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("D", "H"), list(product([1, 7, 8, 16, 33], [1, 9, 17])))
def test_layers_of_every_width(D, H, dtype):
    rbm, X = machine(D, H, dtype), rows(10, D)
    named = rbm.W, rbm.a, rbm.b, "bernoulli", "bernoulli"
    reference = {"k": 1, "chains": None, "epochs": 1, "size": 4, "rate": 0.3}
    ref = naive.fit(named, X, np.random.default_rng(8), **reference)
    all_same(fitted(rbm, X, rb.CD(1), size=4, epochs=1), ref)
    reference |= {"chains": 5}
    ref = naive.fit(named, X, np.random.default_rng(8), **reference)
    all_same(fitted(rbm, X, rb.PCD(1, chains=5), size=4, epochs=1), ref)


TYPES = {
    "bits": (rb.Bernoulli(), "bernoulli"),
    "spins": (rb.Spin(), "spin"),
    "sites": (rb.Softmax(3), ("softmax", 3)),
    "bits and spins": (
        rb.Mixed([(rb.Bernoulli(), 5), (rb.Spin(), 4)]),
        [("bernoulli", 5), ("spin", 4)],
    ),
}


@pytest.mark.jit
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("chains", [None, 7])
@pytest.mark.parametrize(("visible", "hidden"), list(product(TYPES, TYPES))[1:])
def test_other_discrete_layers_go_the_general_way_and_end_where_plain_loops_end(
    visible, hidden, chains, dtype, whole_updates
):
    (v_units, v_name), (h_units, h_name) = TYPES[visible], TYPES[hidden]
    rbm = machine(9, 9, dtype, v_units, h_units)
    X = rb.gibbs.run(rbm, 20, 1, rng=0)
    own = {"momentum": 0.5, "decay": 0.02, "l1": 0.001, "weight": weights(20)}
    reference = {"k": 2, "chains": chains, "epochs": 2, "size": 6, "rate": 0.1, **own}
    named = rbm.W, rbm.a, rbm.b, v_name, h_name
    ref = naive.fit(named, X, np.random.default_rng(8), **reference)
    phase = rb.CD(2) if chains is None else rb.PCD(2, chains=chains)
    all_same(fitted(rbm, X, phase, epochs=2, rate=0.1, **own), ref)
    assert not whole_updates


# --- whole updates and the general way ------------------------------------------------------------


@pytest.mark.jit
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 7, 10, 64, 200])
@pytest.mark.parametrize("phase", PHASES)
def test_whole_updates_are_the_general_ones_for_batches_of_every_size(phase, size, dtype):
    """Also with a batch whose weights are all 0, and sums of many weights."""
    rbm, X = machine(33, 9, dtype), rows(150, 33)
    own = {"momentum": 0.6, "decay": 0.02, "l1": 0.01, "epochs": 2, "size": size}
    for weight in (None, weights(150, zeros=range(0, 150, 4)), (np.arange(150) == 9) * 2.5):
        own |= {"weight": weight}
        all_same(fitted(rbm, X, PHASES[phase], **own), fitted(rbm, X, PLAIN[phase], **own))


@pytest.mark.jit
@pytest.mark.parametrize("phase", PHASES)
def test_a_rate_that_changes_is_that_of_each_update(phase):
    rbm, X = machine(9, 7, np.float32), rows(64, 9)
    rate = linear_decay(0.5, 0.01, updates=20)
    found, ref = (fitted(rbm, X, phases[phase], 4, 2, rate) for phases in (PHASES, PLAIN))
    all_same(found, ref)
    assert (found[0] != fitted(rbm, X, PHASES[phase], 4, 2, 0.5)[0]).any()


@pytest.mark.jit
@pytest.mark.parametrize("phase", PHASES)
def test_how_many_updates_share_a_call_changes_nothing(phase, monkeypatch, whole_updates):
    rbm, X = machine(9, 7, np.float64), rows(83, 9)
    own = {"size": 4, "momentum": 0.6, "weight": weights(83)}
    ref = fitted(rbm, X, PHASES[phase], **own)
    assert max(whole_updates) == loop.CHECK_EVERY
    numbers = PHASES[phase].k * getattr(PHASES[phase], "chains", 4) * (9 + 7)
    for at_a_time, most in ((3 * numbers, 3), (2 * numbers - 1, 1), (numbers - 1, 0)):
        whole_updates.clear()
        monkeypatch.setattr(contrastive, "NOISE", at_a_time)
        all_same(fitted(rbm, X, PHASES[phase], **own), ref)
        assert max(whole_updates, default=0) == most


@pytest.mark.jit
@pytest.mark.parametrize("phase", PHASES)
def test_callbacks_and_chains_see_whole_updates_as_they_see_single_ones(phase):
    """One that changes the machine between updates, whose changes the next one starts from."""
    rbm, X = machine(9, 7, np.float64), rows(40, 9)

    def shift(rbm, history):
        rbm.W += 0.125
        rbm.b = rbm.b - 0.125

    found, ref = (
        fitted(rbm, X, phases[phase], size=4, callbacks=[rb.Callback(shift, every=3)])
        for phases in (PHASES, PLAIN)
    )
    all_same(found, ref)


def test_what_the_compiled_updates_are_not_for_goes_the_general_way(whole_updates):
    rbm, X = machine(9, 7, np.float64), rows(20, 9)
    means = X.copy()
    means[17, 3] = 0.5
    fitted(rbm, means, rb.CD(1))
    fitted(rbm, X, rb.CD(1), centered=True)
    fitted(rbm, X, rb.CD(1), sparsity=rb.Sparsity(0.2))
    fitted(rbm, X, rb.FPCD(1, chains=5))
    rb.fit(rbm.copy(), X, rb.CD(1), 1, optimizer=rb.Adam(0.01), progress=False)
    assert not whole_updates
    fitted(rbm, X, rb.CD(1))
    assert sum(whole_updates) == 12


@pytest.mark.parametrize("dtype", DTYPES)
def test_persistent_chains_are_kept_where_the_last_update_left_them(dtype):
    """Two fits that share a history are one, whole updates or not."""
    rbm, X = machine(9, 7, dtype), rows(20, 9)
    ref = fitted(rbm, X, PlainPCD(2, chains=7), epochs=4)
    twice, history = rbm.copy(), rb.History()
    for epochs in (1, 4):
        options = {"rng": 8, "history": history, "progress": False}
        rb.fit(twice, X, rb.PCD(2, chains=7), epochs, 6, rb.SGD(0.3), **options)
    all_same((twice.W, twice.a, twice.b), ref)
