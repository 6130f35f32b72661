"""What a fit leaves behind, as a dictionary and as a table."""

import sys

import numpy as np
import pytest

import rbmbook as rb


@pytest.fixture
def history():
    history = rb.History()
    history.append(epoch=1, loss=0.5)
    history.append(epoch=2, loss=0.25)
    return history


def test_a_table_has_a_column_for_each_monitor(history):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(history)
    assert list(table.columns) == ["epoch", "loss"]
    np.testing.assert_array_equal(table["loss"], [0.5, 0.25])
    assert pandas.DataFrame(rb.History()).empty


def test_a_frame_has_a_row_for_each_epoch(history):
    pandas = pytest.importorskip("pandas")
    frame = history.to_frame()
    expected = pandas.DataFrame({"loss": [0.5, 0.25]}, pandas.Index([1, 2], name="epoch"))
    pandas.testing.assert_frame_equal(frame, expected)
    assert rb.History().to_frame().empty
    frame["loss"] = 0.0
    assert history["loss"][0] == 0.5


def test_without_pandas_a_frame_is_refused_and_a_history_is_not(history, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="to_frame needs pandas, which is not installed"):
        history.to_frame()
    assert dict(history)["loss"].sum() == 0.75


def test_histories_are_equal_if_their_numbers_are(history):
    twin = rb.History({"epoch": [1, 2], "loss": [0.5, 0.25]})
    assert history == twin == dict(history) and not history != twin
    twin.append(epoch=3, loss=np.nan)
    assert history != twin and twin == twin.copy()
    assert history != {"epoch": [1, 2]} and history != 5


def test_a_copy_goes_its_own_way(history):
    twin, before = history.copy(), history["loss"]
    history.append(epoch=3, loss=0.1)
    assert twin.epochs == 2 and len(before) == 2 and history.epochs == 3
    assert isinstance(twin, rb.History)


def test_a_missing_monitor_is_named_with_those_that_there_are(history):
    with pytest.raises(KeyError, match=r"no monitor 'los' .* epoch, loss"):
        history["los"]
    with pytest.raises(KeyError, match="no epoch has ended"):
        rb.History()["loss"]
    assert "los" not in history and history.get("los") is None


def test_an_interrupted_epoch_is_written_down_in_no_column(history):
    class Interrupted:
        def __float__(self):
            raise KeyboardInterrupt

    before = history.copy()
    with pytest.raises(KeyboardInterrupt):
        history.append(epoch=3, loss=Interrupted())
    assert history == before


def test_an_epoch_with_other_monitors_is_refused(history):
    with pytest.raises(ValueError, match="row"):
        history.append(epoch=3)
