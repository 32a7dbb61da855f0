"""The shell around a part, drawn once for all who see the same one.

Brand, navigation, keys and their help are the same for everybody at one place of a product. What is
a person's own stands as a mark while the shell is drawn, and is put in, escaped, at each answer.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from markupsafe import Markup, escape

from myriad.scale.ui.context import PageContext

Draw = Callable[[PageContext, Markup, Markup], str]
_OWN = ("csrf_token", "user_name", "user_email", "tenant_name", "zone", "path")
_TITLE, _CONTENT = "title", "content"
# Nobody can know a mark, so nobody can write one into a name.
_MARKS = {name: f"m{secrets.token_hex(12)}" for name in (*_OWN, _TITLE, _CONTENT)}
_NAMES = {mark: name for name, mark in _MARKS.items()}
_MARK = re.compile("|".join(_NAMES))
_NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_SHAPES = 256


class Shell:
    """Puts parts into their shells. `draw` returns the whole page of a title and a content."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._pieces = lru_cache(_MOST_SHAPES)(self._cut)

    def around(self, page: PageContext, title: Markup, content: Markup) -> str:
        """Return the page with its shell, as `draw` would draw it."""
        if page.alerts is not None and page.alerts.shown:
            # Alerts above a page are of this account alone.
            return self._draw(page, title, content)
        texts, names = self._pieces(_shape_of(page))
        own = {name: str(escape(getattr(page, name))) for name in _OWN}
        own |= {_TITLE: str(title), _CONTENT: str(content)}
        filled = [texts[0]]
        for name, text in zip(names, texts[1:], strict=True):
            filled += (own[name], text)
        return "".join(filled)

    def _cut(self, shape: PageContext) -> tuple[tuple[str, ...], tuple[str, ...]]:
        title, content = Markup(_MARKS[_TITLE]), Markup(_MARKS[_CONTENT])  # noqa: S704 - our marks
        drawn = self._draw(shape, title, content)
        names = tuple(_NAMES[mark] for mark in _MARK.findall(drawn))
        return tuple(_MARK.split(drawn)), names


def _shape_of(page: PageContext) -> PageContext:
    """Return the page with marks for what is a person's own; what is empty stays so."""
    marks = {name: _MARKS[name] for name in _OWN if getattr(page, name)}
    # Whoever has one tenant has no menu of them.
    tenants = page.tenants if len(page.tenants) > 1 else ()
    return replace(page, **marks, tenants=tenants, request_id="", now=_NO_TIME)  # type: ignore[arg-type]
