"""Benchmarks: default commands are those that made the committed results; the timing of speed."""

import importlib
import json
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import rbmbook as rb

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def module(monkeypatch):
    """A function that imports a script of the folder."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def recipe_of(name):
    """The recipe that a result file was made with."""
    return json.loads((BENCHMARKS / "results" / name).read_text(encoding="utf-8"))["recipe"]


def test_the_default_deep_boltzmann_machine_is_the_one_that_was_measured(module):
    assert asdict(module("mnist_dbm").Recipe()) == recipe_of("mnist_dbm.json")


@pytest.mark.parametrize("hidden", [16, 500])
def test_the_default_likelihood_runs_are_the_ones_that_were_measured(module, hidden):
    likelihood = module("mnist_likelihood")
    measured = recipe_of(f"mnist_{hidden}_half.json")  # older than some fields: their defaults
    assert likelihood.RECIPES[hidden] == likelihood.Recipe(**measured)


def test_the_run_on_drawn_pixels_is_the_command_of_the_page(module):
    likelihood = module("mnist_likelihood")
    told = {"epochs": 300, "look_every": 10, "betas": 10_000, "binarize": "sample", "anew": 1}
    measured = likelihood.Recipe(**recipe_of("mnist_500_sample_anew.json"))
    assert measured == replace(likelihood.RECIPES[500], **told)
    page = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    for name, value in told.items():
        assert f"--{name.replace('_', '-')} {value}" in page


def test_the_two_short_runs_differ_in_the_drawing_alone(module):
    likelihood = module("mnist_likelihood")
    told = {"epochs": 20, "look_every": 10, "ais_chains": 100, "betas": 3_000, "burn_in": 1_000}
    common = replace(likelihood.RECIPES[500], binarize="sample", **told)
    for anew, name in enumerate(("mnist_500_sample.json", "mnist_500_sample_anew.json")):
        assert likelihood.Recipe(**recipe_of(f"twenty_epochs/{name}")) == replace(common, anew=anew)


def test_drawn_pixels_follow_the_grey_levels_and_are_drawn_anew(module):
    drawn = module("mnist_likelihood").Drawn(np.tile([0, 51, 255], (4000, 1)).astype(np.uint8), 0)
    one, other = drawn[:], drawn[:]
    assert (one != other).any() and set(np.unique(one)) == {0, 1}
    mean = one.mean(axis=0)
    assert mean[0] == 0 and mean[2] == 1  # black stays black, and white stays white
    assert abs(mean[1] - 0.2) < 5 * np.sqrt(0.2 * 0.8 / 4000)


@pytest.fixture
def bars():
    """A small machine and more rows than a batch."""
    X = rb.data.bars_and_stripes(3, duplicates=True).astype(np.float32)
    return rb.RBM.random(9, 5, rng=0, data=X), np.tile(X, (4, 1))


SMALL = {
    "chain": {"n": 1, "steps": 20},
    "chains": {"n": 3, "steps": 20},
    "small": {"batch": 8, "epochs": 2},
    "ais": {"n": 4, "betas": 5},
}


@pytest.mark.parametrize("name", ["chain", "chains", "small", "cd", "pcd", "ais", "busy", "half"])
def test_every_case_of_the_speed_runs_and_gives_positive_ratios(module, monkeypatch, bars, name):
    speed, cases, rounds = module("speed"), module("speed_cases"), module("speed_rounds")
    monkeypatch.setattr(rounds, "PAUSE", 0)
    case = cases.CASES[name]
    build = case.build.func if isinstance(case.build, partial) else case.build
    times = rounds.in_turn(build(*bars, **SMALL.get(name, {"batch": 8})), 2, case.busy)
    measured = [line["measured"] for line in (speed.line(name, row, times) for row in case.rows)]
    assert measured[0] is not None
    assert all(m["low"] > 0 and m["high"] >= m["median"] for m in measured if m is not None)


@pytest.mark.parametrize(
    ("name", "arguments", "products"),
    [
        ("cd_products", (8,), 5),
        ("cd_products", (8, 4), 11),  # k = 4
        ("ais_products", (4,), 2),
    ],
)
def test_the_bare_products_are_as_many_as_an_update_has(
    module, monkeypatch, bars, name, arguments, products
):
    run, calls, matmul = getattr(module("speed_peers"), name)(*bars, *arguments), [], np.matmul
    monkeypatch.setattr(np, "matmul", lambda *x, out: calls.append(matmul(*x, out=out)))
    run(7)
    assert len(calls) == 7 * products


def test_ais_has_as_many_steps_as_its_products(module, monkeypatch, bars):
    peers, cases, steps = module("speed_peers"), module("speed_cases"), []
    monkeypatch.setattr(peers, "ais_products", lambda rbm, X, n: steps.append)
    monkeypatch.setattr(rb.evaluate, "ais", lambda rbm, n, betas, rng: steps.append(betas - 1))
    for work in cases.ais(*bars, n=4, betas=9).values():
        work()
    assert steps == [8, 8]


def test_the_cases_are_those_of_the_test_above(module):
    names = test_every_case_of_the_speed_runs_and_gives_positive_ratios.pytestmark[0].args[1]
    assert list(module("speed_cases").CASES) == names


@pytest.mark.parametrize("k", [1, 3])
def test_cd_by_hand_is_what_a_fit_does(module, bars, k):
    """The same draws from the same seed, so that the two differ by rounding alone."""
    peers, rng = module("speed_peers"), np.random.default_rng(5)
    by_hand, X = bars[0].astype(np.float64), bars[1].astype(np.float64)
    fitted = by_hand.copy()
    for _ in range(3):
        peers.cd_epoch(by_hand, X, 10, k, rng)
    rb.fit(fitted, X, rb.CD(k), 3, 10, rb.SGD(peers.RATE), rng=5, progress=False)
    for ours, theirs in zip(fitted.parameters, by_hand.parameters, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.jit
def test_machines_of_all_who_are_timed_learn_alike(module, bars):
    quality = module("speed_quality")
    scores = quality.scores(*bars, batch=8, epochs=200)
    errors = {who: score["reconstruction_error"] for who, score in scores.items()}
    before = errors.pop("before training")
    assert max(errors.values()) < 0.85 * before
    assert quality.comparable(scores)
    scores["rbmbook, PCD-1"] = {"reconstruction_error": before}
    assert not quality.comparable(scores)


def test_a_busy_process_runs_meanwhile_and_no_longer(module):
    with module("speed_rounds").busy_process() as child:
        assert child.poll() is None
    assert child.poll() is not None


@pytest.mark.parametrize(
    ("median", "must", "aim", "at_least", "verdict"),
    [
        (0.9, 1.15, 0.8, False, "yes"),
        (1.2, 1.15, 0.8, False, "NO"),
        (0.7, 1.15, 0.8, False, "the aim"),
        (12, 10, 50, True, "yes"),
        (9, 10, 50, True, "NO"),
        (60, 10, 50, True, "the aim"),
        (1.1, None, 1.2, False, "the aim"),
        (1.3, None, 1.2, False, "–"),
        (None, 1.15, 0.8, False, "not measured"),
    ],
)
def test_a_row_says_which_limit_it_keeps(module, median, must, aim, at_least, verdict):
    table = module("speed_table")
    measured = None if median is None else {"median": median, "low": median, "high": median}
    row = {"work": "w", "measured": measured, "must": must, "aim": aim, "at_least": at_least}
    assert table.verdict(row) == verdict == table.cells(row)[-1]
    assert table.fails(row) == (verdict == "NO")


def test_an_update_is_the_difference_of_two_epochs(module):
    scaling = module("scaling")
    few, update, once = 7, 0.002, 0.05
    short, long = once + few * update, once + scaling.LONGER * few * update
    np.testing.assert_allclose(scaling.split(short, long, few), (update, once))


@pytest.mark.parametrize("density", [0.2, 0.8])
def test_the_machine_of_the_scaling_keeps_its_density(module, density):
    scaling = module("scaling")
    point = scaling.Point(visible=60, hidden=40, density=density)
    rbm = scaling.start(point)
    v = rb.gibbs.run(rbm, 500, 3, 0)
    assert abs(v.mean() - density) < 0.02 and abs(rbm.hidden_mean(v).mean() - density) < 0.02


def test_the_scaling_measures_a_point_and_its_figure_names_the_axes(module, monkeypatch, tmp_path):
    scaling, figure = module("scaling"), module("scaling_figure")
    monkeypatch.setattr(scaling, "SHORT", 0.001)
    row = scaling.measure(scaling.Point(batch=64, visible=6, hidden=4), rounds=1)
    assert set(row["update"]) == {"rbmbook", "NumPy by hand", "products"}
    row["update"] = {"rbmbook": 2e-3, "NumPy by hand": 4e-3, "products": 1e-3}
    axes = [*scaling.AXES, "threads"]
    rows = [{"axis": axis, "value": value} | row for axis in axes for value in (1, 100)]
    found = {"rows": rows, "base": asdict(scaling.BASE)}
    assert "0.50 times NumPy" in figure.finding(found) and "2.00 times" in figure.finding(found)
    figure.write(figure.draw(found), tmp_path / "scaling.svg")
    assert (tmp_path / "scaling.svg").stat().st_size > 10_000
    assert all(label in figure.alternative(found) for label in figure.LABELS.values())


@pytest.mark.parametrize("name", ["speed", "scaling"])
def test_what_was_measured_is_what_the_script_would_measure(module, name):
    path = BENCHMARKS / "results" / f"{name}.json"
    if not path.exists():
        pytest.skip("not measured yet")
    found = json.loads(path.read_text(encoding="utf-8"))
    if name == "scaling":
        axes = {
            axis: tuple(r["value"] for r in found["rows"] if r["axis"] == axis)
            for axis in module(name).AXES
        }
        assert found["base"] == asdict(module(name).BASE) and axes == module(name).AXES
    else:
        rows = [
            {k: v for k, v in row.items() if k not in ("case", "measured")} for row in found["rows"]
        ]
        assert rows == [
            asdict(row) for case in module("speed_cases").CASES.values() for row in case.rows
        ]


def test_the_readme_tells_what_was_measured(module):
    page = module("scaling_readme")
    if not page.RESULT.exists():
        pytest.skip("not measured yet")
    found = json.loads(page.RESULT.read_text(encoding="utf-8"))
    readme = page.README.read_text(encoding="utf-8")
    assert page.renewed(readme, found) == readme


def test_the_page_on_scikit_learn_tells_what_was_measured(module):
    replaced = module("replaced")
    found = json.loads(replaced.RESULT.read_text(encoding="utf-8"))
    page = replaced.PAGE.read_text(encoding="utf-8")
    assert replaced.renewed(page, found) == page
    runs = found["example"]
    assert {run["machine"] for run in runs} == {"pixels", *replaced.MACHINES}
    assert {run["seed"] for run in runs} == set(replaced.SEEDS)


@pytest.mark.jit
def test_what_the_page_on_scikit_learn_says_of_methods_and_attributes_holds(module):
    """Each row asserts what its words say, with the versions that are installed."""
    replaced = module("replaced")
    found = json.loads(replaced.RESULT.read_text(encoding="utf-8"))
    assert [list(row) for row in module("replaced_surface").compare()] == found["surface"]


def test_the_nudged_digits_are_moved_by_one_pixel_and_leave_nothing_behind(module):
    X = np.arange(128.0).reshape(2, 64)
    moved, y = module("replaced").nudged(X, np.array([3, 4]))
    images = moved.reshape(5, 2, 8, 8)
    np.testing.assert_array_equal(images[0], X.reshape(2, 8, 8))
    np.testing.assert_array_equal(images[1, :, 1:], images[0, :, :-1])
    assert not images[1, :, 0].any() and not images[4, :, :, -1].any()
    assert list(y) == [3, 4] * 5
