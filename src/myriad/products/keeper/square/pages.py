"""Pages of Square's lists: what was asked, what came, and how a list ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from myriad.products.keeper.square.errors import RepeatedCursorError

Json = dict[str, Any]
_MOST_REPEATS = 2


@dataclass(frozen=True)
class Page:
    """Objects as Square sent them, and the cursor of the next page (None at the end)."""

    items: list[Json]
    cursor: str | None


Fetch = Callable[[str | None], Awaitable[Page]]


async def iter_pages(fetch: Fetch, cursor: str | None = None) -> AsyncIterator[Page]:
    """Yield pages from `cursor` on until Square gives no cursor, however short a page is.

    Raises RepeatedCursorError when a page answers with the cursor that asked for it twice.
    """
    repeats = 0
    while True:
        page = await fetch(cursor)
        repeats = repeats + 1 if page.cursor is not None and page.cursor == cursor else 0
        if repeats >= _MOST_REPEATS:
            raise RepeatedCursorError("Square repeated the same cursor; the list was left")
        yield page
        if page.cursor is None:
            return
        cursor = page.cursor
