"""Figures say what they are given, refuse what they cannot draw, and are shown with words."""

import base64

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from nbclient import NotebookClient

from rbmbook import plots
from rbmbook.plots import style

plt.switch_backend("Agg")
RNG = np.random.default_rng(0)

DRAWN = {
    "filters": lambda **k: plots.filters(RNG.standard_normal((6, 5)), (2, 3), **k),
    "samples": lambda **k: plots.samples(RNG.integers(0, 2, (7, 6)), (2, 3), **k),
    "curves": lambda **k: plots.curves(
        range(5), {"one": np.arange(5), "many": RNG.random((3, 5))}, xlabel="x", ylabel="y", **k
    ),
    "landscape": lambda **k: plots.landscape(RNG.standard_normal(4), list("abcd"), **k),
    "heatmap": lambda **k: plots.heatmap(RNG.standard_normal((3, 4)), **k),
    "patterns": lambda **k: plots.patterns(
        RNG.integers(0, 2, (5, 6)), (2, 3), columns=3, labels=list("abcde"), **k
    ),
    "machine": lambda **k: plots.machine(RNG.standard_normal((3, 2)), [0] * 3, [0] * 2, **k),
}


@pytest.fixture(autouse=True)
def style_of_the_book():
    with plt.rc_context():
        plots.use_style()
        yield
    plt.close("all")


# -- show ----------------------------------------------------------------------------------------
def test_show_prints_a_stand_in_outside_a_notebook_and_closes_the_figure(capsys):
    fig = DRAWN["heatmap"]()
    plots.show(fig, alt="A matrix of three rows and four columns, drawn\n as cells.")
    assert capsys.readouterr().out == "<Figure: A matrix of three rows and four columns, …>\n"
    assert not plt.fignum_exists(fig.number)


@pytest.mark.parametrize("alt", ["", "  \n", None, 3])
def test_show_wants_alternative_text(alt):
    with pytest.raises(ValueError, match="alt"):
        plots.show(DRAWN["heatmap"](), alt=alt)


def test_show_wants_a_figure():
    with pytest.raises(TypeError, match="fig"):
        plots.show(plt.subplots()[1], alt="Axes.")


def test_equal_figures_are_equal_bytes_without_date_or_version():
    first, second = (style._png(plots.heatmap([[1, 2], [3, 4]])) for _ in range(2))
    assert first == second
    assert b"Software" not in first and b"Date" not in first and b"matplotlib" not in first


