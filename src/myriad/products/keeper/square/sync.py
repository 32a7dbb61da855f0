"""Synchronisation of one account with Square: everything once, then what changes.

Safe to kill at any moment: each page's rows and its cursor commit together. Safe to run twice:
rows are written once, older versions change nothing. Square is only read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from myriad.kit.clock import utc_now
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.square import oauth, progress
from myriad.products.keeper.square.client import SquareClient, open_client
from myriad.products.keeper.square.connections import (
    StoredConnection,
    list_connections,
    note,
)
from myriad.products.keeper.square.errors import (
    PlanMissingError,
    SquareAnswerError,
    TokenRevokedError,
)
from myriad.products.keeper.square.mapping import Places
from myriad.products.keeper.square.pages import Json
from myriad.products.keeper.square.policy import SQUARE
from myriad.products.keeper.square.progress import Place
from myriad.products.keeper.square.reading import Reader, Tally
from myriad.products.keeper.square.reconcile import (
    DAYS,
    Reconciliation,
    last_closed_day,
    reconcile,
)
from myriad.products.keeper.square.speaking import speaking_to
from myriad.products.keeper.square.sql import ask
from myriad.products.keeper.square.storage import load_places, store
from myriad.products.keeper.square.streams import Stream, all_streams
from myriad.products.keeper.square.work import Work
from myriad.scale.jobs import RetryLaterError
from myriad.scale.limits import CircuitOpenError
from myriad.scale.observe.logs import get_logger

_log = get_logger(__name__)

Mode = Literal["increment", "nightly", "full"]

_MONEY = ("payments", "refunds")

PLAN_NOTICE = (
    "Square shows no bookings. They need the paid Appointments Plus or Premium plan; until then "
    "Keeper works from payments only."
)
_REFUSED_NOTICE = "Square does not let Keeper read {}. Check the permissions and the plan."


@dataclass
class SyncReport:
    """What a sync did: pages and rows read, rows changed, objects kept apart, days compared."""

    tally: Tally = field(default_factory=Tally)
    days: Reconciliation = field(default_factory=Reconciliation)
    missing: list[str] = field(default_factory=list)
    faults: list[SquareAnswerError] = field(default_factory=list)
    is_revoked: bool = False


async def sync_account(work: Work, mode: Mode = "increment", only: str | None = None) -> SyncReport:
    """Read every connected seller of the acting tenant, of one kind of object alone with `only`.

    `increment` goes on where the last sync ended (a first sync is a backfill), `nightly` reads
    96 hours again as well, `full` reads everything again. A withdrawn permission ends the
    connection with a notice and keeps the data. Raises RetryLaterError while the breaker is open,
    RateLimitedError when Square asks for a long pause, and the first refusal of a list after the
    others were read.
    """
    report = SyncReport()
    for connection in await list_connections(work.session):
        if connection.status != "revoked":
            await _sync_guarded(work, connection, mode, report, only)
    if report.faults:
        raise report.faults[0]
    return report


async def _sync_guarded(
    work: Work, connection: StoredConnection, mode: Mode, report: SyncReport, only: str | None
) -> None:
    try:
        await _sync_connection(work, connection, mode, report, only)
    except TokenRevokedError:
        await work.session.rollback()
        _log.warning("square_token_revoked", connection_id=str(connection.id))
        await oauth.end_lost(work.session, connection_id=connection.id)
        await work.checkpoint()
        report.is_revoked = True
    except CircuitOpenError as error:
        await work.session.rollback()
        raise RetryLaterError(error.retry_after_seconds, error.detail) from error


async def _sync_connection(
    work: Work, connection: StoredConnection, mode: Mode, report: SyncReport, only: str | None
) -> None:
    runtime = speaking_to(work.runtime, connection.base_url)
    token = await oauth.access_token(work.session, runtime, connection)
    if mode == "full" and work.attempt == 1:
        await progress.reset(work.session, connection.id, only)
    await work.checkpoint()
    limiter, breaker = SQUARE.limits_of(runtime.cache)
    async with open_client(
        base_url=connection.base_url,
        version=runtime.settings_of(KeeperSettings).square_version,
        token=token,
        merchant_id=connection.merchant_id,
        limiter=limiter,
        breaker=breaker,
    ) as client:
        await _Sync(work, client, connection, mode, report, only).run()


@dataclass
class _Sync:
    work: Work
    client: SquareClient
    connection: StoredConnection
    mode: Mode
    report: SyncReport
    only: str | None = None
    was_backfill: bool = False

    async def run(self) -> None:
        now = utc_now()
        locations = await self.client.locations()
        await store(self.work.session, "location", locations, Places())
        places = await load_places(self.work.session, self.work.runtime.vault)
        await self.work.checkpoint()
        for stream in all_streams(self.client, locations, now):
            if self.only in (None, stream.object):
                await self._read(stream, places, now)
        if self.only in (None, *_MONEY):
            await self._reconcile(locations, places)
        await self._note()

    async def _read(self, stream: Stream, places: Places, now: datetime) -> None:
        place = Place(self.connection.id, stream.object, stream.location)
        position = await progress.load(self.work.session, place)
        await self.work.checkpoint()
        reader = Reader(self.work, places, stream, place, self.report.tally, position)
        try:
            await self._advance(reader, now)
        except TokenRevokedError:
            raise
        except SquareAnswerError as error:
            await self._keep_fault(place, stream, error)

    async def _advance(self, reader: Reader, now: datetime) -> None:
        if reader.position.phase == "backfill":
            self.was_backfill = True
            await reader.backfill(now)
            return
        await reader.increment(now)
        if self.mode == "nightly" and reader.stream.nightly_from is not None:
            await reader.reread(reader.stream.nightly_from, now)

    async def _keep_fault(self, place: Place, stream: Stream, error: SquareAnswerError) -> None:
        await self.work.session.rollback()
        await progress.note_error(self.work.session, place, error.detail)
        await self.work.checkpoint()
        if isinstance(error, PlanMissingError):
            self.report.missing.append(stream.object)
        else:
            self.report.faults.append(error)

    async def _reconcile(self, locations: Sequence[Json], places: Places) -> None:
        if "payments" in self.report.missing or self.report.faults:
            return
        for location in locations:
            zone = places.zones.get(location["id"]) or places.default_zone
            last = last_closed_day(zone)
            days = DAYS
            if self.was_backfill:
                newest = await ask(self.work.session, "newest_sale", location=location["id"])
                last = min(last, newest[0]["day"] or last)
                days = 31
            first = last - timedelta(days=days - 1)
            self.report.days += await reconcile(
                self.work, self.client, places, location["id"], first, last
            )

    async def _note(self) -> None:
        counts = (await ask(self.work.session, "count_sync_rows"))[0]
        missing = [name for name in self.report.missing if name != "bookings"]
        has_bookings = counts["bookings"] > 0
        lacks_plan = "bookings" in self.report.missing or (
            counts["payments"] > 0 and not has_bookings
        )
        flags: dict[str, Any] = {"bookings": "none" if lacks_plan else "all"}
        if lacks_plan:
            flags["notice"] = PLAN_NOTICE
        named = ", ".join(missing).replace("_", " ")
        notice = _REFUSED_NOTICE.format(named) if missing else None
        await note(self.work.session, self.connection.id, notice, flags)
        await self.work.checkpoint()
