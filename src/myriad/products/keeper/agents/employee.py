"""The employee agent: what each member of staff can be told, adjusted, shrunk and with intervals."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from myriad.products.keeper.agents.context import Agent, AgentContext, AgentSkippedError, Outcome
from myriad.products.keeper.repository.columns import load_visit_records
from myriad.products.keeper.repository.history import get_digest
from myriad.products.keeper.repository.team import (
    TeamBasis,
    TeamOutline,
    get_team_digest,
    outline_asked,
    read_outline,
    store_staff_figures,
)
from myriad.products.keeper.repository.team_days import (
    TeamDays,
    TeamReader,
    get_basis,
    reach,
)
from myriad.products.keeper.team.counting import Team
from myriad.products.keeper.team.definitions import RETURNING_DAYS
from myriad.products.keeper.team.joining import Calls, join_visits
from myriad.products.keeper.team.measuring import figures_of
from myriad.products.keeper.team.packing import names_of
from myriad.products.keeper.team.periods import Span, kept_from, settled_before, spans_for
from myriad.scale.data import ReadSession, Session

_HISTORY_DAYS = RETURNING_DAYS // 2


async def _digest(session: ReadSession, context: AgentContext) -> str:
    data = await get_digest(session, "data_digest", day=context.day)
    return f"{data}|{await get_team_digest(session)}"


async def _work(context: AgentContext) -> Outcome:
    """Read, count and store in one transaction, so that what is kept is of one moment."""
    day, first = context.day, kept_from(context.day)
    async with context.writing() as session:
        reader = TeamReader(session, day, first, context.account.timezone)
        outline = read_outline(await reader.open(outline_asked(day, first)))
        _require(outline)
        team, spans, basis = await _read_team(session, reader, context, outline)
        rows, seen = await asyncio.to_thread(_measure, outline, spans, team)
        newest = max(context.account.business_date or day, day)
        await store_staff_figures(session, spans, rows, basis, [newest, day])
    return Outcome(seen, len(rows))


def _require(outline: TeamOutline) -> None:
    if not outline.members:
        raise AgentSkippedError(
            "Square names no staff; add team members there and give them their payments."
        )
    if outline.basis.first_day is None:
        raise AgentSkippedError("There is no sale yet to measure staff by.")


async def _read_team(
    session: Session, reader: TeamReader, context: AgentContext, outline: TeamOutline
) -> tuple[_Team, list[Span], str]:
    """Return the team's days with the periods to reckon, and what these are made from.

    A look back keeps nothing: what it sees is not what the next night will.
    """
    spans, basis = _spans(context, outline, outline.days), outline.days
    found = await reader.read(_since(spans), kept=not context.looks_back)
    if not context.looks_back and await reader.store(session, found):
        basis = await get_basis(session, kept_from(context.day), settled_before(context.day))
        wanted = _spans(context, outline, basis)
        if not found.whole and _since(wanted) < _since(spans):
            found = await reader.read_kept(_since(wanted), found.words)
        spans = wanted
    calls = await load_visit_records(session, context.day)
    return _Team(found, Calls.of(calls["person"], calls["day"])), spans, basis


def _spans(context: AgentContext, outline: TeamOutline, basis: str) -> list[Span]:
    """Return what has to be reckoned; a look back leaves the months alone, which know more."""
    first_day = outline.basis.first_day or context.day
    spans = spans_for(context.day, first_day, outline.known, basis)
    return [span for span in spans if span.period != "month" or not context.looks_back]


def _since(spans: Sequence[Span]) -> date:
    return reach(min(span.first for span in spans))


@dataclass(frozen=True, slots=True)
class _Team:
    """The team's days and everybody's visits."""

    found: TeamDays
    calls: Calls

    def joined(self) -> Team:
        """Return both as one, ready to be counted."""
        facts = self.found.facts
        visits = join_visits(facts["visit"], facts["appointment"], self.calls)
        return Team({**facts, "visit": visits}, self.calls, self.found.words)


def _measure(
    outline: TeamOutline, spans: Sequence[Span], team: _Team
) -> tuple[list[dict[str, Any]], int]:
    """Return a row for every member and period, and how many sums they were made from."""
    ids = {member.ext_id: member.id for member in outline.members}
    names, joined = names_of(team.found.facts, team.found.words), team.joined()
    found: list[dict[str, Any]] = []
    read = 0
    for span in spans:
        sums = joined.count(span.first.toordinal(), span.last.toordinal())
        read += sums.size
        seen = sums.members
        shown = [each.ext_id for each in outline.members if each.is_active or each.ext_id in seen]
        counts = sums.counts(shown, names, _lacking(outline.basis, span))
        figures = figures_of(counts, with_parts=span.period != "month")
        found += [
            {
                "team_member_id": ids[member],
                "period": span.period,
                "period_start": span.first,
                "period_end": span.last,
                "figures": own,
            }
            for member, own in zip(shown, figures, strict=True)
        ]
    return found, read


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


EMPLOYEE = Agent("employee", 2, _digest, _work)
