"""Live plots: redrawn seldom, complete at the end, and never in the way of a fit."""

import copy
import pickle
import sys
import types

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

import rbmbook as rb
from rbmbook.plots import live

X = rb.data.bars_and_stripes(3)
pytestmark = pytest.mark.filterwarnings("ignore::rbmbook.TrainingWarning")


class Clock:
    """Time that passes when it is told to."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now


class Events:
    def __init__(self):
        self.hooks = []

    def register(self, event, hook):
        assert event == "post_run_cell"
        self.hooks.append(hook)

    def unregister(self, event, hook):
        self.hooks.remove(hook)


@pytest.fixture
def notebook(monkeypatch):
    """What a notebook is to a live plot: a shell with a kernel, a display, a clock."""
    shell = types.SimpleNamespace(kernel=object(), events=Events())
    shell.clock, shell.drawn, shell.cost = Clock(), [], 0.0

    def publish(fig, alt, display_id, again):
        shell.drawn.append((fig, alt, display_id, again))
        shell.clock.now += shell.cost

    monkeypatch.setattr(live, "time", shell.clock)
    monkeypatch.setattr(live, "publish", publish)
    monkeypatch.setattr(live, "_shell", lambda: shell)
    return shell


def end_of_cell(shell):
    for hook in list(shell.events.hooks):
        hook(None)


def fit(callback, epochs=20, **settings):
    rbm = rb.RBM.random(9, 4, rng=0)
    rb.fit(rbm, X, rb.CD(1), epochs=epochs, progress=False, callbacks=[callback], **settings)
    return rbm


def passing(clock, seconds):
    """A callback that lets time pass, as an epoch would."""

    def wait(model, history):
        clock.now += seconds

    return wait


def both(*callbacks):
    def call(model, history):
        for callback in callbacks:
            callback(model, history)

    return call


def test_it_draws_every_so_many_seconds_and_the_end_when_the_cell_ends(notebook):
    plot = rb.plots.LivePlot(every=1.0)
    fit(both(passing(notebook.clock, 0.3), plot), epochs=20)  # of 6 seconds
    assert len(notebook.drawn) == 5  # at 0.3, 1.5, 2.7, 3.9 and 5.1 seconds
    end_of_cell(notebook)
    assert len(notebook.drawn) == 6 and notebook.drawn[-1][1].startswith("After epoch 20:")
    assert not notebook.events.hooks
    assert len({place for _, _, place, _ in notebook.drawn}) == 1
    assert [again for *_, again in notebook.drawn] == [False] + 5 * [True]


def test_drawing_takes_no_more_than_a_tenth_of_the_time(notebook):
    notebook.cost = 2.0  # a slow machine
    begin = notebook.clock.now
    fit(both(passing(notebook.clock, 1.0), rb.plots.LivePlot(every=0.0)), epochs=200)
    drawing = notebook.cost * len(notebook.drawn)
    assert 5 < len(notebook.drawn) and drawing < 0.11 * (notebook.clock.now - begin)


def test_training_is_the_same_with_it_and_without_it(notebook):
    with_it = fit(rb.plots.LivePlot(every=0.0))
    np.testing.assert_array_equal(with_it.W, fit(lambda rbm, history: None).W)
    assert len(notebook.drawn) == 20
    assert not plt.get_fignums()


def test_what_is_drawn_is_the_history_and_what_is_measured(notebook):
    def likelihood(rbm):
        return rb.exact.log_likelihood(rbm, X).mean()

    plot = rb.plots.LivePlot(["weight_norm"], measure={"log-likelihood": likelihood}, every=0.5)
    seen = []
    wait = both(
        passing(notebook.clock, 0.2), lambda rbm, h: seen.append((likelihood(rbm), dict(h)))
    )
    fit(both(wait, plot), epochs=7)
    fig = notebook.drawn[-1][0]
    lines = [ax.lines[0].get_xydata() for ax in fig.axes]
    assert [ax.get_title() for ax in fig.axes] == ["weight norm", "log-likelihood"]
    np.testing.assert_array_equal(
        lines[0], np.stack([np.arange(1, 8), seen[6][1]["weight_norm"]]).T
    )
    np.testing.assert_allclose(lines[1], [(e, seen[e - 1][0]) for e in (1, 4, 7)])
    all_of_them = rb.plots.LivePlot()
    fit(all_of_them, epochs=3)
    titles = {ax.get_title().replace(" ", "_") for ax in notebook.drawn[-1][0].axes}
    assert titles == set(seen[0][1]) - {"epoch", "seconds"}


def test_what_is_not_finite_leaves_a_gap(notebook):
    history = rb.History({"epoch": [1, 2, 3], "dream_error": [0.5, np.inf, 0.25]})
    rb.plots.LivePlot()(None, history)
    y = notebook.drawn[0][0].axes[0].lines[0].get_ydata()
    np.testing.assert_array_equal(y, [0.5, np.nan, 0.25])


def test_a_fit_that_fails_is_drawn_to_its_end_and_the_next_one_anew(notebook):
    def stop(rbm, history):
        if history.epochs == 5:
            raise KeyboardInterrupt

    plot = rb.plots.LivePlot(every=100.0)
    with pytest.raises(KeyboardInterrupt):
        fit(both(plot, stop))
    end_of_cell(notebook)
    assert notebook.drawn[-1][1].startswith("After epoch 5:")
    fit(plot, epochs=3)
    fit(plot, epochs=4)  # in the same cell: each has its place, and its end
    end_of_cell(notebook)
    assert [words.split(":")[0] for _, words, *_ in notebook.drawn[-4:]] == [
        "After epoch 1", "After epoch 3", "After epoch 1", "After epoch 4",
    ]  # fmt: skip
    assert len({place for _, _, place, _ in notebook.drawn}) == 3


def test_a_figure_that_cannot_be_shown_does_not_end_the_fit(notebook, monkeypatch):
    def fail(*_):
        raise OSError("no room left")

    monkeypatch.setattr(live, "publish", fail)
    with pytest.warns(RuntimeWarning, match="LivePlot draws no more.*no room left") as caught:
        rbm = fit(rb.plots.LivePlot(every=0.0))
    assert len(caught) == 1
    np.testing.assert_array_equal(rbm.W, fit(lambda rbm, history: None).W)
    end_of_cell(notebook)


def test_in_the_middle_of_the_first_epoch_there_is_nothing_to_draw(notebook):
    fit(rb.Callback(rb.plots.LivePlot(every=0.0), every=1), epochs=2, batch_size=7)
    assert len(notebook.drawn) == 2  # one of the four updates of the second epoch ends it


def test_copies_begin_anew(notebook):
    plot = rb.plots.LivePlot(["weight_norm"], every=3.0)
    model = rb.BernoulliRBM(4, n_iter=2, callbacks=[plot], random_state=0).fit(X)
    for twin in (pickle.loads(pickle.dumps(plot)), copy.deepcopy(plot), *model.callbacks):
        assert (twin.monitors, twin.every) == (["weight_norm"], 3.0)
    assert copy.deepcopy(plot)._history is None


def test_outside_a_notebook_it_does_nothing(capsys, monkeypatch):
    expected = fit(lambda rbm, history: None).W
    monkeypatch.setattr(live, "publish", lambda *_: pytest.fail("it draws"))
    np.testing.assert_array_equal(fit(rb.plots.LivePlot(every=0.0)).W, expected)
    monkeypatch.setitem(sys.modules, "IPython", None)  # not even installed
    np.testing.assert_array_equal(fit(rb.plots.LivePlot(every=0.0)).W, expected)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"monitors": "weight_norm"}, TypeError, "monitors: expected a sequence of names"),
        ({"measure": {"x": 3}}, TypeError, "measure: expected functions"),
        ({"every": -1.0}, ValueError, "every: expected a number"),
        ({"every": "1"}, TypeError, "every: expected a real number"),
    ],
)
def test_bad_settings(settings, error, message):
    with pytest.raises(error, match=message):
        rb.plots.LivePlot(**settings)


def test_a_monitor_that_is_not_there_is_named(notebook):
    with pytest.raises(KeyError, match="no monitor 'loss' in this history; there are"):
        fit(rb.plots.LivePlot(["loss"]))


CELL = """
import time
import rbmbook as rb
X = rb.data.bars_and_stripes(3)
plot = rb.plots.LivePlot(["reconstruction_error"], every=0.3)
begin = time.perf_counter()
rb.fit(rb.RBM.random(9, 4), X, rb.CD(1), epochs=1000, progress=False, callbacks=[
    lambda rbm, history: time.sleep(0.001), plot])
print(time.perf_counter() - begin)
"""


def test_in_a_real_notebook_one_figure_is_updated_and_ends_with_the_fit():
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    messages = []

    class Client(NotebookClient):
        def process_message(self, msg, cell, cell_index):
            messages.append(msg["msg_type"])
            return super().process_message(msg, cell, cell_index)

    Client(book, timeout=120, kernel_name="python3").execute()
    shown = [output for output in book.cells[0].outputs if output.output_type == "display_data"]
    assert len(shown) == 1 and "image/png" in shown[0].data
    assert shown[0].data["text/plain"].startswith("<Figure: After epoch 1000: reconstruction_error")
    assert shown[0].metadata["image/png"]["alt"].startswith("After epoch 1000:")
    seconds = float(next(o.text for o in book.cells[0].outputs if o.output_type == "stream"))
    drawn = messages.count("display_data") + messages.count("update_display_data")
    assert messages.count("update_display_data") >= 1 and drawn <= seconds / 0.3 + 2
