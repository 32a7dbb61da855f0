"""A grid of figures over two scales: each cell says its figure, shaded by how much it is."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from myriad.scale.ui.charts.marks import ACCENT, drawn, frame, joined, label, pct, px

_TOP, _ROW, _GAP, _FOOT = 22.0, 34.0, 3.0, 20.0
_NAMES = 0.12
_LIGHTEST, _DARKEST = 0.04, 0.34


def value_grid(
    values: Sequence[Sequence[float | None]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    texts: Sequence[Sequence[str]],
    title: str,
    desc: str,
    names: tuple[str, str] = ("", ""),
    marked: tuple[int, int] | None = None,
) -> Markup:
    """Return a cell for each value; None is empty.

    `texts` say the cells, `names` what runs across and what runs down, each with the word for it;
    `marked` is the (row, column) of the cell to begin from. Shades stay light enough to read the figures on them.
    """
    known = [value for line in values for value in line if value is not None]
    scale = (min(known, default=0.0), max(known, default=1.0))
    height = _TOP + _ROW * len(rows) + _FOOT
    width = (1 - _NAMES) / max(len(columns), 1)
    parts = [
        label(_NAMES + width * (place + 0.5), _TOP - 8, name, "middle")
        for place, name in enumerate(columns)
    ]
    for row, name in enumerate(rows):
        parts.append(label(0, _TOP + _ROW * row + _ROW * 0.58, name, "start"))
        parts += [
            _cell(
                value,
                texts[row][column],
                (_NAMES + width * column, _TOP + _ROW * row, width),
                scale,
                is_marked=marked == (row, column),
            )
            for column, value in enumerate(values[row])
        ]
    across, down = names
    parts.append(label(0, height - 5, down, "start"))
    parts.append(label(1, height - 5, across, "end"))
    return frame(joined(parts), title=title, desc=desc, height=height, kind="grid")


def _cell(
    value: float | None,
    text: str,
    place: tuple[float, float, float],
    scale: tuple[float, float],
    *,
    is_marked: bool,
) -> Markup:
    x, y, width = place
    least, most = scale
    share = 0.0 if value is None or most <= least else (value - least) / (most - least)
    opacity = 0.0 if value is None else _LIGHTEST + (_DARKEST - _LIGHTEST) * share
    return drawn(
        '<rect class="c-shade" x="{}" y="{}" width="{}" height="{}" rx="3" fill="{}" '
        'fill-opacity="{}" stroke="{}" data-reading="{}"/>'
        '<text class="c-figure" x="{}" y="{}" text-anchor="middle" fill="currentColor" '
        'aria-hidden="true"{}>{}</text>',
        pct(x),
        px(y),
        pct(width * 0.97),
        px(_ROW - _GAP),
        ACCENT,
        f"{opacity:.2f}",
        ACCENT if is_marked else "none",
        text,
        pct(x + width * 0.485),
        px(y + _ROW * 0.56),
        Markup(' font-weight="600"') if is_marked else "",
        text,
    )
