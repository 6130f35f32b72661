"""One description of a model: its files, copies, equality and repr, over all models."""

import json

import numpy as np
import pytest
from models import MODELS as TRAINED

import rbmbook as rb
from rbmbook import storage


def rbm(**settings):
    return rb.RBM.random(4, 3, rng=1, **({"scale": 0.5} | settings))


def learned():
    """Precisions that are learned in both layers, in one of them beside others."""
    hidden = rb.Mixed([(rb.Spin(), 1), (rb.ReLU(0.5, learn=True), 2)])
    found = rbm(visible=rb.Gaussian(), hidden=hidden)
    found.visible.log_precision[:] = [0.1, -0.2, 0.3, 100.0]  # beyond what the constructor takes
    found.hidden.parts[1][0].log_precision[:] = [1.5, 2.5]
    return found


def shared():
    layer = rb.Dense.random(4, 4, "tanh", rng=0)
    return rb.Network([layer, rb.Dense.random(4, 4, "relu", rng=1), layer])


def network(activation="softplus", sizes=(4, 3, 2), **settings):
    return rb.Network.random(sizes, activation, rng=1, **settings)


def dbn(untied=False, sizes=(4, 3, 2), **settings):
    found = rb.DBN.random(sizes, rng=1, scale=0.5, **settings)
    if untied:
        found.untie()
        for way in found.recognition:
            way.W[:] = 0.25
    return found


def autoencoder(*args, tied=False, **settings):
    return rb.Autoencoder.random((4, 3, 2), *args, tied=tied, rng=1, **settings)


def gan(loss="wasserstein", **settings):
    return rb.GAN.random(2, 4, (3,), loss=loss, rng=1, **({"gradient_penalty": 1.0} | settings))


def dbm(sizes=(4, 3, 2), **settings):
    return rb.DBM.random(sizes, rng=1, scale=0.5, **settings)


FIXED = np.linspace(-1, 1, 4)
MODELS = {
    "RBM(4 visible Bernoulli, 3 hidden Bernoulli, float32)": rbm,
    "RBM(4 visible Gaussian, 3 hidden Mixed, float32)": learned,
    "RBM(4 visible Gaussian, 3 hidden Softmax, float64)": lambda: rbm(
        visible=rb.Gaussian(FIXED, learn=False), hidden=rb.Softmax(3), dtype=np.float64
    ),
    "Network(4 → 3 softplus → 2 identity, float32)": network,
    "Network(4 → 4 tanh → 4 relu → 4 tanh, float32)": shared,
    "DBN(4-3-2, float32)": lambda: dbn(visible=rb.Gaussian()),
    "DBN(4-3-2, float64)": lambda: dbn(untied=True, dtype=np.float64),
    "DBM(4 visible, 3 + 2 hidden, float32)": dbm,
    "Autoencoder(4 → 3 sigmoid → 2 sigmoid → 3 sigmoid → 4 sigmoid, float32)": autoencoder,
    "Autoencoder(4 → 3 tanh → 2 tanh → 3 tanh → 4 tanh, tied, float64)": lambda: autoencoder(
        "tanh", "tanh", tied=True, dtype=np.float64
    ),
    "GAN(2 → 3 leaky_relu → 4 identity, wasserstein, penalty 1.0, float64)": gan,
}
# Pairs of models that differ in one thing that training does not change.
DIFFERENT = {
    "dtype": (rbm, lambda: rbm(dtype=np.float64)),
    "visible": (rbm, lambda: rbm(visible=rb.Spin())),
    "hidden": (rbm, lambda: rbm(hidden=rb.Softmax(3))),
    "fixed precisions": [
        lambda x=x: rbm(visible=rb.Gaussian([0, 0, 0, x], learn=False)) for x in (0, 1)
    ],
    "learned or not": [lambda x=x: rbm(visible=rb.Gaussian(learn=x)) for x in (True, False)],
    "parts": [
        lambda x=x: rbm(visible=rb.Mixed([(rb.Spin(), x), (rb.Bernoulli(), 4 - x)])) for x in (1, 2)
    ],
    "class": (rbm, network),
    "activation": (network, lambda: network("tanh")),
    "width": (network, lambda: network(sizes=(4, 5, 2))),
    "tied to the way down": (dbn, lambda: dbn(untied=True)),
    "units between": (dbn, lambda: dbn(hidden=rb.Spin())),
    "depth": (dbm, lambda: dbm((4, 3, 1, 1))),
    "tied": (autoencoder, lambda: autoencoder(tied=True)),
    "output": (autoencoder, lambda: autoencoder("sigmoid", "identity")),
    "loss": (gan, lambda: gan("minimax")),
    "penalty": (gan, lambda: gan(gradient_penalty=0.5)),
    "where the penalty is": (gan, lambda: gan(penalty_at="data")),
    "a shared layer": (shared, lambda: rb.Network([layer.copy() for layer in shared().layers])),
}

models = pytest.mark.parametrize(("text", "make"), MODELS.items(), ids=MODELS)


@models
def test_what_is_saved_comes_back_equal(text, make, tmp_path):
    model = make()
    model.save(tmp_path / "model")
    found = type(model).load(tmp_path / "model")
    assert type(found) is type(model) and found == model and repr(found) == repr(model) == text
    assert found.dtype == model.dtype and found.description() == model.description()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@models
