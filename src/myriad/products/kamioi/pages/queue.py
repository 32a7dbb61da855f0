"""The queue: what waits for a person, what hangs on most first; a search's strings decided alike."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Form, Query
from starlette.responses import Response

from myriad.kit.errors import InvalidInputError
from myriad.products.kamioi.center import decisions, reading
from myriad.products.kamioi.center.dashboard import get_counts
from myriad.products.kamioi.center.decisions import MOST_AT_ONCE, Seen
from myriad.products.kamioi.center.views import QueuedString
from myriad.products.kamioi.pages import center_words
from myriad.products.kamioi.pages.center_parts import QUEUE, RENDERER, Brand, brand_of, see_other
from myriad.scale.http import (
    PageRequest,
    Paging,
    Router,
    Staff,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.ui.page import CurrentPage

router = Router(prefix="/admin")
Show = Literal["waiting", "requests", "audits"]


@router.get("/queue")
async def queue(
    page: CurrentPage,
    session: TenantReadSession,
    paging: PageRequest,
    show: Show = "waiting",
    q: Annotated[str, Query(max_length=200)] = "",
    decided: Annotated[int, Query(ge=0)] = 0,
    waiting: Annotated[int, Query(ge=0)] = 0,
    stale: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Show what waits for a person, by the money that hangs on it times the doubt."""
    starts = reading.norm_of(q)
    found, places = await _list(session, paging, show, starts)
    cursor = paging.cursor_at(*places[paging.limit - 1]) if len(found) > paging.limit else None
    return RENDERER.respond(
        page,
        "kamioi/queue.html",
        items=found[: paging.limit],
        show=show,
        q=q,
        starts=starts,
        next_href=paging.next_path(cursor) if cursor else "",
        first_href=_queue_path(q, show) if paging.after else "",
        counts=await get_counts(session),
        brands=_brands_of(found[: paging.limit]),
        told=center_words.outcome(decided, waiting, stale),
    )


@router.post("/queue/bulk")
async def decide_many(
    caller: Staff,
    session: TenantSession,
    action: Annotated[Literal["approve", "reject"], Form()],
    items: Annotated[str, Form(max_length=12_000)],
    brand: Brand = "",
    q: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Decide all strings of a search alike."""
    seen = _seen_of(items)
    if action == "reject":
        outcome = await decisions.reject(session, caller, seen)
    else:
        outcome = await decisions.approve(session, caller, seen, brand_of(brand))
    counts = {
        "decided": len(outcome.decided),
        "waiting": len(outcome.waiting),
        "stale": len(outcome.stale),
    }
    return see_other(f"{QUEUE}?{urlencode({'q': q, **counts})}")


async def _list(
    session: TenantReadSession, paging: Paging, show: Show, starts: str
) -> tuple[list[QueuedString], list[tuple[object, ...]]]:
    """Return a page's strings and one more, and the place of each."""
    if show == "waiting":
        after = (
            reading.Place(int(paging.after[0]), UUID(paging.after[1]))
            if paging.after
            else reading.START
        )
        found, places = await reading.list_queue(session, paging.fetch, after, starts)
        return found, [(place.weight, place.id) for place in places]
    listed = reading.list_requested if show == "requests" else reading.list_audit_queue
    begin = UUID(paging.after_key) if paging.after_key else reading.FIRST_ID
    found, ids = await listed(session, paging.fetch, begin)
    return found, [(one,) for one in ids]


def _seen_of(items: str) -> list[Seen]:
    """Return what a form says was seen: `id:version`, separated by spaces."""
    try:
        pairs = [one.split(":") for one in items.split()[: MOST_AT_ONCE + 1]]
        return [Seen(UUID(one), int(version)) for one, version in pairs]
    except ValueError:
        raise InvalidInputError("load the queue again and decide what it shows") from None


def _brands_of(items: list[QueuedString]) -> list[tuple[str, str]]:
    """Return the brands that strings are proposed or likely to be, the most frequent first."""
    count: Counter[tuple[str, str]] = Counter()
    for item in items:
        told = [
            (item.brand_id, item.brand),
            *((one.brand_id, one.brand) for one in item.candidates),
        ]
        count.update({(str(brand_id), name) for brand_id, name in told if brand_id and name})
    return sorted(count, key=lambda key: (-count[key], key[1]))[:10]


def _queue_path(q: str, show: str) -> str:
    asked = {name: value for name, value in (("q", q), ("show", show)) if value}
    return f"{QUEUE}?{urlencode(asked)}"
