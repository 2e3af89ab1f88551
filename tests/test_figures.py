"""Figures in both forms and pages: the same data, the same bytes, nothing that a reader could be cheated with."""

import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mmhelix_nb.book import figures as fig
from mmhelix_nb.book import pages
from mmhelix_nb.core import tasks

NS = "{http://www.w3.org/2000/svg}"
ROWS = [{"task": task, "level": level, "n": 7.0 * level + len(task)} for task in tasks() for level in range(1, 6)]


def by_level(**more):
    return fig.level_figure(ROWS, "n", "nodes", (1, 100), "effort by level", "one puzzle a dot", **more)


def curves(columns=3):
    lines = [
        fig.Series(name, tuple(range(50)), tuple((i % 7) / 10 for i in range(50)), colour, ((0.1, 0.9),) * 50)
        for name, colour in (("AHPO", fig.ORANGE), ("GRPO", fig.BLUE))
    ]
    drawn = [(title, "step", lines) for title in ("here", "there", "elsewhere")]
    return fig.Figure(fig.line_panels(drawn, "reward"), "rewards", "Means of 20 steps. " * 8, columns)


@pytest.mark.parametrize("figure", [by_level(log=True), by_level(), curves(), curves(1)])
def test_everything_is_inside_and_letters_are_large(figure):
    root = ElementTree.fromstring(fig.svg(figure))
    width, height = (int(root.get(side)) for side in ("width", "height"))
    assert root.get("font-size") == "12" and width == fig.WIDTH * figure.columns
    for group in root.iter(f"{NS}g"):
        left, top = (float(x) for x in re.match(r"translate\((\S+) (\S+)\)", group.get("transform")).groups())
        for text in group.iter(f"{NS}text"):
            if text.get("transform") is None:
                assert 0 <= left + float(text.get("x")) <= width and 0 < top + float(text.get("y")) <= height
        for dot in group.iter(f"{NS}circle"):
            assert 0 < left + float(dot.get("cx")) < width and 0 < top + float(dot.get("cy")) < height


def differences():
    """A point and a hundred on one axis, wider than others, and what a coin gets."""
    apart = fig.Series("apart", (0.5, 80.0), (0.0, 1.0), fig.BLUE, ((0.0, 1.0), (-90.0, 100.0)))
    floors = (fig.Floor("a coin", 50.0),)
    look = {"rows": ("small", "large"), "bend": 5.0, "floors": floors, "wider": 60}
    return fig.Figure((fig.Panel("t", "points", (apart,), (-100.0, 100.0), **look),), "differences")


def test_a_point_and_a_hundred_are_both_seen():
    root = ElementTree.fromstring(fig.svg(differences()))
    assert int(root.get("width")) == fig.WIDTH + 60
    ends = [
        re.fullmatch(r"M(\S+) \S+H(\S+)", path.get("d"))
        for path in root.iter(f"{NS}path")
        if path.get("stroke") == fig.BLUE
    ]
    small, large = (float(end[2]) - float(end[1]) for end in ends)
    assert 8 < small < large <= fig.WIDTH + 60 and "a coin: 50" in fig.svg(differences())


def test_plotly_knows_bends_and_floors():
    graphs = pytest.importorskip("plotly.graph_objects")
    dots, floor = json.loads(graphs.Figure(fig.plotly_form(differences())).to_json())["data"]
    assert dots["customdata"] == [0.5, 80] and dots["x"][0] == 0.1 and floor["name"] == "a coin"
    assert dots["x"][1] + dots["error_x"]["array"][1] == pytest.approx(fig.bent(100, 5), abs=1e-4)


def estimated_width(text):
    return 7.2 * len(text.text or "")


def test_labels_have_room_to_their_left_and_right():
    for panel in fig.panel_images(by_level(log=True)):
        for text in ElementTree.fromstring(panel).iter(f"{NS}text"):
            room, x = estimated_width(text), float(text.get("x"))
            reach = {"end": (x - room, x), "middle": (x - room / 2, x + room / 2)}.get(
                text.get("text-anchor"), (x, x + room)
            )
            assert reach[0] >= 0 and reach[1] <= fig.WIDTH, text.text


def test_names_of_rows_do_not_touch():
    for panel in by_level().panels:
        lines = [len(fig.row_lines(name)) for name in panel.rows]
        assert max(lines) <= 2 and fig.row_pitch(panel) >= 12.5 * max(lines)


def test_both_forms_show_the_same_points():
    for figure in (by_level(log=True), curves()):
        shown = [trace for trace in fig.plotly_form(figure)["data"] if "fill" not in trace]
        told = [series for panel in figure.panels for series in panel.series]
        assert [(t["name"], t["x"], t["y"]) for t in shown] == [(s.name, [*s.x], pytest.approx(s.y)) for s in told]
        marks = ElementTree.fromstring(fig.svg(figure))
        dots = sum(len(series.x) for panel in figure.panels if panel.rows for series in panel.series)
        lines = sum(len(panel.series) for panel in figure.panels if not panel.rows)
        assert len(list(marks.iter(f"{NS}circle"))) == dots + (len(fig.key_entries(figure)) if dots else 0)
        assert len(list(marks.iter(f"{NS}polyline"))) == lines


