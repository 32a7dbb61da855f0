"""The line of a job's attempts: every span inside the picture, wide enough to be seen."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from myriad.scale.ui.charts import Span, span_chart

BEGIN = datetime(2026, 11, 21, tzinfo=UTC)
SECONDS = st.floats(0, 1e7)


@given(st.lists(st.tuples(SECONDS, SECONDS), min_size=1, max_size=12))
def test_every_span_lies_inside_and_can_be_seen(times: list[tuple[float, float]]) -> None:
    spans = [
        Span(
            "a", BEGIN + timedelta(seconds=at), BEGIN + timedelta(seconds=at + took), "good", "<b>"
        )
        for at, took in times
    ]
    drawn = str(span_chart(spans, title="T <&>", desc="D", names=[(BEGIN, "begin")]))
    ElementTree.fromstring(drawn)
    bars = re.findall(r'class="c-span c-good" x="([\d.]+)%" width="([\d.]+)%"', drawn)
    assert len(bars) == len(spans)
    for x, width in bars:
        assert float(width) >= 0.5
        assert float(x) + float(width) <= 100.001
