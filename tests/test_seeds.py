"""An int seeds a call, the same way at every call; what is global is neither drawn nor changed."""

import inspect
import random
import sys
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from every_fit import FITS, assert_same, assert_same_history, run
from test_refusals import CALLS

TRAIN = "fit", "pretrain", "up_down"  # see FITS
DRAWS = [
    name
    for name, (get, _) in CALLS.items()
    if "rng" in inspect.signature(get()).parameters and name.split(".")[-1] not in TRAIN
]


def called(name, rng):
    """A digest of all bits that a function gives."""
    get, good = CALLS[name]
    return joblib.hash(get()(**{**good, "rng": rng}))


@pytest.mark.parametrize("name", DRAWS)
def test_a_function_gives_the_same_bits_for_the_same_int(name):
    """An int means ``np.random.default_rng(int)``, made anew at each call."""
    ref = called(name, 3)
    assert called(name, 3) == ref
    assert called(name, np.random.default_rng(3)) == ref


@pytest.mark.parametrize("name", FITS)
def test_a_fit_gives_the_same_bits_for_the_same_int(name):
    (model, history), (again, repeated) = (run(name, epochs=2, rng=3) for _ in range(2))
    assert_same(again, model)
    assert_same_history(repeated, history)
    other, _ = run(name, epochs=2, rng=np.random.default_rng(3))
    assert_same(other, model)


def test_many_functions_draw():
    assert len(DRAWS) > 20 and "gibbs.run" in DRAWS and "evaluate.ais" in DRAWS


def outside():
    """What a program has one of, and would miss if it changed."""
    state = np.random.get_state(legacy=False)  # noqa: NPY002
    return joblib.hash([state, random.getstate(), np.geterr(), np.get_printoptions()])


@pytest.mark.parametrize("name", [*DRAWS, *FITS])
def test_what_is_global_stays_as_it_is(name):
    before = outside()
    if name in FITS:
        run(name, epochs=1)
    else:
        called(name, 0)
    assert outside() == before


@pytest.mark.parametrize("name", FITS)
def test_fits_in_threads_side_by_side_give_what_they_give_one_after_the_other(name):
    """Each thread has a model of its own; four take turns at every chance."""
    seeds = range(4)
    ref = [run(name, epochs=2, rng=seed) for seed in seeds]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(len(seeds)) as pool:
            found = list(pool.map(lambda seed: run(name, epochs=2, rng=seed), seeds))
    finally:
        sys.setswitchinterval(interval)
    for (model, history), (expected, columns) in zip(found, ref, strict=True):
        assert_same(model, expected)
        assert_same_history(history, columns)