@pytest.mark.parametrize("figure", [by_level(log=True), by_level(), curves(), curves(1)])
def test_plotly_knows_every_word_of_the_interactive_form(figure):
    graphs = pytest.importorskip("plotly.graph_objects")
    form = fig.plotly_form(figure)
    assert (
        json.loads(graphs.Figure(form).to_json())["layout"]["meta"] == figure.about
    )  # raises for a word unknown to it
    assert len(json.dumps(form)) < len(fig.svg(figure))


def test_a_figure_brings_both_forms_to_a_notebook():
    format_ = pytest.importorskip("IPython.core.formatters").DisplayFormatter().format
    forms, _ = format_(fig.Interactive(curves()))
    assert set(forms) == {"text/plain", "image/svg+xml", fig.PLOTLY} and json.dumps(forms[fig.PLOTLY])
    assert set(format_(curves())[0]) == {"text/plain", "image/svg+xml"}


def test_same_bytes_in_another_process():
    code = "import sys; sys.path.insert(0, 'tests'); import test_figures as t; print(t.fig.svg(t.by_level(log=True)), end='')"
    once = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in "ab"
    ]
    assert once[0] == once[1] == fig.svg(by_level(log=True))


def test_noise_in_the_last_bits_does_not_show():
    exact = fig.Figure((fig.dot_panel("t", "%", {"a": (fig.BLUE, [fig.Dot("x", 0.3, 0.1, 0.5)])}, (0, 1)),), "")
    noisy = fig.Figure((fig.dot_panel("t", "%", {"a": (fig.BLUE, [fig.Dot("x", 0.1 + 0.2, 0.1, 0.5)])}, (0, 1)),), "")
    assert fig.svg(exact) == fig.svg(noisy) and exact != noisy


@given(some.text(max_size=40), some.text(max_size=40))
def test_no_text_leaves_its_element(text, value):
    made = pages.element("p", text, title=value)
    assert made.count("<") == 2 and made.count('"') == 2 and made.count(">") == 2
    assert pages.joined(made, text).startswith(made)


HOSTILE = "<script>alert(1)</script>\"'&"


def test_hostile_names_stay_text():
    panel = fig.dot_panel(HOSTILE, HOSTILE, {HOSTILE: (fig.BLUE, [fig.Dot(HOSTILE, 1)])})
    figure = fig.Figure((panel, panel), HOSTILE, HOSTILE)
    table = pages.Table((HOSTILE,), ((HOSTILE,),))
    cells = [
        {"cell_type": "code", "metadata": {}, "source": HOSTILE, "outputs": []},
        {"cell_type": "markdown", "metadata": {}, "source": f"{HOSTILE} $a<b${HOSTILE}"},
    ]
    shown = [part for cell in cells for part in pages.cell_elements(cell)]
    whole = pages.page(
        HOSTILE,
        fig.figure_block(figure),
        pages.html_table(table, [HOSTILE]),
        pages.folded(HOSTILE, HOSTILE),
        pages.bullets([HOSTILE]),
        *pages.sections({HOSTILE: [HOSTILE]}),
        *shown,
    )
    assert "<script" not in whole and "alert(1)" in whole
    ElementTree.fromstring(fig.svg(figure))


def test_page_of_a_chapter_shows_the_static_form_only(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("nbconvert")
    outputs = [
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"image/svg+xml": fig.svg(curves()), "text/plain": "F"},
        },
        {"output_type": "display_data", "metadata": {}, "data": {"application/vnd.plotly.v1+json": {"data": []}}},
        {"output_type": "stream", "name": "stderr", "text": "0%|   | 0/9"},
        {"output_type": "stream", "name": "stdout", "text": "42 < 43"},
    ]
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# T\n\nThe rate $\\frac{a}{b}$."},
        {"cell_type": "markdown", "metadata": {}, "source": "## Run"},
        {"cell_type": "code", "metadata": {}, "execution_count": 1, "source": "#| export\ngo()", "outputs": outputs},
    ]
    path = tmp_path / "c.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    assert nbformat.read(path, as_version=4).cells
    text = pages.chapter_page(path, "job")
    assert text.count("<svg") == 1 and "42 &lt; 43" in text and "0/9" not in text and "<script" not in text
    assert "$" not in text and "export" not in text and "go()" in text


def test_formula_without_the_library_is_shown_as_written(monkeypatch):
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    assert pages.formula(r"\frac{a}{b} < 1") == r"<span><code>\frac{a}{b} &lt; 1</code></span>"
    assert pages.formula("x", block=True).startswith("<p>")
