"""Reading reviews: everything once, then what changed, and whatever a notification names.

Safe to kill and to repeat: each page is taken in and committed by itself, and a review is stored
once for each change. Reading newest changes first, an increment ends at the first page that lies
whole before the last reading, less an overlap for changes that Google lists late.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from myriad.kit.clock import utc_now
from myriad.products.keeper.google import oauth
from myriad.products.keeper.google.client import GoogleClient, PlaceOnGoogle, open_client
from myriad.products.keeper.google.connections import (
    GONE_NOTICE,
    GoogleConnection,
    end_google,
    list_google,
    note_google,
)
from myriad.products.keeper.google.errors import (
    GoogleAccessGoneError,
    GoogleAnswerError,
    LocationUnverifiedError,
    RepeatedPageError,
    ReviewGoneError,
)
from myriad.products.keeper.google.mapping import SOURCE, account_of, read_reviews
from myriad.products.keeper.google.policy import GOOGLE
from myriad.products.keeper.google.transport import Json
from myriad.products.keeper.notify.losing import tell_lost
from myriad.products.keeper.repository.review_intake import mark_missing
from myriad.products.keeper.reviewing import Intake, take_in
from myriad.products.keeper.square import progress
from myriad.products.keeper.square.progress import Place, Position
from myriad.products.keeper.square.work import Work
from myriad.scale.jobs import RetryLaterError
from myriad.scale.limits import CircuitOpenError
from myriad.scale.observe.logs import get_logger

Mode = Literal["increment", "full"]
OVERLAP = timedelta(hours=2)
OBJECT = "reviews"
_log = get_logger(__name__)


@dataclass
class ReadReport:
    """What a reading did, over all locations."""

    pages: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    alerts: int = 0
    gone: int = 0
    unverified: list[str] = field(default_factory=list)
    is_revoked: bool = False
    faults: list[GoogleAnswerError] = field(default_factory=list)

    def add(self, intake: Intake) -> None:
        """Count what one page brought."""
        for name in ("new", "changed", "unchanged", "quarantined", "alerts"):
            setattr(self, name, getattr(self, name) + getattr(intake, name))

    @property
    def moved(self) -> bool:
        """Whether anything is different now."""
        return bool(self.new or self.changed or self.gone)


async def read_account(work: Work, mode: Mode = "increment") -> ReadReport:
    """Read every connected location of the acting tenant.

    `full` reads all pages again and marks what Google no longer shows. A withdrawn permission ends
    the connection with a notice and keeps the reviews; one bad location leaves the others their
    turn. Raises RetryLaterError while the breaker is open, GoogleRateLimitedError for a long pause,
    and the first refusal after the others were read.
    """
    report = ReadReport()
    for connection in await list_google(work.session):
        if connection.status != "revoked":
            await _guarded(work, connection, report, partial(_read_places, connection, mode))
    if report.faults:
        raise report.faults[0]
    return report


async def read_one(work: Work, review_name: str) -> ReadReport:
    """Read the one review that a notification names; one that is gone changes nothing."""
    report = ReadReport()
    for connection in await list_google(work.session):
        if connection.status == "revoked" or connection.account != account_of(review_name):
            continue
        await _guarded(work, connection, report, partial(_read_named, review_name))
    return report


async def _read_named(name: str, work: Work, client: GoogleClient, report: ReadReport) -> None:
    try:
        item = await client.review(name)
    except ReviewGoneError:
        return
    await _take(work, [item], report)


@asynccontextmanager
async def opened(work: Work, connection: GoogleConnection) -> AsyncIterator[GoogleClient]:
    """Open a client of a stored connection; the session is committed before the first request."""
    token = await oauth.access_token(work.session, work.runtime, connection)
    await work.checkpoint()
    limiter, breaker = GOOGLE.limits_of(work.runtime.cache)
    async with open_client(
        base_url=connection.base_url,
        token=token,
        account=connection.account,
        limiter=limiter,
        breaker=breaker,
    ) as client:
        yield client


async def _guarded(
    work: Work,
    connection: GoogleConnection,
    report: ReadReport,
    act: Callable[[Work, GoogleClient, ReadReport], Awaitable[None]],
) -> None:
    try:
        async with opened(work, connection) as client:
            await act(work, client, report)
    except GoogleAccessGoneError:
        await work.session.rollback()
        _log.warning("google_access_gone", connection_id=str(connection.id))
        if await end_google(work.session, connection.id, GONE_NOTICE):
            await tell_lost(work.session, str(connection.id), GONE_NOTICE, "/keeper/reviews")
        await work.checkpoint()
        report.is_revoked = True
    except CircuitOpenError as error:
        await work.session.rollback()
        raise RetryLaterError(error.retry_after_seconds, error.detail) from error


async def _read_places(
    connection: GoogleConnection, mode: Mode, work: Work, client: GoogleClient, report: ReadReport
) -> None:
    found = [
        await _read_place(work, client, connection, place, mode, report)
        for place in await client.places(connection.account)
    ]
    await note_google(work.session, connection.id, found)
    await work.checkpoint()


async def _read_place(
    work: Work,
    client: GoogleClient,
    connection: GoogleConnection,
    place: PlaceOnGoogle,
    mode: Mode,
    report: ReadReport,
) -> PlaceOnGoogle:
    """Read one location and return it as it turned out to be."""
    where = Place(connection.id, OBJECT, place.name)
    position = await progress.load(work.session, where)
    await work.checkpoint()
    if not place.verified:
        report.unverified.append(place.title)
        return place
    try:
        await _read_reviews(work, client, where, position, mode, report)
    except LocationUnverifiedError:
        report.unverified.append(place.title)
        return replace(place, verified=False)
    except GoogleAccessGoneError:
        raise
    except GoogleAnswerError as error:
        await work.session.rollback()
        await progress.note_error(work.session, where, error.detail)
        await work.checkpoint()
        report.faults.append(error)
    return place


async def _read_reviews(
    work: Work,
    client: GoogleClient,
    where: Place,
    position: Position,
    mode: Mode,
    report: ReadReport,
) -> None:
    began = utc_now()
    since = None if mode == "full" else position.watermark
    seen: list[str] = []
    newest, total, finished = position.watermark, None, True
    async for items, total in _pages(client, where.location):  # noqa: B007 - the last one counts
        report.pages += 1
        oldest, latest = _span(items)
        newest = max(filter(None, (newest, latest)), default=None)
        seen += [str(item.get("name")) for item in items]
        await _take(work, items, report)
        if since is not None and oldest is not None and oldest < since - OVERLAP:
            finished = False
            break
    if finished and total is not None and len(seen) >= total:
        report.gone += await mark_missing(work.session, SOURCE, where.location, seen, began)
    done = replace(
        position, phase="increment", watermark=newest, rows=max(position.rows, len(seen))
    )
    await progress.save(work.session, where, done)
    await work.checkpoint()


async def _pages(client: GoogleClient, place: str) -> AsyncIterator[tuple[list[Json], int | None]]:
    token: str | None = None
    met: set[str] = set()
    while True:
        page = await client.reviews(place, token)
        yield page.items, page.total
        token = page.next_token
        if token is None:
            return
        if token in met:
            raise RepeatedPageError("Google gave the same page twice; reading stopped")
        met.add(token)


async def _take(work: Work, items: list[Json], report: ReadReport) -> None:
    given, refused = read_reviews(items)
    report.add(await take_in(work.session, given, refused))
    await work.checkpoint()


def _span(items: list[Json]) -> tuple[datetime | None, datetime | None]:
    moments = [given.changed_at for given in read_reviews(items)[0]]
    return min(moments, default=None), max(moments, default=None)