def test_a_copy_is_equal_until_any_number_changes(text, make):
    model = make()
    assert model.copy() == model == model and not model != model.copy()
    for name in model.arrays():
        twin = model.copy()
        array = twin.arrays()[name]
        assert not np.shares_memory(array, model.arrays()[name])
        array.flat[-1] += 1
        assert twin != model, name


@models
def test_a_model_in_the_other_dtype_is_another_one(text, make):
    model = make()
    other = model.astype(np.float32 if model.dtype == np.float64 else np.float64)
    assert other != model and other.dtype != model.dtype
    for name, array in model.arrays().items():
        np.testing.assert_allclose(other.arrays()[name], array, rtol=1e-6)
    assert other.astype(np.float64).astype(model.dtype) == other.astype(model.dtype)


@models
def test_models_have_no_hash_and_equal_nothing_else(text, make):
    with pytest.raises(TypeError, match="unhashable"):
        hash(make())
    assert make() != 5 and make() != None and make() != text  # noqa: E711


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_differs_has_another_description(name):
    one, other = (make() for make in DIFFERENT[name])
    assert one.description() != other.description() and one != other


@models
def test_a_description_is_what_json_makes_of_it(text, make):
    description = make().description()
    assert json.loads(json.dumps(description)) == description
    assert description["class"] == text[: text.index("(")]


@pytest.mark.parametrize("name", [n for n in TRAINED if n != "DBN, up-down"])
def test_training_leaves_the_description_as_it_is(name):
    make, fit = TRAINED[name]
    model, untouched = make(), make()
    fit(model)
    assert model != untouched and model.description() == untouched.description()


# -- files that are refused ------------------------------------------------------------------------
def without(arrays, name):
    return {key: array for key, array in arrays.items() if key != name}


def first(arrays):
    return next(iter(arrays))


WRONG = {
    "a missing array": (lambda x: without(x, first(x)), "the array '.+' is missing"),
    "another array": (lambda x: x | {"x": np.zeros(3)}, "the array 'x' is not expected"),
    "one row": (lambda x: x | {first(x): x[first(x)][:1]}, "expected .* of shape .* got"),
    "one number": (lambda x: x | {first(x): x[first(x)].flat[:1]}, "expected .* of shape .* got"),
    "integers": (lambda x: x | {first(x): x[first(x)].astype(int)}, "expected float.* got int64"),
    "NaN": (lambda x: x | {first(x): x[first(x)] + np.nan}, "expected finite numbers, got NaN"),
    "infinity": (lambda x: x | {first(x): x[first(x)] + np.inf}, "finite numbers, got NaN or inf"),
}


@models
@pytest.mark.parametrize("wrong", WRONG)
def test_a_file_with_wrong_arrays_is_refused_by_name(text, make, wrong, tmp_path):
    model, path = make(), tmp_path / "model.npz"
    change, message = WRONG[wrong]
    arrays, description = change(model.arrays()), model.description()
    storage.write(path, type(model).__name__, arrays, description=description)
    with pytest.raises(ValueError, match=rf"model\.npz': .*{message}"):
        type(model).load(path)


@models
def test_arrays_that_fit_a_wrong_description_are_refused(text, make, tmp_path):
    """The description names an array more, and the file has it."""
    model, path = make(), tmp_path / "model.npz"
    description = model.description()
    description["shapes"]["x"] = [3]
    arrays = model.arrays() | {"x": np.zeros(3, model.dtype)}
    storage.write(path, type(model).__name__, arrays, description=description)
    with pytest.raises(ValueError, match=r"model\.npz': the array 'x' is not expected"):
        type(model).load(path)


@models
def test_a_file_of_another_class_or_without_a_description_is_refused(text, make, tmp_path):
    model, path = make(), tmp_path / "model.npz"
    kind, arrays, description = type(model).__name__, model.arrays(), model.description()
    storage.write(path, "Other", arrays, description=description)
    with pytest.raises(ValueError, match=rf"model\.npz': expected kind '{kind}'.* got kind 'Other"):
        type(model).load(path)
    storage.write(path, kind, arrays)
    with pytest.raises(ValueError, match=r"model\.npz': there is no 'description'"):
        type(model).load(path)
    for key in description:
        storage.write(path, kind, arrays, description=without(description, key))
        with pytest.raises(ValueError, match=r"model\.npz': (there is no|it says)"):
            type(model).load(path)
        for nonsense in (None, -7, -1.5, "nothing", [], [[]], {}, {"type": "No"}, {"learned": 0}):
            storage.write(path, kind, arrays, description=description | {key: nonsense})
            with pytest.raises(ValueError, match=r"model\.npz"):
                type(model).load(path)


@models
def test_a_model_that_is_not_finite_is_not_saved_over_a_good_one(text, make, tmp_path):
    model, path = make(), tmp_path / "model.npz"
    model.save(path)
    for name in model.arrays():
        broken = model.copy()
        broken.arrays()[name].flat[0] = np.nan
        with pytest.raises(ValueError, match=f"{name}: expected finite numbers"):
            broken.save(path)
    assert type(model).load(path) == model


def test_a_file_with_a_huge_unit_costs_nothing(tmp_path):
    model, path = rbm(hidden=rb.Softmax(3)), tmp_path / "model.npz"
    description = model.description()
    description["hidden"]["q"] = 10**9
    storage.write(path, "RBM", model.arrays(), description=description)
    with pytest.raises(ValueError, match=r"model\.npz': hidden: expected a multiple of 1000000000"):
        rb.RBM.load(path)