def test_a_notebook_stores_the_picture_with_its_alternative_text():
    code = (
        "from rbmbook import plots\nplots.use_style()\n"
        "fig = plots.heatmap([[1, 2], [3, 4]])\nplots.show(fig, alt='Four cells.')"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs  # one: the closed figure is not drawn a second time
    assert output.output_type == "display_data"
    assert output.metadata["image/png"]["alt"] == "Four cells."
    assert output.data["text/plain"] == "<Figure: Four cells.>"
    png = base64.b64decode(output.data["image/png"])
    assert png.startswith(b"\x89PNG")
    pixels = [int.from_bytes(png[at : at + 4]) for at in (16, 20)]  # width and height, in IHDR
    shown = [output.metadata["image/png"][side] for side in ("width", "height")]
    assert np.abs(np.subtract(pixels, np.multiply(2, shown))).max() <= 2  # crisp on good screens


# -- all figures ---------------------------------------------------------------------------------
@pytest.mark.parametrize("name", DRAWN)
def test_every_function_returns_a_titled_figure_that_can_be_drawn(name):
    fig = DRAWN[name](title="What it shows")
    assert isinstance(fig, Figure)
    titles = [fig.get_suptitle(), *(ax.get_title() for ax in fig.axes)]
    assert titles.count("What it shows") == 1
    assert style._png(fig).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_is_written_outside_the_figure(name):
    fig = DRAWN[name](title="Title")
    fig.canvas.draw()
    box = fig.get_tightbbox().extents
    width, height = fig.get_size_inches()
    assert box[0] > -0.02 and box[1] > -0.02 and box[2] < width + 0.02 and box[3] < height + 0.02


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: plots.filters(np.eye(4), (2, 3)), ValueError, r"shape.*4 pixels of W.*\(2, 3\)"),
        (lambda: plots.filters(np.ones(4), (2, 2)), ValueError, r"W.*2 dim.*\(4,\)"),
        (lambda: plots.filters(np.eye(4), (2, 2), order="size"), ValueError, "order"),
        (lambda: plots.filters(np.eye(4), (2, 2), order=[4]), ValueError, "order"),
        (lambda: plots.filters(np.eye(4), (2, 2), n=0), ValueError, "n:"),
        (lambda: plots.filters(np.eye(4) * np.nan, (2, 2)), ValueError, "W: .*finite"),
        (lambda: plots.samples(np.ones((401, 1)), (1, 1)), ValueError, "v: .*400"),
        (lambda: plots.samples(np.ones((0, 4)), (2, 2)), ValueError, "v: .*at least one"),
        (lambda: plots.patterns(np.ones((65, 1)), (1, 1)), ValueError, "v: .*64"),
        (lambda: plots.patterns(np.eye(4), (2, 3)), ValueError, r"shape.*4.*\(2, 3\)"),
        (lambda: plots.patterns(np.eye(4), (2, 2), labels=["a"]), ValueError, "labels.*4, got 1"),
        (lambda: plots.samples([["a"]], (1, 1)), TypeError, "v"),
        (lambda: plots.samples(np.ones((4, 1)), (1, 1), columns=0), ValueError, "columns"),
        (
            lambda: plots.samples(np.ones((4, 1)), (1, 1), columns=2, row_labels=["a"]),
            ValueError,
            "row_labels.*2, got 1",
        ),
        (
            lambda: plots.curves([1, 2], {"s": [1, 2, 3]}, xlabel="", ylabel=""),
            ValueError,
            r"series\['s'\].*\(2,\).*\(3,\)",
        ),
        (lambda: plots.curves([1], {}, xlabel="", ylabel=""), ValueError, "series"),
        (lambda: plots.curves([1], {"s": [1]}, xlabel="", ylabel="", log="z"), ValueError, "log"),
        (lambda: plots.landscape([1, 2], ["a"]), ValueError, "labels.*2, got 1"),
        (lambda: plots.landscape(np.ones(65), ["a"] * 65), ValueError, "energies.*64"),
        (lambda: plots.heatmap([[1, 2]], ["a", "b"]), ValueError, "row_labels"),
        (lambda: plots.heatmap([[1, 2]], None, ["a"]), ValueError, "column_labels"),
        (lambda: plots.machine(np.ones((2, 1)), [0], [0]), ValueError, r"a: .*\(2,\).*\(1,\)"),
        (lambda: plots.machine(np.ones((2, 1)), [0, 0], [0], h=[1, 1]), ValueError, "h:"),
        (lambda: plots.machine(np.ones((13, 1)), [0] * 13, [0]), ValueError, "W: .*12"),
    ],
)
def test_what_cannot_be_drawn_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
    assert not plt.get_fignums()  # and no half-made figure is left behind


# -- what is drawn is what was given -------------------------------------------------------------
def mosaic(fig):
    return fig.axes[0].images[0].get_array()


def test_filters_are_columns_of_W_on_one_scale_symmetric_about_zero():
    W = RNG.standard_normal((6, 4))
    fig = plots.filters(W, (2, 3), columns=2)
    image = fig.axes[0].images[0]
    assert image.norm.vmin == -image.norm.vmax == -np.abs(W).max()
    zoom = 9  # of a pixel; so wide is the room between small images, too
    assert mosaic(fig).shape == (zoom * 7, zoom * 9)
    for j in range(4):
        row, column = divmod(j, 2)
        top, left = zoom * (3 * row + 1), zoom * (4 * column + 1)
        tile = mosaic(fig)[top : top + 2 * zoom, left : left + 3 * zoom]
        np.testing.assert_array_equal(tile[::zoom, ::zoom].ravel(), W[:, j])


def test_filters_by_norm_start_with_the_longest():
    W = np.diag([1.0, 4.0, 2.0])
    fig = plots.filters(W, (1, 3), order="norm", n=1)
    values = mosaic(fig).compressed()
    np.testing.assert_array_equal(np.unique(values), [0, 4])


