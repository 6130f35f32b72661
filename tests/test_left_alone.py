"""What a call is given stays as it is: arrays are read, only the model that is trained changes."""

import joblib
import numpy as np
import pytest
from every_fit import FITS, rows, run, takes
from models import N
from test_refusals import CALLS

import rbmbook as rb

CHANGES = {"fit", "partial_fit", "pretrain", "up_down", "untie"}  # a model, in place


@pytest.mark.filterwarnings("ignore::rbmbook.TrainingWarning")
@pytest.mark.parametrize("name", CALLS)
def test_a_function_leaves_its_arguments_and_its_model_alone(name):
    get, good = CALLS[name]
    function, read = get(), dict(good)
    if name.split(".")[-1] in CHANGES:
        read.pop("rbm", None)
    else:
        read["self"] = getattr(function, "__self__", None)
    before = joblib.hash(read)
    function(**good)
    assert joblib.hash(read) == before


@pytest.mark.filterwarnings("ignore::rbmbook.TrainingWarning")
@pytest.mark.parametrize("name", CALLS)
def test_arrays_that_cannot_be_written_to_are_taken(name):
    """As memory-mapped files are; a hidden write would be an error."""
    get, good = CALLS[name]
    get()(**{key: frozen(x) for key, x in good.items()})


def frozen(x):
    if isinstance(x, np.ndarray):
        x = x.copy()
        x.flags.writeable = False
    return x


@pytest.mark.parametrize("name", FITS)
def test_a_fit_leaves_data_and_weights_alone(name):
    X, weight = frozen(rows(name)), frozen(np.arange(N) % 3 + 1.0)
    before = joblib.hash([X, weight])
    options = {"sample_weight": weight} if takes(name, "sample_weight") else {}
    run(name, X=X, epochs=2, **options)
    assert joblib.hash([X, weight]) == before


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_machine_has_arrays_of_its_own_and_they_are_live(dtype):
    theta = [np.zeros(shape, dtype) for shape in ((3, 2), 3, 2)]
    rbm = rb.RBM(*theta)
    for array in theta:
        array += 1
    assert rbm == rb.RBM.random(3, 2, scale=0.0, dtype=dtype)
    before = rbm.free_energy(np.ones((1, 3)))
    rbm.W[:] = 1
    assert rbm.free_energy(np.ones((1, 3))) < before
