"""Our keys of a list inside the platform's signed cursors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from starlette.responses import Response

from myriad.scale.http import Page, Paging

RowT = TypeVar("RowT")


def page(
    paging: Paging, response: Response, rows: Sequence[RowT], next_after: str | None
) -> Page[RowT]:
    """Return one page of a list, with a `Link` to the next."""
    cursor = None if next_after is None else paging.cursor_at(next_after)
    paging.link_next(response, cursor)
    return Page(items=list(rows), next_cursor=cursor)