def test_samples_are_ink_on_white_and_other_ranges_are_stretched():
    fig = plots.samples([[0, 1], [1, 0]], (1, 2))
    image = fig.axes[0].images[0]
    assert (image.norm.vmin, image.norm.vmax) == (0, 1)
    assert sum(image.cmap(0.0)[:3]) > sum(image.cmap(1.0)[:3])
    spins = plots.samples([[-1, 1]], (1, 2)).axes[0].images[0]
    assert (spins.norm.vmin, spins.norm.vmax) == (-1, 1)
    single = plots.samples(np.ones((1, 4), dtype=bool), (2, 2))
    assert single.axes[0].images[0].norm.vmax == 1


def test_patterns_stand_apart_in_reading_order_and_signs_share_one_scale():
    v = np.array([[0.0, 1.0, 0.5], [-2.0, 1.0, 0.0], [4.0, 0.0, 0.0]])
    meshes = plots.patterns(v, (1, 3), columns=2, signed=True).axes[0].collections
    for mesh, picture in zip(meshes, v, strict=True):
        np.testing.assert_array_equal(np.ravel(mesh.get_array()), picture)
        assert (mesh.norm.vmin, mesh.norm.vmax) == (-4, 4)
    boxes = [mesh.get_datalim(mesh.axes.transData) for mesh in meshes]
    assert boxes[0].x1 < boxes[1].x0 and boxes[2].y1 < boxes[0].y0  # gaps, a second row below
    ink = plots.patterns(np.full((1, 3), 0.25), (1, 3)).axes[0].collections[0]
    assert (ink.norm.vmin, ink.norm.vmax) == (0, 1)


def test_curves_draw_the_mean_and_the_range_over_seeds():
    y = np.array([[1.0, 4.0, 9.0], [3.0, 2.0, 1.0]])
    fig = plots.curves([1, 2, 3], {"s": y}, xlabel="k", ylabel="nats", reference={"best": 5})
    ax = fig.axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [2, 3, 5])
    corners = ax.collections[0].get_paths()[0].vertices
    assert corners[:, 1].min() == 1 and corners[:, 1].max() == 9
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("k", "nats")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["s", "best"]
    assert (
        not plots.curves([1, 2, 3], {"s": y}, xlabel="", ylabel="", bands=False).axes[0].collections
    )


def test_curves_take_logarithmic_axes():
    ax = plots.curves([1, 2], {"s": [1, 2]}, xlabel="", ylabel="", log="xy").axes[0]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


@pytest.mark.parametrize("shift", [0.0, 1e4, -1e4])
def test_landscape_turns_energies_into_probabilities_at_any_magnitude(shift):
    E = np.array([0.5, -1.0, 2.0])
    left, right = plots.landscape(E + shift, ["a", "b", "c"]).axes
    np.testing.assert_allclose([bar.get_width() for bar in left.patches], E + shift)
    expected = np.exp(-E) / np.exp(-E).sum()
    np.testing.assert_allclose([bar.get_width() for bar in right.patches], expected, rtol=1e-10)
    assert [t.get_text() for t in left.get_yticklabels()] == ["a", "b", "c"]
    for ax, colour in ((left, plots.ENERGY), (right, plots.PROBABILITY)):
        assert {to_hex(bar.get_facecolor()).upper() for bar in ax.patches} == {colour}


def test_landscape_keeps_fixed_axes_for_a_widget():
    def limits(energies):
        fig = plots.landscape(energies, ["a", "b"], energy_limits=(-4, 4), probability_limit=1)
        return [ax.get_xlim() for ax in fig.axes]

    assert limits([0, 1]) == limits([3, -2])
    assert limits([0, 1])[0][0] <= -4 and limits([0, 1])[1][1] >= 1


