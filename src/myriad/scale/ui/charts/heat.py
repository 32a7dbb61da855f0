"""A heat map: rows by columns of equal cells, darker where there is more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from myriad.scale.ui.charts.marks import ACCENT, LINE, drawn, frame, joined, label, pct, px

_TOP, _ROW, _GAP = 4, 20, 3
# A name that begins farther to the right would leave the chart.
_LAST = 0.9
_OPACITY = ("0.6", "0.25", "0.5", "0.75", "1")


def heat_map(
    values: Mapping[tuple[int, int], float],
    *,
    rows: Sequence[str],
    columns: int,
    title: str,
    desc: str,
    readings: Mapping[tuple[int, int], str],
    marks: Sequence[tuple[int, str]] = (),
    least: float = 0.0,
) -> Markup:
    """Return a cell for each (row, column); those that `values` does not name are empty.

    The shade tells quarters between `least` and the largest value: where every cell holds much, a
    scale from zero would show one colour. `readings` say a cell in words, `marks` name
    columns below the map.
    """
    top = max(values.values(), default=0.0)
    height = _TOP + _ROW * len(rows) + 18
    parts = [
        label(0, _TOP + _ROW * row + _ROW * 0.7, name, "start", "c-label c-row")
        for row, name in enumerate(rows)
    ]
    for row in range(len(rows)):
        parts += [
            _cell(row, column, columns, values.get((row, column), 0.0), (least, top), readings)
            for column in range(columns)
        ]
    for column, name in marks:
        x = column / columns
        parts.append(label(x, height - 4, name, "end" if x > _LAST else "start"))
    return frame(joined(parts), title=title, desc=desc, height=height, kind="heat")


def _cell(
    row: int,
    column: int,
    columns: int,
    value: float,
    scale: tuple[float, float],
    readings: Mapping[tuple[int, int], str],
) -> Markup:
    least, top = scale
    share = (value - least) / (top - least) if top > least else 0.5
    level = 0 if value <= 0 else min(4, 1 + int(max(0.0, share) * 3.999))
    width = 1 / columns
    reading = readings.get((row, column), "")
    return drawn(
        '<rect class="c-cell c-level-{}" x="{}" y="{}" width="{}" height="{}" fill="{}" '
        'fill-opacity="{}" data-reading="{}"/>',
        level,
        pct(width * column),
        px(_TOP + _ROW * row),
        pct(width * 0.86),
        px(_ROW - _GAP),
        ACCENT if level else LINE,
        _OPACITY[level],
        reading,
    )
