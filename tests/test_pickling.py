"""Everything public is pickled, copied, cloned, sent to other processes, and stays what it was."""

import copy
import inspect
import io
import pickle
import types

import joblib
import numpy as np
import pickling_cases
import pytest
from pickling_cases import CASES, LABELS, RATE, X
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV

import rbmbook as rb
from rbmbook import monitors

# What other classes fill in: there is no object that is only this.
UNFINISHED = {rb.units.Unit, rb.negative.Negative, rb.optimize.Optimizer, rb.validation.Rows}
# What lives only while a fit runs, and is handed to nobody.
RUNNING = {rb.train.Training, monitors.Shares, monitors.Dreams, monitors.Columns}


def public_classes():
    """The classes named by the package and by its public modules."""
    found = set()
    for place in (rb, *(getattr(rb, name) for name in rb.__all__)):
        if not inspect.ismodule(place):
            continue
        own = [name for name, x in vars(place).items() if _is_from(x, place)]
        names = getattr(place, "__all__", own)
        found |= {x for x in (getattr(place, name) for name in names) if inspect.isclass(x)}
    return {x for x in found if not x.__name__.startswith("_")} - UNFINISHED - RUNNING


def _is_from(x, module):
    return getattr(x, "__module__", None) == module.__name__


def test_every_public_class_is_in_the_table():
    missing = public_classes() - {kind for kind, _, _ in CASES.values()}
    assert not missing, f"add to tests/pickling_cases.py: {missing}"
    assert len(public_classes()) > 40


def joblib_copy(x):
    file = io.BytesIO()
    joblib.dump(x, file)
    file.seek(0)
    return joblib.load(file)


DEEP = {
    f"pickle, protocol {protocol}": lambda x, protocol=protocol: pickle.loads(
        pickle.dumps(x, protocol)
    )
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)
} | {"joblib": joblib_copy, "deepcopy": copy.deepcopy}


def arrays(x, found=None, seen=None):
    """All arrays that can be reached from an object."""
    found, seen = ([] if found is None else found), (set() if seen is None else seen)
    if id(x) in seen or isinstance(x, type | types.FunctionType | types.ModuleType):
        return found
    seen.add(id(x))
    if isinstance(x, np.ndarray):
        found.append(x)
    elif isinstance(x, dict):
        for value in x.values():
            arrays(value, found, seen)
    elif isinstance(x, list | tuple):
        for value in x:
            arrays(value, found, seen)
    if hasattr(x, "__dict__"):
        arrays(vars(x), found, seen)
    return found


def same(x, y):
    """Assert that two results are equal to the bit, whatever they are made of."""
    assert type(x) is type(y)
    if isinstance(x, np.ndarray):
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(x, y)
    elif isinstance(x, dict):
        assert x.keys() == y.keys()
        for name in x.keys() - {"seconds"}:
            same(x[name], y[name])
    elif isinstance(x, list | tuple):
        assert len(x) == len(y)
        for one, other in zip(x, y, strict=True):
            same(one, other)
    elif isinstance(x, BaseException):
        same(x.args, y.args)
    else:
        assert x == y or (x != x and y != y)


@pytest.mark.parametrize("name", CASES)
def test_a_deep_copy_does_the_same_and_shares_nothing(name):
    kind, make, behave = CASES[name]
    expected, original = behave(make()), make()
    for way in DEEP.values():
        twin = way(original)
        assert type(twin) is type(original) is kind
        if name.startswith("Exercise"):
            assert twin is original
        else:
            for one in arrays(original):
                assert not any(np.may_share_memory(one, other) for other in arrays(twin))
        same(behave(twin), expected)


@pytest.mark.parametrize("name", CASES)
def test_a_shallow_copy_does_the_same(name):
    kind, make, behave = CASES[name]
    twin = copy.copy(make())
    assert type(twin) is kind
    same(behave(twin), behave(make()))


@pytest.mark.parametrize("name", [n for n in CASES if n.split("-")[0] in vars(rb)])
def test_a_clone_does_the_same(name):
    """scikit-learn clones estimators, and with them whatever is a parameter of one."""
    kind, make, behave = CASES[name]
    original = make()
    twin = clone(original, safe=False)
    assert type(twin) is kind
    if isinstance(original, BaseEstimator):
        assert not [attribute for attribute in vars(twin) if attribute.endswith("_")]
        behave = pickling_cases.estimator
    same(behave(twin), behave(original))


VALUES = ["SGD", "Adam", "LinearDecay", "CD", "PCD", "FPCD", "Tempered", "Exact", "Discriminative"]
VALUES += ["Bernoulli", "Spin", "Softmax", "Gaussian", "ReLU", "NoisyReLU", "Mixed", "Masking"]
VALUES += ["GaussianNoise", "Sparsity", "History", "Activation"]


@pytest.mark.parametrize("name", [n for n in CASES if n.split("-")[0] in VALUES])
def test_equal_values_are_equal(name):
    _, make, _ = CASES[name]
    twin = pickle.loads(pickle.dumps(make()))
    assert twin == make() and not twin != make() and twin != 5
    if not isinstance(twin, rb.History):
        assert hash(twin) == hash(make())
    others = [other() for n, (kind, other, _) in CASES.items() if n != name and kind is type(twin)]
    assert not any(twin == other for other in others)


def test_values_with_arrays_are_told_apart_by_them():
    assert rb.Gaussian([0.0, 1.0]) == rb.Gaussian(np.array([0.0, 1.0]))
    assert rb.Gaussian([0.0, 1.0]) != rb.Gaussian([0.0, 2.0]) != rb.Gaussian(0.0)
    assert rb.Gaussian(0.5, learn=False) != rb.Gaussian(0.5) and rb.Gaussian() != rb.ReLU()
    assert rb.Tempered(3) == rb.Tempered([0, 0.5, 1]) == rb.Tempered(np.linspace(0, 1, 3))
    assert rb.Tempered(3) != rb.Tempered([0, 0.4, 1]) and rb.Tempered(3) != rb.Tempered(3, k=2)
    parts = [(rb.Gaussian(1.0), 2), (rb.Spin(), 1)]
    assert rb.Mixed(parts) == rb.Mixed(tuple(parts)) != rb.Mixed(parts[:1])


def act(name, thing):
    """What the object does; in another process it finds nothing that was made here."""
    return CASES[name][2](thing)


@pytest.mark.jit
def test_other_processes_do_the_same():
    """All of the table, sent by joblib to two workers that have not seen it before."""
    names = [name for name in CASES if not name.startswith("Exercise")]
    jobs = (joblib.delayed(act)(name, CASES[name][1]()) for name in names)
    found = joblib.Parallel(n_jobs=2, batch_size=len(names) // 2 + 1)(jobs)
    for name, there in zip(names, found, strict=True):
        same(there, act(name, CASES[name][1]()))


@pytest.mark.jit
def test_a_grid_search_over_schedules_works_and_is_kept(tmp_path):
    optimizers = [rb.SGD(RATE), rb.Adam(rb.optimize.linear_decay(0.01, 0.001, 10))]
    optimizers.append(rb.SGD(pickling_cases.falling))
    model = rb.RBMClassifier(4, n_iter=2, random_state=0)
    search = GridSearchCV(model, {"optimizer": optimizers}, cv=2, n_jobs=2, error_score="raise")
    search.fit(X, LABELS)
    joblib.dump(search, tmp_path / "search.joblib")
    loaded = joblib.load(tmp_path / "search.joblib")
    assert loaded.best_params_ == search.best_params_
    np.testing.assert_array_equal(loaded.predict_proba(X), search.predict_proba(X))
