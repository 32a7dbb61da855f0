"""What the employee agent reads and writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.sql import (
    QUERIES,
    Row,
    execute,
    execute_rows,
    fetch,
    fetch_text,
    get,
)
from myriad.products.keeper.team.counting import Team
from myriad.products.keeper.team.definitions import REVISIT_DAYS
from myriad.products.keeper.team.periods import KnownSpan, Span, settled_before
from myriad.scale.data import ReadSession, Session

_UTC = "UTC"
_KEPT_DAYS = 366


@dataclass(frozen=True, slots=True)
class TeamBasis:
    """What the account has to reckon with, as known on a day; `basis` is a digest of what is old."""

    first_day: date | None
    has_bookings: bool
    has_timecards: bool
    has_articles: bool
    basis: str


@dataclass(frozen=True, slots=True)
class MemberKey:
    """A member of staff: our id, Square's, and whether they still work there."""

    id: UUID
    ext_id: str
    is_active: bool


async def get_team_digest(session: ReadSession) -> str:
    """Return the digest of staff and timecards."""
    return str((await get(session, "team_digest"))["digest"])


async def load_team(session: ReadSession) -> list[MemberKey]:
    """Return every member of staff whom Square names."""
    return [
        MemberKey(row["id"], row["ext_id"], (row["status"] or "ACTIVE") == "ACTIVE")
        for row in await fetch(session, "list_team")
    ]


async def get_team_basis(session: ReadSession, day: date) -> TeamBasis:
    """Return what there is to reckon with up to `day`."""
    row = await get(session, "team_basis", day=day, settled=settled_before(day))
    return TeamBasis(**row)


async def list_known_spans(session: ReadSession) -> list[KnownSpan]:
    """Return the periods that are stored."""
    return [KnownSpan(**row) for row in await fetch(session, "known_spans")]


async def load_staff_sums(
    session: ReadSession, spans: Sequence[Span], day: date, zone: str
) -> list[list[Row]]:
    """Return for each span its rows (kind, member, item, sums), as known on `day`.

    `zone` is the account's, for locations whose own is unknown.
    """
    places = await fetch(session, "list_places")
    facts = {
        "day": day,
        "first": min(span.first for span in spans),
        "since": min(span.first for span in spans) - timedelta(days=max(REVISIT_DAYS)),
        "zone": _known_zone(zone),
        "places": [row["ext_id"] for row in places],
        "zones": [_known_zone(row["timezone"]) for row in places],
    }
    account = await get_account(session)
    # The table of visits speaks of the account's day, which the data agent has just brought there.
    visits = "visits_of_day" if account.business_date == day else "visits_as_of_day"
    # The planner knows nothing of the parts of this query and would loop over them; every one of
    # them is read whole, so hashing is right at any size.
    await fetch(session, "join_by_hash")
    text = QUERIES["team_facts"].replace("$visits", QUERIES[visits])
    team = Team(await fetch_text(session, text, facts))
    return [team.count(span.first.toordinal(), span.last.toordinal()) for span in spans]


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError):
        return _UTC


async def name_services(session: ReadSession, items: Sequence[str]) -> dict[str, str]:
    """Return what services are called on receipts, by catalogue id; unsold ones are missing."""
    rows = await fetch(session, "service_names", items=list(items))
    return {row["item"]: row["name"] for row in rows}


async def store_staff_metrics(
    session: Session, spans: Sequence[Span], rows: Sequence[Mapping[str, Any]], basis: str
) -> None:
    """Replace the figures of the spans."""
    await execute(
        session,
        "clear_staff_spans",
        periods=[span.period for span in spans],
        firsts=[span.first for span in spans],
    )
    await execute_rows(session, "store_staff_metrics", rows, basis=basis)


async def thin_staff_metrics(session: Session, newest: date, day: date) -> None:
    """Keep rolling figures of the newest day and of `day`, and a year of months."""
    oldest = (newest - timedelta(days=_KEPT_DAYS)).replace(day=1)
    await execute(session, "thin_staff_metrics", kept=[newest, day], oldest=oldest)
