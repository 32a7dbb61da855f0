"""Charts of estimates draw each interval to scale and say it in words."""

from __future__ import annotations

import re

from myriad.scale.ui.charts import Estimate, interval_chart

_ROWS = (
    Estimate("First <b>", 0.5, 0.25, 0.75, "50%, 25% to 75%", "good"),
    Estimate("Second", 0.0, 0.0, 1.0, "0%, 0% to 100%"),
)


def _drawn() -> str:
    return str(interval_chart(_ROWS, title="T", desc="D", marks=((0.5, "goal 50%"),)))


def test_an_interval_reaches_from_bound_to_bound_around_its_estimate() -> None:
    reaches = re.findall(r'class="c-reach[^"]*" x1="([\d.]+)%" x2="([\d.]+)%"', _drawn())
    dots = re.findall(r'cx="([\d.]+)%"', _drawn())
    first, second = [(float(a), float(b)) for a, b in reaches]
    assert float(dots[0]) == sum(first) / 2
    assert second[1] - second[0] == 2 * (first[1] - first[0])


def test_every_line_has_its_mark_and_the_mark_its_name_once() -> None:
    drawn = _drawn()
    assert drawn.count('class="c-mark"') == len(_ROWS)
    assert drawn.count("goal 50%") == 1


def test_names_are_text_and_never_markup() -> None:
    drawn = _drawn()
    assert "<b>" not in drawn
    assert "First &lt;b&gt;: 50%, 25% to 75%" in drawn


def test_one_exact_estimate_is_drawn_too() -> None:
    assert "NaN" not in str(interval_chart(_ROWS[:0], title="T", desc="D"))
    exact = Estimate("Exact", 3.0, 3.0, 3.0, "3")
    assert 'cx="2%"' in str(interval_chart([exact], title="T", desc="D"))
