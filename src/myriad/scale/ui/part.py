"""The content of a page, drawn once and shown to many: what is the looker's own is left open.

    part = RENDERER.draw(zone, "shop/today.html", view=view)     without shell: may be cached
    return ui.respond_part(page, part)                           with the shell of who looks

A part holds no CSRF token, no name and no alert of anybody. Where a form needs the token, and where
the page says how long ago something was, it has a hole that is filled at each answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from myriad.scale.ui.context import PageContext
from myriad.scale.ui.filters import ago_element
from myriad.scale.ui.holes import TOKEN, Holes


@dataclass(frozen=True, slots=True)
class Part:
    """Drawn HTML: `texts` with a hole between each and the next.

    A hole is empty for the looker's CSRF token, else the moment (ISO 8601) whose age is told.
    `zone` is the time zone in which all was drawn.
    """

    title: str
    zone: str
    texts: tuple[str, ...]
    holes: tuple[str, ...]

    def content(self, page: PageContext) -> Markup:
        """Return the content for who looks at `page`."""
        token = str(escape(page.csrf_token))
        filled = [self.texts[0]]
        for hole, text in zip(self.holes, self.texts[1:], strict=True):
            filled += (token if hole == TOKEN else self._ago(hole, page), text)
        return Markup("".join(filled))  # noqa: S704 - templates drew it, and escaped what they drew

    def _ago(self, hole: str, page: PageContext) -> str:
        return ago_element(datetime.fromisoformat(hole), page.now, self.zone)


def open_page(zone: str, holes: Holes) -> PageContext:
    """Return the page of nobody, on which a part is drawn."""
    return PageContext(csrf_token=holes.token, zone=zone, holes=holes)


def part_of(zone: str, holes: Holes, drawn: str) -> Part:
    """Return what was drawn on `open_page(zone, holes)`, cut at its marks."""
    title, texts, between = holes.cut(drawn)
    return Part(title, zone, texts, between)
