"""Our keys of a list inside the platform's signed cursors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from starlette.responses import Response

from myriad.scale.http import Page, Paging
from myriad.scale.http.cursors import seal

RowT = TypeVar("RowT")


def after(paging: Paging) -> str | None:
    """Return the key that the cursor carries, or None on the first page."""
    return str(paging.after[0]) if paging.after else None


def page(
    paging: Paging, response: Response, rows: Sequence[RowT], next_after: str | None
) -> Page[RowT]:
    """Return one page of a list, with a `Link` to the next."""
    if next_after is None:
        return Page(items=list(rows), next_cursor=None)
    cursor = seal(paging.key, paging.place, [next_after])
    response.headers["Link"] = f'<{paging.next_path(cursor)}>; rel="next"'
    return Page(items=list(rows), next_cursor=cursor)