def test_heatmap_writes_values_and_centres_signed_matrices():
    M = np.array([[-2.0, 1.0], [0.5, 0.0]])
    ax = plots.heatmap(M, ["r", "s"], ["c", "d"], fmt=".1f").axes[0]
    assert [t.get_text() for t in ax.texts] == ["-2.0", "1.0", "0.5", "0.0"]
    assert (ax.images[0].norm.vmin, ax.images[0].norm.vmax) == (-2, 2)
    assert not plots.heatmap(np.ones((20, 20))).axes[0].texts
    assert plots.heatmap(np.zeros((2, 2))).axes[0].images[0].norm.vmax > 0


def test_machine_draws_each_weight_with_its_sign_and_size():
    W = np.array([[2.0, -1.0], [0.0, 0.5]])
    ax = plots.machine(W, [0.25, -1], [3, 0], v=[1, 0], h=[0, 1]).axes[0]
    widths = np.array([line.get_linewidth() for line in ax.lines]).reshape(2, 2)
    colours = [line.get_color() for line in ax.lines]
    assert (np.argsort(widths, axis=None) == np.argsort(np.abs(W), axis=None)).all()
    assert colours[0] == colours[3] == plots.POSITIVE and colours[1] == plots.NEGATIVE
    assert colours[2] not in (plots.POSITIVE, plots.NEGATIVE)
    texts = [t.get_text() for t in ax.texts]
    assert {"0.25", "−1", "3"} <= set(texts)
    assert "$v_{1}$\n1" in texts and "$h_{1}$\n0" in texts
    assert len(ax.patches) == 4
    on = [patch.get_facecolor()[2] < 1 for patch in ax.patches]
    assert on == [True, False, False, True]


@pytest.mark.parametrize("shape", [(9,), (3, 3, 1), 9, None, "x"])
def test_a_shape_that_is_no_pair_is_refused_by_name(shape):
    with pytest.raises(ValueError, match=r"^shape: expected \(height, width\)"):
        plots.filters(np.eye(9), shape)


@pytest.mark.parametrize("order", [[], [0.0, 1.0], [True] * 9, [[0]], [9], [-1]])
def test_an_order_that_is_no_list_of_indices_is_refused_by_name(order):
    with pytest.raises(ValueError, match=r"^order: expected indices of the 9 columns of W"):
        plots.filters(np.eye(9), (3, 3), order=order)


def test_numbers_that_matplotlib_cannot_draw_are_refused_by_name():
    with pytest.raises(ValueError, match=r"^W: expected numbers up to 1e"):
        plots.filters(1.7e308 * np.eye(9), (3, 3))
    with pytest.raises(ValueError, match=r"^matrix: expected numbers up to 1e"):
        plots.heatmap([[1e308, -1e308]])


def test_row_and_column_labels_may_be_numbers():
    fig = plots.samples(np.eye(4), (2, 2), columns=2, row_labels=[10, 20], column_labels=range(2))
    ax = fig.axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["10", "20"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1"]
    plt.close(fig)
    with pytest.raises(ValueError, match=r"column_labels.*2, got 1"):
        plots.samples(np.eye(4), (2, 2), columns=2, column_labels=["a"])


def test_lines_differ_by_their_markers_too():
    axes = {"xlabel": "x", "ylabel": "y"}
    for length in (5, 100):
        fig = plots.curves(np.arange(length), {"a": np.ones(length), "b": np.zeros(length)}, **axes)
        a, b = fig.axes[0].lines
        assert len({a.get_marker(), b.get_marker(), "None"}) == 3
        plt.close(fig)


def test_curves_take_a_data_frame_and_refuse_what_has_no_labels():
    axes = {"xlabel": "x", "ylabel": "y"}
    pandas = pytest.importorskip("pandas")
    plt.close(plots.curves([0, 1], pandas.DataFrame({"a": [1, 2], "b": [2, 3]}), **axes))
    with pytest.raises(TypeError, match=r"^series: expected a mapping from labels"):
        plots.curves([0, 1], [[1, 2]], **axes)
    with pytest.raises(TypeError, match=r"^reference: expected a mapping from labels"):
        plots.curves([0, 1], {"a": [1, 2]}, reference=3, **axes)
    with pytest.raises(TypeError, match=r"^series\['a'\]: expected real numbers"):
        plots.curves([0, 1], {"a": [1j, 2]}, **axes)
