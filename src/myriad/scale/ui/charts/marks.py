"""What all charts share: points, scales, safe element text, the frame with title and description.

Positions across are percentages and positions down are pixels, so a chart fills its column at any
width while its text keeps its size. Colours are presentation attributes with a class: style sheets
override them (dark mode), and a chart saved as a file still has them.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import LiteralString

from markupsafe import Markup, escape

ACCENT = "#2f55d4"
MUTED = "#667080"
LINE = "#e4e7ec"
WARN = "#b97a06"
FONT = "ui-sans-serif, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_FONT_TEXT = escape(FONT)
_UNSAFE = re.compile(r"""[&<>'"]""")


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a chart: its place in words, the number, and the number in words."""

    label: str
    value: float
    text: str = ""

    @property
    def reading(self) -> str:
        """Return what the chart says about this point when asked."""
        return f"{self.label}: {self.text or f'{self.value:g}'}"


def nice_ceiling(value: float) -> float:
    """Return the least of 1, 2, 2.5, 4, 5 or 10 times a power of ten that is not below `value`."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        step * power for step in (1, 2, 2.5, 4, 5, 10) if step * power >= value * (1 - 1e-12)
    )


def ticks(points: Sequence[Point], most: int = 5) -> list[int]:
    """Return the indices of at most `most` labels, the first one and then at equal steps."""
    step = max(1, math.ceil(len(points) / most))
    return list(range(0, len(points), step))


def anchor(share: float) -> str:
    """Return the text anchor that keeps a label at `share` of the width inside the chart."""
    if share < 0.06:
        return "start"
    return "end" if share > 0.94 else "middle"


@lru_cache(maxsize=4096)
def pct(share: float) -> str:
    """Return a share of the width as an SVG percentage; charts of as many points share them."""
    return f"{share * 100:.3f}".rstrip("0").rstrip(".") + "%"


@lru_cache(maxsize=4096)
def px(value: float) -> str:
    """Return a pixel position with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def drawn(pattern: LiteralString, *values: object, **named: object) -> Markup:
    """Return `pattern` with its fields filled in, escaped unless they are Markup.

    It is `Markup.format` without its formatter, which is written in Python: that took half of the
    time of a page with charts.
    """
    texts = {key: escaped(value) for key, value in named.items()}
    return markup(pattern.format(*map(escaped, values), **texts))


def escaped(value: object) -> str:
    """Return a value as HTML: its text escaped, unless it is Markup."""
    # Most values are numbers in words; to make Markup of each costs more than to look at it.
    kind = type(value)
    if kind is Markup or (kind is str and not _UNSAFE.search(value)):  # type: ignore[call-overload]
        return value  # type: ignore[return-value]
    return escape(value)


def markup(text: str) -> Markup:
    """Return `text`, whose every field was `escaped` or is a number, as Markup."""
    return str.__new__(Markup, text)


def joined(parts: Iterable[Markup]) -> Markup:
    """Return the parts one after another, still escaped where they were."""
    return markup("".join(map(escaped, parts)))


def frame(
    content: Markup, *, title: str, desc: str, height: float, kind: str, width: str = "100%"
) -> Markup:
    """Return a complete SVG element around `content`, named and described for screen readers."""
    digest = hashlib.sha256(f"{kind}{title}{desc}{content}".encode()).hexdigest()[:10]
    return markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart chart-{kind}" role="img" '
        f'width="{width}" height="{px(height)}" font-family="{_FONT_TEXT}" font-size="11" '
        f'aria-labelledby="t{digest} d{digest}"><title id="t{digest}">{escaped(title)}</title>'
        f'<desc id="d{digest}">{escaped(desc)}</desc>{content}</svg>'
    )


def label(x: float, y: float, text: str, place: str = "", css: str = "c-label") -> Markup:
    """Return a small muted text at a share of the width and a pixel from the top."""
    return markup(
        f'<text class="{css}" x="{pct(x)}" y="{px(y)}" text-anchor="{place or anchor(x)}" '
        f'fill="{MUTED}" aria-hidden="true">{escaped(text)}</text>'
    )


def rule(y: float, css: str = "c-grid") -> Markup:
    """Return a hairline across the whole chart."""
    return drawn(
        '<line class="{}" x1="0" x2="100%" y1="{}" y2="{}" stroke="{}"/>', css, px(y), px(y), LINE
    )


def target(x: float, width: float, height: float, reading: str) -> Markup:
    """Return an invisible column that says `reading` under the pointer."""
    text = escaped(reading)
    return markup(
        f'<rect class="c-hit" x="{pct(x)}" width="{pct(width)}" y="0" height="{px(height)}" '
        f'fill="transparent" data-reading="{text}"><title>{text}</title></rect>'
    )
