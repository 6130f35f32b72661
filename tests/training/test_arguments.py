"""What every fit takes: all is checked before the first update, the rest refused with a reason."""

import numpy as np
import pytest
from every_fit import FITS, LAYERS, TAKES, assert_same, bits, run, takes
from models import N

import rbmbook as rb
from rbmbook.training.loop import Run

BAD = {
    "X": [np.zeros(5), np.full((N, 5), np.nan), "X", np.zeros((N, 4))],
    "epochs": [-1, 2.5, "3", True],
    "batch_size": [0, 2.5, "3", None],
    "optimizer": [0.1, rb.SGD, "adam"],
    "rng": [-1, "0", 1.5, None],
    "progress": [1, "no"],
    "callbacks": [5, [5], lambda model, history: None],
    "early_stopping": ["loss", 5, rb.EarlyStopping("no such monitor"), rb.EarlyStopping("layer")],
    "checkpoint": [5, "no/such/folder/file"],
    "history": [{}, 5],
    "weight_decay": [-1.0, "1", np.nan, True],
    "l1": [-1.0, "1", np.inf],
    "sparsity": [0.1, rb.Sparsity(7.0)],
    "sample_weight": [np.ones(N - 1), -np.ones(N), np.zeros(N), "w"],
    "centered": ["yes", 1, 0.5],
    "negative": [1, rb.CD, "PCD"],
    "validation": [np.zeros((3, 4)), "X", np.zeros(5)],
    "noise": [0.1],
    "contraction": [-1.0, "1"],
    "standardize": [1, None],
    "loss": ["no such loss", 5],
    "critic_steps": [0, 1.5],
    "critic_optimizer": [0.1],
    "input_dropout": [1.0, -0.1],
    "inputs": ["mean", 5],
    "steps": [-1, 1.5],
    "tolerance": [-1.0, None],
}
MADE_OF_X = "RBM, held out", "RBM, labels", "Network", "Network, labels"  # other arguments, here
PER_LAYER = "epochs", "batch_size", "optimizer", "weight_decay", "l1", "sparsity", "centered"


def refuses(name, option, value):
    """The fit raises an error that names the option; the model and the generator are as before."""
    model, rng = FITS[name][0](), np.random.default_rng(5)
    before, state = bits(model), rng.bit_generator.state
    with pytest.raises((ValueError, TypeError, FileNotFoundError)) as caught:
        run(name, model, **{"rng": rng, option: value})
    said = {"loss": "loss|output", "X": "X|validation"}.get(option, option)
    assert any(word in str(caught.value) for word in said.split("|")), caught.value
    assert_same(model, before)
    assert rng.bit_generator.state == state, (option, value)


@pytest.mark.parametrize("name", FITS)
def test_a_bad_value_is_named_before_anything_changes(name):
    for option, values in BAD.items():
        made = option == "X" and name in MADE_OF_X
        if takes(name, option) and not made:
            for value in values:
                refuses(name, option, value)


@pytest.mark.parametrize("name", LAYERS)
def test_a_bad_value_of_the_top_layer_is_named_before_the_first_is_trained(name):
    for option in PER_LAYER:
        if takes(name, option):
            good = {"optimizer": rb.SGD(0.1), "sparsity": None, "centered": None}.get(option, 1)
            good = 0.0 if option in ("weight_decay", "l1") else good
            for value in BAD[option]:
                refuses(name, option, [good] * (LAYERS[name] - 1) + [value])
            refuses(name, option, [good] * (LAYERS[name] + 1))


def test_a_negative_phase_that_the_top_machine_cannot_have_is_named_before_the_first_is_trained():
    for phase in (rb.Discriminative(), rb.Exact()):
        dbn = rb.DBN.random((5, 40, 40), rng=0)
        before = bits(dbn)
        with pytest.raises(ValueError, match="rbm: expected"):
            dbn.fit(np.eye(5), [rb.CD(1), phase], epochs=1, progress=False)
        assert_same(dbn, before)


def test_a_monitor_that_only_one_layer_has_is_refused_for_the_other():
    dbn = rb.DBN.random((5, 4, 3), rng=0)
    before = bits(dbn)
    rule = {"early_stopping": rb.EarlyStopping("swap_rate")}
    with pytest.raises(ValueError, match=r"early_stopping: expected a monitor .* dream_error"):
        dbn.fit(np.eye(5), [rb.Tempered(3), rb.CD(1)], epochs=1, progress=False, **rule)
    assert_same(dbn, before)


def test_a_callback_whose_memory_is_made_anew_at_every_call_is_refused():
    class Forgotten:
        def __call__(self, model, history):
            pass

        def memory(self):
            return {"n": np.zeros(1)}

    with pytest.raises(TypeError, match="callbacks: expected the same arrays"):
        run("RBM", callbacks=[Forgotten()])


@pytest.mark.parametrize("name", FITS)
def test_the_names_of_monitors_are_known_before_there_are_any(name, monkeypatch):
    told, first = [], Run.__init__
    monkeypatch.setattr(Run, "__init__", lambda run, *a: (first(run, *a), told.append(run))[0])
    _, history = run(name, epochs=1)
    names = ["epoch", "seconds", *told[0].reports()]
    assert sorted({*history} - {"layer"}) == sorted(names)


# What every fit takes, and what the others are refused for.
ALL = (
    "X epochs batch_size optimizer sample_weight weight_decay l1 rng progress callbacks "
    "early_stopping checkpoint history"
)
REFUSED = {
    "RBM": "",
    "DBN": "",
    "DBN, up": "",
    "DBM": "",
    "DBM, pre": "",
    "Network": "negative centered sparsity",
    "Autoencoder": "negative centered",
    "GAN": "negative centered sparsity",
    "Ratings": "centered",
}
OPTIONAL = {"negative": rb.CD(1), "centered": True, "sparsity": rb.Sparsity(0.1)}
OPTIONAL["validation"] = np.zeros((3, 5))


@pytest.mark.parametrize("kind", REFUSED)
def test_an_option_is_taken_or_refused_with_a_reason(kind):
    assert set(ALL.split()) <= TAKES[kind]
    refused = REFUSED[kind].split()
    assert {option for option in OPTIONAL if option not in TAKES[kind]} == set(refused)
    name = next(name for name in FITS if name.startswith(kind))
    for option in refused:
        model = FITS[name][0]()
        before = bits(model)
        with pytest.raises(TypeError, match=rf"takes no argument '{option}': .{{20}}"):
            run(name, model, **{option: OPTIONAL[option]})
        assert_same(model, before)


@pytest.mark.parametrize("name", FITS)
def test_options_that_are_taken_are_used(name):
    """Each of them leads to other parameters, or to another monitor."""
    plain, _ = run(name)
    used = {
        "batch_size": 7,
        "optimizer": rb.SGD(0.001),
        "sample_weight": np.arange(N) % 4,
        "weight_decay": 0.5,
        "l1": 0.5,
        "rng": 6,
    }
    for option, value in used.items():
        model, _ = run(name, **{option: value})
        assert model != plain, option
    run(name, progress=True)
