"""Charts are well-formed SVG that says what it shows."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from myriad.scale.ui import charts
from myriad.scale.ui.charts import Point
from myriad.scale.ui.charts.marks import nice_ceiling, ticks

SVG = "{http://www.w3.org/2000/svg}"
TODAY = date(2026, 11, 20)
POINTS = [Point("1 Nov", 3), Point("<b>2 Nov</b>", 0, "none & nothing"), Point("3 Nov", 12)]


def parsed(svg: Markup) -> ElementTree.Element:
    return ElementTree.fromstring(str(svg))


def all_charts() -> list[Markup]:
    days = [TODAY - timedelta(days=24 * i) for i in range(1, 9)][::-1]
    return [
        charts.bar_chart(POINTS, title="Bars", desc="d"),
        charts.bar_chart([], title="No bars", desc="d"),
        charts.line_chart(POINTS, title="Line", desc="d", before=[1, 2, 3]),
        charts.line_chart([], title="No line", desc="d"),
        charts.line_chart(POINTS[:1], title="A dot", desc="d"),
        charts.histogram([1, 2, 2, 3, 9], title="Histogram", desc="d"),
        charts.histogram([], title="Empty histogram", desc="d"),
        charts.sparkline([1, 2, 3], title="Spark"),
        charts.sparkline([], title="No spark"),
        charts.cadence_strip(days, today=TODAY, title="Rhythm", usual_gap_days=24, spread_days=0),
        charts.cadence_strip([], today=TODAY, title="No visit"),
        charts.calendar_strip(
            {TODAY: 3}, start=TODAY - timedelta(days=40), end=TODAY, title="Days", desc="d"
        ),
        charts.weight_bar(-3.2, most=12, title="Against"),
        charts.share_bar(1.7, title="Share"),
    ]


def test_each_chart_is_a_whole_svg_with_a_title_and_a_description() -> None:
    for svg in all_charts():
        root = parsed(svg)
        assert root.tag == f"{SVG}svg"
        assert root.get("role") == "img"
        named = (root.get("aria-labelledby") or "").split()
        texts = {element.get("id"): element.text for element in root if element.get("id")}
        assert all(texts[name] for name in named)
        assert len(named) == 2


def test_no_chart_carries_a_style_or_a_script() -> None:
    for svg in all_charts():
        assert "style=" not in svg
        assert "<script" not in svg


def test_words_from_outside_stay_text() -> None:
    svg = charts.bar_chart(POINTS, title="<script>", desc="a & b")
    assert "<b>" not in svg
    assert "&lt;script&gt;" in svg


def test_two_charts_of_other_numbers_have_other_ids() -> None:
    one = charts.sparkline([1, 2], title="Visits")
    two = charts.sparkline([2, 1], title="Visits")
    assert parsed(one).get("aria-labelledby") != parsed(two).get("aria-labelledby")


def test_the_band_of_a_rhythm_lies_where_the_next_visit_was_due() -> None:
    last = TODAY - timedelta(days=50)
    svg = charts.cadence_strip(
        [last], today=TODAY, title="r", usual_gap_days=20, spread_days=4, span_days=100
    )
    band = next(e for e in parsed(svg) if e.get("class") == "c-due")
    whole = 100 + 14
    assert float((band.get("x") or "").rstrip("%")) == round((50 + 20) / whole * 100, 3)
    assert float((band.get("width") or "").rstrip("%")) == round(6 / whole * 100, 3)


@given(st.floats(min_value=1e-6, max_value=1e12))
def test_an_axis_ends_at_a_round_number_that_is_close_above(value: float) -> None:
    top = nice_ceiling(value)
    assert value <= top * (1 + 1e-9)
    assert top <= value * 2.5


@given(st.integers(min_value=0, max_value=500))
def test_labels_are_few_and_evenly_spread(count: int) -> None:
    places = ticks([Point(str(i), i) for i in range(count)])
    steps = {b - a for a, b in pairwise(places)}
    assert len(places) <= 5
    assert len(steps) <= 1


@given(st.lists(st.integers(min_value=0, max_value=100), min_size=1, max_size=200))
def test_a_histogram_counts_every_value_once(values: list[int]) -> None:
    assert sum(point.value for point in charts.histogram_points(values, bins=7)) == len(values)
