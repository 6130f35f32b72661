"""Files of machines whose units are classes of the user's own."""

from dataclasses import dataclass

import numpy as np
import pytest
import unit_cases

import rbmbook as rb
from rbmbook import storage


@dataclass(frozen=True)
class Lazy(rb.Bernoulli):
    """A Bernoulli unit with an option; derived from a type that the package has."""

    laziness: float = 0.0


def machine(unit, hidden=None):
    return rb.RBM(np.ones((2, 3)), np.zeros(2), np.zeros(3), hidden or rb.Bernoulli(), unit)


@pytest.mark.parametrize("kind", ["RBM", "DBN"])
@pytest.mark.parametrize(
    "unit",
    [unit_cases.ThreeLevel(0.3), Lazy(0.5), rb.Mixed([(Lazy(0.2), 1), (rb.Bernoulli(), 2)])],
    ids=str,
)
def test_a_type_of_your_own_is_found_again(unit, kind, tmp_path):
    rbm = machine(unit)
    if kind == "RBM":
        rbm.save(tmp_path / "file.npz")
        found = rb.RBM.load(tmp_path / "file.npz").hidden
    else:
        rb.DBN([rbm]).save(tmp_path / "file.npz")
        found = rb.DBN.load(tmp_path / "file.npz").rbms[0].hidden
    assert type(found) is type(unit) and repr(found) == repr(rbm.hidden)


def test_a_class_named_like_one_of_the_package_does_not_take_its_place(tmp_path):
    """In either direction: each file gives back the class that it was saved with."""
    machine(rb.Bernoulli()).save(tmp_path / "theirs.npz")

    @dataclass(frozen=True)
    class Bernoulli(Lazy):
        pass

    machine(Bernoulli(0.1)).save(tmp_path / "own.npz")
    assert type(rb.RBM.load(tmp_path / "theirs.npz").hidden) is rb.Bernoulli
    assert type(rb.RBM.load(tmp_path / "own.npz").hidden) is Bernoulli


def test_a_class_that_is_defined_again_is_found_in_its_latest_form(tmp_path):
    """As when a cell of a notebook is run twice."""

    def define():
        @dataclass(frozen=True)
        class Twice(Lazy):
            pass

        return Twice

    machine(define()()).save(tmp_path / "file.npz")
    latest = define()
    assert type(rb.RBM.load(tmp_path / "file.npz").hidden) is latest


def test_a_class_that_is_not_defined_is_named_with_its_module():
    """And nothing is imported because a file says so."""
    entry = {"type": "some_module:Outer.Fancy", "laziness": 1.0}
    with pytest.raises(ValueError, match=r"define or import Outer\.Fancy of the module some_mod"):
        rb.units.restore(entry)
    with pytest.raises(ValueError, match=r"unit: expected one of .*got 'antigravity:Unit'"):
        rb.units.restore({"type": "antigravity:Unit"})


@pytest.mark.parametrize("name", ["Bernoulli", "Spin", "Gaussian", "ReLU", "NoisyReLU"])
def test_files_name_the_types_of_the_package_without_their_modules(name):
    kind = getattr(rb, name)
    assert rb.units.describe(kind())["type"] == name
    assert type(rb.units.restore({"type": name})) is kind


def test_a_run_with_a_type_of_your_own_resumes(tmp_path):
    X = (np.random.default_rng(0).random((20, 2)) < 0.5) * 1.0
    options = {"rng": 1, "progress": False, "checkpoint": tmp_path / "run.npz"}
    one, other = machine(unit_cases.ThreeLevel(0.3)), machine(unit_cases.ThreeLevel(0.3))
    rb.fit(one, X, epochs=2, **options)
    rb.fit(one, X, epochs=4, **options)
    rb.fit(other, X, epochs=4, **{**options, "checkpoint": None})
    np.testing.assert_array_equal(one.W, other.W)


class Suits(rb.Softmax):
    """A type that sets the option of the one it is derived from by itself."""

    def __init__(self):
        super().__init__(4)


def test_a_type_whose_constructor_takes_no_options_is_found_again(tmp_path):
    rbm = rb.RBM.random(8, 3, visible=Suits())
    rbm.save(tmp_path / "file.npz")
    found = rb.RBM.load(tmp_path / "file.npz").visible
    assert type(found) is Suits and found == rbm.visible


def test_an_option_that_a_type_sets_otherwise_by_now_is_refused(tmp_path):
    rbm = rb.RBM.random(8, 3, visible=Suits())
    description = rbm.description()
    description["visible"]["q"] = 2
    storage.write(tmp_path / "file.npz", "RBM", rbm.arrays(), description=description)
    with pytest.raises(ValueError, match=r"it says .*'q': 2.* would now be .*'q': 4"):
        rb.RBM.load(tmp_path / "file.npz")


@dataclass(frozen=True)
class Demanding(rb.Bernoulli):
    """A type whose learned parameter has no default value."""

    strength: np.ndarray

    def bind(self, name, columns, dtype):
        return Demanding(np.array(np.broadcast_to(self.strength, columns), dtype))

    def parameters(self):
        return (self.strength,)


def test_what_a_type_of_your_own_learns_is_saved_too(tmp_path):
    rbm = rb.RBM.random(4, 3, visible=Demanding(0.5))
    rbm.visible.strength[:] = [1, 2, 3, 4]
    rbm.save(tmp_path / "file.npz")
    found = rb.RBM.load(tmp_path / "file.npz")
    assert found == rbm == rbm.copy()
    np.testing.assert_array_equal(found.visible.strength, [1, 2, 3, 4])


def test_a_method_that_a_type_of_your_own_lacks_is_named():
    class Half(rb.units.Unit):
        pass

    with pytest.raises(NotImplementedError, match="Half does not define mean, needed here"):
        Half().mean(np.zeros((1, 2)))
    with pytest.raises(NotImplementedError, match="Half does not define bias_for_mean"):
        rb.units.Mixed([(Half(), 1)]).bias_for_mean(np.zeros(1), 1)
