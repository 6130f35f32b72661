"""Benchmarks of chapters 11 to 13 and 15: committed results are those of the default commands."""

import importlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

import rbmbook as rb

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
RESULTS = BENCHMARKS / "results"


@pytest.fixture
def module(monkeypatch):
    """A function that imports a script of the folder."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


DEFAULT = ["belief_layers", "deep_layers", "mnist_dreams", "patches", "ring_games"]


@pytest.mark.parametrize("name", DEFAULT)
def test_a_default_command_is_the_one_that_was_measured(module, name):
    recipe = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))["recipe"]
    assert json.loads(json.dumps(asdict(module(name).Recipe()))) == recipe


def test_dreams_are_ten_of_each_kind_in_sixteen_greys(module):
    with np.load(RESULTS / "mnist_dreams.npz") as pictures:
        for name in ("belief_network", "Boltzmann_machine", "first_machine", "real"):
            assert pictures[name].shape == (10 * module("mnist_dreams").EACH, 784)
            assert pictures[name].dtype == np.uint8 and pictures[name].max() == 15


def test_only_up_down_moves_the_first_layer_of_a_belief_network(module):
    script = module("belief_layers")
    X = rb.data.digits().X[:60].astype(np.float64)
    recipe = script.Recipe(first=2, greedy=1, tune=1, chains=5, betas=10)
    found = script.narrow(X, recipe, 0)
    first, networks = found["first machine"], [name for name in found if "network" in name]
    for name in networks:
        same = np.array_equal(found[name].rbms[0].W, first.W)
        assert same == ("up-down" not in name)
        scores = script.scored(found[name], X, X[:10], recipe)
        assert scores["bound"] < scores["log p"] < 0
    second = [found[name].rbms[1].W for name in networks]
    assert not np.array_equal(second[0], second[1])


def test_wide_belief_networks_share_a_first_machine_and_their_scores_are_finite(module):
    script = module("belief_layers")
    X = rb.data.digits().X[:60].astype(np.float32)
    recipe = script.Recipe(wide_first=1, wide_greedy=1, wide_random=1, wide_tune=1, wide_more=1,
                           chains=5, betas=10, importances=4)  # fmt: skip
    found = script.wide(X, recipe, 0)
    first = found["first machine"].rbms[0].W
    for name, dbn in found.items():
        assert ("greedy" in name or name == "first machine") == np.array_equal(dbn.rbms[0].W, first)
        scores = script.estimated(dbn, X, X[:5], recipe)
        assert all(np.isfinite(value) for value in scores.values())
        assert scores["log mean importance"] >= scores["bound"] - 1e-9


def test_samples_on_the_ring_are_those_that_were_counted(module):
    games = json.loads((RESULTS / "ring_games.json").read_text(encoding="utf-8"))["games"]
    with np.load(RESULTS / "ring_games.npz") as samples:
        for name, game in games.items():
            drawn = samples[name.replace(" ", "_")].astype(float)
            assert drawn.shape == (len(game["clouds"]), 1000, 2)
            near = [rb.two_sample.coverage(x, rb.data.ring_centres(), 0.3).near for x in drawn]
            np.testing.assert_allclose(near, game["on a cloud"], atol=0.08)  # 1,000 of 2,000


def test_a_game_on_the_ring_is_counted(module):
    script = module("ring_games")
    X = rb.data.ring(256, std=0.1).X
    game = script.play(X, 0, script.LATE + 3, script.Recipe(hidden=4, batch_size=256))
    assert game["samples"].shape == (1000, 2) and 0 <= game["clouds"] <= 8
    assert 0 <= game["favourite changes"] <= 1 and game["slope at the data"] > 0


def test_filters_of_patches_are_pictures_in_whole_numbers(module):
    side = module("patches").SIDE
    with np.load(RESULTS / "patches.npz") as kept:
        for name in ("filters", "pixel_filters"):
            assert kept[name].shape == (side * side, 100) and kept[name].dtype == np.int8
            assert (np.abs(kept[name]).max(axis=0) == 127).all()


def test_patches_for_training_and_held_out_share_no_column(module):
    patches = module("patches")
    picture = np.tile(np.arange(320.0) ** 2, (24, 1))  # neighbours differ by 2 × column + 1
    for held_out in (False, True):
        rows = patches.cut([picture], 200, held_out, np.random.default_rng(0))
        first = ((rows[:, 1] - rows[:, 0] - 1) / 2).round().astype(int) % 100
        last = first + patches.SIDE - 1
        assert ((first >= 75) & (last < 100)).all() if held_out else (last < 75).all()


def test_a_mixture_of_scales_finds_the_scales(module):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(4000, 20)) * rng.choice([0.5, 2.0], 4000)[:, None]
    weights, variances = module("patches").scales((rows**2).sum(axis=1), 20, count=2)
    np.testing.assert_allclose(np.sort(variances), [0.25, 4.0], rtol=0.05)
    np.testing.assert_allclose(weights, 0.5, atol=0.05)


def test_an_averaged_deep_machine_has_the_mean_of_its_path(module):
    dbm = rb.DBM.random((6, 4, 3), rng=0, dtype=np.float64)
    optimizer = module("mnist_likelihood").Averaged(rb.SGD(0.1))
    X = rb.data.bars_and_stripes(2)
    X = np.hstack([X, X[:, :2]])
    seen = []
    dbm.fit(
        X,
        rb.PCD(k=1, chains=5),
        epochs=30,
        batch_size=len(X),
        optimizer=optimizer,
        callbacks=[lambda dbm, history: seen.append(dbm.machine.W.copy())],
        progress=False,
    )
    mean = module("mnist_dbm").averaged(dbm, optimizer)
    shares = np.array([(10.0) / (t + 10.0) for t in range(30)])
    expected = np.zeros_like(seen[0])
    for share, W in zip(shares, seen, strict=True):
        expected += share * (W - expected)
    np.testing.assert_allclose(mean.machine.W, expected, rtol=0, atol=1e-12)
    assert not np.allclose(mean.machine.W, dbm.machine.W)


def test_chosen_on_held_out_rows_a_deep_machine_is_measured_too(module, tmp_path, monkeypatch):
    script = module("mnist_dbm")
    X = np.tile(rb.data.bars_and_stripes(3), (3, 1))
    monkeypatch.setattr(script, "SIZES", (9, 5, 4))
    monkeypatch.setattr(
        rb.data, "mnist", lambda path, binarize: rb.data.dataset.Dataset(X, X[:, 0])
    )
    parts = {"train": slice(0, 24), "choose": slice(24, 34), "test": slice(34, 42)}
    monkeypatch.setattr(script, "ROWS", parts)
    monkeypatch.setattr(script, "epochs_within", lambda *arguments: 6)
    recipe = script.Recipe(pre_epochs=1, epochs=3, chains=5, betas=20, burn_in=3, ais_chains=5)
    script.run(tmp_path / "no.npz", recipe, tmp_path, tmp_path, 24, choose=True, rivals=(4,))
    result = json.loads((tmp_path / "mnist_dbm_chosen.json").read_text(encoding="utf-8"))
    assert [look[:2] for look in result["looks"]] == [[3, "last"], [3, "averaged"]]
    assert result["rows"] == 24 and set(result["bound"]) == {"AIS", "reverse AIS", "bridge"}
    assert all(np.isfinite(value) for value in result["bound"].values())
    assert all(value > 0 for value in result["seconds"].values())
    rival = result["rivals"]["9 × 4"]
    assert rival["looks"][-1][0] == rival["recipe"]["epochs"] == 6
    assert result["equal_epochs"] == {"9 × 4": 6}
    assert result["slack"]["mean"] <= result["slack"]["largest"]
    assert np.isfinite(rival["log_likelihood"]["test"]["exact"])
    assert all(value > 0 for value in rival["seconds"].values())


def test_epochs_of_a_budget_are_timed_once(module, tmp_path):
    script = module("mnist_dbm")
    X, own = np.tile(rb.data.bars_and_stripes(3), (3, 1)), script.flat_recipe(4, script.Recipe())
    epochs = script.epochs_within(1.0, own, X, tmp_path)
    assert epochs > 10 and script.epochs_within(100.0, own, X, tmp_path) == epochs


def test_the_chosen_deep_machine_is_the_command_of_the_page(module):
    script = module("mnist_dbm")
    told = {"epochs": 30, "rate": 0.05, "last_rate": 0.0005, "chains": 200, "ais_chains": 200}
    told["betas"] = 10_000
    result = json.loads((RESULTS / "mnist_dbm_chosen.json").read_text(encoding="utf-8"))
    assert result["recipe"] == asdict(replace(script.Recipe(), **told))
    page = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert all(f"--{name.replace('_', '-')} {value}" in page for name, value in told.items())


def test_logistic_regression_has_the_stack_of_the_networks_beside_it(module):
    files = (RESULTS / f"{name}.json" for name in ("mnist_dbn", "mnist_linear"))
    deep, linear = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    told = json.loads(json.dumps(asdict(module("mnist_dbn").Pretraining())))
    assert deep["pretraining"] == linear["pretraining"] == told
    assert deep["measured on"] == linear["measured on"]


def test_the_penalty_of_logistic_regression_is_chosen_without_the_test_rows(module, monkeypatch):
    script, parts = module("mnist_linear"), module("mnist_dbn")
    rows = {"TRAIN": slice(0, 40), "CHOOSE": slice(40, 60), "ALL": slice(0, 60)}
    for name, part in (rows | {"TEST": slice(60, 90)}).items():
        monkeypatch.setattr(parts, name, part)
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=90)
    X = np.eye(3)[y] + 0.5 * rng.normal(size=(90, 3))
    found = script.judged(X, y)
    y[60:] = 2 - y[60:]
    other = script.judged(X, y)
    assert other["held out"] == found["held out"] and other["strength"] == found["strength"]
    assert other["wrong"] > found["wrong"]


def test_the_distance_of_a_bound_is_that_of_the_exact_log_likelihood(module):
    dbm = rb.DBM.random((6, 4, 3), rng=0, scale=1.5, dtype=np.float64)
    X = rb.data.bars_and_stripes(2)
    X = np.hstack([X, X[:, :2]])
    found = module("mnist_dbm").slack(dbm, X)
    exact = dbm.log_likelihood(X) - dbm.bound(X)
    np.testing.assert_allclose(found["mean"], exact.mean(), atol=0.02)
    np.testing.assert_allclose(found["largest"], exact.max(), atol=0.05)


def test_a_clock_counts_epochs_alone_and_goes_on_after_an_interruption(
    module, monkeypatch, tmp_path
):
    clocks, now = module("clock"), [0.0]
    monkeypatch.setattr(clocks.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(clocks.time, "process_time", lambda: now[0] / 2)
    clock = clocks.Clock(tmp_path / "clock.json")
    now[0] = 10.0  # an epoch
    clock()
    now[0] = 17.0  # a look
    clock.restart()
    now[0] = 20.0  # an epoch
    clock()
    now[0] = 24.0  # the epoch that is interrupted
    again = clocks.Clock(tmp_path / "clock.json")
    now[0] = 30.0  # the same epoch, done again
    again()
    assert again.wall == 10 + 3 + 6 and again.processor == again.wall / 2


def test_the_base_of_annealing_has_the_means_of_layer_two(module):
    dbm = rb.DBM.random((6, 4, 3), rng=0, scale=1.0, dtype=np.float64)
    X = rb.data.bars_and_stripes(2)
    X = np.hstack([X, X[:, :2]])
    base = module("mnist_dbm").base_rows(dbm, X)
    means = dbm.mean_field(X).means[1].mean(axis=0)
    expected = np.concatenate([X.mean(axis=0), means])
    np.testing.assert_allclose(base, np.tile(expected, (len(X), 1)))
