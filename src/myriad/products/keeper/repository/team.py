"""What the employee agent reads and writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from myriad.products.keeper.repository.sql import (
    Row,
    execute_all,
    get,
)
from myriad.products.keeper.team.periods import KnownSpan, Span, settled_before
from myriad.scale.data import ReadSession, Session

_KEPT_DAYS = 366


@dataclass(frozen=True, slots=True)
class TeamBasis:
    """What the account has to reckon with, as known on a day."""

    first_day: date | None
    has_bookings: bool
    has_timecards: bool
    has_articles: bool


@dataclass(frozen=True, slots=True)
class MemberKey:
    """A member of staff: our id, Square's, and whether they still work there."""

    id: UUID
    ext_id: str
    is_active: bool


async def get_team_digest(session: ReadSession) -> str:
    """Return the digest of staff and timecards."""
    return str((await get(session, "team_digest"))["digest"])


@dataclass(frozen=True, slots=True)
class TeamOutline:
    """Who works there, what there is to reckon with, and which periods are stored.

    `days` is a sign of the kept days that are settled.
    """

    members: list[MemberKey]
    basis: TeamBasis
    known: list[KnownSpan]
    days: str


def outline_asked(day: date, first: date) -> dict[str, dict[str, Any]]:
    """Return the queries of a `TeamOutline` up to `day`; days are kept from `first` on."""
    return {
        "list_team": {},
        "team_basis": {"day": day},
        "known_spans": {},
        "team_basis_of_days": {"first": first, "settled": settled_before(day)},
    }


def read_outline(found: Mapping[str, Sequence[Row]]) -> TeamOutline:
    """Return the outline from the rows of `outline_asked`."""
    return TeamOutline(
        [
            MemberKey(row["id"], row["ext_id"], (row["status"] or "ACTIVE") == "ACTIVE")
            for row in found["list_team"]
        ],
        TeamBasis(**found["team_basis"][0]),
        [KnownSpan(**row) for row in found["known_spans"]],
        str(found["team_basis_of_days"][0]["basis"]),
    )


async def store_staff_figures(
    session: Session,
    spans: Sequence[Span],
    rows: Sequence[Mapping[str, Any]],
    basis: str,
    kept: Sequence[date],
) -> None:
    """Replace the figures of the spans; keep rolling ones of the days `kept`, and a year of months."""
    oldest = (max(kept) - timedelta(days=_KEPT_DAYS)).replace(day=1)
    asked: dict[str, dict[str, Any]] = {
        "clear_staff_spans": {
            "periods": [span.period for span in spans],
            "firsts": [span.first for span in spans],
        },
        "store_staff_figures": {"rows": list(rows), "basis": basis},
        "thin_staff_figures": {"kept": list(kept), "oldest": oldest},
    }
    await execute_all(session, asked)
