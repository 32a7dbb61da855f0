"""The employee agent: what each member of staff can be told, adjusted, shrunk and with intervals."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from myriad.products.keeper.agents.context import Agent, AgentContext, AgentSkippedError, Outcome
from myriad.products.keeper.repository.history import get_digest
from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.repository.team import (
    MemberKey,
    TeamBasis,
    get_team_basis,
    get_team_digest,
    list_known_spans,
    load_staff_sums,
    load_team,
    name_services,
    store_staff_metrics,
    thin_staff_metrics,
)
from myriad.products.keeper.team.definitions import RETURNING_DAYS
from myriad.products.keeper.team.measuring import Measurement, gather, measure_team
from myriad.products.keeper.team.periods import Span, spans_for
from myriad.scale.data import ReadSession

_HISTORY_DAYS = RETURNING_DAYS // 2
_STORED = tuple(f.name for f in fields(Measurement) if f.name not in ("member", "parts"))
_read = attrgetter(*_STORED)


async def _digest(session: ReadSession, context: AgentContext) -> str:
    data = await get_digest(session, "data_digest", day=context.day)
    return f"{data}|{await get_team_digest(session)}"


async def _work(context: AgentContext) -> Outcome:
    async with context.reading() as session:
        team = await load_team(session)
        basis = await get_team_basis(session, context.day)
        if not team:
            raise AgentSkippedError(
                "Square names no staff; add team members there and give them their payments."
            )
        if basis.first_day is None:
            raise AgentSkippedError("There is no sale yet to measure staff by.")
        spans = await _spans(session, context, basis.first_day, basis.basis)
        sums = await load_staff_sums(session, spans, context.day, context.account.timezone)
        names = await name_services(session, _items(sums))
    rows = await asyncio.to_thread(_measure, team, basis, spans, sums, names)
    async with context.writing() as session:
        await store_staff_metrics(session, spans, rows, basis.basis)
        newest = context.account.business_date or context.day
        await thin_staff_metrics(session, max(newest, context.day), context.day)
    return Outcome(sum(map(len, sums)), len(rows))


async def _spans(
    session: ReadSession, context: AgentContext, first_day: date, basis: str
) -> list[Span]:
    """Return what has to be reckoned; a look back leaves the months alone, which know more."""
    known = await list_known_spans(session)
    spans = spans_for(context.day, first_day, known, basis)
    return [span for span in spans if span.period != "month" or not context.looks_back]


def _items(sums: Iterable[Sequence[Row]]) -> list[str]:
    return sorted({row["item"] for rows in sums for row in rows if row["item"]})


def _measure(
    team: Sequence[MemberKey],
    basis: TeamBasis,
    spans: Sequence[Span],
    sums: Sequence[Sequence[Row]],
    names: dict[str, str],
) -> list[dict[str, Any]]:
    ids = {member.ext_id: member.id for member in team}
    found: list[dict[str, Any]] = []
    for span, rows in zip(spans, sums, strict=True):
        seen = {row["member"] for row in rows}
        shown = [member.ext_id for member in team if member.is_active or member.ext_id in seen]
        counts = gather(rows, shown, _lacking(basis, span))
        figures = measure_team(counts, with_parts=span.period != "month")
        found += [_row(span, ids, names, measured) for measured in figures]
    return found


def _lacking(basis: TeamBasis, span: Span) -> frozenset[str]:
    """Return what the account does not have, in the words of `Metric.needs`.

    Whom one knows as returning or new depends on how far back one sees: at least half a year.
    """
    enough = basis.first_day is not None and (
        basis.first_day <= span.first - timedelta(days=_HISTORY_DAYS)
    )
    has = {
        "bookings": basis.has_bookings,
        "timecards": basis.has_timecards,
        "articles": basis.has_bookings and basis.has_articles,
        "history": enough,
    }
    return frozenset(name for name, is_there in has.items() if not is_there)


def _row(
    span: Span, ids: dict[str, UUID], names: dict[str, str], measured: Measurement
) -> dict[str, Any]:
    values = dict(zip(_STORED, _read(measured), strict=True))
    parts = [
        {
            "service": names.get(part.service, ""),
            "n": part.n,
            "observed": part.observed,
            "expected": part.expected,
        }
        for part in measured.parts
    ]
    return {
        **values,
        "team_member_id": ids[measured.member],
        "period": span.period,
        "period_start": span.first,
        "period_end": span.last,
        "parts": parts,
    }


EMPLOYEE = Agent("employee", 1, _digest, _work)
